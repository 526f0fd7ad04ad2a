//! Runs the credential plugin that a kubeconfig names, with no input, no terminal and a time limit.
//!
//! Must not keep or tell what it answers, except to the connection that needs it.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use k8s_openapi::ByteString;
use kube::config::{AuthInfo, ExecConfig};
use serde::Deserialize;
use serde_json::json;
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::event::{Outcome, Problem};
use crate::local;
use crate::output::Tail;

/// How long a plugin may take: one that wants to open a browser and gets no answer would take for ever.
const LIMIT: Duration = Duration::from_secs(30);

/// More than any credential has.
const MOST: u64 = 1 << 20;

/// What a plugin answers: <https://kubernetes.io/docs/reference/config-api/client-authentication.v1/>.
#[derive(Deserialize)]
struct ExecCredential {
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
    cluster: Option<serde_json::Value>,
    environment: &[(OsString, OsString)],
) -> Result<Option<SystemTime>, Problem> {
    let Some(plugin) = user.exec.take() else { return Ok(None) };
    let command = plugin.command.clone().unwrap_or_default();
    let answer = run(&plugin, cluster, environment).await.map_err(|problem| match &plugin.install_hint {
        Some(hint) => problem.help(hint.trim()),
        None => problem,
    })?;
    let credential: ExecCredential = serde_json::from_slice(&answer).map_err(|error| {
        problem(&command, format!("answered something that is no ExecCredential: {error}"))
    })?;
    let status = credential.status.ok_or_else(|| problem(&command, "answered without credentials".into()))?;
    let encoded =
        |pem: String| serde_json::to_value(ByteString(pem.into_bytes())).ok()?.as_str().map(str::to_owned);
    if let Some(token) = status.token {
        user.token = Some(token.into());
    }
    if let (Some(certificate), Some(key)) = (status.client_certificate_data, status.client_key_data) {
        user.client_certificate_data = encoded(certificate);
        user.client_key_data = encoded(key).map(Into::into);
    }
    Ok(status.expiration_timestamp.and_then(|time| humantime::parse_rfc3339_weak(&time).ok()))
}

fn problem(command: &str, what: String) -> Problem {
    Problem::new(format!("the credential plugin `{command}` of the kubeconfig {what}"))
}

async fn run(
    plugin: &ExecConfig,
    cluster: Option<serde_json::Value>,
    environment: &[(OsString, OsString)],
) -> Result<Vec<u8>, Problem> {
    let command = plugin.command.clone().unwrap_or_default();
    let mut argv = vec![command.clone()];
    argv.extend(plugin.args.clone().unwrap_or_default());
    let mut environment = environment.to_vec();
    let own = plugin.env.iter().flatten().filter_map(|pair| Some((pair.get("name")?, pair.get("value")?)));
    environment.extend(own.map(|(name, value)| (name.into(), value.into())));
    let mut spec = json!({ "interactive": false });
    if plugin.provide_cluster_info {
        spec["cluster"] = cluster.unwrap_or_default();
    }
    let info = json!({ "apiVersion": plugin.api_version, "kind": "ExecCredential", "spec": spec });
    environment.push(("KUBERNETES_EXEC_INFO".into(), info.to_string().into()));
    let directory = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
    let mut process = local::start(&argv, &directory, &environment).await.map_err(|error| {
        let failed = Problem::new(format!("the credential plugin of the kubeconfig: {}", error.describe()));
        error.hint().into_iter().fold(failed, Problem::help)
    })?;
    let (stdout, stderr) = process.take_output();
    let (mut answer, mut said) = (Vec::new(), Vec::new());
    let ended = tokio::time::timeout(LIMIT, async {
        tokio::join!(process.wait(), read(stdout, &mut answer), read(stderr, &mut said)).0
    });
    // Dropping the process ends it with everything that it started.
    let outcome = ended.await.map_err(|_| {
        problem(&command, format!("gave no credentials within {} s", LIMIT.as_secs()))
            .help("it gets no input and no terminal here: log in with it in a terminal first")
    })?;
    match outcome {
        Outcome::Passed => Ok(answer),
        Outcome::Failed(failure) => {
            let mut tail = Tail::new(5, 2048);
            tail.push(&String::from_utf8_lossy(&said));
            let failed = problem(&command, format!("failed: {}", failure.describe()));
            Err(tail.lines().into_iter().fold(failed, Problem::help))
        }
        Outcome::Stopped | Outcome::Skipped => Err(problem(&command, "was stopped".into())),
    }
}

async fn read<R: AsyncRead + Unpin>(stream: Option<R>, into: &mut Vec<u8>) {
    if let Some(stream) = stream {
        // What cannot be read is not there; a broken answer is told as such.
        let _ = stream.take(MOST).read_to_end(into).await;
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    fn user(script: &str) -> AuthInfo {
        let exec = json!({
            "apiVersion": "client.authentication.k8s.io/v1", "command": "sh", "args": ["-c", script],
            "env": [{ "name": "GREETING", "value": "hello" }], "installHint": "install it\n",
        });
        serde_json::from_value(json!({ "exec": exec })).unwrap()
    }

    async fn said(script: &str) -> String {
        let environment: Vec<_> = std::env::vars_os().collect();
        let cluster = json!({ "server": "https://x" });
        match authenticate(&mut user(script), Some(cluster), &environment).await {
            Ok(expires) => format!("{expires:?}"),
            Err(problem) => problem.describe(),
        }
    }

    #[tokio::test]
    async fn credentials_take_the_place_of_the_plugin() {
        let environment: Vec<_> = std::env::vars_os().collect();
        let script = r#"test "$GREETING" = hello && ! read line && echo "$KUBERNETES_EXEC_INFO" | grep -q '"interactive":false' &&
            echo '{"status": {"token": "t0ken", "expirationTimestamp": "2030-01-02T03:04:05Z"}}'"#;
        let mut user = user(script);
        let expires = authenticate(&mut user, None, &environment).await.unwrap();
        let expected = humantime::parse_rfc3339("2030-01-02T03:04:05Z").unwrap();
        assert!(user.exec.is_none() && user.token.is_some());
        assert_eq!(expires, Some(expected));
    }

    #[tokio::test]
    async fn what_goes_wrong_is_said_with_the_plugins_own_words() {
        let failed = said("echo please log in >&2; exit 3").await;
        let expected =
            "the credential plugin `sh` of the kubeconfig failed: exit code 3\n  please log in\n  install it";
        assert_eq!(failed, expected);
        assert!(said("echo no").await.contains("answered something that is no ExecCredential"));
        assert!(said("echo {}").await.contains("answered without credentials"));
    }

    #[tokio::test]
    async fn a_missing_plugin_is_named() {
        let mut user = user("");
        user.exec.as_mut().unwrap().command = Some("no-such-plugin".into());
        let environment: Vec<_> = std::env::vars_os().collect();
        let problem = authenticate(&mut user, None, &environment).await.unwrap_err().describe();
        assert!(problem.contains("program `no-such-plugin` not found\n  searched PATH: "), "{problem}");
        assert!(problem.ends_with("install it"), "{problem}");
    }
}
