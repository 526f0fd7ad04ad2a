//! `draft-tasks completions`: real shells that complete, with the script as they source it.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::terminal::{read_until, terminal};
use crate::tool::{Tool, absent};

const FILE: &str = "[pre-up]\n\"build web\" = \"echo web\"\n\"build db's\" = \"echo db\"\nsync = \"echo sync\"\n\
    [cleanup]\ndrop = \"echo drop\"\n";

const KUBECONFIG: &str = "\
apiVersion: v1
kind: Config
contexts:
- name: kind-dev
  context: { cluster: c, user: u }
- name: prod
  context: { cluster: c, user: u }
clusters:
- name: c
  cluster: { server: 'https://127.0.0.1:1' }
users:
- name: u
  user:
    exec: { apiVersion: client.authentication.k8s.io/v1, command: sh, args: ['-c', 'touch plugin-ran'], interactiveMode: Never }
";

fn tool() -> Tool {
    let tool = Tool::new(FILE);
    tool.write("config", KUBECONFIG.as_bytes());
    tool.write(
        "draft.toml",
        b"[environments.development]\nname = \"web\"\n[environments.staging]\nname = \"web\"\n",
    );
    let program = Path::new(env!("CARGO_BIN_EXE_draft-tasks")).parent().expect("a directory").to_owned();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap_or_default());
    let kubeconfig = tool.path("config").display().to_string();
    tool.with("PATH", &path).with("KUBECONFIG", &kubeconfig)
}

/// A program with the environment of the tool.
fn program(tool: &Tool, name: &str, arguments: &[&str]) -> Command {
    let ours = tool.command(&[]);
    let mut command = Command::new(name);
    command.args(arguments).current_dir(tool.path("")).stdin(Stdio::null());
    for (name, value) in ours.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
}

#[track_caller]
fn lines(output: &Output) -> Vec<String> {
    assert!(output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout.clone()).expect("UTF-8").lines().map(str::to_owned).collect()
}

/// What bash would offer for the last word, which bash gives without the quote with which it begins.
#[track_caller]
fn in_bash(tool: &Tool, words: &[&str]) -> Vec<String> {
    const SCRIPT: &str = "source <(draft-tasks completions bash); COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); \
        _draft_tasks draft-tasks \"${COMP_WORDS[COMP_CWORD]#[\\'\\\"]}\" ''; printf '%s\\n' \"${COMPREPLY[@]}\"";
    let words = [&["-c", SCRIPT, "bash", "draft-tasks"], words].concat();
    lines(&program(tool, "bash", &words).output().expect("bash starts"))
}

/// What there is to complete, and what is offered.
const OFFERED: [(&[&str], &[&str]); 17] = [
    (&["run", ""], &["pre-up", "cleanup"]),
    (&["explain", "pre"], &["pre-up"]),
    (&["run", "pre-up", "s"], &["sync"]),
    (&["run", "cleanup", ""], &["drop"]),
    (&["export", "sh", "pre-up", ""], &["cleanup"]),
    (&["run", "pre-up", "--skip", "s"], &["sync"]),
    (&["run", "pre-up", "--environment", ""], &["development", "staging"]),
    (&["run", "--context", ""], &["kind-dev", "prod"]),
    (&["doctor", "--context", "p"], &["prod"]),
    (&["lis"], &["list"]),
    (&["explain", "--code", "unknown-p"], &["unknown-phase"]),
    (&["check", "--rule", "unknown-p"], &["unknown-phase="]),
    (&["run", "pre-up", "--dry"], &["--dry-run"]),
    (&["rerun", "la"], &["last"]),
    (&["up", "--", "draft-tas"], &["draft-tasks"]),
    (&["delete", "--dry-run", "--", "draft-tas"], &["draft-tasks"]),
    (&["up", "--", "cat", "draft.t"], &["draft.toml"]),
];

