//! The commands that the server executes. One is a file here and a line in the list below: capabilities,
//! docs/protocol.md and the constants of the clients follow from it.
//!
//! Must not read a file where the session is locked.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tower_lsp::gen_lsp_types::{ExecuteCommandParams, Uri};
use tower_lsp::jsonrpc::{Error, ErrorCode};

use crate::lsp::session::{SharedSession, uri_as_opened};

/// A command of the server; the type is its argument.
pub(crate) trait ServerCommand: Serialize + DeserializeOwned + Send {
    /// Its name in the protocol.
    const NAME: &'static str;

    /// What it does and answers, as Markdown.
    #[cfg_attr(not(test), expect(dead_code, reason = "docs/protocol.md has it"))]
    const DOCUMENTATION: &'static str;

    /// Whether it starts something, which it does not for a client that has left.
    const STARTS: bool;

    /// How an editor's list of commands has it; nothing where only clients call it.
    #[cfg_attr(not(test), expect(dead_code, reason = "the manifests of clients have it"))]
    const LISTED: Option<Listed>;

    type Answer: Serialize;

    fn execute(self, session: &SharedSession) -> impl Future<Output = Result<Self::Answer, Error>> + Send;
}

/// A command in an editor's list.
#[cfg_attr(not(test), expect(dead_code, reason = "the manifests of clients have it"))]
pub(crate) struct Listed {
    /// Its name for people, with dots where the editor asks what is meant.
    pub(crate) title: &'static str,
    pub(crate) needs: Needs,
}

/// What must be there for a command to be of use.
#[derive(Clone, Copy)]
pub(crate) enum Needs {
    TasksFile,
    /// A run that goes on.
    Run,
    /// A folder for a new file.
    Folder,
}

/// What the documentation and the clients have of a command.
#[cfg(test)]
pub(crate) struct Declaration {
    pub(crate) name: &'static str,
    pub(crate) documentation: &'static str,
    /// Whether it starts something.
    pub(crate) starts: bool,
    pub(crate) listed: Option<Listed>,
    /// The name of the argument's type.
    pub(crate) argument: &'static str,
    pub(crate) argument_schema: fn() -> Value,
    pub(crate) answer_schema: fn() -> Value,
}

macro_rules! commands {
    ($($file:ident::$command:ident,)*) => {
        $(mod $file;)*
        $(pub(crate) use $file::$command;)*

        /// The names of all commands.
        pub(crate) const NAMES: [&str; [$($command::NAME),*].len()] = [$($command::NAME),*];

        async fn perform(session: &SharedSession, params: ExecuteCommandParams) -> Result<Value, Error> {
            // Some clients send `null` where there is no argument.
            let argument = params.arguments.unwrap_or_default().into_iter().next().filter(|it| !it.is_null());
            let mut argument = argument.unwrap_or_else(|| json!({}));
            if let Some(Value::String(uri)) = argument.get_mut("uri") {
                *uri = uri_as_opened(session, Uri(std::mem::take(uri))).await?.0;
            }
            match params.command.as_str() {
                $($command::NAME => answer::<$command>(session, argument).await,)*
                unknown => Err(Error {
                    code: ErrorCode::MethodNotFound,
                    message: format!("there is no command `{unknown}`").into(),
                    data: None,
                }),
            }
        }

        #[cfg(test)]
        pub(crate) const ALL: [Declaration; NAMES.len()] = [$(Declaration {
            name: $command::NAME,
            documentation: $command::DOCUMENTATION,
            starts: $command::STARTS,
            listed: $command::LISTED,
            argument: stringify!($command),
            argument_schema: crate::generated::schema::<$command>,
            answer_schema: crate::generated::schema::<<$command as ServerCommand>::Answer>,
        }),*];
    };
}

commands! {
    add_phase::AddPhase,
    run_phase::RunPhase,
    run_task::RunTask,
    run_as_job::RunAsJob,
    stop::Stop,
    rerun::Rerun,
    rerun_failed::RerunFailed,
    clear::Clear,
    plan::ShowPlan,
    export::ExportPhase,
    show_log::ShowLog,
    jobs::ListJobs,
    attach::Attach,
    end_job::EndJob,
    target::AskTarget,
    doctor::AskDoctor,
    up::Up,
    delete::Delete,
    create::Create,
    run_tasks::RunTasks,
    tasks::ListTasks,
    templates::ListTemplates,
}

/// Executes the command that is named, and tells the user why not where the client does not.
pub(crate) async fn execute(session: &SharedSession, params: ExecuteCommandParams) -> Result<Value, Error> {
    let answer = perform(session, params).await;
    answer.or_else(|error| session.with(|session| session.refused(error)))
}

async fn answer<C: ServerCommand>(session: &SharedSession, argument: Value) -> Result<Value, Error> {
    let command: C =
        serde_json::from_value(argument).map_err(|error| Error::invalid_params(error.to_string()))?;
    if C::STARTS {
        session.with(|session| session.has_client())?;
    }
    let answer = command.execute(session).await?;
    serde_json::to_value(answer).map_err(|_| Error::internal_error())
}
