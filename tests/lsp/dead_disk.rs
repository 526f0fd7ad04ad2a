//! A disk that answers nothing at all: whatever is asked that needs it waits, and nothing else does.
//!
//! Must not be shared by servers: each looks at a document once at a time.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::client::{Client, Setup, at, codes};
use crate::project::{Project, uri};
use crate::shim::shim;

const TEXT: &str = "[pre-up]\na = \"make x\"\nb = \"echo a && ./b.sh\"\nc = \"helm list --kube-context far\"\n[post-deploy]\nd = \"ls\"\n\
                    [cleanup]\ne = \"echo\"\n";

const KUBECONFIG: &str = "current-context: far\nclusters: [{name: c, cluster: {server: 'https://192.0.2.1:1'}}]\n\
                          contexts: [{name: far, context: {cluster: c, user: u}}]\nusers: [{name: u, user: {}}]\n";

/// A server before a disk that does not answer, with a document that is elsewhere and around which nothing is read.
struct Dead {
    disk: TempDir,
    log: PathBuf,
    client: Client,
    elsewhere: String,
    _project: Project,
}

impl Dead {
    fn new(change: impl FnOnce(&mut Setup, &Path)) -> Dead {
        let disk = TempDir::new().expect("a directory for the disk");
        let elsewhere = Project::new("");
        let settings = elsewhere.write(".draft-tasks.config.toml", "semantics = \"draft\"\n");
        let log = elsewhere.file("waits");
        let client = Client::with(|setup| {
            change(setup, disk.path());
            let preloaded = [("LD_PRELOAD", shim()), ("DEAD_DISK", disk.path()), ("DEAD_DISK_LOG", &log)];
            setup.environment.extend(preloaded.map(|(name, path)| (name, path.display().to_string())));
        });
        client.open_text(&settings, "semantics = \"draft\"\n");
        Dead { disk, log, client, elsewhere: settings, _project: elsewhere }
    }

    /// Opens a tasks file that is on the disk.
    fn open(&mut self, name: &str, text: &str) -> String {
        let file = uri(&self.disk.path().join(name));
        self.waits_for(&format!("opening {name}"), |client| client.open_text(&file, text));
        file
    }

    fn waits(&self) -> usize {
        std::fs::read_to_string(&self.log).unwrap_or_default().lines().count()
    }

    /// What is asked waits for the disk, and everything else goes on.
    fn waits_for(&mut self, what: &str, ask: impl FnOnce(&mut Client)) {
        let before = self.waits();
        ask(&mut self.client);
        let log = self.log.clone();
        let waits = || std::fs::read_to_string(&log).unwrap_or_default().lines().count();
        self.client.eventually(&format!("{what} waits for the disk"), |_| (waits() > before).then_some(()));
        self.goes_on(what);
    }

    fn goes_on(&mut self, what: &str) {
        let hover = self.client.hover(&self.elsewhere, 0, 2);
        assert!(hover["contents"]["value"].is_string(), "{what}: {hover}");
    }

    fn executes(&mut self, command: &str, argument: Value) {
        let params = json!({ "command": format!("draft-tasks.{command}"), "arguments": [argument] });
        self.waits_for(command, |client| client.ask_and_forget("workspace/executeCommand", params));
    }
}

/// A project whose application is known.
fn application() -> Project {
    let project = Project::new(TEXT);
    project.write("draft.toml", "[environments.development]\nname = \"web\"\n");
    project
}

/// Programs are sought on the disk, where they are nowhere else.
fn path(setup: &mut Setup, disk: &Path) {
    let path = std::env::var("PATH").unwrap_or_default();
    setup.environment.push(("PATH", format!("{path}:{}", disk.display())));
}

/// The kubeconfig is on the disk.
fn kubeconfig(setup: &mut Setup, disk: &Path) {
    setup.environment.push(("KUBECONFIG", disk.join("kubeconfig").display().to_string()));
}

