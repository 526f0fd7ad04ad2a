//! What runs in containers: the image, the entry point, the command behind the options of `docker run` and the like.
//!
//! Must not take names, paths and other values of options for programs.

use super::wrapper::{behind, elsewhere};
use super::{Argument, CallWords, Input, Walk};

const PROGRAMS: [&str; 6] = ["docker", "docker-compose", "podman", "podman-compose", "nerdctl", "lxc"];

/// Their options of one letter without a value.
const LETTERS: &str = "ditPTq";

/// Their long options without a value.
const SWITCHES: [&str; 22] = [
    "--detach",
    "--interactive",
    "--tty",
    "--rm",
    "--privileged",
    "--init",
    "--read-only",
    "--publish-all",
    "--no-healthcheck",
    "--oom-kill-disable",
    "--sig-proxy",
    "--disable-content-trust",
    "--quiet",
    "--no-deps",
    "--service-ports",
    "--use-aliases",
    "--build",
    "--no-TTY",
    "--quiet-pull",
    "--remove-orphans",
    "--replace",
    "--latest",
];

pub(super) fn runs_containers(name: &str) -> bool {
    PROGRAMS.contains(&name)
}

impl Walk<'_> {
    pub(super) fn container(&mut self, name: &str, line: &CallWords, input: &Input) {
        let arguments = line.arguments();
        let Some(begin) = behind(arguments, &["run", "exec"], &["compose", "container"]) else {
            return self.scripts_inside(name, line, input);
        };
        let is_image = arguments[begin - 1].text == "run"
            && !name.ends_with("compose")
            && !arguments[..begin].iter().any(|word| word.text == "compose");
        let options = Options::read(arguments, begin);
        let mut command = options.end + 1;
        command += usize::from(arguments.get(command).is_some_and(|word| word.text == "--"));
        self.among(elsewhere(name, &[]), |walk| {
            let words = arguments.get(command..).unwrap_or_default();
            match arguments.get(options.end).filter(|image| is_image && image.certain) {
                // The image has arguments of its own.
                Some(image) if words.is_empty() => {
                    drop(walk.call(&CallWords::new(vec![image.clone(), Argument::unknown()])));
                }
                Some(_) => drop(walk.call(&line.inner(options.end))),
                None => {}
            }
            let inner = match options.entry_point {
                Some(program) => CallWords::new([&entry_point(&program), words].concat()),
                // These are options of the image's own program.
                None if words.first().is_none_or(|first| first.text.starts_with('-')) => return,
                None => line.inner(command),
            };
            walk.deeper(|walk| walk.command(&inner, input));
            // What is not known may have been an option, with the image behind it.
            if arguments.get(options.end).is_some_and(|image| image.open) {
                walk.perhaps(&inner.inner(0), input);
            }
        });
    }
}

impl Walk<'_> {
    /// What `kubectl exec` runs: the words behind `--`.
    pub(super) fn pod(&mut self, name: &str, line: &CallWords, input: &Input) {
        let arguments = line.arguments();
        let ends = arguments.iter().position(|word| word.text == "--");
        let Some(ends) = ends.filter(|_| behind(arguments, &["exec"], &[]).is_some()) else { return };
        let before = self.calls.unclear.take();
        let unknown = self.calls.of_unknown.len();
        self.among(elsewhere(name, &[]), |walk| {
            walk.deeper(|walk| walk.command(&line.inner(ends + 1), input));
        });
        // The pod is of the cluster that is asked for anyway: what is not known in it is no reason to take that for another.
        self.calls.of_unknown.truncate(unknown);
        if let Some(unclear) = std::mem::replace(&mut self.calls.unclear, before) {
            self.unclear(unclear.why);
        }
    }
}

/// The words of an entry point, which may be an array of JSON; Compose splits any other text.
fn entry_point(program: &Argument) -> Vec<Argument> {
    let text = program.text.as_str();
    let words: Vec<String> = if text.starts_with('[') {
        strings(text).unwrap_or_default()
    } else {
        text.split_whitespace().map(str::to_owned).collect()
    };
    if words.is_empty() {
        return vec![Argument::unknown()];
    }
    words.into_iter().map(|text| Argument { text: text.into(), ..program.clone() }).collect()
}

/// The strings of an array of JSON, which is one of TOML, too.
fn strings(array: &str) -> Option<Vec<String>> {
    let value: toml_edit::Value = array.parse().ok()?;
    value.as_array()?.iter().map(|word| word.as_str().map(str::to_owned)).collect()
}

/// The options of a command that runs something in a container.
struct Options {
    /// Where the image, the container or the service stands.
    end: usize,
    entry_point: Option<Argument>,
}

impl Options {
    fn read(arguments: &[Argument], begin: usize) -> Options {
        let mut options = Options { end: begin, entry_point: None };
        while let Some(word) = arguments.get(options.end).filter(|word| word.text.starts_with('-')) {
            let text = word.text.as_str();
            options.end += 1;
            if text == "--" {
                break;
            }
            if let Some(program) = text.strip_prefix("--entrypoint=") {
                options.entry_point = Some(Argument { text: program.into(), ..word.clone() });
            }
            if takes_next(text) {
                let value = arguments.get(options.end).filter(|_| text == "--entrypoint");
                options.entry_point = value.cloned().or(options.entry_point);
                options.end += 1;
            }
        }
        options.entry_point =
            options.entry_point.filter(|program| !program.certain || !program.text.is_empty());
        options
    }
}

/// Whether an argument is an option whose value is the next one.
pub(crate) fn takes_next(option: &str) -> bool {
    if !option.starts_with('-') {
        return false;
    }
    if option.starts_with("--") {
        return !option.contains('=') && !SWITCHES.contains(&option);
    }
    let letters = &option[1..];
    letters.find(|letter| !LETTERS.contains(letter)).is_some_and(|at| at + 1 == letters.len())
}
