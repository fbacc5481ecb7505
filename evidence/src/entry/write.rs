//! Entries to canonical bytes, member by member in the order of their names.

use wpc_model::canon::{ObjectWriter, Sink, Writer};
use wpc_model::{Attestation, Hash, MAX_INTEGER, Owner, Truth};

use super::{
    Attempt, Body, Charged, ClockAccepted, Closed, Entry, EntryError, Fact, Given, MAX_APPROVALS,
    MAX_ATTESTED, MAX_ENTRY_BYTES, MAX_FACTS, ModelCall, Opened, PolicyChanged, Revoked, Seen, Settled,
    Suppressed, Taken, Untyped, Verdict, is_agent, is_code, is_jti,
};
use crate::gateway_receipt::is_name;
use crate::outcome::{MAX_PROVIDER_BYTES, Outcome, Provider};
use crate::time;

impl Entry {
    /// Its canonical bytes: what the ledger keeps.
    ///
    /// # Errors
    ///
    /// [`EntryError`] only if a text, a number or the whole is greater than its schema allows.
    pub fn encode(&self) -> Result<Vec<u8>, EntryError> {
        let at = time::to_text(self.at).ok_or(EntryError::Member("at"))?;
        self.fits()?;
        let mut bytes = Vec::with_capacity(512);
        self.write(&at, Writer::new(&mut bytes));
        if bytes.len() > MAX_ENTRY_BYTES { Err(EntryError::TooLong) } else { Ok(bytes) }
    }

    /// Whether every part is within its bounds. Nothing else is ever written.
    pub(super) fn fits(&self) -> Result<(), EntryError> {
        let check = |fits: bool, member| if fits { Ok(()) } else { Err(EntryError::Member(member)) };
        check(integer(self.seq).is_some(), "seq")?;
        match &self.body {
            Body::Opened(opened) => {
                check(is_agent(&opened.agent), "agent")?;
                check(opened.release_seq.is_none_or(|seq| integer(seq).is_some()), "release_seq")?;
                let fits = |charge: &Charged| charge.amount >= 0 && charge.after().is_some();
                check(opened.charges.iter().all(fits), "charges")
            }
            Body::Token(taken) => {
                check(is_jti(&taken.jti), "jti")?;
                check((0..=MAX_INTEGER).contains(&taken.iat), "iat")?;
                check(taken.iat < taken.exp && taken.exp <= MAX_INTEGER, "exp")
            }
            Body::Attempt(attempt) => {
                check(attempt.jti.as_deref().is_none_or(is_jti), "jti")?;
                check(facts_fit(&attempt.facts), "facts")?;
                check(attested_fit(&attempt.attested), "attested")?;
                check(integer(attempt.revocation_seq).is_some(), "revocation_seq")?;
                let sorted = attempt.approvals.is_sorted_by(|one, other| one < other);
                check(sorted && attempt.approvals.len() <= MAX_APPROVALS, "approvals")?;
                match &attempt.verdict {
                    Verdict::Allow { charges, .. } => check(
                        charges.iter().all(|charge| charge.amount >= 0 && charge.after().is_some()),
                        "charges",
                    ),
                    Verdict::Deny { .. } => check(attempt.approvals.is_empty(), "approvals"),
                }
            }
            Body::Refused(untyped) => {
                check(is_code(&untyped.code), "code")?;
                check(integer(untyped.raw_bytes).is_some(), "raw_bytes")?;
                check(untyped.raw_commitment.is_none() || untyped.raw_bytes > 0, "raw_commitment")
            }
            Body::ModelCall(called) => {
                check(is_name(&called.receipt_id), "receipt_id")?;
                check(called.span.as_deref().is_none_or(is_name), "span")?;
                let fits = |charge: &Charged| charge.amount >= 0 && charge.after().is_some();
                check(!called.charges.is_empty() && called.charges.iter().all(fits), "charges")
            }
            Body::Outcome(settled) => {
                check(settled.outcome.code().is_none_or(is_code), "code")?;
                check(integer(settled.attempt_seq).is_some(), "attempt_seq")?;
                check(integer(settled.duration_ms).is_some(), "duration_ms")?;
                check(settled.charges.iter().all(|charge| charge.after().is_some()), "charges")?;
                check(facts_fit(&settled.facts), "facts")?;
                check(settled.provider.as_ref().is_none_or(Provider::fits), "provider")
            }
            Body::Approval(given) => {
                check(is_jti(&given.nonce), "nonce")?;
                check(time::to_text(given.not_after).is_some(), "not_after")?;
                let sorted = given.memberships.is_sorted_by(|one, other| one < other);
                check(sorted && given.memberships.len() <= MAX_APPROVALS, "memberships")
            }
            Body::PolicyChanged(changed) => {
                check(changed.release_seq > 0 && integer(changed.release_seq).is_some(), "release_seq")
            }
            Body::Revoked(revoked) => {
                check(is_code(&revoked.what), "what")?;
                check(is_agent(&revoked.value), "value")?;
                check(integer(revoked.revocation_seq).is_some(), "revocation_seq")
            }
            Body::Suppressed(suppressed) => {
                check(is_code(&suppressed.code), "code")?;
                check(suppressed.count > 0 && integer(suppressed.count).is_some(), "count")?;
                check(time::to_text(suppressed.first_at).is_some(), "first_at")?;
                check(time::to_text(suppressed.last_at).is_some(), "last_at")
            }
            Body::ClockAccepted(accepted) => {
                check(time::to_text(accepted.wall).is_some(), "wall")?;
                check(time::to_text(accepted.ledger_at).is_some(), "ledger_at")?;
                check(is_agent(&accepted.by), "by")
            }
            Body::Closed(closed) => {
                let counts = closed.counts.values().all(|&count| integer(count).is_some());
                check(counts, "counts")?;
                check(closed.entries == self.seq, "entries")?;
                check(closed.totals.values().all(|total| (0..=MAX_INTEGER).contains(total)), "totals")?;
                check(closed.unsettled.is_sorted(), "unsettled")
            }
        }
    }

