//! `wpc stop`: no more of a tool, at once.

use serde_json::json;
use wpc_client::wire::{Stop, Stopped};

use crate::console::{Console, Done};
use crate::failure::Failure;
use crate::plane::{Plane, failed};
use crate::problems::number;
use wpc_viewer::plain;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
From now on the control plane issues no token for a policy that has the tool, and every token for one
that is valid is revoked: gates that follow refuse the next call. `--resume` lets tokens be issued
again; what was revoked stays revoked.

Example: wpc stop azure_service_bus --reason 'covert messaging' --server https://plane.example \\
           --key operator.key

JSON: `stops` [{`tool`, `at`, `policies`, `jobs`, `revocations`}]")]
pub(crate) struct Args {
    /// The tool's name in its interface; all stopped tools are listed if none is given
    #[arg(value_name = "TOOL")]
    tool: Option<String>,
    /// Why, for the audit log
    #[arg(long, value_name = "TEXT", requires = "tool")]
    reason: Option<String>,
    /// Let tokens be issued again
    #[arg(long, requires = "tool", conflicts_with = "reason")]
    resume: bool,
    #[command(flatten)]
    plane: Plane,
}

pub(crate) fn run(args: Args, console: &mut Console) -> Result<Done, Failure> {
    let client = args.plane.client()?;
    let stops = match args.tool {
        Some(tool) if args.resume => {
            client.resume(&tool).map_err(|error| failed(&error))?;
            console.say(format!("tokens are issued again for {}", plain(&tool)));
            Vec::new()
        }
        Some(tool) => {
            let stopped = client.stop(&Stop { tool, reason: args.reason }).map_err(|error| failed(&error))?;
            tell(&stopped, console);
            vec![stopped]
        }
        None => {
            let stops = client.stops().map_err(|error| failed(&error))?.stops;
            if stops.is_empty() {
                console.say("nothing is stopped");
            }
            stops.iter().for_each(|stopped| tell(stopped, console));
            stops
        }
    };
    Ok(Done::yes(json!({ "stops": stops })))
}

fn tell(Stopped { tool, at, policies, jobs, revocations }: &Stopped, console: &mut Console) {
    let (policies, jobs) = (number(policies.len(), "policy"), number(jobs.len(), "job"));
    let by = revocations.map_or_else(String::new, |(first, last)| format!(", revocations {first} to {last}"));
    console.say(format!("{} is stopped since {at}: {policies}, tokens of {jobs} revoked{by}", plain(tool)));
}
