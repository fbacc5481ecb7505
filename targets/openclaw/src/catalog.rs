//! The tools that OpenClaw has of its own (2026.9.6, `tool-catalog`): their groups and profiles.

/// The version whose tools, groups and precedence these are.
pub const OPENCLAW_VERSION: &str = "2026.9.6";

const NONE: &[&str] = &[];
const CODING: &[&str] = &["coding"];
const MESSAGING: &[&str] = &["messaging"];
const WORK: &[&str] = &["coding", "messaging"];
const EVERY: &[&str] = &["minimal", "coding", "messaging"];

/// Name, section (`group:SECTION`), and the profiles that it is in.
const CORE: &[(&str, &str, &[&str])] = &[
    ("ls", "fs", CODING),
    ("read", "fs", CODING),
    ("write", "fs", CODING),
    ("edit", "fs", CODING),
    ("apply_patch", "fs", CODING),
    ("exec", "runtime", CODING),
    ("process", "runtime", CODING),
    ("code_execution", "runtime", CODING),
    ("secrets", "runtime", WORK),
    ("web_search", "web", CODING),
    ("web_fetch", "web", CODING),
    ("x_search", "web", CODING),
    ("memory_search", "memory", CODING),
    ("memory_get", "memory", CODING),
    ("sessions", "sessions", WORK),
    ("sessions_list", "sessions", WORK),
    ("sessions_history", "sessions", WORK),
    ("sessions_search", "sessions", WORK),
    ("conversations_list", "sessions", WORK),
    ("conversations_send", "sessions", WORK),
    ("conversations_turn", "sessions", WORK),
    ("sessions_send", "sessions", WORK),
    ("sessions_spawn", "sessions", WORK),
    ("github_identity_status", "sessions", CODING),
    ("github_publish", "sessions", CODING),
    ("agents_wait", "sessions", CODING),
    ("sessions_yield", "sessions", WORK),
    ("subagents", "sessions", WORK),
    ("session_status", "sessions", EVERY),
    ("suggest_task", "sessions", CODING),
    ("dismiss_task", "sessions", CODING),
    ("browser", "ui", NONE),
    ("screen", "ui", CODING),
    ("theme", "ui", WORK),
    ("dashboard", "ui", CODING),
    ("terminal", "ui", CODING),
    ("portal", "ui", CODING),
    ("canvas", "ui", NONE),
    ("show_widget", "ui", NONE),
    ("message", "messaging", MESSAGING),
    ("heartbeat_respond", "automation", NONE),
    ("automations", "automation", CODING),
    ("gateway", "automation", EVERY),
    ("plugins", "automation", CODING),
    ("openclaw", "automation", NONE),
    ("nodes", "nodes", NONE),
    ("computer", "nodes", NONE),
    ("mobile_ui", "nodes", NONE),
    ("agents_list", "agents", NONE),
    ("get_goal", "agents", CODING),
    ("create_goal", "agents", CODING),
    ("update_goal", "agents", CODING),
    ("progress_card", "agents", CODING),
    ("ask_user", "agents", WORK),
    ("skill_workshop", "agents", CODING),
    ("view_image", "media", CODING),
    ("image_generate", "media", CODING),
    ("music_generate", "media", CODING),
    ("video_generate", "media", CODING),
    ("tts", "media", NONE),
    ("pdf", "media", NONE),
];

/// What `group:openclaw` leaves out.
const NOT_OPENCLAW: &[&str] = &["ls", "read", "write", "edit", "apply_patch", "exec", "process", "canvas"];

/// The plugin to which the tools of all MCP servers belong.
pub(crate) const MCP_PLUGIN: &str = "bundle-mcp";
/// Every tool of every plugin.
pub(crate) const PLUGINS_GROUP: &str = "group:plugins";

/// What a sandbox lets through where its `allow` is not said.
pub(crate) const SANDBOX_ALLOW: &[&str] = &[
    "exec",
    "process",
    "read",
    "ls",
    "write",
    "edit",
    "apply_patch",
    "view_image",
    "sessions_list",
    "sessions_history",
    "sessions_search",
    "sessions_send",
    "sessions_spawn",
    "sessions_yield",
    "subagents",
    "session_status",
];

/// What a sandbox keeps out where its `deny` is not said, but for tools called like channels.
pub(crate) const SANDBOX_DENY: &[&str] =
    &["browser", "canvas", "computer", "mobile_ui", "nodes", "automations", "gateway"];

/// Groups that have no tool in them that a policy could speak of. Denied, so that a list that is emptied by hand
/// does not open them.
pub(crate) const DENIED_GROUPS: &[&str] = &[
    "group:fs",
    "group:runtime",
    "group:web",
    "group:memory",
    "group:sessions",
    "group:ui",
    "group:messaging",
    "group:automation",
    "group:nodes",
    "group:agents",
    "group:media",
];

/// The names of OpenClaw's own tools.
pub fn core_tools() -> impl Iterator<Item = &'static str> {
    CORE.iter().map(|(name, ..)| *name)
}

/// Whether `name` is one of OpenClaw's own tools.
pub(crate) fn is_core(name: &str) -> bool {
    core_tools().any(|core| core == name)
}

/// Whether `group` (`group:fs`) has the tool `name`; `None` if there is no such group.
pub(crate) fn in_group(group: &str, name: &str) -> Option<bool> {
    if group == "group:openclaw" {
        return Some(is_core(name) && !NOT_OPENCLAW.contains(&name));
    }
    let section = group.strip_prefix("group:")?;
    let mut of = CORE.iter().filter(|(_, of, _)| *of == section).peekable();
    of.peek()?;
    Some(of.any(|(core, ..)| *core == name))
}

/// What a profile allows; `None` if there is no such profile.
pub(crate) fn profile(name: &str) -> Option<Vec<&'static str>> {
    match name {
        "full" => Some(vec!["*"]),
        "minimal" | "coding" | "messaging" => {
            let of = CORE.iter().filter(|(_, _, profiles)| profiles.contains(&name)).map(|(core, ..)| *core);
            // `minimal` alone has no MCP server's tools.
            let mcp = (name != "minimal").then_some(MCP_PLUGIN);
            Some(of.chain(mcp).collect())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_and_groups_are_those_of_the_version() {
        assert_eq!(core_tools().count(), 61);
        assert_eq!(profile("minimal").unwrap(), ["session_status", "gateway"]);
        assert_eq!(profile("messaging").unwrap().len(), 18);
        assert_eq!(profile("locked"), None);
        assert_eq!(in_group("group:runtime", "exec"), Some(true));
        assert_eq!(in_group("group:openclaw", "exec"), Some(false));
        assert_eq!(in_group("group:nothing", "exec"), None);
    }

    #[test]
    fn every_own_tool_is_in_a_denied_group() {
        for name in core_tools() {
            assert!(DENIED_GROUPS.iter().any(|group| in_group(group, name) == Some(true)), "{name}");
        }
    }
}
