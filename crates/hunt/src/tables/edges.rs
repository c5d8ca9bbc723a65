//! `ExposureGraphEdges`: relations as files report them, steps that an attacker can take, and which CVE affects what.
//!
//! A step that is a reported relation and nothing else has one row, with what both say.

use std::collections::HashSet;

use postern_kql::Type::{Bool, DateTime, Dynamic, Int, String as Text};
use postern_model::schema::{ASSET_FINDINGS, ColumnSpec, ColumnType, REPORTED, STEPS, Schema};
use postern_model::{EdgeId, NodeId, NodeKind, Phase, RelationKind};

use super::estate::{Index, hex, json_list, push_json_text, route_ports};
use super::out::Slot;
use super::properties::Told;
use super::weaknesses::cves_of;
use super::{EstateTables, Out, TableSpec, column};
use crate::error::HuntError;

pub static TABLE: TableSpec = TableSpec {
    name: "ExposureGraphEdges",
    about: "Relations between nodes: as files report them, as steps of an attacker, and CVEs that affect assets.",
    phase: Phase::Resolve,
    is_filled: true,
    columns: &[
        column("EdgeId", Text, "Unique id of the edge."),
        column(
            "EdgeLabel",
            Text,
            "What the source is to the target: `member of`, `can authenticate as`, `affecting`, ...",
        ),
        column("SourceNodeId", Text, "Node that the edge leads from."),
        column("SourceNodeName", Text, "Its name."),
        column("SourceNodeLabel", Text, "Its label."),
        column("SourceNodeCategories", Dynamic, "Its categories."),
        column("TargetNodeId", Text, "Node that the edge leads to."),
        column("TargetNodeName", Text, "Its name."),
        column("TargetNodeLabel", Text, "Its label."),
        column("TargetNodeCategories", Dynamic, "Its categories."),
        column("EdgeProperties", Dynamic, "Properties, under `rawData`."),
        column(
            "Technique",
            Text,
            "The fine kind: `GenericAll`, `HasSession`, `ADCSESC1`, ...; empty for `affecting`.",
        ),
        column(
            "IsTraversable",
            Bool,
            "Whether an attacker who holds the source can take it.",
        ),
        column(
            "Cost",
            Int,
            "Of a step: 0 certain, 1 very likely, 2 likely, 4 possible, 7 hard, 11 theoretical.",
        ),
        column(
            "Sources",
            Dynamic,
            "Ids of the files that report it; see the table `Sources`.",
        ),
        column(
            "FirstSeen",
            DateTime,
            "When a source first saw it; null for what is derived.",
        ),
        column(
            "LastSeen",
            DateTime,
            "When a source last saw it; null for what is derived.",
        ),
    ],
    shreds: &[],
    rows,
};

const fn part(name: &'static str, kind: ColumnType) -> ColumnSpec {
    ColumnSpec {
        name,
        kind,
        in_digest: true,
        is_added: false,
    }
}

/// Steps without their reasons, which are most of their bytes.
static STEPS_ONLY: Schema = Schema {
    name: STEPS.name,
    phase: STEPS.phase,
    columns: &[
        part("id", ColumnType::Id),
        part("source", ColumnType::Id),
        part("target", ColumnType::Id),
        part("technique", ColumnType::Text),
        part("label", ColumnType::Text),
        part("cost", ColumnType::Long),
        part("is_assumed", ColumnType::Bool),
    ],
};

struct Slots {
    id: Slot,
    label: Slot,
    source: End,
    target: End,
    properties: Slot,
    technique: Slot,
    traversable: Slot,
    cost: Slot,
    sources: Slot,
    first_seen: Slot,
    last_seen: Slot,
}

struct End {
    id: Slot,
    name: Slot,
    label: Slot,
    categories: Slot,
}

impl End {
    fn new([id, name, label, categories]: [Slot; 4]) -> Self {
        Self {
            id,
            name,
            label,
            categories,
        }
    }

