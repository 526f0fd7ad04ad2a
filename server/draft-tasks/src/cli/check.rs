//! `draft-tasks check`: tells what is wrong with tasks files and the settings that hold for them.
//!
//! Must not change them, unless it is told to fix them.

use std::collections::{BTreeSet, HashMap};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::rc::Rc;

use clap::{Args, ValueEnum};
use draft_tasks_analysis::diagnostic::{DiagnosticCode, Severity};
use draft_tasks_analysis::facts::FactsWanted;
use draft_tasks_analysis::file_names::DRAFT_TOML;
use draft_tasks_analysis::level::Level;
use draft_tasks_analysis::task_variable::TaskVariable;
use draft_tasks_analysis::{Analysis, Parsed};
use draft_tasks_executor::mask::Secrets;

use self::finding::{CheckedFile, Finding};
use self::human::Manner;
use super::fix::{self, FixOutcome, Fixed};
use super::paths::Loaded;
use super::several::{Paths, Purpose};
use super::terminal::{self, Paint};
use super::{ColorOptions, FOUND, SemanticOptions, UNUSABLE, diff, several};
use crate::settings::audience::Audience;
use crate::settings::project::{ProjectFile, ProjectFiles, TasksBelow};
use crate::settings::{Config, Layer, Named};
use crate::source::{self, FileKind};
use crate::world::application::ApplicationLookup;
use crate::world::environment::Environment;
use crate::world::facts;

mod excerpt;
mod finding;
mod fingerprint;
mod github;
mod gitlab;
mod human;
mod json;
mod rule_list;
mod sarif;

#[derive(Debug, Args)]
pub(super) struct CheckArguments {
    #[command(flatten)]
    paths: Paths,
    /// Apply all fixes after which the same programs run with the same arguments, and tell what is left to decide
    #[arg(long)]
    fix: bool,
    /// Show what --fix would change in the same files, and write nothing; the exit code is 1 if something would
    #[arg(long, conflicts_with = "format")]
    diff: bool,
    /// Give a diagnostic another level (error, warning, information, hint or off); may be given several times
    #[arg(long = "rule", value_name = "CODE=LEVEL", value_parser = rule)]
    rules: Vec<Rule>,
    /// Neither show nor count findings below this severity
    #[arg(long, value_name = "SEVERITY", value_enum, default_value_t)]
    min_severity: LeastSeverity,
    /// Show the findings and nothing else
    #[arg(long, short)]
    quiet: bool,
    /// Show all that can be found, with its severity, and check nothing
    #[arg(long)]
    list_rules: bool,
    /// How findings are written; without it `github` where GITHUB_ACTIONS is `true`, else `human`
    #[arg(long, value_enum)]
    format: Option<Format>,
    #[command(flatten)]
    meaning: SemanticOptions,
    #[command(flatten)]
    look: ColorOptions,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// for people, with the lines that findings are about
    Human,
    /// a line for each finding, as compilers write it
    Short,
    /// for programs: one JSON document
    Json,
    /// annotations of GitHub Actions
    Github,
    /// SARIF 2.1.0, which code scanning takes
    Sarif,
    /// the report of GitLab's code quality
    Gitlab,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum LeastSeverity {
    Error,
    Warning,
    #[value(alias = "info")]
    Information,
    #[default]
    Hint,
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
    // Findings are told by the shorter word.
    let level = if level == "info" { "information" } else { level };
    let level = <Named<Level> as ValueEnum>::from_str(level, false).map_err(|_| {
        format!("there is no level `{level}`: expected error, warning, information, hint or off")
    })?;
    match DiagnosticCode::from_name(code) {
        Some(code) if code.has_free_level() => Ok(Rule { code, level }),
        Some(_) => Err(format!("`{code}` keeps its level: what is not TOML is not read at all")),
        None => Err(match DiagnosticCode::near(code) {
            Some(near) => format!("there is no diagnostic `{code}`; did you mean `{near}`?"),
            None => format!("there is no diagnostic `{code}`; `draft-tasks check --list-rules` shows all"),
        }),
    }
}

/// Checks all files; findings of `error` and `warning` make the exit code 1, what cannot be read or fixed makes it 2.
pub(super) fn check(arguments: &CheckArguments) -> ExitCode {
    let done = match arguments {
        CheckArguments { list_rules: true, .. } => arguments.list_rules().map(|()| ExitCode::SUCCESS),
        _ => arguments.check(),
    };
    done.unwrap_or_else(|problem| {
        terminal::error(format_args!("{problem}"));
        UNUSABLE.into()
    })
}

impl CheckArguments {
    fn format(&self) -> Format {
        let is_action = || std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true");
        self.format.unwrap_or_else(|| if is_action() { Format::Github } else { Format::Human })
    }

    fn manner(&self) -> Manner {
        let paint = Paint(terminal::colors(self.look.color(), &io::stdout()));
        let has_help = self.format() == Format::Human;
        Manner { is_quiet: self.quiet, is_fixed: self.fix, has_help, paint }
    }

