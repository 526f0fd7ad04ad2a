//! Asks the user, through the client, whether a run may reach a cluster or clean up under pods that still exist.
//!
//! Must not take silence for a yes.

use std::collections::HashMap;

use draft_tasks_analysis::markdown::{code_span, text_span};
use draft_tasks_analysis::plan::{Plan, Step, Subject};
use draft_tasks_executor::cluster::{Target, said_if_slow};
use draft_tasks_executor::{PodsBefore, RunRequest};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tower_lsp::Client;
use tower_lsp::gen_lsp_types::{MessageActionItem, MessageActionItemProperty, MessageType};

use super::effect::Questions;
use crate::lifecycle::Activity;
use crate::lsp::protocol::to_proto::shown;
use crate::lsp::session::SharedSession;
use crate::safety::{self, Asker, BeforeDelete, Foreign, Guard, TaskQuestion};

/// What a user chooses who wants the run.
const YES: &str = "Run";

/// What a user chooses who does not.
const NO: &str = "Cancel";

/// Asks all questions; a yes to a cluster is remembered.
///
/// # Errors
///
/// Why the run must not start, for people.
pub(super) async fn ask(
    client: &Client,
    session: &SharedSession,
    (run, request): (&str, &RunRequest),
    questions: Questions,
) -> Result<(), String> {
    let listed = listed(request, &questions.after);
    let (hints, certain): (Vec<_>, Vec<_>) =
        questions.foreign.into_iter().partition(|foreign| foreign.is_hint);
    for foreign in [certain, hints] {
        reach(client, session, foreign, &listed).await?;
    }
    if let Some(pods) = questions.ground {
        let has_pre_up = request.plan.subject != Subject::Deploy;
        let asking = safety::lacking::ground(&pods, &request.environment, has_pre_up);
        let lacking = asked(session, run, Some(&pods.target), asking).await;
        if let Some(lacking) = lacking {
            session.with(|session| session.warn(run, lacking.describe()));
        }
    }
    if let Some(pods) = questions.before {
        let asking = safety::lacking::pods_before(&pods, &request.environment);
        let before = asked(session, run, Some(&pods.target), asking).await;
        session.with(|session| {
            let before = before.unwrap_or_else(|lacking| {
                session.warn(run, lacking.describe());
                PodsBefore::Unknown
            });
            session.pods_before(run, before);
        });
    }
    match questions.guard {
        Some(guard) => destroy(client, session, (run, request), &guard, listed).await,
        None => Ok(()),
    }
}

/// Whether to reach clusters, of which all are certain or none is; a hint that cannot be asked about keeps nobody from it.
async fn reach(
    client: &Client,
    session: &SharedSession,
    all: Vec<Foreign>,
    listed: &str,
) -> Result<(), String> {
    if all.is_empty() {
        return Ok(());
    }
    let is_hint = all.iter().all(|foreign| foreign.is_hint);
    match confirm(client, safety::question(&all.iter().collect::<Vec<_>>()), listed.to_owned()).await {
        Err(Declined::Unasked(problem)) if is_hint => {
            session.with(|session| session.record_trouble(&problem));
            return Ok(());
        }
        answer => answer.map_err(Declined::describe)?,
    }
    let targets = || all.iter().filter_map(|foreign| foreign.target.as_ref());
    session.with(|session| targets().for_each(|target| session.confirm(target)));
    Ok(())
}

/// The answer of a cluster; where it does not come soon, it is told which one is asked.
async fn asked<T>(
    session: &SharedSession,
    run: &str,
    target: Option<&Target>,
    asking: impl Future<Output = T>,
) -> T {
    let Some(target) = target else { return asking.await };
    let say = async |said| session.with(|session| session.asks_cluster(run, said));
    said_if_slow(target, asking, say).await
}

