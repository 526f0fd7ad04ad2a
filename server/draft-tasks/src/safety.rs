//! What has to be asked before a run: on a cluster that is not local, and before the ground is cleared under pods that
//! still run or of which nothing is known.
//!
//! Must not ask: the command line and the language server do, each in its own way.

mod beside;
mod choice;
mod configured;
mod crossing;
mod earlier;
mod given;
mod guard;
pub(crate) mod lacking;
mod link;
mod switch;
mod taskfile;
mod tool;

use std::cell::{LazyCell, OnceCell};
use std::ffi::OsString;
use std::path::Path;

use draft_tasks_analysis::calls::{Call, Calls};
use draft_tasks_analysis::plan::{Plan, Step};
use draft_tasks_executor::cluster::Target;
use draft_tasks_executor::event::Problem;
use draft_tasks_executor::mask::Secrets;
use draft_tasks_executor::search::variable;
use draft_tasks_executor::{PodsRequest, RunRequest};

use self::beside::CallBeside;
use self::choice::{CalledCluster, CalledNames};
pub(crate) use self::crossing::{Asker, Crossing, TaskQuestion};
pub(crate) use self::guard::{BeforeDelete, Guard};

/// A cluster that a run reaches, and what of the run does.
#[derive(Clone, Debug)]
pub(crate) struct Foreign {
    /// What runs, in one word.
    subject: &'static str,
    /// The cluster; nothing where the one that is reached is unknown.
    pub(crate) target: Option<Target>,
    /// "on a cluster that is not local: context prod, namespace default (https://…)".
    place: String,
    /// Each with its command: "`migrate` (`kubectl exec …`)".
    tasks: Vec<String>,
    /// All of them in few words, where there are many: "pre-up (2 tasks), `helm upgrade …`".
    brief: Option<String>,
    /// Whether only files beside the commands tell so, which is no reason to refuse.
    pub(crate) is_hint: bool,
}

/// Where commands run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Whereabouts<'a> {
    pub(crate) directory: &'a Path,
    pub(crate) environment: &'a [(OsString, OsString)],
    /// What no question may show.
    pub(crate) secrets: &'a Secrets,
    /// The cluster that they are to meet; without it that of the kubeconfig.
    pub(crate) pinned: Option<&'a Target>,
    /// Whether links to tools of clusters are followed, for which programs are sought and a disk may be waited for.
    pub(crate) follows_links: bool,
}

/// What of a run reaches a cluster.
struct Reached {
    /// The cluster, or why it is unknown.
    target: Result<Target, String>,
    /// The task, for people.
    task: String,
    /// The task's place in the plan.
    step: usize,
    /// Whether it chooses the cluster of what follows.
    chooses: bool,
    /// That its program is a link to a tool of clusters.
    link: Option<String>,
    is_hint: bool,
}

/// The clusters that a run reaches and that are not accepted: that of its pods, or those to which its commands lead.
/// What is certain comes first.
pub(crate) fn foreign(request: &RunRequest, accepts: &dyn Fn(&Target) -> bool) -> Vec<Foreign> {
    let pinned = request.pinned.as_ref().map(|pinned| &pinned.target);
    let (directory, environment) = (request.directory.as_path(), request.environment.as_slice());
    let secrets = &request.secrets;
    let whereabouts = Whereabouts { directory, environment, secrets, pinned, follows_links: true };
    foreign_plan(&request.plan, request.pods.as_ref(), whereabouts, accepts)
}

/// Those of a plan that runs in pods, or on this machine.
pub(crate) fn foreign_plan(
    plan: &Plan,
    pods: Option<&PodsRequest>,
    whereabouts: Whereabouts<'_>,
    accepts: &dyn Fn(&Target) -> bool,
) -> Vec<Foreign> {
    let Some(pods) = pods else { return foreign_commands(plan, whereabouts, accepts) };
    let is_foreign = !accepts(&pods.target);
    let asked = || Foreign::all_of(plan.subject.name(), &[plan], &pods.target, whereabouts.secrets);
    is_foreign.then(asked).into_iter().collect()
}

