//! Which proxy leads to a cluster, by the rules of Go, which are those of kubectl:
//! <https://pkg.go.dev/golang.org/x/net/http/httpproxy>.
//!
//! Must not say in a problem what a proxy's address is: it may hold a password.

use std::ffi::OsString;
use std::net::IpAddr;

use super::address::{Address, authority_of, bracketed};
use super::kubeconfig::value;
use crate::event::Problem;

/// A proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Proxy {
    pub(crate) kind: ProxyKind,
    /// `host:port`.
    pub(crate) place: String,
    /// Where it was named.
    pub(crate) source: String,
    /// A user and a password with `:` between them, as they stand in the address.
    pub(crate) login: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProxyKind {
    Http,
    Https,
    Socks,
}

/// The proxy that the kubeconfig names, else the one of the environment, unless that excepts the server.
///
/// # Errors
///
/// When the one that is to be taken cannot be.
pub(crate) fn choose(
    server: &Address,
    proxy_url: Option<&str>,
    environment: &[(OsString, OsString)],
) -> Result<Option<Proxy>, Problem> {
    if let Some(url) = proxy_url {
        return read(url, "proxy-url of the kubeconfig").map(Some);
    }
    let names = if server.is_secure { ["HTTPS_PROXY", "https_proxy"] } else { ["HTTP_PROXY", "http_proxy"] };
    let Some((name, url)) = first(environment, names) else { return Ok(None) };
    let except = first(environment, ["NO_PROXY", "no_proxy"]).map(|(_, value)| value).unwrap_or_default();
    if is_excepted(&server.host, server.port(), &except) {
        return Ok(None);
    }
    read(&url, name).map(Some)
}

