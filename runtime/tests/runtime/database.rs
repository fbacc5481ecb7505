//! A schema of its own for a test, on the server that `WPC_TEST_POSTGRES` names.

use std::env;
use std::thread;
use std::time::Duration;

use postgres::{Client, NoTls};
use wpc::ledger::{PostgresConfig, PostgresLedger};

/// A URL of a database in which schemas may be made.
const SERVER: &str = "WPC_TEST_POSTGRES";

pub(crate) fn is_named() -> bool {
    env::var_os(SERVER).is_some()
}

/// A schema that holds a ledger. It is gone when this is dropped.
pub(crate) struct Database {
    pub(crate) schema: String,
    owned: bool,
}

impl Database {
    /// A new one, with an empty ledger.
    pub(crate) fn new() -> Self {
        let database = Self::empty();
        PostgresLedger::init(&database.config(), &crate::rig::did()).unwrap();
        database
    }

    /// A new one, with nothing in it.
    pub(crate) fn empty() -> Self {
        let schema = format!("wpc_{}", wpc::JobId::mint().unwrap().as_str().trim_start_matches("job_"));
        server().batch_execute(&format!("CREATE SCHEMA {schema}")).unwrap();
        Self { schema, owned: true }
    }

    /// One that another process made.
    pub(crate) fn of(schema: &str) -> Self {
        Self { schema: schema.to_owned(), owned: false }
    }

    pub(crate) fn config(&self) -> PostgresConfig {
        PostgresConfig::from_url(&self.url()).unwrap()
    }

    pub(crate) fn url(&self) -> String {
        let server = env::var(SERVER).expect("WPC_TEST_POSTGRES names a server");
        let sign = if server.contains('?') { '&' } else { '?' };
        format!("{server}{sign}application_name={0}&options=-csearch_path%3D{0}", self.schema)
    }

    /// A connection that is not the ledger's.
    pub(crate) fn client(&self) -> Client {
        let mut client = server();
        client.batch_execute(&format!("SET search_path = {}", self.schema)).unwrap();
        client
    }
}

/// What happens at the server, seen from beside.
impl Database {
    /// Returns once so many of the ledger's connections wait for a lock.
    pub(crate) fn wait_for_waiting(&self, expected: i64) {
        let mut client = server();
        let sql =
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock'";
        while client.query_one(sql, &[&self.schema]).unwrap().get::<_, i64>(0) < expected {
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Ends every connection of the ledger; how many there were.
    pub(crate) fn kill_connections(&self) -> usize {
        let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1";
        server().query(sql, &[&self.schema]).unwrap().len()
    }

    pub(crate) fn count(&self, sql: &str) -> i64 {
        self.client().query_one(sql, &[]).unwrap().get(0)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if self.owned {
            server().batch_execute(&format!("DROP SCHEMA {} CASCADE", self.schema)).unwrap();
        }
    }
}

fn server() -> Client {
    Client::connect(&env::var(SERVER).expect("WPC_TEST_POSTGRES names a server"), NoTls).unwrap()
}
