//! What the extension for VS Code takes from the Rust source: its manifest's settings and commands, and its constants.
//!
//! Must not hold what is not in the source or the extension's own: the rest of the manifest is written by hand.

use draft_tasks_analysis::file_names::{PACK_FILE, SETTINGS_FILE, TASKS_FILE};
use std::collections::HashSet;
use std::fmt::Write as _;
use std::path::Path;

use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::plan::Subject;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};
use tower_lsp::gen_lsp_types::Notification;

use super::{check, description, mixed_table, properties, schema};
use crate::job;
use crate::lsp::commands::{self, Needs, ServerCommand};
use crate::lsp::protocol::ext;
use crate::settings::{self, Config, Group, Mark, Setting};

/// The manifest of the extension.
const MANIFEST: &str = "editors/vscode/package.json";

/// The extension's own settings, beside those of the server.
#[derive(Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
struct ClientSettings {
    /// The program `draft-tasks` to use as the server. Without it: the one that came with the extension, else the one in
    /// `PATH`.
    #[serde(rename = "server.path")]
    server_path: Option<String>,
    /// When the output of a run is shown by itself.
    #[serde(rename = "output.show")]
    output_show: OutputShow,
    /// Where the output of a run is shown.
    #[serde(rename = "output.view")]
    output_view: OutputView,
}

/// The setting of the server that is off here unless the user wants it: the Testing view says it beside the line.
const QUIET: &str = "resultHints";

/// The extension's own setting that no workspace makes.
const SERVER_PATH: &str = "server.path";

/// When the output of a run is shown by itself.
#[derive(Clone, Copy, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "only its schema is of use")]
enum OutputShow {
    /// when a run starts
    #[default]
    Always,
    /// when a task failed
    OnFailure,
    /// never
    Never,
}

/// Where the output of a run is shown.
#[derive(Clone, Copy, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "only its schema is of use")]
enum OutputView {
    /// in the output channel *Draft Tasks*, as plain text
    #[default]
    Channel,
    /// in a terminal, with the colours that the tasks wrote
    Terminal,
}

/// A command of the extension: it finds the file and the phase, and lets the server do the rest.
struct ClientCommand {
    name: &'static str,
    icon: Option<&'static str>,
    kind: Kind,
}

