//! Which values of env files everybody may see, whatever their variables are called.
//!
//! Must not take a value for public on a guess: what is of no known kind is a secret.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;

/// Secrets are longer.
const LONGEST_SHORT: usize = 7;

/// Whether a value is a short one, a word, a number, a boolean, a host, a network, a region, a time zone, a URL without user,
/// query and fragment whose path has only words and short parts, or a path that exists as seen from a directory.
pub(crate) fn is_public(value: &str, directory: &Path) -> bool {
    is_word_or_short(value)
        || value.parse::<f64>().is_ok()
        || is_host(value)
        || is_network(value)
        || is_region(value)
        || is_time_zone(value)
        || is_open_url(value)
        || directory.join(value).exists()
}

fn is_word_or_short(value: &str) -> bool {
    value.len() <= LONGEST_SHORT || value.chars().all(char::is_alphabetic)
}

/// `10.0.0.0/8`
fn is_network(value: &str) -> bool {
    value.split_once('/').is_some_and(|(address, bits)| {
        address.parse::<IpAddr>().is_ok() && bits.parse::<u8>().is_ok_and(|bits| bits <= 128)
    })
}

/// What regions of clouds begin with.
const CONTINENTS: [&str; 20] = [
    "af",
    "africa",
    "ap",
    "asia",
    "australia",
    "ca",
    "cn",
    "eu",
    "europe",
    "il",
    "me",
    "mx",
    "northamerica",
    "sa",
    "southamerica",
    "us",
    "uk",
    "in",
    "jp",
    "fr",
];

/// `eu-central-1`, `us-gov-west-1`, `europe-west4-a`.
fn is_region(value: &str) -> bool {
    let mut parts = value.split('-');
    let begins = parts.next().is_some_and(|first| CONTINENTS.contains(&first));
    let parts: Vec<&str> = parts.collect();
    let is_part = |part: &&str| {
        let number = part.trim_start_matches(|c: char| c.is_ascii_lowercase());
        let digits = number.trim_end_matches(|c: char| c.is_ascii_lowercase());
        !part.is_empty() && digits.len() <= 2 && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    // Words without a number may as well be a password.
    let is_numbered = value.contains(|c: char| c.is_ascii_digit());
    begins && (1..=3).contains(&parts.len()) && value.len() <= 24 && parts.iter().all(is_part) && is_numbered
}

/// Where time zones lie.
const AREAS: [&str; 11] = [
    "Africa",
    "America",
    "Antarctica",
    "Arctic",
    "Asia",
    "Atlantic",
    "Australia",
    "Etc",
    "Europe",
    "Indian",
    "Pacific",
];

/// `Europe/Berlin`, `America/Argentina/Buenos_Aires`, `Etc/GMT+1`.
fn is_time_zone(value: &str) -> bool {
    let Some((area, place)) = value.split_once('/') else { return false };
    let place = place.trim_end_matches(|c: char| c.is_ascii_digit());
    let is_letter = |c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '_' | '-' | '+');
    AREAS.contains(&area) && value.len() <= 40 && place.chars().all(is_letter)
}

/// `https://api.example.com/v1`; who has a secret in the path, as webhooks do, has it in a long part.
fn is_open_url(value: &str) -> bool {
    let Some((scheme, rest)) = value.split_once("://") else { return false };
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let is_scheme = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '+' | '-' | '.');
    let is_host = is_host(host) || is_host_name(host);
    !value.contains(['@', '?', '#'])
        && scheme.chars().all(is_scheme)
        && is_host
        && path.split('/').all(is_word_or_short)
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
            "eu-central-1",
            "us-gov-west-1",
            "ap-southeast-1a",
            "europe-west4-a",
            "Europe/Berlin",
            "America/Argentina/Buenos_Aires",
            "Etc/GMT+1",
            "10.0.0.0/16",
            "fd00::1:2:3/64",
            "https://api.example.com/v1",
            "http://localhost:3000",
            "redis://cache:6379/0",
            "postgres://db:5432/production",
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
            "https://hooks.example.com/services/T00000000/B00000000/a1b2c3d4e5f6",
            "https://api.example.com/v1?key=abc",
            "https://api.example.com/#abcdefgh1",
            "correct-horse-battery-staple",
            "hunter-horse-1",
            "eu-a1b2c3d4e5f6",
            "us-correct-horse-battery-1",
            "in-vino-veritas",
            "us-secret-password",
            "Europe/Berlin123x",
            "Secret/Berlin",
            "10.0.0.0/512",
            "hunter22/16",
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
