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

/// How many files are read that include each other.
const MOST: usize = 32;

/// What a task runs, and where.
pub(super) struct TaskScript {
    /// The directory, as seen from that of the Taskfile; empty for that one.
    pub(super) directory: String,
    pub(super) script: String,
}

/// A Taskfile, and what stands in front of the names of its tasks.
struct Included {
    namespace: String,
    directory: String,
    file: Node,
}

/// What tasks run, and those that they need; `default` where none is named. `read` gives the texts of files that are
/// included.
pub(super) fn scripts(
    text: &str,
    targets: &[String],
    read: &dyn Fn(&str) -> Option<String>,
) -> Vec<TaskScript> {
    let files = included(text, read);
    let mut wanted = if targets.is_empty() { vec!["default".to_owned()] } else { targets.to_vec() };
    let mut scripts: Vec<TaskScript> = Vec::new();
    let mut at = 0;
    while let Some(name) = wanted.get(at).cloned() {
        at += 1;
        for Included { namespace, directory, file } in &files {
            let Some(own) = name.strip_prefix(namespace.as_str()) else { continue };
            let mut needs = Vec::new();
            for task in file.get("tasks").and_then(Node::map).into_iter().flatten() {
                if is_called(task, own) {
                    let directory = plain(task.1.get("dir")).unwrap_or(directory).to_owned();
                    let mut script = String::new();
                    commands(&task.1, &mut script, &mut needs);
                    scripts.push(TaskScript { directory, script });
                }
            }
            for need in needs {
                let full = need.strip_prefix(':').map_or_else(|| format!("{namespace}{need}"), str::to_owned);
                if !wanted.contains(&full) {
                    wanted.push(full);
                }
            }
        }
    }
    scripts
}

/// A Taskfile with those that it includes.
fn included(text: &str, read: &dyn Fn(&str) -> Option<String>) -> Vec<Included> {
    let file = |text: &str| Node::documents(text).ok()?.into_iter().next();
    let first = file(text).map(|file| Included { namespace: String::new(), directory: String::new(), file });
    let mut files: Vec<Included> = first.into_iter().collect();
    let mut at = 0;
    while let Some(Included { namespace, file: including, .. }) = files.get(at) {
        at += 1;
        let mut more = Vec::new();
        for (name, node) in including.get("includes").and_then(Node::map).into_iter().flatten() {
            let Some(path) = plain(Some(node)).or_else(|| plain(node.get("taskfile"))) else { continue };
            let candidates =
                std::iter::once(path.to_owned()).chain(NAMES.iter().map(|name| format!("{path}/{name}")));
            let is_flat = node.get("flatten").and_then(Node::text) == Some("true");
            let namespace = if is_flat { namespace.clone() } else { format!("{namespace}{name}:") };
            let directory = plain(node.get("dir")).unwrap_or_default().to_owned();
            let text = candidates.take(1 + NAMES.len()).find_map(|path| read(&path));
            let file = text.and_then(|text| file(&text));
            more.extend(file.map(|file| Included { namespace, directory, file }));
        }
        files.extend(more);
        files.truncate(MOST);
    }
    files
}

/// A text that is no template.
fn plain(node: Option<&Node>) -> Option<&str> {
    node.and_then(Node::text).filter(|text| !text.contains("{{"))
}

/// Whether a task is meant by a name: its own, with `*` for anything, or another one of it.
fn is_called((name, task): &(String, Node), by: &str) -> bool {
    let is_like = |own: &str| match own.split_once('*') {
        Some((begin, end)) => by.strip_prefix(begin).is_some_and(|rest| rest.ends_with(end)),
        None => own == by,
    };
    let others = task.get("aliases").and_then(Node::list).into_iter().flatten().filter_map(Node::text);
    is_like(name) || others.into_iter().any(is_like)
}

/// What a task, a command of one or a list of these runs, and which tasks it needs.
fn commands(node: &Node, script: &mut String, needs: &mut Vec<String>) {
    if let Some(command) = node.text() {
        script.push_str(command);
        script.push('\n');
    }
    node.list().into_iter().flatten().for_each(|node| commands(node, script, needs));
    for key in ["cmd", "cmds", "defer", "sh", "status", "preconditions"] {
        node.get(key).into_iter().for_each(|it| commands(it, script, needs));
    }
    let variables = ["vars", "env"].iter().filter_map(|key| node.get(key)?.map()).flatten();
    variables.filter_map(|(_, value)| value.get("sh")).for_each(|it| commands(it, script, needs));
    let own = node.get("deps").and_then(Node::list).into_iter().flatten();
    let names = own.filter_map(|need| need.text().or_else(|| need.get("task")?.text()));
    needs.extend(names.chain(node.get("task").and_then(Node::text)).map(str::to_owned));
}
