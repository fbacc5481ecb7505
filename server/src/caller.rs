//! Who asks: signed requests or client certificates, roles of the trust file, and how often.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};

use axum::extract::{ConnectInfo, FromRequest, FromRequestParts, Request, State};
use axum::http::header::CONTENT_LENGTH;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use serde::de::DeserializeOwned;
use wpc_client::signed::{self, Given, MAX_AGE_S, Signed};
use wpc_evidence::{Did, Role};

use crate::app::Shared;
use crate::problem::{Code, Refusal};
use crate::store::Author;

/// Most nonces that are remembered; more in so short a time is a flood.
const MAX_NONCES: usize = 1_000_000;

/// A principal of the trust file.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) author: Author,
    roles: Vec<Role>,
    /// The request's nonce, and until when it must be remembered, Unix milliseconds. None under mutual TLS, where
    /// nobody between can send a request again.
    pub(crate) nonce: Option<(String, i64)>,
    signed: Option<Signed>,
}

/// The key of a client certificate, on connections that have one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PeerKey(pub(crate) Did);

impl Caller {
    /// Refuses whoever has none of these roles.
    pub(crate) fn must(&self, roles: &[Role]) -> Result<(), Refusal> {
        if self.has(roles) { Ok(()) } else { Err(Refusal::new(Code::Forbidden)) }
    }

    pub(crate) fn has(&self, roles: &[Role]) -> bool {
        roles.iter().any(|role| self.roles.contains(role))
    }

    /// Refuses whoever is not this ledger.
    pub(crate) fn must_be(&self, ledger: &Did) -> Result<(), Refusal> {
        self.must(&[Role::Ledger])?;
        if self.author.key == *ledger { Ok(()) } else { Err(Refusal::new(Code::LedgerMismatch)) }
    }
}

/// How often one may ask.
#[derive(Debug)]
pub(crate) struct Limits {
    by_principal: DefaultKeyedRateLimiter<String>,
    by_address: DefaultKeyedRateLimiter<IpAddr>,
}

impl Limits {
    /// Requests a second of each principal, and of each address before anybody knows who asks; ten times as many
    /// at once.
    pub(crate) fn new(per_principal: NonZeroU32, per_address: NonZeroU32) -> Self {
        let quota = |per: NonZeroU32| Quota::per_second(per).allow_burst(per.saturating_mul(BURST));
        Self {
            by_principal: RateLimiter::keyed(quota(per_principal)),
            by_address: RateLimiter::keyed(quota(per_address)),
        }
    }

    /// Whether somebody at `address` may ask now.
    pub(crate) fn admits(&self, address: IpAddr) -> bool {
        self.by_address.check_key(&address).is_ok()
    }

    /// Forgets who has not asked for a while.
    pub(crate) fn tidy(&self) {
        self.by_principal.retain_recent();
        self.by_address.retain_recent();
    }
}

const BURST: NonZeroU32 = NonZeroU32::MIN.saturating_add(9);

/// Nonces of requests that were taken.
#[derive(Debug, Default)]
pub(crate) struct Nonces(Mutex<Remembered>);

#[derive(Debug, Default)]
struct Remembered {
    taken: BTreeSet<(Did, String)>,
    until: BTreeMap<i64, Vec<(Did, String)>>,
}

impl Nonces {
    fn take(&self, key: Did, nonce: &str, until: i64, now: i64) -> Result<(), Refusal> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(first) = all.until.first_entry()
            && *first.key() < now
        {
            for name in first.remove() {
                all.taken.remove(&name);
            }
        }
        if all.taken.len() >= MAX_NONCES {
            return Err(Refusal::new(Code::Overloaded));
        }
        let name = (key, nonce.to_owned());
        if !all.taken.insert(name.clone()) {
            return Err(Refusal::new(Code::RequestReplayed));
        }
        all.until.entry(until).or_default().push(name);
        Ok(())
    }
}

