//! The tree of a text after an edit, made of the tree before it: only the lines that changed are parsed.
//!
//! Must not give another tree than parsing the whole text does; where that is not certain, it does that.

use text_size::{TextRange, TextSize};

use super::{Entry, KeyPath, SyntaxTree, Table, Value, ValueKind, parse, tables};

/// Parses `after`, which differs from `before` in a few places at most; `tree` is the tree of `before`.
///
/// With it come the lines that changed, if all else is known to mean what it meant: it stands under the same headers.
pub fn reparse(tree: SyntaxTree, before: &str, after: &str) -> (SyntaxTree, Option<Changed>) {
    let changed = Changed::between(before, after);
    match changed.and_then(|changed| Some((spliced(tree, changed, before, after)?, changed))) {
        Some((Spliced { mut tree, same_keys }, changed)) => {
            if !same_keys && !tables::are_defined_once(&tree, after) {
                tables::check(&mut tree, after);
            }
            let changed = tree.errors.is_empty().then_some(changed);
            (tree, changed)
        }
        None => (parse(after), None),
    }
}

/// The whole lines in which two texts differ, and that hold all of each entry and comment that begins in them.
#[derive(Clone, Copy, Debug)]
pub struct Changed {
    /// Where they begin in both texts, in bytes.
    pub start: usize,
    /// Where they end in the text before the edit, behind a line end or at the end of the text.
    pub before_end: usize,
    /// The same in the text after it.
    pub after_end: usize,
}

impl Changed {
    /// `None` where offsets of 32 bits cannot say where anything stands.
    fn between(before: &str, after: &str) -> Option<Changed> {
        u32::try_from(before.len().max(after.len())).ok()?;
        let (old, new) = (before.as_bytes(), after.as_bytes());
        let prefix = common_prefix(old, new);
        let longest = old.len().min(new.len()) - prefix;
        let suffix = common_suffix(&old[old.len() - longest..], &new[new.len() - longest..]);
        let start = memchr::memrchr(b'\n', &old[..prefix]).map_or(0, |end| end + 1);
        let rest = old.len() - suffix;
        let begins_line = |text: &[u8]| text[..text.len() - suffix].last().is_none_or(|byte| *byte == b'\n');
        let before_end = match begins_line(old) && begins_line(new) {
            true => rest,
            false => memchr::memchr(b'\n', &old[rest..]).map_or(old.len(), |end| rest + end + 1),
        };
        Some(Changed { start, before_end, after_end: before_end + new.len() - old.len() })
    }

    /// Where a range of the text before the edit stands after it; `None` in the changed lines.
    pub(crate) fn moved(self, range: TextRange) -> Option<TextRange> {
        match self {
            _ if before_lines(range, self) => Some(range),
            _ if self.holds(range) => None,
            Changed { before_end, after_end, .. } => {
                Some(shifted(range, after_end as i64 - before_end as i64))
            }
        }
    }

    /// Whether a range of the text before the edit begins in the changed lines.
    fn holds(self, range: TextRange) -> bool {
        (self.start..self.before_end).contains(&usize::from(range.start()))
    }

    /// Whether a range of the text before the edit lies partly in the changed lines.
    fn cuts(self, range: TextRange) -> bool {
        let (start, end) = (usize::from(range.start()), usize::from(range.end()));
        (start < self.start && end > self.start) || (start < self.before_end && end > self.before_end)
    }
}

/// A tree of which some lines were parsed anew, and whether they have the keys that they had.
struct Spliced {
    tree: SyntaxTree,
    same_keys: bool,
}

