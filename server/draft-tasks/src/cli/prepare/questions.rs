//! What is asked before a run, and what of it a dry run tells.
//!
//! Must not take what is not known for local or gone.

use draft_tasks_analysis::phase::Phase;
use draft_tasks_executor::RunRequest;
use draft_tasks_executor::cluster::Target;
use draft_tasks_executor::mask::Secrets;

use super::{Prepared, block_on};
use crate::cli::terminal;
use crate::lifecycle::Undertaking;
use crate::safety::{self, Crossing, Guard, Whereabouts};

impl Prepared<'_> {
    /// Asks whether what destroys or deploys means a tasks file that nobody named.
    ///
    /// # Errors
    ///
    /// As [`Prepared::confirm`].
    pub(in crate::cli) fn confirm_file(&self, what: &str) -> Result<(), String> {
        if !self.is_above {
            return Ok(());
        }
        let question = format!("run {what} with {}, from a folder above?", self.loaded.path.display());
        let answer = "to go on, name it by --file PATH or its directory by -C DIR, or give --yes";
        self.cluster.confirm(&question, answer)
    }

    /// What a run would ask, each as the rest of "would ask"; the cluster is not asked for it.
    pub(in crate::cli) fn asks(&self, request: &RunRequest) -> Vec<String> {
        let is_known = request.plan.subject.is_local() || request.pods.is_some();
        if self.cluster.yes || !is_known {
            return Vec::new();
        }
        let is_cleanup = request.plan.subject == Phase::Cleanup.into();
        let mut asks = Vec::new();
        asks.extend(self.asks_of_file().filter(|_| is_cleanup));
        asks.extend(self.cluster.asks_of_foreign(&safety::foreign(request, &|target| self.accepts(target))));
        asks.extend(self.guard().filter(|_| is_cleanup).map(|guard| guard.when_before_cleanup()));
        asks
    }

    /// What would be asked of a tasks file that nobody named.
    pub(in crate::cli) fn asks_of_file(&self) -> Option<String> {
        let is_asked = self.is_above && !self.cluster.yes;
        is_asked.then(|| format!("whether {}, from a folder above, is meant", self.loaded.path.display()))
    }

    /// Asks what has to be asked before a run.
    ///
    /// # Errors
    ///
    /// When the answer is no, or nobody can be asked.
    pub(in crate::cli) fn confirm(&self, request: &RunRequest, is_silent: bool) -> Result<(), String> {
        if self.cluster.yes {
            return Ok(());
        }
        if request.plan.subject == Phase::Cleanup.into() {
            self.confirm_file(Phase::Cleanup.name())?;
        }
        self.cluster.confirm_foreign(&safety::foreign(request, &|target| self.accepts(target)))?;
        if request.plan.subject != Phase::Cleanup.into() {
            return Ok(());
        }
        let Some(guard) = self.guard() else { return Ok(()) };
        let asking = guard.before_cleanup(self.variables());
        match block_on(terminal::said_if_slow(guard.target(), is_silent, asking))? {
            Some(question) => self.cluster.confirm(&question, "to go on, give --yes"),
            None => Ok(()),
        }
    }

    /// What is known by now of the clusters that a run on this machine reaches; nothing where no question is wanted.
    pub(in crate::cli) fn crossing(&self, request: &RunRequest) -> Option<Crossing> {
        let is_asked = !self.cluster.yes && request.pods.is_none();
        let whereabouts = Whereabouts {
            directory: &self.directory,
            environment: &request.environment,
            secrets: &request.secrets,
            pinned: request.pinned.as_ref().map(|pinned| &pinned.target),
            follows_links: true,
        };
        is_asked.then(|| Crossing::of(&request.plan, whereabouts, &self.kubernetes))
    }

    /// What is known by now of the clusters that `up` or `delete` reaches.
    pub(in crate::cli) fn crossings(&self, undertaking: &Undertaking) -> Vec<Crossing> {
        undertaking.crossings(self.whereabouts(&self.secrets()), &self.kubernetes)
    }

    /// Where the commands of steps run.
    pub(in crate::cli) fn whereabouts<'p>(&'p self, secrets: &'p Secrets) -> Whereabouts<'p> {
        let (directory, environment) = (self.directory.as_path(), self.variables());
        Whereabouts { directory, environment, secrets, pinned: None, follows_links: true }
    }

    /// Whether runs reach this cluster without asking: who names its context knows it.
    pub(in crate::cli) fn accepts(&self, target: &Target) -> bool {
        let is_named = || {
            let named = self.application().target(None);
            self.cluster.meant.context.is_some() && named.is_ok_and(|named| named.is_same_cluster(target))
        };
        self.kubernetes.is_local(target) || is_named()
    }

    /// What is to be asked about before something is destroyed.
    pub(in crate::cli) fn guard(&self) -> Option<Guard> {
        Guard::of(&self.application(), &self.file)
    }
}
