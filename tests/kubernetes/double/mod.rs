//! A small API server that does what a test tells it, over TLS as a real one, and remembers what it was asked.
//!
//! Must not know the program under test. What it answers is what real clusters were seen to answer: `same.rs` compares.

mod exec;
mod http;
mod logs;
mod objects;
mod script;
mod status;
mod tls;
mod watches;
mod world;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::{broadcast, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

pub(crate) use objects::{Pod, Workload};
pub(crate) use script::{Answer, Fault, Gate, Refusal, Release, Seen, Step, Watches, When};
use world::{Scope, World};

/// No healthy program lets the double wait this long, however loaded the machine is.
const DEADLINE: Duration = Duration::from_secs(60);

/// The user that messages name.
const USER: &str = "double";

/// The double and its cluster, of which nothing is left when it is dropped.
pub(crate) struct Double {
    runtime: Runtime,
    server: Arc<Server>,
    acceptor: TlsAcceptor,
    address: SocketAddr,
    accepting: Mutex<Option<JoinHandle<()>>>,
    folder: TempDir,
}

/// What all connections share.
struct Server {
    state: Mutex<State>,
    /// Notified when something was seen.
    noticed: Condvar,
    /// The version of the world, for watches.
    version: watch::Sender<u64>,
    /// What befalls watches.
    befalls: broadcast::Sender<watches::Befall>,
    /// Connections and what goes on in them.
    tasks: Mutex<JoinSet<()>>,
}

struct State {
    world: World,
    release: Release,
    rules: Vec<(When, Answer)>,
    faults: Vec<Fault>,
    /// Verbs and resources that are not permitted.
    denied: Vec<(String, String)>,
    seen: Seen,
    /// What containers have written, by their pods and names.
    logs: BTreeMap<(String, String), Vec<u8>>,
}

impl Server {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no test panics in here")
    }

    /// Changes what was seen, and tells those who wait for it.
    fn see<T>(&self, change: impl FnOnce(&mut Seen) -> T) -> T {
        let result = change(&mut self.state().seen);
        self.noticed.notify_all();
        result
    }

    fn take_tasks(&self) -> JoinSet<()> {
        std::mem::take(&mut *self.tasks.lock().expect("no task panics in here"))
    }

    fn alter(&self, change: impl FnOnce(&mut World)) {
        let mut state = self.state();
        change(&mut state.world);
        let version = state.world.version;
        drop(state);
        self.version.send_replace(version);
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.tasks.lock().expect("no task panics in here");
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task);
    }
}

impl Double {
    /// A server of a recent release, whose cluster has the namespace `default` and nothing in it.
    pub(crate) fn start() -> Double {
        Double::start_as(Release::New)
    }

