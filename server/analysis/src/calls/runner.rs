//! Programs with options of which not all are known here, and that run one of their arguments.
//!
//! Must not miss a program: what may be the value of an option may be the program, too.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::wrapper::{ANOTHER_MACHINE, Inner, behind};
use super::{Argument, is_absolute};

mod table;

use table::RUNNERS;

/// Programs that run one of their arguments.
struct Runner {
    names: &'static [&'static str],
    /// The words of their own behind one of which that stands, where they have such words.
    own: &'static [&'static str],
    /// Others in front of these.
    passing: &'static [&'static str],
    /// How many arguments stand between the options and the program.
    operands: usize,
    place: Place,
}

/// Where a runner runs it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Here,
    /// With variables of files, of other places or of another user.
    Environment,
    Container,
    Machine,
}

const PLAIN: Runner = Runner { names: &[], own: &[], passing: &[], operands: 0, place: Place::Here };

impl Runner {
    /// Those of a program: one for each of its commands that run others.
    fn of(name: &str) -> &'static [&'static Runner] {
        static BY_NAME: LazyLock<HashMap<&str, Vec<&Runner>>> = LazyLock::new(|| {
            let mut by_name: HashMap<&str, Vec<&Runner>> = HashMap::new();
            for runner in &RUNNERS {
                runner.names.iter().for_each(|name| by_name.entry(name).or_default().push(runner));
            }
            by_name
        });
        BY_NAME.get(name).map_or(&[], Vec::as_slice)
    }

    /// Where the arguments begin among which the program is; nothing where another command is called.
    fn begin(&self, arguments: &[Argument]) -> Option<usize> {
        if self.own.is_empty() { Some(0) } else { behind(arguments, self.own, self.passing) }
    }
}

/// Why a program runs others elsewhere, if it does.
pub(super) fn elsewhere(name: &str, arguments: &[Argument]) -> Option<String> {
    let runner = Runner::of(name).iter().find(|runner| runner.begin(arguments).is_some())?;
    // `uv run --env-file FILE`; behind `--` it is an option of another program.
    let own = arguments.iter().take_while(|word| word.text != "--");
    let has_variables = own.map(|word| word.text.as_str()).any(is_env_file);
    match runner.place {
        Place::Here if name == "uv" && has_variables => {
            Some(format!("`{name}` runs it with another environment"))
        }
        Place::Here => None,
        Place::Environment => Some(format!("`{name}` runs it with another environment")),
        Place::Container => Some(format!("`{name}` runs it in a container")),
        Place::Machine => Some(ANOTHER_MACHINE.to_owned()),
    }
}

fn is_env_file(option: &str) -> bool {
    option.strip_prefix("--env-file").is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
}

/// The tools that others bring with them: the words of `tsh kubectl` are the program itself.
const BRINGERS: [&str; 6] = ["tsh", "rancher", "k3s", "k0s", "minikube", "microk8s"];

pub(super) fn is_runner(name: &str) -> bool {
    BRINGERS.contains(&name) || !Runner::of(name).is_empty()
}

/// The arguments of a program that may be the one that it runs.
pub(super) fn programs(name: &str, arguments: &[Argument]) -> Vec<Inner> {
    if BRINGERS.contains(&name)
        && let Some(tool) =
            arguments.iter().position(|word| matches!(word.text.as_str(), "kubectl" | "helm" | "helm3"))
        && !arguments[..tool].iter().any(|word| word.text == "ssh")
    {
        return vec![certain(tool)];
    }
    if name == "nix" && behind(arguments, &["shell", "develop"], &[]).is_some() {
        let command = arguments.iter().position(|word| matches!(word.text.as_str(), "-c" | "--command"));
        let program = command.map(|at| at + 1).filter(|at| *at < arguments.len());
        return program.map(certain).into_iter().collect();
    }
    let begun = Runner::of(name).iter().find_map(|runner| Some((runner, runner.begin(arguments)?)));
    let Some((runner, begin)) = begun else { return Vec::new() };
    // Its options have up to two paths as values.
    let is_value = |word: &Argument| name == "bwrap" && is_absolute(&word.text);
    let mut found = candidates(arguments, begin, runner.operands, is_value);
    // Behind these stands the program, whatever was in front of them.
    let behind_end = arguments.iter().skip(begin).position(|word| word.text == "--").map(|at| begin + at + 1);
    let last = found.last().map(|inner| inner.at);
    found.extend(behind_end.filter(|at| *at < arguments.len() && last != Some(*at)).map(certain));
    if matches!(name, "concurrently" | "hyperfine" | "mispipe" | "poop" | "pee" | "start-server-and-test") {
        let others = last.map_or(begin, |at| at + 1)..arguments.len();
        found.extend(others.filter(|at| is_script(&arguments[*at])).map(certain));
    }
    found
}

/// Options of programs that run others elsewhere, whose values are scripts.
const SCRIPT_OPTIONS: [&str; 6] = ["-c", "-C", "--command", "--cmd", "--wrap", "--exec-command"];

/// Scripts that are values of a runner's own options: `--setup='make clean'`.
pub(super) fn scripts(name: &str, arguments: &[Argument]) -> Vec<Vec<Argument>> {
    let Some(runner) = Runner::of(name).iter().find(|runner| runner.begin(arguments).is_some()) else {
        return Vec::new();
    };
    let is_remote = matches!(runner.place, Place::Container | Place::Machine);
    let own = arguments.iter().take_while(|word| word.text != "--").enumerate();
    let value = |(at, word): (usize, &Argument)| {
        if is_remote && at > 0 && SCRIPT_OPTIONS.contains(&&*arguments[at - 1].text) {
            return Some(vec![word.clone()]);
        }
        let (_, value) = word.text.split_once('=').filter(|_| word.text.starts_with('-'))?;
        let value = Argument { text: value.into(), ..word.clone() };
        is_script(&value).then(|| vec![value])
    };
    own.filter_map(value).collect()
}

fn certain(at: usize) -> Inner {
    Inner { at, is_doubtful: false }
}

/// Whether an argument is a whole script.
pub(super) fn is_script(word: &Argument) -> bool {
    word.text.contains(char::is_whitespace)
}

/// The program behind options, and what may be values of these.
fn candidates(
    arguments: &[Argument],
    begin: usize,
    mut operands: usize,
    is_value: impl Fn(&Argument) -> bool,
) -> Vec<Inner> {
    let mut found = Vec::new();
    let mut may_be_value = false;
    for (at, word) in arguments.iter().enumerate().skip(begin) {
        let text = word.text.as_str();
        if is_value(word) {
            continue;
        }
        if text.starts_with('-') {
            may_be_value = !text.contains('=') && text != "--";
            continue;
        }
        let is_path = text.contains('/') && !is_absolute(text);
        if !(may_be_value && (is_path || !word.certain)) {
            found.push(Inner { at, is_doubtful: may_be_value });
        }
        if !may_be_value {
            if operands == 0 {
                break;
            }
            operands -= 1;
        }
        may_be_value = false;
    }
    found
}
