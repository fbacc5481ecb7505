//! The verbs, one file each.

pub(crate) mod approve;
pub(crate) mod bundle;
pub(crate) mod check;
pub(crate) mod compile;
pub(crate) mod completions;
pub(crate) mod demo;
pub(crate) mod diff;
pub(crate) mod emit;
pub(crate) mod explain;
pub(crate) mod fmt;
pub(crate) mod import;
pub(crate) mod key;
pub(crate) mod ledger;
pub(crate) mod lock;
pub(crate) mod man;
pub(crate) mod mcp;
pub(crate) mod new;
pub(crate) mod replay;
pub(crate) mod revoke;
pub(crate) mod show;
pub(crate) mod sign;
pub(crate) mod test;
pub(crate) mod token;
pub(crate) mod verify;
pub(crate) mod why;
