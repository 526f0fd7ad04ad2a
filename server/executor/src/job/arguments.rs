//! What becomes of the variables of a command that runs in a Job: those of the container stay references, others get the
//! value that they have on this machine.
//!
//! Must not let a value pass that is masked on this machine: whoever may read Jobs could read it.

use std::cell::RefCell;
use std::ffi::OsString;

use draft_tasks_analysis::plan::{Plan, Step};
use serde_json::Value;

use super::manifest::{ArgumentPiece, JobArgument, JobTask, PodBasis};
use crate::event::Problem;
use crate::mask::Secrets;
use crate::search::variable;

/// The tasks of a plan for a pod that is so.
///
/// # Errors
///
/// When a task's arguments would have a masked value, or it is not known whether a variable is the container's.
pub fn of_plan(
    plan: &Plan,
    basis: &PodBasis,
    environment: &[(OsString, OsString)],
    secrets: &Secrets,
) -> Result<Vec<JobTask>, Problem> {
    let known = KnownVariables { basis, environment, secrets };
    plan.steps.iter().map(|step| known.task(step)).collect()
}

struct KnownVariables<'a> {
    basis: &'a PodBasis,
    environment: &'a [(OsString, OsString)],
    secrets: &'a Secrets,
}

impl KnownVariables<'_> {
    fn task(&self, step: &Step) -> Result<JobTask, Problem> {
        let name = step.task.clone();
        if step.words.is_empty() {
            let literal = |text: &String| JobArgument(vec![ArgumentPiece::Literal(text.clone())]);
            return self.checked(JobTask { name, arguments: step.argv.iter().map(literal).collect() });
        }
        let problem = RefCell::new(None);
        let piece = |variable: &str| {
            self.piece(&name, variable).unwrap_or_else(|wrong| {
                problem.borrow_mut().get_or_insert(wrong);
                ArgumentPiece::Literal(String::new())
            })
        };
        let arguments = step.words.iter().map(|word| JobArgument::of(word, piece)).collect();
        match problem.into_inner() {
            Some(problem) => Err(problem),
            None => self.checked(JobTask { name, arguments }),
        }
    }

    fn piece(&self, task: &str, name: &str) -> Result<ArgumentPiece, Problem> {
        let listed = |field: &str| self.basis.container.get(field).and_then(Value::as_array);
        let named = || listed("env").into_iter().flatten().filter(|variable| variable["name"] == name);
        if named().any(|variable| !is_optional(variable)) {
            return Ok(ArgumentPiece::Reference(name.to_owned()));
        }
        let value = variable(self.environment, name).map(|value| value.to_string_lossy().into_owned());
        let why = match (named().next(), listed("envFrom")) {
            (Some(_), _) => Some("it is `optional` there"),
            (None, Some(sources)) if !sources.is_empty() => {
                Some("its `envFrom` takes variables from elsewhere")
            }
            (None, _) if self.may_be_of_service(name, value.is_some()) => {
                Some("Kubernetes gives it variables of its Services")
            }
            (None, _) => None,
        };
        if let Some(why) = why {
            return Err(Problem::new(format!(
                "task `{task}`: it is not known whether the container has `${name}`, since {why}"
            ))
            .help(format!(
                "name `{name}` in the `env` of the workload's container, not as `optional`, or write its value in the command"
            )));
        }
        let value = value.unwrap_or_default();
        if self.secrets.mask(&value) != value {
            return Err(masked(task, &format!("the value of `${name}`")));
        }
        Ok(ArgumentPiece::Literal(value))
    }

    /// Whether a node may make a variable for a container, of a Service of the namespace or of the cluster's own API. Source:
    /// <https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables>. `DB_PORT` may as well be a
    /// variable of this machine, where that has it.
    fn may_be_of_service(&self, name: &str, is_set_here: bool) -> bool {
        let is_linked = self.basis.pod.get("enableServiceLinks") != Some(&Value::Bool(false));
        let is_of_port = |(_, port): (&str, &str)| {
            let (number, protocol) = port.split_once('_').unwrap_or((port, ""));
            number.parse::<u16>().is_ok() && ["TCP", "UDP", "SCTP"].iter().any(|it| protocol.starts_with(it))
        };
        let has_form = name.ends_with("_SERVICE_HOST")
            || name.ends_with("_SERVICE_PORT")
            || name.contains("_SERVICE_PORT_")
            || name.split_once("_PORT_").is_some_and(is_of_port)
            || name.ends_with("_PORT") && !is_set_here;
        has_form && (is_linked || name.starts_with("KUBERNETES_"))
    }

    /// A secret may also stand in the command itself, in several pieces of an argument or in several arguments.
    fn checked(&self, task: JobTask) -> Result<JobTask, Problem> {
        let name = self.secrets.mask(&task.name);
        if name != task.name {
            return Err(Problem::new(format!(
                "task `{name}` has a value in its description that is masked on this machine: whoever may read the Job could read it"
            ))
            .help("describe it without, or give --public NAME for a value that is no secret"));
        }
        let words = task.arguments.iter().map(|JobArgument(pieces)| {
            let texts = pieces.iter().map(|piece| match piece {
                ArgumentPiece::Literal(text) | ArgumentPiece::Reference(text) => text.as_str(),
            });
            texts.collect::<String>()
        });
        let command = words.collect::<Vec<_>>().join(" ");
        if self.secrets.mask(&command) != command {
            return Err(masked(&task.name, "a value"));
        }
        Ok(task)
    }
}

