use expect_test::{Expect, expect};

use super::*;
use crate::analysis::Analysis;
use crate::edit::TextEdit;
use crate::options::Options;

/// Shows the labels at `$0` and what the first one makes of the text.
fn check(marked: &str, expect: Expect) {
    let offset = TextSize::new(marked.find("$0").expect("a cursor") as u32);
    let text = marked.replacen("$0", "", 1);
    let found = complete(&Analysis::new(text.as_str(), Options::default()).parsed, offset);
    let mut shown: String = found.iter().map(|it| format!("{} ({})\n", it.label, it.detail)).collect();
    if let Some(first) = found.first() {
        let edit = TextEdit::replace(first.range, strip_placeholders(&first.snippet));
        shown += &format!("---\n{}\n", crate::edit::apply(&text, &[edit]));
    }
    expect.assert_eq(&shown);
}

#[test]
fn an_empty_file_offers_the_phases_first() {
    check(
        "$0",
        expect![[r#"
            [pre-up] (runs before the application is built and deployed)
            [post-deploy] (runs inside every ready pod after the application was deployed)
            [cleanup] (runs after the application was deleted from the cluster)
            the example of DEP-8 (all three phases, as the specification has them)
            install a database (with Helm 3, in `[pre-up]`)
            run the tests (so that only what passes is deployed, in `[pre-up]`)
            run a script (for anything that needs a shell, in `[pre-up]`)
            migrate the database (in every ready pod, in `[post-deploy]`)
            use a variable of the container (through a shell in the container, in `[post-deploy]`)
            uninstall a release (with Helm 3, in `[cleanup]`)
            delete a claim (which outlives its release, in `[cleanup]`)
            ---
            [pre-up]
            "description" = "command"
        "#]],
    );
}

#[test]
fn phases_that_are_missing() {
    check(
        "[pre-up]\na = \"b\"\n\n$0",
        expect![[r#"
            [post-deploy] (runs inside every ready pod after the application was deployed)
            [cleanup] (runs after the application was deleted from the cluster)
            description = "command" (a task of `pre-up`)
            install a database (with Helm 3)
            run the tests (so that only what passes is deployed)
            run a script (for anything that needs a shell)
            ---
            [pre-up]
            a = "b"

            [post-deploy]
            "description" = "command"
        "#]],
    );
}

#[test]
fn nothing_of_a_quoted_header_is_left_behind() {
    for marked in
        ["[\"$0\"]", "[\"pre$0\"]", "['$0']", "[\"$0\" ]", "[pre$0 ]", "[[\"$0\"]]", "[\"$0", "[$0]"]
    {
        for end in ["", "\na = \"x\"\n"] {
            let (before, after) = marked.split_once("$0").unwrap();
            let text = format!("{before}{after}{end}");
            let offset = TextSize::of(before);
            let parsed = Parsed::new(text.as_str(), Options::default());
            let first = complete(&parsed, offset).swap_remove(0);
            let edit = edit::TextEdit::replace(first.range, strip_placeholders(&first.snippet));
            let after = Parsed::new(edit::apply(&text, &[edit]), Options::default());
            assert!(
                after.tree.errors.is_empty() && after.text.starts_with("[pre-up]"),
                "{marked}: {}",
                after.text
            );
        }
    }
}

#[test]
fn a_header_that_is_being_typed() {
    check(
        "[pre-up]\na = \"b\"\n[cl$0",
        expect![[r#"
            [post-deploy] (runs inside every ready pod after the application was deployed)
            [cleanup] (runs after the application was deleted from the cluster)
            ---
            [pre-up]
            a = "b"
            [post-deploy]
            "description" = "command"
        "#]],
    );
    check(
        "[cl$0]\n",
        expect![[r#"
            [pre-up] (runs before the application is built and deployed)
            [post-deploy] (runs inside every ready pod after the application was deployed)
            [cleanup] (runs after the application was deleted from the cluster)
            ---
            [pre-up]
            "description" = "command"

        "#]],
    );
    check(
        "[$0]\na = \"b\"\n",
        expect![[r#"
            [pre-up] (runs before the application is built and deployed)
            [post-deploy] (runs inside every ready pod after the application was deployed)
            [cleanup] (runs after the application was deleted from the cluster)
            ---
            [pre-up]
            a = "b"

        "#]],
    );
    check(
        "  po$0\n[cleanup]\n",
        expect![[r#"
            [pre-up] (runs before the application is built and deployed)
            [post-deploy] (runs inside every ready pod after the application was deployed)
            ---
              [pre-up]
            "description" = "command"
            [cleanup]

        "#]],
    );
}

#[test]
fn a_value() {
    check(
        "[pre-up]\na = $0\n",
        expect![[r#"
        "command" (what the task runs)
        ---
        [pre-up]
        a = "command"

    "#]],
    );
    check(
        "[pre-up]\na =$0\n",
        expect![[r#"
        "command" (what the task runs)
        ---
        [pre-up]
        a = "command"

    "#]],
    );
    check("[pre-up]\na = \"b\" $0\n", expect![[""]]);
}

#[test]
fn not_in_comments_and_strings() {
    check("# pre$0\n", expect![[""]]);
    check("[pre-up]\na = \"$0\"\n", expect![[""]]);
    check("[pre-up]\na = \"echo $0\n", expect![[""]]);
    check("[pre-up]\na = '''\n$0\n'''\n", expect![[""]]);
    check("[pre-up]\na = \"\"\"\necho\n$0", expect![[""]]);
    check("[pre-up]\na = \"\"\"\necho\n$0\n[cleanup]\n", expect![[""]]);
}

#[test]
fn line_ends_are_the_files_own() {
    let analysis = Analysis::new("[pre-up]\r\n\r\n", Options::default());
    let found = complete(&analysis.parsed, 10.into());
    assert!(found[0].snippet.contains("]\r\n"), "{:?}", found[0].snippet);
}

#[test]
fn snippets_as_plain_text() {
    assert_eq!(strip_placeholders("${1:a b} = \"${2:c}\"$0 \\$x \\} \\\\"), "a b = \"c\" $x } \\");
    assert_eq!(strip_placeholders(&escape_snippet("a $x ${y} \\ é")), "a $x ${y} \\ é");
}

#[test]
fn examples_are_valid_tasks() {
    for example in EXAMPLES {
        let text = format!("[{}]\n{}\n", example.phase, strip_placeholders(example.snippet));
        let mut found = Analysis::new(text.as_str(), Options::default()).diagnostics;
        // A hint that nothing removes a release yet is right: that is the next example.
        found.retain(|found| found.severity != crate::diagnostic::Severity::Hint);
        assert!(found.is_empty(), "{text}{found:?}");
    }
}

#[test]
fn an_empty_file_offers_what_packs_have() {
    let pack = |pack: &str, text: &str| PackFile { pack: pack.into(), text: text.into() };
    let packs = [pack("x/go", "[pre-up]\na = \"echo $A\"\n"), pack("x/empty", "\n")];
    let offered = |text: &str| from_packs(&Analysis::new(text, Options::default()).parsed, 0.into(), &packs);
    assert_eq!(offered("[pre-up]\n"), []);
    let [only] = &offered("\n")[..] else { panic!("{:?}", offered("\n")) };
    assert_eq!(only.label, "copy from pack x/go");
    assert_eq!(strip_placeholders(&only.snippet), packs[0].text);
}
