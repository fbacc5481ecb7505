//! Stage 9: that what is shown is what was committed to; and from it the calls, as they were asked.

use std::collections::{BTreeMap, BTreeSet};

use wpc_model::canon::Json;
use wpc_model::{Attestation, Attested, Call, Hash, Policy, RawCall, Resource, Seals, Value, reads};

use super::code::{Code, Stage};
use super::decide::{Asked, ask};
use super::log::{Logged, readable};
use super::parallel;
use super::read::Run;
use super::report::{Finding, Findings, count, more, stop};
use crate::approved::reopen;
use crate::commitment::{Opening, OpeningError, RAW, RESOURCE, SEALED};
use crate::entry::{Attempt, Body, Fact, Seen, Settled};

/// What a fact of a result is named by.
const RESULT: &str = "result.";

/// An opening and the entry that it belongs to.
#[derive(Debug)]
struct Shown {
    seq: u64,
    opening: Result<Opening, OpeningError>,
    commitment: Hash,
}

/// The openings of a bundle, in their order.
#[derive(Debug)]
pub(super) struct Openings(Vec<Shown>);

/// How much is shown.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Amounts {
    pub(super) opened: u64,
    pub(super) attested: u64,
}

/// Reads them; what is wrong with them is found in their stage.
pub(super) fn read(run: &Run<'_>) -> Openings {
    Openings(parallel::each(&run.openings, |raw| Shown {
        seq: raw.seq,
        opening: Opening::decode(raw.opening.as_bytes()),
        commitment: Hash::under("wpc/arg/v1", raw.opening.as_bytes()),
    }))
}

impl Openings {
    /// Those of one entry. They are sorted, or else their stage refuses them.
    pub(super) fn of(&self, seq: u64) -> impl Iterator<Item = &Opening> {
        let from = self.0.partition_point(|shown| shown.seq < seq);
        let rest = self.0.get(from..).unwrap_or_default();
        rest.iter().take_while(move |shown| shown.seq == seq).filter_map(|shown| shown.opening.as_ref().ok())
    }
}

/// Compares each opening with the commitment of its entry.
pub(super) fn verify(openings: &Openings, entries: &[Logged], policy: &Policy) -> Result<Amounts, Findings> {
    let mut found = Findings::new();
    let mut amounts = Amounts::default();
    let mut last: Option<(u64, &str)> = None;
    for shown in &openings.0 {
        let opening = match &shown.opening {
            Ok(opening) => opening,
            Err(error) => {
                let code = Code::from_word(error.code()).unwrap_or(Code::Malformed);
                found.push(Finding::new(code).in_stage(Stage::Openings).at(shown.seq));
                continue;
            }
        };
        let place = (shown.seq, opening.name.as_str());
        if last.is_some_and(|last| last >= place) {
            found
                .push(Finding::new(Code::CommitmentMismatch).at(shown.seq).because("out of order, or twice"));
        }
        last = Some(place);
        let index = usize::try_from(shown.seq).ok();
        let entry = index.and_then(|index| entries.get(index)?.entry.as_ref().ok());
        let committed = entry.and_then(|entry| committed(&entry.body, &opening.name));
        if committed != Some(shown.commitment) {
            found.push(Finding::new(Code::CommitmentMismatch).at(shown.seq));
        }
        match (opening.ty == SEALED, &opening.value) {
            // That it is there is the gate's word too.
            (true, Json::Object(answers)) => {
                amounts.attested = amounts.attested.saturating_add(count(answers.len().max(1)));
            }
            (true, _) => more(&mut amounts.attested),
            (false, _) => more(&mut amounts.opened),
        }
    }
    let attested = readable(entries).filter_map(|entry| {
        let Body::Attempt(attempt) = &entry.body else { return None };
        Some(attempt.attested.iter().map(|one| one.holds.len()))
    });
    amounts.attested = amounts.attested.saturating_add(count(attested.flatten().sum()));
    all_committed(entries, policy, &mut found);
    stop(found)?;
    Ok(amounts)
}

