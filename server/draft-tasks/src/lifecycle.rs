//! What `up` and `delete` do, one step after another: which step comes next after which outcome, and what is said of
//! those that do not run. The command line and the language server walk through it.
//!
//! Must not run anything.

mod undertaking;

use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::plan::{Plan, Step, Subject};
use draft_tasks_executor::OutcomeName;

pub(crate) use self::undertaking::{LifecycleSite, Undertaking};

/// The part of an application's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Up,
    Delete,
}

/// What runs the tasks of a file: a phase alone, or a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Activity {
    Phase(Phase),
    Part(Part),
}

/// What is known when it begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LifecycleFacts<'a> {
    /// The phases that have tasks which run.
    pub(crate) phases: &'a [Phase],
    /// Whether the application and its cluster are known, so that its pods can be awaited.
    pub(crate) has_application: bool,
}

/// The steps, and how far they have come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lifecycle {
    part: Part,
    steps: Vec<Subject>,
    /// The step that runs.
    at: usize,
}

/// What comes after a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// This runs.
    Step(Subject),
    /// All is done.
    Done,
    /// A step failed, was stopped or could not begin.
    Ended(LifecycleEnd),
}

/// An end before all steps have passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LifecycleEnd {
    part: Part,
    /// The step that failed or was stopped; nothing where the next one could not begin.
    at: Option<Subject>,
    pub(crate) was_stopped: bool,
    /// The steps that did not run.
    rest: Vec<Subject>,
}

impl Part {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Part::Up => "up",
            Part::Delete => "delete",
        }
    }

    /// It in a sentence, with the application where its name is known: "up of web".
    pub(crate) fn of(self, application: Option<&str>) -> String {
        let of = application.map(|name| format!(" of {name}")).unwrap_or_default();
        format!("{}{of}", self.name())
    }

    /// The step that is the user's command.
    pub(crate) const fn command(self) -> Subject {
        match self {
            Part::Up => Subject::Deploy,
            Part::Delete => Subject::Delete,
        }
    }

    /// That of which a step between phases is one.
    pub(crate) const fn with(step: Subject) -> Option<Part> {
        match step {
            Subject::Deploy | Subject::PodsReady => Some(Part::Up),
            Subject::Delete | Subject::PodsGone => Some(Part::Delete),
            Subject::Phase(_) => None,
        }
    }

    /// All phases around the command.
    pub(crate) const fn phases(self) -> &'static [Phase] {
        match self {
            Part::Up => &[Phase::PreUp, Phase::PostDeploy, Phase::PostUp],
            Part::Delete => &[Phase::Cleanup],
        }
    }

    /// Whether the pods are awaited that a selector names: without tasks in them nothing tells that a deployment makes
    /// such pods at all.
    pub(crate) fn awaits_selected(self, phases: &[Phase]) -> bool {
        self == Part::Delete || phases.contains(&Phase::PostDeploy)
    }

    /// The plan that runs the user's command, its arguments as they are.
    pub(crate) fn plan(self, argv: &[String]) -> Plan {
        let program = argv.first().map(|program| program.rsplit('/').next().unwrap_or(program));
        let step = Step {
            task: program.filter(|name| !name.is_empty()).unwrap_or(self.command().name()).to_owned(),
            command: argv.join(" "),
            argv: argv.to_vec(),
            ..Step::default()
        };
        Plan { subject: self.command(), steps: vec![step] }
    }
}

impl Activity {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Activity::Phase(phase) => phase.name(),
            Activity::Part(part) => part.name(),
        }
    }

    /// The phases that nothing else may run meanwhile. What deploys, deletes or cleans up has the application to itself.
    pub(crate) fn phases(self) -> Vec<Phase> {
        match self {
            Activity::Part(_) | Activity::Phase(Phase::Cleanup) => Phase::ALL.to_vec(),
            Activity::Phase(phase) => vec![phase],
        }
    }

    /// Whether it deploys, deletes or cleans up, so that what it does it for has to be known.
    pub(crate) fn is_grave(self) -> bool {
        !matches!(self, Activity::Phase(Phase::PreUp | Phase::PostDeploy | Phase::PostUp))
    }

    /// Whether it cannot go on at the same time as another one.
    pub(crate) fn excludes(self, other: Activity) -> bool {
        let others = other.phases();
        self.phases().iter().any(|phase| others.contains(phase))
    }

    /// Why it does not begin while something of this name goes on; `more` is what is known of that.
    pub(crate) fn refusal(self, running: &str, more: &str) -> String {
        let (obstacle, name) = (self.obstacle(running, more), self.name());
        let before = if running == name { String::new() } else { format!(" before {name}") };
        format!("{obstacle}: wait for its end or stop it{before}")
    }

    /// What goes on; `more` is what is known of that.
    pub(crate) fn obstacle(self, running: &str, more: &str) -> String {
        let already = if running == self.name() { "already " } else { "" };
        format!("{running} is {already}running{more}")
    }
}

