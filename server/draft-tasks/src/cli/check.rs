//! `draft-tasks check`: tells what is wrong with tasks files.
//!
//! Must not change them, unless it is told to fix them.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use draft_tasks_analysis::around;
use draft_tasks_analysis::diagnostic::{Diagnostic, DiagnosticCode, Severity};
use draft_tasks_analysis::edit::TextEdit;
use draft_tasks_analysis::facts::FactsWanted;
use draft_tasks_analysis::file_names::DRAFT_TOML;
use draft_tasks_analysis::level::Level;
use draft_tasks_analysis::printable::printable;
use draft_tasks_analysis::project::DraftToml;
use draft_tasks_analysis::{Analysis, Options, Parsed, TextRange};
use draft_tasks_executor::mask::Secrets;
use serde::Serialize;

use super::excerpt::{Excerpts, lower_first};
use super::fix::{self, Fixed};
use super::paths::Loaded;
use super::several::{Paths, Purpose};
use super::terminal::{self, Paint};
use super::{ColorOptions, FOUND, SemanticOptions, UNUSABLE};
use crate::lines::{LineIndex, line_and_column};
use crate::lsp::protocol::ext::SETTING;
use crate::settings::Named;
use crate::settings::project::{Problem, ProjectFile};
use crate::source::{self, FileKind, ReadError};
use crate::world::application::describe_not_toml;
use crate::world::environment::Environment;
use crate::world::facts;

