//! `draft-tasks export`: phases as what other tools run, on standard output.
//!
//! Must not run or contact anything, and must not write a part of an export that is refused.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Args;
use draft_tasks_analysis::phase::Phase;

use super::cluster::Cluster;
use super::paths::FileOption;
use super::prepare::Prepared;
use super::terminal;
use super::variables::VariableOptions;
use super::{FOUND, SemanticOptions, UNUSABLE};
use crate::export::container::VariableSource;
use crate::export::{EXPOSES, ExportTarget, Exported, ExposedTask, HandedPhase, Handover};
use crate::settings::audience::Audience;

const EXIT_CODES: &str = "\
Exit codes:
  0  it is written
  1  with --strict: it is written, and something of the plan is not in it
  2  nothing is written: the command line is wrong, the file cannot be used, a phase cannot run, or a secret stands in it";

#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct ExportArguments {
    /// What it becomes
    #[arg(value_enum)]
    target: ExportTarget,
    /// pre-up, post-deploy, post-up or cleanup; without it all that have tasks
    #[arg(value_name = "PHASE")]
    phases: Vec<String>,
    #[command(flatten)]
    file: FileOption,
    /// Exit with 1 where something of the plan is not in what is written, as the target cannot express it
    #[arg(long)]
    strict: bool,
    /// The image in which the tasks run; of helm-hook it may be a template, as in '{{ .Values.image }}'
    #[arg(long, value_name = "IMAGE")]
    image: Option<String>,
    /// Where the cluster has variables: secret/NAME or configmap/NAME, for one variable alone VARIABLE=secret/NAME; may be
    /// given several times
    #[arg(long, value_name = "OBJECT")]
    env_from: Vec<VariableSource>,
    #[command(flatten)]
    variables: VariableOptions,
    #[command(flatten)]
    meaning: SemanticOptions,
}

/// Writes what is wanted.
pub(super) fn export(arguments: &ExportArguments) -> ExitCode {
    let done = exported(arguments).and_then(|exported| {
        terminal::written(io::stdout().lock().write_all(exported.text.as_bytes())).map(|()| exported)
    });
    match done {
        Ok(Exported { unexpressed, .. }) => {
            unexpressed.iter().for_each(|what| terminal::warning(format_args!("not in it: {what}")));
            if arguments.strict && !unexpressed.is_empty() { FOUND.into() } else { ExitCode::SUCCESS }
        }
        Err(problem) => {
            terminal::error(format_args!("{problem}"));
            UNUSABLE.into()
        }
    }
}

fn exported(arguments: &ExportArguments) -> Result<Exported, String> {
    let file = arguments.file.find().map_err(|error| error.to_string())?;
    let settings = arguments.variables.settings().map_err(|error| error.to_string())?;
    let given = settings.env.clone();
    let cluster = Cluster::default();
    let prepared = Prepared::load(file, arguments.meaning, settings, &cluster)?;
    arguments.variables.warn(prepared.environment());
    let phases = phases(arguments, &prepared)?;
    refuse_secrets(&prepared, &phases)?;
    let environment = prepared.environment();
    if let Some(name) = given.keys().find(|name| environment.shown(name) != environment.get(name)) {
        return Err(format!(
            "--env {name}: its value looks secret, and is not written into what is exported\n  leave it out, and the export refers to it; or give --public {name}"
        ));
    }
    let file = prepared.file.clone();
    let (limits, grace) = (prepared.limits(), prepared.grace_period());
    let handover = Handover { file, phases, limits, grace, given };
    let ExportArguments { target, image, env_from, .. } = arguments;
    target.write(&handover, image.as_deref(), env_from, Audience::CommandLine)
}

fn phases(arguments: &ExportArguments, prepared: &Prepared<'_>) -> Result<Vec<HandedPhase>, String> {
    let mut named: Vec<Phase> = Vec::new();
    for name in &arguments.phases {
        let phase = prepared.phase(name)?;
        if named.contains(&phase) {
            return Err(format!("`{phase}` is named twice"));
        }
        named.push(phase);
    }
    if named.is_empty() {
        named.extend(Phase::ALL.into_iter().filter(|phase| !prepared.has_none(*phase)));
    }
    // The plan says that there is none.
    let named = if named.is_empty() { vec![Phase::PreUp] } else { named };
    named.into_iter().map(|phase| prepared.handed(phase)).collect()
}

/// Fails where a secret would be written.
fn refuse_secrets(prepared: &Prepared<'_>, phases: &[HandedPhase]) -> Result<(), String> {
    let exposed: Vec<ExposedTask> = phases.iter().flat_map(|phase| prepared.exposed(phase)).collect();
    let Some(first) = exposed.first() else { return Ok(()) };
    let file = prepared.file.file_name().unwrap_or_default().display();
    let secrets = prepared.secrets();
    let places: Vec<String> =
        exposed.iter().map(|task| format!("{file}:{}: {}", task.line, task.describe(&secrets))).collect();
    let way_out = first.way_out(Audience::CommandLine);
    Err(format!("{EXPOSES}\n  {}\n  {way_out}", places.join("\n  ")))
}
