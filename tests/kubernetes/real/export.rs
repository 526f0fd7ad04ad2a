//! What `draft-tasks export kubernetes-job` writes, on a real cluster.

use kube::ResourceExt;
use serde_json::{Map, Value, json};

use super::cluster::cluster;
use super::namespace::Namespace;
use crate::vectors::{Numbers, VARIABLES, planned, task, words};

/// Writes the bytes of its arguments as hexadecimal digits, with a zero behind each.
const SHOW: &str = "sh -c 'printf \"%s\\0\" \"$@\" | od -An -v -tx1' sh";

const SELECTOR: &str = "draft-tasks/phase=post-deploy";

/// Stands behind each of the vectors that a task has; nothing of which they are made gives it.
const END: &str = "///";

/// The arguments that are shown.
fn shown(log: &str) -> Vec<String> {
    let byte = |digits| u8::from_str_radix(digits, 16).expect("two digits");
    let text = String::from_utf8(log.split_whitespace().map(byte).collect()).expect("UTF-8");
    text.split_terminator('\0').map(str::to_owned).collect()
}

/// The vectors of a task.
fn vectors(words: &[String]) -> Vec<&[String]> {
    let mut vectors: Vec<_> = words.split(|word| word == END).collect();
    assert_eq!(vectors.pop(), Some(&[][..]), "the last word is an end");
    vectors
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
    let mut vector = || {
        let count = numbers.below(6);
        format!("{} {END}", words(&mut numbers, count))
    };
    let mut vectors_of = |count| (0..count).map(|_| vector()).collect::<String>();
    let tasks: String = (0..10).map(|name| task(name, &format!("{SHOW}{}", vectors_of(100)))).collect();
    let planned = create(&namespace, &format!("[post-deploy]\n{tasks}"));
    let pods = namespace.wait_for_pods("the Job's pod to pass", SELECTOR, |pods| {
        let phase = |pod: &k8s_openapi::api::core::v1::Pod| pod.status.as_ref()?.phase.clone();
        pods.iter().any(|pod| phase(pod).as_deref() == Some("Succeeded"))
    });
    assert_eq!(pods.len(), 1);
    let mut count = 0;
    for (index, argv) in planned.iter().enumerate() {
        let log = namespace.log(&pods[0].name_any(), &format!("{:02}-{index}", index + 1));
        let log = shown(&log);
        let (given, planned) = (vectors(&log), vectors(&argv[4..]));
        let different = given.iter().zip(&planned).find(|(given, planned)| given != planned);
        assert!(different.is_none() && given.len() == planned.len(), "task {index}: {different:?}");
        count += given.len();
    }
    assert_eq!(count, 1000);
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
