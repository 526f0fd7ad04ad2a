//! Performs the session's effects in their order: the only code that sends to the client and owns running tasks.
//!
//! Must not wait for an answer of the client before it performs the next effect.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use draft_tasks_analysis::file_names::SETTINGS_FILE;
use draft_tasks_executor::record::{Recorder, Records};
use draft_tasks_executor::{RunEvent, RunHandle, RunRequest, RunSummary};
use futures::FutureExt;
use serde_json::json;
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep_until};
use tower_lsp::Client;
use tower_lsp::gen_lsp_types::*;

use super::confirm;
use super::effect::{Effect, ProgressValue, Questions};
use super::session::Session;
use crate::interrupted;
use crate::lsp::documents::look::off_thread;
use crate::lsp::protocol::ext;
use crate::lsp::protocol::pages;
use crate::lsp::runs::pace::Pace;
use crate::lsp::session::SharedSession;
use crate::lsp::wire::client_watch;
use crate::lsp::wire::output::{Backlog, Outgoing};
use crate::lsp::wire::transport::End;
use crate::settings::project::ProjectFile;
use crate::source::FileKind;

/// Events of a run that wait for the session; a full channel slows the tasks.
const EVENTS: usize = 64;

/// How long a document that was opened waits for the facts about the world around it.
const FACTS_ARE_LATE: Duration = Duration::from_millis(100);

/// How long nothing is typed when somebody looks at what they have typed.
const PAUSE: Duration = Duration::from_millis(400);

/// How long the last events of a run may take to be recorded when the server ends.
const LAST_EVENTS: Duration = Duration::from_millis(200);

/// When this much waits to be written, the tasks' output waits, too.
const BACKLOG: usize = 4 << 20;

/// The files whose changes matter to tasks files.
const WATCHED: [&str; 3] =
    ["**/{draft.toml,Dockerfile,.dockerignore}", "**/charts/**/templates/*", "**/*.sh"];

/// Why a run does not start that a defect keeps from it.
const DEFECT: &str = "a defect in draft-tasks";

/// How often a run looks whether a slow client has caught up.
const CATCHING_UP: Duration = Duration::from_millis(20);

