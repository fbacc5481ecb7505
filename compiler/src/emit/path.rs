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

/// What a subject reads: the value at the end of its path, or the list on it and what of the path is
/// read in each member.
pub(super) struct Path<'i, 's> {
    pub(super) access: Access<'i>,
    pub(super) in_member: &'s [Step],
}

/// The expression of `name` and `steps`; `None` if there is no such path in the interface.
/// `quantified` ends it at the first list.
pub(super) fn access<'i, 's>(
    context: Context<'i>,
    base: Base<'i>,
    name: &str,
    steps: &'s [Step],
    quantified: bool,
) -> Option<Path<'i, 's>> {
    let field = base.fields.get(name)?;
    let (ident, from) = (base.members.field(name), base.expression);
    let access = start(context, field, quote!(#from.#ident));
    follow(context, access, steps, quantified)
}

/// The rest of a path, from a member on that the expression `member` stands for.
pub(super) fn of_member<'i>(
    context: Context<'i>,
    ty: &'i Type,
    member: TokenStream,
    steps: &[Step],
) -> Option<Access<'i>> {
    let ty = if *ty == Type::Json { Read::Sealed } else { Read::Typed(ty) };
    let access = Access { expression: member, found: false, ty };
    follow(context, access, steps, false).map(|path| path.access)
}

fn follow<'i, 's>(
    context: Context<'i>,
    mut access: Access<'i>,
    steps: &'s [Step],
    quantified: bool,
) -> Option<Path<'i, 's>> {
    let mut rest = steps;
    while let [step, after @ ..] = rest {
        if quantified && matches!(access.ty, Read::Typed(Type::List(_) | Type::Set(_))) {
            break;
        }
        access = access.step(context, step)?;
        rest = after;
    }
    Some(Path { access, in_member: rest })
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
            (Step::Field(name), Read::Typed(ty)) => {
                let part = ty.part(name)?;
                let read = if part.is_integer() { quote!(port) } else { quote!(text_part) };
                let of = |address: &TokenStream| quote!(#runtime::__private::#read(#address, #name));
                Some(self.maybe(of, Read::Typed(part)))
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
