//! What README shows of a terminal is what a terminal shows.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

/// The transcript between the lines of a block.
fn shown() -> String {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let readme = std::fs::read_to_string(readme).expect("README.md");
    let (_, block) = readme.split_once("```console\n").expect("a block with a transcript");
    block.split("```").next().expect("its end").to_owned()
}

/// What a shell in an empty folder writes for the commands of a transcript, with each command in front of it.
fn transcript(commands: &str, home: &Path) -> String {
    let typed = |line: &str| format!("printf '$ %s\\n' {}; {line}\n", quoted(line));
    let script: String = commands.lines().filter_map(|line| line.strip_prefix("$ ")).map(typed).collect();
    let program = Path::new(env!("CARGO_BIN_EXE_draft-tasks"));
    let path = format!("{}:/usr/bin:/bin", program.parent().expect("its folder").display());
    let mut shell = Command::new("bash");
    shell.args(["-c", &format!("exec 2>&1\n{script}")]).current_dir(home).env_clear();
    let ended = shell.env("PATH", path).env("HOME", home).output().expect("bash");
    String::from_utf8(ended.stdout).expect("text").replace(&home.display().to_string(), "/home/ann")
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// A text whose times and names of runs are the same each time.
fn timeless(text: &str) -> String {
    let is_of_time = |c: char| c.is_ascii_digit() || c == '.';
    let word = |word: &str| match word {
        word if word.contains('.') && word.chars().all(is_of_time) => "0".to_owned(),
        word if word.contains("/runs/") => "LOG".to_owned(),
        word => word.to_owned(),
    };
    text.lines().map(|line| line.split(' ').map(word).collect::<Vec<_>>().join(" ") + "\n").collect()
}

#[test]
fn the_first_steps_of_readme_show_what_they_say() {
    let home = TempDir::new().expect("a folder");
    let home = home.path().canonicalize().expect("its path");
    let shown = shown();
    let seen = transcript(&shown, &home);
    assert_eq!(timeless(&seen), timeless(&shown), "README.md should have:\n{seen}");
}