impl From<Phase> for Activity {
    fn from(phase: Phase) -> Activity {
        Activity::Phase(phase)
    }
}

impl From<Part> for Activity {
    fn from(part: Part) -> Activity {
        Activity::Part(part)
    }
}

impl Lifecycle {
    pub(crate) fn new(part: Part, known: &LifecycleFacts<'_>) -> Lifecycle {
        let phase = |phase| known.phases.contains(&phase).then_some(Subject::Phase(phase));
        let steps = match part {
            Part::Up => {
                // Its tasks wait for the pods themselves.
                let ready = known.has_application.then_some(Subject::PodsReady);
                let pods = phase(Phase::PostDeploy).or(ready);
                vec![phase(Phase::PreUp), Some(Subject::Deploy), pods, phase(Phase::PostUp)]
            }
            Part::Delete => {
                let gone = known.has_application.then_some(Subject::PodsGone);
                vec![Some(Subject::Delete), gone, phase(Phase::Cleanup)]
            }
        };
        Lifecycle { part, steps: steps.into_iter().flatten().collect(), at: 0 }
    }

    /// All steps in their order; the first one begins.
    pub(crate) fn steps(&self) -> &[Subject] {
        &self.steps
    }

    /// The end of pods of which nothing is known is not awaited; what is to be said of it, if it would have been.
    pub(crate) fn without_end_of_pods(&mut self) -> Option<&'static str> {
        let steps = self.steps.len();
        self.steps.retain(|step| *step != Subject::PodsGone);
        (self.steps.len() < steps)
            .then_some("the end of the pods is not awaited, as they cannot be asked for")
    }

    /// The step that runs has ended.
    pub(crate) fn after(&mut self, outcome: OutcomeName, was_stopped: bool) -> Next {
        match outcome {
            _ if was_stopped => return self.end(true),
            OutcomeName::Stopped | OutcomeName::Skipped => return self.end(true),
            OutcomeName::Failed => return self.end(false),
            OutcomeName::Passed => {}
        }
        self.at += 1;
        self.steps.get(self.at).map_or(Next::Done, |step| Next::Step(*step))
    }

    /// The step that is next cannot begin.
    pub(crate) fn cannot_begin(&self, was_stopped: bool) -> Next {
        Next::Ended(LifecycleEnd {
            part: self.part,
            at: None,
            was_stopped,
            rest: self.steps[self.at..].to_vec(),
        })
    }

    fn end(&self, was_stopped: bool) -> Next {
        let (at, rest) = (Some(self.steps[self.at]), self.steps[self.at + 1..].to_vec());
        Next::Ended(LifecycleEnd { part: self.part, at, was_stopped, rest })
    }
}

/// How to go on after steps that did not all run.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum WayOn {
    /// The command itself has not passed, so all begins again.
    FromTheFirst,
    /// This phase did not pass; those are behind it.
    Behind(Phase, Vec<Phase>),
    /// What was awaited of the pods is not so: whether a phase may run is for the user to see.
    ByThePods,
}

impl LifecycleEnd {
    /// Where the step's own end stands above it; in lower case without a full stop: "pre-up failed, so the deploy command
    /// did not run".
    pub(crate) fn describe(&self) -> String {
        let rest = did_not_run(&self.rest);
        let (name, how) = (self.at.map_or(self.part.name(), called), self.how());
        match rest {
            Some(rest) if self.at.is_none() && !self.was_stopped => rest,
            Some(rest) => format!("{name} {how}, so {rest}"),
            None => format!("{name} {how}"),
        }
    }

    /// How to go on after it; nothing where no phase is left.
    pub(crate) fn way_on(&self) -> Option<WayOn> {
        let command = self.part.command();
        if self.at == Some(command) || self.rest.contains(&command) {
            return Some(WayOn::FromTheFirst);
        }
        let left: Vec<Phase> = self.rest.iter().filter_map(|step| step.phase()).collect();
        let at = self.at.filter(|_| !left.is_empty())?;
        Some(at.phase().map_or(WayOn::ByThePods, |phase| WayOn::Behind(phase, left)))
    }

    /// Where nothing else tells of it: "up of web failed in pre-up: migrate: exit code 3 · the deploy command did not run".
    /// `why` says how the step failed.
    pub(crate) fn describe_alone(&self, application: Option<&str>, why: Option<&str>) -> String {
        let place = self.at.map(|step| format!(" {}", place_in(step))).unwrap_or_default();
        let why = why.map(|why| format!(": {why}")).unwrap_or_default();
        let rest = did_not_run(&self.rest).map(|rest| format!(" · {rest}")).unwrap_or_default();
        format!("{} {}{place}{why}{rest}", self.part.of(application), self.how())
    }

