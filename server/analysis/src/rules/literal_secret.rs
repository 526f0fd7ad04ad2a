//! `literal-secret`: a password or token that stands in a command as it is.
//!
//! Must not repeat the secret, and must not report what only names one: a file, a variable, an object of the cluster.

use super::declaration::{Check, Rule};
use text_size::TextRange;

use super::command::{Command, Quoting, range};
use crate::command::Word;
use crate::diagnostic::{Diagnostic, DiagnosticCode, Severity};
use crate::secret::token::{KNOWN_TOKENS, token_at};

pub(super) const RULE: Rule = Rule {
    name: "literal-secret",
    severity: Severity::Warning,
    needs_facts: false,
    page: include_str!("literal_secret.md"),
    check: Check::Command(check),
};

fn check(command: &Command<'_>, found: &mut Vec<Diagnostic>) {
    let mut before = "";
    for word in command.words() {
        if let Some(secret) = in_word(command, word, before) {
            found.push(report(command, &secret));
            return;
        }
        before = &command.text()[word.range];
    }
}

/// A secret in a word, which may be the value of what is written before it.
fn in_word(command: &Command<'_>, word: &Word, before: &str) -> Option<Secret> {
    let written = &command.text()[word.range];
    let named = match before.strip_prefix("--").filter(|name| is_secret_flag(name)) {
        Some(name) => value_of(command, word, name, 0),
        None => in_assignment(command, word, written)
            .or_else(|| in_url(word, written))
            .or_else(|| in_header(word, written))
            .or_else(|| in_option(command, word, before)),
    };
    named.or_else(|| known_token(word, written))
}

/// A secret in a command.
struct Secret {
    range: TextRange,
    /// What it is the value of.
    name: String,
    /// The user of a URL, whose password it is.
    user: Option<String>,
}

impl Secret {
    /// A value so many bytes into a word.
    fn at(word: &Word, skipped: usize, value: &str, name: &str) -> Secret {
        let start = usize::from(word.range.start()) + skipped;
        Secret { range: range(start, start + value.len()), name: name.to_owned(), user: None }
    }
}

fn report(command: &Command<'_>, secret: &Secret) -> Diagnostic {
    let what = match &secret.user {
        Some(user) => format!("the password of `{user}`"),
        None => format!("the value of `{}`", secret.name),
    };
    let message = format!("{what} looks like a secret that everybody can read");
    let diagnostic = command
        .finding(DiagnosticCode::LiteralSecret, secret.range, message)
        .note("the file is checked in, and often part of the image; a variable keeps it out of both");
    let start = usize::from(secret.range.start());
    let expands = matches!(command.quoting().get(start), Some(Quoting::Bare | Quoting::Double));
    // In the script of a shell a variable would be that shell's.
    if !expands || command.is_shell() {
        return diagnostic;
    }
    let variable = variable_for(&secret.name);
    let braced = format!("${{{variable}}}");
    let plain = format!("${variable}");
    let follows = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let shown =
        if command.text()[usize::from(secret.range.end())..].starts_with(follows) { braced } else { plain };
    let fixed = command.replaced(secret.range, &shown);
    diagnostic.fix(command.rewrite(format!("Take it from `${variable}`"), &fixed, false))
}

/// `NAME=value`, also behind the dashes of a flag and the path of a `--set`.
fn in_assignment(command: &Command<'_>, word: &Word, written: &str) -> Option<Secret> {
    let equals = written.find('=')?;
    let key = written[..equals].trim_start_matches(['-', '"', '\'']);
    // `--from-literal=password=…`: the last name counts.
    if let Some(next) = written[equals + 1..].find('=') {
        let inner = written[equals + 1..equals + 1 + next].trim_start_matches(['"', '\'']);
        if is_secret_name(inner) {
            return value_of(command, word, inner, equals + next + 2);
        }
    }
    is_secret_name(key).then(|| value_of(command, word, key, equals + 1))?
}

