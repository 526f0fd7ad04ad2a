//! `endless-command`: a program that ends only when somebody ends it, for which the phase would wait for ever.
//!
//! Must not report what something in front of it ends, as `timeout 10 tail -f log`.

use text_size::TextRange;

use super::command::Command;
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
    let Some(name) = command.name() else { return };
    let Some(endless) = endless(name, &Arguments::of(command)) else { return };
    let place = endless.last.range;
    let message = format!("`{}` does not end by itself", endless.shown);
    let mut diagnostic = command
        .finding(DiagnosticCode::EndlessCommand, place, message)
        .note("the phase waits for it until a time limit or somebody ends it");
    diagnostic.fixes.extend(endless.way_out.map(|way_out| fix(command, endless.last, way_out)));
    found.push(diagnostic);
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
}

fn fix(command: &Command<'_>, word: &Word, way_out: WayOut) -> Fix {
    match way_out {
        WayOut::Add(flag) => {
            let after = TextRange::empty(word.range.end());
            command.rewrite(format!("Add `{flag}`"), &command.replaced(after, &format!(" {flag}")))
        }
        WayOut::Remove => command.without(word.range),
    }
}

fn endless<'a>(name: &str, arguments: &Arguments<'a>) -> Option<Endless<'a>> {
    match name {
        // These end at a time or with a process.
        "tail" if arguments.flags().any(|flag| flag.starts_with("--pid")) => None,
        "docker" | "podman" if arguments.flags().any(|flag| flag.starts_with("--until")) => None,
        "tail" => arguments.flag(name, &["-f", "-F", "--follow"]),
        "journalctl" => arguments.flag(name, &["-f", "--follow"]),
        "kubectl" | "oc" => of_kubectl(name, arguments),
        "docker" | "podman" => match arguments.verb(0)? {
            "compose" => of_compose(name, arguments, 1),
            "logs" => arguments.flag(&format!("{name} logs"), &["-f", "--follow"]),
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
        _ => None,
    }
}

fn of_kubectl<'a>(name: &str, arguments: &Arguments<'a>) -> Option<Endless<'a>> {
    match arguments.verb(0)? {
        "port-forward" | "proxy" => arguments.shown(name, 1, None),
        "logs" => arguments.flag(&format!("{name} logs"), &["-f", "--follow"]),
        "get" => arguments.flag(&format!("{name} get"), &["-w", "--watch", "--watch-only"]),
        _ => None,
    }
}

fn of_compose<'a>(name: &str, arguments: &Arguments<'a>, verb: usize) -> Option<Endless<'a>> {
    match arguments.verb(verb)? {
        "up" => {
            let ends = |flag: &str| {
                let ending = ["--abort-on-", "--exit-code-from", "--no-start", "--help"];
                let detaches = flag.starts_with('-') && !flag.starts_with("--") && flag.contains('d');
                detaches
                    || matches!(flag, "--detach" | "--wait")
                    || ending.iter().any(|it| flag.starts_with(it))
            };
            if arguments.flags().any(ends) {
                return None;
            }
            arguments.shown(name, verb + 1, Some(WayOut::Add("--detach")))
        }
        "logs" if verb > 0 => arguments.flag(&format!("{name} compose logs"), &["-f", "--follow"]),
        "logs" => arguments.flag(&format!("{name} logs"), &["-f", "--follow"]),
        "watch" => arguments.shown(name, verb + 1, None),
        _ => None,
    }
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
    fn of(command: &'a Command<'_>) -> Arguments<'a> {
        let known = command.arguments().filter_map(|(word, text)| Some(Argument { word, text: text? }));
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

    /// A finding about a flag.
    fn flag(&self, shown: &str, flags: &[&str]) -> Option<Endless<'a>> {
        let found = self.0.iter().find(|argument| flags.contains(&argument.text))?;
        let shown = format!("{shown} {}", found.text);
        Some(Endless { shown, last: found.word, way_out: Some(WayOut::Remove) })
    }
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
        let text = "[pre-up]\na = \"docker compose -f dev.yml up db\"\nb = \"kubectl logs -f deploy/web\"\nc = \"npm run dev\"\n";
        testing::check(
            DiagnosticCode::EndlessCommand,
            text,
            expect![[r#"
            info "up": `docker compose up` does not end by itself: the phase waits for it until a time limit or somebody ends it
              fix: Add `--detach`
                [pre-up]
                a = "docker compose -f dev.yml up --detach db"
                b = "kubectl logs -f deploy/web"
                c = "npm run dev"
            info "-f": `kubectl logs -f` does not end by itself: the phase waits for it until a time limit or somebody ends it
              fix: Remove `-f`
                [pre-up]
                a = "docker compose -f dev.yml up db"
                b = "kubectl logs deploy/web"
                c = "npm run dev"
            info "dev": `npm run dev` does not end by itself: the phase waits for it until a time limit or somebody ends it
        "#]],
        );
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
            "kubectl exec web -- tail -f x",
            "tail -n 5 x",
            "timeout 10 tail -f x",
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
