//! What people write in other languages, and the help they get: one line each.

use wpc_grammar::{Source, SyntaxErrorKind, parse};

use crate::render::render;

#[track_caller]
fn check(text: &str, kind: SyntaxErrorKind, help: Option<&str>) {
    let source = Source::new("hint.wpc", text);
    let error = parse(&source).unwrap_err();
    let rendered = render(&source, &error);
    assert_eq!((error.kind, error.help.as_deref()), (kind, help), "\n{rendered}");
}

#[track_caller]
fn check_rule(line: &str, kind: SyntaxErrorKind, help: &str) {
    check(&format!("policy p {{\n    tool bus {{\n        {line}\n    }}\n}}\n"), kind, Some(help));
}

#[track_caller]
fn check_condition(condition: &str, kind: SyntaxErrorKind, help: &str) {
    check_rule(&format!("allow send when {{ {condition} }}"), kind, help);
}

#[test]
fn operators_of_other_languages_have_their_name_here() {
    for (written, here) in [
        ("=", "=="),
        ("===", "=="),
        (":=", "=="),
        (":", "=="),
        ("equals", "=="),
        ("eq", "=="),
        ("!==", "!="),
        ("<>", "!="),
        ("~=", "!="),
        ("=<", "<="),
        ("=>", ">="),
        ("=~", "matches"),
        ("~", "matches"),
        ("contains", "has"),
        ("includes", "has"),
        ("include", "has"),
        ("excludes", "lacks"),
        ("startswith", "like \"…*\""),
        ("starts_with", "like \"…*\""),
        ("startsWith", "like \"…*\""),
        ("endswith", "like \"*…\""),
        ("ends_with", "like \"*…\""),
        ("endsWith", "like \"*…\""),
    ] {
        check_condition(&format!("a {written} \"x\""), SyntaxErrorKind::Operator, &format!("write `{here}`"));
    }
    for (written, here) in [
        ("exists", "is present"),
        ("present", "is present"),
        ("absent", "is absent"),
        ("missing", "is absent"),
    ] {
        check_condition(&format!("a {written}"), SyntaxErrorKind::Operator, &format!("write `{here}`"));
    }
}

#[test]
fn words_of_other_languages_have_their_name_here() {
    let word = |text: &str, here: &str| {
        check(text, SyntaxErrorKind::Word, Some(&format!("did you mean `{here}`?")));
    };
    for (written, here) in [
        ("permit", "allow"),
        ("grant", "allow"),
        ("Allow", "allow"),
        ("forbid", "deny"),
        ("block", "deny"),
        ("reject", "deny"),
        ("refuse", "deny"),
        ("prohibit", "deny"),
        ("must", "require"),
        ("demand", "require"),
        ("throttle", "limit"),
        ("restrict", "limit"),
        ("limits", "limit"),
        ("seperate", "separate"),
        ("befor", "before"),
    ] {
        word(&format!("policy p {{ tool t {{ {written} send }} }}"), here);
    }
    for (written, here) in
        [("const", "let"), ("parameter", "param"), ("input", "param"), ("params", "param"), ("whit", "with")]
    {
        word(&format!("policy p {{ {written} x }}"), here);
    }
    for (written, here) in
        [("import", "use"), ("include", "use"), ("interface", "tool"), ("Policy", "policy")]
    {
        word(&format!("{written} x {{}}"), here);
    }
    for (written, here) in [
        ("struct", "record"),
        ("type", "record"),
        ("entity", "resource"),
        ("method", "action"),
        ("function", "action"),
        ("operation", "action"),
        ("klass", "class"),
    ] {
        word(&format!("tool t {{ {written} x }}"), here);
    }
    for (written, here) in [("if", "when"), ("where", "when"), ("provided", "when"), ("whn", "when")] {
        word(&format!("policy p {{ deny a on any k {written} {{ x }} }}"), here);
    }
    for (written, here) in [("into", "to"), ("over", "on"), ("at", "on"), ("form", "from")] {
        word(&format!("policy p {{ deny a {written} k(\"x\") }}"), here);
    }
    for (written, here) in [("every", "per"), ("pre", "per")] {
        word(&format!("policy p {{ limit calls of a to max {written} job }}"), here);
    }
    word("policy p inherits \"x\" {}", "extends");
    word("tool t { action a {} returns {} }", "result");
}

