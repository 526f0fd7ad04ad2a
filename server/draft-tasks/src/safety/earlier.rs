//! The applications in whose pods earlier runs of a tasks file were, as their records tell.
//!
//! Must not contact a cluster, nor take a run that saw no pod for one of an application that was seen.

use std::path::Path;

use draft_tasks_analysis::phase::Phase;
use draft_tasks_executor::cluster::KubeconfigSource;
use draft_tasks_executor::record::schema::{ClusterEntry, RunResult};
use draft_tasks_executor::record::{Event, RecordState, Records, StoredRun};
use draft_tasks_executor::{Application, OutcomeName, PodsRequest, Problem};

use crate::clock::Clock;
use crate::source;
use crate::world::application::ApplicationLookup;

/// An application in whose pods an earlier run of the tasks file was.
#[derive(Clone, Debug)]
pub(super) struct EarlierApplication {
    pub(super) place: ClusterEntry,
    /// The run.
    pub(super) run: String,
    /// Its pods; or why they cannot be sought.
    pub(super) pods: Result<PodsRequest, Problem>,
    /// Whether the run saw any of them.
    pub(super) was_seen: bool,
    /// Whether `cleanup` has passed since, and others were seen later.
    pub(super) is_settled: bool,
}

impl EarlierApplication {
    /// Whether it is an application that is there, by whichever context.
    pub(super) fn is_at(&self, place: &ClusterEntry) -> bool {
        let of = &self.place;
        (&of.server, &of.namespace, &of.selector) == (&place.server, &place.namespace, &place.selector)
    }
}

/// All whose pods were seen, each once, the one that was seen last first; where none was, the one that was sought last:
/// that it was not found may be due to its cluster.
///
/// # Errors
///
/// When the records cannot be read.
pub(super) fn applications(
    lookup: &ApplicationLookup<'_>,
    file: &Path,
) -> Result<Vec<EarlierApplication>, Problem> {
    // Whether this run is recorded says nothing of earlier ones.
    let Some(directory) = lookup.environment.records() else { return Ok(Vec::new()) };
    let records = Records::at(directory);
    let kept = records.list().map_err(|error| {
        let place = records.directory.display();
        Problem::new(format!("the records of earlier runs cannot be read: {place}: {error}"))
    })?;
    // It may have seen pods.
    let unreadable = kept.iter().filter(|run| run.may_be_of(file)).find_map(|run| match &run.state {
        RecordState::Unreadable(why) => Some((run.folder.display(), why)),
        _ => None,
    });
    if let Some((place, why)) = unreadable {
        return Err(Problem::new(format!("the record of an earlier run cannot be read: {place}: {why}")));
    }
    let (mut seen, mut sought, mut is_cleaned) = (Vec::<EarlierApplication>::new(), None, false);
    // A pipe is empty when it is read again.
    let mut kubeconfig = None;
    for run in kept.iter().filter(|run| source::is_of(run, file)) {
        is_cleaned |= has_cleaned(run);
        let Some(place) = run.application().cloned() else { continue };
        let was_seen = run.has_seen_pods();
        if seen.iter().any(|known| known.is_at(&place)) || !was_seen && sought.is_some() {
            continue;
        }
        let read = || KubeconfigSource::read(lookup.environment.variables());
        let source = kubeconfig.get_or_insert_with(read).clone();
        let pods = source.and_then(|source| pods_of(lookup, source, run, &place));
        let is_settled = is_cleaned && !seen.is_empty();
        let application = EarlierApplication { place, run: run.id.clone(), pods, was_seen, is_settled };
        if was_seen { seen.push(application) } else { sought = Some(application) }
    }
    Ok(if seen.is_empty() { sought.into_iter().collect() } else { seen })
}

fn has_cleaned(run: &StoredRun) -> bool {
    let is_passed =
        |result: &RunResult| result.phase == Phase::Cleanup.name() && result.outcome == OutcomeName::Passed;
    run.result().is_some_and(is_passed)
}

/// The pods of an earlier run, in the cluster in which it was.
fn pods_of(
    lookup: &ApplicationLookup<'_>,
    source: KubeconfigSource<'_>,
    run: &StoredRun,
    place: &ClusterEntry,
) -> Result<PodsRequest, Problem> {
    let of_run = |problem: Problem| {
        let (was, choice) = (describe(run, place), lookup.audience.application());
        Problem { message: format!("{was}, and {}; {choice}", problem.message), ..problem }
    };
    let target = source.target(place.context.as_deref(), Some(&place.namespace)).map_err(of_run)?;
    let named = Application { name: place.selector.clone(), selector: place.selector.clone() };
    let request = lookup.request(named, target, Vec::new());
    let now = ClusterEntry::of(&request);
    if now == *place {
        return Ok(request);
    }
    Err(of_run(Problem::new(format!("that leads to {} now, not to {}", now.server, place.server))))
}

/// "run 20261122T184501.123Z-… of post-deploy (at 18:45) was in pods of app=web · context dev, namespace demo".
fn describe(run: &StoredRun, place: &ClusterEntry) -> String {
    let at = match &run.began {
        Some(Event::RunStarted { at, .. }) => humantime::parse_rfc3339(at).ok(),
        _ => None,
    };
    let at = at.map(|at| format!(" ({})", Clock::of_system().describe(at))).unwrap_or_default();
    format!("run {}{at} was in {}", run.id, place.describe())
}
