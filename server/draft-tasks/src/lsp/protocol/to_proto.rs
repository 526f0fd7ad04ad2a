//! Plain data of the analysis to the types of the protocol.
//!
//! Must not decide anything but form.

use std::borrow::Cow;

use draft_tasks_analysis::completion::{self, Completion, CompletionKind};
use draft_tasks_analysis::diagnostic::{self, BEFORE_NOTE, DiagnosticCode, Severity};
use draft_tasks_analysis::edit;
use draft_tasks_analysis::folding::{Fold, FoldKind};
use draft_tasks_analysis::hints::Hint;
use draft_tasks_analysis::printable::printable_lines;
use draft_tasks_analysis::project::DraftFault;
use draft_tasks_analysis::refactor::RefactorKind;
use draft_tasks_analysis::symbols;
use draft_tasks_analysis::tokens::{Token, TokenKind};
use draft_tasks_analysis::{TextRange, TextSize};
use tower_lsp::gen_lsp_types::*;
use tower_lsp::jsonrpc::{Error, ErrorCode};

use crate::lines::LineIndex;
use crate::lsp::protocol::client_flags::ClientFlags;
use crate::lsp::protocol::ext;
use crate::lsp::protocol::pages::Pages;
use crate::lsp::protocol::position::{self, Encoding};
use crate::settings::project::Problem;

/// What a conversion needs to know of the document and the client.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) uri: &'a Uri,
    pub(crate) text: &'a str,
    pub(crate) lines: &'a LineIndex,
    pub(crate) encoding: Encoding,
    pub(crate) flags: ClientFlags,
    pub(crate) pages: &'a Pages,
}

impl Context<'_> {
    pub(crate) fn range(&self, range: TextRange) -> Range {
        Range { start: self.position(range.start()), end: self.position(range.end()) }
    }

    pub(crate) fn position(&self, offset: TextSize) -> Position {
        position::position(self.text, self.lines, offset, self.encoding)
    }
}

/// The error of something that the server understood and does not do (LSP's `RequestFailed`).
pub(crate) fn refusal(message: impl Into<Cow<'static, str>>) -> Error {
    Error { code: REFUSED, message: shown(&message.into()).into(), data: None }
}

/// A refusal that offers what helps.
pub(crate) fn refusal_with(message: impl Into<Cow<'static, str>>, remedy: &ext::Remedy) -> Error {
    Error { data: serde_json::to_value(remedy).ok(), ..refusal(message) }
}

/// Whether an error is a refusal.
pub(crate) fn is_refusal(error: &Error) -> bool {
    error.code == REFUSED
}

const REFUSED: ErrorCode = ErrorCode::ServerError(-32803);

/// A text as editors show it: many put what comes from a server on a terminal as it is.
pub(crate) fn shown(text: &str) -> String {
    printable_lines(text)
}

pub(crate) fn severity(severity: Severity) -> DiagnosticSeverity {
    match severity {
        Severity::Error => DiagnosticSeverity::Error,
        Severity::Warning => DiagnosticSeverity::Warning,
        Severity::Information => DiagnosticSeverity::Information,
        Severity::Hint => DiagnosticSeverity::Hint,
    }
}

pub(crate) fn diagnostic(context: Context<'_>, found: &diagnostic::Diagnostic) -> Diagnostic {
    let related = found.related.iter().map(|related| DiagnosticRelatedInformation {
        location: Location { uri: context.uri.clone(), range: context.range(related.range) },
        message: related.message.clone(),
    });
    Diagnostic {
        range: context.range(found.range),
        severity: Some(severity(found.severity)),
        code: Some(Code::String(found.code.name().to_owned())),
        code_description: context.pages.of(found.code.name()),
        source: Some(ext::SOURCE.to_owned()),
        message: Message::String(found.full_message()),
        tags: (context.flags.fades && found.code == DiagnosticCode::UnusedSuppression)
            .then(|| vec![DiagnosticTag::Unnecessary]),
        related_information: (context.flags.related && !found.related.is_empty()).then(|| related.collect()),
        ..Default::default()
    }
}

/// Something that is wrong with a project's settings.
pub(crate) fn problem(context: Context<'_>, problem: &Problem) -> Diagnostic {
    Diagnostic {
        range: context.range(problem.range),
        severity: Some(DiagnosticSeverity::Error),
        code: Some(Code::String(ext::SETTING.to_owned())),
        code_description: context.pages.of(ext::SETTING),
        source: Some(ext::SOURCE.to_owned()),
        message: Message::String(shown(&problem.message)),
        ..Default::default()
    }
}

