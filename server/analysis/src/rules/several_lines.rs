//! `several-lines`: a command of several lines, which are no commands of their own where no shell reads them.
//!
//! Must not report a line that goes on with options of the one before it, or lines in quotes.

use text_size::{TextRange, TextSize};

use super::command::Command;
use super::declaration::{Check, Rule};
use super::{comment_in_command, shell_operator, split_task};
use crate::command::Word;
use crate::diagnostic::{Diagnostic, DiagnosticCode, Severity};
use crate::edit::{self, TextEdit};

pub(super) const RULE: Rule = Rule {
    name: "several-lines",
    severity: Severity::Warning,
    needs_facts: false,
    page: include_str!("several_lines.md"),
    check: Check::Command(check),
};

fn check(command: &Command<'_>, found: &mut Vec<Diagnostic>) {
    let lines = lines(command);
    let [_, second, ..] = lines.as_slice() else { return };
    let message = match command.program() {
        Some(program) => {
            format!("this line becomes arguments of `{program}`")
        }
        None => "this line becomes arguments of the one above".to_owned(),
    };
    let mut diagnostic = command
        .finding(DiagnosticCode::SeveralLines, covered(second), message)
        .note(command.ask_for_a_shell());
    let line = edit::apply(command.text(), &joined(command, &lines, " "));
    let join = command.rewrite("Join the lines to one command", &line);
    if lines.windows(2).any(|pair| may_go_on(command, &lines, pair)) {
        return found.push(diagnostic.fix(join));
    }
    let parts: Vec<TextRange> = lines.iter().map(|line| covered(line)).collect();
    diagnostic.fixes.extend(split_task::into(command, &parts));
    let is_script = |line: &&[Word]| {
        let written = |word: &Word| &command.text()[word.range];
        split_task::is_keyword(written(&line[0])) || written(&line[line.len() - 1]).ends_with('{')
    };
    if lines.iter().any(is_script) || command.text().contains("<<") {
        // With its lines as they are.
        diagnostic.fixes.extend(command.wrap());
        return found.push(diagnostic);
    }
    if shell_operator::first(command).is_none() {
        diagnostic.fixes.extend(command.wrap_with(joined(command, &lines, " && ")));
    }
    diagnostic.fixes.push(join);
    found.push(diagnostic);
}

/// Whether the second of two lines may be arguments of the first, as of `rm -rf` with a path on each line: no fix runs
/// such a line.
fn may_go_on(command: &Command<'_>, lines: &[&[Word]], pair: &[&[Word]]) -> bool {
    let [before, line] = pair else { return false };
    let written = |word: &Word| &command.text()[word.range];
    let ends_with_option = before.last().is_some_and(|last| written(last).starts_with('-'));
    let is_deeper = indent(command, line) > indent(command, lines[0]);
    let is_same = written(&line[0]) == written(&lines[0][0]);
    is_deeper && !is_same || ends_with_option && line.len() == 1
}

/// How far a line is indented.
fn indent(command: &Command<'_>, line: &[Word]) -> usize {
    let before = &command.text()[..line[0].range.start().into()];
    before.len() - before.trim_end_matches([' ', '\t']).len()
}

/// The lines that look like commands of their own, each with the lines that go on with it; one or none where the command
/// has no more.
pub(super) fn lines<'c>(command: &'c Command<'_>) -> Vec<&'c [Word]> {
    let words = command.words();
    let has_lines = command.knows_quotes() && command.text().contains('\n');
    if !has_lines || comment_in_command::first(command).is_some() {
        return Vec::new();
    }
    let written = |at: usize| &command.text()[words[at].range];
    let goes_on = |at: usize| written(at).starts_with('-') || written(at - 1).ends_with(['&', '|', ';']);
    let mut starts: Vec<usize> =
        (1..words.len()).filter(|at| command.begins_line(*at) && !goes_on(*at)).collect();
    starts.insert(0, 0);
    starts.push(words.len());
    starts.windows(2).map(|ends| &words[ends[0]..ends[1]]).collect()
}

/// What puts everything on one line, with a separator between the commands.
fn joined(command: &Command<'_>, lines: &[&[Word]], separator: &str) -> Vec<TextEdit> {
    let starts: Vec<_> = lines.iter().map(|line| line[0].range.start()).collect();
    let gap = |pair: &[Word]| {
        let range = TextRange::new(pair[0].range.end(), pair[1].range.start());
        let text = if starts.contains(&range.end()) { separator } else { " " };
        TextEdit::replace(range, text)
    };
    let whole = covered(command.words());
    let mut edits: Vec<TextEdit> = command.words().windows(2).map(gap).collect();
    edits.push(TextEdit::delete(TextRange::up_to(whole.start())));
    edits.push(TextEdit::delete(TextRange::new(whole.end(), TextSize::of(command.text()))));
    edits
}