    pub(super) fn write<S: Sink>(&self, at: &str, to: Writer<'_, S>) {
        to.object(|object| match &self.body {
            Body::Opened(body) => self.opened(body, at, object),
            Body::Token(body) => self.token(body, at, object),
            Body::Attempt(body) => self.attempt(body, at, object),
            Body::Refused(body) => self.refused(body, at, object),
            Body::ModelCall(body) => self.model_call(body, at, object),
            Body::Outcome(body) => self.outcome(body, at, object),
            Body::Approval(body) => self.approval(body, at, object),
            Body::PolicyChanged(body) => self.policy_changed(body, at, object),
            Body::Revoked(body) => self.revoked(body, at, object),
            Body::Suppressed(body) => self.suppressed(body, at, object),
            Body::ClockAccepted(body) => self.clock_accepted(body, at, object),
            Body::Closed(body) => self.closed(body, at, object),
        });
    }

    fn opened<S: Sink>(&self, body: &Opened, at: &str, object: &mut ObjectWriter<'_, S>) {
        object.member("agent").text(&body.agent);
        object.member("at").text(at);
        some_charges(&body.charges, object);
        self.names(object);
        object.member("policy").object(|policy| {
            policy.member("hash").text(&body.policy_hash.to_string());
            policy.member("name").text(&body.policy);
            match body.release_seq {
                None => policy.member("release_seq").null(),
                Some(seq) => policy.member("release_seq").integer(number(seq)),
            }
        });
        object.member("seq").integer(number(self.seq));
        text_or_null(
            object.member("tool_version"),
            body.tool_version.map(|hash| hash.to_string()).as_deref(),
        );
        object.member("v").integer(1);
    }

    fn token<S: Sink>(&self, body: &Taken, at: &str, object: &mut ObjectWriter<'_, S>) {
        object.member("at").text(at);
        object.member("exp").integer(body.exp);
        object.member("grant").text(&body.grant.to_string());
        object.member("iat").integer(body.iat);
        object.member("instance").text(self.instance.as_str());
        object.member("issuer").text(body.issuer.as_str());
        object.member("job").text(self.job.as_str());
        object.member("jti").text(&body.jti);
        object.member("kind").text(self.body.kind());
        object.member("ledger").text(self.ledger.as_str());
        object.member("proof").text(body.proof.word());
        object.member("seq").integer(number(self.seq));
        object.member("token_scope_hash_b64u").text(&body.scope_hash.to_string());
        object.member("v").integer(1);
    }

