//! A control plane as its clients see it: one signed request at a time.

use std::io::{self, Read as _};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use ureq::http::{Request, Response};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Body};
use wpc::{Clock, SystemClock};
use wpc_evidence::statement::{ApprovalRequest, MAX_RELEASES};
use wpc_evidence::{Did, Envelope, JobId, Key, POLICY_TYPE, RandomError, Role, Trust};
use wpc_model::Hash;

use crate::signed;
use crate::wire::{
    Artifact, Audit, Bundle, Census, Chain, Checkpoint, Cosigned, Evidence, Introspect, Introspected, Issue,
    Issued, Job, Link, OpenJob, Problem, Released, Requests, Revocation, Revoke, RevokeToken, RevokedToken,
    Stop, Stopped, Stops, SubmitApproval, Taken, Waiting,
};

/// Longest accepted answer, in bytes; a bundle's may be longer.
const MAX_ANSWER: u64 = 32 << 20;
/// Longest accepted bundle, in bytes.
const MAX_BUNDLE: u64 = 512 << 20;
const CONNECT: Duration = Duration::from_secs(5);
const ANSWER: Duration = Duration::from_secs(60);

/// Asks a control plane, signing each request with a principal's key.
#[derive(Clone, Debug)]
pub struct Client {
    /// What the URIs of requests begin with, without a final slash.
    url: String,
    key: Arc<Key>,
    agent: Agent,
    clock: SystemClock,
}

/// A control plane refused, or did not answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The URL is none, or would send to another machine in clear. Code `control_plane_url`.
    #[error("a control plane's URL is https:// and a host; http:// on this machine alone")]
    Url,
    /// It cannot be reached, or did not answer in time. Code `control_plane_unavailable`.
    #[error("the control plane does not answer: {0}")]
    Unavailable(String),
    /// It refused. Its code is that of the problem.
    #[error("the control plane refused: {}{}", .0.title, .0.detail.as_ref().map(|detail| format!(": {detail}")).unwrap_or_default())]
    Refused(Box<Problem>),
    /// It answered with something else than the protocol says. Code `control_plane_answer`.
    #[error("the control plane's answer cannot be read: {0}")]
    Answer(String),
    /// The policy that it sent is not the one that was asked for, or nobody who counts signed it. Code
    /// `control_plane_artifact`.
    #[error("the control plane sent another policy than the one that was asked for: {0}")]
    Artifact(String),
    /// No randomness for the nonce. Code `randomness_unavailable`.
    #[error(transparent)]
    Random(#[from] RandomError),
}

impl ClientError {
    /// The stable code; of a refusal, the control plane's own.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Url => "control_plane_url",
            Self::Unavailable(_) => "control_plane_unavailable",
            Self::Refused(problem) => &problem.code,
            Self::Answer(_) => "control_plane_answer",
            Self::Artifact(_) => "control_plane_artifact",
            Self::Random(error) => error.code(),
        }
    }
}

impl Client {
    pub(crate) fn key(&self) -> &Key {
        &self.key
    }

    /// Of the control plane at `url`, as whoever holds `key`.
    ///
    /// # Errors
    ///
    /// [`ClientError::Url`] only.
    pub fn new(url: &str, key: Arc<Key>) -> Result<Self, ClientError> {
        let url = url.trim_end_matches('/');
        let local = is_local(url).ok_or(ClientError::Url)?;
        if !local && !url.starts_with("https://") {
            return Err(ClientError::Url);
        }
        let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
        let mut config = Agent::config_builder()
            .timeout_connect(Some(CONNECT))
            .timeout_global(Some(ANSWER))
            .http_status_as_error(false)
            .max_redirects(0)
            .tls_config(tls)
            .user_agent(concat!("wpc/", env!("CARGO_PKG_VERSION")));
        if local {
            config = config.proxy(None);
        }
        Ok(Self { url: url.to_owned(), key, agent: config.build().new_agent(), clock: SystemClock::new() })
    }

    /// Who asks.
    #[must_use]
    pub fn did(&self) -> Did {
        self.key.did()
    }

