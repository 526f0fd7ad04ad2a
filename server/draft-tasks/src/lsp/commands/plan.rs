//! What a phase would run, for people and clients.
//!
//! Must not run anything or show a secret.

use draft_tasks_analysis::command::show_command;
use draft_tasks_analysis::markdown::{code_span, text_span};
use draft_tasks_analysis::plan::{self, Plan, Step};
use draft_tasks_analysis::printable::printable;
use serde::{Deserialize, Serialize};
use tower_lsp::gen_lsp_types::{MessageType, Uri};
use tower_lsp::jsonrpc::Error;

use super::{Listed, Needs, ServerCommand};
use crate::lsp::documents::look::off_thread;
use crate::lsp::session::{Session, SharedSession, Source, source};

/// Shows what a phase would run.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ShowPlan {
    /// The tasks file.
    #[cfg_attr(test, schemars(with = "String"))]
    pub(crate) uri: Uri,
    /// The phase's name.
    pub(crate) phase: String,
    /// Whether the server shows it as a message, too; it does when nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) show: Option<bool>,
}

impl ServerCommand for ShowPlan {
    const NAME: &'static str = "draft-tasks.plan";
    const DOCUMENTATION: &'static str = "Shows what a phase would run, secrets masked, and answers it: `{ \"phase\": …, \
        \"directory\": …, \"tasks\": [{ \"task\": …, \"command\": …, \"argv\": […], \"once\": … }], \"markdown\": \
        … }`. Nothing runs.";
    const STARTS: bool = false;
    const LISTED: Option<Listed> = Some(Listed { title: "Show Plan…", needs: Needs::TasksFile });

    type Answer = PlanShown;

    async fn execute(self, session: &SharedSession) -> Result<PlanShown, Error> {
        let source = source(session, &self.uri).await?;
        let (source, note) = off_thread(move || {
            let environment = source.environment.as_ref().ok();
            let pinned = environment.map(|environment| source.application(environment).pinned_if_named());
            let note = match pinned {
                Some(Ok(Some(pinned))) => {
                    Some(format!("tools of clusters meet {}", pinned.target.describe()))
                }
                _ => None,
            };
            (source, note)
        })
        .await?;
        session.with(|session| session.plan(&self, &source, note))
    }
}

/// What a phase would run.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct PlanShown {
    /// The phase's name.
    phase: String,
    /// Where its tasks run.
    directory: String,
    /// Its tasks, in the order of the file.
    tasks: Vec<TaskShown>,
    /// All of it for people.
    markdown: String,
}

/// What a task would run.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct TaskShown {
    /// The task's description.
    task: String,
    /// Its command, secrets masked.
    command: String,
    /// The program and its arguments, secrets masked.
    argv: Vec<String>,
    /// Whether it runs in the first ready pod alone.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    once: bool,
}

impl Session {
    /// What a phase would run.
    fn plan(&mut self, wanted: &ShowPlan, source: &Source, note: Option<String>) -> Result<PlanShown, Error> {
        let lookup = |name: &str| source.shown.shown(name);
        let of_phase = plan::phase_named(&source.analysis.parsed, &wanted.phase)
            .and_then(|phase| Plan::for_phase(&source.analysis.parsed, phase, &[], &lookup));
        let mut plan = of_phase.map_err(|error| source.refuse(&error))?;
        let once = if plan.subject.is_local() { Vec::new() } else { source.config.kubernetes.once.clone() };
        let once: Vec<bool> = plan.steps.iter().map(|step| once.contains(&step.task)).collect();
        let secrets = source.shown.secrets();
        for Step { task, command, argv, .. } in &mut plan.steps {
            for text in argv.iter_mut().chain([task, command]) {
                *text = secrets.mask(text).into_owned();
            }
        }
        let directory = source.directory.display().to_string();
        let note = note.filter(|_| plan.subject.is_local());
        let noted = |span: &dyn Fn(&str) -> String| {
            note.iter().map(|note| format!("\n\n{}", span(note))).collect::<String>()
        };
        if wanted.show.unwrap_or(true) {
            self.show(
                MessageType::Info,
                described(&plan, &once, &directory, |text| printable(&text)) + &noted(&printable),
            );
        }
        let markdown = described(&plan, &once, &directory, |text| code_span(&text)) + &noted(&text_span);
        let phase = plan.subject.name().to_owned();
        let shown = |(step, once): (Step, bool)| TaskShown {
            task: step.task,
            command: step.command,
            argv: step.argv,
            once,
        };
        let tasks = plan.steps.into_iter().zip(once).map(shown).collect();
        Ok(PlanShown { phase, directory, tasks, markdown })
    }
}

/// A plan in words: the phase, where, and the arguments of each task.
fn described(plan: &Plan, once: &[bool], directory: &str, span: impl Fn(String) -> String) -> String {
    let mut lines = vec![format!("{} in {}", plan.subject, span(directory.to_owned()))];
    for ((number, step), once) in (1..).zip(&plan.steps).zip(once) {
        let once = if *once { " (once, in the first ready pod)" } else { "" };
        let arguments: Vec<_> = show_command(&step.argv).into_iter().map(&span).collect();
        lines.push(format!("{number}. {}{once}: {}", span(step.task.clone()), arguments.join(" ")));
    }
    lines.join("\n")
}
