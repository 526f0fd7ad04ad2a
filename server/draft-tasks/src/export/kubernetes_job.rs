//! A phase as one Job of Kubernetes: its tasks one after another, each with its exact arguments and without a shell.
//!
//! Must not take labels by which a Service would send it traffic.

use std::collections::BTreeMap;
use std::path::Path;

use draft_tasks_executor::job::ENDS_WITH_FAILURE;
use draft_tasks_executor::job::manifest::{JobOutline, dns_label};

use super::container::{ContainerTerms, STARTS_AGAIN, job_task, labels};
use super::{ExportTarget, Exported, HandedPhase, Handover, yaml};

/// The manifest.
///
/// # Errors
///
/// What is missing, and what to do.
pub(crate) fn manifest(handover: &Handover, terms: &ContainerTerms) -> Result<Exported, String> {
    let [phase] = handover.phases.as_slice() else {
        let names: Vec<&str> = handover.phases.iter().map(|phase| phase.phase.name()).collect();
        return Err(format!(
            "a Job runs as soon as it is applied, so it is made of one phase: name one of {}",
            names.join(", ")
        ));
    };
    let folder = handover.file.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
    let (task_limit, run_limit) = (handover.limits.task, handover.limits.run.map(|limit| limit.whole));
    let is_alone = phase.steps.len() == 1;
    let outline = JobOutline {
        name: dns_label(&[&folder], phase.phase.name()),
        namespace: None,
        labels: labels(phase),
        annotations: BTreeMap::new(),
        tasks: phase.steps.iter().map(job_task).collect(),
        basis: terms.basis(handover)?.telling(phase.phase),
        deadline: [run_limit, task_limit.filter(|_| is_alone)].into_iter().flatten().min(),
        kept: None,
        awaits_end_of_pod: false,
        grace: handover.grace,
    };
    let unexpressed = unexpressed(handover, phase);
    let mut remarks = vec![
        "A Job runs once: before it can again, `kubectl delete -f FILE`. Its name is of the folder and the phase alone."
            .to_owned(),
        STARTS_AGAIN.to_owned(),
    ];
    if outline.deadline.is_some() {
        remarks.push("Its limit counts the time until its pod starts, too.".to_owned());
    }
    let text = yaml::header(ExportTarget::KubernetesJob, handover, &remarks, &unexpressed)
        + &yaml::document(&outline.manifest())?;
    Ok(Exported { text, unexpressed })
}

fn unexpressed(handover: &Handover, phase: &HandedPhase) -> Vec<String> {
    let has_several = phase.steps.len() > 1;
    let mut all: Vec<String> = phase.unexpressed_pods("this Job runs them once").into_iter().collect();
    all.extend(phase.unexpressed_policy(ENDS_WITH_FAILURE));
    if let Some(limit) = handover.limits.task.filter(|_| has_several) {
        let limit = humantime::format_duration(limit);
        all.push(format!("the limit of each task, {limit}: a Job has one for all of them"));
    }
    all
}
