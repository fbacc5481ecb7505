//! What holds for every token.

use proptest::prelude::*;

use super::*;

fn requests() -> impl Strategy<Value = (IssueRequest, i64, i64)> {
    let text = "[!-~]{1,40}";
    let did = || proptest::option::of("did:[a-z0-9]{1,8}:[a-zA-Z0-9._%-]{1,40}");
    (
        proptest::collection::vec(text, 1..8),
        proptest::collection::vec("[a-z0-9.]{1,20}", 0..4),
        (did(), did(), did()),
        "[A-Za-z0-9._-]{1,40}",
        any::<[u8; 32]>(),
        1..=900_i64,
        0..=4_000_000_000_i64,
    )
        .prop_map(
            |(scope, hosts, (owner_did, controller_did, agent_did), job, hash, lifetime_s, now_s)| {
                let job = JobId::parse(&job).unwrap();
                let request = IssueRequest::new(&agent().did(), &ledger(), &job, Hash(hash));
                let request = IssueRequest { scope, hosts, owner_did, controller_did, agent_did, ..request };
                (request, lifetime_s, now_s)
            },
        )
}

proptest! {
    #[test]
    fn what_is_issued_is_verified_and_says_what_was_asked((request, lifetime_s, now_s) in requests()) {
        let issued = crate::token::issue(&issuer(), &request, lifetime_s, now_s).unwrap();
        let expected = Expected {
            ledger: &request.ledger, policy_hash: request.policy_hash, auth: &AUTH, job: Some(&request.job),
        };
        let token = verify(issued.token.as_str(), &trust(), &expected, now_s).unwrap();
        let claims = token.claims();
        prop_assert_eq!(claims.sub(), request.sub.as_str());
        prop_assert!(claims.scope().eq(request.scope.iter().map(String::as_str)));
        prop_assert!(claims.aud().skip(1).eq(request.hosts.iter().map(String::as_str)));
        prop_assert_eq!(claims.owner_did(), request.owner_did.as_deref());
        prop_assert_eq!(claims.controller_did(), request.controller_did.as_deref());
        prop_assert_eq!(claims.agent_did(), request.agent_did.as_deref());
        prop_assert_eq!((claims.iat_s(), claims.exp_s()), (now_s, now_s + lifetime_s));
        let grant = crate::token::grant::verify(&issued.grant, &trust()).unwrap();
        prop_assert_eq!((grant.claims(), grant.hash()), (claims, token.grant_hash()));
        let again = crate::token::Claims::read(&claims.to_canonical()).unwrap();
        prop_assert_eq!(&again, claims);
    }

    /// Another spelling of the same claims by their issuer has the same meaning and scope hash.
    #[test]
    fn the_order_of_members_says_nothing((request, lifetime_s, now_s) in requests(), seed in any::<u64>()) {
        let issued = crate::token::issue(&issuer(), &request, lifetime_s, now_s).unwrap();
        let value: serde_json::Value = serde_json::from_slice(&issued.token.claims().to_canonical()).unwrap();
        let mut members: Vec<_> =
            value.as_object().unwrap().iter().map(|(name, value)| format!("\"{name}\" : {value}")).collect();
        let turn = usize::try_from(seed).unwrap() % members.len();
        members.rotate_left(turn);
        let other = signed(&format!("{{\n{}}}", members.join(",\t")));
        let other = VerifiedToken::authenticate(&other, &trust()).unwrap();
        prop_assert_eq!(other.claims(), issued.token.claims());
    }

    #[test]
    fn whatever_comes_in_is_refused_in_words(text in "\\PC{0,200}") {
        prop_assert!(verified(&text).is_err());
        prop_assert!(crate::token::grant::verify(text.as_bytes(), &trust()).is_err());
    }
}

/// Every byte of a token counts: no other byte in its place makes it a token again.
#[test]
fn every_change_of_one_byte_is_refused() {
    let token = issued().token.as_str().as_bytes().to_vec();
    let mut text = token.clone();
    for place in 0..token.len() {
        for byte in (0..128).filter(|&byte| byte != token[place]) {
            // All 127 others where base64 has unused bits; elsewhere, one of the alphabet and one not.
            let is_last = token.get(place + 1).is_none_or(|&next| next == b'.');
            if !is_last && byte != token[place] ^ 1 && byte != b'+' {
                continue;
            }
            text[place] = byte;
            let changed = std::str::from_utf8(&text).unwrap();
            assert!(verified(changed).is_err(), "byte {place}: {byte}");
        }
        text[place] = token[place];
    }
    verified(std::str::from_utf8(&text).unwrap()).unwrap();
}
