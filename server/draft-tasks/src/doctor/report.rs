//! The chain of links as text.
//!
//! Must not let what came from a cluster be more than text.

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
        lines.push(format!("- {sign} **{}**: {}", link.name, escape(&link.found)));
        lines.extend(link.details.iter().chain(&link.help).map(|line| format!("  - {}", escape(line))));
    }
    lines.join("\n")
}

/// The chain as plain text.
pub(crate) fn text(links: &[Link]) -> String {
    let mut lines = Vec::new();
    for link in links {
        lines.push(format!("{} {}: {}", link.state.sign(), link.name, plain(&link.found)));
        lines.extend(link.details.iter().chain(&link.help).map(|line| format!("    {}", plain(line))));
    }
    lines.join("\n")
}

/// A text of one line that does nothing to a terminal.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// What came from a cluster must not become a link or an image.
fn escape(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut shown, c| {
        if matches!(c, '[' | ']' | '<' | '>' | '!' | '*' | '_' | '\\') {
            shown.push('\\');
        }
        shown.push(if c.is_control() { ' ' } else { c });
        shown
    })
}
