use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::output::plain;

fn secrets(values: &[&str]) -> Secrets {
    Secrets::new(values.iter().map(OsStr::new))
}

/// What comes out of pieces.
fn masked(secrets: &Secrets, pieces: &[&[u8]]) -> Vec<u8> {
    let mut masker = secrets.masker();
    let mut told: Vec<u8> = pieces.iter().flat_map(|piece| masker.push(piece).text).collect();
    told.extend(masker.finish().text);
    told
}

/// Between all letters stands something that is not seen.
fn coloured(text: &str) -> String {
    let long = format!("\x1b]8;;{}\x1b\\", "x".repeat(249));
    let hidden = ["\x1b[01;31m\x1b[K", "\x1b[0m", "\0", long.as_str()];
    text.chars().zip(hidden.iter().cycle()).map(|(letter, hidden)| format!("{letter}{hidden}")).collect()
}

#[test]
fn whole_texts() {
    let secrets = secrets(&["hunter2", "hunter", "ab", "long\nvalue of lines\nx", "hunter2"]);
    assert_eq!(secrets.mask("a hunter2, hunter, ab"), "a ***, ***, ab");
    assert_eq!(secrets.mask("long\nvalue of lines\nx"), "***");
    assert_eq!(secrets.mask("> value of lines"), "> ***");
    assert_eq!(self::secrets(&["a\n1234567\n12345678"]).mask("1234567 12345678"), "1234567 ***");
    assert_eq!(secrets.mask("nothing"), "nothing");
    assert_eq!(Secrets::default().mask("hunter2"), "hunter2");
    assert_eq!(format!("{secrets:?}"), "Secrets(4)");
}

#[test]
fn what_is_not_seen_is_kept_within_bounds() {
    let (begin, rest) = ("a hunter2 hun", "ter2 b");
    let text = [begin.as_bytes(), &vec![0; 300_000], rest.as_bytes()].concat();
    let secrets = secrets(&["hunter2"]);
    let mut masker = secrets.masker();
    let (mut told, mut held) = (Vec::new(), 0);
    for (at, piece) in text.chunks(1000).enumerate() {
        told.extend(masker.push(piece).text);
        held = held.max((1000 * at + piece.len()).saturating_sub(told.len()));
    }
    told.extend(masker.finish().text);
    assert!(held < 2 * MOST_HIDDEN, "{held} bytes are kept");
    assert_eq!(plain(&String::from_utf8_lossy(&told)), "a *** *** b");
    assert_eq!(told.iter().filter(|byte| **byte == 0).count(), 300_000);
    assert!(told == masked(&secrets, &[&text]), "any cut gives the same");
}

#[test]
fn line_ends_within_a_value_are_kept_within_bounds() {
    // `hunter2-hunter2` as it stands in mails, and in base64.
    for (begin, line_end) in [("hunter2-", "=\n"), ("aHVudGVyMi1o", "\n"), ("aHVudGVyMi1o", "\\n")] {
        let text = begin.to_owned() + &line_end.repeat(10_000);
        let told = secrets(&["hunter2-hunter2"]).masker().push(text.as_bytes()).text;
        assert!(text.len() - told.len() < 10, "{} bytes are kept", text.len() - told.len());
    }
}

#[test]
fn line_ends_and_spaces_around_a_value_do_not_count() {
    assert_eq!(secrets(&["hunter2\r\n"]).mask("pw is hunter2 now"), "pw is *** now");
    assert_eq!(secrets(&["  hunter2 "]).mask("pw is hunter2 now"), "pw is *** now");
    assert_eq!(secrets(&["\nhunter2\n\n"]).mask("hunter2"), "***");
    assert_eq!(secrets(&["\n\n\n", "a\n"]).mask("a\n\n\n"), "a\n\n\n");
}

