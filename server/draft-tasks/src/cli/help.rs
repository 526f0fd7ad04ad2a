//! What the help of each command shows beside its options: examples and exit codes; and what of the options, and under
//! which headings.
//!
//! Must not tell of an option what its declaration tells.

use clap::{Arg, Command};
use draft_tasks_analysis::task_variable::TaskVariable;

/// What the exit codes mean, where a command has none of its own.
const EXIT_CODES: &str = "\
Exit codes:
  0    all is well
  1    errors, warnings or wrong settings, a task that failed, pods that are not
       there, a file that is not formatted
  2    nothing ran: the command line is wrong, a file cannot be used, a phase
       cannot run, or it was refused
  130  the run was stopped; 131 with Ctrl-\\, 143 by the signal TERM, 129 by HUP";

/// Examples of a command: what is typed, and what for.
struct Examples {
    /// Empty for the program itself.
    command: &'static str,
    lines: [(&'static str, &'static str); 3],
}

const EXAMPLES: [Examples; 22] = [
    Examples {
        command: "",
        lines: [
            ("draft-tasks", "what there is to run; on a terminal, pick"),
            ("draft-tasks run pre-up", "run a phase"),
            ("draft-tasks check", "what is wrong with the tasks file"),
        ],
    },
    Examples {
        command: "check",
        lines: [
            ("draft-tasks check", "all below this folder, or the nearest above"),
            ("draft-tasks check --fix", "fix what needs no decision"),
            ("draft-tasks check --rule post-up=off", "without one of the rules"),
        ],
    },
    Examples {
        command: "list",
        lines: [
            ("draft-tasks list", "the tasks file here, or the nearest above"),
            ("draft-tasks list --file apps/web", "of another directory"),
            ("draft-tasks list --format json", "for a program"),
        ],
    },
    Examples {
        command: "run",
        lines: [
            ("draft-tasks run pre-up", "all tasks of a phase"),
            ("draft-tasks run pre-up mysql 'build*'", "some, in the order of the file"),
            ("draft-tasks run cleanup --dry-run", "what would run"),
        ],
    },
    Examples {
        command: "rerun",
        lines: [
            ("draft-tasks rerun", "what ran last"),
            ("draft-tasks rerun --failed", "what did not pass of it"),
            ("draft-tasks rerun --failed --dry-run", "what that would be"),
        ],
    },
    Examples {
        command: "up",
        lines: [
            ("draft-tasks up -- helm upgrade --install web chart", "deploy with the phases around"),
            ("draft-tasks up --context kind-dev -- skaffold run", "to the cluster of a context"),
            ("draft-tasks up --dry-run -- kubectl apply -f app.yaml", "what would run"),
        ],
    },
    Examples {
        command: "delete",
        lines: [
            ("draft-tasks delete -- helm uninstall web", "delete, then clean up"),
            ("draft-tasks delete --dry-run -- helm uninstall web", "what would run"),
            ("draft-tasks delete --gone-timeout 2m -- skaffold delete", "wait shorter for the end of pods"),
        ],
    },
    Examples {
        command: "doctor",
        lines: [
            ("draft-tasks doctor", "from the tasks file to the pods"),
            ("draft-tasks doctor --context kind-dev", "in the cluster of a context"),
            ("draft-tasks doctor --environment staging", "for an environment of draft.toml"),
        ],
    },
    Examples {
        command: "runs",
        lines: [
            ("draft-tasks runs --failed", "which runs did not pass"),
            ("draft-tasks runs show", "what the last one wrote, and how it ended"),
            ("draft-tasks runs path last", "the folder of its logs"),
        ],
    },
    Examples {
        command: "runs list",
        lines: [
            ("draft-tasks runs list", "of this tasks file, newest first"),
            ("draft-tasks runs list --failed --phase pre-up", "that did not pass, of a phase"),
            ("draft-tasks runs list --all --format json", "of all tasks files, for a program"),
        ],
    },
    Examples {
        command: "runs show",
        lines: [
            ("draft-tasks runs show", "the last run"),
            ("draft-tasks runs show last mysql", "one task of it"),
            ("draft-tasks runs show --failed", "the last that did not pass"),
        ],
    },
    Examples {
        command: "runs attach",
        lines: [
            ("draft-tasks runs attach last", "the Job of the last run"),
            ("draft-tasks runs attach web-post-deploy-x7k2p", "a Job by its name"),
            ("draft-tasks runs attach last --context kind-dev", "in the cluster of a context"),
        ],
    },
    Examples {
        command: "runs stop",
        lines: [
            ("draft-tasks runs stop last", "the Job of the last run"),
            ("draft-tasks runs stop web-post-deploy-x7k2p", "a Job by its name"),
            ("draft-tasks runs stop last --context kind-dev", "in the cluster of a context"),
        ],
    },
    Examples {
        command: "runs rm",
        lines: [
            ("draft-tasks runs rm last", "one run"),
            ("draft-tasks runs rm --older-than 7d", "the older ones of this tasks file"),
            ("draft-tasks runs rm --failed", "those of it that did not pass"),
        ],
    },
    Examples {
        command: "runs path",
        lines: [
            ("draft-tasks runs path", "the folder of the last run"),
            ("draft-tasks runs path --failed", "of the last that did not pass"),
            ("draft-tasks runs path 20261122T184501", "of one by the beginning of its name"),
        ],
    },
    Examples {
        command: "fmt",
        lines: [
            ("draft-tasks fmt", "format the tasks file here, or the nearest above"),
            ("draft-tasks fmt --check", "only tell whether it is formatted"),
            ("draft-tasks fmt apps/web apps/api", "of several directories"),
        ],
    },
    Examples {
        command: "explain",
        lines: [
            ("draft-tasks explain", "what each task runs, and what Draft would"),
            ("draft-tasks explain pre-up --semantics draft", "what Draft runs of a phase"),
            ("draft-tasks explain --code tilde", "what a finding means"),
        ],
    },
    Examples {
        command: "export",
        lines: [
            ("draft-tasks export sh pre-up", "a phase as a script"),
            ("draft-tasks export kubernetes-job post-deploy --image web:1", "as a Job"),
            ("draft-tasks export helm-hook --image '{{ .Values.image }}'", "all, as hooks of a chart"),
        ],
    },
    Examples {
        command: "create",
        lines: [
            ("draft-tasks create", "a tasks file here"),
            (
                "draft-tasks create --skeleton apps/web",
                "with the three phases, in another directory that is there",
            ),
            ("draft-tasks create --pack go", "that of a draft pack"),
        ],
    },
    Examples {
        command: "completions",
        lines: [
            ("draft-tasks completions bash", "source <(…) in ~/.bashrc"),
            ("draft-tasks completions zsh", "source <(…) in ~/.zshrc"),
            ("draft-tasks completions fish", "… | source in ~/.config/fish/config.fish"),
        ],
    },
    Examples {
        command: "man",
        lines: [
            ("draft-tasks man target/man", "a page for each command"),
            ("draft-tasks man ~/.local/share/man/man1", "for man draft-tasks-run"),
            ("draft-tasks man /usr/local/share/man/man1", "for all users"),
        ],
    },
    Examples {
        command: "lsp",
        lines: [
            ("draft-tasks lsp", "what an editor starts"),
            ("draft-tasks lsp --log server.log", "with a log of the server itself"),
            ("draft-tasks lsp --stdio", "for editors that add this"),
        ],
    },
];

