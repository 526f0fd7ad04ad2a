//! The command line: its commands, options and exit codes, and nothing of what they do.
//!
//! Must not know the language server protocol.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::OnceLock;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use draft_tasks_analysis::command;
use draft_tasks_analysis::printable::printable_lines;
use draft_tasks_executor::Problem;

use crate::lsp;
use crate::settings::project::{MAKE_OWN, ProjectFiles};
use crate::settings::{Config, Layer, Named};

mod check;
mod cluster;
mod completions;
mod create;
mod diff;
mod doctor;
mod execute;
mod explain;
mod export;
mod fix;
mod fmt;
mod help;
mod junit;
mod lifecycle;
mod list;
mod loan;
mod man;
mod named;
mod paths;
mod pattern;
mod pick;
mod plan;
mod prepare;
mod replace;
mod report;
mod repository_path;
mod rerun;
mod run;
mod runs;
mod screen;
mod several;
mod signals;
mod synonyms;
mod terminal;
mod variables;
mod workflow;

/// Language server, task runner and command line for .draft-tasks.toml, the tasks file of Draft
#[derive(Debug, Parser)]
// Whatever the file is called: messages and examples call it so.
#[command(version, bin_name = env!("CARGO_PKG_NAME"))]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// The same as `draft-tasks lsp`
    #[arg(long, hide = true)]
    stdio: bool,
    /// Work in this directory: everything else is as if the program had been started there, and paths are relative to it
    #[arg(short = 'C', global = true, value_name = "DIR")]
    // No command has an argument of this name: clap would take one for the other.
    work_in: Vec<PathBuf>,
    /// Append what the program logs of itself, for finding faults in it, to this file instead of standard error; the
    /// variable DRAFT_TASKS_LOG says how much: error, warn, info, debug, trace or off
    #[arg(long, global = true, value_name = "FILE")]
    log: Option<PathBuf>,
}

/// Findings, a failed task, or a file that is not formatted.
const FOUND: u8 = 1;

/// A wrong command line, or a file that cannot be used.
const UNUSABLE: u8 = 2;

/// The run was stopped: 128 and the number of the interrupt signal, as in shells.
const STOPPED: u8 = 130;

#[derive(Debug, Subcommand)]
enum Command {
    /// Tell what is wrong with tasks files
    Check(check::CheckArguments),
    /// List the phases and tasks of a file, with their commands
    List(list::ListArguments),
    /// Run the tasks of a phase: on this machine in the directory of the tasks file, or in the application's pods
    Run(Box<run::RunArguments>),
    /// Run again what ran last, or only what failed of it; what ran in pods runs in the same pods, where they still exist
    Rerun(Box<rerun::RerunArguments>),
    /// Run pre-up, a command that deploys the application, post-deploy in the pods of the new rollout, and post-up
    Up(Box<lifecycle::UpArguments>),
    /// Run a command that deletes the application, wait until its pods are gone, and run cleanup
    Delete(Box<lifecycle::DeleteArguments>),
    /// Walk the way from the tasks file to the application's pods, and tell where it breaks
    Doctor(doctor::DoctorArguments),
    /// Show or remove what is kept of runs
    Runs(runs::RunsArguments),
    /// Format tasks files: spacing and blank lines, never order, comments or meaning
    Fmt(fmt::FmtArguments),
    /// Show what each task runs, and what Draft does where that is something else
    Explain(explain::ExplainArguments),
    /// Write phases as what other tools run: a script, a Job of Kubernetes, or hooks of a chart
    Export(Box<export::ExportArguments>),
    /// Create a tasks file, from a draft pack or with the three phases
    Create(create::CreateArguments),
    /// Write a script with which a shell completes commands, phases, tasks and more
    Completions(completions::CompletionsArguments),
    /// Write manual pages, for who packages the program
    Man(man::ManArguments),
    /// Serve an editor over standard input and output
    #[command(after_help = LSP_CODES)]
    Lsp {
        /// For clients that add it; there is no other way to serve
        #[arg(long)]
        stdio: bool,
    },
}

const LSP_CODES: &str = "\
Exit codes:
  0  the editor shut the server down before its exit
  1  it did not, or the server was stopped
  2  the server cannot start";

