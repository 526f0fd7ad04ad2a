//! The options that say in which pods of which cluster tasks run, and the questions that come before it.
//!
//! Must not ask where nobody can answer: then it says which option answers.

#[cfg(unix)]
use std::io::Read;
use std::io::{self, BufRead, IsTerminal, Write};
use std::num::NonZeroUsize;

use clap::Args;
use draft_tasks_analysis::phase::Phase;

use super::terminal;
use crate::safety::{self, Foreign};
use crate::settings::kubernetes::{Container, KubernetesSettings, Name, Selector};
use crate::settings::run::Patience;
use crate::world::environment::Environment;

/// Which containers of which pods are meant.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct PodOptions {
    /// The environment of draft.toml; without it DRAFT_ENV, else `development`
    #[arg(long, short, value_name = "NAME", value_parser = given_name)]
    pub(super) environment: Option<String>,
    /// The context of the kubeconfig; tasks on this machine get a copy of the kubeconfig in which it is the current one
    #[arg(long, value_name = "NAME", value_parser = given_name)]
    pub(super) context: Option<String>,
    /// The namespace of the pods; without it that of draft.toml, else `default`
    #[arg(long, short, value_name = "NAME", value_parser = given_name)]
    namespace: Option<String>,
    /// The labels of the pods, such as `app=web`; without it `draft=` and the application's name in draft.toml
    #[arg(long, short = 'l', value_name = "SELECTOR")]
    selector: Option<Name<Selector>>,
    /// The container in which tasks run; without it the pod's default container
    #[arg(long, short, value_name = "NAME")]
    container: Option<Name<Container>>,
}

#[derive(Clone, Debug, Default, Args)]
pub(super) struct Cluster {
    #[command(flatten)]
    pub(super) meant: PodOptions,
    /// How long to wait until all pods are ready; 0 looks once; without it as the project says, else
    /// 5m
    #[arg(long, value_name = "TIME")]
    ready_timeout: Option<Patience>,
    /// In how many pods tasks run at the same time at most; without it 32
    #[arg(long, value_name = "NUMBER", value_parser = concurrency)]
    concurrency: Option<NonZeroUsize>,
    /// Answer each question with yes: reach a cluster that is not local, and delete or clean up although pods still exist
    /// or cannot be asked for
    #[arg(long, short)]
    pub(super) yes: bool,
}

/// How a question begins that is asked where somebody can answer, and refuses nothing elsewhere.
pub(super) const HINTED: &str = "on a terminal before";

impl PodOptions {
    /// The options as settings, which go before those of the project.
    pub(super) fn settings(&self, project: &KubernetesSettings) -> KubernetesSettings {
        KubernetesSettings {
            selector: self.selector.clone().or_else(|| project.selector.clone()),
            container: self.container.clone().or_else(|| project.container.clone()),
            context: self.context.clone().or_else(|| project.context.clone()),
            namespace: self.namespace.clone().or_else(|| project.namespace.clone()),
            local_contexts: local_contexts(),
            ..project.clone()
        }
    }
}

impl Cluster {
    /// The options as settings, which go before those of the project.
    pub(super) fn settings(&self, project: &KubernetesSettings) -> KubernetesSettings {
        KubernetesSettings {
            ready_timeout: self.ready_timeout.or(project.ready_timeout),
            concurrency: self.concurrency.or(project.concurrency),
            ..self.meant.settings(project)
        }
    }

    /// Says which of the options about pods do nothing for a phase whose tasks run on this machine; before `cleanup` it is
    /// looked for pods with these labels.
    pub(super) fn tell_unused(&self, phase: Phase) {
        let given = [
            ("--selector", self.meant.selector.is_some() && phase != Phase::Cleanup),
            ("--container", self.meant.container.is_some()),
            ("--ready-timeout", self.ready_timeout.is_some()),
            ("--concurrency", self.concurrency.is_some()),
        ];
        let unused: Vec<&str> =
            given.iter().filter(|(_, is_given)| *is_given).map(|(name, _)| *name).collect();
        if !unused.is_empty() {
            let names = unused.join(", ");
            terminal::warning(format_args!(
                "{names}: no effect, as tasks of `{phase}` run on this machine, not in pods"
            ));
        }
    }

    /// Asks whether runs may reach these clusters, unless that was said before; where nobody can be asked, a hint is said.
    ///
    /// # Errors
    ///
    /// As [`Cluster::confirm`].
    pub(super) fn confirm_foreign(&self, all: &[Foreign]) -> Result<(), String> {
        if self.yes {
            return Ok(());
        }
        let (hints, certain): (Vec<&Foreign>, Vec<&Foreign>) =
            all.iter().partition(|foreign| foreign.is_hint);
        if !certain.is_empty() {
            let is_known = certain.iter().all(|foreign| foreign.target.is_some());
            let answer = if is_known && certain.len() == 1 {
                "to go on, name the context by --context, or give --yes"
            } else {
                "to go on, give --yes"
            };
            self.confirm(&safety::question(&certain), answer)?;
        }
        if hints.is_empty() {
            return Ok(());
        }
        if can_ask() {
            return self.confirm(&safety::question(&hints), "to go on, give --yes");
        }
        terminal::warning(format_args!("{}; it runs all the same", unasked(&safety::question(&hints))));
        Ok(())
    }

