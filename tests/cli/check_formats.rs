//! `check` for machines: each form of its findings, what is left out of them, and what would change.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::lifecycle::alone;
use crate::tool::{Called, Tool, absent, not_tested};

/// An error with another place, a warning with a fix, a hint that `--fix` repairs, an ü before one of them, a secret.
const TASKS: &str = "[pre-upp]\n\n[Cleanup]\n\"ü\" = \"echo a\"  \n\"ü\" = \"curl -H 'Authorization: Bearer hunter2hunter2'\"\n";

/// An application in a folder of a repository, and settings with a mistake above it.
fn project() -> Tool {
    let tool = alone("");
    std::fs::remove_file(tool.path(".draft-tasks.toml")).expect("it is there");
    tool.write(".git/HEAD", b"");
    tool.write("apps/my web/.draft-tasks.toml", TASKS.as_bytes());
    tool.write("apps/.draft-tasks.config.toml", b"[rules]\npost_up = \"off\"\n");
    tool
}

fn json(called: &Called) -> Value {
    assert_eq!((called.code, called.stderr.as_str()), (Some(1), ""), "{called:?}");
    assert!(!called.stdout.contains("hunter2hunter2 "), "{called:?}");
    serde_json::from_str(&called.stdout).expect("JSON")
}

#[test]
fn a_line_for_each_finding_is_what_compilers_write() {
    let tool = project();
    let called = tool.call(&["-C", "apps", "check", "--format", "short", "--quiet"]);
    assert_eq!((called.code, called.stderr.as_str()), (Some(1), ""), "{called:?}");
    let lines: Vec<&str> = called.stdout.lines().collect();
    for line in [
        "my web/.draft-tasks.toml:1:2: warning: the table `pre-upp` is ignored, in Draft too: did you mean `pre-up`? [unknown-phase]",
        ".draft-tasks.config.toml:2:1: error: there is no diagnostic `post_up`: did you mean `post-up`? [setting]",
    ] {
        assert!(lines.contains(&line), "{line}: {called:?}");
    }
    assert!(
        lines.iter().any(
            |line| line.starts_with("my web/.draft-tasks.toml:5:1: error: the task `ü` is defined twice")
        )
    );
    let told = tool.call(&["-C", "apps", "check", "--format", "short"]).stdout;
    assert!(
        told.starts_with(&called.stdout) && told.lines().count() == lines.len() + 1,
        "and a summary: {told}"
    );
}

#[test]
fn annotations_of_github_name_the_file_from_the_root_of_the_repository() {
    let tool = project().with("GITHUB_ACTIONS", "true");
    let called = tool.call(&["-C", "apps", "check"]);
    let annotation = "::warning file=apps/my web/.draft-tasks.toml,line=1,endLine=1,col=2,endColumn=9,\
        title=draft-tasks%3A unknown-phase::the table `pre-upp` is ignored, in Draft too: did you mean `pre-up`?\n";
    assert!(called.code == Some(1) && called.stdout.contains(annotation), "{called:?}");
    assert!(called.stdout.contains("::error file=apps/.draft-tasks.config.toml,line=2,"), "{called:?}");
    assert!(called.stdout.contains("::notice file=apps/my web/.draft-tasks.toml,line=3,"), "{called:?}");
    assert!(called.stdout.ends_with("; 2 files, 2 with findings\n"), "{called:?}");
    assert!(
        tool.call(&["check", "--format", "human"]).stdout.contains("\u{2500} apps/my web/"),
        "who asks gets it"
    );
    // Nothing in a name is a command, or ends one.
    tool.write("apps/my web/.draft-tasks.toml", b"[\"a%0A\\n::error::b\"]\n[\"x,y:z\"]\n");
    let called = tool.call(&["check", "apps/my web"]);
    let commands = called.stdout.lines().filter(|line| line.starts_with("::")).count();
    assert!(commands == 3 && called.stdout.contains("%250A"), "{called:?}");
    tool.write("apps/my web/.draft-tasks.toml", b"\xff");
    let called = tool.call(&["check", "apps/my web"]);
    let unread = "::error file=apps/my web/.draft-tasks.toml,title=draft-tasks::is not UTF-8";
    assert!(called.code == Some(2) && called.stdout.contains(unread), "{called:?}");
}

