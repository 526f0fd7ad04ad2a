//! Commands that answer for a client's own views: which tasks a file has, and what a new file can be made from; and the
//! dispatch of the commands beside those of `ext::Command`.
//!
//! Must not change anything.

use draft_tasks_analysis::lens::{self, RunnableKind};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tower_lsp::gen_lsp_types::*;
use tower_lsp::jsonrpc::Error;

use super::Session;
use super::running::{Chosen, refusal};
use crate::lsp::ext::{self, OutlinePhase, OutlineTask, Template};
use crate::lsp::to_proto::Context;
use crate::world::packs;

impl Session {
    /// Executes any command of the server.
    pub(crate) fn execute(&mut self, params: ExecuteCommandParams) -> Result<Value, Error> {
        match params.command.as_str() {
            ext::CREATE => self.create(&argument(params)?).map_err(refusal),
            ext::RUN_TASKS => self.run_tasks(argument(params)?),
            ext::TASKS => self.outline(&argument(params)?),
            ext::TEMPLATES => Ok(json!(self.templates())),
            _ => self.execute_command(params),
        }
    }

    fn run_tasks(&mut self, wanted: ext::RunTasks) -> Result<Value, Error> {
        let ext::RunTasks { uri, phase, tasks, pods } = wanted;
        if tasks.is_empty() {
            return Err(Error::invalid_params("no task is named"));
        }
        let chosen = tasks.into_iter().map(|ext::SeenTask { task, command }| Chosen { task, command });
        self.run(&uri, &phase, &chosen.collect::<Vec<_>>(), pods)
    }

    /// The phases of a file that have tasks, and these.
    fn outline(&mut self, wanted: &ext::ListTasks) -> Result<Value, Error> {
        let source = self.source(&wanted.uri)?;
        let context = Context {
            uri: &wanted.uri,
            analysed: &source.analysis,
            encoding: self.encoding,
            flags: self.flags,
            pages: &self.pages,
        };
        let mut phases: Vec<OutlinePhase> = Vec::new();
        for runnable in lens::runnables(&source.analysis) {
            let (phase, line) = (runnable.phase.name(), context.range(runnable.range).start.line);
            // A phase of dotted keys has no header: it is where its first task is.
            if !phases.iter().any(|known| known.phase == phase) {
                phases.push(OutlinePhase { phase: phase.into(), line, tasks: Vec::new() });
            }
            let of_phase = phases.iter_mut().find(|known| known.phase == phase);
            if let (Some(of_phase), RunnableKind::Task { name, command }) = (of_phase, runnable.what) {
                of_phase.tasks.push(OutlineTask { task: name, command, line });
            }
        }
        phases.retain(|phase| !phase.tasks.is_empty());
        Ok(json!(ext::Outline { phases }))
    }

    fn templates(&self) -> ext::Templates {
        let mut templates = vec![
            Template {
                title: "The phases, with comments".into(),
                about: "an empty task for each, to fill in".into(),
                pack: None,
                example: false,
            },
            Template {
                title: "The example of DEP-8".into(),
                about: "all three phases, as the specification has them".into(),
                pack: None,
                example: true,
            },
        ];
        let packs = packs::files(&self.packs()).into_iter().filter(|file| !file.text.is_empty());
        templates.extend(packs.map(|file| Template {
            title: format!("Pack {}", file.pack),
            about: "the tasks file that `draft create` copies".into(),
            pack: Some(file.pack),
            example: false,
        }));
        ext::Templates { templates }
    }
}

fn argument<T: DeserializeOwned>(params: ExecuteCommandParams) -> Result<T, Error> {
    let argument = params.arguments.unwrap_or_default().into_iter().next().unwrap_or_default();
    serde_json::from_value(argument).map_err(|error| Error::invalid_params(error.to_string()))
}
