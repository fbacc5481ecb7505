//! Where chains of releases are: in a directory.

use std::path::{Path, PathBuf};

use wpc::release::{Folder, FolderError};
use wpc_evidence::statement::Released;

use super::unread;
use crate::failure::Failure;

/// Where chains of releases are. A registry is another such place.
#[derive(Debug, clap::Args)]
pub(in crate::verb) struct Chains {
    /// The directory of releases
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
}

impl Chains {
    pub(in crate::verb) fn of(dir: &Path) -> Self {
        Self { dir: dir.to_owned() }
    }

    /// The names of the policies that have releases there, sorted.
    pub(in crate::verb) fn names(&self) -> Result<Vec<String>, Failure> {
        self.folder().names().map_err(|error| self.failed(&error))
    }

    /// The signed releases of a policy's name, oldest first.
    pub(in crate::verb) fn read(&self, policy_name: &str) -> Result<Vec<Vec<u8>>, Failure> {
        self.folder().read(policy_name).map_err(|error| self.failed(&error))
    }

    /// The same, without verifying them.
    pub(in crate::verb) fn look(&self, policy_name: &str) -> Result<Vec<Released>, Failure> {
        let envelopes = self.read(policy_name)?;
        let read = |envelope: &Vec<u8>| Released::unverified(envelope).map_err(|error| unread(&error, None));
        envelopes.iter().map(read).collect()
    }

    /// Writes the release of this number; where.
    pub(in crate::verb) fn add(
        &self,
        policy_name: &str,
        seq: u64,
        envelope: &[u8],
    ) -> Result<PathBuf, Failure> {
        self.folder().add(policy_name, seq, envelope).map_err(|error| self.failed(&error))
    }

    fn folder(&self) -> Folder {
        Folder::at(&self.dir)
    }

    fn failed(&self, error: &FolderError) -> Failure {
        let failure = match error {
            FolderError::Exists => Failure::no(error.code(), "somebody else released this policy meanwhile")
                .help("look at it with `wpc release list`, and release again"),
            FolderError::Name => Failure::no(error.code(), error.to_string())
                .help("name the policy with letters, digits and `-`"),
            FolderError::Io(cause) => {
                let reason = crate::input::reason(cause);
                Failure::environment(error.code(), format!("cannot use the directory of releases: {reason}"))
                    .help("make the directory, and check that you may read and write there")
            }
            FolderError::TooLarge | FolderError::Random(_) | _ => {
                Failure::environment(error.code(), error.to_string()).help("check the directory")
            }
        };
        failure.file(&self.dir).cause(error)
    }
}
