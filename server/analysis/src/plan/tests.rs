//! Plans of files, and why there is none.

use expect_test::{Expect, expect};

use super::*;
use crate::command::Semantics;
use crate::options::Options;

fn check(text: &str, phase: Phase, only: &[&str], expect: Expect) {
    let analysis = Parsed::new(text, Options::default());
    let only: Vec<String> = only.iter().map(|name| (*name).to_owned()).collect();
    let lookup = |name: &str| (name == "USER").then(|| "ann lee".to_owned());
    let shown = match Plan::for_phase(&analysis, phase, &only, &lookup) {
        Ok(plan) => plan.steps.iter().map(|step| format!("{}: {:?}\n", step.task, step.argv)).collect(),
        Err(error) => format!("{}\n", error.describe()),
    };
    expect.assert_eq(&shown);
}

#[test]
fn a_command_that_was_typed_is_split_as_those_of_a_file() {
    let lookup = |name: &str| (name == "APP").then(|| "a b".to_owned());
    let typed = |command: &str| typed(command, &lookup);
    let argv = ["helm", "upgrade", "x y", "a b", ""].map(str::to_owned);
    assert_eq!(typed("helm upgrade 'x y' $APP $NONE"), Ok(argv.to_vec()));
    assert_eq!(typed(" "), Err("the command has no program to run".into()));
    assert_eq!(typed("$NONE x"), Err("the command has no program to run".into()));
    let open = typed("helm 'x").unwrap_err();
    assert!(open.starts_with("the command cannot be split: "), "{open}");
}

const FILE: &str =
    "[pre-up]\na = \"echo $USER\"\n\"b c\" = 'make \"x y\"'\n[cleanup]\nd = \"echo\"\n[PRE-UP]\ne = \"ls\"\n";

#[test]
fn each_step_knows_its_line() {
    let parsed = Parsed::new(FILE, Options::default());
    let plan = Plan::for_phase(&parsed, Phase::PreUp, &[], &|_| None).unwrap();
    let lines: Vec<_> = plan.steps.iter().map(|step| step.line).collect();
    assert_eq!(lines, [Some(2), Some(3), Some(7)]);
}

