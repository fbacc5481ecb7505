//! The client: everything that reaches an entity takes a permit.

mod admin;
mod dynamic;
mod receive;
mod send;
mod session;
mod settle;

use std::net::SocketAddr;
use std::sync::Arc;

use azure_core::credentials::TokenCredential;
use wpc::Spent;

use crate::begin::report;
use crate::credential::{Credential, SasKey};
use crate::dialect::address::Namespace;
use crate::held::Held;
use crate::wire::{Route, Wire};
use crate::{BusError, Timeouts};

pub use admin::{Administration, Description, Operation};
pub use dynamic::{Answer, Performing};
pub use send::{Scheduled, Sent};
pub use session::{AcceptedSession, SessionState};
pub use settle::Settled;

/// A connection to one namespace. Cheap to clone; clones share the connection, and what is held on it.
///
/// It connects when it is made, and again when the connection died. No method sends anything to an
/// entity without a [`Permitted`](wpc::Permitted) or a [`Permit`](wpc::Permit), and none sends what the permit
/// did not admit: the bytes are encoded first, read again, and compared with the admitted facts. What the broker
/// answered goes into the ledger, whatever the tool's body makes of it.
///
/// What was received and not settled is held in this process under [handles](crate::Handle), for the job that
/// received it; the tokens that lock it never leave.
///
/// It needs a Tokio runtime with its I/O and time drivers.
#[derive(Clone, Debug)]
pub struct ServiceBus {
    wire: Arc<Wire>,
    held: Arc<Held>,
}

/// An endpoint on this machine that stands for a namespace.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Local {
    /// Where it speaks AMQP, in clear.
    pub amqp: SocketAddr,
    /// Where its administration API is, in clear; without it nothing can be managed.
    pub admin: Option<SocketAddr>,
}

impl From<SocketAddr> for Local {
    fn from(amqp: SocketAddr) -> Self {
        Self { amqp, admin: None }
    }
}

impl ServiceBus {
    /// Connects to Azure: TLS on port 5671, trusting whom the operating system trusts, as whom
    /// Microsoft Entra knows by `credential` (any of `azure_identity`'s, a managed identity too).
    ///
    /// # Errors
    ///
    /// [`BusError`] only if there is no connection or no token; [`BusError::effect`] is then
    /// [`Effect::Nothing`](crate::Effect::Nothing).
    pub async fn connect(
        namespace: Namespace,
        credential: Arc<dyn TokenCredential>,
    ) -> Result<Self, BusError> {
        Self::connect_within(namespace, credential, Timeouts::default()).await
    }

    /// As [`connect`](Self::connect), with other timeouts.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    pub async fn connect_within(
        namespace: Namespace,
        credential: Arc<dyn TokenCredential>,
        timeouts: Timeouts,
    ) -> Result<Self, BusError> {
        Self::open(Wire::new(namespace, Route::azure()?, Credential::Entra(credential), timeouts)).await
    }

    /// Connects to Azure with a shared access key. Every call under a policy that does not say
    /// `credential { sas entity }`, or `credential { sas namespace }` for a namespace's key, fails with
    /// [`BusError::CredentialNotAllowed`]. Prefer [`connect`](Self::connect): whoever has a key needs no gate.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    pub async fn connect_with_key(
        namespace: Namespace,
        key: SasKey,
        timeouts: Timeouts,
    ) -> Result<Self, BusError> {
        Self::open(Wire::new(namespace, Route::azure()?, Credential::Sas(key), timeouts)).await
    }

    /// Connects to an endpoint on this machine that stands for `namespace`: plain TCP, as nobody.
    ///
    /// # Errors
    ///
    /// [`BusError::NotLoopback`] if it is not at a loopback address, else as
    /// [`connect`](Self::connect).
    pub async fn local(namespace: Namespace, at: impl Into<Local>) -> Result<Self, BusError> {
        Self::local_within(namespace, at, Timeouts::default()).await
    }

    /// As [`local`](Self::local), with other timeouts.
    ///
    /// # Errors
    ///
    /// As [`local`](Self::local).
    pub async fn local_within(
        namespace: Namespace,
        at: impl Into<Local>,
        timeouts: Timeouts,
    ) -> Result<Self, BusError> {
        let Local { amqp, admin } = at.into();
        Self::open(Wire::new(namespace, Route::local(amqp, admin)?, Credential::Anonymous, timeouts)).await
    }

    /// As [`local_within`](Self::local_within), as whoever has a shared access key. The policy is asked as it is
    /// for Azure.
    ///
    /// # Errors
    ///
    /// As [`local`](Self::local).
    pub async fn local_with_key(
        namespace: Namespace,
        at: impl Into<Local>,
        key: SasKey,
        timeouts: Timeouts,
    ) -> Result<Self, BusError> {
        let Local { amqp, admin } = at.into();
        Self::open(Wire::new(namespace, Route::local(amqp, admin)?, Credential::Sas(key), timeouts)).await
    }

    async fn open(wire: Wire) -> Result<Self, BusError> {
        let wire = Arc::new(wire);
        wire.connect().await?;
        Ok(Self { wire, held: Arc::default() })
    }

    /// The namespace.
    #[must_use]
    pub fn namespace(&self) -> &Namespace {
        &self.wire.namespace
    }
}

/// Whether somebody approved the call. The policy's compiler sees to it that such calls are approved; this sees
/// to it that nobody signed a policy around the compiler.
fn approved(spent: &Spent, action: &'static str) -> Result<(), BusError> {
    if spent.is_approved() { Ok(()) } else { Err(BusError::NotApproved { action }) }
}

/// Tells the ledger what came of a question.
fn report_read<T>(spent: &Spent, status: &str, read: &Result<T, BusError>, ids: impl FnOnce(&T) -> String) {
    report(spent, read.as_ref().map(|read| (status, ids(read))));
}
