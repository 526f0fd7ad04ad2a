//! Which values of env files everybody may see, whatever their variables are called.
//!
//! Must not take a value for public on a guess: what is of no known kind is a secret.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;

/// Secrets are longer.
const LONGEST_SHORT: usize = 7;

/// Whether a value is a short one, a word, a number, a host or a path that exists as seen from a directory.
pub(crate) fn is_public(value: &str, directory: &Path) -> bool {
    value.len() <= LONGEST_SHORT
        || value.chars().all(char::is_alphabetic)
        || value.parse::<f64>().is_ok()
        || is_host(value)
        || directory.join(value).exists()
}

/// A host, or a host with a port.
fn is_host(value: &str) -> bool {
    if value.parse::<IpAddr>().is_ok() || value.parse::<SocketAddr>().is_ok() {
        return true;
    }
    match value.split_once(':') {
        // A name without dots and port may as well be a password.
        None => value.contains('.') && is_host_name(value),
        Some((name, port)) => is_host_name(name) && port.parse::<u16>().is_ok(),
    }
}

/// Names are written in small letters; keys and tokens with dots are not, and the last part of a name has only letters.
fn is_host_name(name: &str) -> bool {
    let is_part = |part: &str| {
        let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        !part.is_empty() && !part.starts_with('-') && !part.ends_with('-') && part.bytes().all(is_letter)
    };
    let last = name.rsplit('.').next().unwrap_or(name);
    let ends_in_letters = !name.contains('.') || last.bytes().all(|byte| byte.is_ascii_lowercase());
    name.len() <= 253 && name.split('.').all(|part| part.len() <= 63 && is_part(part)) && ends_in_letters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_may_be_seen() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("src/test-1")).unwrap();
        let absolute = dir.path().join("src").display().to_string();
        for value in [
            "",
            "test",
            "true",
            "a-b_c.1",
            "production",
            "développement",
            "1234567890",
            "-12345.678",
            "127.0.0.1",
            "192.168.100.20:5432",
            "[::1]:5432",
            "fe80::1:2:3:4",
            "db.example.com",
            "db-1.example.com:5432",
            "localhost:8080",
            "postgres-main:5432",
            "src/test-1",
            "./src/test-1",
            absolute.as_str(),
        ] {
            assert!(is_public(value, dir.path()), "{value}");
        }
    }

    #[test]
    fn all_other_values_are_secrets() {
        let dir = tempfile::tempdir().unwrap();
        for value in [
            "hunter2-",
            "two words",
            "d41d8cd98f00b204e9800998ecf8427e",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc",
            "admin:hunter22",
            "admin:1234567",
            "db.example.com:port",
            "postgres://ann@db/shop",
            "src/test-1",
            "no.such.file.7z",
            "a..example.com",
            "-a.example.com",
            "a-.example.com",
            "hunter2-S:8080",
            &format!("{}.example.com", "x1".repeat(32)),
            &format!("{}example.com", "x1.".repeat(90)),
        ] {
            assert!(!is_public(value, dir.path()), "{value}");
        }
    }
}
