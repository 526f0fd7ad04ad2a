//! Measures what the executor costs beside the bare runtime: one short task, the throughput of output, and reading a
//! large kubeconfig.
//!
//! Must not assert times: figures depend on the machine. Run it with `cargo bench -p draft-tasks-executor`, and a part
//! of it with `-- NAME`.
#![allow(clippy::print_stdout)]
#![cfg(unix)]

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::plan::{Plan, Step};
use draft_tasks_executor::cluster::Target;
use draft_tasks_executor::mask::Secrets;
use draft_tasks_executor::record::Records;
use draft_tasks_executor::{Limits, OnFailure, OutcomeName, RunEvent, RunRequest, adopt_orphans, start};
use tokio::io::AsyncReadExt;
use tokio::process::Command;
use tokio::sync::mpsc;

const TASKS: usize = 500;
const MEGABYTES: usize = 500;
const ROUNDS: usize = 5;

fn main() -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        // As both programs do that run tasks.
        adopt_orphans()?;
        report("bare, one `true`", bare_tasks, per_task).await;
        report("executor, one `true`", executor_tasks, per_task).await;
        report("bare, lines", || bare_output(LINES), throughput).await;
        report("executor, lines", || executor_output(LINES), throughput).await;
        report("bare, one long line", || bare_output(ONE_LINE), throughput).await;
        report("executor, one long line", || executor_output(ONE_LINE), throughput).await;
        report("cat into a file, lines", cat_into_file, throughput).await;
        for count in [3, 50, 1500] {
            report(&format!("recorded, {count} secrets"), || recorded_output(count), throughput).await;
        }
        report("kubeconfig, 1,000 contexts", large_kubeconfig, milliseconds).await;
        if wanted(MEMORY) {
            let idle = memory();
            let (_, bytes) = execute(vec![vec!["sh", "-c", FIVE_GIGABYTES]]).await;
            assert_eq!(bytes, 5_000_000_000);
            println!("{MEMORY:<26}{:>8.1} MiB over {:.1} MiB", most_memory() - idle, idle);
        }
        Ok(())
    })
}

const MEMORY: &str = "memory at 5 GB";

/// Whether a part of the measurements was asked for; without a name all are.
fn wanted(name: &str) -> bool {
    let mut names = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).peekable();
    names.peek().is_none() || names.any(|part| name.contains(&part))
}

const LINES: &str =
    "yes 'a line of output as a program may write it, neither short nor long' | head -c 500000000";
const FIVE_GIGABYTES: &str =
    "yes 'a line of output as a program may write it, neither short nor long' | head -c 5000000000";
const ONE_LINE: &str = "head -c 500000000 /dev/zero | tr '\\0' x";

async fn report<F: Future<Output = Duration>>(name: &str, run: impl Fn() -> F, tell: fn(Duration) -> String) {
    if !wanted(name) {
        return;
    }
    let mut best = Duration::MAX;
    for _ in 0..ROUNDS {
        best = best.min(run().await);
    }
    println!("{name:<26}{}", tell(best));
}

fn per_task(whole: Duration) -> String {
    format!("{:>8.2} ms", whole.as_secs_f64() * 1000.0 / TASKS as f64)
}

fn milliseconds(whole: Duration) -> String {
    format!("{:>8.2} ms", whole.as_secs_f64() * 1000.0)
}

fn throughput(whole: Duration) -> String {
    format!("{:>8.0} MB/s", MEGABYTES as f64 / whole.as_secs_f64())
}

async fn bare_tasks() -> Duration {
    let begun = Instant::now();
    for _ in 0..TASKS {
        let output = Command::new("true").stdin(Stdio::null()).output().await;
        assert!(output.is_ok_and(|output| output.status.success()));
    }
    begun.elapsed()
}

async fn bare_output(script: &str) -> Duration {
    let begun = Instant::now();
    let child = Command::new("sh").args(["-c", script]).stdout(Stdio::piped()).spawn();
    let mut buffer = vec![0; 64 * 1024];
    let mut bytes = 0;
    if let Some(mut stream) = child.ok().and_then(|mut child| child.stdout.take()) {
        while let Ok(read @ 1..) = stream.read(&mut buffer).await {
            bytes += read;
        }
    }
    assert_eq!(bytes, MEGABYTES * 1_000_000);
    begun.elapsed()
}

async fn executor_tasks() -> Duration {
    let (duration, _) = execute(vec![vec!["true"]; TASKS]).await;
    duration
}

async fn executor_output(script: &str) -> Duration {
    let (duration, bytes) = execute(vec![vec!["sh", "-c", script]]).await;
    assert_eq!(bytes, MEGABYTES * 1_000_000);
    duration
}

