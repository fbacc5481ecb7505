//! AMQP 1.0 as bytes: values, frames, performatives. No connection, no broker.

pub(crate) mod frame;
pub(crate) mod performative;
pub(crate) mod value;
