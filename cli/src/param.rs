//! `--param NAME=VALUE`.

use std::str::FromStr;

use wpc_compiler::Parameters;

use crate::failure::Failure;

/// A value for one of the policy's parameters; its type is the compiler's business.
#[derive(Clone, Debug)]
pub(crate) struct Param {
    name: String,
    value: String,
}

impl FromStr for Param {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
        Ok(Self { name: name.to_owned(), value: value.to_owned() })
    }
}

/// All of them; the same name twice is refused.
pub(crate) fn collect(given: &[Param]) -> Result<Parameters, Failure> {
    let mut parameters = Parameters::new();
    for Param { name, value } in given {
        if parameters.insert(name, value).is_some() {
            return Err(Failure::environment("usage", format!("`--param {name}` is given twice"))
                .help("give each parameter one value"));
        }
    }
    Ok(parameters)
}
