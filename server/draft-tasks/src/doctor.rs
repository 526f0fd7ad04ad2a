//! The chain from a tasks file to the containers in which its post-deploy tasks run, link by link: what was found, and
//! what to do where it breaks.
//!
//! Must not change anything; it contacts the cluster, so only a user's wish may start it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use draft_tasks_analysis::file_names::DRAFT_TOML;
use draft_tasks_analysis::project::{DraftToml, PodMarks, pod_marks};
use draft_tasks_executor::Problem;
use draft_tasks_executor::cluster::{KubeconfigSource, Target, said_if_slow};
use draft_tasks_executor::pods::doctor::{Examination, Permission, PodExamination, Standing, examine};
use serde::Serialize;

use crate::settings::audience::{Audience, DOCTOR};
use crate::settings::kubernetes::KubernetesSettings;
use crate::world::application::{ApplicationLookup, Found};
use crate::world::environment::Environment;
use crate::world::facts;

mod copies;
mod report;

pub(crate) use report::{markdown, text};

/// How many lines say more of a link; of many, their count tells more.
const DETAILS: usize = 20;

/// The link that also tells what runs have left of kubeconfigs.
const KUBECONFIG: &str = "kubeconfig";

/// Where the chain begins.
#[derive(Clone, Debug)]
pub(crate) struct DoctorRequest {
    /// The directory of the tasks file.
    pub(crate) directory: PathBuf,
    /// The tasks file and how many post-deploy tasks it has, or why it cannot be used.
    pub(crate) tasks: Result<(PathBuf, usize), Problem>,
    /// The environment that tasks get.
    pub(crate) environment: Environment,
    /// The environment of `draft.toml`, where a setting or an option names it.
    pub(crate) name: Option<String>,
    pub(crate) settings: KubernetesSettings,
    pub(crate) audience: Audience,
}

/// A link of the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Link {
    pub(crate) name: &'static str,
    pub(crate) state: State,
    /// What was found, or what is wrong; in lower case without a full stop.
    pub(crate) found: String,
    /// What was found out about its parts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) details: Vec<String>,
    /// What to do.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) help: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum State {
    /// It holds.
    Holds,
    /// It is broken.
    Broken,
    /// It is not needed, or cannot be told, or lies behind a broken one.
    Open,
}

impl State {
    pub(crate) const fn sign(self) -> &'static str {
        match self {
            State::Holds => "✓",
            State::Broken => "✗",
            State::Open => "-",
        }
    }
}

impl Link {
    fn new(name: &'static str, state: State, found: impl Into<String>) -> Link {
        Link { name, state, found: found.into(), details: Vec::new(), help: Vec::new() }
    }

    fn holds(name: &'static str, found: impl Into<String>) -> Link {
        Link::new(name, State::Holds, found)
    }

    fn open(name: &'static str, found: impl Into<String>) -> Link {
        Link::new(name, State::Open, found)
    }

    fn broken(name: &'static str, problem: Problem) -> Link {
        let Problem { message, help } = problem;
        // This is the doctor.
        let help = help.into_iter().filter(|line| !line.starts_with(DOCTOR)).collect();
        Link { help, ..Link::new(name, State::Broken, message) }
    }

    fn with(mut self, details: Vec<String>) -> Link {
        let more = details.len().saturating_sub(DETAILS);
        self.details = details.into_iter().take(DETAILS).collect();
        if more > 0 {
            self.details.push(format!("and {more} more"));
        }
        self
    }
}

/// Walks the chain; `say` hears which cluster is asked where it does not answer soon.
pub(crate) async fn walk(wanted: &DoctorRequest, say: impl Fn(String)) -> Vec<Link> {
    let chosen = ApplicationLookup {
        directory: &wanted.directory,
        environment: &wanted.environment,
        name: wanted.name.as_deref(),
        settings: &wanted.settings,
        audience: wanted.audience,
    };
    let mut links = vec![tasks_file(wanted)];
    let is_without_label = project(&chosen, &mut links);
    let found = chosen.find().ok();
    let variables = wanted.environment.variables();
    let target = kubeconfig(variables, &mut links).and_then(|source| {
        let namespace = found.as_ref().and_then(|found| found.namespace.as_deref());
        let target = source.target(chosen.settings.context.as_deref(), namespace);
        context(target, chosen.settings, &mut links)
    });
    if let Some(link) = links.iter_mut().find(|link| link.name == KUBECONFIG) {
        *link = link.clone().with(copies::kept_copies(&wanted.environment, wanted.audience));
    }
    let container = wanted.settings.container.as_ref().map(ToString::to_string);
    if let Some(target) = target {
        let application = found.as_ref().map(|found| &found.application);
        let examining = examine(&target, variables, application, container.as_deref());
        let examined = said_if_slow(&target, examining, async |said| say(said)).await;
        let has_selector = chosen.settings.selector.is_some();
        let hints = Hints { is_without_label, has_selector, audience: wanted.audience };
        cluster(&examined, found.as_ref(), &target, hints, &mut links);
    }
    for link in &mut links {
        let texts = link.details.iter_mut().chain(&mut link.help).chain([&mut link.found]);
        texts.for_each(|text| *text = wanted.audience.words(text));
    }
    behind(links)
}

