//! The members of the claims as they are written, closed as in `scoped_token_claims.v1`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};
use wpc_model::Hash;
use wpc_model::canon::Writer;

use super::number::Number;
use crate::object::{Object, present};

/// The one version that exists.
pub(super) const TOKEN_VERSION: &str = "1";

#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub(super) struct Wire {
    pub(super) token_version: String,
    pub(super) sub: String,
    pub(super) aud: Audience,
    pub(super) scope: Vec<String>,
    pub(super) iat: i64,
    pub(super) exp: i64,
    #[serde(default, deserialize_with = "present")]
    pub(super) owner_ref: Option<String>,
    #[serde(default, deserialize_with = "present")]
    pub(super) owner_did: Option<String>,
    #[serde(default, deserialize_with = "present")]
    pub(super) controller_did: Option<String>,
    #[serde(default, deserialize_with = "present")]
    pub(super) agent_did: Option<String>,
    #[serde(default, deserialize_with = "present")]
    pub(super) policy_hash_b64u: Option<String>,
    #[serde(default, deserialize_with = "present")]
    pub(super) control_plane_policy_hash_b64u: Option<String>,
    #[serde(default, deserialize_with = "present")]
    pub(super) token_scope_hash_b64u: Option<String>,
    #[serde(default, deserialize_with = "present")]
    pub(super) payment_account_did: Option<String>,
    #[serde(default, deserialize_with = "present")]
    pub(super) spend_cap: Option<Number>,
    #[serde(default, deserialize_with = "present")]
    pub(super) mission_id: Option<String>,
    #[serde(default, deserialize_with = "present")]
    pub(super) delegation_id: Option<String>,
    #[serde(default, deserialize_with = "present")]
    pub(super) delegator_did: Option<String>,
    #[serde(default, deserialize_with = "present")]
    pub(super) delegate_did: Option<String>,
    #[serde(default, deserialize_with = "present")]
    pub(super) delegation_policy_hash_b64u: Option<String>,
    #[serde(default, deserialize_with = "present")]
    pub(super) delegation_spend_cap_minor: Option<String>,
    #[serde(default, deserialize_with = "present")]
    pub(super) delegation_expires_at: Option<i64>,
    #[serde(default, deserialize_with = "present")]
    pub(super) token_lane: Option<String>,
    #[serde(default, deserialize_with = "present")]
    pub(super) jti: Option<String>,
    #[serde(default, deserialize_with = "present")]
    pub(super) nonce: Option<String>,
}

/// One name, or an array of them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Audience(pub(super) Vec<String>);