#[derive(Debug, Args)]
pub(super) struct CheckArguments {
    #[command(flatten)]
    paths: Paths,
    /// Apply all fixes after which the same programs run with the same arguments, and tell what is left to decide
    #[arg(long)]
    fix: bool,
    /// Give a diagnostic another level: error, warning, information, hint or off; may be given several times
    #[arg(long = "rule", value_name = "CODE=LEVEL", value_parser = rule)]
    rules: Vec<Rule>,
    /// How findings are written
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    meaning: SemanticOptions,
    #[command(flatten)]
    look: ColorOptions,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Format {
    /// for people, with the lines that findings are about
    #[default]
    Human,
    /// for programs: one JSON document
    Json,
}

/// A level for a diagnostic.
#[derive(Clone, Debug)]
struct Rule {
    code: DiagnosticCode,
    level: Named<Level>,
}

/// Reads `CODE=LEVEL`.
fn rule(text: &str) -> Result<Rule, String> {
    let (code, level) = text.split_once('=').ok_or("expected CODE=LEVEL, as in `post-up=off`")?;
    let level = <Named<Level> as ValueEnum>::from_str(level, false).map_err(|_| {
        format!("there is no level `{level}`: expected error, warning, information, hint or off")
    })?;
    match DiagnosticCode::from_name(code) {
        Some(code) if code.has_free_level() => Ok(Rule { code, level }),
        Some(_) => Err(format!("`{code}` keeps its level: what is not TOML is not read at all")),
        None => Err(match DiagnosticCode::near(code) {
            Some(near) => format!("there is no diagnostic `{code}`; did you mean `{near}`?"),
            None => format!("there is no diagnostic `{code}`; docs/diagnostics.md has all"),
        }),
    }
}

/// A file and what came of it.
struct Checked {
    path: String,
    result: Result<Analysis, ReadError>,
    /// What was fixed in it, secrets masked.
    fixed: Vec<(DiagnosticCode, String)>,
    /// Why nothing was fixed, although something could be.
    unfixed: Option<String>,
    /// What is not shown of it.
    secrets: Secrets,
}

/// Checks all files; findings of `error` and `warning`, and wrong settings, make the exit code 1, files without a text make it 2.
pub(super) fn check(arguments: &CheckArguments) -> ExitCode {
    let mut given = arguments.meaning.settings();
    for Rule { code, level } in &arguments.rules {
        // Both exist.
        let _ = given.set(&["rules", code.name()], serde_json::json!(level));
    }
    let environment = Environment::of_process();
    let (mut settings, mut projects) = (HashMap::new(), Vec::new());
    let mut options = |file: &Path| {
        let directory = file.parent().map(Path::to_owned).unwrap_or_default();
        let read = || {
            tell_broken_draft_toml(directory_of(file).unwrap_or(Path::new(".")));
            let (config, project) = super::settings_and_files(file, &given);
            projects.extend(project.files);
            config
        };
        settings.entry(directory).or_insert_with(read).options()
    };
    let checked: Vec<Checked> = arguments
        .paths
        .load(if arguments.fix { Purpose::Change } else { Purpose::Look })
        .map(|loaded| examine(loaded, &mut options, &environment, arguments.fix))
        .collect();
    projects.retain(ProjectFile::is_wrong);
    projects.sort_by(|one, other| one.path.cmp(&other.path));
    projects.dedup_by(|one, other| source::is_same(&one.path, &other.path));
    let written = match arguments.format {
        Format::Human => {
            let colors = terminal::colors(arguments.look.color(), &io::stdout());
            human(&checked, &projects, arguments.fix, colors)
        }
        Format::Json => json(&checked, &projects),
    };
    let unreadable = checked.iter().filter_map(|checked| checked.result.as_ref().err());
    unreadable.for_each(|error| terminal::error(format_args!("{error}")));
    let unfixed = checked.iter().filter_map(|checked| checked.unfixed.as_ref());
    unfixed.for_each(|error| terminal::error(format_args!("{error}")));
    exit_code(&checked, &projects, written)
}

/// The analysis of a file with what is known of the world around it; of a pack, which is a template, there is no world.
pub(super) fn analyse(path: &Path, text: &str, options: Options, environment: &Environment) -> Analysis {
    if FileKind::of_path(path) == Some(FileKind::Pack) {
        return Analysis::new(text, options);
    }
    let parsed = Parsed::new(text, options);
    let facts = facts::gather(directory_of(path), environment, &FactsWanted::of(&parsed)).into();
    Analysis::judge(Parsed { facts, ..parsed })
}

/// Says where `draft.toml` is not TOML: what would be found with it is not.
fn tell_broken_draft_toml(directory: &Path) {
    let file = directory.join(DRAFT_TOML);
    let Some(text) = facts::read(&file) else { return };
    if let Err(wrong) = DraftToml::read(&text) {
        let (place, wrong) = (file.display(), describe_not_toml(&text, &wrong));
        terminal::warning(format_args!("{place}:{wrong}; what depends on it is not checked"));
    }
}

fn directory_of(path: &Path) -> Option<&Path> {
    path.parent().map(|parent| if parent == Path::new("") { Path::new(".") } else { parent })
}

/// What would fix a finding in another file; nothing here changes it.
fn elsewhere(path: &Path, analysis: &Analysis, found: &Diagnostic, fix: bool) -> Option<String> {
    let directory = directory_of(path)?;
    let title = around::fix(&analysis.parsed, found, &|path| facts::find(&directory.join(path)))?.title;
    Some(if fix { format!("{title}, which --fix leaves to you") } else { title })
}

fn examine(
    loaded: Result<Loaded, ReadError>,
    options: &mut impl FnMut(&Path) -> Options,
    environment: &Environment,
    fix: bool,
) -> Checked {
    let file = match loaded {
        Ok(file) => file,
        Err(error) => {
            let path = error.path.display().to_string();
            let (fixed, unfixed, secrets) = (Vec::new(), None, Secrets::default());
            return Checked { path, result: Err(error), fixed, unfixed, secrets };
        }
    };
    let mut analysis = analyse(&file.path, &file.text, options(&file.path), environment);
    // What was fixed may have been one.
    let secrets =
        environment.clone().hiding(&analysis, directory_of(&file.path).unwrap_or(Path::new(""))).secrets();
    let (mut fixed, mut unfixed) = (Vec::new(), None);
    let fixed_file = match fix {
        true if file.is_stdin => Err("standard input cannot be fixed: name a file".to_owned()),
        true => fix::fix(&file, &analysis),
        false => Ok(None),
    };
    match fixed_file {
        Ok(Some(Fixed { done, analysis: left })) => {
            // What was fixed may lead to other parts of the world.
            analysis = analyse(&file.path, &left.parsed.text, left.parsed.options, environment);
            fixed = done.into_iter().map(|(code, title)| (code, secrets.mask(&title).into_owned())).collect();
        }
        Ok(None) => {}
        Err(error) => unfixed = Some(error),
    }
    Checked { path: file.path.display().to_string(), result: Ok(analysis), fixed, unfixed, secrets }
}

/// Settings that a project does not have are as much of a mistake as what is found.
fn exit_code(checked: &[Checked], projects: &[ProjectFile], written: io::Result<()>) -> ExitCode {
    let severe = |found: &Diagnostic| found.severity <= Severity::Warning;
    if let Err(problem) = terminal::written(written) {
        terminal::error(format_args!("{problem}"));
        UNUSABLE.into()
    } else if checked.iter().any(|checked| checked.result.is_err() || checked.unfixed.is_some()) {
        UNUSABLE.into()
    } else if !projects.is_empty() || checked.iter().flat_map(Checked::diagnostics).any(severe) {
        FOUND.into()
    } else {
        ExitCode::SUCCESS
    }
}

impl Checked {
    fn diagnostics(&self) -> &[Diagnostic] {
        self.result.as_ref().map_or(&[], |analysis| &analysis.diagnostics)
    }
}

fn human(checked: &[Checked], projects: &[ProjectFile], fix: bool, colors: bool) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for Checked { path, result, fixed, secrets, .. } in checked {
        let Ok(analysis) = result else { continue };
        let shown = printable(path);
        for (code, title) in fixed {
            writeln!(out, "{shown}: fixed {code}: {}", printable(&lower_first(title)))?;
        }
        if !(fixed.is_empty() || analysis.diagnostics.is_empty()) {
            writeln!(out)?;
        }
        let excerpts = Excerpts::new(&shown, analysis, secrets, colors);
        for found in &analysis.diagnostics {
            let fixes = found.fixes.iter().map(|fix| fix.title.clone());
            let elsewhere = elsewhere(Path::new(path), analysis, found, fix);
            let titles: Vec<String> = fixes.chain(elsewhere).collect();
            writeln!(out, "{}\n", excerpts.render(found, &titles).trim_end())?;
        }
    }
    for problem in projects.iter().flat_map(ProjectFile::problems) {
        writeln!(out, "{}: {}\n", Paint(colors).red(&format!("error[{SETTING}]")), printable(&problem))?;
    }
    if checked.iter().all(|checked| checked.result.is_err()) {
        return Ok(());
    }
    writeln!(out, "{}", summary(checked, projects, Paint(colors)))?;
    let left = checked.iter().flat_map(Checked::diagnostics).filter(|found| !found.fixes.is_empty()).count();
    if fix && left > 0 {
        let those = if left == 1 { "1 finding has a fix" } else { &format!("{left} findings have fixes") };
        writeln!(
            out,
            "{those} for you to choose, as what runs would change: see `help:` above; an editor applies it as a quick fix"
        )?;
    }
    Ok(())
}

