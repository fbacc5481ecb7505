//! What a gate stands on: its files, read and looked at.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use wpc::{Ledger, POLICY_TYPE, Role, Trust};
use wpc_mcp::{Launch, Lock, MAX_LOCK_BYTES, OpenFile};
use wpc_model::Policy;

use super::Args;
use crate::failure::Failure;
use crate::{artifact, evidence, input};

/// Read files.
pub(in crate::verb::mcp) struct Opened {
    pub(in crate::verb::mcp) artifact: Vec<u8>,
    pub(super) policy: Policy,
    /// The policy's tool that the server is.
    pub(super) tool: String,
    pub(super) trust: Trust,
    pub(super) ledger: Arc<dyn Ledger>,
    pub(super) lock: Lock,
    pub(super) launch: Launch,
}

impl Opened {
    pub(in crate::verb::mcp) fn of(args: &Args) -> Result<Self, Failure> {
        if args.token.is_none() {
            closed(args)?;
        }
        let trust = evidence::trust(&args.trust)?;
        let envelope = input::bytes(&args.policy, "signed policy", input::MAX_ARTIFACT_BYTES)?;
        let verified = wpc::Envelope::verify(&envelope, POLICY_TYPE, &trust, Role::PolicyAuthor);
        let verified = verified.map_err(|error| {
            Failure::no(error.code(), format!("the signed policy is refused: {error}"))
                .file(&args.policy)
                .help("sign it with `wpc sign` and a key of a policy author")
                .cause(&error)
        })?;
        let policy = artifact::decode(&verified.payload, &args.policy)?;
        let tool = tool(&policy, args.tool.as_deref())?;
        let lock = lock(&args.lock)?;
        let launch = launch(args)?;
        let ledger = Arc::from(args.place.open()?);
        Ok(Self { artifact: envelope, policy, tool, trust, ledger, lock, launch })
    }
}

/// The one tool, or the one that is named.
fn tool(policy: &Policy, named: Option<&str>) -> Result<String, Failure> {
    let known = || policy.tools.keys().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    match named {
        Some(name) if policy.tools.contains_key(name) => Ok(name.to_owned()),
        Some(name) => Err(Failure::no("unknown_tool", format!("the policy has no tool `{name}`"))
            .help(format!("give one of {}", known()))),
        None => match policy.tools.keys().next() {
            Some(only) if policy.tools.len() == 1 => Ok(only.clone()),
            _ => Err(Failure::environment("usage", "the policy has none or several tools")
                .help(format!("say which of them the server is: `--tool` with one of {}", known()))),
        },
    }
}

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

fn launch(args: &Args) -> Result<Launch, Failure> {
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

/// Refuses to start over files that callers could read or change.
fn closed(args: &Args) -> Result<(), Failure> {
    wpc_mcp::check_callers(&args.allow_user.iter().copied().collect()).map_err(|error| open(&error))?;
    let program = std::env::current_exe().ok();
    program.map_or(Ok(()), |program| wpc_mcp::check_unchanged(&program)).map_err(|error| open(&error))?;
    let mut files = vec![args.policy.clone(), args.trust.clone(), args.lock.clone()];
    files.extend(args.credential.clone());
    files.extend(args.place.files()?);
    files.iter().try_for_each(|file| wpc_mcp::check_closed(file)).map_err(|error| open(&error))
}

fn open(error: &OpenFile) -> Failure {
    let help = if let OpenFile::Caller { .. } = error {
        "run the gate under a user of its own, and let others call it"
    } else {
        "give the gate a user of its own, its files the mode 0600, and folders that others cannot write"
    };
    let message = format!("the gate's files are not closed to its callers: {error}");
    let failure = Failure::environment(error.code(), message).help(help).cause(error);
    match error.path() {
        Some(path) => failure.file(path),
        None => failure,
    }
}
