//! `up` and `delete`, step by step, without a cluster.

use draft_tasks_executor::{PodsBefore, Problem};

use super::pods::{FILE, fixture};
use super::*;

const PRE_UP_FAILED: &str = "up failed in pre-up · the deploy command and post-deploy did not run";

/// The runs that are to start: what each is of, how many tasks it has, where it runs, and what it waits for.
fn started(fixture: &mut Fixture) -> Vec<String> {
    let effects = std::iter::from_fn(|| fixture.effects.try_recv().ok());
    let started = effects.filter_map(|effect| match effect {
        Effect::StartRun { request, questions, .. } => {
            let before = match request.pods.as_ref().map(|pods| &pods.before) {
                None | Some(PodsBefore::NotDeployed) => String::new(),
                Some(PodsBefore::Known(pods)) => format!(" after {pods:?}"),
                Some(PodsBefore::Unknown) => " after any".into(),
            };
            let pinned = if request.pinned.is_some() { " pinned" } else { "" };
            let asks = if questions.before.is_some() { " looks for pods" } else { "" };
            let foreign = if questions.foreign.is_empty() { "" } else { " asks" };
            // No local task starts unseen.
            assert_eq!(
                questions.crossing.is_some(),
                request.pods.is_none() && !request.plan.steps.is_empty()
            );
            let steps = request.plan.steps.len();
            Some(format!("{} {steps}{pinned}{asks}{foreign}{before}", request.plan.subject))
        }
        _ => None,
    });
    started.collect()
}

/// The arguments and the told phase of the first tasks that are to start.
fn told(fixture: &mut Fixture) -> Vec<(Vec<String>, String)> {
    let effects = std::iter::from_fn(|| fixture.effects.try_recv().ok());
    let told = effects.filter_map(|effect| match effect {
        Effect::StartRun { request, .. } => {
            let phase = request.environment.iter().rfind(|(name, _)| name == "DRAFT_TASKS_PHASE")?;
            Some((request.plan.steps.first()?.argv.clone(), phase.1.to_string_lossy().into_owned()))
        }
        _ => None,
    });
    told.collect()
}

fn over(fixture: &mut Fixture, run: &str, summary: RunSummary) {
    fixture.session.run_event(run, RunEvent::RunFinished { summary });
}

fn passed() -> RunSummary {
    RunSummary { passed: 1, ..RunSummary::default() }
}

fn up(fixture: &mut Fixture) -> String {
    fixture.execute("up", json!({ "uri": URI, "command": ["kubectl", "apply", "-f", "x"] }))
}

#[test]
fn steps_are_told_what_is_known_by_then() {
    let (mut fixture, _dir) = fixture("https://127.0.0.1:1");
    let words = "echo $DRAFT_TASKS_CONTEXT $DRAFT_TASKS_NAMESPACE $DRAFT_TASKS_PHASE $DRAFT_TASKS_BUILD.";
    fixture.open(&format!(
        "[pre-up]\na = \"{words}\"\n[post-deploy]\nb = \"true\"\n[post-up]\nc = \"{words}\"\n"
    ));
    up(&mut fixture);
    let argv = |words: &str| words.split(' ').map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(told(&mut fixture), [(argv("echo dev demo pre-up ."), "pre-up".to_owned())]);
    over(&mut fixture, "run-1", passed());
    assert_eq!(told(&mut fixture)[0].1, "deploy");
    over(&mut fixture, "run-2", passed());
    told(&mut fixture);
    let pod = super::pods::pods().remove(0);
    let pods = vec![draft_tasks_executor::Pod { build: Some("01B".into()), ..pod }];
    fixture.session.run_event("run-3", RunEvent::PodsFound { pods, note: None });
    over(&mut fixture, "run-3", passed());
    assert_eq!(told(&mut fixture), [(argv("echo dev demo post-up 01B."), "post-up".to_owned())]);
}

