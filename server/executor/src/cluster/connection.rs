//! The way to the API server of a target, with credentials that are renewed when they end; and what goes wrong on it.
//!
//! Must not read another kubeconfig than the target's.

use std::collections::HashMap;
use std::ffi::OsString;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, SystemTime};

use http::StatusCode;
use kube::Client;
use kube::api::Api;
use secrecy::ExposeSecret;
use tokio::sync::Mutex;

use super::client::{Refused, Stranger};
use super::http_client::TooLong;
use super::object::{Object, ObjectKind, PodObject};
use super::target::Target;
use super::trouble::{cause, in_words};
use super::{certificate, client, credentials, proxy};
use crate::describe_duration;
use crate::event::Problem;

/// How long the namespace may take to be told.
const LOOK: Duration = Duration::from_secs(5);

/// Credentials that end within this time are renewed.
const RENEW: Duration = Duration::from_secs(60);

/// The way to a cluster that was opened: gives clients whose credentials are good, for as long as it is kept.
#[derive(Clone, Debug)]
pub struct Connection {
    target: Target,
    environment: Vec<(OsString, OsString)>,
    current: Arc<Mutex<Current>>,
    refused: Refused,
}

#[derive(Clone)]
struct Current {
    client: Client,
    /// What a credential plugin has answered, or stands in files, that nobody may see.
    confidential: Vec<String>,
    /// When its credentials end.
    expires: Option<SystemTime>,
    renewed: Option<HashMap<String, String>>,
}

impl std::fmt::Debug for Current {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Current").field("expires", &self.expires).finish_non_exhaustive()
    }
}

impl Connection {
    /// Gets credentials; the server is not asked yet.
    ///
    /// # Errors
    ///
    /// When a credential plugin fails, or the kubeconfig has something that cannot be used.
    pub async fn open(target: &Target, environment: &[(OsString, OsString)]) -> Result<Connection, Problem> {
        target.check_namespace()?;
        let refused = Refused::default();
        let current = Arc::new(Mutex::new(connect(target, environment, &refused, None).await?));
        Ok(Connection { target: target.clone(), environment: environment.to_vec(), current, refused })
    }

    /// The cluster and the namespace.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// A client whose credentials are valid.
    ///
    /// # Errors
    ///
    /// When they cannot be renewed.
    pub async fn client(&self) -> Result<Client, Problem> {
        let mut current = self.current.lock().await;
        if current.expires.is_some_and(|expires| expires < SystemTime::now() + RENEW) {
            let renewed = current.renewed.clone();
            *current = connect(&self.target, &self.environment, &self.refused, renewed).await?;
        }
        Ok(current.client.clone())
    }

    /// By what the server knows the user now: what nobody may see.
    pub(crate) async fn confidential(&self) -> Vec<String> {
        self.current.lock().await.confidential.clone()
    }

    /// The server does not accept the credentials any more, so they are renewed before they are used again.
    pub(crate) async fn credentials_ended(&self) {
        self.current.lock().await.expires = Some(SystemTime::UNIX_EPOCH);
    }

    /// The pods of the target's namespace.
    ///
    /// # Errors
    ///
    /// When credentials cannot be renewed.
    pub(crate) async fn pods(&self) -> Result<Api<PodObject>, Problem> {
        Ok(Api::namespaced(self.client().await?, &self.target.namespace))
    }

    /// That the namespace is there and stays; whoever may not see it does not know. What helps depends on whether
    /// something was deployed into it just now.
    ///
    /// # Errors
    ///
    /// When it is not there, or is being deleted.
    pub async fn check_namespace(&self, is_deployed: bool) -> Result<(), Problem> {
        let namespaces: Api<Object> = Api::all_with(self.client().await?, &ObjectKind::NAMESPACE);
        let asked = tokio::time::timeout(LOOK, namespaces.get_opt(&self.target.namespace)).await;
        let Ok(Ok(found)) = asked else { return Ok(()) };
        let (name, place) = (&self.target.namespace, self.place());
        let Some(namespace) = found else {
            return Err(Problem::new(format!("there is no namespace `{name}` in the cluster of {place}"))
                .help("it is that of draft.toml, draftTasks.kubernetes.namespace or --namespace, else the context's")
                .help(if is_deployed {
                    "the deploy command did not create it: helm does with --create-namespace, or create it in pre-up".to_owned()
                } else {
                    "deploy the application first, or create it: kubectl create namespace ".to_owned() + name
                }));
        };
        let is_ending = namespace.status.is_some_and(|status| status.phase.as_deref() == Some("Terminating"));
        if is_ending || namespace.metadata.deletion_timestamp.is_some() {
            return Err(Problem::new(format!(
                "namespace `{name}` in the cluster of {place} is being deleted"
            ))
            .help("wait until it is gone, and deploy the application again"));
        }
        Ok(())
    }

