//! What happens in runs, as the session sees it: events become results, diagnostics and messages to the client.
//!
//! Must not start or stop anything.

use std::borrow::Cow;
use std::path::Path;
use std::time::Duration;

use draft_tasks_analysis::plan::Subject;
use draft_tasks_executor::{
    Outcome, OutcomeName, OutputPiece, Pod, Problem, RunEvent, RunSummary, UNFOLLOWED, describe_duration,
    describe_left_running,
};
use tower_lsp::gen_lsp_types::*;

use super::Session;
use super::lifecycle::Walked;
use crate::claim::Claim;
use crate::lsp::effect::{Effect, ProgressValue};
use crate::lsp::protocol::ext::{self, OutputParams, PieceOfOutput, RunParams, RunState};
use crate::lsp::runs::results::PastRun;
use crate::lsp::runs::{Awaited, Run};
use crate::settings::audience::Audience;
use crate::settings::run::RunDiagnostics;

/// Runs that pass within this time need no message: the user is still looking.
const SHORT: Duration = Duration::from_secs(10);

/// A task, and the pod in which it runs if it runs inside of one.
type Place = (usize, Option<usize>);

impl Session {
    /// Something happened in a run.
    pub(crate) fn run_event(&mut self, id: &str, event: RunEvent) {
        match event {
            RunEvent::RunStarted { .. } => {}
            RunEvent::Waiting { ready, pods, message, time } => {
                self.waits(id, Awaited { count: format!("{ready}/{pods} pods ready"), message, time });
            }
            RunEvent::PodsLeft { pods, message, time } => {
                self.waits(id, Awaited { count: pods_left(pods), message, time });
            }
            RunEvent::PodsFound { pods, note } => self.pods_found(id, pods, note),
            RunEvent::Blocked { problem } => self.blocked(id, &problem),
            RunEvent::Note { message } => self.note(id, MessageType::Warning, message),
            RunEvent::TaskStarted { task, pod, .. } => self.task_started(id, (task, pod)),
            RunEvent::Output { task, pod, pieces } => self.task_wrote(id, (task, pod), pieces),
            RunEvent::TaskFinished {
                task,
                pod,
                outcome,
                headline,
                duration,
                left_running,
                note,
                problems,
            } => {
                self.found_problems(id, task, problems);
                self.wrote_all(id, (task, pod), headline);
                self.task_finished(id, (task, pod), &outcome, duration);
                let Some(run) = self.runs.get(id) else { return };
                let note = note.map(|note| format!("{}: {note}", called(run, (task, pod))));
                for said in describe_left_running(&left_running).into_iter().chain(note) {
                    self.note(id, MessageType::Warning, said);
                }
            }
            RunEvent::RunFinished { summary } => self.run_finished(id, &summary),
        }
    }

    /// A run has a record.
    pub(crate) fn recorded(&mut self, id: &str, folder: &Path) {
        if let Some(run) = self.runs.get_mut(id) {
            run.record = Some(folder.to_owned());
        }
    }

    /// No record can be kept. Said once: it is as true of the next run.
    pub(crate) fn no_record(&mut self, id: &str, why: &str) {
        if std::mem::replace(&mut self.no_records_told, true) {
            return;
        }
        let message = format!("no record is kept of this run: {why}");
        self.record_trouble(&message);
        if let Some(run) = self.runs.get(id).filter(|_| self.flags.output_version.is_some()) {
            self.tell(run, RunState::Waiting, (None, None), None, message);
        }
    }

    /// A record is not complete, or something else is wrong that is no reason to disturb anybody.
    pub(crate) fn record_trouble(&mut self, message: &str) {
        self.effect(Effect::Log { kind: MessageType::Warning, message: message.to_owned() });
    }

    /// Takes out what a run that ends has claimed, also what it is the last step of; nothing where that is done. Whoever
    /// takes it gives it back without the session, since a disk may hang, and before the end is told. A run that was
    /// declined has no summary.
    pub(crate) fn claims_of(&mut self, id: &str, summary: Option<&RunSummary>) -> Vec<Claim> {
        let of_run = self.runs.get_mut(id).map(|run| std::mem::take(&mut run.claim));
        let claims = of_run.into_iter().chain(self.claim_of_walk(id, summary));
        claims.filter(Claim::holds_any).collect()
    }

    /// The user did not want the run after all, or could not be asked.
    pub(crate) fn declined(&mut self, id: &str, why: &str) {
        let Some(run) = self.runs.finish(id) else { return };
        let rest = self.walk_declined(id);
        let is_step = rest.is_some();
        let rest = rest.unwrap_or_else(|| format!("{} did not run", run.subject));
        let message = format!("{rest}: {why}");
        self.progress(&run, ProgressValue::End { message: message.clone() });
        self.tell(&run, RunState::Finished, (None, None), Some(OutcomeName::Skipped), message.clone());
        if is_step || self.flags.output_version.is_none() {
            self.show(MessageType::Info, message);
        }
        self.refresh_lenses();
    }

