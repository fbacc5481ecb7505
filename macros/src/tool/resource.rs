//! The resource that an attribute names, against what the policy says of it.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::{Ident, LitStr, Path};

use super::facts::{Action, Facts, Kind, Statement};
use super::problems::{Problems, one_of};
use super::rest::{self, Name};

/// The resource of the call.
pub(super) enum Resource<'a> {
    /// The action takes none.
    None,
    /// Names in the attribute.
    Named { kind: &'a Kind, names: Vec<String> },
    /// A checked name that comes at run time.
    AtRunTime { kind: &'a Kind, expression: TokenStream, at: TokenStream },
    /// It is wrong, and has been reported.
    Wrong,
}

impl Resource<'_> {
    /// The expression of its name, an argument of `Gate::begin`.
    pub(super) fn emit(&self, module: &Path) -> TokenStream {
        match self {
            Self::None => quote!(()),
            Self::Named { kind, names } => {
                let kind = &kind.module;
                quote! {{
                    const NAME: #module::#kind::Name = #module::#kind::Name::__wpc_named(&[#(#names),*]);
                    NAME
                }}
            }
            Self::AtRunTime { kind, expression, at } => {
                let kind = &kind.module;
                let span = syn::spanned::Spanned::span(at);
                quote_spanned!(span=> #module::#kind::__WpcChecked::__wpc_name(#expression))
            }
            // Nothing that runs: the error has stopped the compiler.
            Self::Wrong => quote!(loop {}),
        }
    }

    /// Whether a statement may speak of it.
    pub(super) fn is_spoken_of(&self, statement: &Statement) -> bool {
        match self {
            Self::None | Self::Wrong => true,
            Self::Named { kind, names } => statement.speaks_of(&kind.name, names).is_true(),
            Self::AtRunTime { kind, .. } => statement.speaks_of_kind(Some(&kind.name)),
        }
    }
}

/// Reads the resource; reports what the policy denies or does not allow.
pub(super) fn read<'a>(
    facts: &Facts,
    action: &'a Action,
    marker: &Ident,
    said: Option<&rest::Resource>,
    problems: &mut Problems,
) -> Resource<'a> {
    let Some(said) = said else {
        let Some(word) = &action.preposition else {
            allowed(facts, action, &Resource::None, marker, problems);
            return Resource::None;
        };
        let kinds = one_of(taken(action));
        problems
            .report(marker, format!("`{}` needs a resource: {kinds}\n= help: say `{word} = …`", action.name));
        return Resource::Wrong;
    };
    if action.kinds.iter().all(|kind| !kind.taken) {
        problems.report(&said.kind, format!("`{}` takes no resource", action.name));
        return Resource::Wrong;
    }
    if let Some(word) = &action.preposition
        && said.preposition != word.as_str()
    {
        problems.report(
            &said.preposition,
            format!("`{}` is said with `{word}`, not `{}`", action.name, said.preposition),
        );
        return Resource::Wrong;
    }
    let Some(kind) = action.kinds.iter().find(|kind| kind.taken && said.kind == kind.name.as_str()) else {
        problems.report(
            &said.kind,
            format!("`{}` does not take a `{}`, it takes {}", action.name, said.kind, one_of(taken(action))),
        );
        return Resource::Wrong;
    };
    let resource = names(kind, said, problems);
    match &resource {
        Resource::Named { .. } => {
            let at: TokenStream = said.names.iter().map(ToTokens::to_token_stream).collect();
            allowed(facts, action, &resource, &at, problems);
        }
        Resource::AtRunTime { at, .. } => allowed(facts, action, &resource, at, problems),
        Resource::None | Resource::Wrong => {}
    }
    resource
}

fn taken(action: &Action) -> impl Iterator<Item = &str> {
    action.kinds.iter().filter(|kind| kind.taken).map(|kind| kind.name.as_str())
}

/// The names, all written out or one checked expression.
fn names<'a>(kind: &'a Kind, said: &rest::Resource, problems: &mut Problems) -> Resource<'a> {
    if let [Name::Expression(expression)] = said.names.as_slice() {
        let at = expression.to_token_stream();
        return Resource::AtRunTime { kind, expression: at.clone(), at };
    }
    let mut texts: Vec<Option<&LitStr>> = vec![None; kind.slots.len()];
    for (place, name) in said.names.iter().enumerate() {
        let Name::Literal { slot, text } = name else {
            problems.report(
                name,
                format!(
                    "found an expression among the names of a `{0}`, expected one checked name for all of it\n\
                     = help: make it with `{1}::Name::parse` and write `{0}(name)`",
                    kind.name, kind.module
                ),
            );
            return Resource::Wrong;
        };
        let at = match slot {
            None => Some(place),
            Some(slot) => kind.slots.iter().position(|(name, _)| slot == name.as_str()),
        };
        let Some(free) = at.and_then(|at| texts.get_mut(at)).filter(|text| text.is_none()) else {
            return wrong_count(kind, said, problems);
        };
        *free = Some(text);
    }
    let Some(texts) = texts.into_iter().collect::<Option<Vec<_>>>() else {
        return wrong_count(kind, said, problems);
    };
    for (text, (_, ty)) in texts.iter().zip(&kind.slots) {
        let value = text.value();
        if let Err(fault) = ty.check(&value) {
            problems.report(text, format!("`{value}` is no name of a `{}`: it {fault}", kind.name));
            return Resource::Wrong;
        }
    }
    Resource::Named { kind, names: texts.into_iter().map(LitStr::value).collect() }
}

