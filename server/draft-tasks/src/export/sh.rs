//! Phases as a script for any POSIX shell: it runs each task as a program, with exactly the arguments of the plan.
//!
//! Must not let the shell do anything of a task itself: what it has built in is another program. Must not set a variable that
//! runs do not set: tasks would get it.

use std::fmt::Write as _;
use std::time::Duration;

use draft_tasks_analysis::command::{Part, Word, in_double_quotes, is_name, quote_argument};
use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::plan::Step;
use draft_tasks_analysis::printable::{printable, steers};
use draft_tasks_analysis::task_variable::TaskVariable;
use draft_tasks_executor::OnFailure;
use draft_tasks_executor::stop::GRACE;

use super::{ExportTarget, Exported, HandedPhase, Handover};

/// Variables that POSIX shells, bash or BusyBox set themselves, and others whose names begin with `BASH`. Source: what
/// became of `env NAME=probe SHELL -c 'echo $NAME'` and of `env -i SHELL -c set` in dash 0.5, bash 5 and BusyBox 1.35.
const OF_SHELLS: [&str; 26] = [
    "DIRSTACK",
    "EPOCHREALTIME",
    "EPOCHSECONDS",
    "EUID",
    "FUNCNAME",
    "GROUPS",
    "HISTCMD",
    "HOSTNAME",
    "HOSTTYPE",
    "IFS",
    "LINENO",
    "MACHTYPE",
    "OLDPWD",
    "OPTERR",
    "OPTIND",
    "OSTYPE",
    "POSIXLY_CORRECT",
    "PPID",
    "PS1",
    "PS2",
    "PS4",
    "RANDOM",
    "SECONDS",
    "SHELLOPTS",
    "SHLVL",
    "UID",
];

/// The script.
///
/// # Errors
///
/// Which task no shell can run as the plan has it, and what to do.
pub(crate) fn script(handover: &Handover) -> Result<Exported, String> {
    handover.phases.iter().try_for_each(check)?;
    let unexpressed = unexpressed(handover);
    let mut text = header(handover, &unexpressed);
    for (name, value) in &handover.given {
        let _ = writeln!(text, "\n{name}={}\nexport {name}", quoted(&[Part::Literal(value.as_str().into())]));
    }
    text += &runner(handover);
    for phase in &handover.phases {
        text += &function(phase);
    }
    text += &start(&handover.phases);
    Ok(Exported { text, unexpressed })
}

fn check(phase: &HandedPhase) -> Result<(), String> {
    for step in &phase.steps {
        let problem =
            |what: String| Err(format!("the task `{}` of `{}` {what}", printable(&step.task), phase.phase));
        if step.argv.first().is_some_and(|program| program.starts_with('-')) {
            let what = "runs a program whose name begins with `-`, which some shells take for an option of `exec`: name it with its folder";
            return problem(what.into());
        }
        let names = step.words.iter().flat_map(|word| &word.parts).filter_map(|part| match part {
            Part::Variable { name, .. } => Some(name),
            Part::Literal(_) => None,
        });
        if let Some(name) = names.into_iter().find(|name| !is_name(name)) {
            return problem(format!("has the variable `{}`, which no shell can name", printable(name)));
        }
    }
    Ok(())
}

fn unexpressed(handover: &Handover) -> Vec<String> {
    let mut all = Vec::new();
    let run = "this script runs them where it is started";
    all.extend(handover.phases.iter().filter_map(|phase| phase.unexpressed_pods(run)));
    if let Some(limit) = handover.limits.run {
        let seconds = whole_seconds(limit.whole);
        all.push(format!(
            "the limit of the whole run, {}: start the script as `timeout {seconds} sh SCRIPT`",
            humantime::format_duration(limit.whole)
        ));
    }
    if let Some(limit) = handover.limits.task.filter(|limit| limit.subsec_nanos() > 0) {
        all.push(format!(
            "the limit of {}, which is rounded up to whole seconds: not every `timeout` takes others",
            humantime::format_duration(limit)
        ));
    }
    if let Some(grace) = handover.grace.filter(|grace| grace.subsec_nanos() > 0) {
        all.push(format!("the grace period of {}, which is rounded up", humantime::format_duration(grace)));
    }
    let own = handover.references().into_iter();
    let own = own.filter(|name| OF_SHELLS.contains(name) || name.starts_with("BASH") || *name == "_");
    all.extend(own.map(|name| format!("the value of `${name}`: shells give it one of their own")));
    all
}

fn whole_seconds(limit: Duration) -> u64 {
    limit.as_secs() + u64::from(limit.subsec_nanos() > 0)
}

