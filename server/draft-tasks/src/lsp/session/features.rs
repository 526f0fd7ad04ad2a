//! What the session answers about a text: completion, hover, outline, lenses, actions and format.
//!
//! Must not change anything.

use std::collections::HashSet;
use std::sync::Arc;

use draft_tasks_analysis::TextRange;
use draft_tasks_analysis::completion;
use draft_tasks_analysis::diagnostic::Diagnostic;
use draft_tasks_analysis::edit;
use draft_tasks_analysis::fix_all::fix_all;
use draft_tasks_analysis::format;
use draft_tasks_analysis::hover::{self, HoverContext};
use draft_tasks_analysis::lens::{self, Runnable, RunnableKind};
use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::suppression::Suppressions;
use draft_tasks_analysis::symbols;
use serde_json::json;
use tower_lsp::gen_lsp_types::*;

use super::Session;
use crate::lsp::commands::{RunPhase, RunTask, ServerCommand, Stop};
use crate::lsp::documents::document::{Analysed, Document};
use crate::lsp::protocol::ext;
use crate::lsp::protocol::position;
use crate::lsp::protocol::to_proto::{self, Context};
use crate::source::FileKind;
use crate::world::packs;

impl Session {
    /// The document, its analysis, and what conversions need; `None` for documents that are not tasks files.
    pub(super) fn opened(&mut self, uri: &Uri) -> Option<(&Session, &Document, Arc<Analysed>)> {
        let document = self.documents.get_mut(uri).filter(|document| document.kind != FileKind::Settings)?;
        let analysis = document.analysed();
        let session: &Session = self;
        Some((session, session.documents.get(uri)?, analysis))
    }

