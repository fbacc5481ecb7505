//! What every gate that serves MCP stands on: who it is for, its files, and how it is reached.

mod files;
mod plane;
mod serve;

use std::path::PathBuf;

use crate::failure::Failure;
use crate::store::Place;

pub(crate) use files::{Read, Standing, open};
pub(crate) use plane::Following;
pub(crate) use serve::{runtime, serve, terminated};

/// The files of every gate, whatever it serves.
#[derive(Debug, clap::Args)]
pub(crate) struct Base {
    /// The signed policy
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// Who is trusted for what
    #[arg(long, value_name = "FILE")]
    trust: PathBuf,
    #[command(flatten)]
    place: Place,
    /// Follow this control plane for the ledger, whose key signs what it is asked: https://HOST, or http:// on this
    /// machine. Nothing begins while it is not heard
    #[arg(long, value_name = "URL")]
    control_plane: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Stand {
    #[command(flatten)]
    base: Base,
    /// The tool of the policy that is served, if it has several
    #[arg(long, value_name = "NAME")]
    tool: Option<String>,
    /// The job's token, if the agent's host launches this gate
    #[arg(long, value_name = "FILE", requires = "key", conflicts_with_all = ["listen", "socket"])]
    token: Option<PathBuf>,
    /// The agent's key, to prove that the token is the agent's own
    #[arg(long, value_name = "FILE", requires = "token")]
    key: Option<PathBuf>,
    /// What the job was asked to do, as JSON
    #[arg(long, value_name = "FILE", requires = "token")]
    input: Option<PathBuf>,
    /// Serve HTTP on this address; port 0 is any free one
    #[arg(long, value_name = "ADDRESS", conflicts_with = "socket")]
    listen: Option<std::net::SocketAddr>,
    /// Serve HTTP on this unix socket
    #[arg(long, value_name = "FILE", requires = "allow_user")]
    socket: Option<PathBuf>,
    /// A user id whose processes may connect to the socket
    #[arg(long, value_name = "UID", requires = "socket")]
    allow_user: Vec<u32>,
    /// The URL that clients call and make their proofs for, if it is not the address
    #[arg(long, value_name = "URL")]
    url: Option<String>,
}

impl Stand {
    /// Reads and checks the gate's files; `others` are those that this gate has besides. Which of the policy's
    /// tools is served is asked of `candidates` where it is not said.
    pub(crate) fn open(
        &self,
        others: &[PathBuf],
        candidates: impl FnOnce(&wpc_model::Policy) -> Vec<String>,
    ) -> Result<Standing, Failure> {
        if self.token.is_none() && self.listen.is_none() && self.socket.is_none() {
            return Err(Failure::environment("usage", "nobody is said to call this gate").help(
                "give `--token` and `--key` where the agent's host launches it, else `--listen` or `--socket`",
            ));
        }
        if self.token.is_none() {
            self.base.closed(&self.allow_user, others)?;
        }
        files::read(self, candidates)
    }
}
