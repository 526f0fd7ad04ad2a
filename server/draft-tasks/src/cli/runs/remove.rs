//! `draft-tasks runs rm`: removes records of runs that are over.
//!
//! Must not remove what nobody named, and those of every project only where somebody has agreed.

use std::collections::HashSet;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use draft_tasks_analysis::printable::printable;
use draft_tasks_executor::record::{RecordState, Records, StoredRun, is_last};

use super::{Format, RunsArguments, summary, told, unreadable};
use crate::cli::cluster::{can_ask, is_agreed};
use crate::cli::{FOUND, UNUSABLE, terminal};

/// Which records are to be removed.
pub(super) struct Removal<'a> {
    pub(super) arguments: &'a RunsArguments,
    pub(super) records: &'a Records,
    pub(super) older_than: Option<Duration>,
    pub(super) yes: bool,
}

impl Removal<'_> {
    /// Removes those that are named, or all that options mean.
    ///
    /// # Errors
    ///
    /// When nothing says which are meant, or nobody has agreed.
    pub(super) fn remove(&self, ids: &[String]) -> Result<ExitCode, String> {
        if ids.is_empty() { self.remove_all() } else { self.remove_named(ids) }
    }

    fn remove_named(&self, ids: &[String]) -> Result<ExitCode, String> {
        // Records of other tasks files are removed only where somebody says so.
        let file = if ids.iter().any(|id| is_last(id)) { self.arguments.file()? } else { None };
        // All are found before any is gone: `last` is the same one each time.
        let found = |id: &String| {
            if is_last(id) {
                return Ok(self.arguments.chosen_of(self.records, file.as_deref())?.into_iter().next());
            }
            self.records.find(id).map_err(unreadable(&self.records.directory))
        };
        let found: Vec<_> = ids.iter().map(|id| (id, found(id))).collect();
        let (mut is_unknown, mut is_left, mut removed) = (false, false, HashSet::new());
        for (id, found) in found {
            let problem = match found {
                Ok(Some(kept)) if !removed.insert(kept.id.clone()) => continue,
                Ok(Some(kept)) => {
                    let Err(problem) = self.removed_or_why_not(&kept) else { continue };
                    is_left = true;
                    problem
                }
                unknown => {
                    is_unknown = true;
                    unknown.err().unwrap_or_else(|| "there is no such run".to_owned())
                }
            };
            terminal::error(format_args!("`{id}` is not removed: {problem}"));
        }
        Ok(match (is_unknown, is_left) {
            (true, _) => UNUSABLE.into(),
            (false, true) => FOUND.into(),
            (false, false) => ExitCode::SUCCESS,
        })
    }

    /// Removes what is not younger, but for what `cleanup` asks by; of one without a time nobody knows that. What goes on stays
    /// without a word.
    fn remove_all(&self) -> Result<ExitCode, String> {
        let RunsArguments { all, failed, phase, .. } = self.arguments;
        if self.older_than.is_none() && !all && !failed && phase.is_none() {
            return Err(
                "nothing is removed: name runs, or give --older-than TIME, --failed or --phase PHASE, which mean those of \
                 the tasks file here or of --file\n  `draft-tasks runs` lists those that are kept"
                    .into(),
            );
        }
        let file = self.arguments.file()?;
        let old = self.old(self.arguments.chosen_of(self.records, file.as_deref())?)?;
        if old.is_empty() {
            terminal::remark(format_args!("no run is removed"));
            return Ok(ExitCode::SUCCESS);
        }
        if *all {
            self.confirm(old.len())?;
        }
        let mut code = ExitCode::SUCCESS;
        for kept in &old {
            if let Err(problem) = self.removed_or_why_not(kept) {
                terminal::error(format_args!("`{}` is not removed: {problem}", kept.id));
                code = FOUND.into();
            }
        }
        Ok(code)
    }

    /// Those of the runs that can be removed and are as old as is asked for.
    fn old(&self, mut runs: Vec<StoredRun>) -> Result<Vec<StoredRun>, String> {
        let is_old = |kept: &StoredRun| {
            let age = || SystemTime::now().duration_since(kept.at()?).ok();
            self.older_than.is_none_or(|limit| age().is_some_and(|age| age >= limit))
        };
        runs.retain(|kept| kept.state != RecordState::Running && is_old(kept));
        if self.older_than.is_none() {
            return Ok(runs);
        }
        let all: Vec<String> = runs.iter().map(|kept| kept.id.clone()).collect();
        let old = self.records.not_asked_for(runs).map_err(unreadable(&self.records.directory))?;
        for id in all.iter().filter(|id| old.iter().all(|kept| kept.id != **id)) {
            let id = printable(id);
            terminal::remark(format_args!(
                "{id} stays: by it is asked before `cleanup` whether its application still has pods; \
                 `draft-tasks runs rm {id}` removes it"
            ));
        }
        Ok(old)
    }

    /// Asks before records of all tasks files are removed.
    fn confirm(&self, count: usize) -> Result<(), String> {
        if self.yes {
            return Ok(());
        }
        let runs = if count == 1 { "1 run".to_owned() } else { format!("{count} runs") };
        if !can_ask() {
            return Err(format!(
                "nothing is removed: --all means the runs of every tasks file, here {runs}, and nobody can be asked\n  \
                 to remove them, give --yes"
            ));
        }
        match is_agreed(&format!("remove the records of {runs}, those of every tasks file?")) {
            Ok(true) => Ok(()),
            Ok(false) => Err("nothing is removed, as it was not confirmed".into()),
            Err(error) => Err(format!("nothing is removed, as the answer cannot be read: {error}")),
        }
    }

    fn removed_or_why_not(&self, kept: &StoredRun) -> Result<(), String> {
        match kept.remove() {
            Ok(true) => {
                self.tell_removed(kept);
                Ok(())
            }
            Ok(false) => Err("the run goes on".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    fn tell_removed(&self, kept: &StoredRun) {
        let file = told(kept).map(|told| format!(" of {}", printable(told.1))).unwrap_or_default();
        // Who does not read it need not: the record is gone.
        let _ = match self.arguments.format {
            Format::Human => writeln!(io::stdout(), "removed {}{file}", printable(&kept.id)),
            Format::Json => writeln!(io::stdout(), "{}", summary(kept)),
        };
    }
}