    pub(crate) fn start_as(release: Release) -> Double {
        let folder = TempDir::new().expect("a folder for the double");
        let mut world = World::default();
        // Real clusters are never at their first version.
        world.version = 100;
        world.put(
            serde_json::json!({ "kind": "Namespace", "apiVersion": "v1", "metadata": { "name": "default" } }),
        );
        let version = watch::Sender::new(world.version);
        let state = State {
            world,
            release,
            rules: Vec::new(),
            faults: Vec::new(),
            denied: Vec::new(),
            seen: Seen::default(),
            logs: BTreeMap::new(),
        };
        let server = Server {
            state: Mutex::new(state),
            noticed: Condvar::new(),
            version,
            befalls: broadcast::Sender::new(64),
            tasks: Mutex::new(JoinSet::new()),
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("double")
            .enable_all()
            .build()
            .expect("a runtime");
        let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
        let listener = runtime.block_on(TcpListener::bind(any_port)).expect("a free port");
        let address = listener.local_addr().expect("an address");
        let double = Double {
            runtime,
            server: Arc::new(server),
            acceptor: tls::acceptor(folder.path()),
            address,
            accepting: Mutex::new(None),
            folder,
        };
        double.accept(listener);
        double
    }

    fn accept(&self, listener: TcpListener) {
        let accepting = http::accept(listener, self.acceptor.clone(), self.server.clone());
        let task = self.runtime.spawn(accepting);
        *self.accepting.lock().expect("no test panics in here") = Some(task);
    }

    // ---- its clients ----

    /// `https://127.0.0.1:PORT`
    pub(crate) fn address(&self) -> String {
        format!("https://{}", self.address)
    }

    /// The text of a kubeconfig whose only context, `double`, may do everything that is not denied. A test may change it.
    pub(crate) fn kubeconfig_value(&self) -> Value {
        tls::kubeconfig(self.folder.path(), &self.address())
    }

    /// That kubeconfig for a user who has an ID token that has ended, and renews it with the double as its issuer.
    pub(crate) fn kubeconfig_of_issuer(&self, refresh_token: Option<&str>) -> Value {
        let mut config = self.kubeconfig_value();
        config["users"][0]["user"] = serde_json::json!({ "auth-provider": { "name": "oidc", "config": {
            "id-token": "e30.eyJleHAiOjF9.c2ln", "refresh-token": refresh_token.unwrap_or(tls::REFRESH_TOKEN),
            "idp-issuer-url": format!("{}/issuer/", self.address()), "client-id": "draft & tasks",
            "idp-certificate-authority": self.folder.path().join("ca.crt"),
        }}});
        config
    }

    /// Writes it to a file.
    pub(crate) fn kubeconfig(&self) -> PathBuf {
        self.write_kubeconfig("kubeconfig", &self.kubeconfig_value())
    }

    pub(crate) fn write_kubeconfig(&self, name: &str, config: &Value) -> PathBuf {
        tls::write(self.folder.path(), name, config)
    }

    /// Runs something in the double's runtime, such as a conversation by a client of its own.
    pub(crate) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    // ---- its cluster ----

    fn alter(&self, change: impl FnOnce(&mut World)) {
        self.server.alter(change);
    }

    /// The objects of a resource in the namespace `default`.
    pub(crate) fn objects(&self, resource: &str) -> Vec<Value> {
        let all = Scope {
            resource: resource.to_owned(),
            namespace: "default".to_owned(),
            labels: String::new(),
            fields: String::new(),
        };
        self.server.state().world.list(&all)
    }

    /// All that a container has written so far; who follows its log is told what is new.
    pub(crate) fn log(&self, pod: &str, container: &str, text: &str) {
        let key = (pod.to_owned(), container.to_owned());
        self.server.state().logs.insert(key, text.as_bytes().to_vec());
        self.server.version.send_modify(|_| ());
    }

    /// Adds an object, or replaces the one of its name; watches see it.
    pub(crate) fn put(&self, object: impl Into<Value>) {
        self.alter(|world| world.put(object.into()));
    }

    /// Removes an object of the namespace `default`.
    pub(crate) fn remove(&self, resource: &str, name: &str) {
        self.alter(|world| world.remove(resource, "default", name));
    }

    /// Forgets old changes: a watch from any version before now is refused with 410 `Expired`.
    pub(crate) fn compact(&self) {
        self.alter(|world| world.oldest = world.version);
    }

    // ---- what it does ----

    /// How execs are answered; of several rules that fit, the last one counts. Without one: exit code 0, no output.
    pub(crate) fn on_exec(&self, when: When, answer: Answer) {
        self.server.state().rules.push((when, answer));
    }

    /// Requests that go wrong, before anything else is looked at.
    pub(crate) fn fault(&self, fault: Fault) {
        self.server.state().faults.push(fault);
    }

    /// Does not permit a verb on a resource, as RBAC: `("watch", "pods")`, `("get", "pods/exec")`; `*` is any.
    pub(crate) fn deny(&self, verb: &str, resource: &str) {
        self.server.state().denied.push((verb.to_owned(), resource.to_owned()));
    }

    pub(crate) fn permit_all(&self) {
        self.server.state().denied.clear();
    }

    /// Does something to all watches that are open.
    pub(crate) fn watches(&self, befall: Watches) {
        let at = self.server.state().world.version;
        // Without an open watch there is nobody to tell.
        let _ = self.server.befalls.send(watches::Befall { what: befall, at });
    }

    /// Ends as a server that is killed: all connections break, and nobody listens at its port.
    pub(crate) fn stop(&self) {
        let accepting = self.accepting.lock().expect("no test panics in here").take();
        self.runtime.block_on(async {
            if let Some(accepting) = accepting {
                accepting.abort();
                let _ = accepting.await;
            }
            // A connection may just have begun something, so that is repeated until nothing can begin any more.
            loop {
                let mut tasks = self.server.take_tasks();
                if tasks.is_empty() {
                    break;
                }
                tasks.shutdown().await;
            }
        });
    }

    /// Shows a certificate from now on that is its own authority, the one of its kubeconfig.
    pub(crate) fn shows_its_authority(&mut self) {
        self.stop();
        self.acceptor = tls::own_authority(self.folder.path());
        self.resume();
    }

    /// Listens again at the same port, with the same cluster.
    pub(crate) fn resume(&self) {
        let listener = self.runtime.block_on(TcpListener::bind(self.address)).expect("the port is free");
        self.accept(listener);
    }

    // ---- what it has seen ----

    pub(crate) fn seen(&self) -> Seen {
        self.server.state().seen.clone()
    }

    /// Waits until what was seen fulfils a condition.
    #[track_caller]
    pub(crate) fn wait_for(&self, what: &str, holds: impl Fn(&Seen) -> bool) -> Seen {
        let deadline = Instant::now() + DEADLINE;
        let mut state = self.server.state();
        while !holds(&state.seen) {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "not seen in time: {what}; seen: {:#?}", state.seen);
            state = self.server.noticed.wait_timeout(state, left).expect("no test panics in here").0;
        }
        state.seen.clone()
    }
}
