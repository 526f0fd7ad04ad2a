//! What a run left running whose program was killed: the processes that still have its mark.
//!
//! Must not end anything, nor name a process by its number alone: numbers are given again.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::Path;

use draft_tasks_analysis::secret::looks_secret;

use super::schema::RunResult;
use super::{Event, RESULT, RecordState, Records, StoredRun, list, log_name};
use crate::event::{LeftProcess, OutcomeName};
use crate::tree;

/// The variable that tells tasks, and everything that they start, which run they are of. Its value is the mark of the
/// run: no other run may ever have had the same.
pub const RUN_VARIABLE: &str = "DRAFT_TASKS_RUN";

/// Its presence in a record says that somebody was told that the run was interrupted.
const TOLD: &str = "told";

/// A run that was interrupted, and what of it goes on.
#[derive(Clone, Debug, PartialEq)]
pub struct InterruptedRun {
    /// Its record.
    pub kept: StoredRun,
    /// What still runs, except what its tasks had left running before on purpose.
    pub left: Vec<LeftProcess>,
}

impl Records {
    /// The runs that were interrupted and about which there is something to say, newest first: something of them still
    /// runs, or nobody was told yet.
    ///
    /// # Errors
    ///
    /// When the folder of records cannot be read; a missing one is no error.
    pub fn interrupted(&self) -> io::Result<Vec<InterruptedRun>> {
        // Only the few without a result are read.
        let names = list::names(&self.directory)?.into_iter().rev();
        let open = names.filter(|name| !self.directory.join(name).join(RESULT).exists());
        let interrupted =
            open.filter_map(|name| self.kept(name).ok()).filter(|it| it.state == RecordState::Interrupted);
        let with_left = interrupted.map(|kept| InterruptedRun { left: kept.left_running(), kept });
        // Marked in any case.
        Ok(with_left.filter(|it| it.kept.is_first_told() | !it.left.is_empty()).collect())
    }
}

impl StoredRun {
    /// What an interrupted run left running; of others nothing, and nothing where the system does not tell the
    /// environment of processes.
    pub fn left_running(&self) -> Vec<LeftProcess> {
        let Some(Event::RunStarted { mark: Some(mark), given, .. }) = &self.began else { return Vec::new() };
        if self.state != RecordState::Interrupted {
            return Vec::new();
        }
        let named = |names: &[String], variable: &str| names.iter().any(|name| name == variable);
        let is_secret = |variable: &str| {
            named(&given.secrets, variable) || looks_secret(variable) && !named(&given.public, variable)
        };
        tree::with_variable(RUN_VARIABLE, mark, &self.left_on_purpose(), &is_secret)
    }

    /// How far an interrupted run came: what had begun and not ended is stopped, what had not begun is skipped. Nothing of
    /// others.
    pub fn interrupted_at(&self) -> Option<RunResult> {
        if self.state != RecordState::Interrupted {
            return None;
        }
        let mut result = RunResult::begun(self.began.as_ref()?)?;
        let (mut pods, mut open) = (Vec::new(), BTreeSet::new());
        for event in self.events().ok()? {
            match &event {
                Event::PodsFound { pods: found, .. } => {
                    pods = found.iter().map(|pod| pod.name.clone()).collect();
                }
                Event::TaskStarted { task, pod, .. } => drop(open.insert((*task, *pod))),
                Event::TaskFinished { task, pod, .. } => drop(open.remove(&(*task, *pod))),
                _ => {}
            }
            result.take(&event, &pods);
        }
        for (task, pod) in open {
            let Some(told) = result.tasks.get_mut(task) else { continue };
            told.outcome = told.outcome.max(OutcomeName::Stopped);
            let pod = pod.and_then(|pod| pods.get(pod)).map(String::as_str);
            told.log = Some(log_name(task, &told.name, pod));
        }
        Some(result)
    }

    fn left_on_purpose(&self) -> Vec<u32> {
        let events = self.events().into_iter().flatten();
        let left = events.filter_map(|event| match event {
            Event::TaskFinished { left_running, .. } => Some(left_running),
            _ => None,
        });
        left.flatten().map(|process| process.pid).collect()
    }

    /// Whether nobody was told of it before. Where that cannot be kept, nobody is told: it would be said for ever.
    fn is_first_told(&self) -> bool {
        File::create_new(Path::new(&self.folder).join(TOLD)).is_ok()
    }
}
