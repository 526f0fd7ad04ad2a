//! The files around a tasks file: text in, data out.
//!
//! Must not read them, and must not judge what they say.

use std::collections::BTreeMap;

use crate::analysis::Analysis;
use crate::command;
use crate::phase::Phase;

/// The name of the file that they are around.
pub(crate) const TASKS_FILE: &str = ".draft-tasks.toml";

/// What concerns us of a `draft.toml`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DraftToml {
    /// The environments by their names.
    pub environments: BTreeMap<String, Environment>,
}

/// One environment of a `draft.toml`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// The application's name, the value of the label `draft` of its pods.
    pub name: Option<String>,
    /// The namespace of its pods.
    pub namespace: Option<String>,
    /// Whether `draft up` connects to the application instead of going on.
    pub auto_connect: bool,
    /// The folder of its chart below `charts`.
    pub chart: Option<String>,
    /// Its Dockerfile.
    pub dockerfile: Option<String>,
}

impl DraftToml {
    /// Reads a `draft.toml`; `None` when it is not TOML.
    pub fn parse(text: &str) -> Option<DraftToml> {
        let document: toml_edit::DocumentMut = text.parse().ok()?;
        let environments = document.get("environments").and_then(|item| item.as_table_like());
        let environments = environments.into_iter().flat_map(|table| table.iter());
        let environments = environments.filter_map(|(name, item)| {
            let table = item.as_table_like()?;
            let string = |key: &str| table.get(key)?.as_str().map(str::to_owned);
            let environment = Environment {
                name: string("name"),
                namespace: string("namespace"),
                auto_connect: table.get("auto-connect").and_then(|item| item.as_bool()) == Some(true),
                chart: string("chart"),
                dockerfile: string("dockerfile"),
            };
            Some((name.to_owned(), environment))
        });
        Some(DraftToml { environments: environments.collect() })
    }
}

/// What the rules want to know of the world for the commands of a file, each once and in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FactsWanted {
    /// Names of programs: are they on the PATH?
    pub programs: Vec<String>,
    /// Paths relative to the directory of the tasks file: what do they lead to?
    pub paths: Vec<String>,
}

/// What the rules want to know of the world for a file; it need not be judged yet.
pub fn facts_wanted(analysis: &Analysis) -> FactsWanted {
    let local = Phase::ALL.into_iter().filter(|phase| phase.is_local());
    let mut asked = Asked::default();
    for (_, written) in local.flat_map(|phase| analysis.file.commands_of(phase)) {
        let raw = &analysis.text[written.inner_range()];
        let (first, _) = first_word(raw);
        // Nearly all commands begin with the name of a program as it is; the others are looked at word by word.
        if is_plain(first) && !has_paths(first) {
            asked.program_of_text(first);
        } else if is_plain(raw) {
            asked.command(words(raw).map(Some));
        } else {
            let (options, decoded) = (analysis.options, written.decode(&analysis.text));
            let words =
                command::split(&decoded, options.semantics, options.draft_version).unwrap_or_default();
            asked.command(words.iter().map(literal));
        }
    }
    asked.sorted()
}

#[derive(Default)]
struct Asked<'a> {
    programs: foldhash::HashSet<String>,
    paths: foldhash::HashSet<String>,
    /// Some of the programs that were asked for: most files name few, and often.
    latest: [&'a str; 16],
}

impl<'a> Asked<'a> {
    fn program(&mut self, name: &str) {
        insert(if name.contains('/') { &mut self.paths } else { &mut self.programs }, name);
    }

    /// The same for one whose name is written in the text as it is.
    fn program_of_text(&mut self, name: &'a str) {
        let place = name.len() + usize::from(name.as_bytes().first().copied().unwrap_or_default());
        let latest = &mut self.latest[place % 16];
        if *latest != name {
            *latest = name;
            self.program(name);
        }
    }

    /// The words of a command; `None` where a variable decides one.
    fn command<'w>(&mut self, mut words: impl Iterator<Item = Option<&'w str>>) {
        let Some(Some(program)) = words.next() else { return };
        self.program(program);
        if has_paths(program) {
            words.flatten().filter(|it| is_local_path(it)).for_each(|path| insert(&mut self.paths, path));
        }
    }

    fn sorted(self) -> FactsWanted {
        let sorted = |names: foldhash::HashSet<String>| {
            let mut names: Vec<String> = names.into_iter().collect();
            names.sort_unstable();
            names
        };
        FactsWanted { programs: sorted(self.programs), paths: sorted(self.paths) }
    }
}

