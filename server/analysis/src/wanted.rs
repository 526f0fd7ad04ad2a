//! What the rules want to know of the world for the commands of a file.
//!
//! Must not look for it.

use std::collections::BTreeSet;

use crate::facts::Facts;
use crate::parsed::Parsed;
use crate::rules;

/// What the rules want to know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FactsWanted {
    /// Names of programs: are they on the PATH?
    pub programs: BTreeSet<String>,
    /// Paths relative to the directory of the tasks file: what do they lead to?
    pub paths: BTreeSet<String>,
}

impl FactsWanted {
    /// What each rule wants to know for a file.
    pub fn of(parsed: &Parsed) -> FactsWanted {
        rules::wanted(parsed)
    }

    /// Whether everything is known that is wanted.
    pub fn are_in(&self, facts: &Facts) -> bool {
        self.programs.iter().all(|name| facts.programs.contains_key(name))
            && self.paths.iter().all(|path| facts.paths.contains_key(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Options;

    #[test]
    fn programs_and_paths_that_commands_name() {
        let text = "[pre-up]\na = \"./x.sh && y\"\nb = \"sh scripts/y.sh -x $Z\"\nc = \"helm  install db mysql\"\n\
            d = \"cd z\"\nf = \" make all\"\ng = '\"my tool\" x'\nh = 'bash \"a b\" c'\ni = \"$X y\"\nj = \"\"\n\
            k = \"echo \\t\"\nm = 'ls \"'\n[post-deploy]\ne = \"./in-pod\"\nl = \"in-pod\"\nn = \"helm install db redis\"\n";
        let wanted = FactsWanted::of(&Parsed::new(text, Options::default()));
        assert_eq!(Vec::from_iter(wanted.programs), ["bash", "echo", "helm", "make", "my tool", "sh"]);
        assert_eq!(Vec::from_iter(wanted.paths), ["./x.sh", "a b", "mysql", "scripts/y.sh"]);
    }
}
