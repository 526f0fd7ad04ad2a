//! What the commands write: the only place of the command line that knows colours and broken pipes.
//!
//! Must not format findings or runs.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use draft_tasks_analysis::printable::{printable, printable_lines};
use draft_tasks_executor::cluster::{self, Target};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use draft_tasks_executor::OutcomeName;

use super::Color;
use crate::world::environment::{CLICOLOR, FORCES, NO_COLOR};

/// Writes an error, as what happened and what to do; a standard error that is gone is nothing to worry about.
pub(super) fn error(message: fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr(), "error: {}", shown(message));
}

/// Says what does not keep a command from doing its work.
pub(super) fn warning(message: fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr(), "warning: {}", shown(message));
}

/// Writes what is good to know; standard output has nothing but what was asked for.
pub(super) fn remark(message: fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr(), "{}", shown(message));
}

/// The answer of a cluster; where it does not come soon, it is said which one is asked.
pub(super) async fn said_if_slow<T>(
    target: Option<&Target>,
    is_silent: bool,
    asking: impl Future<Output = T>,
) -> T {
    match target.filter(|_| !is_silent) {
        Some(target) => {
            cluster::said_if_slow(target, asking, async |said| remark(format_args!("{said}"))).await
        }
        None => asking.await,
    }
}

/// A message of several lines that does nothing to a terminal.
pub(super) fn shown(message: fmt::Arguments<'_>) -> String {
    printable_lines(&message.to_string())
}

/// What came of writing to standard output; a reader that has seen enough, as `head` has, is no error.
///
/// # Errors
///
/// That it cannot be written, for people.
pub(super) fn written(done: io::Result<()>) -> Result<(), String> {
    match done {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(format!("standard output cannot be written: {error}"))
        }
        _ => Ok(()),
    }
}

fn is_set(name: &str) -> bool {
    std::env::var_os(name).is_some_and(|value| !value.is_empty())
}

fn is(name: &str, values: &[&str]) -> bool {
    std::env::var_os(name).is_some_and(|value| values.iter().any(|other| value == *other))
}

/// Whether a person looks at a stream, on a terminal that understands more than lines.
fn is_seen(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && !is_set("CI") && !is("TERM", &["dumb"])
}

/// Whether to write colours to a stream. Who wants none of any program goes before who wants them always, as in most
/// programs; `FORCE_COLOR=0` and `=false` force nothing, as in those of Node.js.
pub(super) fn colors(color: Color, stream: &impl IsTerminal) -> bool {
    let is_forced = || FORCES.iter().any(|name| is_set(name) && !is(name, &["0", "false"]));
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto if is_set(NO_COLOR) => false,
        Color::Auto => is_forced() || (is_seen(stream) && !is(CLICOLOR, &["0"])),
    }
}

/// Whether what was written can be written over. Who wants no colours wants no escape sequence at all.
pub(super) fn can_move(color: Color) -> bool {
    let is_refused = match color {
        Color::Never => true,
        Color::Auto => is_set(NO_COLOR),
        Color::Always => false,
    };
    !is_refused && can_draw()
}

/// How wide the terminal of standard output is, in columns; nothing where it is none or does not say it.
pub(super) fn width() -> Option<usize> {
    size().map(|(columns, _)| columns)
}

/// Columns and lines of the terminal of standard output.
#[cfg(unix)]
pub(super) fn size() -> Option<(usize, usize)> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    (size.ws_col > 0).then_some((size.ws_col.into(), size.ws_row.into()))
}

#[cfg(not(unix))]
pub(super) fn size() -> Option<(usize, usize)> {
    None
}

/// How wide a question may be that is asked on the terminal of standard error: behind it there is place for an answer.
#[cfg(unix)]
pub(super) fn question_width() -> usize {
    let size = rustix::termios::tcgetwinsize(io::stderr()).ok().filter(|size| size.ws_col > 0);
    size.map_or(usize::MAX, |size| usize::from(size.ws_col).saturating_sub(3))
}

#[cfg(not(unix))]
pub(super) fn question_width() -> usize {
    usize::MAX
}

/// A text whose lines break between words where they would be wider than so many columns.
pub(super) fn wrapped(text: &str, columns: usize) -> String {
    let mut wrapped = String::new();
    for line in text.split_inclusive('\n') {
        let mut taken = 0;
        for word in line.split_inclusive(' ') {
            if taken > 0 && taken + width_of(word.trim_end()) > columns {
                wrapped.truncate(wrapped.trim_end_matches(' ').len());
                wrapped.push('\n');
                taken = 0;
            }
            wrapped += word;
            taken += width_of(word);
        }
    }
    wrapped
}

