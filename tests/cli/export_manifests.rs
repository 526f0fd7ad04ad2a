//! `draft-tasks export kubernetes-job` and `helm-hook`: what readers of YAML make of it, and what is refused.

use std::process::{Command, Stdio};

use expect_test::expect;
use serde_json::{Value, json};

use crate::helm::{brought, helm, write_chart};
use crate::tool::{Called, Tool, absent, assert_says};
use crate::vectors::{Numbers, VARIABLES, commands, planned, replaced, task, words};

const FILE: &str = r#"[post-deploy]
migrate = "rake db:migrate on 1e3 0755 'a: b' $$(HOME) $API_TOKEN"
"seed {{ it }}" = "sh -c 'echo {{ 1 }}\necho $$'"

[cleanup]
gone = "echo gone"
"#;

const IMAGE: [&str; 2] = ["--image", "web:1"];

fn exported(tool: &Tool, arguments: &[&str]) -> Called {
    let called = tool.call(&[&["export"], arguments, &IMAGE].concat());
    assert_eq!(called.code, Some(0), "{called:?}");
    called
}

/// What a reader of YAML 1.2 has of its documents.
fn read(text: &str) -> Vec<Value> {
    let mut documents: Vec<Value> = serde_saphyr::from_multiple(text).expect("YAML");
    // Helm makes one of comments alone, too.
    documents.retain(|document| !document.is_null());
    documents
}

/// What Helm makes of it in a chart; where this machine has none, what it would make of the few templates that there are.
fn rendered(tool: &Tool, text: &str) -> String {
    write_chart(tool, text);
    if let Some(called) = helm(tool, &["template", "web", "chart"]) {
        assert_eq!(called.code, Some(0), "{}", called.stderr);
        return called.stdout;
    }
    let braces = "{{ \"{{\" }}";
    let parts = text.split(braces).map(|part| part.replace("{{ .Release.Name }}", "web"));
    parts.collect::<Vec<_>>().join("{{")
}

