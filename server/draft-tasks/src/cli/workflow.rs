//! A run in the log of GitHub Actions: groups of lines that fold, and annotations.
//!
//! Must not let what a task writes be taken for a command of the workflow.

use std::hash::{BuildHasher, RandomState};
use std::io;

use draft_tasks_analysis::printable::printable;

use super::screen::Screen;

/// Between its commands nothing is one.
pub(super) struct Workflow {
    screen: Screen,
    /// What no task knows ends the lines that are none.
    token: String,
    /// The tasks file, from the root of the repository.
    file: String,
    /// Whether each task is a group.
    pub(super) has_groups: bool,
}

impl Workflow {
    pub(super) fn new(screen: Screen, file: String) -> Workflow {
        let token = format!("draft-tasks-{:016x}", RandomState::new().hash_one(&file));
        Workflow { screen, token, file, has_groups: false }
    }

    /// From here on nothing is a command.
    ///
    /// # Errors
    ///
    /// When standard output cannot be written; as all below.
    pub(super) fn begin(&self) -> io::Result<()> {
        self.screen.line(format_args!("::stop-commands::{}", self.token))
    }

    pub(super) fn end(&self) -> io::Result<()> {
        self.screen.line(format_args!("::{}::", self.token))
    }

    fn command(&self, command: &str) -> io::Result<()> {
        self.end()?;
        self.screen.line(format_args!("{command}"))?;
        self.begin()
    }

    pub(super) fn begin_group(&self, name: &str) -> io::Result<()> {
        if self.has_groups { self.command(&format!("::group::{}", text(name))) } else { Ok(()) }
    }

    pub(super) fn end_group(&self) -> io::Result<()> {
        if self.has_groups { self.command("::endgroup::") } else { Ok(()) }
    }

    /// A failure, at the line of its task.
    pub(super) fn failure(&self, task: &str, line: Option<usize>, message: &str) -> io::Result<()> {
        let line = line.map(|line| format!(",line={line}")).unwrap_or_default();
        let place = format!("file={}{line},title={}", property(&self.file), property(task));
        self.command(&format!("::error {place}::{}", text(&printable(message))))
    }
}

/// The message of a command.
pub(super) fn text(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property of a command.
pub(super) fn property(value: &str) -> String {
    text(value).replace(':', "%3A").replace(',', "%2C")
}
