//! The certificates of both ends of a connection: what is trusted, what is shown, and the words for what is wrong.
//!
//! Must not trust more than the kubeconfig says, nor show a key.

use std::fmt;
use std::sync::Arc;

use kube::config::{AuthInfo, Cluster};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ResolvesClientCert, WebPkiServerVerifier, verify_server_name};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use rustls::{
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, Error, InconsistentKeys,
    OtherError, RootCertStore, SignatureScheme,
};
use secrecy::ExposeSecret;

use super::address::Address;
use super::file;
use super::kubeconfig::Access;
use super::trouble::cause;
use crate::base64::decoded;
use crate::event::Problem;

/// How a connection to a cluster is made safe.
///
/// # Errors
///
/// When a certificate or key of the kubeconfig cannot be used.
pub(crate) fn client_config(cluster: &Cluster, user: &AuthInfo) -> Result<ClientConfig, Problem> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let unusable = |error: Error| Problem::new(format!("no safe connection can be made: {error}"));
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(unusable)?;
    let builder = builder.dangerous().with_custom_certificate_verifier(verifier(cluster, provider.clone())?);
    Ok(match identity(user, &provider)? {
        Some(identity) => builder.with_client_cert_resolver(Arc::new(identity)),
        None => builder.with_no_client_auth(),
    })
}

fn verifier(
    cluster: &Cluster,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, Problem> {
    let has_authority =
        cluster.certificate_authority.is_some() || cluster.certificate_authority_data.is_some();
    if cluster.insecure_skip_tls_verify == Some(true) {
        if has_authority {
            return Err(Problem::new(
                "the cluster has a certificate-authority and `insecure-skip-tls-verify: true` in the kubeconfig",
            )
            .help("kubectl refuses both, too: remove insecure-skip-tls-verify, so that the server is checked"));
        }
        return Ok(Arc::new(Unchecked(provider)));
    }
    let source =
        source(&cluster.certificate_authority_data, &cluster.certificate_authority, "certificate-authority");
    let Some((pem, name)) = source? else {
        let system = rustls_platform_verifier::Verifier::new(provider);
        let unusable =
            |error| Problem::new(format!("the certificates that this system trusts cannot be used: {error}"));
        return Ok(Arc::new(system.map_err(unusable)?));
    };
    let known: Vec<_> = CertificateDer::pem_slice_iter(&pem).filter_map(Result::ok).collect();
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(known.iter().cloned());
    let unusable = || {
        Problem::new(format!("the {name} has no certificate that can be used"))
            .help("it is in PEM, and begins with `-----BEGIN CERTIFICATE-----`")
    };
    let usual = WebPkiServerVerifier::builder_with_provider(roots.into(), provider).build();
    Ok(Arc::new(Known { usual: usual.map_err(|_| unusable())?, known }))
}

type Source = Option<(Vec<u8>, String)>;

/// What a kubeconfig has itself or in a file, and what to call it.
fn source(data: &Option<String>, path: &Option<String>, name: &str) -> Result<Source, Problem> {
    if let Some(data) = data {
        let name = format!("{name}-data of the kubeconfig");
        let bytes = decoded(data).ok_or_else(|| Problem::new(format!("the {name} is not base64")))?;
        return Ok(Some((bytes, name)));
    }
    let Some(path) = path else { return Ok(None) };
    let name = format!("{name} {path}");
    match file::named(path.as_ref()) {
        Ok(bytes) => Ok(Some((bytes, name))),
        Err(error) => Err(Problem::new(format!("the {name} cannot be read: {error}"))),
    }
}

/// The certificate of the user and its key.
fn identity(user: &AuthInfo, provider: &CryptoProvider) -> Result<Option<Identity>, Problem> {
    let certificate = source(&user.client_certificate_data, &user.client_certificate, "client-certificate")?;
    // As for kubectl, a key without a certificate is not there.
    let Some((certificate, certificate_name)) = certificate else { return Ok(None) };
    let key = user.client_key_data.as_ref().map(|key| key.expose_secret().to_owned());
    let key = source(&key, &user.client_key, "client-key")?;
    let Some((key, key_name)) = key else {
        return Err(Problem::new("the kubeconfig has a client-certificate without a client-key"));
    };
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&certificate).filter_map(Result::ok).collect();
    if chain.is_empty() {
        let problem = Problem::new(format!("the {certificate_name} has no certificate"));
        return Err(problem.help("it is in PEM, and begins with `-----BEGIN CERTIFICATE-----`"));
    }
    let key = PrivateKeyDer::from_pem_slice(&key).map_err(|_| {
        Problem::new(format!("the {key_name} has no private key")).help(
            // With its dashes it would be masked as a key.
            "it is in PEM, without a password, and its first line is `BEGIN PRIVATE KEY` or similar between dashes",
        )
    })?;
    let is_p521 = has(key.secret_der(), P521);
    let key = provider.key_provider.load_private_key(key).map_err(|_| {
        let what = if is_p521 { "of the curve P-521, which" } else { "of a kind that" };
        Problem::new(format!("the {key_name} is {what} this program cannot use"))
            .help(format!("{KEYS} are known: have the user's certificate made again with such a key, or use a user with a token"))
    })?;
    let certified = CertifiedKey::new(chain, key);
    // Only a certificate that can be read tells; one of X.509 version 1 cannot, and servers take it all the same.
    if matches!(certified.keys_match(), Err(Error::InconsistentKeys(InconsistentKeys::KeyMismatch))) {
        return Err(Problem::new(format!("the {key_name} does not belong to the {certificate_name}")));
    }
    Ok(Some(Identity(Arc::new(certified))))
}

