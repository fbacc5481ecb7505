//! A provider of our own, which does what it is told, byte for byte.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What it does with a connection once it has a request.
#[derive(Clone)]
pub(crate) enum Step {
    Write(Vec<u8>),
    /// The same bytes so many times.
    Repeat(Vec<u8>, usize),
    Wait(Duration),
    /// Until the client is gone.
    Hang,
}

/// What it was sent.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    /// Line and headers, in lower case.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

#[derive(Clone)]
pub(crate) struct Provider {
    pub(crate) url: String,
    steps: Arc<Mutex<Vec<Step>>>,
    sent: Arc<Mutex<Vec<Sent>>>,
    /// Connections that the client closed while it hung.
    left: Arc<Mutex<usize>>,
}

impl Provider {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let provider = Self { url, steps: Arc::default(), sent: Arc::default(), left: Arc::default() };
        let this = provider.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(this.clone().serve(stream));
            }
        });
        provider
    }

    pub(crate) fn does(&self, steps: Vec<Step>) {
        *self.steps.lock().unwrap() = steps;
    }

    /// Answers with JSON.
    pub(crate) fn answers(&self, json: &serde_json::Value) {
        self.does(vec![Step::Write(response(200, "application/json", json.to_string().as_bytes()))]);
    }

    /// Answers with events, and ends.
    pub(crate) fn streams(&self, events: &str) {
        self.does(vec![
            Step::Write(stream_head()),
            Step::Write(chunk(events.as_bytes())),
            Step::Write(end()),
        ]);
    }

    pub(crate) fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap().clone()
    }

    pub(crate) fn left(&self) -> usize {
        *self.left.lock().unwrap()
    }

    async fn serve(self, mut stream: TcpStream) {
        let Some(sent) = request(&mut stream).await else { return };
        self.sent.lock().unwrap().push(sent);
        let steps = self.steps.lock().unwrap().clone();
        for step in steps {
            match step {
                Step::Write(bytes) => {
                    if stream.write_all(&bytes).await.is_err() {
                        *self.left.lock().unwrap() += 1;
                        return;
                    }
                }
                Step::Repeat(bytes, times) => {
                    for _ in 0..times {
                        if stream.write_all(&bytes).await.is_err() {
                            *self.left.lock().unwrap() += 1;
                            return;
                        }
                    }
                }
                Step::Wait(time) => tokio::time::sleep(time).await,
                Step::Hang => {
                    let mut rest = [0; 1];
                    let _closed = stream.read(&mut rest).await;
                    *self.left.lock().unwrap() += 1;
                    return;
                }
            }
        }
        let _gone = stream.shutdown().await;
    }
}

async fn request(stream: &mut TcpStream) -> Option<Sent> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..head_end].to_vec()).unwrap().to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
    let length: usize = length.parse().unwrap();
    while bytes.len() < head_end + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    Some(Sent { head, body: bytes[head_end..].to_vec() })
}

pub(crate) fn response(status: u16, kind: &str, body: &[u8]) -> Vec<u8> {
    let mut response = format!(
        "HTTP/1.1 {status} Said\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\
         x-request-id: req_1\r\nset-cookie: a=b\r\nx-internal: secret\r\n\r\n",
        body.len()
    )
    .into_bytes();
    response.extend_from_slice(body);
    response
}

pub(crate) fn stream_head() -> Vec<u8> {
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\
      connection: close\r\n\r\n"
        .to_vec()
}

pub(crate) fn chunk(bytes: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}

pub(crate) fn end() -> Vec<u8> {
    b"0\r\n\r\n".to_vec()
}
