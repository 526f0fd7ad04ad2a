//! The grammar that Docker Compose reads env files by.
//!
//! It differs on purpose: a `$` that begins no name stays as it is, text behind a closing quote is an error instead of
//! another variable, line ends of Windows are line ends within quotes, too, and one may stand in `${NAME:-…}`. `$NAME` means
//! an earlier line of the files before it means the environment, as their variables win over those of it. Between double
//! quotes a `\0` without three octal digits behind it stays whole. Must not put a value into an error.

use std::cell::Cell;
use std::collections::HashMap;

use super::FileVariable;

/// Values that grow beyond this size by what they refer to are an attack.
const LONGEST: usize = 1 << 20;

/// `${A:-${B:-…}}` deeper than this is an attack, too.
const DEEPEST: usize = 32;

/// What is wrong in a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) line: usize,
    pub(super) problem: String,
}

/// What a text says.
#[derive(Debug, Default)]
pub(super) struct Meaning {
    /// The variables, each with the value of the line that sets it.
    pub(super) variables: Vec<FileVariable>,
    /// The lines in which nothing takes the place of a `$` and what follows it.
    pub(super) lines_with_unset: Vec<usize>,
}

/// Reads a text.
pub(super) fn parse(text: &str, outside: &dyn Fn(&str) -> Option<String>) -> Result<Meaning, Wrong> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
    let mut parser = Parser { rest: &text, line: 1 };
    let mut found = Meaning::default();
    let mut known = HashMap::new();
    while parser.skip_to_statement() {
        let line = parser.line;
        let wrong = |problem| Wrong { line, problem };
        let statement = parser.statement().map_err(wrong)?;
        let value_of = |name: &str| known.get(name).cloned().or_else(|| outside(name));
        let lookup = Known { value_of: &value_of, lacks: Cell::new(false) };
        let Some(value) = statement.written.value(statement.name, &lookup).map_err(wrong)? else { continue };
        if value.contains('\0') {
            return Err(wrong("a NUL cannot be in a variable".into()));
        }
        if lookup.lacks.get() {
            found.lines_with_unset.push(line);
        }
        let name = statement.name.to_owned();
        known.insert(name.clone(), value.clone());
        found.variables.push(FileVariable { name, value });
    }
    Ok(found)
}

struct Parser<'a> {
    rest: &'a str,
    line: usize,
}

struct Statement<'a> {
    name: &'a str,
    written: Written<'a>,
}

/// A value as it stands in the file.
enum Written<'a> {
    /// A name alone: the value that the variable has already.
    Inherited,
    Bare(&'a str),
    Single(&'a str),
    Double(&'a str),
}

impl<'a> Parser<'a> {
    /// Goes on to what is neither blank nor a comment; tells whether there is anything.
    fn skip_to_statement(&mut self) -> bool {
        loop {
            self.rest = self.rest.trim_start_matches(is_blank);
            match self.rest.chars().next() {
                None => return false,
                Some('\n' | '#') => drop(self.take_line()),
                Some(_) => return true,
            }
        }
    }

    /// The rest of the line; goes on behind its end.
    fn take_line(&mut self) -> &'a str {
        let (line, rest) = self.rest.split_once('\n').unwrap_or((self.rest, ""));
        self.rest = rest;
        self.line += 1;
        line
    }

    fn statement(&mut self) -> Result<Statement<'a>, String> {
        if let Some(behind) = self.rest.strip_prefix("export").filter(|rest| rest.starts_with(is_blank)) {
            self.rest = behind.trim_start_matches(is_blank);
        }
        let end = self.rest.find(|c| !is_of_name(c)).unwrap_or(self.rest.len());
        let (name, behind) = self.rest.split_at(end);
        let behind = behind.trim_start_matches(is_blank);
        let expected = || Err("expected NAME=value".to_owned());
        if name.is_empty() {
            return expected();
        }
        if behind.is_empty() || behind.starts_with('\n') {
            self.take_line();
            return Ok(Statement { name, written: Written::Inherited });
        }
        let Some(value) = behind.strip_prefix(['=', ':']) else { return expected() };
        self.rest = value.trim_start_matches(is_blank);
        let written = match self.rest.chars().next() {
            Some('\'') => Written::Single(self.quoted('\'')?),
            Some('"') => Written::Double(self.quoted('"')?),
            _ => Written::Bare(self.bare()),
        };
        Ok(Statement { name, written })
    }

    fn bare(&mut self) -> &'a str {
        let line = self.take_line();
        let value = line.split_once(" #").map_or(line, |(value, _)| value);
        value.trim_end()
    }

    /// What stands within the quotes, with its escapes.
    fn quoted(&mut self, quote: char) -> Result<&'a str, String> {
        let inside = &self.rest[1..];
        let mut escaped = false;
        let end = inside.find(|c| {
            let closes = c == quote && !escaped;
            escaped = c == '\\' && !escaped;
            closes
        });
        let Some(end) = end else { return Err(format!("expected a closing {quote}")) };
        let (value, behind) = inside.split_at(end);
        self.line += value.matches('\n').count();
        self.rest = &behind[1..];
        let behind = self.take_line().trim_start_matches(is_blank);
        if behind.is_empty() || behind.starts_with('#') {
            Ok(value)
        } else {
            Err(format!("expected the end of the line behind the closing {quote}"))
        }
    }
}

