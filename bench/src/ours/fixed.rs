//! Generated enforcers, asked about an action and a resource that are known at compile time.

use std::hint::black_box;

use wpc::TextMap;

use crate::Result;
use crate::figures::{Figures, Meter};
use crate::problem::{Call, Case, cases};

/// Measures the policy of `rules` rules that was compiled into this program.
///
/// # Errors
///
/// Only if it decides a case wrongly, or no such policy was compiled in.
pub fn run(figures: &mut Figures, meter: &impl Meter, rules: usize) -> Result<()> {
    for case in cases(rules).iter().filter(|case| case.name != "deny_default") {
        match rules {
            10 => rules_10::measure(figures, meter, case)?,
            1_000 => rules_1000::measure(figures, meter, case)?,
            _ => return Err(format!("no policy of {rules} rules was compiled in").into()),
        }
    }
    Ok(())
}

fn size(call: &Call) -> u64 {
    u64::try_from(call.message_bytes).unwrap_or(u64::MAX)
}

fn properties(call: &Call) -> TextMap<'_> {
    TextMap::from(call.properties.as_slice())
}

/// A policy, and its cases for the queue that stands in the program.
macro_rules! policy {
    ($name:ident, $file:literal, $queue:literal) => {
        mod $name {
            use wpc::{Action, Place};
            use wpc_model::Ruling;

            use self::policy::bus::{Manage, Send, queue};
            use self::policy::interface::bus::{ManageArguments, SendArguments};
            use super::{Case, Figures, Meter, Result, black_box, properties, size};

            mod policy {
                wpc::include_policy!($file);
            }

            /// Whether the code allows `call` on the queue of this program.
            fn decide<A>(place: &Place, facts: &<A::Interface as wpc::Interface>::Facts<'_>) -> bool
            where
                A: Action,
            {
                matches!(A::rule(Some(place), facts), Ruling::Allow { .. })
            }

            pub(super) fn measure(figures: &mut Figures, meter: &impl Meter, case: &Case) -> Result<()> {
                // What `#[tool(…, to = queue("…"))]` makes of the name in its attribute.
                let queue: Place = queue::Name::__wpc_named(&[$queue]).into();
                if case.call.queue != $queue {
                    return Err("the program names another queue".into());
                }
                match case.call.action {
                    "send" => figures.decide(meter, case, "", || {
                        let call = black_box(&case.call);
                        let facts = SendArguments { message_bytes: size(call), properties: properties(call) };
                        decide::<Send>(&queue, &facts)
                    }),
                    _ => figures.decide(meter, case, "", || {
                        let call = black_box(&case.call);
                        let facts =
                            ManageArguments { message_bytes: size(call), properties: properties(call) };
                        decide::<Manage>(&queue, &facts)
                    }),
                }
            }
        }
    };
}

policy!(rules_10, "rules_10", "queue-4");
policy!(rules_1000, "rules_1000", "queue-500");
