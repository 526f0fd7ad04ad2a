//! What other tools call what this one does.
//!
//! Must not do it: whoever says `destroy` is told, and nothing is destroyed.

use std::path::Path;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command, Error};
use draft_tasks_analysis::command::show_argument;
use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::{Options, Parsed, plan};

use super::named::shown_words;
use super::{command, paths};
use crate::source;

/// A word, and where it leads.
struct Synonym {
    words: &'static [&'static str],
    leads: &'static str,
}

const SYNONYMS: [Synonym; 14] = [
    Synonym {
        words: &["ls", "tasks", "phases", "show", "status"],
        leads: "`draft-tasks list` lists phases and tasks, `draft-tasks runs` what has run",
    },
    Synonym {
        words: &["plan", "preview", "dry-run"],
        leads: "`draft-tasks run PHASE --dry-run` shows what would run; `up` and `delete` take --dry-run, too",
    },
    Synonym {
        words: &["test", "lint", "validate", "verify"],
        leads: "`draft-tasks check` tells what is wrong with tasks files; `draft-tasks run PHASE` runs tasks",
    },
    Synonym {
        words: &["rule", "rules", "codes"],
        leads: "`draft-tasks explain --code CODE` tells what a code means, `draft-tasks check --list-rules` lists all",
    },
    Synonym { words: &["version"], leads: "`draft-tasks --version` shows the version" },
    Synonym {
        words: &["last", "failed"],
        leads: "`draft-tasks runs show last` shows the last run, `draft-tasks rerun --failed` runs again what failed of it",
    },
    Synonym { words: &["fix"], leads: "`draft-tasks check --fix` applies the fixes that need no decision" },
    Synonym { words: &["format"], leads: "`draft-tasks fmt` formats tasks files" },
    Synonym {
        words: &["init", "new", "generate"],
        leads: "`draft-tasks create` creates a tasks file; it overwrites none",
    },
    Synonym {
        words: &["log", "logs", "history"],
        leads: "`draft-tasks runs` lists what has run, `draft-tasks runs show last` shows what it wrote",
    },
    Synonym {
        words: &["exec", "start", "task", "do"],
        leads: "`draft-tasks run PHASE TASK` runs a task, `draft-tasks run PHASE` all of a phase",
    },
    Synonym { words: &["retry", "again"], leads: "`draft-tasks rerun` runs again what ran last" },
    Synonym {
        words: &["deploy", "install", "apply"],
        leads: "`draft-tasks up -- COMMAND…` runs your command that deploys, with the phases around it",
    },
    Synonym {
        words: &["destroy", "down", "uninstall", "remove"],
        leads: "`draft-tasks delete -- COMMAND…` runs your command that deletes the application, and then cleanup",
    },
];

/// What to say in place of an error of the command line: its command is a word of another tool or a phase, or the command
/// that `up` or `delete` runs does not stand where it can be told from options.
pub(super) fn described(error: &Error) -> Option<String> {
    described_command(error)
        .or_else(|| described_word(error))
        .or_else(|| described_value(error))
        .or_else(|| described_option(error))
        .or_else(|| described_path(error))
}

/// That a value which begins as an option does was taken for one.
fn described_value(error: &Error) -> Option<String> {
    let Some(ContextValue::String(taken)) = error.get(ContextKind::InvalidArg) else { return None };
    if error.kind() != ErrorKind::UnknownArgument || !taken.starts_with('-') {
        return None;
    }
    let words: Vec<String> = std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
    // What variables are given is not shown.
    let is_it = |pair: &&[String]| {
        pair[1].starts_with(taken.as_str()) && pair[0] != "--env" && takes_value(&command(), &pair[0])
    };
    let [option, value] = words.windows(2).find(is_it)? else { return None };
    let joined = show_argument(&format!("{option}={value}"));
    Some(format!(
        "unexpected argument `{taken}`\n  a value of `{option}` that begins with `-` is joined to it: {joined}"
    ))
}

/// Whether a word is an option of a command, or of one of its own, that has a value.
fn takes_value(command: &Command, word: &str) -> bool {
    let is_it = |option: &Arg| {
        option.get_action().takes_values()
            && option.get_long().is_some_and(|long| word.strip_prefix("--") == Some(long))
    };
    command.get_arguments().any(is_it) || command.get_subcommands().any(|part| takes_value(part, word))
}