/// Finds out who asks, before anything of the body is read.
pub(crate) async fn authenticate(
    State(app): State<Shared>,
    mut request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    let address = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|address| address.0.ip());
    if let Some(address) = address
        && !app.limits.admits(address)
    {
        return Err(Refusal::new(Code::RateLimited));
    }
    let (key, signed) = match request.extensions().get::<PeerKey>() {
        Some(PeerKey(key)) => (*key, None),
        None => {
            let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
            let target = format!("{}{path}", app.public_url);
            let signed = signed::verify(request.method().as_str(), &target, given(request.headers())?)?;
            (signed.key, Some(signed))
        }
    };
    let principal = app.trust.principal_of(&key).ok_or_else(|| Refusal::new(Code::SignerUnknown))?;
    if app.limits.by_principal.check_key(&principal.name().to_owned()).is_err() {
        return Err(Refusal::new(Code::RateLimited));
    }
    let mut nonce = None;
    if let Some(signed) = &signed {
        let now = app.now_ms();
        signed.is_fresh(now.div_euclid(1_000))?;
        let until = signed.created_s.saturating_add(MAX_AGE_S.saturating_add(1)).saturating_mul(1_000);
        app.nonces.take(key, &signed.nonce, until, now)?;
        nonce = Some((signed.nonce.clone(), until));
    }
    let author = Author { principal: principal.name().to_owned(), key };
    let caller = Caller { author, roles: principal.roles().to_vec(), nonce, signed };
    request.extensions_mut().insert(caller.clone());
    let mut response = next.run(request).await;
    // For the log.
    response.extensions_mut().insert(caller);
    Ok(response)
}

/// The fields of a signature; each at most once.
fn given(headers: &HeaderMap) -> Result<Given<'_>, Refusal> {
    let one = |name: &'static str| -> Result<Option<&str>, Refusal> {
        let mut all = headers.get_all(name).into_iter();
        match (all.next(), all.next()) {
            (None, _) => Ok(None),
            (Some(value), None) => {
                value.to_str().map(Some).map_err(|_| signed::RequestError::Malformed(name).into())
            }
            (Some(_), Some(_)) => Err(signed::RequestError::Malformed(name).into()),
        }
    };
    Ok(Given {
        content_digest: one("content-digest")?,
        signature_input: one("signature-input")?,
        signature: one("signature")?,
    })
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| signed::RequestError::Unsigned.into())
    }
}

/// The body, of at most `MOST` bytes, and what was signed.
#[derive(Debug)]
pub(crate) struct Sent<const MOST: usize>(pub(crate) Bytes);

impl<S: Send + Sync, const MOST: usize> FromRequest<S> for Sent<MOST> {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        let too_large = || Refusal::new(Code::BodyTooLarge).because(format_args!("at most {MOST} bytes"));
        let length = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok());
        if length.and_then(|length| length.parse::<usize>().ok()).is_some_and(|length| length > MOST) {
            return Err(too_large());
        }
        let signed = request.extensions().get::<Caller>().and_then(|caller| caller.signed.clone());
        let has_content = !matches!(*request.method(), Method::GET | Method::HEAD | Method::DELETE);
        let bytes = axum::body::to_bytes(request.into_body(), MOST).await.map_err(|_| too_large())?;
        if let Some(signed) = signed {
            // A method that has content signs it, even where there is none.
            if has_content && signed.digest.is_none() {
                return Err(signed::RequestError::Digest.into());
            }
            signed.covers(&bytes)?;
        }
        Ok(Self(bytes))
    }
}

impl<const MOST: usize> Sent<MOST> {
    /// The body as JSON.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        serde_json::from_slice(&self.0).map_err(|error| Refusal::new(Code::BodyMalformed).because(error))
    }
}

/// The query.
#[derive(Debug)]
pub(crate) struct Asked<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let read = axum::extract::Query::try_from_uri(&parts.uri);
        read.map(|query| Self(query.0))
            .map_err(|error| Refusal::new(Code::QueryMalformed).because(error.body_text()))
    }
}
