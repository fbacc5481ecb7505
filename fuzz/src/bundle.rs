//! Proof bundles.

use std::sync::LazyLock;

use wpc::bundle::{Options, RUN_TYPE, Verdict, replay, verify, view};
use wpc::{Key, Trust, sign};

/// The ends of the seeds' payloads: which log each is of, and its root.
const SEEDS: [&[u8]; 3] = [
    include_bytes!("../seeds/bundle/rich.json"),
    include_bytes!("../seeds/bundle/short.json"),
    include_bytes!("../seeds/bundle/lifted.json"),
];
/// What stands before the root.
const SUBJECT: &[u8] = b",\"subject\":";

/// The bytes are a bundle's payload, which the ledger's key signs whatever they are: what the verifier
/// does not refuse is a log that was in the seeds, because nobody signs another head of it. A bundle
/// that was signed by nobody is refused, and looking into one never ends the program.
///
/// # Panics
///
/// Only if that does not hold.
pub fn bundle(data: &[u8]) {
    let Some((trust, key)) = WORLD.as_ref() else { return };
    assert_eq!(verify(data, trust, &Options::default()).verdict(), Verdict::Refused, "nobody signed");
    let _looked_into = view(data);
    let file = sign(RUN_TYPE, data, std::slice::from_ref(key));
    let report = verify(&file, trust, &Options::default());
    if report.verdict() == Verdict::Refused {
        assert!(report.found > 0, "refused for no reason");
        return;
    }
    assert!(report.findings.is_empty(), "findings, and not refused");
    assert!(SEEDS.iter().any(|seed| subject(seed) == subject(data)), "a log that nobody signed");
    assert!(view(&file).is_ok(), "verified, and not read");
    let same = wpc_model::decode(policy(data).unwrap_or_default().as_slice());
    if let Ok(policy) = same {
        assert!(replay(&file, trust, &policy).is_ok(), "verified, and not replayed");
    }
}

fn subject(payload: &[u8]) -> Option<&[u8]> {
    let at = payload.windows(SUBJECT.len()).rposition(|part| part == SUBJECT)?;
    payload.get(at..)
}

/// The policy's own bytes.
fn policy(payload: &[u8]) -> Option<Vec<u8>> {
    let statement: serde_json::Value = serde_json::from_slice(payload).ok()?;
    let text = statement.get("predicate")?.get("policy")?.get("payload")?.as_str()?;
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(text).ok()
}

static WORLD: LazyLock<Option<(Trust, Key)>> = LazyLock::new(|| {
    let roles = [
        "policy_author",
        "ledger",
        "token_issuer",
        "",
        "approver",
        "approver",
        "revoker",
        "witness",
        "membership_issuer",
    ];
    let named = (1_u8..).zip(roles).filter(|(_, role)| !role.is_empty());
    let principal = |(seed, role)| {
        let did = Key::from_seed(&[seed; 32]).did();
        format!(r#"{{"name":"p{seed}","keys":["{did}"],"roles":["{role}"]}}"#)
    };
    let principals: Vec<_> = named.map(principal).collect();
    let text = format!(r#"{{"v":1,"principals":[{}],"threshold":{{"witness":0}}}}"#, principals.join(","));
    Some((Trust::parse(text.as_bytes()).ok()?, Key::from_seed(&[2; 32])))
});
