//! `draft-tasks up` and `draft-tasks delete` around changes of a real cluster, and `draft-tasks doctor` on it.
//!
//! Must not need a client of Kubernetes on the machine: the command waits until the test has changed the cluster.

use kube::ResourceExt;
use rustix::process::Signal;
use serde_json::Value;

use super::namespace::Namespace;
use super::workload::Workload;
use crate::tool::{Called, Tool};

/// A command that goes on until the test has done what it stands for.
const COMMAND: [&str; 4] = ["--", "sh", "-c", "touch begun; until test -e done; do sleep 0.1; done"];

/// Calls `up` or `delete`, and does something while its command runs.
#[track_caller]
fn call_around(tool: &Tool, namespace: &Namespace, arguments: &[&str], change: impl FnOnce()) -> Called {
    for file in ["begun", "done"] {
        let _ = std::fs::remove_file(tool.path(file));
    }
    let started = tool.start(&[arguments, &COMMAND[..]].concat());
    namespace.wait("the command to begin", || tool.path("begun").exists().then_some(()));
    change();
    tool.write("done", b"");
    started.end()
}

const MARK: &str = "[post-deploy]\nmark = \"touch /tmp/mark\"\n[post-up]\nlast = \"touch last\"\n";

/// Pods that become ready late, and take long to go.
fn slow(replicas: u32) -> Workload {
    let workload = Workload::deployment("web").replicas(replicas).grace(60);
    workload.starting("sleep 1; touch /tmp/ready").ready_when(&["test", "-e", "/tmp/ready"])
}

/// Deploys over `first` what `second` is, and asserts that tasks ran in its pods, in all of them, and in no other.
#[track_caller]
fn assert_only_in_new_pods(first: &Workload, second: &Workload) {
    let namespace = Namespace::new();
    let old = namespace.roll_out(first);
    let tool = namespace.tool("web", MARK);
    let called = call_around(&tool, &namespace, &["up"], || namespace.apply(second));
    assert_eq!(called.code, Some(0), "{called:?}");
    assert!(called.stdout.contains("all 3 pods passed"), "{called:?}");
    let is_old = |name: &str| old.iter().any(|pod| pod.name_any() == name);
    let (mut marked, mut unmarked) = (0, 0);
    for name in namespace.pods("draft=web").iter().map(ResourceExt::name_any) {
        let has_mark = namespace.read(&name, "/tmp/mark").is_some();
        assert_eq!(has_mark, !is_old(&name), "{name}");
        *(if has_mark { &mut marked } else { &mut unmarked }) += 1;
    }
    assert_eq!((marked, unmarked), (3, old.len()), "the old ones take a minute to go");
    assert!(tool.path("last").exists());
}

#[test]
#[ignore = "needs a cluster: tests/kubernetes/run"]
fn up_runs_in_every_pod_of_the_new_build_and_in_no_other() {
    assert_only_in_new_pods(&slow(3).build("01A"), &slow(3).build("01B"));
}

#[test]
#[ignore = "needs a cluster: tests/kubernetes/run"]
fn up_runs_in_every_pod_of_the_new_rollout_and_in_no_other() {
    assert_only_in_new_pods(&slow(3).annotation("version", "1"), &slow(3).annotation("version", "2"));
}

#[test]
#[ignore = "needs a cluster: tests/kubernetes/run"]
fn up_says_so_where_no_pod_is_new() {
    let namespace = Namespace::new();
    namespace.roll_out(&Workload::deployment("web").replicas(2));
    let tool = namespace.tool("web", MARK);
    let called = call_around(&tool, &namespace, &["up"], || ());
    assert_eq!(called.code, Some(0), "{called:?}");
    assert!(called.stdout.contains("no pod is new: these are the ones that were there before"), "{called:?}");
    assert!(called.stdout.contains("all 2 pods passed"), "{called:?}");
}

