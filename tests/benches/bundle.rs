//! What verifying a bundle of 10,000 entries costs, beside one SHA-256 and one Ed25519 verification of
//! the same bytes: `cargo bench -p wpc-tests --bench bundle`.

#![expect(clippy::print_stdout, reason = "the numbers are the point")]
#![expect(dead_code, reason = "the tests use all of it")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "what does not hold stops the bench")]
#![expect(clippy::float_arithmetic, reason = "ratios are printed")]

#[path = "../bundle/world.rs"]
mod world;

use std::time::{Duration, Instant};

use ed25519_dalek::{Signer as _, SigningKey};
use sha2::{Digest as _, Sha256};
use wpc::bundle::{Options, Verdict, verify};

use world::World;

const ENTRIES: usize = 10_000;
const ROUNDS: u32 = 5;

fn main() {
    let numbers: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let sizes = if numbers.is_empty() { vec![ENTRIES / 4, ENTRIES] } else { numbers };
    for entries in sizes {
        measure(entries);
    }
}

fn measure(entries: usize) {
    let text = include_str!("../bundle/rich.wpc")
        .replace("plan to 6 per job", "plan to 1000000 per job")
        .replace("plan to 3 per minute", "plan to 1000000 per minute")
        .replace("plan to 1 KiB per job", "plan to 1 GiB per job");
    let world = World::under(&world::policy_of(&text));
    // Two entries a call; opened, token and closed.
    for number in 0..(entries - 3) / 2 {
        if number % 10_000 == 9_999 {
            world.renew();
        }
        world.planned("web", &format!("h-{number}"));
    }
    world.gate.close().unwrap();
    let bundle = world.bundle();
    let verified = least(|| {
        let report = verify(&bundle, &world.trust, &Options::default());
        assert_eq!(report.verdict(), Verdict::Verified, "{report:?}");
    });
    let key = SigningKey::from_bytes(&[1; 32]);
    let (signature, public) = (key.sign(&bundle), key.verifying_key());
    let plain = least(|| {
        let hash: [u8; 32] = Sha256::digest(&bundle).into();
        assert_ne!(hash, [0; 32]);
        public.verify_strict(&bundle, &signature).unwrap();
    });
    let ratio = verified.as_secs_f64() / plain.as_secs_f64();
    println!(
        "{entries} entries, {} KiB: verified in {} ms, {} us an entry; SHA-256 and Ed25519 of the bytes {} ms: {ratio:.1} times",
        bundle.len() / 1_024,
        verified.as_millis(),
        verified.as_micros() / u128::try_from(entries).unwrap(),
        plain.as_millis(),
    );
}

/// The least of some runs.
fn least(mut run: impl FnMut()) -> Duration {
    let mut once = || {
        let from = Instant::now();
        run();
        from.elapsed()
    };
    (0..ROUNDS).map(|_| once()).min().unwrap()
}
