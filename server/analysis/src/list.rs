//! The list of all rules: the module in `rules` and the code of its findings, in the order of the documentation.

/// Hands the list to a macro.
macro_rules! for_all_rules {
    ($macro:ident) => {
        $macro! {
            syntax: Syntax,
            unknown_phase: UnknownPhase,
            post_delete: PostDelete,
            post_up: PostUp,
            phase_case: PhaseCase,
            phase_not_table: PhaseNotTable,
            task_outside_phase: TaskOutsidePhase,
            task_not_string: TaskNotString,
            duplicate_task: DuplicateTask,
            empty_command: EmptyCommand,
            command_syntax: CommandSyntax,
            command_blanks: CommandBlanks,
            command_quotes: CommandQuotes,
            assignment_prefix: AssignmentPrefix,
            shell_builtin: ShellBuiltin,
            shell_operator: ShellOperator,
            redirection: Redirection,
            command_substitution: CommandSubstitution,
            parameter_expansion: ParameterExpansion,
            brace_expansion: BraceExpansion,
            glob: Glob,
            tilde: Tilde,
            local_variable: LocalVariable,
            cluster_tool: ClusterTool,
            interactive_command: InteractiveCommand,
            helm_2: Helm2,
            helm_chart: HelmChart,
            release_left_behind: ReleaseLeftBehind,
            literal_secret: LiteralSecret,
            draft_toml: DraftToml,
            unset_variable: UnsetVariable,
            program_not_found: ProgramNotFound,
            script_not_found: ScriptNotFound,
            draft_environment: DraftEnvironment,
            auto_connect: AutoConnect,
            draft_namespace: DraftNamespace,
            chart_labels: ChartLabels,
            tasks_file_in_image: TasksFileInImage,
            unused_suppression: UnusedSuppression,
        }
    };
}