/// The variables that a value may refer to.
struct Known<'a> {
    value_of: &'a dyn Fn(&str) -> Option<String>,
    /// Whether the value refers to one that is not set, without saying what counts then.
    lacks: Cell<bool>,
}

impl Known<'_> {
    fn get(&self, name: &str) -> Option<String> {
        (self.value_of)(name)
    }

    fn get_or_empty(&self, name: &str) -> String {
        self.get(name).unwrap_or_else(|| {
            self.lacks.set(true);
            String::new()
        })
    }
}

type Lookup<'a> = &'a Known<'a>;

impl Written<'_> {
    fn value(&self, name: &str, lookup: Lookup<'_>) -> Result<Option<String>, String> {
        match self {
            Written::Inherited => Ok(lookup.get(name)),
            Written::Bare(text) => substitute(text, lookup, DEEPEST).map(Some),
            Written::Single(text) => Ok(Some(text.replace("\\'", "'"))),
            Written::Double(text) => substitute(&unescape(text), lookup, DEEPEST).map(Some),
        }
    }
}

/// Blanks but no line end.
fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{a0}')
}

/// Whether a text is the name of a variable.
pub(crate) fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(is_of_name)
}

fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '[' | ']')
}

/// A text within double quotes without its escapes, but `\$` as `$$`: what is literal is known by that later.
fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('\\') {
        plain.push_str(before);
        if let Some((code, behind)) = octal(behind) {
            plain.push(code);
            rest = behind;
            continue;
        }
        let mut letters = behind.chars();
        match letters.next() {
            Some('$') => plain.push_str("$$"),
            Some(letter) => match escape(letter) {
                Some(meant) => plain.push(meant),
                None => plain.extend(['\\', letter]),
            },
            None => plain.push('\\'),
        }
        rest = letters.as_str();
    }
    plain + rest
}

fn escape(letter: char) -> Option<char> {
    Some(match letter {
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        '"' | '\\' => letter,
        _ => return None,
    })
}

/// `0` and the three octal digits of a byte.
fn octal(text: &str) -> Option<(char, &str)> {
    let digits = text.strip_prefix('0')?.get(..3)?;
    let is_octal = digits.bytes().all(|digit| matches!(digit, b'0'..=b'7'));
    let code = u8::from_str_radix(digits, 8).ok().filter(|_| is_octal)?;
    Some((code.into(), &text[4..]))
}

/// A value with the variables in it replaced.
fn substitute(text: &str, lookup: Lookup<'_>, depth: usize) -> Result<String, String> {
    let mut value = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('$') {
        value.push_str(before);
        if let Some(behind) = behind.strip_prefix('$') {
            value.push('$');
            rest = behind;
        } else if let Some(inside) = behind.strip_prefix('{').filter(|inside| variable_at(inside) > 0) {
            let end = closing_brace(inside).ok_or("expected a closing } behind ${")?;
            value.push_str(&expand(&inside[..end], lookup, depth)?);
            rest = &inside[end + 1..];
        } else {
            let (name, behind) = behind.split_at(variable_at(behind));
            if name.is_empty() {
                value.push('$');
            } else {
                value.push_str(&lookup.get_or_empty(name));
            }
            rest = behind;
        }
        if value.len() > LONGEST {
            return Err(format!("the value is longer than {} MiB", LONGEST >> 20));
        }
    }
    Ok(value + rest)
}

/// The length of the name that a text begins with.
fn variable_at(text: &str) -> usize {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if text.starts_with(|first: char| first.is_ascii_digit()) {
        return 0;
    }
    text.find(|c| !is_part(c)).unwrap_or(text.len())
}