/// The keys that are known here: fewer than kubectl knows.
const KEYS: &str = "RSA (from 2048 bits), ECDSA (P-256, P-384) and Ed25519";

/// Identifiers of curves and signatures, as they stand in keys and certificates.
const P521: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x23];
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const RSA_WITH_SHA1: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05];
const ECDSA_WITH_SHA1: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01];
const ECDSA_WITH_SHA512: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04];

fn has(bytes: &[u8], identifier: &[u8]) -> bool {
    bytes.windows(identifier.len()).any(|part| part == identifier)
}

/// An RSA key is too short to tell by it who signed.
#[derive(Debug)]
enum ShortKey {
    OfServer,
    OfAuthority,
}

impl fmt::Display for ShortKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = match self {
            ShortKey::OfServer => "the server",
            ShortKey::OfAuthority => "an authority",
        };
        write!(f, "the RSA key of {of} is too short")
    }
}

impl std::error::Error for ShortKey {}

impl ShortKey {
    /// A signature that is not right, where the reason may be that a key is too short.
    fn behind(self, error: Error, certificate: &CertificateDer<'_>) -> Error {
        let is_meant =
            error == Error::InvalidCertificate(CertificateError::BadSignature) && is_short(certificate);
        if is_meant {
            Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(self))))
        } else {
            error
        }
    }
}

/// Whether a certificate has an RSA key of less than 2048 bits, whose modulus alone has 256 bytes.
fn is_short(certificate: &CertificateDer<'_>) -> bool {
    let parsed = ParsedCertificate::try_from(certificate);
    parsed.is_ok_and(|parsed| {
        let key = parsed.subject_public_key_info();
        has(&key, RSA) && key.len() < 256 + 32
    })
}

/// The certificate of the user, whatever the server would like to see.
#[derive(Debug)]
struct Identity(Arc<CertifiedKey>);

