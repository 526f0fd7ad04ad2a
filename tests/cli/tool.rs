//! A directory with files, and the program that is called in it.
//!
//! Must not know what the program writes.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::sync::Once;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tempfile::TempDir;

use crate::processes::{self, Mark};

/// No call of a healthy program takes this long, however loaded the machine is.
const DEADLINE: Duration = Duration::from_secs(20);

/// A directory of its own for a test; in the end nothing that was started from it may live.
pub(crate) struct Tool {
    directory: TempDir,
    mark: Mark,
    environment: Vec<(&'static str, String)>,
}

/// What a call came to.
#[derive(Debug)]
pub(crate) struct Called {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Compares the exit code, and looks for parts of what was written.
#[track_caller]
pub(crate) fn assert_says(called: &Called, code: i32, parts: &[&str]) {
    assert_eq!(called.code, Some(code), "{called:#?}");
    let all = format!("{}{}", called.stdout, called.stderr);
    for part in parts {
        assert!(all.contains(part), "{part:?} is not in {called:#?}");
    }
}

/// Has what the tests start heed all signals, also where the tests themselves are to ignore some, as behind `nohup` or in
/// the background of a script: a signal that a program handles is not ignored by those that it starts.
fn heed_signals() {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok()).unwrap_or_default();
    for signal in [Signal::HUP, Signal::INT, Signal::QUIT, Signal::TERM, Signal::TSTP] {
        if ignored >> (signal.as_raw() - 1) & 1 == 1 {
            signal_hook::flag::register(signal.as_raw(), Default::default()).expect("a handler");
        }
    }
}

impl Tool {
    /// A directory whose tasks file has this text.
    pub(crate) fn new(tasks: &str) -> Tool {
        let tool = Tool::empty();
        tool.write(".draft-tasks.toml", tasks.as_bytes());
        tool
    }

    pub(crate) fn empty() -> Tool {
        static ONCE: Once = Once::new();
        ONCE.call_once(heed_signals);
        let directory = TempDir::new().expect("a directory for the test");
        Tool { directory, mark: Mark::new(), environment: Vec::new() }
    }

    pub(crate) fn with(mut self, variable: &'static str, value: &str) -> Tool {
        self.environment.push((variable, value.to_owned()));
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a directory")).expect("the directory can be made");
        std::fs::write(path, bytes).expect("the file can be written");
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).expect("the file can be read")
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let (variable, value) = self.mark.variable();
        let mut command = Command::new(env!("CARGO_BIN_EXE_draft-tasks"));
        command
            .args(arguments)
            .current_dir(self.directory.path())
            .env(variable, value)
            .env_remove("DRAFT_TASKS_LOG")
            .env("DRAFT_TASKS_STATE_DIR", self.path(".state"))
            .env_remove("DRAFT_HOME")
            // What runs the tests may be a make.
            .env_remove("MAKEFLAGS")
            .env_remove("MAKEFILES")
            .env_remove("CI")
            .env_remove("GITHUB_ACTIONS")
            .env_remove("NO_COLOR")
            .env_remove("CLICOLOR")
            .env_remove("CLICOLOR_FORCE")
            .env_remove("FORCE_COLOR")
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        command
    }

