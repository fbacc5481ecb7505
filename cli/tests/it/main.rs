//! The command line as its users see it: what it says, how it ends, what it writes.

#[cfg(test)]
mod audit;
#[cfg(test)]
mod bridge;
#[cfg(test)]
mod bundle;
#[cfg(test)]
mod bus;
#[cfg(test)]
mod codes;
#[cfg(test)]
mod demo;
#[cfg(test)]
mod diff;
#[cfg(test)]
mod files;
#[cfg(test)]
mod follows;
#[cfg(test)]
mod issued;
#[cfg(test)]
mod linking;
#[cfg(test)]
mod lints;
#[cfg(test)]
mod openclaw;
#[cfg(test)]
mod place;
#[cfg(test)]
mod policy;
#[cfg(test)]
mod postgres;
#[cfg(test)]
mod project;
#[cfg(test)]
mod release;
#[cfg(test)]
mod revoke;
#[cfg(test)]
mod seed;
#[cfg(test)]
mod show;
#[cfg(test)]
mod signing;
#[cfg(test)]
mod test;
#[cfg(test)]
mod token;
#[cfg(test)]
mod usage;
#[cfg(test)]
mod why;
