//! `wpc proxy`: a gateway in front of model providers.

mod upstreams;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::net::TcpListener;
use wpc_proxy::{Config, ConfigError, Limits, MAX_PRICES_BYTES, Prices, Proxy};

use super::key;
use crate::args::Format;
use crate::console::{Console, Done};
use crate::failure::Failure;
use crate::input;
use crate::stand::{Base, Read, runtime, terminated};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Clients of OpenAI, Anthropic and Google call it in their own protocol, with the job's token where
their key goes and its grant in base64url as `WPC-Grant`. What the policy's `models` allows is
forwarded, with the provider's key; the receipt of each call is signed with the gateway's, whose
principal has the role `model_gateway`, and is in the job's ledger before the answer is handed out.
Prompts and answers are hashed, never kept. Logs go to standard error as JSON.

  /v1/chat/completions, /v1/responses                       OpenAI
  /v1/messages                                              Anthropic
  /v1beta/models/MODEL:generateContent, :streamGenerateContent?alt=sse   Google, also under /v1
  /NAME/v1/chat/completions, /NAME/v1/responses             others that speak OpenAI's
  /v1/models, /v1beta/models                                what the policy names

Example: wpc proxy --policy p.wpc.dsse.json --trust trust.json --ledger l.db --key gateway.key \\
           --upstream openai=https://api.openai.com --upstream-key openai=openai.key

JSON, when it has stopped: `url`")]
pub(crate) struct Args {
    #[command(flatten)]
    base: Base,
    /// The key that signs receipts
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Where a provider is, before `/v1`; `openai`, `anthropic` and `google` are spoken to in their own
    /// protocols, all others in OpenAI's
    #[arg(long, value_name = "PROVIDER=URL", required = true)]
    upstream: Vec<String>,
    /// The key that a provider knows you by: in a file, or with env:NAME in a variable
    #[arg(long, value_name = "PROVIDER=FILE")]
    upstream_key: Vec<String>,
    /// What models cost, as JSON; for policies with a budget of money
    #[arg(long, value_name = "FILE")]
    prices: Option<PathBuf>,
    /// Where to listen; port 0 is any free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7430")]
    listen: SocketAddr,
    /// What clients call it, without a path, if that is not the address
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// How many seconds a provider may take to begin its answer
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    begin_within: u64,
    /// How many seconds it may then be silent
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    silent_for: u64,
    /// How many calls of one job may be under way
    #[arg(long, value_name = "COUNT", default_value_t = 32)]
    calls_at_a_time: u32,
}

pub(crate) fn run(args: Args, console: &mut Console) -> Result<Done, Failure> {
    let runtime = runtime()?;
    let done = runtime.block_on(served(args, console));
    runtime.shutdown_timeout(Duration::from_secs(1));
    done
}

async fn served(args: Args, console: &mut Console) -> Result<Done, Failure> {
    let keys = upstreams::keys(&args.upstream_key)?;
    let mut others = vec![args.key.clone()];
    others.extend(args.prices.clone());
    others.extend(keys.values().filter_map(|key| key.file().cloned()));
    args.base.closed(&[], &others)?;
    let prices = args.prices.as_deref().map(|file| {
        let bytes = input::bytes(file, "prices", MAX_PRICES_BYTES)?;
        Prices::parse(&bytes).map_err(|error| {
            Failure::no(error.code(), error.to_string())
                .file(file)
                .help("give JSON as `wpc explain prices_malformed` shows")
        })
    });
    let (prices, key) = (prices.transpose()?, key::read(&args.key)?);
    let upstreams = upstreams::read(&args.upstream, &keys)?;
    let Read { artifact, policy, trust, ledger, following } = args.base.read()?;
    let listener = listen(&args).await?;
    let bound = listener.local_addr().map_err(|error| unbound(&args, &error))?;
    let url = args.url.clone().unwrap_or_else(|| format!("http://{bound}"));
    let limits = Limits {
        begin_within: Duration::from_secs(args.begin_within),
        silent_for: Duration::from_secs(args.silent_for),
        calls_at_a_time: args.calls_at_a_time,
        ..Limits::default()
    };
    let config = Config { key, upstreams, prices, url: url.clone(), limits };
    let proxy = Proxy::new(artifact, &policy, trust, ledger, config).map_err(|error| not_started(&error))?;
    wpc_server::log_to_stderr();
    if console.format() == Format::Human {
        console.say(format!("listening on {url}"));
    } else {
        // The one answer of this verb is told when it ends; where it listens is needed now.
        console.warn(format!("listening on {url}"));
    }
    let proxy = Arc::new(proxy);
    let stopping = Arc::clone(&proxy);
    tokio::spawn(async move {
        terminated().await;
        stopping.stop();
    });
    let left = proxy.serve(listener).await;
    if let Some(following) = following {
        following.finish(console).await;
    }
    match left {
        0 => Ok(Done::yes(json!({ "url": url }))),
        left => Err(Failure::no(
            "receipts_unrecorded",
            format!("{left} receipts of calls are not in the ledger"),
        )
        .help("repair the ledger before another job runs; the calls were made, and are charged to nobody")),
    }
}

async fn listen(args: &Args) -> Result<TcpListener, Failure> {
    let is_told = args.url.as_deref().is_some_and(|url| url.starts_with("https://"));
    if !args.listen.ip().is_loopback() && !is_told {
        let message = format!("{} can be reached by others, and tokens would travel in clear", args.listen);
        return Err(Failure::environment("gateway_insecure", message)
            .help("listen on 127.0.0.1; or put a TLS proxy before it and say with `--url https://HOST` what clients call"));
    }
    TcpListener::bind(args.listen).await.map_err(|error| unbound(args, &error))
}

fn unbound(args: &Args, error: &std::io::Error) -> Failure {
    Failure::environment("listen", format!("cannot listen on {}: {}", args.listen, input::reason(error)))
        .help("choose another address")
        .cause(error)
}

fn not_started(error: &ConfigError) -> Failure {
    let help = match error {
        ConfigError::Key(_) => "give the key's principal the role `model_gateway` in the trust file",
        ConfigError::NoModels => {
            "say in the policy which models may be called: `models { allow \"openai/gpt-5\" }`"
        }
        ConfigError::NoPrices(_) => "give `--prices` in that currency",
        ConfigError::Upstream { .. } => "write `--upstream openai=https://api.openai.com`",
        ConfigError::Tls(_) | _ => "check the machine's certificates",
    };
    Failure::environment(error.code(), format!("not started: {error}")).help(help).cause(error)
}
