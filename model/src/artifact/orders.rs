//! `separate` and `before`: their normal form, their id, and how the artifact writes them.

use super::parts;
use crate::canon::{ObjectWriter, Sink, Writer};
use crate::hash::RuleHasher;
use crate::{Before, Order, Origin, RuleId, Same, Sequence, ToolAction, ToolActions};

impl Order {
    /// The order in normal form, with its id: sides and all lists sorted, repetition dropped.
    ///
    /// ```
    /// use wpc_model::{Order, Sequence, Target, ToolActions};
    /// let side = |action: &str| {
    ///     vec![ToolActions { tool: "vault".into(), actions: vec![action.into()], targets: vec![Target::Any] }]
    /// };
    /// let one = Order::new(Sequence::Separate { sides: [side("read"), side("send")] });
    /// assert_eq!(one, Order::new(Sequence::Separate { sides: [side("send"), side("read")] }));
    /// ```
    #[must_use]
    pub fn new(sequence: Sequence) -> Self {
        let sequence = match sequence {
            Sequence::Separate { sides } => {
                let mut sides = sides.map(side);
                sides.sort_unstable();
                Sequence::Separate { sides }
            }
            Sequence::Before(before) => {
                Sequence::Before(Before { same: super::identity::sorted(before.same), ..before })
            }
        };
        let mut bytes = Vec::new();
        Writer::new(&mut bytes).object(|object| members(object, &sequence, None));
        let id = RuleHasher::new().and(&bytes).finish();
        Self { id, sequence }
    }
}

fn side(side: Vec<ToolActions>) -> Vec<ToolActions> {
    let normal = |ToolActions { tool, actions, targets }| ToolActions {
        tool,
        actions: super::identity::sorted(actions),
        targets: super::identity::normal_targets(targets),
    };
    super::identity::sorted(side.into_iter().map(normal).collect())
}

/// Writes an order as it stands in the artifact.
pub(super) fn order<S: Sink>(to: Writer<'_, S>, order: &Order) {
    to.object(|object| members(object, &order.sequence, Some(order.id)));
}

/// Its members; with `effect`, which tells its normal form from those of rules, in place of `id`.
fn members<S: Sink>(object: &mut ObjectWriter<'_, S>, sequence: &Sequence, id: Option<RuleId>) {
    let name = |object: &mut ObjectWriter<'_, S>, effect: &str| match id {
        None => object.member("effect").text(effect),
        Some(id) => object.member("id").text(id.to_text().as_str()),
    };
    match sequence {
        Sequence::Separate { sides } => {
            name(object, "separate");
            object.member("separate").array(|array| {
                for side in sides {
                    array.item().array(|array| side.iter().for_each(|one| actions(array.item(), one)));
                }
            });
        }
        Sequence::Before(before) => {
            action(object.member("before"), &before.later);
            action(object.member("do"), &before.earlier);
            name(object, "before");
            if before.once {
                object.member("once").bool(true);
            }
            if !before.same.is_empty() {
                object
                    .member("same")
                    .array(|array| before.same.iter().for_each(|one| same(array.item(), one)));
            }
            if before.same_resource {
                object.member("same_resource").bool(true);
            }
            if let Some(ms) = before.within_ms {
                object.member("within_ms").integer(ms);
            }
        }
    }
}

fn actions<S: Sink>(to: Writer<'_, S>, one: &ToolActions) {
    to.object(|object| {
        if !parts::is_any(&one.targets) {
            parts::targets(object.member("on"), &one.targets);
        }
        object.member("ops").texts(one.actions.iter().map(String::as_str));
        object.member("tool").text(&one.tool);
    });
}

fn action<S: Sink>(to: Writer<'_, S>, one: &ToolAction) {
    to.object(|object| {
        object.member("op").text(&one.action);
        object.member("tool").text(&one.tool);
    });
}

/// `["plan_hash","result","hash"]`.
fn same<S: Sink>(to: Writer<'_, S>, same: &Same) {
    let (what, name) = match &same.with {
        Origin::Argument(name) => ("argument", name),
        Origin::Result(name) => ("result", name),
    };
    to.texts([same.argument.as_str(), what, name.as_str()]);
}
