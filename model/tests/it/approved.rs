//! Which approvals are met, against trying every way to share people out.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use wpc_model::{
    Approval, Approvals, Approved, Approver, Approving, Bind, Call, MAX_APPROVAL_AHEAD_MS, Policy, Resource,
    Target, Terms, Uses, Value, approving,
};

use crate::example::{TOOL, policy};

const NOW: i64 = 1_000_000;
const WITHIN: i64 = 60_000;
const ISSUER: &str = "did:web:issuer";
const REQUESTER: &str = "did:web:requester";

fn did(person: &str) -> String {
    format!("did:web:{person}")
}

fn terms(by: Vec<Approver>, quorum: u32) -> Terms {
    Terms { by, quorum, within_ms: WITHIN, uses: Uses::Times(1), bind: Bind::Arguments }
}

fn required(all: Vec<Terms>) -> Policy {
    let mut policy = policy(vec![], vec![], vec![]);
    let approval = |terms| Approval::new(TOOL, vec!["send".into()], vec![Target::Any], vec![], terms);
    policy.approvals = all.into_iter().map(approval).collect();
    policy.normalise()
}

fn call() -> Call {
    let resource = Some(Resource { kind: "queue".into(), names: vec!["a".into()] });
    let arguments = BTreeMap::from([("messages".to_owned(), Value::List(vec![]))]);
    Call { tool: TOOL.into(), action: "send".into(), resource, arguments }
}

/// What `person` signed of [`call`], a second ago.
fn signed(person: &str) -> Approved {
    let call = call();
    Approved {
        approver: did(person),
        person: person.into(),
        roles: BTreeSet::new(),
        tool: call.tool,
        action: call.action,
        resource: call.resource,
        arguments: call.arguments.into_iter().map(|(name, value)| (name, Some(value))).collect(),
        requested_at: NOW - 2_000,
        issued_at: NOW - 1_000,
        not_after: NOW - 2_000 + WITHIN,
        used: 0,
        nonce: "n".into(),
    }
}

fn by(person: &str) -> Approver {
    Approver::Did(did(person))
}

fn boss() -> Approver {
    Approver::Role { role: "boss".into(), issuer: ISSUER.into() }
}

fn asks(policy: &Policy, given: &[Approved]) -> Approving {
    let required: Vec<u32> = (0..).take(policy.approvals.len()).collect();
    let requester = [REQUESTER.to_owned()];
    approving(policy, &call(), &required, &Approvals { given, requester: &requester }, NOW)
}

#[track_caller]
fn met(policy: &Policy, given: &[Approved], expect: &[usize]) {
    assert_eq!(asks(policy, given), Approving::Met(expect.to_vec()));
}

#[track_caller]
fn missing(policy: &Policy, given: &[Approved]) {
    assert!(matches!(asks(policy, given), Approving::Missing(_)), "{given:?}");
}

#[test]
fn what_needs_nobody_is_met() {
    met(&required(vec![]), &[], &[]);
}

#[test]
fn one_of_those_that_are_named_will_do() {
    let policy = required(vec![terms(vec![by("ann"), by("bob")], 1)]);
    missing(&policy, &[]);
    missing(&policy, &[signed("eve")]);
    met(&policy, &[signed("eve"), signed("bob"), signed("ann")], &[2]);
}

#[test]
fn a_quorum_counts_people_and_not_signatures() {
    let policy = required(vec![terms(vec![by("ann"), by("bob")], 2)]);
    let again = Approved { nonce: "other".into(), ..signed("ann") };
    missing(&policy, &[signed("ann"), again.clone()]);
    met(&policy, &[signed("ann"), again, signed("bob")], &[0, 2]);
}

#[test]
fn two_keys_of_one_person_are_one_person() {
    let policy = required(vec![terms(vec![by("ann"), by("bob")], 2)]);
    let other_key = Approved { person: "ann".into(), ..signed("bob") };
    missing(&policy, &[signed("ann"), other_key]);
    met(&policy, &[signed("ann"), signed("bob")], &[0, 1]);
}

#[test]
fn who_asks_does_not_count_by_any_key() {
    let policy = required(vec![terms(vec![by("ann"), by("bob")], 1)]);
    let requester = ["bob".to_owned()];
    let given = [signed("bob")];
    let needs = wpc_model::Needs::of(&policy, &call(), wpc_model::Moment::at(NOW));
    let approvals = Approvals { given: &given, requester: &requester };
    let said = wpc_model::approving(&policy, &call(), &needs.approvals, &approvals, NOW);
    assert_eq!(said, Approving::Missing(vec![0]));
}

#[test]
fn one_person_stands_once_over_all_that_is_required() {
    let policy = required(vec![terms(vec![by("ann"), by("bob")], 1), terms(vec![by("ann")], 1)]);
    missing(&policy, &[signed("ann")]);
    // Whichever is asked first, bob must be left for the one that he may sign.
    met(&policy, &[signed("ann"), signed("bob")], &[0, 1]);
}

#[test]
fn a_role_counts_where_its_own_issuer_says_so() {
    let policy = required(vec![terms(vec![boss()], 1)]);
    let with = |role: &str, issuer: &str| Approved {
        roles: BTreeSet::from([(role.to_owned(), issuer.to_owned())]),
        ..signed("ann")
    };
    missing(&policy, &[signed("ann")]);
    missing(&policy, &[with("boss", "did:web:other")]);
    missing(&policy, &[with("clerk", ISSUER)]);
    met(&policy, &[with("boss", ISSUER)], &[0]);
}

