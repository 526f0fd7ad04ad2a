//! Tells from the first bytes of a file why the system would not run it.
//!
//! Must not start anything. It is needed because C libraries hand what the kernel refuses to `/bin/sh`, and tasks
//! run without a shell.

use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Longest first line that Linux reads of a script.
const HEADER: usize = 256;

/// Why the file at `path` is not something that the system runs; nothing when it is, or cannot be read.
pub(crate) fn problem(path: &Path) -> Option<String> {
    let mut header = Vec::with_capacity(HEADER);
    // A program may be executable but not readable.
    File::open(path).ok()?.take(HEADER as u64).read_to_end(&mut header).ok()?;
    problem_of(&header, &own_header(), other_formats())
}

/// Why a file that is there and may be executed was not found by the system: its interpreter is not there.
pub(crate) fn missing_interpreter(path: &Path) -> String {
    let mut header = Vec::with_capacity(HEADER);
    let read = File::open(path).and_then(|file| file.take(HEADER as u64).read_to_end(&mut header));
    match interpreter(&header).filter(|_| read.is_ok()) {
        Some(name) if name.ends_with('\r') => {
            let name = name.trim_end_matches('\r');
            format!("its first line names the interpreter `{name}` and ends with a carriage return")
        }
        Some(name) => format!("its interpreter `{name}` does not exist"),
        None => "its interpreter or a part of it does not exist".into(),
    }
}

fn interpreter(header: &[u8]) -> Option<String> {
    let line = header.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
    let line = String::from_utf8_lossy(line);
    Some(line.trim_start_matches([' ', '\t']).split([' ', '\t']).next()?.to_owned())
}

/// Of what the system runs for this process. Where that is an emulator, the tasks' programs are of its machine; it shows
/// what it emulates as `/proc/self/exe`, but not as this one.
#[cfg(target_os = "linux")]
fn own_header() -> Vec<u8> {
    let mut header = Vec::new();
    // Without it machines are not compared, and that is all.
    let _ = File::open("/proc/thread-self/exe")
        .and_then(|file| file.take(HEADER as u64).read_to_end(&mut header));
    header
}

#[cfg(not(target_os = "linux"))]
fn own_header() -> Vec<u8> {
    Vec::new()
}

/// Whether the system was taught further formats (binfmt_misc), such as programs of other machines.
fn other_formats() -> bool {
    let Ok(entries) = std::fs::read_dir("/proc/sys/fs/binfmt_misc") else { return false };
    entries.flatten().any(|entry| entry.file_name() != "register" && entry.file_name() != "status")
}

fn problem_of(header: &[u8], own: &[u8], other_formats: bool) -> Option<String> {
    if header.is_empty() {
        return Some("the file is empty".into());
    }
    if header.starts_with(b"#!") || cfg!(windows) {
        return None;
    }
    if !header.contains(&0) && std::str::from_utf8(header).map_or_else(|e| e.error_len().is_none(), |_| true)
    {
        return Some("exec format error: it is text without a `#!` line".into());
    }
    let foreign = cfg!(target_os = "linux") && !other_formats && !same_machine(header, own);
    foreign.then(|| "exec format error: it is not a program for this machine".into())
}

/// Compares the machine of two ELF headers; a program of 32 bits may run on a machine of 64.
fn same_machine(header: &[u8], own: &[u8]) -> bool {
    const ELF: &[u8] = b"\x7fELF";
    const MACHINE: std::ops::Range<usize> = 18..20;
    const CLASS: usize = 4;
    const CLASS_32: u8 = 1;
    if !own.starts_with(ELF) || own.len() < MACHINE.end {
        return true;
    }
    if !header.starts_with(ELF) || header.len() < MACHINE.end {
        return false;
    }
    header[MACHINE] == own[MACHINE] || header[CLASS] == CLASS_32
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_runs() {
        let own = own_header();
        assert_eq!(problem_of(&own, &own, false), None);
        assert_eq!(problem_of(b"#!/bin/sh\n", &own, false), None);
        assert_eq!(problem(Path::new("/bin/sh")), None);
        assert_eq!(problem(Path::new("/nowhere")), None);
    }

    #[test]
    fn what_the_system_does_not_run() {
        let own = own_header();
        assert_eq!(problem_of(b"", &own, false).unwrap(), "the file is empty");
        let text = problem_of(b"echo hello\n", &own, true).unwrap();
        assert_eq!(text, "exec format error: it is text without a `#!` line");
        let cut_letter = problem_of("echo ä".as_bytes().split_last().unwrap().1, &own, true);
        assert_eq!(cut_letter, Some(text));
        let mut foreign = own.clone();
        foreign[18] = 0xfe;
        let told = "exec format error: it is not a program for this machine";
        assert_eq!(problem_of(&foreign, &own, false).unwrap(), told);
        assert_eq!(problem_of(b"\0\x01\x02", &own, false).unwrap(), told);
        assert_eq!(problem_of(&foreign, &own, true), None);
    }

    #[test]
    fn interpreters() {
        assert_eq!(interpreter(b"#! /usr/bin/env -S sh\nx").unwrap(), "/usr/bin/env");
        assert_eq!(interpreter(b"#!/bin/sh\r\n").unwrap(), "/bin/sh\r");
        assert_eq!(interpreter(b"echo"), None);
    }
}
