//! The Model Context Protocol beside a gate.

mod offers;
mod rig;
mod session;
