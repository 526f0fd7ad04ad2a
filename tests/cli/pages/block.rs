//! A page of the documentation as its blocks, and what a comment in front of each says of it.
//!
//! Must not run anything.

use std::path::{Path, PathBuf};

/// The languages of blocks that have to show that they are right.
const CHECKED: [&str; 3] = ["console", "sh", "toml"];

/// Other names of them, by which a block would not be found.
const OTHER_NAMES: [&str; 7] = ["bash", "zsh", "fish", "shell", "shell-session", "powershell", "TOML"];

pub(crate) struct Page {
    /// Below the project's folder.
    pub(crate) path: String,
    /// Whether its tasks run in pods: `tests/kubernetes` walks it then.
    pub(crate) needs_cluster: bool,
    pub(crate) blocks: Vec<Block>,
}

pub(crate) struct Block {
    /// Of its fence, from 1.
    pub(crate) line: usize,
    pub(crate) language: String,
    pub(crate) text: String,
    pub(crate) comments: Vec<Comment>,
}

/// An HTML comment directly in front of a block.
pub(crate) enum Comment {
    /// `not run: REASON`
    NotRun,
    /// `file: PATH`: the block is a file that the reader writes; `file with findings: PATH` where it has some on purpose.
    File { path: String, has_findings: bool },
    /// `setup: COMMANDS`: what is to be there before, and the reader has.
    Setup(String),
}

/// What a block claims.
pub(crate) enum Claim<'a> {
    /// The commands behind `$ ` write what stands below them.
    Transcript,
    /// The commands end well.
    Succeeds,
    File {
        path: &'a str,
        has_findings: bool,
    },
    /// Nothing: it says why it is not run, or is in a language in which nothing is checked.
    Nothing,
    /// Something, and does not say how to see whether it is so.
    Unclear,
}

/// The pages whose blocks are checked, in the order of their paths.
pub(crate) fn pages() -> Vec<Page> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut paths: Vec<PathBuf> = [&project, &project.join("docs")]
        .into_iter()
        .flat_map(|folder| std::fs::read_dir(folder).expect("a folder"))
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|it| it == "md"))
        .collect();
    paths.sort();
    let page = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).expect("a page");
        Page::read(path.strip_prefix(&project).expect("below it").display().to_string(), &text)
    };
    paths.iter().map(page).collect()
}

impl Page {
    pub(crate) fn read(path: String, text: &str) -> Page {
        let (mut blocks, mut comments) = (Vec::new(), Vec::new());
        let mut lines = text.lines().zip(1..);
        while let Some((first, line)) = lines.next() {
            if let Some(language) = first.strip_prefix("```") {
                let text = lines.by_ref().map(|(line, _)| line).take_while(|line| *line != "```");
                let text = text.map(|line| format!("{line}\n")).collect();
                let comments = std::mem::take(&mut comments);
                blocks.push(Block { line, language: language.to_owned(), text, comments });
            } else if let Some(begun) = first.strip_prefix("<!-- ") {
                let mut comment = begun.to_owned();
                while !comment.ends_with("-->") {
                    comment = format!("{comment}\n{}", lines.next().expect("the comment's end").0);
                }
                comments.extend(Comment::read(comment.trim_end_matches("-->").trim()));
            } else {
                comments.clear();
            }
        }
        Page { path, needs_cluster: text.contains("\n<!-- on a cluster -->\n"), blocks }
    }
}

impl Comment {
    fn read(text: &str) -> Option<Comment> {
        let (kind, rest) = text.split_once(": ")?;
        match kind {
            "not run" => Some(Comment::NotRun),
            "file" => Some(Comment::File { path: rest.to_owned(), has_findings: false }),
            "file with findings" => Some(Comment::File { path: rest.to_owned(), has_findings: true }),
            "setup" => Some(Comment::Setup(rest.to_owned())),
            _ => None,
        }
    }
}

impl Block {
    pub(crate) fn is_checked(&self) -> bool {
        CHECKED.contains(&self.language.as_str()) || OTHER_NAMES.contains(&self.language.as_str())
    }

    pub(crate) fn is_run(&self) -> bool {
        self.is_checked() && !matches!(self.claim(), Claim::Nothing | Claim::Unclear)
    }

    pub(crate) fn claim(&self) -> Claim<'_> {
        for comment in &self.comments {
            match comment {
                Comment::NotRun => return Claim::Nothing,
                Comment::File { path, has_findings } => {
                    return Claim::File { path, has_findings: *has_findings };
                }
                Comment::Setup(_) => {}
            }
        }
        match self.language.as_str() {
            "console" => Claim::Transcript,
            "sh" => Claim::Succeeds,
            _ if self.is_checked() => Claim::Unclear,
            _ => Claim::Nothing,
        }
    }

    pub(crate) fn setups(&self) -> impl Iterator<Item = &str> {
        self.comments.iter().filter_map(|comment| match comment {
            Comment::Setup(commands) => Some(commands.as_str()),
            _ => None,
        })
    }
}
