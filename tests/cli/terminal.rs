//! `draft-tasks run` on a terminal: what goes on is seen, and what is done stays.

use std::fs::File;
use std::io::{Read, Write};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::Signal;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::lifecycle::with_cluster;
use crate::run::tasks;
use crate::tool::Tool;

/// The two ends of a terminal: ours, and the program's.
pub(crate) fn terminal() -> (File, File) {
    terminal_of(100)
}

/// One of so many columns.
pub(crate) fn terminal_of(columns: u16) -> (File, File) {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).expect("a terminal");
    grantpt(&ours).expect("a terminal of our own");
    unlockpt(&ours).expect("an open terminal");
    let size = Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&ours, size).expect("a size");
    let name = ptsname(&ours, Vec::new()).expect("a name").into_string().expect("UTF-8");
    let theirs = File::options().read(true).write(true).open(name).expect("the other end");
    (File::from(ours), theirs)
}

/// No healthy program is silent this long, however loaded the machine is.
const LONGEST_SILENCE: Timespec = Timespec { tv_sec: 20, tv_nsec: 0 };

/// Whether it is a part of a line or a bar that shows what goes on.
fn is_spinner(c: char) -> bool {
    matches!(c, '\u{2800}'..='\u{28ff}' | '░' | '█')
}

/// Reads until something was written, or to the end.
pub(crate) fn read_until(terminal: &mut File, text: &mut String, wanted: Option<&str>) {
    let mut buffer = [0; 4096];
    while wanted.is_none_or(|wanted| !text.contains(wanted)) {
        let mut readable = [PollFd::new(&*terminal, PollFlags::IN)];
        let ready = poll(&mut readable, Some(&LONGEST_SILENCE)).expect("the terminal can be asked");
        assert_ne!(ready, 0, "{wanted:?} is not in {text:?}");
        // Linux tells by an error that nobody has the other end.
        let Some(mut read) = terminal.read(&mut buffer[..4092]).ok().filter(|read| *read > 0) else { break };
        // What is read at once may end within a character.
        while std::str::from_utf8(&buffer[..read]).is_err_and(|error| error.error_len().is_none()) {
            read += terminal.read(&mut buffer[read..]).expect("the rest of a character");
        }
        text.push_str(&String::from_utf8_lossy(&buffer[..read]));
    }
    if let Some(wanted) = wanted {
        assert!(text.contains(wanted), "{wanted:?} is not in {text:?}");
    }
}

#[test]
fn what_tasks_write_is_shown_above_a_line_of_what_goes_on() {
    let slow = "sh -c 'echo working hard; until test -e go; do sleep 0.05; done; echo oh no; exit 3'";
    let name = "a task whose description is longer than the lines of many a terminal";
    let tool = tasks("pre-up", &[("good", "echo seen"), (name, slow)]);
    for (columns, widest) in [(100, 96), (40, 36)] {
        let (mut ours, theirs) = terminal_of(columns);
        let started = tool.start_on(&["run", "pre-up"], theirs);
        let mut text = String::new();
        read_until(&mut ours, &mut text, Some("working hard"));
        assert!(
            text.contains("good │\u{1b}[0m seen") && text.contains("✓") && !text.contains('✗'),
            "{text:?}"
        );
        tool.write("go", b"");
        read_until(&mut ours, &mut text, None);
        let drawn = text.split(['\r', '\n', '\u{1b}']).filter(|line| line.contains(is_spinner));
        let drawn = drawn.map(|line| line.trim_start_matches("[2K").chars().count()).max();
        // A terminal shows `^C` behind it.
        assert_eq!(drawn, Some(widest), "the line leaves four columns free: {text:?}");
        let called = started.end();
        assert_eq!((called.code, called.stderr.as_str()), (Some(1), ""), "{called:?}");
        let end = &text[text.find("oh no").expect("output")..];
        for part in ["✗", "exit code 3", "log: ", "1 passed, 1 failed in"] {
            assert!(end.contains(part), "{part:?} is not in {end:?}");
        }
        assert_eq!(text.matches("oh no\r\n").count(), 1, "what was just shown is not shown again: {text:?}");
        std::fs::remove_file(tool.path("go")).expect("a file");
    }
}

#[test]
fn a_failure_that_is_not_seen_any_more_is_shown_again_at_the_end() {
    let tool = tasks("cleanup", &[("bad", "sh -c 'echo oh no; exit 3'"), ("long", "seq 1000")]);
    let (mut ours, theirs) = terminal();
    let started = tool.start_on(&["run", "cleanup", "--no-color"], theirs);
    let mut text = String::new();
    read_until(&mut ours, &mut text, None);
    assert_eq!(started.end().code, Some(1));
    let end = &text[text.find("long │ 1000").unwrap_or_else(|| panic!("{text:?}"))..];
    assert!(!end.contains("exit code 3"), "without lines that move nothing is known of the screen: {end:?}");
    let (mut ours, theirs) = terminal();
    let started = tool.start_on(&["run", "cleanup"], theirs);
    let mut text = String::new();
    read_until(&mut ours, &mut text, None);
    assert_eq!(started.end().code, Some(1));
    let end = &text[text.find(" 1000\r\n").unwrap_or_else(|| panic!("{text:?}"))..];
    for part in [
        "\u{1b}[0m bad  ",
        "exit code 3",
        "oh no",
        "1 passed, 1 failed in",
        "again: draft-tasks run cleanup --failed",
    ] {
        assert!(end.contains(part), "{part:?} is not in {end:?}");
    }
}