fn insert(names: &mut foldhash::HashSet<String>, name: &str) {
    if !names.contains(name) {
        names.insert(name.to_owned());
    }
}

/// Whether the arguments of a program are paths that a rule is about.
fn has_paths(program: &str) -> bool {
    matches!(program, "sh" | "bash" | "helm")
}

/// What stands in front of the first space, and what behind it.
fn first_word(raw: &str) -> (&str, &str) {
    // Words are short: a search for one byte at a time is the fastest.
    match raw.bytes().position(|byte| byte == b' ') {
        Some(space) => (&raw[..space], &raw[space + 1..]),
        None => (raw, ""),
    }
}

/// The words of a command that nothing but spaces splits.
fn words(raw: &str) -> impl Iterator<Item = &str> {
    let mut rest = raw;
    let pieces = std::iter::from_fn(move || {
        let (word, behind) = first_word(rest);
        let is_over = rest.is_empty();
        rest = behind;
        (!is_over).then_some(word)
    });
    pieces.filter(|word| !word.is_empty())
}

/// Whether a piece of a command's source is words and spaces alone, in either semantics.
fn is_plain(raw: &str) -> bool {
    let special = |byte: u8| byte < b' ' || matches!(byte, b'"' | b'\'' | b'\\' | b'$');
    !raw.is_empty() && !raw.bytes().any(special)
}

fn literal(word: &command::Word) -> Option<&str> {
    match word.parts.as_slice() {
        [command::Part::Literal(literal)] => Some(literal),
        _ => None,
    }
}

/// Whether an argument could be a path below the directory of the tasks file.
fn is_local_path(argument: &str) -> bool {
    !argument.starts_with('-') && !argument.contains([' ', ':', '=', '$', '~', '\n', '*'])
}

/// Whether a `.dockerignore` keeps a file of the build context's root out of the image.
pub fn is_ignored(dockerignore: &str, file: &str) -> bool {
    let mut ignored = false;
    for line in dockerignore.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        let (pattern, excludes) = match line.strip_prefix('!') {
            Some(pattern) => (pattern.trim_start(), false),
            None => (line, true),
        };
        if !pattern.is_empty() && matches_root_file(pattern, file) {
            ignored = excludes;
        }
    }
    ignored
}

fn matches_root_file(pattern: &str, file: &str) -> bool {
    let mut pattern = pattern.trim_start_matches("./").trim_start_matches('/');
    while let Some(rest) = pattern.strip_prefix("**/") {
        pattern = rest;
    }
    matches_name(pattern.as_bytes(), file.as_bytes())
}

