//! What tasks of a Taskfile run, as <https://taskfile.dev/docs/reference/schema> says.
//!
//! Must not expand templates.

use draft_tasks_executor::cluster::Node;

/// What the file is called, the first one that is there.
pub(super) const NAMES: [&str; 8] = [
    "Taskfile.yml",
    "taskfile.yml",
    "Taskfile.yaml",
    "taskfile.yaml",
    "Taskfile.dist.yml",
    "taskfile.dist.yml",
    "Taskfile.dist.yaml",
    "taskfile.dist.yaml",
];

/// The commands of tasks and of those that they need, as a script; of `default` where none is named.
pub(super) fn script(text: &str, targets: &[String]) -> String {
    let documents = Node::documents(text).unwrap_or_default();
    let Some(tasks) = documents.first().and_then(|file| file.get("tasks")) else { return String::new() };
    let mut wanted = if targets.is_empty() { vec!["default".to_owned()] } else { targets.to_vec() };
    let mut script = String::new();
    let mut at = 0;
    while let Some(name) = wanted.get(at).cloned() {
        at += 1;
        tasks.get(&name).into_iter().for_each(|task| commands(task, &mut script, &mut wanted));
    }
    script
}

/// What a task, a command of one or a list of these runs, and which tasks it needs.
fn commands(node: &Node, script: &mut String, wanted: &mut Vec<String>) {
    if let Some(command) = node.text() {
        script.push_str(command);
        script.push('\n');
    }
    node.list().into_iter().flatten().for_each(|node| commands(node, script, wanted));
    ["cmd", "cmds", "defer"]
        .iter()
        .filter_map(|key| node.get(key))
        .for_each(|it| commands(it, script, wanted));
    let needs = node.get("deps").and_then(Node::list).into_iter().flatten();
    let names = needs.filter_map(|need| need.text().or_else(|| need.get("task")?.text()));
    for name in names.chain(node.get("task").and_then(Node::text)) {
        if wanted.iter().all(|known| known != name) {
            wanted.push(name.to_owned());
        }
    }
}
