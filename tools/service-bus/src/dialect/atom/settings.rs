//! The settings of each kind of entity, in the order in which they are written.

/// What a description is of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Described {
    Queue,
    Topic,
    Subscription,
}

/// Those that a queue may be given. Not `AuthorizationRules`: keys are nothing for an agent.
const QUEUE: [&str; 18] = [
    "LockDuration",
    "MaxSizeInMegabytes",
    "RequiresDuplicateDetection",
    "RequiresSession",
    "DefaultMessageTimeToLive",
    "DeadLetteringOnMessageExpiration",
    "DuplicateDetectionHistoryTimeWindow",
    "MaxDeliveryCount",
    "EnableBatchedOperations",
    "Status",
    "SupportOrdering",
    "AutoDeleteOnIdle",
    "EnablePartitioning",
    "EnableExpress",
    "ForwardTo",
    "UserMetadata",
    "ForwardDeadLetteredMessagesTo",
    "MaxMessageSizeInKilobytes",
];

const TOPIC: [&str; 12] = [
    "DefaultMessageTimeToLive",
    "MaxSizeInMegabytes",
    "RequiresDuplicateDetection",
    "DuplicateDetectionHistoryTimeWindow",
    "EnableBatchedOperations",
    "Status",
    "SupportOrdering",
    "AutoDeleteOnIdle",
    "EnablePartitioning",
    "EnableExpress",
    "UserMetadata",
    "MaxMessageSizeInKilobytes",
];

const SUBSCRIPTION: [&str; 12] = [
    "LockDuration",
    "RequiresSession",
    "DefaultMessageTimeToLive",
    "DeadLetteringOnMessageExpiration",
    "DeadLetteringOnFilterEvaluationExceptions",
    "MaxDeliveryCount",
    "EnableBatchedOperations",
    "Status",
    "ForwardTo",
    "UserMetadata",
    "ForwardDeadLetteredMessagesTo",
    "AutoDeleteOnIdle",
];

impl Described {
    pub(super) const fn settings(self) -> &'static [&'static str] {
        match self {
            Self::Queue => &QUEUE,
            Self::Topic => &TOPIC,
            Self::Subscription => &SUBSCRIPTION,
        }
    }

    pub(super) const fn element(self) -> &'static str {
        match self {
            Self::Queue => "QueueDescription",
            Self::Topic => "TopicDescription",
            Self::Subscription => "SubscriptionDescription",
        }
    }

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Topic => "topic",
            Self::Subscription => "subscription",
        }
    }

    /// Whether it may be set; what is only told, a count or a time, may not.
    pub(crate) fn takes(self, setting: &str) -> bool {
        self.settings().contains(&setting)
    }
}
