//! What holds for any file that may be a kubeconfig.

use super::*;

/// A value that may stand anywhere in an input.
const SECRET: &str = "hunter2";

/// A kubeconfig.
///
/// It can be read, used and copied, or an error says where in the file, without anything that stands there.
pub fn kubeconfig(input: &[u8]) {
    let path = Path::new("/home/ann/.kube/config");
    let lines = decode(input).map_or(0, |text| text.split(['\n', '\r']).count());
    let file = match File::read(path, input) {
        Ok(Some(file)) => file,
        Ok(None) => return,
        Err(problem) => return assert_silent(&problem, lines),
    };
    let kubeconfig = Kubeconfig { files: vec![file] };
    let current = kubeconfig.current_context();
    for name in kubeconfig.contexts().iter().chain(&current) {
        let context = match kubeconfig.context(name) {
            Ok(context) => context.unwrap_or_default(),
            Err(problem) => return assert_silent(&problem, lines),
        };
        match kubeconfig.access(&context) {
            Ok(access) => assert!(access.has_user || access.user.token.is_none()),
            Err(problem) => assert_silent(&problem, lines),
        }
        let copy = kubeconfig.copy(Some(name), "here");
        assert_eq!(copy["current-context"], json!(name));
        let bytes = copy.to_string().into_bytes();
        let again = File::read(path, &bytes).expect("a copy can be read").expect("it is not empty");
        assert_eq!(Kubeconfig { files: vec![again] }.contexts(), kubeconfig.contexts());
    }
}

fn assert_silent(problem: &Problem, lines: usize) {
    let said = problem.describe();
    assert!(!said.contains(SECRET), "{said}");
    let line = said.split_once("line ").and_then(|(_, rest)| rest.split(',').next()?.parse::<usize>().ok());
    assert!(line.is_none_or(|line| line > 0 && line <= lines + 1), "{said}");
}
