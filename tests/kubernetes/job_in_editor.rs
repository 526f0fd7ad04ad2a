//! Jobs as an editor runs, leaves, takes up and ends them: the real server and the double.
//!
//! Must not look inside of the program. What Kubernetes makes of a Job, the tests do.

use serde_json::{Value, json};

use crate::client::{Client, Setup};
use crate::double::Double;
use crate::job::{application, container, ended, made, made_after, name, pod, pod_name, runs, simple, waits};
use crate::project::uri;
use crate::tool::{Tool, assert_says};

const RUN: &str = "draft-tasks.runAsJob";
const ATTACH: &str = "draft-tasks.attach";
const END: &str = "draft-tasks.endJob";

/// An editor with the tasks file open, which shows runs itself.
pub(crate) struct Editor {
    pub(crate) client: Client,
    pub(crate) uri: String,
}

impl Editor {
    pub(crate) fn open(tool: &Tool) -> Editor {
        Editor::with(tool, |_| {})
    }

    fn with(tool: &Tool, change: impl FnOnce(&mut Setup)) -> Editor {
        let of_tool = |name: &'static str| {
            let command = tool.command(&[]);
            let value = command.get_envs().find(|(key, _)| *key == name).and_then(|(_, value)| value);
            (name, value.expect("it is set").to_str().expect("UTF-8").to_owned())
        };
        let client = Client::with(|setup| {
            setup.own_output = true;
            setup.environment = vec![of_tool("DRAFT_TASKS_STATE_DIR"), of_tool("KUBECONFIG")];
            change(setup);
        });
        let file = tool.path(".draft-tasks.toml");
        let uri = uri(&file);
        client.open_text(&uri, &std::fs::read_to_string(file).expect("the tasks file"));
        Editor { client, uri }
    }

    fn phase(&self) -> Value {
        json!({ "uri": self.uri, "phase": "post-deploy" })
    }

    pub(crate) fn start(&mut self, command: &str, argument: Value) -> String {
        let answer = self.client.execute(command, argument);
        answer["run"].as_str().expect("a run").to_owned()
    }

    /// What is told of a run until something has been told, with all before it.
    #[track_caller]
    pub(crate) fn hear(&mut self, run: &str, wanted: &str) -> Vec<Value> {
        let mut heard = Vec::new();
        loop {
            heard.push(self.client.told_of_run(run));
            if heard.last().is_some_and(|it| it.to_string().contains(wanted)) {
                return heard;
            }
        }
    }

    /// The lens of a line whose title contains a text, once there is one.
    #[track_caller]
    pub(crate) fn lens(&mut self, line: u64, title: &str) -> Value {
        let uri = self.uri.clone();
        self.client
            .eventually(title, |client| lenses(client, &uri, line).into_iter().find(|it| says(it, title)))
    }

    /// Until no lens of a line has a text.
    #[track_caller]
    fn no_lens(&mut self, line: u64, title: &str) {
        let uri = self.uri.clone();
        self.client.eventually(&format!("no {title}"), |client| {
            lenses(client, &uri, line).iter().all(|it| !says(it, title)).then_some(())
        });
    }

    /// The titles of what can be run from a line.
    fn actions(&mut self, line: u64) -> Vec<String> {
        offers(&mut self.client, &self.uri, line)
    }

    #[track_caller]
    pub(crate) fn refused(&mut self, command: &str, argument: Value, parts: &[&str]) {
        let error = self.client.execute_error(command, argument);
        let message = error["message"].as_str().expect("a message");
        assert!(parts.iter().all(|part| message.contains(part)), "{message}");
    }

    #[track_caller]
    fn jobs_change(&mut self) {
        self.client.notified("draft-tasks/didChangeJobs", |_| true);
    }

    #[track_caller]
    fn shown(&mut self, part: &str) {
        let is_it = |it: &Value| it["message"].as_str().is_some_and(|message| message.contains(part));
        self.client.notified("window/showMessage", is_it);
    }
}

