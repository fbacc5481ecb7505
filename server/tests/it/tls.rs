//! TLS of the server's own, and callers known by the key of their certificate.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;

use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use wpc_server::{Place, Running, Tls, start};

use crate::world::{AUDITOR, GATE, config};

/// A server with a certificate of its own.
struct World {
    _folder: tempfile::TempDir,
    runtime: tokio::runtime::Runtime,
    running: Option<Running>,
    certificate: CertificateDer<'static>,
    port: u16,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let tls = Tls {
            certificates: made.cert.pem().into_bytes(),
            key: made.signing_key.serialize_pem().into_bytes(),
        };
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let place = Place::File(folder.path().join("plane.db"));
        let mut config = config(place, folder.path().join("objects").to_str().unwrap(), 0);
        config.tls = Some(tls);
        let running = runtime.block_on(start(config)).unwrap();
        assert!(running.url().starts_with("https://"));
        let port = running.address().port();
        Self { _folder: folder, runtime, running: Some(running), certificate: made.cert.into(), port }
    }

    /// What is answered to a request without a signature, by whoever shows this key.
    fn asked(&self, key: Option<&KeyPair>, path: &str) -> Option<String> {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder =
            ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let builder = builder.with_root_certificates(roots);
        let config = match key {
            None => builder.with_no_client_auth(),
            Some(key) => {
                let certificate =
                    CertificateParams::new(["anybody".to_owned()]).unwrap().self_signed(key).unwrap();
                let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
                builder.with_client_auth_cert(vec![certificate.into()], key).unwrap()
            }
        };
        let name = ServerName::try_from("127.0.0.1").unwrap();
        let socket = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let mut stream = StreamOwned::new(ClientConnection::new(Arc::new(config), name).unwrap(), socket);
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = Vec::new();
        let ended = stream.read_to_end(&mut answer);
        let answer = String::from_utf8(answer).unwrap();
        (ended.is_ok() || !answer.is_empty()).then_some(answer)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.runtime.block_on(self.running.take().unwrap().stop());
    }
}

/// PKCS #8 of a seed (RFC 8410 section 7).
fn pair(of: u8) -> KeyPair {
    let mut der = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20".to_vec();
    der.extend([of; 32]);
    KeyPair::try_from(der.as_slice()).unwrap()
}

#[test]
fn a_certificate_shows_a_key_and_the_trust_file_says_what_it_may() {
    let world = World::new();
    let path = "/v1/evidence";
    let auditor = world.asked(Some(&pair(AUDITOR)), path).unwrap();
    assert!(auditor.starts_with("HTTP/1.1 200 ") && auditor.contains("\"bundles\":[]"), "{auditor}");
    for (key, status, code) in [
        (Some(pair(GATE)), 403, "forbidden"),
        (Some(pair(99)), 401, "signer_unknown"),
        (None, 401, "request_unsigned"),
    ] {
        let answer = world.asked(key.as_ref(), path).unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        assert!(answer.contains(&format!("\"code\":\"{code}\"")), "{answer}");
    }
}

#[test]
fn another_sort_of_key_says_nothing_and_what_is_in_clear_gets_no_answer() {
    let world = World::new();
    let other = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    // Such a key is not asked for, so it is not shown.
    let answer = world.asked(Some(&other), "/v1/evidence").unwrap();
    assert!(answer.contains("\"code\":\"request_unsigned\""), "{answer}");
    let mut socket = TcpStream::connect(("127.0.0.1", world.port)).unwrap();
    socket.write_all(b"GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    let _reset = socket.read_to_end(&mut answer);
    assert!(!String::from_utf8_lossy(&answer).contains("HTTP/1.1"));
}

#[test]
fn a_key_that_is_no_key_is_refused_before_anything_listens() {
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let another = KeyPair::generate().unwrap();
    let certificates = made.cert.pem().into_bytes();
    for key in [b"secret".to_vec(), another.serialize_pem().into_bytes(), Vec::new()] {
        let place = Place::File(folder.path().join("plane.db"));
        let mut config = config(place, folder.path().to_str().unwrap(), 0);
        config.tls = Some(Tls { certificates: certificates.clone(), key });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let error = runtime.block_on(start(config)).unwrap_err();
        assert_eq!(error.code(), "server_tls");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}
