//! `allocations ENGINE RULES PREPARED MILLISECONDS`: counts the heap allocations of each decision.

use std::alloc::System;
use std::hint::black_box;
use std::time::Duration;

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use wpc_bench::Result;
use wpc_bench::asked::Asked;
use wpc_bench::clock::Budget;
use wpc_bench::figures::Meter;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Counts allocations and reallocations.
struct Allocations;

impl Meter for Allocations {
    fn measure<T>(&self, mut body: impl FnMut() -> T) -> f64 {
        const CALLS: u32 = 64;
        black_box(body()); // fills whatever is filled lazily
        let region = Region::new(ALLOCATOR);
        for _ in 0..CALLS {
            black_box(body());
        }
        let change = region.change();
        (change.allocations + change.reallocations) as f64 / f64::from(CALLS)
    }

    fn load_budget(&self) -> Budget {
        Budget(Duration::ZERO)
    }
}

#[expect(clippy::print_stdout, reason = "the figures are this program's output")]
fn main() -> Result<()> {
    let asked = Asked::from_arguments(std::env::args().skip(1))?;
    let figures = asked.engine.run(&Allocations, asked.rules, &asked.prepared)?;
    println!("{figures}");
    Ok(())
}
