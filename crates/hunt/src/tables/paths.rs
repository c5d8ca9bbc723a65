//! `AttackPaths`, `EntryPoints`, `ChokePoints` and `Events`: what the analysis of a generation found.

use std::collections::HashMap;

use postern_kql::Type::{Bool, DateTime, Dynamic, Int, Long, Real, String as Text};
use postern_model::Phase;
use postern_model::schema::{CHOKE_POINTS as STORED_CHOKE_POINTS, ENTRIES, PATH_EVENTS, PATHS, STEPS, TARGETS};

use super::estate::hex;
use super::{EstateTables, Out, TableSpec, column};
use crate::error::HuntError;

pub static ATTACK_PATHS: TableSpec = TableSpec {
    name: "AttackPaths",
    about: "Pairs of an entry point and a target with a route between them, each with its cheapest route.",
    phase: Phase::Paths,
    is_filled: true,
    columns: &[
        column("EntryId", Text, "Where the attacker begins; see `EntryPoints`."),
        column("TargetId", Text, "What is lost: an asset, or a control plane."),
        column("Cost", Int, "Of the cheapest route: the sum of the costs of its steps."),
        column("Hops", Int, "Steps of the cheapest route."),
        column("Risk", Text, "`critical`, `high`, `medium` or `low`."),
        column(
            "Status",
            Text,
            "`new`, `active` or `reopened`, against the generation before.",
        ),
        column("ScenarioId", Text, "Paths of one shape share it."),
        column("PathId", Text, "Unique id of the path."),
        column("EntryName", Text, "Name of the entry point."),
        column("TargetName", Text, "Name of the target."),
        column(
            "Route",
            Dynamic,
            "Array of the ids of the steps in order; see `EdgeId` of `ExposureGraphEdges`.",
        ),
    ],
    shreds: &[],
    rows: attack_paths,
};

pub static ENTRY_POINTS: TableSpec = TableSpec {
    name: "EntryPoints",
    about: "Where an attacker can begin.",
    phase: Phase::Entries,
    is_filled: true,
    columns: &[
        column(
            "EntryId",
            Text,
            "Id of the asset, or of a virtual one that stands for many; a `NodeId`.",
        ),
        column("Name", Text, "What people call it."),
        column(
            "Class",
            Text,
            "Which rule says so: `internet-exposed`, `kerberoastable`, ...",
        ),
        column("Basis", Text, "`observed`, `inferred` or `assumed`."),
        column(
            "Grade",
            Text,
            "How likely an attacker gets this far: from `certain` to `theoretical`.",
        ),
        column(
            "Foothold",
            Text,
            "What is held there: `user`, `admin`, or `none` where it makes no difference.",
        ),
        column("Reason", Text, "Why it is one, in words."),
        column("OriginalId", Text, "SID, object id, or `entry:users:<domain SID>`."),
    ],
    shreds: &[],
    rows: entry_points,
};

pub static CHOKE_POINTS: TableSpec = TableSpec {
    name: "ChokePoints",
    about: "Assets and steps that all routes of some entry point or to some target pass through.",
    phase: Phase::Paths,
    is_filled: true,
    columns: &[
        column("ElementId", Text, "An asset (`NodeId`) or a step (`EdgeId`)."),
        column(
            "TargetsSevered",
            Long,
            "Targets that cannot be reached any more without it.",
        ),
        column("PairsCut", Long, "Null: not stored yet."),
        column(
            "PairsCarried",
            Real,
            "Attack paths whose cheapest route passes through it.",
        ),
        column("IsExact", Bool, "Whether the numbers are exact, which they are."),
        column("ElementKind", Text, "`asset` or `step`."),
        column(
            "ElementName",
            Text,
            "Name of the asset; of a step its ends and technique.",
        ),
        column(
            "EntriesSevered",
            Long,
            "Entry points that lead nowhere any more without it.",
        ),
    ],
    shreds: &[],
    rows: choke_points,
};

pub static EVENTS: TableSpec = TableSpec {
    name: "Events",
    about: "What changed between the generation before and this one.",
    phase: Phase::Compare,
    is_filled: true,
    columns: &[
        column(
            "Timestamp",
            DateTime,
            "The clock of the generation that saw the change.",
        ),
        column(
            "EventType",
            Text,
            "`AttackPathNew`, `AttackPathReopened`, `AttackPathResolved` or `AttackPathUnconfirmed`.",
        ),
        column("SubjectId", Text, "What changed: a `PathId`."),
        column("EntryId", Text, "Where the path begins."),
        column("EntryName", Text, "Its name."),
        column("TargetId", Text, "Where the path ends."),
        column("TargetName", Text, "Its name."),
        column("Reason", Text, "Why, in words; empty where there is nothing to say."),
    ],
    shreds: &[],
    rows: events,
};

/// Names of entry points, targets and assets by id.
struct Names<'a> {
    tables: &'a EstateTables,
    /// Targets may be control planes, and entry points virtual: neither need be a node.
    others: HashMap<u128, String>,
}

impl<'a> Names<'a> {
    fn new(tables: &'a EstateTables) -> Result<Self, HuntError> {
        let mut others = HashMap::new();
        for schema in [&ENTRIES, &TARGETS] {
            tables.each_row(schema, |table, row| {
                let id = table.id(row, table.schema.column("id"));
                others.insert(id, table.text(row, table.schema.column("name")).to_owned());
                Ok(())
            })?;
        }
        Ok(Self { tables, others })
    }

    fn of(&self, id: u128) -> Result<&str, HuntError> {
        if let Some(name) = self.others.get(&id) {
            return Ok(name);
        }
        let index = self.tables.index()?;
        Ok(index.place(id).map_or("", |place| index.name(place)))
    }
}

