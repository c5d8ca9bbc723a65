//! `setting`: what changes an answer, and what it is set to.

use anyhow::{Result, anyhow};
use postern_catalog::{SettingSpec, SettingValue};
use postern_engine::{Engine, EngineError};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::build::{BuildReport, after_change};
use super::{Outcome, Session, author};
use crate::args;
use crate::output::{Line, Page, Report, show};

#[derive(Debug, Serialize, JsonSchema)]
pub struct SettingsReport {
    pub settings: Vec<SettingReport>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct SettingReport {
    pub key: String,
    pub title: String,
    /// In force: a number or a flag.
    pub value: Value,
    /// A person set it; otherwise it is the catalog's.
    pub is_set: bool,
    /// The catalog's value.
    pub default: Value,
    /// Of a number.
    pub unit: Option<String>,
    pub min: Option<u32>,
    pub max: Option<u32>,
    pub explanation: String,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct SettingChanged {
    pub setting: SettingReport,
    pub build: BuildReport,
}

pub async fn run(session: &Session, args: args::Setting) -> Result<Outcome> {
    match args {
        args::Setting::List(format) => {
            let engine = session.open().await?;
            show(
                &SettingsReport {
                    settings: settings(&engine).await?,
                },
                format.json,
            )?;
        }
        args::Setting::Set {
            key,
            value,
            building,
            format,
        } => {
            let engine = session.open().await?;
            show(&change(&engine, &key, Some(&value), &building).await?, format.json)?;
        }
        args::Setting::Reset { key, building, format } => {
            let engine = session.open().await?;
            show(&change(&engine, &key, None, &building).await?, format.json)?;
        }
    }
    Ok(Outcome::Done)
}

async fn change(engine: &Engine, key: &str, value: Option<&str>, building: &args::Building) -> Result<SettingChanged> {
    match engine.set_setting(key, value, &author()).await {
        // The engine tells values as the ledger keeps them; the sentence is for who typed this one.
        Err(EngineError::Setting { key, value, reason }) => {
            return Err(anyhow!("{value} is no value for {key}: {reason}"));
        }
        other => other?,
    }
    let setting = settings(engine).await?.into_iter().find(|setting| setting.key == key);
    let setting = setting.ok_or_else(|| anyhow!("setting {key} is not listed"))?;
    Ok(SettingChanged {
        setting,
        build: after_change(engine, building).await?,
    })
}

async fn settings(engine: &Engine) -> Result<Vec<SettingReport>> {
    let report = |(spec, value, is_set): (SettingSpec, SettingValue, bool)| SettingReport {
        key: spec.id,
        title: spec.title,
        value: json_of(value),
        is_set,
        default: json_of(spec.default),
        unit: Some(spec.unit).filter(|unit| !unit.is_empty()),
        min: spec.range.map(|(min, _)| min),
        max: spec.range.map(|(_, max)| max),
        explanation: spec.explanation,
    };
    Ok(engine.settings().await?.into_iter().map(report).collect())
}

fn json_of(value: SettingValue) -> Value {
    match value {
        SettingValue::Flag(flag) => json!(flag),
        SettingValue::Number(number) => json!(number),
    }
}

impl SettingReport {
    fn text(&self, page: &mut Page) {
        let unit = self
            .unit
            .as_deref()
            .map(|unit| format!(" ({unit})"))
            .unwrap_or_default();
        let origin = match self.is_set {
            true => format!("set by hand; the default is {}", self.default),
            false => "the default".to_owned(),
        };
        let line = Line::new()
            .bold(&self.key)
            .plain(format!(" = {}", self.value))
            .dim(format!("{unit}  {origin}"));
        page.line(0, line);
    }
}

impl Report for SettingsReport {
    const SCHEMA: &'static str = "setting-list";

    fn text(&self, page: &mut Page) {
        for setting in &self.settings {
            page.blank();
            setting.text(page);
            page.line(2, setting.explanation.as_str());
            if let (Some(min), Some(max)) = (setting.min, setting.max) {
                page.line(2, Line::new().dim(format!("between {min} and {max}")));
            }
        }
    }
}

impl Report for SettingChanged {
    const SCHEMA: &'static str = "setting-change";

    fn text(&self, page: &mut Page) {
        self.setting.text(page);
        self.build.text(page);
    }
}