#[test]
fn edits_of_its_files_are_analysed_and_answered() {
    let mut dead = Dead::new(|_, _| {});
    let file = dead.open(".draft-tasks.toml", TEXT);
    dead.client.replace(&file, 2, &TEXT.replace("pre-up", "pre-upp"));
    assert_eq!(codes(&dead.client.diagnostics(&file, 2))[0], "unknown-phase");
    dead.client.replace(&file, 3, TEXT);
    assert!(dead.client.hover(&file, 1, 5)["contents"]["value"].is_string());
    for method in ["codeLens", "documentSymbol", "foldingRange", "semanticTokens/full"] {
        assert_ne!(dead.client.about(&format!("textDocument/{method}"), &file), Value::Null, "{method}");
    }
    let folder = json!({ "uri": uri(dead.disk.path()), "name": "disk" });
    for (method, params) in [
        ("textDocument/didSave", json!({ "textDocument": { "uri": file } })),
        ("workspace/didChangeWatchedFiles", json!({ "changes": [{ "uri": file, "type": 2 }] })),
        ("workspace/didChangeConfiguration", json!({ "settings": { "draftTasks": { "codeLens": false } } })),
        ("workspace/didChangeWorkspaceFolders", json!({ "event": { "added": [], "removed": [folder] } })),
        ("textDocument/didClose", json!({ "textDocument": { "uri": file } })),
    ] {
        dead.client.notify(method, params);
        dead.goes_on(method);
    }
}

#[test]
fn questions_about_its_files_keep_nothing_else_waiting() {
    let mut dead = Dead::new(|_, _| {});
    let file = dead.open(".draft-tasks.toml", TEXT);
    dead.waits_for("completion", |it| it.ask_and_forget("textDocument/completion", at(&file, 1, 5)));
    dead.waits_for("definition", |it| it.ask_and_forget("textDocument/definition", at(&file, 1, 10)));
    let here = json!({ "line": 2, "character": 6 });
    let actions = json!({
        "textDocument": { "uri": file }, "range": { "start": here, "end": here }, "context": { "diagnostics": [] },
    });
    dead.waits_for("actions", |it| it.ask_and_forget("textDocument/codeAction", actions));
    // Links wait for their turn behind the definition.
    dead.client.ask_and_forget("textDocument/documentLink", json!({ "textDocument": { "uri": file } }));
    dead.goes_on("links");
    dead.open("pack/tasks.toml", TEXT);
}

#[test]
fn commands_about_its_files_keep_nothing_else_waiting() {
    // What is refused is an answer, and no message.
    let mut dead = Dead::new(|setup, _| setup.own_output = true);
    let file = dead.open(".draft-tasks.toml", TEXT);
    let seen = json!([{ "task": "a" }]);
    for (command, argument) in [
        ("runPhase", json!({ "uri": file, "phase": "pre-up" })),
        ("runTask", json!({ "uri": file, "phase": "pre-up", "task": "a" })),
        ("runTasks", json!({ "uri": file, "phase": "pre-up", "tasks": seen })),
        ("rerunFailed", json!({ "uri": file })),
        ("plan", json!({ "uri": file, "phase": "pre-up" })),
        ("tasks", json!({ "uri": file })),
        ("target", json!({ "uri": file })),
        ("doctor", json!({ "uri": file })),
        ("up", json!({ "uri": file, "command": ["true"] })),
        ("delete", json!({ "uri": file, "command": ["true"] })),
        ("create", json!({ "uri": uri(&dead.disk.path().join("app")) })),
    ] {
        dead.executes(command, argument);
    }
    for command in ["rerun", "stop", "clear"] {
        let params = json!({ "command": format!("draft-tasks.{command}"), "arguments": [{ "uri": file }] });
        dead.client.ask_and_forget("workspace/executeCommand", params);
        dead.goes_on(command);
    }
}

#[test]
fn a_kubeconfig_on_it_keeps_only_runs_waiting() {
    for (command, argument) in [
        ("runPhase", json!({ "phase": "pre-up" })),
        ("runPhase", json!({ "phase": "post-deploy" })),
        ("runPhase", json!({ "phase": "cleanup" })),
        ("up", json!({ "command": ["true"] })),
        ("delete", json!({ "command": ["true"] })),
        ("target", json!({})),
        ("doctor", json!({})),
    ] {
        let mut dead = Dead::new(kubeconfig);
        let project = application();
        dead.waits_for("opening", |client| client.open(&project));
        let mut argument = argument;
        argument["uri"] = project.uri.clone().into();
        dead.executes(command, argument);
    }
}

