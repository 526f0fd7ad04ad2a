//! `.draft-tasks.config.toml`: the settings that a project makes for everybody, with everything that is wrong in them.
//!
//! Must not take what is for each user alone to choose: clusters, values of the environment, programs.

use std::path::{Path, PathBuf};

use draft_tasks_analysis::TextRange;
use draft_tasks_analysis::file_names::SETTINGS_FILE;
use draft_tasks_analysis::syntax::{self, Entry, HeaderKind, Str, SyntaxTree, Value, ValueKind};
use serde_json::Value as Json;

use crate::lines::{LineIndex, line_and_column};
use crate::settings::{self, Layer, Refused, declaration};
use crate::source;

mod completion;
mod hover;
mod nearest;
mod once;

pub(crate) use completion::complete;
pub(crate) use hover::hover;
pub(crate) use nearest::{MAKE_OWN, ProjectFiles, UnusedSettings};
use once::TaskNamed;
pub(crate) use once::TasksBelow;

/// Nobody writes so many settings, in bytes; what is larger is something else.
const LARGEST: u64 = 1 << 20;

/// What a text says, and what is wrong with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Project {
    /// Everything that is right.
    pub(crate) settings: Layer,
    /// Everything that is not, in the order of the text.
    pub(crate) problems: Vec<Problem>,
    /// What is worth a look and keeps nothing from running.
    pub(crate) notes: Vec<Problem>,
    /// Tasks that are named.
    named: Vec<TaskNamed>,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) range: TextRange,
    /// What is wrong, for people: one sentence without a full stop.
    pub(crate) message: String,
    /// What should very likely stand there instead.
    pub(crate) suggestion: Option<String>,
}

impl Project {
    /// What a text says.
    pub(crate) fn of_text(text: &str) -> Project {
        Project::of_tree(&syntax::parse(text), text)
    }

    /// What a text says; the tree is that of the text.
    pub(crate) fn of_tree(tree: &SyntaxTree, text: &str) -> Project {
        let mut reader = Reader { text, project: Project::default() };
        for error in &tree.errors {
            reader.problem(error.range, error.message.clone(), None);
        }
        for table in &tree.tables {
            let path: Vec<Str> = table.header.iter().flat_map(|header| header.path.iter().copied()).collect();
            let read = table.header.as_ref().is_none_or(|header| reader.header(&path, header.kind));
            if read {
                reader.entries(&path, &table.entries);
            }
        }
        let mut project = reader.project;
        project.problems.sort_by_key(|problem| (problem.range.start(), problem.range.end()));
        project
    }

    /// What is wrong, each with its place in the file that has this text.
    pub(crate) fn describe(&self, file: &Path, text: &str) -> Vec<String> {
        let lines = LineIndex::new(text);
        let describe = |problem: &Problem| {
            let (line, column) = line_and_column(text, &lines, problem.range.start().into());
            format!("{}:{line}:{column}: {}", file.display(), problem.message)
        };
        self.problems.iter().map(describe).collect()
    }
}

/// A file of settings as it is on disk; where it is not there, there are none.
#[derive(Debug)]
pub(crate) struct ProjectFile {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    pub(crate) project: Project,
    /// Why it cannot be read.
    pub(crate) unreadable: Option<String>,
}

impl ProjectFile {
    /// Reads the settings of a directory's own file.
    fn load(directory: &Path) -> ProjectFile {
        let mut file = ProjectFile::of(directory.join(SETTINGS_FILE));
        file.check_tasks(directory, true);
        file
    }

    fn of(path: PathBuf) -> ProjectFile {
        let (text, unreadable) = match source::read_some(&path, LARGEST) {
            // What it would say would keep something from running.
            Ok(None) if source::is_there(&path) => (String::new(), Some("is a link to nothing".into())),
            Ok(text) => (text.unwrap_or_default(), None),
            Err(error) => (String::new(), Some(error.problem)),
        };
        ProjectFile { project: Project::of_text(&text), path, text, unreadable }
    }

    /// Whether something is wrong in it.
    pub(crate) fn is_wrong(&self) -> bool {
        self.unreadable.is_some() || !self.project.problems.is_empty()
    }