    /// Why the server did not do something, such as `list pods`.
    pub fn problem(&self, error: &kube::Error, action: &str) -> Problem {
        let Target { server, namespace, user, .. } = &self.target;
        let place = self.place();
        let user = user.as_deref().unwrap_or("of this pod");
        match error {
            kube::Error::Api(status) if status.code == 401 => self
                .without_user(Problem::new(format!(
                    "the cluster of {place} ({server}) does not accept the credentials of user `{user}`"
                )))
                .help("log in again, or choose another context"),
            kube::Error::Api(status) if status.code == 403 => {
                let refused = format!("user `{user}` may not {action} in namespace `{namespace}` of {place}");
                self.without_user(Problem::new(refused).help(said(status.code, &status.message)))
                    .help("`draft-tasks doctor` tells which permissions are missing")
            }
            kube::Error::Api(status) => Problem::new(format!(
                "the cluster of {place} cannot {action} in namespace `{namespace}`: {}",
                said(status.code, &status.message)
            )),
            error => self.unreachable(error),
        }
    }

    fn unreachable(&self, error: &kube::Error) -> Problem {
        let Target { server, address, access, .. } = &self.target;
        let place = self.place();
        let stranger = cause::<Stranger>(error).map(ToString::to_string);
        if let Some(stranger) = stranger.or_else(|| cause::<TooLong>(error).map(ToString::to_string)) {
            return self.by_proxy(
                Problem::new(format!("no cluster answered for {place} ({server}): {stranger}")).help(
                    "a login page or a proxy may stand in front of it: log in, or look at the address and the proxy",
                ),
            );
        }
        let cannot = self.cannot_reach();
        if let Some(Problem { message, help }) = certificate::explain(error, address, access) {
            let problem = Problem::new(format!("{cannot}: {message}"));
            return self.by_proxy(help.into_iter().fold(problem, Problem::help));
        }
        self.unreached(&in_words(error))
    }

    /// That it answered with another kind of object than it was asked for.
    pub(crate) fn another_answer(&self, kind: &str) -> Problem {
        self.unreached(&format!("it answered something else than it was asked for ({kind})"))
    }

    fn cannot_reach(&self) -> String {
        format!("cannot reach the cluster of {} ({})", self.place(), self.target.server)
    }

    fn unreached(&self, why: &str) -> Problem {
        self.by_proxy(Problem::new(format!("{}: {why}", self.cannot_reach())))
            .help("is the cluster up?")
            .help("`draft-tasks doctor` walks through the whole chain")
    }

    /// That nothing was answered in time to a question, such as `list pods`, but that it should be asked again.
    pub(crate) fn unanswered(&self, action: &str, limit: Duration) -> Problem {
        let (place, server, limit) = (self.place(), &self.target.server, describe_duration(limit));
        let problem =
            Problem::new(format!("the cluster of {place} ({server}) does not {action} within {limit}"));
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner).last.clone();
        match refused {
            Some(refused) => Problem { message: format!("{}: {refused}", problem.message), ..problem },
            None => problem,
        }
    }

    /// How many answers of the server have put something off; clients ask again by themselves.
    pub(crate) fn put_off(&self) -> usize {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).count
    }

    fn by_proxy(&self, problem: Problem) -> Problem {
        let proxy_url = self.target.access.cluster.proxy_url.as_deref();
        match proxy::choose(&self.target.address, proxy_url, &self.environment) {
            Ok(Some(proxy)) => {
                problem.help(format!("it was asked by the proxy {} of {}", proxy.place, proxy.source))
            }
            _ => problem,
        }
    }

    /// That the kubeconfig lacks the user.
    fn without_user(&self, problem: Problem) -> Problem {
        match (&self.target.user, &self.target.context) {
            (Some(user), Some(context)) if !self.target.access.has_user => problem
                .help(format!("context `{context}` names the user `{user}`, which is not in the kubeconfig: add it, or log in again")),
            _ => problem,
        }
    }

    /// "context `kind-dev`".
    fn place(&self) -> String {
        match &self.target.context {
            Some(context) => format!("context `{context}`"),
            None => "this pod".into(),
        }
    }
}

