//! Tokens are for policies that are released, where somebody releases (SECURITY.md 1.11).

use std::path::PathBuf;

use wpc::{Role, Trust};
use wpc_evidence::statement::{Currency, ReleaseError, Releases};
use wpc_model::{Hash, OnChange};

use super::now_ms;
use crate::artifact::Artifact;
use crate::evidence;
use crate::failure::Failure;
use crate::verb::release;
use crate::verb::release::chains::Chains;

/// By what an issuer knows which policy is current.
#[derive(Debug, clap::Args)]
pub(super) struct By {
    /// Who is trusted for what: where it names a releaser, only what is released gets a token
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
    /// The directory of releases
    #[arg(long, value_name = "DIR", requires = "trust")]
    dir: Option<PathBuf>,
}

impl By {
    /// Refuses a token for a new job of a policy that is not current, and for one that runs unless it may go on.
    pub(super) fn issues(&self, artifact: &Artifact, runs: bool) -> Result<(), Failure> {
        let Some((trust, chains)) = self.demanded()? else { return Ok(()) };
        let releases = verified(&chains, &artifact.policy.name, &trust)?;
        let currency = releases.at(artifact.hash, artifact.policy.on_change(), now_ms()?);
        if runs && currency.opens().is_err() {
            return goes_on(&releases, artifact.hash, &currency).map_err(|error| not_issued(&error));
        }
        currency.opens().map(drop).map_err(|error| not_issued(&error))
    }

    /// Refuses another token for a policy of which jobs may begin no more calls.
    pub(super) fn renews(&self, hash: Hash) -> Result<(), Failure> {
        let Some((trust, chains)) = self.demanded()? else { return Ok(()) };
        for name in chains.names()? {
            let releases = verified(&chains, &name, &trust)?;
            if releases.all().iter().any(|one| one.release.policy_hash == hash) {
                // What the policy says itself of running jobs is not in its token: gates look at that.
                let currency = releases.at(hash, OnChange::Finish, now_ms()?);
                return goes_on(&releases, hash, &currency).map_err(|error| not_issued(&error));
            }
        }
        Err(not_issued(&ReleaseError::NotReleased))
    }

    /// Where releases are, if the trust file demands one.
    fn demanded(&self) -> Result<Option<(Trust, Chains)>, Failure> {
        let Some(file) = &self.trust else { return Ok(None) };
        let trust = evidence::trust(file)?;
        match &self.dir {
            Some(dir) => Ok(Some((trust, Chains::of(dir)))),
            None if !trust.names(Role::Releaser) => Ok(None),
            None => Err(Failure::environment(
                ReleaseError::Required.code(),
                "not issued: the trust file names a releaser, and no releases are given",
            )
            .help("give the directory of releases: `--dir DIR`")
            .file(file)),
        }
    }
}

/// The whole chain of a policy's name.
fn verified(chains: &Chains, policy_name: &str, trust: &Trust) -> Result<Releases, Failure> {
    let releases =
        Releases::verify(chains.read(policy_name)?, trust).map_err(|error| release::refused(&error))?;
    let all = releases.all();
    if all.first().is_some_and(|one| one.release.seq != 1) {
        return Err(release::refused(&ReleaseError::Gap));
    }
    if all.iter().any(|one| one.release.policy_name != policy_name) {
        return Err(release::refused(&ReleaseError::Name));
    }
    Ok(releases)
}

/// Whether jobs of the policy may begin calls; nothing runs under one that was never released.
fn goes_on(releases: &Releases, hash: Hash, currency: &Currency<'_>) -> Result<(), ReleaseError> {
    if !releases.all().is_empty() && releases.all().iter().all(|one| one.release.policy_hash != hash) {
        return Err(ReleaseError::NotReleased);
    }
    currency.continues()
}

fn not_issued(error: &ReleaseError) -> Failure {
    let help = match error {
        ReleaseError::Required | ReleaseError::NotReleased => "release it first: `wpc release`",
        ReleaseError::RolledBack | ReleaseError::Changed => {
            "issue for the policy that is current: `wpc release list`; to go back, `wpc release ARTIFACT --back`"
        }
        ReleaseError::Early => "wait until the release begins, or release it again",
        ReleaseError::Expired => "release the policy again: `wpc release`",
        ReleaseError::Statement(_) | ReleaseError::Name | ReleaseError::Forked | ReleaseError::Gap | _ => {
            "read the releases with `wpc release verify`"
        }
    };
    Failure::no(error.code(), format!("not issued: {error}")).help(help).cause(error)
}
