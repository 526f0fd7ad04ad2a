//! Runs the rules about commands: each command is looked at and split once for all of them.
//!
//! Must not hold a rule itself, and must not split a command that no rule could have anything to say about: this is
//! done at every keystroke.

use text_size::TextSize;

use super::command::{Command, without_directory};
use super::helm::Helm;
use super::release_left_behind::Releases;
use super::*;
use crate::command::{DraftVersion, Semantics};
use crate::facts::Facts;
use crate::phase::Phase;
use crate::syntax::{Str, StrStyle};
use crate::task_file::{SectionForm, Task};

/// A rule about one command.
type CommandRule = fn(&Command<'_>, &mut Vec<Diagnostic>);

const RULES: &[CommandRule] = &[
    command_blanks::check,
    command_quotes::check,
    assignment_prefix::check,
    shell_builtin::check,
    shell_operator::check,
    redirection::check,
    command_substitution::check,
    parameter_expansion::check,
    glob::check,
    tilde::check,
    local_variable::check,
    cluster_tool::check,
    interactive_command::check,
    literal_secret::check,
    unset_variable::check,
    program_not_found::check,
    script_not_found::check,
];

/// The rules that a command of words alone may break, without anything that a shell would give a meaning.
const RULES_OF_WORDS: &[CommandRule] = &[
    shell_builtin::check,
    cluster_tool::check,
    interactive_command::check,
    program_not_found::check,
    script_not_found::check,
];

pub(super) fn check(analysis: &Analysis, found: &mut Vec<Diagnostic>) {
    let mut releases = Releases::default();
    check_some(analysis, &|_| true, &mut releases, found);
    releases.report(analysis, false, found);
}

/// The same after an edit, where only the commands in the changed lines are looked at again.
pub(super) fn check_again(analysis: &Analysis, before: Before, found: &mut Vec<Diagnostic>) {
    let Before { changed, lines, diagnostics, .. } = before;
    let Some(phase) = phase_under_header(analysis, changed.start) else { return check(analysis, found) };
    let lines_now = &analysis.text[changed.start..changed.after_end];
    // What is left behind depends on other commands than the one that it is reported of.
    let of_releases = phase == Phase::Cleanup || may_be_helm(&lines) || may_be_helm(lines_now);
    let stays = |it: &Diagnostic| match it.code {
        DiagnosticCode::ReleaseLeftBehind => !of_releases,
        code => code.is_of_commands(),
    };
    found.extend(diagnostics.into_iter().filter(stays).filter_map(|it| it.moved(changed)));
    let is_changed = |task: &Task| (changed.start..changed.after_end).contains(&task.range.start().into());
    check_some(analysis, &is_changed, &mut Releases::default(), found);
    if of_releases {
        releases(analysis).report(analysis, false, found);
    }
}

/// The releases that are left behind, with fixes.
pub(super) fn releases_with_fixes(analysis: &Analysis) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    releases(analysis).report(analysis, true, &mut found);
    found
}

/// What the calls of Helm install and remove, and nothing else of the commands.
fn releases(analysis: &Analysis) -> Releases {
    let mut releases = Releases::default();
    for phase in Phase::ALL {
        let commands = analysis.file.commands_of(phase).map(|(_, written)| written);
        let commands = commands.filter(|written| !analysis.tree.has_error_in(written.range));
        for written in commands.filter(|written| may_be_helm(&analysis.text[written.inner_range()])) {
            let Ok(command) = Command::new(analysis, phase, written, false) else { continue };
            if let Some(helm) = Helm::of(&command) {
                releases.take(&command, &helm);
            }
        }
    }
    releases
}

/// Whether a piece of the text may name Helm, as it is or in escapes.
fn may_be_helm(text: &str) -> bool {
    memchr::memchr(b'\\', text.as_bytes()).is_some()
        || memchr::memmem::find(text.as_bytes(), b"helm").is_some()
}

