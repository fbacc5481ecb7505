//! The HTTP client of whoever talks to a server: an upstream's credential or an agent's token goes where it is meant to.

use std::sync::Arc;

use reqwest::Client;
use reqwest::header::HeaderMap;
use rustls::crypto::ring;
use rustls_platform_verifier::BuilderVerifierExt as _;

/// Requests at a time; the gate's own limits are the policy's.
pub(crate) const MAX_REQUESTS: usize = 1_024;

/// A client that sends `headers` with each request. Redirects would carry them elsewhere, and are not followed; neither
/// is a proxy that the environment names.
///
/// # Errors
///
/// Why there is none, in words.
pub(crate) fn with(headers: HeaderMap) -> Result<Client, String> {
    // With a provider that is named: rustls refuses to guess where two are compiled in.
    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|tls| tls.with_platform_verifier())
        .map_err(|error| error.to_string())?
        .with_no_client_auth();
    Client::builder()
        .tls_backend_preconfigured(tls)
        .default_headers(headers)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .map_err(|error| error.to_string())
}
