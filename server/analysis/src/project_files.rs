//! What other files of a project offer to commands: the targets of a Makefile and the scripts of a `package.json`.
//!
//! Must not read the files: their texts come in.

use jsonc_parser::ast::{ObjectProp, ObjectPropName, Value};
use text_size::{TextRange, TextSize};

use crate::command::nearest;
use crate::file_names::{MAKEFILES, PACKAGE_JSON};

pub(crate) mod makefile;

pub use makefile::{included_files, make_targets};

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

/// Those that may stand in front of the name of a script, and have no value behind them.
const SWITCHES_OF_NPM: [&str; 9] = [
    "-s",
    "--silent",
    "-q",
    "--quiet",
    "-d",
    "--verbose",
    "--if-present",
    "--ignore-scripts",
    "--foreground-scripts",
];

/// How many arguments an option of npm and its kind takes up in front of the name of a script; nothing where that is not
/// known, or it is none.
pub(crate) fn npm_option_length(option: &str) -> Option<usize> {
    let is_whole = SWITCHES_OF_NPM.contains(&option) || option.starts_with("--") && option.contains('=');
    if is_whole { Some(1) } else { NPM_DIRECTORY.contains(&option).then_some(2) }
}

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

/// How make finds its Makefile.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Makefile {
    /// Where it looks; empty for the directory of the tasks file.
    pub directory: String,
    /// What it reads there, if the command says so.
    pub file: Option<String>,
}

/// A file that offers names to commands; its place is relative to the directory of the tasks file.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ProjectFile {
    /// What make reads.
    Makefile(Makefile),
    /// The `package.json` of a directory.
    Package(String),
}

/// A name that a command takes from such a file.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OfferedName {
    /// The file.
    pub file: ProjectFile,
    /// The name; empty for whatever stands first in the file.
    pub name: String,
}

/// What is known of such a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameFact {
    /// It is there, or may be.
    Possible,
    /// It is not; which one is meant very likely.
    Missing(Option<String>),
    /// It is not, since there is no such file.
    NoFile,
}

impl ProjectFile {
    /// The directory that it is in.
    pub fn directory(&self) -> &str {
        match self {
            ProjectFile::Makefile(makefile) => &makefile.directory,
            ProjectFile::Package(directory) => directory,
        }
    }

    /// What stands in the folder of a package, of which npm and its kind look for one in the folders above, too.
    pub const OF_PACKAGE: [&str; 4] = [PACKAGE_JSON, "package.yaml", "package.json5", "node_modules"];

    /// The paths at which it may be, the first one that exists counts.
    pub fn paths(&self) -> Vec<String> {
        let names = match self {
            ProjectFile::Makefile(Makefile { file: Some(file), .. }) => vec![file.as_str()],
            ProjectFile::Makefile(_) => MAKEFILES.to_vec(),
            ProjectFile::Package(_) => vec![PACKAGE_JSON],
        };
        names.into_iter().map(|name| join(self.directory(), name)).collect()
    }
}

impl OfferedName {
    /// Whether a file with this text has it, nothing where there is none; make also knows the files of its directory, and
    /// makes some from others.
    pub fn look(&self, text: Option<&str>, files: &[String]) -> NameFact {
        let is_of_make = matches!(self.file, ProjectFile::Makefile(_));
        if is_of_make && !self.name.is_empty() && files.iter().any(|file| self.is_stem_of(file)) {
            return NameFact::Possible;
        }
        let offered = match text {
            None => return NameFact::NoFile,
            Some(_) if self.name.is_empty() => None,
            Some(text) if is_of_make => makefile::all_targets(text),
            Some(text) => scripts(text),
        };
        match offered {
            Some(offered) if offered.iter().all(|it| *it != self.name) => {
                let similar = nearest(&self.name, offered.iter(), |it| it.as_str());
                NameFact::Missing(similar.cloned())
            }
            _ => NameFact::Possible,
        }
    }

