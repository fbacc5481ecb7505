//! The gate: one job, one policy, one ledger.
//!
//! ```text
//! Opening ──open──▶ Core ──begin(call, ruling)──▶ Admitted ──finish(outcome)──▶ entry `outcome`
//!                              │                     └─ dropped: entry `outcome`, abandoned
//!                              └─▶ Refused           entry `attempt`, denied
//! ```
//!
//! [`Core`] knows nothing of Rust types: the typed [`crate::Gate`] and the dynamic
//! [`crate::DynamicGate`] describe a call, evaluate its rules, and ask here. Approvals and limits
//! are decided by `wpc_model` inside the ledger's lock, so what was charged is what was decided; so
//! are rules that read the clock or ask where a value came from.
//!
//! Invariants:
//!
//! - an [`Admitted`] exists only after its attempt is in the ledger, durably if the ledger is;
//! - every [`Admitted`] leaves one outcome, however it ends; as long as the ledger does not take it, the gate
//!   refuses everything.

mod admitted;
mod begin;
mod current;
mod flood;
mod given;
mod input;
mod models;
mod named;
mod opening;
mod owed;
mod question;
mod ready;
mod recorded;
mod slip;
mod standing;
mod timed;
mod untyped;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use tokio::sync::oneshot;
use wpc_evidence::CallIds;
use wpc_evidence::commitment::JobSecret;
use wpc_evidence::token::TokenError;
use wpc_model::{
    Attested, Call, Condition, Conforming, Content, Hash, Malformed, MalformedCode, Measured, Moment, Policy,
    Provenance, RawCall, Ruling, Rulings, Sealed, Sealing, Seals, Situation, Sources,
};

use crate::Trust;
use crate::call::Seal;
use crate::engine::Engine as Rules;
use crate::identity::Presented;
use crate::ledger::{Body, Closing, Engine, Ledger, Step};
use crate::refused::{Detail, Refused};
use crate::schemas::SchemaEngine;
use crate::{JobId, LedgerError};
use begin::{Begin, BeginTask};
use current::Current;
use flood::Flood;
use given::Verified;
use named::Named;
use owed::Owed;
use standing::Standing;
use timed::Timed;
use untyped::{Refusing, RefusingTask};

pub(crate) use admitted::Admitted;
pub use flood::MAX_DENIALS_PER_SECOND;
pub use input::Input;
pub use models::ModelCalled;
pub use opening::{OpenError, Opening};
pub use slip::BEGIN_WITHIN;
pub(crate) use slip::Slip;

/// One job under one policy, in one ledger.
pub(crate) struct Core {
    policy: Policy,
    trust: Arc<Trust>,
    /// The policy's rules, ready to be found.
    rules: Rules,
    /// Those of the policies that it extends, in the order of [`Policy::layers`].
    parents: Vec<Rules>,
    hash: Hash,
    /// The hashes of it and of those that it extends: what a revocation may name.
    hashes: Vec<Hash>,
    job: JobId,
    agent: String,
    ledger: Arc<dyn Ledger>,
    calls: CallIds,
    named: Named,
    timed: Timed,
    /// Salts what entries commit to.
    secret: JobSecret,
    /// The arguments that the policy reads, by tool and action.
    reads: BTreeMap<(String, String), BTreeSet<String>>,
    /// The values whose source the policy asks for.
    provenance: Provenance,
    /// What the policy asks of what values say, by tool and action.
    asks: BTreeMap<(String, String), Asks>,
    schemas: SchemaEngine,
    standing: Standing,
    current: Current,
    approvals: Verified,
    flood: Flood,
    owed: Owed,
}

/// What a policy asks of what the values of an action's calls say.
#[derive(Debug)]
struct Asks {
    /// Of sealed ones.
    seals: Seals,
    /// Of those in clear: conformance.
    conforming: Vec<Condition>,
}

/// A typed call and what its rules said.
#[derive(Debug)]
pub(crate) struct Asked {
    /// The call; complete, and typed by the policy's interface.
    pub(crate) call: Arc<Call>,
    /// What the rules said, unless they read the clock or ask for a source: then they are asked inside
    /// the ledger's lock.
    pub(crate) rulings: Option<Rulings>,
    /// What evaluated them.
    pub(crate) engine: Engine,
}

impl Core {
    /// The policy that this gate enforces.
    pub(crate) fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The policy's hash.
    pub(crate) fn hash(&self) -> Hash {
        self.hash
    }

    /// The job.
    pub(crate) fn job(&self) -> &JobId {
        &self.job
    }

    /// The ledger.
    pub(crate) fn ledger(&self) -> &Arc<dyn Ledger> {
        &self.ledger
    }

