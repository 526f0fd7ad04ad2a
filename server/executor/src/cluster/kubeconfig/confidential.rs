//! What nobody may see of a kubeconfig: by what clusters know its users, whoever of them is meant.
//!
//! Must not run a credential plugin or contact anything.

use std::ffi::OsString;

use draft_tasks_analysis::secret::{is_plain, logins_of_urls, looks_secret, passwords_of_urls};

use super::{File, Kubeconfig, Node, places, unusable};
use crate::cluster::file;
use crate::event::Problem;

/// What a user, and what an auth provider has that is confidential.
const VALUES: [&str; 3] = ["token", "password", "client-key-data"];
const PROVIDED: [&str; 4] = ["access-token", "id-token", "refresh-token", "client-secret"];

/// The paths of files whose content is confidential.
const FILES: [&str; 2] = ["tokenFile", "client-key"];

/// What of a kubeconfig nobody may see.
#[derive(Debug, Default)]
pub(crate) struct KubeconfigSecrets {
    pub(crate) values: Vec<String>,
    /// That there are more that are not known, for people, and why.
    pub(crate) unknown: Vec<String>,
}

/// The confidential values of the kubeconfig of an environment, as far as its files can be read: what somebody writes into a
/// pipe is there once, for whoever needs it.
pub(crate) fn confidential(environment: &[(OsString, OsString)]) -> KubeconfigSecrets {
    let (places, _) = places(environment);
    let (mut files, mut unknown) = (Vec::new(), Vec::new());
    for path in places.iter().filter(|path| path.is_file()) {
        let bytes = file::kubeconfig(path).map_err(|error| unusable(path, &error.to_string()));
        match bytes.and_then(|bytes| File::read(path, &bytes)) {
            Ok(file) => files.extend(file),
            Err(problem) => unknown.push(problem),
        }
    }
    unknown.extend(files.iter().flat_map(File::no_texts));
    let unmasked = |Problem { message, .. }| format!("secrets of the kubeconfig are not masked: {message}");
    let unknown = unknown.into_iter().map(unmasked).collect();
    KubeconfigSecrets { values: Kubeconfig { files }.confidential(), unknown }
}

impl Kubeconfig {
    /// The confidential values of all users, and the passwords in addresses.
    pub(crate) fn confidential(&self) -> Vec<String> {
        let mut found = Vec::new();
        for file in &self.files {
            // Those without a name count, too.
            let entries = |list: &str| file.root.get(list).and_then(Node::list).unwrap_or_default();
            entries("users")
                .iter()
                .filter_map(|entry| entry.get("user"))
                .for_each(|user| file.of_user(user, &mut found));
            for cluster in entries("clusters").iter().filter_map(|entry| entry.get("cluster")) {
                let addresses = ["server", "proxy-url"].iter().filter_map(|key| cluster.get(key)?.text());
                for address in addresses {
                    found.extend(passwords_of_urls(address));
                    found.extend(logins_of_urls(address));
                }
            }
        }
        found.retain(|value| !is_plain(value));
        found.sort_unstable();
        found.dedup();
        found
    }
}

impl File {
    /// What should be a confidential text, and is something else.
    fn no_texts(&self) -> Vec<Problem> {
        let users = self.root.get("users").and_then(Node::list).unwrap_or_default();
        let wrong = |user: &Node, key: &str| {
            let node = user.get(key).filter(|node| node.text().is_none())?;
            Some(self.wrong(node, &format!("`{key}` is not a text")))
        };
        let users = users.iter().filter_map(|entry| entry.get("user"));
        users.flat_map(|user| VALUES.iter().filter_map(move |key| wrong(user, key))).collect()
    }

    fn of_user(&self, user: &Node, found: &mut Vec<String>) {
        let text = |node: &Node, key: &str| node.get(key)?.text().map(str::to_owned);
        let name = text(user, "username");
        // Who has the name for a password does not hide it everywhere.
        found.extend(
            VALUES.iter().filter_map(|key| text(user, key)).filter(|value| Some(value) != name.as_ref()),
        );
        if let Some(config) = user.get("auth-provider").and_then(|provider| provider.get("config")) {
            found.extend(PROVIDED.iter().filter_map(|key| text(config, key)));
        }
        for path in FILES.iter().filter_map(|key| text(user, key)).filter(|path| !path.is_empty()) {
            let content = file::named(self.absolute(&path).as_ref()).ok();
            found.extend(content.and_then(|content| String::from_utf8(content).ok()));
        }
        let Some(exec) = user.get("exec") else { return };
        let variables = exec.get("env").and_then(Node::list).into_iter().flatten();
        found.extend(variables.filter_map(|variable| {
            let is_secret = looks_secret(&text(variable, "name")?);
            text(variable, "value").filter(|_| is_secret)
        }));
        let arguments = exec.get("args").and_then(Node::list).unwrap_or_default();
        let arguments = exec.get("command").into_iter().chain(arguments).filter_map(Node::text);
        // One may be a script, and a command may have its arguments in it by mistake.
        let words = |argument: &str| argument.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let scripts = arguments.clone().flat_map(words).collect::<Vec<_>>();
        found.extend(options(&arguments.collect::<Vec<_>>()));
        found.extend(options(&scripts.iter().map(|word| word.trim_matches(['"', '\''])).collect::<Vec<_>>()));
    }
}

