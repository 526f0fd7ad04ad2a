//! `draft-tasks explain`: shows what each task runs and what Draft would do, or what a diagnostic code means.
//!
//! Must not run anything, and must not decide what a task runs.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use draft_tasks_analysis::command::{self, Semantics};
use draft_tasks_analysis::diagnostic::DiagnosticCode;
use draft_tasks_analysis::explain::{self, ExplainedTable, ExplainedTask, Explanation};
use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::plan::{self, PlanError};
use draft_tasks_analysis::printable::printable;
use draft_tasks_analysis::{Analysis, Options, Parsed};
use draft_tasks_executor::mask::Secrets;
use serde::{Serialize, Serializer};

use super::paths::{FileOption, Loaded, TasksFile};
use super::terminal::{self, Paint};
use super::variables::VariableOptions;
use super::{ColorOptions, FOUND, SemanticOptions, UNUSABLE};
use crate::lines::{LineIndex, line_and_column};
use crate::lsp::protocol::ext;
use crate::plan_refusal::PlanRefusal;
use crate::settings::audience::Audience;
use crate::settings::nearest;
use crate::world::application::ApplicationLookup;
use crate::world::environment::Environment;

#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct ExplainArguments {
    /// Only this phase (pre-up, post-deploy, post-up or cleanup); or a diagnostic code, as `--code` takes it
    #[arg(value_name = "PHASE")]
    phase: Option<String>,
    #[command(flatten)]
    file: FileOption,
    /// Say what a diagnostic code means instead, and what to do about it
    #[arg(long, value_name = "CODE", conflicts_with_all = ["phase", "file", "format", "show_secrets", "env", "env_files", "secrets", "public"])]
    code: Option<String>,
    /// How it is written
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Show the values of variables whose names look secret, as API_TOKEN does, and tokens of known kinds, instead of
    /// `***`, in either format
    #[arg(long)]
    show_secrets: bool,
    #[command(flatten)]
    variables: VariableOptions,
    #[command(flatten)]
    meaning: SemanticOptions,
    #[command(flatten)]
    look: ColorOptions,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  everything that is shown runs as it is shown; what Draft ignores does not count
  1  the file does not parse, a phase cannot run, or the project's settings are wrong; with `--semantics draft`: that Draft stops at the file
  2  the command line is wrong, or the file cannot be read or has no such phase";

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Format {
    /// for people
    #[default]
    Human,
    /// for programs: one JSON document
    Json,
}

/// Explains a file, or a code.
pub(super) fn explain(arguments: &ExplainArguments) -> ExitCode {
    let code =
        arguments.code.as_deref().or_else(|| arguments.phase.as_deref().filter(|word| means_code(word)));
    let explained = match code {
        Some(code) if matches!(arguments.format, Format::Json) => Err(format!(
            "the page of `{code}` is Markdown: leave --format out; `draft-tasks check --list-rules --format json` is for programs"
        )),
        Some(code) => page(code).map(|page| (page, ExitCode::SUCCESS)),
        None => explain_file(arguments),
    };
    let said = explained.and_then(|(text, code)| {
        terminal::written(io::stdout().lock().write_all(text.as_bytes())).map(|()| code)
    });
    said.unwrap_or_else(|problem| {
        terminal::error(format_args!("{problem}"));
        UNUSABLE.into()
    })
}

// --- codes ---

/// The page of a diagnostic code, as Markdown.
fn page(code: &str) -> Result<String, String> {
    let known = DiagnosticCode::ALL.into_iter().find(|known| known.name() == code);
    match known {
        Some(known) => Ok(format!("{known} ({})\n\n{}", known.severity().name(), known.explanation())),
        None => match ext::OTHER_CODES.iter().find(|(other, ..)| *other == code) {
            Some((_, severity, explanation)) => Ok(format!("{code} ({severity})\n\n{explanation}\n")),
            None => Err(unknown_code(code)),
        },
    }
}

/// The codes that have pages.
fn codes() -> Vec<String> {
    let others = ext::OTHER_CODES.iter().map(|(code, ..)| *code);
    let names = DiagnosticCode::ALL.into_iter().map(DiagnosticCode::name).chain(others);
    names.map(str::to_owned).collect()
}

