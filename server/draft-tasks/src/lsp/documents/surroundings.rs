//! What is read around a document: its project's settings, the variables of tasks, the cluster, and the facts that its
//! commands make one want to know.
//!
//! Must not be read where the session is locked: a disk may hang.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use draft_tasks_analysis::Facts;
use draft_tasks_analysis::facts::FactsWanted;
use draft_tasks_analysis::file_names::DRAFT_TOML;
use draft_tasks_analysis::markdown::{code_span, text_span};
use draft_tasks_analysis::task_variable::TaskValues;
use draft_tasks_executor::{PodsRequest, Problem};

use crate::settings::Config;
use crate::settings::audience::Audience;
use crate::settings::run::RunSettings;
use crate::world::application::ApplicationLookup;
use crate::world::environment::Environment;
use crate::world::facts;

/// What is to be read, as plain values.
#[derive(Debug)]
pub(crate) struct Outlook {
    pub(crate) directory: Option<PathBuf>,
    /// The environment of the server.
    pub(crate) environment: Environment,
    pub(crate) run: RunSettings,
    pub(crate) config: Config,
    pub(crate) facts: FactsWanted,
}

/// What was read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Surroundings {
    /// The variables of tasks, to be shown.
    pub(crate) environment: Option<Environment>,
    /// What tasks are told of what they run for.
    pub(crate) told: TaskValues,
    /// In which pods tasks of `post-deploy` would run, or why that is not known, as Markdown.
    pub(crate) pods: Option<String>,
    /// The text of the `draft.toml` in the same directory.
    pub(crate) draft: Option<Arc<str>>,
    /// Whether it is known which application they are of, and in which cluster.
    pub(crate) has_application: bool,
}

impl Outlook {
    /// Reads it, which may take for ever.
    pub(crate) fn read(&self) -> (Surroundings, Facts) {
        let directory = self.directory.as_deref();
        let environment = to_show(&self.environment, &self.run, directory.unwrap_or(Path::new("")));
        let application =
            |directory| ApplicationLookup::by(&self.config, directory, &environment, Audience::Editor);
        let told = directory.map(|directory| application(directory).told()).unwrap_or_default();
        let found = directory.map(|directory| application(directory).pods(Vec::new()));
        let has_application = matches!(found, Some(Ok(_)));
        let pods = found.map(pods);
        let environment = environment.telling(&told);
        let facts = facts::gather(directory, &environment, &self.facts);
        let draft = directory.and_then(|directory| facts::read(&directory.join(DRAFT_TOML)));
        let draft = draft.map(Arc::from);
        (Surroundings { environment: Some(environment), told, pods, draft, has_application }, facts)
    }
}

fn pods(found: Result<PodsRequest, Problem>) -> String {
    match found {
        Ok(pods) => {
            let (selector, place) = (code_span(&pods.application.selector), pods.target.describe());
            format!("pods: {selector} · {}", text_span(&place))
        }
        Err(problem) => format!("pods: not known, {}", text_span(&problem.message)),
    }
}

/// The environment of tasks for looking at commands: a file of variables that cannot be read keeps tasks from running,
/// and nobody from looking.
pub(crate) fn to_show(environment: &Environment, settings: &RunSettings, directory: &Path) -> Environment {
    let with_files = environment.with(settings, directory);
    with_files.unwrap_or_else(|_| without_files(environment, settings))
}

/// The environment of tasks as far as no file is to be read for it.
pub(crate) fn without_files(environment: &Environment, settings: &RunSettings) -> Environment {
    let settings = RunSettings { env_files: Vec::new(), ..settings.clone() };
    environment.with(&settings, Path::new("")).unwrap_or_else(|_| environment.clone())
}
