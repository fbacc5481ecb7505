//! Signed requests to a control plane.

use wpc::Key;
use wpc_client::signed::{Given, MAX_AGE_S, RequestError, sign, verify};
use wpc_model::Hash;

/// What every request asks for.
const METHOD: &str = "POST";
const TARGET: &str = "https://plane.example/v1/tokens/issue";
/// When the seeds were signed, Unix seconds.
const NOW_S: i64 = 1_767_225_600;
/// Contents of the seeds; one has none.
const CONTENTS: [Option<&[u8]>; 3] = [Some(b"{}"), Some(br#"{"job":"job-1"}"#), None];

fn signer() -> Key {
    Key::from_seed(&[41; 32])
}

/// Three lines are `Content-Digest` (or nothing), `Signature-Input` and `Signature`, and the rest is the content.
/// Nobody else signs while this runs: what verifies was signed by the seeds' key, at their time, and is of a
/// content of theirs or of none that it covers.
///
/// # Panics
///
/// Only if that does not hold.
pub fn request(data: &[u8]) {
    let mut parts = data.splitn(4, |byte| *byte == b'\n');
    let mut line = || parts.next().and_then(|part| std::str::from_utf8(part).ok());
    let (digest, input, signature) = (line(), line(), line());
    let content = parts.next().unwrap_or_default();
    let given = Given {
        content_digest: digest.filter(|digest| !digest.is_empty()),
        signature_input: input,
        signature,
    };
    let found = verify(METHOD, TARGET, given);
    let Ok(signed) = found else {
        assert!(!matches!(found, Err(RequestError::Stale | RequestError::Digest)), "not for `verify` to say");
        return;
    };
    let digests = CONTENTS.map(|content| content.map(Hash::of));
    assert_eq!(signed.key, signer().did(), "nobody else signs");
    assert!(signed.created_s == NOW_S && digests.contains(&signed.digest), "another request: {signed:?}");
    assert!(signed.is_fresh(NOW_S + MAX_AGE_S).is_ok() && signed.is_fresh(NOW_S + MAX_AGE_S + 1).is_err());
    let covered = match signed.digest {
        Some(digest) => Hash::of(content) == digest,
        None => content.is_empty(),
    };
    assert_eq!(signed.covers(content).is_ok(), covered, "another content");
    assert_eq!(verify("PUT", TARGET, given), Err(RequestError::Signature), "of another method");
}

/// Signed requests as this oracle reads them; none if there is no randomness.
#[must_use]
pub fn signed_requests() -> Vec<Vec<u8>> {
    let one = |content: Option<&[u8]>| {
        let fields = sign(&signer(), METHOD, TARGET, content, NOW_S).ok()?;
        let lines = [
            fields.content_digest.unwrap_or_default(),
            fields.signature_input,
            fields.signature,
            String::new(),
        ];
        Some([lines.join("\n").as_bytes(), content.unwrap_or_default()].concat())
    };
    CONTENTS.into_iter().filter_map(one).collect()
}
