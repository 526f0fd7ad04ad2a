//! `draft-tasks man`: the help of each command as a manual page.
//!
//! Must not say what the help does not.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Command};
use clap_mangen::Man;

use super::{UNUSABLE, command, terminal};

#[derive(Debug, Args)]
pub(super) struct ManArguments {
    /// The directory, which is made where it is not there; pages of an earlier version are written over
    #[arg(value_name = "DIR")]
    into: PathBuf,
}

/// Writes the pages.
pub(super) fn man(arguments: &ManArguments) -> ExitCode {
    match write(&arguments.into) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            terminal::error(format_args!("{}: {error}", arguments.into.display()));
            UNUSABLE.into()
        }
    }
}

fn write(into: &Path) -> io::Result<()> {
    std::fs::create_dir_all(into)?;
    let mut program = command();
    program.build();
    let parts = program.get_subcommands().filter(|part| !part.is_hide_set() && part.get_name() != "help");
    let parts: Vec<Command> = parts.cloned().collect();
    [program].into_iter().chain(parts).try_for_each(|part| page(&part, into))
}

fn page(command: &Command, into: &Path) -> io::Result<()> {
    let page = Man::new(command.clone().disable_help_subcommand(true));
    let file = into.join(page.get_filename());
    let mut text = Vec::new();
    page.render(&mut text)?;
    std::fs::write(&file, text)
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", file.display())))
}
