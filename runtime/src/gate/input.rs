//! What a job was asked to do.

use std::fmt;

use wpc_model::{Given, Malformed};

/// A job's input: what whoever starts it asks for, never what the agent makes of it. Policies may demand
/// that a call's values come from it (`each recipients from [job.input]`).
///
/// Every text and every whole number in it is a value, wherever it stands; keys of objects, truth values and
/// other numbers are none. The ledger holds no value, but a hash of each under a secret of the job.
///
/// ```
/// use wpc::Input;
/// let input = Input::from_json(br#"{"to": ["carol@example.com"], "order": 17}"#)?;
/// assert_eq!(format!("{input:?}"), "Input(..)");
/// # Ok::<(), wpc_model::Malformed>(())
/// ```
#[derive(Clone, Default, Eq, PartialEq)]
pub struct Input(Option<Given>);

impl Input {
    /// Nothing: no value comes from it.
    pub const NONE: Self = Self(None);

    /// Reads JSON of at most [`MAX_CALL_BYTES`](wpc_model::MAX_CALL_BYTES) bytes.
    ///
    /// # Errors
    ///
    /// [`Malformed`] only if it is not JSON, has a key twice, or is too large.
    pub fn from_json(json: &[u8]) -> Result<Self, Malformed> {
        Given::from_json(json).map(|given| Self(Some(given)))
    }

    pub(super) const fn given(&self) -> Option<&Given> {
        self.0.as_ref()
    }
}

/// Says nothing of what is in it.
impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Input(..)" } else { "Input(none)" })
    }
}
