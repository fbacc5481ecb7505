//! How a server behind the gate is reached.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::process::Stdio;

use rmcp::RoleClient;
use rmcp::service::{ClientInitializeError, ServiceError};
use rmcp::transport::IntoTransport;
use tokio::process::Command;

use super::Session;
use super::handler::Behind;
use crate::line::Lines;
use crate::wire::Sender;

/// Variables of our environment that a launched server gets; it gets no others but those it is given.
pub const PASSED_ON: &[&str] =
    &["HOME", "LANG", "LC_ALL", "LC_CTYPE", "PATH", "SHELL", "TERM", "TMPDIR", "USER"];

/// How a server is begun.
#[derive(Clone)]
pub enum Launch {
    /// As a process of ours, over its standard input and output.
    Command {
        /// The program.
        program: OsString,
        /// Its arguments.
        arguments: Vec<OsString>,
        /// Variables beside [`PASSED_ON`].
        environment: BTreeMap<OsString, OsString>,
    },
    /// Over streamable HTTP.
    Http {
        /// Its URL.
        url: String,
        /// What it demands as `Authorization`, whole. It never reaches a client.
        authorization: Option<String>,
    },
}

/// A server behind the gate could not be begun.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UpstreamError {
    /// No process. Code `upstream_start`.
    #[error("the server could not be started: {0}")]
    Start(std::io::Error),
    /// It ended, or does not speak the protocol. Code `upstream_protocol`.
    #[error("the server does not speak the protocol: {0}")]
    Protocol(String),
    /// It did not begin in time. Code `upstream_late`.
    #[error("the server did not begin in time")]
    Late,
}

impl UpstreamError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Start(_) => "upstream_start",
            Self::Protocol(_) => "upstream_protocol",
            Self::Late => "upstream_late",
        }
    }

    pub(crate) fn of(error: &ServiceError) -> Self {
        Self::Protocol(error.to_string())
    }
}

impl Launch {
    /// A command.
    #[must_use]
    pub fn command(program: impl Into<OsString>, arguments: impl IntoIterator<Item = OsString>) -> Self {
        let (program, arguments) = (program.into(), arguments.into_iter().collect());
        Self::Command { program, arguments, environment: BTreeMap::new() }
    }

    pub(crate) async fn session(&self, handler: Behind) -> Result<Session, UpstreamError> {
        let begun = match self {
            Self::Command { program, arguments, environment } => {
                let passed = PASSED_ON.iter().filter_map(|name| Some((*name, std::env::var_os(name)?)));
                let mut child = Command::new(program)
                    .args(arguments)
                    .env_clear()
                    .envs(passed)
                    .envs(environment)
                    .stdin(Stdio::piped())
                    .stdout(Stdio::piped())
                    .kill_on_drop(true)
                    .spawn()
                    .map_err(UpstreamError::Start)?;
                let (Some(read), Some(write)) = (child.stdout.take(), child.stdin.take()) else {
                    return Err(UpstreamError::Start(std::io::Error::other("it has no pipes")));
                };
                let transport = Lines::new(Output { read, _child: child }, write, Sender::Server, None);
                let transport = handler.tap(transport);
                rmcp::serve_client(handler, transport).await
            }
            Self::Http { url, authorization } => {
                let worker = http::transport(url, authorization.as_deref())?;
                let transport = handler.tap(IntoTransport::<RoleClient, _, _>::into_transport(worker));
                rmcp::serve_client(handler, transport).await
            }
        };
        begun.map_err(|error| UpstreamError::Protocol(said(&error)))
    }
}

/// An error without what the server sent.
fn said(error: &ClientInitializeError) -> String {
    if let ClientInitializeError::ConnectionClosed(_) = error {
        "it ended at once".to_owned()
    } else if let ClientInitializeError::JsonRpcError(error) = error {
        format!("it refused to begin ({})", error.code.0)
    } else {
        error.to_string()
    }
}

/// A process's output; the process is killed when nobody reads it any more.
struct Output {
    read: tokio::process::ChildStdout,
    _child: tokio::process::Child,
}

impl tokio::io::AsyncRead for Output {
    fn poll_read(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
        buffer: &mut tokio::io::ReadBuf<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::pin::Pin::new(&mut self.read).poll_read(cx, buffer)
    }
}

#[cfg(not(feature = "http-upstream"))]
mod http {
    use super::UpstreamError;
    use crate::line::Lines;

    /// No transport: this build has no HTTP client.
    pub(super) fn transport(
        _: &str,
        _: Option<&str>,
    ) -> Result<Lines<tokio::io::Empty, tokio::io::Sink>, UpstreamError> {
        Err(UpstreamError::Protocol("this build reaches no server over HTTP".to_owned()))
    }
}

#[cfg(feature = "http-upstream")]
mod http {
    use reqwest::Client;
    use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
    use rmcp::transport::StreamableHttpClientTransport;
    use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;

    use super::UpstreamError;
    use crate::http_client::{self, MAX_REQUESTS};

    /// A transport to `url`.
    pub(super) fn transport(
        url: &str,
        authorization: Option<&str>,
    ) -> Result<StreamableHttpClientTransport<Client>, UpstreamError> {
        let mut config = StreamableHttpClientTransportConfig::with_uri(url.to_owned());
        config.max_concurrent_requests = MAX_REQUESTS;
        let mut headers = HeaderMap::new();
        if let Some(authorization) = authorization {
            let mut value = HeaderValue::from_str(authorization)
                .map_err(|_| UpstreamError::Protocol("the credential is no header".to_owned()))?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        let client = http_client::with(headers).map_err(UpstreamError::Protocol)?;
        Ok(StreamableHttpClientTransport::with_client(client, config))
    }
}

/// Shows neither a credential nor an environment.
impl fmt::Debug for Launch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Command { program, .. } => {
                f.debug_struct("Command").field("program", program).finish_non_exhaustive()
            }
            Self::Http { url, .. } => f.debug_struct("Http").field("url", url).finish_non_exhaustive(),
        }
    }
}
