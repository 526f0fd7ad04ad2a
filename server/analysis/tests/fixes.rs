//! What holds for the fixes of any file: none breaks it, for TOML or for Draft, all of them can be shown, and those that
//! need no decision leave what runs as it is.

use draft_tasks_analysis::command::{DraftVersion, Semantics, split};
use draft_tasks_analysis::diagnostic::{Diagnostic, DiagnosticCode};
use draft_tasks_analysis::fix_all::fix_all;
use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::plan::Plan;
use draft_tasks_analysis::syntax::Str;
use draft_tasks_analysis::task_file::Task;
use draft_tasks_analysis::{Analysis, Options, Parsed, edit};
use proptest::prelude::*;

/// Commands of pieces that the rules are about.
fn commands() -> impl Strategy<Value = String> {
    const PIECES: &str = "echo cd export vi less rm ls sh -c 'x&&y' env kubectl exec -it docker run helm install \
        delete init --name --purge --name=x upgrade --install mysql bitnami/x --timeout 300 --set a=b,c=d && || | ; & > \
        2>&1 < $HOME ${HOME} ${A:-b} $(pwd) `pwd` * ~ ~/x ' \" \\ $$X \\$X A=b --password hunter2x --token=hunter2x \
        API_KEY=abcdef12 é 🚀 ./x.sh - \u{7f}";
    let pieces =
        PIECES.split_whitespace().chain(["  ", "\t", "\n", "'a b'", "\"a b\"", ""]).collect::<Vec<_>>();
    let piece = (proptest::sample::select(pieces), proptest::sample::select(vec![" ", " ", " ", ""]));
    proptest::collection::vec(piece, 1..9)
        .prop_map(|pieces| pieces.iter().flat_map(|(piece, space)| [*piece, *space]).collect())
}

/// A command in one of the ways in which people write strings.
fn strings() -> impl Strategy<Value = String> {
    (commands(), 0..5).prop_map(|(command, style)| {
        let quote = |quotes: &str| format!("{quotes}{command}{quotes}");
        let control = command.contains(['\u{7f}', '\\']);
        match style {
            0 if !control && !command.contains(['\'', '\n']) => quote("'"),
            1 if !control && !command.contains("\"\"\"") && !command.ends_with('"') => quote("\"\"\""),
            2 if !control && !command.contains("'''") && !command.ends_with('\'') => quote("'''"),
            3 => {
                let escaped: String = command.chars().map(|it| format!("\\U{:08x}", u32::from(it))).collect();
                format!("\"{escaped}\"")
            }
            _ => edit::string(&command),
        }
    })
}

fn files() -> impl Strategy<Value = String> {
    const HEADERS: [&str; 25] = [
        "[pre-up]",
        "[post-deploy]",
        "[cleanup]",
        "[post-up]",
        "[post-delete]",
        "[Cleanup]",
        "[pre_up]",
        "[preup]",
        "[post-delete]",
        "[Post-Deploy]",
        "[[post-deploy]]",
        "[[Cleanup]]\nname = 'a'\ncommand = 'b'",
        "PRE-UP = \"make\"",
        "# [cleanup]",
        "[ pre-up ] # c",
        "[[pre-up]]",
        "[pre-up.x]",
        "[\"pre-up\"]",
        "pre-up = \"make\"",
        "cleanup = { a = \"x  y\" }",
        "pre-up.z = \"a\"",
        "n = 5",
        "d = 'x'",
        "d = true # c",
        "",
    ];
    let line = (proptest::sample::select(vec!["a", "b", "c d", "é", "\"", ""]), strings());
    let section = (proptest::sample::select(HEADERS.as_slice()), proptest::collection::vec(line, 0..4));
    (proptest::collection::vec(section, 1..4), any::<bool>(), any::<bool>()).prop_map(
        |(sections, crlf, cut)| {
            let mut text = String::new();
            for (header, lines) in sections {
                text += &format!("{header}\n");
                lines.iter().for_each(|(name, string)| text += &format!("{} = {string}\n", edit::key(name)));
            }
            if cut {
                text.pop();
            }
            if crlf { text.replace('\n', "\r\n") } else { text }
        },
    )
}

fn options() -> impl Strategy<Value = Options> {
    let versions = vec![DraftVersion::V0_15, DraftVersion::Dep8, DraftVersion::V0_16, DraftVersion::Master];
    (any::<bool>(), proptest::sample::select(versions)).prop_map(|(draft, draft_version)| {
        let semantics = if draft { Semantics::Draft } else { Semantics::Standard };
        Options { semantics, draft_version, ..Options::default() }
    })
}

