//! Canonical bytes to entries.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use wpc_model::canon::{Compare, Writer};
use wpc_model::{Attestation, Counter, Hash, OnChange, Owner, Reason, RuleId, Truth};

use super::{
    Attempt, Body, Charged, ClockAccepted, Closed, Closing, Engine, Entry, Fact, FactsBy, Given, Instance,
    MAX_ENTRY_BYTES, ModelCall, Opened, PolicyChanged, Proof, Revoked, Seen, Settled, Suppressed, Taken,
    Untyped, Verdict,
};
use crate::outcome::{Outcome, Provider};
use crate::time;
use crate::{CallId, Did, JobId};

/// Bytes are not an entry.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EntryError {
    /// Longer than [`MAX_ENTRY_BYTES`]. Code `too_large`.
    #[error("the entry is longer than {MAX_ENTRY_BYTES} bytes")]
    TooLong,
    /// Not JSON. Code `malformed`.
    #[error("the entry is not JSON")]
    Json,
    /// A member is missing, or is not what its schema says. Code `malformed`.
    #[error("the entry's member `{0}` is missing or wrong")]
    Member(&'static str),
    /// Not the canonical bytes of the entry it says: other spelling or order, a member too many or
    /// repeated. Code `not_canonical`.
    #[error("the entry is not canonical at byte {at}")]
    NotCanonical {
        /// The first byte that differs, from 0.
        at: usize,
    },
}

impl EntryError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooLong => "too_large",
            Self::Json | Self::Member(_) => "malformed",
            Self::NotCanonical { .. } => "not_canonical",
        }
    }
}

impl Entry {
    /// Reads the bytes that [`Entry::encode`] writes, and no others.
    ///
    /// # Errors
    ///
    /// [`EntryError`] with the first reason found.
    pub fn decode(bytes: &[u8]) -> Result<Self, EntryError> {
        if bytes.len() > MAX_ENTRY_BYTES {
            return Err(EntryError::TooLong);
        }
        let Ok(Value::Object(object)) = serde_json::from_slice(bytes) else { return Err(EntryError::Json) };
        let from = Members(&object);
        if from.integer("v")? != 1 {
            return Err(EntryError::Member("v"));
        }
        let at = from.text("at")?;
        let entry = Self {
            ledger: Did::parse(from.text("ledger")?).map_err(|_| EntryError::Member("ledger"))?,
            instance: Instance::parse(from.text("instance")?).ok_or(EntryError::Member("instance"))?,
            job: JobId::parse(from.text("job")?).map_err(|_| EntryError::Member("job"))?,
            seq: from.number("seq")?,
            at: time::from_text(at).ok_or(EntryError::Member("at"))?,
            body: from.body()?,
        };
        entry.fits()?;
        let mut compare = Compare::new(bytes);
        entry.write(at, Writer::new(&mut compare));
        match compare.difference() {
            Some(at) => Err(EntryError::NotCanonical { at }),
            None => Ok(entry),
        }
    }
}

/// The members of an object. Members that nobody asks for are found by the re-encoding.
#[derive(Clone, Copy)]
struct Members<'a>(&'a Map<String, Value>);