    fn request(
        &self,
        method: &str,
        path: &str,
        content: Option<&[u8]>,
        accept: &str,
    ) -> Result<Request<Vec<u8>>, ClientError> {
        let target = format!("{}{path}", self.url);
        let now_s = self.clock.wall_ms().div_euclid(1_000);
        let fields = signed::sign(&self.key, method, &target, content, now_s)?;
        let mut request = Request::builder()
            .method(method)
            .uri(target)
            .header("accept", accept)
            .header("signature-input", fields.signature_input)
            .header("signature", fields.signature);
        if let Some(digest) = fields.content_digest {
            request = request.header("content-digest", digest).header("content-type", "application/json");
        }
        request.body(content.unwrap_or_default().to_vec()).map_err(|_| ClientError::Url)
    }

    fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Body>, ClientError> {
        let unavailable = |error: ureq::Error| ClientError::Unavailable(error.to_string());
        let (parts, body) = request.into_parts();
        // A body that is sent to a method that has none is refused by some servers.
        let response = if parts.headers.contains_key("content-digest") {
            self.agent.run(Request::from_parts(parts, body))
        } else {
            self.agent.run(Request::from_parts(parts, ()))
        };
        let mut response = response.map_err(unavailable)?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        let body = read(response.body_mut(), MAX_ANSWER)?;
        match serde_json::from_slice(&body) {
            Ok(problem) => Err(ClientError::Refused(Box::new(problem))),
            Err(_) => Err(ClientError::Answer(format!("status {status} without a reason"))),
        }
    }

    fn bytes(
        &self,
        method: &str,
        path: &str,
        content: Option<&[u8]>,
        most: u64,
    ) -> Result<Vec<u8>, ClientError> {
        let request = self.request(method, path, content, "application/json")?;
        read(self.send(request)?.body_mut(), most)
    }

    fn ask<T: DeserializeOwned>(
        &self,
        method: &str,
        path: &str,
        content: Option<&[u8]>,
    ) -> Result<T, ClientError> {
        let body = self.bytes(method, path, content, MAX_ANSWER)?;
        serde_json::from_slice(&body).map_err(|error| ClientError::Answer(error.to_string()))
    }

    fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, ClientError> {
        let content = serde_json::to_vec(body).map_err(|error| ClientError::Answer(error.to_string()))?;
        self.ask("POST", path, Some(&content))
    }

    /// Stores a signed policy.
    ///
    /// # Errors
    ///
    /// [`ClientError`], as of every call.
    pub fn put_artifact(&self, hash: Hash, envelope: &[u8]) -> Result<Artifact, ClientError> {
        self.ask("PUT", &format!("/v1/wpc/{hash}"), Some(envelope))
    }

