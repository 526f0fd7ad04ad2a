//! The outline: sections and their tasks.
//!
//! Must not leave out what is wrong in the file: the outline follows the text while it is typed.

use text_size::TextRange;

use crate::parsed::Parsed;
use crate::task_file::{Section, SectionForm, Task};

/// An entry of the outline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    /// The section's or task's name, never empty.
    pub name: String,
    /// The command of a task.
    pub detail: Option<String>,
    /// What it is.
    pub kind: SymbolKind,
    /// All of it.
    pub range: TextRange,
    /// Its name.
    pub name_range: TextRange,
    /// The tasks of a section.
    pub children: Vec<Symbol>,
}

/// The kinds of entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SymbolKind {
    /// A table that is a phase, or stands where one would.
    Section,
    /// A task.
    Task,
}

/// The outline of a file.
pub fn symbols(parsed: &Parsed) -> Vec<Symbol> {
    let text = &parsed.text;
    let strays = parsed.file.strays.iter().map(|stray| Symbol {
        name: shown_name(&stray.name.decode(text)),
        detail: stray.command.map(|command| command.decode(text).into_owned()),
        kind: SymbolKind::Task,
        range: stray.range,
        name_range: stray.name.range,
        children: Vec::new(),
    });
    let mut symbols: Vec<Symbol> = strays.collect();
    symbols.extend(parsed.file.sections.iter().map(|section| section_symbol(parsed, section)));
    symbols.sort_by_key(|symbol| symbol.range.start());
    symbols
}

fn section_symbol(parsed: &Parsed, section: &Section) -> Symbol {
    let children = parsed.file.tasks_of(section).iter().map(|task| task_symbol(parsed, task)).collect();
    let name = match section.form {
        SectionForm::Nested => parsed.text[section.header].trim_matches(['[', ']']).to_owned(),
        _ => section.name(&parsed.text).into_owned(),
    };
    Symbol {
        name: shown_name(&name),
        detail: None,
        kind: SymbolKind::Section,
        range: section.range,
        name_range: section.name.range,
        children,
    }
}

fn task_symbol(parsed: &Parsed, task: &Task) -> Symbol {
    Symbol {
        name: shown_name(&task.name(&parsed.text)),
        detail: task.command().map(|command| command.decode(&parsed.text).into_owned()),
        kind: SymbolKind::Task,
        range: task.range,
        name_range: task.name.range,
        children: Vec::new(),
    }
}

/// Whether a name fits what was typed to find it: all of its characters in their order, in whatever letters.
pub fn matches(name: &str, query: &str) -> bool {
    let mut rest = name.chars().flat_map(char::to_lowercase);
    let mut wanted = query.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase);
    wanted.all(|wanted| rest.any(|found| found == wanted))
}

/// Clients refuse symbols without a name, but `"" = "x"` is a task.
fn shown_name(name: &str) -> String {
    if name.trim().is_empty() { format!("\"{name}\"") } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::options::Options;

    fn check(text: &str, expect: Expect) {
        let mut shown = String::new();
        for symbol in symbols(&Parsed::new(text, Options::default())) {
            shown += &format!("{} {:?}\n", symbol.name, &text[symbol.range]);
            for task in symbol.children {
                shown += &format!("  {} ({})\n", task.name, task.detail.unwrap_or_default());
            }
        }
        expect.assert_eq(&shown);
    }

    #[test]
    fn sections_with_their_tasks() {
        check(
            "a = 'x'\n[pre-up]\nhello = \"echo\"\n\"\" = \"ls\"\n[cleanup]\n[cleanup.more]\nb = 1\n",
            expect![[r#"
                a "a = 'x'"
                pre-up "[pre-up]\nhello = \"echo\"\n\"\" = \"ls\""
                  hello (echo)
                  "" (ls)
                cleanup "[cleanup]"
                cleanup.more "[cleanup.more]\nb = 1"
                  b ()
            "#]],
        );
    }

    #[test]
    fn names_are_found_by_their_characters_in_order() {
        for query in ["", "sdb", "SYNC", "sync database", "e"] {
            assert!(matches("Sync database", query), "{query}");
        }
        for query in ["bds", "x", "syncc"] {
            assert!(!matches("Sync database", query), "{query}");
        }
    }

    #[test]
    fn unfinished_text_keeps_its_outline() {
        check(
            "[pre-up]\nhello = \"echo\nbye\n[clean",
            expect![[r#"
            pre-up "[pre-up]\nhello = \"echo\nbye"
              hello (echo)
              bye ()
            clean "[clean"
        "#]],
        );
    }
}
