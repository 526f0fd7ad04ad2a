//! What README and the pages of the documentation show is what a reader sees who does it.

use std::fmt::Write as _;
use std::path::Path;
use std::thread;

use expect_test::expect;

mod block;
#[allow(dead_code, reason = "tests on a cluster use the rest")]
mod walk;

use block::{Claim, Page, pages};
use walk::Desk;

/// The page of which another test proves the blocks: `the_example_of_each_code_triggers_it_alone`.
const OF_RULES: &str = "docs/diagnostics.md";

#[test]
fn their_blocks_do_what_they_say() {
    let here = pages().into_iter().filter(|page| !page.needs_cluster && page.path != OF_RULES);
    let walks: Vec<_> = here.map(|page| thread::spawn(move || Desk::new().walk(&page))).collect();
    let wrong: String = walks.into_iter().map(|walk| walk.join().expect("a walk")).collect();
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn only_times_may_be_others_and_what_is_set_up_must_succeed() {
    let wrong = |text: &str| Desk::new().walk(&Page::read("page".into(), text));
    assert_eq!(wrong("```console\n$ echo ended in 1.5 s\nended in 0.0 s\n```\n"), "");
    for text in [
        "```console\n$ echo version 1.5\nversion 1.4\n```\n",
        "<!-- setup: cd nowhere -->\n```console\n$ echo a\na\n```\n",
    ] {
        assert!(!wrong(text).is_empty(), "{text}");
    }
}

/// A heading of the page is a message where a transcript stands below it.
#[test]
fn messages_are_quoted_as_they_are_written() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/troubleshooting.md");
    let text = std::fs::read_to_string(page).expect("the page");
    let sections = text.split("\n### ").skip(1).filter_map(|section| section.split_once('\n'));
    let shown = sections.filter_map(|(heading, rest)| Some((heading, rest.split("```console\n").nth(1)?)));
    let shown: Vec<_> =
        shown.map(|(heading, rest)| (heading, rest.split("```").next().unwrap_or(rest))).collect();
    assert!(shown.len() > 8);
    for (message, transcript) in shown {
        assert!(transcript.contains(message), "`{message}` is not in\n{transcript}");
    }
}

#[test]
fn each_of_their_blocks_is_run_or_says_why_not() {
    let (mut unclear, mut counts) = (String::new(), String::new());
    for page in pages() {
        let blocks: Vec<_> = page.blocks.iter().filter(|block| block.is_checked()).collect();
        let mut run = blocks.iter().filter(|block| block.is_run()).count();
        if page.path == OF_RULES {
            run = blocks.iter().filter(|block| block.language == "toml").count();
        } else {
            let these = blocks.iter().filter(|block| matches!(block.claim(), Claim::Unclear));
            these.for_each(|block| {
                unclear += &format!("{}:{}: `{}`\n", page.path, block.line, block.language)
            });
        }
        if !blocks.is_empty() {
            let _ = writeln!(counts, "{}: {run} run, {} not", page.path, blocks.len() - run);
        }
    }
    assert!(
        unclear.is_empty(),
        "in front of each write `<!-- file: PATH -->` or `<!-- not run: REASON -->`, and call its language `console`, \
         `sh` or `toml`:\n{unclear}"
    );
    expect![[r#"
        CONTRIBUTING.md: 0 run, 4 not
        README.md: 1 run, 1 not
        docs/ci.md: 6 run, 0 not
        docs/configuration.md: 1 run, 0 not
        docs/diagnostics.md: 50 run, 0 not
        docs/editors.md: 0 run, 1 not
        docs/export.md: 6 run, 0 not
        docs/from-draft.md: 5 run, 1 not
        docs/index.md: 0 run, 1 not
        docs/kubernetes.md: 5 run, 1 not
        docs/performance.md: 0 run, 1 not
        docs/recipes.md: 10 run, 0 not
        docs/troubleshooting.md: 20 run, 0 not
        docs/tutorial.md: 13 run, 0 not
        docs/usage.md: 3 run, 0 not
    "#]]
    .assert_eq(&counts);
}
