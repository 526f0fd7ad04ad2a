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
    /// Last words of names that look secret and may well say where a secret is, of which kind, for how long or for whom.
    pub last_words_of_others: &'static [&'static str],
    /// Such names.
    pub others: &'static [&'static str],
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
        "CREDS",
        "JWT",
        "OAUTH",
        "APIKEY",
        "ACCESSKEY",
        "ENCRYPTIONKEY",
        "SIGNINGKEY",
        "PRIVATEKEY",
    ],
    // A word of its own in `API_KEY`, but no part of one in `KEYBOARD` and `AUTHOR`.
    words: &["PWD", "PRIVATE", "AUTH", "KEY"],
    last_words: &["PAT", "CRED"],
    ends: &["PASS", "PW"],
    // The directories of shells.
    exceptions: &["PWD", "OLDPWD"],
    last_words_of_others: &[
        "ALGORITHM",
        "ASKPASS",
        "AUDIENCE",
        "BYPASS",
        "COMPASS",
        "DIR",
        "ENDPOINT",
        "EXPIRY",
        "FILE",
        "HEADER",
        "HOST",
        "ID",
        "ISSUER",
        "METHOD",
        "MODE",
        "NAME",
        "PATH",
        "PORT",
        "PROVIDER",
        "REALM",
        "REGION",
        "SCOPE",
        "SOCK",
        "SUBNET",
        "TIMEOUT",
        "TTL",
        "TYPE",
        "URI",
        "URL",
    ],
    others: &["GOOGLE_APPLICATION_CREDENTIALS"],
};

/// Whether a variable whose name looks secret may as well hold something else, which its value tells.
pub fn may_be_other(variable: &str) -> bool {
    let name = variable.to_ascii_uppercase();
    let last = name.rsplit(|letter: char| !letter.is_alphanumeric()).next().unwrap_or_default();
    SECRET_NAMES.last_words_of_others.contains(&last) || SECRET_NAMES.others.contains(&name.as_str())
}

/// Whether a variable of this name very likely holds a secret.
pub fn looks_secret(variable: &str) -> bool {
    let SecretNames { within_words, words, last_words, ends, exceptions, .. } = &SECRET_NAMES;
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

/// Whether a value is none for a secret, whatever its variable is called: a boolean, or a number of less than 8 bytes.
pub fn is_plain(value: &str) -> bool {
    let is_boolean =
        ["true", "false", "yes", "no", "on", "off"].iter().any(|word| value.eq_ignore_ascii_case(word));
    is_boolean || value.len() < 8 && value.parse::<f64>().is_ok_and(f64::is_finite)
}

/// The passwords of the URLs in a value, `scheme://user:password@host`, as they are written there and as they are meant,
/// and tokens in the place of a user; the user's name is no password.
pub fn passwords_of_urls(value: &str) -> Vec<String> {
    let written = logins(value).flat_map(|login| login.secrets());
    written.flat_map(|password| [password.to_owned(), percent_decoded(password)]).collect()
}

/// The passwords of what tells how to connect: `host=h password=…`, `AccountKey=…;`, `user:password@tcp(host)/name`, and the
/// signature of a URL.
pub fn passwords_of_connections(value: &str) -> Vec<String> {
    const KEYS: [&str; 7] =
        ["password", "pwd", "accountkey", "sharedaccesskey", "sharedaccesssignature", "passwd", "sig"];
    let ends = [' ', ';', '&', '"', '\'', ',', '\n'];
    let mut found = Vec::new();
    for (at, _) in value.match_indices('=') {
        let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let key = value[..at].rsplit(|c| !is_of_name(c)).next().unwrap_or_default();
        if KEYS.iter().any(|it| key.eq_ignore_ascii_case(it)) {
            let behind = value[at + 1..].trim_start_matches(['"', '\'']);
            found.push(behind.split(ends).next().unwrap_or_default());
        }
    }
    // As Go's driver of MySQL has it.
    let login = value.rsplit_once("@tcp(").or_else(|| value.rsplit_once("@unix("));
    found.extend(login.and_then(|(login, _)| Some(login.split_once(':')?.1)));
    found.retain(|password| !password.is_empty() && !is_plain(password));
    found.into_iter().flat_map(|password| [password.to_owned(), percent_decoded(password)]).collect()
}

/// The `user:password` of the URLs in a value, percent-decoded; without those whose password repeats the user.
pub fn logins_of_urls(value: &str) -> Vec<String> {
    let with_password =
        logins(value).filter(|login| login.password.is_some() && login.secrets().next().is_some());
    with_password.map(|login| percent_decoded(login.text)).collect()
}

/// Who logs in where a URL leads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UrlLogin<'t> {
    /// `user:password`, or only one of them.
    text: &'t str,
    pub(crate) user: &'t str,
    /// Nothing where no `:` stands behind the user.
    pub(crate) password: Option<&'t str>,
}

impl<'t> UrlLogin<'t> {
    /// The password, and a token in the place of a user. `user:user` is what everybody has in development, and what GitHub
    /// takes behind a token is known to all.
    pub(crate) fn secrets(self) -> impl Iterator<Item = &'t str> {
        let password = self.password.filter(|it| !["", self.user, "x-oauth-basic"].contains(it));
        password.into_iter().chain(Some(self.user).filter(|user| is_token(user)))
    }
}

