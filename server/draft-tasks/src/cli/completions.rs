//! `draft-tasks completions`: a script for a shell, and the answers to what that script asks.
//!
//! Must not contact or run anything, or read more than the tasks file, `draft.toml`, the kubeconfig and the names of
//! records, files and programs: it happens while somebody types.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Arg, Args, Command, ValueEnum, ValueHint};
use clap_complete::engine::{
    ArgValueCandidates, ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter, complete,
};
use clap_complete::env::{EnvCompleter, Shells};
use draft_tasks_analysis::diagnostic::DiagnosticCode;
use draft_tasks_analysis::level::Level;
use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::{Options, Parsed, plan};
use draft_tasks_executor::cluster::KubeconfigSource;
use draft_tasks_executor::record::Records;

use super::{UNUSABLE, command, paths, runs, terminal};
use crate::settings::Named;
use crate::source;
use crate::world::application::environments_beside;
use crate::world::environment::Environment;
use crate::world::programs::KnownPrograms;

#[derive(Debug, Args)]
pub(super) struct CompletionsArguments {
    /// The shell
    shell: Shell,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Shell {
    /// 4.4 or newer
    Bash,
    /// with its own completion system, which `compinit` starts
    Zsh,
    /// 3.1 or newer
    Fish,
    /// 5 or newer
    Powershell,
}

/// In which the script names its shell when it asks.
const ASKED: &str = "DRAFT_TASKS_COMPLETE";

/// In which the script for bash says with which quote the word begins.
const QUOTE: &str = "_DRAFT_TASKS_QUOTE";

/// In which all scripts say which word is completed.
const INDEX: &str = "_CLAP_COMPLETE_INDEX";

/// What parts answers: no name has it in it.
const SEPARATOR: &str = "\u{b}";

const BASH: &str = include_str!("completions.bash");
const ZSH: &str = include_str!("completions.zsh");

const SHELLS: Shells<'static> =
    Shells(&[&QuotingBash, &UnquotingZsh, &clap_complete::env::Fish, &clap_complete::env::Powershell]);

/// Writes the script.
pub(super) fn completions(arguments: &CompletionsArguments) -> ExitCode {
    let name = match arguments.shell {
        Shell::Bash => "bash",
        Shell::Zsh => "zsh",
        Shell::Fish => "fish",
        Shell::Powershell => "powershell",
    };
    let mut script = Vec::new();
    let program = env!("CARGO_PKG_NAME");
    let done = match SHELLS.completer(name) {
        Some(shell) => shell.write_registration(ASKED, program, program, &called(), &mut script),
        None => Ok(()),
    };
    match terminal::written(done.and_then(|()| io::stdout().lock().write_all(&script))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            terminal::error(format_args!("{problem}"));
            UNUSABLE.into()
        }
    }
}

/// How the program was called: by its name where the PATH leads to it, else by its whole path.
fn called() -> String {
    let called = PathBuf::from(std::env::args_os().next().unwrap_or_default());
    let whole = if called.components().count() > 1 { std::path::absolute(&called).ok() } else { None };
    whole.unwrap_or(called).to_string_lossy().into_owned()
}

/// Answers a script that asks; nothing where none does.
pub(super) fn answer() -> Option<ExitCode> {
    let shell = std::env::var(ASKED).ok().filter(|name| !name.is_empty())?;
    let mut words: Vec<OsString> = std::env::args_os().collect();
    if words.get(1).is_none_or(|word| word != "--") {
        return None;
    }
    words.drain(..2);
    let mut answer = Vec::new();
    let directory = std::env::current_dir().ok();
    let typed = Typed::of(&words);
    let shell = SHELLS.completer(&shell)?;
    let is_option = typed.is_option;
    let mut command = typed.answering(command());
    // Its help comes by building.
    command.build();
    command = if is_option { command } else { without_options(command) };
    // Who types is not told of what goes wrong.
    let _ = shell.write_complete(&mut command, words, directory.as_deref(), &mut answer);
    let _ = io::stdout().lock().write_all(&answer);
    Some(ExitCode::SUCCESS)
}

/// A command whose options are offered only where there is nothing else.
fn without_options(command: Command) -> Command {
    let hidden = |option: Arg| if option.is_positional() { option } else { option.hide(true) };
    command.mut_args(hidden).mut_subcommands(without_options)
}