/// Answers about sealed values that stand within arguments that are shown.
pub(super) fn answered_within(cases: &[Option<Case>], policy: &Policy) -> u64 {
    if !policy.asks_of_sealed() {
        return 0;
    }
    let of_case = |case: &Option<Case>| {
        let Some(Case::Shown(asked)) = case else { return 0 };
        let (mut call, mut answers) = (asked.call.clone(), 0_u64);
        call.each_sealed(policy, &mut |at, sealed| {
            if at.path.len() > 1 {
                answers = answers.saturating_add(count(sealed.answers().len()));
            }
        });
        answers
    };
    cases.iter().map(of_case).fold(0, u64::saturating_add)
}

/// What an entry commits to under `name`.
fn committed(body: &Body, name: &str) -> Option<Hash> {
    let fact = |facts: &[Fact]| {
        let index = facts.binary_search_by(|fact| fact.name.as_str().cmp(name)).ok()?;
        facts.get(index).map(|fact| fact.commitment)
    };
    match body {
        Body::Attempt(Attempt { resource: Some(Seen::Other { commitment, .. }), .. }) if name == RESOURCE => {
            Some(*commitment)
        }
        Body::Attempt(attempt) => fact(&attempt.facts),
        Body::Outcome(settled) => fact(&settled.facts),
        Body::Refused(untyped) if name == RAW => untyped.raw_commitment,
        Body::Opened(_)
        | Body::Token(_)
        | Body::Refused(_)
        | Body::ModelCall(_)
        | Body::Approval(_)
        | Body::Revoked(_)
        | Body::Suppressed(_)
        | Body::PolicyChanged(_)
        | Body::ClockAccepted(_)
        | Body::Closed(_) => None,
    }
}

/// Whether each attempt commits to every argument that the policy reads: what it left out could never be
/// shown.
fn all_committed(entries: &[Logged], policy: &Policy, found: &mut Findings) {
    let mut of_action: BTreeMap<(&str, &str), BTreeSet<String>> = BTreeMap::new();
    for entry in readable(entries) {
        let Body::Attempt(attempt) = &entry.body else { continue };
        let read = of_action.entry((&attempt.tool, &attempt.action)).or_insert_with(|| {
            let tool = policy.tools.get(&attempt.tool);
            let action = tool.and_then(|tool| tool.interface.actions.get(&attempt.action));
            let mut read = reads(policy, &attempt.tool, &attempt.action);
            read.retain(|name| action.is_some_and(|action| action.arguments.contains_key(name)));
            read
        });
        if read.iter().any(|name| committed(&entry.body, name).is_none()) {
            let why = "no commitment to an argument that the policy reads";
            found.push(Finding::new(Code::CommitmentMismatch).at(entry.seq).because(why));
        }
    }
}

/// An attempt, as far as it can be asked again.
#[derive(Debug)]
pub(super) enum Case {
    /// All that the policy reads is shown.
    Shown(Box<Asked>),
    /// Something is not shown.
    Withheld,
    /// What is shown is no call of the policy's interface, or what is attested answers other questions.
    NoCall,
}

/// The attempts among the entries, in their order, each asked of `policy`.
pub(super) fn cases(openings: &Openings, entries: &[Logged], policy: &Policy) -> Vec<Option<Case>> {
    parallel::each(entries, |logged| {
        let entry = logged.entry.as_ref().ok()?;
        let Body::Attempt(attempt) = &entry.body else { return None };
        Some(case(openings, attempt, (entry.seq, entry.at), policy, &attempt.attested))
    })
}

/// The same of a policy that the gate did not know: it asks for some of what was attested.
pub(super) fn cases_of_other(openings: &Openings, entries: &[Logged], other: &Policy) -> Vec<Option<Case>> {
    let statements = Attested::statements(other);
    parallel::each(entries, |logged| {
        let entry = logged.entry.as_ref().ok()?;
        let Body::Attempt(attempt) = &entry.body else { return None };
        let asked = attempt.attested.iter().filter(|one| statements.contains(&one.source));
        let attested: Vec<_> = asked.cloned().collect();
        let case = case(openings, attempt, (entry.seq, entry.at), other, &attested);
        Some(if is_answered(&case, other) { case } else { Case::Withheld })
    })
}

