//! Pieces that several statements share: conditions, targets, terms.

use crate::canon::{ArrayWriter, ObjectWriter, Sink, Writer, in_order};
use crate::{Approver, Bind, Condition, Measure, Owner, Slot, Target, Test, Uses, Value, Window};

/// Sorted triples.
pub(super) fn conditions<'c, S: Sink>(
    to: Writer<'_, S>,
    conditions: impl IntoIterator<Item = &'c Condition>,
) {
    to.array(|array| conditions.into_iter().for_each(|one| condition(array.item(), one)));
}

/// `["message_bytes","<=",131072]`.
pub(crate) fn condition<S: Sink>(to: Writer<'_, S>, condition: &Condition) {
    to.array(|triple| {
        triple.item().text_of(|text| condition.subject.write(text));
        triple.item().text(condition.test.operator());
        operand(triple, &condition.test);
    });
}

fn operand<S: Sink>(triple: &mut ArrayWriter<'_, S>, test: &Test) {
    match test {
        Test::Present => triple.item().text("present"),
        Test::Absent => triple.item().text("absent"),
        Test::Compare(_, constant) => value(triple.item(), constant),
        Test::Conforms(schema) => triple.item().text(&schema.to_string()),
        Test::From(sources) => {
            triple.item().array(|array| sources.iter().for_each(|one| array.item().text(&one.to_text())));
        }
        Test::Like(pattern) | Test::Matches(pattern) => triple.item().text(pattern),
        Test::Has(constants)
        | Test::In(constants)
        | Test::Lacks(constants)
        | Test::NotIn(constants)
        | Test::UnderDomain(constants)
        | Test::UnderPath(constants)
        | Test::WithinCidr(constants) => {
            values(triple.item(), constants);
        }
    }
}

pub(super) fn values<S: Sink>(to: Writer<'_, S>, values: &[Value]) {
    to.array(|array| values.iter().for_each(|one| value(array.item(), one)));
}

pub(super) fn value<S: Sink>(to: Writer<'_, S>, constant: &Value) {
    match constant {
        Value::Bool(value) => to.bool(*value),
        Value::Int(value) => to.integer(*value),
        Value::Text(text) => to.text(text),
        Value::List(members) => values(to, members),
        Value::Map(members) => to.object(|object| {
            for (name, member) in in_order(members) {
                value(object.member(name), member);
            }
        }),
        Value::Sealed(_) => to.null(),
    }
}

/// One per parameter of the kind: a string is exact, `{"like":…}` a pattern, `{"any":true}` any.
pub(super) fn slots<S: Sink>(to: Writer<'_, S>, slots: &[Slot]) {
    to.array(|array| {
        for slot in slots {
            match slot {
                Slot::Exact(name) => array.item().text(name),
                Slot::Like(pattern) => array.item().object(|slot| slot.member("like").text(pattern)),
                Slot::Any => array.item().object(|slot| slot.member("any").bool(true)),
            }
        }
    });
}

/// `{"kind":…,"slots":[…]}`, or `{}` for any resource.
pub(super) fn targets<S: Sink>(to: Writer<'_, S>, targets: &[Target]) {
    to.array(|array| {
        for target in targets {
            array.item().object(|object| match target {
                Target::Any => {}
                Target::Of { kind, slots: of } => {
                    object.member("kind").text(kind);
                    slots(object.member("slots"), of);
                }
            });
        }
    });
}

/// Whether `"on"` is left out.
pub(super) fn is_any(targets: &[Target]) -> bool {
    matches!(targets, [Target::Any])
}

pub(super) fn measure<S: Sink>(to: Writer<'_, S>, measure: &Measure) {
    match measure {
        Measure::Calls => to.text("calls"),
        Measure::Argument(name) => to.text(name),
    }
}

pub(super) fn window<S: Sink>(to: Writer<'_, S>, window: Window) {
    match window {
        Window::Job => to.text("job"),
        Window::Sliding { ms } => to.integer(ms),
        Window::Flight => to.text("flight"),
    }
}

/// Members `agent`, `by` and `by_resource`: which counters a limit has, where not one of the job's.
pub(super) fn counters<S: Sink>(
    object: &mut ObjectWriter<'_, S>,
    owner: Owner,
    by_resource: bool,
    by: &[String],
) {
    if owner == Owner::Agent {
        object.member("agent").bool(true);
    }
    if !by.is_empty() {
        object.member("by").texts(by.iter().map(String::as_str));
    }
    if by_resource {
        object.member("by_resource").bool(true);
    }
}

pub(super) fn approvers<S: Sink>(to: Writer<'_, S>, by: &[Approver]) {
    to.array(|array| {
        for approver in by {
            array.item().object(|object| match approver {
                Approver::Did(did) => object.member("did").text(did),
                Approver::Role { role, issuer } => {
                    object.member("issuer").text(issuer);
                    object.member("role").text(role);
                }
            });
        }
    });
}

pub(super) fn uses<S: Sink>(to: Writer<'_, S>, uses: Uses) {
    match uses {
        Uses::Times(times) => to.integer(i64::from(times)),
        Uses::Unlimited => to.text("unlimited"),
    }
}

pub(super) fn bind<S: Sink>(to: Writer<'_, S>, bind: &Bind) {
    match bind {
        Bind::Arguments => to.text("arguments"),
        Bind::Some(names) => to.texts(names.iter().map(String::as_str)),
    }
}
