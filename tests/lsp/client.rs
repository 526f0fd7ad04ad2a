//! A client of the language server: starts the binary, speaks with it, and in the end checks that nothing was left.
//!
//! Must not wait for time to pass, and must not let anything pass that no test expected.

use std::collections::{HashMap, HashSet, VecDeque};
use std::io::{BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::processes::{self, Mark};
use crate::project::Project;
use crate::rules::Rules;
use crate::wire;

/// No answer of a healthy server takes this long, however loaded the machine is.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

/// The server promises to end within this time.
pub(crate) const END: Duration = Duration::from_secs(2);

/// What the client can do and how it starts the server; the default is an editor that can do everything standard.
pub(crate) struct Setup {
    pub(crate) encodings: Vec<&'static str>,
    pub(crate) snippets: bool,
    pub(crate) symbol_tree: bool,
    pub(crate) code_action_literals: bool,
    pub(crate) related_information: bool,
    pub(crate) lens_refresh: bool,
    /// Asks for tokens, folds, selections, hints and links, and prepares renames.
    pub(crate) shows_more: bool,
    /// Edits may create files.
    pub(crate) creates_files: bool,
    /// Edits may say which version of a document they are for.
    pub(crate) versions_edits: bool,
    /// Tells the texts of more documents when it is asked to.
    pub(crate) registers_documents: bool,
    /// Tokens may go over several lines.
    pub(crate) multiline_tokens: bool,
    pub(crate) progress: bool,
    /// Announces and answers `workspace/configuration`.
    pub(crate) configuration: bool,
    /// Watches files when it is asked to.
    pub(crate) watches_files: bool,
    /// Also outside of the workspace.
    pub(crate) watches_elsewhere: bool,
    /// Announces `draft-tasks/output`.
    pub(crate) own_output: bool,
    /// Shows colours in output.
    pub(crate) colors: bool,
    /// Announces its first version.
    pub(crate) old_output: bool,
    /// Answers the server's requests at all.
    pub(crate) answers: bool,
    pub(crate) agrees_to_progress: bool,
    pub(crate) applies_edits: bool,
    /// What it answers questions and offers with.
    pub(crate) chooses: Option<&'static str>,
    pub(crate) opens_documents: bool,
    pub(crate) virtual_documents: bool,
    /// What is below `draftTasks`.
    pub(crate) settings: Value,
    /// What is below it for folders, by their URIs.
    pub(crate) folder_settings: Vec<(String, Value)>,
    pub(crate) initialization_options: Value,
    pub(crate) process_id: Option<u32>,
    pub(crate) folders: Vec<String>,
    pub(crate) environment: Vec<(&'static str, String)>,
    /// Where `strace` writes which programs are started and what is connected to.
    pub(crate) trace: Option<PathBuf>,
}

impl Default for Setup {
    fn default() -> Setup {
        Setup {
            encodings: vec!["utf-16"],
            snippets: true,
            symbol_tree: true,
            code_action_literals: true,
            related_information: true,
            lens_refresh: true,
            shows_more: true,
            creates_files: true,
            versions_edits: true,
            registers_documents: false,
            multiline_tokens: false,
            progress: true,
            configuration: true,
            watches_files: true,
            watches_elsewhere: false,
            own_output: false,
            colors: false,
            old_output: false,
            answers: true,
            agrees_to_progress: true,
            applies_edits: true,
            chooses: None,
            opens_documents: false,
            virtual_documents: false,
            settings: Value::Null,
            folder_settings: Vec::new(),
            initialization_options: Value::Null,
            process_id: None,
            folders: Vec::new(),
            environment: Vec::new(),
            trace: None,
        }
    }
}

impl Setup {
    /// A client of the bare protocol.
    pub(crate) fn plain(&mut self) {
        *self = Setup {
            encodings: Vec::new(),
            snippets: false,
            symbol_tree: false,
            code_action_literals: false,
            related_information: false,
            lens_refresh: false,
            shows_more: false,
            creates_files: false,
            versions_edits: false,
            progress: false,
            configuration: false,
            watches_files: false,
            ..std::mem::take(self)
        };
    }

    fn command(&self) -> Command {
        let server = env!("CARGO_BIN_EXE_draft-tasks");
        let Some(trace) = &self.trace else { return Command::new(server) };
        let mut strace = Command::new("strace");
        strace.args(["-f", "-qq", "-e", "trace=execve,execveat,connect", "-o"]).arg(trace).arg(server);
        strace
    }

    /// The parameters of `initialize`.
    pub(crate) fn initialize(&self) -> Value {
        let mut text = json!({
            "completion": { "completionItem": { "snippetSupport": self.snippets } },
            "documentSymbol": { "hierarchicalDocumentSymbolSupport": self.symbol_tree },
            "publishDiagnostics": { "relatedInformation": self.related_information },
        });
        if self.shows_more {
            text["publishDiagnostics"]["tagSupport"] = json!({ "valueSet": [1, 2] });
            text["publishDiagnostics"]["codeDescriptionSupport"] = json!(true);
            text["semanticTokens"] = json!({
                "requests": { "full": true, "range": true },
                "tokenTypes": [], "tokenModifiers": [], "formats": ["relative"],
                "multilineTokenSupport": self.multiline_tokens,
            });
            for feature in ["foldingRange", "selectionRange", "inlayHint", "documentLink"] {
                text[feature] = json!({});
            }
            text["rename"] = json!({ "prepareSupport": true });
        }
        if self.code_action_literals {
            text["codeAction"] =
                json!({ "codeActionLiteralSupport": { "codeActionKind": { "valueSet": [""] } } });
        }
        let mut capabilities = json!({
            "textDocument": text,
            "window": { "workDoneProgress": self.progress },
            "workspace": {
                "configuration": self.configuration,
                "didChangeWatchedFiles": {
                    "dynamicRegistration": self.watches_files,
                    "relativePatternSupport": self.watches_elsewhere,
                },
                "didChangeConfiguration": { "dynamicRegistration": self.configuration },
                "codeLens": { "refreshSupport": self.lens_refresh },
                "inlayHint": { "refreshSupport": self.shows_more },
            },
        });
        if self.opens_documents {
            capabilities["window"]["showDocument"] = json!({ "support": true });
        }
        if self.virtual_documents {
            capabilities["workspace"]["textDocumentContent"] = json!({});
        }
        if self.versions_edits {
            capabilities["workspace"]["workspaceEdit"] = json!({ "documentChanges": true });
        }
        if self.creates_files {
            capabilities["workspace"]["workspaceEdit"]["resourceOperations"] = json!(["create"]);
            capabilities["workspace"]["applyEdit"] = true.into();
        }
        if self.registers_documents {
            capabilities["textDocument"]["synchronization"] = json!({ "dynamicRegistration": true });
        }
        if !self.encodings.is_empty() {
            capabilities["general"] = json!({ "positionEncodings": self.encodings });
        }
        if self.old_output {
            capabilities["experimental"] = json!({ "draftTasks": { "output": true } });
        }
        if self.own_output {
            capabilities["experimental"] = json!({ "draftTasks": { "output": 2, "colors": self.colors } });
        }
        let folder = |uri: &String| json!({ "uri": uri, "name": uri });
        json!({
            "processId": self.process_id,
            "rootUri": self.folders.first(),
            "workspaceFolders": self.folders.iter().map(folder).collect::<Vec<_>>(),
            "initializationOptions": self.initialization_options,
            "capabilities": capabilities,
        })
    }
}

/// The client, and with it the server.
pub(crate) struct Client {
    server: Child,
    mark: Mark,
    shared: Arc<Shared>,
    received: Receiver<Value>,
    inbox: Inbox,
    next_id: i64,
    ended: Option<ExitStatus>,
    /// What `initialize` answered.
    pub(crate) initialized: Value,
    /// Where the server keeps records.
    pub(crate) state: tempfile::TempDir,
}

/// What the client shares with the thread that reads the server's messages.
struct Shared {
    stdin: Mutex<Option<ChildStdin>>,
    answers: Mutex<Answers>,
    rules: Mutex<Rules>,
    errors: Mutex<String>,
    reading: Mutex<Reading>,
    reads_again: Condvar,
}

/// Whether the client reads what the server writes.
#[derive(PartialEq)]
enum Reading {
    Goes,
    Pauses,
    /// The client closes the stream when it next reads.
    Ends,
}

struct Answers {
    any: bool,
    progress: bool,
    applies_edits: bool,
    chooses: Option<&'static str>,
    settings: Value,
    folder_settings: Vec<(String, Value)>,
}

/// Messages that no test has taken yet.
#[derive(Default)]
struct Inbox {
    responses: HashMap<i64, Value>,
    /// Responses to nothing in particular, whose id is null.
    refusals: VecDeque<Value>,
    /// Notifications and requests.
    others: VecDeque<Value>,
    /// Requests whose answers nobody wants.
    forgotten: HashSet<i64>,
}

impl Client {
    /// An editor that can do everything, after its first words with the server.
    pub(crate) fn start() -> Client {
        Client::with(|_| {})
    }

    /// A client with another setup.
    pub(crate) fn with(change: impl FnOnce(&mut Setup)) -> Client {
        let mut setup = Setup::default();
        change(&mut setup);
        let mut client = Client::spawn(&setup);
        client.initialized = client.request("initialize", setup.initialize());
        client.notify("initialized", json!({}));
        client
    }

    /// A client that has not said anything yet.
    pub(crate) fn silent() -> Client {
        Client::spawn(&Setup::default())
    }

    pub(crate) fn spawn(setup: &Setup) -> Client {
        let mark = Mark::new();
        let state = tempfile::TempDir::new().expect("a directory for records");
        let (variable, value) = mark.variable();
        let mut server = setup
            .command()
            .arg("lsp")
            .env(variable, value)
            .env_remove("DRAFT_TASKS_LOG")
            .env("DRAFT_TASKS_STATE_DIR", state.path())
            .envs(setup.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let shared = Arc::new(Shared {
            stdin: Mutex::new(server.stdin.take()),
            answers: Mutex::new(Answers {
                any: setup.answers,
                progress: setup.agrees_to_progress,
                applies_edits: setup.applies_edits,
                chooses: setup.chooses,
                settings: setup.settings.clone(),
                folder_settings: setup.folder_settings.clone(),
            }),
            rules: Mutex::new(Rules::of_client(!setup.folders.is_empty())),
            errors: Mutex::default(),
            reading: Mutex::new(Reading::Goes),
            reads_again: Condvar::new(),
        });
        let (sender, received) = channel();
        let (stdout, stderr) = (server.stdout.take().expect("a pipe"), server.stderr.take().expect("a pipe"));
        let reader = shared.clone();
        std::thread::spawn(move || reader.read_messages(stdout, &sender));
        let reader = shared.clone();
        std::thread::spawn(move || reader.read_errors(stderr));
        let inbox = Inbox::default();
        Client {
            server,
            mark,
            shared,
            received,
            inbox,
            next_id: 0,
            ended: None,
            initialized: Value::Null,
            state,
        }
    }

    pub(crate) fn server(&self) -> &Child {
        &self.server
    }

    pub(crate) fn server_mut(&mut self) -> &mut Child {
        &mut self.server
    }

    /// How many processes there are: the server and what tasks have started.
    pub(crate) fn living(&self) -> usize {
        self.mark.living().len()
    }

    /// Fails when a process that a task has started lives.
    #[track_caller]
    pub(crate) fn assert_only_server_lives(&self) {
        self.mark.assert_lives(1);
    }

    // Sending

    /// Sends bytes as they are.
    pub(crate) fn write(&self, bytes: &[u8]) {
        self.write_in_pieces(bytes, bytes.len().max(1));
    }

    /// Sends bytes a few at a time, and no answer to a request of the server between them.
    pub(crate) fn write_in_pieces(&self, bytes: &[u8], length: usize) {
        let mut stdin = lock(&self.shared.stdin);
        let stdin = stdin.as_mut().expect("the server's input is open");
        bytes.chunks(length).for_each(|piece| stdin.write_all(piece).expect("the server reads"));
    }

    pub(crate) fn send(&self, message: &Value) {
        self.write(&wire::frame(message));
    }

    pub(crate) fn notify(&self, method: &str, params: Value) {
        self.send(&notification(method, params));
    }

    /// Sends a request and gives its id, for an answer that is taken later.
    pub(crate) fn ask(&mut self, method: &str, params: Value) -> i64 {
        let (id, message) = self.request_message(method, params);
        self.send(&message);
        id
    }

    /// A request that is not yet sent.
    pub(crate) fn request_message(&mut self, method: &str, params: Value) -> (i64, Value) {
        self.next_id += 1;
        let mut message = notification(method, params);
        message["id"] = self.next_id.into();
        (self.next_id, message)
    }

    /// What the server answers, which must not be an error.
    #[track_caller]
    pub(crate) fn request(&mut self, method: &str, params: Value) -> Value {
        let id = self.ask(method, params);
        self.answer(id).unwrap_or_else(|error| panic!("{method} was answered with the error {error}"))
    }

    /// The error that the server answers.
    #[track_caller]
    pub(crate) fn request_error(&mut self, method: &str, params: Value) -> Value {
        let id = self.ask(method, params);
        match self.answer(id) {
            Ok(result) => panic!("{method} was answered with {result} and not with an error"),
            Err(error) => error,
        }
    }

    /// Runs a command of the server.
    #[track_caller]
    pub(crate) fn execute(&mut self, command: &str, argument: Value) -> Value {
        self.request("workspace/executeCommand", json!({ "command": command, "arguments": [argument] }))
    }

    /// Why a command is not done: the error, or what the user is told in place of one that would be a number to them.
    #[track_caller]
    pub(crate) fn execute_error(&mut self, command: &str, argument: Value) -> Value {
        let params = json!({ "command": command, "arguments": [argument] });
        let id = self.ask("workspace/executeCommand", params);
        match self.answer(id) {
            Err(error) => error,
            Ok(Value::Null) => {
                let told = ["window/showMessage", "window/showMessageRequest"];
                let is_told = |message: &Value| told.iter().any(|method| message["method"] == **method);
                self.wait("why not", |inbox| inbox.take(is_told))
            }
            Ok(answer) => panic!("{command} was answered with {answer}"),
        }
    }

    /// Asks what is never answered to a client that does not read; an answer that comes nevertheless does not count.
    pub(crate) fn ask_and_forget(&mut self, method: &str, params: Value) {
        let id = self.ask(method, params);
        self.forget(id);
    }

    /// Whether the answer to a request has come.
    pub(crate) fn is_answered(&mut self, id: i64) -> bool {
        while let Ok(message) = self.received.try_recv() {
            self.inbox.put(message);
        }
        self.inbox.responses.contains_key(&id)
    }

    /// Takes an answer that may never come for none.
    pub(crate) fn forget(&mut self, id: i64) {
        self.inbox.responses.remove(&id);
        self.inbox.forgotten.insert(id);
    }

    /// Asks a server that may have ended.
    pub(crate) fn try_ask(&mut self, method: &str, params: Value) -> std::io::Result<()> {
        let (id, message) = self.request_message(method, params);
        self.inbox.forgotten.insert(id);
        let mut stdin = lock(&self.shared.stdin);
        stdin.as_mut().expect("the server's input is open").write_all(&wire::frame(&message))
    }

    // Documents

    /// Opens the project's tasks file as it is on disk, with version 1.
    pub(crate) fn open(&self, project: &Project) {
        self.open_text(&project.uri, &project.text);
    }

    /// Opens a document and waits for its diagnostics.
    #[track_caller]
    pub(crate) fn open_and_wait(&mut self, project: &Project) -> Value {
        self.open(project);
        self.diagnostics(&project.uri, 1)
    }

    pub(crate) fn open_text(&self, uri: &str, text: &str) {
        let document = json!({ "uri": uri, "languageId": "toml", "version": 1, "text": text });
        self.notify("textDocument/didOpen", json!({ "textDocument": document }));
    }

    /// Replaces the whole text.
    pub(crate) fn replace(&self, uri: &str, version: i64, text: &str) {
        self.change(uri, version, vec![json!({ "text": text })]);
    }

    pub(crate) fn change(&self, uri: &str, version: i64, changes: Vec<Value>) {
        self.send(&did_change(uri, version, changes));
    }

    pub(crate) fn close(&self, uri: &str) {
        self.notify("textDocument/didClose", json!({ "textDocument": { "uri": uri } }));
    }

    #[track_caller]
    pub(crate) fn hover(&mut self, uri: &str, line: u64, character: u64) -> Value {
        self.request("textDocument/hover", at(uri, line, character))
    }

    /// A request about a whole document.
    #[track_caller]
    pub(crate) fn about(&mut self, method: &str, uri: &str) -> Value {
        let options = json!({ "tabSize": 4, "insertSpaces": true });
        self.request(method, json!({ "textDocument": { "uri": uri }, "options": options }))
    }

    // Receiving

    /// The answer to a request; the messages before it stay in the inbox.
    #[track_caller]
    pub(crate) fn answer(&mut self, id: i64) -> Result<Value, Value> {
        let response = self.wait(&format!("the answer to request {id}"), |inbox| inbox.responses.remove(&id));
        match response.get("error") {
            Some(error) => Err(error.clone()),
            None => Ok(response["result"].clone()),
        }
    }

    /// How many answers nobody has taken that came before what was taken last.
    pub(crate) fn answers_by_now(&self) -> usize {
        self.inbox.responses.len()
    }

    /// The next error that the server sent about a message without an id.
    #[track_caller]
    pub(crate) fn refusal(&mut self) -> Value {
        let refusal = self.wait("a refusal", |inbox| inbox.refusals.pop_front());
        refusal["error"].clone()
    }

    /// The response with an id that no request of this client has.
    #[track_caller]
    pub(crate) fn response_with_id(&mut self, id: &Value) -> Value {
        self.wait(&format!("the response {id}"), |inbox| {
            let known = id.as_i64().and_then(|id| inbox.responses.remove(&id));
            let index = inbox.refusals.iter().position(|response| response["id"] == *id);
            known.or_else(|| inbox.refusals.remove(index?))
        })
    }

    /// The parameters of the next notification of a method that are wanted; those before it stay in the inbox.
    #[track_caller]
    pub(crate) fn notified(&mut self, method: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        self.wait(method, |inbox| inbox.take(|it| it["method"] == method && wanted(&it["params"])))
    }

    /// The parameters of the next request of the server, which is answered already.
    #[track_caller]
    pub(crate) fn asked(&mut self, method: &str) -> Value {
        self.notified(method, |_| true)
    }

    /// The id of the next request of the server, to a client that answers none.
    #[track_caller]
    pub(crate) fn asked_by(&mut self, method: &str) -> Value {
        let take = |inbox: &mut Inbox| {
            let index = inbox.others.iter().position(|message| message["method"] == method)?;
            Some(inbox.others.remove(index)?["id"].take())
        };
        self.wait(method, take)
    }

    /// What is told next of a run to a client with its own output: a state or a piece of output.
    #[track_caller]
    pub(crate) fn told_of_run(&mut self, run: &str) -> Value {
        self.wait(&format!("word of {run}"), |inbox| inbox.take_told(run))
    }

    /// What was told of a run, if it has come by now.
    pub(crate) fn told_of_run_by_now(&mut self, run: &str) -> Option<Value> {
        self.receive();
        self.inbox.take_told(run)
    }

    fn receive(&mut self) {
        while let Ok(message) = self.received.try_recv() {
            self.inbox.put(message);
        }
    }

    /// The messages of a method that have come by now.
    pub(crate) fn take_all(&mut self, method: &str) -> Vec<Value> {
        self.receive();
        std::iter::from_fn(|| self.inbox.take(|message| message["method"] == method)).collect()
    }

    /// The diagnostics of a version of a document; those of older versions are dropped.
    #[track_caller]
    pub(crate) fn diagnostics(&mut self, uri: &str, version: i64) -> Value {
        self.diagnostics_that(uri, |params| params["version"] == version)
    }

    /// The next diagnostics of a document that are wanted; those before are dropped.
    #[track_caller]
    pub(crate) fn diagnostics_that(&mut self, uri: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let params = self.notified("textDocument/publishDiagnostics", |params| params["uri"] == uri);
            if wanted(&params) {
                return params["diagnostics"].clone();
            }
        }
    }

    /// Asks again and again until the answer is there.
    #[track_caller]
    pub(crate) fn eventually<T>(&mut self, what: &str, mut look: impl FnMut(&mut Client) -> Option<T>) -> T {
        let deadline = Instant::now() + DEADLINE;
        loop {
            match look(self) {
                Some(found) => return found,
                None if Instant::now() > deadline => self.fail(&format!("{what} did not come about")),
                None => std::thread::sleep(Duration::from_millis(5)),
            }
        }
    }

    #[track_caller]
    fn wait<T>(&mut self, what: &str, take: impl Fn(&mut Inbox) -> Option<T>) -> T {
        let deadline = Instant::now() + DEADLINE;
        loop {
            if let Some(found) = take(&mut self.inbox) {
                return found;
            }
            match self.received.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(message) => self.inbox.put(message),
                Err(RecvTimeoutError::Timeout) => self.fail(&format!("{what} did not come in time")),
                Err(RecvTimeoutError::Disconnected) => {
                    self.fail(&format!("the server ended before {what} came"))
                }
            }
        }
    }

    #[track_caller]
    fn fail(&self, what: &str) -> ! {
        let errors = lock(&self.shared.errors);
        let mut inbox = String::new();
        for message in
            self.inbox.responses.values().chain(&self.inbox.refusals).chain(&self.inbox.others).take(50)
        {
            inbox += &format!("  {}\n", message.to_string().chars().take(400).collect::<String>());
        }
        panic!("{what}\ninbox:\n{inbox}standard error:\n{errors}");
    }

    /// Stops or goes on to read what the server writes.
    pub(crate) fn set_reading(&self, reads: bool) {
        let mut reading = lock(&self.shared.reading);
        if *reading != Reading::Ends {
            *reading = if reads { Reading::Goes } else { Reading::Pauses };
        }
        self.shared.reads_again.notify_all();
    }

    /// Closes the server's output from now on, after what is read next.
    pub(crate) fn close_stdout(&self) {
        *lock(&self.shared.reading) = Reading::Ends;
        self.shared.reads_again.notify_all();
    }

    /// What the server gets when it asks for settings.
    pub(crate) fn set_settings(&self, settings: Value) {
        lock(&self.shared.answers).settings = settings;
    }

    // The end

    /// Ends the conversation as the protocol says.
    #[track_caller]
    pub(crate) fn shut_down(&mut self) -> ExitStatus {
        let answer = self.request("shutdown", Value::Null);
        assert_eq!(answer, Value::Null, "the answer to shutdown");
        self.notify("exit", Value::Null);
        self.wait_for_end()
    }

    pub(crate) fn close_stdin(&self) {
        drop(lock(&self.shared.stdin).take());
    }

    /// Waits for the end of the server, which has been brought about in one way or another.
    #[track_caller]
    pub(crate) fn wait_for_end(&mut self) -> ExitStatus {
        self.wait_for_end_within(END)
    }

    /// Waits for the end of a server that still has something to answer.
    #[track_caller]
    pub(crate) fn wait_for_end_within(&mut self, limit: Duration) -> ExitStatus {
        let since = Instant::now();
        let status = processes::wait(&mut self.server, limit).unwrap_or_else(|| {
            let status = processes::wait(&mut self.server, DEADLINE);
            self.fail(&format!(
                "the server did not end within {limit:?}, but after {:?}: {status:?}",
                since.elapsed()
            ))
        });
        self.ended = Some(status);
        status
    }

    /// Fails when the server left processes, or said something that nobody expected.
    fn check_what_is_left(&mut self) {
        self.mark.assert_nothing_lives();
        self.set_reading(true);
        let deadline = Instant::now() + DEADLINE;
        loop {
            match self.received.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(message) => self.inbox.put(message),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => self.fail("something holds the server's output open"),
            }
        }
        let broken = std::mem::take(&mut lock(&self.shared.rules).broken);
        assert!(broken.is_empty(), "the server broke rules: {broken:#?}");
        self.inbox.others.retain(|message| !may_be_left(message));
        let Inbox { responses, refusals, others, .. } = &self.inbox;
        if !(responses.is_empty() && refusals.is_empty() && others.is_empty()) {
            self.fail("messages that the test did not expect are left");
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // The tasks of a server that is killed may live on: its input is closed, and it has the time to end them.
            self.close_stdin();
            self.set_reading(true);
            if processes::wait(&mut self.server, END).is_none() {
                let _ = self.server.kill();
                let _ = self.server.wait();
            }
            return;
        }
        if self.ended.is_none() {
            let status = self.shut_down();
            assert_eq!(status.code(), Some(0), "the exit code after shutdown and exit");
        }
        self.check_what_is_left();
    }
}