/// The options under a heading, by their names in the source; others stand under "Options".
const HEADINGS: [(&str, &[&str]); 4] = [
    ("Tasks", &["skip", "from", "failed", "if_present", "tty", "pods", "once"]),
    (
        "Place",
        &[
            "file",
            "files",
            "stdin_filename",
            "work_in",
            "environment",
            "context",
            "namespace",
            "selector",
            "container",
            "ready_timeout",
            "gone_timeout",
            "concurrency",
            "kind",
            "image",
        ],
    ),
    (
        "Running",
        &[
            "dry_run",
            "env",
            "env_files",
            "keep_going",
            "fail_fast",
            "on_failure",
            "timeout",
            "total_timeout",
            "grace_period",
            "strict",
            "wait",
            "yes",
        ],
    ),
    (
        "Output and records",
        &[
            "quiet",
            "min_severity",
            "format",
            "color",
            "no_color",
            "secrets",
            "public",
            "no_record",
            "keep",
            "keep_mib",
        ],
    ),
];

/// Options that few need: only the long help shows them.
const RARE: [&str; 32] = [
    "color",
    "concurrency",
    "container",
    "work_in",
    "draft_version",
    "fail_fast",
    "files",
    "gone_timeout",
    "if_present",
    "image",
    "keep",
    "keep_going",
    "keep_mib",
    "kind",
    "log",
    "min_severity",
    "no_color",
    "no_record",
    "on_failure",
    "once",
    "pods",
    "public",
    "ready_timeout",
    "secrets",
    "selector",
    "semantics",
    "show_secrets",
    "stdin_filename",
    "strict",
    "total_timeout",
    "grace_period",
    "wait",
];

/// The commands whose long help has the variables that tasks get.
const TELLING: [&str; 1] = ["run"];

/// The program with all that its help shows, and so each of its commands: of these only what the program's own help
/// lists, and the rest when one is meant.
pub(super) fn complete(program: Command) -> Command {
    let program = shown(program, "");
    program.mut_subcommands(|part| {
        summed_up(part).defer(|part| {
            let name = part.get_name().to_owned();
            completed(part, &name)
        })
    })
}

