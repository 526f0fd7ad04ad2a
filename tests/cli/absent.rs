//! What `check` says of files that commands name and that are not there, and where it does not know.

use crate::lifecycle::alone;
use crate::tool::Tool;

/// The places and messages of what is found in the tasks of `pre-up`.
#[track_caller]
fn found(tool: &Tool, tasks: &[&str]) -> Vec<String> {
    let tasks: String = tasks.iter().enumerate().map(|(at, task)| format!("t{at} = {task:?}\n")).collect();
    tool.write("app/.draft-tasks.toml", format!("[pre-up]\n{tasks}").as_bytes());
    let quiet = ["--quiet", "--rule", "program-not-found=off", "--rule", "shell-operator=off"];
    let called = tool.call(&[&["check", "app", "--format", "short"], &quiet[..]].concat());
    assert_eq!((called.code, called.stderr.as_str()), (Some(0), ""), "{called:?}");
    let line = |line: &str| line.strip_prefix("app/.draft-tasks.toml:").expect("a place").to_owned();
    called.stdout.lines().map(line).collect()
}

#[test]
fn a_script_that_a_program_is_to_read_is_looked_for() {
    let tool = alone("");
    for command in ["node none.js", "python3 none.js", "sh -c 'true && ruby none.js'", "php none.js --x"] {
        let [line] = found(&tool, &[command]).try_into().expect("one finding");
        assert!(line.contains(": info: there is no file `none.js`: paths begin at"), "{line}");
        assert!(line.ends_with(" [script-not-found]"), "{line}");
    }
    let at = found(&tool, &["sh -c 'true; ./none.sh'", "node web/none.js"]);
    assert!(at[0].starts_with("2:20: info: there is no file `./none.sh`") && at.len() == 1, "{at:?}");
    tool.write("app/web/there.js", b"");
    assert_eq!(found(&tool, &["node web/there.js"]), [""; 0]);
    let missing = found(&tool, &["true", "npm ci", "node web/none.js", "python3 none.js"]);
    assert_eq!(missing.len(), 2, "{missing:?}");
    for unknown in [
        "node none",
        "node -e none.js",
        "python3 -m none",
        "node $FOLDER/none.js",
        "node *.js",
        "sh -c 'cd web && node none.js'",
        "sh -c 'test -e none.js && node none.js'",
        "node /none/none.js",
    ] {
        let found = found(&tool, &[unknown]);
        assert!(!found.iter().any(|line| line.contains("script-not-found")), "{unknown}: {found:?}");
    }
}

#[test]
fn what_a_task_before_may_have_made_is_not_missing() {
    let tool = alone("");
    for tasks in [
        &["make build", "node dist/main.js"][..],
        &["make build", "./server"],
        &["tsc --outFile=none.js", "node none.js"],
        &["curl -o ./none.py https://example.com/x", "python3 none.py"],
        &["cmake -B build", "make -C build"],
        &["./configure", "make"],
        &["git clone https://example.com/web", "npm --prefix web run build"],
        &["sh -c 'git clone https://example.com/web && make -C web'"],
    ] {
        let found = found(&tool, &tasks[tasks.len() - 1..]);
        assert_eq!(found.is_empty(), tasks.len() == 1, "alone: {found:?}");
        tool.write("app/Makefile", b"build:\n\ttrue\n");
        let is_of_last = |line: &String| line.starts_with(&format!("{}:", tasks.len() + 1));
        std::fs::remove_file(tool.path("app/Makefile")).expect("it is there");
        let found = self::found(&tool, tasks);
        assert!(!found.iter().any(is_of_last), "{tasks:?}: {found:?}");
    }
}

#[test]
fn a_makefile_that_is_not_there_is_told() {
    let tool = alone("");
    for (command, said) in [
        ("make", "2:7: info: there is no Makefile ["),
        ("make x", "2:12: info: there is no Makefile with the target `x` ["),
        ("make -C nowhere", "2:7: info: there is no nowhere/Makefile ["),
        ("make -s -j4 --directory=nowhere x", "there is no nowhere/Makefile with the target `x` ["),
        ("make -f none.mk", "there is no none.mk ["),
        ("sh -c 'true && make x'", "there is no Makefile with the target `x` ["),
    ] {
        let [line] = found(&tool, &["echo hello", command]).try_into().expect("one finding");
        let line = line.replacen("3:", "2:", 1);
        assert!(line.contains(said) && line.ends_with("[make-target-not-found]"), "{command}: {line}");
    }
    for unknown in
        ["make --version", "make -Cweb", "make $HOME", "make --eval=x:", "make -sC web x", "make main"]
    {
        tool.write("app/main.c", b"");
        assert_eq!(found(&tool, &[unknown]), [""; 0], "{unknown}");
    }
    assert_eq!(found(&tool.with("MAKEFILES", "x"), &["make x"]), [""; 0]);
}

#[test]
fn a_script_of_npm_is_looked_for_behind_options_and_without_a_package() {
    let tool = alone("");
    for (command, said) in [
        ("npm run x", "2:15: info: there is no package.json with the script `x` ["),
        ("npm test", "there is no package.json with the script `test` ["),
        ("npm --prefix web run x", "there is no web/package.json with the script `x` ["),
    ] {
        let [line] = found(&tool, &[command]).try_into().expect("one finding");
        assert!(line.contains(said), "{command}: {line}");
    }
    // npm takes the nearest one above.
    tool.write("package.json", b"{}");
    assert_eq!(found(&tool, &["npm run x"]), [""; 0]);
    tool.write("app/package.json", b"{ \"scripts\": { \"test\": \"true\" } }");
    for command in ["npm run -s tset", "npm run --silent tset", "npm run --loglevel=warn --prefix . tset"] {
        let [line] = found(&tool, &[command]).try_into().expect("one finding");
        assert!(
            line.contains("there is no script `tset` in the ") && line.contains("did you mean `test`?"),
            "{line}"
        );
    }
    for fine in ["npm run -s test", "npm run --unheard-of tset", "npm run", "npm run -w web tset"] {
        assert_eq!(found(&tool, &[fine]), [""; 0], "{fine}");
    }
}
