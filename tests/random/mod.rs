//! Random policies, as text: what the build script compiles and what the tests compare.

#![expect(clippy::wildcard_enum_match_arm, reason = "a type that is not drawn needs no arm of its own")]

pub(crate) mod conditions;
pub(crate) mod dice;
pub(crate) mod domain;
mod settings;
mod statements;

use wpc_compiler::{Code, Colour, Compiled, Parameters, Source, compile, render_all};
use wpc_model::Interface;

use dice::Random;

/// The interface that policies are drawn over.
pub(crate) struct Family {
    pub(crate) interface: Interface,
    /// What stands before the policy.
    before: &'static str,
    /// What stands after `tool`.
    binding: &'static str,
}

/// A policy's text, and the schemas that it may name.
pub(crate) fn source(name: String, text: String) -> Source {
    let mut source = Source::new(name, text);
    for (file, schema) in domain::SCHEMAS {
        source.add(file, Ok(schema.to_owned()));
    }
    source
}

impl Family {
    /// The interface that ships.
    pub(crate) fn bus() -> Result<Self, String> {
        let interface =
            wpc_compiler::shipped("azure_service_bus").ok_or("it is not shipped")?.interface.clone();
        let binding = "azure_service_bus as bus at namespace(\"a\")";
        Ok(Self { interface, before: "use azure_service_bus\n", binding })
    }

    /// The interface of `desk.wpc`.
    pub(crate) fn desk() -> Result<Self, String> {
        let before = include_str!("desk.wpc");
        let source = Source::new("desk.wpc", before.to_owned());
        let found = wpc_compiler::interfaces(&source)
            .map_err(|problems| render_all(&problems, &source, Colour::Plain))?;
        let whole = found.into_values().next().ok_or("it has no interface")?;
        Ok(Self { interface: whole.interface, before, binding: "desk at office(\"a\")" })
    }

    /// A policy's text. Most compile.
    pub(crate) fn text(&self, random: &mut Random, name: &str) -> String {
        let (statements, apart) = statements::statements(random, &self.interface);
        let (rules, with) = match apart.is_empty() {
            true => (String::new(), ""),
            false => (format!("\nrules apart {{\n{apart}}}\n"), "    with apart\n"),
        };
        let (before, binding, settings) = (self.before, self.binding, settings::settings(random));
        format!(
            "{before}{rules}\npolicy {name} {{\n{with}    tool {binding} {{\n{statements}    }}\n    token {{ lifetime 15 min; pin policy; bind job }}\n{settings}}}\n"
        )
    }

    /// Draws until the compiler accepts.
    ///
    /// # Errors
    ///
    /// What it refused, drawn into the policy, unless that are rules that can never apply, patterns that nothing matches, or rules which a
    /// `require` covers in part: only those are drawn without looking.
    pub(crate) fn policy(&self, random: &mut Random, name: &str) -> Result<(String, Compiled), String> {
        let expected = [Code::NeverApplies, Code::PartlyRequired, Code::MatchesNothing];
        for _ in 0..1_000 {
            let text = self.text(random, name);
            let source = source(format!("{name}.wpc"), text.clone());
            match compile(&source, &Parameters::new()) {
                Ok(compiled) => return Ok((text, compiled)),
                Err(problems) if problems.iter().all(|problem| expected.contains(&problem.code)) => {}
                Err(problems) => return Err(render_all(&problems, &source, Colour::Plain)),
            }
        }
        Err("no policy in 1,000 compiles".to_owned())
    }
}