/// Whether a container starts without it where the key is missing; then a reference to it stays as it is written.
fn is_optional(variable: &Value) -> bool {
    let source = variable["valueFrom"].as_object();
    source.is_some_and(|source| source.values().any(|it| it["optional"] == true))
}

fn masked(task: &str, what: &str) -> Problem {
    Problem::new(format!("task `{task}` has {what} in its arguments that is masked on this machine: whoever may read the Job could read it"))
        .help("give the workload's container a variable with it (`env`, from a Secret): `$NAME` of that name stays a reference")
        .help("a value that is no secret is shown by --public NAME")
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use draft_tasks_analysis::command::{DraftVersion, Semantics, split};
    use draft_tasks_analysis::phase::Phase;
    use serde_json::json;

    use super::*;

    fn told(command: &str, container: Value) -> Result<Vec<Vec<ArgumentPiece>>, String> {
        let words = split(command, Semantics::Standard, DraftVersion::default()).unwrap();
        let step = Step { task: "migrate".into(), words, ..Step::default() };
        let plan = Plan { subject: Phase::PostDeploy.into(), steps: vec![step] };
        let basis = PodBasis { container: container.as_object().cloned().unwrap(), ..PodBasis::default() };
        let environment = [("TAG", "v1"), ("TOKEN", "hunter22"), ("URL", "local")];
        let environment = environment.map(|(name, value)| (name.into(), value.into()));
        let secrets = Secrets::new([OsStr::new("hunter22")]);
        let tasks = of_plan(&plan, &basis, &environment, &secrets).map_err(|problem| problem.message)?;
        Ok(tasks.into_iter().flat_map(|task| task.arguments).map(|argument| argument.0).collect())
    }

    fn literal(text: &str) -> ArgumentPiece {
        ArgumentPiece::Literal(text.into())
    }

    #[test]
    fn variables_of_the_container_stay_references_and_others_have_the_value_of_this_machine() {
        let container = json!({ "env": [{ "name": "URL", "valueFrom": { "secretKeyRef": {} } }] });
        let arguments = told("migrate --url=$URL $TAG $UNSET '$URL'", container).unwrap();
        let url = vec![literal("--url="), ArgumentPiece::Reference("URL".into())];
        let expected =
            [vec![literal("migrate")], url, vec![literal("v1")], vec![literal("")], vec![literal("$URL")]];
        assert_eq!(arguments, expected);
    }

    #[test]
    fn a_masked_value_is_refused_with_the_name_of_its_task() {
        let refused = told("migrate --token=$TOKEN", json!({})).unwrap_err();
        assert!(
            refused.starts_with("task `migrate` has the value of `$TOKEN` in its arguments that is masked"),
            "{refused}"
        );
        let refused = told("migrate --token=hunter22", json!({})).unwrap_err();
        assert!(refused.starts_with("task `migrate` has a value in its arguments"), "{refused}");
        assert!(told("migrate $TOKEN", json!({ "env": [{ "name": "TOKEN" }] })).is_ok());
    }

    #[test]
    fn what_may_come_from_elsewhere_is_not_guessed() {
        let container = json!({ "env": [{ "name": "URL" }], "envFrom": [{ "secretRef": { "name": "s" } }] });
        assert!(told("migrate $URL", container.clone()).is_ok());
        let refused = told("migrate $TAG", container).unwrap_err();
        assert!(
            refused.contains("task `migrate`: it is not known whether the container has `$TAG`"),
            "{refused}"
        );
    }

    #[test]
    fn what_a_node_may_make_of_services_is_not_guessed() {
        let known = |name: &str, pod: Value| {
            let pod = pod.as_object().cloned().unwrap();
            let environment = [("WEB_PORT".into(), "80".into()), ("DB_SERVICE_HOST".into(), "here".into())];
            let (basis, secrets) = (PodBasis { pod, ..PodBasis::default() }, Secrets::default());
            let known = KnownVariables { basis: &basis, environment: &environment, secrets: &secrets };
            known.piece("migrate", name).map_err(|problem| problem.message)
        };
        let made =
            ["DB_SERVICE_HOST", "DB_SERVICE_PORT", "DB_SERVICE_PORT_HTTP", "DB_PORT", "DB_PORT_80_TCP_ADDR"];
        for name in made {
            let refused = known(name, json!({})).unwrap_err();
            assert!(refused.ends_with("since Kubernetes gives it variables of its Services"), "{refused}");
            assert!(known(name, json!({ "enableServiceLinks": false })).is_ok(), "{name}");
        }
        assert!(known("KUBERNETES_SERVICE_HOST", json!({ "enableServiceLinks": false })).is_err());
        assert_eq!(known("WEB_PORT", json!({})), Ok(literal("80")));
        assert_eq!(known("SERVICE_HOSTS", json!({})), Ok(literal("")));
    }
}
