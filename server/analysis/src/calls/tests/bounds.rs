//! How much is read.

use super::*;
use crate::calls::{CALLS, READ_EACH, READ_LEAST};

#[test]
fn shells_that_read_the_script_that_they_are_in_come_to_an_end() {
    let calls = read("sh -c 'sh -c sh <<E\nsh\nbash -s\nssh x\nE\n'");
    assert_eq!(calls.unclear.expect("not all of it is read").why, "it is nested too deeply");
    assert!(calls.called.len() <= CALLS, "{}", calls.called.len());
}

#[test]
fn what_stands_behind_several_options_is_not_read_again_for_each_of_all() {
    for open in ["find -exec ", "fd -x ", "find . -exec sudo ", "xargs find -exec ", "npx find -exec "] {
        let text = open.repeat(100);
        let calls = Calls::of(text.split_whitespace(), &lookup);
        assert!(calls.unclear.is_some(), "{open}");
        assert!(calls.called.len() <= CALLS, "{open}: {}", calls.called.len());
    }
}

/// How much of a command is kept: the words of its calls, which those share that wrappers run, and the texts.
fn kept(calls: &Calls) -> usize {
    let mut lines: Vec<_> = calls.called.iter().map(|call| &call.line.words).collect();
    lines.dedup_by(|one, other| Arc::ptr_eq(one, other));
    let words = lines.into_iter().flat_map(|words| words.iter()).map(|word| word.text.len() + READ_CALL);
    let directories = calls.called.iter().filter_map(|call| Some(call.directory.as_ref()?.len()));
    words.chain(directories).chain(calls.piped.iter().map(String::len)).sum()
}

#[test]
fn no_more_is_read_than_stands_in_a_command_some_times() {
    let named = |name: &str, one: &str, times: usize| format!("{name}='{}'; ", one.repeat(times));
    let in_values = named("c", "x ", 2000) + &named("b", "$c ", 1000) + &named("a", "$b ", 1000);
    let scripts = [
        // Each `((` ends where the text does.
        "((echo '(' ); true); ".repeat(5_000),
        "echo $(cat <<a) ".repeat(5_000),
        "`".repeat(30_001),
        "$(".repeat(30_000),
        "\"`".repeat(30_000),
        "${a:-`".repeat(10_000),
        format!("{in_values}eval eval eval $a"),
        format!("{}eval $a$a$a", named("a", "$(x)", 1000).repeat(3)),
        "cd aaaaaaaaaa; ".repeat(5_000),
        ":;".repeat(20_000),
        format!("sh -c '{}' x {}", "\"$@\" ".repeat(5_000), "a ".repeat(5_000)),
    ];
    for script in &scripts {
        let calls = Calls::of_script(script, &lookup);
        assert!(calls.unclear.is_some(), "{}", &script[..20]);
        assert!(
            kept(&calls) < READ_LEAST + (READ_EACH + READ_CALL) * script.len(),
            "{}: {}",
            &script[..20],
            kept(&calls)
        );
    }
    for (first, more) in [
        ("find", " -exec a"),
        ("npx", " npx -- npx"),
        ("npx", " npx -a npx --"),
        ("concurrently", " concurrently"),
        ("tmux", " send"),
        ("docker run", " $A docker run"),
        ("sh -c '\"$@\" \"$@\"' x sh -c '\"$@\" \"$@\"'", " x y"),
    ] {
        let script = first.to_owned() + &more.repeat(4_000);
        let calls = Calls::of_script(&script, &lookup);
        assert!(calls.unclear.is_some(), "{first}{more}");
        assert!(
            kept(&calls) < READ_LEAST + (READ_EACH + READ_CALL) * script.len(),
            "{first}{more}: {}",
            kept(&calls)
        );
    }
}

#[test]
fn nesting_ends() {
    for open in ["(", "$(", "`", "${A:-", "\"$(", "sudo ", "eval ", "if ", "$((", "case x in a) ", "<("] {
        let _ = Calls::of_script(&open.repeat(20_000), &lookup);
    }
    for open in
        ["docker run x ", "npx -a ", "npx -a b ", "multipass exec a ", "ssh a ", "sudo --unheard ", "coproc "]
    {
        let words: Vec<String> = open.repeat(20_000).split(' ').map(str::to_owned).collect();
        let _ = Calls::of(words.into_iter(), &lookup);
        let _ = Calls::of_script(&open.repeat(2_000), &lookup);
    }
    let words = vec!["sudo".to_owned(); 20_000];
    assert!(Calls::of(words.into_iter(), &lookup).unclear.is_some());
    let grows: String = (0..200).map(|n| format!("a{}=$a{n}$a{n};", n + 1)).collect();
    let _ = Calls::of_script(&format!("a0=xx;{grows}$a200"), &lookup);
}

proptest::proptest! {
    #[test]
    fn no_script_makes_it_fail(parts in proptest::collection::vec(proptest::sample::select(PARTS.to_vec()), 0..40)) {
        let _ = Calls::of_script(&parts.concat(), &lookup);
    }

    #[test]
    fn no_text_makes_it_fail(text in "\\PC*") {
        let _ = Calls::of_script(&text, &lookup);
    }
}

const PARTS: [&str; 48] = [
    " ", "\n", "\t", ";", ";;", "&", "&&", "|", "(", ")", "((", "))", "{", "}", "$", "$(", "${", "$((", "`",
    "'", "\"", "\\", "#", "<", ">", "<<", "<<-", "<<<", "<(", "E", "\nE\n", "=", "A=", "A=(", "if ", "case ",
    " in ", "esac", "for ", "do ", "[[ ", " ]]", "é", "$'", "\\x", "sh -c ", "xargs ", "time ",
];
