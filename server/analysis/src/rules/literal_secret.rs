//! `literal-secret`: a password or token that stands in a command as it is.
//!
//! Must not repeat the secret, and must not report what only names one: a file, a variable, an object of the cluster.

use super::command::{Command, Quoting, range};
use super::declaration::{Check, Rule};
use crate::calls::{Call, Calls};
use crate::diagnostic::{Diagnostic, DiagnosticCode, Severity};
use crate::secret::is_token;
use crate::secret::token::{KNOWN_TOKENS, token_at};

pub(super) const RULE: Rule = Rule {
    name: "literal-secret",
    severity: Severity::Warning,
    needs_facts: false,
    page: include_str!("literal_secret.md"),
    check: Check::Command(check),
};

fn check(command: &Command<'_>, found: &mut Vec<Diagnostic>) {
    let calls = command.calls();
    let written: Vec<&str> = command.words().iter().map(|word| &command.text()[word.range]).collect();
    let program = calls.called.first().map_or("", Call::name);
    let in_words = command.words().iter().enumerate().filter_map(|(at, word)| {
        let secret = in_argument(program, &written, at)?;
        Some(Place { start: usize::from(word.range.start()) + secret.start, is_in_word: true, secret })
    });
    let mut places: Vec<Place> = Vec::new();
    for place in in_words.chain(in_calls(command, calls)) {
        if !places.iter().any(|other| other.overlaps(&place)) {
            found.push(report(command, &place));
            places.push(place);
        }
    }
}

/// The secrets of programs behind wrappers or in a script; the values of variables are no secrets of the file.
fn in_calls(command: &Command<'_>, calls: &Calls) -> Vec<Place> {
    let of_call = |call: &Call| {
        let arguments: Vec<&str> = call.arguments().collect();
        let place = |at| locate(command, arguments[at], in_argument(call.name(), &arguments, at)?);
        (0..arguments.len()).filter_map(place).collect::<Vec<_>>()
    };
    let assigned = calls.assigned.iter().filter_map(|(name, value)| {
        let value = value.as_deref().filter(|value| is_secret_name(name) && is_literal_secret(value))?;
        locate(command, value, Secret::new(0, value, name))
    });
    let mut places: Vec<Place> = calls.called.iter().skip(1).flat_map(of_call).chain(assigned).collect();
    places.sort_by_key(|place| place.start);
    places
}

/// Where the secret of an argument stands in a command, if it stands there in one piece.
fn locate(command: &Command<'_>, argument: &str, secret: Secret) -> Option<Place> {
    let value = argument.get(secret.start..secret.start + secret.length)?;
    let word = command.words().iter().find(|word| unquoted(&command.text()[word.range]) == argument);
    let within = word.map_or(0..command.text().len(), |word| word.range.into());
    let start = within.start + command.text()[within].find(value)?;
    Some(Place { start, is_in_word: word.is_some(), secret })
}

/// Where a secret stands in a command.
struct Place {
    start: usize,
    /// Or in a script.
    is_in_word: bool,
    secret: Secret,
}

impl Place {
    fn overlaps(&self, other: &Place) -> bool {
        self.start < other.start + other.secret.length && other.start < self.start + self.secret.length
    }
}

/// A secret in an argument.
struct Secret {
    start: usize,
    length: usize,
    /// What it is the value of.
    name: String,
    /// The user of a URL, whose password it is.
    user: Option<String>,
}

impl Secret {
    fn new(start: usize, value: &str, name: &str) -> Secret {
        Secret { start, length: value.len(), name: name.to_owned(), user: None }
    }
}

/// A secret in an argument of a program, which may be the value of the one before it.
fn in_argument(program: &str, arguments: &[&str], at: usize) -> Option<Secret> {
    let written = arguments[at];
    let before = at.checked_sub(1).map_or("", |before| arguments[before]);
    let named = match before.strip_prefix("--").filter(|name| is_secret_flag(name)) {
        Some(name) => value_of(written, name, 0),
        None => in_assignment(written)
            .or_else(|| behind_colon(written))
            .or_else(|| in_option(program, arguments, at)),
    };
    named.or_else(|| known_token(written))
}

