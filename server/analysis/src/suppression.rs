//! Comments that ignore findings: `# draft-tasks: ignore[code]`, for a line or for the whole file.
//!
//! Must not ignore errors of syntax, and must not take more than linear time.

use std::ops::Range;

use text_size::{TextRange, TextSize};

use crate::diagnostic::{self, Diagnostic, DiagnosticCode, Severity};
use crate::edit::{self, Fix, TextEdit};
use crate::parsed::Parsed;
use crate::syntax::SyntaxErrorKind;

/// What the comments begin with.
const MARK: &str = "draft-tasks:";

/// What they ask for.
const IGNORE: &str = "ignore";

/// One comment, or the part of it that ignores something.
#[derive(Clone, Debug)]
struct Suppression {
    /// From its `#` to the end of the comment.
    range: TextRange,
    what: What,
    scope: Scope,
    /// Whether it has ignored something; of those with codes, each code knows it by itself.
    used: bool,
}

#[derive(Clone, Debug)]
enum What {
    /// Everything.
    All,
    /// What is listed, up to the closing bracket.
    Codes(Vec<Listed>, TextSize),
    /// It opens a bracket that it does not close.
    Unclosed,
}

/// A code as it is written in the comment.
#[derive(Clone, Debug)]
struct Listed {
    range: TextRange,
    code: Option<DiagnosticCode>,
    used: bool,
}

impl Listed {
    /// Whether it depends on the machine, or on what is known of it by now, that the code is found.
    fn may_be_found_elsewhere(&self) -> bool {
        self.code.is_some_and(DiagnosticCode::needs_facts)
    }
}

/// What a comment is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Scope {
    File,
    /// The lines of a header or an entry, as an index into [`Suppressions::lines`].
    Lines(usize),
    Nothing,
}

/// All such comments of a file.
#[derive(Debug)]
pub struct Suppressions<'a> {
    parsed: &'a Parsed,
    /// The whole lines of each header and entry, line ends not included; in order, and none overlaps another.
    lines: Vec<TextRange>,
    /// In the order of their scopes, and of the file within.
    all: Vec<Suppression>,
}

/// Takes away what the file ignores, and adds what it says about that itself.
pub(crate) fn apply(parsed: &Parsed, found: &mut Vec<Diagnostic>) {
    let is_one = |comment: &TextRange| suppression(&parsed.text, *comment, Scope::Nothing).is_some();
    if !parsed.tree.comments.iter().any(is_one) {
        return;
    }
    let mut suppressions = Suppressions::new(parsed);
    suppressions.filter(found);
    suppressions.report(found);
    diagnostic::sort(found);
}

