//! Assignments as a Bicep file for the namespace's resource group.

use std::fmt::Write as _;

use crate::entity::Entity;
use crate::plan::{Assignment, Namespace, Plan};
use crate::symbol::{parameter, symbols};

/// The version of the API that namespaces and entities are looked up in.
pub(crate) const SERVICE_BUS_API: &str = "2021-11-01";
/// The version of the API that assigns roles.
pub(crate) const AUTHORIZATION_API: &str = "2022-04-01";

/// A Bicep file that assigns what `namespace` of the plan says. Its entities must be there.
#[must_use]
pub fn bicep(plan: &Plan, namespace: &Namespace) -> String {
    let mut out = format!(
        "// Roles for policy {}, {}, in {}.\n// Written by `wpc emit rbac`: write it again instead of changing it.\n\
         targetScope = 'resourceGroup'\n",
        plan.policy, plan.hash, namespace.host
    );
    for right in namespace.rights() {
        let (principal, role) = (right.principal(), right.role());
        // Writing to a string cannot fail.
        let _infallible = write!(
            out,
            "\n@description('Object id of the {principal}: {}')\nparam {} string\n",
            role.name,
            parameter(principal)
        );
    }
    let _infallible = write!(
        out,
        "\nresource namespace 'Microsoft.ServiceBus/namespaces@{SERVICE_BUS_API}' existing = {{\n  name: '{}'\n}}\n",
        namespace.name
    );
    let symbols = symbols(namespace);
    let symbol = |entity: &Entity| symbols.get(entity).map_or("namespace", String::as_str);
    for (entity, name) in &symbols {
        let (parent, own) = match entity {
            Entity::Namespace => continue,
            Entity::Queue(own) | Entity::Topic(own) => ("namespace", own),
            Entity::Subscription { topic, name } => (symbol(&Entity::Topic(topic.clone())), name),
        };
        let (of, _) = entity.parts();
        let _infallible = write!(
            out,
            "\nresource {name} '{of}@{SERVICE_BUS_API}' existing = {{\n  parent: {parent}\n  name: '{own}'\n}}\n"
        );
    }
    for Assignment { right, entity, actions } in &namespace.assignments {
        let (principal, role, scope) = (right.principal(), right.role(), symbol(entity));
        let parameter = parameter(principal);
        let actions: Vec<&str> = actions.iter().map(String::as_str).collect();
        let _infallible = write!(
            out,
            "\n// {} on {entity}: {}.\n\
             resource {principal}_{scope} 'Microsoft.Authorization/roleAssignments@{AUTHORIZATION_API}' = {{\n  \
             name: guid({scope}.id, {parameter}, '{id}')\n  scope: {scope}\n  properties: {{\n    \
             roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '{id}')\n    \
             principalId: {parameter}\n    principalType: 'ServicePrincipal'\n  }}\n}}\n",
            role.name,
            actions.join(", "),
            id = role.id,
        );
    }
    out
}