    /// What is wrong, each with its place.
    pub(crate) fn problems(&self) -> Vec<String> {
        let unreadable = self.unreadable.iter().map(|problem| format!("{}: {problem}", self.path.display()));
        unreadable.chain(self.project.describe(&self.path, &self.text)).collect()
    }
}

/// Why a setting is not for a project to make.
fn not_for_projects(name: &str) -> Option<&'static str> {
    let own = declaration::not_for_projects(name);
    own.or_else(|| {
        let like = FOREIGN.iter().find(|(names, _)| names.contains(&name));
        like.and_then(|(_, setting)| declaration::not_for_projects(setting)).or_else(|| {
            PROGRAMS
                .contains(&name)
                .then_some("a file that comes with a checkout must not choose which programs run")
        })
    })
}

/// What people may take for settings, with those that they mean.
const FOREIGN: [(&[&str], &str); 2] =
    [(&["kubeContext", "kubeconfig", "cluster"], "context"), (&["variables"], "env")];

/// Where a setting is that is called so or nearly so, as the rest of a sentence.
fn elsewhere(name: &str, table: &[&str]) -> Option<String> {
    let name = name.replace(['-', '_'], "");
    let is_it = |known: &String| known.eq_ignore_ascii_case(&name) && not_for_projects(known).is_none();
    let find = |table: &[&str]| settings::known(table).into_iter().find(is_it);
    if let Some(known) = find(&[]).filter(|_| !table.is_empty()) {
        return Some(if settings::is_table(&known) {
            format!(": it is the table `[{known}]`")
        } else {
            format!(": `{known}` stands before all tables")
        });
    }
    let mut tables = settings::known(&[]).into_iter().filter(|of| settings::is_table(of));
    tables.find_map(|of| Some(format!(": it is `{of}.{}`", find(&[&of])?)))
}

/// The table that people mean by a name that other tools have for it.
fn meant(name: &str) -> Option<&'static str> {
    ["diagnostics", "severity", "severities", "lint", "lints"].contains(&name).then_some("rules")
}

/// What people may take for settings that choose programs.
const PROGRAMS: [&str; 8] =
    ["path", "serverPath", "server", "program", "shell", "kubectl", "helm", "trusted"];

struct Reader<'a> {
    text: &'a str,
    project: Project,
}

