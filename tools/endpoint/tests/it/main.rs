//! The endpoint against a plain AMQP client, fe2o3-amqp's own.

#[cfg(test)]
mod endpoint;
