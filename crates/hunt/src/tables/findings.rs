//! `Findings` and `Sightings`: what scanners found, and which files say so.

use postern_kql::Type::{Bool, DateTime, Dynamic, Real, String as Text};
use postern_model::Phase;
use postern_model::schema::ASSET_FINDINGS;

use super::estate::hex;
use super::weaknesses::{MICRO, Severity};
use super::{EstateTables, Out, TableSpec, column};
use crate::error::HuntError;

/// Findings are gone when no source sees them any more; what is stored is open.
const OPEN: &str = "open";

pub static FINDINGS: TableSpec = TableSpec {
    name: "Findings",
    about: "Weaknesses that scanners found on assets: one row for each asset, weakness and place on it.",
    phase: Phase::Findings,
    is_filled: true,
    columns: &[
        column("FindingId", Text, "Unique id of the finding."),
        column("NodeId", Text, "The asset; see `ExposureGraphNodes`."),
        column(
            "WeaknessId",
            Text,
            "What was found, as the scanner numbers it: `nessus:65821`.",
        ),
        column(
            "Locator",
            Text,
            "Where on the asset: `tcp/445`; empty for the asset as such.",
        ),
        column("State", Text, "`open`. Other states have no source yet."),
        column("Severity", Text, "Critical, High, Medium, Low or Informational."),
        column("CvssScore", Real, "From 0 to 10; null where the scanner gives none."),
        column("EpssScore", Real, "Null: no feed is connected yet."),
        column("IsKev", Bool, "Whether it is known to be exploited."),
        column("FirstSeen", DateTime, "When it was first seen."),
        column("LastSeen", DateTime, "When it was last seen."),
        column("DueDate", DateTime, "Null: nothing sets one yet."),
        column("Owner", Text, "Empty: nothing sets one yet."),
        column("Properties", Dynamic, "What else the scanner says."),
        column("NodeName", Text, "Name of the asset."),
        column("Title", Text, "What was found, in words."),
        column("CveIds", Dynamic, "Array of CVEs."),
        column("CvssVector", Text, "The vector behind the score."),
        column(
            "IsExploitable",
            Bool,
            "Known to be exploited or exploit at hand, over the network and without an account.",
        ),
        column(
            "Sources",
            Dynamic,
            "Ids of the files that say so; see the table `Sources`.",
        ),
    ],
    shreds: &[],
    rows: findings,
};

pub static SIGHTINGS: TableSpec = TableSpec {
    name: "Sightings",
    about: "Which file saw which finding.",
    phase: Phase::Findings,
    is_filled: true,
    columns: &[
        column("FindingId", Text, "The finding; see `Findings`."),
        column("NodeId", Text, "Its asset."),
        column("SourceId", Text, "The file; see `Sources`."),
        column("FirstSeen", DateTime, "When any file first saw the finding."),
        column("LastSeen", DateTime, "When any file last saw the finding."),
    ],
    shreds: &[],
    rows: sightings,
};

fn findings(tables: &EstateTables, out: &mut Out<'_>) -> Result<(), HuntError> {
    let [
        id,
        node,
        weakness,
        locator,
        state,
        severity,
        score,
        kev,
        first_seen,
        last_seen,
    ] = out.slots([
        "FindingId",
        "NodeId",
        "WeaknessId",
        "Locator",
        "State",
        "Severity",
        "CvssScore",
        "IsKev",
        "FirstSeen",
        "LastSeen",
    ]);
    let [properties, name, title, cves, vector, exploitable, sources] = out.slots([
        "Properties",
        "NodeName",
        "Title",
        "CveIds",
        "CvssVector",
        "IsExploitable",
        "Sources",
    ]);
    let index = match name.is_wanted() {
        true => Some(tables.index()?),
        false => None,
    };
    tables.each_row(&ASSET_FINDINGS, |table, row| {
        let of = |name| table.schema.column(name);
        let text = |name| table.text(row, of(name));
        out.text(id, hex(table.id(row, of("id"))).as_str());
        let asset = table.id(row, of("node"));
        out.text(node, hex(asset).as_str());
        out.text(weakness, text("weakness"));
        out.text(locator, text("locator"));
        out.text(state, OPEN);
        out.text(severity, Severity::of(text("severity")).as_str());
        if let Some(micro) = table.long(row, of("cvss_score_micro")) {
            out.real(score, micro as f64 / MICRO);
        }
        out.bool(kev, table.bool(row, of("is_kev")) == Some(true));
        out.time(first_seen, table.long(row, of("first_seen")));
        out.time(last_seen, table.long(row, of("last_seen")));
        out.text(properties, or(text("properties"), "{}"));
        if let Some(index) = index {
            out.text(name, index.place(asset).map_or("", |place| index.name(place)));
        }
        out.text(title, text("title"));
        out.text(cves, or(text("cves"), "[]"));
        out.text(vector, text("cvss_vector"));
        out.bool(exploitable, table.bool(row, of("is_exploitable")) == Some(true));
        out.text(sources, or(text("sources"), "[]"));
        out.end_row()
    })
}

fn or<'t>(text: &'t str, otherwise: &'t str) -> &'t str {
    if text.is_empty() { otherwise } else { text }
}

fn sightings(tables: &EstateTables, out: &mut Out<'_>) -> Result<(), HuntError> {
    let [id, node, source, first_seen, last_seen] =
        out.slots(["FindingId", "NodeId", "SourceId", "FirstSeen", "LastSeen"]);
    tables.each_row(&ASSET_FINDINGS, |table, row| {
        let of = |name| table.schema.column(name);
        let sources: Vec<String> = serde_json::from_str(table.text(row, of("sources"))).unwrap_or_default();
        for one in sources {
            out.text(id, hex(table.id(row, of("id"))).as_str());
            out.text(node, hex(table.id(row, of("node"))).as_str());
            out.text(source, &one);
            out.time(first_seen, table.long(row, of("first_seen")));
            out.time(last_seen, table.long(row, of("last_seen")));
            out.end_row()?;
        }
        Ok(())
    })
}
