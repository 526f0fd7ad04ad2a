//! The options that give variables to tasks, and what is made of them.
//!
//! Must not run anything.

use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use draft_tasks_analysis::printable::printable;

use super::terminal;
use crate::settings::env_file::EnvFile;
use crate::settings::run::RunSettings;
use crate::world::env_file;
use crate::world::environment::{Environment, KUBECONFIG, NO_VARIABLE};

/// Values of variables.
#[derive(Debug, Args)]
pub(super) struct ValueOptions {
    /// Set a variable for tasks and for `$NAME` in commands; may be given several times
    #[arg(long = "env", value_name = "NAME=VALUE", value_parser = variable)]
    env: Vec<(String, String)>,
    /// Set the variables of this file: it is read as Docker Compose reads it; the path begins at the current directory, `-` is
    /// standard input, and a pipe may be given. May be given several times: later files win, and `--env` over all. Their
    /// values are masked in the output unless they can hardly be secrets: short ones, words of letters, numbers, addresses
    /// and paths are shown. Tasks in pods do not get them, only what stands for `$NAME` in their commands
    #[arg(long = "env-file", value_name = "PATH")]
    env_files: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct VariableOptions {
    #[command(flatten)]
    values: ValueOptions,
    /// Mask the value of this variable in the output, as those are whose names look secret; may be given several times
    #[arg(long = "secret", value_name = "NAME")]
    secrets: Vec<String>,
    /// Show the value of this variable, though its name looks secret or a file of variables has it; may be given several
    /// times
    #[arg(long = "public", value_name = "NAME")]
    public: Vec<String>,
}

impl ValueOptions {
    /// The settings of runs that these options are.
    pub(super) fn settings(&self) -> io::Result<RunSettings> {
        if self.env_files.iter().filter(|path| path.as_os_str() == "-").count() > 1 {
            return Err(io::Error::other(
                "--env-file -: standard input can be read once, and is given twice",
            ));
        }
        Ok(RunSettings {
            env: self.env.iter().map(here).collect::<io::Result<_>>()?,
            env_files: self.env_files.iter().map(|path| env_file(path)).collect::<io::Result<_>>()?,
            ..RunSettings::default()
        })
    }

    /// Says what the user may not have meant in files of variables.
    pub(super) fn warn(&self, environment: &Environment) {
        environment.warnings().iter().for_each(|said| terminal::warning(format_args!("{said}")));
    }
}

impl VariableOptions {
    /// The settings of runs that these options are.
    pub(super) fn settings(&self) -> io::Result<RunSettings> {
        Ok(RunSettings {
            secrets: self.secrets.clone(),
            public: self.public.clone(),
            ..self.values.settings()?
        })
    }

    /// Says what of the options has no effect, and what the user may not have meant in files of variables.
    pub(super) fn warn(&self, environment: &Environment) {
        let warn = |said: std::fmt::Arguments<'_>| terminal::warning(said);
        for name in &self.secrets {
            if let Some(why) = environment.why_not_masked(name) {
                warn(format_args!("--secret {}: {why}", printable(name)));
            }
        }
        for name in self.public.iter().filter(|name| environment.get(name).is_none()) {
            warn(format_args!("--public {}: {NO_VARIABLE}", printable(name)));
        }
        self.values.warn(environment);
    }
}

/// What stands for a value of `--env` in a command that runs something again.
pub(super) const UNTOLD: &str = "…";

/// The kubeconfig is relative to where the user is, not to the tasks file.
fn here((name, value): &(String, String)) -> io::Result<(String, String)> {
    if value == UNTOLD {
        let wrong = format!("--env: `{UNTOLD}` stands for a value that is not kept: write that of `{name}`");
        return Err(io::Error::other(wrong));
    }
    if !env_file::is_name(name) {
        let name = printable(name);
        return Err(io::Error::other(format!("--env: `{name}` is not the name of a variable")));
    }
    if name != KUBECONFIG {
        return Ok((name.clone(), value.clone()));
    }
    let paths = std::env::split_paths(value)
        .map(|path| if path.as_os_str().is_empty() { Ok(path) } else { std::path::absolute(path) });
    let paths = std::env::join_paths(paths.collect::<io::Result<Vec<_>>>()?).map_err(io::Error::other)?;
    Ok((name.clone(), paths.to_string_lossy().into_owned()))
}

/// A file that is relative to where the user is, not to the tasks file.
fn env_file(path: &Path) -> io::Result<EnvFile> {
    if path.as_os_str() == UNTOLD {
        let wrong =
            format!("--env-file: `{UNTOLD}` stands for what cannot be read a second time: name it again");
        return Err(io::Error::other(wrong));
    }
    let path = if path.as_os_str() == "-" { path.to_owned() } else { std::path::absolute(path)? };
    Ok(EnvFile { path, may_wait: true })
}

fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected NAME=VALUE".into()),
    }
}
