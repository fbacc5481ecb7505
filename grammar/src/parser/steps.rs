//! Tests that a policy carries.

use super::items::{optional_text, setting};
use super::node::{Node, Nodes, ident};
use super::{Reader, Rule, statements, values};
use crate::syntax::{Doc, Test, TestCall, TestStep};
use crate::{Loc, SyntaxError};

impl<'i> Reader<'i> {
    /// A test whose opener has been read, to its closing brace.
    pub(super) fn test(
        &mut self,
        mut head: Nodes<'i>,
        docs: &mut Vec<Doc>,
    ) -> Result<(Test, Loc), SyntaxError> {
        let name = values::text(head.need(Rule::text)?)?;
        docs.extend(head.docs());
        let mut steps = Vec::new();
        let (after, close) = self.block(Rule::step_line, |_, node| {
            steps.push(step(node.children().any()?)?);
            Ok(())
        })?;
        docs.extend(after);
        Ok((Test { name, steps }, close))
    }
}

fn step(node: Node<'_>) -> Result<TestStep, SyntaxError> {
    let (rule, loc) = (node.rule(), node.loc());
    if rule == Rule::expect {
        let mut children = node.children();
        let decision = children.ident()?;
        let code = children.next_if(Rule::ident).map(|node| ident(&node));
        Ok(TestStep::Expect { decision, code, loc })
    } else if rule == Rule::given {
        called(node.children(), loc).map(TestStep::Given)
    } else if rule == Rule::call {
        called(node.children(), loc).map(TestStep::Call)
    } else {
        setting(node, Rule::step_word).map(TestStep::Setting)
    }
}

fn called(mut children: Nodes<'_>, loc: Loc) -> Result<TestCall, SyntaxError> {
    let action = statements::action(children.need(Rule::action)?)?;
    let target = statements::target(&mut children)?;
    let arguments = match children.next_if(Rule::object) {
        Some(object) => {
            let loc = object.loc();
            Some((values::pairs(object)?, loc))
        }
        None => None,
    };
    Ok(TestCall { action, target, arguments, at: optional_text(&mut children)?, loc })
}
