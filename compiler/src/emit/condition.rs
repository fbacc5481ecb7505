//! One condition as an expression of type `Truth`.

use proc_macro2::{Literal, TokenStream};
use quote::quote;
use wpc_model::{Comparison, Condition, Quantifier, Step, Test, Type, Value};

use super::MAX_ARMS;
use super::constant::{bools, int, ints, texts};
use super::path::{self, Access, Base, Path, Read};
use super::ty::{Context, is_str};

/// What the condition says of the facts behind `base`. What is not legal is unknown: never yes.
pub(super) fn emit(context: Context<'_>, base: Base<'_>, condition: &Condition) -> TokenStream {
    let runtime = context.runtime;
    let subject = &condition.subject;
    let quantified = subject.quantifier.is_some();
    let path = path::access(context, base, &subject.name, &subject.steps, quantified);
    let Some(Path { access, in_member }) = path else {
        return quote!(#runtime::__private::Truth::Unknown);
    };
    let value = quote!(value);
    let over = |value: &TokenStream| match subject.quantifier {
        None => test(context, access.ty, value, &condition.test),
        Some(quantifier) => {
            quantified_test(context, &access, (quantifier, in_member), value, &condition.test)
        }
    };
    if let (None, Test::Present | Test::Absent) = (subject.quantifier, &condition.test) {
        return presence(runtime, &access, &condition.test);
    }
    let Access { expression, found, .. } = &access;
    let holds = if *found {
        over(&value).map(|test| quote!(#expression.holds(|value| { #test })))
    } else {
        over(expression)
    };
    holds.unwrap_or_else(|| quote!(#runtime::__private::Truth::Unknown))
}

fn presence(runtime: &TokenStream, access: &Access<'_>, test: &Test) -> TokenStream {
    let Access { expression, found, .. } = access;
    match (found, test) {
        (true, Test::Present) => quote!(#expression.present()),
        (true, _) => quote!(#expression.absent()),
        (false, Test::Present) => quote!(#runtime::__private::Truth::True),
        (false, _) => quote!(#runtime::__private::Truth::False),
    }
}

fn quantified_test(
    context: Context<'_>,
    list: &Access<'_>,
    (quantifier, in_member): (Quantifier, &[Step]),
    value: &TokenStream,
    tested: &Test,
) -> Option<TokenStream> {
    let runtime = context.runtime;
    let Read::Typed(Type::List(member) | Type::Set(member)) = list.ty else { return None };
    let access = path::of_member(context, member, quote!(member), in_member)?;
    let each = match tested {
        Test::Present | Test::Absent => presence(runtime, &access, tested),
        tested if access.found => {
            let (expression, test) = (&access.expression, test(context, access.ty, &quote!(value), tested)?);
            quote!(#expression.holds(|value| { #test }))
        }
        tested => test(context, access.ty, &access.expression, tested)?,
    };
    let walk = match quantifier {
        Quantifier::Each => quote!(every),
        Quantifier::Some => quote!(any),
    };
    Some(quote!(#runtime::__private::#walk(#value, |member| { #each })))
}

/// `test` of a value that is there.
fn test(context: Context<'_>, ty: Read<'_>, value: &TokenStream, test: &Test) -> Option<TokenStream> {
    let runtime = context.runtime;
    let truth = |definite: TokenStream| quote!(#runtime::__private::Truth::of(#definite));
    let shape = Shape::of(ty)?;
    Some(match test {
        // Where a value came from, and what it conforms to, the gate alone knows, which asks its engine.
        Test::Present | Test::Absent | Test::Conforms(_) | Test::From(_) => return None,
        Test::Compare(comparison, constant) => {
            let (left, right) = (shape.view(runtime, value)?, shape.constant(constant)?);
            let operator = operator(*comparison, shape)?;
            truth(quote!(#left #operator #right))
        }
        Test::In(constants) => truth(among(runtime, shape, value, constants)?),
        Test::NotIn(constants) => {
            let among = among(runtime, shape, value, constants)?;
            truth(quote!(!#among))
        }
        Test::Like(pattern) => {
            let text = shape.text(runtime, value)?;
            quote!(#runtime::__private::glob(#pattern, #text))
        }
        Test::Matches(pattern) => {
            let text = shape.text(runtime, value)?;
            quote!({
                static PATTERN: #runtime::__private::Regex = #runtime::__private::Regex::new(#pattern);
                PATTERN.matches(#text)
            })
        }
        Test::WithinCidr(blocks) => {
            let (text, blocks) = (shape.text(runtime, value)?, texts(blocks));
            quote!({
                static BLOCKS: #runtime::__private::Blocks = #runtime::__private::Blocks::new(#blocks);
                BLOCKS.contain(#text)
            })
        }
        Test::UnderDomain(of) => {
            let (text, of) = (shape.text(runtime, value)?, texts(of));
            quote!(#runtime::__private::under_domain(#text, #of))
        }
        Test::UnderPath(of) => {
            let (text, of) = (shape.text(runtime, value)?, texts(of));
            quote!(#runtime::__private::under_path(#text, #of))
        }
        Test::Has(_) | Test::Lacks(_) => holdings(runtime, shape, value, test)?,
    })
}

/// What a value is to a test.
#[derive(Clone, Copy)]
enum Shape<'t> {
    Bool,
    Int,
    Text,
    Word,
    Map,
    List(&'t Type),
}

impl<'t> Shape<'t> {
    fn of(ty: Read<'t>) -> Option<Self> {
        Some(match ty {
            Read::Size => Self::Int,
            Read::Sealed => return None,
            Read::Typed(Type::Bool) => Self::Bool,
            Read::Typed(Type::Choice(_)) => Self::Word,
            Read::Typed(Type::Map(_)) => Self::Map,
            Read::Typed(Type::List(member) | Type::Set(member)) => Self::List(member),
            Read::Typed(ty) if ty.is_integer() => Self::Int,
            Read::Typed(ty) if is_str(ty) => Self::Text,
            Read::Typed(_) => return None,
        })
    }

    /// The value as it is compared.
    fn view(self, runtime: &TokenStream, value: &TokenStream) -> Option<TokenStream> {
        match self {
            Self::Bool => Some(value.clone()),
            Self::Int => Some(quote!(#runtime::__private::Integer::integer(#value))),
            Self::Text | Self::Word => self.text(runtime, value),
            Self::Map | Self::List(_) => None,
        }
    }

    fn text(self, runtime: &TokenStream, value: &TokenStream) -> Option<TokenStream> {
        match self {
            Self::Text => Some(value.clone()),
            Self::Word => Some(quote!(#runtime::argument::Choice::word(#value))),
            Self::Bool | Self::Int | Self::Map | Self::List(_) => None,
        }
    }

    fn constant(self, constant: &Value) -> Option<TokenStream> {
        match (self, constant) {
            (Self::Bool, Value::Bool(constant)) => Some(quote!(#constant)),
            (Self::Int, Value::Int(constant)) => Some(int(*constant)),
            (Self::Text | Self::Word, Value::Text(constant)) => Some(quote!(#constant)),
            _ => None,
        }
    }

    fn constants(self, constants: &[Value]) -> Option<TokenStream> {
        match self {
            Self::Bool => Some(bools(constants)),
            Self::Int => Some(ints(constants)),
            Self::Text | Self::Word => Some(texts(constants)),
            Self::Map | Self::List(_) => None,
        }
    }
}

fn operator(comparison: Comparison, shape: Shape<'_>) -> Option<TokenStream> {
    Some(match (comparison, shape) {
        (Comparison::Equal, _) => quote!(==),
        (Comparison::NotEqual, _) => quote!(!=),
        (Comparison::Less, Shape::Int) => quote!(<),
        (Comparison::AtMost, Shape::Int) => quote!(<=),
        (Comparison::Greater, Shape::Int) => quote!(>),
        (Comparison::AtLeast, Shape::Int) => quote!(>=),
        _ => return None,
    })
}

/// Whether the value is one of `constants`.
fn among(
    runtime: &TokenStream,
    shape: Shape<'_>,
    value: &TokenStream,
    constants: &[Value],
) -> Option<TokenStream> {
    let (view, set) = (shape.view(runtime, value)?, shape.constants(constants)?);
    match shape {
        Shape::Int => Some(quote!(#runtime::__private::among(#set, #view))),
        Shape::Text | Shape::Word => Some(quote!(#runtime::__private::texts_among(#set, #view))),
        Shape::Bool | Shape::Map | Shape::List(_) => None,
    }
}

/// `has` and `lacks` of a value.
fn holdings(
    runtime: &TokenStream,
    shape: Shape<'_>,
    value: &TokenStream,
    test: &Test,
) -> Option<TokenStream> {
    let constants = test.set()?;
    let word = if let Test::Has(_) = test { quote!(has) } else { quote!(lacks) };
    match shape {
        Shape::Map => {
            let wanted = Wanted::of([constants]);
            let (keys, mask) = (wanted.scan(runtime, value), wanted.mask(constants));
            Some(quote!(#keys.#word(#mask)))
        }
        Shape::List(member) => {
            let member = Shape::of(Read::Typed(member))?;
            let (view, set) = (member.view(runtime, &quote!(member))?, member.constants(constants)?);
            Some(quote!(#runtime::__private::#word(#value, #set, |member| { #view })))
        }
        Shape::Bool | Shape::Int | Shape::Text | Shape::Word => None,
    }
}

/// Keys of a map that are looked for in one pass: sorted without regard to ASCII case, then by
/// bytes.
pub(super) struct Wanted<'c> {
    keys: Vec<&'c str>,
}

impl<'c> Wanted<'c> {
    pub(super) fn of(sets: impl IntoIterator<Item = &'c [Value]>) -> Self {
        let mut keys: Vec<_> = sets.into_iter().flatten().filter_map(Value::as_text).collect();
        keys.sort_by_cached_key(|key| (key.to_ascii_lowercase(), *key));
        keys.dedup();
        Self { keys }
    }

    fn words(&self) -> usize {
        self.keys.len().div_ceil(64).max(1)
    }

    /// The pass over `map`: a few keys are compared one by one, where their lengths and letters are
    /// constants; many are searched for.
    pub(super) fn scan(&self, runtime: &TokenStream, map: &TokenStream) -> TokenStream {
        let words = Literal::usize_unsuffixed(self.words());
        let look = if self.keys.len() <= MAX_ARMS {
            let looks = (0_usize..).zip(&self.keys).map(|(bit, wanted)| {
                let bit = Literal::usize_unsuffixed(bit);
                quote!(.look(key, #wanted, #bit))
            });
            quote!(seen #(#looks)*)
        } else {
            let keys = &self.keys;
            quote!(seen.search(key, &[#(#keys),*]))
        };
        quote!(#runtime::__private::keys::<#words>(#map, |seen, key| { #look }))
    }

    /// The bits of `set`, in words of 64.
    pub(super) fn mask(&self, set: &[Value]) -> TokenStream {
        let mut words = vec![0_u64; self.words()];
        for key in set.iter().filter_map(Value::as_text) {
            let at = self.keys.iter().position(|one| *one == key);
            if let Some((at, word)) = at.and_then(|at| Some((at, words.get_mut(at / 64)?))) {
                *word |= 1 << (at % 64);
            }
        }
        let few = self.keys.len() <= MAX_ARMS;
        let words = words.into_iter().map(|word| {
            match format!("0b{word:0width$b}", width = self.keys.len()).parse() {
                Ok(literal) if few => literal,
                _ => Literal::u64_unsuffixed(word),
            }
        });
        quote!([#(#words),*])
    }
}

/// The map whose keys a condition tests, if it does nothing else.
pub(super) fn keys_of<'i>(context: Context<'i>, base: Base<'i>, condition: &Condition) -> Option<Access<'i>> {
    let (Test::Has(_) | Test::Lacks(_), None) = (&condition.test, condition.subject.quantifier) else {
        return None;
    };
    let subject = &condition.subject;
    let access = path::access(context, base, &subject.name, &subject.steps, false)?.access;
    matches!(access.ty, Read::Typed(Type::Map(_))).then_some(access)
}
