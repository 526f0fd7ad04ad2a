//! The names of the files that a tasks file stands among.
//!
//! Must not say where they are.

/// The tasks file.
pub const TASKS_FILE: &str = ".draft-tasks.toml";

/// The tasks file of a draft pack, which becomes that of each application made of the pack.
pub const PACK_FILE: &str = "tasks.toml";

/// The settings of a project, beside its tasks file.
pub const SETTINGS_FILE: &str = ".draft-tasks.config.toml";

/// Draft's own settings of the application.
pub const DRAFT_TOML: &str = "draft.toml";

/// What Docker leaves out of the image.
pub const DOCKERIGNORE: &str = ".dockerignore";

/// How the image is built.
pub const DOCKERFILE: &str = "Dockerfile";

/// The folder of the application's charts.
pub const CHARTS: &str = "charts";

/// What tells that a folder is a chart.
pub const CHART_FILE: &str = "Chart.yaml";

/// The names under which GNU Make looks for its file, the first one first.
pub const MAKEFILES: [&str; 3] = ["GNUmakefile", "makefile", "Makefile"];

/// The scripts of npm.
pub const PACKAGE_JSON: &str = "package.json";

/// Where the packages of a workspace of pnpm are.
pub const PNPM_WORKSPACE: &str = "pnpm-workspace.yaml";
