//! Which tasks of a phase the words of a command line name.
//!
//! Must not say what is wrong with a word: the plan of a run knows what the file has.

use clap::Args;
use draft_tasks_analysis::command::show_argument;
use draft_tasks_analysis::printable::printable;

use super::pattern::Pattern;

/// What of a phase is asked for.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct NamedTasks {
    /// Run only these tasks, in the order of the file: by description, by a pattern such as `build*`, or on a terminal by
    /// how one begins
    #[arg(value_name = "TASK")]
    tasks: Vec<String>,
    /// Leave this task out, named in one of these ways; may be given several times
    #[arg(long, value_name = "TASK", requires = "phase")]
    skip: Vec<String>,
    /// Begin with this task, and go on to the end of the phase
    #[arg(long, value_name = "TASK", requires = "phase", conflicts_with = "tasks")]
    from: Option<String>,
}

/// Words that name no task.
pub(super) struct AbsentTasks {
    pub(super) words: Vec<String>,
    /// Whether no other word is left.
    pub(super) are_all: bool,
}

/// Why there is no task to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unnamed {
    /// No task is called so.
    Word(String),
    /// The tasks that are named are left out.
    All,
    /// Several tasks are called so where one is meant.
    Several(String),
}

impl NamedTasks {
    /// Exactly these; all when it is empty.
    pub(super) fn exactly(tasks: Vec<String>) -> NamedTasks {
        NamedTasks { tasks, ..NamedTasks::default() }
    }

    /// Forgets what is to be left out and is not there, and gives it.
    pub(super) fn take_absent_skips(&mut self, present: &[String], has_terminal: bool) -> Vec<String> {
        self.skip.extract_if(.., |word| matches(word, present, has_terminal).is_empty()).collect()
    }

    /// Forgets the words for tasks that are to run and are not there, and gives them; where no other one is left nothing
    /// may run, as without a word all tasks are meant.
    pub(super) fn take_absent(&mut self, present: &[String], has_terminal: bool) -> AbsentTasks {
        let is_absent = |word: &mut String| matches(word, present, has_terminal).is_empty();
        let words: Vec<String> = self.tasks.extract_if(.., is_absent).collect();
        let are_all = !words.is_empty() && self.tasks.is_empty();
        AbsentTasks { words, are_all }
    }

    /// The descriptions that are meant, of those that the phase has; none where all are. On a terminal the beginning of one
    /// is enough.
    ///
    /// # Errors
    ///
    /// When a word names no task, or none is left.
    pub(super) fn among(&self, present: &[String], has_terminal: bool) -> Result<Vec<String>, Unnamed> {
        if self.tasks.is_empty() && self.skip.is_empty() && self.from.is_none() {
            return Ok(Vec::new());
        }
        let find = |word: &String| match matches(word, present, has_terminal) {
            found if found.is_empty() => Err(Unnamed::Word(word.clone())),
            found => Ok(found),
        };
        let all = |words: &[String]| Ok(words.iter().map(find).collect::<Result<Vec<_>, _>>()?.concat());
        let skipped = all(&self.skip)?;
        let mut chosen = if self.tasks.is_empty() { present.iter().collect() } else { all(&self.tasks)? };
        if let Some(word) = &self.from {
            let first = match find(word)?.as_slice() {
                [first] => present.iter().position(|name| name == *first),
                _ => return Err(Unnamed::Several(word.clone())),
            };
            chosen = present.iter().skip(first.unwrap_or_default()).collect();
        }
        chosen.retain(|name| !skipped.contains(name));
        if chosen.is_empty() { Err(Unnamed::All) } else { Ok(chosen.into_iter().cloned().collect()) }
    }
}

/// The words of a command line that name these tasks, each with a blank before it; they go behind all options.
pub(super) fn shown_words<'a>(tasks: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<_> = tasks.into_iter().collect();
    let looks_like_option = words.iter().any(|word| word.starts_with('-'));
    let end_of_options = looks_like_option.then(|| "--".to_owned());
    let words = end_of_options.into_iter().chain(words.into_iter().map(show_argument));
    words.map(|word| format!(" {word}")).collect()
}

/// The tasks that a word names: the one that is called exactly so, else that is shown so, else those that it is a pattern of,
/// else the only one that begins so.
fn matches<'a>(word: &str, present: &'a [String], has_terminal: bool) -> Vec<&'a String> {
    let shown = || present.iter().find(|name| printable(name) == word);
    if let Some(exact) = present.iter().find(|name| *name == word).or_else(shown) {
        return vec![exact];
    }
    let is_pattern = word.contains(['*', '?', '[', '{']);
    if let Some(pattern) = Pattern::of_names(word).ok().filter(|_| is_pattern) {
        return present.iter().filter(|name| pattern.is_name(name)).collect();
    }
    let begins: Vec<_> = present.iter().filter(|name| has_terminal && name.starts_with(word)).collect();
    if begins.len() == 1 && !word.is_empty() { begins } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn among(tasks: &[&str], skip: &[&str], from: Option<&str>) -> Result<Vec<String>, Unnamed> {
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let named = NamedTasks { tasks: owned(tasks), skip: owned(skip), from: from.map(str::to_owned) };
        named.among(&["build web", "build db", "b*", "sync/all"].map(str::to_owned), true)
    }

    #[test]
    fn an_exact_name_goes_before_a_pattern_and_that_before_a_beginning() {
        let words = |tasks: &[&str]| among(tasks, &[], None).unwrap();
        assert_eq!(words(&["b*"]), ["b*"]);
        assert_eq!(words(&["bu*"]), ["build web", "build db"]);
        assert_eq!(words(&["s*l"]), ["sync/all"]);
        assert_eq!(words(&["build w"]), ["build web"]);
        assert_eq!(words(&[]), [""; 0], "all of them");
        for word in ["build", "x*", "", "[", "uild"] {
            assert_eq!(among(&[word], &[], None), Err(Unnamed::Word(word.into())), "{word}");
        }
        let present = ["build".to_owned()];
        let named = NamedTasks { tasks: vec!["b".into()], ..NamedTasks::default() };
        assert_eq!(named.among(&present, false), Err(Unnamed::Word("b".into())), "a guess of a script");
    }

    #[test]
    fn a_name_with_a_line_feed_can_be_given_as_it_is_shown() {
        let named = NamedTasks::exactly(vec![r"two\nlines".into()]);
        let lines = "two\nlines".to_owned();
        assert_eq!(named.among(std::slice::from_ref(&lines), false), Ok(vec![lines.clone()]));
        let literal = r"two\nlines".to_owned();
        assert_eq!(named.among(&[lines, literal.clone()], false), Ok(vec![literal]));
    }

    #[test]
    fn some_are_left_out() {
        assert_eq!(among(&[], &["build*"], None).unwrap(), ["b*", "sync/all"]);
        assert_eq!(among(&["build*"], &["build db"], None).unwrap(), ["build web"]);
        assert_eq!(among(&["sync*"], &["sync*"], None), Err(Unnamed::All));
        assert_eq!(among(&[], &["none"], None), Err(Unnamed::Word("none".into())));
        assert_eq!(among(&[], &["b*"], Some("build db")).unwrap(), ["build db", "sync/all"]);
        assert_eq!(among(&[], &[], Some("build*")), Err(Unnamed::Several("build*".into())));
    }
}
