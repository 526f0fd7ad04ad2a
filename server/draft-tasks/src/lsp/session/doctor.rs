//! What the doctor needs to know of a tasks file, and what is shown of its answer.
//!
//! Must not contact a cluster: whoever asks does, without the session's lock.

use draft_tasks_analysis::phase::Phase;
use draft_tasks_executor::Problem;
use serde::Serialize;
use tower_lsp::gen_lsp_types::*;
use tower_lsp::jsonrpc::Error;

use super::Session;
use super::reading::Source;
use crate::doctor::{self, DoctorRequest, Link};
use crate::lsp::protocol::to_proto::refusal;
use crate::plan_refusal;
use crate::settings::audience::Audience;

/// What the doctor says.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Examined {
    /// Whether nothing is broken.
    pub(crate) ok: bool,
    /// Each link of the chain, for people.
    pub(crate) markdown: String,
}

impl Source {
    /// What the doctor is to look at.
    pub(crate) fn examination(self) -> Result<DoctorRequest, Error> {
        let environment = self.environment.map_err(refusal)?;
        let lookup = |name: &str| environment.get(name);
        let tasks = plan_refusal::runnable(&self.analysis, Phase::PostDeploy, &lookup);
        let tasks = tasks.map_err(|refusal| Problem::new(refusal.message));
        Ok(DoctorRequest {
            tasks: tasks.map(|tasks| (self.path, tasks)),
            environment,
            name: self.config.environment,
            settings: self.config.kubernetes,
            audience: Audience::Editor,
            directory: self.directory,
        })
    }
}

impl Session {
    /// Whether a cluster may be contacted.
    pub(crate) fn may_examine(&self) -> Result<(), Error> {
        if !self.trusted {
            return Err(refusal("no cluster is contacted in a workspace that is not trusted"));
        }
        Ok(())
    }

    /// What is answered when the chain was walked.
    pub(crate) fn examined(&mut self, show: bool, links: &[Link]) -> Examined {
        let (broken, markdown) = (doctor::first_broken(links), doctor::markdown(links));
        if show {
            let kind = if broken.is_some() { MessageType::Warning } else { MessageType::Info };
            self.show(kind, doctor::text(links));
        }
        Examined { ok: broken.is_none(), markdown }
    }
}
