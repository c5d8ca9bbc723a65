//! Which columns the tables of files have, and how they are made of the file's.

use std::fmt::Write;

use postern_kql::Type::{self, Bool, DateTime, Dynamic, Int, Real, String as Text};

use super::load::Cells;

/// How a column is made.
#[derive(Clone, Copy)]
pub enum Made {
    /// The file's column of the same name.
    Own,
    /// The file's column of that name.
    From(&'static str),
    /// The numbers of a column as text, behind a prefix.
    Numbered(&'static str, &'static str),
    /// A JSON text for each row; empty is null.
    Json(fn(&Cells<'_>, usize, &mut String)),
    /// No file has it.
    Null,
}

pub struct ColumnSpec {
    pub name: &'static str,
    pub ty: Type,
    pub about: &'static str,
    pub made: Made,
}

/// A part of a dynamic column with a column of its own.
pub struct PartSpec {
    pub column: &'static str,
    pub path: &'static [&'static str],
    pub made: fn(&Cells<'_>, usize, &mut String),
}

pub struct FileSpec {
    pub name: &'static str,
    /// Columns that every such file has.
    pub needs: &'static [&'static str],
    pub columns: &'static [ColumnSpec],
    pub parts: &'static [PartSpec],
}

const fn column(name: &'static str, ty: Type, made: Made, about: &'static str) -> ColumnSpec {
    ColumnSpec { name, ty, about, made }
}

pub static NODES: FileSpec = FileSpec {
    name: "ExposureGraphNodes",
    needs: &["id", "kind"],
    columns: &[
        column("NodeId", Text, Made::Numbered("", "id"), "The file's `id`."),
        column("NodeLabel", Text, Made::From("kind"), "The file's `kind`."),
        column("NodeName", Text, Made::From("name"), "The file's `name`."),
        column("Categories", Dynamic, Made::Json(categories), "Array with the kind."),
        column(
            "NodeProperties",
            Dynamic,
            Made::Json(properties),
            "`rawData` with all columns of the file.",
        ),
        column("EntityIds", Dynamic, Made::Json(entity_ids), "Array with the id."),
        column(
            "CriticalityLevel",
            Int,
            Made::From("criticality"),
            "The file's `criticality`.",
        ),
        column("Sources", Dynamic, Made::Null, "Null."),
        column("Known", Dynamic, Made::Null, "Null."),
        column("FirstSeen", DateTime, Made::Null, "Null."),
        column("LastSeen", DateTime, Made::Null, "Null."),
    ],
    parts: &[
        PartSpec {
            column: "NodeProperties",
            path: &["rawData", "exposedToInternet"],
            made: |cells, row, out| flag(cells, "internet_exposed", row, out),
        },
        PartSpec {
            column: "NodeProperties",
            path: &["rawData", "vulnerableToRCE"],
            made: |cells, row, out| flag(cells, "rce_vuln", row, out),
        },
        PartSpec {
            column: "NodeProperties",
            path: &["rawData", "internet_exposed"],
            made: |cells, row, out| cells.json("internet_exposed", row, out),
        },
        PartSpec {
            column: "NodeProperties",
            path: &["rawData", "rce_vuln"],
            made: |cells, row, out| cells.json("rce_vuln", row, out),
        },
        PartSpec {
            column: "NodeProperties",
            path: &["rawData", "mfa"],
            made: |cells, row, out| cells.json("mfa", row, out),
        },
        PartSpec {
            column: "NodeProperties",
            path: &["rawData", "is_critical"],
            made: |cells, row, out| cells.json("is_critical", row, out),
        },
        PartSpec {
            column: "NodeProperties",
            path: &["rawData", "criticalityLevel"],
            made: criticality,
        },
    ],
};

pub static EDGES: FileSpec = FileSpec {
    name: "ExposureGraphEdges",
    needs: &["src", "dst", "kind"],
    columns: &[
        column("EdgeId", Text, Made::Null, "Empty."),
        column("EdgeLabel", Text, Made::From("kind"), "The file's `kind`."),
        column("SourceNodeId", Text, Made::Numbered("", "src"), "The file's `src`."),
        column(
            "SourceNodeName",
            Text,
            Made::Null,
            "Empty: nodes are in a file of their own.",
        ),
        column(
            "SourceNodeLabel",
            Text,
            Made::Null,
            "Empty: nodes are in a file of their own.",
        ),
        column("SourceNodeCategories", Dynamic, Made::Null, "Null."),
        column("TargetNodeId", Text, Made::Numbered("", "dst"), "The file's `dst`."),
        column(
            "TargetNodeName",
            Text,
            Made::Null,
            "Empty: nodes are in a file of their own.",
        ),
        column(
            "TargetNodeLabel",
            Text,
            Made::Null,
            "Empty: nodes are in a file of their own.",
        ),
        column("TargetNodeCategories", Dynamic, Made::Null, "Null."),
        column(
            "EdgeProperties",
            Dynamic,
            Made::Json(raw_data),
            "`rawData` with all columns of the file.",
        ),
        column("Technique", Text, Made::From("kind"), "The file's `kind`."),
        column(
            "IsTraversable",
            Bool,
            Made::From("traversable"),
            "The file's `traversable`.",
        ),
        column("Cost", Int, Made::From("cost"), "The file's `cost`."),
        column("Sources", Dynamic, Made::Null, "Null."),
        column("FirstSeen", DateTime, Made::Null, "Null."),
        column("LastSeen", DateTime, Made::Null, "Null."),
    ],
    parts: &[],
};

pub static FINDINGS: FileSpec = FileSpec {
    name: "Findings",
    needs: &["device_id"],
    columns: &[
        column("FindingId", Text, Made::Null, "Empty: findings of a file have no id."),
        column(
            "NodeId",
            Text,
            Made::Numbered("", "device_id"),
            "The file's `device_id`.",
        ),
        column(
            "WeaknessId",
            Text,
            Made::Numbered("CVE-", "cve_id"),
            "The file's `cve_id`.",
        ),
        column("Locator", Text, Made::From("product"), "The file's `product`."),
        column("State", Text, Made::From("status"), "The file's `status`."),
        column("Severity", Text, Made::From("severity"), "The file's `severity`."),
        column("CvssScore", Real, Made::From("cvss"), "The file's `cvss`."),
        column("EpssScore", Real, Made::Null, "Null."),
        column("IsKev", Bool, Made::Null, "Null."),
        column(
            "FirstSeen",
            DateTime,
            Made::From("first_seen"),
            "The file's `first_seen`.",
        ),
        column("LastSeen", DateTime, Made::Null, "Null."),
        column("DueDate", DateTime, Made::Null, "Null."),
        column("Owner", Text, Made::Null, "Empty."),
        column("Properties", Dynamic, Made::Json(all), "All columns of the file."),
    ],
    parts: &[],
};

fn categories(cells: &Cells<'_>, row: usize, out: &mut String) {
    out.push('[');
    cells.json("kind", row, out);
    out.push(']');
}

fn entity_ids(cells: &Cells<'_>, row: usize, out: &mut String) {
    // Writing to a `String` cannot fail.
    let _ = write!(out, "[{{\"type\":\"id\",\"id\":\"");
    cells.json("id", row, out);
    out.push_str("\"}]");
}

/// A flag that is false is left out.
fn flag(cells: &Cells<'_>, column: &str, row: usize, out: &mut String) {
    if cells.is_true(column, row) {
        out.push_str("true");
    }
}

fn criticality(cells: &Cells<'_>, row: usize, out: &mut String) {
    let mut level = String::new();
    cells.json("criticality", row, &mut level);
    if !level.is_empty() {
        let _ = write!(out, "{{\"criticalityLevel\":{level}}}");
    }
}

fn all(cells: &Cells<'_>, row: usize, out: &mut String) {
    cells.object(row, "", out);
}

fn raw_data(cells: &Cells<'_>, row: usize, out: &mut String) {
    out.push_str("{\"rawData\":");
    cells.object(row, "", out);
    out.push('}');
}

fn properties(cells: &Cells<'_>, row: usize, out: &mut String) {
    let mut insights = String::new();
    for (name, column) in [
        ("exposedToInternet", "internet_exposed"),
        ("vulnerableToRCE", "rce_vuln"),
    ] {
        if cells.is_true(column, row) {
            let _ = write!(insights, "\"{name}\":true,");
        }
    }
    let mut level = String::new();
    criticality(cells, row, &mut level);
    if !level.is_empty() {
        let _ = write!(insights, "\"criticalityLevel\":{level},");
    }
    out.push_str("{\"rawData\":");
    cells.object(row, &insights, out);
    out.push('}');
}
