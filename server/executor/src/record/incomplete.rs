//! The events of a record that were lost, as on a full disk, for which there is room in the result.
//!
//! Must not tell a second time what an event tells.

use std::collections::HashSet;

use super::schema::{Event, FailureEntry, PodEntry, RunResult};
use crate::event::OutcomeName;

/// What was written.
#[derive(Default)]
struct Written {
    has_begun: bool,
    is_over: bool,
    pods: Vec<String>,
    ended: HashSet<(usize, Option<usize>)>,
}

/// What the result tells and no written event does. That it began is not made up: nobody knows what it ran.
pub(super) fn lost(result: &RunResult, written: impl Iterator<Item = Event>) -> Vec<Event> {
    let mut known = Written::default();
    written.for_each(|event| known.take(event));
    if !known.has_begun {
        return Vec::new();
    }
    let mut lost: Vec<Event> = known.find_pods(result).into_iter().collect();
    for (task, told) in result.tasks.iter().enumerate() {
        if known.pods.is_empty() {
            lost.extend(known.end(result, (task, None), told.outcome, told.failure.as_ref(), told.seconds));
        }
        for seen in &told.pods {
            let pod = known.pods.iter().position(|pod| *pod == seen.pod);
            lost.extend(known.end(result, (task, pod), seen.outcome, seen.failure.as_ref(), seen.seconds));
        }
    }
    if !known.is_over {
        lost.push(known.end_of_run(result));
    }
    lost
}

impl Written {
    fn take(&mut self, event: Event) {
        match event {
            Event::RunStarted { .. } => self.has_begun = true,
            Event::PodsFound { pods, .. } => self.pods = pods.into_iter().map(|pod| pod.name).collect(),
            Event::TaskFinished { task, pod, .. } => drop(self.ended.insert((task, pod))),
            Event::RunFinished { .. } => self.is_over = true,
            _ => {}
        }
    }

    /// The pods by their names, where no event tells them; their identities and containers are lost.
    fn find_pods(&mut self, result: &RunResult) -> Option<Event> {
        if !self.pods.is_empty() {
            return None;
        }
        let all = result.tasks.iter().flat_map(|task| &task.pods).map(|pod| pod.pod.clone());
        self.pods = all.collect();
        self.pods.sort();
        self.pods.dedup();
        let entry = |name: &String| {
            let runs_in = |(_, task): &(usize, &super::schema::TaskResult)| {
                task.pods.iter().any(|pod| pod.pod == *name)
            };
            let tasks = result.tasks.iter().enumerate().filter(runs_in).map(|(index, _)| index).collect();
            let (name, container, uid) = (name.clone(), String::new(), String::new());
            PodEntry { name, container, build: None, image: None, uid, tasks }
        };
        let pods: Vec<PodEntry> = self.pods.iter().map(entry).collect();
        (!pods.is_empty()).then_some(Event::PodsFound { elapsed: result.seconds, pods, note: None })
    }

    fn end(
        &self,
        result: &RunResult,
        (task, pod): (usize, Option<usize>),
        outcome: OutcomeName,
        failure: Option<&FailureEntry>,
        seconds: f64,
    ) -> Option<Event> {
        (!self.ended.contains(&(task, pod))).then(|| Event::TaskFinished {
            elapsed: result.seconds,
            task,
            pod,
            outcome,
            failure: failure.cloned(),
            seconds,
            left_running: Vec::new(),
            note: None,
        })
    }

    /// A task that runs inside of pods counts once for each of them.
    fn end_of_run(&self, result: &RunResult) -> Event {
        let in_pods = || result.tasks.iter().flat_map(|task| &task.pods);
        let outcomes: Vec<OutcomeName> = match self.pods.as_slice() {
            [] => result.tasks.iter().map(|task| task.outcome).collect(),
            _ => in_pods().map(|seen| seen.outcome).collect(),
        };
        let count = |outcome| outcomes.iter().filter(|of| **of == outcome).count();
        let has_passed = |pod: &&String| {
            in_pods().filter(|seen| seen.pod == **pod).all(|seen| seen.outcome == OutcomeName::Passed)
        };
        let is_in_pods = !self.pods.is_empty();
        Event::RunFinished {
            outcome: result.outcome,
            passed: count(OutcomeName::Passed),
            failed: count(OutcomeName::Failed),
            stopped: count(OutcomeName::Stopped),
            skipped: count(OutcomeName::Skipped),
            seconds: result.seconds,
            pods: is_in_pods.then_some(self.pods.len()),
            job_left: result.job_left,
            pods_passed: is_in_pods.then(|| self.pods.iter().filter(has_passed).count()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::schema::{PodResult, TaskResult, VERSION};

    #[test]
    fn the_end_of_a_run_in_pods_counts_each_task_in_each_pod() {
        let seen = |pod: &str, outcome| PodResult { outcome, ..PodResult::of(pod.into()) };
        let task = |name: &str, outcome| TaskResult {
            pods: vec![seen("web-0", OutcomeName::Passed), seen("web-1", outcome)],
            ..TaskResult::of(name.into())
        };
        let result = RunResult {
            version: VERSION,
            id: "id".into(),
            phase: "post-deploy".into(),
            file: "/app/.draft-tasks.toml".into(),
            at: "2026-11-22T18:45:00Z".into(),
            outcome: OutcomeName::Failed,
            seconds: 1.0,
            complete: false,
            cluster: None,
            problem: None,
            job_left: None,
            tasks: vec![task("one", OutcomeName::Failed), task("two", OutcomeName::Skipped)],
        };
        let began = r#"{"event":"runStarted","version":2,"id":"id","phase":"post-deploy","file":"f","directory":"/app","tasks":[],"at":"","pid":1}"#;
        let began = Event::read(began.as_bytes()).unwrap();
        let end = lost(&result, [began].into_iter()).pop();
        let Some(Event::RunFinished { passed, failed, skipped, pods, pods_passed, .. }) = end else {
            panic!("{end:?}")
        };
        assert_eq!((passed, failed, skipped, pods, pods_passed), (2, 1, 1, Some(2), Some(1)));
    }
}
