//! `wpc key`: Ed25519 keys in files. The secret half is never printed.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::json;
use wpc::{Key, KeyFileError};

use crate::console::{Console, Done};
use crate::failure::Failure;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example: wpc key new author.key && wpc key show author.key

JSON: `did`, `file`")]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Make a key, write it to a new file with mode 0600, and print its did:key
    #[command(after_help = "Example: wpc key new author.key\n\nJSON: `did`, `file`")]
    New {
        /// A file that does not exist yet
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Print the did:key of a key file
    #[command(after_help = "Example: wpc key show author.key\n\nJSON: `did`, `file`")]
    Show {
        /// A key file
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

impl Args {
    /// The verb in full.
    pub(crate) fn name(&self) -> &'static str {
        match self.verb {
            Verb::New { .. } => "key new",
            Verb::Show { .. } => "key show",
        }
    }
}

pub(crate) fn run(args: Args, console: &mut Console) -> Result<Done, Failure> {
    let (key, file) = match args.verb {
        Verb::New { file } => {
            let key = Key::generate()
                .map_err(|error| Failure::environment(error.code(), error.to_string()).cause(&error))?;
            write(&key, &file)?;
            (key, file)
        }
        Verb::Show { file } => (read(&file)?, file),
    };
    let did = key.did().to_string();
    console.say(&did);
    Ok(Done::yes(json!({ "did": did, "file": file.display().to_string() })))
}

/// Reads a key file.
pub(crate) fn read(file: &Path) -> Result<Key, Failure> {
    Key::read(file).map_err(|error| failed(file, &error))
}

/// Writes a key to a new file.
pub(crate) fn write(key: &Key, file: &Path) -> Result<(), Failure> {
    key.write_new(file).map_err(|error| failed(file, &error))
}

fn failed(file: &Path, error: &KeyFileError) -> Failure {
    let (message, help) = match error {
        KeyFileError::Exists { .. } => {
            ("the file exists already; a key is never written over".to_owned(), "choose another name")
        }
        KeyFileError::Io { cause, .. } => {
            (format!("cannot use the key file: {}", crate::input::reason(cause)), "check the path")
        }
        KeyFileError::Permissions { mode, .. } => (
            format!("the key file has mode {mode:04o}, so others may use it"),
            "run `chmod 600` on it if nobody else has seen it, else make a new key",
        ),
        KeyFileError::Malformed { .. } => {
            ("not a PKCS #8 Ed25519 key in PEM".to_owned(), "make a key with `wpc key new`")
        }
        KeyFileError::Random(_) | _ => (error.to_string(), "try again"),
    };
    Failure::environment(error.code(), message).file(file).help(help).cause(error)
}
