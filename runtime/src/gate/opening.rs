//! Opening a gate: everything that must hold before the first call.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use wpc_model::{DecodeError, Hash, MAX_LABELS_PER_JOB, Policy, Provenance, decode};

use super::named::Named;
use super::timed::Timed;
use super::{Core, Input};
use crate::JobId;
use crate::RandomError;
use crate::engine::Engine;
use crate::ledger::{Body, Charged, JobState, Ledger, LedgerError, MAX_AGENT_BYTES, Opened, Step};
use crate::{Envelope, POLICY_TYPE, SignatureError};
use crate::{Role, Trust};
use wpc_evidence::CallIds;
use wpc_evidence::entry::is_agent;

/// What a gate is opened with.
#[derive(Debug)]
pub struct Opening<'a> {
    /// The signed policy: a DSSE envelope's bytes.
    pub artifact: &'a [u8],
    /// Who may sign policies.
    pub trust: &'a Trust,
    /// Where the job is recorded.
    pub ledger: Arc<dyn Ledger>,
    /// The job, minted by whoever started it; never the agent's own word.
    pub job: JobId,
    /// Who works on the job: 1 to 512 bytes, no control characters.
    pub agent: String,
    /// What the job was asked to do; [`Input::NONE`] where no policy asks for it. Whoever joins the job gives
    /// the same, some of it, or none.
    pub input: Input,
}

/// A gate could not be opened; nothing may be called.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The envelope does not hold. Its code is [`SignatureError::code`].
    #[error("the signed policy is refused: {0}")]
    Signature(#[from] SignatureError),
    /// The signed bytes are not a policy's artifact. Its code is that of the [`DecodeError`].
    #[error("the signed policy is refused: {0}")]
    Artifact(#[from] DecodeError),
    /// The policy is not the one that this code was generated for. Code `policy_hash_mismatch`.
    #[error("the signed policy has the hash {found}, this code was generated for {expected}")]
    PolicyHash {
        /// The artifact's hash.
        found: String,
        /// The code's.
        expected: String,
    },
    /// The agent's name is empty, too long, or holds control characters. Code `agent_name`.
    #[error("an agent's name has 1 to {MAX_AGENT_BYTES} bytes and no control characters")]
    Agent,
    /// The policy names its agents, and this is none of them. Code `agent_not_named`.
    #[error("the policy is for other agents")]
    AgentNotNamed,
    /// The job was opened under another policy. Code `job_policy_differs`.
    #[error("the job was opened under the policy {found}")]
    JobPolicy {
        /// The hash of the job's policy.
        found: Hash,
    },
    /// The job was opened for another agent. Code `job_agent_differs`.
    #[error("the job was opened for another agent")]
    JobAgent,
    /// The job was opened with other input. Code `job_input_differs`.
    #[error("the job was opened with other input")]
    JobInput,
    /// The job's input has more values than a job may remember. Code `job_input_too_large`.
    #[error("the job's input has more than {MAX_LABELS_PER_JOB} values")]
    InputTooLarge,
    /// The job is closed. Code `job_closed`.
    #[error("the job is closed")]
    JobClosed,
    /// The ledger failed or refused. Its code is [`LedgerError::code`].
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// No randomness for call ids. Code `randomness_unavailable`.
    #[error(transparent)]
    Random(#[from] RandomError),
}

impl OpenError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Signature(error) => error.code(),
            Self::Artifact(error) => error.code.code(),
            Self::PolicyHash { .. } => "policy_hash_mismatch",
            Self::Agent => "agent_name",
            Self::AgentNotNamed => "agent_not_named",
            Self::JobPolicy { .. } => "job_policy_differs",
            Self::JobAgent => "job_agent_differs",
            Self::JobInput => "job_input_differs",
            Self::InputTooLarge => "job_input_too_large",
            Self::JobClosed => "job_closed",
            Self::Ledger(error) => error.code(),
            Self::Random(error) => error.code(),
        }
    }
}

impl Core {
    /// Verifies the signed policy, compares it with the code's own hash, and opens the job or joins
    /// it.
    ///
    /// In this order: signatures, payload type, artifact, hash, agent, job. Nothing is recorded if one of
    /// them fails.
    pub(crate) fn open(opening: Opening<'_>, expected_hash: Option<&str>) -> Result<Arc<Self>, OpenError> {
        let Opening { artifact, trust, ledger, job, agent, input } = opening;
        let verified = Envelope::verify(artifact, POLICY_TYPE, trust, Role::PolicyAuthor)?;
        let policy = decode(&verified.payload)?;
        // The artifact is canonical, so its bytes are what the policy hashes to.
        let hash = Hash::of(&verified.payload);
        if let Some(expected) = expected_hash
            && hash.to_string() != expected
        {
            return Err(OpenError::PolicyHash { found: hash.to_string(), expected: expected.to_owned() });
        }
        Self::start(policy, hash, ledger, (job, agent, &input))
    }

    /// Opens the job for a policy that was verified, or joins it if it is open.
    pub(crate) fn start(
        policy: Policy,
        hash: Hash,
        ledger: Arc<dyn Ledger>,
        (job, agent, input): (JobId, String, &Input),
    ) -> Result<Arc<Self>, OpenError> {
        if !is_agent(&agent) {
            return Err(OpenError::Agent);
        }
        if !policy.settings.admits_agent(&agent) {
            return Err(OpenError::AgentNotNamed);
        }
        let provenance = Provenance::of(&policy);
        let mut refusal = None;
        ledger.append(&job, &mut |head| {
            refusal = None;
            let labels = input.given().map_or(Ok(Vec::new()), |given| provenance.of_input(given, head));
            let Some(job) = head.job() else {
                let Ok(labels) = labels else {
                    refusal = Some(OpenError::InputTooLarge);
                    return Vec::new();
                };
                let (agent, policy) = (agent.clone(), policy.name.clone());
                let charges = labels.into_iter().map(Charged::from).collect();
                let opened = Opened { agent, policy, policy_hash: hash, charges };
                return vec![Step::Entry(Body::Opened(opened))];
            };
            if job.policy_hash != hash {
                refusal = Some(OpenError::JobPolicy { found: job.policy_hash });
            } else if job.agent != agent {
                refusal = Some(OpenError::JobAgent);
            } else if job.state == JobState::Closed {
                refusal = Some(OpenError::JobClosed);
            } else if labels != Ok(Vec::new()) {
                // What the job was asked is fixed when it is opened.
                refusal = Some(OpenError::JobInput);
            }
            Vec::new()
        })?;
        if let Some(refusal) = refusal {
            return Err(refusal);
        }
        let (named, timed, calls) = (Named::of(&policy), Timed::of(&policy), CallIds::new()?);
        let rules = Engine::new(&policy);
        let faulted = AtomicBool::new(false);
        let core = Self { policy, rules, hash, job, agent, ledger, calls, named, timed, provenance, faulted };
        Ok(Arc::new(core))
    }
}
