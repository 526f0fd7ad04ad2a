//! In which pods of which cluster tasks run, and what is to be asked before they do.
//!
//! Must not contact a cluster or ask anybody: the outbox does.

use draft_tasks_analysis::TextSize;
use draft_tasks_executor::PodsRequest;
use draft_tasks_executor::RunRequest;
use draft_tasks_executor::cluster::Target;
use serde_json::{Map, Value};
use tower_lsp::jsonrpc::Error;

use super::Session;
use crate::lsp::document::{Analysed, Document};
use crate::lsp::effect::Effect;
use crate::lsp::ext;
use crate::lsp::surroundings;
use crate::safety::{self, Foreign, Guard};
use crate::settings::kubernetes::KubernetesSettings;
use crate::world::application::Found;

/// What is to be asked before a run starts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Questions {
    /// Whether to reach these clusters, which are not local.
    pub(crate) foreign: Vec<Foreign>,
    /// Whether to clean up or delete, by the pods that there are.
    pub(crate) guard: Option<Guard>,
    /// Which pods of this application there are before it is deployed: not a question to the user, but one whose answer
    /// the run has to wait for.
    pub(crate) before: Option<Box<PodsRequest>>,
}

impl Questions {
    pub(crate) fn is_empty(&self) -> bool {
        self.foreign.is_empty() && self.guard.is_none() && self.before.is_none()
    }
}

impl Session {
    /// Where tasks of `post-deploy` would run, as far as it is known without asking the cluster.
    pub(super) fn target(&mut self, wanted: &ext::AskTarget) -> Result<Value, Error> {
        let source = self.source(&wanted.uri)?;
        let environment = surroundings::to_show(&self.environment, &self.config.run, &source.directory);
        let application = source.application(&environment);
        let mut answer = Map::new();
        let mut say = |name: &str, value: Option<String>| {
            answer.extend(value.map(|value| (name.to_owned(), Value::String(value))));
        };
        say("environment", Some(application.environment_name()));
        let (namespace, mut problem) = match application.find() {
            Ok(Found { application, namespace }) => {
                say("application", Some(application.name));
                say("selector", Some(application.selector));
                (namespace, None)
            }
            Err(problem) => (None, Some(problem)),
        };
        match application.target(namespace.as_deref()) {
            Ok(target) => {
                say("context", target.context);
                say("server", Some(target.server));
                say("namespace", Some(target.namespace));
            }
            Err(wrong) => problem = problem.or(Some(wrong)),
        }
        say("problem", problem.map(|problem| problem.describe()));
        answer.insert("environments".into(), application.environments().into());
        Ok(Value::Object(answer))
    }

    /// Settings or files around a tasks file have changed.
    pub(super) fn target_changed(&self) {
        if self.flags.own_output {
            self.effect(Effect::TargetChanged);
        }
    }

    /// What hover says of runs: in which pods a phase would run, and how it or a task last ended.
    pub(super) fn hover_of_runs(
        &self,
        document: &Document,
        analysis: &Analysed,
        offset: TextSize,
    ) -> Vec<String> {
        let text = &analysis.text;
        if let Some((section, task)) = analysis.file.task_at(offset) {
            let last = section.phase.zip(task.command()).and_then(|(phase, command)| {
                self.runs.results.task(&document.uri, phase, &task.name(text), &command.decode(text))
            });
            return last.map(|result| result.tooltip(self.clock)).into_iter().collect();
        }
        let Some(phase) = analysis.file.section_at(offset).and_then(|section| section.phase) else {
            return Vec::new();
        };
        let pods = document.surroundings.pods.clone().filter(|_| !phase.is_local());
        let last = self.runs.results.last_of_phase(&document.uri, phase);
        let last = last.map(|run| format!("last run: {}", run.describe(self.clock)));
        pods.into_iter().chain(last).collect()
    }

    /// What has to be asked before this run; a cluster is asked for once.
    pub(super) fn questions(
        &self,
        request: &RunRequest,
        guard: Option<Guard>,
        settings: &KubernetesSettings,
    ) -> Questions {
        let foreign = safety::foreign(request, &|target| self.accepts(target, settings));
        Questions { foreign, guard, before: None }
    }

    /// Whether runs reach this cluster without asking.
    pub(super) fn accepts(&self, target: &Target, settings: &KubernetesSettings) -> bool {
        settings.is_local(target) || self.is_confirmed(target)
    }

    /// Whether the user wants runs to reach this cluster.
    pub(super) fn is_confirmed(&self, target: &Target) -> bool {
        self.confirmed.contains(&known_as(target))
    }

    /// The user wants runs to reach this cluster.
    pub(crate) fn confirm(&mut self, target: &Target) {
        self.confirmed.insert(known_as(target));
    }
}

/// By what a cluster is remembered.
fn known_as(target: &Target) -> (Option<String>, String, String) {
    (target.context.clone(), target.server.clone(), target.namespace.clone())
}
