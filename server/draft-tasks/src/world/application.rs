//! Which application a tasks file belongs to, and in which pods of which cluster its tasks run: from `draft.toml`,
//! settings, options and the kubeconfig.
//!
//! Must not contact a cluster.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use draft_tasks_analysis::file_names::DRAFT_TOML;
use draft_tasks_analysis::project::{DEVELOPMENT, DraftToml, Environment as DraftEnvironment, NotToml};
use draft_tasks_analysis::task_variable::{TaskValues, TaskVariable};
use draft_tasks_executor::cluster::{KubeconfigSource, NamedContext, Target, is_label};
use draft_tasks_executor::record::next_id;
use draft_tasks_executor::{Application, PodChoice, PodsBefore, PodsRequest};
use draft_tasks_executor::{Pinned, Problem, file};

use crate::lines::{LineIndex, line_and_column};
use crate::settings::audience::Audience;
use crate::settings::kubernetes::{CONCURRENCY, KubernetesSettings, READY_TIMEOUT, is_value};
use crate::settings::{self, Config};
use crate::source;
use crate::world::environment::Environment;
use crate::world::facts;

/// The label by which Draft knows an application's pods (`pkg/local/local.go`).
const LABEL: &str = "draft";

/// What an application is called of which only the labels are known.
pub(crate) const UNNAMED: &str = "the application";

/// What settings, options and the environment say of an application.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ApplicationLookup<'a> {
    /// The directory of the tasks file.
    pub(crate) directory: &'a Path,
    /// The environment that tasks get.
    pub(crate) environment: &'a Environment,
    /// The environment of `draft.toml`, where a setting or an option names it.
    pub(crate) name: Option<&'a str>,
    pub(crate) settings: &'a KubernetesSettings,
    pub(crate) audience: Audience,
}

/// An application that was found, and where its pods are to be sought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) application: Application,
    /// The namespace, where it is not that of the context.
    pub(crate) namespace: Option<String>,
}

/// What `draft.toml` does not tell of the environment that is meant, and why.
#[derive(Debug)]
struct Untold {
    lack: Lack,
    problem: Problem,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lack {
    /// There is no such file.
    File,
    /// It has no such environment.
    Environment,
    /// It cannot be read, or says what cannot be.
    Sense,
}

impl From<Untold> for Problem {
    fn from(untold: Untold) -> Problem {
        untold.problem
    }
}

/// The environments that the `draft.toml` of a directory has, by their names; none where it cannot be read.
pub(crate) fn environments_beside(directory: &Path) -> Vec<String> {
    let text = facts::read(&directory.join(DRAFT_TOML)).unwrap_or_default();
    DraftToml::parse(&text).unwrap_or_default().environments.into_keys().collect()
}

impl<'a> ApplicationLookup<'a> {
    /// The application as settings alone name it.
    pub(crate) fn by(
        config: &'a Config,
        directory: &'a Path,
        environment: &'a Environment,
        audience: Audience,
    ) -> ApplicationLookup<'a> {
        let (name, settings) = (config.environment.as_deref(), &config.kubernetes);
        ApplicationLookup { directory, environment, name, settings, audience }
    }

    /// The environment of `draft.toml`: an option or a setting, then `DRAFT_ENV`, then `development`.
    pub(crate) fn environment_name(&self) -> String {
        self.chosen_environment().unwrap_or_else(|| DEVELOPMENT.to_owned())
    }

    /// The environment that an option, a setting or `DRAFT_ENV` names.
    fn chosen_environment(&self) -> Option<String> {
        let named = self.name.map(str::to_owned).or_else(|| self.environment.get("DRAFT_ENV"));
        named.filter(|name| !name.is_empty())
    }

    /// The environments that `draft.toml` has, by their names; none where it cannot be read.
    pub(crate) fn environments(&self) -> Vec<String> {
        environments_beside(self.directory)
    }

    /// The contexts that could be chosen; none where the kubeconfig cannot be read.
    pub(crate) fn contexts(&self) -> Vec<NamedContext> {
        let kubeconfig = KubeconfigSource::read(self.environment.variables());
        kubeconfig.map(|kubeconfig| kubeconfig.contexts()).unwrap_or_default()
    }