/// The tree with the changed lines parsed anew; `None` where they are more than entries and comments, in either text.
fn spliced(mut tree: SyntaxTree, changed: Changed, before: &str, after: &str) -> Option<Spliced> {
    let lines = after.get(changed.start..changed.after_end)?;
    // Only at the begin of a text it is skipped.
    let skips = changed.start > 0 && lines.starts_with('\u{feff}');
    if !tree.errors.is_empty() || skips || before.get(changed.start..changed.before_end).is_none() {
        return None;
    }
    let mut parsed = parse(lines);
    let only_entries = parsed.errors.is_empty() && parsed.tables.len() == 1;
    let headers = || tree.tables.iter().filter_map(|table| Some(table.header.as_ref()?.range));
    if !only_entries || headers().any(|header| changed.holds(header) || changed.cuts(header)) {
        return None;
    }
    let behind = tree.tables.partition_point(|it| it.header.is_none() || before_lines(it.range, changed));
    let delta = changed.after_end as i64 - changed.before_end as i64;
    let table = &mut tree.tables[..behind];
    let table = table.last_mut()?;
    let first = table.entries.partition_point(|entry| before_lines(entry.range, changed));
    let last = first + table.entries[first..].partition_point(|entry| changed.holds(entry.range));
    // One that begins before the changed lines may reach into them, and the last one in them beyond them.
    if table.entries[first.saturating_sub(1)..last].iter().any(|entry| changed.cuts(entry.range)) {
        return None;
    }
    let mut new = std::mem::take(&mut parsed.tables[0].entries);
    new.iter_mut().for_each(|entry| shift_entry(entry, changed.start as i64));
    let same_keys = new.len() == last - first
        && new.iter().zip(&table.entries[first..last]).all(|(new, old)| has_key(new, after, old, before));
    let new_end = first + new.len();
    table.entries.splice(first..last, new);
    if delta != 0 {
        table.entries[new_end..].iter_mut().for_each(|entry| shift_entry(entry, delta));
        tree.tables[behind..].iter_mut().for_each(|table| shift_table(table, delta));
    }
    cover(&mut tree.tables[behind - 1]);
    splice_comments(&mut tree.comments, parsed.comments, changed, delta);
    Some(Spliced { tree, same_keys })
}

/// Whether two entries of strings are written with the same key.
fn has_key(new: &Entry, after: &str, old: &Entry, before: &str) -> bool {
    let (new, old) = (key_of_string(new, after), key_of_string(old, before));
    new.is_some() && new == old
}

fn key_of_string<'t>(entry: &Entry, text: &'t str) -> Option<&'t str> {
    match (&*entry.path, &entry.value) {
        ([key], Some(Value { kind: ValueKind::String(_), .. })) => Some(&text[key.range]),
        _ => None,
    }
}

/// Whether something begins before the changed lines.
fn before_lines(range: TextRange, changed: Changed) -> bool {
    usize::from(range.start()) < changed.start
}

/// From the header to the last entry, as the parser has it.
fn cover(table: &mut Table) {
    let header = table.header.as_ref().map(|header| header.range).unwrap_or_default();
    table.range = table.entries.last().map_or(header, |entry| header.cover(entry.range));
}

fn splice_comments(comments: &mut Vec<TextRange>, new: Vec<TextRange>, changed: Changed, delta: i64) {
    let first = comments.partition_point(|comment| before_lines(*comment, changed));
    let last = first + comments[first..].partition_point(|comment| changed.holds(*comment));
    comments[last..].iter_mut().for_each(|comment| shift(comment, delta));
    comments.splice(first..last, new.into_iter().map(|comment| shifted(comment, changed.start as i64)));
}

fn shift_table(table: &mut Table, by: i64) {
    shift(&mut table.range, by);
    if let Some(header) = &mut table.header {
        shift(&mut header.range, by);
        shift_path(&mut header.path, by);
    }
    table.entries.iter_mut().for_each(|entry| shift_entry(entry, by));
}

fn shift_entry(entry: &mut Entry, by: i64) {
    shift(&mut entry.range, by);
    shift_path(&mut entry.path, by);
    if let Some(equals) = &mut entry.equals {
        *equals = offset(*equals, by);
    }
    if let Some(value) = &mut entry.value {
        shift_value(value, by);
    }
}

fn shift_path(path: &mut KeyPath, by: i64) {
    path.iter_mut().for_each(|key| shift(&mut key.range, by));
}

