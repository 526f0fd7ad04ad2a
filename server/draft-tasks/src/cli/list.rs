//! `draft-tasks list`: the phases and tasks of a file, with their commands.
//!
//! Must not run anything, and must not decide what runs.

use std::collections::HashMap;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use draft_tasks_analysis::diagnostic::{Diagnostic, Severity};
use draft_tasks_analysis::lens::{self, OutlinedPhase};
use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::printable::printable;
use draft_tasks_analysis::{Analysis, TextRange};
use draft_tasks_executor::mask::Secrets;
use serde::Serialize;

use super::paths::{FileOption, Loaded, TasksFile};
use super::terminal::{self, Paint, cut, padded, width_of};
use super::{ColorOptions, SemanticOptions, UNUSABLE, check};
use crate::lines::LineIndex;
use crate::settings::audience::SHOWS_ALL;
use crate::world::environment::Environment;

#[derive(Debug, Args)]
pub(super) struct ListArguments {
    #[command(flatten)]
    file: FileOption,
    /// How it is written
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    meaning: SemanticOptions,
    #[command(flatten)]
    look: ColorOptions,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// for people
    #[default]
    Human,
    /// for programs: one JSON document
    Json,
}

/// What a file has to run, secrets masked.
#[derive(Debug, Serialize)]
pub(super) struct Listing {
    pub(super) phases: Vec<ListedPhase>,
    /// What is wrong beside these tasks, so that something is not among them.
    broken: Vec<BrokenPlace>,
    /// Of the whole file.
    #[serde(flatten)]
    problems: Problems,
}

#[derive(Debug, Serialize)]
pub(super) struct ListedPhase {
    #[serde(serialize_with = "name")]
    pub(super) phase: Phase,
    /// Where its tasks run.
    place: &'static str,
    line: usize,
    /// Why it does not run.
    #[serde(rename = "doesNotRunSince")]
    pub(super) obstacle: Option<String>,
    pub(super) tasks: Vec<ListedTask>,
}

#[derive(Debug, Serialize)]
pub(super) struct ListedTask {
    /// As the file has it: it is no secret to who names it.
    pub(super) task: String,
    pub(super) command: String,
    pub(super) line: usize,
    #[serde(flatten)]
    problems: Problems,
}

#[derive(Debug, Serialize)]
struct BrokenPlace {
    line: usize,
    code: &'static str,
    message: String,
    /// Whether it is an error, as for `check`.
    #[serde(skip)]
    is_error: bool,
}

/// What `check` fails for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
struct Problems {
    errors: usize,
    warnings: usize,
}

fn name<S: serde::Serializer>(phase: &Phase, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(phase.name())
}

/// Lists what there is.
pub(super) fn list(arguments: &ListArguments) -> ExitCode {
    let file = arguments.file.find().map_err(|error| error.to_string());
    let listing = file.and_then(|file| Listing::read(file, arguments.meaning));
    tell(listing.and_then(|listing| {
        let mut out = io::stdout().lock();
        terminal::written(match arguments.format {
            Format::Human => listing.write(&mut out, arguments.look),
            Format::Json => listing.write_json(&mut out),
        })
    }))
}

/// Says why nothing is listed.
pub(super) fn tell(done: Result<(), String>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            terminal::error(format_args!("{problem}"));
            UNUSABLE.into()
        }
    }
}

