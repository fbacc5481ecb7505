//! The vectors of CLAWSIG.md: a few values here, all of them where `WPC_SHARED` says that they lie.

use wpc_model::Hash;

use crate::token::wire::Wire;
use crate::token::{Claims, compact};
use crate::{Did, Key};

/// K1's seed, the bytes 0x01 to 0x20.
fn k1() -> Key {
    let mut seed = [0; 32];
    seed.iter_mut().zip(1..).for_each(|(byte, value)| *byte = value);
    Key::from_seed(&seed)
}

/// Claims of a vector, with what the schema requires and the scope hash leaves out.
fn wire(mut claims: serde_json::Value) -> Wire {
    for (member, value) in [("token_version", "1".into()), ("iat", 0.into()), ("exp", 1.into())] {
        claims[member] = value;
    }
    Wire::read(claims.to_string().as_bytes()).unwrap()
}

#[track_caller]
fn check(claims: serde_json::Value, hash: &str) {
    assert_eq!(wire(claims).scope_hash(), Hash::from_text(hash).unwrap());
}

#[test]
fn scope_hashes_are_those_of_clawsig() {
    let sub = k1().did().to_string();
    let scope = ["proxy:call", "clawproxy:call"];
    check(
        serde_json::json!({ "sub": sub, "aud": "clawproxy.com", "scope": scope }),
        "39LP7l4sKHWOEwLpqg4ciojQBT3WW3hm5vKlXbviZfg",
    );
    check(
        serde_json::json!({
            "sub": format!(" {sub} "), "aud": [" z.example ", "clawproxy.com", "z.example"],
            "scope": ["proxy:call", " clawproxy:call", "proxy:call", ""],
        }),
        "G2igo-iUsqzXKFn_ab-esE_9uBm2r4JOIEws_kCNwjg",
    );
}

#[test]
fn what_the_scope_hash_leaves_out_does_not_change_it() {
    let base = super::issued().token;
    let renewed = crate::token::renew(&super::issuer(), &base, 60, super::NOW_S + 5).unwrap().token;
    assert_ne!(
        (base.claims().jti(), base.claims().iat_s()),
        (renewed.claims().jti(), renewed.claims().iat_s())
    );
    assert_eq!(crate::token::scope_hash(base.claims()), crate::token::scope_hash(renewed.claims()));
}

fn shared() -> serde_json::Value {
    let root = std::env::var("WPC_SHARED").unwrap();
    let bytes = std::fs::read(std::path::Path::new(&root).join("vectors/vectors.json")).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

#[test]
#[ignore = "needs the vectors: WPC_SHARED names the directory, see .ci/run"]
fn every_vector_of_clawsig_is_reproduced() {
    let vectors = shared();
    let mut compared = 0;
    for vector in vectors["token_scope_hash"].as_array().unwrap() {
        let mut claims = vector["claims"].clone();
        // The service floors it; the schema, and so our reader, takes whole seconds only.
        if let Some(at) = claims["delegation_expires_at"].as_f64() {
            claims["delegation_expires_at"] = (at.floor() as i64).into();
        }
        claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        let wire = wire(claims);
        assert_eq!(
            String::from_utf8(wire.scope_input()).unwrap(),
            vector["hash_input_jcs"],
            "{}",
            vector["name"]
        );
        assert_eq!(wire.scope_hash().to_string(), vector["token_scope_hash_b64u"], "{}", vector["name"]);
        compared += 1;
    }
    assert!(compared >= 4, "{compared} vectors");
    for key in vectors["keys"].as_object().unwrap().values() {
        let did = Did::parse(key["did_key"].as_str().unwrap()).unwrap();
        assert_eq!(compact::kid(&did).len(), 16);
    }
}

#[test]
#[ignore = "needs the vectors: WPC_SHARED names the directory, see .ci/run"]
fn the_token_of_clawsig_is_signed_as_ours_is_and_refused_for_its_audience() {
    let vector = shared()["cst"].clone();
    let text = vector["token"].as_str().unwrap();
    let (read, kid) = compact::token(text).unwrap();
    assert_eq!(
        (kid.as_str(), compact::kid(&k1().did())),
        (vector["header"]["kid"].as_str().unwrap(), kid.clone())
    );
    assert!(read.is_signed_by(&k1().did()));
    // Its members stand in another order than ours: signing the same bytes gives the same token.
    assert_eq!(compact::sign(&k1(), compact::header(&k1().did()).as_bytes(), &read.payload), text);
    let wire = Wire::read(&read.payload).unwrap();
    assert_eq!(wire.scope_hash().to_string(), vector["claims"]["token_scope_hash_b64u"]);
    // `aud` is a gateway's host: no ledger of ours.
    assert_eq!(Claims::of(wire).unwrap_err().code(), "token_audience");
    let hex: String = Hash::of(text.as_bytes()).0.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, vector["token_hash_hex"]);
}
