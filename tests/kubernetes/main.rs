//! Tasks inside of pods: the real binary against a double of the API server, and against a real Kubernetes.
//!
//! Must not look inside of the program: what it writes, what it asks the cluster for, and what it leaves behind is all
//! there is. The tests in `real` are ignored unless `tests/kubernetes/run` calls them, which says where they run.
#![cfg(unix)]

mod again;
mod application;
mod bench;
mod conversation;
mod double;
mod double_faults;
mod faults;
mod many;
mod newest;
mod once;
#[path = "../lsp/processes.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod processes;
mod real;
mod rollout;
mod running;
mod same;
#[path = "../cli/tool.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod tool;
mod waiting;
