//! The fix that makes several tasks of one.
//!
//! Must not make a task of what only a shell runs.

use text_size::TextRange;

use super::command::{Command, Quoting};
use crate::command::{Word, is_shell_builtin};
use crate::edit::{self, Fix, TextEdit};
use crate::task_file::SectionForm;

/// The words by which a script of a shell is more than one command after another.
const KEYWORDS: [&str; 17] = [
    "for", "while", "until", "do", "done", "if", "then", "else", "elif", "fi", "case", "esac", "{", "}", "(",
    ")", "function",
];

/// Whether a word belongs to a command of several lines.
pub(super) fn is_keyword(word: &str) -> bool {
    KEYWORDS.contains(&word)
}

/// In a longer phase nobody looks for a free description at every keystroke.
const LONGEST_PHASE: usize = 100;

/// A task for each part of a command.
///
/// Not in Draft, which knows no order.
pub(super) fn into(command: &Command<'_>, parts: &[TextRange]) -> Option<Fix> {
    let (file, text) = (&command.parsed.file, &*command.parsed.text);
    let (section, task) = file.task_at(command.written().range.start())?;
    let siblings = file.tasks_of(section);
    let is_line = section.form == SectionForm::Header && siblings.len() <= LONGEST_PHASE;
    if !is_line || !command.knows_quotes() || parts.len() < 2 {
        return None;
    }
    let mut tasks = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        let program = program_of(command, *part)?;
        let name = format!("{} {}", task.name(text), index + 1);
        let taken = || siblings.iter().any(|sibling| sibling.name(text) == name);
        if is_shell_builtin(program) || is_keyword(program) || program.contains('=') || (index > 0 && taken())
        {
            return None;
        }
        let key = if index == 0 { text[task.name.range].to_owned() } else { edit::key(&name) };
        tasks.push([&*key, " = ", &edit::string(&command.text()[*part])].concat());
    }
    Some(Fix {
        title: format!("Split into {} tasks", tasks.len()),
        edits: vec![TextEdit::replace(task.range, tasks.join(edit::line_end(text)))],
        preferred: false,
    })
}

/// The program of a part; `None` where a variable decides it or the part needs a shell.
fn program_of<'c>(command: &'c Command<'_>, part: TextRange) -> Option<&'c str> {
    let mut words = command.words().iter().filter(|word| part.contains_range(word.range)).peekable();
    let program = words.peek()?.literal()?;
    (!words.any(|word| needs_shell(command, word))).then_some(program)
}

/// Whether a shell makes more of a word than its quotes and variables.
pub(super) fn needs_shell(command: &Command<'_>, word: &Word) -> bool {
    let is_for_shell = |(byte, quoting): (u8, &Quoting)| match byte {
        b'&' | b'|' | b';' | b'<' | b'>' => *quoting == Quoting::Bare,
        b'`' | b'(' => matches!(quoting, Quoting::Bare | Quoting::Double),
        _ => false,
    };
    command.text()[word.range].bytes().zip(command.quoting_of(word)).any(is_for_shell)
}
