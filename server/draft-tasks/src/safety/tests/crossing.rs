//! Clusters that tasks reach by the time they start.

use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;
use crate::settings::kubernetes::KubernetesSettings;

/// What the gates of runs of one command each say to their tasks after the current context has become another one.
fn gated(commands: &[&[&str]], later: &str, answers: Option<&[bool]>) -> Vec<Result<(), String>> {
    let dir = directory("dev");
    let requests: Vec<_> = commands.iter().map(|argv| request(dir.path(), argv)).collect();
    let plans: Vec<Plan> = requests.iter().map(|request| request.plan.clone()).collect();
    let whereabouts = Whereabouts {
        directory: dir.path(),
        environment: &requests[0].environment,
        secrets: &Secrets::default(),
        pinned: None,
        follows_links: true,
    };
    let crossings = Crossing::of_all(&plans, whereabouts, &KubernetesSettings::default());
    std::fs::write(dir.path().join("config"), CONFIG.replace("CURRENT", later)).unwrap();
    let gates = crossings.into_iter().zip(requests).enumerate().map(|(at, (crossing, mut request))| {
        let answer = answers.map(|answers| answers[at]);
        let asker = answer.map(|yes| -> Asker {
            Box::new(move |TaskQuestion { text, linked }| {
                assert!(text.starts_with("run `a` although it would reach a cluster"), "{text}");
                assert!(text.ends_with(
                    "before the run it was context dev, namespace default (https://127.0.0.1:6443)?"
                ));
                assert!(linked.is_none());
                if yes { Ok(()) } else { Err("it was not confirmed".into()) }
            })
        });
        let environment = request.environment.clone();
        crossing.gate(&mut request, asker)(0, &environment).map(drop)
    });
    gates.collect()
}

#[test]
fn a_task_that_would_reach_another_cluster_by_now_is_asked_for_or_refused() {
    let get = &["kubectl", "get"][..];
    let refused = gated(&[get, get], "prod", None);
    assert!(
        refused.iter().all(|it| it.as_ref().is_err_and(|why| why.contains("context prod"))),
        "{refused:?}"
    );
    let asked = gated(&[get, get], "prod", Some(&[true, false]));
    assert_eq!(asked[0], Ok(()));
    assert!(asked[1].as_ref().is_err_and(|why| why.ends_with("; it was not confirmed")), "{asked:?}");
    assert_eq!(gated(&[get], "dev", None), [Ok(())]);
    // What one of several runs was asked about, the others may reach.
    assert_eq!(gated(&[&["kubectl", "config", "use-context", "prod"], get], "prod", None), [Ok(()), Ok(())]);
    assert_eq!(gated(&[&["oc", "login", "https://10.0.0.5"], get], "prod", None), [Ok(()), Ok(())]);
    assert!(gated(&[get, &["oc", "login", "https://10.0.0.5"]], "prod", None)[0].is_err());
}

/// Why a task does not start that runs a link, in a run whose links were not followed before, behind a task `first`.
fn refused_link(first: &[&str], argv: &[&str]) -> String {
    let dir = directory("dev");
    let bin = dir.path().join("bin");
    std::fs::create_dir(&bin).unwrap();
    for (link, program) in [("k", "kubectl"), ("g", "gcloud")] {
        std::fs::write(bin.join(program), "").unwrap();
        std::fs::set_permissions(bin.join(program), PermissionsExt::from_mode(0o755)).unwrap();
        symlink(program, bin.join(link)).unwrap();
    }
    let mut run = request(dir.path(), first);
    run.plan.steps.extend(request(dir.path(), argv).plan.steps);
    run.environment.push(("PATH".into(), "bin:/usr/bin:/bin".into()));
    let environment = run.environment.clone();
    let whereabouts = Whereabouts {
        directory: dir.path(),
        environment: &environment,
        secrets: &Secrets::default(),
        pinned: None,
        follows_links: false,
    };
    let crossing = Crossing::of(&run.plan, whereabouts, &KubernetesSettings::default());
    std::fs::write(dir.path().join("config"), CONFIG.replace("CURRENT", "prod")).unwrap();
    crossing.gate(&mut run, None)(1, &environment).err().unwrap_or_default()
}

#[test]
fn a_link_is_seen_also_behind_a_task_that_chooses_a_cluster() {
    let login = &["oc", "login", "https://10.0.0.5"][..];
    for first in [login, &["true"]] {
        let why = refused_link(first, &["k", "get"]);
        assert!(why.contains("nobody was asked about, as `k` is a link to `kubectl`: context prod"), "{why}");
        let why = refused_link(first, &["g", "container", "clusters", "delete", "web"]);
        assert!(why.ends_with("as `g` is a link to `gcloud`"), "{why}");
        assert_eq!(refused_link(first, &["k", "version", "--client"]), "");
        assert_eq!(refused_link(first, &["g", "container", "clusters", "list"]), "");
    }
    assert_eq!(refused_link(login, &["kubectl", "get"]), "");
}
