//! What the rules want to know of the world for the commands of a file.
//!
//! Must not look for it.

use std::collections::BTreeSet;

use crate::command::Word;
use crate::facts::Facts;
use crate::parsed::Parsed;
use crate::phase::Phase;
use crate::words::Words;

/// What the rules want to know, each once and in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FactsWanted {
    /// Names of programs: are they on the PATH?
    pub programs: Vec<String>,
    /// Paths relative to the directory of the tasks file: what do they lead to?
    pub paths: Vec<String>,
}

impl FactsWanted {
    /// Whether everything is known that is wanted.
    pub fn are_in(&self, facts: &Facts) -> bool {
        self.programs.iter().all(|name| facts.programs.contains_key(name))
            && self.paths.iter().all(|path| facts.paths.contains_key(path))
    }
}

/// What the rules want to know of the world for a file.
pub fn facts_wanted(parsed: &Parsed) -> FactsWanted {
    let local = Phase::ALL.into_iter().filter(|phase| phase.is_local());
    let (mut programs, mut paths) = (BTreeSet::new(), BTreeSet::new());
    for (_, written) in local.flat_map(|phase| parsed.file.commands_of(phase)) {
        let split = Words::new(parsed, written);
        let mut words = split.words.iter().map(Word::literal);
        let program = words.next().flatten().filter(|program| !program.is_empty());
        let Some(program) = program.filter(|_| split.error.is_none()) else { continue };
        let names = if program.contains('/') { &mut paths } else { &mut programs };
        names.insert(program.to_owned());
        if matches!(program, "sh" | "bash" | "helm") {
            paths.extend(words.flatten().filter(|it| is_local_path(it)).map(str::to_owned));
        }
    }
    FactsWanted { programs: programs.into_iter().collect(), paths: paths.into_iter().collect() }
}

/// Whether an argument could be a path below the directory of the tasks file.
fn is_local_path(argument: &str) -> bool {
    !argument.is_empty()
        && !argument.starts_with('-')
        && !argument.contains([' ', ':', '=', '$', '~', '\n', '*'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Options;

    #[test]
    fn programs_and_paths_that_commands_name() {
        let text = "[pre-up]\na = \"./x.sh && y\"\nb = \"sh scripts/y.sh -x $Z\"\nc = \"helm  install db mysql\"\n\
            d = \"echo z\"\nf = \" make all\"\ng = '\"my tool\" x'\nh = 'bash \"a b\" c'\ni = \"$X y\"\nj = \"\"\n\
            k = \"echo \\t\"\n[post-deploy]\ne = \"./in-pod\"\nl = \"in-pod\"\n";
        let wanted = facts_wanted(&Parsed::new(text, Options::default()));
        assert_eq!(wanted.programs, ["bash", "echo", "helm", "make", "my tool", "sh"]);
        assert_eq!(wanted.paths, ["./x.sh", "c", "db", "install", "mysql", "scripts/y.sh"]);
    }
}
