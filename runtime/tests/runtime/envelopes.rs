//! Envelopes: what is signed, and whose signature counts.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use serde_json::{Value, json};
use wpc::{Envelope, Key, MAX_SIGNATURES, POLICY_TYPE, Role, SignatureError, Trust, Verified, cosign, sign};

const PAYLOAD: &[u8] = b"{\"a\":\"\xff\xfe>>>???\"}";

fn key(seed: u8) -> Key {
    Key::from_seed(&[seed; 32])
}

/// Alice has two keys, Bob one; both sign policies, two must. Carol only approves.
fn trust(threshold: usize) -> Trust {
    let did = |seed| key(seed).did().to_string();
    let file = json!({
        "v": 1,
        "principals": [
            {"name": "alice", "keys": [did(1), did(2)], "roles": ["policy_author"]},
            {"name": "bob", "keys": [did(3)], "roles": ["policy_author", "releaser"]},
            {"name": "carol", "keys": [did(4)], "roles": ["approver"]},
        ],
        "threshold": {"policy_author": threshold},
    });
    Trust::parse(file.to_string().as_bytes()).unwrap()
}

fn signed(seeds: &[u8]) -> Vec<u8> {
    sign(POLICY_TYPE, PAYLOAD, &seeds.iter().map(|&seed| key(seed)).collect::<Vec<_>>())
}

fn verify(envelope: &[u8], threshold: usize) -> Result<Verified, SignatureError> {
    Envelope::verify(envelope, POLICY_TYPE, &trust(threshold), Role::PolicyAuthor)
}

#[track_caller]
fn accepts(envelope: &[u8], threshold: usize, signers: &[&str]) {
    let verified = verify(envelope, threshold).unwrap();
    assert_eq!(
        (verified.payload.as_slice(), verified.signers),
        (PAYLOAD, signers.iter().map(|&name| name.to_owned()).collect())
    );
}

#[track_caller]
fn refuses(envelope: &[u8], threshold: usize, expect: &str) {
    assert_eq!(verify(envelope, threshold).unwrap_err().code(), expect);
}

/// The envelope after `change`.
fn changed(change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut envelope = serde_json::from_slice(&signed(&[1])).unwrap();
    change(&mut envelope);
    envelope.to_string().into_bytes()
}

#[test]
fn thresholds_count_principals_and_not_keys() {
    accepts(&signed(&[1]), 1, &["alice"]);
    accepts(&signed(&[1, 3]), 2, &["alice", "bob"]);
    refuses(&signed(&[1]), 2, "threshold");
    refuses(&signed(&[1, 2]), 2, "threshold");
    refuses(&signed(&[1, 1]), 2, "threshold");
    refuses(&signed(&[1, 4]), 2, "threshold");
}

#[test]
fn a_signature_counts_only_in_its_principals_role() {
    refuses(&signed(&[4]), 1, "role_mismatch");
    refuses(&signed(&[9]), 1, "signer_untrusted");
    accepts(&signed(&[4, 9, 1]), 1, &["alice"]);
    let releaser = Envelope::verify(&signed(&[1]), POLICY_TYPE, &trust(1), Role::Releaser);
    assert_eq!(releaser, Err(SignatureError::Role));
}

#[test]
fn a_key_id_is_a_hint_and_proves_nothing() {
    // Mallory's signature under Alice's name.
    let stolen = changed(|envelope| {
        let other: Value = serde_json::from_slice(&signed(&[9])).unwrap();
        envelope["signatures"][0]["sig"] = other["signatures"][0]["sig"].clone();
    });
    refuses(&stolen, 1, "signature_invalid");
    let unnamed = changed(|envelope| envelope["signatures"][0]["keyid"] = json!("alice"));
    refuses(&unnamed, 1, "signer_untrusted");
    let short = changed(|envelope| envelope["signatures"][0]["sig"] = json!("AAAA"));
    refuses(&short, 1, "signature_invalid");
}

#[test]
fn the_type_is_signed_and_compared() {
    let other = sign("application/vnd.wpc.release.v1+json", PAYLOAD, &[key(1)]);
    refuses(&other, 1, "payload_type");
    let relabelled =
        changed(|envelope| envelope["payloadType"] = json!("application/vnd.wpc.release.v1+json"));
    refuses(&relabelled, 1, "signature_invalid");
    // Moving a byte between type and payload does not keep the signature.
    let moved = changed(|envelope| {
        envelope["payloadType"] = json!(format!("{POLICY_TYPE} "));
    });
    refuses(&moved, 1, "signature_invalid");
}

#[test]
fn either_base64_alphabet_is_read_but_only_one_spelling() {
    let with = |payload: String| changed(|envelope| envelope["payload"] = json!(payload));
    let standard = STANDARD.encode(PAYLOAD);
    assert!(standard.contains('/') && standard.contains('='), "{standard}");
    accepts(&with(standard.clone()), 1, &["alice"]);
    accepts(&with(URL_SAFE.encode(PAYLOAD)), 1, &["alice"]);
    refuses(&with(standard.trim_end_matches('=').to_owned()), 1, "base64_malleable");
    refuses(&with(format!("{standard}\n")), 1, "base64_malleable");
    refuses(&with(format!("-{standard}")), 1, "base64_malleable");
    let sig = |change: fn(&str) -> String| {
        changed(|envelope| {
            envelope["signatures"][0]["sig"] =
                json!(change(envelope["signatures"][0]["sig"].as_str().unwrap()))
        })
    };
    refuses(&sig(|sig| sig.trim_end_matches('=').to_owned()), 1, "base64_malleable");
    // 64 bytes leave four unused bits in the last digit.
    refuses(
        &sig(|sig| {
            format!(
                "{}B==",
                sig.strip_suffix("A==")
                    .or(sig.strip_suffix("Q=="))
                    .or(sig.strip_suffix("g=="))
                    .or(sig.strip_suffix("w=="))
                    .unwrap()
            )
        }),
        1,
        "base64_malleable",
    );
}

