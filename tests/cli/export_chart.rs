//! `draft-tasks export helm-hook` in a chart: what a real Helm makes of it.

use expect_test::expect;
use serde_json::Value;

use crate::helm::{helm, write_chart};
use crate::tool::Tool;
use crate::vectors::commands;

const FILE: &str = r#"[pre-up]
"check {{ it }}" = "sh -c 'echo {{ .Release.Name }} $0' $GREETING"
second = "echo '{{/* no comment */}}' 0755"

[post-deploy]
migrate = "rake db:migrate on 1e3 'a: b' $$(HOME) $API_TOKEN"

[post-up]
tell = "echo '}}' '{{ fail \"no\" }}' '{{'"

[cleanup]
gone = "printf '{{- 1 -}}\n'"
"#;

const IMAGE: &str = "{{ .Values.image.repository }}:{{ .Values.image.tag | default \"latest\" }}";

/// What there is to say of a hook: its name, its annotations, its image, the variables that it has, and its command.
fn outlined(hook: &Value) -> String {
    let annotation = |name: &str| hook["metadata"]["annotations"][name].as_str().unwrap_or("-").to_owned();
    let policies = ["hook", "hook-weight", "hook-delete-policy", "hook-output-log-policy"];
    let policies = policies.map(|name| annotation(&format!("helm.sh/{name}"))).join(" ");
    let container = &hook["spec"]["template"]["spec"]["containers"][0];
    let variables = container["env"].as_array().into_iter().flatten();
    let variables: Vec<&str> = variables.filter_map(|variable| variable["name"].as_str()).collect();
    let name = hook["metadata"]["name"].as_str().unwrap_or("-");
    let image = container["image"].as_str().unwrap_or("-");
    let task = annotation("draft-tasks/task");
    format!("{name}: {task}\n  {policies}\n  {image} {variables:?}\n  {:?}\n", commands(hook)[0])
}

#[test]
fn helm_has_the_hooks_of_all_phases_as_they_are_meant() {
    let tool = Tool::new(FILE);
    let arguments = ["export", "helm-hook", "--image", IMAGE, "--env-from", "secret/web"];
    let called = tool.call(&arguments);
    assert_eq!(called.code, Some(0), "{called:?}");
    write_chart(&tool, &called.stdout);
    tool.write("chart/values.yaml", b"image: { repository: registry.example/web, tag: \"1.10\" }\n");
    let Some(made) = helm(&tool, &["template", "shop", "chart"]) else { return };
    assert_eq!(made.code, Some(0), "{made:?}");
    let documents: Vec<Value> = serde_saphyr::from_multiple(&made.stdout).expect("YAML");
    let hooks: String = documents.iter().filter(|document| !document.is_null()).map(outlined).collect();
    expect![[r#"
        shop-pre-up-1: check {{ it }}
          pre-install,pre-upgrade 0 before-hook-creation hook-failed
          registry.example/web:1.10 ["GREETING", "DRAFT_TASKS_PHASE"]
          ["sh", "-c", "echo {{ .Release.Name }} $$0", "$(GREETING)"]
        shop-pre-up-2: second
          pre-install,pre-upgrade 1 before-hook-creation hook-failed
          registry.example/web:1.10 ["DRAFT_TASKS_PHASE"]
          ["echo", "{{/* no comment */}}", "0755"]
        shop-post-deploy-1: migrate
          post-install,post-upgrade 0 before-hook-creation hook-failed
          registry.example/web:1.10 ["API_TOKEN"]
          ["rake", "db:migrate", "on", "1e3", "a: b", "$$$$(HOME)", "$(API_TOKEN)"]
        shop-post-up-1: tell
          post-install,post-upgrade 10000 before-hook-creation hook-failed
          registry.example/web:1.10 ["DRAFT_TASKS_PHASE"]
          ["echo", "}}", "{{ fail \"no\" }}", "{{"]
        shop-cleanup-1: gone
          post-delete 0 before-hook-creation hook-failed
          registry.example/web:1.10 ["DRAFT_TASKS_PHASE"]
          ["printf", "{{- 1 -}}\n"]
    "#]]
    .assert_eq(&hooks);
}
