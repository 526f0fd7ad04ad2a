//! Finds and reads the kubeconfig, in the places where kubectl looks for it.
//!
//! Must not contact anything, run what the file names, or say in an error what the file has: it may be a secret. Entries
//! that nobody uses must not matter.

use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};

use http::HeaderValue;
use kube::config::{AuthInfo, AuthProviderConfig, Cluster, ExecConfig, ExecInteractiveMode};
use serde_json::{Value, json};

use super::file;
use super::yaml::{Mistake, Node, flag};
use crate::event::Problem;
use crate::search::variable;

mod confidential;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzed;

pub(crate) use confidential::confidential;

/// The extension of a cluster that is told to credential plugins.
const EXEC_EXTENSION: &str = "client.authentication.k8s.io/exec";

/// What is a path in a cluster, and in a user.
const CLUSTER_PATHS: [&str; 1] = ["certificate-authority"];
const USER_PATHS: [&str; 3] = ["client-certificate", "client-key", "tokenFile"];

/// A kubeconfig and where it was found.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// All files as one; nothing when there is none.
    pub(crate) kubeconfig: Option<Kubeconfig>,
    /// The files that were read, or where one was sought.
    pub(crate) places: Vec<PathBuf>,
    /// Whether `KUBECONFIG` names them.
    pub(crate) by_variable: bool,
}

/// All files of a kubeconfig; what an earlier one has goes before what a later one has.
#[derive(Clone, Debug)]
pub(crate) struct Kubeconfig {
    files: Vec<File>,
}

#[derive(Clone, Debug)]
struct File {
    path: PathBuf,
    root: Node,
}

/// What a context is made of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Context {
    pub(crate) cluster: String,
    pub(crate) user: Option<String>,
    pub(crate) namespace: Option<String>,
}

/// The way to a cluster: its entry and that of the user, with absolute paths.
#[derive(Clone, Debug, Default)]
pub(crate) struct Access {
    pub(crate) cluster: Cluster,
    pub(crate) user: AuthInfo,
    /// Whether there is an entry of the user.
    pub(crate) has_user: bool,
    /// What the cluster has for credential plugins.
    pub(crate) plugin_config: Value,
}

/// The value of a variable of an environment, unless it is empty.
pub(crate) fn value<'a>(environment: &'a [(OsString, OsString)], name: &str) -> Option<&'a OsStr> {
    variable(environment, name).filter(|value| !value.is_empty())
}

/// Where the kubeconfig is: what `KUBECONFIG` names, else `.kube/config` in the home directory.
pub(crate) fn places(environment: &[(OsString, OsString)]) -> (Vec<PathBuf>, bool) {
    if let Some(paths) = value(environment, "KUBECONFIG") {
        let paths = std::env::split_paths(paths).filter(|path| !path.as_os_str().is_empty());
        return (paths.map(|path| std::path::absolute(&path).unwrap_or(path)).collect(), true);
    }
    let home = value(environment, "HOME").or_else(|| value(environment, "USERPROFILE"));
    (home.map(|home| PathBuf::from(home).join(".kube").join("config")).into_iter().collect(), false)
}

