//! Receipts of model calls, as the Claw ecosystem's gateways sign them (CLAWSIG.md 3, 7, 8, 11): a
//! `gateway_receipt` envelope, version 1.
//!
//! ```text
//! {"algorithm":"Ed25519", …, "payload":{"receipt_id":…,"provider":…,"model":…,"tokens_input":…,
//!  "binding":{"run_id":"job_7fz3q","span_id":"span_1", …}, …},"payload_hash_b64u":…,"signature_b64u":…}
//! ```
//!
//! The signature is over the 43 characters of the hash of the payload *as it stands on the wire*, so the payload's
//! bytes are kept as they came, and nothing beside it counts: `issued_at` is signed by nobody. The envelope
//! around it has one spelling here ([`GatewayReceipt::as_str`]).
//!
//! Of a receipt that is ours, `metadata.wpc_cost` says what the call cost, and `metadata.wpc_notes` how it went.

mod notes;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::value::RawValue;
use wpc_model::canon::{Json, Writer};
use wpc_model::{Cost, Hash, MAX_INTEGER, ModelUse, check_model, check_provider};

use self::notes::Notes;
use crate::object::{Object, present};
use crate::trust::{Role, Trust};
use crate::{Did, JobId, Key, time};

/// Longest accepted receipt, in bytes.
pub const MAX_GATEWAY_RECEIPT_BYTES: usize = 64 << 10;
/// Longest accepted name of a receipt, a span or a nonce, in bytes.
pub const MAX_RECEIPT_NAME_BYTES: usize = 256;
/// Most notes of a receipt, and longest name and text of one, in bytes.
pub const MAX_RECEIPT_NOTES: usize = 16;
/// Most tokens of one call, read or written, and longest duration in milliseconds.
const MAX_TOKENS: u64 = 10_000_000;
const MAX_LATENCY_MS: u64 = 3_600_000;

/// A receipt whose gateway's signature holds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct GatewayReceipt {
    text: String,
    hash: Hash,
    signer: Did,
    issued_at: i64,
    said: Answered,
}

/// What a gateway says of one call of a model.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Answered {
    /// Its name among the signer's.
    pub receipt_id: String,
    /// The gateway's own name for itself.
    pub gateway_id: String,
    /// Who offers the model.
    pub provider: String,
    /// The model.
    pub model: String,
    /// SHA-256 of the request that was forwarded.
    pub request_hash: Hash,
    /// SHA-256 of what the provider answered.
    pub response_hash: Hash,
    /// Tokens that were read.
    pub tokens_input: u64,
    /// Tokens that were written.
    pub tokens_output: u64,
    /// How long it took.
    pub latency_ms: u64,
    /// When, by the gateway's clock, Unix milliseconds.
    pub timestamp: i64,
    /// What it belongs to.
    pub binding: Binding,
    /// What it cost; the ecosystem's own gateways do not say.
    pub cost: Option<Cost>,
    /// How it went, in the gateway's own words: at most [`MAX_RECEIPT_NOTES`], names and texts as [`is_name`]
    /// admits them. Signed, and nothing is decided by them.
    pub notes: BTreeMap<String, String>,
}

/// What a receipt belongs to.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Binding {
    /// The job.
    pub run_id: String,
    /// An event of an exported bundle's chain ([`crate::clawsig::event_hash`]).
    pub event_hash: Option<Hash>,
    /// Chosen by whoever asked, so that one request has one receipt.
    pub nonce: Option<String>,
    /// The policy under which the gateway forwarded it.
    pub policy_hash: Option<Hash>,
    /// The scope hash of the token under which it was asked.
    pub token_scope_hash: Option<Hash>,
    /// Its place in the graph of what caused what.
    pub span_id: Option<String>,
    /// The span that caused it.
    pub parent_span_id: Option<String>,
}