/// The phase under whose header an offset lies.
fn phase_under_header(analysis: &Analysis, offset: usize) -> Option<Phase> {
    let sections = &analysis.file.sections;
    let behind = sections.partition_point(|section| usize::from(section.header.start()) <= offset);
    let section = sections.get(behind.checked_sub(1)?)?;
    section.phase.filter(|_| section.form == SectionForm::Header)
}

fn check_some(
    analysis: &Analysis,
    wanted: &dyn Fn(&Task) -> bool,
    releases: &mut Releases,
    found: &mut Vec<Diagnostic>,
) {
    for phase in Phase::ALL {
        let commands = analysis.file.commands_of(phase).filter(|(task, _)| wanted(task));
        for (task, written) in commands.filter(|(_, written)| !analysis.tree.has_error_in(written.range)) {
            let first = found.len();
            match look(analysis, phase, written) {
                Look::Ordinary => continue,
                Look::Words => {
                    let command = Command::of_words(analysis, phase, written, false);
                    RULES_OF_WORDS.iter().for_each(|rule| rule(&command, found));
                    judge_helm(&command, releases, found);
                }
                Look::Helm => {
                    judge_helm(&Command::of_words(analysis, phase, written, false), releases, found)
                }
                Look::All => match Command::new(analysis, phase, written, false) {
                    Ok(command) => judge(&command, task, releases, found),
                    Err(error) => found.push(command_syntax::report(analysis, task, written, &error)),
                },
            }
            // Most need no other order then.
            sort(&mut found[first..]);
        }
    }
}

/// What is found in one command, with its fixes.
pub(super) fn with_fixes(analysis: &Analysis, offset: TextSize) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let Some((section, task)) = analysis.file.task_at(offset) else { return found };
    let (Some(phase), Some(written)) = (section.phase, task.command()) else { return found };
    if let Ok(command) = Command::new(analysis, phase, written, true) {
        judge(&command, task, &mut Releases::default(), &mut found);
    }
    found
}

fn judge(command: &Command<'_>, task: &Task, releases: &mut Releases, found: &mut Vec<Diagnostic>) {
    empty_command::check(command, task, found);
    RULES.iter().for_each(|rule| rule(command, found));
    judge_helm(command, releases, found);
}

fn judge_helm(command: &Command<'_>, releases: &mut Releases, found: &mut Vec<Diagnostic>) {
    if let Some(helm) = Helm::of(command) {
        helm_2::check(command, &helm, found);
        helm_chart::check(command, &helm, found);
        releases.take(command, &helm);
    }
}

/// What a look at the bytes of a command says about which rules could have something to say.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    /// None of them.
    Ordinary,
    /// Those about calls of Helm, which are always looked at.
    Helm,
    /// Those about words, too.
    Words,
    /// Any of them.
    All,
}

const QUOTE: u8 = 1;
const BACKSLASH: u8 = 2;
const DOLLAR: u8 = 4;
const EQUALS: u8 = 8;
const OTHER: u8 = 16;
const SPACE: u8 = 32;
const DASH: u8 = 64;

/// Which bytes a rule may be about.
const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b'"' | b'\'' => QUOTE,
            b'\\' => BACKSLASH,
            b'$' => DOLLAR,
            b'=' => EQUALS,
            b' ' => SPACE,
            b'-' => DASH,
            b'&' | b'|' | b';' | b'<' | b'>' | b'`' | b'*' | b'?' | b'~' | b'@' | 0..=31 => OTHER,
            _ => 0,
        };
        byte += 1;
    }
    classes
};

