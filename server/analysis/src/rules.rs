//! All rules, and the one place that runs and orders them.
//!
//! Must not hold a rule itself: each has its own file, with its message, fix and tests.

use std::borrow::Cow;
use std::panic::resume_unwind;
use std::thread;

use self::command::Command;
use self::declaration::Rule;
use self::in_shell::Shell;
use crate::diagnostic::{self, Diagnostic, DiagnosticCode};
use crate::edit::Fix;
use crate::facts::FactsWanted;
use crate::parsed::Parsed;
use crate::phase::Phase;
use crate::printable::{printable, printable_but};
use crate::task_file::Task;

mod add_task;
mod before;
mod command;
mod declaration;
mod goes_into;
mod helm;
mod in_shell;
mod offered;
mod split_task;

macro_rules! rules {
    ($($module:ident: $code:ident,)*) => {
        $(mod $module;)*

        /// The declaration of each code, in the order of the codes.
        static RULES: [Rule; DiagnosticCode::ALL.len()] = [$($module::RULE),*];
    };
}

for_all_rules!(rules);

pub use literal_secret::literal_secrets_in;
pub(crate) use literal_secret::literal_secrets_outside;

/// Runs all rules; findings come in the order of the file.
pub(crate) fn check(parsed: &Parsed) -> Vec<Diagnostic> {
    let mut commands = Vec::with_capacity(parsed.file.tasks.len());
    Phase::ALL.into_iter().for_each(|phase| commands.extend(commands_of(parsed, phase)));
    // What else there were to say would be about a text that nobody wrote as a tasks file.
    let is_foreign = parsed.tree.foreign().is_some();
    let speaks = |rule: &&Rule| !is_foreign || rule.name == syntax::RULE.name;
    let of_file = || {
        let mut found = Vec::new();
        RULES.iter().filter(speaks).for_each(|rule| rule.look_at_all(parsed, &commands, &mut found));
        found
    };
    let mut found = if is_foreign { of_file() } else { check_each(&commands, of_file) };
    diagnostic::sort(&mut found);
    found.iter_mut().for_each(make_printable);
    found
}

/// So many commands are worth a second thread.
const MANY: usize = 48;

/// What is found in the file, and behind it what in each command by itself, in their order.
fn check_each(commands: &[Command<'_>], of_file: impl FnOnce() -> Vec<Diagnostic>) -> Vec<Diagnostic> {
    let half = if commands.len() < MANY { commands.len() } else { commands.len() / 2 };
    let (first, second) = commands.split_at(half);
    let first = || {
        let mut found = of_file();
        found.extend(check_in_turn(first));
        found
    };
    if second.is_empty() {
        return first();
    }
    thread::scope(|scope| {
        let other = thread::Builder::new().spawn_scoped(scope, || check_in_turn(second));
        let mut found = first();
        found.extend(match other {
            Ok(other) => other.join().unwrap_or_else(|panic| resume_unwind(panic)),
            // The system gives no thread.
            Err(_) => check_in_turn(second),
        });
        found
    })
}

fn check_in_turn(commands: &[Command<'_>]) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for command in commands {
        RULES.iter().for_each(|rule| rule.look_at(command, &mut found));
    }
    found
}

impl FactsWanted {
    /// What each rule wants to know for a file.
    pub fn of(parsed: &Parsed) -> FactsWanted {
        let mut wanted = FactsWanted::default();
        for command in Phase::ALL.into_iter().flat_map(|phase| commands_of(parsed, phase)) {
            RULES.iter().for_each(|rule| rule.add_wanted(&command, &mut wanted));
        }
        wanted
    }
}

/// The commands of a phase, but for those whose string is broken.
fn commands_of(parsed: &Parsed, phase: Phase) -> impl Iterator<Item = Command<'_>> {
    let commands = parsed.file.commands_of(phase);
    let commands = commands.filter(|(_, written)| !parsed.tree.has_error_in(written.range));
    commands.filter_map(move |(task, _)| Command::new(parsed, phase, task))
}

/// Names and words of the file may hold line ends and what steers a terminal; what is said of them is one line of text.
fn make_printable(found: &mut Diagnostic) {
    let related = found.related.iter_mut().map(|related| &mut related.message);
    let titles = found.fixes.iter_mut().map(|fix| &mut fix.title);
    for text in [&mut found.message].into_iter().chain(related).chain(titles) {
        if let Cow::Owned(shown) = printable_but(text, |_| false) {
            *text = shown;
        }
    }
    // One that is borrowed has nothing of the file in it.
    if let Some(Cow::Owned(note)) = &mut found.note {
        *note = printable(note);
    }
}

/// A command as a shell must read it.
pub(crate) struct ForShell {
    pub(crate) shell: Shell,
    pub(crate) script: String,
    /// Hands it to that shell.
    pub(crate) wrapped: Option<Fix>,
}

