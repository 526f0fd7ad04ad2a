use expect_test::{Expect, expect};

use super::*;
use crate::analysis::Analysis;
use crate::options::Options;
use crate::rules::testing;

/// What is reported: line, code, and for the comments themselves what is said of them.
fn found(text: &str) -> Vec<String> {
    let analysis = Analysis::new(text, Options::default());
    let line = |offset: TextSize| text[..usize::from(offset)].matches('\n').count() + 1;
    analysis.diagnostics.iter().map(|found| format!("{}:{}", line(found.range.start()), found.code)).collect()
}

fn check_unused(text: &str, expect: Expect) {
    testing::check(DiagnosticCode::UnusedSuppression, text, expect);
}

#[test]
fn at_the_end_of_the_line() {
    assert_eq!(found("[post-up]\n[build]\n"), ["1:post-up", "2:unknown-phase"]);
    assert_eq!(found("[post-up] # draft-tasks: ignore[post-up]\n[build]\n"), ["2:unknown-phase"]);
    assert_eq!(
        found("[post-up]#draft-tasks:ignore[ post-up ,] since we run it\r\n[build]\r\n"),
        ["2:unknown-phase"]
    );
    assert_eq!(found("[post-up] # draft-tasks: ignore\n[build] # draft-tasks: ignore: ours\n"), [""; 0]);
    assert_eq!(found("[post-up] # ours # draft-tasks: ignore[post-up]\n"), [""; 0]);
}

#[test]
fn on_the_lines_above() {
    let build = "[pre-up]\na = \"b\"\n";
    assert_eq!(found(&format!("{build}# draft-tasks: ignore[unknown-phase]\n[build]\n")), [""; 0]);
    assert_eq!(
        found(&format!("{build}  # draft-tasks: ignore[unknown-phase]\r\n# ours\r\n[build]\r\n")),
        [""; 0]
    );
    assert_eq!(
        found(&format!("{build}# draft-tasks: ignore[unknown-phase]\n\n[build]\n")),
        ["3:unused-suppression", "5:unknown-phase"]
    );
    assert_eq!(
        found(&format!("{build}# draft-tasks: ignore[unknown-phase]\n[build]\n[more]\n")),
        ["5:unknown-phase"]
    );
}

#[test]
fn above_everything_for_the_whole_file() {
    assert_eq!(found("# draft-tasks: ignore[unknown-phase]\n\n[build]\n[more]\n[post-up]\n"), ["5:post-up"]);
    assert_eq!(found("\u{feff}# draft-tasks: ignore\n[build]\n[more]\n[post-up]\n"), [""; 0]);
    assert_eq!(found("# draft-tasks: ignore[task-outside-phase]\na = \"b\"\nc = \"d\"\n"), [""; 0]);
}

#[test]
fn the_lines_of_a_command_are_one() {
    let text = "[pre-up]\na = [\n  1, # draft-tasks: ignore[task-not-string]\n  2,\n]\n";
    assert_eq!(found(text), [""; 0]);
    let text = "[pre-up]\na = \"\"\"\n'\"\"\" # draft-tasks: ignore[command-syntax]\n";
    assert_eq!(found(text), [""; 0]);
}

