//! The tasks files of a command that takes several: files, those below folders, patterns, standard input.
//!
//! Must not write, and must not leave out without a word what cannot be read.

use std::collections::HashSet;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use clap::Args;
use draft_tasks_analysis::file_names::TASKS_FILE;
use draft_tasks_analysis::{Options, Parsed};

use super::paths::{self, Loaded, TasksFile};
use super::pattern::Pattern;
use super::terminal;
use crate::source::{self, FileKind, ReadError};
use crate::tree::{FoundFile, FoundKind, Tree};

/// Tasks files to work on.
#[derive(Clone, Debug, Args)]
pub(super) struct Paths {
    /// Tasks files, folders whose tasks files below are meant, without those that Git ignores, patterns such as
    /// 'apps/*', or `-` for standard input
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// The same as PATH, as other commands have it
    #[arg(long = "file", value_name = "PATH")]
    files: Vec<PathBuf>,
    /// The name of what `-` reads: it is told under this name, and the settings of its folder hold
    #[arg(long, value_name = "PATH")]
    stdin_filename: Option<PathBuf>,
}

/// What is done with the files.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// They are looked at: without a path all below the present directory, else the nearest above it.
    Look,
    /// They are changed: below folders that are named.
    Change,
}

/// Where a text comes from.
enum TextOrigin {
    File(PathBuf),
    /// A link that nobody named.
    Link(PathBuf),
    Stdin,
}

impl Paths {
    /// Reads all files, each once; one that cannot be read does not keep the others from it.
    pub(super) fn load(&self, purpose: Purpose) -> impl Iterator<Item = Result<Loaded, ReadError>> {
        each_once(self.found(purpose)).into_iter().map(|found| match found? {
            TextOrigin::File(path) => check_name(TasksFile::named(path).load()?),
            TextOrigin::Link(path) => Ok(Loaded { is_link: true, ..TasksFile::named(path).load()? }),
            TextOrigin::Stdin => self.stdin(),
        })
    }

    /// Whether a file is changed only where a folder is named: it is below the present one, and no path is given.
    pub(super) fn leave_out_unnamed(&self, file: &Path) -> bool {
        let folder = file.parent().unwrap_or(Path::new(""));
        self.are_all_below() && folder != Path::new("") && !folder.starts_with("..")
    }

    /// Whether no path is given, so that all files below the present directory are meant.
    pub(super) fn are_all_below(&self) -> bool {
        self.paths.is_empty() && self.files.is_empty()
    }

    /// Whether standard input is among them.
    pub(super) fn have_stdin(&self) -> bool {
        self.paths.iter().chain(&self.files).any(|path| is_stdin(path))
    }

    fn found(&self, purpose: Purpose) -> Vec<Result<TextOrigin, ReadError>> {
        let named: Vec<&PathBuf> = self.paths.iter().chain(&self.files).collect();
        if self.stdin_filename.is_some() && !self.have_stdin() {
            let problem = "names what `-` reads, and `-` is not given".into();
            return vec![Err(ReadError { path: "--stdin-filename".into(), problem })];
        }
        if !named.is_empty() {
            return named.into_iter().flat_map(|path| found(path)).collect();
        }
        let here = Path::new(".");
        if purpose != Purpose::Change {
            let below = of_tree(Tree::below(here), &[here, Path::new("")]);
            if !below.is_empty() {
                return below;
            }
        } else if !source::is_there(Path::new(TASKS_FILE)) && !Tree::below(here).files.is_empty() {
            let problem =
                "has no tasks file, and those below change only where that is said: give `.` as the path";
            return vec![Err(ReadError { path: source::canonical(here), problem: problem.into() })];
        }
        vec![paths::find(None).map(|found| TextOrigin::File(found.path))]
    }

    fn stdin(&self) -> Result<Loaded, ReadError> {
        let path = self.stdin_filename.clone().unwrap_or_else(|| TASKS_FILE.into());
        let error = |problem: String| ReadError { path: "-".into(), problem };
        let mut bytes = Vec::new();
        let read = io::stdin().lock().take(source::LARGEST as u64 + 1).read_to_end(&mut bytes);
        read.map_err(|problem| error(format!("standard input cannot be read: {problem}")))?;
        if bytes.len() > source::LARGEST {
            return Err(error(format!("is larger than {} MiB", source::LARGEST >> 20)));
        }
        let text = source::decode(bytes).map_err(error)?;
        Ok(Loaded { path, text, is_stdin: true, is_link: false })
    }
}

/// Each file once, itself before links to it.
fn each_once(found: Vec<Result<TextOrigin, ReadError>>) -> Vec<Result<TextOrigin, ReadError>> {
    let itself = found.iter().filter_map(|found| match found {
        Ok(TextOrigin::File(path)) => Some(source::canonical(path)),
        _ => None,
    });
    let mut linked: HashSet<PathBuf> = itself.collect();
    let mut seen = HashSet::new();
    let is_new = |found: &Result<TextOrigin, ReadError>| match found {
        Ok(TextOrigin::File(path)) => seen.insert(Some(source::canonical(path))),
        Ok(TextOrigin::Link(path)) => linked.insert(source::canonical(path)),
        Ok(TextOrigin::Stdin) => seen.insert(None),
        Err(_) => true,
    };
    found.into_iter().filter(is_new).collect()
}

