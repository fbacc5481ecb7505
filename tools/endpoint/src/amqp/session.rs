//! One session: numbers, windows, links.

use std::collections::BTreeMap;

use super::link::{Link, Unsettled};
use crate::wire::frame;
use crate::wire::performative::{DISPOSITION, FLOW, TRANSFER};
use crate::wire::value::Value;

/// Transfers that this side takes before it must say so again: no client of a test sends as many.
const WINDOW: u32 = i32::MAX.unsigned_abs();

/// What a transfer performative takes at most beside its tag.
const TRANSFER_OVERHEAD: usize = 96;

#[derive(Debug)]
pub(super) struct Session {
    pub(super) channel: u16,
    pub(super) links: BTreeMap<u32, Link>,
    pub(super) unsettled: BTreeMap<u32, Unsettled>,
    next_incoming_id: u32,
    next_outgoing_id: u32,
    next_delivery_id: u32,
    /// How many frames of transfers the client still takes.
    pub(super) remote_window: u32,
}

impl Session {
    pub(super) fn new(channel: u16, next_incoming_id: u32, remote_window: u32) -> Self {
        Self {
            channel,
            links: BTreeMap::new(),
            unsettled: BTreeMap::new(),
            next_incoming_id,
            next_outgoing_id: 0,
            next_delivery_id: 0,
            remote_window,
        }
    }

    /// The fields of a `begin` that answers the client's.
    pub(super) fn begin(&self) -> Vec<Value> {
        vec![
            Value::Ushort(self.channel),
            Value::Uint(self.next_outgoing_id),
            Value::Uint(WINDOW),
            Value::Uint(WINDOW),
            Value::Uint(1023),
        ]
    }

    pub(super) fn write(&self, out: &mut Vec<u8>, code: u64, fields: Vec<Value>) {
        frame::write(out, frame::AMQP, self.channel, &[&Value::composite(code, fields).to_bytes()]);
    }

    /// Counts a transfer that came.
    pub(super) fn received(&mut self) {
        self.next_incoming_id = self.next_incoming_id.wrapping_add(1);
    }

    /// What the client says of its window.
    pub(super) fn heard(&mut self, next_incoming_id: Option<u32>, window: u32) {
        let ahead = next_incoming_id.unwrap_or(0).wrapping_add(window);
        self.remote_window = ahead.wrapping_sub(self.next_outgoing_id);
    }

    /// Says how much may be sent, on the session or on one link.
    pub(super) fn flow(&self, out: &mut Vec<u8>, link: Option<LinkFlow>) {
        let mut fields = vec![
            Value::Uint(self.next_incoming_id),
            Value::Uint(WINDOW),
            Value::Uint(self.next_outgoing_id),
            Value::Uint(WINDOW),
        ];
        if let Some(LinkFlow { handle, delivery_count, credit, drain }) = link {
            fields.extend([
                Value::Uint(handle),
                Value::Uint(delivery_count),
                Value::Uint(credit),
                Value::Uint(0),
                Value::Bool(drain),
                Value::Bool(false),
            ]);
        }
        self.write(out, FLOW, fields);
    }

    /// Says what became of a delivery.
    pub(super) fn disposition(&self, out: &mut Vec<u8>, is_receiver: bool, delivery_id: u32, state: Value) {
        let fields = vec![
            Value::Bool(is_receiver),
            Value::Uint(delivery_id),
            Value::Uint(delivery_id),
            Value::Bool(true),
            state,
        ];
        self.write(out, DISPOSITION, fields);
    }

    /// How many bytes of a message a frame takes.
    fn room(max_frame: u32) -> usize {
        usize::try_from(max_frame).unwrap_or(usize::MAX).saturating_sub(TRANSFER_OVERHEAD).max(1)
    }

    /// Writes a delivery, in as many frames as it takes; gives its id.
    pub(super) fn transfer(
        &mut self,
        out: &mut Vec<u8>,
        handle: u32,
        tag: &[u8],
        is_settled: bool,
        bytes: &[u8],
        max_frame: u32,
    ) -> u32 {
        let delivery_id = self.next_delivery_id;
        self.next_delivery_id = delivery_id.wrapping_add(1);
        let mut parts = bytes.chunks(Self::room(max_frame)).peekable();
        while let Some(part) = parts.next() {
            let fields = vec![
                Value::Uint(handle),
                Value::Uint(delivery_id),
                Value::Binary(tag.to_vec()),
                Value::Uint(0),
                Value::Bool(is_settled),
                Value::Bool(parts.peek().is_some()),
            ];
            let performative = Value::composite(TRANSFER, fields).to_bytes();
            frame::write(out, frame::AMQP, self.channel, &[&performative, part]);
            self.next_outgoing_id = self.next_outgoing_id.wrapping_add(1);
            self.remote_window = self.remote_window.saturating_sub(1);
        }
        delivery_id
    }
}

/// State of one link.
#[derive(Clone, Copy, Debug)]
pub(super) struct LinkFlow {
    pub(super) handle: u32,
    pub(super) delivery_count: u32,
    pub(super) credit: u32,
    pub(super) drain: bool,
}