impl<'a> Members<'a> {
    fn body(self) -> Result<Body, EntryError> {
        Ok(match self.text("kind")? {
            "opened" => Body::Opened(self.opened()?),
            "token" => Body::Token(self.token()?),
            "attempt" => Body::Attempt(self.attempt()?),
            "refused" => Body::Refused(Untyped {
                code: self.text("code")?.to_owned(),
                raw_bytes: self.number("raw_bytes")?,
                raw_commitment: match self.0.get("raw_commitment") {
                    None => None,
                    Some(_) => Some(self.hash("raw_commitment")?),
                },
            }),
            "model_call" => Body::ModelCall(ModelCall {
                receipt: self.hash("receipt")?,
                signer: self.did("signer")?,
                receipt_id: self.text("receipt_id")?.to_owned(),
                span: self.text_or_null("span")?.map(str::to_owned),
                charges: self.charges()?,
            }),
            "outcome" => Body::Outcome(self.outcome()?),
            "approval" => Body::Approval(Given {
                approval: self.hash("approval")?,
                approver: self.did("approver")?,
                nonce: self.text("nonce")?.to_owned(),
                request: self.hash("request")?,
                not_after: self.time("not_after")?,
                memberships: self.hashes("memberships")?,
            }),
            "policy_changed" => Body::PolicyChanged(PolicyChanged {
                from: self.hash("from")?,
                to: self.hash("to")?,
                release_seq: self.number("release_seq")?,
                running: OnChange::from_word(self.text("running")?).ok_or(EntryError::Member("running"))?,
            }),
            "revoked" => {
                let what = self.object("what")?;
                Body::Revoked(Revoked {
                    what: what.text("kind")?.to_owned(),
                    value: what.text("value")?.to_owned(),
                    revocation_seq: self.number("revocation_seq")?,
                })
            }
            "suppressed" => Body::Suppressed(Suppressed {
                code: self.text("code")?.to_owned(),
                count: self.number("count")?,
                first_at: self.time("first_at")?,
                last_at: self.time("last_at")?,
            }),
            "clock_accepted" => Body::ClockAccepted(ClockAccepted {
                wall: self.time("wall")?,
                ledger_at: self.time("ledger_at")?,
                by: self.text("by")?.to_owned(),
            }),
            "closed" => Body::Closed(self.closed()?),
            _ => return Err(EntryError::Member("kind")),
        })
    }

    fn opened(self) -> Result<Opened, EntryError> {
        let policy = self.object("policy")?;
        Ok(Opened {
            agent: self.text("agent")?.to_owned(),
            policy: policy.text("name")?.to_owned(),
            policy_hash: policy.hash("hash")?,
            release_seq: match policy.0.get("release_seq") {
                Some(Value::Null) => None,
                _ => Some(policy.number("release_seq")?),
            },
            tool_version: match self.text_or_null("tool_version")? {
                None => None,
                Some(_) => Some(self.hash("tool_version")?),
            },
            charges: self.some_charges()?,
        })
    }

    fn token(self) -> Result<Taken, EntryError> {
        Ok(Taken {
            issuer: self.did("issuer")?,
            jti: self.text("jti")?.to_owned(),
            grant: self.hash("grant")?,
            scope_hash: self.hash("token_scope_hash_b64u")?,
            iat: self.integer("iat")?,
            exp: self.integer("exp")?,
            proof: match self.text("proof")? {
                "dpop" => Proof::Dpop,
                "bearer" => Proof::Bearer,
                _ => return Err(EntryError::Member("proof")),
            },
        })
    }

    fn attempt(self) -> Result<Attempt, EntryError> {
        let resource = match self.0.get("resource") {
            Some(Value::Null) => None,
            Some(Value::Object(object)) => Some(Members(object).seen()?),
            _ => return Err(EntryError::Member("resource")),
        };
        let engine = match self.text("engine")? {
            "generated" => Engine::Generated,
            "indexed" => Engine::Indexed,
            _ => return Err(EntryError::Member("engine")),
        };
        Ok(Attempt {
            call: self.call()?,
            tool: self.text("tool")?.to_owned(),
            action: self.text("action")?.to_owned(),
            resource,
            engine,
            verdict: self.verdict()?,
            jti: self.text_or_null("jti")?.map(str::to_owned),
            args_root: self.hash("args_root")?,
            facts: self.facts()?,
            attested: self.attested()?,
            approvals: self.hashes("approvals")?,
            revocation_seq: self.number("revocation_seq")?,
        })
    }

    fn verdict(self) -> Result<Verdict, EntryError> {
        let rule = match self.array("rules")? {
            [] => None,
            [Value::String(rule)] => Some(RuleId::from_text(rule).ok_or(EntryError::Member("rules"))?),
            _ => return Err(EntryError::Member("rules")),
        };
        let charges = self.charges()?;
        match (self.text("decision")?, self.text_or_null("code")?) {
            ("allow", None) => Ok(Verdict::Allow { rule: rule.ok_or(EntryError::Member("rules"))?, charges }),
            ("deny", Some(code)) if charges.is_empty() => {
                Ok(Verdict::Deny { reason: reason(code).ok_or(EntryError::Member("code"))?, rule })
            }
            _ => Err(EntryError::Member("decision")),
        }
    }

