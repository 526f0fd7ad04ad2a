//! `draft-tasks run --dry-run`: what would run, and what would not.
//!
//! Must not start anything.

use std::io::{self, Write};
use std::path::Path;

use draft_tasks_analysis::printable::printable;
use draft_tasks_executor::cluster::Target;
use draft_tasks_executor::record::RunHeader;
use draft_tasks_executor::{EarlierPod, PodChoice};
use serde_json::json;

use super::cluster;
use super::terminal::Paint;

/// What a dry run shows.
pub(super) struct Shown<'a> {
    pub(super) phase: &'a str,
    pub(super) directory: &'a Path,
    pub(super) about: &'a RunHeader,
    /// Tasks of the phase that were not asked for.
    pub(super) left_out: &'a [String],
    /// Why the pods in which they would run are unknown.
    pub(super) unknown: Option<&'a str>,
    /// In which pods they would run.
    pub(super) choice: Option<&'a PodChoice>,
    /// The cluster that tasks on this machine would meet, where it is pinned.
    pub(super) target: Option<&'a Target>,
    /// What would be asked before, each as the rest of "would ask".
    pub(super) asks: &'a [String],
}

impl Shown<'_> {
    /// The pods of an earlier run in which they would run.
    fn again(&self) -> &[EarlierPod] {
        if let Some(PodChoice::Again(pods)) = self.choice { pods } else { &[] }
    }

    /// The names of the pods in which alone they would run.
    fn only(&self) -> &[String] {
        if let Some(PodChoice::Present(names)) = self.choice { names } else { &[] }
    }
}

/// Writes it for people.
///
/// # Errors
///
/// When standard output cannot be written.
pub(super) fn write(shown: &Shown<'_>, paint: Paint) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let tasks = shown.about.tasks();
    let place = match (shown.about.cluster(), shown.unknown) {
        (Some(cluster), _) => printable(&cluster.describe()),
        (None, Some(_)) => "in pods".to_owned(),
        (None, None) => {
            let cluster = shown.target.map(|target| format!(" · {}", target.describe())).unwrap_or_default();
            printable(&format!("in {}{cluster}", shown.directory.display()))
        }
    };
    let place = match (tasks.len(), shown.about.cluster()) {
        (0, Some(_)) => place,
        (1, _) => format!("1 task · {place}"),
        (count, _) => format!("{count} tasks · {place}"),
    };
    writeln!(out, "{} · {place} · nothing runs", paint.bold(shown.phase))?;
    if let Some(why) = shown.unknown {
        writeln!(out, "  pods not known, since {}", printable(why))?;
    }
    for task in tasks {
        let once = if task.once { "  once, in the first ready pod" } else { "" };
        writeln!(out, "  {}{}\n    {}", printable(&task.name), paint.dim(once), task.command())?;
    }
    if !shown.only().is_empty() {
        writeln!(out, "  only in {}", printable(&shown.only().join(", ")))?;
    }
    for EarlierPod { name, tasks, .. } in shown.again() {
        let tasks =
            if tasks.is_empty() { String::new() } else { format!(": {}", printable(&tasks.join(", "))) };
        writeln!(out, "  in {}, if it is still there{tasks}", printable(name))?;
    }
    for name in shown.left_out {
        writeln!(out, "  {}", paint.dim(&format!("- {}  left out", printable(name))))?;
    }
    for asks in shown.asks {
        writeln!(out, "  would ask {}", printable(asks))?;
    }
    let refuses = shown.asks.iter().any(|asks| !asks.starts_with(cluster::HINTED));
    if refuses && !cluster::can_ask() {
        writeln!(out, "  where nobody can be asked, as here, nothing would run then; --yes agrees")?;
    }
    out.flush()
}

/// Writes it for programs: one JSON document.
///
/// # Errors
///
/// When standard output cannot be written.
pub(super) fn write_json(shown: &Shown<'_>) -> io::Result<()> {
    let document = json!({
        "phase": shown.phase,
        "directory": shown.directory.display().to_string(),
        "tasks": shown.about.tasks(),
        "leftOut": shown.left_out,
        "pods": shown.about.cluster().map(|cluster| cluster.describe()),
        "only": shown.only(),
        "context": shown.target.map_or_else(|| shown.about.cluster().and_then(|it| it.context.clone()), |it| it.context.clone()),
        "namespace": shown.target.map_or_else(|| shown.about.cluster().map(|it| it.namespace.clone()), |it| Some(it.namespace.clone())),
        "podsNotKnownSince": shown.unknown,
        "wouldAsk": shown.asks,
        "again": shown.again().iter().map(|pod| json!({ "pod": pod.name, "tasks": pod.tasks })).collect::<Vec<_>>(),
    });
    writeln!(io::stdout(), "{document}")
}
