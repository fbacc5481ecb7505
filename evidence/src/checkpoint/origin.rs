//! Whose tree a checkpoint is of.

use std::fmt;

use super::CheckpointError;
use crate::{Did, JobId};

/// The name of a tree: `did:key:z6Mk…` of a ledger, `did:key:z6Mk…/job/<job id>` of one of its jobs.
///
/// It is also the name under which the ledger's key signs, so it holds no space and no `+`.
///
/// ```
/// use wpc_evidence::{JobId, Key, checkpoint::Origin};
/// let ledger = Key::from_seed(&[7; 32]).did();
/// let origin = Origin::job(ledger, JobId::parse("job-1").unwrap());
/// assert_eq!(origin.to_string(), format!("{ledger}/job/job-1"));
/// assert_eq!(Origin::parse(&origin.to_string()), Ok(origin));
/// ```
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Origin {
    ledger: Did,
    job: Option<JobId>,
}

impl Origin {
    /// The ledger's own tree.
    #[must_use]
    pub const fn ledger(ledger: Did) -> Self {
        Self { ledger, job: None }
    }

    /// The tree of one job of a ledger.
    #[must_use]
    pub const fn job(ledger: Did, job: JobId) -> Self {
        Self { ledger, job: Some(job) }
    }

    /// The ledger, whose key signs.
    #[must_use]
    pub const fn ledger_did(&self) -> &Did {
        &self.ledger
    }

    /// The job, if it is the tree of one.
    #[must_use]
    pub const fn job_id(&self) -> Option<&JobId> {
        self.job.as_ref()
    }

    /// Reads what `Display` writes, and nothing else.
    ///
    /// # Errors
    ///
    /// [`CheckpointError::Malformed`] only.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let (ledger, job) = match text.split_once('/') {
            None => (text, None),
            Some((ledger, rest)) => {
                (ledger, Some(rest.strip_prefix("job/").ok_or(CheckpointError::Malformed("origin"))?))
            }
        };
        let ledger = Did::parse(ledger).map_err(|_| CheckpointError::Malformed("origin"))?;
        let job = job.map(JobId::parse).transpose().map_err(|_| CheckpointError::Malformed("origin"))?;
        Ok(Self { ledger, job })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.job {
            None => f.write_str(self.ledger.as_str()),
            Some(job) => write!(f, "{}/job/{job}", self.ledger),
        }
    }
}
