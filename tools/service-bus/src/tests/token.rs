//! Tokens: put before each link, renewed before they expire, never shown.

use std::sync::atomic::{AtomicUsize, Ordering};

use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::error::ErrorKind;
use azure_core::time::{Duration as Span, OffsetDateTime};
use wpc_endpoint::{Behaviour, Endpoint, Settings};

use super::*;
use crate::{Effect, SasKey};

const SECRET: &str = "eyJhbGciOiJub25lIn0.eyJvaWQiOiJ0aGUtY2xpZW50In0.c2lnbmF0dXJlLXRoYXQtaXMtc2VjcmV0";

/// Gives tokens that live for `minutes`, or an error if that is nothing.
#[derive(Debug)]
struct Tokens {
    minutes: i64,
    given: AtomicUsize,
}

impl Tokens {
    fn living(minutes: i64) -> Arc<Self> {
        Arc::new(Self { minutes, given: AtomicUsize::new(0) })
    }
}

#[async_trait::async_trait]
impl TokenCredential for Tokens {
    async fn get_token(
        &self,
        scopes: &[&str],
        _: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        assert_eq!(scopes, ["https://servicebus.azure.net/.default"]);
        if self.minutes == 0 {
            return Err(azure_core::Error::with_message(ErrorKind::Credential, format!("refused {SECRET}")));
        }
        self.given.fetch_add(1, Ordering::Relaxed);
        Ok(AccessToken::new(SECRET, OffsetDateTime::now_utc() + Span::minutes(self.minutes)))
    }
}

/// Never gives a token.
#[derive(Debug)]
struct Hangs;

#[async_trait::async_trait]
impl TokenCredential for Hangs {
    async fn get_token(
        &self,
        _: &[&str],
        _: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        std::future::pending().await
    }
}

async fn strict() -> Endpoint {
    Endpoint::start_with(Settings { token_required: true, ..Default::default() }).await.unwrap()
}

fn as_somebody(endpoint: &Endpoint, credential: Arc<dyn TokenCredential>) -> Arc<Wire> {
    wire_with(endpoint, Credential::Entra(credential), Timeouts::default())
}

