//! Everything that is written in the Rust source and needed elsewhere too: rendered here, and compared with the files.
//!
//! Must not hold facts of its own: what it renders comes from the types.

use clap::ValueEnum;
use draft_tasks_analysis::file_names::{SETTINGS_FILE, TASKS_FILE};
use std::fmt::Write as _;
use std::path::Path;

use draft_tasks_analysis::Analysis;
use draft_tasks_analysis::diagnostic::DiagnosticCode;
use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::secret::token::KNOWN_TOKENS;
use draft_tasks_analysis::secret::{SECRET_NAMES, SecretNames};
use draft_tasks_analysis::task_variable::TaskVariable;
use schemars::{JsonSchema, schema_for};
use serde_json::Value;
use tower_lsp::gen_lsp_types::Notification;

use crate::cli;
use crate::export::ExportTarget;
use crate::lsp::commands;
use crate::lsp::protocol::ext;
use crate::lsp::protocol::pages::explanations;
use crate::settings::{Config, setting};

mod schemas;
mod vscode;

/// Compares a file of the project with what it must be; writes it where it is not, and fails.
fn check(path: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    if std::fs::read_to_string(&file).is_ok_and(|present| present == text) {
        return;
    }
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, text).unwrap();
    panic!("{path} was not what the source says; it is now: look at the difference and commit it");
}

fn page(title: &str, source: &str, about: &str) -> String {
    format!("# {title}\n\n<!-- Rendered from {source} by `cargo test`; edits here are lost. -->\n\n{about}\n")
}

#[test]
fn diagnostics() {
    let mut text = page(
        "Diagnostics",
        "server/analysis/src/diagnostic.rs and the pages beside its rules",
        "What `draft-tasks` finds in a tasks file. The codes are stable.\n\nFixes after which the same programs run with \
         the same arguments are applied by `check --fix` and by the \"fix all\" of editors. Any other is a quick fix \
         that you choose.",
    );
    text += "\n| code | severity | its example | says | fix |\n| --- | --- | --- | --- | --- |\n";
    for code in DiagnosticCode::ALL {
        let _ = writeln!(text, "| [{code}](#{code}) | {} | {} |", code.severity().name(), seen(code));
    }
    text += &explanations();
    check("docs/diagnostics.md", &text);
}

/// What the analysis finds in the example of a code: the characters, the message and the first fix.
fn seen(code: DiagnosticCode) -> String {
    let (text, options) = code.example();
    let cell = |text: &str| text.trim().replace('|', "\\|").replace('\n', " ");
    let analysis = Analysis::new(text, options);
    match analysis.diagnostics.first() {
        Some(found) => {
            let place = cell(&text[found.range]);
            let place = if place.is_empty() { String::new() } else { format!("`` {place} ``") };
            let fix = found.fixes.first().map(|fix| fix.title.clone()).unwrap_or_default();
            format!("{place} | {} | {}", cell(&found.message), cell(&fix))
        }
        None => "| depends on what is around the file |".to_owned(),
    }
}

/// By hand, but for the rows of this table.
#[test]
fn what_usage_says_of_the_variables_of_tasks() {
    let rows =
        TaskVariable::ALL.map(|it| format!("| `{}` | {} | {} |\n", it.name(), it.meaning(), it.known()));
    let text =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/usage.md")).unwrap();
    assert!(text.contains(&rows.concat()), "docs/usage.md is to have these rows:\n{}", rows.concat());
}