/// A command as a shell must read it; `None` when it cannot be split.
pub(crate) fn for_shell(parsed: &Parsed, phase: Phase, task: &Task) -> Option<ForShell> {
    let command = Command::new(parsed, phase, task)?;
    let for_shell =
        || ForShell { shell: command.shell(), script: command.as_script(), wrapped: command.wrap() };
    command.error().is_none().then(for_shell)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Analysis;
    use crate::options::Options;

    #[test]
    fn programs_and_paths_that_commands_name() {
        let text = "[pre-up]\na = \"./x.sh && y\"\nb = \"sh scripts/y.sh -x $Z\"\nc = \"helm  install db mysql\"\n\
            d = \"cd z\"\nf = \" make all\"\ng = '\"my tool\" x'\nh = 'bash \"a b\" c'\ni = \"$X y\"\nj = \"\"\n\
            k = \"echo \\t\"\nm = 'ls \"'\no = \"npm run build\"\n[post-deploy]\ne = \"./in-pod\"\np = \"make x\"\nl = \"in-pod\"\nn = \"helm install db redis\"\n";
        let wanted = FactsWanted::of(&Parsed::new(text, Options::default()));
        assert_eq!(Vec::from_iter(wanted.programs), ["bash", "echo", "helm", "make", "my tool", "npm", "sh"]);
        assert_eq!(Vec::from_iter(wanted.paths), ["./x.sh", "a b", "mysql", "scripts", "scripts/y.sh"]);
        assert_eq!(wanted.offered.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["all", "build"]);
    }

    #[test]
    fn many_commands_are_judged_as_each_is_alone() {
        let of = |tasks: &str| {
            let found = Analysis::new(format!("[pre-up]\n{tasks}"), Options::default()).diagnostics;
            found.into_iter().map(|it| (it.code, it.message, it.fixes.len())).collect::<Vec<_>>()
        };
        let commands = ["ls | wc", "cat ~/x", "true", "sh -c echo $A"];
        let tasks: Vec<String> =
            (0..2 * MANY + 1).map(|at| format!("t{at} = \"{}\"\n", commands[at % commands.len()])).collect();
        let alone: Vec<_> = tasks.iter().flat_map(|task| of(task)).collect();
        assert!(alone.len() > MANY);
        assert_eq!(of(&tasks.concat()), alone);
    }

    #[test]
    fn messages_are_one_line_of_text() {
        let text = "[pre-up]\nx = \"\"\"\\u001b[2J\n&& \u{e9}\"\"\"\n[\"\\u009b\"]\n";
        let found = Analysis::new(text, Options::default()).diagnostics;
        let messages: Vec<String> = found.iter().map(Diagnostic::full_message).collect();
        assert!(
            messages.iter().any(|it| it.starts_with("`&&` is an argument of `\\u{1b}[2J`")),
            "{messages:?}"
        );
        assert!(messages.iter().any(|it| it.contains("`\\u{9b}`")), "{messages:?}");
        assert!(!messages.iter().any(|it| it.contains(char::is_control)), "{messages:?}");
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
            assert_eq!(analysis.parsed.tree.errors.is_empty(), found, "{written}");
        }
    }

    #[test]
    fn a_quoted_program_is_that_program() {
        let text = "[pre-up]\na = \"'cd' frontend\"\nb = \"'vi' notes\"\nc = \"'helm' install stable/mysql\"\n\
            d = '\\cd x'\n[post-deploy]\ne = '\"kubectl\" get pods'\n";
        let found = Analysis::new(text, Options::default()).diagnostics;
        let codes: Vec<&str> = found.iter().map(|found| found.code.name()).collect();
        assert_eq!(
            codes,
            ["shell-builtin", "interactive-command", "helm-2", "shell-builtin", "cluster-tool"]
        );
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use std::fmt::Write as _;

    use expect_test::Expect;

    use crate::analysis::Analysis;
    use crate::command::Semantics;
    use crate::diagnostic::DiagnosticCode;
    use crate::edit;
    use crate::facts::Facts;
    use crate::options::Options;

    /// Compares the findings of one code, each with the characters that it is about, and what its fixes make of the text.
    pub(crate) fn check(code: DiagnosticCode, text: &str, expect: Expect) {
        check_with(Options::default(), code, text, expect);
    }

    /// Checks in Draft's own semantics.
    pub(crate) fn check_draft(code: DiagnosticCode, text: &str, expect: Expect) {
        let options = Options { semantics: Semantics::Draft, ..Options::default() };
        check_with(options, code, text, expect);
    }

    /// Checks with what a user chose.
    pub(crate) fn check_with(options: Options, code: DiagnosticCode, text: &str, expect: Expect) {
        check_analysis(&Analysis::new(text, options), code, expect);
    }

    /// Checks with facts about the world.
    pub(crate) fn check_facts(facts: Facts, code: DiagnosticCode, text: &str, expect: Expect) {
        check_analysis(&Analysis::with_facts(text, Options::default(), facts.into()), code, expect);
    }

    /// Checks the findings of an analysis.
    pub(crate) fn check_analysis(analysis: &Analysis, code: DiagnosticCode, expect: Expect) {
        let text: &str = &analysis.parsed.text;
        let mut shown = String::new();
        for found in analysis.diagnostics.iter().filter(|found| found.code == code) {
            let (severity, place) = (found.severity.name(), &text[found.range]);
            let _ = writeln!(shown, "{severity} {place:?}: {}", found.full_message());
            for related in &found.related {
                let _ = writeln!(shown, "  {:?}: {}", &text[related.range], related.message);
            }
            for fix in &found.fixes {
                let _ = writeln!(
                    shown,
                    "  fix: {}{}",
                    fix.title,
                    if fix.preferred { " (preferred)" } else { "" }
                );
                let fixed = edit::apply(text, &fix.edits);
                for line in fixed.trim_end_matches('\n').split('\n') {
                    shown += format!("    {line}").trim_end();
                    shown.push('\n');
                }
            }
        }
        expect.assert_eq(&shown);
    }
}
