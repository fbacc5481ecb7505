//! The two ways in which a gate is reached.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::json;
use tokio::net::{TcpListener, UnixListener};
use wpc::{DynamicGate, Holder, Input, Key, Opening};
use wpc_mcp::{Caller, Executor, HttpServer, Listener, Server, Tokens};

use super::{Stand, Standing};
use crate::args::Format;
use crate::console::{Console, Done};
use crate::failure::Failure;
use crate::input;
use crate::verb::{key, token};

/// How often a token's file is looked at: `wpc token renew` writes another one into it.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// Threads that serve, at least.
const WORKERS: usize = 4;

/// Where a gate runs.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    // More than one in any case: a job is opened on one of them, and waits for the disk and the control plane there.
    let threads = std::thread::available_parallelism().map_or(WORKERS, |cores| cores.get().max(WORKERS));
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(threads).enable_all().build().map_err(|error| {
        Failure::environment("no_threads", format!("no threads can be started: {error}")).help("try again")
    })
}

/// Serves until the client is gone, or whoever started it ends it.
pub(crate) async fn serve<E: Executor>(
    stand: &Stand,
    mut standing: Standing,
    server: Server<E>,
    console: &mut Console,
) -> Result<Done, Failure> {
    let following = standing.following.take();
    let done = match (&stand.token, &stand.key) {
        (Some(token), Some(key)) => stdio(stand, (token, key), standing, &server).await,
        _ => http(stand, standing, server, console).await,
    };
    if let Some(following) = following {
        following.finish(console).await;
    }
    done
}

/// One session for the host that launched this process.
async fn stdio<E: Executor>(
    args: &Stand,
    (token_file, key_file): (&Path, &Path),
    opened: Standing,
    server: &Server<E>,
) -> Result<Done, Failure> {
    let agent = key::read(key_file)?;
    let holder = holder(token_file, &agent, &opened)?;
    let input = match &args.input {
        Some(path) => Input::from_json(&input::bytes(path, "job's input", wpc_model::MAX_CALL_BYTES)?)
            .map_err(|error| {
                Failure::no(error.code.code(), error.to_string()).file(path).help("give JSON")
            })?,
        None => Input::NONE,
    };
    let opening = Opening {
        artifact: &opened.artifact,
        trust: &opened.trust,
        ledger: Arc::clone(&opened.ledger),
        identity: holder.identity(),
    };
    let gate = DynamicGate::open_with_input(opening, &input).map_err(|error| {
        Failure::no(error.code(), format!("the gate cannot be opened: {error}"))
            .help("look at the token with `wpc token verify`")
            .cause(&error)
    })?;
    let gate = Arc::new(gate);
    let renewing = tokio::spawn(renew(Arc::downgrade(&gate), token_file.to_owned(), agent, opened));
    let served = tokio::select! {
        served = server.stdio(Caller::new(gate)) => served,
        // Hosts end a server that is slow to go: first every call has its outcome.
        () = terminated() => {
            server.drained().await;
            Ok(())
        }
    };
    renewing.abort();
    served.map_err(|error| {
        Failure::environment("mcp_session", error.to_string()).help("see what the client says").cause(&error)
    })?;
    Ok(Done::yes(json!({})))
}

fn holder(file: &Path, agent: &Key, opened: &Standing) -> Result<Holder, Failure> {
    let token = token::file::read(file)?;
    let grant = input::bytes(&token::grant_path(file), "grant", wpc::token::grant::MAX_GRANT_BYTES)?;
    Holder::new(token.as_str(), &grant, agent, &*opened.ledger).map_err(|error| {
        Failure::environment(error.code(), error.to_string()).help("try again").cause(&error)
    })
}

/// Works under the token that stands in the file, whenever that is another one.
async fn renew(gate: std::sync::Weak<DynamicGate>, file: std::path::PathBuf, agent: Key, opened: Standing) {
    let changed = |file: &Path| std::fs::metadata(file).and_then(|found| found.modified()).ok();
    let mut last: Option<SystemTime> = changed(&file);
    loop {
        tokio::time::sleep(LOOK_AGAIN).await;
        let now = changed(&file);
        if now == last {
            continue;
        }
        last = now;
        let Some(gate) = gate.upgrade() else { return };
        let renewed = holder(&file, &agent, &opened)
            .map_err(|failure| failure.human(false))
            .and_then(|holder| gate.renew(holder.presented()).map_err(|error| error.to_string()));
        if let Err(why) = renewed {
            // Standard output is the client's.
            let _unread = writeln!(std::io::stderr(), "warning: the new token is not taken: {why}");
        }
    }
}

/// Any number of clients, each with its own token.
async fn http<E: Executor>(
    args: &Stand,
    opened: Standing,
    server: Server<E>,
    console: &mut Console,
) -> Result<Done, Failure> {
    let (listener, url) = listener(args).await?;
    let Standing { artifact, policy, trust, ledger, .. } = opened;
    let hosts: Vec<String> = host(&url).into_iter().collect();
    let tokens = Tokens::new(artifact, &policy, trust, ledger);
    let http = Arc::new(HttpServer::new(server, tokens, url.clone(), &hosts));
    wpc_server::log_ours_to_stderr();
    if console.format() == Format::Human {
        console.say(format!("listening on {url}"));
    } else {
        // The one answer of this verb is told when it ends; where it listens is needed now.
        console.warn(format!("listening on {url}"));
    }
    let stopping = Arc::clone(&http);
    tokio::spawn(async move {
        terminated().await;
        stopping.stop();
    });
    http.serve(listener).await;
    if let Some(socket) = &args.socket {
        let _gone = std::fs::remove_file(socket);
    }
    Ok(Done::yes(json!({ "url": url })))
}

/// Ready once this process is asked to end.
pub(crate) async fn terminated() {
    let terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate());
    match terminate {
        Ok(mut terminate) => {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        }
        Err(_) => drop(tokio::signal::ctrl_c().await),
    }
}

async fn listener(args: &Stand) -> Result<(Listener, String), Failure> {
    let failed = |what: String, error: &std::io::Error| {
        Failure::environment("listen", format!("cannot listen on {what}: {}", input::reason(error)))
            .help("choose another address")
            .cause(error)
    };
    if let Some(path) = &args.socket {
        let socket = UnixListener::bind(path).map_err(|error| failed(path.display().to_string(), &error))?;
        // Everybody may knock; who is let in is the kernel's word on the peer.
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o666))
            .map_err(|error| failed(path.display().to_string(), &error))?;
        let users: BTreeSet<u32> = args.allow_user.iter().copied().collect();
        let url = args.url.clone().unwrap_or_else(|| "http://localhost/mcp".to_owned());
        return Ok((Listener::Unix { socket, users }, url));
    }
    let address = args.listen.unwrap_or_else(|| ([127, 0, 0, 1], 0).into());
    let listener = TcpListener::bind(address).await.map_err(|error| failed(address.to_string(), &error))?;
    let bound = listener.local_addr().map_err(|error| failed(address.to_string(), &error))?;
    let url = args.url.clone().unwrap_or_else(|| format!("http://{bound}/mcp"));
    Ok((Listener::Tcp(listener), url))
}

/// The host of a URL.
fn host(url: &str) -> Option<String> {
    let rest = url.split_once("://")?.1;
    Some(rest.split('/').next()?.to_owned())
}
