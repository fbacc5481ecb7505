//! What no input can do: exhaust the stack, grow without bound, or panic.

use proptest::prelude::*;
use wpc_grammar::syntax::{File, Item};
use wpc_grammar::{
    MAX_MEMBERS, MAX_NESTING, MAX_SOURCE_BYTES, Source, SyntaxError, SyntaxErrorKind, parse, print,
};

use crate::corpus::corpus;

fn error(text: impl Into<String>) -> SyntaxError {
    parse(&Source::new("bounds.wpc", text)).unwrap_err()
}

/// `policy p { let x = … }` with `depth` brackets in the value: two levels deeper in all.
fn nested(open: &str, close: &str, depth: usize) -> String {
    format!("policy p {{\n    let x = {}{}\n}}\n", open.repeat(depth), close.repeat(depth))
}

#[test]
fn a_byte_too_many_is_too_long() {
    let text = format!("//{}", "x".repeat(MAX_SOURCE_BYTES - 2));
    assert!(parse(&Source::new("long.wpc", text.as_str())).is_ok());
    let too_long = error(text + "\n");
    assert_eq!(too_long.kind, SyntaxErrorKind::TooLong);
    assert_eq!(too_long.span.start as usize, MAX_SOURCE_BYTES);
    assert_eq!(too_long.message, "found 16777217 bytes, more than the 16777216 that a policy file may have");
}

#[test]
fn a_list_is_bounded_with_the_lists_in_it() {
    let list =
        |members: u32| format!("policy p {{\n    let x = [[1], {}]\n}}\n", "1,".repeat(members as usize - 1));
    assert!(parse(&Source::new("list.wpc", list(MAX_MEMBERS - 1))).is_ok());
    assert_eq!(error(list(MAX_MEMBERS)).kind, SyntaxErrorKind::TooLong);
    let lists = "    let x = [1, 2]\n".repeat(MAX_MEMBERS as usize);
    assert!(parse(&Source::new("lists.wpc", format!("policy p {{\n{lists}}}\n"))).is_ok());
}

#[test]
fn the_deepest_nesting_is_read_and_printed() {
    for (open, close) in [("[", "]"), ("f(", ")"), ("{ a: ", " }")] {
        let inside = MAX_NESTING as usize - 1;
        let deepest = if open.contains('{') {
            format!("policy p {{\n    let x = {}1{}\n}}\n", open.repeat(inside), close.repeat(inside))
        } else {
            nested(open, close, inside)
        };
        let file = parse(&Source::new("deep.wpc", deepest)).unwrap();
        assert_eq!(parse(&Source::new("deep.wpc", print(&file))).unwrap(), file);
        assert_eq!(error(nested(open, close, inside + 1)).kind, SyntaxErrorKind::TooDeep);
    }
}

#[test]
fn nesting_of_twenty_thousand_is_refused_before_the_parser_runs() {
    for (open, close) in
        [("[", "]"), ("f(", ")"), ("{ a: ", " }"), ("(", ")"), ("[ // )\n", "]"), ("[ \"]\" ", "]")]
    {
        let refused = error(nested(open, close, 20_000));
        assert_eq!(refused.kind, SyntaxErrorKind::TooDeep, "{open}");
        assert_eq!(refused.message, "found brackets nested more than 64 deep");
    }
    assert_eq!(error("[".repeat(20_000)).kind, SyntaxErrorKind::TooDeep);
    for ty in ["list<", "list < ", "map<choice {\n a }, "] {
        let types = format!("policy p {{\n    param x: {}int{}\n}}\n", ty.repeat(20_000), ">".repeat(20_000));
        assert_eq!(error(types).kind, SyntaxErrorKind::TooDeep, "{ty}");
    }
}

#[test]
fn many_comparisons_on_one_line_are_no_nesting() {
    let conditions = "a < 1; ".repeat(1_000);
    let text = format!("policy p {{\n    deny any when {{ {conditions} }}\n}}\n");
    parse(&Source::new("flat.wpc", text)).unwrap();
}