    /// Reads a call in JSON, its sealed values included.
    pub(crate) fn read(&self, json: &[u8], measured: Measured) -> Result<Call, Malformed> {
        let seals = |tool: &str, action: &str| self.seals(tool, action);
        Call::from_json_sealing(json, &self.policy, measured, seals, &self.schemas)
    }

    /// Types a raw call.
    pub(crate) fn check(&self, raw: RawCall, measured: Measured) -> Result<Call, Malformed> {
        let seals = self.seals(&raw.tool, &raw.action);
        Call::check_sealing(raw, &self.policy, measured, seals, &self.schemas)
    }

    fn seals(&self, tool: &str, action: &str) -> &Seals {
        const NONE: &Seals = &Seals::NONE;
        self.asks(tool, action).map_or(NONE, |asks| &asks.seals)
    }

    /// What is found of one sealed value.
    pub(crate) fn sealed(
        &self,
        (tool, action): (&str, &str),
        record: Option<&str>,
        field: &str,
        content: Content<'_>,
    ) -> Sealed {
        let found = self.asks(tool, action).and_then(|asks| {
            let interface = &self.policy.tools.get(tool)?.interface;
            let of = interface.actions.get(action)?;
            Some(Sealing { interface, action: of, seals: &asks.seals, schemas: &self.schemas })
        });
        found.map_or(Sealed::UNREAD, |sealing| sealing.seal(record, field, content))
    }