/// What of the command line was typed already.
#[derive(Clone, Debug, Default)]
struct Typed {
    /// The directory where the command would work.
    directory: PathBuf,
    file: Option<PathBuf>,
    phase: Option<Phase>,
    /// All words but the one that is completed.
    others: Vec<String>,
    /// Whether an option is being typed.
    is_option: bool,
    /// How many words stand between it and `--`, behind which no option is.
    behind_dashes: Option<usize>,
}

impl Typed {
    fn of(words: &[OsString]) -> Typed {
        let index = index().unwrap_or(words.len().saturating_sub(1)).min(words.len());
        let (words, index) = (&joined(words, index).words, joined(words, index).index);
        let is_option = words.get(index).is_some_and(|word| word.to_string_lossy().starts_with('-'));
        let before = &words[..index.min(words.len())];
        let behind_dashes = before.iter().position(|word| word == "--").map(|at| index - at - 1);
        let mut typed = Typed { is_option, behind_dashes, ..Typed::default() };
        let texts: Vec<String> = words.iter().map(|word| unquoted(&word.to_string_lossy())).collect();
        for (at, word) in texts.iter().enumerate() {
            let next = || texts.get(at + 1).map(PathBuf::from);
            match word.as_str() {
                "-C" => typed.directory.extend(next()),
                "--file" => typed.file = next(),
                word => match (word.strip_prefix("-C"), word.strip_prefix("--file=")) {
                    (Some(directory), _) => typed.directory.push(directory.trim_start_matches('=')),
                    (_, Some(file)) => typed.file = Some(file.into()),
                    _ => typed.phase = typed.phase.or(Phase::from_name_in_any_case(word)),
                },
            }
        }
        typed.others =
            texts.into_iter().enumerate().filter(|(at, _)| *at != index).map(|(_, word)| word).collect();
        // It is entered again for each that answers.
        typed.directory = std::path::absolute(&typed.directory).unwrap_or_default();
        typed
    }

    /// A command whose arguments know what may be meant.
    fn answering(self, command: Command) -> Command {
        let name = command.get_name().to_owned();
        let of_parts = self.clone();
        command
            .mut_args(|option| self.clone().answering_for(&name, option))
            .mut_subcommands(move |part| of_parts.clone().answering(part))
    }

    fn answering_for(self, command: &str, option: Arg) -> Arg {
        let values: fn(&Typed) -> Vec<String> = match (command, option.get_id().as_str()) {
            ("run" | "explain", "phase") | ("export", "phases") => Typed::phases,
            ("run", "tasks" | "skip" | "from") => Typed::tasks,
            (_, "environment") => Typed::environments,
            (_, "context") => |_| contexts(),
            ("rerun", "run") | ("show" | "rm" | "path" | "attach" | "stop", "id" | "ids") => Typed::runs,
            (_, "phase") => |_| runs::phases().map(str::to_owned).collect(),
            ("explain", "code") => |_| DiagnosticCode::ALL.map(|code| code.name().to_owned()).to_vec(),
            ("check", "rules") => return option.add(ArgValueCompleter::new(rules)),
            ("up" | "delete", "command") => {
                return option.add(ArgValueCompleter::new(move |begun: &OsStr| self.of_command(begun)));
            }
            // What begins like an option is none of these files, unless `--` stands before it.
            _ if self.is_option && self.behind_dashes.is_none() && option.is_positional() => {
                return option.value_hint(ValueHint::Other);
            }
            _ => return option,
        };
        // One of several need not be named twice.
        let several = match option.get_id().as_str() {
            "tasks" | "skip" | "from" | "phases" | "ids" => Some(option.get_id().to_string()),
            _ => None,
        };
        option.add(ArgValueCandidates::new(move || {
            let given = several.as_ref().map(|id| self.given(id)).unwrap_or_default();
            let values = values(&self).into_iter().filter(|value| !given.contains(value));
            values.map(CompletionCandidate::new).collect()
        }))
    }

    /// The values that stand on the line for an argument, besides the one that is completed.
    fn given(&self, id: &str) -> Vec<String> {
        let Ok(found) = command().ignore_errors(true).try_get_matches_from(&self.others) else {
            return Vec::new();
        };
        let mut part = &found;
        while let Some((_, inner)) = part.subcommand() {
            part = inner;
        }
        let values = part.try_get_raw(id).ok().flatten().into_iter().flatten();
        values.map(|value| value.to_string_lossy().into_owned()).collect()
    }

    fn file(&self) -> Option<PathBuf> {
        if !self.directory.as_os_str().is_empty() {
            std::env::set_current_dir(&self.directory).ok()?;
        }
        paths::find_silently(self.file.as_deref())
    }

