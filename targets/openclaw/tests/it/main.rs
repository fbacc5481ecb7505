//! What is emitted is never wider than its policy, and what is wider is found.

#[cfg(test)]
mod emitted;
#[cfg(test)]
mod layers;
#[cfg(test)]
mod stand;
#[cfg(test)]
mod traps;
