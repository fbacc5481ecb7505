//! What all handlers share.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;
use wpc::{Clock as _, SystemClock};
use wpc_evidence::{Did, Envelope, Key, POLICY_TYPE, Role, Trust};
use wpc_model::{Hash, Policy};

use crate::caller::{Caller, Limits, Nonces};
use crate::hub::Hub;
use crate::metrics::Metrics;
use crate::objects::Objects;
use crate::problem::{Code, Refusal};
use crate::store::{Author, Reading, Store, Writing};

/// The state of the server.
pub(crate) struct App {
    pub(crate) trust: Trust,
    /// Signs tokens, grants, revocations and the audit log.
    pub(crate) key: Arc<Key>,
    /// Cosigns checkpoints.
    pub(crate) witness: Option<Key>,
    /// What the URIs of requests begin with, without a final slash.
    pub(crate) public_url: String,
    pub(crate) store: Store,
    pub(crate) objects: Objects,
    pub(crate) hub: Hub,
    pub(crate) metrics: Metrics,
    pub(crate) limits: Limits,
    pub(crate) nonces: Nonces,
    pub(crate) clock: SystemClock,
    /// Verifications of bundles that run at the same time.
    pub(crate) verifying: Arc<Semaphore>,
    policies: Mutex<HashMap<Hash, Arc<Policy>>>,
}

pub(crate) type Shared = Arc<App>;

/// What an [`App`] is made of.
pub(crate) struct Parts {
    pub(crate) trust: Trust,
    pub(crate) key: Arc<Key>,
    pub(crate) witness: Option<Key>,
    pub(crate) public_url: String,
    pub(crate) store: Store,
    pub(crate) objects: Objects,
    pub(crate) metrics: Metrics,
    pub(crate) limits: Limits,
}

/// Decoded policies that are kept.
const POLICIES: usize = 256;
/// Bundles that are verified at the same time.
const VERIFYING: usize = 2;

impl App {
    pub(crate) fn new(parts: Parts) -> Self {
        let Parts { trust, key, witness, public_url, store, objects, metrics, limits } = parts;
        Self {
            trust,
            key,
            witness,
            public_url,
            store,
            objects,
            hub: Hub::new(),
            metrics,
            limits,
            nonces: Nonces::default(),
            clock: SystemClock::new(),
            verifying: Arc::new(Semaphore::new(VERIFYING)),
            policies: Mutex::default(),
        }
    }

    /// Unix milliseconds.
    pub(crate) fn now_ms(&self) -> i64 {
        self.clock.wall_ms()
    }

    /// The did:key that signs tokens and revocations.
    pub(crate) fn did(&self) -> Did {
        self.key.did()
    }

    /// Writes what `caller` asks for, in one transaction that takes their request's nonce.
    pub(crate) async fn write<T, F>(self: &Arc<Self>, caller: Caller, work: F) -> Result<T, Refusal>
    where
        T: Send + 'static,
        F: FnOnce(&App, &mut Writing<'_>, &Author) -> Result<T, Refusal> + Send + 'static,
    {
        let app = Arc::clone(self);
        let written = self.store.write(move |writing| {
            if let Some((nonce, until)) = &caller.nonce {
                writing.take(&caller.author.key, nonce, *until)?;
            }
            work(&app, writing, &caller.author)
        });
        written.await
    }

    /// Reads.
    pub(crate) async fn read<T, F>(&self, work: F) -> Result<T, Refusal>
    where
        T: Send + 'static,
        F: FnOnce(&mut Reading<'_>) -> Result<T, Refusal> + Send + 'static,
    {
        self.store.read(work).await
    }

    /// The signed policy with this hash, verified again.
    pub(crate) async fn artifact(&self, hash: Hash) -> Result<(Vec<u8>, Arc<Policy>), Refusal> {
        let bytes = self.objects.artifact(hash).await?.ok_or_else(|| Refusal::new(Code::PolicyUnknown))?;
        let verified = Envelope::verify(&bytes, POLICY_TYPE, &self.trust, Role::PolicyAuthor)?;
        if Hash::of(&verified.payload) != hash {
            return Err(Refusal::new(Code::ObjectDamaged));
        }
        let policy = wpc_model::decode(&verified.payload).map_err(|_| Refusal::new(Code::ObjectDamaged))?;
        let policy = Arc::new(policy);
        let mut known = self.policies.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= POLICIES {
            known.clear();
        }
        known.insert(hash, Arc::clone(&policy));
        Ok((bytes, policy))
    }

    /// The policy with this hash.
    pub(crate) async fn policy(&self, hash: Hash) -> Result<Arc<Policy>, Refusal> {
        let known = self.policies.lock().unwrap_or_else(PoisonError::into_inner).get(&hash).cloned();
        match known {
            Some(policy) => Ok(policy),
            None => Ok(self.artifact(hash).await?.1),
        }
    }
}
