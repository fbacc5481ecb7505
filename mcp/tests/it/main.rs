//! The Model Context Protocol beside a gate.

#![expect(clippy::wildcard_enum_match_arm, reason = "what a test does not expect fails it")]

#[cfg(test)]
mod asking;
#[cfg(test)]
mod behind;
#[cfg(feature = "http-upstream")]
#[cfg(test)]
mod bridged;
#[cfg(test)]
mod closed;
#[cfg(test)]
mod imported;
#[cfg(test)]
mod offers;
#[cfg(feature = "http-upstream")]
#[cfg(test)]
mod remote;
#[cfg(test)]
mod rig;
#[cfg(test)]
mod session;
