//! The example on a local endpoint.

#[cfg(test)]
mod job;
