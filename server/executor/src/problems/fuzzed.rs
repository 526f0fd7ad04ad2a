//! What holds for whatever a task writes.

use std::ffi::OsStr;

use super::*;
use crate::mask::{Secrets, seen};

/// In every input.
const SECRET: &str = "hunter2";

/// What a task writes.
///
/// However it is cut, the same problems are found in it, each of one of its lines and without the secret.
pub fn problems(input: &[u8]) {
    let whole = found([input].into_iter());
    assert_eq!(found(input.chunks(1)), whole, "byte by byte");
    assert_eq!(found(input.chunks(7)), whole, "in pieces of seven");
    let text = plain(&String::from_utf8_lossy(&seen(input)));
    for problem in whole {
        assert!(!problem.file.is_empty() && text.contains(&problem.file), "{problem:?}");
        assert!(problem.line > 0 && problem.column != Some(0), "{problem:?}");
        assert!(!problem.message.contains(SECRET), "{problem:?}");
        assert_eq!(problem.message.trim(), problem.message);
    }
}

fn found<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Vec<Problem> {
    let mut masker = Secrets::new([OsStr::new(SECRET)]).masker();
    let mut line = Line::default();
    let mut found: Vec<Problem> = pieces.flat_map(|piece| line.problems(&masker.push(piece))).collect();
    found.extend(line.problems(&masker.finish()));
    found.extend(line.end());
    found
}
