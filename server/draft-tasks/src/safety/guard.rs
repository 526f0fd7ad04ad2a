//! What is known of an application's pods before something is destroyed.
//!
//! Must not take "not known" for "none".

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use draft_tasks_analysis::phase::Phase;
use draft_tasks_executor::cluster::{Connection, Target};
use draft_tasks_executor::record::schema::ClusterEntry;
use draft_tasks_executor::record::{Event, Records};
use draft_tasks_executor::{Application, PodsRequest, Problem, pods};

use crate::reach;
use crate::source;
use crate::world::application::ApplicationLookup;

/// The limit of a look for pods.
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
    pub(crate) fn of(application: &ApplicationLookup<'_>, file: &Path) -> Option<Guard> {
        let pods =
            if application.is_named() { application.pods(Vec::new()) } else { recorded(application, file)? };
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
                "clean up without knowing whether pods of the application still run: {}?",
                problem.message
            )),
        }
    }

    /// What to ask before the command that deletes; nothing where there are pods that it can delete.
    ///
    /// # Errors
    ///
    /// What to ask where nothing tells whether there are pods.
    pub(crate) async fn before_delete(
        &self,
        environment: &[(OsString, OsString)],
    ) -> Result<Option<String>, String> {
        match self.look(environment).await {
            Ok(found) if !found.pods.is_empty() => Ok(None),
            Ok(LivingPods { wanted, .. }) => Ok(Some(match namespace(wanted, environment).await {
                Some(problem) => format!("delete although {}?", problem.message),
                None => format!(
                    "delete although there are no pods of {} in {}?",
                    wanted.application.selector,
                    wanted.target.describe()
                ),
            })),
            Err(problem) => {
                Err(format!("delete without knowing which pods the application has: {}?", problem.message))
            }
        }
    }

    async fn look(&self, environment: &[(OsString, OsString)]) -> Result<LivingPods<'_>, Problem> {
        match self {
            Guard::Pods(wanted) => Ok(LivingPods { wanted, pods: living(wanted, environment).await? }),
            Guard::Unknown(problem) => Err(problem.clone()),
        }
    }
}

/// What was found.
struct LivingPods<'a> {
    wanted: &'a PodsRequest,
    /// Names and identities.
    pods: Vec<(String, String)>,
}

/// The pods in which tasks of the file last ran.
fn recorded(application: &ApplicationLookup<'_>, file: &Path) -> Option<Result<PodsRequest, Problem>> {
    // Whether this run is recorded says nothing of earlier ones.
    let records = Records::at(application.environment.records()?);
    let kept = match records.list() {
        Ok(kept) => kept,
        Err(error) => {
            let place = records.directory.display();
            return Some(Err(Problem::new(format!(
                "the records of earlier runs cannot be read: {place}: {error}"
            ))));
        }
    };
    let cluster = kept.into_iter().find_map(|kept| match kept.began? {
        Event::RunStarted { file: of, phase, cluster, .. } if source::is_same(Path::new(&of), file) => {
            cluster.filter(|_| phase == Phase::PostDeploy.name())
        }
        _ => None,
    })?;
    Some(pods_of(application, cluster))
}