/// The values of options and variables whose names look secret, as of `--client-secret=x` and `TOKEN=x`.
fn options(arguments: &[&str]) -> Vec<String> {
    let is_secret = |option: &str| looks_secret(&option.trim_start_matches('-').replace('-', "_"));
    let own = arguments.iter().filter_map(|argument| argument.split_once('='));
    // Behind the value of a variable a script goes on.
    let is_whole =
        |option: &str, value: &str| option.starts_with('-') || !value.contains(char::is_whitespace);
    let own = own
        .filter(|(option, value)| is_secret(option) && is_whole(option, value))
        .map(|(_, value)| value.trim_matches(['"', '\'']));
    let is_option = |word: &str| word.starts_with('-') && !word.contains('=') && is_secret(word);
    let next = arguments.windows(2).filter(|pair| is_option(pair[0])).map(|pair| pair[1]);
    // What a shell puts there is none of the file.
    own.chain(next).filter(|value| !value.starts_with(['$', '`'])).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = "current-context: none
clusters:
- {name: a, cluster: {server: 'https://ann:p%40ss@x', proxy-url: 'http://bob:proxied@y'}}
users:
- {name: a, user: {token: token-of-a}}
- {name: b, user: {username: ann, password: word-of-b, client-key-data: a2V5LW9mLWI=}}
- {name: c, user: {tokenFile: token, client-key: none}}
- {name: d, user: {auth-provider: {name: oidc, config: {id-token: id-of-d, client-id: seen}}}}
- name: e
  user:
    exec:
      command: /nosuch
      args: [get, --client-secret=first, --token, second, --region, seen]
      env: [{name: API_TOKEN, value: third}, {name: REGION, value: seen}]
- {name: g, user: {exec: {command: 'get --token=tenth', args: [-c, 'API_TOKEN=eleventh X_TOKEN=$Y get --password twelfth --region seen']}}}
- {user: {token: nameless}}
- {name: f, user: {username: eve, password: eve, token: true}}
- 5
";

    #[test]
    fn all_of_all_users_is_confidential_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("config"), CONFIG).unwrap();
        std::fs::write(dir.path().join("token"), "of-a-file\n").unwrap();
        std::fs::write(dir.path().join("broken"), "users: [").unwrap();
        std::fs::write(dir.path().join("more"), "users: [{name: a, user: {token: of-more}}]").unwrap();
        let paths = ["none", "config", "broken", "more"].map(|name| dir.path().join(name));
        let paths = std::env::join_paths(paths).unwrap();
        let found = confidential(&[("KUBECONFIG".into(), paths)]);
        let expected = [
            "a2V5LW9mLWI=",
            "ann:p@ss",
            "bob:proxied",
            "eleventh",
            "first",
            "id-of-d",
            "nameless",
            "of-a-file\n",
            "of-more",
            "p%40ss",
            "p@ss",
            "proxied",
            "second",
            "tenth",
            "third",
            "token-of-a",
            "twelfth",
            "word-of-b",
        ];
        assert_eq!(found.values, expected);
        let broken = dir.path().join("broken");
        let expected = format!(
            "secrets of the kubeconfig are not masked: the kubeconfig {} cannot be used: line 1, ",
            broken.display()
        );
        assert!(
            matches!(found.unknown.as_slice(), [said] if said.starts_with(&expected)),
            "{:?}",
            found.unknown
        );
        assert!(confidential(&[]).values.is_empty());
    }

    #[test]
    fn a_secret_that_is_no_text_is_said_and_not_shown() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config");
        std::fs::write(
            &path,
            "users:\n- name: a\n  user:\n    token: [SECRET]\n- name: b\n  user: {token: t0ken}\n",
        )
        .unwrap();
        let said = format!(
            "secrets of the kubeconfig are not masked: the kubeconfig {} cannot be used: line 4, column 12: `token` is not a text",
            path.display()
        );
        let KubeconfigSecrets { values, unknown } = confidential(&[("KUBECONFIG".into(), path.into())]);
        assert_eq!((values, unknown), (vec!["t0ken".to_owned()], vec![said]));
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_is_left_to_who_needs_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        let KubeconfigSecrets { values, unknown } = confidential(&[("KUBECONFIG".into(), path.into())]);
        assert!(values.is_empty() && unknown.is_empty());
    }
}