fn report(command: &Command<'_>, place: &Place) -> Diagnostic {
    let Place { start, is_in_word, secret } = place;
    let whole = range(*start, start + secret.length);
    let what = match &secret.user {
        Some(user) => format!("the password of `{user}`"),
        None => format!("the value of `{}`", secret.name),
    };
    let message = format!("{what} looks like a secret that everybody can read");
    let diagnostic = command
        .finding(DiagnosticCode::LiteralSecret, whole, message)
        .note("the file is checked in, and often part of the image; a variable keeps it out of both");
    let expands = matches!(command.quoting().get(*start), Some(Quoting::Bare | Quoting::Double));
    // In the script of a shell a variable would be that shell's.
    if !expands || !is_in_word || command.is_shell() {
        return diagnostic;
    }
    let variable = variable_for(&secret.name);
    let braced = format!("${{{variable}}}");
    let plain = format!("${variable}");
    let follows = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let shown = if command.text()[usize::from(whole.end())..].starts_with(follows) { braced } else { plain };
    let fixed = command.replaced(whole, &shown);
    diagnostic.fix(command.rewrite(format!("Take it from `${variable}`"), &fixed))
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

/// The value of an option that has no telling name: `curl -u USER:…`, `docker login -p …`, `mysql -p…`.
fn in_option(program: &str, arguments: &[&str], at: usize) -> Option<Secret> {
    let written = arguments[at];
    let has = |words: &[&str]| arguments.iter().any(|argument| words.contains(&unquoted(argument)));
    let behind = |words: &[&str]| {
        let before = at.checked_sub(1).map_or("", |before| arguments[before]);
        words.contains(&unquoted(before)).then(|| unquoted(written))
    };
    let value = match program {
        "curl" => {
            let token = || option_value(arguments, at, '\0', "--oauth2-bearer");
            let user = || option_value(arguments, at, 'u', "--user");
            let proxy_user = || option_value(arguments, at, 'U', "--proxy-user");
            match user().or_else(proxy_user) {
                Some(value) => return of_user(written, value),
                None => token()?,
            }
        }
        "http" | "https" => return of_user(written, option_value(arguments, at, 'a', "--auth")?),
        "skopeo" => return of_user(written, behind(&["--creds", "--src-creds", "--dest-creds"])?),
        "docker" | "podman" | "nerdctl" | "helm" | "oras" | "az" => {
            option_value(arguments, at, 'p', "--password").filter(|_| has(&["login"]))?
        }
        "mongo" | "mongosh" | "mongodump" | "mongorestore" | "twine" => {
            option_value(arguments, at, 'p', "--password")?
        }
        "aws" => behind(&["aws_secret_access_key", "aws_session_token"]).filter(|_| has(&["configure"]))?,
        "vault" => behind(&["login"])?,
        "openssl" => behind(&["-passin", "-passout", "-pass"])?.strip_prefix("pass:")?,
        "zip" | "unzip" => option_value(arguments, at, 'P', "--password")?,
        "sshpass" => option_value(arguments, at, 'p', "--password")?,
        "redis-cli" => option_value(arguments, at, 'a', "--pass")?,
        // Here the password stands in the flag's own word, or is asked for.
        _ if program.starts_with("mysql") || program.starts_with("mariadb") => {
            unquoted(written.strip_prefix("-p")?)
        }
        _ => return None,
    };
    let start = written.rfind(value)?;
    is_literal_secret(value).then(|| Secret::new(start, value, "password"))
}

/// The value of a flag, in its own word or the one behind it; a letter may stand behind others, as in `-sSu`.
fn option_value<'a>(arguments: &[&'a str], at: usize, letter: char, long: &str) -> Option<&'a str> {
    let written = arguments[at];
    let before = at.checked_sub(1).map_or("", |before| arguments[before]);
    let letters = before.strip_prefix('-').and_then(|flags| flags.strip_suffix(letter));
    let is_letter = letters.is_some_and(|others| others.chars().all(|other| "sSfLkivgN46".contains(other)));
    if before == long || is_letter {
        return Some(unquoted(written));
    }
    let short = || written.strip_prefix('-')?.strip_prefix(letter);
    let own = written.strip_prefix(long).or_else(short)?;
    Some(unquoted(own.trim_start_matches('=')))
}

fn unquoted(written: &str) -> &str {
    written.trim_matches(['"', '\''])
}

/// `user:password`
fn of_user(written: &str, value: &str) -> Option<Secret> {
    let (user, password) = value.split_once(':')?;
    let secret = Secret::new(written.rfind(password)?, password, &format!("{user}_password"));
    let is_secret = is_literal_secret(password) && user != password;
    is_secret.then(|| Secret { user: Some(user.to_owned()), ..secret })
}

