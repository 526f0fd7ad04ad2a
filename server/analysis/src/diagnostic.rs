//! What the analysis finds: one code per kind of finding, with its severity and explanation, and fixes that hang on it.
//!
//! Must not know which rule finds what, or how a client shows it.

use std::borrow::Cow;

use text_size::TextRange;

use crate::command::Semantics;
use crate::edit::Fix;
use crate::options::Options;

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// What kind of finding it is.
    pub code: DiagnosticCode,
    /// How bad it is.
    pub severity: Severity,
    /// The characters that it is about.
    pub range: TextRange,
    /// What is so: one sentence without a full stop, names in backticks.
    pub message: String,
    /// What to know or do about it, in the same form; shown beside the place or after the message.
    pub note: Option<Cow<'static, str>>,
    /// Other places that belong to it.
    pub related: Vec<Related>,
    /// Changes that mend it, the best first.
    pub fixes: Vec<Fix>,
}

/// Another place that belongs to a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related {
    /// The characters.
    pub range: TextRange,
    /// What is there.
    pub message: String,
}

impl Diagnostic {
    /// A finding of the code's own severity, without note, related places and fixes.
    pub fn new(code: DiagnosticCode, range: TextRange, message: impl Into<String>) -> Diagnostic {
        let (severity, message) = (code.severity(), message.into());
        Diagnostic { code, severity, range, message, note: None, related: Vec::new(), fixes: Vec::new() }
    }

    /// Adds what to know or do about it.
    pub fn note(mut self, note: impl Into<Cow<'static, str>>) -> Diagnostic {
        self.note = Some(note.into());
        self
    }

    /// Adds another place.
    pub fn related(mut self, range: TextRange, message: impl Into<String>) -> Diagnostic {
        self.related.push(Related { range, message: message.into() });
        self
    }

    /// Adds a change that mends it.
    pub fn fix(mut self, fix: Fix) -> Diagnostic {
        self.fixes.push(fix);
        self
    }

    /// Message and note in one, for readers that show one text.
    pub fn full_message(&self) -> String {
        match &self.note {
            Some(note) => [&self.message, BEFORE_NOTE, note].concat(),
            None => self.message.clone(),
        }
    }
}

/// What stands between message and note in one text.
pub const BEFORE_NOTE: &str = ": ";

/// How bad a finding is, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The task or file does not do what it says.
    Error,
    /// It very likely does not do what its author meant.
    Warning,
    /// Worth to know.
    Information,
    /// A remark that is shown discreetly.
    Hint,
}

impl Severity {
    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Information => "info",
            Severity::Hint => "hint",
        }
    }
}

/// The kinds of findings. Their names are stable: users write them into settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DiagnosticCode {
    /// Not TOML.
    Syntax,
    /// A table that is no phase.
    UnknownPhase,
    /// The table `post-delete`.
    PostDelete,
    /// The table `post-up`.
    PostUp,
    /// A phase in other letters.
    PhaseCase,
    /// A phase that is not a table.
    PhaseNotTable,
    /// A key above the first header.
    TaskOutsidePhase,
    /// A task that is not a string.
    TaskNotString,
    /// A task defined twice.
    DuplicateTask,
    /// A command without a program.
    EmptyCommand,
    /// A command that cannot be split into words.
    CommandSyntax,
    /// Blanks between words that are not one space.
    CommandBlanks,
    /// Quotes, which Draft does not know.
    CommandQuotes,
    /// `NAME=value` before a program.
    AssignmentPrefix,
    /// A part of a shell in the place of a program.
    ShellBuiltin,
    /// An operator of a shell.
    ShellOperator,
    /// A redirection of a shell.
    Redirection,
    /// `$(…)` or backticks.
    CommandSubstitution,
    /// `${…}` that only a shell knows.
    ParameterExpansion,
    /// A pattern of files.
    Glob,
    /// `~` for the home directory.
    Tilde,
    /// A variable of this machine in `post-deploy`.
    LocalVariable,
    /// A tool of this machine in `post-deploy`.
    ClusterTool,
    /// A command that asks for a terminal.
    InteractiveCommand,
    /// A call of Helm 2.
    Helm2,
    /// A chart without a repository.
    HelmChart,
    /// A release that nothing removes.
    ReleaseLeftBehind,
    /// A password or token in a command.
    LiteralSecret,
    /// TOML that Draft's reader refuses.
    DraftToml,
    /// A variable that is not set.
    UnsetVariable,
    /// A program that is not on the PATH.
    ProgramNotFound,
    /// A script that is not there or may not be run.
    ScriptNotFound,
    /// An environment that `draft.toml` does not have.
    DraftEnvironment,
    /// `auto-connect`, which keeps Draft from running tasks.
    AutoConnect,
    /// An environment without a namespace.
    DraftNamespace,
    /// A chart whose pods Draft does not find.
    ChartLabels,
    /// A tasks file that becomes a part of the image.
    TasksFileInImage,
    /// A comment that ignores what is not reported.
    UnusedSuppression,
}

