//! Watches: what has changed, one event after another, until the time is over or something befalls them.
//!
//! Must not change anything.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, StreamBody};
use hyper::Response;
use hyper::body::{Bytes, Frame};
use hyper::header::CONTENT_TYPE;
use serde_json::{Value, json};
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::{mpsc, watch};

use super::http::{self, Body, Broken};
use super::script::{Call, Watches};
use super::world::{Change, Scope};
use super::{Server, status, world};

/// How long a watch lasts that names no time, as a real server's at least.
const LASTS: Duration = Duration::from_secs(1800);

type Sender = mpsc::Sender<Result<Frame<Bytes>, Broken>>;

/// What befalls all watches, behind the changes up to a version and before those that come later.
#[derive(Clone, Copy, Debug)]
pub(super) struct Befall {
    pub(super) what: Watches,
    pub(super) at: u64,
}

/// One watch that is open.
struct Watch {
    server: Arc<Server>,
    scope: Scope,
    kind: &'static str,
    api_version: String,
    bookmarks: bool,
    /// What was told of.
    version: u64,
    client: Sender,
}

/// Begins a watch and answers with its stream.
pub(super) fn open(server: Arc<Server>, call: &Call) -> Response<Body> {
    let (client, mut events) = mpsc::channel(16);
    let asked =
        call.parameter("resourceVersion").and_then(|version| version.parse::<u64>().ok()).unwrap_or(0);
    let seconds = call.parameter("timeoutSeconds").and_then(|seconds| seconds.parse().ok());
    let watch = Watch {
        scope: http::scope(call),
        kind: world::kind(&call.resource, &call.api_version).unwrap_or_default(),
        api_version: call.api_version.clone(),
        bookmarks: call.is_set("allowWatchBookmarks"),
        version: asked,
        client,
        server: server.clone(),
    };
    // Whatever is said or done from here on is for this watch too.
    let changed = server.version.subscribe();
    let befalls = server.befalls.subscribe();
    server.see(|seen| seen.open_watches += 1);
    let initial = call.is_set("sendInitialEvents");
    let lasts = seconds.map_or(LASTS, Duration::from_secs);
    let open = Open(server.clone());
    server.spawn(async move {
        let _open = open;
        // At the end of the time the stream ends in order, as when all is told.
        let _ = tokio::time::timeout(lasts, watch.tell(initial, changed, befalls)).await;
    });
    let stream = futures::stream::poll_fn(move |context| events.poll_recv(context));
    let response = Response::builder().header(CONTENT_TYPE, "application/json");
    response.body(BodyExt::boxed(StreamBody::new(stream))).expect("an answer")
}

/// Counts a watch as open, until it ends in whatever way.
struct Open(Arc<Server>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.see(|seen| seen.open_watches -= 1);
    }
}

impl Watch {
    async fn tell(
        mut self,
        initial: bool,
        mut changed: watch::Receiver<u64>,
        mut befalls: broadcast::Receiver<Befall>,
    ) {
        let oldest = self.server.state().world.oldest;
        if self.version == 0 {
            self.tell_all(initial).await;
        } else if self.version < oldest {
            return self.expire(oldest).await;
        }
        let client = self.client.clone();
        let mut next: Option<Befall> = None;
        loop {
            let changes = self.server.state().world.since(self.version).to_vec();
            // What befell before one of these changes is there by now.
            next = next.or_else(|| befalls.try_recv().ok());
            let until = next.as_ref().map_or(u64::MAX, |befall| befall.at);
            if self.tell_changes(&changes, until).await.is_none() {
                return;
            }
            if let Some(Befall { what, .. }) = next.take() {
                if self.befall(what).await { continue } else { return }
            }
            tokio::select! {
                biased;
                () = client.closed() => return,
                befallen = befalls.recv() => match befallen {
                    Ok(befall) => next = Some(befall),
                    Err(RecvError::Closed) => return,
                    Err(RecvError::Lagged(_)) => {}
                },
                changed = changed.changed() => if changed.is_err() { return },
            }
        }
    }

    /// Says whether the watch goes on.
    async fn befall(&mut self, what: Watches) -> bool {
        match what {
            Watches::End => {}
            Watches::Cut => drop(self.client.send(Err(Broken)).await),
            Watches::Expire => {
                let now = self.server.state().world.version;
                self.expire(now).await;
            }
            Watches::Stall => self.client.closed().await,
            Watches::Bookmark => {
                self.bookmark(false).await;
                return true;
            }
        }
        false
    }

    /// Tells what there is already. A list by watch ends with a bookmark that says so.
    async fn tell_all(&mut self, initial: bool) {
        let objects = {
            let state = self.server.state();
            self.version = state.world.version;
            state.world.list(&self.scope)
        };
        for object in objects {
            self.send(&json!({ "type": "ADDED", "object": object })).await;
        }
        if initial {
            self.bookmark(true).await;
        }
    }

    /// Tells of changes up to a version; `None` when nobody listens.
    async fn tell_changes(&mut self, changes: &[Change], until: u64) -> Option<()> {
        for change in changes.iter().take_while(|change| change.version <= until) {
            self.version = change.version;
            if let Some(event) = self.scope.event(change) {
                self.send(&event).await?;
            }
        }
        Some(())
    }

    async fn bookmark(&self, initial: bool) {
        if !self.bookmarks {
            return;
        }
        let mut metadata = json!({ "resourceVersion": self.version.to_string(), "creationTimestamp": null });
        if initial {
            metadata["annotations"] = json!({ "k8s.io/initial-events-end": "true" });
        }
        let mut object = json!({ "kind": self.kind, "apiVersion": self.api_version, "metadata": metadata });
        if self.kind == "Pod" {
            object["spec"] = json!({ "containers": null });
            object["status"] = json!({});
        }
        self.send(&json!({ "type": "BOOKMARK", "object": object })).await;
    }

    async fn expire(&self, oldest: u64) {
        self.send(&json!({ "type": "ERROR", "object": status::expired(self.version, oldest) })).await;
    }

    async fn send(&self, event: &Value) -> Option<()> {
        self.client.send(Ok(Frame::data(Bytes::from(format!("{event}\n"))))).await.ok()
    }
}
