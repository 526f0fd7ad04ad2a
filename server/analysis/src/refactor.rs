//! Other ways to write what is under the cursor: a command in a shell or in a script, another kind of string, a phase
//! that is missing.
//!
//! Must not fix anything: what is wrong has its fixes on its diagnostic.

use text_size::{TextRange, TextSize};

use crate::analysis::Analysis;
use crate::calls;
use crate::command::Semantics;
use crate::edit::{self, Fix, TextEdit};
use crate::parsed::Parsed;
use crate::phase::Phase;
use crate::rules::{self, ForShell};
use crate::syntax::{Str, StrStyle};
use crate::task_file::Task;
use crate::words::Words;

/// A change of form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refactor {
    /// What it does, as a command.
    pub title: String,
    /// What kind of change it is.
    pub kind: RefactorKind,
    /// Edits that do not overlap.
    pub edits: Vec<TextEdit>,
    /// A file that must come to be with them.
    pub new_file: Option<NewFile>,
}

/// The kinds of refactorings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefactorKind {
    /// Something moves to a place of its own.
    Extract,
    /// Something is written in another way.
    Rewrite,
}

/// A file to be created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFile {
    /// Its path, relative to the directory of the tasks file.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// What can be done with the place that a range begins at; `is_free` tells whether a path is not yet taken.
pub fn refactors(analysis: &Analysis, range: TextRange, is_free: &dyn Fn(&str) -> bool) -> Vec<Refactor> {
    let (parsed, offset) = (&analysis.parsed, range.start());
    let Some((section, task)) = parsed.file.task_at(offset) else {
        // Behind a string that is not closed it would become a part of that.
        return if parsed.tree.errors.is_empty() { missing_phases(parsed, offset) } else { Vec::new() };
    };
    let Some(command) = task.command().filter(|it| it.closed && !parsed.tree.has_error_in(it.range)) else {
        return Vec::new();
    };
    let phase = section.phase.filter(|_| section.form.has_tasks());
    let mut found = Vec::new();
    if let (Some(phase), Semantics::Standard) = (phase, parsed.options.semantics) {
        found.extend(wrap_in_shell(analysis, task, command, phase));
        if phase.is_local() {
            found.extend(extract_script(parsed, phase, task, command, is_free));
        }
    }
    found.extend(other_quotes(parsed, command));
    // What stands behind a string that is not closed may close it.
    if parsed.tree.has_error_in(TextRange::up_to(command.range.start())) {
        found.retain(|refactor| !refactor.edits.iter().any(|edit| opens_lines(&edit.text)));
    }
    found
}

/// Whether a text has the marks of a string of several lines.
fn opens_lines(text: &str) -> bool {
    ["\"\"\"", "'''"].iter().any(|mark| text.contains(mark))
}

/// The command in a shell, unless a diagnostic offers just that.
fn wrap_in_shell(analysis: &Analysis, task: &Task, written: Str, phase: Phase) -> Option<Refactor> {
    let Fix { title, edits, .. } = shell_text(&analysis.parsed, phase, task)?.wrapped?;
    let mut here = analysis.diagnostics.iter().filter(|found| task.range.contains_range(found.range));
    if here.any(|found| found.fixes.iter().any(|fix| fix.edits == edits)) {
        return None;
    }
    let title = match phase {
        Phase::PostDeploy if written.decode(&analysis.parsed.text).contains('$') => {
            format!("{title} (variables are then the container's)")
        }
        _ => title,
    };
    Some(Refactor { title, kind: RefactorKind::Rewrite, edits, new_file: None })
}

/// The command as a shell must have it to do the same; `None` where there is nothing to run or a shell runs already.
fn shell_text(parsed: &Parsed, phase: Phase, task: &Task) -> Option<ForShell> {
    let words = parsed.words_of(task)?;
    if words.words.is_empty() || words.error.is_some() || shell_script(words).is_some() {
        return None;
    }
    rules::for_shell(parsed, phase, task)
}

/// The place of the script among the words of a command that is a shell with one.
fn shell_script(words: &Words) -> Option<usize> {
    calls::script_of(&words.words, 0).filter(|script| *script < words.words.len())
}