/// Options of other tools, and what there is here.
const OPTIONS: [Synonym; 11] = [
    Synonym { words: &["--except", "--exclude", "--without"], leads: "`--skip TASK` leaves a task out" },
    Synonym {
        words: &["--only", "--task", "--tasks"],
        leads: "`draft-tasks run PHASE TASK…` runs some tasks",
    },
    Synonym { words: &["--list", "-l", "--summary"], leads: "`draft-tasks list` lists phases and tasks" },
    Synonym {
        words: &["-f", "--taskfile", "--justfile"],
        leads: "`--file PATH` names the tasks file, `-C DIR` the directory",
    },
    Synonym {
        words: &["--select", "--ignore", "--allow", "--deny"],
        leads: "`draft-tasks check --rule CODE=LEVEL` gives a code another level, and `off` leaves it out",
    },
    Synonym {
        words: &["--output-format", "--message-format", "--reporter"],
        leads: "`--format` says how it is written",
    },
    Synonym {
        words: &["-j", "--jobs", "--parallel"],
        leads: "tasks of a phase run one after another, in the order of the file",
    },
    Synonym { words: &["-k"], leads: "`--keep-going` goes on after a task has failed" },
    Synonym {
        words: &["--no-capture", "--nocapture"],
        leads: "all that tasks write is shown; `--tty` lends the terminal to a task",
    },
    Synonym {
        words: &["--choose", "--interactive"],
        leads: "`draft-tasks run` without a phase, on a terminal, offers to pick",
    },
    Synonym { words: &["-v", "--verbose"], leads: "all that tasks write is shown; `--quiet` shows less" },
];

fn described_option(error: &Error) -> Option<String> {
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidArg) else { return None };
    let known = || OPTIONS.iter().find(|synonym| synonym.words.contains(&word.as_str()));
    let leads = (error.kind() == ErrorKind::UnknownArgument).then(known)??.leads;
    let program = command();
    let part = called(&program);
    let has_it = |option: &str| arguments(&program, part).any(|it| is_named(it, option));
    // What stands behind a name is its value.
    let mut named = leads.split('`').skip(1).step_by(2).filter(|span| span.starts_with('-'));
    let has_all = named.all(|span| has_it(span.split(' ').next().unwrap_or(span)));
    has_all.then(|| format!("unexpected argument `{word}`\n  {leads}"))
}

/// The options of a command, and those of all.
fn arguments<'c>(program: &'c Command, part: &'c Command) -> impl Iterator<Item = &'c Arg> {
    part.get_arguments().chain(program.get_arguments().filter(|option| option.is_global_set()))
}

fn is_named(option: &Arg, word: &str) -> bool {
    let long = option.get_long().is_some_and(|long| word.strip_prefix("--") == Some(long));
    long || option
        .get_short()
        .is_some_and(|short| word.strip_prefix('-') == Some(short.encode_utf8(&mut [0; 4])))
}

/// The command that the command line names, or the program itself.
fn called(program: &Command) -> &Command {
    let mut part = program;
    let mut words = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
    while let Some(word) = words.next().filter(|word| word != "--") {
        let has_value = |option: &Arg| {
            option.get_action().takes_values() && word.starts_with('-') && is_named(option, &word)
        };
        if arguments(program, part).any(has_value) {
            words.next();
        } else if let Some(inner) = part.find_subcommand(&word) {
            part = inner;
        }
    }
    part
}

/// That a file or directory is named by an option, where the command has one for it.
fn described_path(error: &Error) -> Option<String> {
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidArg) else { return None };
    let is_path = error.kind() == ErrorKind::UnknownArgument && Path::new(word).exists();
    let has_file = || called(&command()).get_arguments().any(|option| option.get_long() == Some("file"));
    (is_path && has_file()).then(|| {
        let shown = shown_words([word.as_str()]);
        format!("unexpected argument `{word}`\n  `--file{shown}` names the tasks file, or its directory")
    })
}

/// The text of an error without the tip to give an unknown option as a value, which is none of any command.
pub(super) fn without_tip(text: &str) -> String {
    let is_tip = |line: &&str| line.starts_with("  tip: to pass '-");
    match text.split_inclusive('\n').find(is_tip) {
        Some(tip) => text.replacen(&format!("{tip}\n"), "", 1),
        None => text.to_owned(),
    }
}

