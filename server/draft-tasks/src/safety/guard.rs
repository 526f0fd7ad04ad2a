//! What is known of an application's pods before something is destroyed.
//!
//! Must not take "not known" for "none".

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use draft_tasks_executor::cluster::{Connection, Target};
use draft_tasks_executor::pods::{self, LabelledPod};
use draft_tasks_executor::record::schema::ClusterEntry;
use draft_tasks_executor::{PodsBefore, PodsRequest, Problem};
use futures::future::{join, join_all};

use super::earlier::{self, EarlierApplication};
use crate::world::application::ApplicationLookup;

/// The limit of a look for pods.
const LOOK: Duration = Duration::from_secs(10);

/// The pods that something is to be asked about before an application is deleted or cleaned up.
#[derive(Clone, Debug)]
pub(crate) struct Guard {
    /// The application that `draft.toml` or a selector names, else the labels of the one that an earlier run saw last; or
    /// why its pods cannot be sought. Where they are sought no earlier run says.
    wanted: Result<PodsRequest, Problem>,
    /// The earlier run that names it, where nothing else does.
    naming: Option<NamingRun>,
    /// Whether anything shows that there has ever been such an application: a name may have a typo.
    was_seen: bool,
    /// Other applications that earlier runs of the tasks file saw; or why they are not known.
    others: Result<Vec<EarlierApplication>, Problem>,
}

/// The earlier run by which an application is known.
#[derive(Clone, Debug)]
struct NamingRun {
    id: String,
    elsewhere: Option<EarlierPlace>,
}

/// Another place than the one that is meant now, in which an earlier run was.
#[derive(Clone, Debug)]
pub(crate) struct EarlierPlace {
    /// "run 20261122T184501.123Z-… was in pods of app=web · context dev, namespace demo".
    pub(crate) said: String,
    /// Whether options or settings name the present one.
    pub(crate) is_chosen: bool,
}

impl Guard {
    /// Nothing where neither `draft.toml` nor a selector nor an earlier run of the tasks file names an application, since
    /// then there is nothing that could still be there.
    pub(crate) fn of(application: &ApplicationLookup<'_>, file: &Path) -> Option<Guard> {
        let earlier = earlier::applications(application, file);
        if application.is_named() {
            return Some(Guard::about(application.pods(Vec::new()), None, earlier));
        }
        let all = match earlier {
            Ok(all) => all,
            Err(problem) => {
                let (wanted, others) = (Err(problem), Ok(Vec::new()));
                return Some(Guard { wanted, naming: None, was_seen: false, others });
            }
        };
        let last = all.first()?;
        let wanted = application.labelled(&last.place.selector);
        let naming = NamingRun::of(last, &wanted, application);
        Some(Guard::about(wanted, Some(naming), Ok(all)))
    }

    fn about(
        wanted: Result<PodsRequest, Problem>,
        naming: Option<NamingRun>,
        earlier: Result<Vec<EarlierApplication>, Problem>,
    ) -> Guard {
        let place = wanted.as_ref().ok().map(ClusterEntry::of);
        let is_wanted =
            |earlier: &EarlierApplication| place.as_ref().is_some_and(|place| earlier.is_at(place));
        let was_seen = earlier.as_ref().is_ok_and(|all| all.iter().any(|it| it.was_seen && is_wanted(it)));
        let is_other = |earlier: &EarlierApplication| earlier.was_seen && !is_wanted(earlier);
        let others = earlier.map(|all| all.into_iter().filter(is_other).collect());
        Guard { wanted, naming, was_seen, others }
    }

    /// Where the earlier run was that names the application, if that is elsewhere.
    pub(crate) fn elsewhere(&self) -> Option<&EarlierPlace> {
        self.naming.as_ref()?.elsewhere.as_ref()
    }

    /// The pods of the application; or why they cannot be sought.
    pub(crate) fn pods(&self) -> Result<PodsRequest, Problem> {
        self.wanted.clone()
    }