#[test]
fn runs_are_listed_within_the_columns_that_there_are() {
    let long = "a task with a long description";
    let tool = tasks("post-up", &[(long, "echo a rather long command line"), ("other", "true")]);
    assert_eq!(tool.call(&["run", "post-up", long]).code, Some(0));
    assert_eq!(tool.call(&["run", "post-up"]).code, Some(0));
    for columns in [40, 60, 80] {
        let (mut ours, theirs) = terminal_of(columns);
        let started = tool.start_on(&["runs", "--color", "never"], theirs);
        let mut text = String::new();
        read_until(&mut ours, &mut text, None);
        assert_eq!(started.end().code, Some(0));
        assert!(text.lines().all(|line| line.trim_end().chars().count() <= usize::from(columns)), "{text}");
        assert!(text.contains("a task"), "{text}");
    }
    let listed = tool.call(&["runs"]).stdout;
    assert!(listed.contains(&format!("  {long}: echo a rather long command line\n")), "{listed}");
    assert!(listed.contains(&format!("  {long}, other\n")), "{listed}");
}

#[test]
#[ignore = "takes half a minute"]
fn the_end_of_a_long_run_is_a_notice() {
    let tool = tasks("pre-up", &[("long", "sleep 30.1")]).with("TERM_PROGRAM", "WezTerm").with("TMUX", "");
    let tool = tool.with("STY", "");
    let (mut ours, theirs) = terminal();
    let started = tool.start_on(&["run", "pre-up"], theirs);
    let mut text = String::new();
    read_until(&mut ours, &mut text, None);
    assert_eq!(started.end().code, Some(0));
    let notice = text.split("\u{1b}]9;").nth(1).and_then(|rest| rest.split_once('\u{7}'));
    assert!(notice.is_some_and(|(notice, _)| notice.contains("pre-up")), "{text:?}");
}

#[test]
fn a_short_run_is_no_notice() {
    let tool = tasks("pre-up", &[("good", "echo shown")]).with("TERM_PROGRAM", "WezTerm").with("TMUX", "");
    let (mut ours, theirs) = terminal();
    let started = tool.start_on(&["run", "pre-up"], theirs);
    let mut text = String::new();
    read_until(&mut ours, &mut text, None);
    assert_eq!(started.end().code, Some(0));
    assert!(!text.contains("\u{1b}]"), "{text:?}");
}

#[test]
fn colours_are_there_unless_they_are_not_wanted() {
    for (variables, on_a_terminal, elsewhere) in [
        (&[("OTHER", "1")][..], true, false),
        (&[("NO_COLOR", "1")], false, false),
        (&[("NO_COLOR", "")], true, false),
        (&[("TERM", "dumb")], false, false),
        (&[("CI", "true")], false, false),
        (&[("CLICOLOR", "0")], false, false),
        (&[("CLICOLOR", "1")], true, false),
        (&[("FORCE_COLOR", "1")], true, true),
        (&[("CLICOLOR_FORCE", "1"), ("CLICOLOR", "0")], true, true),
        (&[("CLICOLOR_FORCE", "0")], true, false),
        (&[("FORCE_COLOR", "1"), ("NO_COLOR", "1")], false, false),
        (&[("FORCE_COLOR", "1"), ("CI", "true")], true, true),
    ] {
        let tool = tasks("pre-up", &[("good", "echo shown")]);
        let tool = variables.iter().fold(tool, |tool, (name, value)| tool.with(name, value));
        let (mut ours, theirs) = terminal();
        let started = tool.start_on(&["run", "pre-up"], theirs);
        let mut text = String::new();
        read_until(&mut ours, &mut text, None);
        assert_eq!(started.end().code, Some(0));
        assert_eq!(text.contains("\u{1b}[32m✓"), on_a_terminal, "{variables:?}: {text:?}");
        let captured = tool.call(&["run", "pre-up"]).stdout;
        assert_eq!(captured.contains("\u{1b}[32m✓"), elsewhere, "{variables:?}: {captured:?}");
    }
}

#[test]
fn nothing_but_lines_is_written_where_nobody_wants_more() {
    for (variable, value) in [("NO_COLOR", "1"), ("TERM", "dumb"), ("CI", "true")] {
        let tool = tasks("pre-up", &[("good", "echo shown"), ("bad", "false")]).with(variable, value);
        let (mut ours, theirs) = terminal();
        let started = tool.start_on(&["run", "pre-up"], theirs);
        let mut text = String::new();
        read_until(&mut ours, &mut text, None);
        assert_eq!(started.end().code, Some(1));
        let steers = |c: char| c == '\u{1b}' || is_spinner(c);
        assert!(!text.contains(steers) && !text.replace("\r\n", "").contains('\r'), "{variable}: {text:?}");
    }
}

