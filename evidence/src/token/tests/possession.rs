//! Proofs of possession.

use super::*;
use crate::token::base64url;
use crate::token::possession::{
    MAX_PROOF_BYTES, MAX_SEEN_PROOFS, ProofError, Purpose, Seen, mint_nonce, prove, verify,
};

const REQUEST: Purpose<'_> = Purpose::Request { method: "POST", url: "https://gate.example/mcp" };

fn proof(key: &Key, purpose: &Purpose<'_>) -> String {
    prove(key, purpose, issued().token.as_str(), NOW_S).unwrap()
}

fn check_at(text: &str, purpose: &Purpose<'_>, now_s: i64, seen: &mut Seen) -> Result<(), &'static str> {
    let token = verified(issued().token.as_str()).unwrap();
    verify(text, &token, purpose, now_s, seen).map_err(ProofError::code)
}

fn check(text: &str) -> Result<(), &'static str> {
    check_at(text, &REQUEST, NOW_S, &mut Seen::default())
}

fn header() -> String {
    let x = base64url::encode(&agent().did().to_public_key());
    format!(r#"{{"typ":"dpop+jwt","alg":"EdDSA","jwk":{{"kty":"OKP","crv":"Ed25519","x":"{x}"}}}}"#)
}

fn claims() -> serde_json::Value {
    let ath = Hash::of(issued().token.as_str().as_bytes()).to_string();
    serde_json::json!({
        "htm": "POST", "htu": "https://gate.example/mcp", "iat": NOW_S, "jti": "p1", "ath": ath,
    })
}

fn signed(header: &str, claims: &str) -> String {
    compact::sign(&agent(), header.as_bytes(), claims.as_bytes())
}

#[test]
fn the_agent_proves_its_key_once_for_one_request() {
    let mut seen = Seen::default();
    let text = proof(&agent(), &REQUEST);
    assert_eq!(check_at(&text, &REQUEST, NOW_S, &mut seen), Ok(()));
    assert_eq!(check_at(&text, &REQUEST, NOW_S, &mut seen), Err("proof_replayed"));
    assert_eq!(check_at(&text, &REQUEST, NOW_S + 30, &mut seen), Err("proof_replayed"));
    assert_eq!(check_at(&proof(&agent(), &REQUEST), &REQUEST, NOW_S, &mut seen), Ok(()));
}

#[test]
fn the_query_is_not_covered_and_the_rest_is() {
    let at = |method, url| {
        check_at(&proof(&agent(), &Purpose::Request { method, url }), &REQUEST, NOW_S, &mut Seen::default())
    };
    assert_eq!(at("POST", "https://gate.example/mcp?x=1#y"), Ok(()));
    assert_eq!(at("GET", "https://gate.example/mcp"), Err("proof_other_request"));
    assert_eq!(at("POST", "https://gate.example/mcp/"), Err("proof_other_request"));
    assert_eq!(at("POST", "https://other.example/mcp"), Err("proof_other_request"));
}

#[test]
fn a_session_is_proved_over_the_gates_nonce() {
    let (ledger, nonce) = (ledger(), mint_nonce().unwrap());
    let session = Purpose::Session { ledger: &ledger, nonce: &nonce };
    let mut seen = Seen::default();
    let text = proof(&agent(), &session);
    assert_eq!(check_at(&text, &session, NOW_S, &mut seen), Ok(()));
    assert_eq!(check_at(&text, &session, NOW_S, &mut seen), Err("proof_replayed"));
    let other = mint_nonce().unwrap();
    let with =
        |ledger, nonce| check_at(&text, &Purpose::Session { ledger, nonce }, NOW_S, &mut Seen::default());
    assert_eq!(with(&ledger, &other), Err("proof_other_request"));
    assert_eq!(with(&Key::from_seed(&[8; 32]).did(), &nonce), Err("proof_other_request"));
    // A proof for the one is none for the other.
    assert_eq!(check(&text), Err("proof_other_request"));
    let request = Purpose::Request { method: "session", url: ledger.as_str() };
    assert_eq!(check_at(&text, &request, NOW_S, &mut Seen::default()), Err("proof_other_request"));
}

#[test]
fn a_stolen_token_is_of_no_use_without_the_agents_key() {
    assert_eq!(check(&proof(&Key::from_seed(&[9; 32]), &REQUEST)), Err("proof_other_key"));
    // It brings the agent's key, and is signed by the thief's.
    let forged =
        compact::sign(&Key::from_seed(&[9; 32]), header().as_bytes(), claims().to_string().as_bytes());
    assert_eq!(check(&forged), Err("proof_signature_invalid"));
    let other = issue_as(&issuer(), &request(), 900, NOW_S, "jti-2").unwrap().token;
    assert_eq!(check(&prove(&agent(), &REQUEST, other.as_str(), NOW_S).unwrap()), Err("proof_other_token"));
}

#[test]
fn a_proof_is_of_now() {
    let text = proof(&agent(), &REQUEST);
    let at = |now_s| check_at(&text, &REQUEST, now_s, &mut Seen::default());
    assert_eq!(at(NOW_S + 30), Ok(()));
    assert_eq!(at(NOW_S - 30), Ok(()));
    assert_eq!(at(NOW_S + 31), Err("proof_time"));
    assert_eq!(at(NOW_S - 31), Err("proof_time"));
    assert_eq!(at(i64::MAX), Err("proof_time"));
    assert_eq!(at(i64::MIN), Err("proof_time"));
}

/// What was forgotten cannot come back by setting the clock back.
#[test]
fn time_does_not_go_back() {
    let mut seen = Seen::default();
    let (first, later) =
        (proof(&agent(), &REQUEST), prove(&agent(), &REQUEST, issued().token.as_str(), NOW_S + 100).unwrap());
    assert_eq!(check_at(&first, &REQUEST, NOW_S, &mut seen), Ok(()));
    assert_eq!(check_at(&later, &REQUEST, NOW_S + 100, &mut seen), Ok(()));
    assert_eq!(check_at(&first, &REQUEST, NOW_S, &mut seen), Err("proof_time"));
}

#[test]
fn a_header_with_anything_else_is_refused() {
    let (header, claims) = (header(), claims().to_string());
    assert_eq!(check(&signed(&header, &claims)), Ok(()));
    for (from, to) in [
        ("dpop+jwt", "JWT"),
        ("EdDSA", "none"),
        ("OKP", "EC"),
        ("Ed25519", "X25519"),
        ("\"typ\":", "\"kid\":\"x\",\"typ\":"),
        ("\"kty\":", "\"d\":\"x\",\"kty\":"),
        ("\"kty\":", "\"kty\":\"OKP\",\"kty\":"),
        ("\"alg\":", "\"crit\":[],\"alg\":"),
        ("\"x\":\"", "\"x\":\"AA"),
    ] {
        let changed = header.replacen(from, to, 1);
        assert_ne!(changed, header, "{from}");
        assert_eq!(check(&signed(&changed, &claims)), Err("proof_header"), "{changed}");
    }
    let weak = format!(
        r#"{{"typ":"dpop+jwt","alg":"EdDSA","jwk":{{"kty":"OKP","crv":"Ed25519","x":"AQ{}"}}}}"#,
        "A".repeat(41)
    );
    assert_eq!(check(&signed(&weak, &claims)), Err("proof_header"));
    assert_eq!(check(&signed(&compact::header(&agent().did()), &claims)), Err("proof_header"));
}

#[test]
fn claims_are_exactly_those_of_the_purpose() {
    for (member, value, code) in [
        ("exp", serde_json::json!(1), "proof_claims"),
        ("iat", serde_json::json!("1"), "proof_claims"),
        ("jti", serde_json::json!(""), "proof_claims"),
        ("jti", serde_json::json!("x".repeat(129)), "proof_claims"),
        ("jti", serde_json::json!("é"), "proof_claims"),
        ("nonce", serde_json::json!(null), "proof_claims"),
        ("nonce", serde_json::json!("x"), "proof_other_request"),
        ("ath", serde_json::json!("x"), "proof_other_token"),
    ] {
        let mut claims = claims();
        claims[member] = value;
        assert_eq!(check(&signed(&header(), &claims.to_string())), Err(code), "{member}");
    }
    for member in ["htm", "htu", "iat", "jti", "ath"] {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove(member);
        assert_eq!(check(&signed(&header(), &claims.to_string())), Err("proof_claims"), "{member}");
    }
    let twice = claims().to_string().replacen('{', r#"{"jti":"p0","#, 1);
    assert_eq!(check(&signed(&header(), &twice)), Err("proof_claims"));
}

#[test]
fn what_is_no_jwt_is_no_proof() {
    let text = proof(&agent(), &REQUEST);
    for other in [String::new(), "a.b.c".to_owned(), format!("{text}="), format!("{text}.")] {
        assert_eq!(check(&other), Err("proof_malformed"));
    }
    assert_eq!(check(&"a".repeat(MAX_PROOF_BYTES + 1)), Err("proof_too_large"));
}

/// Fails closed, and recovers when the minute is over.
#[test]
fn too_many_proofs_are_refused() {
    let mut seen = Seen::default();
    let key = agent().did();
    for index in 0..MAX_SEEN_PROOFS {
        seen.take(&key, &index.to_string(), NOW_S, NOW_S).unwrap();
    }
    assert_eq!(seen.take(&key, "one more", NOW_S, NOW_S), Err(ProofError::Flood));
    assert_eq!(seen.take(&key, "one more", NOW_S + 31, NOW_S + 31), Ok(()));
}
