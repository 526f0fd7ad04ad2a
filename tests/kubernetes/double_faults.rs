//! What the double does to a client that is plain kube-rs: every way in which a cluster can fail it.
//!
//! Must not judge the client: what kube-rs makes of a fault is noted, so that tests of the program rest on it.

use std::time::Duration;

use futures::{FutureExt, StreamExt, TryStreamExt};
use hyper::StatusCode;
use hyper::body::Bytes;
use k8s_openapi::api::core::v1::Pod as PodObject;
use kube::api::{AttachParams, ListParams, WatchEvent, WatchParams};
use kube::config::Kubeconfig;
use kube::runtime::watcher;
use kube::{Api, Error, ResourceExt};
use tokio::io::AsyncReadExt;

use crate::conversation::Partner;
use crate::double::{Answer, Double, Fault, Gate, Pod, Refusal, Release, Step, Watches, When};
use crate::same;

pub(crate) fn pods(double: &Double) -> Api<PodObject> {
    let kubeconfig = Kubeconfig::read_from(double.kubeconfig()).expect("a kubeconfig");
    let Partner { client, namespace } = double.block_on(same::partner(kubeconfig, "default"));
    Api::namespaced(client, &namespace)
}

/// What came of one exec: both streams, the exit code or word of its status, and whether the stream ended in order.
pub(crate) async fn exec(
    pods: &Api<PodObject>,
    pod: &str,
) -> Result<(String, String, Option<String>, bool), Error> {
    let mut process = pods.exec(pod, ["work"], &AttachParams::default()).await?;
    let mut status = Box::pin(process.take_status().expect("not taken yet"));
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let (mut out, mut err) = (process.stdout().expect("a stream"), process.stderr().expect("a stream"));
    let mut reading =
        Box::pin(async { futures::join!(out.read_to_end(&mut stdout), err.read_to_end(&mut stderr)) });
    // Where a connection breaks, kube-rs leaves the streams open for ever: the status tells that there is no more.
    let (status, read) = tokio::select! {
        biased;
        status = &mut status => (status, false),
        (out, err) = &mut reading => {
            out.and(err).expect("output");
            (status.await, true)
        }
    };
    if !read {
        let _ = reading.as_mut().now_or_never();
    }
    drop(reading);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    let status = status.map(|status| {
        let causes = status.details.into_iter().flat_map(|details| details.causes.into_iter().flatten());
        causes.filter_map(|cause| cause.message).next().or(status.status).unwrap_or_default()
    });
    let in_order = process.join().await.is_ok();
    Ok((text(stdout), text(stderr), status, in_order))
}

fn text(text: &'static str) -> Bytes {
    Bytes::from_static(text.as_bytes())
}

#[test]
fn a_stream_ends_with_and_without_a_status() {
    for release in [Release::Old, Release::New] {
        let double = Double::start_as(release);
        double.put(Pod::new("web"));
        let pods = pods(&double);
        let with = |last: Step| {
            let steps = vec![Step::Stdout(text("a")), Step::Stderr(text("b")), last];
            double.on_exec(When::pod("web"), Answer::Run(steps));
            let (stdout, stderr, status, in_order) = double.block_on(exec(&pods, "web")).expect("a stream");
            assert_eq!((stdout.as_str(), stderr.as_str()), ("a", "b"));
            (status, in_order)
        };
        assert_eq!(with(Step::Exit(0)), (Some("Success".to_owned()), true));
        assert_eq!(with(Step::Exit(42)), (Some("42".to_owned()), true));
        assert_eq!(with(Step::Close), (None, true), "kube-rs takes a closed stream for a good end");
        assert_eq!(with(Step::Cut), (None, false));
    }
}