    fn parsed(&self) -> Option<Parsed> {
        Some(Parsed::new(source::read(&self.file()?).ok()?, Options::default()))
    }

    /// What a word of a command may be: the first a program, and each a file as seen from the directory of the tasks file,
    /// where the command runs.
    fn of_command(&self, begun: &OsStr) -> Vec<CompletionCandidate> {
        let path = std::env::var("PATH").unwrap_or_default();
        let known = match self.behind_dashes {
            Some(0) => KnownPrograms::default().names(&path),
            _ => Default::default(),
        };
        let typed = begun.to_string_lossy();
        let programs = known.iter().filter(|name| name.starts_with(&*typed));
        let programs: Vec<_> = programs.map(CompletionCandidate::new).collect();
        if !programs.is_empty() {
            return programs;
        }
        let file = self.file().unwrap_or_default();
        let folder = file.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
        PathCompleter::any().current_dir(source::canonical(folder)).complete(begun)
    }

    /// Those that have tasks; all where no file is known.
    fn phases(&self) -> Vec<String> {
        let parsed = self.parsed();
        let has_tasks = |phase: &Phase| {
            parsed.as_ref().is_none_or(|parsed| plan::descriptions(parsed, *phase).next().is_some())
        };
        Phase::ALL.into_iter().filter(has_tasks).map(|phase| phase.name().to_owned()).collect()
    }

    fn tasks(&self) -> Vec<String> {
        let (Some(parsed), Some(phase)) = (self.parsed(), self.phase) else { return Vec::new() };
        plan::descriptions(&parsed, phase)
            .map(|name| name.into_owned())
            .filter(|name| is_plain(name))
            .collect()
    }

    /// Those of the tasks file, newest first, as they are listed; those of all files where none is known.
    fn runs(&self) -> Vec<String> {
        let Some(records) = Environment::of_process().records().map(Records::at) else { return Vec::new() };
        let all = records.names().unwrap_or_default();
        let file = self.file().and_then(|file| source::absolute(&file).ok());
        let own = file.map_or_else(|| Ok(all.clone()), |file| records.names_of(&file)).unwrap_or_default();
        let shown = own.iter().map(|name| runs::beginning(name, &all).to_owned());
        ["last".to_owned()].into_iter().chain(shown).collect()
    }

    fn environments(&self) -> Vec<String> {
        let file = self.file().unwrap_or_default();
        environments_beside(file.parent().unwrap_or(Path::new("")))
    }
}

/// Whether a shell can be given it in a line.
fn is_plain(name: &str) -> bool {
    !name.contains(char::is_control)
}

/// The codes that can have another level, up to where the level begins; behind that the levels.
fn rules(typed: &OsStr) -> Vec<CompletionCandidate> {
    let typed = typed.to_string_lossy();
    let free = DiagnosticCode::ALL.into_iter().filter(|code| code.has_free_level());
    let codes = free.map(|code| format!("{}=", code.name()));
    let all: Vec<String> = match codes.clone().find(|code| typed.starts_with(code)) {
        Some(code) => {
            let levels = Named::<Level>::value_variants().iter().filter_map(ValueEnum::to_possible_value);
            levels.map(|level| format!("{code}{}", level.get_name())).collect()
        }
        None => codes.collect(),
    };
    let begun = all.into_iter().filter(|value| value.starts_with(&*typed));
    begun.map(CompletionCandidate::new).collect()
}

fn contexts() -> Vec<String> {
    let environment = Environment::of_process();
    let found = KubeconfigSource::read(environment.variables()).map(|found| found.contexts());
    found.unwrap_or_default().into_iter().map(|context| context.name).collect()
}

/// Bash, which leaves it to the program to quote.
struct QuotingBash;

