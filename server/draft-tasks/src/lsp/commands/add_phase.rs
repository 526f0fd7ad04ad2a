//! A phase, put into a file that does not have it.

use draft_tasks_analysis::{plan, refactor};
use serde::{Deserialize, Serialize};
use tower_lsp::gen_lsp_types::Uri;
use tower_lsp::jsonrpc::Error;

use super::{Listed, ServerCommand};
use crate::lsp::effect::Effect;
use crate::lsp::protocol::to_proto::{self, refusal};
use crate::lsp::session::{Session, SharedSession};

/// Adds a phase.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct AddPhase {
    /// The tasks file.
    #[cfg_attr(test, schemars(with = "String"))]
    pub(crate) uri: Uri,
    /// The phase's name.
    pub(crate) phase: String,
}

impl ServerCommand for AddPhase {
    const NAME: &'static str = "draft-tasks.addPhase";
    const DOCUMENTATION: &'static str =
        "Has the client add the header of a phase at the end of a file that is open, and answers `null`.";
    const STARTS: bool = false;
    const LISTED: Option<Listed> = None;

    type Answer = ();

    async fn execute(self, session: &SharedSession) -> Result<(), Error> {
        session.with(|session| session.add_phase(&self))
    }
}

impl Session {
    fn add_phase(&mut self, wanted: &AddPhase) -> Result<(), Error> {
        let not_open = || refusal(format!("`{}` is not an open tasks file", wanted.uri.0));
        let (session, document, analysis) = self.opened(&wanted.uri).ok_or_else(not_open)?;
        let phase = plan::phase_named(&analysis.parsed, &wanted.phase);
        let phase = phase.map_err(|error| refusal(error.describe()))?;
        let added = refactor::added_phase(&analysis.parsed, phase);
        let added = added.ok_or_else(|| refusal(format!("the file has `{phase}` already")))?;
        let edit = to_proto::workspace_edit(session.context(document, &analysis), &added.edits);
        session.effect(Effect::ApplyEdit { label: format!("Add `{phase}`"), edit, shows: None });
        Ok(())
    }
}
