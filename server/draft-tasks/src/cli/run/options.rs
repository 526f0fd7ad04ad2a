//! The options of everything that runs tasks, and what follows from them.
//!
//! Must not run anything.

use std::io::{self, Write as _};
use std::path::Path;

use clap::Args;
use draft_tasks_executor::record::Records;
use draft_tasks_executor::record::schema::GivenEntry;
use draft_tasks_executor::{OnFailure, OutcomeName, describe_duration, halt};
use tokio::time::Instant;

use crate::cli::cluster::Cluster;
use crate::cli::execute::{Format, Presentation};
use crate::cli::junit::{self, Suite};
use crate::cli::paths::{FileOption, TasksFile};
use crate::cli::prepare::{Prepared, Told};
use crate::cli::report::Amount;
use crate::cli::terminal::{self, Paint};
use crate::cli::variables::VariableOptions;
use crate::cli::{ColorOptions, SemanticOptions};
use crate::settings::Named;
use crate::settings::choice::Choice;
use crate::settings::run::{Limit, Patience, RunSettings};

/// The options of everything that runs tasks.
#[derive(Debug, Args)]
pub(in crate::cli) struct Options {
    #[command(flatten)]
    pub(in crate::cli) file: FileOption,
    /// What happens after a task failed; without it as the project says, else `continue` for cleanup and `stop` for the
    /// others
    #[arg(long, value_enum, conflicts_with_all = ["keep_going", "fail_fast"])]
    on_failure: Option<Named<OnFailure>>,
    /// Go on after a task has failed, as with `--on-failure continue`
    #[arg(long, conflicts_with = "fail_fast")]
    keep_going: bool,
    /// Stop after a task has failed, as with `--on-failure stop`
    #[arg(long)]
    fail_fast: bool,
    /// Show what would run, and run nothing; the exit code is 0 also where it would be asked, or pods are not known, so that the
    /// run itself might be refused: both are said
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,
    /// End a task that takes longer, and count it as failed: `90s`, `5m`, `1h 30m`, or a number of seconds; the
    /// command of `up` and `delete` is not ended by it
    #[arg(long, value_name = "TIME")]
    timeout: Option<Limit>,
    /// How long everything may take, in the same form; of `up` and `delete` all steps together, their command and the
    /// waiting for pods too
    #[arg(long, value_name = "TIME")]
    total_timeout: Option<Limit>,
    /// How long what is stopped, by Ctrl-C or a limit, has to end before it is killed; 0 kills at once; without it as the
    /// project says, else 10s, and 30s for the command of `up` and `delete`
    #[arg(long, value_name = "TIME")]
    grace_period: Option<Patience>,
    #[command(flatten)]
    pub(in crate::cli) cluster: Cluster,
    #[command(flatten)]
    variables: VariableOptions,
    /// Show only tasks that failed, and the summary
    #[arg(long, short)]
    pub(in crate::cli) quiet: bool,
    /// How the run is told
    #[arg(long, value_enum, default_value_t)]
    pub(in crate::cli) format: Format,
    /// Run nothing where `check` has errors or warnings about the tasks that would run
    #[arg(long)]
    pub(in crate::cli) strict: bool,
    /// Where the phase is running already for this file, wait for its end instead of refusing; `up`, `delete` and `cleanup`
    /// wait for all phases and one another, phases wait for them, and `rerun` waits for the end of the run that it runs again
    #[arg(long)]
    pub(in crate::cli) wait: bool,
    /// Keep no record of this run
    #[arg(long)]
    no_record: bool,
    /// How many records are kept of this tasks file, this one with them; without it DRAFT_TASKS_KEEP, else 50
    #[arg(long, value_name = "COUNT", conflicts_with = "no_record")]
    keep: Option<usize>,
    /// How many MiB are kept at most of what the tasks of this run write; without it DRAFT_TASKS_KEEP_MIB, else 32
    #[arg(long, value_name = "MIB")]
    keep_mib: Option<u32>,
    #[command(flatten)]
    pub(in crate::cli) meaning: SemanticOptions,
    #[command(flatten)]
    pub(in crate::cli) look: ColorOptions,
}

impl Options {
    /// The settings that these options are.
    pub(in crate::cli) fn settings(&self) -> io::Result<RunSettings> {
        Ok(RunSettings {
            timeout: self.timeout,
            total_timeout: self.total_timeout,
            grace_period: self.grace_period,
            keep: if self.no_record { Some(0) } else { self.keep },
            keep_mib: self.keep_mib,
            ..self.variables.settings()?
        })
    }

