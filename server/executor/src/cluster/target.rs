//! Which cluster and namespace a run is about: read once from the kubeconfig, and named in everything that is told.
//!
//! Must not contact the cluster.

use std::ffi::OsString;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use draft_tasks_analysis::secret::is_plain;

use super::address::{Address, bracketed, plain};
use super::kubeconfig::{self, Access, Found, Kubeconfig};
use super::proxy;
use crate::event::Problem;

/// The namespace where nothing names one.
const DEFAULT_NAMESPACE: &str = "default";

/// Contexts with such names are of clusters that run on the developer's machine, if their servers are not public.
const LOCAL_CONTEXTS: [&str; 9] = [
    "kind-",
    "k3d-",
    "minikube",
    "docker-desktop",
    "docker-for-desktop",
    "rancher-desktop",
    "colima",
    "orbstack",
    "microk8s",
];

/// A cluster, as a context of the kubeconfig names it, and a namespace.
#[derive(Clone, Debug)]
pub struct Target {
    /// The context; nothing inside of a cluster, where there is no kubeconfig.
    pub context: Option<String>,
    /// The address of the API server.
    pub server: String,
    /// The namespace.
    pub namespace: String,
    /// The user of the context.
    pub(crate) user: Option<String>,
    pub(crate) address: Address,
    pub(crate) access: Arc<Access>,
    /// Whether a proxy of the environment leads there.
    is_proxied: bool,
    /// The file as it was when it was read; nothing inside of a cluster.
    pub(crate) kubeconfig: Option<Arc<Kubeconfig>>,
}

/// A context of a kubeconfig, whether it leads to a cluster or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedContext {
    /// Its name.
    pub name: String,
    /// Its namespace, where it names one.
    pub namespace: Option<String>,
    /// Whether it is meant where nothing else is said.
    pub is_current: bool,
}

/// The kubeconfig of an environment, read once: a pipe is empty when it is read again.
#[derive(Clone, Debug)]
pub struct KubeconfigSource<'a> {
    environment: &'a [(OsString, OsString)],
    found: Found,
}

impl<'a> KubeconfigSource<'a> {
    /// The files in which it is looked for, whether they are there or not.
    pub fn places(environment: &[(OsString, OsString)]) -> Vec<PathBuf> {
        kubeconfig::places(environment).0
    }

    /// Reads it.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn read(environment: &'a [(OsString, OsString)]) -> Result<KubeconfigSource<'a>, Problem> {
        Ok(KubeconfigSource { environment, found: kubeconfig::read(environment)? })
    }

    /// Whether there is none where one is needed: inside of a cluster none is.
    pub fn is_missing(&self) -> bool {
        let is_in_pod = kubeconfig::value(self.environment, "KUBERNETES_SERVICE_HOST").is_some();
        self.found.kubeconfig.is_none() && !is_in_pod
    }

    /// Its files that are there; none inside of a cluster, which needs none.
    ///
    /// # Errors
    ///
    /// When there is none where one is needed.
    pub fn files(&self) -> Result<Vec<PathBuf>, Problem> {
        if self.is_missing() {
            return Err(no_kubeconfig(&self.found));
        }
        Ok(self.found.places.iter().filter(|place| place.exists()).cloned().collect())
    }

    /// Its contexts, in their order; none where there is no kubeconfig.
    pub fn contexts(&self) -> Vec<NamedContext> {
        let Some(kubeconfig) = &self.found.kubeconfig else { return Vec::new() };
        let current = kubeconfig.current_context();
        let named = |name: String| {
            let namespace = kubeconfig.context(&name).ok().flatten().and_then(|context| context.namespace);
            NamedContext { is_current: current.as_ref() == Some(&name), name, namespace }
        };
        kubeconfig.contexts().into_iter().map(named).collect()
    }

    /// As [`Target::read`].
    ///
    /// # Errors
    ///
    /// When there is no kubeconfig where one is needed, or it has no such context.
    pub fn target(self, context: Option<&str>, namespace: Option<&str>) -> Result<Target, Problem> {
        Target::of(self.found, self.environment, context, namespace)
    }
}

/// Whether a text is a name as namespaces and containers have it (a label of RFC 1123).
pub fn is_label(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&text.len())
        && text.bytes().all(inner)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

impl Target {
    /// Reads the kubeconfig of an environment. Without a context it is the current one; without a namespace the
    /// context's.
    ///
    /// # Errors
    ///
    /// When there is no kubeconfig, it cannot be read, or it has no such context.
    pub fn read(
        environment: &[(OsString, OsString)],
        context: Option<&str>,
        namespace: Option<&str>,
    ) -> Result<Target, Problem> {
        KubeconfigSource::read(environment)?.target(context, namespace)
    }