/// The value that begins so many bytes into a word.
fn value_of(command: &Command<'_>, word: &Word, name: &str, skipped: usize) -> Option<Secret> {
    let (start, end) = (usize::from(word.range.start()) + skipped, usize::from(word.range.end()));
    let value = command.text().get(start..end)?;
    let inner = value.trim_start_matches(['"', '\'']);
    let inner = inner.split(['"', '\'', ' ', '&', ',', ';']).next().unwrap_or_default();
    let start = start + (value.len() - value.trim_start_matches(['"', '\'']).len());
    is_literal_secret(inner).then(|| Secret {
        range: range(start, start + inner.len()),
        name: name.to_owned(),
        user: None,
    })
}

/// `scheme://user:password@host`
fn in_url(word: &Word, written: &str) -> Option<Secret> {
    let authority = written.find("://")? + 3;
    let rest = &written[authority..];
    let rest = &rest[..rest.find('/').unwrap_or(rest.len())];
    let (user_info, _) = rest.rsplit_once('@')?;
    let Some((user, password)) = user_info.split_once(':') else {
        return is_token(user_info).then(|| Secret::at(word, authority, user_info, "token"));
    };
    let start = usize::from(word.range.start()) + authority + user.len() + 1;
    let place = range(start, start + password.len());
    let name = if user.is_empty() { "password".to_owned() } else { format!("{user}_password") };
    let user = Some(user.to_owned());
    // `user:user` and `postgres:postgres` are what everybody has in development.
    (is_literal_secret(password) && Some(password) != user.as_deref()).then_some(Secret {
        range: place,
        name,
        user,
    })
}

/// Headers whose values are secrets, and what these are called.
const HEADERS: [(&str, &str); 2] = [("authorization:", "authorization"), ("x-api-key:", "api_key")];

/// `Authorization: Bearer …`
fn in_header(word: &Word, written: &str) -> Option<Secret> {
    let lower = written.to_ascii_lowercase();
    let (header, name) = HEADERS.iter().find(|(header, _)| lower.contains(header))?;
    let behind = &written[lower.find(header)? + header.len()..];
    let value = behind.trim_start().split(['"', '\'', ',']).next().unwrap_or_default().trim_end();
    // In front of it stands how it is meant: `Basic`, `Bearer`, `token`.
    let value = value.rsplit_once(' ').map_or(value, |(_, value)| value);
    let skipped = written.len() - behind.len() + behind.find(value)?;
    let is_secret = value.len() >= 8 && is_literal_secret(&value.replace('/', ""));
    is_secret.then(|| Secret::at(word, skipped, value, name))
}

/// The value of an option that has no telling name: `curl -u USER:…`, `docker login -p …`, `mysql -p…`.
fn in_option(command: &Command<'_>, word: &Word, before: &str) -> Option<Secret> {
    let name = command.name()?;
    let written = &command.text()[word.range];
    let value = match name {
        "curl" => return of_user(word, written, option_value(written, before, &["-u", "--user"])?),
        "docker" | "podman" | "nerdctl" | "helm" | "oras" => {
            let logs_in = command.words().iter().any(|word| word.literal() == Some("login"));
            option_value(written, before, &["-p"]).filter(|_| logs_in)?
        }
        // Here the password stands in the flag's own word, or is asked for.
        _ if name.starts_with("mysql") || name.starts_with("mariadb") => {
            unquoted(written.strip_prefix("-p")?)
        }
        _ => return None,
    };
    let start = written.rfind(value)?;
    is_literal_secret(value).then(|| Secret::at(word, start, value, "password"))
}

/// The value of one of these flags, in its own word or the one behind it.
fn option_value<'a>(written: &'a str, before: &str, flags: &[&str]) -> Option<&'a str> {
    let own = || flags.iter().find_map(|flag| written.strip_prefix(flag));
    let value = if flags.contains(&before) { written } else { own()?.trim_start_matches('=') };
    Some(unquoted(value))
}

fn unquoted(written: &str) -> &str {
    written.trim_matches(['"', '\''])
}

/// `user:password`
fn of_user(word: &Word, written: &str, value: &str) -> Option<Secret> {
    let (user, password) = value.split_once(':')?;
    let secret = Secret::at(word, written.rfind(password)?, password, &format!("{user}_password"));
    let is_secret = is_literal_secret(password) && user != password;
    is_secret.then(|| Secret { user: Some(user.to_owned()), ..secret })
}