    /// Who reads the sealed values in calls of an action.
    pub(crate) fn seal(&self, tool: &str, action: &str) -> Seal<'_> {
        let sealing = || {
            let Asks { seals, .. } = self.asks(tool, action)?;
            let interface = &self.policy.tools.get(tool)?.interface;
            let action = interface.actions.get(action)?;
            Some(Sealing { interface, action, seals, schemas: &self.schemas })
        };
        sealing().map_or(Seal::UNREAD, Seal::arguments)
    }

    fn asks(&self, tool: &str, action: &str) -> Option<&Asks> {
        // Most policies ask for nothing.
        if self.asks.is_empty() {
            return None;
        }
        self.asks.get(&(tool.to_owned(), action.to_owned()))
    }

    /// What the call's values that stand in clear conform to, as far as the policy asks.
    fn conforming(&self, call: &Call) -> Conforming {
        match self.asks(&call.tool, &call.action).map(|asks| asks.conforming.as_slice()) {
            None | Some([]) => Conforming::default(),
            Some(conditions) => Conforming::ask(&self.policy, call, conditions, &self.schemas),
        }
    }

    /// What `known` says of where the call's values came from, as far as the policy asks.
    pub(crate) fn attested(&self, call: &Call, known: &dyn Sources) -> Attested {
        // Most policies ask for nothing.
        if self.provenance == Provenance::default() {
            return Attested::default();
        }
        Attested::of(&self.policy, call, known)
    }

    /// What the rules of the artifact say of a call in `situation`, in each layer.
    pub(crate) fn rulings(&self, call: &Call, situation: Situation<'_>) -> Rulings {
        let parents = self.parents.iter().map(|rules| rules.rule(call, situation));
        Rulings { own: self.rules.rule(call, situation), parents: parents.collect() }
    }

    /// A call that the engine answers, unless its rules wait for the ledger's lock.
    pub(crate) fn asked(&self, call: Call) -> Asked {
        let rulings = (!self.timed.rules(&call)).then(|| self.rulings(&call, Moment::at(0).into()));
        Asked { call: Arc::new(call), rulings, engine: Engine::Indexed }
    }

    /// A call of which generated code says `ruling`, unless its rules wait for the ledger's lock. Generated
    /// code knows the policy's own rules; those of what it extends the engine finds.
    ///
    /// The engine is asked too, about the call that is recorded: a value that describes itself otherwise
    /// the second time, or code that is not this policy's, finds nobody to agree with.
    ///
    /// # Errors
    ///
    /// [`Malformed`] only if the two differ.
    pub(crate) fn asked_of_generated(
        &self,
        call: Call,
        ruling: impl FnOnce() -> Ruling,
    ) -> Result<Asked, Malformed> {
        if self.timed.rules(&call) {
            return Ok(self.asked(call));
        }
        let (ruling, rulings) = (ruling(), self.rulings(&call, Moment::at(0).into()));
        if ruling != rulings.own {
            return Err(Malformed {
                code: MalformedCode::DescribedDiffers,
                path: "$.arguments".to_owned(),
                message: "are not what the rules were asked about".to_owned(),
            });
        }
        Ok(Asked { call: Arc::new(call), rulings: Some(rulings), engine: Engine::Generated })
    }

    /// Decides the call and records the attempt. Blocks until the ledger has it.
    pub(crate) fn begin(self: &Arc<Self>, asked: Asked) -> Result<Admitted, Refused> {
        self.pay()?;
        let mut begin = Begin::new(self, asked)?;
        let result = self.ledger.append(&self.job, &mut |head| begin.decide(head));
        begin.conclude(result, admitted::Settling::Here)
    }

    /// As [`Core::begin`], without blocking: a ledger that waits for a disk does so elsewhere.
    ///
    /// Nothing happens before the first poll. If the future is dropped later, the call either was
    /// never asked, or its attempt is followed by an abandoned outcome.
    pub(crate) async fn begin_async(self: &Arc<Self>, asked: Asked) -> Result<Admitted, Refused> {
        self.pay_async().await?;
        let begin = Begin::new(self, asked)?;
        let (reply, answer) = oneshot::channel();
        self.ledger.submit(Box::new(BeginTask::new(begin, reply)));
        match answer.await {
            Ok(result) => result,
            Err(_) => Err(self.unanswered()),
        }
    }

    /// Records that something was asked that is not a call: `code` says why, `cause` says it to
    /// operators, `raw` is what was received, empty if it was no bytes. Blocks until the ledger has it.
    pub(crate) fn refuse_untyped(self: &Arc<Self>, code: &'static str, cause: String, raw: &[u8]) -> Refused {
        if let Err(refused) = self.pay() {
            return refused;
        }
        let mut refusing = Refusing::new(self, code, cause, raw);
        let result = self.ledger.append(&self.job, &mut |head| refusing.decide(head));
        refusing.conclude(result)
    }

    /// As [`Core::refuse_untyped`], without blocking.
    pub(crate) async fn refuse_untyped_async(
        self: &Arc<Self>,
        code: &'static str,
        cause: String,
        raw: &[u8],
    ) -> Refused {
        if let Err(refused) = self.pay_async().await {
            return refused;
        }
        let (reply, answer) = oneshot::channel();
        let refusing = Refusing::new(self, code, cause, raw);
        self.ledger.submit(Box::new(RefusingTask::new(refusing, reply)));
        answer.await.unwrap_or_else(|_| self.unanswered())
    }

    /// Closes the job: it takes no more calls, from any gate.
    pub(crate) fn close(self: &Arc<Self>) -> Result<(), LedgerError> {
        // The job's end would name a call without an outcome whose outcome is known.
        self.pay().map_err(|_| LedgerError::unavailable("an outcome is still to be recorded"))?;
        let rest = self.flood.rest();
        self.ledger.append(&self.job, &mut |_| {
            let rest = rest.iter().map(|rest| Step::Entry(Body::Suppressed(rest.clone())));
            rest.chain([Step::Close(Closing::Completed)]).collect()
        })?;
        Ok(())
    }

    /// Works under another token of the same job from now on.
    pub(crate) fn renew(&self, presented: Presented<'_>) -> Result<(), OpenError> {
        let (ledger, auth) = (self.ledger.did(), &self.policy.token());
        let now_ms = self.ledger.clock().wall_ms();
        let accepted =
            standing::accept(presented, &self.trust, ledger, self.hash, auth, Some(&self.job), now_ms)?;
        if accepted.job != self.job {
            return Err(TokenError::WrongJob.into());
        }
        if accepted.agent != self.agent {
            return Err(OpenError::JobAgent);
        }
        self.ledger.append(&self.job, &mut |head| opening::take(head, &accepted))?;
        self.standing.renew(accepted.held);
        Ok(())
    }

    /// Whether every outcome could be recorded; if not, nothing more may be asked here.
    fn is_sound(&self) -> Result<(), Refused> {
        if self.owed.is_nothing() {
            return Ok(());
        }
        Err(self.refused("gate_faulted", Some("an outcome could not be recorded".to_owned())))
    }

    fn unanswered(&self) -> Refused {
        self.refused("ledger_unavailable", Some("the ledger gave no answer".to_owned()))
    }

    fn refused(&self, code: &'static str, cause: Option<String>) -> Refused {
        Refused::new(code, Detail { cause, ..self.detail() })
    }

    fn unrecorded(&self, error: &LedgerError) -> Refused {
        self.refused(error.code(), Some(error.to_string()))
    }

    fn detail(&self) -> Detail {
        Detail {
            policy: self.policy.name.clone(),
            policy_hash: Some(self.hash),
            job: Some(self.job.clone()),
            ..Detail::default()
        }
    }
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Core")
            .field("policy", &self.policy.name)
            .field("hash", &self.hash)
            .field("job", &self.job)
            .field("agent", &self.agent)
            .field("owed", &self.owed)
            .finish_non_exhaustive()
    }
}
