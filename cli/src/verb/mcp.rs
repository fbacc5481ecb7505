//! `wpc mcp`: a gate in front of any MCP server.

pub(crate) mod opened;
mod serve;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use wpc_mcp::{Catalogue, Identity, Server, Upstream};

use crate::console::{Console, Done};
use crate::failure::Failure;
use crate::store::Place;
use opened::Opened;

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
    /// The signed policy
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// Who is trusted for what
    #[arg(long, value_name = "FILE")]
    trust: PathBuf,
    #[command(flatten)]
    place: Place,
    /// The lock that `wpc import mcp` wrote
    #[arg(long, value_name = "FILE")]
    lock: PathBuf,
    /// The tool of the policy that this server is, if it has several
    #[arg(long, value_name = "NAME")]
    tool: Option<String>,
    /// The job's token, if the agent's host launches this gate
    #[arg(long, value_name = "FILE", requires = "key", conflicts_with_all = ["listen", "socket"])]
    token: Option<PathBuf>,
    /// The agent's key, to prove that the token is the agent's own
    #[arg(long, value_name = "FILE", requires = "token")]
    key: Option<PathBuf>,
    /// What the job was asked to do, as JSON
    #[arg(long, value_name = "FILE", requires = "token")]
    input: Option<PathBuf>,
    /// Serve HTTP on this address; port 0 is any free one
    #[arg(long, value_name = "ADDRESS", conflicts_with = "socket")]
    listen: Option<std::net::SocketAddr>,
    /// Serve HTTP on this unix socket
    #[arg(long, value_name = "FILE", requires = "allow_user")]
    socket: Option<PathBuf>,
    /// A user id whose processes may connect to the socket
    #[arg(long, value_name = "UID", requires = "socket")]
    allow_user: Vec<u32>,
    /// The URL that clients call and make their proofs for, if it is not the address
    #[arg(long, value_name = "URL")]
    url: Option<String>,
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
    if args.token.is_none() && args.listen.is_none() && args.socket.is_none() {
        return Err(Failure::environment("usage", "nobody is said to call this gate").help(
            "give `--token` and `--key` where the agent's host launches it, else `--listen` or `--socket`",
        ));
    }
    let opened = Opened::of(&args)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| {
        Failure::environment("no_threads", format!("no threads can be started: {error}")).help("try again")
    })?;
    let done = runtime.block_on(served(args, opened, console));
    // A process that reads standard input would wait for another line.
    runtime.shutdown_timeout(Duration::from_secs(1));
    done
}

async fn served(args: Args, opened: Opened, console: &mut Console) -> Result<Done, Failure> {
    let launch = opened.launch.clone();
    let upstream = Upstream::connect(launch, opened.lock.clone(), Duration::from_secs(args.within)).await;
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
    let mut identity = Identity::new(format!("wpc-mcp/{}", opened.tool), env!("CARGO_PKG_VERSION"));
    if let Some(text) = upstream.instructions() {
        identity = identity.instructions(text);
    }
    let changes = upstream.changes();
    let server = Server::new(identity, Catalogue::of_tool(&opened.policy, &opened.tool), upstream);
    server.follow(changes);
    if args.token.is_some() {
        serve::stdio(&args, opened, &server).await
    } else {
        serve::http(&args, opened, server, console).await
    }
}