/// A token of a kind that is known by its beginning.
fn known_token(word: &Word, written: &str) -> Option<Secret> {
    let fit = KNOWN_TOKENS.iter().filter(|token| token.shortest() <= written.len());
    let mut begins = fit.flat_map(|token| written.match_indices(token.prefix));
    begins.find_map(|(start, _)| {
        let token = &written[start..start + token_at(&written[start..])?];
        is_literal_secret(token).then(|| Secret::at(word, start, token, "token"))
    })
}

/// Whether the user of a URL is a token: people and machines have shorter names.
fn is_token(user: &str) -> bool {
    let has = |wanted: fn(&u8) -> bool| user.as_bytes().iter().any(wanted);
    let is_mixed = has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic);
    (user.len() >= 20 && is_mixed || token_at(user).is_some()) && is_literal_secret(user)
}

fn is_secret_flag(name: &str) -> bool {
    [
        "password",
        "passwd",
        "passphrase",
        "token",
        "api-key",
        "apikey",
        "secret-key",
        "client-secret",
        "access-key",
    ]
    .iter()
    .any(|word| name.strip_suffix(word).is_some_and(|before| before.is_empty() || before.ends_with('-')))
}

/// Whether a name is that of a secret itself, not of where one is kept.
fn is_secret_name(name: &str) -> bool {
    let last = name.rsplit(['.', '[', ',']).next().unwrap_or(name);
    if last.is_empty() || last.len() > 64 {
        return false;
    }
    let lower = last.to_ascii_lowercase().replace('-', "_");
    let whole =
        ["password", "passwd", "passphrase", "api_key", "apikey", "secret_key", "private_key", "access_key"];
    // `tokens`, `existingSecret` and `imagePullSecret` name other things, so these two count as words of their own.
    let apart = ["token", "secret"];
    let ends_apart = |word: &str| {
        lower.strip_suffix(word).is_some_and(|before| before.is_empty() || before.ends_with('_'))
    };
    let behind = ["_pass", "_pwd"];
    let camel = ["authToken", "accessToken", "apiToken", "clientSecret", "secretKey", "apiKey", "accessKey"];
    !matches!(lower.as_str(), "secret" | "existing_secret" | "pull_secret")
        && (whole.iter().any(|word| lower.ends_with(word))
            || apart.iter().any(|word| ends_apart(word))
            || behind.iter().any(|word| lower.ends_with(word))
            || camel.iter().any(|word| last.ends_with(word)))
}

