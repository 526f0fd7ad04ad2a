//! Which cluster and namespace a run is about: read once from the kubeconfig, and named in everything that is told.
//!
//! Must not contact the cluster.

use std::ffi::OsString;
use std::net::IpAddr;

use kube::config::Kubeconfig;

use super::kubeconfig::{self, Found};
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
    /// The file as it was when it was read; nothing inside of a cluster.
    pub(crate) kubeconfig: Option<Kubeconfig>,
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
        let found = kubeconfig::read(environment)?;
        let Some(kubeconfig) = found.kubeconfig.clone() else {
            return in_cluster(environment, &found, context, namespace);
        };
        let name = context.map(str::to_owned).or_else(|| kubeconfig.current_context.clone());
        let name = name.filter(|name| !name.is_empty()).ok_or_else(|| no_context(&kubeconfig, &found))?;
        let context = kubeconfig.contexts.iter().find(|context| context.name == name);
        let context = context.and_then(|context| context.context.as_ref());
        let context = context.ok_or_else(|| unknown_context(&name, &kubeconfig, &found))?;
        let cluster = kubeconfig.clusters.iter().find(|cluster| cluster.name == context.cluster);
        let server = cluster.and_then(|cluster| cluster.cluster.as_ref()?.server.clone());
        let server = server.ok_or_else(|| {
            Problem::new(format!(
                "context `{name}` names the cluster `{}`, which has no server in the kubeconfig",
                context.cluster
            ))
            .help(searched(&found))
        })?;
        let own = context.namespace.as_deref().filter(|own| !own.is_empty());
        let namespace = namespace.or(own).unwrap_or(DEFAULT_NAMESPACE).to_owned();
        let user = context.user.clone();
        Ok(Target { context: Some(name), server, namespace, user, kubeconfig: Some(kubeconfig) })
    }

    /// "context kind-dev, namespace demo".
    pub fn describe(&self) -> String {
        match &self.context {
            Some(context) => format!("context {context}, namespace {}", self.namespace),
            None => format!("the cluster of this pod, namespace {}", self.namespace),
        }
    }

    /// Whether the cluster runs on this machine or for it alone: its server has a loopback address, or a private one
    /// and a context named as tools for local clusters do.
    pub fn is_local(&self) -> bool {
        let Some(context) = &self.context else { return false };
        let Some(host) = host(&self.server) else { return false };
        if host == "localhost" || host.ends_with(".localhost") || host == "kubernetes.docker.internal" {
            return true;
        }
        let Ok(address) = host.parse::<IpAddr>() else { return false };
        let private = match address {
            IpAddr::V4(address) => address.is_private() || address.is_link_local(),
            IpAddr::V6(address) => address.is_unique_local(),
        };
        address.is_loopback() || private && LOCAL_CONTEXTS.iter().any(|name| context.starts_with(name))
    }
}

/// The host of an address like `https://[::1]:6443/path`.
fn host(server: &str) -> Option<&str> {
    let rest = server.split_once("://").map_or(server, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next()?;
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    match authority.strip_prefix('[') {
        Some(rest) => Some(rest.split_once(']')?.0),
        None => Some(authority.split(':').next().unwrap_or(authority)),
    }
}

fn in_cluster(
    environment: &[(OsString, OsString)],
    found: &Found,
    context: Option<&str>,
    namespace: Option<&str>,
) -> Result<Target, Problem> {
    const OWN_NAMESPACE: &str = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";
    let host = kubeconfig::value(environment, "KUBERNETES_SERVICE_HOST");
    let (Some(host), None) = (host, context) else {
        let problem = Problem::new("there is no kubeconfig, so it is not known which cluster to use");
        return Err(problem.help(searched(found)));
    };
    let own = std::fs::read_to_string(OWN_NAMESPACE).ok();
    let own = own.as_deref().map(str::trim).filter(|own| !own.is_empty());
    Ok(Target {
        context: None,
        server: format!("https://{}", host.to_string_lossy()),
        namespace: namespace.or(own).unwrap_or(DEFAULT_NAMESPACE).to_owned(),
        user: None,
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
    let names: Vec<_> = kubeconfig.contexts.iter().map(|context| format!("`{}`", context.name)).collect();
    if names.is_empty() { "it has no contexts".into() } else { format!("it has {}", names.join(", ")) }
}

fn searched(found: &Found) -> String {
    let places: Vec<_> = found.places.iter().map(|place| place.display().to_string()).collect();
    match (places.as_slice(), found.by_variable) {
        ([], _) => "neither KUBECONFIG nor HOME is set".into(),
        (places, true) => format!("kubeconfig: {} (KUBECONFIG)", places.join(", ")),
        (places, false) => format!("kubeconfig: {}; KUBECONFIG is not set", places.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(context: &str, server: &str) -> Target {
        let (context, server) = (Some(context.to_owned()), server.to_owned());
        Target { context, server, namespace: "default".into(), user: None, kubeconfig: None }
    }

    #[test]
    fn local_clusters_have_loopback_addresses_or_private_ones_and_a_name() {
        for (context, server) in [
            ("prod", "https://127.0.0.1:6443"),
            ("x", "https://[::1]:6443"),
            ("x", "https://localhost"),
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
            ("x", "https://user@127.0.0.1.example.com"),
        ] {
            assert!(!target(context, server).is_local(), "{context} {server}");
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
