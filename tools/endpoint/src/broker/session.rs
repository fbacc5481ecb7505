//! Message sessions: who holds which, and what is kept about each.

use std::collections::BTreeMap;

use super::refusal::Refusal;

/// Who holds something: one link of one connection.
pub(crate) type Holder = u64;

#[derive(Debug, Default)]
pub(super) struct Sessions(BTreeMap<String, Session>);

#[derive(Debug, Default)]
struct Session {
    held: Option<(Holder, i64)>,
    state: Option<Vec<u8>>,
}

impl Sessions {
    pub(super) fn tick(&mut self, now_ms: i64) {
        for session in self.0.values_mut() {
            session.held = session.held.filter(|(_, until_ms)| *until_ms > now_ms);
        }
    }

    pub(super) fn is_free(&self, id: &str) -> bool {
        self.0.get(id).is_none_or(|session| session.held.is_none())
    }

    pub(super) fn hold(&mut self, id: &str, holder: Holder, until_ms: i64) -> Result<(), Refusal> {
        if !self.is_free(id) {
            return Err(Refusal::SESSION_TAKEN.into());
        }
        self.0.entry(id.to_owned()).or_default().held = Some((holder, until_ms));
        Ok(())
    }

    pub(super) fn is_held_by(&self, id: &str, holder: Holder) -> bool {
        self.0.get(id).and_then(|session| session.held).is_some_and(|(by, _)| by == holder)
    }

    /// Lets go of what `holder` has.
    pub(super) fn release(&mut self, holder: Holder) {
        for session in self.0.values_mut() {
            session.held = session.held.filter(|(by, _)| *by != holder);
        }
    }

    pub(super) fn renew(&mut self, id: &str, until_ms: i64) -> Result<(), Refusal> {
        let held = self.0.get_mut(id).and_then(|session| session.held.as_mut());
        held.ok_or(Refusal::SESSION_LOST)?.1 = until_ms;
        Ok(())
    }

    pub(super) fn state(&self, id: &str) -> Option<Vec<u8>> {
        self.0.get(id).and_then(|session| session.state.clone())
    }

    /// Keeps something about a session that somebody holds.
    pub(super) fn set_state(&mut self, id: &str, state: Option<Vec<u8>>) -> Result<(), Refusal> {
        if self.is_free(id) {
            return Err(Refusal::SESSION_LOST.into());
        }
        self.0.entry(id.to_owned()).or_default().state = state;
        Ok(())
    }

    pub(super) fn with_state(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter(|(_, session)| session.state.is_some()).map(|(id, _)| id.as_str())
    }
}
