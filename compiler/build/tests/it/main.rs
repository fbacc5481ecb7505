//! What the build door writes.

#[cfg(test)]
mod shipped;
