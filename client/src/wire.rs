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

asked! {
    /// Asks for a token.
    #[derive(Default, Eq)]
    Issue {
        /// The agent's DID.
        sub: String,
        /// The ledger's DID; hosts may stand beside it.
        #[cfg_attr(feature = "schema", schema(value_type = Vec<String>))]
        aud: OneOrMore,
        /// What it may be used for; `wpc:call` if nothing is said.
        #[serde(default)]
        scope: Vec<String>,
        /// The policy, which must be released and current.
        policy_hash_b64u: String,
        /// The job; a new one is named if nothing is said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mission_id: Option<String>,
        /// How long it is valid; at most what the policy says, which is the default.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ttl_sec: Option<i64>,
        /// Until when it is valid, Unix seconds; in place of `ttl_sec`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        exp: Option<i64>,
        /// Who owns the agent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        owner_did: Option<String>,
        /// Who controls the agent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        controller_did: Option<String>,
        /// The agent again, in the canonical lane.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        agent_did: Option<String>,
    }
}

/// One text, or an array of them.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(from = "Several", into = "Vec<String>")]
pub struct OneOrMore(pub Vec<String>);

#[derive(Deserialize)]
#[serde(untagged)]
enum Several {
    One(String),
    More(Vec<String>),
}

impl From<Several> for OneOrMore {
    fn from(several: Several) -> Self {
        match several {
            Several::One(text) => Self(vec![text]),
            Several::More(texts) => Self(texts),
        }
    }
}

impl From<OneOrMore> for Vec<String> {
    fn from(OneOrMore(texts): OneOrMore) -> Self {
        texts
    }
}

body! {
    /// A new token, a secret of the agent's, and its grant, which is none.
    Issued {
        /// The token.
        token: String,
        /// SHA-256 of its compact form, in hexadecimal.
        token_hash: String,
        /// The same claims in a signed envelope.
        grant: Value,
        /// The policy.
        policy_hash_b64u: String,
        /// The hash of what it authorises.
        token_scope_hash_b64u: String,
        /// The job.
        mission_id: String,
        /// Which key signed it.
        kid: String,
        /// The did:key of that key.
        issuer: String,
        /// Its name, unique for its issuer.
        jti: String,
        /// When it was issued, Unix seconds.
        iat: i64,
        /// From when on it is not valid, Unix seconds.
        exp: i64,
        /// All claims.
        claims: Value,
    }
}

asked! {
    /// Asks what a token is.
    #[derive(Eq)]
    Introspect {
        /// The token.
        token: String,
    }
}

body! {
    /// What a token is (RFC 7662).
    #[derive(Default)]
    Introspected {
        /// Whether it is valid now and not revoked.
        active: bool,
        /// Whether it was revoked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        revoked: Option<bool>,
        /// SHA-256 of its compact form, in hexadecimal.
        token_hash: String,
        /// The agent.
        sub: String,
        /// Whom it is for.
        #[cfg_attr(feature = "schema", schema(value_type = Vec<String>))]
        aud: OneOrMore,
        /// What it may be used for.
        scope: Vec<String>,
        /// The policy.
        policy_hash_b64u: String,
        /// The hash of what it authorises.
        token_scope_hash_b64u: String,
        /// The job.
        mission_id: String,
        /// Its name.
        jti: String,
        /// When it was issued, Unix seconds.
        iat: i64,
        /// From when on it is not valid, Unix seconds.
        exp: i64,
        /// Which key signed it.
        kid: String,
        /// `header`.
        kid_source: String,
        /// When it was revoked, Unix seconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        revoked_at: Option<i64>,
        /// The same, RFC 3339.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        revoked_at_iso: Option<String>,
    }
}

