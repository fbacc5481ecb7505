//! Which conditions are legal for which types (LANGUAGE.md section 3).

use std::borrow::Cow;

use crate::{
    Action, Comparison, Condition, Interface, Source, Step, Subject, Test, Type, Value, check_cidr,
    check_regex,
};

/// What stands at the end of a subject's path.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SubjectType<'i> {
    /// Its type; of one member, or of what is read in it, where the subject says `each` or `some`.
    pub ty: Cow<'i, Type>,
    /// Whether it stands sealed, or within what does: the gate alone reads it.
    pub sealed: bool,
    /// Whether it stands sealed within what is sealed already: nobody reads it, and conditions may ask only
    /// if it is there.
    pub shut: bool,
}

impl Interface {
    /// The type of `subject` in a condition on `action`.
    ///
    /// # Errors
    ///
    /// Why there is no such subject, in words: an unknown name or field, or a step that its type
    /// does not have.
    pub fn subject_type<'i>(
        &'i self,
        action: &'i Action,
        subject: &Subject,
    ) -> Result<SubjectType<'i>, String> {
        if subject.is_of_clock() {
            let ty = subject.clock_type().ok_or("the clock has `time` and `weekday`, and nothing else")?;
            return Ok(SubjectType { ty: Cow::Borrowed(ty), sealed: false, shut: false });
        }
        let field = self.field(action, &subject.name);
        let field = field.ok_or_else(|| format!("`{}` is no argument of the action", subject.name))?;
        let start = Cow::Borrowed(&field.ty);
        self.path_type(start, field.sealed, subject.quantifier.is_some(), &subject.steps)
    }

    /// What stands at the end of `steps` from a value of type `ty`; in a member of the first list where a
    /// quantifier says so.
    pub(crate) fn path_type<'i>(
        &'i self,
        mut ty: Cow<'i, Type>,
        mut sealed: bool,
        mut quantified: bool,
        steps: &[Step],
    ) -> Result<SubjectType<'i>, String> {
        let mut shut = false;
        for step in steps {
            if let Some(member) = ty.member().filter(|_| quantified).cloned() {
                (ty, quantified) = (Cow::Owned(member), false);
                shut |= sealed && *ty == Type::Json;
            }
            let (next, seals) = self.step(&ty, step)?;
            shut |= sealed && (seals || *next == Type::Json);
            (ty, sealed) = (next, sealed || seals);
        }
        if quantified {
            let message = || format!("`each` and `some` need a list or a set, not a `{}`", ty.word());
            ty = Cow::Owned(ty.member().ok_or_else(message)?.clone());
            shut |= sealed && *ty == Type::Json;
        }
        Ok(SubjectType { ty, sealed, shut })
    }

    fn step<'i>(&'i self, ty: &Type, step: &Step) -> Result<(Cow<'i, Type>, bool), String> {
        match (step, ty) {
            (Step::Size, Type::List(_) | Type::Set(_) | Type::Map(_) | Type::Text | Type::Batch(_)) => {
                Ok((Cow::Owned(Type::Count), false))
            }
            (Step::Key(_), Type::Map(value)) => Ok((Cow::Owned((**value).clone()), false)),
            (Step::Field(name), Type::Record(record)) => {
                let field = self.records.get(record).and_then(|record| record.fields.get(name));
                let field = field.ok_or_else(|| format!("`{record}` has no field `{name}`"))?;
                Ok((Cow::Borrowed(&field.ty), field.sealed))
            }
            (Step::Field(name), ty) if ty.part(name).is_some() => {
                Ok((ty.part(name).map_or(Cow::Owned(Type::Text), Cow::Borrowed), false))
            }
            (Step::Size, _) => Err(format!("a `{}` has no size", ty.word())),
            (Step::Key(_), _) => Err(format!("a `{}` has no keys", ty.word())),
            (Step::Field(name), _) => Err(format!("a `{}` has no field `{name}`", ty.word())),
        }
    }
}

