//! `schema`: the JSON Schemas of everything that `--json` prints, for `docs/schemas/`.

use std::fs;

use anyhow::{Context, Result};
use postern_report::{AssetReport, CompareReport, WhatIfReport};
use schemars::Schema;

use super::{Outcome, asset, audit, blast, build, chokepoints, critical, export, exposure, generation};
use super::{import, inspect, paths, rule, setting, source, status, user};
use crate::args;
use crate::output::Report;
use crate::output::json::schema;

pub fn run(args: &args::Schema) -> Result<Outcome> {
    let cannot = || format!("cannot write to {}", args.write.display());
    fs::create_dir_all(&args.write).with_context(cannot)?;
    for (name, schema) in all() {
        let text = serde_json::to_string_pretty(&schema)? + "\n";
        fs::write(args.write.join(format!("{name}.json")), text).with_context(cannot)?;
    }
    Ok(Outcome::Done)
}

/// Name and schema of every report.
fn all() -> Vec<(&'static str, Schema)> {
    vec![
        of::<import::ImportReport>(),
        of::<inspect::InspectReport>(),
        of::<status::StatusReport>(),
        of::<source::SourcesReport>(),
        of::<source::RejectsReport>(),
        of::<source::SourceRemoved>(),
        of::<paths::PathsReport>(),
        of::<chokepoints::ChokepointsReport>(),
        of::<blast::BlastReport>(),
        of::<exposure::ExposuresReport>(),
        of::<exposure::ChokepointsIntoReport>(),
        of::<WhatIfReport>(),
        of::<CompareReport>(),
        of::<AssetReport>(),
        of::<asset::DecisionReport>(),
        of::<critical::CriticalReport>(),
        of::<setting::SettingsReport>(),
        of::<setting::SettingChanged>(),
        of::<rule::RulesReport>(),
        of::<rule::RuleShown>(),
        of::<rule::RulePreview>(),
        of::<generation::GenerationsReport>(),
        of::<build::BuildReport>(),
        of::<audit::AuditReport>(),
        of::<user::UsersReport>(),
        of::<user::UserSaved>(),
        (export::SCHEMA, schema::<export::OpenGraph>()),
    ]
}

fn of<R: Report>() -> (&'static str, Schema) {
    (R::SCHEMA, schema::<R>())
}