impl ResolvesClientCert for Identity {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// Trusts the authorities of the kubeconfig; and a server whose certificate is one of them, byte by byte.
#[derive(Debug)]
struct Known {
    usual: Arc<WebPkiServerVerifier>,
    known: Vec<CertificateDer<'static>>,
}

/// What the usual verifier says of a server's certificate that is one of an authority. It says that only after it has
/// found the certificate valid at this time.
fn is_authority(error: &Error) -> bool {
    matches!(error, Error::InvalidCertificate(CertificateError::Other(other)) if other.to_string() == "CaUsedAsEndEntity")
}

impl ServerCertVerifier for Known {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let usual = self.usual.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        match usual {
            Err(error) if is_authority(&error) && self.known.iter().any(|known| known == end_entity) => {
                verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
                Ok(ServerCertVerified::assertion())
            }
            Err(error) => Err(self
                .known
                .iter()
                .fold(error, |error, authority| ShortKey::OfAuthority.behind(error, authority))),
            Ok(usual) => Ok(usual),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let verified = self.usual.verify_tls12_signature(message, cert, dss);
        verified.map_err(|error| ShortKey::OfServer.behind(error, cert))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let verified = self.usual.verify_tls13_signature(message, cert, dss);
        verified.map_err(|error| ShortKey::OfServer.behind(error, cert))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.usual.supported_verify_schemes()
    }
}

/// Trusts everybody, as `insecure-skip-tls-verify` says.
#[derive(Debug)]
struct Unchecked(Arc<CryptoProvider>);

impl ServerCertVerifier for Unchecked {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// What an error of a connection has to do with certificates, and what to do; nothing where it is about something else.
pub(crate) fn explain(
    error: &(dyn std::error::Error + 'static),
    address: &Address,
    access: &Access,
) -> Option<Problem> {
    let host = &address.host;
    Some(match cause(error)? {
        Error::InvalidCertificate(error) => of_server(error, host, &access.cluster),
        Error::AlertReceived(alert) => of_alert(*alert, &access.user),
        Error::InvalidMessage(_) => Problem::new("what answers there does not speak TLS")
            .help("if it is meant, its address begins with http://"),
        Error::PeerIncompatible(reason) => Problem::new(format!(
            "the server has no safe version of TLS in common with this program ({reason:?})"
        ))
        .help("TLS 1.2 and 1.3 are known"),
        error => Problem::new(format!("no safe connection could be made: {error}")),
    })
}

/// Why the server ended a handshake.
fn of_alert(alert: AlertDescription, user: &AuthInfo) -> Problem {
    let may_show =
        user.client_certificate.is_some() || user.client_certificate_data.is_some() || user.exec.is_some();
    let problem =
        |why: &str| Problem::new(format!("the server ended the TLS handshake ({alert:?}): it may {why}"));
    let has_nothing_in_common = matches!(
        alert,
        AlertDescription::HandshakeFailure
            | AlertDescription::InsufficientSecurity
            | AlertDescription::ProtocolVersion
    );
    if has_nothing_in_common {
        return problem("have a key or version of TLS that this program does not know").help(format!(
            "{KEYS} are known, with TLS 1.2 and 1.3; kubectl also takes P-521: let the cluster's operator renew the server's \
             certificate with another key"
        ));
    }
    if !may_show {
        return problem("want a client certificate, and the kubeconfig has none for this user")
            .help("log in again, or choose another context");
    }
    problem("not accept the client certificate of the kubeconfig")
        .help("certificates of users end, often after a year: get the kubeconfig again, or log in again")
}

/// How a certificate was signed that nothing here can check.
fn signed(signature: &[u8], key: &[u8]) -> &'static str {
    if [RSA_WITH_SHA1, ECDSA_WITH_SHA1].iter().any(|sha1| has(signature, sha1)) {
        "is signed with SHA-1, which anybody could have forged"
    } else if has(key, P521) || has(signature, ECDSA_WITH_SHA512) {
        "is signed as with a key of the curve P-521, which this program does not know"
    } else {
        "is signed in a way that this program does not know"
    }
}

fn of_server(error: &CertificateError, host: &str, cluster: &Cluster) -> Problem {
    let authority = match (&cluster.certificate_authority_data, &cluster.certificate_authority) {
        (Some(_), _) => "the certificate-authority-data of the kubeconfig".to_owned(),
        (None, Some(path)) => format!("the certificate-authority {path}"),
        (None, None) => "an authority that this system trusts".to_owned(),
    };
    let problem = |why: String| Problem::new(format!("the certificate of the server {why}"));
    match error {
        CertificateError::UnknownIssuer | CertificateError::BadSignature => problem(format!(
            "was not signed by {authority}"
        ))
        .help(
            "if the cluster was recreated, get its kubeconfig again; else something may answer in its place",
        ),
        CertificateError::NotValidForName => problem(format!("is not for {host}"))
            .help("use a name that it has as the address, or set `tls-server-name` in the kubeconfig"),
        CertificateError::NotValidForNameContext { presented, .. } => {
            problem(format!("is not for {host} but for {}", names(presented)))
                .help("use a name that it has as the address, or set `tls-server-name` in the kubeconfig")
        }
        CertificateError::Expired => problem("has expired".into()).help(RENEW),
        CertificateError::ExpiredContext { not_after, .. } => {
            problem(format!("expired on {}", day(*not_after))).help(RENEW)
        }
        CertificateError::NotValidYet => problem("is not valid yet".into()).help(CLOCK),
        CertificateError::NotValidYetContext { not_before, .. } => {
            problem(format!("is not valid before {}", day(*not_before))).help(CLOCK)
        }
        CertificateError::UnsupportedSignatureAlgorithmContext {
            signature_algorithm_id: signature, ..
        } => problem(signed(signature, &[]).into()).help(renew_by_known()),
        CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext {
            signature_algorithm_id: signature,
            public_key_algorithm_id: key,
        } => problem(signed(signature, key).into()).help(renew_by_known()),
        CertificateError::Other(OtherError(other)) if other.is::<ShortKey>() => {
            let whose = match other.downcast_ref() {
                Some(ShortKey::OfAuthority) => format!("is signed by {authority}, whose key"),
                _ => "has a key that".into(),
            };
            problem(format!("{whose} is too short to be safe: RSA with less than 2048 bits"))
                .help(renew_by_known())
        }
        CertificateError::Other(other) if other.to_string() == "UnsupportedCertVersion" => {
            problem("is of X.509 version 1, and this program takes version 3 alone".into())
                .help("kubectl takes it: let the cluster's operator renew it as one of version 3")
        }
        error if is_authority(&Error::InvalidCertificate(error.clone())) => {
            problem(format!("is one of an authority, and not {authority} itself"))
                .help("if the cluster was recreated, get its kubeconfig again")
        }
        error => problem(format!("cannot be trusted: {error}")).help("let the cluster's operator renew it"),
    }
}

fn renew_by_known() -> String {
    format!(
        "let the cluster's operator renew it and its authority, with SHA-256 or better; keys of {KEYS} are known"
    )
}

const RENEW: &str =
    "let the cluster's operator renew it; `minikube delete`, `kind delete` and the like make a new local one";
const CLOCK: &str = "is the clock of this machine right?";

/// "127.0.0.1, kubernetes": the library says of each what it is.
fn names(presented: &[String]) -> String {
    let bare = |name: &String| {
        let inner = name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or(name);
        inner.trim_matches('"').to_owned()
    };
    let names: Vec<_> = presented.iter().map(bare).collect();
    if names.is_empty() { "no name at all".into() } else { names.join(", ") }
}

fn day(time: UnixTime) -> String {
    let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(time.as_secs());
    humantime::format_rfc3339_seconds(time).to_string().chars().take(10).collect()
}

#[cfg(test)]
mod samples;

#[cfg(test)]
mod tests {
    use std::io;

    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
    use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
    use rustls::{ClientConnection, DistinguishedName, ServerConfig, ServerConnection};

