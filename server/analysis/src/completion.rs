//! What can be typed at a place: phases first of all, then tasks and worked examples.
//!
//! Must not offer anything inside of comments and strings.

use text_size::{TextRange, TextSize};

use crate::edit;
use crate::parsed::Parsed;
use crate::phase::Phase;
use crate::task_file::SectionForm;

pub mod command;

/// Something that can be typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// What is shown and matched against what was typed.
    pub label: String,
    /// What it is.
    pub kind: CompletionKind,
    /// A few words beside the label.
    pub detail: String,
    /// More about it, as Markdown.
    pub documentation: Option<String>,
    /// What is replaced; on one line, and the cursor is in it.
    pub range: TextRange,
    /// What is replaced in editors in which completion overwrites the rest of the word.
    pub overwrites: Option<TextRange>,
    /// What is put there, with `${1:…}` and `$0` for the places to fill in.
    pub snippet: String,
}

/// The kinds of completions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompletionKind {
    /// The header of a phase.
    Phase,
    /// A task to be filled in, or a value.
    Task,
    /// A task or file ready to use.
    Example,
    /// A program.
    Program,
    /// A file.
    File,
    /// A directory.
    Directory,
    /// A variable.
    Variable,
    /// A target of a Makefile or a script of npm.
    Target,
}

/// Everything that can be typed at an offset, the best first. Whatever is accepted, a file without mistakes elsewhere is
/// one without mistakes.
pub fn complete(parsed: &Parsed, offset: TextSize) -> Vec<Completion> {
    let place = Place::new(parsed, offset);
    if place.in_comment_or_string() || place.in_value_of_lines() {
        return Vec::new();
    }
    if place.before.contains('=') {
        return values(&place);
    }
    let mut found = Vec::new();
    let in_header = place.in_header();
    let word_only = place.before.trim_start().chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
    if !is_blank(place.behind_word()) || !(in_header || word_only) {
        return found;
    }
    found.extend(phases(&place));
    if !in_header {
        found.extend(tasks(&place));
        if parsed.text.trim().is_empty() {
            found.push(specification_example(&place));
            found.extend(EXAMPLES.iter().map(|example| with_header(example, &place)));
        }
    }
    found
}

/// Whether nothing of weight stands there.
pub fn is_blank(rest: &str) -> bool {
    let rest = rest.trim_start();
    rest.is_empty() || rest.starts_with('#')
}

/// The cursor and what is around it.
struct Place<'a> {
    parsed: &'a Parsed,
    offset: TextSize,
    /// The line up to the cursor.
    before: &'a str,
    /// The line from the cursor on.
    after: &'a str,
    newline: &'static str,
}

impl<'a> Place<'a> {
    fn new(parsed: &'a Parsed, offset: TextSize) -> Place<'a> {
        let text: &'a str = &parsed.text;
        let before = &text[TextRange::new(edit::line_start(text, offset), offset)];
        let after = &text[TextRange::new(offset, edit::line_stop(text, offset).max(offset))];
        Place { parsed, offset, before, after, newline: edit::line_end(text) }
    }

    fn in_comment_or_string(&self) -> bool {
        let comments = &self.parsed.tree.comments;
        let next = comments.partition_point(|comment| comment.start() < self.offset);
        let in_comment = comments[..next].last().is_some_and(|comment| comment.end() >= self.offset);
        // A string holds the cursor when it begins before it and either ends behind it or is not closed.
        let in_string = self.parsed.file.task_at(self.offset).is_some_and(|(_, task)| {
            task.command().is_some_and(|command| {
                let range = command.range;
                range.start() < self.offset && (self.offset < range.end() || !command.closed)
            })
        });
        in_comment || in_string
    }

    /// Whether a value that began on an earlier line goes on here, such as an array.
    fn in_value_of_lines(&self) -> bool {
        let line = edit::line_start(&self.parsed.text, self.offset);
        let mut entries = self.parsed.tree.tables.iter().flat_map(|table| &table.entries);
        entries.any(|entry| entry.range.start() < line && entry.range.end() > line)
    }

    /// What a completion of the line's first word replaces: what was typed of it, and the brackets and word
    /// characters behind the cursor that an editor or the user has already put there.
    fn word_range(&self) -> TextRange {
        let indent = self.before.len() - self.before.trim_start().len();
        let start = self.offset - TextSize::of(&self.before[indent..]);
        let behind = TextSize::of(self.after) - TextSize::of(self.behind_word());
        TextRange::new(start, self.offset + behind)
    }

    /// What stands behind the word and its brackets.
    fn behind_word(&self) -> &'a str {
        let is_word = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
        if !self.in_header() {
            return self.after.trim_start_matches(|c| is_word(c) || c == ']');
        }
        let is_quoted = |c: char| is_word(c) || matches!(c, ']' | '"' | '\'');
        let rest = self.after.trim_start_matches(is_quoted);
        rest.trim_start().strip_prefix(']').map_or(rest, |rest| rest.trim_start_matches(']'))
    }

