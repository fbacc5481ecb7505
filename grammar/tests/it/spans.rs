//! Every place in a tree is the place of what was written.
//!
//! The text under a node's place, put where such a node may stand, reads as that node again.

use std::slice::from_ref;

use proptest::prelude::*;
use wpc_grammar::syntax::{
    ActionRef, Check, Condition, Conditions, Entry, EntryKind, Field, File, Ident, ItemKind, Key, LetValue,
    Part, PartKind, Path, Quantity, ResourceRef, Setting, SlotKind, Statement, Step, Target, TestStep, Text,
    Ty, TyKind, Value,
};
use wpc_grammar::{Loc, Source, parse, print};

use crate::corpus::corpus;
use crate::trees::file;

struct Spans<'s> {
    source: &'s Source,
}

impl Spans<'_> {
    #[track_caller]
    fn slice(&self, loc: Loc) -> &str {
        let slice = self.source.slice(loc.0);
        assert_eq!(slice.trim(), slice, "a place holds blanks around its node");
        assert!(!slice.is_empty(), "a place holds nothing");
        slice
    }

    /// The only item of `before`, what stands at `loc`, `after`.
    #[track_caller]
    fn read(&self, before: &str, loc: Loc, after: &str) -> ItemKind {
        let text = format!("{before}{}{after}", self.slice(loc));
        let mut file =
            parse(&Source::new("slice", text.as_str())).unwrap_or_else(|error| panic!("{error}:\n{text}"));
        assert_eq!(file.items.len(), 1, "{text}");
        file.items.pop().unwrap().kind
    }

    #[track_caller]
    fn read_entry(&self, before: &str, loc: Loc, after: &str) -> EntryKind {
        let ItemKind::Policy(mut policy) =
            self.read(&format!("policy p {{\n{before}"), loc, &format!("{after}\n}}"))
        else {
            panic!("not a policy");
        };
        assert_eq!(policy.entries.len(), 1);
        policy.entries.pop().unwrap().kind
    }

    fn file(&self, file: &File) {
        for item in &file.items {
            assert_eq!(self.read("", item.loc, ""), item.kind);
            item.docs.iter().for_each(|doc| self.doc(&doc.text, doc.loc));
            match &item.kind {
                ItemKind::Use(_) => {}
                ItemKind::Policy(policy) => {
                    policy.extends.iter().for_each(|path| self.text(path));
                    policy.entries.iter().for_each(|entry| self.entry(entry));
                }
                ItemKind::Rules(rules) => rules.entries.iter().for_each(|entry| self.entry(entry)),
                ItemKind::Interface(interface) => interface.parts.iter().for_each(|part| self.part(part)),
                ItemKind::Test(test) => {
                    self.text(&test.name);
                    test.steps.iter().for_each(|step| self.step(step));
                }
            }
        }
        for comment in &file.comments {
            assert_eq!(self.slice(comment.loc), comment.text);
        }
    }

    fn doc(&self, text: &str, loc: Loc) {
        assert_eq!(self.slice(loc).strip_prefix("///").unwrap().trim_start(), text.trim_start());
    }

    fn entry(&self, entry: &Entry) {
        entry.docs.iter().for_each(|doc| self.doc(&doc.text, doc.loc));
        entry.label.iter().for_each(|label| self.text(label));
        assert_eq!(self.read_entry("", entry.loc, ""), entry.kind);
        match &entry.kind {
            EntryKind::Param { name, ty, default } => {
                self.ident(name);
                self.ty(ty);
                default.iter().for_each(|value| self.value(value));
            }
            EntryKind::Let { name, value } => {
                self.ident(name);
                match value {
                    LetValue::Value(value) => self.value(value),
                    LetValue::Conditions(conditions) => self.conditions(conditions),
                }
            }
            EntryKind::Tool(binding) => {
                self.ident(&binding.tool);
                binding.alias.iter().for_each(|alias| self.ident(alias));
                binding.scope.iter().for_each(|scope| self.value(&Value::Made(scope.clone())));
                binding.entries.iter().for_each(|entry| self.entry(entry));
            }
            EntryKind::Statement(statement) => self.statement(statement),
            EntryKind::Settings(block) => {
                let EntryKind::Settings(read) = self.read_entry("", block.loc, "") else {
                    panic!("not settings")
                };
                assert_eq!(&read, block);
                block.settings.iter().for_each(|setting| self.setting(setting));
            }
            EntryKind::Test(test) => test.steps.iter().for_each(|step| self.step(step)),
            EntryKind::With(_) => {}
        }
    }

    fn statement(&self, statement: &Statement) {
        let (actions, target, conditions) = match statement {
            Statement::Allow { actions, target, when } => (Some(actions), target, when.as_ref()),
            Statement::Deny { actions, target, when } => (actions.as_ref(), target, when.as_ref()),
            Statement::Require { actions, target, conditions } => (Some(actions), target, Some(conditions)),
            Statement::Approval { actions, target, when, settings } => {
                settings.iter().for_each(|setting| self.setting(setting));
                (Some(actions), target, when.as_ref())
            }
            Statement::Limit { actions, target, max, .. } => {
                self.value(max);
                (Some(actions), target, None)
            }
            Statement::Separate { first, second } => {
                second.0.iter().for_each(|action| self.action(action));
                (Some(&first.0), &first.1, None)
            }
            Statement::Before { later, earlier, within, .. } => {
                self.action(later);
                self.action(earlier);
                within.iter().for_each(|within| self.quantity(within));
                return;
            }
        };
        actions.into_iter().flatten().for_each(|action| self.action(action));
        target.iter().for_each(|target| self.target(target));
        conditions.into_iter().for_each(|conditions| self.conditions(conditions));
    }

    fn action(&self, action: &ActionRef) {
        let read = self.read_entry("deny ", action.loc, "");
        assert_eq!(
            read,
            EntryKind::Statement(Statement::Deny {
                actions: Some(vec![action.clone()]),
                target: None,
                when: None
            })
        );
        action.tool.iter().for_each(|tool| self.ident(tool));
        self.ident(&action.action);
    }

    fn target(&self, target: &Target) {
        let read = self.read_entry("deny a ", target.loc, "");
        let EntryKind::Statement(Statement::Deny { target: Some(read), .. }) = read else {
            panic!("no target")
        };
        assert_eq!(&read, target);
        self.ident(&target.preposition);
        for resource in &target.resources {
            let (ResourceRef::Any { loc, .. } | ResourceRef::Named { loc, .. }) = resource;
            let read = self.read_entry("deny a on ", *loc, "");
            let EntryKind::Statement(Statement::Deny { target: Some(read), .. }) = read else {
                panic!("no target")
            };
            assert_eq!(read.resources.as_slice(), from_ref(resource));
            let ResourceRef::Named { kind, slots, .. } = resource else { continue };
            self.ident(kind);
            for slot in slots {
                let EntryKind::Statement(Statement::Deny { target: Some(read), .. }) =
                    self.read_entry("deny a on k(", slot.loc, ")")
                else {
                    panic!("no slot");
                };
                let [ResourceRef::Named { slots, .. }] = read.resources.as_slice() else { panic!("no slot") };
                assert_eq!(slots.as_slice(), from_ref(slot));
                match &slot.kind {
                    SlotKind::Any => {}
                    SlotKind::Like(text) => self.text(text),
                    SlotKind::In(value) | SlotKind::Value(value) => self.value(value),
                }
            }
        }
    }

    fn conditions(&self, conditions: &Conditions) {
        let Conditions::Block { conditions, loc } = conditions else { return };
        let read = self.read_entry("deny any when ", *loc, "");
        let EntryKind::Statement(Statement::Deny {
            when: Some(Conditions::Block { conditions: read, .. }),
            ..
        }) = read
        else {
            panic!("no conditions");
        };
        assert_eq!(&read, conditions);
        for condition in conditions {
            let Condition::Test { subject, test, loc, .. } = condition else { continue };
            let read = self.read_entry("let x = { ", *loc, " }");
            let conditions = Conditions::Block { conditions: vec![condition.clone()], loc: *loc };
            assert!(
                matches!(&read, EntryKind::Let { value: LetValue::Conditions(read), .. } if *read == conditions),
                "{read:?}"
            );
            self.path(subject);
            match test {
                Check::Compare(_, value)
                | Check::In(value)
                | Check::NotIn(value)
                | Check::Like(value)
                | Check::Matches(value)
                | Check::Has(value)
                | Check::Lacks(value)
                | Check::WithinCidr(value)
                | Check::UnderPath(value)
                | Check::UnderDomain(value)
                | Check::From(value) => self.value(value),
                Check::ConformsTo(text) => self.text(text),
                Check::Present | Check::Absent => {}
            }
        }
    }

    fn setting(&self, setting: &Setting) {
        let read = self.read_entry("x { ", setting.loc, " }");
        let EntryKind::Settings(read) = read else { panic!("not settings") };
        assert_eq!(read.settings.as_slice(), from_ref(setting));
        setting.groups.iter().flatten().for_each(|value| self.value(value));
    }

    fn value(&self, value: &Value) {
        let EntryKind::Let { value: LetValue::Value(read), .. } =
            self.read_entry("let x = ", value.loc(), "")
        else {
            panic!("not a value");
        };
        assert_eq!(&read, value);
        match value {
            Value::Bool(..) => {}
            Value::Quantity(quantity) => self.quantity(quantity),
            Value::Text(text) => self.text(text),
            Value::List(values, _) => values.iter().for_each(|value| self.value(value)),
            Value::Object(pairs, _) => {
                for pair in pairs {
                    self.key(&pair.key);
                    self.value(&pair.value);
                }
            }
            Value::Made(made) => {
                self.ident(&made.name);
                made.arguments.iter().for_each(|value| self.value(value));
            }
            Value::Path(path) => self.path(path),
        }
    }

    fn path(&self, path: &Path) {
        self.ident(&path.head);
        for step in &path.steps {
            match step {
                Step::Field(field) => self.ident(field),
                Step::Key(key) => self.text(key),
            }
        }
        assert!(self.slice(path.loc).starts_with(self.slice(path.head.loc)));
    }

    fn quantity(&self, quantity: &Quantity) {
        assert!(self.slice(quantity.loc).starts_with(|first: char| first == '-' || first.is_ascii_digit()));
        quantity.unit.iter().for_each(|unit| {
            self.ident(unit);
            assert_eq!(unit.loc.0.end, quantity.loc.0.end);
        });
    }

    fn key(&self, key: &Key) {
        match key {
            Key::Word(word) => self.ident(word),
            Key::Text(text) => self.text(text),
        }
    }

    fn ident(&self, ident: &Ident) {
        let quote = if ident.quoted { "`" } else { "" };
        assert_eq!(self.slice(ident.loc), format!("{quote}{}{quote}", ident.text));
    }

    fn text(&self, text: &Text) {
        let slice = self.slice(text.loc);
        assert!(slice.starts_with(if text.raw { "r\"" } else { "\"" }) && slice.ends_with('"'), "{slice}");
    }

    fn part(&self, part: &Part) {
        part.docs.iter().for_each(|doc| self.doc(&doc.text, doc.loc));
        let ItemKind::Interface(read) = self.read("tool t {\n", part.loc, "\n}") else {
            panic!("no interface")
        };
        assert_eq!(read.parts.iter().map(|part| &part.kind).collect::<Vec<_>>(), [&part.kind]);
        match &part.kind {
            PartKind::Scope(template) | PartKind::Resource(template) => {
                template.fields.iter().for_each(|field| self.field(field));
                self.text(&template.template);
            }
            PartKind::Record { fields, .. } => fields.iter().for_each(|field| self.field(field)),
            PartKind::Class { duties, .. } => {
                duties
                    .iter()
                    .flat_map(|duty| duty.groups.iter().flatten())
                    .for_each(|value| self.value(value));
            }
            PartKind::Constraint { name, .. } => self.ident(name),
            PartKind::Action(action) => {
                action.names.iter().for_each(|(name, _)| self.ident(name));
                action
                    .preposition
                    .iter()
                    .chain(&action.kinds)
                    .chain(&action.classes)
                    .for_each(|word| self.ident(word));
                action
                    .arguments
                    .iter()
                    .chain(action.result.iter().flatten())
                    .for_each(|field| self.field(field));
            }
        }
    }

    fn field(&self, field: &Field) {
        field.docs.iter().for_each(|doc| self.doc(&doc.text, doc.loc));
        let ItemKind::Interface(read) = self.read("tool t {\nrecord r {\n", field.loc, "\n}\n}") else {
            panic!("no interface");
        };
        let [Part { kind: PartKind::Record { fields, .. }, .. }] = read.parts.as_slice() else {
            panic!("no record")
        };
        let bare = |field: &Field| Field { docs: Vec::new(), ..field.clone() };
        assert_eq!(fields.iter().map(bare).collect::<Vec<_>>(), [bare(field)]);
        self.ident(&field.name);
        self.ty(&field.ty);
        field.marks.iter().for_each(|mark| self.ident(mark));
    }

    fn ty(&self, ty: &Ty) {
        let EntryKind::Param { ty: read, .. } = self.read_entry("param x: ", ty.loc, "") else {
            panic!("no type")
        };
        assert_eq!(&read, ty);
        if let TyKind::Choice(keys) = &ty.kind {
            keys.iter().for_each(|key| self.key(key));
        }
    }

    fn step(&self, step: &TestStep) {
        let loc = match step {
            TestStep::Given(call) | TestStep::Call(call) => call.loc,
            TestStep::Expect { loc, .. } => *loc,
            TestStep::Setting(setting) => setting.loc,
        };
        let ItemKind::Test(read) = self.read("test \"t\" {\n", loc, "\n}") else { panic!("no test") };
        assert_eq!(read.steps.as_slice(), from_ref(step));
        if let TestStep::Given(call) | TestStep::Call(call) = step {
            self.action(&call.action);
            call.target.iter().for_each(|target| self.target(target));
            call.at.iter().for_each(|at| self.text(at));
            call.arguments.iter().for_each(|(pairs, loc)| self.value(&Value::Object(pairs.clone(), *loc)));
        }
    }
}

#[test]
fn places_in_the_corpus_are_exact() {
    for source in corpus("accept") {
        let file = parse(&source).unwrap();
        Spans { source: &source }.file(&file);
    }
}

proptest! {
    #[test]
    fn places_are_exact(file in file()) {
        let source = Source::new("spans.wpc", print(&file));
        let file = parse(&source).unwrap();
        Spans { source: &source }.file(&file);
    }
}
