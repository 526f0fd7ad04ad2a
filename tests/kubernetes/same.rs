//! The double answers as real clusters do: the same conversation with both.
//!
//! Must not say what a program makes of the answers.

use expect_test::expect;
use hyper::body::Bytes;
use kube::Client;
use kube::config::{Config, KubeConfigOptions, Kubeconfig};

use crate::conversation::{self, COMMANDS, Partner};
use crate::double::{Answer, Double, Pod, Release, Step, When};

/// A double with the pods of the conversation.
pub(crate) fn double(release: Release) -> Double {
    let double = Double::start_as(release);
    let pod = |name: &str| Pod::new(name).label("same", "yes");
    double.put(pod("one"));
    double.put(pod("two").containers(&["app", "proxy"]));
    double.put(pod("waiting").waiting("ErrImageNeverPull", "Container image is not present"));
    double.put(pod("homeless").unscheduled("0/1 nodes are available"));
    let no_such_program = serde_json::json!({
        "metadata": {}, "status": "Failure", "reason": "InternalError", "code": 500, "message": "no such program",
    });
    let plays = [
        vec![Step::Stdout(Bytes::from("out\n")), Step::Stderr(Bytes::from("err\n")), Step::Exit(0)],
        vec![Step::Exit(1)],
        vec![Step::Exit(42)],
        vec![Step::Exit(137)],
        vec![Step::Status(no_such_program)],
    ];
    for (command, steps) in COMMANDS.iter().zip(plays) {
        let last = command.last().expect("a command with words");
        double.on_exec(When::argument(last), Answer::Run(steps));
    }
    double
}

pub(crate) async fn partner(kubeconfig: Kubeconfig, namespace: &str) -> Partner {
    let options = KubeConfigOptions::default();
    let config = Config::from_custom_kubeconfig(kubeconfig, &options).await.expect("a kubeconfig");
    let client = Client::try_from(config).expect("a client");
    Partner { client, namespace: namespace.to_owned() }
}

/// The three parts of a conversation as one text.
pub(crate) fn report(questions: &str, restricted: &str, expired: &str) -> String {
    format!("{questions}\nrestricted:\n{restricted}\nexpired:\n{expired}")
}

/// All that the double says.
pub(crate) fn said_by_double(release: Release) -> String {
    let double = double(release);
    let kubeconfig = Kubeconfig::read_from(double.kubeconfig()).expect("a kubeconfig");
    double.block_on(async {
        let partner = partner(kubeconfig, "default").await;
        let questions = conversation::questions(&partner).await;
        double.deny("*", "deployments");
        double.deny("watch", "pods");
        double.deny("*", "pods/exec");
        let restricted = conversation::restricted(&partner, "double").await;
        double.permit_all();
        double.compact();
        report(&questions, &restricted, &conversation::expired(&partner).await)
    })
}

#[test]
fn answers_like_a_recent_release() {
    expect![[r#"
        list, no such namespace: []
        list by label: ["homeless", "one", "two", "waiting"]
        list by set: ["homeless", "one", "two", "waiting"]
        list by field: ["one"]
        list in pages: ["homeless", "one", "two"] and Some(1) more; ["waiting"] and None more; end
        get: ["one"]
        get, no such pod: 404 NotFound "pods \"none\" not found"
        get, no such deployment: 404 NotFound "deployments.apps \"none\" not found"
        get, no such namespace: 404 NotFound "namespaces \"draft-tasks-no-such-namespace\" not found"
        may list pods: true
        may watch pods: true
        watch: ["ADDED homeless", "ADDED one", "ADDED two", "ADDED waiting"], end
        exec ["sh", "-c", "echo out; echo err >&2"]: "out\n" "err\n" Success  None []
        exec ["sh", "-c", "exit 1"]: "" "" Failure NonZeroExitCode None ["1"]
        exec ["sh", "-c", "exit 42"]: "" "" Failure NonZeroExitCode None ["42"]
        exec ["sh", "-c", "kill -KILL $$"]: "" "" Failure NonZeroExitCode None ["137"]
        exec ["no-such-program"]: "" "" Failure InternalError Some(500) []
        exec, the only container: "out\n" "err\n" Success  None []
        exec, no such container: refused: 400 BadRequest "container none is not valid for pod one"
        exec, one of two containers: refused: 400 BadRequest "a container name must be specified for pod two, choose one of: [app proxy]"
        exec, no such pod: refused: 404 NotFound "pods \"none\" not found"
        exec, a pod without a node: refused: 400 BadRequest "pod homeless does not have a host assigned"
        exec, a container that does not run: "" "" Failure InternalError Some(500) []
        exec, no upgrade: 400 Bad Request {"apiVersion":"v1","code":400,"kind":"Status","message":"Upgrade request required","metadata":{},"reason":"BadRequest","status":"Failure"}

        restricted:
        list pods: ["homeless", "one", "two", "waiting"]
        watch pods: 403 Forbidden "pods is forbidden: User \"USER\" cannot watch resource \"pods\" in API group \"\" in the namespace \"NAMESPACE\""
        list deployments: 403 Forbidden "deployments.apps is forbidden: User \"USER\" cannot list resource \"deployments\" in API group \"apps\" in the namespace \"NAMESPACE\""
        get a deployment: 403 Forbidden "deployments.apps \"web\" is forbidden: User \"USER\" cannot get resource \"deployments\" in API group \"apps\" in the namespace \"NAMESPACE\""
        exec: refused: 403 Forbidden "pods \"one\" is forbidden: User \"USER\" cannot get resource \"pods/exec\" in API group \"\" in the namespace \"NAMESPACE\""
        may list pods/: true
        may watch pods/: false
        may get pods/exec: false
        may create pods/exec: false

        expired:
        event ERROR 410 Expired too old resource version
        end"#]]
    .assert_eq(&said_by_double(Release::New));
}

/// Where releases differ: how an exec in a container fails that does not run.
#[test]
fn answers_like_an_old_release() {
    let (old, new) = (said_by_double(Release::Old), said_by_double(Release::New));
    let differing: Vec<_> = old.lines().zip(new.lines()).filter(|(old, new)| old != new).collect();
    let question = "exec, a container that does not run";
    let refused =
        format!(r#"{question}: refused: 500 Failed to parse error data "container not found (\"app\")""#);
    let ended = format!(r#"{question}: "" "" Failure InternalError Some(500) []"#);
    assert_eq!(differing, [(refused.as_str(), ended.as_str())]);
    assert_eq!(old.lines().count(), new.lines().count());
}
