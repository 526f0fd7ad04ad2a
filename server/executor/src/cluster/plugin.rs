//! Runs the credential plugin that a kubeconfig names, with no input, no terminal and a time limit:
//! <https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins>.
//!
//! Must not keep or tell what it answers, except to the connection that needs it.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::pin::pin;
use std::time::{Duration, SystemTime};

use draft_tasks_analysis::secret::{MASK, looks_secret};
use kube::config::{AuthInfo, Cluster, ExecConfig, ExecInteractiveMode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::file;
use super::target::Target;
use crate::base64::encoded;
use crate::describe_duration;
use crate::event::{Outcome, Problem, Stream};
use crate::local::{self, TaskStreams};
use crate::mask::Secrets;
use crate::output::Tail;
use crate::output::arrival::{Chunk, Streams};

/// How long a plugin may take: one that wants to open a browser and gets no answer would take for ever.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);

/// More than any credential has.
const MOST: usize = 1 << 20;

/// What a plugin answers: <https://kubernetes.io/docs/reference/config-api/client-authentication.v1/>.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExecCredential {
    api_version: Option<String>,
    status: Option<Status>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    token: Option<String>,
    client_certificate_data: Option<String>,
    client_key_data: Option<String>,
    expiration_timestamp: Option<String>,
}

/// Puts what the plugin answers in the place of the plugin, and gives when that ends to be valid.
///
/// # Errors
///
/// When the plugin is missing, fails, takes too long or answers something else.
pub(crate) async fn authenticate(
    user: &mut AuthInfo,
    target: &Target,
    environment: &[(OsString, OsString)],
    limit: Duration,
) -> Result<Option<SystemTime>, Problem> {
    let Some(plugin) = user.exec.take() else { return Ok(None) };
    let answered = answer(&plugin, target, environment, limit).await;
    let status = answered.map_err(|problem| match &plugin.install_hint {
        Some(hint) => problem.help(hint.trim()),
        None => problem,
    })?;
    let has_certificate = status.client_certificate_data.is_some() && status.client_key_data.is_some();
    if let Some(token) = status.token.filter(|token| !token.is_empty()) {
        user.token = Some(token.into());
    } else if !has_certificate {
        let command = plugin.command.unwrap_or_default();
        return Err(problem(&command, "answered neither a token nor a certificate with its key".into()));
    }
    if let (Some(certificate), Some(key)) = (status.client_certificate_data, status.client_key_data) {
        user.client_certificate_data = Some(encoded(certificate.as_bytes()));
        user.client_key_data = Some(encoded(key.as_bytes()).into());
    }
    Ok(status.expiration_timestamp.and_then(|time| humantime::parse_rfc3339_weak(&time).ok()))
}

async fn answer(
    plugin: &ExecConfig,
    target: &Target,
    environment: &[(OsString, OsString)],
    limit: Duration,
) -> Result<Status, Problem> {
    let Some(command) = &plugin.command else {
        let user = target.user.as_deref().unwrap_or_default();
        return Err(Problem::new(format!("user `{user}` has a credential plugin without a command")));
    };
    if plugin.interactive_mode == Some(ExecInteractiveMode::Always) {
        return Err(problem(
            command,
            "wants a terminal (interactiveMode: Always), and gets none here".into(),
        )
        .help("log in with it in a terminal, and use a context whose user has a token or a certificate"));
    }
    let answer = run(plugin, command, target, environment, limit).await?;
    // What it answered may be a secret, so nothing of it is told.
    let credential: ExecCredential = serde_json::from_slice(&answer).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        problem(command, format!("gave an answer that is not an ExecCredential ({place})"))
    })?;
    if credential.api_version.is_some() && credential.api_version != plugin.api_version {
        return Err(problem(command, "answered in another version than it was asked for".into())
            .help("set the apiVersion that it knows in the kubeconfig, or bring it up to date"));
    }
    credential.status.ok_or_else(|| problem(command, "answered without credentials".into()))
}

