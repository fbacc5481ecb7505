//! The control plane as its clients see it: a server on loopback, clients over HTTP.

#[cfg(test)]
mod census;
#[cfg(test)]
mod document;
#[cfg(test)]
mod follow;
#[cfg(test)]
mod postgres;
#[cfg(test)]
mod registry;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod revocations;
#[cfg(test)]
mod rollback;
#[cfg(test)]
mod store;
#[cfg(test)]
mod tls;
#[cfg(test)]
mod tokens;
#[cfg(test)]
mod transcripts;
#[cfg(test)]
mod world;
