//! What stands behind a server: whoever measures a call and does it.

use rmcp::model::{CallToolResult, ProgressNotificationParam, ProgressToken, ToolAnnotations};
use rmcp::{Peer, RoleServer};
use serde_json::{Map, Value as Json};
use tokio_util::sync::CancellationToken;
use wpc::{DynamicGate, DynamicRunning, Outcome};
use wpc_model::Malformed;

use crate::{Asked, Offer};

/// What does the calls that a gate admitted.
///
/// ```text
/// arguments ─▶ typed call ─▶ measure ─▶ the gate decides and records ─▶ execute ─▶ outcome recorded ─▶ answer
/// ```
pub trait Executor: Send + Sync + 'static {
    /// What is said of a tool beside its schema.
    ///
    /// # Errors
    ///
    /// [`Withheld`] if it is not to be offered now, and calls of it are to be refused.
    fn describe(&self, offer: &Offer) -> Result<Description, Withheld>;

    /// Takes out of a call's arguments what no policy has a name for, and hands on the rest to be typed. Nothing else:
    /// no call may follow.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if it is not what the tool takes: the call is refused and recorded.
    fn take(&self, offer: &Offer, arguments: Map<String, Json>) -> Result<Taken, Malformed> {
        let _ = offer;
        Ok(Taken { stated: arguments, own: Map::new() })
    }

    /// Adds what the tool measures of a call before it is decided ([`wpc_model::Call::measure`]). Nothing else: no
    /// call may follow.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if the call cannot be measured: it is refused and recorded.
    fn measure(
        &self,
        gate: &DynamicGate,
        asked: &mut Asked,
    ) -> impl Future<Output = Result<(), Malformed>> + Send {
        let (_, _) = (gate, asked);
        std::future::ready(Ok(()))
    }

    /// Does an admitted call. [`DynamicRunning::begin_effect`] is to be asked right before the effect.
    ///
    /// When the client cancels, [`Work::cancelled`] is; a future that does not end soon after is dropped, and
    /// the call is recorded as abandoned.
    fn execute(&self, work: Work<'_>) -> impl Future<Output = Executed> + Send;
}

/// A call's arguments, parted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Taken {
    /// What the policy's interface names: typed, decided, recorded.
    pub stated: Map<String, Json>,
    /// What the executor took for itself ([`Asked::own`]).
    pub own: Map<String, Json>,
}

/// Why a tool that the policy allows is not offered now.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Withheld {
    /// The stable code.
    pub code: &'static str,
    /// In words.
    pub message: &'static str,
}

/// What is said of a tool beside what its policy says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Description {
    /// For people.
    pub title: Option<String>,
    /// For the model.
    pub description: Option<String>,
    /// JSON Schemas of arguments, of which the descriptions are taken over, by name; of an argument that may be
    /// any JSON, the whole.
    pub arguments: Map<String, Json>,
    /// JSON Schema of all arguments, if the tool takes some for itself; else the offer's.
    pub input_schema: Option<Map<String, Json>>,
    /// JSON Schema of the structured result.
    pub output_schema: Option<Map<String, Json>>,
    /// Hints.
    pub annotations: Option<ToolAnnotations>,
}

/// One admitted call.
#[derive(Debug)]
pub struct Work<'a> {
    /// The call in the ledger: what may be done, and where its outcome belongs.
    pub running: &'a mut DynamicRunning,
    /// What was asked, with the values that the call says nothing of.
    pub asked: &'a Asked,
    /// The tool.
    pub offer: &'a Offer,
    /// Its arguments, written anew from what was decided.
    pub arguments: Map<String, Json>,
    /// Ready once the client no longer wants the answer.
    pub cancelled: CancellationToken,
    /// Where progress may be told.
    pub progress: Progress,
}

/// How an admitted call ended.
#[derive(Debug)]
pub struct Executed {
    /// For the ledger.
    pub outcome: Outcome,
    /// For the model.
    pub answer: CallToolResult,
}

/// Tells a client how far its call is, if it asked.
#[derive(Clone, Debug)]
pub struct Progress {
    peer: Peer<RoleServer>,
    token: Option<ProgressToken>,
}

impl Progress {
    pub(crate) fn new(peer: Peer<RoleServer>, token: Option<ProgressToken>) -> Self {
        Self { peer, token }
    }

    /// Whether the client asked to be told.
    #[must_use]
    pub const fn is_wanted(&self) -> bool {
        self.token.is_some()
    }

    /// Tells it. A client that is gone is no error of the call.
    pub async fn tell(&self, progress: f64, total: Option<f64>, message: Option<String>) {
        let Some(token) = &self.token else { return };
        let mut param = ProgressNotificationParam::new(token.clone(), progress);
        param.total = total;
        param.message = message;
        let _gone = self.peer.notify_progress(param).await;
    }
}
