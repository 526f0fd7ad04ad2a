//! Findings for people: with the lines that they are about, or a line each.
//!
//! Must not decide which findings there are.

use std::io::{self, Write};

use draft_tasks_analysis::diagnostic::Severity;
use draft_tasks_analysis::printable::printable;

use super::excerpt::{Excerpts, lower_first};
use super::finding::{CheckedFile, Finding};
use crate::cli::terminal::Paint;

/// How much is said.
#[derive(Clone, Copy)]
pub(super) struct Manner {
    /// Only the findings.
    pub(super) is_quiet: bool,
    /// Whether what can be fixed was.
    pub(super) is_fixed: bool,
    /// Whether the fixes of a finding are shown with it.
    pub(super) has_help: bool,
    pub(super) paint: Paint,
}

/// Each finding with its lines.
pub(super) fn write_excerpts(checked: &[CheckedFile], manner: Manner) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for file in checked {
        write_fixed(&mut out, file, manner)?;
        if !manner.is_quiet && !file.fixed.is_empty() && !file.findings.is_empty() {
            writeln!(out)?;
        }
        if file.findings.is_empty() {
            continue;
        }
        let shown = printable(&file.path.display().to_string());
        let excerpts = Excerpts::new(&shown, file, manner.paint.0);
        for found in &file.findings {
            writeln!(out, "{}\n", excerpts.render(found, &titles(file, found, manner)).trim_end())?;
        }
    }
    write_summary(&mut out, checked, manner)
}

/// Each finding as a line, in the form of compilers.
pub(super) fn write_lines(checked: &[CheckedFile], manner: Manner) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for file in checked {
        write_fixed(&mut out, file, manner)?;
        for found in &file.findings {
            let [start, _] = file.place(found.range);
            let place = format!("{}:{}:{}", file.path.display(), start.line, start.column);
            let severity = severity(found.severity, found.severity.name(), manner.paint);
            let message = printable(&found.full_message());
            writeln!(out, "{}: {severity}: {message} [{}]", printable(&place), found.code)?;
        }
    }
    write_summary(&mut out, checked, manner)
}

pub(super) fn write_fixed(out: &mut impl Write, file: &CheckedFile, manner: Manner) -> io::Result<()> {
    let path = printable(&file.path.display().to_string());
    file.fixed.iter().filter(|_| !manner.is_quiet).try_for_each(|(code, title)| {
        writeln!(out, "{path}: fixed {code}: {}", printable(&lower_first(title)))
    })
}

/// What would fix a finding, and whether `--fix` does it.
fn titles(file: &CheckedFile, found: &Finding, manner: Manner) -> Vec<String> {
    let fixes = found.fixes.iter().map(|fix| {
        if fix.preferred && file.is_fixable && !manner.is_fixed {
            return format!("{} (--fix does it)", fix.title);
        }
        // Who has no editor for it types the line.
        let is_said = fix.edits.iter().all(|edit| fix.title.contains(edit.text.trim()));
        let line = if is_said { None } else { file.line_after(fix) };
        line.map_or_else(|| fix.title.clone(), |line| format!("{}: {line}", fix.title))
    });
    let left = if manner.is_fixed { ", which --fix leaves to you" } else { "" };
    fixes.chain(found.elsewhere.iter().map(|title| format!("{title}{left}"))).collect()
}

pub(super) fn write_summary(out: &mut impl Write, checked: &[CheckedFile], manner: Manner) -> io::Result<()> {
    if manner.is_quiet || checked.iter().all(|file| !file.is_read()) {
        return Ok(());
    }
    writeln!(out, "{}", summary(checked, manner.paint))?;
    if manner.is_fixed {
        write_left(out, checked, manner)?;
    }
    Ok(())
}

/// What is left of what has a fix, and why.
fn write_left(out: &mut impl Write, checked: &[CheckedFile], manner: Manner) -> io::Result<()> {
    let fixable = || checked.iter().filter(|file| file.is_fixable);
    let is_made = |found: &&Finding| found.fixes.iter().any(|fix| fix.preferred);
    let kept = fixable().filter(|file| file.is_kept).flat_map(|file| &file.findings).filter(is_made).count();
    match kept {
        0 => {}
        1 => writeln!(out, "1 finding that --fix fixes is left, as its file was not changed")?,
        kept => writeln!(out, "{kept} findings that --fix fixes are left, as their files were not changed")?,
    }
    let choices = |file: &CheckedFile| {
        let open = file.findings.iter().filter(|found| !found.fixes.is_empty());
        open.filter(|found| !file.is_kept || !is_made(found)).count()
    };
    let left: usize = fixable().map(choices).sum();
    let those = match left {
        0 => return Ok(()),
        1 => "1 finding has a fix",
        left => &format!("{left} findings have fixes"),
    };
    let place = if manner.has_help { "see `help:` above" } else { "`draft-tasks check` shows them" };
    writeln!(
        out,
        "{those} for you to choose, as what runs or is found may change: {place}; an editor applies it as a quick fix"
    )
}

/// "1 error, 2 warnings in 1 file", "1 error, 2 warnings; 12 files, 2 with findings"
fn summary(checked: &[CheckedFile], paint: Paint) -> String {
    let all = || checked.iter().flat_map(|file| &file.findings);
    let counts = [Severity::Error, Severity::Warning, Severity::Information, Severity::Hint].map(|of| {
        let count = all().filter(|found| found.severity == of).count();
        let plural = if count == 1 { "" } else { "s" };
        (count > 0).then(|| severity(of, &format!("{count} {}{plural}", of.name()), paint))
    });
    let counts = counts.into_iter().flatten().collect::<Vec<_>>().join(", ");
    let read = checked.iter().filter(|file| file.is_read()).count();
    let with = checked.iter().filter(|file| !file.findings.is_empty()).count();
    let idle = checked.iter().filter(|file| file.has_no_task && file.findings.is_empty()).count();
    let unread = match checked.len() - read {
        0 => String::new(),
        unread => format!(", {unread} not read"),
    };
    let rest = match idle {
        0 => unread,
        1 if read == 1 => format!("{unread}; it has no task to run"),
        idle => format!("{unread}; {idle} without a task to run"),
    };
    match (counts.as_str(), read) {
        ("", 1) => format!("nothing to report in 1 file{rest}"),
        ("", _) => format!("nothing to report in {read} files{rest}"),
        (counts, 1) => format!("{counts} in 1 file{rest}"),
        (counts, _) => format!("{counts}; {read} files, {with} with findings{rest}"),
    }
}

fn severity(severity: Severity, text: &str, paint: Paint) -> String {
    match severity {
        Severity::Error => paint.red(text),
        Severity::Warning => paint.yellow(text),
        Severity::Information | Severity::Hint => text.to_owned(),
    }
}
