//! `brace-expansion`: `{x,y}` and `{1..3}`, which stay as they are where no shell like Bash reads the command.
//!
//! Must not report braces that Bash leaves alone, or programs that have lists of their own, as Helm in `--set a={x,y}`.

use std::ops::Range;

use super::command::{Command, Quoting, no_shell};
use super::declaration::{Check, Rule};
use super::glob::takes_files;
use crate::command::Word;
use crate::diagnostic::{Diagnostic, DiagnosticCode, Severity};
use crate::edit::{self, Fix, TextEdit};

pub(super) const RULE: Rule = Rule {
    name: "brace-expansion",
    severity: Severity::Warning,
    needs_facts: false,
    page: include_str!("brace_expansion.md"),
    check: Check::Command(check),
};

/// The most words that are written out for one.
const MOST_WORDS: usize = 32;

/// Three numbers of 64 bits and what stands between them.
const LONGEST_SEQUENCE: usize = 64;

/// Deeper lists are not written out.
const DEEPEST: usize = 16;

fn check(command: &Command<'_>, found: &mut Vec<Diagnostic>) {
    let expanded: Vec<(&Word, Braces<'_>)> = expanded(command).collect();
    let Some((first, _)) = expanded.first() else { return };
    let message = format!("`{}` is not expanded", &command.text()[first.range]);
    let mut diagnostic = command
        .finding(DiagnosticCode::BraceExpansion, first.range, message)
        .note(no_shell!("write the words out", ", and many an `sh` expands no braces either"));
    diagnostic.fixes.extend(written_out(command, &expanded));
    found.push(diagnostic);
}

/// Whether a command has such words.
pub(super) fn is_in(command: &Command<'_>) -> bool {
    expanded(command).next().is_some()
}

/// The words of which Bash would make others.
fn expanded<'a>(command: &'a Command<'_>) -> impl Iterator<Item = (&'a Word, Braces<'a>)> {
    let is_concerned = |name: &&str| takes_files(name) || matches!(*name, "mkdir" | "echo" | "diff" | "tar");
    let is_meant = !command.has_idle_quotes() && command.name().filter(is_concerned).is_some();
    let arguments = command.words().iter().skip(1).filter(move |_| is_meant);
    let braces = arguments.map(|word| (word, Braces::of(command, word)));
    braces.filter(|(_, braces)| !braces.groups.is_empty())
}

/// The command with the words that Bash would make of it.
fn written_out(command: &Command<'_>, expanded: &[(&Word, Braces<'_>)]) -> Option<Fix> {
    let edit = |(word, braces): &(&Word, Braces<'_>)| {
        if !braces.is_whole {
            return None;
        }
        let mut words = braces.expand(0..braces.text.len())?;
        // Bash drops words of nothing.
        words.retain(|word| !word.is_empty());
        (!words.is_empty()).then(|| TextEdit::replace(word.range, words.join(" ")))
    };
    let edits: Option<Vec<TextEdit>> = expanded.iter().map(edit).collect();
    Some(command.rewrite("Write the words out", &edit::apply(command.text(), &edits?)))
}

/// The lists and sequences of a word.
struct Braces<'a> {
    text: &'a str,
    /// In the order in which they begin.
    groups: Vec<Group>,
    /// Whether all braces belong to a list or sequence: of others Bash makes what nobody expects.
    is_whole: bool,
}

struct Group {
    /// From the opening to the closing brace.
    range: Range<usize>,
    content: Content,
}

enum Content {
    /// Where the commas stand.
    List(Vec<usize>),
    /// Its elements; `None` where they are too many.
    Sequence(Option<Vec<String>>),
}

/// An opening brace whose closing one was not yet seen.
struct Open {
    at: usize,
    commas: Vec<usize>,
    /// Whether it belongs to a `${…}`, in which no list is expanded.
    is_variable: bool,
}

