//! The model of a tasks file: its sections, their phases and tasks, in the order of the file.
//!
//! Must not judge: what is wrong with a section or task is for the rules to say.

use std::borrow::Cow;
use std::ops::Range;

use text_size::TextRange;

use crate::phase::Phase;
use crate::syntax::{Entry, Header, HeaderKind, Str, SyntaxTree, Table, ValueKind};

/// A tasks file as its author thinks of it.
#[derive(Clone, Debug, Default)]
pub struct TaskFile {
    /// Everything that stands where a phase stands, known or not, in the order of the file.
    pub sections: Vec<Section>,
    /// The tasks of all sections, one section after another.
    pub tasks: Vec<Task>,
    /// Keys above the first header that are neither tables nor named like a phase.
    pub strays: Vec<Stray>,
}

/// A table, or what stands in the place of one.
#[derive(Clone, Debug)]
pub struct Section {
    /// Its name as it is written.
    pub name: Str,
    /// The phase of that name, in whatever letters, as Draft matches it.
    pub phase: Option<Phase>,
    /// How it is written.
    pub form: SectionForm,
    /// The header or, without one, the key.
    pub header: TextRange,
    /// From the header to the end of the last task.
    pub range: TextRange,
    /// Its tasks, as indexes into [`TaskFile::tasks`].
    pub tasks: Range<usize>,
}

/// The ways in which a section can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SectionForm {
    /// `[name]`
    Header,
    /// `[[name]]`
    ArrayOfTables,
    /// `[name.more]`, a table inside of the section
    Nested,
    /// `name = { … }`
    Inline,
    /// `name.task = …`
    Dotted,
    /// `name = …` with something that is not a table; what it is, with its article
    NotTable(&'static str),
}

/// One task of a section.
#[derive(Clone, Debug)]
pub struct Task {
    /// The description, its key.
    pub name: Str,
    /// What it runs.
    pub value: TaskValue,
    /// From the key to the end of the value.
    pub range: TextRange,
}

/// What stands on the right side of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskValue {
    /// A command.
    Command(Str),
    /// Something that is no string; what it is, with its article.
    NotString(TextRange, &'static str),
    /// Nothing yet, or no value at all; a syntax error says so.
    Missing,
}

/// A key above the first header.
#[derive(Clone, Debug)]
pub struct Stray {
    /// The key.
    pub name: Str,
    /// Its string, if it has one.
    pub command: Option<Str>,
    /// From the key to the end of the value.
    pub range: TextRange,
}

impl TaskFile {
    /// Lowers a syntax tree; `text` is what it was parsed from.
    pub fn lower(tree: &SyntaxTree, text: &str) -> TaskFile {
        let mut file = TaskFile::default();
        file.tasks.reserve(tree.tables.iter().map(|table| table.entries.len()).sum());
        for table in &tree.tables {
            match &table.header {
                None => table.entries.iter().for_each(|entry| file.lower_root_entry(entry, text)),
                Some(header) => file.lower_table(table, header, text),
            }
        }
        file
    }

    /// The tasks of a section.
    pub fn tasks_of(&self, section: &Section) -> &[Task] {
        &self.tasks[section.tasks.clone()]
    }

    /// The sections of a phase whose tasks run, in the order of the file.
    pub fn sections_of(&self, phase: Phase) -> impl Iterator<Item = &Section> {
        self.sections.iter().filter(move |section| section.phase == Some(phase) && section.form.has_tasks())
    }

    /// The tasks of a phase with a command, in the order in which they run.
    pub fn commands_of(&self, phase: Phase) -> impl Iterator<Item = (&Task, Str)> {
        self.sections_of(phase).flat_map(|section| self.tasks_of(section)).filter_map(|task| {
            match task.value {
                TaskValue::Command(command) => Some((task, command)),
                _ => None,
            }
        })
    }

    /// The section whose lines hold an offset, and the tasks that follow count to the section above them.
    pub fn section_at(&self, offset: text_size::TextSize) -> Option<&Section> {
        let after = self.sections.partition_point(|section| section.range.start() <= offset);
        self.sections[..after].last()
    }

