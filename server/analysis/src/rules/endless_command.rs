//! `endless-command`: a program that ends only when somebody ends it, for which the phase would wait for ever.
//!
//! Must not report what something in front of it ends, as `timeout 10 tail -f log`.

use std::cell::LazyCell;

use text_size::TextRange;

use super::command::{Command, without_directory};
use super::declaration::{Check, Rule};
use crate::command::Word;
use crate::diagnostic::{Diagnostic, DiagnosticCode, Severity};
use crate::edit::Fix;

pub(super) const RULE: Rule = Rule {
    name: "endless-command",
    // That it does not end is known of the program, not of what this project makes of it.
    severity: Severity::Information,
    needs_facts: false,
    page: include_str!("endless_command.md"),
    check: Check::Command(check),
};

fn check(command: &Command<'_>, found: &mut Vec<Diagnostic>) {
    let mut last = 0;
    for call in command.calls().among_words() {
        // Of words of which one may be the value of an option both are looked at, in no order.
        let Some(around) = command.words().get(last..call.at()) else { return };
        if !around.is_empty() && !waits(around) {
            return;
        }
        last = call.at();
    }
    let [program, arguments @ ..] = &command.words()[last..] else { return };
    let Some(name) = program.literal().map(without_directory) else { return };
    let Some(endless) = endless(name, arguments) else { return };
    let place = endless.last.range;
    let message = format!("`{}` does not end by itself", endless.shown);
    let mut diagnostic = command
        .finding(DiagnosticCode::EndlessCommand, place, message)
        .note("a time limit or somebody has to end it");
    diagnostic.fixes.extend(endless.way_out.map(|way_out| fix(command, endless.last, way_out)));
    found.push(diagnostic);
}

/// Whether a wrapper with its options waits for the program behind it, and does not end it.
fn waits(wrapper: &[Word]) -> bool {
    let Some(name) = wrapper[0].literal().map(without_directory) else { return false };
    match name {
        "sudo" | "doas" => !wrapper
            .iter()
            .any(|word| word.literal().is_some_and(|flag| matches!(flag, "-b" | "--background"))),
        "kubectl" | "oc" | "env" | "nice" | "ionice" | "nohup" | "stdbuf" | "time" => true,
        _ => false,
    }
}

/// What makes a command endless.
struct Endless<'a> {
    /// The words that say so.
    shown: String,
    /// The last of them.
    last: &'a Word,
    way_out: Option<WayOut>,
}

/// How the same is done without waiting for ever.
enum WayOut {
    /// By another flag behind these words.
    Add(&'static str),
    /// Without the flag.
    Remove,
    /// Without one of several letters in one flag.
    Write(String),
}

fn fix(command: &Command<'_>, word: &Word, way_out: WayOut) -> Fix {
    match way_out {
        WayOut::Add(flag) => {
            let after = TextRange::empty(word.range.end());
            command.rewrite(format!("Add `{flag}`"), &command.replaced(after, &format!(" {flag}")))
        }
        WayOut::Remove => command.without(word.range),
        WayOut::Write(flag) => {
            command.rewrite(format!("Write `{flag}`"), &command.replaced(word.range, &flag))
        }
    }
}

/// A flag that makes a program follow or watch.
struct Following {
    letters: &'static str,
    words: &'static [&'static str],
    /// The other letters that have a value: what stands behind them in the same word is no flag.
    with_value: &'static str,
}

const OF_TAIL: Following = Following { letters: "fF", words: &["--follow"], with_value: "cns" };
const OF_JOURNAL: Following = Following { letters: "f", words: &["--follow"], with_value: "untpSUocMD" };
const OF_LOGS: Following = Following { letters: "f", words: &["--follow"], with_value: "lcnsv" };
const OF_GET: Following =
    Following { letters: "w", words: &["--watch", "--watch-only"], with_value: "lnofksLv" };

