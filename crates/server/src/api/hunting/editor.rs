//! What a text means while it is written: names that fit, what is wrong, what stands under the pointer.
//!
//! Nothing is read to answer: the same binder that runs a query looks at its text alone. Places in the text count as
//! JavaScript counts, in UTF-16 units.

use axum::Json;
use postern_hunt::estate_world::EstateWorld;
use postern_kql::functions::{FunctionKind, functions};
use postern_kql::schema::{Schema, Table};
use postern_kql::{Column, Diagnostic, Options, Severity};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::api::hunting::lines::{HuntDiagnostic, diagnostics};
use crate::auth::{Requires, may};
use crate::extract::Body;
use crate::hunting::places::{byte_of, unit_of};
use crate::hunting::world;
use crate::problem::{Problem, told};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HuntText {
    pub query: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HuntCaret {
    pub query: String,
    /// Before which UTF-16 unit of the query the caret stands.
    pub caret: usize,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HuntDiagnostics {
    /// Errors before the rest; 100 at most.
    pub items: Vec<HuntDiagnostic>,
}

/// What may be written at the caret.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HuntCompletions {
    /// The text from here to `end` is what a suggestion takes the place of.
    pub start: usize,
    pub end: usize,
    /// The likeliest first.
    pub items: Vec<HuntCompletion>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HuntCompletion {
    pub label: String,
    /// `column`, `variable`, `table`, `function`, `aggregate`, `plugin`, `operator`, `keyword`, `parameter`, `value`,
    /// `type`.
    pub kind: String,
    /// What is written.
    pub insert: String,
    /// Such as the type of a column.
    pub detail: Option<String>,
    pub description: Option<String>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HuntHovers {
    /// None where there is nothing to say.
    pub item: Option<HuntHover>,
}

/// What stands at a place of the text.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HuntHover {
    pub start: usize,
    pub end: usize,
    /// As it would be declared: `CriticalityLevel: int`.
    pub title: String,
    pub description: Option<String>,
}

/// Everything that a query can name.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HuntSchema {
    /// In the order in which people should see them.
    pub tables: Vec<HuntSchemaTable>,
    /// Functions of Postern that give tables.
    pub table_functions: Vec<HuntSchemaFunction>,
    /// What people stored.
    pub stored_functions: Vec<HuntSchemaFunction>,
    /// Functions and aggregates of the language.
    pub functions: Vec<HuntSchemaFunction>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HuntSchemaTable {
    pub name: String,
    pub description: String,
    pub columns: Vec<HuntSchemaColumn>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HuntSchemaColumn {
    pub name: String,
    /// A type of the language.
    pub r#type: String,
    pub description: Option<String>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HuntSchemaFunction {
    pub name: String,
    /// Such as `attack_paths(from: string, to: string)`.
    pub signature: String,
    pub description: String,
    /// Of the table that it gives.
    pub columns: Vec<HuntSchemaColumn>,
}

/// Tables with their columns, and functions.
#[utoipa::path(get, path = "/hunting/schema", tag = "hunting", responses((status = 200, body = HuntSchema)))]
pub async fn schema(_may: Requires<may::Hunt>, app: App) -> Result<Json<HuntSchema>, Problem> {
    let world = world::schema(&app).await?;
    Ok(Json(named(&world)))
}

/// What may be written at the caret.
#[utoipa::path(post, path = "/hunting/complete", tag = "hunting", request_body = HuntCaret,
    responses((status = 200, body = HuntCompletions)))]
pub async fn complete(
    _may: Requires<may::Hunt>,
    app: App,
    question: Body<HuntCaret>,
) -> Result<Json<HuntCompletions>, Problem> {
    let HuntCaret { query, caret } = question.0;
    let world = world::schema(&app).await?;
    let answer = move || {
        let found = postern_kql::complete::complete(&query, byte_of(&query, caret), &world);
        let items = found.items.into_iter().map(|it| HuntCompletion {
            label: it.label,
            kind: it.kind.name().to_owned(),
            insert: it.insert,
            detail: it.detail,
            description: it.documentation,
        });
        Ok(HuntCompletions {
            start: unit_of(&query, found.replace.start as usize),
            end: unit_of(&query, found.replace.end as usize),
            items: items.collect(),
        })
    };
    app.compute(answer).await.map(Json)
}

/// What is wrong with a query.
#[utoipa::path(post, path = "/hunting/diagnose", tag = "hunting", request_body = HuntText,
    responses((status = 200, body = HuntDiagnostics)))]
pub async fn diagnose(
    _may: Requires<may::Hunt>,
    app: App,
    question: Body<HuntText>,
) -> Result<Json<HuntDiagnostics>, Problem> {
    let query = question.0.query;
    let world = world::schema(&app).await?;
    let answer = move || {
        let items = diagnostics(&diagnosed(&query, &world), &query);
        Ok(HuntDiagnostics { items })
    };
    app.compute(answer).await.map(Json)
}