    /// The cluster that is asked first.
    pub(crate) fn target(&self) -> Option<&Target> {
        self.wanted.as_ref().ok().map(|wanted| &wanted.target)
    }

    /// When something is asked before `cleanup`, without asking the cluster.
    pub(crate) fn when_before_cleanup(&self) -> String {
        format!("unless it is known that no {} are left", self.described())
    }

    /// When something is asked before the command that deletes.
    pub(crate) fn when_before_delete(&self) -> String {
        let unless = format!("unless {} are there to be deleted", self.described());
        let elsewhere = self.elsewhere().filter(|place| !place.is_chosen);
        elsewhere.map_or(unless, |place| format!("whether this place is meant, as {}", place.said))
    }

    /// What to ask before `cleanup`; nothing where it is known that the application was there and no pod of it, nor of
    /// another one of the tasks file, is left.
    pub(crate) async fn before_cleanup(&self, environment: &[(OsString, OsString)]) -> Option<String> {
        let (wanted, others) =
            join(self.doubt_about_wanted(environment), self.doubts_about_others(environment)).await;
        let doubts: Vec<String> = wanted.into_iter().chain(others).collect();
        (!doubts.is_empty()).then(|| format!("clean up {}?", doubts.join(", and ")))
    }

    async fn doubt_about_wanted(&self, environment: &[(OsString, OsString)]) -> Option<String> {
        let found = match self.look(environment).await {
            Ok(found) => found,
            Err(problem) => {
                let pods = self.described();
                return Some(format!("without knowing whether {pods} still run ({})", problem.message));
            }
        };
        if found.is_alive() {
            return found.left();
        }
        let ApplicationPods { wanted, pods } = found;
        if let Some(problem) = namespace(wanted, environment).await {
            return Some(format!("although {}", problem.message));
        }
        let (selector, place) = (&wanted.application.selector, wanted.target.describe());
        (pods.is_empty() && !self.was_seen).then(|| {
            format!("although there are no pods of {selector} in {place}, and no earlier run of this file saw any there")
        })
    }

    /// "pods of app=web, for which run 20261122T184501.123Z-… was,"
    fn described(&self) -> String {
        let Ok(wanted) = &self.wanted else { return "pods of the application".to_owned() };
        let by =
            self.naming.as_ref().map(|run| format!(", for which run {} was,", run.id)).unwrap_or_default();
        format!("pods of {}{by}", wanted.application.selector)
    }

    /// What cannot be asked for may be there, unless it was cleaned up and another one has come since.
    async fn doubts_about_others(&self, environment: &[(OsString, OsString)]) -> Vec<String> {
        let others = match &self.others {
            Ok(others) => others,
            Err(problem) => {
                return vec![format!(
                    "without knowing which pods earlier runs of this file saw ({})",
                    problem.message
                )];
            }
        };
        let doubts = others.iter().map(async |other| {
            let found = match &other.pods {
                Ok(wanted) => ApplicationPods::of(wanted, environment).await,
                Err(problem) => Err(problem.clone()),
            };
            match found {
                Ok(found) => found.left(),
                Err(problem) => (!other.is_settled).then(|| {
                    let selector = &other.place.selector;
                    format!("without knowing whether pods of {selector} still run ({})", problem.message)
                }),
            }
        });
        join_all(doubts).await.into_iter().flatten().collect()
    }

    /// What is known before the command that deletes.
    pub(crate) async fn before_delete(&self, environment: &[(OsString, OsString)]) -> BeforeDelete {
        let (doubt, before) = match self.look(environment).await {
            Ok(found) if found.is_alive() => (None, found.living()),
            Ok(found) => {
                let wanted = found.wanted;
                let none = || {
                    let (selector, place) = (&wanted.application.selector, wanted.target.describe());
                    format!("although there are no pods of {selector} in {place}")
                };
                let missing = namespace(wanted, environment).await;
                let missing = missing.map(|problem| format!("although {}", problem.message));
                (Some(missing.unwrap_or_else(none)), found.living())
            }
            Err(problem) => {
                let what = match &self.naming {
                    Some(_) => format!("whether {} are there", self.described()),
                    None => "which pods the application has".to_owned(),
                };
                let doubt = format!("without knowing {what} ({})", problem.message);
                (Some(doubt), PodsBefore::Unknown)
            }
        };
        let doubts: Vec<String> = self.doubt_about_place().into_iter().chain(doubt).collect();
        let question = (!doubts.is_empty()).then(|| format!("delete {}?", doubts.join(", and ")));
        BeforeDelete { question, before }
    }

