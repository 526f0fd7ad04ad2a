//! Phases as hooks of a chart for Helm: one Job for a task, in the order of their weights.
//!
//! Must not let Helm take a part of a task for a template.

use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::printable::printable;
use draft_tasks_executor::job::manifest::{JobOutline, LONGEST_NAME};
use serde_json::{Value, json};

use super::container::{ContainerTerms, STARTS_AGAIN, job_task, labels};
use super::{ExportTarget, Exported, HandedPhase, Handover, Step, yaml};

/// The name of a release, as a template.
const RELEASE: &str = "{{ .Release.Name }}";

/// A file for the templates of a chart. The image may be a template, too.
///
/// # Errors
///
/// What is missing, and what to do.
pub(crate) fn template(handover: &Handover, terms: &ContainerTerms) -> Result<Exported, String> {
    let unexpressed = unexpressed(handover);
    let header = yaml::header(ExportTarget::HelmHook, handover, &remarks(handover, terms), &unexpressed);
    let count = handover.steps().count();
    for number in 0.. {
        let [release, image] = ["release", "image"].map(|kind| format!("draft-tasks-{kind}-{number}"));
        let marked = ContainerTerms { image: image.clone(), ..terms.clone() };
        let text = header.clone() + &jobs(handover, &release, &marked)?;
        // Where a task has one of these marks, too, others are taken.
        if [&release, &image].iter().all(|mark| text.matches(mark.as_str()).count() == count) {
            let text = text.replace("{{", "{{ \"{{\" }}").replace(&release, RELEASE);
            let text = text.replace(&image, &format!("\"{}\"", terms.image));
            return Ok(Exported { text, unexpressed });
        }
    }
    Err("every mark is taken".into())
}

/// A document for each task.
fn jobs(handover: &Handover, release: &str, terms: &ContainerTerms) -> Result<String, String> {
    let mut text = String::new();
    // Of all that is missing at once.
    terms.basis(handover)?;
    for phase in &handover.phases {
        for (index, step) in phase.steps.iter().enumerate() {
            let weight = first_weight(phase.phase) + index;
            let name = format!("{release}-{}-{}", phase.phase, index + 1);
            let basis = terms.basis_of(handover, &handover.references_in(std::iter::once(step)))?;
            let outline = JobOutline {
                name,
                namespace: None,
                labels: labels(phase),
                annotations: Default::default(),
                tasks: vec![job_task(step)],
                basis: basis.telling(phase.phase),
                deadline: handover.limits.task,
                kept: None,
                awaits_end_of_pod: false,
                grace: handover.grace,
            };
            let job = hook(phase, step, weight, &outline);
            text += "---\n";
            text += &yaml::document(&job)?;
        }
    }
    Ok(text)
}

fn hook(phase: &HandedPhase, step: &Step, weight: usize, outline: &JobOutline) -> Value {
    let mut manifest = outline.manifest();
    manifest["metadata"]["annotations"] = json!({
        "helm.sh/hook": events(phase.phase),
        "helm.sh/hook-weight": weight.to_string(),
        "helm.sh/hook-delete-policy": "before-hook-creation",
        "helm.sh/hook-output-log-policy": "hook-failed",
        "draft-tasks/task": printable(&step.task),
    });
    manifest
}

/// When Helm runs a phase. Source: <https://helm.sh/docs/topics/charts_hooks>.
fn events(phase: Phase) -> &'static str {
    match phase {
        Phase::PreUp => "pre-install,pre-upgrade",
        Phase::PostDeploy | Phase::PostUp => "post-install,post-upgrade",
        Phase::Cleanup => "post-delete",
    }
}

/// The weight of a phase's first hook: `post-up` comes after `post-deploy`, also where they are in two files.
fn first_weight(phase: Phase) -> usize {
    if phase == Phase::PostUp { 10_000 } else { 0 }
}

fn remarks(handover: &Handover, terms: &ContainerTerms) -> Vec<String> {
    let has = |phase: Phase| handover.phases.iter().any(|it| it.phase == phase);
    let longest = handover.phases.iter().map(|it| format!("-{}-{}", it.phase, it.steps.len()).len()).max();
    let room = LONGEST_NAME.saturating_sub(longest.unwrap_or_default());
    let mut remarks = vec![
        format!("A release's name may have {room} letters: Kubernetes refuses Jobs with longer ones."),
        STARTS_AGAIN.to_owned(),
    ];
    if has(Phase::PostDeploy) || has(Phase::PostUp) {
        remarks.push("Install and upgrade with --wait: other hooks do not wait until pods are ready.".into());
    }
    if !terms.sources.is_empty() && has(Phase::PreUp) {
        remarks.push("Secrets and ConfigMaps of the chart are not there before it is installed.".into());
    }
    if !terms.sources.is_empty() && has(Phase::Cleanup) {
        remarks.push("Secrets and ConfigMaps of the chart are gone after it was deleted.".into());
    }
    remarks
}

fn unexpressed(handover: &Handover) -> Vec<String> {
    let mut all = Vec::new();
    for phase in &handover.phases {
        all.extend(phase.unexpressed_pods("each hook runs once"));
        all.extend(phase.unexpressed_policy("Helm runs no hook after that"));
    }
    if let Some(limit) = handover.limits.run {
        let limit = humantime::format_duration(limit.whole);
        all.push(format!("the limit of the whole run, {limit}: Helm has one for each hook"));
    }
    all
}
