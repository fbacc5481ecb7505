//! Items, entries, settings: what holds statements.

use super::node::{Node, Nodes, ident};
use super::{Reader, Rule, conditions, statements, values};
use crate::syntax::{
    Binding, Doc, Entry, EntryKind, Interface, Item, ItemKind, LetValue, Policy, Rules, Setting, Settings,
    Text, Use,
};
use crate::{Loc, SyntaxError};

impl<'i> Reader<'i> {
    /// All items of the file.
    pub(super) fn items(&mut self) -> Result<Vec<Item>, SyntaxError> {
        let mut items = Vec::new();
        while let Some(item) = self.piece(Rule::file_line)?.children().next_if(Rule::item) {
            items.push(self.item(item)?);
        }
        Ok(items)
    }

    fn item(&mut self, node: Node<'i>) -> Result<Item, SyntaxError> {
        let mut children = node.children();
        let mut docs = children.docs();
        let mut body = children.need(Rule::item_body)?.children();
        let head = body.any()?;
        let (rule, loc) = (head.rule(), head.loc());
        let mut head = head.children();
        let (kind, loc) = if rule == Rule::uses {
            docs.extend(body.docs());
            (ItemKind::Use(uses(head)?), loc)
        } else if rule == Rule::policy_open {
            let name = ident(&head.need(Rule::name)?);
            let extends = head.all(Rule::text, values::text)?;
            docs.extend(head.docs());
            let (entries, close) = self.policy_entries(&mut docs)?;
            (ItemKind::Policy(Policy { name, extends, entries }), to(loc, close))
        } else if rule == Rule::rules_open {
            let name = ident(&head.need(Rule::name)?);
            docs.extend(head.docs());
            let (entries, close) = self.rule_entries(&mut docs)?;
            (ItemKind::Rules(Rules { name, entries }), to(loc, close))
        } else if rule == Rule::interface_open {
            let name = head.ident()?;
            docs.extend(head.docs());
            let (parts, close) = self.parts(&mut docs)?;
            (ItemKind::Interface(Interface { name, parts }), to(loc, close))
        } else {
            let (test, close) = self.test(head, &mut docs)?;
            (ItemKind::Test(test), to(loc, close))
        };
        Ok(Item { docs, kind, loc })
    }

    fn policy_entries(&mut self, docs: &mut Vec<Doc>) -> Result<(Vec<Entry>, Loc), SyntaxError> {
        let mut entries = Vec::new();
        let (after, close) = self.block(Rule::policy_line, |reader, node| {
            entries.push(reader.entry(node, Rule::entry_body)?);
            Ok(())
        })?;
        docs.extend(after);
        Ok((entries, close))
    }

    fn rule_entries(&mut self, docs: &mut Vec<Doc>) -> Result<(Vec<Entry>, Loc), SyntaxError> {
        let mut entries = Vec::new();
        self.quick_rules(&mut entries);
        let (after, close) = self.block(Rule::rule_line, |reader, node| {
            entries.push(reader.entry(node, Rule::rule_body)?);
            reader.quick_rules(&mut entries);
            Ok(())
        })?;
        docs.extend(after);
        Ok((entries, close))
    }

    /// An entry of a policy (`entry_body`), or of a binding or `rules` (`rule_body`).
    pub(super) fn entry(&mut self, node: Node<'i>, body: Rule) -> Result<Entry, SyntaxError> {
        let mut children = node.children();
        let mut docs = children.docs();
        let label = match children.next_if(Rule::label) {
            Some(label) => Some(values::text(label.children().need(Rule::text)?)?),
            None => None,
        };
        docs.extend(children.docs());
        let mut body = children.need(body)?.children();
        let head = body.any()?;
        let loc = head.loc();
        let (kind, loc) = if head.is(Rule::binding_open) {
            let (binding, close) = self.binding(head.children(), &mut docs)?;
            (EntryKind::Tool(binding), to(loc, close))
        } else if head.is(Rule::test_open) {
            let (test, close) = self.test(head.children(), &mut docs)?;
            (EntryKind::Test(test), to(loc, close))
        } else {
            docs.extend(body.docs());
            (line(head)?, loc)
        };
        Ok(Entry { docs, label, kind, loc })
    }

    fn binding(&mut self, mut head: Nodes<'i>, docs: &mut Vec<Doc>) -> Result<(Binding, Loc), SyntaxError> {
        let tool = head.ident()?;
        let alias = head.next_if(Rule::ident).map(|node| ident(&node));
        let scope = head.next_if(Rule::made).map(values::made).transpose()?;
        docs.extend(head.docs());
        let (entries, close) = self.rule_entries(docs)?;
        Ok((Binding { tool, alias, scope, entries }, close))
    }
}

/// From the beginning of one place to the end of another.
pub(super) fn to(from: Loc, end: Loc) -> Loc {
    Loc(from.0.to(end.0))
}

fn uses(mut head: Nodes<'_>) -> Result<Use, SyntaxError> {
    match head.next_if(Rule::text) {
        Some(path) => Ok(Use::File { path: values::text(path)?, alias: head.ident()? }),
        None => Ok(Use::Shipped(head.ident()?)),
    }
}

/// An entry that is one piece.
fn line(node: Node<'_>) -> Result<EntryKind, SyntaxError> {
    let (rule, loc) = (node.rule(), node.loc());
    if rule == Rule::param {
        let mut children = node.children();
        Ok(EntryKind::Param {
            name: children.ident()?,
            ty: super::interfaces::ty(children.need(Rule::ty)?)?,
            default: children.next_if(Rule::value).map(values::value).transpose()?,
        })
    } else if rule == Rule::bind {
        let mut children = node.children();
        let name = children.ident()?;
        let value = match children.next_if(Rule::value) {
            Some(value) => LetValue::Value(values::value(value)?),
            None => LetValue::Conditions(conditions::block(children.need(Rule::conditions_block)?)?),
        };
        Ok(EntryKind::Let { name, value })
    } else if rule == Rule::with {
        Ok(EntryKind::With(ident(&node.children().need(Rule::name)?)))
    } else if rule == Rule::settings {
        let mut children = node.children();
        let name = ident(&children.need(Rule::block_name)?);
        let settings = settings_block(children.need(Rule::settings_block)?)?;
        Ok(EntryKind::Settings(Settings { name, settings, loc }))
    } else {
        statements::statement(node).map(EntryKind::Statement)
    }
}

/// `{ setting; setting }`.
pub(super) fn settings_block(node: Node<'_>) -> Result<Vec<Setting>, SyntaxError> {
    node.children().all(Rule::setting, |node| setting(node, Rule::ident))
}

/// A setting whose name is a `word`.
pub(super) fn setting(node: Node<'_>, word: Rule) -> Result<Setting, SyntaxError> {
    let loc = node.loc();
    let mut children = node.children();
    let name = ident(&children.need(word)?);
    let groups = children.all(Rule::group, |group| group.children().all(Rule::value, values::value))?;
    Ok(Setting { name, groups, loc })
}

/// A text that is there only behind a keyword.
pub(super) fn optional_text(children: &mut Nodes<'_>) -> Result<Option<Text>, SyntaxError> {
    children.next_if(Rule::text).map(values::text).transpose()
}
