//! What a test tells the double to do, and what it has seen: plain data.
//!
//! Must not do any of it.

use std::time::Duration;

use hyper::StatusCode;
use hyper::body::Bytes;
use serde_json::Value;
use tokio::sync::watch;

/// Which Kubernetes the double answers like, where releases differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Release {
    /// 1.20: `v4.channel.k8s.io` only.
    Old,
    /// 1.34: `v5.channel.k8s.io` wherever it is offered, also `v4.channel.k8s.io`.
    New,
    /// 1.36: as the one before, and an exec also takes the verb `create`, and gives no reason where that is not permitted.
    Newest,
}

/// What happens in a container when a command is run in it.
#[derive(Clone)]
pub(crate) enum Step {
    Stdout(Bytes),
    Stderr(Bytes),
    Pause(Duration),
    /// Goes on when the test says so.
    Until(Gate),
    /// Ends with this exit code, as a process does.
    Exit(i32),
    /// Ends with any status.
    Status(Value),
    /// The server closes the stream and has told no status.
    Close,
    /// The connection breaks.
    Cut,
    /// Nothing more comes, until the client leaves.
    Stall,
}

/// How a request for an exec is answered.
#[derive(Clone)]
pub(crate) enum Answer {
    /// The steps one after another. Without one that ends it, the exit code is 0.
    Run(Vec<Step>),
    /// The same, and no connection before the test says so.
    Late(Gate, Vec<Step>),
    Refuse(Refusal),
}

/// An answer that is no success.
#[derive(Clone)]
pub(crate) enum Refusal {
    /// A code and a body, which may be empty.
    Http(StatusCode, String),
    /// No answer, on a connection that stays open.
    Silence,
    /// No answer, and the connection is closed.
    Hangup,
}

/// To which execs an answer is given. What is `None` fits any.
#[derive(Clone, Default)]
pub(crate) struct When {
    pub(crate) pod: Option<String>,
    /// A text that one of the command's arguments contains.
    pub(crate) argument: Option<String>,
    /// For how many execs; then the rules before it apply again.
    pub(crate) times: Option<usize>,
}

impl When {
    pub(crate) fn any() -> When {
        When::default()
    }

    pub(crate) fn pod(name: &str) -> When {
        When { pod: Some(name.to_owned()), ..When::default() }
    }

    pub(crate) fn argument(text: &str) -> When {
        When { argument: Some(text.to_owned()), ..When::default() }
    }

    pub(crate) fn once(self) -> When {
        When { times: Some(1), ..self }
    }

    pub(super) fn fits(&self, exec: &Exec) -> bool {
        self.times != Some(0)
            && self.pod.as_ref().is_none_or(|pod| *pod == exec.pod)
            && self.argument.as_ref().is_none_or(|text| exec.argv.iter().any(|word| word.contains(text)))
    }
}

/// Something that a step waits for.
#[derive(Clone)]
pub(crate) struct Gate(watch::Sender<bool>);

impl Gate {
    /// A gate that is closed.
    pub(crate) fn new() -> Gate {
        Gate(watch::Sender::new(false))
    }

    pub(crate) fn open(&self) {
        self.0.send_replace(true);
    }

    pub(super) async fn opened(&self) {
        let mut opened = self.0.subscribe();
        opened.wait_for(|open| *open).await.expect("the gate itself holds a sender");
    }
}

/// A request that goes wrong before it is looked at.
#[derive(Clone)]
pub(crate) struct Fault {
    /// `list`, `watch`, `get`, `create`; `*` is any.
    pub(crate) verb: &'static str,
    /// `pods`, `deployments`, `pods/exec`; `*` is any.
    pub(crate) resource: &'static str,
    /// How often it goes wrong; `None` is always.
    pub(crate) times: Option<usize>,
    pub(crate) refusal: Refusal,
}

impl Fault {
    pub(super) fn fits(&self, call: &Call) -> bool {
        self.times != Some(0)
            && (self.verb == "*" || self.verb == call.verb)
            && (self.resource == "*" || self.resource == call.resource)
    }
}

/// What befalls all watches that are open.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Watches {
    /// They end in order, as at their time limit.
    End,
    /// Their connections break.
    Cut,
    /// The version that they are at is no longer kept: an ERROR event with code 410 ends them.
    Expire,
    /// They stay open and tell nothing any more.
    Stall,
    /// They are told the current version, if they asked for bookmarks.
    Bookmark,
}

/// All that the double was asked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// Every request, in the order of arrival, execs too.
    pub(crate) calls: Vec<Call>,
    pub(crate) execs: Vec<Exec>,
    /// The most execs that went on at the same time.
    pub(crate) most_at_once: usize,
    /// Those that go on now.
    pub(crate) at_once: usize,
    pub(crate) open_watches: usize,
}

impl Seen {
    /// How many requests of this kind there were.
    pub(crate) fn count(&self, verb: &str, resource: &str) -> usize {
        self.calls.iter().filter(|call| call.verb == verb && call.resource == resource).count()
    }

    /// The commands that were run in a pod, in their order.
    pub(crate) fn commands(&self, pod: &str) -> Vec<&[String]> {
        self.execs.iter().filter(|exec| exec.pod == pod).map(|exec| exec.argv.as_slice()).collect()
    }
}

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// As in RBAC: `list`, `watch`, `get`, `create`.
    pub(crate) verb: &'static str,
    /// The group and version: `v1`, `apps/v1`.
    pub(crate) api_version: String,
    /// With the subresource: `pods/exec`.
    pub(crate) resource: String,
    pub(crate) namespace: String,
    pub(crate) name: Option<String>,
    pub(crate) query: Vec<(String, String)>,
}

impl Call {
    /// The first value of a parameter.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn is_set(&self, name: &str) -> bool {
        matches!(self.parameter(name), Some("true" | "1"))
    }
}

/// One command that was run in a container.
#[derive(Clone, Debug)]
pub(crate) struct Exec {
    pub(crate) namespace: String,
    pub(crate) pod: String,
    pub(crate) container: String,
    pub(crate) argv: Vec<String>,
    /// The subprotocol that was agreed on.
    pub(crate) protocol: &'static str,
    /// Whether the client asked for a standard input.
    pub(crate) has_stdin: bool,
    pub(crate) tty: bool,
    /// What the client wrote to it.
    pub(crate) stdin: Vec<u8>,
    pub(crate) end: Option<End>,
}

/// How an exec ended, seen from the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The script came to its end.
    Done,
    /// The client left before.
    Left,
}
