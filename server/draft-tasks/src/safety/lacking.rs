//! What `up` lacks before a step: nothing of it keeps it from running, as `pre-up` or the deploy command may bring it.
//!
//! Must not tell what the first step itself tells at once.

use std::ffi::OsString;
use std::path::Path;

use draft_tasks_analysis::plan::Plan;
use draft_tasks_executor::{PodsBefore, PodsRequest, search};

use super::guard::{labelled, namespace};

/// What `up` lacks of its cluster, for people.
#[derive(Debug)]
pub(crate) struct LackingGround {
    problem: String,
    /// What that means.
    then: String,
}

impl LackingGround {
    pub(crate) fn describe(&self) -> String {
        format!("{}; {}", self.problem, self.then)
    }

    /// As [`LackingGround::describe`], but without what was told before.
    pub(crate) fn describe_after(&self, told: Option<&LackingGround>) -> String {
        match told.filter(|told| told.problem == self.problem) {
            Some(_) => format!("what was said of the cluster has not changed; {}", self.then),
            None => self.describe(),
        }
    }
}

/// That the program of the deploy command is not there yet, for people.
pub(crate) fn program(
    deploy: &Plan,
    directory: &Path,
    environment: &[(OsString, OsString)],
) -> Option<String> {
    let program = deploy.steps.first()?.argv.first()?;
    let problem = search::find(program, directory, environment).err()?;
    Some(format!(
        "the deploy command cannot run yet: {}; up goes on, as pre-up may change that",
        problem.describe()
    ))
}

/// That the cluster or the namespace cannot be used yet, for people. `has_pre_up` tells whether anything runs before the
/// cluster has to answer.
pub(crate) async fn ground(
    pods: &PodsRequest,
    environment: &[(OsString, OsString)],
    has_pre_up: bool,
) -> Option<LackingGround> {
    let goes_on = |by: &str| format!("up goes on, as {by} may change that");
    if has_pre_up && let Err(problem) = labelled(pods, environment).await {
        return Some(LackingGround { problem: problem.message, then: goes_on("pre-up") });
    }
    let problem = namespace(pods, environment).await?;
    let by = if has_pre_up { "pre-up or the deploy command" } else { "the deploy command" };
    Some(LackingGround { problem: problem.message, then: goes_on(by) })
}

/// The pods that are there before the deploy command runs.
///
/// # Errors
///
/// That they cannot be asked for, for people. Nothing is destroyed by a deployment, which may bring the cluster, too:
/// it goes on with [`PodsBefore::Unknown`].
pub(crate) async fn pods_before(
    pods: &PodsRequest,
    environment: &[(OsString, OsString)],
) -> Result<PodsBefore, LackingGround> {
    match labelled(pods, environment).await {
        Ok(seen) => {
            let living = seen.into_iter().filter(|pod| !pod.is_over);
            Ok(PodsBefore::Known(living.map(|pod| pod.uid).collect()))
        }
        Err(problem) => Err(LackingGround {
            problem: problem.message,
            then: "up goes on, though it cannot tell afterwards which pods are new".into(),
        }),
    }
}
