//! The double's certificates, and kubeconfig files for its clients.
//!
//! Must not open a connection.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::{Value, json};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// What a request has to bring to be let in: a JSON Web Token that lasts until the year 2100.
pub(super) const TOKEN: &str = "e30.eyJleHAiOjQxMDI0NDQ4MDB9.dG9rZW4tb2YtdGhlLWRvdWJsZQ";

/// What an issuer of tokens is to be given for it.
pub(super) const REFRESH_TOKEN: &str = "renews-the-token-of-the-double";

/// A certificate for this machine, by an authority that only the kubeconfig knows; its certificate goes into the folder.
pub(super) fn acceptor(folder: &Path) -> TlsAcceptor {
    let key = || KeyPair::generate().expect("a key");
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, key()).expect("an authority");
    std::fs::write(folder.join("ca.crt"), authority.pem()).expect("the file can be written");

    let server_key = key();
    let server = CertificateParams::new(names()).expect("names that can be certified");
    let server = server.signed_by(&server_key, &authority).expect("a certificate");
    showing(&server, &server_key)
}

/// A certificate for this machine that is its own authority, as small clusters have it; it goes into the folder.
pub(super) fn own_authority(folder: &Path) -> TlsAcceptor {
    let key = KeyPair::generate().expect("a key");
    let mut server = CertificateParams::new(names()).expect("names that can be certified");
    server.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let server = server.self_signed(&key).expect("a certificate");
    std::fs::write(folder.join("ca.crt"), server.pem()).expect("the file can be written");
    showing(&server, &key)
}

/// Ways to this machine.
fn names() -> [String; 3] {
    ["127.0.0.1", "localhost", "0.0.0.0"].map(str::to_owned)
}

fn showing(certificate: &Certificate, key: &KeyPair) -> TlsAcceptor {
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions that the provider has")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
        .expect("a key that fits its certificate");
    TlsAcceptor::from(Arc::new(config))
}

/// A kubeconfig with the one context `double`, of the namespace `default`.
pub(super) fn kubeconfig(folder: &Path, server: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "double",
        "clusters": [{ "name": "double", "cluster": {
            "server": server, "certificate-authority": folder.join("ca.crt"),
        }}],
        "users": [{ "name": "double", "user": { "token": TOKEN } }],
        "contexts": [{ "name": "double", "context": {
            "cluster": "double", "user": "double", "namespace": "default",
        }}],
    })
}

/// Writes a kubeconfig (JSON is YAML) below a folder.
pub(super) fn write(folder: &Path, name: &str, config: &Value) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, format!("{config:#}\n")).expect("the file can be written");
    path
}
