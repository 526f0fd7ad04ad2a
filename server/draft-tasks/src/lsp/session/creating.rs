//! New tasks files: the command that creates one where there is none, and what an empty one can become.
//!
//! Must not write: the client does, which shows it and can undo it. Must not replace anything that is there.

use draft_tasks_analysis::file_names::TASKS_FILE;
use std::path::{Path, PathBuf};

use draft_tasks_analysis::completion;
use serde::Serialize;
use tower_lsp::gen_lsp_types::*;
use tower_lsp::jsonrpc::Error;

use super::Session;
use super::running::refusal;
use crate::lsp::commands::Create;
use crate::lsp::documents::document;
use crate::lsp::effect::Effect;
use crate::lsp::protocol::to_proto;
use crate::source::FileKind;
use crate::world::environment::Environment;
use crate::world::packs::{self, NoPack, Pack};

/// The answer of the command that creates a tasks file.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Created {
    /// The file.
    #[cfg_attr(test, schemars(with = "String"))]
    uri: Uri,
}

/// A file that is wanted.
pub(crate) struct Creation {
    wanted: Create,
    environment: Environment,
    /// The files that the client has open.
    open: Vec<Uri>,
}

/// A file that there is not yet.
pub(crate) struct NewFile {
    uri: Uri,
    text: String,
}

impl Creation {
    /// Looks for the file, and for the pack whose tasks it gets.
    ///
    /// # Errors
    ///
    /// Why it is not created.
    pub(crate) fn read(self) -> Result<NewFile, String> {
        let path = target(&self.wanted.uri)?;
        let file = url::Url::from_file_path(&path).map_err(|()| format!("{} is no file", path.display()))?;
        let uri = Uri::from(file.to_string());
        if self.open.contains(&uri) || path.symlink_metadata().is_ok() {
            return Err(format!("{} already exists; not overwritten", path.display()));
        }
        let text = match &self.wanted.pack {
            Some(name) => pack_text(&packs::of_user(&self.environment), name)?,
            None if self.wanted.example => completion::EXAMPLE.to_owned(),
            None => packs::SKELETON.to_owned(),
        };
        Ok(NewFile { uri, text })
    }
}

impl Session {
    /// What is to be looked for before a file is created.
    pub(crate) fn creation(&self, wanted: Create) -> Result<Creation, Error> {
        if !self.trusted {
            return Err(refusal("nothing is created in a workspace that is not trusted"));
        }
        if !(self.flags.creates_files && self.flags.applies_edits) {
            return Err(refusal("this editor creates no files for a server: call `draft-tasks create`"));
        }
        let open = self.documents.keys().cloned().collect();
        Ok(Creation { wanted, environment: self.environment.clone(), open })
    }

    pub(crate) fn create(&self, NewFile { uri, text }: NewFile) -> Created {
        let label = format!("Create {TASKS_FILE}");
        self.effect(Effect::ApplyEdit { label, edit: to_proto::file_edit(&uri, &text) });
        Created { uri }
    }

    /// The environment of the server.
    pub(crate) fn environment(&self) -> Environment {
        self.environment.clone()
    }

    /// Tells the user of an edit that the client did not apply.
    pub(crate) fn edit_failed(&self, label: &str, problem: &str) {
        self.show(MessageType::Error, format!("{label}: {problem}"));
    }
}

/// The tasks file that a URI means: that of a folder, or the file itself.
fn target(uri: &Uri) -> Result<PathBuf, String> {
    let path = document::path_of(uri).ok_or_else(|| format!("`{}` is neither a folder nor a file", uri.0))?;
    if path.is_dir() {
        return Ok(path.join(TASKS_FILE));
    }
    let in_folder = path.parent().is_some_and(Path::is_dir);
    match FileKind::of_path(&path) {
        Some(FileKind::Tasks) if in_folder => Ok(path),
        Some(FileKind::Tasks) => Err(format!("there is no folder for {}", path.display())),
        _ => Err(format!("{} is neither a folder nor a `{TASKS_FILE}`", path.display())),
    }
}

/// The tasks file of the pack of this name; empty where it has none.
fn pack_text(packs: &[Pack], name: &str) -> Result<String, String> {
    let pack = packs::choose(packs, name).map_err(|error| match error {
        NoPack::Unknown => format!("there is no pack `{name}`"),
        NoPack::Ambiguous(names) => format!("several packs are named `{name}`: {}", names.join(", ")),
    })?;
    let text = pack
        .text()
        .map_err(|problem| format!("the tasks file of the pack {} {problem}", pack.full_name()))?;
    Ok(text.unwrap_or_default())
}
