//! `literal-secret`: a password or token that stands in a command as it is.
//!
//! Must not repeat the secret, and must not report what only names one: a file, a variable, an object of the cluster.

use super::declaration::{Check, Rule};
use text_size::TextRange;

use super::command::{Command, Quoting, range};
use crate::command::Word;
use crate::diagnostic::{Diagnostic, DiagnosticCode, Severity};

pub(super) const RULE: Rule = Rule {
    name: "literal-secret",
    severity: Severity::Warning,
    needs_facts: false,
    page: include_str!("literal_secret.md"),
    check: Check::Command(check),
};

fn check(command: &Command<'_>, found: &mut Vec<Diagnostic>) {
    let mut flag: Option<&str> = None;
    for word in command.words() {
        let written = &command.text()[word.range];
        let secret = match flag.take() {
            Some(name) => value_of(command, word, name, 0),
            None => in_assignment(command, word, written).or_else(|| in_url(word, written)),
        };
        if let Some(secret) = secret {
            found.push(report(command, &secret));
            return;
        }
        flag = written.strip_prefix("--").filter(|name| is_secret_flag(name));
    }
}

/// A secret in a command.
struct Secret {
    range: TextRange,
    /// What it is the value of.
    name: String,
    /// The user of a URL, whose password it is.
    user: Option<String>,
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
    let (user, password) = user_info.split_once(':')?;
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
