//! Starts a task as a local process, without a shell, and ends it with everything it started. It has a session of its
//! own, unless it has the terminal.
//!
//! Must not decide when to do so, nor read its output: `run` does, and `output`.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use process_wrap::tokio::{ChildWrapper, CommandWrap};
use tokio::process::{ChildStderr, ChildStdout, Command};
use tokio::time::Instant;

use crate::event::{Failure, LeftProcess, Outcome, StartError};
use crate::stop_signal::StopSignal;
use crate::tree::{Tree, spawn_tracked};
use crate::{format, halt, search};

/// How often and how long apart a program is tried that another process still has open for writing: whoever
/// builds and runs programs in parallel meets that for the blink of a fork.
const BUSY_TRIES: u32 = 10;
const BUSY_WAIT: Duration = Duration::from_millis(20);

/// How long dropping waits for killed processes to be gone, which takes the system no time unless it is overloaded.
const DROP_LIMIT: Duration = Duration::from_secs(1);

/// A process and everything it started. Dropping it kills all of that, whatever the reason for the drop.
#[derive(Debug)]
pub(crate) struct Process {
    program: String,
    child: Box<dyn ChildWrapper>,
    /// Taken when the processes are let go.
    tree: Option<Tree>,
    /// In the time of [`halt::now`], as its end.
    started: Instant,
    /// When it was seen to have ended, after it was waited for.
    ended: Option<Instant>,
}

/// The standard streams of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TaskStreams {
    /// Its input is empty, its output is read.
    Pipes,
    /// Those of this program, whose session and group it stays in: another group could not read from the terminal.
    Ours,
}

impl TaskStreams {
    fn stdin(self) -> Stdio {
        match self {
            TaskStreams::Pipes => Stdio::null(),
            TaskStreams::Ours => Stdio::inherit(),
        }
    }

    fn output(self) -> Stdio {
        match self {
            TaskStreams::Pipes => Stdio::piped(),
            TaskStreams::Ours => Stdio::inherit(),
        }
    }
}

/// Starts `argv` in `directory` with exactly `environment`, in a thread that may wait for a disk. A process that starts
/// after this was dropped is killed.
///
/// # Errors
///
/// When there is no such program or the system does not start it.
pub(crate) async fn start(
    argv: &[String],
    directory: &Path,
    environment: &[(OsString, OsString)],
    streams: TaskStreams,
) -> Result<Process, StartError> {
    let program = argv.first().cloned().unwrap_or_default();
    let (argv, directory, environment) = (argv.to_vec(), directory.to_owned(), environment.to_vec());
    let started = tokio::task::spawn_blocking(move || begin(&argv, &directory, &environment, streams));
    // It fails by a defect, and when the runtime ends.
    started.await.unwrap_or_else(|error| Err(StartError::Other { program, reason: error.to_string() }))
}

fn begin(
    argv: &[String],
    directory: &Path,
    environment: &[(OsString, OsString)],
    streams: TaskStreams,
) -> Result<Process, StartError> {
    let other =
        |reason: String| StartError::Other { program: argv.first().cloned().unwrap_or_default(), reason };
    let program = argv.first().ok_or_else(|| other("the command is empty".into()))?;
    check_directory(directory).map_err(other)?;
    let file = search::find(program, directory, environment)?;
    if let Some(reason) = format::problem(&file) {
        return Err(StartError::NotExecutable { path: file, reason });
    }
    let mut tries = 0;
    loop {
        let error = match spawn(argv, &file, directory, environment, streams) {
            Ok(process) => return Ok(process),
            Err(error) => error,
        };
        tries += 1;
        if error.kind() != io::ErrorKind::ExecutableFileBusy || tries >= BUSY_TRIES {
            return Err(explain(&error, program, &file));
        }
        std::thread::sleep(BUSY_WAIT);
    }
}

/// The system would say only "no such file", and one would look for the program.
fn check_directory(directory: &Path) -> Result<(), String> {
    let name = directory.display();
    match std::fs::metadata(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(format!("the directory `{name}` does not exist"))
        }
        Err(error) => Err(format!("the directory `{name}` cannot be entered: {error}")),
        Ok(metadata) if !metadata.is_dir() => Err(format!("`{name}` is not a directory")),
        #[cfg(unix)]
        Ok(_) if rustix::fs::access(directory, rustix::fs::Access::EXEC_OK).is_err() => {
            Err(format!("the directory `{name}` cannot be entered: permission denied"))
        }
        Ok(_) => Ok(()),
    }
}

fn explain(error: &io::Error, program: &str, file: &Path) -> StartError {
    let not_executable = |reason| StartError::NotExecutable { path: file.to_owned(), reason };
    match error.kind() {
        io::ErrorKind::NotFound => not_executable(format::missing_interpreter(file)),
        io::ErrorKind::PermissionDenied => not_executable("permission denied".into()),
        io::ErrorKind::ExecutableFileBusy => not_executable("another process has it open for writing".into()),
        _ if is_format_error(error) => not_executable("exec format error".into()),
        _ => StartError::Other { program: program.to_owned(), reason: error.to_string() },
    }
}

#[cfg(unix)]
fn is_format_error(error: &io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::NOEXEC.raw_os_error())
}

