//! The session behind its lock, for all who call it.
//!
//! Must not be called while something is awaited.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::Session;
use crate::lsp::effect::Effects;
use crate::lsp::wire::transport::Listener;
use crate::world::environment::Environment;

/// The session behind its lock.
#[derive(Clone)]
pub(crate) struct SharedSession(Arc<Shared>);

struct Shared {
    session: Mutex<Session>,
    shut_down: AtomicBool,
}

impl SharedSession {
    pub(crate) fn new(effects: Effects, environment: Environment) -> SharedSession {
        SharedSession::of(Session::new(effects, environment))
    }

    pub(crate) fn of(session: Session) -> SharedSession {
        SharedSession(Arc::new(Shared { session: Mutex::new(session), shut_down: AtomicBool::new(false) }))
    }

    #[cfg(test)]
    pub(crate) fn into_session(self) -> Session {
        Arc::into_inner(self.0).unwrap().session.into_inner().unwrap()
    }

    /// Calls the session; after a defect in an earlier call it goes on with what is certain.
    pub(crate) fn with<T>(&self, call: impl FnOnce(&mut Session) -> T) -> T {
        let mut session = self.0.session.lock().unwrap_or_else(|poisoned| {
            self.0.session.clear_poison();
            let mut session = PoisonError::into_inner(poisoned);
            session.recover();
            session
        });
        call(&mut session)
    }

    pub(crate) fn shut_down(&self) {
        self.0.shut_down.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_shut_down(&self) -> bool {
        self.0.shut_down.load(Ordering::Relaxed)
    }
}

impl Listener for SharedSession {
    fn is_dirty(&self) -> bool {
        self.with(|session| session.is_dirty())
    }

    fn is_opened(&self) -> bool {
        self.with(|session| session.is_opened())
    }

    fn settle(&self) {
        if catch_unwind(AssertUnwindSafe(|| self.with(Session::settle))).is_err() {
            tracing::error!("a defect in the analysis of an edit; the server goes on");
        }
    }

    fn client_left(&self) {
        self.with(Session::client_left);
    }
}
