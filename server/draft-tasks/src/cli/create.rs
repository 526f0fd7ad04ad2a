//! `draft-tasks create`: creates a tasks file, from a draft pack or as a skeleton.
//!
//! Must not touch a file that is there, whatever it is.

use draft_tasks_analysis::file_names::{PACK_FILE, TASKS_FILE};
use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use draft_tasks_analysis::printable::printable;

use super::UNUSABLE;
use super::terminal;
use crate::source;
use crate::world::environment::Environment;
use crate::world::packs::{self, NoPack, Pack, SKELETON};

#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct CreateArguments {
    /// The directory that gets the file
    #[arg(value_name = "DIR", default_value = ".")]
    directory: PathBuf,
    /// Copy the tasks file of this draft pack, its tasks.toml; packs are sought in $DRAFT_HOME/packs, or ~/.draft/packs
    ///
    /// NAME is that of a pack, as `python`, with as much of its repository before it as makes it the only one, as
    /// `github.com/Azure/draft/python`. A pack without tasks gives an empty file, as with `draft create`. Without
    /// --pack the packs are listed, where there are any, and else the file gets the three phases with comments.
    #[arg(long, value_name = "NAME")]
    pack: Option<String>,
    /// Do not list packs: write the three phases with comments
    #[arg(long, conflicts_with = "pack")]
    skeleton: bool,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  the file was created
  2  nothing was created: the file exists, there is no such pack, or packs were listed to choose from";

/// Creates the file, or lists the packs that it can be copied from.
pub(super) fn create(arguments: &CreateArguments) -> ExitCode {
    match outcome(arguments) {
        Ok(Outcome::Created(message)) => {
            let said = terminal::written(writeln!(io::stdout(), "{}", printable(&message)));
            // It is created all the same.
            said.err().iter().for_each(|problem| terminal::warning(format_args!("{problem}")));
            ExitCode::SUCCESS
        }
        Ok(Outcome::Listed(packs)) => {
            let _ = write!(io::stdout(), "{packs}");
            terminal::error(format_args!(
                "nothing is created yet: choose one with --pack NAME, or --skeleton for a file without tasks"
            ));
            UNUSABLE.into()
        }
        Err(problem) => {
            terminal::error(format_args!("{problem}"));
            UNUSABLE.into()
        }
    }
}

enum Outcome {
    /// The file was created; what there is to say.
    Created(String),
    /// The packs that there are.
    Listed(String),
}

fn outcome(arguments: &CreateArguments) -> Result<Outcome, String> {
    let target = target(&arguments.directory)?;
    // Only so that nobody chooses a pack in vain; what counts is that creating it fails.
    if target.symlink_metadata().is_ok() {
        return Err(exists(&target));
    }
    let home = packs::draft_home(&Environment::of_process());
    let found = home.as_deref().filter(|_| !arguments.skeleton).map_or_else(Vec::new, packs::find);
    let created = format!("created {}", target.display());
    match &arguments.pack {
        Some(name) => {
            let pack = packs::choose(&found, name)
                .map_err(|error| describe(&error, name, home.as_deref(), &found))?;
            copy(pack, &target).map(|how| Outcome::Created(format!("{created}{how}")))
        }
        None if found.is_empty() => {
            write(&target, SKELETON.as_bytes(), None)?;
            Ok(Outcome::Created(format!("{created} with the phases and no tasks")))
        }
        None => Ok(Outcome::Listed(list(&found))),
    }
}

fn target(directory: &Path) -> Result<PathBuf, String> {
    match directory.is_dir() {
        false => Err(format!("{}: there is no such directory; it has to be made first", directory.display())),
        true if directory == Path::new(".") => Ok(TASKS_FILE.into()),
        true => Ok(directory.join(TASKS_FILE)),
    }
}

fn exists(target: &Path) -> String {
    format!("{}: already exists; not overwritten", target.display())
}

fn describe(error: &NoPack, name: &str, home: Option<&Path>, found: &[Pack]) -> String {
    let name = printable(name);
    match (error, home) {
        (NoPack::Ambiguous(names), _) => {
            format!("several packs are named `{name}`: {}", printable(&names.join(", ")))
        }
        (NoPack::Unknown, None) => {
            format!("there is no pack `{name}`: neither DRAFT_HOME nor the user's home is known")
        }
        (NoPack::Unknown, Some(home)) if found.is_empty() => {
            format!("there is no pack `{name}`: no packs in {}", home.join("packs").display())
        }
        (NoPack::Unknown, Some(_)) => {
            format!("there is no pack `{name}`; these are there:\n{}", list(found).trim_end())
        }
    }
}

fn list(packs: &[Pack]) -> String {
    packs
        .iter()
        .map(|pack| {
            let has_tasks = pack.directory.join(PACK_FILE).exists();
            let remark = if has_tasks { "" } else { "  (without tasks)" };
            format!("  {}{remark}\n", printable(&pack.full_name()))
        })
        .collect()
}

/// Copies the tasks file of a pack, and tells from where.
fn copy(pack: &Pack, target: &Path) -> Result<String, String> {
    let name = printable(&pack.full_name());
    let tasks = pack.tasks(source::LARGEST);
    let tasks = tasks.map_err(|error| format!("the tasks file of the pack {name}: {error}"))?;
    match tasks {
        Some(tasks) => {
            write(target, &tasks.bytes, Some(tasks.permissions))?;
            Ok(format!(" from the pack {name}"))
        }
        None => {
            write(target, b"", None)?;
            Ok(format!(", empty, as the pack {name} has no tasks"))
        }
    }
}

/// Writes a new file, whole or not at all; what is there in the meantime stays, be it a link to nothing.
fn write(target: &Path, bytes: &[u8], permissions: Option<Permissions>) -> Result<(), String> {
    let opened = fs::OpenOptions::new().write(true).create_new(true).open(target);
    let mut file = opened.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => exists(target),
        _ => format!("{}: cannot be created: {error}", target.display()),
    })?;
    let written = file.write_all(bytes).and_then(|()| match permissions {
        Some(permissions) => file.set_permissions(permissions),
        None => Ok(()),
    });
    written.map_err(|error| {
        let _ = fs::remove_file(target);
        format!("{}: cannot be written: {error}", target.display())
    })
}

#[cfg(test)]
mod tests {
    use draft_tasks_analysis::{Analysis, Options, format};

    use super::*;

    #[test]
    fn what_came_in_the_meantime_stays() {
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join(TASKS_FILE);
        fs::write(&target, "theirs").unwrap();
        assert_eq!(write(&target, b"mine", None), Err(exists(&target)));
        assert_eq!(fs::read(&target).unwrap(), b"theirs");
    }

    #[cfg(unix)]
    #[test]
    fn nothing_is_written_through_a_link() {
        let directory = tempfile::tempdir().unwrap();
        let (target, elsewhere) = (directory.path().join(TASKS_FILE), directory.path().join("elsewhere"));
        std::os::unix::fs::symlink(&elsewhere, &target).unwrap();
        assert_eq!(write(&target, b"mine", None), Err(exists(&target)));
        assert!(!elsewhere.exists());
    }

    #[test]
    fn there_is_nothing_to_say_about_the_skeleton() {
        let analysis = Analysis::new(SKELETON, Options::default());
        assert_eq!(analysis.diagnostics, []);
        assert_eq!(format::format(&analysis.parsed), Some(Vec::new()));
    }
}
