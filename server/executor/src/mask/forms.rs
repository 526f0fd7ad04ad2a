//! The forms in which programs write a value, to be found masked.

use super::escaped::SHORTEST;
use crate::base64::encoded;

/// Forms of a value but [`base64`] and [`chosen`], some of them more than once.
pub(super) fn of(value: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = vec![value.to_vec()];
    // Each of the programs writes such a value as it is.
    let is_word = value.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte));
    if value.len() >= SHORTEST && !is_word {
        add_doubled(value, &mut forms);
        add_html(value, &mut forms);
        if let Ok(text) = std::str::from_utf8(value) {
            add_json(text, &mut forms);
        }
    }
    forms
}

/// The forms of a value in base64, without line ends.
pub(super) fn base64(value: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = Vec::new();
    if value.len() < SHORTEST {
        return forms;
    }
    for before in 0..3 {
        add_base64(value, before, &mut forms);
    }
    // Lines have whole groups of letters, so behind a line end one of these follows at the latest.
    for begun in 1..3 {
        add_base64(&value[begun..], 0, &mut forms);
    }
    forms
}

/// Behind so many bytes, or any number of threes more, where a `:` is in front or any byte, and nothing or a line end
/// follows.
fn add_base64(value: &[u8], before: usize, forms: &mut Vec<Vec<u8>>) {
    for behind in ["", "\n"] {
        let text = encoded(&[&b":::"[..before], value, behind.as_bytes()].concat());
        // In the standard alphabet, and in that for URLs.
        for text in [text.replace('+', "-").replace('/', "_").into_bytes(), text.into_bytes()] {
            for skipped in [before, (before * 8).div_ceil(6)] {
                let end = text.iter().take_while(|byte| **byte != b'=').count();
                forms.extend([text[skipped..].to_vec(), text[skipped..end].to_vec()]);
            }
        }
    }
}

/// Quotes as they are written twice in SQL and in tables of comma-separated values.
fn add_doubled(value: &[u8], forms: &mut Vec<Vec<u8>>) {
    for quotes in [&b"'"[..], b"\"", b"$", b"%"] {
        forms.push(escaped(value, |byte, text| {
            text.push(byte);
            text.extend(Some(byte).filter(|byte| quotes.contains(byte)));
        }));
    }
}

/// In HTML and XML, where programs write quotes as they are or in several ways.
fn add_html(value: &[u8], forms: &mut Vec<Vec<u8>>) {
    if !value.iter().any(|byte| b"&<>\"'".contains(byte)) {
        return;
    }
    for single in ["'", "&#39;", "&#039;", "&#x27;", "&apos;"] {
        for double in ["\"", "&quot;", "&#34;", "&#x22;"] {
            for greater in ["&gt;", ">"] {
                forms.push(escaped(value, |byte, text| match byte {
                    b'&' => text.extend_from_slice(b"&amp;"),
                    b'<' => text.extend_from_slice(b"&lt;"),
                    b'>' => text.extend_from_slice(greater.as_bytes()),
                    b'\'' => text.extend_from_slice(single.as_bytes()),
                    b'"' => text.extend_from_slice(double.as_bytes()),
                    _ => text.push(byte),
                }));
            }
        }
    }
}

fn escaped(value: &[u8], write: impl Fn(u8, &mut Vec<u8>)) -> Vec<u8> {
    let mut text = Vec::with_capacity(value.len());
    value.iter().for_each(|byte| write(*byte, &mut text));
    text
}

/// Characters that some programs write by their numbers in JSON, since the text may stand in HTML.
const NOT_IN_HTML: [&str; 8] = ["", "<>&", "<>&'", "<>&'\"", "<>&'+\"", "<>&'+\"`", "<>&='", "+="];