#[test]
fn what_bash_completes_in_quotes_runs_nothing() {
    let tool = tool();
    let names = ["say `touch ran` \\\"$5\\\"", "say it's", "say no!"];
    let tasks: String = names.iter().map(|name| format!("\"{name}\" = \"true\"\n")).collect();
    tool.write(".draft-tasks.toml", format!("[pre-up]\n{tasks}").as_bytes());
    let double = in_bash(&tool, &["run", "pre-up", "\"say"]);
    assert_eq!(double, [r#"say \`touch ran\` \"\$5\""#, "say it's"]);
    assert_eq!(in_bash(&tool, &["run", "pre-up", r#""say \`t"#]), double[..1]);
    let single = in_bash(&tool, &["run", "pre-up", "'say"]);
    assert_eq!(single, ["say `touch ran` \"$5\"", "say no!"]);
}

#[test]
fn a_word_of_another_argument_hides_no_task() {
    let tool = tool();
    tool.write(".draft-tasks.toml", b"[pre-up]\nrun = \"true\"\npre-up = \"true\"\nstaging = \"true\"\n");
    assert_eq!(in_bash(&tool, &["run", "pre-up", ""]), ["run", "pre-up", "staging"]);
    assert_eq!(in_bash(&tool, &["run", "pre-up", "-n", "staging", "s"]), ["staging"]);
    assert_eq!(in_bash(&tool, &["run", "pre-up", "run", ""]), ["pre-up", "staging"]);
}

#[test]
fn bash_completes_what_there_is() {
    let tool = tool();
    for (words, expected) in OFFERED {
        assert_eq!(in_bash(&tool, words), *expected, "{words:?}");
    }
    // What stands on the line already is not offered again.
    for words in [&["run", "cleanup", "drop", "d"][..], &["run", "pre-up", "--skip", "sync", "--skip", "s"]] {
        assert_eq!(in_bash(&tool, words), [""], "{words:?}");
    }
    // Bash takes `=` for a word, and replaces what is behind it.
    for (words, expected) in [
        (&["check", "--rule", "tilde", "=", "o"][..], "off"),
        (&["check", "--rule", "=", "tilde", "=", "w"], "warning"),
        (&["run", "pre-up", "--environment", "=", "st"], "staging"),
        (&["run", "pre-up", "--skip", "=", "s"], "sync"),
        (&["check", "--rule=tilde=e"], "--rule=tilde=error"),
    ] {
        assert_eq!(in_bash(&tool, words), [expected], "{words:?}");
    }
    assert_eq!(
        in_bash(&tool, &["check", "--rule", "tilde", "="]),
        ["error", "warning", "information", "hint", "off"]
    );
    // The same holds for `:`.
    tool.write("colons/.draft-tasks.toml", b"[pre-up]\n\"db:seed\" = \"true\"\n\"my db:x y\" = \"true\"\n");
    for (words, expected) in [
        (&["db", ":", "se"][..], "seed"),
        (&["db", ":"], "seed"),
        (&["d"], "db:seed"),
        (&["--skip", "=", "db", ":", "s"], "seed"),
        (&[r"my\ db", ":", r"x\ "], r"x\ y"),
        (&["'my db:x"], "my db:x y"),
    ] {
        let words = [&["-C", "colons", "run", "pre-up"], words].concat();
        assert_eq!(in_bash(&tool, &words), [expected], "{words:?}");
    }
    assert_eq!(in_bash(&tool, &["run", "pre-up", "bu"]), [r"build\ web", r"build\ db\'s"]);
    assert_eq!(in_bash(&tool, &["run", "pre-up", r"build\ w"]), [r"build\ web"]);
    assert_eq!(in_bash(&tool, &["run", "pre-up", "x"]), [""]);
    tool.write("sub/.draft-tasks.toml", b"[post-up]\nother = \"true\"\n");
    assert_eq!(in_bash(&tool, &["-C", "sub", "run", ""]), ["post-up"]);
    for file in [&["--file", "sub"][..], &["--file=sub"], &["--file", "=", "sub"]] {
        assert_eq!(in_bash(&tool, &[&["run"], file, &["post-up", ""]].concat()), ["other"], "{file:?}");
    }
    for directory in ["-Csub", "-C=sub"] {
        assert_eq!(in_bash(&tool, &[directory, "run", ""]), ["post-up"], "{directory}");
    }
    tool.write("sub/.draft-tasks.toml", b"[post-up]\n\"b*\" = \"true\"\n");
    tool.write("bfile", b"");
    assert_eq!(in_bash(&tool, &["-C", "sub", "run", "post-up", "'b"]), ["b*"], "no file");
    assert_eq!(tool.call(&["run", "pre-up", "sync"]).code, Some(0));
    let record = tool.record_folders()[0].file_name().expect("a name").to_string_lossy().into_owned();
    // Those of this file alone, as they are listed.
    assert_eq!(tool.call(&["run", "post-up", "--file", "sub", "--yes"]).code, Some(0));
    let listed = tool.call(&["runs"]).stdout.split(' ').next().expect("a name").to_owned();
    assert!(record.starts_with(&listed) && listed.len() < record.len(), "{listed}");
    for command in [&["rerun", "2"][..], &["runs", "show", "2"], &["runs", "rm", "2"], &["runs", "path", "2"]]
    {
        assert_eq!(in_bash(&tool, command), [listed.as_str()], "{command:?}");
    }
    assert_eq!(in_bash(&tool, &["runs", "--phase", "pods-r"]), ["pods-ready"]);
    assert_eq!(in_bash(&tool, &["runs", "list", "--phase", "cl"]), ["cleanup"]);
}

#[test]
fn a_file_that_looks_like_an_option_is_offered_where_it_is_none() {
    let tool = tool();
    tool.write("--dry-file", b"");
    for words in [&["check", "--d"][..], &["fmt", "--d"], &["create", "--d"]] {
        let offered = in_bash(&tool, words);
        assert!(offered.iter().all(|it| !it.contains("file")), "{words:?}: {offered:?}");
    }
    assert_eq!(in_bash(&tool, &["check", "--", "--d"]), ["--dry-file"]);
}

#[test]
fn who_completes_contacts_and_runs_nothing_and_leaves_nothing_behind() {
    let tool = tool();
    for words in
        [&["run", "--context", ""][..], &["rerun", ""], &["run", "pre-up", ""], &["runs", "show", ""]]
    {
        in_bash(&tool, words);
    }
    assert!(!tool.path("plugin-ran").exists() && !tool.path(".state").exists());
    // What is broken offers nothing, and says nothing.
    tool.write("config", b"}{");
    tool.write("draft.toml", b"[");
    tool.write(".draft-tasks.toml", b"\xff");
    for words in [&["run", "--context", ""][..], &["run", "pre-up", ""], &["run", "-e", ""]] {
        let offered = in_bash(&tool, words);
        assert!(offered.iter().all(|it| it.is_empty() || it.starts_with('-')), "{words:?}: {offered:?}");
    }
}

#[test]
fn a_key_completes_in_bash_and_the_line_can_be_run() {
    let tool = tool();
    for (typed, expected) in [
        ("draft-tasks run pre-up sy\t\r", "sync │ sync"),
        ("draft-tasks run pre-up build\\ w\t\r", "build web │ web"),
        ("draft-tasks run pre-up 'build w\t\r", "build web │ web"),
        ("draft-tasks run pre-up build\\ d\t\r", "build db's │ db"),
        ("draft-tasks run clean\tdr\t--yes\r", "drop │ drop"),
        ("draft-tasks run pre-up sync --skip=bu\tw\t\r", "sync │ sync"),
        ("draft-tasks check .draft-tasks.toml --rule post-up=o\t\r", "nothing to report in 1 file"),
        ("draft-tasks check .draft-tasks.toml --rule=post-up=\to\t\r", "nothing to report in 1 file"),
    ] {
        let (mut ours, theirs) = terminal();
        let mut shell = tool.start_shell("exec bash --norc --noprofile -i", theirs);
        let mut text = String::new();
        let script =
            "source <(draft-tasks completions bash); PS1=; NO_COLOR=1; export NO_COLOR; echo rea''dy\r";
        ours.write_all(script.as_bytes()).expect("the terminal is open");
        read_until(&mut ours, &mut text, Some("ready\r\n"));
        ours.write_all(typed.as_bytes()).expect("the terminal is open");
        read_until(&mut ours, &mut text, Some(expected));
        ours.write_all(b"exit\r").expect("the terminal is open");
        read_until(&mut ours, &mut text, None);
        assert_eq!(shell.end_unread(), Some(0), "{typed:?}: {text:?}");
    }
}

/// Whether a shell is there; the tools of the tests bring it.
fn is_there(shell: &str) -> bool {
    let found = Command::new(shell).args(["-c", "exit"]).status().is_ok_and(|status| status.success());
    if !found {
        absent(shell);
    }
    found
}

#[test]
fn fish_completes_what_there_is() {
    if !is_there("fish") {
        return;
    }
    let tool = tool();
    for (words, expected) in OFFERED {
        let script = "draft-tasks completions fish | source; complete -C $argv[1]";
        let line = format!("draft-tasks {}", words.join(" "));
        let output = program(&tool, "fish", &["--no-config", "-c", script, "--", &line])
            .output()
            .expect("fish starts");
        let offered = lines(&output);
        let values: Vec<&str> = offered.iter().filter_map(|line| line.split('\t').next()).collect();
        assert_eq!(values, *expected, "{words:?}");
    }
}

#[test]
fn a_key_completes_in_zsh_and_the_line_can_be_run() {
    if !is_there("zsh") {
        return;
    }
    let tool = tool();
    for (typed, expected) in [
        // Without a terminal the beginning of a name is none.
        ("draft-tasks run pre-up sy\t</dev/null\r", "sync │ sync"),
        ("draft-tasks run pre-up build\\ d\t</dev/null\r", "build db's │ db"),
        ("draft-tasks run pre-up 'build w\t</dev/null\r", "build web │ web"),
        ("draft-tasks run pre-up \"build d\t</dev/null\r", "build db's │ db"),
        ("draft-tasks run clean\tdr\t--yes </dev/null\r", "drop │ drop"),
    ] {
        let (mut ours, theirs) = terminal();
        let mut shell = tool.start_shell("exec zsh --no-rcs -i", theirs);
        let mut text = String::new();
        let script = "autoload -U compinit; compinit -u -D; source <(draft-tasks completions zsh); PS1=; \
            export NO_COLOR=1; echo rea''dy\r";
        ours.write_all(script.as_bytes()).expect("the terminal is open");
        read_until(&mut ours, &mut text, Some("ready\r\n"));
        ours.write_all(typed.as_bytes()).expect("the terminal is open");
        read_until(&mut ours, &mut text, Some("1 passed"));
        assert!(text.contains(expected), "{typed:?}: {text:?}");
        ours.write_all(b"exit\r").expect("the terminal is open");
        read_until(&mut ours, &mut text, None);
        assert_eq!(shell.end_unread(), Some(0));
    }
}

#[test]
fn a_key_completes_the_command_of_up_in_zsh() {
    if !is_there("zsh") {
        return;
    }
    let tool = tool();
    let (mut ours, theirs) = terminal();
    let mut shell = tool.start_shell("exec zsh --no-rcs -i", theirs);
    let mut text = String::new();
    let script =
        "autoload -U compinit; compinit -u -D; source <(draft-tasks completions zsh); PS1=; echo rea''dy\r";
    ours.write_all(script.as_bytes()).expect("the terminal is open");
    read_until(&mut ours, &mut text, Some("ready\r\n"));
    for (typed, expected) in
        [("draft-tasks up -- draft-tas\t", "-- draft-tasks"), ("draft.t\t", "draft.toml")]
    {
        ours.write_all(typed.as_bytes()).expect("the terminal is open");
        read_until(&mut ours, &mut text, Some(expected));
    }
    ours.write_all(b"\x15exit\r").expect("the terminal is open");
    read_until(&mut ours, &mut text, None);
    assert_eq!(shell.end_unread(), Some(0));
}

#[test]
fn each_shell_gets_a_script_that_asks_the_program() {
    let tool = tool();
    for (shell, part) in [
        ("bash", "complete -o bashdefault -o nosort -F _draft_tasks draft-tasks"),
        ("zsh", "#compdef draft-tasks"),
        ("fish", "complete --keep-order --exclusive --command draft-tasks"),
        ("powershell", "Register-ArgumentCompleter -Native -CommandName draft-tasks"),
    ] {
        let called = tool.call(&["completions", shell]);
        assert_eq!((called.code, called.stderr.as_str()), (Some(0), ""), "{called:?}");
        assert!(called.stdout.contains(part) && called.stdout.contains("DRAFT_TASKS_COMPLETE"), "{called:?}");
    }
    let called = tool.call(&["completions", "tcsh"]);
    assert!(called.code == Some(2) && called.stderr.contains("bash, zsh, fish, powershell"), "{called:?}");
}

#[test]
fn the_variable_of_the_script_alone_changes_nothing() {
    for value in ["", "bash", "tcsh"] {
        let called = tool().with("DRAFT_TASKS_COMPLETE", value).call(&["run", "pre-up", "sync"]);
        assert!(called.code == Some(0) && called.stdout.contains("✓ sync"), "{called:?}");
    }
}
