//! Tests that a policy carries.

use super::items::setting;
use super::layout::{Item, Piece};
use super::statements::{action, target_clause};
use super::values::{object, text, word};
use crate::literal::not_a_step;
use crate::syntax::{TestCall, TestStep};

pub(super) fn step(step: &TestStep) -> Item<'_> {
    match step {
        TestStep::Given(call) => called("given ", call),
        TestStep::Call(call) => called("call ", call),
        TestStep::Expect { decision, code, loc } => {
            let code = code.as_ref().map_or(String::new(), |code| format!(" {}", word(code)));
            Item::new(*loc, vec![format!("expect {}{code}", word(decision)).into()])
        }
        TestStep::Setting(given) => Item::new(given.loc, setting(given, not_a_step)),
    }
}

fn called<'t>(keyword: &'static str, call: &'t TestCall) -> Item<'t> {
    let mut pieces: Vec<Piece<'t>> = vec![keyword.into(), action(&call.action).into()];
    target_clause(&mut pieces, call.target.as_ref());
    if let Some((pairs, loc)) = &call.arguments {
        pieces.extend([" ".into(), object(pairs, *loc)]);
    }
    if let Some(at) = &call.at {
        pieces.push(format!(" at {}", text(at)).into());
    }
    Item::new(call.loc, pieces)
}
