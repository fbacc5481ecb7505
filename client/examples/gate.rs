//! A gate that follows a control plane: one call a line on standard input, one decision a line on standard output.
//!
//! ```text
//! cargo run -p wpc-client --features http --example gate -- http://127.0.0.1:7420 HASH trust.json \
//!     ledger/orders.db ledger.key agent.token agent.key
//! {"tool":"azure_service_bus","action":"send",…}
//! allow call_…
//! ```
//!
//! In place of `ledger/orders.db`, `--postgres` takes the ledger in the database that `WPC_POSTGRES_URL` names.
//!
//! It fetches the policy by its hash, opens the job that the token is for, and keeps its ledger up to date. What is
//! admitted is reported as done: the effect is left out here, and is what `wpc-service-bus` and its like do. At
//! the end of the input it closes the job, pushes its log, and hands in the bundle.

use std::error::Error;
use std::io::{BufRead as _, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use std::{env, fs, io};

use wpc::ledger::{Followed, Ledger, PostgresConfig, PostgresLedger};
use wpc::{DynamicGate, Holder, Key, Opening, Outcome, SqliteLedger, Trust};
use wpc_client::{Client, Follower};
use wpc_evidence::checkpoint::SignedCheckpoint;
use wpc_model::{Hash, Measured};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [url, hash, trust, ledger, ledger_key, token, agent] = arguments.as_slice() else {
        return Err(
            "usage: gate URL HASH TRUST.json LEDGER|--postgres LEDGER.key AGENT.token AGENT.key".into()
        );
    };
    let trust = Trust::parse(&fs::read(trust)?)?;
    let key = || Key::read(Path::new(ledger_key));
    let client = Client::new(url, Arc::new(key()?))?;
    let hash = Hash::from_text(hash).ok_or("not a hash")?;
    let artifact = client.artifact(hash, &trust)?;

    let pin = format!("{ledger_key}.head");
    let store: Arc<dyn Ledger> = if ledger == "--postgres" {
        let config = PostgresConfig::from_env()?;
        Arc::new(PostgresLedger::open(&config, key()?)?.pinned(Path::new(&pin))?)
    } else {
        Arc::new(SqliteLedger::open(Path::new(ledger), key()?)?.pinned(Path::new(&pin))?)
    };
    let follower = Follower::start(client.clone(), Arc::clone(&store), trust.clone())?;
    if !follower.wait(Duration::from_secs(30)) {
        return Err("the control plane is not heard".into());
    }
    let followed: Arc<dyn Ledger> = Arc::new(Followed::new(store, follower.following()));

    let (text, grant) = (fs::read_to_string(token)?, fs::read(format!("{token}.grant.json"))?);
    let holder = Holder::new(text.trim_end(), &grant, &Key::read(Path::new(agent))?, &*followed)?;
    let opening = Opening {
        artifact: &artifact,
        trust: &trust,
        ledger: Arc::clone(&followed),
        identity: holder.identity(),
    };
    let gate = DynamicGate::open(opening)?;
    let mut out = io::stdout().lock();
    writeln!(out, "open {}", gate.job())?;
    out.flush()?;
    for line in io::stdin().lock().lines() {
        match gate.begin_json_sync(line?.as_bytes(), Measured::Accept) {
            Ok(running) => {
                let call = running.call_id().to_string();
                let begun = running.begin_effect();
                running.finish_sync(Outcome::Done);
                match begun {
                    Ok(()) => writeln!(out, "allow {call}")?,
                    Err(refused) => writeln!(out, "deny {}", refused.code())?,
                }
            }
            Err(refused) => writeln!(out, "deny {}", refused.code())?,
        }
        out.flush()?;
    }
    gate.close()?;
    follower.push()?;
    let head = client.checkpoint(followed.did())?.ok_or("no checkpoint")?;
    let note = SignedCheckpoint::parse(&head.checkpoint)?;
    let bundle = wpc::bundle::of_job(&*followed, &key()?, gate.job(), Some(&note))?;
    let stored = client.put_bundle(&bundle)?;
    writeln!(out, "bundle {} {}", stored.bundle_hash, stored.verdict)?;
    Ok(())
}
