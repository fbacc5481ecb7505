//! What a gateway is told when it starts.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use wpc_evidence::{Role, Trust};
use wpc_model::{Policy, check_provider};
use zeroize::Zeroizing;

use crate::prices::Prices;

/// A secret that no `Debug` shows, wiped when it is dropped.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// A secret.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    pub(crate) fn show(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// Where a provider is.
#[derive(Clone, Debug)]
pub struct Upstream {
    /// Its URL, before `/v1`: `https://api.openai.com`. `http` on this machine only.
    pub url: String,
    /// Its key for whoever runs the gateway.
    pub key: Option<Secret>,
}

/// How much and how long.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Longest request, in bytes.
    pub request_bytes: usize,
    /// Longest answer that does not stream, in bytes.
    pub answer_bytes: usize,
    /// Longest stream, in bytes.
    pub stream_bytes: usize,
    /// Longest event of a stream, in bytes.
    pub event_bytes: usize,
    /// How long a connection to a provider may take.
    pub connect_within: Duration,
    /// How long a provider may take to begin its answer.
    pub begin_within: Duration,
    /// How long it may then be silent.
    pub silent_for: Duration,
    /// How long a call may take.
    pub end_within: Duration,
    /// Calls of one job at a time.
    pub calls_at_a_time: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            request_bytes: 8 << 20,
            answer_bytes: 32 << 20,
            stream_bytes: 64 << 20,
            event_bytes: 8 << 20,
            connect_within: Duration::from_secs(10),
            begin_within: Duration::from_secs(600),
            silent_for: Duration::from_secs(120),
            end_within: Duration::from_secs(1_800),
            calls_at_a_time: 32,
        }
    }
}

/// What a gateway stands on, beside the policy, the trust and the ledger.
#[derive(Debug)]
pub struct Config {
    /// Signs receipts: a `model_gateway` of the trust.
    pub key: wpc_evidence::Key,
    /// Providers by their names in policies.
    pub upstreams: BTreeMap<String, Upstream>,
    /// What models cost.
    pub prices: Option<Prices>,
    /// The URL that clients call and make their proofs for, without a path.
    pub url: String,
    /// How much and how long.
    pub limits: Limits,
}

/// A gateway does not start.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The key is not that of a model gateway. Code `gateway_key`.
    #[error("the key {0} is not that of a principal with the role `model_gateway` in the trust file")]
    Key(String),
    /// The policy has no `models`. Code `models_missing`.
    #[error("the policy has no `models`, so nothing may be forwarded")]
    NoModels,
    /// A budget counts money, and nobody says what models cost. Code `prices_missing`.
    #[error("the policy has a budget in {0}, and no prices in {0} are given")]
    NoPrices(String),
    /// A provider's name or URL is none. Code `upstream_refused`.
    #[error("the upstream `{name}` {what}")]
    Upstream {
        /// Its name.
        name: String,
        /// What is wrong.
        what: &'static str,
    },
    /// TLS cannot be set up. Code `upstream_tls`.
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
}

impl ConfigError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Key(_) => "gateway_key",
            Self::NoModels => "models_missing",
            Self::NoPrices(_) => "prices_missing",
            Self::Upstream { .. } => "upstream_refused",
            Self::Tls(_) => "upstream_tls",
        }
    }
}

impl Config {
    /// Whether a gateway can start with it under this policy.
    pub(crate) fn check(&self, policy: &Policy, trust: &Trust) -> Result<(), ConfigError> {
        let did = self.key.did();
        if !trust.principal_of(&did).is_some_and(|principal| principal.has(Role::ModelGateway)) {
            return Err(ConfigError::Key(did.to_string()));
        }
        if policy.layers().all(|layer| layer.settings.models.is_none()) {
            return Err(ConfigError::NoModels);
        }
        let priced =
            |currency: &str| self.prices.as_ref().is_some_and(|prices| prices.currency() == currency);
        if let Some(currency) = policy.model_budget().costs.into_keys().find(|currency| !priced(currency)) {
            return Err(ConfigError::NoPrices(currency));
        }
        self.upstreams.iter().try_for_each(|(name, upstream)| check_upstream(name, upstream))
    }
}

fn check_upstream(name: &str, upstream: &Upstream) -> Result<(), ConfigError> {
    let wrong = |what| ConfigError::Upstream { name: name.to_owned(), what };
    if check_provider(name).is_err() || matches!(name, "v1" | "v1beta" | "health") {
        return Err(wrong("has no name of a provider"));
    }
    let url = reqwest::Url::parse(&upstream.url).map_err(|_| wrong("has no URL"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("has a URL with a credential in it: give it as a file"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("has a URL with a query or a fragment"));
    }
    let host = url.host_str().unwrap_or_default();
    // By its address, not by how a name begins.
    let here = matches!(host, "localhost" | "[::1]")
        || host.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback());
    match url.scheme() {
        "https" => Ok(()),
        "http" if here => Ok(()),
        _ => Err(wrong("is reached neither over TLS nor on this machine")),
    }
}
