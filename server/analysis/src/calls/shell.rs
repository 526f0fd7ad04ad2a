//! Shells: what they are given to run, in an argument, a file or their input.
//!
//! Must not read scripts.

use super::wrapper::ANOTHER_MACHINE;
use super::{Argument, Calls, Input, Unclear, Walk, inner, stem};
use crate::command::Word;

/// Whether a program of this name, without directory, is a shell.
pub(crate) fn is_shell(name: &str) -> bool {
    matches!(
        name,
        "sh" | "bash"
            | "dash"
            | "ash"
            | "zsh"
            | "ksh"
            | "mksh"
            | "yash"
            | "rbash"
            | "fish"
            | "csh"
            | "tcsh"
            | "posh"
    )
}

/// Whether `set -e` and `#!` mean to a shell what they mean to those of POSIX.
pub(crate) fn is_posix_shell(name: &str) -> bool {
    is_shell(name) && !matches!(name, "fish" | "csh" | "tcsh")
}

/// Whether a shell reads `(( … ))` as a calculation.
pub(super) fn has_arithmetic(name: &str) -> bool {
    matches!(name, "bash" | "rbash" | "zsh" | "ksh" | "mksh")
}

/// What the options of a shell say.
#[derive(Debug, Default)]
struct ShellOptions {
    /// The first argument that is no option.
    end: usize,
    /// Whether that is a script rather than a file.
    is_script: bool,
    /// Whether the script is its input.
    reads_input: bool,
    /// Whether it only reads the script.
    is_idle: bool,
    /// A file that it reads first.
    first_file: Option<usize>,
    /// Whether it reads the user's own files first, as for a login.
    reads_profile: bool,
}

impl ShellOptions {
    fn read(arguments: &[Argument]) -> ShellOptions {
        let mut options = ShellOptions::default();
        while let Some(word) = arguments.get(options.end).filter(|word| word.text.starts_with(['-', '+'])) {
            let text = word.text.as_str();
            options.end += 1;
            match text {
                "--" | "-" => break,
                "--init-command" => options.end += 1,
                "--rcfile" | "--init-file" => {
                    options.first_file = Some(options.end);
                    options.end += 1;
                }
                "--version" | "--help" => options.is_idle = true,
                "--command" => options.is_script = true,
                "--login" => options.reads_profile = true,
                text if text.starts_with("--") => {}
                text => {
                    options.is_script |= text.starts_with('-') && text.contains('c');
                    options.reads_profile |= text.starts_with('-') && text.contains(['l', 'i']);
                    options.reads_input |= text.starts_with('-') && text.contains('s');
                    let values = text.matches(['o', 'O']).count();
                    let is_noexec = |word: &Argument| word.text == "noexec";
                    let named = arguments.iter().skip(options.end).take(values).any(is_noexec);
                    options.is_idle |= text.starts_with('-') && (text.contains('n') || named);
                    options.end += values;
                    // A script of fish; others have no value there.
                    let has_value =
                        arguments.get(options.end).is_some_and(|next| !next.text.starts_with('-'));
                    options.end += usize::from(text == "-C" && has_value);
                }
            }
        }
        options
    }
}

/// The script of the shell that is one of the words of a command, by its place among them, where an option says that
/// there is one; not where the shell reads a file or its input.
pub(crate) fn script_of(words: &[Word], shell: usize) -> Option<usize> {
    let name = |at: usize| words.get(at).and_then(Word::literal).map(stem);
    let (mut shell, mut program) = (shell, name(shell)?);
    if program == "busybox" {
        shell += 1;
        program = name(shell)?;
    }
    if !is_shell(&program) {
        return None;
    }
    let argument = |word: &Word| word.literal().map_or_else(Argument::unknown, Argument::known);
    let arguments: Vec<Argument> = words[shell + 1..].iter().map(argument).collect();
    let options = ShellOptions::read(&arguments);
    (options.is_script && !options.is_idle).then_some(shell + 1 + options.end)
}

impl Walk<'_> {
    pub(super) fn shell(&mut self, name: &str, arguments: &[Argument], input: &Input) {
        let given = ShellOptions::read(arguments);
        if given.is_idle {
            return;
        }
        if given.reads_profile || given.first_file.is_some() {
            self.unsettle(format!("what `{name}` reads first may choose it"));
        }
        self.reads_first(name);
        given.first_file.and_then(|at| arguments.get(at)).into_iter().for_each(|file| self.file(file));
        if name == "fish" {
            let first = inner::scripts_of_option(arguments, "init-command", 'C');
            first.iter().for_each(|script| self.script_of_shell(script));
        }
        let rest = arguments.get(given.end..).unwrap_or_default();
        match rest.split_first() {
            Some((script, parameters)) if given.is_script => {
                let input = self.inherited(input);
                let before = std::mem::replace(&mut self.input, input);
                self.shell_script(name, script, parameters);
                self.input = before;
            }
            Some((file, _)) if !given.reads_input && !is_input(&file.text) => self.file(file),
            _ => self.reads(name, input),
        }
    }

    fn shell_script(&mut self, name: &str, script: &Argument, parameters: &[Argument]) {
        if !script.certain {
            self.unclear(format!("the script of `{name}` is known only when it runs"));
        }
        let before = self.parameters.replace(parameters.into());
        self.own_script(name, &script.text);
        self.parameters = before;
    }

    /// A script that a shell runs in a process of its own.
    fn own_script(&mut self, shell: &str, text: &str) {
        let before = std::mem::replace(&mut self.has_arithmetic, has_arithmetic(shell));
        self.in_own_directory(|walk| walk.script(text));
        self.has_arithmetic = before;
    }

    /// A shell whose script is its input.
    pub(super) fn reads(&mut self, name: &str, input: &Input) {
        match self.inherited(input) {
            Input::Inherited => {
                self.reader.get_or_insert_with(|| name.to_owned());
            }
            Input::Text(text) => self.own_script(name, &text),
            Input::File(file) if self.elsewhere.is_none() => self.file(&Argument::known(file)),
            Input::File(_) | Input::Unknown => {
                self.printed_files();
                self.unclear(format!("what `{name}` reads is known only when it runs"));
            }
        }
    }

    fn inherited(&self, input: &Input) -> Input {
        if *input == Input::Inherited { self.input.clone() } else { input.clone() }
    }

    /// What runs on another machine, whose files and variables are others.
    pub(super) fn on_another_machine(&mut self, read: impl FnOnce(&mut Walk<'_>)) {
        let elsewhere = Some(ANOTHER_MACHINE.to_owned());
        let input = self.input.clone();
        let Walk { depth, left, .. } = *self;
        let mut there = Walk { elsewhere, input, depth, left, ..Walk::new(&|_| None, 0) };
        read(&mut there);
        self.left = there.left;
        self.reader = self.reader.take().or(there.reader.take());
        let Calls { called, unclear, of_unknown, .. } = there.calls;
        self.calls.called.extend(called);
        self.calls.of_unknown.extend(of_unknown);
        if let Some(unclear) = unclear {
            self.note(Unclear { elsewhere: Some(ANOTHER_MACHINE.to_owned()), ..unclear });
        }
    }
}

/// Whether a file is what a program reads anyway.
pub(super) fn is_input(file: &str) -> bool {
    // A here-document on another descriptor is read as if it were on that of the input.
    matches!(file, "/dev/stdin" | "-") || file.starts_with("/dev/fd/") || file.starts_with("/proc/self/fd/")
}