/// From the first to the last of some words.
fn covered(words: &[Word]) -> TextRange {
    words[0].range.cover(words[words.len() - 1].range)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::rules::testing;

    #[test]
    fn lines_are_no_commands() {
        let text = "[pre-up]\n\"make both\" = \"\"\"\nmkdir -p $ONE\nmkdir -p two\n\"\"\"\nx = \"y\"\n";
        testing::check(
            DiagnosticCode::SeveralLines,
            text,
            expect![[r#"
                warning "mkdir -p two": this line becomes arguments of `mkdir`: wrap it in `sh -c '…'`; no shell reads the command, nor does one in Draft
                  fix: Split into 2 tasks
                    [pre-up]
                    "make both" = "mkdir -p $ONE"
                    "make both 2" = "mkdir -p two"
                    x = "y"
                  fix: Wrap in `sh -c '…'`
                    [pre-up]
                    "make both" = """sh -c 'mkdir -p "$ONE" && mkdir -p two'"""
                    x = "y"
                  fix: Join the lines to one command
                    [pre-up]
                    "make both" = "mkdir -p $ONE mkdir -p two"
                    x = "y"
            "#]],
        );
    }

    #[test]
    fn lines_with_operators_are_for_a_shell() {
        let text = "[cleanup]\na = '''\nrm a || true\nrm b\n'''\n";
        testing::check(
            DiagnosticCode::SeveralLines,
            text,
            expect![[r#"
                warning "rm b": this line becomes arguments of `rm`: wrap it in `sh -c '…'`; no shell reads the command, nor does one in Draft
                  fix: Join the lines to one command
                    [cleanup]
                    a = "rm a || true rm b"
            "#]],
        );
        testing::check(DiagnosticCode::CommandBlanks, text, expect![[""]]);
    }

    #[test]
    fn lines_of_a_script_stay_lines_for_the_shell() {
        let text = "[pre-up]\na = '''\nfor f in x y\ndo\nrm $f\ndone\n'''\nb = '''\ncat <<E\nx\nE\n'''\n";
        testing::check(
            DiagnosticCode::SeveralLines,
            text,
            expect![[r#"
                warning "do": this line becomes arguments of `for`: wrap it in `sh -c '…'`; no shell reads the command, nor does one in Draft
                  fix: Wrap in `sh -c '…'`
                    [pre-up]
                    a = "sh -c 'for f in x y\ndo\nrm \"$f\"\ndone\n'"
                    b = '''
                    cat <<E
                    x
                    E
                    '''
                warning "x": this line becomes arguments of `cat`: wrap it in `sh -c '…'`; no shell reads the command, nor does one in Draft
                  fix: Wrap in `sh -c '…'`
                    [pre-up]
                    a = '''
                    for f in x y
                    do
                    rm $f
                    done
                    '''
                    b = "sh -c 'cat <<E\nx\nE\n'"
            "#]],
        );
    }

    #[test]
    fn lines_that_may_be_arguments_are_never_run() {
        let text = "[pre-up]\na = \"\"\"\nrm -rf\n  build\n  dist\n\"\"\"\nb = \"\"\"\nrm -rf\nbuild\n\"\"\"\nc = \"\"\"\nnpm ci -q\nnpm test\n\"\"\"\n";
        testing::check(
            DiagnosticCode::SeveralLines,
            text,
            expect![[r#"
                warning "build": this line becomes arguments of `rm`: wrap it in `sh -c '…'`; no shell reads the command, nor does one in Draft
                  fix: Join the lines to one command
                    [pre-up]
                    a = "rm -rf build dist"
                    b = """
                    rm -rf
                    build
                    """
                    c = """
                    npm ci -q
                    npm test
                    """
                warning "build": this line becomes arguments of `rm`: wrap it in `sh -c '…'`; no shell reads the command, nor does one in Draft
                  fix: Join the lines to one command
                    [pre-up]
                    a = """
                    rm -rf
                      build
                      dist
                    """
                    b = "rm -rf build"
                    c = """
                    npm ci -q
                    npm test
                    """
                warning "npm test": this line becomes arguments of `npm`: wrap it in `sh -c '…'`; no shell reads the command, nor does one in Draft
                  fix: Split into 2 tasks
                    [pre-up]
                    a = """
                    rm -rf
                      build
                      dist
                    """
                    b = """
                    rm -rf
                    build
                    """
                    c = "npm ci -q"
                    "c 2" = "npm test"
                  fix: Wrap in `sh -c '…'`
                    [pre-up]
                    a = """
                    rm -rf
                      build
                      dist
                    """
                    b = """
                    rm -rf
                    build
                    """
                    c = "sh -c 'npm ci -q && npm test'"
                  fix: Join the lines to one command
                    [pre-up]
                    a = """
                    rm -rf
                      build
                      dist
                    """
                    b = """
                    rm -rf
                    build
                    """
                    c = "npm ci -q npm test"
            "#]],
        );
    }

    #[test]
    fn lines_that_go_on_are_left_alone() {
        let text = r#"[pre-up]
a = """
helm upgrade --install db bitnami/postgresql
  --namespace x
  -f values.yaml
"""
b = """sh -c '
mkdir -p build
ls'
"""
c = '''
make \
  all
'''
d = """
make \
  all
"""
e = """make
"""
f = """mkdir a &&
mkdir b"""
g = """
# both
make all
"""
"#;
        testing::check(DiagnosticCode::SeveralLines, text, expect![[""]]);
    }
}