    /// Calls the program and waits for its end.
    pub(crate) fn call(&self, arguments: &[&str]) -> Called {
        let output = self.command(arguments).output().expect("the program starts");
        Called {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).expect("UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }

    /// Calls the program from a shell that first does something, such as setting a limit.
    pub(crate) fn call_after(&self, script: &str, arguments: &[&str]) -> Called {
        let program = self.command(arguments);
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("{script}; exec \"$@\""), "sh"]).arg(program.get_program());
        shell.args(program.get_args()).current_dir(self.directory.path()).stdin(Stdio::null());
        shell.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let output = shell.output().expect("the shell starts");
        Called {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).expect("UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }

    /// Calls the program as a user to whom the modes of files apply; `None`, which is said, where root cannot become one.
    pub(crate) fn call_as_user(&self, arguments: &[&str]) -> Option<Called> {
        const BOUND: &str = "setpriv --inh-caps=-all --bounding-set=-dac_override,-dac_read_search,-fowner";
        if !rustix::process::geteuid().is_root() {
            return Some(self.call(arguments));
        }
        let tried = Command::new("sh").args(["-c", &format!("{BOUND} true")]).output();
        if !tried.is_ok_and(|tried| tried.status.success()) {
            not_tested("root cannot give up here to read and write what modes forbid (setpriv)");
            return None;
        }
        Some(self.call_after(&format!("exec {BOUND} \"$@\""), arguments))
    }

    /// Starts the program with its output on this file.
    pub(crate) fn start_on(&self, arguments: &[&str], output: std::fs::File) -> Started {
        let mut command = self.command(arguments);
        command.stdout(output).stderr(Stdio::piped());
        if self.environment.iter().all(|(name, _)| *name != "TERM") {
            command.env("TERM", "xterm");
        }
        let mut process = command.spawn().expect("the program starts");
        let stderr = process.stderr.take().map(BufReader::new);
        Started { process, stdout: None, stderr }
    }

    /// Starts a shell with job control on a terminal of its own, where `draft-tasks` is the program.
    pub(crate) fn start_shell(&self, script: &str, terminal: std::fs::File) -> Started {
        let program = self.command(&[]);
        let mut shell = Command::new("setsid");
        shell.args([
            "--ctty",
            "--wait",
            "sh",
            "-c",
            &format!("set -m\ndraft_tasks() {{ \"$0\" \"$@\"; }}\n{script}"),
        ]);
        shell.arg(program.get_program()).current_dir(self.directory.path());
        shell.env("TERM", "xterm");
        for (name, value) in program.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        let input = terminal.try_clone().expect("a terminal");
        let output = terminal.try_clone().expect("a terminal");
        let process = shell.stdin(input).stdout(output).stderr(terminal).spawn().expect("the shell starts");
        Started { process, stdout: None, stderr: None }
    }

    /// Starts the program with a terminal on which it can ask.
    pub(crate) fn start_asking(&self, arguments: &[&str], terminal: std::fs::File) -> Started {
        let input = terminal.try_clone().expect("a terminal");
        let mut command = self.command(arguments);
        command.stdin(input).stdout(Stdio::piped()).stderr(terminal);
        let mut process = command.spawn().expect("the program starts");
        let stdout = process.stdout.take().map(BufReader::new);
        Started { process, stdout, stderr: None }
    }

    /// All that is kept of runs, as one text.
    pub(crate) fn records(&self) -> String {
        let files = self.record_folders().into_iter().flat_map(|folder| files(&folder));
        let text =
            |path: PathBuf| String::from_utf8_lossy(&std::fs::read(path).expect("a file")).into_owned();
        files.map(text).collect()
    }

    /// The folders of records, oldest first.
    pub(crate) fn record_folders(&self) -> Vec<PathBuf> {
        files(&self.path(".state/runs"))
    }

    /// Calls the program with bytes for its input.
    pub(crate) fn call_with_input(&self, arguments: &[&str], input: &[u8]) -> Called {
        std::fs::write(self.path(".input"), input).expect("the file can be written");
        let input = std::fs::File::open(self.path(".input")).expect("the file can be read");
        let output = self.command(arguments).stdin(input).output().expect("the program starts");
        Called {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).expect("UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }

    /// Waits until what tasks have left behind, and was told, has ended by itself.
    #[track_caller]
    pub(crate) fn wait_for_what_was_left(&self) {
        let deadline = Instant::now() + DEADLINE;
        while !self.mark.living().is_empty() {
            assert!(Instant::now() < deadline, "still running: {:?}", self.mark.living());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Starts the program and goes on.
    pub(crate) fn start(&self, arguments: &[&str]) -> Started {
        Tool::start_piped(&mut self.command(arguments))
    }

    /// The same as a shell with job control starts it: in a group of its own, so that it can halt.
    pub(crate) fn start_job(&self, arguments: &[&str]) -> Started {
        use std::os::unix::process::CommandExt;
        Tool::start_piped(self.command(arguments).process_group(0))
    }

    fn start_piped(command: &mut Command) -> Started {
        let piped = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = piped.spawn().expect("the program starts");
        let stdout = process.stdout.take().map(BufReader::new);
        let stderr = process.stderr.take().map(BufReader::new);
        Started { process, stdout, stderr }
    }
}

impl Drop for Tool {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.mark.assert_nothing_lives();
        }
    }
}

fn files(folder: &std::path::Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<_> = entries.map(|entry| entry.path()).collect();
    files.sort();
    files
}

/// Says what this machine does not let a test do. The harness keeps what macros print, unless the test fails.
pub(crate) fn not_tested(what: &str) {
    let _ = writeln!(std::io::stderr(), "not tested: {what}");
}

/// Says that a tool is not there which `tests/tools/install` brings.
///
/// # Panics
///
/// Where `DRAFT_TASKS_TEST_TOOLS=installed` says that it did.
#[track_caller]
pub(crate) fn absent(tool: &str) {
    let are_installed = std::env::var_os("DRAFT_TASKS_TEST_TOOLS").is_some_and(|it| it == "installed");
    assert!(!are_installed, "not tested: {tool} is not there, although the tools of the tests are installed");
    not_tested(&format!("{tool} is not there; `tests/tools/install` installs it"));
}

/// A program that goes on.
pub(crate) struct Started {
    process: Child,
    stdout: Option<BufReader<ChildStdout>>,
    stderr: Option<BufReader<ChildStderr>>,
}

impl Started {
    /// Reads lines until one has this text.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, wanted: &str) {
        let stdout = self.stdout.as_mut().expect("the output is open");
        let found = stdout.lines().map_while(Result::ok).any(|line| line.contains(wanted));
        assert!(found, "{wanted:?} was not written");
    }

    /// Reads lines of the standard error until one has this text, and gives it.
    #[track_caller]
    pub(crate) fn wait_for_warning(&mut self, wanted: &str) -> String {
        let stderr = self.stderr.as_mut().expect("a pipe");
        let found = stderr.lines().map_while(Result::ok).find(|line| line.contains(wanted));
        found.unwrap_or_else(|| panic!("{wanted:?} was not written"))
    }

    pub(crate) fn process(&self) -> u32 {
        self.process.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        processes::signal(&self.process, signal);
    }

    pub(crate) fn close_stdout(&mut self) {
        self.stdout = None;
    }

    /// Whether it goes on.
    pub(crate) fn lives(&mut self) -> bool {
        processes::wait(&mut self.process, Duration::ZERO).is_none()
    }

    /// Reads what is left, if somebody reads, and waits for the end.
    #[track_caller]
    pub(crate) fn end(mut self) -> Called {
        let mut stdout = String::new();
        if let Some(open) = &mut self.stdout {
            open.read_to_string(&mut stdout).expect("UTF-8");
        }
        let code = self.end_unread();
        let mut stderr = String::new();
        self.stderr.as_mut().expect("a pipe").read_to_string(&mut stderr).expect("UTF-8");
        Called { code, stdout, stderr }
    }

    /// Waits for the end without reading anything.
    #[track_caller]
    pub(crate) fn end_unread(&mut self) -> Option<i32> {
        let status = processes::wait(&mut self.process, DEADLINE);
        status.expect("an end in time").code()
    }

    /// The same, and gives what a shell calls its exit code: 128 and the number of the signal that ended it.
    #[track_caller]
    pub(crate) fn end_for_shell(&mut self) -> Option<i32> {
        use std::os::unix::process::ExitStatusExt;
        let status = processes::wait(&mut self.process, DEADLINE).expect("an end in time");
        status.code().or(status.signal().map(|signal| 128 + signal))
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // The program is asked, so that it has the time to end its tasks.
        if self.lives() {
            self.signal(Signal::TERM);
            if processes::wait(&mut self.process, Duration::from_secs(7)).is_none() {
                let _ = self.process.kill();
                let _ = self.process.wait();
            }
        }
    }
}
