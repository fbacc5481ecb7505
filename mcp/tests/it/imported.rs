//! Interfaces from what real servers answered to `tools/list`, and from hostile ones.

use serde_json::{Value as Json, json};
use wpc_mcp::{Choices, Imported, import, tools_of_json};

fn imported(name: &str, json: &[u8], types: &[(&str, &str)], trusted: &[&str]) -> Imported {
    let choices = Choices {
        types: types.iter().map(|(place, ty)| ((*place).to_owned(), (*ty).to_owned())).collect(),
        trusted: trusted.iter().map(|field| (*field).to_owned()).collect(),
    };
    let imported = import(name, tools_of_json(json).unwrap().tools, &choices).unwrap();
    compiles(name, &imported);
    imported
}

/// The compiler takes the interface, and a policy that allows every action of it.
fn compiles(name: &str, imported: &Imported) {
    let actions = imported.text.lines().filter_map(|line| line.trim_start().strip_prefix("action "));
    let actions: Vec<_> = actions.map(|rest| rest.split([' ', '{']).next().unwrap()).collect();
    let text = format!(
        "{}\npolicy all {{\n    tool {name} {{\n        allow {}\n    }}\n}}\n",
        imported.text,
        actions.join(", ")
    );
    crate::offers::compiled(&text);
}

#[test]
fn real_servers_are_imported() {
    let read = |file: &str| {
        std::fs::read(format!("{}/tests/servers/{file}.json", env!("CARGO_MANIFEST_DIR"))).unwrap()
    };
    type Chosen = (&'static str, &'static [(&'static str, &'static str)], &'static [&'static str]);
    let choices: &[Chosen] = &[
        (
            "filesystem",
            &[
                ("read_text_file.path", "path"),
                ("read_text_file.head", "count"),
                ("read_multiple_files.paths", "list<path>"),
            ],
            &[],
        ),
        (
            "everything",
            &[("get-sum.a", "decimal<2>"), ("get-sum.b", "int")],
            &["get-structured-content.conditions"],
        ),
        ("memory", &[], &[]),
        ("time", &[], &[]),
        ("git", &[], &[]),
    ];
    for (name, types, trusted) in choices {
        let imported = imported(name, &read(name), types, trusted);
        assert_eq!(imported.unused, [""; 0], "{name}");
        insta::assert_snapshot!(format!("imported_{name}"), imported.text);
    }
}

#[test]
fn the_same_server_gives_the_same_file_in_any_order() {
    let json = include_bytes!("../servers/memory.json");
    let mut tools = tools_of_json(json).unwrap().tools;
    let one = import("memory", tools.clone(), &Choices::default()).unwrap();
    tools.reverse();
    assert_eq!(import("memory", tools.clone(), &Choices::default()).unwrap(), one);
    tools[0].description = Some("another".into());
    let other = import("memory", tools, &Choices::default()).unwrap();
    assert_ne!(other.lock.tools, one.lock.tools);
    assert_eq!(other.lock.tools.len(), one.lock.tools.len());
}

#[test]
fn a_hostile_server_says_nothing_but_names_types_and_comments() {
    let tool = |name: &str, schema: Json| json!({ "name": name, "inputSchema": schema, "description": "a\u{202e}b\n/// c\n}\npolicy x {" });
    let object = |properties: Json, required: Json| json!({ "type": "object", "properties": properties, "required": required });
    let mut deep = json!({ "type": "string" });
    for _ in 0..20 {
        deep = object(json!({ "x": deep }), json!([]));
    }
    let tools = json!({ "tools": [
        tool("allow", object(json!({ "from": { "type": "string" }, "day": { "type": "integer" }, "when}": { "type": "string" } }), json!(["from"]))),
        tool("a-b", object(json!({}), json!([]))),
        tool("a b", object(json!({ "r": { "$ref": "#/$defs/r" } }), json!([]))),
        tool("a_b", json!({ "$defs": { "r": { "$ref": "#/properties/r" } }, "properties": { "r": { "$ref": "#/$defs/r" } } })),
        tool("deep", deep),
        tool("two", object(json!({}), json!([]))),
        tool("two", object(json!({ "x": {} }), json!([]))),
        tool("na\u{ef}ve", object(json!({}), json!([]))),
        tool("needs", object(json!({ "`": {} }), json!(["`"]))),
        tool("odd", object(json!({
            "a": { "type": ["string", "null"], "pattern": "^\u{202e}x$" },
            "b": { "enum": ["x", 5] },
            "c": { "enum": ["in progress", "done\"", null] },
            "d": { "anyOf": [{ "type": "string" }, { "type": "integer" }] },
            "e": { "type": "object", "additionalProperties": { "type": "integer", "minimum": 0 } },
            "f": { "type": "array", "items": { "type": ["integer", "null"] }, "maxItems": 3 },
            "g": true,
            "h": { "type": "string", "format": "date-time", "default": "now" },
            "i": { "oneOf": [{ "const": "a" }, { "enum": ["b", "c"] }, { "type": "null" }] },
            "j": { "allOf": [{ "type": "boolean" }] },
        }), json!(["a", "b"]))),
    ] });
    let imported = imported("hostile", &serde_json::to_vec(&tools).unwrap(), &[], &[]);
    insta::assert_snapshot!(imported.text);
    let left_out: Vec<_> = imported.left_out.iter().map(|(tool, _)| tool.as_str()).collect();
    assert_eq!(left_out, ["na\u{ef}ve", "needs", "two", "two"]);
}

#[test]
fn what_is_no_list_of_tools_is_refused() {
    for json in ["", "[", "{}", r#"{"tools":{}}"#, r#"{"tools":[{"name":5}]}"#, r#"{"tools":[],"tools":[]}"#]
    {
        assert!(tools_of_json(json.as_bytes()).is_err(), "{json}");
    }
    assert_eq!(import("x", Vec::new(), &Choices::default()).unwrap_err().code(), "mcp_no_tools");
}

#[test]
fn whatever_tools_are_called_no_two_names_are_the_same() {
    let object = json!({"type": "object", "properties": {"b": {"type": "string"}}});
    let tool = |name: &str, property: &str| json!({"name": name, "inputSchema": {"type": "object", "properties": {property: object}}});
    let long = "create_entities".to_owned() + &"*".repeat(80);
    let tools = [
        // The record of the first is named as the second.
        tool("foo", "bar"),
        tool("foo_bar", "baz"),
        // A record would be named as a type of the language.
        tool("entity", "name"),
        tool("text", "text"),
        // Names that differ after what is kept of them.
        tool(&long, "a"),
        tool(&(long.clone() + "x"), "a"),
        tool("a-b", "a"),
        tool("a_b", "a"),
        // An argument that another is renamed to.
        json!({"name": "two", "inputSchema": {"type": "object", "properties": {
            "calls": {"type": "string"}, "calls_": {"type": "string"}}}}),
    ];
    let blank = json!({"name": "blank ", "inputSchema": {"type": "object"}});
    let all = [&tools[..], &[blank]].concat();
    let listed = json!({ "tools": all });
    let imported = imported("server", listed.to_string().as_bytes(), &[], &[]);
    assert_eq!(imported.left_out, [("blank".to_owned(), "its name begins or ends with a blank".to_owned())]);
    insta::assert_snapshot!(imported.text);
}
