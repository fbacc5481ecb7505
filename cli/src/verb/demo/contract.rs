//! Policy text on disk becomes an artifact, an envelope, a trust file and a ledger.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use wpc::release::Folder;
use wpc::{JobId, Key, Ledger as _, Opening, SelfIssued, SqliteLedger, Trust};
use wpc_compiler::{Compiled, Parameters, Source};
use wpc_evidence::statement::{Release, Releases, Statement as _};
use wpc_model::{Hash, OnChange};

use super::script::Script;
use crate::failure::Failure;
use crate::verb::{compile, key};
use crate::{output, problems};

/// How long the demo's tokens live: as long as its policy lets them.
const LIFETIME_S: i64 = 900;
/// How long its releases hold, in milliseconds.
const DAY_MS: i64 = 86_400_000;

/// Everything a gate is opened with, on disk and in memory.
pub(super) struct Contract {
    pub(super) directory: PathBuf,
    pub(super) compiled: Compiled,
    pub(super) hash: Hash,
    pub(super) envelope: Vec<u8>,
    pub(super) trust: Trust,
    pub(super) ledger: Arc<SqliteLedger>,
    pub(super) ledger_key: Arc<Key>,
    author: Key,
    issuer: Key,
    pub(super) agent: Key,
    pub(super) oncall: Key,
    pub(super) revoker: Key,
    releaser: Key,
}

impl Contract {
    /// Writes the policy to disk, compiles and signs it, and makes a ledger.
    pub(super) fn begin(directory: &Path, script: &mut Script<'_>) -> Result<Self, Failure> {
        output::replace(&directory.join("orders.wpc"), wpc_example_orders::POLICY.as_bytes())?;
        script.say("  wrote orders.wpc");
        let author = new_key(&directory.join("author.key"))?;
        let ledger_key = Arc::new(new_key(&directory.join("ledger.key"))?);
        let issuer = new_key(&directory.join("issuer.key"))?;
        let agent = new_key(&directory.join("agent.key"))?;
        let oncall = new_key(&directory.join("oncall.key"))?;
        let revoker = new_key(&directory.join("revoker.key"))?;
        let releaser = new_key(&directory.join("releaser.key"))?;
        let trust = trust(&[
            ("alice", &author, "\"policy_author\""),
            ("issuer", &issuer, "\"token_issuer\""),
            ("oncall", &oncall, "\"approver\""),
            ("security", &revoker, "\"revoker\""),
            ("delivery", &releaser, "\"releaser\""),
            ("demo-gate", &ledger_key, "\"ledger\"],\"mode\":\"in_process\""),
        ]);
        output::replace(&directory.join("trust.json"), trust.as_bytes())?;
        let trust = Trust::parse(trust.as_bytes()).map_err(|error| {
            Failure::environment(error.code(), format!("the demo's trust file: {error}")).cause(&error)
        })?;
        let (compiled, hash) = compiled(directory, script)?;
        let envelope = signed(directory, "orders", &author)?;
        script.say(format!("  signed orders.wpc.dsse.json as {}", author.did()));
        let path = directory.join("ledger").join("orders.db");
        let failed = |error: wpc::LedgerError| {
            Failure::environment(error.code(), error.to_string()).file(&path).cause(&error)
        };
        SqliteLedger::init(&path, &ledger_key.did()).map_err(failed)?;
        let opened = SqliteLedger::open(&path, Arc::clone(&ledger_key));
        let pinned = opened.and_then(|ledger| ledger.pinned(&directory.join("ledger.key.head")));
        let ledger = Arc::new(pinned.map_err(failed)?);
        script.say("  made ledger/orders.db");
        fs::create_dir(directory.join("releases")).map_err(|error| {
            Failure::environment("file_unwritable", "cannot make the directory of releases").cause(&error)
        })?;
        let contract = Self {
            directory: directory.to_owned(),
            compiled,
            hash,
            envelope,
            trust,
            ledger,
            ledger_key,
            author,
            issuer,
            agent,
            oncall,
            revoker,
            releaser,
        };
        contract.release(contract.hash, OnChange::Finish, script)?;
        Ok(contract)
    }

    /// The directory of releases.
    pub(super) fn releases(&self) -> Folder {
        Folder::at(self.directory.join("releases"))
    }

