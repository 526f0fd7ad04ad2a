//! What a command names that stands elsewhere: scripts, other files, targets of a Makefile, scripts of npm.
//!
//! Must not look whether it exists: that is for whoever can see files.

use std::path::{Component, Path, PathBuf};

use text_size::{TextRange, TextSize};

use crate::command::Word;
use crate::file_names::{CHART_FILE, DOCKERFILE, MAKEFILES};
use crate::parsed::Parsed;
use crate::phase::Phase;
use crate::project_files::{
    MAKE_DIRECTORY, MAKEFILE, Makefile, NPM_DIRECTORY, OfferedName, ProjectFile, join, make_takes_next,
    npm_option_length,
};
use crate::words::Words;

/// A name in a command and what it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The name in the text.
    pub range: TextRange,
    /// What it would be, if it exists.
    pub target: Target,
}

/// Something outside of the file; paths are relative to its directory.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// A file, or a directory by one of the files in it.
    Path {
        /// The file or directory.
        path: String,
        /// The file that stands for a directory: a chart's `Chart.yaml`.
        inside: Option<&'static str>,
    },
    /// A target of a Makefile, or a script of a `package.json`.
    Offered(OfferedName),
}

/// The links of the commands that run on this machine and touch a range, in the order of the file.
pub fn links(parsed: &Parsed, within: TextRange) -> Vec<Link> {
    let sections = parsed.file.sections.iter().filter(|section| {
        section.phase.is_some_and(Phase::is_local)
            && section.form.has_tasks()
            && section.range.intersect(within).is_some()
    });
    let tasks = sections.flat_map(|section| parsed.file.tasks_of(section));
    let tasks = tasks.filter(|task| task.range.intersect(within).is_some());
    let words = tasks.filter_map(|task| parsed.words_of(task));
    words.flat_map(command_links).collect()
}

/// Where the file names what it names at an offset: a script, another file, a target of a Makefile, a script of npm.
pub fn same_target(parsed: &Parsed, offset: TextSize) -> Vec<TextRange> {
    let all = links(parsed, TextRange::up_to(TextSize::of(&*parsed.text)));
    let Some(here) = all.iter().find(|link| link.range.contains_inclusive(offset)) else { return Vec::new() };
    all.iter().filter(|link| link.target.is_same(&here.target)).map(|link| link.range).collect()
}

impl Target {
    /// Whether both mean one thing: a path may begin with `./` or not.
    fn is_same(&self, other: &Target) -> bool {
        let clean = |path: &str| -> PathBuf {
            Path::new(path).components().filter(|part| *part != Component::CurDir).collect()
        };
        match (self, other) {
            (Target::Path { path, inside }, Target::Path { path: other, inside: of_other }) => {
                clean(path) == clean(other) && inside == of_other
            }
            _ => self == other,
        }
    }
}

/// The links of one command, and of those in a script that it has as an argument.
pub(crate) fn command_links(words: &Words) -> Vec<Link> {
    let script = words.of_script();
    if script.is_empty() {
        return simple_links(words);
    }
    script.iter().flat_map(simple_links).collect()
}

/// The links of one command, of which no shell makes several.
pub(crate) fn simple_links(words: &Words) -> Vec<Link> {
    let literals = literals(words);
    let tool = Tool::of(&literals);
    let mut found = Vec::new();
    for (index, literal) in literals.iter().enumerate() {
        let Some(literal) = *literal else { continue };
        let before = index.checked_sub(1).and_then(|index| literals[index]).unwrap_or_default();
        if let Some(target) = tool.target(index, before, literal) {
            found.push(Link { range: inner(words, index, literal, &target), target });
        }
    }
    found
}

/// The links of one command that takes names which a file beside it offers; what make takes where no target is named
/// stands at its own name.
pub(crate) fn offered_links(words: &Words) -> Vec<Link> {
    let tool = Tool::of(&literals(words));
    if !matches!(tool, Tool::Make(_) | Tool::Npm { .. }) {
        return Vec::new();
    }
    let mut links = simple_links(words);
    if let Tool::Make(makefile) = tool
        && !links.iter().any(|link| matches!(link.target, Target::Offered(_)))
    {
        let range = words.range(words.words[0].range);
        links.push(Link { range, target: offered(ProjectFile::Makefile(makefile), "") });
    }
    links
}

