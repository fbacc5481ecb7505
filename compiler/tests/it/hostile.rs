//! Input that was made to hurt: it ends, soon, in a diagnostic.

use std::fmt::Write;

use proptest::prelude::*;
use wpc_compiler::{Code, Colour, Parameters, Source, check, compile, render_all, views};

/// Whatever the text, there is an answer and it can be drawn.
fn answers(text: &str) {
    let source = Source::new("hostile.wpc", text);
    let found = check(&source, &Parameters::new());
    let _ = render_all(&found, &source, Colour::Plain);
    let _ = views(&found, &source);
    let _ = compile(&source, &Parameters::new());
    let _ = wpc_compiler::interfaces(&source);
}

fn corpus() -> Vec<String> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut texts = Vec::new();
    for part in ["accept", "reject"] {
        for entry in std::fs::read_dir(folder.join(part)).expect("the corpus is there") {
            let path = entry.expect("readable").path();
            if path.extension().is_some_and(|extension| extension == "wpc") {
                texts.push(std::fs::read_to_string(path).expect("readable"));
            }
        }
    }
    texts.sort();
    texts
}

/// Words that begin, end or break things.
const WORDS: &[&str] = &[
    "allow",
    "deny",
    "require",
    "limit",
    "approval of",
    "when",
    "any",
    "each",
    "some",
    "like",
    "not in",
    "has",
    "is absent",
    "to",
    "from",
    "on",
    "in",
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    ";",
    ",",
    "\n",
    "\"",
    "\"a\"",
    "r\"\\\"",
    "5",
    "-1",
    "1.5 EUR",
    "99999999999999999999",
    "128 KiB",
    "per job",
    "per",
    "==",
    "<=",
    "messages",
    "properties",
    "mode",
    "peek_lock",
    "size",
    ".",
    "use azure_service_bus",
    "tool",
    "policy p {",
    "test \"t\" {",
    "expect",
    "call",
    "record",
    "batch<",
    "map<",
    ">",
    "?",
    "class",
    "constraint",
    "= _",
    "@label(\"x\")",
    "///",
    "//",
    "did(",
    "role(",
    "\u{43e}",
    "ｑ",
    "let a = a",
    "param",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_mutated_policy_is_answered(
        index in any::<prop::sample::Index>(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..20, prop::sample::select(WORDS)), 1..6),
    ) {
        let corpus = corpus();
        let mut text: Vec<char> = index.get(&corpus).chars().collect();
        for (at, length, word) in edits {
            let start = at.index(text.len() + 1);
            let end = (start + length).min(text.len());
            text.splice(start..end, word.chars());
        }
        answers(&text.into_iter().collect::<String>());
    }

    #[test]
    fn random_words_are_answered(words in prop::collection::vec(prop::sample::select(WORDS), 0..40)) {
        answers(&words.join(" "));
        answers(&format!("use azure_service_bus\npolicy p {{ tool azure_service_bus at namespace(\"a.example\") {{\n{}\n}} }}", words.join(" ")));
    }
}

fn policy(body: &str, top: &str) -> String {
    format!(
        "use azure_service_bus\npolicy p {{\n{top}\ntool azure_service_bus at namespace(\"a.example\") {{\n{body}\n}}\n}}\n"
    )
}

#[track_caller]
fn refuses(text: &str, code: Code) {
    let source = Source::new("hostile.wpc", text);
    let found = check(&source, &Parameters::new());
    let codes: Vec<Code> = found.iter().map(|diagnostic| diagnostic.code).collect();
    assert!(codes.contains(&code), "expected {code}, found {:?}", &codes[..codes.len().min(5)]);
}

#[test]
fn a_product_of_lists_is_counted_before_it_is_built() {
    let names: Vec<String> = (0..2_000).map(|n| format!("\"n{n}\"")).collect();
    let list = names.join(", ");
    refuses(&policy(&format!("deny peek on subscription([{list}], [{list}])"), ""), Code::TooMany);
    refuses(&policy(&format!("allow peek from subscription([{list}], [{list}])"), ""), Code::TooMany);
}