/// Whether all that `policy` asks of the call's sealed values was found out.
fn is_answered(case: &Case, policy: &Policy) -> bool {
    let Case::Shown(asked) = case else { return true };
    let (tool, action) = (&asked.call.tool, &asked.call.action);
    let interface = policy.tools.get(tool).map(|tool| &tool.interface);
    interface.is_none_or(|interface| Seals::of(policy, tool, action).are_answered(&asked.call, interface))
}

fn case(
    openings: &Openings,
    attempt: &Attempt,
    (seq, at): (u64, i64),
    policy: &Policy,
    attested: &[Attestation],
) -> Case {
    let shown: BTreeMap<&str, &Opening> =
        openings.of(seq).map(|opening| (opening.name.as_str(), opening)).collect();
    let resource = match &attempt.resource {
        None => None,
        Some(Seen::Named { kind, names }) => Some(Resource { kind: kind.clone(), names: names.clone() }),
        Some(Seen::Other { kind, .. }) => match shown.get(RESOURCE) {
            None => return Case::Withheld,
            Some(opening) => match named(&opening.value) {
                Some(resource) if resource.kind == *kind => Some(resource),
                Some(_) | None => return Case::NoCall,
            },
        },
    };
    let of_facts = attempt.facts.iter().map(|fact| shown.get(fact.name.as_str()).copied());
    let Some(facts) = of_facts.collect::<Option<Vec<_>>>() else { return Case::Withheld };
    match reopen(&attempt.tool, &attempt.action, resource.as_ref(), &facts, policy) {
        Ok(call) => {
            ask(policy, call, at, attested).map_or(Case::NoCall, |asked| Case::Shown(Box::new(asked)))
        }
        Err(_) => Case::NoCall,
    }
}

/// A resource as [`crate::commitment::commit_resource`] writes it.
fn named(value: &Json) -> Option<Resource> {
    let Json::Object(members) = value else { return None };
    let (Json::Text(kind), Json::Array(names)) = (members.get("kind")?, members.get("names")?) else {
        return None;
    };
    let name = |name: &Json| if let Json::Text(name) = name { Some(name.clone()) } else { None };
    let names = names.iter().map(name).collect::<Option<_>>()?;
    (members.len() == 2).then(|| Resource { kind: kind.clone(), names })
}

/// What an outcome shows of what the tool returned.
#[derive(Debug)]
pub(super) enum Returned {
    /// All that it commits to.
    Shown(BTreeMap<String, Value>),
    /// Something is not shown.
    Withheld,
    /// What is shown is not of the interface's types.
    NoResult,
}

/// Types it.
pub(super) fn returned(
    openings: &Openings,
    settled: &Settled,
    seq: u64,
    call: &Call,
    policy: &Policy,
) -> Returned {
    if settled.facts.is_empty() {
        return Returned::Shown(BTreeMap::new());
    }
    let shown: BTreeMap<&str, &Opening> =
        openings.of(seq).map(|opening| (opening.name.as_str(), opening)).collect();
    let mut members = BTreeMap::new();
    for fact in &settled.facts {
        let Some(opening) = shown.get(fact.name.as_str()) else { return Returned::Withheld };
        let Some(field) = fact.name.strip_prefix(RESULT) else { return Returned::NoResult };
        members.insert(field.to_owned(), opening.value.clone());
    }
    // In the spelling of a call, whose reader types values.
    let json = Json::object([
        ("action", Json::from(call.action.as_str())),
        ("arguments", Json::Object(members)),
        ("tool", Json::from(call.tool.as_str())),
    ]);
    let given = RawCall::from_json(&json.encode()).map(|raw| raw.arguments);
    match given.and_then(|given| call.returned(policy, given)) {
        Ok(values) => Returned::Shown(values),
        Err(_) => Returned::NoResult,
    }
}