/// The clusters to which commands lead and that are not accepted; of one cluster all tasks that reach it.
pub(crate) fn foreign_commands(
    plan: &Plan,
    whereabouts: Whereabouts<'_>,
    accepts: &dyn Fn(&Target) -> bool,
) -> Vec<Foreign> {
    let mut all = whereabouts.reached(plan);
    all.retain(|reached| !reached.target.as_ref().is_ok_and(accepts));
    let mut asked: Vec<Foreign> = Vec::new();
    for reached in all {
        let reached = reached.ask(plan.subject.name(), whereabouts.secrets);
        match asked.iter_mut().find(|asked| asked.is_at(&reached)) {
            Some(known) => known.add(reached),
            None => asked.push(reached),
        }
    }
    asked.sort_by_key(|asked| asked.is_hint);
    asked
}

/// Whether commands call a tool of clusters, or may: which programs they call is not always known.
pub(crate) fn calls_tools(plan: &Plan, whereabouts: Whereabouts<'_>) -> bool {
    let lookup = |name: &str| whereabouts.variable(name);
    let is_one = |call: &Call| tool::reaches(call) || tool::chooses(call);
    let mut all = plan.steps.iter().map(|step| Calls::of(step.argv.iter().cloned(), &lookup));
    all.any(|calls| calls.unclear.is_some() || whereabouts.unlinked(calls).called.iter().any(is_one))
}

/// That tools of clusters may meet another namespace than the application has; why, without a full stop.
pub(crate) fn unknown_namespace(why: &str) -> String {
    format!(
        "tools of clusters meet the namespace of their kubeconfig, as that of the application cannot be chosen: {why}"
    )
}

/// What to ask before a run reaches these clusters: "run pre-up: `a` (`helm list`) on a cluster that is not local: …?".
pub(crate) fn question(all: &[&Foreign]) -> String {
    let done = match all.first().map_or("", |foreign| foreign.subject) {
        "up" => "deploy".to_owned(),
        "delete" => "delete".to_owned(),
        subject => format!("run {subject}"),
    };
    format!("{done}: {}?", described_all(all))
}

/// Tasks with the clusters that they reach: "`a` (`helm list`) on a cluster that is not local: …".
pub(crate) fn described_all(all: &[&Foreign]) -> String {
    let parts = all.iter().map(|foreign| format!("{} {}", foreign.in_brief(), foreign.place));
    parts.collect::<Vec<_>>().join("; ")
}

impl Foreign {
    /// All tasks of some plans, which reach one cluster.
    pub(crate) fn all_of(
        subject: &'static str,
        plans: &[&Plan],
        target: &Target,
        secrets: &Secrets,
    ) -> Foreign {
        let steps = plans.iter().flat_map(|plan| &plan.steps);
        let tasks = steps.map(|step| described(step, secrets).with("", secrets)).collect();
        let place = secrets.mask(&foreign_place(target)).into_owned();
        let brief = (plans.len() > 1).then(|| in_brief(plans, secrets));
        Foreign { subject, target: Some(target.clone()), place, tasks, brief, is_hint: false }
    }

    /// As a part of something greater, of which the question speaks.
    pub(crate) fn of(self, subject: &'static str) -> Foreign {
        Foreign { subject, ..self }
    }

    /// What a question says of its tasks: nobody reads a long one.
    fn in_brief(&self) -> String {
        const MOST: usize = 4;
        match (&self.brief, self.tasks.as_slice()) {
            (Some(brief), _) => brief.clone(),
            (None, [first, second, third, rest @ ..]) if self.tasks.len() > MOST => {
                format!("{first}, {second}, {third} and {} more", rest.len())
            }
            (None, tasks) => tasks.join(", "),
        }
    }

    fn is_at(&self, other: &Foreign) -> bool {
        match (&self.target, &other.target) {
            (Some(one), Some(other)) => one.is_same_cluster(other),
            (None, None) => self.place == other.place,
            _ => false,
        }
    }

    fn add(&mut self, more: Foreign) {
        self.is_hint &= more.is_hint;
        let new: Vec<String> = more.tasks.into_iter().filter(|task| !self.tasks.contains(task)).collect();
        self.tasks.extend(new);
    }
}