/// How many columns a text takes.
pub(super) fn width_of(text: &str) -> usize {
    text.width()
}

/// A text in at most so many columns; where something is cut off, a sign says so.
pub(super) fn cut(text: &str, columns: usize) -> String {
    if width_of(text) <= columns {
        return text.to_owned();
    }
    let mut left = columns.saturating_sub(1);
    let fits = |character: &char| match left.checked_sub(character.width().unwrap_or_default()) {
        Some(rest) => {
            left = rest;
            true
        }
        None => false,
    };
    let kept: String = text.chars().take_while(fits).collect();
    kept + "…"
}

/// A text with blanks behind it, up to so many columns.
pub(super) fn padded(text: &str, columns: usize) -> String {
    let blanks = columns.saturating_sub(width_of(text));
    format!("{text}{:blanks$}", "")
}

/// Whether a person looks at standard output, on a terminal where what was written can be written over, with or without
/// colours.
pub(super) fn can_draw() -> bool {
    is_seen(&io::stdout()) && is_set("TERM")
}

/// Whether the terminal of a stream is another program's now, as that of a shell is while this one runs behind it.
#[cfg(unix)]
pub(super) fn is_in_background(stream: impl std::os::fd::AsFd) -> bool {
    rustix::termios::tcgetpgrp(stream).is_ok_and(|group| group != rustix::process::getpgrp())
}

#[cfg(not(unix))]
pub(super) fn is_in_background<T>(_: T) -> bool {
    false
}

/// A run that takes less is seen to its end.
const LONG: Duration = Duration::from_secs(30);

/// The programs of terminals that show the text of OSC 9 as a notice; others take it for something else, or write it.
const NOTICING: [&str; 3] = ["iTerm.app", "WezTerm", "ghostty"];

/// What has a terminal tell its user that something is over which took long.
fn notice(program: Option<&str>, text: &str, took: Duration) -> Option<String> {
    let is_known = program.is_some_and(|program| NOTICING.contains(&program));
    (is_known && took >= LONG).then(|| format!("\u{1b}]9;{}\u{7}", printable(text)))
}

/// Tells the user of a terminal that is known to take it that something is over which took long.
pub(super) fn tell_over(color: Color, text: &str, took: Duration) {
    // In a terminal within the terminal the variable is that of the outer one.
    let is_direct = !is_set("TMUX") && !is_set("STY");
    let program = std::env::var("TERM_PROGRAM").ok().filter(|_| is_direct && can_move(color));
    if let Some(notice) = notice(program.as_deref(), text, took) {
        let mut out = io::stdout().lock();
        // It is of no use to a terminal that is gone.
        let _ = out.write_all(notice.as_bytes()).and_then(|()| out.flush());
    }
}

/// A colour for a piece of text, or none.
#[derive(Clone, Copy)]
pub(super) struct Paint(pub(super) bool);

impl Paint {
    pub(super) fn red(self, text: &str) -> String {
        self.wrap("31", text)
    }

    pub(super) fn green(self, text: &str) -> String {
        self.wrap("32", text)
    }

    pub(super) fn yellow(self, text: &str) -> String {
        self.wrap("33", text)
    }

    pub(super) fn dim(self, text: &str) -> String {
        self.wrap("2", text)
    }

    pub(super) fn bold(self, text: &str) -> String {
        self.wrap("1", text)
    }

    /// The sign of an outcome.
    pub(super) fn sign(self, outcome: OutcomeName) -> String {
        let sign = outcome.sign();
        match outcome {
            OutcomeName::Passed => self.green(sign),
            OutcomeName::Failed => self.red(sign),
            OutcomeName::Stopped => self.yellow(sign),
            OutcomeName::Skipped => self.dim(sign),
        }
    }

    fn wrap(self, code: &str, text: &str) -> String {
        if self.0 { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words() {
        assert_eq!(wrapped("go on with  a pod in dev? [y/N]", 12), "go on with\na pod in\ndev? [y/N]");
        assert_eq!(wrapped("one\n  two three", 6), "one\n  two\nthree");
        assert_eq!(wrapped("a-word-that-is-wider b", 5), "a-word-that-is-wider\nb");
    }

    #[test]
    fn only_what_took_long_is_noticed_and_only_where_the_terminal_knows_it() {
        let of = |program, seconds| notice(program, "pre-up\u{7} passed", Duration::from_secs(seconds));
        assert_eq!(of(Some("WezTerm"), 30).as_deref(), Some("\u{1b}]9;pre-up\\u{7} passed\u{7}"));
        assert_eq!(of(Some("WezTerm"), 29), None);
        assert_eq!(of(Some("xterm"), 300), None);
        assert_eq!(of(None, 300), None);
    }
}
