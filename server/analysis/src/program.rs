//! What is known of a program that commands name, and which other one is meant by it.
//!
//! Must not look for programs.

/// What is known of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProgramFact {
    /// It is on the PATH that tasks get.
    Found,
    /// It is not; which one is meant very likely, of those that are.
    Missing(Option<&'static str>),
}

impl ProgramFact {
    /// Looks for a program, and where it is not there for those that are similar to it.
    pub fn look(program: &str, is_there: impl Fn(&str) -> bool) -> ProgramFact {
        if is_there(program) {
            return ProgramFact::Found;
        }
        let similar = KNOWN.into_iter().filter_map(|known| Some((slips(program, known)?, known)));
        let present = similar.filter(|(_, known)| is_there(known));
        ProgramFact::Missing(present.min_by_key(|(slips, _)| *slips).map(|(_, known)| known))
    }
}

/// What tasks run most often, and what is mistyped.
const KNOWN: [&str; 30] = [
    "ansible-playbook",
    "awk",
    "bash",
    "bundle",
    "cargo",
    "composer",
    "curl",
    "docker",
    "docker-compose",
    "draft",
    "echo",
    "gradle",
    "helm",
    "helmfile",
    "kubectl",
    "kustomize",
    "make",
    "mvn",
    "node",
    "npm",
    "npx",
    "php",
    "pip",
    "pnpm",
    "python",
    "python3",
    "rake",
    "skaffold",
    "terraform",
    "yarn",
];

/// With how many slips a program is another one; nothing where it hardly is.
fn slips(program: &str, known: &str) -> Option<usize> {
    let most = if known.len() < 6 { 1 } else { 2 };
    // A slip changes the length by one letter at most.
    let is_as_long = known.len().abs_diff(program.chars().count()) <= most;
    // Nor does it take away more than one letter of the name.
    let has_letters = || known.bytes().filter(|letter| !program.as_bytes().contains(letter)).count() <= most;
    let is_like = known != program && program.len() > 2 && is_as_long && has_letters();
    let slips = is_like.then(|| strsim::damerau_levenshtein(known, program))?;
    (slips <= most).then_some(slips)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_that_is_there_is_meant() {
        let look = |program, there: &[&str]| ProgramFact::look(program, |name| there.contains(&name));
        assert_eq!(look("nmp", &["nmp"]), ProgramFact::Found);
        assert_eq!(look("nmp", &["npx", "npm", "pnpm"]), ProgramFact::Missing(Some("npm")));
        assert_eq!(look("npm", &["pnpm", "npx"]), ProgramFact::Missing(Some("npx")));
        assert_eq!(look("pyhton3", &["python", "python3"]), ProgramFact::Missing(Some("python3")));
        assert_eq!(look("pyhton3", &["python"]), ProgramFact::Missing(Some("python")));
        assert_eq!(look("nmp", &["rake"]), ProgramFact::Missing(None));
    }
}
