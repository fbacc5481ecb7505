//! `from [job.input, contacts.search.emails]`: where a value must have come from.

use wpc_grammar::Span;
use wpc_grammar::syntax::{self, Ident, Path, Step};
use wpc_model::{Given, Source, Test, Type};

use super::Checker;
use super::subject::Typed;
use crate::resolve::unknown_action;
use crate::value::Reader;
use crate::words::{describe, describe_value, one_of};
use crate::{Code, Diagnostic};

/// What a source is, for people who wrote something else.
const A_SOURCE: &str = "write `job.input`, or `TOOL.ACTION.FIELD` of a field that is `trusted`";

impl<'a> Checker<'_, 'a, '_> {
    /// The sources that `value` lists, for values of the subject's type.
    pub(super) fn sources(&mut self, value: &'a syntax::Value, typed: &Typed) -> Option<Test> {
        let ty = typed.ty.source_type().filter(|_| !typed.subject.is_of_clock())?;
        let written =
            if let syntax::Value::List(values, _) = value { values } else { std::slice::from_ref(value) };
        if written.is_empty() {
            let message = "found no source";
            self.problems.report(
                Diagnostic::error(Code::UnfitSource, value.loc().0, message, "nothing comes from nowhere")
                    .help(A_SOURCE),
            );
            return None;
        }
        let read: Vec<_> = written.iter().map(|one| self.source(one, &ty)).collect();
        let mut sources: Vec<Source> = read.into_iter().collect::<Option<_>>()?;
        sources.sort_unstable();
        sources.dedup();
        Some(Test::From(sources))
    }

    fn source(&mut self, value: &'a syntax::Value, ty: &Type) -> Option<Source> {
        let syntax::Value::Path(path) = value else {
            self.no_source(value.loc().0, &format!("found {}, expected a source", describe_value(value)));
            return None;
        };
        match path_of(path).as_deref() {
            Some([job, input]) if job.text == "job" && input.text == "input" => {
                Some(Source::Input { ty: ty.clone() })
            }
            Some([tool, action, field]) => self.returned(path, (tool, action, field), ty),
            Some(_) | None => {
                self.no_source(path.loc.0, "found something else, expected a source");
                None
            }
        }
    }

    fn no_source(&mut self, span: Span, message: &str) {
        self.problems
            .report(Diagnostic::error(Code::UnfitSource, span, message, "not a source").help(A_SOURCE));
    }

    fn returned(
        &mut self,
        path: &Path,
        (tool, action, field): (&Ident, &Ident, &Ident),
        ty: &Type,
    ) -> Option<Source> {
        let Some((_, known)) = self.tools.iter().find(|(name, _)| *name == tool.text) else {
            if !self.missing.contains(&tool.text.as_str()) {
                let names = || self.tools.iter().map(|(name, _)| *name);
                let near = self.problems.nearest(&tool.text, names());
                let help = near.unwrap_or_else(|| format!("use {}, or `job.input`", one_of(names())));
                self.problems.report(
                    Diagnostic::error(
                        Code::UnknownTool,
                        tool.loc.0,
                        format!("found unknown tool `{}`", tool.text),
                        "this policy has no such tool",
                    )
                    .help(help),
                );
            }
            return None;
        };
        let Some(returns) = known.interface().actions.get(&action.text) else {
            if !known.is_broken(&action.text) {
                unknown_action(action, known, self.problems);
            }
            return None;
        };
        let whole = format!("{}.{}.{}", tool.text, action.text, field.text);
        let Some(found) = returns.results.get(&field.text) else {
            let trusted = || {
                let all = returns.results.iter().filter(|(_, one)| one.trusted);
                all.map(|(name, _)| name.as_str())
            };
            let near = self.problems.nearest(&field.text, trusted());
            let help = near.unwrap_or_else(|| match trusted().next() {
                Some(_) => format!("use {}", one_of(trusted())),
                None => format!("`{}` returns nothing that is labelled `trusted`", action.text),
            });
            self.problems.report(
                Diagnostic::error(
                    Code::UnfitSource,
                    field.loc.0,
                    format!("found `{whole}`, which is no field of a result"),
                    "comes from nowhere",
                )
                .help(help),
            );
            return None;
        };
        let fault = if !found.trusted {
            Some((
                format!("found `{whole}`, which is not labelled `trusted`"),
                "whoever wrote it is not known".to_owned(),
                format!(
                    "write `{}: {} trusted` in the interface, if nobody else can choose what it holds",
                    field.text,
                    describe(&found.ty)
                ),
            ))
        } else if found.ty.result_source_type().is_none() {
            Some((
                format!("found `{whole}`, a `{}`", describe(&found.ty)),
                "free text is never a source".to_owned(),
                "give the field a type of its own, such as `email`, `host` or `entity_name<50>`".to_owned(),
            ))
        } else if found.ty.result_source_type().as_ref() != Some(ty) {
            Some((
                format!("found `{whole}`, a `{}`, as the source of a `{}`", describe(&found.ty), shown(ty)),
                format!("holds no `{}`", shown(ty)),
                "name a field that holds values of the same type".to_owned(),
            ))
        } else {
            None
        };
        if let Some((message, label, help)) = fault {
            self.problems.report(Diagnostic::error(Code::UnfitSource, path.loc.0, message, label).help(help));
            return None;
        }
        let (tool, action, field) = (tool.text.clone(), action.text.clone(), field.text.clone());
        Some(Source::Result { tool, action, field, ty: ty.clone() })
    }

    /// Whether a step of a test gives the job's input, and not a call of a tool called `job`.
    pub(super) fn is_input(&self, call: &syntax::TestCall) -> bool {
        let of_job = call.action.tool.as_ref().is_some_and(|tool| tool.text == "job");
        of_job && call.action.action.text == "input" && !self.tools.iter().any(|(name, _)| *name == "job")
    }

    /// `given job.input { recipients: ["a@example.com"] }`, as the JSON that the job is opened with.
    pub(super) fn input(&mut self, call: &'a syntax::TestCall) -> Option<Given> {
        if let Some(target) = &call.target {
            self.no_json(target.loc.0, "found a resource of the job's input".to_owned(), "remove it");
            return None;
        }
        let pairs: &'a [syntax::Pair] = call.arguments.as_ref().map_or(&[], |(pairs, _)| pairs);
        Reader::new(self.names, self.problems).object(pairs, NOT_INPUT)
    }

    fn no_json(&mut self, span: Span, message: String, help: &str) {
        self.problems.report(Diagnostic::error(Code::WrongType, span, message, NOT_INPUT).help(help));
    }
}

/// What is said of what no job's input can have.
const NOT_INPUT: &str = "not the job's input";

/// The names of `a.b.c`, if there is nothing else in it.
fn path_of(path: &Path) -> Option<Vec<&Ident>> {
    let steps = path.steps.iter().map(|step| match step {
        Step::Field(name) => Some(name),
        Step::Key(_) => None,
    });
    std::iter::once(Some(&path.head)).chain(steps).collect()
}

/// A type of values with a source: names of entities without their length.
fn shown(ty: &Type) -> String {
    if let Type::EntityName { .. } = ty { ty.word().to_owned() } else { describe(ty) }
}
