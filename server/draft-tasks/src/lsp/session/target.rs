//! In which pods of which cluster tasks run, and what is to be asked before they do.
//!
//! Must not contact a cluster or ask anybody: the outbox does.

use draft_tasks_executor::cluster::Target;
use serde::Serialize;

use super::Session;
use super::reading::Source;
use crate::lifecycle::Activity;
use crate::lsp::effect::{Effect, Questions};
use crate::safety::Foreign;
use crate::world::application::Found;

/// Where tasks of `post-deploy` would run, as far as it is known without asking the cluster.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct TargetFound {
    /// The environment of `draft.toml`.
    environment: String,
    /// Those that `draft.toml` has.
    environments: Vec<String>,
    /// The contexts of the kubeconfig.
    contexts: Vec<String>,
    /// The namespaces that `draft.toml` and the contexts name.
    namespaces: Vec<String>,
    /// The application's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    application: Option<String>,
    /// The labels of its pods.
    #[serde(skip_serializing_if = "Option::is_none")]
    selector: Option<String>,
    /// The context of the kubeconfig.
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<String>,
    /// The address of the cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<String>,
    /// The namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    /// Why something is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

impl TargetFound {
    /// Reads `draft.toml` and the kubeconfig.
    pub(crate) fn of(source: &Source) -> TargetFound {
        let application = source.application(&source.shown);
        let (environment, environments) = (application.environment_name(), application.environments());
        let contexts = application.contexts().into_iter().map(|context| context.name).collect();
        let mut answer = TargetFound {
            environment,
            environments,
            contexts,
            namespaces: application.namespaces(),
            ..TargetFound::default()
        };
        let (namespace, mut problem) = match application.find() {
            Ok(Found { application, namespace }) => {
                answer.application = Some(application.name);
                answer.selector = Some(application.selector);
                (namespace, None)
            }
            Err(problem) => (None, Some(problem)),
        };
        match application.target(namespace.as_deref()) {
            Ok(target) => {
                answer.context = target.context;
                answer.server = Some(target.server);
                answer.namespace = Some(target.namespace);
            }
            Err(wrong) => problem = problem.or(Some(wrong)),
        }
        answer.problem = problem.map(|problem| problem.describe());
        answer
    }
}

impl Session {
    /// Settings or files around a tasks file have changed.
    pub(super) fn target_changed(&self) {
        if self.flags.output_version.is_some() {
            self.effect(Effect::TargetChanged);
        }
    }

    /// Takes out what the user has answered: a cluster is asked for once, and each time before what deploys, deletes or
    /// cleans up.
    pub(super) fn take_answered(&self, wanted: Activity, questions: &mut Questions) {
        let is_confirmed =
            |foreign: &Foreign| foreign.target.as_ref().is_some_and(|it| self.is_confirmed(wanted, it));
        questions.foreign.retain(|foreign| !is_confirmed(foreign));
    }

    /// Whether the user wants this to reach the cluster, so that it is not asked again.
    pub(crate) fn is_confirmed(&self, wanted: Activity, target: &Target) -> bool {
        !wanted.is_grave() && self.confirmed.contains(&known_as(target))
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