/// "pre-up (2 tasks), `helm upgrade …`, post-deploy (1 task)": of phases how many tasks they have, of others the command.
fn in_brief(plans: &[&Plan], secrets: &Secrets) -> String {
    let brief = |plan: &&Plan| match (plan.subject.phase(), plan.steps.as_slice()) {
        (_, []) => None,
        (Some(phase), [_]) => Some(format!("{phase} (1 task)")),
        (Some(phase), steps) => Some(format!("{phase} ({} tasks)", steps.len())),
        (None, steps) => Some(steps.iter().map(|step| command(step, secrets)).collect::<Vec<_>>().join(", ")),
    };
    plans.iter().filter_map(brief).collect::<Vec<_>>().join(", ")
}

fn foreign_place(target: &Target) -> String {
    let why = target.remote_by().map(|why| format!(", {why}")).unwrap_or_default();
    format!("on a cluster that is not local: {} ({}{why})", target.describe(), target.server)
}

/// "`migrate` (`kubectl exec …`)".
fn described(step: &Step, secrets: &Secrets) -> StepWords {
    StepWords(format!("`{}` ({}", secrets.mask(&step.task), command(step, secrets)))
}

/// What is said of a step, but for the last bracket.
struct StepWords(String);

impl StepWords {
    /// With what more is to be said of it.
    fn with(&self, more: &str, secrets: &Secrets) -> String {
        format!("{}{})", self.0, secrets.mask(more))
    }
}

/// Secrets masked, a long one shortened.
fn command(step: &Step, secrets: &Secrets) -> String {
    const LONGEST: usize = 80;
    let command = secrets.mask(&step.command);
    let mut words = command.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.chars().count() > LONGEST {
        words = words.chars().take(LONGEST - 1).chain(['…']).collect();
    }
    format!("`{words}`")
}

impl Reached {
    fn ask(self, subject: &'static str, secrets: &Secrets) -> Foreign {
        let Reached { target, task, is_hint, .. } = self;
        let place = match &target {
            Ok(target) => foreign_place(target),
            Err(why) => format!("on an unknown cluster: {why}"),
        };
        let place = secrets.mask(&place).into_owned();
        Foreign { subject, target: target.ok(), place, tasks: vec![task], brief: None, is_hint }
    }
}

/// A cluster to which a call leads, or why it is unknown, and what is to be said of that.
struct Led {
    target: Result<Target, String>,
    more: String,
}

