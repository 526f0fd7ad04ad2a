//! Tests on a real Kubernetes, and what they need: a namespace of their own, workloads, and the program beside them.
//!
//! Must not run by themselves: all tests in here are ignored unless `tests/kubernetes/run` names the cluster.
//! Those in `own` need the cluster that `tests/kubernetes/cluster` starts; all others run on any cluster.

mod access;
mod again;
mod chart;
mod cluster;
mod export;
mod ground;
mod job;
mod lifecycle;
mod namespace;
mod own;
mod pages;
mod rollout;
mod run;
mod stop;
mod workload;