/// Reads the kubeconfig of an environment; files that are not there are passed over, as kubectl does.
///
/// # Errors
///
/// When a file cannot be read or is not a kubeconfig.
pub(crate) fn read(environment: &[(OsString, OsString)]) -> Result<Found, Problem> {
    let (places, by_variable) = places(environment);
    let mut files = None;
    for path in &places {
        match file::kubeconfig(path) {
            Ok(bytes) => files.get_or_insert_with(Vec::new).extend(File::read(path, &bytes)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(unusable(path, &error.to_string())),
        }
    }
    Ok(Found { kubeconfig: files.map(|files| Kubeconfig { files }), places, by_variable })
}

fn unusable(path: &Path, why: &str) -> Problem {
    Problem::new(format!("the kubeconfig {} cannot be used: {why}", path.display()))
}

/// The text of a file in any of Unicode's encodings.
fn decode(bytes: &[u8]) -> Option<String> {
    let wide = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units = bytes.chunks(2).map(|pair| unit([pair[0], pair.get(1).copied().unwrap_or(0)]));
        char::decode_utf16(units).collect::<Result<String, _>>().ok()
    };
    match bytes {
        [0xFF, 0xFE, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => wide(rest, u16::from_be_bytes),
        [0xEF, 0xBB, 0xBF, rest @ ..] => String::from_utf8(rest.to_vec()).ok(),
        bytes => String::from_utf8(bytes.to_vec()).ok(),
    }
}

impl File {
    /// Nothing when the file is empty.
    fn read(path: &Path, bytes: &[u8]) -> Result<Option<File>, Problem> {
        let text = decode(bytes).ok_or_else(|| unusable(path, "it is not text in UTF-8"))?;
        let mistake = |Mistake { line, column, what }| {
            unusable(path, &format!("line {line}, column {column}: it is not YAML: {what}"))
        };
        let Some(root) = Node::read(&text).map_err(mistake)? else { return Ok(None) };
        let file = File { path: path.to_owned(), root };
        if file.root.map().is_none() {
            return Err(file
                .wrong(&file.root, "it is not a kubeconfig, which has `clusters`, `users` and `contexts`"));
        }
        for name in ["clusters", "users", "contexts"] {
            if let Some(node) = file.root.get(name).filter(|node| node.list().is_none()) {
                return Err(file.wrong(node, &format!("`{name}` is not a list")));
            }
            file.check_names(name)?;
        }
        Ok(Some(file))
    }

    /// Two entries of one name are a mistake to kubectl as well, whether they are used or not.
    fn check_names(&self, list: &str) -> Result<(), Problem> {
        let mut lines = HashMap::new();
        for (name, entry) in self.entries(list) {
            if let Some(line) = lines.insert(name, entry.line) {
                let what = format!(
                    "this entry of `{list}` has the same name as the one in line {line}, which kubectl refuses; \
                     rename or remove one of them"
                );
                return Err(self.wrong(entry, &what));
            }
        }
        Ok(())
    }

    fn wrong(&self, node: &Node, what: &str) -> Problem {
        unusable(&self.path, &format!("line {}, column {}: {what}", node.line, node.column))
    }

    /// The entries of a list, with their names.
    fn entries(&self, list: &str) -> impl DoubleEndedIterator<Item = (&str, &Node)> {
        let entries = self.root.get(list).and_then(Node::list).unwrap_or_default();
        entries.iter().filter_map(|entry| Some((entry.get("name")?.text()?, entry)))
    }

    fn absolute(&self, path: &str) -> String {
        let folder = self.path.parent().unwrap_or(Path::new("/"));
        folder.join(path).to_string_lossy().into_owned()
    }

    /// A program is sought in the PATH unless it is a path.
    fn absolute_program(&self, program: &str) -> String {
        if program.contains(std::path::is_separator) { self.absolute(program) } else { program.to_owned() }
    }
}

impl Kubeconfig {
    /// The first current context that is not empty.
    pub(crate) fn current_context(&self) -> Option<String> {
        let named = self.files.iter().filter_map(|file| file.root.get("current-context")?.text());
        named.filter(|name| !name.is_empty()).map(str::to_owned).next()
    }

    /// The names of all contexts.
    pub(crate) fn contexts(&self) -> Vec<String> {
        let mut known = HashSet::new();
        let names = self.files.iter().flat_map(|file| file.entries("contexts")).map(|(name, _)| name);
        names.filter(|name| known.insert(*name)).map(str::to_owned).collect()
    }

    /// A context, if there is one of this name.
    ///
    /// # Errors
    ///
    /// When something in it has another form.
    pub(crate) fn context(&self, name: &str) -> Result<Option<Context>, Problem> {
        let Some(fields) = self.fields("contexts", name, "context") else { return Ok(None) };
        Ok(Some(Context {
            cluster: fields.text("cluster")?.unwrap_or_default(),
            user: fields.text("user")?,
            namespace: fields.text("namespace")?,
        }))
    }

    /// What a context leads to; a cluster or user that is not there is an empty one.
    ///
    /// # Errors
    ///
    /// When something in its entries has another form.
    pub(crate) fn access(&self, context: &Context) -> Result<Access, Problem> {
        let mut access = Access::default();
        if let Some(fields) = self.fields("clusters", &context.cluster, "cluster") {
            access.cluster = cluster(&fields)?;
            access.plugin_config = plugin_config(&fields);
        }
        let user = context.user.as_ref().and_then(|user| self.fields("users", user, "user"));
        if let Some(fields) = user {
            access.user = auth_info(&fields)?;
            access.has_user = true;
        }
        Ok(access)
    }

    fn fields(&self, list: &str, name: &str, inner: &str) -> Option<Fields<'_>> {
        self.files.iter().find_map(|file| {
            let (_, entry) = file.entries(list).find(|(known, _)| *known == name)?;
            Some(Fields { file, node: entry.get(inner) })
        })
    }

    /// One kubeconfig of all files, in which a context is the current one and has this namespace. Its paths are
    /// absolute, so it may stand anywhere.
    pub(crate) fn copy(&self, context: Option<&str>, namespace: &str) -> Value {
        let mut whole = json!({});
        for (key, node) in self.files.iter().flat_map(|file| file.root.map().unwrap_or_default()) {
            if whole.get(key).is_none_or(Value::is_null) {
                whole[key] = node.to_json();
            }
        }
        for list in ["clusters", "users", "contexts"] {
            whole[list] = self.all(list);
        }
        whole["current-context"] = context.into();
        let contexts = whole["contexts"].as_array_mut();
        let pinned = contexts.and_then(|all| all.iter_mut().find(|it| it["name"].as_str() == context));
        if let Some(inner) = pinned.and_then(|pinned| pinned.get_mut("context")?.as_object_mut()) {
            inner.insert("namespace".into(), namespace.into());
        }
        whole
    }

    fn all(&self, list: &str) -> Value {
        let (mut all, mut names) = (Vec::new(), HashSet::new());
        for file in &self.files {
            for (name, entry) in file.entries(list) {
                if !names.insert(name) {
                    continue;
                }
                let mut entry = entry.to_json();
                entry["name"] = name.into();
                make_absolute(file, &mut entry);
                all.push(entry);
            }
        }
        Value::Array(all)
    }
}

