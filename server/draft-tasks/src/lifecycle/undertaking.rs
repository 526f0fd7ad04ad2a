//! What `up` or `delete` is about to do, and where: the command line and the language server begin with it.
//!
//! Must not contact a cluster, ask anybody or run anything.

use std::ffi::OsString;
use std::path::Path;

use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::plan::{Plan, Subject};
use draft_tasks_executor::cluster::Target;
use draft_tasks_executor::{Pinned, PodsRequest, Problem};

use super::{Lifecycle, LifecycleFacts, Part};
use crate::safety::{self, Crossing, Foreign, Guard, Whereabouts, lacking};
use crate::settings::kubernetes::{GONE_TIMEOUT, KubernetesSettings};
use crate::world::application::{ApplicationLookup, UNNAMED};

/// Everything that is known before the first step.
#[derive(Debug)]
pub(crate) struct Undertaking {
    pub(crate) part: Part,
    pub(crate) steps: Lifecycle,
    plans: Vec<Plan>,
    /// The pods that are awaited; nothing where none are.
    pub(crate) pods: Option<PodsRequest>,
    /// What is to be asked about before something is deleted.
    pub(crate) guard: Option<Guard>,
    /// The cluster of all steps, where one is known.
    cluster: Option<Pinned>,
    /// Whether something names an application or a context, so that the command is meant for that cluster whatever it calls.
    names_cluster: bool,
    /// What is to be said before it begins.
    pub(crate) warning: Option<String>,
    /// Why it cannot begin, though it can be shown.
    problem: Option<Problem>,
}

/// Where a part of an application's life takes place.
#[derive(Debug)]
pub(crate) struct LifecycleSite {
    part: Part,
    guard: Option<Guard>,
    pods: Result<PodsRequest, Problem>,
    cluster: Result<Option<Pinned>, Problem>,
    names_cluster: bool,
}

impl LifecycleSite {
    /// That of a tasks file. Whoever may change what is looked at here must be kept out before.
    pub(crate) fn of(part: Part, application: &ApplicationLookup<'_>, file: &Path) -> LifecycleSite {
        let guard = match part {
            Part::Up => None,
            Part::Delete => Guard::of(application, file),
        };
        let pods = match &guard {
            Some(guard) => guard.pods(),
            None => application.pods(Vec::new()),
        };
        let target = pods.as_ref().ok().map(|pods| pods.target.clone());
        let names_cluster = guard.is_some() || application.is_named() || application.names_place(false);
        LifecycleSite { part, guard, pods, cluster: application.pinned_to(target), names_cluster }
    }

    /// The cluster of all steps, where one is known.
    pub(crate) fn target(&self) -> Option<&Target> {
        self.cluster.as_ref().ok().and_then(Option::as_ref).map(|pinned| &pinned.target)
    }
}

impl Undertaking {
    /// The part around a command. `phases` are the plans of those that have tasks which run.
    pub(crate) fn new(
        site: LifecycleSite,
        phases: Vec<Plan>,
        argv: &[String],
        settings: &KubernetesSettings,
    ) -> Undertaking {
        let LifecycleSite { part, guard, pods: found, cluster: pinned, names_cluster } = site;
        let mut plans = phases;
        let phases: Vec<Phase> = plans.iter().filter_map(|plan| plan.subject.phase()).collect();
        plans.push(part.plan(argv));
        let is_awaited = settings.selector.is_none() || part.awaits_selected(&phases);
        let limit = settings.gone_timeout.map_or(GONE_TIMEOUT, |limit| limit.0);
        let (pods, wrong) = match found {
            Ok(pods) if part == Part::Delete => (Some(PodsRequest { wait_timeout: limit, ..pods }), None),
            Ok(pods) => (Some(pods).filter(|_| is_awaited), None),
            Err(problem) => (None, Some(problem)),
        };
        let is_needed = phases.contains(&Phase::PostDeploy);
        let warning = wrong.as_ref().filter(|_| !is_needed);
        let warning = warning.map(|problem| format!("no pods are awaited: {}", problem.message));
        let steps =
            Lifecycle::new(part, &LifecycleFacts { phases: &phases, has_application: pods.is_some() });
        let (cluster, unmet) = match pinned {
            Ok(cluster) => (cluster, None),
            Err(problem) => (None, Some(problem)),
        };
        let problem = wrong.filter(|_| is_needed).or(unmet);
        Undertaking { part, steps, plans, pods, guard, cluster, names_cluster, warning, problem }
    }