/// Something that is wrong with a `draft.toml`.
pub(crate) fn draft_fault(context: Context<'_>, fault: &DraftFault) -> Diagnostic {
    Diagnostic {
        range: context.range(fault.range),
        severity: Some(DiagnosticSeverity::Error),
        code: Some(Code::String(ext::BROKEN_DRAFT_TOML.to_owned())),
        code_description: context.pages.of(ext::BROKEN_DRAFT_TOML),
        source: Some(ext::SOURCE.to_owned()),
        message: Message::String(shown(&[&fault.message, BEFORE_NOTE, &fault.help].concat())),
        ..Default::default()
    }
}

/// The change that puts there what is very likely meant.
pub(crate) fn setting_fix(context: Context<'_>, wrong: &Problem) -> Option<CodeActionResponse> {
    let suggestion = wrong.suggestion.as_ref()?;
    let edit = edit::TextEdit::replace(wrong.range, suggestion);
    Some(CodeActionResponse::CodeAction(CodeAction {
        title: shown(&format!("Change to `{suggestion}`")),
        kind: Some(CodeActionKind::QuickFix),
        diagnostics: Some(vec![problem(context, wrong)]),
        is_preferred: Some(true),
        edit: Some(workspace_edit(context, &[edit])),
        ..Default::default()
    }))
}

pub(crate) fn text_edit(context: Context<'_>, edit: &edit::TextEdit) -> TextEdit {
    TextEdit { range: context.range(edit.range), new_text: edit.text.clone() }
}

pub(crate) fn workspace_edit(context: Context<'_>, edits: &[edit::TextEdit]) -> WorkspaceEdit {
    let edits = edits.iter().map(|edit| text_edit(context, edit)).collect();
    WorkspaceEdit { changes: Some([(context.uri.clone(), edits)].into()), ..Default::default() }
}

/// Edits of the document and a new file with a text, in one step.
pub(crate) fn creating_edit(
    context: Context<'_>,
    version: i32,
    edits: &[edit::TextEdit],
    file: Uri,
    text: &str,
) -> WorkspaceEdit {
    let edits = edits.iter().map(|edit| text_edit(context, edit)).collect();
    let mut changes = new_file(&file, text);
    changes.push(changed(context.uri, Some(version), edits));
    WorkspaceEdit { document_changes: Some(changes), ..Default::default() }
}

/// A new file with a text, and nothing else.
pub(crate) fn file_edit(file: &Uri, text: &str) -> WorkspaceEdit {
    WorkspaceEdit { document_changes: Some(new_file(file, text)), ..Default::default() }
}

/// Another file than the document.
pub(crate) struct Other<'a> {
    pub(crate) uri: Uri,
    /// The client's number of the text; `None` when the text is that on disk.
    pub(crate) version: Option<i32>,
    pub(crate) text: &'a str,
    pub(crate) encoding: Encoding,
}

/// Edits of another file, which the client refuses where it has a newer version.
pub(crate) fn edit_of_another(
    other: Other<'_>,
    edits: &[edit::TextEdit],
    flags: ClientFlags,
) -> WorkspaceEdit {
    let lines = LineIndex::new(other.text);
    let at = |offset| position::position(other.text, &lines, offset, other.encoding);
    let edit = |edit: &edit::TextEdit| {
        let range = Range { start: at(edit.range.start()), end: at(edit.range.end()) };
        TextEdit { range, new_text: edit.text.clone() }
    };
    let edits = edits.iter().map(edit).collect();
    if flags.versions_edits {
        let changes = vec![changed(&other.uri, other.version, edits)];
        WorkspaceEdit { document_changes: Some(changes), ..Default::default() }
    } else {
        WorkspaceEdit { changes: Some([(other.uri, edits)].into()), ..Default::default() }
    }
}

fn new_file(file: &Uri, text: &str) -> Vec<DocumentChange> {
    // Should the file have come to be in the meantime, the client refuses all of it.
    let options = CreateFileOptions { overwrite: Some(false), ignore_if_exists: Some(false) };
    let create = CreateFile { uri: file.clone(), options: Some(options), annotation_id: None };
    let content = TextEdit { range: Range::default(), new_text: text.to_owned() };
    vec![DocumentChange::CreateFile(create), changed(file, None, vec![content])]
}

