//! Gathers what the analysis wants to know of the world around a tasks file: the environment, programs, files.
//!
//! Must not run anything or judge what it finds, and must not be called on a keystroke: it reads directories.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

use draft_tasks_analysis::Facts;
use draft_tasks_analysis::around::Found;
use draft_tasks_analysis::facts::FactsWanted;
use draft_tasks_analysis::facts::PathFact;
use draft_tasks_analysis::file_names::{CHARTS, DOCKERFILE, DOCKERIGNORE, DRAFT_TOML};
use draft_tasks_analysis::program::ProgramFact;
use draft_tasks_analysis::project::{DEVELOPMENT, DraftToml, Template};
use draft_tasks_analysis::project_files::{NameFact, OfferedName, ProjectFile};
use draft_tasks_executor::{file, search};

use crate::world::environment::Environment;

/// Files beyond this size are not looked at: what people write is a thousandth of it.
pub(crate) const LARGEST: u64 = 1 << 20;

/// At most so many templates of a chart are read.
const TEMPLATES: usize = 64;

/// The facts for the tasks file of a directory, with what its commands make one want to know.
pub(crate) fn gather(directory: Option<&Path>, environment: &Environment, wanted: &FactsWanted) -> Facts {
    let mut facts = Facts { variables: Some(environment.names()), ..Facts::default() };
    if let Some(directory) = directory.filter(|directory| directory.is_dir()) {
        facts.programs = look_for(&wanted.programs, directory, environment).collect();
        facts.paths = look_at(directory, &wanted.paths).collect();
        facts.offered = look_up(directory, &wanted.offered).collect();
        add_project(&mut facts, directory, environment);
    }
    facts
}

fn add_project(facts: &mut Facts, directory: &Path, environment: &Environment) {
    let name = environment.get("DRAFT_ENV").filter(|name| !name.is_empty());
    facts.environment = Some(name.unwrap_or_else(|| DEVELOPMENT.to_owned()));
    let draft = read(&directory.join(DRAFT_TOML)).and_then(|text| DraftToml::parse(&text));
    // Of what Draft does not take, nothing is known.
    facts.draft_toml = draft.filter(|draft| draft.faults.is_empty());
    let chosen = facts.environment().cloned().unwrap_or_default();
    let dockerfile = chosen.dockerfile.as_deref().unwrap_or(DOCKERFILE);
    facts.dockerfile = read(&directory.join(dockerfile));
    let dockerignore = directory.join(DOCKERIGNORE);
    facts.dockerignore = if dockerignore.exists() { read(&dockerignore) } else { Some(String::new()) };
    facts.chart_templates = templates(directory, chosen.chart.as_deref());
}

/// The templates of a chart: the one that is named, else the only one there is.
pub(crate) fn templates(directory: &Path, chart: Option<&str>) -> Option<Vec<Template>> {
    let charts = directory.join(CHARTS);
    let chart = match chart {
        Some(chart) => charts.join(chart),
        None => only_directory(&charts)?,
    };
    let mut files: Vec<PathBuf> = fs::read_dir(chart.join("templates"))
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml"))
        .collect();
    files.sort();
    // Of more templates than are read nothing can be said.
    let template = |path: &PathBuf| Some(Template { path: below(directory, path), text: read(path)? });
    (files.len() <= TEMPLATES).then(|| files.iter().map(template).collect())?
}

/// A path as one below a directory; a chart may be named by a way out of it.
fn below(directory: &Path, path: &Path) -> Option<String> {
    let parts = path.strip_prefix(directory).ok()?.components();
    let parts = parts.map(|part| match part {
        Component::Normal(part) => part.to_str(),
        _ => None,
    });
    Some(parts.collect::<Option<Vec<_>>>()?.join("/"))
}

fn only_directory(directory: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(directory).ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    let mut directories = entries.filter(|path| path.is_dir());
    directories.next().filter(|_| directories.next().is_none())
}

/// What is at a path, where that can be told.
pub(crate) fn find(path: &Path) -> Option<Found> {
    match path.symlink_metadata() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Some(Found::Nothing),
        _ => read(path).map(|text| Found::Text(text.into())),
    }
}

/// The text of a regular file of the usual size.
pub(crate) fn read(path: &Path) -> Option<String> {
    file::text(path, LARGEST).ok()
}

fn look_at(directory: &Path, paths: &BTreeSet<String>) -> impl Iterator<Item = (String, PathFact)> {
    paths.iter().filter_map(|path| Some((path.clone(), path_fact(&directory.join(path))?)))
}

fn look_up(directory: &Path, names: &BTreeSet<OfferedName>) -> impl Iterator<Item = (OfferedName, NameFact)> {
    names.iter().map(|name| (name.clone(), name_fact(directory, name).unwrap_or(NameFact::Possible)))
}

/// Whether the file that offers a name has it; `None` when that cannot be told.
fn name_fact(directory: &Path, name: &OfferedName) -> Option<NameFact> {
    let here = directory.join(name.file.directory());
    let text = match first_of(directory, &name.file.paths())? {
        Some(path) => Some(read(&path)?),
        None if matches!(name.file, ProjectFile::Package(_)) && is_in_package(&here)? => return None,
        None => None,
    };
    let files: Vec<PathBuf> = match fs::read_dir(&here) {
        Ok(entries) => entries.map(|entry| Some(entry.ok()?.path())).collect::<Option<_>>()?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(_) => return None,
    };
    let names = files.iter().filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned()));
    Some(name.look(text.as_deref(), &names.collect::<Vec<_>>()))
}

