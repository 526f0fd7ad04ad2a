//! Records say what the events said, survive what befalls them, and never fail a run.
//!
//! A process of its own, one test at a time: for the blink of a fork another process has the lock of a record, too.
#![allow(clippy::unwrap_used)]
#![cfg(target_os = "linux")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::plan::{Plan, Step};
use draft_tasks_executor::mask::Secrets;
use draft_tasks_executor::record::schema::FailureKind;
use draft_tasks_executor::record::{EVENTS, Event, RESULT, RecordState, Recorder, Records, StoredRun};
use draft_tasks_executor::{Limits, OnFailure, OutcomeName, RunEvent, RunRequest};
use tokio::sync::{Mutex, mpsc};

const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

fn records(directory: &Path, keep: usize) -> Records {
    Records { keep, ..Records::at(directory.join("state/runs")) }
}

fn request(directory: &Path, scripts: &[&str]) -> RunRequest {
    let step = |(index, script): (usize, &&str)| Step {
        task: format!("Task Nr. {index}"),
        command: (*script).to_owned(),
        argv: ["sh", "-c", script].map(str::to_owned).to_vec(),
        ..Step::default()
    };
    RunRequest {
        plan: Plan { subject: Phase::PreUp.into(), steps: scripts.iter().enumerate().map(step).collect() },
        directory: directory.to_owned(),
        environment: vec![("PATH".into(), PATH.into())],
        on_failure: OnFailure::Continue,
        grace: Duration::from_secs(5),
        limits: Limits::default(),
        secrets: Secrets::new(["hunter2".as_ref()]),
        finds_problems: false,
        on_terminal: false,
        pods: None,
        pinned: None,
    }
}

/// Runs it all; gives what the recorder said, and calls back before each event is recorded.
async fn run(request: RunRequest, recorder: &mut Recorder, mut before: impl FnMut(&RunEvent)) -> Vec<String> {
    let (sender, mut events) = mpsc::channel(8);
    let handle = draft_tasks_executor::start(request, None, sender);
    let mut said = Vec::new();
    while let Some(event) = events.recv().await {
        before(&event);
        let told = recorder.about().tell(&event);
        said.extend(recorder.take(&told));
    }
    handle.finished().await;
    said
}

fn begin(records: &Records, directory: &Path, scripts: &[&str]) -> (RunRequest, Recorder) {
    let request = request(directory, scripts);
    let recorder = records.begin(&request, Path::new("/app/.draft-tasks.toml")).unwrap();
    (request, recorder)
}

