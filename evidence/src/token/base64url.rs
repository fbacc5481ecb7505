//! Base64 in tokens: RFC 4648 section 5, no padding, unused bits zero (RFC 7515 section 2).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

pub(super) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// `None` for any other text than the one that encodes its bytes.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};

    #[test]
    fn one_text_says_one_thing() {
        assert_eq!(decode("-_8").as_deref(), Some(&[0xfb, 0xff][..]));
        assert_eq!(encode(&[0xfb, 0xff]), "-_8");
        // The first has unused bits set.
        for other in ["-_9", "-_8=", "+/8", "-_8\n", " -_8", "-", "-_8.", "ä"] {
            assert_eq!(decode(other), None, "{other}");
        }
    }
}