fn attack_paths(tables: &EstateTables, out: &mut Out<'_>) -> Result<(), HuntError> {
    let [entry, target, cost, hops, risk, status, scenario] =
        out.slots(["EntryId", "TargetId", "Cost", "Hops", "Risk", "Status", "ScenarioId"]);
    let [path, entry_name, target_name, route] = out.slots(["PathId", "EntryName", "TargetName", "Route"]);
    let names = Names::new(tables)?;
    let mut known = HashMap::new();
    tables.each_row(&PATH_EVENTS, |table, row| {
        let of = |name| table.schema.column(name);
        known.insert(table.id(row, of("path")), table.text(row, of("status")).to_owned());
        Ok(())
    })?;
    tables.each_row(&PATHS, |table, row| {
        let of = |name| table.schema.column(name);
        let id = |name| table.id(row, of(name));
        let whole = |name| table.long(row, of(name)).and_then(|it| i32::try_from(it).ok());
        out.text(entry, hex(id("entry")).as_str());
        out.text(target, hex(id("target")).as_str());
        if let Some(value) = whole("cost") {
            out.int(cost, value);
        }
        if let Some(value) = whole("hops") {
            out.int(hops, value);
        }
        out.text(risk, table.text(row, of("risk")));
        out.text(status, known.get(&id("id")).map_or("", String::as_str));
        out.text(scenario, hex(id("scenario")).as_str());
        out.text(path, hex(id("id")).as_str());
        out.text(entry_name, names.of(id("entry"))?);
        out.text(target_name, names.of(id("target"))?);
        out.text(route, table.text(row, of("route")));
        out.end_row()
    })
}

fn entry_points(tables: &EstateTables, out: &mut Out<'_>) -> Result<(), HuntError> {
    let [id, name, class, basis, grade, foothold, reason, original] = out.slots([
        "EntryId",
        "Name",
        "Class",
        "Basis",
        "Grade",
        "Foothold",
        "Reason",
        "OriginalId",
    ]);
    tables.each_row(&ENTRIES, |table, row| {
        let of = |name| table.schema.column(name);
        let text = |name| table.text(row, of(name));
        out.text(id, hex(table.id(row, of("id"))).as_str());
        out.text(name, text("name"));
        out.text(class, text("class"));
        out.text(basis, text("basis"));
        out.text(grade, text("grade"));
        out.text(foothold, text("foothold"));
        out.text(reason, text("reason"));
        out.text(original, text("key"));
        out.end_row()
    })
}

fn choke_points(tables: &EstateTables, out: &mut Out<'_>) -> Result<(), HuntError> {
    let [element, severed, carried, exact, kind, name, entries] = out.slots([
        "ElementId",
        "TargetsSevered",
        "PairsCarried",
        "IsExact",
        "ElementKind",
        "ElementName",
        "EntriesSevered",
    ]);
    let names = Names::new(tables)?;
    let mut step_names: HashMap<u128, String> = HashMap::new();
    if name.is_wanted() {
        tables.each_row(&STORED_CHOKE_POINTS, |table, row| {
            let of = |name| table.schema.column(name);
            if table.text(row, of("element_kind")) == STEP {
                step_names.insert(table.id(row, of("element")), String::new());
            }
            Ok(())
        })?;
        tables.each_row(&STEPS, |table, row| {
            let of = |name| table.schema.column(name);
            if let Some(text) = step_names.get_mut(&table.id(row, of("id"))) {
                let end = |name| names.of(table.id(row, of(name)));
                let technique = table.text(row, of("technique"));
                *text = format!("{} -[{technique}]-> {}", end("source")?, end("target")?);
            }
            Ok(())
        })?;
    }
    tables.each_row(&STORED_CHOKE_POINTS, |table, row| {
        let of = |name| table.schema.column(name);
        let id = table.id(row, of("element"));
        let whole = |name| table.long(row, of(name)).unwrap_or(0);
        out.text(element, hex(id).as_str());
        out.long(severed, whole("targets_severed"));
        out.real(carried, whole("paths_through") as f64);
        out.bool(exact, true);
        out.text(kind, table.text(row, of("element_kind")));
        match step_names.get(&id) {
            Some(text) => out.text(name, text),
            None => out.text(name, names.of(id)?),
        }
        out.long(entries, whole("entries_severed"));
        out.end_row()
    })
}

/// The kind of a choke point that is a step.
const STEP: &str = "step";

fn events(tables: &EstateTables, out: &mut Out<'_>) -> Result<(), HuntError> {
    let [time, kind, subject, entry, entry_name, target, target_name, reason] = out.slots([
        "Timestamp",
        "EventType",
        "SubjectId",
        "EntryId",
        "EntryName",
        "TargetId",
        "TargetName",
        "Reason",
    ]);
    let names = Names::new(tables)?;
    let at = tables.evaluated_at();
    tables.each_row(&PATH_EVENTS, |table, row| {
        let of = |name| table.schema.column(name);
        // What goes on as before is no event.
        let event = match table.text(row, of("status")) {
            "new" => "AttackPathNew",
            "reopened" => "AttackPathReopened",
            "resolved" => "AttackPathResolved",
            "unconfirmed" => "AttackPathUnconfirmed",
            _ => return Ok(()),
        };
        let (from, to) = (table.id(row, of("entry")), table.id(row, of("target")));
        out.time(time, Some(at));
        out.text(kind, event);
        out.text(subject, hex(table.id(row, of("path"))).as_str());
        out.text(entry, hex(from).as_str());
        out.text(entry_name, names.of(from)?);
        out.text(target, hex(to).as_str());
        out.text(target_name, names.of(to)?);
        out.text(reason, table.text(row, of("reason")));
        out.end_row()
    })
}
