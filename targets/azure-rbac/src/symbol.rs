//! Names of what a template declares.

use std::collections::{BTreeMap, BTreeSet};

use crate::entity::Entity;
use crate::plan::Namespace;

/// The parameter that holds the object id of a principal: `senderPrincipalId`.
pub(crate) fn parameter(principal: &str) -> String {
    format!("{principal}PrincipalId")
}

/// A symbol for each entity and each topic above one, no two the same: `queue_orders_staging`.
pub(crate) fn symbols(namespace: &Namespace) -> BTreeMap<Entity, String> {
    let mut entities = BTreeSet::new();
    for assignment in &namespace.assignments {
        if let Entity::Subscription { topic, .. } = &assignment.entity {
            entities.insert(Entity::Topic(topic.clone()));
        }
        entities.insert(assignment.entity.clone());
    }
    let mut taken = BTreeSet::new();
    entities
        .into_iter()
        .map(|entity| {
            let plain = symbol(&entity);
            let mut name = plain.clone();
            let mut number = 1_u32;
            while !taken.insert(name.to_ascii_lowercase()) {
                number = number.saturating_add(1);
                name = format!("{plain}_{number}");
            }
            (entity, name)
        })
        .collect()
}

fn symbol(entity: &Entity) -> String {
    let written = |kind: &str, names: &[&String]| {
        let mut out = kind.to_owned();
        for name in names {
            out.push('_');
            out.extend(name.chars().map(|one| if one.is_ascii_alphanumeric() { one } else { '_' }));
        }
        out
    };
    match entity {
        Entity::Namespace => "namespace".to_owned(),
        Entity::Queue(name) => written("queue", &[name]),
        Entity::Topic(name) => written("topic", &[name]),
        Entity::Subscription { topic, name } => written("subscription", &[topic, name]),
    }
}
