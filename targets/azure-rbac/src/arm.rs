//! Assignments as a template of Azure Resource Manager.

use serde_json::{Map, Value as Json, json};

use crate::bicep::AUTHORIZATION_API;
use crate::plan::{Assignment, Namespace, Plan};
use crate::symbol::parameter;

/// The template that [`crate::bicep()`] says, in JSON.
#[must_use]
pub fn arm(plan: &Plan, namespace: &Namespace) -> Json {
    let mut parameters = Map::new();
    for right in namespace.rights() {
        let said = format!("Object id of the {}: {}", right.principal(), right.role().name);
        parameters.insert(
            parameter(right.principal()),
            json!({ "type": "string", "metadata": { "description": said } }),
        );
    }
    let resources: Vec<Json> = namespace.assignments.iter().map(|one| assignment(namespace, one)).collect();
    json!({
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "metadata": { "wpc": { "policy": plan.policy, "policy_hash_b64u": plan.hash.to_string(), "namespace": namespace.host } },
        "parameters": parameters,
        "resources": resources,
    })
}

fn assignment(namespace: &Namespace, Assignment { right, entity, .. }: &Assignment) -> Json {
    let (of, names) = entity.parts();
    let names: Vec<String> =
        std::iter::once(namespace.name.as_str()).chain(names).map(|name| format!("'{name}'")).collect();
    let id = format!("resourceId('{of}', {})", names.join(", "));
    let (principal, role) = (parameter(right.principal()), right.role().id);
    json!({
        "type": "Microsoft.Authorization/roleAssignments",
        "apiVersion": AUTHORIZATION_API,
        "scope": format!("Microsoft.ServiceBus/namespaces/{}{}", namespace.name, entity.path()),
        "name": format!("[guid({id}, parameters('{principal}'), '{role}')]"),
        "properties": {
            "roleDefinitionId": format!("[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '{role}')]"),
            "principalId": format!("[parameters('{principal}')]"),
            "principalType": "ServicePrincipal",
        },
    })
}
