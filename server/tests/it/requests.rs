//! Who may ask at all.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use wpc_client::signed::sign;

use crate::world::{AGENT, OPERATOR, World, key, now_ms};

/// One raw request, and the whole answer.
pub(crate) fn raw(world: &World, head: &str, fields: &[(&str, String)], body: &[u8]) -> String {
    let mut text =
        format!("{head} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in fields {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("\r\n");
    let mut socket = TcpStream::connect(world.url.strip_prefix("http://").unwrap()).unwrap();
    socket.write_all(text.as_bytes()).unwrap();
    // A server that refuses early closes before it has read everything.
    let _refused = socket.write_all(body);
    let mut answer = Vec::new();
    let _reset = socket.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

pub(crate) fn fields(
    world: &World,
    of: u8,
    method: &str,
    path: &str,
    body: Option<&[u8]>,
    ahead_s: i64,
) -> Vec<(&'static str, String)> {
    let target = format!("{}{path}", world.url);
    let signed = sign(&key(of), method, &target, body, now_ms() / 1_000 + ahead_s).unwrap();
    let mut fields = vec![("signature-input", signed.signature_input), ("signature", signed.signature)];
    fields.extend(signed.content_digest.map(|digest| ("content-digest", digest)));
    fields
}

#[track_caller]
fn is(answer: &str, status: u16, code: &str) {
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    assert!(answer.contains("application/problem+json"), "{answer}");
    assert!(answer.contains(&format!(r#""code":"{code}""#)), "{answer}");
}

#[test]
fn a_request_counts_once_for_what_it_says_and_for_a_minute() {
    let world = World::new();
    let (path, body) = ("/v1/tokens/introspect", br#"{"token":"a.b"}"#.as_slice());
    let post = format!("POST {path}");
    is(&raw(&world, &post, &[], body), 401, "request_unsigned");
    let good = fields(&world, OPERATOR, "POST", path, Some(body), 0);
    is(&raw(&world, &post, &good, body), 401, "token_malformed");
    is(&raw(&world, &post, &good, body), 401, "request_replayed");
    for ahead_s in [-62, 62] {
        let stale = fields(&world, OPERATOR, "POST", path, Some(body), ahead_s);
        is(&raw(&world, &post, &stale, body), 401, "request_stale");
    }
    let other = fields(&world, OPERATOR, "POST", path, Some(body), 0);
    is(&raw(&world, &post, &other, br#"{"token":"a.c"}"#), 400, "request_digest");
    let elsewhere = fields(&world, OPERATOR, "POST", "/v1/tokens/revoke", Some(body), 0);
    is(&raw(&world, &post, &elsewhere, body), 401, "request_signature");
    let stranger = fields(&world, AGENT, "POST", path, Some(body), 0);
    is(&raw(&world, &post, &stranger, body), 401, "signer_unknown");
    let bare = fields(&world, OPERATOR, "POST", path, None, 0);
    is(&raw(&world, &post, &bare, b""), 400, "request_digest");
    let mut twice = fields(&world, OPERATOR, "POST", path, Some(body), 0);
    twice.push(("signature", "wpc=:AA==:".to_owned()));
    is(&raw(&world, &post, &twice, body), 401, "request_malformed");
}

#[test]
fn what_is_no_request_is_refused_in_words() {
    let world = World::new();
    is(&raw(&world, "GET /nowhere", &[], b""), 404, "not_found");
    is(&raw(&world, "PATCH /v1/did", &[], b""), 405, "method_not_allowed");
    let answer = raw(&world, "GET /v1/did", &[], b"");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let signed =
        |method: &str, path: &str, body: Option<&[u8]>| fields(&world, OPERATOR, method, path, body, 0);
    let path = "/v1/revocations/events?limit=0";
    is(&raw(&world, &format!("GET {path}"), &signed("GET", path, None), b""), 400, "query_malformed");
    let path = "/v1/revocations/events?limit=x";
    is(&raw(&world, &format!("GET {path}"), &signed("GET", path, None), b""), 400, "query_malformed");
    let path = "/v1/approvals/%FF";
    is(&raw(&world, &format!("GET {path}"), &signed("GET", path, None), b""), 400, "query_malformed");
    let (path, body) = ("/v1/tokens/revoke", b"{\"token\":1}".as_slice());
    is(&raw(&world, &format!("POST {path}"), &signed("POST", path, Some(body)), body), 400, "body_malformed");
    let huge = vec![b' '; 70_000];
    is(&raw(&world, &format!("POST {path}"), &signed("POST", path, Some(&huge)), &huge), 413, "too_large");
    // A policy that nobody signed: clawcontrols takes it, and says so in its own words if it does not.
    let (path, body) = ("/v1/wpc", br#"{"wpc":{"policy_version":"1"}}"#.as_slice());
    let answer = raw(&world, &format!("POST {path}"), &signed("POST", path, Some(body)), body);
    is(&answer, 400, "author_signature_required");
    assert!(answer.contains(r#""ok":false,"error":{"code":"INVALID_WPC""#), "{answer}");
}