    fn how(&self) -> &'static str {
        if self.was_stopped { "was stopped" } else { "failed" }
    }
}

/// Where something ended: "in the deploy command", "while waiting for the pods".
pub(crate) fn place_in(step: Subject) -> String {
    (if waits(step) { "while " } else { "in " }).to_owned() + called(step)
}

/// A step in a sentence.
fn called(step: Subject) -> &'static str {
    match step {
        Subject::Phase(phase) => phase.name(),
        Subject::Deploy => "the deploy command",
        Subject::Delete => "the delete command",
        Subject::PodsReady => "waiting for the pods",
        Subject::PodsGone => "waiting for the end of the pods",
    }
}

/// Whether a step runs nothing.
fn waits(step: Subject) -> bool {
    matches!(step, Subject::PodsReady | Subject::PodsGone)
}

/// "the deploy command, post-deploy and post-up did not run"; nothing of steps that only wait.
fn did_not_run(steps: &[Subject]) -> Option<String> {
    let run = steps.iter().filter(|step| !waits(**step));
    let names: Vec<_> = run.map(|step| called(*step)).collect();
    match names.as_slice() {
        [] => None,
        [one] => Some(format!("{one} did not run")),
        [first @ .., last] => Some(format!("{} and {last} did not run", first.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use draft_tasks_executor::RunSummary;

    use super::*;

    const ALL: &[Phase] = &Phase::ALL;

    fn steps(part: Part, phases: &[Phase], has_application: bool) -> String {
        let lifecycle = Lifecycle::new(part, &LifecycleFacts { phases, has_application });
        lifecycle.steps().iter().map(|step| step.name()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn only_phases_with_tasks_are_steps() {
        assert_eq!(steps(Part::Up, ALL, true), "pre-up deploy post-deploy post-up");
        assert_eq!(steps(Part::Up, &[], true), "deploy pods-ready");
        assert_eq!(steps(Part::Up, &[Phase::PostUp], false), "deploy post-up");
        assert_eq!(steps(Part::Delete, ALL, true), "delete pods-gone cleanup");
        assert_eq!(steps(Part::Delete, ALL, false), "delete cleanup");
        assert_eq!(steps(Part::Delete, &[], true), "delete pods-gone");
    }

    #[test]
    fn only_phases_behind_one_that_failed_are_left_to_run() {
        let left = |part, passed: usize| {
            let facts = LifecycleFacts { phases: ALL, has_application: true };
            let mut lifecycle = Lifecycle::new(part, &facts);
            (0..passed).for_each(|_| drop(lifecycle.after(OutcomeName::Passed, false)));
            ended(&lifecycle.after(OutcomeName::Failed, false)).way_on()
        };
        assert_eq!(left(Part::Up, 0), Some(WayOn::FromTheFirst));
        assert_eq!(left(Part::Up, 1), Some(WayOn::FromTheFirst));
        assert_eq!(left(Part::Up, 2), Some(WayOn::Behind(Phase::PostDeploy, vec![Phase::PostUp])));
        assert_eq!(left(Part::Up, 3), None);
        assert_eq!(left(Part::Delete, 0), Some(WayOn::FromTheFirst));
        assert_eq!(left(Part::Delete, 1), Some(WayOn::ByThePods));
        assert_eq!(left(Part::Delete, 2), None);
    }

    #[test]
    fn pods_that_cannot_be_asked_for_are_not_awaited() {
        let mut lifecycle =
            Lifecycle::new(Part::Delete, &LifecycleFacts { phases: ALL, has_application: true });
        assert!(lifecycle.without_end_of_pods().is_some_and(|said| said.contains("is not awaited")));
        assert_eq!(lifecycle.without_end_of_pods(), None);
        assert_eq!(lifecycle.after(OutcomeName::Passed, false), Next::Step(Subject::Phase(Phase::Cleanup)));
    }

    #[test]
    fn what_deploys_deletes_or_cleans_up_excludes_everything_else() {
        let all = [Part::Up.into(), Part::Delete.into()].into_iter().chain(Phase::ALL.map(Activity::Phase));
        let all: Vec<Activity> = all.collect();
        let excluded = |one: Activity| {
            let names = all.iter().filter(|other| one.excludes(**other)).map(|other| other.name());
            names.collect::<Vec<_>>().join(" ")
        };
        for alone in [Part::Up.into(), Part::Delete.into(), Activity::from(Phase::Cleanup)] {
            assert_eq!(excluded(alone), "up delete pre-up post-deploy post-up cleanup", "{alone:?}");
        }
        for phase in [Phase::PreUp, Phase::PostDeploy, Phase::PostUp] {
            assert_eq!(excluded(phase.into()), format!("up delete {phase} cleanup"));
        }
    }

    fn walk(part: Part, outcomes: &[RunSummary]) -> Vec<Next> {
        let mut lifecycle = Lifecycle::new(part, &LifecycleFacts { phases: ALL, has_application: true });
        outcomes.iter().map(|summary| lifecycle.after(summary.outcome(), false)).collect()
    }

    fn ended(next: &Next) -> &LifecycleEnd {
        match next {
            Next::Ended(end) => end,
            other => panic!("{other:?}"),
        }
    }

    fn passed() -> RunSummary {
        RunSummary { passed: 1, ..RunSummary::default() }
    }

    #[test]
    fn each_step_follows_the_one_before_that_passed() {
        let step = |phase| Next::Step(Subject::Phase(phase));
        let up = [Next::Step(Subject::Deploy), step(Phase::PostDeploy), step(Phase::PostUp), Next::Done];
        assert_eq!(walk(Part::Up, &[passed(); 4]), up);
        let delete = [Next::Step(Subject::PodsGone), step(Phase::Cleanup), Next::Done];
        assert_eq!(walk(Part::Delete, &[passed(); 3]), delete);
    }

    #[test]
    fn a_step_that_failed_or_was_stopped_is_the_last() {
        let failed = RunSummary { failed: 1, ..passed() };
        let said = "pre-up failed, so the deploy command, post-deploy and post-up did not run";
        let last = walk(Part::Up, &[failed]);
        assert_eq!((ended(&last[0]).describe().as_str(), ended(&last[0]).was_stopped), (said, false));
        let last = walk(Part::Up, &[passed(), passed(), passed(), failed]);
        assert_eq!(ended(&last[3]).describe(), "post-up failed");
        let blocked = RunSummary { blocked: true, ..RunSummary::default() };
        let last = walk(Part::Delete, &[passed(), blocked]);
        assert_eq!(
            ended(&last[1]).describe(),
            "waiting for the end of the pods failed, so cleanup did not run"
        );
        assert_eq!(
            ended(&last[1]).describe_alone(None, None),
            "delete failed while waiting for the end of the pods · cleanup did not run"
        );
        let stopped = RunSummary { stopped: 1, ..RunSummary::default() };
        let last = walk(Part::Delete, &[stopped]);
        assert_eq!(ended(&last[0]).describe(), "the delete command was stopped, so cleanup did not run");
        assert!(ended(&last[0]).was_stopped);
    }

    #[test]
    fn an_end_that_is_told_once_names_step_task_and_reason() {
        let failed = RunSummary { failed: 1, ..passed() };
        let last = walk(Part::Up, &[passed(), failed]);
        let said = ended(&last[1]).describe_alone(Some("web"), Some("helm: exit code 1"));
        let wanted =
            "up of web failed in the deploy command: helm: exit code 1 · post-deploy and post-up did not run";
        assert_eq!(said, wanted);
        let last = walk(Part::Up, &[passed(), passed(), passed(), failed]);
        assert_eq!(ended(&last[3]).describe_alone(None, Some("a: b")), "up failed in post-up: a: b");
    }

    #[test]
    fn a_stop_counts_although_everything_had_passed() {
        let mut lifecycle = Lifecycle::new(Part::Up, &LifecycleFacts { phases: ALL, has_application: true });
        let said = "pre-up was stopped, so the deploy command, post-deploy and post-up did not run";
        assert_eq!(ended(&lifecycle.after(OutcomeName::Passed, true)).describe(), said);
    }

    #[test]
    fn a_step_that_cannot_begin_is_among_those_that_did_not_run() {
        let mut lifecycle = Lifecycle::new(Part::Up, &LifecycleFacts { phases: ALL, has_application: true });
        assert_eq!(lifecycle.after(OutcomeName::Passed, false), Next::Step(Subject::Deploy));
        let rest = "the deploy command, post-deploy and post-up did not run";
        assert_eq!(ended(&lifecycle.cannot_begin(false)).describe(), rest);
        let stopped = lifecycle.cannot_begin(true);
        assert_eq!(ended(&stopped).describe(), format!("up was stopped, so {rest}"));
        assert!(ended(&stopped).was_stopped);
    }

    #[test]
    fn the_command_is_named_by_its_program() {
        let argv = ["/usr/bin/helm", "upgrade", "a b"].map(str::to_owned);
        let plan = Part::Up.plan(&argv);
        assert_eq!((plan.subject, plan.steps[0].task.as_str()), (Subject::Deploy, "helm"));
        assert_eq!(plan.steps[0].argv, argv);
    }
}
