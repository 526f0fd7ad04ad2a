//! Runs inside of pods, and what is asked before a run, without a cluster.

use draft_tasks_executor::{EarlierPod, Pod, PodChoice, PodCounts, Problem, WaitTime};

use super::*;
use crate::reach::WantedPods;
use crate::safety;

/// A session whose kubeconfig names a cluster at this address.
pub(super) fn fixture(server: &str) -> (Fixture, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config");
    let config = format!(
        "current-context: dev\ncontexts:\n- {{name: dev, context: {{cluster: c, user: u}}}}\n\
         clusters:\n- {{name: c, cluster: {{server: '{server}'}}}}\n"
    );
    std::fs::write(&file, config).unwrap();
    let mut fixture = Fixture::in_environment(
        rich_client(),
        Value::Null,
        Environment::of(&[("KUBECONFIG", file.to_str().unwrap())]),
    );
    fixture
        .session
        .take_settings(&[], &[json!({ "kubernetes": { "selector": "app=web", "namespace": "demo" } })]);
    fixture.effects();
    (fixture, dir)
}

pub(super) const FILE: &str = "[pre-up]\nsee = \"kubectl get pods\"\n[post-deploy]\nmigrate = \"rake db\"\nwarm = \"curl x\"\n\
    [cleanup]\nbye = \"echo bye\"\n";

pub(super) fn pods() -> Vec<Pod> {
    let pod = |name: &str| Pod {
        name: name.into(),
        container: "main".into(),
        build: None,
        image: None,
        uid: format!("uid of {name}"),
        tasks: vec![0, 1],
    };
    vec![pod("web-6b9-abc"), pod("web-6b9-xyz")]
}

fn in_pod(task: usize, pod: usize, outcome: Outcome) -> RunEvent {
    let (pod, duration) = (Some(pod), seconds(1));
    let (left_running, problems) = (Vec::new(), Vec::new());
    RunEvent::TaskFinished {
        task,
        pod,
        outcome,
        headline: None,
        duration,
        left_running,
        note: None,
        problems,
    }
}

fn waits_for_pods(limit: Option<Duration>) -> RunEvent {
    let message = "web-6b9-xyz ImagePullBackOff".into();
    RunEvent::Waiting { ready: 1, pods: 2, message, time: limit.map(WaitTime::of) }
}

#[test]
fn the_limit_of_waiting_is_told_and_how_much_of_it_has_passed() {
    let (mut fixture, _dir) = fixture("https://127.0.0.1:1");
    fixture.open(FILE);
    run_post_deploy(&mut fixture);
    fixture.effects();
    fixture.session.run_event("run-1", waits_for_pods(Some(seconds(300))));
    let told = fixture.effects();
    let run = "run Waiting None 1/2 pods ready (limit 300 s): web-6b9-xyz ImagePullBackOff";
    assert!(told.contains(run) && told.contains("RefreshLenses"), "{told}");
    assert!(fixture.lenses().contains("■ Stop post-deploy · 1/2 pods ready (limit 300 s)"));
    let ticks =
        |told: &str| told.contains(" s of 300 s): web-6b9-xyz ImagePullBackOff") && told.contains("Progress");
    assert!(ticks(&told), "{told}");
    assert!(fixture.session.still_waits("run-1"));
    let told = fixture.effects();
    assert!(ticks(&told) && !told.contains("run Waiting") && !told.contains("RefreshLenses"), "{told}");
    fixture.session.run_event("run-1", RunEvent::PodsFound { pods: pods(), note: None });
    assert!(!fixture.session.still_waits("run-1"));
}

fn run_post_deploy(fixture: &mut Fixture) -> String {
    fixture.execute("runPhase", json!({ "uri": URI, "phase": "post-deploy" }))
}

fn fail_in_one_of_two(fixture: &mut Fixture) {
    run_post_deploy(fixture);
    let started = |pod| RunEvent::TaskStarted { task: 0, pod: Some(pod), pid: None };
    for event in [
        waits_for_pods(None),
        RunEvent::PodsFound { pods: pods(), note: None },
        started(0),
        started(1),
        wrote(Some(1), Stream::Stderr, "no database\n"),
        failed(Some(1), Failure::ExitCode(1), "no database"),
        in_pod(1, 1, Outcome::Skipped),
        in_pod(0, 0, Outcome::Passed),
        in_pod(1, 0, Outcome::Passed),
        RunEvent::RunFinished {
            summary: RunSummary {
                passed: 2,
                failed: 1,
                skipped: 1,
                pods: Some(PodCounts { passed: 1, all: 2 }),
                duration: seconds(3),
                ..RunSummary::default()
            },
        },
    ] {
        fixture.session.run_event("run-1", event);
    }
}

