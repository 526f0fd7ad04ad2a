//! A namespace of the cluster for one test: its workloads and pods, who may see them, and the program beside them.
//!
//! Must not know what the program does.

use std::cell::Cell;
use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use k8s_openapi::api::authentication::v1::TokenRequest;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{self as core, Node, Pod, ServiceAccount};
use kube::api::{
    AttachParams, DeleteParams, DynamicObject, EvictParams, ListParams, LogParams, Patch, PatchParams,
    PostParams,
};
use kube::config::Kubeconfig;
use kube::core::discovery::ApiResource;
use kube::core::gvk::GroupVersionKind;
use kube::{Api, ResourceExt};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::AsyncReadExt;

use super::cluster::{self, Cluster, cluster};
use super::workload::Workload;
use crate::tool::Tool;

/// No healthy cluster needs this long for one step, however loaded the machine is.
const DEADLINE: Duration = Duration::from_secs(180);

/// A namespace, which is deleted with all that is in it when it is dropped.
pub(crate) struct Namespace {
    cluster: &'static Cluster,
    pub(crate) name: String,
    folder: TempDir,
    /// Whether the cluster has it.
    is_made: Cell<bool>,
    /// Held as long as the test uses the cluster.
    _lock: Option<File>,
}

/// What a command in a container came to.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// `None` where it did not run or no code was told.
    pub(crate) code: Option<i32>,
}

impl Namespace {
    /// A namespace for a test that leaves the rest of the cluster alone.
    pub(crate) fn new() -> Namespace {
        Namespace::create(cluster().share())
    }

    /// A namespace that the cluster does not have before it is made.
    pub(crate) fn unmade() -> Namespace {
        Namespace::named(cluster().share())
    }

    /// A namespace for a test that disturbs the whole cluster: no other test runs beside it.
    pub(crate) fn alone() -> Namespace {
        Namespace::create(cluster().have_alone())
    }

    fn create(lock: Option<File>) -> Namespace {
        let namespace = Namespace::named(lock);
        namespace.make();
        namespace
    }

    fn named(lock: Option<File>) -> Namespace {
        let name = format!("draft-tasks-{:08x}", RandomState::new().hash_one(std::process::id()) >> 32);
        let folder = TempDir::new().expect("a folder for the test");
        Namespace { cluster: cluster(), name, folder, is_made: Cell::new(false), _lock: lock }
    }

    pub(crate) fn make(&self) {
        self.create_object(
            json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": self.name } }),
        );
        self.is_made.set(true);
        // Pods are refused before it is there.
        self.wait("the service account of a namespace", || {
            let accounts = self.api::<ServiceAccount>();
            self.cluster.block_on(accounts.get_opt("default")).expect("an answer").map(drop)
        });
    }

    fn api<K>(&self) -> Api<K>
    where
        K: kube::Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()>,
    {
        Api::namespaced(self.cluster.client.clone(), &self.name)
    }