#[test]
fn configuration() {
    let mut text = page(
        "Settings",
        "server/draft-tasks/src/settings.rs",
        &format!(
            "The same choice, that the other tasks of `pre-up` go on after one has failed, as each place has it:\n\n\
             | place | how it is written there |\n\
             | --- | --- |\n\
             | command line | an option: `draft-tasks run pre-up --keep-going` ([cli.md](cli.md)) |\n\
             | VS Code, `settings.json` | `\"{0}.onFailure\": {{ \"pre-up\": \"continue\" }}` |\n\
             | Neovim | `vim.lsp.config('draft_tasks', {{ settings = {{ {0} = {{ onFailure = {{ ['pre-up'] = 'continue' }} }} }} }})` |\n\
             | other editors | what the server is told below `{0}`, where it asks (`workspace/configuration`) |\n\
             | a project, for everybody | `[onFailure]` and below it `pre-up = \"continue\"`, in a `{1}` beside the tasks file or in a folder above it, see [below](#the-file-of-a-project) |\n\n\
             An option of the command line goes before an editor's setting, and that before the project's file; \
             `null` in an editor leaves a setting to the project. [Command line](usage.md#how-do-i) has what is \
             looked up most.",
            ext::SETTINGS,
            SETTINGS_FILE
        ),
    );
    let schema = schema::<Config>();
    for (name, property) in properties(&schema) {
        if let Some(table) = mixed_table(&schema, property) {
            for (key, setting) in properties(table) {
                let (about, kind) = (description(setting), kind(&schema, setting));
                let default = &property["default"][key];
                let name = format!("{}.{name}.{key}", ext::SETTINGS);
                let _ = write!(text, "\n## `{name}`\n\n{about}\n\n{kind}\n\nDefault: `{default}`\n");
            }
            continue;
        }
        let _ = write!(
            text,
            "\n## `{}.{name}`\n\n{}\n\n{}\n",
            ext::SETTINGS,
            description(property),
            kind(&schema, property)
        );
        let default = &property["default"];
        if !default.is_object() {
            let _ = write!(text, "\nDefault: `{default}`\n");
        }
    }
    let tables = setting(&[]).unwrap().settings.iter().filter(|setting| setting.is_for_projects());
    let names = tables.flat_map(|table| match table.name {
        "run" | "kubernetes" => {
            let settings = table.settings.iter().filter(|setting| setting.is_for_projects());
            settings.map(|setting| format!("`{}.{}`", table.name, setting.name)).collect()
        }
        name => vec![format!("`{name}`")],
    });
    let names: Vec<_> = names.collect();
    text += &secret_names();
    let _ = write!(
        text,
        "\n## The file of a project\n\nA checked-in `{}` beside the tasks file, or in a folder above it up to the root of \
         the Git repository, has {}. What a nearer file does not say, a farther one does, key by key; none of another user is \
         taken from a folder above, and that is said. The server and the command line read them alike; what is wrong in one \
         is said with its place, and the rest is taken. In an editor the file has \
         diagnostics, completion and hover; its schema for other tools is \
         [draft-tasks.config.schema.json](draft-tasks.config.schema.json).\n\n<!-- setup: draft-tasks create -->\n<!-- file: {} -->\n```toml\n{}```\n\n\
         A file that comes with a checkout never chooses the cluster, values of the environment, or programs: such keys are errors. What other \
         editors and tools need for the tasks file itself is in [draft-tasks.schema.json](draft-tasks.schema.json).\n",
        SETTINGS_FILE,
        names.join(", "),
        SETTINGS_FILE,
        EXAMPLE
    );
    check("docs/configuration.md", &text);
}

/// Which names of variables look secret.
fn secret_names() -> String {
    let SecretNames { within_words, words, last_words, ends, exceptions, last_words_of_others, others } =
        &SECRET_NAMES;
    let list = |names: &[&str]| names.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", ");
    format!(
        "\n## Which names look secret\n\nA variable's name is parted into words by all that is neither letter nor digit; case \
         does not matter. It looks secret where a word\n\n- has one of these in it: {};\n- is one of these: {};\n- is the \
         last of several, and one of these: {};\n- is the last, and ends in one of these: {}.\n\nThese names do not: {}. A \
         boolean, or a number of less than 8 bytes, is no secret by its variable's name. Where the last word of a name is one \
         of these, or the name is {}, it counts as the name of a variable of a file does (`draftTasks.run.envFile`), and \
         words with `-` between them are shown, too: {}.\n\n\
         Whatever variable they are in, tokens are masked that begin with one of these, where as many letters, digits and \
         signs of their kind follow as such tokens have at least: {}. So are private keys between `-----BEGIN …` and \
         `-----END …`.\n",
        list(within_words),
        list(words),
        list(last_words),
        list(ends),
        list(exceptions),
        list(others),
        list(last_words_of_others),
        list(&KNOWN_TOKENS.each_ref().map(|token| token.prefix))
    )
}

/// The table that a setting is, where its settings are no choices of the same kind.
fn mixed_table<'a>(schema: &'a Value, property: &Value) -> Option<&'a Value> {
    let name = property["$ref"].as_str()?.strip_prefix("#/$defs/")?;
    let table = &schema["$defs"][name];
    let mut kinds = table["properties"].as_object()?.values().map(|setting| kind(schema, setting));
    let first = kinds.next()?;
    (!first.starts_with('-') || kinds.any(|kind| kind != first)).then_some(table)
}

