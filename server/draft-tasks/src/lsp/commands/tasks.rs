//! The phases and tasks of a file, for clients that show them as a tree.

use draft_tasks_analysis::lens;
use serde::{Deserialize, Serialize};
use tower_lsp::gen_lsp_types::Uri;
use tower_lsp::jsonrpc::Error;

use super::{Listed, ServerCommand};
use crate::lsp::session::{Session, SharedSession, Source, source};

/// Asks which phases and tasks a file has.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ListTasks {
    /// The tasks file.
    #[cfg_attr(test, schemars(with = "String"))]
    pub(crate) uri: Uri,
}

/// The answer to `draft-tasks.tasks`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Outline {
    /// The phases that have tasks, in the order of the file.
    pub(crate) phases: Vec<OutlinePhase>,
}

/// A phase that has tasks.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct OutlinePhase {
    /// The phase's name.
    pub(crate) phase: String,
    /// Where its header is, from 0.
    pub(crate) line: u32,
    /// Its tasks, in the order of the file.
    pub(crate) tasks: Vec<OutlineTask>,
}

/// A task of a phase.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct OutlineTask {
    /// The task's description.
    pub(crate) task: String,
    /// Its command.
    pub(crate) command: String,
    /// Where it is, from 0.
    pub(crate) line: u32,
}

impl ServerCommand for ListTasks {
    const NAME: &'static str = "draft-tasks.tasks";
    const DOCUMENTATION: &'static str = "Answers the phases of a tasks file that have tasks, with these, as they stand in the editor, \
        or on disk where the file is not open. Nothing runs.";
    const STARTS: bool = false;
    const LISTED: Option<Listed> = None;

    type Answer = Outline;

    async fn execute(self, session: &SharedSession) -> Result<Outline, Error> {
        let source = source(session, &self.uri).await?;
        Ok(session.with(|session| session.outline(&self.uri, &source)))
    }
}

impl Session {
    /// The phases of a file that have tasks, and these.
    fn outline(&self, uri: &Uri, source: &Source) -> Outline {
        let context = self.context_of(uri, &source.analysis);
        let line = |range| context.range(range).start.line;
        let phases = lens::outline(&source.analysis.parsed).into_iter().map(|of| OutlinePhase {
            phase: of.phase.name().into(),
            line: line(of.range),
            tasks: of
                .tasks
                .into_iter()
                .map(|task| OutlineTask { task: task.name, command: task.command, line: line(task.range) })
                .collect(),
        });
        Outline { phases: phases.collect() }
    }
}
