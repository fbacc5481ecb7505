//! `case ENGINE RULES PREPARED MILLISECONDS`: times one engine and prints its figures on one line.

use wpc_bench::Result;
use wpc_bench::asked::Asked;
use wpc_bench::clock::Budget;

#[expect(clippy::print_stdout, reason = "the figures are this program's output")]
fn main() -> Result<()> {
    let asked = Asked::from_arguments(std::env::args().skip(1))?;
    let figures = asked.engine.run(&Budget(asked.budget), asked.rules, &asked.prepared)?;
    println!("{figures}");
    Ok(())
}
