//! Standard output while something runs: lines, and below them on a terminal what goes on; where that has something else,
//! standard error.
//!
//! Must not know runs.

use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};

use super::terminal;

/// How often the line of what goes on is drawn.
const TICK: Duration = Duration::from_millis(100);

/// How many columns the line of what goes on leaves free: a terminal shows the keys of signals (`^C`) behind it, and at
/// the end of its line they would be in the next one, which is then the one that is taken away.
const FREE_COLUMNS: u16 = 4;

/// How wide a terminal is that does not say it.
const USUAL_WIDTH: u16 = 80;

#[derive(Clone)]
pub(super) struct Screen {
    /// The line of what goes on, where it can be written over.
    moving: Option<ProgressBar>,
    /// Whether something goes on: else every line would be followed by a drawing of nothing.
    goes_on: Arc<AtomicBool>,
    /// How many lines were written.
    lines: Arc<AtomicUsize>,
    /// Whether standard output has something else.
    is_beside: bool,
}

impl Screen {
    pub(super) fn new(can_move: bool) -> Screen {
        let target = || ProgressDrawTarget::term_like(Box::new(NarrowTerminal));
        let moving = can_move.then(|| ProgressBar::with_draw_target(None, target()));
        Screen { moving, goes_on: Arc::default(), lines: Arc::default(), is_beside: false }
    }

    /// One whose lines go to standard error.
    pub(super) fn beside() -> Screen {
        Screen { is_beside: true, ..Screen::new(false) }
    }

    /// Whether it shows what goes on.
    pub(super) fn moves(&self) -> bool {
        self.moving.is_some()
    }

    /// Writes a line.
    ///
    /// # Errors
    ///
    /// When standard output cannot be written.
    pub(super) fn line(&self, text: fmt::Arguments<'_>) -> io::Result<()> {
        self.write(&format!("{text}\n"))
    }

    /// Writes whole lines.
    ///
    /// # Errors
    ///
    /// As [`Screen::line`].
    pub(super) fn write(&self, lines: &str) -> io::Result<()> {
        self.lines.fetch_add(lines.matches('\n').count(), Ordering::Relaxed);
        if self.is_beside {
            // A standard error that is gone is nothing to worry about.
            let _ = io::stderr().write_all(lines.as_bytes());
            return Ok(());
        }
        let write = || {
            let mut out = io::stdout().lock();
            out.write_all(lines.as_bytes())?;
            out.flush()
        };
        match self.drawn() {
            Some(moving) => moving.suspend(write),
            None => write(),
        }
    }

    /// How many lines were written so far.
    pub(super) fn written(&self) -> usize {
        self.lines.load(Ordering::Relaxed)
    }

    /// How many lines are seen at once, where what was written is moved away by what follows.
    pub(super) fn height(&self) -> Option<usize> {
        #[cfg(unix)]
        let said = rustix::termios::tcgetwinsize(io::stdout()).ok().map(|size| size.ws_row.into());
        #[cfg(not(unix))]
        let said = None;
        said.filter(|height| *height > 0 && self.moves())
    }

    /// The line of what goes on, if something does.
    fn drawn(&self) -> Option<&ProgressBar> {
        self.moving.as_ref().filter(|_| self.goes_on.load(Ordering::Acquire))
    }

    /// Does something without the line of what goes on, and without the time that it takes.
    pub(super) fn without_moving(&self, what: impl FnOnce()) {
        let Some(moving) = self.drawn() else { return what() };
        let shown = moving.elapsed();
        moving.suspend(what);
        moving.set_elapsed(shown);
    }

    /// Shows that something goes on from now.
    pub(super) fn begin(&self, what: &str) {
        let Some(moving) = &self.moving else { return };
        // The template is ours; with a wrong one the line is only plainer.
        if let Ok(style) = ProgressStyle::with_template("  {spinner} {elapsed}  {wide_msg}") {
            moving.set_style(style);
        }
        moving.set_message(what.to_owned());
        // What ended before is not drawn again until here, and then with the words of what begins.
        if !self.goes_on.swap(true, Ordering::AcqRel) {
            moving.reset();
        }
        moving.reset_elapsed();
        moving.enable_steady_tick(TICK);
    }

    /// What goes on began so long ago.
    pub(super) fn has_gone_on_for(&self, time: Duration) {
        if let Some(moving) = &self.moving {
            moving.set_elapsed(time);
        }
    }

    /// It does not go on.
    pub(super) fn end(&self) {
        if let Some(moving) = self.drawn() {
            moving.disable_steady_tick();
            moving.finish_and_clear();
            self.goes_on.store(false, Ordering::Release);
        }
    }
}

/// The terminal of standard output without its last columns, while it is ours: a line that is drawn over where a shell has
/// its prompt takes away what is typed there.
#[derive(Debug)]
struct NarrowTerminal;

impl NarrowTerminal {
    /// Moves the cursor, in a direction as ANSI has it.
    fn move_cursor(count: usize, direction: char) -> io::Result<()> {
        if count == 0 { Ok(()) } else { NarrowTerminal::draw(format_args!("\u{1b}[{count}{direction}")) }
    }

    fn draw(what: fmt::Arguments<'_>) -> io::Result<()> {
        if terminal::is_in_background(io::stdout()) { Ok(()) } else { io::stdout().write_fmt(what) }
    }
}

impl TermLike for NarrowTerminal {
    fn width(&self) -> u16 {
        let said = terminal::width().and_then(|width| u16::try_from(width).ok());
        said.unwrap_or(USUAL_WIDTH).saturating_sub(FREE_COLUMNS).max(1)
    }

    fn move_cursor_up(&self, count: usize) -> io::Result<()> {
        NarrowTerminal::move_cursor(count, 'A')
    }

    fn move_cursor_down(&self, count: usize) -> io::Result<()> {
        NarrowTerminal::move_cursor(count, 'B')
    }

    fn move_cursor_right(&self, count: usize) -> io::Result<()> {
        NarrowTerminal::move_cursor(count, 'C')
    }

    fn move_cursor_left(&self, count: usize) -> io::Result<()> {
        NarrowTerminal::move_cursor(count, 'D')
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        NarrowTerminal::draw(format_args!("{text}\n"))
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        NarrowTerminal::draw(format_args!("{text}"))
    }

    fn clear_line(&self) -> io::Result<()> {
        NarrowTerminal::draw(format_args!("\r\u{1b}[2K"))
    }

    fn flush(&self) -> io::Result<()> {
        io::stdout().flush()
    }
}
