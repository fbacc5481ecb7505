//! Witnesses: who cosigns a ledger's heads, and never two histories of it (SECURITY.md 1.5, 2.2).
//!
//! ```text
//! old 20                                      how many leaves the witness cosigned last
//! PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=     the consistency proof from there
//!
//! did:key:z6Mk…                               the new head, signed by the ledger
//! 42
//! …
//! ```
//!
//! That is the body of `add-checkpoint` in [C2SP tlog-witness](https://c2sp.org/tlog-witness). A witness keeps
//! the last head that it cosigned of each ledger; [`cosign`] refuses one that is smaller, and one that the last
//! does not begin.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use wpc_model::Hash;

use crate::Key;
use crate::checkpoint::{Checkpoint, CheckpointError, MAX_CHECKPOINT_BYTES, SignedCheckpoint};
use crate::merkle::{empty_root, verify_consistency};
use crate::trust::{Role, Trust};

/// Most hashes of a consistency proof.
pub const MAX_PROOF: usize = 63;
/// Longest accepted request, in bytes.
pub const MAX_REQUEST_BYTES: usize = MAX_CHECKPOINT_BYTES + 8_192;

/// What a ledger asks a witness: to cosign a head, given that it begins with the one cosigned last. `Display`
/// writes it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Request {
    /// Leaves of the head that the witness cosigned last; 0 if there is none.
    pub old: u64,
    /// From there to the new head ([`crate::merkle::consistency_proof`]).
    pub proof: Vec<Hash>,
    /// The new head.
    pub head: SignedCheckpoint,
}

/// A head is not cosigned.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum WitnessError {
    /// The request does not read, or the ledger did not sign the head. Its code is that of the
    /// [`CheckpointError`].
    #[error("the request is refused: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// The trust file names no such ledger. Code `signer_untrusted`.
    #[error("the trust file has no such ledger")]
    Unknown,
    /// The proof begins elsewhere. Code `witness_old_size`.
    #[error("the proof begins at {asked} leaves, and the head that was cosigned last has {last}")]
    OldSize {
        /// Where the proof begins.
        asked: u64,
        /// What was cosigned last.
        last: u64,
    },
    /// The head is smaller than the one that was cosigned last. Code `log_shrunk`.
    #[error("the head has {size} leaves, and {last} were cosigned before")]
    Shrunk {
        /// The head's size.
        size: u64,
        /// What was cosigned last.
        last: u64,
    },
    /// The head does not begin with the one that was cosigned last. Code `log_forked`.
    #[error("the head is not of the history that was cosigned before")]
    Forked,
}

impl WitnessError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Checkpoint(error) => error.code(),
            Self::Unknown => "signer_untrusted",
            Self::OldSize { .. } => "witness_old_size",
            Self::Shrunk { .. } => "log_shrunk",
            Self::Forked => "log_forked",
        }
    }
}

impl Request {
    /// Reads what `Display` writes.
    ///
    /// # Errors
    ///
    /// [`CheckpointError`] with the first reason found; nothing is verified.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        const WRONG: CheckpointError = CheckpointError::Malformed("size or proof");
        if text.len() > MAX_REQUEST_BYTES {
            return Err(CheckpointError::TooLarge);
        }
        let (before, note) = text.split_once("\n\n").ok_or(WRONG)?;
        let mut lines = before.split('\n');
        let digits = lines.next().and_then(|line| line.strip_prefix("old ")).ok_or(WRONG)?;
        let old: u64 = digits.parse().map_err(|_| WRONG)?;
        // One spelling: no sign, no zeros before.
        if old.to_string() != digits {
            return Err(WRONG);
        }
        let mut proof = Vec::new();
        for line in lines {
            if proof.len() >= MAX_PROOF {
                return Err(CheckpointError::TooLarge);
            }
            let bytes = STANDARD.decode(line).map_err(|_| CheckpointError::Base64)?;
            proof.push(Hash(bytes.try_into().map_err(|_| WRONG)?));
        }
        Ok(Self { old, proof, head: SignedCheckpoint::parse(note)? })
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old)?;
        self.proof.iter().try_for_each(|hash| writeln!(f, "{}", STANDARD.encode(hash.0)))?;
        write!(f, "\n{}", self.head)
    }
}

