//! `wpc serve`: the control plane.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use serde_json::json;
use wpc::ledger::PostgresConfig;
use wpc_server::{Config, Place, StartError, Tls};

use super::key;
use crate::console::{Console, Done};
use crate::evidence::{self, failed};
use crate::failure::Failure;
use crate::input;

/// Longest accepted certificate or key, in bytes.
const MAX_PEM_BYTES: usize = 1 << 20;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Serves until it is told to stop (SIGTERM, or Ctrl-C): then it takes no more requests, ends those that
run, and closes its store. Logs go to standard error as JSON, one object a line. The key's owner has
the roles `token_issuer` and `revoker` in the trust file. It listens on this machine alone; for others
give it a certificate, or put a TLS proxy before it, and say with `--public-url` what they call it.
With a certificate of its own it also takes the key of a client's Ed25519 certificate for who asks.

The store is a file, or with `--postgres` the database that WPC_POSTGRES_URL names. Objects lie in a
folder, or at az://CONTAINER/PATH or s3://BUCKET/PATH with the account in AZURE_* or AWS_*.

Example: wpc serve --trust trust.json --key plane.key --store plane/plane.db --objects plane/objects

JSON, when it has stopped: `url`, `did`")]
pub(crate) struct Args {
    /// Who is trusted for what
    #[arg(long, value_name = "FILE")]
    trust: PathBuf,
    /// The key that signs tokens and revocations
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The key that cosigns checkpoints, of a principal with the role `witness`
    #[arg(long, value_name = "FILE")]
    witness_key: Option<PathBuf>,
    /// Where to listen
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7420")]
    listen: SocketAddr,
    /// What others call it: https://HOST
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// The server's certificate and those that lead to its issuer, PEM: serve TLS
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_certificate: Option<PathBuf>,
    /// The certificate's private key, PEM
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    tls_key: Option<PathBuf>,
    /// The store's file, made where it is missing
    #[arg(long, value_name = "FILE", required_unless_present = "postgres", conflicts_with = "postgres")]
    store: Option<PathBuf>,
    /// Keep the store in the database that WPC_POSTGRES_URL names
    #[arg(long)]
    postgres: bool,
    /// Where bundles and policies are kept: a folder, az://… or s3://…
    #[arg(long, value_name = "PLACE")]
    objects: String,
    /// Requests a second of one principal
    #[arg(long, value_name = "COUNT", default_value = "200")]
    per_principal: NonZeroU32,
    /// Requests a second from one address
    #[arg(long, value_name = "COUNT", default_value = "400")]
    per_address: NonZeroU32,
}

pub(crate) fn run(args: Args, console: &mut Console) -> Result<Done, Failure> {
    let trust = evidence::trust(&args.trust)?;
    let signer = key::read(&args.key)?;
    let did = signer.did().to_string();
    let witness = args.witness_key.as_deref().map(key::read).transpose()?;
    let tls = match (&args.tls_certificate, &args.tls_key) {
        (Some(certificates), Some(key)) => Some(Tls {
            certificates: input::bytes(certificates, "certificate", MAX_PEM_BYTES)?,
            key: input::bytes(key, "key", MAX_PEM_BYTES)?,
        }),
        _ => None,
    };
    let store = match args.store {
        Some(file) => Place::File(file),
        None => match PostgresConfig::from_env() {
            Ok(config) => Place::Postgres(Box::new(config)),
            Err(error) => return Err(failed(Path::new("WPC_POSTGRES_URL"), &error)),
        },
    };
    let config = Config {
        listen: args.listen,
        public_url: args.public_url,
        tls,
        trust,
        key: signer,
        witness,
        store,
        objects: args.objects,
        per_principal: args.per_principal,
        per_address: args.per_address,
    };
    wpc_server::log_to_stderr();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| {
        Failure::environment("server_threads", format!("no threads can be had: {error}")).cause(&error)
    })?;
    let url = runtime.block_on(async {
        let running = wpc_server::start(config).await.map_err(|error| not_started(&error))?;
        let url = running.url().to_owned();
        console.say(format!("serving {url} as {did}"));
        wpc_server::stopped().await;
        running.stop().await;
        Ok::<_, Failure>(url)
    })?;
    console.say("stopped");
    Ok(Done::yes(json!({ "url": url, "did": did })))
}

fn not_started(error: &StartError) -> Failure {
    let help = match error {
        StartError::KeyRole(_) => "give the key's principal that role in the trust file",
        StartError::Insecure => {
            "give `--tls-certificate` and `--tls-key`; or listen on 127.0.0.1 behind a TLS proxy and give `--public-url`"
        }
        StartError::Tls(_) => "give a PEM certificate chain and the private key of its first certificate",
        StartError::Url => "write `--public-url https://HOST`, without a path",
        StartError::Objects(_) => "check the folder, or the URL and the account in the environment",
        StartError::Listen(_) => "choose another `--listen`",
        StartError::Store(_) | StartError::Metrics(_) | _ => "check the store, or restore it from a copy",
    };
    Failure::environment(error.code(), format!("not started: {error}")).help(help).cause(error)
}