fn look(analysis: &Analysis, phase: Phase, written: Str) -> Look {
    let options = analysis.options;
    let text = &analysis.text[written.inner_range()];
    let raw = text.as_bytes();
    let (Some(first), Some(last)) = (raw.first(), raw.last()) else { return Look::All };
    let usual = options.semantics == Semantics::Standard && options.draft_version == DraftVersion::Dep8;
    if !usual || *first == b' ' || *last == b' ' {
        return Look::All;
    }
    // Without a branch for each byte.
    let (mut classes, mut doubled, mut previous) = (0, 0, 0);
    for byte in raw {
        let class = CLASSES[usize::from(*byte)];
        classes |= class;
        doubled |= class & previous;
        previous = class;
    }
    if !is_harmless(analysis, phase, raw, classes, written.style) {
        return Look::All;
    }
    let may_name_secrets = doubled & DASH != 0 || classes & EQUALS != 0;
    if doubled & SPACE != 0 || (may_name_secrets && names_secret(text)) {
        return Look::All;
    }
    // Programs are short: a search for one byte at a time is the fastest.
    let program = &text[..program_end(raw)];
    let name = without_directory(program);
    let is_plain = classes & (QUOTE | BACKSLASH | DOLLAR) == 0;
    match concerns(&analysis.facts, phase, program, name, is_plain.then_some(text)) {
        true if is_plain => Look::Words,
        true => Look::All,
        false if name != "helm" => Look::Ordinary,
        // Other words than the first decide there.
        false if is_plain => Look::Helm,
        false => Look::All,
    }
}

/// Whether quotes, backslashes and variables are all that there is beside words and `=`, and are as they should be.
fn is_harmless(analysis: &Analysis, phase: Phase, raw: &[u8], classes: u8, style: StrStyle) -> bool {
    let variables = || analysis.facts.variables.is_none() && phase.is_local() && only_names_follow(raw);
    classes & OTHER == 0
        && (classes & DOLLAR == 0 || variables())
        && (classes & (QUOTE | BACKSLASH) == 0 || is_even(raw, style))
}

/// Whether a rule about programs has something to say about one; `words` is the command where nothing is quoted.
fn concerns(facts: &Facts, phase: Phase, program: &str, name: &str, words: Option<&str>) -> bool {
    let path = !facts.paths.is_empty() && (program.contains('/') || matches!(name, "sh" | "bash"));
    (phase == Phase::PostDeploy && cluster_tool::concerns(name))
        || interactive_command::concerns(name, words)
        || shell_builtin::is_builtin(program)
        || (phase.is_local() && (path || facts.lacks_program(program)))
}

fn program_end(raw: &[u8]) -> usize {
    raw.iter().position(|byte| *byte == b' ').unwrap_or(raw.len())
}

/// Whether each `$` is that of a plain variable.
fn only_names_follow(raw: &[u8]) -> bool {
    let name = |byte: &u8| byte.is_ascii_alphabetic() || *byte == b'_';
    memchr::memchr_iter(b'$', raw).all(|at| raw.get(at + 1).is_some_and(name))
}

/// Whether quotes come out even and nothing but quotes is escaped, as in `"sh -c \"x\""`.
fn is_even(raw: &[u8], style: StrStyle) -> bool {
    let mut open = None;
    let mut bytes = raw.iter();
    while let Some(mut byte) = bytes.find(|byte| CLASSES[usize::from(**byte)] & (QUOTE | BACKSLASH) != 0) {
        if *byte == b'\\' {
            // The string's own escape of a quote; any other one needs a closer look.
            match bytes.next() {
                Some(quote @ b'"') if style == StrStyle::Basic => byte = quote,
                _ => return false,
            }
        }
        match open {
            None => open = Some(byte),
            Some(quote) if quote == byte => open = None,
            Some(_) => {}
        }
    }
    open.is_none()
}