enum Kind {
    /// It calls this command of the server, whose title it has.
    Calls(&'static str),
    /// The extension's own: its title, and when the palette offers it.
    Own { title: &'static str, when: &'static str },
}

const fn calls(name: &'static str, command: &'static str, icon: Option<&'static str>) -> ClientCommand {
    ClientCommand { name, icon, kind: Kind::Calls(command) }
}

const fn own(
    name: &'static str,
    title: &'static str,
    icon: Option<&'static str>,
    when: &'static str,
) -> ClientCommand {
    ClientCommand { name, icon, kind: Kind::Own { title, when } }
}

/// The commands of the extension. Those of the server are registered by the client's library, never here.
const COMMANDS: [ClientCommand; 28] = [
    calls("run", commands::RunPhase::NAME, Some("$(run-all)")),
    calls("runTask", commands::RunTask::NAME, Some("$(run)")),
    own(
        "runInTerminal",
        "Run in Terminal",
        Some("$(terminal)"),
        "draftTasks.can.tasks && draftTasks.hasFile",
    ),
    calls("runAsJob", commands::RunAsJob::NAME, None),
    calls("rerun", commands::Rerun::NAME, Some("$(debug-restart)")),
    calls("rerunFailed", commands::RerunFailed::NAME, None),
    calls("stop", commands::Stop::NAME, Some("$(debug-stop)")),
    calls("attach", commands::Attach::NAME, Some("$(sync)")),
    calls("endJob", commands::EndJob::NAME, Some("$(circle-slash)")),
    calls("plan", commands::ShowPlan::NAME, None),
    calls("export", commands::ExportPhase::NAME, None),
    calls("showLog", commands::ShowLog::NAME, None),
    calls("clear", commands::Clear::NAME, Some("$(clear-all)")),
    own("showOutput", "Show Output", Some("$(output)"), "draftTasks.active"),
    own("showTerminal", "Show Output in Terminal, with Colors", Some("$(terminal)"), "draftTasks.active"),
    calls("create", commands::Create::NAME, Some("$(new-file)")),
    own("menu", "Show Menu", None, "draftTasks.active"),
    own("context", "Choose Context…", None, "draftTasks.can.target && draftTasks.hasFile"),
    own("namespace", "Choose Namespace…", None, "draftTasks.can.target && draftTasks.hasFile"),
    own("environment", "Change Environment…", None, "draftTasks.can.target && draftTasks.hasFile"),
    calls("doctor", commands::AskDoctor::NAME, None),
    calls("up", commands::Up::NAME, Some("$(cloud-upload)")),
    calls("delete", commands::Delete::NAME, Some("$(trash)")),
    // Links of problems call it.
    own("explain", "Explain Problem", None, "false"),
    own("restartServer", "Restart Server", Some("$(debug-restart)"), "true"),
    own("showServerLog", "Show Server Log", None, "true"),
    own("collectReport", "Collect Report", Some("$(report)"), "true"),
    own("openSettings", "Open Settings", Some("$(gear)"), "true"),
];

impl ClientCommand {
    /// Its title, and when the palette offers it.
    fn listed(&self) -> (String, String) {
        let command = match self.kind {
            Kind::Own { title, when } => return (title.into(), when.into()),
            Kind::Calls(command) => command,
        };
        let declared = commands::ALL.into_iter().find(|it| it.name == command);
        let listed = declared.and_then(|it| it.listed).expect("a command that is listed");
        let when = match listed.needs {
            Needs::TasksFile => format!("draftTasks.can.{} && draftTasks.hasFile", short(command)),
            Needs::Run => "draftTasks.running".into(),
            Needs::Folder => "workspaceFolderCount > 0".into(),
        };
        (listed.title.into(), when)
    }
}

#[test]
fn every_listed_command_of_the_server_is_one_of_the_extension() {
    for declared in commands::ALL.iter().filter(|it| it.listed.is_some()) {
        let called = COMMANDS.iter().any(|it| matches!(it.kind, Kind::Calls(name) if name == declared.name));
        assert!(called, "COMMANDS in generated/vscode.rs lacks `{}`", declared.name);
    }
}

#[test]
fn manifest() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(MANIFEST);
    let mut manifest: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    manifest["version"] = env!("CARGO_PKG_VERSION").into();
    let commands = COMMANDS.iter().map(|command| {
        let (title, _) = command.listed();
        let mut entry = json!({
            "command": id(command.name),
            "title": title,
            "category": "Draft Tasks",
        });
        if let Some(icon) = command.icon {
            entry["icon"] = icon.into();
        }
        entry
    });
    let offered = |it: &ClientCommand| json!({ "command": id(it.name), "when": it.listed().1 });
    let palette = COMMANDS.iter().map(offered);
    manifest["contributes"]["commands"] = commands.collect();
    manifest["contributes"]["menus"]["commandPalette"] = palette.collect();
    let restricted: Vec<_> = std::iter::once(id(SERVER_PATH)).chain(restricted()).collect();
    manifest["capabilities"]["untrustedWorkspaces"]["restrictedConfigurations"] = restricted.into();
    manifest["contributes"]["configuration"] = configuration();
    let phases = Phase::ALL.map(Phase::name);
    manifest["contributes"]["taskDefinitions"][0]["properties"]["phase"]["enum"] = json!(phases);
    check(MANIFEST, &(serde_json::to_string_pretty(&manifest).unwrap() + "\n"));
}

/// The groups of settings as a person looks for them.
const GROUPS: [(&str, Group); 5] = [
    ("Run", Group::Run),
    ("Kubernetes", Group::Kubernetes),
    ("Output", Group::Output),
    ("Editor", Group::Editor),
    ("Rules", Group::Rules),
];

fn configuration() -> Value {
    let all: Vec<_> = client_settings().into_iter().chain(server_settings()).collect();
    let group = |(title, group): (&str, Group)| {
        let of_group = all.iter().filter(|it| it.group == group);
        let mut settings: Vec<_> = of_group.map(|it| (it.id.clone(), it.manifest.clone())).collect();
        settings.sort_by(|one, other| one.0.cmp(&other.0));
        json!({ "title": title, "properties": settings.into_iter().collect::<Map<_, _>>() })
    };
    GROUPS.map(group).into_iter().collect()
}

/// A setting as the manifest has it, and where.
struct ListedSetting {
    id: String,
    group: Group,
    manifest: Value,
}