/// The logins of all URLs in a text.
pub(crate) fn logins(text: &str) -> impl Iterator<Item = UrlLogin<'_>> {
    text.split("://").skip(1).filter_map(user_info).map(|text| {
        let (user, password) =
            text.split_once(':').map_or((text, None), |(user, password)| (user, Some(password)));
        UrlLogin { text, user, password }
    })
}

/// What stands in front of the host in a URL without its scheme.
fn user_info(url: &str) -> Option<&str> {
    let url = url.split([' ', '"', '\'', '\n']).next()?;
    let authority = url.split(['/', '?', '#']).next()?;
    if let Some((info, _)) = authority.rsplit_once('@') {
        return Some(info);
    }
    // In `ann:pass/word@host` the slash is one of the password: what stands in front of it is no port.
    let (_, port) = authority.split_once(':')?;
    let is_port = port.bytes().all(|byte| byte.is_ascii_digit());
    Some(url.rsplit_once('@')?.0).filter(|_| !is_port && !authority.starts_with('['))
}

/// Whether the user of a URL is a token: people and machines have shorter names.
fn is_token(user: &str) -> bool {
    let has = |wanted: fn(&u8) -> bool| user.as_bytes().iter().any(wanted);
    user.len() >= 20 && has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic)
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
            "DB_PW",
            "ROOTPW",
            "AWS_CREDS",
            "GCLOUDCREDS",
            "JWT_KEYS",
            "MY_OAUTH_CLIENT",
            "ACCESSKEY",
            "APP_ENCRYPTIONKEY",
            "SIGNINGKEY",
            "GPG_PASSPHRASE",
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
            "PWA_NAME",
            "SACRED",
        ] {
            assert!(!looks_secret(name), "{name}");
        }
    }

    #[test]
    fn names_of_others() {
        for name in
            ["GIT_ASKPASS", "BYPASS", "DB_PASSWORD_FILE", "key-file", "GOOGLE_APPLICATION_CREDENTIALS"]
        {
            assert!(looks_secret(name) && may_be_other(name), "{name}");
        }
        for name in ["DB_PASSWORD", "PROFILE_KEY", "GOOGLE_CREDENTIALS", "MYBYPASS"] {
            assert!(!may_be_other(name), "{name}");
        }
    }

    #[test]
    fn plain_values() {
        for value in ["true", "False", "on", "0", "-1.5", "1234567"] {
            assert!(is_plain(value), "{value}");
        }
        for value in ["", "12345678", "hunter2", "inf", "nan", "truth"] {
            assert!(!is_plain(value), "{value}");
        }
    }

    #[test]
    fn passwords_in_connections() {
        let of = |value: &str| passwords_of_connections(value).first().cloned().unwrap_or_default();
        assert_eq!(of("u:s3cretpw99@tcp(h:3306)/db"), "s3cretpw99");
        assert_eq!(of("host=h password=s3cretpw99 user=u"), "s3cretpw99");
        assert_eq!(of("Server=h;Pwd='s3cretpw99';x=y"), "s3cretpw99");
        assert_eq!(of("AccountName=a;AccountKey=s3cret+pw/99==;x=y"), "s3cret+pw/99==");
        assert_eq!(of("https://h/x?sv=1&sig=s3cretpw%2B99&a=b"), "s3cretpw%2B99");
        assert_eq!(of("host=h user=u forgot_password_url=x"), "");
    }

    #[test]
    fn passwords_in_urls() {
        let of = passwords_of_urls;
        assert_eq!(of("postgres://ann:hunter2@db/shop"), ["hunter2"; 2]);
        assert_eq!(of("amqp://a:p1@h1:5672,amqp://b:p%402%@h2?x"), ["p1", "p1", "p%402%", "p@2%"]);
        assert!(of("postgres://ann@db").is_empty() && of("http://x:80/a@b").is_empty());
        assert!(of("postgres://postgres:postgres@db").is_empty());
        assert_eq!(logins_of_urls("amqp://a:p1@h1,amqp://b:p%402@h2,x://c:c@h3"), ["a:p1", "b:p@2"]);
        assert_eq!(of("redis://:hunter2@db"), ["hunter2"; 2]);
        // What is to be encoded in a password seldom is.
        assert_eq!(of("postgres://ann:pa/s?w#d@db/x"), ["pa/s?w#d"; 2]);
        assert_eq!(of("URL='http://ann:pa/ss@db' a@b"), ["pa/ss"; 2]);
        assert!(of("http://[::1]:80/a@b").is_empty() && of("http://x:80?mail=a@b").is_empty());
        assert_eq!(of("https://a1b2c3d4e5f6a7b8c9d0@github.com/x"), ["a1b2c3d4e5f6a7b8c9d0"; 2]);
        for behind in ["", "x-oauth-basic"] {
            let url = format!("https://a1b2c3d4e5f6a7b8c9d0:{behind}@github.com/x");
            assert!(of(&url).contains(&"a1b2c3d4e5f6a7b8c9d0".to_owned()), "{url}");
        }
        for name in ["some-machine-of-mine", "ci-runner12", "abcdefghij123456789"] {
            assert!(of(&format!("https://{name}@github.com/x")).is_empty(), "{name}");
        }
    }
}