#[test]
fn the_requester_never_counts_and_must_be_known() {
    let policy = required(vec![terms(vec![by("requester"), by("ann")], 1)]);
    missing(&policy, &[signed("requester")]);
    let given = [signed("ann")];
    let nobody = Approvals { given: &given, requester: &[] };
    assert_eq!(approving(&policy, &call(), &[0], &nobody, NOW), Approving::Missing(vec![0]));
}

#[test]
fn only_this_very_call_is_approved() {
    let policy = required(vec![terms(vec![by("ann")], 1)]);
    missing(&policy, &[Approved { tool: "other".into(), ..signed("ann") }]);
    missing(&policy, &[Approved { action: "peek".into(), ..signed("ann") }]);
    missing(&policy, &[Approved { resource: None, ..signed("ann") }]);
    let elsewhere = Resource { kind: "queue".into(), names: vec!["A".into()] };
    missing(&policy, &[Approved { resource: Some(elsewhere), ..signed("ann") }]);
    missing(&policy, &[Approved { arguments: BTreeMap::new(), ..signed("ann") }]);
    let mut more = signed("ann");
    more.arguments.insert("priority".into(), Some(Value::Int(1)));
    missing(&policy, &[more]);
    let mut absent = signed("ann");
    absent.arguments.insert("priority".into(), None);
    met(&policy, &[absent], &[0]);
}

#[test]
fn an_approval_fixes_what_it_must_and_may_fix_more() {
    let bind = |names: &[&str]| {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        required(vec![Terms { bind: Bind::Some(names), ..terms(vec![by("ann")], 1) }])
    };
    let nothing = || Approved { arguments: BTreeMap::new(), ..signed("ann") };
    met(&bind(&[]), &[nothing()], &[0]);
    missing(&bind(&["messages"]), &[nothing()]);
    met(&bind(&["messages"]), &[signed("ann")], &[0]);
    let mut other = signed("ann");
    other.arguments.insert("messages".into(), Some(Value::List(vec![Value::Int(1)])));
    missing(&bind(&[]), &[other]);
}

#[test]
fn an_approval_has_its_time() {
    let policy = required(vec![terms(vec![by("ann")], 1)]);
    met(&policy, &[Approved { not_after: NOW + 1, ..signed("ann") }], &[0]);
    missing(&policy, &[Approved { not_after: NOW, ..signed("ann") }]);
    missing(&policy, &[Approved { not_after: NOW - 2_000 + WITHIN + 1, ..signed("ann") }]);
    missing(&policy, &[Approved { issued_at: NOW - 2_001, ..signed("ann") }]);
    let ahead = NOW + MAX_APPROVAL_AHEAD_MS;
    met(&policy, &[Approved { issued_at: ahead, ..signed("ann") }], &[0]);
    missing(&policy, &[Approved { issued_at: ahead + 1, ..signed("ann") }]);
    let late = Approved { requested_at: i64::MAX, issued_at: i64::MAX, not_after: i64::MAX, ..signed("ann") };
    missing(&policy, &[late]);
}

#[test]
fn an_approval_serves_as_often_as_the_policy_says() {
    let uses = |uses| required(vec![Terms { uses, ..terms(vec![by("ann")], 1) }]);
    let used = |used| [Approved { used, ..signed("ann") }];
    missing(&uses(Uses::Times(1)), &used(1));
    met(&uses(Uses::Times(2)), &used(1), &[0]);
    missing(&uses(Uses::Times(2)), &used(2));
    met(&uses(Uses::Unlimited), &used(u32::MAX), &[0]);
}

const PEOPLE: [&str; 5] = ["ann", "bob", "cat", "dan", "requester"];

/// Whether the places can be filled by different people, tried one after the other.
fn can_fill(places: &[BTreeSet<usize>], taken: &mut BTreeSet<usize>) -> bool {
    let Some((place, others)) = places.split_first() else { return true };
    place.iter().any(|person| {
        taken.insert(*person) && {
            let fits = can_fill(others, taken);
            taken.remove(person);
            fits
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn people_are_shared_out_as_well_as_can_be(
        all in vec((subsequence((0..5_usize).collect::<Vec<_>>(), 1..=4), 1_u32..=3), 0..=4),
        given in vec((select((0..5_usize).collect::<Vec<_>>()), 0_u32..=1), 0..=7),
    ) {
        let terms = |(who, quorum): &(Vec<usize>, u32)| terms(who.iter().map(|one| by(PEOPLE[*one])).collect(), *quorum);
        let policy = required(all.iter().map(terms).collect());
        let signed: Vec<_> =
            given.iter().map(|(who, used)| Approved { used: *used, ..signed(PEOPLE[*who]) }).collect();
        let valid: BTreeSet<usize> =
            given.iter().filter(|(who, used)| *used == 0 && PEOPLE[*who] != "requester").map(|(who, _)| *who).collect();
        let mut places = Vec::new();
        for approval in &policy.approvals {
            let may = valid.iter().copied().filter(|one| approval.by.contains(&by(PEOPLE[*one])));
            let may: BTreeSet<usize> = may.collect();
            places.extend((0..approval.quorum).map(|_| may.clone()));
        }
        let fits = can_fill(&places, &mut BTreeSet::new());
        match asks(&policy, &signed) {
            Approving::Met(used) => {
                prop_assert!(fits);
                let people: BTreeSet<_> = used.iter().map(|index| &signed[*index].approver).collect();
                prop_assert_eq!((used.len(), people.len()), (places.len(), places.len()));
                prop_assert!(used.iter().all(|index| signed[*index].used == 0));
            }
            Approving::Missing(missing) => {
                prop_assert!(!fits && !missing.is_empty() && missing.is_sorted());
            }
        }
    }
}