/// A receipt is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum GatewayReceiptError {
    /// Longer than [`MAX_GATEWAY_RECEIPT_BYTES`]. Code `too_large`.
    #[error("the receipt is longer than {MAX_GATEWAY_RECEIPT_BYTES} bytes")]
    TooLarge,
    /// Not an envelope of a gateway's receipt. Code `malformed`.
    #[error("not a gateway's receipt: `{0}` is missing or wrong")]
    Malformed(&'static str),
    /// Base64 that is not the one encoding of its bytes. Code `base64_malleable`.
    #[error("base64 that is padded, or has unused bits set")]
    Base64,
    /// The payload is not the one that was signed, or the signature does not hold. Code `receipt_signature`.
    #[error("the receipt's signature does not hold")]
    Signature,
    /// The key is not one of a model gateway in the trust file. Code `receipt_signature`.
    #[error("no model gateway of the trust file signed the receipt")]
    Untrusted,
    /// It belongs to something else. Code `receipt_binding`.
    #[error("the receipt is of another {0}")]
    Binding(&'static str),
    /// The policy does not allow the model. Code `model_not_allowed`.
    #[error("the policy does not allow the model")]
    Model,
}

impl GatewayReceiptError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::Malformed(_) => "malformed",
            Self::Base64 => "base64_malleable",
            Self::Signature | Self::Untrusted => "receipt_signature",
            Self::Binding(_) => "receipt_binding",
            Self::Model => "model_not_allowed",
        }
    }
}

impl From<Wrong> for GatewayReceiptError {
    fn from(Wrong(member): Wrong) -> Self {
        Self::Malformed(member)
    }
}

