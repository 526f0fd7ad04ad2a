//! What is around a tasks file: its application, the environment of its tasks, files beside it, packs.
//!
//! Must not decide what a tasks file means.

pub(crate) mod application;
pub(crate) mod env_file;
pub(crate) mod environment;
pub(crate) mod facts;
pub(crate) mod packs;
pub(crate) mod programs;
