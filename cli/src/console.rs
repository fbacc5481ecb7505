//! What the user sees: lines for people, or one JSON object for programs.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use serde_json::{Map, Value, json};

use crate::args::Format;
use crate::failure::{Exit, Failure};

/// What a verb found out. The answer may be no; a [`Failure`] is when there is none, or when the
/// no needs a code.
#[derive(Debug)]
pub(crate) struct Done {
    exit: Exit,
    members: Map<String, Value>,
    /// The answer in the verb's own format.
    document: Option<String>,
}

impl Done {
    /// The answer is yes.
    pub(crate) fn yes(members: Value) -> Self {
        Self::new(Exit::Yes, members)
    }

    /// The answer is no.
    pub(crate) fn no(members: Value) -> Self {
        Self::new(Exit::No, members)
    }

    fn new(exit: Exit, members: Value) -> Self {
        let members = if let Value::Object(members) = members { members } else { Map::new() };
        Self { exit, members, document: None }
    }

    /// Gives the answer in the format that only this verb has.
    pub(crate) fn document(mut self, text: String) -> Self {
        self.document = Some(text);
        self
    }
}

/// Standard output and standard error in the format that was asked for.
///
/// Human lines go out as they are said; in JSON they are dropped and everything is told once, by
/// [`Console::finish`].
#[derive(Debug)]
pub(crate) struct Console {
    format: Format,
    verbose: bool,
    broken: Option<io::Error>,
}

impl Console {
    pub(crate) fn new(format: Format, verbose: bool) -> Self {
        Self { format, verbose, broken: None }
    }

    /// The format that was asked for.
    pub(crate) fn format(&self) -> Format {
        self.format
    }

    /// Says one line of the answer, on standard output.
    pub(crate) fn say(&mut self, line: impl Display) {
        if self.format == Format::Human {
            let written = writeln!(anstream::stdout().lock(), "{line}");
            self.keep(written);
        }
    }

    /// Says why there is no answer, or a warning beside it, on standard error.
    pub(crate) fn warn(&mut self, line: impl Display) {
        if self.format != Format::Json {
            let written = writeln!(anstream::stderr().lock(), "{line}");
            self.keep(written);
        }
    }

    /// Writes bytes that are the answer itself (a formatted file, a completion script). Nothing
    /// else may be said on standard output beside them.
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        if self.format == Format::Human {
            let written = io::stdout().lock().write_all(bytes);
            self.keep(written);
        }
    }

    /// Whether drawings on standard output may be coloured.
    pub(crate) fn colour(&self) -> bool {
        self.format == Format::Human
            && anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never
    }

    /// Whether drawings on standard error may be coloured.
    pub(crate) fn colour_of_warnings(&self) -> bool {
        self.format == Format::Human
            && anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never
    }

    /// Whether somebody watches standard error.
    pub(crate) fn is_watched(&self) -> bool {
        self.format == Format::Human && io::stderr().is_terminal()
    }

    /// Says how it ended and gives the exit code.
    pub(crate) fn finish(mut self, verb: &str, outcome: Result<Done, Failure>) -> ExitCode {
        let (exit, members, document) = match outcome {
            Ok(done) => (done.exit, done.members, done.document),
            Err(failure) => {
                self.warn(failure.human(self.verbose));
                (failure.exit(), Map::from_iter([("error".to_owned(), failure.json())]), None)
            }
        };
        let written = match (self.format, document) {
            (Format::Json, _) => print(verb, exit, members),
            (Format::Sarif | Format::Junit, Some(document)) => {
                writeln!(io::stdout().lock(), "{}", document.trim_end())
            }
            // Why there is no document was told in words.
            (Format::Sarif | Format::Junit, None) | (Format::Human, _) => Ok(()),
        };
        self.keep(written);
        match self.broken {
            None => exit.code(),
            // The reader has seen enough (`wpc show ... | head`).
            Some(error) if error.kind() == io::ErrorKind::BrokenPipe => exit.code(),
            // An answer that could not be told is not a yes.
            Some(_) => Exit::None.code(),
        }
    }

    fn keep(&mut self, written: io::Result<()>) {
        if let Err(error) = written {
            self.broken.get_or_insert(error);
        }
    }
}

/// Says what is wrong with the arguments, or the help or version that they ask for.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    let asked = error.exit_code() == 0;
    let arguments: Vec<_> = std::env::args_os().collect();
    let json = arguments.iter().any(|argument| argument == "--format=json")
        || arguments
            .windows(2)
            .any(|pair| matches!(pair, [flag, value] if flag == "--format" && value == "json"));
    let exit = if asked { Exit::Yes } else { Exit::None };
    if asked || !json {
        return if error.print().is_ok() { exit.code() } else { Exit::None.code() };
    }
    let text = error.render().to_string();
    let message = text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
    let failure = Failure::environment("usage", message).help("run `wpc --help`");
    // The exit code already says that nothing was done.
    let _unread = print("wpc", exit, Map::from_iter([("error".to_owned(), failure.json())]));
    exit.code()
}

fn print(verb: &str, exit: Exit, mut members: Map<String, Value>) -> io::Result<()> {
    members.insert("v".to_owned(), json!(1));
    members.insert("verb".to_owned(), json!(verb));
    members.insert("answer".to_owned(), json!(exit.answer()));
    let mut out = io::stdout().lock();
    writeln!(out, "{}", Value::Object(members))?;
    out.flush()
}
