//! Checkpoints with their signatures: C2SP signed notes.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::{Checkpoint, CheckpointError};
use crate::time::MAX_TIME_MS;
use crate::trust::{Role, Trust};
use crate::{Did, Key};

/// Longest accepted checkpoint with its signatures, in bytes.
pub const MAX_CHECKPOINT_BYTES: usize = 64 << 10;
/// Most signature lines of one checkpoint.
pub const MAX_SIGNATURE_LINES: usize = 32;
/// Longest accepted name of a signer, in bytes.
pub const MAX_SIGNER_NAME_BYTES: usize = 256;

/// Ed25519 over the text (c2sp.org/signed-note).
const SIGNED: u8 = 0x01;
/// Ed25519 over a time and the text (c2sp.org/tlog-cosignature).
const COSIGNED: u8 = 0x04;
/// The last second of the year 9999.
const MAX_TIME_S: u64 = MAX_TIME_MS.unsigned_abs().div_euclid(1_000);
/// Before every signature line: an em dash and a space.
const MARK: &str = "\u{2014} ";

/// A checkpoint and who says that they signed it. `Display` writes the note.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SignedCheckpoint {
    pub(super) checkpoint: Checkpoint,
    pub(super) lines: Vec<Line>,
}

/// One signature line, of whatever type.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Line {
    pub(super) name: String,
    pub(super) key_id: [u8; 4],
    pub(super) signature: Vec<u8>,
}

impl Checkpoint {
    /// Signs it with the ledger's key.
    ///
    /// Whoever signs keeps to what they signed before: never a smaller tree of the same origin, never
    /// one that the last one does not begin.
    ///
    /// # Errors
    ///
    /// [`CheckpointError::Origin`] if the key is not the origin's ledger's, and
    /// [`CheckpointError::Malformed`] if there is no such tree.
    pub fn sign(&self, ledger: &Key) -> Result<SignedCheckpoint, CheckpointError> {
        self.fits()?;
        let did = ledger.did();
        if did != *self.origin.ledger_did() {
            return Err(CheckpointError::Origin);
        }
        let name = self.origin.to_string();
        let key_id = key_id(&name, SIGNED, &did);
        let signature = ledger.sign(self.to_string().as_bytes()).to_vec();
        Ok(SignedCheckpoint { checkpoint: self.clone(), lines: vec![Line { name, key_id, signature }] })
    }
}

impl SignedCheckpoint {
    /// Reads a note: the checkpoint's text, an empty line, and 1 to [`MAX_SIGNATURE_LINES`] signature
    /// lines. Lines of unknown signers and types are kept as they are.
    ///
    /// # Errors
    ///
    /// [`CheckpointError`] with the first reason found; no signature is looked at.
    pub fn parse(note: &str) -> Result<Self, CheckpointError> {
        if note.len() > MAX_CHECKPOINT_BYTES {
            return Err(CheckpointError::TooLarge);
        }
        // The text holds no empty line, so the first one ends it.
        let end = note.find("\n\n").ok_or(CheckpointError::Malformed("empty line"))?;
        let (text, rest) =
            note.split_at_checked(end.saturating_add(1)).ok_or(CheckpointError::Malformed("empty line"))?;
        let checkpoint = Checkpoint::parse(text)?;
        let rest = rest.strip_prefix('\n').and_then(|rest| rest.strip_suffix('\n'));
        let rest = rest.ok_or(CheckpointError::Malformed("last line end"))?;
        if rest.split('\n').count() > MAX_SIGNATURE_LINES {
            return Err(CheckpointError::TooLarge);
        }
        let lines = rest.split('\n').map(Line::parse).collect::<Result<_, _>>()?;
        Ok(Self { checkpoint, lines })
    }

    /// The checkpoint, if `ledger` is the ledger of its origin and signed it. Lines that are not the
    /// ledger's, or do not hold, count for nothing.
    ///
    /// # Errors
    ///
    /// [`CheckpointError::Origin`] and [`CheckpointError::Signature`] only.
    pub fn verify(&self, ledger: &Did) -> Result<&Checkpoint, CheckpointError> {
        if ledger != self.checkpoint.origin.ledger_did() {
            return Err(CheckpointError::Origin);
        }
        let name = self.checkpoint.origin.to_string();
        let key_id = key_id(&name, SIGNED, ledger);
        let text = self.checkpoint.to_string();
        let signed = |line: &Line| {
            line.name == name
                && line.key_id == key_id
                && <&[u8; 64]>::try_from(line.signature.as_slice())
                    .is_ok_and(|signature| ledger.signed(text.as_bytes(), signature))
        };
        if self.lines.iter().any(signed) { Ok(&self.checkpoint) } else { Err(CheckpointError::Signature) }
    }

