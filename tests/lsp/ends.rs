//! The end of the server: in every way that a client can go, in time, and with nothing left behind.

use std::process::{Child, Command};
use std::time::Duration;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::client::{Client, DEADLINE, Setup, at, codes, did_change};
use crate::processes;
use crate::project::{Project, uri};
use crate::runs::{run, wait_for_output};
use crate::wire::frame;

/// What runs while the server ends.
#[derive(Clone, Copy, Debug)]
enum Running {
    Nothing,
    /// A task with a child in the background.
    Task,
    /// A task that does not end when it is asked to.
    Stubborn,
    /// A task whose child has left its session.
    Daemon,
}

const ALL: [Running; 4] = [Running::Nothing, Running::Task, Running::Stubborn, Running::Daemon];

fn client(running: Running, change: impl FnOnce(&mut Setup)) -> (Client, Project) {
    let task = match running {
        Running::Nothing => "true",
        Running::Task => "sh -c 'sleep 600 & echo ready; sleep 600'",
        Running::Stubborn => "sh -c 'trap \"\" TERM HUP INT; sleep 600 & echo ready; sleep 600; sleep 600'",
        Running::Daemon => "sh -c 'setsid sleep 600 & (setsid sleep 600 &) ; echo ready; sleep 600'",
    };
    let project = Project::with_tasks("pre-up", &[("wait", task)]);
    let mut client = Client::with(|setup| {
        setup.own_output = true;
        change(setup);
    });
    client.open_and_wait(&project);
    if !matches!(running, Running::Nothing) {
        run(&mut client, &project, "pre-up");
        wait_for_output(&mut client, "ready");
    }
    (client, project)
}

#[test]
fn after_shutdown_and_exit_while_the_input_stays_open() {
    for running in ALL {
        let (mut client, _project) = client(running, |_| {});
        assert_eq!(client.shut_down().code(), Some(0), "{running:?}");
    }
}

#[test]
fn after_exit_alone() {
    for running in ALL {
        let (mut client, _project) = client(running, |_| {});
        client.notify("exit", Value::Null);
        assert_eq!(client.wait_for_end().code(), Some(1), "{running:?}");
    }
}

#[test]
fn after_exit_before_initialize() {
    let mut client = Client::silent();
    client.notify("exit", Value::Null);
    assert_eq!(client.wait_for_end().code(), Some(1));
}

#[test]
fn when_the_input_is_closed() {
    for running in ALL {
        let (mut client, _project) = client(running, |_| {});
        client.close_stdin();
        assert_eq!(client.wait_for_end().code(), Some(1), "{running:?}");
    }
    let mut client = Client::start();
    client.request("shutdown", Value::Null);
    client.close_stdin();
    assert_eq!(client.wait_for_end().code(), Some(0), "after shutdown");
    let mut client = Client::silent();
    client.close_stdin();
    assert_eq!(client.wait_for_end().code(), Some(1), "before initialize");
}

#[test]
fn when_the_input_is_closed_in_the_middle_of_a_message() {
    let (mut client, _project) = client(Running::Task, |_| {});
    client.write(b"Content-Length: 1000\r\n\r\n{\"jsonrpc\"");
    client.close_stdin();
    assert_eq!(client.wait_for_end().code(), Some(1));
}

/// Edits and questions for outlines of 300 phases, which keep the server busy for a while; gives the questions.
fn keep_busy(client: &mut Client, project: &Project, count: i64) -> Vec<i64> {
    ask_after_edits(client, project, count, 300)
}

/// Edits, and behind each a question for an outline of so many phases; gives the questions.
fn ask_after_edits(client: &mut Client, project: &Project, count: i64, phases: usize) -> Vec<i64> {
    let text: String = (0..phases).map(|number| format!("[phase-{number}]\n")).collect();
    let about = json!({ "textDocument": { "uri": project.uri } });
    let (mut bytes, mut questions) = (Vec::new(), Vec::new());
    for version in 2..2 + count {
        bytes.extend(frame(&did_change(&project.uri, version, vec![json!({ "text": text })])));
        let (id, question) = client.request_message("textDocument/documentSymbol", about.clone());
        bytes.extend(frame(&question));
        questions.push(id);
    }
    client.write(&bytes);
    questions
}

/// More than the time for which a client is answered that has closed the input.
const ANSWERED: Duration = Duration::from_secs(15);

#[test]
fn when_the_input_is_closed_all_that_was_asked_before_is_answered() {
    let (mut client, project) = client(Running::Nothing, |_| {});
    // Little enough for a machine that has much else to do.
    let phases = 20;
    let questions = ask_after_edits(&mut client, &project, 100, phases);
    let shutdown = client.ask("shutdown", Value::Null);
    client.notify("exit", Value::Null);
    client.close_stdin();
    assert_eq!(client.wait_for_end_within(ANSWERED).code(), Some(0));
    for question in questions {
        let outline = client.answer(question).expect("an answer");
        assert_eq!(outline.as_array().map(Vec::len), Some(phases));
    }
    assert_eq!(client.answer(shutdown), Ok(Value::Null));
}

