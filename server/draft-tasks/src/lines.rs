//! Where the lines of a text begin, for those who tell people or editors where something is.
//!
//! Must not know how columns are counted.

/// The lines of one text; they end with LF, CRLF or CR, as the protocol has it.
#[derive(Debug)]
pub(crate) struct LineIndex {
    /// The offset of each line's first byte, in bytes.
    starts: Vec<u32>,
}

impl LineIndex {
    pub(crate) fn new(text: &str) -> LineIndex {
        let bytes = text.as_bytes();
        let ends = memchr::memchr2_iter(b'\n', b'\r', bytes);
        let breaks = ends.filter(|at| bytes[*at] == b'\n' || bytes.get(at + 1) != Some(&b'\n'));
        LineIndex { starts: std::iter::once(0).chain(breaks.map(|at| at as u32 + 1)).collect() }
    }

    /// The line that holds an offset, counted from 0, and the offset of its first byte.
    pub(crate) fn line_of(&self, offset: usize) -> (usize, usize) {
        let line = self.starts.partition_point(|start| *start as usize <= offset) - 1;
        (line, self.starts[line] as usize)
    }
}

/// The same for offsets that come in the order of the text, of which no index is made; only where all lines end with LF
/// or CRLF.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Walk<'t> {
    text: &'t [u8],
    /// The line of the last offset, and where it begins.
    at: (usize, usize),
}

impl<'t> Walk<'t> {
    /// `None` where a line may end with CR alone.
    pub(crate) fn new(text: &'t str) -> Option<Walk<'t>> {
        let text = text.as_bytes();
        let are_whole = memchr::memchr_iter(b'\r', text).all(|at| text.get(at + 1) == Some(&b'\n'));
        are_whole.then_some(Walk { text, at: (0, 0) })
    }

    /// What [`LineIndex::line_of`] says; one that lies before the last one takes longer.
    pub(crate) fn line_of(&mut self, offset: usize) -> (usize, usize) {
        if offset < self.at.1 {
            self.at = (0, 0);
        }
        let (line, start) = self.at;
        let between = &self.text[start..offset];
        if let Some(last) = memchr::memrchr(b'\n', between) {
            self.at = (line + memchr::memchr_iter(b'\n', between).count(), start + last + 1);
        }
        self.at
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
    fn walking_finds_the_same_lines() {
        for text in ["", "a", "a\nb\r\n\r\nc\n", "\n\né\n🚀"] {
            let lines = LineIndex::new(text);
            let mut walk = Walk::new(text).unwrap();
            let offsets = (0..=text.len()).chain([0, text.len(), text.len() / 2]);
            offsets.for_each(|offset| assert_eq!(walk.line_of(offset), lines.line_of(offset), "{text:?}"));
        }
        assert!(["\r", "a\rb\n", "\r\n\r"].into_iter().all(|text| Walk::new(text).is_none()));
    }

    #[test]
    fn lines_and_columns_count_characters_from_one() {
        let text = "é🚀x\n\ny";
        let lines = LineIndex::new(text);
        let at = |offset| line_and_column(text, &lines, offset);
        assert_eq!([0, 6, 8, 10].map(at), [(1, 1), (1, 3), (2, 1), (3, 2)]);
    }
}