    /// The undertaking, if it can begin.
    ///
    /// # Errors
    ///
    /// Why it cannot.
    pub(crate) fn ready(mut self) -> Result<Undertaking, Problem> {
        self.problem.take().map_or(Ok(self), Err)
    }

    /// Why it cannot begin, though it can be shown.
    pub(crate) fn obstacle(&self) -> Option<&Problem> {
        self.problem.as_ref()
    }

    /// Why the pods in which a step would run are unknown.
    pub(crate) fn unknown(&self, step: Subject) -> Option<&Problem> {
        self.problem.as_ref().filter(|_| !step.is_local())
    }

    /// What a step runs; a step that waits has no tasks.
    pub(crate) fn plan(&self, step: Subject) -> Plan {
        let plan = self.plans.iter().find(|plan| plan.subject == step).cloned();
        plan.unwrap_or(Plan { subject: step, steps: Vec::new() })
    }

    /// Runs something else in a step that is still to come.
    pub(crate) fn replan(&mut self, plan: Plan) {
        self.plans.iter_mut().filter(|of| of.subject == plan.subject).for_each(|of| *of = plan.clone());
    }

    /// The pods that a step is about.
    pub(crate) fn pods(&self, step: Subject) -> Option<PodsRequest> {
        self.pods.clone().filter(|_| !step.is_local())
    }

    /// The cluster of which a local step gets a kubeconfig.
    pub(crate) fn pinned(&self, step: Subject) -> Option<Pinned> {
        // Inside of a cluster there is no kubeconfig to be copied.
        self.cluster.clone().filter(|pinned| step.is_local() && pinned.target.context.is_some())
    }

    /// The cluster of all steps, where one is known.
    pub(crate) fn target(&self) -> Option<&Target> {
        self.cluster.as_ref().map(|pinned| &pinned.target)
    }

    /// The application's name, where pods of it are awaited and more than their labels is known.
    pub(crate) fn application(&self) -> Option<&str> {
        let name = self.pods.as_ref().map(|pods| pods.application.name.as_str());
        name.filter(|name| *name != UNNAMED)
    }

    /// The clusters that all steps together reach and that are not accepted.
    pub(crate) fn foreign(
        &self,
        whereabouts: Whereabouts<'_>,
        accepts: &dyn Fn(&Target) -> bool,
    ) -> Vec<Foreign> {
        let target = self.target();
        let subject = self.part.name();
        let meant = target.filter(|_| self.names_cluster);
        let asked = meant.filter(|target| !accepts(target)).map(|target| {
            let plans: Vec<Plan> = self.steps.steps().iter().map(|step| self.plan(*step)).collect();
            Foreign::all_of(subject, &plans.iter().collect::<Vec<_>>(), target, whereabouts.secrets)
        });
        let whereabouts = Whereabouts { pinned: target, ..whereabouts };
        let same = |other: &Target| meant.is_some_and(|target| target.is_same_cluster(other));
        let accepts = |other: &Target| same(other) || accepts(other);
        let local = self.plans.iter().filter(|plan| plan.subject.is_local());
        let others = local.flat_map(|plan| safety::foreign_commands(plan, whereabouts, &accepts));
        asked.into_iter().chain(others.map(|foreign| foreign.of(subject))).collect()
    }

    /// What is known of the clusters of all local steps when these are asked for, in their order.
    pub(crate) fn crossings(
        &self,
        whereabouts: Whereabouts<'_>,
        kubernetes: &KubernetesSettings,
    ) -> Vec<Crossing> {
        let whereabouts = Whereabouts { pinned: self.target(), ..whereabouts };
        let local = self.steps.steps().iter().filter(|step| step.is_local());
        let plans: Vec<Plan> = local.map(|step| self.plan(*step)).collect();
        Crossing::of_all(&plans, whereabouts, kubernetes)
    }

    /// That the program of the deploy command is not there yet, where something runs before it.
    pub(crate) fn lacks_program(
        &self,
        directory: &Path,
        environment: &[(OsString, OsString)],
    ) -> Option<String> {
        let has_pre_up = self.steps.steps().contains(&Phase::PreUp.into());
        lacking::program(&self.plan(Subject::Deploy), directory, environment).filter(|_| has_pre_up)
    }
}