/// The command in a file of its own.
///
/// Only where words are those of a shell: what a shell makes of Draft's words is not the same.
fn extract_script(
    parsed: &Parsed,
    phase: Phase,
    task: &Task,
    written: Str,
    is_free: &dyn Fn(&str) -> bool,
) -> Option<Refactor> {
    let words = parsed.words_of(task)?;
    let (shell, script) = match shell_script(words) {
        // Other options mean something to the shell, and what follows the script is for it.
        Some(2) if words.words.len() == 3 => {
            let is_posix = |shell: &&str| calls::is_posix_shell(shell.rsplit('/').next().unwrap_or(shell));
            (words.literal(0).filter(is_posix)?.to_owned(), words.literal(2)?.to_owned())
        }
        Some(_) => return None,
        None => {
            let ForShell { shell, script, .. } = shell_text(parsed, phase, task)?;
            (shell.name().to_owned(), script)
        }
    };
    // A script that is only called needs no other.
    if words.words.len() < 2 {
        return None;
    }
    let path = free_path(&slug(&task.name(&parsed.text)), is_free)?;
    let runs = format!("{shell} {path}");
    let interpreter = if shell.starts_with('/') { shell } else { interpreter(&shell) };
    Some(Refactor {
        title: format!("Extract to `{path}`"),
        kind: RefactorKind::Extract,
        edits: vec![TextEdit::replace(written.range, string_like(written.style, &runs))],
        new_file: Some(NewFile { path, text: format!("#!{interpreter}\nset -e\n\n{}\n", script.trim()) }),
    })
}

/// Where systems have a shell.
fn interpreter(shell: &str) -> String {
    if shell == "sh" { "/bin/sh".to_owned() } else { format!("/usr/bin/env {shell}") }
}

fn free_path(name: &str, is_free: &dyn Fn(&str) -> bool) -> Option<String> {
    let paths = (1..10).map(|number| match number {
        1 => format!("scripts/{name}.sh"),
        _ => format!("scripts/{name}-{number}.sh"),
    });
    paths.into_iter().find(|path| is_free(path))
}

/// A description as the name of a file.
fn slug(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let slug = words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-");
    if slug.is_empty() { "task".into() } else { slug.chars().take(40).collect() }
}

/// Rewrites a string with quotes of the other kind.
fn other_quotes(parsed: &Parsed, written: Str) -> Option<Refactor> {
    let (style, title) = match written.style {
        StrStyle::Basic => (StrStyle::Literal, "Write as a literal string, '…'"),
        StrStyle::Literal => (StrStyle::Basic, "Write as a basic string, \"…\""),
        StrStyle::MultilineBasic => (StrStyle::MultilineLiteral, "Write as a literal string, '''…'''"),
        StrStyle::MultilineLiteral => (StrStyle::MultilineBasic, "Write as a basic string, \"\"\"…\"\"\""),
        StrStyle::Bare => return None,
    };
    let text = quoted(style, &written.decode(&parsed.text))?;
    Some(Refactor {
        title: title.into(),
        kind: RefactorKind::Rewrite,
        edits: vec![TextEdit::replace(written.range, text)],
        new_file: None,
    })
}

/// A string of a kind; `None` where it cannot hold the content.
fn quoted(style: StrStyle, content: &str) -> Option<String> {
    let inside = edit::inside(style, content)?;
    let (quotes, line_break) = match style {
        StrStyle::Bare => return None,
        StrStyle::Basic => ("\"", ""),
        StrStyle::Literal => ("'", ""),
        // The first line break is no content.
        StrStyle::MultilineBasic => ("\"\"\"", if content.contains('\n') { "\n" } else { "" }),
        StrStyle::MultilineLiteral => ("'''", if content.contains('\n') { "\n" } else { "" }),
    };
    Some(format!("{quotes}{line_break}{inside}{quotes}"))
}

/// A string of the same kind where that can hold the content, else a basic one.
fn string_like(style: StrStyle, content: &str) -> String {
    quoted(style, content).or_else(|| quoted(StrStyle::Basic, content)).unwrap_or_default()
}

/// The phases of DEP-8 that the file does not have, for those who stand on a header or on no task at all.
fn missing_phases(parsed: &Parsed, offset: TextSize) -> Vec<Refactor> {
    let in_comment = parsed.tree.comments.iter().any(|comment| comment.contains_inclusive(offset));
    let phases = Phase::DEP_8.into_iter().filter(|_| !in_comment);
    phases.filter_map(|phase| added_phase(parsed, phase)).collect()
}

