//! The cluster that the tests run on, one for all of them.
//!
//! Must not start or end it: `tests/kubernetes/run` does.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use kube::Client;
use kube::config::{Config, KubeConfigOptions, Kubeconfig};
use tokio::runtime::Runtime;

/// Names the kubeconfig of the cluster: its current context, of a user who may do everything.
const KUBECONFIG: &str = "DRAFT_TASKS_TEST_KUBECONFIG";

/// Names the script of the cluster where it is one that `tests/kubernetes/cluster` has started.
const SCRIPT: &str = "DRAFT_TASKS_TEST_CLUSTER";

/// Names another image with a shell and busybox's programs.
const IMAGE: &str = "DRAFT_TASKS_TEST_IMAGE";

pub(crate) struct Cluster {
    runtime: Runtime,
    pub(super) kubeconfig: Kubeconfig,
    /// Somebody who may do everything.
    pub(super) client: Client,
    /// The image of containers that are not given another one.
    pub(crate) image: String,
    pub(super) pull_policy: &'static str,
    own: Option<Own>,
}

/// A cluster that is ours to disturb.
struct Own {
    script: PathBuf,
    /// Tests hold it together, a test that disturbs the cluster alone; also those of other processes.
    lock: PathBuf,
}

/// The cluster of this run of tests.
pub(crate) fn cluster() -> &'static Cluster {
    static CLUSTER: LazyLock<Cluster> = LazyLock::new(Cluster::connect);
    &CLUSTER
}

impl Cluster {
    fn connect() -> Cluster {
        let path =
            std::env::var_os(KUBECONFIG).map(PathBuf::from).filter(|path| !path.as_os_str().is_empty());
        let path = path.unwrap_or_else(|| panic!("{KUBECONFIG} names no cluster: call tests/kubernetes/run"));
        let kubeconfig =
            Kubeconfig::read_from(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let script =
            std::env::var_os(SCRIPT).map(PathBuf::from).filter(|script| !script.as_os_str().is_empty());
        let own = script.map(|script| Own { script, lock: path.with_file_name("disturbed") });
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let client = runtime.block_on(client(kubeconfig.clone()));
        let image = std::env::var(IMAGE).ok().filter(|image| !image.is_empty());
        let (default_image, pull_policy) = match own {
            Some(_) => ("localhost/busybox:1.35", "Never"),
            None => ("busybox:1.35", "IfNotPresent"),
        };
        Cluster {
            runtime,
            kubeconfig,
            client,
            image: image.unwrap_or(default_image.to_owned()),
            pull_policy,
            own,
        }
    }

    pub(crate) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// Keeps tests that disturb the cluster waiting, as long as the file is held.
    pub(super) fn share(&self) -> Option<File> {
        let lock = self.own.as_ref().map(|own| open(&own.lock));
        lock.inspect(|lock| lock.lock_shared().expect("a file that can be locked"))
    }

    /// Waits until no other test uses the cluster, and keeps it so as long as the file is held.
    pub(super) fn have_alone(&self) -> Option<File> {
        let lock = self.own.as_ref().map(|own| open(&own.lock));
        lock.inspect(|lock| lock.lock().expect("a file that can be locked"))
    }

    /// The client that belongs to it, else the machine's.
    pub(super) fn kubectl(&self) -> PathBuf {
        if let Some(own) = &self.own {
            return own.lock.with_file_name("bin/kubectl");
        }
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut found = std::env::split_paths(&path).map(|folder| folder.join("kubectl"));
        found.find(|program| program.exists()).expect("kubectl in the PATH")
    }

    /// Calls the script of the cluster that is ours: `["api", "kill"]`.
    pub(super) fn call(&self, arguments: &[&str]) {
        let own = self.own.as_ref().expect("a cluster of our own");
        let output =
            Command::new(&own.script).args(arguments).stdin(Stdio::null()).output().expect("the script");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

fn open(path: &Path) -> File {
    File::options().create(true).append(true).open(path).expect("a file for the lock")
}

/// A client of the current context.
pub(super) async fn client(kubeconfig: Kubeconfig) -> Client {
    let options = KubeConfigOptions::default();
    let config = Config::from_custom_kubeconfig(kubeconfig, &options).await.expect("a usable kubeconfig");
    Client::try_from(config).expect("a client")
}
