//! The artifact's names for common conditions.

use wpc_grammar::syntax::{ConstraintOperator, ConstraintShape, Ident, Path, Per};
use wpc_model::{Comparison, Constraint, Field, Type};

use super::{Builder, is_countable};
use crate::words::describe;
use crate::{Code, Diagnostic, bounds};

impl<'a> Builder<'a> {
    pub(super) fn constraint(&mut self, name: &'a Ident, what: &ConstraintShape) {
        if let Some(first) = self.constraint_names.insert(&name.text, name.loc.0) {
            return self.problems.report(
                Diagnostic::error(
                    Code::RepeatedName,
                    name.loc.0,
                    format!("found constraint `{}` twice", name.text),
                    "already taken",
                )
                .also(first, "first used here"),
            );
        }
        bounds::name(name, self.problems);
        let read = match what {
            ConstraintShape::Limit { measure, per } => self.limit_shape(measure, per),
            ConstraintShape::Condition { subject, operator } => self.condition_shape(subject, *operator),
        };
        let Some(constraint) = read else { return };
        if let Some((other, _)) = self.interface.constraints.iter().find(|(_, one)| **one == constraint) {
            let first = self.constraint_names.get(other.as_str()).copied();
            let repeated = Diagnostic::error(
                Code::RepeatedName,
                name.loc.0,
                format!("found `{}`, which stands for the same as `{other}`", name.text),
                "a second name for one thing",
            );
            return self
                .problems
                .report(repeated.also_at(first, "the first name").help("remove one of them"));
        }
        self.interface.constraints.insert(name.text.clone(), constraint);
    }

    fn limit_shape(&mut self, measure: &Ident, per: &Per) -> Option<Constraint> {
        match per {
            Per::Word(word) if word.text == "job" => {}
            Per::Word(Ident { loc, .. }) => return self.only_per_job(loc.0),
            Per::Quantity(quantity) => return self.only_per_job(quantity.loc.0),
        }
        let types = self.fields_called(measure)?;
        if !types.iter().any(|field| is_countable(&field.ty)) {
            self.problems.report(Diagnostic::error(
                Code::UnfitMeasure,
                measure.loc.0,
                format!("found a limit on `{}`, which no action has as something to count", measure.text),
                "cannot be counted",
            ));
            return None;
        }
        Some(Constraint::LimitPerJob { measure: measure.text.clone() })
    }

    fn only_per_job(&mut self, span: wpc_grammar::Span) -> Option<Constraint> {
        self.problems.report(
            Diagnostic::error(
                Code::UnfitConstraint,
                span,
                "found a constraint on a limit other than `per job`",
                "has no name in artifacts",
            )
            .help("write `per job`, or remove the constraint: policies can limit it all the same"),
        );
        None
    }

    fn condition_shape(&mut self, subject: &Path, operator: ConstraintOperator) -> Option<Constraint> {
        if !subject.steps.is_empty() {
            self.problems.report(
                Diagnostic::error(
                    Code::UnfitConstraint,
                    subject.loc.0,
                    "found a constraint on a part of an argument",
                    "has no name in artifacts",
                )
                .help("name the whole argument, or remove the constraint: policies can ask for parts all the same"),
            );
            return None;
        }
        let types = self.fields_called(&subject.head)?;
        if !types.iter().any(|field| !field.sealed && fits(operator, &field.ty)) {
            let seen = types.first().map_or_else(String::new, |field| describe(&field.ty));
            self.problems.report(Diagnostic::error(
                Code::UnfitCondition,
                subject.loc.0,
                format!("found `{}` on `{}`, a `{seen}`", symbol(operator), subject.head.text),
                "does not fit its type",
            ));
            return None;
        }
        let subject = subject.head.text.clone();
        Some(match operator {
            ConstraintOperator::AtMost => Constraint::Compare { subject, comparison: Comparison::AtMost },
            ConstraintOperator::AtLeast => Constraint::Compare { subject, comparison: Comparison::AtLeast },
            ConstraintOperator::Equal => Constraint::Compare { subject, comparison: Comparison::Equal },
            ConstraintOperator::In => Constraint::In { subject },
            ConstraintOperator::Has => Constraint::Has { subject },
            ConstraintOperator::Lacks => Constraint::Lacks { subject },
        })
    }

    /// The arguments and element fields of a name, over all actions; reports if there are none.
    fn fields_called(&mut self, name: &Ident) -> Option<Vec<Field>> {
        let records = &self.interface.records;
        let of_batches = self.interface.actions.values().filter_map(|action| {
            action
                .batch()
                .and_then(|(_, record)| records.get(record))
                .and_then(|record| record.fields.get(&name.text))
        });
        let arguments = self.interface.actions.values().filter_map(|action| action.arguments.get(&name.text));
        let found: Vec<Field> = arguments.chain(of_batches).cloned().collect();
        if !found.is_empty() {
            return Some(found);
        }
        if self.broken.contains(&name.text) {
            return None;
        }
        let actions = self.interface.actions.values();
        let known: Vec<String> = actions
            .flat_map(|action| action.arguments.keys())
            .chain(records.values().flat_map(|record| record.fields.keys()))
            .cloned()
            .collect();
        let near = self.problems.nearest(&name.text, known.iter().map(String::as_str));
        let unknown = Diagnostic::error(
            Code::UnknownArgument,
            name.loc.0,
            format!("found unknown argument `{}`", name.text),
            "no action of this tool has it",
        );
        self.problems.report(
            unknown
                .help(near.unwrap_or_else(|| "name an argument, or a field of a batch's record".to_owned())),
        );
        None
    }
}

fn fits(operator: ConstraintOperator, ty: &Type) -> bool {
    match operator {
        ConstraintOperator::AtMost | ConstraintOperator::AtLeast => ty.is_integer(),
        ConstraintOperator::Equal => *ty == Type::Bool || ty.is_integer() || ty.is_text(),
        ConstraintOperator::In => ty.is_integer() || ty.is_text(),
        ConstraintOperator::Has | ConstraintOperator::Lacks => {
            matches!(ty, Type::Map(_) | Type::List(_) | Type::Set(_))
        }
    }
}

const fn symbol(operator: ConstraintOperator) -> &'static str {
    match operator {
        ConstraintOperator::AtMost => "<=",
        ConstraintOperator::AtLeast => ">=",
        ConstraintOperator::Equal => "==",
        ConstraintOperator::In => "in",
        ConstraintOperator::Has => "has",
        ConstraintOperator::Lacks => "lacks",
    }
}