/// Where the brace closes that opens in front of a text.
fn closing_brace(text: &str) -> Option<usize> {
    let mut open = 1;
    text.find(|c| {
        match c {
            '{' => open += 1,
            '}' => open -= 1,
            _ => {}
        }
        open == 0
    })
}

/// The value of what stands within `${` and `}`.
fn expand(inside: &str, lookup: Lookup<'_>, depth: usize) -> Result<String, String> {
    let depth = depth.checked_sub(1).ok_or("variables are nested too deeply")?;
    let (name, behind) = inside.split_at(variable_at(inside));
    if behind.is_empty() {
        return Ok(lookup.get_or_empty(name));
    }
    let value = lookup.get(name);
    let value = if behind.starts_with(':') { value.filter(|value| !value.is_empty()) } else { value };
    let mut operator = behind.strip_prefix(':').unwrap_or(behind).chars();
    match (operator.next(), value) {
        (Some('-' | '?'), Some(value)) => Ok(value),
        (Some('-'), None) | (Some('+'), Some(_)) => substitute(operator.as_str(), lookup, depth),
        (Some('+'), None) => Ok(String::new()),
        // As it is written: replaced variables may be secrets.
        (Some('?'), None) if operator.as_str().is_empty() => Err(format!("`{name}` is not set")),
        (Some('?'), None) => Err(format!("`{name}` is not set: {}", operator.as_str())),
        _ => Err("expected }, :-, -, :+, +, :? or ? behind the name in ${".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let outside = |name: &str| match name {
            "HOME" => Some("/home/ann".to_owned()),
            "EMPTY" => Some(String::new()),
            "A" => Some("outside".to_owned()),
            _ => None,
        };
        match parse(text, &outside) {
            Ok(all) => all.variables.iter().map(|it| format!("{}={};", it.name, it.value)).collect(),
            Err(wrong) => format!("{}: {}", wrong.line, wrong.problem),
        }
    }

    #[track_caller]
    fn check(cases: &[(&str, &str)]) {
        for (text, expected) in cases {
            assert_eq!(shown(text), *expected, "{text}");
        }
    }

    #[test]
    fn values_without_quotes() {
        check(&[
            ("A=two words", "A=two words;"),
            ("A=it's", "A=it's;"),
            ("A={\"a\": \"b c\"}", "A={\"a\": \"b c\"};"),
            ("A=a\\tb", "A=a\\tb;"),
            ("A =  x \t", "A=x;"),
            ("A=postgres://h:1/d?a=b", "A=postgres://h:1/d?a=b;"),
            ("A: 1", "A=1;"),
            ("A: B=c", "A=B=c;"),
            ("A=\nB=", "A=;B=;"),
            ("A=x # comment", "A=x;"),
            ("A=x #comment", "A=x;"),
            ("A= # not in front of a value", "A=# not in front of a value;"),
            ("A=123#no-comment", "A=123#no-comment;"),
            ("A=x\" y", "A=x\" y;"),
            ("A=$'hunter2'", "A=$'hunter2';"),
        ]);
    }

    #[test]
    fn values_in_quotes() {
        check(&[
            ("A=\"x\\ty\"", "A=x\ty;"),
            ("A='x\\ty $HOME ${HOME}'", "A=x\\ty $HOME ${HOME};"),
            ("A='it\\'s'", "A=it's;"),
            ("A=\"say \\\"no\\\"\"", "A=say \"no\";"),
            ("A=\"it's\"", "A=it's;"),
            ("A=\"x\\\\\"\nB=1", "A=x\\;B=1;"),
            ("A=\"\\0+12\"", "A=\\0+12;"),
            ("A=\"a#b\" # comment", "A=a#b;"),
            ("A='a # b'#comment\nB=1", "A=a # b;B=1;"),
            ("A=\"one\ntwo\"\nB='3\n\n4'", "A=one\ntwo;B=3\n\n4;"),
            ("A=\"one\r\ntwo\"\r\nB=3\r\n", "A=one\ntwo;B=3;"),
            ("A=\"\\a\\b\\f\\n\\r\\v\\\\n\"", "A=\u{7}\u{8}\u{c}\n\r\u{b}\\n;"),
            (
                "A=\"\\0123 \\x41 \\u0041 \\c \\08 \\0777 \\ é\\é\"",
                "A=S \\x41 \\u0041 \\c \\08 \\0777 \\ é\\é;",
            ),
            ("A=\"\\$HOME \\${HOME} \\\\$HOME\"", "A=$HOME ${HOME} \\/home/ann;"),
        ]);
    }

    #[test]
    fn names() {
        check(&[
            ("\u{feff}# comment\n\n \t# another\nexport A=1", "A=1;"),
            ("  export\tA=1\nexportB=2\nexport=3\nexport.C=4", "A=1;exportB=2;export=3;export.C=4;"),
            ("a-b=1\na.b=2\na[1]=3\nÄ_ö=4", "a-b=1;a.b=2;a[1]=3;Ä_ö=4;"),
            ("\u{85}A\u{c}\u{b}=\u{a0}1", "A=1;"),
            // A name alone takes what is there already.
            ("HOME\nNONE\nexport EMPTY\nX=1\nX", "HOME=/home/ann;EMPTY=;X=1;X=1;"),
        ]);
    }

    #[test]
    fn variables_in_values() {
        check(&[
            ("X=1\nB=${X}2\nC=\"$X $X-$X\"", "X=1;B=12;C=1 1-1;"),
            ("A=file\nB=$A", "A=file;B=file;"),
            ("B=$A$HOME/x$NONE", "B=outside/home/ann/x;"),
            ("A=pa$5ss $ x$ $$HOME ${5} $-", "A=pa$5ss $ x$ $HOME ${5} $-;"),
            ("A=${B:-fallback}", "A=fallback;"),
            ("A=${EMPTY:-x}|${EMPTY-x}|${NONE-x}|${HOME:-x}|${HOME-x}", "A=x||x|/home/ann|/home/ann;"),
            ("A=${EMPTY:+x}|${EMPTY+x}|${NONE+x}|${HOME:+x}", "A=|x||x;"),
            ("A=${HOME:?no}|${EMPTY?no}|${HOME?}", "A=/home/ann||/home/ann;"),
            ("A=${NONE:-${NONE:-$HOME}/x}y", "A=/home/ann/xy;"),
            ("A=${NONE:-{\"a\": {}}}", "A={\"a\": {}};"),
            ("A=\"${NONE:-\\\"x\\\"}\"", "A=\"x\";"),
            ("A=${NONE:-}", "A=;"),
        ]);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line_and_without_its_value() {
        check(&[
            ("A=1\n\n# x\nno variable hunter2\n", "4: expected NAME=value"),
            ("=hunter2", "1: expected NAME=value"),
            ("lol$hunter2", "1: expected NAME=value"),
            ("A=1\nB='hunter2\n\nC=3\n", "2: expected a closing '"),
            ("A=\"hunter2\\\"", "1: expected a closing \""),
            ("A='x\ny'\nB=\"x\"hunter2", "3: expected the end of the line behind the closing \""),
            ("A=\n\nB=hunter2${C", "3: expected a closing } behind ${"),
            ("A=${B!hunter2}", "1: expected }, :-, -, :+, +, :? or ? behind the name in ${"),
            ("A=${B:hunter2}", "1: expected }, :-, -, :+, +, :? or ? behind the name in ${"),
            ("A=${B:}", "1: expected }, :-, -, :+, +, :? or ? behind the name in ${"),
            ("A=${B?}", "1: `B` is not set"),
            ("A=${EMPTY:?set $HOME}", "1: `EMPTY` is not set: set $HOME"),
            ("A=1\nB=\0", "2: a NUL cannot be in a variable"),
            ("A=\"\\0000\"", "1: a NUL cannot be in a variable"),
        ]);
    }

    #[test]
    fn lines_that_refer_to_what_is_not_set() {
        let text =
            "A=s3cr$t!pass\nB='$no'\nC=$A${A}$$no\nD=\"\n$no\"\nE=${no}\nF=${no:-x}${no:+x}\nG=a$ $5\n";
        assert_eq!(parse(text, &|_| None).unwrap().lines_with_unset, [1, 4, 6]);
    }

    #[test]
    fn attacks_end() {
        let mut text = "A=0123456789".to_owned();
        for _ in 0..40 {
            text += "\nA=$A$A";
        }
        assert_eq!(shown(&text), "18: the value is longer than 1 MiB");
        let nested = format!("A={}{}", "${B:-".repeat(100_000), "}".repeat(100_000));
        assert_eq!(shown(&nested), "1: variables are nested too deeply");
    }
}
