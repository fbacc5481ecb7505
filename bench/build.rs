//! Compiles the problem into the program, through the same door as a user's build script.

use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

#[path = "src/problem.rs"]
#[expect(dead_code, unreachable_pub, reason = "written for the program")]
mod problem;
#[path = "src/ours/source.rs"]
#[expect(dead_code, unreachable_pub, reason = "written for the program")]
mod source;

fn main() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(env::var("OUT_DIR")?);
    for rules in [10, 1_000] {
        let policy = out.join(format!("rules_{rules}.wpc"));
        fs::write(&policy, source::exact(rules))?;
        wpc_build::compile(policy).emit();
    }
    Ok(())
}
