//! `wpc compile`: from policy text to the bytes that are signed.

use std::path::{Path, PathBuf};

use serde_json::json;
use wpc_compiler::{Compiled, Diagnostic, Effort, Parameters, Source};

use crate::console::{Console, Done};
use crate::failure::Failure;
use crate::output::Batch;
use crate::param::Param;
use crate::{input, map, param, problems, progress};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Writes NAME.wpc.json, the canonical payload that is hashed and signed, and NAME.wpc.map.json,
lines and labels, beside the policy or in DIR. Compiling the same text twice gives the same bytes.
Before anything is written, the artifact's rules are compared with the text's on their boundaries
and on 10,000 random calls.

Example: wpc compile policies/orders.wpc --param host=test.servicebus.windows.net --out build

JSON: `policy_name`, `policy_hash_b64u`, `artifact`, `map`, `problems` as of `wpc check`")]
pub(crate) struct Args {
    /// The policy file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Give a parameter a value instead of its default
    #[arg(long, value_name = "NAME=VALUE")]
    param: Vec<Param>,
    /// Where to write, instead of beside the policy
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(crate) fn run(args: Args, console: &mut Console) -> Result<Done, Failure> {
    let parameters = param::collect(&args.param)?;
    let directory = args.out.as_deref().or(args.file.parent()).unwrap_or(Path::new(""));
    let [artifact, map] = targets(&args.file, directory)?;
    let source = input::source(&args.file)?;
    let compiled = match progress::during(console, "compiling", || compile(&source, &parameters)) {
        Ok(compiled) => compiled,
        Err(found) => {
            console.warn(problems::drawn(&found, &source, console.colour_of_warnings()));
            let mut count = problems::Count::default();
            count.add(&found);
            console.warn(format!("\n{}: nothing was written", count.words()));
            return Ok(Done::no(json!({ "problems": problems::json(&found, &source) })));
        }
    };
    if !compiled.warnings.is_empty() {
        console.warn(problems::drawn(&compiled.warnings, &source, console.colour_of_warnings()));
        console.warn("");
    }
    let bytes = write(&compiled, &artifact, &map)?;
    let hash = wpc_model::Hash::of(&bytes).to_string();
    console.say(format!("wrote {}", artifact.display()));
    console.say(format!("wrote {}", map.display()));
    console.say(format!("{} {hash}", compiled.policy.name));
    Ok(Done::yes(json!({
        "policy_name": compiled.policy.name,
        "policy_hash_b64u": hash,
        "artifact": artifact.display().to_string(),
        "map": map.display().to_string(),
        "problems": problems::json(&compiled.warnings, &source),
    })))
}

/// Compiles, and doubts the result as much as the compiler can.
pub(crate) fn compile(source: &Source, parameters: &Parameters) -> Result<Compiled, Vec<Diagnostic>> {
    let compiled = wpc_compiler::compile(source, parameters)?;
    compiled.self_check(Effort::Full).map_err(|difference| vec![*difference])?;
    Ok(compiled)
}

/// `orders.wpc` gives `orders.wpc.json` and `orders.wpc.map.json`.
fn targets(file: &Path, directory: &Path) -> Result<[PathBuf; 2], Failure> {
    let name =
        file.file_name().filter(|_| !input::is_stdin(file)).map(|name| name.to_string_lossy().into_owned());
    let Some(name) = name else {
        return Err(Failure::environment("usage", "`wpc compile` names its artifact after the policy file")
            .file(file)
            .help("give the path of a `.wpc` file"));
    };
    let stem = name.strip_suffix(".wpc").unwrap_or(&name);
    Ok([directory.join(format!("{stem}.wpc.json")), directory.join(format!("{stem}.wpc.map.json"))])
}

/// Encodes, proves that a reader gets the same policy back, and only then writes; then reads what
/// is on disk.
pub(crate) fn write(compiled: &Compiled, artifact: &Path, map: &Path) -> Result<Vec<u8>, Failure> {
    let bytes = wpc_model::encode(&compiled.policy);
    let differs = || {
        Failure::no("artifact_differs", "the artifact does not read back as the policy that was compiled")
            .file(artifact)
            .help("report this as a defect of the compiler")
    };
    if wpc_model::decode(&bytes).ok().as_ref() != Some(&compiled.policy) {
        return Err(differs());
    }
    let positions = map::encode(&compiled.policy, wpc_model::Hash::of(&bytes), &compiled.map);
    let mut batch = Batch::default();
    batch.stage(map, &positions)?;
    batch.stage(artifact, &bytes)?;
    batch.commit()?;
    let written = input::bytes(artifact, "artifact", bytes.len())?;
    // These bytes read back as the policy: that was seen above.
    if written != bytes {
        return Err(differs());
    }
    Ok(bytes)
}