pub(crate) struct Outbox {
    client: Client,
    outgoing: Outgoing,
    session: SharedSession,
    ends: mpsc::UnboundedSender<End>,
    runs: HashMap<String, (RunHandle, JoinHandle<()>)>,
    /// Runs of which it is asked whether they may start.
    asked: HashMap<String, JoinHandle<()>>,
    /// Runs that do not start and of which that is not told yet.
    declining: JoinSet<()>,
    progress: HashMap<String, Gate>,
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

/// A run that is to start.
struct Start {
    run: String,
    request: RunRequest,
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
        let declining = JoinSet::new();
        let mut outbox =
            Outbox { client, outgoing, session, ends, runs, asked, declining, progress, reports };

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
        for (run, _) in self.runs.values() {
            run.stop(grace);
        }
        for (_, (run, pump)) in self.runs.drain() {
            run.finished().await;
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
                let params = PublishDiagnosticsParams { uri, version, diagnostics };
                self.outgoing.notify::<PublishDiagnosticsNotification>(&params);
            }
            Effect::Log { kind, message } => {
                self.outgoing.notify::<LogMessageNotification>(&LogMessageParams { kind, message });
            }
            Effect::Show { kind, message } => {
                self.outgoing.notify::<ShowMessageNotification>(&ShowMessageParams { kind, message });
            }
            Effect::Output(params) => self.outgoing.notify::<ext::OutputNotification>(&params),
            Effect::TargetChanged => self.outgoing.notify::<ext::TargetNotification>(&ext::TargetParams {}),
            Effect::Run(params) => self.outgoing.notify::<ext::RunNotification>(&params),
            Effect::ShowDocument { uri, path } => self.show_document(uri, path),
            Effect::RefreshContent { uri } => self.refresh_content(uri),
            Effect::Progress { token, value } => self.progress(token, value),
            Effect::RefreshLenses => self.refresh_lenses(),
            Effect::RefreshHints => self.refresh_hints(),
            Effect::GatherFacts { uri, directory } => self.gather_facts(uri, directory),
            Effect::AwaitPause { uri, version } => self.await_pause(uri, version),
            Effect::ApplyEdit { label, edit } => self.apply_edit(label, edit),
            Effect::KeepPages { directory } => self.keep_pages(directory),
            Effect::AskForSettings { folders } => self.ask_for_settings(folders),
            Effect::RegisterForSettings => {
                self.register("workspace/didChangeConfiguration", json!({ "section": ext::SETTINGS }));
            }
            Effect::WatchProjects => {
                let settings = format!("**/{}", SETTINGS_FILE);
                let patterns = WATCHED.into_iter().chain([settings.as_str()]);
                let watchers: Vec<_> = patterns.map(|pattern| json!({ "globPattern": pattern })).collect();
                self.register("workspace/didChangeWatchedFiles", json!({ "watchers": watchers }));
            }
            Effect::FollowFilesAround => self.follow_files_around(),
            Effect::LookForInterrupted { records } => self.look_for_interrupted(records),
            Effect::StartRun { run, request, file, records, questions } => {
                let start = Start { run, request: *request, file, records };
                if questions.is_empty() { self.start_run(start) } else { self.ask(start, questions) }
            }
            Effect::StopRun { run, grace } => {
                if let Some(asking) = self.asked.remove(&run) {
                    asking.abort();
                    self.decline(run.clone(), "it was stopped".into());
                }
                if let Some((run, _)) = self.runs.get(&run) {
                    run.stop(grace);
                }
            }
            #[cfg(debug_assertions)]
            Effect::Panic => broken(),
            Effect::WatchClient { process } => client_watch::start(process, self.ends.clone()),
        }
    }

    fn take(&mut self, report: Report) {
        match report {
            Report::RunOver(run) => drop(self.runs.remove(&run)),
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
            give_back(&run, None, &session).await;
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

    fn start_run(&mut self, Start { run, request, file, records }: Start) {
        let (sender, events) = mpsc::channel(EVENTS);
        let of_record = request.clone();
        let handle = draft_tasks_executor::start(request, sender);
        let (session, backlog, reports) =
            (self.session.clone(), self.outgoing.backlog().clone(), self.reports.clone());
        let name = run.clone();
        let pump = tokio::spawn(async move {
            let recorder =
                records.and_then(|records| begin_record(&run, &records, &of_record, &file, &session));
            pump(&run, events, &session, &backlog, recorder).await;
            // The outbox is only gone when the server ends.
            let _ = reports.send(Report::RunOver(run));
        });
        self.runs.insert(name, (handle, pump));
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

    /// Where the client does not open it, the user is told where it is.
    fn show_document(&self, uri: Uri, path: PathBuf) {
        let (client, outgoing) = (self.client.clone(), self.outgoing.clone());
        tokio::spawn(async move {
            let params = ShowDocumentParams { uri, external: None, take_focus: Some(true), selection: None };
            if !client.show_document(params).await.unwrap_or(false) {
                let params =
                    ShowMessageParams { kind: MessageType::Info, message: path.display().to_string() };
                outgoing.notify::<ShowMessageNotification>(&params);
            }
        });
    }

    fn refresh_lenses(&self) {
        let client = self.client.clone();
        tokio::spawn(async move {
            if let Err(error) = client.code_lens_refresh().await {
                tracing::info!(%error, "the client does not refresh lenses");
            }
        });
    }

    fn refresh_content(&self, uri: Uri) {
        let client = self.client.clone();
        tokio::spawn(async move {
            if let Err(error) = client.text_document_content_refresh(uri).await {
                tracing::info!(%error, "the client does not refresh a document");
            }
        });
    }

    fn refresh_hints(&self) {
        let client = self.client.clone();
        tokio::spawn(async move {
            if let Err(error) = client.inlay_hint_refresh().await {
                tracing::info!(%error, "the client does not refresh inlay hints");
            }
        });
    }

    fn ask_for_settings(&self, folders: Vec<Uri>) {
        let (client, session) = (self.client.clone(), self.session.clone());
        let scopes = [None].into_iter().chain(folders.iter().cloned().map(Some));
        let item = |scope_uri| ConfigurationItem { scope_uri, section: Some(ext::SETTINGS.into()) };
        let items = scopes.map(item).collect();
        tokio::spawn(async move {
            match client.configuration(items).await {
                Ok(answers) => session.with(|session| session.take_settings(&folders, &answers)),
                Err(error) => tracing::warn!(%error, "the client does not tell its settings"),
            }
        });
    }

    /// Only the client's refusal is worth a word: what it did the user sees.
    fn apply_edit(&self, label: String, edit: WorkspaceEdit) {
        let (client, session) = (self.client.clone(), self.session.clone());
        tokio::spawn(async move {
            let params = ApplyWorkspaceEditParams { edit, label: Some(label.clone()), metadata: None };
            let problem = match client.send_request::<ApplyWorkspaceEditRequest>(params).await {
                Ok(answer) if answer.applied => return,
                Ok(answer) => answer.failure_reason.unwrap_or_else(|| "the editor refused".into()),
                Err(error) => error.to_string(),
            };
            session.with(|session| session.edit_failed(&label, &problem));
        });
    }

    /// Reads directories and files, so on a thread that may wait for them.
    fn gather_facts(&self, uri: Uri, directory: Option<PathBuf>) {
        let (session, late, of) = (self.session.clone(), self.session.clone(), uri.clone());
        let look = tokio::task::spawn_blocking(move || {
            if let Some(path) = session.with(|session| session.unsure_path(&uri)) {
                let is_pack = FileKind::of_path(&path) == Some(FileKind::Pack);
                session.with(|session| session.take_kind(&uri, is_pack));
            }
            if let Some(directory) = &directory {
                let file = ProjectFile::load(directory);
                let problems = file.problems();
                session.with(|session| session.read_project(directory, file.project.settings, problems));
            }
            let Some(outlook) = session.with(|session| session.outlook(&uri)) else { return };
            let (surroundings, facts) = outlook.read();
            session.with(|session| session.take_surroundings(&uri, surroundings, facts));
        });
        tokio::spawn(async move {
            tokio::time::sleep(FACTS_ARE_LATE).await;
            late.with(|session| session.facts_are_late(&of));
            if look.await.is_err() {
                late.with(|session| session.look_broke_off(&of));
            }
        });
    }

    /// Has the session look at what was typed when the typing has paused: half a name is not worth a finding.
    fn await_pause(&self, uri: Uri, version: i32) {
        let session = self.session.clone();
        tokio::spawn(async move {
            tokio::time::sleep(PAUSE).await;
            session.with(|session| session.typing_paused(&uri, version));
        });
    }

    /// Writes a file, so on a thread that may wait for it.
    fn keep_pages(&self, directory: PathBuf) {
        let session = self.session.clone();
        tokio::task::spawn_blocking(move || {
            if let Err(error) = pages::keep(&directory) {
                tracing::warn!(directory = %directory.display(), %error, "the explanations cannot be written");
                session.with(Session::forget_pages);
            }
        });
    }

    /// Reads records and the system's processes, so on a thread that may wait for them.
    fn look_for_interrupted(&self, records: PathBuf) {
        let session = self.session.clone();
        tokio::task::spawn_blocking(move || {
            for notice in interrupted::notices(records) {
                session.with(|session| session.was_interrupted(notice));
            }
        });
    }

    /// Asks the client to send a notification.
    fn follow_files_around(&self) {
        let filter = |pattern| json!({ "scheme": "file", "pattern": pattern });
        let selector: Vec<_> = ext::AROUND.into_iter().map(filter).collect();
        self.register("textDocument/didOpen", json!({ "documentSelector": selector }));
        let incremental = TextDocumentSyncKind::Incremental;
        self.register(
            "textDocument/didChange",
            json!({ "documentSelector": selector, "syncKind": incremental }),
        );
        self.register("textDocument/didClose", json!({ "documentSelector": selector }));
    }

    fn register(&self, method: &'static str, options: serde_json::Value) {
        let client = self.client.clone();
        tokio::spawn(async move {
            let registration =
                Registration { id: method.into(), method: method.into(), register_options: Some(options) };
            if let Err(error) = client.register_capability(vec![registration]).await {
                tracing::warn!(%error, method, "the client does not tell what changes");
            }
        });
    }
}

/// Makes the record of a run and tells the session where it is, or why there is none.
fn begin_record(
    run: &str,
    records: &Records,
    request: &RunRequest,
    file: &Path,
    session: &SharedSession,
) -> Option<Recorder> {
    match tokio::task::block_in_place(|| records.begin(request, file)) {
        Ok(recorder) => {
            session.with(|it| it.recorded(run, recorder.folder()));
            Some(recorder)
        }
        Err(error) => {
            let place = records.directory.display();
            session.with(|it| it.no_record(&format!("{place}: {error}")));
            None
        }
    }
}

/// Brings the events of a run to the session, no faster than the client reads what comes of them.
async fn pump(
    run: &str,
    mut events: mpsc::Receiver<RunEvent>,
    session: &SharedSession,
    backlog: &Backlog,
    mut recorder: Option<Recorder>,
) {
    let mut pace = Pace::default();
    loop {
        if let Some(event) = pace.take(Instant::now()) {
            deliver(run, event, session, backlog).await;
            continue;
        }
        let due = pace.due();
        let event = tokio::select! {
            biased;
            // What is due goes first: there is always something to receive of a task that writes without end.
            () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => continue,
            event = events.recv(), if !pace.is_full() => event,
        };
        let Some(event) = event else { break };
        // Before anybody hears of it: who is told of the end finds the whole record.
        if let Some(recorder) = &mut recorder {
            let trouble = tokio::task::block_in_place(|| recorder.take(&recorder.about().tell(&event)));
            if let Some(trouble) = trouble {
                session.with(|it| it.record_trouble(&trouble));
            }
        }
        pace.push(event);
    }
    // Only the end of the server comes without the end of the run before it.
    pace.flush();
    while let Some(event) = pace.take(Instant::now()) {
        deliver(run, event, session, backlog).await;
    }
}

/// Gives back what a run has claimed that ends so, which may wait for a disk.
async fn give_back(run: &str, summary: Option<&RunSummary>, session: &SharedSession) {
    let claims = session.with(|session| session.claims_of(run, summary));
    // A defect there keeps nobody from hearing of the end.
    let _ = off_thread(move || drop(claims)).await;
}

/// Brings an event to the session when the client has read what came before.
async fn deliver(run: &str, event: RunEvent, session: &SharedSession, backlog: &Backlog) {
    while backlog.exceeds(BACKLOG) {
        tokio::time::sleep(CATCHING_UP).await;
    }
    if let RunEvent::RunFinished { summary } = &event {
        give_back(run, Some(summary), session).await;
    }
    let handled = catch_unwind(AssertUnwindSafe(|| session.with(|it| it.run_event(run, event))));
    if handled.is_err() {
        tracing::error!(run, "a defect in the handling of an event; the run goes on");
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
            "kind": "begin", "title": title, "message": message, "cancellable": true, "percentage": 0,
        }),
        ProgressValue::Report { message, percentage } => json!({
            "kind": "report", "message": message, "cancellable": true, "percentage": percentage,
        }),
        ProgressValue::End { message } => json!({ "kind": "end", "message": message }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::environment::Environment;

    /// A client that reads nothing, and an event that waits for it.
    async fn pump_before_a_full_backlog(abandon: bool) -> bool {
        let (effects, _wanted) = mpsc::unbounded_channel();
        let session = SharedSession::new(effects, Environment::of(&[]));
        let backlog = Backlog::of(BACKLOG + 1);
        let (sender, events) = mpsc::channel(EVENTS);
        sender.send(RunEvent::RunFinished { summary: RunSummary::default() }).await.unwrap();
        drop(sender);
        if abandon {
            backlog.abandon();
        }
        let pump = pump("run-1", events, &session, &backlog, None);
        tokio::time::timeout(5 * CATCHING_UP, pump).await.is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn output_waits_for_a_slow_client_and_not_for_one_that_is_gone() {
        assert!(!pump_before_a_full_backlog(false).await);
        assert!(pump_before_a_full_backlog(true).await);
    }
}
