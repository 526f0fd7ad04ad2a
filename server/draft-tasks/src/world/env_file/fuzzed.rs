//! What holds for any text of an env file.

use super::grammar::parse;

/// A value that may stand anywhere in an input.
const SECRET: &str = "hunter2";

/// An env file.
///
/// Its variables can be given to a program, or an error says in which line something is wrong, without a value.
pub fn env_file(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let outside = |name: &str| match name {
        "HOME" => Some("/home/ann".to_owned()),
        "EMPTY" => Some(String::new()),
        _ => None,
    };
    let lines = text.split('\n').count();
    let read = parse(text, &outside);
    match &read {
        Ok(meaning) => {
            for variable in &meaning.variables {
                assert!(!variable.name.is_empty() && !variable.name.contains(['=', '\0']), "{variable:?}");
                assert!(!variable.value.contains('\0'), "{variable:?}");
            }
            assert!(meaning.lines_with_unset.iter().all(|line| (1..=lines).contains(line)));
        }
        Err(wrong) => {
            assert!((1..=lines).contains(&wrong.line), "{wrong:?}");
            // `${NAME?text}` has the text for people.
            assert!(text.contains('?') || !wrong.problem.contains(SECRET), "{wrong:?}");
        }
    }
    if !text.contains('\r') {
        assert_eq!(shown(&parse(&text.replace('\n', "\r\n"), &outside)), shown(&read), "with CRLF");
    }
    assert_quoted(text);
}

fn shown(read: &Result<super::grammar::Meaning, super::grammar::Wrong>) -> String {
    format!("{read:?}")
}

/// Any value can be written in single quotes, but for what these have a meaning for.
fn assert_quoted(value: &str) {
    if value.contains(['\'', '\\', '\0', '\r']) {
        return;
    }
    let read = parse(&format!("A='{value}'\nB=1"), &|_| None).expect("a value in quotes can be read");
    let values: Vec<&str> = read.variables.iter().map(|variable| variable.value.as_str()).collect();
    assert_eq!(values, [value, "1"]);
}