#[test]
fn tasks_are_asked_for_colours_where_they_are_shown() {
    let asked = "sh -c 'echo asked ${FORCE_COLOR-none} ${CLICOLOR_FORCE-none}'";
    for (variable, value, options, expected) in [
        ("OTHER", "1", &[][..], "asked 1 1"),
        ("OTHER", "1", &["--no-color"], "asked none none"),
        ("NO_COLOR", "1", &[], "asked none none"),
        ("FORCE_COLOR", "3", &[], "asked 3 none"),
        ("CLICOLOR", "1", &[], "asked none none"),
        ("OTHER", "1", &["--env", "CLICOLOR_FORCE=0"], "asked none 0"),
    ] {
        let tool = tasks("pre-up", &[("a", asked)]).with(variable, value);
        let (mut ours, theirs) = terminal();
        let started = tool.start_on(&[&["run", "pre-up"], options].concat(), theirs);
        let mut text = String::new();
        read_until(&mut ours, &mut text, None);
        assert_eq!(started.end().code, Some(0));
        assert!(text.contains(expected), "{variable}={value} {options:?}: {text:?}");
    }
    let called = tasks("pre-up", &[("a", asked)]).call(&["run", "pre-up"]);
    assert!(called.stdout.contains("asked none none"), "{called:?}");
}

#[test]
fn who_stops_it_at_a_question_is_told_that_nothing_ran() {
    let tool = Tool::empty();
    tool.write(".git/HEAD", b"");
    tool.write(".draft-tasks.toml", b"[cleanup]\na = \"touch ran\"\n");
    tool.write("sub/file", b"");
    let (mut ours, theirs) = terminal();
    let mut shell = tool.start_shell("cd sub; draft_tasks run cleanup; echo ended $?", theirs);
    let mut text = String::new();
    read_until(&mut ours, &mut text, Some("? [y/N] "));
    ours.write_all(b"\x03").expect("the terminal is open");
    read_until(&mut ours, &mut text, Some("ended 130"));
    assert!(text.contains("\r\nerror: stopped; no task has run\r\n"), "{text:?}");
    assert!(!tool.path("ran").exists());
    assert_eq!(shell.end_unread(), Some(0));
}

#[test]
fn a_stop_by_key_is_answered_and_nothing_seems_to_go_on_afterwards() {
    for (key, end) in [(b"\x03", "ended 130"), (b"\x1c", "ended 131")] {
        stop_by_key(key, end);
    }
}

#[track_caller]
fn stop_by_key(key: &[u8], wanted: &str) {
    let stays = "sh -c 'trap \"echo stays\" INT TERM; echo working; while :; do sleep 0.05; done'";
    let tool = tasks("pre-up", &[("slow", stays), ("next", "true")]);
    let (mut ours, theirs) = terminal();
    let mut shell = tool.start_shell("draft_tasks run pre-up; echo ended $?", theirs);
    let mut text = String::new();
    read_until(&mut ours, &mut text, Some("working"));
    let begin = text.split("\n").nth(1).expect("a line after the title");
    let begin = begin.split("slow").next().expect("the beginning");
    assert!(begin.matches(is_spinner).count() <= 1, "nothing goes on before the first task: {text:?}");
    ours.write_all(key).expect("the terminal is open");
    read_until(&mut ours, &mut text, Some("stopping … killed in 10s; Ctrl-C again kills at once"));
    read_until(&mut ours, &mut text, Some("stays"));
    ours.write_all(b"\x03").expect("the terminal is open");
    read_until(&mut ours, &mut text, Some(wanted));
    assert_eq!(text.matches("stopping").count(), 1, "{text:?}");
    let end = text.rsplit("■").next().expect("the end");
    assert!(end.contains("1 stopped, 1 skipped"), "{text:?}");
    assert!(!end.contains(is_spinner), "{text:?}");
    assert_eq!(shell.end_unread(), Some(0));
}

#[test]
fn a_question_is_asked_where_somebody_can_answer() {
    for (answer, code, ran) in [
        ("y\n", 0, true),
        ("YES\n", 0, true),
        ("\u{1b}y\n", 0, true),
        ("\u{1b}\n", 2, false),
        ("\u{1b}[A\n", 2, false),
        ("n\n", 2, false),
        ("\n", 2, false),
        ("\u{4}", 2, false),
    ] {
        let tool =
            with_cluster("[pre-up]\na = \"sh -c 'true || kubectl get; touch ran'\"\n", "cluster.example");
        let (mut ours, theirs) = terminal_of(300);
        let mut started = tool.start_asking(&["run", "pre-up"], theirs);
        let mut text = String::new();
        read_until(&mut ours, &mut text, Some("? [y/N] "));
        let asked = "run pre-up: `a` (`sh -c 'true || kubectl get; touch ran'`) on a cluster that is not local: context dev, namespace default (https://cluster.example:1)? [y/N] ";
        assert_eq!(text, asked);
        ours.write_all(answer.as_bytes()).expect("the terminal is open");
        assert_eq!(started.end_unread(), Some(code), "{answer:?}");
        read_until(&mut ours, &mut text, None);
        assert_eq!(
            text.contains("\nerror: nothing runs, as it was not confirmed"),
            !ran,
            "{answer:?}: {text:?}"
        );
        assert_eq!(tool.path("ran").exists(), ran, "{answer:?}");
    }
}

