//! Where each argument comes from: `with(…)`, a parameter of its name, or the described value.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, PatIdent, Path};
use wpc_model::Value;

use super::bound;
use super::facts::{Action, Facts, Field, Literal, Ty};
use super::problems::{Problems, did_you_mean, list};
use super::resource::Resource;
use super::rest::Stated;

/// The arguments of a call beside what its value describes.
pub(super) struct Supplied {
    /// Bindings of the values that `with(…)` gives.
    pub(super) bindings: TokenStream,
    /// The expression of the action's overrides.
    pub(super) overrides: TokenStream,
}

/// What arguments are taken from.
pub(super) struct Sources<'a> {
    pub(super) facts: &'a Facts,
    pub(super) action: &'a Action,
    pub(super) resource: &'a Resource<'a>,
    pub(super) with: &'a [Stated],
    pub(super) parameters: Vec<&'a PatIdent>,
    /// Whether there is a described value.
    pub(super) is_valued: bool,
    /// The function.
    pub(super) name: &'a Ident,
    /// Path of the tool's module.
    pub(super) module: &'a Path,
}

impl Sources<'_> {
    /// Every argument; reports those that nothing supplies, and what is supplied and is none.
    pub(super) fn supply(&self, problems: &mut Problems) -> Supplied {
        let mut bindings = TokenStream::new();
        for (index, stated) in self.with.iter().enumerate() {
            self.check_stated(stated, problems);
            let (binding, value) = (binding(index), &stated.value);
            let binds = self
                .field(&stated.name)
                .is_some_and(|field| !is_word(field, value) && literal_of(field, value).is_none());
            if binds {
                bindings.extend(quote!(let #binding = #value;));
            }
        }
        let mut missing = Vec::new();
        let batch = self.action.arguments.iter().any(|field| matches!(field.ty, Ty::Batch { .. }));
        let fields = self.action.arguments.iter().map(|field| {
            let ident = &field.ident;
            let value = match &field.ty {
                Ty::Batch { .. } if self.is_valued => quote!(::core::option::Option::None),
                Ty::Batch { fields_type, fields } => self.batch(fields_type, fields, &mut missing, problems),
                _ => match self.supplied(field, problems) {
                    Some(value) => quote!(::core::option::Option::Some(#value)),
                    None => {
                        // A value of an action without a batch describes every argument.
                        let described = self.is_valued && !batch;
                        if !field.optional && !described && !self.is_stated(field) {
                            missing.push(field.name.as_str());
                        }
                        quote!(::core::option::Option::None)
                    }
                },
            };
            quote!(#ident: #value,)
        });
        let fields: TokenStream = fields.collect();
        self.report_missing(&missing, problems);
        let (module, overrides) = (self.module, &self.action.overrides);
        let overrides = quote! {{
            #[allow(unused_imports, reason = "an action may have nothing that is overridden")]
            use #module::__wpc_interface;
            __wpc_interface::#overrides { #fields }
        }};
        Supplied { bindings, overrides }
    }

    /// The argument of a name; without a value also a field of the batch's record.
    fn field(&self, name: &Ident) -> Option<&Field> {
        self.action
            .arguments
            .iter()
            .find(|field| name == field.name.as_str())
            .or_else(|| self.element_field(name))
    }

    fn element_field(&self, name: &Ident) -> Option<&Field> {
        self.element_fields().find(|field| name == field.name.as_str())
    }

    fn element_fields(&self) -> impl Iterator<Item = &Field> {
        self.action.arguments.iter().flat_map(|field| match &field.ty {
            Ty::Batch { fields, .. } => fields.as_slice(),
            _ => &[],
        })
    }

    /// Whether `with(…)` gives it, maybe wrongly.
    fn is_stated(&self, field: &Field) -> bool {
        self.with.iter().any(|stated| stated.name == field.name.as_str())
    }

    /// A batch of one from what is stated of its fields.
    fn batch<'m>(
        &'m self,
        fields_type: &Ident,
        fields: &'m [Field],
        missing: &mut Vec<&'m str>,
        problems: &mut Problems,
    ) -> TokenStream {
        let runtime = &self.facts.runtime;
        let mut complete = true;
        let each: TokenStream = fields
            .iter()
            .map(|field| {
                let ident = &field.ident;
                match self.supplied(field, problems) {
                    Some(value) if field.optional => quote!(#ident: ::core::option::Option::Some(#value),),
                    Some(value) => quote!(#ident: #value,),
                    None if field.optional => quote!(#ident: ::core::option::Option::None,),
                    None => {
                        complete = false;
                        if !self.is_stated(field) {
                            missing.push(&field.name);
                        }
                        TokenStream::new()
                    }
                }
            })
            .collect();
        if complete {
            quote!(::core::option::Option::Some(#runtime::Batch::One(__wpc_interface::#fields_type { #each })))
        } else {
            quote!(::core::option::Option::None)
        }
    }

    /// What `with(…)` or a parameter gives for a field.
    fn supplied(&self, field: &Field, problems: &mut Problems) -> Option<TokenStream> {
        if let Some((index, stated)) =
            self.with.iter().enumerate().find(|(_, stated)| stated.name == field.name.as_str())
        {
            return self.stated(field, index, &stated.value, problems);
        }
        // What the tool measures, its callers do not state.
        if field.measured {
            return None;
        }
        let parameter = self.parameters.iter().find(|parameter| parameter.ident == field.name.as_str())?;
        let ident = &parameter.ident;
        self.converted(field, &quote!(#ident), ident.span(), ident, problems)
    }

    fn stated(
        &self,
        field: &Field,
        index: usize,
        value: &Expr,
        problems: &mut Problems,
    ) -> Option<TokenStream> {
        if let Ty::Choice { marker, words } = &field.ty
            && let Some(word) = word_of(value)
        {
            if let Some((_, variant)) = words.iter().find(|(name, _)| word == name.as_str()) {
                return Some(quote!(__wpc_interface::#marker::#variant));
            }
            if !self.parameters.iter().any(|parameter| parameter.ident == *word) {
                let known = words.iter().map(|(name, _)| name.as_str());
                problems.report(
                    value,
                    format!(
                        "`{}` of `{}` is never `{word}`, it is {}{}",
                        field.name,
                        self.action.name,
                        super::problems::one_of(known.clone()),
                        did_you_mean(&word.to_string(), known)
                    ),
                );
                return None;
            }
        }
        if let Some(literal) = literal_of(field, value) {
            return Some(literal);
        }
        let binding = binding(index);
        self.converted(field, &quote!(#binding), value.span(), value, problems)
    }

    /// The conversion of a variable, so that a wrong type is reported where the user wrote it.
    fn converted(
        &self,
        field: &Field,
        variable: &TokenStream,
        span: Span,
        at: &impl quote::ToTokens,
        problems: &mut Problems,
    ) -> Option<TokenStream> {
        let runtime = &self.facts.runtime;
        match &field.ty {
            Ty::Sealed => Some(quote!(#runtime::Sealed::of(&#variable))),
            Ty::Choice { marker, .. } => Some(quote_spanned! {span=>
                #runtime::argument::Argument::<__wpc_interface::#marker>::to_value(&#variable)
            }),
            Ty::Value { marker, .. } => {
                Some(quote_spanned!(span=> #runtime::argument::Argument::<#marker>::to_value(&#variable)))
            }
            Ty::Other | Ty::Batch { .. } => {
                problems.report(
                    at,
                    format!(
                        "`{}` of `{}` can only come from a described value",
                        field.name, self.action.name
                    ),
                );
                None
            }
        }
    }

    /// Reports a `with(…)` that names no argument, states what is measured, or can never be allowed.
    fn check_stated(&self, stated: &Stated, problems: &mut Problems) {
        let name = &stated.name;
        let Some(field) = self.field(name) else {
            let known = self.action.arguments.iter().chain(self.element_fields());
            let near = did_you_mean(&name.to_string(), known.map(|field| field.name.as_str()));
            problems.report(name, format!("`{}` has no argument `{name}`{near}", self.action.name));
            return;
        };
        let is_described = self.is_valued
            && (field.measured || self.element_field(name).is_some_and(|one| std::ptr::eq(one, field)));
        if is_described {
            problems
                .report(name, format!("`{name}` is measured of the value that is sent: it cannot be stated"));
            return;
        }
        let Some(constant) = constant(field, &stated.value) else { return };
        if field.measured {
            problems.report(
                &stated.value,
                format!(
                    "`{name}` is measured, a constant measures nothing\n= help: compute it from what is sent"
                ),
            );
            return;
        }
        bound::check(self.facts, self.action, self.resource, stated, constant, problems);
    }

    /// "`publish_order` does not say `message_bytes`, `properties` of `send`".
    fn report_missing(&self, missing: &[&str], problems: &mut Problems) {
        if missing.is_empty() {
            return;
        }
        let (action, source) = (&self.action.name, &self.facts.source);
        let conditions = self.action.allow.iter().filter(|allow| self.resource.is_spoken_of(allow));
        let conditions = conditions.flat_map(|allow| &allow.conditions);
        let constrained =
            conditions.filter(|one| missing.contains(&one.name.as_str())).min_by_key(|one| one.line);
        let constrained = constrained
            .map(|one| format!("\n   --> {source}:{}: the policy constrains `{}`", one.line, one.name))
            .unwrap_or_default();
        let of_element = self.element_fields().any(|field| missing.contains(&field.name.as_str()));
        let help = if of_element {
            "take the value that is sent as `Permitted<T>`, or measure it in `with(…)`".to_owned()
        } else {
            let first = missing.first().copied().unwrap_or_default();
            format!("add a parameter `{first}`, or say it in `with({first} = …)`")
        };
        problems.report(
            self.name,
            format!(
                "`{}` does not say {} of `{action}`{constrained}\n= help: {help}",
                self.name,
                list(missing.iter().copied())
            ),
        );
    }
}

/// The variable of the `index`th value of `with(…)`; nobody else can name it.
fn binding(index: usize) -> Ident {
    format_ident!("stated_{index}", span = Span::mixed_site())
}

/// A single word, maybe one of a choice.
fn word_of(value: &Expr) -> Option<&Ident> {
    match value {
        Expr::Path(path) if path.attrs.is_empty() => path.path.get_ident(),
        _ => None,
    }
}

fn is_word(field: &Field, value: &Expr) -> bool {
    match (&field.ty, word_of(value)) {
        (Ty::Choice { words, .. }, Some(word)) => words.iter().any(|(name, _)| word == name.as_str()),
        _ => false,
    }
}

/// The value of a constant of the field's type.
fn constant(field: &Field, value: &Expr) -> Option<Value> {
    if is_word(field, value) {
        return word_of(value).map(|word| Value::Text(word.to_string()));
    }
    bound::literal(value)
}

/// A literal as a value of the field's type; a bare `500` has none until its use gives it one.
fn literal_of(field: &Field, value: &Expr) -> Option<TokenStream> {
    let Ty::Value { literal, .. } = field.ty else { return None };
    let fits = match (literal, bound::literal(value)?) {
        (Literal::Bool, Value::Bool(_))
        | (Literal::Text, Value::Text(_))
        | (Literal::Integer, Value::Int(_)) => true,
        (Literal::Natural, Value::Int(value)) => value >= 0,
        _ => false,
    };
    fits.then(|| quote!(#value))
}
