//! What has to be asked before a run: on a cluster that is not local, and before the ground is cleared under pods that
//! still run or of which nothing is known.
//!
//! Must not ask: the command line and the language server do, each in its own way.

mod beside;
mod choice;
mod given;
mod guard;
pub(crate) mod lacking;
mod tool;

use std::ffi::OsString;
use std::path::Path;

use draft_tasks_analysis::calls::Calls;
use draft_tasks_analysis::plan::Plan;
use draft_tasks_executor::cluster::Target;
use draft_tasks_executor::event::Problem;
use draft_tasks_executor::mask::Secrets;
use draft_tasks_executor::{PodsRequest, RunRequest};

use self::choice::CalledCluster;
pub(crate) use self::guard::Guard;

/// A cluster that a run reaches, with the question about it.
#[derive(Clone, Debug)]
pub(crate) struct Foreign {
    /// The cluster; nothing where the one that is reached is unknown.
    pub(crate) target: Option<Target>,
    pub(crate) question: String,
    /// Whether only a file beside the command tells so, which is no reason to refuse.
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
    /// What of the run does, for people; nothing where all of it does.
    by: String,
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
    let reached = Reached { target: Ok(pods.target.clone()), by: String::new(), is_hint: false };
    let is_foreign = !accepts(&pods.target);
    is_foreign.then(|| reached.ask(plan.subject.name())).into_iter().collect()
}

/// The clusters to which commands lead and that are not accepted.
pub(crate) fn foreign_commands(
    plan: &Plan,
    whereabouts: Whereabouts<'_>,
    accepts: &dyn Fn(&Target) -> bool,
) -> Vec<Foreign> {
    let mut all = whereabouts.reached(plan);
    all.sort_by_key(|reached| reached.is_hint);
    let mut seen = Vec::new();
    all.retain(|reached| {
        let place =
            reached.target.as_ref().map(|target| (target.context.clone(), target.server.clone())).ok();
        let is_new = !seen.contains(&place);
        seen.push(place);
        is_new && !reached.target.as_ref().is_ok_and(accepts)
    });
    let ask = |reached: Reached| {
        let asked = reached.ask(plan.subject.name());
        Foreign { question: whereabouts.secrets.mask(&asked.question).into_owned(), ..asked }
    };
    all.into_iter().map(ask).collect()
}

/// What to ask before `up` or `delete`, which reach this cluster.
pub(crate) fn foreign_part(part: &str, target: &Target) -> String {
    format!("run {part} on a cluster that is not local: {} ({})?", target.describe(), target.server)
}

impl Reached {
    fn ask(self, subject: &str) -> Foreign {
        let Reached { target, by, is_hint } = self;
        let question = match &target {
            Ok(target) => {
                let (place, server) = (target.describe(), &target.server);
                format!("run {subject}{by} on a cluster that is not local: {place} ({server})?")
            }
            Err(why) => format!("run {subject}{by} on an unknown cluster: {why}?"),
        };
        Foreign { target: target.ok(), question, is_hint }
    }
}

impl Whereabouts<'_> {
    fn variable(&self, name: &str) -> Option<String> {
        let found = self.environment.iter().find(|(variable, _)| variable == name);
        found.map(|(_, value)| value.to_string_lossy().into_owned())
    }

    fn reached(&self, plan: &Plan) -> Vec<Reached> {
        // What has no kubeconfig reaches no cluster; what cannot be read may lead anywhere.
        let current = match self.pinned {
            Some(pinned) => Ok(Some(pinned.clone())),
            None => Target::find(self.environment, None).map_err(|problem| problem.message),
        };
        let current = current.transpose();
        let lookup = |name: &str| self.variable(name);
        let mut found = Vec::new();
        for step in &plan.steps {
            let calls = Calls::of(step.argv.iter().cloned(), &lookup);
            for call in calls.called.iter().filter(|call| tool::reaches(call) || tool::chooses(call)) {
                let choice = CalledCluster::of(call, &calls, &lookup);
                let target = self.target_of(choice, current.as_ref());
                let by = format!(" (`{}`)", call.name());
                found.extend(target.map(|target| Reached { target, by, is_hint: false }));
            }
            let elsewhere = calls.unclear.as_ref().and_then(|unclear| unclear.elsewhere.clone());
            let Some(target) = elsewhere.map(Err).or_else(|| current.clone()) else { continue };
            let reached = |by, is_hint| Reached { target: target.clone(), by, is_hint };
            let beside = || {
                let (place, tool) = beside::tool(&calls, self.directory, &lookup)?;
                Some(format!(" ({place} calls `{tool}`)"))
            };
            let given = || {
                let mut given =
                    calls.called.iter().filter_map(|call| Some((call.name(), given::tool(call)?)));
                given.next().map(|(program, tool)| format!(" (`{program}` may call `{tool}`)"))
            };
            if let Some(unclear) = &calls.unclear {
                found.push(reached(format!(" (`{}`: {})", step.task, unclear.why), false));
            } else if let Some(by) = beside().or_else(given) {
                found.push(reached(by, true));
            }
        }
        found
    }

    /// To which cluster a call leads, or why that is not known; nothing where it leads to none.
    fn target_of(
        &self,
        choice: CalledCluster,
        current: Option<&Result<Target, String>>,
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
                None => current.cloned(),
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