fn described_command(error: &Error) -> Option<String> {
    let part = ["up", "delete"].into_iter().find(|part| {
        let usage = error.get(ContextKind::Usage).map(ToString::to_string).unwrap_or_default();
        usage.contains(&format!("draft-tasks {part} "))
    })?;
    match (error.kind(), error.get(ContextKind::InvalidArg)) {
        (ErrorKind::UnknownArgument, Some(ContextValue::String(word))) if !word.starts_with('-') => {
            Some(format!("the command that `{part}` runs stands behind `--`: draft-tasks {part} -- {word} …"))
        }
        (ErrorKind::MissingRequiredArgument, _) => Some(format!(
            "`{part}` needs the command to run, behind `--`: draft-tasks {part} -- COMMAND…\n  \
             `draft-tasks {part} -h` has examples"
        )),
        _ => None,
    }
}

fn described_word(error: &Error) -> Option<String> {
    let of = |kind| match (error.kind(), error.get(kind)) {
        (ErrorKind::InvalidSubcommand, Some(value)) => Some(value),
        _ => None,
    };
    let Some(ContextValue::String(word)) = of(ContextKind::InvalidSubcommand) else { return None };
    // The command of a command is another matter.
    let usage = of(ContextKind::Usage)?.to_string();
    if !usage.contains("draft-tasks [OPTIONS]") {
        return None;
    }
    let leads = match lead(word) {
        Some(leads) => format!("\n  {leads}"),
        None => format!(": did you mean {}?", near(word, of(ContextKind::SuggestedSubcommand))?),
    };
    Some(format!("there is no command `{word}`{leads}"))
}

/// The commands that may be meant by a word; the parser's own measure leaves out short ones.
fn near(word: &str, suggested: Option<&ContextValue>) -> Option<String> {
    let program = command();
    let names = program.get_subcommands().map(Command::get_name);
    let near = names.filter(|name| strsim::damerau_levenshtein(word, name) == 1);
    let mut all: Vec<String> = near.map(str::to_owned).collect();
    if let Some(ContextValue::Strings(suggested)) = suggested {
        all.extend(suggested.iter().filter(|name| !all.contains(name)).cloned().collect::<Vec<_>>());
    }
    let quoted: Vec<String> = all.iter().map(|name| format!("`{name}`")).collect();
    (!quoted.is_empty()).then(|| quoted.join(" or "))
}

fn lead(word: &str) -> Option<String> {
    let lower = word.to_lowercase();
    let known = SYNONYMS.iter().find(|synonym| synonym.words.contains(&lower.as_str()));
    let phase = Phase::from_name(&lower).map(|phase| format!("`draft-tasks run {phase}` runs this phase"));
    let known = known.map(|synonym| synonym.leads.to_owned());
    let all: Vec<String> = task(word).into_iter().chain(known).chain(phase).collect();
    (!all.is_empty()).then(|| all.join("\n  "))
}

/// How a task of this name runs, where the tasks file here has one. Nothing of a file that the command line names: how it
/// runs would have to name it, too.
fn task(word: &str) -> Option<String> {
    let names_file = |word: String| word.starts_with("-C") || word == "--file" || word.starts_with("--file=");
    if std::env::args_os().any(|word| names_file(word.to_string_lossy().into_owned())) {
        return None;
    }
    let text = source::read(&paths::find_silently(None)?).ok()?;
    let parsed = Parsed::new(text, Options::default());
    let has_it = |phase: &Phase| plan::descriptions(&parsed, *phase).any(|name| name == word);
    let runs = |phase| format!("`draft-tasks run {phase}{}`", shown_words([word]));
    let all: Vec<String> = Phase::ALL.into_iter().filter(has_it).map(runs).collect();
    (!all.is_empty()).then(|| format!("{} runs the task of this name", all.join(" or ")))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn no_word_is_a_command_or_said_twice() {
        let words: Vec<&str> = SYNONYMS.iter().flat_map(|synonym| synonym.words).copied().collect();
        let commands = Cli::command();
        for (at, word) in words.iter().enumerate() {
            assert!(commands.find_subcommand(word).is_none() && !words[..at].contains(word), "{word}");
        }
    }

    #[test]
    fn what_is_said_names_commands_that_there_are() {
        for Synonym { leads, .. } in SYNONYMS.iter().chain(&OPTIONS) {
            for command in leads.split("`draft-tasks ").skip(1) {
                let name = command.split([' ', '`']).next().unwrap();
                assert!(name == "--version" || Cli::command().find_subcommand(name).is_some(), "{name}");
            }
        }
    }
}