#[test]
fn when_the_input_is_closed_tasks_are_stopped_before_all_is_answered() {
    for running in [Running::Task, Running::Daemon] {
        let (mut client, project) = client(running, |_| {});
        let questions = keep_busy(&mut client, &project, 50);
        client.close_stdin();
        client.notified("draft-tasks/run", |params| params["state"] == "finished");
        let answered = client.answers_by_now();
        assert!(answered < questions.len(), "{answered}, {running:?}");
        assert_eq!(client.wait_for_end_within(ANSWERED).code(), Some(1), "{running:?}");
        questions.into_iter().for_each(|question| assert!(client.answer(question).is_ok()));
    }
}

#[test]
fn when_the_input_is_closed_nothing_starts_any_more() {
    let (mut client, project) = client(Running::Nothing, |_| {});
    let questions = keep_busy(&mut client, &project, 50);
    let mut execute = |name: &str, argument: Value| {
        let params = json!({ "command": format!("draft-tasks.{name}"), "arguments": [argument] });
        client.ask("workspace/executeCommand", params)
    };
    let of = |more: Value| {
        let mut argument = json!({ "uri": project.uri, "phase": "pre-up" });
        argument.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        argument
    };
    let refused = [
        execute("runPhase", of(json!({}))),
        execute("runTask", of(json!({ "task": "wait" }))),
        execute("runAsJob", of(json!({}))),
        execute("attach", json!({ "job": "draft-tasks-x" })),
        execute("runTasks", of(json!({ "tasks": [{ "task": "wait" }] }))),
        execute("up", of(json!({ "command": ["true"] }))),
        execute("delete", of(json!({ "command": ["true"] }))),
        execute("doctor", of(json!({}))),
    ];
    let stop = execute("stop", json!({}));
    client.close_stdin();
    assert_eq!(client.wait_for_end_within(ANSWERED).code(), Some(1));
    questions.into_iter().for_each(|question| assert!(client.answer(question).is_ok()));
    for command in refused {
        let error = client.answer(command).expect_err("a refusal");
        assert!(error["message"].as_str().is_some_and(|it| it.contains("closed")), "{error}");
    }
    assert_eq!(client.answer(stop), Ok(json!({ "stopped": 0 })));
}

#[test]
fn when_the_input_is_closed_what_the_client_was_asked_counts_as_refused() {
    let (mut client, project) = client(Running::Nothing, |setup| setup.answers = false);
    let folder = tempfile::TempDir::new().expect("a directory");
    client.execute("draft-tasks.create", json!({ "uri": uri(folder.path()) }));
    client.asked("workspace/applyEdit");
    let questions = keep_busy(&mut client, &project, 50);
    client.close_stdin();
    let told = client.notified("window/showMessage", |_| true);
    assert!(told["message"].as_str().is_some_and(|it| it.contains("closed the connection")), "{told}");
    assert_eq!(client.wait_for_end_within(ANSWERED).code(), Some(1));
    questions.into_iter().for_each(|question| assert!(client.answer(question).is_ok()));
}

#[test]
#[cfg(debug_assertions)]
fn not_because_of_a_defect_outside_of_a_handler() {
    for running in ALL {
        let (mut client, project) = client(running, |_| {});
        for version in 2..5 {
            client.notify("draft-tasks/test/panicOutside", Value::Null);
            client.replace(&project.uri, version, "[pre-upp]\n");
            assert_eq!(codes(&client.diagnostics(&project.uri, version)), ["unknown-phase"], "{running:?}");
        }
        let stopped = client.execute("draft-tasks.stop", json!({}));
        let runs = u8::from(!matches!(running, Running::Nothing));
        assert_eq!(stopped, json!({ "stopped": runs }), "{running:?}");
        assert_eq!(client.shut_down().code(), Some(0), "{running:?}");
    }
}

#[test]
fn when_the_system_asks_for_it() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP, Signal::QUIT] {
        for running in ALL {
            let (mut client, _project) = client(running, |_| {});
            processes::signal(client.server(), signal);
            assert_eq!(client.wait_for_end().code(), Some(1), "{signal:?}, {running:?}");
        }
    }
}

/// A process that stands for the client's.
fn client_process() -> Child {
    Command::new("sleep").arg("600").spawn().expect("sleep starts")
}

fn end(mut process: Child) {
    process.kill().expect("the process can be killed");
    process.wait().expect("the process can be waited for");
}

