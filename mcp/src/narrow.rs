//! What a policy may allow of one action, as domains of its arguments and resources.
//!
//! ```text
//! each allow ──conditions──▶ domains, joined by AND      (impossible ones are dropped)
//! all allows of a layer ───▶ joined by OR
//! all layers ──────────────▶ joined by AND               (a call needs what each of them allows)
//! ```
//!
//! Law: a call that the rules of the policy allow is admitted by these domains. The other way round it does
//! not hold: the gate decides.

use std::collections::BTreeMap;

use wpc_model::{
    Action, Comparison, Condition, Interface, Policy, Quantifier, Resource, Slot, Step, Subject, Target,
    Test, Tool, Truth, Type, Value,
};

use crate::domain::{Bounds, Domain, both};
use crate::pattern;

/// Most alternatives of a resource that are told apart; with more, each name is bounded alone.
const MAX_PLACES: usize = 256;

/// What may be allowed of one action.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Allowed {
    /// Domains of arguments by name; what is not named is bounded by its type alone.
    pub(crate) arguments: BTreeMap<String, Domain>,
    /// Resources, one of which it must be; empty where the action takes none.
    pub(crate) places: Vec<Place>,
}

/// One kind of resource with a domain per parameter.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Place {
    pub(crate) kind: String,
    pub(crate) names: Vec<Domain>,
}

/// What every layer of the policy may allow of `action` of `tool`; `None` if nothing.
pub(crate) fn allowed(policy: &Policy, tool: &str, action: &str) -> Option<Allowed> {
    let layers = policy.layers().map(|layer| of_layer(layer.tools.get(tool)?, action));
    layers.reduce(|one, other| one?.and(other?)).flatten()
}

fn of_layer(tool: &Tool, action: &str) -> Option<Allowed> {
    let of = tool.interface.actions.get(action)?;
    let denied = |target: &Target| {
        tool.deny.iter().any(|deny| {
            deny.conditions.is_empty()
                && deny.action.as_deref().is_none_or(|name| name == action)
                && covers(&deny.target, target)
        })
    };
    if denied(&Target::Any) {
        return None;
    }
    let allows = tool.allow.iter().filter(|rule| rule.action.as_deref() == Some(action));
    let possible = allows.filter(|rule| !denied(&rule.target)).filter_map(|rule| {
        let arguments = of_conditions(&tool.interface, of, &rule.conditions)?;
        Some(Allowed { arguments, places: places(&tool.interface, of, &rule.target) })
    });
    possible.reduce(Allowed::or)
}

/// Whether `deny` speaks of everything that `target` names, for certain.
fn covers(deny: &Target, target: &Target) -> bool {
    match (deny, target) {
        (Target::Any, _) => true,
        (Target::Of { .. }, Target::Any) => false,
        (Target::Of { kind, slots }, Target::Of { kind: of, slots: named }) => {
            if slots.iter().all(|slot| *slot == Slot::Any) {
                return kind == of;
            }
            let names: Option<Vec<String>> = named
                .iter()
                .map(|slot| if let Slot::Exact(name) = slot { Some(name.clone()) } else { None })
                .collect();
            names.is_some_and(|names| {
                let resource = Resource { kind: of.to_string(), names };
                deny.matches(Some(&resource)) == Truth::True
            })
        }
    }
}

impl Allowed {
    fn or(self, other: Self) -> Self {
        let mut places = self.places;
        places.extend(other.places.into_iter().filter(|place| !places.contains(place)).collect::<Vec<_>>());
        if places.len() > MAX_PLACES {
            places = together(places);
        }
        Self { arguments: both(self.arguments, other.arguments), places }
    }

    fn and(self, other: Self) -> Option<Self> {
        let mut arguments = self.arguments;
        for (name, domain) in other.arguments {
            let joined = arguments.remove(&name).unwrap_or_default().and(domain);
            if joined.is_impossible() {
                return None;
            }
            arguments.insert(name, joined);
        }
        if self.places.is_empty() && other.places.is_empty() {
            return Some(Self { arguments, places: Vec::new() });
        }
        let pairs = self.places.iter().flat_map(|one| other.places.iter().map(move |other| (one, other)));
        let places: Vec<_> = pairs.filter_map(|(one, other)| one.and(other)).collect();
        let places = if places.len() > MAX_PLACES { together(places) } else { places };
        (!places.is_empty()).then_some(Self { arguments, places })
    }
}