    /// That nobody has said that the present place is meant, where the earlier run was elsewhere.
    fn doubt_about_place(&self) -> Option<String> {
        let earlier = self.elsewhere().filter(|place| !place.is_chosen)?;
        let place = self.target().map_or_else(|| "the current context".to_owned(), Target::describe);
        Some(format!("in {place}, where the kubeconfig leads, although {}", earlier.said))
    }

    async fn look(&self, environment: &[(OsString, OsString)]) -> Result<ApplicationPods<'_>, Problem> {
        match &self.wanted {
            Ok(wanted) => ApplicationPods::of(wanted, environment).await,
            Err(problem) => Err(problem.clone()),
        }
    }
}

impl NamingRun {
    fn of(
        last: &EarlierApplication,
        wanted: &Result<PodsRequest, Problem>,
        application: &ApplicationLookup<'_>,
    ) -> NamingRun {
        let (earlier, now) = (&last.place, wanted.as_ref().map(ClusterEntry::of));
        let is_elsewhere = now.as_ref().map_or(true, |now| !last.is_at(now));
        let is_same_server = now.is_ok_and(|now| now.server == earlier.server);
        let elsewhere = is_elsewhere.then(|| EarlierPlace {
            said: format!("run {} was in {}", last.run, earlier.describe()),
            is_chosen: application.names_place(is_same_server),
        });
        NamingRun { id: last.run.clone(), elsewhere }
    }
}

/// What is known before the command that deletes an application.
pub(crate) struct BeforeDelete {
    /// What to ask; nothing where there are pods that it can delete.
    pub(crate) question: Option<String>,
    /// The pods that there are.
    pub(crate) before: PodsBefore,
}

/// What was found.
struct ApplicationPods<'a> {
    wanted: &'a PodsRequest,
    pods: Vec<LabelledPod>,
}

impl<'a> ApplicationPods<'a> {
    async fn of(
        wanted: &'a PodsRequest,
        environment: &[(OsString, OsString)],
    ) -> Result<ApplicationPods<'a>, Problem> {
        Ok(ApplicationPods { wanted, pods: labelled(wanted, environment).await? })
    }

    fn is_alive(&self) -> bool {
        self.pods.iter().any(|pod| !pod.is_over)
    }

    fn living(&self) -> PodsBefore {
        let living = self.pods.iter().filter(|pod| !pod.is_over);
        PodsBefore::Known(living.map(|pod| pod.uid.clone()).collect())
    }

    /// "although web still has 1 pod (web-a) in context dev, namespace demo"; nothing where none is left.
    fn left(&self) -> Option<String> {
        let living = self.pods.iter().filter(|pod| !pod.is_over);
        let still = counted(&living.map(|pod| pod.name.as_str()).collect::<Vec<_>>())?;
        let (name, place) = (&self.wanted.application.name, self.wanted.target.describe());
        Some(format!("although {name} still has {still} in {place}"))
    }
}