#[test]
fn connectives_of_other_languages_have_none_here() {
    let own_line = "write each condition on its own line; all of them must hold";
    let own_rule = "write one rule for each alternative";
    let negated = "negate the test instead: `!=`, `not in`, `lacks` or `is absent`";
    for written in ["and", "AND", "&&", "&"] {
        check_condition(&format!("a == 1 {written} b == 2"), SyntaxErrorKind::Connective, own_line);
        check_condition(&format!("a == \"x\" {written} b == 2"), SyntaxErrorKind::Connective, own_line);
        check_condition(&format!("a in [1] {written} b"), SyntaxErrorKind::Connective, own_line);
    }
    for written in ["or", "Or", "||", "|"] {
        check_condition(&format!("a is present {written} b"), SyntaxErrorKind::Connective, own_rule);
    }
    check_condition("not a == 1", SyntaxErrorKind::Connective, negated);
    check_condition("! a == 1", SyntaxErrorKind::Connective, negated);
    check_rule("allow send when not { a }", SyntaxErrorKind::Connective, negated);
}

#[test]
fn signs_of_other_languages_have_no_place_here() {
    let unexpected = SyntaxErrorKind::Unexpected;
    check_condition("a == $b", unexpected, "write the parameter's name without `$`");
    check_condition("a == +5", unexpected, "write the number without `+`");
    check_rule("deny *", unexpected, "name the actions; only `deny` takes `any`");
    check_rule(
        "deny a on queue(*)",
        unexpected,
        "write `any`, or a pattern such as `queue(like \"orders-*\")`",
    );
}

#[test]
fn numbers_of_other_languages_are_spelt_out_here() {
    let number = SyntaxErrorKind::Number;
    let exponent = "write all digits, such as `100_000`; there are no exponents";
    let digits = "write digits with at most one point, such as `10_000.50`, or text in double quotes";
    check_condition("a == 1e5", number, exponent);
    check_condition("a == [1, 2E+5]", number, exponent);
    check_condition("a == 1.5e-5 KiB", number, exponent);
    check_condition("a == .25", number, "write `0.25`");
    check_condition("a == 7.", number, "write `7`");
    check_condition("ip == 10.0.0.1", number, digits);
    check_condition("a == 1_", number, digits);
}

#[test]
fn separators_stand_between_and_not_elsewhere() {
    let separator = SyntaxErrorKind::Separator;
    let no_comma = "remove the `,`, or write what follows it";
    check_condition("a == 1, b == 2", separator, "separate them by `;` or a line break");
    check_rule("deny send, when x", separator, no_comma);
    check_rule("deny send,", separator, no_comma);
    check_rule("deny send to queue(\"a\"), when x", separator, no_comma);
    check_rule("allow send to queue(\"a\";)", separator, "separate the members of a list by `,`");
    check_rule("require send on any;\n{ x }", separator, "remove the `;`");
    check("use a, b", separator, Some("separate them by `;` or a line break"));
    check("tool t { class a; alone }", separator, Some("remove the `;`"));
}

#[test]
fn misplaced_lines_are_told_where_to_go() {
    let unexpected = SyntaxErrorKind::Unexpected;
    for word in ["param", "let", "with", "tool", "test"] {
        check_rule(
            &format!("{word} x"),
            unexpected,
            &format!("put `{word}` inside the policy, outside this block"),
        );
    }
    for word in ["deny", "param", "let", "with"] {
        check(&format!("{word} x"), unexpected, Some(&format!("put `{word}` inside `policy NAME {{ … }}`")));
    }
    for word in ["policy", "rules", "use"] {
        let help = format!("put `{word}` at the top level of the file, outside all braces");
        check(&format!("policy p {{ {word} x }}"), unexpected, Some(&help));
    }
}