    /// Whether the cursor is in a header; one that was typed to its end has nothing more to offer, so that Enter is a new
    /// line.
    fn in_header(&self) -> bool {
        self.before.trim_start().starts_with('[') && !self.before.contains(']')
    }

    fn phase(&self) -> Option<Phase> {
        let section = self.parsed.file.section_at(self.offset)?;
        if section.form == SectionForm::Header { section.phase } else { None }
    }

    /// Whether a header here would have tasks under it.
    fn has_tasks_below(&self) -> bool {
        let tables = &self.parsed.tree.tables;
        tables.iter().any(|table| {
            let is_here = table.range.contains_inclusive(self.offset);
            is_here && table.entries.iter().any(|entry| entry.range.start() >= self.offset)
        })
    }
}

fn phases(place: &Place<'_>) -> Vec<Completion> {
    let cursor_header = |range: TextRange| range.contains_inclusive(place.offset);
    let present = |phase: Phase| {
        let mut sections = place.parsed.file.sections.iter();
        sections.any(|section| section.phase == Some(phase) && !cursor_header(section.header))
    };
    let version = place.parsed.options.draft_version;
    let missing = Phase::ALL.into_iter().filter(|phase| version.knows(*phase) && !present(*phase));
    missing.map(|phase| phase_completion(place, phase)).collect()
}

fn phase_completion(place: &Place<'_>, phase: Phase) -> Completion {
    let has_tasks = place.has_tasks_below();
    let skeleton =
        if has_tasks { String::new() } else { format!("{}{}", place.newline, task_snippet("description")) };
    Completion {
        label: format!("[{phase}]"),
        kind: CompletionKind::Phase,
        detail: format!("runs {}", phase.when()),
        documentation: Some(crate::hover::phase_markdown(
            phase,
            "the directory of this file",
            place.parsed.options,
            None,
        )),
        range: place.word_range(),
        overwrites: None,
        snippet: format!("[{phase}]{skeleton}"),
    }
}

/// A task to be filled in; quoted, as a description has more than one word as a rule.
fn task_snippet(description: &str) -> String {
    format!("\"${{1:{description}}}\" = \"${{2:command}}\"")
}

/// A description that no task of a section has.
fn free_description(taken: &[String]) -> String {
    let numbered = (2..).map(|number| format!("description {number}"));
    let mut names = ["description".to_owned()].into_iter().chain(numbered);
    names.find(|name| !taken.contains(name)).unwrap_or_default()
}

fn tasks(place: &Place<'_>) -> Vec<Completion> {
    let parsed = place.parsed;
    let section = parsed.file.section_at(place.offset);
    let (Some(phase), Some(section)) = (place.phase(), section) else { return Vec::new() };
    let is_here = |range: TextRange| range.contains_inclusive(place.offset);
    let others = parsed.file.tasks_of(section).iter().filter(|task| !is_here(task.name.range));
    let taken: Vec<String> = others.map(|task| task.name(&parsed.text).into_owned()).collect();
    let mut found = vec![Completion {
        label: "description = \"command\"".into(),
        kind: CompletionKind::Task,
        detail: format!("a task of `{phase}`"),
        documentation: None,
        range: place.word_range(),
        overwrites: None,
        snippet: task_snippet(&free_description(&taken)),
    }];
    let of_phase =
        EXAMPLES.iter().filter(|example| example.phase == phase && !taken.contains(&example.key()));
    found.extend(of_phase.map(|example| example_completion(example, place, example.snippet.into())));
    found
}

/// An example where there is no phase for it yet.
fn with_header(example: &Example, place: &Place<'_>) -> Completion {
    let snippet = format!("[{}]{}{}", example.phase, place.newline, example.snippet);
    let plain = example_completion(example, place, snippet);
    Completion { detail: format!("{}, in `[{}]`", example.detail, example.phase), ..plain }
}

fn example_completion(example: &Example, place: &Place<'_>, snippet: String) -> Completion {
    Completion {
        label: example.label.into(),
        kind: CompletionKind::Example,
        detail: example.detail.into(),
        documentation: Some(format!("```toml\n{}\n```", strip_placeholders(&snippet))),
        range: place.word_range(),
        overwrites: None,
        snippet,
    }
}

fn values(place: &Place<'_>) -> Vec<Completion> {
    let typed = place.before.rsplit('=').next().unwrap_or_default();
    let equals = place.offset - TextSize::of(typed) - TextSize::of('=');
    let tree = &place.parsed.tree;
    let entry = tree.tables.iter().flat_map(|it| &it.entries).find(|entry| entry.equals == Some(equals));
    let is_right = entry.is_some_and(|it| !tree.has_error_in(TextRange::new(it.range.start(), equals)));
    if place.phase().is_none() || !typed.trim().is_empty() || !is_right || !is_blank(place.after) {
        return Vec::new();
    }
    let space = if typed.is_empty() { " " } else { "" };
    vec![Completion {
        label: "\"command\"".into(),
        kind: CompletionKind::Task,
        detail: "what the task runs".into(),
        documentation: None,
        range: TextRange::empty(place.offset),
        overwrites: None,
        snippet: format!("{space}\"${{1:command}}\""),
    }]
}

