//! Which records go when another run begins, and what goes with a record.
//!
//! Must not remove the record of a run that goes on, nor a copy of a kubeconfig that another record names.

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::{Lock, Records, StoredRun, left_jobs, list, lock_of, stamp};
use crate::cluster::local_copy;

/// How long records of a tasks file are kept that is not there any more.
const AFTER_FILE: Duration = Duration::from_secs(30 * 24 * 3600);

/// How long a Job is thought of that nobody has seen the end of: its cluster removes it a day after its end.
const LONGEST_JOB: Duration = Duration::from_secs(7 * 24 * 3600);

impl Records {
    /// Removes the oldest records of a tasks file beyond those that are kept, and old ones of files that are not there any
    /// more, but none by which something is asked before an application is cleaned up or another Job is made; tells nobody
    /// what could not be removed: the next run tries again. Records that do not name their file count as its own. One whose copy of the kubeconfig is in one of these folders stays: the run that begins goes on with it.
    pub(super) fn prune(&self, project: &str, in_use: &[PathBuf]) {
        let Ok(names) = list::names(&self.directory) else { return };
        let is_own = |name: &&String| list::project_of(name).is_none_or(|of| of == project);
        let own: Vec<&String> = names.iter().rev().filter(is_own).collect();
        let too_many = own.into_iter().skip(self.keep.max(1));
        let too_many: Vec<&String> = too_many.chain(self.of_files_gone(&names)).collect();
        let is_of_application =
            |name: &&&String| self.kept((**name).clone()).is_ok_and(|kept| kept.application().is_some());
        let projects: HashSet<_> =
            too_many.iter().filter(is_of_application).map(|name| list::project_of(name)).collect();
        let of_projects = names.iter().rev().filter(|name| projects.contains(&list::project_of(name)));
        let asked_for = self.asked_for(of_projects);
        let of_left_jobs = self.of_left_jobs(&names, &too_many);
        let is_spared = |name: &str| asked_for.contains(name) || of_left_jobs.contains(name);
        for name in too_many.into_iter().filter(|name| !is_spared(name)) {
            let folder = self.directory.join(name);
            let copy = list::kubeconfig(&folder);
            if !copy.is_some_and(|copy| in_use.iter().any(|folder| copy.starts_with(folder))) {
                let _ = remove(&folder);
            }
        }
    }

    /// The names of those that tell of a Job which may go on, unless they are so old that their cluster has removed it.
    fn of_left_jobs(&self, names: &[String], candidates: &[&String]) -> HashSet<String> {
        let then = stamp(SystemTime::now().checked_sub(LONGEST_JOB).unwrap_or(SystemTime::UNIX_EPOCH));
        let is_job = |name: &&&String| {
            ***name > then && self.kept((**name).clone()).is_ok_and(|kept| kept.job().is_some())
        };
        if candidates.iter().find(is_job).is_none() {
            return HashSet::new();
        }
        let kept: Vec<StoredRun> =
            names.iter().rev().filter_map(|name| self.kept(name.clone()).ok()).collect();
        let left = left_jobs(&kept).into_iter().map(|left| left.name).collect::<HashSet<_>>();
        let is_left =
            |run: &&StoredRun| run.job().is_some_and(|job| left.contains(&job.name)) && run.id > then;
        kept.iter().filter(is_left).map(|run| run.id.clone()).collect()
    }

    /// The names of those by which something is asked before an application is cleaned up, whatever ran since: for each tasks
    /// file the newest record that saw pods of an application, and the newest that is of one at all, as its cluster may
    /// not have answered. They come in as the newest first.
    fn asked_for<'n>(&self, names: impl Iterator<Item = &'n String>) -> HashSet<String> {
        let (mut seen, mut sought) = (Vec::new(), HashSet::new());
        let mut asked_for = HashSet::new();
        for name in names {
            let kept = self.kept(name.clone()).ok();
            let Some(application) = kept.as_ref().and_then(StoredRun::application) else { continue };
            let project = list::project_of(name);
            let place = (project, application.clone());
            let is_new = !seen.contains(&place) && kept.as_ref().is_some_and(StoredRun::has_seen_pods);
            if sought.insert(project) || is_new {
                asked_for.insert(name.clone());
            }
            seen.extend(is_new.then_some(place));
        }
        asked_for
    }

    /// Of some records those by which nothing is asked before an application is cleaned up.
    ///
    /// # Errors
    ///
    /// As [`Records::list`].
    pub fn not_asked_for(&self, runs: Vec<StoredRun>) -> io::Result<Vec<StoredRun>> {
        let asked_for = self.asked_for(self.names()?.iter());
        Ok(runs.into_iter().filter(|run| !asked_for.contains(&run.id)).collect())
    }

    /// Of names of records the old ones whose tasks file is not there. One look at a file answers for all its records.
    fn of_files_gone<'a>(&self, names: &'a [String]) -> impl Iterator<Item = &'a String> {
        let then = stamp(SystemTime::now().checked_sub(AFTER_FILE).unwrap_or(SystemTime::UNIX_EPOCH));
        let mut looked = HashMap::new();
        let mut is_gone = move |name: &'a String| {
            let of = list::project_of(name)?;
            Some(*looked.entry(of).or_insert_with(|| list::is_file_gone(&self.directory.join(name))))
        };
        names.iter().filter(move |name| **name < then && is_gone(name) == Some(true))
    }
}

impl StoredRun {
    /// Removes the record, unless its run goes on; tells whether it did.
    ///
    /// # Errors
    ///
    /// When the system does not.
    pub fn remove(&self) -> io::Result<bool> {
        remove(&self.folder)
    }
}

/// Removes the record of a run that is over, and its copy of the kubeconfig unless another record names it; gives whether
/// it did.
fn remove(folder: &Path) -> io::Result<bool> {
    if matches!(lock_of(folder)?, Lock::Held) {
        return Ok(false);
    }
    if let Some(copy) = list::kubeconfig(folder)
        && !is_named_by_another(&copy, folder)?
    {
        local_copy::remove(&copy)?;
    }
    std::fs::remove_dir_all(folder)?;
    Ok(true)
}

fn is_named_by_another(copy: &Path, folder: &Path) -> io::Result<bool> {
    let Some(all) = folder.parent() else { return Ok(true) };
    let mut others = list::names(all)?.into_iter().map(|name| all.join(name)).filter(|other| other != folder);
    Ok(others.any(|other| list::kubeconfig(&other).is_some_and(|named| named == copy)))
}