/// A project's settings for the documentation.
const EXAMPLE: &str = "\
draftVersion = \"0.16\"

[rules]
post-up = \"off\"
phase-case = \"warning\"

[onFailure]
pre-up = \"continue\"

[run]
timeout = \"10m\"
";

#[test]
fn command_line() {
    let mut text = page("Command line", "server/draft-tasks/src/cli.rs", "What each command says of itself.");
    let mut cli = cli::command().term_width(100);
    cli.build();
    text += &sections(&mut cli, "draft-tasks");
    check("docs/cli.md", &text);
}

/// What a command says of itself, and each of its own commands.
fn sections(command: &mut clap::Command, name: &str) -> String {
    let mut text = format!("\n## {name}\n\n```text\n{}```\n", help(command));
    for part in command.get_subcommands_mut().filter(|part| part.get_name() != "help") {
        let name = format!("{name} {}", part.get_name());
        text += &sections(part, &name);
    }
    text
}

/// What a terminal shows; `clap-markdown` would run the lines of the exit codes into one paragraph.
fn help(command: &mut clap::Command) -> String {
    let help = command.render_long_help().to_string();
    help.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

#[test]
fn protocol() {
    let mut text = page(
        "Protocol",
        "server/draft-tasks/src/lsp/protocol/ext.rs",
        "What the server speaks beside the standard. Nothing of it is needed: a client that knows only the standard runs \
         tasks by code actions and lenses and sees their output in its log.",
    );
    text += "\n## Commands\n\nFor `workspace/executeCommand`, with one object as the only argument. What the server \
             understands but does not do is answered with the error -32803 and a message for the user; in its data \
             `location` is where what is wrong stands, and `command` one of these commands that tells more, with its title \
             and arguments. To clients that do not announce `experimental.draftTasks.output`, which would show the number, it is a \
             message (`window/showMessage`, or `window/showMessageRequest` with these as actions), and the answer is \
             `null`.\n";
    for command in &commands::ALL {
        let (argument, answer) = ((command.argument_schema)(), (command.answer_schema)());
        let _ = write!(text, "\n### `{}`\n\n{}\n", command.name, command.documentation);
        text += &tables("", &argument);
        text += &tables("Its answer:\n\n", &answer);
    }
    let (request, kind) = (ext::RUNNABLES, ext::SHELL_RUNNABLE);
    let _ = write!(
        text,
        "\n## `{request}`\n\nThe phases and tasks of a file, or those of a position, as commands for a terminal, in the form \
         of rust-analyzer: `{{ \"label\", \"location\", \"kind\": \"{kind}\", \"args\": {{ \"cwd\", \"program\", \"args\" }} }}`.\n"
    );
    text += "\n## Notifications of the server\n\nTo clients that announce `experimental.draftTasks.output` in their \
             capabilities, with the version of `draft-tasks/output` that they understand; others get `window/logMessage` \
             while a run goes on and one `window/showMessage` at its end. Of tasks on this machine a client that announces \
             `experimental.draftTasks.colors` as `true` gets coloured output where their programs heed `FORCE_COLOR` or \
             `CLICOLOR_FORCE`: both are set, unless the user's environment says something of colours.\n";
    let (output, run) = (ext::OutputNotification::METHOD, ext::RunNotification::METHOD);
    let version = ext::OUTPUT_VERSION;
    let _ = write!(
        text,
        "\n### `{output}`\n\nWhat a task wrote; the newest version is {version}, and `true` in the capabilities means 1. Standard output and standard error in the order in \
         which lines ended, as far as the system tells it. Tasks in pods: in the order in which it arrived. What may be the \
         beginning of a secret comes when it is certain that it is none, and then stands behind what the other stream wrote \
         meanwhile.\n{}",
        tables("", &schema::<ext::OutputParams>())
    );
    let _ = write!(
        text,
        "\n### `{run}`\n\nA run or a task of it began or ended. One that is `blocked` says why none of its tasks can run, which the \
         client tells its user, and where something helps has it as `remedy`: what an error of a command has as data.\n\n{}",
        fields::<ext::RunParams>()
    );
    let _ = write!(
        text,
        "\n### `{}`\n\nWhat `draft-tasks.target` answers may be another thing now: settings or files have changed.\n",
        ext::TargetNotification::METHOD
    );
    let _ = write!(
        text,
        "\n### `{}`\n\nWhat `draft-tasks.jobs` answers may be another thing now: records tell of other Jobs, or a run of the server \
         follows one or has ceased to.\n",
        ext::JobsNotification::METHOD
    );
    let _ = write!(
        text,
        "\n## Notifications of the client\n\n### `{}`\n\nWhether the user trusts the workspace. At the start \
         `initializationOptions.trusted` says so; a client that says nothing is taken to have asked.\n\n{}",
        ext::DID_CHANGE_TRUST,
        fields::<ext::TrustParams>()
    );
    let _ = write!(
        text,
        "\n## Names\n\n- code actions that run something have the kind `{}`, those that show something of \
         runs `{}`, the one that exports a phase `{}`, those that ignore a finding `{}`\n- the code action that applies \
         all fixes that need no decision has the kind `{}`\n- diagnostics have the source `{}`\n- \
         progress of a run has the token `{}` and its name\n- the language id `{}` makes any document a tasks file\n- logs are \
         virtual documents of the scheme `{}`\n- quick fixes also change files that match {}: the server is to hear of \
         their texts while they are open, and asks clients that register `textDocument/didOpen` for it\n",
        ext::RUN_KIND_NAME,
        ext::SHOW_KIND_NAME,
        ext::EXPORT_KIND_NAME,
        ext::IGNORE_KIND_NAME,
        ext::FIX_ALL_KIND_NAME,
        ext::SOURCE,
        ext::PROGRESS,
        ext::LANGUAGE,
        ext::LOG_SCHEME,
        ext::AROUND.map(|pattern| format!("`{pattern}`")).join(" or ")
    );
    check("docs/protocol.md", &text);
}

/// The settings that are an option of the command line with the same meaning, for editors that run it in a terminal. No setting
/// with values of variables: everybody sees the words of a command line.
pub(crate) const OPTIONS: [(&str, &str); 17] = [
    ("environment", "--environment"),
    ("draftVersion", "--draft-version"),
    ("semantics", "--semantics"),
    ("kubernetes.concurrency", "--concurrency"),
    ("kubernetes.container", "--container"),
    ("kubernetes.context", "--context"),
    ("kubernetes.namespace", "--namespace"),
    ("kubernetes.readyTimeout", "--ready-timeout"),
    ("kubernetes.selector", "--selector"),
    ("run.envFile", "--env-file"),
    ("run.gracePeriod", "--grace-period"),
    ("run.keep", "--keep"),
    ("run.keepMiB", "--keep-mib"),
    ("run.public", "--public"),
    ("run.secrets", "--secret"),
    ("run.timeout", "--timeout"),
    ("run.totalTimeout", "--total-timeout"),
];

#[test]
fn neovim() {
    let commands: String =
        commands::NAMES.iter().map(|name| format!("    {} = '{name}',\n", lua_key(name))).collect();
    let titles = commands::ALL.into_iter().filter_map(|command| {
        let title = command.listed?.title.trim_end_matches('…');
        Some(format!("    {} = '{title}',\n", lua_key(command.name)))
    });
    let titles: String = titles.collect();
    let phases = Phase::ALL.map(|phase| format!("'{phase}'")).join(", ");
    let around = ext::AROUND.map(|pattern| format!("'{pattern}'")).join(", ");
    let targets = export_targets().map(|target| format!("'{target}'")).collect::<Vec<_>>().join(", ");
    let here: Vec<_> =
        Phase::ALL.into_iter().filter(|it| it.is_local()).map(|it| format!("'{it}'")).collect();
    let here = here.join(", ");
    let options: String =
        OPTIONS.iter().map(|(setting, option)| format!("    {{ '{setting}', '{option}' }},\n")).collect();
    let text = format!(
        "-- Rendered from server/draft-tasks/src/lsp/protocol/ext.rs by `cargo test`; edits here are lost.\nreturn {{\n  \
         around = {{ {around} }},\n  commands = {{\n{commands}  }},\n  export_targets = {{ {targets} }},\n  local_phases = {{ {here} }},\n  notifications = {{\n    \
         output = '{}',\n    run = '{}',\n    did_change_trust = '{}',\n  }},\n  options = {{\n{options}  }},\n  output_version = {},\n  phases = {{ {phases} }},\n  progress = '{}',\n  run_kind = \
         '{}',\n  settings = '{}',\n  settings_file = '{}',\n  source = '{}',\n  task_failed = '{}',\n  tasks_file = \
         '{}',\n  titles = {{\n{titles}  }},\n  version = '{}',\n}}\n",
        ext::OutputNotification::METHOD,
        ext::RunNotification::METHOD,
        ext::DID_CHANGE_TRUST,
        ext::OUTPUT_VERSION,
        ext::PROGRESS,
        ext::RUN_KIND_NAME,
        ext::SETTINGS,
        SETTINGS_FILE,
        ext::SOURCE,
        ext::TASK_FAILED,
        TASKS_FILE,
        env!("CARGO_PKG_VERSION"),
    );
    check("editors/nvim/lua/draft_tasks/protocol.lua", &text);
}

/// What a phase is exported as, the script first.
pub(crate) fn export_targets() -> impl Iterator<Item = String> {
    ExportTarget::value_variants().iter().rev().map(|target| target.name())
}

/// The key of a command's name: `run_phase` of `draft-tasks.runPhase`.
fn lua_key(name: &str) -> String {
    let name = name.strip_prefix("draft-tasks.").expect("all begin like this");
    let letter = |letter: char| {
        if letter.is_ascii_uppercase() {
            format!("_{}", letter.to_ascii_lowercase())
        } else {
            letter.to_string()
        }
    };
    name.chars().map(letter).collect()
}

pub(crate) fn schema<T: JsonSchema>() -> Value {
    schema_for!(T).to_value()
}

fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema["properties"].as_object().unwrap().iter()
}

