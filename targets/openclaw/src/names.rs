//! How OpenClaw calls the tools of MCP servers: `SERVER__TOOL`, of characters that every model provider takes.
//!
//! Its own rules (2026.9.6, `agent-bundle-mcp-names`), done again, because an allowlist is of these names: one
//! that is spelled otherwise allows nothing.

use std::collections::BTreeSet;

/// Longest name of a server.
const MAX_SERVER: usize = 30;
/// Longest name of a tool, its server's included.
const MAX_TOTAL: usize = 64;
/// What stands between a server's name and a tool's.
pub(crate) const BETWEEN: &str = "__";

/// The safe names of servers that are declared in this order.
///
/// ```
/// use wpc_openclaw::safe_servers;
/// assert_eq!(safe_servers(["orders", "Orders", "7 seas"]), ["orders", "Orders-2", "mcp-7-seas"]);
/// ```
pub fn safe_servers<'a>(declared: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut taken = BTreeSet::new();
    declared
        .into_iter()
        .map(|raw| first_free(&cut(&fragment(raw, "mcp"), MAX_SERVER), MAX_SERVER, &mut taken))
        .collect()
}

/// The name under which a model sees a server's tool, where no other tool has it.
///
/// ```
/// use wpc_openclaw::tool_name;
/// assert_eq!(tool_name("orders", "queue.send"), "orders__queue-send");
/// ```
#[must_use]
pub fn tool_name(safe_server: &str, raw: &str) -> String {
    let room = MAX_TOTAL.saturating_sub(safe_server.len()).saturating_sub(BETWEEN.len()).max(1);
    format!("{safe_server}{BETWEEN}{}", cut(&fragment(raw, "tool"), room))
}

/// As OpenClaw compares names: without regard to case.
pub(crate) fn folded(name: &str) -> String {
    name.trim().to_lowercase()
}

/// What may be an agent's id as it is written.
///
/// ```
/// use wpc_openclaw::is_agent_id;
/// assert!(is_agent_id("billing-2"));
/// assert!(!is_agent_id("Billing") && !is_agent_id("") && !is_agent_id("did:key:z6Mk"));
/// ```
#[must_use]
pub fn is_agent_id(text: &str) -> bool {
    let plain = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    bytes.len() <= 64
        && bytes.first().is_some_and(plain)
        && bytes.iter().all(|byte| plain(byte) || matches!(byte, b'-' | b'_'))
}

/// Characters that stay, and a letter in front.
fn fragment(raw: &str, fallback: &str) -> String {
    // JavaScript counts UTF-16 units, and replaces each.
    let units = |c: char| {
        if c.is_ascii_alphanumeric() || matches!(c, '_' | '-') {
            c.to_string()
        } else {
            "-".repeat(c.len_utf16())
        }
    };
    let safe: String = raw.trim().chars().map(units).collect();
    match safe.chars().next() {
        None => fallback.to_owned(),
        Some(first) if first.is_ascii_alphabetic() => safe,
        Some(_) => format!("{fallback}-{safe}"),
    }
}

/// The first `most` characters; all of them are ASCII.
fn cut(safe: &str, most: usize) -> String {
    safe.chars().take(most).collect()
}

fn first_free(base: &str, most: usize, taken: &mut BTreeSet<String>) -> String {
    let mut candidate = base.to_owned();
    let mut number = 2_usize;
    while !taken.insert(folded(&candidate)) {
        let suffix = format!("-{number}");
        candidate = format!("{}{suffix}", cut(base, most.saturating_sub(suffix.len()).max(1)));
        number = number.saturating_add(1);
    }
    candidate
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_is_cut_and_stays_within_its_bound() {
        let server = safe_servers(["a-server-with-a-name-of-forty-characters"]).remove(0);
        assert_eq!(server, "a-server-with-a-name-of-forty-");
        let name = tool_name(&server, &"x".repeat(100));
        assert_eq!(name.len(), 64);
        assert!(name.starts_with("a-server-with-a-name-of-forty-__xxx"));
    }

    #[test]
    fn servers_of_one_safe_name_are_numbered_in_their_order() {
        let long = "b".repeat(40);
        assert_eq!(
            safe_servers(["a.b", "a b", "A-B", &long, &long]),
            ["a-b", "a-b-2", "A-B-3", &"b".repeat(30), &format!("{}-2", "b".repeat(28))]
        );
    }

    #[test]
    fn what_does_not_begin_with_a_letter_is_told_apart() {
        assert_eq!(safe_servers(["", "  ", "_x"]), ["mcp", "mcp-2", "mcp-_x"]);
        assert_eq!(tool_name("s", "9lives"), "s__tool-9lives");
        assert_eq!(tool_name("s", "größe"), "s__gr--e");
        assert_eq!(tool_name("s", "a😀"), "s__a--");
    }
}
