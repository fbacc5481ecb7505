//! `wpc`.

use std::process::ExitCode;

fn main() -> ExitCode {
    wpc_cli::wpc()
}
