//! Whether an argument of a program is or holds a secret: by its name, by its form, by the option before it.
//!
//! Must not know where in the file it stands.

use super::name::{is_literal_secret, is_secret_flag, is_secret_name};
use super::option::{SecretOption, in_option};
use super::value::Secret;
use crate::secret::{logins, token};

/// A program with arguments, as they are written or as the program gets them.
pub(super) struct Invocation<'a> {
    program: &'a str,
    /// Those that say nothing of a secret themselves.
    options: Vec<&'static SecretOption>,
    pub(super) arguments: Vec<&'a str>,
}

impl<'a> Invocation<'a> {
    pub(super) fn new(program: &'a str, arguments: Vec<&'a str>) -> Invocation<'a> {
        Invocation { program, options: SecretOption::of(program, &arguments), arguments }
    }

    /// The argument in front of another one.
    fn before(&self, at: usize) -> &'a str {
        at.checked_sub(1).map_or("", |before| self.arguments[before])
    }

    /// The secrets in an argument, one of which may be the value of the one before it. Of two that overlap the first
    /// one counts.
    pub(super) fn secrets(&self, at: usize) -> Vec<Secret> {
        let written = self.arguments[at];
        let mut found = match self.before(at).strip_prefix("--").filter(|name| is_secret_flag(name)) {
            Some(name) => value_of(written, name, 0).into_iter().collect(),
            None => in_assignments(written),
        };
        if written.contains(':') {
            found.extend(in_json(written));
            found.extend(in_urls(written));
            found.extend(in_header(written));
            found.extend(in_yaml(written));
        }
        if written.contains('$') {
            found.extend(in_defaults(written));
        }
        found.extend(self.in_registry_key(at));
        found.extend(in_option(self.program, &self.options, self.before(at), written));
        found.extend(known_tokens(written));
        found
    }

    /// `npm config set //registry/:_authToken …`
    fn in_registry_key(&self, at: usize) -> Option<Secret> {
        if !PACKAGE_MANAGERS.contains(&self.program) {
            return None;
        }
        let (_, name) = self.before(at).rsplit_once(':')?;
        is_secret_name(name).then(|| value_of(self.arguments[at], name, 0))?
    }
}

/// The programs that keep what logs in to a registry under its address.
const PACKAGE_MANAGERS: [&str; 3] = ["npm", "pnpm", "yarn"];

/// The secrets in a text that is no argument: of two that overlap the first one.
pub(super) fn in_text(text: &str) -> Vec<Secret> {
    let mut found = in_assignments(text);
    let urls = text.contains(':').then(|| in_urls(text));
    for secret in urls.into_iter().flatten().chain(known_tokens(text)) {
        let overlaps = |other: &Secret| {
            other.start < secret.start + secret.length && secret.start < other.start + other.length
        };
        if !found.iter().any(overlaps) {
            found.push(secret);
        }
    }
    found
}

/// Where a value ends that has a name.
const VALUE_ENDS: [char; 6] = ['"', '\'', ' ', '&', ',', ';'];

/// `NAME=value`, also behind the dashes of a flag, the path of a `--set` and the `?` of a URL.
fn in_assignments(written: &str) -> Vec<Secret> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(equals) = written[at..].bytes().position(|byte| byte == b'=').map(|length| at + length) {
        let key = name_before(&written[..equals]);
        at = equals + 1;
        // `--from-literal=password=…`: the last name counts.
        let next =
            written[at..].find(['=', '"', '\'', ' ', '&', ',', ';']).map_or("", |end| &written[at..at + end]);
        let is_name = written[at + next.len()..].starts_with('=') && is_secret_name(next);
        let value = (is_secret_name(key) && !is_name).then(|| value_of(written, key, at));
        if let Some(secret) = value.flatten() {
            at = secret.start + secret.length;
            found.push(secret);
        }
    }
    found
}

/// `"name": "value"`
fn in_json(written: &str) -> impl Iterator<Item = Secret> {
    let names = written.match_indices(':').filter_map(|(at, _)| {
        let key = name_before(written[..at].strip_suffix('"')?);
        let value = written[at + 1..].trim_start();
        let start = written.len() - value.len();
        (value.starts_with('"') && is_secret_name(key)).then(|| value_of(written, key, start))
    });
    names.flatten()
}

