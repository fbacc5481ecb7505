//! The Model Context Protocol beside a gate.

mod behind;
mod imported;
mod offers;
mod rig;
mod session;
