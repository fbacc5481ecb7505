//! `cargo bench`: every engine among every number of rules, one table, and the targets.
//!
//! `WPC_BENCH_MS` is how long one figure may take (300), `WPC_BENCH_RUNS` how often each case is
//! run for the medians (3), `WPC_BENCH_RULES` the greatest number of rules (100000).

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{env, fs};

use wpc_bench::asked::Asked;
use wpc_bench::engine::Engine;
use wpc_bench::figures::Figures;
use wpc_bench::table::{Row, Table};
use wpc_bench::{Result, prepare, targets};

#[expect(clippy::print_stdout, reason = "the table is this program's output")]
fn main() -> Result<()> {
    let budget = Duration::from_millis(setting("WPC_BENCH_MS", 300)?);
    let runs = setting("WPC_BENCH_RUNS", 3)?.max(1);
    let most = usize::try_from(setting("WPC_BENCH_RULES", 100_000)?)?;
    let mut table = Table::default();
    for engine in Engine::ALL {
        for &rules in engine.sizes().iter().filter(|&&rules| rules <= most) {
            let prepared = directory(engine, rules)?;
            prepare::files(engine, rules, &prepared)?;
            let asked = Asked { engine, rules, prepared, budget };
            table.0.insert((rules, engine), row(&asked, runs)?);
        }
    }
    println!("\n{table}");
    println!("Machine speed moved by {:.2}x during the run.\n", table.drift());
    let targets = targets::all(&table);
    println!("{}", targets::HEAD);
    targets.iter().for_each(|target| println!("{target}"));
    match targets.iter().filter(|target| target.exact && !target.met()).count() {
        0 => Ok(()),
        missed => Err(format!("{missed} targets that no machine can excuse were missed").into()),
    }
}

#[expect(clippy::print_stderr, reason = "progress, of which some cases make little")]
fn row(asked: &Asked, runs: u64) -> Result<Row> {
    let start = Instant::now();
    let timed =
        (0..runs).map(|_| asked.spawn(Path::new(env!("CARGO_BIN_EXE_case")))).collect::<Result<Vec<_>>>()?;
    let allocations = asked.spawn(Path::new(env!("CARGO_BIN_EXE_allocations")))?;
    eprintln!("{} {}: {:.1} s", asked.engine.word(), asked.rules, start.elapsed().as_secs_f64());
    Ok(Row { times: Figures::medians(&timed), allocations })
}

fn directory(engine: Engine, rules: usize) -> Result<PathBuf> {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{rules}", engine.word()));
    fs::create_dir_all(&directory)?;
    Ok(directory)
}

fn setting(name: &str, default: u64) -> Result<u64> {
    match env::var(name) {
        Ok(text) => text.parse().map_err(|_| format!("`{name}` is not a number: {text:?}").into()),
        Err(env::VarError::NotPresent) => Ok(default),
        Err(error) => Err(error.into()),
    }
}
