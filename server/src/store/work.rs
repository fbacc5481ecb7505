//! One transaction, and the audit log that every write goes through.

use tokio::sync::oneshot;
use wpc_evidence::checkpoint::{Checkpoint, Origin, SignedCheckpoint};
use wpc_evidence::merkle::{Frontier, leaf_hash};
use wpc_evidence::{Did, Key, time};
use wpc_model::canon::Json;

use super::{Row, Session, StoreError, Value};
use crate::problem::{Code, Refusal};

/// Reads the one row of `head`.
pub(super) const HEAD: &str = "SELECT last_at, size, frontier, note FROM head WHERE id = 1";
/// How far the clock may be behind what was written last, in milliseconds.
const MAX_BEHIND_MS: i64 = 5_000;
const PAGE: u64 = 1_000;

/// Who writes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Author {
    /// The principal's name in the trust file.
    pub(crate) principal: String,
    /// The key that signed the request.
    pub(crate) key: Did,
}

/// The audit log's head.
#[derive(Clone)]
struct Head {
    last_at: i64,
    frontier: Frontier,
}

/// A transaction that writes.
pub(crate) struct Writing<'s> {
    session: &'s mut dyn Session,
    head: Head,
    at: i64,
}

/// A transaction, or none, that reads.
pub(crate) struct Reading<'s>(&'s mut dyn Session);

impl Writing<'_> {
    /// The time of what is written, Unix milliseconds; never before that of what was written before.
    pub(crate) const fn at(&self) -> i64 {
        self.at
    }

    pub(crate) fn rows(&mut self, sql: &str, with: &[Value]) -> Result<Vec<Row>, Refusal> {
        Ok(self.session.rows(sql, with)?)
    }

    /// The row, if there is one.
    pub(crate) fn row(&mut self, sql: &str, with: &[Value]) -> Result<Option<Row>, Refusal> {
        Ok(self.rows(sql, with)?.into_iter().next())
    }

    /// How many rows were changed.
    pub(crate) fn execute(&mut self, sql: &str, with: &[Value]) -> Result<u64, Refusal> {
        Ok(self.session.execute(sql, with)?)
    }

    pub(crate) fn reading(&mut self) -> Reading<'_> {
        Reading(self.session)
    }

    /// The number of the next row of a table of ours that has `n`, from 1.
    pub(crate) fn next(&mut self, sql: &'static str) -> Result<u64, Refusal> {
        let last = self.row(sql, &[])?.map_or(Ok(None), |row| row.maybe_number(0))?;
        Ok(last.unwrap_or_default().saturating_add(1))
    }

    /// Takes the nonce of a signed request, which nobody took before.
    pub(crate) fn take(&mut self, signer: &Did, nonce: &str, until: i64) -> Result<(), Refusal> {
        let sql = "INSERT INTO nonce (signer, nonce, until) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
        let taken = self.execute(sql, &[signer.as_str().into(), nonce.into(), until.into()])?;
        if taken == 1 { Ok(()) } else { Err(Refusal::new(Code::RequestReplayed)) }
    }

    /// Says in the audit log who did what.
    pub(crate) fn audit<const N: usize>(
        &mut self,
        author: &Author,
        action: &'static str,
        subject: [(&'static str, Json); N],
    ) -> Result<(), Refusal> {
        let at = time::to_text(self.at).ok_or_else(|| Refusal::new(Code::ClockBehind))?;
        let entry = Json::object([
            ("action", Json::from(action)),
            ("at", Json::from(at)),
            ("key", Json::from(author.key.as_str())),
            ("principal", Json::from(author.principal.as_str())),
            ("subject", Json::object(subject)),
            ("v", Json::Integer(1)),
        ]);
        let bytes = entry.encode();
        let n = self.head.frontier.size();
        self.head.frontier.push(leaf_hash(&bytes)).map_err(|_| Refusal::new(Code::StoreUnavailable))?;
        self.execute("INSERT INTO audit (n, body) VALUES ($1, $2)", &[n.into(), bytes.as_slice().into()])?;
        Ok(())
    }
}

impl Reading<'_> {
    pub(crate) fn rows(&mut self, sql: &str, with: &[Value]) -> Result<Vec<Row>, Refusal> {
        Ok(self.0.rows(sql, with)?)
    }

    /// The row, if there is one.
    pub(crate) fn row(&mut self, sql: &str, with: &[Value]) -> Result<Option<Row>, Refusal> {
        Ok(self.rows(sql, with)?.into_iter().next())
    }

    /// The audit log's signed head.
    pub(crate) fn note(&mut self) -> Result<String, Refusal> {
        let row = self.row(HEAD, &[])?.ok_or_else(|| Refusal::new(Code::StoreUnavailable))?;
        Ok(row.text(3)?)
    }
}

