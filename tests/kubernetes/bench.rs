//! Measures what running tasks in pods costs, on the double: `make bench` calls it and it prints what it finds.
//!
//! Must not fail because something is slow.
#![allow(clippy::print_stdout, reason = "it prints its figures")]

use std::time::{Duration, Instant};

use futures::StreamExt;

use crate::application::{WORK, tool};
use crate::double::{Answer, Double, Step, When};
use crate::double_faults::{exec, pods};
use crate::rollout::{pod, roll_out};
use crate::tool::Tool;

/// How long the command takes in each of many pods.
const WORKING: Duration = Duration::from_millis(200);

/// Runs until it is over; gives the time and the most memory in KiB.
fn measure(tool: &Tool, arguments: &[&str]) -> (Duration, u64) {
    let begun = Instant::now();
    let mut started = tool.start(arguments);
    let mut most = 0;
    while started.lives() {
        most = most.max(memory_of_children());
        std::thread::sleep(Duration::from_millis(2));
    }
    let took = begun.elapsed();
    assert_eq!(started.end().code, Some(0));
    (took, most)
}

/// The most memory that a child of this thread has had so far, in KiB.
fn memory_of_children() -> u64 {
    let children = std::fs::read_to_string("/proc/thread-self/children").unwrap_or_default();
    let most = |pid: &str| {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.split_whitespace().next()?.parse::<u64>().ok()
    };
    children.split_whitespace().filter_map(most).max().unwrap_or_default()
}

#[test]
#[ignore = "a measurement: make bench"]
fn of_many_pods_at_once() {
    for (pods, at_once) in [(300_u32, 32_u32), (1000, 64)] {
        let double = Double::start();
        roll_out(&double, "a", pods);
        double.on_exec(When::any(), Answer::Run(vec![Step::Pause(WORKING), Step::Exit(0)]));
        let arguments = ["run", "post-deploy", "--quiet", "--concurrency", &at_once.to_string()];
        let (took, memory) = measure(&tool(&double, WORK), &arguments);
        let ideal = WORKING * pods.div_ceil(at_once);
        let times = |took: Duration| took.as_secs_f64() / ideal.as_secs_f64();
        let (ours, bare, memory) = (times(took), times(bare(&double, pods, at_once)), memory / 1024);
        println!(
            "{pods} pods at {at_once} at a time: {took:.2?}, {ours:.2} times the ideal {ideal:.2?}, by the bare client {bare:.2} \
             times; {memory} MiB"
        );
    }
}

/// How long the bare client takes for a command in each of the pods, with nothing around it.
fn bare(double: &Double, pods_there: u32, at_once: u32) -> Duration {
    let client = pods(double);
    let begun = Instant::now();
    let all =
        (0..pods_there).map(async |index| exec(&client, &format!("web-a-{index}")).await.expect("an end"));
    double.block_on(futures::stream::iter(all).buffer_unordered(at_once as usize).collect::<Vec<_>>());
    begun.elapsed()
}

#[test]
#[ignore = "a measurement: make bench"]
fn of_one_exec_over_the_bare_client() {
    const TIMES: u32 = 100;
    let double = Double::start();
    roll_out(&double, "a", 1);
    let bare = pods(&double);
    let begun = Instant::now();
    for _ in 0..TIMES {
        double.block_on(exec(&bare, "web-a-0")).expect("an end");
    }
    let bare = begun.elapsed() / TIMES;
    let tasks: String = (0..TIMES).map(|task| format!("t{task} = \"work\"\n")).collect();
    let many = tool(&double, &format!("[post-deploy]\n{tasks}"));
    let one = tool(&double, WORK);
    let run = |tool: &Tool| measure(tool, &["run", "post-deploy", "--quiet", "--no-record"]).0;
    let ours = (run(&many) - run(&one)) / (TIMES - 1);
    println!("one exec: {ours:.2?}, by the bare client {bare:.2?}");
}

#[test]
#[ignore = "a measurement: make bench"]
fn from_ready_to_the_exec() {
    let double = Double::start();
    roll_out(&double, "a", 1);
    double.put(pod("a", 0).not_ready());
    let tool = tool(&double, WORK);
    let mut started = tool.start(&["run", "post-deploy"]);
    started.wait_for("waiting for pods");
    let begun = Instant::now();
    double.put(pod("a", 0));
    double.wait_for("the exec", |seen| !seen.execs.is_empty());
    println!("from the last pod's Ready to the exec: {:.0?}", begun.elapsed());
    assert_eq!(started.end().code, Some(0));
}
