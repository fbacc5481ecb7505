//! Step 5: which required approvals are met by those that were given.
//!
//! All signers of a call are distinct people, over all the approvals that it needs together, so
//! whether they suffice is a matching: each required approval has as many places as its quorum, and
//! each person fills one place at most.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Approval, Approver, Bind, Call, Policy, Resource, Uses, Value};

/// How far the clock of who approves may be ahead of the gate's, in milliseconds.
pub const MAX_APPROVAL_AHEAD_MS: i64 = 5_000;

/// One approval that somebody signed, as a fact: its signature, and the membership statements behind
/// its roles, were verified by whoever gives it here. Times are Unix milliseconds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Approved {
    /// The key that signed: what a policy names a person by.
    pub approver: String,
    /// Whose key it is: what tells people apart, whatever keys they hold.
    pub person: String,
    /// Roles that an issuer says they have: the role and the issuer's DID.
    pub roles: BTreeSet<(String, String)>,
    /// The tool.
    pub tool: String,
    /// The action.
    pub action: String,
    /// The resource.
    pub resource: Option<Resource>,
    /// The values that it fixes, by the argument's name; `None` for an argument that is to be absent.
    pub arguments: BTreeMap<String, Option<Value>>,
    /// When the approval was asked for.
    pub requested_at: i64,
    /// When it was signed.
    pub issued_at: i64,
    /// The call must begin before.
    pub not_after: i64,
    /// How many calls it has admitted.
    pub used: u32,
    /// Tells it from the person's others.
    pub nonce: String,
}

/// What is known of people when a call is decided.
#[derive(Clone, Copy, Debug, Default)]
pub struct Approvals<'a> {
    /// Given so far.
    pub given: &'a [Approved],
    /// The keys and persons that ask: the token's agent, owner and controller, who opened the job, the
    /// ledger's own principal. They never count, and where nobody is known nothing is approved.
    pub requester: &'a [String],
}

impl Approvals<'_> {
    /// Nobody approved anything.
    pub const NONE: Self = Self { given: &[], requester: &[] };
}

/// Which approvals serve a call.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Approving {
    /// All that are required: indices into [`Approvals::given`], sorted. Each is used once more when
    /// the call is admitted.
    Met(Vec<usize>),
    /// These are not met: indices into [`Policy::approvals`], sorted; at least one.
    Missing(Vec<u32>),
}

/// Whether the approvals `required` (indices into [`Policy::approvals`], as [`crate::approvals`]
/// gives them) are met at `now`, Unix milliseconds.
///
/// Exact: they are met if the people can be shared out so that each requirement has its quorum and
/// nobody stands twice. Where they cannot, requirements are met in the order of their ids as far as
/// possible and the rest is missing.
#[must_use]
pub fn approving(
    policy: &Policy,
    call: &Call,
    required: &[u32],
    approvals: &Approvals<'_>,
    now: i64,
) -> Approving {
    let people = people(approvals);
    let mut sharing = Sharing { offers: Vec::new(), place_of: BTreeMap::new(), of_place: Vec::new() };
    let mut missing = Vec::new();
    for index in required {
        let Some(approval) = policy.approvals.get(*index as usize) else {
            missing.push(*index);
            continue;
        };
        // One fitting approval of each person will do.
        let fits =
            |given: &&usize| approvals.given.get(**given).is_some_and(|one| serves(approval, one, call, now));
        let offers: BTreeMap<&str, usize> =
            people.iter().filter_map(|(who, given)| Some((*who, *given.iter().find(fits)?))).collect();
        let filled = (0..approval.quorum).take_while(|_| sharing.fill(&offers)).count();
        if u32::try_from(filled) != Ok(approval.quorum) {
            missing.push(*index);
        }
    }
    if missing.is_empty() { Approving::Met(sharing.used()) } else { Approving::Missing(missing) }
}