fn lenses(client: &mut Client, uri: &str, line: u64) -> Vec<Value> {
    let found = client.about("textDocument/codeLens", uri);
    let of_line =
        found.as_array().expect("lenses").iter().filter(|lens| lens["range"]["start"]["line"] == line);
    of_line.cloned().collect()
}

fn says(lens: &Value, title: &str) -> bool {
    lens["command"]["title"].as_str().is_some_and(|it| it.contains(title))
}

/// A Job that an editor has made and whose first task has begun, when the editor has ended.
fn left_behind(double: &Double, tool: &Tool) -> Value {
    let mut editor = Editor::open(tool);
    let phase = editor.phase();
    let run = editor.start(RUN, phase);
    let job = made(double);
    double.put(pod(&job, &[runs(), waits()]));
    double.log(&pod_name(&job), "01-create", "begun\n");
    editor.hear(&run, "begun");
    editor.shown("made after container");
    job
}

#[test]
fn a_phase_of_the_application_runs_as_a_job_from_its_header() {
    let (double, tool) = simple();
    let mut editor = Editor::open(&tool);
    editor.lens(0, "▶ Run post-deploy (2 tasks)");
    let title = "Run post-deploy as a Job".to_owned();
    let uri = editor.uri.clone();
    editor.client.eventually("the action", |client| offers(client, &uri, 0).contains(&title).then_some(()));
    assert!(!editor.actions(1).contains(&title), "only on the header");
    let phase = editor.phase();
    let run = editor.start(RUN, phase);
    let heard = editor.hear(&run, "made after container `app` of deployment web");
    let job = made(&double);
    let started = &heard[0];
    assert_eq!((&started["state"], &started["job"]), (&json!("started"), &json!(name(&job))));
    double.put(pod(&job, &[runs(), waits()]));
    double.log(&pod_name(&job), "01-create", "tables made\n");
    editor.hear(&run, "tables made");
    editor.lens(0, "■ Stop post-deploy · create");
    double.log(&pod_name(&job), "02-fill-it", "error: no such table\n");
    double.put(pod(&job, &[ended(0), ended(3)]));
    let heard = editor.hear(&run, "\"finished\"");
    assert_eq!(heard.last().map(|it| &it["outcome"]), Some(&json!("failed")));
    let found = editor.client.diagnostics_that(&uri, |it| it.to_string().contains("task-failed"));
    assert!(found.to_string().contains("exit code 3"), "{found}");
    editor.shown("exit code");
    editor.shown("made after container");
    editor.lens(0, "last: ✗ fill it: exit code 3");
    editor.no_lens(0, "attach");
    assert_eq!(job["spec"]["template"]["spec"]["initContainers"][0]["command"][1], "--url=$(URL)");
}

fn offers(client: &mut Client, uri: &str, line: u64) -> Vec<String> {
    let place = json!({ "line": line, "character": 2 });
    let actions = client.request(
        "textDocument/codeAction",
        json!({
            "textDocument": { "uri": uri }, "range": { "start": place, "end": place },
            "context": { "diagnostics": [], "only": ["draft-tasks.run"] },
        }),
    );
    let titles = actions.as_array().expect("actions").iter();
    titles.map(|action| action["title"].as_str().expect("a title").to_owned()).collect()
}