/// Makes the paths of an entry absolute.
fn make_absolute(file: &File, entry: &mut Value) {
    let change = |inner: &mut Value, key: &str, absolute: &dyn Fn(&str) -> String| {
        let path = inner.get(key).and_then(Value::as_str).filter(|path| !path.is_empty()).map(absolute);
        if let Some(path) = path {
            inner[key] = path.into();
        }
    };
    if let Some(cluster) = entry.get_mut("cluster") {
        CLUSTER_PATHS.iter().for_each(|key| change(cluster, key, &|path| file.absolute(path)));
    }
    if let Some(user) = entry.get_mut("user") {
        USER_PATHS.iter().for_each(|key| change(user, key, &|path| file.absolute(path)));
        if let Some(exec) = user.get_mut("exec") {
            change(exec, "command", &|program| file.absolute_program(program));
        }
    }
}

/// What stands in an entry.
#[derive(Clone, Copy)]
struct Fields<'a> {
    file: &'a File,
    node: Option<&'a Node>,
}

impl<'a> Fields<'a> {
    fn get(&self, key: &str) -> Option<&'a Node> {
        self.node?.get(key)
    }

    fn inner(&self, key: &str) -> Option<Fields<'a>> {
        Some(Fields { node: Some(self.get(key)?), ..*self })
    }

    /// A text that is not empty.
    fn text(&self, key: &str) -> Result<Option<String>, Problem> {
        let Some(node) = self.get(key) else { return Ok(None) };
        let text = node.text().ok_or_else(|| self.file.wrong(node, &format!("`{key}` is not a text")))?;
        Ok(Some(text.to_owned()).filter(|text| !text.is_empty()))
    }

    /// A text that a header of HTTP can have.
    fn header(&self, key: &str) -> Result<Option<String>, Problem> {
        let text = self.text(key)?;
        self.check_headers(key, text.as_slice())?;
        Ok(text)
    }

    /// Texts that headers can have.
    fn headers(&self, key: &str) -> Result<Option<Vec<String>>, Problem> {
        let texts = self.texts(key)?;
        self.check_headers(key, texts.as_deref().unwrap_or_default())?;
        Ok(texts)
    }

    fn check_headers(&self, key: &str, values: &[String]) -> Result<(), Problem> {
        let is_wrong = |value: &String| HeaderValue::from_str(value).is_err();
        let Some(node) = self.get(key).filter(|_| values.iter().any(is_wrong)) else { return Ok(()) };
        let what = format!("`{key}` has a line end or a sign beyond ASCII, which no header of HTTP can have");
        Err(self.file.wrong(node, &what))
    }

    fn path(&self, key: &str) -> Result<Option<String>, Problem> {
        Ok(self.text(key)?.map(|path| self.file.absolute(&path)))
    }

    fn flag(&self, key: &str) -> Result<Option<bool>, Problem> {
        let Some(node) = self.get(key) else { return Ok(None) };
        let wrong = || self.file.wrong(node, &format!("`{key}` is neither true nor false"));
        node.text().and_then(flag).map(Some).ok_or_else(wrong)
    }

    fn texts(&self, key: &str) -> Result<Option<Vec<String>>, Problem> {
        let Some(node) = self.get(key) else { return Ok(None) };
        let texts =
            node.list().map(|items| items.iter().map(|item| item.text().map(str::to_owned)).collect());
        let wrong = || self.file.wrong(node, &format!("`{key}` is not a list of texts"));
        texts.flatten().map(Some).ok_or_else(wrong)
    }

    /// The texts of a map; what is no text is not there.
    fn pairs(&self, key: &str) -> HashMap<String, String> {
        let pairs = self.get(key).and_then(Node::map).unwrap_or_default();
        pairs.iter().filter_map(|(key, node)| Some((key.clone(), node.text()?.to_owned()))).collect()
    }
}