    fn write(&self, index: &Index, id: u128, out: &mut Out<'_>) {
        if self.id.is_wanted() {
            out.text(self.id, hex(id).as_str());
        }
        if !(self.name.is_wanted() || self.label.is_wanted() || self.categories.is_wanted()) {
            return;
        }
        match index.place(id) {
            Some(place) => {
                out.text(self.name, index.name(place));
                out.text(self.label, index.label(place));
                out.text(self.categories, index.categories(place));
            }
            // An end that nobody names: a step of an older version's virtual vertex.
            None => {
                out.text(self.name, hex(id).as_str());
                out.text(self.label, "unknown");
                out.text(self.categories, "[]");
            }
        }
    }
}

fn rows(tables: &EstateTables, out: &mut Out<'_>) -> Result<(), HuntError> {
    let [
        id,
        label,
        properties,
        technique,
        traversable,
        cost,
        sources,
        first_seen,
        last_seen,
    ] = out.slots([
        "EdgeId",
        "EdgeLabel",
        "EdgeProperties",
        "Technique",
        "IsTraversable",
        "Cost",
        "Sources",
        "FirstSeen",
        "LastSeen",
    ]);
    let slots = Slots {
        id,
        label,
        source: End::new(out.slots([
            "SourceNodeId",
            "SourceNodeName",
            "SourceNodeLabel",
            "SourceNodeCategories",
        ])),
        target: End::new(out.slots([
            "TargetNodeId",
            "TargetNodeName",
            "TargetNodeLabel",
            "TargetNodeCategories",
        ])),
        properties,
        technique,
        traversable,
        cost,
        sources,
        first_seen,
        last_seen,
    };
    let index = tables.index()?;
    // Id and cost of each step, and whether its relation had its row.
    let mut steps: Vec<(u128, i32)> = Vec::new();
    tables.each_row(&STEPS_ONLY, |table, row| {
        let of = |name| table.schema.column(name);
        steps.push((table.id(row, of("id")), cost_of(table.long(row, of("cost")))));
        Ok(())
    })?;
    steps.sort_unstable();
    let mut is_told = vec![false; steps.len()];
    reported(tables, index, &slots, &steps, &mut is_told, out)?;
    derived(tables, index, &slots, &steps, &is_told, out)?;
    affecting(tables, index, &slots, out)
}

fn cost_of(cost: Option<i64>) -> i32 {
    cost.and_then(|it| i32::try_from(it).ok()).unwrap_or(i32::MAX)
}

fn reported(
    tables: &EstateTables,
    index: &Index,
    slots: &Slots,
    steps: &[(u128, i32)],
    is_told: &mut [bool],
    out: &mut Out<'_>,
) -> Result<(), HuntError> {
    tables.each_row(&REPORTED, |table, row| {
        let of = |name| table.schema.column(name);
        let id = table.id(row, of("id"));
        let (source, target) = (table.id(row, of("source")), table.id(row, of("target")));
        let (kind, label) = (table.text(row, of("kind")), table.text(row, of("label")));
        let target_kind = index.place(target).and_then(|it| index.kind(it));
        let label = public_label(kind, label, target_kind);
        out.text(slots.id, hex(id).as_str());
        out.text(slots.label, label);
        slots.source.write(index, source, out);
        slots.target.write(index, target, out);
        out.text(slots.technique, kind);
        let step = steps.binary_search_by_key(&id, |&(id, _)| id).ok();
        out.bool(slots.traversable, step.is_some());
        if let Some(step) = step {
            is_told[step] = true;
            out.int(slots.cost, steps[step].1);
        }
        if slots.properties.is_wanted() {
            let text = table.text(row, of("properties"));
            let json = properties(kind, label, target_kind, text, &Told::of(text));
            out.text(slots.properties, &json);
        }
        let sources = table.text(row, of("sources"));
        out.text(slots.sources, if sources.is_empty() { "[]" } else { sources });
        out.time(slots.first_seen, table.long(row, of("first_seen")));
        out.time(slots.last_seen, table.long(row, of("last_seen")));
        out.end_row()
    })
}

