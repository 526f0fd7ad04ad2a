//! An application on the double, and the program in the folder of its tasks file.
//!
//! Must not call the program.

use crate::double::{Double, Pod, Workload};
use crate::tool::Tool;

/// A tasks file with one task, whose command is `work`.
pub(crate) const WORK: &str = "[post-deploy]\nwork = \"work\"\n";

/// By this a Deployment counts its templates.
const REVISION: &str = "deployment.kubernetes.io/revision";

/// The program beside this tasks file and a `draft.toml` that names the application `web`.
pub(crate) fn tool(double: &Double, tasks: &str) -> Tool {
    let kubeconfig = double.kubeconfig();
    let tool = Tool::new(tasks).with("KUBECONFIG", kubeconfig.to_str().expect("a path of UTF-8"));
    tool.write("draft.toml", b"[environments.development]\nname = \"web\"\n");
    tool
}

/// A pod of this template: `web-TEMPLATE-INDEX`.
pub(crate) fn pod(template: &str, index: usize) -> Pod {
    let pod = Pod::new(&format!("web-{template}-{index}")).label("draft", "web");
    pod.label("pod-template-hash", template).owned_by("ReplicaSet", &format!("web-{template}"))
}

/// The Deployment, whose present template is this one and complete.
pub(crate) fn deployment(template: &str, replicas: u32) -> Workload {
    Workload::new("Deployment", "web", replicas).annotation(REVISION, template)
}

pub(crate) fn replica_set(template: &str, replicas: u32) -> Workload {
    let set = Workload::new("ReplicaSet", &format!("web-{template}"), replicas);
    set.owned_by("Deployment", "web").annotation(REVISION, template)
}

/// A Deployment with so many pods, all of them ready.
pub(crate) fn roll_out(double: &Double, template: &str, replicas: u32) {
    double.put(deployment(template, replicas));
    double.put(replica_set(template, replicas));
    for index in 0..replicas as usize {
        double.put(pod(template, index));
    }
}
