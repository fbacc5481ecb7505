//! Whatever happened in a job before, everything that decides decides alike: a gate over either
//! ledger, the reference interpreter over a plain list of charges, and a second reading of
//! LANGUAGE.md section 4 over a plain list of calls.
//!
//! The tests draw `WPC_CASES` triples of a policy, a call and a history from a fixed seed.

mod drawn;
mod oracle;
mod played;

use std::env;

use crate::random::dice::Random;
use played::{Played, Seen, Store};

/// Triples when `WPC_CASES` does not say how many.
const CASES: u64 = 6_000;
/// Calls of one history.
const CALLS: u64 = 60;
const SEED: u64 = 0x6869_7374;

fn cases() -> u64 {
    env::var("WPC_CASES").map_or(CASES, |cases| cases.parse().unwrap())
}

fn play(store: Store, histories: u64, random: &mut Random, seen: &mut Seen) {
    for _ in 0..histories {
        let policy = drawn::policy(random);
        let mut played = Played::begin(&policy, store, random);
        for _ in 0..CALLS {
            played.step(random, seen);
        }
        played.end();
    }
}

#[test]
fn a_gate_decides_on_its_ledger_as_on_a_list_of_what_happened() {
    let (mut random, mut seen) = (Random::new(SEED), Seen::default());
    play(Store::Memory, cases().div_ceil(CALLS), &mut random, &mut seen);
    println!("{seen:?}");
    seen.is_everything(cases());
}

#[test]
fn and_so_it_does_on_a_ledger_in_a_file() {
    let (mut random, mut seen) = (Random::new(SEED ^ 1), Seen::default());
    play(Store::File, cases().div_ceil(CALLS * 20), &mut random, &mut seen);
    println!("{seen:?}");
}