#[cfg(not(unix))]
fn is_format_error(error: &io::Error) -> bool {
    const ERROR_BAD_EXE_FORMAT: i32 = 193;
    error.raw_os_error() == Some(ERROR_BAD_EXE_FORMAT)
}

fn spawn(
    argv: &[String],
    file: &Path,
    directory: &Path,
    environment: &[(OsString, OsString)],
    streams: TaskStreams,
) -> io::Result<Process> {
    let mut command = CommandWrap::from(command(argv, file));
    command
        .command_mut()
        .args(argv.iter().skip(1))
        .current_dir(directory)
        .env_clear()
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .stdin(streams.stdin())
        .stdout(streams.output())
        .stderr(streams.output());
    #[cfg(unix)]
    if streams == TaskStreams::Pipes {
        command.wrap(process_wrap::tokio::ProcessSession);
    }
    #[cfg(windows)]
    command.wrap(process_wrap::tokio::JobObject);
    let started = halt::now();
    let (child, tree) = spawn_tracked(environment, streams == TaskStreams::Pipes, || {
        let child = command.spawn()?;
        let pid = child.id();
        Ok((child, pid))
    })?;
    let program = argv.first().cloned().unwrap_or_default();
    Ok(Process { program, child, tree: Some(tree), started, ended: None })
}

/// A script sees the name by which it was called, so a name with a slash goes to the system as it is; the system
/// looks it up from the task's directory too.
#[cfg(unix)]
fn command(argv: &[String], file: &Path) -> Command {
    let name = argv.first().map_or("", String::as_str);
    let mut command = if name.contains('/') { Command::new(name) } else { Command::new(file) };
    command.arg0(name);
    command
}

#[cfg(not(unix))]
fn command(_argv: &[String], file: &Path) -> Command {
    Command::new(file)
}

impl Process {
    /// The process id.
    pub(crate) fn pid(&self) -> u32 {
        // There is one until it was waited for, which nobody can have done before the events tell it.
        self.child.id().unwrap_or(0)
    }

    /// From its start to its end, or until now.
    pub(crate) fn duration(&self) -> Duration {
        self.ended.unwrap_or_else(halt::now) - self.started
    }

    /// Its streams, the first time.
    pub(crate) fn take_output(&mut self) -> (Option<ChildStdout>, Option<ChildStderr>) {
        (self.child.stdout().take(), self.child.stderr().take())
    }

    /// Waits for the process itself, not for what it started, and tells how it ended unless it was stopped. May be
    /// cancelled and called again.
    pub(crate) async fn wait(&mut self) -> Outcome {
        // The wrapper would wait for the whole group, which may take for ever.
        let status = self.child.inner_mut().wait().await;
        if self.ended.is_none()
            && let Some(tree) = &mut self.tree
        {
            tree.leader_ended();
        }
        self.ended.get_or_insert_with(halt::now);
        match status {
            Ok(status) => outcome(status),
            // Something else in this process took it away, such as an ignored SIGCHLD.
            Err(error) => {
                let reason = format!("its exit status is not known: {error}");
                let program = self.program.clone();
                Outcome::Failed(Failure::NotStarted(StartError::Other { program, reason }))
            }
        }
    }

    /// Whether the process was waited for.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended.is_some()
    }

    /// Whether it or anything that it started still runs.
    pub(crate) fn is_alive(&mut self) -> bool {
        self.ended.is_none() || self.tree.as_mut().is_some_and(Tree::is_alive)
    }

    /// Asks it and everything that it started to end, and again what has appeared since; on Windows, where nothing can be asked, ends it.
    pub(crate) fn ask_to_end(&mut self, signal: StopSignal) {
        if let Some(tree) = &mut self.tree {
            tree.ask_to_end(signal);
        }
        self.end_job();
    }

    /// Ends it and everything that it started.
    pub(crate) fn kill(&mut self) {
        if let Some(tree) = &mut self.tree {
            tree.kill();
        }
        self.end_job();
    }

    /// Leaves running what still does, and tells what that is.
    pub(crate) fn let_go(mut self) -> Vec<LeftProcess> {
        self.tree.take().map(Tree::let_go).unwrap_or_default()
    }

    #[cfg(windows)]
    fn end_job(&mut self) {
        // It has ended if it fails.
        let _ = self.child.start_kill();
    }

    #[cfg(not(windows))]
    fn end_job(&mut self) {}

    /// Whether something runs that a kill should have ended; a leader that nobody waited for is not seen as running.
    fn survives(&mut self) -> bool {
        self.tree.as_mut().is_some_and(Tree::is_alive)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.tree.is_none() {
            return;
        }
        // Not async: there may be no runtime any more. Children that are started meanwhile are found by looking again.
        let begun = Instant::now();
        loop {
            self.kill();
            if !self.survives() || begun.elapsed() > DROP_LIMIT {
                return;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// What an exit status means for a task that nobody stopped.
fn outcome(status: ExitStatus) -> Outcome {
    if status.success() {
        return Outcome::Passed;
    }
    Outcome::Failed(match status.code() {
        Some(code) => Failure::ExitCode(code),
        None => Failure::Signal(signal(status)),
    })
}

#[cfg(unix)]
fn signal(status: ExitStatus) -> i32 {
    std::os::unix::process::ExitStatusExt::signal(&status).unwrap_or(0)
}

#[cfg(not(unix))]
fn signal(_status: ExitStatus) -> i32 {
    0
}
