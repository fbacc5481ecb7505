//! `cargo run --release --bin compiling`: from text to a checked policy and to its artifact, beside cedar-policy's
//! parsing and validating of the same rules (TARGETS.md section 2).
//!
//! Each figure is taken in a process of its own, by the time that the process was computing, so that its
//! peak memory is its own and others on the machine matter less. `WPC_BENCH_RULES` is the greatest number
//! of rules (100000), `WPC_BENCH_RUNS` how often each is run for the medians (3).

use std::collections::BTreeMap;
use std::hint::black_box;
use std::process::Command;
use std::{env, fs};

use wpc_bench::clock::median;
use wpc_bench::ours::source;
use wpc_bench::table::thousands;
use wpc_bench::{Result, cedar, memory};
use wpc_compiler::{Compiled, Effort, Parameters, Source, compile};

/// What is measured, in the table's order.
const PROGRAMS: [&str; 3] = ["check", "artifact", "cedar"];

#[expect(clippy::print_stdout, reason = "the table is this program's output")]
fn main() -> Result<()> {
    let mut words = env::args().skip(1);
    if words.next().as_deref() == Some("one") {
        let program = words.next().unwrap_or_default();
        let rules: usize = words.next().unwrap_or_default().parse()?;
        let (ms, mib) = one(&program, rules)?;
        println!("{ms} {mib}");
        return Ok(());
    }
    let most = setting("WPC_BENCH_RULES", 100_000)?;
    let runs = setting("WPC_BENCH_RUNS", 3)?.max(1);
    println!("| rules of three conditions | program | computing | peak |\n|--:|---|--:|--:|");
    let mut times = BTreeMap::new();
    for rules in [1_000, 10_000, 100_000].into_iter().filter(|rules| *rules <= most) {
        for program in PROGRAMS {
            let all = (0..runs).map(|_| spawn(program, rules)).collect::<Result<Vec<_>>>()?;
            let (mut ms, mut mib): (Vec<f64>, Vec<f64>) = all.into_iter().unzip();
            let (ms, mib) = (median(&mut ms), median(&mut mib));
            println!("| {} | {program} | {ms:.0} ms | {mib:.0} MiB |", thousands(rules));
            times.insert((program, rules), (ms, mib));
        }
    }
    println!("\n| target | found | bound | |\n|---|---|---|---|");
    let target = |what: &str, found: f64, unit: &str, bound: f64| {
        let met = if found <= bound { "met" } else { "MISSED" };
        println!("| {what} | {found:.2} {unit} | <= {bound} {unit} | {met} |");
    };
    if let (Some((check, mib)), Some((artifact, _)), Some((peer, _))) =
        (times.get(&("check", most)), times.get(&("artifact", most)), times.get(&("cedar", most)))
    {
        target("source to checked policy, beside Cedar", check / peer, "x", 1.0);
        target("source to artifact, beside Cedar", artifact / peer, "x", 1.0);
        target("source to artifact", artifact / 1e3, "s", 1.0);
        target("peak memory", *mib, "MiB", 300.0);
    }
    if let (Some((few, _)), Some((many, _))) =
        (times.get(&("artifact", 10_000)), times.get(&("artifact", 100_000)))
    {
        target("ten times the rules, from 10,000", many / few, "x", 13.0);
    }
    Ok(())
}

fn setting(name: &str, default: usize) -> Result<usize> {
    Ok(env::var(name).ok().map(|text| text.parse()).transpose()?.unwrap_or(default))
}

fn spawn(program: &str, rules: usize) -> Result<(f64, f64)> {
    let output = Command::new(env::current_exe()?).args(["one", program, &rules.to_string()]).output()?;
    if !output.status.success() {
        return Err(format!("{program}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let text = String::from_utf8(output.stdout)?;
    let (ms, mib) = text.trim().split_once(' ').ok_or("no two figures")?;
    Ok((ms.parse()?, mib.parse()?))
}

/// Milliseconds and MiB of one program among so many rules.
fn one(program: &str, rules: usize) -> Result<(f64, f64)> {
    let text = if program == "cedar" { cedar::conditioned(rules) } else { source::conditioned(rules) };
    let start = computing_ms()?;
    match program {
        "check" => drop(black_box(compiled(text)?)),
        "artifact" => {
            let compiled = compiled(text)?;
            compiled.self_check(Effort::Full).map_err(|difference| difference.message)?;
            black_box(wpc_model::encode(&compiled.policy));
        }
        "cedar" => drop(black_box(cedar::validate(&text)?)),
        _ => return Err("no such program".into()),
    }
    Ok((computing_ms()? - start, memory::peak_mib()?))
}

fn compiled(text: String) -> Result<Compiled> {
    compile(&Source::new("bench.wpc", text), &Parameters::new())
        .map_err(|found| found.into_iter().map(|one| one.message).collect::<Vec<_>>().join("; ").into())
}

/// How long this process has been computing, in milliseconds (`/proc/self/stat`, in ticks of 10 ms).
fn computing_ms() -> Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().skip(11).take(2).map(str::parse::<f64>);
    Ok(ticks.sum::<std::result::Result<f64, _>>()? * 10.0)
}