    fn treatment(&self) -> Treatment {
        match (self.diff, self.fix) {
            (true, _) => Treatment::Preview,
            (false, true) => Treatment::Fix,
            (false, false) => Treatment::Look,
        }
    }

    fn list_rules(&self) -> Result<(), String> {
        terminal::written(if self.format == Some(Format::Json) {
            rule_list::write_json()
        } else {
            rule_list::write()
        })
    }

    fn check(&self) -> Result<ExitCode, String> {
        if self.treatment() == Treatment::Fix && self.paths.have_stdin() {
            return Err(
                "standard input cannot be fixed, as --fix writes files: name a file, or give --diff too"
                    .into(),
            );
        }
        let mut checked = Checker::of(self).check(&self.paths, self.treatment());
        let least = match self.min_severity {
            LeastSeverity::Error => Severity::Error,
            LeastSeverity::Warning => Severity::Warning,
            LeastSeverity::Information => Severity::Information,
            LeastSeverity::Hint => Severity::Hint,
        };
        checked.iter_mut().for_each(|file| file.findings.retain(|found| found.severity <= least));
        let written = match self.format() {
            _ if self.diff => self.write_diffs(&checked),
            Format::Human => human::write_excerpts(&checked, self.manner()),
            Format::Short => human::write_lines(&checked, self.manner()),
            Format::Json => json::write(&checked),
            Format::Github => github::write(&checked, self.manner()),
            Format::Sarif => sarif::write(&checked),
            Format::Gitlab => gitlab::write(&checked),
        };
        for file in &checked {
            let tell = |error| terminal::error(format_args!("{}: {error}", file.path.display()));
            file.error.iter().for_each(tell);
        }
        terminal::written(written)?;
        let is_severe = |found: &Finding| found.severity <= Severity::Warning;
        let is_found = |file: &CheckedFile| {
            if self.diff { file.diff.is_some() } else { file.findings.iter().any(is_severe) }
        };
        Ok(match checked.iter().any(|file| file.error.is_some()) {
            true => UNUSABLE.into(),
            false if checked.iter().any(is_found) => FOUND.into(),
            false => ExitCode::SUCCESS,
        })
    }

    /// Shows what `--fix` would change.
    fn write_diffs(&self, checked: &[CheckedFile]) -> io::Result<()> {
        let changed = || checked.iter().filter(|file| file.diff.is_some());
        checked
            .iter()
            .filter_map(|file| file.diff.as_ref())
            .try_for_each(|diff| io::stdout().write_all(diff.as_bytes()))?;
        if !self.quiet {
            tell_left(changed().next().is_some(), checked.iter().map(|file| file.findings.len()).sum());
        }
        if changed().any(|file| self.paths.leave_out_unnamed(&file.path)) {
            several::tell_unnamed("check --fix");
        }
        Ok(())
    }
}

/// What `--fix` would leave: who sees no change is not to take that for no finding.
fn tell_left(is_found: bool, left: usize) {
    let left = match left {
        0 => "nothing would be left to decide".to_owned(),
        1 => "1 finding is left, which `draft-tasks check` shows".to_owned(),
        left => format!("{left} findings are left, which `draft-tasks check` shows"),
    };
    let changes = if is_found { "" } else { "--fix would change nothing; " };
    terminal::remark(format_args!("{changes}{left}"));
}

/// What is done with what can be fixed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Treatment {
    Look,
    /// It is shown what would become of it.
    Preview,
    Fix,
}

/// What is known while files are checked.
struct Checker {
    /// The settings of the command line.
    given: Layer,
    environment: Environment,
    /// What files of a directory are read with.
    configs: HashMap<PathBuf, Rc<Config>>,
    /// The files of settings that were met.
    projects: Vec<ProjectFile>,
    /// The `draft.toml` that were met in which something is wrong.
    drafts: Vec<CheckedFile>,
    paint: Paint,
    /// What was said of those that are not used.
    unused: BTreeSet<String>,
}

impl Checker {
    fn of(arguments: &CheckArguments) -> Checker {
        let mut given = arguments.meaning.settings();
        for Rule { code, level } in &arguments.rules {
            // Both exist.
            let _ = given.set(&["rules", code.name()], serde_json::json!(level));
        }
        Checker {
            given,
            environment: Environment::of_process(),
            configs: HashMap::new(),
            projects: Vec::new(),
            drafts: Vec::new(),
            paint: arguments.manner().paint,
            unused: BTreeSet::new(),
        }
    }

    fn check(mut self, paths: &Paths, treatment: Treatment) -> Vec<CheckedFile> {
        let files = paths.load(if treatment == Treatment::Fix { Purpose::Change } else { Purpose::Look });
        let mut checked: Vec<CheckedFile> = files
            .map(|loaded| match loaded {
                Ok(file) => self.examine(file, treatment),
                Err(error) => CheckedFile::unreadable(error),
            })
            .collect();
        self.projects
            .sort_by(|one, other| (&one.path, !one.is_wrong()).cmp(&(&other.path, !other.is_wrong())));
        self.projects.dedup_by(|one, other| one.path == other.path);
        if paths.are_all_below() {
            self.note_missing(&checked);
        }
        self.projects.retain(|file| file.is_wrong() || !file.project.notes.is_empty());
        self.projects.sort_by(|one, other| one.path.cmp(&other.path));
        self.projects.dedup_by(|one, other| source::is_same(&one.path, &other.path));
        checked.extend(self.projects.into_iter().map(CheckedFile::of_settings));
        self.drafts.dedup_by(|one, other| source::is_same(&one.path, &other.path));
        checked.append(&mut self.drafts);
        checked
    }

