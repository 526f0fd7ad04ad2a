//! The lines of a Makefile that are no recipes: variables and rules. A justfile is read by the same lines.
//!
//! Must not read the file: its text comes in.

use std::collections::HashSet;

use super::{Named, span};

/// A line that is no recipe, no comment and not the rest of another one.
pub(crate) enum Line<'t> {
    /// `NAME = value`.
    Variable {
        name: &'t str,
        /// What stands in front of `=`: `:`, `?`, `+`, `!`.
        operator: &'t str,
        value: &'t str,
    },
    /// `targets: needs`.
    Rule { targets: &'t str, needs: &'t str },
}

impl Line<'_> {
    pub(crate) fn read(line: &str) -> Option<Line<'_>> {
        if let Some((name, value)) = line.split_once('=') {
            let (name, operator) = name.split_at(name.trim_end_matches([':', '?', '+', '!']).len());
            let name = name.trim().trim_start_matches("export ");
            if !name.is_empty() && !name.contains([' ', ':']) {
                return Some(Line::Variable { name, operator, value: value.trim() });
            }
        }
        let (targets, needs) = line.split_once(':')?;
        let needs = needs.trim_start_matches(':');
        (!needs.starts_with('=')).then_some(Line::Rule { targets, needs })
    }
}

/// The files that a line of a Makefile or a justfile includes; those with names that still have to be expanded are left out.
pub fn included_files(line: &str) -> Vec<String> {
    let Some((word, rest)) = line.split_once([' ', '\t']) else { return Vec::new() };
    let names = || rest.split_whitespace().take_while(|name| !name.starts_with('#'));
    let quoted = |name: &str| name.trim_matches(['\'', '"']).to_owned();
    match (word.trim_end_matches('?'), names().collect::<Vec<_>>().as_slice()) {
        ("include" | "-include" | "sinclude", all) => {
            all.iter().filter(|name| !name.contains('$')).map(|name| (*name).to_owned()).collect()
        }
        ("import", [name, ..]) | ("mod", [_, name, ..]) => vec![quoted(name)],
        ("mod", [name]) => [".just", "/mod.just", "/justfile", "/.justfile"]
            .iter()
            .map(|end| format!("{name}{end}"))
            .collect(),
        _ => Vec::new(),
    }
}

/// A line with the place of its beginning.
struct PlacedLine<'t> {
    start: usize,
    text: &'t str,
}

/// The lines that are no recipes, no comments and not the rest of another one.
fn lines(makefile: &str) -> impl Iterator<Item = PlacedLine<'_>> {
    let (mut offset, mut continued) = (0, false);
    makefile.split_inclusive('\n').filter_map(move |text| {
        let start = offset;
        offset += text.len();
        let is_rest = std::mem::replace(&mut continued, text.trim_end().ends_with('\\'));
        (!is_rest && !text.starts_with(['\t', '#'])).then_some(PlacedLine { start, text })
    })
}

/// The targets of a Makefile that its rules name, in their order; patterns, special targets and names that make would
/// still have to expand are left out.
pub fn make_targets(makefile: &str) -> Vec<Named> {
    let mut found: Vec<Named> = Vec::new();
    let mut known = HashSet::new();
    for line in lines(makefile) {
        let Some(Line::Rule { targets, .. }) = Line::read(line.text) else { continue };
        if targets.contains(['$', '#']) {
            continue;
        }
        for name in targets.split_whitespace().filter(|word| is_plain(word)) {
            let at = name.as_ptr() as usize - line.text.as_ptr() as usize;
            if known.insert(name) {
                let range = span(line.start + at, name.len());
                found.push(Named { name: name.to_owned(), range, detail: "target of the Makefile".into() });
            }
        }
    }
    found
}

fn is_plain(target: &str) -> bool {
    !target.starts_with('.') && !target.contains(['%', '(', '&'])
}

/// Targets whose rules offer no other ones.
const SPECIAL: [&str; 14] = [
    ".PHONY",
    ".SILENT",
    ".ONESHELL",
    ".PRECIOUS",
    ".SECONDARY",
    ".SECONDEXPANSION",
    ".INTERMEDIATE",
    ".IGNORE",
    ".POSIX",
    ".NOTPARALLEL",
    ".DELETE_ON_ERROR",
    ".EXPORT_ALL_VARIABLES",
    ".LOW_RESOLUTION_TIME",
    ".NOTINTERMEDIATE",
];

/// What begins a line that may bring targets from elsewhere, or is read in another way.
const OPEN: [&str; 9] =
    ["include ", "-include ", "sinclude ", "define ", "load ", "-load ", "vpath ", "VPATH", ".RECIPEPREFIX"];

/// All targets; nothing where there may be others: included ones, patterns, those that variables name.
pub(super) fn all_targets(makefile: &str) -> Option<Vec<String>> {
    let mut all: Vec<String> = make_targets(makefile).into_iter().map(|target| target.name).collect();
    for line in lines(makefile).map(|line| line.text.trim()) {
        let is_open = OPEN.iter().any(|open| line.starts_with(open)) || line.starts_with('$');
        match Line::read(line) {
            _ if is_open => return None,
            Some(Line::Rule { targets, needs }) => {
                let is_conditional = line.starts_with("ifeq") || line.starts_with("ifneq");
                let is_known = |name: &str| SPECIAL.contains(&name) || is_plain(name);
                if !is_conditional && (targets.contains('$') || !targets.split_whitespace().all(is_known)) {
                    return None;
                }
                if targets.trim() == ".PHONY" {
                    all.extend(phony(makefile, needs)?);
                }
            }
            // Its targets may end in a later line.
            None if line.ends_with('\\') => return None,
            Some(Line::Variable { .. }) | None => {}
        }
    }
    Some(all)
}

/// The names behind `.PHONY:`, which are targets even where no rule has them; nothing where variables name some.
fn phony(makefile: &str, needs: &str) -> Option<Vec<String>> {
    let start = needs.as_ptr() as usize - makefile.as_ptr() as usize;
    let mut names = Vec::new();
    for line in makefile[start..].lines() {
        let text = line.trim_end();
        let own = text.strip_suffix('\\').unwrap_or(text);
        if own.contains('$') {
            return None;
        }
        names.extend(own.split_whitespace().map(str::to_owned));
        if own.len() == text.len() {
            break;
        }
    }
    Some(names)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::project_files::tests::check;

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
}
