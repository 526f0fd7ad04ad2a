//! How a run ends its Job, and when nothing of it goes on.
//!
//! Must not call a Job over whose pod may still run.

use std::sync::atomic::Ordering;

use tokio::time::sleep;

use super::present::{NOT_ENDED, end_in_time};
use super::walk::{AFTER_STOP, JobWalk};
use crate::event::RunEvent;
use crate::stop::late;

impl JobWalk<'_> {
    /// Keeps that something of the Job may go on, as is said here.
    pub(super) fn left(&self, said: String) -> String {
        self.is_left.store(true, Ordering::Relaxed);
        said
    }

    /// Ends the Job, as long as a stop leaves time.
    ///
    /// # Errors
    ///
    /// Why it may go on, for people.
    pub(super) async fn end_job(&self) -> Result<(), String> {
        let ended = end_in_time(self.connection, self.job, self.stop.clone()).await;
        ended.map_err(|why| self.left(why))
    }

    /// Ends the Job, and awaits for a short time that no pod of it runs; gives whether that is so.
    ///
    /// # Errors
    ///
    /// Why it may go on, for people.
    pub(super) async fn end_all(&self) -> Result<bool, String> {
        self.end_job().await?;
        let (mut pods, mut stop) = (self.pods.clone(), self.stop.clone());
        let over = async {
            loop {
                let seen = pods.borrow_and_update().clone();
                if seen.trouble.is_none() && seen.seen.values().all(|pod| pod.over.is_some()) {
                    return true;
                }
                if pods.changed().await.is_err() {
                    return false;
                }
            }
        };
        let is_over = tokio::select! {
            biased;
            is_over = over => is_over,
            () = sleep(AFTER_STOP) => false,
            () = late(&mut stop) => false,
        };
        self.is_left.fetch_or(!is_over, Ordering::Relaxed);
        Ok(is_over)
    }

    /// What is said of a Job that ends though not all of its tasks have begun; nothing where it is over.
    pub(super) async fn end_between(&self) -> Option<String> {
        match self.end_all().await {
            Ok(true) => None,
            Ok(false) => Some(NOT_ENDED.to_owned()),
            Err(why) => Some(why),
        }
    }

    pub(super) async fn stopped_waiting(&self) {
        if let Some(message) = self.end_between().await {
            self.report.tell(RunEvent::Note { message }).await;
        }
        self.report.stopped_waiting();
    }
}
