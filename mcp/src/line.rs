//! Messages one a line: the protocol over standard input and output (MCP 2025-11-25, "Transports", stdio).

use std::sync::Arc;

use rmcp::RoleServer;
use rmcp::model::JsonRpcMessage;
use rmcp::service::{RxJsonRpcMessage, ServiceRole, TxJsonRpcMessage};
use rmcp::transport::Transport;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::sync::Mutex;

use crate::wire::{self, Fault, FaultKind, Sender};

/// Called with what was refused on the wire, and how long it was.
pub(crate) type OnFault = Arc<dyn Fn(&Fault, usize) + Send + Sync>;

/// A transport that reads strictly, and answers what it refuses itself.
pub(crate) struct Lines<R, W> {
    read: BufReader<R>,
    write: Arc<Mutex<W>>,
    line: Vec<u8>,
    /// The rest of a line that was too long is skipped.
    skipping: bool,
    from: Sender,
    on_fault: Option<OnFault>,
}

/// One line, or why there is none.
enum Line {
    Whole,
    TooLong,
    End,
}

impl<R: AsyncRead + Send + Unpin, W: AsyncWrite + Send + Unpin + 'static> Lines<R, W> {
    /// Messages of `from` on `read`, and ours on `write`.
    pub(crate) fn new(read: R, write: W, from: Sender, on_fault: Option<OnFault>) -> Self {
        let (read, write) = (BufReader::new(read), Arc::new(Mutex::new(write)));
        Self { read, write, line: Vec::new(), skipping: false, from, on_fault }
    }

    /// Reads one line into `self.line`. May be dropped at any point and called again: what was read stays.
    async fn next_line(&mut self) -> std::io::Result<Line> {
        loop {
            let buffer = self.read.fill_buf().await?;
            if buffer.is_empty() {
                return Ok(Line::End);
            }
            let end = buffer.iter().position(|byte| *byte == b'\n');
            let part = buffer.get(..end.unwrap_or(buffer.len())).unwrap_or_default();
            let used = part.len().saturating_add(usize::from(end.is_some()));
            let fits = self.line.len().saturating_add(part.len()) <= self.from.longest();
            if !self.skipping && fits {
                self.line.extend_from_slice(part);
            } else {
                self.skipping = true;
                self.line.clear();
            }
            self.read.consume(used);
            if end.is_some() {
                return Ok(if std::mem::take(&mut self.skipping) { Line::TooLong } else { Line::Whole });
            }
        }
    }

    /// In a task of its own: whoever waits for a message may be dropped between two writes.
    fn answer(&self, fault: &Fault) {
        let answer: JsonRpcMessage = JsonRpcMessage::error(fault.error(), fault.id.clone());
        let write = Arc::clone(&self.write);
        if let Ok(bytes) = serde_json::to_vec(&answer) {
            tokio::spawn(async move { write_line(&write, bytes).await });
        }
    }

    fn told(&self, fault: &Fault, bytes: usize) {
        if let Some(on_fault) = &self.on_fault {
            on_fault(fault, bytes);
        }
    }
}

/// Writes one message and its end of line.
async fn write_line<W: AsyncWrite + Unpin>(write: &Mutex<W>, mut bytes: Vec<u8>) -> std::io::Result<()> {
    bytes.push(b'\n');
    let mut write = write.lock().await;
    write.write_all(&bytes).await?;
    write.flush().await
}

impl<Role, R, W> Transport<Role> for Lines<R, W>
where
    Role: ServiceRole,
    RxJsonRpcMessage<Role>: DeserializeOwned,
    R: AsyncRead + Send + Unpin + 'static,
    W: AsyncWrite + Send + Unpin + 'static,
{
    type Error = std::io::Error;

    fn send(
        &mut self,
        item: TxJsonRpcMessage<Role>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        let write = Arc::clone(&self.write);
        let bytes = serde_json::to_vec(&item);
        async move { write_line(&write, bytes?).await }
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<Role>> {
        loop {
            // A line without its end is no message: its sender died while writing.
            let (read, bytes) = match self.next_line().await {
                Ok(Line::Whole) => {
                    let line = std::mem::take(&mut self.line);
                    if line.trim_ascii().is_empty() {
                        continue;
                    }
                    let bytes = line.len();
                    (wire::read(line.trim_ascii(), self.from), bytes)
                }
                Ok(Line::TooLong) => (Err(Fault::too_large()), self.from.longest()),
                Ok(Line::End) | Err(_) => return None,
            };
            let fault = match read {
                Ok(message) => {
                    let id = wire::id_of_message(&message);
                    match serde_json::from_value(message) {
                        Ok(message) => return Some(message),
                        Err(_) => Fault::unreadable(id),
                    }
                }
                Err(fault) => fault,
            };
            self.told(&fault, bytes);
            match (self.from, &fault.kind, &fault.id) {
                (Sender::Client, ..) if fault.wants_answer => self.answer(&fault),
                (Sender::Server, FaultKind::Method(_), Some(_)) => self.answer(&fault),
                // Whoever waits for this answer learns that there is none that can be read.
                (Sender::Server, FaultKind::NotAMessage(_), Some(id)) => {
                    return Some(JsonRpcMessage::error(fault.error(), Some(id.clone())));
                }
                _ => {}
            }
        }
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        self.write.lock().await.shutdown().await
    }
}

/// A server's transport over the standard input and output of this process.
pub(crate) fn stdio(on_fault: Option<OnFault>) -> impl Transport<RoleServer, Error = std::io::Error> {
    Lines::new(tokio::io::stdin(), tokio::io::stdout(), Sender::Client, on_fault)
}
