//! The files around a tasks file: text in, data out.
//!
//! Must not read them, and must not judge what they say.

use std::collections::BTreeMap;
use std::ops::Range;

use text_size::{TextRange, TextSize};
use toml_edit::{Document, Item, TableLike};

use crate::draft_toml::folds_to;
use crate::file_names::DRAFT_TOML;

/// The environment of `draft.toml` that Draft takes when nobody says otherwise (`cmd/draft/environment.go`).
pub const DEVELOPMENT: &str = "development";

/// The table of all environments.
pub(crate) const ENVIRONMENTS: &str = "environments";

/// The key that says whether `draft up` connects to the application.
pub(crate) const AUTO_CONNECT: &str = "auto-connect";

/// What concerns us of a `draft.toml`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DraftToml {
    /// The environments by their names.
    pub environments: BTreeMap<String, Environment>,
    /// What is wrong in it, in the order of its environments.
    pub faults: Vec<DraftFault>,
}

/// Something in a `draft.toml` that is TOML and is not what Draft wants there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftFault {
    /// The environment that has it; `None` where it is of all.
    pub environment: Option<String>,
    /// Where it stands.
    pub range: TextRange,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
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

/// Why a text is not TOML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotToml {
    /// The byte at which it ceases to be.
    pub offset: usize,
    /// What is wrong, in one line.
    pub message: String,
}

impl NotToml {
    fn fault(self) -> DraftFault {
        let offset = TextSize::new(u32::try_from(self.offset).unwrap_or_default());
        DraftFault {
            environment: None,
            range: TextRange::empty(offset),
            message: format!("{DRAFT_TOML} is not TOML: {}", self.message),
            help: "what depends on this file is neither checked nor run".to_owned(),
        }
    }
}

impl DraftToml {
    /// What is wrong in a `draft.toml`: that it is not TOML, or has what Draft does not take.
    pub fn faults(text: &str) -> Vec<DraftFault> {
        DraftToml::read(text).map_or_else(|wrong| vec![wrong.fault()], |draft| draft.faults)
    }

    /// Reads a `draft.toml`; `None` when it is not TOML.
    pub fn parse(text: &str) -> Option<DraftToml> {
        DraftToml::read(text).ok()
    }

    /// Reads a `draft.toml`.
    ///
    /// # Errors
    ///
    /// Where it is not TOML: the byte, and what is wrong in one line.
    pub fn read(text: &str) -> Result<DraftToml, NotToml> {
        let document = Document::parse(text).map_err(|error| NotToml {
            offset: error.span().map_or(0, |span| span.start),
            message: error.message().replace('\n', ", "),
        })?;
        let mut draft = DraftToml::default();
        draft.faults.extend(in_two_spellings(document.as_table(), ENVIRONMENTS, None));
        let Some(item) = spellings(document.as_table(), ENVIRONMENTS).next() else { return Ok(draft) };
        let Some(environments) = item.as_table_like() else {
            draft.faults.push(not_a_table(ENVIRONMENTS, range_of(item.span()), None));
            return Ok(draft);
        };
        for (name, item) in environments.iter() {
            let Some(table) = item.as_table_like() else {
                let range = range_of(environments.key(name).and_then(toml_edit::Key::span));
                draft.faults.push(not_a_table(name, range, Some(name.to_owned())));
                continue;
            };
            draft.environments.insert(name.to_owned(), Environment::read(table));
            draft.faults.extend(faults_of(name, table));
        }
        Ok(draft)
    }

    /// What is wrong of an environment, or of all.
    pub fn fault_of(&self, environment: &str) -> Option<&DraftFault> {
        let concerns = |of: &String| of == environment;
        self.faults.iter().find(|fault| fault.environment.as_ref().is_none_or(concerns))
    }
}

impl Environment {
    fn read(table: &dyn TableLike) -> Environment {
        let string = |key: &str| spellings(table, key).find_map(Item::as_str).map(str::to_owned);
        Environment {
            name: string("name"),
            namespace: string("namespace"),
            auto_connect: spellings(table, AUTO_CONNECT).any(|item| item.as_bool() == Some(true)),
            chart: string("chart"),
            dockerfile: string("dockerfile"),
        }
    }
}

/// What is wrong with the keys of an environment.
fn faults_of(name: &str, table: &dyn TableLike) -> Vec<DraftFault> {
    const STRINGS: [&str; 4] = ["name", "namespace", "chart", "dockerfile"];
    let fault = |key: &str, item: &Item, kind: &str, help: String| DraftFault {
        environment: Some(name.to_owned()),
        range: range_of(item.span()),
        message: format!("`{key}` of the environment `{name}` is not a {kind}"),
        help,
    };
    let mut faults = Vec::new();
    for key in STRINGS {
        let odd = spellings(table, key).find(|item| item.as_str().is_none());
        let quoted = format!("write it in quotes: {key} = \"…\"");
        faults.extend(odd.map(|item| fault(key, item, "string", quoted)));
        faults.extend(in_two_spellings(table, key, Some(name)));
    }
    let odd = spellings(table, AUTO_CONNECT).find(|item| item.as_bool().is_none());
    let bare = format!("write `{AUTO_CONNECT} = true` or `{AUTO_CONNECT} = false`, without quotes");
    faults.extend(odd.map(|item| fault(AUTO_CONNECT, item, "boolean", bare)));
    faults
}

