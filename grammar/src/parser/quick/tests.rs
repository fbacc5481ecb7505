//! The quick reader against the grammar.

use proptest::prelude::*;

use super::Line;
use crate::parser::grammar::Rule;
use crate::parser::{Reader, scan};
use crate::syntax::Entry;

/// What the grammar reads at the beginning of `text`, and where it stops.
fn by_grammar(text: &str, base: u32) -> Option<(Entry, usize)> {
    let mut reader = Reader { text, at: 0, base, comments: &[] };
    let rule = reader.piece(Rule::rule_line).ok()?.children().next_any()?;
    let entry = reader.entry(rule, Rule::rule_body).ok()?;
    Some((entry, reader.at))
}

/// Whether the quick reader takes the line; it must then agree with the grammar to the last place.
#[track_caller]
fn is_quick(text: &str) -> bool {
    for base in [0, 1000] {
        let mut line = Line { text, at: 0, base };
        let Some(entry) = line.rule() else { return false };
        let (expected, end) = by_grammar(text, base).unwrap_or_else(|| panic!("the grammar refuses {text}"));
        assert_eq!(format!("{entry:?}"), format!("{expected:?}"), "{text}");
        let _ = line.blank();
        let mut expected_end = Line { text, at: end, base };
        let _ = expected_end.blank();
        assert_eq!(line.at, expected_end.at, "{text}");
    }
    true
}

/// Rules of the common form, in words and signs.
const COMMON: [&[&str]; 9] = [
    &["allow", " ", "send", "\n"],
    &[
        "\n",
        ";",
        " // why\n",
        "deny",
        "\t",
        "send",
        ",",
        "receive",
        " ",
        "on",
        " ",
        "queue",
        "(",
        "\"a\"",
        ")",
        " // why",
        "\n",
    ],
    &[
        "//// why\n",
        "allow",
        " ",
        "send",
        " ",
        "to",
        " ",
        "queue",
        "(",
        "like",
        " ",
        "\"a-*\"",
        ",",
        "\"b\"",
        ")",
        ",",
        "topic",
        "(",
        "\"b\"",
        ")",
        "\r",
        "\n",
    ],
    &[
        "allow", " ", "a", " ", "when", " ", "{", "x", "<=", "1_000", " ", "KiB", ";", "y", ".", "z", "==",
        "-5", "}", "\n",
    ],
    &[
        "allow", " ", "a", " ", "in", " ", "b", "(", "\"\"", ")", "when", "{", "\n", "x", " ", "has", "[",
        "\"k\"", ",", "5.00", " ", "EUR", ",", "w", "]", "\n", "}", "\n",
    ],
    &["deny", " ", "a", " ", "from", " ", "b", "(", "\"ü\"", ")", "when", "{", "}", "\n"],
    &[
        "allow", " ", "a", " ", "when", "{", "x", " ", "lacks", " ", "\"k\"", ";", ";", "x", "!=", "true",
        "\n", "}", "\n",
    ],
    &[
        "allow", " ", "a", " ", "when", "{", "x", " ", "like", " ", "\"k*\"", "//c\n", "x", " ", "in", "[",
        "false", "]", "}", "\n",
    ],
    &["allow", " ", "a", " ", "when", "{", "x", ">", "5", "EUR", ";", "x", "<", "b", ".", "c", "}", "\n"],
];

/// What is put among them.
const OTHERS: [&str; 64] = [
    "allow", "deny", "any", "each", "some", "like", "not", "true", "false", "when", "to", "from", "on", "in",
    "at", "has", "lacks", "is", "present", "matches", "under", "path", "r", "per", "and", "OR", "e", "e5",
    "E", "EUR", "send", "_", "x", " ", "  ", "\t", "\r", "\n", "; ", "/// doc", "// c", "//// c", "/", "{",
    "}", "(", ")", "[", "]", ",", ".", ":", "=", "==", "<", "!", "-", "0", "1_", "2.5", "\"t\"", "\"", "\\",
    "`q`",
];

#[test]
fn the_common_form_is_read_quickly() {
    for rule in COMMON {
        let text = rule.concat();
        assert_eq!(is_quick(&text), !text.contains("5EUR"), "{text}");
    }
}

#[test]
fn what_is_not_of_the_common_form_is_left_to_the_grammar() {
    for text in [
        "",
        "\n",
        "}",
        "allow",
        "allow send",
        "allow send }",
        "allow send;\n",
        "allow send /// doc\n",
        "/// doc\nallow send\n",
        "@label(\"a\")\nallow send\n",
        "deny any\n",
        "require send { x is present }\n",
        "allow send to any queue\n",
        "allow t.send\n",
        "allow `send`\n",
        "allow send to queue(r\"a\")\n",
        "allow send to queue(\"a\\n\")\n",
        "allow send to queue(in [\"a\"])\n",
        "allow send when c\n",
        "allow send when { each x == 1 }\n",
        "allow send when { x == 1.5.0 }\n",
        "allow send when { x == {a: 1} }\n",
        "allow send when { x[\"k\"] == 1 }\n",
        "allow send when { x == did(a) }\n",
        "allow send when { x == 1e5 }\n",
        "allow send when { x == r\"a\" }\n",
        "allow send when { x === 1 }\n",
        "allow send when { x == 1 y == 2 }\n",
        "allow send to queue(\n\"a\")\n",
        "allow send when { x has [\"a\",] }\n",
        "allow send when { x /// d\n == 1 }\n",
    ] {
        assert!(!is_quick(text), "{text}");
    }
}

fn edited() -> impl Strategy<Value = String> {
    let edit = (any::<prop::sample::Index>(), 0..3_u8, prop::sample::select(OTHERS.to_vec()));
    (prop::sample::select(COMMON.to_vec()), prop::collection::vec(edit, 0..4)).prop_map(|(rule, edits)| {
        let mut signs = rule.to_vec();
        for (place, how, sign) in edits {
            let at = place.index(signs.len());
            match how {
                0 => signs.insert(at, sign),
                1 => signs[at] = sign,
                _ => drop(signs.remove(at)),
            }
            if signs.is_empty() {
                signs.push("\n");
            }
        }
        signs.concat()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn quick_or_not_a_rule_is_the_same(text in edited()) {
        // The parser sees no text that scanning refuses.
        if scan(&text).is_ok() {
            is_quick(&text);
        }
    }

    #[test]
    fn quick_or_not_signs_in_any_order_are_the_same(
        signs in prop::collection::vec(prop::sample::select(OTHERS.to_vec()), 0..12),
    ) {
        let text = format!("allow {}\n", signs.concat());
        if scan(&text).is_ok() {
            is_quick(&text);
        }
    }
}