impl DiagnosticCode {
    /// All codes, in the order of the documentation.
    pub const ALL: [DiagnosticCode; 38] = [
        DiagnosticCode::Syntax,
        DiagnosticCode::UnknownPhase,
        DiagnosticCode::PostDelete,
        DiagnosticCode::PostUp,
        DiagnosticCode::PhaseCase,
        DiagnosticCode::PhaseNotTable,
        DiagnosticCode::TaskOutsidePhase,
        DiagnosticCode::TaskNotString,
        DiagnosticCode::DuplicateTask,
        DiagnosticCode::EmptyCommand,
        DiagnosticCode::CommandSyntax,
        DiagnosticCode::CommandBlanks,
        DiagnosticCode::CommandQuotes,
        DiagnosticCode::AssignmentPrefix,
        DiagnosticCode::ShellBuiltin,
        DiagnosticCode::ShellOperator,
        DiagnosticCode::Redirection,
        DiagnosticCode::CommandSubstitution,
        DiagnosticCode::ParameterExpansion,
        DiagnosticCode::Glob,
        DiagnosticCode::Tilde,
        DiagnosticCode::LocalVariable,
        DiagnosticCode::ClusterTool,
        DiagnosticCode::InteractiveCommand,
        DiagnosticCode::Helm2,
        DiagnosticCode::HelmChart,
        DiagnosticCode::ReleaseLeftBehind,
        DiagnosticCode::LiteralSecret,
        DiagnosticCode::DraftToml,
        DiagnosticCode::UnsetVariable,
        DiagnosticCode::ProgramNotFound,
        DiagnosticCode::ScriptNotFound,
        DiagnosticCode::DraftEnvironment,
        DiagnosticCode::AutoConnect,
        DiagnosticCode::DraftNamespace,
        DiagnosticCode::ChartLabels,
        DiagnosticCode::TasksFileInImage,
        DiagnosticCode::UnusedSuppression,
    ];

