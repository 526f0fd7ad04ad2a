//! What `draft-tasks export helm-hook` writes, in a chart that a real Helm installs, upgrades and deletes.

use kube::ResourceExt;
use serde_json::{Value, json};

use super::cluster::cluster;
use super::namespace::Namespace;
use super::workload::Workload;
use crate::helm::{helm, write_chart};
use crate::tool::{Called, Tool, assert_says};

const RELEASE: &str = "web";

/// A folder with a chart of an application and of the hooks for it, and its namespace.
struct Ground {
    namespace: Namespace,
    tool: Tool,
    application: Workload,
}

impl Ground {
    /// Nothing where there is no Helm.
    #[track_caller]
    fn new(tasks: &str) -> Option<Ground> {
        let namespace = Namespace::new();
        namespace.create_object(json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "web" }, "stringData": { "GREETING": "good  day" },
        }));
        let tool = namespace.tool("web", tasks);
        let image = ["--image", "{{ .Values.image }}", "--env-from", "secret/web"];
        let called = tool.call(&[&["export", "helm-hook"], &image[..]].concat());
        assert_eq!(called.code, Some(0), "{called:?}");
        write_chart(&tool, &called.stdout);
        tool.write("chart/values.yaml", json!({ "image": cluster().image }).to_string().as_bytes());
        let application = Workload::deployment("web");
        let object = application.object(cluster()).to_string();
        tool.write("chart/templates/web.yaml", object.as_bytes());
        helm(&tool, &["version"])?;
        Some(Ground { namespace, tool, application })
    }

    /// Calls Helm for the release.
    #[track_caller]
    fn helm(&self, command: &[&str]) -> Called {
        let kubeconfig = self.namespace.kubeconfig();
        let kubeconfig = kubeconfig.to_str().expect("a path of UTF-8");
        let all = [command, &["--wait", "--timeout", "3m", "--kubeconfig", kubeconfig]].concat();
        helm(&self.tool, &all).expect("Helm")
    }

    fn install(&self) -> Called {
        self.helm(&["install", RELEASE, "chart"])
    }

    /// The Jobs of these hooks, and that there are no others.
    #[track_caller]
    fn hooks<const COUNT: usize>(&self, expected: [&str; COUNT]) -> [Value; COUNT] {
        let mut jobs = self.namespace.jobs();
        let hooks = expected.map(|name| {
            let name = format!("{RELEASE}-{name}");
            let place = jobs.iter().position(|job| job["metadata"]["name"] == *name);
            jobs.remove(place.unwrap_or_else(|| panic!("{name} is not in {jobs:#?}")))
        });
        assert_eq!(jobs, [Value::Null; 0], "no other Jobs");
        hooks
    }

    /// What the only pod of a hook's Job has written.
    #[track_caller]
    fn log(&self, hook: &Value, container: &str) -> String {
        let name = hook["metadata"]["name"].as_str().expect("a name");
        let pods = self.namespace.pods(&format!("job-name={name}"));
        assert_eq!(pods.len(), 1, "{pods:?}");
        self.namespace.log(&pods[0].name_any(), container)
    }
}

/// A time that the cluster tells; as text, these have the order of the times.
#[track_caller]
fn time<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("no {pointer} in {object:#}"))
}

const MADE: &str = "/metadata/creationTimestamp";
const COMPLETED: &str = "/status/completionTime";

/// Each of these Jobs passed, and was made when the one before was over.
#[track_caller]
fn assert_one_after_another(hooks: &[Value]) {
    for both in hooks.windows(2) {
        assert!(time(&both[0], COMPLETED) <= time(&both[1], MADE), "{both:#?}");
    }
    assert!(hooks.iter().all(|hook| hook["status"]["succeeded"] == 1), "{hooks:#?}");
}

fn identities<const COUNT: usize>(hooks: &[Value; COUNT]) -> [&Value; COUNT] {
    hooks.each_ref().map(|hook| &hook["metadata"]["uid"])
}

