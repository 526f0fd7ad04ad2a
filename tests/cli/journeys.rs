//! What people do from one end to the other, in a real shell on a real terminal: each step by what the one before said.
//!
//! Must not know anything that is not on the screen.

use std::fs::File;
use std::io::Write;

use crate::lifecycle::alone;
use crate::terminal::{read_until, terminal};
use crate::tool::{Started, Tool};

/// A shell on a terminal.
struct Shell {
    keys: File,
    process: Started,
    /// How many commands it was given.
    count: usize,
}

/// What a command showed, and its exit code.
struct Shown {
    text: String,
    code: i32,
}

impl Shell {
    fn start(tool: &Tool) -> Shell {
        let (keys, theirs) = terminal();
        let script = "stty -echo; export NO_COLOR=1; while IFS= read -r line; do eval \"$line\"; done";
        let process = tool.start_shell(script, theirs);
        Shell { keys, process, count: 0 }
    }

    /// Types a command, and another line for each question, and reads to its end.
    fn asked(&mut self, command: &str, answers: &[(&str, &str)]) -> Shown {
        self.count += 1;
        let end = format!("<end {} of ", self.count);
        self.write(&format!("{command}; echo \"<end {}\"\" of $?>\"\n", self.count));
        let mut text = String::new();
        for (question, answer) in answers {
            read_until(&mut self.keys, &mut text, Some(question));
            self.write(&format!("{answer}\n"));
        }
        read_until(&mut self.keys, &mut text, Some(&end));
        while !text[text.find(&end).expect("its end")..].contains('>') {
            let seen = text.clone();
            read_until(&mut self.keys, &mut text, Some(&format!("{seen}>")));
        }
        let (shown, code) = text.split_once(&end).expect("its end");
        let code = code.split('>').next().and_then(|code| code.parse().ok());
        Shown { text: shown.replace("\r\n", "\n"), code: code.expect("an exit code") }
    }

    #[track_caller]
    fn says(&mut self, command: &str, code: i32, parts: &[&str]) -> String {
        self.answers(command, &[], code, parts)
    }

    #[track_caller]
    fn answers(&mut self, command: &str, answers: &[(&str, &str)], code: i32, parts: &[&str]) -> String {
        let shown = self.asked(command, answers);
        assert_eq!(shown.code, code, "{command}: {}", shown.text);
        for part in parts {
            assert!(shown.text.contains(part), "{command}: {part:?} is not in {}", shown.text);
        }
        shown.text
    }

    fn write(&mut self, text: &str) {
        self.keys.write_all(text.as_bytes()).expect("the terminal is open");
    }

    #[track_caller]
    fn end(mut self) {
        self.write("exit\n");
        assert_eq!(self.process.end_unread(), Some(0));
    }
}

fn repository(files: &[(&str, &str)]) -> Tool {
    let tool = alone("");
    std::fs::remove_file(tool.path(".draft-tasks.toml")).expect("it is there");
    tool.write(".git/HEAD", b"");
    files.iter().for_each(|(path, text)| tool.write(path, text.as_bytes()));
    tool
}

#[test]
fn an_inherited_repository_gets_green() {
    let tool = repository(&[
        ("apps/web/.draft-tasks.toml", "[Pre-Up]\ngreet = \"echo web\"\n[post-delete]\nbye = \"echo bye\"\n"),
        ("apps/api/.draft-tasks.toml", "[pre-up]\ncount = \"ls | wc -l\"\n"),
        ("apps/jobs/.draft-tasks.toml", "greet = \"echo jobs\"\n[cleanup]\nbye = \"echo bye\"\n"),
        ("apps/mail/.draft-tasks.toml", "[pre-up]\ngreet = \"echo mail\"\ngreet = \"echo again\"\n"),
        ("apps/docs/.draft-tasks.toml", "[pre-up]\ngreet = \"echo docs\n[cleanup]\nbye = \"echo bye\"\n"),
    ]);
    let mut shell = Shell::start(&tool);
    let all = "2 errors, 3 warnings, 1 hint; 5 files, 5 with findings";
    shell.says("draft_tasks check", 1, &[all, "(--fix does it)"]);
    shell.says("draft_tasks check --fix", 2, &["give `.` as the path"]);
    let fixed = "apps/web/.draft-tasks.toml: fixed phase-case: rename to `pre-up`";
    shell.says("draft_tasks check --fix .", 1, &[fixed, "2 errors, 3 warnings; 5 files, 5 with findings"]);
    // What is left is to be decided; each line is what a finding said.
    for (file, said, change) in [
        ("web", "rename to `cleanup`", "s/post-delete/cleanup/"),
        ("api", "wrap in `sh -c '…'`", "s/\"ls | wc -l\"/\"sh -c 'ls | wc -l'\"/"),
        ("jobs", "move `greet` into `[pre-up]`", "1i [pre-up]"),
        ("mail", "rename this task to `greet-2`", "3s/greet/greet-2/"),
        ("docs", "this string is not closed: expected `\"` at its end", "2s/$/\"/"),
    ] {
        let file = format!("apps/{file}/.draft-tasks.toml");
        shell.says(&format!("draft_tasks check {file}"), 1, &[said, &file]);
        let change = change.replace('\'', "'\\''");
        shell.says(&format!("sed -i '{change}' {file}"), 0, &[]);
        shell.says(&format!("draft_tasks check {file}"), 0, &["nothing to report in 1 file"]);
    }
    shell.says("draft_tasks check", 0, &["nothing to report in 5 files"]);
    shell.says("draft_tasks fmt . && draft_tasks fmt --check .", 0, &[]);
    for (app, said) in
        [("web", "greet │ web"), ("api", "✓ count"), ("jobs", "jobs"), ("mail", "2 passed"), ("docs", "docs")]
    {
        shell.says(&format!("draft_tasks -C apps/{app} run pre-up"), 0, &[said, "passed in"]);
    }
    shell.end();
}