/// That a key is there twice, at the second place.
fn in_two_spellings(table: &dyn TableLike, key: &str, environment: Option<&str>) -> Option<DraftFault> {
    let second = table.iter().filter(|(name, _)| folds_to(name, key)).nth(1)?.0;
    let of = environment.map(|name| format!(" of the environment `{name}`")).unwrap_or_default();
    Some(DraftFault {
        environment: environment.map(str::to_owned),
        range: range_of(table.key(second).and_then(toml_edit::Key::span)),
        message: format!("`{key}`{of} is there in two spellings"),
        help: "keep one of them: Draft takes a key in upper and lower case, and of two of them a random one"
            .to_owned(),
    })
}

fn not_a_table(name: &str, range: TextRange, environment: Option<String>) -> DraftFault {
    let table = environment.as_deref().unwrap_or("NAME");
    DraftFault {
        range,
        message: format!("`{name}` is not a table"),
        help: format!("an environment is a table: `[{ENVIRONMENTS}.{table}]` with one pair of brackets"),
        environment,
    }
}

/// A range of the parser's; the beginning of the text where it has none.
fn range_of(span: Option<Range<usize>>) -> TextRange {
    // A text is never so long.
    let offset = |at: usize| TextSize::new(u32::try_from(at).unwrap_or(u32::MAX));
    span.map_or_else(TextRange::default, |span| TextRange::new(offset(span.start), offset(span.end)))
}

/// The values of all keys that are this one to Draft.
fn spellings<'t>(table: &'t dyn TableLike, key: &'t str) -> impl Iterator<Item = &'t Item> {
    table.iter().filter(move |(name, _)| folds_to(name, key)).map(|(_, item)| item)
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

    #[test]
    fn environments_of_a_draft_toml() {
        let text = "[environments]\n[environments.development]\nname = \"app\"\nauto-connect = true\n[environments.staging]\nnamespace = \"shop\"\nchart = \"c\"\n";
        let draft = DraftToml::parse(text).unwrap();
        let development = &draft.environments["development"];
        assert_eq!((development.name.as_deref(), development.auto_connect), (Some("app"), true));
        assert_eq!(development.namespace, None);
        assert_eq!(draft.environments["staging"].namespace.as_deref(), Some("shop"));
        assert_eq!(DraftToml::parse(""), Some(DraftToml::default()));
        assert_eq!(DraftToml::parse("["), None);
    }

    #[test]
    fn keys_of_a_draft_toml_have_any_case() {
        let text = "[Environments.development]\nName = \"app\"\nNAMESPACE = \"prod\"\nAuto-Connect = true\n\
            Chart = 1\n[Environments.Other]\n";
        let draft = DraftToml::parse(text).unwrap();
        let development = &draft.environments["development"];
        let Environment { name, namespace, auto_connect, .. } = development;
        assert_eq!((name.as_deref(), namespace.as_deref()), (Some("app"), Some("prod")));
        assert!(*auto_connect);
        // Names of environments are no keys of Draft.
        assert_eq!(draft.environments.keys().collect::<Vec<_>>(), ["Other", "development"]);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        for (text, expected) in [
            ("environments = 5", "5: `environments` is not a table"),
            ("[environments]\na = 1\n", "a: `a` is not a table"),
            ("[[environments.a]]\nname = \"b\"\n", "a: `a` is not a table"),
            ("[environments.b]\nname = 1\n", "1: `name` of the environment `b` is not a string"),
            ("[environments.b]\nChart = [2]\n", "[2]: `chart` of the environment `b` is not a string"),
            (
                "[environments.b]\nauto-connect = \"yes\"\n",
                "\"yes\": `auto-connect` of the environment `b` is not a boolean",
            ),
            (
                "[environments.a]\nname = \"b\"\nName = \"c\"\n",
                "Name: `name` of the environment `a` is there in two spellings",
            ),
            ("[environments.a]\n[Environments.b]", "Environments: `environments` is there in two spellings"),
        ] {
            let faults = DraftToml::parse(text).unwrap().faults;
            let shown: Vec<_> =
                faults.iter().map(|fault| format!("{}: {}", &text[fault.range], fault.message)).collect();
            assert_eq!(shown, [expected], "{text}");
        }
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