impl Listing {
    /// Reads a tasks file.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub(super) fn read(file: TasksFile, meaning: SemanticOptions) -> Result<Listing, String> {
        let file = file.load().map_err(|error| error.to_string())?;
        let (settings, project) = super::settings_and_files(&file.path, &meaning.settings());
        if let Some(refusal) = super::refusal_of(&project) {
            terminal::warning(format_args!("{}\n  {}", refusal.message, refusal.help.join("\n  ")));
        }
        let environment = Environment::of_process();
        let analysis = check::analyse(&file.path, &file.text, &settings, &environment);
        let secrets = environment.clone().hiding(&analysis).secrets();
        Ok(Listing::of(&file, &analysis, &secrets))
    }

    fn of(file: &Loaded, analysis: &Analysis, secrets: &Secrets) -> Listing {
        let lines = LineIndex::new(&file.text);
        let line = |range: TextRange| lines.line_of(range.start().into()).0 + 1;
        let mut of_tasks: HashMap<TextRange, Vec<&Diagnostic>> = HashMap::new();
        for found in &analysis.diagnostics {
            if let Some((_, task)) = analysis.parsed.file.task_at(found.range.start()) {
                of_tasks.entry(task.name.range).or_default().push(found);
            }
        }
        let listed = |OutlinedPhase { phase, range, obstacle, tasks }| ListedPhase {
            phase,
            place: if phase.is_local() { "machine" } else { "pods" },
            line: line(range),
            obstacle: obstacle.map(|error| secrets.mask(&error.describe()).into_owned()),
            tasks: tasks
                .into_iter()
                .map(|task| ListedTask {
                    command: secrets.mask(&task.command).into_owned(),
                    line: line(task.range),
                    problems: Problems::of(of_tasks.remove(&task.range).unwrap_or_default()),
                    task: task.name,
                })
                .collect(),
        };
        let phases: Vec<ListedPhase> = lens::outline(&analysis.parsed).into_iter().map(listed).collect();
        let broken = analysis.diagnostics.iter().filter(|found| is_beside_tasks(analysis, &phases, found));
        let broken = broken.map(|found| BrokenPlace {
            line: line(found.range),
            code: found.code.name(),
            message: secrets.mask(&found.message).into_owned(),
            is_error: found.severity == Severity::Error,
        });
        Listing { broken: broken.collect(), phases, problems: Problems::of(&analysis.diagnostics) }
    }

    fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, self)?;
        writeln!(out)
    }

    /// Writes it for people: a line for a task.
    pub(super) fn write(&self, out: &mut impl Write, look: ColorOptions) -> io::Result<()> {
        let paint = Paint(terminal::colors(look.color(), &io::stdout()));
        let columns = self.columns(terminal::width());
        let fit = |text: String, taken: usize| match columns.total {
            Some(total) => cut(&text, total.saturating_sub(taken)),
            None => text,
        };
        for (at, phase) in self.phases.iter().enumerate() {
            if at > 0 {
                writeln!(out)?;
            }
            let name = phase.phase.name();
            let rest = fit(format!(" · {}", phase.describe()), name.len());
            writeln!(out, "{}{}", paint.bold(name), paint.dim(&rest))?;
            if let Some(obstacle) = &phase.obstacle {
                // Some reasons are whole sentences.
                let whole = format!("`{}` does not run", phase.phase);
                let rest =
                    obstacle.strip_prefix(&whole).map_or_else(|| format!(": {obstacle}"), str::to_owned);
                writeln!(out, "{}", paint.red(&fit(format!("  does not run{}", printable(&rest)), 0)))?;
            }
            for task in &phase.tasks {
                writeln!(out, "{}", task.row(columns, paint))?;
            }
        }
        if self.phases.is_empty() {
            let what = if self.broken.is_empty() { "the file has no tasks" } else { "no task can be read" };
            writeln!(out, "{what}")?;
        }
        if !self.broken.is_empty() {
            writeln!(out, "\nalso wrong in the file:")?;
        }
        for BrokenPlace { line, message, is_error, .. } in &self.broken {
            let sign = if *is_error { paint.red("✗") } else { paint.yellow("!") };
            let said = fit(format!(":{line}  {}", printable(message)), 2);
            writeln!(out, "{sign} {said}")?;
        }
        if let Some(said) = self.problems.describe(paint) {
            writeln!(out, "\n{said}; {SHOWS_ALL}")?;
        }
        out.flush()
    }

    /// How wide the columns are on a terminal of a width, or where nothing limits them.
    pub(super) fn columns(&self, total: Option<usize>) -> Columns {
        let tasks = || self.phases.iter().flat_map(|phase| &phase.tasks);
        let widest = |width: &dyn Fn(&ListedTask) -> usize| tasks().map(width).max().unwrap_or_default();
        let line = widest(&|task| task.line.to_string().len()) + 1;
        let most = total.map_or(MOST, |total| (total / 3).max(FEWEST));
        let name = widest(&|task| width_of(&printable(&task.task))).min(most);
        let command = widest(&|task| width_of(&printable(&task.command)));
        let left = total.map_or(2 * MOST, |total| total.saturating_sub(2 + name + 2 + 2 + line));
        Columns { total, name, command: command.min(left).max(1) }
    }
}

/// How wide a name may be beside its command, where nothing else limits it, in columns.
const MOST: usize = 40;

/// How wide it may be on any terminal.
const FEWEST: usize = 12;

/// Widths in columns.
#[derive(Clone, Copy, Debug)]
pub(super) struct Columns {
    total: Option<usize>,
    pub(super) name: usize,
    pub(super) command: usize,
}

/// Whether a finding is about something that is not among the tasks, though it may be meant as one.
fn is_beside_tasks(analysis: &Analysis, phases: &[ListedPhase], found: &Diagnostic) -> bool {
    let parsed = &analysis.parsed;
    let task = parsed.file.task_at(found.range.start());
    let task = task.map(|(section, task)| (section.phase, task.name(&parsed.text)));
    let is_listed = task.is_some_and(|(phase, name)| {
        let of_phase = phases.iter().filter(|listed| Some(listed.phase) == phase);
        of_phase.flat_map(|listed| &listed.tasks).any(|listed| listed.task == name)
    });
    !is_listed && found.code.hides_tasks()
}

impl ListedPhase {
    fn describe(&self) -> String {
        let when = self.phase.when();
        if self.phase.is_local() { format!("on this machine, {when}") } else { when.to_owned() }
    }
}

impl ListedTask {
    fn row(&self, columns: Columns, paint: Paint) -> String {
        let sign = match self.problems {
            Problems { errors: 1.., .. } => paint.red("✗"),
            Problems { warnings: 1.., .. } => paint.yellow("!"),
            _ => " ".into(),
        };
        let (name, command) = (printable(&self.task), printable(&self.command));
        // In a pipe nothing is lost.
        let fit =
            |text: &str, width| if columns.total.is_some() { cut(text, width) } else { text.to_owned() };
        let name = padded(&fit(&name, columns.name), columns.name);
        let command = padded(&fit(&command, columns.command), columns.command);
        format!("{sign} {name}  {command}  {}", paint.dim(&format!(":{}", self.line)))
    }
}

impl Problems {
    fn of<'a>(found: impl IntoIterator<Item = &'a Diagnostic>) -> Problems {
        let mut problems = Problems::default();
        for diagnostic in found {
            problems.errors += usize::from(diagnostic.severity == Severity::Error);
            problems.warnings += usize::from(diagnostic.severity == Severity::Warning);
        }
        problems
    }

    /// "1 error, 2 warnings"
    fn describe(self, paint: Paint) -> Option<String> {
        let counted = |count: usize, what: &str| match count {
            0 => None,
            1 => Some(format!("1 {what}")),
            many => Some(format!("{many} {what}s")),
        };
        let errors = counted(self.errors, "error").map(|text| paint.red(&text));
        let warnings = counted(self.warnings, "warning").map(|text| paint.yellow(&text));
        let both: Vec<String> = errors.into_iter().chain(warnings).collect();
        (!both.is_empty()).then(|| both.join(", "))
    }
}
