//! Commands in the order in which they run, and whether those before one may have made files.
//!
//! Must not take it for certain that a program makes none because it is not known.

use super::command::Command;

/// Programs that make no files.
const MAKE_NOTHING: [&str; 11] =
    ["echo", "printf", "true", "false", ":", "sleep", "test", "[", "ls", "cat", "pwd"];

/// Looks at each command that runs on this machine, those of scripts of shells by themselves, and says whether one before
/// it may have made files.
pub(super) fn each(commands: &[Command<'_>], mut look: impl FnMut(&Command<'_>, bool)) {
    let mut may_have_made = false;
    for command in commands.iter().filter(|command| command.phase.is_local() && command.error().is_none()) {
        command.each(|command| {
            look(command, may_have_made);
            may_have_made |= !command.name().is_some_and(|name| MAKE_NOTHING.contains(&name));
        });
    }
}
