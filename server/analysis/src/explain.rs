//! What each task of a file runs, and what Draft does where that is something else.
//!
//! Must not decide how it is shown.

use std::collections::{HashMap, HashSet};

use crate::command::{self, DraftVersion, Semantics, Word};
use crate::draft_toml::{self, DraftError, DraftFile, DraftTask, Ignored, IgnoredReason};
use crate::parsed::Parsed;
use crate::phase::Phase;
use crate::plan::{Plan, PlanError, Step};
use crate::task_file::{Section, SectionForm};
use crate::task_variable::{in_draft, in_phase};

/// The values of variables as they may be shown.
type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// What a file does, with the semantics and the Draft of its analysis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// What that Draft stops at; with [`Semantics::Draft`] nothing runs then.
    pub draft_error: Option<DraftError>,
    /// The phases and all other tables, in the order of an application's life and of the file.
    pub tables: Vec<ExplainedTable>,
    /// Keys outside of any table that nobody runs.
    pub strays: Vec<String>,
}

/// A table of the file, or several of the same phase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExplainedTable {
    /// The phase's name, or what stands in the file where it is no phase.
    pub name: String,
    /// Which phase it is, if it is any.
    pub phase: Option<Phase>,
    /// Its tasks, or why none of them runs: a sentence in lower case without a full stop.
    pub tasks: Result<Vec<ExplainedTask>, String>,
    /// That Draft ignores a phase that this tool runs, in the same form.
    pub ignored_by_draft: Option<String>,
}

/// A task that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExplainedTask {
    /// The description.
    pub name: String,
    /// The program and its arguments; Draft puts `kubectl exec POD --` before those of `post-deploy`.
    pub argv: Vec<String>,
    /// Variables without a value, each an empty text in the arguments.
    pub unset: Vec<String>,
    /// What Draft would run instead.
    pub draft: Option<Vec<String>>,
    /// What Draft takes a random one of, as several spellings of the phase have a task of this description; else empty.
    pub rivals: Vec<Vec<String>>,
}

/// Explains a file, with [`Semantics::Standard`] as this tool runs it, and with [`Semantics::Draft`] as that Draft does.
pub fn explain(parsed: &Parsed, lookup: Lookup<'_>) -> Explanation {
    let version = parsed.options.draft_version;
    let draft = draft_toml::read(&parsed.text, version);
    match (parsed.options.semantics, draft) {
        (Semantics::Standard, draft) => own(parsed, draft, lookup),
        (Semantics::Draft, Ok(file)) => of_draft(&file, version, lookup),
        (Semantics::Draft, Err(error)) => {
            Explanation { draft_error: Some(error), tables: Vec::new(), strays: Vec::new() }
        }
    }
}

// --- as Draft does ---

fn of_draft(file: &DraftFile, version: DraftVersion, lookup: Lookup<'_>) -> Explanation {
    let mut tables: Vec<ExplainedTable> = Vec::new();
    for found in &file.phases {
        let tasks = found.tasks.iter().map(|task| task_of_draft(task, version, lookup));
        tables.push(table(found.phase.name(), Some(found.phase), Ok(tasks.collect())));
    }
    for ignored in &file.ignored {
        let Some(reason) = reason(ignored, version) else { continue };
        let phase = match ignored.reason {
            IgnoredReason::LaterPhase(phase) | IgnoredReason::NotTable(phase, _) => Some(phase),
            _ => None,
        };
        let name = phase.map_or(ignored.name.as_str(), |phase| phase.name());
        // Another spelling of the phase may be one that runs.
        if phase.is_none() || tables.iter().all(|table| table.phase != phase) {
            tables.push(table(name, phase, Err(reason)));
        }
    }
    tables.sort_by_key(|table| (table.phase.is_none(), table.phase));
    let strays = file.ignored.iter().filter(|ignored| ignored.reason == IgnoredReason::Stray);
    Explanation { draft_error: None, tables, strays: strays.map(|stray| stray.name.clone()).collect() }
}

fn table(name: &str, phase: Option<Phase>, tasks: Result<Vec<ExplainedTask>, String>) -> ExplainedTable {
    ExplainedTable { name: name.to_owned(), phase, tasks, ignored_by_draft: None }
}

/// Why Draft ignores a table; `None` for what is not a table.
fn reason(ignored: &Ignored, version: DraftVersion) -> Option<String> {
    match ignored.reason {
        IgnoredReason::UnknownTable => Some(unknown(version)),
        IgnoredReason::LaterPhase(_) => version.ignores_post_up().map(str::to_owned),
        IgnoredReason::NotTable(_, what) => Some(not_a_table(what)),
        IgnoredReason::Stray => None,
    }
}

fn unknown(version: DraftVersion) -> String {
    format!("it is not a phase; {}", version.phases())
}

fn not_a_table(what: &str) -> String {
    format!("it is {what}; a phase is a table")
}