    /// Reads the tasks file, and everything that its runs depend on.
    ///
    /// # Errors
    ///
    /// What is wrong with them, for people.
    pub(in crate::cli) fn prepare(&self) -> Result<Prepared<'_>, String> {
        let settings = self.settings().map_err(|error| error.to_string())?;
        self.prepare_with(self.find_file()?, settings, self.meaning)
    }

    /// The tasks file that is meant.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub(in crate::cli) fn find_file(&self) -> Result<TasksFile, String> {
        self.file.find().map_err(|error| error.to_string())
    }

    /// Prepares a tasks file with other settings of runs, and another meaning of its commands.
    ///
    /// # Errors
    ///
    /// As [`Options::prepare`].
    pub(in crate::cli) fn prepare_with(
        &self,
        file: TasksFile,
        run: RunSettings,
        meaning: SemanticOptions,
    ) -> Result<Prepared<'_>, String> {
        let prepared = self.load(file, run, meaning)?;
        self.tell_masked(&prepared);
        Ok(prepared)
    }

    /// Says which variables of files are masked.
    pub(in crate::cli) fn tell_masked(&self, prepared: &Prepared<'_>) {
        let masked = prepared.masked_names();
        if !masked.is_empty() && !self.dry_run && !self.quiet {
            let names = masked.join(", ");
            terminal::remark(format_args!("masked in the output: {names}; to show one, give --public NAME"));
        }
    }

    /// Prepares without a word of what is masked.
    pub(in crate::cli) fn load(
        &self,
        file: TasksFile,
        run: RunSettings,
        meaning: SemanticOptions,
    ) -> Result<Prepared<'_>, String> {
        if self.dry_run && self.format == Format::Junit {
            return Err(
                "a dry run has no results to report: leave --format out, or give --format json".into()
            );
        }
        let prepared = Prepared::load(file, meaning, run, &self.cluster)?;
        self.variables.warn(prepared.environment());
        Ok(prepared)
    }

    /// Whether nothing is told but how tasks end.
    pub(in crate::cli) fn is_silent(&self) -> bool {
        self.quiet || self.format == Format::Json
    }

    /// How findings about the tasks are told.
    pub(in crate::cli) fn told(&self, has_terminal: bool) -> Told {
        Told { is_strict: self.strict, is_quiet: self.quiet, has_terminal }
    }

    /// How runs of this file are shown.
    pub(in crate::cli) fn view<'a>(
        &self,
        file: &'a Path,
        records: Option<&'a Records>,
        given: GivenEntry,
    ) -> Presentation<'a> {
        let (format, amount, paint) = (self.format, self.amount(), self.paint());
        let policy = self.policy().map(|policy| policy.0.name().to_owned());
        let given = GivenEntry { on_failure: policy.or_else(|| given.on_failure.clone()), ..given };
        Presentation { file, records, given, is_partial: false, part_of: None, format, amount, paint }
    }

    pub(in crate::cli) fn policy(&self) -> Option<Named<OnFailure>> {
        match (self.keep_going, self.fail_fast) {
            (true, _) => Some(Named(OnFailure::Continue)),
            (_, true) => Some(Named(OnFailure::Stop)),
            _ => self.on_failure,
        }
    }

    fn amount(&self) -> Amount {
        match self.quiet {
            true => Amount::Failures,
            false if self.format == Format::Human && self.can_move() => Amount::Moving,
            false => Amount::Everything,
        }
    }

    fn can_move(&self) -> bool {
        terminal::can_move(self.look.color())
    }

    /// Tells who may have gone away meanwhile that something that took long is over.
    pub(in crate::cli) fn tell_over(&self, what: &str, outcome: OutcomeName, begun: Instant) {
        let took = halt::now() - begun;
        let text = format!("draft-tasks: {what} {} after {}", outcome.name(), describe_duration(took));
        terminal::tell_over(self.look.color(), &text, took);
    }

    /// Writes the report of some runs, where one is wanted.
    ///
    /// # Errors
    ///
    /// When standard output cannot be written.
    pub(in crate::cli) fn write_report(&self, suites: &[Suite]) -> io::Result<()> {
        if self.format != Format::Junit {
            return Ok(());
        }
        let mut out = io::stdout().lock();
        out.write_all(junit::document(suites).as_bytes())?;
        out.flush()
    }

    pub(in crate::cli) fn paint(&self) -> Paint {
        let color = self.look.color();
        Paint(match self.format {
            Format::Junit => terminal::colors(color, &io::stderr()),
            Format::Human | Format::Json | Format::Github => terminal::colors(color, &io::stdout()),
        })
    }
}