/// What help depends on.
#[derive(Clone, Copy)]
struct Hints {
    /// The chart gives its pods no label of Draft.
    is_without_label: bool,
    /// A selector names the pods.
    has_selector: bool,
    audience: Audience,
}

/// Every link has its place, also those behind a broken one.
fn behind(mut links: Vec<Link>) -> Vec<Link> {
    const ALL: [&str; 14] = [
        "tasks file",
        DRAFT_TOML,
        "environment",
        "name",
        "auto-connect",
        "chart",
        KUBECONFIG,
        "context",
        "server",
        "permissions",
        "pods",
        "build",
        "readiness",
        "container",
    ];
    let missing = ALL.into_iter().filter(|name| links.iter().all(|link| link.name != *name));
    let place = |name: &str| ALL.iter().position(|known| *known == name);
    let missing = missing.map(|name| {
        let broken =
            links.iter().filter(|link| link.state == State::Broken && place(link.name) < place(name));
        Link::open(
            name,
            match broken.max_by_key(|link| place(link.name)) {
                Some(broken) => format!("not known, since the link `{}` is broken", broken.name),
                None => "not looked at".into(),
            },
        )
    });
    let missing: Vec<_> = missing.collect();
    links.extend(missing);
    links.sort_by_key(|link| ALL.iter().position(|name| *name == link.name));
    links
}

fn tasks_file(wanted: &DoctorRequest) -> Link {
    const NAME: &str = "tasks file";
    match &wanted.tasks {
        Ok((file, count)) => {
            let tasks = match count {
                0 => "no post-deploy tasks".to_owned(),
                1 => "1 post-deploy task".to_owned(),
                count => format!("{count} post-deploy tasks"),
            };
            Link::holds(NAME, format!("{}: {tasks}", file.display()))
        }
        Err(problem) => Link::broken(NAME, problem.clone()),
    }
}

/// `draft.toml` and the chart; gives whether the chart gives its pods no label of Draft.
fn project(chosen: &ApplicationLookup<'_>, links: &mut Vec<Link>) -> bool {
    let selector = chosen.settings.selector.as_ref().map(ToString::to_string);
    let file = chosen.directory.join(DRAFT_TOML);
    let draft = match chosen.draft() {
        Ok(draft) => draft,
        Err(problem) => {
            let is_readable = facts::read(&file).and_then(|text| DraftToml::parse(&text)).is_some();
            if is_readable {
                links.push(Link::holds(DRAFT_TOML, file.display().to_string()));
            }
            let name = if is_readable { "environment" } else { DRAFT_TOML };
            links.push(match selector {
                Some(selector) => {
                    let found = format!("not needed: the selector {selector} names the pods");
                    Link::open(name, found).with(vec![problem.message])
                }
                None => Link::broken(name, problem),
            });
            return false;
        }
    };
    links.push(Link::holds(DRAFT_TOML, file.display().to_string()));
    links.push(Link::holds("environment", chosen.environment_name()));
    let has_name = draft.name.as_deref().is_some_and(|name| !name.is_empty());
    links.push(match (chosen.find(), selector) {
        (Ok(_), Some(selector)) => {
            let name = draft.name.as_deref().unwrap_or("none");
            Link::open("name", format!("{name}; the selector {selector} names the pods"))
        }
        (Ok(found), None) => {
            let namespace = found.namespace.map(|it| format!(", namespace {it}")).unwrap_or_default();
            Link::holds("name", found.application.name + &namespace)
        }
        (Err(problem), _) if has_name => Link::broken("name", problem),
        (Err(problem), _) => Link::broken("name", problem.help(format!("give it a `name` in {DRAFT_TOML}"))),
    });
    links.push(if draft.auto_connect {
        Link::open(
            "auto-connect",
            "is on: `draft up` connects to the application and skips post-deploy; draft-tasks runs it",
        )
    } else {
        Link::holds("auto-connect", "is off")
    });
    let marks = chart(chosen.directory, draft.chart.as_deref(), links);
    marks.is_some_and(|marks| !marks.label)
}