    /// The API of an object's kind.
    fn dynamic(&self, object: &Value) -> Api<DynamicObject> {
        let word = |value: &Value| value.as_str().expect("an object with kind and version").to_owned();
        let (api_version, kind) = (word(&object["apiVersion"]), word(&object["kind"]));
        let (group, version) = api_version.split_once('/').unwrap_or(("", &api_version));
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, &kind));
        let client = self.cluster.client.clone();
        match kind.as_str() {
            "Namespace" => Api::all_with(client, &resource),
            _ => Api::namespaced_with(client, &self.name, &resource),
        }
    }

    /// Makes an object in this namespace.
    #[track_caller]
    pub(crate) fn create_object(&self, object: Value) {
        let api = self.dynamic(&object);
        let object: DynamicObject = serde_json::from_value(object).expect("an object");
        self.cluster.block_on(api.create(&PostParams::default(), &object)).expect("the object can be made");
    }

    // ---- workloads ----

    /// Makes a workload or changes the one of its name.
    #[track_caller]
    pub(crate) fn apply(&self, workload: &Workload) {
        let object = workload.object(self.cluster);
        let parameters = PatchParams::apply("draft-tasks-tests").force();
        let (api, patch) = (self.dynamic(&object), Patch::Apply(&object));
        let patched = self.cluster.block_on(api.patch(&workload.name, &parameters, &patch));
        patched.expect("the workload is accepted");
    }

    /// Makes a workload and waits until its pods are ready and no others are, except for those that are ending.
    #[track_caller]
    pub(crate) fn roll_out(&self, workload: &Workload) -> Vec<Pod> {
        self.apply(workload);
        self.wait(&format!("{} {} to be rolled out", workload.kind, workload.name), || {
            self.complete(workload).then_some(())
        });
        self.ready_pods(&format!("draft={}", workload.name), 1)
    }

    /// Whether the controller has seen the newest generation and all its pods are available.
    fn complete(&self, workload: &Workload) -> bool {
        let object = self.get(workload);
        let status = &object["status"];
        let number = |field: &str| status[field].as_u64().unwrap_or_default();
        let observed =
            number("observedGeneration") == object["metadata"]["generation"].as_u64().unwrap_or_default();
        match workload.kind {
            "Pod" => true,
            "DaemonSet" => {
                let wanted = number("desiredNumberScheduled");
                observed
                    && wanted > 0
                    && [number("updatedNumberScheduled"), number("numberAvailable")] == [wanted; 2]
            }
            _ => {
                let wanted = object["spec"]["replicas"].as_u64().unwrap_or_default();
                observed
                    && [number("replicas"), number("updatedReplicas"), number("readyReplicas")] == [wanted; 3]
            }
        }
    }

    /// A workload as the cluster has it now.
    pub(crate) fn get(&self, workload: &Workload) -> Value {
        let object = self.cluster.block_on(self.dynamic(&workload.object(self.cluster)).get(&workload.name));
        serde_json::to_value(object.expect("the workload is there")).expect("an object")
    }

    /// Whether the cluster has a workload.
    pub(crate) fn has(&self, workload: &Workload) -> bool {
        let object =
            self.cluster.block_on(self.dynamic(&workload.object(self.cluster)).get_opt(&workload.name));
        object.expect("an answer").is_some()
    }

    /// All Jobs, as the cluster has them now.
    pub(crate) fn jobs(&self) -> Vec<Value> {
        let listed = self.cluster.block_on(self.api::<Job>().list(&ListParams::default()));
        let jobs = listed.expect("Jobs can be listed").items;
        jobs.into_iter().map(|job| serde_json::to_value(job).expect("an object")).collect()
    }

    /// Deletes a workload; its pods end when they do.
    pub(crate) fn delete(&self, workload: &Workload) {
        let api = self.dynamic(&workload.object(self.cluster));
        self.cluster
            .block_on(api.delete(&workload.name, &DeleteParams::background()))
            .expect("it can be deleted");
    }

    // ---- pods ----

    /// The pods with these labels, in the order of their names; also those that are ending.
    pub(crate) fn pods(&self, selector: &str) -> Vec<Pod> {
        let parameters = ListParams::default().labels(selector);
        let listed = self.cluster.block_on(self.api::<Pod>().list(&parameters));
        let mut pods = listed.expect("pods can be listed").items;
        pods.sort_by_key(|pod| pod.name_any());
        pods
    }

    /// Waits until the pods with these labels fulfil a condition.
    #[track_caller]
    pub(crate) fn wait_for_pods(
        &self,
        what: &str,
        selector: &str,
        holds: impl Fn(&[Pod]) -> bool,
    ) -> Vec<Pod> {
        self.wait(what, || Some(self.pods(selector)).filter(|pods| holds(pods)))
    }

    /// Waits until at least so many pods with these labels are ready and none is unready; pods that are ending do not
    /// count.
    #[track_caller]
    pub(crate) fn ready_pods(&self, selector: &str, at_least: usize) -> Vec<Pod> {
        self.wait(&format!("{at_least} ready pods with {selector}"), || {
            let mut pods = self.pods(selector);
            pods.retain(|pod| !is_terminating(pod));
            (pods.len() >= at_least && pods.iter().all(is_ready)).then_some(pods)
        })
    }

    /// The names of the ready pods to which a Service leads.
    pub(crate) fn behind_service(&self, service: &str) -> Vec<String> {
        let found = self.cluster.block_on(self.api::<core::Endpoints>().get_opt(service)).expect("an answer");
        let addresses = found.into_iter().flat_map(|it| it.subsets.unwrap_or_default());
        let addresses = addresses.flat_map(|subset| {
            [subset.addresses, subset.not_ready_addresses].into_iter().flatten().flatten().collect::<Vec<_>>()
        });
        addresses.filter_map(|address| address.target_ref?.name).collect()
    }

    /// Asks a pod to end, or with no grace ends it at once.
    pub(crate) fn delete_pod(&self, pod: &str, grace_seconds: Option<u32>) {
        let parameters = DeleteParams { grace_period_seconds: grace_seconds, ..DeleteParams::default() };
        self.cluster.block_on(self.api::<Pod>().delete(pod, &parameters)).expect("it can be deleted");
    }

    /// Evicts a pod, as who empties a node does.
    pub(crate) fn evict_pod(&self, pod: &str) {
        let parameters = EvictParams::default();
        self.cluster.block_on(self.api::<Pod>().evict(pod, &parameters)).expect("it can be evicted");
    }

    /// Runs a command in a container. A pod with one container needs no name for it.
    pub(crate) fn exec(&self, pod: &str, container: Option<&str>, command: &[&str]) -> Ran {
        self.cluster.block_on(async {
            let parameters =
                AttachParams { container: container.map(str::to_owned), ..AttachParams::default() };
            let started = self.api::<Pod>().exec(pod, command.iter().copied(), &parameters).await;
            let mut process = match started {
                Ok(process) => process,
                Err(error) => return Ran { stdout: String::new(), stderr: error.to_string(), code: None },
            };
            let status = process.take_status().expect("not taken yet");
            let (mut stdout, mut stderr) = (String::new(), String::new());
            let (mut out, mut err) =
                (process.stdout().expect("a stream"), process.stderr().expect("a stream"));
            let (out, err) = futures::join!(out.read_to_string(&mut stdout), err.read_to_string(&mut stderr));
            out.and(err).expect("UTF-8");
            Ran { stdout, stderr, code: status.await.as_ref().and_then(exit_code) }
        })
    }

    /// What a container has written.
    pub(crate) fn log(&self, pod: &str, container: &str) -> String {
        let parameters = LogParams { container: Some(container.to_owned()), ..LogParams::default() };
        self.cluster.block_on(self.api::<Pod>().logs(pod, &parameters)).expect("a log")
    }

    /// The text of a file in a pod with one container, if it is there.
    pub(crate) fn read(&self, pod: &str, path: &str) -> Option<String> {
        let ran = self.exec(pod, None, &["cat", path]);
        (ran.code == Some(0)).then_some(ran.stdout)
    }

    /// The command lines of the processes in a container, other than those that look for them.
    pub(crate) fn processes(&self, pod: &str, container: Option<&str>) -> Vec<String> {
        let ran = self.exec(pod, container, &["ps", "-o", "args"]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let lines = ran.stdout.lines().skip(1).filter(|line| *line != "ps -o args");
        lines.map(|line| line.trim().to_owned()).collect()
    }

    /// Asks until there is an answer.
    #[track_caller]
    pub(crate) fn wait<T>(&self, what: &str, ask: impl Fn() -> Option<T>) -> T {
        let deadline = Instant::now() + DEADLINE;
        loop {
            if let Some(answer) = ask() {
                return answer;
            }
            assert!(Instant::now() < deadline, "waited in vain for {what}; {}", self.state());
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// What the cluster says of this namespace's pods and of its nodes.
    fn state(&self) -> String {
        let pods = self.pods("");
        let pods = pods.iter().map(|pod| json!({ "pod": pod.metadata.name, "status": pod.status }));
        let nodes = Api::<Node>::all(self.cluster.client.clone());
        let nodes = self.cluster.block_on(nodes.list(&ListParams::default()));
        let nodes = nodes.map(|list| list.items).unwrap_or_default();
        let nodes = nodes.iter().map(|node| {
            let taints = node.spec.as_ref().map(|spec| &spec.taints);
            let conditions = node.status.as_ref().map(|status| &status.conditions);
            json!({ "node": node.metadata.name, "taints": taints, "conditions": conditions })
        });
        let lines = pods.chain(nodes).map(|value| value.to_string());
        lines.collect::<Vec<_>>().join("\n")
    }

    // ---- the program ----

    /// A kubeconfig whose current context names this namespace, of somebody who may do everything.
    pub(crate) fn kubeconfig(&self) -> PathBuf {
        self.write("kubeconfig", &self.cluster.kubeconfig, None)
    }

    /// A kubeconfig of somebody who may do nothing in this namespace but these verbs on these resources:
    /// `[("get,list,watch", "pods"), ("create", "pods/exec")]`.
    pub(crate) fn kubeconfig_for(&self, name: &str, rules: &[(&str, &str)]) -> PathBuf {
        let rules = rules.iter().map(|(verbs, resource)| {
            let group = match *resource {
                core if core.starts_with("pods") || core == "events" => "",
                _ => "apps",
            };
            json!({ "apiGroups": [group], "resources": [resource], "verbs": verbs.split(',').collect::<Vec<_>>() })
        });
        self.kubeconfig_by(name, &rules.collect())
    }

    /// The same by the rules of a Role.
    pub(crate) fn kubeconfig_by(&self, name: &str, rules: &Value) -> PathBuf {
        let account = json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": { "name": name } });
        self.create_object(account);
        let api_version = "rbac.authorization.k8s.io/v1";
        let metadata = json!({ "name": name });
        self.create_object(
            json!({ "apiVersion": api_version, "kind": "Role", "metadata": metadata, "rules": rules }),
        );
        self.create_object(json!({
            "apiVersion": api_version, "kind": "RoleBinding", "metadata": metadata,
            "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name },
            "subjects": [{ "kind": "ServiceAccount", "name": name, "namespace": self.name }],
        }));
        let accounts = self.api::<ServiceAccount>();
        let request = TokenRequest::default();
        let made =
            self.cluster.block_on(accounts.create_token_request(name, &PostParams::default(), &request));
        let token = made.expect("a token").status.expect("a token").token;
        self.write(&format!("kubeconfig-{name}"), &self.cluster.kubeconfig, Some(token))
    }

    /// The name of the user that `kubeconfig_for` makes, as the API server has it in its messages.
    pub(crate) fn user(&self, name: &str) -> String {
        format!("system:serviceaccount:{}:{name}", self.name)
    }

    fn write(&self, file: &str, kubeconfig: &Kubeconfig, token: Option<String>) -> PathBuf {
        let mut value = serde_json::to_value(kubeconfig).expect("a kubeconfig");
        let current = value["current-context"].clone();
        let contexts = value["contexts"].as_array_mut().expect("contexts");
        contexts.retain(|context| context["name"] == current);
        let context = &mut contexts.first_mut().expect("the current context")["context"];
        context["namespace"] = json!(self.name);
        if let Some(token) = token {
            context["user"] = json!("test");
            value["users"] = json!([{ "name": "test", "user": { "token": token } }]);
        }
        let path = self.folder.path().join(file);
        std::fs::write(&path, format!("{value:#}\n")).expect("the file can be written");
        path
    }

    /// The program in a folder with this tasks file and a `draft.toml` that names an application, with the whole cluster
    /// at its disposal.
    pub(crate) fn tool(&self, application: &str, tasks: &str) -> Tool {
        let kubeconfig = self.kubeconfig();
        let tool = Tool::new(tasks).with("KUBECONFIG", kubeconfig.to_str().expect("a path of UTF-8"));
        let draft =
            format!("[environments.development]\nname = \"{application}\"\nnamespace = \"{}\"\n", self.name);
        tool.write("draft.toml", draft.as_bytes());
        tool
    }

    /// A client of plain kube-rs with one of these kubeconfigs.
    pub(crate) fn client(&self, kubeconfig: &PathBuf) -> kube::Client {
        let kubeconfig = Kubeconfig::read_from(kubeconfig).expect("a kubeconfig");
        self.cluster.block_on(cluster::client(kubeconfig))
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        if !self.is_made.get() {
            return;
        }
        let namespaces: Api<core::Namespace> = Api::all(self.cluster.client.clone());
        let deleted = self.cluster.block_on(namespaces.delete(&self.name, &DeleteParams::background()));
        if let Err(error) = deleted
            && !std::thread::panicking()
        {
            panic!("the namespace {} cannot be deleted: {error}", self.name);
        }
    }
}

pub(crate) fn is_ready(pod: &Pod) -> bool {
    let conditions = pod.status.iter().flat_map(|status| status.conditions.iter().flatten());
    conditions.filter(|condition| condition.type_ == "Ready").any(|condition| condition.status == "True")
}

pub(crate) fn is_terminating(pod: &Pod) -> bool {
    pod.metadata.deletion_timestamp.is_some()
}

/// Why a container of the pod waits, as the kubelet says it.
pub(crate) fn waiting_reason(pod: &Pod) -> Option<&str> {
    let mut containers = pod.status.iter().flat_map(|status| status.container_statuses.iter().flatten());
    containers.find_map(|container| container.state.as_ref()?.waiting.as_ref()?.reason.as_deref())
}

/// The exit code that a status tells.
fn exit_code(status: &k8s_openapi::apimachinery::pkg::apis::meta::v1::Status) -> Option<i32> {
    if status.status.as_deref() == Some("Success") {
        return Some(0);
    }
    let mut causes = status.details.iter().flat_map(|details| details.causes.iter().flatten());
    let code = causes.find(|cause| cause.reason.as_deref() == Some("ExitCode"))?;
    code.message.as_ref()?.parse().ok()
}