#[test]
fn each_step_of_up_follows_the_one_before() {
    let (mut fixture, _dir) = fixture("https://127.0.0.1:1");
    fixture.open(FILE);
    assert_eq!(up(&mut fixture), r#"{"run":"run-1"}"#);
    assert_eq!(started(&mut fixture), ["pre-up 1 pinned"]);
    assert_eq!(up(&mut fixture), r#"{"run":"run-1"}"#, "the one that goes on");
    over(&mut fixture, "run-1", passed());
    assert_eq!(started(&mut fixture), ["deploy 1 pinned looks for pods"]);
    fixture.session.pods_before("run-2", PodsBefore::Known(vec!["old".into()]));
    over(&mut fixture, "run-2", passed());
    assert_eq!(started(&mut fixture), [r#"post-deploy 2 after ["old"]"#]);
    over(&mut fixture, "run-3", passed());
    let told = fixture.effects();
    assert!(told.contains("up: all steps passed") && !told.contains("start run-4"), "{told}");
    assert_eq!(up(&mut fixture), r#"{"run":"run-4"}"#, "it may begin again");
}

#[test]
fn the_other_part_is_refused_while_one_goes_on() {
    let (mut fixture, _dir) = fixture("https://127.0.0.1:1");
    fixture.open(FILE);
    up(&mut fixture);
    let arguments = json!({ "uri": URI, "command": ["helm", "uninstall", "web"] });
    let said = fixture.execute("delete", arguments);
    assert!(said.contains("up is running: wait for its end or stop it before delete"), "{said}");
}

#[test]
fn a_step_that_failed_is_the_last_and_what_did_not_run_is_said() {
    let (mut fixture, _dir) = fixture("https://127.0.0.1:1");
    fixture.open(FILE);
    up(&mut fixture);
    over(&mut fixture, "run-1", RunSummary { failed: 1, ..RunSummary::default() });
    let told = fixture.effects();
    assert!(told.contains(PRE_UP_FAILED), "{told}");
    assert!(!told.contains("start run-2"), "{told}");
}

/// What disturbs somebody: the messages of the server, and of the notifications those that clients show.
fn shown(fixture: &mut Fixture) -> Vec<String> {
    let effects = std::iter::from_fn(|| fixture.effects.try_recv().ok());
    let shown = effects.filter_map(|effect| match effect {
        Effect::Show { message, .. } | Effect::Offer { message, .. } => Some(message),
        Effect::Run(params) => (params.state == ext::RunState::Blocked).then_some(params.message),
        _ => None,
    });
    shown.collect()
}

#[test]
fn the_end_of_all_steps_is_one_message() {
    for has_output in [true, false] {
        let start = || {
            let (mut fixture, dir) = fixture("https://127.0.0.1:1");
            if !has_output {
                fixture.session.flags.output_version = None;
            }
            fixture.open(FILE);
            up(&mut fixture);
            shown(&mut fixture);
            (fixture, dir)
        };
        let (mut fixture, _dir) = start();
        let failed = RunEvent::TaskFinished {
            task: 0,
            pod: None,
            outcome: Outcome::Failed(Failure::ExitCode(3)),
            headline: Some("FATAL: password authentication failed".into()),
            duration: seconds(1),
            left_running: Vec::new(),
            note: None,
            problems: Vec::new(),
        };
        fixture.session.run_event("run-1", failed);
        over(&mut fixture, "run-1", RunSummary { failed: 1, ..RunSummary::default() });
        let told = "up failed in pre-up: see: exit code 3: FATAL: password authentication failed · \
                    the deploy command and post-deploy did not run";
        assert_eq!(shown(&mut fixture), [told]);

        let (mut fixture, _dir) = start();
        over(&mut fixture, "run-1", passed());
        over(&mut fixture, "run-2", passed());
        let problem = draft_tasks_executor::Problem::new("cannot reach the cluster");
        fixture.session.run_event("run-3", RunEvent::Blocked { problem });
        over(&mut fixture, "run-3", RunSummary { blocked: true, ..RunSummary::default() });
        assert_eq!(shown(&mut fixture), ["up failed in post-deploy: cannot reach the cluster"]);

        let (mut fixture, _dir) = start();
        for step in ["run-1", "run-2", "run-3"] {
            over(&mut fixture, step, passed());
        }
        assert_eq!(shown(&mut fixture), ["up: all steps passed"]);
    }
}

#[test]
fn delete_waits_until_the_pods_are_gone() {
    let (mut fixture, _dir) = fixture("https://127.0.0.1:1");
    fixture.open(FILE);
    fixture.execute("delete", json!({ "uri": URI, "command": ["helm", "uninstall", "x"] }));
    assert_eq!(started(&mut fixture), ["delete 1 pinned"]);
    over(&mut fixture, "run-1", passed());
    assert_eq!(started(&mut fixture), ["pods-gone 0"]);
    over(&mut fixture, "run-2", RunSummary::default());
    assert_eq!(started(&mut fixture), ["cleanup 1 pinned"], "nobody asks about pods that are gone");
}

#[test]
fn the_end_of_pods_has_a_limit_of_its_own() {
    let (mut fixture, _dir) = fixture("https://127.0.0.1:1");
    fixture.session.take_settings(
        &[],
        &[json!({ "kubernetes": { "selector": "app=web", "readyTimeout": 1, "goneTimeout": "2m" } })],
    );
    fixture.open(FILE);
    fixture.execute("delete", json!({ "uri": URI, "command": ["helm", "uninstall", "x"] }));
    over(&mut fixture, "run-1", passed());
    let limits = std::iter::from_fn(|| fixture.effects.try_recv().ok()).filter_map(|effect| match effect {
        Effect::StartRun { request, .. } => Some(request.pods.map(|pods| pods.wait_timeout)),
        _ => None,
    });
    assert_eq!(limits.collect::<Vec<_>>(), [None, Some(seconds(120))]);
}

#[test]
fn a_foreign_cluster_is_asked_for_once_for_all_steps() {
    let (mut fixture, _dir) = fixture("https://35.1.2.3");
    fixture.open(FILE);
    up(&mut fixture);
    assert_eq!(started(&mut fixture), ["pre-up 1 pinned asks"]);
    over(&mut fixture, "run-1", passed());
    assert_eq!(started(&mut fixture), ["deploy 1 pinned looks for pods"]);
    fixture.session.declined("run-2", "the cluster does not answer");
    let told = fixture.effects();
    let said = "the deploy command and post-deploy did not run: the cluster does not answer";
    assert_eq!(told.matches("did not run").count(), told.matches(said).count(), "{told}");
    assert!(told.contains(said), "{told}");
}

#[test]
fn a_step_that_is_no_phase_is_not_run_again_alone() {
    let (mut fixture, _dir) = fixture("https://127.0.0.1:1");
    fixture.open(FILE);
    up(&mut fixture);
    over(&mut fixture, "run-1", passed());
    over(&mut fixture, "run-2", RunSummary { failed: 1, ..RunSummary::default() });
    started(&mut fixture);
    assert_eq!(fixture.execute("rerun", json!({ "run": "run-1" })), r#"{"run":"run-3"}"#);
    assert_eq!(started(&mut fixture), ["pre-up 1 pinned"], "in the same namespace");
    assert_eq!(
        fixture.execute("rerun", json!({ "run": "run-2" })),
        "-32803: there is no run `run-2` of a phase"
    );
}

#[test]
fn a_phase_runs_once_at_a_time_alone_or_as_a_step() {
    let (mut fixture, _dir) = fixture("https://127.0.0.1:1");
    fixture.open(FILE);
    let phase = |fixture: &mut Fixture, phase: &str| {
        fixture.execute("runPhase", json!({ "uri": URI, "phase": phase }))
    };
    phase(&mut fixture, "post-deploy");
    assert_eq!(up(&mut fixture), "-32803: post-deploy is running: wait for its end or stop it before up");
    over(&mut fixture, "run-1", passed());
    assert_eq!(up(&mut fixture), r#"{"run":"run-2"}"#);
    assert_eq!(phase(&mut fixture, "pre-up"), r#"{"run":"run-2"}"#, "the step itself");
    for refused in ["post-deploy", "cleanup"] {
        let said = format!("-32803: up is running: wait for its end or stop it before {refused}");
        assert_eq!(phase(&mut fixture, refused), said);
    }
}

#[test]
fn a_phase_of_up_is_not_wished_for_again_before_it_is_known_how_up_ends() {
    let (mut fixture, _dir) = fixture("https://127.0.0.1:1");
    fixture.open(FILE);
    up(&mut fixture);
    fixture.session.run_event("run-1", RunEvent::TaskStarted { task: 0, pod: None, pid: Some(1) });
    over(&mut fixture, "run-1", passed());
    let wanted = serde_json::from_value(json!({ "uri": URI })).expect("a wish");
    let refused = fixture.session.wish_of_last(&wanted).map(drop).expect_err("the deploy command runs");
    assert_eq!(refused.message, "up is running: wait for its end or stop it before pre-up");
    over(&mut fixture, "run-2", RunSummary { failed: 1, ..RunSummary::default() });
    let refused = fixture.session.wish_of_last(&wanted).map(drop).expect_err("it failed");
    assert!(refused.message.starts_with("up failed in the deploy command"), "{refused}");
}

#[test]
fn what_cleans_up_or_deletes_is_refused_beside_a_phase_and_the_other_way_round() {
    let (mut fixture, _dir) = fixture("https://127.0.0.1:1");
    fixture.open(FILE);
    let phase = |fixture: &mut Fixture, phase: &str| {
        fixture.execute("runPhase", json!({ "uri": URI, "phase": phase }))
    };
    phase(&mut fixture, "pre-up");
    let said = |running: &str, wanted: &str| {
        format!("-32803: {running} is running: wait for its end or stop it before {wanted}")
    };
    assert_eq!(phase(&mut fixture, "cleanup"), said("pre-up", "cleanup"));
    let delete = json!({ "uri": URI, "command": ["true"] });
    assert_eq!(fixture.execute("delete", delete), said("pre-up", "delete"));
    over(&mut fixture, "run-1", passed());
    assert_eq!(phase(&mut fixture, "cleanup"), r#"{"run":"run-2"}"#);
    assert_eq!(phase(&mut fixture, "pre-up"), said("cleanup", "pre-up"));
}

#[test]
fn a_line_is_split_as_the_commands_of_a_file_are() {
    let (mut fixture, _dir) = fixture("https://127.0.0.1:1");
    fixture.open(FILE);
    let live =
        |fixture: &mut Fixture, line: &str| fixture.execute("delete", json!({ "uri": URI, "line": line }));
    assert_eq!(live(&mut fixture, "helm uninstall 'x y'"), r#"{"run":"run-1"}"#);
    let argv = std::iter::from_fn(|| fixture.effects.try_recv().ok()).find_map(|effect| match effect {
        Effect::StartRun { request, .. } => Some(request.plan.steps[0].argv.clone()),
        _ => None,
    });
    assert_eq!(argv.expect("a run"), ["helm", "uninstall", "x y"]);
    over(&mut fixture, "run-1", RunSummary { failed: 1, ..RunSummary::default() });
    assert_eq!(live(&mut fixture, " "), "-32803: the command has no program to run");
    assert!(live(&mut fixture, "helm 'x").starts_with("-32803: the command cannot be split: "));
}

#[test]
fn nothing_lives_without_a_command_or_trust() {
    let (mut fixture, _dir) = fixture("https://127.0.0.1:1");
    fixture.open(FILE);
    let refused = fixture.execute("up", json!({ "uri": URI, "command": [] }));
    assert_eq!(refused, "-32602: no command is given");
    fixture.session.did_change_trust(&ext::TrustParams { trusted: false });
    assert_eq!(up(&mut fixture), "-32803: nothing runs in a workspace that is not trusted");
}

#[test]
fn a_deletion_goes_on_without_pods_that_cannot_be_asked_for() {
    let (mut fixture, _dir) = fixture("https://127.0.0.1:1");
    fixture.open(FILE);
    fixture.execute("delete", json!({ "uri": URI, "command": ["helm", "uninstall", "x"] }));
    assert_eq!(started(&mut fixture), ["delete 1 pinned"]);
    fixture.session.pods_unknown("run-1");
    over(&mut fixture, "run-1", passed());
    let told = fixture.effects();
    assert!(told.contains("the end of the pods is not awaited") && told.contains("start run-2"), "{told}");
    assert!(told.contains("echo bye"), "cleanup follows at once: {told}");
}

#[test]
fn a_stop_that_meets_the_end_of_a_step_ends_all_of_it() {
    let said = "up was stopped in pre-up · the deploy command and post-deploy did not run";
    let stop = |fixture: &mut Fixture| drop(fixture.execute("stop", json!({ "uri": URI })));
    let cancel = |fixture: &mut Fixture| {
        fixture.session.cancel_progress(&ProgressToken::String(format!("{}run-1", ext::PROGRESS)));
    };
    for end in [stop as fn(&mut Fixture), cancel] {
        let (mut fixture, _dir) = fixture("https://127.0.0.1:1");
        fixture.open(FILE);
        up(&mut fixture);
        end(&mut fixture);
        over(&mut fixture, "run-1", passed());
        let told = fixture.effects();
        assert!(told.contains(said) && !told.contains("start run-2"), "{told}");
    }
}

#[test]
fn what_all_steps_claimed_is_given_back_also_where_a_stop_comes_last() {
    let (mut fixture, dir) = fixture("https://127.0.0.1:1");
    let (config, state) = (dir.path().join("config"), dir.path().join("state"));
    let variables =
        [("KUBECONFIG", config.to_str().unwrap()), ("DRAFT_TASKS_STATE_DIR", state.to_str().unwrap())];
    fixture.session.environment = Environment::of(&variables);
    fixture.open(FILE);
    up(&mut fixture);
    let claims = |fixture: &mut Fixture| fixture.session.claims_of("run-1", Some(&passed())).len();
    assert_eq!(claims(&mut fixture), 0, "the next step goes on with them");
    fixture.execute("stop", json!({ "uri": URI }));
    assert_eq!(claims(&mut fixture), 1);
    assert_eq!(claims(&mut fixture), 0, "nothing is left for the session to drop");
}

#[test]
fn a_stop_of_a_step_that_is_over_stops_the_present_one() {
    let (mut fixture, _dir) = fixture("https://127.0.0.1:1");
    fixture.open(FILE);
    up(&mut fixture);
    over(&mut fixture, "run-1", passed());
    assert_eq!(fixture.execute("stop", json!({ "run": "run-1" })), r#"{"stopped":1}"#);
    over(&mut fixture, "run-2", passed());
    let told = fixture.effects();
    assert!(told.contains("up was stopped in the deploy command · post-deploy did not run"), "{told}");
}

#[test]
fn a_context_of_the_same_name_may_be_another_cluster() {
    let (mut fixture, dir) = fixture("https://127.0.0.1:1");
    let other = dir.path().join("other");
    let config = std::fs::read_to_string(dir.path().join("config")).unwrap();
    std::fs::write(&other, config.replace("127.0.0.1", "35.1.2.3")).unwrap();
    fixture.open(FILE);
    let command = json!(["helm", "upgrade", "--kubeconfig", other.to_str().unwrap()]);
    fixture.execute("up", json!({ "uri": URI, "command": command }));
    assert_eq!(started(&mut fixture), ["pre-up 1 pinned asks"]);
}

#[test]
fn local_steps_meet_the_chosen_cluster_without_a_known_application() {
    let (mut fixture, _dir) = fixture("https://127.0.0.1:1");
    fixture.open("[pre-up]\nsee = \"kubectl get pods\"\n");
    fixture.session.take_settings(&[], &[json!({ "kubernetes": { "context": "gone" } })]);
    let said = up(&mut fixture);
    assert!(said.contains("no context `gone`"), "{said}");
    fixture.session.take_settings(&[], &[json!({ "kubernetes": { "context": "dev" } })]);
    up(&mut fixture);
    assert_eq!(started(&mut fixture), ["pre-up 1 pinned"]);
}

#[test]
fn the_limit_of_a_run_is_one_of_all_steps() {
    let (mut fixture, _dir) = fixture("https://127.0.0.1:1");
    fixture.session.take_settings(&[], &[json!({ "run": { "totalTimeout": "10s" } })]);
    fixture.open("[pre-up]\nsee = \"true\"\n");
    up(&mut fixture);
    over(&mut fixture, "run-1", RunSummary { duration: seconds(4), ..passed() });
    let limits = std::iter::from_fn(|| fixture.effects.try_recv().ok()).filter_map(|effect| match effect {
        Effect::StartRun { request, .. } => request.limits.run,
        _ => None,
    });
    let left: Vec<_> = limits.map(|limit| (limit.whole, limit.left)).collect();
    assert_eq!(left, [(seconds(10), seconds(10)), (seconds(10), seconds(6))]);
}

#[test]
fn what_failed_between_phases_is_not_passed_over_for_an_earlier_phase() {
    let (mut fixture, _dir) = fixture("https://127.0.0.1:1");
    fixture.open(FILE);
    up(&mut fixture);
    fixture.session.run_event("run-1", RunEvent::TaskStarted { task: 0, pod: None, pid: Some(1) });
    over(&mut fixture, "run-1", passed());
    over(&mut fixture, "run-2", RunSummary { failed: 1, ..RunSummary::default() });
    let said =
        "-32803: up failed in the deploy command, which does not run again alone: use \"Deploy with Tasks\"";
    for again in ["rerun", "rerunFailed"] {
        assert_eq!(fixture.execute(again, json!({ "uri": URI })), said);
    }
    assert_eq!(fixture.execute("rerun", json!({})), said, "of all files");
}

#[test]
fn a_phase_whose_pods_were_not_found_is_not_passed_over_for_an_earlier_one() {
    let (mut fixture, _dir) = fixture("https://127.0.0.1:1");
    fixture.open(FILE);
    up(&mut fixture);
    for run in ["run-1", "run-2"] {
        fixture.session.run_event(run, RunEvent::TaskStarted { task: 0, pod: None, pid: Some(1) });
        over(&mut fixture, run, passed());
    }
    let problem = Problem::new("no pods");
    fixture.session.run_event("run-3", RunEvent::Blocked { problem });
    over(&mut fixture, "run-3", RunSummary { blocked: true, ..RunSummary::default() });
    let said = "-32803: post-deploy of up failed before a task ran: run post-deploy (no pods)";
    for again in ["rerun", "rerunFailed"] {
        assert_eq!(fixture.execute(again, json!({ "uri": URI })), said);
    }
    let named = json!({ "uri": URI, "phase": "pre-up" });
    assert_eq!(fixture.execute("rerunFailed", named), "-32803: no task failed when it last ran");
}
