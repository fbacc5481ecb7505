//! Why a verb did not answer, or answered no: a code, the file and the fix.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};

use wpc_viewer::plain;

const ERROR: Style = AnsiColor::Red.on_default().bold();
const DIM: Style = Style::new().dimmed();

/// How a run of `wpc` ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Exit {
    /// 0: yes, or clean.
    Yes,
    /// 1: the answer is no.
    No,
    /// 2: there is no answer; the arguments or the environment are wrong.
    None,
}

impl Exit {
    pub(crate) fn code(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Yes => 0,
            Self::No => 1,
            Self::None => 2,
        })
    }

    pub(crate) const fn answer(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::None => "none",
        }
    }
}

/// One error with its stable code (`wpc explain CODE`).
#[derive(Debug)]
pub(crate) struct Failure(Box<Told>);

#[derive(Debug)]
struct Told {
    exit: Exit,
    code: String,
    message: String,
    file: Option<String>,
    help: Option<String>,
    causes: Vec<String>,
}

impl Failure {
    /// The answer is no: something that was read is wrong.
    pub(crate) fn no(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Exit::No, code.into(), message.into())
    }

    /// There is no answer: the arguments or the environment are wrong.
    pub(crate) fn environment(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Exit::None, code.into(), message.into())
    }

    fn new(exit: Exit, code: String, message: String) -> Self {
        Self(Box::new(Told { exit, code, message, file: None, help: None, causes: Vec::new() }))
    }

    /// Names the file that is wrong.
    pub(crate) fn file(mut self, file: &Path) -> Self {
        self.0.file = Some(file.display().to_string());
        self
    }

    /// Says how to put it right, in one imperative sentence.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.0.help = Some(help.into());
        self
    }

    /// Adds an error and everything beneath it, shown with `-v`, but for what the message says.
    pub(crate) fn cause(mut self, error: &dyn std::error::Error) -> Self {
        let mut next = Some(error);
        while let Some(error) = next {
            let text = error.to_string();
            if !self.0.message.ends_with(&text) {
                self.0.causes.push(text);
            }
            next = error.source();
        }
        self
    }

    pub(crate) fn exit(&self) -> Exit {
        self.0.exit
    }

    /// As lines: the message, the file, the causes (with `verbose`), the fix last.
    pub(crate) fn human(&self, verbose: bool) -> String {
        let Told { code, message, file, help, causes, .. } = &*self.0;
        let mut text = format!("{ERROR}error[{}]{ERROR:#}: {}", plain(code), plain(message));
        let mut line = |name: &str, value: &str| {
            // Writing to a string cannot fail.
            let _infallible = write!(text, "\n  {DIM}{name}:{DIM:#} {}", plain(value));
        };
        if let Some(file) = file {
            line("file", file);
        }
        if verbose {
            causes.iter().for_each(|cause| line("cause", cause));
        }
        if let Some(help) = help {
            line("help", help);
        }
        text
    }

    /// As the `error` member of the JSON answer.
    pub(crate) fn json(&self) -> Value {
        let Told { code, message, file, help, causes, .. } = &*self.0;
        json!({ "code": code, "message": message, "file": file, "help": help, "causes": causes })
    }
}