#[test]
#[ignore = "needs a cluster: tests/kubernetes/run"]
fn hooks_run_in_order_around_install_upgrade_and_deletion() {
    let tasks = "[pre-up]\none = \"echo '{{ 1 }}' '$(HOME)' $GREETING\"\ntwo = \"echo two\"\n\
        [post-deploy]\nthree = \"echo three\"\n[post-up]\nfour = \"echo four\"\n\
        [cleanup]\nfive = \"sh -c 'echo could not drop it; exit 3'\"\nsix = \"echo six\"\n";
    let names = ["pre-up-1", "pre-up-2", "post-deploy-1", "post-up-1"];
    let Some(ground) = Ground::new(tasks) else { return };
    let called = ground.install();
    assert_says(&called, 0, &["STATUS: deployed"]);
    assert!(!format!("{called:?}").contains("{{ 1 }}"), "only the output of what failed: {called:?}");
    let installed = ground.hooks(names);
    assert_one_after_another(&installed);
    let application = ground.namespace.get(&ground.application);
    assert!(time(&installed[1], COMPLETED) <= time(&application, MADE), "{application:#}");
    let conditions = application["status"]["conditions"].as_array().expect("conditions");
    let available = conditions.iter().find(|it| it["type"] == "Available" && it["status"] == "True");
    let available = available.expect("an application that is available");
    assert!(time(available, "/lastTransitionTime") <= time(&installed[2], MADE), "{available:#}");
    assert_eq!(ground.log(&installed[0], "01-one"), "{{ 1 }} $(HOME) good  day\n");
    assert_eq!(ground.log(&installed[2], "01-three"), "three\n");

    assert_says(&ground.helm(&["upgrade", RELEASE, "chart"]), 0, &["has been upgraded"]);
    let upgraded = ground.hooks(names);
    assert_one_after_another(&upgraded);
    let kept = identities(&upgraded).into_iter().find(|it| identities(&installed).contains(it));
    assert_eq!(kept, None, "all of them are made anew");

    let called = ground.helm(&["uninstall", RELEASE]);
    assert_says(&called, 1, &["could not drop it", "web-cleanup-1"]);
    let left = ground.hooks(["pre-up-1", "pre-up-2", "post-deploy-1", "post-up-1", "cleanup-1"]);
    assert_eq!(identities(&upgraded)[..], identities(&left)[..4]);
    assert_eq!(left[4]["status"]["failed"], 1);
    assert!(!ground.namespace.has(&ground.application), "the application is deleted before");
}

#[test]
#[ignore = "needs a cluster: tests/kubernetes/run"]
fn a_hook_that_fails_fails_the_install() {
    let tasks = "[pre-up]\none = \"echo one\"\ntwo = \"sh -c 'echo no such table $GREETING; exit 3'\"\n\
        three = \"echo three\"\n[post-deploy]\nfour = \"echo four\"\n\
        [cleanup]\nfive = \"echo five\"\nsix = \"echo six $GREETING\"\n";
    let Some(ground) = Ground::new(tasks) else { return };
    assert_says(&ground.install(), 1, &["no such table good day", "failed pre-install", "web-pre-up-2"]);
    let [first, failed] = ground.hooks(["pre-up-1", "pre-up-2"]);
    assert_eq!((&first["status"]["succeeded"], &failed["status"]["failed"]), (&json!(1), &json!(1)));
    assert!(!ground.namespace.has(&ground.application));

    assert_says(&ground.helm(&["uninstall", RELEASE]), 0, &["uninstalled"]);
    let [_, _, five, six] = ground.hooks(["pre-up-1", "pre-up-2", "cleanup-1", "cleanup-2"]);
    assert_one_after_another(&[five, six.clone()]);
    assert_eq!(ground.log(&six, "01-six"), "six good  day\n");

    // The Jobs of an earlier release do not keep another one from being installed.
    assert_says(&ground.install(), 1, &["no such table", "failed pre-install"]);
    let [again, ..] = ground.hooks(["pre-up-1", "pre-up-2", "cleanup-1", "cleanup-2"]);
    assert_ne!(identities(&[first]), identities(&[again]));
}
