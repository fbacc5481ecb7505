//! The census: every job that tokens were issued for, that a ledger's log names, or that was opened here, as far as
//! its evidence is wanting (SECURITY.md 1.5).

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;
use wpc_client::wire::{Census, CensusJob, Problem};
use wpc_evidence::{Role, time};
use wpc_model::Hash;

use super::evidence::instant;
use crate::app::Shared;
use crate::caller::{Asked, Caller};
use crate::problem::Refusal;
use crate::store::Reading;

/// Jobs of a window. `$1` is the job after which they are wanted, `$2` and `$3` the window.
const JOBS: &str = "SELECT u.job FROM (SELECT job FROM issued WHERE exp * 1000 > $2 AND iat * 1000 < $3 \
                    UNION SELECT leaf.job FROM leaf JOIN log ON log.ledger = leaf.ledger \
                    WHERE leaf.n < log.size AND leaf.at >= $2 AND leaf.at < $3 \
                    UNION SELECT job FROM job WHERE at >= $2 AND at < $3) u WHERE u.job > $1 ORDER BY u.job LIMIT $4";

/// What is known of a job, from all who know of it.
struct Known {
    /// Agent, policy and ledger, by a token that was issued for it here.
    granted: Option<(String, String, Hash)>,
    /// The ledger that opened it here.
    opened: Option<String>,
    /// Its ledger and its size by that ledger's own log.
    logged: Option<(String, u64)>,
    /// The size of its longest bundle.
    in_bundle: Option<u64>,
}

fn known(reading: &mut Reading<'_>, job: &str) -> Result<Known, Refusal> {
    let of = || job.into();
    let sql = "SELECT agent, ledger, policy_hash FROM issued WHERE job = $1 ORDER BY exp LIMIT 1";
    let granted = reading.row(sql, &[of()])?;
    let opened = reading.row("SELECT ledger FROM job WHERE job = $1", &[of()])?;
    // What no head covers yet, nobody has signed.
    let sql = "SELECT leaf.ledger, leaf.size FROM leaf JOIN log ON log.ledger = leaf.ledger \
               WHERE leaf.job = $1 AND leaf.n < log.size ORDER BY leaf.size DESC LIMIT 1";
    let logged = reading.row(sql, &[of()])?;
    let bundle = reading.row("SELECT max(entries) FROM bundle WHERE job = $1", &[of()])?;
    Ok(Known {
        granted: granted
            .map(|row| Ok::<_, Refusal>((row.text(0)?, row.text(1)?, row.hash(2)?)))
            .transpose()?,
        opened: opened.map(|row| row.text(0)).transpose()?,
        logged: logged.map(|row| Ok::<_, Refusal>((row.text(0)?, row.number(1)?))).transpose()?,
        in_bundle: bundle.map_or(Ok(None), |row| row.maybe_number(0))?,
    })
}

impl Known {
    /// Why its evidence is wanting, if it is.
    fn why(&self) -> Option<&'static str> {
        let size = self.logged.as_ref().map(|(_, size)| *size);
        match (self.in_bundle, size) {
            (None, None) if self.opened.is_none() => Some("never_opened"),
            (None, _) if self.granted.is_none() => Some("not_granted"),
            (None, _) => Some("no_bundle"),
            (Some(has), Some(size)) if has < size => Some("bundle_short"),
            // Its bundle is here, and its ledger's log does not name it yet.
            (Some(_), None) => Some("log_behind"),
            (Some(_), Some(_)) => None,
        }
    }

    fn told(self, job: &str, why: &'static str) -> CensusJob {
        let (agent, by_token, policy) = match self.granted {
            Some((agent, ledger, policy)) => (Some(agent), Some(ledger), Some(policy.to_string())),
            None => (None, None, None),
        };
        let (by_log, entries) = self.logged.map_or((None, None), |(ledger, size)| (Some(ledger), Some(size)));
        CensusJob {
            job: job.to_owned(),
            why: why.to_owned(),
            ledger: by_log.or(self.opened).or(by_token),
            agent,
            policy_hash_b64u: policy,
            entries,
            in_bundle: self.in_bundle,
        }
    }
}

/// Jobs of a window of which there is no bundle, at most a page of them, of an agent and a policy if they are named.
pub(super) fn without_bundle(
    reading: &mut Reading<'_>,
    (from, until): (i64, i64),
    agent: &str,
    policy: Option<Hash>,
) -> Result<Vec<CensusJob>, Refusal> {
    let with = ["".into(), from.into(), until.into(), super::MAX_PAGE.into()];
    let mut found = Vec::new();
    for row in reading.rows(JOBS, &with)? {
        let job = row.text(0)?;
        let known = known(reading, &job)?;
        let Some(why) = known.why().filter(|_| known.in_bundle.is_none()) else { continue };
        let of = known.granted.as_ref();
        // Of a job that no token of ours is for, nobody can say whose it is: it stays.
        let fits = of.is_none_or(|(of_agent, _, of_policy)| {
            (agent.is_empty() || of_agent == agent) && policy.is_none_or(|policy| policy == *of_policy)
        });
        if fits {
            found.push(known.told(&job, why));
        }
    }
    Ok(found)
}

/// Which jobs.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct Which {
    /// That could run at or after this instant, RFC 3339.
    from: Option<String>,
    /// That could run before this instant, RFC 3339.
    until: Option<String>,
    /// Jobs of the page, 1 to 200.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u64>,
    /// Where the page before ended.
    cursor: Option<String>,
}

/// Every job of a window whose evidence is wanting.
#[utoipa::path(get, path = "/v1/census", tag = "evidence", params(Which),
    responses((status = 200, body = Census), (status = "default", body = Problem)))]
pub(crate) async fn get(
    State(app): State<Shared>,
    caller: Caller,
    Asked(which): Asked<Which>,
) -> Result<Json<Census>, Refusal> {
    caller.must(&[Role::Auditor])?;
    let limit = super::limit(which.limit)?;
    let after = super::text(which.cursor.as_deref())?.unwrap_or_default().to_owned();
    let (from, until) =
        (instant(which.from.as_deref(), 0)?, instant(which.until.as_deref(), time::MAX_TIME_MS)?);
    let census = app.read(move |reading| {
        let rows = reading.rows(JOBS, &[after.into(), from.into(), until.into(), limit.into()])?;
        let mut census = Census { jobs: 0, complete: 0, wanting: Vec::new(), cursor: None };
        let mut last = String::new();
        for row in &rows {
            last = row.text(0)?;
            let known = known(reading, &last)?;
            census.jobs = census.jobs.saturating_add(1);
            match known.why() {
                Some(why) => census.wanting.push(known.told(&last, why)),
                None => census.complete = census.complete.saturating_add(1),
            }
        }
        census.cursor = (census.jobs == limit).then_some(last);
        Ok(census)
    });
    Ok(Json(census.await?))
}