fn derived(
    tables: &EstateTables,
    index: &Index,
    slots: &Slots,
    steps: &[(u128, i32)],
    is_told: &[bool],
    out: &mut Out<'_>,
) -> Result<(), HuntError> {
    tables.each_row(&STEPS_ONLY, |table, row| {
        let of = |name| table.schema.column(name);
        let id = table.id(row, of("id"));
        let step = steps.binary_search_by_key(&id, |&(id, _)| id).ok();
        if step.is_some_and(|it| is_told[it]) {
            return Ok(());
        }
        let (kind, label) = (table.text(row, of("technique")), table.text(row, of("label")));
        let target = table.id(row, of("target"));
        let target_kind = index.place(target).and_then(|it| index.kind(it));
        let label = public_label(kind, label, target_kind);
        out.text(slots.id, hex(id).as_str());
        out.text(slots.label, label);
        slots.source.write(index, table.id(row, of("source")), out);
        slots.target.write(index, target, out);
        out.text(slots.technique, kind);
        out.bool(slots.traversable, true);
        out.int(slots.cost, cost_of(table.long(row, of("cost"))));
        if slots.properties.is_wanted() {
            let told = match table.bool(row, of("is_assumed")) {
                Some(true) => r#"{"isDerived":true,"isAssumed":true}"#,
                _ => r#"{"isDerived":true}"#,
            };
            let json = properties(kind, label, target_kind, told, &Told::of(told));
            out.text(slots.properties, &json);
        }
        out.text(slots.sources, "[]");
        out.end_row()
    })
}

/// One edge for each CVE and asset, however many findings say so.
fn affecting(tables: &EstateTables, index: &Index, slots: &Slots, out: &mut Out<'_>) -> Result<(), HuntError> {
    let mut told = HashSet::new();
    tables.each_row(&ASSET_FINDINGS, |table, row| {
        let of = |name| table.schema.column(name);
        let node = table.id(row, of("node"));
        for cve in cves_of(table.text(row, of("cves"))) {
            let source = NodeId::of(&cve);
            let id = EdgeId::of(source, NodeId(node), "affecting", "");
            if !told.insert(id.0) {
                continue;
            }
            out.text(slots.id, hex(id.0).as_str());
            out.text(slots.label, "affecting");
            slots.source.write(index, source.0, out);
            slots.target.write(index, node, out);
            out.bool(slots.traversable, false);
            if slots.properties.is_wanted() {
                let weakness = table.text(row, of("weakness"));
                out.text(slots.properties, &report(weakness));
            }
            let sources = table.text(row, of("sources"));
            out.text(slots.sources, if sources.is_empty() { "[]" } else { sources });
            out.time(slots.first_seen, table.long(row, of("first_seen")));
            out.time(slots.last_seen, table.long(row, of("last_seen")));
            out.end_row()?;
        }
        Ok(())
    })
}

/// Who reports a weakness (`nessus:65821`), under the names that the public tables have for scanners.
fn report(weakness: &str) -> String {
    let (scanner, check) = weakness.split_once(':').unwrap_or(("", weakness));
    let by = if scanner == "nessus" { "tenable" } else { scanner };
    let mut json = String::from("{\"rawData\":{\"reportInfo\":{\"reportedBy\":");
    push_json_text(&mut json, by);
    json.push_str(",\"weaknessId\":");
    push_json_text(&mut json, weakness);
    json.push('}');
    if by == "tenable" {
        json.push_str(",\"tenableReportInfo\":{\"pluginId\":");
        push_json_text(&mut json, check);
        json.push('}');
    }
    json.push_str("}}");
    json
}

