//! Which variables hold secrets, by their names.
//!
//! Must not look at values: a value says nothing about whether it is meant to be seen.

pub mod token;

/// What stands in the place of a secret.
pub const MASK: &str = "***";

const WORDS: [&str; 11] = [
    "SECRET",
    "TOKEN",
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "PWD",
    "CREDENTIAL",
    "APIKEY",
    "PRIVATE",
    "AUTH",
    "KEY",
];

/// Whether a variable of this name very likely holds a secret.
///
/// `PWD` and `OLDPWD` are the shell's directories; `KEY` counts as a word of its own (`API_KEY`), not as a part of
/// one (`KEYBOARD`).
pub fn looks_secret(variable: &str) -> bool {
    let name = variable.to_ascii_uppercase();
    if matches!(name.as_str(), "PWD" | "OLDPWD") {
        return false;
    }
    name.split('_').any(|part| WORDS.contains(&part) || WORDS[..5].iter().any(|word| part.contains(word)))
        || name.ends_with("PASS")
}

/// The values of variables, those of secrets masked; an empty one stays empty.
pub fn masked(lookup: &dyn Fn(&str) -> Option<String>) -> impl Fn(&str) -> Option<String> {
    |name| match lookup(name) {
        Some(value) if looks_secret(name) && !value.is_empty() => Some(MASK.to_owned()),
        value => value,
    }
}

#[cfg(test)]
mod tests {
    use super::looks_secret;

    #[test]
    fn by_name() {
        for name in ["GITHUB_TOKEN", "DB_PASSWORD", "PGPASS", "AWS_SECRET_ACCESS_KEY", "api_key", "MYSQL_PWD"]
        {
            assert!(looks_secret(name), "{name}");
        }
        for name in ["HOME", "PWD", "OLDPWD", "PATH", "KEYBOARD", "AUTHOR", "XAUTHORITY", "USER"] {
            assert!(!looks_secret(name), "{name}");
        }
    }
}
