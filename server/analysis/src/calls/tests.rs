use super::*;

/// Programs of clusters, as far as these tests need some.
const TOOLS: [&str; 3] = ["kubectl", "helm", "oc"];

fn lookup(name: &str) -> Option<String> {
    (name == "TOOL").then(|| "/opt/bin/kubectl --context prod".to_owned())
}

fn read(command: &str) -> Calls {
    let words =
        crate::command::split(command, crate::command::Semantics::Standard, Default::default()).unwrap();
    let argv: Vec<String> = words.iter().map(|word| word.expand(&lookup)).collect();
    Calls::of(argv.into_iter(), &lookup)
}

fn tool(calls: &Calls) -> Option<String> {
    calls.called.iter().map(Call::name).find(|name| TOOLS.contains(name)).map(str::to_owned)
}

fn beside(command: &str) -> Vec<Beside> {
    read(command).beside.into_iter().map(|it| it.beside).collect()
}

#[test]
fn a_program_has_one_name_in_all_versions() {
    for (program, name) in [
        ("/opt/kubectl-1.32.exe", "kubectl"),
        ("./kubectl.bat", "kubectl"),
        ("C:/tools/kubectl.exe", "kubectl"),
        ("C:\\tools\\KubeCtl.EXE", "kubectl"),
        ("kubectl-v1.32-linux-amd64", "kubectl"),
        ("helm3", "helm"),
        ("python3.11", "python"),
        ("k9s", "k9s"),
        ("microk8s", "microk8s"),
        ("microk8s.kubectl", "kubectl"),
        ("alpine/k8s:1.2", "k8s"),
        ("kubectl-ns", "kubectl-ns"),
        ("7z", "7z"),
    ] {
        assert_eq!(stem(program), name);
    }
}

mod beside;
mod bounds;
mod directory;
mod ways;
