//! What runs where nobody has said it: asked for on a terminal, else only listed.
//!
//! Must not run anything that was not picked.

use std::fmt;
use std::io;
use std::thread;
use std::time::Duration;

use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::printable::printable;
use inquire::list_option::ListOption;
use inquire::validator::Validation;
use inquire::{InquireError, MultiSelect};

use super::list::{Columns, ListedPhase, ListedTask, Listing};
use super::loan::{self, Loan};
use super::named::shown_words;
use super::terminal::{self, cut, padded};

/// What was picked of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Picked {
    pub(super) phase: Phase,
    /// Some of its tasks; all when it is empty.
    pub(super) tasks: Vec<String>,
}

/// A line to pick: a phase, or a task of it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Choice {
    phase: Phase,
    task: Option<String>,
    shown: String,
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

/// Whether somebody can pick: the keys are read from the terminal, which is written over.
pub(super) fn can_pick() -> bool {
    terminal::can_draw() && loan::check().is_ok()
}

/// Asks what is to run; nothing where the user leaves.
///
/// # Errors
///
/// When there is nothing to pick, or the terminal cannot be read.
pub(super) fn pick(listing: &Listing) -> Result<Option<Picked>, String> {
    let (columns, lines) = terminal::size().unwrap_or((80, 24));
    let choices = choices(listing, listing.columns(Some(columns.saturating_sub(SIGNS))));
    if choices.is_empty() {
        return Err("nothing can be picked: no phase of the file can run".into());
    }
    let prompt = MultiSelect::new("What shall run?", choices)
        .with_help_message("Space picks, Enter runs, letters find")
        .with_page_size(lines.saturating_sub(4).max(3))
        .with_keep_filter(false)
        .with_formatter(&|picked| {
            picked.iter().map(|choice| choice.value.name()).collect::<Vec<_>>().join(", ")
        })
        .with_validator(|picked: &[ListOption<&Choice>]| Ok(judged(picked)));
    let _loan = Loan::begin()?;
    read_keys();
    match prompt.prompt() {
        Ok(picked) => Ok(of(picked)),
        Err(InquireError::OperationCanceled | InquireError::OperationInterrupted) => Ok(None),
        Err(InquireError::IO(error)) if error.kind() == io::ErrorKind::Interrupted => {
            // By Ctrl-C, which is a signal as well: who heeds it says so and ends the program.
            thread::sleep(Duration::from_secs(1));
            Ok(None)
        }
        Err(error) => Err(format!("what shall run cannot be asked: {error}")),
    }
}

/// Has the terminal give all keys as they are typed, Ctrl-C too, also while none is awaited.
fn read_keys() {
    #[cfg(unix)]
    if let Ok(mut modes) = rustix::termios::tcgetattr(io::stdin()) {
        use rustix::termios::{LocalModes, OptionalActions, tcsetattr};
        modes.local_modes.remove(LocalModes::ISIG | LocalModes::ICANON | LocalModes::ECHO);
        // Where it cannot be done, keys are read one by one.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &modes);
    }
}

/// How many columns the signs in front of a line take.
const SIGNS: usize = 8;

/// The phases that run, each with its tasks.
fn choices(listing: &Listing, columns: Columns) -> Vec<Choice> {
    let runs = listing.phases.iter().filter(|phase| phase.obstacle.is_none());
    let of_phase = |phase: &ListedPhase| {
        let count =
            if phase.tasks.len() == 1 { "1 task".into() } else { format!("all {} tasks", phase.tasks.len()) };
        let whole = Choice { phase: phase.phase, task: None, shown: format!("{} · {count}", phase.phase) };
        let of_task = |task: &ListedTask| {
            let name = padded(&cut(&printable(&task.task), columns.name), columns.name);
            let shown = format!("  {name}  {}", cut(&printable(&task.command), columns.command));
            Choice { phase: phase.phase, task: Some(task.task.clone()), shown }
        };
        [whole].into_iter().chain(phase.tasks.iter().map(of_task)).collect::<Vec<_>>()
    };
    runs.flat_map(of_phase).collect()
}

impl Choice {
    fn name(&self) -> String {
        self.task
            .as_ref()
            .map_or_else(|| self.phase.to_string(), |task| format!("{} {}", self.phase, printable(task)))
    }
}

/// Whether what is picked can be one run.
fn judged(picked: &[ListOption<&Choice>]) -> Validation {
    let Some(first) = picked.first() else {
        return Validation::Invalid("nothing is picked: Space picks".into());
    };
    match picked.iter().find(|other| other.value.phase != first.value.phase) {
        Some(other) => {
            let (one, other) = (first.value.phase, other.value.phase);
            Validation::Invalid(
                format!("one phase runs at a time: pick from `{one}` or from `{other}`").into(),
            )
        }
        None => Validation::Valid,
    }
}

fn of(picked: Vec<Choice>) -> Option<Picked> {
    let phase = picked.first()?.phase;
    let is_whole = picked.iter().any(|choice| choice.task.is_none());
    let tasks =
        if is_whole { Vec::new() } else { picked.into_iter().filter_map(|choice| choice.task).collect() };
    Some(Picked { phase, tasks })
}

impl Picked {
    /// The words that run it without asking.
    pub(super) fn describe(&self) -> String {
        format!("draft-tasks run {}{}", self.phase, shown_words(self.tasks.iter().map(String::as_str)))
    }
}
