//! How to reach the broker: TLS to Azure, plain TCP to this machine.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use fe2o3_amqp::Connection;
use fe2o3_amqp::connection::ConnectionHandle;
use fe2o3_amqp::sasl_profile::SaslProfile;
use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, ToSocketAddrs};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, ConfigBuilder, WantsVerifier};

use super::tap::{Heard, Tap};
use crate::BusError;
use crate::dialect::address::Namespace;
use crate::error::outside;

/// AMQP over TLS, from the first byte (protocol guide, "Connections and sessions").
const AMQP_PORT: u16 = 5671;

/// The administration API's.
const HTTPS_PORT: u16 = 443;

/// A peer that is silent for this long, in milliseconds, is gone.
const IDLE_TIMEOUT_MS: u32 = 60_000;

/// How to reach the broker.
#[derive(Clone, Debug)]
pub(crate) enum Route {
    /// The namespace's own host, over TLS.
    Tls {
        /// Whom to trust.
        config: Arc<ClientConfig>,
        /// Instead of the host's address and port.
        addr: Option<SocketAddr>,
    },
    /// An endpoint on this machine, in clear.
    Local {
        /// Where it speaks AMQP.
        amqp: SocketAddr,
        /// Where its administration API is, if it has one.
        admin: Option<SocketAddr>,
    },
}

/// A connection, whatever is under it.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

impl Route {
    /// To Azure, trusting whom the operating system trusts.
    ///
    /// # Errors
    ///
    /// [`BusError::NotConnected`] if the system's trust cannot be read.
    pub(crate) fn azure() -> Result<Self, BusError> {
        let config =
            tls()?.with_platform_verifier().map_err(|error| not_connected(&error))?.with_no_client_auth();
        Ok(Self::Tls { config: Arc::new(config), addr: None })
    }

    /// To an endpoint on this machine.
    ///
    /// # Errors
    ///
    /// [`BusError::NotLoopback`] if it is not on this machine.
    pub(crate) fn local(amqp: SocketAddr, admin: Option<SocketAddr>) -> Result<Self, BusError> {
        match [Some(amqp), admin].into_iter().flatten().find(|addr| !addr.ip().to_canonical().is_loopback()) {
            None => Ok(Self::Local { amqp, admin }),
            Some(addr) => Err(BusError::NotLoopback(addr)),
        }
    }

    /// Opens an AMQP connection. The caller bounds the wait.
    pub(super) async fn open(
        &self,
        namespace: &Namespace,
        heard: Arc<Heard>,
    ) -> Result<ConnectionHandle<()>, BusError> {
        match self {
            Self::Local { amqp, .. } => open(tcp(*amqp).await?, namespace, heard).await,
            Self::Tls { config, addr } => {
                open(tls_to(namespace, config, *addr, AMQP_PORT).await?, namespace, heard).await
            }
        }
    }

    /// Opens a connection to the administration API. The caller bounds the wait.
    pub(crate) async fn admin(&self, namespace: &Namespace) -> Result<Box<dyn Stream>, BusError> {
        Ok(match self {
            Self::Local { admin: Some(admin), .. } => Box::new(tcp(*admin).await?),
            Self::Local { admin: None, .. } => {
                return Err(not_connected(&"the local endpoint has no administration API"));
            }
            Self::Tls { config, addr } => Box::new(tls_to(namespace, config, *addr, HTTPS_PORT).await?),
        })
    }
}

async fn tcp(addr: impl ToSocketAddrs) -> Result<TcpStream, BusError> {
    let tcp = TcpStream::connect(addr).await.map_err(|error| not_connected(&error))?;
    // Requests are small, and each waits for its answer.
    tcp.set_nodelay(true).map_err(|error| not_connected(&error))?;
    Ok(tcp)
}

async fn tls_to(
    namespace: &Namespace,
    config: &Arc<ClientConfig>,
    addr: Option<SocketAddr>,
    port: u16,
) -> Result<TlsStream<TcpStream>, BusError> {
    let tcp = match addr {
        Some(addr) => tcp(addr).await?,
        None => tcp((namespace.host(), port)).await?,
    };
    let name = ServerName::try_from(namespace.host().to_owned()).map_err(|error| not_connected(&error))?;
    let tls = TlsConnector::from(Arc::clone(config)).connect(name, tcp).await;
    tls.map_err(|error| not_connected(&error))
}

/// TLS 1.2 and 1.3, with a provider that is named: rustls refuses to guess where two are compiled in.
pub(crate) fn tls() -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, BusError> {
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| not_connected(&error))
}

async fn open<S>(
    stream: S,
    namespace: &Namespace,
    heard: Arc<Heard>,
) -> Result<ConnectionHandle<()>, BusError>
where
    S: AsyncRead + AsyncWrite + std::fmt::Debug + Send + Unpin + 'static,
{
    static OPENED: AtomicU64 = AtomicU64::new(0);
    let number = OPENED.fetch_add(1, Ordering::Relaxed);
    Connection::builder()
        .container_id(format!("wpc-{}-{number}", std::process::id()))
        .hostname(namespace.host())
        .sasl_hostname(namespace.host())
        .scheme("amqp")
        .sasl_profile(SaslProfile::Anonymous)
        .idle_time_out(IDLE_TIMEOUT_MS)
        .open_with_stream(Tap::new(stream, heard))
        .await
        .map_err(|error| not_connected(&error))
}

fn not_connected(error: &impl ToString) -> BusError {
    BusError::NotConnected { problem: outside(&error.to_string()) }
}
