use draft_tasks_analysis::command::{DraftVersion, Semantics, split};
use proptest::prelude::*;

use super::*;

/// What Kubernetes makes of a `command`: third_party/forked/golang/expansion/expand.go.
fn expanded(text: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let (mut told, mut rest) = (String::new(), text);
    while let Some(at) = rest.find('$') {
        told += &rest[..at];
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            told.push('$');
            rest = after;
        } else if let Some((name, after)) = rest.strip_prefix('(').and_then(|inner| inner.split_once(')')) {
            told += &value(name).unwrap_or_else(|| format!("$({name})"));
            rest = after;
        } else {
            told.push('$');
        }
    }
    told + rest
}

fn literal(text: &str) -> JobArgument {
    JobArgument(vec![ArgumentPiece::Literal(text.into())])
}

fn task(name: &str, argv: &[&str]) -> JobTask {
    JobTask { name: name.into(), arguments: argv.iter().map(|text| literal(text)).collect() }
}

fn outline(tasks: Vec<JobTask>, basis: PodBasis) -> JobOutline {
    JobOutline {
        name: "migrate-1".into(),
        namespace: None,
        labels: [("draft-tasks/run".to_owned(), "migrate-1".to_owned())].into(),
        annotations: BTreeMap::new(),
        tasks,
        basis,
        deadline: None,
        kept: None,
        awaits_end_of_pod: false,
        grace: None,
    }
}

fn template() -> Value {
    json!({
        "metadata": { "labels": { "app": "web" }, "annotations": { "prometheus.io/scrape": "true" } },
        "spec": {
            "serviceAccountName": "web",
            "nodeName": "node-1",
            "restartPolicy": "Always",
            "affinity": { "podAntiAffinity": {}, "nodeAffinity": { "requiredDuringScheduling": "here" } },
            "nodeSelector": { "disk": "fast" },
            "tolerations": [{ "key": "gpu" }],
            "topologySpreadConstraints": [{ "maxSkew": 1 }],
            "securityContext": { "runAsUser": 1000 },
            "volumes": [
                { "name": "data", "emptyDir": {} }, { "name": "of-proxy", "emptyDir": {} },
                { "name": "raw", "persistentVolumeClaim": { "claimName": "raw" } },
            ],
            "initContainers": [{ "name": "wait", "image": "wait:1" }],
            "containers": [
                {
                    "name": "web", "image": "web:1", "command": ["serve"], "args": ["--port", "80"],
                    "ports": [{ "containerPort": 80 }], "livenessProbe": {}, "lifecycle": {},
                    "env": [{ "name": "A", "value": "$(B)" }], "workingDir": "/app",
                    "volumeMounts": [{ "name": "data", "mountPath": "/data" }],
                    "volumeDevices": [{ "name": "raw", "devicePath": "/dev/x" }],
                },
                { "name": "proxy", "image": "proxy:1", "volumeMounts": [{ "name": "of-proxy", "mountPath": "/p" }] },
            ],
        },
    })
}

#[test]
fn tasks_are_containers_in_their_order() {
    let tasks = vec![task("create", &["a", "on"]), task("fill", &["b", "1e3"]), task("check", &["c"])];
    let manifest = JobOutline {
        namespace: Some("demo".into()),
        deadline: Some(Duration::from_millis(1500)),
        kept: Some(Duration::ZERO),
        awaits_end_of_pod: true,
        grace: Some(Duration::from_secs(5)),
        ..outline(tasks, PodBasis::of_image("web:1"))
    }
    .manifest();
    let labels = json!({ "draft-tasks/run": "migrate-1" });
    let about = |name: &str, command: &[&str]| json!({ "name": name, "image": "web:1", "command": command });
    let expected = json!({
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": { "name": "migrate-1", "namespace": "demo", "labels": labels, "annotations": {} },
        "spec": {
            "activeDeadlineSeconds": 2,
            "backoffLimit": 0,
            "podReplacementPolicy": "Failed",
            "ttlSecondsAfterFinished": 0,
            "template": {
                "metadata": { "labels": labels, "annotations": {} },
                "spec": {
                    "restartPolicy": "Never",
                    "terminationGracePeriodSeconds": 5,
                    "initContainers": [about("01-create", &["a", "on"]), about("02-fill", &["b", "1e3"])],
                    "containers": [about("03-check", &["c"])],
                },
            },
        },
    });
    assert_eq!(manifest, expected);
}

