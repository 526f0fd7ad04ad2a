//! The options that give variables to tasks, and what is made of them.
//!
//! Must not run anything.

use std::io;
use std::path::PathBuf;

use clap::Args;

use crate::run_settings::RunSettings;

#[derive(Debug, Args)]
pub(super) struct Variables {
    /// Set a variable for the tasks and for `$NAME` in their commands; may be given several times
    #[arg(long = "env", value_name = "NAME=VALUE", value_parser = variable)]
    env: Vec<(String, String)>,
    /// Set the variables of this file in the dotenv form; `--env` wins. Their values are masked in the output
    #[arg(long, value_name = "PATH")]
    env_file: Option<PathBuf>,
    /// Mask the value of this variable in the output, as those are whose names look secret; may be given several times
    #[arg(long = "secret", value_name = "NAME")]
    secrets: Vec<String>,
}

impl Variables {
    /// The settings of runs that these options are.
    pub(super) fn settings(&self) -> io::Result<RunSettings> {
        Ok(RunSettings {
            env: self.env.iter().cloned().collect(),
            // Here it is relative to where the user is, not to the tasks file.
            env_file: self.env_file.as_ref().map(std::path::absolute).transpose()?,
            secrets: self.secrets.clone(),
            ..RunSettings::default()
        })
    }
}

fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected NAME=VALUE".into()),
    }
}
