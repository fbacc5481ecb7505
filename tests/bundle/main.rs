//! A job's proof bundle, and everything that must not pass for one.

#![expect(clippy::wildcard_enum_match_arm, reason = "what a test does not expect fails it")]

#[cfg(test)]
mod forged;
#[cfg(test)]
mod lifted;
#[cfg(test)]
mod models;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod released;
#[cfg(test)]
mod tampered;
#[cfg(test)]
mod told;
#[cfg(test)]
mod verified;
#[cfg(test)]
mod weaknesses;
#[cfg(test)]
mod withdrawn;
#[cfg(test)]
mod world;