fn shift_value(value: &mut Value, by: i64) {
    shift(&mut value.range, by);
    match &mut value.kind {
        ValueKind::String(string) => shift(&mut string.range, by),
        ValueKind::Array(values) => values.iter_mut().for_each(|value| shift_value(value, by)),
        ValueKind::InlineTable(entries) => entries.iter_mut().for_each(|entry| shift_entry(entry, by)),
        ValueKind::Integer
        | ValueKind::Float
        | ValueKind::Boolean
        | ValueKind::DateTime
        | ValueKind::Invalid => {}
    }
}

fn shift(range: &mut TextRange, by: i64) {
    *range = shifted(*range, by);
}

fn shifted(range: TextRange, by: i64) -> TextRange {
    TextRange::new(offset(range.start(), by), offset(range.end(), by))
}

fn offset(offset: TextSize, by: i64) -> TextSize {
    TextSize::new((i64::from(u32::from(offset)) + by) as u32)
}

/// So many bytes are compared at once.
const CHUNK: usize = 256;

fn common_prefix(a: &[u8], b: &[u8]) -> usize {
    let chunks = a.chunks_exact(CHUNK).zip(b.chunks_exact(CHUNK)).take_while(|(a, b)| a == b).count();
    let same = chunks * CHUNK;
    same + a[same..].iter().zip(&b[same..]).take_while(|(a, b)| a == b).count()
}

fn common_suffix(a: &[u8], b: &[u8]) -> usize {
    let chunks = a.rchunks_exact(CHUNK).zip(b.rchunks_exact(CHUNK)).take_while(|(a, b)| a == b).count();
    let same = chunks * CHUNK;
    let (a, b) = (&a[..a.len() - same], &b[..b.len() - same]);
    same + a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(before: &str, after: &str) {
        let (tree, _) = reparse(parse(before), before, after);
        assert_eq!(format!("{tree:#?}"), format!("{:#?}", parse(after)), "{before:?} -> {after:?}");
    }

    const TEXT: &str = "# top\na = 1\n[pre-up] # x\n\"b c\" = \"é\"\nd = [\n  1, # in\n  { e = 2 },\n]\nf.g = '''\nx\n'''\n\n[cleanup]\r\nh = \"i\" # j\r\nk = 5";

    #[test]
    fn any_piece_replaced_by_any_other() {
        let cuts: Vec<usize> = (0..=TEXT.len()).filter(|at| TEXT.is_char_boundary(*at)).collect();
        for (index, start) in cuts.iter().enumerate() {
            for length in [0, 1, 7, 40] {
                let Some(end) = cuts.get(index + length) else { continue };
                for new in
                    ["", "x", "\n", "\"", "= \"y\" # z\n", "\u{feff}", "]\n[post-deploy]\n", "a", "h = 1\n"]
                {
                    check(TEXT, &format!("{}{new}{}", &TEXT[..*start], &TEXT[*end..]));
                }
            }
        }
    }

    #[test]
    fn lines_alone_are_parsed_when_an_entry_changes() {
        let text = "[pre-up]\na = \"b\"\nc = \"d\"\n[cleanup]\ne = \"f\"\n";
        for (before, after, lines) in [
            ("\"d\"", "\"dd\"", "c = \"dd\"\n"),
            ("c = \"d\"\n", "", ""),
            ("c =", "# new\n\"x\" = 1\nc =", "# new\n\"x\" = 1\n"),
        ] {
            let edited = text.replacen(before, after, 1);
            let changed = Changed::between(text, &edited).unwrap();
            assert_eq!(&edited[changed.start..changed.after_end], lines);
            assert!(spliced(parse(text), changed, text, &edited).is_some());
            check(text, &edited);
        }
    }

    #[test]
    fn long_texts_are_compared_in_pieces() {
        let text: String = (0..200).map(|index| format!("task-{index} = \"echo {index}\"\n")).collect();
        for at in (0..text.len()).step_by(97) {
            check(&text, &format!("{}x{}", &text[..at], &text[at..]));
            check(&text, &format!("{}{}", &text[..at], &text[at + 1..]));
        }
    }
}