    /// Makes the policy of this hash the current one, as `wpc release` and `wpc release submit` do; the number of
    /// the release.
    pub(super) fn release(
        &self,
        hash: Hash,
        running: OnChange,
        script: &mut Script<'_>,
    ) -> Result<u64, Failure> {
        let failed = |error: &dyn std::error::Error, code| Failure::no(code, error.to_string()).cause(error);
        let (name, folder) = (&self.compiled.policy.name, self.releases());
        let mut all = folder.read(name).map_err(|error| failed(&error, error.code()))?;
        let known = Releases::verify(&all, &self.trust).map_err(|error| failed(&error, error.code()))?;
        let (head, now_ms) = (known.head(), self.ledger.clock().wall_ms());
        let release = Release {
            policy_name: name.clone(),
            seq: head.as_ref().map_or(1, |head| head.seq.saturating_add(1)),
            policy_hash: hash,
            previous: head.map(|head| head.hash),
            not_before: now_ms,
            not_after: now_ms.saturating_add(DAY_MS),
            running,
        };
        let envelope = release
            .sign(std::slice::from_ref(&self.releaser))
            .map_err(|error| failed(&error, error.code()))?;
        folder.add(name, release.seq, &envelope).map_err(|error| failed(&error, error.code()))?;
        all.push(envelope);
        let head = wpc::release::submit(&*self.ledger, &self.trust, &all)
            .map_err(|error| failed(&error, error.code()))?;
        script.say(format!("  signed release {}: {hash}, running jobs {}", head.seq, running.word()));
        Ok(head.seq)
    }

    /// Issues a token for `job` under the policy of this hash.
    pub(super) fn token(&self, hash: Hash, job: &JobId) -> Result<SelfIssued, Failure> {
        SelfIssued::new(&self.issuer, &self.agent, &*self.ledger, job, hash, LIFETIME_S)
            .map_err(|error| Failure::environment(error.code(), error.to_string()).cause(&error))
    }

    /// What a gate is opened with.
    pub(super) fn opening<'a>(&'a self, envelope: &'a [u8], token: &'a SelfIssued) -> Opening<'a> {
        Opening {
            artifact: envelope,
            trust: &self.trust,
            ledger: Arc::<SqliteLedger>::clone(&self.ledger),
            identity: token.identity(),
        }
    }

    /// Changes the policy on disk, compiles it again and has its author sign it.
    pub(super) fn edit(
        &self,
        from: &str,
        to: &str,
        script: &mut Script<'_>,
    ) -> Result<(Compiled, Vec<u8>), Failure> {
        let path = self.directory.join("orders.wpc");
        let text = fs::read_to_string(&path).map_err(|error| {
            Failure::environment("file_unreadable", "cannot read the policy").file(&path).cause(&error)
        })?;
        output::replace(&path, text.replacen(from, to, 1).as_bytes())?;
        let (compiled, _) = compiled(&self.directory, script)?;
        Ok((compiled, signed(&self.directory, "orders", &self.author)?))
    }

    /// The artifact that is on disk, signed by a key that nobody trusts.
    pub(super) fn signed_by_a_stranger(&self) -> Result<Vec<u8>, Failure> {
        let stranger = new_key(&self.directory.join("stranger.key"))?;
        let payload = wpc_model::encode(&self.compiled.policy);
        Ok(wpc::sign(wpc::POLICY_TYPE, &payload, &[stranger]))
    }
}

fn new_key(path: &Path) -> Result<Key, Failure> {
    let key = Key::generate()
        .map_err(|error| Failure::environment(error.code(), error.to_string()).cause(&error))?;
    key::write(&key, path)?;
    Ok(key)
}

/// A trust file: names, keys, and each one's role, with what the ledger's says besides.
fn trust(principals: &[(&str, &Key, &str)]) -> String {
    let one = |(name, key, role): &(&str, &Key, &str)| {
        let close = if role.contains(']') { "" } else { "]" };
        format!("  {{\"name\":\"{name}\",\"keys\":[\"{}\"],\"roles\":[{role}{close}}}", key.did())
    };
    let all: Vec<_> = principals.iter().map(one).collect();
    format!("{{\"v\":1,\"principals\":[\n{}]}}\n", all.join(",\n"))
}

/// Compiles `orders.wpc` in `directory` as `wpc compile` does.
fn compiled(directory: &Path, script: &mut Script<'_>) -> Result<(Compiled, Hash), Failure> {
    let path = directory.join("orders.wpc");
    let text = crate::input::text(&path, "policy file", wpc_grammar::MAX_SOURCE_BYTES)?;
    let source = Source::new("orders.wpc", text);
    let compiled = compile::compile(&source, &Parameters::new()).map_err(|found| {
        script.say(problems::drawn(&found, &source, false));
        Failure::no("demo_differs", "the policy does not compile").file(&path).help("report this as a defect")
    })?;
    let [artifact, map] = ["orders.wpc.json", "orders.wpc.map.json"].map(|name| directory.join(name));
    let hash = Hash::of(&compile::write(&compiled, &artifact, &map)?);
    script.say(format!("  compiled orders.wpc.json, hash {hash}"));
    Ok((compiled, hash))
}

/// Signs the artifact on disk as `wpc sign` does, and gives the envelope.
fn signed(directory: &Path, name: &str, author: &Key) -> Result<Vec<u8>, Failure> {
    let artifact = directory.join(format!("{name}.wpc.json"));
    let payload = crate::input::bytes(&artifact, "artifact", wpc_model::MAX_ARTIFACT_BYTES)?;
    let envelope = wpc::sign(wpc::POLICY_TYPE, &payload, std::slice::from_ref(author));
    output::replace(&crate::artifact::envelope_path(&artifact), &envelope)?;
    Ok(envelope)
}