impl<'a> Suppressions<'a> {
    /// Reads the comments of a file.
    pub fn new(parsed: &'a Parsed) -> Suppressions<'a> {
        let lines = lines(parsed);
        let mut suppressions = Suppressions { parsed, lines, all: Vec::new() };
        suppressions.read_comments();
        suppressions
    }

    /// Backwards, so that a comment on a line of its own knows what the lines below it are about.
    fn read_comments(&mut self) {
        let text = &*self.parsed.text;
        // The line that a comment directly above it would be about, and what that is.
        let mut below = None;
        let mut next = self.lines.len();
        for &comment in self.parsed.tree.comments.iter().rev() {
            while next > 0 && self.lines[next - 1].end() >= comment.start() {
                next -= 1;
                below = Some((self.lines[next].start(), next));
            }
            let inside = self.lines.get(next).is_some_and(|lines| lines.contains_inclusive(comment.start()));
            let start = edit::line_start(text, comment.start());
            let alone =
                text[TextRange::new(start, comment.start())].trim_start_matches('\u{feff}').trim().is_empty();
            let scope = match below {
                _ if inside => Scope::Lines(next),
                _ if alone && next == 0 => Scope::File,
                Some((line, lines)) if alone && line_after(text, comment.end()) == Some(line) => {
                    below = Some((start, lines));
                    Scope::Lines(lines)
                }
                _ => Scope::Nothing,
            };
            self.all.extend(suppression(text, comment, scope));
        }
        self.all.reverse();
        self.all.sort_by_key(|suppression| suppression.scope);
    }

    /// The header or entry whose lines hold an offset.
    fn lines_at(&self, offset: TextSize) -> Option<usize> {
        let index = self.lines.partition_point(|lines| lines.end() < offset);
        self.lines.get(index)?.contains_inclusive(offset).then_some(index)
    }

    /// The comments about the same, as indexes.
    fn about(&self, scope: Scope) -> Range<usize> {
        let first = self.all.partition_point(|it| it.scope < scope);
        first..self.all.partition_point(|it| it.scope <= scope)
    }

    /// Takes away what is ignored, and remembers which comment did that.
    fn filter(&mut self, found: &mut Vec<Diagnostic>) {
        let of_file = Places::new(&self.all, self.about(Scope::File));
        let mut of_lines = (None, Places::default());
        found.retain(|diagnostic| {
            if !diagnostic.code.is_suppressible() {
                return true;
            }
            let lines = self.lines_at(diagnostic.range.start());
            if lines != of_lines.0 {
                let about = lines.map_or(0..0, |lines| self.about(Scope::Lines(lines)));
                of_lines = (lines, Places::new(&self.all, about));
            }
            let place = of_lines.1.of(diagnostic.code).or_else(|| of_file.of(diagnostic.code));
            place.is_none_or(|(index, code)| {
                let suppression = &mut self.all[index];
                suppression.used = true;
                if let (What::Codes(codes, _), Some(code)) = (&mut suppression.what, code) {
                    codes[code].used = true;
                }
                false
            })
        });
    }

    /// Says which comments ignore nothing, or cannot be understood.
    fn report(&self, found: &mut Vec<Diagnostic>) {
        for suppression in &self.all {
            match &suppression.what {
                What::Unclosed => found.push(
                    unused(suppression.range, "this comment ignores nothing")
                        .note("expected `]` behind the codes"),
                ),
                What::All if !suppression.used => found.push(self.useless(suppression)),
                What::All => {}
                What::Codes(codes, _)
                    if codes.iter().all(|listed| {
                        !listed.used && !listed.may_be_found_elsewhere() && may_be_ignored(listed)
                    }) =>
                {
                    found.push(self.useless(suppression));
                }
                What::Codes(codes, _) => {
                    let wrong = (0..codes.len())
                        .filter(|index| !codes[*index].used && !codes[*index].may_be_found_elsewhere());
                    found.extend(wrong.map(|index| self.wrong_code(suppression, codes, index)));
                }
            }
        }
    }

    fn useless(&self, suppression: &Suppression) -> Diagnostic {
        let diagnostic = unused(suppression.range, "this comment ignores nothing that is reported here");
        let edits = vec![TextEdit::delete(self.comment_to_remove(suppression))];
        // A comment without codes may be about what is only found on another machine.
        let preferred = !matches!(suppression.what, What::All);
        diagnostic.fix(Fix { title: "Remove the comment".into(), edits, preferred })
    }

    /// The comment with the space before it, or with its line where it stands alone.
    fn comment_to_remove(&self, suppression: &Suppression) -> TextRange {
        let text = &*self.parsed.text;
        let start = edit::line_start(text, suppression.range.start());
        let before = &text[TextRange::new(start, suppression.range.start())];
        let kept = TextSize::of(before.trim_end());
        if kept == TextSize::new(0) {
            edit::whole_lines(text, suppression.range)
        } else {
            TextRange::new(start + kept, suppression.range.end())
        }
    }

    fn wrong_code(&self, suppression: &Suppression, codes: &[Listed], index: usize) -> Diagnostic {
        let listed = &codes[index];
        let name = &self.parsed.text[listed.range];
        let remove = |preferred| Fix {
            title: format!("Remove `{name}`"),
            edits: vec![TextEdit::delete(match codes {
                [_] => self.comment_to_remove(suppression),
                codes if index == 0 => TextRange::new(listed.range.start(), codes[1].range.start()),
                codes => TextRange::new(codes[index - 1].range.end(), listed.range.end()),
            })],
            preferred,
        };
        match (listed.code, DiagnosticCode::near(name)) {
            (Some(code), _) if !code.is_suppressible() => {
                unused(listed.range, format!("`{name}` cannot be ignored")).fix(remove(true))
            }
            (Some(_), _) => unused(listed.range, format!("`{name}` is not reported here")).fix(remove(true)),
            (None, Some(near)) => unused(listed.range, format!("there is no diagnostic `{name}`"))
                .note(format!("did you mean `{near}`?"))
                .fix(Fix {
                    title: format!("Change to `{near}`"),
                    edits: vec![TextEdit::replace(listed.range, near.name())],
                    preferred: true,
                }),
            // Another version may have it.
            (None, None) => {
                unused(listed.range, format!("there is no diagnostic `{name}`")).fix(remove(false))
            }
        }
    }

    /// The changes that write a comment so that a finding is ignored; the finding is of the same analysis.
    pub fn fixes(&self, found: &Diagnostic) -> Vec<Fix> {
        // What Draft stops at is not made good by a comment.
        if !found.code.is_suppressible() || found.code.severity() == Severity::Error {
            return Vec::new();
        }
        let fix = |edit: TextEdit, place: &str| Fix {
            title: format!("Ignore `{}` {place}", found.code),
            edits: vec![edit],
            preferred: false,
        };
        let line = self.on_line(found).map(|edit| fix(edit, "on this line"));
        line.into_iter().chain([fix(self.in_file(found), "in this file")]).collect()
    }

    fn on_line(&self, found: &Diagnostic) -> Option<TextEdit> {
        let index = self.lines_at(found.range.start())?;
        if let Some(edit) = self.one_more(Scope::Lines(index), found.code) {
            return Some(edit);
        }
        let (text, lines) = (&self.parsed.text, self.lines[index]);
        // At the end of a line that is not TOML a comment may not be one: it may stand in a string.
        let errors = &self.parsed.tree.errors;
        let near = &errors[errors.partition_point(|error| error.range.start() < lines.start())..];
        let mut near = near.iter().take_while(|error| error.range.start() <= lines.end());
        if near.any(|error| error.kind == SyntaxErrorKind::Grammar) {
            return None;
        }
        let space = if text[lines].ends_with([' ', '\t']) { "" } else { " " };
        Some(TextEdit::insert(lines.end(), format!("{space}# {MARK} {IGNORE}[{}]", found.code)))
    }

    fn in_file(&self, found: &Diagnostic) -> TextEdit {
        self.one_more(Scope::File, found.code).unwrap_or_else(|| {
            let text = &*self.parsed.text;
            let start = TextSize::of(&text[..text.len() - text.trim_start_matches('\u{feff}').len()]);
            TextEdit::insert(start, format!("# {MARK} {IGNORE}[{}]{}", found.code, edit::line_end(text)))
        })
    }

    /// Adds a code to a comment that lists some already.
    fn one_more(&self, scope: Scope, code: DiagnosticCode) -> Option<TextEdit> {
        self.all[self.about(scope)].iter().find_map(|suppression| match &suppression.what {
            What::Codes(codes, end) => Some(match codes.last() {
                Some(last) => TextEdit::insert(last.range.end(), format!(", {code}")),
                None => TextEdit::insert(*end, code.name()),
            }),
            _ => None,
        })
    }
}

/// A comment and a place in its list, as indexes.
type ListedAt = (usize, usize);

/// Which comment ignores a code first; made once for all findings on the same lines.
#[derive(Default)]
struct Places {
    all: Option<usize>,
    codes: Option<Box<[Option<ListedAt>; DiagnosticCode::ALL.len()]>>,
}

impl Places {
    fn new(suppressions: &[Suppression], about: Range<usize>) -> Places {
        let mut places = Places::default();
        for index in about {
            match &suppressions[index].what {
                What::All => places.all = places.all.or(Some(index)),
                What::Codes(codes, _) => {
                    let table =
                        places.codes.get_or_insert_with(|| Box::new([None; DiagnosticCode::ALL.len()]));
                    for (place, code) in
                        codes.iter().enumerate().filter_map(|(place, it)| Some((place, it.code?)))
                    {
                        table[code as usize].get_or_insert((index, place));
                    }
                }
                What::Unclosed => {}
            }
        }
        places
    }

