//! What a decision depends on beside the policy and the call.

use std::fmt;

use crate::{History, Moment, Source, Sources, Truth, Value};

/// When a call is decided, and who knows where its values came from.
///
/// A [`Moment`] alone is one in which nobody knows: conditions with `from` are unknown then.
#[derive(Clone, Copy)]
pub struct Situation<'a> {
    /// When.
    pub moment: Moment,
    /// Who knows where values came from, if anybody does.
    pub sources: Option<&'a dyn Sources>,
}

impl<'a> Situation<'a> {
    /// The situation of a job with this history.
    #[must_use]
    pub fn of(history: &'a dyn History) -> Self {
        Self { moment: Moment::at(history.now()), sources: Some(history) }
    }

    pub(crate) fn came_from(self, sources: &[Source], value: &Value) -> Truth {
        let Some(known) = self.sources else { return Truth::Unknown };
        Truth::any(sources.iter().map(|source| known.came_from(source, value)))
    }
}

impl From<Moment> for Situation<'_> {
    fn from(moment: Moment) -> Self {
        Self { moment, sources: None }
    }
}

impl fmt::Debug for Situation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = self.sources.is_some();
        f.debug_struct("Situation").field("moment", &self.moment).field("sources", &known).finish()
    }
}
