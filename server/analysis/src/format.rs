//! Formatting of a tasks file: spacing and blank lines, never the order, the comments, the line ends or the meaning.
//!
//! Must not touch a file with syntax errors.