/// Whether a word in the place of a phase is a code, or like one.
fn means_code(word: &str) -> bool {
    let phases = Phase::ALL.map(|phase| phase.name().to_owned());
    let is_phase = Phase::from_name_in_any_case(word).is_some();
    !is_phase
        && (codes().iter().any(|code| code == word)
            || nearest(word, &phases).is_none() && nearest(word, &codes()).is_some())
}

fn unknown_code(code: &str) -> String {
    let names = codes();
    match nearest(code, &names) {
        Some(nearest) => format!("there is no code `{code}`; did you mean `{nearest}`?"),
        None => format!("there is no code `{code}`; the codes are {}", names.join(", ")),
    }
}

// --- files ---

fn explain_file(arguments: &ExplainArguments) -> Result<(String, ExitCode), String> {
    let file = arguments.file.find().and_then(TasksFile::load).map_err(|error| error.to_string())?;
    let variables = arguments.variables.settings().map_err(|error| error.to_string())?;
    let environment = Environment::of_process().with(&variables, Path::new(""))?;
    let (settings, project) = super::settings_and_files(&file.path, &arguments.meaning.settings());
    let refusal = super::refusal_of(&project);
    if let Some(refusal) = &refusal {
        terminal::warning(format_args!("{}", refusal.describe()));
    }
    let analysis = Analysis::new(file.text.as_str(), settings.options());
    let directory = file.path.parent().unwrap_or(Path::new(""));
    let application = ApplicationLookup::by(&settings, directory, &environment, Audience::CommandLine);
    let environment = application.telling().hiding(&analysis);
    let parsed = &analysis.parsed;
    let lookup =
        |name: &str| if arguments.show_secrets { environment.get(name) } else { environment.shown(name) };
    let mut explanation = explain::explain(parsed, &lookup);
    if !arguments.show_secrets {
        mask(&mut explanation, &environment.secrets());
    }
    if let Some(name) = &arguments.phase {
        only(&mut explanation, parsed, name).map_err(|error| {
            let PlanRefusal { message, help, .. } = PlanRefusal::of(&error, &analysis);
            let help = help.map(|help| format!("\n  {help}")).unwrap_or_default();
            format!("{}: {message}{help}", file.path.display())
        })?;
    }
    let text = match arguments.format {
        Format::Human => {
            let paint = Paint(terminal::colors(arguments.look.color(), &io::stdout()));
            Human { file: &file, parsed, once: &settings.kubernetes.once, paint }.show(&explanation)
        }
        Format::Json => json(&file, parsed.options, &explanation).map_err(|error| error.to_string())?,
    };
    let code = if refusal.is_none() { exit_code(parsed, &explanation) } else { FOUND.into() };
    Ok((text, code))
}

/// Masks what a run would mask, also where it stands in the file itself.
fn mask(explanation: &mut Explanation, secrets: &Secrets) {
    let tasks = explanation.tables.iter_mut().filter_map(|table| table.tasks.as_mut().ok()).flatten();
    for ExplainedTask { name, argv, draft, rivals, .. } in tasks {
        let arguments = argv.iter_mut().chain(draft.iter_mut().flatten()).chain(rivals.iter_mut().flatten());
        for text in arguments.chain([name]) {
            if let Cow::Owned(masked) = secrets.mask(text) {
                *text = masked;
            }
        }
    }
}

/// Leaves only the phase of a name in an explanation.
fn only(explanation: &mut Explanation, parsed: &Parsed, name: &str) -> Result<(), PlanError> {
    let phase = plan::phase_named(parsed, name)?;
    let present: Vec<Phase> = explanation.tables.iter().filter_map(|table| table.phase).collect();
    // Where Draft stops at the file, nobody knows what it has.
    let stopped = parsed.options.semantics == Semantics::Draft && explanation.draft_error.is_some();
    if !stopped && !present.contains(&phase) {
        return Err(PlanError::NoTasks { phase, present });
    }
    explanation.tables.retain(|table| table.phase == Some(phase));
    explanation.strays.clear();
    Ok(())
}