fn endless<'a>(name: &str, words: &'a [Word]) -> Option<Endless<'a>> {
    let arguments = &LazyCell::new(|| Arguments::of(words));
    let endless = match name {
        // These end at a time or with a process.
        "tail" if arguments.has("--pid") => None,
        "docker" | "podman" if arguments.has("--until") => None,
        "tail" => arguments.follows(name, &OF_TAIL),
        "journalctl" => arguments.follows(name, &OF_JOURNAL),
        "kubectl" | "oc" => of_kubectl(name, arguments),
        "docker" | "podman" => match arguments.verb(0)? {
            "compose" => of_compose(name, arguments, 1),
            "logs" => arguments.follows(&format!("{name} logs"), &OF_LOGS),
            "events" => arguments.shown(name, 1, None),
            _ => None,
        },
        "docker-compose" | "podman-compose" => of_compose(name, arguments, 0),
        "npm" | "pnpm" | "yarn" | "bun" => of_scripts(name, arguments),
        "skaffold" if arguments.verb(0)? == "dev" => arguments.shown(name, 1, None),
        "tilt" if arguments.verb(0)? == "up" => arguments.shown(name, 1, None),
        "minikube" if matches!(arguments.verb(0)?, "tunnel" | "mount" | "dashboard") => {
            arguments.shown(name, 1, None)
        }
        _ if name.starts_with("python") => of_python(name, arguments),
        _ => None,
    };
    endless.filter(|_| !arguments.has("--help"))
}

fn of_kubectl<'a>(name: &str, arguments: &Arguments<'a>) -> Option<Endless<'a>> {
    // What follows a job ends with it.
    let is_job = |text: &str| {
        ["job/", "jobs/", "jobs.batch/", "job.batch/"].iter().any(|kind| text.starts_with(kind))
            || text.contains("job-name=")
    };
    match arguments.verb(0)? {
        "port-forward" | "proxy" => arguments.shown(name, 1, None),
        "logs" if arguments.0.iter().any(|argument| is_job(argument.text)) => None,
        "logs" => arguments.follows(&format!("{name} logs"), &OF_LOGS),
        "get" => arguments.follows(&format!("{name} get"), &OF_GET),
        _ => None,
    }
}

fn of_compose<'a>(name: &str, arguments: &Arguments<'a>, verb: usize) -> Option<Endless<'a>> {
    match arguments.verb(verb)? {
        "up" => {
            let ending = ["--abort-on-", "--exit-code-from", "--no-start"];
            let ends = |flag: &str| ending.iter().any(|it| flag.starts_with(it));
            let detaches = |flag: &str| !flag.starts_with("--") && flag.contains('d');
            let is_over = arguments.flags().any(|flag| ends(flag) || detaches(flag));
            if is_over || arguments.is_set("--detach") || arguments.is_set("--wait") {
                return None;
            }
            // These and `--detach` exclude each other.
            let stays = |flag: &str| flag.starts_with("--attach") || matches!(flag, "--watch" | "-w");
            let way_out = (!arguments.flags().any(stays)).then_some(WayOut::Add("--detach"));
            arguments.shown(name, verb + 1, way_out)
        }
        "logs" if verb > 0 => arguments.follows(&format!("{name} compose logs"), &OF_LOGS),
        "logs" => arguments.follows(&format!("{name} logs"), &OF_LOGS),
        "watch" => arguments.shown(name, verb + 1, None),
        _ => None,
    }
}

/// The server that comes with Python.
fn of_python<'a>(name: &str, arguments: &Arguments<'a>) -> Option<Endless<'a>> {
    let [module, server] = arguments.0.windows(2).find(|pair| pair[0].text == "-m")? else { return None };
    let is_server = matches!(server.text, "http.server" | "SimpleHTTPServer");
    let shown = format!("{name} {} {}", module.text, server.text);
    is_server.then_some(Endless { shown, last: server.word, way_out: None })
}

/// The scripts that serve or watch in nearly every project that has them.
fn of_scripts<'a>(name: &str, arguments: &Arguments<'a>) -> Option<Endless<'a>> {
    let is_endless = |script: &str| matches!(script, "dev" | "start" | "serve" | "watch");
    match arguments.verb(0)? {
        "run" if is_endless(arguments.verb(1)?) => arguments.shown(name, 2, None),
        "start" => arguments.shown(name, 1, None),
        verb if name != "npm" && is_endless(verb) => arguments.shown(name, 1, None),
        _ => None,
    }
}

/// The arguments that no variable decides.
struct Arguments<'a>(Vec<Argument<'a>>);

struct Argument<'a> {
    word: &'a Word,
    text: &'a str,
}

impl<'a> Arguments<'a> {
    /// Those before `--`.
    fn of(words: &'a [Word]) -> Arguments<'a> {
        let known = words.iter().filter_map(|word| Some(Argument { word, text: word.literal()? }));
        Arguments(known.take_while(|argument| argument.text != "--").collect())
    }

    fn flags(&self) -> impl Iterator<Item = &'a str> {
        self.0.iter().map(|argument| argument.text).filter(|text| text.starts_with('-'))
    }

