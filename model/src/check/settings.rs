//! What settings of a policy in normal form satisfy.

use super::{Invalid, few, name, positive, sorted, spelling};
use crate::instant::{EARLIEST, LATEST};
use crate::place::{Place, Quoted};
use crate::{
    MAX_PARTS, Meta, Models, NameError, Principal, Settings, Validity, check_did, check_model, check_name,
    check_provider,
};

/// Longest owner or note, in bytes.
pub const MAX_NOTE_BYTES: u32 = 4_096;

pub(super) fn check(settings: &Settings, at: Place<'_>) -> Result<(), Invalid> {
    if let Some(models) = &settings.models {
        self::models(models, at.member("models"))?;
    }
    principals(&settings.agents, at.member("agents"))?;
    principals(&settings.requesters, at.member("requesters"))?;
    if let Some(environment) = &settings.environment {
        name(environment, at.member("environment"))?;
    }
    valid(settings.valid, at.member("valid"))?;
    meta(&settings.meta, at.member("meta"))
}

fn models(models: &Models, at: Place<'_>) -> Result<(), Invalid> {
    if models.allow.is_empty() && models.providers.is_empty() {
        return Err(Invalid::new(at, "names no model and no provider"));
    }
    let allow = at.member("allow");
    few(models.allow.len(), MAX_PARTS, allow)?;
    sorted(&models.allow, allow)?;
    for (index, model) in models.allow.iter().enumerate() {
        let at = allow.item(index);
        spelling(check_provider(&model.provider), &model.provider, at.member("provider"))?;
        spelling(check_model(&model.name), &model.name, at.member("model"))?;
        if models.providers.contains(&model.provider) {
            return Err(Invalid::new(at, "is a model of a provider that is allowed as a whole"));
        }
    }
    let providers = at.member("providers");
    few(models.providers.len(), MAX_PARTS, providers)?;
    sorted(&models.providers, providers)?;
    for (index, provider) in models.providers.iter().enumerate() {
        spelling(check_provider(provider), provider, providers.item(index))?;
    }
    let budget = at.member("budget");
    positive(models.tokens, budget.member("tokens"))?;
    if let Some(cost) = &models.cost {
        let at = budget.member("cost");
        positive(Some(cost.minor_units), at.member("minor_units"))?;
        let code = &cost.currency;
        if code.len() != 3 || !code.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(Invalid::new(at.member("currency"), format!("{} is no currency", Quoted(code))));
        }
    }
    let redact = at.member("redact");
    few(models.redact.len(), MAX_PARTS, redact)?;
    if models.redact.is_sorted_by(|left, right| left.path < right.path) {
        Ok(())
    } else {
        Err(Invalid::new(redact, "is not sorted by path, or has one twice"))
    }
}

fn principals(principals: &[Principal], at: Place<'_>) -> Result<(), Invalid> {
    few(principals.len(), MAX_PARTS, at)?;
    sorted(principals, at)?;
    for (index, principal) in principals.iter().enumerate() {
        let at = at.item(index);
        match principal {
            Principal::Did(did) => spelling(check_did(did), did, at)?,
            Principal::Name(name) => spelling(check_principal_name(name), name, at)?,
        }
    }
    Ok(())
}

/// Checks the name of somebody who has no identifier: as [`check_name`], and without the `did:` that
/// would make it look like one.
///
/// # Errors
///
/// [`NameError`] with the first reason found.
pub fn check_principal_name(name: &str) -> Result<(), NameError> {
    check_name(name)?;
    let is_did = name.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("did:"));
    if is_did { Err(NameError::Form("begins as a decentralised identifier does")) } else { Ok(()) }
}

fn valid(valid: Validity, at: Place<'_>) -> Result<(), Invalid> {
    for (member, instant) in [("from", valid.from), ("until", valid.until)] {
        if instant.is_some_and(|instant| !(EARLIEST..=LATEST).contains(&instant)) {
            return Err(Invalid::new(at.member(member), "is out of range"));
        }
    }
    match (valid.from, valid.until) {
        (Some(from), Some(until)) if from >= until => Err(Invalid::new(at, "ends before it begins")),
        _ => Ok(()),
    }
}

fn meta(meta: &Meta, at: Place<'_>) -> Result<(), Invalid> {
    if let Some(owner) = &meta.owner {
        spelling(check_note(owner), owner, at.member("owner"))?;
    }
    let notes = at.member("notes");
    few(meta.notes.len(), MAX_PARTS, notes)?;
    sorted(&meta.notes, notes)?;
    meta.notes
        .iter()
        .enumerate()
        .try_for_each(|(index, note)| spelling(check_note(note), note, notes.item(index)))
}

/// Checks a text for people: 1 to [`MAX_NOTE_BYTES`], without control characters.
///
/// # Errors
///
/// [`NameError`] with the first reason found.
pub fn check_note(note: &str) -> Result<(), NameError> {
    if note.is_empty() {
        return Err(NameError::Empty);
    }
    if u32::try_from(note.len()).map_or(true, |length| length > MAX_NOTE_BYTES) {
        return Err(NameError::TooLong(MAX_NOTE_BYTES));
    }
    note.chars().find(|c| c.is_control()).map_or(Ok(()), |found| Err(NameError::Character(found)))
}
