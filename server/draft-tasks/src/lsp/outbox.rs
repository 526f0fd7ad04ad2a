//! Performs the session's effects in their order: the only code that sends to the client and owns running tasks.
//!
//! Must not wait for an answer of the client before it performs the next effect.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::Duration;

use draft_tasks_executor::record::Records;
use draft_tasks_executor::{RunHandle, RunRequest};
use futures::FutureExt;
use serde_json::json;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{JoinHandle, JoinSet};
use tower_lsp::Client;
use tower_lsp::gen_lsp_types::*;

use super::confirm;
use super::effect::{Effect, ProgressValue, Questions};
use crate::lsp::protocol::ext;
use crate::lsp::protocol::to_proto::shown;
use crate::lsp::session::SharedSession;
use crate::lsp::wire::client_watch;
use crate::lsp::wire::output::Outgoing;
use crate::lsp::wire::transport::End;
use crate::safety::Crossing;

mod client;
mod pump;
mod world;

use client::View;
use pump::{begin_record, give_back, pump, record};

/// Events of a run that wait for the session; a full channel slows the tasks.
const EVENTS: usize = 64;

/// How long the last events of a run may take to be recorded when the server ends.
const LAST_EVENTS: Duration = Duration::from_millis(200);

/// Why a run does not start that a defect keeps from it.
const DEFECT: &str = "a defect in draft-tasks";

pub(crate) struct Outbox {
    client: Client,
    outgoing: Outgoing,
    session: SharedSession,
    ends: mpsc::UnboundedSender<End>,
    runs: HashMap<String, OwnedRun>,
    /// Runs of which it is asked whether they may start.
    asked: HashMap<String, JoinHandle<()>>,
    /// Runs that do not start and of which that is not told yet.
    declining: JoinSet<()>,
    progress: HashMap<String, Gate>,
    /// What the client was told to ask for again and has not answered, and whether it is to be told once more.
    refreshing: HashMap<View, bool>,
    /// What the outbox's own tasks report back.
    reports: mpsc::UnboundedSender<Report>,
}

/// Progress may only be shown once the client has agreed to its token.
enum Gate {
    Asked(Vec<ProgressValue>),
    Open,
    Refused,
}

enum Report {
    RunOver(String),
    Refreshed(View),
    /// The user was asked about a run; why it does not start, if it does not.
    Answered {
        start: Box<Start>,
        declined: Option<String>,
    },
    ProgressAnswered {
        token: String,
        agreed: bool,
    },
}

impl Report {
    /// The run that starts with it.
    fn starts(&self) -> Option<String> {
        match self {
            Report::Answered { start, .. } => Some(start.run.clone()),
            _ => None,
        }
    }
}

/// A run that goes on.
struct OwnedRun {
    handle: RunHandle,
    pump: JoinHandle<()>,
    /// Whether it goes on where the server ends, as a Job does.
    is_job: bool,
}

/// A run that is to start.
struct Start {
    run: String,
    request: RunRequest,
    crossing: Option<Box<Crossing>>,
    file: PathBuf,
    records: Option<Records>,
}

impl Outbox {
    /// Performs effects until `stop` comes, with the time that tasks have to end; then ends all runs.
    pub(crate) async fn serve(
        client: Client,
        outgoing: Outgoing,
        session: SharedSession,
        ends: mpsc::UnboundedSender<End>,
        mut effects: mpsc::UnboundedReceiver<Effect>,
        mut stop: oneshot::Receiver<Duration>,
    ) {
        let (reports, mut reported) = mpsc::unbounded_channel();
        let (runs, asked, progress) = (HashMap::new(), HashMap::new(), HashMap::new());
        let (declining, refreshing) = (JoinSet::new(), HashMap::new());
        let mut outbox =
            Outbox { client, outgoing, session, ends, runs, asked, declining, progress, refreshing, reports };

        let grace = loop {
            tokio::select! {
                biased;
                grace = &mut stop => break grace.unwrap_or_default(),
                Some(report) = reported.recv() => {
                    outbox.survive(report.starts(), |outbox| outbox.take(report));
                }
                effect = effects.recv() => match effect {
                    Some(effect) => outbox.survive(effect.starts(), |outbox| outbox.perform(effect)),
                    None => break Duration::ZERO,
                },
            }
        };
        outbox.end_runs(grace).await;
    }

