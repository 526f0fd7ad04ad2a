//! The executor with real processes. Every test asserts that it leaves none behind.
// The lint knows only functions that are tests themselves.
#![allow(clippy::unwrap_used)]
#![cfg(target_os = "linux")]

mod left;
mod limits;
mod masked;
mod output;
mod start;
mod stop;
mod support;
