//! Settings that change an answer.

use axum::Json;
use axum::http::StatusCode;
use postern_catalog::{SettingSpec, SettingValue};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::auth::{Requires, may};
use crate::extract::{Body, Path};
use crate::problem::Problem;

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SettingList {
    pub items: Vec<Setting>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Setting {
    pub id: String,
    pub title: String,
    /// What it does, and what speaks for changing it.
    pub description: String,
    pub kind: SettingKind,
    /// In force.
    pub value: FlagOrNumber,
    /// The catalog's value.
    pub default: FlagOrNumber,
    /// Of a number: `days`, `cost`, ...
    pub unit: Option<String>,
    /// Of a number: what it can be.
    pub range: Option<SettingRange>,
    /// A person has set it.
    pub is_set: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SettingKind {
    Flag,
    Number,
}

/// The value of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum FlagOrNumber {
    Flag(bool),
    Number(u32),
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SettingRange {
    pub min: u32,
    pub max: u32,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SettingChange {
    /// Null goes back to the catalog's value.
    #[serde(deserialize_with = "Option::deserialize")]
    pub value: Option<FlagOrNumber>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SettingChanged {
    /// The next generation is made with it; it is being built.
    pub pending: bool,
}

impl From<SettingValue> for FlagOrNumber {
    fn from(value: SettingValue) -> Self {
        match value {
            SettingValue::Flag(flag) => Self::Flag(flag),
            SettingValue::Number(number) => Self::Number(number),
        }
    }
}

impl Setting {
    fn of((spec, value, is_set): (SettingSpec, SettingValue, bool)) -> Self {
        Self {
            id: spec.id,
            title: spec.title,
            description: spec.explanation,
            kind: match spec.default {
                SettingValue::Flag(_) => SettingKind::Flag,
                SettingValue::Number(_) => SettingKind::Number,
            },
            value: value.into(),
            default: spec.default.into(),
            unit: Some(spec.unit).filter(|unit| !unit.is_empty()),
            range: spec.range.map(|(min, max)| SettingRange { min, max }),
            is_set,
        }
    }
}

/// All settings, what they do and their values.
#[utoipa::path(get, path = "/settings", tag = "settings", responses((status = 200, body = SettingList)))]
pub async fn list(_may: Requires<may::ReadData>, app: App) -> Result<Json<SettingList>, Problem> {
    let settings = app.engine.settings().await?;
    Ok(Json(SettingList {
        items: settings.into_iter().map(Setting::of).collect(),
    }))
}

/// Change a setting, or go back to the catalog's value.
#[utoipa::path(put, path = "/settings/{id}", tag = "settings", params(("id" = String, Path)),
    request_body = SettingChange, responses((status = 200, body = SettingChanged),
    (status = 404, description = "No such setting."), (status = 422, description = "No value for this setting.")))]
pub async fn change(
    may: Requires<may::ManageSettings>,
    app: App,
    id: Path<String>,
    body: Body<SettingChange>,
) -> Result<(StatusCode, Json<SettingChanged>), Problem> {
    let value = body.0.value.map(|value| match value {
        FlagOrNumber::Flag(flag) => flag.to_string(),
        FlagOrNumber::Number(number) => number.to_string(),
    });
    app.engine.set_setting(&id.0, value.as_deref(), may.name()).await?;
    app.look.notify_one();
    Ok((StatusCode::OK, Json(SettingChanged { pending: true })))
}
