//! As much of HTTP/1.1 as the API needs: one request per connection.

use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::{NODE, resource};
use crate::broker::Broker;
use crate::{AdminRequest, Behaviour};

/// The largest request that is read, in bytes.
const MAX_REQUEST: usize = 256 << 10;

/// What is asked.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) method: String,
    /// Without the query.
    pub(super) path: String,
    /// Whether it changes what is there: `If-Match: *`.
    pub(super) is_update: bool,
    pub(super) body: String,
}

/// What is answered.
#[derive(Debug)]
pub(super) struct Response {
    status: u16,
    body: String,
}

impl Response {
    pub(super) fn new(status: u16, body: String) -> Self {
        Self { status, body }
    }
}

/// Accepts connections until told to stop.
pub(crate) async fn accept(listener: TcpListener, broker: Arc<Broker>, mut stopped: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((tcp, _)) = accepted else { return };
                connections.spawn(serve(tcp, Arc::clone(&broker)));
            }
            _ = stopped.changed() => return,
        }
    }
}

async fn serve(mut tcp: TcpStream, broker: Arc<Broker>) -> Option<()> {
    let (head, body) = read(&mut tcp).await?;
    let mut lines = head.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
    let header = |wanted: &str| {
        head.split("\r\n")
            .filter_map(|line| line.split_once(": "))
            .find(|(name, _)| name.eq_ignore_ascii_case(wanted))
    };
    let path = decoded(target.split('?').next()?)?;
    broker.administered(AdminRequest {
        method: method.clone(),
        path: target.clone(),
        authorization: header("authorization").map(|(_, value)| value.to_owned()),
        body: body.clone(),
    });
    let is_update = header("if-match").is_some();
    let request = Request { method, path, is_update, body };
    let response = match broker.behaviour(NODE) {
        Behaviour::Status { code, description } => Response::new(
            u16::try_from(code).unwrap_or(500),
            format!("<Error><Detail>{description}</Detail></Error>"),
        ),
        Behaviour::Busy { .. } => Response::new(503, "<Error><Detail>too busy</Detail></Error>".to_owned()),
        Behaviour::Silent => return std::future::pending().await,
        Behaviour::Cut | Behaviour::Close | Behaviour::Detach => return None,
        Behaviour::DoThenCut => {
            drop(resource::answer(&request, &broker));
            return None;
        }
        Behaviour::Accept | Behaviour::Reject { .. } | Behaviour::Release | Behaviour::Modify => {
            resource::answer(&request, &broker)
        }
    };
    let Response { status, body } = response;
    let text = format!(
        "HTTP/1.1 {status} -\r\nContent-Type: application/atom+xml;type=entry;charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    tcp.write_all(text.as_bytes()).await.ok()?;
    tcp.shutdown().await.ok()
}

/// A path without its percent-encoding.
fn decoded(path: &str) -> Option<String> {
    let mut parts = path.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(part.get(..2)?, 16).ok()?);
        bytes.extend(part.get(2..)?.bytes());
    }
    String::from_utf8(bytes).ok()
}

/// The head of a request, and its body.
async fn read(tcp: &mut TcpStream) -> Option<(String, String)> {
    let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
    loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8(bytes.get(..at)?.to_vec()).ok()?;
            let length = head
                .split("\r\n")
                .filter_map(|line| line.split_once(": "))
                .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
                .map_or(Some(0), |(_, length)| length.trim().parse::<usize>().ok())?;
            let start = at.saturating_add(4);
            if bytes.len() >= start.saturating_add(length) {
                let body = bytes.get(start..start.saturating_add(length))?;
                return Some((head, String::from_utf8(body.to_vec()).ok()?));
            }
        }
        let Ok(count @ 1..) = tcp.read(&mut chunk).await else { return None };
        bytes.extend_from_slice(chunk.get(..count)?);
        if bytes.len() > MAX_REQUEST {
            return None;
        }
    }
}