#[test]
fn sarif_has_places_below_the_root_of_the_system() {
    let tool = Tool::new("[pre-up]\na = \"x && y\"\n");
    let file = tool.path(".draft-tasks.toml").canonicalize().expect("it is there").display().to_string();
    let sarif = json(&tool.call(&["-C", "/", "check", "--format", "sarif", &file]));
    let place = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"];
    assert_eq!(place["uri"], file.trim_start_matches('/'));
}

#[test]
fn sarif_has_what_code_scanning_wants() {
    let tool = project();
    let sarif = json(&tool.call(&["-C", "apps", "check", "--format", "sarif"]));
    let run = &sarif["runs"][0];
    assert_eq!((&sarif["version"], &run["columnKind"]), (&json!("2.1.0"), &json!("unicodeCodePoints")));
    let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
    for rule in rules {
        for text in [&rule["shortDescription"], &rule["fullDescription"], &rule["help"]] {
            let text = text["text"].as_str().expect("a text");
            assert!(!text.is_empty(), "{rule}");
        }
        assert!(rule["shortDescription"]["text"].as_str().is_some_and(|text| text.chars().count() <= 1024));
    }
    let results = run["results"].as_array().expect("results");
    let of = |code: &str| {
        results.iter().find(|it| it["ruleId"] == code).unwrap_or_else(|| panic!("{code}: {sarif}"))
    };
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().expect("an index")).expect("a small one");
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(
            result["partialFingerprints"]["primaryLocationLineHash"]
                .as_str()
                .is_some_and(|it| it.contains(':'))
        );
    }
    let twice = of("duplicate-task");
    assert_eq!(
        twice["locations"][0]["physicalLocation"],
        json!({
            "artifactLocation": { "uri": "apps/my%20web/.draft-tasks.toml", "uriBaseId": "%SRCROOT%" },
            "region": { "startLine": 5, "startColumn": 1, "endLine": 5, "endColumn": 4 },
        })
    );
    assert_eq!(twice["relatedLocations"][0]["physicalLocation"]["region"]["startLine"], 4);
    assert_eq!(twice["level"], "error");
    let fix = &of("phase-case")["fixes"][0]["artifactChanges"][0]["replacements"][0];
    assert_eq!(fix["insertedContent"]["text"], "cleanup");
    assert_eq!(
        fix["deletedRegion"],
        json!({ "startLine": 3, "startColumn": 2, "endLine": 3, "endColumn": 9 })
    );
    assert_eq!((&of("phase-case")["level"], &of("setting")["level"]), (&json!("note"), &json!("error")));
    assert_valid(&sarif);
    let moved = format!("\n\n{TASKS}");
    tool.write("apps/my web/.draft-tasks.toml", moved.as_bytes());
    let again = json(&tool.call(&["-C", "apps", "check", "--format", "sarif"]));
    let hashes = |sarif: &Value| -> BTreeSet<String> {
        let results = sarif["runs"][0]["results"].as_array().expect("results");
        results.iter().map(|it| it["partialFingerprints"].to_string()).collect()
    };
    assert_eq!(hashes(&again), hashes(&sarif), "lines before it change nothing");
    tool.write("apps/.draft-tasks.toml", b"\xff");
    let unread = tool.call(&["check", "--format", "sarif"]);
    let sarif: Value = serde_json::from_str(&unread.stdout).expect("JSON");
    let invocation = &sarif["runs"][0]["invocations"][0];
    assert_valid(&sarif);
    assert!(unread.code == Some(2) && invocation["executionSuccessful"] == false, "{unread:?}");
    assert!(
        invocation["toolExecutionNotifications"][0]["message"]["text"].to_string().contains("is not UTF-8")
    );
}

/// Where `tests/tools/install schemas` has brought the schema.
fn assert_valid(sarif: &Value) {
    let schema =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/schemas/sarif-2.1.0.json");
    let Ok(schema) = std::fs::read_to_string(schema) else { return absent("the schema of SARIF") };
    let mut schema: Value = serde_json::from_str(&schema).expect("JSON");
    // Its own pattern for languages, of which we name none, is no regular expression to all readers.
    for of in ["run", "toolComponent"] {
        schema["definitions"][of]["properties"]["language"] = json!({});
    }
    let schema = jsonschema::validator_for(&schema).expect("a schema");
    let wrong: String =
        schema.iter_errors(sarif).map(|wrong| format!("{}: {wrong}\n", wrong.instance_path())).collect();
    assert_eq!(wrong, "");
}

