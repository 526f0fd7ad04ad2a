//! `textDocument/completion`: tables, keys and phases by the analysis; inside of a command the programs, files and
//! variables that there are.
//!
//! Must not look at the disk for a workspace that is not trusted, and must not show a secret's value.

use std::sync::Arc;

use draft_tasks_analysis::TextSize;
use draft_tasks_analysis::completion::command::{self, Candidate, Site, Wanted};
use draft_tasks_analysis::completion::{self, Completion, CompletionKind};
use draft_tasks_analysis::project_files::Named;
use draft_tasks_analysis::task_variable::TaskVariable;
use tower_lsp::gen_lsp_types::*;

use crate::lsp::documents::document::{Analysed, Document};
use crate::lsp::documents::look::Reply;
use crate::lsp::documents::nearby::{Entry, Nearby};
use crate::lsp::documents::surroundings;
use crate::lsp::protocol::position;
use crate::lsp::protocol::to_proto::{self, Context};
use crate::lsp::session::{DocumentView, Session};
use crate::settings::project;
use crate::world::packs;
use crate::world::programs::KnownPrograms;

/// A longer list is cut, and the client asks again when more is typed.
const MOST: usize = 200;

/// Where projects keep their scripts.
const SCRIPTS: [&str; 4] = ["./", "scripts/", "bin/", "hack/"];

/// What tasks run most often; offered first where it is installed.
const FAMILIAR: [&str; 10] =
    ["sh", "make", "helm", "kubectl", "docker", "npm", "git", "bash", "curl", "draft"];

impl Session {
    /// Everything that can be typed at a place; a space asks only where it begins a target or a script.
    pub(crate) fn completion(&mut self, params: CompletionParams) -> Reply<Option<CompletionResponse>> {
        let at = params.text_document_position_params;
        if let Some(settings) = self.complete_setting(&at) {
            return Reply::Known(Some(settings));
        }
        let Some((session, document, analysis)) = self.opened(&at.text_document.uri) else {
            return Reply::Known(None);
        };
        let offset = position::offset(&document.text, at.position, session.encoding);
        let site = command::site(&analysis.parsed, offset);
        let typed = params.context.and_then(|context| context.trigger_character);
        let named = |site: &Site| matches!(site.wanted, Wanted::Offered(_));
        if typed.as_deref() == Some(" ") && !site.as_ref().is_some_and(named) {
            return Reply::Known(None);
        }
        let Some(site) = site else { return session.outside_of_commands(document, analysis, offset) };
        if matches!(site.wanted, Wanted::Variable { .. }) {
            let found = session.variables(&site, document);
            return Reply::Known(Some(list(session.context(document, &analysis), found)));
        }
        let (view, programs) = (session.view(document, analysis), session.programs.clone());
        let look = move || Some(list(view.context(), view.candidates(&site, &programs)));
        Reply::Look(document.turns.completion.clone(), Box::new(look))
    }

    /// What can be typed where no command is; where nothing is yet, the files of packs.
    fn outside_of_commands(
        &self,
        document: &Document,
        analysis: Arc<Analysed>,
        offset: TextSize,
    ) -> Reply<Option<CompletionResponse>> {
        let is_empty = analysis.parsed.text.trim().is_empty();
        let view = self.view(document, analysis);
        let mut found = completion::complete(&view.analysed.parsed, offset);
        if !is_empty {
            return Reply::Known(Some(items(view.context(), found)));
        }
        let look = move || {
            let files = packs::files(&packs::of_user(&view.environment));
            found.extend(completion::from_packs(&view.analysed.parsed, offset, &files));
            Some(items(view.context(), found))
        };
        Reply::Look(document.turns.completion.clone(), Box::new(look))
    }

    fn complete_setting(&mut self, at: &TextDocumentPositionParams) -> Option<CompletionResponse> {
        let (session, document, analysed) = self.opened_settings(&at.text_document.uri)?;
        let offset = position::offset(&document.text, at.position, session.encoding);
        let found = project::complete(&analysed.parsed.tree, &analysed.parsed.text, offset);
        Some(items(session.context(document, &analysed), found))
    }