/// The words; those that variables decide are `None`.
fn literals(words: &Words) -> Vec<Option<&str>> {
    words.words.iter().map(Word::literal).collect()
}

/// The part of a word that names the target: a flag in front of its `=` is left out.
fn inner(words: &Words, index: usize, literal: &str, target: &Target) -> TextRange {
    let range = words.words[index].range;
    let whole = words.range(range);
    let Target::Path { path, .. } = target else { return whole };
    match words.content[range].rfind(path.as_str()) {
        Some(at) if path.len() < literal.len() => {
            words.range(TextRange::at(range.start() + size(at), size(path.len())))
        }
        _ => whole,
    }
}

fn size(length: usize) -> TextSize {
    TextSize::new(length as u32)
}

/// What the first words of a command make of the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tool {
    /// Arguments are targets.
    Make(Makefile),
    /// The argument at this index is a script of the `package.json` in the directory.
    Npm {
        /// The index of the script's name.
        script: usize,
        /// The directory of the `package.json`.
        directory: String,
    },
    /// Arguments are files; directories are known by a file in them.
    Files(Option<&'static str>),
}

impl Tool {
    /// The tool of a command, by its arguments; those with variables in them are `None`.
    pub fn of<S: AsRef<str>>(words: &[Option<S>]) -> Tool {
        let literal = |index: usize| words.get(index)?.as_ref().map(S::as_ref);
        let word = |index: usize| literal(index).unwrap_or_default();
        let value = |names: &[&str]| {
            (0..words.len()).find_map(|at| match literal(at)? {
                word if names.contains(&word) => literal(at + 1).map(str::to_owned),
                word => Some(word.split_once('=').filter(|(name, _)| names.contains(name))?.1.to_owned()),
            })
        };
        match word(0).rsplit('/').next().unwrap_or_default() {
            "make" | "gmake" => Tool::Make(Makefile {
                directory: value(&MAKE_DIRECTORY).unwrap_or_default(),
                file: value(&MAKEFILE),
            }),
            "npm" | "pnpm" | "yarn" | "bun" => {
                let directory = value(&NPM_DIRECTORY).unwrap_or_default();
                let verb = |at: &usize| matches!(word(*at), "run" | "run-script" | "test" | "start");
                match (1..words.len()).find(verb) {
                    Some(at) if word(at).starts_with("run") => {
                        let mut script = at + 1;
                        while let Some(length) = npm_option_length(word(script)) {
                            script += length;
                        }
                        Tool::Npm { script, directory }
                    }
                    Some(at) => Tool::Npm { script: at, directory },
                    None => Tool::Files(None),
                }
            }
            "helm" => Tool::Files(Some(CHART_FILE)),
            "docker" | "podman" | "buildah" | "nerdctl" => Tool::Files(Some(DOCKERFILE)),
            _ => Tool::Files(None),
        }
    }

    fn target(&self, index: usize, before: &str, word: &str) -> Option<Target> {
        if word.is_empty() {
            return None;
        }
        let in_option = word.split_once('=').filter(|(option, _)| MAKEFILE.contains(option));
        match self {
            Tool::Make(makefile) if in_option.is_some() => makefile.link(in_option?.1),
            Tool::Make(makefile) if index > 0 && !word.starts_with('-') => match before {
                option if MAKEFILE.contains(&option) => makefile.link(word),
                option if make_takes_next(option) => None,
                "-j" | "--jobs" if word.bytes().all(|byte| byte.is_ascii_digit()) => None,
                _ if word.contains('=') => None,
                _ => Some(offered(ProjectFile::Makefile(makefile.clone()), word)),
            },
            Tool::Npm { script, directory } if index == *script => {
                Some(offered(ProjectFile::Package(directory.clone()), word))
            }
            Tool::Files(inside) => path(index, word, *inside),
            _ => path(index, word, None),
        }
    }
}

fn offered(file: ProjectFile, name: &str) -> Target {
    Target::Offered(OfferedName { file, name: name.to_owned() })
}

impl Makefile {
    /// A path that make sees from its directory.
    fn link(&self, path: &str) -> Option<Target> {
        Some(Target::Path { path: join(&self.directory, path), inside: None })
    }
}

