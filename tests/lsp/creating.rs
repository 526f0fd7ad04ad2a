//! New tasks files: created by the client as the server asks, and only where nothing is.

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::client::{Client, Setup};
use crate::project::{Project, uri};
use crate::text::apply;

const CREATE: &str = "draft-tasks.create";
const TASKS: &str = "[pre-up]\na = \"echo $HOME\"\n";

/// A folder of Draft with the packs `go`, which has tasks, and `bare`, which has none.
fn packs() -> TempDir {
    let home = TempDir::new().expect("a directory");
    for (pack, text) in [("go", Some(TASKS)), ("bare", None)] {
        let pack = home.path().join("packs/github.com/Azure/draft/packs").join(pack);
        std::fs::create_dir_all(&pack).expect("a directory");
        if let Some(text) = text {
            std::fs::write(pack.join("tasks.toml"), text).expect("a file");
        }
    }
    home
}

fn with_packs(home: &TempDir, change: impl FnOnce(&mut Setup)) -> Client {
    Client::with(|setup| {
        setup.environment.push(("DRAFT_HOME", home.path().display().to_string()));
        change(setup);
    })
}

/// The file and the text that the server asks the client to create.
#[track_caller]
pub(crate) fn created(client: &mut Client) -> (String, String) {
    let asked = client.asked("workspace/applyEdit");
    let changes = &asked["edit"]["documentChanges"];
    let (create, edit) = (&changes[0], &changes[1]);
    assert_eq!(create["kind"], "create", "{asked}");
    assert_eq!(create["options"], json!({ "overwrite": false, "ignoreIfExists": false }));
    assert_eq!(edit["textDocument"]["uri"], create["uri"]);
    let text = apply("", &edit["edits"], "utf-16");
    (create["uri"].as_str().expect("a URI").to_owned(), text)
}

#[test]
fn a_folder_gets_a_file() {
    let (home, folder) = (packs(), TempDir::new().expect("a directory"));
    let mut client = with_packs(&home, |_| {});
    let file = uri(&folder.path().join(".draft-tasks.toml"));
    for (pack, text) in
        [(json!("go"), Some(TASKS)), (json!("Azure/draft/bare"), Some("")), (Value::Null, None)]
    {
        for place in [&uri(folder.path()), &file] {
            let answer = client.execute(CREATE, json!({ "uri": place, "pack": pack }));
            assert_eq!(answer, json!({ "uri": file }));
            let (created, content) = created(&mut client);
            assert_eq!(created, file);
            match text {
                Some(text) => assert_eq!(content, text),
                None => assert!(content.contains("\n[post-deploy]\n"), "{content}"),
            }
        }
    }
    assert!(!folder.path().join(".draft-tasks.toml").exists(), "the client writes, not the server");
}

#[test]
fn what_cannot_be_created_is_refused() {
    let (home, folder, project) = (packs(), TempDir::new().expect("a directory"), Project::new(""));
    let mut client = with_packs(&home, |_| {});
    let place = uri(folder.path());
    let other = uri(&folder.path().join("x.toml"));
    let deep = uri(&folder.path().join("none/.draft-tasks.toml"));
    for (argument, message) in [
        (json!({ "uri": project.uri }), "already exists; not overwritten"),
        (json!({ "uri": uri(project.path()), "pack": "go" }), "already exists; not overwritten"),
        (json!({ "uri": other }), "is neither a folder nor a `.draft-tasks.toml`"),
        (json!({ "uri": deep }), "there is no folder for"),
        (json!({ "uri": "untitled:x" }), "is neither a folder nor a file"),
        (json!({ "uri": place, "pack": "rust" }), "there is no pack `rust`"),
    ] {
        let error = client.execute_error(CREATE, argument);
        assert!(error["message"].as_str().is_some_and(|it| it.contains(message)), "{error}");
    }
    client.open_text(&uri(&folder.path().join(".draft-tasks.toml")), "");
    let error = client.execute_error(CREATE, json!({ "uri": place }));
    assert!(error["message"].as_str().is_some_and(|it| it.contains("exists")), "not saved yet: {error}");
    assert_eq!(client.execute_error(CREATE, Value::Null)["code"], -32602);
}

#[test]
fn only_with_trust_and_by_clients_that_can() {
    let (home, folder) = (packs(), TempDir::new().expect("a directory"));
    for (trusted, creates_files, message) in
        [(false, true, "not trusted"), (true, false, "open a new `.draft-tasks.toml`")]
    {
        let mut client = with_packs(&home, |setup| {
            setup.initialization_options = json!({ "trusted": trusted });
            setup.creates_files = creates_files;
        });
        let error = client.execute_error(CREATE, json!({ "uri": uri(folder.path()) }));
        assert!(error["message"].as_str().is_some_and(|it| it.contains(message)), "{error}");
    }
}

#[test]
fn an_editor_that_refuses_is_told_of() {
    let folder = TempDir::new().expect("a directory");
    let mut client = Client::with(|setup| setup.applies_edits = false);
    client.execute(CREATE, json!({ "uri": uri(folder.path()) }));
    let shown = client.notified("window/showMessage", |_| true);
    assert_eq!(shown["message"], "Create .draft-tasks.toml: the editor refused");
}

fn actions(client: &mut Client, project: &Project) -> Vec<(String, Value)> {
    let at = json!({ "line": 0, "character": 0 });
    let params = json!({
        "textDocument": { "uri": project.uri }, "range": { "start": at, "end": at }, "context": { "diagnostics": [] },
    });
    let found = client.request("textDocument/codeAction", params);
    let found = found.as_array().expect("a list").iter();
    let pairs = found.map(|it| (it["title"].as_str().expect("a title").to_owned(), it["edit"].clone()));
    pairs.filter(|(title, _)| title.contains("from pack")).collect()
}

#[test]
fn an_empty_file_becomes_that_of_a_pack() {
    let (home, project) = (packs(), Project::new("\n\n"));
    let mut client = with_packs(&home, |_| {});
    client.open(&project);
    let found = actions(&mut client, &project);
    let [(title, edit)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(title, "Create `.draft-tasks.toml` from pack github.com/Azure/draft/go");
    assert_eq!(apply(&project.text, &edit["changes"][&project.uri], "utf-16"), TASKS);
    client.replace(&project.uri, 2, "# mine\n");
    assert_eq!(actions(&mut client, &project), []);
    let mut client = with_packs(&home, |setup| setup.initialization_options = json!({ "trusted": false }));
    client.open(&project);
    assert_eq!(actions(&mut client, &project), []);
}