/// Options about the meaning of files; what is not given is as the project's settings say.
#[derive(Clone, Copy, Debug, Default, Args)]
struct SemanticOptions {
    /// How commands become argument vectors; without it as the project says, else `standard`
    #[arg(long, value_enum)]
    semantics: Option<Named<command::Semantics>>,
    /// The Draft that messages speak of, and that `--semantics draft` reproduces; without it as the project says, else
    /// `dep-8`
    #[arg(long, value_enum)]
    draft_version: Option<Named<command::DraftVersion>>,
}

impl SemanticOptions {
    /// What was given, as settings.
    fn settings(self) -> Layer {
        let mut settings = Layer::default();
        let mut set = |name: &str, value: serde_json::Value| {
            // They exist and fit: both come from the same types.
            let _ = settings.set(&[name], value);
        };
        self.semantics.into_iter().for_each(|semantics| set("semantics", serde_json::json!(semantics)));
        self.draft_version.into_iter().for_each(|version| set("draftVersion", serde_json::json!(version)));
        settings
    }
}

/// The settings for what runs tasks of a file.
///
/// # Errors
///
/// What is wrong in the project's files, or that one is not used: a limit that is not understood must not be no limit.
fn settings_to_run(file: &Path, given: &Layer) -> Result<(Config, ProjectFiles), String> {
    let (config, project) = settings_and_files(file, given);
    match refusal_of(&project) {
        None => Ok((config, project)),
        Some(Problem { message, help }) => Err(format!("{message}\n  {}", help.join("\n  "))),
    }
}

/// Why nothing runs with the settings of a project, if one of them is wrong, or is not used: what it keeps from running
/// somewhere would run there.
fn refusal_of(project: &ProjectFiles) -> Option<Problem> {
    if let Some(unused) = &project.unused {
        return Some(Problem::new(format!("nothing runs: {}", unused.why)).help(MAKE_OWN));
    }
    let message = format!("nothing runs, as {}", project.describe_wrong()?);
    Some(Problem { message, help: project.problems() })
}

/// The settings for a tasks file, those of its project behind what was given, and the project's files with what is wrong
/// in them.
fn settings_and_files(file: &Path, given: &Layer) -> (Config, ProjectFiles) {
    let directory = file.parent().unwrap_or(Path::new(""));
    let project = ProjectFiles::load(directory).checked(directory);
    (Config::of(&[&project.settings(), given]), project)
}

/// Options about the output.
#[derive(Clone, Copy, Debug, Default, Args)]
struct ColorOptions {
    /// When to use colours
    #[arg(long, value_enum, default_value_t, global = true)]
    color: Color,
    /// The same as `--color never`
    #[arg(long, conflicts_with = "color", global = true)]
    no_color: bool,
}

impl ColorOptions {
    fn color(self) -> Color {
        if self.no_color { Color::Never } else { self.color }
    }
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Color {
    /// on a terminal, unless NO_COLOR, CLICOLOR=0, TERM=dumb or CI is set; FORCE_COLOR and CLICOLOR_FORCE ask for them
    /// everywhere, NO_COLOR goes before them
    #[default]
    Auto,
    /// always
    Always,
    /// never
    Never,
}

/// What the program needs of a stack, in bytes: the limit of the first thread's is for the user to set.
const STACK: usize = 8 << 20;

/// All that can be said on the command line.
pub(crate) fn command() -> clap::Command {
    help::complete(Cli::command())
}

/// Parses the arguments and runs the command.
pub(crate) fn main() -> ExitCode {
    if let Err(problem) = enough_memory() {
        terminal::error(format_args!("{problem}"));
        return UNUSABLE.into();
    }
    // A second thread costs memory of its own.
    if has_stack() {
        return parse_and_run();
    }
    match std::thread::Builder::new().name("main".into()).stack_size(STACK).spawn(parse_and_run) {
        Ok(thread) => thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
        Err(error) => {
            let limits = "raise the limits of processes and memory (`ulimit -u`, `ulimit -v`)";
            terminal::error(format_args!("the system gives no thread to run in: {error}: {limits}"));
            UNUSABLE.into()
        }
    }
}

fn parse_and_run() -> ExitCode {
    if let Some(code) = completions::answer() {
        return code;
    }
    let parsed = command().try_get_matches().and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => return refuse(&error),
    };
    if cli.stdio && cli.command.is_some() {
        let message = "`--stdio` means `draft-tasks lsp` and cannot be used with a command";
        return refuse(&command().error(ErrorKind::ArgumentConflict, message));
    }
    survive_limits();
    let started = enough_files()
        .and_then(|()| are_all(&cli.work_in))
        .and_then(|()| enter(&cli.work_in))
        .and_then(|()| start_log(cli.log.as_deref()));
    match started {
        Ok(()) if cli.stdio => serve(),
        Ok(()) => cli.command.map_or_else(overview, dispatch),
        Err(problem) => {
            terminal::error(format_args!("{problem}"));
            UNUSABLE.into()
        }
    }
}