/// What the server said, or what its status means.
fn said(code: u16, message: &str) -> String {
    if !message.trim().is_empty() {
        return message.to_owned();
    }
    let status = StatusCode::from_u16(code).map_or_else(|_| code.to_string(), |status| status.to_string());
    format!("it answered {status} without a word")
}

async fn connect(
    target: &Target,
    environment: &[(OsString, OsString)],
    refused: &Refused,
    renewed: Option<HashMap<String, String>>,
) -> Result<Current, Problem> {
    let credentials = credentials::get(target, environment, renewed).await?;
    let client = client::make(target, &credentials, environment, refused)?;
    let user = &credentials.user;
    let values = [&user.token, &user.password, &user.client_key_data].into_iter().flatten();
    let confidential = values.map(|value| value.expose_secret().to_owned()).collect();
    Ok(Current { client, confidential, expires: credentials.expires, renewed: credentials.renewed })
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};

    use kube::api::ListParams;
    use proptest::prelude::*;

    use super::*;

    const TEXT: &str = "current-context: dev
contexts:
- name: dev
  context: {cluster: c, user: u, namespace: demo}
clusters:
- name: c
  cluster:
    server: https://127.0.0.1:1
    insecure-skip-tls-verify: true
    tls-server-name: kube
    proxy-url: http://ann:pw@127.0.0.1:1
users:
- name: u
  user:
    token: abc
    tokenFile: none
    username: ann
    password: pw
    as: bob
    as-groups: [a, b]
    as-user-extra: {k: [v]}
    auth-provider: {name: oidc, config: {id-token: a.b.c, refresh-token: r, idp-issuer-url: x, client-id: y}}
