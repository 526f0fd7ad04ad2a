//! What a text says: its tree, its model, and what is known of the world around it.
//!
//! Must not judge it.

use std::sync::Arc;

use text_size::TextRange;

use crate::facts::Facts;
use crate::options::Options;
use crate::phase::{POST_DELETE, Phase};
use crate::syntax::{self, SyntaxTree};
use crate::task_file::{Section, Task, TaskFile};
use crate::words::Words;

/// One text, read. Ranges are byte offsets into [`Parsed::text`].
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The text.
    pub text: Arc<str>,
    /// What the user chose.
    pub options: Options,
    /// Its syntax.
    pub tree: SyntaxTree,
    /// Its meaning.
    pub file: TaskFile,
    /// What is known of the world.
    pub facts: Arc<Facts>,
    /// The commands of the tasks, in the order of the file.
    pub words: Vec<Words>,
}

impl Parsed {
    /// Reads any text, with nothing known of the world; never fails.
    pub fn new(text: impl Into<Arc<str>>, options: Options) -> Parsed {
        let text = text.into();
        let tree = syntax::parse(&text);
        let file = TaskFile::lower(&tree, &text);
        let commands = file.tasks.iter().filter_map(Task::command);
        let words = commands.map(|written| Words::new(&text, written, options)).collect();
        Parsed { text, options, tree, file, facts: Arc::default(), words }
    }

    /// The command of a task of this file, split; `None` where there is none.
    pub fn words_of(&self, task: &Task) -> Option<&Words> {
        let start = task.command()?.range.start();
        let index = self.words.binary_search_by_key(&start, |words| words.written.range.start());
        index.ok().map(|index| &self.words[index])
    }

    /// The phase that a section is, or that its name very likely means.
    pub fn phase_meant(&self, section: &Section) -> Option<Phase> {
        let name = section.name(&self.text);
        let post_delete = || (name == POST_DELETE).then_some(Phase::Cleanup);
        section.phase.or_else(post_delete).or_else(|| self.options.draft_version.meant(&name))
    }

    /// The lines of a section, up to the next one.
    pub(crate) fn lines_of(&self, section: &Section) -> TextRange {
        let sections = &self.file.sections;
        let next = sections.partition_point(|other| other.range.start() < section.range.end());
        let end = sections.get(next).map(|next| next.range.start());
        TextRange::new(section.range.start(), end.unwrap_or((self.text.len() as u32 + 1).into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_task_has_its_own_words() {
        let text = "pre-up.a = 'a'\ncleanup = { b = \"\\u0062\", c = 1, d = 'd' }\npre-up.e = 'e'\n[post-up]\nf = 'f\n\
            g = \"g\"\n[pre-up.more]\nh = '''h'''\n[[x]]\ni = 'i'\n[other]\nj = 'j'\nk =\nl = 'l'\n";
        let parsed = Parsed::new(text, Options::default());
        for task in &parsed.file.tasks {
            let words = parsed.words_of(task);
            assert_eq!(words.map(|words| words.written), task.command());
            let decoded = task.command().map(|written| written.decode(text).into_owned());
            assert_eq!(words.map(|words| &words.content), decoded.as_ref());
        }
        let split = parsed.file.tasks.iter().filter_map(|task| parsed.words_of(task)?.literal(0));
        assert_eq!(split.collect::<Vec<_>>(), ["a", "b", "d", "e", "f", "g", "h", "i", "j", "l"]);
    }
}
