//! The callback macro of `#[tool]`: what its error texts need to know, and nothing that decides.
//!
//! ```text
//! #[tool(azure_service_bus::Send, …)] fn …
//!    └▶ azure_service_bus::__wpc! { Send [azure_service_bus::Send] [, …] fn … }
//!          └▶ ::wpc::__private::__tool! { { facts } [azure_service_bus::Send] [, …] fn … }
//! ```
//!
//! One arm per action of the policy, and one that knows only the names of all actions.

use std::collections::BTreeMap;

use proc_macro2::{Ident, Literal, TokenStream, TokenTree};
use quote::quote;
use wpc_model::{Action, Condition, Field, Kind, Rule, Seals, Slot, Spelling, Target, Test, Type, Value};

use super::constant::int;
use super::docs::cut;
use super::naming::{Members, pascal};
use super::rules::{Indexed, Kinds, of_action};
use super::said;
use super::tool::Named;
use super::ty::Context;
use crate::compiled::{Compiled, Origin};

/// What the macro says.
pub(super) struct Facts<'p> {
    pub(super) compiled: &'p Compiled,
    pub(super) named: Named<'p>,
    pub(super) context: Context<'p>,
    pub(super) kinds: &'p Kinds<'p>,
    /// The type of each action of the policy.
    pub(super) markers: &'p [(&'p str, Ident)],
}

/// The macro, exported under `name`.
pub(super) fn emit(facts: &Facts<'_>, name: &Ident) -> TokenStream {
    let runtime = in_macro(facts.context.runtime);
    let (head, actions) = (facts.head(), facts.actions());
    let arms = facts.markers.iter().filter_map(|(action, marker)| {
        let of = facts.context.interface.actions.get(*action)?;
        let about = facts.action(action, of)?;
        Some(quote! {
            (#marker $($call:tt)*) => {
                #runtime::__private::__tool! { { #head action #about } $($call)* }
            };
        })
    });
    quote! {
        #[doc(hidden)]
        #[macro_export]
        macro_rules! #name {
            #(#arms)*
            ($other:ident $($call:tt)*) => {
                #runtime::__private::__tool! { { #head actions { #actions } } $($call)* }
            };
        }
    }
}

/// A path inside a `macro_rules!` that other crates may call: `crate` becomes `$crate`.
fn in_macro(path: &TokenStream) -> TokenStream {
    let token = |token: TokenTree| match token {
        TokenTree::Ident(ident) if ident == "crate" => quote!($crate),
        token => token.into(),
    };
    path.clone().into_iter().map(token).collect()
}

