//! What a condition's subject reads, as an expression over typed facts.

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::quote;
use wpc_model::{Field, Step, Type};

use super::naming::Members;
use super::ty::{Context, is_str};

/// An expression for a value that is there, or maybe there.
pub(super) struct Access<'i> {
    /// The expression: of the value, or of a `Found` of it.
    pub(super) expression: TokenStream,
    /// Whether the expression is a `Found`.
    pub(super) found: bool,
    /// What the value is.
    pub(super) ty: Read<'i>,
}

/// What can be read of a value.
#[derive(Clone, Copy)]
pub(super) enum Read<'i> {
    /// A value of this type.
    Typed(&'i Type),
    /// The size of something.
    Size,
    /// Whether it is there.
    Sealed,
}

/// The fields among which a subject's name is looked up, and the expression that has them.
#[derive(Clone, Copy)]
pub(super) struct Base<'i> {
    pub(super) fields: &'i BTreeMap<String, Field>,
    pub(super) members: &'i Members,
    pub(super) expression: &'i TokenStream,
}

/// The expression of `name` and `steps`; `None` if there is no such path in the interface.
pub(super) fn access<'i>(
    context: Context<'i>,
    base: Base<'i>,
    name: &str,
    steps: &[Step],
) -> Option<Access<'i>> {
    let field = base.fields.get(name)?;
    let (ident, from) = (base.members.field(name), base.expression);
    let mut access = start(context, field, quote!(#from.#ident));
    for step in steps {
        access = access.step(context, step)?;
    }
    Some(access)
}

fn start<'i>(context: Context<'i>, field: &'i Field, expression: TokenStream) -> Access<'i> {
    let runtime = context.runtime;
    let ty = read(field);
    if field.optional {
        Access { expression: quote!(#runtime::__private::Found::of(#expression)), found: true, ty }
    } else {
        Access { expression, found: false, ty }
    }
}

fn read(field: &Field) -> Read<'_> {
    if field.sealed || field.ty == Type::Json { Read::Sealed } else { Read::Typed(&field.ty) }
}

impl<'i> Access<'i> {
    fn step(self, context: Context<'i>, step: &Step) -> Option<Access<'i>> {
        let runtime = context.runtime;
        let value = quote!(value);
        match (step, self.ty) {
            (_, Read::Sealed) => Some(self.unclear(runtime)),
            (Step::Size, Read::Typed(ty)) => {
                let size = size(ty, if self.found { &value } else { &self.expression })?;
                Some(self.plain(size, Read::Size))
            }
            (Step::Key(key), Read::Typed(Type::Map(of))) => {
                let find = if is_str(of) { quote!(find_text) } else { quote!(find) };
                let find = |map: &TokenStream| quote!(#runtime::__private::#find(#map, #key));
                let ty = if **of == Type::Json { Read::Sealed } else { Read::Typed(of) };
                Some(self.maybe(find, ty))
            }
            (Step::Field(name), Read::Typed(Type::Record(record))) => {
                let field = context.interface.records.get(record)?.fields.get(name)?;
                let ident = context.names.record(record)?.members.field(name);
                if field.optional {
                    let of = |record: &TokenStream| quote!(#runtime::__private::Found::of(#record.#ident));
                    Some(self.maybe(of, read(field)))
                } else {
                    let of = if self.found { &value } else { &self.expression };
                    let member = quote!(#of.#ident);
                    Some(self.plain(member, read(field)))
                }
            }
            _ => None,
        }
    }

    /// A step that every value has; `member` is an expression over `value` if `self` is a `Found`.
    fn plain(self, member: TokenStream, ty: Read<'i>) -> Self {
        let Self { expression, found, .. } = self;
        let expression = if found { quote!(#expression.step(|value| { #member })) } else { member };
        Self { expression, found, ty }
    }

    /// A step that may find nothing.
    fn maybe(self, step: impl Fn(&TokenStream) -> TokenStream, ty: Read<'i>) -> Self {
        let Self { expression, found, .. } = self;
        let expression = if found {
            let step = step(&quote!(value));
            quote!(#expression.then(|value| { #step }))
        } else {
            step(&expression)
        };
        Self { expression, found: true, ty }
    }

    /// A step into a sealed value.
    fn unclear(self, runtime: &TokenStream) -> Self {
        let Self { expression, found, .. } = self;
        let expression = if found {
            quote!(#expression.unclear::<#runtime::Sealed>())
        } else {
            quote!(#runtime::__private::Found::<#runtime::Sealed>::Unclear)
        };
        Self { expression, found: true, ty: Read::Sealed }
    }
}

/// `.size` of a value.
fn size(ty: &Type, value: &TokenStream) -> Option<TokenStream> {
    match ty {
        Type::Text => Some(quote!(#value.len())),
        Type::List(member) | Type::Set(member) if is_str(member) || matches!(**member, Type::Record(_)) => {
            Some(quote!(#value.size()))
        }
        Type::List(_) | Type::Set(_) => Some(quote!(#value.len())),
        Type::Map(_) | Type::Batch(_) => Some(quote!(#value.size())),
        _ => None,
    }
}
