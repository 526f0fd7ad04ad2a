//! Asks the user, through the client, whether a run may reach a cluster or clean up under pods that still exist.
//!
//! Must not take silence for a yes.

use draft_tasks_executor::RunRequest;
use tower_lsp::Client;
use tower_lsp::gen_lsp_types::{MessageActionItem, MessageType};

use super::SharedSession;
use super::session::Questions;
use crate::safety;

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
    if let Some((target, question)) = questions.foreign {
        confirm(client, question).await?;
        session.with(|session| session.confirm(&target));
    }
    if let Some(pods) = questions.before {
        let pods = safety::living(&pods, &request.environment).await.map_err(|it| it.describe())?;
        session.with(|session| session.pods_before(run, pods.into_iter().map(|(_, uid)| uid).collect()));
    }
    let Some(pods) = questions.guard else { return Ok(()) };
    match safety::pods_left(&pods, &request.environment).await {
        Ok(None) => Ok(()),
        Ok(Some(question)) => confirm(client, question).await,
        Err(problem) => {
            // A cluster that is gone has no pods; who cleans up after it must be able to.
            let message = format!("it is not known whether the application still runs: {}", problem.message);
            session.with(|session| session.record_trouble(&message));
            Ok(())
        }
    }
}

async fn confirm(client: &Client, question: String) -> Result<(), String> {
    // The one that does nothing is the last: clients that close a dialog without a choice take it.
    let action = |title: &str| MessageActionItem { title: title.into(), properties: Default::default() };
    let actions = Some(vec![action(YES), action(NO)]);
    match client.show_message_request(MessageType::Warning, sentence(&question), actions).await {
        Ok(Some(chosen)) if chosen.title == YES => Ok(()),
        Ok(_) => Err("it was not confirmed".into()),
        Err(error) => Err(format!("the editor cannot ask for a confirmation: {error}")),
    }
}

/// A question as it stands alone.
fn sentence(question: &str) -> String {
    let mut rest = question.chars();
    rest.next().map(|first| first.to_uppercase().chain(rest).collect()).unwrap_or_default()
}
