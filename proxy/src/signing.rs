//! Receipts: what a gateway signs of one call.

use std::collections::BTreeMap;

use wpc_evidence::gateway_receipt::{Answered, Binding, GatewayReceipt};
use wpc_evidence::{Key, random};
use wpc_model::{Cost, Hash};

use crate::bound::{Charge, End};

/// What there is to say of a call.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    pub(crate) provider: String,
    pub(crate) model: String,
    pub(crate) request_hash: Hash,
    pub(crate) response_hash: Hash,
    pub(crate) charge: Charge,
    pub(crate) end: End,
    /// The status of the provider's answer, if it began.
    pub(crate) status: Option<u16>,
    pub(crate) latency_ms: u64,
    /// More that is noted.
    pub(crate) notes: Vec<(&'static str, String)>,
}

/// Where a receipt stands in its job.
#[derive(Clone, Debug)]
pub(crate) struct Standing<'s> {
    /// What the gate binds receipts to.
    pub(crate) binding: &'s Binding,
    /// The span of the job's first call, unless this is it.
    pub(crate) parent: Option<&'s str>,
    /// Unix milliseconds.
    pub(crate) at: i64,
    pub(crate) cost: Option<Cost>,
}

/// A receipt. `nonce` is what the client chose so that one request has one.
pub(crate) fn sign(
    facts: Facts,
    nonce: Option<Hash>,
    standing: Standing<'_>,
    key: &Key,
    gateway: &str,
) -> Result<GatewayReceipt, &'static str> {
    let name = || random::bytes().map(random::base32).map_err(|error| error.code());
    let mut notes: BTreeMap<String, String> = BTreeMap::new();
    let mut note = |name: &str, text: String| notes.insert(name.to_owned(), text);
    note("end", facts.end.word().to_owned());
    note("tokens", facts.charge.counting.word().to_owned());
    if let Some(status) = facts.status {
        note("status", status.to_string());
    }
    for (name, text) in facts.notes {
        note(name, text);
    }
    let said = Answered {
        receipt_id: format!("rcpt_{}", name()?),
        gateway_id: gateway.to_owned(),
        provider: facts.provider,
        model: facts.model,
        request_hash: facts.request_hash,
        response_hash: facts.response_hash,
        tokens_input: facts.charge.input,
        tokens_output: facts.charge.output,
        latency_ms: facts.latency_ms.min(3_600_000),
        timestamp: standing.at,
        binding: Binding {
            nonce: Some(nonce.map_or_else(name, |nonce| Ok(nonce.to_string()))?),
            span_id: Some(format!("span_{}", name()?)),
            parent_span_id: standing.parent.map(str::to_owned),
            ..standing.binding.clone()
        },
        cost: standing.cost,
        notes,
    };
    GatewayReceipt::sign(&said, key, standing.at).map_err(|error| error.code())
}