/// The name of a command of the server in the extension.
fn short(command: &str) -> &str {
    command.strip_prefix("draft-tasks.").unwrap()
}

/// The name of a setting or command of the extension.
fn id(name: &str) -> String {
    format!("{}.{name}", ext::SETTINGS)
}

fn client_settings() -> Vec<ListedSetting> {
    let schema = schema::<ClientSettings>();
    let listed = |(name, property): (&String, &Value)| {
        let mut setting = setting(&schema, property);
        setting["default"] = property["default"].clone();
        give_text_box(&mut setting);
        // What it names runs outside of any tasks file.
        setting["scope"] = if name == SERVER_PATH { "machine" } else { "window" }.into();
        let group = if name == SERVER_PATH { Group::Editor } else { Group::Output };
        ListedSetting { id: id(name), group, manifest: setting }
    };
    properties(&schema).map(listed).collect()
}

/// The server's settings. What a project can choose has no default here: an editor sends defaults, too, and they would
/// go before the project's file.
fn server_settings() -> Vec<ListedSetting> {
    let schema = schema::<Config>();
    let mut settings = Vec::new();
    for (name, property, default) in flat(&schema) {
        let mut setting = setting(&schema, property);
        if declared(&name).is_for_projects() {
            leave_to_project(&mut setting, default);
        } else {
            setting["default"] = if name == QUIET { false.into() } else { default.clone() };
        }
        give_text_box(&mut setting);
        let is_for_machine = declared(&name).marks.contains(&Mark::Machine);
        setting["scope"] = if is_for_machine { "machine" } else { "resource" }.into();
        settings.push(ListedSetting { id: id(&name), group: declared(&name).group, manifest: setting });
    }
    settings
}

/// All settings of a schema, those in tables of mixed settings one by one, with their defaults.
fn flat(schema: &Value) -> Vec<(String, &Value, &Value)> {
    let mut settings = Vec::new();
    for (name, property) in properties(schema) {
        match mixed_table(schema, property) {
            Some(table) => settings.extend(
                properties(table)
                    .map(|(key, setting)| (format!("{name}.{key}"), setting, &property["default"][key])),
            ),
            None => settings.push((name.clone(), property, &property["default"])),
        }
    }
    settings
}

/// The declaration of a setting, which may be in a table.
fn declared(name: &str) -> &'static Setting {
    settings::setting(&name.split('.').collect::<Vec<_>>()).expect("a setting")
}

/// The settings that a workspace does not make while it is not trusted.
fn restricted() -> Vec<String> {
    let schema = schema::<Config>();
    let names = flat(&schema).into_iter().map(|(name, ..)| name);
    names.filter(|name| declared(name).marks.contains(&Mark::Restricted)).map(|name| id(&name)).collect()
}

/// What the project's file chooses unless the user does.
fn leave_to_project(setting: &mut Value, default: &Value) {
    if setting["type"] == "object" {
        setting["default"] = json!({});
        return;
    }
    if let Some(Value::Array(values)) = setting.get_mut("enum") {
        values.push(Value::Null);
        let about = setting["enumDescriptions"].as_array_mut().unwrap();
        about.push("what the project's file says, else the default".into());
    }
    let kinds = setting["type"].clone();
    let mut kinds = kinds.as_array().cloned().unwrap_or_else(|| vec![kinds]);
    if !kinds.contains(&"null".into()) {
        kinds.push("null".into());
    }
    setting["type"] = kinds.into();
    setting["default"] = Value::Null;
    if !default.is_null() {
        let about = setting["markdownDescription"].as_str().unwrap().to_owned();
        setting["markdownDescription"] = format!("{about} Default: `{default}`.").into();
    }
}

