//! A secret as a piece of an argument.
//!
//! Must not know what it belongs to.

use super::name::is_literal_secret;

/// A secret in an argument.
pub(super) struct Secret {
    pub(super) start: usize,
    pub(super) length: usize,
    /// What it is the value of.
    pub(super) name: String,
    /// The user of a URL, whose password it is.
    pub(super) user: Option<String>,
}

impl Secret {
    pub(super) fn new(start: usize, value: &str, name: &str) -> Secret {
        Secret { start, length: value.len(), name: name.to_owned(), user: None }
    }
}

/// `user:password`
pub(super) fn of_user(written: &str, value: &str) -> Option<Secret> {
    let (user, password) = value.split_once(':')?;
    let secret = Secret::new(written.rfind(password)?, password, &format!("{user}_password"));
    let is_secret = is_literal_secret(password) && user != password;
    is_secret.then(|| Secret { user: Some(user.to_owned()), ..secret })
}

/// `session=…; theme=dark`: of cookies those say who somebody is that are called so.
pub(super) fn of_cookie(written: &str, cookies: &str) -> Option<Secret> {
    const NAMES: [&str; 5] = ["session", "sess", "sid", "auth", "jwt"];
    let mut all = cookies.split(';').filter_map(|cookie| cookie.trim().split_once('='));
    let (name, value) = all.find(|(name, value)| {
        let name = name.to_ascii_lowercase();
        NAMES.iter().any(|it| name.contains(it)) && value.len() >= 8 && is_literal_secret(value)
    })?;
    Some(Secret::new(written.rfind(value)?, value, name))
}

pub(super) fn unquoted(written: &str) -> &str {
    written.trim_matches(['"', '\''])
}
