//! The values of strings, numbers and dates once their characters are known.
//!
//! Must not decide where one ends: the reader does.

/// Whether an integer's value can be had.
///
/// # Errors
///
/// With what is wrong with it.
pub(super) fn check_integer(text: &str) -> Result<(), String> {
    if !underscores_are_between_digits(text) {
        return Err(underscores(text));
    }
    match text.replace('_', "").parse::<i64>() {
        Ok(_) => Ok(()),
        Err(_) => Err(format!("the integer `{text}` does not fit into 64 bits")),
    }
}

/// Whether a float's value can be had.
///
/// # Errors
///
/// With what is wrong with it.
pub(super) fn check_float(text: &str) -> Result<(), String> {
    let mut parts = text.split(['.', 'e', 'E']).filter(|part| !part.is_empty());
    if !parts.all(underscores_are_between_digits) {
        return Err(underscores(text));
    }
    let followed_by_digit = |at: usize| text.as_bytes().get(at + 1).is_some_and(u8::is_ascii_digit);
    if !text.match_indices('.').all(|(at, _)| followed_by_digit(at)) {
        return Err(format!("in the float `{text}` a digit must follow the `.`"));
    }
    match text.replace('_', "").parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(()),
        Ok(_) => Err(format!("the float `{text}` is too large")),
        Err(_) => Err(format!("`{text}` is not a float")),
    }
}

fn underscores(text: &str) -> String {
    format!("in the number `{text}` an underscore must stand between digits")
}

/// What stands between underscores needs at least one character, which may be a sign.
fn underscores_are_between_digits(text: &str) -> bool {
    text.split('_').all(|part| !part.is_empty())
}

/// Whether a date is one of `2018-04-10T16:20:00Z` (or with an offset), `2018-04-10T16:20:00` and `2018-04-10`;
/// seconds may have a fraction, and an hour may have one digit.
///
/// # Errors
///
/// With what is wrong with it.
pub(super) fn check_date(text: &str) -> Result<(), String> {
    match date(text) {
        Some(()) => Ok(()),
        None => Err(format!("`{text}` is not a date that Draft knows, as `2018-04-10T16:20:00Z` is")),
    }
}

