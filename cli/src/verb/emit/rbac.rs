//! `wpc emit rbac`: the least role assignments in Azure under which the policy's calls work.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::json;
use wpc_azure_rbac::{Choices, Entity, Plan, arm, bicep, commands, plan, table};

use crate::artifact::Artifact;
use crate::console::{Console, Done};
use crate::failure::Failure;
use crate::output::Batch;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Azure's roles are coarser than policies: they know entities, and no size, limit or approval. What
is written is the least of them under which the allowed calls work, one principal per role, each
role on single queues, topics and subscriptions, and a table of what Azure would still allow to
whoever stole a credential.

A rule that names entities by a pattern needs to know which are there (`--entity`); what no entity's
role allows needs the whole namespace (`--on-namespace`). Without either nothing is assigned for it,
and the table says so. No signature is checked.

With --out: POLICY.rbac.md, and for each namespace NAME.bicep, NAME.json (the same as a template) and
NAME.sh (the same as commands of `az`). Without it the table is printed.

Example: wpc emit rbac orders.wpc.json --out azure

JSON: `policy_hash_b64u`, `namespaces` of `host`, `assignments` (`principal`, `role`, `role_id`,
`scope`, `actions`) and `unassigned` (`action`, `on`)")]
pub(crate) struct Rbac {
    /// An artifact or an envelope; `-` is standard input
    #[arg(value_name = "ARTIFACT")]
    artifact: PathBuf,
    /// An entity that is there: `queue:NAME`, `topic:NAME`, `subscription:TOPIC/NAME`
    #[arg(long = "entity", value_name = "KIND:NAME")]
    entities: Vec<String>,
    /// Assign on the whole namespace what cannot be assigned on entities
    #[arg(long)]
    on_namespace: bool,
    /// A folder to write into
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(super) fn run(args: &Rbac, console: &mut Console) -> Result<Done, Failure> {
    let artifact = Artifact::read(&args.artifact)?;
    let entities: BTreeSet<Entity> = args
        .entities
        .iter()
        .map(|text| {
            let failure =
                |error: wpc_azure_rbac::EntityError| Failure::environment(error.code(), error.to_string());
            text.parse().map_err(failure)
        })
        .collect::<Result<_, _>>()?;
    let choices = Choices { entities, on_namespace: args.on_namespace };
    let plan = plan(&artifact.policy, &choices)
        .map_err(|error| Failure::no(error.code(), error.to_string()).file(&args.artifact))?;
    let shown = table(&plan);
    match &args.out {
        None => console.write(shown.as_bytes()),
        Some(folder) => {
            let mut batch = Batch::default();
            batch.stage(&folder.join(format!("{}.rbac.md", plan.policy)), shown.as_bytes())?;
            for namespace in &plan.namespaces {
                let file = |ending: &str| folder.join(format!("{}.{ending}", namespace.name));
                let template = serde_json::to_string_pretty(&arm(&plan, namespace)).unwrap_or_default();
                batch.stage(&file("bicep"), bicep(&plan, namespace).as_bytes())?;
                batch.stage(&file("json"), format!("{template}\n").as_bytes())?;
                batch.stage(&file("sh"), commands(&plan, namespace).as_bytes())?;
            }
            batch.commit()?;
            console.say(format_args!(
                "wrote roles for {} namespaces to {}",
                plan.namespaces.len(),
                folder.display()
            ));
        }
    }
    if plan.unassigned() > 0 {
        console.warn(format_args!(
            "warning: nothing is assigned for {} things that the policy allows; the table says which",
            plan.unassigned()
        ));
    }
    Ok(Done::yes(members(&plan)))
}

fn members(plan: &Plan) -> serde_json::Value {
    let namespaces: Vec<_> = plan
        .namespaces
        .iter()
        .map(|namespace| {
            let assignments: Vec<_> = namespace
                .assignments
                .iter()
                .map(|one| {
                    json!({
                        "principal": one.right.principal(),
                        "role": one.right.role().name,
                        "role_id": one.right.role().id,
                        "scope": format!("Microsoft.ServiceBus/namespaces/{}{}", namespace.name, one.entity.path()),
                        "actions": one.actions,
                    })
                })
                .collect();
            let unassigned: Vec<_> = namespace
                .unassigned
                .iter()
                .map(|one| json!({ "action": one.action, "on": one.target }))
                .collect();
            json!({ "host": namespace.host, "assignments": assignments, "unassigned": unassigned })
        })
        .collect();
    json!({ "policy_hash_b64u": plan.hash.to_string(), "namespaces": namespaces })
}
