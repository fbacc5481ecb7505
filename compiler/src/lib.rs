//! From policy text to a checked policy, and from there to Rust.
//!
//! ```text
//! Source ──parse──▶ tree ──link, resolve──▶ names ──check──▶ typed ──lower──▶ Policy ──emit──▶ tokens
//!    ▲         │               └───────────────────┴─▶ Problems       │
//! gather       └─ gate: text that cannot be read                       └─ gate: anything wrong
//! ```
//!
//! ```
//! use wpc_compiler::{Parameters, Source, compile};
//!
//! let source = Source::new("orders.wpc", r#"
//!     use azure_service_bus
//!     policy orders {
//!         tool azure_service_bus at namespace("contoso.servicebus.windows.net") {
//!             allow send to queue("orders") when { message_bytes <= 128 KiB }
//!             limit messages of send to 200 per job
//!         }
//!         token { pin policy; bind job }
//!     }
//! "#);
//! let compiled = compile(&source, &Parameters::new()).expect("it has no problems");
//! assert_eq!(compiled.policy.tools["azure_service_bus"].allow.len(), 1);
//! assert!(compiled.warnings.is_empty());
//! ```
//!
//! No I/O, no clock, no `proc_macro`: the same source and parameters give the same policy, the
//! same problems in the same order, the same tokens, on every machine. Nothing panics, whatever
//! the source says; time and memory are linear in what the policy expands to, which is bounded.

mod bounds;
mod check;
mod checked;
mod code;
mod compiled;
mod coverage;
mod currency;
mod diagnostic;
mod did;
pub mod emit;
mod extend;
mod extended;
mod fault;
mod interface;
mod lines;
mod link;
mod lint;
mod lookalike;
mod lower;
mod names;
mod nearest;
mod parameters;
mod pattern;
mod render;
mod resolve;
mod schema;
mod self_check;
mod shape;
mod shipped;
mod testing;
mod text;
mod ty;
mod unit;
mod value;
mod view;
mod words;

use std::collections::BTreeMap;
use std::sync::Arc;

use checked::Checked;
use resolve::Given;

pub use code::Code;
pub use compiled::{Compiled, Map, Origin, Whole};
pub use diagnostic::{Diagnostic, Problems, Severity};
pub use link::gather;
pub use nearest::nearest;
pub use parameters::Parameters;
pub use render::{Colour, render, render_all};
pub use self_check::Effort;
pub use shipped::{SHIPPED, shipped};
pub use testing::{
    Coverage, Covered, CoveredCondition, Expectation, Expected, FailingAt, Found, Ran, Spoken, StatementKind,
    Tested, test,
};
pub use view::{Label, View, views};
pub use wpc_grammar::{Source, Span};

/// Compiles one policy file, with `parameters` for its `param`s. Includes a self-check of
/// [`Effort::Quick`].
///
/// # Errors
///
/// Every problem of the source, in source order; never just the first, except that text which
/// cannot be read hides what follows it.
pub fn compile(source: &Source, parameters: &Parameters) -> Result<Compiled, Vec<Diagnostic>> {
    let (checked, warnings) = front(source, parameters, Wanted::Policy)?;
    let Some(checked) = checked else { return Err(warnings) };
    let (policy, map) = lower::lower(&checked, source.name());
    self_check::self_check(&checked, &policy, Effort::Quick).map_err(|difference| vec![*difference])?;
    Ok(finished(checked, policy, map, warnings))
}

/// Checks any file: a policy, or interfaces and tests alone. Errors, warnings and notes, in source
/// order.
#[must_use]
pub fn check(source: &Source, parameters: &Parameters) -> Vec<Diagnostic> {
    examine(source, parameters).0
}

/// As [`check`], with the policy for those who look further, where there is one and it has no errors.
#[must_use]
pub fn examine(source: &Source, parameters: &Parameters) -> (Vec<Diagnostic>, Option<Compiled>) {
    let (checked, mut found) = match front(source, parameters, Wanted::Anything) {
        Ok((Some(checked), found)) => (checked, found),
        Ok((None, found)) | Err(found) => return (found, None),
    };
    let (policy, map) = lower::lower(&checked, source.name());
    if let Err(difference) = self_check::self_check(&checked, &policy, Effort::Quick) {
        found.push(*difference);
        return (found, None);
    }
    let compiled = finished(checked, policy, map, found.clone());
    (found, Some(compiled))
}

/// A policy with everything beside it.
fn finished(checked: Checked, policy: wpc_model::Policy, map: Map, warnings: Vec<Diagnostic>) -> Compiled {
    let interfaces =
        checked.tools.iter().map(|(name, tool)| (name.clone(), tool.known.whole.clone())).collect();
    Compiled { policy, interfaces, map, warnings, checked: Arc::new(checked) }
}

/// The interfaces that a file defines, by name.
///
/// # Errors
///
/// Every problem of the source, as [`compile`].
pub fn interfaces(source: &Source) -> Result<BTreeMap<String, Whole>, Vec<Diagnostic>> {
    let file = wpc_grammar::parse(source).map_err(|error| vec![Diagnostic::from(error)])?;
    let lines = lines::Lines::of(source);
    let mut problems = Problems::default();
    lookalike::check(source, &mut problems);
    let files = link::Files::of(source, file, &mut problems);
    let Some(tree) = files.tree(files.root()) else { return Err(problems.into_sorted()) };
    let linked = link::link(&files, files.root(), tree, &mut problems);
    let resolved =
        resolve::resolve(&linked, source, &lines, Given::Outside(&Parameters::new()), &mut problems);
    let own = resolved.interfaces.iter().filter(|(_, available)| !available.used);
    let own = own.map(|(name, available)| ((*name).to_owned(), available.known.whole.clone())).collect();
    Ok(problems.gate(own)?.0)
}

/// What a file must hold.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Wanted {
    Policy,
    Anything,
}

/// Everything up to the checked policy, with warnings and notes.
fn front(
    source: &Source,
    parameters: &Parameters,
    wanted: Wanted,
) -> Result<(Option<Checked>, Vec<Diagnostic>), Vec<Diagnostic>> {
    let file = wpc_grammar::parse(source).map_err(|error| vec![Diagnostic::from(error)])?;
    let mut problems = Problems::default();
    lookalike::check(source, &mut problems);
    let files = link::Files::of(source, file, &mut problems);
    let Some(tree) = files.tree(files.root()) else { return Err(problems.into_sorted()) };
    let linked = link::link(&files, files.root(), tree, &mut problems);
    let lines = lines::Lines::of(source).mixing(linked.mixed());
    let resolved = resolve::resolve(&linked, source, &lines, Given::Outside(parameters), &mut problems);
    let parents = extend::Extending::new(source, &files).parents(files.root(), &resolved, &mut problems);
    let schemas = check::Schemas { files: &files, source };
    let outcome = check::check(&resolved, parents, schemas, &lines, &mut problems);
    if let Some(checked) = outcome.policy.as_ref().filter(|_| !problems.has_errors()) {
        extend::compose(checked, source.name(), &mut problems);
    }
    if resolved.policy.is_none() && wanted == Wanted::Policy {
        problems.report(
            Diagnostic::error(
                Code::NoPolicy,
                Span::new(0, 0),
                "found no policy in this file",
                "nothing to compile",
            )
            .help("write `policy NAME { }`"),
        );
    }
    if let Some(checked) = outcome.policy.as_ref().filter(|_| !problems.has_errors()) {
        lint::lint(checked, &outcome.places, &resolved, &mut problems);
        lint::unused_here(&linked.unused, &mut problems);
    }
    linked.explain(&mut problems);
    problems.gate(outcome.policy)
}
