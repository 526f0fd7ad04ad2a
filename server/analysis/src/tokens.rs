//! What each piece of the file is, for colours that know more than TOML's grammar: programs, flags and variables
//! inside of commands.
//!
//! Must not colour what the grammar of TOML already colours, and must never give two tokens that overlap.

use text_size::{TextRange, TextSize};

use crate::command::{Part, Word};
use crate::parsed::Parsed;
use crate::task_file::Section;
use crate::words::Words;

/// A piece of the file and what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// Where it stands; never empty.
    pub range: TextRange,
    /// What it is.
    pub kind: TokenKind,
}

/// What a piece of the file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// The name of a phase.
    Phase,
    /// The description of a task.
    Task,
    /// The first word of a command.
    Program,
    /// A word that begins with `-`, up to its `=`.
    Flag,
    /// `$NAME` or `${NAME}`.
    Variable,
    /// `$$NAME` or `\$NAME`, which is no variable.
    EscapedVariable,
    /// What would be an operator in a shell, and is an ordinary word here.
    Operator,
    /// Any other word.
    String,
}

/// What a shell would not take as a word.
const OPERATORS: [&str; 13] = ["&&", "||", "|", ";", "&", ">", ">>", "<", "<<", "2>", "2>>", "2>&1", "&>"];

/// The tokens that touch a range, in order; none of them holds a line end.
pub fn tokens(parsed: &Parsed, within: TextRange) -> Vec<Token> {
    let mut lines = whole(parsed, within);
    if lines.iter().any(|token| parsed.text[token.range].contains(['\n', '\r'])) {
        lines = lines.into_iter().flat_map(|token| split_lines(&parsed.text, token)).collect();
    }
    lines
}

/// The tokens for clients that know tokens of several lines.
pub fn whole(parsed: &Parsed, within: TextRange) -> Vec<Token> {
    let mut found = Collector { parsed, tokens: Vec::new() };
    let touches = |range: TextRange| range.intersect(within).is_some();
    let sections = parsed.file.sections.iter().filter(|section| touches(section.range));
    for section in sections.filter(|section| section.phase.is_some() && section.form.has_tasks()) {
        found.section(section, touches);
    }
    found.tokens
}

struct Collector<'a> {
    parsed: &'a Parsed,
    tokens: Vec<Token>,
}

impl Collector<'_> {
    fn push(&mut self, range: TextRange, kind: TokenKind) {
        if !range.is_empty() {
            self.tokens.push(Token { range, kind });
        }
    }

    fn section(&mut self, section: &Section, touches: impl Fn(TextRange) -> bool) {
        self.push(section.name.range, TokenKind::Phase);
        let parsed = self.parsed;
        for task in parsed.file.tasks_of(section).iter().filter(|task| touches(task.range)) {
            self.push(task.name.range, TokenKind::Task);
            if let Some(words) = parsed.words_of(task) {
                self.command(words);
            }
        }
    }

    fn command(&mut self, words: &Words) {
        for (index, word) in words.words.iter().enumerate() {
            self.word(words, index, word);
        }
        if let Some(error) = &words.error {
            // What is being typed keeps a colour of its own until its quote is closed.
            let rest = TextRange::new(error.range.start(), (words.content.len() as u32).into());
            self.push(words.range(rest), TokenKind::String);
        }
    }

    fn word(&mut self, words: &Words, index: usize, word: &Word) {
        let special = special_parts(words, word, self.parsed);
        for (range, kind) in plain_parts(&words.content[word.range], word.range, index) {
            let mut start = range.start();
            for (inner, inner_kind) in special.iter().filter(|(inner, _)| {
                // Each belongs to the part that it begins in.
                range.contains(inner.start())
            }) {
                self.push(words.range(TextRange::new(start, inner.start())), kind);
                self.push(words.range(*inner), *inner_kind);
                start = inner.end();
            }
            if start < range.end() {
                self.push(words.range(TextRange::new(start, range.end())), kind);
            }
        }
    }
}

/// Variables and what only looks like one.
fn special_parts(words: &Words, word: &Word, parsed: &Parsed) -> Vec<(TextRange, TokenKind)> {
    if !words.content[word.range].contains('$') {
        return Vec::new();
    }
    let variables = word.parts.iter().filter_map(|part| match part {
        Part::Variable { range, .. } => Some((*range, TokenKind::Variable)),
        Part::Literal(_) => None,
    });
    let escaped = words.escaped_variables(word, parsed.options.semantics);
    let escaped = escaped.into_iter().map(|range| (range, TokenKind::EscapedVariable));
    let mut special: Vec<_> = variables.chain(escaped).collect();
    special.sort_by_key(|(range, _)| range.start());
    special
}

/// What a word is apart from its variables.
fn plain_parts(text: &str, range: TextRange, index: usize) -> Vec<(TextRange, TokenKind)> {
    match text {
        _ if index == 0 => vec![(range, TokenKind::Program)],
        _ if OPERATORS.contains(&text) => vec![(range, TokenKind::Operator)],
        _ if text.starts_with('-') && text.len() > 1 => match text.find('=') {
            Some(at) => {
                let middle = range.start() + TextSize::new(at as u32);
                let flag = (TextRange::new(range.start(), middle), TokenKind::Flag);
                vec![flag, (TextRange::new(middle, range.end()), TokenKind::String)]
            }
            None => vec![(range, TokenKind::Flag)],
        },
        _ => vec![(range, TokenKind::String)],
    }
}

