//! What there is to say about the place under the cursor: a phase's meaning, or exactly what a task runs.
//!
//! Must not contact anything: what it says follows from the text and the values handed in.

use std::fmt::Write as _;

use text_size::{TextRange, TextSize};

use crate::command::{self, Semantics, Word};
use crate::markdown::code_span;
use crate::options::Options;
use crate::parsed::Parsed;
use crate::phase::Phase;
use crate::task_file::{Section, Task};
use crate::task_variable::{in_draft, in_phase};

/// A text about a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hover {
    /// What it is about.
    pub range: TextRange,
    /// The text, as Markdown.
    pub markdown: String,
}

/// What hover needs to know beside the text.
pub struct HoverContext<'a> {
    /// The directory in which tasks run, as it is shown.
    pub directory: &'a str,
    /// The values of variables.
    pub lookup: &'a dyn Fn(&str) -> Option<String>,
    /// The descriptions of tasks that run in the first ready pod alone.
    pub once: &'a [String],
    /// Whether the other tasks of a phase run after one failed.
    pub goes_on: &'a dyn Fn(Phase) -> bool,
}

/// The hover at an offset.
pub fn hover(parsed: &Parsed, offset: TextSize, context: &HoverContext<'_>) -> Option<Hover> {
    if let Some((section, task)) = parsed.file.task_at(offset) {
        let markdown = task_markdown(parsed, section.phase?, task, context)?;
        return Some(Hover { range: task.range, markdown });
    }
    let section = parsed.file.sections.iter().find(|section| section.header.contains_inclusive(offset))?;
    Some(Hover { range: section.header, markdown: section_markdown(parsed, section, context) })
}

fn section_markdown(parsed: &Parsed, section: &Section, context: &HoverContext<'_>) -> String {
    match section.phase {
        Some(phase) => {
            let tasks = parsed.file.commands_of(phase).count();
            let count = match tasks {
                1 => "1 task".to_owned(),
                many => format!("{many} tasks"),
            };
            format!(
                "**`{phase}`** · {count}\n\n{}",
                phase_markdown(phase, context.directory, parsed.options, Some((context.goes_on)(phase)))
            )
        }
        None => format!(
            "The table {} is ignored, in Draft too: {}.",
            code_span(&section.name(&parsed.text)),
            parsed.options.draft_version.phases()
        ),
    }
}

/// When, where, in which order and with which environment the tasks of a phase run.
pub fn phase_markdown(phase: Phase, directory: &str, options: Options, goes_on: Option<bool>) -> String {
    let where_ = match phase {
        Phase::PostDeploy => {
            "in the container of each ready pod of the application, pods side by side".to_owned()
        }
        _ => format!("on this machine, in {}", code_span(directory)),
    };
    let failure = goes_on.map(|goes_on| match (phase, goes_on) {
        (_, true) => "the other tasks run all the same",
        (Phase::PostDeploy, false) => "that pod's remaining tasks are left out, other pods go on",
        (_, false) => "the remaining tasks are left out",
    });
    let failure = failure
        .map(|failure| format!("\n- a task fails: {failure} (Draft itself ignores failures)"))
        .unwrap_or_default();
    let variables = match phase {
        Phase::PostDeploy => "`$VAR`, which has its value on this machine, not the container's",
        _ => "`$VAR` from the environment",
    };
    let shell = match options.semantics {
        Semantics::Standard => "no shell: only words, quotes and",
        Semantics::Draft => "no shell and no quotes: split at every space, and",
    };
    let mut text = format!(
        "Runs {}.\n\n- where: {where_}\n- order: as in the file, one after another (Draft's own order is random)\n\
         - {shell} {variables}{failure}",
        phase.when()
    );
    if let (Phase::PostUp, Some(ignored)) = (phase, options.draft_version.ignores_post_up()) {
        let _ = write!(text, "\n\n{ignored}");
        text += match options.semantics {
            Semantics::Standard => ".",
            Semantics::Draft => ", and so does draft-tasks with `semantics = \"draft\"`.",
        };
    }
    text
}

