//! Signed policies and their releases.

use serde::{Deserialize, Serialize};
use serde_json::Value;

body! {
    /// A signed policy in the registry.
    Artifact {
        /// Always true.
        ok: bool,
        /// Whether the registry had it before, of a `PUT`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        existed: Option<bool>,
        /// The hash of the payload.
        policy_hash_b64u: String,
        /// The signed policy.
        envelope: Value,
    }
}

body! {
    /// The releases of one name, oldest first.
    Chain {
        /// The policy's name.
        policy_name: String,
        /// How many releases there are.
        head_seq: u64,
        /// The current policy.
        policy_hash_b64u: String,
        /// Signed releases from the number that was asked for on.
        releases: Vec<Value>,
    }
}

body! {
    /// A release that was taken.
    Released {
        /// The policy's name.
        policy_name: String,
        /// Its number.
        seq: u64,
        /// The policy's hash.
        policy_hash_b64u: String,
        /// The hash of the release's payload.
        release_hash_b64u: String,
        /// Whether it was there before.
        existed: bool,
    }
}

body! {
    /// Names of released policies.
    Names {
        /// Each with its current release.
        policies: Vec<Released>,
        /// Where to go on, if there is more.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cursor: Option<String>,
    }
}