    fn of(
        mut found: Found,
        environment: &[(OsString, OsString)],
        context: Option<&str>,
        namespace: Option<&str>,
    ) -> Result<Target, Problem> {
        // What a variable left empty is as good as not said.
        let context = context.filter(|context| !context.is_empty());
        let Some(kubeconfig) = found.kubeconfig.take() else {
            return in_cluster(environment, &found, context, namespace);
        };
        let name = context.map(str::to_owned).or_else(|| kubeconfig.current_context());
        let name = name.ok_or_else(|| no_context(&kubeconfig, &found))?;
        let context =
            kubeconfig.context(&name)?.ok_or_else(|| unknown_context(&name, &kubeconfig, &found))?;
        let namespace = match namespace {
            Some(namespace) => checked(namespace)?,
            None => context.namespace.clone().unwrap_or_else(|| DEFAULT_NAMESPACE.into()),
        };
        let access = kubeconfig.access(&context)?;
        let address = address(&access, &name, &context.cluster).map_err(|it| it.help(searched(&found)))?;
        // One that cannot be used is one all the same.
        let is_proxied = !matches!(proxy::choose(&address, None, environment), Ok(None));
        Ok(Target {
            context: Some(name),
            server: address.to_string(),
            namespace,
            user: context.user,
            address,
            access: access.into(),
            is_proxied,
            kubeconfig: Some(kubeconfig.into()),
        })
    }

    /// That the namespace has a name that one can have. That of a context may be any text: tasks on this machine, which
    /// say which one they mean, do not need it.
    ///
    /// # Errors
    ///
    /// What the name is.
    pub(crate) fn check_namespace(&self) -> Result<(), Problem> {
        checked(&self.namespace).map(|_| ())
    }

    /// Whether the context names this namespace, or it is the usual one and the context names none.
    pub fn is_namespace_of_context(&self) -> bool {
        let (Some(kubeconfig), Some(name)) = (&self.kubeconfig, &self.context) else { return false };
        let named = kubeconfig.context(name).ok().flatten().and_then(|context| context.namespace);
        self.namespace == named.as_deref().unwrap_or(DEFAULT_NAMESPACE)
    }

    /// Reads a context of the kubeconfig, or the current one; nothing where there is no kubeconfig.
    ///
    /// # Errors
    ///
    /// When the kubeconfig cannot be read, or has no such context.
    pub fn find(
        environment: &[(OsString, OsString)],
        context: Option<&str>,
    ) -> Result<Option<Target>, Problem> {
        let source = KubeconfigSource::read(environment)?;
        if source.is_missing() { Ok(None) } else { source.target(context, None).map(Some) }
    }

    /// "context kind-dev, namespace demo".
    pub fn describe(&self) -> String {
        match &self.context {
            Some(context) => format!("context {context}, namespace {}", self.namespace),
            None => format!("the cluster of this pod, namespace {}", self.namespace),
        }
    }

    /// By what clusters know the users of the kubeconfig: what nobody may see.
    pub(crate) fn confidential(&self) -> Vec<String> {
        let mut values =
            self.kubeconfig.as_ref().map_or_else(Vec::new, |kubeconfig| kubeconfig.confidential());
        // An address needs no scheme.
        if let Some((_, password)) = self.address.login.as_deref().and_then(|login| login.split_once(':')) {
            values
                .extend([password.to_owned(), plain(password)].into_iter().filter(|value| !is_plain(value)));
        }
        values
    }

    /// Whether both reach the same cluster: contexts of different kubeconfigs often have the same name.
    pub fn is_same_cluster(&self, other: &Target) -> bool {
        self.context == other.context && self.server == other.server
    }

    /// What of the kubeconfig makes the server another machine's, whatever its address: "by its `proxy-url`".
    pub fn remote_by(&self) -> Option<&'static str> {
        let cluster = &self.access.cluster;
        // A proxy has its own loopback, and a certificate of another name is that of a tunnel's far end.
        if cluster.proxy_url.is_some() {
            return Some("by its `proxy-url`");
        }
        if self.is_proxied {
            return Some("by the proxy of the environment");
        }
        cluster.tls_server_name.is_some().then_some("with its `tls-server-name`, as behind a tunnel")
    }

    /// Whether the cluster runs on this machine or for it alone: its server has a loopback address, or a private one
    /// and a context named as tools for local clusters do.
    pub fn is_local(&self) -> bool {
        let Some(context) = &self.context else { return false };
        if self.remote_by().is_some() {
            return false;
        }
        let Ok(address) = self.address.host.parse::<IpAddr>() else { return is_this_machine(&self.address) };
        let private = match address {
            IpAddr::V4(address) => address.is_private() || address.is_link_local(),
            IpAddr::V6(address) => address.is_unique_local(),
        };
        is_this_machine(&self.address)
            || private && LOCAL_CONTEXTS.iter().any(|name| context.starts_with(name))
    }
}