/// A task ready to use.
struct Example {
    phase: Phase,
    label: &'static str,
    detail: &'static str,
    snippet: &'static str,
}

impl Example {
    /// The description that its task has.
    fn key(&self) -> String {
        let plain = strip_placeholders(self.snippet);
        let key = plain.split(" = ").next().unwrap_or_default();
        key.trim_matches('"').to_owned()
    }
}

const EXAMPLES: &[Example] = &[
    Example {
        phase: Phase::PreUp,
        label: "install a database",
        detail: "with Helm 3",
        snippet: "\"install ${1:mysql}\" = \"helm upgrade --install ${1:mysql} ${2:charts/mysql} --wait\"",
    },
    Example {
        phase: Phase::PreUp,
        label: "run the tests",
        detail: "so that only what passes is deployed",
        snippet: "test = \"${1:make test}\"",
    },
    Example {
        phase: Phase::PreUp,
        label: "run a script",
        detail: "for anything that needs a shell",
        snippet: "\"${1:prepare}\" = \"./scripts/${1:prepare}.sh\"",
    },
    Example {
        phase: Phase::PostDeploy,
        label: "migrate the database",
        detail: "in every ready pod",
        snippet: "\"migrate the database\" = \"${1:rake db:migrate}\"",
    },
    Example {
        phase: Phase::PostDeploy,
        label: "use a variable of the container",
        detail: "through a shell in the container",
        snippet: "\"${1:show}\" = \"sh -c 'echo \\$${2:HOSTNAME}'\"",
    },
    Example {
        phase: Phase::Cleanup,
        label: "uninstall a release",
        detail: "with Helm 3",
        snippet: "\"uninstall ${1:mysql}\" = \"helm uninstall ${1:mysql}\"",
    },
    Example {
        phase: Phase::Cleanup,
        label: "delete a claim",
        detail: "which outlives its release",
        snippet: "\"delete ${1:data}\" = \"kubectl delete pvc ${1:data} --ignore-not-found\"",
    },
];

/// The tasks file that the specification has as its example.
pub const EXAMPLE: &str = include_str!("completion/dep-8.toml");

fn specification_example(place: &Place<'_>) -> Completion {
    let text = EXAMPLE.replace('\n', place.newline);
    Completion {
        label: "the example of DEP-8".into(),
        kind: CompletionKind::Example,
        detail: "all three phases, as the specification has them".into(),
        documentation: Some(format!("```toml\n{text}```")),
        range: place.word_range(),
        overwrites: None,
        snippet: escape_snippet(&text),
    }
}

/// The tasks file of a draft pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackFile {
    /// The pack's name, with its repository.
    pub pack: String,
    /// What is in the file.
    pub text: String,
}

/// The tasks files of packs to copy, where the file is empty; those without any text are left out.
pub fn from_packs(parsed: &Parsed, offset: TextSize, files: &[PackFile]) -> Vec<Completion> {
    let place = Place::new(parsed, offset);
    if !parsed.text.trim().is_empty() {
        return Vec::new();
    }
    let files = files.iter().filter(|file| !file.text.trim().is_empty());
    let completion = |file: &PackFile| Completion {
        label: format!("copy from pack {}", file.pack),
        kind: CompletionKind::Example,
        detail: "the tasks of this draft pack, as `draft create` copies them".into(),
        documentation: Some(format!("```toml\n{}\n```", file.text.trim_end())),
        range: place.word_range(),
        overwrites: None,
        snippet: escape_snippet(&file.text),
    };
    files.map(completion).collect()
}

/// Text as a snippet that puts just this text.
fn escape_snippet(text: &str) -> String {
    text.replace('\\', "\\\\").replace('$', "\\$").replace('}', "\\}")
}

/// A snippet as plain text, for clients that know no snippets: each place holds its suggestion.
pub fn strip_placeholders(snippet: &str) -> String {
    let mut plain = String::with_capacity(snippet.len());
    let mut rest = snippet;
    while let Some(at) = rest.find(['$', '\\', '}']) {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        rest = if let Some(escaped) = rest.strip_prefix('\\') {
            let length = escaped.chars().next().map_or(0, char::len_utf8);
            plain.push_str(&escaped[..length]);
            &escaped[length..]
        } else if let Some(place) = rest.strip_prefix("${") {
            place.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix(':').unwrap_or(place)
        } else if let Some(stop) = rest.strip_prefix('$') {
            stop.trim_start_matches(|c: char| c.is_ascii_digit())
        } else {
            &rest[1..]
        };
    }
    plain + rest
}

#[cfg(test)]
mod tests;