fn task_markdown(parsed: &Parsed, phase: Phase, task: &Task, context: &HoverContext<'_>) -> Option<String> {
    let split = parsed.words_of(task)?;
    if let Some(error) = &split.error {
        return Some(format!("**Does not run**: {}", error.message));
    }
    let (words, options) = (&split.words, parsed.options);
    if words.is_empty() {
        return Some("There is nothing to run: the command is empty.".into());
    }
    let place = match phase {
        Phase::PostDeploy if context.once.contains(&task.name(&parsed.text).into_owned()) => {
            "once, in the first ready pod".to_owned()
        }
        Phase::PostDeploy => "inside every ready pod".to_owned(),
        _ => format!("in {}", code_span(context.directory)),
    };
    let lookup = &in_phase(phase, context.lookup);
    let mut text = format!("**Runs exactly this** · `{phase}`, {place}\n\n{}", arguments(words, lookup));
    let unset = command::unset(words, lookup);
    let unset: Vec<_> = unset.into_iter().map(|name| code_span(&format!("${name}"))).collect();
    if !unset.is_empty() {
        let _ = write!(text, "\n\nnot set, so empty: {}", unset.join(", "));
    }
    if let Some(difference) = difference(&split.content, words, options, lookup) {
        let _ = write!(text, "\n\n{difference}");
    }
    Some(text)
}

/// The argument vector as code spans.
fn arguments(words: &[Word], lookup: &dyn Fn(&str) -> Option<String>) -> String {
    let argv: Vec<String> = words.iter().map(|word| word.expand(lookup)).collect();
    let shown = command::show_command(&argv).into_iter().map(|word| code_span(&word));
    shown.collect::<Vec<_>>().join(" ")
}