    /// Whether another context than the one in use could be chosen.
    pub(crate) fn has_other_contexts(&self) -> bool {
        let is_used = |context: &NamedContext| {
            self.named_context().map_or(context.is_current, |name| name == context.name)
        };
        !self.contexts().iter().all(is_used)
    }

    /// The namespaces that `draft.toml` and the contexts name, by their names.
    pub(crate) fn namespaces(&self) -> Vec<String> {
        let text = facts::read(&self.directory.join(DRAFT_TOML)).unwrap_or_default();
        let draft = DraftToml::parse(&text).unwrap_or_default();
        let of_draft = draft.environments.into_values().filter_map(|environment| environment.namespace);
        let of_contexts = self.contexts().into_iter().filter_map(|context| context.namespace);
        let all: BTreeSet<String> = of_draft.chain(of_contexts).filter(|name| is_label(name)).collect();
        all.into_iter().collect()
    }

    /// What is known of what tasks run for, as far as no cluster is to be looked for.
    pub(crate) fn told(&self) -> TaskValues {
        let (draft, found) = (self.draft().ok(), self.find().ok());
        let environment = draft.as_ref().map(|_| self.environment_name());
        let namespace = found.and_then(|found| found.namespace).or_else(|| self.named_namespace());
        let values = [
            (TaskVariable::Context, self.settings.context.clone()),
            (TaskVariable::Namespace, namespace),
            (TaskVariable::Application, draft.and_then(|draft| draft.name)),
            (TaskVariable::Environment, environment),
        ];
        let known = |(variable, value): (TaskVariable, Option<String>)| Some((variable, value?));
        let fits = |value: &String| !value.is_empty() && !value.contains('\0');
        values.into_iter().filter_map(known).filter(|(_, value)| fits(value)).collect()
    }

    /// The environment with that.
    pub(crate) fn telling(&self) -> Environment {
        self.environment.clone().telling(&self.told())
    }

    /// The values that tasks are told where all is in one cluster.
    pub(crate) fn told_in(&self, target: Option<&Target>) -> TaskValues {
        let mut told = self.told();
        if let Some(target) = target {
            told.insert(TaskVariable::Namespace, target.namespace.clone());
            told.extend(target.context.clone().map(|context| (TaskVariable::Context, context)));
        }
        told
    }

    /// The application's environment as `draft.toml` has it.
    ///
    /// # Errors
    ///
    /// When there is no such file, it cannot be read, or it has no such environment.
    pub(crate) fn draft(&self) -> Result<DraftEnvironment, Problem> {
        Ok(self.read_draft()?)
    }

    fn read_draft(&self) -> Result<DraftEnvironment, Untold> {
        let untold = |lack: Lack| move |problem: Problem| Untold { lack, problem };
        let file = self.directory.join(DRAFT_TOML);
        let place = file.display();
        let text = file::text(&file, facts::LARGEST).map_err(|error| match error.kind() {
            // A link that leads nowhere is no file that is not there.
            io::ErrorKind::NotFound if !self.has_draft_toml() => untold(Lack::File)(
                Problem::new(format!(
                    "there is no {DRAFT_TOML} in {}, so the application is not known",
                    self.directory.display()
                ))
                .help(format!(
                    "name the labels of its pods, such as `app=web`, by {}",
                    self.audience.selector()
                )),
            ),
            _ => untold(Lack::Sense)(Problem::new(format!("{place} cannot be read: {error}"))),
        })?;
        let draft = DraftToml::read(&text)
            .map_err(|wrong| Problem::new(format!("{place}:{}", describe_not_toml(&text, &wrong))))
            .map_err(untold(Lack::Sense))?;
        let name = self.environment_name();
        if let Some(fault) = draft.fault_of(&name) {
            let problem = Problem::new(format!("{place}: {}", fault.message)).help(fault.help.clone());
            return Err(untold(Lack::Sense)(problem));
        }
        let found = draft.environments.get(&name);
        found.cloned().ok_or_else(|| {
            let known: Vec<String> = draft.environments.keys().cloned().collect();
            let meant = settings::nearest(&name, &known).map(|near| format!("; did you mean `{near}`?"));
            let names: Vec<_> = known.iter().map(|name| format!("`{name}`")).collect();
            let problem =
                Problem::new(format!("{place} has no environment `{name}`{}", meant.unwrap_or_default()))
                    .help(match names.as_slice() {
                        [] => "it has none".to_owned(),
                        names => format!("it has {}", names.join(", ")),
                    })
                    .help(format!("choose one by {}", self.audience.environment()));
            untold(Lack::Environment)(problem)
        })
    }