    /// What is neither a flag nor the value of one that stands before the verb.
    fn verbs(&self) -> impl Iterator<Item = &Argument<'a>> {
        let is_value = |at: usize| at > 0 && takes_value(self.0[at - 1].text);
        let own = self.0.iter().enumerate();
        own.filter(move |(at, argument)| !argument.text.starts_with('-') && !is_value(*at)).map(|(_, it)| it)
    }

    fn verb(&self, index: usize) -> Option<&'a str> {
        self.verbs().nth(index).map(|argument| argument.text)
    }

    /// A finding about the program and so many verbs.
    fn shown(&self, name: &str, verbs: usize, way_out: Option<WayOut>) -> Option<Endless<'a>> {
        let words: Vec<&Argument<'a>> = self.verbs().take(verbs).collect();
        let texts = words.iter().map(|argument| argument.text);
        let shown = [name].into_iter().chain(texts).collect::<Vec<_>>().join(" ");
        Some(Endless { shown, last: words.last()?.word, way_out })
    }

    /// Whether a flag is among them, with a value or without.
    fn has(&self, name: &str) -> bool {
        self.flags()
            .any(|flag| flag.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('=')))
    }

    /// Whether a flag that is yes or no is there and says yes.
    fn is_set(&self, name: &str) -> bool {
        self.flags().any(|flag| flag.strip_prefix(name).is_some_and(says_yes))
    }

    /// A finding about a flag that follows.
    fn follows(&self, shown: &str, flags: &Following) -> Option<Endless<'a>> {
        let mut own = self.0.iter();
        let found = own.find_map(|argument| Some((argument, way_out_of(argument.text, flags)?)));
        let (argument, way_out) = found?;
        let shown = format!("{shown} {}", argument.text);
        Some(Endless { shown, last: argument.word, way_out: Some(way_out) })
    }
}

/// What stands behind a flag that is yes or no.
fn says_yes(rest: &str) -> bool {
    matches!(rest, "" | "=true" | "=True" | "=TRUE" | "=1" | "=t" | "=T")
}

/// What is to be done with a word that has one of these flags in it; nothing where it has none.
fn way_out_of(text: &str, flags: &Following) -> Option<WayOut> {
    if text.starts_with("--") {
        let is_set = flags.words.iter().any(|name| text.strip_prefix(*name).is_some_and(follows));
        return is_set.then_some(WayOut::Remove);
    }
    let letters = text.strip_prefix('-')?;
    let own = letters.find(|letter| flags.with_value.contains(letter)).unwrap_or(letters.len());
    if !letters[..own].contains(|letter| flags.letters.contains(letter)) {
        return None;
    }
    let rest: String = letters[..own].chars().filter(|letter| !flags.letters.contains(*letter)).collect();
    let rest = rest + &letters[own..];
    Some(if rest.is_empty() || rest.starts_with('=') {
        WayOut::Remove
    } else {
        WayOut::Write(format!("-{rest}"))
    })
}

/// `tail` has other values: how it follows.
fn follows(rest: &str) -> bool {
    says_yes(rest) || matches!(rest, "=name" | "=descriptor")
}

