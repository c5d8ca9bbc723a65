//! The lines of a query's answer, as JSON.

use std::collections::BTreeMap;
use std::time::Duration;

use postern_hunt::HuntError;
use postern_hunt::run::{Summary, TableHead};
use postern_kql::{Code, Diagnostic, Position, Severity};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::hunting::places::unit_of;

/// Diagnostics of one text that are told; the first ones are what people correct first.
pub const DIAGNOSTICS_MAX: usize = 100;

/// One line of the answer. It begins with `run`; then comes each table with its rows, in as many lines as it takes;
/// the last line is `summary`, or `error`, after which what came before is of no use.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = HuntLine)]
pub enum Line {
    Run(RunStarted),
    Table(Head),
    /// Rows of the table that was begun last.
    Rows(Cells),
    Summary(Told),
    Error(Failure),
}

/// Rows, each an array with a value for each column; they are written as they come.
#[derive(Debug, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(as = HuntRows, value_type = Vec<Vec<Object>>)]
pub struct Cells(pub Box<RawValue>);

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = HuntRun)]
pub struct RunStarted {
    /// By which it can be cancelled.
    pub id: String,
    /// The one that is asked; none before the first import.
    pub generation: Option<i64>,
    /// Others are running, and it waits for its turn.
    pub is_queued: bool,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = HuntTable)]
pub struct Head {
    pub name: Option<String>,
    pub columns: Vec<HuntColumn>,
    pub render: Option<Render>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HuntColumn {
    pub name: String,
    /// A type of the language: `bool`, `int`, `long`, `real`, `decimal`, `string`, `datetime`, `timespan`, `guid`,
    /// `dynamic`.
    pub r#type: String,
}

/// What `render` asks for.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = HuntRender)]
pub struct Render {
    /// `barchart`, `timechart`, ...
    pub chart: String,
    /// As written: `title`, `xcolumn`, ...
    pub properties: BTreeMap<String, String>,
}

/// How the query went.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = HuntSummary)]
pub struct Told {
    /// Rows of each table.
    pub rows: Vec<u64>,
    /// The result is not whole.
    pub partial: Option<HuntPartial>,
    /// Warnings and hints.
    pub diagnostics: Vec<HuntDiagnostic>,
    pub wall_ms: u64,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HuntPartial {
    /// The budget that was used up: `rows`, `bytes`, `matches`, `visited edges`.
    pub budget: String,
    pub message: String,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = HuntFailure)]
pub struct Failure {
    pub kind: FailureKind,
    pub message: String,
    /// Where in the query, counted from 1.
    pub line: Option<u32>,
    pub column: Option<u32>,
    /// What to do about it.
    pub hint: Option<String>,
    /// All that is wrong with the query.
    pub diagnostics: Vec<HuntDiagnostic>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = HuntFailureKind)]
pub enum FailureKind {
    /// The query is wrong, or asks for something impossible.
    Query,
    /// It took more than its budget.
    Limit,
    Cancelled,
    /// A fault of the server.
    Failed,
}

/// Something about a text, and where. Places count as JavaScript counts, in UTF-16 units.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HuntDiagnostic {
    pub severity: HuntSeverity,
    /// `syntax`, `unknown-name`, `type-mismatch`, ...
    pub code: String,
    pub start: usize,
    pub end: usize,
    pub line: u32,
    pub column: u32,
    pub message: String,
    /// What to do instead.
    pub hint: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HuntSeverity {
    Error,
    Warning,
    Hint,
}

impl Head {
    pub fn of(table: &TableHead) -> Self {
        let columns = table.columns.iter().map(|column| HuntColumn {
            name: column.name.clone(),
            r#type: column.ty.name().to_owned(),
        });
        Self {
            name: table.name.clone(),
            columns: columns.collect(),
            render: table.render.as_ref().map(|render| Render {
                chart: render.chart.clone(),
                properties: render.properties.iter().cloned().collect(),
            }),
        }
    }
}

impl Told {
    /// * `text`: that of the query.
    /// * `wall`: since it was asked, waiting included.
    pub fn new(summary: Summary, text: &str, wall: Duration) -> Self {
        Self {
            rows: summary.rows,
            partial: summary.partial.map(|partial| HuntPartial {
                budget: partial.budget,
                message: partial.message,
            }),
            diagnostics: diagnostics(&summary.diagnostics, text),
            wall_ms: u64::try_from(wall.as_millis()).unwrap_or(u64::MAX),
        }
    }
}

