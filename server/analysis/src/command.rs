//! A command as its words: how this tool and how Draft's releases split it, with spans back into the command.
//!
//! Must not read the environment: values of variables come in through a function.

mod draft;
mod standard;

use std::borrow::Cow;
use std::collections::HashSet;

use compact_str::CompactString;
use smallvec::SmallVec;
use text_size::{TextRange, TextSize};

use crate::phase::Phase;
use crate::secret::MASK;

/// How a command becomes an argument vector.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Semantics {
    /// Words, quotes and backslashes as in a POSIX shell, `$VAR` and `${VAR}`, and nothing else of a shell.
    #[default]
    Standard,
    /// Exactly what the chosen version of Draft does: split at each space, then replace variables.
    Draft,
}

/// The Draft whose behaviour is described and, in [`Semantics::Draft`], reproduced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DraftVersion {
    /// The releases before 0.16.
    V0_15,
    /// The specification; commands are split as in 0.16.
    #[default]
    Dep8,
    /// The last release, 0.16.0.
    V0_16,
    /// The head of the master branch, which was never released.
    Master,
}

impl Semantics {
    /// The name in settings and options.
    pub const fn name(self) -> &'static str {
        match self {
            Semantics::Standard => "standard",
            Semantics::Draft => "draft",
        }
    }
}

impl DraftVersion {
    /// The name in settings and options.
    pub const fn name(self) -> &'static str {
        match self {
            DraftVersion::V0_15 => "0.15",
            DraftVersion::Dep8 => "dep-8",
            DraftVersion::V0_16 => "0.16",
            DraftVersion::Master => "master",
        }
    }

    /// The Draft whose behaviour it stands for, in a sentence: the specification means the last release.
    pub const fn title(self) -> &'static str {
        match self {
            DraftVersion::V0_15 => "Draft 0.15",
            DraftVersion::Dep8 | DraftVersion::V0_16 => "Draft 0.16",
            DraftVersion::Master => "Draft's master branch",
        }
    }

    /// Which phases it knows, as a sentence without a full stop.
    pub const fn phases(self) -> &'static str {
        match self {
            DraftVersion::Master => "the phases are `pre-up`, `post-deploy`, `post-up` and `cleanup`",
            _ => "the phases are `pre-up`, `post-deploy` and `cleanup`",
        }
    }

    /// That it ignores `post-up`, as a sentence without a full stop, unless it does not.
    pub const fn ignores_post_up(self) -> Option<&'static str> {
        match self {
            DraftVersion::Dep8 => Some("neither DEP-8 nor Draft up to 0.16 has `post-up`"),
            DraftVersion::V0_15 => Some("Draft 0.15 ignores `post-up`, as every release does"),
            DraftVersion::V0_16 => Some("Draft 0.16 ignores `post-up`, as every release does"),
            DraftVersion::Master => None,
        }
    }

    /// Whether it runs the tasks of a phase; one that it does not know it ignores silently.
    pub fn knows(self, phase: Phase) -> bool {
        self == DraftVersion::Master || Phase::DEP_8.contains(&phase)
    }

    /// The phase that somebody very likely meant by a name.
    pub(crate) fn meant(self, name: &str) -> Option<Phase> {
        let name = name.to_lowercase().replace(['_', ' ', '.'], "-");
        let meant = match name.as_str() {
            "preup" | "pre-deploy" | "pre-install" | "before-up" => Some(Phase::PreUp),
            "postdeploy" | "post-install" | "after-deploy" => Some(Phase::PostDeploy),
            "clean-up" | "clean" | "post-cleanup" | "after-delete" => Some(Phase::Cleanup),
            _ => None,
        };
        meant.or_else(|| {
            let known = Phase::ALL.into_iter().filter(|phase| self.knows(*phase));
            nearest(&name, known, Phase::name)
        })
    }
}

/// One argument before its variables are replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// Literal text and variables in order; empty for an empty argument.
    pub parts: SmallVec<[Part; 1]>,
    /// Where the word stands in the decoded command, quotes included.
    pub range: TextRange,
}

/// A command as its words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Split {
    /// The words in order.
    pub words: Vec<Word>,
    /// What quotes and backslashes make of each byte of the command.
    pub quoting: Vec<Quoting>,
}

/// What quotes and backslashes make of a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quoting {
    /// Nothing: a shell would give it its meaning.
    Bare,
    /// In single quotes, or one of them.
    Single,
    /// In double quotes, or one of them.
    Double,
    /// Behind a backslash that takes its meaning, or that backslash.
    Escaped,
}

