//! Logs of containers: what was written, and what is still to come where somebody follows it.
//!
//! Must not know what writes it.

use std::sync::Arc;

use http_body_util::{BodyExt, StreamBody};
use hyper::Response;
use hyper::body::{Bytes, Frame};
use hyper::header::CONTENT_TYPE;
use serde_json::Value;
use tokio::sync::mpsc;

use super::http::{self, Body};
use super::script::Call;
use super::{Server, State};

/// A container whose log is asked for.
struct Asked {
    namespace: String,
    pod: String,
    container: String,
}

/// Answers with a log; one that is followed ends with its container.
pub(super) fn answer(server: Arc<Server>, call: &Call) -> Response<Body> {
    let asked = Asked {
        namespace: call.namespace.clone(),
        pod: call.name.clone().unwrap_or_default(),
        container: call.parameter("container").unwrap_or_default().to_owned(),
    };
    if server.state().world.get("pods", &asked.namespace, &asked.pod).is_none() {
        return http::failure(&http::subject(call).not_found());
    }
    let follows = call.is_set("follow");
    let (client, mut pieces) = mpsc::channel(16);
    let whole = server.clone();
    server.spawn(async move {
        let mut changed = whole.version.subscribe();
        let mut told = 0;
        loop {
            let (text, is_over) = {
                let state = whole.state();
                (asked.text(&state), asked.is_over(&state))
            };
            let new = text.get(told..).unwrap_or_default().to_vec();
            told = text.len();
            let frame = Frame::data(Bytes::from(new));
            if client.send(Ok(frame)).await.is_err() || is_over || !follows {
                return;
            }
            tokio::select! {
                () = client.closed() => return,
                changed = changed.changed() => if changed.is_err() { return },
            }
        }
    });
    let stream = futures::stream::poll_fn(move |context| pieces.poll_recv(context));
    let response = Response::builder().header(CONTENT_TYPE, "text/plain");
    response.body(BodyExt::boxed(StreamBody::new(stream))).expect("an answer")
}

impl Asked {
    fn text(&self, state: &State) -> Vec<u8> {
        state.logs.get(&(self.pod.clone(), self.container.clone())).cloned().unwrap_or_default()
    }

    /// Whether the container has ended, or its pod is gone.
    fn is_over(&self, state: &State) -> bool {
        let Some(pod) = state.world.get("pods", &self.namespace, &self.pod) else { return true };
        let all = [&pod["status"]["initContainerStatuses"], &pod["status"]["containerStatuses"]];
        let mut all = all.into_iter().filter_map(Value::as_array).flatten();
        all.any(|it| it["name"] == self.container.as_str() && it["state"]["terminated"].is_object())
    }
}
