//! Constants in `with(…)` against the policy's bounds, so that a call that can never be allowed does
//! not compile.

use std::collections::BTreeMap;

use syn::{Expr, ExprLit, ExprUnary, Lit, UnOp};
use wpc_model::{Condition, Moment, Subject, Test, Value};

use super::facts::{Action, Facts};
use super::problems::Problems;
use super::resource::Resource;
use super::rest::Stated;

/// The value of a literal.
pub(super) fn literal(value: &Expr) -> Option<Value> {
    match value {
        Expr::Lit(ExprLit { lit, .. }) => match lit {
            Lit::Bool(value) => Some(Value::Bool(value.value())),
            Lit::Str(value) => Some(Value::Text(value.value())),
            Lit::Int(value) => value.base10_parse().ok().map(Value::Int),
            _ => None,
        },
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) => match literal(expr)? {
            Value::Int(value) => value.checked_neg().map(Value::Int),
            _ => None,
        },
        _ => None,
    }
}

/// Reports a constant with which no allow of the resource can hold.
pub(super) fn check(
    facts: &Facts,
    action: &Action,
    resource: &Resource<'_>,
    stated: &Stated,
    constant: Value,
    problems: &mut Problems,
) {
    let name = stated.name.to_string();
    let arguments = BTreeMap::from([(name.clone(), constant)]);
    let fails = |test: &Test| {
        let subject = Subject { quantifier: None, name: name.clone(), steps: Vec::new() };
        !Condition { subject, test: test.clone() }.holds(&arguments, Moment::at(0)).is_true()
    };
    let mut failing = None;
    for allow in action.allow.iter().filter(|allow| resource.is_spoken_of(allow)) {
        let about = allow.conditions.iter().filter(|condition| condition.name == name);
        let fault = about.filter_map(|one| Some((one, one.test.as_ref()?))).find(|(_, test)| fails(test));
        match fault {
            // This allow can hold.
            None => return,
            Some(fault) => failing = failing.or(Some(fault)),
        }
    }
    let Some((condition, test)) = failing else { return };
    let bound = match test {
        Test::Compare(comparison, _) if !matches!(comparison.symbol(), "==" | "!=") => {
            "is beyond the policy's bound"
        }
        _ => "is not what the policy allows",
    };
    let value = quote::ToTokens::to_token_stream(&stated.value);
    problems.report(
        &stated.value,
        format!(
            "`{name} = {value}` of `{}` {bound}\n   --> {}:{}: {}",
            action.name, facts.source, condition.line, condition.text
        ),
    );
}