fn chart(directory: &Path, name: Option<&str>, links: &mut Vec<Link>) -> Option<PodMarks> {
    let templates = facts::templates(directory, name).filter(|templates| !templates.is_empty());
    let marks = templates.as_deref().map(pod_marks);
    let found = match &marks {
        None => "there is none below charts, so what it gives its pods is not known",
        Some(None) => "it takes the labels of its pods from elsewhere",
        Some(Some(marks)) if !marks.label => "its pods have no label `draft`",
        Some(Some(marks)) if marks.build_id => "its pods have the label `draft` and the annotation `buildID`",
        Some(Some(_)) => {
            "its pods have the label `draft` and no annotation `buildID`: their rollout tells the newest"
        }
    };
    let marks = marks.flatten();
    let holds = marks.as_ref().is_some_and(|marks| marks.label && marks.build_id);
    links.push(if holds { Link::holds("chart", found) } else { Link::open("chart", found) });
    marks
}

/// The kubeconfig, where it can be used.
fn kubeconfig<'a>(
    variables: &'a [(OsString, OsString)],
    links: &mut Vec<Link>,
) -> Option<KubeconfigSource<'a>> {
    let read = KubeconfigSource::read(variables);
    match read.and_then(|source| Ok((source.files()?, source))) {
        Ok((files, source)) => {
            links.push(if files.is_empty() {
                Link::open(KUBECONFIG, "none: this runs inside of a cluster")
            } else {
                Link::holds(KUBECONFIG, join(files.iter().map(|file| file.display().to_string())))
            });
            Some(source)
        }
        Err(problem) => {
            links.push(Link::broken(KUBECONFIG, problem));
            None
        }
    }
}

fn context(
    target: Result<Target, Problem>,
    settings: &KubernetesSettings,
    links: &mut Vec<Link>,
) -> Option<Target> {
    match target {
        Ok(target) => {
            let local = if settings.is_local(&target) {
                "a local cluster"
            } else {
                "not a local cluster: runs ask first"
            };
            let Target { context, namespace, server, .. } = &target;
            let name = context.as_deref().unwrap_or("the cluster of this pod");
            let place = format!("{name}, namespace {namespace} ({server}), {local}");
            links.push(Link::holds("context", place));
            Some(target)
        }
        Err(problem) => {
            links.push(Link::broken("context", problem));
            None
        }
    }
}

/// What the cluster answered.
fn cluster(
    examined: &Examination,
    found: Option<&Found>,
    target: &Target,
    hints: Hints,
    links: &mut Vec<Link>,
) {
    links.push(match &examined.server {
        Ok(version) => Link::holds("server", format!("answers, Kubernetes {version}")),
        Err(problem) => Link::broken("server", problem.clone()),
    });
    links.extend(examined.permissions.as_ref().map(|permissions| match permissions {
        Ok(permissions) => permitted(permissions, &target.namespace),
        Err(problem) => Link::broken("permissions", problem.clone()),
    }));
    let (Some(found), Some(pods)) = (found, &examined.pods) else { return };
    let waits_for = examined.waits_for.as_deref();
    match pods {
        Ok(pods) => application((pods, examined.has_namespace, waits_for), found, target, hints, links),
        Err(problem) => links.push(Link::broken("pods", problem.clone())),
    }
}

fn permitted(permissions: &[Permission], namespace: &str) -> Link {
    const NAME: &str = "permissions";
    let missing =
        |is_needed| permissions.iter().filter(move |it| !it.is_allowed && it.is_needed == is_needed);
    let needed: Vec<_> = missing(true).map(|it| format!("{} {}", it.verb, it.resource)).collect();
    let (jobs, others): (Vec<&Permission>, Vec<&Permission>) = missing(false).partition(|it| it.is_of_jobs());
    let (pods, workloads): (Vec<&Permission>, Vec<&Permission>) =
        others.into_iter().partition(|it| it.resource.starts_with("pods"));
    let mut details: Vec<_> = pods
        .iter()
        .map(|it| {
            let why = match it.verb {
                "create" => "clusters since Kubernetes 1.35 ask for it too",
                "watch" => "without it pods are not awaited: tasks run only where all are ready",
                _ => "tasks run without it",
            };
            format!("not permitted: {} {}; {why}", it.verb, it.resource)
        })
        .collect();
    if !workloads.is_empty() {
        let names = join(workloads.iter().map(|it| it.resource.to_owned()));
        details.push(format!(
            "not permitted: get {names}; without it the newest pods count, and a rollout's end is guessed"
        ));
    }
    if !jobs.is_empty() {
        let names = join(jobs.iter().map(|it| format!("{} {}", it.verb, it.resource)));
        details.push(format!("not permitted: {names}; without it nothing runs as a Job (`run --as job`)"));
    }
    let link = match needed.as_slice() {
        [] => {
            Link::holds(NAME, format!("pods may be watched and commands run in them, namespace {namespace}"))
        }
        needed => Link::broken(
            NAME,
            Problem::new(format!("not permitted in namespace {namespace}: {}", needed.join(", "))).help(
                "ask for a role with the verbs get, list and watch on pods, and get and create on pods/exec",
            ),
        ),
    };
    link.with(details)
}

