//! TLS of the server's own, and callers who are known by the key of their certificate.
//!
//! A client certificate is a way to show an Ed25519 key, and no more: names, dates and issuers in it count for nothing,
//! as with the raw public keys of RFC 7250. What the key may do is the trust file's to say, and a key is withdrawn there.

use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::ServerConfig;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, PeerMisbehaved, SignatureScheme,
};
use webpki::EndEntityCert;
use wpc_evidence::Did;

use crate::StartError;

/// A server's certificate and its key, as PEM.
#[derive(Clone)]
pub struct Tls {
    /// The certificate, then those that lead to its issuer (RFC 8446 section 4.4.2).
    pub certificates: Vec<u8>,
    /// The certificate's private key (PKCS #8, PKCS #1 or SEC 1).
    pub key: Vec<u8>,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

impl Tls {
    pub(crate) fn config(&self) -> Result<ServerConfig, StartError> {
        let refused = |why: String| StartError::Tls(why);
        let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&self.certificates).collect();
        let certificates =
            certificates.map_err(|error| refused(format!("the certificate is no PEM: {error}")))?;
        // Of a key nothing is told but that it cannot be read.
        let key =
            PrivateKeyDer::from_pem_slice(&self.key).map_err(|_| refused("the key is no PEM".to_owned()))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
        let builder = builder
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(|error| refused(error.to_string()))?
            .with_client_cert_verifier(Arc::new(AnyKey(provider)));
        let mut config =
            builder.with_single_cert(certificates, key).map_err(|error| refused(error.to_string()))?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        // A connection that is taken up again would not show its key again.
        config.session_storage = Arc::new(rustls::server::NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(config)
    }
}

/// Takes whoever shows that they hold an Ed25519 key, and those who show none, who must sign their requests.
#[derive(Debug)]
struct AnyKey(Arc<CryptoProvider>);

impl ClientCertVerifier for AnyKey {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        if key_of(certificate).is_none() {
            return Err(Error::InvalidCertificate(CertificateError::BadEncoding));
        }
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::PeerMisbehaved(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }
}

/// The Ed25519 key of a certificate (RFC 8410 section 4: the algorithm has no parameters, so its bytes are fixed).
pub(crate) fn key_of(certificate: &CertificateDer<'_>) -> Option<Did> {
    const BEFORE_KEY: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
    let spki = EndEntityCert::try_from(certificate).ok()?.subject_public_key_info();
    let key: [u8; 32] = spki.strip_prefix(&BEFORE_KEY)?.try_into().ok()?;
    Did::from_public_key(&key).ok()
}