/// The pods of an earlier run, in the cluster in which it was.
fn pods_of(application: &ApplicationLookup<'_>, cluster: ClusterEntry) -> Result<PodsRequest, Problem> {
    let variables = application.environment.variables();
    let target = Target::read(variables, cluster.context.as_deref(), Some(&cluster.namespace))?;
    let named = Application { name: "the application".into(), selector: cluster.selector.clone() };
    let request = application.request(named, target, Vec::new());
    reach::check_place(&cluster, &request).map_err(Problem::new)?;
    Ok(request)
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
    use std::time::SystemTime;

    use draft_tasks_analysis::plan::Plan;
    use draft_tasks_executor::mask::Secrets;
    use draft_tasks_executor::{Limits, OnFailure, RunEvent, RunRequest};

    use super::*;
    use crate::settings::audience::Audience;
    use crate::settings::kubernetes::KubernetesSettings;
    use crate::world::environment::Environment;

    #[test]
    fn pods_that_are_left_are_named() {
        assert_eq!(counted(&[]), None);
        assert_eq!(counted(&["web-a"]).unwrap(), "1 pod (web-a)");
        assert_eq!(counted(&["web-a", "web-b"]).unwrap(), "2 pods (web-a, web-b)");
        assert_eq!(counted(&["web-a", "web-b", "web-c"]).unwrap(), "3 pods (web-a, …)");
    }

    const CONFIG: &str = "current-context: dev\ncontexts: [{name: dev, context: {cluster: c, user: u}}]\n\
        clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}]\nusers: [{name: u, user: {}}]\n";

    /// A tasks file without an application.
    struct Earlier {
        dir: tempfile::TempDir,
        environment: Environment,
        settings: KubernetesSettings,
    }

    impl Earlier {
        fn new() -> Earlier {
            let dir = tempfile::tempdir().unwrap();
            let path = |name: &str| dir.path().join(name).display().to_string();
            std::fs::write(dir.path().join("config"), CONFIG).unwrap();
            std::fs::write(dir.path().join("tasks"), "").unwrap();
            let (config, state) = (path("config"), path("state"));
            let environment = Environment::of(&[("KUBECONFIG", &config), ("DRAFT_TASKS_STATE_DIR", &state)]);
            Earlier { dir, environment, settings: KubernetesSettings::default() }
        }

        fn application(&self) -> ApplicationLookup<'_> {
            let (directory, environment) = (self.dir.path(), &self.environment);
            ApplicationLookup {
                directory,
                environment,
                name: None,
                settings: &self.settings,
                audience: Audience::Editor,
            }
        }

        fn record(&self) {
            let application = self.application();
            let target = application.target(None).unwrap();
            let named = Application { name: "web".into(), selector: "app=web".into() };
            let subject = Phase::PostDeploy.into();
            let request = RunRequest {
                plan: Plan { subject, steps: Vec::new() },
                directory: self.dir.path().to_owned(),
                environment: Vec::new(),
                on_failure: OnFailure::Stop,
                grace: Duration::ZERO,
                limits: Limits::default(),
                secrets: Secrets::default(),
                finds_problems: false,
                on_terminal: false,
                pods: Some(application.request(named, target, Vec::new())),
                pinned: None,
            };
            let records = Records::at(self.environment.records().unwrap());
            let mut recorder = records.begin(&request, &self.dir.path().join("tasks")).unwrap();
            let began =
                RunEvent::RunStarted { subject, tasks: Vec::new(), at: SystemTime::now(), kubeconfig: None };
            assert_eq!(recorder.take(&recorder.about().tell(&began)), None);
        }

        fn found(&self, file: &Path) -> String {
            match Guard::of(&self.application(), file) {
                None => "nothing".into(),
                Some(Guard::Pods(pods)) => pods.application.selector,
                Some(Guard::Unknown(problem)) => problem.message,
            }
        }
    }

    #[test]
    fn an_earlier_run_tells_which_pods_there_may_be() {
        let earlier = Earlier::new();
        let file = earlier.dir.path().join("tasks");
        assert_eq!(earlier.found(&file), "nothing");
        earlier.record();
        assert_eq!(earlier.found(&file), "app=web");
        assert_eq!(earlier.found(&earlier.dir.path().join("other")), "nothing");
        #[cfg(unix)]
        {
            let link = earlier.dir.path().join("link");
            std::os::unix::fs::symlink(&file, &link).unwrap();
            assert_eq!(earlier.found(&link), "app=web");
        }
    }

    #[test]
    fn a_context_that_leads_elsewhere_now_tells_nothing_of_earlier_pods() {
        let earlier = Earlier::new();
        earlier.record();
        std::fs::write(earlier.dir.path().join("config"), CONFIG.replace("127.0.0.1", "127.0.0.2")).unwrap();
        let found = earlier.found(&earlier.dir.path().join("tasks"));
        assert!(found.contains("(https://127.0.0.1:1), and now"), "{found}");
    }

    #[test]
    fn records_that_cannot_be_read_are_not_no_records() {
        let earlier = Earlier::new();
        let records = earlier.environment.records().unwrap();
        std::fs::create_dir_all(records.parent().unwrap()).unwrap();
        std::fs::write(&records, "").unwrap();
        let found = earlier.found(&earlier.dir.path().join("tasks"));
        assert!(found.starts_with("the records of earlier runs cannot be read: "), "{found}");
    }
}
