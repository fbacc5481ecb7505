//! `sandbox`, `environment`, `credential`, `valid`, `on_change` and `meta`.

use std::collections::BTreeMap;

use wpc_grammar::syntax::{Setting, Settings, Value as Written};
use wpc_model::{
    Credential, Filesystem, Meta, NameError, Network, OnChange, Sandbox, Type, Validity, Value, check_name,
    check_note,
};

use super::Checker;
use super::settings::Set;
use crate::value::Reader;
use crate::words::one_of;
use crate::{Code, Diagnostic};

const SANDBOX: &[&str] = &["required", "network", "filesystem", "elevated"];
const CREDENTIAL: &[&str] = &["entra", "sas"];
const VALID: &[&str] = &["from", "until"];
const META: &[&str] = &["owner", "notes"];

impl<'a> Checker<'_, 'a, '_> {
    pub(super) fn sandbox(&mut self, block: &'a Settings) -> Sandbox {
        let mut sandbox = Sandbox::default();
        let mut seen: BTreeMap<&str, &Setting> = BTreeMap::new();
        for setting in &block.settings {
            if !self.is_new(setting, SANDBOX, &mut seen) {
                continue;
            }
            match setting.name.text.as_str() {
                "required" => self.no_value(setting),
                "network" => {
                    sandbox.network = self.chosen(setting, Network::ALL, Network::word).unwrap_or_default();
                }
                "filesystem" => {
                    sandbox.filesystem =
                        self.chosen(setting, Filesystem::ALL, Filesystem::word).unwrap_or_default();
                }
                _ => {
                    let word = |allowed| if allowed { "allowed" } else { "denied" };
                    sandbox.elevated = self.chosen(setting, &[false, true], word).unwrap_or_default();
                }
            }
        }
        sandbox
    }

    pub(super) fn environment(&mut self, block: &'a Settings) -> Option<String> {
        let mut seen: BTreeMap<&str, &Setting> = BTreeMap::new();
        let mut name = None;
        for setting in &block.settings {
            if self.is_new(setting, &["name"], &mut seen)
                && let Some(value) = self.only_value(setting, "a text, such as `name \"staging\"`")
            {
                name = self.said(value, check_name, "environment");
            }
        }
        name
    }

    pub(super) fn credential(&mut self, block: &'a Settings, set: &mut Set) -> Option<Credential> {
        let mut seen: BTreeMap<&str, &Setting> = BTreeMap::new();
        let mut credential = None;
        for setting in &block.settings {
            if !self.is_new(setting, CREDENTIAL, &mut seen) {
                continue;
            }
            let found = if setting.name.text == "entra" {
                self.no_value(setting);
                Some(Credential::Entra)
            } else {
                let word = |of: Credential| if of == Credential::SasEntity { "entity" } else { "namespace" };
                self.chosen(setting, &[Credential::SasEntity, Credential::SasNamespace], word)
            };
            if found == Some(Credential::SasNamespace) {
                set.sas_namespace = Some(setting.loc.0);
            }
            credential = found.or(credential);
        }
        self.one_alone(&seen, "credentials");
        credential
    }

    pub(super) fn on_change(&mut self, block: &'a Settings) -> OnChange {
        let mut seen: BTreeMap<&str, &Setting> = BTreeMap::new();
        let known: Vec<&str> = OnChange::ALL.iter().map(|one| one.word()).collect();
        let mut on_change = OnChange::default();
        for setting in &block.settings {
            if self.is_new(setting, &known, &mut seen) {
                self.no_value(setting);
                on_change = OnChange::from_word(&setting.name.text).unwrap_or_default();
            }
        }
        self.one_alone(&seen, "answers");
        on_change
    }

    pub(super) fn valid(&mut self, block: &'a Settings) -> Validity {
        let mut seen: BTreeMap<&str, &Setting> = BTreeMap::new();
        let mut valid = Validity::default();
        for setting in &block.settings {
            if !self.is_new(setting, VALID, &mut seen) {
                continue;
            }
            let name = setting.name.text.as_str();
            let Some(value) =
                self.only_value(setting, &format!("a time, such as `{name} \"2026-01-31T12:00:00Z\"`"))
            else {
                continue;
            };
            let mut reader = Reader::new(self.names, self.problems);
            let Some(Value::Int(instant)) = reader.constant(value, &Type::Time) else { continue };
            *(if name == "from" { &mut valid.from } else { &mut valid.until }) = Some(instant);
        }
        if let (Some(from), Some(until), Some(first), Some(last)) =
            (valid.from, valid.until, seen.get("from"), seen.get("until"))
            && from >= until
        {
            self.problems.report(
                Diagnostic::error(
                    Code::RepeatedSetting,
                    last.loc.0,
                    "found `until` that does not come after `from`",
                    "never valid",
                )
                .also(first.loc.0, "begins here")
                .help("end later than it begins"),
            );
            valid = Validity::default();
        }
        valid
    }

    pub(super) fn meta(&mut self, block: &'a Settings) -> Meta {
        let mut seen: BTreeMap<&str, &Setting> = BTreeMap::new();
        let mut meta = Meta::default();
        for setting in &block.settings {
            if !self.is_new(setting, META, &mut seen) {
                continue;
            }
            if setting.name.text == "owner" {
                if let Some(value) = self.only_value(setting, "a text, such as `owner \"orders team\"`") {
                    meta.owner = self.said(value, check_note, "owner");
                }
                continue;
            }
            for value in self.values(setting, "texts, such as `notes \"see the runbook\"`") {
                meta.notes.extend(self.said(value, check_note, "note"));
            }
        }
        meta
    }

    /// A text that `check` accepts as a `what`.
    fn said(
        &mut self,
        value: &'a Written,
        check: fn(&str) -> Result<(), NameError>,
        what: &str,
    ) -> Option<String> {
        let mut reader = Reader::new(self.names, self.problems);
        let Value::Text(text) = reader.constant(value, &Type::Text)? else { return None };
        let Err(why) = check(&text) else { return Some(text) };
        self.problems.report(
            Diagnostic::error(
                Code::InvalidName,
                value.loc().0,
                format!("found {text:?}, which is no {what}: it {why}"),
                "not a valid text",
            )
            .help("write a short text on one line"),
        );
        None
    }

    /// The one word of a setting, as what it stands for.
    fn chosen<T: Copy>(&mut self, setting: &'a Setting, all: &[T], word: fn(T) -> &'static str) -> Option<T> {
        let known: Vec<&str> = all.iter().map(|one| word(*one)).collect();
        let mut found = self.words(setting, &known).into_iter();
        let (first, _) = found.next()?;
        if let Some((_, second)) = found.next() {
            self.problems.report(
                Diagnostic::error(
                    Code::RepeatedSetting,
                    second,
                    format!("found several words after `{}`, expected one", setting.name.text),
                    "cannot hold too",
                )
                .help("keep one of them"),
            );
        }
        all.iter().copied().find(|one| word(*one) == first)
    }

    /// Reports the second of settings of which only one can hold.
    fn one_alone(&mut self, seen: &BTreeMap<&str, &Setting>, what: &str) {
        let mut all: Vec<&Setting> = seen.values().copied().collect();
        all.sort_by_key(|setting| setting.loc.0);
        if let [first, second, ..] = all.as_slice() {
            self.problems.report(
                Diagnostic::error(
                    Code::RepeatedSetting,
                    second.loc.0,
                    format!("found two {what}, expected one of {}", one_of(seen.keys().copied())),
                    "cannot hold too",
                )
                .also(first.loc.0, "first set here")
                .help("keep one of them"),
            );
        }
    }
}
