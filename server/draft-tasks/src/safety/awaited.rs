//! Which pods `up` and `delete` await around their command.
//!
//! Must not contact a cluster.

use draft_tasks_analysis::phase::Phase;
use draft_tasks_executor::cluster::Target;
use draft_tasks_executor::{PodsRequest, Problem};

use super::Guard;
use crate::lifecycle::Part;
use crate::world::application::ApplicationLookup;

/// The pods that are awaited.
#[derive(Debug)]
pub(crate) struct Awaited {
    /// Nothing where none are.
    pub(crate) pods: Option<PodsRequest>,
    /// The cluster of the application's pods, also where they are not awaited; nothing where it is not known.
    pub(crate) target: Option<Target>,
    /// Why none are, where that has to be said.
    pub(crate) warning: Option<String>,
}

impl Awaited {
    /// The pods that a deletion looks for, else those of the application. `phases` are those that have tasks which run.
    ///
    /// # Errors
    ///
    /// When tasks run in pods that are not known.
    pub(crate) fn of(
        part: Part,
        application: &ApplicationLookup<'_>,
        phases: &[Phase],
        guard: Option<&Guard>,
    ) -> Result<Awaited, Problem> {
        let found = match guard {
            Some(Guard::Pods(pods)) => Ok((**pods).clone()),
            _ => application.pods(Vec::new()),
        };
        match found {
            Ok(pods) => {
                let is_awaited = application.settings.selector.is_none() || part.awaits_selected(phases);
                let target = Some(pods.target.clone());
                Ok(Awaited { pods: Some(pods).filter(|_| is_awaited), target, warning: None })
            }
            Err(problem) if phases.contains(&Phase::PostDeploy) => Err(problem),
            Err(problem) => {
                let warning = Some(format!("no pods are awaited: {}", problem.message));
                Ok(Awaited { pods: None, target: None, warning })
            }
        }
    }
}
