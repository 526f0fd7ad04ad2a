//! Names that a command takes from a file beside it, a Makefile or a `package.json`, and that are not there.
//!
//! Must not report what nobody has looked for.

use text_size::{TextRange, TextSize};

use super::command::Command;
use super::{comment_in_command, redirection, shell_operator};
use crate::diagnostic::{Diagnostic, DiagnosticCode};
use crate::edit::{Fix, TextEdit};
use crate::links::{Link, Target};
use crate::project_files::{NameFact, OfferedName};

/// The names that a command on this machine takes from such files; none where a variable decides some argument.
pub(super) fn names(command: &Command<'_>) -> Vec<(Link, OfferedName)> {
    let links = if command.phase.is_local() { command.offered_links() } else { Vec::new() };
    if links.is_empty() || command.arguments().any(|(_, literal)| literal.is_none()) {
        return Vec::new();
    }
    // What a shell makes something else of.
    let is_plain = |path: &str| !path.contains(['~', '*', '?', '[', '{']);
    let end = shell_sign(command);
    let is_own = |link: &Link| end.is_none_or(|end| link.range.end() <= end);
    let names = links.into_iter().filter(is_own).filter_map(|link| match link.target.clone() {
        Target::Offered(name) => is_plain(&name.file.paths().pop()?).then_some((link, name)),
        Target::Path { .. } => None,
    });
    names.collect()
}

/// Where the command is meant to end for a shell: what follows has a finding of its own.
fn shell_sign(command: &Command<'_>) -> Option<TextSize> {
    let word = |at: usize| command.words()[at].range;
    let signs: [Option<TextRange>; 3] = [
        shell_operator::first(command),
        redirection::first(command).map(|word| word.range),
        comment_in_command::first(command).map(word),
    ];
    signs.into_iter().flatten().map(|sign| command.place(sign).start()).min()
}

/// That a name is missing or the file that would have it, where that is known.
pub(super) fn missing(
    command: &Command<'_>,
    code: DiagnosticCode,
    link: &Link,
    name: &OfferedName,
    message: String,
) -> Option<Diagnostic> {
    let similar = match command.parsed.facts.offered.get(name)? {
        NameFact::Possible => return None,
        NameFact::NoFile => &None,
        NameFact::Missing(similar) => similar,
    };
    let mut finding = Diagnostic::new(code, link.range, message);
    if let Some(similar) = similar {
        finding = finding.note(format!("did you mean `{similar}`?"));
        let edits = vec![TextEdit::replace(link.range, similar.as_str())];
        let is_word = similar.chars().all(|c| c.is_ascii_alphanumeric() || "-_./:".contains(c));
        let fix = Fix { title: format!("Change to `{similar}`"), edits, preferred: false };
        finding.fixes.extend(is_word.then_some(fix));
    }
    Some(finding)
}
