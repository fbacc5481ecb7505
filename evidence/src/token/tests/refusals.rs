//! What no gate takes, and what each is told.

use serde_json::json;

use super::*;
use crate::token::{MAX_TOKEN_BYTES, Token, base64url, renew};

#[track_caller]
fn refuses(text: &str, code: &str) {
    assert_eq!(verified(text).map_err(TokenError::code).unwrap_err(), code);
}

#[test]
fn what_is_issued_is_verified() {
    let issued = issued();
    let token = verified(issued.token.as_str()).unwrap();
    assert_eq!(token.claims(), issued.token.claims());
    assert_eq!((token.identity(), token.principal()), ((&issuer().did(), "jti-1"), "issuer"));
    assert_eq!((token.claims().iat_s(), token.claims().exp_s()), (NOW_S, NOW_S + 900));
    assert_eq!((token.claims().job(), token.claims().ledger()), (&job(), &ledger()));
}

#[test]
fn the_header_is_exactly_that_of_the_format() {
    let issued = issued();
    let (header, _) = issued.token.as_str().split_once('.').unwrap();
    let header = String::from_utf8(base64url::decode(header).unwrap()).unwrap();
    assert_eq!(header, format!(r#"{{"alg":"EdDSA","typ":"JWT","kid":"{}"}}"#, issued.token.kid()));
}

#[test]
fn a_header_with_anything_else_is_refused() {
    let kid = compact::kid(&issuer().did());
    let claims = claims().to_string();
    for header in [
        format!(r#"{{"alg":"none","typ":"JWT","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"HS256","typ":"JWT","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"EdDSA","typ":"dpop+jwt","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"EdDSA","kid":"{kid}"}}"#),
        r#"{"alg":"EdDSA","typ":"JWT"}"#.to_owned(),
        r#"{"alg":"EdDSA","typ":"JWT","kid":"short"}"#.to_owned(),
        format!(r#"{{"alg":"EdDSA","typ":"JWT","kid":"{}"}}"#, kid.to_uppercase()),
        format!(r#"{{"alg":"EdDSA","alg":"EdDSA","typ":"JWT","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"EdDSA","typ":"JWT","kid":"{kid}","jwk":{{}}}}"#),
        format!(r#"{{"alg":"EdDSA","typ":"JWT","kid":"{kid}","jku":"https://e.example"}}"#),
        format!(r#"{{"alg":"EdDSA","typ":"JWT","kid":"{kid}","x5u":"https://e.example"}}"#),
        format!(r#"{{"alg":"EdDSA","typ":"JWT","kid":"{kid}","x5c":[]}}"#),
        format!(r#"{{"alg":"EdDSA","typ":"JWT","kid":"{kid}","crit":["b64"],"b64":false}}"#),
        format!(r#"["EdDSA","JWT","{kid}"]"#),
    ] {
        refuses(&compact::sign(&issuer(), header.as_bytes(), claims.as_bytes()), "token_header");
    }
}

#[test]
fn what_is_no_jwt_is_refused() {
    let token = issued().token.as_str().to_owned();
    for text in [
        String::new(),
        "a.b".to_owned(),
        "..".to_owned(),
        format!("{token}."),
        format!("{token}=="),
        format!(" {token}"),
        format!("{token}\n"),
        token.replacen('.', "..", 1),
        token.get(..token.len() - 1).unwrap().to_owned(),
    ] {
        refuses(&text, "token_malformed");
    }
    refuses(&"a".repeat(MAX_TOKEN_BYTES + 1), "token_too_large");
}

#[test]
fn a_grant_is_no_token() {
    refuses(&String::from_utf8(issued().grant).unwrap(), "token_is_grant");
}

#[test]
fn only_an_issuer_of_the_trust_file_issues() {
    let by = |seed| issue_as(&Key::from_seed(&[seed; 32]), &request(), 900, NOW_S, "j").unwrap().token;
    refuses(by(9).as_str(), "token_issuer_untrusted");
    refuses(by(4).as_str(), "token_issuer_role");
    // It names the issuer's key, and is signed by another one.
    let header = compact::header(&issuer().did());
    let claims = issued().token.claims().to_canonical();
    refuses(&compact::sign(&Key::from_seed(&[9; 32]), header.as_bytes(), &claims), "token_signature_invalid");
}

#[test]
fn one_signature_is_not_two() {
    let (one, two) = (issuer().did(), Key::from_seed(&[9; 32]).did());
    let trust = trust_of(&format!(
        r#"{{"v":1,"principals":[{{"name":"a","keys":["{one}"],"roles":["token_issuer"]}},
        {{"name":"b","keys":["{two}"],"roles":["token_issuer"]}}],"threshold":{{"token_issuer":2}}}}"#
    ));
    let ledger = ledger();
    let expected = Expected { ledger: &ledger, policy_hash: policy_hash(), auth: &AUTH, job: None };
    let refused = verify(issued().token.as_str(), &trust, &expected, NOW_S).unwrap_err();
    assert_eq!(refused, TokenError::IssuerThreshold);
    assert_eq!(crate::token::grant::verify(&issued().grant, &trust).unwrap_err().code(), "threshold");
}

#[test]
fn times_are_held_to_the_second() {
    let token = issued().token;
    let at = |now_s| verified_at(token.as_str(), now_s).map(drop).map_err(TokenError::code);
    assert_eq!(at(NOW_S - 6), Err("token_not_yet_valid"));
    assert_eq!(at(NOW_S - 5), Ok(()));
    assert_eq!(at(NOW_S + 899), Ok(()));
    assert_eq!(at(NOW_S + 900), Err("token_expired"));
    assert_eq!(at(i64::MAX), Err("token_expired"));
    assert_eq!(at(i64::MIN), Err("token_not_yet_valid"));
    refuses(&signed(&claims_with("exp", json!(NOW_S + 901))), "token_lifetime");
    refuses(&signed(&claims_with("exp", json!(NOW_S))), "token_lifetime");
    refuses(&signed(&claims_with("exp", json!(0))), "token_lifetime");
}

#[test]
fn what_is_for_something_else_is_refused() {
    let other = Key::from_seed(&[8; 32]).did().to_string();
    refuses(&signed(&claims_with("aud", json!([other]))), "token_wrong_ledger");
    refuses(&signed(&claims_with("aud", json!(other))), "token_wrong_ledger");
    refuses(
        &signed(&claims_with("policy_hash_b64u", json!(Hash::of(b"x").to_string()))),
        "token_wrong_policy",
    );
    refuses(&signed(&claims_with("mission_id", json!("job_2"))), "token_wrong_job");
    refuses(&signed(&claims_with("sub", json!("did:web:agent.example"))), "token_agent_key");
}

#[test]
fn what_the_policy_does_not_bind_is_not_compared() {
    let auth = Auth { pin_policy_hash: false, job_scoped_binding: false, proof_of_possession: false, ..AUTH };
    let (ledger, other) = (ledger(), JobId::parse("job_2").unwrap());
    let expected = Expected { ledger: &ledger, policy_hash: Hash::of(b"x"), auth: &auth, job: Some(&other) };
    verify(issued().token.as_str(), &trust(), &expected, NOW_S).unwrap();
    let bearer = signed(&claims_with("sub", json!("did:web:agent.example")));
    verify(&bearer, &trust(), &expected, NOW_S).unwrap();
}

#[test]
fn an_audience_names_exactly_one_ledger() {
    let (one, two) = (ledger().to_string(), Key::from_seed(&[8; 32]).did().to_string());
    for aud in [
        json!(["clawproxy.com"]),
        json!([one, two]),
        json!([one, one]),
        json!([one, "did:web:ledger.example"]),
        json!(["did:key:z6Mk"]),
        json!("did:web:ledger.example"),
    ] {
        refuses(&signed(&claims_with("aud", aud)), "token_audience");
    }
    verified(&signed(&claims_with("aud", json!(["clawproxy.com", one])))).unwrap();
    verified(&signed(&claims_with("aud", json!(one)))).unwrap();
}

#[test]
fn the_scope_hash_is_recomputed() {
    let mut claims = claims();
    claims["scope"] = json!(["*"]);
    refuses(&signed(&claims.to_string()), "token_scope_hash");
}

#[test]
fn a_claim_that_the_schema_does_not_have_so_is_refused() {
    let many: Vec<_> = (0..65).map(|index| format!("s{index}")).collect();
    let long = "x".repeat(257);
    for (member, value) in [
        ("token_version", json!("2")),
        ("sub", json!("agent")),
        ("sub", json!(" did:key:z6Mk")),
        ("sub", json!("did:key:a#b")),
        ("aud", json!([])),
        ("aud", json!([[]])),
        ("aud", json!({})),
        ("scope", json!([])),
        ("scope", json!("wpc:call")),
        ("scope", json!([" wpc:call"])),
        ("scope", json!([""])),
        ("scope", json!(many)),
        ("scope", json!([long])),
        ("iat", json!(1.5)),
        ("iat", json!("1")),
        ("iat", json!(-1)),
        ("exp", json!(253_402_300_800_i64)),
        ("jti", json!("")),
        ("jti", json!(null)),
        ("jti", json!(long)),
        ("mission_id", json!("a job")),
        ("mission_id", json!(null)),
        ("policy_hash_b64u", json!("short")),
        ("token_scope_hash_b64u", json!("short")),
        ("owner_did", json!("owner")),
        ("owner_did", json!("did:a:b:c")),
        ("controller_did", json!("DID:a:b")),
        ("agent_did", json!("did::b")),
        ("payment_account_did", json!("did:a:")),
        ("delegator_did", json!("did")),
        ("delegate_did", json!("did:a/b:c")),
        ("control_plane_policy_hash_b64u", json!("_")),
        ("delegation_policy_hash_b64u", json!(43)),
        ("delegation_spend_cap_minor", json!("1.5")),
        ("delegation_spend_cap_minor", json!("")),
        ("delegation_expires_at", json!(0)),
        ("delegation_expires_at", json!(1.5)),
        ("delegation_id", json!("a b")),
        ("owner_ref", json!("é")),
        ("spend_cap", json!(-1)),
        ("spend_cap", json!("12.5")),
        ("token_lane", json!("fast")),
        ("nonce", json!("\u{7f}")),
        ("cnf", json!({})),
        ("iss", json!("did:key:z6Mk")),
        ("nbf", json!(0)),
        ("constructor", json!(1)),
    ] {
        let text = signed(&claims_with(member, value.clone()));
        assert_eq!(
            verified(&text).map_err(TokenError::code).unwrap_err(),
            "token_claims",
            "{member} {value}"
        );
    }
}

#[test]
fn what_we_require_may_not_be_absent() {
    for member in [
        "token_version",
        "sub",
        "aud",
        "scope",
        "iat",
        "exp",
        "jti",
        "mission_id",
        "policy_hash_b64u",
        "token_scope_hash_b64u",
    ] {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove(member);
        refuses(&signed(&claims.to_string()), "token_claims");
    }
    refuses(&signed("[]"), "token_claims");
    refuses(&signed(""), "token_claims");
    refuses(&signed(&format!("{} ", claims()).replace("} ", "} x")), "token_claims");
}

/// CLAWSIG.md section 15, weakness 11: repeated members, base64 with other unused bits.
#[test]
fn nothing_has_two_spellings() {
    let claims = claims().to_string();
    let (body, _) = claims.rsplit_once('}').unwrap();
    for twice in [r#""jti":"jti-2""#, r#""\u006ati":"jti-2""#, r#""exp":9999999999"#] {
        refuses(&signed(&format!("{body},{twice}}}")), "token_claims");
    }
    let hash = issued().token.claims().claimed_scope_hash().to_string();
    let loose = claims.replace(&hash, &format!("{}{}", hash.get(..42).unwrap(), neighbour(&hash)));
    refuses(&signed(&loose), "token_claims");
}

/// Weakness 12: a lifetime without a cap, an `iat` in the future, a `kid` that nobody reads, and
/// claims that are judged before the signature. The rest is what [`times_are_held_to_the_second`] and
/// [`only_an_issuer_of_the_trust_file_issues`] show.
#[test]
fn nobody_learns_of_claims_what_he_did_not_have_signed() {
    let header = compact::header(&issuer().did());
    for claims in ["", "{}", "not json", &claims_with("exp", json!(0)), &claims_with("aud", json!([]))] {
        let forged = compact::sign(&Key::from_seed(&[9; 32]), header.as_bytes(), claims.as_bytes());
        refuses(&forged, "token_signature_invalid");
    }
    let ten_years = signed(&claims_with("exp", json!(NOW_S + 315_360_000)));
    refuses(&ten_years, "token_lifetime");
}

/// Weakness 13: the same signature in another spelling would be another token to a revocation list.
#[test]
fn a_signature_has_one_spelling() {
    let token = issued().token.as_str().to_owned();
    let (head, _) = token.split_at(token.len() - 1);
    // 64 bytes are 86 characters, of which the last has four unused bits.
    refuses(&format!("{head}{}", neighbour(&token)), "token_malformed");
    let token = verified(&token).unwrap();
    assert_eq!(token.identity(), (&issuer().did(), "jti-1"));
}

/// The base64url digit after the last one of `text`.
fn neighbour(text: &str) -> char {
    const DIGITS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let at = DIGITS.find(text.chars().last().unwrap()).unwrap();
    DIGITS.chars().nth(at + 1).unwrap()
}

/// Weakness 22: the identity point verifies everything; nobody can be trusted under it.
#[test]
fn nobody_issues_under_a_key_of_small_order() {
    let mut identity = [0; 32];
    identity[0] = 1;
    assert_eq!(Did::from_public_key(&identity).unwrap_err().code(), "key_weak");
    let digits = bs58::encode([&[0xed, 1][..], &identity].concat()).into_string();
    let weak = format!("did:key:z{digits}");
    let file =
        format!(r#"{{"v":1,"principals":[{{"name":"a","keys":["{weak}"],"roles":["token_issuer"]}}]}}"#);
    assert_eq!(Trust::parse(file.as_bytes()).unwrap_err().code(), "key_weak");
    refuses(&signed(&claims_with("aud", json!(weak))), "token_audience");
    refuses(&signed(&claims_with("sub", json!(weak))), "token_agent_key");
}

#[test]
fn a_secret_is_not_shown() {
    let issued = issued();
    let signature = issued.token.as_str().rsplit('.').next().unwrap();
    let verified = verified(issued.token.as_str()).unwrap();
    for shown in [format!("{issued:?}"), format!("{:?}", issued.token), format!("{verified:?}")] {
        assert!(!shown.contains(signature) && !shown.contains("eyJ"), "{shown}");
    }
}

#[test]
fn who_asks_are_all_whom_the_token_names() {
    let other = |seed| Key::from_seed(&[seed; 32]).did().to_string();
    let request = IssueRequest {
        owner_did: Some(other(10)),
        controller_did: Some(other(11)),
        agent_did: Some(request().sub),
        ..request()
    };
    let token = issue_as(&issuer(), &request, 900, NOW_S, "j").unwrap().token;
    let expect = [other(10), other(11), request.sub.clone()];
    assert_eq!(token.claims().requester(), expect.iter().map(String::as_str).collect());
}

#[test]
fn only_its_issuer_renews_a_token() {
    let old = issued().token;
    let new = renew(&issuer(), &old, 60, NOW_S + 2_000).unwrap();
    let token = verified_at(new.token.as_str(), NOW_S + 2_000).unwrap();
    assert_eq!((token.claims().job(), token.claims().exp_s()), (&job(), NOW_S + 2_060));
    assert_ne!(token.claims().jti(), "jti-1");
    assert_eq!(renew(&agent(), &old, 60, NOW_S).unwrap_err().code(), "token_other_issuer");
    // Made up by somebody who knows the issuer's `kid`.
    let header = compact::header(&issuer().did());
    let forged = compact::sign(&agent(), header.as_bytes(), &old.claims().to_canonical());
    let forged = Token::parse(&forged).unwrap();
    assert_eq!(renew(&issuer(), &forged, 60, NOW_S).unwrap_err().code(), "token_other_issuer");
}

#[test]
fn what_a_gate_would_refuse_is_not_issued() {
    let code = |request: &IssueRequest, lifetime_s, now_s| {
        issue_as(&issuer(), request, lifetime_s, now_s, "j").unwrap_err().code()
    };
    assert_eq!(code(&request(), 0, NOW_S), "token_lifetime");
    assert_eq!(code(&request(), i64::MAX, NOW_S), "token_lifetime");
    assert_eq!(code(&request(), 1, 253_402_300_799), "token_claims");
    assert_eq!(code(&IssueRequest { scope: Vec::new(), ..request() }, 1, NOW_S), "token_claims");
    assert_eq!(
        code(&IssueRequest { hosts: vec![ledger().to_string()], ..request() }, 1, NOW_S),
        "token_audience"
    );
    let large = IssueRequest { scope: (0..40).map(|_| "x".repeat(250)).collect(), ..request() };
    assert_eq!(code(&large, 1, NOW_S), "token_too_large");
}