fn date(text: &str) -> Option<()> {
    let (date, time) = match text.split_once('T') {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let mut parts = date.split('-');
    let year = number(parts.next()?, 4..=4)?;
    let month = number(parts.next()?, 2..=2).filter(|month| (1..=12).contains(month))?;
    let day = number(parts.next()?, 2..=2)?;
    let valid = parts.next().is_none() && (1..=days(year, month)).contains(&day);
    valid.then_some(())?;
    time.map_or(Some(()), time_of_day)
}

fn time_of_day(text: &str) -> Option<()> {
    let end = text.find(['Z', '+', '-']).unwrap_or(text.len());
    let (time, zone) = text.split_at(end);
    let mut parts = time.split(':');
    number(parts.next()?, 1..=2).filter(|hour| *hour < 24)?;
    number(parts.next()?, 2..=2).filter(|minute| *minute < 60)?;
    let seconds = parts.next()?;
    let (seconds, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
    number(seconds, 2..=2).filter(|second| *second < 60)?;
    let valid = parts.next().is_none() && is_digits(fraction);
    valid.then_some(())?;
    match zone.strip_prefix(['+', '-']) {
        None => matches!(zone, "" | "Z").then_some(()),
        Some(offset) => {
            let (hours, minutes) = offset.split_once(':')?;
            (number(hours, 2..=2).is_some() && number(minutes, 2..=2).is_some()).then_some(())
        }
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn number(text: &str, length: std::ops::RangeInclusive<usize>) -> Option<u32> {
    (length.contains(&text.len()) && is_digits(text)).then(|| text.parse().ok())?
}

fn days(year: u32, month: u32) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The value of what stands between `"""` and `"""`.
///
/// What follows a backslash at the end of a line loses its leading space before escapes are read, even where that
/// backslash was the second half of `\\`; a line break counts as one at the begin only if it is a bare LF.
///
/// # Errors
///
/// With what is wrong with an escape.
pub(super) fn multi_line(written: &str) -> Result<String, String> {
    let mut lines = written.split("\\\n");
    let mut joined = lines.next().unwrap_or_default().to_owned();
    lines.for_each(|line| joined.push_str(line.trim_start()));
    unescape(without_first_line_break(&joined))
}

/// A raw multi-line string's value, or the rest of one's way to it.
pub(super) fn without_first_line_break(written: &str) -> &str {
    written.strip_prefix('\n').unwrap_or(written)
}

/// The value of a string with its escapes.
///
/// # Errors
///
/// With what is wrong with an escape; after [`multi_line`] has joined lines that may be any of them.
pub(super) fn unescape(written: &str) -> Result<String, String> {
    let mut value = String::with_capacity(written.len());
    let mut rest = written;
    while let Some(at) = rest.find('\\') {
        value.push_str(&rest[..at]);
        let escaped = &rest[at + 1..];
        let (character, length) = match escaped.as_bytes().first() {
            Some(b'b') => ('\u{8}', 1),
            Some(b't') => ('\t', 1),
            Some(b'n') => ('\n', 1),
            Some(b'f') => ('\u{c}', 1),
            Some(b'r') => ('\r', 1),
            Some(b'"') => ('"', 1),
            Some(b'\\') => ('\\', 1),
            Some(b'u') => (code_point(escaped, 5)?, 5),
            Some(b'U') => (code_point(escaped, 9)?, 9),
            // Draft's reader found the string well formed before and does not expect anything else any more.
            Some(b'\r') => return Err("a crash at a backslash before a CRLF line end".into()),
            _ => return Err("a crash at a backslash that stands before another one's line end".into()),
        };
        value.push(character);
        rest = &escaped[length..];
    }
    value.push_str(rest);
    Ok(value)
}

fn code_point(escaped: &str, length: usize) -> Result<char, String> {
    let digits = escaped.get(1..length).ok_or("a crash at an escape that a line end cuts off")?;
    let character = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32);
    character.ok_or_else(|| format!("`\\{}` is not a character", &escaped[..length]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for good in ["0", "01", "+5", "-9223372036854775808", "1_000"] {
            assert_eq!(check_integer(good), Ok(()), "{good}");
        }
        for bad in ["9223372036854775808", "1__0", "1_", "_1"] {
            assert!(check_integer(bad).is_err(), "{bad}");
        }
        for good in ["1.5", "1e5", "-1.5e-3", "1_0.0_1", "01.5", "1E+3", "0e9999"] {
            assert_eq!(check_float(good), Ok(()), "{good}");
        }
        for bad in ["1.", "1.e5", "1..5", "1.2.3", "1e5e5", "1e", "1.5-3", "1e999", "1_.5", "1._5", "1.5_"] {
            assert!(check_float(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn dates() {
        for good in [
            "2018-04-10",
            "2018-04-10T16:20:00",
            "2018-04-10T16:20:00Z",
            "2018-04-10T6:20:00.5-07:00",
            "2020-02-29",
        ] {
            assert_eq!(check_date(good), Ok(()), "{good}");
        }
        for bad in [
            "2018-4-10",
            "2018-02-29",
            "1900-02-29",
            "2018-13-01",
            "2018-04-10T",
            "2018-04-10T16:20",
            "2018-04-10T24:00:00Z",
            "2018-04-10T16:20:60Z",
            "2018-04-10T16:20:00.Z",
            "2018-04-10T16:20:00+0700",
            "2018-04-10Z",
            "2018-",
            "20188-04-10",
        ] {
            assert!(check_date(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn lines_are_joined_before_escapes_are_read() {
        assert_eq!(multi_line("\na \\\n   b\\n").as_deref(), Ok("a b\n"));
        assert_eq!(multi_line("\r\na").as_deref(), Ok("\r\na"));
        assert_eq!(multi_line("a\\\\\n b").as_deref(), Ok("a\u{8}"));
        assert!(multi_line("a\\\r\nb").is_err());
        assert!(multi_line("a\\\\\n u12").is_err());
        assert!(multi_line("a\\\\\n").is_err());
    }
}
