//! `comment-in-command`: `# …` in a command, which is no comment where no shell reads it.
//!
//! Must not report what may be a number, a color or a part of a word: `#12`, `#ff0000`, `a#b`.

use text_size::TextRange;

use super::command::{Command, no_shell, range};
use super::declaration::{Check, Rule};
use crate::diagnostic::{Diagnostic, DiagnosticCode, Severity};
use crate::edit::{self, Fix, TextEdit};

pub(super) const RULE: Rule = Rule {
    name: "comment-in-command",
    severity: Severity::Warning,
    needs_facts: false,
    page: include_str!("comment_in_command.md"),
    check: Check::Command(check),
};

fn check(command: &Command<'_>, found: &mut Vec<Diagnostic>) {
    let Some(at) = first(command) else { return };
    let start = usize::from(command.words()[at].range.start());
    let line = command.text()[start..].lines().next().unwrap_or_default().trim_end();
    let place = range(start, start + line.len());
    let message = match command.program() {
        Some(program) if at > 0 => format!("`{line}` is arguments of `{program}`, not a comment"),
        _ => format!("`{line}` is the program to run, not a comment"),
    };
    let mut diagnostic = command
        .finding(DiagnosticCode::CommentInCommand, place, message)
        .note(no_shell!("put it behind the string"));
    diagnostic.fixes.extend(outside(command, at, place));
    found.push(diagnostic);
}

/// Programs that are given single characters.
const OF_CHARACTERS: [&str; 12] =
    ["cut", "sort", "join", "paste", "column", "awk", "gawk", "mawk", "tr", "grep", "sed", "expr"];

/// The first word that begins as a comment of a shell does, and as little else.
pub(super) fn first(command: &Command<'_>) -> Option<usize> {
    let words = command.words();
    let takes = command.name().is_some_and(|name| OF_CHARACTERS.contains(&name));
    let is_value = |at: usize| at > 0 && command.text()[words[at - 1].range].starts_with('-');
    let begins = |at: &usize| command.text()[words[*at].range].starts_with('#');
    let opens = |at: &usize| {
        let is_comment = |it: &str| it == "#" && !takes && !is_value(*at) || command.begins_line(*at);
        command.bare(&words[*at]).is_some_and(is_comment)
    };
    (0..words.len()).filter(begins).find(opens).filter(|_| command.knows_quotes())
}

/// The command without the comment, which goes behind the string where nothing else stands there.
fn outside(command: &Command<'_>, word: usize, comment: TextRange) -> Option<Fix> {
    let before = word.checked_sub(1).map_or(0.into(), |before| command.words()[before].range.end());
    let left = command.replaced(TextRange::new(before, comment.end()), "");
    if left.trim().is_empty() {
        return None;
    }
    let fix = command.rewrite("Remove the comment from the command", left.trim());
    let (text, end) = (&command.parsed.text, command.written().range.end());
    let is_last = usize::from(comment.end()) == command.text().trim_end().len();
    let is_free = text[TextRange::new(end, edit::line_stop(text, end))].trim().is_empty();
    // A comment holds no control characters.
    let is_line =
        !text[command.written().range].contains('\n') && !command.text()[comment].contains(char::is_control);
    if !(is_last && is_free && is_line) {
        return Some(fix);
    }
    let behind = TextEdit::insert(end, format!(" {}", &command.text()[comment]));
    let edits = fix.edits.into_iter().chain([behind]).collect();
    Some(Fix { title: "Move the comment behind the command".to_owned(), edits, preferred: false })
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::rules::testing;

    #[test]
    fn comments_go_behind_the_string() {
        let text = "[pre-up]\na = \"make all # everything\"\nb = \"make # it\" # here\nc = \"# make\"\nd = \"\"\"\n#first\nmake\n\"\"\"\n";
        testing::check(
            DiagnosticCode::CommentInCommand,
            text,
            expect![[r##"
                warning "# everything": `# everything` is arguments of `make`, not a comment: put it behind the string; no shell reads the command, nor does one in Draft
                  fix: Move the comment behind the command
                    [pre-up]
                    a = "make all" # everything
                    b = "make # it" # here
                    c = "# make"
                    d = """
                    #first
                    make
                    """
                warning "# it": `# it` is arguments of `make`, not a comment: put it behind the string; no shell reads the command, nor does one in Draft
                  fix: Remove the comment from the command
                    [pre-up]
                    a = "make all # everything"
                    b = "make" # here
                    c = "# make"
                    d = """
                    #first
                    make
                    """
                warning "# make": `# make` is the program to run, not a comment: put it behind the string; no shell reads the command, nor does one in Draft
                warning "#first": `#first` is the program to run, not a comment: put it behind the string; no shell reads the command, nor does one in Draft
                  fix: Remove the comment from the command
                    [pre-up]
                    a = "make all # everything"
                    b = "make # it" # here
                    c = "# make"
                    d = "make"
            "##]],
        );
    }

    #[test]
    fn what_is_no_comment_is_left_alone() {
        let text = r##"[pre-up]
a = "git commit -m #12"
b = "convert -fill #ff0000 x y"
c = "echo '# x' \\# a#b x# \"#\""
d = "sh -c 'make # all'"
e = "cut -d # -f 1 x"
f = "tr # _ x"
g = "make -x # all"
"##;
        testing::check(DiagnosticCode::CommentInCommand, text, expect![[""]]);
    }
}
