//! The chain of links as text.
//!
//! Must not let what came from a cluster be more than text.

use draft_tasks_analysis::markdown::text_span;
use draft_tasks_analysis::printable::printable;

use super::{Link, first_broken};

/// The chain in Markdown, with what to fix first at its head.
pub(crate) fn markdown(links: &[Link]) -> String {
    let mut lines = vec![match first_broken(links) {
        Some(broken) => format!("Broken first: **{}**\n", broken.name),
        None => "Nothing is broken.\n".to_owned(),
    }];
    for link in links {
        // A `-` alone would begin a list in the list.
        let sign = link.state.sign().replace('-', "\\-");
        lines.push(format!("- {sign} **{}**: {}", link.name, text_span(&link.found)));
        lines.extend(link.details.iter().chain(&link.help).map(|line| format!("  - {}", text_span(line))));
    }
    lines.join("\n")
}

/// The chain as plain text.
pub(crate) fn text(links: &[Link]) -> String {
    let mut lines = Vec::new();
    for link in links {
        lines.push(format!("{} {}: {}", link.state.sign(), link.name, printable(&link.found)));
        lines.extend(link.details.iter().chain(&link.help).map(|line| format!("    {}", printable(line))));
    }
    lines.join("\n")
}
