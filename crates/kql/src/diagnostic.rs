//! What is wrong with a query, where, and what to do about it.

use crate::Span;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The query cannot run.
    Error,
    /// The query runs, and may mean something else than its writer thinks.
    Warning,
    Hint,
}

/// Kinds of diagnostics, for tests and for the editor; the message is for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// The text does not follow the grammar.
    Syntax,
    /// A table, column, variable or function of that name is not known.
    UnknownName,
    /// A table or column of a later phase of a build.
    LaterPhase,
    /// A value of this type cannot stand here.
    TypeMismatch,
    /// Wrong number or kind of arguments.
    Arguments,
    /// The name is declared twice.
    Duplicate,
    /// Part of the language that Postern does not run.
    Unsupported,
    /// A limit of the language front end was reached.
    Limit,
    /// The result depends on the order of rows or on chance, which the catalog does not take.
    OrderDependent,
    /// Legal, and a common mistake.
    Suspicious,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    pub severity: Severity,
    pub code: Code,
    pub span: Span,
    /// One sentence, lower case, without a full stop.
    pub message: String,
    /// What to do instead, when there is something to say.
    pub hint: Option<String>,
}

impl Diagnostic {
    pub fn error(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code,
            span,
            message: message.into(),
            hint: None,
        }
    }

    pub fn warning(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(code, span, message)
        }
    }

    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}
