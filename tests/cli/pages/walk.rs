//! A reader who does what a page says, from its first block to the last, in one shell.
//!
//! Must not know what a page is about.

use std::fmt::Write as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use regex::Regex;
use tempfile::TempDir;

use super::block::{Block, Claim, Page};

/// In front of what a block has written; no program of a page writes it.
const MARK: char = '\u{1e}';

/// Where a reader sits: an empty home, with a clone of the project's examples.
pub(crate) struct Desk {
    folder: TempDir,
    /// What is called otherwise in the pages.
    pub(crate) names: Vec<(String, &'static str)>,
    /// What the reader writes otherwise than a file of the pages.
    pub(crate) replaced: Vec<(&'static str, String)>,
}

impl Desk {
    pub(crate) fn new() -> Desk {
        let folder = TempDir::new().expect("a folder");
        let clone = folder.path().join("draft-tasks");
        std::fs::create_dir_all(clone.join("examples")).expect("a folder");
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/.draft-tasks.toml");
        std::fs::copy(examples, clone.join("examples/.draft-tasks.toml")).expect("a copy");
        let mut desk = Desk { folder, names: Vec::new(), replaced: Vec::new() };
        let home = desk.home().display().to_string();
        desk.names.push((home, "/home/ann"));
        desk
    }

    /// A file in the home.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.home().join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder can be made");
        std::fs::write(path, text).expect("the file can be written");
    }

    /// A program in the PATH.
    pub(crate) fn put_program(&self, name: &str, program: &Path) {
        symlink(program, self.programs().join(name)).expect("a link");
    }

    fn home(&self) -> PathBuf {
        self.folder.path().canonicalize().expect("its path")
    }

    /// The first folder of the PATH.
    fn programs(&self) -> PathBuf {
        let folder = self.home().join(".local/bin");
        std::fs::create_dir_all(&folder).expect("a folder");
        folder
    }

    /// Does what the page says; what was otherwise than it says, block by block.
    pub(crate) fn walk(&self, page: &Page) -> String {
        let blocks: Vec<&Block> = page.blocks.iter().filter(|block| has_effect(block)).collect();
        let script: String = blocks.iter().map(|block| self.commands(block)).collect();
        let written = self.shell(&format!("{script}printf '{MARK}'"));
        let mut parts = written.split(MARK).skip(1);
        let mut wrong = String::new();
        for block in blocks {
            let (place, part) = (format!("{}:{}", page.path, block.line), parts.next());
            match (block.claim(), part) {
                (_, None) => {
                    let _ = writeln!(wrong, "{place}: its setup or the block before failed");
                    break;
                }
                (Claim::Transcript, Some(seen)) if !fits(seen, &block.text) => {
                    let _ = writeln!(wrong, "{place} should have:\n{seen}");
                }
                (Claim::Succeeds | Claim::File { .. }, Some(seen)) if parts.clone().next().is_none() => {
                    let _ = writeln!(wrong, "{place} failed:\n{seen}");
                    break;
                }
                _ => {}
            }
        }
        wrong
    }

    /// What the shell does for a block, behind the mark.
    fn commands(&self, block: &Block) -> String {
        let mut script = String::new();
        for setup in block.setups() {
            let _ = writeln!(script, "{{ {}\n}} >/dev/null 2>&1 || exit", self.typed(setup));
        }
        let _ = writeln!(script, "printf '{MARK}'");
        match block.claim() {
            Claim::Transcript => {
                for line in block.text.lines().filter_map(|line| line.strip_prefix("$ ")) {
                    let _ = writeln!(script, "printf '$ %s\\n' {}; {line}", quoted(line));
                }
            }
            Claim::Succeeds => {
                let _ = writeln!(script, "set -e\n{}set +e", block.text);
            }
            Claim::File { path, has_findings } => {
                let (path, text) = (quoted(path), quoted(&self.typed(&block.text)));
                let _ = writeln!(script, "set -e\nmkdir -p \"$(dirname {path})\"\nprintf %s {text} >{path}");
                if block.is_checked() && !has_findings {
                    let _ = writeln!(script, "draft-tasks check \"$(dirname {path})\"");
                }
                script += "set +e\n";
            }
            Claim::Nothing | Claim::Unclear => {}
        }
        script
    }

    /// What the reader writes for a text of the page.
    fn typed(&self, text: &str) -> String {
        self.replaced.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
    }

    fn shell(&self, script: &str) -> String {
        let home = self.home();
        let program = Path::new(env!("CARGO_BIN_EXE_draft-tasks")).parent().expect("its folder");
        let path = format!("{}:{}:/usr/bin:/bin", self.programs().display(), program.display());
        let mut shell = Command::new("bash");
        shell.args(["-c", &format!("exec 2>&1\n{STAND_IN}\n{script}")]).current_dir(&home).env_clear();
        shell.env("PATH", path).env("HOME", &home).stdin(Stdio::null());
        let written = String::from_utf8(shell.output().expect("bash").stdout).expect("text");
        self.names.iter().fold(written, |text, (real, shown)| text.replace(real, shown))
    }
}

/// For programs that this machine need not have: `stand_in NAME COMMANDS`.
const STAND_IN: &str =
    "stand_in() { printf '#!/bin/sh\\n%s\\n' \"$2\" >~/.local/bin/\"$1\"; chmod +x ~/.local/bin/\"$1\"; }";

/// Also what is no block of a shell may be a file that a later block needs.
fn has_effect(block: &Block) -> bool {
    !matches!(block.claim(), Claim::Nothing | Claim::Unclear)
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// Whether what was written is what is shown, where a line `…` stands for any lines.
fn fits(written: &str, shown: &str) -> bool {
    let (written, shown) = (timeless(written), timeless(shown));
    lines_fit(&written.lines().collect::<Vec<_>>(), &shown.lines().collect::<Vec<_>>())
}

fn lines_fit(written: &[&str], shown: &[&str]) -> bool {
    match shown.split_first() {
        None => written.is_empty(),
        Some((&"…", rest)) => (0..=written.len()).any(|skipped| lines_fit(&written[skipped..], rest)),
        Some((line, rest)) => written.first() == Some(line) && lines_fit(&written[1..], rest),
    }
}

/// A text whose times and names of runs and pods are the same each time.
fn timeless(text: &str) -> String {
    let minutes = Regex::new(r"\b\d+ min \d\d s\b").expect("a pattern");
    let text = minutes.replace_all(text, "0.0 s");
    let is_of_time = |c: char| c.is_ascii_digit() || c == '.';
    let is_second = |word: &&&str| word.trim_end_matches([',', ';', ')']) == "s";
    let word = |(at, words): (usize, &[&str])| match words[at] {
        word if word.contains('.')
            && word.chars().all(is_of_time)
            && words.get(at + 1).filter(is_second).is_some() =>
        {
            "0".to_owned()
        }
        word if word.contains("/runs/") => "LOG".to_owned(),
        word if is_run(word) => "RUN".to_owned(),
        _ if at > 0 && words[at - 1] == "process" => "PROCESS".to_owned(),
        word if at > 0 && words[at - 1] == "at" && word.contains(':') => "TIME".to_owned(),
        word if is_pod(word) => "POD".to_owned(),
        word => word.to_owned(),
    };
    let line = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let words: Vec<String> = (0..words.len()).map(|at| word((at, &words))).collect();
        words.join(" ") + "\n"
    };
    text.lines().map(line).collect()
}

/// Whether it ends as the names of a Deployment's pods, which have letters by which no word comes about.
/// <https://github.com/kubernetes/apimachinery/blob/master/pkg/util/rand/rand.go>
fn is_pod(word: &str) -> bool {
    let last = word.trim_end_matches([':', ',']).rsplit('-').next().unwrap_or_default();
    last.len() == 5 && last.chars().all(|it| "bcdfghjklmnpqrstvwxz2456789".contains(it))
}

/// The name of a record begins with its time, and has its phase and its numbers.
fn is_run(word: &str) -> bool {
    word.split_once("Z-").is_some_and(|(time, rest)| {
        time.len() == "20261130T210122.416".len() && time.contains('T') && rest.contains('-')
    })
}

#[test]
fn times_are_the_same_however_long_something_takes() {
    assert!(fits("gone after 1 min 04 s, with pods", "gone after 3.4 s, with pods"));
    assert!(!fits("4 pods are gone after 3.4 s", "3 pods are gone after 3.4 s"));
}