/// A phase at the end of a file that does not have it.
pub fn added_phase(parsed: &Parsed, phase: Phase) -> Option<Refactor> {
    if parsed.file.sections.iter().any(|section| section.phase == Some(phase)) {
        return None;
    }
    let (text, newline) = (&parsed.text, edit::line_end(&parsed.text));
    let end = TextSize::of(text.trim_end());
    let before = edit::gap(&text[..usize::from(end)], newline);
    let rest = TextRange::new(end, TextSize::of(&**text));
    Some(Refactor {
        title: format!("Add `{phase}`, which runs {}", phase.when()),
        kind: RefactorKind::Rewrite,
        edits: vec![TextEdit::replace(rest, format!("{before}[{phase}]{newline}"))],
        new_file: None,
    })
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::command::{self, DraftVersion};
    use crate::options::Options;

    fn at_cursor(marked: &str) -> (Analysis, Vec<Refactor>) {
        let offset = TextSize::new(marked.find("$0").expect("a cursor") as u32);
        let analysis = Analysis::new(marked.replacen("$0", "", 1), Options::default());
        let found = refactors(&analysis, TextRange::empty(offset), &|path| path != "scripts/taken.sh");
        (analysis, found)
    }

    /// Shows each refactoring with the lines that it changes.
    fn check(marked: &str, expect: Expect) {
        let (analysis, found) = at_cursor(marked);
        let mut shown = String::new();
        for refactor in found {
            let after = edit::apply(&analysis.parsed.text, &refactor.edits);
            assert_eq!(Analysis::new(after.as_str(), Options::default()).parsed.tree.errors, [], "{after}");
            let changed =
                after.lines().filter(|line| !analysis.parsed.text.lines().any(|before| before == *line));
            let changed = changed.collect::<Vec<_>>().join("\n");
            shown += &format!("{:?}: {}\n{changed}\n", refactor.kind, refactor.title);
            if let Some(file) = refactor.new_file {
                shown += &format!("{}: {:?}\n", file.path, file.text);
            }
        }
        expect.assert_eq(&shown);
    }

    #[test]
    fn a_command_with_operators() {
        check(
            "[pre-up]\n\"Sync the DB!\" = \"cd $X && ls | wc$0\"\n",
            expect![[r##"
                Extract: Extract to `scripts/sync-the-db.sh`
                "Sync the DB!" = "sh scripts/sync-the-db.sh"
                scripts/sync-the-db.sh: "#!/bin/sh\nset -e\n\ncd \"$X\" && ls | wc\n"
                Rewrite: Write as a literal string, '…'
                "Sync the DB!" = 'cd $X && ls | wc'
            "##]],
        );
        check(
            "[cleanup]\ntaken = 'echo \"it'$0\n",
            expect![[r#"
            Rewrite: Write as a basic string, "…"
            taken = "echo \"it"
        "#]],
        );
        check(
            "[post-deploy]\na$0 = 'echo \"$X\" > x'\n",
            expect![[r#"
                Rewrite: Write as a basic string, "…"
                a = "echo \"$X\" > x"
            "#]],
        );
    }

    #[test]
    fn variables_inside_of_pods() {
        check(
            "[post-deploy]\na$0 = 'rake $X:up'\n",
            expect![[r#"
                Rewrite: Wrap in `sh -c '…'` (variables are then the container's)
                a = """sh -c 'rake "$X":up'"""
                Rewrite: Write as a basic string, "…"
                a = "rake $X:up"
            "#]],
        );
    }

    #[test]
    fn a_shell_needs_no_other() {
        check(
            "[pre-up]\na = \"sh -c 'ls | wc'$0\"\n",
            expect![[r##"
            Extract: Extract to `scripts/a.sh`
            a = "sh scripts/a.sh"
            scripts/a.sh: "#!/bin/sh\nset -e\n\nls | wc\n"
        "##]],
        );
        check(
            "[pre-up]\na = './x.sh'$0\n",
            expect![[r#"
                Rewrite: Wrap in `sh -c '…'`
                a = "sh -c './x.sh'"
                Rewrite: Write as a basic string, "…"
                a = "./x.sh"
            "#]],
        );
    }

    #[test]
    fn a_script_keeps_its_shell() {
        check(
            "[pre-up]\na = \"bash -c 'ls {a,b}'$0\"\n",
            expect![[r##"
                Extract: Extract to `scripts/a.sh`
                a = "bash scripts/a.sh"
                scripts/a.sh: "#!/usr/bin/env bash\nset -e\n\nls {a,b}\n"
            "##]],
        );
        check(
            "[pre-up]\na = 'ls {a,b}'$0\n",
            expect![[r##"
                Rewrite: Wrap in `bash -c '…'`
                a = "bash -c 'ls {a,b}'"
                Extract: Extract to `scripts/a.sh`
                a = 'bash scripts/a.sh'
                scripts/a.sh: "#!/usr/bin/env bash\nset -e\n\nls {a,b}\n"
                Rewrite: Write as a basic string, "…"
                a = "ls {a,b}"
            "##]],
        );
    }

    #[test]
    fn strings_that_cannot_change() {
        check("[tool]\na = \"it's\"$0\n", expect![[""]]);
        check(
            "[tool]\na = '''\nx\ny'''$0\n",
            expect![[r#"
            Rewrite: Write as a basic string, """…"""
            a = """
            y"""
        "#]],
        );
        check(
            "[tool]\na = \"\"\"x\\ty\"\"\"$0\n",
            expect![[r#"
            Rewrite: Write as a literal string, '''…'''
            a = '''x	y'''
        "#]],
        );
        check("[tool]\na = 5$0\n", expect![[""]]);
        check("[tool]\na = \"$0\n", expect![[""]]);
    }

    #[test]
    fn phases_that_are_missing() {
        check(
            "[pre-up]\r\na = 'x'\r\n\r\n$0\r\n",
            expect![[r#"
            Rewrite: Add `post-deploy`, which runs inside every ready pod after the application was deployed
            [post-deploy]
            Rewrite: Add `cleanup`, which runs after the application was deleted from the cluster
            [cleanup]
        "#]],
        );
        check(
            "$0",
            expect![[r#"
            Rewrite: Add `pre-up`, which runs before the application is built and deployed
            [pre-up]
            Rewrite: Add `post-deploy`, which runs inside every ready pod after the application was deployed
            [post-deploy]
            Rewrite: Add `cleanup`, which runs after the application was deleted from the cluster
            [cleanup]
        "#]],
        );
        check("# x$0\n", expect![[""]]);
    }

    #[test]
    fn a_wrapped_command_is_one_argument_for_the_shell() {
        let commands = [
            r"ls && echo 'a  b' $HOME",
            r#"echo "it's" \$X $$Y ${Z} '$$W' `id` \\"#,
            "a\tb\n c",
            "echo é \u{1}",
            "'",
        ];
        for command in commands {
            for style in
                [StrStyle::Basic, StrStyle::Literal, StrStyle::MultilineBasic, StrStyle::MultilineLiteral]
            {
                let Some(written) = quoted(style, command) else { continue };
                let (analysis, found) = at_cursor(&format!("[pre-up]\na$0 = {written}\n"));
                let refactored = found.iter().map(|it| (&it.title, &it.edits));
                let fixes: Vec<Fix> =
                    analysis.diagnostics.iter().flat_map(|found| found.fixes.clone()).collect();
                let mut all = refactored.chain(fixes.iter().map(|it| (&it.title, &it.edits)));
                let Some((_, edits)) = all.find(|(title, _)| title.starts_with("Wrap in")) else {
                    assert_eq!(command, "'");
                    continue;
                };
                let after = edit::apply(&analysis.parsed.text, edits);
                let after = Analysis::new(after.as_str(), Options::default());
                assert_eq!(after.parsed.tree.errors, [], "{}", after.parsed.text);
                let content =
                    after.parsed.file.tasks[0].command().expect("a command").decode(&after.parsed.text);
                let words = command::split(&content, Semantics::Standard, DraftVersion::default());
                let argv: Vec<_> = words
                    .expect("words")
                    .iter()
                    .map(|it| it.expand::<String>(&|_| Some("!".into())))
                    .collect();
                let expected = command.replace("$$Y", "\\$Y").replace("${Z}", "\"${Z}\"");
                let expected = expected.replace(" $HOME", " \"$HOME\"");
                assert_eq!(argv, ["sh", "-c", expected.as_str()], "{content}");
            }
        }
    }
}