#[test]
fn are_told_by_pod_and_stand_on_lenses() {
    let (mut fixture, _dir) = fixture("https://127.0.0.1:1");
    fixture.open(FILE);
    fixture.effects();
    fail_in_one_of_two(&mut fixture);
    let told = fixture.effects();
    for part in [
        "Waiting None 1/2 pods ready: web-6b9-xyz ImagePullBackOff",
        "Waiting None in web-6b9-abc (main), web-6b9-xyz (main)",
        "TaskFinished Some(\"failed\") ✗ migrate · xyz 1.0 s exit code 1",
        "3:task-failed: failed in 1 of 2 pods: exit code 1 after 1.0 s: no database",
        "Finished Some(\"failed\") post-deploy: migrate: exit code 1: no database · 2 passed, 1 failed, 1 skipped in 3.0 s · 1 of 2 pods passed",
    ] {
        assert!(told.contains(part), "{part:?} is not in\n{told}");
    }
    check(
        fixture.lenses(),
        expect![[r#"
            0: ▶ Run pre-up (1 task) draft-tasks.runPhase
            1: ▶ Run draft-tasks.runTask
            2: ▶ Run post-deploy (2 tasks) · last: ✗ migrate: ✓1 ✗1 of 2 pods, 3.0 s, at 18:45 draft-tasks.runPhase
            3: ▶ Run · ✓1 ✗1 of 2 draft-tasks.runTask
            4: ▶ Run · ✓1 ✗0 of 2 draft-tasks.runTask
            5: ▶ Run cleanup (1 task) draft-tasks.runPhase
            6: ▶ Run draft-tasks.runTask
        "#]],
    );
}

#[test]
fn that_failed_run_again_only_where_they_failed() {
    let (mut fixture, _dir) = fixture("https://127.0.0.1:1");
    fixture.open(FILE);
    fail_in_one_of_two(&mut fixture);
    fixture.effects();
    fixture.execute("rerunFailed", json!({ "uri": URI }));
    check(
        reached(&mut fixture),
        expect![["migrate, warm again in web-6b9-xyz (uid of web-6b9-xyz, main): migrate, warm"]],
    );
}

/// Which tasks the run that starts has, and in which pods.
fn reached(fixture: &mut Fixture) -> String {
    let mut effects = std::iter::from_fn(|| fixture.effects.try_recv().ok());
    let request = effects.find_map(|effect| match effect {
        Effect::StartRun { request, .. } => Some(request),
        _ => None,
    });
    let request = request.expect("a run starts");
    let tasks: Vec<_> = request.plan.steps.iter().map(|step| step.task.as_str()).collect();
    let pods = match request.pods.expect("pods").choice {
        PodChoice::Present(names) => format!("in {}", names.join(", ")),
        PodChoice::Again(pods) => {
            let pods = pods.iter().map(|EarlierPod { name, uid, container, tasks }| {
                format!("{name} ({uid}, {container}): {}", tasks.join(", "))
            });
            format!("again in {}", pods.collect::<Vec<_>>().join("; "))
        }
    };
    format!("{} {pods}", tasks.join(", "))
}

/// A run of which nothing ran, as the executor tells it.
fn block(fixture: &mut Fixture, run: &str) {
    let skipped = |task| RunEvent::TaskFinished {
        task,
        pod: None,
        outcome: Outcome::Skipped,
        headline: None,
        duration: seconds(0),
        left_running: Vec::new(),
        note: None,
        problems: Vec::new(),
    };
    let problem = Problem::new("cannot reach the cluster").help("is it up?");
    let summary = RunSummary { blocked: true, skipped: 2, ..RunSummary::default() };
    for event in [RunEvent::Blocked { problem }, skipped(0), skipped(1), RunEvent::RunFinished { summary }] {
        fixture.session.run_event(run, event);
    }
}

#[test]
fn a_run_again_reaches_the_pods_of_the_run() {
    let (mut fixture, _dir) = fixture("https://127.0.0.1:1");
    fixture.open(FILE);
    fail_in_one_of_two(&mut fixture);
    fixture.effects();
    let both = "migrate, warm again in web-6b9-abc (uid of web-6b9-abc, main): ; web-6b9-xyz (uid of web-6b9-xyz, main): ";
    fixture.execute("rerun", json!({ "uri": URI }));
    assert_eq!(reached(&mut fixture), both);
    // One that reached no pod is of those that it was to reach.
    block(&mut fixture, "run-2");
    fixture.effects();
    fixture.execute("rerun", json!({ "uri": URI }));
    assert_eq!(reached(&mut fixture), both);
    fixture.session.declined("run-3", "it was stopped");
    fixture.execute(
        "runTask",
        json!({ "uri": URI, "phase": "post-deploy", "task": "warm", "pods": ["web-6b9-abc"] }),
    );
    block(&mut fixture, "run-4");
    fixture.effects();
    fixture.execute("rerun", json!({ "uri": URI }));
    assert_eq!(reached(&mut fixture), both, "what ran last, as on the command line");
}

#[test]
fn a_run_again_is_of_the_same_place() {
    let (mut fixture, _dir) = fixture("https://127.0.0.1:1");
    fixture.open(FILE);
    fail_in_one_of_two(&mut fixture);
    fixture
        .session
        .take_settings(&[], &[json!({ "kubernetes": { "selector": "app=web", "namespace": "other" } })]);
    for command in ["rerun", "rerunFailed"] {
        let refused = fixture.execute(command, json!({ "uri": URI }));
        let said = "the earlier run was in pods of app=web · context dev, namespace demo (https://127.0.0.1:1), and now pods of \
            app=web · context dev, namespace other (https://127.0.0.1:1) are chosen";
        assert!(refused.contains(said), "{refused}");
    }
}

#[test]
fn pods_that_are_known_to_be_gone_are_not_offered() {
    let (mut fixture, _dir) = fixture("https://127.0.0.1:1");
    fixture.open(FILE);
    run_post_deploy(&mut fixture);
    let gone =
        || Outcome::Failed(Failure::PodGone("pod `web-6b9-xyz` was deleted while the task ran".into()));
    for event in [
        RunEvent::PodsFound { pods: pods(), note: None },
        in_pod(0, 0, Outcome::Passed),
        in_pod(1, 0, Outcome::Passed),
        in_pod(0, 1, gone()),
        in_pod(1, 1, gone()),
        RunEvent::RunFinished { summary: RunSummary { passed: 2, failed: 2, ..RunSummary::default() } },
    ] {
        fixture.session.run_event("run-1", event);
    }
    check(
        fixture.execute("rerunFailed", json!({ "uri": URI })),
        expect![
            "-32803: the pods in which tasks failed are gone; run post-deploy to reach the pods that are there now"
        ],
    );
    assert!(!fixture.actions(3, None).contains("failed tasks only"));
}

#[test]
fn of_what_runs_once_a_pod_that_is_gone_is_not_forgotten() {
    let (mut fixture, _dir) = fixture("https://127.0.0.1:1");
    let settings =
        json!({ "kubernetes": { "selector": "app=web", "namespace": "demo", "once": ["migrate"] } });
    fixture.session.take_settings(&[], &[settings]);
    fixture.open(FILE);
    run_post_deploy(&mut fixture);
    let gone = Outcome::Failed(Failure::PodGone("pod `web-6b9-abc` is not there any more".into()));
    let mut pods = pods();
    pods[1].tasks = vec![1];
    for event in [
        RunEvent::PodsFound { pods, note: None },
        in_pod(0, 0, gone),
        in_pod(1, 0, Outcome::Skipped),
        in_pod(1, 1, Outcome::Skipped),
        RunEvent::RunFinished { summary: RunSummary { failed: 1, skipped: 2, ..RunSummary::default() } },
    ] {
        fixture.session.run_event("run-1", event);
    }
    fixture.effects();
    fixture.execute("rerunFailed", json!({ "uri": URI }));
    let reached = reached(&mut fixture);
    assert!(reached.contains("web-6b9-abc (uid of web-6b9-abc, main): migrate, warm"), "{reached}");
}

#[test]
fn what_does_not_run_leaves_what_ran_as_it_is() {
    let (mut fixture, _dir) = fixture("https://127.0.0.1:1");
    fixture.open(FILE);
    fail_in_one_of_two(&mut fixture);
    let before = fixture.lenses();
    fixture.effects();
    run_post_deploy(&mut fixture);
    fixture.session.declined("run-2", "it was not confirmed");
    assert_eq!(fixture.lenses(), before);
    run_post_deploy(&mut fixture);
    block(&mut fixture, "run-3");
    assert_eq!(
        fixture.lenses(),
        before.replace("last: ✗ migrate: ✓1 ✗1 of 2 pods, 3.0 s", "last: ✗ could not run, 0.0 s")
    );
    let told = fixture.effects();
    assert!(!told.contains("publish"), "{told}");
    assert!(
        told.contains("Finished Some(\"skipped\") post-deploy did not run: it was not confirmed"),
        "{told}"
    );
    assert!(fixture.actions(3, None).contains("Run post-deploy, failed tasks only"));
}

#[test]
fn that_cannot_run_say_why_and_leave_no_diagnostic_on_a_task() {
    let (mut fixture, _dir) = fixture("https://127.0.0.1:1");
    fixture.open(FILE);
    run_post_deploy(&mut fixture);
    fixture.effects();
    block(&mut fixture, "run-1");
    let told = fixture.effects();
    assert!(told.contains("post-deploy could not run: cannot reach the cluster\n  is it up?"), "{told}");
    assert!(told.contains("Finished Some(\"failed\")") && !told.contains("task-failed"), "{told}");
    assert!(fixture.lenses().contains("last: ✗ could not run, 0.0 s"), "{}", fixture.lenses());
}

/// What is asked before a run of a phase.
fn asked(fixture: &mut Fixture, phase: &str) -> (Option<String>, bool) {
    fixture.execute("runPhase", json!({ "uri": URI, "phase": phase }));
    let mut effects = std::iter::from_fn(|| fixture.effects.try_recv().ok());
    let (run, questions) = effects
        .find_map(|effect| match effect {
            Effect::StartRun { run, questions, .. } => Some((run, questions)),
            _ => None,
        })
        .expect("a run starts");
    fixture.session.declined(&run, "it was not confirmed");
    let foreign: Vec<_> = questions.foreign.iter().collect();
    ((!foreign.is_empty()).then(|| safety::question(&foreign)), questions.guard.is_some())
}

#[test]
fn a_foreign_cluster_is_asked_for_once_and_a_cleanup_always() {
    let (mut fixture, _dir) = fixture("https://35.1.2.3");
    fixture.open(FILE);
    let place = "on a cluster that is not local: context dev, namespace demo (https://35.1.2.3)?";
    // The application's namespace is what a command without one meets, too.
    let local = Some(format!("run pre-up: `see` (`kubectl get pods`) {place}"));
    let in_pods = Some(format!("run post-deploy: `migrate` (`rake db`), `warm` (`curl x`) {place}"));
    assert_eq!(asked(&mut fixture, "pre-up"), (local, false));
    assert_eq!(asked(&mut fixture, "post-deploy"), (in_pods.clone(), false));
    assert_eq!(asked(&mut fixture, "post-deploy"), (in_pods, false), "a no is not remembered");
    assert_eq!(asked(&mut fixture, "cleanup"), (None, true), "`echo` reaches no cluster");
    run_post_deploy(&mut fixture);
    let target = std::iter::from_fn(|| fixture.effects.try_recv().ok()).find_map(|effect| match effect {
        Effect::StartRun { questions, .. } => {
            questions.foreign.into_iter().find_map(|foreign| foreign.target)
        }
        _ => None,
    });
    fixture.session.confirm(&target.expect("a question"));
    fixture.session.declined("run-5", "it was stopped");
    assert_eq!(asked(&mut fixture, "post-deploy"), (None, false));
    assert_eq!(asked(&mut fixture, "pre-up"), (None, false), "it is the same place");
    assert_eq!(asked(&mut fixture, "cleanup"), (None, true));
    fixture.change(2, &FILE.replace("[cleanup]\n", "[cleanup]\ngone = \"kubectl delete pvc --all\"\n"));
    let (said, _) = asked(&mut fixture, "cleanup");
    assert!(said.is_some_and(|said| said.contains("`kubectl delete pvc --all`")), "each time");
    let up = json!({ "uri": URI, "command": ["helm", "upgrade", "web", "x"] });
    fixture.execute("up", up);
    let asks = |effect| matches!(effect, Effect::StartRun { questions, .. } if !questions.foreign.is_empty());
    assert!(std::iter::from_fn(|| fixture.effects.try_recv().ok()).any(asks), "each time");
}

#[test]
fn a_local_cluster_is_not_asked_for() {
    let (mut fixture, _dir) = fixture("https://127.0.0.1:6443");
    fixture.open(FILE);
    assert_eq!(asked(&mut fixture, "post-deploy"), (None, false));
    assert_eq!(asked(&mut fixture, "pre-up"), (None, false));
}

#[test]
fn a_run_that_is_declined_is_over() {
    let (mut fixture, _dir) = fixture("https://35.1.2.3");
    fixture.open(FILE);
    assert_eq!(run_post_deploy(&mut fixture), r#"{"run":"run-1"}"#);
    assert!(fixture.lenses().contains("■ Stop post-deploy"));
    fixture.effects();
    fixture.session.declined("run-1", "it was not confirmed");
    let told = fixture.effects();
    assert!(
        told.contains("Finished Some(\"skipped\") post-deploy did not run: it was not confirmed"),
        "{told}"
    );
    assert!(fixture.lenses().contains("▶ Run post-deploy (2 tasks) draft-tasks.runPhase"));
}

#[test]
fn the_target_and_hover_tell_where_tasks_would_run() {
    let (mut fixture, _dir) = fixture("https://127.0.0.1:6443");
    fixture.open(FILE);
    fixture.look_around();
    check(
        fixture.execute("target", json!({ "uri": URI })),
        expect![[
            r#"{"application":"the application","context":"dev","contexts":["dev"],"environment":"development","environments":[],"namespace":"demo","namespaces":[],"selector":"app=web","server":"https://127.0.0.1:6443"}"#
        ]],
    );
    let at = json!({ "textDocument": { "uri": URI }, "position": { "line": 2, "character": 3 } });
    fixture.effects();
    let hover = fixture.session.hover(serde_json::from_value(at).unwrap()).unwrap();
    let shown = json!(hover.contents).to_string();
    assert!(shown.contains("pods: `app=web` · context dev, namespace demo"), "{shown}");
    assert!(fixture.effects().contains("GatherFacts"), "the client does not tell when a kubeconfig changes");
}

#[test]
fn hover_shows_what_tasks_are_told() {
    let (mut fixture, _dir) = fixture("https://127.0.0.1:6443");
    let words = "$DRAFT_TASKS_PHASE $DRAFT_TASKS_NAMESPACE $DRAFT_TASKS_BUILD";
    fixture.open(&format!("[pre-up]\nsee = \"echo {words}\"\n"));
    fixture.look_around();
    let at = json!({ "textDocument": { "uri": URI }, "position": { "line": 1, "character": 8 } });
    let hover = fixture.session.hover(serde_json::from_value(at).unwrap()).unwrap();
    let shown = json!(hover.contents).to_string();
    for part in ["`echo` `pre-up` `demo`", "not set, so empty: `$DRAFT_TASKS_BUILD`", "Draft 0.16 would run"]
    {
        assert!(shown.contains(part), "{part:?} is not in {shown}");
    }
}

#[test]
fn pods_are_not_for_phases_of_this_machine() {
    let (mut fixture, _dir) = fixture("https://127.0.0.1:6443");
    fixture.open(FILE);
    let run = json!({ "uri": URI, "phase": "cleanup", "pods": ["web-1"] });
    let refused = fixture.execute("runPhase", run);
    assert_eq!(refused, "-32803: tasks of `cleanup` run on this machine, not in pods");
}

#[test]
fn a_run_that_goes_on_is_wished_for_as_it_is() {
    let (mut fixture, _dir) = fixture("https://127.0.0.1:1");
    fixture.open(FILE);
    fixture.execute("runTask", json!({ "uri": URI, "phase": "post-deploy", "task": "warm" }));
    let pods = pods().into_iter().map(|pod| Pod { tasks: vec![0], ..pod }).collect();
    fixture.session.run_event("run-1", RunEvent::PodsFound { pods, note: None });
    let wanted = serde_json::from_value(json!({ "uri": URI })).unwrap();
    let wish = fixture.session.wish_of_last(&wanted).unwrap_or_else(|error| panic!("{error}"));
    let tasks: Vec<String> = wish.chosen.into_iter().map(|it| it.task).collect();
    assert_eq!(tasks, ["warm"]);
    assert!(matches!(wish.pods, WantedPods::Earlier(earlier) if earlier.pods.len() == 2));
}