#[test]
fn a_question_breaks_between_words() {
    let tool = with_cluster("[pre-up]\na = \"sh -c 'true || kubectl get; touch ran'\"\n", "cluster.example");
    let (mut ours, theirs) = terminal_of(40);
    let mut started = tool.start_asking(&["run", "pre-up"], theirs);
    let mut text = String::new();
    read_until(&mut ours, &mut text, Some("[y/N] "));
    let lines: Vec<&str> = text.split("\r\n").collect();
    assert!(lines.iter().all(|line| line.chars().count() < 40), "{lines:?}");
    let asked = "run pre-up: `a` (`sh -c 'true || kubectl get; touch ran'`) on a cluster that is not local: context dev, namespace default (https://cluster.example:1)? [y/N] ";
    assert_eq!(lines.join(" "), asked);
    ours.write_all(b"\n").expect("the terminal is open");
    assert_eq!(started.end_unread(), Some(2));
}

#[test]
fn who_halts_it_at_a_question_is_asked_again() {
    let tool = Tool::empty();
    tool.write(".git/HEAD", b"");
    tool.write(".draft-tasks.toml", b"[cleanup]\na = \"touch ran\"\n");
    tool.write("sub/file", b"");
    let (mut ours, theirs) = terminal();
    let script = "cd sub; draft_tasks run cleanup; echo halted $?; read line; fg > /dev/null; echo ended $?";
    let mut shell = tool.start_shell(script, theirs);
    let mut text = String::new();
    read_until(&mut ours, &mut text, Some("? [y/N] "));
    ours.write_all(b"\x1a").expect("the terminal is open");
    read_until(&mut ours, &mut text, Some("halted 147"));
    text.clear();
    ours.write_all(b"\n").expect("the terminal is open");
    read_until(&mut ours, &mut text, Some("from a folder above? [y/N] "));
    ours.write_all(b"y\n").expect("the terminal is open");
    read_until(&mut ours, &mut text, Some("ended 0"));
    assert!(tool.path("ran").exists(), "{text:?}");
    assert_eq!(shell.end_unread(), Some(0));
}

#[test]
fn what_was_typed_before_a_question_is_no_answer() {
    let tool = with_cluster("[pre-up]\na = \"sh -c 'true || kubectl get; touch ran'\"\n", "cluster.example");
    let (mut ours, theirs) = terminal();
    ours.write_all(b"y\ny\n").expect("the terminal is open");
    let mut started = tool.start_asking(&["run", "pre-up"], theirs);
    let mut text = String::new();
    read_until(&mut ours, &mut text, Some("? [y/N] "));
    ours.write_all(b"n\n").expect("the terminal is open");
    assert_eq!(started.end_unread(), Some(2));
    assert!(!tool.path("ran").exists(), "{text:?}");
}

#[track_caller]
fn kill(process: &str, signal: Signal) {
    let process = process.parse().ok().and_then(rustix::process::Pid::from_raw);
    rustix::process::kill_process(process.expect("a process"), signal).expect("it lives");
}

/// Halted, or waiting in the kernel for a child that was halted before it had become another program.
const HALTED: &[char] = &['T', 'D'];

