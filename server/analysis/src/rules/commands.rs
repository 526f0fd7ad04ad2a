//! Runs the rules about commands: each command is split once for all of them.
//!
//! Must not hold a rule itself.

use super::command::Command;
use super::*;
use crate::phase::Phase;

/// A rule about one command.
type CommandRule = fn(&Command<'_>, &mut Vec<Diagnostic>);

const RULES: &[CommandRule] = &[
    empty_command::check,
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
    helm_2::check,
    helm_chart::check,
];

pub(super) fn check(analysis: &Parsed, found: &mut Vec<Diagnostic>) {
    let commands: Vec<Command<'_>> =
        Phase::ALL.into_iter().flat_map(|phase| of_phase(analysis, phase)).collect();
    for command in &commands {
        match command.error() {
            Some(error) => found.push(command_syntax::report(command, error)),
            None => RULES.iter().for_each(|rule| rule(command, found)),
        }
    }
    release_left_behind::check(analysis, &commands, found);
}

/// The commands of a phase; where a string is broken, it is not known what they are.
fn of_phase(analysis: &Parsed, phase: Phase) -> impl Iterator<Item = Command<'_>> {
    let commands = analysis.file.commands_of(phase);
    let commands = commands.filter(|(_, written)| !analysis.tree.has_error_in(written.range));
    commands.map(move |(task, written)| Command::new(analysis, phase, task, written))
}

#[cfg(test)]
mod tests {
    use crate::analysis::Analysis;
    use crate::diagnostic::DiagnosticCode;
    use crate::options::Options;

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
