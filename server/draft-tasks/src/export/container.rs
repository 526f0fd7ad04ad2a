//! What the containers of an exported Job have: their image, and variables from objects of the cluster.
//!
//! Must not guess where a variable comes from: Kubernetes would hand an unknown `$(NAME)` on as it is written.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use draft_tasks_analysis::command::is_name;
use draft_tasks_analysis::printable::printable;
use draft_tasks_executor::PHASE_LABEL;
use draft_tasks_executor::job::manifest::{ArgumentPiece, JobArgument, JobTask, PodBasis, literal_of};
use serde_json::{Value, json};

use super::{ExportTarget, HandedPhase, Handover, Step};
use crate::settings::audience::Audience;

/// What holds for each Job. Since 1.26 (`JobTrackingWithFinalizers`) a pod that is being deleted counts as failed,
/// and a Job without retries is over by that. `podReplacementPolicy` is of no use before: servers know it since 1.28, and
/// clients of older ones refuse it.
pub(super) const STARTS_AGAIN: &str =
    "Before Kubernetes 1.26 tasks start again where their pod is deleted while it runs, as with its node.";

/// What a user says of containers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ContainerTerms {
    pub(crate) image: String,
    pub(crate) sources: Vec<VariableSource>,
}

/// What an image is called, for example.
const IMAGE: &str = "registry.example/web:1";

/// Whether this can be the name of an image.
///
/// # Errors
///
/// Why not.
fn check_image(target: ExportTarget, image: &str) -> Result<(), String> {
    let is_reference = |letter: char| letter.is_ascii_alphanumeric() || "._:/@-".contains(letter);
    let is_template = image.contains("{{") && !image.contains(char::is_control);
    if is_template && target != ExportTarget::HelmHook {
        return Err(format!("the image `{image}`: only Helm knows templates"));
    }
    if image.is_empty() || !is_template && !image.chars().all(is_reference) {
        let image = printable(image);
        return Err(format!("the image `{image}`: expected the name of an image, such as {IMAGE}"));
    }
    Ok(())
}

/// An object of the cluster that has variables: `[NAME=]secret/OBJECT` or `[NAME=]configmap/OBJECT`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct VariableSource {
    /// The only variable that is taken from it; without it all.
    variable: Option<String>,
    kind: SourceKind,
    object: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SourceKind {
    Secret,
    ConfigMap,
}

impl FromStr for VariableSource {
    type Err = String;

    fn from_str(text: &str) -> Result<VariableSource, String> {
        let (variable, source) = match text.split_once('=') {
            Some((variable, source)) => (Some(variable.to_owned()), source),
            None => (None, text),
        };
        let kind = |name: &str| match name {
            "secret" => Some(SourceKind::Secret),
            "configmap" => Some(SourceKind::ConfigMap),
            _ => None,
        };
        let parts = source.split_once('/').and_then(|(name, object)| Some((kind(name)?, object)));
        match parts {
            Some((kind, object)) if is_object(object) && variable.as_deref().is_none_or(is_name) => {
                Ok(VariableSource { variable, kind, object: object.to_owned() })
            }
            _ => Err("expected [VARIABLE=]secret/NAME or [VARIABLE=]configmap/NAME".into()),
        }
    }
}

/// Whether an object of a cluster can have this name (RFC 1123).
fn is_object(name: &str) -> bool {
    let is_kept = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    name.starts_with(is_kept)
        && name.ends_with(is_kept)
        && name.chars().all(|it| is_kept(it) || "-.".contains(it))
}

impl VariableSource {
    /// All variables of the object.
    fn whole(&self) -> Value {
        let reference = json!({ "name": self.object });
        match self.kind {
            SourceKind::Secret => json!({ "secretRef": reference }),
            SourceKind::ConfigMap => json!({ "configMapRef": reference }),
        }
    }

