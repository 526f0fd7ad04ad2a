//! Says in words how tasks and runs ended, alike for the command line and the language server.
//!
//! Must not colour, wrap or print: only short texts in lower case without a full stop.

use std::path::{Path, PathBuf};
use std::time::Duration;

use draft_tasks_analysis::command::is_shell_builtin;
use draft_tasks_analysis::secret::MASK;
use tokio::time::Instant;

use crate::event::{
    Failure, LeftProcess, Outcome, OutcomeName, PodCounts, Problem, RunSummary, StartError, WaitTime,
};
use crate::halt;

impl Outcome {
    /// "passed", "failed: exit code 1", "stopped", "skipped".
    pub fn describe(&self) -> String {
        match self {
            Outcome::Failed(failure) => format!("{}: {}", self.kind().name(), failure.describe()),
            _ => self.kind().name().into(),
        }
    }
}

impl Failure {
    /// "exit code 1", "ended by signal 9 (KILL)", "program `rake` not found".
    pub fn describe(&self) -> String {
        match self {
            Failure::ExitCode(code) => format!("exit code {code}"),
            Failure::Signal(number) => format!("ended by {}", describe_signal(*number)),
            Failure::NotStarted(error) => error.describe(),
            Failure::TimedOut(limit) => format!("timed out after {}", describe_duration(*limit)),
            Failure::RunTimedOut(limit) => {
                format!("timed out after the {} of the whole run", describe_duration(*limit))
            }
            Failure::Unknown(why) => format!("result unknown: {why}"),
            Failure::PodGone(what) => what.clone(),
        }
    }

    /// With the headline of what the task wrote: "exit code 1: error: no such table".
    pub fn describe_with(&self, headline: Option<&str>) -> String {
        let what = self.describe();
        headline.map_or_else(|| what.clone(), |headline| format!("{what}: {headline}"))
    }

    /// What may be behind it, where that can be told: where a program was sought, for example.
    pub fn hint(&self) -> Option<String> {
        match self {
            Failure::ExitCode(_)
            | Failure::Signal(_)
            | Failure::TimedOut(_)
            | Failure::RunTimedOut(_)
            | Failure::PodGone(_) => None,
            Failure::Unknown(_) => Some("the command may still be running, or may have ended well".into()),
            Failure::NotStarted(error) => error.hint(),
        }
    }
}

impl StartError {
    /// "program `rake` not found", "`/srv/app/build` cannot be executed: it is a directory".
    pub fn describe(&self) -> String {
        match self {
            StartError::NotFound { program, .. } => format!("program `{program}` not found"),
            StartError::NotExecutable { path, reason } => {
                format!("`{}` cannot be executed: {reason}", path.display())
            }
            StartError::InPod { program, container, reason, .. } => {
                format!("`{program}` could not be started in container `{container}`: {reason}")
            }
            StartError::Refused { program, reason } => format!("`{program}` was not started: {reason}"),
            StartError::Other { program, reason } => format!("`{program}` could not be started: {reason}"),
        }
    }

    /// What helps to solve it, where that is known: "searched PATH: /usr/local/bin:/usr/bin".
    pub fn hint(&self) -> Option<String> {
        let StartError::NotFound { program, searched } = self else { return None };
        if is_shell_builtin(program) {
            return Some(format!(
                "`{program}` is a builtin of shells and tasks run without one: use sh -c '…'"
            ));
        }
        // The slash itself may be masked, and so may be the beginning of a path.
        match searched.as_deref() {
            None if Path::new(program).is_absolute() => None,
            None => {
                let from = "it was looked up from the directory of the tasks file";
                let from = if program.starts_with(MASK) { String::new() } else { format!("; {from}") };
                Some(format!("a name with a slash is not searched in PATH{from}"))
            }
            Some([]) => Some("PATH is empty or not set".into()),
            Some(directories) => Some(format!("searched PATH: {}", join_path(directories))),
        }
    }
}

fn join_path(directories: &[PathBuf]) -> String {
    let separator = if cfg!(windows) { ";" } else { ":" };
    let names: Vec<_> = directories.iter().map(|directory| directory.to_string_lossy()).collect();
    names.join(separator)
}

fn describe_signal(number: i32) -> String {
    match signal_name(number) {
        Some(name) => format!("signal {number} ({name})"),
        None => format!("signal {number}"),
    }
}

