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
mod switch;
mod taskfile;
mod tool;

use std::cell::OnceCell;
use std::ffi::OsString;
use std::path::Path;

use draft_tasks_analysis::calls::Calls;
use draft_tasks_analysis::plan::{Plan, Step};
use draft_tasks_executor::cluster::Target;
use draft_tasks_executor::event::Problem;
use draft_tasks_executor::mask::Secrets;
use draft_tasks_executor::search::variable;
use draft_tasks_executor::{PodsRequest, RunRequest};

use self::beside::CallBeside;
use self::choice::{CalledCluster, CalledNames};
pub(crate) use self::crossing::{Asker, Crossing};
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
    is_hint: bool,
}

/// The clusters that a run reaches and that are not accepted: that of its pods, or those to which its commands lead.
/// What is certain comes first.
pub(crate) fn foreign(request: &RunRequest, accepts: &dyn Fn(&Target) -> bool) -> Vec<Foreign> {
    let pinned = request.pinned.as_ref().map(|pinned| &pinned.target);
    let (directory, environment) = (request.directory.as_path(), request.environment.as_slice());
    let whereabouts = Whereabouts { directory, environment, secrets: &request.secrets, pinned };
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

/// What to ask before a run reaches these clusters: "run pre-up: `a` (`helm list`) on a cluster that is not local: …?".
pub(crate) fn question(all: &[&Foreign]) -> String {
    let subject = all.first().map_or("", |foreign| foreign.subject);
    let parts = all.iter().map(|Foreign { tasks, place, .. }| format!("{} {place}", tasks.join(", ")));
    format!("run {subject}: {}?", parts.collect::<Vec<_>>().join("; "))
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
        let tasks = steps.map(|step| described(step, secrets, "")).collect();
        let place = secrets.mask(&foreign_place(target)).into_owned();
        Foreign { subject, target: Some(target.clone()), place, tasks, is_hint: false }
    }

    /// As a part of something greater, of which the question speaks.
    pub(crate) fn of(self, subject: &'static str) -> Foreign {
        Foreign { subject, ..self }
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

fn foreign_place(target: &Target) -> String {
    let why = target.remote_by().map(|why| format!(", {why}")).unwrap_or_default();
    format!("on a cluster that is not local: {} ({}{why})", target.describe(), target.server)
}

/// "`migrate` (`kubectl exec …`)", with what more is to be said of it; secrets masked, long commands shortened.
fn described(step: &Step, secrets: &Secrets, more: &str) -> String {
    const LONGEST: usize = 80;
    let command = secrets.mask(&step.command);
    let mut words = command.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.chars().count() > LONGEST {
        words = words.chars().take(LONGEST - 1).chain(['…']).collect();
    }
    format!("`{}` (`{words}`{})", secrets.mask(&step.task), secrets.mask(more))
}

impl Reached {
    fn ask(self, subject: &'static str, secrets: &Secrets) -> Foreign {
        let Reached { target, task, is_hint, .. } = self;
        let place = match &target {
            Ok(target) => foreign_place(target),
            Err(why) => format!("on an unknown cluster: {why}"),
        };
        let place = secrets.mask(&place).into_owned();
        Foreign { subject, target: target.ok(), place, tasks: vec![task], is_hint }
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
            let calls = Calls::of(step.argv.iter().cloned(), &lookup);
            let all = calls.called.iter();
            for (call, Led { target, more }) in all.flat_map(|call| {
                let led = self.led(&CalledNames::of(call, &calls, &lookup), &current);
                led.into_iter().map(move |led| (call, led))
            }) {
                let (task, chooses) = (described(step, self.secrets, &more), tool::chooses(call));
                found.push(Reached { target, task, step: at, chooses, is_hint: false });
            }
            let reached = |target: Option<Result<Target, String>>, more: String, is_hint| {
                let task = described(step, self.secrets, &more);
                Some(Reached { target: target?, task, step: at, chooses: false, is_hint })
            };
            if let Some(unclear) = &calls.unclear {
                let elsewhere = unclear.elsewhere.clone().or_else(|| beside::in_pipe(&calls));
                let target = elsewhere.map(Err).or_else(&current);
                found.extend(reached(target, format!("; {}", unclear.why), false));
                continue;
            }
            let beside = beside::calls(&calls, self.directory, &lookup);
            for CallBeside { place, tool, cluster } in beside {
                let target = self.target_of(cluster, &current);
                found.extend(reached(target, format!("; {place} calls `{tool}`"), true));
            }
            let given = calls.called.iter().find_map(|call| Some((call.name(), given::tool(call)?)));
            if let Some((program, tool)) = given {
                found.extend(reached(current(), format!("; `{program}` may call `{tool}`"), true));
            }
        }
        found
    }

    /// The clusters to which a call leads.
    fn led(&self, named: &CalledNames<'_>, current: &dyn Fn() -> Option<Result<Target, String>>) -> Vec<Led> {
        let call = named.call;
        if !tool::reaches(call) && !tool::chooses(call) {
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
        let environment: [(OsString, OsString); 1] = [("KUBECONFIG".into(), files)];
        Some(Target::read(&environment, context.as_deref(), None).map_err(message))
    }
}

#[cfg(test)]
mod tests;
