//! Programs that are links to tools of clusters.

use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;

/// The question before a command in a directory where `bin` has programs and links to them, by a script of links: `k
/// kubectl` makes `k` one to `kubectl`.
fn question_with(links: &[(&str, &str)], argv: &[&str]) -> String {
    let dir = directory("prod");
    let bin = dir.path().join("bin");
    std::fs::create_dir(&bin).unwrap();
    for program in ["kubectl", "kubectl-linux-amd64", "helm3.14", "gcloud", "other"] {
        std::fs::write(bin.join(program), "").unwrap();
        std::fs::set_permissions(bin.join(program), PermissionsExt::from_mode(0o755)).unwrap();
    }
    for (link, target) in links {
        symlink(target, bin.join(link)).unwrap();
    }
    let mut request = request(dir.path(), argv);
    request.environment.push(("PATH".into(), "bin:/usr/bin:/bin".into()));
    said(&foreign(&request, &Target::is_local))
}

#[test]
fn a_link_to_a_tool_is_that_tool() {
    let links = [
        ("k", "kubectl"),
        ("kk", "k"),
        ("h", "helm3.14"),
        ("g", "gcloud"),
        ("amd", "./kubectl-linux-amd64"),
        ("o", "other"),
        ("loop", "pool"),
        ("pool", "loop"),
        ("gone", "kubectl-of-yesterday"),
    ];
    for (argv, at) in [
        (&["k", "get", "pods"][..], "not local: context prod"),
        (&["kk", "get", "pods"], "not local: context prod"),
        (&["bin/k", "get", "pods"], "not local: context prod"),
        (&["sh", "-c", "cd bin && ./k get pods"], "not local: context prod"),
        (&["env", "A=b", "h", "upgrade", "web", "."], "not local: context prod"),
        (&["sh", "-c", "true && amd get"], "not local: context prod"),
        (&["k", "config", "use-context", "prod"], "not local: context prod"),
        (&["g", "container", "clusters", "delete", "web"], "on an unknown cluster"),
    ] {
        let asked = question_with(&links, argv);
        assert!(asked.contains(at), "{argv:?}: {asked}");
    }
    for argv in [
        &["k", "version", "--client"][..],
        &["h", "lint", "."],
        &["k", "--context", "dev", "get", "pods"],
        &["g", "container", "clusters", "list"],
        &["o", "get", "pods"],
        &["loop", "get", "pods"],
        &["gone", "get", "pods"],
        &["echo", "k"],
    ] {
        assert_eq!(question_with(&links, argv), "", "{argv:?}");
    }
}

#[test]
fn the_path_that_a_command_sets_counts() {
    let script = |script: &str| question_with(&[("k", "kubectl")], &["sh", "-c", script]);
    assert!(script("PATH=/nowhere:bin k get pods").contains("context prod"));
    assert_eq!(script("PATH=/usr/bin k get pods"), "");
}
