//! The pages of the documentation whose tasks run in pods, done word by word.
//!
//! Must not know what the pages say.

use serde_json::{Value, json};

use super::cluster::cluster;
use super::namespace::Namespace;
use crate::block::pages;
use crate::walk::Desk;

/// As the pages call it: one that is taken for local.
const CONTEXT: &str = "kind-dev";

/// The image of the pages, which a cluster without a network need not have under this name.
const IMAGE: &str = "image: busybox:1.35";

#[test]
#[ignore = "needs a cluster: tests/kubernetes/run"]
fn pages_on_a_cluster_do_what_they_say() {
    let walked = pages().into_iter().filter(|page| page.needs_cluster);
    let mut wrong = String::new();
    for page in walked {
        let namespace = Namespace::new();
        wrong += &desk(&namespace).walk(&page);
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// A desk with kubectl and a kubeconfig, whose namespace the pages call `default`.
fn desk(namespace: &Namespace) -> Desk {
    let mut desk = Desk::new();
    desk.names.push((namespace.name.clone(), "default"));
    desk.replaced.push((IMAGE, format!("image: {}", cluster().image)));
    desk.put_program("kubectl", &cluster().kubectl());
    let kubeconfig = std::fs::read(namespace.kubeconfig()).expect("a kubeconfig");
    let mut kubeconfig: Value = serde_json::from_slice(&kubeconfig).expect("one of JSON");
    kubeconfig["contexts"][0]["name"] = json!(CONTEXT);
    kubeconfig["current-context"] = json!(CONTEXT);
    desk.write(".kube/config", &kubeconfig.to_string());
    desk
}