fn exit_code(parsed: &Parsed, explanation: &Explanation) -> ExitCode {
    let options = parsed.options;
    let draft = options.semantics == Semantics::Draft;
    let stopped = if draft { explanation.draft_error.is_some() } else { !parsed.tree.errors.is_empty() };
    let ignored = |table: &ExplainedTable| {
        draft && table.phase.is_some_and(|phase| !options.draft_version.knows(phase))
    };
    let broken = |table: &ExplainedTable| table.phase.is_some() && table.tasks.is_err() && !ignored(table);
    if stopped || explanation.tables.iter().any(broken) { FOUND.into() } else { ExitCode::SUCCESS }
}

/// Where an offset is, for people.
fn place(file: &Loaded, offset: usize) -> String {
    let (line, column) = line_and_column(&file.text, &LineIndex::new(&file.text), offset);
    format!("{line}:{column}")
}

// --- for people ---

struct Human<'a> {
    file: &'a Loaded,
    parsed: &'a Parsed,
    /// Tasks that run in the first ready pod alone.
    once: &'a [String],
    paint: Paint,
}

impl Human<'_> {
    fn show(&self, explanation: &Explanation) -> String {
        let mut blocks = vec![self.title()];
        blocks.extend(self.syntax_errors());
        let (phases, ignored): (Vec<_>, Vec<_>) =
            explanation.tables.iter().partition(|table| table.phase.is_some());
        blocks.extend(phases.into_iter().map(|table| self.phase(table)));
        blocks.extend(self.ignored(&ignored, &explanation.strays));
        blocks.extend(explanation.draft_error.as_ref().map(|error| {
            let draft = self.parsed.options.draft_version.title();
            let place = place(self.file, error.offset.into());
            let stops = self.paint.yellow(&format!("{draft} stops at this file"));
            let when = "`draft up` before it builds anything, `draft delete` after the release is gone";
            format!("{stops}: {place}: {}\n  {when}\n", printable(&error.message))
        }));
        if blocks.len() == 1 {
            blocks.push("there is nothing to run\n".into());
        }
        blocks.join("\n")
    }

    fn title(&self) -> String {
        let version = self.parsed.options.draft_version;
        let draft = match version.title() {
            title if title.contains(version.name()) => title.to_owned(),
            title => format!("{title} ({})", version.name()),
        };
        let whose = match self.parsed.options.semantics {
            Semantics::Standard => format!("what draft-tasks runs, compared with {draft}"),
            Semantics::Draft => format!("what {draft} runs, in an order that it leaves to chance"),
        };
        format!("{} · {whose}\n", printable(&self.file.path.display().to_string()))
    }

    /// That the file does not parse; what is said of Draft needs it less.
    fn syntax_errors(&self) -> Option<String> {
        let errors = &self.parsed.tree.errors;
        let first = errors.first().filter(|_| self.parsed.options.semantics == Semantics::Standard)?;
        let more = match errors.len() {
            1 => String::new(),
            2 => "; there is one more".into(),
            many => format!("; there are {} more", many - 1),
        };
        let place = place(self.file, first.range.start().into());
        let what = self.paint.red("the file does not parse");
        Some(format!("{what}: {place}: {}{more}\n", printable(&first.message)))
    }

    fn phase(&self, table: &ExplainedTable) -> String {
        let when = table.phase.map_or("", Phase::when);
        let mut lines = format!("{} · {when}\n", self.paint.bold(&table.name));
        if let Some(ignored) = &table.ignored_by_draft {
            lines += &format!("  {}\n", self.paint.yellow(ignored));
        }
        match &table.tasks {
            Err(reason) => {
                // Some reasons are whole sentences.
                let sentence = reason.strip_prefix(&format!("`{}` does not run", table.name));
                let rest = sentence.map_or_else(|| format!(": {reason}"), str::to_owned);
                lines += &format!("  {}{}\n", self.paint.red("does not run"), printable(&rest));
            }
            Ok(tasks) if tasks.is_empty() => lines += "  no tasks\n",
            Ok(tasks) => {
                let once = |task: &ExplainedTask| {
                    table.phase == Some(Phase::PostDeploy) && self.once.contains(&task.name)
                };
                tasks.iter().for_each(|task| lines += &self.task(task, once(task)));
            }
        }
        lines
    }

    fn task(&self, task: &ExplainedTask, once: bool) -> String {
        let draft = self.parsed.options.draft_version.title();
        let name = if task.name.is_empty() { "\"\"" } else { task.name.as_str() };
        let mut lines = format!("  {}\n", printable(name));
        match self.parsed.options.semantics {
            Semantics::Standard => {
                let once = if once { " once, in the first ready pod" } else { "" };
                lines += &format!("    runs exactly this{once}: {}\n", arguments(&task.argv));
            }
            Semantics::Draft if task.rivals.is_empty() => {
                lines += &format!("    {draft} runs: {}\n", arguments(&task.argv));
            }
            Semantics::Draft => {}
        }
        if task.argv.first().is_none_or(String::is_empty) {
            lines += "    there is no program in it: it fails, and Draft goes on silently\n";
        }
        if !task.unset.is_empty() {
            let names: Vec<_> = task.unset.iter().map(|name| format!("${}", printable(name))).collect();
            lines += &format!("    not set, so empty: {}\n", names.join(", "));
        }
        if let Some(argv) = &task.draft {
            lines +=
                &format!("    {}: {}\n", self.paint.yellow(&format!("{draft} would run")), arguments(argv));
        }
        if !task.rivals.is_empty() {
            let rivals: Vec<_> =
                task.rivals.iter().map(|argv| format!("      {}\n", arguments(argv))).collect();
            let chance = format!("{draft} runs one of these, by chance");
            lines += &format!("    {}:\n{}", self.paint.yellow(&chance), rivals.concat());
        }
        lines
    }

    fn ignored(&self, tables: &[&ExplainedTable], strays: &[String]) -> Option<String> {
        let tables = tables.iter().map(|table| {
            let reason = table.tasks.as_ref().err().map_or("", String::as_str);
            format!("  [{}]: {reason}\n", printable(&table.name))
        });
        let strays = strays.iter().map(|stray| format!("  {}: it is in no phase\n", printable(stray)));
        let lines: String = tables.chain(strays).collect();
        let who = match self.parsed.options.semantics {
            Semantics::Standard => "ignored, by Draft silently",
            Semantics::Draft => "ignored silently",
        };
        (!lines.is_empty()).then(|| format!("{}\n{lines}", self.paint.bold(who)))
    }
}