/// Waits until a process is in one of these states, as the system's table has it.
#[track_caller]
fn wait_for_state(process: &str, states: &[char]) {
    let deadline = Instant::now() + Duration::from_secs(20);
    let path = format!("/proc/{process}/stat");
    let now = || std::fs::read_to_string(&path).expect("the process is there");
    let is_in_it = |stat: &str| stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with(states));
    while !is_in_it(&now()) {
        assert!(Instant::now() < deadline, "{states:?} expected: {}", now());
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A task that has started another process in a session of its own, and names both.
const TWO_SESSIONS: &str = "sh -c 'setsid sh -c \"echo \\$\\$ > other; exec sleep 600\" & until test -s other; do sleep 0.01; done; \
     echo $$ > task; echo working; until test -e go; do sleep 0.05; done; kill $(cat other); echo done'";

#[test]
fn the_key_that_halts_halts_the_tasks_too() {
    let tool = tasks("pre-up", &[("slow", TWO_SESSIONS)]);
    let (mut ours, theirs) = terminal();
    let script = "draft_tasks run pre-up; echo halted $?; read line; fg > /dev/null; echo ended $?";
    let mut shell = tool.start_shell(script, theirs);
    let mut text = String::new();
    read_until(&mut ours, &mut text, Some("working"));
    ours.write_all(b"\x1a").expect("the terminal is open");
    read_until(&mut ours, &mut text, Some("halted 14"));
    let processes = ["task", "other"].map(|name| tool.read(name).trim().to_owned());
    processes.iter().for_each(|process| wait_for_state(process, HALTED));
    read_until(&mut ours, &mut text, Some("halted 147"));
    let last = text.rsplit("working").next().expect("the rest");
    assert!(last.contains("\x1b[2K"), "the line is taken away: {last:?}");
    text.clear();
    ours.write_all(b"\n").expect("the terminal is open");
    read_until(&mut ours, &mut text, Some("slow"));
    wait_for_state(&processes[1], &['S']);
    tool.write("go", b"");
    read_until(&mut ours, &mut text, Some("ended 0"));
    assert!(text.contains("✓"), "{text:?}");
    assert_eq!(shell.end_unread(), Some(0));
}

#[test]
fn the_time_limit_of_a_task_stands_still_while_it_is_halted() {
    const LIMIT: Duration = Duration::from_secs(6);
    let tool = tasks("pre-up", &[("slow", TWO_SESSIONS)]);
    let mut started = tool.start_job(&["run", "pre-up", "--timeout", "6"]);
    started.wait_for("working");
    started.signal(Signal::TSTP);
    wait_for_state(&started.process().to_string(), &['T']);
    // Nothing waits for this: it is the time in which the limit would be over.
    std::thread::sleep(LIMIT + Duration::from_millis(100));
    tool.write("go", b"");
    started.signal(Signal::CONT);
    let called = started.end();
    assert_eq!(called.code, Some(0), "{called:?}");
    assert!(called.stdout.contains("✓ slow"), "{called:?}");
}

#[test]
fn what_was_halted_is_ended_like_all_else() {
    for signal in [Signal::TERM, Signal::HUP] {
        let tool = tasks("pre-up", &[("slow", TWO_SESSIONS)]);
        let mut started = tool.start_job(&["run", "pre-up"]);
        started.wait_for("working");
        started.signal(Signal::TSTP);
        wait_for_state(&started.process().to_string(), &['T']);
        let processes = ["task", "other"].map(|name| tool.read(name).trim().to_owned());
        processes.iter().for_each(|process| wait_for_state(process, HALTED));
        started.signal(signal);
        started.signal(Signal::CONT);
        let called = started.end();
        assert_eq!(called.code, Some(128 + signal.as_raw()), "{signal:?}: {called:?}");
        assert!(called.stdout.contains("■ slow"), "{called:?}");
    }
}

/// Runs one task that has the terminal in a shell, answers and gives all that was shown.
#[track_caller]
fn lent(tool: &crate::tool::Tool, script: &str, answers: &[(&str, &[u8])]) -> String {
    let (mut ours, theirs) = terminal();
    let mut shell = tool.start_shell(script, theirs);
    let mut text = String::new();
    for (wanted, answer) in answers {
        read_until(&mut ours, &mut text, Some(wanted));
        ours.write_all(answer).expect("the terminal is open");
    }
    read_until(&mut ours, &mut text, Some("ended "));
    read_until(&mut ours, &mut text, None);
    assert_eq!(shell.end_unread(), Some(0), "{text:?}");
    text
}

#[test]
fn a_task_that_has_the_terminal_asks_and_answers_on_it() {
    let ask = "sh -c 'test -t 0 && test -t 1 && test -t 2 && printf \"name? \"; read name < /dev/tty; echo hello $name $TOKEN'";
    let tool = tasks("pre-up", &[("ask", ask), ("other", "touch other")]).with("TOKEN", "t0p-secret");
    tool.write("variables", b"OTHER=other-secret\n");
    let script = "draft_tasks run pre-up --tty ask --env-file variables; echo ended $?";
    let text = lent(&tool, script, &[("name? ", b"world\n")]);
    let parts =
        ["the terminal is lent to `ask`", "name? ", "hello world t0p-secret", "1 passed in", "ended 0"];
    let mut rest = text.as_str();
    for part in parts {
        let at = rest.find(part).unwrap_or_else(|| panic!("{part:?} is missing or too early in {text:?}"));
        rest = &rest[at + part.len()..];
    }
    assert!(!text.contains(is_spinner) && !tool.path("other").exists(), "{text:?}");
    assert!(!text.contains("masked in the output"), "{text:?}");
    let records = tool.records();
    assert!(records.contains("passed") && records.contains("\"task\""), "{records}");
    assert!(!records.contains("hello world"), "{records}");
}

#[test]
fn what_a_task_did_not_read_is_not_for_the_shell() {
    let tool = tasks("pre-up", &[("ask", "sh -c 'printf \"name? \"; read name < /dev/tty'")]);
    let script = "draft_tasks run pre-up --tty; echo next?; read line; echo got $line; echo ended $?";
    let text = lent(&tool, script, &[("name? ", b"me\nrm all\n"), ("next?", b"typed\n")]);
    assert!(text.contains("got typed"), "{text:?}");
}

#[test]
fn what_failed_on_the_terminal_gets_it_again_and_the_others_do_not() {
    let tool = tasks("pre-up", &[("ask", "sh -c 'test -t 0 && test -e well'"), ("b", "sh -c '! test -t 0'")]);
    let all = "draft_tasks run pre-up; draft_tasks run pre-up --tty ask; draft_tasks run pre-up --failed; \
               touch well; draft_tasks run pre-up --tty ask; draft_tasks run pre-up --failed; echo ended $?";
    let text = lent(&tool, all, &[]);
    let said = "task `ask` had the terminal, which is lent to one task alone, and others are left";
    assert!(text.contains(said) && text.contains("run pre-up --tty ask` runs it"), "{text:?}");
    assert!(text.contains("✓\u{1b}[0m b") && text.ends_with("ended 0\r\n"), "{text:?}");
    std::fs::remove_file(tool.path("well")).expect("a file");
    let plain = "draft_tasks run pre-up --tty ask; draft_tasks run pre-up b; touch well; \
                 draft_tasks run pre-up --failed; echo ended $?";
    let text = lent(&tool, plain, &[]);
    assert!(text.matches("the terminal is lent to `ask`").count() == 2, "{text:?}");
    assert!(text.ends_with("ended 0\r\n"), "{text:?}");
}

#[test]
fn a_password_is_asked_for_unseen() {
    let ask = "sh -c 'stty -echo; printf \"password: \"; read word; stty echo; echo; test \"$word\" = \"$WORD\" && echo right'";
    let tool = tasks("pre-up", &[("ask", ask)]).with("WORD", "hunter2");
    let script = "draft_tasks run pre-up --tty; echo ended $?";
    let text = lent(&tool, script, &[("password: ", b"hunter2\n")]);
    assert!(text.contains("right") && text.contains("ended 0") && !text.contains("hunter2"), "{text:?}");
    assert!(!tool.records().contains("hunter2"));
}

#[test]
fn keys_are_for_the_task_that_has_the_terminal() {
    // It starts nothing: a shell whose child is halted before it has become another program is not halted itself.
    let task = "sh -c 'trap \"echo caught; exit 7\" INT; trap \"echo again\" CONT; echo working; while :; do read line; done'";
    let tool = tasks("pre-up", &[("a", task)]);
    let text = lent(&tool, "draft_tasks run pre-up --tty; echo ended $?", &[("working", b"\x03")]);
    for part in ["caught", "exit code 7", "ended 1"] {
        assert!(text.contains(part), "{part:?} is not in {text:?}");
    }
    assert!(!text.contains("stopping"), "{text:?}");
    let halts = "draft_tasks run pre-up --tty; echo halted $?; fg > /dev/null; echo ended $?";
    let text = lent(&tool, halts, &[("working", b"\x1a"), ("again", b"\x03")]);
    assert!(text.contains("caught") && text.contains("ended 1"), "{text:?}");
}

#[test]
fn a_task_that_has_the_terminal_and_is_ended_by_a_key_gives_its_code() {
    let waits = "sh -c 'echo working; while :; do read line; done'";
    let says = "sh -c 'trap \"exit 130\" INT; echo working; while :; do read line; done'";
    for (task, key, shown, code) in
        [(waits, b"\x03", "^C", 130), (waits, b"\x1c", "^\\", 131), (says, b"\x03", "^C", 130)]
    {
        let tool = tasks("pre-up", &[("a", task)]);
        let text =
            lent(&tool, "ulimit -c 0; draft_tasks run pre-up --tty; echo ended $?", &[("working", key)]);
        assert!(
            text.contains(&format!("working\r\n{shown}\r\n  "))
                && text.contains("ended by") == (task == waits),
            "{text:?}"
        );
        assert!(text.contains(&format!("ended {code}\r\n")), "{text:?}");
    }
}

#[test]
fn a_task_that_halts_itself_halts_the_program_that_lent_it_the_terminal() {
    let tool = tasks("pre-up", &[("a", "sh -c 'kill -STOP $$; echo back'")]);
    let script = "draft_tasks run pre-up --tty; echo halted $?; fg > /dev/null; echo ended $?";
    let text = lent(&tool, script, &[]);
    let halted = text.find("halted 147").expect("a halt");
    assert!(text[halted..].contains("back") && text.contains("ended 0"), "{text:?}");
}

#[test]
fn the_terminal_is_as_it_was_when_the_task_has_died() {
    let task = "sh -c 'stty -echo -icanon; set -m; sh -c \"kill -9 $PPID\"; echo not reached'";
    let tool = tasks("pre-up", &[("a", &task.replace("$PPID", "\\$PPID"))]);
    let script = "(draft_tasks run pre-up --tty a; stty -a; echo now; read line; echo got $line); echo ended";
    let text = lent(&tool, script, &[("now", b"words\n")]);
    assert!(text.contains(" icanon") && text.contains(" echo ") && text.contains("got words"), "{text:?}");
    assert!(text.contains("ended by signal 9") && !text.contains("not reached\r"), "{text:?}");
}

#[test]
fn the_end_of_a_task_is_told_on_the_terminal_as_it_was() {
    let tool = tasks("pre-up", &[("a", "stty raw -echo")]);
    let text = lent(&tool, "draft_tasks run pre-up --tty; echo ended $?", &[]);
    assert!(text.contains("1 passed") && text.contains("ended 0\r\n"), "{text:?}");
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count(), "{text:?}");
}

