//! Edits of `draft.toml`: an environment that is missing, `auto-connect`, a namespace.
//!
//! Must not give an edit that changes the meaning of anything else in the file, or of a file that is not TOML.

use std::collections::{BTreeMap, BTreeSet};

use text_size::{TextRange, TextSize};
use toml_edit::{DocumentMut, Item, Value as TomlValue};

use crate::draft_toml::folds_to;
use crate::edit::{self, TextEdit};
use crate::project::{AUTO_CONNECT, DraftToml, ENVIRONMENTS};
use crate::syntax::{self, Entry, HeaderKind, SyntaxTree, Table, Value, ValueKind};

const NAMESPACE: &str = "namespace = \"default\"";

/// What Draft needs of an environment, but for its name: where the pods are, and that they are awaited.
const NEEDED: [(&str, &str); 2] = [("namespace", "\"default\""), ("wait", "true")];

/// Adds an environment; the application has the name that it has in all others.
pub(super) fn add_environment(text: &str, name: &str) -> Option<TextEdit> {
    let tree = parsed(text)?;
    let settings = settings(&tree, text);
    let application = edit::string(&application(&settings, text)?);
    let mut values = vec![("name", application.as_str())];
    values.extend(NEEDED);
    let edit = match settings.iter().find(|setting| setting.path == [ENVIRONMENTS]) {
        Some(all) => in_line(all, name, &values)?,
        None => at_end(&tree, text, name, &values),
    };
    let path = |key: &str| vec![ENVIRONMENTS.to_owned(), name.to_owned(), key.to_owned()];
    let added = values.iter().map(|(key, value)| (path(key), (*value).to_owned()));
    let table = (vec![ENVIRONMENTS.to_owned(), name.to_owned()], TABLE.to_owned());
    certain(text, edit, added.chain([table]))
}

/// Switches `auto-connect` off.
pub(super) fn set_auto_connect(text: &str, name: &str) -> Option<TextEdit> {
    let tree = parsed(text)?;
    let path = [ENVIRONMENTS, name, AUTO_CONNECT].map(str::to_owned);
    let value = settings(&tree, text).into_iter().find(|setting| setting.path == path)?.value;
    certain(text, TextEdit::replace(value.range, "false"), [(path.to_vec(), "false".to_owned())])
}

/// Adds the namespace that Draft would write, beside the environment's name.
pub(super) fn add_namespace(text: &str, name: &str) -> Option<TextEdit> {
    let tree = parsed(text)?;
    let settings = settings(&tree, text);
    let own: Vec<&Setting<'_>> = settings.iter().filter(|setting| setting.is_of(name)).collect();
    if own.iter().any(|setting| folds_to(setting.key(), "namespace")) {
        return None;
    }
    let beside = own.iter().find(|setting| setting.key() == "name").or(own.last());
    let edit = match beside {
        Some(beside) => beside.followed_by(text, NAMESPACE),
        None => in_empty(&tree, &settings, text, name)?,
    };
    let path = [ENVIRONMENTS, name, "namespace"].map(str::to_owned);
    certain(text, edit, [(path.to_vec(), "\"default\"".to_owned())])
}

/// The syntax of a text that has no errors.
fn parsed(text: &str) -> Option<SyntaxTree> {
    let tree = syntax::parse(text);
    tree.errors.is_empty().then_some(tree)
}

/// A key with a value, wherever it is written.
struct Setting<'t> {
    /// The names of all tables that it is in, and its own.
    path: Vec<String>,
    entry: &'t Entry,
    value: &'t Value,
    /// Whether it is a part of an inline table, where commas part entries, not lines.
    inline: bool,
}

impl Setting<'_> {
    fn is_of(&self, environment: &str) -> bool {
        matches!(self.path.as_slice(), [all, name, _] if all == ENVIRONMENTS && name == environment)
    }

    fn key(&self) -> &str {
        self.path.last().map_or("", String::as_str)
    }

    /// Puts another entry of the same table behind this one, in its form.
    fn followed_by(&self, text: &str, entry: &str) -> TextEdit {
        let (start, end) = (self.entry.range.start(), self.value.range.end());
        // What stands before the last key: the names of dotted tables.
        let tables = self.entry.path.last().map_or("", |key| &text[TextRange::new(start, key.range.start())]);
        if self.inline {
            return TextEdit::insert(end, format!(", {tables}{entry}"));
        }
        let (newline, indent) = (edit::line_end(text), indent(text, start));
        TextEdit::insert(edit::line_stop(text, end), format!("{newline}{indent}{tables}{entry}"))
    }
}

/// All keys with values that are in tables, also inside of inline tables.
fn settings<'t>(tree: &'t SyntaxTree, text: &str) -> Vec<Setting<'t>> {
    let mut found = Vec::new();
    for table in tree.tables.iter().filter(|table| !is_array(table)) {
        collect(&header_path(table, text), &table.entries, false, text, &mut found);
    }
    found
}

fn collect<'t>(
    table: &[String],
    entries: &'t [Entry],
    inline: bool,
    text: &str,
    found: &mut Vec<Setting<'t>>,
) {
    for entry in entries {
        let Some(value) = &entry.value else { continue };
        let keys = entry.path.iter().map(|key| key.decode(text).into_owned());
        let path: Vec<String> = table.iter().cloned().chain(keys).collect();
        if let ValueKind::InlineTable(entries) = &value.kind {
            collect(&path, entries, true, text, found);
        }
        found.push(Setting { path, entry, value, inline });
    }
}

