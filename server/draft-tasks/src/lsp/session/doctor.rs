//! What the doctor needs to know of a tasks file, and what is shown of its answer.
//!
//! Must not contact a cluster: whoever asks does, without the session's lock.

use draft_tasks_analysis::phase::Phase;
use serde_json::{Value, json};
use tower_lsp::gen_lsp_types::*;
use tower_lsp::jsonrpc::Error;

use super::Session;
use super::running::{read, refusal};
use crate::doctor::{self, Link, Wanted};
use crate::lsp::ext;

/// What is to be looked at, and whether it is shown.
#[derive(Debug)]
pub(crate) struct Examination {
    pub(crate) wanted: Wanted,
    show: bool,
}

impl Session {
    /// What is to be looked at, if a command asks for the doctor.
    pub(crate) fn examination(
        &mut self,
        params: &ExecuteCommandParams,
    ) -> Option<Result<Examination, Error>> {
        if ext::Command::from_name(&params.command) != Some(ext::Command::Doctor) {
            return None;
        }
        let argument = params.arguments.as_ref().and_then(|arguments| arguments.first()).cloned();
        Some(read(argument).and_then(|asked| self.examine(&asked)))
    }

    fn examine(&mut self, asked: &ext::AskDoctor) -> Result<Examination, Error> {
        if !self.trusted {
            return Err(refusal("no cluster is contacted in a workspace that is not trusted"));
        }
        self.may_start()?;
        let source = self.source(&asked.uri)?;
        let environment = self.environment_of(Some(&source.directory)).map_err(refusal)?;
        let tasks = source.analysis.file.commands_of(Phase::PostDeploy).count();
        let wanted = Wanted {
            tasks: Ok((source.path.clone(), tasks)),
            environment,
            name: source.config.environment.clone(),
            settings: source.config.kubernetes.clone(),
            directory: source.directory,
        };
        Ok(Examination { wanted, show: asked.show.unwrap_or(true) })
    }

    /// What is answered when the chain was walked.
    pub(crate) fn examined(&mut self, show: &Examination, links: &[Link]) -> Value {
        let (broken, markdown) = (doctor::first_broken(links), doctor::markdown(links));
        if show.show {
            let kind = if broken.is_some() { MessageType::Warning } else { MessageType::Info };
            self.show(kind, doctor::text(links));
        }
        json!({ "ok": broken.is_none(), "markdown": markdown })
    }
}
