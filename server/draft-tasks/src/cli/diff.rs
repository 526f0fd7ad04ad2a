//! How a file would change, as a unified diff.
//!
//! Must not show a secret, and then says that it is no patch.

use std::io::{self, IsTerminal};
use std::path::Path;

use draft_tasks_analysis::printable::printable;
use draft_tasks_executor::mask::Secrets;
use similar::TextDiff;

use super::terminal::{self, Paint};

/// Around a change, in lines.
const CONTEXT: usize = 3;

/// The change of a file.
pub(super) fn unified(path: &Path, [before, after]: [&str; 2], secrets: &Secrets, paint: Paint) -> String {
    let shown = path.display().to_string();
    let changes = TextDiff::from_lines(before, after);
    let mut diff = changes.unified_diff();
    // As Git writes it, of which a patch takes away what stands before the first `/`.
    let named = |side: &str| if path.is_absolute() { shown.clone() } else { format!("{side}/{shown}") };
    diff.context_radius(CONTEXT).header(&named("a"), &named("b"));
    let whole = diff.to_string();
    let masked = secrets.mask(&whole);
    if masked != whole {
        terminal::remark(format_args!(
            "{shown}: secrets are masked in the diff, so it does not apply as a patch"
        ));
    }
    // Elsewhere it is a patch.
    if !paint.0 && !io::stdout().is_terminal() {
        return masked.into_owned();
    }
    masked.split_inclusive('\n').map(|line| painted(line, paint)).collect()
}

/// A line as a terminal shows it.
fn painted(line: &str, paint: Paint) -> String {
    let (text, end) = line.strip_suffix('\n').map_or((line, ""), |text| (text, "\n"));
    let shown = printable(text.trim_end_matches('\r'));
    let shown = match text.as_bytes().first() {
        Some(b'-') => paint.red(&shown),
        Some(b'+') => paint.green(&shown),
        _ => shown,
    };
    shown + end
}
