//! Whether an argument of a program is or holds a secret: by its name, by its form, by the option before it.
//!
//! Must not know where in the file it stands.

use super::name::{is_literal_secret, is_secret_flag, is_secret_name};
use super::option::{SecretOption, in_option};
use super::value::Secret;
use crate::secret::{is_token, token};

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

    /// The secret in an argument, which may be the value of the one before it.
    pub(super) fn secret(&self, at: usize) -> Option<Secret> {
        let written = self.arguments[at];
        let named = match self.before(at).strip_prefix("--").filter(|name| is_secret_flag(name)) {
            Some(name) => value_of(written, name, 0),
            None => in_assignment(written)
                .or_else(|| behind_colon(written))
                .or_else(|| in_option(self.program, &self.options, self.before(at), written)),
        };
        named.or_else(|| known_token(written))
    }
}

/// `NAME=value`, also behind the dashes of a flag and the path of a `--set`.
fn in_assignment(written: &str) -> Option<Secret> {
    let equals = written.find('=')?;
    let key = written[..equals].trim_start_matches(['-', '"', '\'']);
    // `--from-literal=password=…`: the last name counts.
    if let Some(next) = written[equals + 1..].find('=') {
        let inner = written[equals + 1..equals + 1 + next].trim_start_matches(['"', '\'']);
        if is_secret_name(inner) {
            return value_of(written, inner, equals + next + 2);
        }
    }
    is_secret_name(key).then(|| value_of(written, key, equals + 1))?
}

/// The value that begins so many bytes into an argument.
fn value_of(written: &str, name: &str, skipped: usize) -> Option<Secret> {
    let value = written.get(skipped..)?;
    let inner = value.trim_start_matches(['"', '\'']);
    let start = skipped + value.len() - inner.len();
    let inner = inner.split(['"', '\'', ' ', '&', ',', ';']).next().unwrap_or_default();
    is_literal_secret(inner).then(|| Secret::new(start, inner, name))
}

/// In a URL or a header.
fn behind_colon(written: &str) -> Option<Secret> {
    written.find(':')?;
    in_url(written).or_else(|| in_header(written))
}

/// `scheme://user:password@host`
fn in_url(written: &str) -> Option<Secret> {
    let authority = written.find("://")? + 3;
    let rest = &written[authority..];
    let rest = &rest[..rest.find('/').unwrap_or(rest.len())];
    let (user_info, _) = rest.rsplit_once('@')?;
    let Some((user, password)) = user_info.split_once(':') else {
        let is_secret = is_token(user_info) && is_literal_secret(user_info);
        return is_secret.then(|| Secret::new(authority, user_info, "token"));
    };
    let name = if user.is_empty() { "password".to_owned() } else { format!("{user}_password") };
    let secret = Secret::new(authority + user.len() + 1, password, &name);
    // `user:user` and `postgres:postgres` are what everybody has in development.
    let is_secret = is_literal_secret(password) && user != password;
    is_secret.then(|| Secret { user: Some(user.to_owned()), ..secret })
}

/// Headers whose values are secrets, and what these are called.
const HEADERS: [(&str, &str); 3] =
    [("authorization:", "authorization"), ("x-api-key:", "api_key"), ("x-auth-token:", "auth_token")];

/// `Authorization: Bearer …`
fn in_header(written: &str) -> Option<Secret> {
    let lower = written.to_ascii_lowercase();
    let (header, name) = HEADERS.iter().find(|(header, _)| lower.contains(header))?;
    let behind = &written[lower.find(header)? + header.len()..];
    let value = behind.trim_start().split(['"', '\'', ',']).next().unwrap_or_default().trim_end();
    // In front of it stands how it is meant: `Basic`, `Bearer`, `token`.
    let value = value.rsplit_once(' ').map_or(value, |(_, value)| value);
    let start = written.len() - behind.len() + behind.find(value)?;
    let is_secret = value.len() >= 8 && is_literal_secret(&value.replace('/', ""));
    is_secret.then(|| Secret::new(start, value, name))
}

/// A token of a kind that is known by its beginning.
fn known_token(written: &str) -> Option<Secret> {
    let mut tokens = token::tokens_in(written);
    tokens.find_map(|place| {
        let text = &written[place.clone()];
        is_literal_secret(text).then(|| Secret::new(place.start, text, "token"))
    })
}
