//! What is emitted is never wider than its policy, and what is wider is found.

mod emitted;
mod layers;
mod stand;
mod traps;
