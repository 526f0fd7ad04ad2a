//! Calls of programs that a text in another language than a shell's seems to have.
//!
//! Must not be taken for calls: the text may be about anything.

use super::stem;

/// The calls of these programs that a text of another language seems to have in lines that are no comments: each program
/// with the words behind it, whatever quotes and commas stand between them.
pub fn mentions(text: &str, programs: &[&str]) -> Vec<Vec<String>> {
    let is_code = |line: &&str| {
        let line = line.trim_start();
        !line.starts_with(['#', '*']) && !line.starts_with("//")
    };
    let is_of_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
    let names = text.lines().filter(is_code).flat_map(|line| line.split(move |c| !is_of_name(c)));
    let called = names.filter(|name| programs.contains(&&*stem(name)));
    let behind = |name: &str| &text[name.as_ptr() as usize - text.as_ptr() as usize..];
    called.take(MENTIONS).map(|name| words_of_call(behind(name))).collect()
}

/// How many mentions are read of one text.
const MENTIONS: usize = 64;

/// The words that a text begins with, to the end of the call: its bracket, or the line unless a comma continues it.
fn words_of_call(text: &str) -> Vec<String> {
    const MOST: usize = 64;
    let call = text.split(')').next().unwrap_or_default();
    let mut words = Vec::new();
    for line in call.lines() {
        let all = line.split(|c: char| c.is_whitespace() || "'\"`,[]".contains(c));
        words.extend(all.filter(|word| !word.is_empty()).map(str::to_owned).take(MOST));
        if !line.trim_end().ends_with(',') || words.len() >= MOST {
            break;
        }
    }
    words
}
