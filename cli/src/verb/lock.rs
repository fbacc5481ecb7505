//! `wpc lock`: accepts the interfaces that a policy uses, as they are now.

use std::path::{Path, PathBuf};

use serde_json::json;
use wpc_compiler::Parameters;
use wpc_model::Hash;

use crate::console::{Console, Done};
use crate::failure::Failure;
use crate::output::Batch;
use crate::verb::import::lock_of;
use crate::verb::mcp::opened;
use crate::{input, problems};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Writes into NAME.wpc.lock of every imported interface that the policy uses which interface it was
compiled against, and its hash. From then on the policy does not compile (WPC0222) once the
interface is another one, until it is locked again: `wpc diff` shows what the change means.

Example: wpc lock policies/files.wpc

JSON: `policy_name`, `policy_hash_b64u`, `locks`, `problems` as of `wpc check`")]
pub(crate) struct Args {
    /// The policy file
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

pub(crate) fn run(args: Args, console: &mut Console) -> Result<Done, Failure> {
    // Without the locks: they say what was accepted before.
    let source = input::source_unlocked(&args.file)?;
    let compiled = match wpc_compiler::compile(&source, &Parameters::new()) {
        Ok(compiled) => compiled,
        Err(found) => {
            console.warn(problems::drawn(&found, &source, console.colour_of_warnings()));
            return Ok(Done::no(json!({ "problems": problems::json(&found, &source) })));
        }
    };
    let (name, hash) = (compiled.policy.name.clone(), Hash::of(&wpc_model::encode(&compiled.policy)));
    let folder = args.file.parent().unwrap_or(Path::new(""));
    let (mut batch, mut locks) = (Batch::default(), Vec::new());
    for (used, text) in source.files() {
        let path = lock_of(&folder.join(used));
        let Some(text) = text.as_ref().ok().filter(|_| path.exists()) else { continue };
        let mut lock = opened::lock(&path)?;
        let interface = Hash::of(text.text().as_bytes());
        if lock.interface != Some(interface) {
            return Err(Failure::no("lock_differs", "the interface was changed after it was imported")
                .file(&folder.join(used))
                .help("import the server again with `wpc import mcp`; do not change the file by hand"));
        }
        lock.policies.insert(name.clone(), (interface, hash));
        batch.stage(&path, lock.to_text().as_bytes())?;
        locks.push(path.display().to_string());
    }
    if locks.is_empty() {
        return Err(Failure::no("lock_nothing", "the policy uses no imported interface")
            .file(&args.file)
            .help("use one that `wpc import mcp` wrote: `use \"./files.wpc\" as files`"));
    }
    batch.commit()?;
    locks.iter().for_each(|lock| console.say(format!("wrote {lock}")));
    console.say(format!("{name} {hash}"));
    Ok(Done::yes(json!({ "policy_name": name, "policy_hash_b64u": hash.to_string(), "locks": locks })))
}
