//! Tasks in the pods of a real cluster: how they end, what they write, and in which container.
//!
//! Must not disturb the cluster.

use kube::ResourceExt;

use super::namespace::Namespace;
use super::workload::Workload;

#[test]
#[ignore = "needs a cluster: tests/kubernetes/run"]
fn tasks_end_as_their_commands_do() {
    let namespace = Namespace::new();
    namespace.roll_out(&Workload::deployment("web"));
    let tasks = "[post-deploy]\nwell = \"true\"\none = \"sh -c 'exit 1'\"\nforty-two = \"sh -c 'exit 42'\"\n\
        killed = \"sh -c 'kill -KILL $$'\"\nmissing = \"no-such-program\"\n";
    let tool = namespace.tool("web", tasks);
    let called = tool.call(&["run", "post-deploy", "--keep-going"]);
    assert_eq!(called.code, Some(1), "{called:?}");
    let line = |task: &str| {
        let line = called.stdout.lines().find(|line| line.contains(&format!(" {task} ")));
        line.unwrap_or_else(|| panic!("no line of {task} in {called:#?}"))
    };
    assert!(line("✓ well").contains("✓"));
    assert!(line("✗ one").ends_with("exit code 1"), "{called:#?}");
    assert!(line("✗ forty-two").ends_with("exit code 42"), "{called:#?}");
    assert!(line("✗ killed").ends_with("exit code 137"), "{called:#?}");
    assert!(line("✗ missing").contains("`no-such-program` could not be started in container `app`"));
    assert!(called.stdout.contains("1 passed, 4 failed"), "{called:?}");
}

#[test]
#[ignore = "needs a cluster: tests/kubernetes/run"]
fn fifty_megabytes_on_both_streams_at_once_are_complete() {
    const BYTES: usize = 50 * 1000 * 1000;
    let namespace = Namespace::new();
    namespace.roll_out(&Workload::deployment("web"));
    // Lines of 99 letters; the streams are told apart by them.
    let lines = BYTES / 100;
    let write = |letter: char| format!("yes {} | head -n {lines}", letter.to_string().repeat(99));
    let task = format!("sh -c '{} & {} >&2; wait'", write('o'), write('e'));
    let tool = namespace.tool("web", &format!("[post-deploy]\nwrite = \"{task}\"\n"));
    let called = tool.call(&["run", "post-deploy", "--no-record", "--format", "json"]);
    assert_eq!(called.code, Some(0), "{}", called.stderr);
    let (mut out, mut err) = (0, 0);
    for line in called.stdout.lines() {
        let event: serde_json::Value = serde_json::from_str(line).expect("a line of JSON");
        for piece in event["pieces"].as_array().into_iter().flatten() {
            let text = piece["text"].as_str().unwrap_or_default();
            let (letter, count) =
                if piece["stream"] == "stdout" { (b'o', &mut out) } else { (b'e', &mut err) };
            assert!(text.bytes().all(|byte| byte == letter || byte == b'\n'));
            *count += text.len();
        }
    }
    assert_eq!((out, err), (BYTES, BYTES));
}

#[test]
#[ignore = "needs a cluster: tests/kubernetes/run"]
fn tasks_run_in_the_container_that_is_meant() {
    let namespace = Namespace::new();
    let mark = "[post-deploy]\nmark = \"touch /tmp/mark\"\n";
    let workload = Workload::deployment("web").container("side");
    let marked = |arguments: &[&str]| {
        let called = namespace.tool("web", mark).call(&[&["run", "post-deploy"], arguments].concat());
        assert_eq!(called.code, Some(0), "{called:?}");
        let pod = namespace.ready_pods("draft=web", 1).remove(0).name_any();
        let has = |container| {
            let ran = namespace.exec(&pod, Some(container), &["rm", "/tmp/mark"]);
            ran.code == Some(0)
        };
        (has("app"), has("side"))
    };
    namespace.roll_out(&workload);
    assert_eq!(marked(&[]), (true, false), "the first");
    assert_eq!(marked(&["--container", "side"]), (false, true), "the option");
    namespace.roll_out(&workload.annotation("kubectl.kubernetes.io/default-container", "side"));
    assert_eq!(marked(&[]), (false, true), "the annotation");
    let called = namespace.tool("web", mark).call(&["run", "post-deploy", "--container", "none"]);
    assert_eq!(called.code, Some(1), "{called:?}");
    assert!(called.stdout.contains("it has `app`, `side`"), "{called:?}");
}

#[test]
#[ignore = "needs a cluster: tests/kubernetes/run"]
fn a_pod_that_is_deleted_during_a_task_is_told_as_such() {
    let namespace = Namespace::new();
    namespace.roll_out(&Workload::deployment("web"));
    let tool = namespace.tool("web", "[post-deploy]\nwait = \"sh -c 'echo begun; sleep 600'\"\n");
    for grace in [None, Some(0)] {
        let pod = namespace.ready_pods("draft=web", 1).remove(0).name_any();
        let mut started = tool.start(&["run", "post-deploy"]);
        started.wait_for("begun");
        namespace.delete_pod(&pod, grace);
        let called = started.end();
        assert_eq!(called.code, Some(1), "{called:?}");
        let said = format!("pod `{pod}` was deleted while the task ran");
        assert!(called.stdout.contains(&said), "{called:?}");
    }
}
