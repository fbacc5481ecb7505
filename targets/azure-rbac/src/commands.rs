//! Assignments as commands of `az`.

use std::fmt::Write as _;

use crate::plan::{Assignment, Namespace, Plan};

/// A shell script (POSIX) that assigns what `namespace` of the plan says. Names in it are letters, digits, `.`, `-`
/// and `_`, so that nothing in it needs quotes.
#[must_use]
pub fn commands(plan: &Plan, namespace: &Namespace) -> String {
    let mut out = format!(
        "#!/bin/sh\n# Roles for policy {}, {}, in {}.\n# Written by `wpc emit rbac`: write it again instead of changing it.\n\
         set -eu\n\
         : \"${{AZURE_SUBSCRIPTION:?the id of the subscription}}\"\n\
         : \"${{AZURE_RESOURCE_GROUP:?the resource group of the namespace}}\"\n",
        plan.policy, plan.hash, namespace.host
    );
    for right in namespace.rights() {
        // Writing to a string cannot fail.
        let _infallible = writeln!(
            out,
            ": \"${{{}:?the object id of the {}}}\"",
            variable(right.principal()),
            right.principal()
        );
    }
    let _infallible = writeln!(
        out,
        "namespace=\"/subscriptions/$AZURE_SUBSCRIPTION/resourceGroups/$AZURE_RESOURCE_GROUP/providers/Microsoft.ServiceBus/namespaces/{}\"",
        namespace.name
    );
    for Assignment { right, entity, .. } in &namespace.assignments {
        let role = right.role();
        let _infallible = write!(
            out,
            "\n# {} on {entity}\naz role assignment create --role {} \\\n    --assignee-object-id \"${}\" \
             --assignee-principal-type ServicePrincipal \\\n    --scope \"$namespace{}\"\n",
            role.name,
            role.id,
            variable(right.principal()),
            entity.path()
        );
    }
    out
}

fn variable(principal: &str) -> String {
    format!("{}_OBJECT_ID", principal.to_ascii_uppercase())
}