/// Whether a value may be a secret: no variable, no path, no switch, nothing that stands for one.
fn is_literal_secret(value: &str) -> bool {
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

/// The variable that a secret of this name would be in.
fn variable_for(name: &str) -> String {
    let last = name.rsplit(['.', '[', ',']).next().unwrap_or(name);
    let mut variable = String::new();
    for character in last.chars() {
        if character.is_ascii_uppercase() && variable.ends_with(|c: char| c.is_ascii_lowercase()) {
            variable.push('_');
        }
        variable.push(if character.is_ascii_alphanumeric() { character } else { '_' });
    }
    let variable = variable.to_ascii_uppercase();
    if variable.starts_with(|first: char| first.is_ascii_digit()) { format!("_{variable}") } else { variable }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::rules::testing;
    use crate::{Analysis, Options};

    #[test]
    fn a_variable_takes_its_place() {
        let text = r#"[pre-up]
a = "helm upgrade --install db charts/db --set auth.rootPassword=hunter2 --wait"
b = "mysql --user root --password s3cr3tpw"
c = "env DB_PASSWORD=hunter2 rake"
d = "psql postgres://ann:hunter2@db/shop"
e = "kubectl create secret generic x --from-literal=api-key=abcd1234"
f = "curl --data 'token=abcd1234' http://x"
g = "sh -c 'TOKEN=abcd1234 make'"
h = "env TOKEN=\"abcd1234\" make"
"#;
        testing::check(
            DiagnosticCode::LiteralSecret,
            text,
            expect![[r#"
                warning "hunter2": the value of `auth.rootPassword` looks like a secret that everybody can read: the file is checked in, and often part of the image; a variable keeps it out of both
                  fix: Take it from `$ROOT_PASSWORD`
                    [pre-up]
                    a = "helm upgrade --install db charts/db --set auth.rootPassword=$ROOT_PASSWORD --wait"
                    b = "mysql --user root --password s3cr3tpw"
                    c = "env DB_PASSWORD=hunter2 rake"
                    d = "psql postgres://ann:hunter2@db/shop"
                    e = "kubectl create secret generic x --from-literal=api-key=abcd1234"
                    f = "curl --data 'token=abcd1234' http://x"
                    g = "sh -c 'TOKEN=abcd1234 make'"
                    h = "env TOKEN=\"abcd1234\" make"
                warning "s3cr3tpw": the value of `password` looks like a secret that everybody can read: the file is checked in, and often part of the image; a variable keeps it out of both
                  fix: Take it from `$PASSWORD`
                    [pre-up]
                    a = "helm upgrade --install db charts/db --set auth.rootPassword=hunter2 --wait"
                    b = "mysql --user root --password $PASSWORD"
                    c = "env DB_PASSWORD=hunter2 rake"
                    d = "psql postgres://ann:hunter2@db/shop"
                    e = "kubectl create secret generic x --from-literal=api-key=abcd1234"
                    f = "curl --data 'token=abcd1234' http://x"
                    g = "sh -c 'TOKEN=abcd1234 make'"
                    h = "env TOKEN=\"abcd1234\" make"
                warning "hunter2": the value of `DB_PASSWORD` looks like a secret that everybody can read: the file is checked in, and often part of the image; a variable keeps it out of both
                  fix: Take it from `$DB_PASSWORD`
                    [pre-up]
                    a = "helm upgrade --install db charts/db --set auth.rootPassword=hunter2 --wait"
                    b = "mysql --user root --password s3cr3tpw"
                    c = "env DB_PASSWORD=$DB_PASSWORD rake"
                    d = "psql postgres://ann:hunter2@db/shop"
                    e = "kubectl create secret generic x --from-literal=api-key=abcd1234"
                    f = "curl --data 'token=abcd1234' http://x"
                    g = "sh -c 'TOKEN=abcd1234 make'"
                    h = "env TOKEN=\"abcd1234\" make"
                warning "hunter2": the password of `ann` looks like a secret that everybody can read: the file is checked in, and often part of the image; a variable keeps it out of both
                  fix: Take it from `$ANN_PASSWORD`
                    [pre-up]
                    a = "helm upgrade --install db charts/db --set auth.rootPassword=hunter2 --wait"
                    b = "mysql --user root --password s3cr3tpw"
                    c = "env DB_PASSWORD=hunter2 rake"
                    d = "psql postgres://ann:$ANN_PASSWORD@db/shop"
                    e = "kubectl create secret generic x --from-literal=api-key=abcd1234"
                    f = "curl --data 'token=abcd1234' http://x"
                    g = "sh -c 'TOKEN=abcd1234 make'"
                    h = "env TOKEN=\"abcd1234\" make"
                warning "abcd1234": the value of `api-key` looks like a secret that everybody can read: the file is checked in, and often part of the image; a variable keeps it out of both
                  fix: Take it from `$API_KEY`
                    [pre-up]
                    a = "helm upgrade --install db charts/db --set auth.rootPassword=hunter2 --wait"
                    b = "mysql --user root --password s3cr3tpw"
                    c = "env DB_PASSWORD=hunter2 rake"
                    d = "psql postgres://ann:hunter2@db/shop"
                    e = "kubectl create secret generic x --from-literal=api-key=$API_KEY"
                    f = "curl --data 'token=abcd1234' http://x"
                    g = "sh -c 'TOKEN=abcd1234 make'"
                    h = "env TOKEN=\"abcd1234\" make"
                warning "abcd1234": the value of `token` looks like a secret that everybody can read: the file is checked in, and often part of the image; a variable keeps it out of both
                warning "abcd1234": the value of `TOKEN` looks like a secret that everybody can read: the file is checked in, and often part of the image; a variable keeps it out of both
                warning "abcd1234": the value of `TOKEN` looks like a secret that everybody can read: the file is checked in, and often part of the image; a variable keeps it out of both
                  fix: Take it from `$TOKEN`
                    [pre-up]
                    a = "helm upgrade --install db charts/db --set auth.rootPassword=hunter2 --wait"
                    b = "mysql --user root --password s3cr3tpw"
                    c = "env DB_PASSWORD=hunter2 rake"
                    d = "psql postgres://ann:hunter2@db/shop"
                    e = "kubectl create secret generic x --from-literal=api-key=abcd1234"
                    f = "curl --data 'token=abcd1234' http://x"
                    g = "sh -c 'TOKEN=abcd1234 make'"
                    h = 'env TOKEN="$TOKEN" make'
            "#]],
        );
    }

    /// What is found in a command, behind the part of it.
    fn found(command: &str) -> String {
        let text = format!("[pre-up]\na = '''{command}'''\n");
        let analysis = Analysis::new(text.as_str(), Options::default());
        let found = analysis.diagnostics.iter().filter(|it| it.code == DiagnosticCode::LiteralSecret);
        found.map(|it| format!("{}: {}", &text[it.range], it.message)).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn secrets_without_a_telling_name() {
        let github = format!("ghp_{}", "a1B2".repeat(9));
        let written = [
            ("curl -u ann:hunter2 http://x", "hunter2: the password of `ann`"),
            ("curl --user=ann:hunter2 http://x", "hunter2: the password of `ann`"),
            (
                "curl -H 'Authorization: Bearer abcd1234/efgh=' x",
                "abcd1234/efgh=: the value of `authorization`",
            ),
            ("curl --header \"x-api-key: abcd1234\" x", "abcd1234: the value of `api_key`"),
            ("http x Authorization:abcd1234", "abcd1234: the value of `authorization`"),
            ("docker login -u ann -p hunter2 registry", "hunter2: the value of `password`"),
            ("mysql -uroot -phunter2 shop", "hunter2: the value of `password`"),
            ("mysqldump -p\"hunter2\" shop", "hunter2: the value of `password`"),
            (
                "git clone https://a1b2c3d4e5f6a7b8c9d0@example.org/x",
                "a1b2c3d4e5f6a7b8c9d0: the value of `token`",
            ),
            ("sh -c 'echo sk_live_a1b2c3d4e5f6a7b8 | x'", "sk_live_a1b2c3d4e5f6a7b8: the value of `token`"),
            (&format!("gh auth login {github}"), &format!("{github}: the value of `token`")),
            (&format!("git clone https://{github}@github.com/x"), &format!("{github}: the value of `token`")),
        ];
        for (command, expected) in written {
            let expected = format!("{expected} looks like a secret that everybody can read");
            assert_eq!(found(command), expected, "{command}");
        }
    }

    #[test]
    fn options_that_are_no_secrets() {
        for command in [
            "curl -u ann http://x",
            "curl -u $USER:$PASSWORD http://x",
            "curl -u ann:ann http://x",
            "curl -H \"Authorization: Bearer $TOKEN\" x",
            "curl -H \"Authorization: $AUTH\" -H \"Accept: abcd1234\" x",
            "docker run -p 8080:80 web",
            "docker login -u ann --password-stdin",
            "mysql -p shop",
            "mysql -p$PASSWORD shop",
            "git clone https://ann@example.org/x ssh://git@example.org/x",
            "echo ghp_short npm_config_registry AKIA",
            "tar -pxf hunter2",
        ] {
            assert_eq!(found(command), "", "{command}");
        }
    }

    #[test]
    fn what_only_names_a_secret_is_left_alone() {
        let text = r#"[pre-up]
a = "helm upgrade --install db charts/db --set auth.existingSecret=mysql --set auth.enabled=false"
b = "mysql --password $PASSWORD --password-file /run/x"
c = "env DB_PASSWORD_FILE=/run/secrets/db DB_PASSWORD=$PW TOKEN=true KEY=name rake"
d = "psql postgres://ann@db/shop postgres://postgres:postgres@db http://localhost:8080/a@b"
e = "kubectl create secret generic x --from-literal \"user=$USER\""
f = "docker login --password-stdin --token-ttl 3600"
g = "helm install x charts/x --set image.pullSecret=registry --set password=changeme,tokens=many"
h = "git clone https://oauth2:${TOKEN}@example.com/x.git"
i = "echo pass=fail --keyboard layout"
"#;
        testing::check(DiagnosticCode::LiteralSecret, text, expect![""]);
    }
}