/// Shows help, or says what is wrong with the arguments, which may have anything in them.
fn refuse(error: &clap::Error) -> ExitCode {
    if let Some(said) = synonyms::described(error) {
        terminal::error(format_args!("{said}"));
        return UNUSABLE.into();
    }
    // What was given may be a secret.
    if is_of_variable(error) {
        terminal::error(format_args!("--env: expected NAME=VALUE, a name and `=` in front of the value"));
        return UNUSABLE.into();
    }
    if error.use_stderr() {
        let said = synonyms::without_tip(&error.render().to_string());
        let _ = write!(io::stderr(), "{}", printable_lines(&said));
        return UNUSABLE.into();
    }
    let shown = error.print().and_then(|()| io::stdout().flush());
    match terminal::written(shown) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            terminal::error(format_args!("{problem}"));
            UNUSABLE.into()
        }
    }
}

/// Whether it shows what was given as a variable.
fn is_of_variable(error: &clap::Error) -> bool {
    let argument = error.get(ContextKind::InvalidArg);
    error.kind() == ErrorKind::ValueValidation
        && matches!(argument, Some(ContextValue::String(name)) if name.starts_with("--env "))
}

/// Has the system refuse a write beyond the limit of a file's size, in place of ending the program in the middle of it.
/// Programs that it starts are ended as ever.
fn survive_limits() {
    #[cfg(unix)]
    // Where it cannot be done all goes on, as long as no limit is met.
    let _ = signal_hook::flag::register(rustix::process::Signal::XFSZ.as_raw(), Default::default());
}

/// With less, the program is aborted where it needs more.
#[cfg(unix)]
const LEAST_MEMORY: u64 = 64 << 20;

#[cfg(unix)]
fn enough_memory() -> Result<(), String> {
    let limit = rustix::process::getrlimit(rustix::process::Resource::As).current;
    match limit.filter(|limit| *limit < LEAST_MEMORY) {
        Some(limit) => Err(format!(
            "only {} MiB of memory may be used, and {} are needed: raise the limit (`ulimit -v {}`)",
            limit >> 20,
            LEAST_MEMORY >> 20,
            LEAST_MEMORY >> 10
        )),
        None => Ok(()),
    }
}

#[cfg(not(unix))]
fn enough_memory() -> Result<(), String> {
    Ok(())
}

/// Whether the first thread has what the program needs of a stack.
fn has_stack() -> bool {
    #[cfg(unix)]
    let limit = rustix::process::getrlimit(rustix::process::Resource::Stack).current;
    #[cfg(not(unix))]
    let limit = Some(0);
    limit.is_none_or(|limit| limit >= STACK as u64)
}

/// With fewer, parts of the runtime panic in the middle of a run.
#[cfg(unix)]
const FEWEST_FILES: u64 = 32;

#[cfg(unix)]
fn enough_files() -> Result<(), String> {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    match limit.filter(|limit| *limit < FEWEST_FILES) {
        Some(limit) => Err(format!(
            "only {limit} files may be open at once, and {FEWEST_FILES} are needed: raise the limit (`ulimit -n 256`)"
        )),
        None => Ok(()),
    }
}

#[cfg(not(unix))]
fn enough_files() -> Result<(), String> {
    Ok(())
}

/// The options that have the program work elsewhere than it was started, each with a blank before it: for commands that are
/// to be typed where it was.
static ENTERED: OnceLock<String> = OnceLock::new();

fn entered() -> &'static str {
    ENTERED.get().map_or("", String::as_str)
}

/// Fails where directories stand before the command and behind it: clap forgets the first ones.
fn are_all(directories: &[PathBuf]) -> Result<(), String> {
    let before_end = std::env::args_os().take_while(|word| word != "--");
    if before_end.filter(|word| word.to_string_lossy().starts_with("-C")).count() <= directories.len() {
        return Ok(());
    }
    Err("-C stands before the command and behind it: give each in one of these places".into())
}