/// What a shell would do that only keeps the output.
async fn cat_into_file() -> Duration {
    let file = std::env::temp_dir().join(format!("draft-tasks-bench-{}", std::process::id()));
    let begun = Instant::now();
    let script = format!("({LINES}) | cat > \"$1\"");
    let status = Command::new("sh").args(["-c", &script, "sh"]).arg(&file).status().await;
    assert!(status.is_ok_and(|status| status.success()));
    let took = begun.elapsed();
    assert!(std::fs::remove_file(file).is_ok());
    took
}

/// With all that a run does: so many secrets are sought, and everything is recorded twice, as events and as text.
async fn recorded_output(secrets: usize) -> Duration {
    let directory = std::env::temp_dir().join(format!("draft-tasks-bench-runs-{}", std::process::id()));
    let records = Records { keep: 1, ..Records::at(directory.clone()) };
    let mut request = request(vec![vec!["sh", "-c", LINES]]);
    let values: Vec<_> = (0..secrets).map(|number| format!("{number}, a secret of some length")).collect();
    request.secrets = Secrets::new(values.iter().map(OsStr::new));
    let recorder = records.begin(&request, Path::new("file"));
    let Ok(mut recorder) = recorder else { return Duration::MAX };
    let begun = Instant::now();
    let (sender, mut events) = mpsc::channel(64);
    let handle = start(request, None, sender);
    // In a thread of its own, as on the command line.
    let reader = tokio::task::spawn_blocking(move || {
        while let Some(event) = events.blocking_recv() {
            assert_eq!(recorder.take(&recorder.about().tell(&event)), None);
        }
    });
    handle.finished().await;
    assert!(reader.await.is_ok());
    let took = begun.elapsed();
    assert!(std::fs::remove_dir_all(directory).is_ok());
    took
}

/// A cluster with the data of its certificate, a user with a token and a context a thousand times.
async fn large_kubeconfig() -> Duration {
    let certificate = "QUJD".repeat(375);
    let (mut clusters, mut users, mut contexts) = (String::new(), String::new(), String::new());
    for number in 0..1000 {
        clusters += &format!(
            "- name: cluster-{number}\n  cluster:\n    server: https://10.0.0.1:6443\n    \
             certificate-authority-data: {certificate}\n"
        );
        users += &format!("- name: user-{number}\n  user:\n    token: token-{number}\n");
        contexts += &format!(
            "- name: context-{number}\n  context:\n    cluster: cluster-{number}\n    user: user-{number}\n"
        );
    }
    let text = format!("clusters:\n{clusters}users:\n{users}contexts:\n{contexts}");
    let file = std::env::temp_dir().join(format!("draft-tasks-bench-kubeconfig-{}", std::process::id()));
    assert!(std::fs::write(&file, text).is_ok());
    let environment = [("KUBECONFIG".into(), file.clone().into_os_string())];
    let begun = Instant::now();
    let target = Target::read(&environment, Some("context-999"), None);
    let took = begun.elapsed();
    assert!(target.is_ok_and(|target| target.context.as_deref() == Some("context-999")));
    assert!(std::fs::remove_file(file).is_ok());
    took
}

/// What this process holds now, in MiB.
fn memory() -> f64 {
    status("VmRSS:")
}

/// The most that this process has held, in MiB.
fn most_memory() -> f64 {
    status("VmHWM:")
}

fn status(field: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap_or(f64::NAN) / 1024.0
}

/// How long these tasks take and how many bytes they write.
async fn execute(commands: Vec<Vec<&str>>) -> (Duration, usize) {
    let request = request(commands);
    let begun = Instant::now();
    let (sender, mut events) = mpsc::channel(64);
    let handle = start(request, None, sender);
    let mut bytes = 0;
    while let Some(event) = events.recv().await {
        match event {
            RunEvent::Output { pieces, .. } => {
                bytes += pieces.iter().map(|piece| piece.text.len()).sum::<usize>();
            }
            RunEvent::RunFinished { summary } => assert_eq!(summary.outcome(), OutcomeName::Passed),
            _ => {}
        }
    }
    handle.finished().await;
    (begun.elapsed(), bytes)
}

fn request(commands: Vec<Vec<&str>>) -> RunRequest {
    let step = |argv: Vec<&str>| Step {
        task: "task".into(),
        command: argv.join(" "),
        argv: argv.into_iter().map(str::to_owned).collect(),
        ..Step::default()
    };
    RunRequest {
        plan: Plan { subject: Phase::PreUp.into(), steps: commands.into_iter().map(step).collect() },
        directory: PathBuf::from("."),
        environment: vec![(OsString::from("PATH"), std::env::var_os("PATH").unwrap_or_default())],
        on_failure: OnFailure::Stop,
        grace: Duration::from_secs(1),
        limits: Limits::default(),
        secrets: Secrets::default(),
        finds_problems: false,
        on_terminal: false,
        pods: None,
        pinned: None,
    }
}