#[test]
fn a_stream_stalls_and_the_client_leaves() {
    let double = Double::start();
    double.put(Pod::new("web"));
    double.on_exec(When::any(), Answer::Run(vec![Step::Stdout(text("begun")), Step::Stall]));
    let pods = pods(&double);
    let mut process =
        double.block_on(pods.exec("web", ["work"], &AttachParams::default())).expect("a stream");
    let mut stdout = process.stdout().expect("a stream");
    let mut begun = [0; 5];
    double.block_on(stdout.read_exact(&mut begun)).expect("output");
    assert_eq!(double.seen().at_once, 1);
    drop((stdout, process));
    let seen = double.wait_for("the end of the exec", |seen| seen.at_once == 0);
    assert_eq!(format!("{:?}", seen.execs[0].end), "Some(Left)");
}

#[test]
fn an_exec_ends_when_it_is_told_to() {
    let double = Double::start();
    double.put(Pod::new("web"));
    let gate = Gate::new();
    double.on_exec(When::any(), Answer::Run(vec![Step::Until(gate.clone()), Step::Exit(3)]));
    let pods = pods(&double);
    let (status, ()) = double.block_on(async {
        futures::join!(exec(&pods, "web"), async {
            tokio::time::sleep(Duration::from_millis(1)).await;
            gate.open();
        })
    });
    assert_eq!(status.expect("a stream").2, Some("3".to_owned()));
    assert_eq!(double.seen().commands("web"), [["work"]]);
}

#[test]
fn requests_are_refused_without_a_word() {
    let double = Double::start();
    double.put(Pod::new("web"));
    let pods = pods(&double);
    let refusal = Refusal::Http(StatusCode::FORBIDDEN, String::new());
    double.on_exec(When::any().once(), Answer::Refuse(refusal.clone()));
    let Err(Error::Api(status)) = double.block_on(exec(&pods, "web")) else { panic!("no refusal") };
    assert_eq!((status.code, status.message.as_str()), (403, ""));
    assert!(double.block_on(exec(&pods, "web")).is_ok(), "only once");

    double.fault(Fault { verb: "list", resource: "pods", times: Some(1), refusal });
    double.fault(Fault { verb: "list", resource: "pods", times: Some(1), refusal: Refusal::Hangup });
    assert!(double.block_on(pods.list(&ListParams::default())).is_err());
    let Err(Error::Api(status)) = double.block_on(pods.list(&ListParams::default())) else {
        panic!("no refusal")
    };
    assert_eq!(status.code, 403);
    assert_eq!(double.block_on(pods.list(&ListParams::default())).expect("a list").items.len(), 1);
    assert_eq!(double.seen().count("list", "pods"), 3);
}

#[test]
fn a_watch_survives_what_befalls_it() {
    let double = Double::start();
    double.put(Pod::new("a"));
    let pods = pods(&double);
    let mut events = Box::pin(watcher(pods, watcher::Config::default()));
    let next = |events: &mut std::pin::Pin<Box<_>>| -> String {
        let next = |events| async move { futures::StreamExt::next(events).await };
        match double.block_on(next(events)) {
            Some(Ok(watcher::Event::Init)) => "init".to_owned(),
            Some(Ok(watcher::Event::InitDone)) => "listed".to_owned(),
            Some(Ok(watcher::Event::InitApply(pod) | watcher::Event::Apply(pod))) => {
                let pod: PodObject = pod;
                pod.name_any()
            }
            Some(Ok(watcher::Event::Delete(pod))) => format!("-{}", pod.name_any()),
            Some(Err(watcher::Error::WatchError(status))) => format!("error {}", status.code),
            Some(Err(error)) => format!("{error:?}"),
            None => "end".to_owned(),
        }
    };
    assert_eq!([next(&mut events), next(&mut events), next(&mut events)], ["init", "a", "listed"]);
    for (befall, name, heard) in [
        (Watches::End, "b", &["b"][..]),
        // kube-rs takes a broken watch for one whose time is over.
        (Watches::Cut, "c", &["c"]),
        (Watches::Expire, "d", &["error 410", "init", "a", "b", "c", "d", "listed"]),
        (Watches::Bookmark, "e", &["e"]),
    ] {
        let said: Vec<_> = std::thread::scope(|scope| {
            scope.spawn(|| {
                // The watcher opens its watch when it is asked for the next event.
                double.wait_for("a watch", |seen| seen.open_watches == 1);
                double.watches(befall);
                double.put(Pod::new(name));
            });
            heard.iter().map(|_| next(&mut events)).collect()
        });
        assert_eq!(said, heard, "{befall:?}");
    }
}

