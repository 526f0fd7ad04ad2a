//! What has to be asked before a run: on a cluster that is not local, and before the ground is cleared under pods that
//! still run.
//!
//! Must not ask: the command line and the language server do, each in its own way.

use std::ffi::OsString;
use std::time::Duration;

use draft_tasks_analysis::plan::Plan;
use draft_tasks_executor::cluster::{Connection, Target};
use draft_tasks_executor::{PodsRequest, pods};
use draft_tasks_executor::{Problem, RunRequest};

use crate::lifecycle::Part;

/// How long it is looked for pods before something is cleaned up.
const LOOK: Duration = Duration::from_secs(10);

/// Programs that change what the current context leads to.
const TOOLS: [&str; 10] =
    ["kubectl", "helm", "helmfile", "kustomize", "skaffold", "oc", "argocd", "flux", "draft", "tilt"];

/// The cluster that a run reaches if it is not local: that of its pods, that which is pinned, or that of the current
/// context where a command visibly calls a program of clusters.
pub(crate) fn foreign_target(request: &RunRequest) -> Option<Target> {
    let target = match (&request.pods, &request.pinned) {
        (Some(pods), _) => pods.target.clone(),
        (None, Some(pinned)) => {
            cluster_tool(&request.plan)?;
            pinned.target.clone()
        }
        (None, None) => {
            cluster_tool(&request.plan)?;
            // What has no kubeconfig reaches no cluster.
            Target::read(&request.environment, None, None).ok()?
        }
    };
    (!target.is_local()).then_some(target)
}

/// What to ask before a run that reaches a cluster that is not local.
pub(crate) fn foreign_cluster(request: &RunRequest) -> Option<String> {
    foreign_target(request).map(|target| question(request, &target))
}

/// What to ask before `up` or `delete`, which reach a cluster that is not local.
pub(crate) fn foreign_part(part: Part, target: &Target) -> Option<String> {
    (!target.is_local()).then(|| {
        let (name, place, server) = (part.name(), target.describe(), &target.server);
        format!("run {name} on a cluster that is not local: {place} ({server})?")
    })
}

/// The question about a cluster that is not local.
pub(crate) fn question(request: &RunRequest, target: &Target) -> String {
    let phase = request.plan.subject;
    let why = match (&request.pods, cluster_tool(&request.plan)) {
        (None, Some(tool)) => format!(" (`{tool}`)"),
        _ => String::new(),
    };
    format!("run {phase}{why} on a cluster that is not local: {} ({})?", target.describe(), target.server)
}

/// The first program of a cluster that a command visibly calls.
fn cluster_tool(plan: &Plan) -> Option<&'static str> {
    let words =
        plan.steps.iter().flat_map(|step| &step.argv).flat_map(|argument| argument.split_whitespace());
    let mut names = words.map(|word| word.rsplit('/').next().unwrap_or(word));
    names.find_map(|name| TOOLS.into_iter().find(|tool| *tool == name))
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

/// What to ask before a cleanup, if pods of the application still run.
///
/// # Errors
///
/// Why that is not known.
pub(crate) async fn pods_left(
    pods: &PodsRequest,
    environment: &[(OsString, OsString)],
) -> Result<Option<String>, Problem> {
    let (names, place) = (living(pods, environment).await?, pods.target.describe());
    let names: Vec<&str> = names.iter().map(|(name, _)| name.as_str()).collect();
    Ok(counted(&names)
        .map(|still| format!("clean up although {} still has {still} in {place}?", pods.application.name)))
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

/// The same where nothing else goes on.
pub(crate) fn pods_left_blocking(
    pods: &PodsRequest,
    environment: &[(OsString, OsString)],
) -> Result<Option<String>, Problem> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Problem::new(error.to_string()))?;
    runtime.block_on(pods_left(pods, environment))
}

#[cfg(test)]
mod tests {
    use draft_tasks_analysis::phase::Phase;
    use draft_tasks_analysis::plan::Step;

    use super::*;

    fn tool(argv: &[&str]) -> Option<&'static str> {
        let argv = argv.iter().map(|word| (*word).to_owned()).collect();
        let step = Step { task: "a".into(), command: String::new(), argv };
        cluster_tool(&Plan { subject: Phase::PreUp.into(), steps: vec![step] })
    }

    #[test]
    fn pods_that_are_left_are_named() {
        assert_eq!(counted(&[]), None);
        assert_eq!(counted(&["web-a"]).unwrap(), "1 pod (web-a)");
        assert_eq!(counted(&["web-a", "web-b"]).unwrap(), "2 pods (web-a, web-b)");
        assert_eq!(counted(&["web-a", "web-b", "web-c"]).unwrap(), "3 pods (web-a, …)");
    }

    #[test]
    fn programs_of_clusters_are_seen_also_inside_of_a_shell() {
        assert_eq!(tool(&["helm", "install", "x"]), Some("helm"));
        assert_eq!(tool(&["sh", "-c", "cd x && /usr/bin/kubectl apply -f y"]), Some("kubectl"));
        assert_eq!(tool(&["echo", "helmet"]), None);
    }
}
