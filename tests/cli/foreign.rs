//! A checkout of another user, as a job in a container may have it.

use std::os::unix::fs::chown;

use crate::tool::{Tool, assert_says, not_tested};

/// A repository of another user with a tasks file and settings above a folder; nothing where none can be given away.
fn given_away() -> Option<Tool> {
    let tool = Tool::new("[pre-up]\na = \"true\"\n");
    tool.write(".draft-tasks.config.toml", b"[run]\ntimeout = \"1m\"\n");
    tool.write(".git/HEAD", b"");
    tool.write("sub/file", b"");
    tool.write("own/.draft-tasks.toml", b"[pre-up]\nb = \"true\"\n");
    for path in ["", ".git", "sub", "own", ".draft-tasks.toml", ".draft-tasks.config.toml"] {
        if chown(tool.path(path), Some(4711), None).is_err() {
            not_tested("a checkout of another user: only the superuser gives files away");
            return None;
        }
    }
    Some(tool)
}

#[test]
fn it_is_used_only_where_its_folder_is_named() {
    let Some(tool) = given_away() else { return };
    let runs: [&[&str]; 2] = [&["-C", "sub", "run", "pre-up"], &["-C", "own", "run", "pre-up"]];
    for run in runs {
        assert_says(&tool.call(run), 2, &["belongs to another user", "DRAFT_TASKS_SAFE_DIRECTORIES"]);
    }
    let tool = tool.with("DRAFT_TASKS_SAFE_DIRECTORIES", "given");
    for run in runs {
        let said = "`given` in DRAFT_TASKS_SAFE_DIRECTORIES is not used, as it is not an absolute path";
        assert_says(&tool.call(run), 2, &[said]);
    }
    let folder = tool.path("").display().to_string();
    let beside = tool.path("sub").display().to_string();
    let tool = tool.with("DRAFT_TASKS_SAFE_DIRECTORIES", &beside);
    for run in runs {
        assert_says(&tool.call(run), 2, &["belongs to another user"]);
    }
    let tool = tool.with("DRAFT_TASKS_SAFE_DIRECTORIES", &format!("/nowhere:{folder}"));
    for run in runs {
        assert_says(&tool.call(run), 0, &["1 passed"]);
    }
}