impl<'a> Braces<'a> {
    fn of(command: &'a Command<'_>, word: &Word) -> Braces<'a> {
        let text = &command.text()[word.range];
        let quoting = command.quoting_of(word);
        let mut braces = Braces { text, groups: Vec::new(), is_whole: true };
        let mut open: Vec<Open> = Vec::new();
        for (at, byte) in text.bytes().enumerate().filter(|(at, _)| quoting[*at] == Quoting::Bare) {
            match byte {
                b'{' => {
                    let in_variable = open.last().is_some_and(|outer| outer.is_variable);
                    let is_variable = in_variable || text[..at].ends_with('$');
                    open.push(Open { at, commas: Vec::new(), is_variable });
                    braces.is_whole &= open.len() <= DEEPEST;
                }
                b',' => {
                    if let Some(open) = open.last_mut() {
                        open.commas.push(at);
                    }
                }
                b'}' => braces.close(open.pop(), at, quoting),
                _ => {}
            }
        }
        braces.is_whole &= open.is_empty();
        braces.groups.sort_by_key(|group| group.range.start);
        braces
    }

    fn close(&mut self, open: Option<Open>, end: usize, quoting: &[Quoting]) {
        let Some(Open { at, commas, is_variable }) = open else {
            self.is_whole = false;
            return;
        };
        if is_variable {
            return;
        }
        match content(self.text, quoting, at + 1..end, commas) {
            Some(content) => self.groups.push(Group { range: at..end + 1, content }),
            None => self.is_whole = false,
        }
    }

    /// What Bash makes of a part of the word; `None` where that is too much.
    fn expand(&self, part: Range<usize>) -> Option<Vec<String>> {
        let mut words = vec![String::new()];
        let mut at = part.start;
        while at < part.end {
            let next = self.groups.partition_point(|group| group.range.start < at);
            let group = self.groups.get(next).filter(|group| group.range.end <= part.end);
            let literal = &self.text[at..group.map_or(part.end, |group| group.range.start)];
            words.iter_mut().for_each(|word| word.push_str(literal));
            let Some(group) = group else { break };
            words = product(&words, &self.alternatives(group)?)?;
            at = group.range.end;
        }
        Some(words)
    }

    fn alternatives(&self, group: &Group) -> Option<Vec<String>> {
        match &group.content {
            Content::Sequence(elements) => elements.clone(),
            Content::List(commas) => {
                let starts = [group.range.start].into_iter().chain(commas.iter().copied());
                let ends = commas.iter().copied().chain([group.range.end - 1]);
                let parts = starts.zip(ends).map(|(start, end)| self.expand(start + 1..end));
                let parts: Option<Vec<Vec<String>>> = parts.collect();
                Some(parts?.concat())
            }
        }
    }
}

/// What stands between braces, where Bash expands it.
fn content(text: &str, quoting: &[Quoting], inner: Range<usize>, commas: Vec<usize>) -> Option<Content> {
    if !commas.is_empty() {
        return Some(Content::List(commas));
    }
    let may_be_sequence = inner.len() <= LONGEST_SEQUENCE;
    let is_bare = may_be_sequence && quoting[inner.clone()].iter().all(|it| *it == Quoting::Bare);
    if is_bare { sequence(&text[inner]) } else { None }
}

/// `1..5`, `05..1`, `a..e`, and with a step as in `1..9..2`.
fn sequence(text: &str) -> Option<Content> {
    let mut parts = text.split("..");
    let (first, last) = (parts.next()?, parts.next()?);
    let step: i64 = parts.next().map_or(Some(1), |step| step.parse().ok())?;
    if parts.next().is_some() {
        return None;
    }
    let step = step.unsigned_abs().max(1);
    let words = match (first.parse(), last.parse()) {
        (Ok(start), Ok(end)) => {
            let is_padded = is_padded(first) || is_padded(last);
            let width = if is_padded { first.len().max(last.len()) } else { 0 };
            let shown = |number: &i64| format!("{number:0width$}");
            numbers(start, end, step).map(|all| all.iter().map(shown).collect())
        }
        _ => {
            let (start, end) = (letter(first)?, letter(last)?);
            // Between upper and lower case stand characters that a shell gives a meaning.
            if start.is_ascii_lowercase() != end.is_ascii_lowercase() {
                return None;
            }
            let shown = |number: &i64| char::from(*number as u8).to_string();
            numbers(start.into(), end.into(), step).map(|all| all.iter().map(shown).collect())
        }
    };
    Some(Content::Sequence(words))
}

/// Whether a number has zeros in front of it.
fn is_padded(number: &str) -> bool {
    let digits = number.trim_start_matches(['-', '+']);
    digits.len() > 1 && digits.starts_with('0')
}

fn letter(text: &str) -> Option<u8> {
    match text.as_bytes() {
        [letter] if letter.is_ascii_alphabetic() => Some(*letter),
        _ => None,
    }
}

/// From one number to another in steps; `None` where they are too many.
fn numbers(start: i64, end: i64, step: u64) -> Option<Vec<i64>> {
    let steps = start.abs_diff(end) / step;
    if steps >= MOST_WORDS as u64 {
        return None;
    }
    let signed = if start <= end { i128::from(step) } else { -i128::from(step) };
    let number = |count| i64::try_from(i128::from(start) + i128::from(count) * signed).ok();
    (0..=steps).map(number).collect()
}