fn add_json(value: &str, forms: &mut Vec<Vec<u8>>) {
    // A line of JSON stands in another one as a text, as containers' logs have it.
    let within =
        |text: &[u8]| json(&String::from_utf8_lossy(text), "", false, "/", |unit| format!("\\u{unit:04x}"));
    let mut add = |form: Vec<u8>| {
        let twice = within(&form);
        let thrice = within(&twice);
        forms.extend([form, twice, thrice]);
    };
    for numbered in NOT_IN_HTML {
        for ascii in [false, true] {
            for slash in ["/", "\\/"] {
                let upper = json(value, numbered, ascii, slash, |unit| format!("\\u{unit:04X}"));
                let lower = json(value, numbered, ascii, slash, |unit| format!("\\u{unit:04x}"));
                add(upper);
                add(lower);
            }
        }
    }
}

fn json(value: &str, numbered: &str, ascii: bool, slash: &str, number: fn(u16) -> String) -> Vec<u8> {
    let mut text = String::with_capacity(value.len());
    for letter in value.chars() {
        match letter {
            _ if numbered.contains(letter) || ascii && !letter.is_ascii() => {
                text.extend(letter.encode_utf16(&mut [0; 2]).iter().map(|unit| number(*unit)));
            }
            '/' => text.push_str(slash),
            '"' | '\\' => text.extend(['\\', letter]),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            _ if letter < ' ' || letter == '\x7f' => text += &number(letter as u16),
            _ => text.push(letter),
        }
    }
    text.into_bytes()
}

/// A value, each sign as it is or as it is escaped in URLs or for shells, as a number chooses.
pub(super) fn chosen(value: &[u8], number: usize) -> Vec<u8> {
    let family = [percent, backslash][number % 2];
    let way = |(at, byte): (usize, &u8)| {
        let mut ways = family(*byte);
        ways.swap_remove((number / 2).wrapping_mul(at + 1).wrapping_add(number >> (at % 16)) % ways.len())
    };
    value.iter().enumerate().flat_map(way).collect()
}

fn percent(byte: u8) -> Vec<Vec<u8>> {
    let mut ways = vec![vec![byte]];
    ways.extend(in_hexadecimal(byte).map(|digits| format!("%{digits}").into_bytes()));
    ways.extend((byte == b' ').then(|| b"+".to_vec()));
    ways
}

/// In `"…"`, `'…'` and `$'…'` of shells, and without quotes, where nobody escapes letters and digits.
fn backslash(byte: u8) -> Vec<Vec<u8>> {
    let mut ways = vec![vec![byte]];
    if byte.is_ascii_alphanumeric() {
        return ways;
    }
    // Behind a backslash stands a whole letter of UTF-8.
    ways.extend((byte.is_ascii() || byte >= 0xc0).then(|| vec![b'\\', byte]));
    ways.push(format!("\\{byte:03o}").into_bytes());
    ways.extend(in_hexadecimal(byte).map(|digits| format!("\\x{digits}").into_bytes()));
    let named: &[&[u8]] = match byte {
        b'\x07' => &[b"\\a"],
        b'\x08' => &[b"\\b"],
        b'\t' => &[b"\\t"],
        b'\n' => &[b"\\n"],
        b'\x0b' => &[b"\\v"],
        b'\x0c' => &[b"\\f"],
        b'\r' => &[b"\\r"],
        b'\x1b' => &[b"\\e", b"\\E"],
        b'\'' => &[b"'\\''", b"'\"'\"'"],
        _ => &[],
    };
    ways.extend(named.iter().map(|way| way.to_vec()));
    ways
}

fn in_hexadecimal(byte: u8) -> [String; 2] {
    [format!("{byte:02X}"), format!("{byte:02x}")]
}

#[cfg(test)]
mod tests {
    use super::super::Secrets;
    use super::*;

    #[track_caller]
    fn assert_forms(value: &str, written: &[&str]) {
        let secrets = Secrets::new([value.as_ref()]);
        for written in written {
            assert_eq!(secrets.mask(&format!("<{written}>")), "<***>", "{written}");
        }
    }

