//! A private copy of the kubeconfig for tasks on this machine, so that they meet the cluster that the user pinned; and
//! what tasks changed in it.
//!
//! Must never delete or overwrite what a task changed, nor touch the user's own files.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::target::Target;

/// A copy, in a folder of its own.
#[derive(Debug)]
pub struct LocalCopy {
    path: PathBuf,
    /// What it said in the beginning.
    before: Vec<u8>,
}

impl LocalCopy {
    /// Writes the target's kubeconfig, with its context as the current one and its namespace, into `folder`, which is
    /// made: only its owner can read it.
    ///
    /// # Errors
    ///
    /// When it cannot be written, or the target has no kubeconfig.
    pub fn make(target: &Target, folder: &Path) -> io::Result<LocalCopy> {
        let mut kubeconfig =
            target.kubeconfig.clone().ok_or_else(|| io::Error::other("there is no kubeconfig to copy"))?;
        kubeconfig.current_context = target.context.clone();
        let context =
            kubeconfig.contexts.iter_mut().find(|context| Some(&context.name) == target.context.as_ref());
        if let Some(context) = context.and_then(|context| context.context.as_mut()) {
            context.namespace = Some(target.namespace.clone());
        }
        // JSON is YAML, and every client of Kubernetes reads it.
        let before = serde_json::to_vec_pretty(&kubeconfig)?;
        std::fs::create_dir_all(folder)?;
        let path = folder.join("kubeconfig");
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&path)?.write_all(&before)?;
        Ok(LocalCopy { path, before })
    }

    /// The variable that makes tasks use it.
    pub fn variable(&self) -> (OsString, OsString) {
        ("KUBECONFIG".into(), self.path.clone().into())
    }

    /// Removes it if no task changed it; else it stays, and its path is given.
    pub fn finish(self) -> Option<PathBuf> {
        match std::fs::read(&self.path) {
            Ok(now) if now == self.before => {
                // What cannot be removed is the user's own copy of what the user can read.
                let _ = std::fs::remove_file(&self.path);
                None
            }
            Ok(_) => Some(self.path),
            // A task removed it, which is its right.
            Err(_) => None,
        }
    }
}
