//! Tasks inside of pods: the real binary against a double of the API server, and against a real Kubernetes.
//!
//! Must not look inside of the program: what it writes, what it asks the cluster for, and what it leaves behind is all
//! there is. The tests in `real` are ignored unless `tests/kubernetes/run` calls them, which says where they run.
#![cfg(unix)]

mod again;
mod again_in_editor;
mod application;
mod bench;
#[path = "../cli/pages/block.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod block;
#[path = "../lsp/client.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod client;
mod conversation;
mod double;
mod double_faults;
mod faults;
#[path = "../cli/helm.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod helm;
mod job;
mod job_again;
mod job_faults;
mod job_in_editor;
mod job_pod;
mod many;
mod newest;
mod once;
#[path = "../lsp/processes.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod processes;
#[path = "../lsp/project.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod project;
mod real;
mod rollout;
#[path = "../lsp/rules.rs"]
mod rules;
mod running;
mod same;
#[path = "../cli/tool.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod tool;
mod user;
#[path = "../cli/vectors.rs"]
mod vectors;
mod waiting;
#[path = "../cli/pages/walk.rs"]
mod walk;
#[path = "../lsp/wire.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod wire;
