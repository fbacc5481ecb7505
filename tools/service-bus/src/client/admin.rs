//! Managing entities and rules, through the administration API.

use std::collections::BTreeMap;

use tokio::time::Instant;
use wpc::interface::azure_service_bus as interface;
use wpc::{Action, Describe, Permit, Permitted, TextMap};
use wpc_model::Value;

use super::{ServiceBus, approved, report_read};
use crate::admin::{Ask, ask};
use crate::begin::{Begun, Needs, Spendable, begin, begin_at_namespace, report};
use crate::dialect::address::{Entity, Node, check_rule};
use crate::dialect::atom::{Described, Entry, describe, describe_rule, entries};
use crate::{BusError, facts};

/// How many entries are asked for at once.
const PAGE: usize = 100;

/// How many entries are listed at most.
const MAX_LISTED: usize = 10_000;

/// What to do with an entity or a rule.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Operation {
    /// Makes an entity.
    Create,
    /// Changes settings of an entity; those that are not named stay.
    Update,
    /// Deletes an entity with all its messages.
    Delete,
    /// Tells an entity's settings.
    Read,
    /// Tells the subscriptions of a topic.
    ListSubscriptions,
    /// Adds a rule to a subscription.
    AddRule,
    /// Removes a rule from a subscription.
    RemoveRule,
    /// Tells the rules of a subscription.
    ListRules,
}

impl Operation {
    const fn choice(self) -> interface::ManageOperation {
        match self {
            Self::Create => interface::ManageOperation::Create,
            Self::Update => interface::ManageOperation::Update,
            Self::Delete => interface::ManageOperation::Delete,
            Self::Read => interface::ManageOperation::Read,
            Self::ListSubscriptions => interface::ManageOperation::ListSubscriptions,
            Self::AddRule => interface::ManageOperation::AddRule,
            Self::RemoveRule => interface::ManageOperation::RemoveRule,
            Self::ListRules => interface::ManageOperation::ListRules,
        }
    }

    /// The word for it in policies and calls, `add_rule`.
    #[must_use]
    pub fn word(self) -> &'static str {
        wpc::argument::Choice::word(self.choice())
    }

    /// The operation of this word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        let all = [
            Self::Create,
            Self::Update,
            Self::Delete,
            Self::Read,
            Self::ListSubscriptions,
            Self::AddRule,
            Self::RemoveRule,
            Self::ListRules,
        ];
        all.into_iter().find(|operation| operation.word() == word)
    }
}

/// One administrative call: what to do, to which rule, with which settings.
///
/// Settings have the administration API's names: `LockDuration`, `MaxDeliveryCount`, `ForwardTo`; a rule's are
/// `SqlFilter` or `CorrelationFilter.FIELD` and `CorrelationFilter.Properties.NAME`, and `SqlAction`.
///
/// ```
/// use wpc_service_bus::{Administration, Operation};
/// let call = Administration::new(Operation::Create).setting("LockDuration", "PT1M");
/// assert_eq!(call.operation().word(), "create");
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Administration {
    operation: Operation,
    rule: Option<String>,
    settings: BTreeMap<String, String>,
}

impl Administration {
    /// This operation, without a rule and settings yet.
    #[must_use]
    pub const fn new(operation: Operation) -> Self {
        Self { operation, rule: None, settings: BTreeMap::new() }
    }

    /// Names the rule.
    #[must_use]
    pub fn rule(mut self, name: impl Into<String>) -> Self {
        self.rule = Some(name.into());
        self
    }

    /// Sets a setting; a second value for the same name replaces the first.
    #[must_use]
    pub fn setting(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.insert(name.into(), value.into());
        self
    }

    /// What to do.
    #[must_use]
    pub const fn operation(&self) -> Operation {
        self.operation
    }
}

impl Describe<interface::Manage> for Administration {
    fn describe(&self) -> interface::ManageArguments<'_> {
        interface::ManageArguments {
            operation: Some(self.operation.choice()),
            rule: self.rule.as_deref(),
            settings: Some(TextMap::from(&self.settings)),
        }
    }
}

/// An entity or a rule, as the broker described it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Description {
    name: String,
    settings: Vec<(String, String)>,
}

impl Description {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its settings, in the broker's order. What is only told (counts, times) is among them.
    #[must_use]
    pub fn settings(&self) -> &[(String, String)] {
        &self.settings
    }

