//! The name by which a program is known, of how it is written.
//!
//! Must not know any program.

use compact_str::CompactString;

/// The name by which a program is known, wherever and in whichever version it is.
pub fn stem(program: &str) -> CompactString {
    // `=NAME` is its path in zsh.
    let program = program.strip_prefix('=').unwrap_or(program);
    let directory = program.bytes().rposition(|byte| matches!(byte, b'/' | b'\\' | b'#'));
    let file = &program[directory.map_or(0, |end| end + 1)..];
    let mut name = CompactString::from(file);
    name.make_ascii_lowercase();
    if let Some(end) = [".exe", ".cmd", ".bat", ".com", ".ps1"].iter().find(|end| name.ends_with(**end)) {
        name.truncate(name.len() - end.len());
    }
    // A snap's program, an image's tag or digest; a package of Nix stands behind `#`.
    if let Some(tool) = name.strip_prefix("microk8s.") {
        name = tool.into();
    }
    // `:` is a program of the shell.
    let tag = name.bytes().position(|byte| matches!(byte, b':' | b'@')).filter(|at| *at > 0);
    name.truncate(tag.unwrap_or(name.len()));
    let at = name.bytes().position(|byte| !byte.is_ascii_alphabetic());
    let at = at.filter(|at| *at > 0 && is_version(&name[*at..]));
    name.truncate(at.unwrap_or(name.len()));
    name
}

/// Whether a path does not depend on a directory, here or on Windows: `C:/tools` is relative to none.
pub fn is_absolute(path: &str) -> bool {
    let behind_drive =
        path.strip_prefix(|c: char| c.is_ascii_alphabetic()).and_then(|rest| rest.strip_prefix(':'));
    behind_drive.unwrap_or(path).starts_with(['/', '\\'])
}

/// Whether a name ends with a version: `3`, `3.11`, `-v1.32-linux`, but not with the `9s` of `k9s`.
fn is_version(end: &str) -> bool {
    let behind = end.trim_start_matches(['-', '_', '.']);
    let number = behind.strip_prefix('v').unwrap_or(behind);
    let begins = number.starts_with(|c: char| c.is_ascii_digit());
    begins && (behind.len() < end.len() || number.chars().all(|c| c.is_ascii_digit() || c == '.'))
}