fn is_array(table: &Table) -> bool {
    table.header.as_ref().is_some_and(|header| header.kind == HeaderKind::ArrayOfTables)
}

fn header_path(table: &Table, text: &str) -> Vec<String> {
    let path = table.header.iter().flat_map(|header| &header.path);
    path.map(|key| key.decode(text).into_owned()).collect()
}

/// The name that the application has in all environments.
fn application(settings: &[Setting<'_>], text: &str) -> Option<String> {
    let named = settings
        .iter()
        .filter(|it| matches!(it.path.as_slice(), [all, _, key] if all == ENVIRONMENTS && key == "name"));
    let names: BTreeSet<String> = named
        .map(|setting| match &setting.value.kind {
            ValueKind::String(name) => name.decode(text).into_owned(),
            _ => String::new(),
        })
        .collect();
    let only = names.first().filter(|name| names.len() == 1 && !name.is_empty());
    only.cloned()
}

/// One more environment in an inline table that has some.
fn in_line(all: &Setting<'_>, name: &str, values: &[(&str, &str)]) -> Option<TextEdit> {
    let ValueKind::InlineTable(entries) = &all.value.kind else { return None };
    let end = entries.last()?.value.as_ref()?.range.end();
    let values: Vec<String> = values.iter().map(|(key, value)| format!("{key} = {value}")).collect();
    Some(TextEdit::insert(end, format!(", {} = {{ {} }}", edit::key(name), values.join(", "))))
}

/// One more table at the end of the file, written like the last of its kind.
fn at_end(tree: &SyntaxTree, text: &str, name: &str, values: &[(&str, &str)]) -> TextEdit {
    let like = tree.tables.iter().rfind(|table| {
        let path = header_path(table, text);
        path.len() == 2 && path[0] == ENVIRONMENTS
    });
    let header = like.and_then(|table| table.header.as_ref());
    let outer = header.map_or("", |header| indent(text, header.range.start()));
    let inner = like.and_then(|table| table.entries.first());
    let inner = inner.map_or(outer, |entry| indent(text, entry.range.start()));
    let newline = edit::line_end(text);
    let before = edit::gap(text, newline);
    let mut lines = format!("{before}{outer}[{ENVIRONMENTS}.{}]{newline}", edit::key(name));
    for (key, value) in values {
        lines += &format!("{inner}{key} = {value}{newline}");
    }
    TextEdit::insert(TextSize::of(text), lines)
}

/// The namespace in an environment that has no keys.
fn in_empty(tree: &SyntaxTree, settings: &[Setting<'_>], text: &str, name: &str) -> Option<TextEdit> {
    let path = [ENVIRONMENTS, name];
    if let Some(inline) = settings.iter().find(|setting| setting.path == path) {
        let inside = inline.value.range.start() + TextSize::of('{');
        let blank = text[usize::from(inside)..].starts_with([' ', '\t']);
        return Some(TextEdit::insert(inside, format!(" {NAMESPACE}{}", if blank { "" } else { " " })));
    }
    let table = tree.tables.iter().find(|table| header_path(table, text) == path)?;
    let header = table.header.as_ref()?.range;
    let (newline, indent) = (edit::line_end(text), indent(text, header.start()));
    Some(TextEdit::insert(edit::line_stop(text, header.end()), format!("{newline}{indent}{NAMESPACE}")))
}

/// The blanks before what stands first on its line.
fn indent(text: &str, offset: TextSize) -> &str {
    let line = &text[TextRange::new(edit::line_start(text, offset), offset)];
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

/// What stands for a table among the values of a file.
const TABLE: &str = "a table";

/// The edit, if it adds or changes these values, leaves all others as they are, and Draft can take it.
fn certain(
    text: &str,
    edit: TextEdit,
    changes: impl IntoIterator<Item = (Vec<String>, String)>,
) -> Option<TextEdit> {
    let mut expected = values(text)?;
    expected.extend(changes);
    let after = edit::apply(text, std::slice::from_ref(&edit));
    let is_certain = values(&after)? == expected && DraftToml::parse(&after)?.faults.is_empty();
    is_certain.then_some(edit)
}

/// All values of a file by their paths; `None` when it is not TOML.
fn values(text: &str) -> Option<BTreeMap<Vec<String>, String>> {
    let document: DocumentMut = text.parse().ok()?;
    let mut values = BTreeMap::new();
    flatten(document.as_item(), &mut Vec::new(), &mut values);
    Some(values)
}

fn flatten(item: &Item, path: &mut Vec<String>, values: &mut BTreeMap<Vec<String>, String>) {
    let mut inside = |key: &str, item: &Item| {
        path.push(key.to_owned());
        flatten(item, path, values);
        path.pop();
    };
    let shown = match item {
        Item::None => return,
        Item::Value(TomlValue::InlineTable(_)) | Item::Table(_) => {
            item.as_table_like()
                .into_iter()
                .flat_map(|table| table.iter())
                .for_each(|(key, it)| inside(key, it));
            TABLE.to_owned()
        }
        Item::ArrayOfTables(tables) => {
            let tables = tables.iter().enumerate();
            tables.for_each(|(index, table)| inside(&index.to_string(), &Item::Table(table.clone())));
            "tables".to_owned()
        }
        Item::Value(value) => value.clone().decorated("", "").to_string(),
    };
    values.insert(path.clone(), shown);
}

#[cfg(test)]
mod tests;
