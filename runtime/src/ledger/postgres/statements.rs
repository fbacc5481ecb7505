//! Rows of what others say of the ledger's jobs: revocations, releases, and that somebody accepted the clock.

use std::collections::BTreeSet;

use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use wpc_evidence::statement::Released;
use wpc_model::Hash;

use super::session::{Session, bytes, get, number};
use super::transaction::Batch;
use super::work::change;
use crate::JobId;
use crate::ledger::append::{self, Writer};
use crate::ledger::columns::integer;
use crate::ledger::time::Acceptance;
use crate::ledger::{ClockAccepted, LedgerError, Misplaced, ReleaseRow, RevocationKey};

impl Batch<'_> {
    /// Takes a revocation at its place, which must be the next, and waits for whoever begins a call that it
    /// is about.
    pub(super) fn revoke(
        &mut self,
        seq: u64,
        what: &RevocationKey,
        envelope: &[u8],
    ) -> Result<(), LedgerError> {
        if self.revocations.checked_add(1) != Some(seq) {
            return Err(Misplaced::RevocationGap.into());
        }
        if let Some(lifted) = what.lifts()
            && revoked(self.session, &lifted)?.is_none()
        {
            return Err(Misplaced::NotRevoked.into());
        }
        let seq = integer(seq)?;
        let sql = "INSERT INTO revocation (seq, at, kind, value, body) VALUES ($1, $2, $3, $4, $5)";
        let row: [&(dyn tokio_postgres::types::ToSql + Sync); 5] =
            [&seq, &self.moment.at, &what.kind, &what.value, &envelope];
        change(1, self.session.execute(sql, &row))?;
        self.touched = true;
        let about = match what.kind.as_str() {
            "job" => "SELECT job FROM job WHERE state = 'open' AND job = $1 ORDER BY job FOR UPDATE",
            "agent" | "agent_lifted" => {
                "SELECT job FROM job WHERE state = 'open' AND agent = $1 ORDER BY job FOR UPDATE"
            }
            "jti" => {
                "SELECT job FROM job WHERE state = 'open' AND job IN \
                 (SELECT job FROM token WHERE issuer || ' ' || jti = $1) ORDER BY job FOR UPDATE"
            }
            "issuer_key" | "issuer_key_lifted" => {
                "SELECT job FROM job WHERE state = 'open' AND job IN \
                 (SELECT job FROM token WHERE issuer = $1) ORDER BY job FOR UPDATE"
            }
            // Which policies extend which, and which job waits for which approval, gates know.
            _ => "SELECT job FROM job WHERE state = 'open' AND $1 <> '' ORDER BY job FOR UPDATE",
        };
        let rows = self.session.rows(about, &[&what.value])?;
        let jobs: Vec<&str> = rows.iter().map(|row| get(row, 0)).collect::<Result<_, _>>()?;
        if !jobs.is_empty() {
            let sql = "UPDATE job SET revocation_seq = $2 WHERE job = ANY($1)";
            change(u64::try_from(jobs.len()).unwrap_or(u64::MAX), self.session.execute(sql, &[&jobs, &seq]))?;
        }
        Ok(())
    }

    /// Takes a release, which must be the next of its policy's name, and waits for whoever begins a call.
    pub(super) fn release(
        &mut self,
        Released { release, hash }: &Released,
        envelope: &[u8],
    ) -> Result<(), LedgerError> {
        let sql = "SELECT seq, hash FROM release WHERE policy_name = $1 ORDER BY seq DESC LIMIT 1";
        let last = self.session.row(sql, &[&release.policy_name])?;
        let last =
            last.map(|row| Ok::<_, LedgerError>((number(&row, 0)?, Hash(bytes(&row, 1)?)))).transpose()?;
        append::follows(last, release)?;
        let n = integer(self.releases.saturating_add(1))?;
        let sql = "INSERT INTO release (n, at, policy_name, seq, hash, body) VALUES ($1, $2, $3, $4, $5, $6)";
        let (at, seq, hash) = (self.moment.at, integer(release.seq)?, hash.0.as_slice());
        let row: [&(dyn ToSql + Sync); 6] = [&n, &at, &release.policy_name, &seq, &hash, &envelope];
        change(1, self.session.execute(sql, &row))?;
        self.touched = true;
        // Their rows change, as those of jobs do that a revocation is about. Which job has a policy of that name
        // gates know.
        self.session.rows("SELECT job FROM job WHERE state = 'open' ORDER BY job FOR UPDATE", &[])?;
        self.session.execute("UPDATE job SET revocation_seq = revocation_seq WHERE state = 'open'", &[])?;
        Ok(())
    }

    /// Accepts the clock.
    pub(super) fn accept(
        &mut self,
        writer: &Writer,
        jobs: &BTreeSet<JobId>,
        by: &str,
    ) -> Result<ClockAccepted, LedgerError> {
        let acceptance = self.acceptance.take().ok_or_else(|| LedgerError::unavailable("no time"))?;
        let accepted = acceptance.entry(by)?;
        let sql = "INSERT INTO clock (n, at, wall, ledger_at, accepted_by) \
                   SELECT coalesce(max(n), 0) + 1, $1, $2, $3, $4 FROM clock";
        let Acceptance { wall, ledger_at } = acceptance;
        change(1, self.session.execute(sql, &[&self.moment.at, &wall, &ledger_at, &by]))?;
        self.touched = true;
        jobs.iter().try_for_each(|job| self.accepted(writer, job, &accepted))?;
        Ok(accepted)
    }
}

/// Place and time of the last revocation of this, unless it is lifted.
pub(super) fn revoked(session: &Session, what: &RevocationKey) -> Result<Option<(u64, i64)>, LedgerError> {
    let sql = "SELECT seq, at, kind FROM revocation WHERE kind IN ($1, $3) AND value = $2 ORDER BY seq DESC LIMIT 1";
    let Some(row) = session.row(sql, &[&what.kind, &what.value, &what.lifted_by()])? else { return Ok(None) };
    let stands = get::<String>(&row, 2)? == what.kind;
    Ok(if stands { Some((number(&row, 0)?, get(&row, 1)?)) } else { None })
}

/// The releases of a policy's name that come after number `seq`, in their order.
pub(super) fn releases(
    session: &Session,
    policy_name: &str,
    seq: u64,
) -> Result<Vec<ReleaseRow>, LedgerError> {
    let sql = "SELECT seq, at, hash, body FROM release WHERE policy_name = $1 AND seq > $2 ORDER BY seq";
    let read = |row: &Row| {
        let (seq, at) = (number(row, 0)?, get(row, 1)?);
        Ok(ReleaseRow { seq, at, hash: Hash(bytes(row, 2)?), envelope: get(row, 3)? })
    };
    session.rows(sql, &[&policy_name, &integer(seq)?])?.iter().map(read).collect()
}

/// The last time that somebody accepted the clock.
pub(super) fn accepted(session: &Session) -> Result<Option<Acceptance>, LedgerError> {
    let row = session.row("SELECT wall, ledger_at FROM clock ORDER BY n DESC LIMIT 1", &[])?;
    row.map(|row| Ok(Acceptance { wall: get(&row, 0)?, ledger_at: get(&row, 1)? })).transpose()
}