    use super::*;
    use crate::base64::encoded;
    use crate::mask::Secrets;

    /// A certificate of X.509 version 1, with its key, valid until 2126.
    const OLD: &str = "-----BEGIN CERTIFICATE-----\n\
        MIIBGDCBvwIUSjhxL3V2MJl+tUTCGwmZZ9wDw+8wCgYIKoZIzj0EAwIwDTELMAkG\n\
        A1UEAwwCY2EwIBcNMjYxMTI5MDQwMzIwWhgPMjEyNjExMDUwNDAzMjBaMA8xDTAL\n\
        BgNVBAMMBHVzZXIwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASlQKl+28sX+IU0\n\
        sPTFec9isV81JwpSt8IhOB1QUIJ9y1UtpYwShoaBcmr4Ld6qeMeyr77hRT7DOuZS\n\
        3nvBn3alMAoGCCqGSM49BAMCA0gAMEUCIB8vHNHwHQDKjHysk6N3dNrfYJhybNjh\n\
        8TGmx4mGhvrqAiEA+g/cfC/222W3Pc9uzCv5cm0AC7l8DSatFnymrsS+AWs=\n\
        -----END CERTIFICATE-----\n";
    const OLD_KEY: &str = "-----BEGIN PRIVATE KEY-----\n\
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgBr7YnZ2tcO9dqxw2\n\
        I8qnkTfzIWoVNt5zJW7yLONuqXahRANCAASlQKl+28sX+IU0sPTFec9isV81JwpS\n\
        t8IhOB1QUIJ9y1UtpYwShoaBcmr4Ld6qeMeyr77hRT7DOuZS3nvBn3al\n\
        -----END PRIVATE KEY-----\n";

    /// A server's certificate and its key.
    struct Shown {
        certificate: rcgen::Certificate,
        key: KeyPair,
    }

    fn params(names: &[&str], years: (i32, i32)) -> CertificateParams {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.not_before = rcgen::date_time_ymd(years.0, 1, 1);
        params.not_after = rcgen::date_time_ymd(years.1, 1, 1);
        params
    }