#[cfg(unix)]
fn signal_name(number: i32) -> Option<&'static str> {
    use rustix::process::Signal;
    let names = [
        (Signal::HUP, "HUP"),
        (Signal::INT, "INT"),
        (Signal::QUIT, "QUIT"),
        (Signal::ILL, "ILL"),
        (Signal::TRAP, "TRAP"),
        (Signal::ABORT, "ABRT"),
        (Signal::BUS, "BUS"),
        (Signal::FPE, "FPE"),
        (Signal::KILL, "KILL"),
        (Signal::USR1, "USR1"),
        (Signal::SEGV, "SEGV"),
        (Signal::USR2, "USR2"),
        (Signal::PIPE, "PIPE"),
        (Signal::ALARM, "ALRM"),
        (Signal::TERM, "TERM"),
        (Signal::XCPU, "XCPU"),
        (Signal::XFSZ, "XFSZ"),
        (Signal::SYS, "SYS"),
    ];
    names.into_iter().find(|(signal, _)| signal.as_raw() == number).map(|(_, name)| name)
}

#[cfg(not(unix))]
fn signal_name(_number: i32) -> Option<&'static str> {
    None
}

/// What is said of a task of a Job that is left, in place of its end.
pub const UNFOLLOWED: &str = "not followed any more";

impl RunSummary {
    /// "1 passed, 1 failed in 1.4 s": counts of zero are left out, unless there is no other.
    pub fn describe(&self) -> String {
        if self.blocked {
            return format!("failed: no task could run after {}", describe_duration(self.duration));
        }
        let counts = [
            (self.passed, OutcomeName::Passed),
            (self.failed, OutcomeName::Failed),
            (self.stopped, OutcomeName::Stopped),
            (self.skipped, OutcomeName::Skipped),
        ];
        let told: Vec<_> = counts
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, outcome)| format!("{count} {}", outcome.name()))
            .collect();
        let told = if told.is_empty() { "0 passed".to_owned() } else { told.join(", ") };
        let pods = self.pods.map(|pods| format!(" · {}", pods.describe())).unwrap_or_default();
        format!("{told} in {}{pods}", describe_duration(self.duration))
    }

    /// "1 passed; the Job was followed for 1.4 s, and goes on": of a run that has left the Job which it took up.
    pub fn describe_left(&self) -> String {
        let passed = if self.passed > 0 { format!("{} passed; ", self.passed) } else { String::new() };
        format!("{passed}the Job was followed for {}, and goes on", describe_duration(self.duration))
    }
}

impl PodCounts {
    /// "2 of 3 pods passed", "all 3 pods passed", "1 pod passed".
    pub fn describe(&self) -> String {
        let pods = |count: usize| if count == 1 { "1 pod".to_owned() } else { format!("{count} pods") };
        match (self.passed, self.all) {
            (1, 1) => "1 pod passed".into(),
            (passed, all) if passed == all => format!("all {} passed", pods(all)),
            (passed, all) => format!("{passed} of {} passed", pods(all)),
        }
    }
}

impl WaitTime {
    /// It begins now.
    pub fn of(limit: Duration) -> WaitTime {
        WaitTime { since: halt::now(), limit }
    }

    /// When it is over; nothing where no clock gets so far.
    pub(crate) fn end(self) -> Option<Instant> {
        self.since.checked_add(self.limit)
    }

    /// How long it has been.
    pub fn spent(self) -> Duration {
        halt::now().saturating_duration_since(self.since)
    }

    /// How long it may be: "300 s".
    pub fn describe_limit(self) -> String {
        match self.limit.subsec_nanos() {
            0 => format!("{} s", self.limit.as_secs()),
            _ => describe_duration(self.limit),
        }
    }

    /// By now: "12 s of 300 s".
    pub fn describe(self) -> String {
        format!("{} s of {}", self.spent().as_secs(), self.describe_limit())
    }
}

impl Problem {
    /// A problem about which nothing more is known.
    pub fn new(message: impl Into<String>) -> Problem {
        Problem { message: message.into(), help: Vec::new() }
    }

    /// Adds a line of what is known or to be done.
    #[must_use]
    pub fn help(mut self, line: impl Into<String>) -> Problem {
        self.help.push(line.into());
        self
    }

    /// Everything, a line each; the help is indented.
    pub fn describe(&self) -> String {
        let help = self.help.iter().map(|line| format!("\n  {line}"));
        std::iter::once(self.message.clone()).chain(help).collect()
    }
}

/// A duration for people: "0.0 s", "1.4 s", "2 min 05 s", "1 h 02 min".
pub fn describe_duration(duration: Duration) -> String {
    // Rounded before it is split, so that 59.97 s does not become "60.0 s".
    let tenths = (duration.as_millis() + 50) / 100;
    if tenths < 600 {
        return format!("{}.{} s", tenths / 10, tenths % 10);
    }
    let seconds = (duration.as_millis() + 500) / 1000;
    if seconds < 3600 {
        return format!("{} min {:02} s", seconds / 60, seconds % 60);
    }
    let minutes = (seconds + 30) / 60;
    format!("{} h {:02} min", minutes / 60, minutes % 60)
}

