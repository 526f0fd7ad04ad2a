//! What of a Job's own variables must not be seen in what its tasks write: this machine need not have them.
//!
//! Must not ask for what a variable has from a Secret.

use draft_tasks_analysis::secret::{is_plain, looks_secret, passwords_of_connections, passwords_of_urls};
use serde_json::Value;

/// The values in a Job's manifest whose variables' names look secret, and passwords within others.
pub(super) fn confidential(job: &Value) -> Vec<String> {
    // All of its containers have the same.
    let variables = job.pointer("/spec/template/spec/containers/0/env").and_then(Value::as_array);
    let variables = variables.into_iter().flatten();
    let with_values = variables.filter_map(|it| Some((it["name"].as_str()?, it["value"].as_str()?)));
    let of = |(name, value): (&str, &str)| {
        let own = Some(value.to_owned()).filter(|value| looks_secret(name) && !is_plain(value));
        [passwords_of_urls(value), passwords_of_connections(value)].into_iter().flatten().chain(own)
    };
    with_values.flat_map(of).collect()
}