#[test]
fn when_the_process_of_the_client_is_gone() {
    for running in ALL {
        let process = client_process();
        let (mut client, _project) = client(running, |setup| setup.process_id = Some(process.id()));
        end(process);
        assert_eq!(client.wait_for_end().code(), Some(1), "{running:?}");
    }
}

#[test]
fn not_because_of_a_process_that_never_was() {
    let gone = client_process();
    let id = gone.id();
    end(gone);
    for id in [id, u32::MAX / 2, 0] {
        let (mut client, project) = client(Running::Nothing, |setup| setup.process_id = Some(id));
        for version in 2..10 {
            client.replace(&project.uri, version, "[pre-upp]\n");
            client.diagnostics(&project.uri, version);
        }
    }
}

#[test]
fn when_nobody_reads_its_output_any_more() {
    for running in ALL {
        let (mut client, project) = client(running, |_| {});
        client.close_stdout();
        // The first answer is still read, the next one finds nobody.
        client.eventually("a server that no longer reads", |client| {
            client.try_ask("textDocument/hover", at(&project.uri, 1, 0)).is_err().then_some(())
        });
        assert_eq!(client.wait_for_end().code(), Some(1), "{running:?}");
    }
}

#[test]
fn when_nobody_reads_its_output_any_more_whatever_is_still_to_be_read() {
    let (mut client, project) = client(Running::Task, |_| {});
    client.set_reading(false);
    keep_busy(&mut client, &project, 100).into_iter().for_each(|question| client.forget(question));
    client.close_stdout();
    assert_eq!(client.wait_for_end().code(), Some(1));
}

#[test]
fn when_the_process_of_the_client_is_gone_whatever_is_still_to_be_read() {
    let process = client_process();
    let (mut client, project) = client(Running::Task, |setup| setup.process_id = Some(process.id()));
    keep_busy(&mut client, &project, 100).into_iter().for_each(|question| client.forget(question));
    end(process);
    assert_eq!(client.wait_for_end().code(), Some(1));
}

#[test]
fn while_diagnostics_pile_up_before_a_client_that_does_not_read() {
    let (mut client, project) = client(Running::Task, |_| {});
    client.set_reading(false);
    let text: String = (0..250).map(|number| format!("[phase-{number}]\n")).collect();
    for version in 2..10 {
        client.replace(&project.uri, version, &text);
        client
            .ask_and_forget("textDocument/documentSymbol", json!({ "textDocument": { "uri": project.uri } }));
    }
    client.close_stdin();
    assert_eq!(client.wait_for_end().code(), Some(1));
}

#[test]
fn while_output_piles_up_before_a_client_that_does_not_read() {
    for shutdown in [false, true] {
        let mut client = Client::with(|setup| setup.own_output = true);
        let project = Project::with_tasks("pre-up", &[("much", "yes and more")]);
        client.open(&project);
        run(&mut client, &project, "pre-up");
        wait_for_output(&mut client, "and more");
        client.set_reading(false);
        // The server goes on to take what comes, however much waits to be written.
        for version in 2..200 {
            client.replace(&project.uri, version, "[pre-upp]\n");
        }
        if shutdown {
            client.ask_and_forget("shutdown", Value::Null);
            client.notify("exit", Value::Null);
            assert_eq!(client.wait_for_end().code(), Some(0));
        } else {
            client.close_stdin();
            assert_eq!(client.wait_for_end().code(), Some(1));
        }
    }
}

#[test]
fn writes_what_it_said_last() {
    let (mut client, project) = client(Running::Nothing, |_| {});
    let tasks: String = (0..200).map(|number| format!("task-{number} = \"echo {number}\"\n")).collect();
    client.replace(&project.uri, 2, &format!("[pre-up]\n{tasks}"));
    client.set_reading(false);
    // More than the pipe has room for, so that much of it is still to be written when the end comes.
    let about = json!({ "textDocument": { "uri": project.uri } });
    let questions: Vec<_> =
        (0..20).map(|_| client.ask("textDocument/documentSymbol", about.clone())).collect();
    let shutdown = client.ask("shutdown", Value::Null);
    client.notify("exit", Value::Null);
    client.set_reading(true);
    assert_eq!(client.wait_for_end().code(), Some(0));
    for question in questions {
        assert!(client.answer(question).is_ok());
    }
    assert_eq!(client.answer(shutdown), Ok(Value::Null));
}

#[test]
fn of_many_servers_at_once() {
    let mut clients: Vec<_> = (0..8).map(|_| client(Running::Task, |_| {})).collect();
    for (client, _) in &clients {
        client.close_stdin();
    }
    for (client, _) in &mut clients {
        assert!(processes::wait(client.server_mut(), DEADLINE).is_some());
        client.wait_for_end();
    }
}