    fn is_stem_of(&self, file: &str) -> bool {
        file.strip_prefix(&self.name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }
}

/// One path below another.
pub(crate) fn join(directory: &str, path: &str) -> String {
    if directory.is_empty() { path.to_owned() } else { format!("{}/{path}", directory.trim_end_matches('/')) }
}

/// The names of all scripts; nothing where the text is no `package.json`.
fn scripts(package: &str) -> Option<Vec<String>> {
    let parsed = jsonc_parser::parse_to_ast(package, &Default::default(), &Default::default()).ok()?;
    parsed.value?.as_object()?;
    Some(npm_scripts(package).into_iter().map(|named| named.name).collect())
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

/// Where the packages of a workspace are, as the `package.json` of its root says it: paths from there, which may have a
/// `*` in them.
pub fn workspaces(package: &str) -> Vec<String> {
    let parsed = jsonc_parser::parse_to_ast(package, &Default::default(), &Default::default());
    let root = parsed.ok().and_then(|parsed| parsed.value);
    let packages = root.as_ref().and_then(|root| match &root.as_object()?.get("workspaces")?.value {
        Value::Array(packages) => Some(packages),
        Value::Object(workspaces) => workspaces.get_array("packages"),
        _ => None,
    });
    let paths = packages.into_iter().flat_map(|packages| &packages.elements);
    paths.filter_map(|path| Some(path.as_string_lit()?.value.to_string())).collect()
}

/// Where they are as a `pnpm-workspace.yaml` says it: the items of its lists.
pub fn pnpm_workspaces(text: &str) -> Vec<String> {
    let items = text.lines().filter_map(|line| line.trim().strip_prefix("- "));
    let item =
        |item: &str| item.split(" #").next().unwrap_or_default().trim().trim_matches(['"', '\'']).to_owned();
    items.map(item).collect()
}

fn span(start: usize, length: usize) -> TextRange {
    TextRange::at(TextSize::new(start as u32), TextSize::new(length as u32))
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    pub(super) fn check(text: &str, found: &[Named], expect: Expect) {
        let shown = found.iter().map(|it| format!("{} at {:?}: {}\n", it.name, &text[it.range], it.detail));
        expect.assert_eq(&shown.collect::<String>());
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

    #[test]
    fn what_may_be_there_is_not_missing() {
        let look = |file: ProjectFile, name: &str, text: &str| {
            let files = ["main.c", "docs"].map(str::to_owned);
            match (OfferedName { file, name: name.into() }).look(Some(text), &files) {
                NameFact::Possible => "possible".into(),
                NameFact::NoFile => "no file".into(),
                NameFact::Missing(similar) => similar.unwrap_or_else(|| "missing".into()),
            }
        };
        let make = |name: &str, text: &str| look(ProjectFile::Makefile(Makefile::default()), name, text);
        let rules = "CC = gcc\nifdef X\nlint: ; true\nendif\n.PHONY: build \\\n test\nbuild: a\n\t$(X)\n";
        assert_eq!(
            ["build", "lint", "test", "biuld", "x", "main", "docs"].map(|name| make(name, rules)),
            ["possible", "possible", "possible", "build", "missing", "possible", "possible"]
        );
        for unknown in [
            "include x.mk\n",
            "-include x.mk\n",
            "%.o: %.c\n",
            "$(ALL): x\n",
            "$(eval $(X))\n",
            ".c.o:\n\tcc\n",
            ".DEFAULT:\n\ttrue\n",
            "VPATH = src\n",
            "vpath %.c src\n",
            "define rule\n",
            "a \\\nb: c\n",
        ] {
            assert_eq!(make("biuld", &format!("{rules}{unknown}")), "possible", "{unknown}");
        }
        let npm = |name: &str, text: &str| look(ProjectFile::Package("web".into()), name, text);
        let package = r#"{ "scripts": { "test": "jest" } }"#;
        assert_eq!(["test", "tset", "x"].map(|name| npm(name, package)), ["possible", "test", "missing"]);
        assert_eq!([npm("x", "{}"), npm("x", "{"), npm("x", "[]")], ["missing", "possible", "possible"]);
    }
}
