//! The address of an API server, taken as kubectl takes it.
//!
//! Must not say in a mistake what the address is: it may hold a password.

use std::fmt;
use std::net::IpAddr;

/// An address like `https://[::1]:6443/path`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) is_secure: bool,
    /// A name or an IP address, without brackets.
    pub(crate) host: String,
    pub(crate) port: Option<u16>,
    /// What stands behind the host, without a slash at its end.
    pub(crate) path: String,
    /// What stands in front of the host, before `@`.
    pub(crate) login: Option<String>,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_secure { "https" } else { "http" };
        write!(f, "{scheme}://{}", bracketed(&self.host))?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        f.write_str(&self.path)
    }
}

/// A host as it stands in an address.
pub(crate) fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

impl Address {
    /// Reads the address of a server. Without a scheme it is `https` where the kubeconfig has certificates for it, else
    /// `http`: <https://github.com/kubernetes/client-go/blob/v0.32.0/rest/url_utils.go>.
    ///
    /// # Errors
    ///
    /// What is wrong with it, behind "its address".
    pub(crate) fn read(text: &str, has_certificates: bool) -> Result<Address, &'static str> {
        let text = text.trim();
        let (is_secure, rest, has_scheme) = match text.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (true, rest, true),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (false, rest, true),
            Some(_) => return Err("begins with something else than https:// or http://"),
            None => (has_certificates, text, false),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let path = path.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
        if !has_scheme && !path.is_empty() {
            return Err("needs https:// in front of it, as it has a path");
        }
        if path.bytes().any(|byte| byte.is_ascii_control()) {
            return Err("has a path with characters that no address has");
        }
        let (host, port, login) = authority_of(authority)?;
        Ok(Address { is_secure, host, port, path: escaped(path), login })
    }

    /// The port, also where it is left out.
    pub(crate) fn port(&self) -> u16 {
        self.port.unwrap_or(if self.is_secure { 443 } else { 80 })
    }
}

/// A path with escapes for what stands in no address; those that it has stay.
fn escaped(path: &str) -> String {
    let is_written = |byte: u8| byte.is_ascii_graphic() && !br#""<>\^`{|}"#.contains(&byte);
    path.bytes()
        .map(|byte| if is_written(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

type Authority = (String, Option<u16>, Option<String>);

/// Splits `login@host:port`.
pub(crate) fn authority_of(authority: &str) -> Result<Authority, &'static str> {
    let (login, place) = match authority.rsplit_once('@') {
        Some((login, place)) => (Some(login.to_owned()), place),
        None => (None, authority),
    };
    let (host, port) = match place.strip_prefix('[') {
        Some(rest) => {
            let (host, behind) = rest.split_once(']').ok_or("has a `[` without its `]`")?;
            let is_address = host.parse().is_ok_and(|address: IpAddr| address.is_ipv6());
            if host.split_once('%').is_some_and(|(address, _)| address.parse::<IpAddr>().is_ok()) {
                return Err(
                    "has a zone behind its IPv6 address (`%…`), which is not supported: name a host, or an address without zone",
                );
            }
            if !is_address || !(behind.is_empty() || behind.starts_with(':')) {
                return Err("has something in brackets that is not an IPv6 address");
            }
            (host, behind.strip_prefix(':'))
        }
        None => match place.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (place, None),
        },
    };
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    if host.is_empty() {
        return Err("has no host");
    }
    if host.len() > 253 || !(place.starts_with('[') || host.bytes().all(is_name)) {
        return Err("has a host that is neither a name nor an IP address");
    }
    let port = port.filter(|port| !port.is_empty()).map(|port| {
        let digits = port.bytes().all(|byte| byte.is_ascii_digit());
        port.parse().ok().filter(|number| digits && *number > 0)
    });
    if port == Some(None) {
        return Err("has a port that is not a number from 1 to 65535");
    }
    Ok((host.to_owned(), port.flatten(), login))
}

/// A part of an address without its escapes.
pub(crate) fn plain(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        let code = behind.get(..2).filter(|_| *first == b'%').and_then(|code| std::str::from_utf8(code).ok());
        let code = code.filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()));
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &behind[2..];
            }
            None => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str, has_certificates: bool) -> String {
        match Address::read(text, has_certificates) {
            Ok(address) => address.to_string(),
            Err(wrong) => format!("its address {wrong}"),
        }
    }

    #[test]
    fn addresses_are_taken_as_kubectl_takes_them() {
        for (text, expected) in [
            ("https://10.0.0.1:6443", "https://10.0.0.1:6443"),
            ("HTTPS://k8s.example.com/k8s/clusters/c-1/", "https://k8s.example.com/k8s/clusters/c-1"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("127.0.0.1:6443", "http://127.0.0.1:6443"),
            ("localhost", "http://localhost"),
            ("localhost:8080/", "http://localhost:8080"),
            ("https://x:", "https://x"),
            ("https://x/a b/é|%20", "https://x/a%20b/%C3%A9%7C%20"),
            ("https://ann:secret@x:1/p?q#f", "https://x:1/p"),
        ] {
            assert_eq!(told(text, false), expected, "{text}");
        }
        assert_eq!(told("127.0.0.1:6443", true), "https://127.0.0.1:6443");
        assert_eq!(Address::read("https://a:b@x", true).unwrap().login.unwrap(), "a:b");
        assert_eq!(Address::read("https://x", true).unwrap().port(), 443);
    }

    #[test]
    fn what_is_no_address_is_told_without_it() {
        for (text, expected) in [
            ("https://x:99999", "a port that is not a number from 1 to 65535"),
            ("https://x:0", "a port that is not a number"),
            ("https://x:+1", "a port that is not a number"),
            ("https://a:b:c", "a port that is not a number"),
            ("https://", "no host"),
            ("https://:6443", "no host"),
            ("", "no host"),
            ("ftp://x", "something else than https://"),
            ("x/path", "needs https:// in front"),
            ("https://a b", "neither a name nor an IP address"),
            ("https://[::1", "without its `]`"),
            ("https://[x]:1", "not an IPv6 address"),
            ("https://[fe80::1%25lo]", "a zone behind its IPv6 address"),
            ("https://[fe80::1%eth0]:6443", "a zone behind its IPv6 address"),
            ("https://[%25lo]", "not an IPv6 address"),
            ("https://x/a\u{7f}b", "characters that no address has"),
        ] {
            let told = told(text, false);
            assert!(told.contains(expected), "{text}: {told}");
        }
    }

    #[test]
    fn escapes_of_a_login() {
        assert_eq!(plain("ann:pa%40ss%3Aword"), "ann:pa@ss:word");
        assert_eq!(plain("100%:%+A%zz%4"), "100%:%+A%zz%4");
    }
}
