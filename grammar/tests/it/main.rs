//! Tests of the grammar, by boundary (ARCHITECTURE.md A9).

// `cfg(test)` tells clippy that helpers outside `#[test]` are test code too.
#[cfg(test)]
mod bounds;
#[cfg(test)]
mod corpus;
#[cfg(test)]
mod hints;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod quoting;
#[cfg(test)]
mod render;
#[cfg(test)]
mod spans;
#[cfg(test)]
mod trees;
