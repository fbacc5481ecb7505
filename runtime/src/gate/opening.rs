//! Opening a gate: everything that must hold before the first call.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use wpc_evidence::CallIds;
use wpc_evidence::entry::is_agent;
use wpc_evidence::merkle::leaf_hash;
use wpc_evidence::statement::ReleaseError;
use wpc_evidence::token::TokenError;
use wpc_evidence::token::grant::GrantError;
use wpc_evidence::token::possession::ProofError;
use wpc_model::{
    Conforming, DecodeError, Hash, History as _, MAX_LABELS_PER_JOB, Policy, Provenance, Seals, Window,
    decode, encode, reads,
};

use super::current::Current;
use super::flood::Flood;
use super::given::Verified;
use super::named::Named;
use super::owed::Owed;
use super::standing::{self, Accepted, Standing};
use super::timed::Timed;
use super::{Asks, Core, Input};
use crate::engine::Engine;
use crate::follow::FollowError;
use crate::identity::Identity;
use crate::ledger::{
    Beside, Body, Charged, Document, Entry, FactsBy, Head, JobState, Ledger, LedgerError, MAX_AGENT_BYTES,
    Opened, Settled, Step, Verdict,
};
use crate::program;
use crate::schemas::{SchemaEngine, SchemaUnusable};
use crate::{Envelope, JobId, Outcome, POLICY_TYPE, RandomError, Role, SignatureError, Trust};

