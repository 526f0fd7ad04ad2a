//! Values as programs escape them: each sign as it is or in one of many ways, since no two programs escape the same signs,
//! and what one wrote is often escaped by the next.

use super::is_line_end;
use super::literal::{Branch, LiteralMatch, Literals};

/// Shorter values are looked for as they are.
pub(super) const SHORTEST: usize = 8;

/// So many ways to read a text are followed at once; no two stand at the same place of the same value.
const MOST_WAYS: usize = 16;

/// The most backslashes in a row that belong to one sign: each text in a text doubles them.
const MOST_BACKSLASHES: usize = 8;

/// No sign of a value takes more bytes than this, in whatever way it is written.
pub(super) const LONGEST_SIGN: usize = 24;

/// How often a URL is in another one.
const MOST_URLS: usize = 3;

/// A way to read a text up to a place.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Way {
    at: usize,
    branch: Branch,
}

/// The longest of the values that stands at the beginning of what was written, in whatever way each of its signs is
/// written; `ended` says that nothing more follows.
pub(super) fn at_start(values: &Literals, written: &[u8], ended: bool) -> LiteralMatch {
    let mut longest = LiteralMatch::Nothing;
    // Nearly always there is one way, and nothing is allocated for it.
    let mut others: Vec<Way> = Vec::new();
    let mut way = Way { at: 0, branch: values.root() };
    loop {
        if values.has_end(way.branch) {
            longest = longest.max(LiteralMatch::Whole(way.at));
        }
        let rest = &written[way.at..];
        // Line ends between its signs could be endless.
        let goes_on = values.goes_on(way.branch) && way.at <= values.longest() * LONGEST_SIGN;
        match rest.first().filter(|_| goes_on) {
            None if !ended && goes_on => return LiteralMatch::Perhaps,
            None => {}
            Some(byte) if !may_escape(*byte) => {
                if let Some((length, branch)) = values.follow(way.branch, rest, |byte| !may_escape(byte)) {
                    way = Way { at: way.at + length, branch };
                    if others.is_empty() {
                        continue;
                    }
                    others.push(way);
                }
            }
            Some(_) if !ended && is_unfinished(rest) => return LiteralMatch::Perhaps,
            Some(_) => each_sign(rest, &mut |bytes, length| {
                let next = bytes.iter().try_fold(way.branch, |branch, byte| values.next(branch, *byte));
                let next = next.map(|branch| Way { at: way.at + length, branch });
                others.extend(next.filter(|next| others.len() < MOST_WAYS && !others.contains(next)));
            }),
        }
        let Some(nearest) = (0..others.len()).min_by_key(|index| others[*index].at) else { return longest };
        way = others.swap_remove(nearest);
    }
}

/// Whether a byte may begin a sign that is not written as it is.
fn may_escape(byte: u8) -> bool {
    matches!(byte, b'\\' | b'%' | b'+' | b'&' | b'=' | b'$' | b'"' | b'\'' | b'^' | b'`')
}

/// What a text may begin with: the bytes that are meant, and how many are written for them.
fn each_sign(written: &[u8], take: &mut impl FnMut(&[u8], usize)) {
    let first = written[0];
    let second = written.get(1).copied();
    take(&[first], 1);
    match first {
        b'\\' => behind_backslashes(written, take),
        b'&' => in_html(written, take),
        b'+' => take(b" ", 1),
        b'%' => in_url(written, take),
        // In mails.
        b'=' => {
            if let Some(byte) = number(&written[1..], 2, 16) {
                take(&[byte as u8], 3);
            }
            let line_end = written[1..].iter().take(2).take_while(|byte| is_line_end(**byte)).count();
            if line_end > 0 {
                take(&[], 1 + line_end);
            }
        }
        _ => {}
    }
    // In SQL and tables of comma-separated values, in Compose files, Makefiles and Terraform, and for `printf`.
    if matches!(first, b'$' | b'%' | b'"' | b'\'') && second == Some(first) {
        take(&[first], 2);
    }
    // A quote in a text of a shell ends that and begins another one.
    for quoted in [&br"'\''"[..], br#"'"'"'"#] {
        if written.starts_with(quoted) {
            take(b"'", quoted.len());
        }
    }
    // In Windows' shells.
    if let (b'^' | b'`', Some(sign)) = (first, second.filter(|sign| !sign.is_ascii_alphanumeric())) {
        take(&[sign], 2);
    }
}