#[test]
fn a_failure_is_found_run_again_and_read_from_a_folder_below() {
    let tasks = "[pre-up]\nfirst = \"echo one\"\ncheck = \"sh -c 'test -e well || { echo no well here; exit 3; }'\"\nlast = \"echo two\"\n";
    let tool = repository(&[(".draft-tasks.toml", tasks), ("src/deep/file", "")]);
    let mut shell = Shell::start(&tool);
    shell.says("cd src/deep", 0, &[]);
    let failed = shell.says(
        "draft_tasks run pre-up",
        1,
        &[
            "using ../../.draft-tasks.toml",
            "✗ check",
            "exit code 3",
            "no well here",
            ".draft-tasks.toml:3",
            "log: ",
        ],
    );
    let again = failed.lines().find_map(|line| line.strip_prefix("again: draft-tasks ")).expect("what to do");
    assert_eq!(again, "run pre-up --failed");
    shell.says(&format!("draft_tasks {again}"), 1, &["pre-up · 2 tasks", "✗ check"]);
    let listed = shell.says("draft_tasks runs --failed", 0, &["pre-up", "failed", "✗ check, last"]);
    let id = listed.lines().last().and_then(|line| line.split(' ').next()).expect("the first run").to_owned();
    shell.says(&format!("draft_tasks runs show {id}"), 0, &["✓ first", "✗ check", "no well here"]);
    shell.says("cat \"$(draft_tasks runs path last)\"/*check.log", 0, &["no well here"]);
    shell.says("touch ../../well", 0, &[]);
    // Something else in between hides nothing.
    shell.says("draft_tasks run pre-up first", 0, &["1 passed"]);
    shell.says(&format!("draft_tasks {again}"), 0, &["✓ check", "✓ last", "2 passed"]);
    shell.says(&format!("draft_tasks {again}"), 0, &["all of its tasks passed"]);
    shell.says("draft_tasks runs show", 0, &["✓ check", "passed in"]);
    shell.end();
}

#[test]
fn an_application_is_deployed_and_deleted_around_its_own_commands() {
    let tasks = "[pre-up]\nbefore = \"echo $DRAFT_TASKS_PHASE\"\n[post-up]\nafter = \"cat deployed\"\n[cleanup]\nsweep = \"rm swept\"\n";
    let tool = repository(&[
        (".draft-tasks.toml", tasks),
        ("deploy.sh", "echo \"web is $1\" | tee deployed\n"),
        ("remove.sh", "mv deployed swept\n"),
        ("src/file", ""),
    ]);
    let mut shell = Shell::start(&tool);
    shell.says("draft_tasks up", 2, &["draft-tasks up -- COMMAND…"]);
    shell.says("draft_tasks up sh deploy.sh", 2, &["draft-tasks up -- sh …"]);
    shell.says(
        "draft_tasks up --dry-run -- sh deploy.sh new",
        0,
        &["nothing runs", "sh deploy.sh new", "post-up"],
    );
    shell.says("cd src", 0, &[]);
    let question = "run up with ../.draft-tasks.toml, from a folder above? [y/N]";
    shell.answers("draft_tasks up -- sh deploy.sh new", &[(question, "n")], 2, &["it was not confirmed"]);
    assert!(!tool.path("deployed").exists());
    let told = [
        "before │ pre-up",
        "sh │ web is new",
        "after │ web is new",
        "up · passed in",
        "✓ deploy",
        "✓ post-up",
    ];
    shell.answers("draft_tasks up -- sh deploy.sh new", &[(question, "y")], 0, &told);
    shell.says("cd ..", 0, &[]);
    let told = ["exit code 1", "the delete command failed, so cleanup did not run"];
    shell.says("draft_tasks delete -- false", 1, &told);
    let told = ["✓ sh", "✓ sweep", "delete · passed in"];
    shell.says("draft_tasks delete -- sh remove.sh", 0, &told);
    assert!(!tool.path("deployed").exists() && !tool.path("swept").exists());
    shell.says(
        "draft_tasks runs",
        0,
        &["delete · cleanup", "delete · delete", "up · post-up", "up · deploy", "up · pre-up"],
    );
    shell.end();
}
