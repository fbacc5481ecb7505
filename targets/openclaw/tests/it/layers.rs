//! Which tools are offered: what was measured with OpenClaw 2026.9.6 itself, one turn each.

use wpc_openclaw::{Config, Tool, Turn, core_tools, offered};

/// Of two tools of a server, and OpenClaw's own.
fn of(text: &str, agent: &str, sandboxed: bool, model: Option<(&str, &str)>) -> Vec<String> {
    let config = Config::read(text.as_bytes()).unwrap();
    let known: Vec<Tool> = core_tools()
        .map(Tool::core)
        .chain(["servicebus__peek", "servicebus__send"].map(Tool::mcp))
        .chain([Tool::any_of_server("mail"), Tool::any_of_plugins()])
        .collect();
    let turn = Turn { agent, sandboxed, model, profile: None };
    offered(&config, turn, &known).iter().map(ToString::to_string).collect()
}

#[track_caller]
fn check(text: &str, expect: &[&str]) {
    assert_eq!(of(text, "main", false, None), expect, "{text}");
}

/// Of how many tools there are.
const ALL: usize = 65;

#[test]
fn lists_are_read_as_openclaw_reads_them() {
    let peek = ["servicebus__peek"];
    assert_eq!(of("{}", "main", false, None).len(), ALL);
    for everything in [
        "{ tools: { allow: [] } }",
        "{ tools: { allow: [''] } }",
        "{ tools: { alsoAllow: ['servicebus__peek'] } }",
    ] {
        assert_eq!(of(everything, "main", false, None).len(), ALL, "{everything}");
    }
    check("{ tools: { allow: ['servicebuss__*'] } }", &[]);
    check("{ tools: { allow: ['ServiceBus__Peek'] } }", &peek);
    check(
        "{ tools: { allow: ['mcp__servicebus__peek', 'bundle-mcp'] } }",
        &["servicebus__peek", "servicebus__send", "mail__*"],
    );
    check(
        "{ tools: { profile: 'minimal', alsoAllow: ['servicebus__peek'] } }",
        &["session_status", "gateway", "servicebus__peek"],
    );
    check("{ tools: { allow: ['servicebus__*'], deny: ['servicebus__send'] } }", &peek);
    check("{ tools: { deny: ['*'] } }", &[]);
    check("{ tools: { allow: ['cron', 'bash'] } }", &["exec", "automations"]);
    check("{ tools: { allow: ['write'] } }", &["write", "apply_patch"]);
    check("{ tools: { allow: ['canvas', 'update_plan'] } }", &["canvas", "show_widget", "progress_card"]);
    check(
        "{ tools: { allow: ['group:plugins'], deny: ['servicebus__*'] } }",
        &["mail__*", "tools of plugins"],
    );
    // Not all of a server's tools are denied by a name, and any of them may be allowed by one.
    check("{ tools: { allow: ['mail__send'], deny: ['mail__delete'] } }", &["mail__*"]);
    check("{ tools: { allow: ['mail__send'], deny: ['mail*'] } }", &[]);
}

#[test]
fn an_agent_cannot_widen_a_list_and_can_widen_a_profile() {
    let list = "{ tools: { allow: ['servicebus__peek'] }, agents: { entries: { a: { tools: { allow: ['servicebus__peek', 'exec'] } } } } }";
    assert_eq!(of(list, "a", false, None), ["servicebus__peek"]);
    let profile =
        "{ tools: { profile: 'minimal' }, agents: { entries: { a: { tools: { profile: 'full' } } } } }";
    assert_eq!(of(profile, "a", false, None).len(), ALL);
    assert_eq!(of(profile, "b", false, None), ["session_status", "gateway"]);
    let older =
        "{ tools: { profile: 'minimal' }, agents: { list: [{ id: 'A', tools: { profile: 'full' } }] } }";
    assert_eq!(of(older, "a", false, None).len(), ALL);
}

#[test]
fn a_provider_can_only_take_away() {
    let text = "{ tools: { allow: ['servicebus__*'], byProvider: {
        openai: { deny: ['servicebus__send'] }, 'openai/gpt-6': { allow: ['servicebus__send', 'exec'] } } } }";
    assert_eq!(of(text, "main", false, Some(("openai", "gpt-5"))), ["servicebus__peek"]);
    // One entry is used, and not both.
    assert_eq!(of(text, "main", false, Some(("OpenAI", "GPT-6"))), ["servicebus__send"]);
    assert_eq!(of(text, "main", false, None), ["servicebus__peek", "servicebus__send"]);
}

#[test]
fn a_sandbox_has_lists_of_its_own() {
    let boxed = |text: &str| of(text, "a", true, None);
    assert_eq!(boxed("{ tools: { allow: ['servicebus__peek', 'session_status'] } }"), ["session_status"]);
    assert_eq!(
        boxed(
            "{ tools: { allow: ['servicebus__peek'], sandbox: { tools: { alsoAllow: ['servicebus__peek'] } } } }"
        ),
        ["servicebus__peek"]
    );
    assert_eq!(boxed("{ tools: { sandbox: { tools: { allow: ['gateway'] } } } }"), ["gateway", "view_image"]);
    assert_eq!(
        boxed("{ tools: { sandbox: { tools: { allow: ['gateway'], deny: ['view_image'] } } } }"),
        ["gateway"]
    );
    let replaced = boxed("{ tools: { sandbox: { tools: { allow: [], deny: ['exec'] } } } }");
    assert!(replaced.contains(&"browser".to_owned()) && !replaced.contains(&"exec".to_owned()));
    // Blanks are dropped before it is looked whether the list is empty.
    assert!(boxed("{ tools: { sandbox: { tools: { allow: [''] } } } }").contains(&"exec".to_owned()));
    let defaults = boxed("{ tools: { sandbox: { tools: { allow: ['*'] } } } }");
    assert_eq!(defaults.len(), ALL, "a pattern takes names out of the default deny list");
}
