//! `separate` and `before`.

use serde::Deserialize;

use super::raw::{RawTarget, targets};
use super::scalars::{Shown, Text};
use crate::{Before, Order, Origin, Same, Sequence, ToolAction, ToolActions};

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum RawOrder<'a> {
    Separate(#[serde(borrow)] RawSeparate<'a>),
    Before(RawBefore<'a>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSeparate<'a> {
    #[expect(dead_code, reason = "follows from the rest; encoding again checks it")]
    id: Shown,
    #[serde(borrow)]
    separate: [Vec<RawActions<'a>>; 2],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawBefore<'a> {
    #[serde(borrow)]
    before: RawAction<'a>,
    r#do: RawAction<'a>,
    #[expect(dead_code, reason = "follows from the rest; encoding again checks it")]
    id: Shown,
    #[serde(default)]
    once: bool,
    #[serde(default)]
    same: Vec<(Text<'a>, Text<'a>, Text<'a>)>,
    #[serde(default)]
    same_resource: bool,
    within_ms: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawActions<'a> {
    #[serde(borrow)]
    on: Option<Vec<RawTarget<'a>>>,
    ops: Vec<Text<'a>>,
    tool: Text<'a>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAction<'a> {
    #[serde(borrow)]
    op: Text<'a>,
    tool: Text<'a>,
}

impl From<RawAction<'_>> for ToolAction {
    fn from(raw: RawAction<'_>) -> Self {
        Self { tool: raw.tool.0.into_owned(), action: raw.op.0.into_owned() }
    }
}

impl From<RawActions<'_>> for ToolActions {
    fn from(raw: RawActions<'_>) -> Self {
        Self { tool: raw.tool.0.into_owned(), actions: super::owned(raw.ops), targets: targets(raw.on) }
    }
}

/// The order, or what is wrong with it.
pub(super) fn order(raw: RawOrder<'_>) -> Result<Order, &'static str> {
    Ok(Order::new(match raw {
        RawOrder::Separate(RawSeparate { separate, .. }) => {
            Sequence::Separate { sides: separate.map(|side| side.into_iter().map(Into::into).collect()) }
        }
        RawOrder::Before(raw) => Sequence::Before(Before {
            later: raw.before.into(),
            earlier: raw.r#do.into(),
            same_resource: raw.same_resource,
            same: raw.same.into_iter().map(same).collect::<Result<_, _>>()?,
            within_ms: raw.within_ms,
            once: raw.once,
        }),
    }))
}

fn same((argument, what, name): (Text<'_>, Text<'_>, Text<'_>)) -> Result<Same, &'static str> {
    let name = name.0.into_owned();
    let with = match &*what.0 {
        "argument" => Origin::Argument(name),
        "result" => Origin::Result(name),
        _ => return Err("is neither of an `argument` nor of a `result`"),
    };
    Ok(Same { argument: argument.0.into_owned(), with })
}