#[test]
fn errors_of_syntax_stay() {
    assert_eq!(found("# draft-tasks: ignore\n[pre-up]\na = \n"), ["1:unused-suppression", "3:syntax"]);
    check_unused(
        "[post-up] # draft-tasks: ignore[syntax, post-up, unused-suppression]\n",
        expect![[r#"
        info "syntax": `syntax` cannot be ignored
          fix: Remove `syntax` (preferred)
            [post-up] # draft-tasks: ignore[post-up, unused-suppression]
        info "unused-suppression": `unused-suppression` cannot be ignored
          fix: Remove `unused-suppression` (preferred)
            [post-up] # draft-tasks: ignore[syntax, post-up]
    "#]],
    );
}

#[test]
fn what_is_not_used_is_removed() {
    check_unused(
        "[pre-up] # draft-tasks: ignore[post-up] ours\na = \"b\"\n",
        expect![[r##"
        info "# draft-tasks: ignore[post-up] ours": this comment ignores nothing that is reported here
          fix: Remove the comment (preferred)
            [pre-up]
            a = "b"
    "##]],
    );
    check_unused(
        "[pre-up]\n# draft-tasks: ignore\na = \"b\"\n",
        expect![[r##"
            info "# draft-tasks: ignore": this comment ignores nothing that is reported here
              fix: Remove the comment
                [pre-up]
                a = "b"
        "##]],
    );
    check_unused(
        "[post-up] # draft-tasks: ignore[post-up, phase-case]\n",
        expect![[r#"
        info "phase-case": `phase-case` is not reported here
          fix: Remove `phase-case` (preferred)
            [post-up] # draft-tasks: ignore[post-up]
    "#]],
    );
    check_unused(
        "[post-up] # draft-tasks: ignore[phase-case, post-up]\n",
        expect![[r#"
        info "phase-case": `phase-case` is not reported here
          fix: Remove `phase-case` (preferred)
            [post-up] # draft-tasks: ignore[post-up]
    "#]],
    );
    check_unused(
        "[pre-up] # ours # draft-tasks: ignore[]\n",
        expect![[r##"
        info "# draft-tasks: ignore[]": this comment ignores nothing that is reported here
          fix: Remove the comment (preferred)
            [pre-up] # ours
    "##]],
    );
}

#[test]
fn unknown_codes() {
    check_unused(
        "[post-up] # draft-tasks: ignore[Post_Up]\n",
        expect![[r#"
        info "Post_Up": there is no diagnostic `Post_Up`: did you mean `post-up`?
          fix: Change to `post-up` (preferred)
            [post-up] # draft-tasks: ignore[post-up]
    "#]],
    );
    check_unused(
        "[post-up] # draft-tasks: ignore[post-up, E501]\n",
        expect![[r#"
        info "E501": there is no diagnostic `E501`
          fix: Remove `E501`
            [post-up] # draft-tasks: ignore[post-up]
    "#]],
    );
    check_unused(
        "[post-up] # draft-tasks: ignore[E501]\n",
        expect![[r#"
        info "E501": there is no diagnostic `E501`
          fix: Remove `E501`
            [post-up]
    "#]],
    );
    check_unused(
        "[post-up] # draft-tasks: ignore[post-up\n",
        expect![[r##"
        info "# draft-tasks: ignore[post-up": this comment ignores nothing: expected `]` behind the codes
    "##]],
    );
}

#[test]
fn what_depends_on_the_machine_is_not_called_unused() {
    let code = DiagnosticCode::ALL.into_iter().find(|code| code.needs_facts()).expect("one");
    assert_eq!(found(&format!("[pre-up]\na = \"b\" # draft-tasks: ignore[{code}]\n")), [""; 0]);
}

#[test]
fn other_comments_are_comments() {
    for comment in [
        "# draft-tasks: the tasks of this application",
        "# ignore[post-up]",
        "# draft-tasks: ignored",
        "# see draft-tasks: ignore",
    ] {
        assert_eq!(found(&format!("[post-up] {comment}\n")), ["1:post-up"], "{comment}");
    }
}

#[test]
fn a_code_that_is_off_is_used() {
    let mut options = Options::default();
    options.levels.set(DiagnosticCode::PostUp, crate::level::Level::Off);
    let analysis = Analysis::new("[post-up] # draft-tasks: ignore[post-up]\n", options);
    assert_eq!(analysis.diagnostics, []);
}

/// What the fixes make of a text, for its first finding; each must take the finding away.
fn check_fixes(text: &str, expect: Expect) {
    let analysis = Analysis::new(text, Options::default());
    let mut findings = analysis.diagnostics.iter();
    // The byte order mark of a test is not what the test is about.
    let wanted = |code: DiagnosticCode| code.is_suppressible() && code != DiagnosticCode::DraftToml;
    let first = findings.find(|found| wanted(found.code)).expect("a finding");
    let mut shown = String::new();
    for fix in Suppressions::new(&analysis.parsed).fixes(first) {
        let fixed = edit::apply(text, &fix.edits);
        let after = Analysis::new(fixed.as_str(), Options::default()).diagnostics;
        assert_eq!(after.len() + 1, analysis.diagnostics.len(), "{fixed}: {after:?}");
        shown += &format!("{}\n{}\n", fix.title, fixed.replace('\r', "␍"));
    }
    expect.assert_eq(&shown);
}

#[test]
fn fixes_that_ignore() {
    check_fixes(
        "[post-up]\r\na = \"b\"\r\n",
        expect![[r#"
        Ignore `post-up` on this line
        [post-up] # draft-tasks: ignore[post-up]␍
        a = "b"␍

        Ignore `post-up` in this file
        # draft-tasks: ignore[post-up]␍
        [post-up]␍
        a = "b"␍

    "#]],
    );
    check_fixes(
        "\u{feff}# ours\n[post-up] # why not\n",
        expect![[r#"
        Ignore `post-up` on this line
        ﻿# ours
        [post-up] # why not # draft-tasks: ignore[post-up]

        Ignore `post-up` in this file
        ﻿# draft-tasks: ignore[post-up]
        # ours
        [post-up] # why not

    "#]],
    );
    check_fixes(
        "# draft-tasks: ignore[phase-case]\n[Post-Up] # draft-tasks: ignore[unknown-phase]\n",
        expect![[r#"
            Ignore `post-up` on this line
            # draft-tasks: ignore[phase-case]
            [Post-Up] # draft-tasks: ignore[unknown-phase, post-up]

            Ignore `post-up` in this file
            # draft-tasks: ignore[phase-case, post-up]
            [Post-Up] # draft-tasks: ignore[unknown-phase]

        "#]],
    );
    check_fixes(
        "[pre-up]\na = \"\"\"\nx && y\"\"\"\n",
        expect![[r#"
        Ignore `shell-operator` on this line
        [pre-up]
        a = """
        x && y""" # draft-tasks: ignore[shell-operator]

        Ignore `shell-operator` in this file
        # draft-tasks: ignore[shell-operator]
        [pre-up]
        a = """
        x && y"""

    "#]],
    );
    check_fixes("[pre-up]\na = \"b\"\na = \"c\"", expect![""]);
    check_fixes(
        "[post-up] x\n",
        expect![[r#"
        Ignore `post-up` in this file
        # draft-tasks: ignore[post-up]
        [post-up] x

    "#]],
    );
}