/// "1 error, 2 warnings in 1 file", "1 error, 2 warnings; 12 files, 2 with findings"
fn summary(checked: &[Checked], projects: &[ProjectFile], paint: Paint) -> String {
    let count = |severity| {
        let all = checked.iter().flat_map(Checked::diagnostics);
        let wrong = projects.iter().map(|project| project.problems().len()).sum::<usize>();
        all.filter(|found| found.severity == severity).count()
            + if severity == Severity::Error { wrong } else { 0 }
    };
    let severities = [Severity::Error, Severity::Warning, Severity::Information, Severity::Hint];
    let counts = severities.map(|severity| (severity, count(severity)));
    let counts: Vec<String> = counts
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(severity, count)| {
            let text = format!("{count} {}{}", severity.name(), if count == 1 { "" } else { "s" });
            match severity {
                Severity::Error => paint.red(&text),
                Severity::Warning => paint.yellow(&text),
                _ => text,
            }
        })
        .collect();
    let read = checked.iter().filter(|checked| checked.result.is_ok()).count() + projects.len();
    let with = checked.iter().filter(|it| !it.diagnostics().is_empty()).count() + projects.len();
    let unread = match checked.iter().filter(|checked| checked.result.is_err()).count() {
        0 => String::new(),
        unread => format!(", {unread} not read"),
    };
    match (counts.as_slice(), read) {
        ([], 1) => format!("nothing to report in 1 file{unread}"),
        ([], _) => format!("nothing to report in {read} files{unread}"),
        (counts, 1) => format!("{} in 1 file{unread}", counts.join(", ")),
        (counts, _) => format!("{}; {read} files, {with} with findings{unread}", counts.join(", ")),
    }
}

/// The whole answer of `--format json`.
#[derive(Serialize)]
struct Report<'a> {
    files: Vec<FileReport<'a>>,
}

#[derive(Serialize)]
struct FileReport<'a> {
    path: &'a str,
    /// Why the file has no text, or was not fixed.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    /// What was fixed; the diagnostics are what is left.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fixed: Vec<FixedReport<'a>>,
    diagnostics: Vec<Finding<'a>>,
}