impl Whereabouts<'_> {
    fn variable(&self, name: &str) -> Option<String> {
        Some(variable(self.environment, name)?.to_string_lossy().into_owned())
    }

    /// The calls, each that is one of a link to a tool of clusters as one of that.
    fn unlinked(&self, mut calls: Calls) -> Calls {
        if !self.follows_links {
            return calls;
        }
        let path = calls.assigned.get("PATH").cloned().flatten();
        let path = path.map(|path| [self.environment, &[("PATH".into(), path.into())]].concat());
        let environment = path.as_deref().unwrap_or(self.environment);
        let is_known = |name: &str| tool::is_known(name) || configured::is_provisioner(name);
        for call in &mut calls.called {
            if let Some(program) = link::known(call, self.directory, environment, &is_known) {
                call.follow(&program);
            }
        }
        calls
    }

    fn reached(&self, plan: &Plan) -> Vec<Reached> {
        // What has no kubeconfig reaches no cluster; what cannot be read may lead anywhere.
        let read = || match self.pinned {
            Some(pinned) => Some(Ok(pinned.clone())),
            None => Target::find(self.environment, None).map_err(|problem| problem.message).transpose(),
        };
        let known = OnceCell::new();
        let current = || known.get_or_init(read).clone();
        let lookup = |name: &str| self.variable(name);
        let mut found = Vec::new();
        for (at, step) in plan.steps.iter().enumerate() {
            let calls = self.unlinked(Calls::of(step.argv.iter().cloned(), &lookup));
            // A long command may call many.
            let words = LazyCell::new(|| described(step, self.secrets));
            let all = calls.called.iter();
            for (call, Led { target, more }) in all.flat_map(|call| {
                let led = self.led(&CalledNames::of(call, &calls, &lookup), &current);
                led.into_iter().map(move |led| (call, led))
            }) {
                let (task, chooses) = (words.with(&more, self.secrets), tool::chooses(call));
                let link = call.described_link();
                found.push(Reached { target, task, step: at, chooses, link, is_hint: false });
            }
            let reached = |target: Option<Result<Target, String>>, more: String, is_hint| {
                let task = words.with(&more, self.secrets);
                Some(Reached { target: target?, task, step: at, chooses: false, link: None, is_hint })
            };
            // Of a step that reaches an unknown cluster nothing more has to be asked.
            if found.iter().any(|it: &Reached| it.step == at && it.target.is_err()) {
                continue;
            }
            if let Some(unclear) = &calls.unclear {
                let elsewhere = unclear.elsewhere.clone().or_else(|| beside::in_pipe(&calls));
                let elsewhere = elsewhere.or_else(|| given::chosen(&step.argv.join(" ")));
                let elsewhere = elsewhere.or_else(|| given::chosen_of_unknown(&calls, &lookup));
                let target = elsewhere.map(Err).or_else(&current);
                found.extend(reached(target, format!("; {}", unclear.why), false));
            }
            for CallBeside { said, target } in beside::calls(&calls, *self, &current) {
                // Of a cluster that is asked for anyway no more is said.
                let is_known = |it: &Reached| match (&it.target, &target) {
                    (Ok(one), Ok(other)) => one.is_same_cluster(other),
                    (Err(_), _) => true,
                    (Ok(_), Err(_)) => false,
                };
                if found.iter().any(|it| it.step == at && !it.is_hint && is_known(it)) {
                    continue;
                }
                found.extend(reached(Some(target), format!("; {said}"), true));
            }
        }
        found
    }

    /// The clusters to which a call leads.
    fn led(&self, named: &CalledNames<'_>, current: &dyn Fn() -> Option<Result<Target, String>>) -> Vec<Led> {
        let call = named.call;
        if !tool::reaches(call) && !tool::chooses(call) && !named.answers_inner() {
            let provisions = configured::provisions(call, self.directory);
            return provisions.map(|why| Led { target: Err(why), more: String::new() }).into_iter().collect();
        }
        let choice = CalledCluster::of(named);
        if matches!(choice, CalledCluster::Unknown(_) | CalledCluster::Local) {
            let target = self.target_of(choice, current);
            return target.map(|target| Led { target, more: String::new() }).into_iter().collect();
        }
        let naming = match configured::contexts(named, self.directory, choice.is_named()) {
            Ok(naming) => naming,
            Err(why) => return vec![Led { target: Err(why), more: String::new() }],
        };
        let named = naming.contexts.iter().filter_map(|it| {
            let target = self.target_of(choice.in_context(&it.context), current)?;
            Some(Led { target, more: format!("; `{}` names the context", it.file) })
        });
        let named: Vec<Led> = named.collect();
        let own = if naming.leaves_some { self.target_of(choice, current) } else { None };
        own.map(|target| Led { target, more: String::new() }).into_iter().chain(named).collect()
    }

    /// To which cluster a call leads, or why that is not known; nothing where it leads to none.
    fn target_of(
        &self,
        choice: CalledCluster,
        current: &dyn Fn() -> Option<Result<Target, String>>,
    ) -> Option<Result<Target, String>> {
        let (file, context) = match choice {
            CalledCluster::Unknown(why) => return Some(Err(why)),
            CalledCluster::Local => return None,
            CalledCluster::Kubeconfig { file, context } => (Some(file), context),
            CalledCluster::Context(context) => (None, Some(context)),
            CalledCluster::Current => (None, None),
        };
        let message = |problem: Problem| problem.message;
        let Some(file) = file else {
            return match context {
                Some(context) => Target::find(self.environment, Some(&context)).map_err(message).transpose(),
                None => current(),
            };
        };
        let files = std::env::split_paths(&file).map(|file| self.directory.join(file));
        let Ok(files) = std::env::join_paths(files) else {
            return Some(Err(format!("no kubeconfig has the path {file}")));
        };
        let mut environment = self.environment.to_vec();
        environment.retain(|(name, _)| name != "KUBECONFIG");
        environment.push(("KUBECONFIG".into(), files));
        Some(Target::read(&environment, context.as_deref(), None).map_err(message))
    }
}

#[cfg(test)]
mod tests;
