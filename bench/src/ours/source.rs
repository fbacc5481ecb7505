//! The problem in the policy language.

use std::fmt::Write as _;

use crate::problem::{HOST, action, most_kib, queue};

/// The tool, so that `receive` and `manage` take what `send` takes.
const INTERFACE: &str = r#"
tool bus {
    scope namespace(host: host) = "sb://{host}"
    resource queue(name: entity_name<260>) = "{namespace}/{name}"
    action send to queue { message_bytes: bytes; properties: map<text> }
    action receive from queue { message_bytes: bytes; properties: map<text> }
    action manage on queue { message_bytes: bytes; properties: map<text> }
}
"#;

/// A policy of `rules` rules on one queue each.
#[must_use]
pub fn exact(rules: usize) -> String {
    policy(|allows| {
        for index in 0..rules {
            let (action, queue) = (action(index), queue(index));
            let preposition = if action == "send" { "to" } else { "from" };
            // Writing to a String cannot fail.
            let _ = writeln!(allows, r#"        allow {action} {preposition} queue("{queue}")"#);
        }
    })
}

/// A policy of `rules` rules on one queue each, each under three conditions of its own.
#[must_use]
pub fn conditioned(rules: usize) -> String {
    policy(|allows| {
        for index in 0..rules {
            let (action, queue, most) = (action(index), queue(index), most_kib(index));
            let preposition = if action == "send" { "to" } else { "from" };
            let _ = writeln!(
                allows,
                r#"        allow {action} {preposition} queue("{queue}") when {{ message_bytes <= {most} KiB; properties has ["tenant"]; properties lacks ["cookie"] }}"#
            );
        }
    })
}

/// A policy of `patterns` rules for `send`, of which only a pattern says the queue.
#[must_use]
pub fn like(patterns: usize) -> String {
    policy(|allows| {
        for index in 0..patterns {
            let _ = writeln!(allows, r#"        allow send to queue(like "{}")"#, queue(index) + "-*-eu");
        }
    })
}

fn policy(allows: impl FnOnce(&mut String)) -> String {
    let mut text = format!("{INTERFACE}\npolicy bench {{\n    tool bus at namespace(\"{HOST}\") {{\n");
    allows(&mut text);
    text.push_str(
        r#"        require send, receive {
            message_bytes <= 128 KiB
            properties has ["schema_version", "correlation_id"]
            properties lacks ["authorization", "cookie"]
        }
        deny manage on any
    }
    token { pin policy; bind job }
}
"#,
    );
    text
}