/// Inputs that make a careless PEG look twice at each level, or again at all that follows.
#[test]
fn reading_twice_does_not_multiply() {
    let deep = MAX_NESTING as usize - 4;
    for text in [
        // `let` tries an object, then conditions.
        format!("policy p {{ let x = {{ {}1{} == 1 }} }}", "{ a: ".repeat(deep), " }".repeat(deep)),
        format!("policy p {{ let x = {{ a == {}1{} }} }}", "{ a: ".repeat(deep), " }".repeat(deep)),
        // A slot tries a name, then a value; a setting tries words, calls, paths.
        format!("policy p {{ deny a on k({}) }}", "f(".repeat(deep) + &")".repeat(deep)),
        format!("policy p {{ deny a on k({} }}", "f(".repeat(deep) + &")".repeat(deep)),
        format!("policy p {{ x {{ {} }} }}", "f(".repeat(deep) + &")".repeat(deep) + " ="),
        format!("policy p {{ require approval of {} }}", "a, ".repeat(10_000)),
        format!("policy p {{ deny a on {} }}", "any, ".repeat(10_000)),
        format!("policy p {{ {} }}", "x ".repeat(20_000)),
        format!("policy p {{ {}", "/// doc\n".repeat(10_000)),
        ";\n".repeat(20_000) + "x",
        "// comment\n\n".repeat(20_000) + "x",
        format!("policy p {{ let x = \"{}\" }}", "\\\\".repeat(100_000)),
        format!("policy p {{ let x = [{}] }}", "1 KiB, ".repeat(20_000)),
    ] {
        // Each takes milliseconds; a test that multiplies would not end.
        let _ = parse(&Source::new("twice.wpc", text));
    }
}

/// Words, signs and spaces of the language, in any order.
fn soup() -> impl Strategy<Value = String> {
    let token = prop::sample::select(vec![
        "policy", "tool", "rules", "test", "use", "allow", "deny", "require", "approval", "of", "limit",
        "to", "from", "on", "in", "when", "any", "each", "some", "like", "not", "has", "is", "present",
        "per", "param", "let", "record", "action", "class", "resource", "choice", "expect", "call", "a",
        "b.c", "`q`", "1", "-2.5 KiB", "\"s\"", "r\"x\\\"", "r", "{", "}", "[", "]", "(", ")", "<", ">", ",",
        ";", ":", "=", "==", "<=", "?", ".", "_", "@label", "///d\n", "//c\n", "////\n", "\n", "\r\n", "\\",
        "\"", "`", "é", "\u{202e}", "\u{feff}", "&&", "1e5", "\t", "/",
    ]);
    prop::collection::vec((token, prop::sample::select(vec![" ", "", "\n"])), 0..40)
        .prop_map(|tokens| tokens.into_iter().flat_map(|(token, blank)| [token, blank]).collect())
}

/// What the text says when blanks stand where its comments do.
fn items_without_comments(text: &str, file: &File) -> Vec<Item> {
    let mut bare = text.to_owned();
    for comment in &file.comments {
        let (start, end) = (comment.loc.0.start as usize, comment.loc.0.end as usize);
        bare.replace_range(start..end, &" ".repeat(end - start));
    }
    parse(&Source::new("bare.wpc", bare)).unwrap().items
}

/// Whatever the text, an answer; and what an error points at is there.
#[track_caller]
fn check(text: &str) {
    match parse(&Source::new("any.wpc", text)) {
        Ok(file) => {
            assert_eq!(items_without_comments(text, &file), file.items, "a comment was none: {text:?}");
            let printed = print(&file);
            assert_eq!(parse(&Source::new("any.wpc", printed.as_str())).unwrap().items, file.items);
        }
        Err(error) => {
            for span in [Some(error.span), error.also.as_ref().map(|also| also.0)].into_iter().flatten() {
                assert!(text.get(span.start as usize..span.end as usize).is_some(), "{span:?} of {text:?}");
            }
            assert!(!error.message.ends_with("something else"), "{} of {text:?}", error.message);
            for sentence in [&error.message, &error.label].into_iter().chain(&error.help) {
                assert!(
                    !sentence.is_empty() && !sentence.contains('\n') && !sentence.ends_with('.'),
                    "{sentence:?}"
                );
            }
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        check(&text);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        check(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_words_are_read_or_refused(text in soup()) {
        check(&text);
        check(&format!("policy p {{\n{text}\n}}"));
        check(&format!("policy p {{\n tool t {{\n allow a to k(\"x\") when {{\n{text}\n}}\n}}\n}}"));
        check(&format!("tool t {{\n{text}\n}}"));
        check(&format!("test \"t\" {{\n{text}\n}}"));
    }

    #[test]
    fn a_corpus_file_with_damage_is_read_or_refused(
        source in prop::sample::select([corpus("accept"), corpus("reject")].concat()),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), soup()), 1..4),
    ) {
        let mut text = source.text().to_owned();
        for (start, end, insert) in damage {
            let places: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
            let (start, end) = (*start.get(&places), *end.get(&places));
            // Cut short pieces only, so that something of the file is left.
            let end = if (start..start + 30).contains(&end) { end } else { start };
            text.replace_range(start..end, &insert.chars().take(12).collect::<String>());
        }
        check(&text);
    }
}