    /// Why nothing is to run: the environment that is named is not there. What deploys or destroys (`is_grave`) also needs
    /// to know what `draft.toml` says.
    pub(crate) fn refusal(&self, is_grave: bool) -> Option<Problem> {
        let Untold { lack, problem } = self.read_draft().err()?;
        let refuses = match lack {
            Lack::File => false,
            Lack::Environment => self.chosen_environment().is_some(),
            Lack::Sense => is_grave,
        };
        refuses.then_some(problem)
    }

    /// Why it is not known what `draft.toml` says.
    pub(crate) fn senseless(&self) -> Option<Problem> {
        self.read_draft().err().filter(|untold| untold.lack == Lack::Sense).map(Problem::from)
    }

    /// Whether what the project says, or an environment or a context that is chosen, cannot be met: that is no matter of
    /// where and when something runs.
    pub(crate) fn cannot_be_met(&self) -> bool {
        self.has_draft_toml() && self.find().is_err()
            || self.settings.context.is_some() && self.target(None).is_err()
    }

    /// The application.
    ///
    /// # Errors
    ///
    /// When neither `draft.toml` nor a selector says which it is.
    pub(crate) fn find(&self) -> Result<Found, Problem> {
        if let Some(selector) = &self.settings.selector {
            let selector = selector.to_string();
            // A namespace that draft.toml has is the application's all the same.
            let draft = match self.read_draft() {
                Err(Untold { lack: Lack::Sense, problem }) if self.named_namespace().is_none() => {
                    return Err(problem);
                }
                draft => draft.ok(),
            };
            let name = draft.as_ref().and_then(|draft| draft.name.clone());
            let namespace = draft.and_then(|draft| draft.namespace).filter(|namespace| !namespace.is_empty());
            let namespace = self.named_namespace().or(namespace);
            let name = name.unwrap_or_else(|| UNNAMED.into());
            return Ok(Found { application: Application { name, selector }, namespace });
        }
        let draft = self.draft()?;
        let name = draft.name.filter(|name| !name.is_empty()).ok_or_else(|| {
            Problem::new(format!(
                "the environment `{}` in {} has no name, so its pods are not known",
                self.environment_name(),
                self.directory.join(DRAFT_TOML).display()
            ))
        })?;
        if !is_value(&name) {
            return Err(self.impossible(
                "name",
                &name,
                "an application: it has letters, digits, `-`, `_` and `.`, at most 63",
            ));
        }
        let namespace = draft.namespace.filter(|namespace| !namespace.is_empty());
        if let Some(namespace) = namespace.as_ref().filter(|namespace| !is_label(namespace)) {
            return Err(self.impossible(
                "namespace",
                namespace,
                "a namespace: it has lower-case letters, digits and `-`, at most 63",
            ));
        }
        let namespace = self.named_namespace().or(namespace).unwrap_or_else(|| "default".into());
        let selector = format!("{LABEL}={name}");
        Ok(Found { application: Application { name, selector }, namespace: Some(namespace) })
    }

    /// The namespace of a setting or an option; empty, as an unset variable leaves it, means no namespace.
    fn named_namespace(&self) -> Option<String> {
        self.settings.namespace.clone().filter(|namespace| !namespace.is_empty())
    }

    /// The context of a setting or an option; empty, as an unset variable leaves it, means the current one.
    fn named_context(&self) -> Option<&str> {
        self.settings.context.as_deref().filter(|context| !context.is_empty())
    }

    fn impossible(&self, key: &str, name: &str, of: &str) -> Problem {
        let place = self.directory.join(DRAFT_TOML);
        Problem::new(format!(
            "`{key}` in {}: `{}` is not the name of {of}",
            place.display(),
            name.escape_default()
        ))
    }

    /// The cluster and the namespace of an application.
    ///
    /// # Errors
    ///
    /// What is wrong with the kubeconfig.
    pub(crate) fn target(&self, namespace: Option<&str>) -> Result<Target, Problem> {
        let variables = self.environment.variables();
        Target::read(variables, self.settings.context.as_deref(), namespace)
    }

