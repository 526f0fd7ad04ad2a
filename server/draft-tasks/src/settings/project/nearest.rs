//! The settings that hold in a directory: those of its own file, before those of the folders above it, up to the root of
//! the repository.
//!
//! Must not take what belongs to another user from a folder above.

use std::path::{Path, PathBuf};

use draft_tasks_analysis::file_names::SETTINGS_FILE;

use super::ProjectFile;
use crate::repository::{self, Ascent};
use crate::settings::Layer;
use crate::source;

/// All files whose settings hold in a directory, those too that are not there.
#[derive(Debug)]
pub(crate) struct ProjectFiles {
    /// The farthest first: each goes before those in front of it.
    pub(crate) files: Vec<ProjectFile>,
    /// A file that is there and that is not used.
    pub(crate) unused: Option<UnusedSettings>,
}

/// A file of settings that is not used, and so keeps all tasks from running: what it keeps from running would run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UnusedSettings {
    pub(crate) file: PathBuf,
    /// Why, without a full stop.
    pub(crate) why: String,
}

/// What helps where settings of another user are not used.
pub(crate) const MAKE_OWN: &str = "run as its owner, make it your own with `chown`, or name its folder in the variable \
    DRAFT_TASKS_SAFE_DIRECTORIES";

impl ProjectFiles {
    /// Reads the settings that hold in a directory.
    pub(crate) fn load(directory: &Path) -> ProjectFiles {
        let ascent = Ascent::from(directory);
        let foreign = ascent.beyond.iter().map(|folder| folder.join(SETTINGS_FILE));
        let mut unused: Vec<PathBuf> = foreign.filter(|file| source::is_there(file)).collect();
        let mut files = vec![ProjectFile::load(directory)];
        for (steps, folder) in (1..).zip(&ascent.folders) {
            let file = folder.join(SETTINGS_FILE);
            if source::is_there(&file) && !repository::is_own(&file) {
                unused.push(file);
            } else {
                files.push(ProjectFile::of(spelled(directory, steps, file)));
            }
        }
        files.reverse();
        let unused = unused.into_iter().next().map(|file| {
            let owner = ascent.foreign.as_deref().unwrap_or(&file).display();
            UnusedSettings {
                why: format!(
                    "{} is not used, as {owner} belongs to another user{}",
                    file.display(),
                    repository::not_absolute()
                ),
                file,
            }
        });
        ProjectFiles { files, unused }
    }

    /// Finds also what a folder above says of tasks of the directory, where no nearer one says it.
    pub(crate) fn checked(mut self, directory: &Path) -> ProjectFiles {
        let mut nearest = self.files.iter_mut().rev().enumerate();
        let says = nearest.find(|(_, file)| file.project.settings.says_once());
        if let Some((1.., file)) = says {
            file.check_tasks(directory, false);
        }
        self
    }

    /// What they say, nearer before farther, key by key.
    pub(crate) fn settings(&self) -> Layer {
        Layer::merged(self.files.iter().map(|file| &file.project.settings))
    }

    /// Those with something wrong in them.
    pub(crate) fn wrong(&self) -> impl Iterator<Item = &ProjectFile> {
        self.files.iter().filter(|file| file.is_wrong())
    }

    /// All that is wrong in them, each with its place.
    pub(crate) fn problems(&self) -> Vec<String> {
        self.files.iter().flat_map(ProjectFile::problems).collect()
    }

    /// That something is wrong in them, as the rest of a sentence.
    pub(crate) fn describe_wrong(&self) -> Option<String> {
        let names: Vec<String> = self.wrong().map(|file| file.path.display().to_string()).collect();
        match names.as_slice() {
            [] => None,
            [one] => Some(format!("{one} has settings that are wrong")),
            several => Some(format!("{} have settings that are wrong", several.join(" and "))),
        }
    }
}

