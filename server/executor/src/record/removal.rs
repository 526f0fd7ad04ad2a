//! Which records go when another run begins, and what goes with a record.
//!
//! Must not remove the record of a run that goes on, nor a copy of a kubeconfig that another record names.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::{Lock, Records, StoredRun, list, lock_of, stamp};
use crate::cluster::local_copy;

/// How long records of a tasks file are kept that is not there any more.
const AFTER_FILE: Duration = Duration::from_secs(30 * 24 * 3600);

impl Records {
    /// Removes the oldest records of a tasks file beyond those that are kept, and old ones of files that are not there any
    /// more; tells nobody what could not be removed: the next run tries again. Records that do not name their file count
    /// as its own. One whose copy of the kubeconfig is in one of these folders stays: the run that begins goes on with it.
    pub(super) fn prune(&self, project: &str, in_use: &[PathBuf]) {
        let Ok(names) = list::names(&self.directory) else { return };
        let is_own = |name: &&String| list::project_of(name).is_none_or(|of| of == project);
        let own: Vec<&String> = names.iter().rev().filter(is_own).collect();
        let too_many = own.iter().enumerate().skip(self.keep.max(1));
        let too_many = too_many.filter(|(index, name)| !self.is_last_of_pods(name, &own[..*index]));
        let too_many: Vec<&String> = too_many.map(|(_, name)| *name).collect();
        for name in too_many.into_iter().chain(self.of_files_gone(&names)) {
            let folder = self.directory.join(name);
            let copy = list::kubeconfig(&folder);
            if !copy.is_some_and(|copy| in_use.iter().any(|folder| copy.starts_with(folder))) {
                let _ = remove(&folder);
            }
        }
    }

    /// Whether no newer record tells of the application whose pods this one saw: before something is cleaned up it is asked
    /// for, whatever ran since.
    fn is_last_of_pods(&self, name: &str, newer: &[&String]) -> bool {
        let seen = |name: &str| {
            let kept = self.kept(name.to_owned()).ok()?;
            let application = kept.application()?.clone();
            kept.has_seen_pods().then_some(application)
        };
        let Some(application) = seen(name) else { return false };
        !newer.iter().any(|newer| seen(newer).as_ref() == Some(&application))
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
