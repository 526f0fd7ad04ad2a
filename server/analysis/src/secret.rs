//! What is a secret: variables of some names, and texts of some forms whatever variable they are in.

pub mod token;

/// What stands in the place of a secret.
pub const MASK: &str = "***";

/// The names of variables that look secret, by the words of a name: what stands between its letters and digits parts them.
pub struct SecretNames {
    /// Any word that has one of these in it.
    pub within_words: &'static [&'static str],
    /// Any of these words.
    pub words: &'static [&'static str],
    /// These words at the end of a name of several words.
    pub last_words: &'static [&'static str],
    /// These ends of the last word.
    pub ends: &'static [&'static str],
    /// Names that look secret and are not.
    pub exceptions: &'static [&'static str],
}

/// Which names of variables look secret; case does not matter.
pub static SECRET_NAMES: SecretNames = SecretNames {
    within_words: &[
        "SECRET",
        "TOKEN",
        "PASSWORD",
        "PASSWD",
        "PASSPHRASE",
        "CREDENTIAL",
        "APIKEY",
        "PRIVATEKEY",
    ],
    // A word of its own in `API_KEY`, but no part of one in `KEYBOARD` and `AUTHOR`.
    words: &["PWD", "PRIVATE", "AUTH", "KEY"],
    last_words: &["PAT"],
    ends: &["PASS"],
    // The directories of shells.
    exceptions: &["PWD", "OLDPWD"],
};

/// Whether a variable of this name very likely holds a secret.
pub fn looks_secret(variable: &str) -> bool {
    let SecretNames { within_words, words, last_words, ends, exceptions } = &SECRET_NAMES;
    let name = variable.to_ascii_uppercase();
    if exceptions.contains(&name.as_str()) {
        return false;
    }
    let mut parts = name.split(|letter: char| !letter.is_alphanumeric());
    let of_several = name.contains(|letter: char| !letter.is_alphanumeric());
    let last = parts.clone().next_back().unwrap_or_default();
    ends.iter().any(|end| last.ends_with(end))
        || of_several && last_words.contains(&last)
        || parts.any(|part| words.contains(&part) || within_words.iter().any(|word| part.contains(word)))
}

/// The passwords of the URLs in a value, `scheme://user:password@host`, as they are written there and percent-decoded;
/// without those that repeat the user's name.
pub fn passwords_of_urls(value: &str) -> Vec<String> {
    let written = value.match_indices("://").filter_map(|(at, colon)| {
        let authority = value[at + colon.len()..].split(['/', '?', '#', ' ', '"', '\'', '\n']).next()?;
        let (user, password) = authority.rsplit_once('@')?.0.split_once(':')?;
        (user != password).then_some(password)
    });
    written.flat_map(|password| [password.to_owned(), percent_decoded(password)]).collect()
}

fn percent_decoded(text: &str) -> String {
    let (mut decoded, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let Some((first, behind)) = rest.split_first() {
        let code = behind.get(..2).filter(|_| *first == b'%').and_then(|code| std::str::from_utf8(code).ok());
        let byte = code.and_then(|code| u8::from_str_radix(code, 16).ok());
        decoded.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &behind[2..] } else { behind };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_name() {
        for name in [
            "GITHUB_TOKEN",
            "DB_PASSWORD",
            "PGPASS",
            "AWS_SECRET_ACCESS_KEY",
            "api_key",
            "MYSQL_PWD",
            "GITHUB_PAT",
            "AZURE_DEVOPS_EXT_PAT",
            "SSH_PRIVATEKEY",
            "RSAPRIVATEKEY",
            "GOOGLE_CREDENTIALS",
            "api-token",
            "db.password",
        ] {
            assert!(looks_secret(name), "{name}");
        }
        for name in [
            "HOME",
            "PWD",
            "OLDPWD",
            "PATH",
            "KEYBOARD",
            "AUTHOR",
            "XAUTHORITY",
            "USER",
            "PAT",
            "PATH",
            "MY_PATH",
            "PAT_X",
            "PASSENGER",
        ] {
            assert!(!looks_secret(name), "{name}");
        }
    }

    #[test]
    fn passwords_in_urls() {
        let of = passwords_of_urls;
        assert_eq!(of("postgres://ann:hunter2@db/shop"), ["hunter2"; 2]);
        assert_eq!(of("amqp://a:p1@h1:5672,amqp://b:p%402%@h2?x"), ["p1", "p1", "p%402%", "p@2%"]);
        assert!(of("postgres://ann@db").is_empty() && of("http://x:80/a@b").is_empty());
        assert!(of("postgres://postgres:postgres@db").is_empty());
        assert_eq!(of("redis://:hunter2@db"), ["hunter2"; 2]);
    }
}