/// `*` and `?` as the shell knows them; takes no more than pattern times name.
fn matches_name(pattern: &[u8], name: &[u8]) -> bool {
    // Where to go on after the last `*`, when it is to take one more.
    let mut retry: Option<(usize, usize)> = None;
    let (mut p, mut n) = (0, 0);
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                retry = Some((p + 1, n));
                p += 1;
            }
            Some(byte) if *byte == b'?' || *byte == name[n] => (p, n) = (p + 1, n + 1),
            _ => match retry {
                Some((after, taken)) => {
                    retry = Some((after, taken + 1));
                    (p, n) = (after, taken + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

/// Whether a Dockerfile copies the whole folder into the image.
pub fn copies_folder(dockerfile: &str) -> bool {
    dockerfile.lines().any(|line| {
        let line = line.replace(['[', ']', '"', ','], " ");
        let mut words = line.split_ascii_whitespace();
        let copies = words
            .next()
            .is_some_and(|word| word.eq_ignore_ascii_case("copy") || word.eq_ignore_ascii_case("add"));
        let words: Vec<&str> = words.collect();
        let from = words.iter().any(|word| word.starts_with("--from"));
        let sources = words.split_last().map_or(&[][..], |(_, sources)| sources);
        copies && !from && sources.iter().any(|source| matches!(*source, "." | "./" | "*" | "./*"))
    })
}

/// What Draft finds an application's pods by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PodMarks {
    /// The label `draft`.
    pub label: bool,
    /// The annotation `buildID`.
    pub build_id: bool,
}

/// A template of a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// Its path, relative to the directory of the tasks file, with `/` between its parts; `None` when it lies elsewhere.
    pub path: Option<String>,
    /// Its text.
    pub text: String,
}

/// What the pod templates of a chart have of it; `None` when there is no pod template, or it takes parts of itself
/// from elsewhere.
pub fn pod_marks(templates: &[Template]) -> Option<PodMarks> {
    let pods: Vec<&str> = templates.iter().filter_map(|template| pod_template(&template.text)).collect();
    if pods.is_empty() || pods.iter().any(|pod| pod.contains("include ") || pod.contains("template \"")) {
        return None;
    }
    let has = |key: &str| pods.iter().any(|pod| pod.lines().any(|line| line.trim_start().starts_with(key)));
    Some(PodMarks { label: has("draft:"), build_id: has("buildID:") })
}

/// What stands below `template:`, where the metadata of pods begins.
fn pod_template(text: &str) -> Option<&str> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        start += line.len();
        if line.trim() == "template:" {
            let rest = &text[start..];
            // The metadata ends where the pod's own specification begins.
            return Some(&rest[..rest.find("containers:").unwrap_or(rest.len())]);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Options;

    #[test]
    fn environments_of_a_draft_toml() {
        let text = "[environments]\n[environments.development]\nname = \"app\"\nauto-connect = true\n[environments.staging]\nnamespace = \"shop\"\nchart = \"c\"\n";
        let draft = DraftToml::parse(text).unwrap();
        let development = &draft.environments["development"];
        assert_eq!((development.name.as_deref(), development.auto_connect), (Some("app"), true));
        assert_eq!(development.namespace, None);
        assert_eq!(draft.environments["staging"].namespace.as_deref(), Some("shop"));
        assert_eq!(DraftToml::parse(""), Some(DraftToml::default()));
        assert_eq!(DraftToml::parse("environments = 5"), Some(DraftToml::default()));
        assert_eq!(DraftToml::parse("["), None);
    }

    #[test]
    fn programs_and_paths_that_commands_name() {
        let text = "[pre-up]\na = \"./x.sh && y\"\nb = \"sh scripts/y.sh -x $Z\"\nc = \"helm  install db mysql\"\n\
            d = \"echo z\"\nf = \" make all\"\ng = '\"my tool\" x'\nh = 'bash \"a b\" c'\ni = \"$X y\"\nj = \"\"\n\
            k = \"echo \\t\"\n[post-deploy]\ne = \"./in-pod\"\nl = \"in-pod\"\n";
        let wanted = facts_wanted(&Analysis::read(text, Options::default()));
        assert_eq!(wanted.programs, ["bash", "echo", "helm", "make", "my tool", "sh"]);
        assert_eq!(wanted.paths, ["./x.sh", "c", "db", "install", "mysql", "scripts/y.sh"]);
    }

    #[test]
    fn the_last_pattern_counts() {
        let ignored = |text: &str| is_ignored(text, ".draft-tasks.toml");
        for text in [
            ".draft-tasks.toml",
            "/.draft-tasks.toml",
            "*",
            "**",
            "**/*.toml",
            ".*",
            "a\n.draft-?asks.toml\r\n",
        ] {
            assert!(ignored(text), "{text}");
        }
        for text in
            ["", "#.draft-tasks.toml", "charts/", "*\n!.draft-tasks.toml", "draft-tasks.toml", "*.tom"]
        {
            assert!(!ignored(text), "{text}");
        }
    }

    #[test]
    fn a_folder_is_copied_by_its_dot() {
        for text in ["COPY . .", "FROM x\nadd ./ /app\n", "COPY [\".\", \"/app\"]", "COPY --chown=a . /app"] {
            assert!(copies_folder(text), "{text}");
        }
        for text in ["COPY --from=build . /x", "COPY go.mod .", "RUN cp . x", "# COPY . .", ""] {
            assert!(!copies_folder(text), "{text}");
        }
    }

    #[test]
    fn marks_of_pods() {
        let marked = "kind: Deployment\nmetadata:\n  labels:\n    draft: x\nspec:\n  template:\n    metadata:\n      labels:\n        draft: {{ x }}\n      annotations:\n        buildID: {{ y }}\n    spec:\n      containers:\n";
        let template = |text: &str| Template { path: None, text: text.to_owned() };
        let marks = |text: &str| pod_marks(&[template(text), template("kind: Service\n")]);
        assert_eq!(marks(marked), Some(PodMarks { label: true, build_id: true }));
        let bare = marked.replace("        draft: {{ x }}\n", "").replace("        buildID: {{ y }}\n", "");
        assert_eq!(marks(&bare), Some(PodMarks { label: false, build_id: false }));
        assert_eq!(marks(&marked.replace("draft: {{ x }}", "{{ include \"labels\" . }}")), None);
        assert_eq!(marks("kind: Service\n"), None);
    }
}
