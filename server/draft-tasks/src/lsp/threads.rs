//! The threads that runs have of their own, from the first one on: much output keeps nobody from being answered.
//!
//! Must not serve the client: a thread that is always there would be woken by each timer of the one that does.

use std::io;
use std::sync::OnceLock;

use tokio::runtime::{Builder, Handle, Runtime};

/// See the module.
#[derive(Default)]
pub(crate) struct Threads(OnceLock<Runtime>);

impl Threads {
    /// Starts them where they are not there yet.
    ///
    /// # Errors
    ///
    /// When the system gives none.
    pub(crate) fn of_runs(&self) -> io::Result<&Handle> {
        if let Some(runtime) = self.0.get() {
            return Ok(runtime.handle());
        }
        let mut threads = Builder::new_multi_thread();
        let runtime = threads.worker_threads(1).thread_name("runs").enable_all().build()?;
        Ok(self.0.get_or_init(|| runtime).handle())
    }

    /// Ends them without waiting for what hangs.
    pub(crate) fn end(self) {
        if let Some(runtime) = self.0.into_inner() {
            runtime.shutdown_background();
        }
    }
}