impl Facts<'_> {
    /// What every arm says: the runtime, the policy, the tool.
    fn head(&self) -> TokenStream {
        let runtime = in_macro(self.context.runtime);
        let (policy, source) = (&self.compiled.policy.name, &self.compiled.map.source);
        let tool = self.named.alias;
        quote!(runtime { #runtime } policy #policy #source tool #tool)
    }

    /// All actions of the interface: what a misspelt one may have meant.
    fn actions(&self) -> TokenStream {
        let actions = self.context.interface.actions.iter().map(|(name, action)| {
            let marker = self.markers.iter().find(|(one, _)| one == name);
            let marker = marker.map_or_else(|| pascal(name), |(_, marker)| marker.to_string());
            let preposition = preposition(action);
            quote!(#marker #name #preposition;)
        });
        quote!(#(#actions)*)
    }

    fn action(&self, name: &str, action: &Action) -> Option<TokenStream> {
        let tool = self.named.tool;
        let names = self.context.names.action(name)?;
        let overrides = &names.overrides;
        let kinds = self.kinds.iter().filter_map(|(kind, of)| {
            let taken = action.kinds.iter().any(|one| one == kind);
            Some(self.kind(kind, tool.interface.kinds.get(*kind)?, &of.module, taken))
        });
        let seals = Seals::of(&self.compiled.policy, self.named.alias, name);
        let each = self.fields(&action.arguments, &names.members, (&seals, None));
        let allows = of_action(&tool.allow, name, false);
        let denies: Vec<_> = of_action(&tool.deny, name, true)
            .into_iter()
            .filter(|(_, rule)| rule.conditions.is_empty())
            .collect();
        let (allow, deny) = (self.rules(action, &allows), self.rules(action, &denies));
        let preposition = preposition(action);
        Some(quote! {
            #name #preposition
            types #overrides
            kinds { #(#kinds)* }
            arguments { #each }
            allow { #allow }
            deny { #deny }
        })
    }

    fn kind(&self, name: &str, kind: &Kind, module: &Ident, taken: bool) -> TokenStream {
        let slots = kind.template.parameters.iter().map(|(slot, ty)| {
            let ty = match ty.spelling() {
                Spelling::EntityName(max) => {
                    let max = Literal::u32_unsuffixed(max);
                    quote!(entity_name #max)
                }
                Spelling::Host => quote!(host),
                Spelling::Did => quote!(did),
                Spelling::Email => quote!(email),
                Spelling::Url => quote!(url),
                Spelling::Ip => quote!(ip),
                Spelling::Path => quote!(path),
                Spelling::Text => quote!(text),
            };
            quote!((#slot #ty))
        });
        quote!(#name #module #taken [#(#slots)*];)
    }

    /// The fields of a record, or the arguments; of sealed ones that the policy asks about, `seals` knows.
    fn fields(
        &self,
        fields: &BTreeMap<String, Field>,
        members: &Members,
        of: (&Seals, Option<&str>),
    ) -> TokenStream {
        let each = fields.iter().map(|(name, field)| {
            let ident = members.field(name);
            let Field { optional, measured, .. } = *field;
            let ty = self.ty(name, field, members, of);
            quote!(#name #ident [optional #optional measured #measured] #ty;)
        });
        quote!(#(#each)*)
    }

    fn ty(
        &self,
        name: &str,
        field: &Field,
        members: &Members,
        (seals, within): (&Seals, Option<&str>),
    ) -> TokenStream {
        if field.sealed || field.ty == Type::Json {
            // What is asked about must be shown to the gate.
            if seals.of_field(within, name).next().is_some() {
                let runtime = in_macro(self.context.runtime);
                return quote!(value none { #runtime::argument::Body });
            }
            return quote!(sealed);
        }
        match &field.ty {
            Type::Choice(_) => match members.choice(name) {
                Some(choice) => {
                    let marker = &choice.marker;
                    let words = choice.variants.iter().map(|(word, variant)| quote!(#word #variant));
                    quote!(choice #marker { #(#words),* })
                }
                None => quote!(other),
            },
            Type::Batch(record) => {
                let names = self.context.names.record(record);
                let of = self.context.interface.records.get(record);
                match names.zip(of) {
                    Some((names, of)) => {
                        let (fields, ident) =
                            (self.fields(&of.fields, &names.members, (seals, Some(record))), &names.fields);
                        quote!(batch #ident { #fields })
                    }
                    None => quote!(other),
                }
            }
            ty => {
                let choice = |name: &str| {
                    let marker = &members.choice(name)?.marker;
                    Some(quote!(__wpc_interface::#marker))
                };
                let literal = match ty {
                    Type::Bool => quote!(bool),
                    Type::Count | Type::Bytes => quote!(natural),
                    Type::Int | Type::Decimal { .. } | Type::Money { .. } | Type::Time => quote!(integer),
                    ty if ty.is_text() => quote!(text),
                    _ => quote!(none),
                };
                match self.context.marker(name, ty, choice) {
                    Some(marker) => {
                        let marker = in_macro(&marker);
                        quote!(value #literal { #marker })
                    }
                    None => quote!(other),
                }
            }
        }
    }

    /// Rules grouped by statement, so that ten thousand names of one statement are one token.
    fn rules(&self, action: &Action, rules: &[Indexed<'_>]) -> TokenStream {
        let mut groups: BTreeMap<_, Vec<&Target>> = BTreeMap::new();
        for (_, rule) in rules {
            let origin = self.compiled.map.origins.get(&rule.id);
            let (line, text) = origin.map_or((0, ""), |origin| (origin.line, &*origin.text));
            groups.entry((line, text, &*rule.conditions)).or_default().push(&rule.target);
        }
        let groups = groups.into_iter().map(|((line, text, conditions), targets)| {
            let first = rules.iter().find(|(_, rule)| *rule.conditions == *conditions);
            let origin = first.and_then(|(_, rule)| self.origin(rule));
            let conditions = conditions.iter().map(|one| self.condition(action, one, line, origin));
            let (line, text, targets) = (Literal::u32_unsuffixed(line), cut(text), self::targets(&targets));
            quote!(#line #text [#targets] { #(#conditions)* })
        });
        quote!(#(#groups)*)
    }

    fn origin(&self, rule: &Rule) -> Option<&Origin> {
        self.compiled.map.origins.get(&rule.id)
    }

    /// What a condition is about, where it stands, and its test where a constant can be tried.
    fn condition(
        &self,
        action: &Action,
        condition: &Condition,
        line: u32,
        origin: Option<&Origin>,
    ) -> TokenStream {
        let line = origin.and_then(|origin| origin.line_of(condition)).unwrap_or(line);
        let line = Literal::u32_unsuffixed(line);
        let name = &condition.subject.name;
        let plain = condition.subject.steps.is_empty() && condition.subject.quantifier.is_none();
        let test = if plain { test(&condition.test) } else { None };
        let test = test.unwrap_or_else(|| quote!(other));
        let ty = self.context.interface.field(action, name).map(|field| &field.ty);
        let text = said::condition(condition, ty);
        quote!(#name #line #text #test;)
    }
}

fn preposition(action: &Action) -> TokenStream {
    match action.preposition.filter(|_| !action.kinds.is_empty()) {
        Some(preposition) => {
            let word = preposition.word();
            quote!(#word)
        }
        None => quote!(none),
    }
}

/// Targets: names alone, many of one kind in one text, where that is all they are.
fn targets(targets: &[&Target]) -> TokenStream {
    let mut names: BTreeMap<&str, String> = BTreeMap::new();
    let mut others = Vec::new();
    for target in targets {
        match target {
            Target::Any => others.push(quote!(any)),
            Target::Of { kind, slots } => match slots.as_slice() {
                [Slot::Exact(name)] if !name.contains('\n') => {
                    let all = names.entry(kind).or_default();
                    if !all.is_empty() {
                        all.push('\n');
                    }
                    all.push_str(name);
                }
                slots => {
                    let slots = slots.iter().map(|slot| match slot {
                        Slot::Any => quote!(any),
                        Slot::Exact(name) => quote!(exact #name),
                        Slot::Like(pattern) => quote!(like #pattern),
                    });
                    let kind = &**kind;
                    others.push(quote!(of #kind [#(#slots)*]));
                }
            },
        }
    }
    let names = names.iter().map(|(kind, names)| quote!(names #kind #names));
    quote!(#(#names)* #(#others)*)
}

/// A test that a constant can be put to.
fn test(test: &Test) -> Option<TokenStream> {
    Some(match test {
        Test::Compare(comparison, value) => {
            let (symbol, value) = (comparison.symbol(), constant(value)?);
            quote!(compare #symbol [#value])
        }
        Test::In(set) => {
            let set = set.iter().map(constant).collect::<Option<Vec<_>>>()?;
            quote!(within [#(#set),*])
        }
        Test::NotIn(set) => {
            let set = set.iter().map(constant).collect::<Option<Vec<_>>>()?;
            quote!(outside [#(#set),*])
        }
        Test::Like(pattern) => quote!(like #pattern),
        Test::Matches(pattern) => quote!(matches #pattern),
        Test::UnderDomain(set) => texts(&quote!(under_domain), set)?,
        Test::UnderPath(set) => texts(&quote!(under_path), set)?,
        Test::WithinCidr(set) => texts(&quote!(within_cidr), set)?,
        Test::Absent | Test::Conforms(_) | Test::From(_) | Test::Present | Test::Has(_) | Test::Lacks(_) => {
            return None;
        }
    })
}

fn texts(word: &TokenStream, set: &[Value]) -> Option<TokenStream> {
    let set = set.iter().map(constant).collect::<Option<Vec<_>>>()?;
    Some(quote!(#word [#(#set),*]))
}

fn constant(value: &Value) -> Option<TokenStream> {
    match value {
        Value::Bool(value) => Some(quote!(#value)),
        Value::Int(value) => Some(int(*value)),
        Value::Text(value) => Some(quote!(#value)),
        Value::List(_) | Value::Map(_) | Value::Sealed(_) => None,
    }
}
