//! A phase as a script, a Job or hooks of a chart, beside its tasks file.
//!
//! Must not run or write anything: the client writes, which shows it and can undo it. Must not replace anything that is
//! there.

use std::path::PathBuf;

use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::plan;
use serde::{Deserialize, Serialize};
use tower_lsp::gen_lsp_types::{MessageType, Uri};
use tower_lsp::jsonrpc::Error;

use super::{Listed, Needs, ServerCommand};
use crate::export::container::VariableSource;
use crate::export::{EXPOSES, ExportTarget, Exported, HandedPhase, Handover};
use crate::lsp::documents::look::off_thread;
use crate::lsp::effect::Effect;
use crate::lsp::protocol::ext::Remedy;
use crate::lsp::protocol::to_proto;
use crate::lsp::protocol::to_proto::{refusal, refusal_with};
use crate::lsp::session::{Session, SharedSession, Source, source};
use crate::settings::audience::Audience;

/// Exports a phase.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ExportPhase {
    /// The tasks file.
    #[cfg_attr(test, schemars(with = "String"))]
    pub(crate) uri: Uri,
    /// The phase's name.
    pub(crate) phase: String,
    /// What it becomes.
    #[serde(default)]
    pub(crate) target: ExportTarget,
    /// The image in which the tasks run, of `kubernetes-job` and `helm-hook`; of `helm-hook` it may be a template.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) image: Option<String>,
    /// Where the cluster has variables, of the same: `secret/NAME` or `configmap/NAME`, for one alone `VARIABLE=secret/NAME`.
    #[serde(default, rename = "envFrom", skip_serializing_if = "Vec::is_empty")]
    pub(crate) env_from: Vec<String>,
}

/// The answer of the command that exports a phase.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ExportDone {
    /// The file.
    #[cfg_attr(test, schemars(with = "String"))]
    uri: Uri,
    /// What the target cannot express, which the user is told.
    remarks: Vec<String>,
}

impl ServerCommand for ExportPhase {
    const NAME: &'static str = "draft-tasks.export";
    const DOCUMENTATION: &'static str = "Writes a phase as a script for any POSIX shell, as a Job of Kubernetes or as hooks of a chart, as `export` of the command \
        line does, and answers `{ \"uri\": …, \"remarks\": what the target cannot express }` at once: a new file beside the tasks file, \
        named like the phase. It comes as an edit of the \
        workspace (`workspace/applyEdit`), after which the client is asked to show it. A file that exists is not \
        overwritten, and in a workspace that is not trusted nothing is created. Nothing runs, and nothing is contacted.";
    const STARTS: bool = false;
    const LISTED: Option<Listed> = Some(Listed { title: "Export Phase…", needs: Needs::TasksFile });

    type Answer = ExportDone;

    async fn execute(self, session: &SharedSession) -> Result<ExportDone, Error> {
        let by_hand = format!("on the command line `export {} {}` writes it", self.target.name(), self.phase);
        session.with(|session| session.may_create(&by_hand))?;
        let source = source(session, &self.uri).await?;
        let file = off_thread(move || ExportedFile::of(&source, self)).await??;
        let uri = file.uri()?;
        Ok(session.with(|session| session.create_exported(uri, file)))
    }
}

impl Session {
    /// Where the client shows no documents, the user is told where it is.
    fn create_exported(&self, uri: Uri, file: ExportedFile) -> ExportDone {
        let ExportedFile { phase, path, exported: Exported { text, unexpressed } } = file;
        let (label, edit) = (format!("Export {phase}"), to_proto::file_edit(&uri, &text));
        if !self.flags.shows_documents {
            self.show(MessageType::Info, path.display().to_string());
        }
        if !unexpressed.is_empty() {
            self.show(MessageType::Warning, format!("not in what is exported: {}", unexpressed.join("; ")));
        }
        let shows = Some(path).filter(|_| self.flags.shows_documents);
        self.effect(Effect::ApplyEdit { label, edit, shows });
        ExportDone { uri, remarks: unexpressed }
    }
}

/// A file that there is not yet.
struct ExportedFile {
    phase: Phase,
    path: PathBuf,
    exported: Exported,
}

impl ExportedFile {
    fn of(source: &Source, wanted: ExportPhase) -> Result<ExportedFile, Error> {
        let ExportPhase { phase, target, image, env_from, .. } = wanted;
        source.has_right_settings()?;
        let handed = plan::phase_named(&source.analysis.parsed, &phase)
            .and_then(|phase| HandedPhase::of(&source.analysis, &source.config, phase))
            .map_err(|error| source.refuse(&error))?;
        source.refuse_secrets(&handed)?;
        let phase = handed.phase;
        let path = source.directory.join(match target {
            ExportTarget::Sh => format!("{phase}.sh"),
            ExportTarget::KubernetesJob => format!("{phase}-job.yaml"),
            ExportTarget::HelmHook => format!("{phase}-hook.yaml"),
        });
        if path.symlink_metadata().is_ok() {
            let there = path.display();
            return Err(refusal(format!(
                "{there} already exists; not overwritten: rename or delete it first"
            )));
        }
        let (file, run) = (source.path.clone(), &source.config.run);
        let (limits, grace) = (run.limits(), run.grace_period.map(|grace| grace.0));
        let handover = Handover { file, phases: vec![handed], limits, grace, given: Default::default() };
        let variable_source =
            |text: &String| text.parse().map_err(|wrong: String| refusal(format!("`{text}`: {wrong}")));
        let sources: Vec<VariableSource> = env_from.iter().map(variable_source).collect::<Result<_, _>>()?;
        let exported = target.write(&handover, image.as_deref(), &sources, Audience::Editor);
        let exported = exported.map_err(refusal)?;
        Ok(ExportedFile { phase, path, exported })
    }

    fn uri(&self) -> Result<Uri, Error> {
        let url = url::Url::from_file_path(&self.path);
        url.map(|url| Uri(url.into())).map_err(|()| refusal(format!("{} is not a file", self.path.display())))
    }
}

impl Source {
    /// Fails where a secret would be written, or it is not known which values are secret.
    fn refuse_secrets(&self, phase: &HandedPhase) -> Result<(), Error> {
        let environment = self.environment.as_ref().map_err(|problem| refusal(problem.clone()))?;
        let secrets = environment.secrets();
        let exposed = phase.exposed(&self.analysis, &secrets);
        let Some(first) = exposed.first() else { return Ok(()) };
        let tasks: Vec<_> = exposed.iter().map(|task| task.describe(&secrets)).collect();
        let (tasks, way_out) = (tasks.join("; "), first.way_out(Audience::Editor));
        let remedy = Remedy::look_at(&self.path, first.line.saturating_sub(1));
        Err(refusal_with(format!("{EXPOSES}: {tasks}; {way_out}"), &remedy))
    }
}
