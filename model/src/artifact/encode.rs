//! Policy to bytes.

use std::collections::{BTreeMap, BTreeSet};

use super::entity::Entity;
use super::family::Families;
use super::hoist::{Hoist, Hoisted, hoist, is_hoisted};
use super::{WPC_VERSION, interface, orders, parts, settings};
use crate::canon::{Json, ObjectWriter, Sink, Writer};
use crate::{Approval, Auth, Condition, Evidence, Hash, Limit, Policy, Rule, Slot, Target, Test, Tool};

/// What a rule that speaks of every action has for `op`.
pub(super) const EVERY_ACTION: &str = "*";

/// What stands for `entity` where no single text names the resource.
const EVERY_ENTITY: &str = "*";

/// The artifact's payload: the canonical bytes that are hashed and signed.
///
/// Total: it writes any policy. Only those in normal form ([`Policy::normalise`]) read back.
#[must_use]
pub fn encode(policy: &Policy) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(policy, &mut bytes);
    bytes
}

impl Policy {
    /// The hash of the payload: the name under which the policy is signed, released and pinned.
    #[must_use]
    pub fn hash(&self) -> Hash {
        Hash::of(&encode(self))
    }
}

/// Writes the payload to `sink`.
pub(super) fn write<S: Sink>(policy: &Policy, sink: &mut S) {
    one(policy, Writer::new(sink));
}

/// The payload of a policy, which is also what stands for it in those that extend it.
fn one<S: Sink>(policy: &Policy, to: Writer<'_, S>) {
    to.object(|object| {
        settings::agents(object, &policy.settings);
        approvals(object, &policy.approvals);
        auth(object, policy.auth);
        settings::credential(object, &policy.settings);
        settings::environment(object, &policy.settings);
        evidence(object, policy.evidence);
        extends(object, &policy.parents);
        settings::meta(object, &policy.settings.meta);
        settings::models(object, &policy.settings);
        settings::on_change(object, &policy.settings);
        if !policy.orders.is_empty() {
            let all = object.member("orders");
            all.array(|array| policy.orders.iter().for_each(|one| orders::order(array.item(), one)));
        }
        object.member("policy_name").text(&policy.name);
        settings::requesters(object, &policy.settings);
        settings::sandbox(object, &policy.settings);
        schemas(object, &policy.schemas);
        object.member("tools").object(|tools| {
            for (name, one) in &policy.tools {
                tool(tools.member(name), one);
            }
        });
        settings::valid(object, policy.settings.valid);
        object.member("wpc_version").text(WPC_VERSION);
    });
}

fn extends<S: Sink>(object: &mut ObjectWriter<'_, S>, parents: &[Policy]) {
    if !parents.is_empty() {
        object.member("extends").array(|array| parents.iter().for_each(|parent| one(parent, array.item())));
    }
}

/// By the hash's text, whose order is not that of the hashes.
fn schemas<S: Sink>(object: &mut ObjectWriter<'_, S>, schemas: &BTreeMap<Hash, Json>) {
    if schemas.is_empty() {
        return;
    }
    let by_text: BTreeMap<String, &Json> =
        schemas.iter().map(|(hash, schema)| (hash.to_string(), schema)).collect();
    object.member("schemas").object(|object| {
        for (hash, schema) in by_text {
            schema.write(object.member(&hash));
        }
    });
}

fn approvals<S: Sink>(object: &mut ObjectWriter<'_, S>, approvals: &[Approval]) {
    if approvals.is_empty() {
        return;
    }
    object.member("approvals").object(|object| {
        let actions: BTreeSet<&str> =
            approvals.iter().flat_map(|one| &one.actions).map(String::as_str).collect();
        object.member("required_for_ops").texts(actions);
        object.member("rules").array(|rules| approvals.iter().for_each(|one| approval(rules.item(), one)));
    });
}

fn approval<S: Sink>(to: Writer<'_, S>, approval: &Approval) {
    to.object(|object| {
        parts::bind(object.member("bind"), &approval.bind);
        parts::approvers(object.member("by"), &approval.by);
        object.member("id").text(approval.id.to_text().as_str());
        if !approval.conditions.is_empty() {
            parts::conditions(object.member("if"), &approval.conditions);
        }
        if !parts::is_any(&approval.targets) {
            parts::targets(object.member("on"), &approval.targets);
        }
        object.member("ops").texts(approval.actions.iter().map(String::as_str));
        object.member("quorum").integer(i64::from(approval.quorum));
        object.member("tool").text(&approval.tool);
        parts::uses(object.member("uses"), approval.uses);
        object.member("within_ms").integer(approval.within_ms);
    });
}

fn auth<S: Sink>(object: &mut ObjectWriter<'_, S>, auth: Auth) {
    object.member("auth").object(|object| {
        object.member("job_scoped_binding").bool(auth.job_scoped_binding);
        object.member("max_ttl_seconds").integer(auth.max_ttl_seconds);
        object.member("pin_policy_hash").bool(auth.pin_policy_hash);
        if !auth.proof_of_possession {
            object.member("proof_of_possession").bool(false);
        }
        object.member("token").text("CST");
    });
}

