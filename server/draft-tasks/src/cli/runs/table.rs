//! The list of runs for people: a line each, in columns.
//!
//! Must not look at anything but the records.

use std::io::{self, Write};
use std::time::{Duration, SystemTime};

use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::printable::printable;
use draft_tasks_executor::OutcomeName;
use draft_tasks_executor::record::schema::PlannedTask;
use draft_tasks_executor::record::{Event, RecordState, StoredRun};

use super::{colored, describe_seconds, incomplete, state, told, with_copy};
use crate::cli::terminal::{self, Paint, cut, padded, width_of};

/// How much of a name is shown at least: the time to the second.
const SHORTEST: usize = "20261122T184501".len();

/// How wide the last column is at least.
const NARROWEST: usize = 10;

/// Writes the runs, those of several tasks files with their file; `all` are the names of all records, of which no beginning
/// that is shown is another one's.
///
/// # Errors
///
/// When standard output cannot be written.
pub(super) fn write(runs: &[StoredRun], all: &[String], is_of_all: bool, paint: Paint) -> io::Result<()> {
    let rows: Vec<[String; 6]> = runs.iter().map(|kept| row(kept, all, is_of_all)).collect();
    let widths: Vec<usize> = (0..5)
        .map(|column| rows.iter().map(|row| width_of(&row[column])).max().unwrap_or_default())
        .collect();
    let before: usize = widths.iter().map(|width| width + 2).sum();
    if let Some(total) = terminal::width().filter(|total| total.saturating_sub(before) < NARROWEST) {
        return write_narrow(&rows, runs, total, paint);
    }
    let rest = terminal::width().map(|total| total.saturating_sub(before));
    let mut out = io::stdout().lock();
    for ([name, phase, end, age, took, what], kept) in rows.iter().zip(runs) {
        let end = padded(end, widths[2]).replacen(end, &colored(paint, end), 1);
        let what = rest.map_or_else(|| what.clone(), |width| cut(what, width));
        let (name, phase, age) = (padded(name, widths[0]), padded(phase, widths[1]), padded(age, widths[3]));
        let took = padded(took, widths[4]);
        let notes = paint.yellow(&format!("{}{}", incomplete(kept), with_copy(kept)));
        writeln!(out, "{name}  {phase}  {end}  {age}  {took}  {}{notes}", paint.dim(&what))?;
    }
    out.flush()
}

/// Two lines for each run, where the columns have no room beside each other.
fn write_narrow(rows: &[[String; 6]], runs: &[StoredRun], total: usize, paint: Paint) -> io::Result<()> {
    let widest = rows.iter().map(|row| width_of(&row[0])).max().unwrap_or_default();
    let mut out = io::stdout().lock();
    for ([name, phase, end, age, took, what], kept) in rows.iter().zip(runs) {
        let end = colored(paint, end);
        let notes = paint.yellow(&format!("{}{}", incomplete(kept), with_copy(kept)));
        writeln!(out, "{}  {end}  {age}{notes}", padded(name, widest))?;
        let said: Vec<&str> =
            [phase, took, what].into_iter().map(String::as_str).filter(|it| !it.is_empty()).collect();
        writeln!(out, "{}", paint.dim(&cut(&format!("  {}", said.join(" · ")), total)))?;
    }
    out.flush()
}

/// Its name, phase, end, age and duration, and what ran; of all tasks files, which it was.
fn row(kept: &StoredRun, all: &[String], is_of_all: bool) -> [String; 6] {
    let (end, seconds) = state(kept);
    let phase = told(kept).map(|told| printable(told.0)).unwrap_or_default();
    let phase =
        kept.part_of().map_or_else(|| phase.clone(), |whole| format!("{} · {phase}", printable(&whole.name)));
    let age = kept.at().and_then(|at| SystemTime::now().duration_since(at).ok());
    let file = kept.file().filter(|_| is_of_all);
    let file = file.map(|file| format!("{}  ", printable(&file.display().to_string()))).unwrap_or_default();
    [
        printable(beginning(&kept.id, all)),
        phase,
        end.to_owned(),
        age.map(describe_age).unwrap_or_default(),
        seconds.map(describe_seconds).unwrap_or_default(),
        format!("{file}{}", commands(kept)),
    ]
}

/// The shortest beginning of a name that no other has.
pub(in crate::cli) fn beginning<'a>(id: &'a str, all: &[String]) -> &'a str {
    let common =
        |other: &String| id.bytes().zip(other.bytes()).take_while(|(one, other)| one == other).count();
    let longest = all.iter().filter(|other| *other != id).map(common).max().unwrap_or_default();
    let end = (longest + 1).max(SHORTEST).min(id.len());
    &id[..id.ceil_char_boundary(end)]
}

/// The only task with its command, else the descriptions of all, with a sign at those that failed or were stopped; a step that is no phase
/// has no description of its own. Of a record that cannot be read, why.
fn commands(kept: &StoredRun) -> String {
    if let RecordState::Unreadable(why) = &kept.state {
        return printable(why);
    }
    let Some(Event::RunStarted { tasks, phase, .. }) = &kept.began else { return String::new() };
    match tasks.as_slice() {
        [task] if Phase::from_name(phase).is_none() => task.command(),
        [task] => format!("{}: {}", printable(&task.name), task.command()),
        tasks => {
            let outcome = |index: usize| Some(kept.result()?.tasks.get(index)?.outcome);
            let shown = |(index, task): (usize, &PlannedTask)| {
                let name = printable(&task.name);
                match outcome(index) {
                    Some(ended @ (OutcomeName::Failed | OutcomeName::Stopped)) => {
                        format!("{} {name}", ended.sign())
                    }
                    _ => name,
                }
            };
            tasks.iter().enumerate().map(shown).collect::<Vec<_>>().join(", ")
        }
    }
}

/// "12 s ago", "3 min ago", "2 h ago", "5 days ago".
fn describe_age(age: Duration) -> String {
    match age.as_secs() {
        seconds @ ..60 => format!("{seconds} s ago"),
        seconds @ ..3600 => format!("{} min ago", seconds / 60),
        seconds @ ..86_400 => format!("{} h ago", seconds / 3600),
        seconds @ ..172_800 => format!("{} day ago", seconds / 86_400),
        seconds => format!("{} days ago", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_told_in_one_unit() {
        let of = |seconds| describe_age(Duration::from_secs(seconds));
        let ages = [0, 59, 60, 3599, 7200, 86_400, 500_000].map(of);
        assert_eq!(
            ages,
            ["0 s ago", "59 s ago", "1 min ago", "59 min ago", "2 h ago", "1 day ago", "5 days ago"]
        );
    }

    #[test]
    fn a_name_is_as_short_as_it_can_be() {
        let all = ["20261122T184501.1Z-a", "20261122T184501.2Z-a", "20261122T184601.1Z-a"].map(str::to_owned);
        assert_eq!(beginning(&all[0], &all), "20261122T184501.1");
        assert_eq!(beginning(&all[2], &all), "20261122T184601");
    }
}