/// The head of `request` with the cosignature of `witness` at `at_s`, Unix seconds. `last` is the head of that
/// ledger that the witness cosigned last.
///
/// Whoever calls keeps what this returns before it gives it away, and lets nobody else call meanwhile: it is the
/// next `last`.
///
/// # Errors
///
/// [`WitnessError`] with the first reason found.
pub fn cosign(
    request: Request,
    last: Option<&Checkpoint>,
    trust: &Trust,
    witness: &Key,
    at_s: u64,
) -> Result<SignedCheckpoint, WitnessError> {
    let Request { old, proof, head } = request;
    let ledger = *head.unverified().origin.ledger_did();
    if !trust.principal_of(&ledger).is_some_and(|principal| principal.has(Role::Ledger)) {
        return Err(WitnessError::Unknown);
    }
    let new = head.verify(&ledger)?;
    if last.is_some_and(|last| last.origin != new.origin) {
        return Err(CheckpointError::Origin.into());
    }
    let (last, root) = last.map_or_else(|| (0, empty_root()), |last| (last.size, last.root));
    if new.size < last {
        return Err(WitnessError::Shrunk { size: new.size, last });
    }
    if old != last {
        return Err(WitnessError::OldSize { asked: old, last });
    }
    if !verify_consistency(last, new.size, root, new.root, &proof) {
        return Err(WitnessError::Forked);
    }
    Ok(head.cosign(witness, at_s)?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use wpc_model::Hash;

    use super::{Request, WitnessError, cosign};
    use crate::checkpoint::{Checkpoint, CheckpointError, Origin, SignedCheckpoint};
    use crate::merkle::{Frontier, consistency_proof, leaf_hash};
    use crate::{JobId, Key, Trust};

    fn ledger() -> Key {
        Key::from_seed(&[7; 32])
    }

    fn witness() -> Key {
        Key::from_seed(&[8; 32])
    }

    fn trust() -> Trust {
        trust_of(&ledger(), r#""roles":["ledger"],"mode":"gateway""#)
    }

    fn trust_of(key: &Key, roles: &str) -> Trust {
        let text = format!(r#"{{"v":1,"principals":[{{"name":"p","keys":["{}"],{roles}}}]}}"#, key.did());
        Trust::parse(text.as_bytes()).unwrap()
    }

    fn leaves(size: usize) -> Vec<Hash> {
        (0..size).map(|n| leaf_hash(format!("leaf {n}").as_bytes())).collect()
    }

    fn head(leaves: &[Hash]) -> SignedCheckpoint {
        let mut tree = Frontier::new();
        for &leaf in leaves {
            tree.push(leaf).unwrap();
        }
        let origin = Origin::ledger(ledger().did());
        Checkpoint { origin, size: tree.size(), root: tree.root() }.sign(&ledger()).unwrap()
    }

    /// What the ledger of `leaves` asks a witness who has seen `old` of them.
    fn request(leaves: &[Hash], old: u64) -> Request {
        let size = u64::try_from(leaves.len()).unwrap();
        Request { old, proof: consistency_proof(leaves, old, size).unwrap(), head: head(leaves) }
    }

    fn seen(request: Request, last: Option<&SignedCheckpoint>) -> Result<SignedCheckpoint, WitnessError> {
        cosign(request, last.map(SignedCheckpoint::unverified), &trust(), &witness(), 1_767_323_045)
    }

    proptest! {
        #[test]
        fn every_later_head_of_one_history_is_cosigned_and_no_other(old in 0_usize..40, more in 0_usize..40, at in 0_usize..40) {
            let all = leaves(old + more);
            let last = (old > 0).then(|| seen(request(&all[..old], 0), None).unwrap());
            let asked = request(&all, u64::try_from(old).unwrap());
            prop_assert_eq!(Request::parse(&asked.to_string()), Ok(asked.clone()));
            let cosigned = seen(asked.clone(), last.as_ref()).unwrap();
            prop_assert!(cosigned.is_cosigned_by(&witness().did()));
            prop_assert!(!asked.head.is_cosigned_by(&witness().did()));
            if old > 0 {
                // Another history, with whatever proof its ledger can make.
                let mut forked = all.clone();
                forked[at % old] = leaf_hash(b"something else");
                let forked = request(&forked, u64::try_from(old).unwrap());
                prop_assert_eq!(seen(forked, last.as_ref()), Err(WitnessError::Forked));
                // The same from the beginning.
                let last_size = u64::try_from(old).unwrap();
                let anew = seen(request(&all, 0), last.as_ref());
                prop_assert_eq!(anew, Err(WitnessError::OldSize { asked: 0, last: last_size }));
                let size = u64::try_from(at % old).unwrap();
                let shorter = seen(request(&all[..at % old], 0), last.as_ref());
                prop_assert_eq!(shorter, Err(WitnessError::Shrunk { size, last: last_size }));
            }
        }

        #[test]
        fn a_request_reads_or_is_refused(text in "(old [0-9]{1,3}\n)?([A-Za-z0-9+/=]{43}=\n){0,3}\n?.{0,40}") {
            if let Ok(request) = Request::parse(&text) {
                prop_assert_eq!(request.to_string(), text);
            }
        }
    }

    #[test]
    fn only_a_ledgers_own_log_that_it_signed_is_cosigned() {
        let all = leaves(3);
        let strangers = trust_of(&witness(), r#""roles":["witness"]"#);
        let unknown = cosign(request(&all, 0), None, &strangers, &witness(), 1);
        assert_eq!(unknown, Err(WitnessError::Unknown));
        let mut unsigned = request(&all, 0);
        let text = unsigned.head.to_string().replacen("\n3\n", "\n4\n", 1);
        unsigned.head = SignedCheckpoint::parse(&text).unwrap();
        assert_eq!(seen(unsigned, None), Err(CheckpointError::Signature.into()));
        let origin = Origin::job(ledger().did(), JobId::parse("j").unwrap());
        let of_job = Checkpoint { origin, ..head(&all).unverified().clone() }.sign(&ledger()).unwrap();
        let of_job = Request { head: of_job, ..request(&all, 0) };
        assert_eq!(seen(of_job, None), Err(CheckpointError::Origin.into()));
    }
}