fn in_url(written: &[u8], take: &mut impl FnMut(&[u8], usize)) {
    let mut at = 1;
    for _ in 0..MOST_URLS {
        if let Some(byte) = number(&written[at..], 2, 16) {
            take(&[byte as u8], at + 2);
        }
        if !written[at..].starts_with(b"25") {
            return;
        }
        at += 2;
    }
}

/// `&lt;` and the like, also where that was written so once more.
fn in_html(written: &[u8], take: &mut impl FnMut(&[u8], usize)) {
    const AMP: &[u8] = b"amp;";
    let mut at = 1;
    if written[at..].starts_with(AMP) {
        take(b"&", at + AMP.len());
    }
    while written[at..].starts_with(AMP) {
        at += AMP.len();
    }
    let rest = &written[at..];
    for (name, sign) in [("lt;", '<'), ("gt;", '>'), ("quot;", '"'), ("apos;", '\''), ("amp;", '&')] {
        if rest.starts_with(name.as_bytes()) {
            take(&[sign as u8], at + name.len());
        }
    }
    let Some(numeral) = rest.strip_prefix(b"#") else { return };
    let (digits, radix) = match numeral.strip_prefix(b"x").or_else(|| numeral.strip_prefix(b"X")) {
        Some(digits) => (digits, 16),
        None => (numeral, 10),
    };
    let length = digits.iter().take(8).take_while(|digit| digit.is_ascii_hexdigit()).count();
    let end = written.len() - digits.len() + length;
    if digits.get(length) == Some(&b';') {
        take_character(number(digits, length, radix), end + 1, take);
    }
}

/// In texts of shells and programming languages, and in texts in these.
fn behind_backslashes(written: &[u8], take: &mut impl FnMut(&[u8], usize)) {
    let count = backslashes(written);
    for one in [2, 4, 8] {
        if one <= count {
            take(b"\\", one);
        }
    }
    let rest = &written[count..];
    let Some(sign) = rest.first().copied() else { return };
    let own = [sign];
    let named: &[u8] = match sign {
        b'a' => b"\x07",
        b'b' => b"\x08",
        b't' => b"\t",
        b'n' => b"\n",
        b'v' => b"\x0b",
        b'f' => b"\x0c",
        b'r' => b"\r",
        b'e' | b'E' => b"\x1b",
        // Behind a backslash stands a whole letter of UTF-8.
        _ if sign.is_ascii() && !sign.is_ascii_alphanumeric() || sign >= 0xc0 => &own,
        _ => b"",
    };
    if !named.is_empty() {
        take(named, count + 1);
    }
    if let Some(byte) = number(rest, 3, 8) {
        take(&[byte as u8], count + 3);
    }
    let (digits, most) = match sign {
        b'x' => (&rest[1..], 2),
        b'u' => (&rest[1..], 4),
        b'U' => (&rest[1..], 8),
        _ => return,
    };
    if digits.first() == Some(&b'{') {
        let length = digits[1..].iter().take(6).take_while(|digit| digit.is_ascii_hexdigit()).count();
        if digits.get(1 + length) == Some(&b'}') {
            take_character(number(&digits[1..], length, 16), count + length + 3, take);
        }
        return;
    }
    let Some(value) = number(digits, most, 16) else { return };
    let end = count + 1 + most;
    if sign == b'x' {
        take(&[value as u8], end);
    }
    match second_half(value, &written[end..], count) {
        Some(low) => {
            let character = 0x10000 + ((value - 0xd800) << 10) + (low - 0xdc00);
            take_character(Some(character), 2 * end, take);
        }
        None => take_character(Some(value), end, take),
    }
}

/// The second of two numbers that mean one character.
fn second_half(first: u32, written: &[u8], count: usize) -> Option<u32> {
    let is_next = (0xd800..0xdc00).contains(&first) && backslashes(written) == count;
    let digits = written.get(count..).filter(|_| is_next)?.strip_prefix(b"u")?;
    number(digits, 4, 16).filter(|low| (0xdc00..0xe000).contains(low))
}

fn take_character(number: Option<u32>, length: usize, take: &mut impl FnMut(&[u8], usize)) {
    if let Some(character) = number.and_then(char::from_u32) {
        take(character.encode_utf8(&mut [0; 4]).as_bytes(), length);
    }
}

fn backslashes(written: &[u8]) -> usize {
    written.iter().take(MOST_BACKSLASHES).take_while(|byte| **byte == b'\\').count()
}

