//! Where the names in commands lead.

use serde_json::{Value, json};

use crate::client::{Client, at};
use crate::project::Project;
use crate::text::length;

fn project(commands: &str) -> Project {
    Project::new(&format!("[pre-up]\n{commands}[post-deploy]\nz = './scripts/é x.sh'\n"))
}

#[track_caller]
fn definition(client: &mut Client, project: &Project, line: u64, word: &str, encoding: &str) -> Value {
    let text = project.text.lines().nth(line as usize).expect("a line");
    let at_word = text.find(word).expect("the word");
    let character = length(&text[..at_word], encoding) as u64 + 1;
    client.request("textDocument/definition", at(&project.uri, line, character))
}

#[test]
fn names_lead_to_their_definitions() {
    for encoding in ["utf-8", "utf-16", "utf-32"] {
        let mut client = Client::with(|setup| setup.encodings = vec![encoding]);
        let project = project(
            "a = \"'./scripts/\\u00e9 x.sh' 🚀\"\nb = 'make 🚀 -j test'\nc = \"npm run build:é\"\n\
             d = 'helm upgrade x charts/db'\ne = 'docker build -f Dockerfile .'\nf = 'cat draft.toml'\n",
        );
        let script = project.write("scripts/é x.sh", "");
        let makefile = project.write("Makefile", "A := x\n# 🚀:\nall 🚀: test\n\nlib test: x\n");
        let package =
            project.write("package.json", "{\n  \"scripts\": { \"🚀\": \"x\", \"build:é\": \"tsc\" }\n}");
        let chart = project.write("charts/db/Chart.yaml", "");
        let docker = project.write("Dockerfile", "");
        let draft = project.write("draft.toml", "");
        client.open(&project);
        let mut leads = |line, word| {
            let found = definition(&mut client, &project, line, word, encoding);
            (
                found["uri"].clone(),
                found["range"]["start"]["line"].clone(),
                found["range"]["start"]["character"].clone(),
            )
        };
        let first = |uri: &String| (json!(uri), json!(0), json!(0));
        assert_eq!(leads(1, "scripts"), first(&script), "{encoding}");
        assert_eq!(leads(2, "🚀"), (json!(makefile), json!(2), json!(4)));
        assert_eq!(leads(2, "test"), (json!(makefile), json!(4), json!(4)));
        let column = length("  \"scripts\": { \"🚀\": \"x\", \"", encoding);
        assert_eq!(leads(3, "build"), (json!(package), json!(1), json!(column)));
        assert_eq!(leads(4, "charts"), first(&chart));
        assert_eq!((leads(5, "Dockerfile"), leads(5, ".")), (first(&docker), first(&docker)));
        assert_eq!(leads(6, "draft"), first(&draft));
        assert_eq!(leads(6, "cat").0, Value::Null);
        assert_eq!(leads(8, "scripts").0, Value::Null, "a pod has other files");
    }
}

#[test]
fn links_are_only_to_what_exists() {
    let project = project("a = './run.sh && ./gone.sh'\nb = \"make all none\"\nc = 'cat ./folder'\n");
    let script = project.write("run.sh", "");
    let makefile = project.write("makefile", "x:\nall:\n");
    project.write("folder/x", "");
    let mut client = Client::start();
    client.open(&project);
    let links = client.about("textDocument/documentLink", &project.uri);
    let links: Vec<_> = links.as_array().expect("a list").iter().map(|link| link["target"].clone()).collect();
    assert_eq!(links, [json!(script), json!(format!("{makefile}#L2"))]);
}

#[test]
fn a_pipe_is_not_waited_for() {
    let project = project("a = 'make all'\n");
    let made = std::process::Command::new("mkfifo").arg(project.file("Makefile")).status();
    assert!(made.expect("mkfifo runs").success());
    let mut client = Client::start();
    client.open(&project);
    assert_eq!(client.about("textDocument/documentLink", &project.uri), json!([]));
    assert_eq!(definition(&mut client, &project, 1, "all", "utf-16"), Value::Null);
}

#[test]
fn a_file_that_is_not_saved_has_no_surroundings() {
    let mut client = Client::start();
    client.notify(
        "textDocument/didOpen",
        json!({ "textDocument": {
            "uri": "untitled:Untitled-1", "languageId": "draft-tasks", "version": 1,
            "text": "[pre-up]\na = './x.sh'\n",
        } }),
    );
    assert_eq!(client.about("textDocument/documentLink", "untitled:Untitled-1"), Value::Null);
    assert_eq!(client.request("textDocument/definition", at("untitled:Untitled-1", 1, 7)), Value::Null);
}
