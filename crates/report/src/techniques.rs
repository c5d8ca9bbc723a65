//! Techniques, as the catalog tells them, and how often they can be used.

use schemars::JsonSchema;
use serde::Serialize;
use utoipa::ToSchema;

use crate::page::page;

/// A way to get from one asset to another.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct TechniqueRow {
    pub id: String,
    pub title: String,
    /// The public vocabulary of the exposure graph.
    pub label: String,
    pub family: String,
    /// How likely it succeeds.
    pub grade: String,
    pub grade_reason: String,
    /// How a device has to be held to use it: `none`, `user` or `admin`.
    pub needs: String,
    /// How a device is held afterwards: `none`, `user` or `admin`.
    pub gives: String,
    /// Ids of MITRE ATT&CK.
    pub attack: Vec<String>,
    /// What an attacker does, in a sentence or two; names the ends as `{source}` and `{target}`.
    pub explanation: String,
    /// How it would be noticed.
    pub detection: String,
    /// What can be done about it, the cheapest first.
    pub remediations: Vec<RemediationReport>,
    /// Why nothing can be done about a step itself; null where something can.
    pub no_remediation: Option<String>,
    /// What has to be looked at to find it: `computers: sessions`.
    pub inputs: Vec<String>,
    /// Steps of this technique in this generation.
    pub steps: u64,
    /// It is used to find steps. All techniques of the catalog are.
    pub is_enabled: bool,
}

/// What can be done about the steps of a technique.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct RemediationReport {
    pub id: String,
    pub title: String,
    /// Names the ends of the step as `{source}` and `{target}`.
    pub text: String,
    /// Relative effort and risk of breaking something, from 1 to 10.
    pub cost: u32,
    /// The role that can do it.
    pub owner: String,
}

page! {
    /// All techniques of the catalog, by id.
    TechniquePage of TechniqueRow
}
