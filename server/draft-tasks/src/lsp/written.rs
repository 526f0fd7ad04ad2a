//! Diagnostics as the JSON that a client gets, written as they are found: there may be thousands at every keystroke.
//!
//! Must not say anything else than `to_proto::diagnostic` does.

use draft_tasks_analysis::{TextRange, TextSize, diagnostic};
use tower_lsp::gen_lsp_types::*;

use super::position;
use super::to_proto::{self, Context};
use crate::lines::Walk;

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Diagnostics {
    /// A gap, then the elements of the array; nothing when there is none.
    bytes: Vec<u8>,
}

/// How much may be put in front of the elements without copying them: copying is a good part of what many cost.
const GAP: usize = 384;

/// About what one takes.
const USUAL: usize = 512;

impl Diagnostics {
    /// Those of an analysis' findings that are to be shown, in their order.
    pub(crate) fn of(
        context: Context<'_>,
        found: &[diagnostic::Diagnostic],
        shown: impl Fn(&diagnostic::Diagnostic) -> bool,
    ) -> Diagnostics {
        let length = if found.is_empty() { 0 } else { GAP + found.len() * USUAL };
        let mut written = Diagnostics { bytes: Vec::with_capacity(length) };
        let mut walk = if found.is_empty() { None } else { Walk::new(&context.analysed.text) };
        for found in found.iter().filter(|found| shown(found)) {
            written.push_found(context, &mut walk, found);
        }
        written
    }

    /// The elements of the array, with commas between them.
    pub(crate) fn elements(&self) -> &[u8] {
        self.bytes.get(GAP..).unwrap_or_default()
    }

    /// The elements with something in front of them and behind them; and at which of the bytes that begins.
    pub(crate) fn between(self, front: &[u8], behind: &[u8]) -> (Vec<u8>, usize) {
        let Some(start) = GAP.checked_sub(front.len()).filter(|_| !self.bytes.is_empty()) else {
            return ([front, self.elements(), behind].concat(), 0);
        };
        let mut bytes = self.bytes;
        bytes[start..GAP].copy_from_slice(front);
        bytes.extend_from_slice(behind);
        (bytes, start)
    }

    pub(crate) fn push(&mut self, diagnostic: &Diagnostic) {
        let length = self.bytes.len();
        self.separate();
        if let Err(error) = serde_json::to_writer(&mut self.bytes, diagnostic) {
            tracing::error!(%error, "a diagnostic could not be written as JSON");
            self.bytes.truncate(length);
        }
    }

    fn push_found(
        &mut self,
        context: Context<'_>,
        walk: &mut Option<Walk<'_>>,
        found: &diagnostic::Diagnostic,
    ) {
        if to_proto::is_rare(context, found) {
            return self.push(&to_proto::diagnostic(context, found));
        }
        self.separate();
        let Range { start, end } = range(context, walk, found.range);
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
        match self.bytes.is_empty() {
            true => self.bytes.resize(GAP, b' '),
            false => self.bytes.push(b','),
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
        self.bytes.extend_from_slice(text.as_bytes());
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

/// A range, found on the walk where there is one.
fn range(context: Context<'_>, walk: &mut Option<Walk<'_>>, range: TextRange) -> Range {
    let Some(walk) = walk else { return context.range(range) };
    let text: &str = &context.analysed.text;
    let position = |walk: &mut Walk<'_>, offset: TextSize| {
        let offset = usize::from(offset).min(text.len());
        position::in_line(text, walk.line_of(offset), offset, context.encoding)
    };
    let start = position(walk, range.start());
    // The next finding may begin before this one ends: only begins come in the order of the text.
    let mut ahead = *walk;
    Range { start, end: position(&mut ahead, range.end()) }
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

    #[test]
    fn whatever_stands_around_them() {
        let of =
            |message: &str| Diagnostic { message: Message::String(message.into()), ..Default::default() };
        let all = [Diagnostics::default(), [of("a"), of("b")].into_iter().collect()];
        for (written, length) in all.into_iter().flat_map(|it| [0, 1, GAP, GAP + 1].map(|n| (it.clone(), n)))
        {
            let front = vec![b'x'; length];
            let expected = [&front, written.elements(), b"]}"].concat();
            let (bytes, start) = written.between(&front, b"]}");
            assert_eq!(&bytes[start..], expected, "{length}");
        }
    }
}
