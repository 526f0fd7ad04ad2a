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
    /// The client wants to be told of which more documents to tell the texts.
    pub(crate) registers_documents: bool,
    /// Completions have places to fill in; else they are plain text.
    pub(crate) snippets: bool,
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
    /// The client asks what can be renamed before it renames.
    pub(crate) prepare_rename: bool,
}

impl ClientFlags {
    pub(crate) fn of(client: &ClientCapabilities) -> ClientFlags {
        let text = client.text_document.as_ref();
        let window = client.window.as_ref();
        let workspace = client.workspace.as_ref();
        let completion = text.and_then(|text| text.completion.as_ref()?.completion_item.as_ref());
        let experimental = client.experimental.as_ref();
        let tokens = text.and_then(|text| text.semantic_tokens.as_ref());
        let settings = workspace.and_then(|workspace| workspace.did_change_configuration.as_ref());
        ClientFlags {
            output_version: experimental.and_then(ext::output_version),
            progress: window.and_then(|window| window.work_done_progress) == Some(true),
            refresh_lenses: workspace.and_then(|it| it.code_lens.as_ref()?.refresh_support) == Some(true),
            asks_for_settings: workspace.and_then(|it| it.configuration) == Some(true),
            registers_settings: settings.and_then(|it| it.dynamic_registration) == Some(true),
            watches_files: workspace
                .and_then(|it| it.did_change_watched_files.as_ref()?.dynamic_registration)
                == Some(true),
            registers_documents: text.and_then(|it| it.synchronization.as_ref()?.dynamic_registration)
                == Some(true),
            snippets: completion.and_then(|item| item.snippet_support) == Some(true),
            related: text.and_then(|it| it.publish_diagnostics.as_ref()).is_some_and(|diagnostics| {
                diagnostics.diagnostics_capabilities.related_information == Some(true)
            }),
            explains: text.and_then(|it| it.publish_diagnostics.as_ref()).is_some_and(|diagnostics| {
                diagnostics.diagnostics_capabilities.code_description_support == Some(true)
            }),
            fades: text
                .and_then(|it| it.publish_diagnostics.as_ref()?.diagnostics_capabilities.tag_support.as_ref())
                .is_some_and(|tags| tags.value_set.contains(&DiagnosticTag::Unnecessary)),
            code_action_literals: text
                .and_then(|it| it.code_action.as_ref()?.code_action_literal_support.as_ref())
                .is_some(),
            symbol_tree: text
                .and_then(|it| it.document_symbol.as_ref()?.hierarchical_document_symbol_support)
                == Some(true),
            tokens: tokens.is_some(),
            multiline_tokens: tokens.and_then(|it| it.multiline_token_support) == Some(true),
            folding: text.is_some_and(|it| it.folding_range.is_some()),
            selection: text.is_some_and(|it| it.selection_range.is_some()),
            hints: text.is_some_and(|it| it.inlay_hint.is_some()),
            refresh_hints: workspace.and_then(|it| it.inlay_hint.as_ref()?.refresh_support) == Some(true),
            shows_documents: window.and_then(|it| it.show_document.as_ref()).is_some_and(|it| it.support),
            asks_for_contents: workspace.is_some_and(|it| it.text_document_content.is_some()),
            versions_edits: workspace.and_then(|workspace| workspace.workspace_edit.as_ref()).is_some_and(
                |edits| {
                    // As below: operations come only in such changes.
                    edits.document_changes.unwrap_or(edits.resource_operations.is_some())
                },
            ),
            creates_files: workspace.and_then(|it| it.workspace_edit.as_ref()).is_some_and(|edits| {
                let operations = edits.resource_operations.as_deref().unwrap_or_default();
                // Operations come only in such changes: Neovim, which applies both, announces the operations alone.
                edits.document_changes != Some(false) && operations.contains(&ResourceOperationKind::Create)
            }),
            applies_edits: workspace.and_then(|it| it.apply_edit) == Some(true),
            links: text.is_some_and(|it| it.document_link.is_some()),
            prepare_rename: text.and_then(|it| it.rename.as_ref()?.prepare_support) == Some(true),
        }
    }
}
