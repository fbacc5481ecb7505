//! A sign of life on a terminal for what takes longer than a second.

use std::io::Write;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use crate::console::Console;

/// How long something may take before anything is said.
const PATIENCE: Duration = Duration::from_secs(1);
/// Time between two drawings.
const TICK: Duration = Duration::from_millis(200);
/// Width of the bar, in characters.
const WIDTH: usize = 20;
/// Back to the first column, and the line is empty (ECMA-48: CR, EL).
const CLEAR: &str = "\r\u{1b}[K";

/// Does `work`. If somebody watches and it takes longer than a second, a bar moves on standard
/// error until it is done; the end of the work is not known, so the bar goes to and fro.
pub(crate) fn during<T>(console: &Console, what: &str, work: impl FnOnce() -> T) -> T {
    if !console.is_watched() {
        return work();
    }
    let (done, waits) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            let begun = Instant::now();
            let mut wait = PATIENCE;
            let mut drawn = false;
            // The sender is dropped when the work is done, or has panicked.
            for tick in 0_usize.. {
                match waits.recv_timeout(wait) {
                    Err(RecvTimeoutError::Timeout) => draw(what, tick, begun.elapsed()),
                    Ok(()) | Err(RecvTimeoutError::Disconnected) => break,
                }
                (wait, drawn) = (TICK, true);
            }
            if drawn {
                show(CLEAR);
            }
        });
        let result = work();
        drop(done);
        result
    })
}

fn draw(what: &str, tick: usize, elapsed: Duration) {
    show(&format!("{CLEAR}{what} [{}] {} s", bar(tick), elapsed.as_secs()));
}

/// A block of three that goes to and fro.
fn bar(tick: usize) -> String {
    let room = WIDTH.saturating_sub(3);
    let step = tick.checked_rem(room.saturating_mul(2)).unwrap_or(0);
    let at = if step < room { step } else { room.saturating_mul(2).saturating_sub(step) };
    format!("{}==={}", " ".repeat(at), " ".repeat(room.saturating_sub(at)))
}

fn show(text: &str) {
    let mut to = std::io::stderr().lock();
    // A drawing that nobody sees is no loss.
    let _unseen = to.write_all(text.as_bytes()).and_then(|()| to.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_keeps_its_width_and_turns_at_both_ends() {
        let bars: Vec<_> = (0..40).map(bar).collect();
        assert!(bars.iter().all(|bar| bar.chars().count() == WIDTH));
        assert!(bars[0].starts_with("===") && bars[17].ends_with("===") && bars[34].starts_with("==="));
    }
}