impl Place {
    fn and(&self, other: &Self) -> Option<Self> {
        if self.kind != other.kind || self.names.len() != other.names.len() {
            return None;
        }
        let names: Vec<_> =
            self.names.iter().zip(&other.names).map(|(one, other)| one.clone().and(other.clone())).collect();
        (!names.iter().any(Domain::is_impossible)).then(|| Self { kind: self.kind.clone(), names })
    }
}

/// One place per kind, each name bounded alone.
fn together(places: Vec<Place>) -> Vec<Place> {
    let mut kinds: BTreeMap<String, Vec<Domain>> = BTreeMap::new();
    for Place { kind, names } in places {
        let joined = match kinds.remove(&kind) {
            None => names,
            Some(before) => before.into_iter().zip(names).map(|(one, other)| one.or(other)).collect(),
        };
        kinds.insert(kind, joined);
    }
    kinds.into_iter().map(|(kind, names)| Place { kind, names }).collect()
}

fn places(interface: &Interface, action: &Action, target: &Target) -> Vec<Place> {
    match target {
        Target::Of { kind, slots } => {
            vec![Place { kind: kind.to_string(), names: slots.iter().map(of_slot).collect() }]
        }
        Target::Any => {
            let any = |kind: &String| {
                let parameters = interface.kinds.get(kind).map_or(0, |kind| kind.template.parameters.len());
                let one = Domain { present: true, ..Domain::default() };
                Place { kind: kind.clone(), names: vec![one; parameters] }
            };
            action.kinds.iter().map(any).collect()
        }
    }
}

fn of_slot(slot: &Slot) -> Domain {
    let domain = match slot {
        Slot::Any => Domain::default(),
        Slot::Exact(name) => Domain::of([Value::text(name)]),
        Slot::Like(like) => Domain { patterns: [pattern::of_like(like)].into(), ..Domain::default() },
    };
    Domain { present: true, ..domain }
}

/// The domains under which all conditions can be true; `None` if there are none.
fn of_conditions(
    interface: &Interface,
    action: &Action,
    conditions: &[Condition],
) -> Option<BTreeMap<String, Domain>> {
    let mut arguments = BTreeMap::new();
    for condition in conditions.iter().filter(|condition| !condition.subject.is_of_clock()) {
        apply(interface, action, condition, &mut arguments);
    }
    (!arguments.values().any(Domain::is_impossible)).then_some(arguments)
}

fn apply(
    interface: &Interface,
    action: &Action,
    condition: &Condition,
    arguments: &mut BTreeMap<String, Domain>,
) {
    let Condition { subject, test } = condition;
    // At least one member: of the others nothing is known.
    if subject.quantifier == Some(Quantifier::Some) {
        return;
    }
    let Some(field) = interface.field(action, &subject.name) else { return };
    let mut domain = if subject.is_of_element(action) {
        let Some((batch, _)) = action.batch() else { return };
        arguments.entry(batch.to_owned()).or_default().members_mut().field_mut(&subject.name)
    } else {
        arguments.entry(subject.name.clone()).or_default()
    };
    // `each` of nothing is true, and so is `is absent` of what stands in something absent.
    let marks = subject.quantifier.is_none() && *test != Test::Absent;
    let (mut ty, mut quantified) = (field.ty.clone(), subject.quantifier.is_some());
    domain.present |= marks;
    for (at, step) in subject.steps.iter().enumerate() {
        if quantified && let Some(member) = ty.member() {
            (ty, quantified) = (member.clone(), false);
            domain = domain.members_mut();
        }
        match (step, &ty) {
            (Step::Size, _) => {
                if let Some(bounds) = of_comparison(test) {
                    domain.size = Domain { size: domain.size, ..Domain::default() }
                        .and(Domain { size: bounds, ..Domain::default() })
                        .size;
                }
                return;
            }
            (Step::Key(key), Type::Map(value)) => {
                domain = domain.field_mut(key);
                ty = (**value).clone();
            }
            (Step::Field(name), Type::Record(record)) => {
                let Some(field) = interface.records.get(record).and_then(|record| record.fields.get(name))
                else {
                    return;
                };
                domain = domain.field_mut(name);
                ty = field.ty.clone();
            }
            (Step::Field(part), Type::Email)
                if part == "domain" && at.saturating_add(1) == subject.steps.len() =>
            {
                of_email_domain(domain, test);
                return;
            }
            (Step::Field(_) | Step::Key(_), _) => return,
        }
        // What is looked into in a member must be there in every one.
        domain.present |= !quantified && *test != Test::Absent;
    }
    if quantified {
        let Some(member) = ty.member().cloned() else { return };
        ty = member;
        domain = domain.members_mut();
    }
    let narrowed = std::mem::take(domain).and(of_test(subject, &ty, test));
    *domain = narrowed;
}