/// A role or right over an Azure resource is a permission in the public vocabulary; over a directory it is a role.
fn public_label<'l>(kind: &str, label: &'l str, target: Option<NodeKind>) -> &'l str {
    use NodeKind::*;
    let is_resource = matches!(
        target,
        Some(
            AzManagementGroup
                | AzSubscription
                | AzResourceGroup
                | AzVm
                | AzVmScaleSet
                | AzKeyVault
                | AzFunctionApp
                | AzWebApp
                | AzLogicApp
                | AzAutomationAccount
                | AzContainerRegistry
                | AzManagedCluster
                | AzStorageAccount
                | AzStorageContainer
        )
    );
    match label {
        "has role on" if is_resource && kind.starts_with("AZ") => "has permissions to",
        label => label,
    }
}

/// Properties with public names first, then what the file tells.
fn properties(kind: &str, label: &str, target: Option<NodeKind>, text: &str, told: &Told<'_>) -> String {
    let mut own: Vec<(&str, String)> = Vec::new();
    match label {
        "has role on" if !kind.starts_with("AZ") => {
            own.push((
                "acl",
                format!("{{\"controlTypes\":{}}}", json_list(&[lower_camel(kind)])),
            ));
        }
        "has role on" | "has permissions to" => {
            let name = kind.strip_prefix("AZ").unwrap_or(kind);
            let mut role = String::from("{\"roles\":[{\"name\":");
            push_json_text(&mut role, name);
            role.push_str("}]}");
            own.push(("permissions", role));
        }
        _ => {}
    }
    if kind == RelationKind::AdminTo.as_str() && target.is_some_and(NodeKind::is_device) {
        own.push(("userRightsOnDevice", "{\"isLocalAdmin\":true}".to_owned()));
    }
    if kind == RelationKind::RoutesTrafficTo.as_str() {
        let ports: Vec<String> = route_ports(text).specs();
        own.push((
            "networkReachability",
            format!("{{\"routeRules\":[{{\"portRanges\":{}}}]}}", json_list(&ports)),
        ));
    }
    let mut json = String::from("{\"rawData\":{");
    let own_members = own.iter().map(|(name, value)| (*name, value.as_str()));
    let others = told.members().filter(|(name, _)| own.iter().all(|(it, _)| it != name));
    for (at, (name, value)) in own_members.chain(others).enumerate() {
        if at > 0 {
            json.push(',');
        }
        push_json_text(&mut json, name);
        json.push(':');
        json.push_str(value);
    }
    json.push_str("}}");
    json
}

/// `GenericAll` as `genericAll`.
fn lower_camel(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(|it| it.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_right_over_an_azure_resource_is_a_permission() {
        let of = |target| public_label("AZOwner", "has role on", Some(target));
        assert_eq!(of(NodeKind::AzKeyVault), "has permissions to");
        assert_eq!(of(NodeKind::AzGroup), "has role on");
    }

    #[test]
    fn scanners_have_their_public_names() {
        let tenable = report("nessus:7");
        assert!(tenable.contains(r#""reportedBy":"tenable""#), "{tenable}");
        assert!(tenable.contains(r#""tenableReportInfo":{"pluginId":"7"}"#), "{tenable}");
        assert_eq!(
            report("7"),
            r#"{"rawData":{"reportInfo":{"reportedBy":"","weaknessId":"7"}}}"#
        );
    }

    #[test]
    fn rights_over_directory_objects_are_control_types_and_those_of_azure_roles() {
        let of = |kind, label| properties(kind, label, None, "", &Told::default());
        assert_eq!(
            of("GenericAll", "has role on"),
            r#"{"rawData":{"acl":{"controlTypes":["genericAll"]}}}"#
        );
        assert_eq!(
            of("AZContributor", "has permissions to"),
            r#"{"rawData":{"permissions":{"roles":[{"name":"Contributor"}]}}}"#
        );
        assert_eq!(of("MemberOf", "member of"), r#"{"rawData":{}}"#);
    }
}