/// A token of a kind that is known by its beginning.
fn known_token(written: &str) -> Option<Secret> {
    let fit = KNOWN_TOKENS.iter().filter(|token| token.shortest() <= written.len());
    let mut begins = fit.flat_map(|token| written.match_indices(token.prefix));
    begins.find_map(|(start, _)| {
        let token = &written[start..start + token_at(&written[start..])?];
        is_literal_secret(token).then(|| Secret::new(start, token, "token"))
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
            (
                "mysql -psecret123 --password=hunter2",
                "secret123: the value of `password` looks like a secret that everybody can read; hunter2: the value of `password`",
            ),
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
    fn secrets_behind_wrappers_and_in_scripts() {
        for (command, secret) in [
            ("sudo curl -u ann:hunter2 x", "hunter2"),
            ("env A=b timeout 5 curl -sSu ann:hunter2 x", "hunter2"),
            ("/usr/bin/curl -uann:hunter2 x", "hunter2"),
            ("sh -c 'curl -u ann:hunter2 x | jq .'", "hunter2"),
            ("sh -c 'curl -u \"ann:hunter2\" x'", "hunter2"),
            ("sudo -u ann bash -ec \"cd x && curl --user ann:hunter2 x\"", "hunter2"),
            ("sh -c 'curl -H \"Authorization: Bearer abcd1234efgh\" x'", "abcd1234efgh"),
            ("sh -c 'for i in 1 2; do curl -H \"X-Api-Key: abcd1234\" x; done'", "abcd1234"),
            ("sh -c 'true; docker login -u ann -p hunter2 r && docker push x'", "hunter2"),
            ("docker exec db mysql -uroot -phunter2 shop", "hunter2"),
            ("sh -c 'mysql -uroot -phunter2 < a.sql'", "hunter2"),
            ("sh -c 'git clone https://a1b2c3d4e5f6a7b8c9d0@example.org/x'", "a1b2c3d4e5f6a7b8c9d0"),
            ("sh -c 'cd x && DB_PASSWORD=hunter2 rake db'", "hunter2"),
            ("sh -c 'cd x; export API_KEY=\"hunter2\"; rake db'", "hunter2"),
            ("sh -c 'PW=x; mysqladmin --password hunter2 ping'", "hunter2"),
            ("sh -c 'echo $(curl -u ann:hunter2 x)'", "hunter2"),
            ("xargs -n1 curl -u ann:hunter2", "hunter2"),
            ("sshpass -p hunter2 ssh ann@x", "hunter2"),
            ("curl -U ann:hunter2 x", "hunter2"),
            ("curl --proxy-user ann:hunter2 x", "hunter2"),
            ("curl --oauth2-bearer abcd1234 x", "abcd1234"),
            ("curl -H 'X-Auth-Token: abcd1234' x", "abcd1234"),
            ("http -a ann:hunter2 x", "hunter2"),
            ("mongo -u ann -p hunter2 db", "hunter2"),
            ("twine upload -u ann -p hunter2 dist/x", "hunter2"),
            ("aws configure set aws_secret_access_key abcd1234", "abcd1234"),
            ("vault login hvs.abcd1234", "hvs.abcd1234"),
            ("openssl rsa -in k.pem -passin pass:hunter2", "hunter2"),
            ("skopeo copy --dest-creds ann:hunter2 a b", "hunter2"),
            ("zip -P hunter2 x.zip x", "hunter2"),
            ("sh -c 'redis-cli -a hunter2 ping'", "hunter2"),
        ] {
            assert_eq!(found(command).split(':').next(), Some(secret), "{command}");
        }
    }

    #[test]
    fn a_fix_stands_behind_wrappers_and_in_no_script() {
        let fixes = |command: &str| {
            let text = format!("[pre-up]\na = '''{command}'''\n");
            let analysis = Analysis::new(text.as_str(), Options::default());
            let fixes = analysis.diagnostics.iter().flat_map(|it| &it.fixes);
            let wanted = fixes.filter(|fix| fix.title.starts_with("Take it from"));
            wanted.map(|fix| crate::edit::apply(&text, &fix.edits)).collect::<String>()
        };
        let fixed = "[pre-up]\na = 'sudo curl -u \"ann:$ANN_PASSWORD\" x'\n";
        assert_eq!(fixes("sudo curl -u \"ann:hunter2\" x"), fixed);
        assert_eq!(fixes("sudo sh -c \"curl -u ann:hunter2 x\""), "");
    }

    #[test]
    fn scripts_without_secrets() {
        for command in [
            "sh -c 'curl -u \"ann:$PASSWORD\" x'",
            "sh -c 'curl -u ann:${PASSWORD} x'",
            "sh -c 'curl -u ann:$(cat secret) x'",
            "sh -c 'curl -u ann:`cat secret` x'",
            "sh -c 'curl -u \"ann:pre-$(cat secret)-fix\" x'",
            "sh -c 'curl -u ann x'",
            "sh -c 'curl -u ann: x'",
            "sh -c 'curl -u ann:<password> x'",
            "sh -c 'curl -u ann:changeme x'",
            "sh -c 'curl -H \"Authorization: Bearer $TOKEN\" x'",
            "sh -c 'curl -H \"Authorization: Bearer $(cat token)\" x'",
            "sh -c 'curl -H \"Authorization: Bearer <your-token>\" x'",
            "sh -c 'TOKEN=$(cat token) make'",
            "sh -c 'TOKEN=\"$1\"; make $TOKEN' x",
            "sh -c 'docker login -u ann --password-stdin r < file'",
            "sh -c 'mysql -p shop'",
            "sh -c 'mysql -p\"$PW\" shop'",
            "sh -c 'docker run -p 8080:8080 login-service'",
            "sudo curl -u $USER:$PASSWORD x",
            "sudo -u ann:hunter2 true",
            "env TOKEN=$TOKEN make",
            "sh -c 'mkdir -p hunter2 && cp -p hunter2 x'",
            "curl -U ann x -x proxy",
            "mongo -p $PASSWORD db",
            "aws configure set region abcd1234",
            "vault login -method=userpass",
            "openssl rsa -in k.pem -passin file:hunter2 -passout env:HUNTER",
            "skopeo copy --dest-creds ann:$PASSWORD a b",
        ] {
            assert_eq!(found(command), "", "{command}");
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
