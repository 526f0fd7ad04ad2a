//! The JSON Schemas of the files that people write, and that they allow what is read.
//!
//! Must not hold facts of its own: what it renders comes from the types.

use std::path::Path;

use draft_tasks_analysis::file_names::{SETTINGS_FILE, TASKS_FILE};
use draft_tasks_analysis::phase::Phase;
use serde_json::Value;

use super::{EXAMPLE, check, schema};
use crate::settings::project::Project;
use crate::settings::{Config, Setting, setting};

#[test]
fn the_example_of_settings_is_right() {
    assert_eq!(Project::of_text(EXAMPLE).problems, []);
}

/// Where schemas are found by others.
const SCHEMAS: &str = "https://json-schema.org/draft/2020-12/schema";

#[test]
fn project_schema() {
    let mut schema = schema::<Config>();
    schema["title"] = SETTINGS_FILE.into();
    schema["description"] = "The settings that a project can make for everybody who works on it, in a \
                             `.draft-tasks.config.toml` beside its tasks file; the editor's settings and the options of the \
                             command line go before it."
        .into();
    leave_projects(&mut schema, setting(&[]).unwrap());
    for table in setting(&[]).unwrap().settings.iter().filter(|setting| setting.is_table()) {
        let reference = schema["properties"][table.name]["$ref"].as_str().unwrap().to_owned();
        let definition = schema.pointer_mut(reference.strip_prefix('#').unwrap()).unwrap();
        leave_projects(definition, table);
        if let Some(defaults) = schema["properties"][table.name]["default"].as_object_mut() {
            defaults.retain(|name, _| is_for_projects(table, name));
        }
    }
    let text = schema.to_string();
    let is_used = |name: &String| text.contains(&format!("\"#/$defs/{name}\""));
    schema["$defs"].as_object_mut().unwrap().retain(|name, _| is_used(name));
    check("docs/draft-tasks.config.schema.json", &(serde_json::to_string_pretty(&schema).unwrap() + "\n"));
}

/// Takes what a project cannot set out of a table's schema.
fn leave_projects(schema: &mut Value, table: &Setting) {
    schema["additionalProperties"] = false.into();
    schema["properties"].as_object_mut().unwrap().retain(|name, _| is_for_projects(table, name));
}

fn is_for_projects(table: &Setting, name: &str) -> bool {
    table.settings.iter().any(|setting| setting.name == name && setting.is_for_projects())
}

#[test]
fn tasks_schema() {
    let phase = |phase: Phase| {
        let table =
            serde_json::json!({ "description": format!("Runs {}.", phase.when()), "$ref": "#/$defs/tasks" });
        (phase.name().to_owned(), table)
    };
    let phases: serde_json::Map<String, Value> = Phase::ALL.into_iter().map(phase).collect();
    let schema = serde_json::json!({
        "$schema": SCHEMAS,
        "title": TASKS_FILE,
        "description": "The tasks file of Draft (DEP-8): commands that run at points of an application's life.",
        "type": "object",
        "properties": phases,
        "$defs": {
            "tasks": {
                "type": "object",
                "additionalProperties": { "type": "string", "description": "The command that the task runs." },
            },
        },
    });
    check("docs/draft-tasks.schema.json", &(serde_json::to_string_pretty(&schema).unwrap() + "\n"));
}

/// The validator of a schema among the rendered files.
fn validator(name: &str) -> jsonschema::Validator {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name);
    let schema = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

#[test]
fn the_schema_of_tasks_files_allows_the_examples_and_no_mistakes() {
    let schema = validator("draft-tasks.schema.json");
    let allowed = |text: &str| schema.is_valid(&toml::from_str(text).unwrap());
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    for example in [".", "dep-8", "go-app", "failing", "clean/minimal", "clean/rails-shop", "clean/windows"] {
        let file = examples.join(example).join(TASKS_FILE);
        assert!(allowed(&std::fs::read_to_string(&file).unwrap()), "{}", file.display());
    }
    assert!(allowed("[tool]\nx = 5\n"), "Draft ignores other tables");
    assert!(!allowed("[pre-up]\na = 5\n") && !allowed("cleanup = \"x\"\n"));
}

#[test]
fn the_schema_of_settings_allows_what_is_read_without_a_problem() {
    let schema = validator("draft-tasks.config.schema.json");
    for text in [
        EXAMPLE,
        "",
        "semantics = \"draft\"\n",
        "semantics = \"bash\"\n",
        "semantics = 5\n",
        "theme = \"dark\"\n",
        "rules = 5\n",
        "[rules]\nphase-case = \"off\"\n",
        "[rules]\nphase-case = \"of\"\n",
        "[rules]\nE501 = \"off\"\n",
        "[rules]\nsyntax = \"off\"\n",
        "[onFailure]\ncleanup = \"stop\"\n",
        "[run]\ntimeout = \"5m\"\ntotalTimeout = 90\n",
        "[run]\nenvFile = \".env\"\n",
        "[kubernetes]\nselector = \"a=b\"\n",
        "[kubernetes]\ncontext = \"a\"\n",
        "[onFailure]\nclean = \"stop\"\n",
    ] {
        let right = Project::of_text(text).problems.is_empty();
        assert_eq!(schema.is_valid(&toml::from_str(text).unwrap()), right, "{text}");
    }
}