/// Whether the address of a server, as a command is given it, is one of this machine.
pub fn is_local_server(server: &str) -> bool {
    Address::read(server, true).is_ok_and(|address| is_this_machine(&address))
}

fn is_this_machine(address: &Address) -> bool {
    let host = address.host.to_ascii_lowercase();
    let host = host.strip_suffix('.').unwrap_or(&host);
    // A name below `localhost` is that of this machine only to resolvers that heed RFC 6761; Go's, which kubectl has, asks DNS.
    if host == "localhost" || host == "kubernetes.docker.internal" {
        return true;
    }
    let address = host.parse::<IpAddr>().map(|address| address.to_canonical());
    address.is_ok_and(|address| address.is_loopback() || address.is_unspecified())
}

fn checked(namespace: &str) -> Result<String, Problem> {
    if is_label(namespace) {
        return Ok(namespace.to_owned());
    }
    let name = namespace.escape_default();
    Err(Problem::new(format!("`{name}` is not the name of a namespace"))
        .help("it has lower-case letters, digits and `-` inside, at most 63 of them"))
}

/// The address of a context's cluster.
fn address(access: &Access, context: &str, cluster: &str) -> Result<Address, Problem> {
    let names = format!("context `{context}` names the cluster `{cluster}`, which");
    let entry = &access.cluster;
    let Some(server) = &entry.server else {
        return Err(Problem::new(format!("{names} has no server in the kubeconfig")));
    };
    let user = &access.user;
    let has_certificates = entry.certificate_authority.is_some()
        || entry.certificate_authority_data.is_some()
        || user.client_certificate.is_some()
        || user.client_certificate_data.is_some()
        || entry.insecure_skip_tls_verify == Some(true);
    Address::read(server, has_certificates)
        .map_err(|wrong| Problem::new(format!("{names} cannot be reached: its address {wrong}")))
}

fn no_kubeconfig(found: &Found) -> Problem {
    Problem::new("there is no kubeconfig to tell which cluster to use").help(searched(found))
}

fn in_cluster(
    environment: &[(OsString, OsString)],
    found: &Found,
    context: Option<&str>,
    namespace: Option<&str>,
) -> Result<Target, Problem> {
    let host = kubeconfig::value(environment, "KUBERNETES_SERVICE_HOST");
    let (Some(host), None) = (host, context) else {
        return Err(no_kubeconfig(found));
    };
    let account = Path::new("/var/run/secrets/kubernetes.io/serviceaccount");
    let own = std::fs::read_to_string(account.join("namespace")).ok();
    let own = own.as_deref().map(str::trim).filter(|own| !own.is_empty());
    let mut server = format!("https://{}", bracketed(&host.to_string_lossy()));
    if let Some(port) = kubeconfig::value(environment, "KUBERNETES_SERVICE_PORT") {
        server += &format!(":{}", port.to_string_lossy());
    }
    let address = Address::read(&server, true).map_err(|wrong| {
        Problem::new(format!("the cluster of this pod cannot be reached: its address {wrong}"))
            .help("it is that of KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT")
    })?;
    let mut access = Access::default();
    let file = |name: &str| Some(account.join(name).to_string_lossy().into_owned());
    access.cluster.certificate_authority = file("ca.crt");
    access.user.token_file = file("token");
    Ok(Target {
        context: None,
        server: address.to_string(),
        namespace: checked(namespace.or(own).unwrap_or(DEFAULT_NAMESPACE))?,
        user: None,
        address,
        access: access.into(),
        is_proxied: false,
        kubeconfig: None,
    })
}

fn no_context(kubeconfig: &Kubeconfig, found: &Found) -> Problem {
    let problem = Problem::new("the kubeconfig has no current context");
    problem.help(contexts(kubeconfig)).help(searched(found))
}

fn unknown_context(name: &str, kubeconfig: &Kubeconfig, found: &Found) -> Problem {
    let problem = Problem::new(format!("the kubeconfig has no context `{name}`"));
    problem.help(contexts(kubeconfig)).help(searched(found))
}

fn contexts(kubeconfig: &Kubeconfig) -> String {
    let names: Vec<_> = kubeconfig.contexts().iter().map(|name| format!("`{name}`")).collect();
    if names.is_empty() { "it has no contexts".into() } else { format!("it has {}", names.join(", ")) }
}