/// A file so many folders above a directory, in the user's spelling of that.
fn spelled(directory: &Path, steps: usize, file: PathBuf) -> PathBuf {
    if !directory.is_absolute() {
        return source::shown(&file);
    }
    let above = directory.ancestors().nth(steps).map(|folder| folder.join(SETTINGS_FILE));
    let is_same = |above: &PathBuf| above.parent().map(source::canonical).as_deref() == file.parent();
    above.filter(is_same).unwrap_or(file)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::settings::Config;

    /// A repository with settings in some folders.
    fn repository(settings: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join(".git")).unwrap();
        for (folder, text) in settings {
            fs::create_dir_all(dir.path().join(folder)).unwrap();
            fs::write(dir.path().join(folder).join(SETTINGS_FILE), text).unwrap();
        }
        dir
    }

    #[test]
    fn what_the_nearer_file_does_not_say_the_farther_does() {
        let dir = repository(&[
            ("", "semantics = \"draft\"\n[onFailure]\npre-up = \"continue\"\ncleanup = \"stop\"\n"),
            ("a", ""),
            ("a/b", "[onFailure]\npre-up = \"stop\"\n"),
        ]);
        let config = |folder: &str| {
            let files = ProjectFiles::load(&dir.path().join(folder));
            assert_eq!(files.problems(), [""; 0]);
            let Config { semantics, on_failure, .. } = Config::of(&[&files.settings()]);
            serde_json::json!([semantics, on_failure.pre_up, on_failure.cleanup]).to_string()
        };
        assert_eq!(config("a"), r#"["draft","continue","stop"]"#);
        assert_eq!(config("a/b"), r#"["draft","stop","stop"]"#);
        fs::write(dir.path().join("a/.git"), "gitdir: elsewhere").unwrap();
        assert_eq!(config("a"), r#"["standard","stop","continue"]"#);
        assert_eq!(config("a/b"), r#"["standard","stop","continue"]"#);
    }

    #[test]
    fn what_is_wrong_is_named_where_it_is() {
        let dir = repository(&[("", "x = 1\n"), ("a", "y = 1\n")]);
        let files = ProjectFiles::load(&dir.path().join("a"));
        let path = |name: &str| dir.path().join(name).display().to_string();
        let problems = [
            path(".draft-tasks.config.toml:1:1: there is no setting `x`"),
            path("a/.draft-tasks.config.toml:1:1: there is no setting `y`"),
        ];
        assert_eq!(files.problems(), problems);
        let described = files.describe_wrong().unwrap();
        assert!(
            described.ends_with("a/.draft-tasks.config.toml have settings that are wrong"),
            "{described}"
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_above_is_named_as_the_directory_is() {
        let dir = repository(&[("a", "")]);
        let link = dir.path().join("link");
        std::os::unix::fs::symlink("a", &link).unwrap();
        let paths = |directory: &Path| -> Vec<PathBuf> {
            ProjectFiles::load(directory).files.into_iter().map(|file| file.path).collect()
        };
        let file = |folder: &str| dir.path().join(folder).join(SETTINGS_FILE);
        assert_eq!(paths(&dir.path().join("a")), [file(""), file("a")]);
        assert_eq!(paths(&link), [file(""), file("link")]);
    }

    #[cfg(unix)]
    #[test]
    fn those_of_another_user_are_not_used_and_that_is_said() {
        let dir = repository(&[("", "x = 1\n"), ("a", "")]);
        // Nobody owns what is not there: so it looks to whoever asks for its owner.
        fs::remove_file(dir.path().join(SETTINGS_FILE)).unwrap();
        std::os::unix::fs::symlink("none", dir.path().join(SETTINGS_FILE)).unwrap();
        let files = ProjectFiles::load(&dir.path().join("a"));
        assert_eq!((files.files.len(), files.problems()), (1, Vec::new()));
        let unused = files.unused.unwrap().why;
        assert!(
            unused.contains(" is not used, as ") && unused.ends_with("belongs to another user"),
            "{unused}"
        );
    }
}
