//! Stage 5: that the entries are the log that the ledger signed, whole and in order.

use std::collections::BTreeMap;

use wpc_model::Hash;

use super::code::Code;
use super::parallel;
use super::parts::Summary;
use super::read::Run;
use super::report::{Finding, Findings, count, stop};
use crate::checkpoint::{Checkpoint, Origin};
use crate::entry::{Body, Entry, EntryError};
use crate::fold::{Fold, Misplaced};
use crate::log::{Leaf, LeafKind};
use crate::merkle::{Frontier, leaf_hash, verify_inclusion};

/// An entry of the bundle, and its leaf in the tree.
#[derive(Debug)]
pub(super) struct Logged {
    pub(super) entry: Result<Entry, EntryError>,
    pub(super) leaf: Hash,
}

/// Decodes the entries; whether they read is found in its stage.
pub(super) fn decode(run: &Run<'_>) -> Vec<Logged> {
    parallel::each(&run.entries, |raw| Logged {
        entry: Entry::decode(raw.as_bytes()),
        leaf: leaf_hash(raw.as_bytes()),
    })
}

/// How far the ledger's own log vouches for the job.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Anchors {
    /// Entries that its last leaf covers.
    pub(super) size: u64,
}

/// Verifies order, tree, checkpoints and anchors.
pub(super) fn verify(run: &Run<'_>, entries: &[Logged]) -> Result<Anchors, Findings> {
    let mut found = Findings::new();
    each_entry(run, entries, &mut found);
    // What is no sequence has no order to look at.
    if found.is_empty() {
        in_order(entries, &mut found);
    }
    let roots = roots(run, entries);
    let ledger = run.origin.ledger_did();
    let whole = Checkpoint {
        origin: run.origin.clone(),
        size: count(entries.len()),
        root: roots.last_key_value().map_or_else(crate::merkle::empty_root, |(_, root)| *root),
    };
    match run.checkpoint.verify(ledger) {
        Ok(checkpoint) => {
            if checkpoint.origin != whole.origin {
                found.push(Finding::new(Code::OriginMismatch));
            }
            if checkpoint.size != whole.size {
                found.push(Finding::new(Code::SizeMismatch));
            } else if checkpoint.root != whole.root {
                found.push(Finding::new(Code::RootMismatch));
            }
        }
        Err(error) => found.push(Finding::new(Code::from_word(error.code()).unwrap_or(Code::Malformed))),
    }
    if run.root != whole.root {
        found.push(Finding::new(Code::RootMismatch).because("the subject's digest"));
    }
    let anchors = anchored(run, entries, &roots, &mut found);
    let mut summary = Summary::default();
    readable(entries).for_each(|entry| summary.count(&entry.body));
    if summary != run.summary {
        found.push(Finding::new(Code::ClosedTotals).because("the summary"));
    }
    stop(found)?;
    Ok(anchors)
}

pub(super) fn readable(entries: &[Logged]) -> impl Iterator<Item = &Entry> {
    entries.iter().filter_map(|logged| logged.entry.as_ref().ok())
}

/// What each entry must be by itself.
fn each_entry(run: &Run<'_>, entries: &[Logged], found: &mut Findings) {
    let mut last_at = i64::MIN;
    for (seq, logged) in (0_u64..).zip(entries) {
        let entry = match &logged.entry {
            Ok(entry) => entry,
            Err(error) => {
                let why = match error {
                    EntryError::NotCanonical { .. } => "not canonical",
                    EntryError::TooLong => "too long",
                    EntryError::Json | EntryError::Member(_) => "not an entry",
                };
                found.push(Finding::new(Code::LeafEncoding).at(seq).because(why));
                continue;
            }
        };
        if entry.seq != seq {
            found.push(Finding::new(Code::SeqGap).at(seq));
        }
        if run.origin.job_id() != Some(&entry.job) {
            found.push(Finding::new(Code::WrongJob).at(seq));
        }
        if entry.at < last_at {
            found.push(Finding::new(Code::TimeBackwards).at(seq));
        }
        last_at = last_at.max(entry.at);
    }
}

