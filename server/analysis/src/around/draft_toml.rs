//! Edits of `draft.toml`: an environment that is missing, `auto-connect`, a namespace.
//!
//! Must not give an edit that changes the meaning of anything else in the file, or of a file that is not TOML.

use std::collections::{BTreeMap, BTreeSet};

use text_size::{TextRange, TextSize};
use toml_edit::{DocumentMut, Item, Value as TomlValue};

use crate::edit::{self, TextEdit};
use crate::syntax::{self, Entry, HeaderKind, SyntaxTree, Table, Value, ValueKind};

const ENVIRONMENTS: &str = "environments";
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
    let path = [ENVIRONMENTS, name, "auto-connect"].map(str::to_owned);
    let value = settings(&tree, text).into_iter().find(|setting| setting.path == path)?.value;
    certain(text, TextEdit::replace(value.range, "false"), [(path.to_vec(), "false".to_owned())])
}

/// Adds the namespace that Draft would write, beside the environment's name.
pub(super) fn add_namespace(text: &str, name: &str) -> Option<TextEdit> {
    let tree = parsed(text)?;
    let settings = settings(&tree, text);
    let own: Vec<&Setting<'_>> = settings.iter().filter(|setting| setting.is_of(name)).collect();
    // Draft takes keys in any case.
    if own.iter().any(|setting| setting.key().eq_ignore_ascii_case("namespace")) {
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
    let before = match text {
        _ if text.ends_with("\n\n") || text.ends_with("\n\r\n") => "",
        _ if text.ends_with('\n') => newline,
        _ => &newline.repeat(2),
    };
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

/// The edit, if it adds or changes these values and leaves all others as they are.
fn certain(
    text: &str,
    edit: TextEdit,
    changes: impl IntoIterator<Item = (Vec<String>, String)>,
) -> Option<TextEdit> {
    let mut expected = values(text)?;
    expected.extend(changes);
    let after = edit::apply(text, std::slice::from_ref(&edit));
    (values(&after)? == expected).then_some(edit)
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
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::command::DraftVersion;
    use crate::project::DraftToml;

    const ADD: fn(&str, &str) -> Option<TextEdit> = add_environment;
    const SWITCH: fn(&str, &str) -> Option<TextEdit> = set_auto_connect;
    const NAME: fn(&str, &str) -> Option<TextEdit> = add_namespace;

    fn check(fix: fn(&str, &str) -> Option<TextEdit>, before: &str, expect: Expect) {
        let shown = fix(before, "dev").map_or("nothing\n".to_owned(), |edit| edit::apply(before, &[edit]));
        expect.assert_eq(&shown);
    }

    #[test]
    fn an_environment_comes_last_and_looks_like_the_others() {
        check(
            ADD,
            "[environments]\n  [environments.staging]\n    name = \"it's\"\n    wait = true # yes\n",
            expect![[r#"
                [environments]
                  [environments.staging]
                    name = "it's"
                    wait = true # yes

                  [environments.dev]
                    name = "it's"
                    namespace = "default"
                    wait = true
            "#]],
        );
        check(
            ADD,
            "[environments.staging]\nname = 'x'\n\n# the end\n\n",
            expect![[r#"
            [environments.staging]
            name = 'x'

            # the end

            [environments.dev]
            name = "x"
            namespace = "default"
            wait = true
        "#]],
        );
        check(
            ADD,
            "environments = { staging = { name = \"x\" } } # all\n",
            expect![[r#"
            environments = { staging = { name = "x" }, dev = { name = "x", namespace = "default", wait = true } } # all
        "#]],
        );
        check(
            ADD,
            "[environments]\nstaging.name = \"x\"\nlive = { name = \"x\" }",
            expect![[r#"
            [environments]
            staging.name = "x"
            live = { name = "x" }

            [environments.dev]
            name = "x"
            namespace = "default"
            wait = true
        "#]],
        );
    }

    #[test]
    fn an_environment_needs_a_name_that_is_certain() {
        for before in [
            "",
            "[environments]\n",
            "[environments.staging]\nname = \"\"\n",
            "[environments.staging]\nname = 5\n",
            "[environments.a]\nname = \"a\"\n[environments.b]\nname = \"b\"\n",
            "[[environments]]\n[environments.a]\nname = \"a\"\n",
            "[environments.a]\nname = \"a\n",
        ] {
            check(
                ADD,
                before,
                expect![[r#"
                    nothing
                "#]],
            );
        }
    }

    #[test]
    fn auto_connect_is_switched_off_where_it_stands() {
        check(
            SWITCH,
            "[environments.dev]\nauto-connect=true # why\n[other]\nauto-connect=true",
            expect![[r#"
                [environments.dev]
                auto-connect=false # why
                [other]
                auto-connect=true"#]],
        );
        check(
            SWITCH,
            "environments.dev = { name = 'x', \"auto-connect\" = true }\n",
            expect![[r#"
            environments.dev = { name = 'x', "auto-connect" = false }
        "#]],
        );
        check(
            SWITCH,
            "[environments.other]\nauto-connect = true\n",
            expect![[r#"
            nothing
        "#]],
        );
    }

    #[test]
    fn a_namespace_stands_beside_the_name() {
        check(
            NAME,
            "[environments]\n  [environments.dev]\n\tname = \"\"\"\nx\"\"\" # name\n    wait = true\n",
            expect![[r#"
                [environments]
                  [environments.dev]
                	name = """
                x""" # name
                	namespace = "default"
                    wait = true
            "#]],
        );
        check(
            NAME,
            "[environments.dev]\nwait = true\nwatch = false",
            expect![[r#"
            [environments.dev]
            wait = true
            watch = false
            namespace = "default""#]],
        );
        check(
            NAME,
            "  [environments.dev] # none\n\n[other]\n",
            expect![[r#"
              [environments.dev] # none
              namespace = "default"

            [other]
        "#]],
        );
        check(
            NAME,
            "[environments]\ndev.name = \"x\"\ndev . wait = true\n",
            expect![[r#"
            [environments]
            dev.name = "x"
            dev.namespace = "default"
            dev . wait = true
        "#]],
        );
        check(
            NAME,
            "environments . \"dev\" . name = \"x\" # é\n",
            expect![[r#"
            environments . "dev" . name = "x" # é
            environments . "dev" . namespace = "default"
        "#]],
        );
        check(
            NAME,
            "environments = {dev={ name=\"x\",wait = true}, b = {}}\n",
            expect![[r#"
            environments = {dev={ name="x", namespace = "default",wait = true}, b = {}}
        "#]],
        );
        check(
            NAME,
            "environments.dev = {}\n",
            expect![[r#"
            environments.dev = { namespace = "default" }
        "#]],
        );
        check(
            NAME,
            "environments = { dev.wait = true }\n",
            expect![[r#"
            environments = { dev.wait = true, dev.namespace = "default" }
        "#]],
        );
    }

    #[test]
    fn a_namespace_of_another_kind_is_left_alone() {
        for before in [
            "[environments.dev]\nnamespace = 5\n",
            "[environments.dev]\nNamespace = \"x\"\n",
            "[environments.dev.namespace]\n",
            "[environments.dev.more]\nname = \"x\"\n",
            "[environments]\n",
        ] {
            check(
                NAME,
                before,
                expect![[r#"
                    nothing
                "#]],
            );
        }
    }

    /// What another reader than the one of this code reads.
    fn read(text: &str) -> toml::Table {
        toml::from_str(text).unwrap()
    }

    /// The environment `dev`, which is made where it is not.
    fn dev(table: &mut toml::Table) -> &mut toml::Table {
        let mut at = table;
        for key in [ENVIRONMENTS, "dev"] {
            at = at.entry(key).or_insert(toml::Value::Table(toml::Table::new())).as_table_mut().unwrap();
        }
        at
    }

    #[test]
    fn a_fix_corrects_and_changes_nothing_else() {
        let forms = [
            "# a\n[environments]\n  [environments.dev] # b\n    name = \"x\" # c\n    auto-connect = true\n    env = [\n1, # d\n2]\n[more]\nx = 1\n",
            "title = \"é🚀\"\n[environments.dev]\nname = '''\nx'''\nauto-connect = true",
            "environments.dev.auto-connect = true\nenvironments.dev.name = \"x\"\nafter = 1979-05-27\n",
            "environments = {dev = {auto-connect = true, name = \"x\"}}\n[[more]]\na = 1\n[[more]]\n",
            "[environments]\ndev = { name = 'x', auto-connect = true }\n# the end",
            "[more]\n[environments.'dev']\nauto-connect\t=\ttrue\n[environments.dev.sub]\nname = \"y\"\n[environments.third]\nname = 'x'\n\n\n",
        ];
        let draft_takes = |text: &str| crate::draft_toml::read(text, DraftVersion::default()).is_ok();
        for form in forms.map(str::to_owned).into_iter().flat_map(|form| [form.replace('\n', "\r\n"), form]) {
            let before = read(&form);
            let check =
                |text: &str, fix: fn(&str, &str) -> Option<TextEdit>, change: fn(&mut toml::Table)| {
                    let edit = fix(text, "dev").unwrap_or_else(|| panic!("no fix for {text}"));
                    let after = edit::apply(text, std::slice::from_ref(&edit));
                    let mut expected = read(text);
                    change(dev(&mut expected));
                    assert_eq!(read(&after), expected, "{after}");
                    assert!(draft_takes(&after) || !draft_takes(text), "{after}");
                    let is_crlf = text.contains("\r\n");
                    assert!(
                        !is_crlf || after.matches('\n').count() == after.matches("\r\n").count(),
                        "{after:?}"
                    );
                    assert_eq!(
                        &after[..usize::from(edit.range.start())],
                        &text[..usize::from(edit.range.start())]
                    );
                    after
                };
            let connected = check(&form, SWITCH, |dev| drop(dev.insert("auto-connect".into(), false.into())));
            assert_ne!(read(&connected), before);
            assert!(!DraftToml::parse(&connected).unwrap().environments["dev"].auto_connect);
            let named = check(&form, NAME, |dev| drop(dev.insert("namespace".into(), "default".into())));
            assert_eq!(
                DraftToml::parse(&named).unwrap().environments["dev"].namespace.as_deref(),
                Some("default")
            );
            assert_eq!(add_namespace(&named, "dev"), None);
            let other = form.replace("dev", "other");
            check(&other, ADD, |dev| {
                dev.insert("name".into(), "x".into());
                dev.insert("namespace".into(), "default".into());
                dev.insert("wait".into(), true.into());
            });
        }
    }

    #[test]
    fn any_text_is_read() {
        let text = "\u{feff}é = [{ a = 1 }]\r\n[environments.dev]# é🚀\nname=\"\"\"é\n\"\"\"\n[environments] # x\n live = {name = 'é', 'auto-connect' = true,}\n[[a]]\nb.\"é\" = {}";
        for (end, _) in text.char_indices() {
            for fix in [ADD, SWITCH, NAME] {
                for name in ["dev", "live", "", "é"] {
                    fix(&text[..end], name);
                    fix(&text[end..], name);
                }
            }
        }
    }

    #[test]
    fn a_name_that_needs_quotes() {
        let before = "[environments.a]\nname = \"x\"\n";
        for name in ["a b", "a.b", "\"", "é"] {
            let edit = add_environment(before, name).unwrap();
            let after = edit::apply(before, &[edit]);
            assert!(DraftToml::parse(&after).unwrap().environments.contains_key(name), "{after}");
        }
    }
}