    #[test]
    fn base64_has_any_alignment() {
        // As `base64` and `basenc --base64url` of coreutils write it.
        assert_forms("s3cret?>pässword", &["czNjcmV0Pz5ww6Rzc3dvcmQ=", "czNjcmV0Pz5ww6Rzc3dvcmQ"]);
        assert_forms("??>>??>>", &["Pz8+Pj8/Pj4=", "Pz8-Pj8_Pj4", "Pz8+Pj8/Pj4K"]);
        // Of `ann:hunter2-hunter2` the part behind the name, and of `x:…` and `xy:…`.
        assert_forms(
            "hunter2-hunter2",
            &["mh1bnRlcjItaHVudGVyMg==", "podW50ZXIyLWh1bnRlcjI=", "aHVudGVyMi1odW50ZXIy"],
        );
        // Of `unter2-hunter2` and `nter2-hunter2`, where a line ended in front of them.
        assert_forms("hunter2-hunter2", &["dW50ZXIyLWh1bnRlcjI=", "bnRlcjItaHVudGVyMg=="]);
        // Of `ahunter2-hunter2` and `aahunter2-hunter2`, whose first letters are not those of the value alone.
        assert_forms("hunter2-hunter2", &["h1bnRlcjItaHVudGVyMg==", "odW50ZXIyLWh1bnRlcjI="]);
        // What follows shares the next letter.
        assert_forms("hunter2-hunter2-", &["aHVudGVyMi1odW50ZXIyLW"]);
    }

    #[test]
    fn what_programs_leave_in_urls() {
        assert_forms(
            "a~b!c*d'e(f)g$h&i,j;k:l@m/n+o=p",
            &[
                "a~b%21c%2Ad%27e%28f%29g%24h%26i%2Cj%3Bk%3Al%40m%2Fn%2Bo%3Dp",
                "a~b%21c%2Ad%27e%28f%29g%24h%26i%2Cj%3Bk%3Al%40m/n%2Bo%3Dp",
                "a~b!c*d'e(f)g%24h%26i%2Cj%3Bk%3Al%40m%2Fn%2Bo%3Dp",
                "a~b!c*d'e(f)g$h&i,j;k%3Al%40m%2Fn+o=p",
                "a~b%21c%2Ad%27e%28f%29g$h&i,j;k:l@m/n+o=p",
                "%61%7E%62%21%63%2A%64%27%65%28%66%29%67%24%68%26%69%2C%6A%3B%6B%3A%6C%40%6D%2F%6E%2B%6F%3D%70",
                "a%7Eb%21c*d%27e%28f%29g%24h%26i%2Cj%3Bk%3Al%40m%2Fn%2Bo%3Dp",
            ],
        );
    }