#[test]
fn an_envelope_has_these_members_and_no_others() {
    refuses(b"", 1, "malformed");
    refuses(b"[]", 1, "malformed");
    refuses(&changed(|envelope| envelope["extra"] = json!(1)), 1, "malformed");
    refuses(&changed(|envelope| envelope["signatures"][0]["cert"] = json!("")), 1, "malformed");
    refuses(&changed(|envelope| envelope["signatures"] = json!([])), 1, "malformed");
    for member in ["payload", "payloadType", "signatures"] {
        let without = changed(|envelope| {
            envelope.as_object_mut().unwrap().remove(member);
        });
        refuses(&without, 1, "malformed");
        let twice = String::from_utf8(signed(&[1])).unwrap().replacen('{', &format!("{{\"{member}\":[],"), 1);
        refuses(twice.as_bytes(), 1, "malformed");
    }
    let many = |count: usize| {
        changed(|envelope| {
            let one = envelope["signatures"][0].clone();
            envelope["signatures"] = Value::Array(vec![one; count]);
        })
    };
    accepts(&many(MAX_SIGNATURES), 1, &["alice"]);
    refuses(&many(MAX_SIGNATURES + 1), 1, "malformed");
    refuses(&[signed(&[1]), b" x".to_vec()].concat(), 1, "malformed");
    refuses(&"[".repeat(100_000).into_bytes(), 1, "malformed");
}

#[test]
fn an_envelope_need_not_be_canonical() {
    let pretty = serde_json::to_vec_pretty(&serde_json::from_slice::<Value>(&signed(&[1])).unwrap()).unwrap();
    accepts(&pretty, 1, &["alice"]);
}

/// Every change of one byte of the envelope is refused, or leaves the payload and who signed it as
/// they are (JSON has other spellings of the same text).
#[test]
fn every_changed_byte_is_refused() {
    let envelope = signed(&[1]);
    let whole = verify(&envelope, 1).unwrap();
    for at in 0..envelope.len() {
        for change in [envelope[at] ^ 1, envelope[at] ^ 0x20, b'A', b'"', b' '] {
            let mut changed = envelope.clone();
            changed[at] = change;
            if let Ok(verified) = verify(&changed, 1) {
                assert_eq!(verified, whole, "at {at}");
            }
        }
        assert!(verify(&envelope[..at], 1).is_err(), "cut at {at}");
    }
}

#[test]
fn arrays_are_no_envelope_and_no_trust_file() {
    let key = Key::from_seed(&[7; 32]);
    let did = key.did().to_string();
    let signed = sign(POLICY_TYPE, b"{}", &[Key::from_seed(&[7; 32])]);
    let envelope: Value = serde_json::from_slice(&signed).unwrap();
    let sig = &envelope["signatures"][0];
    let payload = (&envelope["payload"], &envelope["payloadType"]);
    let trust = Trust::parse(
        format!(r#"{{"v":1,"principals":[{{"name":"a","keys":["{did}"],"roles":["policy_author"]}}]}}"#)
            .as_bytes(),
    );
    let trust = trust.unwrap();
    let verify = |value: Value| {
        Envelope::verify(value.to_string().as_bytes(), POLICY_TYPE, &trust, Role::PolicyAuthor).err()
    };
    assert_eq!(verify(envelope.clone()), None);
    let all = json!([payload.0, payload.1, [sig]]);
    let inner = json!({
        "payload": payload.0, "payloadType": payload.1, "signatures": [[sig["keyid"], sig["sig"]]]
    });
    for value in [all, inner] {
        assert_eq!(verify(value), Some(SignatureError::Malformed));
    }
    for text in [
        format!(r#"[1,[{{"name":"a","keys":["{did}"],"roles":[]}}],{{}}]"#),
        format!(r#"{{"v":1,"principals":[["a",["{did}"],[],null]]}}"#),
        r#"{"v":1,"principals":[],"threshold":[]}"#.to_owned(),
    ] {
        let refused = Trust::parse(text.as_bytes()).err().map(|error| error.code());
        assert_eq!(refused, Some("trust_malformed"), "{text}");
    }
}

#[test]
fn people_sign_one_after_another() {
    let first = sign(POLICY_TYPE, b"{}", &[Key::from_seed(&[7; 32])]);
    let both = cosign(&first, POLICY_TYPE, b"{}", &[Key::from_seed(&[8; 32])]).unwrap();
    let together = sign(POLICY_TYPE, b"{}", &[Key::from_seed(&[7; 32]), Key::from_seed(&[8; 32])]);
    assert_eq!(both, together);
    let again = cosign(&both, POLICY_TYPE, b"{}", &[Key::from_seed(&[8; 32])]).unwrap();
    assert_eq!(again, together, "a key signs once");
    assert_eq!(cosign(&first, POLICY_TYPE, b"{ }", &[]), None, "another payload");
    assert_eq!(cosign(&first, "text/plain", b"{}", &[]), None, "another type");
}
