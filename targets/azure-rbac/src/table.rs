//! What Azure would still allow beyond the policy, for a reviewer.

use std::fmt::Write as _;

use crate::entity::{Entity, Kind};
use crate::plan::{Assignment, Namespace, Plan, Unassigned, Why};
use crate::right::Right;

/// The whole plan as Markdown.
#[must_use]
pub fn table(plan: &Plan) -> String {
    let mut out = format!(
        "# Roles in Azure for policy {}\n\nPolicy hash `{}`. One principal per role: a policy that sends and receives wants \
         two servers, each with its own credential, or else one principal with both roles.\n",
        plan.policy, plan.hash
    );
    for namespace in &plan.namespaces {
        section(&mut out, namespace);
    }
    out
}

fn section(out: &mut String, namespace: &Namespace) {
    // Writing to a string cannot fail.
    let _infallible = write!(out, "\n## {}\n", namespace.host);
    if !namespace.assignments.is_empty() {
        out.push_str("\n| principal | role | on | for |\n|---|---|---|---|\n");
        for Assignment { right, entity, actions } in &namespace.assignments {
            let actions: Vec<String> = actions.iter().map(|action| format!("`{action}`")).collect();
            let _infallible = writeln!(
                out,
                "| {} | {} (`{}`) | {entity} | {} |",
                right.principal(),
                right.role().name,
                right.role().id,
                actions.join(", ")
            );
        }
    }
    if !namespace.unassigned.is_empty() {
        out.push_str(
            "\nAllowed by the policy, and nothing is assigned for it:\n\n| action | on | why |\n|---|---|---|\n",
        );
        for Unassigned { action, target, why } in &namespace.unassigned {
            let _infallible = writeln!(out, "| `{action}` | {target} | {} |", reason(*why));
        }
    }
    out.push_str("\nWhat Azure would allow beyond the policy to whoever holds a credential, and the gate alone refuses:\n\n");
    out.push_str("| principal | on | beyond the policy |\n|---|---|---|\n");
    for assignment in &namespace.assignments {
        for beyond in beyond(assignment) {
            let _infallible =
                writeln!(out, "| {} | {} | {beyond} |", assignment.right.principal(), assignment.entity);
        }
    }
    let counted = [("conditions", "argument"), ("limits", "count"), ("required approvals", "person")];
    for ((what, no), count) in counted.into_iter().zip(namespace.unknown_to_azure) {
        if count > 0 {
            let _infallible = writeln!(
                out,
                "| each | each | what {what} of the policy refuse ({count}): roles know no {no} |"
            );
        }
    }
    out.push_str(
        "| each | each | acting after the job's token has ended: a role holds until it is taken away, and a token of \
         Microsoft Entra up to 24 hours longer |\n",
    );
    let is_entity = |one: &Assignment| one.right == Right::Manage && one.entity != Entity::Namespace;
    if namespace.assignments.iter().any(is_entity) {
        out.push_str(
            "\nThe manager can change and delete these entities. To create one needs its role on the whole namespace \
             (`--on-namespace`).\n",
        );
    }
}

fn reason(why: Why) -> &'static str {
    match why {
        Why::Pattern => {
            "a pattern: name what is there (`--entity`), or take the namespace (`--on-namespace`)"
        }
        Why::Name => "its name cannot stand in an id as it is: assign it by hand",
        Why::Namespace => "only a role on the whole namespace allows it (`--on-namespace`)",
    }
}

/// What a role allows on its entity that the policy does not.
fn beyond(assignment: &Assignment) -> Vec<String> {
    let Assignment { right, entity, actions } = assignment;
    let mut found = Vec::new();
    let named = |actions: Vec<&str>| {
        actions.iter().map(|action| format!("`{action}`")).collect::<Vec<_>>().join(", ")
    };
    let others = right.actions().iter().copied().filter(|action| !actions.contains(*action));
    // Only a role on the namespace lists what is in it.
    let others: Vec<&str> =
        others.filter(|action| *action != "list_entities" || *entity == Entity::Namespace).collect();
    if !others.is_empty() {
        found.push(named(others));
    }
    match right {
        Right::Send => {}
        Right::Listen => found.push(
            "receiving and deleting at once, settling what another job received, and its dead-letter queue: no \
             scope leaves it out"
                .to_owned(),
        ),
        Right::Manage => {
            found.push(named([Right::Send.actions(), Right::Listen.actions()].concat()));
            found.push(
                "deleting it, and reading its shared access keys, which work without any role (switch local \
                 authentication off: `disableLocalAuth`)"
                    .to_owned(),
            );
        }
    }
    match entity.kind() {
        Kind::Namespace => {
            found.push("the same on every entity, and on those that will be created".to_owned())
        }
        Kind::Topic if *right == Right::Manage => found.push("the same on its subscriptions".to_owned()),
        Kind::Queue | Kind::Topic | Kind::Subscription => {}
    }
    found
}