/// A command reads several files one after another, some of them more than once: each of its looks is the one that is not
/// answered, until it needs no more.
fn whichever_look_is_not_answered(command: &str, argument: Value) {
    for answered in 0.. {
        let mut dead = Dead::new(|setup, disk| {
            kubeconfig(setup, disk);
            setup.environment.push(("DEAD_DISK_ANSWERS", answered.to_string()));
        });
        std::fs::write(dead.disk.path().join("kubeconfig"), KUBECONFIG)
            .expect("the kubeconfig can be written");
        // It is not open, so nothing but the command looks.
        let project = application();
        let mut argument = argument.clone();
        argument["uri"] = project.uri.clone().into();
        let params = json!({ "command": format!("draft-tasks.{command}"), "arguments": [argument] });
        let (log, id) = (dead.log.clone(), dead.client.ask("workspace/executeCommand", params));
        let is_answered = dead.client.eventually(&format!("{command} waits or is answered"), |client| {
            let waits = log.exists();
            (client.is_answered(id) || waits).then_some(!waits)
        });
        dead.goes_on(&format!("{command} after {answered} looks"));
        if is_answered {
            let started = dead.client.answer(id).expect("a run");
            assert!(started["run"].is_string() && answered > 0, "{started} after {answered} looks");
            // The client says no to everything, and that is the last that is said.
            let declined =
                |params: &Value| params["message"].as_str().is_some_and(|it| it.contains("not confirmed"));
            dead.client.notified("window/showMessage", declined);
            dead.client.take_all("window/showMessage");
            return;
        }
        dead.client.forget(id);
    }
}

#[test]
fn a_phase_of_which_any_look_is_not_answered_keeps_nothing_waiting() {
    whichever_look_is_not_answered("runPhase", json!({ "phase": "pre-up" }));
    whichever_look_is_not_answered("runPhase", json!({ "phase": "cleanup" }));
}

#[test]
fn an_application_of_which_any_look_is_not_answered_keeps_nothing_waiting() {
    whichever_look_is_not_answered("up", json!({ "command": ["true"] }));
    whichever_look_is_not_answered("delete", json!({ "command": ["true"] }));
}

#[test]
fn records_on_it_keep_only_questions_about_runs_waiting() {
    let mut dead = Dead::new(|setup, disk| {
        setup.virtual_documents = true;
        setup.environment.push(("DRAFT_TASKS_STATE_DIR", disk.display().to_string()));
    });
    let project = Project::new(TEXT);
    let found = dead.client.open_and_wait(&project);
    assert!(codes(&found).contains(&"shell-operator"), "{found}");
    dead.executes("showLog", json!({ "run": "2026Z-pre-up-1-1" }));
    dead.executes("runPhase", json!({ "uri": project.uri, "phase": "cleanup" }));
    let log = json!({ "uri": "draft-tasks-log:/2026Z-pre-up-1-1/01-a.log" });
    dead.waits_for("a log", |client| client.ask_and_forget("workspace/textDocumentContent", log));
}

/// What says who holds a lock is written when it is taken, and cut when it is given back: each of these is the one that is
/// not done, until what runs needs no more.
fn whichever_lock_is_not_written(command: &str, argument: &Value, end: &str) {
    for written in 0.. {
        let mut dead = Dead::new(|setup, disk| {
            setup.environment.extend([
                ("DRAFT_TASKS_STATE_DIR", disk.display().to_string()),
                ("DEAD_DISK_TRUNCATES", "1".into()),
                ("DEAD_DISK_ANSWERS", written.to_string()),
                ("KUBECONFIG", disk.join("kubeconfig").display().to_string()),
            ]);
        });
        std::fs::write(dead.disk.path().join("kubeconfig"), KUBECONFIG)
            .expect("the kubeconfig can be written");
        let project = application();
        let mut argument = argument.clone();
        argument["uri"] = project.uri.clone().into();
        let params = json!({ "command": format!("draft-tasks.{command}"), "arguments": [argument] });
        dead.client.ask_and_forget("workspace/executeCommand", params);
        let log = dead.log.clone();
        let is_over = dead.client.eventually(&format!("{command} waits or is over"), |client| {
            let said = client.take_all("window/showMessage");
            let is_over = said.iter().any(|it| it["message"].as_str().is_some_and(|it| it.contains(end)));
            (is_over || log.exists()).then_some(is_over)
        });
        dead.goes_on(&format!("{command} after {written} writes"));
        if is_over {
            assert!(written > 1, "{command} takes a lock and gives it back");
            return;
        }
    }
}

