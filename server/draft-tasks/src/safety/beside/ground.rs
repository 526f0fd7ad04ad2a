//! The environments in which what is beside a command runs, and what is still to be read there.
//!
//! Must not read the files.

use std::cell::OnceCell;
use std::collections::HashSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use draft_tasks_analysis::calls::{Beside, Calls, Neighbour};
use draft_tasks_executor::cluster::Target;

/// The cluster of the current context, as far as it is known.
pub(super) type Current<'a> = &'a dyn Fn() -> Option<Result<Target, String>>;

/// The environment in which something beside a command runs.
#[derive(Default)]
pub(super) struct Ground {
    pub(super) environment: Vec<(OsString, OsString)>,
    /// Why the machine or the environment is another one.
    pub(super) elsewhere: Option<String>,
    /// Why any cluster may be meant.
    pub(super) changed: Option<String>,
    /// Why any cluster may be meant by what hands its arguments on.
    pub(super) given: Option<String>,
    /// Whether the kubeconfig is not that of the command.
    pub(super) has_own_file: bool,
    depth: usize,
    /// The current context of its own kubeconfig, once that was read.
    own: OnceCell<Option<Result<Target, String>>>,
}

/// Through how many scripts variables are followed: one may call itself with others each time.
const GROUNDS: usize = 16;

impl Ground {
    pub(super) fn of(environment: &[(OsString, OsString)], given: Option<String>) -> Rc<Ground> {
        Rc::new(Ground { environment: environment.to_vec(), given, ..Ground::default() })
    }

    /// That of what runs because of these calls: it has the variables that they assign. They may have changed which cluster
    /// is meant.
    pub(super) fn below(
        around: &Rc<Ground>,
        calls: &Calls,
        changed: Option<String>,
        directory: &Path,
    ) -> Rc<Ground> {
        if around.depth == GROUNDS || calls.assigned.is_empty() && changed.is_none() {
            return around.clone();
        }
        Rc::new(Ground {
            environment: inherited(calls, &around.environment, directory),
            elsewhere: around.elsewhere.clone(),
            changed: around.changed.clone().or(changed),
            given: around.given.clone(),
            has_own_file: around.has_own_file || environment_names_file(calls),
            depth: around.depth + 1,
            own: OnceCell::new(),
        })
    }

    /// A ground where what is called runs elsewhere.
    fn there(around: &Rc<Ground>, elsewhere: Option<String>) -> Rc<Ground> {
        if elsewhere.is_none() || around.elsewhere.is_some() {
            return around.clone();
        }
        Rc::new(Ground {
            environment: around.environment.clone(),
            elsewhere,
            changed: around.changed.clone(),
            given: around.given.clone(),
            has_own_file: around.has_own_file,
            depth: around.depth,
            own: OnceCell::new(),
        })
    }

    fn is_like(&self, other: &Ground) -> bool {
        (self.has_own_file, &self.elsewhere, &self.changed)
            == (other.has_own_file, &other.elsewhere, &other.changed)
            && self.environment == other.environment
    }

    /// The cluster of its current context.
    pub(super) fn current(&self, of_command: Current<'_>) -> Option<Result<Target, String>> {
        if let Some(why) = self.elsewhere.as_ref().or(self.changed.as_ref()) {
            return Some(Err(why.clone()));
        }
        if !self.has_own_file {
            return of_command();
        }
        let find = || Target::find(&self.environment, None).map_err(|it| it.message).transpose();
        self.own.get_or_init(find).clone()
    }
}

/// What is to be read, in its order, each once.
#[derive(Default)]
pub(super) struct Queue {
    pub(super) wanted: Vec<(Beside, Rc<Ground>)>,
    grounds: Vec<Rc<Ground>>,
    known: HashSet<(Beside, usize)>,
}

impl Queue {
    pub(super) fn add(&mut self, around: &Rc<Ground>, all: impl IntoIterator<Item = Neighbour>) {
        for Neighbour { beside, elsewhere } in all {
            let ground = Ground::there(around, elsewhere);
            let known = self.grounds.iter().position(|it| Rc::ptr_eq(it, &ground) || it.is_like(&ground));
            let place = known.unwrap_or(self.grounds.len());
            if known.is_none() {
                self.grounds.push(ground);
            }
            if self.known.insert((beside.clone(), place)) {
                self.wanted.push((beside, self.grounds[place].clone()));
            }
        }
    }
}

/// The variables of an environment with those that a command assigns; without those that it gives values which are not known.
fn inherited(
    calls: &Calls,
    environment: &[(OsString, OsString)],
    directory: &Path,
) -> Vec<(OsString, OsString)> {
    let is_assigned = |name: &OsString| name.to_str().is_some_and(|name| calls.assigned.contains_key(name));
    let before = environment.iter().filter(|(name, _)| !is_assigned(name)).cloned();
    let assigned = calls.assigned.iter().filter_map(|(name, value)| {
        let value = OsString::from(value.as_ref()?);
        let is_path = name == "KUBECONFIG" && !value.is_empty();
        let seen = |file: PathBuf| directory.join(file);
        let value =
            if is_path { std::env::join_paths(std::env::split_paths(&value).map(seen)).ok()? } else { value };
        Some((OsString::from(name), value))
    });
    before.chain(assigned).collect()
}

/// Whether a command assigns the variable that names the kubeconfig, or the one by which it is found.
fn environment_names_file(calls: &Calls) -> bool {
    ["KUBECONFIG", "HOME"].iter().any(|name| calls.assigned.contains_key(*name))
}