impl EnvCompleter for QuotingBash {
    fn name(&self) -> &'static str {
        "bash"
    }

    fn is(&self, name: &str) -> bool {
        name == "bash"
    }

    fn write_registration(
        &self,
        variable: &str,
        _: &str,
        _: &str,
        completer: &str,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        out.write_all(script_of(BASH, variable, completer).as_bytes())
    }

    fn write_complete(
        &self,
        command: &mut Command,
        words: Vec<OsString>,
        directory: Option<&Path>,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let JoinedWords { words, index, before } = joined(&words, index().unwrap_or(0));
        let mut words = words;
        let quote = std::env::var(QUOTE).ok().and_then(|sign| sign.chars().next());
        let quote = quote.filter(|sign| matches!(sign, '\'' | '"'));
        if let Some(word) = words.get_mut(index).filter(|_| quote != Some('\'')) {
            *word = unquoted(&word.to_string_lossy()).into();
        }
        let found = complete(command, words, index, directory)?;
        let values = found.iter().map(|candidate| candidate.get_value().to_string_lossy());
        let before = unquoted(&before);
        let values = values.map(|value| match value.strip_prefix(&*before) {
            Some(rest) => Cow::Owned(rest.to_owned()),
            None => value,
        });
        let values = values.filter_map(|value| match quote {
            Some(quote) => in_quotes(&value, quote),
            None => Some(escaped(&value)),
        });
        out.write_all(values.collect::<Vec<_>>().join(SEPARATOR).as_bytes())
    }
}

/// Zsh, whose script gives words without quotes, and which quotes what is chosen.
struct UnquotingZsh;

impl EnvCompleter for UnquotingZsh {
    fn name(&self) -> &'static str {
        "zsh"
    }

    fn is(&self, name: &str) -> bool {
        name == "zsh"
    }

    fn write_registration(
        &self,
        variable: &str,
        _: &str,
        _: &str,
        completer: &str,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        out.write_all(script_of(ZSH, variable, completer).as_bytes())
    }

    fn write_complete(
        &self,
        command: &mut Command,
        words: Vec<OsString>,
        directory: Option<&Path>,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        clap_complete::env::Zsh.write_complete(command, words, directory, out)
    }
}

fn script_of(script: &str, variable: &str, completer: &str) -> String {
    script.replace("VARIABLE", variable).replace("COMPLETER", &escaped(completer))
}

/// Which word is completed, as the script says.
fn index() -> Option<usize> {
    std::env::var(INDEX).ok()?.parse().ok()
}

/// The words of a command line as they were typed.
struct JoinedWords {
    words: Vec<OsString>,
    /// Of the one that is completed.
    index: usize,
    /// What of it is not replaced.
    before: String,
}

/// Puts together what Bash, for which `=` and `:` end a word and are one, has taken apart.
fn joined(words: &[OsString], index: usize) -> JoinedWords {
    let mut joined = JoinedWords { words: Vec::new(), index: 0, before: String::new() };
    for (at, word) in words.iter().enumerate() {
        let is_part = is_break(word) || at > 1 && is_break(&words[at - 1]);
        let before = match joined.words.pop() {
            Some(last) if is_part && !joined.words.is_empty() => last,
            last => {
                joined.words.extend(last);
                OsString::new()
            }
        };
        if at == index {
            joined.index = joined.words.len();
            joined.before = before.to_string_lossy().into_owned();
            joined.before.extend(is_break(word).then(|| word.to_string_lossy()));
        }
        joined.words.push([before.as_os_str(), word].into_iter().collect());
    }
    if index >= words.len() {
        joined.index = joined.words.len();
    }
    joined
}

fn is_break(word: &OsStr) -> bool {
    !word.is_empty() && word.as_encoded_bytes().iter().all(|byte| matches!(byte, b'=' | b':'))
}

/// A word as it is typed without quotes.
fn escaped(word: &str) -> String {
    with_backslashes(word, |sign| !sign.is_alphanumeric() && !"_-./:,@%+=".contains(sign))
}

/// A word as it is typed behind an open quote: in double ones `$`, backticks and others have a meaning. Nothing where a word
/// cannot stand in them: `!` would be looked for in what was typed before.
fn in_quotes(word: &str, quote: char) -> Option<String> {
    let (forbidden, special) = if quote == '\'' { ('\'', "") } else { ('!', "$`\"\\") };
    (!word.contains(forbidden)).then(|| with_backslashes(word, |sign| special.contains(sign)))
}

fn with_backslashes(word: &str, is_special: impl Fn(char) -> bool) -> String {
    word.chars().flat_map(|sign| is_special(sign).then_some('\\').into_iter().chain([sign])).collect()
}

/// What a word means that is typed with quotes or without.
fn unquoted(word: &str) -> String {
    let signs = word.strip_prefix(['\'', '"']).map(|rest| rest.trim_end_matches(['\'', '"'])).unwrap_or(word);
    let mut signs = signs.chars();
    let mut text = String::new();
    while let Some(sign) = signs.next() {
        text.extend(if sign == '\\' { signs.next() } else { Some(sign) });
    }
    text
}
