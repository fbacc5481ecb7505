//! Every seed, and everything that a fuzzer ever found, through the same checks, without a fuzzer.

use std::fs;
use std::path::{Path, PathBuf};

use wpc_fuzz::ORACLES;

fn files(directory: &str, target: &str) -> Vec<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(directory).join(target);
    let Ok(entries) = fs::read_dir(path) else { return Vec::new() };
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn every_seed_passes_its_oracle() {
    for (target, oracle) in ORACLES {
        let seeds = files("seeds", target);
        assert!(!seeds.is_empty(), "no seeds for `{target}`: run fuzz/seed.sh");
        for seed in seeds {
            eprintln!("{}", seed.display());
            oracle(&fs::read(seed).unwrap());
        }
    }
}

#[test]
fn nothing_that_was_found_comes_back() {
    for (target, oracle) in ORACLES {
        for found in files("regressions", target) {
            eprintln!("{}", found.display());
            oracle(&fs::read(found).unwrap());
        }
    }
}
