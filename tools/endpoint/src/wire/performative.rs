//! Performatives (OASIS AMQP 1.0 part 2, section 2.7): as much of each as a broker reads.

use super::value::{Malformed, Value};

pub(crate) const OPEN: u64 = 0x10;
pub(crate) const BEGIN: u64 = 0x11;
pub(crate) const ATTACH: u64 = 0x12;
pub(crate) const FLOW: u64 = 0x13;
pub(crate) const TRANSFER: u64 = 0x14;
pub(crate) const DISPOSITION: u64 = 0x15;
pub(crate) const DETACH: u64 = 0x16;
pub(crate) const END: u64 = 0x17;
pub(crate) const CLOSE: u64 = 0x18;
pub(crate) const ERROR: u64 = 0x1d;
pub(crate) const ACCEPTED: u64 = 0x24;
pub(crate) const REJECTED: u64 = 0x25;
pub(crate) const RELEASED: u64 = 0x26;
pub(crate) const MODIFIED: u64 = 0x27;
pub(crate) const SOURCE: u64 = 0x28;
pub(crate) const TARGET: u64 = 0x29;

/// A performative that a client sends.
#[derive(Debug)]
pub(crate) enum Performative {
    Open { max_frame: u32 },
    Begin { incoming_window: u32, next_outgoing_id: u32 },
    Attach(Attach),
    Flow(Flow),
    Transfer(Transfer),
    Disposition(Disposition),
    Detach { handle: u32, closed: bool },
    End,
    Close,
}

/// A link that a client attaches.
#[derive(Debug)]
pub(crate) struct Attach {
    pub(crate) name: String,
    pub(crate) handle: u32,
    /// Whether the client receives on it.
    pub(crate) is_receiver: bool,
    pub(crate) snd_settle_mode: u8,
    pub(crate) rcv_settle_mode: u8,
    pub(crate) source: Value,
    pub(crate) target: Value,
    pub(crate) initial_delivery_count: u32,
}

impl Attach {
    /// The address of a source or target.
    pub(crate) fn address(terminus: &Value) -> Option<&str> {
        terminus.described().and_then(|(_, fields)| fields.field(0).as_text())
    }
}

/// State of a session, and of a link if there is a handle.
#[derive(Debug)]
pub(crate) struct Flow {
    pub(crate) next_incoming_id: Option<u32>,
    pub(crate) incoming_window: u32,
    pub(crate) handle: Option<u32>,
    pub(crate) delivery_count: Option<u32>,
    pub(crate) link_credit: Option<u32>,
    pub(crate) drain: bool,
    pub(crate) echo: bool,
}

/// One frame of a delivery.
#[derive(Debug)]
pub(crate) struct Transfer {
    pub(crate) handle: u32,
    pub(crate) delivery_id: Option<u32>,
    pub(crate) message_format: Option<u32>,
    pub(crate) is_settled: bool,
    pub(crate) has_more: bool,
    pub(crate) is_aborted: bool,
}

/// A client's word about deliveries.
#[derive(Debug)]
pub(crate) struct Disposition {
    /// Whether it speaks as their receiver.
    pub(crate) is_receiver: bool,
    pub(crate) first: u32,
    pub(crate) last: u32,
    pub(crate) settled: bool,
    pub(crate) state: Value,
}

impl Performative {
    /// Reads one, and gives what follows it in the frame.
    pub(crate) fn read(body: &[u8]) -> Result<(Self, &[u8]), Malformed> {
        let (value, length) = Value::read(body)?;
        let rest = body.get(length..).unwrap_or_default();
        let (code, fields) = value.described().ok_or(Malformed)?;
        let read = match code {
            OPEN => Self::Open { max_frame: number(fields.field(2)).unwrap_or(u32::MAX) },
            BEGIN => Self::Begin {
                next_outgoing_id: number(fields.field(1)).ok_or(Malformed)?,
                incoming_window: number(fields.field(2)).ok_or(Malformed)?,
            },
            ATTACH => Self::Attach(Attach {
                name: fields.field(0).as_text().ok_or(Malformed)?.to_owned(),
                handle: number(fields.field(1)).ok_or(Malformed)?,
                is_receiver: *fields.field(2) == Value::Bool(true),
                snd_settle_mode: byte(fields.field(3)).unwrap_or(2),
                rcv_settle_mode: byte(fields.field(4)).unwrap_or(0),
                source: fields.field(5).clone(),
                target: fields.field(6).clone(),
                initial_delivery_count: number(fields.field(9)).unwrap_or(0),
            }),
            FLOW => Self::Flow(Flow {
                next_incoming_id: number(fields.field(0)),
                incoming_window: number(fields.field(1)).ok_or(Malformed)?,
                handle: number(fields.field(4)),
                delivery_count: number(fields.field(5)),
                link_credit: number(fields.field(6)),
                drain: *fields.field(8) == Value::Bool(true),
                echo: *fields.field(9) == Value::Bool(true),
            }),
            TRANSFER => Self::Transfer(Transfer {
                handle: number(fields.field(0)).ok_or(Malformed)?,
                delivery_id: number(fields.field(1)),
                message_format: number(fields.field(3)),
                is_settled: *fields.field(4) == Value::Bool(true),
                has_more: *fields.field(5) == Value::Bool(true),
                is_aborted: *fields.field(9) == Value::Bool(true),
            }),
            DISPOSITION => {
                let first = number(fields.field(1)).ok_or(Malformed)?;
                Self::Disposition(Disposition {
                    is_receiver: *fields.field(0) == Value::Bool(true),
                    first,
                    last: number(fields.field(2)).unwrap_or(first),
                    settled: *fields.field(3) == Value::Bool(true),
                    state: fields.field(4).clone(),
                })
            }
            DETACH => Self::Detach {
                handle: number(fields.field(0)).ok_or(Malformed)?,
                closed: *fields.field(1) == Value::Bool(true),
            },
            END => Self::End,
            CLOSE => Self::Close,
            _ => return Err(Malformed),
        };
        Ok((read, rest))
    }
}

/// An AMQP error. Its `info` is always there: some clients stumble where it is left out.
pub(crate) fn error(condition: &str, description: &str) -> Value {
    Value::composite(ERROR, vec![Value::symbol(condition), Value::text(description), Value::Map(Vec::new())])
}

fn number(value: &Value) -> Option<u32> {
    value.as_integer().and_then(|number| u32::try_from(number).ok())
}

fn byte(value: &Value) -> Option<u8> {
    value.as_integer().and_then(|number| u8::try_from(number).ok())
}