#[test]
fn a_job_goes_on_when_the_editor_ends_and_the_next_one_takes_it_up() {
    let (double, tool) = simple();
    let job = left_behind(&double, &tool);
    let seen = double.seen();
    assert_eq!(seen.count("delete", "jobs"), 0);
    let looks = seen.calls.len();

    let mut editor = Editor::open(&tool);
    editor.shown(&format!("goes on as Job {}", name(&job)));
    let lens = editor.lens(0, "↻ Job may go on · attach");
    assert!(lens["command"]["tooltip"].as_str().is_some_and(|it| it.contains(name(&job))), "{lens}");
    assert_eq!(editor.actions(0).iter().filter(|it| *it == "Job may go on · attach").count(), 1);
    let listed = editor.client.execute("draft-tasks.jobs", json!({ "uri": editor.uri }));
    assert_eq!(listed["jobs"][0]["job"], name(&job));
    assert_eq!(listed["jobs"].as_array().map(Vec::len), Some(1));
    editor.jobs_change();
    assert_eq!(double.seen().calls.len(), looks, "to show it, nothing is contacted");
    let run = editor.start(ATTACH, lens["command"]["arguments"][0].clone());
    editor.hear(&run, "begun");
    editor.lens(0, "■ Stop following post-deploy · create");
    editor.no_lens(0, "attach");
    assert_eq!(editor.start(ATTACH, json!({ "job": name(&job) })), run, "once");
    editor.jobs_change();
    assert_eq!(editor.client.execute("draft-tasks.jobs", json!({})), json!({ "jobs": [] }), "it is followed");
    double.log(&pod_name(&job), "02-fill-it", "error: no such table\n");
    double.put(pod(&job, &[ended(0), ended(4)]));
    editor.hear(&run, "\"finished\"");
    let uri = editor.uri.clone();
    let found = editor.client.diagnostics_that(&uri, |it| it.to_string().contains("task-failed"));
    assert!(found.to_string().contains("exit code 4"), "{found}");
    let failed = found.as_array().and_then(|found| found.iter().find(|it| it["code"] == "task-failed"));
    assert_eq!(failed.map(|it| &it["range"]["start"]["line"]), Some(&json!(2)), "of the task in the file");
    editor.shown("exit code");
    editor.no_lens(0, "attach");
    assert_eq!(editor.client.execute("draft-tasks.jobs", json!({})), json!({ "jobs": [] }));
    drop(editor);
    // Nobody is told a second time, and no lens asks for what is over.
    let mut editor = Editor::open(&tool);
    editor.lens(0, "last: ✗ fill it");
    editor.no_lens(0, "attach");
}

#[test]
fn a_stop_ends_a_job_that_was_made_and_leaves_one_that_was_taken_up() {
    let (double, tool) = simple();
    let job = left_behind(&double, &tool);
    let mut editor = Editor::open(&tool);
    editor.shown("goes on as Job");
    let run = editor.start(ATTACH, json!({ "job": name(&job) }));
    editor.hear(&run, "begun");
    editor.client.execute("draft-tasks.stop", json!({ "run": run }));
    editor.hear(&run, "\"finished\"");
    editor.shown(&format!("\"Attach to a Job\" with `{}` takes it up", name(&job)));
    assert_eq!(double.seen().count("delete", "jobs"), 0);
    editor.lens(0, "↻ Job may go on · attach");
    let phase = editor.phase();
    editor.refused(RUN, phase, &["made the Job", name(&job), "still runs", "End a Job"]);
    let again = ["made the Job", "what that was made of is not known", "Run Phase as a Job"];
    editor.refused("draft-tasks.rerun", json!({ "run": run }), &again[1..]);
    let answer = editor.client.execute(END, json!({ "job": name(&job) }));
    assert_eq!(answer["job"], name(&job));
    editor.shown("is deleted, and its pod is asked to end");
    assert!(double.objects("jobs").is_empty());
    let phase = editor.phase();
    editor.refused(RUN, phase, &["was deleted, but its pod", "has not yet: try again when it has"]);
    editor.lens(0, "↻ Job may go on · attach");
    double.remove("pods", &pod_name(&job));
    editor.refused(
        ATTACH,
        json!({ "job": name(&job) }),
        &["there is no Job `", "how it ended is not known here"],
    );
    editor.no_lens(0, "attach");

    let phase = editor.phase();
    let run = editor.start(RUN, phase);
    let other = made_after(&double, 1);
    double.put(pod(&other, &[runs(), waits()]).change(|pod| pod["metadata"]["uid"] = json!("other")));
    double.log(&pod_name(&other), "01-create", "again\n");
    editor.hear(&run, "again");
    editor.client.execute("draft-tasks.stop", json!({ "run": run }));
    double.wait_for("its end", |seen| seen.count("delete", "jobs") == 2);
    double.remove("pods", &pod_name(&other));
    let heard = editor.hear(&run, "\"finished\"");
    assert_eq!(heard.last().map(|it| &it["outcome"]), Some(&json!("stopped")));
    editor.no_lens(0, "attach");
    editor.client.take_all("window/showMessage");
}

