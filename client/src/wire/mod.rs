//! The bodies of requests and answers, as JSON.
//!
//! Those that clawcontrols and clawscope have keep their members (CLAWSIG.md 9 and 10). Hashes are base64url
//! without padding, times of statements RFC 3339, those of tokens Unix seconds. A signed document stands as the
//! DSSE envelope that it is.

use serde::{Deserialize, Serialize};
use serde_json::Value;

macro_rules! body {
    ($(#[$about:meta])* $name:ident { $($(#[$of:meta])* $member:ident: $type:ty,)* }) => {
        #[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
        #[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
        $(#[$about])*
        pub struct $name { $($(#[$of])* pub $member: $type,)* }
    };
}

/// A request's body: members that nobody reads are refused.
macro_rules! asked {
    ($(#[$about:meta])* $name:ident { $($(#[$of:meta])* $member:ident: $type:ty,)* }) => {
        body! { $(#[$about])* #[serde(deny_unknown_fields)] $name { $($(#[$of])* $member: $type,)* } }
    };
}

// Behind the macros that they use.
mod evidence;
mod jobs;
mod registry;
mod tokens;

pub use evidence::{Bundle, Census, CensusJob, Evidence, Link};
pub use jobs::{Checkpoint, Cosigned, Job, OpenJob, Requests, SubmitApproval, Taken, Waiting};
pub use registry::{Artifact, Chain, Names, Released};
pub use tokens::{
    EventRecord, Events, Introspect, Introspected, Issue, Issued, OneOrMore, Revocation, Revoke, RevokeToken,
    RevokedToken,
};

body! {
    /// Why not (RFC 9457). `code` is stable; on paths of clawcontrols and clawscope, `error` and `message` say it in
    /// their words too.
    #[derive(Eq)]
    Problem {
        /// A URI that names the code.
        #[serde(rename = "type")]
        kind: String,
        /// What it means.
        title: String,
        /// The HTTP status.
        status: u16,
        /// The stable code.
        code: String,
        /// What of this request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        detail: Option<String>,
        /// `false`, on paths of clawcontrols.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ok: Option<bool>,
        /// The code in their words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<Value>,
        /// The title again, on paths of clawscope.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
    }
}

asked! {
    /// Stops a tool: no more tokens for policies that have it, and all that were issued are revoked.
    #[derive(Eq)]
    Stop {
        /// The tool's name in policies.
        tool: String,
        /// Why, for the audit log.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    }
}

body! {
    /// A tool that is stopped.
    #[derive(Eq)]
    Stopped {
        /// The tool.
        tool: String,
        /// Since when.
        at: String,
        /// Policies that have it.
        policies: Vec<String>,
        /// Jobs whose tokens were revoked.
        jobs: Vec<String>,
        /// The first and the last of the revocations; none if no token was valid.
        revocations: Option<(u64, u64)>,
    }
}

body! {
    /// Tools that are stopped.
    #[derive(Eq)]
    Stops {
        /// Them.
        stops: Vec<Stopped>,
    }
}

body! {
    /// What was written, by whom.
    Audit {
        /// Entries of the audit log, from the index that was asked for on.
        entries: Vec<String>,
        /// The log's signed head, a C2SP note.
        checkpoint: String,
    }
}

body! {
    /// Who answers.
    #[derive(Eq)]
    Identity {
        /// The did:key of the key that signs tokens and revocations.
        did: String,
        /// How tokens name it.
        kid: String,
        /// The public key, base64url.
        public_key_b64u: String,
    }
}
