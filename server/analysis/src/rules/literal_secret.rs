//! `literal-secret`: a password or token that stands in a command as it is.
//!
//! Must not repeat the secret, and must not report what only names one: a file, a variable, an object of the cluster.

mod argument;
mod located;
mod name;
mod option;
mod outside;
mod value;

use std::collections::BTreeMap;

use argument::Invocation;
use located::{given, in_calls};
pub(crate) use outside::literal_secrets_outside;
use value::Secret;

use super::command::{Command, Quoting, range};
use super::declaration::{Check, Rule};
use crate::calls::{Call, Calls};
use crate::command::is_of_name;
use crate::diagnostic::{Diagnostic, DiagnosticCode, Severity};

pub(super) const RULE: Rule = Rule {
    name: "literal-secret",
    severity: Severity::Warning,
    needs_facts: false,
    page: include_str!("literal_secret.md"),
    check: Check::Command(check),
};

fn check(command: &Command<'_>, found: &mut Vec<Diagnostic>) {
    let calls = command.calls();
    let written = command.words().iter().map(|word| &command.text()[word.range]).collect();
    let whole = Invocation::new(calls.called.first().map_or("", Call::name), written);
    let in_words = command.words().iter().enumerate().flat_map(|(at, word)| {
        let start = usize::from(word.range.start());
        let place = move |secret: Secret| Place { start: start + secret.start, is_in_word: true, secret };
        whole.secrets(at).into_iter().map(place)
    });
    // Where those begin and end that are reported, of which none overlap.
    let mut reported: BTreeMap<usize, usize> = BTreeMap::new();
    for place in in_words.chain(in_calls(command, calls)) {
        let end = place.start + place.secret.length;
        if reported.range(..end).next_back().is_none_or(|(_, before)| *before <= place.start) {
            reported.insert(place.start, end);
            found.push(report(command, &place));
        }
    }
    found.extend(in_name(command));
}

/// The secrets in the name of the task.
fn in_name<'a>(command: &'a Command<'_>) -> impl Iterator<Item = Diagnostic> + 'a {
    let whole = command.task.name.range;
    argument::in_text(&command.parsed.text[whole]).into_iter().map(move |secret| {
        let start = usize::from(whole.start()) + secret.start;
        let message = "the name of a task has something in it that looks like a secret";
        Diagnostic::new(DiagnosticCode::LiteralSecret, range(start, start + secret.length), message)
            .note("take it out: by its name a task is listed, chosen, shown and recorded, so it is not masked there")
    })
}

/// What `literal-secret` would find in a command of which the arguments are given as its program gets them.
pub fn literal_secrets_in(argv: &[String]) -> Vec<String> {
    let calls = Calls::of(argv.iter().cloned(), &|name| Some(format!("${name}")));
    let words: Vec<&str> = argv.iter().map(String::as_str).collect();
    let whole = Invocation::new(calls.called.first().map_or("", Call::name), words);
    let in_words = argv.iter().enumerate().flat_map(|(at, word)| {
        let text = |secret: Secret| word[secret.start..secret.start + secret.length].to_owned();
        whole.secrets(at).into_iter().map(text)
    });
    in_words.chain(given(&calls).map(|given| given.value().to_owned())).collect()
}

/// Where a secret stands in a command.
struct Place {
    start: usize,
    /// Or in a script.
    is_in_word: bool,
    secret: Secret,
}