    #[test]
    fn what_shells_and_their_friends_escape() {
        assert_forms(
            "a b@c%d+e=f:g,h./i-j",
            &[
                r"a\ b@c%d+e=f:g,h./i-j",
                // As bash, zsh, something between, and Ruby.
                r"a\ b@c%d+e=f:g\,h./i-j",
                r"a\ b@c%d+e\=f:g,h./i-j",
                r"a\ b@c%d+e\=f:g\,h./i-j",
                r"a\ b@c\%d+e\=f:g,h./i-j",
                r"a\ b\@c\%d\+e\=f\:g\,h./i-j",
            ],
        );
        assert_forms("pa $s!w\"rd", &[r#"pa \$s!w\"rd"#, r#"pa \$s\!w\"rd"#]);
        assert_forms("a\tb\rc\nd'e\\f", &[r"a\tb\rc\nd\'e\\f"]);
    }

    #[test]
    fn json_has_numbers_for_some_letters() {
        assert_forms("a\tb\x01c\rd\x7fe", &[r"a\tb\u0001c\rd\u007fe"]);
        assert_forms("<it's>&+\"x", &[r"\u003cit\u0027s\u003e\u0026\u002b\u0022x"]);
        assert_forms("<it's>&+\"x`=", &[r"\u003cit\u0027s\u003e\u0026\u002b\u0022x\u0060="]);
        assert_forms(
            "<it's>&+\"x=",
            &[r#"\u003cit\u0027s\u003e\u0026+\"x\u003d"#, r#"<it's>&\u002b\"x\u003d"#],
        );
        assert_forms("pa'ss=\"word+12", &[r"pa\u0027ss=\u0022word+12"]);
        // A line of JSON within JSON, and that once more.
        assert_forms("a\"b\nc\\de", &[r#"a\\\"b\\nc\\\\de"#]);
        assert_forms("hunter2-é", &[r"hunter2-\\u00e9", r"hunter2-\\\\u00e9"]);
        assert_forms("a&bcdef-99x", &[r"a\\u0026bcdef-99x"]);
    }

    #[test]
    fn urls_json_and_shells() {
        assert_forms(
            "a b/c+d=e",
            &["a%20b%2Fc%2Bd%3De", "a+b%2fc%2bd%3de", "a%20b/c%2Bd%3De", "a%20b%2Fc+d=e"],
        );
        assert_forms(
            "a\"b\\c\nd/é",
            &["a\\\"b\\\\c\\nd/é", "a\\\"b\\\\c\\nd\\/\\u00e9", "a\\\"b\\\\c\\nd/\\u00E9"],
        );
        assert_forms("<it's>&𝄞x", &["\\u003cit's\\u003e\\u0026𝄞x", "<it's>&\\ud834\\udd1ex"]);
        assert_forms(
            "it's $a `b`",
            &["it'\\''s $a `b`", "it'\"'\"'s $a `b`", "it\\'s\\ \\$a\\ \\`b\\`", "it's \\$a \\`b\\`"],
        );
    }

    #[test]
    fn what_sql_and_html_write() {
        assert_forms("it's \"a\" pass", &["it''s \"a\" pass", "it's \"\"a\"\" pass"]);
        assert_forms(
            "a<b>&\"c\"'d'",
            &[
                "a&lt;b&gt;&amp;&quot;c&quot;&#39;d&#39;",
                "a&lt;b&gt;&amp;\"c\"'d'",
                "a&lt;b&gt;&amp;&#34;c&#34;&#39;d&#39;",
                "a&lt;b&gt;&amp;&quot;c&quot;&#x27;d&#x27;",
                "a&lt;b>&amp;&quot;c&quot;&apos;d&apos;",
            ],
        );
    }

    #[test]
    fn programs_escape_different_signs() {
        for (value, written) in [
            // The user of a URL by the URL standard.
            ("p@ss w0rd/x=1&y", "p%40ss%20w0rd%2Fx%3D1&y"),
            // `url.PathEscape` of Go.
            ("p@ss w0rd/x=1&y", "p@ss%20w0rd%2Fx=1&y"),
            // `encodeURI` of JavaScript.
            ("k:l@m/n?o[p]q!r", "k:l@m/n?o%5Bp%5Dq!r"),
            // `printf %q` of bash.
            ("a#b\"c{d}e|f^g~h", r#"a#b\"c\{d\}e\|f\^g~h"#),
            ("tab\tsecret\x01z", r"tab\tsecret\001z"),
            ("100%25+ of it", "100%25+ of it"),
            ("100%25+ of it", "100%2525%2b+of+it"),
        ] {
            assert_forms(value, &[written]);
        }
    }

    #[test]
    fn signs_that_are_written_twice_or_behind_another_one() {
        // `docker compose config`, Make and Terraform, `printf` and batch files, PowerShell, cmd.
        assert_forms("Tr0ub4$dor&3", &["Tr0ub4$$dor&3", "Tr0ub4`$dor`&3", "Tr0ub4$dor^&3"]);
        assert_forms("$100%-of-it", &["$$100%-of-it", "$100%%-of-it", "$$100%%-of-it", "`$100%-of-it"]);
    }

    #[test]
    fn numbers_for_characters() {
        assert_forms(
            "é/a=b-hunter",
            &[
                "&#233;&#x2F;a&#x3D;b-hunter",
                "&#xE9;/a=b-hunter",
                r"\xe9/a=b-hunter",
                r"\u{e9}/a=b-hunter",
                r"\U000000e9/a=b-hunter",
                "=C3=A9/a=3Db-hu=\r\nnter",
                "%25C3%25A9%252Fa%253Db-hunter",
                r"\u00e9\u002fa\u003db-hunter",
                "&amp;#233;/a=b-hunter",
            ],
        );
        assert_forms(
            "Kq7vTn2x",
            &[
                r"\u004bq7vTn2x",
                r"\u004Bq7\\u0076Tn2x",
                r"K\u0071\x37vTn2x",
                r"Kq\u{37}vTn2x",
                r"\u{4b}q7vTn2x",
                r"\U0000004bq7vTn2x",
                r"\x4b\x71\x37\x76\x54\x6e\x32\x78",
                r"\113\161\067\166\124\156\062\170",
                "&#75;&#113;&#55;&#118;&#84;&#110;&#50;&#120;",
                "&#x4b;&#X71;7vTn2x",
                "&#075;q7vTn2x",
                "K&#113;7vTn2x",
                "Kq&#x37;vTn2x",
            ],
        );
        assert_forms("hunter2-é", &["68756e746572322dc3a9", "68756E746572322DC3A9"]);
        // Of PowerShell: `x hunter2-é`, and the value alone.
        assert_forms("hunter2-é", &["aAB1AG4AdABlAHIAMgAtAOkA"]);
        let secrets = Secrets::new(["hunter2-é".as_ref()]);
        let command = "eAAgAGgAdQBuAHQAZQByADIALQDpAA==";
        assert_eq!(secrets.mask(command), "eAAgA***");
    }

    #[test]
    fn base64_in_base64_and_with_escapes_around_it_and_inside() {
        let secrets = Secrets::new(["hunter2-\"hunter\"&é".as_ref()]);
        let value = "hunter2-\"hunter\"&é";
        for front in ["", "a", "ab", "ann:", "some:"] {
            let inner = encoded(format!("{front}{value}").as_bytes());
            for around in ["", "x", "xy", "{\"auths\":{\"r\":{\"auth\":\""] {
                let twice = encoded(format!("{around}{inner}\"}}").as_bytes());
                let masked = secrets.mask(&twice).into_owned();
                let most = (around.len() + 4 * front.len().div_ceil(3)) * 4 / 3 + 8;
                assert!(masked.contains("***") && masked.len() < most + 8, "{front}, {around}: {masked}");
            }
        }
        // Of `echo VALUE | base64 | base64`.
        assert_eq!(
            secrets.mask(&encoded((encoded((value.to_owned() + "\n").as_bytes()) + "\n").as_bytes())),
            "***"
        );
        for written in [r#"hunter2-\"hunter\"\u0026é"#, r#"hunter2-\"hunter\"&\u00e9"#] {
            assert_eq!(secrets.mask(&encoded(written.as_bytes())), "***", "{written}");
        }
        let text = encoded(value.as_bytes());
        for line_end in ["\\n", "\\r\\n", "\\\\n", "\n  "] {
            let lines: Vec<&str> = [&text[..8], &text[8..20], &text[20..]].into();
            assert_eq!(secrets.mask(&lines.join(line_end)), "***", "{line_end:?}");
        }
        let secrets = Secrets::new(["??>>??>>é".as_ref()]);
        for written in ["Pz8%2BPj8%2FPj7DqQ%3D%3D", r"Pz8\u002bPj8\/Pj7DqQ\u003d\u003d", "Pz8-Pj8_Pj7DqQ"] {
            assert_eq!(secrets.mask(written), "***", "{written}");
        }
    }

    #[test]
    fn many_equal_letters_are_looked_at_once() {
        let secrets =
            Secrets::new(["a".repeat(200).as_ref(), "-".repeat(64).as_ref(), "\\".repeat(64).as_ref()]);
        let lines = format!("{}b\n{}=\n{}n\n", "a".repeat(199), "-".repeat(63), "\\".repeat(60));
        assert_eq!(secrets.mask(&lines.repeat(20)), lines.repeat(20));
    }

    #[test]
    fn short_values_have_one_form() {
        assert_eq!(of(b"a b c d"), [b"a b c d"]);
        assert!(base64(b"a b c d").is_empty());
    }
}
