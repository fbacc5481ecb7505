//! One test binary, one module per boundary.

#![expect(clippy::wildcard_enum_match_arm, reason = "what a test does not expect fails it")]

#[cfg(test)]
mod cookbook;
#[cfg(test)]
mod differential;
#[cfg(test)]
mod doors;
#[cfg(test)]
mod extends;
#[cfg(test)]
mod gate;
#[cfg(test)]
mod goldens;
#[cfg(test)]
mod history;
#[cfg(test)]
mod hours;
#[cfg(test)]
mod house;
#[cfg(test)]
mod names;
#[cfg(test)]
mod outcomes;
#[cfg(test)]
mod send;
#[cfg(test)]
mod shown;
#[cfg(test)]
mod tidy;
#[cfg(test)]
mod weaknesses;

#[cfg(test)]
#[path = "../random/mod.rs"]
mod random;