    /// The section and task whose text holds an offset.
    pub fn task_at(&self, offset: text_size::TextSize) -> Option<(&Section, &Task)> {
        let after = self.tasks.partition_point(|task| task.range.start() <= offset);
        let index = after.checked_sub(1)?;
        let task = &self.tasks[index];
        let section = &self.sections[self.sections.partition_point(|section| section.tasks.end <= index)];
        task.range.contains_inclusive(offset).then_some((section, task))
    }

    fn lower_table(&mut self, table: &Table, header: &Header, text: &str) {
        let Some(&name) = header.path.first() else { return };
        let form = match header.kind {
            _ if header.path.len() > 1 => SectionForm::Nested,
            HeaderKind::Table => SectionForm::Header,
            HeaderKind::ArrayOfTables => SectionForm::ArrayOfTables,
        };
        let first = self.tasks.len();
        self.tasks.extend(table.entries.iter().filter_map(lower_task));
        self.push_section(name, form, header.range, table.range, first, text);
    }

    fn lower_root_entry(&mut self, entry: &Entry, text: &str) {
        let Some(&name) = entry.path.first() else { return };
        let first = self.tasks.len();
        let value = entry.value.as_ref().map(|value| &value.kind);
        let form = match value {
            _ if entry.path.len() > 1 => {
                self.tasks.extend(lower_dotted_task(entry));
                SectionForm::Dotted
            }
            Some(ValueKind::InlineTable(entries)) => {
                self.tasks.extend(entries.iter().filter_map(lower_task));
                SectionForm::Inline
            }
            Some(kind) if is_phase(name, text) => SectionForm::NotTable(kind.describe()),
            _ => {
                let command = match value {
                    Some(ValueKind::String(command)) => Some(*command),
                    _ => None,
                };
                return self.strays.push(Stray { name, command, range: entry.range });
            }
        };
        self.push_section(name, form, name.range, entry.range, first, text);
    }

    fn push_section(
        &mut self,
        name: Str,
        form: SectionForm,
        header: TextRange,
        range: TextRange,
        first: usize,
        text: &str,
    ) {
        let phase = Phase::from_name_in_any_case(&name.decode(text));
        self.sections.push(Section { name, phase, form, header, range, tasks: first..self.tasks.len() });
    }
}

impl SectionForm {
    /// Whether Draft finds tasks in it.
    pub const fn has_tasks(self) -> bool {
        matches!(self, SectionForm::Header | SectionForm::Inline | SectionForm::Dotted)
    }
}

impl Section {
    /// The name, decoded.
    pub fn name<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.name.decode(text)
    }
}

impl Task {
    /// The description, decoded.
    pub fn name<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.name.decode(text)
    }

    /// The command as it is written, if it has one.
    pub fn command(&self) -> Option<Str> {
        match self.value {
            TaskValue::Command(command) => Some(command),
            _ => None,
        }
    }
}

fn is_phase(name: Str, text: &str) -> bool {
    Phase::from_name_in_any_case(&name.decode(text)).is_some()
}

fn lower_task(entry: &Entry) -> Option<Task> {
    let name = *entry.path.first()?;
    if entry.path.len() > 1 {
        let value = TaskValue::NotString(entry.range, "a table, made by the dot in its key");
        return Some(Task { name, value, range: entry.range });
    }
    Some(Task { name, value: lower_value(entry), range: entry.range })
}

/// `pre-up.hello = "…"`: the second key is the task.
fn lower_dotted_task(entry: &Entry) -> Option<Task> {
    let name = *entry.path.get(1)?;
    let value = match entry.path.len() {
        2 => lower_value(entry),
        _ => TaskValue::NotString(entry.range, "a table, made by the dots in its key"),
    };
    Some(Task { name, value, range: entry.range })
}

fn lower_value(entry: &Entry) -> TaskValue {
    match &entry.value {
        None => TaskValue::Missing,
        Some(value) => match &value.kind {
            ValueKind::String(command) => TaskValue::Command(*command),
            ValueKind::Invalid => TaskValue::Missing,
            kind => TaskValue::NotString(value.range, kind.describe()),
        },
    }
}