/// What a plugin that asks for it is told of the cluster: the type `Cluster` of the page above.
fn cluster_info(cluster: &Cluster, config: &Value) -> Value {
    let file = cluster.certificate_authority.as_ref().and_then(|path| file::named(path.as_ref()).ok());
    let authority = cluster.certificate_authority_data.clone().or_else(|| Some(encoded(&file?)));
    let mut info = json!({ "server": cluster.server });
    let mut add = |name: &str, value: Value| {
        if !value.is_null() && value != false {
            info[name] = value;
        }
    };
    add("tls-server-name", json!(cluster.tls_server_name));
    add("insecure-skip-tls-verify", json!(cluster.insecure_skip_tls_verify));
    add("certificate-authority-data", json!(authority));
    add("proxy-url", json!(cluster.proxy_url));
    add("disable-compression", json!(cluster.disable_compression));
    add("config", config.clone());
    info
}

fn problem(command: &str, what: String) -> Problem {
    Problem::new(format!("the credential plugin `{command}` of the kubeconfig {what}"))
}

async fn run(
    plugin: &ExecConfig,
    command: &str,
    target: &Target,
    environment: &[(OsString, OsString)],
    limit: Duration,
) -> Result<Vec<u8>, Problem> {
    let mut argv = vec![command.to_owned()];
    argv.extend(plugin.args.clone().unwrap_or_default());
    let mut environment = environment.to_vec();
    let own = plugin.env.iter().flatten().filter_map(|pair| Some((pair.get("name")?, pair.get("value")?)));
    environment.extend(own.map(|(name, value)| (name.into(), value.into())));
    let mut spec = json!({ "interactive": false });
    if plugin.provide_cluster_info {
        spec["cluster"] = cluster_info(&target.access.cluster, &target.access.plugin_config);
    }
    let info = json!({ "apiVersion": plugin.api_version, "kind": "ExecCredential", "spec": spec });
    environment.push(("KUBERNETES_EXEC_INFO".into(), info.to_string().into()));
    let directory = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
    let mut process =
        local::start(&argv, &directory, &environment, TaskStreams::Pipes).await.map_err(|error| {
            let failed =
                Problem::new(format!("the credential plugin of the kubeconfig: {}", error.describe()));
            error.hint().into_iter().fold(failed, Problem::help)
        })?;
    let (stdout, stderr) = process.take_output();
    let mut written = Written { streams: Streams::new(stdout, stderr), answer: Vec::new(), said: Vec::new() };
    let ended = tokio::time::timeout(limit, written.read_until(process.wait()));
    // Dropping the process ends it with everything that it started.
    let outcome = ended.await.map_err(|_| {
        problem(command, format!("gave no credentials within {}", describe_duration(limit)))
            .help("it gets no input and no terminal here: log in with it in a terminal first")
    })?;
    let Written { answer, said, .. } = written;
    match outcome {
        Outcome::Passed => Ok(answer),
        Outcome::Failed(failure) => {
            let mut tail = Tail::new(5, 2048);
            let confidential = target.confidential();
            let named = environment.iter().filter(|(name, _)| looks_secret(&name.to_string_lossy()));
            let answered = answered(&String::from_utf8_lossy(&answer));
            let known = confidential.iter().chain(&answered).map(OsStr::new);
            let secrets = Secrets::new(known.chain(named.map(|(_, value)| value.as_os_str())));
            tail.push(&masked(&secrets.mask(&String::from_utf8_lossy(&said))));
            let failed = problem(command, format!("failed: {}", failure.describe()));
            Err(tail.lines().into_iter().fold(failed, Problem::help))
        }
        Outcome::Stopped | Outcome::Skipped => Err(problem(command, "was stopped".into())),
    }
}