/// A token for each line of one, without the blanks that a line begins with.
fn split_lines(text: &str, token: Token) -> impl Iterator<Item = Token> + '_ {
    let mut start = token.range.start();
    text[token.range].split_inclusive(['\n', '\r']).filter_map(move |line| {
        let (written, end) = (line.trim_start_matches([' ', '\t']), start + TextSize::of(line));
        let length = TextSize::of(written.trim_end_matches(['\n', '\r']));
        let range = TextRange::at(end - TextSize::of(written), length);
        start = end;
        (!range.is_empty()).then_some(Token { range, kind: token.kind })
    })
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::options::Options;

    fn check(text: &str, expect: Expect) {
        let analysis = Parsed::new(text, Options::default());
        let found = tokens(&analysis, TextRange::up_to((text.len() as u32).into()));
        assert!(found.windows(2).all(|pair| pair[0].range.end() <= pair[1].range.start()), "{found:?}");
        let shown = found.iter().map(|token| format!("{:?} {:?}\n", &text[token.range], token.kind));
        expect.assert_eq(&shown.collect::<String>());
    }

    #[test]
    fn phases_tasks_and_commands() {
        check(
            "[pre-up] # x\nhello = \"helm install --set=a=$B -x 'c d' && ls\" # y\nb = 5\n[tool]\nx = \"y\"\n",
            expect![[r#"
                "pre-up" Phase
                "hello" Task
                "helm" Program
                "install" String
                "--set" Flag
                "=a=" String
                "$B" Variable
                "-x" Flag
                "'c d'" String
                "&&" Operator
                "ls" String
                "b" Task
            "#]],
        );
    }

    #[test]
    fn through_escapes() {
        check(
            "[cleanup]\na = \"echo \\\"$X\\\" \\u00e9$Y\\u00e9 \\u0024Z x\"\n\"\\u0062\" = '$P/bin \"$$Q\" \\$R'\n",
            expect![[r#"
                "cleanup" Phase
                "a" Task
                "echo" Program
                "\\\"" String
                "$X" Variable
                "\\\"" String
                "\\u00e9" String
                "$Y" Variable
                "\\u00e9" String
                "\\u0024Z" Variable
                "x" String
                "\"\\u0062\"" Task
                "$P" Variable
                "/bin" Program
                "\"" String
                "$$Q" EscapedVariable
                "\"" String
                "\\$R" EscapedVariable
            "#]],
        );
    }

    #[test]
    fn strings_of_many_lines() {
        check(
            "[pre-up]\r\na = \"\"\"\r\necho 'a\r\nb' $\\\r\n  X -f\\\n --g=\\\n  h\"\"\"\r\n",
            expect![[r#"
                "pre-up" Phase
                "a" Task
                "echo" Program
                "'a" String
                "b'" String
                "$\\" Variable
                "X" Variable
                "-f\\" Flag
                "--g" Flag
                "=\\" String
                "h" String
            "#]],
        );
        check(
            "[pre-up]\na = '''\nsh -c '\necho $X\n\n' $Y'''\n",
            expect![[r#"
            "pre-up" Phase
            "a" Task
            "sh" Program
            "-c" Flag
            "'" String
            "echo $X" String
            "'" String
            "$Y" Variable
        "#]],
        );
    }

    #[test]
    fn while_it_is_typed() {
        check(
            "[pre-up]\na = \"echo 'x y\nb = \"ls -l \\\"$A",
            expect![[r#"
            "pre-up" Phase
            "a" Task
            "echo" Program
            "'x y" String
            "b" Task
            "ls" Program
            "-l" Flag
            "\\\"$A" String
        "#]],
        );
        check(
            "[pre-up]\na = \"\"\nb = \"$\"\nc = \"'\"\nd = \nd.e = 'x'\n[]\n[pre",
            expect![[r#"
            "pre-up" Phase
            "a" Task
            "b" Task
            "$" Program
            "c" Task
            "'" String
            "d" Task
            "d" Task
        "#]],
        );
    }

    #[test]
    fn other_forms() {
        check(
            "cleanup = { a = 'ls' }\npre-up.b = 'ls'\n[[post-up]]\nc = 'ls'\n[post-deploy.x]\nd = 'ls'\n",
            expect![[r#"
            "cleanup" Phase
            "a" Task
            "ls" Program
            "pre-up" Phase
            "b" Task
            "ls" Program
        "#]],
        );
    }

    #[test]
    fn only_what_was_asked_for() {
        let text = "[pre-up]\na = \"ls\"\nb = \"ls\"\n[cleanup]\nc = \"ls\"\n";
        let analysis = Parsed::new(text, Options::default());
        let found = whole(&analysis, TextRange::new(20.into(), 24.into()));
        let shown: Vec<_> = found.iter().map(|token| &text[token.range]).collect();
        assert_eq!(shown, ["pre-up", "b", "ls"]);
    }
}