fn header(handover: &Handover, unexpressed: &[String]) -> String {
    let origin = handover.origin(ExportTarget::Sh);
    let mut text = format!("#!/bin/sh\n# {origin}; start it in the directory of that file.\n");
    let names: Vec<String> = handover.references().iter().map(|name| format!("${name}")).collect();
    if !names.is_empty() {
        let _ = writeln!(text, "# From the environment, empty where it has none: {}", names.join(", "));
    }
    for what in unexpressed {
        let _ = writeln!(text, "# Not in it: {what}");
    }
    // What zsh has built in stands before programs otherwise, also behind `exec`.
    text + "[ -z \"${ZSH_VERSION-}\" ] || emulate sh\nset -eu\n"
}

/// The functions that run a task. `exec` never runs what a shell has built in.
fn runner(handover: &Handover) -> String {
    let limit = handover.limits.task.map(|limit| {
        let seconds = whole_seconds(limit);
        match whole_seconds(handover.grace.unwrap_or(GRACE)) {
            // A `-k 0` is none.
            0 => format!("timeout -s KILL {seconds} "),
            grace => format!("timeout -k {grace} {seconds} "),
        }
    });
    format!(
        r#"
# A task: what it is called, its program and arguments. It has no input.
task() {{
  (shift && exec {}"$@") </dev/null || failed "$1" "$?"
}}

failed() {{
  printf 'task %s failed with exit code %s\n' "$1" "$2" >&2
  return "$2"
}}
"#,
        limit.unwrap_or_default()
    )
}

fn function(phase: &HandedPhase) -> String {
    let mut text = format!("\n{}() {{\n", function_name(phase.phase));
    if phase.phase.is_local() {
        let _ = writeln!(text, "  export {}={}", TaskVariable::Phase.name(), phase.phase);
    }
    match phase.on_failure {
        OnFailure::Stop => {
            phase.steps.iter().for_each(|step| text += &format!("  {}\n", call(step)));
        }
        OnFailure::Continue => {
            text += "  set --\n";
            phase.steps.iter().for_each(|step| text += &format!("  {} || set -- failed\n", call(step)));
            text += "  [ \"$#\" -eq 0 ]\n";
        }
    }
    text + "}\n"
}

fn function_name(phase: Phase) -> String {
    phase.name().replace('-', "_")
}

/// What is called runs the task.
fn call(step: &Step) -> String {
    let words = step.words.iter().map(|Word { parts, .. }| quoted(parts));
    let words: Vec<String> = words.collect();
    format!("task {} {}", quote_argument(&printable(&step.task)), words.join(" "))
}

/// An argument as it is written in a script: a variable that is not set is empty, and what steers a terminal or is not
/// seen is written out, but for line feeds.
fn quoted(parts: &[Part]) -> String {
    if let [] | [Part::Literal(_)] = parts {
        let text = if let [Part::Literal(text)] = parts { text.as_str() } else { "" };
        if !text.chars().any(char::is_control) && printable(text) == text {
            return quote_argument(text);
        }
    }
    let mut shown = String::from("\"");
    for part in parts {
        match part {
            Part::Variable { name, .. } => {
                let _ = write!(shown, "${{{name}-}}");
            }
            Part::Literal(text) => write_literal(&mut shown, text),
        }
    }
    shown + "\""
}

/// Writes a text between double quotes.
fn write_literal(shown: &mut String, text: &str) {
    let (mut before, mut bytes) = (None, [0; 4]);
    for character in text.chars() {
        let character_text = character.encode_utf8(&mut bytes);
        if character != '\n' && steers(before, character) {
            let octal: String = character_text.bytes().map(|byte| format!("\\{byte:03o}")).collect();
            let _ = write!(shown, "$(printf '{octal}')");
        } else {
            *shown += &in_double_quotes(character_text);
        }
        before = Some(character);
    }
}

/// Calls the phase, or the one of several that is named.
fn start(phases: &[HandedPhase]) -> String {
    if let [phase] = phases {
        return format!("\n{}\n", function_name(phase.phase));
    }
    let names: Vec<&str> = phases.iter().map(|phase| phase.phase.name()).collect();
    let case = |phase: &HandedPhase| {
        let name = phase.phase.name();
        format!("  {name}) {} ;;\n", function_name(phase.phase))
    };
    let cases: String = phases.iter().map(case).collect();
    format!(
        "\ncase ${{1-}} in\n{cases}  *)\n    printf 'usage: sh %s {}\\n' \"$0\" >&2\n    exit 2\n    ;;\nesac\n",
        names.join("|")
    )
}