/// What the help of a command shows, which is called so, and that of its own commands.
fn completed(command: Command, name: &str) -> Command {
    shown(command, name).mut_subcommands(|part| {
        let name = format!("{name} {}", part.get_name());
        completed(summed_up(part), &name)
    })
}

/// A command of which lists say only the beginning.
fn summed_up(command: Command) -> Command {
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    command.about(first_clause(&about).to_owned()).long_about(about)
}

fn shown(command: Command, name: &str) -> Command {
    let examples = EXAMPLES.iter().find(|examples| examples.command == name).map(Examples::describe);
    let own = command.get_after_help().map(ToString::to_string);
    let has_codes = own.as_deref().is_some_and(|own| own.contains("Exit codes:"));
    let codes = if has_codes { None } else { Some(EXIT_CODES) };
    let variables = TELLING.contains(&name).then(variables);
    let long = [examples.as_deref(), own.as_deref(), variables.as_deref(), codes];
    let long: Vec<&str> = long.into_iter().flatten().collect();
    let long = long.join("\n\n");
    command.after_help(examples.unwrap_or_default()).after_long_help(long).mut_args(placed)
}

/// What tasks are told.
fn variables() -> String {
    let lines = TaskVariable::ALL
        .map(|it| format!("\n  {}\n      {},\n      {}", it.name(), it.meaning(), it.known()));
    format!("Variables for tasks on this machine, where they are known:{}", lines.concat())
}

impl Examples {
    fn describe(&self) -> String {
        let widest = self.lines.iter().map(|(line, _)| line.len()).max().unwrap_or_default();
        let lines = self.lines.iter().map(|(line, what)| format!("\n  {line:widest$}  {what}"));
        format!("Examples:{}", lines.collect::<String>())
    }
}

/// An option under its heading, of which the short help says only the beginning.
fn placed(option: Arg) -> Arg {
    let name = option.get_id().to_string();
    let is_rare = RARE.contains(&name.as_str());
    // One that all commands have comes with its long help.
    let full = option.get_long_help().or(option.get_help()).map(ToString::to_string).unwrap_or_default();
    let heading =
        HEADINGS.iter().find(|(_, names)| names.contains(&name.as_str())).map(|(heading, _)| *heading);
    let option = if option.is_positional() { option } else { option.help_heading(heading) };
    option.hide_short_help(is_rare).help(first_clause(&full).to_owned()).long_help(full)
}

/// What stands before the first sign that ends a clause.
fn first_clause(text: &str) -> &str {
    let ends = ["; ", ": ", ". "].iter().filter_map(|end| text.find(end));
    ends.min().map_or(text, |end| &text[..end])
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::{Cli, command};

    fn commands() -> Vec<Command> {
        let mut all = command();
        all.build();
        let of_runs = all.find_subcommand("runs").expect("it is there").get_subcommands();
        let all = all.get_subcommands().chain(of_runs);
        all.filter(|command| command.get_name() != "help").cloned().collect()
    }

    #[test]
    fn examples_can_be_typed() {
        for Examples { command, lines } in &EXAMPLES {
            for (line, _) in lines {
                let words = draft_tasks_analysis::plan::typed(line, &|_| None).unwrap();
                Cli::command().try_get_matches_from(&words).unwrap_or_else(|error| panic!("{line}: {error}"));
                assert!(words[1..].join(" ").starts_with(command), "{line}");
            }
        }
    }

    #[test]
    fn each_command_has_examples_and_exit_codes() {
        for mut command in commands() {
            let (short, long) = (command.render_help().to_string(), command.render_long_help().to_string());
            let name = command.get_name();
            let (_, examples) =
                short.split_once("\nExamples:\n").unwrap_or_else(|| panic!("{name}: {short}"));
            let count = examples.lines().filter(|line| line.starts_with("  draft-tasks ")).count();
            assert_eq!(count, 3, "{name}: {short}");
            assert!(
                long.contains("\nExamples:\n  draft-tasks ") && long.contains("\nExit codes:\n"),
                "{name}: {long}"
            );
        }
    }

    #[test]
    fn the_short_help_is_one_screen() {
        for command in [vec![command()], commands()].concat() {
            let name = command.get_name().to_owned();
            let help = command.term_width(80).render_help().to_string();
            assert!(help.lines().count() <= 40, "{name}: {} lines\n{help}", help.lines().count());
        }
    }

    #[test]
    fn what_is_said_of_options_is_of_some() {
        let all: Vec<String> = [vec![command()], commands()]
            .concat()
            .iter()
            .flat_map(|command| command.get_arguments().map(|it| it.get_id().to_string()).collect::<Vec<_>>())
            .collect();
        let named = HEADINGS.iter().flat_map(|(_, names)| *names).chain(&RARE);
        let unknown: String = named.filter(|name| !all.contains(&(**name).to_owned())).copied().collect();
        assert_eq!(unknown, "");
    }
}