impl Inbox {
    fn put(&mut self, message: Value) {
        match (message.get("method"), message["id"].as_i64()) {
            (None, Some(id)) if self.forgotten.contains(&id) => {}
            (None, Some(id)) => {
                let twice = self.responses.insert(id, message);
                assert!(twice.is_none(), "request {id} was answered twice: {twice:?}");
            }
            (None, None) => self.refusals.push_back(message),
            (Some(_), _) => self.others.push_back(message),
        }
    }

    /// Takes the parameters of the first notification or request that is wanted.
    fn take(&mut self, wanted: impl Fn(&Value) -> bool) -> Option<Value> {
        let index = self.others.iter().position(wanted)?;
        Some(self.others.remove(index)?["params"].take())
    }

    fn take_told(&mut self, run: &str) -> Option<Value> {
        let about =
            |message: &Value| message["method"].as_str().is_some_and(|it| it.starts_with("draft-tasks/"));
        self.take(|message| about(message) && message["params"]["run"] == run)
    }
}

/// What comes unasked and tells nobody to do anything.
fn may_be_left(message: &Value) -> bool {
    let method = message["method"].as_str().unwrap_or_default();
    match method {
        "window/logMessage" => message["params"]["type"].as_i64() >= Some(3),
        "window/showMessage" => false,
        _ => true,
    }
}