/// Indices of what each person gave; of nobody where the requester is not known.
fn people<'a>(approvals: &Approvals<'a>) -> BTreeMap<&'a str, Vec<usize>> {
    let mut people = BTreeMap::<_, Vec<_>>::new();
    if approvals.requester.is_empty() {
        return people;
    }
    for (index, one) in approvals.given.iter().enumerate() {
        if !approvals.requester.contains(&one.approver) && !approvals.requester.contains(&one.person) {
            people.entry(one.person.as_str()).or_default().push(index);
        }
    }
    people
}

/// Whether `given` is one of those that `approval` asks for, of this very call.
fn serves(approval: &Approval, given: &Approved, call: &Call, now: i64) -> bool {
    let of_call = given.tool == call.tool && given.action == call.action && given.resource == call.resource;
    let named = approval.by.iter().any(|by| match by {
        Approver::Did(did) => *did == given.approver,
        Approver::Role { role, issuer } => given.roles.contains(&(role.clone(), issuer.clone())),
    });
    let lasts = given
        .requested_at
        .checked_add(approval.within_ms)
        .is_some_and(|latest| given.not_after <= latest && now < given.not_after);
    let in_time = given.requested_at <= given.issued_at
        && given.issued_at <= now.saturating_add(MAX_APPROVAL_AHEAD_MS)
        && lasts;
    let unused = match approval.uses {
        Uses::Times(times) => given.used < times,
        Uses::Unlimited => true,
    };
    of_call && named && in_time && unused && binds(approval, given, call)
}

/// Whether all that must be fixed is, to the call's values; what else it fixes must agree too.
fn binds(approval: &Approval, given: &Approved, call: &Call) -> bool {
    let agrees = |(name, value): (&String, &Option<Value>)| call.arguments.get(name) == value.as_ref();
    let fixed = match &approval.bind {
        Bind::Arguments => call.arguments.keys().all(|name| given.arguments.contains_key(name)),
        Bind::Some(names) => names.iter().all(|name| given.arguments.contains_key(name)),
    };
    fixed && given.arguments.iter().all(agrees)
}

/// People shared out over places, one each.
struct Sharing<'a> {
    /// Of each place: who may fill it, and with which approval.
    offers: Vec<BTreeMap<&'a str, usize>>,
    /// The place that a person fills.
    place_of: BTreeMap<&'a str, usize>,
    /// Who fills a place.
    of_place: Vec<Option<&'a str>>,
}

impl<'a> Sharing<'a> {
    /// Adds a place, and fills it if the people before can move so that somebody is free.
    fn fill(&mut self, offers: &BTreeMap<&'a str, usize>) -> bool {
        let place = self.offers.len();
        self.offers.push(offers.clone());
        self.of_place.push(None);
        // Breadth first: from the new place to people, from people to the places they fill.
        let mut reached: BTreeMap<&'a str, usize> = BTreeMap::new();
        let mut places = std::collections::VecDeque::from([place]);
        while let Some(at) = places.pop_front() {
            let may: Vec<&'a str> =
                self.offers.get(at).into_iter().flat_map(|one| one.keys().copied()).collect();
            for who in may {
                if reached.contains_key(who) {
                    continue;
                }
                reached.insert(who, at);
                match self.place_of.get(who) {
                    Some(&other) => places.push_back(other),
                    None => {
                        self.shift(who, place, &reached);
                        return true;
                    }
                }
            }
        }
        false
    }

    /// Moves everybody on the way from `free` back to `place` by one.
    fn shift(&mut self, free: &'a str, place: usize, reached: &BTreeMap<&'a str, usize>) {
        let mut who = free;
        while let Some(&to) = reached.get(who) {
            self.place_of.insert(who, to);
            let before = self.of_place.get_mut(to).and_then(|of| of.replace(who));
            match before {
                Some(next) if to != place => who = next,
                Some(_) | None => return,
            }
        }
    }

    fn used(&self) -> Vec<usize> {
        let of = |(who, place): (&&'a str, &usize)| self.offers.get(*place)?.get(*who).copied();
        let used: BTreeSet<usize> = self.place_of.iter().filter_map(of).collect();
        used.into_iter().collect()
    }
}
