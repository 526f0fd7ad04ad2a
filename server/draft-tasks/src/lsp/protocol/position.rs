//! Positions of the protocol from and to byte offsets: the only place that knows encodings.
//!
//! Must not fail: what lies outside of the text is taken to the nearest place in it.

use draft_tasks_analysis::{TextRange, TextSize};
use ropey::Rope;
use tower_lsp::gen_lsp_types::{Position, PositionEncodingKind, Range};

use crate::lines::LineIndex;

/// The unit in which the client counts within a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Encoding {
    Utf8,
    #[default]
    Utf16,
    Utf32,
}

impl Encoding {
    pub(crate) fn kind(self) -> PositionEncodingKind {
        match self {
            Encoding::Utf8 => PositionEncodingKind::UTF8,
            Encoding::Utf16 => PositionEncodingKind::UTF16,
            Encoding::Utf32 => PositionEncodingKind::UTF32,
        }
    }
}

/// The index, in characters, of a position; between the halves of a character counts as before it.
pub(crate) fn char_index(text: &Rope, position: Position, encoding: Encoding) -> usize {
    let line = position.line as usize;
    if line >= text.len_lines() {
        return text.len_chars();
    }
    let slice = text.line(line);
    let column = position.character as usize;
    let within = match encoding {
        Encoding::Utf8 => slice.byte_to_char(column.min(slice.len_bytes())),
        Encoding::Utf16 => slice.utf16_cu_to_char(column.min(slice.len_utf16_cu())),
        Encoding::Utf32 => column.min(slice.len_chars()),
    };
    text.line_to_char(line) + within.min(chars_without_line_end(slice))
}

fn chars_without_line_end(line: ropey::RopeSlice<'_>) -> usize {
    let ends = line.chars_at(line.len_chars()).reversed().take_while(|c| matches!(c, '\n' | '\r')).count();
    line.len_chars() - ends
}

/// The byte offset of a position.
pub(crate) fn offset(text: &Rope, position: Position, encoding: Encoding) -> TextSize {
    TextSize::new(text.char_to_byte(char_index(text, position, encoding)) as u32)
}

/// The bytes of a range; a range that is upside down is turned.
pub(crate) fn text_range(text: &Rope, range: Range, encoding: Encoding) -> TextRange {
    let (start, end) = (offset(text, range.start, encoding), offset(text, range.end, encoding));
    TextRange::new(start.min(end), start.max(end))
}

/// The position of a byte offset in a text with these lines.
pub(crate) fn position(text: &str, lines: &LineIndex, offset: TextSize, encoding: Encoding) -> Position {
    let offset = usize::from(offset).min(text.len());
    let (line, start) = lines.line_of(offset);
    Position { line: line as u32, character: length(&text[start..offset], encoding) }
}

/// The length of a text in the units of the client.
pub(crate) fn length(text: &str, encoding: Encoding) -> u32 {
    let units = match encoding {
        Encoding::Utf8 => text.len(),
        _ if text.is_ascii() => text.len(),
        Encoding::Utf16 => text.chars().map(char::len_utf16).sum(),
        Encoding::Utf32 => text.chars().count(),
    };
    units as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "aé🚀b\r\nx\n";

    fn at(line: u32, character: u32) -> Position {
        Position { line, character }
    }

    #[test]
    fn every_offset_there_and_back() {
        let (rope, lines) = (Rope::from_str(TEXT), LineIndex::new(TEXT));
        for encoding in [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32] {
            for (byte, _) in TEXT.char_indices().filter(|(_, c)| *c != '\n').chain([(TEXT.len(), ' ')]) {
                let there = position(TEXT, &lines, (byte as u32).into(), encoding);
                assert_eq!(usize::from(offset(&rope, there, encoding)), byte, "{encoding:?} {there:?}");
            }
        }
    }

    #[test]
    fn units_of_each_encoding() {
        let lines = LineIndex::new(TEXT);
        let column = |encoding| position(TEXT, &lines, 7.into(), encoding).character;
        assert_eq!((column(Encoding::Utf8), column(Encoding::Utf16), column(Encoding::Utf32)), (7, 4, 3));
    }

    #[test]
    fn what_is_outside_comes_in() {
        let rope = Rope::from_str(TEXT);
        for encoding in [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32] {
            assert_eq!(offset(&rope, at(0, 99), encoding), 8.into(), "before the line end");
            assert_eq!(offset(&rope, at(99, 0), encoding), 12.into());
            assert_eq!(offset(&rope, at(2, 7), encoding), 12.into());
        }
        assert_eq!(offset(&rope, at(0, 3), Encoding::Utf16), 3.into(), "between the halves of a character");
        assert_eq!(offset(&rope, at(0, 2), Encoding::Utf8), 1.into());
    }
}
