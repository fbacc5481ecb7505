//! The facts of `azure_service_bus`.

use wpc::interface::azure_service_bus::*;

use super::drawn::{Drawn, Fields};
use super::facts::{Read, facts};

facts! {
    choices {
        ListEntitiesKind { Queue, Topic }
        ManageOperation { Create, Update, Delete, Read, ListSubscriptions, AddRule, RemoveRule, ListRules }
        ReceiveMode { PeekLock, ReceiveAndDelete }
    }
    records { Message, MessageRecord { body, content_type, message_bytes, properties, session_id } }
    actions {
        Send, SendArguments { messages }
        Schedule, ScheduleArguments { at, messages }
        CancelScheduled, CancelScheduledArguments { messages }
        Receive, ReceiveArguments { messages, mode, session_id }
        Peek, PeekArguments { messages }
        Complete, CompleteArguments { messages }
        Abandon, AbandonArguments { messages }
        Defer, DeferArguments { messages }
        RenewLock, RenewLockArguments { messages }
        Deadletter, DeadletterArguments { description, messages, reason }
        DeadletterRead, DeadletterReadArguments { messages }
        DeadletterPurge, DeadletterPurgeArguments { messages }
        GetSessionState, GetSessionStateArguments { session_id }
        SetSessionState, SetSessionStateArguments { session_id, state_bytes }
        ListEntities, ListEntitiesArguments { kind }
        Manage, ManageArguments { operation, rule, settings }
    }
}