    /// Member `attested`; none where it is not there.
    fn attested(self) -> Result<Vec<Attestation>, EntryError> {
        let wrong = EntryError::Member("attested");
        let one = |value: &Value| {
            let Value::Object(object) = value else { return None };
            let members = Members(object);
            let source = RuleId::from_text(members.text("source").ok()?)?;
            let holds = members.text("holds").ok()?.chars().map(truth).collect::<Option<_>>()?;
            Some(Attestation { source, holds })
        };
        if !self.0.contains_key("attested") {
            return Ok(Vec::new());
        }
        self.array("attested")?.iter().map(|value| one(value).ok_or(wrong)).collect()
    }

    fn charges(self) -> Result<Vec<Charged>, EntryError> {
        self.array("charges")?.iter().map(charged).collect()
    }

    /// None where the member is absent.
    fn some_charges(self) -> Result<Vec<Charged>, EntryError> {
        if self.0.contains_key("charges") { self.charges() } else { Ok(Vec::new()) }
    }

    fn seen(self) -> Result<Seen, EntryError> {
        let kind = self.text("kind")?.to_owned();
        if self.0.contains_key("commitment") {
            return Ok(Seen::Other { kind, commitment: self.hash("commitment")? });
        }
        Ok(Seen::Named { kind, names: self.texts("names")? })
    }

    fn outcome(self) -> Result<Settled, EntryError> {
        let outcome = match (self.text("result")?, self.text_or_null("code")?) {
            ("done", None) => Outcome::Done,
            ("failed", Some(code)) => Outcome::Failed { code: code.to_owned() },
            ("unknown", Some(code)) => Outcome::Unknown { code: code.to_owned() },
            ("abandoned", None) => Outcome::Abandoned,
            _ => return Err(EntryError::Member("result")),
        };
        let provider = match self.0.get("provider") {
            None => None,
            Some(Value::Object(object)) => {
                let text = |name| Members(object).text_or_null(name).map(|text| text.map(str::to_owned));
                Some(Provider { status: text("status")?, id: text("id")? })
            }
            Some(_) => return Err(EntryError::Member("provider")),
        };
        let facts_by = match self.text("facts_by")? {
            "encoded" => FactsBy::Encoded,
            "declared" => FactsBy::Declared,
            _ => return Err(EntryError::Member("facts_by")),
        };
        Ok(Settled {
            call: self.call()?,
            attempt_seq: self.number("attempt_seq")?,
            outcome,
            provider,
            late: self.0.get("late").and_then(Value::as_bool).ok_or(EntryError::Member("late"))?,
            facts_by,
            facts: match self.0.get("facts") {
                None => Vec::new(),
                Some(_) => self.facts()?,
            },
            duration_ms: self.number("duration_ms")?,
            charges: self.some_charges()?,
        })
    }

    fn closed(self) -> Result<Closed, EntryError> {
        let reason = Closing::from_word(self.text("reason")?).ok_or(EntryError::Member("reason"))?;
        let counts = self.object("counts")?;
        let totals = self.object("totals")?;
        let total = |(limit, total): (&String, &Value)| Some((RuleId::from_text(limit)?, total.as_i64()?));
        let unsettled = self.texts("unsettled")?;
        Ok(Closed {
            reason,
            entries: self.number("entries")?,
            root: self.hash("root")?,
            counts: counts
                .0
                .iter()
                .map(|(kind, count)| Some((kind.clone(), count.as_u64()?)))
                .collect::<Option<_>>()
                .ok_or(EntryError::Member("counts"))?,
            unsettled: unsettled
                .iter()
                .map(|call| CallId::parse(call))
                .collect::<Option<_>>()
                .ok_or(EntryError::Member("unsettled"))?,
            totals: totals
                .0
                .iter()
                .map(total)
                .collect::<Option<BTreeMap<_, _>>>()
                .ok_or(EntryError::Member("totals"))?,
        })
    }

