//! What a gate stands on: its files, read and looked at.

use std::path::PathBuf;
use std::sync::Arc;

use wpc::{Ledger, POLICY_TYPE, Role, Trust};
use wpc_mcp::OpenFile;
use wpc_model::Policy;

use super::{Base, Following, Stand, plane};
use crate::failure::Failure;
use crate::{artifact, evidence, input};

/// What every gate stands on.
pub(crate) struct Read {
    pub(crate) artifact: Vec<u8>,
    pub(crate) policy: Policy,
    pub(crate) trust: Trust,
    pub(crate) ledger: Arc<dyn Ledger>,
    /// What keeps the ledger up to date, if it follows a control plane.
    pub(crate) following: Option<Following>,
}

/// Read files.
pub(crate) struct Standing {
    pub(super) artifact: Vec<u8>,
    pub(crate) policy: Policy,
    /// The policy's tool that is served.
    pub(crate) tool: String,
    pub(super) trust: Trust,
    pub(super) ledger: Arc<dyn Ledger>,
    pub(super) following: Option<Following>,
}

impl Base {
    /// Reads and verifies them; the ledger is opened last, and its control plane heard.
    pub(crate) fn read(&self) -> Result<Read, Failure> {
        self.read_if(|_| Ok(())).map(|(read, ())| read)
    }

    /// The same, if `fits` says so of the policy.
    fn read_if<T>(&self, fits: impl FnOnce(&Policy) -> Result<T, Failure>) -> Result<(Read, T), Failure> {
        let trust = evidence::trust(&self.trust)?;
        let artifact = input::bytes(&self.policy, "signed policy", input::MAX_ARTIFACT_BYTES)?;
        let verified = wpc::Envelope::verify(&artifact, POLICY_TYPE, &trust, Role::PolicyAuthor);
        let verified = verified.map_err(|error| {
            Failure::no(error.code(), format!("the signed policy is refused: {error}"))
                .file(&self.policy)
                .help("sign it with `wpc sign` and a key of a policy author")
                .cause(&error)
        })?;
        let policy = artifact::decode(&verified.payload, &self.policy)?;
        let said = fits(&policy)?;
        let ledger: Arc<dyn Ledger> = Arc::from(self.place.open()?);
        let (ledger, following) = match &self.control_plane {
            None => (ledger, None),
            Some(url) => {
                let (ledger, following) = plane::follow(url, self.place.key()?, ledger, &trust)?;
                (ledger, Some(following))
            }
        };
        Ok((Read { artifact, policy, trust, ledger, following }, said))
    }

    /// Refuses to start over files that callers could read or change: these, and `others`.
    pub(crate) fn closed(&self, users: &[u32], others: &[PathBuf]) -> Result<(), Failure> {
        wpc_mcp::check_callers(&users.iter().copied().collect()).map_err(|error| open(&error))?;
        let program = std::env::current_exe().ok();
        program.map_or(Ok(()), |program| wpc_mcp::check_unchanged(&program)).map_err(|error| open(&error))?;
        let mut files = vec![self.policy.clone(), self.trust.clone()];
        files.extend_from_slice(others);
        files.extend(self.place.files()?);
        files.iter().try_for_each(|file| wpc_mcp::check_closed(file)).map_err(|error| open(&error))
    }
}

pub(super) fn read(
    stand: &Stand,
    candidates: impl FnOnce(&Policy) -> Vec<String>,
) -> Result<Standing, Failure> {
    let named = stand.tool.as_deref();
    let (read, tool) = stand.base.read_if(|policy| tool(&candidates(policy), named))?;
    let Read { artifact, policy, trust, ledger, following } = read;
    Ok(Standing { artifact, policy, tool, trust, ledger, following })
}

/// The one tool, or the one that is named.
fn tool(known: &[String], named: Option<&str>) -> Result<String, Failure> {
    let listed = || known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    match (named, known) {
        (Some(name), known) if known.iter().any(|one| one == name) => Ok(name.to_owned()),
        (None, [only]) => Ok(only.clone()),
        (Some(name), [_, ..]) => {
            Err(Failure::no("unknown_tool", format!("the policy has no such tool `{name}`"))
                .help(format!("give one of {}", listed())))
        }
        (_, []) => Err(Failure::no("unknown_tool", "the policy has no tool that this gate could serve")
            .help("give a policy that allows something of it")),
        (None, _) => Err(Failure::environment("usage", "the policy has several tools")
            .help(format!("say which of them is served: `--tool` with one of {}", listed()))),
    }
}

/// What an open file means to who started the gate.
pub(crate) fn open(error: &OpenFile) -> Failure {
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