fn of_test(subject: &Subject, ty: &Type, test: &Test) -> Domain {
    let pattern = |pattern: String| Domain { patterns: [pattern].into(), ..Domain::default() };
    let texts = |set: &[Value]| set.iter().filter_map(Value::as_text).map(str::to_owned).collect::<Vec<_>>();
    match test {
        Test::Present => Domain::default(),
        Test::Absent if subject.quantifier.is_none() => Domain { absent: true, ..Domain::default() },
        Test::Compare(Comparison::Equal, value) => Domain::of([value.clone()]),
        Test::In(values) => Domain::of(values.iter().cloned()),
        Test::Compare(..) => Domain { range: of_comparison(test).unwrap_or_default(), ..Domain::default() },
        Test::Like(like) => pattern(pattern::of_like(like)),
        Test::Matches(matches) => pattern(pattern::of_matches(matches)),
        Test::UnderPath(paths) => pattern(pattern::of_under_path(texts(paths).iter().map(String::as_str))),
        Test::UnderDomain(hosts) => {
            pattern(pattern::of_under_domain(texts(hosts).iter().map(String::as_str)))
        }
        Test::Has(keys) if matches!(ty, Type::Map(_)) => {
            let there = || Domain { present: true, ..Domain::default() };
            Domain {
                fields: texts(keys).into_iter().map(|key| (key, there())).collect(),
                ..Domain::default()
            }
        }
        Test::Lacks(keys) if matches!(ty, Type::Map(_)) => {
            Domain { lacks: texts(keys).into_iter().collect(), ..Domain::default() }
        }
        // Of these a schema says nothing; the gate does.
        Test::Absent
        | Test::Has(_)
        | Test::Lacks(_)
        | Test::From(_)
        | Test::NotIn(_)
        | Test::Conforms(_)
        | Test::WithinCidr(_) => Domain::default(),
    }
}

fn of_comparison(test: &Test) -> Option<Bounds> {
    let Test::Compare(comparison, Value::Int(number)) = test else { return None };
    let (below, above) = (number.checked_sub(1), number.checked_add(1));
    Some(match comparison {
        Comparison::Equal => Bounds { least: Some(*number), most: Some(*number) },
        Comparison::NotEqual => return None,
        Comparison::Less => Bounds { least: None, most: below },
        Comparison::AtMost => Bounds { least: None, most: Some(*number) },
        Comparison::Greater => Bounds { least: above, most: None },
        Comparison::AtLeast => Bounds { least: Some(*number), most: None },
    })
}

fn of_email_domain(domain: &mut Domain, test: &Test) {
    let mut add = |pattern: String| {
        domain.patterns.insert(pattern);
    };
    match test {
        Test::Compare(Comparison::Equal, Value::Text(host)) => {
            add(pattern::of_email_domain(std::iter::once(host.as_str())));
        }
        Test::In(hosts) => add(pattern::of_email_domain(hosts.iter().filter_map(Value::as_text))),
        Test::UnderDomain(_)
        | Test::Absent
        | Test::Compare(..)
        | Test::Conforms(_)
        | Test::From(_)
        | Test::Has(_)
        | Test::Lacks(_)
        | Test::Like(_)
        | Test::Matches(_)
        | Test::NotIn(_)
        | Test::Present
        | Test::UnderPath(_)
        | Test::WithinCidr(_) => {}
    }
}