    /// The comment, and the place of the code in its list.
    fn of(&self, code: DiagnosticCode) -> Option<(usize, Option<usize>)> {
        let listed = self.codes.as_ref().and_then(|codes| codes[code as usize]);
        listed.map(|(index, place)| (index, Some(place))).or_else(|| Some((self.all?, None)))
    }
}

/// The whole lines of each header and entry; what shares a line is one.
fn lines(parsed: &Parsed) -> Vec<TextRange> {
    let text = &*parsed.text;
    let tables = parsed.tree.tables.iter();
    let items = tables.flat_map(|table| {
        table.header.iter().map(|header| header.range).chain(table.entries.iter().map(|entry| entry.range))
    });
    let mut all: Vec<TextRange> = Vec::new();
    for item in items {
        match all.last_mut() {
            Some(last) if item.end() <= last.end() => {}
            Some(last) if item.start() <= last.end() => {
                *last = TextRange::new(last.start(), edit::line_stop(text, item.end()));
            }
            _ => all.push(TextRange::new(
                edit::line_start(text, item.start()),
                edit::line_stop(text, item.end()),
            )),
        }
    }
    all
}

/// Where the line below the end of a comment begins.
fn line_after(text: &str, end: TextSize) -> Option<TextSize> {
    let rest = &text[usize::from(end)..];
    let line_end = if rest.starts_with("\r\n") { "\r\n" } else { "\n" };
    rest.starts_with(line_end).then(|| end + TextSize::of(line_end))
}

/// The first part of a comment that ignores something; words before it are for people.
fn suppression(text: &str, comment: TextRange, scope: Scope) -> Option<Suppression> {
    let content = &text[comment];
    let parts = content.match_indices(MARK).filter_map(|(mark, _)| {
        let before = content[..mark].trim_end().strip_suffix('#')?;
        Some((before.len(), what(&content[mark + MARK.len()..], comment.end())?))
    });
    let mut parts = parts.peekable();
    let unclosed = parts.next_if(|(_, what)| matches!(what, What::Unclosed));
    let (hash, what) = parts.find(|(_, what)| !matches!(what, What::Unclosed)).or(unclosed)?;
    let range = TextRange::new(comment.start() + TextSize::of(&content[..hash]), comment.end());
    Some(Suppression { range, what, scope, used: false })
}

/// What follows the mark; it ends at an offset.
fn what(rest: &str, end: TextSize) -> Option<What> {
    let rest = rest.trim_start().strip_prefix(IGNORE)?;
    match rest.strip_prefix('[') {
        Some(codes) => Some(match codes.find([']', '#']) {
            Some(length) if codes[length..].starts_with(']') => {
                let start = end - TextSize::of(codes);
                What::Codes(listed(&codes[..length], start), start + TextSize::new(length as u32))
            }
            _ => What::Unclosed,
        }),
        None if rest.is_empty() || rest.starts_with(|c: char| c.is_whitespace() || c == ':') => {
            Some(What::All)
        }
        None => None,
    }
}

/// The codes between the brackets, which begin at an offset.
fn listed(codes: &str, offset: TextSize) -> Vec<Listed> {
    let mut start = offset;
    let mut all = Vec::new();
    for piece in codes.split(',') {
        let name = piece.trim();
        let before = TextSize::of(&piece[..piece.len() - piece.trim_start().len()]);
        if !name.is_empty() {
            let range = TextRange::at(start + before, TextSize::of(name));
            all.push(Listed { range, code: DiagnosticCode::from_name(name), used: false });
        }
        start += TextSize::of(piece) + TextSize::of(',');
    }
    all
}

fn may_be_ignored(listed: &Listed) -> bool {
    listed.code.is_some_and(DiagnosticCode::is_suppressible)
}

fn unused(range: TextRange, message: impl Into<String>) -> Diagnostic {
    Diagnostic::new(DiagnosticCode::UnusedSuppression, range, message)
}

#[cfg(test)]
mod tests;
