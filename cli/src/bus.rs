//! `wpc-service-bus`: Azure Service Bus for agents that speak MCP, with the gate inside.

mod login;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use wpc_mcp::{Catalogue, Identity, Server};
use wpc_service_bus::{BusError, Local, Namespace, ServiceBus, Timeouts};
use wpc_service_bus_mcp::Tools;

use crate::args::Format;
use crate::console::{Console, Done};
use crate::failure::Failure;
use crate::stand::{Stand, Standing, runtime, serve};
use login::{Login, Who};

/// Serves Azure Service Bus over MCP, as far as a signed policy allows.
///
/// Every tool's schema is written from the policy: what it does not allow is not offered, and the gate decides
/// every call again and records it.
#[derive(Debug, Parser)]
#[command(name = "wpc-service-bus", version, max_term_width = 100)]
#[command(after_help = "\
The namespace is the policy's. The client logs in to Microsoft Entra ID; a shared access key is used
only where the policy says `credential { sas entity }` or `credential { sas namespace }`. Secrets are
read from files or the environment and never shown.

Launched by the agent's own host, over standard input and output (stops a manipulated model and no
hostile process: SECURITY.md), under one token and the agent's key:

  wpc-service-bus --policy p.wpc.dsse.json --trust trust.json --ledger l.db \\
      --token agent.token --key agent.key --login managed-identity

Run by an operator under another user, over HTTP or a unix socket, each request with its token:

  wpc-service-bus … --listen 127.0.0.1:8128 --login workload-identity
  wpc-service-bus … --socket /run/wpc/bus.sock --allow-user 1001

On this machine, against an endpoint that stands for the namespace, in clear and as nobody:

  wpc-service-bus … --local 127.0.0.1:5672

JSON: `url`")]
pub(crate) struct Args {
    /// Answer with one JSON object when it ends
    #[arg(long)]
    json: bool,
    /// Also say what caused an error
    #[arg(long, short)]
    pub(crate) verbose: bool,
    #[command(flatten)]
    stand: Stand,
    #[command(flatten)]
    login: Login,
    /// An endpoint on this machine in place of Azure
    #[arg(long, value_name = "ADDRESS", conflicts_with_all = ["login", "secret"])]
    local: Option<SocketAddr>,
    /// Where that endpoint's administration API is
    #[arg(long, value_name = "ADDRESS", requires = "local")]
    local_admin: Option<SocketAddr>,
}

impl Args {
    pub(crate) const fn format(&self) -> Format {
        if self.json { Format::Json } else { Format::Human }
    }
}

pub(crate) fn run(args: Args, console: &mut Console) -> Result<Done, Failure> {
    let runtime = runtime()?;
    let done = runtime.block_on(served(args, console));
    // A process that reads standard input would wait for another line.
    runtime.shutdown_timeout(Duration::from_secs(1));
    done
}

async fn served(args: Args, console: &mut Console) -> Result<Done, Failure> {
    let others: Vec<PathBuf> = args.login.file().cloned().into_iter().collect();
    let of_policy = |policy: &wpc_model::Policy| Tools::of_policy(policy).map(str::to_owned).collect();
    let standing = args.stand.open(&others, of_policy)?;
    let bus = connected(&args, &standing).await?;
    let identity = Identity::new(format!("wpc-service-bus/{}", standing.tool), env!("CARGO_PKG_VERSION"));
    let server = Server::new(identity, Catalogue::of_tool(&standing.policy, &standing.tool), Tools::new(bus));
    serve(&args.stand, standing, server, console).await
}

async fn connected(args: &Args, standing: &Standing) -> Result<ServiceBus, Failure> {
    let scope = standing.policy.tools.get(&standing.tool).and_then(|tool| tool.scope.first());
    let namespace = Namespace::parse(scope.map_or("", String::as_str)).map_err(|error| {
        Failure::no("invalid_name", format!("the policy's namespace cannot be one: {error}"))
            .help("correct `at namespace(…)` in the policy")
            .cause(&error)
    })?;
    let host = namespace.host().to_owned();
    let connected = match args.local {
        Some(amqp) => ServiceBus::local(namespace, Local { amqp, admin: args.local_admin }).await,
        None => match args.login.who(&standing.policy)? {
            Who::Entra(credential) => ServiceBus::connect(namespace, credential).await,
            Who::Sas(key) => ServiceBus::connect_with_key(namespace, key, Timeouts::default()).await,
        },
    };
    connected.map_err(|error| unreachable(&host, &error))
}

fn unreachable(host: &str, error: &BusError) -> Failure {
    let help = if let BusError::NoToken { .. } = error {
        "see that the identity of `--login` is there and may be used here"
    } else if let BusError::NotLoopback(_) = error {
        "give an address of this machine to `--local`"
    } else {
        "check the namespace, the network and the endpoint"
    };
    Failure::environment(error.code(), format!("cannot connect to {host}: {error}")).help(help).cause(error)
}