    fn waits(&mut self, id: &str, awaited: Awaited) {
        let Some(run) = self.runs.get_mut(id) else { return };
        let title = awaited.title();
        let message = format!("{title}: {}", awaited.message);
        let before = run.awaited.replace(awaited);
        let Some(run) = self.runs.get(id) else { return };
        self.tell(run, RunState::Waiting, (None, None), None, message);
        self.still_waits(id);
        if before.is_none_or(|before| before.title() != title) {
            self.refresh_lenses();
        }
    }

    /// Tells how long a run has waited by now; whether it waits for something that has a limit.
    pub(crate) fn still_waits(&self, id: &str) -> bool {
        let Some((run, awaited)) = self.runs.get(id).and_then(|run| Some((run, run.awaited.as_ref()?)))
        else {
            return false;
        };
        self.progress(run, ProgressValue::Report { message: awaited.describe(), percentage: 0 });
        awaited.time.is_some() && self.flags.progress
    }

    fn pods_found(&mut self, id: &str, pods: Vec<Pod>, note: Option<String>) {
        let names: Vec<_> = pods.iter().map(|pod| format!("{} ({})", pod.name, pod.container)).collect();
        if let Some(build) = Pod::build_of(&pods) {
            self.tell_build(id, build);
        }
        let Some(run) = self.runs.get_mut(id) else { return };
        run.found_pods(pods);
        let Some(run) = self.runs.get(id) else { return };
        self.tell(run, RunState::Waiting, (None, None), None, format!("in {}", names.join(", ")));
        if let Some(note) = note {
            self.note(id, MessageType::Info, note);
        }
    }

    fn blocked(&mut self, id: &str, problem: &Problem) {
        let problem = Audience::Editor.words(&problem.describe());
        let Some(run) = self.runs.get_mut(id) else { return };
        run.problem = Some(problem.clone());
        let Some(run) = self.runs.get(id) else { return };
        let message = self
            .walk_blocked(id, &problem)
            .unwrap_or_else(|| format!("{} could not run: {problem}", run.subject));
        self.tell(run, RunState::Blocked, (None, None), None, message.clone());
        // A client that shows runs tells it, with what helps.
        if self.flags.output_version.is_none() {
            self.offer(message, run.remedy().unwrap_or_default());
        }
    }

    /// Something that its user has to know of a run that is about to start.
    pub(crate) fn warn(&mut self, id: &str, message: String) {
        self.note(id, MessageType::Warning, message);
    }

    /// A cluster has not answered yet what has to be known before a run.
    pub(crate) fn asks_cluster(&self, id: &str, message: String) {
        let Some(run) = self.runs.get(id) else { return };
        self.progress(run, ProgressValue::Report { message: message.clone(), percentage: 0 });
        self.tell(run, RunState::Waiting, (None, None), None, message);
    }

    /// What a run says of itself.
    fn note(&mut self, id: &str, kind: MessageType, message: String) {
        let Some(run) = self.runs.get(id) else { return };
        let message = Audience::Editor.words(&message);
        if self.flags.output_version.is_some() {
            self.tell(run, RunState::Waiting, (None, None), None, message.clone());
        }
        self.show(kind, message);
    }

    /// A task begins: how those of the run ended earlier does not count any more.
    fn begins(&mut self, id: &str) {
        let Some(run) = self.runs.active.iter_mut().find(|run| run.id == id && !run.has_begun) else {
            return;
        };
        run.has_begun = true;
        let failed = self.runs.failures.forget(run);
        let ran = self.runs.results.forget(run);
        let reported = self.runs.problems.forget(run);
        let uri = run.uri.clone();
        self.publish_problems(reported);
        if ran {
            self.refresh_result_hints();
        }
        if failed || ran && self.config_at(&uri).run.diagnostics.0 == RunDiagnostics::All {
            self.publish_unless_stale(&uri);
        }
    }

    fn task_started(&mut self, id: &str, place: Place) {
        self.begins(id);
        let (task, pod) = place;
        let Some(run) = self.runs.get_mut(id) else { return };
        let before = run.current.replace(task);
        if let Some(task) = run.tasks.get_mut(task) {
            task.start(pod);
        }
        let Some(run) = self.runs.get(id) else { return };
        let (number, count) = (task + 1, run.tasks.len());
        let name = run.tasks[task].name.clone();
        let message = if count > 1 { format!("{name} ({number} of {count})") } else { name.clone() };
        self.progress(run, ProgressValue::Report { message, percentage: percentage(run) });
        self.tell(run, RunState::TaskStarted, (Some(task), pod), None, called(run, place));
        if before != Some(task) {
            self.refresh_lenses();
        }
    }