struct Wrong(&'static str);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope<'a> {
    envelope_version: String,
    envelope_type: String,
    #[serde(borrow)]
    payload: &'a RawValue,
    payload_hash_b64u: String,
    hash_algorithm: String,
    signature_b64u: String,
    algorithm: String,
    signer_did: String,
    issued_at: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Payload {
    receipt_version: String,
    receipt_id: String,
    gateway_id: String,
    provider: String,
    model: String,
    request_hash_b64u: String,
    response_hash_b64u: String,
    tokens_input: u64,
    tokens_output: u64,
    latency_ms: u64,
    timestamp: String,
    binding: Object<Bound>,
    #[serde(default)]
    metadata: Object<Metadata>,
}

/// Members of the binding that nothing rests on are read and left alone; their second spellings
/// (`spanId`) are refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bound {
    run_id: String,
    #[serde(default, deserialize_with = "present")]
    event_hash_b64u: Option<String>,
    #[serde(default, deserialize_with = "present")]
    nonce: Option<String>,
    #[serde(default, deserialize_with = "present")]
    policy_hash: Option<String>,
    #[serde(default, deserialize_with = "present")]
    token_scope_hash_b64u: Option<String>,
    #[serde(default, deserialize_with = "present")]
    span_id: Option<String>,
    #[serde(default, deserialize_with = "present")]
    parent_span_id: Option<String>,
    #[serde(default, rename = "tool_span_id")]
    _tool_span_id: Option<serde::de::IgnoredAny>,
    #[serde(default, rename = "phase")]
    _phase: Option<serde::de::IgnoredAny>,
    #[serde(default, rename = "attribution_confidence")]
    _attribution_confidence: Option<serde::de::IgnoredAny>,
}

/// Open: whatever else is in it is signed, and means nothing here.
#[derive(Default, Deserialize)]
struct Metadata {
    #[serde(default, deserialize_with = "present")]
    wpc_cost: Option<Object<Priced>>,
    #[serde(default)]
    wpc_notes: Notes,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Priced {
    currency: String,
    minor_units: i64,
}

impl GatewayReceipt {
    /// Reads an envelope, whatever the order of its members and the space between them, and verifies that
    /// `signer_did` signed the payload. Who that is, is [`GatewayReceipt::trusted`]'s to say.
    ///
    /// # Errors
    ///
    /// [`GatewayReceiptError`] with the first reason found.
    pub fn read(bytes: &[u8]) -> Result<Self, GatewayReceiptError> {
        if bytes.len() > MAX_GATEWAY_RECEIPT_BYTES {
            return Err(GatewayReceiptError::TooLarge);
        }
        let Object(envelope): Object<Envelope<'_>> =
            serde_json::from_slice(bytes).map_err(|_| GatewayReceiptError::Malformed("envelope"))?;
        let fixed = [
            (envelope.envelope_version.as_str(), "1", "envelope_version"),
            (&envelope.envelope_type, "gateway_receipt", "envelope_type"),
            (&envelope.hash_algorithm, "SHA-256", "hash_algorithm"),
            (&envelope.algorithm, "Ed25519", "algorithm"),
        ];
        if let Some((.., member)) = fixed.iter().find(|(found, expected, _)| found != expected) {
            return Err(GatewayReceiptError::Malformed(member));
        }
        let signer = Did::parse(&envelope.signer_did).map_err(|_| Wrong("signer_did"))?;
        let issued_at = time::from_text(&envelope.issued_at).ok_or(Wrong("issued_at"))?;
        let wire = envelope.payload.get();
        let hash = Hash::from_text(&envelope.payload_hash_b64u).ok_or(GatewayReceiptError::Base64)?;
        let signature =
            URL_SAFE_NO_PAD.decode(&envelope.signature_b64u).map_err(|_| GatewayReceiptError::Base64)?;
        let signature: [u8; 64] = signature.try_into().map_err(|_| Wrong("signature_b64u"))?;
        if Hash::of(wire.as_bytes()) != hash || !signer.signed(hash.to_string().as_bytes(), &signature) {
            return Err(GatewayReceiptError::Signature);
        }
        let Object(payload): Object<Payload> = serde_json::from_str(wire).map_err(|_| Wrong("payload"))?;
        let said = payload.read()?;
        let text = text(wire, &hash, &signature, &signer, &envelope.issued_at);
        if text.len() > MAX_GATEWAY_RECEIPT_BYTES {
            return Err(GatewayReceiptError::TooLarge);
        }
        Ok(Self { text, hash, signer, issued_at, said })
    }

    /// Signs what a gateway has to say, at `issued_at`, Unix milliseconds.
    ///
    /// # Errors
    ///
    /// [`GatewayReceiptError::Malformed`] if a part is out of its bounds, and [`GatewayReceiptError::TooLarge`].
    pub fn sign(said: &Answered, gateway: &Key, issued_at: i64) -> Result<Self, GatewayReceiptError> {
        let payload = said.to_json()?.encode();
        let wire = String::from_utf8(payload).map_err(|_| Wrong("payload"))?;
        let hash = Hash::of(wire.as_bytes());
        let signature = gateway.sign(hash.to_string().as_bytes());
        let issued_at = time::to_text(issued_at).ok_or(Wrong("issued_at"))?;
        Self::read(text(&wire, &hash, &signature, &gateway.did(), &issued_at).as_bytes())
    }

    /// The envelope: its members in the order of canonical JSON, the payload as it was signed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The hash of the payload: how an entry names it.
    #[must_use]
    pub const fn hash(&self) -> Hash {
        self.hash
    }

    /// The key that signed it.
    #[must_use]
    pub const fn signer(&self) -> &Did {
        &self.signer
    }

    /// When it was issued, by nobody's signature, Unix milliseconds.
    #[must_use]
    pub const fn issued_at(&self) -> i64 {
        self.issued_at
    }

    /// What it says.
    #[must_use]
    pub const fn said(&self) -> &Answered {
        &self.said
    }

    /// What it charges to a policy's budgets.
    #[must_use]
    pub fn used(&self) -> ModelUse {
        let Answered { receipt_id, tokens_input, tokens_output, cost, .. } = &self.said;
        let name = format!("{} {receipt_id}", self.signer);
        let tokens = i64::try_from(tokens_input.saturating_add(*tokens_output)).unwrap_or(MAX_INTEGER);
        ModelUse { receipt: Hash::under("wpc/model-receipt/v1", name.as_bytes()), tokens, cost: cost.clone() }
    }

    /// Whether a model gateway of the trust file signed it.
    ///
    /// # Errors
    ///
    /// [`GatewayReceiptError::Untrusted`] only.
    pub fn trusted(&self, trust: &Trust) -> Result<(), GatewayReceiptError> {
        let principal = trust.principal_of(&self.signer);
        let is_gateway = principal.is_some_and(|principal| principal.has(Role::ModelGateway));
        if is_gateway { Ok(()) } else { Err(GatewayReceiptError::Untrusted) }
    }

    /// Whether it belongs to `job`: to a policy of `policies` where it names one, and to a token with one of
    /// `scopes`, which it must name if the job has tokens.
    ///
    /// # Errors
    ///
    /// [`GatewayReceiptError::Binding`] only.
    pub fn belongs(
        &self,
        job: &JobId,
        policies: &[Hash],
        scopes: &[Hash],
    ) -> Result<(), GatewayReceiptError> {
        let Binding { run_id, policy_hash, token_scope_hash, .. } = &self.said.binding;
        if run_id != job.as_str() {
            return Err(GatewayReceiptError::Binding("job"));
        }
        if policy_hash.is_some_and(|hash| !policies.contains(&hash)) {
            return Err(GatewayReceiptError::Binding("policy"));
        }
        let of_token = match token_scope_hash {
            Some(scope) => scopes.contains(scope),
            None => scopes.is_empty(),
        };
        if of_token { Ok(()) } else { Err(GatewayReceiptError::Binding("token")) }
    }
}

/// The one spelling of an envelope.
fn text(wire: &str, hash: &Hash, signature: &[u8; 64], signer: &Did, issued_at: &str) -> String {
    let mut at = Vec::new();
    Writer::new(&mut at).text(issued_at);
    let at = String::from_utf8_lossy(&at);
    let signature = URL_SAFE_NO_PAD.encode(signature);
    format!(
        "{{\"algorithm\":\"Ed25519\",\"envelope_type\":\"gateway_receipt\",\"envelope_version\":\"1\",\
         \"hash_algorithm\":\"SHA-256\",\"issued_at\":{at},\"payload\":{wire},\"payload_hash_b64u\":\"{hash}\",\
         \"signature_b64u\":\"{signature}\",\"signer_did\":\"{signer}\"}}"
    )
}

impl Payload {
    fn read(self) -> Result<Answered, Wrong> {
        let check = |fits: bool, member| if fits { Ok(()) } else { Err(Wrong(member)) };
        let hash = |text: &str, member| Hash::from_text(text).ok_or(Wrong(member));
        let some_hash = |text: Option<String>, member| text.map(|text| hash(&text, member)).transpose();
        check(self.receipt_version == "1", "receipt_version")?;
        check(is_name(&self.receipt_id), "receipt_id")?;
        check(is_name(&self.gateway_id), "gateway_id")?;
        check(check_provider(&self.provider).is_ok(), "provider")?;
        check(check_model(&self.model).is_ok(), "model")?;
        check(self.tokens_input <= MAX_TOKENS && self.tokens_output <= MAX_TOKENS, "tokens")?;
        check(self.latency_ms <= MAX_LATENCY_MS, "latency_ms")?;
        let Object(bound) = self.binding;
        for (name, member) in [
            (Some(&bound.run_id), "run_id"),
            (bound.nonce.as_ref(), "nonce"),
            (bound.span_id.as_ref(), "span_id"),
            (bound.parent_span_id.as_ref(), "parent_span_id"),
        ] {
            check(name.is_none_or(|name| is_name(name)), member)?;
        }
        let Object(Metadata { wpc_cost, wpc_notes: Notes(notes) }) = self.metadata;
        let cost = match wpc_cost {
            None => None,
            Some(Object(Priced { currency, minor_units })) => {
                let letters = currency.len() == 3 && currency.bytes().all(|byte| byte.is_ascii_uppercase());
                check(letters && (0..=MAX_INTEGER).contains(&minor_units), "wpc_cost")?;
                Some(Cost { currency, minor_units })
            }
        };
        Ok(Answered {
            receipt_id: self.receipt_id,
            gateway_id: self.gateway_id,
            provider: self.provider,
            model: self.model,
            request_hash: hash(&self.request_hash_b64u, "request_hash_b64u")?,
            response_hash: hash(&self.response_hash_b64u, "response_hash_b64u")?,
            tokens_input: self.tokens_input,
            tokens_output: self.tokens_output,
            latency_ms: self.latency_ms,
            timestamp: time::from_text(&self.timestamp).ok_or(Wrong("timestamp"))?,
            binding: Binding {
                run_id: bound.run_id,
                event_hash: some_hash(bound.event_hash_b64u, "event_hash_b64u")?,
                nonce: bound.nonce,
                policy_hash: some_hash(bound.policy_hash, "policy_hash")?,
                token_scope_hash: some_hash(bound.token_scope_hash_b64u, "token_scope_hash_b64u")?,
                span_id: bound.span_id,
                parent_span_id: bound.parent_span_id,
            },
            cost,
            notes,
        })
    }
}

impl Answered {
    /// Its canonical JSON: what is signed.
    fn to_json(&self) -> Result<Json, Wrong> {
        let number =
            |number: u64, member| i64::try_from(number).map(Json::Integer).map_err(|_| Wrong(member));
        let hash = |hash: &Hash| Json::from(hash.to_string());
        let text = |text: &String| Json::from(text.as_str());
        let Binding { run_id, event_hash, nonce, policy_hash, token_scope_hash, span_id, parent_span_id } =
            &self.binding;
        let mut binding = vec![("run_id", text(run_id))];
        binding.extend(event_hash.iter().map(|one| ("event_hash_b64u", hash(one))));
        binding.extend(nonce.iter().map(|one| ("nonce", text(one))));
        binding.extend(policy_hash.iter().map(|one| ("policy_hash", hash(one))));
        binding.extend(token_scope_hash.iter().map(|one| ("token_scope_hash_b64u", hash(one))));
        binding.extend(span_id.iter().map(|one| ("span_id", text(one))));
        binding.extend(parent_span_id.iter().map(|one| ("parent_span_id", text(one))));
        let mut members = vec![
            ("binding", Json::object(binding)),
            ("gateway_id", text(&self.gateway_id)),
            ("latency_ms", number(self.latency_ms, "latency_ms")?),
            ("model", text(&self.model)),
            ("provider", text(&self.provider)),
            ("receipt_id", text(&self.receipt_id)),
            ("receipt_version", Json::from("1")),
            ("request_hash_b64u", hash(&self.request_hash)),
            ("response_hash_b64u", hash(&self.response_hash)),
            ("timestamp", Json::Text(time::to_text(self.timestamp).ok_or(Wrong("timestamp"))?)),
            ("tokens_input", number(self.tokens_input, "tokens_input")?),
            ("tokens_output", number(self.tokens_output, "tokens_output")?),
        ];
        let mut metadata = Vec::new();
        if let Some(Cost { currency, minor_units }) = &self.cost {
            let cost =
                Json::object([("currency", text(currency)), ("minor_units", Json::Integer(*minor_units))]);
            metadata.push(("wpc_cost", cost));
        }
        if !self.notes.is_empty() {
            let notes = self.notes.iter().map(|(name, note)| (name.as_str(), text(note)));
            metadata.push(("wpc_notes", Json::object(notes)));
        }
        if !metadata.is_empty() {
            members.push(("metadata", Json::object(metadata)));
        }
        Ok(Json::object(members))
    }
}

/// Whether a text may name a receipt or a span: 1 to [`MAX_RECEIPT_NAME_BYTES`] bytes, no control characters.
#[must_use]
pub fn is_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_RECEIPT_NAME_BYTES && !text.chars().any(char::is_control)
}