    fn attempt<S: Sink>(&self, body: &Attempt, at: &str, object: &mut ObjectWriter<'_, S>) {
        let (decision, code, rule, charges) = match &body.verdict {
            Verdict::Allow { rule, charges } => ("allow", None, Some(rule), charges.as_slice()),
            Verdict::Deny { reason, rule } => ("deny", Some(reason.code()), rule.as_ref(), [].as_slice()),
        };
        object.member("action").text(&body.action);
        hashes(object.member("approvals"), &body.approvals);
        object.member("args_root").text(&body.args_root.to_string());
        object.member("at").text(at);
        some_attested(&body.attested, object);
        object.member("call").text(body.call.as_str());
        object.member("charges").array(|array| charges.iter().for_each(|charge| charge.write(array.item())));
        text_or_null(object.member("code"), code);
        object.member("decision").text(decision);
        object.member("engine").text(body.engine.word());
        facts(object.member("facts"), &body.facts);
        object.member("instance").text(self.instance.as_str());
        object.member("job").text(self.job.as_str());
        text_or_null(object.member("jti"), body.jti.as_deref());
        object.member("kind").text(self.body.kind());
        object.member("ledger").text(self.ledger.as_str());
        match &body.resource {
            None => object.member("resource").null(),
            Some(seen) => seen.write(object.member("resource")),
        }
        object.member("revocation_seq").integer(number(body.revocation_seq));
        object.member("rules").array(|rules| {
            if let Some(rule) = rule {
                rules.item().text(&rule.to_string());
            }
        });
        object.member("seq").integer(number(self.seq));
        object.member("tool").text(&body.tool);
        object.member("v").integer(1);
    }

    fn refused<S: Sink>(&self, body: &Untyped, at: &str, object: &mut ObjectWriter<'_, S>) {
        object.member("at").text(at);
        object.member("code").text(&body.code);
        self.names(object);
        object.member("raw_bytes").integer(number(body.raw_bytes));
        if let Some(commitment) = &body.raw_commitment {
            object.member("raw_commitment").text(&commitment.to_string());
        }
        self.tail(object);
    }

    fn model_call<S: Sink>(&self, body: &ModelCall, at: &str, object: &mut ObjectWriter<'_, S>) {
        object.member("at").text(at);
        some_charges(&body.charges, object);
        self.names(object);
        object.member("receipt").text(&body.receipt.to_string());
        object.member("receipt_id").text(&body.receipt_id);
        object.member("seq").integer(number(self.seq));
        object.member("signer").text(body.signer.as_str());
        text_or_null(object.member("span"), body.span.as_deref());
        object.member("v").integer(1);
    }

    fn outcome<S: Sink>(&self, body: &Settled, at: &str, object: &mut ObjectWriter<'_, S>) {
        object.member("at").text(at);
        object.member("attempt_seq").integer(number(body.attempt_seq));
        object.member("call").text(body.call.as_str());
        some_charges(&body.charges, object);
        text_or_null(object.member("code"), body.outcome.code());
        object.member("duration_ms").integer(number(body.duration_ms));
        if !body.facts.is_empty() {
            facts(object.member("facts"), &body.facts);
        }
        object.member("facts_by").text(body.facts_by.word());
        object.member("instance").text(self.instance.as_str());
        object.member("job").text(self.job.as_str());
        object.member("kind").text(self.body.kind());
        object.member("late").bool(body.late);
        object.member("ledger").text(self.ledger.as_str());
        if let Some(provider) = &body.provider {
            object.member("provider").object(|object| {
                text_or_null(object.member("id"), provider.id.as_deref());
                text_or_null(object.member("status"), provider.status.as_deref());
            });
        }
        object.member("result").text(body.outcome.word());
        self.tail(object);
    }

    fn approval<S: Sink>(&self, body: &Given, at: &str, object: &mut ObjectWriter<'_, S>) {
        object.member("approval").text(&body.approval.to_string());
        object.member("approver").text(body.approver.as_str());
        object.member("at").text(at);
        self.names(object);
        hashes(object.member("memberships"), &body.memberships);
        object.member("nonce").text(&body.nonce);
        object.member("not_after").text(&time::to_text(body.not_after).unwrap_or_default());
        object.member("request").text(&body.request.to_string());
        self.tail(object);
    }

