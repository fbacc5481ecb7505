//! Control planes, as verbs ask them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use wpc_client::{Client, ClientError};

use crate::failure::Failure;
use crate::verb::key;

/// A control plane on the command line, and who asks it.
#[derive(Debug, clap::Args)]
pub(crate) struct Plane {
    /// The control plane: https://HOST, or http:// on this machine
    #[arg(long, value_name = "URL")]
    server: String,
    /// The key that signs the requests; its principal's roles say what it may ask
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
}

impl Plane {
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        client(&self.server, &self.key)
    }
}

/// Asks the control plane at `url` as whoever holds the key in `file`.
pub(crate) fn client(url: &str, file: &Path) -> Result<Client, Failure> {
    Client::new(url, Arc::new(key::read(file)?)).map_err(|error| failed(&error))
}

/// What a control plane's refusal or silence means to who typed the command.
pub(crate) fn failed(error: &ClientError) -> Failure {
    let message = error.to_string();
    match error {
        ClientError::Url => Failure::environment("control_plane_url", message)
            .help("write `--server https://HOST`, or `http://127.0.0.1:PORT` on this machine"),
        ClientError::Unavailable(_) => Failure::environment("control_plane_unavailable", message)
            .help("check the address, and `GET /health/ready` there"),
        ClientError::Refused(problem) => {
            Failure::no(problem.code.clone(), message).help(format!("run `wpc explain {}`", problem.code))
        }
        ClientError::Answer(_) => Failure::environment("control_plane_answer", message)
            .help("use the version of wpc that the control plane has"),
        ClientError::Artifact(_) => Failure::no("control_plane_artifact", message)
            .help("do not use this control plane: it sent what its authors did not sign"),
        ClientError::Random(_) | _ => {
            Failure::environment(error.code().to_owned(), message).help("try again")
        }
    }
    .cause(error)
}
