//! Levels that users give to codes: another severity, or off.
//!
//! Must not know who set them, or what a comment in the file ignores.

use crate::diagnostic::{Diagnostic, DiagnosticCode, Severity};

/// What becomes of the findings of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// They are reported with this severity.
    As(Severity),
    /// They are not reported.
    Off,
}

/// A level for any number of codes; the others keep their own.
///
/// One small array, so that it is copied and asked at no cost worth to mention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Levels([Option<Level>; DiagnosticCode::ALL.len()]);

impl Default for Levels {
    fn default() -> Levels {
        Levels([None; DiagnosticCode::ALL.len()])
    }
}

impl Levels {
    /// The level that a code was given.
    pub fn get(&self, code: DiagnosticCode) -> Option<Level> {
        self.0[code as usize]
    }

    /// Gives a level to a code; errors of syntax keep theirs, since what is not TOML is not read at all.
    pub fn set(&mut self, code: DiagnosticCode, level: Level) {
        if code.has_free_level() {
            self.0[code as usize] = Some(level);
        }
    }

    /// Gives all findings their levels.
    pub(crate) fn apply(&self, found: &mut Vec<Diagnostic>) {
        if self.0.iter().all(Option::is_none) {
            return;
        }
        found.retain_mut(|diagnostic| match self.get(diagnostic.code) {
            None => true,
            Some(Level::Off) => false,
            Some(Level::As(severity)) => {
                diagnostic.severity = severity;
                true
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Analysis;
    use crate::options::Options;

    fn found(levels: &[(DiagnosticCode, Level)]) -> Vec<(&'static str, Severity)> {
        let mut options = Options::default();
        levels.iter().for_each(|(code, level)| options.levels.set(*code, *level));
        let analysis = Analysis::new("[pre-upp]\n[cleanup]\na = 5\nb =\n", options);
        analysis.diagnostics.iter().map(|found| (found.code.name(), found.severity)).collect()
    }

    #[test]
    fn each_code_has_a_place_of_its_own() {
        let places: Vec<usize> = DiagnosticCode::ALL.iter().map(|code| *code as usize).collect();
        let mut sorted = places.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..DiagnosticCode::ALL.len()).collect::<Vec<_>>(), "{places:?}");
    }

    #[test]
    fn codes_without_a_level_keep_their_own() {
        let own = [
            ("unknown-phase", Severity::Warning),
            ("task-not-string", Severity::Error),
            ("syntax", Severity::Error),
        ];
        assert_eq!(found(&[]), own);
        assert_eq!(found(&[(DiagnosticCode::PostUp, Level::Off)]), own);
    }

    #[test]
    fn levels_change_severities_or_hide() {
        let levels = [
            (DiagnosticCode::UnknownPhase, Level::As(Severity::Hint)),
            (DiagnosticCode::TaskNotString, Level::Off),
            (DiagnosticCode::Syntax, Level::Off),
        ];
        assert_eq!(found(&levels), [("unknown-phase", Severity::Hint), ("syntax", Severity::Error)]);
    }
}
