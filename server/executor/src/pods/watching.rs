//! Watches the pods of an application as long as a run goes on.
//!
//! Must not judge them, and must not end because a watch was dropped or the server was away.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use kube::api::{Api, ListParams};
use kube::runtime::{WatchStreamExt, watcher};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::selection::PodState;
use crate::cluster::Connection;
use crate::cluster::in_words;
use crate::cluster::object::PodObject;
use crate::event::Problem;
use crate::request::{Application, PHASE_LABEL, RUN_LABEL};

/// A watch that tells nothing for so long is begun again: a server that is gone may leave its connection open. It also
/// bounds how long a list may take.
pub(super) const SILENCE: Duration = Duration::from_secs(20);

/// The silence after something went wrong; it is doubled each time, up to the one above.
const SILENCE_IN_TROUBLE: Duration = Duration::from_secs(4);

/// How long is paused before new credentials are asked for.
const PAUSE: Duration = Duration::from_secs(1);

/// What is kept of each pod that is watched.
pub(crate) trait WatchedPod: Clone + PartialEq + Send + Sync + 'static {
    /// Nothing of a pod that is none of those that are meant.
    fn watched(pod: &PodObject) -> Option<Self>;
}

impl WatchedPod for PodState {
    fn watched(pod: &PodObject) -> Option<PodState> {
        // However wide a selector is: a Job's pod is none of the application's, and nothing is run in it. Of what was
        // exported it has only the phase.
        let mut labels = pod.metadata.labels.iter().flatten();
        let is_of_job = labels.any(|(name, _)| [RUN_LABEL, PHASE_LABEL].contains(&name.as_str()));
        if is_of_job { None } else { PodState::of(pod) }
    }
}

/// What is seen of the pods.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pods<S = PodState> {
    /// By their names.
    pub(crate) seen: BTreeMap<String, S>,
    /// Why nothing new is known; nothing while the watch works.
    pub(crate) trouble: Option<String>,
    /// That it is not permitted to watch the pods: nothing new will ever be known.
    pub(crate) refused: Option<Problem>,
}

/// A watch that goes on until it is dropped.
#[derive(Debug)]
pub(crate) struct Watching<S = PodState> {
    pods: watch::Receiver<Arc<Pods<S>>>,
    task: JoinHandle<()>,
}

impl<S> Drop for Watching<S> {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl<S: WatchedPod> Watching<S> {
    /// Lists the pods and goes on watching them.
    ///
    /// # Errors
    ///
    /// When the server cannot be reached or does not permit it.
    pub(crate) async fn start(
        connection: &Connection,
        application: &Application,
        limit: Duration,
    ) -> Result<Watching<S>, Problem> {
        let pods = connection.pods().await?;
        // Also who does not wait looks once.
        let limit = if limit.is_zero() { SILENCE_IN_TROUBLE } else { limit };
        let seen = list(connection, &pods, application, limit).await?;
        let (told, receiver) = watch::channel(Arc::new(Pods { seen, trouble: None, refused: None }));
        let task = tokio::spawn(watch(connection.clone(), application.selector.clone(), told));
        Ok(Watching { pods: receiver, task })
    }

    pub(crate) fn pods(&self) -> watch::Receiver<Arc<Pods<S>>> {
        self.pods.clone()
    }
}

/// The pods of an application, by their names, if they are told within a limit.
pub(crate) async fn list<S: WatchedPod>(
    connection: &Connection,
    pods: &Api<PodObject>,
    application: &Application,
    limit: Duration,
) -> Result<BTreeMap<String, S>, Problem> {
    let limit = limit.min(SILENCE);
    let listed = tokio::time::timeout(limit, list_whole(connection, pods, application)).await;
    let listed = listed.map_err(|_| connection.unanswered("list pods", limit))??;
    Ok(listed.iter().filter_map(named).collect())
}

/// A list that has a part only, or that is one of something else, says nothing of the other pods.
async fn list_whole(
    connection: &Connection,
    pods: &Api<PodObject>,
    application: &Application,
) -> Result<Vec<PodObject>, Problem> {
    let mut parameters = ListParams::default().labels(&application.selector);
    let mut all = Vec::new();
    loop {
        let part = pods.list(&parameters).await;
        let part = part.map_err(|error| connection.problem(&error, "list pods"))?;
        if !matches!(part.types.kind.as_str(), "" | "List" | "PodList") {
            return Err(connection.another_answer(&part.types.kind));
        }
        all.extend(part.items);
        match part.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => parameters = parameters.continue_token(&token),
            None => return Ok(all),
        }
    }
}