fn report(command: &Command<'_>, place: &Place) -> Diagnostic {
    let Place { start, is_in_word, secret } = place;
    let whole = range(*start, start + secret.length);
    let what = match &secret.user {
        Some(user) => format!("the password of `{user}`"),
        None => format!("the value of `{}`", secret.name),
    };
    let message = format!("{what} looks like a secret");
    let diagnostic = command
        .finding(DiagnosticCode::LiteralSecret, whole, message)
        .note("take it from a variable; everybody can read this file, which is checked in and often part of the image");
    let expands = matches!(command.quoting().get(*start), Some(Quoting::Bare | Quoting::Double));
    // In the script of a shell a variable would be that shell's.
    if !expands || !is_in_word || command.is_shell() {
        return diagnostic;
    }
    let variable = variable_for(&secret.name);
    let braced = format!("${{{variable}}}");
    let plain = format!("${variable}");
    let shown =
        if command.text()[usize::from(whole.end())..].starts_with(is_of_name) { braced } else { plain };
    let fixed = command.replaced(whole, &shown);
    diagnostic.fix(command.rewrite(format!("Take it from `${variable}`"), &fixed))
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
    fn arguments_that_are_given_have_the_secrets_of_the_same_command_in_a_file() {
        let of = |argv: &[&str]| {
            let mut found =
                literal_secrets_in(&argv.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
            found.dedup();
            found
        };
        assert_eq!(of(&["echo", "uninstall", "--password", "Sup3rSecretValue9"]), ["Sup3rSecretValue9"]);
        assert_eq!(of(&["sh", "-c", "TOKEN=abcd1234 make"]), ["abcd1234"]);
        assert_eq!(of(&["helm", "uninstall", "web", "--password", "$PASSWORD"]), [""; 0]);
    }

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
                warning "hunter2": the value of `auth.rootPassword` looks like a secret: take it from a variable; everybody can read this file, which is checked in and often part of the image
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
                warning "s3cr3tpw": the value of `password` looks like a secret: take it from a variable; everybody can read this file, which is checked in and often part of the image
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
                warning "hunter2": the value of `DB_PASSWORD` looks like a secret: take it from a variable; everybody can read this file, which is checked in and often part of the image
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
                warning "hunter2": the password of `ann` looks like a secret: take it from a variable; everybody can read this file, which is checked in and often part of the image
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
                warning "abcd1234": the value of `api-key` looks like a secret: take it from a variable; everybody can read this file, which is checked in and often part of the image
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
                warning "abcd1234": the value of `token` looks like a secret: take it from a variable; everybody can read this file, which is checked in and often part of the image
                warning "abcd1234": the value of `TOKEN` looks like a secret: take it from a variable; everybody can read this file, which is checked in and often part of the image
                warning "abcd1234": the value of `TOKEN` looks like a secret: take it from a variable; everybody can read this file, which is checked in and often part of the image
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
            ("curl -H 'PRIVATE-TOKEN: s3cr3tpw99Zq' x", "s3cr3tpw99Zq: the value of `private_token`"),
            (
                "curl -d '{\"a\":\"b\",\"password\": \"s3cr3tpw99Zq\"}' x",
                "s3cr3tpw99Zq: the value of `password`",
            ),
            ("curl --header \"x-api-key: abcd1234\" x", "abcd1234: the value of `api_key`"),
            ("http x Authorization:abcd1234", "abcd1234: the value of `authorization`"),
            ("docker login -u ann -p hunter2 registry", "hunter2: the value of `password`"),
            ("mysql -uroot -phunter2 shop", "hunter2: the value of `password`"),
            (
                "mysql -psecret123 --password=hunter2",
                "secret123: the value of `password` looks like a secret; hunter2: the value of `password`",
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
            let expected = format!("{expected} looks like a secret");
            assert_eq!(found(command), expected, "{command}");
        }
    }

    #[test]
    fn a_secret_in_the_name_of_a_task_is_one() {
        let token = format!("ghp_{}", "a1B2".repeat(9));
        let found = |name: &str| {
            let text = format!("[pre-up]\n{name} = 'make deploy'\n");
            let found = Analysis::new(text.as_str(), Options::default());
            let secrets = found.literal_secrets().map(|range| text[range].to_owned());
            (secrets.collect::<Vec<_>>().join(" "), found.diagnostics.len())
        };
        for (name, secret) in [
            (format!("\"push with {token}\""), token.as_str()),
            (token.clone(), &token),
            (format!("'clone https://{token}@github.com/x'"), &token),
            ("\"migrate postgres://ann:hunter2@db/shop\"".to_owned(), "hunter2"),
            ("'login password=hunter2'".to_owned(), "hunter2"),
            ("'login token=abcd1234'".to_owned(), "abcd1234"),
        ] {
            assert_eq!(found(&name), (secret.to_owned(), 1), "{name}");
        }
        for name in [
            "\"reset the password\"",
            "'token: rotate'",
            "'set password=$PASSWORD'",
            "'https://a@b/x'",
            "ghp_short",
        ] {
            assert_eq!(found(name), (String::new(), 0), "{name}");
        }
        let analysis = Analysis::new(format!("[pre-up]\n{token} = 'true'\n"), Options::default());
        assert!(!analysis.diagnostics[0].full_message().contains(&token));
    }

    #[test]
    fn all_secrets_of_an_argument_are_found_and_none_is_in_a_message() {
        let is = |rest: &str| format!("{rest} looks like a secret");
        let url = "https://ann:hunter22@example.com/?api_key=abcd1234&x=1#token=efgh5678";
        let expected = [
            is("abcd1234: the value of `api_key`"),
            is("efgh5678: the value of `token`"),
            is("hunter22: the password of `ann`"),
        ];
        let sorted = |command: &str| {
            let mut all: Vec<String> = found(command).split("; ").map(str::to_owned).collect();
            all.sort();
            all
        };
        assert_eq!(sorted(&format!("curl {url}")), expected);
        assert_eq!(sorted(&format!("sh -c \"curl '{url}'\"")), expected);
        assert_eq!(sorted(&format!("curl --url={url}")), expected);
        for (command, secrets) in [
            ("helm install --set a=b,auth.password=hunter2,c=d,token=abcd1234", ["abcd1234", "hunter2"]),
            ("curl -d 'user=ann&password=hunter2&token=abcd1234' x", ["abcd1234", "hunter2"]),
            ("x amqp://a:hunter21@h1:5672,amqp://b:hunter22@h2", ["hunter21", "hunter22"]),
            ("curl -H 'Authorization: Bearer abcd1234' https://ann:pa/ss12@x", ["abcd1234", "pa/ss12"]),
        ] {
            let all = sorted(command);
            let found: Vec<&str> = all.iter().map(|it| it.split(':').next().unwrap_or_default()).collect();
            assert_eq!(found, secrets, "{command}");
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
            ("skopeo copy --dest-creds=ann:hunter2 a b", "hunter2"),
            ("zip -P hunter2 x.zip x", "hunter2"),
            ("sh -c 'redis-cli -a hunter2 ping'", "hunter2"),
            ("sh -c 'mysql -h ${DB_PASSWORD:-zq7Kdefault-9x}'", "zq7Kdefault-9x"),
            ("sh -c ': ${API_TOKEN:=\"zq7Kdefault-9x\"}'", "zq7Kdefault-9x"),
            ("sh -c 'echo zq7Kdefault-9x | docker login -u ann --password-stdin'", "zq7Kdefault-9x"),
            ("sh -c 'echo \"zq7K9x\" | helm registry login -u ann --password-stdin r'", "zq7K9x"),
            ("npm config set //r.example.com/:_authToken zq7Kdefault-9x", "zq7Kdefault-9x"),
            ("http :1 Authorization:'Bearer zq7Kdefault-9x'", "zq7Kdefault-9x"),
            ("curl -b 'theme=dark-blue1; session=zq7Kdefault-9x' x", "zq7Kdefault-9x"),
            ("curl --cookie sid=zq7Kdefault-9x x", "zq7Kdefault-9x"),
            ("openssl enc -aes-256-cbc -k zq7Kdefault-9x", "zq7Kdefault-9x"),
            ("echo \"token: zq7Kdefault-9x\"", "zq7Kdefault-9x"),
            ("env pw=zq7Kdefault-9x x", "zq7Kdefault-9x"),
            ("env ROOTPW=zq7Kdefault-9x x", "zq7Kdefault-9x"),
            ("env PGPASS=zq7Kdefault-9x x", "zq7Kdefault-9x"),
            ("env AWS_CREDS=zq7Kdefault-9x x", "zq7Kdefault-9x"),
            ("x --pw=zq7Kdefault-9x", "zq7Kdefault-9x"),
            ("x --pw zq7Kdefault-9x", "zq7Kdefault-9x"),
            ("kubectl create secret generic s --from-literal=pw=zq7Kdefault-9x", "zq7Kdefault-9x"),
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
            "sh -c 'echo ${DB_PASSWORD:-} ${API_TOKEN:?missing-1} ${PORT:-8080-abc} ${TOKEN:-$OTHER}'",
            "sh -c 'echo $PASSWORD | docker login -u ann --password-stdin'",
            "sh -c 'echo hunter22 | grep hunter'",
            "npm config set registry abcd1234",
            "curl -b cookies.txt -b theme=abcd12345 -b session=$SESSION x",
            "openssl rsa -k abcd1234",
            "echo 'the token: rotated, the password: see-above'",
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
j = "env GIT_ASKPASS=askpass.sh SSH_BYPASS=always compass=north creds=file-name x --bypass proxies"
"#;
        testing::check(DiagnosticCode::LiteralSecret, text, expect![""]);
    }
}