#[test]
fn conditions_times_resources_are_counted_before_they_are_joined() {
    let names: Vec<String> = (0..60_000).map(|n| format!("\"n{n}\"")).collect();
    let keys: Vec<String> = (0..9_000).map(|n| format!("\"k{n}\"")).collect();
    let body = format!(
        "allow send to queue([{}]) when {{ properties has [{}] }}",
        names.join(", "),
        keys.join(", ")
    );
    refuses(&policy(&body, ""), Code::TooMany);
}

#[test]
fn nested_lets_do_not_explode() {
    let mut top = String::from("let l0 = { message_bytes <= 1 KiB }\n");
    for level in 1..16 {
        let uses = vec![format!("l{}", level - 1); 10].join("; ");
        writeln!(top, "let l{level} = {{ {uses} }}").expect("text");
    }
    refuses(&policy("allow send to queue(\"a\") when l15", &top), Code::TooMany);
    let empty: String = (1..16)
        .map(|level| format!("let e{level} = {{ {} }}\n", vec![format!("e{}", level - 1); 10].join("; ")))
        .collect();
    refuses(
        &policy("allow send to queue(\"a\") when e15", &format!("let e0 = {{ }}\n{empty}")),
        Code::TooMany,
    );
}

#[test]
fn lets_that_lead_to_themselves_end() {
    refuses(&policy("deny manage on any", "let a = did(a)"), Code::UnusedName);
    refuses(&policy("require approval of manage { by a; within 1 h }", "let a = did(a)"), Code::WrongType);
    refuses(
        &policy("require approval of manage { by did(a); within 1 h }", "let a = did(a)"),
        Code::WrongType,
    );
    refuses(&policy("deny send to queue(a)", "let a = [a]"), Code::WrongType);
    refuses(&policy("deny send to queue(a)", "let a = b\nlet b = a"), Code::TooDeep);
}

#[test]
fn records_inside_records_end() {
    let chain: String = (0..5_000).map(|n| format!("record r{n} {{ next: r{} }}\n", n + 1)).collect();
    refuses(&format!("tool t {{\n{chain}record r5000 {{ a: text }}\n}}"), Code::RecursiveRecord);
    let mut wide = String::from("record r0 { a: text }\n");
    for level in 1..16 {
        let fields: Vec<String> = (0..50).map(|n| format!("f{n}: r{}", level - 1)).collect();
        writeln!(wide, "record r{level} {{ {} }}", fields.join("; ")).expect("text");
    }
    refuses(&format!("tool t {{\n{wide}\n}}"), Code::RecursiveRecord);
}

#[test]
fn thousands_of_misspelt_names_are_answered() {
    let names: String = (0..3_000).map(|n| format!("let name{n} = {n}\n")).collect();
    let uses: String = (0..3_000).map(|n| format!("deny send to queue(nome{n})\n")).collect();
    refuses(&policy(&uses, &names), Code::UnknownName);
}

#[test]
fn thousands_of_patterns_are_answered() {
    let allows: String = (0..400).map(|n| format!("allow send to queue(like \"a*{n}*b\")\n")).collect();
    let requires: String = (0..400)
        .map(|n| format!("require send to queue(like \"c*{n}*d\") {{ message_bytes <= 1 KiB }}\n"))
        .collect();
    answers(&policy(&format!("{allows}{requires}"), ""));
}

#[test]
fn a_rule_of_ten_thousand_conditions_is_refused() {
    let conditions: String = (0..10_000).map(|n| format!("message_bytes <= {n} B\n")).collect();
    refuses(&policy(&format!("allow send to queue(\"a\") when {{\n{conditions}}}"), ""), Code::TooMany);
}

#[test]
fn a_rule_of_thousands_of_constants_is_checked_in_bounded_work() {
    let names = |letter: char| (0..2_000).map(|n| format!("\"{letter}{n}\"")).collect::<Vec<_>>().join(", ");
    let conditions = format!("properties has [{}]\nproperties lacks [{}]", names('a'), names('b'));
    answers(&policy(&format!("allow send to queue(\"q\") when {{\n{conditions}\n}}"), ""));
}