/// Whether the next argument belongs to this flag, which may stand before a verb of these tools.
fn takes_value(flag: &str) -> bool {
    matches!(
        flag,
        "-f" | "--file"
            | "-p"
            | "--project-name"
            | "--project-directory"
            | "--profile"
            | "--env-file"
            | "-c"
            | "--context"
            | "-H"
            | "--host"
            | "-n"
            | "--namespace"
            | "--kubeconfig"
            | "--prefix"
            | "-w"
            | "--workspace"
            | "-C"
            | "--dir"
            | "--cwd"
            | "--filter"
    )
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::Analysis;
    use crate::options::Options;
    use crate::rules::testing;

    fn shown(command: &str) -> Option<String> {
        let text = format!("[pre-up]\na = \"{command}\"\n");
        let analysis = Analysis::new(text.as_str(), Options::default());
        let found = analysis.diagnostics.into_iter().find(|it| it.code == DiagnosticCode::EndlessCommand)?;
        Some(found.message.split('`').nth(1)?.to_owned())
    }

    #[test]
    fn the_fix_does_the_same_without_waiting() {
        let text = "[pre-up]\na = \"docker compose -f dev.yml up db\"\nb = \"kubectl logs -f deploy/web\"\nc = \"npm run dev\"\nd = \"journalctl -xefu kubelet\"\ne = \"docker compose up --attach db\"\n";
        testing::check(
            DiagnosticCode::EndlessCommand,
            text,
            expect![[r#"
                info "up": `docker compose up` does not end by itself: a time limit or somebody has to end it
                  fix: Add `--detach`
                    [pre-up]
                    a = "docker compose -f dev.yml up --detach db"
                    b = "kubectl logs -f deploy/web"
                    c = "npm run dev"
                    d = "journalctl -xefu kubelet"
                    e = "docker compose up --attach db"
                info "-f": `kubectl logs -f` does not end by itself: a time limit or somebody has to end it
                  fix: Remove `-f`
                    [pre-up]
                    a = "docker compose -f dev.yml up db"
                    b = "kubectl logs deploy/web"
                    c = "npm run dev"
                    d = "journalctl -xefu kubelet"
                    e = "docker compose up --attach db"
                info "dev": `npm run dev` does not end by itself: a time limit or somebody has to end it
                info "-xefu": `journalctl -xefu` does not end by itself: a time limit or somebody has to end it
                  fix: Write `-xeu`
                    [pre-up]
                    a = "docker compose -f dev.yml up db"
                    b = "kubectl logs -f deploy/web"
                    c = "npm run dev"
                    d = "journalctl -xeu kubelet"
                    e = "docker compose up --attach db"
                info "up": `docker compose up` does not end by itself: a time limit or somebody has to end it
            "#]],
        );
    }

    #[test]
    fn nothing_is_said_where_it_is_not_known_which_word_is_the_program() {
        assert_eq!(shown("env --name env a=b,c=d echo"), None);
    }

    #[test]
    fn what_serves_follows_or_watches() {
        for (command, words) in [
            ("docker-compose --profile x up", "docker-compose up"),
            ("docker compose logs -f db", "docker compose logs -f"),
            ("kubectl -n shop port-forward svc/web 80", "kubectl port-forward"),
            ("kubectl proxy", "kubectl proxy"),
            ("kubectl get pods -w", "kubectl get -w"),
            ("tail -F x", "tail -F"),
            ("journalctl -u x -f", "journalctl -f"),
            ("npm --prefix web run watch", "npm run watch"),
            ("npm start", "npm start"),
            ("yarn dev", "yarn dev"),
            ("skaffold dev", "skaffold dev"),
            ("minikube tunnel", "minikube tunnel"),
            ("kubectl logs -fl app=web", "kubectl logs -fl"),
            ("kubectl logs --follow=true web", "kubectl logs --follow=true"),
            ("kubectl get pods -wo wide", "kubectl get -wo"),
            ("journalctl -xefu kubelet", "journalctl -xefu"),
            ("tail -fn5 x", "tail -fn5"),
            ("tail --follow=name x", "tail --follow=name"),
            ("docker compose up --detach=false", "docker compose up"),
            ("python3 -m http.server 8000", "python3 -m http.server"),
            ("sudo -E tail -f x", "tail -f"),
            ("env A=b npm run dev", "npm run dev"),
            ("nice -n 5 nohup /usr/bin/tail -f x", "tail -f"),
            ("kubectl exec web -- tail -f x", "tail -f"),
        ] {
            assert_eq!(shown(command).as_deref(), Some(words), "{command}");
        }
    }

    #[test]
    fn what_ends_is_left_alone() {
        for command in [
            "docker compose up -d",
            "docker compose up --wait",
            "docker compose up -dV",
            "tail -f --pid=12 x",
            "docker events --until 10m",
            "docker compose up --abort-on-container-exit",
            "docker compose -f up.yml build",
            "docker compose run --rm web up",
            "docker compose down",
            "docker run -d nginx",
            "kubectl logs deploy/web",
            "kubectl apply -f web.yml",
            "kubectl get pods",
            "kubectl logs -f job/migrate",
            "kubectl logs -f -l job-name=migrate",
            "kubectl logs -lf=web web",
            "kubectl logs --follow=false web",
            "docker compose up --detach=true",
            "docker compose up --help",
            "docker run -d alpine tail -f /dev/null",
            "kubectl run x --image=alpine -- tail -f /dev/null",
            "tail -n 5 x",
            "tail -nf x",
            "timeout 10 tail -f x",
            "sudo timeout 10 tail -f x",
            "env A=b timeout 10 sudo tail -f x",
            "sudo -b tail -f x",
            "python3 -m pytest -m http.server",
            "python3 x.py",
            "echo tail -f x",
            "npm run build",
            "npm run dev:build",
            "npm ci",
            "npm dev",
            "yarn install",
            "skaffold run",
            "sh -c 'tail -f x & sleep 1'",
        ] {
            assert_eq!(shown(command), None, "{command}");
        }
    }
}