fn arguments(argv: &[String]) -> String {
    printable(&command::show_command(argv).join(" "))
}

// --- for programs ---

#[derive(Serialize)]
struct Report<'a> {
    draft_version: &'static str,
    semantics: &'static str,
    error: Option<String>,
    #[serde(serialize_with = "tables")]
    phases: &'a [ExplainedTable],
}

#[derive(Serialize)]
struct PhaseReport<'a> {
    runs: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "tasks")]
    tasks: Option<&'a [ExplainedTask]>,
}

fn tables<S: Serializer>(tables: &[ExplainedTable], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(tables.iter().map(|table| {
        let report = match &table.tasks {
            Ok(tasks) => PhaseReport { runs: true, reason: None, tasks: Some(tasks) },
            Err(reason) => PhaseReport { runs: false, reason: Some(reason), tasks: None },
        };
        (&table.name, report)
    }))
}

/// The arguments of each task, in the order of the file; of two tasks with one description the last.
fn tasks<S: Serializer>(tasks: &Option<&[ExplainedTask]>, serializer: S) -> Result<S::Ok, S::Error> {
    let tasks = tasks.unwrap_or_default();
    let last: HashMap<_, _> = tasks.iter().enumerate().map(|(at, task)| (&task.name, at)).collect();
    let kept = tasks.iter().enumerate().filter(|(at, task)| last.get(&task.name) == Some(at));
    serializer.collect_map(kept.map(|(_, task)| (&task.name, &task.argv)))
}