    /// The signed policy with this hash, verified: whatever the control plane says, it is the one that was asked
    /// for, and its authors in `trust` signed it.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn artifact(&self, hash: Hash, trust: &Trust) -> Result<Vec<u8>, ClientError> {
        let artifact: Artifact = self.ask("GET", &format!("/v1/wpc/{hash}"), None)?;
        let bytes =
            serde_json::to_vec(&artifact.envelope).map_err(|error| ClientError::Answer(error.to_string()))?;
        let verified = Envelope::verify(&bytes, POLICY_TYPE, trust, Role::PolicyAuthor)
            .map_err(|error| ClientError::Artifact(error.to_string()))?;
        if Hash::of(&verified.payload) == hash {
            Ok(bytes)
        } else {
            Err(ClientError::Artifact("it has another hash".to_owned()))
        }
    }

    /// Hands in a signed release.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn release(&self, policy_name: &str, envelope: &[u8]) -> Result<Released, ClientError> {
        self.ask("POST", &format!("/v1/policies/{}/releases", escaped(policy_name)), Some(envelope))
    }

    /// The releases of a name from number `from` on; at most 200. `None` if there are none.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn chain(&self, policy_name: &str, from: u64) -> Result<Option<Chain>, ClientError> {
        match self.ask("GET", &format!("/v1/policies/{}?from={from}", escaped(policy_name)), None) {
            Err(ClientError::Refused(problem)) if problem.code == "policy_unknown" => Ok(None),
            answer => answer.map(Some),
        }
    }

    /// The signed releases of a name, oldest first; none if there are none. Whether they are a chain that a
    /// releaser signed is for whoever reads them to say.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn releases(&self, policy_name: &str) -> Result<Vec<Vec<u8>>, ClientError> {
        let mut envelopes: Vec<Vec<u8>> = Vec::new();
        while envelopes.len() < MAX_RELEASES {
            let from = u64::try_from(envelopes.len()).unwrap_or(u64::MAX).saturating_add(1);
            let Some(chain) = self.chain(policy_name, from)? else { break };
            let before = envelopes.len();
            envelopes.extend(chain.releases.iter().map(|one| serde_json::to_vec(one).unwrap_or_default()));
            let all = u64::try_from(envelopes.len()).unwrap_or(u64::MAX) >= chain.head_seq;
            if all || envelopes.len() == before {
                break;
            }
        }
        Ok(envelopes)
    }

    /// Asks for a token.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn issue(&self, asked: &Issue) -> Result<Issued, ClientError> {
        self.post("/v1/tokens/issue", asked)
    }

    /// Asks what a token is.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn introspect(&self, token: &str) -> Result<Introspected, ClientError> {
        self.post("/v1/tokens/introspect", &Introspect { token: token.to_owned() })
    }

    /// Revokes a token.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn revoke_token(&self, asked: &RevokeToken) -> Result<RevokedToken, ClientError> {
        self.post("/v1/tokens/revoke", asked)
    }

    /// Revokes something else.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn revoke(&self, asked: &Revoke) -> Result<Revocation, ClientError> {
        self.post("/v1/revocations", asked)
    }

    /// Opens a job at the ledger whose key this is.
    ///
    /// # Errors
    ///
    /// [`ClientError`]; code `job_open_elsewhere` if another one did.
    pub fn open_job(&self, job: &JobId, opened_leaf: Hash) -> Result<Job, ClientError> {
        let asked = OpenJob { ledger: self.did().to_string(), opened_leaf: opened_leaf.to_string() };
        self.post(&format!("/v1/jobs/{job}/open"), &asked)
    }

    /// Pushes the head of the ledger whose key this is.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn push(&self, checkpoint: &Checkpoint) -> Result<Cosigned, ClientError> {
        self.post(&format!("/v1/ledgers/{}/checkpoints", self.did()), checkpoint)
    }

    /// The head of a ledger that the control plane knows; `None` if it knows none.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn checkpoint(&self, ledger: &Did) -> Result<Option<Cosigned>, ClientError> {
        match self.ask("GET", &format!("/v1/ledgers/{ledger}/checkpoint"), None) {
            Err(ClientError::Refused(problem)) if problem.code == "ledger_unknown" => Ok(None),
            answer => answer.map(Some),
        }
    }

    /// Asks people to approve a refused call.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn request_approval(&self, request: &ApprovalRequest) -> Result<Taken, ClientError> {
        let bytes = request.encode().map_err(|error| ClientError::Answer(error.to_string()))?;
        self.ask("POST", "/v1/approvals/requests", Some(&bytes))
    }

    /// What waits for people; of a job alone, if one is named.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn requests(&self, job: Option<&JobId>, cursor: Option<&str>) -> Result<Requests, ClientError> {
        let job = job.map(|job| format!("job={job}"));
        let cursor = cursor.map(|cursor| format!("cursor={}", escaped(cursor)));
        self.ask("GET", &with_query("/v1/approvals", job.into_iter().chain(cursor)), None)
    }

    /// One request, with what people signed.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn waiting(&self, request: &str) -> Result<Waiting, ClientError> {
        self.ask("GET", &format!("/v1/approvals/{}", escaped(request)), None)
    }

    /// Hands in a signed approval.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn approve(&self, approval: &SubmitApproval) -> Result<Taken, ClientError> {
        self.post("/v1/approvals", approval)
    }

    /// Stores a bundle.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn put_bundle(&self, bundle: &[u8]) -> Result<Bundle, ClientError> {
        self.ask("PUT", &format!("/v1/evidence/{}", Hash::of(bundle)), Some(bundle))
    }

    /// A bundle's bytes. Who reads them verifies them.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn bundle(&self, hash: Hash) -> Result<Vec<u8>, ClientError> {
        let bytes = self.bytes("GET", &format!("/v1/evidence/{hash}"), None, MAX_BUNDLE)?;
        if Hash::of(&bytes) == hash {
            Ok(bytes)
        } else {
            Err(ClientError::Answer("the bundle has another hash".to_owned()))
        }
    }

    /// A link under which a browser sees a stored bundle for two minutes.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn link(&self, bundle: Hash) -> Result<Link, ClientError> {
        self.ask("POST", &format!("/v1/evidence/{bundle}/link"), None)
    }

    /// Bundles that answer a query, whose parts are names and values of `GET /v1/evidence`.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn evidence(&self, query: &[(&str, String)]) -> Result<Evidence, ClientError> {
        self.ask("GET", &with_query("/v1/evidence", parts(query)), None)
    }

    /// Jobs whose evidence is wanting; the query is that of `GET /v1/census`.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn census(&self, query: &[(&str, String)]) -> Result<Census, ClientError> {
        self.ask("GET", &with_query("/v1/census", parts(query)), None)
    }

    /// Stops a tool.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn stop(&self, stop: &Stop) -> Result<Stopped, ClientError> {
        self.post("/v1/stops", stop)
    }

    /// Tools that are stopped.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn stops(&self) -> Result<Stops, ClientError> {
        self.ask("GET", "/v1/stops", None)
    }

    /// Lets a tool's tokens be issued again.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn resume(&self, tool: &str) -> Result<(), ClientError> {
        self.bytes("DELETE", &format!("/v1/stops/{}", escaped(tool)), None, MAX_ANSWER).map(drop)
    }

    /// The audit log from an index on.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn audit(&self, from: u64) -> Result<Audit, ClientError> {
        self.ask("GET", &format!("/v1/audit?from={from}"), None)
    }

    /// The stream after revocation `after`, for at most `within`.
    pub(crate) fn stream(&self, after: u64, within: Duration) -> Result<impl io::Read + use<>, ClientError> {
        let path = format!("/v1/revocations/stream?after={after}");
        let request = self.request("GET", &path, None, "text/event-stream")?;
        let (parts, _) = request.into_parts();
        let request = self
            .agent
            .configure_request(Request::from_parts(parts, ()))
            .timeout_global(None)
            .timeout_recv_response(Some(ANSWER))
            .timeout_recv_body(Some(within))
            .build();
        let mut response =
            self.agent.run(request).map_err(|error| ClientError::Unavailable(error.to_string()))?;
        if response.status().is_success() {
            return Ok(response.into_body().into_reader());
        }
        let body = read(response.body_mut(), MAX_ANSWER)?;
        match serde_json::from_slice(&body) {
            Ok(problem) => Err(ClientError::Refused(Box::new(problem))),
            Err(error) => Err(ClientError::Answer(error.to_string())),
        }
    }
}

