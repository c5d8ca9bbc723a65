//! The two forms of every answer.

pub mod json;
pub mod text;

pub use json::{CANNOT_WRITE, Report, show};
pub use text::{Line, Page};