#[derive(Serialize)]
struct FixedReport<'a> {
    code: &'static str,
    title: &'a str,
}

#[derive(Serialize)]
struct Finding<'a> {
    code: &'static str,
    severity: &'static str,
    message: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<Cow<'a, str>>,
    range: Place,
    related: Vec<RelatedPlace<'a>>,
    fixes: Vec<FixReport>,
}

#[derive(Serialize)]
struct RelatedPlace<'a> {
    message: Cow<'a, str>,
    range: Place,
}

#[derive(Serialize)]
struct FixReport {
    title: String,
    preferred: bool,
    edits: Vec<EditReport>,
}

#[derive(Serialize)]
struct EditReport {
    range: Place,
    text: String,
}

#[derive(Serialize)]
struct Place {
    start: Point,
    end: Point,
}

/// Line and column count from 1, the column in characters; the offset counts bytes from 0.
#[derive(Serialize)]
struct Point {
    line: usize,
    column: usize,
    offset: usize,
}

fn json(checked: &[Checked], projects: &[ProjectFile]) -> io::Result<()> {
    let paths: Vec<String> = projects.iter().map(|project| project.path.display().to_string()).collect();
    let projects = paths.iter().zip(projects).map(|(path, project)| settings_report(path, project));
    let files = checked.iter().map(file_report).chain(projects).collect();
    let mut out = io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, &Report { files })?;
    writeln!(out)
}

fn file_report(checked: &Checked) -> FileReport<'_> {
    let error = checked.result.as_ref().err().map(|error| error.problem.as_str());
    let diagnostics = match &checked.result {
        Ok(analysis) => {
            let places = Places { text: &analysis.parsed.text, lines: LineIndex::new(&analysis.parsed.text) };
            analysis.diagnostics.iter().map(|found| finding(&places, found, &checked.secrets)).collect()
        }
        Err(_) => Vec::new(),
    };
    let error = error.or(checked.unfixed.as_deref());
    let fixed = checked.fixed.iter().map(|(code, title)| FixedReport { code: code.name(), title }).collect();
    FileReport { path: &checked.path, error, fixed, diagnostics }
}

/// A project's settings, as far as they are wrong.
fn settings_report<'a>(path: &'a str, file: &'a ProjectFile) -> FileReport<'a> {
    let places = Places { text: &file.text, lines: LineIndex::new(&file.text) };
    let wrong = |problem: &'a Problem| {
        let range = || places.place(problem.range);
        let fix = |text: &String| FixReport {
            title: format!("Change to `{text}`"),
            preferred: true,
            edits: vec![EditReport { range: range(), text: text.clone() }],
        };
        Finding {
            code: SETTING,
            severity: Severity::Error.name(),
            message: Cow::Borrowed(&problem.message),
            note: None,
            range: range(),
            related: Vec::new(),
            fixes: problem.suggestion.iter().map(fix).collect(),
        }
    };
    let diagnostics = file.project.problems.iter().map(wrong).collect();
    FileReport { path, error: file.unreadable.as_deref(), fixed: Vec::new(), diagnostics }
}

fn finding<'a>(places: &Places<'_>, found: &'a Diagnostic, secrets: &Secrets) -> Finding<'a> {
    let edit = |edit: &TextEdit| EditReport { range: places.place(edit.range), text: edit.text.clone() };
    Finding {
        code: found.code.name(),
        severity: found.severity.name(),
        message: secrets.mask(&found.message),
        note: found.note.as_deref().map(|note| secrets.mask(note)),
        range: places.place(found.range),
        related: found
            .related
            .iter()
            .map(|related| RelatedPlace {
                message: secrets.mask(&related.message),
                range: places.place(related.range),
            })
            .collect(),
        fixes: found
            .fixes
            .iter()
            .map(|fix| FixReport {
                title: secrets.mask(&fix.title).into_owned(),
                preferred: fix.preferred,
                edits: fix.edits.iter().map(edit).collect(),
            })
            .collect(),
    }
}

/// Offsets of a text as places.
struct Places<'a> {
    text: &'a str,
    lines: LineIndex,
}

impl Places<'_> {
    fn place(&self, range: TextRange) -> Place {
        Place { start: self.point(range.start().into()), end: self.point(range.end().into()) }
    }

    fn point(&self, offset: usize) -> Point {
        let (line, column) = line_and_column(self.text, &self.lines, offset);
        Point { line, column, offset }
    }
}
