//! Clusters that tasks reach by the time they start.

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
    };
    let crossings = Crossing::of_all(&plans, whereabouts, &KubernetesSettings::default());
    std::fs::write(dir.path().join("config"), CONFIG.replace("CURRENT", later)).unwrap();
    let gates = crossings.into_iter().zip(requests).enumerate().map(|(at, (crossing, mut request))| {
        let answer = answers.map(|answers| answers[at]);
        let asker = answer.map(|yes| -> Asker {
            Box::new(move |question| {
                assert!(question.starts_with("run `a` although it would reach a cluster"), "{question}");
                assert!(question.ends_with(
                    "before the run it was context dev, namespace default (https://127.0.0.1:6443)?"
                ));
                if yes { Ok(()) } else { Err("it was not confirmed".into()) }
            })
        });
        let environment = request.environment.clone();
        crossing.gate(&mut request, asker)(0, &environment)
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