#[test]
fn the_reader_of_sarif_finds_nothing_wrong() {
    let reader = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/sarif/Sarif.Multitool");
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return not_tested("SARIF by Microsoft's reader: it is for Linux on x86-64");
    }
    if !reader.exists() {
        return absent("the reader of SARIF");
    }
    let tool = project();
    tool.write("found.sarif", tool.call(&["check", "--format", "sarif"]).stdout.as_bytes());
    let mut reader = std::process::Command::new(reader);
    reader.args(["validate", "found.sarif"]).current_dir(tool.path(""));
    let read = reader.env("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1").output().expect("it starts");
    let said = String::from_utf8_lossy(&read.stdout);
    assert!(read.status.success() && !said.contains(": error "), "{said}");
}

#[test]
fn gitlab_gets_a_fingerprint_for_each_finding() {
    let tool = project();
    tool.write(
        "apps/my web/.draft-tasks.toml",
        b"[pre-up]\na = \"echo  b  c\"\na = \"echo\"\na = \"echo\"\n",
    );
    let issues = json(&tool.call(&["check", "--format", "gitlab"]));
    let issues = issues.as_array().expect("a list");
    let fingerprints: BTreeSet<&str> =
        issues.iter().map(|it| it["fingerprint"].as_str().expect("a text")).collect();
    assert!(fingerprints.len() == issues.len() && issues.len() >= 3, "{issues:?}");
    let twice = issues.iter().find(|it| it["check_name"] == "duplicate-task").expect("it is found");
    assert_eq!(twice["severity"], "major");
    let lines = json!({ "begin": 3, "end": 3 });
    assert_eq!(twice["location"], json!({ "path": "apps/my web/.draft-tasks.toml", "lines": lines }));
}

#[test]
fn gitlab_and_github_are_told_of_a_file_that_cannot_be_read() {
    let tool = alone("");
    tool.write(".draft-tasks.toml", b"[pre-up]\na = \"\xff\"\n");
    let said = "is not UTF-8: byte 0xff at line 2, column 6";
    let called = tool.call(&["check", "--format", "gitlab"]);
    let issues: Value = serde_json::from_str(&called.stdout).unwrap_or_else(|_| panic!("{called:?}"));
    assert_eq!((called.code, issues.as_array().expect("a list").len()), (Some(2), 1), "{called:?}");
    assert_eq!(issues[0]["description"], format!(".draft-tasks.toml: {said}"));
    assert_eq!(issues[0]["severity"], "major");
    assert_eq!(issues[0]["location"]["path"], ".draft-tasks.toml");
    let called = tool.call(&["check", "--format", "github"]);
    assert!(called.stdout.contains(&format!("::{said}")), "{called:?}");
}

#[test]
fn what_is_below_a_severity_is_neither_shown_nor_counted() {
    let tool = alone("[Pre-Up]\na = \"echo\"\n[pre-upp]\n");
    for (severity, code, said) in [
        ("hint", 1, "1 warning, 1 hint in 1 file"),
        ("warning", 1, "1 warning in 1 file"),
        ("error", 0, "nothing to report in 1 file"),
    ] {
        let called = tool.call(&["check", "--min-severity", severity]);
        assert!(called.code == Some(code) && called.stdout.ends_with(&format!("{said}\n")), "{called:?}");
    }
    assert_eq!(tool.call(&["check", "--quiet", "--min-severity", "error"]).stdout, "");
}

#[test]
fn a_fix_that_fix_makes_is_marked() {
    let tool = alone("[Pre-Up]\na = \"echo\"\n[pre-upp]\n");
    let said = tool.call(&["check"]).stdout;
    assert!(said.contains("= help: rename to `pre-up` (--fix does it)\n"), "{said}");
    assert_eq!(said.matches("(--fix does it)").count(), 1, "{said}");
    assert!(!tool.call(&["check", "--fix"]).stdout.contains("--fix does it"));
}

#[test]
fn all_rules_are_listed() {
    let tool = Tool::empty();
    let called = tool.call(&["check", "--list-rules"]);
    assert_eq!((called.code, called.stderr.as_str()), (Some(0), ""), "{called:?}");
    assert!(
        called.stdout.lines().any(|line| line.starts_with("unknown-phase ") && line.contains(" warning "))
    );
    assert!(called.stdout.lines().any(|line| line.starts_with("setting ")), "{called:?}");
    let called = tool.call(&["check", "--list-rules", "--format", "json"]);
    let rules: Value = serde_json::from_str(&called.stdout).expect("JSON");
    let of =
        |code: &str| rules["rules"].as_array().expect("rules").iter().find(|it| it["code"] == code).cloned();
    assert_eq!(of("duplicate-task").expect("it is there")["severity"], "error");
}

