//! The cache of verified tokens.

use std::sync::Arc;

use super::*;
use crate::token::TokenCache;

fn token(jti: &str) -> String {
    issue_as(&issuer(), &request(), 900, NOW_S, jti).unwrap().token.as_str().to_owned()
}

fn check(cache: &mut TokenCache, text: &str, now_s: i64) -> Result<Arc<VerifiedToken>, &'static str> {
    let (ledger, job) = (ledger(), job());
    let expected = Expected { ledger: &ledger, policy_hash: policy_hash(), auth: &AUTH, job: Some(&job) };
    cache.verify(text, &expected, now_s).map_err(TokenError::code)
}

#[test]
fn a_token_is_verified_once_and_judged_every_time() {
    let mut cache = TokenCache::new(Arc::new(trust()));
    let text = token("a");
    let first = check(&mut cache, &text, NOW_S).unwrap();
    assert!(Arc::ptr_eq(&first, &check(&mut cache, &text, NOW_S + 1).unwrap()));
    assert_eq!(check(&mut cache, &text, NOW_S + 900).unwrap_err(), "token_expired");
    assert_eq!(check(&mut cache, &text, NOW_S - 6).unwrap_err(), "token_not_yet_valid");
    let (ledger, other) = (ledger(), Key::from_seed(&[8; 32]).did());
    let with = |cache: &mut TokenCache, ledger: &Did, policy_hash, job: &str| {
        let job = JobId::parse(job).unwrap();
        let expected = Expected { ledger, policy_hash, auth: &AUTH, job: Some(&job) };
        cache.verify(&text, &expected, NOW_S).unwrap_err().code()
    };
    assert_eq!(with(&mut cache, &other, policy_hash(), "job_1"), "token_wrong_ledger");
    assert_eq!(with(&mut cache, &ledger, Hash::of(b"x"), "job_1"), "token_wrong_policy");
    assert_eq!(with(&mut cache, &ledger, policy_hash(), "job_2"), "token_wrong_job");
}

/// A forged token with a known `jti`, and even with the whole signature of a known one, is no hit.
#[test]
fn a_forged_token_does_not_ride_the_cache() {
    let mut cache = TokenCache::new(Arc::new(trust()));
    let known = token("a");
    check(&mut cache, &known, NOW_S).unwrap();
    let (head, signature) = known.rsplit_once('.').unwrap();
    let (header, _) = head.split_once('.').unwrap();
    let claims = claims_with("scope", serde_json::json!(["*"])).replace("jti-1", "a");
    let forged = format!("{header}.{}.{signature}", crate::token::base64url::encode(claims.as_bytes()));
    assert_eq!(check(&mut cache, &forged, NOW_S).unwrap_err(), "token_signature_invalid");
    assert_eq!(cache.len(), 1);
    check(&mut cache, &known, NOW_S).unwrap();
}

#[test]
fn it_holds_no_more_than_it_may_and_nothing_that_was_refused() {
    let mut cache = TokenCache::with_capacity(Arc::new(trust()), 2);
    let texts = ["a", "b", "c"].map(token);
    let first = check(&mut cache, &texts[0], NOW_S).unwrap();
    for text in &texts {
        check(&mut cache, text, NOW_S).unwrap();
        assert!((1..=2).contains(&cache.len()));
    }
    // The oldest made room, and is verified anew.
    assert!(!Arc::ptr_eq(&first, &check(&mut cache, &texts[0], NOW_S).unwrap()));
    assert_eq!(cache.len(), 2);
    check(&mut cache, &token("d"), NOW_S + 900).unwrap_err();
    assert_eq!(cache.len(), 2);
    // Expired ones go first.
    let late = issue_as(&issuer(), &request(), 900, NOW_S + 900, "e").unwrap().token;
    check(&mut cache, late.as_str(), NOW_S + 900).unwrap();
    assert_eq!(cache.len(), 1);
    let mut none = TokenCache::with_capacity(Arc::new(trust()), 0);
    check(&mut none, &texts[0], NOW_S).unwrap();
    assert!(none.is_empty());
}