fn task_of_draft(task: &DraftTask, version: DraftVersion, lookup: Lookup<'_>) -> ExplainedTask {
    let words = draft_words(&task.command, version);
    ExplainedTask {
        name: task.name.clone(),
        argv: expand(&words, lookup),
        unset: unset(&words, lookup),
        draft: None,
        rivals: rivals(task, version, lookup),
    }
}

fn rivals(task: &DraftTask, version: DraftVersion, lookup: Lookup<'_>) -> Vec<Vec<String>> {
    let all = task.rivals.iter().chain([&task.command]);
    let all = all.map(|command| expand(&draft_words(command, version), lookup));
    if task.rivals.is_empty() { Vec::new() } else { all.collect() }
}

fn draft_words(command: &str, version: DraftVersion) -> Vec<Word> {
    // Draft splits anything.
    command::split(command, Semantics::Draft, version).unwrap_or_default()
}

// --- as this tool does ---

fn own(parsed: &Parsed, draft: Result<DraftFile, DraftError>, lookup: Lookup<'_>) -> Explanation {
    let version = parsed.options.draft_version;
    let sections = &parsed.file.sections;
    let present = |phase: &Phase| sections.iter().any(|section| section.phase == Some(*phase));
    let phases = Phase::ALL.into_iter().filter(present);
    let mut tables: Vec<ExplainedTable> =
        phases.map(|phase| own_phase(parsed, phase, draft.as_ref().ok(), lookup)).collect();
    let unknown_sections = sections.iter().filter(|section| section.phase.is_none());
    let mut seen = HashSet::new();
    for section in unknown_sections {
        let name = section.name(&parsed.text);
        if seen.insert(name.clone()) {
            tables.push(table(&name, None, Err(unknown(version))));
        }
    }
    let strays = parsed.file.strays.iter().map(|stray| stray.name.decode(&parsed.text).into_owned());
    Explanation { strays: strays.collect(), tables, draft_error: draft.err() }
}

fn own_phase(parsed: &Parsed, phase: Phase, draft: Option<&DraftFile>, lookup: Lookup<'_>) -> ExplainedTable {
    let version = parsed.options.draft_version;
    let read = draft.and_then(|file| file.phases.iter().find(|found| found.phase == phase));
    let read = read.iter().flat_map(|found| &found.tasks).map(|task| (task.name.as_str(), task));
    let read: HashMap<&str, &DraftTask> = read.collect();
    let lookup = &in_phase(phase, lookup);
    let tasks = match Plan::for_phase(parsed, phase, &[], lookup) {
        Ok(plan) => Ok(plan
            .steps
            .into_iter()
            .map(|step| own_task(parsed, read.get(step.task.as_str()).copied(), step, lookup))
            .collect()),
        Err(PlanError::NoTasks { .. }) => no_tasks(parsed, phase),
        Err(error) => Err(error.describe()),
    };
    let ignored_by_draft =
        if version.knows(phase) { None } else { version.ignores_post_up().map(str::to_owned) };
    ExplainedTable { name: phase.name().to_owned(), phase: Some(phase), tasks, ignored_by_draft }
}

/// A phase without tasks is an empty table or no table at all.
fn no_tasks(parsed: &Parsed, phase: Phase) -> Result<Vec<ExplainedTask>, String> {
    let of_phase = |section: &&Section| section.phase == Some(phase);
    let mut forms = parsed.file.sections.iter().filter(of_phase).map(|section| section.form);
    match forms.find(|form| !form.has_tasks()) {
        Some(SectionForm::NotTable(what)) => Err(not_a_table(what)),
        Some(SectionForm::ArrayOfTables) => Err(not_a_table("an array of tables")),
        _ => Ok(Vec::new()),
    }
}

fn own_task(parsed: &Parsed, draft: Option<&DraftTask>, step: Step, lookup: Lookup<'_>) -> ExplainedTask {
    let version = parsed.options.draft_version;
    let words = command::split(&step.command, Semantics::Standard, version).unwrap_or_default();
    // Where Draft has another opinion of the string, it is that one that it runs.
    let read = draft.map_or(step.command.as_str(), |task| task.command.as_str());
    let draft_words = draft_words(read, version);
    let of_draft = &in_draft(lookup);
    let rivals = draft.map_or_else(Vec::new, |task| rivals(task, version, of_draft));
    let draft_argv =
        Some(expand(&draft_words, of_draft)).filter(|argv| rivals.is_empty() && *argv != step.argv);
    ExplainedTask {
        name: step.task,
        argv: step.argv,
        unset: unset(&words, lookup),
        draft: draft_argv,
        rivals,
    }
}

fn expand(words: &[Word], lookup: Lookup<'_>) -> Vec<String> {
    words.iter().map(|word| word.expand(lookup)).collect()
}

