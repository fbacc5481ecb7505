//! The decision with the rules, approvals and limits that it met.

use serde_json::{Value, json};
use wpc_model::{Call, Condition, Decision, Effect, Policy, Rule, RuleId, Ruling, Tool, Truth};

use super::facts;
use crate::failure::Failure;
use crate::map::Lines;
use crate::words;

/// Why a rule neither speaks of a resource nor does not.
const OTHER_CASE: &str = "the name differs in letter case only";

/// A rule, approval or limit that the call met, in words.
#[derive(Debug)]
pub(super) struct Met {
    id: Option<RuleId>,
    pub(super) text: String,
    pub(super) extra: String,
    pub(super) place: String,
    line: Option<u64>,
    /// What a limit would be charged, of how much.
    charge: Option<(i64, i64)>,
}

/// What the policy says of a call in a job without a history.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) decision: Decision,
    /// The allow that holds or the deny that hits.
    decided_by: Option<Met>,
    /// The allow that came nearest.
    nearest: Option<Met>,
    /// Its first condition that is not true.
    failed: Option<Met>,
    /// Where no allow speaks of the resource: those that speak of the action.
    instead: Vec<Met>,
    approvals: Vec<Met>,
    limits: Vec<Met>,
}

/// Decides and looks up everything that it met.
pub(super) fn of(policy: &Policy, call: &Call, lines: Option<&Lines>) -> Result<Verdict, Failure> {
    let missing = || Failure::no("unknown_tool", "the policy does not have this tool");
    let tool = policy.tools.get(&call.tool).ok_or_else(missing)?;
    let ruling = wpc_model::rule(tool, call);
    let asked = wpc_model::approvals(policy, call);
    let needs = wpc_model::Needs::of(policy, call);
    let past = wpc_model::Past::new();
    let fresh = past.at(wpc_model::Who { job: "", agent: "" }, 0);
    let nobody = wpc_model::Approvals::NONE;
    let decision = wpc_model::admit(policy, call, ruling, &needs, &nobody, &fresh).decision;
    let demands = needs.demands;

    let look = Look { tool, call, lines };
    let allowed = matches!(ruling, Ruling::Allow { .. });
    let (decided_by, nearest, failed) = look.ruling(ruling);
    let instead =
        if matches!(ruling, Ruling::DefaultDeny { near: None }) { look.instead() } else { Vec::new() };
    let approvals = asked.iter().filter_map(|&index| policy.approvals.get(usize::try_from(index).ok()?));
    let approvals = approvals.map(|approval| {
        let [who, how] = words::approval(approval);
        look.met(approval.id, format!("{who}, {how}"), String::new())
    });
    let limits = demands.iter().flatten().filter_map(|demand| {
        let limit = tool.limits.get(usize::try_from(demand.limit).ok()?)?;
        let extra = format!("charges {} of {}", demand.amount, limit.max);
        let met = look.met(limit.id, words::limit(tool, limit), extra);
        Some(Met { charge: Some((demand.amount, limit.max)), ..met })
    });
    Ok(Verdict {
        decision,
        decided_by,
        nearest,
        failed,
        instead,
        approvals: approvals.filter(|_| allowed).collect(),
        limits: limits.filter(|_| allowed).collect(),
    })
}

/// What is needed to put a rule into words.
struct Look<'a> {
    tool: &'a Tool,
    call: &'a Call,
    lines: Option<&'a Lines>,
}