#[test]
#[ignore = "needs a cluster: tests/kubernetes/run"]
fn up_waits_for_the_pods_also_without_tasks_in_them() {
    let namespace = Namespace::new();
    let tool = namespace.tool("web", "[post-up]\nlast = \"touch last\"\n");
    let called = call_around(&tool, &namespace, &["up"], || namespace.apply(&slow(2)));
    assert_eq!(called.code, Some(0), "{called:?}");
    assert!(called.stdout.contains("the pods are ready after"), "{called:?}");
    assert!(tool.path("last").exists());

    std::fs::remove_file(tool.path("last")).expect("it is there");
    let never = Workload::deployment("web").replicas(1).ready_when(&["false"]);
    let arguments = ["up", "--ready-timeout", "3"];
    let called = call_around(&tool, &namespace, &arguments, || namespace.apply(&never));
    assert_eq!(called.code, Some(1), "{called:?}");
    assert!(
        called.stderr.ends_with("error: waiting for the pods failed, so post-up did not run\nbefore you go on: `draft-tasks doctor` shows which pods there are\n"),
        "{called:?}"
    );
    assert!(!tool.path("last").exists());
}

#[test]
#[ignore = "needs a cluster: tests/kubernetes/run"]
fn up_can_be_stopped_while_it_waits_for_pods() {
    let namespace = Namespace::new();
    let tool = namespace.tool("web", "[post-up]\nlast = \"touch last\"\n");
    let mut started = tool.start(&["up", "--", "true"]);
    started.wait_for("no pod of web");
    started.signal(Signal::INT);
    let called = started.end();
    assert_eq!(called.code, Some(130), "{called:?}");
    assert!(
        called.stderr.ends_with("error: waiting for the pods was stopped, so post-up did not run\nbefore you go on: `draft-tasks doctor` shows which pods there are\n"),
        "{called:?}"
    );
    assert!(!tool.path("last").exists());
}

#[test]
#[ignore = "needs a cluster: tests/kubernetes/run"]
fn delete_cleans_up_when_the_pods_are_gone_and_not_before() {
    let namespace = Namespace::new();
    let deployment = Workload::deployment("web").replicas(2).grace(5);
    namespace.roll_out(&deployment);
    let tool = namespace.tool("web", "[cleanup]\nclean = \"touch cleaned\"\n");

    let called = tool.call(&["delete", "--gone-timeout", "2", "--", "true"]);
    assert_eq!(called.code, Some(1), "{called:?}");
    assert!(called.stdout.contains("2 pods of web had not come to an end within 2.0 s"), "{called:?}");
    let said = "error: waiting for the end of the pods failed, so cleanup did not run\nbefore you go on: `draft-tasks doctor` shows which pods there are\n";
    assert!(called.stderr.ends_with(said), "{called:?}");
    assert!(!tool.path("cleaned").exists());

    let called = call_around(&tool, &namespace, &["delete"], || namespace.delete(&deployment));
    assert_eq!(called.code, Some(0), "{called:?}");
    let left = called.stdout.find("waiting for the end of 2 pods").expect("progress");
    let gone = called.stdout.find("the pods are gone after").expect("their end");
    let cleaned = called.stdout.find("✓ clean").expect("the cleanup");
    assert!(left < gone && gone < cleaned, "{called:?}");
    assert_eq!(namespace.pods("draft=web").len(), 0);
    assert!(tool.path("cleaned").exists());
}

#[test]
#[ignore = "needs a cluster: tests/kubernetes/run"]
fn up_goes_on_where_pre_up_makes_the_namespace() {
    let namespace = Namespace::unmade();
    let make = "[pre-up]\nmake = \"sh -c 'touch making; until test -e made; do sleep 0.1; done'\"\n";
    let tool = namespace.tool("web", &format!("{make}{MARK}"));
    let called = {
        let started = tool.start(&[&["up"], &COMMAND[..]].concat());
        namespace.wait("pre-up", || tool.path("making").exists().then_some(()));
        namespace.make();
        tool.write("made", b"");
        namespace.wait("the command to begin", || tool.path("begun").exists().then_some(()));
        namespace.apply(&slow(2));
        tool.write("done", b"");
        started.end()
    };
    assert_eq!(called.code, Some(0), "{called:?}");
    let name = &namespace.name;
    let said = format!("warning: there is no namespace `{name}` in the cluster of ");
    assert!(called.stderr.contains(&said) && called.stderr.contains("up goes on, as pre-up"), "{called:?}");
    assert!(called.stdout.contains("all 2 pods passed"), "{called:?}");
}

