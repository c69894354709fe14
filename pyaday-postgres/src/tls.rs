//! TLS by rustls.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::error::ConnectError;
use crate::security::{Check, SYSTEM, Security};

/// The name of PostgreSQL's protocol in TLS (ALPN).
const PROTOCOL: &[u8] = b"postgresql";

/// Makes the connector for the connections of a store.
pub(crate) fn connector(security: &Security) -> Result<MakeRustlsConnect, ConnectError> {
    let provider = Arc::new(ring::default_provider());
    let verifier: Arc<dyn ServerCertVerifier> = match security.check {
        Check::None => Arc::new(Lenient { provider: Arc::clone(&provider), chain: None }),
        Check::Authority => {
            let chain = Some(chain(security, &provider)?);
            Arc::new(Lenient { provider: Arc::clone(&provider), chain })
        }
        Check::AuthorityAndHost => chain(security, &provider)?,
    };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| ConnectError::tls(error.into()))?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let mut config = match (&security.certificate, &security.key) {
        (Some(certificate), Some(key)) => builder
            .with_client_auth_cert(certificates("sslcert", certificate)?, private_key(key)?)
            .map_err(|error| ConnectError::file("sslcert", Path::new(certificate), error))?,
        _ => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![PROTOCOL.to_vec()];
    Ok(MakeRustlsConnect::new(config))
}

/// What checks the certificate of a server and its host.
fn chain(
    security: &Security,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, ConnectError> {
    let file = security.root_certificates.as_deref().unwrap_or(SYSTEM);
    let mut roots = RootCertStore::empty();
    let found = match file {
        SYSTEM => rustls_native_certs::load_native_certs().certs,
        file => certificates("sslrootcert", file)?,
    };
    let (_, ignored) = roots.add_parsable_certificates(found);
    WebPkiServerVerifier::builder_with_provider(roots.into(), Arc::clone(provider)).build().map_err(
        |_| {
            let fault =
                format!("has no root certificate that can be used ({ignored} are unusable)");
            ConnectError::Parameter { name: "sslrootcert", fault }
        },
    )
}

/// The certificates in a PEM file, at least one.
fn certificates(
    parameter: &'static str,
    file: &str,
) -> Result<Vec<CertificateDer<'static>>, ConnectError> {
    let path = Path::new(file);
    let certificates = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| ConnectError::file(parameter, path, error))?;
    match certificates.is_empty() {
        true => Err(ConnectError::file(parameter, path, "it has no certificate in PEM format")),
        false => Ok(certificates),
    }
}

/// The private key in a PEM file. As for libpq, other users may not read the file, except for the group of
/// a file that belongs to root.
fn private_key(file: &str) -> Result<PrivateKeyDer<'static>, ConnectError> {
    let path = Path::new(file);
    let failed = |error| ConnectError::file("sslkey", path, error);
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;

        let metadata = fs::metadata(path).map_err(failed)?;
        let forbidden = if metadata.uid() == 0 { 0o037 } else { 0o077 };
        if metadata.mode() & forbidden != 0 {
            let fault = "other users can read or write it: make it private by `chmod 600`";
            return Err(ConnectError::file("sslkey", path, fault));
        }
    }
    let bytes = fs::read(path).map_err(failed)?;
    // The error may not hold any part of the key.
    PrivateKeyDer::from_pem_slice(&bytes).map_err(|_| {
        let fault = "it has no private key in PEM format that is not encrypted";
        ConnectError::file("sslkey", path, fault)
    })
}

/// Checks less than the certificate and its host. The signatures of the handshake are always checked.
#[derive(Debug)]
struct Lenient {
    provider: Arc<CryptoProvider>,
    /// Checks who has signed the certificate, if that matters.
    chain: Option<Arc<WebPkiServerVerifier>>,
}

impl ServerCertVerifier for Lenient {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        use CertificateError::{NotValidForName, NotValidForNameContext};

        let Some(chain) = &self.chain else { return Ok(ServerCertVerified::assertion()) };
        match chain.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            // The name is checked last.
            Err(Error::InvalidCertificate(NotValidForName | NotValidForNameContext { .. })) => {
                Ok(ServerCertVerified::assertion())
            }
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