fn changed(uri: &Uri, version: Option<i32>, edits: Vec<TextEdit>) -> DocumentChange {
    let text_document_identifier = TextDocumentIdentifier { uri: uri.clone() };
    DocumentChange::TextDocumentEdit(TextDocumentEdit {
        text_document: OptionalVersionedTextDocumentIdentifier { version, text_document_identifier },
        edits: edits.into_iter().map(Edit::TextEdit).collect(),
    })
}

/// What is typed is compared with this: with the brackets and quotes that the user has begun with, and without those at
/// the end, so that what was typed to its end is offered no more and Enter is a new line.
fn filter(label: &str, typed: &str) -> String {
    const SIGNS: [char; 4] = ['[', ']', '"', '\''];
    if !label.starts_with(SIGNS) {
        return label.to_owned();
    }
    let begun = &typed[..typed.len() - typed.trim_start_matches(SIGNS).len()];
    begun.trim_end_matches(']').to_owned() + label.trim_matches(SIGNS)
}

/// `rank` keeps the order of the analysis in clients that sort by text.
pub(crate) fn completion_item(context: Context<'_>, rank: usize, completion: Completion) -> CompletionItem {
    let in_command =
        !matches!(completion.kind, CompletionKind::Phase | CompletionKind::Task | CompletionKind::Example);
    let plain = completion::strip_placeholders(&completion.snippet);
    let typed = &context.text[completion.range];
    // Inside of a command what is typed is compared with what will stand there, escapes included.
    let filter = if in_command { plain.clone() } else { filter(&completion.label, typed) };
    let label = shown(&completion.label);
    let (new_text, format) = if context.flags.snippets && !in_command {
        (completion.snippet, InsertTextFormat::Snippet)
    } else {
        (plain, InsertTextFormat::PlainText)
    };
    CompletionItem {
        kind: Some(match completion.kind {
            CompletionKind::Phase => CompletionItemKind::Module,
            CompletionKind::Task => CompletionItemKind::Property,
            CompletionKind::Example => CompletionItemKind::Snippet,
            CompletionKind::Program => CompletionItemKind::Function,
            CompletionKind::File => CompletionItemKind::File,
            CompletionKind::Directory => CompletionItemKind::Folder,
            CompletionKind::Variable => CompletionItemKind::Variable,
            CompletionKind::Target => CompletionItemKind::Method,
        }),
        detail: Some(shown(&completion.detail)),
        documentation: completion.documentation.map(|text| Documentation::MarkupContent(markdown(text))),
        sort_text: Some(format!("{rank:03}")),
        filter_text: (filter != label).then_some(filter),
        insert_text_format: Some(format),
        text_edit: Some(completion_edit(context, completion.range, completion.overwrites, new_text)),
        label,
        ..Default::default()
    }
}

/// What an accepted completion changes; what is in the way of the new text is replaced in any case.
fn completion_edit(
    context: Context<'_>,
    range: TextRange,
    overwrites: Option<TextRange>,
    new_text: String,
) -> CompletionItemTextEdit {
    let insert = context.range(range);
    match overwrites.filter(|_| context.flags.insert_replace) {
        Some(whole) => CompletionItemTextEdit::InsertReplaceEdit(InsertReplaceEdit::new(
            new_text,
            insert,
            context.range(whole),
        )),
        None => CompletionItemTextEdit::TextEdit(TextEdit { range: insert, new_text }),
    }
}

pub(crate) fn markdown(value: String) -> MarkupContent {
    MarkupContent { kind: MarkupKind::Markdown, value: shown(&value) }
}

fn symbol_kind(kind: symbols::SymbolKind) -> SymbolKind {
    match kind {
        symbols::SymbolKind::Section => SymbolKind::Module,
        symbols::SymbolKind::Task => SymbolKind::Function,
    }
}

#[allow(deprecated)] // the protocol's own deprecated field has to be filled in
pub(crate) fn document_symbol(context: Context<'_>, symbol: symbols::Symbol) -> DocumentSymbol {
    let children: Vec<_> = symbol.children.into_iter().map(|child| document_symbol(context, child)).collect();
    DocumentSymbol {
        name: shown(&symbol.name),
        detail: symbol.detail.as_deref().map(shown),
        kind: symbol_kind(symbol.kind),
        tags: None,
        deprecated: None,
        range: context.range(symbol.range),
        selection_range: context.range(symbol.name_range),
        children: (!children.is_empty()).then_some(children),
    }
}