#[test]
#[ignore = "needs a cluster: tests/kubernetes/run"]
fn a_namespace_that_stays_missing_is_said_by_up_and_asked_for_by_delete() {
    let namespace = Namespace::unmade();
    let tool = namespace.tool("web", &format!("{MARK}[cleanup]\nclean = \"touch cleaned\"\n"));
    let missing = format!("there is no namespace `{}` in the cluster of ", namespace.name);
    let called = tool.call(&["up", "--", "touch", "deployed"]);
    assert_eq!(called.code, Some(1), "{called:?}");
    assert!(called.stderr.contains(&format!("warning: {missing}")), "{called:?}");
    assert!(called.stdout.contains(&missing) && called.stdout.contains("--create-namespace"), "{called:?}");
    assert!(tool.path("deployed").exists() && !tool.path("last").exists());

    let called = tool.call(&["delete", "--", "touch", "deleted"]);
    assert_eq!(called.code, Some(2), "{called:?}");
    assert!(called.stderr.contains(&format!("delete although {missing}")), "{called:?}");
    assert!(!tool.path("deleted").exists() && !tool.path("cleaned").exists());
}

#[test]
#[ignore = "needs a cluster: tests/kubernetes/run"]
fn delete_asks_where_the_name_has_a_typo_or_the_server_does_not_answer() {
    let namespace = Namespace::new();
    namespace.roll_out(&Workload::deployment("web"));
    let tool = namespace.tool("wbe", "[cleanup]\nclean = \"touch cleaned\"\n");
    let delete = |more: &[&str]| tool.call(&[&["delete"], more, &["--", "touch", "deleted"]].concat());
    let called = delete(&[]);
    assert_eq!(called.code, Some(2), "{called:?}");
    assert!(called.stderr.contains("delete although there are no pods of draft=wbe in "), "{called:?}");

    let kubeconfig = std::fs::read_to_string(namespace.kubeconfig()).expect("a kubeconfig");
    let mut nobody: Value = serde_json::from_str(&kubeconfig).expect("a kubeconfig");
    for cluster in nobody["clusters"].as_array_mut().expect("clusters") {
        cluster["cluster"]["server"] = "https://127.0.0.1:1".into();
    }
    tool.write("nobody", nobody.to_string().as_bytes());
    let path = tool.path("nobody").display().to_string();
    let delete = |more: &[&str]| {
        tool.call(
            &[&["delete", "--env", &format!("KUBECONFIG={path}")], more, &["--", "touch", "deleted"]]
                .concat(),
        )
    };
    let called = delete(&[]);
    assert_eq!(called.code, Some(2), "{called:?}");
    assert!(called.stderr.contains("delete without knowing which pods"), "{called:?}");
    assert!(!tool.path("deleted").exists() && !tool.path("cleaned").exists());
    let called = delete(&["--yes"]);
    assert_eq!(called.code, Some(0), "{called:?}");
    assert!(called.stderr.contains("the end of the pods is not awaited"), "{called:?}");
    assert!(tool.path("deleted").exists() && tool.path("cleaned").exists());
    assert_eq!(namespace.pods("draft=web").len(), 1, "nothing touched them");
}

/// The first broken link, and all that is said of it.
#[track_caller]
fn broken(called: &Called) -> (String, String) {
    let document: Value = serde_json::from_str(&called.stdout).expect("one document");
    assert_eq!((called.code, document["ok"].as_bool()), (Some(1), Some(false)), "{called:?}");
    let name = document["broken"].as_str().expect("a broken link").to_owned();
    let links = document["links"].as_array().expect("links");
    let link = links.iter().find(|link| link["name"] == *name).expect("its link");
    (name, link.to_string())
}

