//! cedar-policy, in its fastest encoding and in the one that reads like the rules.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::str::FromStr as _;

use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityId, EntityTypeName, EntityUid, PolicySet, Request,
    RestrictedExpression, Schema, ValidationMode, Validator,
};

use crate::Result;
use crate::problem::{Call, action, entity, most_kib, queue};

/// How the N rules are written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Encoding {
    /// Two permits over a set attribute of the principal: a decision is one set look-up.
    Attribute,
    /// One permit for each rule.
    Rules,
}

const SCHEMA: &str = r"
namespace B {
  entity Agent = { sendable: Set<Queue>, receivable: Set<Queue> };
  entity Queue;
  type Message = { message_bytes: Long, property_names: Set<String> };
  action send, receive, manage appliesTo { principal: Agent, resource: Queue, context: Message };
}
";

const COMMON: &str = r#"
forbid (principal, action == B::Action::"manage", resource);
forbid (principal, action in [B::Action::"send", B::Action::"receive"], resource)
unless {
  context.message_bytes <= 131072 &&
  context.property_names.containsAll(["schema_version", "correlation_id"]) &&
  !context.property_names.containsAny(["authorization", "cookie"])
};
permit (principal == B::Agent::"a", action == B::Action::"send", resource)
when { principal.sendable.contains(resource) };
permit (principal == B::Agent::"a", action == B::Action::"receive", resource)
when { principal.receivable.contains(resource) };
"#;

/// Cedar with the problem loaded.
#[derive(Debug)]
pub struct Cedar {
    schema: Schema,
    policies: PolicySet,
    entities: Entities,
    authorizer: Authorizer,
    agent: EntityUid,
    queue: EntityTypeName,
    actions: HashMap<&'static str, EntityUid>,
}

/// The policy text of the problem.
#[must_use]
pub fn source(rules: usize, encoding: Encoding) -> String {
    let mut source = COMMON.to_owned();
    if encoding == Encoding::Rules {
        for index in 0..rules {
            let (action, entity) = (action(index), entity(&queue(index)));
            let head = format!(r#"principal == B::Agent::"a", action == B::Action::"{action}""#);
            // Writing to a String cannot fail.
            let _ = writeln!(source, r#"permit ({head}, resource == B::Queue::"{entity}");"#);
        }
    }
    source
}

/// `rules` permits under three conditions each, as [`crate::ours::source::conditioned`] has them.
#[must_use]
pub fn conditioned(rules: usize) -> String {
    let mut source = String::new();
    for index in 0..rules {
        let (action, entity, most) = (action(index), entity(&queue(index)), most_kib(index) * 1024);
        let head = format!(r#"principal == B::Agent::"a", action == B::Action::"{action}""#);
        let _ = writeln!(
            source,
            r#"permit ({head}, resource == B::Queue::"{entity}") when {{ context.message_bytes <= {most} && context.property_names.contains("tenant") && !context.property_names.contains("cookie") }};"#
        );
    }
    source
}

/// Parses and validates `source`.
///
/// # Errors
///
/// Only if Cedar refuses it.
pub fn validate(source: &str) -> Result<PolicySet> {
    let (schema, _) = Schema::from_cedarschema_str(SCHEMA)?;
    let policies = PolicySet::from_str(source)?;
    if !Validator::new(schema).validate(&policies, ValidationMode::Strict).validation_passed() {
        return Err("Cedar does not accept the rules".into());
    }
    Ok(policies)
}

impl Cedar {
    /// Parses and validates `source`, and builds the entities.
    ///
    /// # Errors
    ///
    /// Only if Cedar refuses the problem.
    pub fn load(source: &str, rules: usize, encoding: Encoding) -> Result<Self> {
        let (schema, _) = Schema::from_cedarschema_str(SCHEMA)?;
        let policies = PolicySet::from_str(source)?;
        let validated = Validator::new(schema.clone()).validate(&policies, ValidationMode::Strict);
        if !validated.validation_passed() {
            return Err("Cedar does not accept the problem".into());
        }
        let queue_type = EntityTypeName::from_str("B::Queue")?;
        let agent = uid(&EntityTypeName::from_str("B::Agent")?, "a");
        let named = if encoding == Encoding::Attribute { rules } else { 0 };
        let set =
            |wanted: &str| {
                let of_action = (0..named).filter(|&index| action(index) == wanted);
                RestrictedExpression::new_set(of_action.map(|index| {
                    RestrictedExpression::new_entity_uid(uid(&queue_type, &entity(&queue(index))))
                }))
            };
        let attributes =
            HashMap::from([("sendable".to_owned(), set("send")), ("receivable".to_owned(), set("receive"))]);
        let agents = [Entity::new(agent.clone(), attributes, HashSet::new())?];
        let entities = Entities::from_entities(agents, Some(&schema))?;
        let action_type = EntityTypeName::from_str("B::Action")?;
        let actions = ["send", "receive", "manage"].map(|action| (action, uid(&action_type, action)));
        Ok(Self {
            schema,
            policies,
            entities,
            authorizer: Authorizer::new(),
            agent,
            queue: queue_type,
            actions: HashMap::from(actions),
        })
    }

    /// Cedar's form of `call`, checked against the schema.
    ///
    /// # Errors
    ///
    /// Only if Cedar refuses it.
    pub fn request(&self, call: &Call) -> Result<Request> {
        let names =
            call.properties.iter().map(|(name, _)| RestrictedExpression::new_string((*name).to_owned()));
        let context = Context::from_pairs([
            ("message_bytes".to_owned(), RestrictedExpression::new_long(call.message_bytes)),
            ("property_names".to_owned(), RestrictedExpression::new_set(names)),
        ])?;
        let action = self.actions.get(call.action).ok_or("not an action")?.clone();
        let resource = uid(&self.queue, &call.entity);
        Ok(Request::new(self.agent.clone(), action, resource, context, Some(&self.schema))?)
    }

    /// Whether `request` is allowed.
    #[must_use]
    pub fn decide(&self, request: &Request) -> bool {
        let response = self.authorizer.is_authorized(request, &self.policies, &self.entities);
        response.decision() == Decision::Allow
    }
}

fn uid(of: &EntityTypeName, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(of.clone(), EntityId::new(id))
}