/// Something that waits for its turn.
pub(super) trait Queued: Send {
    /// Does it; whether what it wrote is to stay.
    fn run(&mut self, writing: &mut Writing<'_>) -> bool;
    /// Answers, once it is durable or cannot be.
    fn done(self: Box<Self>, committed: Result<(), StoreError>);
}

pub(super) struct Task<T, F> {
    work: Option<F>,
    said: Option<Result<T, Refusal>>,
    reply: oneshot::Sender<Result<T, Refusal>>,
}

impl<T, F> Task<T, F>
where
    T: Send,
    F: FnOnce(&mut Writing<'_>) -> Result<T, Refusal> + Send,
{
    pub(super) fn new(work: F) -> (Self, oneshot::Receiver<Result<T, Refusal>>) {
        let (reply, answer) = oneshot::channel();
        (Self { work: Some(work), said: None, reply }, answer)
    }
}

impl<T, F> Queued for Task<T, F>
where
    T: Send,
    F: FnOnce(&mut Writing<'_>) -> Result<T, Refusal> + Send,
{
    fn run(&mut self, writing: &mut Writing<'_>) -> bool {
        // Whoever asked is gone: nothing was begun for them.
        let Some(work) = self.work.take().filter(|_| !self.reply.is_closed()) else { return false };
        let said = work(writing);
        let stays = said.is_ok();
        self.said = Some(said);
        stays
    }

    fn done(self: Box<Self>, committed: Result<(), StoreError>) {
        let said = self.said.unwrap_or_else(|| Err(Refusal::new(Code::StoreUnavailable)));
        // Nobody has an answer that is not durable; a refusal holds all the same.
        let said = said.and_then(|said| committed.map(|()| said).map_err(Refusal::from));
        let _gone = self.reply.send(said);
    }
}

/// All of `batch` in one transaction, each within a savepoint.
pub(super) fn batch(
    session: &mut dyn Session,
    batch: &mut [Box<dyn Queued>],
    key: &Key,
) -> Result<(), StoreError> {
    session.begin()?;
    let head = read_head(&session.lock()?)?;
    let now = session.now_ms()?;
    let behind = head.last_at.saturating_sub(now);
    if behind > MAX_BEHIND_MS {
        session.run("ROLLBACK")?;
        return Err(StoreError::ClockBehind(behind));
    }
    let mut writing = Writing { session, at: now.max(head.last_at), head };
    for task in batch {
        writing.session.run("SAVEPOINT one")?;
        let before = writing.head.clone();
        if !task.run(&mut writing) {
            writing.head = before;
            writing.session.run("ROLLBACK TO SAVEPOINT one")?;
        }
        writing.session.run("RELEASE SAVEPOINT one")?;
    }
    let Writing { session, head, at } = writing;
    let note = if head.frontier.size() == 0 { String::new() } else { sign(&head.frontier, key)? };
    let with = [
        Value::from(at),
        head.frontier.size().into(),
        head.frontier.to_bytes().as_slice().into(),
        note.into(),
    ];
    session
        .execute("UPDATE head SET last_at = $1, size = $2, frontier = $3, note = $4 WHERE id = 1", &with)?;
    session.run("COMMIT")
}

/// One that reads.
pub(super) fn once(session: &mut dyn Session, task: &mut dyn Queued) -> Result<(), StoreError> {
    let head = Head { last_at: 0, frontier: Frontier::new() };
    let at = session.now_ms()?;
    task.run(&mut Writing { session, head, at });
    Ok(())
}

fn sign(frontier: &Frontier, key: &Key) -> Result<String, StoreError> {
    let origin = Origin::ledger(key.did());
    let checkpoint = Checkpoint { origin, size: frontier.size(), root: frontier.root() };
    checkpoint.sign(key).map(|note| note.to_string()).map_err(StoreError::unavailable)
}

fn read_head(rows: &[Row]) -> Result<Head, StoreError> {
    let [row] = rows else { return Err(StoreError::damaged("there is not one head")) };
    let frontier = Frontier::from_bytes(&row.bytes(2)?).map_err(StoreError::damaged)?;
    if frontier.size() != row.number(1)? {
        return Err(StoreError::damaged("the head's size"));
    }
    Ok(Head { last_at: row.integer(0)?, frontier })
}

/// Derives the audit log's head again, and compares it with what the key signed.
pub(super) fn verify(session: &mut dyn Session, key: &Key) -> Result<(), StoreError> {
    let rows = session.rows(HEAD, &[])?;
    let head = read_head(&rows)?;
    let note = rows.first().ok_or(StoreError::Tampered)?.text(3)?;
    if !note.is_empty() {
        let note = SignedCheckpoint::parse(&note).map_err(|_| StoreError::Tampered)?;
        let signed = note.verify(&key.did()).map_err(|_| StoreError::Tampered)?;
        if (signed.size, signed.root) != (head.frontier.size(), head.frontier.root()) {
            return Err(StoreError::Tampered);
        }
    } else if head.frontier.size() > 0 {
        return Err(StoreError::Tampered);
    }
    let mut frontier = Frontier::new();
    while frontier.size() < head.frontier.size() {
        let sql = "SELECT body FROM audit WHERE n >= $1 ORDER BY n LIMIT $2";
        let page = session.rows(sql, &[frontier.size().into(), PAGE.into()])?;
        if page.is_empty() {
            return Err(StoreError::Tampered);
        }
        for row in page
            .iter()
            .take(usize::try_from(head.frontier.size().saturating_sub(frontier.size())).unwrap_or(usize::MAX))
        {
            frontier.push(leaf_hash(&row.bytes(0)?)).map_err(StoreError::damaged)?;
        }
    }
    if frontier.root() == head.frontier.root() { Ok(()) } else { Err(StoreError::Tampered) }
}
