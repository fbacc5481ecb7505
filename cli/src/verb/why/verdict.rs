//! The decision with the rules, approvals and limits that it met.

use serde_json::{Value, json};
use wpc_model::{
    Approval, Call, Condition, Conforming, Decision, Demand, Effect, History as _, Needs, Order, PastAt,
    Policy, Reason, Refusal, Rule, RuleId, Ruling, Situation, Tool,
};

use super::change::{self, Change};
use super::facts;
use super::history::History;
use crate::failure::Failure;
use crate::map::Lines;
use wpc_viewer::words;

/// Why a rule neither speaks of a resource nor does not.
const OTHER_CASE: &str = "the name differs in letter case only";

/// Most allows of other resources that are shown to people.
const SHOWN: usize = 8;

/// A rule, approval or limit that the call met, in words.
#[derive(Debug)]
pub(super) struct Met {
    id: Option<RuleId>,
    pub(super) text: String,
    pub(super) extra: String,
    pub(super) place: String,
    line: Option<u64>,
    charge: Option<Charge>,
}

/// What a limit would be charged, what it was charged before, and how much it takes.
#[derive(Clone, Copy, Debug)]
struct Charge {
    amount: i64,
    used: i64,
    max: i64,
}

/// What the policy says of a call in its job.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) decision: Decision,
    /// The name of the policy that refuses, where it is one that is extended. All below is of it, but
    /// for approvals and limits, which are of all.
    pub(super) refused_by: Option<String>,
    /// The allow that holds or the deny that hits.
    decided_by: Option<Met>,
    /// The allow that came nearest.
    nearest: Option<Met>,
    /// Every condition of it that is not true.
    failing: Vec<Met>,
    /// What would have to change.
    pub(super) changes: Vec<Change>,
    /// Where no allow speaks of the resource: those that speak of the action.
    instead: Vec<Met>,
    approvals: Vec<Met>,
    limits: Vec<Met>,
}

/// Decides and looks up everything that it met.
pub(super) fn of(
    policy: &Policy,
    (call, conforming): (&Call, &Conforming),
    lines: Option<&Lines>,
    history: &History,
) -> Result<Verdict, Failure> {
    let missing = || Failure::no("unknown_tool", "the policy does not have this tool");
    policy.tools.get(&call.tool).ok_or_else(missing)?;
    let past = history.past.at(history.who(), history.now);
    let now = Situation { conformance: Some(conforming), ..Situation::of(&past) };
    let rulings = wpc_model::rulings(policy, call, now);
    let needs = wpc_model::Needs::of(policy, call, now);
    let nobody = wpc_model::Approvals::NONE;
    let decision = match wpc_model::in_force(policy, history.now) {
        Ok(()) => wpc_model::admit(policy, call, &rulings, &needs, &nobody, &past).decision,
        Err(refusal) => Decision::Deny(refusal),
    };
    let all_needs = std::iter::once(&needs).chain(&needs.parents);
    let layers: Vec<Layer<'_>> = policy
        .layers()
        .enumerate()
        .zip(rulings.iter().zip(all_needs))
        .map(|((at, policy), (ruling, needs))| {
            let lines = lines.and_then(|lines| lines.layers().into_iter().nth(at));
            let look = policy.tools.get(&call.tool).map(|tool| Look { tool, call, lines, now });
            Layer { policy, ruling, needs, look }
        })
        .collect();
    let at = match decision {
        Decision::Allow { .. } => 0,
        Decision::Deny(refusal) => usize::try_from(refusal.layer).unwrap_or(usize::MAX),
    };
    let decider = layers.get(at).ok_or_else(missing)?;
    let refused_by = (at > 0).then(|| decider.policy.name.clone());
    if let Decision::Deny(Refusal { reason: Reason::PolicyNotValid, .. }) = decision {
        return Ok(Verdict::not_valid(decision, refused_by, decider.policy));
    }
    let allowed = rulings.allow();
    let Ruled { decided_by, nearest, failing, mut changes } = decider.ruled();
    let instead = decider.look.as_ref().filter(|_| decider.ruling == Ruling::DefaultDeny { near: None });
    let instead = instead.map(Look::instead).unwrap_or_default();
    let mut approvals: Vec<Met> = Vec::new();
    let mut limits: Vec<Met> = Vec::new();
    for layer in layers.iter().filter(|_| allowed) {
        let Some(look) = &layer.look else { continue };
        for approval in layer.asked() {
            if approvals.iter().any(|known| known.id == Some(approval.id)) {
                continue;
            }
            let [who, how] = words::approval(approval);
            changes.push(change::of_approval(approval));
            approvals.push(look.met(approval.id, format!("{who}, {how}"), String::new()));
        }
        for met in layer.demands().iter().filter_map(|demand| look.charged(demand, &past)) {
            if !limits.iter().any(|known| known.id == met.id) {
                limits.push(met);
            }
        }
    }
    if let Some(look) = &decider.look {
        changes.extend(look.limit(&decision, decider.demands()));
    }
    let ordered = decider.look.as_ref().and_then(|look| look.order(decider.policy, &decision));
    changes.extend(ordered.iter().map(|(order, _)| change::of_order(order)));
    let decided_by = ordered.map(|(_, met)| met).or(decided_by);
    Ok(Verdict { decision, refused_by, decided_by, nearest, failing, changes, instead, approvals, limits })
}