    /// The name in diagnostics, settings and documentation.
    pub const fn name(self) -> &'static str {
        match self {
            DiagnosticCode::Syntax => "syntax",
            DiagnosticCode::UnknownPhase => "unknown-phase",
            DiagnosticCode::PostDelete => "post-delete",
            DiagnosticCode::PostUp => "post-up",
            DiagnosticCode::PhaseCase => "phase-case",
            DiagnosticCode::PhaseNotTable => "phase-not-table",
            DiagnosticCode::TaskOutsidePhase => "task-outside-phase",
            DiagnosticCode::TaskNotString => "task-not-string",
            DiagnosticCode::DuplicateTask => "duplicate-task",
            DiagnosticCode::EmptyCommand => "empty-command",
            DiagnosticCode::CommandSyntax => "command-syntax",
            DiagnosticCode::CommandBlanks => "command-blanks",
            DiagnosticCode::CommandQuotes => "command-quotes",
            DiagnosticCode::AssignmentPrefix => "assignment-prefix",
            DiagnosticCode::ShellBuiltin => "shell-builtin",
            DiagnosticCode::ShellOperator => "shell-operator",
            DiagnosticCode::Redirection => "redirection",
            DiagnosticCode::CommandSubstitution => "command-substitution",
            DiagnosticCode::ParameterExpansion => "parameter-expansion",
            DiagnosticCode::Glob => "glob",
            DiagnosticCode::Tilde => "tilde",
            DiagnosticCode::LocalVariable => "local-variable",
            DiagnosticCode::ClusterTool => "cluster-tool",
            DiagnosticCode::InteractiveCommand => "interactive-command",
            DiagnosticCode::Helm2 => "helm-2",
            DiagnosticCode::HelmChart => "helm-chart",
            DiagnosticCode::ReleaseLeftBehind => "release-left-behind",
            DiagnosticCode::LiteralSecret => "literal-secret",
            DiagnosticCode::DraftToml => "draft-toml",
            DiagnosticCode::UnsetVariable => "unset-variable",
            DiagnosticCode::ProgramNotFound => "program-not-found",
            DiagnosticCode::ScriptNotFound => "script-not-found",
            DiagnosticCode::DraftEnvironment => "draft-environment",
            DiagnosticCode::AutoConnect => "auto-connect",
            DiagnosticCode::DraftNamespace => "draft-namespace",
            DiagnosticCode::ChartLabels => "chart-labels",
            DiagnosticCode::TasksFileInImage => "tasks-file-in-image",
            DiagnosticCode::UnusedSuppression => "unused-suppression",
        }
    }

    /// The code of exactly this name.
    pub fn from_name(name: &str) -> Option<DiagnosticCode> {
        DiagnosticCode::ALL.into_iter().find(|code| code.name() == name)
    }

    /// The code that somebody very likely meant by a name that is none.
    pub fn near(name: &str) -> Option<DiagnosticCode> {
        let name = name.to_lowercase().replace(['_', ' '], "-");
        DiagnosticCode::ALL
            .into_iter()
            .map(|code| (strsim::damerau_levenshtein(&name, code.name()), code))
            .filter(|(distance, code)| *distance <= code.name().len() / 3)
            .min_by_key(|(distance, _)| *distance)
            .map(|(_, code)| code)
    }

    /// Whether users may give it another level: not errors of syntax, for what is not TOML is not read at all.
    pub const fn has_free_level(self) -> bool {
        !matches!(self, DiagnosticCode::Syntax)
    }

    /// Whether a comment in the file can ignore it.
    pub const fn is_suppressible(self) -> bool {
        !matches!(self, DiagnosticCode::Syntax | DiagnosticCode::UnusedSuppression)
    }

    /// The severity that it has unless its rule or the user says otherwise.
    pub const fn severity(self) -> Severity {
        match self {
            DiagnosticCode::Syntax
            | DiagnosticCode::PhaseNotTable
            | DiagnosticCode::TaskNotString
            | DiagnosticCode::DuplicateTask
            | DiagnosticCode::CommandSyntax => Severity::Error,
            DiagnosticCode::UnknownPhase
            | DiagnosticCode::PostDelete
            | DiagnosticCode::PostUp
            | DiagnosticCode::TaskOutsidePhase
            | DiagnosticCode::EmptyCommand
            | DiagnosticCode::CommandBlanks
            | DiagnosticCode::CommandQuotes
            | DiagnosticCode::AssignmentPrefix
            | DiagnosticCode::ShellBuiltin
            | DiagnosticCode::ShellOperator
            | DiagnosticCode::Redirection
            | DiagnosticCode::CommandSubstitution
            | DiagnosticCode::ParameterExpansion
            | DiagnosticCode::Glob
            | DiagnosticCode::Tilde
            | DiagnosticCode::InteractiveCommand
            | DiagnosticCode::LiteralSecret
            | DiagnosticCode::DraftToml => Severity::Warning,
            DiagnosticCode::PhaseCase | DiagnosticCode::ClusterTool | DiagnosticCode::ReleaseLeftBehind => {
                Severity::Hint
            }
            DiagnosticCode::LocalVariable
            | DiagnosticCode::Helm2
            | DiagnosticCode::HelmChart
            | DiagnosticCode::UnusedSuppression => Severity::Information,
            DiagnosticCode::UnsetVariable
            | DiagnosticCode::ProgramNotFound
            | DiagnosticCode::ScriptNotFound
            | DiagnosticCode::DraftEnvironment
            | DiagnosticCode::AutoConnect
            | DiagnosticCode::ChartLabels => Severity::Information,
            DiagnosticCode::DraftNamespace | DiagnosticCode::TasksFileInImage => Severity::Hint,
        }
    }

    /// Whether it is only found when something is known of the world around the file.
    pub const fn needs_facts(self) -> bool {
        matches!(
            self,
            DiagnosticCode::UnsetVariable
                | DiagnosticCode::ProgramNotFound
                | DiagnosticCode::ScriptNotFound
                | DiagnosticCode::DraftEnvironment
                | DiagnosticCode::AutoConnect
                | DiagnosticCode::DraftNamespace
                | DiagnosticCode::ChartLabels
                | DiagnosticCode::TasksFileInImage
        )
    }

    /// A file that has it, the first of its explanation, and what that is to be read with.
    pub fn example(self) -> (&'static str, Options) {
        let blocks = self.explanation().split("```toml\n").nth(1);
        let text = blocks.and_then(|rest| rest.split("```").next()).unwrap_or_default();
        let semantics = match text.contains("semantics = \"draft\"") {
            true => Semantics::Draft,
            false => Semantics::Standard,
        };
        (text, Options { semantics, ..Options::default() })
    }

    /// Why it is reported and what to do, as Markdown.
    pub const fn explanation(self) -> &'static str {
        match self {
            DiagnosticCode::Syntax => include_str!("rules/syntax.md"),
            DiagnosticCode::UnknownPhase => include_str!("rules/unknown_phase.md"),
            DiagnosticCode::PostDelete => include_str!("rules/post_delete.md"),
            DiagnosticCode::PostUp => include_str!("rules/post_up.md"),
            DiagnosticCode::PhaseCase => include_str!("rules/phase_case.md"),
            DiagnosticCode::PhaseNotTable => include_str!("rules/phase_not_table.md"),
            DiagnosticCode::TaskOutsidePhase => include_str!("rules/task_outside_phase.md"),
            DiagnosticCode::TaskNotString => include_str!("rules/task_not_string.md"),
            DiagnosticCode::DuplicateTask => include_str!("rules/duplicate_task.md"),
            DiagnosticCode::EmptyCommand => include_str!("rules/empty_command.md"),
            DiagnosticCode::CommandSyntax => include_str!("rules/command_syntax.md"),
            DiagnosticCode::CommandBlanks => include_str!("rules/command_blanks.md"),
            DiagnosticCode::CommandQuotes => include_str!("rules/command_quotes.md"),
            DiagnosticCode::AssignmentPrefix => include_str!("rules/assignment_prefix.md"),
            DiagnosticCode::ShellBuiltin => include_str!("rules/shell_builtin.md"),
            DiagnosticCode::ShellOperator => include_str!("rules/shell_operator.md"),
            DiagnosticCode::Redirection => include_str!("rules/redirection.md"),
            DiagnosticCode::CommandSubstitution => include_str!("rules/command_substitution.md"),
            DiagnosticCode::ParameterExpansion => include_str!("rules/parameter_expansion.md"),
            DiagnosticCode::Glob => include_str!("rules/glob.md"),
            DiagnosticCode::Tilde => include_str!("rules/tilde.md"),
            DiagnosticCode::LocalVariable => include_str!("rules/local_variable.md"),
            DiagnosticCode::ClusterTool => include_str!("rules/cluster_tool.md"),
            DiagnosticCode::InteractiveCommand => include_str!("rules/interactive_command.md"),
            DiagnosticCode::Helm2 => include_str!("rules/helm_2.md"),
            DiagnosticCode::HelmChart => include_str!("rules/helm_chart.md"),
            DiagnosticCode::ReleaseLeftBehind => include_str!("rules/release_left_behind.md"),
            DiagnosticCode::LiteralSecret => include_str!("rules/literal_secret.md"),
            DiagnosticCode::DraftToml => include_str!("rules/draft_toml.md"),
            DiagnosticCode::UnsetVariable => include_str!("rules/unset_variable.md"),
            DiagnosticCode::ProgramNotFound => include_str!("rules/program_not_found.md"),
            DiagnosticCode::ScriptNotFound => include_str!("rules/script_not_found.md"),
            DiagnosticCode::DraftEnvironment => include_str!("rules/draft_environment.md"),
            DiagnosticCode::AutoConnect => include_str!("rules/auto_connect.md"),
            DiagnosticCode::DraftNamespace => include_str!("rules/draft_namespace.md"),
            DiagnosticCode::ChartLabels => include_str!("rules/chart_labels.md"),
            DiagnosticCode::TasksFileInImage => include_str!("rules/tasks_file_in_image.md"),
            DiagnosticCode::UnusedSuppression => include_str!("rules/unused_suppression.md"),
        }
    }
}

impl std::fmt::Display for DiagnosticCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