impl Condition {
    /// Whether the condition is legal on `action`: its subject exists, its test fits the subject's
    /// type, its constants are of that type.
    ///
    /// # Errors
    ///
    /// Why not, in words.
    pub fn check(&self, interface: &Interface, action: &Action) -> Result<(), String> {
        let SubjectType { ty, sealed, shut } = interface.subject_type(action, &self.subject)?;
        let asks_presence = matches!(self.test, Test::Present | Test::Absent);
        if asks_presence {
            // Of a member only what is read in it may be absent; a part is a matter of the address.
            let of_member = self.subject.quantifier.is_some() && {
                let whole = Subject { quantifier: None, ..self.subject.clone() };
                interface.subject_type(action, &whole).is_ok()
            };
            return if of_member { Err("a member of a list is always present".to_owned()) } else { Ok(()) };
        }
        if shut {
            return Err("what is sealed within a sealed value can only be present or absent".to_owned());
        }
        if let Test::Conforms(_) = &self.test {
            return if interface.takes_schemas(&ty) && !self.subject.is_of_clock() {
                Ok(())
            } else {
                Err(format!("`conforms to` does not fit a `{}`", ty.word()))
            };
        }
        if *ty == Type::Json {
            return Err("a `json` can only be present or absent, or conform to a schema".to_owned());
        }
        if let Test::From(sources) = &self.test {
            let wanted = ty.source_type();
            let fits = |source: &Source| Some(source.ty()) == wanted.as_ref();
            return if sources.is_empty() || !sources.iter().all(fits) || sealed || self.subject.is_of_clock()
            {
                Err(format!("`from` does not say where a `{}` comes from", ty.word()))
            } else {
                Ok(())
            };
        }
        let constants = self.test.constants_of(&ty)?;
        let constant_type = match (&self.test, &*ty) {
            (Test::WithinCidr(_), _) => &Type::Text,
            (Test::Has(_) | Test::Lacks(_), Type::List(member) | Type::Set(member)) => &**member,
            (Test::Has(_) | Test::Lacks(_), _) => &Type::Text,
            _ => &*ty,
        };
        for constant in constants {
            let checked = interface.conforms(constant_type, constant);
            checked.map_err(|malformed| format!("a constant {}", malformed.message))?;
        }
        self.test.check_matcher()
    }
}

impl Test {
    /// Whether constants that are more than values can be read.
    fn check_matcher(&self) -> Result<(), String> {
        if let Self::Matches(pattern) = self {
            return check_regex(pattern).map_err(|error| format!("the pattern {error}"));
        }
        let Self::WithinCidr(blocks) = self else { return Ok(()) };
        let mut texts = blocks.iter().filter_map(Value::as_text);
        texts.try_for_each(|block| check_cidr(block).map_err(|error| format!("a block {error}")))
    }

    /// The constants, if the test is legal on `ty`.
    fn constants_of(&self, ty: &Type) -> Result<&[Value], String> {
        let scalar = ty.is_integer() || ty.is_text();
        let (legal, constants) = match self {
            Self::Absent | Self::Present => (true, [].as_slice()),
            Self::Compare(Comparison::Equal | Comparison::NotEqual, constant) => {
                (scalar || *ty == Type::Bool, std::slice::from_ref(constant))
            }
            Self::Compare(_, constant) => (ty.is_integer(), std::slice::from_ref(constant)),
            Self::In(set) | Self::NotIn(set) => (scalar, set.as_slice()),
            Self::Conforms(_) => (false, [].as_slice()),
            Self::From(_) => (ty.source_type().is_some(), [].as_slice()),
            Self::Has(set) | Self::Lacks(set) => (ty.is_container(), set.as_slice()),
            Self::Like(_) => (ty.takes_patterns(), [].as_slice()),
            Self::Matches(_) => (ty.takes_patterns() && !matches!(ty, Type::Choice(_)), [].as_slice()),
            Self::UnderDomain(set) => (*ty == Type::Host, set.as_slice()),
            Self::UnderPath(set) => (*ty == Type::Path, set.as_slice()),
            Self::WithinCidr(set) => (*ty == Type::Ip, set.as_slice()),
        };
        if legal {
            Ok(constants)
        } else {
            Err(format!("`{}` does not fit a `{}`", self.operator(), ty.word()))
        }
    }
}

impl Type {
    /// Whether `has` and `lacks` fit: maps (their keys), and lists and sets of scalars.
    pub(crate) fn is_container(&self) -> bool {
        let is_scalar = |member: &Self| member.is_integer() || member.is_text() || *member == Self::Bool;
        matches!(self, Self::Map(_)) || self.member().is_some_and(is_scalar)
    }

    /// Whether `like` fits: texts without inner structure. Whole URLs and e-mail addresses are
    /// refused, because a pattern on them is too easily wider than it looks.
    pub(crate) fn takes_patterns(&self) -> bool {
        matches!(
            self,
            Self::Text | Self::Host | Self::Did | Self::Path | Self::EntityName { .. } | Self::Choice(_)
        )
    }
}
