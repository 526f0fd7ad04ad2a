//! `textDocument/documentLink`.
//!
//! Must not lead to what does not exist.

use draft_tasks_analysis::links::{self, Target};
use draft_tasks_analysis::project_files::{OfferedName, ProjectFile};
use draft_tasks_analysis::{TextRange, TextSize};
use tower_lsp::gen_lsp_types::*;

use super::definition::{directory, located};
use crate::lsp::documents::look::Reply;
use crate::lsp::documents::nearby::Nearby;
use crate::lsp::protocol::to_proto::shown;
use crate::lsp::session::{DocumentView, Session};

impl Session {
    /// Links to what exists; only for files, since a client opens them as such.
    pub(crate) fn document_link(&mut self, uri: &Uri) -> Reply<Option<Vec<DocumentLink>>> {
        let Some((session, document, analysis)) = self.opened(uri) else { return Reply::Known(None) };
        let Some(directory) = directory(document) else { return Reply::Known(None) };
        let view = session.view(document, analysis);
        let look = move || Some(document_links(&view, &mut Nearby::new(directory)));
        Reply::Look(document.turns.links.clone(), Box::new(look))
    }
}

fn document_links(view: &DocumentView, nearby: &mut Nearby) -> Vec<DocumentLink> {
    let text = TextRange::up_to(TextSize::of(&*view.analysed.parsed.text));
    let links = links::links(&view.analysed.parsed, text).into_iter();
    let found = links.filter_map(|link| {
        let place = nearby.locate(&link.target)?;
        let (uri, range) = located(&place, view.encoding)?;
        let target = match place.name {
            // Editors read the line from the fragment.
            Some(_) => Uri::from(format!("{}#L{}", uri.0, range.start.line + 1)),
            None => uri,
        };
        let range = view.context().range(link.range);
        let tooltip = view.flags.link_tooltips.then(|| shown(&called(&link.target)));
        Some(DocumentLink { range, target: Some(target), tooltip, data: None })
    });
    found.collect()
}

/// Where a link leads, by name.
fn called(target: &Target) -> String {
    let in_directory = |directory: &str, file: &str| match directory {
        "" => file.to_owned(),
        directory => format!("{}/{file}", directory.trim_end_matches('/')),
    };
    match target {
        Target::Path { path, inside: None } => path.clone(),
        Target::Path { path, inside: Some(file) } => in_directory(path, file),
        Target::Offered(OfferedName { file, name }) => {
            let kind = match file {
                ProjectFile::Makefile(_) => "target",
                ProjectFile::Package(_) => "script",
            };
            format!("{kind} {name} of {}", file.paths().pop().unwrap_or_default())
        }
    }
}