#[test]
fn encoded_values() {
    let secrets = secrets(&["hunter2-hunter2", "it's a \"päss\"\n&/+ x"]);
    for (written, expected) in [
        // `ann:hunter2-hunter2`, `x:hunter2-hunter2`, and the value alone, also with a line end.
        ("Authorization: Basic YW5uOmh1bnRlcjItaHVudGVyMg==", "Authorization: Basic YW5uO***"),
        ("eDpodW50ZXIyLWh1bnRlcjI", "eD***"),
        ("{aHVudGVyMi1odW50ZXIy}", "{***}"),
        ("aHVudGVyMi1odW50ZXIyCg==", "***"),
        ("aXQncyBhICJww6RzcyIKJi8rIHg=", "***"),
        ("?p=it%27s%20a%20%22p%C3%A4ss%22%0A%26%2F%2B%20x", "?p=***"),
        ("it%27s+a+%22p%c3%a4ss%22%0a%26%2f%2b+x", "***"),
        (r#"{"p":"it's a \"päss\"\n&/+ x"}"#, r#"{"p":"***"}"#),
        (r#""it's a \"p\u00e4ss\"\n&/+ x""#, r#""***""#),
        (r#"it's a \"p\u00E4ss\"\n\u0026\/+ x"#, "***"),
        ("p='it'\\''s a \"päss\"\n&/+ x'", "p='***'"),
        ("p='it'\"'\"'s a \"päss\"\n&/+ x'", "p='***'"),
        (r#"p=$'it\'s a "päss"\n&/+ x'"#, "p=$'***'"),
    ] {
        assert_eq!(secrets.mask(written), expected, "{written}");
    }
}

#[test]
fn a_secret_with_colours_inside() {
    let secrets = secrets(&["abcSECRETvalue"]);
    let text = "token=\x1b[01;31m\x1b[Kabc\x1b[m\x1b[KSECRETvalue\n";
    assert_eq!(secrets.mask(text), "token=\x1b[01;31m\x1b[K***\x1b[m\x1b[K\n");
    assert_eq!(plain(&secrets.mask(&coloured("x abcSECRETvalue y"))), "x *** y");
    // `abcSECRETvalue` in base64.
    assert_eq!(plain(&secrets.mask(&coloured("YWJjU0VDUkVUdmFsdWU="))), "***");
    for around in ["\x1b]0;|\x07", "\x1b]8;;http://x/|\x1b\\link\x1b]8;;\x1b\\", "\x1bP|\x1b\\", "\x1b]0;|"] {
        let masked = secrets.mask(&around.replace('|', "abcSECRETvalue")).into_owned();
        assert_eq!(masked, around.replace('|', "***"));
    }
}

#[test]
fn an_escape_that_a_secret_ends_does_not_go_on_behind_it() {
    let secrets = secrets(&["abc\x1bPx\nSECRETvalue"]);
    for (text, masked) in [
        ("abc\x1bPx\nSECRETvalue seen", "*** seen"),
        ("-----BEGIN PRIVATE KEY-----\nMI\x1b[m\x1b[3\x1bPx\nIE\n-----END PRIVATE KEY-----!", "***\x1b[m!"),
        ("abc\x1bPx\n seen", "abc\x1bPx\n seen"),
    ] {
        assert_eq!(secrets.mask(text), masked, "{text:?}");
    }
}

#[test]
fn a_value_with_an_escape_of_its_own() {
    assert_eq!(secrets(&["abc\x1b[31mdef\x01g"]).mask("abcdefg abc\x1b[31mdef\x01g"), "*** ***\x1b[31m\x01");
}

#[test]
fn tokens_and_private_keys_whatever_they_come_from() {
    let secrets = Secrets::default();
    let long = "a1B2".repeat(10);
    for prefix in ["ghp_", "gho_", "github_pat_", "glpat-", "xoxa-", "xoxb-", "xoxp-", "sk_live_", "npm_"] {
        assert_eq!(secrets.mask(&format!("t={prefix}{long}, {prefix}x")), format!("t=***, {prefix}x"));
    }
    assert_eq!(secrets.mask("AKIAIOSFODNN7ABCDEFG AKIA"), "*** AKIA");
    assert_eq!(secrets.mask("ASIAIOSFODNN7ABCDEFG"), "***");
    assert_eq!(secrets.mask("jwt=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.a-b_c;"), "jwt=***;");
    assert_eq!(secrets.mask(&format!("SG.{0}.{0},", "a1B2c3D4e5F6g7H8i9J0k1")), "***,");
    for prefix in [
        "sk_test_",
        "rk_live_",
        "sk-ant-",
        "sk-proj-",
        "AIza",
        "pypi-",
        "hvs.",
        "xapp-",
        "dckr_pat_",
        "glrt-",
        "GOCSPX-",
    ] {
        assert_eq!(secrets.mask(&format!("t={prefix}{long}, {prefix}x")), format!("t=***, {prefix}x"));
    }
    for prose in [
        "eyJ alone, eyJhbGciOiJIUzI1NiJ9 and eyJhbGciOiJIUzI1NiJ9.json",
        "of ASIA, ASIApacificregionalteams and EURASIA",
        "in SG. In a sentence, SG.name.of and SG.a-module-of-many-words",
    ] {
        assert_eq!(secrets.mask(prose), prose);
    }
    let longer = format!("ghp_{long}-and-more");
    assert_eq!(self::secrets(&[&longer]).mask(&format!("{longer}!")), "***!");
    let key = |kind: &str| {
        format!("-----BEGIN {kind}-----\nProc-Type: 4,ENCRYPTED\n\nMIIE+x/y\n=\n-----END {kind}-----")
    };
    for kind in ["PRIVATE KEY", "RSA PRIVATE KEY", "OPENSSH PRIVATE KEY", "PGP PRIVATE KEY BLOCK"] {
        assert_eq!(secrets.mask(&format!("a\n{}\nb", key(kind))), "a\n***\nb");
        let json = format!("{{\"key\":\"{}\\n\"}}", key(kind).replace('\n', "\\n"));
        assert_eq!(secrets.mask(&json), "{\"key\":\"***\\n\"}");
    }
    assert_eq!(secrets.mask(&key("CERTIFICATE")), key("CERTIFICATE"));
    assert_eq!(secrets.mask("-----BEGIN PRIVATE KEY-----\nMIIE"), "***");
    assert_eq!(secrets.mask("-----BEGIN PRIVATE KEY"), "-----BEGIN PRIVATE KEY");
    // Without an end no more is hidden than a key can have.
    let endless = format!("-----BEGIN PRIVATE KEY-----{}", "x".repeat(20 << 10));
    assert_eq!(secrets.mask(&endless).len(), 3 + (4 << 10));
}

#[test]
fn no_more_is_held_back_than_may_be_a_secret() {
    let secrets = secrets(&["hunter2"]);
    let mut masker = secrets.masker();
    for (written, told) in [
        ("user: ann\nname? hunt", "user: ann\nname? "),
        ("ing\n", "hunting\n"),
        ("hunter", ""),
        ("2", "***"),
        ("a \x1b[3", "a "),
        ("1mred hu\x1b[0", "\x1b[31mred "),
        ("mn", ""),
        ("t!", "hu\x1b[0mnt!"),
        ("ghp_", ""),
        ("x!", "ghp_x!"),
        (
            "-----BEGIN NAMES THAT ARE LONGER THAN THOSE OF ANY KIND OF KEY THERE IS 0123",
            "-----BEGIN NAMES THAT ARE LONGER THAN THOSE OF ANY KIND OF KEY THERE IS 0123",
        ),
        ("-----BEGIN CERT", ""),
        ("IFICATE-----\n", "-----BEGIN CERTIFICATE-----\n"),
        ("-----BEGIN PRIVATE KEY-----", "***"),
        ("MIIE\n----", ""),
        ("-END PRIVATE KEY-----\n", "\n"),
        ("hun", ""),
    ] {
        assert_eq!(String::from_utf8_lossy(&masker.push(written.as_bytes()).text), told, "{written:?}");
    }
    assert_eq!(masker.finish().text, b"hun");
}

#[test]
fn what_cannot_be_started_is_told_without_secrets() {
    let secrets = secrets(&["hunter2"]);
    let error = StartError::NotFound { program: "hunter2".into(), searched: Some(Vec::new()) };
    assert_eq!(secrets.mask_error(error).describe(), "program `***` not found");
    let of_paths = super::tests::secrets(&["a/hunter2", "/hunter2"]);
    let hint = |program: &str| {
        let error = StartError::NotFound { program: program.into(), searched: None };
        of_paths.mask_error(error).hint()
    };
    let from = "; it was looked up from the directory of the tasks file";
    let slash = "a name with a slash is not searched in PATH";
    assert_eq!(hint("no-a/hunter2"), Some([slash, from].concat()));
    assert_eq!(hint("/hunter2").as_deref(), Some(slash));
    let path = "/x/hunter2".into();
    let error = StartError::NotExecutable { path, reason: "no".into() };
    assert_eq!(secrets.mask_error(error).describe(), "`/x/***` cannot be executed: no");
}

/// In base64, in lines.
fn wrapped(bytes: &[u8], width: usize, line_end: &str) -> Vec<u8> {
    let text = encoded(bytes).into_bytes();
    text.chunks(width).flat_map(|line| [line, line_end.as_bytes()].concat()).collect()
}

#[test]
fn base64_in_lines() {
    let value = "0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQRSTUVWXYZ-0123456789";
    let secrets = secrets(&[value]);
    let masked = |text: &[u8]| String::from_utf8(masked(&secrets, &[text])).unwrap();
    for line_end in ["\n", "\r\n"] {
        assert_eq!(masked(&wrapped(value.as_bytes(), 76, line_end)), format!("***{line_end}"));
        assert_eq!(masked(&wrapped(value.as_bytes(), 64, line_end)), format!("***{line_end}"));
    }
    // `ann:` in front.
    assert_eq!(masked(&wrapped(format!("ann:{value}").as_bytes(), 76, "\n")), "YW5uO***\n");
}

/// By the book: at each place the longest value that stands there.
fn expected(values: &[String], text: &str) -> String {
    let (mut told, mut rest) = (String::new(), text);
    while let Some(letter) = rest.chars().next() {
        let here = values.iter().filter(|value| value.len() >= SHORTEST && rest.starts_with(value.as_str()));
        let length = here.map(String::len).max();
        match length {
            Some(_) => told.push_str(MASK),
            None => told.push(letter),
        }
        rest = &rest[length.unwrap_or(letter.len_utf8())..];
    }
    told
}

/// Cuts a text at these places, each taken modulo what there is.
fn cut<'a>(text: &'a [u8], places: &[usize]) -> Vec<&'a [u8]> {
    let mut places: Vec<usize> = places.iter().map(|place| place % (text.len() + 1)).collect();
    places.extend([0, text.len()]);
    places.sort_unstable();
    places.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect()
}

/// A text of one of the forms of a value, or something that looks like one.
fn written(values: &[String], part: &(usize, usize, usize)) -> Vec<u8> {
    let (kind, which, length) = *part;
    let known = [
        "\x1b[31m",
        "\x1b]0;",
        "\x07",
        "\x1b",
        "\0",
        "ghp_",
        "eyJhbGci",
        ".eyJzdWI",
        "SG.",
        ".",
        "ASIA",
        "A1B2C3D4E5",
        "-----BEGIN PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\\n",
        "-----BEGIN PRIVATE KEY-----\nweb-1 | ",
        "-----END ",
        "-",
        "\n[1]\n[2]\n[3]\n[4]\n[5]\n[6]\n[7]\n[8]\n[9]\n",
    ];
    let value = &values[which % values.len()];
    match kind {
        0 => known[which % known.len()].as_bytes().to_vec(),
        1 => b"a1".repeat(length % 30),
        2 => coloured(value).into_bytes(),
        3 => wrapped(&[&b"ab"[..which % 3], value.as_bytes()].concat(), 4 * (1 + length / 4), "\n"),
        4 => forms::chosen(value.as_bytes(), which),
        _ => {
            let mut all = [forms::of(value.as_bytes()), forms::base64(value.as_bytes())].concat();
            let mut form = all.swap_remove(which % all.len());
            form.truncate(if length % 2 == 0 { form.len() } else { length % (form.len() + 1) });
            form
        }
    }
}

proptest! {
    #[test]
    fn at_each_place_the_longest_value(values in vec("[abc]{1,6}", 0..6), text in "[abc]{0,60}") {
        let secrets = Secrets::new(values.iter().map(OsStr::new));
        prop_assert_eq!(secrets.mask(&text), expected(&values, &text));
    }

    #[test]
    fn any_cut_gives_the_same(
        values in vec("[ab'\"/+ \n&ä]{3,14}", 1..4),
        parts in vec((0usize..9, any::<usize>(), 0usize..80), 0..12),
        places in vec(any::<usize>(), 0..20),
    ) {
        let secrets = Secrets::new(values.iter().map(OsStr::new));
        let text: Vec<u8> = parts.iter().flat_map(|part| written(&values, part)).collect();
        let whole = masked(&secrets, &[&text]);
        prop_assert_eq!(&masked(&secrets, &cut(&text, &places)), &whole);
        let bytes: Vec<&[u8]> = text.chunks(1).collect();
        prop_assert_eq!(&masked(&secrets, &bytes), &whole);
    }

    #[test]
    fn no_line_of_base64_is_seen(
        value in "[ -~]{8,200}",
        before in 0usize..120,
        width in prop_oneof![Just(64usize), Just(76)],
        line_end in prop_oneof![Just("\n"), Just("\r\n")],
        places in vec(any::<usize>(), 0..4),
    ) {
        let value = value.trim();
        prop_assume!(value.len() >= 8);
        let secrets = Secrets::new([OsStr::new(value)]);
        let text = wrapped(&[&vec![0; before], value.as_bytes()].concat(), width, line_end);
        let told = String::from_utf8(masked(&secrets, &cut(&text, &places))).unwrap();
        let seen = told.replace(MASK, "").replace(['\r', '\n', '='], "").len();
        // Where the value begins within a group that ends a line, of two bytes of it.
        prop_assert!(seen <= before.div_ceil(3) * 4, "{}", told);
    }

    #[test]
    fn no_form_is_seen(
        value in "[a-d'\"/+ &ä]{8,14}",
        which in any::<usize>(),
        hide in any::<bool>(),
        places in vec(any::<usize>(), 0..4),
    ) {
        let secrets = Secrets::new([OsStr::new(&value)]);
        let forms = [forms::of(value.as_bytes()), forms::base64(value.as_bytes())].concat();
        let form = match which % 2 {
            0 => forms[which % forms.len()].clone(),
            _ => forms::chosen(value.as_bytes(), which / 2),
        };
        prop_assume!(std::str::from_utf8(&form).is_ok());
        let form = String::from_utf8_lossy(&form).into_owned();
        let text = format!("<{}>", if hide { coloured(&form) } else { form });
        let told = masked(&secrets, &cut(text.as_bytes(), &places));
        prop_assert_eq!(plain(&String::from_utf8_lossy(&told)), "<***>");
    }
}