#[test]
fn a_lock_that_cannot_be_given_back_keeps_nothing_else_waiting() {
    whichever_lock_is_not_written(
        "runPhase",
        &json!({ "phase": "cleanup", "tasks": ["e"] }),
        "not confirmed",
    );
    whichever_lock_is_not_written("runTask", &json!({ "phase": "pre-up", "task": "b" }), "pre-up: ");
    whichever_lock_is_not_written("up", &json!({ "command": ["true"] }), "not confirmed");
}

#[test]
fn a_path_on_it_in_the_output_keeps_no_run_from_its_end() {
    let mut dead = Dead::new(|_, _| {});
    let path = dead.disk.path().display().to_string();
    let command = format!(r#"printf "{path}/a.c:1: x\n{path}/b.c:1: x\n""#);
    let project = Project::new(&format!("[cleanup]\na = '{command}'\n"));
    dead.client.open(&project);
    let params = json!({ "uri": project.uri, "phase": "cleanup" });
    dead.client.execute("draft-tasks.runPhase", params);
    let is_over = |params: &Value| params["message"].as_str().is_some_and(|it| it.contains("1 passed"));
    dead.client.notified("window/showMessage", is_over);
    assert_eq!(dead.waits(), 1, "nothing is looked for after the first name");
}

#[test]
fn a_program_on_it_keeps_no_other_run_waiting() {
    let mut dead = Dead::new(path);
    let project = Project::new("[pre-up]\na = 'of-which-nobody-knows'\n[post-up]\nb = 'echo here'\n");
    dead.waits_for("opening", |client| client.open(&project));
    let here = json!({ "uri": project.uri, "phase": "pre-up" });
    let (before, log) = (dead.waits(), dead.log.clone());
    let run = dead.client.execute("draft-tasks.runPhase", here)["run"].clone();
    dead.client.eventually("the look right before the task waits for the disk", |_| {
        let waits = std::fs::read_to_string(&log).unwrap_or_default();
        (waits.lines().count() > before).then_some(())
    });
    dead.client.execute("draft-tasks.runPhase", json!({ "uri": project.uri, "phase": "post-up" }));
    let says = |what: &'static str| {
        move |params: &Value| params["message"].as_str().is_some_and(|it| it.contains(what))
    };
    dead.client.notified("window/showMessage", says("post-up: 1 passed"));
    dead.client.execute("draft-tasks.stop", json!({ "run": run }));
    dead.client.notified("window/showMessage", says("pre-up: 1 skipped"));
}

#[test]
fn packs_on_it_keep_only_questions_about_packs_waiting() {
    let mut dead =
        Dead::new(|setup, disk| setup.environment.push(("DRAFT_HOME", disk.display().to_string())));
    let project = Project::new("");
    dead.client.open(&project);
    let uri = project.uri.clone();
    dead.waits_for("completion", |it| it.ask_and_forget("textDocument/completion", at(&uri, 0, 0)));
    let here = json!({ "line": 0, "character": 0 });
    let actions = json!({
        "textDocument": { "uri": uri }, "range": { "start": here, "end": here }, "context": { "diagnostics": [] },
    });
    dead.waits_for("actions", |it| it.ask_and_forget("textDocument/codeAction", actions));
    dead.executes("templates", json!({}));
    let app = project.file("app");
    std::fs::create_dir(&app).expect("a folder");
    dead.executes("create", json!({ "uri": crate::project::uri(&app), "pack": "python" }));
}

#[test]
fn programs_on_it_keep_only_their_completion_waiting() {
    let mut dead = Dead::new(path);
    let project = Project::new(TEXT);
    dead.waits_for("opening", |client| client.open(&project));
    dead.waits_for("completion", |it| it.ask_and_forget("textDocument/completion", at(&project.uri, 1, 5)));
}