    /// Notes what settings name that no file below them has. Of those above the present folder not all are known.
    fn note_missing(&mut self, checked: &[CheckedFile]) {
        let here = source::canonical(Path::new("."));
        fn text(it: &CheckedFile) -> Option<&str> {
            it.is_read().then_some(it.text.as_str())
        }
        let is_below = |file: &&mut ProjectFile| source::canonical(&file.path).starts_with(&here);
        let naming = self.projects.iter_mut().filter(|file| file.names_tasks()).filter(is_below);
        let mut naming = naming.peekable();
        if naming.peek().is_none() {
            return;
        }
        let all: Vec<_> = checked.iter().map(|it| TasksBelow::of(&it.path, text(it))).collect();
        for project in naming {
            project.note_missing(&all);
        }
    }

    /// Has the settings of a file read, once for all files of its directory.
    fn config(&mut self, file: &Path) -> Rc<Config> {
        let directory = file.parent().map(Path::to_owned).unwrap_or_default();
        if let Some(known) = self.configs.get(&directory) {
            return known.clone();
        }
        if FileKind::of_path(file) != Some(FileKind::Pack) {
            self.drafts.extend(CheckedFile::of_draft_toml(directory.join(DRAFT_TOML)));
        }
        let project = ProjectFiles::load(&directory).checked(&directory);
        let config = Rc::new(Config::of(&[&project.settings(), &self.given]));
        if let Some(said) = project.unused.map(|it| it.why).filter(|said| self.unused.insert(said.clone())) {
            terminal::warning(format_args!("{said}"));
        }
        self.projects.extend(project.files);
        self.configs.insert(directory, config.clone());
        config
    }

    /// What is found in a file, and what is not shown of it.
    fn analyse(&mut self, file: &Loaded) -> (Analysis, Secrets) {
        let analysis = analyse(&file.path, &file.text, &self.config(&file.path), &self.environment);
        let secrets = self.environment.clone().hiding(&analysis).secrets();
        (analysis, secrets)
    }

    fn examine(&mut self, file: Loaded, treatment: Treatment) -> CheckedFile {
        // What was fixed may have been a secret.
        let (mut analysis, secrets) = self.analyse(&file);
        let (mut fixed, mut error, mut is_kept, mut diff) = (Vec::new(), None, false, None);
        let outcome = match treatment {
            Treatment::Look => Ok(FixOutcome::Nothing),
            Treatment::Preview => Ok(fix::preview(&file, &analysis)),
            Treatment::Fix => fix::fix(&file, &analysis),
        };
        match outcome {
            Ok(FixOutcome::Fixed(after)) => {
                let Fixed { done, analysis: left } = *after;
                if treatment == Treatment::Preview {
                    let texts = [&*file.text, &*left.parsed.text];
                    diff = Some(diff::unified(&file.path, texts, &secrets, self.paint));
                }
                // What was fixed may lead to other parts of the world.
                analysis =
                    analyse(&file.path, &left.parsed.text, &self.config(&file.path), &self.environment);
                let masked = |title: &String| secrets.mask(title).into_owned();
                fixed = done.iter().map(|(code, title)| (code.name(), masked(title))).collect();
            }
            Ok(FixOutcome::Nothing) => {}
            Ok(FixOutcome::Kept) => is_kept = true,
            Err(problem) => {
                is_kept = true;
                error = Some(problem);
            }
        }
        CheckedFile { fixed, error, is_kept, diff, ..CheckedFile::of_tasks(file.path, &analysis, secrets) }
    }
}

/// The analysis of a file with what is known of the world around it; of a pack, which is a template, there is no world.
pub(super) fn analyse(path: &Path, text: &str, config: &Config, environment: &Environment) -> Analysis {
    if FileKind::of_path(path) == Some(FileKind::Pack) {
        return Analysis::new(text, config.options());
    }
    let parsed = Parsed::new(text, config.options());
    // Few files want more to be read for it.
    let told = directory_of(path).filter(|_| TaskVariable::is_wanted(&parsed)).map(|directory| {
        ApplicationLookup::by(config, directory, environment, Audience::CommandLine).telling()
    });
    judge(path, parsed, told.as_ref().unwrap_or(environment))
}

/// The analysis of a text that was read, in an environment that has what tasks are told.
pub(super) fn judge(path: &Path, parsed: Parsed, environment: &Environment) -> Analysis {
    let facts = facts::gather(directory_of(path), environment, &FactsWanted::of(&parsed)).into();
    Analysis::judge(Parsed { facts, ..parsed })
}

fn directory_of(path: &Path) -> Option<&Path> {
    path.parent().map(|parent| if parent == Path::new("") { Path::new(".") } else { parent })
}