/// Says that a command which changes files needs a path for what was shown.
pub(super) fn tell_unnamed(command: &str) {
    terminal::remark(format_args!(
        "without a path `draft-tasks {command}` changes nothing below this folder: `draft-tasks {command} .` does"
    ));
}

/// Says that what a link leads to is not changed.
pub(super) fn tell_link(path: &Path) {
    let path = path.display();
    terminal::remark(format_args!("{path} is a link, and not changed; name it to change what it leads to"));
}

fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// What a path of the command line means.
fn found(path: &Path) -> Vec<Result<TextOrigin, ReadError>> {
    if is_stdin(path) {
        return vec![Ok(TextOrigin::Stdin)];
    }
    let error = |problem: String| vec![Err(ReadError { path: path.to_owned(), problem })];
    if path.is_dir() {
        let below = of_tree(Tree::below(path), &[path, Path::new("")]);
        let nothing = || error(format!("there is no {TASKS_FILE} in or below this directory"));
        return if below.is_empty() { nothing() } else { below };
    }
    let pattern = path.to_str().filter(|text| text.contains(['*', '?', '[', '{']) && !source::is_there(path));
    let Some(pattern) = pattern else {
        return vec![paths::find(Some(path)).map(|found| TextOrigin::File(found.path))];
    };
    let plain = pattern.strip_prefix("./").unwrap_or(pattern).trim_end_matches('/');
    match Pattern::of_paths(plain) {
        Err(problem) => error(format!("is not a pattern: {problem}")),
        Ok(matcher) => {
            let mut tree = Tree::below(&beginning(pattern));
            tree.files.retain(|file| file.path.ancestors().any(|path| matcher.is_path(path)));
            let matched = of_tree(tree, &[]);
            if matched.is_empty() { error("matches no tasks file".into()) } else { matched }
        }
    }
}

/// The folder below which all is that a pattern can match.
fn beginning(pattern: &str) -> PathBuf {
    let is_literal = |part: &Path| !part.to_string_lossy().contains(['*', '?', '[', '{', '\\']);
    let literal = Path::new(pattern).ancestors().find(|part| is_literal(part)).unwrap_or(Path::new(""));
    if literal.as_os_str().is_empty() { ".".into() } else { literal.to_owned() }
}

/// The files of a tree; a link in one of these folders is named with it.
fn of_tree(tree: Tree, named: &[&Path]) -> Vec<Result<TextOrigin, ReadError>> {
    let is_named = |file: &FoundFile| file.path.parent().is_some_and(|folder| named.contains(&folder));
    let files = tree.files.into_iter().map(|file| {
        let is_link = file.kind == FoundKind::Link && !is_named(&file);
        Ok(if is_link { TextOrigin::Link(file.path) } else { TextOrigin::File(file.path) })
    });
    files.chain(tree.unread.into_iter().map(Err)).collect()
}

/// A file of another name, which somebody named, is one if it has something of one.
fn check_name(file: Loaded) -> Result<Loaded, ReadError> {
    let name = file.path.file_name().and_then(|name| name.to_str());
    if name.and_then(FileKind::of_name).is_some() || has_phase(&file.text) {
        return Ok(file);
    }
    let problem = format!("not a tasks file: it has no phase, and is not named {TASKS_FILE}");
    Err(ReadError { path: file.path, problem })
}

fn has_phase(text: &str) -> bool {
    let parsed = Parsed::new(text, Options::default());
    let is_empty =
        || parsed.tree.tables.iter().all(|table| table.header.is_none() && table.entries.is_empty());
    parsed.file.sections.iter().any(|section| parsed.phase_meant(section).is_some())
        || parsed.tree.errors.is_empty() && is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_begins_in_a_folder() {
        let beginnings = ["*", "a/*/b", "a/b/*.toml", "/x/{a,b}", "a/b?/c", "../*"].map(beginning);
        assert_eq!(beginnings, [".", "a", "a/b", "/x", "a", ".."].map(PathBuf::from));
    }

    #[test]
    fn a_file_of_another_name_is_one_if_it_has_a_phase() {
        for text in
            ["", "# nothing\n", "[pre-up]\n", "[Pre-Upp]\n", "cleanup = {}\n[x]\n", "[post-delete]\na = \n"]
        {
            assert!(has_phase(text), "{text}");
        }
        for text in ["all:\n\techo\n", "[package]\nname = \"x\"\n", "pre-up: echo\n", "a = 1\n", "= \n"] {
            assert!(!has_phase(text), "{text}");
        }
    }
}
