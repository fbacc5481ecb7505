//! `wpc-service-bus`.

use std::process::ExitCode;

fn main() -> ExitCode {
    wpc_cli::service_bus()
}
