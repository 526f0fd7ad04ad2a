//! Looks at disks for requests, on threads that may wait.
//!
//! Must not be taken where the session is locked: a disk may hang.

use std::sync::Arc;

use tokio::sync::Mutex;
use tower_lsp::jsonrpc::Error;

/// One look after another: however often a client asks, a disk that does not answer holds one thread.
#[derive(Clone, Debug, Default)]
pub(crate) struct Turn(Arc<Mutex<()>>);

/// The turns of a document: one question that waits for a disk keeps no other from being answered.
#[derive(Clone, Debug, Default)]
pub(crate) struct Turns {
    pub(crate) completion: Turn,
    pub(crate) actions: Turn,
    pub(crate) links: Turn,
}

/// What answers a request.
pub(crate) enum Reply<T> {
    /// What is known.
    Known(T),
    /// What a look at a disk gives; it has all that it needs of the session.
    Look(Turn, Box<dyn FnOnce() -> T + Send>),
}

impl<T: Send + 'static> Reply<T> {
    /// The answer, after a look if need be.
    ///
    /// # Errors
    ///
    /// When a defect broke the look off.
    pub(crate) async fn answer(self) -> Result<T, Error> {
        match self {
            Reply::Known(answer) => Ok(answer),
            Reply::Look(Turn(turn), look) => {
                let turn = turn.lock_owned().await;
                off_thread(move || {
                    // Until the look has ended, whoever asked.
                    let _turn = turn;
                    look()
                })
                .await
            }
        }
    }

    #[cfg(test)]
    pub(crate) fn now(self) -> T {
        match self {
            Reply::Known(answer) => answer,
            Reply::Look(_, look) => look(),
        }
    }
}

/// Does what may take long on a thread that may wait.
///
/// # Errors
///
/// When a defect broke it off.
pub(crate) async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Error::internal_error())
}
