//! Waits until an application's pods have come to their end.
//!
//! Must not delete anything, nor poll the pods: they are watched.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::Instant;

use super::selection::{PodState, shorten};
use super::watching::Pods;
use crate::cluster::Connection;
use crate::describe_duration;
use crate::event::WaitTime;
use crate::event::{Problem, RunEvent};
use crate::halt;
use crate::report::Report;
use crate::request::{PodsBefore, PodsRequest};

/// Waits until none of the application's pods runs any more, and tells which are left.
///
/// # Errors
///
/// When pods are left at the time limit.
pub(crate) async fn until_gone(
    connection: &Connection,
    wanted: &PodsRequest,
    mut pods: watch::Receiver<Arc<Pods>>,
    report: &Report,
) -> Result<(), Problem> {
    let time = WaitTime::of(wanted.wait_timeout);
    let mut told = None;
    if let PodsBefore::Known(before) = &wanted.before
        && !before.is_empty()
    {
        // The command may have waited for their end itself: a record tells all the same that there were some.
        let (pods, message) = (before.len(), "looks whether they are gone".to_owned());
        report.tell(RunEvent::PodsLeft { pods, message, time: Some(time) }).await;
    }
    loop {
        let now: Arc<Pods> = pods.borrow_and_update().clone();
        let left: Vec<_> = now.seen.values().filter(|pod| !pod.stays).collect();
        if left.is_empty() {
            return Ok(());
        }
        let message = describe(&left);
        let trouble = now.trouble.as_ref().map(|it| format!(" · the cluster does not answer: {it}"));
        let news = (left.len(), message.clone() + &trouble.unwrap_or_default());
        if told.as_ref() != Some(&news) {
            let (pods, message) = news.clone();
            report.tell(RunEvent::PodsLeft { pods, message, time: Some(time) }).await;
            told = Some(news);
        }
        if let Some(problem) = &now.refused {
            return Err(problem.clone());
        }
        if !changed_before(&mut pods, time.end()).await? {
            return Err(too_late(connection, wanted, left.len()).help(message));
        }
    }
}

/// Whether something changes before the limit.
pub(super) async fn changed_before(
    pods: &mut watch::Receiver<Arc<Pods>>,
    limit: Option<Instant>,
) -> Result<bool, Problem> {
    let over = async {
        match limit {
            Some(limit) => halt::until(limit).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        // The watch ends only with the run.
        changed = pods.changed() => {
            changed.map(|()| true).map_err(|_| Problem::new("the pods are no longer watched"))
        }
        () = over => Ok(false),
    }
}

/// "web-1 is ending, web-2 still runs".
fn describe(left: &[&PodState]) -> String {
    let names = left.iter().map(|pod| {
        let state = if pod.over { "is ending" } else { "still runs" };
        format!("{} {state}", pod.name)
    });
    shorten(&names.collect::<Vec<_>>())
}

fn too_late(connection: &Connection, wanted: &PodsRequest, left: usize) -> Problem {
    let limit = describe_duration(wanted.wait_timeout);
    let place = connection.target().describe();
    let name = &wanted.application.name;
    let pods = if left == 1 { "1 pod".to_owned() } else { format!("{left} pods") };
    Problem::new(format!("{pods} of {name} had not come to an end within {limit} in {place}"))
        .help("the limit is draftTasks.kubernetes.goneTimeout or --gone-timeout")
}
