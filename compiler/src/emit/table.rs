//! The resources of one kind that a policy names, sorted, as one text with offsets.

use std::ops::Range;

use proc_macro2::{Literal, TokenStream};
use quote::quote;
use wpc_model::{Kind, Slot, Spelling, Target, Tool, Type};

use super::constant::indices;

/// The names of one kind, one per slot, in the order of the generated table.
#[derive(Debug)]
pub(super) struct Table<'p> {
    kind: &'p str,
    entries: Vec<Entry<'p>>,
}

/// One resource that a rule names exactly.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Entry<'p> {
    /// The names in lower case.
    folded: Vec<String>,
    names: Vec<&'p str>,
}

/// The names of a target that names its resource exactly.
pub(super) fn exact<'p>(target: &'p Target, kind: &str) -> Option<Vec<&'p str>> {
    let Target::Of { kind: of, slots } = target else { return None };
    if **of != *kind || slots.is_empty() {
        return None;
    }
    slots.iter().map(|slot| if let Slot::Exact(name) = slot { Some(name.as_str()) } else { None }).collect()
}

impl<'p> Table<'p> {
    /// Every resource of `kind` that an allow or a deny of `tool` names exactly.
    pub(super) fn of(tool: &'p Tool, kind: &'p str) -> Self {
        let rules = tool.allow.iter().chain(&tool.deny);
        let mut entries: Vec<_> =
            rules.filter_map(|rule| exact(&rule.target, kind)).map(Entry::new).collect();
        entries.sort_unstable();
        entries.dedup();
        Self { kind, entries }
    }

    pub(super) fn kind(&self) -> &'p str {
        self.kind
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The entries that are `names` but for ASCII case, and which of them is exactly so.
    pub(super) fn like(&self, names: &[&str]) -> impl Iterator<Item = (usize, bool)> {
        let folded = fold(names);
        let Range { start, end } = self.class(&folded);
        let entries = self.entries.get(start..end).unwrap_or_default();
        (start..).zip(entries).map(|(at, entry)| (at, entry.names == names)).collect::<Vec<_>>().into_iter()
    }

    fn class(&self, folded: &[String]) -> Range<usize> {
        let start = self.entries.partition_point(|entry| entry.folded.as_slice() < folded);
        start..self.entries.partition_point(|entry| entry.folded.as_slice() <= folded)
    }

    /// The table as a constant expression.
    pub(super) fn emit(&self, runtime: &TokenStream, tool: &Tool, kind: &Kind) -> TokenStream {
        let of_kind = self.kind;
        let slots = kind.template.parameters.iter().map(|(_, ty)| slot_type(runtime, ty));
        let mut text = String::new();
        let mut ends = Vec::new();
        for name in self.entries.iter().flat_map(|entry| &entry.names) {
            text.push_str(name);
            ends.push(u32::try_from(text.len()).unwrap_or(u32::MAX));
        }
        let ends = indices(ends);
        let mut allowed = vec![0_u8; self.entries.len().div_ceil(8)];
        let mut patterns = Vec::new();
        for rule in &tool.allow {
            match (exact(&rule.target, of_kind), &rule.target) {
                (Some(names), _) => {
                    for (at, _) in self.like(&names).filter(|(_, same)| *same) {
                        allowed.get_mut(at / 8).into_iter().for_each(|byte| *byte |= 1 << (at % 8));
                    }
                }
                (None, Target::Of { kind, slots }) if **kind == *of_kind => patterns.push(slots),
                (None, Target::Of { .. } | Target::Any) => {}
            }
        }
        patterns.sort();
        patterns.dedup();
        let allowed = allowed.into_iter().map(Literal::u8_unsuffixed);
        let patterns = patterns.into_iter().map(|slots| {
            let slots = slots.iter().map(|slot| slot_pattern(runtime, slot));
            quote!(&[#(#slots),*])
        });
        quote! {
            #runtime::__private::Names {
                kind: #of_kind,
                slots: &[#(#slots),*],
                text: #text,
                ends: #ends,
                allowed: &[#(#allowed),*],
                patterns: &[#(#patterns),*],
            }
        }
    }
}

impl<'p> Entry<'p> {
    fn new(names: Vec<&'p str>) -> Self {
        Self { folded: fold(&names), names }
    }
}

fn fold(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| name.to_ascii_lowercase()).collect()
}

fn slot_type(runtime: &TokenStream, ty: &Type) -> TokenStream {
    let spelling = match ty.spelling() {
        Spelling::EntityName(max) => {
            let max = Literal::u32_unsuffixed(max);
            quote!(EntityName(#max))
        }
        Spelling::Host => quote!(Host),
        Spelling::Did => quote!(Did),
        Spelling::Email => quote!(Email),
        Spelling::Url => quote!(Url),
        Spelling::Ip => quote!(Ip),
        Spelling::Path => quote!(Path),
        Spelling::Text => quote!(Text),
    };
    quote!(#runtime::__private::Spelling::#spelling)
}

/// What a rule accepts in a slot.
pub(super) fn slot_pattern(runtime: &TokenStream, slot: &Slot) -> TokenStream {
    match slot {
        Slot::Any => quote!(#runtime::__private::Slot::Any),
        Slot::Exact(name) => quote!(#runtime::__private::Slot::Exact(#name)),
        Slot::Like(pattern) => quote!(#runtime::__private::Slot::Like(#pattern)),
    }
}
