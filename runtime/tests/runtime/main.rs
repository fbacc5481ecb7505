//! What ledgers, gates and signatures promise, through the public interface.

#![expect(clippy::wildcard_enum_match_arm, reason = "what a test does not expect fails it")]

#[cfg(test)]
mod asynchronous;
#[cfg(test)]
mod clock;
#[cfg(test)]
mod corruption;
#[cfg(test)]
mod cosigned;
#[cfg(test)]
mod crashes;
#[cfg(test)]
#[cfg(feature = "postgres")]
mod database;
#[cfg(test)]
mod demands;
#[cfg(test)]
mod envelopes;
#[cfg(test)]
mod gates;
#[cfg(test)]
mod jumps;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod late;
#[cfg(test)]
mod ledgers;
#[cfg(test)]
mod lifted;
#[cfg(test)]
mod models;
#[cfg(test)]
mod policy;
#[cfg(test)]
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(test)]
mod processes;
#[cfg(test)]
#[cfg(feature = "postgres")]
mod proxy;
#[cfg(test)]
mod receipts;
#[cfg(test)]
mod released;
#[cfg(test)]
mod rig;
#[cfg(test)]
mod schemas;
#[cfg(test)]
mod sources;
#[cfg(test)]
mod standing;
#[cfg(test)]
mod timed;
#[cfg(test)]
mod totals;
#[cfg(test)]
mod trust;
#[cfg(test)]
mod upgraded;