/// Each word with each of the endings; `None` where that is too much.
fn product(words: &[String], endings: &[String]) -> Option<Vec<String>> {
    let all = words.iter().flat_map(|word| endings.iter().map(move |ending| format!("{word}{ending}")));
    (words.len() * endings.len() <= MOST_WORDS).then(|| all.collect())
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::analysis::Analysis;
    use crate::options::Options;
    use crate::rules::testing;

    /// What the fix makes of a command; `None` without a finding, "" without a fix.
    fn fixed(command: &str) -> Option<String> {
        let text = format!("[pre-up]\na = {}\n", edit::string(command));
        let analysis = Analysis::new(text.as_str(), Options::default());
        let found = analysis.diagnostics.iter().find(|it| it.code == DiagnosticCode::BraceExpansion)?;
        let Some(fix) = found.fixes.first() else { return Some(String::new()) };
        let after = Analysis::new(edit::apply(&text, &fix.edits), Options::default());
        let (_, written) = after.parsed.file.commands_of(crate::phase::Phase::PreUp).next().unwrap();
        Some(written.decode(&after.parsed.text).into_owned())
    }

    #[test]
    fn words_are_written_out() {
        testing::check(
            DiagnosticCode::BraceExpansion,
            "[cleanup]\na = \"rm -rf dist/{x,y}\"\n",
            expect![[r#"
                warning "dist/{x,y}": `dist/{x,y}` is not expanded: write the words out; no shell reads the command, nor does one in Draft, and many an `sh` expands no braces either
                  fix: Write the words out
                    [cleanup]
                    a = "rm -rf dist/x dist/y"
            "#]],
        );
    }

    #[test]
    fn lists_and_sequences_become_what_bash_makes_of_them() {
        for (command, expected) in [
            ("cp app.conf{,.bak}", "cp app.conf app.conf.bak"),
            ("mkdir -p {a,b}/{c,d}", "mkdir -p a/c a/d b/c b/d"),
            ("mkdir x{1,2{a,b},3}y", "mkdir x1y x2ay x2by x3y"),
            ("echo {1..5} {a..e..2} {3..1}", "echo 1 2 3 4 5 a c e 3 2 1"),
            ("touch f{08..10} g{-1..1} h{1..7..3}", "touch f08 f09 f10 g-1 g0 g1 h1 h4 h7"),
            (
                "echo {-9223372036854775808..9223372036854775807..4611686018427387904}",
                "echo -9223372036854775808 -4611686018427387904 0 4611686018427387904",
            ),
            (
                "echo {9223372036854775807..-9223372036854775808..9223372036854775807}",
                "echo 9223372036854775807 0 -9223372036854775807",
            ),
            ("echo {{a,b}", ""),
            ("echo {a,b}}", ""),
            ("echo {x}{a,b}", ""),
            ("rm {\"a b\",'c,d'}.log {$A,b}", "rm \"a b\".log 'c,d'.log $A b"),
            ("rm {,a} {,}", ""),
            ("echo {${A},b}", "echo ${A} b"),
            ("echo {a\\,b,c}", "echo a\\,b c"),
        ] {
            assert_eq!(fixed(command).as_deref(), Some(expected), "{command}");
        }
    }

    #[test]
    fn more_words_than_people_read_are_not_written_out() {
        let deep = format!("echo {}a,b{}", "{".repeat(40), ",c}".repeat(40));
        let wide = format!("echo {}", "{a,b}".repeat(6));
        for command in ["echo {1..33}", "echo {1..9223372036854775807}", &deep, &wide] {
            assert_eq!(fixed(command).as_deref(), Some(""), "{command}");
        }
        assert!(fixed("echo {1..32}").is_some_and(|fixed| fixed.ends_with(" 32")));
    }

    #[test]
    fn what_bash_leaves_alone_is_not_found() {
        for command in [
            "rm {} {a} {a b} a,b {a..} {..} {1..b} {a..Z} {1..2..3..4} {a..e..x} {99999999999999999999..1}",
            "rm ${A,b} ${A} '{a,b}' \"{a,b}\" \\{a,b} {a\\,b} {a','b} {'1'..3} ${x:-{a,b}}",
            "find . -exec rm {} +",
            "docker ps --format {{.Names}},{{.ID}}",
            "echo '{\"a\":1,\"b\":2}'",
            "helm upgrade --install a b/c --set hosts={a,b}",
            "prettier --write src/*.{js,ts}",
            "sh -c 'rm {a,b}'",
            "bash -c 'rm {a,b}'",
            "{a,b}",
        ] {
            assert_eq!(fixed(command), None, "{command}");
        }
    }

    #[test]
    fn words_of_any_depth_and_length_are_read() {
        let deep = format!("echo {}a,b{}", "{".repeat(100_000), "}".repeat(100_000));
        let long = format!("echo {}", "{a,b}".repeat(100_000));
        let list = format!("echo {{{}}}", "{a,b},".repeat(100_000));
        for command in [deep, long, list] {
            assert_eq!(fixed(&command).as_deref(), Some(""));
        }
    }
}
