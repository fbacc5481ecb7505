//! The policies that were compiled into this test.

use wpc::{NotAllowed, Place};

use super::drawn::Fields;
use super::facts::Answer;

/// A policy, its artifact and its code.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) name: &'static str,
    pub(super) text: &'static str,
    /// The artifact; `None` where the test encodes it itself.
    pub(super) artifact: Option<&'static [u8]>,
    /// The hash that the code was generated for.
    pub(super) hash: &'static str,
    /// The tool's name in the policy.
    pub(super) tool: &'static str,
    pub(super) actions: &'static [Action],
    pub(super) kinds: &'static [Kind],
}

/// An action's code.
#[derive(Debug)]
pub(super) struct Action {
    pub(super) name: &'static str,
    pub(super) ask: fn(Option<&Place>, &Fields) -> Answer,
}

/// The code of a kind of resources.
#[derive(Debug)]
pub(super) struct Kind {
    pub(super) name: &'static str,
    /// A name in the program's text.
    pub(super) named: fn(&'static [&'static str]) -> Place,
    /// A name that comes at run time; `None` if they are not so many.
    pub(super) parse: fn(&[&str]) -> Option<Result<Place, NotAllowed>>,
}