fn count(analysis: &Analysis, code: DiagnosticCode) -> usize {
    analysis.diagnostics.iter().filter(|found| found.code == code).count()
}

/// What would run after all fixes that need no decision, and does not stand so in the file before.
fn begun(before: &Analysis) -> Vec<String> {
    let Some(fixed) = fix_all(before) else { return Vec::new() };
    let begun = |phase| {
        let stood = written(&before.parsed, phase);
        runs(&fixed.analysis.parsed, phase).into_iter().filter(move |task| !stood.contains(task))
    };
    Phase::ALL.into_iter().flat_map(begun).map(|task| format!("{task:?}")).collect()
}

/// A task and the arguments that it passes, variables by their names.
#[derive(Clone, Debug, PartialEq)]
struct Passed {
    task: String,
    argv: Vec<String>,
}

fn named(variable: &str) -> Option<String> {
    Some(format!("<{variable}>"))
}

/// The tasks of a phase that can run, each for itself.
fn runs(parsed: &Parsed, phase: Phase) -> Vec<Passed> {
    let names = parsed.file.commands_of(phase).map(|(task, _)| task.name(&parsed.text).into_owned());
    let plan = |name: String| Plan::for_phase(parsed, phase, &[name], &named).ok();
    let steps = names.filter_map(plan).flat_map(|plan| plan.steps);
    steps.map(|step| Passed { task: step.task, argv: step.argv }).collect()
}

/// The tasks of a phase as the file has them, also where an error keeps the phase from running.
fn written(parsed: &Parsed, phase: Phase) -> Vec<Passed> {
    let Options { semantics, draft_version, .. } = parsed.options;
    let passed = |(task, command): (&Task, Str)| {
        let words = split(&command.decode(&parsed.text), semantics, draft_version).ok()?;
        let argv = words.iter().map(|word| word.expand(&named)).collect();
        Some(Passed { task: task.name(&parsed.text).into_owned(), argv })
    };
    parsed.file.commands_of(phase).filter_map(passed).collect()
}

#[test]
fn no_example_runs_otherwise_when_it_is_fixed() {
    let mut fixed = 0;
    for code in DiagnosticCode::ALL {
        let (_, options) = code.example();
        for block in code.explanation().split("```toml\n").skip(1) {
            let text = block.split("```").next().unwrap_or_default();
            let analysis = Analysis::new(text, options);
            assert_eq!(begun(&analysis), [""; 0], "{code}: {text}");
            fixed += usize::from(fix_all(&analysis).is_some());
        }
    }
    assert!(fixed >= 3, "{fixed}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn no_fix_breaks_a_file(text in files(), options in options()) {
        let analysis = Analysis::new(text.as_str(), options);
        for found in &analysis.diagnostics {
            for fix in &found.fixes {
                let fixed = edit::apply(&text, &fix.edits);
                let after = Analysis::new(fixed.as_str(), options);
                let errors = |analysis: &Analysis| analysis.parsed.tree.errors.len();
                prop_assert!(errors(&after) <= errors(&analysis), "{}: {}\n{fixed}", found.code, fix.title);
                let refused = |analysis: &Analysis| count(analysis, DiagnosticCode::DraftToml);
                prop_assert!(refused(&after) <= refused(&analysis), "{}: {}\n{fixed}", found.code, fix.title);
                let (before, left) = (count(&analysis, found.code), count(&after, found.code));
                prop_assert!(left <= before && fixed != text, "{}: {}\n{fixed}", found.code, fix.title);
            }
        }
    }

    #[test]
    fn nothing_runs_otherwise_when_a_file_is_fixed(text in files(), options in options()) {
        prop_assert_eq!(begun(&Analysis::new(text.as_str(), options)), [""; 0], "{}", text);
    }

    #[test]
    fn what_is_said_is_one_line(text in files(), options in options()) {
        let analysis = Analysis::new(text.as_str(), options);
        for found in &analysis.diagnostics {
            let Diagnostic { message, note, related, fixes, .. } = found;
            let related = related.iter().map(|related| &related.message);
            let said = [message].into_iter().chain(related).chain(fixes.iter().map(|fix| &fix.title));
            let said = said.map(String::as_str).chain(note.as_deref());
            for said in said {
                prop_assert!(!said.contains(char::is_control), "{said:?}");
            }
        }
    }
}
