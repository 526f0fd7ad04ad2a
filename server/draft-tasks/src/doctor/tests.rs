use std::collections::BTreeMap;

use super::*;

/// The chain of a directory with these files and variables, which contacts nothing.
fn chain(files: &[(&str, &str)], variables: &[(&str, &str)], selector: Option<&str>) -> Vec<Link> {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let file = dir.path().join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }
    let mut variables =
        BTreeMap::from_iter(variables.iter().map(|(name, value)| (*name, (*value).to_owned())));
    if files.iter().any(|(name, _)| *name == "kubeconfig") {
        variables.insert("KUBECONFIG", dir.path().join("kubeconfig").display().to_string());
    }
    let variables: Vec<_> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let selector = selector.map(|selector| selector.parse().unwrap());
    let settings = KubernetesSettings { selector, ..KubernetesSettings::default() };
    let wanted = DoctorRequest {
        directory: dir.path().to_owned(),
        tasks: Ok((dir.path().join(".draft-tasks.toml"), 2)),
        environment: Environment::of(&variables),
        name: None,
        settings,
        audience: Audience::CommandLine,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(walk(&wanted, |_| {}))
}

fn state(links: &[Link], name: &str) -> (State, String) {
    let link = links.iter().find(|link| link.name == name).unwrap();
    (link.state, link.found.clone())
}

const DRAFT: &str = "[environments.development]\nname = \"web\"\nnamespace = \"demo\"\nauto-connect = true\n";

/// A server at an address where nothing listens.
const KUBECONFIG: &str = "apiVersion: v1\nkind: Config\ncurrent-context: kind-dev\n\
    clusters: [{name: c, cluster: {server: https://127.0.0.1:1}}]\n\
    contexts: [{name: kind-dev, context: {cluster: c, user: u}}]\nusers: [{name: u, user: {}}]\n";

#[test]
fn every_link_has_its_place_and_the_first_broken_one_is_named() {
    let links = chain(&[], &[("HOME", "/nowhere")], None);
    assert_eq!(links.len(), 14);
    let broken = first_broken(&links).unwrap();
    assert_eq!(broken.name, "draft.toml");
    assert!(broken.found.starts_with("there is no draft.toml") && !broken.help.is_empty(), "{broken:?}");
    assert_eq!(state(&links, "kubeconfig").0, State::Broken);
    assert_eq!(
        state(&links, "server"),
        (State::Open, "not known, since the link `kubeconfig` is broken".into())
    );
}

#[test]
fn a_selector_needs_no_draft_toml() {
    let links = chain(&[("kubeconfig", KUBECONFIG)], &[], Some("app=web"));
    let (draft, found) = state(&links, "draft.toml");
    assert_eq!((draft, found.as_str()), (State::Open, "not needed: the selector app=web names the pods"));
    assert_eq!(first_broken(&links).unwrap().name, "server");
}

#[test]
fn each_link_of_the_project_is_told() {
    let chart = "  template:\n    metadata:\n    spec:\n      containers:\n";
    let files = [("draft.toml", DRAFT), ("charts/web/templates/a.yaml", chart), ("kubeconfig", KUBECONFIG)];
    let links = chain(&files, &[], None);
    assert_eq!(state(&links, "name"), (State::Holds, "web, namespace demo".into()));
    assert_eq!(state(&links, "auto-connect").0, State::Open);
    assert_eq!(state(&links, "chart"), (State::Open, "its pods have no label `draft`".into()));
    let (context, found) = state(&links, "context");
    let place = "kind-dev, namespace demo (https://127.0.0.1:1), a local cluster";
    assert_eq!((context, found.as_str()), (State::Holds, place));
    let server = first_broken(&links).unwrap();
    assert_eq!(server.name, "server");
    assert!(server.found.contains("cannot reach the cluster of context `kind-dev`"), "{server:?}");
    assert!(server.help.iter().all(|line| !line.contains("doctor")), "{server:?}");
}

#[test]
fn an_environment_that_draft_toml_lacks_breaks_that_link() {
    let links = chain(&[("draft.toml", DRAFT)], &[("DRAFT_ENV", "prod"), ("HOME", "/nowhere")], None);
    assert_eq!(state(&links, "draft.toml").0, State::Holds);
    assert_eq!(first_broken(&links).unwrap().name, "environment");
}

