//! Tokens, grants and proofs of possession.

use std::sync::LazyLock;

use wpc::token::possession::{self, Purpose, Seen};
use wpc::token::{self, Claims, Expected, IssueRequest, Token, TokenError, VerifiedToken, grant};
use wpc::{Did, JobId, Key, Trust};
use wpc_model::{Auth, Hash};

/// When everything here is, Unix seconds.
const NOW_S: i64 = 1_767_225_600;
const AUTH: Auth =
    Auth { max_ttl_seconds: 900, pin_policy_hash: true, job_scoped_binding: true, proof_of_possession: true };
const REQUEST: Purpose<'_> = Purpose::Request { method: "POST", url: "https://gate.example/mcp" };

/// Each byte string is tried as a token, as claims, as a grant and as a proof. Nobody signs while this
/// runs, so nothing verifies but what [`tokens`] gives; claims that read are those of their canonical
/// form, and hash to one scope.
///
/// # Panics
///
/// Only if that does not hold.
pub fn token(data: &[u8]) {
    let Some(world) = WORLD.as_ref() else { return };
    if let Ok(claims) = Claims::read(data) {
        let canonical = claims.to_canonical();
        let again = Claims::read(&canonical).ok();
        assert_eq!(again.as_ref().map(Claims::to_canonical).as_ref(), Some(&canonical), "not canonical");
        assert_eq!(again.as_ref().map(token::scope_hash), Some(token::scope_hash(&claims)), "two scopes");
    }
    if let Ok(verified) = grant::verify(data, &world.trust) {
        assert_eq!(verified.claims(), world.token.claims(), "forged");
    }
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(parsed) = Token::parse(text) {
        assert!(!format!("{parsed:?}").contains(text), "a secret is shown");
        assert!(grant::verify(data, &world.trust).is_err(), "a token is taken as a grant");
    }
    if let Ok(verified) = verify(text, &world.trust) {
        assert_eq!((text, &verified), (world.text.as_str(), &world.token), "forged");
    }
    if possession::verify(text, &world.token, &REQUEST, NOW_S, &mut Seen::default()).is_ok() {
        assert_ne!(text, world.text, "a token is taken as a proof");
        assert!(text.starts_with(&world.proof_head), "forged");
    }
}

/// What to begin from: a token, its claims, its grant, a proof; and a token by nobody.
#[must_use]
pub fn tokens() -> Vec<Vec<u8>> {
    let Some(world) = WORLD.as_ref() else { return Vec::new() };
    let proof = possession::prove(&agent(), &REQUEST, &world.text, NOW_S).ok();
    let nobodys =
        request().and_then(|request| token::issue(&Key::from_seed(&[9; 32]), &request, 900, NOW_S).ok());
    [
        Some(world.text.clone().into_bytes()),
        Some(world.token.claims().to_canonical()),
        Some(world.grant.clone()),
        proof.map(String::into_bytes),
        nobodys.map(|issued| issued.token.as_str().as_bytes().to_vec()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What was signed, the same in every run.
struct World {
    trust: Trust,
    text: String,
    grant: Vec<u8>,
    token: VerifiedToken,
    /// The header of a proof by the agent, who alone can sign one.
    proof_head: String,
}

static WORLD: LazyLock<Option<World>> = LazyLock::new(|| {
    let issuer = Key::from_seed(&[7; 32]);
    let did = issuer.did();
    let principal = format!(r#"{{"name":"issuer","keys":["{did}"],"roles":["token_issuer"]}}"#);
    let trust =
        Trust::parse(format!(r#"{{"v":1,"principals":[{principal}],"threshold":{{}}}}"#).as_bytes()).ok()?;
    let issued = token::issue(&issuer, &request()?, 900, NOW_S).ok()?;
    let text = issued.token.as_str().to_owned();
    let token = verify(&text, &trust).ok()?;
    let proof = possession::prove(&agent(), &REQUEST, &text, NOW_S).ok()?;
    let (proof_head, _) = proof.split_once('.')?;
    Some(World { trust, text, grant: issued.grant, token, proof_head: proof_head.to_owned() })
});

fn agent() -> Key {
    Key::from_seed(&[2; 32])
}

fn ledger() -> Did {
    Key::from_seed(&[3; 32]).did()
}

fn request() -> Option<IssueRequest> {
    let job = JobId::parse("job_1").ok()?;
    let request = IssueRequest::new(&agent().did(), &ledger(), &job, Hash::of(b"policy"));
    Some(IssueRequest { jti: Some("jti-1".to_owned()), ..request })
}

fn verify(text: &str, trust: &Trust) -> Result<VerifiedToken, TokenError> {
    let ledger = ledger();
    let expected = Expected { ledger: &ledger, policy_hash: Hash::of(b"policy"), auth: &AUTH, job: None };
    token::verify(text, trust, &expected, NOW_S)
}