/// The outline for clients that know no trees: sections and tasks one after another.
pub(crate) fn flat_symbols(context: Context<'_>, outline: Vec<symbols::Symbol>) -> Vec<SymbolInformation> {
    let mut flat = Vec::new();
    for section in outline {
        let container = section.name.clone();
        flat.push(symbol_information(context, &section, None));
        flat.extend(
            section.children.iter().map(|task| symbol_information(context, task, Some(container.clone()))),
        );
    }
    flat
}

#[allow(deprecated)] // the protocol's own deprecated field has to be filled in
fn symbol_information(
    context: Context<'_>,
    symbol: &symbols::Symbol,
    container_name: Option<String>,
) -> SymbolInformation {
    SymbolInformation {
        deprecated: None,
        location: Location { uri: context.uri.clone(), range: context.range(symbol.range) },
        base_symbol_information: BaseSymbolInformation {
            name: shown(&symbol.name),
            kind: symbol_kind(symbol.kind),
            tags: None,
            container_name: container_name.as_deref().map(shown),
        },
    }
}

/// The kinds of code actions that write something in another way.
pub(crate) const REFACTORING_KINDS: [CodeActionKind; 2] =
    [CodeActionKind::RefactorExtract, CodeActionKind::RefactorRewrite];

pub(crate) fn refactoring_kind(kind: RefactorKind) -> CodeActionKind {
    match kind {
        RefactorKind::Extract => CodeActionKind::RefactorExtract,
        RefactorKind::Rewrite => CodeActionKind::RefactorRewrite,
    }
}

/// The legend of semantic tokens: standard types, but for what none of them means.
pub(crate) const TOKEN_TYPES: [&str; 8] =
    ["namespace", "property", "function", "parameter", "variable", "escapeSequence", "operator", "string"];

/// The place of a kind in the legend.
fn token_type(kind: TokenKind) -> u32 {
    match kind {
        TokenKind::Phase => 0,
        TokenKind::Task => 1,
        TokenKind::Program => 2,
        TokenKind::Flag => 3,
        TokenKind::Variable => 4,
        TokenKind::EscapedVariable => 5,
        TokenKind::Operator => 6,
        TokenKind::String => 7,
    }
}

/// Tokens as the protocol has them, each relative to the one before.
pub(crate) fn semantic_tokens(context: Context<'_>, tokens: &[Token]) -> Vec<SemanticToken> {
    let mut last = Position { line: 0, character: 0 };
    let relative = tokens.iter().map(|token| {
        let start = context.position(token.range.start());
        let delta_line = start.line - last.line;
        let delta_start = if delta_line == 0 { start.character - last.character } else { start.character };
        last = start;
        SemanticToken {
            delta_line,
            delta_start,
            length: position::length(&context.text[token.range], context.encoding),
            token_type: token_type(token.kind),
            token_modifiers_bitset: 0,
        }
    });
    relative.collect()
}

/// Whole lines: what stands on a fold's first line stays to be seen.
pub(crate) fn folding_range(context: Context<'_>, fold: Fold) -> FoldingRange {
    let range = context.range(fold.range);
    FoldingRange {
        start_line: range.start.line,
        end_line: range.end.line,
        kind: match fold.kind {
            FoldKind::Section => Some(FoldingRangeKind::Region),
            FoldKind::Comments => Some(FoldingRangeKind::Comment),
            FoldKind::Value => None,
        },
        ..Default::default()
    }
}

/// Ranges from the smallest to the largest, nested as the protocol has them.
pub(crate) fn selection_range(
    context: Context<'_>,
    ranges: &[TextRange],
    offset: TextSize,
) -> SelectionRange {
    let outward = ranges.iter().rev().fold(None, |parent, range| {
        Some(SelectionRange { range: context.range(*range), parent: parent.map(Box::new) })
    });
    outward.unwrap_or_else(|| SelectionRange { range: context.range(TextRange::empty(offset)), parent: None })
}

pub(crate) fn inlay_hint(context: Context<'_>, hint: Hint) -> InlayHint {
    InlayHint {
        position: context.position(hint.offset),
        label: Label::String(shown(&hint.label)),
        kind: None,
        text_edits: None,
        tooltip: hint.tooltip.map(|tooltip| Tooltip::String(shown(&tooltip))),
        padding_left: Some(true),
        padding_right: None,
        data: None,
    }
}
