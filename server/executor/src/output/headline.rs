//! Which line of what a failed task wrote says best why it failed.
//!
//! Must not know a tool so well that another version of it says less: what no form fits, the last line says.

/// Longer headlines are cut.
const LONGEST: usize = 300;

/// How much a line says of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Says {
    /// Nothing, or it is not about an error.
    Little,
    /// That something failed, which itself has said why.
    ThatItFailed,
    /// Words that failures are told in.
    Perhaps,
    /// It is an error and says so.
    Why,
}

/// What stands where a line names itself an error: `error: …`, `ValueError: …`, `docker: Error response from …`.
const ERRORS: [&str; 5] = ["error", "fatal", "panic", "exception", "critical"];

/// Words of failures that are told in other ways.
const WORDS: [&str; 24] = [
    "error",
    "failed",
    "failure",
    "fail",
    "panicked",
    "fatal",
    "exception",
    "aborted",
    "cannot",
    "can't",
    "don't know",
    "could not",
    "not found",
    "no such",
    "does not exist",
    "is not a",
    "denied",
    "refused",
    "unable",
    "missing",
    "undefined",
    "unknown",
    "timed out",
    "out of memory",
];

/// How lines begin that lead to more, or are of no error.
const REMARKS: [&str; 12] = [
    "warning",
    "warn",
    "note",
    "help",
    "hint",
    "see",
    "try",
    "use",
    "for more information",
    "to see",
    "re-run",
    "a complete log",
];

/// What is only said because something before it failed: by make, cargo, go, rake, shells and those that run them.
const CONSEQUENCES: [&str; 12] = [
    ": *** [",
    "aborted!",
    "exit status ",
    "could not compile",
    "aborting due to",
    "[build failed]",
    "=====",
    "command failed",
    "command terminated with exit code",
    "lifecycle script",
    "subcommand failed",
    "process completed with exit code",
];

/// What npm and Maven put in front of each line, also of those that say nothing.
const PREFIXES: [&str; 3] = ["npm error", "npm err!", "[error]"];

/// The last line that looks like an error; where none does, the last one that is not blank.
pub(super) fn headline(lines: &[String]) -> Option<String> {
    let lines: Vec<&str> = lines.iter().map(|line| line.trim()).filter(|line| !line.is_empty()).collect();
    let before = std::iter::once("").chain(lines.iter().copied());
    let said = before.zip(&lines).map(|(before, line)| (says(before, line), *line));
    let (_, line) = said.max_by_key(|(says, _)| *says)?;
    let end = line.floor_char_boundary(LONGEST);
    let more = if end < line.len() { "…" } else { "" };
    Some(format!("{}{more}", &line[..end]))
}

fn says(before: &str, line: &str) -> Says {
    // In rake what is wrong stands in the line behind this one, in any words.
    if before.ends_with("aborted!") {
        return Says::Why;
    }
    let line = line.to_lowercase();
    let line = PREFIXES.iter().find_map(|prefix| line.strip_prefix(prefix)).unwrap_or(&line).trim();
    if REMARKS.iter().any(|remark| begins_with(line, remark)) {
        return Says::Little;
    }
    if CONSEQUENCES.iter().any(|consequence| line.contains(consequence)) {
        return Says::ThatItFailed;
    }
    if ERRORS.iter().any(|error| names_itself(line, error)) {
        return Says::Why;
    }
    if WORDS.iter().any(|word| has_word(line, word)) { Says::Perhaps } else { Says::Little }
}

/// Whether a line says of itself that it is an error: it begins so, behind the program's name too, or says what after it.
fn names_itself(line: &str, error: &str) -> bool {
    line.match_indices(error).any(|(at, _)| {
        let (before, after) = (&line[..at], &line[at + error.len()..]);
        let begins = before.is_empty() || before.ends_with(": ");
        let tells = |rest: &str| !rest.trim().is_empty();
        match after.chars().next() {
            Some(':') => tells(&after[1..]),
            Some('[') => after.contains("]: "),
            Some(' ') => begins,
            _ => false,
        }
    })
}

/// Whether a line begins with words, and not with a longer one or with a name such as `notes-api`.
fn begins_with(line: &str, words: &str) -> bool {
    let rest = line.strip_prefix(words);
    rest.is_some_and(|rest| {
        !rest.starts_with(|next: char| next.is_alphanumeric() || matches!(next, '-' | '_' | '.'))
    })
}

fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let (before, after) = (&line[..at], &line[at + word.len()..]);
        let is_whole = !before.ends_with(char::is_alphanumeric) && !after.starts_with(char::is_alphanumeric);
        // "0 failed" is no failure.
        let in_front = before.trim_end().rsplit(|c: char| !c.is_alphanumeric()).next();
        is_whole && !matches!(in_front, Some("0" | "no"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(output: &str, expected: &str) {
        let lines: Vec<String> = output.lines().map(str::to_owned).collect();
        assert_eq!(headline(&lines).as_deref(), Some(expected), "{output}");
    }

    #[test]
    fn numbers_and_names_are_read_to_their_ends() {
        check("10 failed\n0 failed\nbye\n", "10 failed");
        check("notes-api | Error: no such table\nnote: it is\n", "notes-api | Error: no such table");
        check("helper failed to start\nhelp: x\n", "helper failed to start");
    }

    #[test]
    fn the_sum_at_the_end_says_less_than_what_it_sums() {
        check(
            "error[E0425]: cannot find value `x`\n --> src/main.rs:2:5\nerror: aborting due to 1 previous error\n",
            "error[E0425]: cannot find value `x`",
        );
        check("--- FAIL: TestSum (0.00s)\nexit status 1\n", "--- FAIL: TestSum (0.00s)");
        check(
            "# example.com/x\n./x.go:3:2: undefined: y\nFAIL\texample.com/x [build failed]\n",
            "./x.go:3:2: undefined: y",
        );
        check(
            "[ERROR] Failed to execute goal compile: Compilation failure\n[ERROR] \n\
             [ERROR] To see the full stack trace of the errors, re-run Maven with the -e switch.\n\
             [ERROR] Re-run Maven using the -X switch to enable full debug logging.\n",
            "[ERROR] Failed to execute goal compile: Compilation failure",
        );
        check(
            "E       assert 1 == 2\nFAILED x.py::test - assert 1 == 2\n===== 1 failed in 0.1s =====\n",
            "FAILED x.py::test - assert 1 == 2",
        );
        let panicked = "thread 'main' panicked at src/main.rs:2:5:";
        check(&format!("{panicked}\nboom\nnote: run with `RUST_BACKTRACE=1`\n"), panicked);
    }

    #[test]
    fn helm() {
        check(
            "history.go:56: [debug] getting history for release web\n\
             Error: INSTALLATION FAILED: cannot re-use a name that is still in use\n",
            "Error: INSTALLATION FAILED: cannot re-use a name that is still in use",
        );
        check(
            "Error: YAML parse error on app/templates/web.yaml: error converting YAML to JSON: line 3\n\n\
             Use --debug flag to render out invalid YAML\n",
            "Error: YAML parse error on app/templates/web.yaml: error converting YAML to JSON: line 3",
        );
    }

    #[test]
    fn git() {
        let said = "git: 'comit' is not a git command. See 'git --help'.";
        check(&format!("{said}\n\nThe most similar command is\n\tcommit\n"), said);
    }

    #[test]
    fn kubectl() {
        check(
            "deployment.apps/web created\nError from server (NotFound): pods \"web\" not found\n",
            "Error from server (NotFound): pods \"web\" not found",
        );
        let refused = "The connection to the server localhost:8080 was refused - did you specify the right host or port?";
        check(&format!("E1129 10:00:00.1 1 memcache.go:265] couldn't get list\n{refused}\n"), refused);
        check(
            "error: you must be logged in to the server (Unauthorized)\nhello\ncommand terminated with exit code 1\n",
            "error: you must be logged in to the server (Unauthorized)",
        );
    }

    #[test]
    fn npm() {
        check(
            "npm error code ENOENT\nnpm error syscall open\nnpm error path /app/package.json\nnpm error errno -2\n\
             npm error enoent Could not read package.json: Error: ENOENT: no such file or directory\n\
             npm error enoent This is related to npm not being able to find a file.\nnpm error enoent\n\
             npm error A complete log of this run can be found in: /home/a/.npm/_logs/1-debug-0.log\n",
            "npm error enoent Could not read package.json: Error: ENOENT: no such file or directory",
        );
        check(
            "npm ERR! Missing script: \"deploy\"\nnpm ERR! \nnpm ERR! To see a list of scripts, run:\n\
             npm ERR!   npm run\nnpm ERR! A complete log of this run can be found in:\nnpm ERR!     /a/_logs/1.log\n",
            "npm ERR! Missing script: \"deploy\"",
        );
        check(
            "> app@1.0.0 test\n> node test.js\n\nTypeError: x is not a function\n    at Object.<anonymous> (/app/test.js:1:1)\n\n\
             Node.js v22.0.0\nnpm error Lifecycle script `test` failed with error:\nnpm error code 1\nnpm error path /app\n\
             npm error command failed\nnpm error command sh -c node test.js\n",
            "TypeError: x is not a function",
        );
    }

    #[test]
    fn make() {
        check(
            "cc -c a.c\na.c:1:10: fatal error: b.h: No such file or directory\n    1 | #include \"b.h\"\n      |          ^~~~~\n\
             compilation terminated.\nmake: *** [Makefile:2: a.o] Error 1\n",
            "a.c:1:10: fatal error: b.h: No such file or directory",
        );
        check("sh build.sh\nmake: *** [Makefile:2: all] Error 3\n", "make: *** [Makefile:2: all] Error 3");
        check(
            "make: *** No rule to make target 'x', needed by 'all'.  Stop.\n",
            "make: *** No rule to make target 'x', needed by 'all'.  Stop.",
        );
    }

    #[test]
    fn cargo() {
        check(
            "   Compiling demo v0.1.0 (/app)\nerror[E0425]: cannot find value `x` in this scope\n --> src/main.rs:2:5\n  |\n\
             2 |     x\n  |     ^ not found in this scope\n\nFor more information about this error, try `rustc --explain E0425`.\n\
             error: could not compile `demo` (bin \"demo\") due to 1 previous error\n",
            "error[E0425]: cannot find value `x` in this scope",
        );
        check(
            "test a ... FAILED\n\ntest result: FAILED. 0 passed; 1 failed; 0 ignored\n\nerror: test failed, to rerun pass `--lib`\n",
            "error: test failed, to rerun pass `--lib`",
        );
    }

    #[test]
    fn psql() {
        check(
            "ERROR:  relation \"users\" does not exist\nLINE 1: select * from users;\n                      ^\n",
            "ERROR:  relation \"users\" does not exist",
        );
        let refused =
            "psql: error: connection to server at \"localhost\" (::1), port 5432 failed: Connection refused";
        check(
            &format!("{refused}\n\tIs the server running on that host and accepting TCP/IP connections?\n"),
            refused,
        );
    }

    #[test]
    fn docker() {
        check(
            "Unable to find image 'x:latest' locally\ndocker: Error response from daemon: pull access denied for x\n\
             See 'docker run --help'.\n",
            "docker: Error response from daemon: pull access denied for x",
        );
        check(
            "ERROR: failed to solve: process \"/bin/sh -c false\" did not complete successfully: exit code: 1\n",
            "ERROR: failed to solve: process \"/bin/sh -c false\" did not complete successfully: exit code: 1",
        );
    }

    #[test]
    fn a_traceback_of_python() {
        check(
            "starting\nTraceback (most recent call last):\n  File \"a.py\", line 2, in <module>\n    \
             raise KeyError(\"error: a\")\nKeyError: 'a'\n",
            "KeyError: 'a'",
        );
    }

    #[test]
    fn a_panic_of_go() {
        check(
            "listening\npanic: runtime error: index out of range [5] with length 3\n\ngoroutine 1 [running]:\nmain.main()\n\
             \t/app/main.go:8 +0x1d\nexit status 2\n",
            "panic: runtime error: index out of range [5] with length 3",
        );
    }

    #[test]
    fn rake() {
        check(
            "rake aborted!\nNameError: undefined local variable or method 'x' for main:Object\n\
             /app/Rakefile:2:in 'block in <top (required)>'\n\nTasks: TOP => boom\n(See full trace by running task with --trace)\n",
            "NameError: undefined local variable or method 'x' for main:Object",
        );
        check(
            "rake aborted!\nboom\n/app/Rakefile:2:in `block in <top (required)>'\nTasks: TOP => boom\n",
            "boom",
        );
    }

    #[test]
    fn what_no_form_fits() {
        check("one\ntwo\n\n", "two");
        check("0 failed, no error\nbye\n", "bye");
        check("error: first\nerror: last\nafter it\n", "error: last");
        assert_eq!(headline(&[]), None);
        assert_eq!(headline(&["x".repeat(400)]).map(|line| line.chars().count()), Some(LONGEST + 1));
    }
}
