//! Trees that were made and not read: words that need back-quotes get them.

use wpc_grammar::syntax::{
    ActionRef, Conditions, Entry, EntryKind, Ident, ItemKind, ResourceRef, Setting, Statement, Target,
    TestStep, Value,
};
use wpc_grammar::{Source, parse, print};

/// Reads `line`, takes the back-quotes from its words, and expects the printer to put them back.
#[track_caller]
fn check(line: &str) {
    let text = format!("policy p {{\n    {line}\n}}\n");
    let read = parse(&Source::new("quoting.wpc", text.as_str())).unwrap();
    let mut made = read.clone();
    let ItemKind::Policy(policy) = &mut made.items[0].kind else { panic!("not a policy") };
    policy.entries.iter_mut().for_each(entry);
    assert_ne!(made, read, "no back-quotes were there");
    assert_eq!(print(&made), text);
}

fn entry(entry: &mut Entry) {
    if let EntryKind::Statement(
        Statement::Deny { actions: Some(actions), target, .. } | Statement::Require { actions, target, .. },
    ) = &mut entry.kind
    {
        actions.iter_mut().for_each(action);
        target.iter_mut().for_each(self::target);
    } else if let EntryKind::Statement(Statement::Deny { when: Some(Conditions::Name(name)), .. }) =
        &mut entry.kind
    {
        bare(name);
    } else if let EntryKind::Settings(block) = &mut entry.kind {
        bare(&mut block.name);
        block.settings.iter_mut().for_each(setting);
    } else if let EntryKind::Test(test) = &mut entry.kind
        && let TestStep::Setting(step) = &mut test.steps[0]
    {
        setting(step);
    }
}

fn action(action: &mut ActionRef) {
    bare(&mut action.action);
    action.tool.iter_mut().for_each(bare);
}

fn target(target: &mut Target) {
    for resource in &mut target.resources {
        match resource {
            ResourceRef::Any { kind, .. } => kind.iter_mut().for_each(bare),
            ResourceRef::Named { kind, .. } => bare(kind),
        }
    }
}

fn setting(setting: &mut Setting) {
    bare(&mut setting.name);
    for value in setting.groups.iter_mut().flatten() {
        if let Value::Path(path) = value {
            bare(&mut path.head);
        } else if let Value::Made(made) = value {
            bare(&mut made.name);
        }
    }
}

fn bare(ident: &mut Ident) {
    ident.quoted = false;
}

#[test]
fn words_that_would_be_read_as_something_else_are_quoted() {
    check("deny `to`");
    check("deny `when`.send");
    check("deny `create-issue`, `any`");
    check("require `approval` { x }");
    check("require `approval`.`any` { x }");
    check("deny send on any `when`");
    check("deny send on any `at`");
    check("deny send on `to`(\"x\"), `like`(\"x\")");
    check("deny any when `when`");
    check("`allow` { x }");
    check("`when` { x }");
    check("`to` { x }");
    check("token { size 5 `KiB`.x }");
    check("token { size 5 `f`(1) }");
    check("test \"t\" {\n        `expect` x\n    }");
}