    /// The cluster that tasks on this machine are to meet, where the user chose one.
    ///
    /// # Errors
    ///
    /// What is wrong with the kubeconfig, and where there is an application whose namespace is not known.
    pub(crate) fn pinned(&self) -> Result<Pinned, Problem> {
        let namespace = match self.find() {
            Ok(found) => found.namespace,
            // Without an application the namespace is that of the context, unless one is named.
            Err(_) if !self.is_named() => self.named_namespace(),
            Err(problem) => Some(self.named_namespace().ok_or(problem)?),
        };
        self.target(namespace.as_deref()).map(|target| self.pin(target))
    }

    /// The cluster that tasks on this machine are to meet where that is not what their kubeconfig says by itself: the user
    /// chose a context, or the application's namespace is another one.
    ///
    /// # Errors
    ///
    /// As [`ApplicationLookup::pinned`].
    pub(crate) fn pinned_if_named(&self) -> Result<Option<Pinned>, Problem> {
        if self.settings.context.is_some() {
            return self.pinned().map(Some);
        }
        if !self.is_named() && self.named_namespace().is_none() {
            return Ok(None);
        }
        // Inside of a cluster there is no kubeconfig to be copied.
        let pinned = self.pinned().map(Some)?.filter(|pinned| pinned.target.context.is_some());
        Ok(pinned.filter(|pinned| !pinned.target.is_namespace_of_context()))
    }

    /// The cluster that all local steps of `up` and `delete` meet: that of the pods where it is known, else the chosen or
    /// current one, if there is one.
    ///
    /// # Errors
    ///
    /// When the user chose a context that cannot be met.
    pub(crate) fn pinned_to(&self, known: Option<Target>) -> Result<Option<Pinned>, Problem> {
        if let Some(target) = known {
            return Ok(Some(self.pin(target)));
        }
        match self.pinned() {
            Err(problem) if self.settings.context.is_some() => Err(problem),
            pinned => Ok(pinned.ok()),
        }
    }

    /// Pins a cluster that is known.
    pub(crate) fn pin(&self, target: Target) -> Pinned {
        Pinned { target, folders: self.environment.kubeconfigs(&next_id("kubeconfig")) }
    }

    /// What a run in the application's pods needs.
    ///
    /// # Errors
    ///
    /// When the application or the cluster is not known.
    pub(crate) fn pods(&self, only: Vec<String>) -> Result<PodsRequest, Problem> {
        let Found { application, namespace } = self.find().map_err(|problem| match self.target(None) {
            // Who has neither wants to hear of both.
            Err(other) => std::iter::once(other.message).chain(other.help).fold(problem, Problem::help),
            Ok(_) => problem,
        })?;
        let target = self.target(namespace.as_deref())?;
        Ok(self.request(application, target, only))
    }

    /// The pods of these labels, where options, settings or else the current context lead.
    ///
    /// # Errors
    ///
    /// When the cluster is not known.
    pub(crate) fn labelled(&self, selector: &str) -> Result<PodsRequest, Problem> {
        let target = self.target(self.named_namespace().as_deref())?;
        let application = Application { name: selector.to_owned(), selector: selector.to_owned() };
        Ok(self.request(application, target, Vec::new()))
    }

    /// Whether options or settings name the place in a cluster that is known, or in another one.
    pub(crate) fn names_place(&self, is_same_cluster: bool) -> bool {
        if is_same_cluster { self.named_namespace().is_some() } else { self.named_context().is_some() }
    }

    /// What of both is not known.
    pub(crate) fn missing(&self) -> Vec<Problem> {
        [self.find().err(), self.target(None).err()].into_iter().flatten().collect()
    }

    /// The request for an application and a cluster that are known.
    pub(crate) fn request(&self, application: Application, target: Target, only: Vec<String>) -> PodsRequest {
        let KubernetesSettings { container, ready_timeout, concurrency, once, .. } = self.settings;
        PodsRequest {
            target,
            application,
            container: container.as_ref().map(ToString::to_string),
            wait_timeout: ready_timeout.map_or(READY_TIMEOUT, |limit| limit.0),
            concurrency: concurrency.map_or(CONCURRENCY, Into::into),
            choice: PodChoice::Present(only),
            once: once.clone(),
            before: PodsBefore::NotDeployed,
            job: None,
        }
    }