fn description(property: &Value) -> &str {
    property["description"].as_str().expect("a doc comment")
}

/// A table of the fields of a type, and one for each type that they are lists of; nothing where it has none.
fn tables(head: &str, schema: &Value) -> String {
    if schema["properties"].as_object().is_none_or(serde_json::Map::is_empty) {
        return String::new();
    }
    let mut text = format!("\n{head}{}", table_of_fields(schema));
    for (name, property) in properties(schema) {
        let items = property["items"]["$ref"].as_str().and_then(|it| it.strip_prefix("#/$defs/"));
        if let Some(items) = items {
            let mut items = schema["$defs"][items].clone();
            items["$defs"] = schema["$defs"].clone();
            text += &tables(&format!("Each of `{name}`:\n\n"), &items);
        }
    }
    text
}

/// A table of the fields of a type.
fn fields<T: JsonSchema>() -> String {
    table_of_fields(&schema::<T>())
}

fn table_of_fields(schema: &Value) -> String {
    let required: Vec<_> = schema["required"].as_array().into_iter().flatten().collect();
    let mut text = "| field | | |\n| --- | --- | --- |\n".to_owned();
    for (name, property) in properties(schema) {
        let optional = if required.iter().any(|required| *required == name) { "" } else { ", optional" };
        let kind = kind(schema, property).replace('\n', " ");
        let _ = writeln!(text, "| `{name}` | {kind}{optional} | {} |", description(property));
    }
    text
}