/// Whether something is assigned in front of the program or to what may be a secret, or a secret is behind a flag of two
/// dashes.
fn names_secret(text: &str) -> bool {
    let raw = text.as_bytes();
    let assigns = || raw.iter().find(|byte| matches!(byte, b' ' | b'=')) == Some(&b'=');
    if !literal_secret::may_name(raw) {
        // So it is with nearly all.
        return assigns();
    }
    let (mut start, mut is_program) = (0, true);
    let mut ends_at = |end: usize, is_assigned: bool| {
        let flag = || text[start..end].strip_prefix("--");
        let is_secret = literal_secret::may_end_name(&raw[..end])
            && (is_assigned || flag().is_some_and(literal_secret::is_secret_flag));
        let found = is_secret || (is_assigned && is_program);
        if !is_assigned {
            (start, is_program) = (end + 1, false);
        }
        found
    };
    let mut ends = raw.iter().enumerate().filter(|(_, byte)| matches!(byte, b' ' | b'='));
    ends.any(|(end, byte)| ends_at(end, *byte == b'=')) || ends_at(raw.len(), false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Options;
    use crate::diagnostic::DiagnosticCode;

    fn look_at(written: &str) -> Look {
        let text = format!("[pre-up]\na = {written}\n");
        let analysis = Analysis::new(text, Options::default());
        let (_, written) = analysis.file.commands_of(Phase::PreUp).next().unwrap();
        look(&analysis, Phase::PreUp, written)
    }

    #[test]
    fn commands_in_broken_strings_are_not_judged() {
        for (written, found) in
            [("\"a && b\"", true), ("\"a && b \\ud800\"", false), ("\"a && b", false), ("\"a && b\"'", false)]
        {
            let text = format!("[pre-up]\na = {written}\nb = \"c\"\n");
            let analysis = Analysis::new(text, Options::default());
            let mut codes = analysis.diagnostics.iter().map(|found| found.code);
            assert_eq!(codes.any(|code| code == DiagnosticCode::ShellOperator), found, "{written}");
            assert_eq!(analysis.tree.errors.is_empty(), found, "{written}");
        }
    }

    #[test]
    fn names_of_secrets_are_found_wherever_they_stand() {
        let pieces = [" ", "=", "--", "a", "-password", "-Token", "api-key", "release", "é"];
        let mut found = [0; 2];
        for number in 0..pieces.len().pow(3) {
            let middle: String =
                (0..3).map(|at| pieces[number / pieces.len().pow(at) % pieces.len()]).collect();
            for length in 0..24 {
                let text = format!("{}{middle}{}", "x".repeat(length), "y".repeat(24 - length));
                let raw = text.as_bytes();
                let ends = |end: usize| matches!(raw.get(end), None | Some(b' ' | b'='));
                let expected =
                    (0..=raw.len()).any(|end| ends(end) && literal_secret::may_end_name(&raw[..end]));
                assert_eq!(literal_secret::may_name(raw), expected, "{text:?}");
                found[usize::from(expected)] += 1;
            }
        }
        assert!(found[0] > 1_000 && found[1] > 1_000, "{found:?}");
    }

    #[test]
    fn ordinary_commands_are_not_split() {
        for written in [
            "\"echo hello\"",
            "\"sh -c \\\"echo hello\\\"\"",
            "'sh -c \"it is $HOME\"'",
            "\"echo 'a \\\" b'\"",
            "\"npm ci --silent\"",
            "\"npm run build --workspace=db\"",
            "\"docker compose run --rm web x\"",
        ] {
            assert!(look_at(written) == Look::Ordinary, "{written}");
        }
        for written in ["\"helm ls\"", "\"/usr/bin/helm ls\"", "\"helm install a b --set x.y=z\""] {
            assert!(look_at(written) == Look::Helm, "{written}");
        }
        for written in ["\"cd x\"", "\"kubectl exec -it x sh\"", "\"/usr/bin/vi x\""] {
            assert!(look_at(written) == Look::Words, "{written}");
        }
        for written in [
            "\"a  b\"",
            "\" a\"",
            "\"echo 'x\"",
            "\"echo \\\"x\"",
            "'echo x\\'",
            "\"a && b\"",
            "\"mysql --password x\"",
            "\"mysql --password=x\"",
            "\"env API_KEY=x y\"",
            "\"A=b c\"",
            "\"A=b\"",
            "'docker run \"-it\" x'",
            "\"\"",
            "\"a\\tb\"",
            "\"echo ${A:-b}\"",
            "\"echo $\"",
            "'''a\nb'''",
        ] {
            assert!(look_at(written) == Look::All, "{written}");
        }
    }
}
