//! What is known of an application's pods before something is destroyed.
//!
//! Must not take "not known" for "none".

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use draft_tasks_analysis::phase::Phase;
use draft_tasks_executor::cluster::{Connection, Target};
use draft_tasks_executor::record::{Event, Records};
use draft_tasks_executor::{Application, PodsRequest, Problem, pods};

use crate::source;
use crate::world::application::Chosen;

/// How long it is looked for pods.
const LOOK: Duration = Duration::from_secs(10);

/// The pods that something is to be asked about before an application is deleted or cleaned up.
#[derive(Clone, Debug)]
pub(crate) enum Guard {
    /// These.
    Pods(Box<PodsRequest>),
    /// There is an application, but its pods cannot be sought.
    Unknown(Problem),
}

impl Guard {
    /// The pods of the application that `draft.toml`, a selector or an earlier run of the tasks file names; nothing where
    /// none is named, since then there is nothing that could still be there.
    pub(crate) fn of(application: &Chosen<'_>, records: Option<&Records>, file: &Path) -> Option<Guard> {
        let pods = if application.is_named() {
            application.pods(Vec::new())
        } else {
            recorded(application, records?, file)?
        };
        Some(match pods {
            Ok(pods) => Guard::Pods(Box::new(pods)),
            Err(problem) => Guard::Unknown(problem),
        })
    }

    /// What to ask before `cleanup`; nothing where no pod is left.
    pub(crate) async fn before_cleanup(&self, environment: &[(OsString, OsString)]) -> Option<String> {
        match self.look(environment).await {
            Ok(left) => {
                let names: Vec<&str> = left.pods.iter().map(|(name, _)| name.as_str()).collect();
                let (name, place) = (&left.wanted.application.name, left.wanted.target.describe());
                counted(&names).map(|still| format!("clean up although {name} still has {still} in {place}?"))
            }
            Err(problem) => Some(format!(
                "clean up although it is not known whether pods of the application still run: {}?",
                problem.message
            )),
        }
    }

    /// What to ask before the command that deletes; nothing where there are pods that it can delete.
    ///
    /// # Errors
    ///
    /// What to ask where it is not known whether there are pods.
    pub(crate) async fn before_delete(
        &self,
        environment: &[(OsString, OsString)],
    ) -> Result<Option<String>, String> {
        match self.look(environment).await {
            Ok(found) if !found.pods.is_empty() => Ok(None),
            Ok(Look { wanted, .. }) => Ok(Some(match namespace(wanted, environment).await {
                Some(problem) => format!("delete although {}?", problem.message),
                None => format!(
                    "delete although there are no pods of {} in {}?",
                    wanted.application.selector,
                    wanted.target.describe()
                ),
            })),
            Err(problem) => Err(format!(
                "delete although it is not known which pods the application has: {}?",
                problem.message
            )),
        }
    }

    async fn look(&self, environment: &[(OsString, OsString)]) -> Result<Look<'_>, Problem> {
        match self {
            Guard::Pods(wanted) => Ok(Look { wanted, pods: living(wanted, environment).await? }),
            Guard::Unknown(problem) => Err(problem.clone()),
        }
    }
}

/// What was found.
struct Look<'a> {
    wanted: &'a PodsRequest,
    /// Names and identities.
    pods: Vec<(String, String)>,
}

/// The pods in which tasks of the file last ran.
fn recorded(
    application: &Chosen<'_>,
    records: &Records,
    file: &Path,
) -> Option<Result<PodsRequest, Problem>> {
    let cluster = records.list().ok()?.into_iter().find_map(|kept| match kept.began? {
        Event::RunStarted { file: of, phase, cluster, .. } if source::is_same(Path::new(&of), file) => {
            cluster.filter(|_| phase == Phase::PostDeploy.name())
        }
        _ => None,
    })?;
    let variables = application.environment.variables();
    let target = Target::read(variables, cluster.context.as_deref(), Some(&cluster.namespace));
    let named = Application { name: "the application".into(), selector: cluster.selector };
    Some(target.map(|target| application.request(named, target, Vec::new())))
}

/// The names and identities of the application's pods, for a while.
///
/// # Errors
///
/// Why they are not known.
pub(crate) async fn living(
    pods: &PodsRequest,
    environment: &[(OsString, OsString)],
) -> Result<Vec<(String, String)>, Problem> {
    let seen = tokio::time::timeout(LOOK, async {
        let connection = Connection::open(&pods.target, environment).await?;
        pods::living(&connection, &pods.application).await
    });
    seen.await.unwrap_or_else(|_| {
        let place = pods.target.describe();
        Err(Problem::new(format!("the cluster of {place} does not answer within {} s", LOOK.as_secs())))
    })
}

/// That their namespace is missing or is being deleted, where that is known.
pub(super) async fn namespace(pods: &PodsRequest, environment: &[(OsString, OsString)]) -> Option<Problem> {
    let connection = Connection::open(&pods.target, environment).await.ok()?;
    connection.check_namespace(false).await.err()
}

/// How many pods there are, and which, if there is one.
fn counted(names: &[&str]) -> Option<String> {
    match names {
        [] => None,
        [one] => Some(format!("1 pod ({one})")),
        [one, two] => Some(format!("2 pods ({one}, {two})")),
        [first, ..] => Some(format!("{} pods ({first}, …)", names.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pods_that_are_left_are_named() {
        assert_eq!(counted(&[]), None);
        assert_eq!(counted(&["web-a"]).unwrap(), "1 pod (web-a)");
        assert_eq!(counted(&["web-a", "web-b"]).unwrap(), "2 pods (web-a, web-b)");
        assert_eq!(counted(&["web-a", "web-b", "web-c"]).unwrap(), "3 pods (web-a, …)");
    }
}
