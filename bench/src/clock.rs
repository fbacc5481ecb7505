//! Timing: medians of batches, so that one interruption does not move a figure.

use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::Result;

/// How long one figure may take.
#[derive(Clone, Copy, Debug)]
pub struct Budget(
    /// Wall time of one figure; a slow body may exceed it by a few calls.
    pub Duration,
);

impl Budget {
    /// Median nanoseconds of one call of `body`: batches of about a millisecond, as many as fit.
    pub fn median_ns<T>(self, mut body: impl FnMut() -> T) -> f64 {
        let (mut calls, start) = (0_u32, Instant::now());
        while calls == 0 || start.elapsed() < self.0 / 10 {
            black_box(body());
            calls += 1;
        }
        let one = start.elapsed().as_secs_f64() / f64::from(calls);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped: 1 to 5 million"
        )]
        let batch = (1e-3 / one.max(1e-10)).clamp(1.0, 5e6) as u32;

        let (mut samples, start) = (Vec::new(), Instant::now());
        while samples.len() < 3 || (samples.len() < 501 && start.elapsed() < self.0) {
            let batch_start = Instant::now();
            for _ in 0..batch {
                black_box(body());
            }
            samples.push(batch_start.elapsed().as_secs_f64() * 1e9 / f64::from(batch));
            if start.elapsed() > self.0 * 6 {
                break;
            }
        }
        median(&mut samples)
    }

    /// Median milliseconds of loading something, each time from scratch and with the one before
    /// dropped, and the last one loaded.
    ///
    /// # Errors
    ///
    /// What `body` returns.
    pub fn load_ms<T>(self, mut body: impl FnMut() -> Result<T>) -> Result<(f64, T)> {
        let (mut samples, start) = (Vec::new(), Instant::now());
        loop {
            let one_start = Instant::now();
            let loaded = black_box(body()?);
            samples.push(one_start.elapsed().as_secs_f64() * 1e3);
            if samples.len() >= 21 || start.elapsed() > self.0 * 2 {
                return Ok((median(&mut samples), loaded));
            }
        }
    }
}

/// The middle of `samples`, which it sorts; 0 of none.
pub fn median(samples: &mut [f64]) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples.get(samples.len() / 2).copied().unwrap_or(0.0)
}

/// Nanoseconds of a fixed piece of integer work: how fast the machine was just then.
#[must_use]
pub fn calibrate() -> f64 {
    Budget(Duration::from_millis(40)).median_ns(|| {
        let mut x = black_box(0x9e37_79b9_7f4a_7c15_u64);
        for _ in 0..1000 {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
        }
        x
    })
}
