//! What ran last, run again: the same as on the command line.

use serde_json::json;

use crate::client::Client;
use crate::project::Project;
use crate::runs::{own_output, story};

const DEPLOY_FAILED: &str =
    "up failed in the deploy command, which does not run again alone: use \"Deploy with Tasks\"";

fn again(client: &mut Client, project: &Project) -> Vec<String> {
    ["draft-tasks.rerun", "draft-tasks.rerunFailed"]
        .map(|command| {
            let error = client.execute_error(command, json!({ "uri": project.uri }));
            error["message"].as_str().expect("a message").to_owned()
        })
        .to_vec()
}

#[test]
fn is_refused_where_a_step_of_up_failed_also_by_the_next_server() {
    let project = Project::with_tasks("pre-up", &[("build", "sh -c 'echo >>count'")]);
    let mut client = own_output();
    client.open(&project);
    let up = client.execute("draft-tasks.up", json!({ "uri": project.uri, "command": ["false"] }));
    story(&mut client, up["run"].as_str().expect("a run"));
    let refused = client.eventually("the deploy command fails", |client| {
        Some(again(client, &project)).filter(|said| !said[0].contains("is running"))
    });
    assert_eq!(refused, [DEPLOY_FAILED, DEPLOY_FAILED]);
    client.notified("window/showMessage", |said| said["message"].to_string().contains("up failed in"));
    client.take_all("window/showMessage");
    let state = client.state.path().display().to_string();
    let mut next = Client::with(|setup| setup.environment.push(("DRAFT_TASKS_STATE_DIR", state)));
    next.open_and_wait(&project);
    let refused = next.eventually("the records are read", |client| {
        Some(again(client, &project)).filter(|said| said[0] != "nothing has run yet")
    });
    assert_eq!(refused, [DEPLOY_FAILED, DEPLOY_FAILED]);
    assert_eq!(std::fs::read_to_string(project.file("count")).expect("a file"), "\n");
}