#[test]
fn what_ran_as_a_job_runs_again_as_one_once_that_is_over() {
    let (double, tool) = simple();
    let mut editor = Editor::open(&tool);
    let phase = editor.phase();
    let run = editor.start(RUN, phase);
    let job = made(&double);
    double.put(pod(&job, &[ended(3), waits()]));
    editor.hear(&run, "\"finished\"");
    // It has ended, but its pod has not for all that is known.
    double.put(pod(&job, &[runs(), waits()]));
    for command in ["draft-tasks.rerun", "draft-tasks.rerunFailed"] {
        let told = [name(&job), "still runs", "End a Job"];
        editor.refused(command, json!({ "uri": editor.uri }), &told);
    }
    assert_eq!(double.seen().count("create", "jobs"), 1);
    double.remove("jobs", name(&job));
    double.remove("pods", &pod_name(&job));
    let run = editor.start("draft-tasks.rerunFailed", json!({ "uri": editor.uri }));
    let other = made_after(&double, 1);
    assert_eq!(double.seen().count("create", "jobs"), 2);
    double.put(pod(&other, &[ended(0), ended(0)]).change(|pod| pod["metadata"]["uid"] = json!("other")));
    editor.hear(&run, "\"passed\"");
    editor.hear(&run, "\"finished\"");
    assert!(double.seen().execs.is_empty(), "nothing runs in the pod of a Job");
    editor.client.take_all("window/showMessage");
}

#[test]
fn what_the_command_line_refuses_an_editor_refuses() {
    let (double, tool) = application(container(&Value::Null));
    tool.write(
        ".draft-tasks.toml",
        b"[pre-up]\na = \"one\"\n[post-deploy]\nmigrate = \"migrate $API_TOKEN\"\n[cleanup]\nb = \"two\"\n",
    );
    let mut editor = Editor::with(&tool, |setup| {
        setup.environment.push(("API_TOKEN", "hidden-from-all".into()));
    });
    let phase = editor.phase();
    let run = editor.start(RUN, phase);
    let heard = editor.hear(&run, "\"finished\"");
    let heard = Value::from(heard).to_string();
    assert!(heard.contains("task `migrate` has the value of `$API_TOKEN` in its arguments"), "{heard}");
    assert!(!heard.contains("hidden-from-all"));
    // A client that is told how runs go shows it itself.
    assert!(heard.contains("\"blocked\""), "{heard}");
    let pre_up = json!({ "uri": editor.uri, "phase": "pre-up" });
    editor.refused(RUN, pre_up, &["needs an image", "on the command line"]);
    assert!(!editor.actions(0).contains(&"Run pre-up as a Job".to_owned()));
    editor.refused(ATTACH, json!({ "job": "nowhere" }), &["no run on this machine has made a Job `nowhere`"]);
    editor.refused(ATTACH, json!({ "job": "nowhere", "uri": editor.uri }), &["there is no Job `nowhere`"]);
    editor.client.set_settings(json!({ "onFailure": { "post-deploy": "continue" } }));
    editor.client.notify("workspace/didChangeConfiguration", json!({ "settings": null }));
    let uri = editor.uri.clone();
    editor.client.eventually("the setting", |client| {
        let error = client.ask(
            "workspace/executeCommand",
            json!({
                "command": RUN, "arguments": [{ "uri": uri, "phase": "post-deploy" }],
            }),
        );
        let told = client.answer(error);
        told.is_err_and(|told| told.to_string().contains("draftTasks.onFailure")).then_some(())
    });
    assert_eq!(double.seen().count("create", "jobs"), 0);
    editor.client.take_all("window/showMessage");
}