/// The number that so many digits are.
fn number(written: &[u8], length: usize, radix: u32) -> Option<u32> {
    let digits = written.get(..length).filter(|digits| !digits.is_empty())?;
    let add =
        |value: u32, digit: &u8| value.checked_mul(radix)?.checked_add((*digit as char).to_digit(radix)?);
    digits.iter().try_fold(0, add)
}

/// Whether what follows a text decides what it begins with.
fn is_unfinished(written: &[u8]) -> bool {
    let rest = &written[1..];
    let all = |text: &[u8], is_of_kind: fn(&u8) -> bool| text.iter().all(is_of_kind);
    match written[0] {
        b'+' => false,
        b'%' => {
            let mut code = rest;
            for _ in 1..MOST_URLS {
                code = code.strip_prefix(b"25").unwrap_or(code);
            }
            code.len() < 2 && all(code, u8::is_ascii_hexdigit)
        }
        b'=' => rest.is_empty() || rest == b"\r" || rest.len() == 1 && all(rest, u8::is_ascii_hexdigit),
        b'&' => {
            let mut name = rest;
            while let Some(behind) = name.strip_prefix(b"amp;") {
                name = behind;
            }
            name.len() < 10 && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'#')
        }
        b'\'' => br"'\''".starts_with(written) || br#"'"'"'"#.starts_with(written),
        b'\\' => {
            let count = backslashes(written);
            let behind = &written[count..];
            match behind.split_first() {
                None => true,
                Some((b'u' | b'U' | b'x', digits)) => is_unfinished_number(behind[0], digits, count),
                Some((b'0'..=b'7', _)) => behind.len() < 3 && all(behind, u8::is_ascii_digit),
                Some(_) => false,
            }
        }
        _ => rest.is_empty(),
    }
}

fn is_unfinished_number(kind: u8, digits: &[u8], count: usize) -> bool {
    let are_digits = |digits: &[u8]| digits.iter().all(u8::is_ascii_hexdigit);
    if let Some(digits) = digits.strip_prefix(b"{") {
        return digits.len() < 7 && are_digits(digits);
    }
    let most = match kind {
        b'x' => 2,
        b'u' => 4,
        _ => 8,
    };
    if digits.len() < most {
        return are_digits(digits);
    }
    let is_half = kind == b'u' && number(digits, 4, 16).is_some_and(|it| (0xd800..0xdc00).contains(&it));
    let behind = &digits[most..];
    let own = backslashes(behind);
    let rest = &behind[own..];
    is_half
        && match rest.split_first() {
            None => own <= count,
            Some((b'u', digits)) => own == count && digits.len() < 4 && are_digits(digits),
            Some(_) => false,
        }
}

/// What a value may begin with that is not written as it is, or not all of it.
pub(super) fn add_beginnings(value: &[u8], all: &mut Vec<Vec<u8>>) {
    for (at, byte) in value.iter().enumerate().take(super::literal::SHORTEST) {
        let mut add = |text: &[u8]| all.push([&value[..at], text].concat());
        for digits in [format!("{byte:02X}"), format!("{byte:02x}")] {
            add(format!("%{digits}").as_bytes());
            add(format!("={digits}").as_bytes());
        }
        add(b"%25");
        if at > 0 {
            add(b"=\n");
            add(b"=\r");
        }
        if byte.is_ascii_alphanumeric() {
            match at {
                0 => numbers_of(*byte).iter().for_each(|text| add(text.as_bytes())),
                _ => [b"\\", b"&"].iter().for_each(|sign| add(*sign)),
            }
            continue;
        }
        [&b"\\"[..], b"&", b"^", b"`"].iter().for_each(|sign| add(sign));
        if *byte == b' ' {
            add(b"+");
        }
        if may_escape(*byte) {
            add(&[*byte]);
        }
    }
}

/// What the numbers for a letter or digit begin with in languages and in HTML: where a backslash or `&` alone would stop at
/// each path and each address.
fn numbers_of(byte: u8) -> [String; 8] {
    let shared = ["\\u00", "\\u{", "\\U00", "\\x{", "&#"].map(str::to_owned);
    let [unicode, braces, long, of_perl, html] = shared;
    [
        unicode,
        braces,
        long,
        of_perl,
        html,
        format!("\\x{byte:02x}"),
        format!("\\x{byte:02X}"),
        format!("\\{byte:03o}"),
    ]
}
