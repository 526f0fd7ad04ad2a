//! Open documents, their analysis, and what is read around them.

pub(crate) mod document;
pub(crate) mod look;
pub(crate) mod nearby;
pub(crate) mod surroundings;
pub(crate) mod text;
