//! Resources of two kinds that are written alike.

use wpc_model::{Interface, Piece, Target, Template, Type};

use crate::checked::{self, Checked, Slot};
use crate::coverage::Coverage;
use crate::{Code, Diagnostic, Problems};

/// `alike_kind`: an allow of a resource whose very text a deny forbids under another kind. What stands
/// behind the text may be one thing: in Service Bus, queues and topics share their names.
pub(super) fn alike_kind(checked: &Checked, problems: &mut Problems) {
    for tool in checked.tools.values() {
        let interface = tool.known.interface();
        let mut denies = Coverage::default();
        for (id, deny) in tool.denies.iter().enumerate() {
            // Whoever denies a whole kind means the kind.
            let named: Vec<_> = deny.targets.iter().filter(|target| names(target)).cloned().collect();
            denies.add(id, &deny.actions, &named);
        }
        if denies.is_empty() {
            continue;
        }
        let mut told = None;
        for join in &tool.joins {
            for target in &join.targets {
                let Target::Of { kind, slots } = target else { continue };
                for other in alike(interface, kind) {
                    let meant = Target::Of { kind: other.into(), slots: slots.clone() };
                    // Too many patterns to compare: a lint may stay silent.
                    let Ok(found) = denies.find(&join.action, &meant) else { return };
                    let deny =
                        found.covering.iter().chain(&found.partial).find_map(|id| tool.denies.get(*id));
                    let (Some(allow), Some(deny)) = (tool.allows.get(join.allow), deny) else { continue };
                    if told.replace((allow.head.span, deny.head.span))
                        == Some((allow.head.span, deny.head.span))
                    {
                        continue;
                    }
                    problems.report(
                        Diagnostic::error(
                            Code::AlikeKind,
                            allow.head.span,
                            format!("found an `allow` of a `{kind}` that may be a `{other}` which is denied"),
                            format!("a `{kind}` and a `{other}` of one name are written alike"),
                        )
                        .also(deny.head.span, format!("denies it as a `{other}` only"))
                        .help(format!("deny it as a `{kind}` too, or name the resources that are allowed"))
                        .of_rule(allow.head.name()),
                    );
                }
            }
        }
    }
}

fn names(target: &checked::Target) -> bool {
    match target {
        checked::Target::Any => false,
        checked::Target::Of { slots, .. } => slots.iter().any(|slot| *slot != Slot::Any),
    }
}

/// The other kinds whose resources are written as those of `kind` are.
fn alike<'i>(interface: &'i Interface, kind: &str) -> impl Iterator<Item = &'i str> {
    let form = interface.kinds.get(kind).map(|kind| form(&kind.template));
    let others = interface.kinds.iter().filter(move |(name, _)| name.as_str() != kind);
    others.filter(move |(_, other)| Some(self::form(&other.template)) == form).map(|(name, _)| name.as_str())
}

/// A template without its parameters' names.
fn form(template: &Template) -> Vec<Result<&str, Option<&Type>>> {
    let pieces = template.pieces().map(|piece| match piece {
        Piece::Text(text) => Ok(text),
        Piece::Hole { name, .. } => {
            Err(template.parameters.iter().find(|(one, _)| one == name).map(|(_, ty)| ty))
        }
    });
    pieces.collect()
}
