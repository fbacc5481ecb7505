//! `wpc mcp`: a gate in front of any MCP server.

pub(crate) mod opened;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use wpc_mcp::{Catalogue, Identity, Server, Upstream};

use crate::console::{Console, Done};
use crate::failure::Failure;
use crate::stand::{Stand, runtime, serve};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Clients are offered what the policy allows, with schemas that it narrows; every call is decided,
recorded, and sent on as it was decided. Tools that are not those of the lock are refused.

Launched by the agent's own host, over standard input and output, the gate stops a manipulated
model and no hostile process (SECURITY.md); it works under one token and the agent's key:

  wpc mcp --policy p.wpc.dsse.json --trust trust.json --ledger l.db --lock fs.wpc.lock \\
      --token agent.token --key agent.key -- npx -y @modelcontextprotocol/server-filesystem /srv

Run by an operator under another user, it is reached over HTTP or a unix socket, each request
brings its token, and it does not start if its files are open to others:

  wpc mcp … --listen 127.0.0.1:8127 -- COMMAND
  wpc mcp … --socket /run/wpc/gate.sock --allow-user 1001 --upstream http://127.0.0.1:9000/mcp

JSON: `url`")]
pub(crate) struct Args {
    #[command(flatten)]
    stand: Stand,
    /// The lock that `wpc import mcp` wrote
    #[arg(long, value_name = "FILE")]
    lock: PathBuf,
    /// Reach the server at this URL instead of launching it
    #[arg(long, value_name = "URL", conflicts_with = "command")]
    upstream: Option<String>,
    /// What the server demands as `Authorization`, in a file; it never reaches a client
    #[arg(long, value_name = "FILE", requires = "upstream")]
    credential: Option<PathBuf>,
    /// Give the launched server a variable; NAME alone passes ours on
    #[arg(long, value_name = "NAME[=VALUE]")]
    env: Vec<String>,
    /// How many seconds the server may take for one call
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    within: u64,
    /// The server and its arguments
    #[arg(last = true, value_name = "COMMAND", required_unless_present = "upstream")]
    command: Vec<OsString>,
}

pub(crate) fn run(args: Args, console: &mut Console) -> Result<Done, Failure> {
    let runtime = runtime()?;
    let done = runtime.block_on(served(args, console));
    // A process that reads standard input would wait for another line.
    runtime.shutdown_timeout(Duration::from_secs(1));
    done
}

async fn served(args: Args, console: &mut Console) -> Result<Done, Failure> {
    let others: Vec<_> =
        [Some(&args.lock), args.credential.as_ref()].into_iter().flatten().cloned().collect();
    let standing = args.stand.open(&others, |policy| policy.tools.keys().cloned().collect())?;
    let (lock, launch) = (opened::lock(&args.lock)?, opened::launch(&args)?);
    let upstream = Upstream::connect(launch, lock, Duration::from_secs(args.within)).await;
    let upstream = upstream.map_err(|error| {
        Failure::environment(error.code(), error.to_string())
            .help("run the server by itself and see what it says")
            .cause(&error)
    })?;
    for tool in upstream.changed() {
        console.warn(format!(
            "warning: `{}` is not the tool that was imported, and is refused; look at the difference with `wpc import mcp`",
            wpc_viewer::plain(&tool)
        ));
    }
    let mut identity = Identity::new(format!("wpc-mcp/{}", standing.tool), env!("CARGO_PKG_VERSION"));
    if let Some(text) = upstream.instructions() {
        identity = identity.instructions(text);
    }
    let changes = upstream.changes();
    let server = Server::new(identity, Catalogue::of_tool(&standing.policy, &standing.tool), upstream);
    server.follow(changes);
    serve(&args.stand, standing, server, console).await
}
