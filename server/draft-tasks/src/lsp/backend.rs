//! The protocol's methods, one line each over the session.
//!
//! Must not await anything but commands and looks at disks, which have all that they need of the session: what is awaited
//! lets the next message overtake.

use serde_json::Value;
use tower_lsp::gen_lsp_types::*;
use tower_lsp::jsonrpc::Result;
use tower_lsp::{Client, LanguageServer};

use super::commands;
use crate::lsp::protocol::ext::{RunnablesParams, TerminalRunnable, TrustParams};
use crate::lsp::session::SharedSession;

pub(crate) struct Backend {
    pub(crate) client: Client,
    pub(crate) session: SharedSession,
}

impl LanguageServer for Backend {
    async fn initialize(&self, params: InitializeParams) -> Result<InitializeResult> {
        Ok(self.session.with(|session| session.initialize(params, &commands::NAMES)))
    }

    async fn initialized(&self, _: InitializedParams) {
        self.session.with(|session| session.initialized());
    }

    async fn shutdown(&self) -> Result<()> {
        self.session.shut_down();
        Ok(())
    }

    async fn did_open(&self, params: DidOpenTextDocumentParams) {
        self.session.with(|session| session.did_open(params.text_document));
    }

    async fn did_change(&self, params: DidChangeTextDocumentParams) {
        self.session.with(|session| session.did_change(params));
    }

    async fn did_save(&self, params: DidSaveTextDocumentParams) {
        self.session.with(|session| session.did_save(&params.text_document.uri));
    }

    async fn did_close(&self, params: DidCloseTextDocumentParams) {
        self.session.with(|session| session.did_close(params.text_document.uri));
    }

    async fn did_change_configuration(&self, params: DidChangeConfigurationParams) {
        self.session.with(|session| session.did_change_configuration(params.settings));
    }

    async fn did_change_watched_files(&self, _: DidChangeWatchedFilesParams) {
        self.session.with(|session| session.did_change_watched_files());
    }

    async fn did_rename_files(&self, params: RenameFilesParams) {
        self.session.with(|session| session.did_rename_files(&params));
    }

    async fn did_change_workspace_folders(&self, params: DidChangeWorkspaceFoldersParams) {
        self.session.with(|session| session.did_change_folders(params.event));
    }

    async fn completion(&self, params: CompletionParams) -> Result<Option<CompletionResponse>> {
        self.session.with(|session| session.completion(params)).answer().await
    }

    async fn hover(&self, params: HoverParams) -> Result<Option<Hover>> {
        Ok(self.session.with(|session| session.hover(params.text_document_position_params)))
    }

    async fn document_symbol(&self, params: DocumentSymbolParams) -> Result<Option<DocumentSymbolResponse>> {
        Ok(self.session.with(|session| session.document_symbol(&params.text_document.uri)))
    }

    async fn code_lens(&self, params: CodeLensParams) -> Result<Option<Vec<CodeLens>>> {
        Ok(self.session.with(|session| session.code_lens(&params.text_document.uri)))
    }

    async fn semantic_tokens_full(&self, params: SemanticTokensParams) -> Result<Option<SemanticTokens>> {
        Ok(self.session.with(|session| session.semantic_tokens(&params.text_document.uri, None)))
    }

    async fn semantic_tokens_range(
        &self,
        params: SemanticTokensRangeParams,
    ) -> Result<Option<SemanticTokens>> {
        let (uri, range) = (params.text_document.uri, params.range);
        Ok(self.session.with(|session| session.semantic_tokens(&uri, Some(range))))
    }

    async fn folding_range(&self, params: FoldingRangeParams) -> Result<Option<Vec<FoldingRange>>> {
        Ok(self.session.with(|session| session.folding_range(&params.text_document.uri)))
    }

    async fn selection_range(&self, params: SelectionRangeParams) -> Result<Option<Vec<SelectionRange>>> {
        Ok(self.session.with(|session| session.selection_range(params)))
    }

    async fn inlay_hint(&self, params: InlayHintParams) -> Result<Option<Vec<InlayHint>>> {
        Ok(self.session.with(|session| session.inlay_hint(&params.text_document.uri, params.range)))
    }

    async fn goto_definition(&self, params: DefinitionParams) -> Result<Option<DefinitionResponse>> {
        self.session.with(|session| session.definition(&params.text_document_position_params)).answer().await
    }

    async fn document_link(&self, params: DocumentLinkParams) -> Result<Option<Vec<DocumentLink>>> {
        self.session.with(|session| session.document_link(&params.text_document.uri)).answer().await
    }

    async fn prepare_rename(&self, at: TextDocumentPositionParams) -> Result<Option<PrepareRenameResult>> {
        Ok(self.session.with(|session| session.prepare_rename(at)))
    }

    async fn rename(&self, params: RenameParams) -> Result<Option<WorkspaceEdit>> {
        self.session.with(|session| session.rename(params))
    }

    async fn document_highlight(
        &self,
        params: DocumentHighlightParams,
    ) -> Result<Option<Vec<DocumentHighlight>>> {
        Ok(self.session.with(|session| session.document_highlight(params.text_document_position_params)))
    }

    async fn symbol(&self, params: WorkspaceSymbolParams) -> Result<Option<WorkspaceSymbolResponse>> {
        let found = self.session.with(|session| session.workspace_symbol(&params.query));
        Ok(Some(WorkspaceSymbolResponse::SymbolInformationList(found)))
    }

    async fn formatting(&self, params: DocumentFormattingParams) -> Result<Option<Vec<TextEdit>>> {
        Ok(self.session.with(|session| session.formatting(&params.text_document.uri)))
    }

    async fn range_formatting(&self, params: DocumentRangeFormattingParams) -> Result<Option<Vec<TextEdit>>> {
        Ok(self.session.with(|session| session.range_formatting(&params.text_document.uri, params.range)))
    }

    async fn references(&self, params: ReferenceParams) -> Result<Option<Vec<Location>>> {
        Ok(self.session.with(|session| session.references(params.text_document_position_params)))
    }

    async fn code_action(&self, params: CodeActionParams) -> Result<Option<Vec<CodeActionResponse>>> {
        self.session.with(|session| session.code_action(params)).answer().await
    }

    async fn text_document_content(
        &self,
        params: TextDocumentContentParams,
    ) -> Result<TextDocumentContentResult> {
        self.session.with(|session| session.text_document_content(&params.uri)).answer().await?
    }

    async fn execute_command(&self, params: ExecuteCommandParams) -> Result<Option<Value>> {
        commands::execute(&self.session, params).await.map(Some)
    }
}

impl Backend {
    pub(crate) async fn cancel_progress(&self, params: WorkDoneProgressCancelParams) {
        self.session.with(|session| session.cancel_progress(&params.token));
    }

    pub(crate) async fn runnables(&self, params: RunnablesParams) -> Result<Vec<TerminalRunnable>> {
        Ok(self.session.with(|session| session.runnables(&params)))
    }

    pub(crate) async fn did_change_trust(&self, params: TrustParams) {
        self.session.with(|session| session.did_change_trust(&params));
    }

    /// Shows what a defect outside of a handler does: only in builds for development.
    #[cfg(debug_assertions)]
    pub(crate) async fn panic_outside(&self) {
        self.session.with(|session| session.panic_outside());
    }

    /// Shows what a defect in a handler does: only in builds for development.
    #[cfg(debug_assertions)]
    #[expect(clippy::panic, reason = "it is there to panic, with the lock held")]
    pub(crate) async fn panic(&self) -> Result<Value> {
        self.session.with(|_| panic!("asked to panic"))
    }
}
