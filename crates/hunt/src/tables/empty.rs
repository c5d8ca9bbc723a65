//! Tables that nothing in Postern fills yet. They exist, so that queries over them run and find nothing, and say so.

use postern_kql::Type::{Bool, DateTime, Dynamic, Long, Real, String as Text};
use postern_model::Phase;

use super::{ColumnSpec, EstateTables, Out, TableSpec, column};
use crate::error::HuntError;

const fn empty(name: &'static str, about: &'static str, columns: &'static [ColumnSpec]) -> TableSpec {
    TableSpec {
        name,
        about,
        phase: Phase::Compare,
        is_filled: false,
        columns,
        shreds: &[],
        rows: no_rows,
    }
}

fn no_rows(_: &EstateTables, _: &mut Out<'_>) -> Result<(), HuntError> {
    Ok(())
}

pub static CONTROL_RESULTS: TableSpec = empty(
    "ControlResults",
    "Results of configuration checks: which asset passes which control.",
    &[
        column("ControlId", Text, "The control."),
        column("NodeId", Text, "The asset; see `ExposureGraphNodes`."),
        column("Result", Text, "`pass`, `fail`, `not applicable` or `unknown`."),
        column("Timestamp", DateTime, "When it was checked."),
        column("SourceId", Text, "The file that says so; see `Sources`."),
        column("Properties", Dynamic, "What else the source says."),
    ],
);

pub static RECOMMENDATIONS: TableSpec = empty(
    "Recommendations",
    "What to change, on which assets.",
    &[
        column("RecommendationId", Text, "The recommendation."),
        column("Title", Text, "What to do, in words."),
        column("NodeId", Text, "The asset; see `ExposureGraphNodes`."),
        column("Status", Text, "`open`, `accepted` or `done`."),
        column("DueDate", DateTime, "By when."),
        column("Owner", Text, "Who does it."),
        column("Properties", Dynamic, "What else is known."),
    ],
);

pub static METRICS: TableSpec = empty(
    "Metrics",
    "How far each metric has got.",
    &[
        column("MetricId", Text, "The metric."),
        column("Population", Long, "Assets that it is about."),
        column("Known", Long, "Of these, assets about which a source can tell."),
        column("Exposed", Long, "Of these, assets that are exposed."),
        column("Progress", Real, "100 × (1 − exposed/known)."),
        column("IsAvailable", Bool, "Whether enough is known to tell."),
    ],
);

pub static METRIC_HISTORY: TableSpec = empty(
    "MetricHistory",
    "What each metric was in past generations.",
    &[
        column("Timestamp", DateTime, "The clock of the generation."),
        column("MetricId", Text, "The metric."),
        column("Population", Long, "Assets that it was about."),
        column("Known", Long, "Of these, assets about which a source could tell."),
        column("Exposed", Long, "Of these, assets that were exposed."),
        column("Progress", Real, "100 × (1 − exposed/known)."),
    ],
);

pub static SECURE_CONFIGURATION: TableSpec = empty(
    "DeviceTvmSecureConfigurationAssessment",
    "Results of configuration checks on devices.",
    &[
        column("DeviceId", Text, "The device; see `DeviceInfo`."),
        column("DeviceName", Text, "Its name."),
        column("OSPlatform", Text, "Its operating system."),
        column("Timestamp", DateTime, "When it was checked."),
        column("ConfigurationId", Text, "The check."),
        column(
            "ConfigurationCategory",
            Text,
            "Application, OS, Network, Accounts or Security controls.",
        ),
        column("ConfigurationSubcategory", Text, "A finer category."),
        column("ConfigurationImpact", Real, "From 1 to 10."),
        column("IsCompliant", Bool, "Whether it is configured as it should be."),
        column("IsApplicable", Bool, "Whether the check makes sense there."),
        column("Context", Dynamic, "What was seen."),
        column("IsExpectedUserImpact", Bool, "Whether people would notice the change."),
    ],
);

pub static SECURE_CONFIGURATION_KB: TableSpec = empty(
    "DeviceTvmSecureConfigurationAssessmentKB",
    "What each configuration check is about.",
    &[
        column("ConfigurationId", Text, "The check."),
        column("ConfigurationImpact", Real, "From 1 to 10."),
        column("ConfigurationName", Text, "What it is called."),
        column("ConfigurationDescription", Text, "What it checks."),
        column("RiskDescription", Text, "What can happen."),
        column(
            "ConfigurationCategory",
            Text,
            "Application, OS, Network, Accounts or Security controls.",
        ),
        column("ConfigurationSubcategory", Text, "A finer category."),
        column("ConfigurationBenchmarks", Dynamic, "Benchmarks that ask for it."),
        column("Tags", Dynamic, "Labels."),
        column("RemediationOptions", Text, "What to do."),
    ],
);
