//! Lists of conditions as functions, each list once.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};
use wpc_model::{Action, Condition, Effect, Subject};

use super::MAX_ARMS;
use super::condition::{self, Wanted, keys_of};
use super::naming::ActionNames;
use super::path::{Access, Base};
use super::ty::Context;

/// The distinct lists of conditions of an action's rules of one effect.
#[derive(Debug)]
pub(super) struct Lists<'c> {
    effect: Effect,
    lists: Vec<&'c [Condition]>,
}

/// The action that the lists are about.
#[derive(Clone, Copy)]
pub(super) struct Of<'c> {
    pub(super) context: Context<'c>,
    pub(super) action: &'c Action,
    pub(super) names: &'c ActionNames,
}

impl<'c> Lists<'c> {
    /// The lists of `rules`, each once.
    pub(super) fn of(effect: Effect, rules: impl Iterator<Item = &'c [Condition]>) -> Self {
        let mut lists: Vec<_> = rules.collect();
        lists.sort_unstable();
        lists.dedup();
        Self { effect, lists }
    }

    /// The number of a list.
    pub(super) fn number(&self, list: &[Condition]) -> u32 {
        let at = self.lists.binary_search(&list).ok();
        at.and_then(|at| u32::try_from(at).ok()).unwrap_or(u32::MAX)
    }