#[test]
fn all_tasks_in_file_order() {
    check(
        FILE,
        Phase::PreUp,
        &[],
        expect![[r#"
        a: ["echo", "ann lee"]
        b c: ["make", "x y"]
        e: ["ls"]
    "#]],
    );
}

#[test]
fn chosen_tasks_in_file_order() {
    check(
        FILE,
        Phase::PreUp,
        &["e", "b c"],
        expect![[r#"
        b c: ["make", "x y"]
        e: ["ls"]
    "#]],
    );
}

#[test]
fn what_is_not_there() {
    check(
        FILE,
        Phase::PreUp,
        &["d"],
        expect![[r#"
            `pre-up` has no task `d`; it is a task of `cleanup`
        "#]],
    );
    check(
        FILE,
        Phase::PostDeploy,
        &[],
        expect![[r#"
        the file has no tasks in `post-deploy`; it has tasks in `pre-up`, `cleanup`
    "#]],
    );
    check(
        "",
        Phase::PreUp,
        &[],
        expect![[r#"
        the file has no tasks
    "#]],
    );
}

#[test]
fn a_merge_that_is_not_over_keeps_all_phases_from_running() {
    let text =
        "[pre-up]\na = 'x'\n<<<<<<< HEAD\n[cleanup]\nb = 'y'\n=======\n>>>>>>> other\n[post-up]\nc = 'z'\n";
    let parsed = Parsed::new(text, Options::default());
    for phase in [Phase::PreUp, Phase::Cleanup, Phase::PostUp] {
        let refused = Plan::for_phase(&parsed, phase, &[], &|_| None).unwrap_err().describe();
        assert!(
            refused.starts_with(&format!("`{phase}` does not run: a merge left a conflict")),
            "{refused}"
        );
    }
}

#[test]
fn broken_tasks_do_not_run() {
    check(
        "[pre-up]\na = 5\n",
        Phase::PreUp,
        &[],
        expect![[r#"
        the task `a` is an integer, not a command
    "#]],
    );
    check(
        "[pre-up]\na = \"\"\n",
        Phase::PreUp,
        &[],
        expect![[r#"
        the task `a` has no program to run
    "#]],
    );
    check(
        "[pre-up]\na = \"$NONE x\"\n",
        Phase::PreUp,
        &[],
        expect![[r#"
            the task `a` has no program to run: `$NONE` is not set
        "#]],
    );
    check(
        "[pre-up]\na = \"echo 'x\"\n",
        Phase::PreUp,
        &[],
        expect![[r#"
            the task `a` cannot be split: a `'` is not closed
        "#]],
    );
    check(
        "[pre-up]\na = \"x\"\n[pre-up.more]\n",
        Phase::PreUp,
        &[],
        expect![[r#"
        `pre-up` does not run: a table stands where a task should
    "#]],
    );
}

#[test]
fn a_syntax_error_stops_its_own_phase() {
    let text = "[pre-up]\na = \"x\"\nb = \n[cleanup]\nc = \"y\"\n";
    check(
        text,
        Phase::PreUp,
        &[],
        expect![[r#"
        `pre-up` does not run while the file has a syntax error in it: expected a value after `=`
    "#]],
    );
    check(
        text,
        Phase::Cleanup,
        &[],
        expect![[r#"
        c: ["y"]
    "#]],
    );
}

#[test]
fn what_the_chosen_draft_ignores_does_not_run() {
    for (draft_version, runs) in [(DraftVersion::V0_16, false), (DraftVersion::Master, true)] {
        let options = Options { semantics: Semantics::Draft, draft_version, ..Options::default() };
        let analysis = Parsed::new("[post-up]\na = \"b\"\n", options);
        let plan = Plan::for_phase(&analysis, Phase::PostUp, &[], &|_| None);
        assert_eq!(plan.is_ok(), runs, "{plan:?}");
    }
}

#[test]
fn a_broken_task_that_is_not_chosen_does_not_matter() {
    check(
        "[pre-up]\na = \"\"\nb = \"ls\"\n",
        Phase::PreUp,
        &["b"],
        expect![[r#"
        b: ["ls"]
    "#]],
    );
}

#[test]
fn what_is_not_there_is_answered_with_what_was_meant() {
    let text = "[pre-up]\n\"install mysql\" = \"a\"\n\"sync\" = \"b\"\n[cleanup]\ndrop = \"c\"\n";
    for (name, said) in [
        ("synk", "`pre-up` has no task `synk`; did you mean `sync`?"),
        ("MySQL", "`pre-up` has no task `MySQL`; did you mean `install mysql`?"),
        ("drop", "`pre-up` has no task `drop`; it is a task of `cleanup`"),
        ("s", "`pre-up` has no task `s`; it has `install mysql`, `sync`"),
    ] {
        let parsed = Parsed::new(text, Options::default());
        let refused = Plan::for_phase(&parsed, Phase::PreUp, &[name.into()], &|_| None).unwrap_err();
        assert_eq!(refused.describe(), said);
    }
    let builds =
        Parsed::new("[pre-up]\n\"build web\" = \"a\"\n\"build db\" = \"b\"\nc = \"c\"\n", Options::default());
    let refused = Plan::for_phase(&builds, Phase::PreUp, &["build".into()], &|_| None).unwrap_err();
    assert_eq!(refused.describe(), "`pre-up` has no task `build`; `build web`, `build db` begin so");
    let parsed = Parsed::new(text, Options::default());
    let named = |name: &str| phase_named(&parsed, name).unwrap_err().describe();
    assert_eq!(named("drop"), "there is no phase `drop`; it is a task of `cleanup`");
    assert_eq!(
        named("cleanu"),
        "there is no phase `cleanu`; the file has tasks in `pre-up`, `cleanup`; did you mean `cleanup`?"
    );
    assert_eq!(named("install"), "there is no phase `install`; tasks of `pre-up` begin so");
    assert_eq!(named("x"), "there is no phase `x`; the file has tasks in `pre-up`, `cleanup`");
}
