//! Providers: what goes to them, and what of their answers comes back.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue};
use rustls::crypto::ring;
use rustls_platform_verifier::BuilderVerifierExt as _;

use crate::config::{Config, ConfigError, Upstream};
use crate::route::Target;
use crate::shape::Shape;

/// How long a connection to a provider is kept that nobody uses.
const IDLE_FOR: Duration = Duration::from_secs(20);
/// Headers of requests that go on, beside those that the gateway writes itself.
const SENT_ON: &[&str] = &["anthropic-beta", "anthropic-version", "openai-beta"];
/// Headers of answers that come back, by their names and by how these begin.
const COME_BACK: &[&str] =
    &["content-type", "openai-processing-ms", "openai-version", "request-id", "retry-after", "x-request-id"];
const COME_BACK_BEGINNING: &[&str] = &["anthropic-ratelimit-", "x-ratelimit-"];

/// Every provider.
#[derive(Debug)]
pub(crate) struct Upstreams {
    client: reqwest::Client,
    providers: BTreeMap<String, Provider>,
}

struct Provider {
    /// Without a slash at its end.
    url: String,
    /// What it knows the operator by.
    key: Option<(HeaderName, HeaderValue)>,
}

/// Nothing came back.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Unanswered {
    /// The provider was not reached: it cannot have seen the request.
    Unreachable,
    /// It was, and broke off.
    Dropped,
}

impl Upstreams {
    pub(crate) fn new(config: &Config) -> Result<Self, ConfigError> {
        let tls = |error: &dyn std::fmt::Display| ConfigError::Tls(error.to_string());
        // With a provider that is named: rustls refuses to guess where two are compiled in.
        let verified = rustls::ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|config| config.with_platform_verifier())
            .map_err(|error| tls(&error))?
            .with_no_client_auth();
        // Redirects would carry prompts and keys elsewhere; a second try would be a second call.
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(verified)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            // Whatever else this program's other parts compile in: the bytes are hashed as they come.
            .no_gzip()
            .no_brotli()
            .no_deflate()
            .no_zstd()
            .http1_only()
            // Providers close what is idle for longer; a request that meets that is lost, and charged.
            .pool_idle_timeout(IDLE_FOR)
            .connect_timeout(config.limits.connect_within)
            .tcp_nodelay(true)
            .build()
            .map_err(|error| tls(&error))?;
        let providers = config.upstreams.iter().map(|(name, upstream)| {
            let provider = Provider::of(name, upstream)?;
            Ok((name.clone(), provider))
        });
        Ok(Self { client, providers: providers.collect::<Result<_, ConfigError>>()? })
    }

    /// Whether it is configured.
    pub(crate) fn knows(&self, provider: &str) -> bool {
        self.providers.contains_key(provider)
    }

    /// Sends a request once, and waits until its answer begins.
    pub(crate) async fn send(
        &self,
        target: &Target,
        headers: &HeaderMap,
        stream: bool,
        body: Bytes,
    ) -> Result<reqwest::Response, Unanswered> {
        let provider = self.providers.get(&target.provider).ok_or(Unanswered::Unreachable)?;
        let mut sent = HeaderMap::new();
        for name in SENT_ON {
            for value in headers.get_all(*name) {
                sent.append(HeaderName::from_static(name), value.clone());
            }
        }
        sent.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let accept = if stream { "text/event-stream" } else { "application/json" };
        sent.insert(ACCEPT, HeaderValue::from_static(accept));
        sent.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        sent.insert(USER_AGENT, HeaderValue::from_static(concat!("wpc-proxy/", env!("CARGO_PKG_VERSION"))));
        if let Some((name, value)) = &provider.key {
            sent.insert(name.clone(), value.clone());
        }
        let url = format!("{}{}", provider.url, target.path);
        let answer = self.client.post(url).headers(sent).body(body).send().await;
        answer.map_err(|error| if error.is_connect() { Unanswered::Unreachable } else { Unanswered::Dropped })
    }
}

impl Provider {
    fn of(name: &str, upstream: &Upstream) -> Result<Self, ConfigError> {
        let wrong = |_| ConfigError::Upstream {
            name: name.to_owned(),
            what: "has a key that cannot stand in a header",
        };
        let key = match &upstream.key {
            None => None,
            Some(key) => {
                let (header, text) = match Shape::of_provider(name) {
                    Shape::OpenAi => (AUTHORIZATION, format!("Bearer {}", key.show())),
                    Shape::Anthropic => (HeaderName::from_static("x-api-key"), key.show().to_owned()),
                    Shape::Google => (HeaderName::from_static("x-goog-api-key"), key.show().to_owned()),
                };
                let mut value = HeaderValue::try_from(text).map_err(wrong)?;
                value.set_sensitive(true);
                Some((header, value))
            }
        };
        Ok(Self { url: upstream.url.trim_end_matches('/').to_owned(), key })
    }
}

/// The headers of an answer that a client may see.
pub(crate) fn come_back(headers: &HeaderMap) -> HeaderMap {
    let mut back = HeaderMap::new();
    for (name, value) in headers {
        let text = name.as_str();
        if COME_BACK.contains(&text) || COME_BACK_BEGINNING.iter().any(|begin| text.starts_with(begin)) {
            back.append(name.clone(), value.clone());
        }
    }
    back
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Provider").field("url", &self.url).finish_non_exhaustive()
    }
}
