//! The tasks: one that accepts, one for each connection.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::connection::{Connection, Ending};
use crate::broker::Broker;

/// How long a client may take to say good-bye.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// How often it is looked at what time has ended.
const TICK: Duration = Duration::from_millis(50);

/// How many ticks there are between two signs of life.
const BEAT_TICKS: u32 = 100;

/// How much is read at once, in bytes.
const READ_BYTES: usize = 64 << 10;

/// Accepts connections until told to stop, then waits for them.
pub(crate) async fn accept(listener: TcpListener, broker: Arc<Broker>, mut stopped: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((tcp, _)) = accepted else { break };
                broker.connected();
                connections.spawn(serve(tcp, Arc::clone(&broker), stopped.clone()));
            }
            // Also when the `Endpoint` was dropped.
            _ = stopped.changed() => break,
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn serve(mut tcp: TcpStream, broker: Arc<Broker>, mut stopped: watch::Receiver<bool>) {
    // Without this every answer waits for the client's acknowledgement.
    let _ = tcp.set_nodelay(true);
    let mut connection = Connection::new(Arc::clone(&broker));
    let mut changed = broker.subscribe();
    let (mut buffer, mut chunk) = (Vec::new(), vec![0; READ_BYTES]);
    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut ticks, mut last_words) = (0_u32, None);
    loop {
        connection.pump();
        let out = std::mem::take(&mut connection.out);
        if !out.is_empty() && tcp.write_all(&out).await.is_err() {
            return;
        }
        match connection.ending {
            Some(Ending::Cut) => return,
            Some(Ending::Closed) => {
                let _ = tcp.shutdown().await;
                return;
            }
            Some(Ending::Closing) => {
                let end = *last_words.get_or_insert_with(|| Instant::now() + LAST_WORDS);
                if Instant::now() >= end {
                    return;
                }
            }
            None => {}
        }
        tokio::select! {
            read = tcp.read(&mut chunk) => {
                let Ok(count @ 1..) = read else { return };
                let Some(bytes) = chunk.get(..count) else { return };
                broker.tap(bytes);
                buffer.extend_from_slice(bytes);
                connection.read(&mut buffer);
            }
            _ = changed.changed() => {}
            _ = tick.tick() => {
                broker.tick();
                ticks = ticks.wrapping_add(1);
                if ticks.is_multiple_of(BEAT_TICKS) {
                    connection.beat();
                }
            }
            _ = stopped.changed(), if connection.ending.is_none() => connection.close_quietly(),
        }
    }
}
