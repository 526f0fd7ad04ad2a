//! A run as a person reads it: a line for each line that a task wrote and one for each task's end.
//!
//! Must not decide anything about the run.

use std::io;
use std::path::{Path, PathBuf};

use draft_tasks_executor::output::{self, Tail};
use draft_tasks_executor::{Failure, Outcome, RunEvent, describe_duration, describe_left_running};

use super::screen::Screen;
use super::terminal::Paint;

/// A line that is longer is shown before it is complete.
const LONGEST_LINE: usize = 8 << 10;

/// How much is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Amount {
    /// All that tasks write, as it comes.
    Everything,
    /// What goes on, and of tasks that failed their last lines.
    Moving,
    /// Only what failed, and the summary.
    Failures,
}

/// Shows the events of a run on standard output.
pub(super) struct Report {
    paint: Paint,
    amount: Amount,
    screen: Screen,
    directory: PathBuf,
    /// The folder of the record, if there is one.
    record: Option<PathBuf>,
    tasks: Vec<String>,
    /// What was written of a line that is not complete, for each stream.
    unfinished: [String; 2],
    /// The last that the running task wrote, where not everything is shown.
    tail: Tail,
}

impl Report {
    pub(super) fn new(paint: Paint, amount: Amount, directory: &Path, record: Option<PathBuf>) -> Report {
        Report {
            paint,
            amount,
            screen: Screen::new(amount == Amount::Moving),
            directory: directory.to_owned(),
            record,
            tasks: Vec::new(),
            unfinished: Default::default(),
            tail: Tail::default(),
        }
    }

    /// Shows what happened.
    ///
    /// # Errors
    ///
    /// When standard output cannot be written.
    pub(super) fn show(&mut self, event: RunEvent) -> io::Result<()> {
        match event {
            RunEvent::RunStarted { phase, tasks, .. } => {
                let count =
                    if tasks.len() == 1 { "1 task".to_owned() } else { format!("{} tasks", tasks.len()) };
                self.tasks = tasks.iter().map(|task| output::plain(task)).collect();
                if self.amount == Amount::Failures {
                    return Ok(());
                }
                let title = self.paint.bold(phase.name());
                self.screen.line(format_args!("{title} · {count} · in {}", self.directory.display()))
            }
            RunEvent::TaskStarted { task, .. } => {
                self.tail = Tail::default();
                self.screen.begin(&self.tasks[task]);
                Ok(())
            }
            RunEvent::Output { task, stream, text } => self.wrote(task, stream as usize, &text),
            RunEvent::TaskFinished { task, outcome, duration, left_running } => {
                self.screen.end();
                for stream in 0..self.unfinished.len() {
                    let rest = std::mem::take(&mut self.unfinished[stream]);
                    self.lines(task, &rest)?;
                }
                self.ended(task, &outcome, &describe_duration(duration))?;
                match describe_left_running(&left_running) {
                    Some(left) => self.screen.line(format_args!("    {left}")),
                    None => Ok(()),
                }
            }
            RunEvent::RunFinished { summary } => {
                let wanted = summary.failed > 0 || self.screen.moves();
                if let Some(record) = self.record.as_ref().filter(|_| wanted) {
                    self.screen
                        .line(format_args!("  {}", self.paint.dim(&format!("log: {}", record.display()))))?;
                }
                let space = if self.amount == Amount::Failures { "" } else { "\n" };
                self.screen.line(format_args!("{space}{}", summary.describe()))
            }
        }
    }

    fn wrote(&mut self, task: usize, stream: usize, text: &str) -> io::Result<()> {
        self.unfinished[stream] += text;
        let whole = &self.unfinished[stream];
        let complete = match whole.rfind('\n') {
            Some(at) => at + 1,
            None if whole.len() > LONGEST_LINE => whole.len(),
            None => return Ok(()),
        };
        let rest = self.unfinished[stream].split_off(complete);
        let lines = std::mem::replace(&mut self.unfinished[stream], rest);
        self.lines(task, &lines)
    }

    /// Shows whole lines, or keeps them for when the task fails.
    fn lines(&mut self, task: usize, text: &str) -> io::Result<()> {
        if self.amount != Amount::Everything {
            self.tail.push(text);
            if !text.is_empty() && !text.ends_with('\n') {
                self.tail.push("\n");
            }
            if let Some(last) = self.tail.lines().pop().filter(|_| self.screen.moves()) {
                self.screen.last_line(last);
            }
            return Ok(());
        }
        let text = if self.paint.0 { text.to_owned() } else { output::plain(text) };
        let prefix = self.paint.dim(&format!("{} │", self.tasks[task]));
        text.lines().try_for_each(|text| self.screen.line(format_args!("  {prefix} {text}")))
    }

    fn ended(&self, task: usize, outcome: &Outcome, duration: &str) -> io::Result<()> {
        let task = &self.tasks[task];
        let line = |text: String| self.screen.line(format_args!("  {text}"));
        match outcome {
            Outcome::Passed | Outcome::Skipped if self.amount == Amount::Failures => Ok(()),
            Outcome::Passed => line(format!("{} {task}  {duration}", self.paint.green("✓"))),
            Outcome::Failed(failure) => {
                let what = self.paint.red(&failure.describe());
                line(format!("{} {task}  {duration}  {what}", self.paint.red("✗")))?;
                self.last_lines()?;
                match failure {
                    Failure::NotStarted(error) => {
                        error.hint().map_or(Ok(()), |hint| line(format!("  {hint}")))
                    }
                    _ => Ok(()),
                }
            }
            Outcome::Stopped => line(format!("{} {task}  stopped after {duration}", self.paint.yellow("■"))),
            Outcome::Skipped => line(self.paint.dim(&format!("- {task}  skipped"))),
        }
    }

    /// The last lines of a task that failed, where they were not shown before.
    fn last_lines(&self) -> io::Result<()> {
        if self.amount == Amount::Everything {
            return Ok(());
        }
        let line = |text: String| self.screen.line(format_args!("    {} {text}", self.paint.dim("│")));
        if self.tail.omitted() > 0 {
            line(self.paint.dim(&format!("… {} lines before", self.tail.omitted())))?;
        }
        self.tail.lines().into_iter().try_for_each(line)
    }
}
