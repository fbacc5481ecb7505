//! The settings blocks of a policy; `token` and `proof` are read here, the others beside this file.

use std::collections::BTreeMap;

use wpc_grammar::Span;
use wpc_grammar::syntax::{Setting, Settings, Value as Written};
use wpc_model::{self as model, Auth, Evidence, Type, Value};

use super::Checker;
use crate::value::Reader;
use crate::words::one_of;
use crate::{Code, Diagnostic};
use crate::{shape, unit};

/// How long a token lives if the policy does not say, in seconds.
pub(crate) const DEFAULT_LIFETIME_SECONDS: i64 = 15 * 60;

const TOKEN: &[&str] = &["lifetime", "pin", "bind", "bearer"];
const PROOF: &[&str] = &["gateway_receipts", "retain"];

/// The settings of a policy, with the places that lints and duties point at.
#[derive(Debug, Default)]
pub(super) struct Set {
    pub(super) auth: Option<Auth>,
    pub(super) evidence: Evidence,
    pub(super) token: Option<Span>,
    pub(super) lifetime: Option<Span>,
    pub(super) bearer: Option<Span>,
    pub(super) settings: model::Settings,
    /// `sas namespace`.
    pub(super) sas_namespace: Option<Span>,
    /// Providers of which every model is allowed.
    pub(super) providers: Option<Span>,
}