impl Look<'_> {
    fn met(&self, id: RuleId, text: String, extra: String) -> Met {
        self.placed(Some(id), self.lines.and_then(|lines| lines.of(id)), text, extra)
    }

    fn placed(&self, id: Option<RuleId>, line: Option<u64>, text: String, extra: String) -> Met {
        let source = self.lines.map(Lines::source).unwrap_or_default();
        let place = line.map(|line| format!("{}:{line}", crate::plain::plain(source)));
        Met { id, text, extra, place: place.unwrap_or_default(), line, charge: None }
    }

    fn rule(&self, effect: Effect, rule: &Rule) -> Met {
        self.met(rule.id, words::rule(self.tool, effect, rule), String::new())
    }

    /// The deciding rule, the nearest rule, its failing condition.
    fn ruling(&self, ruling: Ruling) -> (Option<Met>, Option<Met>, Option<Met>) {
        let at = |rules: &[Rule], index: u32| rules.get(usize::try_from(index).ok()?).cloned();
        match ruling {
            Ruling::Allow { rule } => {
                (at(&self.tool.allow, rule).map(|rule| self.rule(Effect::Allow, &rule)), None, None)
            }
            Ruling::ExplicitDeny { rule } => {
                let decided_by = at(&self.tool.deny, rule).map(|rule| {
                    let mut met = self.rule(Effect::Deny, &rule);
                    if rule.target.matches(self.call.resource.as_ref()) == Truth::Unknown {
                        OTHER_CASE.clone_into(&mut met.extra);
                    }
                    met
                });
                (decided_by, None, None)
            }
            Ruling::DefaultDeny { near } => {
                let Some((near, rule)) = near.and_then(|near| Some((near, at(&self.tool.allow, near.rule)?)))
                else {
                    return (None, None, None);
                };
                let failed = near.condition.and_then(|index| {
                    let condition = rule.conditions.get(usize::try_from(index).ok()?)?;
                    let line = self.lines.and_then(|lines| lines.of_condition(rule.id, index));
                    Some(self.condition(condition, line))
                });
                let mut nearest = self.rule(Effect::Allow, &rule);
                if failed.is_none() {
                    OTHER_CASE.clone_into(&mut nearest.extra);
                }
                (None, Some(nearest), failed)
            }
        }
    }

    fn condition(&self, condition: &Condition, line: Option<u64>) -> Met {
        let action = self.tool.interface.actions.get(&self.call.action);
        let found = action.and_then(|action| facts::found(self.tool, action, self.call, condition));
        let text = words::condition(self.tool, Some(&self.call.action), condition);
        self.placed(None, line, text, found.unwrap_or_default())
    }

    fn instead(&self) -> Vec<Met> {
        let speaks = |rule: &&Rule| rule.action.as_deref() == Some(self.call.action.as_str());
        self.tool.allow.iter().filter(speaks).map(|rule| self.rule(Effect::Allow, rule)).collect()
    }
}

impl Verdict {
    /// Everything that it met, with a word for each.
    pub(super) fn rows(&self) -> Vec<(&'static str, &Met)> {
        let one = [("decided by", &self.decided_by), ("nearest", &self.nearest), ("fails", &self.failed)];
        let many = [
            ("allowed instead", &self.instead),
            ("needs approval", &self.approvals),
            ("counts for", &self.limits),
        ];
        let one = one.into_iter().filter_map(|(word, met)| Some((word, met.as_ref()?)));
        one.chain(many.into_iter().flat_map(|(word, list)| list.iter().map(move |met| (word, met)))).collect()
    }

    /// The members of the JSON answer.
    pub(super) fn json(&self) -> Value {
        let met = |met: &Met| {
            let mut json =
                json!({ "id": met.id.map(|id| id.to_string()), "text": met.text, "line": met.line });
            if let (Some(members), Some((amount, max))) = (json.as_object_mut(), met.charge) {
                members.extend([("amount".to_owned(), json!(amount)), ("max".to_owned(), json!(max))]);
            }
            json
        };
        let many = |list: &[Met]| list.iter().map(met).collect::<Vec<_>>();
        let (decision, reason) = match self.decision {
            Decision::Allow { .. } => ("allow", None),
            Decision::Deny(refusal) => ("deny", Some(refusal.reason.code())),
        };
        let failed = self
            .failed
            .as_ref()
            .map(|failed| json!({ "condition": failed.text, "line": failed.line, "found": failed.extra }));
        json!({
            "decision": decision,
            "reason": reason,
            "decided_by": self.decided_by.as_ref().map(met),
            "nearest": self.nearest.as_ref().map(met),
            "failed": failed,
            "instead": many(&self.instead),
            "approvals": many(&self.approvals),
            "limits": many(&self.limits),
        })
    }
}
