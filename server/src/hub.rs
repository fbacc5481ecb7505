//! Who listens to the stream, and the one task that tells them (SECURITY.md 1.10).
//!
//! The task reads what is new in the store, at once when this process wrote and every [`LOOK`] otherwise, so that
//! several control planes on one database tell the same. It alone tells: what it tells is in order. A heartbeat
//! is a write: it takes its place among the revocations under the store's lock, so that no later one is earlier.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, broadcast, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use wpc_client::events::Event;
use wpc_evidence::statement::{Heartbeat, Statement as _};

use crate::app::Shared;
use crate::problem::Refusal;

/// How often the store is looked at for what other processes wrote.
const LOOK: Duration = Duration::from_millis(250);
/// How often a heartbeat is told.
pub(crate) const BEAT: Duration = Duration::from_secs(2);
/// Events that a listener may be behind before it is cut off, to begin anew.
const BEHIND: usize = 4_096;
const PAGE: u64 = 256;

/// The listeners.
#[derive(Debug)]
pub(crate) struct Hub {
    events: broadcast::Sender<Arc<Event>>,
    poke: Notify,
    closed: watch::Sender<bool>,
}

impl Hub {
    pub(crate) fn new() -> Self {
        Self { events: broadcast::channel(BEHIND).0, poke: Notify::new(), closed: watch::channel(false).0 }
    }

    /// Becomes true when nothing more will be told.
    pub(crate) fn closed(&self) -> watch::Receiver<bool> {
        self.closed.subscribe()
    }

    pub(crate) fn listen(&self) -> broadcast::Receiver<Arc<Event>> {
        self.events.subscribe()
    }

    /// Something new is in the store.
    pub(crate) fn poke(&self) {
        self.poke.notify_one();
    }

    fn tell(&self, event: Event) {
        // An error says that nobody listens.
        let _nobody = self.events.send(Arc::new(event));
    }
}

/// How far was told.
struct Told {
    revocation: u64,
    release: u64,
    approval: u64,
}

/// Tells, until the server stops.
pub(crate) async fn run(app: Shared, mut stopping: watch::Receiver<bool>) {
    let mut told = None;
    let mut beaten: Option<Instant> = None;
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = stopping.changed() => {
                app.hub.closed.send_replace(true);
                return;
            }
            _ = look.tick() => {}
            () = app.hub.poke.notified() => {}
        }
        let beat = beaten.is_none_or(|at| at.elapsed() >= BEAT);
        let turn = turn(&app, &mut told, beat);
        // A store that hangs must not hang the stream's end.
        let done = timeout(BEAT.saturating_mul(5), turn).await;
        match done {
            Ok(Ok(())) if beat => beaten = Some(Instant::now()),
            Ok(Ok(())) => {}
            // Nothing is told: whoever follows finds that out by themselves.
            Ok(Err(refusal)) => tracing::warn!(code = refusal.code, "the stream could not be continued"),
            Err(_) => tracing::warn!(code = "timed_out", "the stream could not be continued"),
        }
    }
}

async fn turn(app: &Shared, told: &mut Option<Told>, beat: bool) -> Result<(), Refusal> {
    let last = match told {
        Some(told) => told,
        None => told.insert(newest(app).await?),
    };
    let beaten = if beat {
        app.limits.tidy();
        Some(heartbeat(app).await?)
    } else {
        None
    };
    loop {
        let from = (last.revocation, last.release, last.approval);
        let found = app.read(move |reading| read(reading, from)).await?;
        if found.is_empty() {
            break;
        }
        for (at, event) in found {
            match event {
                Event::Revocation { .. } => last.revocation = at,
                Event::Release { .. } => last.release = at,
                Event::Approval { .. } => last.approval = at,
                Event::Heartbeat { .. } => {}
            }
            app.hub.tell(event);
        }
    }
    if let Some((seq, envelope)) = beaten {
        // Another process may have revoked since; the heartbeat would then be behind what was told.
        if seq == last.revocation {
            app.hub.tell(Event::Heartbeat { seq, envelope });
        }
    }
    Ok(())
}

async fn newest(app: &Shared) -> Result<Told, Refusal> {
    let newest = app.read(|reading| {
        let mut last =
            |sql| reading.row(sql, &[])?.map_or(Ok(None), |row| Ok::<_, Refusal>(row.maybe_number(0)?));
        Ok(Told {
            revocation: last("SELECT max(seq) FROM revocation")?.unwrap_or_default(),
            release: last("SELECT max(n) FROM release")?.unwrap_or_default(),
            approval: last("SELECT max(n) FROM approval")?.unwrap_or_default(),
        })
    });
    newest.await
}

fn read(
    reading: &mut crate::store::Reading<'_>,
    (revocation, release, approval): (u64, u64, u64),
) -> Result<Vec<(u64, Event)>, Refusal> {
    let mut found = Vec::new();
    let sql = "SELECT seq, body FROM revocation WHERE seq > $1 ORDER BY seq LIMIT $2";
    for row in reading.rows(sql, &[revocation.into(), PAGE.into()])? {
        let (seq, envelope) = (row.number(0)?, row.bytes(1)?);
        found.push((seq, Event::Revocation { seq, envelope }));
    }
    let sql = "SELECT n, policy_name, seq, body FROM release WHERE n > $1 ORDER BY n LIMIT $2";
    for row in reading.rows(sql, &[release.into(), PAGE.into()])? {
        let (policy_name, seq, envelope) = (row.text(1)?, row.number(2)?, row.bytes(3)?);
        found.push((row.number(0)?, Event::Release { policy_name, seq, envelope }));
    }
    let sql = "SELECT n, job, request FROM approval WHERE n > $1 ORDER BY n LIMIT $2";
    for row in reading.rows(sql, &[approval.into(), PAGE.into()])? {
        let (job, request) = (row.text(1)?, row.hash(2)?.to_string());
        found.push((row.number(0)?, Event::Approval { job, request }));
    }
    Ok(found)
}

/// A heartbeat, and the last revocation that it vouches for.
async fn heartbeat(app: &Shared) -> Result<(u64, Vec<u8>), Refusal> {
    let of = Arc::clone(app);
    let beaten = app.store.write(move |writing| {
        let at = writing.at();
        writing.execute("DELETE FROM nonce WHERE until < $1", &[at.into()])?;
        let last = writing.row("SELECT max(seq) FROM revocation", &[])?;
        let seq = last.map_or(Ok(None), |row| row.maybe_number(0))?.unwrap_or_default();
        let envelope = Heartbeat { seq, at }.sign(std::slice::from_ref(&*of.key))?;
        Ok((seq, envelope))
    });
    beaten.await
}