/// `name: value`, where the value has digits and letters: words may as well be those of a sentence.
fn in_yaml(written: &str) -> impl Iterator<Item = Secret> {
    let values = written.match_indices(": ").filter_map(|(at, _)| {
        let key = name_before(&written[..at]);
        let start = at + 2 + written[at + 2..].len() - written[at + 2..].trim_start().len();
        is_secret_name(key).then(|| value_of(written, key, start))?
    });
    values.filter(|secret| {
        let value = &written[secret.start..secret.start + secret.length];
        let has = |is_of_kind: fn(&u8) -> bool| value.as_bytes().iter().any(is_of_kind);
        value.len() >= 8 && has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic)
    })
}

/// `${NAME:-value}` and `${NAME:=value}`
fn in_defaults(written: &str) -> impl Iterator<Item = Secret> {
    written.match_indices("${").filter_map(|(at, braces)| {
        let inner = written[at + braces.len()..].split('}').next()?;
        let (name, value) = inner.split_once(['-', '='])?;
        let name = name.strip_suffix(':').unwrap_or(name);
        let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let value = value.trim_matches(['"', '\'']);
        let is_secret = is_name && is_secret_name(name) && is_literal_secret(value);
        is_secret.then(|| Secret::new(value.as_ptr() as usize - written.as_ptr() as usize, value, name))
    })
}

/// The name that a text ends with, with the names of what it is in: `auth.password`, and nothing of the URL in front.
fn name_before(text: &str) -> &str {
    const LONGEST: usize = 256;
    let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.[]".contains(&byte);
    let length = text.bytes().rev().take(LONGEST).take_while(|byte| is_of_name(*byte)).count();
    text[text.len() - length..].trim_start_matches(['-', '.'])
}

/// The value that begins so many bytes into an argument.
fn value_of(written: &str, name: &str, skipped: usize) -> Option<Secret> {
    let value = written.get(skipped..)?;
    let inner = value.trim_start_matches(['"', '\'']);
    let start = skipped + value.len() - inner.len();
    let inner = inner.split(VALUE_ENDS).next().unwrap_or_default();
    is_literal_secret(inner).then(|| Secret::new(start, inner, name))
}

/// `scheme://user:password@host`
fn in_urls(written: &str) -> impl Iterator<Item = Secret> {
    let secrets = logins(written).flat_map(|login| login.secrets().map(move |text| (login, text)));
    secrets.filter(|(_, text)| is_literal_secret(&text.replace('/', ""))).map(|(login, text)| {
        let start = text.as_ptr() as usize - written.as_ptr() as usize;
        let name = match login.user {
            user if user == text => "token".to_owned(),
            "" => "password".to_owned(),
            user => format!("{user}_password"),
        };
        let user = login.password.filter(|_| login.user != text).map(|_| login.user.to_owned());
        Secret { user, ..Secret::new(start, text, &name) }
    })
}

/// Headers whose values are secrets, and what these are called.
const HEADERS: [(&str, &str); 4] = [
    ("authorization", "authorization"),
    ("x-api-key", "api_key"),
    ("x-auth-token", "auth_token"),
    ("private-token", "private_token"),
];

/// `Authorization: Bearer …`
fn in_header(written: &str) -> Option<Secret> {
    let behind = |header: &str| {
        let before = |at: usize| written.as_bytes().get(at.checked_sub(header.len())?..at);
        let is_it = |at: usize| before(at).is_some_and(|it| it.eq_ignore_ascii_case(header.as_bytes()));
        written.match_indices(':').find(|(at, _)| is_it(*at)).map(|(at, _)| &written[at + 1..])
    };
    let (behind, name) = HEADERS.iter().find_map(|(header, name)| Some((behind(header)?, name)))?;
    let value = behind
        .trim_start_matches([' ', '"', '\''])
        .split(['"', '\'', ','])
        .next()
        .unwrap_or_default()
        .trim_end();
    // In front of it stands how it is meant: `Basic`, `Bearer`, `token`.
    let value = value.rsplit_once(' ').map_or(value, |(_, value)| value);
    let start = written.len() - behind.len() + behind.find(value)?;
    let is_secret = value.len() >= 8 && is_literal_secret(&value.replace('/', ""));
    is_secret.then(|| Secret::new(start, value, name))
}

/// Tokens of a kind that is known by its beginning.
fn known_tokens(written: &str) -> impl Iterator<Item = Secret> {
    token::tokens_in(written).filter_map(|place| {
        let text = &written[place.clone()];
        is_literal_secret(text).then(|| Secret::new(place.start, text, "token"))
    })
}