    fn hash(self, name: &'static str) -> Result<Hash, EntryError> {
        Hash::from_text(self.text(name)?).ok_or(EntryError::Member(name))
    }

    fn hashes(self, name: &'static str) -> Result<Vec<Hash>, EntryError> {
        let hash = |value: &Value| Hash::from_text(value.as_str()?);
        self.array(name)?.iter().map(hash).collect::<Option<_>>().ok_or(EntryError::Member(name))
    }

    fn did(self, name: &'static str) -> Result<Did, EntryError> {
        Did::parse(self.text(name)?).map_err(|_| EntryError::Member(name))
    }

    fn time(self, name: &'static str) -> Result<i64, EntryError> {
        time::from_text(self.text(name)?).ok_or(EntryError::Member(name))
    }

    fn facts(self) -> Result<Vec<Fact>, EntryError> {
        let fact = |value: &Value| {
            let from = Members(value.as_object().ok_or(EntryError::Member("facts"))?);
            Ok(Fact { name: from.text("name")?.to_owned(), commitment: from.hash("commitment")? })
        };
        self.array("facts")?.iter().map(fact).collect()
    }

    fn call(self) -> Result<CallId, EntryError> {
        CallId::parse(self.text("call")?).ok_or(EntryError::Member("call"))
    }

    fn text(self, name: &'static str) -> Result<&'a str, EntryError> {
        self.0.get(name).and_then(Value::as_str).ok_or(EntryError::Member(name))
    }

    fn text_or_null(self, name: &'static str) -> Result<Option<&'a str>, EntryError> {
        match self.0.get(name) {
            Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            _ => Err(EntryError::Member(name)),
        }
    }

    fn texts(self, name: &'static str) -> Result<Vec<String>, EntryError> {
        let text = |value: &Value| value.as_str().map(str::to_owned).ok_or(EntryError::Member(name));
        self.array(name)?.iter().map(text).collect()
    }

    fn integer(self, name: &'static str) -> Result<i64, EntryError> {
        self.0.get(name).and_then(Value::as_i64).ok_or(EntryError::Member(name))
    }

    fn number(self, name: &'static str) -> Result<u64, EntryError> {
        self.0.get(name).and_then(Value::as_u64).ok_or(EntryError::Member(name))
    }

    fn array(self, name: &'static str) -> Result<&'a [Value], EntryError> {
        self.0.get(name).and_then(Value::as_array).map(Vec::as_slice).ok_or(EntryError::Member(name))
    }

    fn object(self, name: &'static str) -> Result<Members<'a>, EntryError> {
        self.0.get(name).and_then(Value::as_object).map(Members).ok_or(EntryError::Member(name))
    }
}

fn charged(value: &Value) -> Result<Charged, EntryError> {
    let from = Members(value.as_object().ok_or(EntryError::Member("charges"))?);
    let window_ms = match from.0.get("window_ms") {
        None => None,
        Some(_) => Some(from.integer("window_ms")?),
    };
    let statement = RuleId::from_text(from.text("limit")?).ok_or(EntryError::Member("limit"))?;
    let key = match from.0.get("key") {
        None => None,
        Some(_) => Some(Hash::from_text(from.text("key")?).ok_or(EntryError::Member("key"))?),
    };
    let owner = match from.0.get("scope") {
        None => Owner::Job,
        Some(Value::String(word)) if word == "agent" => Owner::Agent,
        Some(_) => return Err(EntryError::Member("scope")),
    };
    let counter = Counter { statement, key, owner };
    Ok(Charged { counter, before: from.integer("before")?, amount: from.integer("amount")?, window_ms })
}

fn truth(letter: char) -> Option<Truth> {
    match letter {
        't' => Some(Truth::True),
        'f' => Some(Truth::False),
        'u' => Some(Truth::Unknown),
        _ => None,
    }
}

fn reason(code: &str) -> Option<Reason> {
    [
        Reason::PolicyNotValid,
        Reason::ExplicitDeny,
        Reason::DefaultDeny,
        Reason::OrderDenied,
        Reason::ApprovalRequired,
        Reason::LimitExceeded,
        Reason::Undecided,
    ]
    .into_iter()
    .find(|reason| reason.code() == code)
}