/// A piece of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Characters that become the argument as they are.
    Literal(CompactString),
    /// A variable; its value is never split again, and unset is empty.
    Variable {
        /// The name as it is looked up.
        name: CompactString,
        /// Where it stands in the decoded command, `$` and braces included.
        range: TextRange,
    },
}

/// Why a command cannot be split; only in [`Semantics::Standard`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SplitError {
    /// The offending characters in the decoded command.
    pub range: TextRange,
    /// What is wrong, in lower case without a full stop.
    pub message: String,
}

impl Word {
    /// The word in a text in which its own begins at an offset.
    pub(crate) fn moved(mut self, start: TextSize) -> Word {
        self.range += start;
        for part in &mut self.parts {
            if let Part::Variable { range, .. } = part {
                *range += start;
            }
        }
        self
    }

    /// The argument, unless variables decide it.
    pub fn literal(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [Part::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// The argument, with variables replaced by `lookup`.
    pub fn expand<'w, S>(&'w self, lookup: &dyn Fn(&str) -> Option<String>) -> S
    where
        S: FromIterator<Cow<'w, str>> + From<&'w str>,
    {
        if let Some(text) = self.literal() {
            return text.into();
        }
        self.parts
            .iter()
            .map(|part| match part {
                Part::Literal(text) => Cow::Borrowed(text.as_str()),
                Part::Variable { name, .. } => Cow::Owned(lookup(name).unwrap_or_default()),
            })
            .collect()
    }
}

/// Whether a program is a part of shells and on most systems none of its own.
pub fn is_shell_builtin(program: &str) -> bool {
    SHELL_BUILTINS.contains(&program)
}

const SHELL_BUILTINS: [&str; 20] = [
    ".", "[[", "alias", "cd", "eval", "exec", "exit", "export", "for", "if", "popd", "pushd", "set",
    "source", "trap", "type", "ulimit", "umask", "unset", "while",
];

/// The words of a decoded command, split as [`Split::new`] does.
///
/// # Errors
///
/// Those of [`Split::new`].
pub fn split(command: &str, semantics: Semantics, version: DraftVersion) -> Result<Vec<Word>, SplitError> {
    Split::new(command, semantics, version).map(|split| split.words)
}

impl Split {
    /// Splits a decoded command into its words.
    ///
    /// [`Semantics::Standard`] follows the quoting of POSIX shells (Shell Command Language, 2.2): words are separated by
    /// spaces, tabs and line feeds; a backslash takes the meaning from the next character and, before a line feed,
    /// vanishes with it; in double quotes it does so only before `$`, a backtick, `"`, `\` and a line feed; in single
    /// quotes nothing has a meaning. `$NAME` and `${NAME}` are variables, `$$NAME`, `$${NAME}`, `\$NAME` and `\${NAME}`
    /// are not; any other `$`, and all else that a shell knows, stands for itself.
    ///
    /// [`Semantics::Draft`] follows `pkg/tasks/tasks.go` of Draft at the given version.
    ///
    /// # Errors
    ///
    /// When a NUL stands in it; in [`Semantics::Standard`] when a quote is not closed or a backslash stands at the end.
    pub fn new(command: &str, semantics: Semantics, version: DraftVersion) -> Result<Split, SplitError> {
        if let Some(at) = command.find('\0') {
            let range = TextRange::at((at as u32).into(), 1.into());
            return Err(SplitError {
                range,
                message: "a NUL stands in it, which no program can be given".into(),
            });
        }
        match (semantics, version) {
            (Semantics::Standard, _) => standard::words(command),
            (Semantics::Draft, DraftVersion::V0_15) => Ok(draft::words(command, draft::whole_variable)),
            (Semantics::Draft, _) => Ok(draft::words(command, draft::parts)),
        }
    }
}

/// The parts of a word as they grow; literal text is kept in one piece.
#[derive(Default)]
struct Parts(SmallVec<[Part; 1]>);

impl Parts {
    fn push(&mut self, character: char) {
        self.push_str(character.encode_utf8(&mut [0; 4]));
    }

