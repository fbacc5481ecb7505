//! Base64 in envelopes: RFC 4648 section 4 or 5, padded, one alphabet per string, unused bits zero.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

/// What we write: the standard alphabet, padded.
pub(super) fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Reads either alphabet; `None` for any other text than the one that encodes its bytes.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let engine = if text.contains(['-', '_']) { URL_SAFE } else { STANDARD };
    engine.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};

    #[track_caller]
    fn check(text: &str, expect: Option<&[u8]>) {
        assert_eq!(decode(text).as_deref(), expect, "{text}");
    }

    #[test]
    fn either_alphabet_is_read_and_the_standard_one_written() {
        check("+/+/", Some(&[0xfb, 0xff, 0xbf]));
        check("-_-_", Some(&[0xfb, 0xff, 0xbf]));
        check("", Some(b""));
        assert_eq!(encode(&[0xfb, 0xff, 0xbf, 0]), "+/+/AA==");
    }

    #[test]
    fn a_text_that_is_not_the_one_encoding_is_refused() {
        for text in [
            "+/-_", "AA", "AA=", "AA===", "AB==", "AAB=", "AA==\n", " AA==", "A", "AA==AA==", "ä===", "AA%3D",
        ] {
            check(text, None);
        }
    }
}