impl<'a> Checker<'_, 'a, '_> {
    pub(super) fn settings(&mut self, blocks: &[&'a Settings]) -> Set {
        let mut set = Set::default();
        let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
        for block in blocks {
            let name = block.name.text.as_str();
            if let Some(first) = seen.insert(name, block.name.loc.0) {
                self.problems.report(
                    Diagnostic::error(
                        Code::RepeatedSetting,
                        block.name.loc.0,
                        format!("found `{name}` twice in this policy"),
                        "repeated",
                    )
                    .also(first, "first set here")
                    .help("put all its settings into one block"),
                );
                continue;
            }
            self.is_something(block);
            match name {
                "token" => self.token(block, &mut set),
                "proof" => self.proof(block, &mut set),
                "models" => set.settings.models = Some(self.models(block, &mut set)),
                "sandbox" => set.settings.sandbox = Some(self.sandbox(block)),
                "agents" => set.settings.agents = self.principals(block),
                "requesters" => set.settings.requesters = self.principals(block),
                "environment" => set.settings.environment = self.environment(block),
                "credential" => set.settings.credential = self.credential(block, &mut set),
                "valid" => set.settings.valid = self.valid(block),
                "on_change" => set.settings.on_change = self.on_change(block),
                _ => set.settings.meta = self.meta(block),
            }
        }
        set
    }

    /// Reports a block that sets nothing, but for those that always did.
    fn is_something(&mut self, block: &Settings) {
        let name = block.name.text.as_str();
        let example = match name {
            "sandbox" => "required",
            "agents" | "requesters" => "allow \"mailer\"",
            "environment" => "name \"staging\"",
            "credential" => "entra",
            "valid" => "until \"2027-01-01T00:00:00Z\"",
            "on_change" => "drain",
            "meta" => "owner \"orders team\"",
            _ => return,
        };
        if block.settings.is_empty() {
            self.problems.report(
                Diagnostic::error(
                    Code::MissingSetting,
                    block.name.loc.0,
                    format!("found `{name}` without a setting"),
                    "sets nothing",
                )
                .help(format!("write `{name} {{ {example} }}`, or remove it")),
            );
        }
    }

    /// The values of a setting, at least one, each standing alone between commas.
    pub(super) fn values(&mut self, setting: &'a Setting, wanted: &str) -> Vec<&'a Written> {
        if setting.groups.is_empty() || setting.groups.iter().any(|group| group.len() != 1) {
            self.problems.report(
                Diagnostic::error(
                    Code::WrongCount,
                    setting.loc.0,
                    format!("found something else after `{}`, expected {wanted}", setting.name.text),
                    "too many or too few",
                )
                .help("put commas between the values"),
            );
            return Vec::new();
        }
        setting.groups.iter().flatten().collect()
    }

    fn token(&mut self, block: &'a Settings, set: &mut Set) {
        let mut auth = default_auth();
        let mut seen: BTreeMap<&str, &Setting> = BTreeMap::new();
        set.token = Some(block.name.loc.0);
        let mut key = None;
        for setting in &block.settings {
            // `bind job; bind key` says two things.
            let is_bind = setting.name.text == "bind";
            if !is_bind && !self.is_new(setting, TOKEN, &mut seen) {
                continue;
            }
            match setting.name.text.as_str() {
                "lifetime" => {
                    if let Some(seconds) = self.lifetime(setting) {
                        auth.max_ttl_seconds = seconds;
                    }
                    set.lifetime = Some(setting.loc.0);
                }
                "pin" => {
                    auth.pin_policy_hash =
                        self.words(setting, &["policy"]).iter().any(|(word, _)| *word == "policy");
                }
                "bind" => {
                    for (word, span) in self.words(setting, &["job", "key"]) {
                        let repeated = match word {
                            "job" => std::mem::replace(&mut auth.job_scoped_binding, true),
                            _ => key.replace(span).is_some(),
                        };
                        if repeated {
                            self.problems.report(Diagnostic::error(
                                Code::RepeatedSetting,
                                span,
                                format!("found `bind {word}` twice"),
                                "repeated",
                            ));
                        }
                    }
                }
                _ => {
                    self.no_value(setting);
                    auth.proof_of_possession = false;
                    set.bearer = Some(setting.loc.0);
                }
            }
        }
        if let (Some(bearer), Some(key)) = (set.bearer, key) {
            self.problems.report(
                Diagnostic::error(
                    Code::RepeatedSetting,
                    bearer,
                    "found `bearer` beside `bind key`",
                    "whoever holds a bearer token may use it",
                )
                .also(key, "only the key's owner may")
                .help("keep one of them"),
            );
        }
        set.auth = Some(auth);
    }

    fn lifetime(&mut self, setting: &'a Setting) -> Option<i64> {
        let value = self.only_value(setting, "a duration, such as `lifetime 15 min`")?;
        let read = Reader::new(self.names, self.problems).constant(value, &Type::Duration)?;
        let Value::Int(ms) = read else { return None };
        if ms < 1_000 || ms % 1_000 != 0 {
            self.problems.report(
                Diagnostic::error(
                    Code::OutOfRange,
                    value.loc().0,
                    "found a lifetime that is not a whole number of seconds, at least one",
                    "not whole seconds",
                )
                .help("round it to seconds"),
            );
            return None;
        }
        Some(ms / 1_000)
    }

    fn proof(&mut self, block: &'a Settings, set: &mut Set) {
        let mut seen: BTreeMap<&str, &Setting> = BTreeMap::new();
        for setting in &block.settings {
            if !self.is_new(setting, PROOF, &mut seen) {
                continue;
            }
            if setting.name.text == "gateway_receipts" {
                set.evidence.gateway_receipts =
                    self.words(setting, &["required"]).iter().any(|(word, _)| *word == "required");
            } else if let Some(value) = self.only_value(setting, "a duration, such as `retain 180 days`") {
                let read = Reader::new(self.names, self.problems).constant(value, &Type::Duration);
                if let Some(Value::Int(ms)) = read {
                    if ms < unit::DAY {
                        self.problems.report(
                            Diagnostic::error(
                                Code::OutOfRange,
                                value.loc().0,
                                "found a retention of less than a day",
                                "too short to be audited",
                            )
                            .help("keep evidence for at least `1 day`"),
                        );
                    }
                    set.evidence.retain_ms = Some(ms);
                }
            }
        }
    }

    /// The words of a setting, at least one; those not among `known` are reported.
    pub(super) fn words(&mut self, setting: &'a Setting, known: &[&str]) -> Vec<(&'a str, Span)> {
        let mut words = Vec::new();
        let name = &setting.name.text;
        for value in setting.groups.iter().flatten() {
            let word = shape::word(value).map(|word| word.text.as_str());
            if let Some(word) = word.filter(|word| known.contains(word)) {
                words.push((word, value.loc().0));
                continue;
            }
            let near = word.and_then(|word| self.problems.nearest(word, known.iter().copied()));
            let expected = one_of(known.iter().copied());
            self.problems.report(
                Diagnostic::error(
                    Code::UnknownSetting,
                    value.loc().0,
                    format!("found something else after `{name}`, expected {expected}"),
                    "no such setting",
                )
                .help(near.unwrap_or_else(|| format!("use {expected}"))),
            );
        }
        if setting.groups.is_empty() {
            let expected = one_of(known.iter().copied());
            self.problems.report(
                Diagnostic::error(
                    Code::WrongCount,
                    setting.loc.0,
                    format!("found `{name}` alone, expected {expected} after it"),
                    "incomplete",
                )
                .help(format!("write `{name} {}`", known.first().copied().unwrap_or_default())),
            );
        }
        words
    }

    pub(super) fn no_value(&mut self, setting: &Setting) {
        if let Some(value) = setting.groups.iter().flatten().next() {
            self.problems.report(
                Diagnostic::error(
                    Code::WrongCount,
                    value.loc().0,
                    format!("found a value after `{}`, expected nothing", setting.name.text),
                    "does not belong here",
                )
                .help("remove it"),
            );
        }
    }
}

/// What a token must be if the policy does not say.
pub(super) const fn default_auth() -> Auth {
    Auth {
        max_ttl_seconds: DEFAULT_LIFETIME_SECONDS,
        pin_policy_hash: false,
        job_scoped_binding: false,
        proof_of_possession: true,
    }
}
