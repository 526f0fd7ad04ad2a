//! What the user is told of a command that is refused, and what is offered with it.
//!
//! Must not tell it twice: a client that shows runs itself shows the error.

use serde_json::Value;
use tower_lsp::gen_lsp_types::MessageType;
use tower_lsp::jsonrpc::Error;

use super::Session;
use crate::lsp::effect::{Effect, Offer, OfferedStep};
use crate::lsp::protocol::ext::Remedy;
use crate::lsp::protocol::to_proto;

impl Session {
    /// Answers a command that was not done.
    ///
    /// # Errors
    ///
    /// As it was, to clients that show runs themselves; others would show the number of the error rather than its words.
    pub(crate) fn refused(&self, error: Error) -> Result<Value, Error> {
        if !to_proto::is_refusal(&error) {
            return Err(error);
        }
        self.log(error.message.clone());
        if self.flags.output_version.is_some() {
            return Err(error);
        }
        let remedy = error.data.and_then(|data| serde_json::from_value(data).ok()).unwrap_or_default();
        self.offer(error.message.into_owned(), remedy);
        Ok(Value::Null)
    }

    /// Tells why something is not done, with what helps.
    pub(super) fn offer(&self, message: String, remedy: Remedy) {
        let offers = self.offers(remedy);
        if offers.is_empty() {
            self.show(MessageType::Error, message);
        } else {
            self.effect(Effect::Offer { message, offers });
        }
    }

    fn offers(&self, remedy: Remedy) -> Vec<Offer> {
        let place = remedy.location.filter(|_| self.flags.shows_documents);
        let problem =
            place.map(|place| Offer { title: "Show the problem".into(), step: OfferedStep::Show(place) });
        let more = remedy
            .command
            .map(|command| Offer { title: command.title.clone(), step: OfferedStep::Execute(command) });
        problem.into_iter().chain(more).collect()
    }
}
