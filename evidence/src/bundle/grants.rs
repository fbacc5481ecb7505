//! Stage 4: what the issuers say of the tokens under which calls were made.

use std::collections::{BTreeMap, BTreeSet};

use wpc_model::Auth;

use super::code::Code;
use super::documents::Documents;
use super::log::Logged;
use super::report::{Finding, Findings, stop};
use crate::approved;
use crate::entry::{Body, Proof, Taken};
use crate::trust::Trust;
use crate::{Did, JobId};

/// A token that the job took.
#[derive(Debug)]
pub(super) struct Held {
    /// Place of its entry.
    pub(super) seq: u64,
    pub(super) taken: Taken,
    pub(super) job: JobId,
    pub(super) agent: String,
    pub(super) policy_hash: wpc_model::Hash,
    pub(super) ledger: Did,
    /// Keys and principals on whose behalf it asks.
    pub(super) requester: Vec<String>,
}

/// The tokens of the job, by the place of their entries.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    pub(super) held: Vec<Held>,
    by_jti: BTreeMap<String, Vec<usize>>,
}

impl Tokens {
    /// The token of this name that was taken last before entry `seq`, and its index.
    pub(super) fn at(&self, jti: &str, seq: u64) -> Option<(usize, &Held)> {
        let mut indices = self.by_jti.get(jti)?.iter().rev();
        indices.find_map(|&index| Some((index, self.held.get(index).filter(|held| held.seq < seq)?)))
    }
}

/// Compares each token that the log names with its grant.
pub(super) fn verify(
    documents: &Documents<'_>,
    entries: &[Logged],
    auth: &Auth,
    trust: &Trust,
) -> Result<Tokens, Findings> {
    let mut found = Findings::new();
    let mut tokens = Tokens::default();
    let mut named = BTreeSet::new();
    for entry in entries.iter().filter_map(|logged| logged.entry.as_ref().ok()) {
        let Body::Token(taken) = &entry.body else { continue };
        named.insert(taken.grant);
        let Some(grant) = documents.grants.get(&taken.grant) else {
            found.push(Finding::new(Code::GrantMissing).at(entry.seq));
            continue;
        };
        let claims = grant.claims();
        let same = grant.issuers().contains(&taken.issuer)
            && claims.jti() == taken.jti
            && claims.iat_s() == taken.iat
            && claims.exp_s() == taken.exp
            && claims.claimed_scope_hash() == taken.scope_hash;
        if !same {
            found.push(Finding::new(Code::ClaimsMismatch).at(entry.seq));
        }
        if auth.proof_of_possession && taken.proof == Proof::Bearer {
            let why = "the policy demands a proof of possession";
            found.push(Finding::new(Code::ClaimsMismatch).at(entry.seq).because(why));
        }
        let lifetime_s = claims.exp_s().saturating_sub(claims.iat_s());
        if !(1..=auth.max_ttl_seconds).contains(&lifetime_s) {
            found.push(Finding::new(Code::Lifetime).at(entry.seq));
        }
        let index = tokens.held.len();
        tokens.by_jti.entry(taken.jti.clone()).or_default().push(index);
        tokens.held.push(Held {
            seq: entry.seq,
            taken: taken.clone(),
            job: claims.job().clone(),
            agent: claims.sub().to_owned(),
            policy_hash: claims.policy_hash(),
            ledger: *claims.ledger(),
            requester: approved::requester(claims, claims.ledger(), trust),
        });
    }
    if documents.grants.keys().any(|hash| !named.contains(hash)) {
        found.push(Finding::new(Code::ClaimsMismatch).because("a grant is of no token that the log names"));
    }
    stop(found)?;
    Ok(tokens)
}
