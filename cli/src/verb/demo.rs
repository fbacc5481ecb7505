//! `wpc demo`: the main job end to end, on real AMQP, with its own expectations.

mod contract;
mod drift;
mod evidence;
mod limits;
mod people;
mod proof;
mod refusals;
mod releases;
mod script;
mod sends;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use wpc_endpoint::Endpoint;
use wpc_service_bus::{Namespace, ServiceBus};

use crate::console::{Console, Done};
use crate::failure::Failure;
use crate::input;
use contract::Contract;
use script::Script;

/// The host that the example's policy names; the demo's endpoint stands for it.
const HOST: &str = "contoso-staging.servicebus.windows.net";

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Compiles and signs the example's policy, runs its annotated tool against a local AMQP endpoint,
shows what arrives and why everything else is refused, then changes the policy, shows the gate
refusing it, releases it and goes back. It needs no network, no account and no other program, and
exits 1 if anything went otherwise.

Example: wpc demo --keep demo-files

JSON: `directory`, `policy_hash_b64u`, `steps` [{`chapter`, `step`, `expected`, `found`, `detail`,
`ok`}], `ledger` {`jobs`, `entries`, `findings`, `summary` [{`what`, `said`, `count`}]}")]
pub(crate) struct Args {
    /// Leave the policy, artifacts, keys and ledger in this new directory
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

/// Where the demo's files are.
enum Stage {
    /// Gone when the demo ends.
    Temporary(tempfile::TempDir),
    /// Left for the user.
    Kept(PathBuf),
}

impl Stage {
    fn new(keep: Option<PathBuf>) -> Result<Self, Failure> {
        let made = match keep {
            None => tempfile::Builder::new().prefix("wpc-demo-").tempdir().map(Self::Temporary),
            Some(path) => fs::create_dir(&path).map(|()| Self::Kept(path)),
        };
        made.map_err(|error| {
            Failure::environment(
                "file_unwritable",
                format!("cannot make the demo's directory: {}", input::reason(&error)),
            )
            .help("give `--keep` the name of a directory that does not exist yet")
            .cause(&error)
        })
    }

    fn path(&self) -> &Path {
        match self {
            Self::Temporary(directory) => directory.path(),
            Self::Kept(path) => path,
        }
    }
}

pub(crate) fn run(args: Args, console: &mut Console) -> Result<Done, Failure> {
    let stage = Stage::new(args.keep)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::environment("demo_runtime", "cannot start threads").cause(&error))?;
    let mut script = Script::new(console);
    let (hash, ledger) = runtime.block_on(play(stage.path(), &mut script))?;
    let directory = match &stage {
        Stage::Temporary(_) => None,
        Stage::Kept(path) => Some(path.display().to_string()),
    };
    if let Some(directory) = &directory {
        script.say(format!("\nkept {directory}: try `wpc show {directory}/orders.wpc.json`"));
    }
    let (missed, steps) = script.end();
    let count = steps.len();
    let members =
        json!({ "directory": directory, "policy_hash_b64u": hash, "steps": steps, "ledger": ledger });
    if missed > 0 {
        console.say(format!("\n{missed} of {count} steps went otherwise than they must"));
        return Ok(Done::no(members));
    }
    console.say(format!("\nall {count} steps went as they must"));
    Ok(Done::yes(members))
}

/// The whole demo; the policy's hash and what the ledger held.
async fn play(directory: &Path, script: &mut Script<'_>) -> Result<(String, Value), Failure> {
    script
        .say("Mode A: the gate runs in this process. That stops mistakes, and a manipulated model in honest");
    script.say("code; hostile code in the same process it does not stop.");

    script.chapter("A policy file becomes a signed artifact");
    let contract = Contract::begin(directory, script)?;
    let endpoint = Endpoint::start().await.map_err(|error| {
        Failure::environment("demo_endpoint", "cannot listen on a local port").cause(&error)
    })?;
    let namespace = Namespace::parse(HOST).map_err(|error| Failure::no("demo_differs", error.to_string()))?;
    let bus = ServiceBus::local(namespace, endpoint.addr())
        .await
        .map_err(|error| Failure::environment(error.code(), error.to_string()).cause(&error))?;
    script.say(format!("  listening on amqp://{} for {HOST}", endpoint.addr()));

    script.chapter("What the policy allows arrives");
    let job = sends::play(&contract, &bus, &endpoint, script).await?;

    script.chapter("Everything else is refused");
    refusals::play(&contract, &bus, &job, script).await?;

    script.chapter("Limits count across calls");
    let admitted = limits::play(&contract, &bus, &endpoint, &job, script).await?;

    script.chapter("The code and the signed policy must be one");
    let edited = drift::play(&contract, script)?;

    script.chapter("A release says which signed policy is current");
    let since = releases::play(&contract, &edited, &bus, script).await?;

    script.chapter("People approve, and people revoke");
    let proved = people::play(&contract, script).await?;

    script.chapter("All of it is in the ledger");
    let ledger = evidence::tell(&*contract.ledger, admitted.saturating_add(since), 1, script)?;

    script.chapter("An auditor re-checks a job offline");
    proof::play(&contract, &proved, script)?;
    drop(bus);
    endpoint.stop().await;
    Ok((contract.hash.to_string(), ledger))
}
