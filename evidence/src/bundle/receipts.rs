//! Stage 8: that each model call that the log names has a receipt that a gateway signed, of this job.

use std::collections::{BTreeMap, BTreeSet};

use wpc_model::Hash;

use super::code::{Code, Stage};
use super::grants::Tokens;
use super::log::{Logged, readable};
use super::parallel;
use super::policy::Under;
use super::read::Run;
use super::report::{Finding, Findings, stop};
use crate::entry::{Body, ModelCall};
use crate::gateway_receipt::{GatewayReceipt, GatewayReceiptError};
use crate::trust::Trust;

/// Receipts by the hash of their payload.
pub(super) type Receipts = BTreeMap<Hash, GatewayReceipt>;

/// Reads a receipt in its one spelling.
pub(super) fn read(text: &str) -> Result<GatewayReceipt, Code> {
    match GatewayReceipt::read(text.as_bytes()) {
        Ok(receipt) if receipt.as_str() == text => Ok(receipt),
        Ok(_) => Err(Code::NotCanonical),
        Err(error) => Err(of_receipt(error)),
    }
}

/// Verifies each of them, and compares it with its entry.
pub(super) fn verify(
    run: &Run<'_>,
    entries: &[Logged],
    under: &Under,
    tokens: &Tokens,
    trust: &Trust,
) -> Result<Receipts, Findings> {
    let mut found = Findings::new();
    let mut find = |code, why| found.push(Finding::new(code).in_stage(Stage::Receipts).because(why));
    let (mut receipts, mut names) = (Receipts::new(), BTreeSet::new());
    let scopes: Vec<Hash> = tokens.held.iter().map(|held| held.taken.scope_hash).collect();
    for receipt in parallel::each(&run.receipts, |text| read(text)) {
        let receipt = match receipt {
            Ok(receipt) => receipt,
            Err(code) => {
                find(code, "a receipt");
                continue;
            }
        };
        if let Err(error) = receipt.trusted(trust) {
            find(of_receipt(error), "nobody whom the trust file names as a model gateway signed it");
        }
        if let Some(Err(error)) = run.origin.job_id().map(|job| receipt.belongs(job, &under.hashes, &scopes))
        {
            find(of_receipt(error), "it belongs to something else");
        }
        if !under.policy.admits_model(&receipt.said().provider, &receipt.said().model) {
            find(Code::ModelNotAllowed, "the policy names other models");
        }
        let is_new = names.insert((*receipt.signer(), receipt.said().receipt_id.clone()));
        if receipts.insert(receipt.hash(), receipt).is_some() || !is_new {
            find(Code::ReceiptDuplicate, "a receipt is there twice");
        }
    }
    let mut named = BTreeSet::new();
    for entry in readable(entries) {
        let Body::ModelCall(called) = &entry.body else { continue };
        let finding = match receipts.get(&called.receipt) {
            None => Some((Code::ReceiptBinding, "its receipt is not there")),
            Some(receipt) if !says(called, receipt) => {
                Some((Code::ReceiptBinding, "its receipt says something else"))
            }
            Some(_) if !named.insert(called.receipt) => {
                Some((Code::ReceiptDuplicate, "another entry has its receipt"))
            }
            Some(_) => None,
        };
        found.extend(finding.map(|(code, why)| Finding::new(code).at(entry.seq).because(why)));
    }
    if receipts.keys().any(|hash| !named.contains(hash)) {
        found.push(Finding::new(Code::ReceiptBinding).because("a receipt is of no entry"));
    }
    stop(found)?;
    Ok(receipts)
}

fn says(called: &ModelCall, receipt: &GatewayReceipt) -> bool {
    let said = receipt.said();
    called.signer == *receipt.signer()
        && called.receipt_id == said.receipt_id
        && called.span == said.binding.span_id
}

const fn of_receipt(error: GatewayReceiptError) -> Code {
    match error {
        GatewayReceiptError::TooLarge => Code::TooLarge,
        GatewayReceiptError::Malformed(_) => Code::Malformed,
        GatewayReceiptError::Base64 => Code::Base64Malleable,
        GatewayReceiptError::Signature | GatewayReceiptError::Untrusted => Code::ReceiptSignature,
        GatewayReceiptError::Binding(_) => Code::ReceiptBinding,
        GatewayReceiptError::Model => Code::ModelNotAllowed,
    }
}