/// The first of some paths at which something is; `None` when that cannot be told.
fn first_of(directory: &Path, paths: &[String]) -> Option<Option<PathBuf>> {
    for path in paths {
        let path = directory.join(path);
        if path.try_exists().ok()? {
            return Some(Some(path));
        }
    }
    Some(None)
}

/// Whether a directory is in a package; `None` when that cannot be told.
fn is_in_package(directory: &Path) -> Option<bool> {
    let of_package = ProjectFile::OF_PACKAGE.map(str::to_owned);
    for directory in std::path::absolute(directory).ok()?.ancestors() {
        if first_of(directory, &of_package)?.is_some() {
            return Some(true);
        }
    }
    Some(false)
}

/// What a path leads to; `None` when the system does not tell.
fn path_fact(path: &Path) -> Option<PathFact> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => Some(PathFact::Directory),
        Ok(metadata) => Some(PathFact::File { executable: is_executable(path, &metadata) }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Some(PathFact::Missing),
        Err(_) => None,
    }
}

/// Which of some programs a task would find.
fn look_for(
    names: &BTreeSet<String>,
    directory: &Path,
    environment: &Environment,
) -> impl Iterator<Item = (String, ProgramFact)> {
    let is_there = |name: &str| search::find(name, directory, environment.variables()).is_ok();
    names.iter().map(move |name| (name.clone(), ProgramFact::look(name, is_there)))
}

/// Whether somebody may run a file.
#[cfg(unix)]
pub(crate) fn is_executable(_: &Path, metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o111 != 0
}

#[cfg(not(unix))]
pub(crate) fn is_executable(path: &Path, _: &fs::Metadata) -> bool {
    search::is_program_name(path, std::env::var_os("PATHEXT").as_deref())
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use draft_tasks_analysis::project_files::Makefile;

    use super::*;

    #[test]
    fn what_is_around_a_tasks_file() {
        let dir = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("draft.toml", "[environments.test]\nnamespace = \"shop\"\nchart = \"app\"\n");
        write("charts/app/templates/deployment.yaml", "template:\n");
        write("charts/app/templates/NOTES.txt", "notes");
        write("charts/other/templates/x.yaml", "x");
        write("Dockerfile", "COPY . .");
        write("bin/tool", "");
        write("bin/text", "");
        fs::set_permissions(dir.path().join("bin/tool"), fs::Permissions::from_mode(0o755)).unwrap();
        let path = dir.path().join("bin");
        let environment = Environment::of(&[("PATH", path.to_str().unwrap()), ("DRAFT_ENV", "test")]);
        let paths = ["bin/tool", "bin/text", "bin", "none"].map(str::to_owned).into();
        let programs = ["none", "text", "tool"].map(str::to_owned).into();
        write("GNUmakefile", "build:\n\ttrue\n");
        write("web/package.json", "{ \"scripts\": { \"test\": \"jest\" } }");
        let make = |name: &str| OfferedName {
            file: ProjectFile::Makefile(Makefile::default()),
            name: name.to_owned(),
        };
        let npm =
            |name: &str| OfferedName { file: ProjectFile::Package("web".into()), name: name.to_owned() };
        let none = OfferedName { file: ProjectFile::Package(String::new()), name: "tset".into() };
        let offered =
            [make("build"), make("biuld"), make("bin"), npm("test"), npm("tset"), none.clone()].into();
        let facts = gather(Some(dir.path()), &environment, &FactsWanted { programs, paths, offered });
        let missing = |name: &str| NameFact::Missing(Some(name.into()));
        assert_eq!(
            (&facts.offered[&make("biuld")], &facts.offered[&npm("tset")]),
            (&missing("build"), &missing("test"))
        );
        assert_eq!(facts.offered[&none], NameFact::NoFile);
        for possible in [make("build"), make("bin"), npm("test")] {
            assert_eq!(facts.offered[&possible], NameFact::Possible, "{possible:?}");
        }
        let missing_program = Some(&ProgramFact::Missing(None));
        assert_eq!(facts.programs.get("tool"), Some(&ProgramFact::Found));
        assert_eq!(facts.programs.get("text"), missing_program);
        assert_eq!(facts.programs.get("none"), missing_program);
        assert!(facts.lacks_variable("HOME") && !facts.lacks_variable("PATH"));
        assert_eq!(facts.paths["bin/tool"], PathFact::File { executable: true });
        assert_eq!(facts.paths["bin/text"], PathFact::File { executable: false });
        assert_eq!((facts.paths["bin"], facts.paths["none"]), (PathFact::Directory, PathFact::Missing));
        assert_eq!(facts.environment().unwrap().namespace.as_deref(), Some("shop"));
        let path = Some("charts/app/templates/deployment.yaml".to_owned());
        assert_eq!(facts.chart_templates, Some(vec![Template { path, text: "template:\n".to_owned() }]));
        assert_eq!(facts.dockerfile.as_deref(), Some("COPY . ."));
        assert_eq!(facts.dockerignore.as_deref(), Some(""));
    }

    #[test]
    fn nothing_is_known_of_a_directory_that_is_not_there() {
        let facts = gather(
            Some(Path::new("/no/such/directory")),
            &Environment::of(&[]),
            &FactsWanted {
                programs: ["x".to_owned()].into(),
                paths: ["x".to_owned()].into(),
                ..FactsWanted::default()
            },
        );
        let expected = Facts { variables: Some(Default::default()), ..Facts::default() };
        assert_eq!(facts, expected);
    }
}