/// The application's pods, which are asked for for a while.
///
/// # Errors
///
/// Why they are not known.
pub(crate) async fn labelled(
    pods: &PodsRequest,
    environment: &[(OsString, OsString)],
) -> Result<Vec<LabelledPod>, Problem> {
    let opened = tokio::time::timeout(LOOK, Connection::open(&pods.target, environment)).await;
    let connection = opened.unwrap_or_else(|_| {
        let (place, limit) = (pods.target.describe(), LOOK.as_secs());
        Err(Problem::new(format!("the credentials of {place} were not there within {limit} s")))
    })?;
    pods::labelled(&connection, &pods.application, LOOK).await
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

    use draft_tasks_analysis::phase::Phase;
    use draft_tasks_analysis::plan::Plan;
    use draft_tasks_executor::mask::Secrets;
    use draft_tasks_executor::record::Records;
    use draft_tasks_executor::{Application, Limits, OnFailure, Pod, RunEvent, RunRequest, RunSummary};

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

        /// Records a run for the pods of a selector, of which it saw one or none.
        fn record(&self, selector: &str, is_found: bool) {
            let application = self.application();
            let target = application.target(None).unwrap();
            let named = Application { name: "web".into(), selector: selector.into() };
            let pods = Some(application.request(named, target, Vec::new()));
            let pod = Pod {
                name: "web-1".into(),
                uid: "1".into(),
                container: "app".into(),
                build: None,
                image: None,
                tasks: Vec::new(),
            };
            let found = RunEvent::PodsFound { pods: vec![pod], note: None };
            self.write(Phase::PostDeploy, pods, is_found.then_some(found));
        }

        fn request(&self, phase: Phase, pods: Option<PodsRequest>) -> RunRequest {
            let subject = phase.into();
            RunRequest {
                plan: Plan { subject, steps: Vec::new() },
                directory: self.dir.path().to_owned(),
                environment: Vec::new(),
                on_failure: OnFailure::Stop,
                grace: Duration::ZERO,
                limits: Limits::default(),
                secrets: Secrets::default(),
                finds_problems: false,
                on_terminal: false,
                pods,
                pinned: None,
            }
        }

        fn write(&self, phase: Phase, pods: Option<PodsRequest>, more: Option<RunEvent>) {
            self.write_to(&Records::at(self.environment.records().unwrap()), phase, pods, more);
        }

        fn write_to(
            &self,
            records: &Records,
            phase: Phase,
            pods: Option<PodsRequest>,
            more: Option<RunEvent>,
        ) {
            let subject = phase.into();
            let request = self.request(phase, pods);
            let mut recorder = records.begin(&request, &self.dir.path().join("tasks")).unwrap();
            let began =
                RunEvent::RunStarted { subject, tasks: Vec::new(), at: SystemTime::now(), kubeconfig: None };
            let summary = RunSummary { passed: 1, ..RunSummary::default() };
            for event in std::iter::once(began).chain(more).chain([RunEvent::RunFinished { summary }]) {
                assert_eq!(recorder.take(&recorder.about().tell(&event)), None);
            }
        }

        /// The selectors of the application and of others.
        fn found(&self, file: &Path) -> String {
            let Some(Guard { wanted, others, .. }) = Guard::of(&self.application(), file) else {
                return "nothing".into();
            };
            let wanted = wanted.map_or_else(|problem| problem.message, |pods| pods.application.selector);
            let others = others.unwrap().into_iter().map(|other| {
                let settled = if other.is_settled { " settled" } else { "" };
                format!("; {}{settled}", other.place.selector)
            });
            std::iter::once(wanted).chain(others).collect()
        }
    }

    #[test]
    fn all_that_earlier_runs_saw_may_be_there() {
        let earlier = Earlier::new();
        let file = earlier.dir.path().join("tasks");
        earlier.record("app=old", true);
        earlier.record("app=web", true);
        assert_eq!(earlier.found(&file), "app=web; app=old");
        earlier.write(Phase::Cleanup, None, None);
        assert_eq!(earlier.found(&file), "app=web; app=old settled");
        earlier.record("app=old", true);
        assert_eq!(earlier.found(&file), "app=old; app=web settled");
    }

    #[test]
    fn an_earlier_run_tells_which_pods_there_may_be() {
        let earlier = Earlier::new();
        let file = earlier.dir.path().join("tasks");
        assert_eq!(earlier.found(&file), "nothing");
        earlier.record("app=typo", false);
        assert_eq!(earlier.found(&file), "app=typo", "it is not known why it saw no pod");
        earlier.record("app=web", true);
        earlier.record("app=typo", false);
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
    fn what_an_earlier_run_tells_stays_however_many_runs_follow() {
        let earlier = Earlier::new();
        let file = earlier.dir.path().join("tasks");
        let keep_two = || Records { keep: 2, ..Records::at(earlier.environment.records().unwrap()) };
        earlier.record("app=typo", false);
        let local =
            |times: usize| (0..times).for_each(|_| earlier.write_to(&keep_two(), Phase::PreUp, None, None));
        local(4);
        assert_eq!(earlier.found(&file), "app=typo", "it is not known why it saw no pod");
        earlier.record("app=old", true);
        earlier.record("app=web", true);
        earlier.record("app=web", true);
        earlier.record("app=lost", false);
        local(4);
        assert_eq!(earlier.found(&file), "app=web; app=old");
        let records = keep_two();
        assert_eq!(records.list().unwrap().len(), 5);
        let left = records.not_asked_for(records.list().unwrap()).unwrap();
        assert_eq!(left.len(), 2, "{left:?}");
        // Nor does what is done elsewhere remove it while the tasks file is away.
        std::fs::remove_file(&file).unwrap();
        for kept in records.list().unwrap() {
            let name = kept.folder.file_name().unwrap().to_str().unwrap().replacen("20", "19", 1);
            std::fs::rename(&kept.folder, kept.folder.with_file_name(name)).unwrap();
        }
        keep_two().begin(&earlier.request(Phase::PreUp, None), Path::new("/other")).unwrap();
        std::fs::write(&file, "").unwrap();
        assert_eq!(earlier.found(&file), "app=web; app=old");
    }

    #[test]
    fn pods_of_a_context_that_leads_elsewhere_now_are_not_those_that_are_sought() {
        let earlier = Earlier::new();
        earlier.record("app=web", true);
        let config = |text: &str| std::fs::write(earlier.dir.path().join("config"), text).unwrap();
        let found = || earlier.found(&earlier.dir.path().join("tasks"));
        config(&CONFIG.replace("127.0.0.1", "127.0.0.2"));
        assert_eq!(found(), "app=web; app=web");
        config(&CONFIG.replace("dev", "other"));
        assert_eq!(found(), "app=web", "by another name it is the same place");
        let why = || {
            let guard = Guard::of(&earlier.application(), &earlier.dir.path().join("tasks")).unwrap();
            guard.others.unwrap().remove(0).pods.unwrap_err().message
        };
        config(&CONFIG.replace("127.0.0.1", "127.0.0.2"));
        let elsewhere = "was in pods of app=web · context dev, namespace default, and that leads to https://127.0.0.2:1 now";
        assert!(why().contains(elsewhere), "{}", why());
        config(&CONFIG.replace("dev", "other").replace("127.0.0.1", "127.0.0.2"));
        let unknown =
            "and the kubeconfig has no context `dev`; name the application by draftTasks.kubernetes.selector";
        assert!(why().starts_with("run 2") && why().contains(unknown), "{}", why());
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

    #[cfg(unix)]
    #[test]
    fn a_record_that_cannot_be_read_is_not_no_record() {
        let earlier = Earlier::new();
        let folder = earlier.environment.records().unwrap().join("20200101T000000.000Z-post-deploy-1-1");
        std::fs::create_dir_all(&folder).unwrap();
        std::os::unix::fs::symlink("lock", folder.join("lock")).unwrap();
        let found = earlier.found(&earlier.dir.path().join("tasks"));
        assert!(found.starts_with("the record of an earlier run cannot be read: "), "{found}");
        // By its name this is one of another tasks file.
        let other = folder.with_file_name("20200101T000000.000Z-post-deploy-1-1-0badcafe");
        std::fs::rename(&folder, &other).unwrap();
        assert_eq!(earlier.found(&earlier.dir.path().join("tasks")), "nothing");
    }
}
