//! The same on PostgreSQL, which `WPC_TEST_POSTGRES` names, each test in a schema of its own.

use std::time::Duration;

use postgres::{Client, NoTls};
use wpc::ledger::PostgresConfig;
use wpc_client::wire::{Revoke, Stop};
use wpc_model::OnChange;
use wpc_server::{Place, start};

use crate::world::{AUDITOR, GATE, OPERATOR, World, asked, config, key, open, orders, signed, until};
use crate::{census, follow};

/// A schema, gone when it is dropped.
struct Schema {
    name: String,
    url: String,
}

impl Schema {
    fn new(name: &str) -> Self {
        let url = std::env::var("WPC_TEST_POSTGRES").expect("WPC_TEST_POSTGRES names a database");
        let name = format!("wpc_server_{name}_{}", std::process::id());
        let schema = Self { name, url };
        schema.run("CREATE SCHEMA");
        schema
    }

    fn run(&self, what: &str) {
        Client::connect(&self.url, NoTls).unwrap().batch_execute(&format!("{what} {}", self.name)).unwrap();
    }

    fn place(&self) -> Place {
        let joined = if self.url.contains('?') { '&' } else { '?' };
        let url = format!("{}{joined}options=-csearch_path%3D{}", self.url, self.name);
        Place::Postgres(Box::new(PostgresConfig::from_url(&url).unwrap()))
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        Client::connect(&self.url, NoTls)
            .unwrap()
            .batch_execute(&format!("DROP SCHEMA {} CASCADE", self.name))
            .unwrap();
    }
}

#[test]
#[ignore = "needs a PostgreSQL server: WPC_TEST_POSTGRES"]
fn a_job_from_its_token_to_its_bundle() {
    let schema = Schema::new("job");
    follow::a_whole_job(&World::at(Some(schema.place())));
}

#[test]
#[ignore = "needs a PostgreSQL server: WPC_TEST_POSTGRES"]
fn a_hidden_job_is_found() {
    let schema = Schema::new("census");
    census::hidden(&World::at(Some(schema.place())));
}

#[test]
#[ignore = "needs a PostgreSQL server: WPC_TEST_POSTGRES"]
fn a_stopped_tool_and_pages_of_everything() {
    let schema = Schema::new("pages");
    let world = World::at(Some(schema.place()));
    let policy = orders();
    world.release(&policy, OnChange::Finish);
    world.issue(policy.hash());
    let operator = world.client(OPERATOR);
    let stopped = operator.stop(&Stop { tool: "bus".to_owned(), reason: None }).unwrap();
    assert_eq!(stopped.revocations, Some((1, 1)));
    assert_eq!(operator.stops().unwrap().stops.len(), 1);
    operator.resume("bus").unwrap();
    assert!(world.client(AUDITOR).audit(0).unwrap().entries.len() >= 5);
}

#[test]
#[ignore = "needs a PostgreSQL server: WPC_TEST_POSTGRES"]
fn two_control_planes_on_one_database_tell_the_same() {
    let schema = Schema::new("two");
    let world = World::at(Some(schema.place()));
    let objects = world.folder.path().join("objects");
    let other = world.runtime.block_on(start(config(schema.place(), objects.to_str().unwrap(), 0))).unwrap();
    let policy = orders();
    world.release(&policy, OnChange::Finish);
    let issued = world.issue(policy.hash());
    // The gate listens to the one, the operator revokes at the other.
    let (ledger, follower) = world.gate(GATE);
    assert!(follower.wait(Duration::from_secs(20)));
    let gate = open(&ledger, &signed(&policy), &issued).unwrap();
    let there = |of: u8| wpc_client::Client::new(other.url(), std::sync::Arc::new(key(of))).unwrap();
    assert!(there(OPERATOR).issue(&asked(policy.hash())).is_ok());
    let revoke = Revoke { kind: "job".to_owned(), value: gate.job().to_string(), reason: None };
    there(OPERATOR).revoke(&revoke).unwrap();
    until("the revocation", || {
        gate.begin_sync(crate::world::call("send", "staging"))
            .is_err_and(|refused| refused.code() == "job_revoked")
    });
    drop(follower);
    world.runtime.block_on(other.stop());
}