impl Shared {
    fn read_messages(&self, stdout: ChildStdout, inbox: &Sender<Value>) {
        let mut stdout = BufReader::with_capacity(1 << 16, Paused { stdout, shared: self });
        while let Some(message) = wire::read(&mut stdout) {
            lock(&self.rules).look_at(&message);
            if let (Some(method), Some(id)) = (message["method"].as_str(), message.get("id")) {
                self.reply(method, id, &message["params"]);
            }
            if inbox.send(message).is_err() {
                return;
            }
        }
    }

    fn reply(&self, method: &str, id: &Value, params: &Value) {
        let answers = lock(&self.answers);
        if !answers.any {
            return;
        }
        let reply = match method {
            "window/workDoneProgress/create" if !answers.progress => {
                json!({ "jsonrpc": "2.0", "id": id, "error": { "code": -32600, "message": "no progress here" } })
            }
            "workspace/configuration" => {
                let of_folder = |item: &Value| {
                    let scope = item["scopeUri"].as_str();
                    let found = answers.folder_settings.iter().find(|(uri, _)| scope == Some(uri.as_str()));
                    found.map_or(&answers.settings, |(_, settings)| settings).clone()
                };
                let items = params["items"].as_array().into_iter().flatten();
                json!({ "jsonrpc": "2.0", "id": id, "result": items.map(of_folder).collect::<Vec<_>>() })
            }
            "workspace/applyEdit" => {
                json!({ "jsonrpc": "2.0", "id": id, "result": { "applied": answers.applies_edits } })
            }
            "window/showMessageRequest" => {
                let chosen = answers.chooses.map(|title| json!({ "title": title }));
                json!({ "jsonrpc": "2.0", "id": id, "result": chosen })
            }
            "window/showDocument" => json!({ "jsonrpc": "2.0", "id": id, "result": { "success": true } }),
            _ => json!({ "jsonrpc": "2.0", "id": id, "result": null }),
        };
        // The server may be gone by now, or the test may have closed its input.
        if let Some(stdin) = lock(&self.stdin).as_mut() {
            let _ = stdin.write_all(&wire::frame(&reply));
        }
    }