fn read(body: &mut Body, most: u64) -> Result<Vec<u8>, ClientError> {
    let mut bytes = Vec::new();
    let read = body.as_reader().take(most.saturating_add(1)).read_to_end(&mut bytes);
    read.map_err(|error| ClientError::Unavailable(error.to_string()))?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length <= most) {
        Ok(bytes)
    } else {
        Err(ClientError::Answer("it is too long".to_owned()))
    }
}

/// Whether the host is this machine; `None` if there is no host, or more than a host.
fn is_local(url: &str) -> Option<bool> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    if rest.is_empty() || rest.contains(['/', '?', '#', '@', ' ']) {
        return None;
    }
    let host = match rest.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?.0,
        None => rest.split_once(':').map_or(rest, |(host, _)| host),
    };
    Some(host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback()))
}

fn parts<'q>(query: &'q [(&'q str, String)]) -> impl Iterator<Item = String> + 'q {
    query.iter().map(|(name, value)| format!("{name}={}", escaped(value)))
}

fn with_query(path: &str, parts: impl Iterator<Item = String>) -> String {
    let parts: Vec<_> = parts.collect();
    if parts.is_empty() { path.to_owned() } else { format!("{path}?{}", parts.join("&")) }
}

/// A part of a path or of a query (RFC 3986, unreserved characters as they are).
fn escaped(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let one = |byte: u8| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(one).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use wpc_evidence::Key;

    use super::{Client, escaped, is_local};

    #[test]
    fn nothing_is_sent_in_clear_to_another_machine() {
        let key = Arc::new(Key::generate().unwrap());
        for url in ["https://plane.example", "http://127.0.0.1:80", "http://[::1]:80/", "http://localhost:8"]
        {
            assert!(Client::new(url, Arc::clone(&key)).is_ok(), "{url}");
        }
        for url in
            ["http://plane.example", "plane.example", "https://", "https://a/b", "http://127.0.0.1@evil"]
        {
            assert_eq!(Client::new(url, Arc::clone(&key)).unwrap_err().code(), "control_plane_url", "{url}");
        }
        assert_eq!(is_local("http://127.0.0.1.evil.example"), Some(false));
    }

    #[test]
    fn names_are_escaped() {
        assert_eq!(escaped("a-b.c_d~e/ü?"), "a-b.c_d~e%2F%C3%BC%3F");
    }
}
