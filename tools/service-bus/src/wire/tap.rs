//! What the broker says that fe2o3-amqp keeps to itself: how many messages it delivered on a link, and that it
//! is done with a drain.
//!
//! ```text
//! stream ──▶ Tap ──▶ fe2o3-amqp
//!             └ attach, transfer, flow ──▶ Heard: by link, deliveries and answered drains
//! ```
//!
//! Without these a call that received nothing could not tell an empty queue from a broker that hangs, and a
//! message that is deleted as it is delivered could be lost between two calls. What cannot be read leaves the
//! tap deaf: then nothing is confirmed any more.

use std::collections::BTreeMap;
use std::io;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

use fe2o3_amqp::types::definitions::Role;
use fe2o3_amqp::types::performatives::{Attach, Flow, Transfer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::watch;

/// Bytes of a frame's own header (OASIS AMQP 1.0 part 2, section 2.3).
const HEADER: usize = 8;

/// As much of a transfer as its performative takes at most.
const TRANSFER_BYTES: usize = 512;

/// The largest attach or flow that is read.
const MAX_KEPT: usize = 64 << 10;

const ATTACH: u8 = 0x12;
const FLOW: u8 = 0x13;
const TRANSFER: u8 = 0x14;

/// What was heard of each link, by its name.
#[derive(Debug)]
pub(super) struct Heard {
    links: Mutex<Links>,
    changed: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct Links {
    names: BTreeMap<(u16, u32), String>,
    by_name: BTreeMap<String, Counts>,
    is_deaf: bool,
}

/// What was heard of one link.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Counts {
    /// Messages that came whole.
    pub(super) delivered: u64,
    /// Drains that were answered.
    pub(super) drained: u64,
}

impl Heard {
    pub(super) fn new() -> Self {
        Self { links: Mutex::default(), changed: watch::channel(()).0 }
    }

    fn links<T>(&self, look: impl FnOnce(&mut Links) -> T) -> T {
        // Nothing panics while holding it.
        look(&mut self.links.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What was heard so far of a link.
    pub(super) fn of(&self, name: &str) -> Counts {
        self.links(|links| links.by_name.get(name).copied().unwrap_or_default())
    }

    /// Waits until more drains of a link were answered than `drained`. For ever, if nothing is heard any more.
    pub(super) async fn drained(&self, name: &str, drained: u64) -> Counts {
        let mut changed = self.changed.subscribe();
        loop {
            let counts = self.of(name);
            // The sender lives in `self`, so `changed` cannot end while we wait.
            if counts.drained > drained || changed.changed().await.is_err() {
                return counts;
            }
        }
    }

    /// A link is gone.
    pub(super) fn forget(&self, name: &str) {
        self.links(|links| {
            links.by_name.remove(name);
            links.names.retain(|_, known| known != name);
        });
    }

    fn frame(&self, channel: u16, body: &[u8]) {
        let understood = self.links(|links| !links.is_deaf && links.hear(channel, body).is_some());
        if !understood {
            self.links(|links| links.is_deaf = true);
        }
        self.changed.send_replace(());
    }
}

impl Links {
    fn hear(&mut self, channel: u16, body: &[u8]) -> Option<()> {
        match *body.get(2)? {
            ATTACH => {
                let attach: Attach = serde_amqp::from_slice(body).ok()?;
                if attach.role == Role::Sender {
                    self.names.insert((channel, attach.handle.0), attach.name);
                }
            }
            FLOW => {
                let flow: Flow = serde_amqp::from_slice(body).ok()?;
                let name = flow.handle.and_then(|handle| self.names.get(&(channel, handle.0)));
                // A sender without credit is done with its drain.
                if let Some(name) = name
                    && flow.drain
                    && flow.link_credit == Some(0)
                {
                    let counts = self.by_name.entry(name.clone()).or_default();
                    counts.drained = counts.drained.saturating_add(1);
                }
            }
            _ => {
                let transfer: Transfer = serde_amqp::from_slice(body).ok()?;
                let name = self.names.get(&(channel, transfer.handle.0));
                if let Some(name) = name.filter(|_| !transfer.more && !transfer.aborted) {
                    let counts = self.by_name.entry(name.clone()).or_default();
                    counts.delivered = counts.delivered.saturating_add(1);
                }
            }
        }
        Some(())
    }
}

/// A stream that is listened to.
#[derive(Debug)]
pub(super) struct Tap<S> {
    stream: S,
    heard: std::sync::Arc<Heard>,
    scan: Scan,
}

impl<S> Tap<S> {
    pub(super) fn new(stream: S, heard: std::sync::Arc<Heard>) -> Self {
        Self { stream, heard, scan: Scan::default() }
    }
}

/// Where in the stream of frames the next byte is.
#[derive(Debug, Default)]
struct Scan {
    /// The frame's beginning: its header, and as much of its body as is wanted.
    kept: Vec<u8>,
    /// How many bytes of the frame are still to come.
    left: usize,
}

impl Scan {
    /// Takes bytes off `bytes`; a frame's channel and body once enough of it is there.
    fn next(&mut self, bytes: &mut &[u8]) -> Option<(u16, Vec<u8>)> {
        while !bytes.is_empty() {
            if self.left == 0 || self.kept.len() < HEADER {
                let missing = HEADER.saturating_sub(self.kept.len());
                self.keep(bytes, missing);
                if let Some(header) = self.kept.first_chunk::<HEADER>() {
                    let [a, b, c, d, ..] = *header;
                    // A protocol header stands where a size would, and is no frame.
                    let size = if header.starts_with(b"AMQP") {
                        HEADER
                    } else {
                        usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or(usize::MAX)
                    };
                    self.left = size.saturating_sub(HEADER);
                    if self.left == 0 {
                        self.kept.clear();
                    }
                }
                continue;
            }
            let wanted = self.wanted();
            let missing = wanted.saturating_sub(self.kept.len()).min(self.left);
            if missing > 0 {
                let count = self.keep(bytes, missing);
                self.left = self.left.saturating_sub(count);
            } else {
                let count = self.left.min(bytes.len());
                *bytes = bytes.get(count..).unwrap_or_default();
                self.left = self.left.saturating_sub(count);
            }
            if self.left == 0 {
                let frame = std::mem::take(&mut self.kept);
                if let Some(frame) = body(&frame) {
                    return Some(frame);
                }
            }
        }
        None
    }

    fn keep(&mut self, bytes: &mut &[u8], count: usize) -> usize {
        let (kept, rest) = bytes.split_at(count.min(bytes.len()));
        self.kept.extend_from_slice(kept);
        *bytes = rest;
        kept.len()
    }

    /// How many bytes of this frame are kept.
    fn wanted(&self) -> usize {
        match self.kept.get(HEADER..HEADER.saturating_add(3)) {
            None => HEADER.saturating_add(3),
            Some([0, 0x53, ATTACH | FLOW]) => MAX_KEPT,
            Some([0, 0x53, TRANSFER]) => HEADER.saturating_add(TRANSFER_BYTES),
            Some(_) => HEADER,
        }
    }
}

/// The channel and body of a frame that is of interest.
fn body(frame: &[u8]) -> Option<(u16, Vec<u8>)> {
    let [_, _, _, _, offset, kind, e, f] = *frame.first_chunk::<HEADER>()?;
    let is_plain = kind == 0 && offset == 2;
    let body = frame
        .get(HEADER..)
        .filter(|body| is_plain && matches!(body, [0, 0x53, ATTACH | FLOW | TRANSFER, ..]))?;
    Some((u16::from_be_bytes([e, f]), body.to_vec()))
}

impl<S: AsyncRead + Unpin> AsyncRead for Tap<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let this = &mut *self;
        let read = Pin::new(&mut this.stream).poll_read(context, buffer);
        let mut new = buffer.filled().get(before..).unwrap_or_default();
        while let Some((channel, body)) = this.scan.next(&mut new) {
            this.heard.frame(channel, &body);
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Tap<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use fe2o3_amqp::types::definitions::Handle;

    use super::*;

    fn frame(channel: u16, body: &[u8]) -> Vec<u8> {
        let mut frame = u32::try_from(body.len() + HEADER).unwrap().to_be_bytes().to_vec();
        frame.extend([2, 0]);
        frame.extend(channel.to_be_bytes());
        frame.extend(body);
        frame
    }

    fn attach(name: &str, handle: u32) -> Vec<u8> {
        let attach = Attach {
            name: name.to_owned(),
            handle: Handle(handle),
            role: Role::Sender,
            snd_settle_mode: Default::default(),
            rcv_settle_mode: Default::default(),
            source: None,
            target: None,
            unsettled: None,
            incomplete_unsettled: false,
            initial_delivery_count: Some(0),
            max_message_size: None,
            offered_capabilities: None,
            desired_capabilities: None,
            properties: None,
        };
        frame(1, &serde_amqp::to_vec(&attach).unwrap())
    }

    fn transfer(handle: u32, more: bool) -> Vec<u8> {
        let transfer = Transfer {
            handle: Handle(handle),
            delivery_id: Some(0),
            delivery_tag: Some(vec![7; 16].into()),
            message_format: Some(0),
            settled: Some(false),
            more,
            rcv_settle_mode: None,
            state: None,
            resume: false,
            aborted: false,
            batchable: false,
        };
        let mut body = serde_amqp::to_vec(&transfer).unwrap();
        body.extend(vec![0x75; 5000]);
        frame(1, &body)
    }

    fn drained(handle: u32) -> Vec<u8> {
        let flow = Flow {
            next_incoming_id: Some(0),
            incoming_window: 1,
            next_outgoing_id: 0,
            outgoing_window: 1,
            handle: Some(Handle(handle)),
            delivery_count: Some(9),
            link_credit: Some(0),
            available: None,
            drain: true,
            echo: false,
            properties: None,
        };
        frame(1, &serde_amqp::to_vec(&flow).unwrap())
    }

    /// Hears `bytes` in parts of `size`.
    fn hear(bytes: &[u8], size: usize) -> Heard {
        let (heard, mut scan) = (Heard::new(), Scan::default());
        for mut part in bytes.chunks(size) {
            while let Some((channel, body)) = scan.next(&mut part) {
                heard.frame(channel, &body);
            }
        }
        heard
    }

    #[test]
    fn deliveries_and_drains_are_counted_by_link_however_the_bytes_come() {
        let bytes: Vec<u8> = [
            b"AMQP\x00\x01\x00\x00".to_vec(),
            frame(0, &[]),
            attach("a", 0),
            attach("b", 7),
            transfer(0, false),
            transfer(7, true),
            transfer(7, false),
            frame(1, &[0, 0x53, 0x15, 0x45]),
            transfer(7, false),
            drained(7),
            transfer(9, false),
        ]
        .concat();
        for size in [1, 2, 3, 7, 8, 9, 100, 4096, bytes.len()] {
            let heard = hear(&bytes, size);
            assert_eq!(heard.of("a"), Counts { delivered: 1, drained: 0 }, "{size}");
            assert_eq!(heard.of("b"), Counts { delivered: 2, drained: 1 }, "{size}");
        }
    }

    #[test]
    fn what_cannot_be_read_confirms_nothing_any_more() {
        let bytes = [attach("a", 0), frame(1, &[0, 0x53, FLOW, 0xc0, 0xff]), drained(0)].concat();
        assert_eq!(hear(&bytes, 64).of("a"), Counts::default());
    }
}