/// The type of a property: its name, or the values it may have.
fn kind(schema: &Value, property: &Value) -> String {
    let reference = property["$ref"].as_str().and_then(|it| it.strip_prefix("#/$defs/"));
    let property = reference.map_or(property, |name| &schema["$defs"][name]);
    if let Some(values) = property["oneOf"].as_array() {
        let lines = values.iter().map(|value| format!("- `{}`: {}", value["const"], description(value)));
        return lines.collect::<Vec<_>>().join("\n");
    }
    if let Some(values) = property["enum"].as_array() {
        return values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", ");
    }
    if let Some(settings) = property["properties"].as_object() {
        return table(schema, settings);
    }
    match &property["type"] {
        Value::String(kind) => kind.clone(),
        kinds => {
            let kinds = kinds.as_array().into_iter().flatten().filter_map(Value::as_str);
            kinds.filter(|kind| *kind != "null").collect::<Vec<_>>().join(" or ")
        }
    }
}

/// A table of settings: those that have the same values together.
fn table(schema: &Value, settings: &serde_json::Map<String, Value>) -> String {
    let Some(first) = settings.values().next() else { return "table".into() };
    let names = settings.iter().map(|(name, setting)| format!("| `{name}` | `{}` |", setting["default"]));
    let names: Vec<_> = names.collect();
    format!(
        "A table; each of these is one of\n\n{}\n\n| | default |\n| --- | --- |\n{}",
        kind(schema, first),
        names.join("\n")
    )
}
