//! `draft-tasks doctor`: walks the chain from the tasks file to the containers, and shows where it breaks.
//!
//! Must not decide what a link says.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::printable::printable;
use draft_tasks_executor::Problem;
use serde_json::json;

use super::cluster::PodOptions;
use super::paths::{FileOption, Loaded, TasksFile};
use super::terminal::{self, Paint};
use super::variables::ValueOptions;
use super::{ColorOptions, FOUND, UNUSABLE, check};
use crate::doctor::{self, DoctorRequest, Link, State};
use crate::lines::{LineIndex, line_and_column};
use crate::plan_refusal::{self, PlanRefusal};
use crate::settings::Layer;
use crate::settings::audience::Audience;
use crate::source::{self, FileKind};
use crate::world::environment::Environment;

#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct DoctorArguments {
    #[command(flatten)]
    file: FileOption,
    #[command(flatten)]
    meant: PodOptions,
    #[command(flatten)]
    variables: ValueOptions,
    /// How it is told
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    look: ColorOptions,
}

const EXIT_CODES: &str = "\
Exit codes:
  0    post-deploy tasks can run
  1    something on the way to the pods is broken
  2    the command line is wrong, or a file of variables cannot be read
  130  it was stopped";

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// for people
    #[default]
    Human,
    /// for programs: one JSON document with `ok` and `links`
    Json,
}

/// Shows the chain; the exit code tells whether it holds.
pub(super) fn doctor(arguments: &DoctorArguments) -> ExitCode {
    let links = match wanted(arguments)
        .and_then(|wanted| walk(&wanted, arguments.format).map_err(|error| error.to_string()))
    {
        Ok(links) => links,
        Err(problem) => {
            terminal::error(format_args!("{problem}"));
            return UNUSABLE.into();
        }
    };
    let written = match arguments.format {
        Format::Human => write(&links, Paint(terminal::colors(arguments.look.color(), &io::stdout()))),
        Format::Json => write_json(&links),
    };
    match terminal::written(written) {
        Ok(()) if doctor::first_broken(&links).is_none() => ExitCode::SUCCESS,
        Ok(()) => FOUND.into(),
        Err(problem) => {
            terminal::error(format_args!("{problem}"));
            UNUSABLE.into()
        }
    }
}

fn wanted(arguments: &DoctorArguments) -> Result<DoctorRequest, String> {
    let run = arguments.variables.settings().map_err(|error| error.to_string())?;
    let loaded = arguments.file.find().and_then(TasksFile::load);
    let loaded = loaded.map_err(|error| {
        let said = error.to_string();
        let mut lines = said.lines().map(str::trim_start);
        let problem = Problem::new(lines.next().unwrap_or_default());
        lines.fold(problem, Problem::help)
    });
    let loaded = loaded.and_then(|loaded| match FileKind::of_path(&loaded.path) {
        Some(FileKind::Pack) => Err(Problem::new("a pack's tasks are a template and do not run")),
        _ => Ok(loaded),
    });
    let named = arguments.file.file.as_deref().unwrap_or(Path::new(""));
    let file = loaded.as_ref().map_or_else(|_| named.join("draft-tasks"), |it| it.path.clone());
    let file = source::absolute(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    let directory = file.parent().unwrap_or(Path::new("")).to_owned();
    let (config, project) = super::settings_and_files(&file, &Layer::default());
    let loaded = match super::refusal_of(&project) {
        Some(wrong) => loaded.and(Err(wrong)),
        None => loaded,
    };
    let environment = Environment::of_process().with(&run, &directory)?;
    arguments.variables.warn(&environment);
    let tasks = loaded.and_then(|Loaded { path, text, .. }| {
        let analysis = check::analyse(&path, &text, &config, &environment);
        let count = plan_refusal::runnable(&analysis, Phase::PostDeploy, &|name| environment.get(name));
        let count = count.map_err(|PlanRefusal { range, message, help }| {
            let place =
                range.map(|range| line_and_column(&text, &LineIndex::new(&text), range.start().into()));
            let place = place.map(|(line, column)| format!(":{line}:{column}")).unwrap_or_default();
            help.into_iter()
                .fold(Problem::new(format!("{}{place}: {message}", path.display())), Problem::help)
        })?;
        Ok((file.clone(), count))
    });
    let settings = arguments.meant.settings(&config.kubernetes);
    let name = arguments.meant.environment.clone();
    Ok(DoctorRequest { directory, tasks, environment, name, settings, audience: Audience::CommandLine })
}

fn walk(wanted: &DoctorRequest, format: Format) -> io::Result<Vec<Link>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let say = |said: String| match format {
        Format::Human => terminal::remark(format_args!("{said}")),
        Format::Json => {}
    };
    Ok(runtime.block_on(doctor::walk(wanted, say)))
}

fn write(links: &[Link], paint: Paint) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for link in links {
        let sign = link.state.sign();
        let found = printable(&link.found);
        match link.state {
            State::Holds => writeln!(out, "{} {:<13} {found}", paint.green(sign), link.name)?,
            State::Broken => writeln!(out, "{} {:<13} {}", paint.red(sign), link.name, paint.red(&found))?,
            State::Open => writeln!(out, "{}", paint.dim(&format!("{sign} {:<13} {found}", link.name)))?,
        }
        for line in link.details.iter().chain(&link.help) {
            writeln!(out, "    {}", printable(line))?;
        }
    }
    match doctor::first_broken(links) {
        None => writeln!(out, "\npost-deploy tasks can run")?,
        Some(broken) => writeln!(out, "\nbroken first: {}", broken.name)?,
    }
    out.flush()
}

fn write_json(links: &[Link]) -> io::Result<()> {
    let broken = doctor::first_broken(links);
    let document = json!({ "ok": broken.is_none(), "broken": broken.map(|link| link.name), "links": links });
    writeln!(io::stdout(), "{document}")
}