impl Failure {
    pub fn new(kind: FailureKind, message: impl Into<String>, hint: Option<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            line: None,
            column: None,
            hint,
            diagnostics: Vec::new(),
        }
    }

    /// What a person is told of an error. What went wrong inside is for the log.
    pub fn of(error: &HuntError, text: &str) -> Self {
        match error {
            HuntError::Query(found) => {
                let first = found.iter().find(|it| it.severity == Severity::Error).or(found.first());
                let position = first.map(|it| Position::of(text, it.span.start));
                Self {
                    line: position.map(|it| it.line),
                    column: position.map(|it| it.column),
                    hint: first.and_then(|it| it.hint.clone()),
                    diagnostics: diagnostics(found, text),
                    ..Self::new(
                        FailureKind::Query,
                        first.map_or_else(|| error.to_string(), |it| it.message.clone()),
                        None,
                    )
                }
            }
            HuntError::Run(message) => Self::new(FailureKind::Query, message, None),
            HuntError::Limit { limit, hint } => {
                let message = format!("the query takes more than {limit}");
                Self::new(FailureKind::Limit, message, Some(hint.clone()))
            }
            HuntError::Cancelled => Self::new(FailureKind::Cancelled, error.to_string(), None),
            HuntError::Table { .. } | HuntError::Engine(_) => {
                let hint = "the log of the server says why".to_owned();
                Self::new(FailureKind::Failed, error.to_string(), Some(hint))
            }
        }
    }
}

/// The first ones, errors before the rest, in the order of the text.
pub fn diagnostics(found: &[Diagnostic], text: &str) -> Vec<HuntDiagnostic> {
    let mut sorted: Vec<&Diagnostic> = found.iter().collect();
    sorted.sort_by_key(|it| (it.severity, it.span));
    sorted.truncate(DIAGNOSTICS_MAX);
    sorted.into_iter().map(|it| diagnostic(it, text)).collect()
}

fn diagnostic(found: &Diagnostic, text: &str) -> HuntDiagnostic {
    let Position { line, column } = Position::of(text, found.span.start);
    HuntDiagnostic {
        severity: match found.severity {
            Severity::Error => HuntSeverity::Error,
            Severity::Warning => HuntSeverity::Warning,
            Severity::Hint => HuntSeverity::Hint,
        },
        code: code(found.code).to_owned(),
        start: unit_of(text, found.span.start as usize),
        end: unit_of(text, found.span.end as usize),
        line,
        column,
        message: found.message.clone(),
        hint: found.hint.clone(),
    }
}

fn code(code: Code) -> &'static str {
    match code {
        Code::Syntax => "syntax",
        Code::UnknownName => "unknown-name",
        Code::LaterPhase => "later-phase",
        Code::TypeMismatch => "type-mismatch",
        Code::Arguments => "arguments",
        Code::Duplicate => "duplicate",
        Code::Unsupported => "unsupported",
        Code::Limit => "limit",
        Code::OrderDependent => "order-dependent",
        Code::Suspicious => "suspicious",
    }
}

#[cfg(test)]
mod tests {
    use postern_kql::Span;

    use super::*;

    #[test]
    fn a_failure_stands_where_its_first_error_does() {
        let text = "Findings\n| wher x";
        let warning = Diagnostic::warning(Code::Suspicious, Span::new(0, 8), "odd");
        let error = Diagnostic::error(Code::Syntax, Span::new(11, 15), "no such operator").with_hint("write where");
        let failure = Failure::of(&HuntError::Query(vec![warning, error]), text);
        assert_eq!((failure.line, failure.column), (Some(2), Some(3)));
        assert_eq!(failure.message, "no such operator");
        assert_eq!(failure.hint.as_deref(), Some("write where"));
        assert_eq!(failure.diagnostics.len(), 2);
        assert_eq!(failure.diagnostics[0].code, "syntax");
    }

    #[test]
    fn places_are_those_of_a_browser() {
        let text = "print '😀', x";
        let found = Diagnostic::error(Code::UnknownName, Span::new(14, 15), "there is no x");
        let told = diagnostics(&[found], text);
        assert_eq!((told[0].start, told[0].end), (12, 13));
    }

    #[test]
    fn what_went_wrong_inside_is_not_told() {
        let cause = Box::new(std::io::Error::other("/secret/path"));
        let error = HuntError::Table {
            table: "Findings".to_owned(),
            cause,
        };
        let failure = Failure::of(&error, "Findings");
        assert_eq!(failure.kind, FailureKind::Failed);
        assert!(!serde_json::to_string(&failure).expect("JSON").contains("secret"));
    }
}
