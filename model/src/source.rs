//! Where values come from: what `from [job.input, contacts.search.emails]` demands (LANGUAGE.md section 7).
//!
//! ```text
//! source = origin ": " type
//! origin = "job.input" | name "." name "." name        tool, action, field of its result
//! type   = "email", "money<EUR>", ...
//! ```

use crate::artifact::{name_of_subject, put_name_of_subject};
use crate::{Hash, RuleId, Truth, Type, Value};

/// Most values that one job remembers the source of. Past it nothing more is remembered, and of what is
/// not remembered nobody knows where it came from.
pub const MAX_LABELS_PER_JOB: usize = 10_000;

/// What the job's input is called where a source is named.
const INPUT: &str = "job.input";

/// Where a value may come from, and the type that it has there. Two types never meet: the text
/// `5` of an e-mail is not the number of a payment.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Source {
    /// A value of the job's input, read as this type.
    Input {
        /// A [`Type::source_type`].
        ty: Type,
    },
    /// A field of what an earlier call of the job returned, or a member of it.
    Result {
        /// The tool's name in the policy.
        tool: String,
        /// The action.
        action: String,
        /// The field of its result.
        field: String,
        /// A [`Type::source_type`].
        ty: Type,
    },
}

/// Who knows where values of a job came from.
pub trait Sources {
    /// Whether `value` came from `source`; unknown if that cannot be read, or is no longer remembered.
    fn came_from(&self, source: &Source, value: &Value) -> Truth;
}

impl Source {
    /// The type of its values.
    #[must_use]
    pub const fn ty(&self) -> &Type {
        match self {
            Self::Input { ty } | Self::Result { ty, .. } => ty,
        }
    }

    /// Where it is, as it is written in a policy: `job.input`, `contacts.search.emails`.
    #[must_use]
    pub fn origin(&self) -> String {
        let Self::Result { tool, action, field, .. } = self else { return INPUT.to_owned() };
        let mut text = String::new();
        for (index, name) in [tool, action, field].into_iter().enumerate() {
            if index > 0 {
                text.push('.');
            }
            put_name_of_subject(name, &mut |part| text.push_str(part));
        }
        text
    }

    /// As artifacts have it.
    ///
    /// ```
    /// use wpc_model::{Source, Type};
    /// let source = Source::Input { ty: Type::Email };
    /// assert_eq!(source.to_text(), "job.input: email");
    /// assert_eq!(Source::from_text(&source.to_text()), Some(source));
    /// ```
    #[must_use]
    pub fn to_text(&self) -> String {
        format!("{}: {}", self.origin(), type_text(self.ty()))
    }

    /// Reads what [`Source::to_text`] writes; refuses any other text.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let (origin, ty) = text.rsplit_once(": ")?;
        let ty = type_of(ty)?;
        let source = if origin == INPUT {
            Self::Input { ty }
        } else {
            let mut rest = origin;
            let tool = name_of_subject(&mut rest)?;
            let action = dotted(&mut rest)?;
            let field = dotted(&mut rest)?;
            if !rest.is_empty() {
                return None;
            }
            Self::Result { tool, action, field, ty }
        };
        // One spelling: what reads the same must be the same.
        (source.to_text() == text).then_some(source)
    }

    /// The statement of the counters that remember its values.
    pub fn statement(&self) -> RuleId {
        RuleId::of(format!("source {}", self.to_text()).as_bytes())
    }
}

fn dotted(rest: &mut &str) -> Option<String> {
    *rest = rest.strip_prefix('.')?;
    name_of_subject(rest)
}

/// The value as it is remembered, before the job's secret is added.
pub(crate) fn label_of(value: &Value) -> Hash {
    Hash::under("wpc/label/v1", &crate::decide::json_of(value).encode())
}

impl Type {
    /// The type under which a value of this type may have a source, if it may: one value, which says
    /// more than yes or no or one of the policy's own words. Names of entities are one type, however
    /// long they may be.
    #[must_use]
    pub fn source_type(&self) -> Option<Self> {
        match self {
            Self::EntityName { .. } => Some(Self::EntityName { max: u32::MAX }),
            Self::Int
            | Self::Count
            | Self::Bytes
            | Self::Duration
            | Self::Decimal { .. }
            | Self::Money { .. }
            | Self::Text
            | Self::Host
            | Self::Did
            | Self::Email
            | Self::Url
            | Self::Ip
            | Self::Path
            | Self::Time => Some(self.clone()),
            Self::Bool
            | Self::Json
            | Self::Choice(_)
            | Self::List(_)
            | Self::Set(_)
            | Self::Map(_)
            | Self::Record(_)
            | Self::Batch(_) => None,
        }
    }

    /// The type under which values of a result's field of this type, or its members, are remembered.
    /// Free text is never a source.
    #[must_use]
    pub fn result_source_type(&self) -> Option<Self> {
        if let Self::List(member) | Self::Set(member) | Self::Map(member) = self {
            return member.result_source_type();
        }
        if *self == Self::Text { None } else { self.source_type() }
    }
}

fn type_text(ty: &Type) -> String {
    if let Type::Decimal { scale } = ty {
        format!("decimal<{scale}>")
    } else if let Type::Money { currency } = ty {
        format!("money<{currency}>")
    } else {
        ty.word().to_owned()
    }
}

fn type_of(text: &str) -> Option<Type> {
    let inside = |of: &str| text.strip_prefix(of)?.strip_prefix('<')?.strip_suffix('>');
    if let Some(scale) = inside("decimal") {
        return scale.parse().ok().filter(|scale| *scale <= 9).map(|scale| Type::Decimal { scale });
    }
    if let Some(currency) = inside("money") {
        return Some(Type::Money { currency: currency.to_owned() });
    }
    let plain = [
        Type::Int,
        Type::Count,
        Type::Bytes,
        Type::Duration,
        Type::Text,
        Type::Host,
        Type::Did,
        Type::Email,
        Type::Url,
        Type::Ip,
        Type::Path,
        Type::Time,
        Type::EntityName { max: u32::MAX },
    ];
    plain.into_iter().find(|ty| ty.word() == text)
}