impl Reader<'_> {
    fn problem(&mut self, range: TextRange, message: impl Into<String>, suggestion: Option<String>) {
        self.project.problems.push(Problem { range, message: message.into(), suggestion });
    }

    /// Whether a header is that of a table of settings.
    fn header(&mut self, path: &[Str], kind: HeaderKind) -> bool {
        let names = self.names(path);
        let Some((last, first)) = path.last().zip(names.first()) else { return false };
        if !self.allowed(path, &names) {
            return false;
        }
        let table = settings::is_table(first);
        if !table && settings::known(&[]).contains(first) {
            self.problem(last.range, format!("`{first}` is a setting and not a table"), None);
        } else if !table || names.len() > 1 {
            self.unknown(path, &names);
        } else if kind == HeaderKind::ArrayOfTables {
            self.problem(last.range, format!("`{first}` is one table: write `[{first}]`"), None);
        } else {
            return true;
        }
        false
    }

    fn entries(&mut self, table: &[Str], entries: &[Entry]) {
        for entry in entries {
            let path: Vec<Str> = table.iter().chain(&entry.path).copied().collect();
            if let Some(value) = &entry.value {
                self.entry(&path, value);
            }
        }
    }

    fn entry(&mut self, path: &[Str], value: &Value) {
        let names = self.names(path);
        if !self.allowed(path, &names) {
            return;
        }
        match (names.as_slice(), &value.kind) {
            // A syntax error says so.
            (_, ValueKind::Invalid) => {}
            ([name], ValueKind::InlineTable(entries)) if settings::is_table(name) => {
                self.entries(path, entries)
            }
            ([name], kind) if settings::is_table(name) => {
                let message = format!("`{name}` is a table of settings, not {}", kind.describe());
                self.problem(value.range, message, None);
            }
            _ => self.setting(path, &names, value),
        }
    }

    fn setting(&mut self, path: &[Str], names: &[String], value: &Value) {
        let keys: Vec<&str> = names.iter().map(String::as_str).collect();
        match self.project.settings.set(&keys, self.json(value)) {
            Ok(()) => self.project.named.extend(self.names_of_tasks(&keys, value)),
            Err(Refused::Unknown(_)) => self.unknown(path, names),
            Err(Refused::Value(problem)) => {
                let (message, suggestion) = self.wrong_value(&keys, value, problem);
                self.problem(value.range, message, suggestion);
            }
        }
    }

    /// The tasks that a value names.
    fn names_of_tasks(&self, path: &[&str], value: &Value) -> Vec<TaskNamed> {
        let (["kubernetes", "once"], ValueKind::Array(items)) = (path, &value.kind) else {
            return Vec::new();
        };
        let named = items.iter().filter_map(|item| match &item.kind {
            ValueKind::String(string) => {
                Some(TaskNamed { range: item.range, name: string.decode(self.text).into_owned() })
            }
            _ => None,
        });
        named.collect()
    }

    fn wrong_value(&self, path: &[&str], value: &Value, problem: String) -> (String, Option<String>) {
        let words = settings::setting(path).into_iter().flat_map(|setting| &setting.words);
        let values: Vec<String> = words.map(|word| word.name.to_owned()).collect();
        let Some((last, others)) = values.split_last() else { return (problem, None) };
        let quoted: Vec<String> = others.iter().map(|value| format!("`\"{value}\"`")).collect();
        let expected = format!("expected {} or `\"{last}\"`", quoted.join(", "));
        match &value.kind {
            ValueKind::String(string) => {
                let near = settings::nearest(&string.decode(self.text), &values);
                let meant = near
                    .as_ref()
                    .map_or_else(|| expected.clone(), |near| format!("did you mean `\"{near}\"`?"));
                let message =
                    format!("{} is not a value of `{}`: {meant}", &self.text[value.range], path.join("."));
                (message, near.map(|near| format!("\"{near}\"")))
            }
            kind => (format!("{expected}, found {}", kind.describe()), None),
        }
    }

    fn unknown(&mut self, path: &[Str], names: &[String]) {
        let Some((last, name)) = path.last().zip(names.last()) else { return };
        if let Some((meant, table)) = names.first().and_then(|name| meant(name)).zip(path.first()) {
            let message = format!("there is no setting `{}`: did you mean `{meant}`?", names[0]);
            return self.problem(table.range, message, Some(meant.to_owned()));
        }
        let table: Vec<&str> = names[..names.len() - 1].iter().map(String::as_str).collect();
        let what = match table.as_slice() {
            ["rules"] if name == "syntax" => {
                return self.problem(
                    last.range,
                    "errors of syntax keep their level: what is not TOML is not read at all",
                    None,
                );
            }
            ["rules"] => "diagnostic",
            ["onFailure"] => "phase",
            _ => "setting",
        };
        let near =
            settings::nearest(name, &settings::known(&table)).filter(|near| not_for_projects(near).is_none());
        let meant = match &near {
            Some(near) => format!(": did you mean `{near}`?"),
            None => elsewhere(name, &table).unwrap_or_default(),
        };
        self.problem(last.range, format!("there is no {what} `{name}`{meant}"), near);
    }

    fn allowed(&mut self, path: &[Str], names: &[String]) -> bool {
        if names.first().is_some_and(|name| meant(name).is_some()) {
            return true;
        }
        let wrong =
            path.iter().zip(names).find_map(|(key, name)| Some((key.range, name, not_for_projects(name)?)));
        if let Some((range, name, reason)) = wrong {
            self.problem(range, format!("`{name}` cannot be set here: {reason}"), None);
        }
        wrong.is_none()
    }

    fn names(&self, path: &[Str]) -> Vec<String> {
        path.iter().map(|key| key.decode(self.text).into_owned()).collect()
    }

    /// A value as settings have it; what none has becomes what none takes.
    fn json(&self, value: &Value) -> Json {
        let none = Json::Array(vec![Json::Array(Vec::new())]);
        match &value.kind {
            ValueKind::String(string) => string.decode(self.text).into_owned().into(),
            ValueKind::Array(items) => items.iter().map(|item| self.json(item)).collect(),
            ValueKind::Boolean => (&self.text[value.range] == "true").into(),
            ValueKind::Integer => self.text[value.range].parse::<i64>().map_or(none, Json::from),
            ValueKind::Float => self.text[value.range].parse::<f64>().map_or(none, Json::from),
            _ => none,
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::settings::{Config, KubernetesSettings};

    fn check(text: &str, expect: Expect) {
        let project = Project::of_text(text);
        let mut shown: String =
            project.describe(Path::new("f"), text).iter().map(|it| format!("{it}\n")).collect();
        for problem in &project.problems {
            if let Some(suggestion) = &problem.suggestion {
                shown += &format!("{} -> {suggestion}\n", &text[problem.range]);
            }
        }
        let config = Config::of(&[&project.settings]);
        let KubernetesSettings { selector, container, ready_timeout, .. } = &config.kubernetes;
        let json = |value: &dyn Fn() -> serde_json::Result<String>| value().unwrap();
        shown += &format!(
            "{{\"semantics\":{},\"draftVersion\":{},\"rules\":{},\"onFailure\":{},\"kubernetes\":{{\"selector\":{},\"container\":{},\"readyTimeout\":{}}}}}",
            json(&|| serde_json::to_string(&config.semantics)),
            json(&|| serde_json::to_string(&config.draft_version)),
            json(&|| serde_json::to_string(&config.rules)),
            json(&|| serde_json::to_string(&config.on_failure)),
            json(&|| serde_json::to_string(selector)),
            json(&|| serde_json::to_string(container)),
            json(&|| serde_json::to_string(ready_timeout)),
        );
        expect.assert_eq(&shown);
    }

    #[test]
    fn every_way_to_write_them() {
        check(
            "semantics = \"draft\"\nrules = { post-up = \"off\" }\nonFailure.pre-up = 'continue'\n",
            expect![[
                r#"{"semantics":"draft","draftVersion":"dep-8","rules":{"post-up":"off"},"onFailure":{"pre-up":"continue","post-deploy":"stop","post-up":"stop","cleanup":"continue"},"kubernetes":{"selector":null,"container":null,"readyTimeout":null}}"#
            ]],
        );
        check(
            "\"draftVersion\" = \"0.16\"\r\n[rules]\r\npost-up = \"hint\"\r\n[onFailure]\r\ncleanup = \"stop\"\r\n",
            expect![[
                r#"{"semantics":"standard","draftVersion":"0.16","rules":{"post-up":"hint"},"onFailure":{"pre-up":"stop","post-deploy":"stop","post-up":"stop","cleanup":"stop"},"kubernetes":{"selector":null,"container":null,"readyTimeout":null}}"#
            ]],
        );
        check(
            "# nothing\n",
            expect![[
                r#"{"semantics":"standard","draftVersion":"dep-8","rules":{},"onFailure":{"pre-up":"stop","post-deploy":"stop","post-up":"stop","cleanup":"continue"},"kubernetes":{"selector":null,"container":null,"readyTimeout":null}}"#
            ]],
        );
    }

    #[test]
    fn what_is_wrong_is_said_and_the_rest_is_taken() {
        check(
            "semantics = \"bash\"\ndraftversion = \"0.16\"\ntheme = \"dark\"\nrules = 5\n",
            expect![[r#"
                f:1:13: "bash" is not a value of `semantics`: expected `"standard"` or `"draft"`
                f:2:1: there is no setting `draftversion`: did you mean `draftVersion`?
                f:3:1: there is no setting `theme`
                f:4:9: `rules` is a table of settings, not an integer
                draftversion -> draftVersion
                {"semantics":"standard","draftVersion":"dep-8","rules":{},"onFailure":{"pre-up":"stop","post-deploy":"stop","post-up":"stop","cleanup":"continue"},"kubernetes":{"selector":null,"container":null,"readyTimeout":null}}"#]],
        );
        check(
            "[rules]\npost_up = \"off\"\nE501 = \"off\"\nphase-case = \"warn\"\nunknown-phase = true\nsyntax = \"off\"\npost-up = \"off\"\nx.y = 1\n[rules.more]\n[[onFailure]]\n[semantics]\n[rule]\na = 1\n",
            expect![[r#"
                f:2:1: there is no diagnostic `post_up`: did you mean `post-up`?
                f:3:1: there is no diagnostic `E501`
                f:4:14: "warn" is not a value of `rules.phase-case`: did you mean `"warning"`?
                f:5:17: expected `"error"`, `"warning"`, `"information"`, `"hint"` or `"off"`, found a boolean
                f:6:1: errors of syntax keep their level: what is not TOML is not read at all
                f:8:3: there is no setting `y`
                f:9:8: there is no diagnostic `more`
                f:10:3: `onFailure` is one table: write `[onFailure]`
                f:11:2: `semantics` is a setting and not a table
                f:12:2: there is no setting `rule`: did you mean `rules`?
                post_up -> post-up
                "warn" -> "warning"
                rule -> rules
                {"semantics":"standard","draftVersion":"dep-8","rules":{"post-up":"off"},"onFailure":{"pre-up":"stop","post-deploy":"stop","post-up":"stop","cleanup":"continue"},"kubernetes":{"selector":null,"container":null,"readyTimeout":null}}"#]],
        );
        check(
            "[onFailure]\npost-deplo = \"stop\"\npre-up = [\n",
            expect![[r#"
                f:2:1: there is no phase `post-deplo`: did you mean `post-deploy`?
                f:3:10: this array is not closed: expected `]` after its last value
                f:3:10: expected `"stop"` or `"continue"`, found an array
                post-deplo -> post-deploy
                {"semantics":"standard","draftVersion":"dep-8","rules":{},"onFailure":{"pre-up":"stop","post-deploy":"stop","post-up":"stop","cleanup":"continue"},"kubernetes":{"selector":null,"container":null,"readyTimeout":null}}"#]],
        );
    }

    #[test]
    fn what_is_not_for_projects() {
        check(
            "context = \"prod\"\nsyntaxErrors = false\n[environment]\nTOKEN = \"x\"\n[kubernetes]\ncontext = \"a\"\n[server]\npath = \"./evil\"\n",
            expect![[r#"
                f:1:1: `context` cannot be set here: which cluster is meant is for each user to choose, not for a file that comes with a checkout
                f:2:1: `syntaxErrors` cannot be set here: it is about how an editor shows things: set it there
                f:3:2: `environment` cannot be set here: values of the environment do not belong into a file that is checked in; they come from the user's environment
                f:6:1: `context` cannot be set here: which cluster is meant is for each user to choose, not for a file that comes with a checkout
                f:7:2: `server` cannot be set here: a file that comes with a checkout must not choose which programs run
                {"semantics":"standard","draftVersion":"dep-8","rules":{},"onFailure":{"pre-up":"stop","post-deploy":"stop","post-up":"stop","cleanup":"continue"},"kubernetes":{"selector":null,"container":null,"readyTimeout":null}}"#]],
        );
    }

    #[test]
    fn what_editors_show_is_not_for_projects() {
        let problems = Project::of_text("[run]\ndiagnostics = \"all\"\n").problems;
        let messages: Vec<_> = problems.iter().map(|problem| problem.message.as_str()).collect();
        assert_eq!(
            messages,
            ["`diagnostics` cannot be set here: it is about how an editor shows things: set it there"]
        );
    }

    #[test]
    fn limits_and_pods() {
        check(
            "[run]\ntimeout = \"5m\"\ntotalTimeout = 1.5\n[kubernetes]\nselector = \"app=web\"\ncontainer = 'web'\nreadyTimeout = 90\n",
            expect![[
                r#"{"semantics":"standard","draftVersion":"dep-8","rules":{},"onFailure":{"pre-up":"stop","post-deploy":"stop","post-up":"stop","cleanup":"continue"},"kubernetes":{"selector":"app=web","container":"web","readyTimeout":"1m 30s"}}"#
            ]],
        );
        check(
            "[run]\ntimeout = \"soon\"\ntotalTimeout = []\nenv = { A = \"b\" }\nenvFile = \".env\"\nsecrets = [\"A\"]\nkeep = 5\ntimout = 1\n[run.env]\n[kubernetes]\nselector = \"app web\"\ncontainer = 5\nreadyTimeout = 0\nnamespac = \"x\"\n",
            expect![[r#"
                f:2:11: `soon` is not a duration: write 90s, 5m, 1h 30m or a number of seconds
                f:3:16: `[]` is not a duration: write 90s, 5m, 1h 30m or a number of seconds
                f:4:1: `env` cannot be set here: values of the environment do not belong into a file that is checked in; they come from the user's environment
                f:5:1: `envFile` cannot be set here: values of the environment do not belong into a file that is checked in; they come from the user's environment
                f:6:1: `secrets` cannot be set here: which variables are secrets depends on each user's environment: it is for each user to say
                f:7:1: `keep` cannot be set here: how many records are kept is for the user of each machine to choose
                f:8:1: there is no setting `timout`: did you mean `timeout`?
                f:9:1: the key `env` is already defined
                f:9:6: `env` cannot be set here: values of the environment do not belong into a file that is checked in; they come from the user's environment
                f:11:12: `app web` is not a label selector: write `app=web`, `app!=web`, `app in (a, b)`, `app` or `!app`, with commas between several
                f:12:13: invalid type: integer `5`, expected a string
                f:14:1: there is no setting `namespac`
                timout -> timeout
                {"semantics":"standard","draftVersion":"dep-8","rules":{},"onFailure":{"pre-up":"stop","post-deploy":"stop","post-up":"stop","cleanup":"continue"},"kubernetes":{"selector":null,"container":null,"readyTimeout":"0s"}}"#]],
        );
    }

    #[test]
    fn tasks_that_run_once() {
        let text = "[kubernetes]\nonce = [\"migrat\", 'seed', \"x y\"]\n";
        let problems = |tasks: &str| {
            let mut project = Project::of_text(text);
            assert_eq!(
                project.settings.0["kubernetes"]["once"],
                serde_json::json!(["migrat", "seed", "x y"])
            );
            project.check_tasks(tasks, true);
            let of = |it: &Problem| (text[it.range].to_owned(), it.message.clone(), it.suggestion.clone());
            project.problems.iter().map(of).collect::<Vec<_>>()
        };
        let tasks = "[post-deploy]\nmigrate = \"a\"\n'x y' = \"b\"\n[pre-up]\nseed = \"c\"\n";
        let expected = [
            (
                "\"migrat\"",
                "`post-deploy` has no task `migrat`: did you mean `migrate`?",
                Some("\"migrate\""),
            ),
            ("'seed'", "`post-deploy` has no task `seed`; it has `migrate`, `x y`", None),
        ];
        let expected = expected
            .map(|(at, message, meant)| (at.to_owned(), message.to_owned(), meant.map(str::to_owned)));
        assert_eq!(problems(tasks), expected);
        let broken_elsewhere = format!("{tasks}x = = 1\n");
        assert_eq!(problems(&broken_elsewhere), expected, "what can run is known");
        assert_eq!(problems("[post-deploy]\nmigrate = \n"), [], "what a broken file has is not known");
        for wrong in ["{}", "5", "2020-01-01", "[1]", "\"migrate\""] {
            let text = format!("[kubernetes]\nonce = {wrong}\n");
            assert_eq!(Project::of_text(&text).problems.len(), 1, "{text}");
        }
    }

    #[test]
    fn any_text_is_read() {
        for text in [
            "=",
            "[",
            "[[",
            "[]",
            "a",
            "a.b.c = {d = {}}",
            "\u{feff}rules",
            "[\"\"]\n\"\" = 1",
            "rules = { = }",
            "semantics = {}",
            "é = 'é🚀' # é\r\n[é🚀]\r\nsemantics = 'é",
            "[rules]\npost-up = \"off\"]]\n rules.x = ''",
        ] {
            for end in text.char_indices().map(|(at, _)| at).chain([text.len()]) {
                let (start, tree) = (&text[..end], syntax::parse(&text[..end]));
                Project::of_tree(&tree, start).describe(Path::new("f"), start);
                for at in (0..=end).filter(|at| text.is_char_boundary(*at)) {
                    complete(&tree, start, (at as u32).into());
                    hover(&tree, start, (at as u32).into());
                }
            }
        }
    }

    #[test]
    fn a_file_that_is_none() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(ProjectFile::load(dir.path()).problems(), [""; 0]);
        std::fs::create_dir(dir.path().join(SETTINGS_FILE)).unwrap();
        let problems = ProjectFile::load(dir.path()).problems();
        assert!(problems[0].ends_with("config.toml: is a directory"), "{problems:?}");
    }
}
