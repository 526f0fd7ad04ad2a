//! A cluster, as the user's kubeconfig names it, and the way to it.
//!
//! Must not know which pods are an application's, nor run anything in one.

mod address;
mod certificate;
mod client;
mod connection;
mod credentials;
mod file;
mod http_client;
pub(crate) mod kubeconfig;
pub(crate) mod local_copy;
pub(crate) mod object;
mod oidc;
mod plugin;
mod proxy;
mod slow;
mod target;
mod trouble;
mod yaml;

pub use self::connection::Connection;
pub(crate) use self::kubeconfig::confidential;
#[cfg(any(test, fuzzing))]
pub(crate) use self::kubeconfig::fuzzed;
pub use self::local_copy::LocalCopy;
pub use self::slow::said_if_slow;
pub use self::target::{KubeconfigSource, NamedContext, Target, is_label, is_local_server};
pub(crate) use self::trouble::{cause, in_words};
pub use self::yaml::{Mistake, Node};
