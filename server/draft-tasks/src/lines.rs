//! Where the lines of a text begin, for those who tell people or editors where something is.
//!
//! Must not know how columns are counted.

use memchr::memchr2_iter;

/// The lines of one text; they end with LF, CRLF or CR, as the protocol has it.
#[derive(Debug)]
pub(crate) struct LineIndex {
    /// The offset of each line's first byte, in bytes.
    starts: Vec<u32>,
}

impl LineIndex {
    pub(crate) fn new(text: &str) -> LineIndex {
        let bytes = text.as_bytes();
        let ends_line = |at: &usize| bytes[*at] == b'\n' || bytes.get(at + 1) != Some(&b'\n');
        let breaks = memchr2_iter(b'\n', b'\r', bytes).filter(ends_line);
        LineIndex { starts: std::iter::once(0).chain(breaks.map(|at| at as u32 + 1)).collect() }
    }

    /// The line that holds an offset, counted from 0, and the offset of its first byte.
    pub(crate) fn line_of(&self, offset: usize) -> (usize, usize) {
        let line = self.starts.partition_point(|start| *start as usize <= offset) - 1;
        (line, self.starts[line] as usize)
    }
}

/// Line and column of an offset for people: both from 1, the column in characters.
pub(crate) fn line_and_column(text: &str, lines: &LineIndex, offset: usize) -> (usize, usize) {
    let (line, start) = lines.line_of(offset);
    (line + 1, text[start..offset].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_three_line_ends() {
        let lines = LineIndex::new("a\nb\r\nc\rd");
        assert_eq!(lines.starts, [0, 2, 5, 7]);
        assert_eq!([0, 1, 2, 4, 5, 8].map(|offset| lines.line_of(offset).0), [0, 0, 1, 1, 2, 3]);
        assert_eq!(LineIndex::new("").line_of(0), (0, 0));
    }

    #[test]
    fn lines_and_columns_count_characters_from_one() {
        let text = "é🚀x\n\ny";
        let lines = LineIndex::new(text);
        let at = |offset| line_and_column(text, &lines, offset);
        assert_eq!([0, 6, 8, 10].map(at), [(1, 1), (1, 3), (2, 1), (3, 2)]);
    }
}
