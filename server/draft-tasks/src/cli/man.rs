//! `draft-tasks man`: the help of each command as a manual page.
//!
//! Must not say what the help does not.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::builder::Resettable;
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
    std::fs::create_dir_all(into).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            io::Error::new(error.kind(), "is no directory: name one, or one that is not there, which is made")
        }
        _ => error,
    })?;
    let mut program = command();
    program.build();
    pages(program, into)
}

/// The page of a command, and those of its own commands, which it refers to.
fn pages(command: Command, into: &Path) -> io::Result<()> {
    let is_help = |part: &Command| part.get_name() == "help";
    let command = command.mut_subcommands(|part| if is_help(&part) { part.hide(true) } else { part });
    let parts = command.get_subcommands().filter(|part| !part.is_hide_set());
    let parts: Vec<Command> = parts.cloned().collect();
    page(command, into)?;
    parts.into_iter().try_for_each(|part| pages(part, into))
}

fn page(mut command: Command, into: &Path) -> io::Result<()> {
    // One that is made of the options leaves out their values.
    let usage = command.render_usage().to_string();
    let usage = usage.strip_prefix("Usage: ").unwrap_or(&usage).to_owned();
    let help = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
    let command = command.after_long_help(Resettable::Reset).after_help(Resettable::Reset);
    let page = Man::new(command.override_usage(usage));
    let file = into.join(page.get_filename());
    let mut text = Vec::new();
    page.render(&mut text)?;
    let mut text = String::from_utf8(text).map_err(io::Error::other)?;
    let end = text.find("\n.SH VERSION").map_or(text.len(), |at| at + 1);
    text.insert_str(end, &sections(&help));
    std::fs::write(&file, text)
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", file.display())))
}

/// What stands in the help below the options, as sections with lists: of each indented line what is explained stands in
/// front of two blanks, and lines that are indented further go on with it.
fn sections(help: &str) -> String {
    let mut page = String::new();
    let mut is_text = false;
    for line in help.lines().filter(|line| !line.is_empty()) {
        let row = line.strip_prefix("  ").filter(|row| !row.starts_with(' '));
        let was_text = std::mem::replace(&mut is_text, !line.starts_with(' '));
        if let Some(title) = line.strip_suffix(':').filter(|_| is_text) {
            let title = if title == "Exit codes" { "Exit status" } else { title };
            page += &format!(".SH {}\n", escaped(&title.to_uppercase()));
        } else if let Some(row) = row {
            let (what, text) = row.split_once("  ").unwrap_or((row, ""));
            let text = text.trim();
            page += &format!(".TP\n\\fB{}\\fR\n", escaped(what));
            page += &if text.is_empty() { String::new() } else { format!("{}\n", escaped(text)) };
        } else {
            let begin = if is_text && !was_text { ".PP\n" } else { "" };
            page += &format!("{begin}{}\n", escaped(line.trim()));
        }
    }
    page
}

/// A text in which nothing is an instruction.
fn escaped(text: &str) -> String {
    let begin = if text.starts_with(['.', '\'']) { "\\&" } else { "" };
    format!("{begin}{}", text.replace('\\', "\\(rs").replace('-', "\\-"))
}