    /// Whether a selector or `draft.toml` says that there is an application, though perhaps not which.
    pub(crate) fn is_named(&self) -> bool {
        self.settings.selector.is_some() || self.has_draft_toml()
    }

    /// Whether there is a `draft.toml`; a link that leads nowhere is one, too.
    fn has_draft_toml(&self) -> bool {
        source::is_there(&self.directory.join(DRAFT_TOML))
    }
}

/// What follows the path of a `draft.toml` that is not TOML: "1:13: is not TOML: …".
pub(crate) fn describe_not_toml(text: &str, wrong: &NotToml) -> String {
    let (line, column) = line_and_column(text, &LineIndex::new(text), wrong.offset);
    format!("{line}:{column}: is not TOML: {}", wrong.message)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DRAFT: &str = "[environments.development]\nname = \"shop\"\nnamespace = \"demo\"\n\
        [environments.staging]\nname = \"shop-staging\"\n[environments.nameless]\nwait = true\n";

    fn found(
        draft: Option<&str>,
        variables: &[(&str, &str)],
        name: Option<&str>,
        selector: Option<&str>,
    ) -> String {
        let dir = tempfile::tempdir().unwrap();
        if let Some(draft) = draft {
            std::fs::write(dir.path().join(DRAFT_TOML), draft).unwrap();
        }
        let selector = selector.map(|selector| selector.parse().unwrap());
        let settings = KubernetesSettings { selector, ..KubernetesSettings::default() };
        let environment = Environment::of(variables);
        let chosen = ApplicationLookup {
            directory: dir.path(),
            environment: &environment,
            name,
            settings: &settings,
            audience: Audience::CommandLine,
        };
        let told = match chosen.find() {
            Ok(found) => {
                let Found { application: Application { name, selector }, namespace } = found;
                format!("{name} {selector} {}", namespace.as_deref().unwrap_or("-"))
            }
            Err(problem) => problem.describe(),
        };
        told.replace(&dir.path().display().to_string(), "DIR")
    }

    #[test]
    fn an_option_goes_before_the_variable_and_that_before_development() {
        assert_eq!(found(Some(DRAFT), &[], None, None), "shop draft=shop demo");
        let staging = "shop-staging draft=shop-staging default";
        assert_eq!(found(Some(DRAFT), &[("DRAFT_ENV", "staging")], None, None), staging);
        assert_eq!(found(Some(DRAFT), &[("DRAFT_ENV", "none")], Some("staging"), None), staging);
        assert_eq!(found(Some(DRAFT), &[("DRAFT_ENV", "")], None, None), "shop draft=shop demo");
    }

    #[test]
    fn names_that_cannot_be_are_refused() {
        let of = |name: &str, namespace: &str| {
            let text =
                format!("[environments.development]\nname = \"{name}\"\nnamespace = \"{namespace}\"\n");
            found(Some(&text), &[], None, None)
        };
        assert_eq!(of("Web_App.1", "demo"), "Web_App.1 draft=Web_App.1 demo");
        assert!(
            of("Web App/x", "demo")
                .starts_with("`name` in DIR/draft.toml: `Web App/x` is not the name of an application")
        );
        for namespace in ["n/../kube-system", "Demo", "a b", "-a", "a.b"] {
            let told = of("web", namespace);
            assert!(told.contains("is not the name of a namespace"), "{told}");
        }
        assert_eq!(of("web", ""), "web draft=web default");
    }

    #[test]
    fn what_is_no_table_or_no_string_is_not_taken_for_nothing() {
        for (text, said) in [
            (
                "[environments.development]\nname = \"web\"\nnamespace = 3\n",
                "`namespace` of the environment `development` is not a string",
            ),
            (
                "[environments.development]\nname = [1]\n",
                "`name` of the environment `development` is not a string",
            ),
            (
                "[environments.development]\nname = \"web\"\nnamespace = \"a\"\nNamespace = \"b\"\n",
                "`namespace` of the environment `development` is there in two spellings",
            ),
            (
                "[environments.development]\nname = \"web\"\nauto-connect = \"yes\"\n",
                "`auto-connect` of the environment `development` is not a boolean",
            ),
            (
                "[environments.development]\nname = \"web\"\n[Environments.a]\nname = \"b\"\n",
                "`environments` is there in two spellings",
            ),
            ("[[environments.development]]\nname = \"web\"\n", "`development` is not a table"),
            ("environments = 3\n", "`environments` is not a table"),
        ] {
            for selector in [None, Some("app=web")] {
                let told = found(Some(text), &[], None, selector);
                assert!(told.starts_with(&format!("DIR/draft.toml: {said}\n  ")), "{told}");
            }
        }
    }

    #[test]
    fn keys_have_any_case_as_draft_takes_them() {
        let draft = "[Environments.development]\nName = \"web\"\nNamespace = \"prod\"\n";
        assert_eq!(found(Some(draft), &[], None, None), "web draft=web prod");
    }

    /// The namespace of the pinned copy of a kubeconfig, or the problem's first line.
    fn pinned(draft: Option<&str>, namespace: Option<&str>) -> String {
        let dir = tempfile::tempdir().unwrap();
        let config = dir.path().join("config");
        let text = "contexts: [{name: a, context: {cluster: c, user: u, namespace: of-context}}]\n\
            clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}]\nusers: [{name: u, user: {}}]\n";
        std::fs::write(&config, text).unwrap();
        if let Some(draft) = draft {
            std::fs::write(dir.path().join(DRAFT_TOML), draft).unwrap();
        }
        let settings = KubernetesSettings {
            context: Some("a".into()),
            namespace: namespace.map(str::to_owned),
            ..KubernetesSettings::default()
        };
        let environment = Environment::of(&[("KUBECONFIG", config.to_str().unwrap())]);
        let chosen = ApplicationLookup {
            directory: dir.path(),
            environment: &environment,
            name: None,
            settings: &settings,
            audience: Audience::CommandLine,
        };
        let pinned = chosen.pinned();
        pinned.map_or_else(|problem| problem.message, |pinned| pinned.target.namespace)
    }

    #[test]
    fn a_cluster_is_pinned_with_the_namespace_of_the_application() {
        assert_eq!(pinned(Some(DRAFT), None), "demo");
        assert_eq!(pinned(None, None), "of-context");
        // A file that cannot be used is no file that is not there.
        assert!(pinned(Some("[environments.development]\nname = 1\n"), None).ends_with("is not a string"));
        assert!(pinned(Some("["), None).contains("is not TOML"));
        assert_eq!(pinned(Some("["), Some("chosen")), "chosen");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_nothing_names_an_application() {
        let dir = tempfile::tempdir().unwrap();
        let named = || {
            let environment = Environment::of(&[]);
            let settings = KubernetesSettings::default();
            let (directory, audience) = (dir.path(), Audience::CommandLine);
            let chosen = ApplicationLookup {
                directory,
                environment: &environment,
                name: None,
                settings: &settings,
                audience,
            };
            chosen.is_named()
        };
        assert!(!named());
        std::os::unix::fs::symlink("nowhere", dir.path().join(DRAFT_TOML)).unwrap();
        assert!(named());
    }

    #[test]
    fn a_selector_needs_no_draft_toml() {
        assert_eq!(found(None, &[], None, Some("app=web")), "the application app=web -");
        assert_eq!(found(Some(DRAFT), &[], None, Some("app=web")), "shop app=web demo");
    }

    #[test]
    fn what_is_missing_is_said_with_what_to_do() {
        let missing = found(None, &[], None, None);
        assert!(
            missing.starts_with("there is no draft.toml in DIR") && missing.contains("--selector"),
            "{missing}"
        );
        let unknown = found(Some(DRAFT), &[], Some("prod"), None);
        let there_are =
            "DIR/draft.toml has no environment `prod`\n  it has `development`, `nameless`, `staging`";
        assert!(unknown.starts_with(there_are), "{unknown}");
        assert!(
            found(Some(DRAFT), &[], Some("nameless"), None)
                .contains("`nameless` in DIR/draft.toml has no name")
        );
        let broken = found(Some("a = 1\nnonsense = [\n"), &[], None, None);
        assert!(broken.starts_with("DIR/draft.toml:2:13: is not TOML: "), "{broken}");
    }
}
