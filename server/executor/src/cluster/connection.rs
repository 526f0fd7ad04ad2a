//! The way to the API server of a target, with credentials that are renewed when they end; and what goes wrong on it.
//!
//! Must not read another kubeconfig than the target's.

use std::ffi::OsString;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use kube::api::Api;
use kube::config::{AuthInfo, KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use tokio::sync::Mutex;

use super::kubeconfig::innermost;
use super::object::Pod;
use super::plugin;
use super::target::Target;
use crate::event::Problem;

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(10);

/// How long nothing may come before the server counts as gone; the client asks for a sign of life every 60 s.
const SILENCE: Duration = Duration::from_secs(200);

/// Credentials that end within this time are renewed.
const RENEW: Duration = Duration::from_secs(60);

/// See the module.
#[derive(Clone, Debug)]
pub struct Connection {
    target: Target,
    environment: Vec<(OsString, OsString)>,
    current: Arc<Mutex<Current>>,
}

#[derive(Clone)]
struct Current {
    client: Client,
    /// When its credentials end.
    expires: Option<SystemTime>,
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
        let current = Arc::new(Mutex::new(connect(target, environment).await?));
        Ok(Connection { target: target.clone(), environment: environment.to_vec(), current })
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
            *current = connect(&self.target, &self.environment).await?;
        }
        Ok(current.client.clone())
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
    pub(crate) async fn pods(&self) -> Result<Api<Pod>, Problem> {
        Ok(Api::namespaced(self.client().await?, &self.target.namespace))
    }

    /// Why the server did not do something, such as `list pods`.
    pub fn problem(&self, error: &kube::Error, action: &str) -> Problem {
        let Target { server, namespace, user, .. } = &self.target;
        let place = self.place();
        let user = user.as_deref().unwrap_or("of this pod");
        match error {
            kube::Error::Api(status) if status.code == 401 => Problem::new(format!(
                "the cluster of {place} ({server}) does not accept the credentials of user `{user}`"
            ))
            .help("log in again, or choose another context"),
            kube::Error::Api(status) if status.code == 403 => {
                Problem::new(format!("user `{user}` may not {action} in namespace `{namespace}` of {place}"))
                    .help(status.message.clone())
                    .help("`draft-tasks doctor` tells which permissions are missing")
            }
            kube::Error::Api(status) => Problem::new(format!(
                "the cluster of {place} cannot {action} in namespace `{namespace}`: {}",
                status.message
            )),
            error => {
                Problem::new(format!("cannot reach the cluster of {place} ({server}): {}", innermost(error)))
                    .help("post-deploy tasks run inside of the application's pods: is the cluster up?")
                    .help("`draft-tasks doctor` walks through the whole chain")
            }
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

async fn connect(target: &Target, environment: &[(OsString, OsString)]) -> Result<Current, Problem> {
    let unusable = |error: &dyn std::error::Error| {
        Problem::new(format!(
            "the credentials for {} cannot be used: {}",
            target.describe(),
            innermost(error)
        ))
    };
    let (mut config, expires) = match &target.kubeconfig {
        Some(kubeconfig) => {
            let (kubeconfig, expires) = with_credentials(kubeconfig, target, environment).await?;
            let context = target.context.clone();
            let options = KubeConfigOptions { context, ..KubeConfigOptions::default() };
            let config = Config::from_custom_kubeconfig(kubeconfig, &options).await;
            (config.map_err(|error| unusable(&error))?, expires)
        }
        None => (Config::incluster().map_err(|error| unusable(&error))?, None),
    };
    config.connect_timeout = Some(CONNECT);
    config.read_timeout = Some(SILENCE);
    let client = Client::try_from(config).map_err(|error| unusable(&error))?;
    Ok(Current { client, expires })
}

/// The kubeconfig with what the plugin of the target's user answered in its place.
async fn with_credentials(
    kubeconfig: &Kubeconfig,
    target: &Target,
    environment: &[(OsString, OsString)],
) -> Result<(Kubeconfig, Option<SystemTime>), Problem> {
    let mut kubeconfig = kubeconfig.clone();
    let cluster = cluster_info(&kubeconfig, target);
    let user = kubeconfig.auth_infos.iter_mut().find(|user| Some(&user.name) == target.user.as_ref());
    let info: Option<&mut AuthInfo> = user.and_then(|user| user.auth_info.as_mut());
    let expires = match info {
        Some(info) => plugin::authenticate(info, cluster, environment).await?,
        None => None,
    };
    Ok((kubeconfig, expires))
}

/// What a plugin that asks for it is told of the cluster.
fn cluster_info(kubeconfig: &Kubeconfig, target: &Target) -> Option<serde_json::Value> {
    let contexts = || kubeconfig.contexts.iter();
    let context =
        contexts().find(|context| Some(&context.name) == target.context.as_ref())?.context.as_ref()?;
    let cluster = kubeconfig.clusters.iter().find(|cluster| cluster.name == context.cluster)?;
    serde_json::to_value(cluster.cluster.as_ref()?).ok()
}
