//! `wpc bridge`: a host's session over standard input and output, carried to a gate that is reached over HTTP.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use wpc::token::grant::MAX_GRANT_BYTES;
use wpc_mcp::{Bridge, BridgeError, Shows};

use super::{key, token};
use crate::console::{Console, Done};
use crate::failure::Failure;
use crate::input;
use crate::stand::{runtime, terminated};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
For hosts that launch their MCP servers, or cannot prove a key: each request to the gate brings the
job's token, its grant (TOKEN.grant.json) and a fresh proof with the agent's key. The files are read
for each request, so that `wpc token renew` is enough. The gate decides and records; it stays where its
operator runs it, and whoever goes around the bridge finds it all the same.

Example: wpc bridge http://127.0.0.1:8128/mcp --token agent.token --key agent.key

JSON, when it has ended: `url`")]
pub(crate) struct Args {
    /// The gate, exactly as it names itself: https://HOST/mcp, or http:// on this machine
    #[arg(value_name = "URL")]
    url: String,
    /// The job's token
    #[arg(long, value_name = "FILE")]
    token: PathBuf,
    /// The agent's key, to prove that the token is the agent's own
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
}

pub(crate) fn run(args: Args, _: &mut Console) -> Result<Done, Failure> {
    let agent = key::read(&args.key)?;
    // What cannot be read now is told now, and not to the host.
    token::file::read(&args.token)?;
    let shows: Shows = Arc::new({
        let file = args.token.clone();
        move || shown(&file).map_err(|failure| failure.human(false))
    });
    let bridge = Bridge::new(&args.url, agent, shows).map_err(|error| failed(&error))?;
    let runtime = runtime()?;
    let carried = runtime.block_on(async {
        tokio::select! {
            carried = bridge.stdio() => carried,
            () = terminated() => Ok(()),
        }
    });
    // A process that reads standard input would wait for another line.
    runtime.shutdown_timeout(Duration::from_secs(1));
    carried.map_err(|error| failed(&error))?;
    Ok(Done::yes(json!({ "url": args.url })))
}

fn shown(file: &std::path::Path) -> Result<(String, Vec<u8>), Failure> {
    let text = token::file::read(file)?.as_str().to_owned();
    let grant = input::bytes(&token::grant_path(file), "grant", MAX_GRANT_BYTES)?;
    Ok((text, grant))
}

fn failed(error: &BridgeError) -> Failure {
    let help = match error {
        BridgeError::Url => "write https://HOST/mcp, or http://127.0.0.1:PORT/mcp on this machine",
        BridgeError::Refused(_) => "check the URL, and look at the token with `wpc token verify`",
        BridgeError::Client(_) | BridgeError::Host(_) | _ => {
            "see what the host says, and the machine's certificates"
        }
    };
    Failure::environment(error.code(), error.to_string()).help(help).cause(error)
}