    fn policy_changed<S: Sink>(&self, body: &PolicyChanged, at: &str, object: &mut ObjectWriter<'_, S>) {
        object.member("at").text(at);
        object.member("from").text(&body.from.to_string());
        self.names(object);
        object.member("release_seq").integer(number(body.release_seq));
        object.member("running").text(body.running.word());
        object.member("seq").integer(number(self.seq));
        object.member("to").text(&body.to.to_string());
        object.member("v").integer(1);
    }

    fn revoked<S: Sink>(&self, body: &Revoked, at: &str, object: &mut ObjectWriter<'_, S>) {
        object.member("at").text(at);
        self.names(object);
        object.member("revocation_seq").integer(number(body.revocation_seq));
        object.member("seq").integer(number(self.seq));
        object.member("v").integer(1);
        object.member("what").object(|what| {
            what.member("kind").text(&body.what);
            what.member("value").text(&body.value);
        });
    }

    fn suppressed<S: Sink>(&self, body: &Suppressed, at: &str, object: &mut ObjectWriter<'_, S>) {
        object.member("at").text(at);
        object.member("code").text(&body.code);
        object.member("count").integer(number(body.count));
        object.member("first_at").text(&time::to_text(body.first_at).unwrap_or_default());
        object.member("instance").text(self.instance.as_str());
        object.member("job").text(self.job.as_str());
        object.member("kind").text(self.body.kind());
        object.member("last_at").text(&time::to_text(body.last_at).unwrap_or_default());
        object.member("ledger").text(self.ledger.as_str());
        self.tail(object);
    }

    fn clock_accepted<S: Sink>(&self, body: &ClockAccepted, at: &str, object: &mut ObjectWriter<'_, S>) {
        object.member("at").text(at);
        object.member("by").text(&body.by);
        object.member("instance").text(self.instance.as_str());
        object.member("job").text(self.job.as_str());
        object.member("kind").text(self.body.kind());
        object.member("ledger").text(self.ledger.as_str());
        object.member("ledger_at").text(&time::to_text(body.ledger_at).unwrap_or_default());
        object.member("seq").integer(number(self.seq));
        object.member("v").integer(1);
        object.member("wall").text(&time::to_text(body.wall).unwrap_or_default());
    }

    fn closed<S: Sink>(&self, body: &Closed, at: &str, object: &mut ObjectWriter<'_, S>) {
        object.member("at").text(at);
        object.member("counts").object(|counts| {
            body.counts.iter().for_each(|(kind, &count)| counts.member(kind).integer(number(count)));
        });
        object.member("entries").integer(number(body.entries));
        self.names(object);
        object.member("reason").text(body.reason.word());
        object.member("root").text(&body.root.to_string());
        object.member("seq").integer(number(self.seq));
        object.member("totals").object(|totals| {
            let mut sorted: Vec<_> =
                body.totals.iter().map(|(limit, total)| (limit.to_string(), *total)).collect();
            sorted.sort();
            sorted.iter().for_each(|(limit, total)| totals.member(limit).integer(*total));
        });
        object.member("unsettled").texts(body.unsettled.iter().map(crate::CallId::as_str));
        object.member("v").integer(1);
    }

    /// `instance`, `job`, `kind`, `ledger`: neighbours in every kind.
    fn names<S: Sink>(&self, object: &mut ObjectWriter<'_, S>) {
        object.member("instance").text(self.instance.as_str());
        object.member("job").text(self.job.as_str());
        object.member("kind").text(self.body.kind());
        object.member("ledger").text(self.ledger.as_str());
    }

    fn tail<S: Sink>(&self, object: &mut ObjectWriter<'_, S>) {
        object.member("seq").integer(number(self.seq));
        object.member("v").integer(1);
    }
}

impl Charged {
    /// What the counter has been charged in its window after this; `None` if that is out of range.
    #[must_use]
    pub fn after(&self) -> Option<i64> {
        let after = self.before.checked_add(self.amount)?;
        let window = self.window_ms.is_none_or(|ms| (1..=MAX_INTEGER).contains(&ms));
        (self.before >= 0 && (0..=MAX_INTEGER).contains(&after) && window).then_some(after)
    }