    /// Does something that a defect may break off; a run that was to start then does not.
    fn survive(&mut self, starts: Option<String>, step: impl FnOnce(&mut Outbox)) {
        if catch_unwind(AssertUnwindSafe(|| step(self))).is_ok() {
            return;
        }
        tracing::error!(run = starts, "a defect outside of a handler; the server goes on");
        if let Some(run) = starts.filter(|run| !self.runs.contains_key(run)) {
            self.decline(run, DEFECT.into());
        }
    }

    async fn end_runs(&mut self, grace: Duration) {
        self.runs.values().filter(|run| !run.is_job).for_each(|run| run.handle.stop(grace));
        for (_, OwnedRun { handle, pump, is_job }) in self.runs.drain() {
            // Whoever ends the server has not said that of the Job.
            if is_job {
                handle.leave()
            } else {
                handle.finished().await
            }
            // So that the record has its end, unless a disk hangs.
            let _ = tokio::time::timeout(LAST_EVENTS, pump).await;
        }
        // One that panics has been told, and keeps no other from its end.
        let all = async { while self.declining.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(LAST_EVENTS, all).await;
    }

    fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Publish { uri, version, diagnostics } => {
                self.outgoing.notify::<PublishDiagnosticsNotification>(&PublishDiagnosticsParams {
                    uri,
                    version,
                    diagnostics,
                })
            }
            Effect::Log { kind, message } => {
                let message = shown(&message);
                self.outgoing.notify::<LogMessageNotification>(&LogMessageParams { kind, message });
            }
            Effect::Show { kind, message } => {
                let message = shown(&message);
                self.outgoing.notify::<ShowMessageNotification>(&ShowMessageParams { kind, message });
            }
            Effect::Offer { message, offers } => self.offer(message, offers),
            Effect::Output(params) => self.outgoing.notify::<ext::OutputNotification>(&params),
            Effect::JobsChanged => self.outgoing.notify::<ext::JobsNotification>(&ext::JobsParams {}),
            Effect::TargetChanged => self.outgoing.notify::<ext::TargetNotification>(&ext::TargetParams {}),
            Effect::Run(params) => self.outgoing.notify::<ext::RunNotification>(&params),
            Effect::ShowDocument { uri, path } => self.show_document(uri, path),
            Effect::RefreshContent { uri } => self.refresh(View::Content(uri)),
            Effect::Progress { token, value } => self.progress(token, value),
            Effect::RefreshLenses => self.refresh(View::Lenses),
            Effect::RefreshHints => self.refresh(View::Hints),
            Effect::GatherFacts { uri, directory } => self.gather_facts(uri, directory),
            Effect::Survey => self.survey(),
            Effect::AwaitPause { uri, version } => self.await_pause(uri, version),
            Effect::ApplyEdit { label, edit, shows } => self.apply_edit(label, edit, shows),
            Effect::KeepPages { directory } => self.keep_pages(directory),
            Effect::AskForSettings { folders } => self.ask_for_settings(folders),
            Effect::RegisterForSettings => self.register_for_settings(),
            Effect::WatchFiles { elsewhere } => self.watch_files(&elsewhere),
            Effect::WatchSettings { file } => self.watch_settings(&file),
            Effect::FollowFilesAround => self.follow_files_around(),
            Effect::LookForInterrupted { records } => self.look_for_interrupted(records),
            Effect::StartRun { run, request, file, records, mut questions } => {
                let crossing = questions.crossing.take();
                let start = Start { run, request: *request, crossing, file, records };
                if questions.is_empty() { self.start_run(start) } else { self.ask(start, questions) }
            }
            Effect::StopRun { run, grace } => self.stop_run(&run, grace),
            #[cfg(debug_assertions)]
            Effect::Panic => broken(),
            Effect::WatchClient { process } => client_watch::start(process, self.ends.clone()),
        }
    }

    fn take(&mut self, report: Report) {
        match report {
            Report::RunOver(run) => drop(self.runs.remove(&run)),
            Report::Refreshed(view) => self.refreshed(view),
            Report::Answered { start, declined } => {
                // One that was stopped meanwhile is over.
                let asked = self.asked.remove(&start.run).is_some();
                match declined {
                    Some(why) => self.decline(start.run, why),
                    None if asked => self.start_run(*start),
                    None => {}
                }
            }
            Report::ProgressAnswered { token, agreed } => {
                let gate = if agreed { Gate::Open } else { Gate::Refused };
                let waiting = match self.progress.insert(token.clone(), gate) {
                    Some(Gate::Asked(waiting)) => waiting,
                    _ => Vec::new(),
                };
                for value in waiting {
                    self.progress(token.clone(), value);
                }
            }
        }
    }

    /// A run does not start.
    fn decline(&mut self, run: String, why: String) {
        while self.declining.try_join_next().is_some() {}
        let session = self.session.clone();
        self.declining.spawn(async move {
            give_back(&run, &session).await;
            session.with(|session| session.declined(&run, &why));
        });
    }

    /// Asks the user what has to be asked before a run, which starts when the answers are yes.
    fn ask(&mut self, start: Start, questions: Questions) {
        let (client, session, reports) = (self.client.clone(), self.session.clone(), self.reports.clone());
        let run = start.run.clone();
        let asking = tokio::spawn(async move {
            let asking = confirm::ask(&client, &session, (&start.run, &start.request), questions);
            let asked = AssertUnwindSafe(asking).catch_unwind().await;
            let declined = asked.unwrap_or_else(|_| Err(DEFECT.into())).err();
            let _ = reports.send(Report::Answered { start: Box::new(start), declined });
        });
        self.asked.insert(run, asking);
    }

    fn start_run(&mut self, Start { run, mut request, crossing, file, records }: Start) {
        let (sender, events) = mpsc::channel(EVENTS);
        let of_record = request.clone();
        let is_job = request.pods.as_ref().is_some_and(|pods| pods.job.is_some());
        // Dropped with the pump.
        let (goes_on, over) = watch::channel(());
        let wanted = self.session.with(|session| session.activity(&run, request.plan.subject));
        let asker = confirm::asker(&self.client, &self.session, (wanted, &request), over);
        let gate = crossing.map(|crossing| crossing.gate(&mut request, Some(asker)));
        let handle = draft_tasks_executor::start(request, gate, sender);
        let (session, backlog, reports) =
            (self.session.clone(), self.outgoing.backlog().clone(), self.reports.clone());
        let name = run.clone();
        let pump = tokio::spawn(async move {
            let _goes_on = goes_on;
            let mut recorder =
                records.and_then(|records| begin_record(&run, &records, &of_record, &file, &session));
            pump(&run, events, &session, &backlog, |event| record(recorder.as_mut()?, event)).await;
            // The outbox is only gone when the server ends.
            let _ = reports.send(Report::RunOver(run));
        });
        self.runs.insert(name, OwnedRun { handle, pump, is_job });
    }

    fn stop_run(&mut self, run: &str, grace: Duration) {
        if let Some(asking) = self.asked.remove(run) {
            asking.abort();
            self.decline(run.to_owned(), "it was stopped".into());
        }
        if let Some(run) = self.runs.get(run) {
            run.handle.stop(grace);
        }
    }

    fn progress(&mut self, token: String, value: ProgressValue) {
        match self.progress.get_mut(&token) {
            Some(Gate::Asked(waiting)) => waiting.push(value),
            Some(Gate::Refused) => self.forget_ended(&token, &value),
            Some(Gate::Open) => {
                self.forget_ended(&token, &value);
                let params =
                    ProgressParams { token: ProgressToken::String(token), value: progress_json(value) };
                self.outgoing.notify::<ProgressNotification>(&params);
            }
            None => {
                self.progress.insert(token.clone(), Gate::Asked(vec![value]));
                let (client, reports) = (self.client.clone(), self.reports.clone());
                tokio::spawn(async move {
                    let agreed = client.create_work_done_progress(ProgressToken::String(token.clone())).await;
                    let _ = reports.send(Report::ProgressAnswered { token, agreed: agreed.is_ok() });
                });
            }
        }
    }

    fn forget_ended(&mut self, token: &str, value: &ProgressValue) {
        if matches!(value, ProgressValue::End { .. }) {
            self.progress.remove(token);
        }
    }
}

#[cfg(debug_assertions)]
#[expect(clippy::panic, reason = "it is there to panic")]
fn broken() {
    panic!("asked to panic outside of a handler")
}

fn progress_json(value: ProgressValue) -> serde_json::Value {
    match value {
        ProgressValue::Begin { title, message } => json!({
            "kind": "begin", "title": shown(&title), "message": shown(&message), "cancellable": true, "percentage": 0,
        }),
        ProgressValue::Report { message, percentage } => json!({
            "kind": "report", "message": shown(&message), "cancellable": true, "percentage": percentage,
        }),
        ProgressValue::End { message } => json!({ "kind": "end", "message": shown(&message) }),
    }
}
