//! What policies extend: the same, more, or less.

use wpc_model::{Hash, rulings};

use super::{Direction, Part, Shown, Side};

impl Side<'_, '_> {
    /// Policies that `less` extends and `more` does not. Whoever extends more demands more; whoever
    /// extends less may say the rest itself, which is not looked into.
    pub(super) fn parents(&mut self) {
        let hashes = |policy: &wpc_model::Policy| {
            let mut all: Vec<Hash> = policy.layers().skip(1).map(wpc_model::Policy::hash).collect();
            all.sort_unstable();
            all.dedup();
            all
        };
        let (more, less) = (hashes(self.more.policy), hashes(self.less.policy));
        for hash in less.into_iter().filter(|hash| !more.contains(hash)) {
            let shown = match self.direction {
                Direction::Narrower => Shown::Itself,
                Direction::Wider => Shown::Undecided(Vec::new()),
            };
            self.found.differences.push(super::Difference {
                direction: self.direction,
                part: Part::Parent(hash),
                shown,
            });
        }
    }

    /// What shows a difference between what two policies say themselves, if it also shows one with all
    /// that the one that allows more extends.
    pub(super) fn in_all(&self, part: &Part, shown: Shown) -> Shown {
        let policy = self.more.policy;
        if policy.parents.is_empty() {
            return shown;
        }
        let because = match part {
            Part::Allow { rule, .. } => vec![*rule],
            Part::Limit(id) | Part::Approval(id) | Part::Order(id) => vec![*id],
            Part::Setting(_) | Part::Parent(_) => Vec::new(),
        };
        match (part, shown) {
            (Part::Allow { .. }, Shown::Call(case)) if rulings(policy, &case.call, case.moment).allow() => {
                Shown::Call(case)
            }
            // Settings of tokens and of evidence are compared with all that is extended.
            (Part::Setting(setting), Shown::Itself) if setting.is_of_all() => Shown::Itself,
            (_, shown @ Shown::Undecided(_)) => shown,
            _ => Shown::Undecided(because),
        }
    }
}
