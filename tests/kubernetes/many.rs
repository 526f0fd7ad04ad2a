//! Many pods at once, on the double: within the limit of concurrency, each pod's tasks in their order.
//!
//! Must not measure time.

use std::time::Duration;

use crate::application::tool;
use crate::double::{Answer, Double, Step, When};
use crate::rollout::roll_out;

const PODS: u32 = 300;

const TASKS: &str = "[post-deploy]\none = \"one\"\ntwo = \"two\"\nthree = \"three\"\n";

#[track_caller]
fn assert_all_ran(arguments: &[&str], concurrency: usize) {
    let double = Double::start();
    roll_out(&double, "a", PODS);
    double.on_exec(When::any(), Answer::Run(vec![Step::Pause(Duration::from_millis(5)), Step::Exit(0)]));
    let called = tool(&double, TASKS).call(&[&["run", "post-deploy", "--quiet"], arguments].concat());
    assert_eq!(called.code, Some(0), "{called:?}");
    assert!(
        called.stdout.contains("900 passed") && called.stdout.contains("all 300 pods passed"),
        "{called:?}"
    );
    let seen = double.seen();
    assert_eq!(seen.execs.len(), 900);
    for index in 0..PODS {
        assert_eq!(seen.commands(&format!("web-a-{index}")), [["one"], ["two"], ["three"]], "{index}");
    }
    assert!((2..=concurrency).contains(&seen.most_at_once), "{}", seen.most_at_once);
}

#[test]
fn three_hundred_pods_run_three_tasks_in_32_at_a_time() {
    assert_all_ran(&[], 32);
}

#[test]
fn three_hundred_pods_run_three_tasks_in_as_many_at_a_time_as_is_said() {
    assert_all_ran(&["--concurrency", "4"], 4);
}

#[test]
fn as_many_pods_run_at_a_time_as_is_said() {
    let double = Double::start();
    roll_out(&double, "a", 20);
    let gate = crate::double::Gate::new();
    double.on_exec(When::any(), Answer::Run(vec![Step::Until(gate.clone()), Step::Exit(0)]));
    let tool = tool(&double, "[post-deploy]\nwork = \"work\"\n");
    let started = tool.start(&["run", "post-deploy", "--concurrency", "7"]);
    double.wait_for("seven at a time", |seen| seen.at_once == 7);
    gate.open();
    assert_eq!(started.end().code, Some(0));
    assert_eq!(double.seen().most_at_once, 7);
}
