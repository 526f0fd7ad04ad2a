//! What settings are called where a message is read: options on the command line, settings in an editor.
//!
//! Must not be asked by what is kept of a run: both read that.

use draft_tasks_analysis::command::show_argument;
use draft_tasks_analysis::phase::Phase;

/// What the executor calls something for all places: what it keeps of a run is read in each.
struct Term {
    everywhere: &'static str,
    command_line: &'static str,
    editor: &'static str,
}

/// The doctor on the command line.
pub(crate) const DOCTOR: &str = "`draft-tasks doctor`";

/// Where the command line tells all that is wrong with a file.
pub(crate) const SHOWS_ALL: &str = "`draft-tasks check` shows all";

/// What runs a phase, or a task of it, on the command line.
pub(crate) fn describe_run(phase: Phase, task: Option<&str>) -> String {
    let task = task.map(|task| format!(" {}", show_argument(task))).unwrap_or_default();
    format!("`draft-tasks run {phase}{task}`")
}

/// What takes up a Job; its name follows, and a backtick.
const ATTACH: &str = "`draft-tasks runs attach ";

/// What ends one, as that.
const STOP: &str = "`draft-tasks runs stop ";

/// Where else a Job may be.
const ELSEWHERE: &str = "--namespace, --context";

const TERMS: [Term; 9] = [
    Term {
        everywhere: "draftTasks.kubernetes.readyTimeout or --ready-timeout",
        command_line: "--ready-timeout, or `kubernetes.readyTimeout` in .draft-tasks.config.toml",
        editor: "draftTasks.kubernetes.readyTimeout",
    },
    Term {
        everywhere: "draftTasks.kubernetes.goneTimeout or --gone-timeout",
        command_line: "--gone-timeout, or `kubernetes.goneTimeout` in .draft-tasks.config.toml",
        editor: "draftTasks.kubernetes.goneTimeout",
    },
    Term {
        everywhere: "draftTasks.run.totalTimeout or --total-timeout",
        command_line: "--total-timeout, or `run.totalTimeout` in .draft-tasks.config.toml",
        editor: "draftTasks.run.totalTimeout",
    },
    Term {
        everywhere: "draftTasks.kubernetes.namespace or --namespace",
        command_line: "--namespace",
        editor: "draftTasks.kubernetes.namespace",
    },
    Term {
        everywhere: "draftTasks.kubernetes.container or --container",
        command_line: "--container, or `kubernetes.container` in .draft-tasks.config.toml",
        editor: "draftTasks.kubernetes.container",
    },
    Term { everywhere: DOCTOR, command_line: DOCTOR, editor: "\"Check Application and Cluster\"" },
    Term { everywhere: ATTACH, command_line: ATTACH, editor: "\"Attach to a Job\" with `" },
    Term { everywhere: STOP, command_line: STOP, editor: "\"End a Job\" with `" },
    Term {
        everywhere: ELSEWHERE,
        command_line: ELSEWHERE,
        editor: "draftTasks.kubernetes.namespace, draftTasks.kubernetes.context",
    },
];

/// Who reads a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    CommandLine,
    Editor,
}

impl Audience {
    /// A message of the executor in the words of the place.
    pub(crate) fn words(self, message: &str) -> String {
        TERMS.iter().fold(message.to_owned(), |said, term| {
            let word = match self {
                Audience::CommandLine => term.command_line,
                Audience::Editor => term.editor,
            };
            said.replace(term.everywhere, word)
        })
    }

    /// How an application is deployed with its tasks.
    pub(crate) const fn deploying(self) -> &'static str {
        match self {
            Audience::CommandLine => "draft-tasks up -- COMMAND…",
            Audience::Editor => "\"Deploy with Tasks\"",
        }
    }

    /// How an application is deleted with its tasks.
    pub(crate) const fn deleting(self) -> &'static str {
        match self {
            Audience::CommandLine => "draft-tasks delete -- COMMAND…",
            Audience::Editor => "\"Delete with Tasks\"",
        }
    }

    /// What names the application's pods.
    pub(crate) const fn selector(self) -> &'static str {
        match self {
            Audience::CommandLine => "--selector, or `kubernetes.selector` in .draft-tasks.config.toml",
            Audience::Editor => "draftTasks.kubernetes.selector",
        }
    }

    /// What names the container of the pods.
    pub(crate) const fn container(self) -> &'static str {
        match self {
            Audience::CommandLine => "--container, or `kubernetes.container` in .draft-tasks.config.toml",
            Audience::Editor => "draftTasks.kubernetes.container",
        }
    }

    /// What names the namespace of the pods.
    pub(crate) const fn namespace(self) -> &'static str {
        match self {
            Audience::CommandLine => "--namespace",
            Audience::Editor => "draftTasks.kubernetes.namespace",
        }
    }

    /// How another application than that of earlier runs is chosen.
    pub(crate) const fn application(self) -> &'static str {
        match self {
            Audience::CommandLine => {
                "name the application by --selector, with --namespace and --context where these differ"
            }
            Audience::Editor => {
                "name the application by draftTasks.kubernetes.selector, with namespace and context where these differ"
            }
        }
    }

    /// What names the environment of `draft.toml`.
    pub(crate) const fn environment(self) -> &'static str {
        match self {
            Audience::CommandLine => "--environment or DRAFT_ENV",
            Audience::Editor => "draftTasks.environment or DRAFT_ENV",
        }
    }

    /// How a variable's value is said to be no secret; the variable follows.
    pub(crate) const fn publishing(self) -> &'static str {
        match self {
            Audience::CommandLine => "give --public NAME for",
            Audience::Editor => "name in draftTasks.run.public",
        }
    }

    /// How an image is named in which tasks run.
    pub(crate) fn image(self, example: &str) -> String {
        match self {
            Audience::CommandLine => format!("--image {example}"),
            Audience::Editor => example.to_owned(),
        }
    }

    /// How that goes which is kept with records of runs.
    pub(crate) fn removing(self, records: &[String]) -> String {
        match self {
            Audience::CommandLine => format!("`draft-tasks runs rm {}` removes it", records.join(" ")),
            Audience::Editor => format!("it goes with its records: {}", records.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// The text of all files below a folder.
    fn source(folder: &Path) -> String {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let text = |path: std::path::PathBuf| {
            if path.is_dir() { source(&path) } else { without_comments(&path) }
        };
        entries.map(text).collect()
    }

    fn without_comments(file: &Path) -> String {
        let text = std::fs::read_to_string(file).unwrap();
        text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_executor_says_these_terms() {
        let source = source(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../executor/src"));
        for term in TERMS {
            assert!(source.contains(term.everywhere), "{}", term.everywhere);
        }
        for prefix in ["draftTasks.", "`draft-tasks "] {
            let said = source.matches(prefix).count();
            let known = TERMS.iter().filter(|term| term.everywhere.starts_with(prefix));
            let known: usize = known.map(|term| source.matches(term.everywhere).count()).sum();
            assert_eq!(said, known, "{prefix} stands where the table does not know it");
        }
    }

    #[test]
    fn each_place_has_its_words() {
        let said = "the limit is draftTasks.kubernetes.goneTimeout or --gone-timeout";
        assert_eq!(Audience::Editor.words(said), "the limit is draftTasks.kubernetes.goneTimeout");
        let here = "the limit is --gone-timeout, or `kubernetes.goneTimeout` in .draft-tasks.config.toml";
        assert_eq!(Audience::CommandLine.words(said), here);
        let doctor = Audience::Editor.words("`draft-tasks doctor` walks through the whole chain");
        assert_eq!(doctor, "\"Check Application and Cluster\" walks through the whole chain");
    }
}
