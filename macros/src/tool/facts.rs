//! What the callback macro says of the policy (`wpc_compiler::emit` writes it).

use proc_macro2::TokenStream;
use syn::parse::{Parse, ParseStream};
use syn::{Error, Ident, Lit, LitBool, LitInt, LitStr, Token, braced, bracketed, parenthesized};
use wpc_model::{Comparison, Slot, Spelling, Test, Truth, Value};

/// The policy, the tool, and the action that the attribute names.
pub(super) struct Facts {
    /// Path of the runtime crate.
    pub(super) runtime: TokenStream,
    /// The policy's name.
    pub(super) policy: String,
    /// The policy's file, as it was named.
    pub(super) source: String,
    /// The tool's name in the policy.
    pub(super) tool: String,
    /// The action, or all actions of the tool's interface.
    pub(super) action: Result<Action, Vec<Listed>>,
}

/// An action of the interface.
pub(super) struct Listed {
    /// Its type's name, `Send`.
    pub(super) marker: String,
    /// `send`.
    pub(super) name: String,
    /// `to`.
    pub(super) preposition: Option<String>,
}

/// The action, and what the policy says of it.
pub(super) struct Action {
    pub(super) name: String,
    pub(super) preposition: Option<String>,
    /// The struct of its stated arguments.
    pub(super) overrides: Ident,
    /// The tool's resource kinds.
    pub(super) kinds: Vec<Kind>,
    pub(super) arguments: Vec<Field>,
    pub(super) allow: Vec<Statement>,
    /// Denies without conditions.
    pub(super) deny: Vec<Statement>,
}

/// A resource kind.
pub(super) struct Kind {
    pub(super) name: String,
    pub(super) module: Ident,
    /// Whether the action takes it.
    pub(super) taken: bool,
    pub(super) slots: Vec<(String, Spelling)>,
}

/// An argument or a field of a record.
pub(super) struct Field {
    pub(super) name: String,
    /// Its field in Rust.
    pub(super) ident: Ident,
    pub(super) optional: bool,
    pub(super) measured: bool,
    pub(super) ty: Ty,
}

/// What can be said of an argument's type.
pub(super) enum Ty {
    /// Nobody reads it.
    Sealed,
    /// Only a described value has it.
    Other,
    /// An enum.
    Choice { marker: Ident, words: Vec<(String, Ident)> },
    /// Records.
    Batch { fields_type: Ident, fields: Vec<Field> },
    /// What `Argument` converts to `marker`.
    Value { literal: Literal, marker: TokenStream },
}

/// What a literal of a type looks like.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Literal {
    Bool,
    Natural,
    Integer,
    Text,
    None,
}

/// A statement of the policy.
pub(super) struct Statement {
    pub(super) line: u32,
    pub(super) text: String,
    targets: Vec<Target>,
    pub(super) conditions: Vec<Condition>,
}

enum Target {
    Any,
    /// Names of one kind with one slot, one a line.
    Names {
        kind: String,
        names: String,
    },
    Of {
        kind: String,
        slots: Vec<Slot>,
    },
}

/// A condition of an allow.
pub(super) struct Condition {
    /// The argument or element field that it is about.
    pub(super) name: String,
    pub(super) line: u32,
    pub(super) text: String,
    /// Its test, where a constant can be put to it.
    pub(super) test: Option<Test>,
}

impl Statement {
    /// Whether it speaks of the resource.
    pub(super) fn speaks_of(&self, kind: &str, names: &[String]) -> Truth {
        Truth::any(self.targets.iter().map(|target| target.matches(kind, names)))
    }

    /// Whether it speaks of some resource of the kind, or of all.
    pub(super) fn speaks_of_kind(&self, kind: Option<&str>) -> bool {
        self.targets.iter().any(|target| match target {
            Target::Any => true,
            Target::Names { kind: of, .. } | Target::Of { kind: of, .. } => {
                kind.is_none_or(|kind| kind == of)
            }
        })
    }

    /// The resources of the kind that it names exactly.
    pub(super) fn names(&self, kind: &str) -> Vec<Vec<&str>> {
        let mut all = Vec::new();
        for target in &self.targets {
            match target {
                Target::Names { kind: of, names } if of == kind => {
                    all.extend(names.lines().map(|name| vec![name]))
                }
                Target::Of { kind: of, slots } if of == kind => all.extend(exact(slots)),
                Target::Any | Target::Names { .. } | Target::Of { .. } => {}
            }
        }
        all
    }
}