    fn push_str(&mut self, text: &str) {
        match self.0.last_mut() {
            Some(Part::Literal(literal)) => literal.push_str(text),
            _ if text.is_empty() => {}
            _ => self.0.push(Part::Literal(text.into())),
        }
    }
}

fn range(start: usize, end: usize) -> TextRange {
    TextRange::new(TextSize::new(start as u32), TextSize::new(end as u32))
}

/// The name of the variable at the beginning of a text, and the length of what is written for it.
pub(crate) fn variable(text: &str) -> Option<(&str, usize)> {
    let rest = text.strip_prefix('$')?;
    if let Some(inner) = rest.strip_prefix('{') {
        let length = name_length(inner);
        return (length > 0 && inner[length..].starts_with('}')).then(|| (&inner[..length], length + 3));
    }
    let length = name_length(rest);
    (length > 0).then(|| (&rest[..length], length + 1))
}

/// The length of the name at the beginning of a text: a letter or `_`, then letters, digits and `_`.
pub(crate) fn name_length(text: &str) -> usize {
    if text.starts_with(|first: char| first.is_ascii_digit()) {
        return 0;
    }
    text.find(|c| !is_of_name(c)).unwrap_or(text.len())
}

/// What somebody very likely meant by an unknown name: of the nearest one at most a third of the letters differ.
pub(crate) fn nearest<'n, T>(
    name: &str,
    known: impl IntoIterator<Item = T>,
    name_of: impl Fn(T) -> &'n str,
) -> Option<T>
where
    T: Copy,
{
    let distances = known.into_iter().map(|it| (strsim::damerau_levenshtein(name, name_of(it)), it));
    let near = distances.filter(|(distance, it)| *distance <= name_of(*it).len() / 3);
    near.min_by_key(|(distance, _)| *distance).map(|(_, it)| it)
}

/// Whether a text is the name of a variable.
pub fn is_name(text: &str) -> bool {
    !text.is_empty() && name_length(text) == text.len()
}

/// Whether a name goes on with a character.
pub(crate) fn is_of_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

/// The variables of a command that have no value, each once, in the order of the command.
pub fn unset<'a>(words: &'a [Word], lookup: &dyn Fn(&str) -> Option<String>) -> Vec<&'a str> {
    let mut seen: HashSet<&str> = HashSet::new();
    let names = words.iter().flat_map(|word| &word.parts).filter_map(|part| match part {
        Part::Variable { name, .. } => Some(name.as_str()),
        Part::Literal(_) => None,
    });
    names.filter(|name| seen.insert(name) && lookup(name).is_none()).collect()
}

/// An argument as it is shown, and as it must be written in a command of [`Semantics::Standard`] to be this argument;
/// what is masked in it has lost its meaning.
pub fn show_argument(argument: &str) -> String {
    let is_plain = !argument.is_empty() && argument.replace(MASK, "").chars().all(means_itself);
    if is_plain { argument.to_owned() } else { quote_argument(argument) }
}

/// An argument as it must be written in a shell to be exactly this argument.
pub fn quote_argument(argument: &str) -> String {
    match argument {
        "" => "\"\"".to_owned(),
        plain if plain.chars().all(means_itself) => plain.to_owned(),
        text if !text.contains('\'') => format!("'{text}'"),
        text => format!("\"{}\"", in_double_quotes(text)),
    }
}

fn means_itself(character: char) -> bool {
    character.is_alphanumeric() || "_-./:,@%+=".contains(character)
}

/// The words of a command as [`show_argument`] has them; a program that looks like an assignment is in quotes, as a shell
/// would not run it otherwise.
pub fn show_command<T: AsRef<str>>(argv: &[T]) -> Vec<String> {
    let shown = argv.iter().enumerate().map(|(index, argument)| {
        let (argument, shown) = (argument.as_ref(), show_argument(argument.as_ref()));
        let is_assignment = index == 0 && shown == argument && argument.contains('=');
        if is_assignment { format!("'{argument}'") } else { shown }
    });
    shown.collect()
}

