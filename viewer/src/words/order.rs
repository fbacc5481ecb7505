//! A `separate` or a `before` in words.

use wpc_model::{Order, Origin, Sequence, Target, ToolAction, ToolActions};

use super::{duration, plain, targets};

/// `before deploy.apply do deploy.plan with same resource within 30 min once`.
pub fn order(order: &Order) -> String {
    match &order.sequence {
        Sequence::Separate { sides: [first, second] } => {
            format!("separate {} from {}", side(first), side(second))
        }
        Sequence::Before(before) => {
            let earlier = action(&before.earlier);
            let resource = before.same_resource.then(|| "same resource".to_owned());
            let same = before.same.iter().map(|same| {
                let (Origin::Argument(name) | Origin::Result(name)) = &same.with;
                format!("{} == {earlier}.{}", plain(&same.argument), plain(name))
            });
            let with: Vec<_> = resource.into_iter().chain(same).collect();
            let mut text = format!("before {} do {earlier}", action(&before.later));
            if !with.is_empty() {
                text.push_str(&format!(" with {}", with.join(", ")));
            }
            if let Some(ms) = before.within_ms {
                text.push_str(&format!(" within {}", duration(ms)));
            }
            if before.once {
                text.push_str(" once");
            }
            text
        }
    }
}

fn side(side: &[ToolActions]) -> String {
    let one = |one: &ToolActions| {
        let actions: Vec<_> =
            one.actions.iter().map(|action| format!("{}.{}", plain(&one.tool), plain(action))).collect();
        match one.targets.as_slice() {
            [Target::Any] => actions.join(", "),
            list => format!("{} on {}", actions.join(", "), targets(list)),
        }
    };
    side.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn action(one: &ToolAction) -> String {
    format!("{}.{}", plain(&one.tool), plain(&one.action))
}
