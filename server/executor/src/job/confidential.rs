//! What of a Job's own variables must not be seen in what its tasks write: this machine need not have them.
//!
//! Must not ask for what a variable has from a Secret.

use draft_tasks_analysis::secret::{passwords_of_connections, passwords_of_urls};
use serde_json::Value;

use super::manifest::text_of_literal;
use crate::request::ListedVariables;

/// The secret values in a Job's manifest, and passwords within others.
pub(super) fn confidential(job: &Value, listed: &ListedVariables) -> Vec<String> {
    // All of its containers have the same.
    let variables = job.pointer("/spec/template/spec/containers/0/env").and_then(Value::as_array);
    let variables = variables.into_iter().flatten();
    let with_values =
        variables.filter_map(|it| Some((it["name"].as_str()?, text_of_literal(it["value"].as_str()?))));
    let of = |(name, value): (&str, String)| {
        let within = [passwords_of_urls(&value), passwords_of_connections(&value)].into_iter().flatten();
        let own = Some(value.clone()).filter(|value| listed.is_secret(name, value));
        within.filter(|_| listed.hides_passwords(name)).chain(own).collect::<Vec<_>>()
    };
    with_values.flat_map(of).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_user_calls_secret_or_public_counts_before_names_and_passwords() {
        let variables = [
            ("A_TOKEN", "first-1"),
            ("B_TOKEN", "second-2"),
            ("C", "third-3"),
            ("D", "fourth-4"),
            ("E", "http://a:fifth-5@x"),
            ("F", "http://a:sixth-6@x"),
            ("G_TOKEN", "seventh-$$7"),
            // What only tells of a secret, by its name and its form.
            ("TOKEN_TYPE", "bearer-token"),
            ("TOKEN_URL", "zq7K-eighth-8x"),
        ];
        let variables = variables.map(|(name, value)| json!({ "name": name, "value": value }));
        let job = json!({ "spec": { "template": { "spec": { "containers": [{ "env": variables }] } } } });
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<BTreeSet<_>>();
        let listed = ListedVariables { secret: names(&["C"]), public: names(&["B_TOKEN", "C", "F"]) };
        let found: BTreeSet<String> = confidential(&job, &listed).into_iter().collect();
        assert_eq!(found, names(&["first-1", "third-3", "fifth-5", "seventh-$7", "zq7K-eighth-8x"]));
    }
}