#[tokio::test]
async fn a_token_is_put_for_each_node_before_its_link_and_then_used_until_it_is_old() {
    let endpoint = strict().await;
    let tokens = Tokens::living(60);
    let wire = as_somebody(&endpoint, tokens.clone());
    send(&wire, "one").await.unwrap();
    send(&wire, "two").await.unwrap();
    let at = 2_000_000_000_000;
    Outgoing::encode(orders(), [("id".to_owned(), &message("three"))], Some(at))
        .unwrap()
        .schedule(&wire, soon())
        .await
        .unwrap();
    let put = endpoint.tokens();
    let audiences: Vec<_> = put.iter().map(|token| token.audience.as_str()).collect();
    assert_eq!(audiences, ["sb://bus.test/orders", "sb://bus.test/orders/$management"]);
    assert!(
        put.iter().all(|token| token.kind == "jwt" && token.token == SECRET && token.expires_at_ms.is_some())
    );
    assert_eq!(tokens.given.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_token_about_to_expire_is_replaced_before_the_next_message() {
    let endpoint = strict().await;
    let wire = as_somebody(&endpoint, Tokens::living(1));
    send(&wire, "one").await.unwrap();
    send(&wire, "two").await.unwrap();
    assert_eq!(endpoint.tokens().len(), 2);
    assert_eq!(bodies(&endpoint), ["one", "two"]);
    assert_eq!(endpoint.connections(), 1);
}

#[tokio::test]
async fn a_new_connection_gets_a_new_token() {
    let endpoint = strict().await;
    let wire = as_somebody(&endpoint, Tokens::living(60));
    endpoint.behave("orders", Behaviour::Close);
    send(&wire, "one").await.unwrap_err();
    endpoint.behave("orders", Behaviour::Accept);
    send(&wire, "two").await.unwrap();
    assert_eq!(endpoint.tokens().len(), 2);
}

#[tokio::test]
async fn without_a_token_the_broker_refuses_the_link() {
    let endpoint = strict().await;
    let error = send(&wire(&endpoint), "no").await.unwrap_err();
    assert_eq!((error.code(), error.effect()), ("link_refused", Effect::Nothing), "{error}");
    assert_eq!(bodies(&endpoint), Vec::<String>::new());
}

#[tokio::test]
async fn a_token_that_the_broker_refuses_sends_nothing() {
    let endpoint = strict().await;
    endpoint.behave("$cbs", Behaviour::Status { code: 401, description: format!("bad token {SECRET}") });
    let error = send(&as_somebody(&endpoint, Tokens::living(60)), "no").await.unwrap_err();
    assert_eq!((error.code(), error.effect()), ("unauthorized", Effect::Nothing));
    assert_eq!(error.to_string(), "the broker did not take the token: 401 bad token …");
    assert_eq!(bodies(&endpoint), Vec::<String>::new());
}

#[tokio::test]
async fn a_broker_that_never_answers_the_token_sends_nothing() {
    let endpoint = strict().await;
    endpoint.behave("$cbs", Behaviour::Silent);
    let timeouts = Timeouts { attach: SHORT, ..Default::default() };
    let wire = wire_with(&endpoint, Credential::Entra(Tokens::living(60)), timeouts);
    let error = send(&wire, "no").await.unwrap_err();
    // On a slow machine already the links take too long.
    assert!(matches!(error.code(), "not_connected" | "timed_out"), "{error}");
    assert_eq!(error.effect(), Effect::Nothing);
    assert_eq!(bodies(&endpoint), Vec::<String>::new());
    endpoint.behave("$cbs", Behaviour::Accept);
    send(&as_somebody(&endpoint, Tokens::living(60)), "yes").await.unwrap();
}

#[tokio::test]
async fn a_broker_that_breaks_off_instead_of_answering_the_token_sends_nothing() {
    for behaviour in [Behaviour::Detach, Behaviour::Close, Behaviour::Cut] {
        let endpoint = strict().await;
        endpoint.behave("$cbs", behaviour.clone());
        let error = send(&as_somebody(&endpoint, Tokens::living(60)), "no").await.unwrap_err();
        assert_eq!(
            (error.code(), error.effect()),
            ("not_connected", Effect::Nothing),
            "{behaviour:?}: {error}"
        );
        assert_eq!(bodies(&endpoint), Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_credential_that_fails_or_hangs_sends_nothing_and_no_error_shows_a_token() {
    let endpoint = strict().await;
    let error = send(&as_somebody(&endpoint, Tokens::living(0)), "no").await.unwrap_err();
    assert_eq!((error.code(), error.effect()), ("no_token", Effect::Nothing));
    assert!(!format!("{error} {error:?}").contains("eyJ"), "{error:?}");

    let hanging = wire_with(
        &endpoint,
        Credential::Entra(Arc::new(Hangs)),
        Timeouts { attach: SHORT, ..Default::default() },
    );
    let error = send(&hanging, "no").await.unwrap_err();
    assert_eq!((error.code(), error.effect()), ("timed_out", Effect::Nothing));
    assert_eq!(bodies(&endpoint), Vec::<String>::new());
}

#[tokio::test]
async fn debug_shows_no_token() {
    let endpoint = strict().await;
    let wire = as_somebody(&endpoint, Tokens::living(60));
    send(&wire, "one").await.unwrap();
    assert!(!format!("{wire:?}").contains("eyJ"));
}

#[tokio::test]
async fn a_shared_access_key_signs_for_each_node_and_never_leaves() {
    let endpoint = strict().await;
    let key = SasKey::of_queue("orders", "sender", "dmVyeS1zZWNyZXQta2V5").unwrap();
    let wire = wire_with(&endpoint, Credential::Sas(key), Timeouts::default());
    send(&wire, "one").await.unwrap();
    let put = endpoint.tokens();
    let [token] = put.as_slice() else { panic!("{put:?}") };
    assert_eq!(
        (token.audience.as_str(), token.kind.as_str()),
        ("sb://bus.test/orders", "servicebus.windows.net:sastoken")
    );
    let prefix = "SharedAccessSignature sr=sb%3A%2F%2Fbus.test%2Forders&sig=";
    assert!(token.token.starts_with(prefix) && token.token.ends_with("&skn=sender"), "{}", token.token);
    // What was put is good until the time that was said, and no longer than a signature lives.
    let said = token.token.split("&se=").nth(1).and_then(|rest| rest.split('&').next()).unwrap();
    let until_s: i64 = said.parse().unwrap();
    assert_eq!(token.expires_at_ms.unwrap() / 1_000, until_s);
    let left_s = until_s - OffsetDateTime::now_utc().unix_timestamp();
    assert!((1_100..=1_200).contains(&left_s), "{left_s}");
    let secret = b"dmVyeS1zZWNyZXQta2V5";
    assert!(!endpoint.wire().windows(secret.len()).any(|bytes| bytes == secret));
    assert!(!format!("{wire:?}").contains("dmVyeS1"));
}

#[tokio::test]
async fn a_shared_access_key_of_another_entity_sends_nothing() {
    let endpoint = strict().await;
    let key = SasKey::of_queue("orders-prod", "sender", "a2V5").unwrap();
    let wire = wire_with(&endpoint, Credential::Sas(key), Timeouts::default());
    let error = send(&wire, "no").await.unwrap_err();
    assert_eq!((error.code(), error.effect()), ("no_token", Effect::Nothing), "{error}");
    assert!(endpoint.tokens().is_empty() && bodies(&endpoint).is_empty());
}
