//! How what is exported is written again, for whoever reads it.
//!
//! Must not name a folder of this machine.

use draft_tasks_analysis::printable::printable;

use super::{ExportTarget, Handover};

impl Handover {
    /// Which command has written it, of which file; without a full stop.
    pub(super) fn origin(&self, target: ExportTarget) -> String {
        let names: Vec<&str> = self.phases.iter().map(|phase| phase.phase.name()).collect();
        let file = self.file.file_name().unwrap_or_default().to_string_lossy();
        format!(
            "Written by `draft-tasks export {} {}` from {}",
            target.name(),
            names.join(" "),
            printable(&file)
        )
    }
}