    /// One function per list.
    pub(super) fn functions(&self, of: Of<'_>) -> TokenStream {
        let functions =
            (0_usize..).zip(&self.lists).map(|(number, list)| function(of, self.effect, number, list));
        quote!(#(#functions)*)
    }

    /// The closure that calls the function of a list by its number.
    pub(super) fn closure(&self) -> TokenStream {
        let calls: Vec<_> = (0..self.lists.len())
            .map(|number| {
                let name = name(self.effect, number, "");
                quote!(#name(facts))
            })
            .collect();
        // A number that no rule has: no deny is overlooked, no allow given.
        let otherwise = match self.effect {
            Effect::Deny => quote!(true),
            Effect::Allow => quote!(0),
        };
        match calls.as_slice() {
            [] => quote!(|_| { #otherwise }),
            [only] => quote!(|_| { #only }),
            calls => {
                let choose = choose(calls, 0, &otherwise);
                quote!(|list| { #choose })
            }
        }
    }
}

/// A tree of small matches over consecutive numbers from `from`.
fn choose(calls: &[TokenStream], from: usize, otherwise: &TokenStream) -> TokenStream {
    if calls.len() <= MAX_ARMS {
        let arms = (from..).zip(calls).map(|(number, call)| {
            let number = Literal::usize_unsuffixed(number);
            quote!(#number => #call,)
        });
        return quote!(match list { #(#arms)* _ => #otherwise });
    }
    let middle = calls.len() / 2;
    let (low, high) = calls.split_at_checked(middle).unwrap_or((calls, &[]));
    let bound = from.saturating_add(middle);
    let (low, high) = (choose(low, from, otherwise), choose(high, bound, otherwise));
    let bound = Literal::usize_unsuffixed(bound);
    quote!(if list < #bound { #low } else { #high })
}

fn name(effect: Effect, number: usize, part: &str) -> Ident {
    let effect = match effect {
        Effect::Allow => "allow",
        Effect::Deny => "deny",
    };
    format_ident!("{effect}_{number}{part}")
}

/// An allow's function gives the first condition that is not true; a deny's whether all are not
/// false. Conditions on a batch's elements are functions of their own, so that the fields of a
/// batch of one are read where they are.
fn function(of: Of<'_>, effect: Effect, number: usize, list: &[Condition]) -> TokenStream {
    let Of { context, action, names } = of;
    let indexed = || (0_u32..).zip(list);
    let of_call: Vec<_> = indexed().filter(|(_, one)| !one.subject.is_of_element(action)).collect();
    let of_element: Vec<_> = indexed().filter(|(_, one)| one.subject.is_of_element(action)).collect();
    let (call, each) = (name(effect, number, "_call"), name(effect, number, "_each"));
    let name = name(effect, number, "");
    let facts = facts(of);
    let output = match effect {
        Effect::Allow => quote!(::core::primitive::u32),
        Effect::Deny => quote!(::core::primitive::bool),
    };
    let expression = quote!(facts);
    let base = Base { fields: &action.arguments, members: &names.members, expression: &expression };
    let own = body(context, base, effect, &of_call);
    let batch = action.batch().filter(|_| !of_element.is_empty());
    let Some((batch, record)) = batch else {
        return quote! {
            fn #name(facts: &#facts) -> #output { let _ = facts; #own }
        };
    };
    let expression = quote!(element);
    let element =
        context.names.record(record).zip(context.interface.records.get(record)).map(|(names, record)| {
            let base = Base { fields: &record.fields, members: &names.members, expression: &expression };
            let (fields, elided) =
                (&names.fields, context.borrows(record.fields.values()).then(|| quote!(<'_>)));
            let body = body(context, base, effect, &of_element);
            quote! {
                fn #each(element: &__wpc_interface::#fields #elided) -> #output { #body }
            }
        });
    let batch = names.members.field(batch);
    let elements = match effect {
        Effect::Allow => quote!(facts.#batch.first_failing(#each)),
        Effect::Deny => quote!(facts.#batch.is_hit(#each)),
    };
    if of_call.is_empty() {
        return quote! {
            #element
            fn #name(facts: &#facts) -> #output { #elements }
        };
    }
    let whole = match effect {
        Effect::Allow => quote!(::core::cmp::Ord::min(#call(facts), #elements)),
        Effect::Deny => quote!(#call(facts) && #elements),
    };
    quote! {
        #element
        fn #call(facts: &#facts) -> #output { #own }
        fn #name(facts: &#facts) -> #output { #whole }
    }
}

/// The type of an action's facts, seen from its module.
pub(super) fn facts(of: Of<'_>) -> TokenStream {
    let arguments = &of.names.arguments;
    let elided = of.context.borrows(of.action.arguments.values()).then(|| quote!(<'_>));
    quote!(__wpc_interface::#arguments #elided)
}

/// Tests in order, each returning where it fails. Keys that several conditions look for in one map
/// are found in one pass.
fn body(
    context: Context<'_>,
    base: Base<'_>,
    effect: Effect,
    conditions: &[(u32, &Condition)],
) -> TokenStream {
    let runtime = context.runtime;
    let mut scanned: Vec<(&Subject, Scan<'_>)> = Vec::new();
    let mut steps = TokenStream::new();
    for (index, condition) in conditions {
        let truth = match keys_of(context, base, condition) {
            None => condition::emit(context, base, condition),
            Some(access) => {
                if !scanned.iter().any(|(subject, _)| **subject == condition.subject) {
                    let same = conditions.iter().filter(|(_, one)| one.subject == condition.subject);
                    let scan = Scan {
                        name: format_ident!("keys_{}", scanned.len()),
                        found: access.found,
                        wanted: Wanted::of(same.filter_map(|(_, one)| match one.test {
                            wpc_model::Test::Has(_) | wpc_model::Test::Lacks(_) => one.test.set(),
                            _ => None,
                        })),
                    };
                    steps.extend(scan.emit(runtime, &access));
                    scanned.push((&condition.subject, scan));
                }
                let scan = scanned.iter().find(|(subject, _)| **subject == condition.subject);
                scan.map_or_else(
                    || quote!(#runtime::__private::Truth::Unknown),
                    |(_, scan)| scan.test(condition),
                )
            }
        };
        steps.extend(match effect {
            Effect::Allow => {
                let index = Literal::u32_unsuffixed(*index);
                quote!(if !#truth.is_true() { return #index; })
            }
            Effect::Deny => quote!(if !#truth.is_not_false() { return false; }),
        });
    }
    match effect {
        Effect::Allow => quote!(#steps #runtime::__private::HOLDS),
        Effect::Deny => quote!(#steps true),
    }
}

/// One pass over a map for the keys of several conditions.
struct Scan<'c> {
    name: Ident,
    found: bool,
    wanted: Wanted<'c>,
}

impl Scan<'_> {
    fn emit(&self, runtime: &TokenStream, access: &Access<'_>) -> TokenStream {
        let (name, map) = (&self.name, &access.expression);
        if self.found {
            let scan = self.wanted.scan(runtime, &quote!(map));
            quote!(let #name = #map.step(|map| { #scan });)
        } else {
            let scan = self.wanted.scan(runtime, map);
            quote!(let #name = #scan;)
        }
    }

    fn test(&self, condition: &Condition) -> TokenStream {
        let name = &self.name;
        let mask = self.wanted.mask(condition.test.set().unwrap_or_default());
        let word = if let wpc_model::Test::Has(_) = condition.test { quote!(has) } else { quote!(lacks) };
        if self.found {
            quote!(#name.holds(|keys| { keys.#word(#mask) }))
        } else {
            quote!(#name.#word(#mask))
        }
    }
}
