//! Topics: who subscribes, and by which rules.

use std::collections::BTreeMap;

use super::rule::Rule;
use crate::message::Message;

/// What stands between a topic and a subscription in a path.
pub(crate) const SUBSCRIPTIONS: &str = "/subscriptions/";

/// What follows an entity's path in its dead-letter queue's.
pub(crate) const DEADLETTER: &str = "/$deadletterqueue";

#[derive(Debug, Default)]
pub(super) struct Topic(BTreeMap<String, Vec<Rule>>);

impl Topic {
    pub(super) fn subscribe(&mut self, name: String) {
        self.0.entry(name).or_insert_with(|| vec![Rule::default_one()]);
    }

    pub(super) fn unsubscribe(&mut self, name: &str) {
        self.0.remove(name);
    }

    pub(super) fn rules(&mut self, name: &str) -> Option<&mut Vec<Rule>> {
        self.0.get_mut(name)
    }

    /// The subscriptions that take a message.
    pub(super) fn takers(&self, message: &Message) -> Vec<String> {
        let takes = |rules: &&Vec<Rule>| rules.iter().any(|rule| rule.filter.takes(message));
        self.0.iter().filter(|(_, rules)| takes(rules)).map(|(name, _)| name.clone()).collect()
    }
}
