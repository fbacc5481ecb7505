//! Keys and their names.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use tempfile::TempDir;
use wpc::{Did, DidError, Key};

/// RFC 8410 section 10.3, and the public key of section 10.1 that belongs to it.
const RFC_8410: &str = "-----BEGIN PRIVATE KEY-----\n\
    MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
    -----END PRIVATE KEY-----\n";
const RFC_8410_PUBLIC: [u8; 32] = [
    0x19, 0xbf, 0x44, 0x09, 0x69, 0x84, 0xcd, 0xfe, 0x85, 0x41, 0xba, 0xc1, 0x67, 0xdc, 0x3b, 0x96, 0xc8,
    0x50, 0x86, 0xaa, 0x30, 0xb6, 0xb6, 0xcb, 0x0c, 0x5c, 0x38, 0xad, 0x70, 0x31, 0x66, 0xe1,
];

fn file(content: &str, mode: u32) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("key.pem");
    fs::write(&path, content).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    (directory, path)
}

#[track_caller]
fn refuses(content: &str, mode: u32, expect: &str) {
    let (_directory, path) = file(content, mode);
    assert_eq!(Key::read(&path).unwrap_err().code(), expect);
}

#[test]
fn a_key_file_is_private_complete_and_read_back() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("author.key");
    let key = Key::generate().unwrap();
    key.write_new(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
    assert_eq!(Key::read(&path).unwrap().did(), key.did());
    // Nothing else is left in the directory.
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[test]
fn a_key_file_is_never_overwritten() {
    let (directory, path) = file("something", 0o600);
    assert_eq!(Key::generate().unwrap().write_new(&path).unwrap_err().code(), "key_exists");
    assert_eq!(fs::read_to_string(&path).unwrap(), "something");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    let nowhere = directory.path().join("none").join("key.pem");
    assert_eq!(Key::generate().unwrap().write_new(&nowhere).unwrap_err().code(), "key_io");
}

#[test]
fn the_form_is_that_of_rfc_8410() {
    let (_directory, path) = file(RFC_8410, 0o400);
    assert_eq!(Key::read(&path).unwrap().did().to_public_key(), RFC_8410_PUBLIC);
    let again = path.with_file_name("again.pem");
    Key::read(&path).unwrap().write_new(&again).unwrap();
    assert_eq!(fs::read_to_string(again).unwrap(), RFC_8410);
}

#[test]
fn a_key_that_others_may_use_is_refused() {
    for mode in [0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o644] {
        refuses(RFC_8410, mode, "key_permissions");
    }
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(Key::read(directory.path()).unwrap_err().code(), "key_permissions");
    assert_eq!(Key::read(&directory.path().join("none")).unwrap_err().code(), "key_io");
}

#[test]
fn any_other_form_is_refused() {
    let base64 = "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC";
    for content in [
        "",
        base64,
        &RFC_8410.replace('\n', "\r\n"),
        &RFC_8410.replace("PRIVATE", "PUBLIC"),
        &RFC_8410.replace("MC4CAQ", "MC4CAR"),
        &RFC_8410.replace("VhC", "Vh"),
        &RFC_8410.replace("VhC", "VhCAAAA"),
        &format!("{RFC_8410}\n"),
        &format!("{RFC_8410}{RFC_8410}"),
        &"x".repeat(10_000),
    ] {
        refuses(content, 0o600, "key_malformed");
    }
}

#[test]
fn nothing_shows_the_secret() {
    let key = Key::from_seed(&[0x41; 32]);
    assert_eq!(format!("{key:?}"), format!("Key({})", key.did()));
}

#[test]
fn a_did_names_a_public_key() {
    #[track_caller]
    fn check(seed: [u8; 32], expect: &str) {
        let did = Key::from_seed(&seed).did();
        assert_eq!(did.to_string(), expect);
        assert_eq!(Did::parse(expect), Ok(did));
        assert_eq!(Did::from_public_key(&did.to_public_key()), Ok(did));
    }
    // W3C CCG did:key test vectors, `ed25519-x25519.json`.
    check([0; 32], "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp");
    let mut last = [0; 32];
    last[31] = 1;
    check(last, "did:key:z6MkjchhfUsD6mmvni8mCdXHw216Xrm9bQe2mBH1P5RDjVJG");
}

#[test]
fn a_text_that_names_no_key_is_refused() {
    #[track_caller]
    fn check(text: &str, expect: DidError) {
        assert_eq!(Did::parse(text), Err(expect), "{text}");
    }
    let good = "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp";
    check("", DidError::Malformed);
    check(&good.to_uppercase(), DidError::Malformed);
    check(&good.replace("did:key", "did:web"), DidError::Malformed);
    check(&good.replace("z6Mk", "z6LS"), DidError::Malformed);
    check(&good.replace("ooWp", "ooW0"), DidError::Malformed);
    check(&format!("{good}#{good}"), DidError::Malformed);
    check(&format!(" {good}"), DidError::Malformed);
    check(&good.replace('W', "é"), DidError::Malformed);
}

#[test]
fn weak_and_unreduced_keys_are_refused() {
    #[track_caller]
    fn check(bytes: [u8; 32], expect: DidError) {
        assert_eq!(Did::from_public_key(&bytes), Err(expect));
        let text = format!("did:key:z{}", bs58::encode([&[0xed, 0x01], &bytes[..]].concat()).into_string());
        assert_eq!(Did::parse(&text), Err(expect));
    }
    let with = |first: u8, rest: u8, last: u8| {
        let mut bytes = [rest; 32];
        (bytes[0], bytes[31]) = (first, last);
        bytes
    };
    // The identity, the points of order 2 and 4.
    check(with(1, 0, 0), DidError::Weak);
    check(with(0xec, 0xff, 0x7f), DidError::Weak);
    check(with(0, 0, 0), DidError::Weak);
    check(with(0, 0, 0x80), DidError::Weak);
    // The same points with y beyond the field's prime, and the identity with a sign that zero has not.
    check(with(0xee, 0xff, 0x7f), DidError::NotCanonical);
    check(with(0xed, 0xff, 0x7f), DidError::NotCanonical);
    check(with(1, 0, 0x80), DidError::NotCanonical);
    // Not on the curve.
    check(with(2, 0, 0), DidError::NotCanonical);
}
