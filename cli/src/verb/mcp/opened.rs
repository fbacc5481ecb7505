//! The server behind a gate, and the lock that it is held against.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use wpc_mcp::{Launch, Lock, MAX_LOCK_BYTES};

use super::Args;
use crate::failure::Failure;
use crate::input;

/// Reads a lock file.
pub(crate) fn lock(path: &Path) -> Result<Lock, Failure> {
    let text = input::text(path, "lock file", MAX_LOCK_BYTES)?;
    Lock::parse(&text).map_err(|error| {
        Failure::no("malformed", format!("not a lock file: {error}"))
            .file(path)
            .help("import the server again with `wpc import mcp`")
            .cause(&error)
    })
}

pub(super) fn launch(args: &Args) -> Result<Launch, Failure> {
    if let Some(url) = &args.upstream {
        let read = |path: &PathBuf| input::text(path, "credential", 64 << 10);
        let authorization = args.credential.as_ref().map(read).transpose()?;
        let authorization = authorization.map(|text| text.trim_end().to_owned());
        return Ok(Launch::Http { url: url.clone(), authorization });
    }
    command(&args.command, &args.env)
}

/// A server that is launched with these variables.
pub(crate) fn command(command: &[OsString], variables: &[String]) -> Result<Launch, Failure> {
    let usage = |message: &str| Failure::environment("usage", message.to_owned());
    let [program, arguments @ ..] = command else {
        return Err(usage("no server is named").help("write `-- COMMAND` at the end"));
    };
    let mut environment = BTreeMap::new();
    for variable in variables {
        match variable.split_once('=') {
            Some((name, value)) => drop(environment.insert(name.into(), value.into())),
            None => {
                let value = std::env::var_os(variable).ok_or_else(|| {
                    usage("a variable is to be passed on, and is not set").help("set it, or write NAME=VALUE")
                })?;
                environment.insert(variable.into(), value);
            }
        }
    }
    Ok(Launch::Command { program: program.clone(), arguments: arguments.to_vec(), environment })
}
