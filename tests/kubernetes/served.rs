//! The double as a program, for tests of editors: told what to do by lines of JSON on its standard input, each answered by
//! a line with all commands that were run in pods until then. It ends with its standard input.
//!
//! Must not know the program under test, or do what the double cannot.
#![cfg(unix)]

#[allow(dead_code, unused_imports, reason = "tests use the rest")]
mod double;
#[allow(dead_code, reason = "tests use the rest")]
mod job_pod;
#[allow(dead_code, reason = "tests use the rest")]
mod rollout;

use std::io::{BufRead as _, Write as _};
use std::time::{Duration, Instant};

use double::{Answer, Double, Gate, Step, When};
use serde::Deserialize;
use serde_json::{Value, json};

/// A line of the standard input.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
enum Order {
    /// A rollout of the application `web` is complete.
    RollOut { template: String, replicas: u32 },
    /// A pod of a template cannot start, with the reason and message that the kubelet gives.
    Waiting { template: String, index: usize, reason: String, message: String },
    /// A pod is gone.
    Remove { pod: String },
    /// What commands do; of several that fit, the last one counts.
    Exec(Rule),
    /// The application `web` is there, with a pod that a Job can be made after.
    Deploy {},
    /// A Job is awaited, and its pod is so.
    Job(JobState),
    /// The end of the Job is awaited, and its pod ends.
    JobGone {},
    /// Commands that wait go on.
    Open {},
    /// Only the answer is of interest.
    Look {},
}

/// What happens where a command is run in a pod. What is not said fits any.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Rule {
    pod: Option<String>,
    /// A text that one of the arguments contains.
    argument: Option<String>,
    /// For how many commands.
    times: Option<usize>,
    #[serde(default)]
    stdout: String,
    #[serde(default)]
    stderr: String,
    /// Whether the command waits, behind its output, until `open` is said.
    #[serde(default)]
    waits: bool,
    #[serde(default)]
    exit: i32,
}

/// What Kubernetes makes of a Job.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct JobState {
    /// Of each task: `waits`, `runs`, or its exit code.
    states: Vec<String>,
    /// What each has written until now.
    #[serde(default)]
    logs: Vec<String>,
}

fn main() {
    let double = Double::start();
    let gate = Gate::new();
    write_line(&json!({ "kubeconfig": kubeconfig(&double) }));
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("the standard input can be read");
        let order = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line}: {error}"));
        follow(&double, &gate, order);
        let execs = double.seen().execs.into_iter();
        write_line(&execs.map(|exec| json!({ "pod": exec.pod, "argv": exec.argv })).collect());
    }
}

fn follow(double: &Double, gate: &Gate, order: Order) {
    match order {
        Order::RollOut { template, replicas } => rollout::roll_out(double, &template, replicas),
        Order::Waiting { template, index, reason, message } => {
            double.put(rollout::pod(&template, index).waiting(&reason, &message));
        }
        Order::Remove { pod } => double.remove("pods", &pod),
        Order::Exec(rule) => {
            let when = When { pod: rule.pod, argument: rule.argument, times: rule.times };
            let mut steps = vec![Step::Stdout(rule.stdout.into()), Step::Stderr(rule.stderr.into())];
            steps.extend(rule.waits.then(|| Step::Until(gate.clone())));
            steps.push(Step::Exit(rule.exit));
            double.on_exec(when, Answer::Run(steps));
        }
        Order::Deploy {} => {
            let container = json!({ "name": "app", "image": "web:1" });
            job_pod::deploy(double, json!({ "containers": [container] }));
        }
        Order::Job(state) => set_job(double, &state),
        Order::JobGone {} => {
            double.wait_for("the end of the Job", |seen| seen.count("delete", "jobs") > 0);
            // A request is seen before what it does is done.
            let deadline = Instant::now() + Duration::from_secs(10);
            while !double.objects("jobs").is_empty() {
                assert!(Instant::now() < deadline, "{:?}", double.objects("jobs"));
                std::thread::sleep(Duration::from_millis(5));
            }
            let of_job = |pod: &Value| pod["metadata"]["labels"]["draft-tasks/run"].is_string();
            for pod in double.objects("pods").iter().filter(|pod| of_job(pod)) {
                double.remove("pods", job_pod::name(pod));
            }
        }
        Order::Open {} => gate.open(),
        Order::Look {} => {}
    }
}

fn set_job(double: &Double, JobState { states, logs }: &JobState) {
    // A request is seen before what it makes is there.
    double.wait_for("a look for a Job's pod", |seen| {
        let selectors = seen.calls.iter().filter_map(|call| call.parameter("labelSelector"));
        selectors.into_iter().any(|selector| selector.starts_with("draft-tasks/run="))
    });
    let job = double.objects("jobs").pop().expect("a Job");
    let state = |state: &String| match state.as_str() {
        "waits" => job_pod::waits(),
        "runs" => job_pod::runs(),
        code => job_pod::ended(code.parse().expect("an exit code")),
    };
    let states: Vec<Value> = states.iter().map(state).collect();
    let spec = &job["spec"]["template"]["spec"];
    let of = |field: &str| spec[field].as_array().cloned().unwrap_or_default();
    let containers = of("initContainers").into_iter().chain(of("containers"));
    for (container, log) in containers.zip(logs) {
        let name = container["name"].as_str().expect("a name");
        double.log(&job_pod::pod_name(&job), name, log);
    }
    double.put(job_pod::pod(&job, &states));
}

/// Beside the context `double` one that leads to the double in a way that is not taken for a local one, `shop-prod`, and
/// one where nobody answers, `gone`.
fn kubeconfig(double: &Double) -> std::path::PathBuf {
    let mut config = double.kubeconfig_value();
    for (name, server) in [("shop-prod", double.address()), ("gone", "https://127.0.0.1:1".to_owned())] {
        let mut cluster = config["clusters"][0].clone();
        cluster["name"] = json!(name);
        cluster["cluster"]["server"] = json!(server);
        if name == "shop-prod" {
            // Such is the end of a tunnel, whose other end may be anywhere.
            cluster["cluster"]["tls-server-name"] = json!("localhost");
        }
        let context = json!({ "name": name, "context": { "cluster": name, "user": "double" } });
        for (list, one) in [("clusters", cluster), ("contexts", context)] {
            config[list].as_array_mut().expect("a list").push(one);
        }
    }
    double.write_kubeconfig("kubeconfig", &config)
}

fn write_line(value: &Value) {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{value}").and_then(|()| stdout.flush()).expect("somebody reads the standard output");
}
