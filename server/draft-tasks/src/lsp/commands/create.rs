//! New tasks files: the command that creates one where there is none.
//!
//! Must not write: the client does, which shows it and can undo it. Must not replace anything that is there.

use std::path::{Path, PathBuf};

use draft_tasks_analysis::completion;
use draft_tasks_analysis::file_names::TASKS_FILE;
use serde::{Deserialize, Serialize};
use tower_lsp::gen_lsp_types::Uri;
use tower_lsp::jsonrpc::Error;

use super::{Listed, Needs, ServerCommand};
use crate::lsp::documents::document;
use crate::lsp::documents::look::off_thread;
use crate::lsp::effect::Effect;
use crate::lsp::protocol::to_proto;
use crate::lsp::protocol::to_proto::refusal;
use crate::lsp::session::{Session, SharedSession};
use crate::source::FileKind;
use crate::world::environment::Environment;
use crate::world::packs::{self, NoPack, Pack};

/// Creates a tasks file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Create {
    /// The folder that gets the file, or the file.
    #[cfg_attr(test, schemars(with = "String"))]
    pub(crate) uri: Uri,
    /// The draft pack whose tasks file is copied, if it has one; without it the file has the phases with comments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pack: Option<String>,
    /// Whether the file is the example of the specification (DEP-8).
    #[serde(default)]
    pub(crate) example: bool,
}

impl ServerCommand for Create {
    const NAME: &'static str = "draft-tasks.create";
    const DOCUMENTATION: &'static str = "Creates a tasks file where there is none and answers `{ \"uri\": … }` at once. The file \
        comes as an edit of the workspace (`workspace/applyEdit`), so the client must be able to \
        create files in edits. A file that exists is not overwritten, and in a workspace that is not \
        trusted nothing is created.";
    const STARTS: bool = false;
    const LISTED: Option<Listed> =
        Some(Listed { title: "Create .draft-tasks.toml…", needs: Needs::Folder });

    type Answer = Created;

    async fn execute(self, session: &SharedSession) -> Result<Created, Error> {
        let creation = session.with(|session| session.creation(self))?;
        let created = off_thread(move || creation.read()).await?.map_err(refusal)?;
        Ok(session.with(|session| session.create(created)))
    }
}

/// A file that the client is asked to create.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Created {
    /// The file.
    #[cfg_attr(test, schemars(with = "String"))]
    pub(super) uri: Uri,
}

/// A file that is wanted.
struct Creation {
    wanted: Create,
    environment: Environment,
    /// The files that the client has open.
    open: Vec<Uri>,
}

/// A file that there is not yet.
struct NewFile {
    uri: Uri,
    text: String,
}

impl Creation {
    /// Looks for the file, and for the pack whose tasks it gets; else why it is not created.
    fn read(self) -> Result<NewFile, String> {
        let path = target(&self.wanted.uri)?;
        let file =
            url::Url::from_file_path(&path).map_err(|()| format!("{} is not a file", path.display()))?;
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
    /// Fails where the client makes no files; then it is said what goes by hand.
    pub(super) fn may_create(&self, by_hand: &str) -> Result<(), Error> {
        if !self.trusted {
            return Err(refusal("nothing is created in a workspace that is not trusted"));
        }
        if !self.flags.makes_files() {
            return Err(refusal(format!("this editor creates no files for a server: {by_hand}")));
        }
        Ok(())
    }

    /// What is to be looked for before a file is created.
    fn creation(&self, wanted: Create) -> Result<Creation, Error> {
        self.may_create("open a new `.draft-tasks.toml`, which completion fills")?;
        let open = self.documents.keys().cloned().collect();
        Ok(Creation { wanted, environment: self.environment.clone(), open })
    }

    fn create(&self, NewFile { uri, text }: NewFile) -> Created {
        let label = format!("Create {TASKS_FILE}");
        self.effect(Effect::ApplyEdit { label, edit: to_proto::file_edit(&uri, &text), shows: None });
        Created { uri }
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
        .map_err(|problem| format!("the tasks file of the pack {}: {problem}", pack.full_name()))?;
    Ok(text.unwrap_or_default())
}
