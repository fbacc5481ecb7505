//! What was written stays, and nobody else's store is used.

use wpc_evidence::checkpoint::SignedCheckpoint;
use wpc_evidence::merkle::{Frontier, leaf_hash};
use wpc_model::OnChange;
use wpc_server::{Place, StartError, start};

use crate::world::{AUDITOR, GATE, OPERATOR, PLANE, World, config, key, orders};

#[test]
fn what_was_answered_outlives_a_restart() {
    let mut world = World::new();
    let policy = orders();
    world.release(&policy, OnChange::Finish);
    let issued = world.issue(policy.hash());
    world.restart();
    assert!(world.client(OPERATOR).introspect(&issued.token).unwrap().active);
    assert_eq!(world.client(GATE).chain("orders", 1).unwrap().unwrap().head_seq, 1);
}

#[test]
fn the_audit_log_says_who_wrote_what_and_is_signed() {
    let world = World::new();
    let policy = orders();
    world.release(&policy, OnChange::Finish);
    world.issue(policy.hash());
    let audit = world.client(AUDITOR).audit(0).unwrap();
    let action = |entry: &String| serde_json::from_str::<serde_json::Value>(entry).unwrap()["action"].clone();
    let actions: Vec<_> = audit.entries.iter().map(action).collect();
    assert_eq!(actions, ["artifact_stored", "released", "token_issued"]);
    assert!(audit.entries[2].contains(r#""principal":"operator""#));
    let mut tree = Frontier::new();
    for entry in &audit.entries {
        tree.push(leaf_hash(entry.as_bytes())).unwrap();
    }
    let note = SignedCheckpoint::parse(&audit.checkpoint).unwrap();
    let head = note.verify(&key(PLANE).did()).unwrap();
    assert_eq!((head.size, head.root), (3, tree.root()));
    assert_eq!(world.client(OPERATOR).audit(0).unwrap_err().code(), "forbidden");
}

#[test]
fn a_store_that_somebody_altered_is_not_opened() {
    let mut world = World::new();
    world.release(&orders(), OnChange::Finish);
    world.stop();
    let path = world.folder.path().join("plane.db");
    let database = rusqlite::Connection::open(&path).unwrap();
    let altered = |statement: &str| {
        database.execute(statement, []).unwrap();
        let objects = world.folder.path().join("objects");
        let config = config(Place::File(path.clone()), objects.to_str().unwrap(), 0);
        world.runtime.block_on(start(config)).unwrap_err()
    };
    let body = "UPDATE audit SET body = CAST(replace(CAST(body AS TEXT), 'author', 'somebody') AS BLOB)";
    assert_eq!(altered(body).code(), "audit_tampered");
    assert_eq!(altered("DELETE FROM audit").code(), "audit_tampered");
    assert_eq!(altered("UPDATE head SET size = 0, frontier = x'', note = ''").code(), "store_damaged");
    assert_eq!(altered("UPDATE head SET did = 'did:key:z6Mk'").code(), "store_foreign");
}

#[test]
fn a_key_without_its_roles_starts_nothing() {
    let world = World::new();
    let started = |change: fn(&mut wpc_server::Config)| {
        let place = Place::File(world.folder.path().join("another.db"));
        let mut config = config(place, world.folder.path().join("o").to_str().unwrap(), 0);
        change(&mut config);
        world.runtime.block_on(start(config)).unwrap_err()
    };
    assert!(matches!(started(|config| config.key = key(GATE)), StartError::KeyRole(_)));
    assert_eq!(started(|config| config.witness = Some(key(GATE))).code(), "server_key_role");
    assert_eq!(started(|config| config.listen = ([0, 0, 0, 0], 0).into()).code(), "server_insecure");
    assert_eq!(started(|config| config.public_url = Some("https://a/b".to_owned())).code(), "server_url");
}