fn exact(slots: &[Slot]) -> Option<Vec<&str>> {
    slots.iter().map(|slot| if let Slot::Exact(name) = slot { Some(name.as_str()) } else { None }).collect()
}

impl Target {
    fn matches(&self, kind: &str, names: &[String]) -> Truth {
        match self {
            Self::Any => Truth::True,
            Self::Names { kind: of, names: all } => match names {
                [name] if of == kind => {
                    Truth::any(all.lines().map(|one| Slot::Exact(one.to_owned()).matches(name)))
                }
                _ => Truth::False,
            },
            Self::Of { kind: of, slots } if of == kind && slots.len() == names.len() => {
                Truth::all(slots.iter().zip(names).map(|(slot, name)| slot.matches(name)))
            }
            Self::Of { .. } => Truth::False,
        }
    }
}

// ---- reading ----

impl Parse for Facts {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        word(input, "runtime")?;
        let inner;
        braced!(inner in input);
        let runtime = inner.parse()?;
        word(input, "policy")?;
        let (policy, source) = (text(input)?, text(input)?);
        word(input, "tool")?;
        let tool = text(input)?;
        let which: Ident = input.parse()?;
        let action = if which == "action" { Ok(action(input)?) } else { Err(block(input, listed)?) };
        Ok(Self { runtime, policy, source, tool, action })
    }
}

fn listed(input: ParseStream<'_>) -> syn::Result<Listed> {
    let listed = Listed { marker: text(input)?, name: text(input)?, preposition: preposition(input)? };
    input.parse::<Token![;]>()?;
    Ok(listed)
}

fn action(input: ParseStream<'_>) -> syn::Result<Action> {
    let (name, preposition) = (text(input)?, preposition(input)?);
    word(input, "types")?;
    let overrides = input.parse()?;
    word(input, "kinds")?;
    let kinds = block(input, kind)?;
    word(input, "arguments")?;
    let arguments = block(input, field)?;
    word(input, "allow")?;
    let allow = block(input, statement)?;
    word(input, "deny")?;
    let deny = block(input, statement)?;
    Ok(Action { name, preposition, overrides, kinds, arguments, allow, deny })
}

fn kind(input: ParseStream<'_>) -> syn::Result<Kind> {
    let (name, module, taken) = (text(input)?, input.parse()?, truth(input)?);
    let inner;
    bracketed!(inner in input);
    let mut slots = Vec::new();
    while !inner.is_empty() {
        let slot;
        parenthesized!(slot in inner);
        let name = text(&slot)?;
        let ty: Ident = slot.parse()?;
        let ty = match ty.to_string().as_str() {
            "entity_name" => Spelling::EntityName(slot.parse::<LitInt>()?.base10_parse()?),
            "host" => Spelling::Host,
            "did" => Spelling::Did,
            "email" => Spelling::Email,
            "url" => Spelling::Url,
            "ip" => Spelling::Ip,
            "path" => Spelling::Path,
            _ => Spelling::Text,
        };
        slots.push((name, ty));
    }
    input.parse::<Token![;]>()?;
    Ok(Kind { name, module, taken, slots })
}

fn field(input: ParseStream<'_>) -> syn::Result<Field> {
    let (name, ident) = (text(input)?, input.parse()?);
    let inner;
    bracketed!(inner in input);
    word(&inner, "optional")?;
    let optional = truth(&inner)?;
    word(&inner, "measured")?;
    let measured = truth(&inner)?;
    let ty = ty(input)?;
    input.parse::<Token![;]>()?;
    Ok(Field { name, ident, optional, measured, ty })
}

fn ty(input: ParseStream<'_>) -> syn::Result<Ty> {
    let word: Ident = input.parse()?;
    let inner;
    Ok(match word.to_string().as_str() {
        "sealed" => Ty::Sealed,
        "choice" => {
            let marker = input.parse()?;
            braced!(inner in input);
            let pair = |input: ParseStream<'_>| Ok((text(input)?, input.parse()?));
            Ty::Choice { marker, words: inner.parse_terminated(pair, Token![,])?.into_iter().collect() }
        }
        "batch" => Ty::Batch { fields_type: input.parse()?, fields: block(input, field)? },
        "value" => {
            let literal = match input.parse::<Ident>()?.to_string().as_str() {
                "bool" => Literal::Bool,
                "natural" => Literal::Natural,
                "integer" => Literal::Integer,
                "text" => Literal::Text,
                _ => Literal::None,
            };
            braced!(inner in input);
            Ty::Value { literal, marker: inner.parse()? }
        }
        _ => Ty::Other,
    })
}

