//! Which values of variables everybody may see.
//!
//! Must not take a value for public on a guess: what is of no known kind is a secret.

use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::Path;

/// Secrets are longer.
const LONGEST_SHORT: usize = 7;

/// Whether a value is a short one, a word, a number, a boolean, a host, several with ports, a network, a region, a time zone,
/// a locale, a version, an image with a version, a date, a time, a MIME type, a URL without user, query and fragment whose
/// path has only words and short parts, or a path that exists as seen from a directory.
pub fn is_public(value: &str, directory: &Path) -> bool {
    is_word_or_short(value)
        || value.parse::<f64>().is_ok()
        || is_host(value)
        || value.contains(',') && value.split(',').all(is_host)
        || is_network(value)
        || is_region(value)
        || is_time_zone(value)
        || is_locale(value)
        || is_version(value)
        || is_image(value)
        || is_time(value)
        || is_media_type(value)
        || is_open_url(value)
        || directory.join(value).exists()
}

/// Whether everybody may see the value of a variable whose name says that it may only tell of a secret: words may have `-`
/// between them there, and only paths from the root count.
pub(crate) fn is_public_by_name(value: &str) -> bool {
    is_public(value, Path::new("/")) || value.split('-').all(|part| part.chars().all(char::is_alphabetic))
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

/// `en_US.UTF-8`
fn is_locale(value: &str) -> bool {
    let Some((place, code)) = value.split_once('.') else { return false };
    let is_place = match *place.as_bytes() {
        [b'C'] => true,
        [l1, l2, b'_', c1, c2] => {
            [l1, l2].iter().all(u8::is_ascii_lowercase) && [c1, c2].iter().all(u8::is_ascii_uppercase)
        }
        _ => false,
    };
    is_place && ["utf-8", "utf8"].contains(&code.to_ascii_lowercase().as_str())
}

/// What is said behind a version.
const STAGES: [&str; 8] = ["alpha", "beta", "canary", "dev", "nightly", "pre", "rc", "snapshot"];

/// `1.2.3`, `v1.2`, `1.2.3-rc.1`.
fn is_version(value: &str) -> bool {
    let (numbers, stage) = value.split_once('-').unwrap_or((value, ""));
    let numbers = numbers.strip_prefix('v').unwrap_or(numbers);
    let stage = stage.trim_end_matches(|c: char| c.is_ascii_digit());
    let stage = stage.strip_suffix('.').unwrap_or(stage).to_ascii_lowercase();
    let most_digits = value.len() <= 32 && value.bytes().rev().take_while(u8::is_ascii_digit).count() <= 5;
    (2..=4).contains(&numbers.split('.').count())
        && numbers.split('.').all(|part| is_digits(part, 1..=5))
        && most_digits
        && (stage.is_empty() && !value.ends_with('-') || STAGES.contains(&stage.as_str()))
}

fn is_digits(text: &str, length: RangeInclusive<usize>) -> bool {
    length.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// What tags of images have behind or instead of a version.
const VARIANTS: [&str; 16] = [
    "alpine", "bookworm", "bullseye", "buster", "debian", "edge", "focal", "jammy", "jdk", "jre", "latest",
    "main", "noble", "slim", "stable", "ubuntu",
];

/// `node:20-alpine`, `registry.example.com/team/web:1.2.3`: whose name could be a user's has no plain number for a tag.
fn is_image(value: &str) -> bool {
    let Some((name, tag)) = value.rsplit_once(':') else { return false };
    let mut parts = tag.split('-');
    let first = parts.next().unwrap_or_default();
    let variants: Vec<&str> = parts.collect();
    let are_known = variants.iter().all(|part| VARIANTS.contains(part));
    let is_tag = is_version(tag)
        || are_known && (is_version(first) || VARIANTS.contains(&first))
        || are_known && is_digits(first, 1..=2) && (!variants.is_empty() || name.contains('/'));
    let (host, path) = match name.split_once('/') {
        Some((first, path)) if is_host(first) => (Some(first), path),
        _ => (None, name),
    };
    let is_part = |part: &str| is_host_name(part) && !part.contains('.') && part.len() <= 40;
    // Letters alone, where nothing else tells that it is none of a user.
    let is_plain =
        host.is_some() || path.bytes().all(|byte| byte.is_ascii_lowercase() || b"/-".contains(&byte));
    is_tag && is_plain && path.split('/').all(is_part)
}

/// `2026-11-29`, `21:30:00`, `2026-11-29T21:30:00.123Z`.
fn is_time(value: &str) -> bool {
    let (date, time) = value.split_once(['T', ' ']).map_or((value, None), |(date, time)| (date, Some(time)));
    match time {
        Some(time) => is_date(date) && is_clock(time),
        None => is_date(date) || is_clock(date),
    }
}

fn is_date(value: &str) -> bool {
    let parts: Vec<&str> = value.split('-').collect();
    matches!(parts[..], [year, month, day]
        if is_digits(year, 4..=4) && is_below(month, 13) && is_below(day, 32))
}

fn is_clock(value: &str) -> bool {
    let value = value.strip_suffix('Z').unwrap_or(value);
    let (value, zone) = value.split_once('+').unwrap_or((value, "00:00"));
    let (value, fraction) = value.split_once('.').unwrap_or((value, "0"));
    let is_clock = |text: &str, counts: RangeInclusive<usize>| {
        let parts = text.split(':');
        counts.contains(&parts.clone().count())
            && parts.zip([24, 60, 61]).all(|(part, most)| is_below(part, most))
    };
    is_clock(value, 2..=3) && is_clock(zone, 2..=2) && is_digits(fraction, 1..=9)
}

/// Whether it is a number of two digits.
fn is_below(text: &str, most: u8) -> bool {
    is_digits(text, 2..=2) && text.parse::<u8>().is_ok_and(|number| number < most)
}

/// What MIME types begin with.
const MEDIA: [&str; 8] = ["application", "audio", "font", "image", "message", "multipart", "text", "video"];

/// `application/json`
fn is_media_type(value: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || b"+-.".contains(&byte);
    value
        .split_once('/')
        .is_some_and(|(kind, rest)| MEDIA.contains(&kind) && rest.len() <= 40 && rest.bytes().all(is_letter))
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
            "kafka-1:9092,kafka-2:9092",
            "node:20-alpine",
            "postgres:16.4",
            "team/web:latest",
            "registry.example.com/team/web2:1.2.3",
            "localhost:5000/web:1.2.3-rc.1",
            "v1.22.333",
            "1.2.3-rc.1",
            "2.0.0-SNAPSHOT",
            "2026-11-29",
            "21:30:00",
            "2026-11-29T21:30:00.123Z",
            "2026-11-29 21:30:00+01:00",
            "application/json",
            "application/vnd.api+json",
            "en_US.UTF-8",
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
            "hunter2,hunter3",
            "hunter2x:1.2.3",
            "admin:20-hunter",
            "hunter:12345678",
            "hunter/web:a1b2c3d4",
            "1.2.3-hunter2",
            "1.2.3-rc.123456",
            "v123456.7890123",
            "2026-13-29",
            "2026-11-29-hunter",
            "21:30:99",
            "application/hunter2",
            "hunter/json",
            "en_US.hunter2",
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
