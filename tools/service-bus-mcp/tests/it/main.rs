//! The server with a client of rmcp's before it and a broker of ours behind it.

#![expect(clippy::wildcard_enum_match_arm, reason = "what a test does not expect fails it")]

#[cfg(test)]
mod approved;
#[cfg(test)]
mod offered;
#[cfg(test)]
mod refused;
#[cfg(test)]
mod rig;
#[cfg(test)]
mod used;