fn statement(input: ParseStream<'_>) -> syn::Result<Statement> {
    let (line, text) = (input.parse::<LitInt>()?.base10_parse()?, text(input)?);
    let inner;
    bracketed!(inner in input);
    let mut targets = Vec::new();
    while !inner.is_empty() {
        targets.push(target(&inner)?);
    }
    Ok(Statement { line, text, targets, conditions: block(input, condition)? })
}

fn target(input: ParseStream<'_>) -> syn::Result<Target> {
    let word: Ident = input.parse()?;
    Ok(match word.to_string().as_str() {
        "any" => Target::Any,
        "names" => Target::Names { kind: text(input)?, names: text(input)? },
        _ => {
            let kind = text(input)?;
            let inner;
            bracketed!(inner in input);
            let mut slots = Vec::new();
            while !inner.is_empty() {
                let word: Ident = inner.parse()?;
                slots.push(match word.to_string().as_str() {
                    "any" => Slot::Any,
                    "exact" => Slot::Exact(text(&inner)?),
                    _ => Slot::Like(text(&inner)?),
                });
            }
            Target::Of { kind, slots }
        }
    })
}

fn condition(input: ParseStream<'_>) -> syn::Result<Condition> {
    let (name, line, said) = (text(input)?, input.parse::<LitInt>()?.base10_parse()?, text(input)?);
    let word: Ident = input.parse()?;
    let test = match word.to_string().as_str() {
        "compare" => {
            let symbol: LitStr = input.parse()?;
            let comparison = Comparison::from_symbol(&symbol.value());
            let comparison = comparison.ok_or_else(|| Error::new(symbol.span(), "expected a comparison"))?;
            constants(input)?.pop().map(|constant| Test::Compare(comparison, constant))
        }
        "within" => Some(Test::In(constants(input)?)),
        "outside" => Some(Test::NotIn(constants(input)?)),
        "like" => Some(Test::Like(text(input)?)),
        "matches" => Some(Test::Matches(text(input)?)),
        "under_domain" => Some(Test::UnderDomain(constants(input)?)),
        "under_path" => Some(Test::UnderPath(constants(input)?)),
        "within_cidr" => Some(Test::WithinCidr(constants(input)?)),
        _ => None,
    };
    input.parse::<Token![;]>()?;
    Ok(Condition { name, line, text: said, test })
}

fn constants(input: ParseStream<'_>) -> syn::Result<Vec<Value>> {
    let inner;
    bracketed!(inner in input);
    Ok(inner.parse_terminated(constant, Token![,])?.into_iter().collect())
}

fn constant(input: ParseStream<'_>) -> syn::Result<Value> {
    let minus = input.parse::<Option<Token![-]>>()?.is_some();
    Ok(match input.parse()? {
        Lit::Bool(value) => Value::Bool(value.value()),
        Lit::Str(value) => Value::Text(value.value()),
        Lit::Int(value) => {
            let value: i64 = value.base10_parse()?;
            Value::Int(if minus { value.saturating_neg() } else { value })
        }
        other => return Err(Error::new_spanned(other, "expected a constant")),
    })
}

/// `{ … }`, full of what `one` reads.
fn block<T>(input: ParseStream<'_>, one: impl Fn(ParseStream<'_>) -> syn::Result<T>) -> syn::Result<Vec<T>> {
    let inner;
    braced!(inner in input);
    let mut all = Vec::new();
    while !inner.is_empty() {
        all.push(one(&inner)?);
    }
    Ok(all)
}

fn word(input: ParseStream<'_>, wanted: &str) -> syn::Result<()> {
    let found: Ident = input.parse()?;
    if found == wanted { Ok(()) } else { Err(Error::new(found.span(), format!("expected `{wanted}`"))) }
}

fn text(input: ParseStream<'_>) -> syn::Result<String> {
    Ok(input.parse::<LitStr>()?.value())
}

fn truth(input: ParseStream<'_>) -> syn::Result<bool> {
    Ok(input.parse::<LitBool>()?.value())
}

fn preposition(input: ParseStream<'_>) -> syn::Result<Option<String>> {
    if input.peek(LitStr) {
        return text(input).map(Some);
    }
    word(input, "none").map(|()| None)
}
