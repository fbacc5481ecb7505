//! The client behind a gate: a policy, annotated tools, a ledger, and real connections.

#[cfg(test)]
mod desk;
#[cfg(test)]
mod evidence;
#[cfg(test)]
mod permits;
#[cfg(test)]
mod place;
#[cfg(test)]
mod tools;