#[test]
fn a_diff_shows_what_would_change_and_changes_nothing() {
    let text = "[Pre-Up]\na = \"echo\"\n";
    let tool = alone(text);
    let called = tool.call(&["check", "--fix", "--diff"]);
    let diff = "--- a/.draft-tasks.toml\n+++ b/.draft-tasks.toml\n@@ -1,2 +1,2 @@\n-[Pre-Up]\n+[pre-up]\n a = \"echo\"\n";
    assert_eq!((called.code, called.stdout.as_str()), (Some(1), diff), "{called:?}");
    assert_eq!(called.stderr, "nothing would be left to decide\n");
    let alone = tool.call(&["check", "--diff", "--quiet"]);
    assert_eq!((alone.code, alone.stdout.as_str(), alone.stderr.as_str()), (Some(1), diff, ""));
    assert_eq!(tool.read(".draft-tasks.toml"), text);
    tool.write("change", diff.as_bytes());
    let patch =
        std::process::Command::new("patch").args(["-p1", "-i", "change"]).current_dir(tool.path("")).output();
    if patch.is_ok_and(|patch| patch.status.success()) {
        assert_eq!(tool.read(".draft-tasks.toml"), "[pre-up]\na = \"echo\"\n");
    }
    tool.write(".draft-tasks.toml", b"[pre-up]\na = \"echo\"\n");
    let called = tool.call(&["check", "--fix", "--diff"]);
    assert_eq!((called.code, called.stdout.as_str()), (Some(0), ""));
    let unformatted = b"[pre-up]\na=\"curl -H 'Authorization: Bearer hunter2hunter2'\"\n";
    tool.write(".draft-tasks.toml", unformatted);
    let called = tool.call(&["fmt", "--diff"]);
    assert!(called.code == Some(1) && called.stdout.contains("\n+a = \"curl"), "{called:?}");
    assert!(!called.stdout.contains("hunter2"), "{called:?}");
    assert!(
        called.stderr.contains("secrets are masked in the diff, so it does not apply as a patch"),
        "{called:?}"
    );
    assert_eq!(tool.read(".draft-tasks.toml").as_bytes(), unformatted);
    let called = tool.call_with_input(&["fmt", "--diff", "-"], b"[pre-up]\na=\"b\"\n");
    assert!(called.code == Some(1) && called.stdout.ends_with("-a=\"b\"\n+a = \"b\"\n"), "{called:?}");
    tool.write(".draft-tasks.toml", b"[pre-up]\na = \"ls | wc -l\"\n");
    let called = tool.call(&["check", "--diff"]);
    let said = "--fix would change nothing; 1 finding is left, which `draft-tasks check` shows\n";
    assert_eq!((called.code, called.stdout.as_str(), called.stderr.as_str()), (Some(0), "", said));
}

#[test]
fn a_fix_that_would_write_a_secret_is_left_out_for_machines() {
    let tool = alone("[pre-up]\na = \"curl -H 'Authorization: Bearer hunter2hunter2' x > out\"\n");
    for format in ["sarif", "json"] {
        let called = tool.call(&["check", "--format", format]);
        assert!(called.stdout.contains("\"fixes\": []"), "{called:?}");
        assert!(!called.stdout.contains("hunter2hunter2"), "{called:?}");
    }
}

#[test]
fn a_secret_outside_of_commands_is_in_no_report() {
    let text = concat!(
        "out = \"curl --password Sup3rS3cretA1 https://x\"\n[pre-up]\n",
        "b = [\"login\", \"--password\", \"Sup3rS3cretA4\"]\nd = login --password Sup3rS3cretA6\n",
        "p = { password = \"Sup3rS3cretA7\" }\nq = \"true\" extra # --password Sup3rS3cretA8\n",
    );
    let tool = alone(text);
    for arguments in [
        &["check"][..],
        &["check", "--format", "json"],
        &["check", "--format", "sarif"],
        &["check", "--format", "gitlab"],
        &["check", "--format", "github"],
        &["check", "--diff"],
    ] {
        let called = tool.call(arguments);
        assert!(!called.stdout.is_empty() || arguments.contains(&"--diff"), "{called:?}");
        assert!(![called.stdout.as_str(), &called.stderr].concat().contains("Sup3rS3cret"), "{called:?}");
    }
}