fn only(records: &Records) -> StoredRun {
    let mut all = records.list().unwrap();
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

fn read(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn say_what_happened() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let dir = tempfile::tempdir().unwrap();
    let records = records(dir.path(), 50);
    let noisy = r"printf '\033[31mred\033[0m 1%%\r99%%\nhunt'; sleep 0.3; echo er2; exit 3";
    let (request, mut recorder) = begin(&records, dir.path(), &[noisy, "echo to stderr >&2; printf end"]);
    assert!(matches!(only(&records).state, RecordState::Running));
    assert_eq!(run(request, &mut recorder, |_| {}).await, Vec::<String>::new());
    let folder = recorder.folder().to_owned();
    drop(recorder);
    let kept = only(&records);
    assert_eq!(kept.folder, folder);
    let RecordState::Finished(result) = &kept.state else { panic!("{kept:?}") };
    assert_eq!(
        (result.outcome, result.complete, result.file.as_str()),
        (OutcomeName::Failed, true, "/app/.draft-tasks.toml")
    );
    let failure = result.tasks[0].failure.as_ref().unwrap();
    assert_eq!(
        (failure.kind, failure.code, failure.message.as_str()),
        (FailureKind::ExitCode, Some(3), "exit code 3")
    );
    let logs: Vec<_> = result.tasks.iter().map(|task| task.log.as_deref().unwrap()).collect();
    assert_eq!(logs, ["01-task-nr-0.log", "02-task-nr-1.log"]);
    assert_eq!(read(&folder, logs[0]), "99%\n***\n");
    let second = read(&folder, logs[1]);
    assert!(second == "to stderr\nend\n" || second == "end\nto stderr\n", "{second:?}");
    let events: Vec<_> = kept.events().unwrap().collect();
    let Event::RunStarted { version: 2, id, phase, tasks, pid, .. } = &events[0] else {
        panic!("{events:?}")
    };
    assert_eq!((id, phase.as_str(), *pid), (&kept.id, "pre-up", std::process::id()));
    assert_eq!(tasks[1].argv[0], "sh");
    assert!(matches!(events.last(), Some(Event::RunFinished { passed: 1, failed: 1, .. })));
    assert!(!read(&folder, EVENTS).contains("hunter2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_program_that_was_killed_are_readable_and_told_as_interrupted() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let dir = tempfile::tempdir().unwrap();
    let records = records(dir.path(), 50);
    let (request, mut recorder) = begin(&records, dir.path(), &["echo one"]);
    run(request, &mut recorder, |_| {}).await;
    let folder = recorder.folder().to_owned();
    drop(recorder);
    // As if it had been killed in the middle of a write.
    std::fs::remove_file(folder.join(RESULT)).unwrap();
    let text = read(&folder, EVENTS);
    let cut = text.find("taskFinished").unwrap() + 3;
    let (first, rest) = text[..cut].split_once('\n').unwrap();
    std::fs::write(folder.join(EVENTS), format!("{first}\n{{\"event\n\n{rest}")).unwrap();
    let kept = only(&records);
    assert_eq!(kept.state, RecordState::Interrupted);
    let events: Vec<_> = kept.events().unwrap().collect();
    assert!(matches!(events.last(), Some(Event::TaskStarted { .. })), "{events:?}");
    assert_eq!(kept.log(0, "Task Nr. 0", None).unwrap(), "one\n");
    assert!(records.find("latest").unwrap().unwrap().remove().unwrap());
    assert_eq!(records.list().unwrap(), []);
}

#[cfg(unix)]
#[test]
fn that_cannot_be_read_are_listed_as_such() {
    let dir = tempfile::tempdir().unwrap();
    let records = records(dir.path(), 50);
    let folder = records.directory.join("20200101T000000.000Z-pre-up-1-1");
    std::fs::create_dir_all(&folder).unwrap();
    // A circle of links, which nobody can open, whatever they may read.
    std::os::unix::fs::symlink("lock", folder.join("lock")).unwrap();
    assert!(matches!(only(&records).state, RecordState::Unreadable(_)));
    std::fs::remove_file(folder.join("lock")).unwrap();
    std::os::unix::fs::symlink(EVENTS, folder.join(EVENTS)).unwrap();
    assert!(matches!(only(&records).state, RecordState::Unreadable(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_lock_are_just_being_made_unless_they_are_old() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let dir = tempfile::tempdir().unwrap();
    let records = records(dir.path(), 50);
    let folder = records.directory.join("20200101T000000.000Z-pre-up-1-1");
    std::fs::create_dir_all(&folder).unwrap();
    assert_eq!(only(&records).state, RecordState::Running);
    assert!(!only(&records).remove().unwrap() && folder.exists());
    let long_ago = std::time::SystemTime::now() - Duration::from_secs(2 * 3600);
    std::fs::File::open(&folder).unwrap().set_modified(long_ago).unwrap();
    assert_eq!(only(&records).state, RecordState::Interrupted);
    assert!(only(&records).remove().unwrap() && !folder.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn that_two_programs_look_at_are_over_for_both() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let dir = tempfile::tempdir().unwrap();
    let records = records(dir.path(), 50);
    let (_, recorder) = begin(&records, dir.path(), &["true"]);
    let lock = recorder.folder().join("lock");
    assert!(std::fs::File::open(&lock).unwrap().try_lock_shared().is_err(), "it goes on");
    drop(recorder);
    let other = std::fs::File::open(&lock).unwrap();
    other.try_lock_shared().unwrap();
    assert_eq!(only(&records).state, RecordState::Interrupted);
    assert!(only(&records).remove().unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn that_cannot_be_written_any_more_are_told_once_and_the_run_goes_on() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let dir = tempfile::tempdir().unwrap();
    let records = records(dir.path(), 50);
    let (request, mut recorder) = begin(&records, dir.path(), &["echo one", "echo two", "echo three"]);
    let folder = recorder.folder().to_owned();
    let mut summary = None;
    let said = run(request, &mut recorder, |event| match event {
        RunEvent::TaskStarted { task: 1, .. } => std::fs::remove_dir_all(&folder).unwrap(),
        RunEvent::RunFinished { summary: told } => summary = Some(*told),
        _ => {}
    });
    let said = said.await;
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("not complete") && said[0].contains(folder.to_str().unwrap()), "{said:?}");
    assert_eq!(summary.unwrap().passed, 3);
    assert_eq!(records.list().unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_can_be_written_do_not_begin() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let request = request(Path::new("/"), &["true"]);
    for place in ["/proc/draft-tasks", "/dev/null/draft-tasks"] {
        let records = Records::at(PathBuf::from(place));
        assert!(records.begin(&request, Path::new("x")).is_err());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn are_removed_beyond_those_that_are_kept_but_never_while_their_run_goes_on() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let dir = tempfile::tempdir().unwrap();
    let records = records(dir.path(), 2);
    let (_, alive) = begin(&records, dir.path(), &["true"]);
    let mut made = Vec::new();
    for _ in 0..4 {
        let (request, mut recorder) = begin(&records, dir.path(), &["true"]);
        run(request, &mut recorder, |_| {}).await;
        made.push(recorder.id().to_owned());
    }
    std::fs::create_dir(records.directory.join("something-else")).unwrap();
    let (request, mut last) = begin(&records, dir.path(), &["true"]);
    run(request, &mut last, |_| {}).await;
    let ids: Vec<_> = records.list().unwrap().into_iter().map(|kept| kept.id).collect();
    assert_eq!(ids, [last.id(), made[3].as_str(), alive.id()]);
    assert!(!records.find(alive.id()).unwrap().unwrap().remove().unwrap());
    assert!(alive.folder().exists() && records.directory.join("something-else").exists());
    assert_eq!(records.find("../../state").unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_runs_at_once_do_not_collide() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let dir = tempfile::tempdir().unwrap();
    let records = records(dir.path(), 1000);
    let begin_some = || {
        let (records, root) = (records.clone(), dir.path().to_owned());
        std::thread::spawn(move || {
            (0..20).map(|_| begin(&records, &root, &["true"]).1.folder().to_owned()).collect::<Vec<_>>()
        })
    };
    let threads: Vec<_> = (0..4).map(|_| begin_some()).collect();
    let folders: std::collections::HashSet<_> =
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    assert_eq!((folders.len(), records.list().unwrap().len()), (80, 80));
}

#[tokio::test(flavor = "multi_thread")]
async fn from_before_the_clock_was_set_back_are_the_oldest() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let dir = tempfile::tempdir().unwrap();
    let records = records(dir.path(), 2);
    let made = |time: &str| {
        let (_, recorder) = begin(&records, dir.path(), &["true"]);
        let folder = recorder.folder().to_owned();
        drop(recorder);
        let id = format!("{time}-pre-up-1-1");
        std::fs::rename(folder, records.directory.join(&id)).unwrap();
        id
    };
    let future = [made("20990101T000000.000Z"), made("20990102T000000.000Z")];
    let past = made("20200101T000000.000Z");
    let names = || records.list().unwrap().into_iter().map(|kept| kept.id).collect::<Vec<_>>();
    // The third one has taken the place of the first.
    assert_eq!(names(), [past.clone(), future[1].clone()]);
    assert_eq!(records.find("latest").unwrap().unwrap().id, past);
    let (request, mut recorder) = begin(&records, dir.path(), &["echo one"]);
    assert_eq!(names(), [recorder.id().to_owned(), past]);
    run(request, &mut recorder, |_| {}).await;
    assert_eq!(records.find("latest").unwrap().unwrap().id, recorder.id());
}

#[tokio::test(flavor = "multi_thread")]
async fn are_in_the_order_in_which_they_began_wherever_the_clock_is_set() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let dir = tempfile::tempdir().unwrap();
    let records = records(dir.path(), 50);
    let mut made = Vec::new();
    for time in ["20260105T000000.000Z", "20260103T000000.000Z", "20260104T000000.000Z"] {
        let (_, recorder) = begin(&records, dir.path(), &["true"]);
        let (_, rest) = recorder.id().split_once('-').unwrap();
        let id = format!("{time}-{rest}");
        std::fs::rename(recorder.folder(), records.directory.join(&id)).unwrap();
        made.insert(0, id);
    }
    let ids: Vec<_> = records.list().unwrap().into_iter().map(|kept| kept.id).collect();
    assert_eq!(ids, made);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_one_tasks_file_leave_those_of_another_alone() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let dir = tempfile::tempdir().unwrap();
    let records = records(dir.path(), 2);
    let request = request(dir.path(), &["true"]);
    let begin = |file: &str| records.begin(&request, Path::new(file)).unwrap().id().to_owned();
    let other = begin("/other/.draft-tasks.toml");
    let own: Vec<_> = (0..4).map(|_| begin("/app/.draft-tasks.toml")).collect();
    let ids: Vec<_> = records.list().unwrap().into_iter().map(|kept| kept.id).collect();
    assert_eq!(ids, [own[3].as_str(), own[2].as_str(), other.as_str()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_much_output_keep_no_more_than_they_may() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let dir = tempfile::tempdir().unwrap();
    let records = Records { most: 2 << 20, ..records(dir.path(), 50) };
    let scripts = ["seq 1000000", "seq 1000000", "echo few"];
    let (request, mut recorder) = begin(&records, dir.path(), &scripts);
    assert_eq!(run(request, &mut recorder, |_| {}).await, Vec::<String>::new());
    let kept = only(&records);
    let logs = [0, 1, 2].map(|task| kept.log(task, &format!("Task Nr. {task}"), None).unwrap());
    let lengths: Vec<_> = logs.iter().map(String::len).collect();
    assert!((1_000_000..=1 << 20).contains(&lengths[0]), "{lengths:?}");
    assert!((500_000..=1 << 19).contains(&lengths[1]), "{lengths:?}");
    for log in &logs[..2] {
        assert!(log.starts_with("1\n2\n") && log.ends_with("\n999999\n1000000\n"));
        assert_eq!(log.matches(" bytes are left out here").count(), 1);
    }
    assert_eq!(logs[2], "few\n");
    assert!(std::fs::metadata(kept.folder.join(EVENTS)).unwrap().len() < 10_000);
}