/// What may be a secret in an answer, which may be broken.
fn answered(answer: &str) -> Vec<String> {
    let status =
        serde_json::from_str::<Value>(answer).ok().and_then(|answer| match answer.get("status")? {
            Value::Object(status) => Some(status.clone()),
            _ => None,
        });
    match status {
        Some(status) => status.values().filter_map(Value::as_str).map(str::to_owned).collect(),
        None => {
            let words = answer.split(|c: char| c.is_whitespace() || "\"',;{}[]".contains(c));
            words.filter(|word| word.len() >= 16).map(str::to_owned).collect()
        }
    }
}

/// What a plugin said, without the tokens that are known by how they begin, and without the values of what is named as a
/// secret: `password=…`, `password: …`, `"password": "…"`.
fn masked(said: &str) -> String {
    let mut shown = String::new();
    let mut rest = said;
    while let Some(at) = rest.find(['=', ':']) {
        let (before, behind) = (&rest[..at], &rest[at + 1..]);
        let name = before.trim_end_matches([' ', '\t']);
        let name = name.rsplit(|c: char| c.is_whitespace() || ",;{([".contains(c)).next().unwrap_or_default();
        let value = behind.trim_start_matches([' ', '\t', '=']);
        let length = if looks_secret(name.trim_matches(['"', '\''])) { value_length(value) } else { 0 };
        if length == 0 {
            shown += &rest[..=at];
            rest = behind;
        } else {
            shown += &rest[..rest.len() - value.len()];
            shown += MASK;
            rest = &value[length..];
        }
    }
    Secrets::default().mask(&(shown + rest)).into_owned()
}

/// How long the value is with which a text begins: to its closing quote, else to the end of the word.
fn value_length(text: &str) -> usize {
    let quoted = text.chars().next().filter(|c| matches!(c, '"' | '\''));
    let closed = quoted.and_then(|quote| {
        let ends = text[1..].match_indices([quote, '\n']);
        let mut ends = ends.filter(|(at, _)| !text[1..=*at].ends_with('\\'));
        ends.next().map(|(at, _)| at + 2)
    });
    closed.unwrap_or_else(|| text.find(char::is_whitespace).unwrap_or(text.len()))
}

/// What a plugin writes.
struct Written {
    streams: Streams,
    answer: Vec<u8>,
    said: Vec<u8>,
}

impl Written {
    /// Reads until the plugin itself has ended: what it has started and left may hold the streams open for ever.
    async fn read_until<T>(&mut self, end: impl Future<Output = T>) -> T {
        let mut end = pin!(end);
        let ended = loop {
            tokio::select! {
                biased;
                ended = &mut end => break ended,
                Some(chunk) = self.streams.read() => self.take(&chunk),
            }
        };
        let rest: Vec<Chunk> = self.streams.rest().collect();
        rest.iter().for_each(|chunk| self.take(chunk));
        ended
    }

    /// What is too long is cut off; a broken answer is told as such.
    fn take(&mut self, Chunk { stream, bytes }: &Chunk) {
        let into = match stream {
            Stream::Stdout => &mut self.answer,
            Stream::Stderr => &mut self.said,
        };
        into.extend(bytes.iter().take(MOST - into.len()));
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    /// A target whose user has this plugin, which is a script of the shell unless `more` says otherwise.
    fn target(script: &str, more: Value) -> Target {
        let mut exec = json!({
            "apiVersion": "client.authentication.k8s.io/v1", "command": "sh", "args": ["-c", script],
            "env": [{ "name": "GREETING", "value": "hello" }, { "name": "API_TOKEN", "value": "s3cr3t-Tok9x" }],
            "installHint": "install it\n",
        });
        more.as_object().unwrap().iter().for_each(|(key, value)| exec[key] = value.clone());
        let extension =
            json!({ "name": "client.authentication.k8s.io/exec", "extension": { "audience": "abc" } });
        let cluster = json!({
            "server": "https://127.0.0.1:1", "certificate-authority": "ca.crt", "tls-server-name": "kube",
            "extensions": [{ "name": "other", "extension": 1 }, extension],
        });
        let config = json!({
            "current-context": "dev",
            "contexts": [{ "name": "dev", "context": { "cluster": "c", "user": "u" } }],
            "clusters": [{ "name": "c", "cluster": cluster }],
            "users": [{ "name": "u", "user": { "exec": exec } }],
        });
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("config"), config.to_string()).unwrap();
        let target = Target::read(&[("KUBECONFIG".into(), dir.path().join("config").into())], None, None);
        let mut target = target.unwrap();
        // The folder is gone by then.
        let access = std::sync::Arc::make_mut(&mut target.access);
        access.cluster.certificate_authority = None;
        access.cluster.certificate_authority_data = Some("Q0E=".into());
        target
    }