fn unset(words: &[Word], lookup: Lookup<'_>) -> Vec<String> {
    command::unset(words, lookup).into_iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use expect_test::{Expect, expect};

    use super::*;
    use crate::options::Options;

    fn check(text: &str, options: Options, expect: Expect) {
        let lookup = |name: &str| match name {
            "USER" => Some("ann lee".to_owned()),
            "API_TOKEN" => Some("***".to_owned()),
            _ => None,
        };
        let explanation = explain(&Parsed::new(text, options), &lookup);
        let mut shown = String::new();
        if let Some(error) = &explanation.draft_error {
            let _ = writeln!(shown, "Draft stops at {:?}: {}", error.offset, error.message);
        }
        for table in &explanation.tables {
            let _ = writeln!(shown, "{}", table.name);
            if let Some(ignored) = &table.ignored_by_draft {
                let _ = writeln!(shown, "  {ignored}");
            }
            match &table.tasks {
                Err(reason) => shown += &format!("  does not run: {reason}\n"),
                Ok(tasks) => tasks.iter().for_each(|task| {
                    let _ = writeln!(shown, "  {}: {:?} unset {:?}", task.name, task.argv, task.unset);
                    task.draft.iter().for_each(|argv| shown += &format!("    Draft: {argv:?}\n"));
                    task.rivals.iter().for_each(|argv| shown += &format!("    or: {argv:?}\n"));
                }),
            }
        }
        let _ = writeln!(shown, "strays: {:?}", explanation.strays);
        expect.assert_eq(&shown);
    }

    fn draft() -> Options {
        Options { semantics: Semantics::Draft, draft_version: DraftVersion::V0_16, ..Options::default() }
    }

    const FILE: &str = "hello = \"echo\"\n[post-delete]\n[post-up]\na = \"ls\"\n[Pre-Up]\na = \"echo 'x' $USER $NONE $API_TOKEN\"\n\
        b = \"ls\"\n[cleanup]\n[pre-up]\na = \"make\"\n";

    #[test]
    fn as_this_tool_runs_it() {
        check(
            FILE,
            Options::default(),
            expect![[r#"
                pre-up
                  a: ["echo", "x", "ann lee", "", "***"] unset ["NONE"]
                    or: ["echo", "'x'", "ann lee", "", "***"]
                    or: ["make"]
                  b: ["ls"] unset []
                  a: ["make"] unset []
                    or: ["echo", "'x'", "ann lee", "", "***"]
                    or: ["make"]
                post-up
                  neither DEP-8 nor Draft up to 0.16 has `post-up`
                  a: ["ls"] unset []
                cleanup
                post-delete
                  does not run: it is not a phase; the phases are `pre-up`, `post-deploy` and `cleanup`
                strays: ["hello"]
            "#]],
        );
    }

    #[test]
    fn as_draft_runs_it() {
        check(
            FILE,
            draft(),
            expect![[r#"
                pre-up
                  a: ["make"] unset []
                    or: ["echo", "'x'", "ann lee", "", "***"]
                    or: ["make"]
                  b: ["ls"] unset []
                post-up
                  does not run: Draft 0.16 ignores `post-up`, as every release does
                cleanup
                post-delete
                  does not run: it is not a phase; the phases are `pre-up`, `post-deploy` and `cleanup`
                strays: ["hello"]
            "#]],
        );
    }

    #[test]
    fn what_does_not_run() {
        let text = "pre-up = 5\n[[cleanup]]\n[post-deploy]\na = \"echo 'x\"\n";
        check(
            text,
            Options::default(),
            expect![[r#"
            pre-up
              does not run: it is an integer; a phase is a table
            post-deploy
              does not run: the task `a` cannot be split: a `'` is not closed
            cleanup
              does not run: it is an array of tables; a phase is a table
            strays: []
        "#]],
        );
        check(
            text,
            draft(),
            expect![[r#"
            pre-up
              does not run: it is an integer; a phase is a table
            post-deploy
              a: ["echo", "'x"] unset []
            cleanup
              does not run: it is an array of tables; a phase is a table
            strays: []
        "#]],
        );
    }

    #[test]
    fn what_stops_only_draft() {
        let text = "pre-up.a = \"ls\"\n[cleanup]\nb = \"ls\"\n";
        check(
            text,
            Options::default(),
            expect![[r#"
            Draft stops at 6: expected a letter, digit, `_`, `-` or `=` in a key without quotes, found `.`
            pre-up
              a: ["ls"] unset []
            cleanup
              b: ["ls"] unset []
            strays: []
        "#]],
        );
        check(
            text,
            draft(),
            expect![[r#"
            Draft stops at 6: expected a letter, digit, `_`, `-` or `=` in a key without quotes, found `.`
            strays: []
        "#]],
        );
    }

    #[test]
    fn what_draft_reads_otherwise() {
        check(
            "[pre-up]\r\na = \"\"\"\r\nls x\"\"\"\r\n",
            Options::default(),
            expect![[r#"
            pre-up
              a: ["ls", "x"] unset []
                Draft: ["\r\nls", "x"]
            strays: []
        "#]],
        );
    }
}
