//! Where new tasks of a phase go: behind its last one, or into a new table at the end of the file.
//!
//! Must not change what is there already.

use std::borrow::Cow;
use std::collections::HashSet;

use text_size::TextSize;

use crate::edit::{self, TextEdit};
use crate::parsed::Parsed;
use crate::phase::Phase;
use crate::task_file::SectionForm;

pub(super) struct NewTasks<'a> {
    phase: Phase,
    /// The descriptions that the phase has.
    taken: HashSet<Cow<'a, str>>,
    place: Place,
    line_end: &'static str,
}

enum Place {
    /// At the end of this line.
    Behind(TextSize),
    /// In a new table at the end of the file, after this gap.
    NewTable(TextSize, String),
    /// The phase is written in a form that has no lines of its own.
    Nowhere,
}

impl<'a> NewTasks<'a> {
    pub(super) fn of(parsed: &'a Parsed, phase: Phase) -> NewTasks<'a> {
        let text: &str = &parsed.text;
        let tasks = parsed.file.sections_of(phase).flat_map(|section| parsed.file.tasks_of(section));
        let taken = tasks.map(|task| task.name(text)).collect();
        let mut sections = parsed.file.sections.iter().filter(|section| section.phase == Some(phase));
        let place = match (sections.next(), sections.next()) {
            (Some(section), None) if section.form == SectionForm::Header => {
                Place::Behind(edit::line_stop(text, section.range.end()))
            }
            (None, _) => Place::NewTable((text.len() as u32).into(), edit::gap(text, edit::line_end(text))),
            _ => Place::Nowhere,
        };
        NewTasks { phase, taken, place, line_end: edit::line_end(text) }
    }

    /// Adds a task.
    pub(super) fn add(&self, name: &str, command: &str) -> Option<TextEdit> {
        let numbered = (2..).map(|number| format!("{name} {number}"));
        let mut names = std::iter::once(name.to_owned()).chain(numbered);
        let name = names.find(|name| !self.taken.contains(name.as_str()))?;
        let task = format!("{} = {}", edit::key(&name), edit::string(command));
        let line_end = self.line_end;
        match &self.place {
            Place::Behind(end) => Some(TextEdit::insert(*end, format!("{line_end}{task}"))),
            Place::NewTable(end, gap) => {
                let table = format!("{gap}[{}]{line_end}{task}{line_end}", self.phase);
                Some(TextEdit::insert(*end, table))
            }
            Place::Nowhere => None,
        }
    }
}