impl<'de> Deserialize<'de> for Audience {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Audience;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or an array of strings")
            }

            fn visit_str<E>(self, name: &str) -> Result<Audience, E> {
                Ok(Audience(vec![name.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Audience, A::Error> {
                let mut names = Vec::new();
                while let Some(name) = seq.next_element()? {
                    names.push(name);
                }
                Ok(Audience(names))
            }
        }
        deserializer.deserialize_any(Read)
    }
}

/// The value of one member.
enum Member<'a> {
    Text(&'a str),
    Texts(Vec<&'a str>),
    Integer(i64),
    /// In its canonical spelling.
    Number(String),
}

impl Wire {
    /// The members of a JSON object in any order; nothing else.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok().map(|Object(wire)| wire)
    }

    /// All members in RFC 8785, `aud` always as an array, `spend_cap` re-spelled.
    pub(super) fn canonical(&self) -> Vec<u8> {
        let mut members = BTreeMap::from([
            ("token_version", Member::Text(&self.token_version)),
            ("sub", Member::Text(&self.sub)),
            ("aud", Member::Texts(self.aud.0.iter().map(String::as_str).collect())),
            ("scope", Member::Texts(self.scope.iter().map(String::as_str).collect())),
            ("iat", Member::Integer(self.iat)),
            ("exp", Member::Integer(self.exp)),
        ]);
        let unscoped = [
            ("token_scope_hash_b64u", &self.token_scope_hash_b64u),
            ("token_lane", &self.token_lane),
            ("jti", &self.jti),
            ("nonce", &self.nonce),
        ];
        let texts = self.optional_texts().into_iter().chain(unscoped);
        members.extend(texts.filter_map(|(name, text)| Some((name, Member::Text(text.as_deref()?)))));
        members.extend(self.spend_cap.as_ref().map(|cap| ("spend_cap", Member::Number(cap.canonical()))));
        members.extend(self.delegation_expires_at.map(|at| ("delegation_expires_at", Member::Integer(at))));
        write(&members)
    }

    /// `token_scope_hash_b64u`, recomputed: family B of CLAWSIG.md over what CLAWSIG.md section 5 lists.
    pub(super) fn scope_hash(&self) -> Hash {
        Hash::of(&self.scope_input())
    }

    pub(super) fn scope_input(&self) -> Vec<u8> {
        let mut members = BTreeMap::from([
            ("token_version", Member::Text(TOKEN_VERSION)),
            ("sub", Member::Text(trim(&self.sub))),
            ("aud", Member::Texts(as_set(&self.aud.0))),
            ("scope", Member::Texts(as_set(&self.scope))),
        ]);
        for (name, text) in self.optional_texts() {
            let Some(text) = text.as_deref().map(trim).filter(|text| !text.is_empty()) else { continue };
            let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
            if name != "delegation_spend_cap_minor" || is_digits {
                members.insert(name, Member::Text(text));
            }
        }
        members.extend(self.spend_cap.as_ref().map(|cap| ("spend_cap", Member::Number(cap.canonical()))));
        let expires = self.delegation_expires_at.filter(|&at| at > 0);
        members.extend(expires.map(|at| ("delegation_expires_at", Member::Integer(at))));
        write(&members)
    }

    /// The optional texts that the scope hash covers.
    fn optional_texts(&self) -> [(&'static str, &Option<String>); 13] {
        [
            ("owner_ref", &self.owner_ref),
            ("owner_did", &self.owner_did),
            ("controller_did", &self.controller_did),
            ("agent_did", &self.agent_did),
            ("policy_hash_b64u", &self.policy_hash_b64u),
            ("control_plane_policy_hash_b64u", &self.control_plane_policy_hash_b64u),
            ("payment_account_did", &self.payment_account_did),
            ("mission_id", &self.mission_id),
            ("delegation_id", &self.delegation_id),
            ("delegator_did", &self.delegator_did),
            ("delegate_did", &self.delegate_did),
            ("delegation_policy_hash_b64u", &self.delegation_policy_hash_b64u),
            ("delegation_spend_cap_minor", &self.delegation_spend_cap_minor),
        ]
    }
}

/// Trimmed, without empty ones, each once, in RFC 8785's order (UTF-16 code units).
fn as_set(texts: &[String]) -> Vec<&str> {
    let set: BTreeSet<_> = texts.iter().map(|text| trim(text)).filter(|text| !text.is_empty()).collect();
    let mut sorted: Vec<_> = set.into_iter().collect();
    sorted.sort_by(|left, right| left.encode_utf16().cmp(right.encode_utf16()));
    sorted
}

/// As ECMAScript's `String.prototype.trim` does.
fn trim(text: &str) -> &str {
    let is_blank = |letter: char| (letter.is_whitespace() && letter != '\u{85}') || letter == '\u{feff}';
    text.trim_matches(is_blank)
}

/// RFC 8785. The members' names are ASCII, so that the map's order is that of UTF-16.
fn write(members: &BTreeMap<&str, Member<'_>>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1024);
    for (index, (name, member)) in members.iter().enumerate() {
        bytes.push(if index == 0 { b'{' } else { b',' });
        Writer::new(&mut bytes).text(name);
        bytes.push(b':');
        match member {
            Member::Text(text) => Writer::new(&mut bytes).text(text),
            Member::Texts(texts) => Writer::new(&mut bytes).texts(texts.iter().copied()),
            Member::Integer(integer) => Writer::new(&mut bytes).integer(*integer),
            // The artifact's writer has no fractions.
            Member::Number(number) => bytes.extend_from_slice(number.as_bytes()),
        }
    }
    bytes.push(b'}');
    bytes
}
