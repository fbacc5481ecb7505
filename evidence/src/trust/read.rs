//! Reading a trust file.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

use super::{Mode, Principal, Role, Trust};
use crate::object::Object;
use crate::{Did, DidError};

/// Longest accepted trust file, in bytes.
pub const MAX_TRUST_BYTES: usize = 1 << 20;
/// Most principals of a trust file.
const MAX_PRINCIPALS: usize = 1_000;
/// Most keys of one principal.
const MAX_KEYS: usize = 16;
/// Longest accepted name of a principal, in bytes.
const MAX_NAME_BYTES: usize = 128;

/// A trust file says something that cannot be trusted.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{place}: {kind}")]
pub struct TrustError {
    /// Where: a line and column, or a path like `principals[1].keys[0]`.
    pub place: String,
    /// What.
    pub kind: TrustErrorKind,
}

/// What is wrong with a trust file.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TrustErrorKind {
    /// Longer than [`MAX_TRUST_BYTES`], or too many principals, keys or letters. Code
    /// `trust_too_large`.
    #[error("too large")]
    TooLarge,
    /// Not JSON, an unknown, missing or repeated member, or a value of another type. Code
    /// `trust_malformed`.
    #[error("{0}")]
    Malformed(String),
    /// Another version than 1. Code `trust_version`.
    #[error("version {0}, this program reads version 1")]
    Version(u64),
    /// No such role. Code `trust_role`.
    #[error("no role is named `{0}`")]
    UnknownRole(String),
    /// The same name, key or role twice. Code `trust_repeated`.
    #[error("`{0}` is there twice")]
    Repeated(String),
    /// One key under two principals: one person would count as two. Code `trust_key_shared`.
    #[error("`{key}` belongs to `{other}` already")]
    KeyShared {
        /// The key.
        key: String,
        /// The principal that holds it.
        other: String,
    },
    /// A key that is not a usable did:key. Code: that of the [`DidError`].
    #[error(transparent)]
    Key(#[from] DidError),
    /// The role `ledger` with one that makes what ledgers prove. Code `trust_roles_conflict`.
    #[error("`ledger` and `{0}` must not be one principal's")]
    RolesConflict(Role),
    /// A mode that does not exist, or on a principal that is no ledger. Code `trust_mode`.
    #[error("only a ledger has a mode: `in_process`, `notary` or `gateway`")]
    Mode,
    /// A principal that is no ledger is said to follow a control plane. Code `trust_follows`.
    #[error("only a ledger follows a control plane")]
    Follows,
    /// A threshold of 0 for another role than `witness`, or one that the principals of the role
    /// cannot reach. Code `trust_threshold`.
    #[error("the threshold must be within 1 and {0}, the principals of this role")]
    Threshold(usize),
}

impl TrustError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match &self.kind {
            TrustErrorKind::TooLarge => "trust_too_large",
            TrustErrorKind::Malformed(_) => "trust_malformed",
            TrustErrorKind::Version(_) => "trust_version",
            TrustErrorKind::UnknownRole(_) => "trust_role",
            TrustErrorKind::Repeated(_) => "trust_repeated",
            TrustErrorKind::KeyShared { .. } => "trust_key_shared",
            TrustErrorKind::Key(error) => error.code(),
            TrustErrorKind::RolesConflict(_) => "trust_roles_conflict",
            TrustErrorKind::Mode => "trust_mode",
            TrustErrorKind::Follows => "trust_follows",
            TrustErrorKind::Threshold(_) => "trust_threshold",
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    v: u64,
    principals: Vec<Object<Entry>>,
    #[serde(default)]
    threshold: Object<Thresholds>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    keys: Vec<String>,
    roles: Vec<String>,
    mode: Option<String>,
    #[serde(default)]
    follows: bool,
}

/// A struct and not a map, so that a repeated or unknown role is refused.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Thresholds {
    policy_author: Option<usize>,
    releaser: Option<usize>,
    token_issuer: Option<usize>,
    revoker: Option<usize>,
    ledger: Option<usize>,
    approver: Option<usize>,
    membership_issuer: Option<usize>,
    model_gateway: Option<usize>,
    witness: Option<usize>,
    auditor: Option<usize>,
    operator: Option<usize>,
}

impl Thresholds {
    fn of(&self, role: Role) -> Option<usize> {
        match role {
            Role::PolicyAuthor => self.policy_author,
            Role::Releaser => self.releaser,
            Role::TokenIssuer => self.token_issuer,
            Role::Revoker => self.revoker,
            Role::Ledger => self.ledger,
            Role::Approver => self.approver,
            Role::MembershipIssuer => self.membership_issuer,
            Role::ModelGateway => self.model_gateway,
            Role::Witness => self.witness,
            Role::Auditor => self.auditor,
            Role::Operator => self.operator,
        }
    }
}

