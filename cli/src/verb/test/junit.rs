//! Tests as JUnit XML, for the programs that draw test results.
//!
//! One `testsuite` per file, one `testcase` per test; a file that does not compile is one case with
//! an `error`. No times: a decision has none worth telling, and the same input gives the same bytes.

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use wpc_compiler::{Diagnostic, Severity, Source};

use super::{Outcome, failed};
use crate::failure::Failure;
use crate::problems;

/// The whole document.
pub(super) fn written(outcomes: &[Outcome]) -> Result<String, Failure> {
    let unwritten = |error: &dyn std::error::Error| {
        Failure::environment("junit", "the results could not be written as XML").cause(error)
    };
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    document(&mut writer, outcomes).map_err(|error| unwritten(&error))?;
    String::from_utf8(writer.into_inner()).map_err(|error| unwritten(&error))
}

fn document(writer: &mut Writer<Vec<u8>>, outcomes: &[Outcome]) -> io::Result<()> {
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let sum = |count: fn(&Outcome) -> usize| outcomes.iter().map(count).sum::<usize>().to_string();
    writer
        .create_element("testsuites")
        .with_attribute(("name", "wpc test"))
        .with_attribute(("tests", sum(cases).as_str()))
        .with_attribute(("failures", sum(failures).as_str()))
        .with_attribute(("errors", sum(errors).as_str()))
        .write_inner_content(|writer| outcomes.iter().try_for_each(|outcome| suite(writer, outcome)))?;
    Ok(())
}

fn cases(outcome: &Outcome) -> usize {
    outcome.tested.as_ref().map_or(1, |tested| tested.tests.len())
}

fn failures(outcome: &Outcome) -> usize {
    outcome.tested.as_ref().map_or(0, |tested| tested.tests.iter().filter(|test| !test.passed()).count())
}

fn errors(outcome: &Outcome) -> usize {
    usize::from(outcome.tested.is_err())
}

fn suite(writer: &mut Writer<Vec<u8>>, outcome: &Outcome) -> io::Result<()> {
    let file = text(outcome.source.name());
    writer
        .create_element("testsuite")
        .with_attribute(("name", file.as_str()))
        .with_attribute(("tests", cases(outcome).to_string().as_str()))
        .with_attribute(("failures", failures(outcome).to_string().as_str()))
        .with_attribute(("errors", errors(outcome).to_string().as_str()))
        .write_inner_content(|writer| match &outcome.tested {
            Ok(tested) => tested.tests.iter().try_for_each(|test| {
                let found: Vec<_> = failed::diagnostics(test, &tested.policy).collect();
                let (name, line) = (text(&test.name), test.line.to_string());
                case(writer, (&file, &name, Some(&line)), "failure", &found, &outcome.source)
            }),
            Err(problems) => {
                let errors = problems.iter().filter(|one| one.severity == Severity::Error);
                let errors: Vec<_> = errors.cloned().collect();
                case(writer, (&file, "compile", None), "error", &errors, &outcome.source)
            }
        })?;
    Ok(())
}

/// One `testcase`; `kind` is the element that says what went wrong, if anything was `found`.
fn case(
    writer: &mut Writer<Vec<u8>>,
    (file, name, line): (&str, &str, Option<&str>),
    kind: &str,
    found: &[Diagnostic],
    source: &Source,
) -> io::Result<()> {
    let element = writer
        .create_element("testcase")
        .with_attribute(("name", name))
        .with_attribute(("classname", file))
        .with_attribute(("file", file))
        .with_attributes(line.map(|line| ("line", line)));
    let Some(first) = found.first() else {
        element.write_empty()?;
        return Ok(());
    };
    let (message, drawn) = (text(&first.message), text(&problems::drawn(found, source, false)));
    element.write_inner_content(|writer| {
        writer
            .create_element(kind)
            .with_attribute(("message", message.as_str()))
            .with_attribute(("type", first.code.text()))
            .write_text_content(BytesText::new(&drawn))?;
        Ok(())
    })?;
    Ok(())
}

/// `text` with every character that XML 1.0 cannot carry, escaped or not, replaced.
fn text(text: &str) -> String {
    let carried = |c: char| matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{1_0000}'..);
    text.chars().map(|c| if carried(c) { c } else { char::REPLACEMENT_CHARACTER }).collect()
}