/// "1 line", "12,345 lines".
pub fn describe_lines(lines: u64) -> String {
    let digits = lines.to_string();
    let grouped = digits.bytes().enumerate().fold(String::new(), |mut shown, (index, digit)| {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(char::from(digit));
        shown
    });
    if lines == 1 { "1 line".into() } else { format!("{grouped} lines") }
}

/// "left running: sleep (process 4711), redis (process 4712)"; nothing when nothing was left.
pub fn describe_left_running(left: &[LeftProcess]) -> Option<String> {
    let named: Vec<_> = left.iter().map(|left| format!("{} (process {})", left.name, left.pid)).collect();
    (!named.is_empty()).then(|| format!("left running: {}", named.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn duration(millis: u64) -> String {
        describe_duration(Duration::from_millis(millis))
    }

    #[test]
    fn counts_of_lines() {
        for (lines, shown) in
            [(1, "1 line"), (999, "999 lines"), (1000, "1,000 lines"), (1_234_567, "1,234,567 lines")]
        {
            assert_eq!(describe_lines(lines), shown);
        }
    }

    #[test]
    fn durations() {
        assert_eq!(duration(0), "0.0 s");
        assert_eq!(duration(1_449), "1.4 s");
        assert_eq!(duration(59_949), "59.9 s");
        assert_eq!(duration(59_960), "1 min 00 s");
        assert_eq!(duration(125_000), "2 min 05 s");
        assert_eq!(duration(3_599_600), "1 h 00 min");
        assert_eq!(duration(3_725_000), "1 h 02 min");
    }

    #[test]
    fn summaries() {
        let duration = Duration::from_millis(1400);
        let summary = RunSummary { passed: 1, failed: 1, duration, ..RunSummary::default() };
        assert_eq!(summary.describe(), "1 passed, 1 failed in 1.4 s");
        assert_eq!(summary.outcome(), OutcomeName::Failed);
        let summary = RunSummary { stopped: 1, skipped: 2, duration, ..RunSummary::default() };
        assert_eq!(summary.describe(), "1 stopped, 2 skipped in 1.4 s");
        assert_eq!(RunSummary::default().describe(), "0 passed in 0.0 s");
        assert_eq!(RunSummary::default().outcome(), OutcomeName::Passed);
    }

    #[test]
    #[cfg(unix)]
    fn failures() {
        assert_eq!(Outcome::Failed(Failure::ExitCode(1)).describe(), "failed: exit code 1");
        assert_eq!(Failure::ExitCode(1).hint(), None);
        assert_eq!(Failure::Signal(9).describe(), "ended by signal 9 (KILL)");
        assert_eq!(Failure::TimedOut(Duration::from_secs(5)).describe(), "timed out after 5.0 s");
        assert_eq!(Failure::Signal(64).describe(), "ended by signal 64");
    }

    #[test]
    #[cfg(unix)]
    fn start_errors() {
        let not_found = |program: &str, searched: &[&str]| {
            let has_slash = program.contains('/');
            let searched = (!has_slash).then(|| searched.iter().map(PathBuf::from).collect());
            StartError::NotFound { program: program.into(), searched }
        };
        let error = not_found("rake", &["/usr/local/bin", "/usr/bin"]);
        assert_eq!(Failure::NotStarted(error.clone()).describe(), "program `rake` not found");
        assert_eq!(error.hint().unwrap(), "searched PATH: /usr/local/bin:/usr/bin");
        assert_eq!(not_found("rake", &[]).hint().unwrap(), "PATH is empty or not set");
        assert!(not_found("./rake", &[]).hint().unwrap().contains("slash"));
        assert_eq!(not_found("/bin/rake", &[]).hint(), None);
        assert!(not_found("cd", &["/usr/bin"]).hint().unwrap().contains("sh -c"));
        let error =
            StartError::NotExecutable { path: "/srv/build".into(), reason: "it is a directory".into() };
        assert_eq!(error.describe(), "`/srv/build` cannot be executed: it is a directory");
    }

    #[test]
    fn left_running() {
        assert_eq!(describe_left_running(&[]), None);
        let left = [LeftProcess { pid: 7, name: "sleep".into() }];
        assert_eq!(describe_left_running(&left).unwrap(), "left running: sleep (process 7)");
    }
}
