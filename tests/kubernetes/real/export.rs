//! What `draft-tasks export kubernetes-job` writes, on a real cluster.

use kube::ResourceExt;
use serde_json::{Map, Value, json};

use super::cluster::cluster;
use super::namespace::Namespace;
use crate::vectors::{Numbers, VARIABLES, planned, task, words};

/// Writes each of its arguments as a line of hexadecimal digits.
const SHOW: &str = "sh -c 'for it; do printf %s \"$it\" | od -An -v -tx1 | tr -d \" \\n\"; echo; done' sh";

const SELECTOR: &str = "draft-tasks/phase=post-deploy";

fn shown(arguments: &[String]) -> String {
    let hex =
        |argument: &String| argument.bytes().map(|byte| format!("{byte:02x}")).collect::<String>() + "\n";
    arguments.iter().map(hex).collect()
}

/// Exports the phase and creates the Job, with the Secret that it takes variables from; gives the plan.
#[track_caller]
fn create(namespace: &Namespace, tasks: &str) -> Vec<Vec<String>> {
    let mut tool = namespace.tool("web", tasks);
    for (name, value) in VARIABLES {
        tool = tool.with(name, value);
    }
    let values: Map<String, Value> =
        VARIABLES.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    namespace.create_object(json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "web" }, "stringData": values,
    }));
    let image = &cluster().image;
    let arguments = ["export", "kubernetes-job", "post-deploy", "--env-from", "secret/web", "--image", image];
    let called = tool.call(&arguments);
    assert_eq!(called.code, Some(0), "{called:?}");
    namespace.create_object(serde_saphyr::from_str::<Value>(&called.stdout).expect("a manifest"));
    planned(&tool.call(&["explain", "post-deploy", "--format", "json"]).stdout, "post-deploy")
}

#[test]
#[ignore = "needs a cluster: tests/kubernetes/run"]
fn an_exported_job_gives_programs_exactly_the_arguments_of_the_plan() {
    let namespace = Namespace::new();
    let mut numbers = Numbers(0xd1b5_4a32_d192_ed03);
    let tasks: String =
        (0..10).map(|name| task(name, &format!("{SHOW}{}", words(&mut numbers, 100)))).collect();
    let planned = create(&namespace, &format!("[post-deploy]\n{tasks}"));
    let pods = namespace.wait_for_pods("the Job's pod to pass", SELECTOR, |pods| {
        let phase = |pod: &k8s_openapi::api::core::v1::Pod| pod.status.as_ref()?.phase.clone();
        pods.iter().any(|pod| phase(pod).as_deref() == Some("Succeeded"))
    });
    assert_eq!(pods.len(), 1);
    for (index, argv) in planned.iter().enumerate() {
        let log = namespace.log(&pods[0].name_any(), &format!("{:02}-{index}", index + 1));
        assert_eq!(log, shown(&argv[4..]), "{index}");
    }
}

#[test]
#[ignore = "needs a cluster: tests/kubernetes/run"]
fn a_task_that_fails_ends_an_exported_job() {
    let namespace = Namespace::new();
    create(&namespace, "[post-deploy]\n1 = \"echo one\"\n2 = \"sh -c 'exit 3'\"\n3 = \"echo three\"\n");
    let pods = namespace.wait_for_pods("the Job's pod to fail", SELECTOR, |pods| {
        pods.iter().any(|pod| pod.status.as_ref().is_some_and(|it| it.phase.as_deref() == Some("Failed")))
    });
    let status = pods[0].status.as_ref().expect("a status");
    let ended = status.init_container_statuses.iter().flatten().filter_map(|container| {
        Some((container.name.clone(), container.state.as_ref()?.terminated.as_ref()?.exit_code))
    });
    assert_eq!(ended.collect::<Vec<_>>(), [("01-1".to_owned(), 0), ("02-2".to_owned(), 3)]);
    let mut last =
        status.container_statuses.iter().flatten().filter_map(|it| it.state.as_ref()?.terminated.as_ref());
    assert!(!last.any(|last| last.exit_code == 0), "{status:?}");
}
