//! Has the linker put side by side what a server at rest runs, so that the system keeps less of the program in memory.
//!
//! Must not fail, nor give a linker what it does not know: without this the program is the same and only takes more
//! memory.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// Patterns of symbols, written by `tests/tools/text_order.py`.
const RESTING: &str = "link/resting.txt";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={RESTING}");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|it| it == value);
    if !is("PROFILE", "release") || !is("CARGO_CFG_TARGET_OS", "linux") {
        return;
    }
    if let Some(argument) = order().filter(|argument| links(argument)) {
        println!("cargo::rustc-link-arg-bins={argument}");
    }
}

/// The argument for the linker; nothing when the script cannot be written.
fn order() -> Option<String> {
    let script = out("resting.ld")?;
    let patterns = fs::read_to_string(RESTING).ok()?;
    // What the compiler holds for seldom run has sections of its own, though a start runs some of it.
    let section = |pattern| format!("    *(.text.{pattern} .text.unlikely.{pattern})\n");
    let sections: String = patterns.lines().map(section).collect();
    // It begins where a window begins in which the system reads a program, and the rest follows it.
    let text =
        format!("SECTIONS {{\n  .text.resting : ALIGN(65536) {{\n{sections}  }}\n}}\nINSERT AFTER .text;\n");
    fs::write(&script, text).ok()?;
    Some(format!("-Wl,-T,{}", script.to_str()?))
}

/// Whether the linker takes the argument, and what it makes runs: there are several, and not all know such scripts.
fn links(argument: &str) -> bool {
    let (Some(source), Some(program)) = (out("probe.rs"), out("probe")) else { return false };
    // The argument names functions of the standard library, so it has some.
    let written = fs::write(&source, "fn main() { println!(\"{:?}\", std::env::args()) }");
    if written.is_err() {
        return false;
    }
    let mut rustc = Command::new(env::var_os("RUSTC").unwrap_or("rustc".into()));
    rustc.arg(&source).arg("-o").arg(&program).arg("-C").arg(format!("link-arg={argument}"));
    rustc.args(env::var("TARGET").map(|target| format!("--target={target}")));
    rustc.args(env::var("RUSTC_LINKER").map(|linker| format!("-Clinker={linker}")));
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    rustc.args(flags.split('\x1f').filter(|flag| !flag.is_empty()));
    succeeds(&mut rustc) && (env::var("HOST") != env::var("TARGET") || succeeds(&mut Command::new(&program)))
}

fn succeeds(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

fn out(name: &str) -> Option<PathBuf> {
    Some(Path::new(&env::var_os("OUT_DIR")?).join(name))
}