/// What a gate is opened with.
#[derive(Debug)]
pub struct Opening<'a> {
    /// The signed policy: a DSSE envelope's bytes.
    pub artifact: &'a [u8],
    /// Who may sign policies.
    pub trust: &'a Trust,
    /// Where the job is recorded.
    pub ledger: Arc<dyn Ledger>,
    /// Who works on which job.
    pub identity: Identity<'a>,
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
    /// The policy pins its token or binds it to a job, and none was shown. Code `token_required`.
    #[error("the policy demands a token")]
    TokenRequired,
    /// The token is refused. Its code is [`TokenError::code`].
    #[error("the token is refused: {0}")]
    Token(#[from] TokenError),
    /// The proof that the token is the agent's own is refused. Its code is [`ProofError::code`].
    #[error("the proof of possession is refused: {0}")]
    Proof(#[from] ProofError),
    /// The policy demands a proof of possession, and none was shown. Code `proof_required`.
    #[error("the policy demands a proof that the token is the agent's own")]
    ProofRequired,
    /// The grant is refused. Its code is [`GrantError::code`].
    #[error("the grant is refused: {0}")]
    Grant(#[from] GrantError),
    /// The grant says something else than the token, or somebody else signed it. Code `claims_mismatch`.
    #[error("the grant is not that of the token")]
    GrantDiffers,
    /// The policy, or one that it extends, names its agents, and this is none of them. Code `agent_not_named`.
    #[error("the policy is for other agents")]
    AgentNotNamed,
    /// No release makes the policy current. Its code is [`ReleaseError::code`].
    #[error("the policy may not be used: {0}")]
    Release(#[from] ReleaseError),
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
    /// A schema of the policy cannot be run. Code `schema_unusable`.
    #[error(transparent)]
    Schema(#[from] SchemaUnusable),
    /// The job is closed. Code `job_closed`.
    #[error("the job is closed")]
    JobClosed,
    /// The trust file says that the ledger follows a control plane, and nobody follows for it. Code
    /// `follower_required`.
    #[error("the ledger follows a control plane, and nobody follows for it")]
    FollowerRequired,
    /// The control plane says that the job is open elsewhere, or does not answer. Its code is
    /// [`FollowError::code`].
    #[error(transparent)]
    Follow(#[from] FollowError),
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
            Self::TokenRequired => "token_required",
            Self::Token(error) => error.code(),
            Self::Proof(error) => error.code(),
            Self::ProofRequired => "proof_required",
            Self::Grant(error) => error.code(),
            Self::GrantDiffers => "claims_mismatch",
            Self::Agent => "agent_name",
            Self::AgentNotNamed => "agent_not_named",
            Self::Release(error) => error.code(),
            Self::JobPolicy { .. } => "job_policy_differs",
            Self::JobAgent => "job_agent_differs",
            Self::JobInput => "job_input_differs",
            Self::InputTooLarge => "job_input_too_large",
            Self::Schema(_) => "schema_unusable",
            Self::JobClosed => "job_closed",
            Self::FollowerRequired => "follower_required",
            Self::Follow(error) => error.code,
            Self::Ledger(error) => error.code(),
            Self::Random(error) => error.code(),
        }
    }
}

impl Core {
    /// Verifies the signed policy, compares it with the code's own hash, verifies the token, and opens the
    /// job or joins it.
    ///
    /// In this order: signatures, payload type, artifact, hash, token, agent, release, job. Nothing is recorded if
    /// one of them fails.
    pub(crate) fn open(
        opening: Opening<'_>,
        input: &Input,
        expected_hash: Option<&str>,
    ) -> Result<Arc<Self>, OpenError> {
        let Opening { artifact, trust, ledger, identity } = opening;
        let verified = Envelope::verify(artifact, POLICY_TYPE, trust, Role::PolicyAuthor)?;
        let policy = decode(&verified.payload)?;
        // The artifact is canonical, so its bytes are what the policy hashes to.
        let hash = Hash::of(&verified.payload);
        if let Some(expected) = expected_hash
            && hash.to_string() != expected
        {
            return Err(OpenError::PolicyHash { found: hash.to_string(), expected: expected.to_owned() });
        }
        let follows = trust.principal_of(ledger.did()).is_some_and(wpc_evidence::Principal::follows);
        if follows && ledger.follow().is_none() {
            return Err(OpenError::FollowerRequired);
        }
        let who = who(identity, &policy, hash, trust, &*ledger)?;
        if !is_agent(&who.agent) {
            return Err(OpenError::Agent);
        }
        if !policy.admits_agent(&who.agent) {
            return Err(OpenError::AgentNotNamed);
        }
        let artifact = Document { hash, envelope: artifact.to_owned() };
        let schemas = SchemaEngine::of(&policy)?;
        let provenance = Provenance::of(&policy);
        let trust = Arc::new(trust.clone());
        let current = Current::new(&policy.name, hash, policy.on_change(), Arc::clone(&trust));
        if let Some(follow) = ledger.follow() {
            follow.current(&policy.name)?;
        }
        begin(&policy, &who, &artifact, (input, &provenance), &current, &*ledger)?;
        told(&who.job, &*ledger)?;
        Self::start(policy, current, trust, who, (provenance, schemas), ledger)
    }

    /// The gate of a job that is open.
    fn start(
        policy: Policy,
        current: Current,
        trust: Arc<Trust>,
        who: Who,
        (provenance, schemas): (Provenance, SchemaEngine),
        ledger: Arc<dyn Ledger>,
    ) -> Result<Arc<Self>, OpenError> {
        let Who { job, agent, accepted } = who;
        let mut secret = None;
        // Until nobody else's dead calls are left.
        while ledger
            .append(&job, &mut |head| {
                secret = head.secret();
                orphans(head, &policy)
            })?
            .count
            > 0
        {}
        // Erased with its openings, which are those of a closed job.
        let secret = secret.ok_or(OpenError::JobClosed)?;
        let (named, timed, calls) = (Named::of(&policy), Timed::of(&policy), CallIds::new()?);
        Ok(Arc::new(Self {
            rules: Engine::new(&policy),
            parents: policy.layers().skip(1).map(Engine::new).collect(),
            hashes: policy.layers().map(|layer| Hash::of(&encode(layer))).collect(),
            reads: reads_of(&policy),
            asks: asks_of(&policy),
            schemas,
            policy,
            trust,
            hash: current.policy_hash(),
            job,
            agent,
            ledger,
            calls,
            named,
            timed,
            secret,
            provenance,
            standing: Standing::new(accepted.map(|accepted| accepted.held)),
            current,
            approvals: Verified::default(),
            flood: Flood::default(),
            owed: Owed::default(),
        }))
    }
}

/// Who works on which job, verified.
struct Who {
    job: JobId,
    agent: String,
    accepted: Option<Accepted>,
}

fn who(
    identity: Identity<'_>,
    policy: &Policy,
    hash: Hash,
    trust: &Trust,
    ledger: &dyn Ledger,
) -> Result<Who, OpenError> {
    let auth = &policy.token();
    match identity {
        Identity::Token(presented) => {
            let now_ms = ledger.clock().wall_ms();
            let accepted = standing::accept(presented, trust, ledger.did(), hash, auth, None, now_ms)?;
            let (job, agent) = (accepted.job.clone(), accepted.agent.clone());
            Ok(Who { job, agent, accepted: Some(accepted) })
        }
        Identity::Local { .. } if auth.pin_policy_hash || auth.job_scoped_binding => {
            Err(OpenError::TokenRequired)
        }
        Identity::Local { job, agent } => Ok(Who { job, agent, accepted: None }),
    }
}

/// Tells whom the ledger follows that the job is open here.
fn told(job: &JobId, ledger: &dyn Ledger) -> Result<(), OpenError> {
    let Some(follow) = ledger.follow() else { return Ok(()) };
    let first = ledger.entries(job, 0, 1)?.into_iter().next().ok_or(OpenError::JobClosed)?;
    Ok(follow.opened(job, leaf_hash(&first))?)
}

/// Opens the job or joins it.
fn begin(
    policy: &Policy,
    who: &Who,
    artifact: &Document,
    (input, provenance): (&Input, &Provenance),
    current: &Current,
    ledger: &dyn Ledger,
) -> Result<(), OpenError> {
    let mut refusal = None;
    ledger.append(&who.job, &mut |head| {
        refusal = None;
        let labels = || input.given().map_or(Ok(Vec::new()), |given| provenance.of_input(given, head));
        match head.job() {
            None => {
                let Ok(labels) = labels() else {
                    refusal = Some(OpenError::InputTooLarge);
                    return Vec::new();
                };
                let release_seq = match current.opens(head) {
                    Ok(seq) => seq,
                    Err(error) => {
                        refusal = Some(error.into());
                        return Vec::new();
                    }
                };
                let opened = Opened {
                    agent: who.agent.clone(),
                    policy: policy.name.clone(),
                    policy_hash: artifact.hash,
                    release_seq,
                    tool_version: program::version(),
                    charges: labels.into_iter().map(Charged::from).collect(),
                };
                let beside = Beside { openings: Vec::new(), documents: vec![artifact.clone()] };
                let opened = Step::With(Body::Opened(opened), Box::new(beside));
                let token = who.accepted.iter().flat_map(|accepted| take(head, accepted));
                return [opened].into_iter().chain(token).collect();
            }
            Some(job) if job.policy_hash != artifact.hash => {
                refusal = Some(OpenError::JobPolicy { found: job.policy_hash });
            }
            Some(job) if job.agent != who.agent => refusal = Some(OpenError::JobAgent),
            Some(job) if job.state == JobState::Closed => refusal = Some(OpenError::JobClosed),
            // What the job was asked is fixed when it is opened.
            Some(_) if labels() != Ok(Vec::new()) => refusal = Some(OpenError::JobInput),
            Some(_) => match current.joins(head) {
                Ok(()) => return who.accepted.iter().flat_map(|accepted| take(head, accepted)).collect(),
                Err(error) => refusal = Some(error.into()),
            },
        }
        Vec::new()
    })?;
    refusal.map_or(Ok(()), Err)
}

/// The `token` entry, unless the log has it.
pub(super) fn take(head: &Head<'_>, accepted: &Accepted) -> Vec<Step> {
    let taken = &accepted.held.taken;
    if head.has_token(&taken.issuer, &taken.jti, &taken.grant) {
        return Vec::new();
    }
    let beside = Beside { openings: Vec::new(), documents: vec![accepted.grant.clone()] };
    vec![Step::With(Body::Token(taken.clone()), Box::new(beside))]
}

/// Outcomes of calls whose process died: what became of them is not known.
fn orphans(head: &Head<'_>, policy: &Policy) -> Vec<Step> {
    if head.job().is_none_or(|job| job.state == JobState::Closed || job.unsettled == 0) {
        return Vec::new();
    }
    let outcome = |entry: Entry| {
        let Body::Attempt(attempt) = entry.body else { return None };
        let Verdict::Allow { charges, .. } = &attempt.verdict else { return None };
        let held = charges.iter().filter(|charge| in_flight(policy, &attempt.tool, charge));
        let given_back = held.filter_map(|charge| {
            let before = head.total(&charge.counter, None)?;
            Some(Charged { before, amount: charge.amount.checked_neg()?, ..*charge })
        });
        Some(Step::Entry(Body::Outcome(Settled {
            call: attempt.call.clone(),
            attempt_seq: entry.seq,
            outcome: Outcome::Unknown { code: "process_lost".to_owned() },
            provider: None,
            late: false,
            facts_by: FactsBy::Declared,
            facts: Vec::new(),
            duration_ms: u64::try_from(head.now_ms().saturating_sub(entry.at)).unwrap_or_default(),
            charges: given_back.collect(),
        })))
    };
    // One at a time: what the second gives back starts from what the first did.
    head.lapsed().into_iter().find_map(outcome).into_iter().collect()
}

fn in_flight(policy: &Policy, tool: &str, charge: &Charged) -> bool {
    let tools = policy.layers().filter_map(|layer| layer.tools.get(tool));
    tools
        .flat_map(|tool| &tool.limits)
        .any(|limit| limit.id == charge.counter.statement && limit.window == Window::Flight)
}

fn asks_of(policy: &Policy) -> BTreeMap<(String, String), Asks> {
    let mut asks = BTreeMap::new();
    for (tool, of) in &policy.tools {
        for action in of.interface.actions.keys() {
            let (seals, conforming) =
                (Seals::of(policy, tool, action), Conforming::conditions(policy, tool, action));
            // Most actions ask for nothing.
            if !seals.is_empty() || !conforming.is_empty() {
                asks.insert((tool.clone(), action.clone()), Asks { seals, conforming });
            }
        }
    }
    asks
}

fn reads_of(policy: &Policy) -> BTreeMap<(String, String), BTreeSet<String>> {
    let actions = policy
        .tools
        .iter()
        .flat_map(|(tool, of)| of.interface.actions.keys().map(move |action| (tool.clone(), action.clone())));
    actions.map(|(tool, action)| ((tool.clone(), action.clone()), reads(policy, &tool, &action))).collect()
}