fn cluster(fields: &Fields<'_>) -> Result<Cluster, Problem> {
    Ok(Cluster {
        server: fields.text("server")?,
        insecure_skip_tls_verify: fields.flag("insecure-skip-tls-verify")?,
        certificate_authority: fields.path("certificate-authority")?,
        certificate_authority_data: fields.text("certificate-authority-data")?,
        proxy_url: fields.text("proxy-url")?,
        tls_server_name: fields.text("tls-server-name")?,
        disable_compression: fields.flag("disable-compression")?,
        ..Cluster::default()
    })
}

fn plugin_config(fields: &Fields<'_>) -> Value {
    let extensions = fields.get("extensions").and_then(Node::list).unwrap_or_default();
    let named = |entry: &&Node| entry.get("name").and_then(Node::text) == Some(EXEC_EXTENSION);
    let found = extensions.iter().find(named).and_then(|entry| entry.get("extension"));
    found.map(Node::to_json).unwrap_or_default()
}

fn auth_info(fields: &Fields<'_>) -> Result<AuthInfo, Problem> {
    Ok(AuthInfo {
        username: fields.text("username")?,
        password: fields.text("password")?.map(Into::into),
        token: fields.text("token")?.map(Into::into),
        token_file: fields.path("tokenFile")?,
        client_certificate: fields.path("client-certificate")?,
        client_certificate_data: fields.text("client-certificate-data")?,
        client_key: fields.path("client-key")?,
        client_key_data: fields.text("client-key-data")?.map(Into::into),
        impersonate: fields.header("as")?,
        impersonate_uid: fields.header("as-uid")?,
        impersonate_groups: fields.headers("as-groups")?,
        impersonate_user_extra: impersonated(fields)?,
        auth_provider: match fields.inner("auth-provider") {
            Some(provider) => Some(AuthProviderConfig {
                name: provider.text("name")?.unwrap_or_default(),
                config: provider.pairs("config"),
                ..AuthProviderConfig::default()
            }),
            None => None,
        },
        exec: fields.inner("exec").map(|exec| plugin(&exec)).transpose()?,
        ..AuthInfo::default()
    })
}

fn impersonated(fields: &Fields<'_>) -> Result<Option<HashMap<String, Vec<String>>>, Problem> {
    let Some(extra) = fields.inner("as-user-extra") else { return Ok(None) };
    let keys = extra.node.and_then(Node::map).unwrap_or_default().iter().map(|(key, _)| key);
    keys.map(|key| Ok((key.clone(), extra.headers(key)?.unwrap_or_default())))
        .collect::<Result<_, _>>()
        .map(Some)
}

