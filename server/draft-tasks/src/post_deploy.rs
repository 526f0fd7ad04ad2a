//! Why `post-deploy` does not run, and what it would need: a cluster that this version cannot reach yet.
//!
//! Must not contact a cluster.

use std::path::Path;

use crate::environment::Environment;

/// The answer to a request to run `post-deploy`: what it needs, and what of it is there.
pub(crate) fn refusal(directory: &Path, environment: &Environment) -> String {
    format!(
        "`post-deploy` does not run: its tasks run inside the application's pods, which this version cannot reach yet\n\
         \x20 application: {}\n  cluster: {}",
        application(directory),
        cluster(environment)
    )
}

fn application(directory: &Path) -> String {
    let file = directory.join("draft.toml");
    match file.is_file() {
        true => format!("described by {}", file.display()),
        false => format!("there is no draft.toml in {}", directory.display()),
    }
}

/// kubectl's own order: the variable, then the file in the home directory, then the pod that this runs in.
fn cluster(environment: &Environment) -> String {
    let named = environment.get("KUBECONFIG").filter(|paths| !paths.is_empty());
    if let Some(paths) = named {
        let missing = std::env::split_paths(&paths).filter(|path| !path.is_file());
        let missing: Vec<_> = missing.map(|path| path.display().to_string()).collect();
        return match missing.is_empty() {
            true => format!("described by {paths} (KUBECONFIG)"),
            false => format!("KUBECONFIG names {}, which is not there", missing.join(", ")),
        };
    }
    let home = environment.get("HOME").or_else(|| environment.get("USERPROFILE"));
    match home.map(|home| Path::new(&home).join(".kube").join("config")) {
        Some(path) if path.is_file() => format!("described by {}", path.display()),
        Some(path) => format!("there is no {}, and KUBECONFIG is not set", path.display()),
        None => "neither KUBECONFIG nor HOME is set".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_is_missing() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().to_str().unwrap();
        let said = refusal(dir.path(), &Environment::of(&[("HOME", home)]));
        assert!(said.contains(&format!("there is no draft.toml in {home}")), "{said}");
        assert!(
            said.contains(&format!("there is no {home}/.kube/config, and KUBECONFIG is not set")),
            "{said}"
        );
    }

    #[test]
    fn says_what_is_there() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("draft.toml"), "").unwrap();
        let config = dir.path().join("config");
        let environment = Environment::of(&[("KUBECONFIG", config.to_str().unwrap())]);
        assert!(refusal(dir.path(), &environment).contains("which is not there"));
        std::fs::write(&config, "").unwrap();
        let said = refusal(dir.path(), &environment);
        assert!(said.contains("application: described by") && said.contains("(KUBECONFIG)"), "{said}");
    }
}
