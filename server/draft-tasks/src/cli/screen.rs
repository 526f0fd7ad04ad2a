//! Standard output while something runs: lines, and below them on a terminal what goes on.
//!
//! Must not know runs.

use std::fmt;
use std::io::{self, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How often the line of what goes on is drawn.
const TICK: Duration = Duration::from_millis(100);

#[derive(Clone)]
pub(super) struct Screen {
    /// The line of what goes on, where it can be written over.
    moving: Option<ProgressBar>,
}

impl Screen {
    pub(super) fn new(can_move: bool) -> Screen {
        Screen { moving: can_move.then(|| ProgressBar::with_draw_target(None, ProgressDrawTarget::stdout())) }
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
        let write = || {
            let mut out = io::stdout().lock();
            writeln!(out, "{text}")?;
            out.flush()
        };
        match &self.moving {
            Some(moving) => moving.suspend(write),
            None => write(),
        }
    }

    /// Does something without the line of what goes on, and without the time that it takes.
    pub(super) fn without_moving(&self, what: impl FnOnce()) {
        let Some(moving) = &self.moving else { return what() };
        let shown = moving.elapsed();
        moving.suspend(what);
        moving.set_elapsed(shown);
    }

    /// Shows that something goes on from now.
    pub(super) fn begin(&self, what: &str) {
        let Some(moving) = &self.moving else { return };
        // The template is ours; with a wrong one the line is only plainer.
        if let Ok(style) = ProgressStyle::with_template("  {spinner} {prefix}  {elapsed}  {wide_msg}") {
            moving.set_style(style);
        }
        moving.set_prefix(what.to_owned());
        moving.set_message("");
        moving.reset_elapsed();
        moving.enable_steady_tick(TICK);
    }

    /// Shows the last that was heard of it.
    pub(super) fn last_line(&self, text: String) {
        if let Some(moving) = &self.moving {
            moving.set_message(text);
        }
    }

    /// It does not go on.
    pub(super) fn end(&self) {
        if let Some(moving) = &self.moving {
            moving.disable_steady_tick();
            moving.set_style(ProgressStyle::default_spinner());
            moving.finish_and_clear();
            moving.reset();
        }
    }
}
