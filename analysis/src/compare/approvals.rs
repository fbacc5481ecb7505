//! Required approvals: whoever satisfies the one policy's must satisfy the other's.

use std::collections::BTreeSet;

use wpc_model::{Approval, Approver, Bind, Effect, RuleId, Uses, approvals};

use super::rules::alike;
use super::{Part, Shown, Side};
use crate::answer::Answer;
use crate::bound::Bound;
use crate::formula::Formula;
use crate::site::{Case, Site};

impl<'p> Side<'_, 'p> {
    pub(super) fn approvals(&mut self) {
        let (more, less) = (self.more, self.less);
        let kept: BTreeSet<RuleId> = {
            let own: BTreeSet<RuleId> = more.policy.approvals.iter().map(|one| one.id).collect();
            less.policy.approvals.iter().map(|one| one.id).filter(|id| own.contains(id)).collect()
        };
        // All signers of a call are distinct people, so one approval cannot stand for two others.
        let free: Vec<&Approval> =
            more.policy.approvals.iter().filter(|one| !kept.contains(&one.id)).collect();
        let changed: Vec<&Approval> =
            less.policy.approvals.iter().filter(|one| !kept.contains(&one.id)).collect();
        for approval in &changed {
            let implying: Vec<&Approval> =
                free.iter().copied().filter(|one| implies(one, approval)).collect();
            let rivals = changed.iter().filter(|other| {
                other.id != approval.id
                    && other.tool == approval.tool
                    && other.actions.iter().any(|action| approval.actions.contains(action))
                    && implying.iter().any(|one| implies(one, other))
            });
            let rivals: Vec<RuleId> = rivals.map(|other| other.id).collect();
            if let Some(shown) = self.approval(approval, &implying, rivals) {
                self.report(Part::Approval(approval.id), shown);
            }
        }
    }

    fn approval(
        &mut self,
        approval: &Approval,
        implying: &[&Approval],
        rivals: Vec<RuleId>,
    ) -> Option<Shown> {
        let (more, less) = (self.more, self.less);
        let asks = |site: &&Site<'p>| {
            site.key.0 == approval.tool && approval.actions.iter().any(|action| action == site.key.1)
        };
        let (mut undecided, mut asked) = (false, false);
        for site in more.sites.values().filter(asks) {
            if !less.sites.get(&site.key).is_some_and(|other| alike(site, other)) {
                undecided = true;
                continue;
            }
            let mut formula = vec![statement(site, approval, Bound::NotFalse)];
            match self.asker.admitted(more, site, &Formula::All(formula.clone()), &approval.targets) {
                Answer::No => continue,
                Answer::Yes(_) | Answer::Undecided => asked = true,
            }
            let here = implying.iter().filter(|one| one.actions.iter().any(|action| action == site.key.1));
            formula.extend(here.map(|one| statement(site, one, Bound::False)));
            match self.asker.admitted(more, site, &Formula::All(formula), &approval.targets) {
                Answer::No => {}
                Answer::Yes(case) if self.evades(&case, approval) => {
                    return Some(Shown::Call(Box::new(case)));
                }
                Answer::Yes(_) | Answer::Undecided => undecided = true,
            }
        }
        let shared = asked && !rivals.is_empty();
        let others = implying.iter().map(|one| one.id).chain(rivals);
        (undecided || shared).then(|| Shown::Undecided([approval.id].into_iter().chain(others).collect()))
    }

    /// Whether people can approve the call as the wider policy asks and not as `approval` does.
    fn evades(&self, Case { call, moment }: &Case, approval: &Approval) -> bool {
        let of = |policy: &'p wpc_model::Policy| -> Vec<&'p Approval> {
            let found = approvals(policy, call, *moment).into_iter();
            found.filter_map(|index| policy.approvals.get(usize::try_from(index).ok()?)).collect()
        };
        if !of(self.less.policy).iter().any(|one| one.id == approval.id) {
            return false;
        }
        let asked = of(self.more.policy);
        if asked.is_empty() || signers(&asked, approval).is_some_and(|count| count < approval.quorum) {
            return true;
        }
        if let [only] = asked.as_slice() { !is_as_strict(only, approval) } else { false }
    }
}

fn statement(site: &Site<'_>, approval: &Approval, bound: Bound) -> Formula {
    site.statement(&approval.targets, &approval.conditions, Effect::Deny, bound)
}

/// How many of those whom `approval` names sign, if as few of them do as possible. `None`: the
/// approvals that are asked for cannot all be met by distinct people.
fn signers(asked: &[&Approval], approval: &Approval) -> Option<u32> {
    let (mut used, mut count) = (BTreeSet::new(), 0_u32);
    for one in asked {
        let (named, strangers): (Vec<_>, Vec<_>) =
            one.by.iter().partition(|approver| approval.by.contains(approver));
        let mut left = one.quorum;
        for (approver, is_named) in
            strangers.into_iter().map(|one| (one, false)).chain(named.into_iter().map(|one| (one, true)))
        {
            let signing = match approver {
                // As many people have a role as are needed.
                Approver::Role { .. } => left,
                Approver::Did(_) => u32::from(left > 0 && used.insert(approver)),
            };
            left = left.saturating_sub(signing);
            count = count.saturating_add(if is_named { signing } else { 0 });
        }
        if left > 0 {
            return None;
        }
    }
    Some(count)
}

/// Whether whoever satisfies `one` satisfies `other`, where both are asked for.
fn implies(one: &Approval, other: &Approval) -> bool {
    let strangers: Vec<&Approver> = one.by.iter().filter(|approver| !other.by.contains(approver)).collect();
    let persons = strangers.iter().all(|approver| matches!(approver, Approver::Did(_)));
    let outside = u32::try_from(strangers.len()).unwrap_or(u32::MAX);
    let inside = if persons { one.quorum.saturating_sub(outside) } else { 0 };
    one.tool == other.tool && inside >= other.quorum && is_as_strict(one, other)
}

/// Whether an approval as `one` asks for it lasts no longer, serves no more calls and fixes no less.
fn is_as_strict(one: &Approval, other: &Approval) -> bool {
    let uses = |uses: Uses| match uses {
        Uses::Times(times) => u64::from(times),
        Uses::Unlimited => u64::MAX,
    };
    let binds = match (&one.bind, &other.bind) {
        (Bind::Arguments, _) => true,
        (Bind::Some(_), Bind::Arguments) => false,
        (Bind::Some(one), Bind::Some(other)) => other.iter().all(|name| one.contains(name)),
    };
    one.within_ms <= other.within_ms && uses(one.uses) <= uses(other.uses) && binds
}