#[test]
fn a_job_in_a_foreign_cluster_is_asked_for_and_one_of_the_command_line_is_taken_up() {
    let (double, tool) = simple();
    let mut config = double.kubeconfig_value();
    config["clusters"][0]["cluster"]["tls-server-name"] = json!("localhost");
    let foreign = double.write_kubeconfig("foreign", &config);
    let tool = tool.with("KUBECONFIG", foreign.to_str().expect("UTF-8"));
    let mut editor = Editor::with(&tool, |setup| {
        setup.environment.retain(|(name, _)| *name != "KUBECONFIG");
        setup.environment.push(("KUBECONFIG", foreign.to_str().expect("UTF-8").to_owned()));
        setup.chooses = Some("Cancel");
    });
    let phase = editor.phase();
    let run = editor.start(RUN, phase);
    let heard = editor.hear(&run, "\"finished\"");
    assert!(Value::from(heard).to_string().contains("did not run: it was not confirmed"));
    let asked = editor.client.asked("window/showMessageRequest");
    assert!(asked["message"].as_str().is_some_and(|it| it.contains("context double")), "{asked}");
    assert_eq!(double.seen().count("create", "jobs"), 0);

    let mut started = tool.start(&[&crate::job::RUN[..], &["--yes"]].concat());
    let job = made(&double);
    double.put(pod(&job, &[runs(), waits()]));
    double.log(&pod_name(&job), "01-create", "begun\n");
    started.wait_for("begun");
    editor.client.notify("textDocument/didSave", json!({ "textDocument": { "uri": editor.uri } }));
    let lens = editor.lens(0, "↻ Job may go on · attach");
    let run = editor.start(ATTACH, lens["command"]["arguments"][0].clone());
    editor.hear(&run, "begun");
    double.put(pod(&job, &[ended(0), ended(0)]));
    editor.hear(&run, "\"passed\"");
    editor.hear(&run, "\"finished\"");
    assert_says(&started.end(), 0, &["2 passed"]);
    editor.lens(0, "last: ✓");
    editor.no_lens(0, "attach");
}

#[test]
fn a_phase_is_claimed_before_jobs_are_looked_for_that_are_left() {
    let (double, tool) = simple();
    let mut started = tool.start(&crate::job::RUN);
    let job = made(&double);
    double.put(pod(&job, &[runs(), waits()]));
    double.log(&pod_name(&job), "01-create", "begun\n");
    started.wait_for("begun");
    let mut editor = Editor::open(&tool);
    let looks = double.seen().count("get", "jobs");
    let phase = editor.phase();
    let process = format!("process {}", started.process());
    editor.refused(RUN, phase, &["post-deploy is already running for this file (started at ", &process]);
    assert_eq!(double.seen().count("get", "jobs"), looks, "its program may yet leave another one");
    started.signal(rustix::process::Signal::KILL);
    started.end();
}

#[test]
fn what_a_left_job_excludes_is_refused_and_what_it_leaves_alone_runs() {
    let (double, tool) = simple();
    let tasks = format!("{}[pre-up]\na = \"touch a\"\n[cleanup]\nb = \"touch b\"\n", crate::job::TASKS);
    tool.write(".draft-tasks.toml", tasks.as_bytes());
    let job = left_behind(&double, &tool);
    let mut editor = Editor::open(&tool);
    editor.shown("goes on as Job");
    let said = format!("made the Job {}, which still runs", name(&job));
    let live = json!({ "uri": editor.uri, "command": ["touch", "c"] });
    let run = |phase: &str| json!({ "uri": editor.uri, "phase": phase });
    for (command, argument) in [
        ("draft-tasks.runPhase", run("post-deploy")),
        ("draft-tasks.runPhase", run("cleanup")),
        ("draft-tasks.up", live.clone()),
        ("draft-tasks.delete", live),
    ] {
        editor.refused(command, argument, &[&said, "\"End a Job\" ends it"]);
    }
    let pre_up = json!({ "uri": editor.uri, "phase": "pre-up" });
    let run = editor.start("draft-tasks.runPhase", pre_up);
    editor.hear(&run, "finished");
    assert!(tool.path("a").exists() && !tool.path("b").exists() && !tool.path("c").exists());
}
