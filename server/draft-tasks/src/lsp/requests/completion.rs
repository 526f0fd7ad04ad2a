//! `textDocument/completion`: tables, keys and phases by the analysis; inside of a command the programs, files and
//! variables that there are.
//!
//! Must not look at the disk for a workspace that is not trusted, and must not show a secret's value.

use std::collections::BTreeSet;
use std::sync::Arc;

use draft_tasks_analysis::completion::command::{self, Candidate, Site, Wanted};
use draft_tasks_analysis::completion::{self, Completion, CompletionKind};
use draft_tasks_analysis::project_files::Named;
use tower_lsp::gen_lsp_types::*;

use crate::lsp::documents::document::Document;
use crate::lsp::documents::nearby::{Entry, Nearby};
use crate::lsp::documents::surroundings;
use crate::lsp::protocol::{position, to_proto};
use crate::lsp::session::Session;
use crate::settings::project;
use crate::world::packs;

/// A longer list is cut, and the client asks again when more is typed.
const MOST: usize = 200;

/// Where projects keep their scripts.
const SCRIPTS: [&str; 4] = ["./", "scripts/", "bin/", "hack/"];

/// What tasks run most often; offered first where it is installed.
const FAMILIAR: [&str; 10] =
    ["sh", "make", "helm", "kubectl", "docker", "npm", "git", "bash", "curl", "draft"];

impl Session {
    /// Everything that can be typed at a place; a space asks only where it begins a target or a script.
    pub(crate) fn complete(&mut self, params: CompletionParams) -> Option<CompletionResponse> {
        let at = params.text_document_position_params;
        let typed = params.context.and_then(|context| context.trigger_character);
        if typed.as_deref() == Some(" ") && !self.names_command(&at) {
            return None;
        }
        self.completion(at)
    }

    fn completion(&mut self, at: TextDocumentPositionParams) -> Option<CompletionResponse> {
        if let Some(settings) = self.complete_setting(&at) {
            return Some(settings);
        }
        if let Some(inside) = self.command_completion(&at) {
            return Some(inside);
        }
        let (session, document, analysis) = self.opened(&at.text_document.uri)?;
        let offset = position::offset(&document.text, at.position, session.encoding);
        let context = session.context(document, &analysis);
        let mut found = completion::complete(&analysis, offset);
        if analysis.text.trim().is_empty() {
            found.extend(completion::from_packs(
                &analysis,
                offset,
                &packs::files(&packs::of_user(&session.environment)),
            ));
        }
        let items = found.into_iter().enumerate();
        let items = items.map(|(rank, found)| to_proto::completion_item(context, rank, found)).collect();
        Some(CompletionResponse::CompletionItemList(items))
    }

    fn complete_setting(&mut self, at: &TextDocumentPositionParams) -> Option<CompletionResponse> {
        let (session, document, analysed) = self.opened_settings(&at.text_document.uri)?;
        let offset = position::offset(&document.text, at.position, session.encoding);
        let context = session.context(document, &analysed);
        let found = project::complete(&analysed.tree, &analysed.text, offset).into_iter().enumerate();
        let items = found.map(|(rank, found)| to_proto::completion_item(context, rank, found)).collect();
        Some(CompletionResponse::CompletionItemList(items))
    }

    /// Whether a target of a Makefile or a script of npm belongs to a place.
    fn names_command(&mut self, at: &TextDocumentPositionParams) -> bool {
        let Some((session, document, analysis)) = self.opened(&at.text_document.uri) else { return false };
        let offset = position::offset(&document.text, at.position, session.encoding);
        let site = command::site(&analysis, offset);
        site.is_some_and(|site| matches!(site.wanted, Wanted::MakeTarget(_) | Wanted::NpmScript(_)))
    }

    /// Completion inside of a command; `None` elsewhere.
    fn command_completion(&mut self, at: &TextDocumentPositionParams) -> Option<CompletionResponse> {
        let (session, document, analysis) = self.opened(&at.text_document.uri)?;
        let offset = position::offset(&document.text, at.position, session.encoding);
        let site = command::site(&analysis, offset)?;
        let directory = document.directory().filter(|_| session.may_run(document));
        let found = match site.wanted {
            Wanted::Variable { .. } => {
                session.variables(&site, Some(document).filter(|it| session.may_run(it)))
            }
            _ => self.candidates(&site, directory.map(Nearby::new)),
        };
        let (session, document, analysis) = self.opened(&at.text_document.uri)?;
        let context = session.context(document, &analysis);
        let items = found.into_iter().enumerate();
        let items: Vec<_> =
            items.map(|(rank, found)| to_proto::completion_item(context, rank, found)).collect();
        let is_incomplete = items.len() == MOST;
        let list = CompletionList { is_incomplete, item_defaults: None, apply_kind: None, items };
        Some(CompletionResponse::CompletionList(list))
    }

    /// The variables that a task has, with those of the settings; the file of variables is in a directory that is
    /// trusted.
    fn variables(&self, site: &Site, document: Option<&Document>) -> Vec<Completion> {
        let environment = match document {
            Some(document) => self.environment_to_show(document),
            None => surroundings::without_files(&self.environment, &self.config.run),
        };
        let mut names: Vec<String> = environment.names().iter().cloned().collect();
        names.sort();
        let shown = |name: &String| environment.shown(name).unwrap_or_default();
        offer(site, &mut names.iter().map(|name| Candidate::variable(name, &shown(name))))
    }

    fn candidates(&mut self, site: &Site, nearby: Option<Nearby>) -> Vec<Completion> {
        let offer = |candidates: &mut dyn Iterator<Item = Candidate>| offer(site, candidates);
        let Some(mut nearby) = nearby else { return Vec::new() };
        match &site.wanted {
            Wanted::Variable { .. } => Vec::new(),
            Wanted::Program => {
                let programs = self.programs();
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
            Wanted::MakeTarget(makefile) => match nearby.make_targets(makefile) {
                Some(commands) => offer(&mut commands.named.iter().map(target)),
                None => Vec::new(),
            },
            Wanted::NpmScript(directory) => match nearby.npm_scripts(directory) {
                Some(commands) => offer(&mut commands.named.iter().map(target)),
                None => Vec::new(),
            },
        }
    }

    fn programs(&mut self) -> Arc<BTreeSet<String>> {
        let path = self.environment.get("PATH").unwrap_or_default();
        self.programs.names(&path)
    }
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