#[test]
fn what_a_task_with_the_terminal_leaves_running_is_named() {
    let tool = tasks("pre-up", &[("a", "sh -c 'sleep 600 < /dev/null > /dev/null 2>&1 & echo $! > left'")]);
    let text = lent(&tool, "draft_tasks run pre-up --tty; echo ended $?", &[]);
    let left = tool.read("left").trim().to_owned();
    assert!(text.contains("ended 0"), "{text:?}");
    assert!(text.contains(&left), "{left} is not in {text:?}");
    kill(&left, Signal::KILL);
}

#[test]
fn nothing_takes_the_terminal_from_the_shell_in_the_background() {
    let tool = tasks("pre-up", &[("a", "touch ran")]);
    let script =
        "draft_tasks run pre-up --tty & wait $!; echo code $?; read line; echo got $line; echo ended $?";
    let text = lent(&tool, script, &[("code 2", b"words\n")]);
    assert!(
        text.contains("--tty lends the terminal, and it is not given to what runs in the background"),
        "{text:?}"
    );
    assert!(text.contains("got words") && !tool.path("ran").exists(), "{text:?}");
}

#[test]
fn what_goes_on_is_not_drawn_over_the_prompt_of_a_shell() {
    let tool = tasks("pre-up", &[("a", "sh -c 'echo working; until test -e go; do sleep 0.05; done'")]);
    let script = "draft_tasks run pre-up & read line; touch go; wait $!; echo ended $?";
    let text = lent(&tool, script, &[("working", b"words\n")]);
    assert!(text.contains("1 passed") && text.contains("ended 0"), "{text:?}");
    assert!(!text.contains(is_spinner) && !text.contains("\u{1b}[2K"), "{text:?}");
}