    async fn asked(target: &Target, limit: Duration) -> Result<(AuthInfo, Option<SystemTime>), String> {
        let environment: Vec<_> = std::env::vars_os().collect();
        let mut user = target.access.user.clone();
        let expires = authenticate(&mut user, target, &environment, limit).await;
        expires.map(|expires| (user, expires)).map_err(|problem| problem.describe())
    }

    async fn said(script: &str) -> String {
        asked(&target(script, json!({})), LIMIT).await.unwrap_err()
    }

    #[tokio::test]
    async fn credentials_take_the_place_of_the_plugin() {
        let script = r#"test "$GREETING" = hello && ! read line && echo "$KUBERNETES_EXEC_INFO" | grep -q '"interactive":false' &&
            echo '{"status": {"token": "t0ken", "expirationTimestamp": "2030-01-02T03:04:05Z"}}'"#;
        let (user, expires) = asked(&target(script, json!({})), LIMIT).await.unwrap();
        let expected = humantime::parse_rfc3339("2030-01-02T03:04:05Z").unwrap();
        assert!(user.exec.is_none() && user.token.is_some());
        assert_eq!(expires, Some(expected));
    }

    #[tokio::test]
    async fn a_plugin_is_told_of_the_cluster_where_it_asks_for_that() {
        let script = "printf '%s' \"$KUBERNETES_EXEC_INFO\" >&2; exit 1";
        let told = |said: String| -> Value {
            let line = said.lines().find(|line| line.trim().starts_with('{')).unwrap().trim().to_owned();
            serde_json::from_str(&line).unwrap()
        };
        let with = asked(&target(script, json!({ "provideClusterInfo": true })), LIMIT).await.unwrap_err();
        let spec = json!({ "interactive": false, "cluster": {
            "server": "https://127.0.0.1:1", "tls-server-name": "kube",
            "certificate-authority-data": "Q0E=", "config": { "audience": "abc" },
        }});
        assert_eq!(told(with)["spec"], spec);
        assert_eq!(told(said(script).await)["spec"], json!({ "interactive": false }));
    }