fn evidence<S: Sink>(object: &mut ObjectWriter<'_, S>, evidence: Evidence) {
    if evidence == Evidence::default() {
        return;
    }
    object.member("evidence").object(|object| {
        if evidence.gateway_receipts {
            object.member("gateway_receipts").text("required");
        }
        if let Some(ms) = evidence.retain_ms {
            object.member("retain_ms").integer(ms);
        }
    });
}

fn tool<S: Sink>(to: Writer<'_, S>, tool: &Tool) {
    let hoisted = hoist(tool);
    let entities: Entities<'_> = tool
        .interface
        .kinds
        .iter()
        .map(|(name, kind)| (name.as_str(), Entity::new(tool, &kind.template)))
        .collect();
    to.object(|object| {
        rules(object.member("allow"), tool, &tool.allow, &hoisted, &entities);
        constraints(object, &hoisted);
        if !tool.deny.is_empty() {
            rules(object.member("deny"), tool, &tool.deny, &Hoisted::new(), &entities);
        }
        interface::interface(object.member("interface"), &tool.interface);
        limits(object, tool, &hoisted);
        if !tool.scope.is_empty() {
            object.member("scope").texts(tool.scope.iter().map(String::as_str));
        }
    });
}

/// The templates of a tool's kinds, by the kind's name.
type Entities<'p> = BTreeMap<&'p str, Entity<'p>>;

/// What the rules of one family have in common.
struct Common<'p> {
    entity: Option<&'p Entity<'p>>,
    /// The conditions that are not hoisted.
    conditions: Vec<&'p Condition>,
}

fn rules<'p, S: Sink>(
    to: Writer<'_, S>,
    tool: &'p Tool,
    rules: &'p [Rule],
    hoisted: &Hoisted<'_>,
    entities: &'p Entities<'p>,
) {
    let mut families = Families::new();
    to.array(|array| {
        for one in rules {
            let common = families.of(one, || {
                let action = one.action.as_deref().and_then(|action| tool.interface.actions.get(action));
                let stays = |condition: &&_| !is_hoisted(hoisted, &tool.interface, action, condition);
                let kind = if let Target::Of { kind, .. } = &one.target { Some(&**kind) } else { None };
                Common {
                    entity: kind.and_then(|kind| entities.get(kind)),
                    conditions: one.conditions.iter().filter(stays).collect(),
                }
            });
            rule(array.item(), one, common);
        }
    });
}

fn rule<S: Sink>(to: Writer<'_, S>, rule: &Rule, common: &Common<'_>) {
    to.object(|object| {
        entity(object.member("entity"), &rule.target, common.entity);
        object.member("id").text(rule.id.to_text().as_str());
        if !common.conditions.is_empty() {
            parts::conditions(object.member("if"), common.conditions.iter().copied());
        }
        if let Target::Of { kind, .. } = &rule.target {
            object.member("kind").text(kind);
        }
        object.member("op").text(rule.action.as_deref().unwrap_or(EVERY_ACTION));
        if let Target::Of { slots, .. } = &rule.target {
            parts::slots(object.member("slots"), slots);
        }
    });
}

fn entity<S: Sink>(to: Writer<'_, S>, target: &Target, entity: Option<&Entity<'_>>) {
    if let Target::Of { slots, .. } = target
        && slots.iter().all(|slot| matches!(slot, Slot::Exact(_)))
        && let Some(entity) = entity
    {
        to.text_of(|text| entity.write(text, slots));
    } else {
        to.text(EVERY_ENTITY);
    }
}

fn constraints<S: Sink>(object: &mut ObjectWriter<'_, S>, hoisted: &Hoisted<'_>) {
    if hoisted.is_empty() {
        return;
    }
    object.member("constraints").object(|object| {
        for (name, hoist) in hoisted {
            let to = object.member(name);
            match hoist {
                Hoist::Limit(limit) => to.integer(limit.max),
                Hoist::Condition(condition) => {
                    if let Test::Compare(_, constant) = &condition.test {
                        parts::value(to, constant);
                    } else {
                        parts::values(to, condition.test.set().unwrap_or_default());
                    }
                }
            }
        }
    });
}

fn limits<S: Sink>(object: &mut ObjectWriter<'_, S>, tool: &Tool, hoisted: &Hoisted<'_>) {
    let is_hoisted = |limit: &Limit| {
        hoisted.values().any(|hoist| matches!(hoist, Hoist::Limit(one) if one.id == limit.id))
    };
    let mut left = tool.limits.iter().filter(|limit| !is_hoisted(limit)).peekable();
    if left.peek().is_none() {
        return;
    }
    object.member("limits").array(|limits| {
        for limit in left {
            limits.item().object(|object| {
                parts::counters(object, limit.owner, limit.by_resource, &limit.by);
                object.member("id").text(limit.id.to_text().as_str());
                object.member("max").integer(limit.max);
                parts::measure(object.member("measure"), &limit.measure);
                if !parts::is_any(&limit.targets) {
                    parts::targets(object.member("on"), &limit.targets);
                }
                object.member("ops").texts(limit.actions.iter().map(String::as_str));
                parts::window(object.member("per"), limit.window);
            });
        }
    });
}
