//! `draft-tasks man`: pages that `man` shows and finds.

use std::process::Command;

use crate::tool::{Tool, absent};

#[test]
fn each_command_has_a_page_that_man_shows_without_a_warning() {
    let tool = Tool::empty();
    assert_eq!(tool.call(&["man", "pages/man1"]).code, Some(0));
    let pages = std::fs::read_dir(tool.path("pages/man1")).expect("a folder");
    let pages: Vec<_> = pages.map(|page| page.expect("a page").path()).collect();
    for name in ["draft-tasks.1", "draft-tasks-run.1", "draft-tasks-check.1", "draft-tasks-up.1"] {
        assert!(pages.iter().any(|page| page.ends_with(name)), "{name}: {pages:?}");
    }
    for page in &pages {
        let text = std::fs::read_to_string(page).expect("a page");
        let named = text.lines().filter_map(|line| line.strip_suffix("(1)"));
        for other in named.map(|name| format!("{}.1", name.replace('\\', ""))) {
            assert!(pages.iter().any(|page| page.ends_with(&other)), "{other} of {page:?}");
        }
        assert!(!text.contains(" ]"), "an option without its value: {page:?}");
    }
    if Command::new("man").arg("--version").output().is_err() {
        return absent("man");
    }
    for page in &pages {
        let name = page.file_stem().expect("a name").to_string_lossy().into_owned();
        let warned = ["--warnings", "-E", "UTF-8", "-l"];
        let shown = shown_by(Command::new("man").args(warned).arg(page).env("MANWIDTH", "80"));
        assert!(shown.contains("SYNOPSIS") && shown.contains(&in_words(&name)), "{shown}");
        let found = Command::new("lexgrog").arg(page).output().expect("it comes with man");
        let found = String::from_utf8_lossy(&found.stdout).into_owned();
        assert!(found.contains(&format!("\"{name} - ")), "{found}");
    }
    let run = shown_by(
        Command::new("man").args(["-E", "UTF-8", "-l"]).arg(tool.path("pages/man1/draft-tasks-run.1")),
    );
    for part in ["--if-present", "\nEXAMPLES\n", "\nEXIT STATUS\n", "\nKEYS ON A TERMINAL\n", "Ctrl-\\"] {
        assert!(run.contains(part), "{part}: {run}");
    }
}

#[test]
fn what_is_explained_stands_at_the_begin_of_its_line() {
    let tool = Tool::empty();
    assert_eq!(tool.call(&["man", "pages"]).code, Some(0));
    let page = tool.read("pages/draft-tasks-list.1");
    assert!(page.contains(".SH EXIT STATUS\n.TP\n\\fB0\\fR\nall is well\n.TP\n\\fB1\\fR\n"), "{page}");
    assert!(page.contains(".SH EXAMPLES\n.TP\n\\fBdraft\\-tasks list\\fR\n"), "{page}");
    assert!(!page.contains("EXTRA"), "{page}");
}

/// The command of a page's name.
fn in_words(name: &str) -> String {
    let name = name.replacen("draft-tasks-", "draft-tasks ", 1);
    name.replacen(" runs-", " runs ", 1)
}

/// What is shown of a page; it has to be all well.
#[track_caller]
fn shown_by(man: &mut Command) -> String {
    let output = man.env("LC_ALL", "C.UTF-8").output().expect("man starts");
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn a_page_that_cannot_be_written_is_named() {
    let tool = Tool::empty();
    tool.write("file", b"");
    let called = tool.call(&["man", "file"]);
    assert!(
        called.code == Some(2) && called.stderr.starts_with("error: file: is no directory"),
        "{called:?}"
    );
}
