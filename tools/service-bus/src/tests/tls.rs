//! TLS: whom the client trusts, and whom not.

use std::net::SocketAddr;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::{RootCertStore, ServerConfig};
use wpc_endpoint::Endpoint;

use super::*;
use crate::wire::tls;

/// Listens with a certificate for `host` and passes what it decrypts on to `to`.
async fn front(host: &str, to: SocketAddr) -> (SocketAddr, CertificateDer<'static>) {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed([host.to_owned()]).unwrap();
    let certificate = cert.der().clone();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                // A client that does not trust us ends here, as its test expects.
                let Ok(mut decrypted) = acceptor.accept(tcp).await else { return };
                let mut plain = TcpStream::connect(to).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut decrypted, &mut plain).await;
            });
        }
    });
    (addr, certificate)
}

async fn send_to(addr: SocketAddr, trusted: &CertificateDer<'static>) -> Result<(), BusError> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let config = tls().unwrap().with_root_certificates(roots).with_no_client_auth();
    let route = Route::Tls { config: Arc::new(config), addr: Some(addr) };
    let wire = Arc::new(Wire::new(namespace(), route, Credential::Anonymous, Timeouts::default()));
    send(&wire, "over TLS").await
}

#[tokio::test]
async fn a_message_goes_over_tls_to_a_host_that_proves_its_name() {
    let endpoint = Endpoint::start().await.unwrap();
    let (addr, certificate) = front(HOST, endpoint.addr()).await;
    send_to(addr, &certificate).await.unwrap();
    assert_eq!(bodies(&endpoint), ["over TLS"]);
}

#[tokio::test]
async fn nothing_goes_to_a_host_with_another_name_or_an_untrusted_certificate() {
    let endpoint = Endpoint::start().await.unwrap();
    let (other, certificate) = front("other.test", endpoint.addr()).await;
    assert_eq!(send_to(other, &certificate).await.unwrap_err().code(), "not_connected");
    let (unknown, _) = front(HOST, endpoint.addr()).await;
    assert_eq!(send_to(unknown, &certificate).await.unwrap_err().code(), "not_connected");
    assert_eq!(endpoint.connections(), 0);
}

#[tokio::test]
async fn azures_route_trusts_the_system_and_not_our_certificate() {
    let endpoint = Endpoint::start().await.unwrap();
    let (addr, _) = front(HOST, endpoint.addr()).await;
    let Route::Tls { config, .. } = Route::azure().unwrap() else { panic!("not TLS") };
    let route = Route::Tls { config, addr: Some(addr) };
    let wire = Arc::new(Wire::new(namespace(), route, Credential::Anonymous, Timeouts::default()));
    assert_eq!(send(&wire, "no").await.unwrap_err().code(), "not_connected");
}
