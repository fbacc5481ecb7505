//! Bundles, and what is wanting of them.

use serde::{Deserialize, Serialize};

body! {
    /// Where a browser finds the page of a bundle.
    #[derive(Eq)]
    Link {
        /// Whoever has it may look.
        url: String,
        /// Until when, RFC 3339.
        expires_at: String,
    }
}

body! {
    /// A bundle in the evidence store.
    #[derive(Eq)]
    Bundle {
        /// SHA-256 of its bytes.
        bundle_hash: String,
        /// The job.
        job: String,
        /// Its ledger.
        ledger: String,
        /// The agent.
        agent: String,
        /// The policy.
        policy_hash_b64u: String,
        /// `verified` or `incomplete`: what this control plane's verification said of it.
        verdict: String,
        /// How many entries it has.
        entries: u64,
        /// Whether the job was closed.
        closed: bool,
        /// The time of its first entry.
        first_at: String,
        /// The time of its last entry.
        last_at: String,
    }
}

body! {
    /// Bundles that answer a query, and jobs of the same window of which there is none.
    #[derive(Eq)]
    Evidence {
        /// The bundles, by their first entry.
        bundles: Vec<Bundle>,
        /// Jobs that tokens were issued for, whose lifetime meets the window, and of which no bundle is here:
        /// whether they answer the query cannot be told.
        without_bundle: Vec<CensusJob>,
        /// Where to go on, if there is more.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cursor: Option<String>,
    }
}

body! {
    /// Every job that is known, as far as its evidence is wanting.
    #[derive(Eq)]
    Census {
        /// How many jobs were looked at.
        jobs: u64,
        /// Those whose evidence is complete.
        complete: u64,
        /// The others.
        wanting: Vec<CensusJob>,
        /// Where to go on, if there is more.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cursor: Option<String>,
    }
}

body! {
    /// A job whose evidence is wanting.
    #[derive(Eq)]
    CensusJob {
        /// The job.
        job: String,
        /// `no_bundle`, `bundle_short`, `never_opened`, `not_granted` or `log_behind`.
        why: String,
        /// Its ledger.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ledger: Option<String>,
        /// The agent, if a token was issued for it here.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        agent: Option<String>,
        /// The policy, if a token was issued for it here.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        policy_hash_b64u: Option<String>,
        /// How many entries its ledger's log says that it has.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        entries: Option<u64>,
        /// How many the bundle has.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        in_bundle: Option<u64>,
    }
}
