//! Each promise of `docs/security.md` names tests, and these exist.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::server;

#[test]
fn each_promise_is_held_by_a_test() {
    let project = server().parent().unwrap().to_owned();
    let mut tests = BTreeSet::new();
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
            assert!(tests.contains(name), "there is no test `{name}`");
        }
    }
}

fn tests_below(folder: &Path, found: &mut BTreeSet<String>) {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.is_dir() || path.extension().is_some_and(|it| it == "rs"));
    for path in paths {
        if path.is_dir() {
            tests_below(&path, found);
        } else {
            found.extend(tests_of(&fs::read_to_string(&path).unwrap()));
        }
    }
}

/// The functions of a file that are tests.
fn tests_of(text: &str) -> Vec<String> {
    let attributed = text.split("#[test]").skip(1).chain(text.split("#[tokio::test").skip(1));
    let name = |rest: &str| Some(rest.split_once("fn ")?.1.split('(').next()?.to_owned());
    attributed.filter_map(name).collect()
}
