//! Manifests as YAML that people read.
//!
//! Must not leave it to a reader whether a value is a text: those of YAML 1.1 take `on` and `0755` for something else.

use draft_tasks_analysis::printable::printable;
use serde_json::Value;

use super::{ExportTarget, Handover};

/// Comments for the top: where it comes from, what to know, and what is not in it.
pub(super) fn header(
    target: ExportTarget,
    handover: &Handover,
    remarks: &[String],
    unexpressed: &[String],
) -> String {
    let first = format!("{}.", handover.origin(target));
    let last = unexpressed.iter().map(|what| format!("Not in it: {what}"));
    let lines = [first].into_iter().chain(remarks.iter().cloned()).chain(last);
    lines.map(|line| format!("# {}\n", printable(&line))).collect()
}

/// A document, without what is empty.
///
/// # Errors
///
/// When it cannot be written, for people.
pub(super) fn document(manifest: &Value) -> Result<String, String> {
    let mut manifest = manifest.clone();
    prune(&mut manifest);
    serde_saphyr::to_string(&manifest).map_err(|error| format!("the manifest cannot be written: {error}"))
}

fn prune(value: &mut Value) {
    if let Value::Object(fields) = value {
        fields.values_mut().for_each(prune);
        fields.retain(|_, field| field.as_object().is_none_or(|fields| !fields.is_empty()));
    }
}
