//! The facts of `azure_service_bus`.

use wpc::interface::azure_service_bus::*;

use super::drawn::{Drawn, Fields};
use super::facts::{Read, facts};

facts! {
    choices { ReceiveMode { PeekLock, ReceiveAndDelete } }
    records { Message, MessageRecord { body, content_type, message_bytes, properties, session_id } }
    actions {
        Send, SendArguments { messages }
        Schedule, ScheduleArguments { at, messages }
        CancelScheduled, CancelScheduledArguments { messages }
        Receive, ReceiveArguments { messages, mode }
        Peek, PeekArguments { messages }
        Complete, CompleteArguments { messages }
        Abandon, AbandonArguments { messages }
        Defer, DeferArguments { messages }
        RenewLock, RenewLockArguments { messages }
        Deadletter, DeadletterArguments { messages }
        DeadletterRead, DeadletterReadArguments { messages }
        DeadletterPurge, DeadletterPurgeArguments { messages }
        Manage, ManageArguments {}
    }
}
