//! Receipts of model calls, as far as the ecosystem's verifier counts them (CLAWSIG.md 7).
//!
//! It refuses a file with a receipt that is bound to an event which is not in the chain, and one whose spans do not
//! hang together. So a receipt is exported if it is bound to an event of the chain, and has either no span or one
//! that leads to the first.

use std::collections::{BTreeMap, BTreeSet};

use super::chain::Event;
use crate::bundle::View;
use crate::entry::Body;
use crate::gateway_receipt::GatewayReceipt;

/// What of them is exported.
#[derive(Debug, Default)]
pub(super) struct Models {
    /// Envelopes, in the order of their entries.
    pub(super) receipts: Vec<String>,
    /// How many are not exported.
    pub(super) unbound: usize,
    /// The spans of those that are, by the places of their entries.
    spans: BTreeMap<u64, String>,
}

/// Of a bundle, whose events are `chain`.
pub(super) fn of(shown: &View, chain: &[Event]) -> Models {
    let events: BTreeSet<&str> = chain.iter().map(|event| event.hash.as_str()).collect();
    let mut models = Models::default();
    // Spans that lead to the first one, and when each was.
    let mut connected: BTreeMap<&str, i64> = BTreeMap::new();
    for shown_entry in &shown.entries {
        let entry = &shown_entry.entry;
        let Body::ModelCall(called) = &entry.body else { continue };
        let Some(receipt) = shown.receipts.get(&called.receipt) else { continue };
        let bound =
            receipt.said().binding.event_hash.is_some_and(|hash| events.contains(hash.to_string().as_str()));
        // Nobody signed when it was issued; the verifier wants that not to be before what was signed.
        let in_time = receipt.said().timestamp <= receipt.issued_at();
        if !bound || !in_time || !hangs(receipt, &mut connected) {
            models.unbound = models.unbound.saturating_add(1);
            continue;
        }
        if let Some(span) = &receipt.said().binding.span_id {
            models.spans.insert(entry.seq, span.clone());
        }
        models.receipts.push(receipt.as_str().to_owned());
    }
    models
}

/// Whether its span, if it has one, is the first, or new and below one that hangs together with it.
fn hangs<'r>(receipt: &'r GatewayReceipt, connected: &mut BTreeMap<&'r str, i64>) -> bool {
    let said = receipt.said();
    let fits = match (&said.binding.span_id, &said.binding.parent_span_id) {
        (None, None) => return true,
        // A parent without a child.
        (None, Some(_)) => return false,
        (Some(_), None) => connected.is_empty(),
        (Some(_), Some(parent)) => connected.get(parent.as_str()).is_some_and(|at| *at <= said.timestamp),
    };
    let Some(span) = said.binding.span_id.as_deref().filter(|span| fits && !connected.contains_key(span))
    else {
        return false;
    };
    connected.insert(span, said.timestamp);
    true
}

impl Models {
    /// Whether effects can be anchored.
    pub(super) fn anchors(&self) -> bool {
        !self.spans.is_empty()
    }

    /// The span of the last model call before the entry at `seq`, or of the first one.
    pub(super) fn span_before(&self, seq: u64) -> Option<&str> {
        let before = self.spans.range(..seq).next_back();
        before.or(self.spans.first_key_value()).map(|(_, span)| span.as_str())
    }
}