    fn task_wrote(&mut self, id: &str, place: Place, pieces: Vec<OutputPiece>) {
        let (task, pod) = place;
        let Some(run) = self.runs.get_mut(id) else { return };
        let Some(running) = run.tasks.get_mut(task) else { return };
        running.wrote(pod, &pieces);
        let Some(run) = self.runs.get(id) else { return };
        if self.flags.output_version.is_none() {
            let text: String = pieces.into_iter().map(|piece| piece.text).collect();
            return self.log(prefixed(&called(run, place), &text));
        }
        let params = OutputParams {
            run: id.to_owned(),
            uri: run.uri.clone(),
            phase: run.subject.to_string(),
            task: run.tasks[task].name.clone(),
            pod: pod.and_then(|pod| run.pods.get(pod)).map(|pod| pod.name.clone()),
            pieces: pieces.into_iter().map(PieceOfOutput::from).collect(),
            stream: None,
            text: None,
        };
        if self.flags.output_version == Some(1) {
            params.one_by_one().for_each(|params| self.effect(Effect::Output(params)));
        } else {
            self.effect(Effect::Output(params));
        }
    }

    fn wrote_all(&mut self, id: &str, (task, pod): Place, headline: Option<String>) {
        if let Some(task) = self.runs.get_mut(id).and_then(|run| run.tasks.get_mut(task)) {
            task.wrote_all(pod, headline);
        }
    }

    fn task_finished(&mut self, id: &str, place: Place, outcome: &Outcome, duration: Duration) {
        if *outcome != Outcome::Skipped {
            self.begins(id);
        }
        let (task, pod) = place;
        let Some(run) = self.runs.get_mut(id) else { return };
        let Some(running) = run.tasks.get_mut(task) else { return };
        let whole = match pod {
            Some(pod) => running.ended_in(pod, outcome, duration),
            None => Some((outcome.clone(), duration)),
        };
        if pod.is_none() {
            run.current = None;
        }
        self.refresh_logs(id);
        let Some(run) = self.runs.get(id) else { return };
        let headline = run.tasks[task].headline(pod);
        let (name, kind) = (called(run, place), outcome.kind());
        let message = if run.is_left(kind) {
            format!("{} {name} {UNFOLLOWED}", kind.sign())
        } else {
            ended(&name, outcome, headline, duration)
        };
        self.tell(run, RunState::TaskFinished, place_of(place), Some(outcome.kind()), message);
        if let Some((outcome, duration)) = whole {
            self.task_ended(id, task, &outcome, duration);
        }
    }

    /// A task ended, in all of its pods if it runs inside of some.
    fn task_ended(&mut self, id: &str, task: usize, outcome: &Outcome, duration: Duration) {
        let Some(index) = self.runs.active.iter().position(|run| run.id == id) else { return };
        self.runs.active[index].tasks[task].ended(outcome);
        let run = &self.runs.active[index];
        let (running, uri) = (&run.tasks[task], run.uri.clone());
        self.runs.results.add(run, running, outcome, duration, self.clock.now());
        if *outcome != Outcome::Passed {
            let log = run.log(Some(&running.name));
            let document = log.and_then(|log| self.log_document(&log));
            self.runs.failures.add(run, running, (outcome, duration), document);
        }
        self.refresh_result_hints();
        let all = self.config_at(&uri).run.diagnostics.0 == RunDiagnostics::All;
        if outcome.is_failed() || all && *outcome == Outcome::Passed {
            self.publish_unless_stale(&uri);
        }
    }

    fn run_finished(&mut self, id: &str, summary: &RunSummary) {
        let Some(mut run) = self.runs.finish(id) else { return };
        self.job_run_is_over(&run);
        let past = PastRun::of(&run, self.part_of(id), *summary, self.clock.now());
        self.runs.results.over(past);
        let outcome = summary.outcome();
        let walked = self.walked(id, summary);
        run.is_followed = walked.as_ref().is_some_and(Walked::goes_on);
        let end = walked.as_ref().and_then(|walked| walked.end(run.first_failure().as_deref()));
        let is_last_step = end.is_some();
        let message = end.unwrap_or_else(|| describe_end(&run, summary));
        self.progress(&run, ProgressValue::End { message: message.clone() });
        self.tell(&run, RunState::Finished, (None, None), Some(outcome), message.clone());
        self.look_again(&run.uri);
        // Why a run was blocked has been shown.
        let failed = outcome == OutcomeName::Failed;
        let long = outcome == OutcomeName::Passed && run.started.elapsed() > SHORT;
        let is_news = failed || long || is_last_step || self.flags.output_version.is_none();
        if is_news && !summary.blocked && !run.is_followed {
            self.show(if failed { MessageType::Error } else { MessageType::Info }, message);
        }
        walked.into_iter().for_each(|walked| self.walk_on(walked));
        self.refresh_lenses();
    }