    /// A certificate that is its own authority.
    fn own(names: &[&str], years: (i32, i32)) -> Shown {
        let key = KeyPair::generate().unwrap();
        let mut params = params(names, years);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Shown { certificate: params.self_signed(&key).unwrap(), key }
    }

    /// One that an authority signed, with that.
    fn signed(names: &[&str], years: (i32, i32)) -> (Shown, String) {
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = params(names, years).signed_by(&key, &authority).unwrap();
        (Shown { certificate, key }, authority.pem())
    }

    /// Takes every client that has a certificate, as a server does that reads it by itself.
    #[derive(Debug)]
    struct Anybody;

    impl ClientCertVerifier for Anybody {
        fn root_hint_subjects(&self) -> &[DistinguishedName] {
            &[]
        }

        fn verify_client_cert(
            &self,
            _: &CertificateDer<'_>,
            _: &[CertificateDer<'_>],
            _: UnixTime,
        ) -> Result<ClientCertVerified, Error> {
            Ok(ClientCertVerified::assertion())
        }

        fn verify_tls12_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            Ok(HandshakeSignatureValid::assertion())
        }

        fn verify_tls13_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            Ok(HandshakeSignatureValid::assertion())
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            vec![SignatureScheme::ECDSA_NISTP256_SHA256]
        }
    }

    fn server(shown: &Shown, wants_certificate: bool) -> ServerConnection {
        let builder = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap();
        let builder = if wants_certificate {
            builder.with_client_cert_verifier(Arc::new(Anybody))
        } else {
            builder.with_no_client_auth()
        };
        let key = PrivateKeyDer::Pkcs8(shown.key.serialize_der().into());
        let config = builder.with_single_cert(vec![shown.certificate.der().clone()], key).unwrap();
        ServerConnection::new(Arc::new(config)).unwrap()
    }

    fn talk(mut client: ClientConnection, mut server: ServerConnection) -> Result<(), Error> {
        for _ in 0..10 {
            let mut bytes = Vec::new();
            while client.wants_write() {
                client.write_tls(&mut bytes).unwrap();
            }
            server.read_tls(&mut bytes.as_slice()).unwrap();
            let refused = server.process_new_packets().map(|_| ());
            let mut bytes = Vec::new();
            while server.wants_write() {
                server.write_tls(&mut bytes).unwrap();
            }
            client.read_tls(&mut bytes.as_slice()).unwrap();
            client.process_new_packets()?;
            refused?;
        }
        assert!(!client.is_handshaking() && !server.is_handshaking());
        Ok(())
    }

    /// What a handshake at 127.0.0.1 comes to.
    fn meet(shown: &Shown, wants_certificate: bool, cluster: &Cluster, user: &AuthInfo) -> String {
        let config = match client_config(cluster, user) {
            Ok(config) => config,
            Err(problem) => return problem.describe(),
        };
        let client = ClientConnection::new(Arc::new(config), "127.0.0.1".try_into().unwrap()).unwrap();
        let address = Address::read("https://127.0.0.1:6443", true).unwrap();
        match talk(client, server(shown, wants_certificate)) {
            Ok(()) => "met".into(),
            // As it arrives: inside of an error of input and output.
            Err(error) => {
                let access = Access { cluster: cluster.clone(), user: user.clone(), ..Access::default() };
                explain(&io::Error::other(error), &address, &access).unwrap().describe()
            }
        }
    }

    fn trusting(pem: &str) -> Cluster {
        Cluster { certificate_authority_data: Some(encoded(pem.as_bytes())), ..Cluster::default() }
    }

    fn judged(shown: &Shown, pem: &str) -> String {
        meet(shown, false, &trusting(pem), &AuthInfo::default())
    }

    const NOW: (i32, i32) = (2020, 2090);

    #[test]
    fn a_server_is_trusted_by_its_authority() {
        let (shown, authority) = signed(&["127.0.0.1"], NOW);
        assert_eq!(judged(&shown, &authority), "met");
        let other = signed(&["127.0.0.1"], NOW).1;
        assert_eq!(judged(&shown, &(other.clone() + &authority)), "met");
        let unknown = judged(&shown, &other);
        let expected = "the certificate of the server was not signed by the certificate-authority-data of the kubeconfig\n";
        assert!(unknown.starts_with(expected), "{unknown}");
    }