    pub(super) fn context<'a>(&'a self, document: &'a Document, analysed: &'a Analysed) -> Context<'a> {
        self.context_of(&document.uri, analysed)
    }

    /// What conversions need of a text that may not be open.
    pub(crate) fn context_of<'a>(&'a self, uri: &'a Uri, analysed: &'a Analysed) -> Context<'a> {
        Context { uri, analysed, encoding: self.encoding, flags: self.flags, pages: &self.pages }
    }

    pub(crate) fn completion(&mut self, at: TextDocumentPositionParams) -> Option<CompletionResponse> {
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
            found.extend(completion::from_packs(&analysis, offset, &packs::files(&session.packs())));
        }
        let items = found.into_iter().enumerate();
        let items = items.map(|(rank, found)| to_proto::completion_item(context, rank, found)).collect();
        Some(CompletionResponse::CompletionItemList(items))
    }

    pub(crate) fn hover(&mut self, at: TextDocumentPositionParams) -> Option<Hover> {
        if let Some(setting) = self.hover_setting(&at) {
            return Some(setting);
        }
        let (session, document, analysis) = self.opened(&at.text_document.uri)?;
        let offset = position::offset(&document.text, at.position, session.encoding);
        let directory = document.directory();
        let directory = match &directory {
            Some(directory) => directory.display().to_string(),
            None => "the directory of this file".into(),
        };
        let environment = session.environment_to_show(document);
        let lookup = |name: &str| environment.shown(name);
        let mut found =
            hover::hover(&analysis, offset, &HoverContext { directory: &directory, lookup: &lookup })?;
        for more in session.hover_of_runs(document, &analysis, offset) {
            found.markdown += "\n\n";
            found.markdown += &more;
        }
        let range = Some(session.context(document, &analysis).range(found.range));
        Some(Hover { contents: Contents::MarkupContent(to_proto::markdown(found.markdown)), range })
    }

    pub(crate) fn document_symbol(&mut self, uri: &Uri) -> Option<DocumentSymbolResponse> {
        let (session, document, analysis) = self.opened(uri)?;
        let context = session.context(document, &analysis);
        let outline = symbols::symbols(&analysis);
        Some(if session.flags.symbol_tree {
            DocumentSymbolResponse::DocumentSymbolList(
                outline.into_iter().map(|symbol| to_proto::document_symbol(context, symbol)).collect(),
            )
        } else {
            DocumentSymbolResponse::SymbolInformationList(to_proto::flat_symbols(context, outline))
        })
    }

    pub(crate) fn formatting(&mut self, uri: &Uri) -> Option<Vec<TextEdit>> {
        let (session, document, analysis) = self.opened(uri)?;
        let context = session.context(document, &analysis);
        let edits = format::format(&analysis)?;
        Some(edits.iter().map(|edit| to_proto::text_edit(context, edit)).collect())
    }

    pub(crate) fn code_lens(&mut self, uri: &Uri) -> Option<Vec<CodeLens>> {
        let (session, document, analysis) = self.opened(uri)?;
        if !session.may_run(document) || !session.config.code_lens {
            return None;
        }
        let context = session.context(document, &analysis);
        let lenses =
            lens::runnables(&analysis).into_iter().filter(is_worth_a_lens).map(|runnable| CodeLens {
                range: context.range(runnable.range),
                command: Some(session.lens_command(uri, &runnable)),
                data: None,
            });
        Some(lenses.collect())
    }

    /// Whether a document can be run at all: a template or what is not trusted cannot.
    pub(super) fn may_run(&self, document: &Document) -> bool {
        self.trusted && document.kind == FileKind::Tasks && document.path.is_some()
    }

    fn lens_command(&self, uri: &Uri, runnable: &Runnable) -> Command {
        let run = self.runs.running(uri, runnable.phase);
        match (&runnable.what, run) {
            (RunnableKind::Phase { .. }, Some(run)) => {
                let task = run.awaited.as_ref().or_else(|| run.current_task());
                let task = task.map(|task| format!(" · {task}")).unwrap_or_default();
                stop_command(format!("■ Stop {}{task}", runnable.phase), &run.id)
            }
            (RunnableKind::Task { name, .. }, Some(run)) if run.current_task() == Some(name) => {
                stop_command("■ Stop".into(), &run.id)
            }
            (RunnableKind::Phase { tasks }, None) => {
                let last = self.runs.results.last_of_phase(uri, runnable.phase);
                let last =
                    last.map(|run| format!(" · last: {}", run.describe(self.clock))).unwrap_or_default();
                run_command(format!("▶ {}{last}", run_phase_title(runnable.phase, *tasks)), uri, runnable)
            }
            (RunnableKind::Task { name, command }, _) => {
                let result = self.runs.results.task(uri, runnable.phase, name, command);
                let result = result.map(|it| format!(" · {}", it.describe())).unwrap_or_default();
                run_command(format!("▶ Run{result}"), uri, runnable)
            }
        }
    }

    pub(crate) fn code_action(&mut self, params: CodeActionParams) -> Option<Vec<CodeActionResponse>> {
        let only = params.context.only.as_deref();
        let fixes = self.flags.code_action_literals && wants(only, &CodeActionKind::QuickFix);
        if fixes && let Some(actions) = self.fix_settings(&params.text_document.uri, params.range) {
            return Some(actions);
        }
        let (session, document, analysis) = self.opened(&params.text_document.uri)?;
        let range = position::text_range(&document.text, params.range, session.encoding);
        let mut actions = Vec::new();
        if fixes {
            actions.extend(session.quick_fixes(document, &analysis, range));
        }
        // It looks at the whole file, so only where somebody asks for it.
        let all = only.is_some() && wants(only, &ext::FIX_ALL_KIND);
        if all && session.flags.code_action_literals {
            actions.extend(session.fix_all(document, &analysis));
        }
        if wants(only, &ext::RUN_KIND) && session.may_run(document) {
            let asked_for = only.is_some_and(|only| only.contains(&ext::RUN_KIND));
            actions.extend(session.run_actions(document, &analysis, range, asked_for));
            actions.extend(session.rerun_failed_action(document, &analysis, range));
        }
        if wants(only, &ext::SHOW_KIND) && session.may_run(document) {
            actions.extend(session.show_actions(document, &analysis, range));
        }
        if session.flags.code_action_literals {
            actions.extend(session.refactorings(document, &analysis, range, only));
        }
        Some(actions)
    }

    fn quick_fixes(
        &self,
        document: &Document,
        analysis: &Analysed,
        range: TextRange,
    ) -> Vec<CodeActionResponse> {
        let context = self.context(document, analysis);
        // Whoever is on the line wants its fixes: most editors ask only for the place of the cursor.
        let text = &analysis.text;
        let lines = TextRange::new(edit::line_start(text, range.start()), edit::line_stop(text, range.end()));
        let touched = || analysis.diagnostics.iter().filter(|found| found.range.intersect(lines).is_some());
        let action = |found: &Diagnostic, fix: &edit::Fix| {
            CodeActionResponse::CodeAction(CodeAction {
                title: fix.title.clone(),
                kind: Some(CodeActionKind::QuickFix),
                diagnostics: Some(vec![to_proto::diagnostic(context, found)]),
                is_preferred: fix.preferred.then_some(true),
                edit: Some(to_proto::workspace_edit(context, &fix.edits)),
                ..Default::default()
            })
        };
        let mut actions = Vec::new();
        touched().for_each(|found| actions.extend(found.fixes.iter().map(|fix| action(found, fix))));
        // Findings of one code are fixed by one change of another file.
        let mut fixed = HashSet::new();
        let around = touched().filter(|found| fixed.insert(found.code));
        actions.extend(around.filter_map(|found| self.fix_around(document, analysis, found)));
        let suppressions = Suppressions::new(analysis);
        // Whoever ignores a code on a line or in the file ignores all its findings there: one action is enough.
        let mut seen = HashSet::new();
        let ignores =
            touched().flat_map(|found| suppressions.fixes(found).into_iter().map(move |fix| (found, fix)));
        let ignores = ignores
            .filter(|(found, fix)| seen.insert((found.code, fix.edits.first().map(|edit| edit.range))));
        actions.extend(ignores.map(|(found, fix)| action(found, &fix)));
        actions
    }

    /// All fixes that need no decision, as one change.
    fn fix_all(&self, document: &Document, analysis: &Analysed) -> Option<CodeActionResponse> {
        let fixed = fix_all(analysis)?;
        let title = match fixed.fixed.len() {
            1 => "Fix 1 problem".to_owned(),
            many => format!("Fix {many} problems"),
        };
        Some(CodeActionResponse::CodeAction(CodeAction {
            title,
            kind: Some(ext::FIX_ALL_KIND),
            edit: Some(to_proto::workspace_edit(self.context(document, analysis), &fixed.edits)),
            ..Default::default()
        }))
    }

    /// What can be run from here: the task under the cursor, its phase, and where the cursor is in no phase or runs
    /// were asked for by name, all phases.
    fn run_actions(
        &self,
        document: &Document,
        analysis: &Analysed,
        range: TextRange,
        asked_for: bool,
    ) -> Vec<CodeActionResponse> {
        let here = analysis.file.section_at(range.start()).and_then(|section| section.phase);
        let task = analysis.file.task_at(range.start()).map(|(_, task)| task.name.range);
        let mut chosen: Vec<Runnable> = lens::runnables(analysis)
            .into_iter()
            .filter(|runnable| match runnable.what {
                RunnableKind::Task { .. } => Some(runnable.range) == task,
                RunnableKind::Phase { tasks } => {
                    tasks > 0 && (here.is_none() || asked_for || here == Some(runnable.phase))
                }
            })
            .collect();
        // The nearest first: the task, its phase, the other phases.
        chosen.sort_by_key(|runnable| match runnable.what {
            RunnableKind::Task { .. } => 0,
            RunnableKind::Phase { .. } if Some(runnable.phase) == here => 1,
            RunnableKind::Phase { .. } => 2,
        });
        chosen.iter().map(|runnable| self.run_action(&document.uri, runnable)).collect()
    }

    fn run_action(&self, uri: &Uri, runnable: &Runnable) -> CodeActionResponse {
        let command = match (&runnable.what, self.runs.running(uri, runnable.phase)) {
            (_, Some(run)) => stop_command(format!("Stop {}", runnable.phase), &run.id),
            (RunnableKind::Phase { tasks }, None) => {
                run_command(run_phase_title(runnable.phase, *tasks), uri, runnable)
            }
            (RunnableKind::Task { name, .. }, None) => run_command(format!("Run \"{name}\""), uri, runnable),
        };
        self.command_action(ext::RUN_KIND, command)
    }

    /// A command as a code action, or as itself for clients that know no other.
    pub(super) fn command_action(&self, kind: CodeActionKind, command: Command) -> CodeActionResponse {
        if self.flags.code_action_literals {
            CodeActionResponse::CodeAction(CodeAction {
                title: command.title.clone(),
                kind: Some(kind),
                command: Some(command),
                ..Default::default()
            })
        } else {
            CodeActionResponse::Command(command)
        }
    }
}