/// The policy, or one that it extends, with what it says of the call.
struct Layer<'a> {
    policy: &'a Policy,
    ruling: Ruling,
    needs: &'a Needs,
    /// `None` if it does not have the tool.
    look: Option<Look<'a>>,
}

impl<'a> Layer<'a> {
    fn ruled(&self) -> Ruled {
        match &self.look {
            Some(look) => look.ruling(self.ruling),
            None => Ruled { changes: vec![change::of_tool()], ..Ruled::default() },
        }
    }

    fn asked(&self) -> impl Iterator<Item = &'a Approval> {
        let (policy, indices) = (self.policy, &self.needs.approvals);
        indices.iter().filter_map(|&index| policy.approvals.get(usize::try_from(index).ok()?))
    }

    fn demands(&self) -> &[Demand] {
        self.needs.demands.as_deref().unwrap_or_default()
    }
}

/// What the rules alone say, in words.
#[derive(Debug, Default)]
struct Ruled {
    decided_by: Option<Met>,
    nearest: Option<Met>,
    failing: Vec<Met>,
    changes: Vec<Change>,
}

/// What is needed to put a rule into words.
struct Look<'a> {
    tool: &'a Tool,
    call: &'a Call,
    lines: Option<&'a Lines>,
    now: Situation<'a>,
}

impl Look<'_> {
    /// What a limit is charged.
    fn charged(&self, demand: &Demand, past: &PastAt<'_>) -> Option<Met> {
        let limit = self.tool.limits.get(usize::try_from(demand.limit).ok()?)?;
        let used = past.used(&limit.bound(demand.key), demand.amount)?.amount;
        let said = |number| words::amount(self.tool, limit, number);
        let before = if used == 0 { String::new() } else { format!(", {} used", said(used)) };
        let extra = format!("charges {} of {}{before}", said(demand.amount), said(limit.max));
        let met = self.met(limit.id, words::limit(self.tool, limit), extra);
        Some(Met { charge: Some(Charge { amount: demand.amount, used, max: limit.max }), ..met })
    }

    fn met(&self, id: RuleId, text: String, extra: String) -> Met {
        self.placed(Some(id), self.lines.and_then(|lines| lines.of(id)), text, extra)
    }

    fn placed(&self, id: Option<RuleId>, line: Option<u64>, text: String, extra: String) -> Met {
        let source = self.lines.map(Lines::source).unwrap_or_default();
        let place = line.map(|line| format!("{}:{line}", wpc_viewer::plain(source)));
        Met { id, text, extra, place: place.unwrap_or_default(), line, charge: None }
    }

    fn rule(&self, effect: Effect, rule: &Rule) -> Met {
        self.met(rule.id, words::rule(self.tool, effect, rule), String::new())
    }

    /// The deciding rule, or the nearest one and what of it fails.
    fn ruling(&self, ruling: Ruling) -> Ruled {
        let at = |rules: &[Rule], index: u32| rules.get(usize::try_from(index).ok()?).cloned();
        let mut ruled = Ruled::default();
        match ruling {
            Ruling::Allow { rule } => {
                ruled.decided_by = at(&self.tool.allow, rule).map(|rule| self.rule(Effect::Allow, &rule));
            }
            Ruling::ExplicitDeny { rule } => {
                let Some(rule) = at(&self.tool.deny, rule) else { return ruled };
                ruled.changes = change::of_deny(self.tool, self.call, &rule);
                ruled.decided_by = Some(self.named(Effect::Deny, &rule));
            }
            Ruling::DefaultDeny { near } => {
                let Some(rule) = near.and_then(|near| at(&self.tool.allow, near.rule)) else {
                    ruled.changes = vec![change::of_target(self.tool, self.call, None)];
                    return ruled;
                };
                if change::is_misspelt(&rule, self.call) {
                    ruled.changes.push(change::of_spelling(&rule));
                }
                self.failing(&rule, &mut ruled);
                ruled.nearest = Some(self.named(Effect::Allow, &rule));
            }
        }
        ruled
    }

    /// A rule, with a word where it is not clear whether it speaks of the call.
    fn named(&self, effect: Effect, rule: &Rule) -> Met {
        let mut met = self.rule(effect, rule);
        if change::is_misspelt(rule, self.call) {
            OTHER_CASE.clone_into(&mut met.extra);
        }
        met
    }

    /// Every condition of the nearest rule that is not true.
    fn failing(&self, rule: &Rule, ruled: &mut Ruled) {
        let Some(action) = self.tool.interface.actions.get(&self.call.action) else { return };
        for failing in wpc_model::failing(&rule.conditions, action, self.call, self.now) {
            let index = usize::try_from(failing.condition).ok();
            let Some(condition) = index.and_then(|index| rule.conditions.get(index)) else { continue };
            let line = self.lines.and_then(|lines| lines.of_condition(rule.id, failing.condition));
            ruled.failing.push(self.condition(condition, line));
            ruled.changes.extend(change::of_condition(self.tool, self.call, rule, failing));
        }
    }

    /// The statement about the order of calls that refuses this one.
    fn order<'p>(&self, policy: &'p Policy, decision: &Decision) -> Option<(&'p Order, Met)> {
        let Decision::Deny(Refusal { reason: Reason::OrderDenied, rule, .. }) = decision else { return None };
        let order = policy.orders.iter().find(|order| Some(order.id) == *rule)?;
        Some((order, self.met(order.id, words::order(order), String::new())))
    }

    /// What the limit that refuses the call leaves to do.
    fn limit(&self, decision: &Decision, demands: &[Demand]) -> Option<Change> {
        let Decision::Deny(Refusal { reason: Reason::LimitExceeded, rule, frees_at, .. }) = decision else {
            return None;
        };
        demands.iter().find_map(|demand| {
            let limit = self.tool.limits.get(usize::try_from(demand.limit).ok()?)?;
            (Some(limit.id) == *rule).then(|| change::of_limit(self.tool, limit, demand.amount, *frees_at))
        })
    }

    fn condition(&self, condition: &Condition, line: Option<u64>) -> Met {
        let action = self.tool.interface.actions.get(&self.call.action);
        let found = action.and_then(|action| facts::found(self.tool, action, self.call, condition, self.now));
        let text = words::condition(self.tool, Some(&self.call.action), condition);
        self.placed(None, line, text, found.unwrap_or_default())
    }

    fn instead(&self) -> Vec<Met> {
        let speaks = |rule: &&Rule| rule.action.as_deref() == Some(self.call.action.as_str());
        self.tool.allow.iter().filter(speaks).map(|rule| self.rule(Effect::Allow, rule)).collect()
    }
}