#[test]
fn a_phase_is_a_job() {
    let tool = Tool::empty();
    tool.write("web/.draft-tasks.toml", FILE.as_bytes());
    tool.write(
        "web/.draft-tasks.config.toml",
        b"[run]\ntimeout = \"1m\"\ntotalTimeout = \"90s\"\n[kubernetes]\nonce = [\"migrate\"]\n",
    );
    let called =
        exported(&tool, &["kubernetes-job", "post-deploy", "--file", "web", "--env-from", "secret/web-env"]);
    expect![[r#"
        # Written by `draft-tasks export kubernetes-job post-deploy` from .draft-tasks.toml.
        # A Job runs once: before it can again, `kubectl delete -f FILE`. Its name is of the folder and the phase alone.
        # Before Kubernetes 1.26 tasks start again where their pod is deleted while it runs, as with its node.
        # Its limit counts the time until its pod starts, too.
        # Not in it: post-deploy: 1 task runs in every ready pod of the application; this Job runs them once
        # Not in it: the limit of each task, 1m: a Job has one for all of them
        apiVersion: batch/v1
        kind: Job
        metadata:
          labels:
            draft-tasks/phase: post-deploy
          name: web-post-deploy
        spec:
          activeDeadlineSeconds: 90
          backoffLimit: 0
          template:
            metadata:
              labels:
                draft-tasks/phase: post-deploy
            spec:
              containers:
              - command:
                - sh
                - -c
                - |-
                  echo {{ 1 }}
                  echo $$$$
                env:
                - name: API_TOKEN
                  valueFrom:
                    secretKeyRef:
                      key: API_TOKEN
                      name: web-env
                envFrom:
                - secretRef:
                    name: web-env
                image: web:1
                name: 02-seed-it
              initContainers:
              - command:
                - rake
                - db:migrate
                - "on"
                - "1e3"
                - "0755"
                - "a: b"
                - $$$$(HOME)
                - $(API_TOKEN)
                env:
                - name: API_TOKEN
                  valueFrom:
                    secretKeyRef:
                      key: API_TOKEN
                      name: web-env
                envFrom:
                - secretRef:
                    name: web-env
                image: web:1
                name: 01-migrate
              restartPolicy: Never
    "#]]
    .assert_eq(&called.stdout);
    expect![[r#"
        warning: not in it: post-deploy: 1 task runs in every ready pod of the application; this Job runs them once
        warning: not in it: the limit of each task, 1m: a Job has one for all of them
    "#]].assert_eq(&called.stderr);
    let strict = ["kubernetes-job", "post-deploy", "--file", "web", "--env", "API_TOKEN=x", "--strict"];
    let called = tool.call(&[&["export"], &strict[..], &IMAGE, &["--public", "API_TOKEN"]].concat());
    assert_says(&called, 1, &["        - name: API_TOKEN\n          value: x\n"]);
}

#[test]
fn phases_are_hooks_of_a_chart() {
    let tool = Tool::new(FILE);
    tool.write(".draft-tasks.config.toml", b"[run]\ntimeout = \"1m\"\n");
    let image = "{{ .Values.image.repository }}:{{ .Values.image.tag | default \"1\" }}";
    let called = tool.call(&[
        "export",
        "helm-hook",
        "--image",
        image,
        "--env-from",
        "secret/web-env",
        "--env-from",
        "configmap/more",
        "--env-from",
        "API_TOKEN=secret/token",
    ]);
    assert_eq!(called.code, Some(0), "{called:?}");
    expect![[r#"
        # Written by `draft-tasks export helm-hook post-deploy cleanup` from .draft-tasks.toml.
        # A release's name may have 49 letters: Kubernetes refuses Jobs with longer ones.
        # Before Kubernetes 1.26 tasks start again where their pod is deleted while it runs, as with its node.
        # Install and upgrade with --wait: other hooks do not wait until pods are ready.
        # Secrets and ConfigMaps of the chart are gone after it was deleted.
        # Not in it: post-deploy: 2 tasks run in every ready pod of the application; each hook runs once
        ---
        apiVersion: batch/v1
        kind: Job
        metadata:
          annotations:
            draft-tasks/task: migrate
            helm.sh/hook: post-install,post-upgrade
            helm.sh/hook-delete-policy: before-hook-creation
            helm.sh/hook-output-log-policy: hook-failed
            helm.sh/hook-weight: "0"
          labels:
            draft-tasks/phase: post-deploy
          name: {{ .Release.Name }}-post-deploy-1
        spec:
          activeDeadlineSeconds: 60
          backoffLimit: 0
          template:
            metadata:
              labels:
                draft-tasks/phase: post-deploy
            spec:
              containers:
              - command:
                - rake
                - db:migrate
                - "on"
                - "1e3"
                - "0755"
                - "a: b"
                - $$$$(HOME)
                - $(API_TOKEN)
                env:
                - name: API_TOKEN
                  valueFrom:
                    secretKeyRef:
                      key: API_TOKEN
                      name: token
                envFrom:
                - secretRef:
                    name: web-env
                - configMapRef:
                    name: more
                image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default "1" }}"
                name: 01-migrate
              restartPolicy: Never
        ---
        apiVersion: batch/v1
        kind: Job
        metadata:
          annotations:
            draft-tasks/task: seed {{ "{{" }} it }}
            helm.sh/hook: post-install,post-upgrade
            helm.sh/hook-delete-policy: before-hook-creation
            helm.sh/hook-output-log-policy: hook-failed
            helm.sh/hook-weight: "1"
          labels:
            draft-tasks/phase: post-deploy
          name: {{ .Release.Name }}-post-deploy-2
        spec:
          activeDeadlineSeconds: 60
          backoffLimit: 0
          template:
            metadata:
              labels:
                draft-tasks/phase: post-deploy
            spec:
              containers:
              - command:
                - sh
                - -c
                - |-
                  echo {{ "{{" }} 1 }}
                  echo $$$$
                env:
                - name: API_TOKEN
                  valueFrom:
                    secretKeyRef:
                      key: API_TOKEN
                      name: token
                envFrom:
                - secretRef:
                    name: web-env
                - configMapRef:
                    name: more
                image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default "1" }}"
                name: 01-seed-it
              restartPolicy: Never
        ---
        apiVersion: batch/v1
        kind: Job
        metadata:
          annotations:
            draft-tasks/task: gone
            helm.sh/hook: post-delete
            helm.sh/hook-delete-policy: before-hook-creation
            helm.sh/hook-output-log-policy: hook-failed
            helm.sh/hook-weight: "0"
          labels:
            draft-tasks/phase: cleanup
          name: {{ .Release.Name }}-cleanup-1
        spec:
          activeDeadlineSeconds: 60
          backoffLimit: 0
          template:
            metadata:
              labels:
                draft-tasks/phase: cleanup
            spec:
              containers:
              - command:
                - echo
                - gone
                env:
                - name: API_TOKEN
                  valueFrom:
                    secretKeyRef:
                      key: API_TOKEN
                      name: token
                - name: DRAFT_TASKS_PHASE
                  value: cleanup
                envFrom:
                - secretRef:
                    name: web-env
                - configMapRef:
                    name: more
                image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default "1" }}"
                name: 01-gone
              restartPolicy: Never
    "#]]
    .assert_eq(&called.stdout);
    expect![[r#"
        warning: not in it: post-deploy: 2 tasks run in every ready pod of the application; each hook runs once
    "#]].assert_eq(&called.stderr);
}

#[test]
fn a_hook_has_to_have_the_variables_of_its_own_task_alone() {
    let tool = Tool::new("[pre-up]\na = \"echo\"\n[cleanup]\nb = \"echo $DB\"\n");
    tool.write(".draft-tasks.config.toml", b"[run]\ngracePeriod = \"7s\"\n");
    let called = exported(&tool, &["helm-hook", "--env-from", "secret/web"]);
    let hooks = read(&rendered(&tool, &called.stdout));
    let pod = |hook: &Value| hook.pointer("/spec/template/spec").cloned().expect("a pod");
    let names: Vec<Vec<String>> = hooks
        .iter()
        .map(|hook| pod(hook)["containers"][0]["env"].as_array().cloned().unwrap_or_default())
        .map(|env| env.iter().map(|it| it["name"].as_str().unwrap_or_default().to_owned()).collect())
        .collect();
    assert_eq!(names, [vec!["DRAFT_TASKS_PHASE"], vec!["DB", "DRAFT_TASKS_PHASE"]]);
    assert!(hooks.iter().all(|hook| pod(hook)["terminationGracePeriodSeconds"] == 7), "{called:?}");
    let job = exported(&tool, &["kubernetes-job", "pre-up"]);
    assert_eq!(pod(&read(&job.stdout)[0])["terminationGracePeriodSeconds"], 7, "{job:?}");
    tool.write(".draft-tasks.toml", b"[pre-up]\na = \"echo $DB\"\nb = \"echo $KEY\"\n");
    let called = tool.call(&["export", "helm-hook", "--image", "web:1"]);
    assert_says(&called, 2, &["$DB, $KEY"]);
}

#[test]
fn what_is_missing_or_wrong_is_said_and_nothing_is_written() {
    let tool = Tool::new(FILE);
    let refused = |arguments: &[&str], part: &str| {
        let called = tool.call(&[&["export"], arguments].concat());
        assert!(called.stdout.is_empty(), "{called:?}");
        assert_says(&called, 2, &[part]);
    };
    refused(
        &["kubernetes-job", "cleanup"],
        "it is not known in which image the tasks run: name it, as in --image",
    );
    refused(&["helm-hook"], "as in --image '{{ .Values.image }}'");
    refused(&["kubernetes-job", "--image", "web:1"], "name one of post-deploy, cleanup");
    refused(&["kubernetes-job", "cleanup", "--image", "{{ .Values.image }}"], "only Helm knows templates");
    refused(&["kubernetes-job", "cleanup", "--image", "a b"], "expected the name of an image");
    refused(
        &["sh", "--image", "web:1"],
        "a script has no image, and no variables of a cluster's objects: leave them out",
    );
    let job = ["kubernetes-job", "post-deploy", "--image", "web:1"];
    refused(
        &job,
        "the tasks take $API_TOKEN from the environment, and a Job has only those that it is told to have",
    );
    let two = [&job[..], &["--env-from", "secret/a", "--env-from", "secret/b"]].concat();
    refused(&two, "it is not known which object has them");
    for wrong in ["a", "secret/", "secret/A", "pod/a", "A-B=secret/a"] {
        refused(&[&job[..], &["--env-from", wrong]].concat(), "expected [VARIABLE=]secret/NAME");
    }
}

#[test]
fn readers_of_yaml_have_exactly_the_arguments_of_the_plan() {
    let mut numbers = Numbers(0x2545_f491_4f6c_dd1d);
    let mut command = |name: usize| {
        let count = numbers.below(6);
        task(name, &format!("printf{}", words(&mut numbers, count)))
    };
    let text: String = (0..1000).map(&mut command).collect();
    let tool = Tool::new(&format!("[cleanup]\n{text}")).with("GREETING", "good  day").with("EMPTY", "");
    let planned = planned(&tool.call(&["explain", "cleanup", "--format", "json"]).stdout, "cleanup");
    assert_eq!(planned.len(), 1000);
    let value = |name: &str| VARIABLES.iter().find(|(known, _)| *known == name).expect("a variable").1;
    for target in ["kubernetes-job", "helm-hook"] {
        let called = exported(&tool, &[target, "cleanup", "--env-from", "secret/a"]);
        let text = if target == "helm-hook" { rendered(&tool, &called.stdout) } else { called.stdout };
        let mut readers = vec![read(&text)];
        readers.extend(read_by_python(&tool, &text));
        readers.extend(read_by_kubectl(&tool, &text));
        for documents in readers {
            let found: Vec<Vec<String>> = documents.iter().flat_map(commands).collect();
            let found = found.iter().map(|argv| argv.iter().map(|word| replaced(word, value)).collect());
            let found: Vec<Vec<String>> = found.collect();
            let different = found.iter().zip(&planned).find(|(found, planned)| found != planned);
            assert!(different.is_none() && found.len() == planned.len(), "{target}: {different:?}");
        }
    }
}

/// What `PyYAML` has of it, a reader of YAML 1.1; nothing where this machine has none.
fn read_by_python(tool: &Tool, text: &str) -> Option<Vec<Value>> {
    tool.write("exported.yaml", text.as_bytes());
    let script =
        "import json, yaml; print(json.dumps(list(yaml.safe_load_all(open('exported.yaml', newline='')))))";
    let readers = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.tools/readers");
    let mut python = Command::new("python3");
    python.args(["-c", script]).current_dir(tool.path("")).env("PYTHONPATH", readers);
    let read = python.output().ok()?;
    let is_missing = String::from_utf8_lossy(&read.stderr).contains("No module named");
    if is_missing {
        absent("PyYAML");
    }
    (!is_missing).then(|| serde_json::from_slice(&read.stdout).unwrap_or_else(|_| panic!("{read:?}")))
}

/// What kubectl has of it, whose reader is that of Kubernetes; nothing where this machine has none.
fn read_by_kubectl(tool: &Tool, text: &str) -> Option<Vec<Value>> {
    tool.write("exported.yaml", text.as_bytes());
    let mut kubectl = brought("kubectl");
    kubectl.args(["label", "--local", "-f", "exported.yaml", "-o", "json", "read=it"]);
    let Ok(read) = kubectl.current_dir(tool.path("")).stdin(Stdio::null()).output() else {
        absent("kubectl");
        return None;
    };
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    let documents = serde_json::Deserializer::from_slice(&read.stdout).into_iter::<Value>();
    Some(documents.collect::<Result<_, _>>().expect("JSON documents"))
}

#[test]
fn tasks_cannot_write_templates_or_take_the_place_of_what_is_one() {
    let text = "[cleanup]\n\"draft tasks release 0\" = \"echo draft-tasks-image-0 '{{{' '{{ .Release.Name }}' }}\"\n";
    let tool = Tool::new(text);
    let called = exported(&tool, &["helm-hook"]);
    let parts = [
        "  name: {{ .Release.Name }}-cleanup-1\n",
        "name: 01-draft-tasks-release-0\n",
        "image: \"web:1\"\n",
        "draft-tasks-image-0\n",
        "{{ \"{{\" }}{",
        "{{ \"{{\" }} .Release.Name }}",
    ];
    for part in parts {
        assert!(called.stdout.contains(part), "{part:?} is not in {}", called.stdout);
    }
    assert_eq!(called.stdout.matches("{{ .Release.Name }}").count(), 1, "{}", called.stdout);
    let read = read(&rendered(&tool, &called.stdout));
    let expected = json!(["echo", "draft-tasks-image-0", "{{{", "{{ .Release.Name }}", "}}"]);
    assert_eq!(read[0]["spec"]["template"]["spec"]["containers"][0]["command"], expected);
}
