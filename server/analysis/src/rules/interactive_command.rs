//! `interactive-command`: a command that asks for a terminal, which no task ever gets.
//!
//! Must not report `-i` alone, which only keeps an input open, or pagers that get no file.

use super::declaration::{Check, Rule};
use text_size::TextRange;

use super::command::{Command, without_directory};
use crate::calls::container_takes_next;
use crate::diagnostic::{Diagnostic, DiagnosticCode, Severity};
use crate::edit::Fix;

pub(super) const RULE: Rule = Rule {
    name: "interactive-command",
    severity: Severity::Warning,
    needs_facts: false,
    page: include_str!("interactive_command.md"),
    check: Check::Command(check),
};

fn check(command: &Command<'_>, found: &mut Vec<Diagnostic>) {
    let Some((program, first)) = command.program_at() else { return };
    let name = without_directory(program);
    let (range, message, fix) = match name {
        name if is_screen(name) => {
            if runs_without_terminal(command) {
                return;
            }
            (first, format!("`{name}` needs a terminal"), None)
        }
        name if is_pager(name) && command.words().len() > 1 => {
            (first, format!("`{name}` has no terminal to page on"), Some(as_cat(command, first)))
        }
        "kubectl" | "docker" | "podman" | "oc" => {
            if let Some(range) = verb(command, &["edit"]).filter(|_| matches!(name, "kubectl" | "oc")) {
                (range, format!("`{name} edit` needs a terminal"), None)
            } else if let Some((range, flag)) = terminal_flag(command) {
                let fix = command.without(range);
                (range, format!("`{flag}` asks for a terminal"), Some(fix))
            } else {
                return;
            }
        }
        _ => return,
    };
    let note = "a task has none of its own, and its input is empty";
    let mut diagnostic = command.finding(DiagnosticCode::InteractiveCommand, range, message).note(note);
    if is_pager(name) || (is_kubectl(command) && fix.is_some()) {
        // A pager still copies what it is given, and kubectl goes on without a terminal.
        diagnostic.severity = Severity::Information;
    }
    diagnostic.fixes.extend(fix);
    found.push(diagnostic);
}

fn is_screen(name: &str) -> bool {
    matches!(name, "vi" | "vim" | "nvim" | "nano" | "pico" | "emacs" | "visudo" | "top" | "htop")
}

fn is_pager(name: &str) -> bool {
    matches!(name, "less" | "more" | "most")
}

/// Editors and `top` have ways to work as other programs do.
fn runs_without_terminal(command: &Command<'_>) -> bool {
    command.arguments().any(|(_, literal)| {
        literal.is_none_or(|it| {
            matches!(it, "-es" | "-Es" | "-s" | "--headless" | "--batch" | "-batch" | "--version" | "--help")
                || it.starts_with("-b")
        })
    })
}

/// The first argument that is no flag, if it is one of these.
fn verb(command: &Command<'_>, verbs: &[&str]) -> Option<TextRange> {
    let (word, literal) = command.arguments().find(|(_, it)| it.is_none_or(|it| !it.starts_with('-')))?;
    literal.filter(|it| verbs.contains(it)).map(|_| word.range)
}

/// The flag for a terminal among those of `exec`, `run` and `attach`, not among those of the command that they run.
///
/// `docker` needs a terminal for `-i` and `-t` together, and not when it detaches.
fn terminal_flag<'c>(command: &'c Command<'_>) -> Option<(TextRange, &'c str)> {
    let verb = verb(command, &["exec", "run", "attach"])?;
    let (mut terminal, mut interactive) = (None, is_kubectl(command));
    let mut is_value = false;
    for (word, literal) in command.arguments().skip_while(|(word, _)| word.range != verb).skip(1) {
        let Some(literal) = literal else { continue };
        match literal {
            "--" => break,
            "-it" | "-ti" => (terminal, interactive) = (Some((word.range, literal)), true),
            "-t" | "--tty" => terminal = Some((word.range, literal)),
            "-i" | "--interactive" => interactive = true,
            "-d" | "--detach" => return None,
            // Behind its image or container docker's own flags are over.
            _ if !literal.starts_with('-') && !is_value && !is_kubectl(command) => break,
            _ => {}
        }
        is_value = container_takes_next(literal);
    }
    terminal.filter(|_| interactive)
}

fn is_kubectl(command: &Command<'_>) -> bool {
    matches!(command.name(), Some("kubectl" | "oc"))
}

fn as_cat(command: &Command<'_>, program: TextRange) -> Fix {
    command.rewrite("Write `cat`", &command.replaced(program, "cat"))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::rules::testing;

    #[test]
    fn no_task_gets_a_terminal() {
        let text = "[pre-up]\na = \"docker run --name x -it --rm app sh\"\nb = \"kubectl exec --tty pod -- ls\"\nc = \"vim notes\"\nd = \"less log\"\ne = \"kubectl edit cm x\"\n";
        testing::check(
            DiagnosticCode::InteractiveCommand,
            text,
            expect![[r#"
                warning "-it": `-it` asks for a terminal: a task has none of its own, and its input is empty
                  fix: Remove `-it`
                    [pre-up]
                    a = "docker run --name x --rm app sh"
                    b = "kubectl exec --tty pod -- ls"
                    c = "vim notes"
                    d = "less log"
                    e = "kubectl edit cm x"
                info "--tty": `--tty` asks for a terminal: a task has none of its own, and its input is empty
                  fix: Remove `--tty`
                    [pre-up]
                    a = "docker run --name x -it --rm app sh"
                    b = "kubectl exec pod -- ls"
                    c = "vim notes"
                    d = "less log"
                    e = "kubectl edit cm x"
                warning "vim": `vim` needs a terminal: a task has none of its own, and its input is empty
                info "less": `less` has no terminal to page on: a task has none of its own, and its input is empty
                  fix: Write `cat`
                    [pre-up]
                    a = "docker run --name x -it --rm app sh"
                    b = "kubectl exec --tty pod -- ls"
                    c = "vim notes"
                    d = "cat log"
                    e = "kubectl edit cm x"
                warning "edit": `kubectl edit` needs a terminal: a task has none of its own, and its input is empty
            "#]],
        );
    }

    #[test]
    fn values_of_options_are_no_image() {
        for command in [
            "docker run --memory 1g -it x",
            "docker run -m 1g --cpus 2 -i -t x",
            "podman exec --detach-keys a -it x",
        ] {
            let analysis = crate::Analysis::new(format!("[pre-up]\na = \"{command}\"\n"), Default::default());
            let mut found = analysis.diagnostics.iter();
            assert!(found.any(|it| it.code == DiagnosticCode::InteractiveCommand), "{command}");
        }
    }

    #[test]
    fn what_only_looks_like_it_is_left_alone() {
        let text = "[pre-up]\na = \"docker run --rm app ls -t\"\nb = \"kubectl exec -i pod -- ls -t\"\nc = \"docker build -t app .\"\nd = \"vim -es -c x\"\ne = \"top -b -n 1\"\nf = \"echo vim -it\"\ng = \"docker run -t app\"\nh = \"docker run -itd app\"\ni = \"docker run -i -t -d app\"\nj = \"docker exec app ls -it\"\n";
        testing::check(DiagnosticCode::InteractiveCommand, text, expect![[""]]);
    }
}