/// Goes into each directory, from the one before it, as `git -C` does.
fn enter(directories: &[PathBuf]) -> Result<(), String> {
    let options = directories
        .iter()
        .map(|directory| format!(" -C {}", command::show_argument(&directory.to_string_lossy())));
    let _ = ENTERED.set(options.collect());
    directories.iter().try_for_each(|directory| {
        let entered = std::env::set_current_dir(directory);
        entered.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => format!("-C {}: there is no such directory", directory.display()),
            _ => format!("-C {}: cannot be entered: {error}", directory.display()),
        })
    })
}

/// What there is to run, or where there is no tasks file, what the program does.
fn overview() -> ExitCode {
    let file = match paths::find_any(None) {
        Ok(file) => file,
        Err(problem) => return list::tell(Err(problem.to_string())),
    };
    let run = Cli::try_parse_from([env!("CARGO_PKG_NAME"), "run"]).ok().and_then(|cli| cli.command);
    match (file, run) {
        (Some(file), Some(Command::Run(arguments))) => run::offer(*arguments, file),
        _ => {
            let _ = writeln!(io::stderr(), "{}", command().render_help());
            list::tell(paths::find(None).map(drop).map_err(|nowhere| nowhere.to_string()))
        }
    }
}

fn dispatch(command: Command) -> ExitCode {
    match command {
        Command::Check(arguments) => check::check(&arguments),
        Command::List(arguments) => list::list(&arguments),
        Command::Run(arguments) => match &arguments.phase {
            Some(phase) if arguments.failed => rerun::failed_of(phase, &arguments.options),
            _ => run::run(*arguments),
        },
        Command::Rerun(arguments) => rerun::rerun(&arguments),
        Command::Up(arguments) => lifecycle::up(&arguments),
        Command::Delete(arguments) => lifecycle::delete(&arguments),
        Command::Doctor(arguments) => doctor::doctor(&arguments),
        Command::Runs(arguments) => runs::runs(&arguments),
        Command::Fmt(arguments) => fmt::fmt(&arguments),
        Command::Explain(arguments) => explain::explain(&arguments),
        Command::Export(arguments) => export::export(&arguments),
        Command::Create(arguments) => create::create(&arguments),
        Command::Completions(arguments) => completions::completions(&arguments),
        Command::Man(arguments) => man::man(&arguments),
        Command::Lsp { .. } => serve(),
    }
}

fn serve() -> ExitCode {
    lsp::serve().unwrap_or_else(|error| {
        terminal::error(format_args!("the language server cannot start: {error}"));
        UNUSABLE.into()
    })
}

/// The log for developers goes to standard error, or to a file that they name; `DRAFT_TASKS_LOG` is one of `error`,
/// `warn`, `info`, `debug`, `trace`.
fn start_log(file: Option<&Path>) -> Result<(), String> {
    use tracing::level_filters::LevelFilter;
    use tracing_subscriber::filter::Targets;
    use tracing_subscriber::layer::{Layer, SubscriberExt};
    use tracing_subscriber::util::SubscriberInitExt;
    let named = std::env::var("DRAFT_TASKS_LOG").ok().filter(|level| !level.is_empty());
    let asked = named.as_ref().and_then(|level| level.parse().ok());
    if let (Some(named), None) = (&named, asked) {
        let known = "it is error, warn, info, debug, trace or off";
        terminal::warning(format_args!("DRAFT_TASKS_LOG: there is no level `{named}`; {known}"));
    }
    // Who names a file wants to read something in it.
    let level = asked.unwrap_or(if file.is_some() { LevelFilter::INFO } else { LevelFilter::WARN });
    // What goes wrong with a cluster is told by us; a library's own words are for who asks for them.
    let library = if asked.is_some() || file.is_some() { level } else { LevelFilter::OFF };
    let targets = Targets::new().with_default(level);
    let targets = targets.with_targets([("kube_client", library), ("kube_runtime", library)]);
    let log = tracing_subscriber::fmt::layer().with_ansi(false);
    let Some(path) = file else {
        let log = log.with_writer(std::io::stderr).with_filter(targets);
        tracing_subscriber::registry().with(log).init();
        return Ok(());
    };
    let file = std::fs::OpenOptions::new().append(true).create(true).open(path);
    let file = file.map_err(|error| format!("the log {} cannot be written: {error}", path.display()))?;
    let log = log.with_writer(std::sync::Mutex::new(file)).with_filter(targets);
    tracing_subscriber::registry().with(log).init();
    Ok(())
}