/// A text is typed into a box, which a setting that may be `null` does not get: an empty one means that nothing is said.
fn give_text_box(setting: &mut Value) {
    let kinds: Vec<_> = setting["type"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let is_text = kinds.contains(&"string") && !kinds.contains(&"array") && setting["enum"].is_null();
    if is_text && kinds.contains(&"null") {
        setting["type"] = "string".into();
        setting["default"] = setting["default"].as_str().unwrap_or_default().into();
    }
}

/// A setting as a manifest has it: without references, and with its values as a list to choose from.
fn setting(root: &Value, property: &Value) -> Value {
    let mut setting = inline(root, property);
    let about = description(property).replace('\n', " ");
    let table = setting.as_object_mut().unwrap();
    table.remove("description");
    table.remove("default");
    setting["markdownDescription"] = about.into();
    setting
}

fn inline(root: &Value, value: &Value) -> Value {
    match value {
        Value::Object(table) => {
            let definition =
                table.get("$ref").and_then(Value::as_str).and_then(|it| it.strip_prefix("#/$defs/"));
            let mut inlined =
                definition.map_or_else(Map::new, |name| match inline(root, &root["$defs"][name]) {
                    Value::Object(table) => table,
                    other => panic!("{other}"),
                });
            for (name, value) in table.iter().filter(|(name, _)| *name != "$ref" && *name != "$defs") {
                inlined.insert(name.clone(), inline(root, value));
            }
            choices(&mut inlined);
            Value::Object(inlined)
        }
        Value::Array(values) => values.iter().map(|value| inline(root, value)).collect(),
        other => other.clone(),
    }
}

/// Choices with descriptions, in the form that the settings editor shows as a list.
fn choices(table: &mut Map<String, Value>) {
    let Some(Value::Array(choices)) = table.remove("oneOf") else { return };
    let values: Value = choices.iter().map(|choice| choice["const"].clone()).collect();
    let about: Value = choices.iter().map(|choice| Value::from(description(choice))).collect();
    table.insert("type".into(), "string".into());
    table.insert("enum".into(), values);
    table.insert("enumDescriptions".into(), about);
}

#[test]
fn constants() {
    let mut text = "// Rendered from server/draft-tasks/src/lsp/protocol/ext.rs and generated/vscode.rs by `cargo test`; edits here \
                    are lost.\n"
        .to_owned();
    text += "\n/** The commands of the server; the client's library registers those that it announces. */\n";
    text += "export const commands = {\n";
    for command in commands::NAMES {
        let _ = writeln!(text, "  {}: '{command}',", short(command));
    }
    text += "} as const;\n\n/** Those that start something. */\nexport const starting: ReadonlySet<string> = new Set([";
    let starting =
        commands::ALL.iter().filter(|it| it.starts).map(|it| format!("commands.{}", short(it.name)));
    text += &starting.collect::<Vec<_>>().join(", ");
    text += "]);\n\n/** The commands of the extension. */\nexport const clientCommands = {\n";
    for command in COMMANDS {
        let _ = writeln!(text, "  {}: '{}',", command.name, id(command.name));
    }
    text += "} as const;\n\n/** The notifications beside the standard. */\nexport const notifications = {\n";
    for (name, method) in [
        ("output", ext::OutputNotification::METHOD.to_string()),
        ("run", ext::RunNotification::METHOD.to_string()),
        ("didChangeTarget", ext::TargetNotification::METHOD.to_string()),
        ("didChangeJobs", ext::JobsNotification::METHOD.to_string()),
        ("didChangeTrust", ext::DID_CHANGE_TRUST.to_owned()),
    ] {
        let _ = writeln!(text, "  {name}: '{method}',");
    }
    let phases = Phase::ALL.map(|phase| format!("'{phase}'")).join(", ");
    let _ = writeln!(text, "}} as const;\n\nexport const phases = [{phases}] as const;");
    let here: Vec<_> =
        Phase::ALL.into_iter().filter(|it| it.is_local()).map(|it| format!("'{it}'")).collect();
    let _ = writeln!(text, "/** Those whose tasks run on this machine. */");
    let _ = writeln!(text, "export const localPhases: readonly string[] = [{}];", here.join(", "));
    text += "/** The settings that are an option of the command line with the same meaning. */\n";
    text += "export const settingOptions: Readonly<Record<string, string>> = {\n";
    for (setting, option) in super::OPTIONS {
        let _ = writeln!(text, "  '{setting}': '{option}',");
    }
    text += "};\n";
    let targets: Vec<_> = super::export_targets().map(|target| format!("'{target}'")).collect();
    let _ = writeln!(text, "export const exportTargets = [{}] as const;", targets.join(", "));
    let workload: Vec<_> = Phase::ALL.into_iter().filter(|it| job::belongs_to_workload(*it)).collect();
    let workload: Vec<_> = workload.into_iter().map(|phase| format!("'{phase}'")).collect();
    let _ = writeln!(text, "/** Those whose tasks can be a Job of the application's workload. */");
    let _ = writeln!(text, "export const workloadPhases: readonly string[] = [{}];", workload.join(", "));
    let _ = writeln!(text, "export const outputVersion = {};", ext::OUTPUT_VERSION);
    for (name, value) in [
        ("serverVersion", env!("CARGO_PKG_VERSION")),
        ("section", ext::SETTINGS),
        ("language", ext::LANGUAGE),
        ("source", ext::SOURCE),
        ("taskFailed", ext::TASK_FAILED),
        ("runKind", ext::RUN_KIND_NAME),
        ("ignoreKind", ext::IGNORE_KIND_NAME),
        ("progress", ext::PROGRESS),
        ("tasksFile", TASKS_FILE),
        ("packFile", PACK_FILE),
        ("settingsFile", SETTINGS_FILE),
    ] {
        let _ = writeln!(text, "export const {name} = '{value}';");
    }
    let mut answers = HashSet::new();
    for command in &commands::ALL {
        let (argument, answer) = ((command.argument_schema)(), (command.answer_schema)());
        if argument["properties"].is_object() {
            let about = format!("The argument of `{}`.", command.name);
            text += &interface(command.argument, &about, &argument);
        }
        let title = answer["title"].as_str().filter(|_| answer["properties"].is_object());
        if let Some(title) = title.filter(|title| answers.insert((*title).to_owned())) {
            text += &interface(title, &format!("The answer of `{}`.", command.name), &answer);
        }
    }
    text += &interface("OutputParams", "What a task wrote.", &schema::<ext::OutputParams>());
    text += &interface("RunParams", "A run or a task of it began or ended.", &schema::<ext::RunParams>());
    check("editors/vscode/src/protocol.ts", &text);
}

/// A type of the protocol in TypeScript.
fn interface(name: &str, about: &str, schema: &Value) -> String {
    let required: Vec<_> = schema["required"].as_array().into_iter().flatten().collect();
    let mut text = format!("\n/** {about} */\nexport interface {name} {{\n");
    for (field, property) in properties(schema) {
        let about = description(property).replace('\n', " ");
        let optional = if required.iter().any(|required| *required == field) { "" } else { "?" };
        let kind = type_of(&inline(schema, property));
        let _ = writeln!(text, "  /** {about} */\n  {field}{optional}: {kind};");
    }
    text + "}\n"
}

fn type_of(property: &Value) -> String {
    if let Some(values) = property["enum"].as_array() {
        return values.iter().map(|it| format!("'{}'", it.as_str().unwrap())).collect::<Vec<_>>().join(" | ");
    }
    let kinds = property["type"].clone();
    let kinds = kinds.as_array().cloned().unwrap_or_else(|| vec![kinds]);
    let kind = kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null");
    match kind.expect("a type") {
        "integer" | "number" => "number".into(),
        "array" => format!("{}[]", type_of(&property["items"])),
        "object" => {
            let required: Vec<_> = property["required"].as_array().into_iter().flatten().collect();
            let fields = properties(property).map(|(name, field)| {
                let optional = if required.iter().any(|it| *it == name) { "" } else { "?" };
                format!("{name}{optional}: {}", type_of(field))
            });
            format!("{{ {} }}", fields.collect::<Vec<_>>().join("; "))
        }
        kind @ ("string" | "boolean") => kind.into(),
        other => panic!("the type {other}"),
    }
}

#[test]
fn grammars() {
    let phases = Phase::ALL.map(Phase::name).join("|");
    let others = [Subject::Deploy, Subject::Delete, Subject::PodsReady, Subject::PodsGone];
    let subjects = format!("{phases}|{}", others.map(Subject::name).join("|"));
    for (file, group, names) in [
        ("draft-tasks.tmLanguage.json", "(?i:", phases),
        ("draft-tasks-output.tmLanguage.json", "^(?:", subjects),
    ] {
        let path = format!("editors/vscode/syntaxes/{file}");
        let text =
            std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(&path)).unwrap();
        check(&path, &with_names(&text, group, &names));
    }
}

/// A grammar in which each such group has these names.
fn with_names(grammar: &str, group: &str, names: &str) -> String {
    let mut pieces = grammar.split(group);
    let mut text = pieces.next().unwrap().to_owned();
    let before = text.len();
    for piece in pieces {
        let (_, rest) = piece.split_once(')').unwrap();
        text += &format!("{group}{names}){rest}");
    }
    assert!(text.len() > before, "no group `{group}`");
    text
}