    fn read_errors(&self, mut stderr: impl Read) {
        let mut bytes = [0; 4096];
        while let Ok(count @ 1..) = stderr.read(&mut bytes) {
            let text = String::from_utf8_lossy(&bytes[..count]);
            lock(&self.errors).push_str(&text);
        }
    }
}

/// The server's output, not read while the client does not read.
struct Paused<'a> {
    stdout: ChildStdout,
    shared: &'a Shared,
}

impl Read for Paused<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
        let reading = lock(&self.shared.reading);
        let waited = self.shared.reads_again.wait_while(reading, |reading| *reading == Reading::Pauses);
        if waited.is_ok_and(|reading| *reading == Reading::Ends) {
            return Ok(0);
        }
        self.stdout.read(bytes)
    }
}

/// Locks; a test that fails while it holds the lock must not hide its failure behind another.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A notification; one without parameters has none, not `null`.
pub(crate) fn notification(method: &str, params: Value) -> Value {
    let mut message = json!({ "jsonrpc": "2.0", "method": method });
    if !params.is_null() {
        message["params"] = params;
    }
    message
}

pub(crate) fn did_change(uri: &str, version: i64, changes: Vec<Value>) -> Value {
    let document = json!({ "uri": uri, "version": version });
    notification("textDocument/didChange", json!({ "textDocument": document, "contentChanges": changes }))
}

/// The parameters of a request about a place.
pub(crate) fn at(uri: &str, line: u64, character: u64) -> Value {
    json!({ "textDocument": { "uri": uri }, "position": { "line": line, "character": character } })
}

/// The codes of diagnostics.
pub(crate) fn codes(diagnostics: &Value) -> Vec<&str> {
    let all = diagnostics.as_array().expect("a list of diagnostics");
    all.iter().map(|found| found["code"].as_str().expect("a code")).collect()
}
