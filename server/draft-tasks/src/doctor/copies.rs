//! The copies of kubeconfigs that runs have left, with their records.
//!
//! Must not remove one.

use std::collections::BTreeMap;

use draft_tasks_executor::record::{RecordState, Records};

use crate::settings::audience::Audience;
use crate::world::environment::Environment;

/// What there is to say of each copy: where it is, which records name it, and how it is removed.
pub(super) fn kept_copies(environment: &Environment, audience: Audience) -> Vec<String> {
    let records = environment.records().map(Records::at);
    // That records cannot be read is said where one is asked for.
    let all = records.and_then(|records| records.list().ok()).unwrap_or_default();
    let mut copies = BTreeMap::<_, Vec<String>>::new();
    for kept in all.into_iter().filter(|kept| kept.state != RecordState::Running) {
        if let Some(copy) = kept.kubeconfig() {
            copies.entry(copy).or_default().push(kept.id);
        }
    }
    let said = copies.iter().map(|(copy, ids)| {
        let way = audience.removing(ids);
        format!("an earlier run left its tasks' copy: {}; {way}", copy.display())
    });
    said.collect()
}
