//! Each promise of `docs/security.md` names tests, and these exist and are run.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::server;

#[test]
fn each_promise_is_held_by_a_test() {
    let project = server().parent().unwrap().to_owned();
    let mut tests = Tests { steps: steps(&project), ..Tests::default() };
    for folder in ["server", "tests"] {
        tests_below(&project.join(folder), &mut tests);
    }
    let text = fs::read_to_string(project.join("docs/security.md")).unwrap();
    let blocks: Vec<&str> = text.split("\n\n").collect();
    // What is no promise stands below a line of its own.
    let lists = blocks.windows(2).filter(|pair| pair[1].starts_with("- ") && pair[0] != "Limits:");
    let promises: Vec<&str> = lists.flat_map(|pair| pair[1][2..].split("\n- ")).collect();
    assert!(promises.len() > 10);
    for promise in promises {
        let named = promise.split_once("\n  test: ").map(|(_, tests)| tests).unwrap_or_default();
        assert!(!named.is_empty(), "no test for: {promise}");
        for name in named.split(", ").map(|name| name.trim_matches('`')) {
            assert!(!tests.unrun.contains(name), "no step of the Makefile runs the ignored test `{name}`");
            assert!(tests.run.contains(name), "there is no test `{name}`");
        }
    }
}

/// Names of functions.
#[derive(Default)]
struct Tests {
    /// What the steps of the Makefile run of tests that are ignored.
    steps: Vec<String>,
    run: BTreeSet<String>,
    /// Those that are ignored, and that no step runs.
    unrun: BTreeSet<String>,
}

/// What the steps of `make test-all` tell of tests that are ignored: the filter of a call that runs such, or the script that
/// does, as the reason at the test names it.
fn steps(project: &Path) -> Vec<String> {
    let makefile = fs::read_to_string(project.join("Makefile")).unwrap();
    let steps = makefile.lines().filter(|line| line.starts_with("\t@$(step) "));
    let calls = steps.filter_map(|line| match line.split_once(" -- ") {
        Some((call, rest)) => Some(call).filter(|_| rest.contains("--ignored")),
        None => Some(line).filter(|line| line.ends_with("/run")),
    });
    calls.filter_map(|call| Some(call.split_whitespace().next_back()?.to_owned())).collect()
}

fn tests_below(folder: &Path, found: &mut Tests) {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.is_dir() || path.extension().is_some_and(|it| it == "rs"));
    for path in paths {
        if path.is_dir() {
            tests_below(&path, found);
        } else {
            let module = path.file_stem().unwrap().to_string_lossy();
            tests_of(&module, &fs::read_to_string(&path).unwrap(), found);
        }
    }
}

/// The functions of a file that are tests.
fn tests_of(module: &str, text: &str, found: &mut Tests) {
    let attributed = text.split("#[test]").skip(1).chain(text.split("#[tokio::test").skip(1));
    for (attributes, rest) in attributed.filter_map(|rest| rest.split_once("fn ")) {
        let name = rest.split('(').next().unwrap_or_default().to_owned();
        let told = format!("{attributes}{module}::{name}");
        let is_run = !attributes.contains("#[ignore") || found.steps.iter().any(|step| told.contains(step));
        if is_run {
            found.run.insert(name)
        } else {
            found.unrun.insert(name)
        };
    }
}
