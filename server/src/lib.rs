//! The control plane: a registry of signed policies, tokens, revocations, approvals and evidence (WIRE.md 7).
//!
//! ```text
//!  request ──▶ observe (time limit, log, counters) ──▶ authenticate (RFC 9421 or mutual TLS, trust file, rate)
//!          ──▶ a route: roles, the body's bound and digest ──▶ store (one writer, savepoints, audit log)
//!                                                            └▶ objects (folder, Azure Blob, S3)
//!  stream  ◀── hub ◀── store                                    revocations, heartbeats, releases, approvals
//! ```
//!
//! What it signs are tokens, grants, revocations, heartbeats and its audit log; with a witness's key, checkpoints.
//! Policies, releases and approvals are signed by others, and it takes them for their signatures.

#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

mod app;
mod caller;
mod hub;
mod metrics;
mod objects;
mod observe;
mod openapi;
mod problem;
mod routes;
mod serve;
mod store;
mod tls;

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use wpc_evidence::{Key, Role, Trust};

pub use openapi::openapi;
pub use problem::{Code, TYPE};
pub use serve::{Running, log_ours_to_stderr, log_to_stderr, stopped};
pub use store::{Place, StoreError};
pub use tls::Tls;

/// How a control plane is set up.
#[derive(Debug)]
pub struct Config {
    /// Where it listens; loopback, unless somebody says otherwise.
    pub listen: SocketAddr,
    /// What the URIs of requests begin with, as callers write and sign them: `https://plane.example`. `None` is
    /// `http://` and the address that it listens on.
    pub public_url: Option<String>,
    /// TLS of its own; `None` where a proxy does it, or on one machine. Callers may then show their key in a client
    /// certificate instead of signing each request.
    pub tls: Option<Tls>,
    /// Who is trusted for what.
    pub trust: Trust,
    /// Signs tokens and revocations; its owner has the roles `token_issuer` and `revoker`.
    pub key: Key,
    /// Cosigns checkpoints; its owner has the role `witness`.
    pub witness: Option<Key>,
    /// Where the store is.
    pub store: Place,
    /// Where bundles and artifacts are: a folder, or an URL of Azure Blob Storage or S3.
    pub objects: String,
    /// Requests a second of one principal; ten times as many at once.
    pub per_principal: NonZeroU32,
    /// Requests a second from one address, before anybody knows who asks; ten times as many at once.
    pub per_address: NonZeroU32,
}

/// A control plane could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The key's owner lacks a role in the trust file. Code `server_key_role`.
    #[error("the trust file does not give the key's owner the role `{0}`")]
    KeyRole(Role),
    /// It would listen to other machines in clear. Code `server_insecure`.
    #[error("it would listen to other machines without TLS")]
    Insecure,
    /// The certificate or its key. Code `server_tls`.
    #[error("TLS cannot be served: {0}")]
    Tls(String),
    /// The public URL is not `http://` or `https://` and a host. Code `server_url`.
    #[error("the public URL is not `https://` and a host, or ends in a slash")]
    Url,
    /// The store. Its code is [`StoreError::code`].
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The object store. Code `objects_unavailable`.
    #[error("the object store cannot be used: {0}")]
    Objects(String),
    /// The address is taken, or no sockets are left. Code `server_listen`.
    #[error("cannot listen: {0}")]
    Listen(#[from] std::io::Error),
    /// Counters could not be made. Code `server_metrics`.
    #[error("counters cannot be made: {0}")]
    Metrics(String),
}

impl StartError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::KeyRole(_) => "server_key_role",
            Self::Insecure => "server_insecure",
            Self::Tls(_) => "server_tls",
            Self::Url => "server_url",
            Self::Store(error) => error.code(),
            Self::Objects(_) => "objects_unavailable",
            Self::Listen(_) => "server_listen",
            Self::Metrics(_) => "server_metrics",
        }
    }
}

/// Starts a control plane, which serves until [`Running::stop`].
///
/// # Errors
///
/// [`StartError`]; then nothing listens.
pub async fn start(config: Config) -> Result<Running, StartError> {
    let Config { listen, public_url, tls, trust, key, witness, store, objects, per_principal, per_address } =
        config;
    let acceptor =
        tls.map(|tls| Ok::<_, StartError>(TlsAcceptor::from(Arc::new(tls.config()?)))).transpose()?;
    if !listen.ip().is_loopback()
        && acceptor.is_none()
        && public_url.as_ref().is_none_or(|url| !url.starts_with("https://"))
    {
        return Err(StartError::Insecure);
    }
    let must = |key: &Key, role: Role| {
        let owner = trust.principal_of(&key.did());
        if owner.is_some_and(|owner| owner.has(role)) { Ok(()) } else { Err(StartError::KeyRole(role)) }
    };
    must(&key, Role::Revoker)?;
    must(&key, Role::TokenIssuer)?;
    if let Some(witness) = &witness {
        must(witness, Role::Witness)?;
    }
    let listener = tokio::net::TcpListener::bind(listen).await?;
    let public_url = match public_url {
        Some(url) => url,
        None if acceptor.is_some() => format!("https://{}", listener.local_addr()?),
        None => format!("http://{}", listener.local_addr()?),
    };
    let host = public_url.strip_prefix("https://").or_else(|| public_url.strip_prefix("http://"));
    if host.is_none_or(|host| host.is_empty() || host.contains(['/', '?', '#', ' '])) {
        return Err(StartError::Url);
    }
    let key = Arc::new(key);
    let opened = {
        let key = Arc::clone(&key);
        // The store's own connections block.
        tokio::task::spawn_blocking(move || store::Store::open(&store, key))
    };
    let store = opened.await.map_err(StoreError::unavailable)??;
    let parts = app::Parts {
        trust,
        key,
        witness,
        public_url,
        store,
        objects: objects::Objects::open(&objects).map_err(StartError::Objects)?,
        metrics: metrics::Metrics::new().map_err(|error| StartError::Metrics(error.to_string()))?,
        limits: caller::Limits::new(per_principal, per_address),
    };
    serve::run(listener, acceptor, Arc::new(app::App::new(parts)))
}
