//! Files of variables in the dotenv form: `NAME=value` lines, comments, quotes.
//!
//! Must not change the program's own environment, and must not show a value in an error.

use std::cell::Cell;
use std::io::{self, Read};
use std::path::Path;
use std::rc::Rc;

/// A file of variables beyond this size is something else.
const LARGEST: u64 = 1 << 20;

/// The variables of a file in its order. Within a value `$NAME` means a variable of the environment, or an earlier one
/// of the file.
///
/// # Errors
///
/// What is wrong, with the path and, where it is about a line, its number.
pub(crate) fn read(path: &Path) -> Result<Vec<(String, String)>, String> {
    let shown = path.display();
    let error = |problem: &str| format!("{shown}: {problem}");
    let metadata = std::fs::metadata(path).map_err(|cause| match cause.kind() {
        io::ErrorKind::NotFound => error("there is no such file"),
        _ => error(&cause.to_string()),
    })?;
    if !metadata.is_file() {
        // Reading a pipe would wait for its other end.
        return Err(error("is not a regular file"));
    }
    if metadata.len() > LARGEST {
        return Err(error(&format!("is larger than {} MiB", LARGEST >> 20)));
    }
    let bytes = std::fs::read(path).map_err(|cause| error(&cause.to_string()))?;
    let text = crate::source::decode(bytes).map_err(|problem| error(&problem))?;
    parse(&text).map_err(|(line, problem)| format!("{shown}:{line}: {problem}"))
}

/// The variables of a text, or what is wrong in which line.
fn parse(text: &str) -> Result<Vec<(String, String)>, (usize, &'static str)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = Rc::new(Cell::new(0));
    // Without a line end the parser takes spaces at the end for the beginning of something.
    let whole = if text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") };
    let reader = LineByLine { rest: whole.as_bytes(), lines: lines.clone() };
    let parsed = dotenvy::from_read_iter(reader).map(|pair| match pair {
        Ok((name, value)) if value.contains('\0') || name.contains('\0') => {
            Err((lines.get(), "a NUL cannot be in a variable"))
        }
        Ok(pair) => Ok(pair),
        Err(dotenvy::Error::LineParse(lines_of_it, _)) => {
            let more = lines_of_it.trim_end_matches(['\n', '\r']).matches('\n').count();
            Err((
                lines.get() - more,
                "expected NAME=value, with quotes closed and letters escaped as \\n, \\\" or \\$",
            ))
        }
        Err(_) => Err((lines.get(), "cannot be read as text")),
    });
    parsed.collect()
}

/// Gives no more than a line at a time, so that it is known which one the parser is at.
struct LineByLine<'a> {
    rest: &'a [u8],
    lines: Rc<Cell<usize>>,
}

impl Read for LineByLine<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let line = memchr::memchr(b'\n', self.rest).map_or(self.rest.len(), |at| at + 1);
        let length = line.min(buffer.len());
        let (now, rest) = self.rest.split_at(length);
        buffer[..length].copy_from_slice(now);
        self.rest = rest;
        if now.ends_with(b"\n") {
            self.lines.set(self.lines.get() + 1);
        }
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        match parse(text) {
            Ok(pairs) => pairs.iter().map(|(name, value)| format!("{name}={value};")).collect(),
            Err((line, problem)) => format!("{line}: {problem}"),
        }
    }

    #[test]
    fn the_usual_form() {
        let text =
            "\u{feff}# comment\nA=1\n\nexport B = two words\r\nC=\"a\\nb # c\" # d\nD='$A'\nE=${A}x\nF=";
        let text = text.replace("two words", "\"two words\"");
        assert_eq!(shown(&text), "A=1;B=two words;C=a\nb # c;D=$A;E=1x;F=;");
        assert_eq!(shown("A='one\ntwo'\nB=3 "), "A=one\ntwo;B=3;");
        assert_eq!(shown(""), "");
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line_and_without_its_value() {
        assert!(shown("A=1\n\n# x\nno variable hunter2\n").starts_with("4: expected"));
        assert!(shown("A=1\nB='hunter2\n\nC=3\n").starts_with("2: expected"));
        assert!(shown("A='x\ny'\nB=a b").starts_with("3: expected"));
        assert!(!shown("A=\"hunter2").contains("hunter2"));
        assert_eq!(shown("A=1\nB=\0"), "2: a NUL cannot be in a variable");
        let long = format!("A={}\nB", "x".repeat(20_000));
        assert!(shown(&long).starts_with("2: expected"), "{}", &shown(&long)[..20]);
    }

    #[test]
    fn files_that_are_none() {
        let dir = tempfile::tempdir().unwrap();
        assert!(read(&dir.path().join("none")).unwrap_err().ends_with("none: there is no such file"));
        assert!(read(dir.path()).unwrap_err().ends_with("is not a regular file"));
        std::fs::write(dir.path().join("bad"), "A=1\n=2\n").unwrap();
        assert!(read(&dir.path().join("bad")).unwrap_err().contains("bad:2: expected"));
    }
}