impl Verdict {
    /// Where no rule was asked.
    fn not_valid(decision: Decision, refused_by: Option<String>, policy: &Policy) -> Self {
        Self {
            decision,
            refused_by,
            decided_by: None,
            nearest: None,
            failing: Vec::new(),
            changes: vec![change::of_validity(policy)],
            instead: Vec::new(),
            approvals: Vec::new(),
            limits: Vec::new(),
        }
    }

    /// Everything that it met, with a word for each.
    pub(super) fn rows(&self) -> Vec<(&'static str, &Met)> {
        let one = [("decided by", &self.decided_by), ("nearest", &self.nearest)];
        let many = [
            ("fails", &self.failing),
            ("allowed instead", &self.instead),
            ("needs approval", &self.approvals),
            ("counts for", &self.limits),
        ];
        let one = one.into_iter().filter_map(|(word, met)| Some((word, met.as_ref()?)));
        let many = many.into_iter().flat_map(|(word, list)| {
            // `to change` says how many more there are.
            let shown = if word == "allowed instead" { SHOWN } else { list.len() };
            list.iter().take(shown).map(move |met| (word, met))
        });
        one.chain(many).collect()
    }

    /// The members of the JSON answer.
    pub(super) fn json(&self) -> Value {
        let met = |met: &Met| {
            let mut json =
                json!({ "id": met.id.map(|id| id.to_string()), "text": met.text, "line": met.line });
            if let (Some(members), Some(Charge { amount, used, max })) = (json.as_object_mut(), met.charge) {
                let charge = [("amount", amount), ("used", used), ("max", max)];
                members.extend(charge.map(|(name, number)| (name.to_owned(), json!(number))));
            }
            json
        };
        let many = |list: &[Met]| list.iter().map(met).collect::<Vec<_>>();
        let (decision, reason) = match self.decision {
            Decision::Allow { .. } => ("allow", None),
            Decision::Deny(refusal) => ("deny", Some(refusal.reason.code())),
        };
        let failing = self
            .failing
            .iter()
            .map(|failed| json!({ "condition": failed.text, "line": failed.line, "found": failed.extra }));
        json!({
            "decision": decision,
            "reason": reason,
            "refused_by": self.refused_by,
            "decided_by": self.decided_by.as_ref().map(met),
            "nearest": self.nearest.as_ref().map(met),
            "failing": failing.collect::<Vec<_>>(),
            "changes": self.changes.iter().map(Change::json).collect::<Vec<_>>(),
            "instead": many(&self.instead),
            "approvals": many(&self.approvals),
            "limits": many(&self.limits),
        })
    }
}
