//! The gate over a signed artifact that was read at run time.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use wpc::{DynamicGate, Identity, JobId, Key, MemoryLedger, Opening, POLICY_TYPE, Trust};
use wpc_compiler::{Colour, Parameters, Source, compile, render_all};
use wpc_model::{Call, Moment, Resource, Value, encode};

use crate::{Result, problem};

const ARTIFACT: &str = "ours.wpc.dsse.json";

/// Compiles `source` and leaves it signed in `directory`.
///
/// # Errors
///
/// Only if it does not compile or cannot be written.
pub fn prepare(directory: &Path, source: String) -> Result<()> {
    let source = Source::new("bench.wpc", source);
    let compiled = compile(&source, &Parameters::new())
        .map_err(|problems| render_all(&problems, &source, Colour::Plain))?;
    let envelope = wpc::sign(POLICY_TYPE, &encode(&compiled.policy), &[author()]);
    Ok(fs::write(directory.join(ARTIFACT), envelope)?)
}

/// Reads, verifies, decodes and indexes what [`prepare`] wrote, and opens a job over an empty ledger in
/// memory.
///
/// # Errors
///
/// Only if it cannot be read or is not what was signed.
pub fn load(directory: &Path) -> Result<DynamicGate> {
    let did = author().did();
    let trust = format!(
        r#"{{"v":1,"principals":[{{"name":"author","keys":["{did}"],"roles":["policy_author"]}}],"threshold":{{}}}}"#
    );
    Ok(DynamicGate::open(Opening {
        artifact: &fs::read(directory.join(ARTIFACT))?,
        trust: &Trust::parse(trust.as_bytes())?,
        ledger: Arc::new(MemoryLedger::new(Key::from_seed(&[8; 32]))?),
        identity: Identity::local(JobId::mint()?, "bench"),
    })?)
}

/// Our form of `call`.
#[must_use]
pub fn call(call: &problem::Call) -> Call {
    let properties = call.properties.iter().map(|(name, value)| ((*name).to_owned(), Value::text(*value)));
    Call {
        tool: "bus".to_owned(),
        action: call.action.to_owned(),
        resource: Some(Resource { kind: "queue".to_owned(), names: vec![call.queue.clone()] }),
        arguments: BTreeMap::from([
            ("message_bytes".to_owned(), Value::Int(call.message_bytes)),
            ("properties".to_owned(), Value::Map(properties.collect())),
        ]),
    }
}

/// Whether the rules allow `call`.
#[must_use]
pub fn decide(gate: &DynamicGate, call: &Call) -> bool {
    gate.rulings(call, Moment::at(0)).allow()
}

fn author() -> Key {
    Key::from_seed(&[7; 32])
}
