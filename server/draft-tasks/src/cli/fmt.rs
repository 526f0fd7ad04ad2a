//! `draft-tasks fmt`: formats tasks files in place, or tells which ones are not formatted.
//!
//! Must not touch a file with syntax errors.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Args;
use draft_tasks_analysis::diagnostic::{Diagnostic, DiagnosticCode};
use draft_tasks_analysis::printable::printable;
use draft_tasks_analysis::{Analysis, Options, Parsed, edit, format};

use super::paths::Loaded;
use super::several::{Paths, Purpose};
use super::terminal::{self, Paint};
use super::{ColorOptions, FOUND, UNUSABLE, diff, replace, several};
use crate::lines::{LineIndex, line_and_column};
use crate::world::environment::Environment;

#[derive(Debug, Args)]
pub(super) struct FmtArguments {
    #[command(flatten)]
    paths: Paths,
    /// Name the files that are not formatted, and write nothing; exit with 1 when there are any
    #[arg(long)]
    check: bool,
    /// Show what would change, and write nothing; exit with 1 when there is anything
    #[arg(long)]
    diff: bool,
    #[command(flatten)]
    look: ColorOptions,
}

/// Formats all files; one that cannot be formatted does not keep the others from it.
pub(super) fn fmt(arguments: &FmtArguments) -> ExitCode {
    let (mut unusable, mut found) = (false, false);
    let is_preview = arguments.check || arguments.diff;
    let purpose = if is_preview { Purpose::Look } else { Purpose::Change };
    let mut is_unnamed = false;
    for loaded in arguments.paths.load(purpose) {
        let formatted =
            loaded.map_err(|error| error.to_string()).and_then(|file| Ok((formatted(&file)?, file)));
        if let Ok((Some(_), file)) = &formatted {
            is_unnamed |= is_preview && !file.is_link && arguments.paths.leave_out_unnamed(&file.path);
        }
        let done = match formatted {
            Ok((Some(_), file)) if file.is_link && !arguments.check => {
                found = true;
                several::tell_link(&file.path);
                Ok(())
            }
            Ok((Some(text), file)) if arguments.diff => {
                found = true;
                write(&difference(&file, &text, arguments.look))
            }
            Ok((None, _)) if arguments.diff => Ok(()),
            Ok((Some(_), file)) if arguments.check => {
                found = true;
                say(format_args!("{} is not formatted", file.path.display()))
            }
            Ok((text, file)) if file.is_stdin && !arguments.check => {
                write(text.as_ref().unwrap_or(&file.text))
            }
            Ok((Some(text), file)) => replace::replace(&file, &text)
                .map_err(|problem| format!("{}: {problem}", file.path.display()))
                .and_then(|()| say(format_args!("formatted {}", file.path.display()))),
            Ok((None, _)) => Ok(()),
            Err(problem) => Err(problem),
        };
        if let Err(problem) = done {
            terminal::error(format_args!("{problem}"));
            unusable = true;
        }
    }
    if is_unnamed {
        several::tell_unnamed("fmt");
    }
    match (unusable, found) {
        (true, _) => UNUSABLE.into(),
        (_, true) => FOUND.into(),
        _ => ExitCode::SUCCESS,
    }
}

/// What formatting changes, without what is secret in the file.
fn difference(file: &Loaded, text: &str, look: ColorOptions) -> String {
    let analysis = Analysis::new(file.text.as_str(), Options::default());
    let secrets = Environment::of_process().hiding(&analysis).secrets();
    let paint = Paint(terminal::colors(look.color(), &io::stdout()));
    diff::unified(&file.path, [&file.text, text], &secrets, paint)
}

fn write(text: &str) -> Result<(), String> {
    terminal::written(io::stdout().write_all(text.as_bytes()))
}

fn say(message: std::fmt::Arguments<'_>) -> Result<(), String> {
    terminal::written(writeln!(io::stdout(), "{}", printable(&message.to_string())))
}

/// The formatted text, where it is another.
fn formatted(file: &Loaded) -> Result<Option<String>, String> {
    let parsed = Parsed::new(file.text.as_str(), Options::default());
    let Some(edits) = format::format(&parsed) else {
        let analysis = Analysis::new(file.text.as_str(), Options::default());
        // A task that is there twice has a rule of its own.
        let is_of_syntax = |found: &&Diagnostic| {
            matches!(found.code, DiagnosticCode::Syntax | DiagnosticCode::DuplicateTask)
        };
        let (place, problem) = match analysis.diagnostics.iter().find(is_of_syntax) {
            Some(Diagnostic { range, message, .. }) => {
                let (line, column) =
                    line_and_column(&file.text, &LineIndex::new(&file.text), range.start().into());
                (format!("{line}:{column}:"), message.as_str())
            }
            None => (String::new(), "the file is not TOML"),
        };
        return Err(format!(
            "{}:{place} {problem}; a file with syntax errors is not formatted: `draft-tasks check` shows all",
            file.path.display()
        ));
    };
    let text = edit::apply(&file.text, &edits);
    Ok((text != file.text).then_some(text))
}
