//! Questions in the query language: running them, writing them, keeping them.
//!
//! `run` answers with a stream of lines (`lines`); `editor` says what a text means while it is written; `library` is
//! what people keep: saved queries, stored functions, watchlists, their history.

pub mod editor;
pub mod library;
pub mod lines;
pub mod run;
