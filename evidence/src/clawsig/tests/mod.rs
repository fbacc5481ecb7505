//! Values are of CLAWSIG.md, made by the ecosystem's own code.

mod golden;

use super::chain::Event;
use super::envelope::{payload_hash, signature};
use crate::Key;

/// Key `n` of CLAWSIG.md.
fn key(n: u8) -> Key {
    let seed: Vec<u8> = (0..32).map(|place| (n - 1) * 32 + place + 1).collect();
    Key::from_seed(&seed.try_into().unwrap())
}

#[test]
fn keys_and_payload_hashes_are_theirs() {
    let names = [
        (1, "did:key:z6MkneMkZqwqRiU5mJzSG3kDwzt9P8C59N4NGTfBLfSGE7c7"),
        (2, "did:key:z6Mkv4fhuJNepggTLQ4LtYSsiYFayjovLj1fpKMeqe9ss2Gw"),
        (6, "did:key:z6MkfDHmnBkGdt2VcgL3cmuB1tTmQERqgqop3qWSyy3X52BS"),
    ];
    for (n, did) in names {
        assert_eq!(key(n).did().as_str(), did);
    }
    assert_eq!(payload_hash(br#"{"task":"demo"}"#), "dNUXv4AEWTTP7PSRhn6bMoxxaG-TXKnFfkaczCiGjjo");
}

#[test]
fn events_are_hashed_in_their_order_of_members() {
    let event = |seq: u32, kind: &str, payload_hash: &str, prev: Option<&str>| {
        let event = Event {
            id: format!("evt_{}", seq + 1),
            run: "run_00000000-0000-4000-8000-000000000001".into(),
            kind: kind.into(),
            timestamp: format!("2026-01-01T00:00:0{seq}.000Z"),
            payload_hash: payload_hash.into(),
            prev: prev.map(Into::into),
            hash: String::new(),
        };
        event.hashed().hash
    };
    let first = event(0, "run_start", "dNUXv4AEWTTP7PSRhn6bMoxxaG-TXKnFfkaczCiGjjo", None);
    assert_eq!(first, "-0UK2l32LjCY40GY3Z34ShQLNIh0Qjn9kY26lMHNKcY");
    let second = event(1, "llm_call", "tT0kdHsIZgzej9EFguP8DpdHjSmEJiAZeZwQNXvgVqE", Some(&first));
    assert_eq!(second, "_sArT6bbZJTlOI34U_Wstv5crDgSNisbmzjw5cxZ70Y");
}

#[test]
fn the_text_of_the_hash_is_signed() {
    let rows = include_str!("vectors.txt").lines().map(|row| row.split(' ').collect::<Vec<_>>());
    let mut count = 0;
    for row in rows {
        let [kind, hash, wanted] = row[..] else { panic!("{row:?}") };
        assert_eq!(signature(&key(1), hash), wanted, "{kind}");
        count += 1;
    }
    assert_eq!(count, 8);
    let co_signed = "6Lt65cwzm5FYJKmGHZ8-AjU4dVD4GXiy165WByIKv4wKWL6LDQRmaB7swrhd4JLduN5H9NsaMbW_9IphhUCJAw";
    assert_eq!(signature(&key(6), "sL0Yego7rqOrV8pEW7_EBrpN5w3vVTPeyvy7sBXFMmg"), co_signed);
}

#[test]
#[ignore = "reads the vectors in WPC_SHARED"]
fn vectors_of_envelopes() {
    let path = std::env::var("WPC_SHARED").unwrap() + "/vectors/vectors.json";
    let vectors: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let envelopes = vectors["envelopes"].as_object().unwrap();
    assert_eq!(envelopes.len(), 6);
    for (name, vector) in envelopes {
        let hash = payload_hash(vector["hashed_bytes_utf8"].as_str().unwrap().as_bytes());
        assert_eq!(vector["signed_bytes_utf8"], hash.as_str(), "{name}");
        let envelope = &vector["envelope"];
        assert_eq!(envelope["payload_hash_b64u"], hash.as_str(), "{name}");
        let signer = (1..=6).map(key).find(|key| envelope["signer_did"] == key.did().as_str()).unwrap();
        assert_eq!(envelope["signature_b64u"], signature(&signer, &hash).as_str(), "{name}");
    }
    let mut prev = None;
    for event in vectors["event_chain"]["events"].as_array().unwrap() {
        let text = |name: &str| event[name].as_str().unwrap().to_owned();
        let made = Event {
            id: text("event_id"),
            run: text("run_id"),
            kind: text("event_type"),
            timestamp: text("timestamp"),
            payload_hash: text("payload_hash_b64u"),
            prev,
            hash: String::new(),
        };
        let hash = made.hashed().hash;
        assert_eq!(hash, text("event_hash_b64u"));
        prev = Some(hash);
    }
}
