//! Files appear whole or not at all.

use std::process::Stdio;

use crate::place::{ORDERS, Place};

/// Runs `wpc` in a shell that first says `limit`.
fn run_under(place: &Place, limit: &str, arguments: &str) -> std::process::Output {
    std::process::Command::new("sh")
        .args(["-c", &format!("{limit}; exec \"$0\" {arguments}"), env!("CARGO_BIN_EXE_wpc")])
        .current_dir(place.root())
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn a_process_killed_while_it_writes_leaves_nothing() {
    let place = Place::with_orders();
    // No file may grow: the first write ends the process with SIGXFSZ.
    let output = run_under(&place, "ulimit -c 0; ulimit -f 0", "compile orders.wpc");
    assert_eq!(output.status.code(), None, "it was not killed: {output:?}");
    assert_eq!(place.names(), ["orders.wpc"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_process_killed_while_it_writes_leaves_what_was_there() {
    let place = Place::with_orders();
    place.does(&["compile", "orders.wpc"]);
    let before = place.read("orders.wpc.json");
    place.file("orders.wpc", ORDERS.replace("128 KiB", "64 KiB"));
    let output = run_under(&place, "ulimit -c 0; ulimit -f 0", "compile orders.wpc");
    assert_eq!(output.status.code(), None, "it was not killed: {output:?}");
    assert_eq!(place.read("orders.wpc.json"), before);
    assert_eq!(place.names(), ["orders.wpc", "orders.wpc.json", "orders.wpc.map.json"]);
}

#[test]
fn artifacts_are_readable_as_the_umask_says() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::with_orders();
    assert!(run_under(&place, "umask 027", "compile orders.wpc").status.success());
    let mode = place.path("orders.wpc.json").metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
}

#[test]
fn what_stood_there_is_replaced_whole() {
    let place = Place::with_orders();
    place.file("orders.wpc.json", "x".repeat(100_000));
    place.does(&["compile", "orders.wpc"]);
    let bytes = place.read("orders.wpc.json");
    assert!(wpc_model::decode(&bytes).is_ok());
}
