//! The program in the folder of the tasks file of an application on the double.
//!
//! Must not call the program.

use crate::double::Double;
use crate::tool::Tool;

/// A tasks file with one task, whose command is `work`.
pub(crate) const WORK: &str = "[post-deploy]\nwork = \"work\"\n";

/// The program beside this tasks file and a `draft.toml` that names the application `web`.
pub(crate) fn tool(double: &Double, tasks: &str) -> Tool {
    let kubeconfig = double.kubeconfig();
    let tool = Tool::new(tasks).with("KUBECONFIG", kubeconfig.to_str().expect("a path of UTF-8"));
    tool.write("draft.toml", b"[environments.development]\nname = \"web\"\n");
    tool
}