/// A text as it must be written between double quotes, where a shell reads it.
pub fn in_double_quotes(text: &str) -> String {
    let escape = |character| matches!(character, '$' | '`' | '"' | '\\').then_some('\\');
    text.chars().flat_map(|character| escape(character).into_iter().chain([character])).collect()
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(command: &str, expect: Expect) {
        let shown = match split(command, Semantics::Standard, DraftVersion::default()) {
            Ok(words) => words
                .iter()
                .map(|word| format!("{:?} {}\n", &command[word.range], show_parts(command, word)))
                .collect(),
            Err(error) => format!("{:?} {:?}: {}\n", error.range, &command[error.range], error.message),
        };
        expect.assert_eq(&shown);
    }

    fn show_parts(command: &str, word: &Word) -> String {
        let show = |part: &Part| match part {
            Part::Literal(text) => format!("{text:?}"),
            Part::Variable { name, range } => format!("{name} at {:?}", &command[*range]),
        };
        word.parts.iter().map(show).collect::<Vec<_>>().join(" + ")
    }

    #[test]
    fn words_and_quotes() {
        check(
            "echo 'a  b'\"c d\"e ''  \"\"\tx\ny",
            expect![[r#"
            "echo" "echo"
            "'a  b'\"c d\"e" "a  bc de"
            "''" 
            "\"\"" 
            "x" "x"
            "y" "y"
        "#]],
        );
        check("", expect![[""]]);
        check(" \t\n", expect![[""]]);
    }

    #[test]
    fn backslashes() {
        check(
            r#"a\ b \$HOME \\ \'x "\$ \` \" \\ \n" '\n'"#,
            expect![[r#"
            "a\\ b" "a b"
            "\\$HOME" "$HOME"
            "\\\\" "\\"
            "\\'x" "'x"
            "\"\\$ \\` \\\" \\\\ \\n\"" "$ ` \" \\ \\n"
            "'\\n'" "\\n"
        "#]],
        );
        check(
            "a\\\nb \"c\\\nd\" \\\n e",
            expect![[r#"
            "a\\\nb" "ab"
            "\"c\\\nd\"" "cd"
            "e" "e"
        "#]],
        );
    }

    #[test]
    fn what_quotes_and_backslashes_take() {
        let Split { words, quoting } =
            Split::new("a 'b' \"c\\\"d\\e$X\" \\fg\\é", Semantics::Standard, DraftVersion::default())
                .unwrap();
        let of = |word: &Word| quoting[std::ops::Range::<usize>::from(word.range)].iter();
        let letter = |it: &Quoting| match it {
            Quoting::Bare => 'b',
            Quoting::Single => 's',
            Quoting::Double => 'd',
            Quoting::Escaped => 'e',
        };
        let shown: Vec<String> = words.iter().map(|word| of(word).map(letter).collect()).collect();
        assert_eq!(shown, ["b", "sss", "ddeedddddd", "eebeee"]);
    }

    #[test]
    fn variables() {
        check(
            "$HOME/bin:${HOME}x é$A-$B_c",
            expect![[r#"
            "$HOME/bin:${HOME}x" HOME at "$HOME" + "/bin:" + HOME at "${HOME}" + "x"
            "é$A-$B_c" "é" + A at "$A" + "-" + B_c at "$B_c"
        "#]],
        );
        check(
            "\"$A b\" '$A' $$A $${A} $$$A \\${A}",
            expect![[r#"
            "\"$A b\"" A at "$A" + " b"
            "'$A'" "$A"
            "$$A" "$A"
            "$${A}" "${A}"
            "$$$A" "$$A"
            "\\${A}" "${A}"
        "#]],
        );
    }

    #[test]
    fn all_else_stands_for_itself() {
        check(
            "$ $$ $1 ${} ${a:-b} ${a $(pwd) `id` a|b && c; * ~ #x {a,b}",
            expect![[r##"
            "$" "$"
            "$$" "$$"
            "$1" "$1"
            "${}" "${}"
            "${a:-b}" "${a:-b}"
            "${a" "${a"
            "$(pwd)" "$(pwd)"
            "`id`" "`id`"
            "a|b" "a|b"
            "&&" "&&"
            "c;" "c;"
            "*" "*"
            "~" "~"
            "#x" "#x"
            "{a,b}" "{a,b}"
        "##]],
        );
    }

    #[test]
    fn what_is_not_closed() {
        check(
            "echo 'x",
            expect![[r#"
                5..6 "'": a `'` is not closed
            "#]],
        );
        check(
            "echo \"x \\\" y",
            expect![[r#"
                5..6 "\"": a `"` is not closed
            "#]],
        );
        check(
            "echo \\",
            expect![[r#"
                5..6 "\\": a backslash stands at the end
            "#]],
        );
        check(
            "echo \"x\\",
            expect![[r#"
                5..6 "\"": a `"` is not closed
            "#]],
        );
    }

    #[test]
    fn arguments_are_shown_as_a_shell_takes_them() {
        let shown = |argument| show_argument(argument);
        for quoted in ["a|b", "*.txt", "~/x", "US$", "a;b", "#", "(a)", "{a,b}", "!", "C:\\x"] {
            assert_eq!(shown(quoted), format!("'{quoted}'"));
        }
        for plain in ["--set=a.b/c:d,e@f", "-n", "ä", "+100%", "--token=***"] {
            assert_eq!(shown(plain), plain);
        }
        assert_eq!((shown(""), shown("a b"), shown("$A")), ("\"\"".into(), "'a b'".into(), "'$A'".into()));
        assert_eq!(shown("it's $A"), "\"it's \\$A\"");
        assert_eq!(show_command(&["FOO=bar", "make", "A=b"]), ["'FOO=bar'", "make", "A=b"]);
        assert_eq!(show_command(&["A=b c", "x"]), ["'A=b c'", "x"]);
    }
}
