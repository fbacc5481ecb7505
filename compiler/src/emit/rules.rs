//! The rules of one action as tables that the runtime walks.

use std::collections::BTreeMap;

use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;
use wpc_model::{Rule, Target};

use super::conditions::Lists;
use super::constant::indices;
use super::table::{Table, exact, slot_pattern};

/// A kind's table and the module that it lands in.
#[derive(Debug)]
pub(super) struct KindTable<'p> {
    pub(super) module: Ident,
    pub(super) table: Table<'p>,
}

/// Kinds by name.
pub(super) type Kinds<'p> = BTreeMap<&'p str, KindTable<'p>>;

/// A rule with its index among its tool's rules of one effect.
pub(super) type Indexed<'p> = (u32, &'p Rule);

/// The rules among `rules` that speak of `action`.
pub(super) fn of_action<'p>(rules: &'p [Rule], action: &'p str, any_action: bool) -> Vec<Indexed<'p>> {
    let speaks = |rule: &Rule| match rule.action.as_deref() {
        Some(of) => of == action,
        None => any_action,
    };
    (0_u32..).zip(rules).filter(|(_, rule)| speaks(rule)).collect()
}

/// The side of a `Rules` constant for these rules.
pub(super) fn side(
    runtime: &TokenStream,
    kinds: &Kinds<'_>,
    rules: &[Indexed<'_>],
    lists: &Lists<'_>,
) -> TokenStream {
    if rules.is_empty() {
        return quote!(#runtime::__private::Side::EMPTY);
    }
    let named = kinds.values().filter_map(|kind| named(runtime, kind, rules, lists));
    let open = rules.iter().filter_map(|rule| open(runtime, kinds, *rule, lists));
    quote! {
        #runtime::__private::Side { named: &[#(#named),*], open: &[#(#open),*] }
    }
}

/// The rules that name resources of one kind exactly, by the resource's entry.
fn named(
    runtime: &TokenStream,
    kind: &KindTable<'_>,
    rules: &[Indexed<'_>],
    lists: &Lists<'_>,
) -> Option<TokenStream> {
    let KindTable { module, table } = kind;
    let mut by_entry: Vec<Vec<(u32, u32)>> = vec![Vec::new(); table.len()];
    let mut none = true;
    for (index, rule) in rules {
        let Some(names) = exact(&rule.target, table.kind()) else { continue };
        let list = lists.number(&rule.conditions);
        for (entry, same) in table.like(&names) {
            let packed = index.saturating_mul(2).saturating_add(u32::from(!same));
            by_entry.get_mut(entry)?.push((packed, list));
            none = false;
        }
    }
    if none {
        return None;
    }
    let mut start = 0_u32;
    let mut starts = vec![start];
    for entry in &by_entry {
        start = start.saturating_add(u32::try_from(entry.len()).unwrap_or(u32::MAX));
        starts.push(start);
    }
    let all = by_entry.into_iter().flatten();
    let (packed, numbers): (Vec<_>, Vec<_>) = all.unzip();
    let numbers = if numbers.iter().all(|&number| number == 0) { Vec::new() } else { numbers };
    let (starts, packed, numbers) = (indices(starts), indices(packed), indices(numbers));
    Some(quote! {
        #runtime::__private::Named {
            names: &#module::__WPC_NAMES,
            starts: #starts,
            rules: #packed,
            lists: #numbers,
        }
    })
}

/// A rule that does not name its resource exactly; `None` for one that speaks of nothing.
fn open(
    runtime: &TokenStream,
    kinds: &Kinds<'_>,
    (index, rule): Indexed<'_>,
    lists: &Lists<'_>,
) -> Option<TokenStream> {
    let target = match &rule.target {
        Target::Any => quote!(::core::option::Option::None),
        Target::Of { kind, slots } => {
            if exact(&rule.target, kind).is_some() {
                return None;
            }
            let module = &kinds.get(&**kind)?.module;
            let slots = slots.iter().map(|slot| slot_pattern(runtime, slot));
            quote! {
                ::core::option::Option::Some(#runtime::__private::Pattern {
                    names: &#module::__WPC_NAMES,
                    slots: &[#(#slots),*],
                })
            }
        }
    };
    let (index, list) =
        (Literal::u32_unsuffixed(index), Literal::u32_unsuffixed(lists.number(&rule.conditions)));
    Some(quote!(#runtime::__private::Open { rule: #index, list: #list, target: #target }))
}
