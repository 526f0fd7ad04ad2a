//! `draft-tasks run --format`: what CI systems read.

use std::process::{Command, Stdio};

use crate::lifecycle::with_cluster;
use crate::run::{assert_in_order, tasks};
use crate::tool::{Called, Tool, absent};

/// Tasks that pass, fail, cannot start and are skipped, with what neither XML nor a log of a workflow may hold.
fn mixed() -> Tool {
    let tool = Tool::new(
        "[cleanup]\ngood = \"printf 'a<b>&\\\\033[31m\\\\001\\\\n'\"\n\"b,c: d\" = \"sh -c 'echo ::notice::no; echo oh%no; exit 3'\"\nnone = \"no-such-program\"\n",
    );
    tool.write(".git/HEAD", b"");
    tool
}

/// What an XML parser says of a document: the elements with their attributes, one a line.
fn parsed(called: &Called) -> String {
    let script = "import sys, xml.etree.ElementTree as e\nfor it in e.fromstring(sys.stdin.buffer.read()).iter(): print(it.tag, sorted(it.attrib.items()), repr((it.text or '').strip()))";
    let mut python = Command::new("python3");
    let python = python.args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut python = python.spawn().expect("python3 starts");
    let mut input = python.stdin.take().expect("a pipe");
    std::io::Write::write_all(&mut input, called.stdout.as_bytes()).expect("a pipe");
    drop(input);
    let output = python.wait_with_output().expect("an end");
    assert!(output.status.success(), "{called:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Judges a report by the schema of Jenkins, where `tests/tools/install junit` has brought it.
fn assert_valid(called: &Called) {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/junit");
    if !folder.exists() {
        return absent("the schema of JUnit");
    }
    let script = "import sys\nfrom lxml import etree\nschema = etree.XMLSchema(etree.parse('junit-10.xsd'))\n\
        schema.assertValid(etree.parse(sys.stdin.buffer))";
    let mut python = Command::new("python3");
    let python = python.args(["-c", script]).current_dir(&folder).env("PYTHONPATH", ".");
    let mut python = python.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("python3 starts");
    let mut input = python.stdin.take().expect("a pipe");
    std::io::Write::write_all(&mut input, called.stdout.as_bytes()).expect("a pipe");
    drop(input);
    let output = python.wait_with_output().expect("an end");
    assert!(output.status.success(), "{}\n{called:?}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn junit_has_a_case_for_each_task() {
    let called = mixed().call(&["run", "cleanup", "--format", "junit"]);
    assert_eq!(called.code, Some(1), "{called:?}");
    assert_valid(&called);
    let xml = parsed(&called);
    let parts = [
        "('errors', '1'), ('failures', '1')",
        "('name', 'cleanup')",
        "('skipped', '0'), ('tests', '3')",
        "testcase [('classname', 'cleanup'), ('name', 'good')",
        "('name', 'b,c: d')",
        "failure [('message', 'exit code 3: oh%no'), ('type', 'exitCode')]",
        "error [('message', 'program `no-such-program` not found'), ('type', 'notStarted')]",
        "system-out [] 'good │ a<b>&",
    ];
    parts.iter().for_each(|part| assert!(xml.contains(part), "{part:?} is not in {xml}"));
    let order: Vec<&str> = xml.lines().filter_map(|line| line.split(' ').next()).collect();
    let expected =
        ["testsuites", "testsuite", "properties", "testcase", "testcase", "failure", "testcase", "error"];
    assert_eq!(order, [&expected[..], &["system-out", "system-err"]].concat(), "as the schema has it");
}

#[test]
fn a_dry_run_is_no_junit_report() {
    let tool = tasks("pre-up", &[("a", "true")]);
    for command in [&["run", "pre-up"][..], &["up"], &["delete"]] {
        let mut options = [command, &["--dry-run", "--format", "junit"]].concat();
        options.extend(["--", "true"].iter().filter(|_| command.len() == 1));
        let called = tool.call(&options);
        assert!(called.code == Some(2) && called.stdout.is_empty(), "{called:?}");
        assert!(called.stderr.contains("a dry run has no results to report"), "{called:?}");
    }
}

#[test]
fn beside_a_report_the_log_of_a_job_tells_what_failed() {
    let tool = mixed();
    let called = tool.call(&["run", "cleanup", "--format", "junit"]);
    let people = tool.call(&["run", "cleanup"]);
    for part in ["✓ good", "✗ b,c: d", "│ oh%no", "exit code 3", "1 passed, 2 failed in"] {
        assert!(called.stderr.contains(part) && people.stdout.contains(part), "{part}: {called:?}");
    }
    let called = tool.call(&["up", "--format", "junit", "--", "false"]);
    assert!(called.stderr.contains("\n  ✗ deploy "), "{called:?}");
    let quiet =
        tasks("pre-up", &[("one", "echo shown")]).call(&["run", "pre-up", "--quiet", "--format", "junit"]);
    assert!(!quiet.stderr.contains("shown"), "{quiet:?}");
}

#[test]
fn junit_of_up_is_one_document() {
    let tool = Tool::new("[pre-up]\na = \"true\"\n[post-up]\nb = \"false\"\n");
    let called = tool.call(&["up", "--format", "junit", "--", "true"]);
    assert_valid(&called);
    let xml = parsed(&called);
    assert_eq!((xml.matches("testsuites ").count(), xml.matches("testsuite ").count()), (1, 3), "{xml}");
    assert!(xml.contains("('id', '2'), ('name', 'post-up')"), "{xml}");
}

#[test]
fn github_folds_each_of_several_tasks_and_annotates_failures_behind_them() {
    let tool = mixed();
    let called = tool.call(&["run", "cleanup", "--format", "github"]);
    assert_eq!(called.code, Some(1), "{called:?}");
    let parts = [
        "::stop-commands::draft-tasks-",
        "::group::good\n",
        "::endgroup::\n",
        "✓ good",
        "::group::b,c: d\n",
        "│ ::notice::no\n",
        "::endgroup::\n",
        "✗ b,c: d",
        "::error file=.draft-tasks.toml,line=3,title=b%2Cc%3A d::exit code 3: oh%25no\n",
        "✗ none",
        "::error file=.draft-tasks.toml,line=4,title=none::program `no-such-program` not found\n",
        "1 passed, 2 failed in",
    ];
    assert_in_order(&called, &parts);
    assert_eq!(called.stdout.matches("::group::").count(), 2, "what did not start has none: {called:?}");
    // What is no command of ours stands where none is taken for one.
    let token =
        called.stdout.lines().find_map(|line| line.strip_prefix("::stop-commands::")).expect("a token");
    let resume = format!("::{token}::");
    let mut are_taken = true;
    for line in called.stdout.lines() {
        match line {
            _ if line == resume => are_taken = true,
            _ if line.starts_with("::stop-commands::") => are_taken = false,
            _ => assert_eq!(are_taken, line.starts_with("::"), "{line}"),
        }
    }
    assert!(are_taken, "what follows in the workflow may have commands");
    let one = tasks("pre-up", &[("one", "echo shown")]);
    let called = one.call(&["run", "pre-up", "--format", "github"]);
    assert!(!called.stdout.contains("::group::") && called.stdout.contains("one │ shown"), "{called:?}");
}

#[test]
fn junit_tells_what_a_failed_task_wrote_with_its_case() {
    let tool =
        tasks("pre-up", &[("good", "echo fine"), ("bad", "sh -c 'echo before; echo oh\\<no; exit 3'")]);
    let called = tool.call(&["run", "pre-up", "--format", "junit"]);
    let case = "message=\"exit code 3: oh&lt;no\">before\noh&lt;no</failure></testcase>";
    assert!(called.code == Some(1) && called.stdout.contains(case), "{called:?}");
}

#[test]
fn github_names_a_file_from_the_root_of_the_repository() {
    let tool = Tool::empty();
    tool.write(".git/HEAD", b"");
    tool.write("apps/web/.draft-tasks.toml", b"[pre-up]\na = \"false\"\n");
    let called = tool.call_after("cd apps", &["run", "pre-up", "--file", "web", "--format", "github"]);
    assert!(called.stdout.contains("::error file=apps/web/.draft-tasks.toml,line=2,"), "{called:?}");
}

#[test]
fn github_annotates_that_no_task_could_run() {
    let tool = with_cluster("[post-deploy]\na = \"true\"\n", "127.0.0.1");
    let called = tool.call(&[
        "run",
        "post-deploy",
        "--selector",
        "app=a",
        "--ready-timeout",
        "0",
        "--format",
        "github",
    ]);
    assert_eq!(called.code, Some(1), "{called:?}");
    let error =
        "\n::error file=.draft-tasks.toml,title=post-deploy::cannot reach the cluster of context `dev`";
    assert!(called.stdout.contains(error), "{called:?}");
}

#[test]
fn a_report_that_cannot_be_written_is_no_success_and_said_as_what_it_is() {
    let tool = Tool::new("[pre-up]\na = \"true\"\n");
    for arguments in [&["run", "pre-up", "--format", "junit"][..], &["up", "--format", "junit", "--", "true"]]
    {
        let called = tool.call_after("exec >/dev/full", arguments);
        assert_eq!(called.code, Some(1), "{called:?}");
        assert!(called.stderr.contains("error: standard output cannot be written: "), "{called:?}");
        assert!(!called.stderr.contains("cannot be run"), "{called:?}");
    }
}

#[test]
fn a_name_of_several_lines_is_one_in_junit() {
    let tool = Tool::new("[pre-up]\n\"a\\n\\tb\\u001B\" = \"echo x\"\n");
    let parsed = parsed(&tool.call(&["run", "pre-up", "--format", "junit"]));
    assert!(parsed.contains("('name', 'a\\n\\tb\u{fffd}')"), "{parsed}");
    assert!(parsed.contains("system-out [] 'a\\\\n\\\\tb\\\\u{1b} │ x'"), "{parsed}");
}

#[test]
fn a_value_that_is_given_is_in_no_format_and_no_record() {
    const VALUE: &str = "hunter22-Sup3rSecret";
    let tool = Tool::new("[pre-up]\na = \"sh -c 'echo $API_TOKEN; echo $API_TOKEN >&2; exit 3'\"\n");
    let given = format!("API_TOKEN={VALUE}");
    let mut said = String::new();
    for format in ["human", "json", "junit", "github"] {
        let called = tool.call(&["run", "pre-up", "--env", &given, "--format", format]);
        assert_eq!(called.code, Some(1), "{called:?}");
        assert!(called.stdout.contains("***"), "{format}: {called:?}");
        said += &format!("{}{}", called.stdout, called.stderr);
    }
    for wrong in [
        format!("API_TOKEN={VALUE}\nB"),
        format!("A B={VALUE}"),
        format!("A='x' {VALUE}"),
        format!("A=${{{VALUE}"),
    ] {
        tool.write("wrong.env", wrong.as_bytes());
        let called = tool.call(&["run", "pre-up", "--env-file", "wrong.env"]);
        said += &format!("{}{}", called.stdout, called.stderr);
    }
    for arguments in
        [&["runs", "show"][..], &["runs", "--format", "json"], &["run", "pre-up", "--failed", "--dry-run"]]
    {
        let called = tool.call(arguments);
        said += &format!("{}{}", called.stdout, called.stderr);
    }
    assert!(!(said + &tool.records()).contains(VALUE));
}