fn named<S: WatchedPod>(pod: &PodObject) -> Option<(String, S)> {
    Some((pod.metadata.name.clone()?, S::watched(pod)?))
}

async fn watch<S: WatchedPod>(connection: Connection, selector: String, told: watch::Sender<Arc<Pods<S>>>) {
    let mut silence = SILENCE;
    loop {
        let pods = match connection.pods().await {
            Ok(pods) => pods,
            Err(problem) => {
                tell(&told, |pods| pods.trouble = Some(problem.message));
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let config = watcher::Config::default().labels(&selector);
        let mut events = watcher(pods, config).default_backoff().boxed();
        // What a list has told before it is complete.
        let mut listed = BTreeMap::new();
        loop {
            match tokio::time::timeout(silence, events.next()).await {
                Ok(Some(Ok(event))) => {
                    take(event, &mut listed, &told);
                    if told.borrow().trouble.is_none() {
                        silence = SILENCE;
                    }
                }
                Ok(Some(Err(error))) => {
                    let trouble = in_words(&error);
                    let refused = refusal(&error, 403).map(|error| connection.problem(error, "watch pods"));
                    tell(&told, |pods| {
                        pods.trouble = Some(trouble);
                        pods.refused = refused;
                    });
                    silence = silence.min(SILENCE_IN_TROUBLE);
                    if refusal(&error, 401).is_some() {
                        connection.credentials_ended().await;
                        tokio::time::sleep(PAUSE).await;
                        break;
                    }
                }
                Ok(None) | Err(_) => break,
            }
        }
        silence = (silence * 2).min(SILENCE);
    }
}

/// The server's answer, if it has this code.
fn refusal(error: &watcher::Error, code: u16) -> Option<&kube::Error> {
    match error {
        watcher::Error::InitialListFailed(error)
        | watcher::Error::WatchStartFailed(error)
        | watcher::Error::WatchFailed(error) => {
            matches!(error, kube::Error::Api(status) if status.code == code).then_some(error)
        }
        _ => None,
    }
}

fn take<S: WatchedPod>(
    event: watcher::Event<PodObject>,
    listed: &mut BTreeMap<String, S>,
    told: &watch::Sender<Arc<Pods<S>>>,
) {
    match event {
        watcher::Event::Init => listed.clear(),
        watcher::Event::InitApply(pod) => {
            listed.extend(named(&pod));
        }
        watcher::Event::InitDone => {
            let seen = std::mem::take(listed);
            tell(told, |pods| {
                pods.trouble = None;
                pods.seen = seen;
            });
        }
        watcher::Event::Apply(pod) => tell(told, |pods| {
            pods.trouble = None;
            pods.seen.extend(named(&pod));
        }),
        watcher::Event::Delete(pod) => tell(told, |pods| {
            pods.trouble = None;
            pod.metadata.name.as_ref().map(|name| pods.seen.remove(name));
        }),
    }
}

/// Changes what is told; that nothing changed is not told.
fn tell<S: WatchedPod>(told: &watch::Sender<Arc<Pods<S>>>, change: impl FnOnce(&mut Pods<S>)) {
    told.send_if_modified(|pods| {
        let mut changed = Pods::clone(pods);
        change(&mut changed);
        let differs = changed != **pods;
        *pods = Arc::new(changed);
        differs
    });
}