    fn write<S: Sink>(&self, to: Writer<'_, S>) {
        to.object(|object| {
            object.member("after").integer(self.after().unwrap_or_default());
            object.member("amount").integer(self.amount);
            object.member("before").integer(self.before);
            if let Some(key) = self.counter.key {
                object.member("key").text(&key.to_string());
            }
            object.member("limit").text(&self.counter.statement.to_string());
            if self.counter.owner == Owner::Agent {
                object.member("scope").text("agent");
            }
            if let Some(ms) = self.window_ms {
                object.member("window_ms").integer(ms);
            }
        });
    }
}

impl Seen {
    fn write<S: Sink>(&self, to: Writer<'_, S>) {
        to.object(|object| match self {
            Self::Named { kind, names } => {
                object.member("kind").text(kind);
                object.member("names").texts(names.iter().map(String::as_str));
            }
            Self::Other { kind, commitment } => {
                object.member("commitment").text(&commitment.to_string());
                object.member("kind").text(kind);
            }
        });
    }
}

impl Provider {
    fn fits(&self) -> bool {
        let fits = |text: &Option<String>| text.as_ref().is_none_or(|text| text.len() <= MAX_PROVIDER_BYTES);
        fits(&self.status) && fits(&self.id) && (self.status.is_some() || self.id.is_some())
    }
}

impl Outcome {
    /// The same with a code that may stand in an entry.
    pub fn with_fitting_code(self) -> Self {
        let fitting = |code: String| if is_code(&code) { code } else { "other".to_owned() };
        match self {
            Self::Failed { code } => Self::Failed { code: fitting(code) },
            Self::Unknown { code } => Self::Unknown { code: fitting(code) },
            Self::Done | Self::Abandoned => self,
        }
    }
}

fn hashes<S: Sink>(to: Writer<'_, S>, hashes: &[Hash]) {
    to.array(|array| hashes.iter().for_each(|hash| array.item().text(&hash.to_string())));
}

fn facts<S: Sink>(to: Writer<'_, S>, facts: &[Fact]) {
    to.array(|array| {
        for fact in facts {
            array.item().object(|object| {
                object.member("commitment").text(&fact.commitment.to_string());
                object.member("name").text(&fact.name);
            });
        }
    });
}

fn facts_fit(facts: &[Fact]) -> bool {
    facts.len() <= MAX_FACTS && facts.is_sorted_by(|one, other| one.name < other.name)
}

fn attested_fit(attested: &[Attestation]) -> bool {
    attested.len() <= MAX_ATTESTED
        && attested.iter().all(|one| !one.holds.is_empty())
        && attested.is_sorted_by(|one, other| one.source < other.source)
}

/// Member `attested`, where there is anything: one letter for each value, `t`, `f`, or `u` for unknown.
fn some_attested<S: Sink>(attested: &[Attestation], object: &mut ObjectWriter<'_, S>) {
    if attested.is_empty() {
        return;
    }
    object.member("attested").array(|array| {
        for one in attested {
            array.item().object(|object| {
                let letter = |truth: &Truth| match truth {
                    Truth::True => 't',
                    Truth::False => 'f',
                    Truth::Unknown => 'u',
                };
                object.member("holds").text(&one.holds.iter().map(letter).collect::<String>());
                object.member("source").text(&one.source.to_string());
            });
        }
    });
}

/// Member `charges`, where there are any.
fn some_charges<S: Sink>(charges: &[Charged], object: &mut ObjectWriter<'_, S>) {
    if !charges.is_empty() {
        let all = object.member("charges");
        all.array(|array| charges.iter().for_each(|charge| charge.write(array.item())));
    }
}

fn text_or_null<S: Sink>(to: Writer<'_, S>, text: Option<&str>) {
    match text {
        None => to.null(),
        Some(text) => to.text(text),
    }
}

fn integer(number: u64) -> Option<i64> {
    i64::try_from(number).ok().filter(|&number| number <= MAX_INTEGER)
}

/// A number that [`Entry::fits`] has checked.
fn number(number: u64) -> i64 {
    integer(number).unwrap_or(MAX_INTEGER)
}
