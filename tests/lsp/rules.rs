//! What holds for everything that the server ever sends, whatever a test is about.
//!
//! Must not wait or answer: it looks at one message after another.

use std::collections::HashMap;

use serde_json::Value;

/// Watches the server's messages.
#[derive(Default)]
pub(crate) struct Rules {
    /// The version of the last diagnostics of each open document.
    versions: HashMap<String, i64>,
    progress: HashMap<String, Progress>,
    /// Whether there are folders whose files are told of when they are not open.
    looks_at_folders: bool,
    /// What was wrong.
    pub(crate) broken: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Progress {
    Asked,
    Begun,
    Ended,
}

/// The requests that the server may have.
const REQUESTS: [&str; 9] = [
    "client/registerCapability",
    "window/showDocument",
    "window/showMessageRequest",
    "window/workDoneProgress/create",
    "workspace/applyEdit",
    "workspace/codeLens/refresh",
    "workspace/configuration",
    "workspace/inlayHint/refresh",
    "workspace/textDocumentContent/refresh",
];

/// The notifications that the server may send.
const NOTIFICATIONS: [&str; 8] = [
    "$/progress",
    "draft-tasks/output",
    "draft-tasks/run",
    "draft-tasks/didChangeJobs",
    "draft-tasks/didChangeTarget",
    "textDocument/publishDiagnostics",
    "window/logMessage",
    "window/showMessage",
];

impl Rules {
    /// For a client that has folders open or not.
    pub(crate) fn of_client(looks_at_folders: bool) -> Rules {
        Rules { looks_at_folders, ..Rules::default() }
    }

    pub(crate) fn look_at(&mut self, message: &Value) {
        let params = &message["params"];
        let problem = match (message["method"].as_str(), message.get("id")) {
            _ if message["jsonrpc"] != "2.0" => Some("a message without its version".to_owned()),
            (Some("window/workDoneProgress/create"), Some(_)) => {
                let again = self.progress.insert(params["token"].to_string(), Progress::Asked);
                again.map(|_| "a progress token for the second time".to_owned())
            }
            (Some(method), Some(_)) => (!REQUESTS.contains(&method)).then(|| format!("the request {method}")),
            (Some("textDocument/publishDiagnostics"), None) => self.diagnostics(params),
            (Some("$/progress"), None) => self.progress(params),
            (Some(method), None) => {
                (!NOTIFICATIONS.contains(&method)).then(|| format!("the notification {method}"))
            }
            (None, Some(_)) if message.get("result").is_some() != message.get("error").is_some() => None,
            (None, _) => Some("neither a request nor a response".to_owned()),
        };
        if let Some(problem) = problem {
            self.broken.push(format!("{problem}: {message}"));
        }
    }

    /// Diagnostics never go back to an older version, and those of our files without a version are the end of a
    /// document, where no folder is open; settings and draft.toml have theirs while they are not open, and other files have
    /// what tasks report of them.
    fn diagnostics(&mut self, params: &Value) -> Option<String> {
        let uri = params["uri"].as_str()?.to_owned();
        let Some(version) = params["version"].as_i64() else {
            self.versions.remove(&uri);
            let is_beside = uri.ends_with(".draft-tasks.config.toml") || uri.ends_with("/draft.toml");
            let ours = uri.ends_with(".toml") && !is_beside && !self.looks_at_folders;
            let empty = params["diagnostics"].as_array().is_some_and(Vec::is_empty);
            return (ours && !empty).then(|| "diagnostics without a version".to_owned());
        };
        let last = self.versions.insert(uri, version);
        last.filter(|last| *last > version).map(|last| format!("diagnostics after those of version {last}"))
    }

    /// Progress is asked for, begins, and ends once.
    fn progress(&mut self, params: &Value) -> Option<String> {
        let kind = params["value"]["kind"].as_str().unwrap_or("none").to_owned();
        let state = self.progress.get_mut(&params["token"].to_string());
        match (state, kind.as_str()) {
            (Some(state @ Progress::Asked), "begin") => *state = Progress::Begun,
            (Some(Progress::Begun), "report") => {}
            (Some(state @ Progress::Begun), "end") => *state = Progress::Ended,
            (state, kind) => return Some(format!("progress {kind} when it is {state:?}")),
        }
        None
    }
}
