//! The threats of a Service Bus behind an agent: each attack is run by a hostile MCP client against the server,
//! with a broker behind it. What stopped it and what it left is written down as Markdown; docs/threats.md is made
//! of that.

#![expect(clippy::wildcard_enum_match_arm, reason = "what a test does not expect fails it")]

#[cfg(test)]
mod boundary;
#[cfg(test)]
mod covert;
#[cfg(test)]
mod credentials;
#[cfg(test)]
mod dead_letters;
#[cfg(test)]
mod page;
#[cfg(test)]
mod receiver;
#[cfg(test)]
mod sender;
#[cfg(test)]
mod told;
#[cfg(test)]
mod world;
