//! The bodies with which an API server says no.
//!
//! Must not decide when to say so.

use hyper::StatusCode;
use serde_json::{Value, json};

/// What a request is about, in the words that the API server's messages use.
pub(super) struct Subject<'a> {
    pub(super) verb: &'a str,
    pub(super) group: &'a str,
    /// With the subresource: `pods/exec`.
    pub(super) resource: &'a str,
    pub(super) namespace: &'a str,
    pub(super) name: Option<&'a str>,
}

fn failure(code: StatusCode, reason: &str, message: String) -> Value {
    let code = code.as_u16();
    json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "reason": reason, "code": code,
    })
}

impl Subject<'_> {
    /// `pods`, `deployments.apps`.
    fn qualified(&self) -> String {
        let plural = self.plural();
        if self.group.is_empty() { plural.to_owned() } else { format!("{plural}.{}", self.group) }
    }

    fn plural(&self) -> &str {
        self.resource.split('/').next().unwrap_or_default()
    }

    fn details(&self) -> Value {
        let mut details = json!({ "kind": self.plural() });
        if let Some(name) = self.name {
            details["name"] = json!(name);
        }
        if !self.group.is_empty() {
            details["group"] = json!(self.group);
        }
        details
    }

    pub(super) fn not_found(&self) -> Value {
        let message = format!("{} \"{}\" not found", self.qualified(), self.name.unwrap_or_default());
        let mut status = failure(StatusCode::NOT_FOUND, "NotFound", message);
        status["details"] = self.details();
        status
    }

    pub(super) fn already_exists(&self, name: &str) -> Value {
        let message = format!("{} \"{name}\" already exists", self.qualified());
        failure(StatusCode::CONFLICT, "AlreadyExists", message)
    }

    pub(super) fn forbidden(&self, user: &str) -> Value {
        let object = self.name.map(|name| format!(" \"{name}\"")).unwrap_or_default();
        let message = format!(
            "{}{object} is forbidden: User \"{user}\" cannot {} resource \"{}\" in API group \"{}\" in the namespace \"{}\"",
            self.qualified(),
            self.verb,
            self.resource,
            self.group,
            self.namespace,
        );
        let mut status = failure(StatusCode::FORBIDDEN, "Forbidden", message);
        status["details"] = self.details();
        status
    }
}

pub(super) fn no_such_resource() -> Value {
    let message = "the server could not find the requested resource".to_owned();
    let mut status = failure(StatusCode::NOT_FOUND, "NotFound", message);
    status["details"] = json!({});
    status
}

pub(super) fn unauthorized() -> Value {
    failure(StatusCode::UNAUTHORIZED, "Unauthorized", "Unauthorized".to_owned())
}

pub(super) fn bad_request(message: String) -> Value {
    failure(StatusCode::BAD_REQUEST, "BadRequest", message)
}

/// The object of the event that ends a watch from a version that is no longer kept.
pub(super) fn expired(asked: u64, oldest: u64) -> Value {
    failure(StatusCode::GONE, "Expired", format!("too old resource version: {asked} ({oldest})"))
}

/// What channel 3 says of a process that ended by itself or by a signal.
pub(super) fn exit(code: i32) -> Value {
    if code == 0 {
        return json!({ "metadata": {}, "status": "Success" });
    }
    json!({
        "metadata": {}, "status": "Failure", "reason": "NonZeroExitCode",
        "message": format!("command terminated with non-zero exit code: exit status {code}"),
        "details": { "causes": [{ "reason": "ExitCode", "message": code.to_string() }] },
    })
}

/// What channel 3 says where the container's runtime could not start the program.
pub(super) fn internal_error(message: &str) -> Value {
    json!({
        "metadata": {}, "status": "Failure", "reason": "InternalError", "code": 500,
        "message": format!("Internal error occurred: {message}"),
        "details": { "causes": [{ "message": message }] },
    })
}
