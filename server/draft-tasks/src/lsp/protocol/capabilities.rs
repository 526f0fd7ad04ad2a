//! What the server offers to a client, by what that can do.
//!
//! Must not be asked twice: everything is decided at `initialize`.

use draft_tasks_analysis::file_names::TASKS_FILE;
use serde_json::Value;
use tower_lsp::gen_lsp_types::*;

use crate::lsp::protocol::client_flags::ClientFlags;
use crate::lsp::protocol::ext;
use crate::lsp::protocol::position::Encoding;
use crate::lsp::protocol::to_proto;

/// Both sides of the negotiation.
pub(crate) struct Negotiated {
    pub(crate) flags: ClientFlags,
    pub(crate) encoding: Encoding,
    pub(crate) server: ServerCapabilities,
}

/// Decides what is spoken; the commands are those that the server executes.
pub(crate) fn negotiate(client: &ClientCapabilities, commands: &[&str]) -> Negotiated {
    let flags = ClientFlags::of(client);
    let encoding = encoding(client);
    Negotiated { flags, encoding, server: server(flags, encoding, commands) }
}

/// UTF-8 needs no counting, UTF-32 little; UTF-16 is what every client speaks.
fn encoding(client: &ClientCapabilities) -> Encoding {
    let offered = client.general.as_ref().and_then(|general| general.position_encodings.as_ref());
    let offers = |kind| offered.is_some_and(|offered| offered.contains(&kind));
    match () {
        () if offers(PositionEncodingKind::UTF8) => Encoding::Utf8,
        () if offers(PositionEncodingKind::UTF32) && !offers(PositionEncodingKind::UTF16) => Encoding::Utf32,
        () => Encoding::Utf16,
    }
}

fn server(flags: ClientFlags, encoding: Encoding, commands: &[&str]) -> ServerCapabilities {
    ServerCapabilities {
        position_encoding: Some(encoding.kind()),
        text_document_sync: Some(sync()),
        completion_provider: Some(completion()),
        hover_provider: Some(HoverProvider::Bool(true)),
        document_symbol_provider: Some(DocumentSymbolProvider::Bool(true)),
        document_formatting_provider: Some(DocumentFormattingProvider::Bool(true)),
        document_range_formatting_provider: Some(DocumentRangeFormattingProvider::Bool(true)),
        references_provider: Some(ReferencesProvider::Bool(true)),
        code_lens_provider: Some(CodeLensOptions::default()),
        code_action_provider: Some(code_actions(flags)),
        definition_provider: Some(DefinitionProvider::Bool(true)),
        document_link_provider: flags.links.then(DocumentLinkOptions::default),
        document_highlight_provider: Some(DocumentHighlightProvider::Bool(true)),
        workspace_symbol_provider: Some(WorkspaceSymbolProvider::Bool(true)),
        rename_provider: Some(rename(flags)),
        semantic_tokens_provider: flags.tokens.then(semantic_tokens),
        folding_range_provider: flags.folding.then_some(FoldingRangeProvider::Bool(true)),
        selection_range_provider: flags.selection.then_some(SelectionRangeProvider::Bool(true)),
        inlay_hint_provider: flags.hints.then_some(InlayHintProvider::Bool(true)),
        execute_command_provider: Some(ExecuteCommandOptions {
            commands: commands.iter().map(|name| (*name).into()).collect(),
            ..Default::default()
        }),
        workspace: Some(workspace(flags)),
        experimental: Some(ext::server_capabilities()),
        ..Default::default()
    }
}

fn sync() -> TextDocumentSync {
    TextDocumentSync::Options(TextDocumentSyncOptions {
        open_close: Some(true),
        change: Some(TextDocumentSyncKind::Incremental),
        save: Some(Save::Bool(true)),
        ..Default::default()
    })
}

fn completion() -> CompletionOptions {
    CompletionOptions {
        trigger_characters: Some(["[", "\"", "$", "/", " "].map(String::from).to_vec()),
        ..Default::default()
    }
}

fn code_actions(flags: ClientFlags) -> CodeActionProvider {
    if !flags.code_action_literals {
        return CodeActionProvider::Bool(true);
    }
    let mut kinds = vec![CodeActionKind::QuickFix, ext::FIX_ALL_KIND];
    kinds.extend([ext::RUN_KIND, ext::SHOW_KIND, ext::EXPORT_KIND]);
    kinds.extend(to_proto::REFACTORING_KINDS);
    let options = CodeActionOptions { code_action_kinds: Some(kinds), ..Default::default() };
    CodeActionProvider::CodeActionOptions(options)
}

fn rename(flags: ClientFlags) -> RenameProvider {
    if !flags.prepare_rename {
        return RenameProvider::Bool(true);
    }
    RenameProvider::RenameOptions(RenameOptions { prepare_provider: Some(true), ..Default::default() })
}

fn workspace(flags: ClientFlags) -> WorkspaceOptions {
    let folders = WorkspaceFoldersServerCapabilities {
        supported: Some(true),
        change_notifications: Some(ChangeNotifications::Bool(true)),
    };
    let contents = TextDocumentContentOptions::new(vec![ext::LOG_SCHEME.into()]);
    WorkspaceOptions {
        workspace_folders: Some(folders),
        file_operations: Some(FileOperationOptions { did_rename: Some(renames()), ..Default::default() }),
        text_document_content: flags.asks_for_contents.then_some(TextDocumentContent::Options(contents)),
    }
}

/// Tasks files, and folders that may have some.
fn renames() -> FileOperationRegistrationOptions {
    let filter = |glob: String, kind| {
        let pattern = FileOperationPattern { glob, matches: Some(kind), options: None };
        FileOperationFilter { scheme: Some("file".into()), pattern }
    };
    FileOperationRegistrationOptions::new(vec![
        filter(format!("**/{TASKS_FILE}"), FileOperationPatternKind::File),
        filter("**".into(), FileOperationPatternKind::Folder),
    ])
}

fn semantic_tokens() -> SemanticTokensProvider {
    SemanticTokensProvider::SemanticTokensOptions(SemanticTokensOptions {
        legend: SemanticTokensLegend {
            token_types: to_proto::TOKEN_TYPES.map(String::from).to_vec(),
            token_modifiers: Vec::new(),
        },
        range: Some(SemanticTokensOptionsRange::Bool(true)),
        full: Some(Full::Bool(true)),
        ..Default::default()
    })
}

/// The folders of the workspace when the client starts.
pub(crate) fn folders(told: Option<WorkspaceFolders>) -> Vec<Uri> {
    match told {
        Some(WorkspaceFolders::WorkspaceFolderList(folders)) => {
            folders.into_iter().map(|folder| folder.uri).collect()
        }
        _ => Vec::new(),
    }
}

/// What the client says about trust when it starts; a client that says nothing has its own ways to ask.
pub(crate) fn trusted(options: Option<&Value>) -> bool {
    options.and_then(|options| options.get("trusted")).and_then(Value::as_bool).unwrap_or(true)
}
