//! Files and rules: taken from elsewhere, they mean what they mean where they are taken.

use wpc_compiler::{Code, Parameters, Source, check, gather};
use wpc_grammar::Loc;
use wpc_grammar::syntax::{Entry, EntryKind, Ident, Item, ItemKind, Rules, Statement};

use crate::accept::{compiled, corpus};

/// The same file with every duty of its one tool, and every setting, in `rules` that the policy mixes in.
fn with_duties_apart(source: &Source) -> Option<String> {
    let mut file = wpc_grammar::parse(source).expect("it parses");
    let policy = file
        .items
        .iter_mut()
        .find_map(|item| if let ItemKind::Policy(policy) = &mut item.kind { Some(policy) } else { None })?;
    let (settings, mut entries): (Vec<_>, Vec<_>) = std::mem::take(&mut policy.entries)
        .into_iter()
        .partition(|entry| matches!(entry.kind, EntryKind::Settings(_)));
    let mut tools = entries.iter_mut().filter_map(|entry| {
        if let EntryKind::Tool(binding) = &mut entry.kind { Some(binding) } else { None }
    });
    let tool = tools.next()?;
    if tools.next().is_some() {
        return None;
    }
    let is_allow = |entry: &Entry| matches!(entry.kind, EntryKind::Statement(Statement::Allow { .. }));
    let (allows, mut duties): (Vec<_>, Vec<_>) =
        std::mem::take(&mut tool.entries).into_iter().partition(is_allow);
    tool.entries = allows;
    duties.extend(settings);
    let name = Ident { text: "apart".to_owned(), quoted: false, loc: Loc::default() };
    entries.push(Entry {
        docs: vec![],
        label: None,
        kind: EntryKind::With(name.clone()),
        loc: Loc::default(),
    });
    policy.entries = entries;
    let kind = ItemKind::Rules(Rules { name, entries: duties });
    file.items.push(Item { docs: vec![], kind, loc: Loc::default() });
    file.comments.clear();
    Some(wpc_grammar::print(&file))
}

#[test]
fn rules_mixed_in_mean_what_they_mean_where_they_are_mixed_in() {
    let mut apart = 0;
    for source in corpus() {
        let Some(text) = with_duties_apart(&source) else { continue };
        let mut other = Source::new(source.name(), text);
        gather(&mut other, |used| {
            let Some(Ok(file)) = source.file(used) else { return Err("no lock".to_owned()) };
            Ok(file.text().to_owned())
        });
        let (written, mixed) = (compiled(&source).policy, compiled(&other).policy);
        assert_eq!(mixed, written, "{}", other.text());
        apart += 1;
    }
    assert!(apart >= 10, "only {apart} policies");
}

#[test]
fn rules_of_a_used_file_mean_the_same_as_rules_of_this_one() {
    for source in corpus() {
        let Some(text) = with_duties_apart(&source).filter(|_| source.files().next().is_none()) else {
            continue;
        };
        let (policy, rules) = text.split_once("\nrules apart").expect("they come last");
        let mut other = Source::new("p.wpc", format!("use \"./apart.wpc\" as apart\n{policy}"));
        other.add("apart.wpc", Ok(format!("rules apart{rules}")));
        let (written, mixed) = (compiled(&source).policy, compiled(&other).policy);
        assert_eq!(mixed, written, "{}", other.text());
    }
}

/// The codes of what is wrong with `text`, whose used files `read` gives.
fn codes(text: String, mut read: impl FnMut(&str) -> Result<String, String>) -> Vec<Code> {
    let mut source = Source::new("p.wpc", text);
    // No file has a lock.
    gather(&mut source, |path| if path.ends_with(".lock") { Err("none".to_owned()) } else { read(path) });
    check(&source, &Parameters::new()).iter().map(|diagnostic| diagnostic.code).collect()
}

#[test]
fn files_that_name_one_another_end() {
    let mut read = Vec::new();
    let found = codes("use \"./a.wpc\" as a".to_owned(), |path| {
        read.push(path.to_owned());
        Ok(format!(
            "use \"./{}.wpc\" as next\ntool t {{ action go }}",
            if path == "a.wpc" { "b" } else { "a" }
        ))
    });
    assert_eq!((read, found), (vec!["a.wpc".to_owned(), "b.wpc".to_owned()], vec![]));
    let found = codes("use \"./a.wpc\" as a".to_owned(), |_| {
        Ok("use \"./p.wpc\" as p\ntool t { action go }".to_owned())
    });
    assert_eq!(found, [Code::FileCircle]);
}

#[test]
fn an_endless_chain_of_files_is_cut() {
    let mut count = 0;
    let found = codes("use \"./f0.wpc\" as f".to_owned(), |_| {
        count += 1;
        Ok(format!("use \"./f{count}.wpc\" as f\nrules f {{ deny any }}"))
    });
    assert_eq!((count, found), (64, vec![]));
    let many: String = (0..1_000).map(|n| format!("use \"./f{n}.wpc\" as f{n}\n")).collect();
    let found = codes(many, |_| Ok("rules f { deny any }".to_owned()));
    assert_eq!(found.iter().filter(|code| **code == Code::UnusableFile).count(), 1_000 - 64);
}

#[test]
fn nothing_outside_the_folder_is_asked_for() {
    for path in ["/etc/shadow.wpc", "../p.wpc", "./a/../../p.wpc", "p.wpc", "./x\\\\y.wpc", "./p.txt"] {
        let text = format!("use \"{path}\" as f\n// \"./f.wpc\"");
        assert_eq!(codes(text, |asked| panic!("asked for {asked}")), [Code::UnusableFile], "{path}");
    }
}

#[test]
fn files_too_long_together_are_refused() {
    let long = format!("rules f {{ deny any }} //{}", "x".repeat(15 * 1024 * 1024));
    let text = "use \"./a.wpc\" as a\nuse \"./b.wpc\" as b\nuse \"./c.wpc\" as c".to_owned();
    assert_eq!(codes(text, |_| Ok(long.clone())), [Code::UnusableFile]);
}

#[test]
fn rules_times_tools_are_counted_before_they_are_mixed() {
    let tools: String = (0..900).map(|n| format!("tool desk as t{n} {{ allow open }}\n")).collect();
    let duties: String = (0..5_000).map(|n| format!("deny open when {{ urgency > {n} }}\n")).collect();
    let text = format!(
        "tool desk {{ action open {{ urgency: count }} }}\nrules many {{\n{duties}}}\npolicy p {{\nwith many\n{tools}}}\n"
    );
    assert!(codes(text, |_| Err(String::new())).contains(&Code::TooMany));
}