fn first(environment: &[(OsString, OsString)], names: [&'static str; 2]) -> Option<(&'static str, String)> {
    names.into_iter().find_map(|name| Some((name, value(environment, name)?.to_string_lossy().into_owned())))
}

fn read(url: &str, name: &str) -> Result<Proxy, Problem> {
    let wrong = |wrong: &str| {
        Problem::new(format!("the proxy of {name} cannot be used: its address {wrong}"))
            .help("it is like `http://proxy.example.com:3128`; https and socks5 are known, too")
    };
    let (scheme, rest) = url.trim().split_once("://").unwrap_or(("http", url.trim()));
    let (kind, port) = match scheme.to_ascii_lowercase().as_str() {
        "http" => (ProxyKind::Http, 80),
        "https" => (ProxyKind::Https, 443),
        "socks5" | "socks5h" => (ProxyKind::Socks, 1080),
        _ => return Err(wrong("begins with something else than http://, https:// or socks5://")),
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (host, own, login) = authority_of(authority).map_err(wrong)?;
    let place = format!("{}:{}", bracketed(&host), own.unwrap_or(port));
    Ok(Proxy { kind, place, source: name.to_owned(), login })
}

/// Whether a server is reached without the proxy of the environment.
fn is_excepted(host: &str, port: u16, except: &str) -> bool {
    let host = host.trim().to_ascii_lowercase();
    let address = address_of(&host);
    if host == "localhost" || address.is_some_and(|address| address.is_loopback()) {
        return true;
    }
    let rules = except.split(',').map(|rule| rule.trim().to_ascii_lowercase());
    rules.into_iter().any(|rule| fits(&rule, &host, address, port))
}

/// An IPv4 address inside of an IPv6 one is the IPv4 address.
fn address_of(text: &str) -> Option<IpAddr> {
    text.parse().ok().map(|address: IpAddr| address.to_canonical())
}

fn fits(rule: &str, host: &str, address: Option<IpAddr>, port: u16) -> bool {
    if rule == "*" {
        return true;
    }
    if let Some((network, bits)) = rule.split_once('/') {
        let network = network.parse().ok().zip(bits.parse().ok());
        return network
            .zip(address)
            .is_some_and(|((network, bits), address)| contains(network, bits, address));
    }
    let (name, wanted) = split_port(rule);
    if wanted.is_some_and(|wanted| wanted != port.to_string()) || name.is_empty() {
        return false;
    }
    if let Some(named) = address_of(name) {
        return address == Some(named);
    }
    let name = name.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(name);
    match name.strip_prefix('.') {
        Some(_) => host.ends_with(name),
        None => host == name || host.strip_suffix(name).is_some_and(|rest| rest.ends_with('.')),
    }
}

/// `host:port` and `[address]:port`; an IPv6 address alone has no port.
fn split_port(rule: &str) -> (&str, Option<&str>) {
    let bare = |name: &'_ str| name.trim_start_matches('[').trim_end_matches(']').len();
    match rule.rsplit_once(':') {
        Some((name, port)) if name.starts_with('[') && name.ends_with(']') => {
            (&name[1..=bare(name)], Some(port))
        }
        Some((name, port)) if !name.contains(':') => (name, Some(port)),
        _ => (rule, None),
    }
}

fn contains(network: IpAddr, bits: u32, address: IpAddr) -> bool {
    match (network.to_canonical(), address) {
        (IpAddr::V4(network), IpAddr::V4(address)) if bits <= 32 => {
            let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
            network.to_bits() & mask == address.to_bits() & mask
        }
        (IpAddr::V6(network), IpAddr::V6(address)) if bits <= 128 => {
            let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
            network.to_bits() & mask == address.to_bits() & mask
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(server: &str, url: Option<&str>, variables: &[(&str, &str)]) -> String {
        let server = Address::read(server, true).unwrap();
        let variables: Vec<_> = variables.iter().map(|(name, value)| (name.into(), value.into())).collect();
        match choose(&server, url, &variables) {
            Ok(Some(Proxy { kind, place, login, .. })) => {
                format!("{kind:?} {place} {}", login.unwrap_or_default())
            }
            Ok(None) => "direct".into(),
            Err(problem) => problem.describe(),
        }
    }

    #[test]
    fn the_scheme_of_the_server_and_the_first_name_decide() {
        let https = [("https_proxy", "http://lower:1"), ("HTTPS_PROXY", "http://upper:1")];
        assert_eq!(chosen("https://x", None, &https), "Http upper:1 ");
        assert_eq!(chosen("https://x", None, &https[..1]), "Http lower:1 ");
        assert_eq!(chosen("http://x", None, &https), "direct");
        assert_eq!(chosen("http://x", None, &[("HTTP_PROXY", "a:1")]), "Http a:1 ");
        assert_eq!(chosen("https://x", None, &[("ALL_PROXY", "a:1"), ("HTTPS_PROXY", "")]), "direct");
    }

    #[test]
    fn a_proxy_of_the_kubeconfig_has_no_exceptions() {
        let variables = [("HTTPS_PROXY", "http://other:1"), ("NO_PROXY", "*")];
        assert_eq!(chosen("https://x", Some("http://own:3128"), &variables), "Http own:3128 ");
        assert_eq!(chosen("https://127.0.0.1", Some("socks5://own"), &[]), "Socks own:1080 ");
    }

    #[test]
    fn addresses_of_proxies() {
        let of = |url: &str| chosen("https://x", Some(url), &[]);
        assert_eq!(of("proxy"), "Http proxy:80 ");
        assert_eq!(of("https://ann:s3cret@[::1]/"), "Https [::1]:443 ann:s3cret");
        for wrong in ["ftp://ann:s3cret@x", "http://ann:s3cret@", "http://ann:s3cret@x:99999", "://"] {
            let problem = of(wrong);
            assert!(
                problem.starts_with("the proxy of proxy-url of the kubeconfig cannot be used: its address")
            );
            assert!(!problem.contains("s3cret"), "{problem}");
        }
    }

    #[test]
    fn exceptions_are_those_of_go() {
        for (host, except) in [
            ("localhost", ""),
            ("127.9.9.9", ""),
            ("::1", ""),
            ("k8s.example.com", "*"),
            ("k8s.example.com", "other, EXAMPLE.com"),
            ("k8s.example.com", ".example.com"),
            ("k8s.example.com", "*.example.com"),
            ("k8s.example.com", "k8s.example.com:6443"),
            ("K8S.example.com", "k8s.example.com"),
            ("kind.localhost", ".localhost"),
            ("10.1.2.3", "10.0.0.0/8"),
            ("10.1.2.3", "10.1.2.3"),
            ("10.1.2.3", "10.1.2.3:6443"),
            ("::ffff:10.1.2.3", "10.1.2.3"),
            ("fd00::1", "fd00::/8"),
            ("fd00::1", "fd00::1"),
            ("fd00::1", "[fd00::1]:6443"),
            ("10.1.2.3", "0.0.0.0/0"),
            ("10.1.2.3", ".3"),
        ] {
            assert!(is_excepted(host, 6443, except), "{host} {except}");
        }
        for (host, except) in [
            ("k8s.example.com", ""),
            ("k8s.example.com", "localhost,127.0.0.1"),
            ("k8s.example.com", "xample.com"),
            ("example.com", ".example.com"),
            ("k8s.example.com", "k8s.example.com:443"),
            ("10.1.2.3", "10.1.2.3:443"),
            ("10.1.2.3", "10.1.2.0/33"),
            ("11.1.2.3", "10.0.0.0/8"),
            ("kind.localhost", ""),
            ("k8s.example.com", ":6443"),
            ("k8s.example.com", "[]:6443,/,a/b,:"),
        ] {
            assert!(!is_excepted(host, 6443, except), "{host} {except}");
        }
    }
}
