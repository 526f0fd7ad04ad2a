//! What the client can do.
//!
//! Must not be asked for twice: all of it is decided at `initialize`.

use tower_lsp::gen_lsp_types::*;

use crate::lsp::protocol::ext;

/// What the client can do, each named by what it changes here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ClientFlags {
    /// Output and run states go there in notifications of our own, in this version; else into log messages, with a message
    /// at the end.
    pub(crate) output_version: Option<u64>,
    /// The client shows colours in output, so tasks are asked for them.
    pub(crate) colors: bool,
    /// Runs show work-done progress.
    pub(crate) progress: bool,
    /// Lenses are refreshed when a run changes them.
    pub(crate) refresh_lenses: bool,
    /// Settings are asked for; else they come with their notification.
    pub(crate) asks_for_settings: bool,
    /// The client wants to be told which notifications to send about settings.
    pub(crate) registers_settings: bool,
    /// The client wants to be told which files to watch.
    pub(crate) watches_files: bool,
    /// Files outside of the workspace can be watched.
    pub(crate) relative_patterns: bool,
    /// The client wants to be told of which more documents to tell the texts.
    pub(crate) registers_documents: bool,
    /// Completions have places to fill in; else they are plain text.
    pub(crate) snippets: bool,
    /// Completions replace the rest of a word or not, as the user has chosen.
    pub(crate) insert_replace: bool,
    /// Diagnostics point at other places.
    pub(crate) related: bool,
    /// Codes of diagnostics lead to their explanations.
    pub(crate) explains: bool,
    /// What is unnecessary may be shown faded.
    pub(crate) fades: bool,
    /// Code actions carry edits; else only what a command can do is offered.
    pub(crate) code_action_literals: bool,
    /// The outline is a tree; else a flat list.
    pub(crate) symbol_tree: bool,
    /// The client asks for semantic tokens.
    pub(crate) tokens: bool,
    /// A semantic token may go over several lines; else there is one for each line.
    pub(crate) multiline_tokens: bool,
    /// The client asks for folding ranges.
    pub(crate) folding: bool,
    /// The client asks for selection ranges.
    pub(crate) selection: bool,
    /// The client shows inlay hints.
    pub(crate) hints: bool,
    /// Inlay hints are refreshed when the settings change.
    pub(crate) refresh_hints: bool,
    /// The client opens files when it is asked to.
    pub(crate) shows_documents: bool,
    /// The client asks for the text of documents that are no files.
    pub(crate) asks_for_contents: bool,
    /// Edits may say which version of a document they are for.
    pub(crate) versions_edits: bool,
    /// Edits may create files.
    pub(crate) creates_files: bool,
    /// The client applies edits that the server asks for.
    pub(crate) applies_edits: bool,
    /// The client shows links.
    pub(crate) links: bool,
    /// Links say where they lead.
    pub(crate) link_tooltips: bool,
    /// The client asks what can be renamed before it renames.
    pub(crate) prepare_rename: bool,
}

impl ClientFlags {
    pub(crate) fn of(client: &ClientCapabilities) -> ClientFlags {
        let mut flags = ClientFlags {
            output_version: client.experimental.as_ref().and_then(ext::output_version),
            colors: client.experimental.as_ref().is_some_and(ext::shows_colors),
            ..ClientFlags::default()
        };
        if let Some(text) = &client.text_document {
            flags.take_text_document(text);
            flags.take_diagnostics(text);
        }
        if let Some(window) = &client.window {
            flags.progress = window.work_done_progress == Some(true);
            flags.shows_documents = window.show_document.as_ref().is_some_and(|it| it.support);
        }
        if let Some(workspace) = &client.workspace {
            flags.take_workspace(workspace);
            flags.take_edits(workspace);
        }
        flags
    }

    /// Whether it creates files that the server asks for.
    pub(crate) fn makes_files(self) -> bool {
        self.creates_files && self.applies_edits
    }

    fn take_text_document(&mut self, text: &TextDocumentClientCapabilities) {
        let completion = text.completion.as_ref().and_then(|it| it.completion_item.as_ref());
        self.registers_documents =
            text.synchronization.as_ref().and_then(|it| it.dynamic_registration) == Some(true);
        self.snippets = completion.and_then(|item| item.snippet_support) == Some(true);
        self.insert_replace = completion.and_then(|item| item.insert_replace_support) == Some(true);
        self.code_action_literals =
            text.code_action.as_ref().is_some_and(|it| it.code_action_literal_support.is_some());
        self.symbol_tree =
            text.document_symbol.as_ref().and_then(|it| it.hierarchical_document_symbol_support)
                == Some(true);
        self.tokens = text.semantic_tokens.is_some();
        self.multiline_tokens =
            text.semantic_tokens.as_ref().and_then(|it| it.multiline_token_support) == Some(true);
        self.folding = text.folding_range.is_some();
        self.selection = text.selection_range.is_some();
        self.hints = text.inlay_hint.is_some();
        self.links = text.document_link.is_some();
        self.link_tooltips = text.document_link.as_ref().and_then(|it| it.tooltip_support) == Some(true);
        self.prepare_rename = text.rename.as_ref().and_then(|it| it.prepare_support) == Some(true);
    }

    fn take_diagnostics(&mut self, text: &TextDocumentClientCapabilities) {
        let Some(diagnostics) = &text.publish_diagnostics else { return };
        let diagnostics = &diagnostics.diagnostics_capabilities;
        self.related = diagnostics.related_information == Some(true);
        self.explains = diagnostics.code_description_support == Some(true);
        self.fades = diagnostics
            .tag_support
            .as_ref()
            .is_some_and(|tags| tags.value_set.contains(&DiagnosticTag::Unnecessary));
    }

    fn take_workspace(&mut self, workspace: &WorkspaceClientCapabilities) {
        let settings = workspace.did_change_configuration.as_ref();
        let files = workspace.did_change_watched_files.as_ref();
        self.refresh_lenses = workspace.code_lens.as_ref().and_then(|it| it.refresh_support) == Some(true);
        self.asks_for_settings = workspace.configuration == Some(true);
        self.registers_settings = settings.and_then(|it| it.dynamic_registration) == Some(true);
        self.watches_files = files.and_then(|it| it.dynamic_registration) == Some(true);
        self.relative_patterns = files.and_then(|it| it.relative_pattern_support) == Some(true);
        self.refresh_hints = workspace.inlay_hint.as_ref().and_then(|it| it.refresh_support) == Some(true);
        self.asks_for_contents = workspace.text_document_content.is_some();
        self.applies_edits = workspace.apply_edit == Some(true);
    }

    /// Operations on files come only in changes with versions: Neovim, which applies both, announces the operations
    /// alone.
    fn take_edits(&mut self, workspace: &WorkspaceClientCapabilities) {
        let Some(edits) = &workspace.workspace_edit else { return };
        let operations = edits.resource_operations.as_deref();
        self.versions_edits = edits.document_changes.unwrap_or(operations.is_some());
        self.creates_files = edits.document_changes != Some(false)
            && operations.is_some_and(|all| all.contains(&ResourceOperationKind::Create));
    }
}
