//! Tokens, and what revokes them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

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
