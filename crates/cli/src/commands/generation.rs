//! `generation`: the stored worlds that can be asked.

use anyhow::Result;
use postern_model::schema::{NODES, PATHS, STEPS};
use postern_report::words::{count, counted, time};
use schemars::JsonSchema;
use serde::Serialize;

use super::{Outcome, Session};
use crate::args;
use crate::output::{Line, Page, Report, show};

#[derive(Debug, Serialize, JsonSchema)]
pub struct GenerationsReport {
    pub total: u64,
    pub truncated: bool,
    /// At most so many generations are listed.
    pub limit: u64,
    /// The newest first.
    pub generations: Vec<GenerationReport>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct GenerationReport {
    pub number: i64,
    /// RFC 3339.
    pub evaluated_at: String,
    /// RFC 3339.
    pub built_at: String,
    pub engine_version: String,
    pub assets: u64,
    pub steps: u64,
    pub paths: u64,
    #[serde(skip)]
    at: (jiff::Timestamp, jiff::Timestamp),
}

pub async fn run(session: &Session, args: args::GenerationCommand) -> Result<Outcome> {
    let args::GenerationCommand::List { limit, format } = args;
    let engine = session.open().await?;
    let mut records = engine.ledger().generations().await?;
    records.sort_by_key(|record| std::cmp::Reverse(record.number));
    let limit = limit.of(format.json);
    let report = GenerationsReport {
        total: records.len() as u64,
        truncated: records.len() > limit,
        limit: limit as u64,
        generations: records
            .into_iter()
            .take(limit)
            .map(|record| {
                let rows = |table: &str| {
                    record
                        .counts
                        .get(table)
                        .and_then(serde_json::Value::as_u64)
                        .unwrap_or(0)
                };
                GenerationReport {
                    number: record.number,
                    evaluated_at: record.evaluated_at.to_string(),
                    built_at: record.built_at.to_string(),
                    assets: rows(NODES.name),
                    steps: rows(STEPS.name),
                    paths: rows(PATHS.name),
                    at: (record.evaluated_at, record.built_at),
                    engine_version: record.engine_version,
                }
            })
            .collect(),
    };
    show(&report, format.json)?;
    Ok(Outcome::Done)
}

impl Report for GenerationsReport {
    const SCHEMA: &'static str = "generation-list";

    fn text(&self, page: &mut Page) {
        if self.generations.is_empty() {
            page.line(
                0,
                "There is no generation yet. Import something: `postern import PATH`.",
            );
            return;
        }
        let rows = self.generations.iter().map(|it| {
            [
                it.number.to_string().into(),
                time(it.at.0).into(),
                time(it.at.1).into(),
                count(it.assets).into(),
                count(it.steps).into(),
                count(it.paths).into(),
            ]
        });
        page.table(
            0,
            [
                "generation",
                "evaluated at",
                "built at",
                "assets",
                "steps",
                "attack paths",
            ],
            rows.collect(),
        );
        if self.truncated {
            let shown = count(self.generations.len() as u64);
            let all = counted(self.total, "generation", "generations");
            page.line(
                0,
                Line::new().dim(format!("The newest {shown} of {all}; --limit N shows more.")),
            );
        }
    }
}