fn json(file: &Loaded, options: Options, explanation: &Explanation) -> serde_json::Result<String> {
    let error = explanation.draft_error.as_ref();
    let report = Report {
        draft_version: options.draft_version.name(),
        semantics: options.semantics.name(),
        error: error.map(|error| format!("{}: {}", place(file, error.offset.into()), error.message)),
        phases: &explanation.tables,
    };
    serde_json::to_string_pretty(&report).map(|json| json + "\n")
}

#[cfg(test)]
mod tests {
    use draft_tasks_analysis::command::DraftVersion;
    use serde_json::{Value, json};

    use super::*;

    /// The JSON of a file as Draft reads it.
    fn explained(text: &str, draft_version: DraftVersion, env: &Value) -> Value {
        let file = Loaded {
            path: ".draft-tasks.toml".into(),
            text: text.to_owned(),
            is_stdin: false,
            is_link: false,
        };
        let options = Options { semantics: Semantics::Draft, draft_version, ..Options::default() };
        let lookup = |name: &str| env[name].as_str().map(str::to_owned);
        let explanation = explain::explain(&Parsed::new(text, options), &lookup);
        serde_json::from_str(&json(&file, options, &explanation).unwrap()).unwrap()
    }

    const VERSIONS: [(&str, DraftVersion); 4] = [
        ("0.15", DraftVersion::V0_15),
        ("0.16", DraftVersion::V0_16),
        ("0.16", DraftVersion::Dep8),
        ("master", DraftVersion::Master),
    ];

    #[test]
    fn files_are_explained_as_drafts_own_code_answered() {
        let vectors: Value =
            serde_json::from_str(include_str!("../../../analysis/tests/vectors/draft-files.json")).unwrap();
        for file in vectors["files"].as_array().unwrap() {
            for (name, version) in VERSIONS {
                let answer =
                    file["draft"].as_array().unwrap().iter().find(|it| it["version"] == name).unwrap();
                let report = explained(file["text"].as_str().unwrap(), version, &vectors["env"]);
                assert_eq!(report["error"].is_null(), answer["error"].is_null(), "{}", file["name"]);
                let phases = report["phases"].as_object().unwrap().iter();
                let running = phases.filter(|(_, phase)| phase["runs"] == true);
                let found: Value =
                    running.map(|(name, phase)| (name.clone(), phase["tasks"].clone())).collect();
                assert_eq!(found, without_kubectl(&answer["argv"]), "{} in {name}", file["name"]);
            }
        }
    }

    fn without_kubectl(phases: &Value) -> Value {
        let mut phases = if phases.is_null() { json!({}) } else { phases.clone() };
        let tasks = phases.get_mut("post-deploy").and_then(Value::as_object_mut);
        for argv in tasks.into_iter().flat_map(|tasks| tasks.values_mut()) {
            let prefix: Vec<Value> = argv.as_array_mut().unwrap().drain(..4).collect();
            assert_eq!(prefix, ["kubectl", "exec", "POD", "--"]);
        }
        phases
    }

    #[test]
    fn commands_are_explained_as_drafts_own_code_answered() {
        let vectors: Value =
            serde_json::from_str(include_str!("../../../analysis/tests/vectors/draft-argv.json")).unwrap();
        let commands = vectors["commands"].as_array().unwrap();
        assert_eq!(commands.len(), 321);
        for case in commands {
            for phase in ["pre-up", "post-deploy"] {
                // A JSON string is a TOML string as well, but for the escape of a solidus, which is not needed.
                let text = format!("[{phase}]\na = {}\n", case["command"]);
                for (name, version) in VERSIONS {
                    let report = explained(&text, version, &vectors["env"]);
                    assert_eq!(report["phases"][phase]["tasks"]["a"], case["argv"][name], "{text} in {name}");
                }
            }
        }
    }

    #[test]
    fn every_code_has_a_page() {
        for code in DiagnosticCode::ALL {
            assert!(page(code.name()).unwrap().starts_with(code.name()), "{code}");
        }
        assert!(page(ext::TASK_FAILED).is_ok());
        assert_eq!(
            page("unknown-phas").unwrap_err(),
            "there is no code `unknown-phas`; did you mean `unknown-phase`?"
        );
        assert!(page("zzz").unwrap_err().contains("the codes are syntax, unknown-phase"));
    }
}
