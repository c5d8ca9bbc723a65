//! `critical`: what a person says must not be lost.

use anyhow::Result;
use postern_engine::{AsOf, Engine, EngineError};
use postern_ledger::{Decision, DecisionKind};
use postern_report::Ids;
use postern_report::words::time;
use schemars::JsonSchema;
use serde::Serialize;

use super::asset::DecisionReport;
use super::build::after_change;
use super::{Outcome, Session, author};
use crate::args;
use crate::output::{Page, Report, show};

#[derive(Debug, Serialize, JsonSchema)]
pub struct CriticalReport {
    pub levels: Vec<HandSetLevel>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct HandSetLevel {
    /// The original id that the decision names.
    pub id: String,
    /// The asset's name; null where the current generation has no such asset.
    pub name: Option<String>,
    /// `very high`, `high`, `medium`, `low` or `none`.
    pub level: String,
    pub author: String,
    /// RFC 3339.
    pub at: String,
    #[serde(skip)]
    decided_at: jiff::Timestamp,
}

pub async fn run(session: &Session, args: args::Critical) -> Result<Outcome> {
    let engine = session.open().await?;
    match args {
        args::Critical::Set {
            id,
            level,
            building,
            format,
        } => {
            let (id, name) = asset(&engine, &id).await?;
            engine.set_criticality(&id, Some(level.0), &author()).await?;
            let decision = match level.0 {
                Some(level) => format!("is of {} criticality", level.as_str()),
                None => "has no criticality".to_owned(),
            };
            let build = after_change(&engine, &building).await?;
            show(
                &DecisionReport {
                    id,
                    name,
                    decision,
                    build,
                },
                format.json,
            )?;
        }
        args::Critical::Clear(args) => {
            let (id, name) = asset(&engine, &args.id).await?;
            engine.set_criticality(&id, None, &author()).await?;
            let decision = "has the level that the rules give it".to_owned();
            let build = after_change(&engine, &args.building).await?;
            show(
                &DecisionReport {
                    id,
                    name,
                    decision,
                    build,
                },
                args.format.json,
            )?;
        }
        args::Critical::List(format) => show(&list(&engine).await?, format.json)?,
    }
    Ok(Outcome::Done)
}

/// Id and name of an asset of the current generation.
async fn asset(engine: &Engine, text: &str) -> Result<(String, String)> {
    let generation = engine.load(AsOf::Current).await?;
    let node = generation.estate.node(Ids(&generation).asset(text)?);
    Ok((node.key.to_string(), node.name.clone()))
}

async fn list(engine: &Engine) -> Result<CriticalReport> {
    let manifest = engine.ledger().manifest().await?;
    let generation = match engine.load(AsOf::Current).await {
        Ok(generation) => Some(generation),
        Err(EngineError::NoGeneration) => None,
        Err(error) => return Err(error.into()),
    };
    let name = |id: &str| {
        let estate = &generation.as_ref()?.estate;
        Some(estate.node(estate.find(id)?).name.clone())
    };
    let levels = Decision::in_force(&manifest.decisions)
        .into_iter()
        .filter(|decision| decision.kind == DecisionKind::Criticality)
        .filter_map(|decision| {
            Some(HandSetLevel {
                id: decision.subject.value.to_string(),
                name: name(&decision.subject.value),
                level: decision.value.as_ref()?.as_str()?.to_owned(),
                author: decision.author.clone(),
                at: decision.at.to_string(),
                decided_at: decision.at,
            })
        })
        .collect();
    Ok(CriticalReport { levels })
}

impl Report for CriticalReport {
    const SCHEMA: &'static str = "critical-list";

    fn text(&self, page: &mut Page) {
        if self.levels.is_empty() {
            page.line(0, "No level was set by hand; `postern critical set ID LEVEL` does it.");
            return;
        }
        let rows = self.levels.iter().map(|it| {
            [
                it.name.as_deref().unwrap_or("no asset now").into(),
                it.level.as_str().into(),
                it.author.as_str().into(),
                time(it.decided_at).into(),
                it.id.as_str().into(),
            ]
        });
        page.table(0, ["asset", "level", "set by", "on", "id"], rows.collect());
    }
}