    #[test]
    fn a_certificate_that_is_its_own_authority_is_trusted_if_it_is_the_one_of_the_kubeconfig() {
        let shown = own(&["127.0.0.1"], NOW);
        assert_eq!(judged(&shown, &shown.certificate.pem()), "met");
        // Another certificate of the same key and names is another certificate.
        let Shown { key, .. } = &shown;
        let mut again = params(&["127.0.0.1"], (2021, 2090));
        again.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let again = again.self_signed(key).unwrap();
        let refused = judged(&shown, &again.pem());
        assert!(
            refused.starts_with("the certificate of the server is one of an authority, and not"),
            "{refused}"
        );
        assert_ne!(judged(&own(&["127.0.0.1"], NOW), &shown.certificate.pem()), "met");
    }

    fn own_authority(names: &[&str], years: (i32, i32)) -> (Shown, String) {
        let shown = own(names, years);
        let pem = shown.certificate.pem();
        (shown, pem)
    }

    #[test]
    fn name_and_time_count_also_for_such_a_certificate() {
        for make in [signed as fn(&[&str], (i32, i32)) -> (Shown, String), own_authority] {
            let told = |names: &[&str], years| {
                let (shown, authority) = make(names, years);
                judged(&shown, &authority)
            };
            let name = told(&["10.0.0.1", "kube.example.com"], NOW);
            let expected = "the certificate of the server is not for 127.0.0.1 but for ";
            assert!(name.starts_with(expected) && name.contains("10.0.0.1"), "{name}");
            assert!(name.contains("kube.example.com") && name.contains("tls-server-name"), "{name}");
            let late = told(&["127.0.0.1"], (2020, 2021));
            assert!(late.starts_with("the certificate of the server expired on 2021-01-01\n"), "{late}");
            let early = told(&["127.0.0.1"], (2080, 2090));
            let expected = "the certificate of the server is not valid before 2080-01-01\n  is the clock";
            assert!(early.starts_with(expected), "{early}");
        }
    }

    #[test]
    fn nothing_is_checked_where_the_kubeconfig_says_so() {
        let insecure = Cluster { insecure_skip_tls_verify: Some(true), ..Cluster::default() };
        let met = |cluster: &Cluster| meet(&own(&["x"], (2020, 2021)), false, cluster, &AuthInfo::default());
        assert_eq!(met(&insecure), "met");
        let data = Cluster { insecure_skip_tls_verify: Some(true), ..trusting("nothing") };
        let file = Cluster { certificate_authority: Some("/no/ca.crt".into()), ..insecure };
        for both in [data, file] {
            let expected = "the cluster has a certificate-authority and `insecure-skip-tls-verify: true`";
            assert!(met(&both).starts_with(expected), "{}", met(&both));
        }
    }

    /// What is said of a server's certificate at 127.0.0.1 that should be signed by an authority.
    fn said_of(certificate: &str, authority: &str) -> String {
        let cluster = trusting(authority);
        let verifier = verifier(&cluster, Arc::new(rustls::crypto::ring::default_provider())).unwrap();
        let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
        let name = ServerName::try_from("127.0.0.1").unwrap();
        let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(1_900_000_000));
        let error = verifier.verify_server_cert(&certificate, &[], &name, &[], now).unwrap_err();
        let address = Address::read("https://127.0.0.1:6443", true).unwrap();
        explain(&error, &address, &Access { cluster, ..Access::default() }).unwrap().describe()
    }

    #[test]
    fn what_kubectl_takes_and_this_program_does_not_is_named() {
        for (certificate, authority, why) in [
            (samples::OF_SHA1, samples::AUTHORITY, "is signed with SHA-1, which anybody could have forged\n"),
            (
                samples::BY_P521,
                samples::AUTHORITY_P521,
                "is signed as with a key of the curve P-521, which this program does not know\n",
            ),
            (
                samples::BY_RSA_1024,
                samples::AUTHORITY_RSA_1024,
                "is signed by the certificate-authority-data of the kubeconfig, whose key is too short to be safe: RSA with less than 2048 bits\n",
            ),
            (
                samples::OF_VERSION_1,
                samples::AUTHORITY,
                "is of X.509 version 1, and this program takes version 3 alone\n",
            ),
        ] {
            let said = said_of(certificate, authority);
            assert!(said.starts_with(&format!("the certificate of the server {why}")), "{said}");
        }
        let bad = || Error::InvalidCertificate(CertificateError::BadSignature);
        let server = |pem: &str| {
            let certificate = CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
            let error = ShortKey::OfServer.behind(bad(), &certificate);
            let address = Address::read("https://127.0.0.1:6443", true).unwrap();
            explain(&error, &address, &Access::default()).unwrap().describe()
        };
        let expected = "the certificate of the server has a key that is too short to be safe: RSA with less than 2048 bits\n";
        assert!(server(samples::OF_RSA_1024).starts_with(expected));
        assert!(server(samples::AUTHORITY).contains("was not signed by"));
    }

