//! What a task wrote, found and opened.

use std::path::PathBuf;

use draft_tasks_analysis::plan::Subject;
use draft_tasks_executor::record::{RecordState, Records};
use serde::{Deserialize, Serialize};
use tower_lsp::gen_lsp_types::{MessageType, Uri};
use tower_lsp::jsonrpc::Error;

use super::{Listed, Needs, ServerCommand};
use crate::lsp::documents::look::off_thread;
use crate::lsp::effect::Effect;
use crate::lsp::protocol::to_proto::refusal;
use crate::lsp::runs::Run;
use crate::lsp::runs::log_text::is_log;
use crate::lsp::runs::results::PastRun;
use crate::lsp::session::{Session, SharedSession};

/// Opens what a task wrote.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ShowLog {
    /// Only of this run, as its command answered it or as `draft-tasks runs` lists it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) run: Option<String>,
    /// Only of this tasks file.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub(crate) uri: Option<Uri>,
    /// Only of this phase.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) phase: Option<String>,
    /// The task's description; without it the task that failed first, else the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) task: Option<String>,
}

impl ServerCommand for ShowLog {
    const NAME: &'static str = "draft-tasks.showLog";
    const DOCUMENTATION: &'static str = "Opens the plain text of what a task wrote when it last ran or has written until now, where \
        the client opens documents, else says where it is; answers `{ \"log\": the file, \"uri\": \
        the document that is opened }`. Where the client has `workspace/textDocumentContent` that is \
        a virtual document, which the client is asked to refresh when the task is over.";
    const STARTS: bool = false;
    const LISTED: Option<Listed> = Some(Listed { title: "Show Log of Last Run", needs: Needs::TasksFile });

    type Answer = LogShown;

    async fn execute(self, session: &SharedSession) -> Result<LogShown, Error> {
        let search = session.with(|session| session.log_search(self));
        let log = off_thread(move || search.find()).await?.map_err(refusal)?;
        Ok(session.with(|session| session.show_log(log)))
    }
}

/// Where a log is.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct LogShown {
    /// The file.
    log: String,
    /// The document that is opened.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    uri: Option<Uri>,
}

/// Where a log is to be looked for.
struct LogSearch {
    /// That of a run of this server.
    known: Option<PathBuf>,
    records: Option<Records>,
    run: Option<String>,
    task: Option<String>,
}

impl Session {
    /// Where the log is to be looked for that is asked for.
    fn log_search(&self, wanted: ShowLog) -> LogSearch {
        let task = wanted.task.as_deref();
        let phase = wanted.phase.as_ref().map(|phase| phase.to_lowercase());
        let matches = |id: &String, uri: &Uri, subject: Subject| {
            wanted.run.as_ref().is_none_or(|run| run == id)
                && wanted.uri.as_ref().is_none_or(|of| of == uri)
                && phase.as_ref().is_none_or(|phase| phase == subject.name())
        };
        let goes_on = |run: &&Run| matches(&run.id, &run.uri, run.subject);
        let is_over = |run: &PastRun| matches(&run.seen.id, &run.uri, run.seen.subject) && run.has_log(task);
        let running = self.runs.active.iter().rev().filter(goes_on).find_map(|run| run.log(task));
        let over = || self.runs.results.last_run(is_over)?.log(task);
        LogSearch {
            known: running.or_else(over),
            records: self.records(),
            run: wanted.run,
            task: wanted.task,
        }
    }

    /// Opens a log.
    fn show_log(&self, log: PathBuf) -> LogShown {
        let uri = self.log_document(&log);
        let answer = LogShown { log: log.display().to_string(), uri: uri.clone() };
        match uri.filter(|_| self.flags.shows_documents) {
            Some(uri) => self.effect(Effect::ShowDocument { uri, path: log }),
            None => self.show(MessageType::Info, log.display().to_string()),
        }
        answer
    }
}

impl LogSearch {
    /// Looks for the log; else why there is none.
    fn find(self) -> Result<PathBuf, String> {
        let log = self.known.clone().or_else(|| self.of_record());
        let log = log.ok_or("there is no log: nothing of it has run, or no records are kept")?;
        if !log.exists() {
            return Err(format!("the log {} has been removed", log.display()));
        }
        Ok(log)
    }

    /// The log of a run that this server did not run, as its record has it: of a task, or of the first that failed, else
    /// of the last.
    fn of_record(&self) -> Option<PathBuf> {
        // A record that cannot be read has nothing to show.
        let kept = self.records.as_ref()?.find(self.run.as_ref()?).ok()??;
        let RecordState::Finished(result) = &kept.state else { return None };
        let mut with_log = result.tasks.iter().filter(|it| it.any_log().is_some());
        let found = match &self.task {
            Some(name) => with_log.find(|it| it.name == *name),
            None => with_log.clone().find(|it| it.failure.is_some()).or_else(|| with_log.next_back()),
        };
        let name = found?.any_log().filter(|name| is_log(name))?;
        Some(kept.folder.join(name))
    }
}
