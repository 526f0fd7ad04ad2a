//! Diagnostics as the JSON that a client gets, written as they are found: there may be thousands at every keystroke.
//!
//! Must not say anything else than `to_proto::diagnostic` does.

use draft_tasks_analysis::diagnostic;
use tower_lsp::gen_lsp_types::*;

use super::to_proto::{self, Context};

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Diagnostics {
    /// The elements of the array.
    elements: Vec<u8>,
}

/// About what one takes.
const USUAL: usize = 512;

impl Diagnostics {
    /// Those of an analysis' findings that are to be shown, in their order.
    pub(crate) fn of(
        context: Context<'_>,
        found: &[diagnostic::Diagnostic],
        shown: impl Fn(&diagnostic::Diagnostic) -> bool,
    ) -> Diagnostics {
        let mut written = Diagnostics { elements: Vec::with_capacity(found.len() * USUAL) };
        found.iter().filter(|found| shown(found)).for_each(|found| written.push_found(context, found));
        written
    }

    /// The elements of the array, with commas between them.
    pub(crate) fn elements(&self) -> &[u8] {
        &self.elements
    }

    pub(crate) fn push(&mut self, diagnostic: &Diagnostic) {
        self.separate();
        let length = self.elements.len();
        if let Err(error) = serde_json::to_writer(&mut self.elements, diagnostic) {
            tracing::error!(%error, "a diagnostic could not be written as JSON");
            self.elements.truncate(length.saturating_sub(1));
        }
    }

    fn push_found(&mut self, context: Context<'_>, found: &diagnostic::Diagnostic) {
        if to_proto::is_rare(context, found) {
            return self.push(&to_proto::diagnostic(context, found));
        }
        self.separate();
        let Range { start, end } = context.range(found.range);
        self.text("{\"range\":{\"start\":");
        self.position(start);
        self.text(",\"end\":");
        self.position(end);
        self.text("},\"severity\":");
        self.number(u32::from(to_proto::severity(found.severity)));
        self.text(context.pages.before_message(found.code));
        self.string(&found.message);
        if let Some(note) = &found.note {
            self.text(diagnostic::BEFORE_NOTE);
            self.string(note);
        }
        self.text("\"}");
    }

    fn separate(&mut self) {
        if !self.elements.is_empty() {
            self.elements.push(b',');
        }
    }

    fn position(&mut self, Position { line, character }: Position) {
        self.text("{\"line\":");
        self.number(line);
        self.text(",\"character\":");
        self.number(character);
        self.text("}");
    }

    fn text(&mut self, text: &str) {
        self.elements.extend_from_slice(text.as_bytes());
    }

    fn number(&mut self, number: u32) {
        self.text(itoa::Buffer::new().format(number));
    }

    /// The inside of a string.
    fn string(&mut self, text: &str) {
        let escaped = |byte: u8| byte < b' ' || matches!(byte, b'"' | b'\\');
        // Without a way out of the loop, and so without a branch for each byte.
        match text.bytes().fold(false, |found, byte| found | escaped(byte)) {
            false => self.text(text),
            true => {
                let quoted = serde_json::Value::from(text).to_string();
                self.text(&quoted[1..quoted.len() - 1]);
            }
        }
    }
}

impl Extend<Diagnostic> for Diagnostics {
    fn extend<T: IntoIterator<Item = Diagnostic>>(&mut self, more: T) {
        more.into_iter().for_each(|diagnostic| self.push(&diagnostic));
    }
}

impl FromIterator<Diagnostic> for Diagnostics {
    fn from_iter<T: IntoIterator<Item = Diagnostic>>(all: T) -> Diagnostics {
        let mut written = Diagnostics::default();
        written.extend(all);
        written
    }
}

#[cfg(test)]
impl Diagnostics {
    /// What a client reads.
    pub(crate) fn read(&self) -> Vec<Diagnostic> {
        let array = [b"[", self.elements(), b"]"].concat();
        serde_json::from_slice(&array).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use draft_tasks_analysis::diagnostic::DiagnosticCode;
    use draft_tasks_analysis::{Analysis, Options};
    use serde_json::Value;

    use super::*;
    use crate::lsp::capabilities::ClientFlags;
    use crate::lsp::document::Analysed;
    use crate::lsp::pages::Pages;
    use crate::lsp::position::Encoding;

    const ODD: &str =
        "[pre-up]\n\"ü\\t🚀\" = \"\\\"./x\\\\y\\u001b\\\" && y # é\"\nü = 'é 🚀 | \"b\"'\na = 5\na = 6\n";

    fn check(text: &str, options: Options, pages: &Pages, encoding: Encoding, flags: ClientFlags) {
        let analysed = Analysed::new(Analysis::new(text, options));
        let uri = Uri::from("file:///app/.draft-tasks.toml".to_owned());
        let context = Context { uri: &uri, analysed: &analysed, encoding, flags, pages };
        let written = Diagnostics::of(context, &analysed.diagnostics, |_| true);
        let read: Vec<Value> = serde_json::from_slice(&[b"[", written.elements(), b"]"].concat()).unwrap();
        let expected: Vec<Value> = analysed
            .diagnostics
            .iter()
            .map(|found| serde_json::to_value(to_proto::diagnostic(context, found)).unwrap())
            .collect();
        assert_eq!(read, expected);
    }

    #[test]
    fn is_what_the_protocols_types_are() {
        let directory = tempfile::tempdir().unwrap();
        let flags = ClientFlags { related: true, fades: true, ..ClientFlags::default() };
        let examples = DiagnosticCode::ALL.into_iter().map(DiagnosticCode::example);
        for (text, options) in examples.chain([(ODD, Options::default()), ("", Options::default())]) {
            for pages in [Pages::default(), Pages::keep(directory.path())] {
                for encoding in [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32] {
                    check(text, options, &pages, encoding, ClientFlags::default());
                    check(text, options, &pages, encoding, flags);
                }
            }
        }
    }

    #[test]
    fn others_stand_beside_them() {
        let of =
            |message: &str| Diagnostic { message: Message::String(message.into()), ..Default::default() };
        let mut written: Diagnostics = [of("a\n\"b\"")].into_iter().collect();
        written.extend([of("c")]);
        assert_eq!(written.read(), [of("a\n\"b\""), of("c")]);
        assert!(Diagnostics::default().read().is_empty());
    }
}
