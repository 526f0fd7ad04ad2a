//! What other files of a project offer to commands: the targets of a Makefile and the scripts of a `package.json`.
//!
//! Must not read the files: their texts come in.

use std::collections::HashSet;

use jsonc_parser::ast::{ObjectProp, ObjectPropName, Value};
use text_size::{TextRange, TextSize};

/// The options of make that name its directory.
pub(crate) const MAKE_DIRECTORY: [&str; 2] = ["-C", "--directory"];

/// Those that name its Makefile, relative to that directory.
pub(crate) const MAKEFILE: [&str; 3] = ["-f", "--file", "--makefile"];

/// Its other options whose value is the next argument.
const OTHERS_OF_MAKE: [&str; 10] = [
    "-o",
    "--old-file",
    "--assume-old",
    "-W",
    "--what-if",
    "--new-file",
    "--assume-new",
    "-I",
    "--include-dir",
    "-E",
];

/// Whether the argument behind an option of make is its value, and no target.
pub(crate) fn make_takes_next(option: &str) -> bool {
    let all = [&MAKE_DIRECTORY[..], &MAKEFILE, &OTHERS_OF_MAKE, &["--eval"]];
    all.iter().any(|options| options.contains(&option))
}

/// The options of npm and its kind that name the directory of the `package.json`.
pub(crate) const NPM_DIRECTORY: [&str; 4] = ["--prefix", "--cwd", "--dir", "-C"];

/// Something in another file that a command can name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The name as a command has it.
    pub name: String,
    /// Where the name stands in the other file.
    pub range: TextRange,
    /// What it runs, where the file says so beside the name.
    pub detail: String,
}

/// The targets of a Makefile that its rules name, in their order; patterns, special targets and names that make would
/// still have to expand are left out.
pub fn make_targets(makefile: &str) -> Vec<Named> {
    let mut found: Vec<Named> = Vec::new();
    let mut known = HashSet::new();
    let mut offset = 0;
    let mut continued = false;
    for line in makefile.split_inclusive('\n') {
        let start = offset;
        offset += line.len();
        let is_continuation = std::mem::replace(&mut continued, line.trim_end().ends_with('\\'));
        if is_continuation || line.starts_with(['\t', '#']) {
            continue;
        }
        for (at, name) in targets_of(line) {
            let range = span(start + at, name.len());
            if known.insert(name) {
                found.push(Named { name: name.to_owned(), range, detail: "target of the Makefile".into() });
            }
        }
    }
    found
}

/// The targets of a line that is a rule, with their places.
fn targets_of(line: &str) -> impl Iterator<Item = (usize, &str)> {
    let rule = line.find([':', '=', '#', '$']).filter(|at| {
        let behind = &line[*at..];
        behind.starts_with(':') && !behind.trim_start_matches(':').starts_with('=')
    });
    let names = &line[..rule.unwrap_or(0)];
    let words =
        names.split_whitespace().map(move |word| (word.as_ptr() as usize - line.as_ptr() as usize, word));
    words.filter(|(_, word)| !word.starts_with('.') && !word.contains(['%', '(', '&']))
}

/// The scripts of a `package.json`, in their order; of what is no JSON none.
pub fn npm_scripts(package: &str) -> Vec<Named> {
    let parsed = jsonc_parser::parse_to_ast(package, &Default::default(), &Default::default());
    let root = parsed.ok().and_then(|parsed| parsed.value);
    let scripts = root.as_ref().and_then(|root| root.as_object()?.get_object("scripts"));
    let properties = scripts.into_iter().flat_map(|scripts| &scripts.properties);
    let script = |property: &ObjectProp<'_>| {
        let (ObjectPropName::String(name), Value::StringLit(command)) = (&property.name, &property.value)
        else {
            return None;
        };
        // Without its quotes.
        let range = span(name.range.start + 1, name.range.end - name.range.start - 2);
        Some(Named { name: name.value.to_string(), range, detail: command.value.to_string() })
    };
    properties.filter_map(script).collect()
}

fn span(start: usize, length: usize) -> TextRange {
    TextRange::at(TextSize::new(start as u32), TextSize::new(length as u32))
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(text: &str, found: &[Named], expect: Expect) {
        let shown = found.iter().map(|it| format!("{} at {:?}: {}\n", it.name, &text[it.range], it.detail));
        expect.assert_eq(&shown.collect::<String>());
    }

    #[test]
    fn targets_of_makefiles() {
        let text = "# x: y\nA := b\nB ?= c: d\n.PHONY: all\nall é: lib\n\t@echo a: b\nlib::\n%.o: %.c\n$(X): y\nc = d \\\n e: f\nA=x:y\nall: more\nbuild/out: ; touch x\nlast:";
        check(
            text,
            &make_targets(text),
            expect![[r#"
            all at "all": target of the Makefile
            é at "é": target of the Makefile
            lib at "lib": target of the Makefile
            build/out at "build/out": target of the Makefile
            last at "last": target of the Makefile
        "#]],
        );
        assert_eq!(make_targets("").len() + make_targets(":\n::\n\\").len(), 0);
    }

    #[test]
    fn scripts_of_packages() {
        let text = r#"{ "name": "x", "a": { "scripts": { "no": "no" } }, "scripts": {
            "test": "jest \"a\"\t\u00e9", "build:é": "tsc", "a\"b": "c", "n": 5, "deep": { "no": "no" } }, "b": "scripts", "c": { "no": "no" } }"#;
        check(
            text,
            &npm_scripts(text),
            expect![[r#"
                test at "test": jest "a"	é
                build:é at "build:é": tsc
                a"b at "a\\\"b": c
            "#]],
        );
        let deep = "[".repeat(100_000);
        for broken in [&*deep, "", "{", "}}}", "\"", "{\"scripts\":{\"a\":\"b", "{\"scripts\":{\"a\\"] {
            assert_eq!(npm_scripts(broken), [], "{broken}");
        }
    }
}