#[test]
fn a_workload_gives_what_its_container_runs_with_and_nothing_by_which_others_find_it() {
    let basis = PodBasis::of_template(&template(), "web").unwrap();
    let manifest = outline(vec![task("migrate", &["m"])], basis).manifest();
    let pod = &manifest["spec"]["template"];
    assert_eq!(pod["metadata"]["labels"], json!({ "draft-tasks/run": "migrate-1" }));
    let expected = json!({
        "serviceAccountName": "web",
        "securityContext": { "runAsUser": 1000 },
        "restartPolicy": "Never",
        "affinity": { "nodeAffinity": { "requiredDuringScheduling": "here" } },
        "nodeSelector": { "disk": "fast" },
        "tolerations": [{ "key": "gpu" }],
        "volumes": [
            { "name": "data", "emptyDir": {} },
            { "name": "raw", "persistentVolumeClaim": { "claimName": "raw" } },
        ],
        "containers": [{
            "name": "01-migrate", "image": "web:1", "command": ["m"], "workingDir": "/app",
            "env": [{ "name": "A", "value": "$(B)" }],
            "volumeMounts": [{ "name": "data", "mountPath": "/data" }],
            "volumeDevices": [{ "name": "raw", "devicePath": "/dev/x" }],
        }],
    });
    assert_eq!(pod["spec"], expected);
    assert_eq!(PodBasis::of_template(&template(), "other"), None);
    assert_eq!(PodBasis::of_template(&json!({}), "web"), None);
}

#[test]
fn tasks_that_belong_on_a_machine_are_told_their_phase() {
    let container =
        json!({ "env": [{ "name": "DRAFT_TASKS_PHASE", "value": "x" }, { "name": "A", "value": "b" }] });
    let basis = PodBasis { container: container.as_object().cloned().unwrap(), pod: Map::new() };
    let env = |basis: PodBasis| basis.container.get("env").cloned();
    assert_eq!(
        env(basis.telling(Phase::PostUp)),
        Some(json!([{ "name": "A", "value": "b" }, { "name": "DRAFT_TASKS_PHASE", "value": "post-up" }]))
    );
    assert!(env(PodBasis::of_image("a").telling(Phase::PreUp)).is_some());
    assert_eq!(env(PodBasis::of_image("a").telling(Phase::PostDeploy)), None);
}

#[test]
fn variables_stay_references_where_that_is_said() {
    let command = "migrate --url=$DATABASE_URL '$LITERAL' $(x) 5$ $TAG";
    let words = split(command, Semantics::Standard, DraftVersion::default()).unwrap();
    let piece = |name: &str| match name {
        "DATABASE_URL" => ArgumentPiece::Reference(name.into()),
        name => ArgumentPiece::Literal(format!("$(DATABASE_URL) of {name}")),
    };
    let written: Vec<String> = words.iter().map(|word| JobArgument::of(word, piece).written()).collect();
    let expected =
        ["migrate", "--url=$(DATABASE_URL)", "$$LITERAL", "$$(x)", "5$$", "$$(DATABASE_URL) of TAG"];
    assert_eq!(written, expected);
}

#[test]
fn names_are_those_of_dns_and_short_enough() {
    assert_eq!(container_name(0, "Sync the Database!"), "01-sync-the-database");
    assert_eq!(container_name(99, "…"), "100");
    assert_eq!(
        dns_label(&["draft-tasks", "post-deploy", "Web_App"], "x7k2"),
        "draft-tasks-post-deploy-web-app-x7k2"
    );
    let long = "a".repeat(70);
    assert_eq!(dns_label(&[&long], "own"), format!("{}-own", "a".repeat(59)));
    assert_eq!(dns_label(&["--"], "own"), "own");
}

proptest! {
    #[test]
    fn any_argument_comes_through(text in "(\\PC|[$()A-Za]){0,20}", name in "[A-Z]{1,3}") {
        let argument = JobArgument(vec![
            ArgumentPiece::Literal(text.clone()),
            ArgumentPiece::Reference(name.clone()),
            ArgumentPiece::Literal(text.clone()),
        ]);
        let value = |asked: &str| Some(format!("<{asked}>"));
        prop_assert_eq!(expanded(&argument.written(), value), format!("{text}<{name}>{text}"));
    }

    #[test]
    fn any_name_is_one_of_dns(task in "\\PC{0,80}", index in 0..2000_usize) {
        let name = container_name(index, &task);
        prop_assert!((1..=63).contains(&name.len()), "{}", name);
        let is_inner = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
        prop_assert!(name.chars().all(is_inner) && !name.starts_with('-') && !name.ends_with('-'), "{}", name);
    }
}