impl Trust {
    /// Reads a trust file.
    ///
    /// # Errors
    ///
    /// [`TrustError`] with the first thing that is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, TrustError> {
        if bytes.len() > MAX_TRUST_BYTES {
            return Err(at("the file", TrustErrorKind::TooLarge));
        }
        let Object(file): Object<File> = serde_json::from_slice(bytes).map_err(|error| {
            let text = error.to_string();
            // serde_json ends its message with the place, which stands in front of ours.
            let what = text.rsplit_once(" at line ").map_or(text.as_str(), |(what, _)| what);
            let place = format!("line {}, column {}", error.line(), error.column());
            TrustError { place, kind: TrustErrorKind::Malformed(what.to_owned()) }
        })?;
        if file.v != 1 {
            return Err(at("v", TrustErrorKind::Version(file.v)));
        }
        if file.principals.len() > MAX_PRINCIPALS {
            return Err(at("principals", TrustErrorKind::TooLarge));
        }
        let mut trust = Self { principals: Vec::new(), by_key: BTreeMap::new(), thresholds: BTreeMap::new() };
        for (index, Object(entry)) in file.principals.into_iter().enumerate() {
            trust.add(index, entry)?;
        }
        trust.set_thresholds(&file.threshold.0)?;
        Ok(trust)
    }

    fn add(&mut self, index: usize, entry: Entry) -> Result<(), TrustError> {
        let at = |part: fmt::Arguments<'_>, kind| at(format_args!("principals[{index}].{part}"), kind);
        let Entry { name, keys, roles, mode, follows } = entry;
        if name.is_empty() || name.chars().any(char::is_control) {
            let empty = TrustErrorKind::Malformed("a name is text without control characters".to_owned());
            return Err(at(format_args!("name"), empty));
        }
        if name.len() > MAX_NAME_BYTES || keys.len() > MAX_KEYS {
            return Err(at(format_args!("name"), TrustErrorKind::TooLarge));
        }
        if self.principals.iter().any(|principal| principal.name == name) {
            return Err(at(format_args!("name"), TrustErrorKind::Repeated(name)));
        }
        let mut principal = Principal { name, keys: Vec::new(), roles: Vec::new(), mode: None, follows };
        for (index, text) in keys.iter().enumerate() {
            let key = self.key(text, &principal).map_err(|kind| at(format_args!("keys[{index}]"), kind))?;
            principal.keys.push(key);
        }
        for (index, word) in roles.into_iter().enumerate() {
            let role = role(word, &principal).map_err(|kind| at(format_args!("roles[{index}]"), kind))?;
            principal.roles.push(role);
        }
        if principal.has(Role::Ledger)
            && let Some(&other) = principal.roles.iter().find(|role| role.is_apart_from_ledger())
        {
            return Err(at(format_args!("roles"), TrustErrorKind::RolesConflict(other)));
        }
        if let Some(word) = mode {
            let mode = Mode::from_word(&word).filter(|_| principal.has(Role::Ledger));
            principal.mode = Some(mode.ok_or_else(|| at(format_args!("mode"), TrustErrorKind::Mode))?);
        }
        if follows && !principal.has(Role::Ledger) {
            return Err(at(format_args!("follows"), TrustErrorKind::Follows));
        }
        let place = self.principals.len();
        self.by_key.extend(principal.keys.iter().map(|&key| (key, place)));
        self.principals.push(principal);
        Ok(())
    }

    fn key(&self, text: &str, principal: &Principal) -> Result<Did, TrustErrorKind> {
        let key = Did::parse(text)?;
        if principal.keys.contains(&key) {
            return Err(TrustErrorKind::Repeated(text.to_owned()));
        }
        match self.principal_of(&key) {
            Some(other) => Err(TrustErrorKind::KeyShared { key: text.to_owned(), other: other.name.clone() }),
            None => Ok(key),
        }
    }

    fn set_thresholds(&mut self, given: &Thresholds) -> Result<(), TrustError> {
        for role in Role::ALL {
            let Some(threshold) = given.of(role) else { continue };
            // A principal without keys can never sign.
            let able = self.principals.iter().filter(|one| one.has(role) && !one.keys.is_empty()).count();
            let least = if role == Role::Witness { 0 } else { 1 };
            if !(least..=able).contains(&threshold) {
                return Err(at(format_args!("threshold.{role}"), TrustErrorKind::Threshold(able)));
            }
            self.thresholds.insert(role, threshold);
        }
        Ok(())
    }
}

fn role(word: String, principal: &Principal) -> Result<Role, TrustErrorKind> {
    let Some(role) = Role::from_word(&word) else { return Err(TrustErrorKind::UnknownRole(word)) };
    if principal.has(role) { Err(TrustErrorKind::Repeated(word)) } else { Ok(role) }
}

fn at(place: impl fmt::Display, kind: TrustErrorKind) -> TrustError {
    TrustError { place: place.to_string(), kind }
}