/// Whether to clean up or delete, by the pods that there are.
async fn destroy(
    client: &Client,
    session: &SharedSession,
    (run, request): (&str, &RunRequest),
    guard: &Guard,
    listed: String,
) -> Result<(), String> {
    let (target, environment) = (guard.target(), &request.environment);
    let is_cleanup = request.plan.subject != Subject::Delete;
    let (question, before) = if is_cleanup {
        (asked(session, run, target, guard.before_cleanup(environment)).await, PodsBefore::NotDeployed)
    } else {
        let BeforeDelete { question, before } =
            asked(session, run, target, guard.before_delete(environment)).await;
        (question, before)
    };
    if let Some(question) = question {
        confirm(client, question, listed).await.map_err(Declined::describe)?;
    }
    session.with(|session| match before {
        PodsBefore::NotDeployed => {}
        PodsBefore::Unknown => session.pods_unknown(run),
        known @ PodsBefore::Known(_) => session.pods_before(run, known),
    });
    Ok(())
}

/// What asks while a run goes on, and gives up with it. A yes to the cluster of a link is remembered.
pub(super) fn asker(
    client: &Client,
    session: &SharedSession,
    (wanted, request): (Activity, &RunRequest),
    over: watch::Receiver<()>,
) -> Asker {
    let (client, session, runtime) = (client.clone(), session.clone(), Handle::current());
    let listed = listed(request, &[]);
    Box::new(move |TaskQuestion { text, linked }| {
        if linked.is_some_and(|target| session.with(|session| session.is_confirmed(wanted, target))) {
            return Ok(());
        }
        let mut over = over.clone();
        runtime.block_on(async {
            tokio::select! {
                answer = confirm(&client, text.to_owned(), listed.clone()) => answer.map_err(Declined::describe),
                _ = over.changed() => Err("the run is over".into()),
            }
        })?;
        linked.into_iter().for_each(|target| session.with(|session| session.confirm(target)));
        Ok(())
    })
}

/// Why there is no yes.
enum Declined {
    No,
    /// The editor did not ask.
    Unasked(String),
}

impl Declined {
    fn describe(self) -> String {
        match self {
            Declined::No => "it was not confirmed".into(),
            Declined::Unasked(problem) => problem,
        }
    }
}

/// Each command of a run and of what follows it, as Markdown.
fn listed(request: &RunRequest, after: &[Plan]) -> String {
    let secrets = &request.secrets;
    let listed = |step: &Step| {
        let (task, command) = (secrets.mask(&step.task), secrets.mask(&step.command));
        format!("- {}: {}\n", text_span(&task), code_span(&command))
    };
    let plans = [&request.plan].into_iter().chain(after).filter(|plan| !plan.steps.is_empty());
    let all = plans
        .map(|plan| format!("{}:\n\n{}", plan.subject, plan.steps.iter().map(listed).collect::<String>()));
    all.collect::<Vec<_>>().join("\n")
}

/// Asks; `details` is all that would run, for clients that show it.
async fn confirm(client: &Client, question: String, details: String) -> Result<(), Declined> {
    let unasked = format!("the editor cannot ask whether to {}", question.trim_end_matches('?'));
    match client
        .show_message_request(MessageType::Warning, shown(&sentence(&question)), Some(answers(details)))
        .await
    {
        Ok(Some(chosen)) if chosen.title == YES => Ok(()),
        Ok(_) => Err(Declined::No),
        Err(error) => Err(Declined::Unasked(format!("{unasked}: {error}"))),
    }
}

/// The one that does nothing is the first, on which many clients put the cursor, and the one that closing a dialog means.
fn answers(details: String) -> Vec<MessageActionItem> {
    let closes = HashMap::from([
        ("isCloseAffordance".to_owned(), MessageActionItemProperty::Bool(true)),
        ("details".to_owned(), MessageActionItemProperty::String(details)),
    ]);
    let no = MessageActionItem { title: NO.into(), properties: closes };
    vec![no, MessageActionItem { title: YES.into(), properties: Default::default() }]
}

/// A question as it stands alone.
fn sentence(question: &str) -> String {
    let mut rest = question.chars();
    rest.next().map(|first| first.to_uppercase().chain(rest).collect()).unwrap_or_default()
}
