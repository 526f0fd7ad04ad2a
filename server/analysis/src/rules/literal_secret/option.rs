//! Options that have a secret for their value and no telling name: `curl -u USER:…`, `docker login -p …`, `mysql -p…`.
//!
//! Must not judge values.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::name::is_literal_secret;
use super::value::{Secret, of_cookie, of_user, unquoted};

/// An option of programs.
pub(super) struct SecretOption {
    programs: &'static [&'static str],
    letter: Option<char>,
    /// What stands in front of the value, or with a `=` in its own word.
    words: &'static [&'static str],
    /// An argument without which it is something else.
    only_with: Option<&'static str>,
    /// What the value is behind, where it says of which kind it is.
    prefix: &'static str,
    /// Whether the value is `user:password`.
    has_user: bool,
    /// Whether the value is `name=value`, and more of these behind `;`.
    is_cookie: bool,
}

const PASSWORD: SecretOption = SecretOption {
    programs: &[],
    letter: None,
    words: &["--password"],
    only_with: None,
    prefix: "",
    has_user: false,
    is_cookie: false,
};

const USER: SecretOption = SecretOption { has_user: true, ..PASSWORD };

static OPTIONS: [SecretOption; 14] = [
    SecretOption { programs: &["curl"], letter: Some('u'), words: &["--user"], ..USER },
    SecretOption { programs: &["curl"], letter: Some('U'), words: &["--proxy-user"], ..USER },
    SecretOption { programs: &["curl"], words: &["--oauth2-bearer"], ..PASSWORD },
    SecretOption {
        programs: &["curl"],
        letter: Some('b'),
        words: &["--cookie"],
        is_cookie: true,
        ..PASSWORD
    },
    SecretOption { programs: &["openssl"], words: &["-k", "-K"], only_with: Some("enc"), ..PASSWORD },
    SecretOption { programs: &["http", "https"], letter: Some('a'), words: &["--auth"], ..USER },
    SecretOption { programs: &["skopeo"], words: &["--creds", "--src-creds", "--dest-creds"], ..USER },
    SecretOption {
        programs: &["docker", "podman", "nerdctl", "helm", "oras", "az"],
        letter: Some('p'),
        only_with: Some("login"),
        ..PASSWORD
    },
    SecretOption {
        programs: &["mongo", "mongosh", "mongodump", "mongorestore", "twine", "sshpass"],
        letter: Some('p'),
        ..PASSWORD
    },
    SecretOption {
        programs: &["aws"],
        words: &["aws_secret_access_key", "aws_session_token"],
        only_with: Some("configure"),
        ..PASSWORD
    },
    SecretOption { programs: &["vault"], words: &["login"], ..PASSWORD },
    SecretOption {
        programs: &["openssl"],
        words: &["-passin", "-passout", "-pass"],
        prefix: "pass:",
        ..PASSWORD
    },
    SecretOption { programs: &["zip", "unzip"], letter: Some('P'), ..PASSWORD },
    SecretOption { programs: &["redis-cli"], letter: Some('a'), words: &["--pass"], ..PASSWORD },
];

/// The secret in an argument that is the value of an option, which may be the argument before it.
pub(super) fn in_option(
    program: &str,
    options: &[&SecretOption],
    before: &str,
    written: &str,
) -> Option<Secret> {
    let found = options.iter().find_map(|option| Some((option, option.value(before, written)?)));
    let value = match found {
        Some((option, value)) if option.has_user => return of_user(written, value),
        Some((option, value)) if option.is_cookie => return of_cookie(written, value),
        Some((_, value)) => value,
        None => of_mysql(program, written)?,
    };
    is_literal_secret(value).then_some(Secret::new(written.rfind(value)?, value, "password"))
}

/// Here the password stands in the flag's own word, or is asked for.
fn of_mysql<'a>(program: &str, written: &'a str) -> Option<&'a str> {
    let is_client = program.starts_with("mysql") || program.starts_with("mariadb");
    written.strip_prefix("-p").filter(|_| is_client).map(unquoted)
}

impl SecretOption {
    /// Those of a program with these arguments.
    pub(super) fn of(program: &str, arguments: &[&str]) -> Vec<&'static SecretOption> {
        static BY_PROGRAM: LazyLock<HashMap<&str, Vec<&SecretOption>>> = LazyLock::new(|| {
            let mut by_program: HashMap<&str, Vec<&SecretOption>> = HashMap::new();
            for option in &OPTIONS {
                option.programs.iter().for_each(|it| by_program.entry(it).or_default().push(option));
            }
            by_program
        });
        let own = BY_PROGRAM.get(program).into_iter().flatten().copied();
        let has = |word| arguments.iter().any(|argument| unquoted(argument) == word);
        own.filter(|option| option.only_with.is_none_or(has)).collect()
    }

    /// The value that an argument is or holds.
    fn value<'a>(&self, before: &str, written: &'a str) -> Option<&'a str> {
        let before = unquoted(before);
        let is_behind = self.words.contains(&before) || self.letter.is_some_and(|it| ends_with(before, it));
        let value = if is_behind { written } else { self.own_value(written)? };
        unquoted(value).strip_prefix(self.prefix)
    }

    /// The value in the option's own word.
    fn own_value<'a>(&self, written: &'a str) -> Option<&'a str> {
        let of_word = |word: &&str| written.strip_prefix(*word)?.strip_prefix('=');
        let of_letter = |letter: char| written.strip_prefix('-')?.strip_prefix(letter);
        let value = || self.letter.and_then(of_letter).map(|value| value.trim_start_matches('='));
        self.words.iter().find_map(of_word).or_else(value)
    }
}

/// Whether letters of options end with this one, others in front of it that have no value, as in `-sSu` of curl.
fn ends_with(letters: &str, letter: char) -> bool {
    let others = letters.strip_prefix('-').and_then(|letters| letters.strip_suffix(letter));
    others.is_some_and(|others| others.chars().all(|other| "sSfLkivgN46".contains(other)))
}