fn searched(found: &Found) -> String {
    let places: Vec<_> = found.places.iter().map(|place| place.display().to_string()).collect();
    match (places.as_slice(), found.by_variable) {
        ([], true) => "KUBECONFIG is set and names no file".into(),
        ([], false) => "neither KUBECONFIG nor HOME is set".into(),
        (places, true) => format!("kubeconfig: {} (KUBECONFIG)", places.join(", ")),
        (places, false) => format!("kubeconfig: {}; KUBECONFIG is not set", places.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(context: &str, server: &str) -> Target {
        Target {
            context: Some(context.to_owned()),
            server: server.to_owned(),
            namespace: "default".into(),
            user: None,
            address: Address::read(server, true).unwrap(),
            access: Arc::default(),
            is_proxied: false,
            kubeconfig: None,
        }
    }

    #[test]
    fn local_clusters_have_loopback_addresses_or_private_ones_and_a_name() {
        for (context, server) in [
            ("prod", "https://127.0.0.1:6443"),
            ("x", "https://[::1]:6443"),
            ("x", "https://localhost"),
            ("x", "https://localhost.:6443"),
            ("x", "https://[::ffff:127.0.0.1]:6443"),
            ("k3d-x", "https://0.0.0.0:41234"),
            ("docker-desktop", "https://kubernetes.docker.internal:6443"),
            ("minikube", "https://192.168.49.2:8443"),
            ("kind-dev", "https://172.18.0.2:6443/path"),
        ] {
            assert!(target(context, server).is_local(), "{context} {server}");
        }
        for (context, server) in [
            ("kind-prod", "https://35.1.2.3"),
            ("prod", "https://10.0.0.1:6443"),
            ("minikube", "https://minikube.example.com"),
            ("x", "https://localhost.example.com"),
            ("x", "https://k8s.localhost:6443"),
            ("x", "https://user@127.0.0.1.example.com"),
        ] {
            assert!(!target(context, server).is_local(), "{context} {server}");
        }
    }

    #[tokio::test]
    async fn the_namespace_of_a_context_matters_where_pods_are_sought() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config");
        std::fs::write(&file, CONFIG.replace("namespace: demo", "namespace: Team_A/..")).unwrap();
        let environment = environment(&file);
        let own = Target::read(&environment, None, None).unwrap();
        let open = super::super::connection::Connection::open(&own, &environment).await;
        let problem = open.unwrap_err().describe();
        assert!(problem.starts_with("`Team_A/..` is not the name of a namespace"), "{problem}");
        let named = Target::read(&environment, None, Some("demo")).unwrap();
        super::super::connection::Connection::open(&named, &environment).await.unwrap();
        assert!(Target::read(&environment, None, Some("Team_A")).is_err());
    }

    #[test]
    fn loopback_of_a_proxy_or_at_the_end_of_a_tunnel_is_not_local() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config");
        for more in ["proxy-url: 'http://proxy.example:3128'", "tls-server-name: prod.example"] {
            let server = "server: 'https://127.0.0.1:1'";
            std::fs::write(&file, CONFIG.replace(server, &format!("{server}, {more}"))).unwrap();
            assert!(!Target::read(&environment(&file), None, None).unwrap().is_local(), "{more}");
        }
    }

    const CONFIG: &str = "apiVersion: v1
kind: Config
current-context: dev
contexts:
- {name: dev, context: {cluster: c, user: u, namespace: demo}}
- {name: other, context: {cluster: missing, user: u}}
clusters:
- {name: c, cluster: {server: 'https://127.0.0.1:1'}}
";

    fn environment(file: &std::path::Path) -> Vec<(OsString, OsString)> {
        vec![("KUBECONFIG".into(), file.into())]
    }

    #[test]
    fn the_current_context_unless_another_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config");
        std::fs::write(&file, CONFIG).unwrap();
        let environment = environment(&file);
        let read = |context, namespace| Target::read(&environment, context, namespace);
        assert_eq!(read(None, None).unwrap().describe(), "context dev, namespace demo");
        assert_eq!(read(Some("dev"), Some("x")).unwrap().describe(), "context dev, namespace x");
        let problem = read(Some("prod"), None).unwrap_err().describe();
        assert!(
            problem.starts_with("the kubeconfig has no context `prod`\n  it has `dev`, `other`"),
            "{problem}"
        );
        assert!(problem.contains(&file.display().to_string()), "{problem}");
        let problem = read(Some("other"), None).unwrap_err().describe();
        assert!(problem.contains("`missing`, which has no server"), "{problem}");
    }

    #[test]
    fn what_is_missing_or_broken_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config");
        let environment = environment(&file);
        let problem = Target::read(&environment, None, None).unwrap_err().describe();
        assert!(
            problem.starts_with("there is no kubeconfig") && problem.contains("(KUBECONFIG)"),
            "{problem}"
        );
        std::fs::write(&file, "{ not: [yaml").unwrap();
        let problem = Target::read(&environment, None, None).unwrap_err().describe();
        assert!(
            problem.starts_with(&format!("the kubeconfig {} cannot be used", file.display())),
            "{problem}"
        );
        let problem = Target::read(&[], None, None).unwrap_err().describe();
        assert!(problem.ends_with("neither KUBECONFIG nor HOME is set"), "{problem}");
    }
}