asked! {
    /// Revokes one token: itself, the hash of its compact form, or issuer and `jti`.
    #[derive(Default, Eq)]
    RevokeToken {
        /// The token.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        token: Option<String>,
        /// SHA-256 of its compact form, in hexadecimal.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        token_hash: Option<String>,
        /// Who issued it; this control plane if nothing is said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        issuer: Option<String>,
        /// Its name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        jti: Option<String>,
        /// Why, for the audit log.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    }
}

body! {
    /// A token that was revoked.
    #[derive(Eq)]
    RevokedToken {
        /// `revoked` or `already_revoked`.
        status: String,
        /// SHA-256 of its compact form, in hexadecimal, if this control plane issued it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        token_hash: Option<String>,
        /// When, Unix seconds.
        revoked_at: i64,
        /// The same, RFC 3339.
        revoked_at_iso: String,
        /// Its key in the events.
        event_key: String,
        /// Its number among the revocations.
        revocation_seq: u64,
    }
}

asked! {
    /// Revokes something else than one token.
    #[derive(Eq)]
    Revoke {
        /// `job policy agent issuer_key approval`, or what lifts: `agent_lifted issuer_key_lifted`.
        kind: String,
        /// Which.
        value: String,
        /// Why, for the audit log.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    }
}

body! {
    /// A revocation.
    Revocation {
        /// Its number, from 1.
        revocation_seq: u64,
        /// `jti job policy agent issuer_key approval agent_lifted issuer_key_lifted`.
        kind: String,
        /// Which.
        value: String,
        /// Whether it was revoked before.
        existed: bool,
        /// The signed statement.
        envelope: Value,
    }
}

body! {
    /// A page of revocations, newest first, as clawscope has them.
    Events {
        /// The revocations.
        events: Vec<EventRecord>,
        /// Where to go on, if there is more.
        cursor: Option<String>,
        /// Whether these are all.
        list_complete: bool,
    }
}

body! {
    /// One of them.
    EventRecord {
        /// Its number.
        sequence: u64,
        /// Names it among the events.
        key: String,
        /// What was revoked.
        record: Value,
    }
}

asked! {
    /// A ledger opens a job: the first one that does keeps it.
    #[derive(Eq)]
    OpenJob {
        /// The ledger; whoever asks signs with its key.
        ledger: String,
        /// The hash of the leaf of the job's first entry.
        opened_leaf: String,
    }
}

body! {
    /// A job and where it is open.
    #[derive(Eq)]
    Job {
        /// The job.
        job: String,
        /// Its ledger.
        ledger: String,
        /// The hash of the leaf of its first entry.
        opened_leaf: String,
        /// Whether this ledger had opened it before.
        existed: bool,
    }
}

asked! {
    /// A ledger's own log has grown.
    #[derive(Eq)]
    Checkpoint {
        /// The signed head, a C2SP note.
        checkpoint: String,
        /// The index of the first leaf here.
        first: u64,
        /// The leaves up to the head's size, as they are in the log.
        leaves: Vec<String>,
    }
}

body! {
    /// The head that the control plane knows.
    #[derive(Eq)]
    Cosigned {
        /// How many leaves it has; after a push that ends before its head, how many are known.
        size: u64,
        /// The note with the witness's signature, if this control plane is one; empty if no head had all of its
        /// leaves yet.
        checkpoint: String,
    }
}

asked! {
    /// Hands in a signed approval.
    SubmitApproval {
        /// The signed approval.
        approval: Value,
        /// Signed statements that give its signer a role.
        #[serde(default)]
        memberships: Vec<Value>,
    }
}

body! {
    /// What waits for people, and what they signed.
    Waiting {
        /// The hash of the request.
        request_hash: String,
        /// The refused call, with its arguments in clear.
        request: Value,
        /// Signed approvals.
        approvals: Vec<SubmitApproval>,
    }
}

body! {
    /// Requests, oldest first.
    Requests {
        /// Them.
        requests: Vec<Waiting>,
        /// Where to go on, if there is more.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cursor: Option<String>,
    }
}

body! {
    /// A request or an approval that was taken.
    #[derive(Eq)]
    Taken {
        /// Its hash.
        hash: String,
        /// Whether it was there before.
        existed: bool,
    }
}

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