    pub(super) fn progress(&self, run: &Run, value: ProgressValue) {
        if self.flags.progress {
            self.effect(Effect::Progress { token: format!("{}{}", ext::PROGRESS, run.id), value });
        }
    }

    /// Tells what happened to a run, in its own notification or in the log.
    pub(super) fn tell(
        &self,
        run: &Run,
        state: RunState,
        (task, pod): (Option<usize>, Option<usize>),
        outcome: Option<OutcomeName>,
        message: String,
    ) {
        if self.flags.output_version.is_none() {
            return match state {
                // The task's name is in front of each of its lines.
                RunState::TaskStarted => {}
                _ => self.log(message),
            };
        }
        self.effect(Effect::Run(RunParams {
            run: run.id.clone(),
            uri: run.uri.clone(),
            phase: run.subject.to_string(),
            state,
            task: task.map(|task| run.tasks[task].name.clone()),
            pod: pod.and_then(|pod| run.pods.get(pod)).map(|pod| pod.name.clone()),
            job: run.job().map(|job| job.name.clone()),
            outcome: outcome.map(|outcome| Cow::Borrowed(outcome.name())),
            record: run
                .record
                .as_ref()
                .filter(|_| state == RunState::Finished)
                .map(|it| it.display().to_string()),
            message,
            followed: run.is_followed,
            remedy: run.remedy().filter(|_| state == RunState::Blocked),
        }));
    }
}

fn place_of((task, pod): Place) -> (Option<usize>, Option<usize>) {
    (Some(task), pod)
}

/// What a task is called, with its pod.
fn called(run: &Run, (task, pod): Place) -> String {
    let name = &run.tasks[task].name;
    pod.map_or_else(|| name.clone(), |pod| format!("{name} · {}", run.short_pod(pod)))
}

/// How a run ended.
fn describe_end(run: &Run, summary: &RunSummary) -> String {
    let outcome = summary.outcome();
    match (run.subject, outcome) {
        (Subject::PodsReady, OutcomeName::Passed) => "pods-ready: all pods are ready".to_owned(),
        (Subject::PodsGone, OutcomeName::Passed) => "pods-gone: no pod is left".to_owned(),
        (subject, _) => {
            // Where there is little room the end is cut off.
            let why = run.first_failure().map(|why| format!("{why} · ")).unwrap_or_default();
            let left = run.is_left(outcome).then(|| summary.describe_left());
            format!("{subject}: {why}{}", left.unwrap_or_else(|| summary.describe()))
        }
    }
}

/// How much of a run is done.
fn percentage(run: &Run) -> u32 {
    let tasks = run.tasks.len().max(1);
    let done = match run.pods.len() {
        0 => run.current.unwrap_or(0) * 100 / tasks,
        _ => {
            let all = || run.tasks.iter().flat_map(|task| task.in_pods.values());
            all().filter(|it| it.ended.is_some()).count() * 100 / all().count().max(1)
        }
    };
    done as u32
}

/// How a task ended, in a line or two.
fn ended(name: &str, outcome: &Outcome, headline: Option<&str>, duration: Duration) -> String {
    let (sign, took) = (outcome.kind().sign(), describe_duration(duration));
    match outcome {
        Outcome::Passed => format!("{sign} {name} {took}"),
        Outcome::Failed(failure) => {
            let hint = match failure {
                draft_tasks_executor::Failure::NotStarted(error) => error.hint(),
                draft_tasks_executor::Failure::Unknown(_) => failure.hint(),
                _ => None,
            };
            let hint = hint.map(|hint| format!("\n  {hint}")).unwrap_or_default();
            format!("{sign} {name} {took} {}{hint}", failure.describe_with(headline))
        }
        Outcome::Stopped => format!("{sign} {name} stopped after {took}"),
        Outcome::Skipped => format!("{sign} {name} skipped"),
    }
}

/// Each line with the task's name in front of it.
fn prefixed(task: &str, text: &str) -> String {
    let text = draft_tasks_executor::output::plain(text);
    text.lines().map(|line| format!("{task} │ {line}")).collect::<Vec<_>>().join("\n")
}

/// "1 pod left", "3 pods left".
fn pods_left(pods: usize) -> String {
    if pods == 1 { "1 pod left".into() } else { format!("{pods} pods left") }
}