#[test]
fn the_key_that_halts_does_nothing_where_nobody_could_let_it_go_on() {
    let tool = tasks("pre-up", &[("slow", "sh -c 'echo working; until test -e go; do sleep 0.05; done'")]);
    let (mut ours, theirs) = terminal();
    let mut shell = tool.start_shell("set +m; draft_tasks run pre-up; echo ended $?", theirs);
    let mut text = String::new();
    read_until(&mut ours, &mut text, Some("working"));
    ours.write_all(b"\x1a").expect("the terminal is open");
    read_until(&mut ours, &mut text, Some("^Z"));
    tool.write("go", b"");
    read_until(&mut ours, &mut text, Some("ended 0"));
    assert_eq!(shell.end_unread(), Some(0));
}

#[test]
fn a_stop_goes_on_where_the_output_of_the_terminal_is_stopped() {
    use rustix::termios::{Action, tcflow};
    let task = "sh -c 'trap \"touch asked; exit\" INT; echo $PPID > program; echo working; while :; do sleep 0.05; done'";
    let tool = tasks("pre-up", &[("slow", task)]);
    let (mut ours, theirs) = terminal();
    let flow = theirs.try_clone().expect("a terminal");
    let mut shell = tool.start_shell("draft_tasks run pre-up; echo ended $?", theirs);
    let mut text = String::new();
    read_until(&mut ours, &mut text, Some("working"));
    tcflow(&flow, Action::OOff).expect("it is a terminal");
    kill(tool.read("program").trim(), Signal::INT);
    let deadline = Instant::now() + Duration::from_secs(20);
    while !tool.path("asked").exists() {
        assert!(Instant::now() < deadline, "nobody asked the task to end");
        std::thread::sleep(Duration::from_millis(5));
    }
    tcflow(&flow, Action::OOn).expect("it is a terminal");
    drop(flow);
    read_until(&mut ours, &mut text, Some("ended 130"));
    assert_eq!(shell.end_unread(), Some(0));
}

#[test]
fn a_task_that_has_the_terminal_is_ended_with_the_program() {
    let task =
        "sh -c 'sleep 600 & echo $! > other; echo $$ > task; echo $PPID > program; echo working; sleep 600'";
    let tool = tasks("pre-up", &[("a", task)]);
    let script = "draft_tasks run pre-up --tty a; echo ended $?";
    let (mut ours, theirs) = terminal();
    let mut shell = tool.start_shell(script, theirs);
    let mut text = String::new();
    read_until(&mut ours, &mut text, Some("working"));
    kill(tool.read("program").trim(), Signal::TERM);
    read_until(&mut ours, &mut text, Some("ended 143"));
    for process in ["task", "other"].map(|name| tool.read(name).trim().to_owned()) {
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        assert!(stat.is_empty() || stat.contains(") Z "), "it lives: {stat}, {text:?}");
    }
    assert_eq!(shell.end_unread(), Some(0));
}