fn wrong_count<'a>(kind: &Kind, said: &rest::Resource, problems: &mut Problems) -> Resource<'a> {
    let slots: Vec<_> = kind.slots.iter().map(|(name, _)| name.as_str()).collect();
    let wanted = if slots.is_empty() { "no name".to_owned() } else { super::problems::list(slots) };
    problems.report(&said.kind, format!("a `{}` has other names: it takes {wanted}", kind.name));
    Resource::Wrong
}

/// Reports an unconditional deny of the resource, or that no allow speaks of it.
fn allowed(
    facts: &Facts,
    action: &Action,
    resource: &Resource<'_>,
    at: &impl ToTokens,
    problems: &mut Problems,
) {
    let Facts { policy, source, .. } = facts;
    let call = call(action, resource);
    let denied = |deny: &&Statement| match resource {
        Resource::Named { kind, names } => deny.speaks_of(&kind.name, names).is_not_false(),
        Resource::None => deny.speaks_of_kind(None),
        // Which resource it is will be seen at run time.
        Resource::AtRunTime { .. } | Resource::Wrong => false,
    };
    if let Some(deny) = action.deny.iter().find(denied) {
        problems.report(
            at,
            format!("policy `{policy}` denies `{call}`\n   --> {source}:{}: {}", deny.line, deny.text),
        );
        return;
    }
    if action.allow.is_empty() {
        problems.report(at, nothing_allowed(facts, &action.name, action.preposition.as_deref()));
        return;
    }
    if action.allow.iter().any(|allow| resource.is_spoken_of(allow)) {
        return;
    }
    let near = nearest(action, resource);
    let shown = near.as_ref().map(|(statement, _)| *statement).or_else(|| action.allow.first());
    let shown =
        shown.map(|allow| format!("\n   --> {source}:{}: {}", allow.line, allow.text)).unwrap_or_default();
    let help =
        near.map(|(_, name)| format!("\n= help: the nearest allowed name is `{name}`")).unwrap_or_default();
    problems.report(at, format!("policy `{policy}` does not allow `{call}`{shown}{help}"));
}

/// "the policy does not allow `receive`".
pub(super) fn nothing_allowed(facts: &Facts, action: &str, preposition: Option<&str>) -> String {
    let statement = match preposition {
        Some(word) => format!("allow {action} {word} …"),
        None => format!("allow {action}"),
    };
    format!(
        "the policy does not allow `{action}`\n= note: policy `{}` (`{}`) has no `{statement}`",
        facts.policy, facts.source
    )
}

/// The call as a policy would say it.
fn call(action: &Action, resource: &Resource<'_>) -> String {
    let word = action.preposition.as_deref().unwrap_or("on");
    match resource {
        Resource::None | Resource::Wrong => action.name.clone(),
        Resource::Named { kind, names } => {
            let names: Vec<_> = names.iter().map(|name| format!("{name:?}")).collect();
            format!("{} {word} {}({})", action.name, kind.name, names.join(", "))
        }
        Resource::AtRunTime { kind, .. } => format!("{} {word} {}(…)", action.name, kind.name),
    }
}

/// The allowed resource whose name is nearest in the one slot where it differs.
fn nearest<'a>(action: &'a Action, resource: &Resource<'_>) -> Option<(&'a Statement, String)> {
    let Resource::Named { kind, names } = resource else { return None };
    for (slot, wanted) in names.iter().enumerate() {
        let same_elsewhere = |allowed: &[&str]| {
            allowed.len() == names.len()
                && allowed.iter().zip(names).enumerate().all(|(at, (one, name))| at == slot || one == name)
        };
        let candidates: Vec<_> = action
            .allow
            .iter()
            .flat_map(|allow| allow.names(&kind.name).into_iter().map(move |names| (allow, names)))
            .filter(|(_, allowed)| same_elsewhere(allowed))
            .filter_map(|(allow, allowed)| Some((allow, *allowed.get(slot)?)))
            .collect();
        if let Some(near) = wpc_compiler::nearest(wanted, candidates.iter().map(|(_, name)| *name)) {
            let statement = candidates.iter().find(|(_, name)| *name == near).map(|(allow, _)| *allow)?;
            return Some((statement, near.to_owned()));
        }
    }
    None
}

impl ToTokens for Name {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Self::Literal { text, .. } => text.to_tokens(tokens),
            Self::Expression(expression) => expression.to_tokens(tokens),
        }
    }
}
