//! Ledgers' own logs: pushed leaf by leaf, so that a ledger that forgets is found out (SECURITY.md 1.5).

use axum::Json;
use axum::extract::{Path, State};
use wpc_client::wire::{Checkpoint, Cosigned, Problem};
use wpc_evidence::checkpoint::SignedCheckpoint;
use wpc_evidence::log::Leaf;
use wpc_evidence::merkle::{Frontier, leaf_hash};
use wpc_evidence::{Did, Role};
use wpc_model::canon;

use super::did;
use crate::app::Shared;
use crate::caller::{Caller, Sent};
use crate::problem::{Code, Refusal};
use crate::store::Writing;

/// Longest accepted push, in bytes.
const PUSH: usize = 16 << 20;

/// What is known of a ledger's log: its leaves, and the last head that was pushed with all leaves before it.
struct Log {
    frontier: Frontier,
    size: u64,
    note: String,
}

fn read(writing: &mut Writing<'_>, ledger: &Did) -> Result<Log, Refusal> {
    let sql = "SELECT frontier, size, note FROM log WHERE ledger = $1";
    let Some(row) = writing.row(sql, &[ledger.as_str().into()])? else {
        return Ok(Log { frontier: Frontier::new(), size: 0, note: String::new() });
    };
    let frontier = Frontier::from_bytes(&row.bytes(0)?).map_err(|_| Refusal::new(Code::StoreUnavailable))?;
    Ok(Log { frontier, size: row.number(1)?, note: row.text(2)? })
}

fn write(writing: &mut Writing<'_>, ledger: &Did, log: &Log) -> Result<(), Refusal> {
    let sql = "INSERT INTO log (ledger, size, frontier, note, at) VALUES ($1, $2, $3, $4, $5) \
               ON CONFLICT (ledger) DO UPDATE SET size = excluded.size, frontier = excluded.frontier, \
               note = excluded.note, at = excluded.at";
    let at = writing.at();
    let with = [
        ledger.as_str().into(),
        log.size.into(),
        log.frontier.to_bytes().as_slice().into(),
        log.note.as_str().into(),
        at.into(),
    ];
    writing.execute(sql, &with)?;
    Ok(())
}

/// A ledger pushes the head of its own log with the leaves since the last one.
///
/// The leaves must lead from the log that is known to the head: what was pushed once can neither be taken back nor
/// told otherwise. The answer is the head, cosigned if this control plane is a witness.
///
/// What is too long for one request comes in several, each with the same head: as long as leaves are missing
/// the answer has how many are known, and the last head that all were there for, or none.
#[utoipa::path(post, path = "/v1/ledgers/{did}/checkpoints", tag = "jobs",
    params(("did" = String, Path, description = "The ledger")), request_body = Checkpoint,
    responses((status = 200, body = Cosigned), (status = "default", body = Problem)))]