#[test]
fn a_stalled_watch_tells_nothing_more() {
    let double = Double::start();
    let pods = pods(&double);
    double.block_on(async {
        let mut events = Box::pin(pods.watch(&WatchParams::default(), "0").await.expect("a watch"));
        double.put(Pod::new("a"));
        let Some(Ok(WatchEvent::Added(_))) = events.next().await else { panic!("no event") };
        double.watches(Watches::Stall);
        let mut other = Box::pin(pods.watch(&WatchParams::default(), "0").await.expect("a watch"));
        let Some(Ok(WatchEvent::Added(_))) = other.next().await else { panic!("no event") };
        double.put(Pod::new("b"));
        let Some(Ok(WatchEvent::Added(_))) = other.next().await else { panic!("no event") };
        // The other watch has heard of it, so this one would have, too.
        let silent = tokio::time::timeout(Duration::from_millis(50), events.try_next()).await;
        assert!(silent.is_err(), "{silent:?}");
    });
}

#[test]
fn a_server_goes_and_comes_back() {
    let double = Double::start();
    double.put(Pod::new("a"));
    let pods = pods(&double);
    assert_eq!(double.block_on(pods.list(&ListParams::default())).expect("a list").items.len(), 1);
    double.stop();
    assert!(double.block_on(pods.list(&ListParams::default())).is_err());
    double.resume();
    assert_eq!(double.block_on(pods.list(&ListParams::default())).expect("a list").items.len(), 1);
}

#[test]
fn a_server_that_is_killed_breaks_its_streams() {
    let double = Double::start();
    double.put(Pod::new("web"));
    double.on_exec(When::any(), Answer::Run(vec![Step::Stdout(text("begun")), Step::Stall]));
    let pods = pods(&double);
    let running = std::thread::scope(|scope| {
        let exec = scope.spawn(|| double.block_on(exec(&pods, "web")));
        double.wait_for("an exec", |seen| seen.at_once == 1);
        double.stop();
        exec.join().expect("an end")
    });
    let (_, _, status, in_order) = running.expect("a stream");
    assert_eq!((status, in_order), (None, false));
}

#[test]
fn counts_three_hundred_pods_side_by_side() {
    let double = Double::start();
    for index in 0..300 {
        double.put(Pod::new(&format!("web-{index:03}")));
    }
    let gate = Gate::new();
    double.on_exec(When::any(), Answer::Run(vec![Step::Until(gate.clone()), Step::Exit(0)]));
    let pods = pods(&double);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            double.wait_for("sixteen at once", |seen| seen.at_once == 16);
            gate.open();
        });
        run_in_all(&double, &pods);
    });
    let seen = double.wait_for("the end of all execs", |seen| seen.at_once == 0);
    assert_eq!((seen.execs.len(), seen.most_at_once), (300, 16));
}

fn run_in_all(double: &Double, pods: &Api<PodObject>) {
    double.block_on(async {
        let names = (0..300).map(|index| format!("web-{index:03}"));
        let ends = futures::stream::iter(names).map(|name| {
            let pods = pods.clone();
            async move { exec(&pods, &name).await.expect("a stream").2 }
        });
        let ends: Vec<_> = ends.buffer_unordered(16).collect().await;
        assert!(ends.iter().all(|end| end.as_deref() == Some("Success")));
    });
}
