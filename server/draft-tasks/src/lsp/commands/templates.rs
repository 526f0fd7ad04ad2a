//! From what a tasks file can be created.

use serde::{Deserialize, Serialize};
use tower_lsp::jsonrpc::Error;

use super::{Listed, ServerCommand};
use crate::lsp::documents::look::off_thread;
use crate::lsp::session::SharedSession;
use crate::world::environment::Environment;
use crate::world::packs;

/// Asks what a tasks file can be made from.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ListTemplates {}

/// The answer to `draft-tasks.templates`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Templates {
    /// The arguments that make them, each with a title and what is in them.
    pub(crate) templates: Vec<Template>,
}

/// What a tasks file can be made from.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Template {
    /// What it is, for people.
    pub(crate) title: String,
    /// More about it, for people.
    pub(crate) about: String,
    /// The pack.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pack: Option<String>,
    /// Whether it is the example of the specification.
    pub(crate) example: bool,
}

impl ServerCommand for ListTemplates {
    const NAME: &'static str = "draft-tasks.templates";
    const DOCUMENTATION: &'static str = "Answers what `draft-tasks.create` can make a tasks file from.";
    const STARTS: bool = false;
    const LISTED: Option<Listed> = None;

    type Answer = Templates;

    async fn execute(self, session: &SharedSession) -> Result<Templates, Error> {
        let environment = session.with(|session| session.environment());
        off_thread(move || Templates::of(&environment)).await
    }
}

impl Templates {
    /// Those of the specification, and those of the packs of this user, which are read.
    pub(crate) fn of(environment: &Environment) -> Templates {
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
        let packs =
            packs::files(&packs::of_user(environment)).into_iter().filter(|file| !file.text.is_empty());
        templates.extend(packs.map(|file| Template {
            title: format!("Pack {}", file.pack),
            about: "the tasks file that `draft create` copies".into(),
            pack: Some(file.pack),
            example: false,
        }));
        Templates { templates }
    }
}
