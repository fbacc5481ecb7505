//! What Service Bus asks for an action, and which role grants it.

/// What Service Bus asks of whoever acts ("Rights required for Service Bus operations").
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Right {
    /// To put messages in.
    Send,
    /// To take them out, or look at them.
    Listen,
    /// To create, change, list and delete entities.
    Manage,
}

/// One of Azure's built-in roles.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Role {
    /// Its name.
    pub name: &'static str,
    /// The id of its definition, the same in every tenant.
    pub id: &'static str,
}

/// Every action of `azure_service_bus`, by what it asks for.
const ACTIONS: &[(Right, &[&str])] = &[
    (Right::Send, &["send", "schedule", "cancel_scheduled"]),
    (
        Right::Listen,
        &[
            "receive",
            "peek",
            "complete",
            "abandon",
            "defer",
            "renew_lock",
            "get_session_state",
            "set_session_state",
            "deadletter",
            "deadletter_read",
            "deadletter_purge",
        ],
    ),
    (Right::Manage, &["manage", "list_entities"]),
];

impl Right {
    /// Every right.
    pub const ALL: [Self; 3] = [Self::Send, Self::Listen, Self::Manage];

    /// The right that an action of `azure_service_bus` asks for; `None` for an action that it does not have.
    #[must_use]
    pub fn of(action: &str) -> Option<Self> {
        ACTIONS.iter().find(|(_, actions)| actions.contains(&action)).map(|(right, _)| *right)
    }

    /// Every action that it is enough for.
    #[must_use]
    pub fn actions(self) -> &'static [&'static str] {
        ACTIONS.iter().find(|(right, _)| *right == self).map_or(&[], |(_, actions)| actions)
    }

    /// The narrowest built-in role that grants it.
    #[must_use]
    pub const fn role(self) -> Role {
        match self {
            Self::Send => {
                Role { name: "Azure Service Bus Data Sender", id: "69a216fc-b8fb-44d8-bc22-1f3c2cd27a39" }
            }
            Self::Listen => {
                Role { name: "Azure Service Bus Data Receiver", id: "4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0" }
            }
            Self::Manage => {
                Role { name: "Azure Service Bus Data Owner", id: "090c5cfd-751d-490a-894a-3ce6f1109419" }
            }
        }
    }

    /// What the principal that has it is called: `sender`, `receiver`, `manager`.
    #[must_use]
    pub const fn principal(self) -> &'static str {
        match self {
            Self::Send => "sender",
            Self::Listen => "receiver",
            Self::Manage => "manager",
        }
    }
}