    /// The variables that a task has, with those of the settings; the file of variables is in a directory that is
    /// trusted.
    fn variables(&self, site: &Site, document: &Document) -> Vec<Completion> {
        let environment = if self.may_run(document) {
            self.environment_to_show(document)
        } else {
            surroundings::without_files(&self.environment, &document.config.run)
        };
        let mut names: Vec<String> = environment.names().iter().cloned().collect();
        names.sort();
        let shown = |name: &String| environment.shown(name).unwrap_or_default();
        let all = names.iter().map(|name| Candidate::variable(name, &shown(name)));
        let untold = TaskVariable::ALL.into_iter().filter(|it| environment.get(it.name()).is_none());
        offer(site, &mut all.chain(untold.map(|it| Candidate::variable(it.name(), it.meaning()))))
    }
}

impl DocumentView {
    fn candidates(&self, site: &Site, programs: &KnownPrograms) -> Vec<Completion> {
        let offer = |candidates: &mut dyn Iterator<Item = Candidate>| offer(site, candidates);
        let Some(directory) = self.directory.clone().filter(|_| self.may_run) else { return Vec::new() };
        let mut nearby = Nearby::new(directory);
        match &site.wanted {
            Wanted::Variable { .. } => Vec::new(),
            Wanted::Program => {
                let programs = programs.names(&self.environment.get("PATH").unwrap_or_default());
                let familiar = FAMILIAR.iter().copied().filter(|name| programs.contains(*name));
                let others = programs.iter().map(String::as_str).filter(|name| !FAMILIAR.contains(name));
                let programs =
                    familiar.chain(others).map(|it| candidate(it, CompletionKind::Program, "program"));
                offer(&mut scripts(&mut nearby).into_iter().chain(programs))
            }
            Wanted::ScriptIn(directory) => {
                let entries = nearby.entries(directory).into_iter();
                offer(
                    &mut entries
                        .filter(|it| it.is_directory || it.is_executable)
                        .filter_map(|it| file(it, site)),
                )
            }
            Wanted::FileIn(directory) => {
                offer(&mut nearby.entries(directory).into_iter().filter_map(|it| file(it, site)))
            }
            Wanted::Offered(file) => match nearby.offered(file) {
                Some(commands) => offer(&mut commands.named.iter().map(target)),
                None => Vec::new(),
            },
        }
    }
}

/// What can be typed, as the protocol has it.
fn items(context: Context<'_>, found: Vec<Completion>) -> CompletionResponse {
    CompletionResponse::CompletionItemList(protocol_items(context, found))
}

/// What can be typed inside of a command; of more than anybody reads the client asks again.
fn list(context: Context<'_>, found: Vec<Completion>) -> CompletionResponse {
    let items = protocol_items(context, found);
    let is_incomplete = items.len() == MOST;
    let list = CompletionList { is_incomplete, item_defaults: None, apply_kind: None, items };
    CompletionResponse::CompletionList(list)
}

fn protocol_items(context: Context<'_>, found: Vec<Completion>) -> Vec<CompletionItem> {
    let found = found.into_iter().enumerate();
    found.map(|(rank, found)| to_proto::completion_item(context, rank, found)).collect()
}

/// The candidates that fit, as far as anybody reads them.
fn offer(site: &Site, candidates: &mut dyn Iterator<Item = Candidate>) -> Vec<Completion> {
    let fitting = candidates.filter(|candidate| candidate.text.starts_with(&site.typed));
    command::offer(site, fitting.take(MOST))
}

fn candidate(text: &str, kind: CompletionKind, detail: &str) -> Candidate {
    Candidate { text: text.to_owned(), kind, detail: detail.to_owned() }
}

/// The programs of the project itself, as paths.
fn scripts(nearby: &mut Nearby) -> Vec<Candidate> {
    let found = SCRIPTS.iter().flat_map(|directory| {
        let entries = nearby.entries(directory).into_iter().filter(|entry| entry.is_executable);
        let paths =
            entries.map(|it| candidate(&format!("{directory}{}", it.name), CompletionKind::File, "script"));
        paths.collect::<Vec<_>>()
    });
    found.collect()
}

/// A file or directory; hidden ones only to those who type their dot.
fn file(entry: Entry, site: &Site) -> Option<Candidate> {
    if entry.name.starts_with('.') && !site.typed.starts_with('.') {
        return None;
    }
    Some(if entry.is_directory {
        candidate(&format!("{}/", entry.name), CompletionKind::Directory, "directory")
    } else {
        candidate(&entry.name, CompletionKind::File, "file")
    })
}

fn target(named: &Named) -> Candidate {
    candidate(&named.name, CompletionKind::Target, &named.detail)
}