    /// One variable of it, without which the container does not start.
    fn entry(&self, name: &str) -> Value {
        let reference = json!({ "name": self.object, "key": name });
        let value = match self.kind {
            SourceKind::Secret => json!({ "secretKeyRef": reference }),
            SourceKind::ConfigMap => json!({ "configMapKeyRef": reference }),
        };
        json!({ "name": name, "valueFrom": value })
    }
}

impl ContainerTerms {
    /// What is said of the containers of a target.
    ///
    /// # Errors
    ///
    /// When the image is missing or cannot be one, and what to do.
    pub(super) fn of(
        target: ExportTarget,
        image: Option<&str>,
        sources: &[VariableSource],
        audience: Audience,
    ) -> Result<ContainerTerms, String> {
        let example = if target == ExportTarget::HelmHook { "'{{ .Values.image }}'" } else { IMAGE };
        let image = image.ok_or_else(|| {
            let example = audience.image(example);
            format!("it is not known in which image the tasks run: name it, as in {example}")
        })?;
        check_image(target, image)?;
        Ok(ContainerTerms { image: image.to_owned(), sources: sources.to_vec() })
    }

    /// What a container has that runs all tasks.
    ///
    /// # Errors
    ///
    /// Which variables have no source, or several, and what to do.
    pub(super) fn basis(&self, handover: &Handover) -> Result<PodBasis, String> {
        self.basis_of(handover, &handover.references())
    }

    /// What a container has whose tasks take these variables from the environment: without one of them it does not start.
    ///
    /// # Errors
    ///
    /// As [`ContainerTerms::basis`].
    pub(super) fn basis_of(
        &self,
        handover: &Handover,
        references: &BTreeSet<&str>,
    ) -> Result<PodBasis, String> {
        let mut entries: BTreeMap<&str, Value> = BTreeMap::new();
        let own = self.sources.iter().filter_map(|source| Some((source.variable.as_deref()?, source)));
        entries.extend(own.map(|(name, source)| (name, source.entry(name))));
        let whole: Vec<&VariableSource> =
            self.sources.iter().filter(|source| source.variable.is_none()).collect();
        let missing: Vec<&str> =
            references.iter().copied().filter(|name| !entries.contains_key(name)).collect();
        match whole.as_slice() {
            [source] => entries.extend(missing.iter().map(|name| (*name, source.entry(name)))),
            _ if missing.is_empty() => {}
            [] => return Err(unknown(&missing, "a Job has only those that it is told to have")),
            [..] => return Err(unknown(&missing, "it is not known which object has them")),
        }
        entries.extend(
            handover
                .given
                .iter()
                .map(|(name, value)| (name.as_str(), json!({ "name": name, "value": literal_of(value) }))),
        );
        let mut basis = PodBasis::of_image(&self.image);
        if !entries.is_empty() {
            basis.container.insert("env".into(), entries.into_values().collect());
        }
        if !whole.is_empty() {
            basis.container.insert("envFrom".into(), whole.into_iter().map(VariableSource::whole).collect());
        }
        Ok(basis)
    }
}

fn unknown(names: &[&str], why: &str) -> String {
    let shown: Vec<String> = names.iter().map(|name| format!("${name}")).collect();
    let first = names.first().copied().unwrap_or_default();
    format!(
        "the tasks take {} from the environment, and {why}\n  say where they come from: --env-from secret/NAME or configmap/NAME, of one variable --env-from {first}=secret/NAME, or --env {first}=VALUE",
        shown.join(", ")
    )
}

/// A task as a container runs it.
pub(super) fn job_task(step: &Step) -> JobTask {
    let reference = |name: &str| ArgumentPiece::Reference(name.to_owned());
    let arguments = step.words.iter().map(|word| JobArgument::of(word, reference));
    JobTask { name: step.task.clone(), arguments: arguments.collect() }
}

/// Labels that no Service and no selector of this program has.
pub(super) fn labels(phase: &HandedPhase) -> BTreeMap<String, String> {
    [(PHASE_LABEL.to_owned(), phase.phase.name().to_owned())].into()
}
