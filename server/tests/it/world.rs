//! A control plane with everybody who asks it.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use wpc::ledger::{Followed, Ledger, MemoryLedger};
use wpc::{DynamicGate, Holder, Key, Opening, POLICY_TYPE, Trust, sign};
use wpc_client::wire::{Issue, Issued, OneOrMore, Released};
use wpc_client::{Client, Follower};
use wpc_compiler::{Parameters, Source, compile};
use wpc_evidence::statement::{Release, Statement as _};
use wpc_model::{Call, Hash, OnChange, Policy, Resource, encode};
use wpc_server::{Config, Place, Running, start};

pub(crate) fn key(of: u8) -> Key {
    Key::from_seed(&[of; 32])
}

pub(crate) const AUTHOR: u8 = 1;
pub(crate) const GATE: u8 = 2;
pub(crate) const PLANE: u8 = 3;
pub(crate) const AGENT: u8 = 4;
pub(crate) const ALICE: u8 = 5;
pub(crate) const WITNESS: u8 = 6;
pub(crate) const OPERATOR: u8 = 7;
pub(crate) const AUDITOR: u8 = 8;
pub(crate) const RELEASER: u8 = 9;
pub(crate) const OTHER_GATE: u8 = 10;

/// Everybody, each in one role.
pub(crate) fn trust() -> Trust {
    let one = |name: &str, of: u8, roles: &str| {
        format!(r#"{{"name":"{name}","keys":["{}"],"roles":[{roles}]}}"#, key(of).did())
    };
    let all = [
        one("author", AUTHOR, r#""policy_author""#),
        one("gate", GATE, r#""ledger""#),
        one("other-gate", OTHER_GATE, r#""ledger""#),
        one("plane", PLANE, r#""token_issuer","revoker""#),
        one("alice", ALICE, r#""approver""#),
        one("witness", WITNESS, r#""witness""#),
        one("operator", OPERATOR, r#""operator""#),
        one("auditor", AUDITOR, r#""auditor""#),
        one("releaser", RELEASER, r#""releaser""#),
    ];
    let text = format!(r#"{{"v":1,"principals":[{}],"threshold":{{"witness":0}}}}"#, all.join(","));
    Trust::parse(text.as_bytes()).unwrap()
}

const POLICY: &str = r#"
tool bus {
    resource queue(name: text) = "{name}"
    action send on queue
    action purge on queue
}
policy orders {
    param alice: did
    tool bus {
        allow send on queue("staging"), queue("other")
        allow purge on queue("staging")
        require approval of purge { by did(alice); quorum 1; within 30 min }
    }
    token { lifetime 15 min; pin policy; bind job }
}
"#;

/// The policy, with a queue more or less.
pub(crate) fn policy(change: impl FnOnce(String) -> String) -> Policy {
    let text = change(POLICY.to_owned())
        .replace("param alice: did", &format!("param alice: did = \"{}\"", key(ALICE).did()));
    let source = Source::new("orders.wpc".to_owned(), text);
    compile(&source, &Parameters::new()).unwrap_or_else(|problems| panic!("{problems:?}")).policy
}

pub(crate) fn orders() -> Policy {
    policy(|text| text)
}

pub(crate) fn signed(policy: &Policy) -> Vec<u8> {
    sign(POLICY_TYPE, &encode(policy), &[key(AUTHOR)])
}

/// A server, and where its things are.
pub(crate) struct World {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) runtime: tokio::runtime::Runtime,
    running: Option<Running>,
    pub(crate) url: String,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(|config| config)
    }

    /// On the store that `WPC_TEST_POSTGRES` names, in a schema of its own, if any.
    pub(crate) fn at(store: Option<Place>) -> Self {
        Self::of(store, |config| config)
    }

    /// In a folder, configured otherwise.
    pub(crate) fn with(change: impl FnOnce(Config) -> Config) -> Self {
        Self::of(None, change)
    }

    fn of(store: Option<Place>, change: impl FnOnce(Config) -> Config) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let place = store.unwrap_or_else(|| Place::File(folder.path().join("plane.db")));
        let config = config(place, folder.path().join("objects").to_str().unwrap(), 0);
        let running = runtime.block_on(start(change(config))).unwrap();
        let url = running.url().to_owned();
        Self { folder, runtime, running: Some(running), url }
    }

    pub(crate) fn client(&self, of: u8) -> Client {
        Client::new(&self.url, Arc::new(key(of))).unwrap()
    }

    /// Stops the server and starts it again, at the same address.
    pub(crate) fn restart(&mut self) {
        let port = self.stop();
        self.restart_at(port);
    }

    /// Starts the server again after [`World::stop`].
    pub(crate) fn restart_at(&mut self, port: u16) {
        let place = Place::File(self.folder.path().join("plane.db"));
        let objects = self.folder.path().join("objects");
        let running = self.runtime.block_on(start(config(place, objects.to_str().unwrap(), port))).unwrap();
        self.running = Some(running);
    }

    /// Stops the server; the port that it listened on.
    pub(crate) fn stop(&mut self) -> u16 {
        let running = self.running.take().unwrap();
        let port = running.address().port();
        self.runtime.block_on(running.stop());
        port
    }

    /// Stores a policy and makes it the current one.
    pub(crate) fn release(&self, policy: &Policy, running: OnChange) -> Released {
        self.client(AUTHOR).put_artifact(policy.hash(), &signed(policy)).unwrap();
        let chain = self.client(RELEASER).chain(&policy.name, 1).unwrap();
        let previous = chain.as_ref().map(|chain| {
            let last = chain.releases.last().unwrap();
            Release::verify(&serde_json::to_vec(last).unwrap(), &trust()).unwrap().hash
        });
        let now = now_ms();
        let release = Release {
            policy_name: policy.name.clone(),
            seq: chain.map_or(1, |chain| chain.head_seq + 1),
            policy_hash: policy.hash(),
            previous,
            not_before: now - 60_000,
            not_after: now + 3_600_000,
            running,
        };
        let envelope = release.sign(&[key(RELEASER)]).unwrap();
        self.client(RELEASER).release(&policy.name, &envelope).unwrap()
    }

    pub(crate) fn issue(&self, policy: Hash) -> Issued {
        self.client(OPERATOR).issue(&asked(policy)).unwrap()
    }

    /// The policy released, a ledger that follows, and a job that is open there.
    pub(crate) fn job(&self) -> Job {
        let policy = orders();
        self.release(&policy, OnChange::Finish);
        let issued = self.issue(policy.hash());
        let (ledger, follower) = self.gate(GATE);
        assert!(follower.wait(Duration::from_secs(20)));
        let gate = open(&ledger, &signed(&policy), &issued).unwrap();
        Job { policy, issued, ledger, follower, gate }
    }

    /// A gate's ledger that follows the control plane, and what keeps it up to date.
    pub(crate) fn gate(&self, of: u8) -> (Arc<dyn Ledger>, Follower) {
        let ledger: Arc<dyn Ledger> = Arc::new(MemoryLedger::new(key(of)).unwrap());
        let follower = Follower::start(self.client(of), Arc::clone(&ledger), trust()).unwrap();
        let followed = Followed::new(ledger, follower.following());
        (Arc::new(followed), follower)
    }
}

/// A job that runs, and what it stands on.
pub(crate) struct Job {
    pub(crate) policy: Policy,
    pub(crate) issued: Issued,
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) follower: Follower,
    pub(crate) gate: DynamicGate,
}

impl Drop for World {
    fn drop(&mut self) {
        if self.running.is_some() {
            self.stop();
        }
    }
}

pub(crate) fn config(store: Place, objects: &str, port: u16) -> Config {
    Config {
        listen: ([127, 0, 0, 1], port).into(),
        public_url: None,
        tls: None,
        trust: trust(),
        key: key(PLANE),
        witness: Some(key(WITNESS)),
        store,
        objects: objects.to_owned(),
        per_principal: NonZeroU32::new(1_000).unwrap(),
        per_address: NonZeroU32::new(1_000).unwrap(),
    }
}

pub(crate) fn now_ms() -> i64 {
    use wpc::Clock as _;
    wpc::SystemClock::new().wall_ms()
}

pub(crate) fn asked(policy: Hash) -> Issue {
    Issue {
        sub: key(AGENT).did().to_string(),
        aud: OneOrMore(vec![key(GATE).did().to_string()]),
        policy_hash_b64u: policy.to_string(),
        ..Issue::default()
    }
}

/// Opens a gate with a token of the control plane's.
pub(crate) fn open(
    ledger: &Arc<dyn Ledger>,
    artifact: &[u8],
    issued: &Issued,
) -> Result<DynamicGate, wpc::OpenError> {
    let grant = serde_json::to_vec(&issued.grant).unwrap();
    let holder = Holder::new(&issued.token, &grant, &key(AGENT), &**ledger).unwrap();
    let trust = trust();
    DynamicGate::open(Opening {
        artifact,
        trust: &trust,
        ledger: Arc::clone(ledger),
        identity: holder.identity(),
    })
}

pub(crate) fn call(action: &str, queue: &str) -> Call {
    Call {
        tool: "bus".to_owned(),
        action: action.to_owned(),
        resource: Some(Resource { kind: "queue".to_owned(), names: vec![queue.to_owned()] }),
        arguments: BTreeMap::new(),
    }
}

/// Waits until something holds; the test fails if it never does.
#[track_caller]
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..600 {
        if holds() {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("{what} never came");
}