fn plugin(fields: &Fields<'_>) -> Result<ExecConfig, Problem> {
    let env = fields.get("env").and_then(Node::list).unwrap_or_default();
    let env = env.iter().map(|pair| {
        let pair = Fields { node: Some(pair), ..*fields };
        let text = |key: &str| Ok((key.to_owned(), pair.text(key)?.unwrap_or_default()));
        Ok(HashMap::from([text("name")?, text("value")?]))
    });
    let interactive_mode = match fields.text("interactiveMode")?.as_deref() {
        Some("Never") => Some(ExecInteractiveMode::Never),
        Some("Always") => Some(ExecInteractiveMode::Always),
        _ => Some(ExecInteractiveMode::IfAvailable),
    };
    Ok(ExecConfig {
        api_version: fields.text("apiVersion")?,
        command: fields.text("command")?.map(|command| fields.file.absolute_program(&command)),
        args: fields.texts("args")?,
        env: Some(env.collect::<Result<_, Problem>>()?),
        install_hint: fields.text("installHint")?,
        interactive_mode,
        provide_cluster_info: fields.flag("provideClusterInfo")?.unwrap_or(false),
        ..ExecConfig::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The kubeconfig of these files, in folders of their own.
    fn kubeconfig(texts: &[&str]) -> (tempfile::TempDir, Result<Kubeconfig, String>) {
        let dir = tempfile::tempdir().unwrap();
        let paths = texts.iter().enumerate().map(|(index, text)| {
            let folder = dir.path().join(index.to_string());
            std::fs::create_dir(&folder).unwrap();
            std::fs::write(folder.join("config"), text).unwrap();
            folder.join("config")
        });
        let paths = std::env::join_paths(paths).unwrap();
        let found = read(&[("KUBECONFIG".into(), paths)]);
        let found = found.map(|found| found.kubeconfig.unwrap()).map_err(|problem| problem.describe());
        let found = found.map_err(|problem| problem.replace(&dir.path().display().to_string(), "DIR"));
        (dir, found)
    }

    fn access(text: &str) -> Result<Access, String> {
        let (_dir, kubeconfig) = kubeconfig(&[text]);
        let kubeconfig = kubeconfig?;
        let context = kubeconfig.context("dev").map_err(|problem| problem.message)?.unwrap_or_default();
        kubeconfig.access(&context).map_err(|problem| problem.message)
    }

    const DEV: &str = "contexts: [{name: dev, context: {cluster: c, user: u}}]\n";

    #[test]
    fn a_mistake_is_told_with_its_place_and_nothing_of_the_file() {
        let open = kubeconfig(&["users:\n- name: u\n  user:\n    token: SECRET\n    password: \"SECRET\n"]).1;
        let problem = open.unwrap_err();
        assert!(
            problem.starts_with("the kubeconfig DIR/0/config cannot be used: line 5, column "),
            "{problem}"
        );
        assert!(!problem.contains("SECRET"), "{problem}");
        let wrong = |user: &str| access(&format!("{DEV}users:\n- name: u\n  user: {user}\n")).unwrap_err();
        for (user, what) in [
            ("{token: [SECRET]}", "line 4, column 17: `token` is not a text"),
            ("{password: {a: SECRET}}", "line 4, column 20: `password` is not a text"),
            ("{as-groups: SECRET}", "line 4, column 21: `as-groups` is not a list of texts"),
            (
                "{as: \"SEC\\nRET\"}",
                "line 4, column 14: `as` has a line end or a sign beyond ASCII, which no header of HTTP can have",
            ),
            (
                "{as-groups: [a, \"SECRET\\n\"]}",
                "line 4, column 21: `as-groups` has a line end or a sign beyond ASCII, which no header of HTTP can have",
            ),
            (
                "{as-user-extra: {k: [\"SECRET\\n\"]}}",
                "line 4, column 29: `k` has a line end or a sign beyond ASCII, which no header of HTTP can have",
            ),
            (
                "{exec: {provideClusterInfo: SECRET}}",
                "column 37: `provideClusterInfo` is neither true nor false",
            ),
        ] {
            let problem = wrong(user);
            assert!(problem.ends_with(what) && !problem.contains("SECRET"), "{problem}");
        }
        let kind = |text: &str| kubeconfig(&[text]).1.unwrap_err();
        assert!(kind("SECRET").contains("line 1, column 1: it is not a kubeconfig"), "{}", kind("SECRET"));
        assert!(kind("a: 1\nusers: SECRET").ends_with("line 2, column 8: `users` is not a list"));
    }

    #[test]
    fn a_relative_path_of_the_variable_is_one_from_the_current_directory() {
        let (places, by_variable) = places(&[("KUBECONFIG".into(), "a::./b/c:/d".into())]);
        let here = std::env::current_dir().unwrap();
        assert_eq!(places, [here.join("a"), here.join("b/c"), "/d".into()]);
        assert!(by_variable);
    }

    #[test]
    fn entries_that_are_not_used_do_not_matter() {
        let text = "contexts:
- {name: half, context: {namespace: x}}
- {context: {cluster: nameless}}
- no entry
- {name: dev, context: {cluster: c, user: u}}
clusters: [{name: other, cluster: 5}, {name: c, cluster: {server: 'https://x', insecure-skip-tls-verify: null}}]
users:
- {name: old, user: {auth-provider: {name: gcp, config: null}, token: [1]}}
- {name: u, user: {token: 12345, auth-provider: {name: oidc, config: null}}}
preferences: 7
";
        let access = access(text).unwrap();
        assert_eq!(access.cluster.server.unwrap(), "https://x");
        assert!(access.user.token.is_some() && access.user.auth_provider.unwrap().config.is_empty());
    }

    #[test]
    fn two_entries_of_one_name_are_a_mistake_in_one_file() {
        let text = |list: &str| format!("{list}:\n- name: SECRET\n- name: other\n- name: SECRET\n");
        for list in ["clusters", "users", "contexts"] {
            let problem = kubeconfig(&[&text(list)]).1.unwrap_err();
            let said = format!(
                "DIR/0/config cannot be used: line 4, column 3: this entry of `{list}` has the same name as the one in \
                 line 2, which kubectl refuses; rename or remove one of them"
            );
            assert!(problem.contains(&said) && !problem.contains("SECRET"), "{problem}");
            let one = format!("{list}:\n- name: a\n");
            assert!(kubeconfig(&[&one, &one]).1.is_ok());
        }
    }

    #[test]
    fn the_first_of_several_files_wins_where_it_says_something() {
        let first = "clusters: null\ncurrent-context: \"\"\ncontexts: [{name: dev, context: {cluster: first}}]\nusers: null\n";
        let second =
            "current-context: prod\ncontexts: [{name: dev, context: {cluster: second}}, {name: prod}]\n";
        let kubeconfig = kubeconfig(&["", first, second, "current-context: last\n"]).1.unwrap();
        assert_eq!(kubeconfig.current_context().unwrap(), "prod");
        assert_eq!(kubeconfig.contexts(), ["dev", "prod"]);
        assert_eq!(kubeconfig.context("dev").unwrap().unwrap().cluster, "first");
        assert!(kubeconfig.context("none").unwrap().is_none());
    }

    #[test]
    fn paths_are_relative_to_the_file_that_has_them_and_absolute_in_a_copy() {
        let first = "contexts: [{name: dev, context: {cluster: c, user: u}}]\n";
        let second = "clusters: [{name: c, cluster: {certificate-authority: certs/ca.crt}}]
users: [{name: u, user: {tokenFile: ../token, client-key: /key, exec: {command: ./plugin, env: [{name: A, value: b}]}}}]
extensions: [{name: x, extension: {n: 1}}]
";
        let (dir, kubeconfig) = kubeconfig(&[first, second]);
        let kubeconfig = kubeconfig.unwrap();
        let place = |path: &str| dir.path().join("1").join(path).display().to_string();
        let access = kubeconfig.access(&kubeconfig.context("dev").unwrap().unwrap()).unwrap();
        assert_eq!(access.cluster.certificate_authority.unwrap(), place("certs/ca.crt"));
        assert_eq!(access.user.token_file.unwrap(), place("../token"));
        assert_eq!(access.user.client_key.unwrap(), "/key");
        assert_eq!(access.user.exec.unwrap().command.unwrap(), place("./plugin"));
        let copy = kubeconfig.copy(Some("dev"), "demo");
        assert_eq!(copy["clusters"][0]["cluster"]["certificate-authority"], place("certs/ca.crt"));
        assert_eq!(copy["users"][0]["user"]["exec"]["command"], place("./plugin"));
        assert_eq!(
            copy["contexts"][0]["context"],
            json!({ "cluster": "c", "user": "u", "namespace": "demo" })
        );
        assert_eq!(copy["current-context"], "dev");
        assert_eq!(copy["extensions"], json!([{ "name": "x", "extension": { "n": 1 } }]));
    }

    #[test]
    fn all_encodings_of_unicode_are_read() {
        let text = "current-context: dév\n";
        let units: Vec<u16> = text.encode_utf16().collect();
        let wide =
            |bytes: fn(u16) -> [u8; 2]| units.iter().flat_map(|unit| bytes(*unit)).collect::<Vec<u8>>();
        let little = [&[0xFF, 0xFE][..], &wide(u16::to_le_bytes)].concat();
        let big = [&[0xFE, 0xFF][..], &wide(u16::to_be_bytes)].concat();
        let marked = [&[0xEF, 0xBB, 0xBF][..], text.as_bytes()].concat();
        for bytes in [text.as_bytes(), &little, &big, &marked] {
            assert_eq!(decode(bytes).unwrap(), text);
        }
        assert_eq!(decode(&[0xFF, 0xFE, 0x41]), Some("A".into()));
        assert_eq!(decode(&[b'a', 0xE9]), None);
    }
}
