//! A real Helm with a chart, in the directory of a test.
//!
//! Must not see what its user has set up for it.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::tool::{Called, Tool, absent};

/// A program that `tests/tools/install helm` brings, else the machine's.
pub(crate) fn brought(program: &str) -> Command {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../.tools/helm")).join(program);
    if path.exists() { Command::new(path) } else { Command::new(program) }
}

/// Writes the folder `chart` with such a file in it.
pub(crate) fn write_chart(tool: &Tool, template: &str) {
    tool.write("chart/Chart.yaml", b"apiVersion: v2\nname: web\nversion: 0.1.0\n");
    tool.write("chart/templates/tasks.yaml", template.as_bytes());
}

/// Calls Helm; nothing where this machine has none, which is said.
#[track_caller]
pub(crate) fn helm(tool: &Tool, arguments: &[&str]) -> Option<Called> {
    let mut helm = brought("helm");
    let path = std::env::var_os("PATH").unwrap_or_default();
    helm.env_clear().env("PATH", path).env("HOME", tool.path(".home"));
    helm.args(arguments).current_dir(tool.path("")).stdin(Stdio::null());
    let Ok(output) = helm.output() else {
        absent("Helm");
        return None;
    };
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Some(Called { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) })
}
