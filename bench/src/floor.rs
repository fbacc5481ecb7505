//! The floors: the same decisions in plain Rust, with nothing left out that the meaning needs.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::Result;
use crate::problem::{Call, FORBIDDEN, MAX_MESSAGE_BYTES, REQUIRED, action, entity, queue};

/// The floor of a decision whose action and resource are types: the conditions.
#[inline]
#[must_use]
pub fn conditions(call: &Call) -> bool {
    let has = |key: &str| call.properties.iter().any(|(name, _)| *name == key);
    call.message_bytes <= MAX_MESSAGE_BYTES
        && REQUIRED.iter().all(|key| has(key))
        && !FORBIDDEN.iter().any(|key| has(key))
}

/// The least that a signed policy could be.
#[derive(Debug, Deserialize, Serialize)]
struct Lists {
    allow: BTreeMap<String, Vec<String>>,
    deny: Vec<String>,
    forbidden: Vec<String>,
    max_message_bytes: i64,
    required: Vec<String>,
}

/// Writes a signed list of `rules` rules to `directory`.
///
/// # Errors
///
/// Only if it cannot be written.
pub fn prepare(directory: &Path, rules: usize) -> Result<()> {
    let mut allow: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for index in 0..rules {
        allow.entry(action(index).to_owned()).or_default().push(entity(&queue(index)));
    }
    let lists = Lists {
        allow,
        deny: vec!["manage".to_owned()],
        forbidden: FORBIDDEN.map(str::to_owned).to_vec(),
        max_message_bytes: MAX_MESSAGE_BYTES,
        required: REQUIRED.map(str::to_owned).to_vec(),
    };
    let bytes = serde_json::to_vec(&lists)?;
    fs::write(directory.join("floor.sig"), key().sign(&Sha256::digest(&bytes)).to_bytes())?;
    fs::write(directory.join("floor.json"), bytes)?;
    Ok(())
}

fn key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

/// The floor of a decision over a list read at run time: one hash look-up and the conditions.
#[derive(Debug)]
pub struct Lookup {
    send: FxHashSet<Box<str>>,
    receive: FxHashSet<Box<str>>,
    deny: Vec<String>,
    max_message_bytes: i64,
    required: Vec<String>,
    forbidden: Vec<String>,
}

impl Lookup {
    /// Reads, verifies, parses and indexes what [`prepare`] wrote.
    ///
    /// # Errors
    ///
    /// Only if it cannot be read, or is not what was signed.
    pub fn load(directory: &Path) -> Result<Self> {
        let bytes = fs::read(directory.join("floor.json"))?;
        let signature = Signature::from_slice(&fs::read(directory.join("floor.sig"))?)?;
        let key: VerifyingKey = key().verifying_key();
        key.verify_strict(&Sha256::digest(&bytes), &signature)?;
        let lists: Lists = serde_json::from_slice(&bytes)?;
        let set = |action: &str| {
            lists.allow.get(action).into_iter().flatten().map(|entity| entity.as_str().into()).collect()
        };
        Ok(Self {
            send: set("send"),
            receive: set("receive"),
            deny: lists.deny,
            max_message_bytes: lists.max_message_bytes,
            required: lists.required,
            forbidden: lists.forbidden,
        })
    }

    /// Whether `call` is allowed.
    #[inline(never)]
    #[must_use]
    pub fn decide(&self, call: &Call) -> bool {
        if self.deny.iter().any(|denied| denied == call.action) {
            return false;
        }
        let allowed = match call.action {
            "send" => &self.send,
            "receive" => &self.receive,
            _ => return false,
        };
        let has = |key: &str| call.properties.iter().any(|(name, _)| *name == key);
        allowed.contains(call.entity.as_str())
            && call.message_bytes <= self.max_message_bytes
            && self.required.iter().all(|key| has(key))
            && !self.forbidden.iter().any(|key| has(key))
    }
}