#[test]
fn the_terminal_is_lent_to_one_task_of_this_machine() {
    let tool =
        crate::tool::Tool::new("[pre-up]\na = \"touch a\"\nb = \"touch b\"\n[post-deploy]\nc = \"true\"\n");
    for (arguments, expected) in [
        (&["run", "pre-up", "--tty", "a"][..], "--tty lends the terminal, and there is none"),
        (&["run", "post-deploy", "--tty", "c"], "tasks of `post-deploy` run in pods"),
        (&["run", "pre-up", "--tty", "a", "--format", "json"], "leave --format out"),
    ] {
        let called = tool.call(arguments);
        assert_eq!((called.code, called.stdout.as_str()), (Some(2), ""), "{arguments:?}: {called:?}");
        assert!(called.stderr.contains(expected), "{arguments:?}: {called:?}");
    }
    for (script, advice) in [("--tty", "name one, as in --tty TASK"), ("--tty a b", "would run 2: name one")]
    {
        let script = format!("draft_tasks run pre-up {script}; echo ended $?");
        let text = lent(&tool, &script, &[]);
        assert!(text.contains("--tty lends the terminal to one task") && text.contains(advice), "{text:?}");
        assert!(text.contains("ended 2"), "{text:?}");
    }
    assert!(!tool.path("a").exists() && !tool.path("b").exists());
}

#[test]
fn nothing_of_a_file_steers_the_terminal_or_looks_like_a_line_of_its_own() {
    let text = "[pre-up]\n\"evil\\u001b[2J\\n\\n5 passed in 0.0 s\\u202e\" = \"sh -c 'exit 1' \\u001b]0;title\\u0007x\"\n\
        again = \"no-such-\\u001b[31m\"\n[post-up]\n\"l\\u009bx\" = \"true\"\n[\"odd\\u001b[2J\"]\n";
    let tool = crate::tool::Tool::new(text);
    for arguments in [
        &["run", "pre-up", "--dry-run"][..],
        &["run", "pre-up", "--dry-run", "again"],
        &["run", "pre-up", "--keep-going"],
        &["run", "pre-up", "--keep-going", "--quiet"],
        &["runs"],
        &["runs", "show", "latest"],
        &["rerun", "--dry-run"],
        &["run", "pre-up", "none"],
        &["check"],
        &["explain"],
        &["up", "--dry-run", "--", "true", "\u{1b}[2J"],
        &["up", "--", "true", "\u{1b}[2J"],
    ] {
        let called = tool.call(arguments);
        let all = called.stdout + &called.stderr;
        let steers = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
        assert!(!all.contains(steers), "{arguments:?}: {all:?}");
        assert!(!all.lines().any(|line| line.starts_with("5 passed")), "{arguments:?}: {all}");
        assert!(!all.is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_task_that_had_the_terminal_gets_it_again() {
    let tool =
        tasks("pre-up", &[("ask", "sh -c 'printf \"name? \"; read name < /dev/tty; test $name = well'")]);
    let text = lent(&tool, "draft_tasks run pre-up --tty; echo ended $?", &[("name? ", b"ill\n")]);
    assert!(text.contains("again: draft-tasks run pre-up --failed") && text.contains("ended 1"), "{text:?}");
    for again in [&["rerun"][..], &["rerun", "--failed"], &["run", "pre-up", "--failed"]] {
        let called = tool.call(again);
        assert_eq!(called.code, Some(2), "{called:?}");
        let said = ["the task of run ", " had the terminal, and gets it again\n", "there is none"];
        assert!(said.iter().all(|part| called.stderr.contains(part)), "{called:?}");
    }
    let script = "draft_tasks run pre-up --failed; echo ended $?";
    let text = lent(&tool, script, &[("name? ", b"well\n")]);
    assert!(text.contains("the terminal is lent to `ask`") && text.contains("ended 0"), "{text:?}");
}

#[test]
fn a_difference_steers_no_terminal_with_colours_or_without() {
    for (command, colors) in [("check", "never"), ("fmt", "never"), ("check", "always"), ("fmt", "always")] {
        let tool = Tool::new("[Pre-Up]\na=\"echo\" # \u{9b}31m\n");
        let (mut ours, theirs) = terminal();
        let mut started = tool.start_on(&[command, "--diff", "--color", colors], theirs);
        let mut text = String::new();
        read_until(&mut ours, &mut text, None);
        assert_eq!(started.end_unread(), Some(1), "{text:?}");
        assert!(text.contains(r"\u{9b}31m") && !text.contains('\u{9b}'), "{command} {colors}: {text:?}");
    }
}