fn target() -> Target {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config");
    std::fs::write(&file, KUBECONFIG).unwrap();
    Target::read(&[("KUBECONFIG".into(), file.into())], None, Some("demo")).unwrap()
}

fn pod(name: &str, standing: Standing, is_ready: bool) -> PodExamination {
    let (name, reason) = (name.to_owned(), "ImagePullBackOff".to_owned());
    PodExamination { name, standing, is_ready, reason, build: None, container: Ok("web".into()) }
}

/// What is said of an application with these pods.
fn of_pods(pods: &[PodExamination], has_namespace: bool, is_without_label: bool) -> Vec<Link> {
    let hints = Hints { is_without_label, has_selector: false, audience: Audience::CommandLine };
    let application = draft_tasks_executor::Application { name: "web".into(), selector: "draft=web".into() };
    let found = Found { application, namespace: None };
    let mut links = Vec::new();
    super::application((pods, Some(has_namespace), None), &found, &target(), hints, &mut links);
    links
}

#[test]
fn pods_are_told_with_what_keeps_tasks_from_them() {
    let pods = [
        pod("web-1", Standing::Current, true),
        pod("web-2", Standing::Current, false),
        pod("old-1", Standing::Earlier, true),
        pod("old-2", Standing::Over, true),
    ];
    let links = of_pods(&pods, true, false);
    assert_eq!(links[0].found, "2 pods with label draft=web");
    assert_eq!(links[0].details, ["old-1 is of an earlier rollout", "old-2 ends or has ended"]);
    let readiness = first_broken(&links).unwrap();
    assert_eq!((readiness.name, readiness.found.as_str()), ("readiness", "1 of 2 pods ready"));
    assert_eq!(readiness.details, ["web-2: ImagePullBackOff"]);
    assert_eq!(readiness.help, ["look at why: kubectl --context kind-dev -n demo describe pod web-2"]);
    assert_eq!(state(&links, "container"), (State::Holds, "web".into()));
}

#[test]
fn where_there_is_no_pod_the_chart_may_be_why() {
    let links = of_pods(&[pod("old", Standing::Over, false)], true, true);
    let [pods] = links.as_slice() else { panic!("{links:?}") };
    assert_eq!(pods.state, State::Broken);
    assert!(pods.found.starts_with("no pod has label draft=web in context kind-dev"), "{pods:?}");
    let help = pods.help.last().unwrap();
    assert!(
        help.starts_with("the chart gives its pods no label `draft`: ") && help.contains("by --selector"),
        "{help}"
    );
    let links = of_pods(&[], false, false);
    assert_eq!(links[0].found, "there is no namespace `demo` in the cluster");
}

#[test]
fn a_missing_container_is_the_broken_link() {
    let container = Err(Problem::new("pod `web-1` has no container `x`").help("it has `web`"));
    let links =
        of_pods(&[PodExamination { container, ..pod("web-1", Standing::Current, true) }], true, false);
    let broken = first_broken(&links).unwrap();
    assert_eq!((broken.name, broken.help.len()), ("container", 2));
}

#[test]
fn only_permissions_that_tasks_need_break_the_chain() {
    let permission =
        |resource, verb, is_needed, is_allowed| Permission { resource, verb, is_needed, is_allowed };
    let create = permission("pods/exec", "create", false, false);
    let link = permitted(&[permission("pods", "list", true, true), create], "demo");
    assert_eq!(link.state, State::Holds);
    assert_eq!(
        link.details,
        ["not permitted: create pods/exec; clusters since Kubernetes 1.35 ask for it too"]
    );
    let link = permitted(&[permission("pods", "list", true, false), create], "demo");
    assert_eq!(link.state, State::Broken);
    let workloads = ["deployments", "replicasets"].map(|it| permission(it, "get", false, false));
    assert!(
        permitted(&workloads, "demo").details[0].starts_with("not permitted: get deployments, replicasets;")
    );
    assert_eq!(link.found, "not permitted in namespace demo: list pods");
}

#[test]
fn markdown_shows_no_markup_of_others() {
    let link = Link::broken("server", Problem::new("![x](https://evil)"));
    assert_eq!(markdown(&[link]), "Broken first: **server**\n\n- ✗ **server**: \\!\\[x\\](https://evil)");
    assert_eq!(markdown(&[Link::open("chart", "none")]), "Nothing is broken.\n\n- \\- **chart**: none");
}