fn application(
    (pods, has_namespace, waits_for): (&[PodExamination], Option<bool>, Option<&str>),
    found: &Found,
    target: &Target,
    hints: Hints,
    links: &mut Vec<Link>,
) {
    let (selector, place) = (&found.application.selector, target.describe());
    let of = |standing| pods.iter().filter(move |pod| pod.standing == standing);
    let current: Vec<&PodExamination> = of(Standing::Current).collect();
    if pods.is_empty() && has_namespace == Some(false) {
        let problem = Problem::new(format!("there is no namespace `{}` in the cluster", target.namespace))
            .help(format!("it is that of draft.toml or {}, else the context's", hints.audience.namespace()));
        links.push(Link::broken("pods", problem));
        return;
    }
    if current.is_empty() {
        links.push(Link::broken(
            "pods",
            no_pods(&format!("{selector} in {place}"), pods.len(), waits_for, hints),
        ));
        return;
    }
    let others = of(Standing::Earlier).map(|pod| format!("{} is of an earlier rollout", pod.name));
    let others = others.chain(of(Standing::Over).map(|pod| format!("{} ends or has ended", pod.name)));
    links.push(
        Link::holds("pods", format!("{} with label {selector}", many(current.len()))).with(others.collect()),
    );
    links.push(match current.iter().find_map(|pod| pod.build.as_deref()) {
        Some(build) => Link::holds("build", build),
        None => Link::open(
            "build",
            "no annotation `buildID`: the rollout of their workload tells the newest pods",
        ),
    });
    links.push(readiness(&current, waits_for, target));
    links.push(containers(&current, hints.audience));
}

/// No pod is of the present rollout.
fn no_pods(wanted: &str, pods_before: usize, waits_for: Option<&str>, hints: Hints) -> Problem {
    let over = match pods_before {
        0 => String::new(),
        count => format!("; {} with it end or are of an earlier rollout", many(count)),
    };
    let deploy = format!("deploy the application first: {}", hints.audience.deploying());
    let problem = Problem::new(format!("no pod has label {wanted}{over}"));
    let help = if hints.has_selector {
        format!("the labels are those of {}: check them, or {deploy}", hints.audience.selector())
    } else {
        deploy
    };
    let problem = problem.help(help);
    // What should make them may say more than that there are none.
    let problem = match waits_for.filter(|message| !message.starts_with("no pod of ")) {
        Some(message) => Problem { message: format!("{}: {message}", problem.message), ..problem },
        None => problem,
    };
    if !hints.is_without_label || hints.has_selector {
        return problem;
    }
    problem.help(format!(
        "the chart gives its pods no label `draft`: add it to the template of the pods, or name them by {}",
        hints.audience.selector()
    ))
}

fn readiness(current: &[&PodExamination], waits_for: Option<&str>, target: &Target) -> Link {
    const NAME: &str = "readiness";
    let unready: Vec<_> = current.iter().filter(|pod| !pod.is_ready).collect();
    let Some(first) = unready.first() else {
        let ready = format!("{} ready", many(current.len()));
        return match waits_for {
            None => Link::holds(NAME, ready),
            Some(message) => {
                Link::broken(NAME, Problem::new(format!("{ready}, but a run would wait: {message}")))
            }
        };
    };
    let count = current.len();
    let problem = Problem::new(format!("{} of {} ready", count - unready.len(), many(count)));
    let context = target.context.as_ref().map(|context| format!("--context {context} ")).unwrap_or_default();
    let look = format!("kubectl {context}-n {} describe pod {}", target.namespace, first.name);
    let details = unready.iter().map(|pod| format!("{}: {}", pod.name, pod.reason)).collect();
    Link::broken(NAME, problem.help(format!("look at why: {look}"))).with(details)
}

fn containers(current: &[&PodExamination], audience: Audience) -> Link {
    const NAME: &str = "container";
    if let Some(problem) = current.iter().find_map(|pod| pod.container.as_ref().err()) {
        let help = format!("name the container by {}", audience.container());
        return Link::broken(NAME, problem.clone().help(help));
    }
    let mut names: Vec<&String> = current.iter().filter_map(|pod| pod.container.as_ref().ok()).collect();
    names.sort();
    names.dedup();
    Link::holds(NAME, join(names.into_iter().cloned()))
}

fn many(pods: usize) -> String {
    if pods == 1 { "1 pod".into() } else { format!("{pods} pods") }
}

fn join(names: impl Iterator<Item = String>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

/// The first link that is broken.
pub(crate) fn first_broken(links: &[Link]) -> Option<&Link> {
    links.iter().find(|link| link.state == State::Broken)
}

#[cfg(test)]
mod tests;