";

    /// What stands in kubeconfigs by mistake.
    const ODD: [&str; 24] = [
        "",
        "~",
        "[]",
        "{}",
        "\n",
        "\t",
        "\"",
        "'",
        ":",
        "- ",
        "|\n      x\n",
        "&a",
        "*a",
        "<<: *a",
        "99999",
        "-1",
        "@",
        "://",
        "é",
        "\u{0}",
        "\u{7f}",
        "%zz",
        "[::1",
        "!!binary ",
    ];

    /// What is said of a server that answers so to whatever it is asked, where a user and more of a cluster are like this.
    async fn said_of(scheme: &str, more: &str, answer: impl Fn(&mut TcpStream) + Send + 'static) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let place = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                let _ = stream.read(&mut [0; 4096]);
                answer(&mut stream);
            }
        });
        let dir = tempfile::tempdir().unwrap();
        let text = format!(
            "current-context: dev\ncontexts: [{{name: dev, context: {{cluster: c}}}}]\n\
             clusters: [{{name: c, cluster: {{server: '{scheme}://{place}', insecure-skip-tls-verify: true{more}}}}}]\n"
        );
        std::fs::write(dir.path().join("config"), text).unwrap();
        let environment = [("KUBECONFIG".into(), dir.path().join("config").into())];
        let target = Target::read(&environment, None, None).unwrap();
        let connection = Connection::open(&target, &environment).await.unwrap();
        let error = connection.pods().await.unwrap().list(&ListParams::default()).await.unwrap_err();
        connection.problem(&error, "list pods").describe().replace(&place.to_string(), "PLACE")
    }

    #[tokio::test]
    async fn an_answer_without_end_is_not_of_a_cluster() {
        for (status, most) in [("200 OK", "64 MiB"), ("403 Forbidden", "64 KiB")] {
            let said = said_of("http", "", move |stream| {
                let head = format!(
                    "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
                );
                let _ = stream.write_all(head.as_bytes());
                let blanks = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
                while stream.write_all(blanks.as_bytes()).is_ok() {}
            });
            let expected = format!(
                "no cluster answered for context `dev` (http://PLACE): the answer is longer than {most}\n"
            );
            let said = said.await;
            assert!(said.starts_with(&expected), "{said}");
        }
    }

    #[tokio::test]
    async fn what_goes_wrong_is_said_in_words() {
        let cannot = |scheme: &str| format!("cannot reach the cluster of context `dev` ({scheme}://PLACE): ");
        let json = "content-type: application/json\r\n";
        for (answer, words) in [
            (
                "SSH-2.0-OpenSSH_9.2p1\r\n".to_owned(),
                "what answers there does not speak HTTP: is its address right?",
            ),
            (format!("HTTP/1.1 200 OK\r\n{json}content-length: 90\r\n\r\n{{"), CUT),
            (String::new(), CUT),
            (
                format!("HTTP/1.1 200 OK\r\n{json}content-length: 2\r\n\r\n[]"),
                "it answered something else than it was asked for (line 1, column ",
            ),
        ] {
            let said = said_of("http", "", move |stream| stream.write_all(answer.as_bytes()).unwrap()).await;
            assert!(said.starts_with(&format!("{}{words}", cannot("http"))), "{said}");
        }
        let compressed = |stream: &mut TcpStream| {
            let head =
                b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 3\r\n\r\n\x1f\x8b\x08";
            stream.write_all(head).unwrap();
        };
        let said = said_of("http", "", compressed).await;
        assert!(said.starts_with(&(cannot("http") + "its answer is not text: does a proxy")), "{said}");
        let said = said_of("https", "", |_| {}).await;
        let expected = cannot("https") + "it ended the connection during the TLS handshake\n";
        assert!(said.starts_with(&expected), "{said}");
        let said = said_of("https", ", proxy-url: 'socks5://127.0.0.1:1'", |_| {}).await;
        let expected =
            cannot("https") + "the proxy cannot be reached\n  it was asked by the proxy 127.0.0.1:1 of";
        assert!(said.starts_with(&expected), "{said}");
    }

    const CUT: &str = "it ended the connection before its answer was complete";

    async fn ask(text: &[u8]) {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config");
        std::fs::write(&file, text).unwrap();
        let environment = [("KUBECONFIG".into(), file.into())];
        let Ok(target) = Target::read(&environment, None, None) else { return };
        let Ok(connection) = Connection::open(&target, &environment).await else { return };
        // No name is looked up.
        if target.address.host.starts_with("127.") {
            let client = connection.client().await.unwrap();
            let asked = tokio::time::timeout(Duration::from_millis(200), client.apiserver_version()).await;
            if let Ok(Err(error)) = asked {
                connection.problem(&error, "tell its version");
            }
        }
    }

    fn block_on(future: impl Future<Output = ()>) {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn no_kubeconfig_makes_it_panic(
            edits in prop::collection::vec((any::<prop::sample::Index>(), 0..3_usize, 0..ODD.len()), 1..4),
            removed in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
        ) {
            // Other ways to be someone hide those behind them.
            let mut lines: Vec<&str> = TEXT.split_inclusive('\n').collect();
            for line in removed {
                lines.remove(line.index(lines.len()));
            }
            let mut text = lines.concat();
            for (at, length, odd) in edits {
                let at = text.floor_char_boundary(at.index(text.len()));
                let end = text.ceil_char_boundary((at + length).min(text.len()));
                text.replace_range(at..end, ODD[odd]);
            }
            block_on(ask(text.as_bytes()));
        }

        #[test]
        fn no_value_of_a_kubeconfig_makes_it_panic(
            key in prop::sample::select(vec![
                "server", "tls-server-name", "proxy-url", "token", "username", "password", "as", "as-uid", "as-groups",
                "name", "id-token", "idp-issuer-url", "namespace",
            ]),
            value in "\\PC{0,8}|[a-z0-9:/@%.\\[\\]?#\n\t -]{0,24}|https?://[a-z0-9:/@%.\\[\\]?# -]{0,24}",
        ) {
            let mut config: serde_json::Value = super::super::yaml::Node::read(TEXT).unwrap().unwrap().to_json();
            let user = &mut config["users"][0]["user"];
            if key == "token" {
                user["tokenFile"] = serde_json::Value::Null;
            }
            if key != "id-token" && key != "idp-issuer-url" {
                user["auth-provider"] = serde_json::Value::Null;
            }
            if key == "username" || key == "password" {
                user["token"] = serde_json::Value::Null;
            }
            put(&mut config, key, &value);
            block_on(ask(config.to_string().as_bytes()));
        }
    }

    /// Puts a value everywhere under a key.
    fn put(config: &mut serde_json::Value, key: &str, value: &str) {
        if let Some(object) = config.as_object_mut() {
            object.iter_mut().for_each(|(name, inner)| {
                if name == key { *inner = value.into() } else { put(inner, key, value) }
            });
        }
        config.as_array_mut().into_iter().flatten().for_each(|inner| put(inner, key, value));
    }
}