/// What Draft would run, where that is something else.
fn difference(
    command: &str,
    words: &[Word],
    options: Options,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Option<String> {
    if options.semantics == Semantics::Draft {
        return None;
    }
    let version = options.draft_version;
    let draft = command::split(command, Semantics::Draft, version).ok()?;
    let expand = |words: &[Word], lookup: &dyn Fn(&str) -> Option<String>| {
        words.iter().map(|word| word.expand(lookup)).collect::<Vec<String>>()
    };
    let of_draft = &in_draft(lookup);
    let differs = expand(&draft, of_draft) != expand(words, lookup);
    differs.then(|| format!("{} would run {}", version.title(), arguments(&draft, of_draft)))
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::command::DraftVersion;

    fn check(marked: &str, expect: Expect) {
        check_with(marked, Options::default(), expect);
    }

    fn check_with(marked: &str, options: Options, expect: Expect) {
        let offset = TextSize::new(marked.find("$0").expect("a cursor") as u32);
        let text = marked.replacen("$0", "", 1);
        let analysis = Parsed::new(text.as_str(), options);
        let lookup = |name: &str| match name {
            "USER" => Some("ann lee".to_owned()),
            "API_TOKEN" => Some("***".to_owned()),
            _ => None,
        };
        let context = HoverContext {
            directory: "/app",
            lookup: &lookup,
            once: &["mi grate".to_owned()],
            goes_on: &|phase| phase == Phase::PostUp,
        };
        let shown = match hover(&analysis, offset, &context) {
            Some(hover) => format!("{:?}\n{}\n", &text[hover.range], hover.markdown),
            None => "nothing\n".to_owned(),
        };
        expect.assert_eq(&shown);
    }

    #[test]
    fn a_phase() {
        check(
            "[pre$0-up]\na = \"b\"\n",
            expect![[r#"
                "[pre-up]"
                **`pre-up`** · 1 task

                Runs before the application is built and deployed.

                - where: on this machine, in `/app`
                - order: as in the file, one after another (Draft's own order is random)
                - no shell: only words, quotes and `$VAR` from the environment
                - a task fails: the remaining tasks are left out (Draft itself ignores failures)
            "#]],
        );
        check(
            "[post-deploy]$0\n",
            expect![[r#"
                "[post-deploy]"
                **`post-deploy`** · 0 tasks

                Runs inside every ready pod after the application was deployed.

                - where: in the container of each ready pod of the application, pods side by side
                - order: as in the file, one after another (Draft's own order is random)
                - no shell: only words, quotes and `$VAR`, which has its value on this machine, not the container's
                - a task fails: that pod's remaining tasks are left out, other pods go on (Draft itself ignores failures)
            "#]],
        );
        check(
            "[post-$0delete]\n",
            expect![[r#"
                "[post-delete]"
                The table `post-delete` is ignored, in Draft too: the phases are `pre-up`, `post-deploy` and `cleanup`.
            "#]],
        );
    }

    #[test]
    fn a_command_with_its_arguments() {
        check(
            "[pre-up]\nhello = \"echo $0$USER $NONE '' $API_TOKEN\"\n",
            expect![[r#"
                "hello = \"echo $USER $NONE '' $API_TOKEN\""
                **Runs exactly this** · `pre-up`, in `/app`

                `echo` `'ann lee'` `""` `""` `***`

                not set, so empty: `$NONE`

                Draft 0.16 would run `echo` `'ann lee'` `""` `"''"` `***`
            "#]],
        );
    }

    #[test]
    fn the_chosen_draft_is_the_one_that_is_spoken_of() {
        let options = |semantics, draft_version| Options { semantics, draft_version, ..Options::default() };
        let (text, post_up) = ("[pre-up]\na = \"$0echo x$USER ''\"\n", "[post-up]$0\n");
        check_with(
            text,
            options(Semantics::Standard, DraftVersion::V0_15),
            expect![[r#"
            "a = \"echo x$USER ''\""
            **Runs exactly this** · `pre-up`, in `/app`

            `echo` `'xann lee'` `""`

            Draft 0.15 would run `echo` `'x$USER'` `"''"`
        "#]],
        );
        check_with(
            text,
            options(Semantics::Standard, DraftVersion::Master),
            expect![[r#"
            "a = \"echo x$USER ''\""
            **Runs exactly this** · `pre-up`, in `/app`

            `echo` `'xann lee'` `""`

            Draft's master branch would run `echo` `'xann lee'` `"''"`
        "#]],
        );
        check_with(
            text,
            options(Semantics::Draft, DraftVersion::V0_15),
            expect![[r#"
            "a = \"echo x$USER ''\""
            **Runs exactly this** · `pre-up`, in `/app`

            `echo` `'x$USER'` `"''"`
        "#]],
        );
        check_with(
            post_up,
            options(Semantics::Standard, DraftVersion::Dep8),
            expect![[r#"
                "[post-up]"
                **`post-up`** · 0 tasks

                Runs after the application was deployed and `post-deploy` is done.

                - where: on this machine, in `/app`
                - order: as in the file, one after another (Draft's own order is random)
                - no shell: only words, quotes and `$VAR` from the environment
                - a task fails: the other tasks run all the same (Draft itself ignores failures)

                neither DEP-8 nor Draft up to 0.16 has `post-up`.
            "#]],
        );
        check_with(
            post_up,
            options(Semantics::Draft, DraftVersion::V0_16),
            expect![[r#"
            "[post-up]"
            **`post-up`** · 0 tasks

            Runs after the application was deployed and `post-deploy` is done.

            - where: on this machine, in `/app`
            - order: as in the file, one after another (Draft's own order is random)
            - no shell and no quotes: split at every space, and `$VAR` from the environment
            - a task fails: the other tasks run all the same (Draft itself ignores failures)

            Draft 0.16 ignores `post-up`, as every release does, and so does draft-tasks with `semantics = "draft"`.
        "#]],
        );
        check_with(
            post_up,
            options(Semantics::Draft, DraftVersion::Master),
            expect![[r#"
            "[post-up]"
            **`post-up`** · 0 tasks

            Runs after the application was deployed and `post-deploy` is done.

            - where: on this machine, in `/app`
            - order: as in the file, one after another (Draft's own order is random)
            - no shell and no quotes: split at every space, and `$VAR` from the environment
            - a task fails: the other tasks run all the same (Draft itself ignores failures)
        "#]],
        );
    }

    #[test]
    fn a_command_that_runs_once() {
        check(
            "[post-deploy]\n\"mi grate\" = \"ra$0ke db:migrate\"\n[pre-up]\n\"mi grate\" = \"true\"\n",
            expect![[r#"
                "\"mi grate\" = \"rake db:migrate\""
                **Runs exactly this** · `post-deploy`, once, in the first ready pod

                `rake` `db:migrate`
            "#]],
        );
    }

    #[test]
    fn a_command_that_is_as_in_draft() {
        check(
            "[pre-up]\nhel$0lo = \"echo hello world\"\n",
            expect![[r#"
            "hello = \"echo hello world\""
            **Runs exactly this** · `pre-up`, in `/app`

            `echo` `hello` `world`
        "#]],
        );
    }

    #[test]
    fn a_command_that_does_not_run() {
        check(
            "[pre-up]\nhello = \"echo '$0\"\n",
            expect![[r#"
                "hello = \"echo '\""
                **Does not run**: a `'` is not closed
            "#]],
        );
        check(
            "[pre-up]\nhello = \"$0\"\n",
            expect![[r#"
            "hello = \"\""
            There is nothing to run: the command is empty.
        "#]],
        );
    }

    #[test]
    fn elsewhere_nothing() {
        check(
            "# com$0ment\n[tool]\nhello = \"x\"\n",
            expect![[r#"
            nothing
        "#]],
        );
        check(
            "[tool]\nhel$0lo = \"x\"\n",
            expect![[r#"
            nothing
        "#]],
        );
    }

    #[test]
    fn code_spans_hold_backticks() {
        assert_eq!(code_span("a`b``c"), "``` a`b``c ```");
    }
}