/// The roots of the tree at the sizes that leaves of the ledger's log name, and of all of it.
fn roots(run: &Run<'_>, entries: &[Logged]) -> BTreeMap<u64, Hash> {
    let sizes = run.leaves.iter().filter_map(|raw| Leaf::decode(raw.leaf.as_bytes()).ok());
    let mut roots: BTreeMap<u64, Hash> = sizes.map(|leaf| (leaf.size, crate::merkle::empty_root())).collect();
    let whole = count(entries.len());
    roots.retain(|size, _| (1..=whole).contains(size));
    roots.insert(whole, crate::merkle::empty_root());
    let mut tree = Frontier::new();
    for logged in entries {
        // A tree takes more leaves than a bundle has entries.
        if tree.push(logged.leaf).is_ok()
            && let Some(root) = roots.get_mut(&tree.size())
        {
            *root = tree.root();
        }
    }
    roots
}

/// What the ledger's own log says of the job, and that it says it.
fn anchored(run: &Run<'_>, entries: &[Logged], roots: &BTreeMap<u64, Hash>, found: &mut Findings) -> Anchors {
    let mut anchors = Anchors::default();
    let ledger = run.origin.ledger_did();
    let of_ledger = match run.ledger_checkpoint.verify(ledger) {
        Ok(checkpoint) if checkpoint.origin == Origin::ledger(*ledger) => checkpoint,
        Ok(_) => {
            found.push(Finding::new(Code::OriginMismatch).because("the ledger's checkpoint"));
            return anchors;
        }
        Err(error) => {
            let code = Code::from_word(error.code()).unwrap_or(Code::Malformed);
            found.push(Finding::new(code).because("the ledger's checkpoint"));
            return anchors;
        }
    };
    let (mut after, mut closed) = (0, false);
    let last = entries.last().and_then(|last| last.entry.as_ref().ok());
    let ends = last.is_some_and(|last| matches!(last.body, Body::Closed(_)));
    for raw in &run.leaves {
        let inconsistent = |why| Finding::new(Code::Inconsistent).because(why);
        let Ok(leaf) = Leaf::decode(raw.leaf.as_bytes()) else {
            found.push(Finding::new(Code::LeafEncoding).because("a leaf of the ledger's log"));
            continue;
        };
        let hash = leaf_hash(raw.leaf.as_bytes());
        if !verify_inclusion(hash, raw.index, of_ledger.size, &raw.path, of_ledger.root) {
            found.push(inconsistent("a leaf is not in the ledger's log"));
        }
        if run.origin.job_id() != Some(&leaf.job) {
            found.push(Finding::new(Code::WrongJob).because("a leaf of the ledger's log"));
        }
        if raw.index < after || leaf.size < anchors.size || closed {
            found.push(inconsistent("the leaves of the ledger's log are in another order"));
        }
        if roots.get(&leaf.size) != Some(&leaf.root) {
            found.push(inconsistent("the ledger's log has another log of this job"));
        }
        closed = leaf.kind == LeafKind::Closed;
        if closed && (leaf.size != count(entries.len()) || !ends) {
            found.push(inconsistent("the ledger's log closed the job elsewhere"));
        }
        after = raw.index.saturating_add(1);
        anchors.size = leaf.size;
    }
    anchors
}

/// What may follow what.
fn in_order(entries: &[Logged], found: &mut Findings) {
    let mut fold = Fold::default();
    for (seq, logged) in (0_u64..).zip(entries) {
        // What does not read was found; nothing after it can be folded.
        let Ok(entry) = &logged.entry else { return };
        if let Err(misplaced) = fold.step(entry, logged.leaf, Vec::new()) {
            let code = of_misplaced(misplaced);
            found.push(Finding::new(code).at(seq));
            return;
        }
    }
}

pub(super) const fn of_misplaced(misplaced: Misplaced) -> Code {
    match misplaced {
        Misplaced::NotOpen | Misplaced::AlreadyOpen => Code::SeqGap,
        Misplaced::AfterClosed => Code::AfterClosed,
        Misplaced::CallRepeated | Misplaced::OutcomeRepeated => Code::OutcomeRepeated,
        Misplaced::OutcomeUnmatched => Code::OutcomeUnmatched,
        Misplaced::ChargeDiffers => Code::ChargeDiffers,
        Misplaced::ClosedDiffers => Code::ClosedTotals,
        Misplaced::ApprovalRepeated => Code::ApprovalReplayed,
        Misplaced::ApprovalUnknown => Code::ApprovalWrongCall,
        Misplaced::TokenRepeated => Code::ClaimsMismatch,
        Misplaced::RevocationGap | Misplaced::NotRevoked | Misplaced::ReleaseGap | Misplaced::Malformed => {
            Code::LeafEncoding
        }
    }
}
