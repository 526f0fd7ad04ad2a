//! Which names are those of secrets, and which values may be one.
//!
//! Must not know programs.

use crate::secret::SECRET_NAMES;

/// Whether a flag, without its dashes, has a secret for its value: `--private-key` and the like name files and objects.
pub(super) fn is_secret_flag(name: &str) -> bool {
    let names_other = ["private-key", "secret"].iter().any(|word| name.ends_with(word));
    is_secret_name(name) && (!names_other || name.ends_with("client-secret"))
}

/// Whether a name is that of a secret itself, not of where one is kept.
pub(super) fn is_secret_name(name: &str) -> bool {
    let last = name.rsplit(['.', '[', ',']).next().unwrap_or(name);
    if last.is_empty() || last.len() > 64 {
        return false;
    }
    let is_same =
        |(own, wanted): (u8, &u8)| own.to_ascii_lowercase() == *wanted || (own, *wanted) == (b'-', b'_');
    // Where a word begins with which the name ends.
    let starts = |word: &&str| {
        let start = last.len().checked_sub(word.len())?;
        last.bytes().skip(start).zip(word.as_bytes()).all(is_same).then_some(start)
    };
    let ends_with = |word: &&str| starts(word).is_some();
    let whole =
        ["password", "passwd", "passphrase", "api_key", "apikey", "secret_key", "private_key", "access_key"];
    // `tokens`, `existingSecret` and `imagePullSecret` name other things, so these two count as words of their own.
    let apart = ["token", "secret"];
    let ends_apart = |word: &&str| starts(word).is_some_and(|at| at == 0 || last[..at].ends_with(['_', '-']));
    let behind = ["_pass", "_pwd"];
    let camel = ["authToken", "accessToken", "apiToken", "clientSecret", "secretKey", "apiKey", "accessKey"];
    let others = ["secret", "existing_secret", "pull_secret"];
    !others.iter().any(|word| starts(word) == Some(0))
        && (whole.iter().any(ends_with)
            || apart.iter().any(ends_apart)
            || behind.iter().any(ends_with)
            || camel.iter().any(|word| last.ends_with(word))
            || is_of_variable(last))
}

/// Whether the last word of a name is one that is short for a secret in names of variables; `pass` alone is the contrary of
/// `fail`, and `--dest-creds` and the like have a user in front of the secret.
fn is_of_variable(name: &str) -> bool {
    let ends_with = |text: &str, end: &str| {
        text.len()
            .checked_sub(end.len())
            .is_some_and(|at| text.as_bytes()[at..].eq_ignore_ascii_case(end.as_bytes()))
    };
    let word = name.rsplit(|letter: char| !letter.is_alphanumeric()).next().unwrap_or(name);
    let is_other = SECRET_NAMES.last_words_of_others.iter().any(|other| word.eq_ignore_ascii_case(other));
    let is_alone = name.eq_ignore_ascii_case("pass") || name.eq_ignore_ascii_case("creds");
    let is_short = SECRET_NAMES.ends.iter().any(|end| ends_with(word, end));
    !is_other && !is_alone && (is_short || ends_with(word, "CREDS") && !name.ends_with("-creds"))
}

/// Whether a value may be a secret: no variable, no path, no switch, nothing that stands for one.
pub(super) fn is_literal_secret(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let placeholder = [
        "changeme",
        "change-me",
        "example",
        "placeholder",
        "dummy",
        "xxx",
        "***",
        "your-",
        "todo",
        "none",
        "null",
    ];
    let other = value.starts_with(['/', '.', '~', '@', '<', '{', '-', '%'])
        || value.contains(['$', '`', ' ', '\\', '(', '*', '/'])
        || matches!(
            lower.as_str(),
            "true" | "false" | "yes" | "no" | "on" | "off" | "password" | "secret" | "token" | "test"
        )
        || placeholder.iter().any(|word| lower.contains(word));
    value.len() >= 4 && !other
}
