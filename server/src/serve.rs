//! Connections, and how they end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

use crate::StartError;
use crate::app::{App, Shared};
use crate::caller::PeerKey;
use crate::tls::key_of;
use crate::{hub, openapi};

/// Connections that may be open at the same time.
const CONNECTIONS: usize = 8_192;
/// How long a request's head may take.
const HEAD: Duration = Duration::from_secs(10);
/// Longest accepted head, in bytes.
const HEAD_BYTES: usize = 32 << 10;
/// How long requests may take to end when the server stops.
const GOODBYE: Duration = Duration::from_secs(20);

/// A control plane that serves.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    url: String,
    stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
}

impl Running {
    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What the URIs of requests begin with.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Takes no more requests, ends those that run, and closes the store.
    pub async fn stop(self) {
        // An error says that it stopped already.
        let _stopped = self.stop.send(true);
        let _ended = self.serving.await;
    }
}

pub(crate) fn run(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    app: Shared,
) -> Result<Running, StartError> {
    let address = listener.local_addr()?;
    let url = app.public_url.clone();
    let (stop, stopping) = watch::channel(false);
    let telling = tokio::spawn(hub::run(Arc::clone(&app), stopping.clone()));
    let serving = tokio::spawn(async move {
        accept(listener, tls, openapi::router(Arc::clone(&app)), stopping).await;
        let _ended = telling.await;
        close(app).await;
    });
    Ok(Running { address, url, stop, serving })
}

/// Waits for the store, whose last owner this should be.
async fn close(app: Shared) {
    if let Some(app) = Arc::into_inner(app) {
        let _closed = tokio::task::spawn_blocking(move || drop::<App>(app)).await;
    }
}

async fn accept(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    router: Router,
    mut stopping: watch::Receiver<bool>,
) {
    let open = Arc::new(Semaphore::new(CONNECTIONS));
    let graceful = GracefulShutdown::new();
    let mut server = Builder::new(TokioExecutor::new()).http1_only();
    server
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(HEAD_BYTES)
        .keep_alive(true);
    loop {
        let place = tokio::select! {
            _ = stopping.changed() => break,
            place = Arc::clone(&open).acquire_owned() => place,
        };
        let Ok(place) = place else { break };
        let accepted = tokio::select! {
            _ = stopping.changed() => break,
            accepted = listener.accept() => accepted,
        };
        let (socket, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // No descriptors are left, or the peer is gone: others may be served soon.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        // An answer is small: it must not wait for the next.
        let _best_effort = socket.set_nodelay(true);
        let (router, server, tls) = (router.clone(), server.clone(), tls.clone());
        let watcher = graceful.watcher();
        let mut cut = stopping.clone();
        tokio::spawn(async move {
            let _place = place;
            let connection = async {
                match tls {
                    None => connected(server, socket, router, (peer, None), watcher).await,
                    Some(tls) => {
                        // Whoever does not shake hands in time, or shows no usable key, has nobody to tell it to.
                        let Ok(Ok(stream)) = tokio::time::timeout(HEAD, tls.accept(socket)).await else {
                            return;
                        };
                        let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
                        let key = shown.and_then(key_of).map(PeerKey);
                        connected(server, stream, router, (peer, key), watcher).await;
                    }
                }
            };
            tokio::select! {
                () = connection => {}
                () = cut_off(&mut cut) => {}
            }
        });
    }
    drop(listener);
    let _done = tokio::time::timeout(GOODBYE, graceful.shutdown()).await;
}

/// Serves the requests of one connection, of a peer at an address and with the key that it showed.
async fn connected(
    server: Builder<TokioExecutor>,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    router: Router,
    (peer, key): (SocketAddr, Option<PeerKey>),
    watcher: Watcher,
) {
    let service = hyper::service::service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        if let Some(key) = key {
            request.extensions_mut().insert(key);
        }
        router.clone().oneshot(request)
    });
    let connection = server.serve_connection(TokioIo::new(stream), service).into_owned();
    let _broken_off = watcher.watch(connection).await;
}

/// Ends some time after the server was told to stop.
async fn cut_off(stopping: &mut watch::Receiver<bool>) {
    // An error says that the server is gone.
    let _gone = stopping.wait_for(|stop| *stop).await.is_err();
    tokio::time::sleep(GOODBYE).await;
}

/// Waits until the process is told to stop: by SIGTERM, or by Ctrl-C.
pub async fn stopped() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminated.recv() => return,
                _ = tokio::signal::ctrl_c() => return,
            }
        }
    }
    // An error says that nobody can be heard; then nothing ends it but the system.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Writes the log to standard error: one JSON object a line.
pub fn log_to_stderr() {
    use tracing_subscriber::fmt;
    // An error says that a program of ours has a log already.
    let _has_one =
        fmt().json().flatten_event(true).with_target(false).with_writer(std::io::stderr).try_init();
}

/// Writes what our own crates log to standard error, as [`log_to_stderr`] does: for gates, of whose calls a library
/// could repeat too much.
pub fn log_ours_to_stderr() {
    use tracing_subscriber::filter::{LevelFilter, Targets};
    use tracing_subscriber::prelude::*;
    let lines = tracing_subscriber::fmt::layer().json().flatten_event(true).with_target(false);
    let ours = Targets::new().with_target("wpc", LevelFilter::INFO);
    let lines = lines.with_writer(std::io::stderr).with_filter(ours);
    // An error says that a program of ours has a log already.
    let _has_one = tracing_subscriber::registry().with(lines).try_init();
}