    #[tokio::test]
    async fn what_goes_wrong_is_said_with_the_plugins_own_words() {
        let failed = said("echo please log in >&2; exit 3").await;
        let expected =
            "the credential plugin `sh` of the kubeconfig failed: exit code 3\n  please log in\n  install it";
        assert_eq!(failed, expected);
        let secret = said("echo DB_PASSWORD=hunter2 \"api_key\":\"hunter2\" at=x >&2; echo AKIAABCDEFGHIJKLMNOP >&2; exit 3").await;
        let shown = "exit code 3\n  DB_PASSWORD=*** api_key:*** at=x\n  ***\n  install it";
        assert!(secret.ends_with(shown), "{secret}");
        for (words, shown) in [
            ("password: hunter2 for ann", "password: *** for ann"),
            (r#"{"password": "a\"b", "user": "ann"}"#, r#"{"password": ***, "user": "ann"}"#),
            ("\"password\": \"hun ter2\", at: 5", "\"password\": ***, at: 5"),
            ("password = hunter2", "password = ***"),
            ("{token:hunter2", "{token:***"),
            ("login at https://idp.example: no", "login at https://idp.example: no"),
        ] {
            assert_eq!(masked(words), shown);
        }
        let known = said("echo denied for $API_TOKEN >&2; exit 3").await;
        assert!(known.contains("denied for ***") && !known.contains("s3cr3t"), "{known}");
        for answer in
            [r#"{"status": {"token": "t0k-of-ann"}}"#, r#"{"status": {"token": "t0k-of-ann-of-shop"#]
        {
            let token = answer.rsplit('"').find(|it| it.starts_with("t0k")).unwrap();
            let script = format!("echo '{answer}'; echo denied for {token} >&2; exit 3");
            let known = said(&script).await;
            assert!(known.contains("denied for ***"), "{known}");
        }
        let no = said("echo SECRET").await;
        assert!(
            no.contains("gave an answer that is not an ExecCredential") && !no.contains("SECRET"),
            "{no}"
        );
        let wrong = said(r#"echo '{"status": {"token": "t", "expirationTimestamp": ["SECRET"]}}'"#).await;
        assert!(
            wrong.contains("not an ExecCredential (line 1, column ") && !wrong.contains("SECRET"),
            "{wrong}"
        );
        assert!(said("echo {}").await.contains("answered without credentials"));
        assert!(said(r#"echo '{"status": {"token": ""}}'"#).await.contains("neither a token nor"));
        let old =
            r#"echo '{"apiVersion": "client.authentication.k8s.io/v1beta1", "status": {"token": "t"}}'"#;
        assert!(said(old).await.contains("answered in another version"));
    }

    #[tokio::test]
    async fn a_missing_plugin_is_named() {
        let problem = asked(&target("", json!({ "command": "no-such-plugin" })), LIMIT).await.unwrap_err();
        assert!(problem.contains("program `no-such-plugin` not found\n  searched PATH: "), "{problem}");
        assert!(problem.ends_with("install it"), "{problem}");
        let problem = asked(&target("", json!({ "command": "" })), LIMIT).await.unwrap_err();
        assert!(problem.starts_with("user `u` has a credential plugin without a command"), "{problem}");
    }

    #[tokio::test]
    async fn a_plugin_that_takes_too_long_is_ended_and_said() {
        let dir = tempfile::tempdir().unwrap();
        let script = format!("touch {0}/begun; sleep 0.5; touch {0}/ended", dir.path().display());
        let problem = asked(&target(&script, json!({})), Duration::from_millis(200)).await.unwrap_err();
        assert!(problem.contains("`sh` of the kubeconfig gave no credentials within 0.2 s"), "{problem}");
        tokio::time::sleep(Duration::from_millis(600)).await;
        assert!(dir.path().join("begun").exists() && !dir.path().join("ended").exists());
    }

    #[tokio::test]
    async fn what_a_plugin_leaves_behind_is_not_awaited() {
        let limit = Duration::from_secs(600);
        for held in [">/dev/null", "2>/dev/null", ""] {
            let script = format!("sleep 600 {held} & echo '{{\"status\": {{\"token\": \"t0ken\"}}}}'");
            let (user, _) = asked(&target(&script, json!({})), limit).await.unwrap();
            assert!(user.token.is_some(), "{held}");
            let failing = target(&format!("sleep 600 {held} & echo log in >&2; exit 3"), json!({}));
            let failed = asked(&failing, limit).await.unwrap_err();
            assert!(failed.contains("failed: exit code 3\n  log in\n"), "{failed}");
        }
    }

    #[tokio::test]
    async fn a_plugin_that_needs_a_terminal_is_not_run() {
        let dir = tempfile::tempdir().unwrap();
        let script = format!("touch {}/begun", dir.path().display());
        let always = target(&script, json!({ "interactiveMode": "Always" }));
        let problem = asked(&always, LIMIT).await.unwrap_err();
        assert!(problem.contains("wants a terminal (interactiveMode: Always)"), "{problem}");
        assert!(!dir.path().join("begun").exists());
    }
}