    /// The checkpoint, whoever signed it.
    #[must_use]
    pub const fn unverified(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Adds a witness's cosignature at `at_s`, Unix seconds, under the name of its key.
    ///
    /// Whoever cosigns has checked that the tree that they cosigned last begins this one.
    ///
    /// # Errors
    ///
    /// [`CheckpointError::Origin`] if the tree is not a ledger's own: nobody can follow every job's.
    /// [`CheckpointError::Signature`] if the ledger did not sign, [`CheckpointError::Time`] and
    /// [`CheckpointError::TooLarge`].
    pub fn cosign(mut self, witness: &Key, at_s: u64) -> Result<Self, CheckpointError> {
        let origin = &self.checkpoint.origin;
        if origin.job_id().is_some() {
            return Err(CheckpointError::Origin);
        }
        self.verify(origin.ledger_did())?;
        if at_s > MAX_TIME_S {
            return Err(CheckpointError::Time);
        }
        if self.lines.len() >= MAX_SIGNATURE_LINES {
            return Err(CheckpointError::TooLarge);
        }
        let did = witness.did();
        let message = cosigned_message(at_s, &self.checkpoint);
        let mut signature = at_s.to_be_bytes().to_vec();
        signature.extend_from_slice(&witness.sign(message.as_bytes()));
        let name = did.to_string();
        self.lines.push(Line { key_id: key_id(&name, COSIGNED, &did), name, signature });
        if self.to_string().len() > MAX_CHECKPOINT_BYTES { Err(CheckpointError::TooLarge) } else { Ok(self) }
    }

    /// How many signature lines it has, of whatever type.
    #[must_use]
    pub const fn signatures(&self) -> usize {
        self.lines.len()
    }

    /// Whether `witness` cosigned it.
    #[must_use]
    pub fn is_cosigned_by(&self, witness: &Did) -> bool {
        self.checkpoint.origin.job_id().is_none()
            && self.lines.iter().any(|line| self.cosigned(line, witness).is_some())
    }

    /// The same checkpoint with the signature lines of both.
    ///
    /// # Errors
    ///
    /// [`CheckpointError::Malformed`] if they are of two checkpoints, and [`CheckpointError::TooLarge`].
    pub fn merge(mut self, other: Self) -> Result<Self, CheckpointError> {
        if self.checkpoint != other.checkpoint {
            return Err(CheckpointError::Malformed("checkpoint: it is another one"));
        }
        for line in other.lines {
            if !self.lines.contains(&line) {
                self.lines.push(line);
            }
        }
        let fits = self.lines.len() <= MAX_SIGNATURE_LINES && self.to_string().len() <= MAX_CHECKPOINT_BYTES;
        if fits { Ok(self) } else { Err(CheckpointError::TooLarge) }
    }

    /// When `witness` made this line, in Unix seconds, if it is a cosignature of theirs.
    fn cosigned(&self, line: &Line, witness: &Did) -> Option<u64> {
        let (at_s, signature) = line.cosignature()?;
        let message = cosigned_message(at_s, &self.checkpoint);
        let holds = line.key_id == key_id(&line.name, COSIGNED, witness)
            && witness.signed(message.as_bytes(), signature);
        holds.then_some(at_s)
    }

    /// The principals in the role `witness` whose cosignature of a ledger's checkpoint holds, by name,
    /// and when each first saw it, in Unix seconds. Other lines, and those that do not hold, count for
    /// nothing.
    #[must_use]
    pub fn cosigners<'t>(&self, trust: &'t Trust) -> BTreeMap<&'t str, u64> {
        let mut found = BTreeMap::new();
        if self.checkpoint.origin.job_id().is_some() {
            return found;
        }
        for line in &self.lines {
            for witness in trust.principals().iter().filter(|principal| principal.has(Role::Witness)) {
                if let Some(at_s) = witness.keys().iter().find_map(|key| self.cosigned(line, key)) {
                    let first = found.entry(witness.name()).or_insert(at_s);
                    *first = at_s.min(*first);
                }
            }
        }
        found
    }
}

impl fmt::Display for SignedCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.checkpoint)?;
        self.lines.iter().try_for_each(|Line { name, key_id, signature }| {
            let blob = [key_id.as_slice(), signature].concat();
            writeln!(f, "{MARK}{name} {}", STANDARD.encode(blob))
        })
    }
}

impl Line {
    fn parse(line: &str) -> Result<Self, CheckpointError> {
        const WRONG: CheckpointError = CheckpointError::Malformed("signature line");
        let (name, blob) = line.strip_prefix(MARK).and_then(|rest| rest.split_once(' ')).ok_or(WRONG)?;
        if name.len() > MAX_SIGNER_NAME_BYTES {
            return Err(CheckpointError::TooLarge);
        }
        let refused = |c: char| c.is_whitespace() || c.is_control() || c == '+';
        if name.is_empty() || name.contains(refused) {
            return Err(WRONG);
        }
        let blob = STANDARD.decode(blob).map_err(|_| CheckpointError::Base64)?;
        match blob.split_first_chunk() {
            Some((key_id, signature)) if !signature.is_empty() => {
                Ok(Self { name: name.to_owned(), key_id: *key_id, signature: signature.to_vec() })
            }
            _ => Err(WRONG),
        }
    }

    /// The time and the signature, if it can be a cosignature.
    fn cosignature(&self) -> Option<(u64, &[u8; 64])> {
        let (at_s, signature) = self.signature.split_first_chunk()?;
        let at_s = Some(u64::from_be_bytes(*at_s)).filter(|&at_s| at_s <= MAX_TIME_S)?;
        Some((at_s, signature.try_into().ok()?))
    }
}

/// Which key made a signature: the first 4 bytes of `SHA-256(name || 0x0A || type || public key)`.
pub(super) fn key_id(name: &str, kind: u8, key: &Did) -> [u8; 4] {
    let mut hash = Sha256::new();
    hash.update(name);
    hash.update([b'\n', kind]);
    hash.update(key.to_public_key());
    let full: [u8; 32] = hash.finalize().into();
    let [a, b, c, d, ..] = full;
    [a, b, c, d]
}

fn cosigned_message(at_s: u64, checkpoint: &Checkpoint) -> String {
    format!("cosignature/v1\ntime {at_s}\n{checkpoint}")
}
