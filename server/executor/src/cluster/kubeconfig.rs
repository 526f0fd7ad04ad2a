//! Finds and reads the kubeconfig, in the places where kubectl looks for it.
//!
//! Must not contact anything or run what the file names.

use std::ffi::OsString;
use std::path::PathBuf;

use kube::config::Kubeconfig;

use crate::event::Problem;

/// A kubeconfig and where it was found.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// All files as one; nothing when there is none.
    pub(crate) kubeconfig: Option<Kubeconfig>,
    /// The files that were read, or where one was sought.
    pub(crate) places: Vec<PathBuf>,
    /// Whether `KUBECONFIG` names them.
    pub(crate) by_variable: bool,
}

/// The value of a variable of an environment.
pub(crate) fn value<'a>(environment: &'a [(OsString, OsString)], name: &str) -> Option<&'a OsString> {
    let found = environment.iter().rev().find(|(variable, _)| variable == name);
    found.map(|(_, value)| value).filter(|value| !value.is_empty())
}

/// Where the kubeconfig is: what `KUBECONFIG` names, else `.kube/config` in the home directory.
pub(crate) fn places(environment: &[(OsString, OsString)]) -> (Vec<PathBuf>, bool) {
    if let Some(paths) = value(environment, "KUBECONFIG") {
        let paths = std::env::split_paths(paths).filter(|path| !path.as_os_str().is_empty());
        return (paths.collect(), true);
    }
    let home = value(environment, "HOME").or_else(|| value(environment, "USERPROFILE"));
    (home.map(|home| PathBuf::from(home).join(".kube").join("config")).into_iter().collect(), false)
}

/// Reads the kubeconfig of an environment; files that are not there are passed over, as kubectl does.
///
/// # Errors
///
/// When a file cannot be read or is not a kubeconfig.
pub(crate) fn read(environment: &[(OsString, OsString)]) -> Result<Found, Problem> {
    let (places, by_variable) = places(environment);
    let mut merged: Option<Kubeconfig> = None;
    for place in places.iter().filter(|place| place.exists()) {
        let unusable = |error: &dyn std::error::Error| {
            Problem::new(format!("the kubeconfig {} cannot be used: {}", place.display(), innermost(error)))
        };
        let one = Kubeconfig::read_from(place).map_err(|error| unusable(&error))?;
        merged = Some(match merged {
            None => one,
            Some(before) => before.merge(one).map_err(|error| unusable(&error))?,
        });
    }
    Ok(Found { kubeconfig: merged, places, by_variable })
}

/// What an error is about in the end.
pub(crate) fn innermost(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