    /// One setting.
    #[must_use]
    pub fn setting(&self, name: &str) -> Option<&str> {
        self.settings.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

impl From<Entry> for Description {
    fn from(Entry { name, settings }: Entry) -> Self {
        Self { name, settings }
    }
}

impl ServiceBus {
    /// Does one administrative operation on the permit's entity, and tells what the broker says is there now:
    /// one description, or a list, or nothing after a deletion. Somebody must have approved the call.
    ///
    /// # Errors
    ///
    /// [`BusError`]; [`BusError::effect`] tells whether it may have taken effect.
    pub async fn manage<A>(
        &self,
        call: Permitted<'_, Administration, A>,
    ) -> Result<Vec<Description>, BusError>
    where
        A: Action<Interface = interface::Manage>,
    {
        self.administer(call).await
    }

    /// Lists the queues or the topics of the namespace, as the call's `kind` says. Somebody must have approved
    /// the call.
    ///
    /// # Errors
    ///
    /// As [`manage`](Self::manage).
    pub async fn list_entities<A>(&self, permit: Permit<'_, A>) -> Result<Vec<Description>, BusError>
    where
        A: Action<Interface = interface::ListEntities>,
    {
        self.list(permit).await
    }

    pub(super) async fn administer<P: Spendable<Value = Administration>>(
        &self,
        permit: P,
    ) -> Result<Vec<Description>, BusError> {
        let begun = begin(&self.wire, permit, Needs::Nothing).await?;
        let managed = async {
            let Administration { operation, rule, settings } = &begun.value;
            let text = settings.iter().map(|(name, value)| (name.clone(), Value::text(value.as_str())));
            let arguments = [
                ("operation", Some(Value::text(operation.word()))),
                ("rule", facts::text(rule.as_deref())),
                ("settings", Some(Value::Map(text.collect()))),
            ];
            facts::compare_arguments(begun.spent.call(), Some(&begun.entity), arguments)?;
            approved(&begun.spent, "manage")?;
            self.operate(&begun).await
        };
        let managed: Result<Vec<Description>, BusError> = managed.await;
        report(&begun.spent, managed.as_ref().map(|_| (begun.value.operation.word(), String::new())));
        managed
    }

    async fn operate(&self, begun: &Begun<Administration>) -> Result<Vec<Description>, BusError> {
        let Administration { operation, rule, settings } = &begun.value;
        let (node, path) = (begun.entity.node(), begun.entity.node().address().to_owned());
        let takes_settings = matches!(operation, Operation::Create | Operation::Update | Operation::AddRule);
        let takes_rule = matches!(operation, Operation::AddRule | Operation::RemoveRule);
        let fits = match operation {
            Operation::ListSubscriptions => matches!(begun.entity, Entity::Topic(_)),
            Operation::AddRule | Operation::RemoveRule | Operation::ListRules => {
                matches!(begun.entity, Entity::Subscription { .. })
            }
            Operation::Create | Operation::Update | Operation::Delete | Operation::Read => true,
        };
        if !fits {
            return Err(BusError::DescribedDiffers { what: "entity" });
        }
        if rule.is_some() != takes_rule {
            return Err(BusError::DescribedDiffers { what: "rule" });
        }
        if !takes_settings && !settings.is_empty() {
            return Err(BusError::DescribedDiffers { what: "settings" });
        }
        let rule_path = match rule {
            Some(rule) => {
                check_rule(rule)?;
                format!("{path}/rules/{rule}")
            }
            None => String::new(),
        };
        let asked = match operation {
            Operation::Create => {
                let body = encoded(settings, describe(described(&begun.entity), settings)?)?;
                begun.spent.facts_encoded();
                self.asked(&node, Ask::put(path, body, false), begun.begin_by).await
            }
            Operation::Update => self.update(begun, &node, path).await,
            Operation::AddRule => {
                let body = describe_rule(rule.as_deref().unwrap_or_default(), settings)?;
                let body = encoded(settings, body)?;
                begun.spent.facts_encoded();
                self.asked(&node, Ask::put(rule_path, body, false), begun.begin_by).await
            }
            Operation::Delete => {
                begun.spent.facts_encoded();
                self.asked(&node, Ask::delete(path), begun.begin_by).await
            }
            Operation::RemoveRule => {
                begun.spent.facts_encoded();
                self.asked(&node, Ask::delete(rule_path), begun.begin_by).await
            }
            Operation::Read => {
                begun.spent.facts_encoded();
                self.read(&node, path, begun.begin_by).await.map(|entry| vec![entry])
            }
            Operation::ListSubscriptions => {
                begun.spent.facts_encoded();
                self.pages(&node, &format!("{path}/subscriptions"), begun.begin_by).await
            }
            Operation::ListRules => {
                begun.spent.facts_encoded();
                self.pages(&node, &format!("{path}/rules"), begun.begin_by).await
            }
        };
        Ok(asked?.into_iter().map(Description::from).collect())
    }

    /// Changes some settings: the API takes all of them or forgets the rest, so what is there is read first.
    async fn update(
        &self,
        begun: &Begun<Administration>,
        node: &Node,
        path: String,
    ) -> Result<Vec<Entry>, BusError> {
        let of = described(&begun.entity);
        // To find what is no setting before anything is asked.
        drop(describe(of, &begun.value.settings)?);
        let there = self.read(node, path.clone(), begun.begin_by).await?;
        let mut settings: BTreeMap<String, String> =
            there.settings.into_iter().filter(|(name, value)| of.takes(name) && !value.is_empty()).collect();
        settings.extend(begun.value.settings.clone());
        let body = encoded(&settings, describe(of, &settings)?)?;
        begun.spent.facts_encoded();
        self.asked(node, Ask::put(path, body, true), begun.begin_by).await
    }

    pub(super) async fn list<P: Spendable>(&self, permit: P) -> Result<Vec<Description>, BusError> {
        let (_, spent, begin_by) = begin_at_namespace(&self.wire, permit)?;
        let listed = async {
            let kind = spent.call().arguments.get("kind").and_then(Value::as_text).map(str::to_owned);
            let (path, root) = match kind.as_deref() {
                Some("queue") => ("$Resources/queues", Node::root()),
                Some("topic") => ("$Resources/topics", Node::root()),
                Some(_) | None => return Err(BusError::DescribedDiffers { what: "kind" }),
            };
            facts::compare_arguments(spent.call(), None, [("kind", facts::text(kind.as_deref()))])?;
            approved(&spent, "list_entities")?;
            spent.facts_encoded();
            let entries = self.pages(&root, path, begin_by).await?;
            Ok(entries.into_iter().map(Description::from).collect())
        };
        let listed: Result<Vec<Description>, BusError> = listed.await;
        report_read(&spent, "listed", &listed, |_| String::new());
        listed
    }

    async fn asked(&self, node: &Node, what: Ask, begin_by: Instant) -> Result<Vec<Entry>, BusError> {
        ask(&self.wire, node, what, begin_by).await
    }

    /// One description. Where there is nothing, Azure answers with a feed of nothing.
    async fn read(&self, node: &Node, path: String, begin_by: Instant) -> Result<Entry, BusError> {
        let found = self.asked(node, Ask::get(path), begin_by).await?;
        found.into_iter().next().ok_or_else(|| BusError::Rejected {
            condition: "status 404".to_owned(),
            description: "no such entity".to_owned(),
        })
    }

    async fn pages(&self, node: &Node, path: &str, begin_by: Instant) -> Result<Vec<Entry>, BusError> {
        let mut all = self.asked(node, Ask::page(path.to_owned(), 0, PAGE), begin_by).await?;
        let mut last = all.len();
        while last >= PAGE && all.len() < MAX_LISTED {
            // The first page was asked for in time; the rest is the same question.
            let by = Instant::now() + self.wire.timeouts.answer;
            let page = self.asked(node, Ask::page(path.to_owned(), all.len(), PAGE), by).await?;
            last = page.len();
            all.extend(page);
        }
        Ok(all)
    }
}

fn described(entity: &Entity) -> Described {
    match entity {
        Entity::Queue(_) => Described::Queue,
        Entity::Topic(_) => Described::Topic,
        Entity::Subscription { .. } => Described::Subscription,
    }
}

/// A description as it is sent, if it reads back as the settings that it was made of.
fn encoded(settings: &BTreeMap<String, String>, body: String) -> Result<String, BusError> {
    let read = entries(&body).and_then(|entries| entries.into_iter().next());
    let read: Option<BTreeMap<String, String>> = read.map(|entry| entry.settings.into_iter().collect());
    if read.as_ref() == Some(settings) {
        Ok(body)
    } else {
        Err(BusError::DescribedDiffers { what: "encoding" })
    }
}
