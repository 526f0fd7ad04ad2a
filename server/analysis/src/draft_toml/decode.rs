//! Which tables and tasks a version of Draft takes from a document.
//!
//! Must not know how a file is written.

use std::collections::HashMap;

use text_size::TextSize;

use super::document::{Document, DraftEntry, DraftValue, ROOT, TableId};
use super::{DraftError, DraftFile, DraftPhase, DraftTask, Ignored, IgnoredReason};
use crate::command::DraftVersion;
use crate::phase::Phase;

/// # Errors
///
/// When a task of a phase that this Draft knows is no string.
pub(super) fn decode(document: &Document, version: DraftVersion) -> Result<DraftFile, DraftError> {
    let mut file = DraftFile::default();
    let mut found: [Option<Tasks>; Phase::ALL.len()] = Default::default();
    for entry in &document.table(ROOT).entries {
        let phase = Phase::ALL.into_iter().find(|phase| folds_to(&entry.key.name, phase.name()));
        let reason = match (phase, &entry.value) {
            (Some(phase), DraftValue::Table(table)) if version.knows(phase) => {
                let tasks = found[phase as usize].get_or_insert_default();
                tasks.add_all(document, *table)?;
                continue;
            }
            (Some(phase), value) if version.knows(phase) => IgnoredReason::NotTable(phase, value.describe()),
            (Some(phase), _) => IgnoredReason::LaterPhase(phase),
            (None, DraftValue::Table(_) | DraftValue::Tables(_)) => IgnoredReason::UnknownTable,
            (None, _) => IgnoredReason::Stray,
        };
        let offset = TextSize::new(entry.key.offset as u32);
        file.ignored.push(Ignored { name: entry.key.name.clone(), offset, reason });
    }
    let phases = Phase::ALL.into_iter().zip(found);
    file.phases =
        phases.filter_map(|(phase, tasks)| Some(DraftPhase { phase, tasks: tasks?.tasks })).collect();
    Ok(file)
}

/// The tasks of a phase, from one or more tables.
#[derive(Default)]
struct Tasks {
    tasks: Vec<DraftTask>,
    places: HashMap<String, usize>,
}

impl Tasks {
    fn add_all(&mut self, document: &Document, table: TableId) -> Result<(), DraftError> {
        document.table(table).entries.iter().try_for_each(|entry| self.add(entry))
    }

    fn add(&mut self, DraftEntry { key, value }: &DraftEntry) -> Result<(), DraftError> {
        let DraftValue::String(command) = value else {
            let message = format!("the task `{}` is {}, not a string", key.name, value.describe());
            return Err(DraftError::new(key.offset, message));
        };
        match self.places.get(&key.name) {
            Some(place) => {
                let task = &mut self.tasks[*place];
                task.rivals.push(std::mem::replace(&mut task.command, command.clone()));
            }
            None => {
                self.places.insert(key.name.clone(), self.tasks.len());
                let (name, command) = (key.name.clone(), command.clone());
                self.tasks.push(DraftTask { name, command, rivals: Vec::new() });
            }
        }
        Ok(())
    }
}

/// Whether a key is a name to Draft, which takes it in any case, by Unicode's simple folding: `ſ` is an `s` to it, and
/// the Kelvin sign a `k`.
pub(crate) fn folds_to(key: &str, name: &str) -> bool {
    let fold = |c: char| match c {
        'ſ' => 's',
        '\u{212a}' => 'k',
        c => c.to_ascii_lowercase(),
    };
    key.chars().map(fold).eq(name.chars())
}