/// What stands at a place of a query.
#[utoipa::path(post, path = "/hunting/hover", tag = "hunting", request_body = HuntCaret,
    responses((status = 200, body = HuntHovers)))]
pub async fn hover(
    _may: Requires<may::Hunt>,
    app: App,
    question: Body<HuntCaret>,
) -> Result<Json<HuntHovers>, Problem> {
    let HuntCaret { query, caret } = question.0;
    let world = world::schema(&app).await?;
    let answer = move || {
        let found = postern_kql::complete::hover(&query, byte_of(&query, caret), &world);
        let item = found.map(|it| HuntHover {
            start: unit_of(&query, it.span.start as usize),
            end: unit_of(&query, it.span.end as usize),
            title: it.title,
            description: it.documentation,
        });
        Ok(HuntHovers { item })
    };
    app.compute(answer).await.map(Json)
}

/// Refuses a declaration that no query could call.
///
/// # Errors
/// What is wrong with it, in a sentence; those of the ledger.
pub async fn check_function(app: &App, name: &str, declaration: &str) -> Result<(), Problem> {
    let world = world::schema(app).await?;
    // Its body is bound where it is called, with the arguments; alone, it is known whether it can be read at all.
    let text = format!("let {name} = {declaration};\nprint 1");
    let found = app.compute(move || Ok(diagnosed(&text, &world))).await?;
    match found.iter().find(|it| it.severity == Severity::Error) {
        None => Ok(()),
        Some(error) => {
            let detail = error.hint.as_deref().map_or_else(|| "Correct it.".to_owned(), told);
            Err(Problem::invalid(told(&error.message), detail))
        }
    }
}

fn named(world: &EstateWorld) -> HuntSchema {
    let table_functions = world.table_functions().into_iter().map(|it| {
        let parameters = it.parameters.iter().map(|parameter| {
            let mark = if parameter.is_optional { "?" } else { "" };
            format!("{}{mark}: {}", parameter.name, parameter.ty)
        });
        HuntSchemaFunction {
            signature: format!("{}({})", it.name, parameters.collect::<Vec<_>>().join(", ")),
            name: it.name.clone(),
            description: it.description.clone(),
            columns: columns(&it.columns, &[]),
        }
    });
    let stored_functions = world.stored_functions().into_iter().map(|it| HuntSchemaFunction {
        signature: format!("{}{}", it.name, parameters(&it.declaration)),
        name: it.name.clone(),
        description: it.description.clone(),
        columns: Vec::new(),
    });
    HuntSchema {
        tables: world.tables().iter().map(|it| table(it)).collect(),
        table_functions: table_functions.collect(),
        stored_functions: stored_functions.collect(),
        functions: built_in(),
    }
}

fn table(table: &Table) -> HuntSchemaTable {
    HuntSchemaTable {
        name: table.name.clone(),
        description: table.description.clone(),
        columns: columns(&table.columns, &table.column_descriptions),
    }
}

fn columns(columns: &[Column], descriptions: &[(String, String)]) -> Vec<HuntSchemaColumn> {
    let described = |name: &str| descriptions.iter().find(|(of, _)| of == name);
    let columns = columns.iter().map(|column| HuntSchemaColumn {
        name: column.name.clone(),
        r#type: column.ty.name().to_owned(),
        description: described(&column.name).map(|(_, text)| text.clone()),
    });
    columns.collect()
}

/// The parameters of a stored function: what stands before its body.
fn parameters(declaration: &str) -> &str {
    declaration.split('{').next().unwrap_or_default().trim()
}

/// Functions of the language that Postern runs; plug-ins stand behind `evaluate` and are no functions.
fn built_in() -> Vec<HuntSchemaFunction> {
    let mut found: Vec<_> = functions()
        .iter()
        .filter(|it| it.kind != FunctionKind::PlugIn)
        .filter_map(|it| {
            let parameters = it.signatures.first().map_or_else(Vec::new, |signature| {
                signature.parameters.iter().map(|parameter| parameter.name).collect()
            });
            Some(HuntSchemaFunction {
                name: it.name.to_owned(),
                signature: format!("{}({})", it.name, parameters.join(", ")),
                description: it.sentence?.to_owned(),
                columns: Vec::new(),
            })
        })
        .collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found.dedup_by(|a, b| a.name == b.name);
    found
}

/// What the parser and the binder have to say.
fn diagnosed(text: &str, schema: &dyn Schema) -> Vec<Diagnostic> {
    let parsed = postern_kql::parse(text);
    let bound = postern_kql::bind(&parsed.script, text, schema, &Options::default());
    parsed.diagnostics.into_iter().chain(bound.diagnostics).collect()
}