/// What a word means as a path: the program only with a slash in it, an argument when it may well be one.
fn path(index: usize, word: &str, inside: Option<&'static str>) -> Option<Target> {
    let word = match word.strip_prefix('-') {
        Some(_) => word.split_once('=')?.1,
        None => word,
    };
    let relative = !word.starts_with(['/', '~', '@', '|']) && !word.contains("://") && !word.contains('\0');
    let may_be = match index {
        0 => word.contains('/'),
        _ => inside.is_some() || word.contains(['/', '.']) || has_known_name(word),
    };
    // Only dots and slashes are directories, which nobody opens, unless one stands for its file.
    let named = inside.is_some() || word.contains(|c| !matches!(c, '.' | '/'));
    (relative && may_be && named && !word.is_empty()).then(|| Target::Path { path: word.to_owned(), inside })
}

/// Whether a file is called so, without a dot.
fn has_known_name(word: &str) -> bool {
    MAKEFILES.contains(&word) || [DOCKERFILE, "Procfile", "Gemfile"].contains(&word)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::options::Options;

    fn check(commands: &[&str], expect: Expect) {
        let mut shown = String::new();
        for command in commands {
            let text = format!("[pre-up]\na = {}\n", crate::edit::string(command));
            let analysis = Parsed::new(text.as_str(), Options::default());
            for link in links(&analysis, TextRange::up_to((text.len() as u32).into())) {
                let target = match link.target {
                    Target::Path { path, inside } => {
                        format!("{path}{}", inside.map_or(String::new(), |it| format!(" ({it})")))
                    }
                    Target::Offered(OfferedName { file: ProjectFile::Makefile(makefile), name }) => {
                        format!("make {name} in {:?} {:?}", makefile.directory, makefile.file)
                    }
                    Target::Offered(OfferedName { file: ProjectFile::Package(directory), name }) => {
                        format!("npm {name} in {directory:?}")
                    }
                };
                shown += &format!("{:?} -> {target}\n", &text[link.range]);
            }
            shown += "\n";
        }
        expect.assert_eq(&shown);
    }

    #[test]
    fn paths() {
        check(
            &[
                "./scripts/x.sh --a=b/c.yaml $X/y /usr/bin/z https://x/y draft.toml Dockerfile word ../up.sh .",
                "sh 'a b/c.sh'",
                "/bin/sh -e",
                "helm upgrade --install db charts/db -f values.yaml",
                "docker build -f Dockerfile .",
                "\"é/\\\"x\\\".sh\"",
            ],
            expect![[r#"
                "./scripts/x.sh" -> ./scripts/x.sh
                "b/c.yaml" -> b/c.yaml
                "draft.toml" -> draft.toml
                "Dockerfile" -> Dockerfile
                "../up.sh" -> ../up.sh

                "'a b/c.sh'" -> a b/c.sh


                "upgrade" -> upgrade (Chart.yaml)
                "db" -> db (Chart.yaml)
                "charts/db" -> charts/db (Chart.yaml)
                "values.yaml" -> values.yaml (Chart.yaml)

                "build" -> build (Dockerfile)
                "Dockerfile" -> Dockerfile (Dockerfile)
                "." -> . (Dockerfile)

                "\"é/\\\"x\\\".sh\"" -> é/"x".sh

            "#]],
        );
    }

    #[test]
    fn make_and_npm() {
        check(
            &[
                "make test -j 4 CC=gcc lib",
                "make -C sub -f x.mk all",
                "make --directory=sub --makefile=x.mk -W a all",
                "npm run build",
                "npm --prefix web run build -- --x",
                "npm test",
                "npm ci",
                "yarn run $X",
            ],
            expect![[r#"
                "test" -> make test in "" None
                "lib" -> make lib in "" None

                "x.mk" -> sub/x.mk
                "all" -> make all in "sub" Some("x.mk")

                "--makefile=x.mk" -> sub/x.mk
                "all" -> make all in "sub" Some("x.mk")

                "build" -> npm build in ""

                "build" -> npm build in "web"

                "test" -> npm test in ""



            "#]],
        );
    }

    #[test]
    fn not_inside_of_pods() {
        let analysis = Parsed::new("[post-deploy]\na = './x.sh'\n[tool]\nb = './y.sh'\n", Options::default());
        assert_eq!(links(&analysis, TextRange::up_to(45.into())), []);
    }
}