    /// Before which of these clusters that would be asked, as the rest of "would ask".
    pub(super) fn asks_of_foreign(&self, all: &[Foreign]) -> Vec<String> {
        if self.yes {
            return Vec::new();
        }
        let (hints, certain): (Vec<&Foreign>, Vec<&Foreign>) =
            all.iter().partition(|foreign| foreign.is_hint);
        let asks = |beginning: &str, of: &[&Foreign]| {
            (!of.is_empty()).then(|| format!("{beginning} {}", safety::described_all(of)))
        };
        asks("before", &certain).into_iter().chain(asks(HINTED, &hints)).collect()
    }

    /// Asks whether to go on, unless that was said before.
    ///
    /// # Errors
    ///
    /// What would have been asked and how to answer it, where nobody can be asked; or that the answer was no.
    pub(super) fn confirm(&self, question: &str, answer: &str) -> Result<(), String> {
        if self.yes {
            return Ok(());
        }
        if !can_ask() {
            return Err(format!("nothing runs, as {}\n  {answer}", unasked(question)));
        }
        match is_agreed(question) {
            Ok(true) => Ok(()),
            Ok(false) => Err("nothing runs, as it was not confirmed".into()),
            Err(error) => Err(format!("nothing runs, as the answer cannot be read: {error}")),
        }
    }
}

/// The name of what an option chooses: an unset variable of a script chooses nothing, and what is chosen without it may be
/// another cluster.
pub(super) fn given_name(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("the name is empty: leave the option out, or look where its value comes from".into()),
        _ => Ok(text.to_owned()),
    }
}

fn concurrency(text: &str) -> Result<NonZeroUsize, String> {
    let number = text.parse::<usize>().map_err(|_| "expected a number of pods".to_owned())?;
    NonZeroUsize::new(number).ok_or_else(|| "at least 1 pod; without the option it is 32".to_owned())
}

/// What was typed before a question is no answer to it.
fn forget_keys() {
    // What is no terminal has no keys.
    #[cfg(unix)]
    let _ = rustix::termios::tcflush(io::stdin(), rustix::termios::QueueSelector::IFlush);
}

/// Asks on the terminal.
///
/// # Errors
///
/// When the question cannot be written or the answer cannot be read.
pub(super) fn is_agreed(question: &str) -> io::Result<bool> {
    let mut said = String::new();
    forget_keys();
    show(question)?;
    let read = shown_again_after_halts(question, || io::stdin().lock().read_line(&mut said));
    read?;
    if !said.ends_with('\n') {
        let _ = writeln!(io::stderr());
    }
    // A terminal does not take Escape for a key that edits.
    let said = said.trim_matches(|c: char| c.is_whitespace() || c == '\u{1b}');
    Ok(matches!(said.to_lowercase().as_str(), "y" | "yes"))
}

const ANSWERS: &str = " [y/N] ";

fn show(question: &str) -> io::Result<()> {
    // Not locked while it waits: who ends the program meanwhile says so there.
    let mut asked = io::stderr();
    write!(asked, "{}", with_answers(question, terminal::question_width()))?;
    asked.flush()
}

/// A question in lines of so many columns, with its answers beside its last word.
fn with_answers(question: &str, columns: usize) -> String {
    let question = terminal::shown(format_args!("{question}"));
    let columns = columns.saturating_sub(terminal::width_of(ANSWERS.trim_end()));
    terminal::wrapped(&question, columns) + ANSWERS
}

/// Reads an answer; who has halted the program meanwhile sees the question again when it goes on.
#[cfg(unix)]
fn shown_again_after_halts<T>(question: &str, read: impl FnOnce() -> T) -> T {
    let watched = std::os::unix::net::UnixStream::pair().and_then(|(told, heard)| {
        let continued = rustix::process::Signal::CONT.as_raw();
        signal_hook::low_level::pipe::register(continued, told).map(|watch| (watch, heard))
    });
    // Where the system refuses, the answer counts all the same.
    let Ok((watch, mut heard)) = watched else { return read() };
    std::thread::scope(|scope| {
        scope.spawn(move || {
            while heard.read(&mut [0; 1]).is_ok_and(|read| read > 0) {
                if !terminal::is_in_background(io::stderr()) {
                    let _ = show(question);
                }
            }
        });
        let read = read();
        signal_hook::low_level::unregister(watch);
        read
    })
}

#[cfg(not(unix))]
fn shown_again_after_halts<T>(_: &str, read: impl FnOnce() -> T) -> T {
    read()
}

/// The user's own contexts that are as good as local.
const LOCAL_CONTEXTS: &str = "DRAFT_TASKS_LOCAL_CONTEXTS";

fn local_contexts() -> Vec<String> {
    let named = Environment::of_process().get(LOCAL_CONTEXTS).unwrap_or_default();
    named.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// That a question cannot be asked, without a full stop.
fn unasked(question: &str) -> String {
    format!("nobody can be asked whether to {}", question.trim_end_matches('?'))
}

/// Whether somebody can answer.
pub(super) fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_keeps_its_blanks_and_its_answers_beside_its_last_word() {
        assert_eq!(with_answers("run `a\u{a0}b` there?", usize::MAX), "run `a\u{a0}b` there? [y/N] ");
        assert_eq!(with_answers("run this there?", 15), "run this\nthere? [y/N] ");
    }
}
