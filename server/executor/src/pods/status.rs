//! What the cluster says of a command that it has executed.
//!
//! Must not take anything for a success but what is called one.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Status;

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CommandResult {
    Passed,
    ExitCode(i32),
    /// It was not started, for this reason.
    NotStarted(String),
}

impl CommandResult {
    /// What a `Status` says: <https://github.com/kubernetes/kubernetes/blob/master/staging/src/k8s.io/apimachinery/pkg/util/remotecommand/constants.go>.
    pub(crate) fn of(status: &Status) -> CommandResult {
        if status.status.as_deref() == Some("Success") {
            return CommandResult::Passed;
        }
        let causes = status.details.iter().flat_map(|details| details.causes.iter().flatten());
        let mut codes = causes.filter(|cause| cause.reason.as_deref() == Some("ExitCode"));
        let code = codes.find_map(|cause| cause.message.as_deref()?.parse().ok());
        code.map_or_else(|| CommandResult::NotStarted(reason(status)), CommandResult::ExitCode)
    }
}

fn reason(status: &Status) -> String {
    of_runtime(status.message.as_deref().or(status.reason.as_deref()).unwrap_or_default()).to_owned()
}

/// Why a container's runtime did not start a program: what it says in front of that is where in its own code it was.
pub(crate) fn of_runtime(said: &str) -> &str {
    said.rsplit("unable to start container process: ").next().unwrap_or_default()
}

#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzed {
    use super::*;

    /// What comes on the channel of the result.
    pub fn exec_status(input: &[u8]) {
        let Ok(status) = serde_json::from_slice::<Status>(input) else { return };
        let text = String::from_utf8_lossy(input);
        match CommandResult::of(&status) {
            CommandResult::Passed => assert_eq!(status.status.as_deref(), Some("Success")),
            CommandResult::ExitCode(code) => {
                assert_ne!(status.status.as_deref(), Some("Success"));
                let causes = status.details.and_then(|details| details.causes).unwrap_or_default();
                let parsed = |cause: &str| cause.parse() == Ok(code);
                assert!(causes.iter().any(|cause| cause.message.as_deref().is_some_and(parsed)), "{text}");
            }
            CommandResult::NotStarted(reason) => {
                let said = [status.message, status.reason].into_iter().flatten().next().unwrap_or_default();
                assert!(said.ends_with(&reason), "{text}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_called_a_success_is_one() {
        for (status, expected) in [
            (r#"{"status":"Success"}"#, CommandResult::Passed),
            (
                r#"{"status":"Failure","details":{"causes":[{"reason":"ExitCode","message":"3"}]}}"#,
                CommandResult::ExitCode(3),
            ),
            (
                r#"{"status":"Failure","message":"rpc: unable to start container process: exec: no such file"}"#,
                CommandResult::NotStarted("exec: no such file".into()),
            ),
            (r#"{"reason":"InternalError"}"#, CommandResult::NotStarted("InternalError".into())),
            ("{}", CommandResult::NotStarted(String::new())),
        ] {
            let status: Status = serde_json::from_str(status).unwrap();
            assert_eq!(CommandResult::of(&status), expected);
        }
    }
}
