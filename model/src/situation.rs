//! What a decision depends on beside the policy and the call.

use std::fmt;

use crate::{Attested, Condition, Conformance, History, Moment, Source, Sources, Truth, Value};

/// When a call is decided, and who knows where its values came from and what they conform to.
///
/// A [`Moment`] alone is one in which nobody knows: conditions with `from` are unknown then, and those with
/// `conforms to` unless the value is sealed and was read.
#[derive(Clone, Copy)]
pub struct Situation<'a> {
    /// When.
    pub moment: Moment,
    /// Who knows where values came from, if anybody does.
    pub sources: Option<&'a dyn Sources>,
    /// Who knows what values that stand in clear conform to, if anybody does.
    pub conformance: Option<&'a dyn Conformance>,
}

impl<'a> Situation<'a> {
    /// The situation of a job with this history.
    #[must_use]
    pub fn of(history: &'a dyn History) -> Self {
        Self { moment: Moment::at(history.now()), sources: Some(history), conformance: None }
    }

    /// The situation of a call of which this was attested.
    #[must_use]
    pub const fn attested(moment: Moment, attested: &'a Attested) -> Self {
        Self { moment, sources: Some(attested), conformance: Some(attested) }
    }

    pub(crate) fn came_from(self, sources: &[Source], value: &Value) -> Truth {
        let Some(known) = self.sources else { return Truth::Unknown };
        Truth::any(sources.iter().map(|source| known.came_from(source, value)))
    }

    pub(crate) fn conforms(self, condition: &Condition, value: &Value) -> Truth {
        self.conformance.map_or(Truth::Unknown, |known| known.conforms(condition, value))
    }
}

impl From<Moment> for Situation<'_> {
    fn from(moment: Moment) -> Self {
        Self { moment, sources: None, conformance: None }
    }
}

impl fmt::Debug for Situation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Situation")
            .field("moment", &self.moment)
            .field("sources", &self.sources.is_some())
            .field("conformance", &self.conformance.is_some())
            .finish()
    }
}