    #[test]
    fn why_a_server_ends_a_handshake_depends_on_what_it_may_have_seen() {
        let said = |alert, user: &AuthInfo| of_alert(alert, user).describe();
        let (nobody, somebody) = (AuthInfo::default(), user(OLD, OLD_KEY));
        let key = said(AlertDescription::HandshakeFailure, &nobody);
        assert!(
            key.contains("a key or version of TLS that this program does not know") && key.contains("P-521")
        );
        assert!(
            said(AlertDescription::BadCertificate, &somebody)
                .contains("not accept the client certificate of")
        );
        assert!(said(AlertDescription::CertificateRequired, &nobody).contains("the kubeconfig has none"));
    }

    fn user(certificate: &str, key: &str) -> AuthInfo {
        AuthInfo {
            client_certificate_data: Some(encoded(certificate.as_bytes())),
            client_key_data: Some(encoded(key.as_bytes()).into()),
            ..AuthInfo::default()
        }
    }

    #[test]
    fn a_client_shows_its_certificate_whatever_its_version() {
        let (shown, authority) = signed(&["127.0.0.1"], NOW);
        let cluster = trusting(&authority);
        assert_eq!(meet(&shown, true, &cluster, &user(OLD, OLD_KEY)), "met");
        let new = own(&["ann"], NOW);
        assert_eq!(
            meet(&shown, true, &cluster, &user(&new.certificate.pem(), &new.key.serialize_pem())),
            "met"
        );
        let nobody = meet(&shown, true, &cluster, &AuthInfo::default());
        assert!(nobody.contains("CertificateRequired") || nobody.contains("certificate"), "{nobody}");
    }

    #[test]
    fn what_cannot_be_shown_is_named_and_not_told() {
        let (shown, authority) = signed(&["127.0.0.1"], NOW);
        let (cluster, one) = (trusting(&authority), own(&["ann"], NOW));
        let (pem, key) = (one.certificate.pem(), one.key.serialize_pem());
        let of = |user: &AuthInfo| meet(&shown, true, &cluster, user);
        let other = of(&user(&pem, &KeyPair::generate().unwrap().serialize_pem()));
        let expected = "the client-key-data of the kubeconfig does not belong to the client-certificate-data of the kubeconfig";
        assert_eq!(other, expected);
        assert!(
            of(&user("SECRET", &key))
                .starts_with("the client-certificate-data of the kubeconfig has no certificate")
        );
        let no_key = of(&user(&pem, "SECRET"));
        assert!(no_key.starts_with("the client-key-data of the kubeconfig has no private key"), "{no_key}");
        assert_eq!(Secrets::default().mask(&no_key), no_key);
        let garbage = AuthInfo { client_key_data: Some("SECRET!".to_owned().into()), ..user(&pem, &key) };
        assert_eq!(of(&garbage), "the client-key-data of the kubeconfig is not base64");
        let curve = of(&user(&pem, samples::KEY_P521));
        let expected =
            "the client-key-data of the kubeconfig is of the curve P-521, which this program cannot use\n";
        assert!(curve.starts_with(expected) && curve.contains("a user with a token"), "{curve}");
        let half = AuthInfo { client_key_data: None, ..user(&pem, &key) };
        assert_eq!(of(&half), "the kubeconfig has a client-certificate without a client-key");
        let key_alone = AuthInfo { client_certificate_data: None, ..user("SECRET", "SECRET") };
        let open = meet(&shown, false, &cluster, &key_alone);
        assert_eq!(open, "met");
        let missing = AuthInfo {
            client_certificate: Some("/no/u.crt".into()),
            client_key: Some("/no/u.key".into()),
            ..AuthInfo::default()
        };
        assert!(of(&missing).starts_with("the client-certificate /no/u.crt cannot be read: "));
        assert!(
            judged(&shown, "SECRET")
                .starts_with("the certificate-authority-data of the kubeconfig has no certificate")
        );
    }
}
