//! What a control plane takes in a second, and whether its memory stays bounded: a server on loopback with SQLite and a
//! folder for objects, and clients in the same process, who sign each request.
//!
//! `cargo bench -p wpc-server --bench load`. Each row stands beside the floor: one row committed durably by SQLite
//! alone, in the same folder and run. Every write is one commit in the server, and so is its line in the audit log.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::float_arithmetic,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a bench stops where it fails"
)]
#![expect(dead_code, reason = "the tests' world has more in it")]

#[path = "../tests/it/world.rs"]
mod world;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use wpc::ledger::{Ledger, MemoryLedger};
use wpc::{Outcome, approval, release};
use wpc_client::wire::SubmitApproval;
use wpc_client::{Client, Follower};
use wpc_evidence::statement::{ApprovalRequest, Granted, Nonce, approve};
use wpc_model::{Bind, OnChange, Uses};
use wpc_server::Config;

use world::{ALICE, GATE, OPERATOR, World, asked, call, key, now_ms, open, orders, signed, trust};

/// Requests of each kind; a job has at most 100 that wait for an approval.
const TOKENS: usize = 4_000;
const APPROVALS: usize = 100;
const BUNDLES: usize = 200;
/// Clients at once.
const CLIENTS: [usize; 3] = [1, 8, 32];

fn main() {
    let world = World::with(|config| {
        let no_limit = NonZeroU32::MAX;
        Config { per_principal: no_limit, per_address: no_limit, ..config }
    });
    let policy = orders();
    world.release(&policy, OnChange::Finish);
    let floor = floor(&world);
    println!("floor: {floor:.0} rows/s, each committed durably by SQLite alone");

    let before = resident_mib();
    for clients in CLIENTS {
        let rate = at_once(
            clients,
            TOKENS,
            |client, _| drop(client.issue(&asked(policy.hash())).unwrap()),
            &world,
            OPERATOR,
        );
        told(&format!("tokens issued, {clients} clients"), rate, floor);
    }
    let between = resident_mib();
    let rate =
        at_once(32, TOKENS, |client, _| drop(client.issue(&asked(policy.hash())).unwrap()), &world, OPERATOR);
    told("the same once more, 32 clients", rate, floor);
    println!(
        "resident: {before} MiB at first, {between} MiB after {} tokens, {} MiB after {} more",
        3 * TOKENS,
        resident_mib(),
        TOKENS
    );
    let issued = world.issue(policy.hash());
    let rate = at_once(
        8,
        TOKENS,
        |client, _| assert!(client.introspect(&issued.token).unwrap().active),
        &world,
        GATE,
    );
    told("tokens verified, 8 clients", rate, floor);

    let (ledger, follower) = world.gate(GATE);
    assert!(follower.wait(std::time::Duration::from_secs(20)));
    // Of a ledger that nobody follows: a follower hands requests on by itself.
    let alone: Arc<dyn Ledger> = Arc::new(MemoryLedger::new(key(GATE)).unwrap());
    release::submit(&*alone, &trust(), &world.client(GATE).releases(&policy.name).unwrap()).unwrap();
    let (requests, approvals) = refused(&world, &alone);
    let rate = at_once(
        8,
        APPROVALS,
        |client, at| drop(client.request_approval(&requests[at]).unwrap()),
        &world,
        GATE,
    );
    told("approvals asked for, 8 clients", rate, floor);
    let rate =
        at_once(8, APPROVALS, |client, at| drop(client.approve(&approvals[at]).unwrap()), &world, ALICE);
    told("approvals given, 8 clients", rate, floor);

    let bundles = bundles(&world, &ledger, &follower);
    let bytes: usize = bundles.iter().map(Vec::len).sum();
    let rate = at_once(8, BUNDLES, |client, at| drop(client.put_bundle(&bundles[at]).unwrap()), &world, GATE);
    told(&format!("bundles of {} KiB verified and stored", bytes / BUNDLES / 1_024), rate, floor);
    println!("resident at the end: {} MiB", resident_mib());
}

fn told(what: &str, rate: f64, floor: f64) {
    println!("{what:<44} {rate:>8.0}/s {:>6.2} x the floor", rate / floor);
}

/// How many a second, with so many clients at once, each with a connection of its own.
fn at_once(clients: usize, count: usize, once: impl Fn(&Client, usize) + Sync, world: &World, of: u8) -> f64 {
    let (next, began) = (AtomicUsize::new(0), Instant::now());
    std::thread::scope(|scope| {
        for _ in 0..clients {
            scope.spawn(|| {
                let client = world.client(of);
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    if at >= count {
                        break;
                    }
                    once(&client, at);
                }
            });
        }
    });
    f64::from(u32::try_from(count).unwrap()) / began.elapsed().as_secs_f64()
}

/// Rows a second that SQLite commits one by one, each synced.
fn floor(world: &World) -> f64 {
    let store = rusqlite::Connection::open(world.folder.path().join("floor.db")).unwrap();
    store
        .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE t (a BLOB)")
        .unwrap();
    let (began, mut rows) = (Instant::now(), 0_u32);
    while began.elapsed().as_secs() < 2 {
        store.execute("INSERT INTO t VALUES (?1)", [vec![7_u8; 512]]).unwrap();
        rows += 1;
    }
    f64::from(rows) / began.elapsed().as_secs_f64()
}

type Asked = (Vec<ApprovalRequest>, Vec<SubmitApproval>);

/// Calls that wait for an approval, and their approvals.
fn refused(world: &World, ledger: &Arc<dyn Ledger>) -> Asked {
    let policy = orders();
    let gate = open(ledger, &signed(&policy), &world.issue(policy.hash())).unwrap();
    for _ in 0..APPROVALS {
        let Err(refused) = gate.begin_sync(call("purge", "staging")) else { panic!("nobody approved") };
        assert_eq!(refused.code(), "approval_required");
    }
    let requests = approval::requests(&**ledger, &trust(), gate.job()).unwrap();
    let approvals = requests
        .iter()
        .map(|request| {
            let issued_at = now_ms();
            let granted = Granted {
                bind: Bind::Arguments,
                uses: Uses::Times(1),
                issued_at,
                not_after: issued_at + 600_000,
                nonce: Nonce::mint().unwrap(),
            };
            let envelope = approve(&key(ALICE), request, granted).unwrap();
            SubmitApproval { approval: serde_json::from_slice(&envelope).unwrap(), memberships: Vec::new() }
        })
        .collect();
    (requests, approvals)
}

/// Bundles of jobs with ten calls each.
fn bundles(world: &World, ledger: &Arc<dyn Ledger>, follower: &Follower) -> Vec<Vec<u8>> {
    let policy = orders();
    let artifact = signed(&policy);
    let gates: Vec<_> = (0..BUNDLES)
        .map(|_| {
            let gate = open(ledger, &artifact, &world.issue(policy.hash())).unwrap();
            for _ in 0..10 {
                gate.begin_sync(call("send", "staging")).unwrap().finish_sync(Outcome::Done);
            }
            gate.close().unwrap();
            gate
        })
        .collect();
    follower.push().unwrap();
    gates.iter().map(|gate| wpc::bundle::of_job(&**ledger, &key(GATE), gate.job(), None).unwrap()).collect()
}

/// The process's resident memory (Linux).
fn resident_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<u64>().unwrap() / 1_024
}
