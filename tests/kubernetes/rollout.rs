//! The objects of the application `web` on the double.
//!
//! Must not know the program under test.

use crate::double::{Double, Pod, Workload};

/// By this a Deployment counts its templates.
const REVISION: &str = "deployment.kubernetes.io/revision";

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