#[test]
#[ignore = "needs a cluster: tests/kubernetes/run"]
fn the_doctor_names_the_first_broken_link() {
    let namespace = Namespace::new();
    let tool = namespace.tool("web", MARK);
    let doctor = |arguments: &[&str]| tool.call(&[&["doctor", "--format", "json"], arguments].concat());

    let (name, link) = broken(&doctor(&["--namespace", "draft-tasks-no-such-namespace"]));
    assert!(
        name == "pods" && link.contains("there is no namespace `draft-tasks-no-such-namespace`"),
        "{link}"
    );
    let (name, link) = broken(&doctor(&[]));
    assert!(name == "pods" && link.contains("no pod has label draft=web"), "{link}");

    let never = Workload::deployment("web").ready_when(&["false"]).build("01A");
    namespace.apply(&never);
    namespace.wait_for_pods("a pod", "draft=web", |pods| !pods.is_empty());
    let (name, link) = broken(&doctor(&[]));
    assert!(
        name == "readiness" && link.contains("0 of 1 pod ready") && link.contains("describe pod web-"),
        "{link}"
    );

    namespace.roll_out(&Workload::deployment("web").ready_when(&["true"]).build("01B"));
    let (name, link) = broken(&doctor(&["--container", "none"]));
    assert!(name == "container" && link.contains("it has `app`"), "{link}");
    let called = tool.call(&["doctor"]);
    assert_eq!(called.code, Some(0), "{called:?}");
    for part in ["✓ build         01B", "✓ readiness     1 pod ready", "post-deploy tasks can run"] {
        assert!(called.stdout.contains(part), "{part:?} is not in {called:?}");
    }
}

#[test]
#[ignore = "needs a cluster: tests/kubernetes/run"]
fn the_doctor_tells_each_permission_that_is_missing() {
    let namespace = Namespace::new();
    namespace.roll_out(&Workload::deployment("web"));
    type Rules<'a> = &'a [(&'a str, &'a str)];
    let cases: [(&str, Rules<'_>, &str); 3] = [
        ("none", &[("get", "events")], "list pods, get pods/exec"),
        ("no-list", &[("get,watch", "pods"), ("get,create", "pods/exec")], "list pods\""),
        ("no-get", &[("get,list,watch", "pods"), ("create", "pods/exec")], "get pods/exec\""),
    ];
    for (user, rules, missing) in cases {
        let kubeconfig = namespace.kubeconfig_for(user, rules);
        let tool = namespace.tool("web", MARK).with("KUBECONFIG", kubeconfig.to_str().expect("UTF-8"));
        // The roles come into force a moment after they are made.
        let link = namespace.wait("the role", || {
            let (name, link) = broken(&tool.call(&["doctor", "--format", "json"]));
            (name == "permissions" && link.contains(missing)).then_some(link)
        });
        assert!(link.contains("get, list and watch on pods"), "{link}");
    }
    let enough: [(&str, Rules<'_>, &str); 2] = [
        (
            "no-create",
            &[("list,watch", "pods"), ("get", "pods/exec")],
            "not permitted: create pods/exec; clusters since Kubernetes 1.35 ask for it too",
        ),
        (
            "no-watch",
            &[("get,list", "pods"), ("get,create", "pods/exec")],
            "not permitted: watch pods; without it pods are not awaited",
        ),
    ];
    for (user, rules, told) in enough {
        let kubeconfig = namespace.kubeconfig_for(user, rules);
        let tool = namespace.tool("web", MARK).with("KUBECONFIG", kubeconfig.to_str().expect("UTF-8"));
        let called = namespace.wait("the role", || {
            let called = tool.call(&["doctor"]);
            (called.code == Some(0)).then_some(called)
        });
        assert!(called.stdout.contains(told), "{called:?}");
    }
}