/// A phase without tasks has nothing to run; its lens comes with its first task.
fn is_worth_a_lens(runnable: &Runnable) -> bool {
    runnable.what != RunnableKind::Phase { tasks: 0 }
}

fn run_phase_title(phase: Phase, tasks: usize) -> String {
    match tasks {
        1 => format!("Run {phase} (1 task)"),
        tasks => format!("Run {phase} ({tasks} tasks)"),
    }
}

fn run_command(title: String, uri: &Uri, runnable: &Runnable) -> Command {
    let (uri, phase, pods) = (uri.clone(), runnable.phase.name().to_owned(), Vec::new());
    match &runnable.what {
        RunnableKind::Phase { .. } => command(title, &RunPhase { uri, phase, pods }),
        RunnableKind::Task { name, command: text } => {
            let (task, text) = (name.clone(), Some(text.clone()));
            command(title, &RunTask { uri, phase, task, command: text, pods })
        }
    }
}

fn stop_command(title: String, run: &str) -> Command {
    command(title, &Stop { run: Some(run.to_owned()), ..Stop::default() })
}

pub(super) fn command<C: ServerCommand>(title: String, argument: &C) -> Command {
    Command { title, tooltip: None, command: C::NAME.into(), arguments: Some(vec![json!(argument)]) }
}

/// Whether a kind is among those that the client asked for; kinds are a tree, told by dots.
pub(super) fn wants(only: Option<&[CodeActionKind]>, kind: &CodeActionKind) -> bool {
    let Some(only) = only else { return true };
    let name =
        |kind: &CodeActionKind| serde_json::to_value(kind).ok().and_then(|it| it.as_str().map(String::from));
    let (Some(kind), only) = (name(kind), only.iter().filter_map(name)) else { return false };
    only.into_iter().any(|wanted| {
        wanted.is_empty()
            || kind == wanted
            || kind.strip_prefix(&wanted).is_some_and(|rest| rest.starts_with('.'))
    })
}