pub(crate) async fn push(
    State(app): State<Shared>,
    Path(ledger): Path<String>,
    caller: Caller,
    sent: Sent<PUSH>,
) -> Result<Json<Cosigned>, Refusal> {
    let ledger = did(&ledger)?;
    caller.must_be(&ledger)?;
    let asked: Checkpoint = sent.json()?;
    let refused = |error: wpc_evidence::checkpoint::CheckpointError| {
        Refusal::of(Code::CheckpointRefused, error.code(), error)
    };
    let note = SignedCheckpoint::parse(&asked.checkpoint).map_err(refused)?;
    let head = note.verify(&ledger).map_err(refused)?.clone();
    if head.origin.job_id().is_some() {
        return Err(Refusal::of(Code::CheckpointRefused, "origin_mismatch", "it is a job's"));
    }
    let mut leaves = Vec::with_capacity(asked.leaves.len());
    for text in &asked.leaves {
        let leaf = Leaf::decode(text.as_bytes())
            .map_err(|error| Refusal::of(Code::CheckpointRefused, error.code(), error))?;
        leaves.push(leaf);
    }
    let pushed = app.write(caller, move |app, writing, author| {
        let known = read(writing, &ledger)?;
        let has = known.frontier.size();
        if head.size < has {
            return Err(Refusal::new(Code::CheckpointBehind).because(format_args!("{has} leaves are known")));
        }
        let missing = || Refusal::new(Code::LeavesMissing).because(format_args!("from {has} on"));
        let skip = has.checked_sub(asked.first).and_then(|skip| usize::try_from(skip).ok());
        let skip = skip.ok_or_else(missing)?;
        let mut frontier = known.frontier;
        for (leaf, text) in leaves.iter().zip(&asked.leaves).skip(skip) {
            let n = frontier.size();
            frontier.push(leaf_hash(text.as_bytes())).map_err(|_| missing())?;
            let sql =
                "INSERT INTO leaf (ledger, n, kind, job, size, at, body) VALUES ($1, $2, $3, $4, $5, $6, $7)";
            let with = [
                ledger.as_str().into(),
                n.into(),
                leaf.kind.word().into(),
                leaf.job.as_str().into(),
                leaf.size.into(),
                leaf.at.into(),
                text.as_bytes().into(),
            ];
            writing.execute(sql, &with)?;
        }
        let size = frontier.size();
        if size > head.size || (size < head.size && leaves.is_empty()) {
            return Err(missing());
        }
        if size < head.size {
            let Log { size: covered, note, .. } = known;
            write(writing, &ledger, &Log { frontier, size: covered, note: note.clone() })?;
            let subject = [
                ("ledger", canon::Json::from(ledger.as_str())),
                ("size", canon::Json::Integer(i64::try_from(size).unwrap_or(i64::MAX))),
            ];
            writing.audit(author, "leaves_taken", subject)?;
            return Ok(Cosigned { size, checkpoint: note });
        }
        if frontier.root() != head.root {
            return Err(Refusal::new(Code::CheckpointForked));
        }
        if head.size == known.size && !known.note.is_empty() {
            return Ok(Cosigned { size, checkpoint: known.note });
        }
        let at = writing.at();
        let signed = match &app.witness {
            Some(witness) => note
                .cosign(witness, u64::try_from(at.div_euclid(1_000)).unwrap_or_default())
                .map_err(|error| Refusal::of(Code::CheckpointRefused, error.code(), error))?,
            None => note,
        }
        .to_string();
        write(writing, &ledger, &Log { frontier, size: head.size, note: signed.clone() })?;
        let subject = [
            ("ledger", canon::Json::from(ledger.as_str())),
            ("root", canon::Json::from(head.root.to_string())),
            ("size", canon::Json::Integer(i64::try_from(head.size).unwrap_or(i64::MAX))),
        ];
        writing.audit(author, "checkpoint_taken", subject)?;
        Ok(Cosigned { size: head.size, checkpoint: signed })
    });
    Ok(Json(pushed.await?))
}

/// The head of a ledger's own log that is known here.
#[utoipa::path(get, path = "/v1/ledgers/{did}/checkpoint", tag = "jobs",
    params(("did" = String, Path, description = "The ledger")),
    responses((status = 200, body = Cosigned), (status = "default", body = Problem)))]
pub(crate) async fn get(
    State(app): State<Shared>,
    Path(ledger): Path<String>,
    caller: Caller,
) -> Result<Json<Cosigned>, Refusal> {
    let ledger = did(&ledger)?;
    caller.must(&[Role::Auditor, Role::Operator, Role::Ledger, Role::Witness])?;
    let found = app.read(move |reading| {
        let row = reading.row("SELECT size, note FROM log WHERE ledger = $1", &[ledger.as_str().into()])?;
        let row = row.ok_or_else(|| Refusal::new(Code::LedgerUnknown))?;
        let (size, checkpoint) = (row.number(0)?, row.text(1)?);
        // Leaves that no head covers yet.
        if checkpoint.is_empty() {
            return Err(Refusal::new(Code::LedgerUnknown));
        }
        Ok(Cosigned { size, checkpoint })
    });
    Ok(Json(found.await?))
}
