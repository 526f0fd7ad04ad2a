//! `draft-tasks create`: a new file from a pack or of its own, and never another one's.

use std::os::unix::fs::{PermissionsExt, symlink};

use crate::tool::{Called, Tool};

const AZURE: &str = "draft/packs/github.com/Azure/draft/packs";

/// A directory with packs in the folder `draft`, which is Draft's.
fn with_packs() -> Tool {
    let tool = Tool::empty();
    tool.write(&format!("{AZURE}/python/tasks.toml"), b"[pre-up]\n# \xff\r\n");
    tool.write(&format!("{AZURE}/go/charts/Chart.yaml"), b"");
    tool.write("draft/packs/local/packs/go/tasks.toml", b"[cleanup]\n");
    let home = tool.path("draft");
    tool.with("DRAFT_HOME", home.to_str().expect("UTF-8"))
}

#[track_caller]
fn assert_said(called: &Called, code: i32, stdout: &str, stderr: &str) {
    assert_eq!(
        (called.code, called.stdout.as_str(), called.stderr.as_str()),
        (Some(code), stdout, stderr),
        "{called:?}"
    );
}

#[test]
fn a_pack_is_copied_with_its_bytes_and_its_mode() {
    let tool = with_packs();
    let source = tool.path(&format!("{AZURE}/python/tasks.toml"));
    std::fs::set_permissions(source, PermissionsExt::from_mode(0o440)).expect("permissions");
    let said = "created .draft-tasks.toml from the pack github.com/Azure/draft/python\n";
    assert_said(&tool.call(&["create", "--pack", "python"]), 0, said, "");
    let created = tool.path(".draft-tasks.toml");
    assert_eq!(std::fs::read(&created).expect("the file"), b"[pre-up]\n# \xff\r\n");
    assert_eq!(std::fs::metadata(&created).expect("the file").permissions().mode() & 0o777, 0o440);
}

#[test]
fn a_pack_without_tasks_gives_an_empty_file() {
    let tool = with_packs();
    std::fs::create_dir(tool.path("app")).expect("a directory");
    let said = "created app/.draft-tasks.toml, empty, as the pack github.com/Azure/draft/go has no tasks\n";
    assert_said(&tool.call(&["create", "--pack", "draft/go", "app"]), 0, said, "");
    assert_eq!(tool.read("app/.draft-tasks.toml"), "");
}

#[test]
fn names_that_mean_no_pack_or_several() {
    let tool = with_packs();
    let several = "error: several packs are named `go`: github.com/Azure/draft/go, local/go\n";
    assert_said(&tool.call(&["create", "--pack", "go"]), 2, "", several);
    let unknown = "error: there is no pack `ruby`; these are there:\n  github.com/Azure/draft/go  (without tasks)\n  \
                   github.com/Azure/draft/python\n  local/go\n";
    assert_said(&tool.call(&["create", "--pack", "ruby"]), 2, "", unknown);
    assert!(!tool.path(".draft-tasks.toml").exists());
}

#[test]
fn without_a_name_packs_are_listed() {
    let tool = with_packs();
    let listed =
        "  github.com/Azure/draft/go  (without tasks)\n  github.com/Azure/draft/python\n  local/go\n";
    let said = "error: nothing is created yet: choose one with --pack NAME, or --skeleton for a file without tasks\n";
    assert_said(&tool.call(&["create"]), 2, listed, said);
    assert!(!tool.path(".draft-tasks.toml").exists());
    let said = "created .draft-tasks.toml with the phases and no tasks\n";
    assert_said(&tool.call(&["create", "--skeleton"]), 0, said, "");
}

#[test]
fn without_packs_there_are_the_phases() {
    let tool = Tool::empty();
    let home = tool.path("home");
    let tool = tool.with("HOME", home.to_str().expect("UTF-8"));
    let said = "created .draft-tasks.toml with the phases and no tasks\n";
    assert_said(&tool.call(&["create"]), 0, said, "");
    let text = tool.read(".draft-tasks.toml");
    for header in ["[pre-up]", "[post-deploy]", "[cleanup]"] {
        assert!(text.contains(header), "{text}");
    }
    assert_said(&tool.call(&["check"]), 0, "nothing to report in 1 file; it has no task to run\n", "");
    assert_eq!(tool.call(&["fmt", "--check"]).code, Some(0));
    let missing = format!("error: there is no pack `go`: no packs in {}/.draft/packs\n", home.display());
    std::fs::create_dir(tool.path("app")).expect("a directory");
    assert_said(&tool.call(&["create", "app", "--pack", "go"]), 2, "", &missing);
}

#[test]
fn packs_in_the_users_home() {
    let tool = Tool::empty();
    tool.write("home/.draft/packs/x/packs/go/tasks.toml", b"[pre-up]\n");
    let home = tool.path("home");
    let tool = tool.with("HOME", home.to_str().expect("UTF-8"));
    assert_eq!(tool.call(&["create", "--pack", "go"]).code, Some(0));
    assert_eq!(tool.read(".draft-tasks.toml"), "[pre-up]\n");
}

#[test]
fn what_exists_is_left_as_it_is() {
    let tool = with_packs();
    tool.write(".draft-tasks.toml", b"mine");
    let said = "error: .draft-tasks.toml: already exists; not overwritten\n";
    for arguments in [&["create"][..], &["create", "--pack", "python"], &["create", "--skeleton"]] {
        assert_said(&tool.call(arguments), 2, "", said);
    }
    assert_eq!(tool.read(".draft-tasks.toml"), "mine");
}

#[test]
fn a_link_to_nothing_is_not_written_through() {
    let tool = with_packs();
    symlink(tool.path("elsewhere"), tool.path(".draft-tasks.toml")).expect("a link");
    assert_eq!(tool.call(&["create", "--pack", "python"]).code, Some(2));
    assert!(!tool.path("elsewhere").exists());
}

#[test]
fn what_cannot_be_read_or_written_is_said() {
    let tool = with_packs();
    assert_said(
        &tool.call(&["create", "none"]),
        2,
        "",
        "error: none: there is no such directory; it has to be made first\n",
    );
    tool.write(&format!("{AZURE}/odd/tasks.toml/file"), b"");
    let said = "error: the tasks file of the pack github.com/Azure/draft/odd: is a directory\n";
    assert_said(&tool.call(&["create", "--pack", "odd"]), 2, "", said);
    assert!(!tool.path(".draft-tasks.toml").exists());
}
