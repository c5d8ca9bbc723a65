//! To and from the stored tables, so that a question is answered from what is stored and nothing is derived twice.
//!
//! Rows are written sorted by id. What is read back equals what was written; start at [`read_derived`] for steps and
//! gaps together with the virtual vertices, which are not stored but found again.

use std::collections::HashSet;

use postern_catalog::{Basis, Foothold, TargetClass};
use postern_model::estate::Estate;
use postern_model::schema::{CHOKE_POINTS, ENTRIES, EXPOSED_CRITICAL, GAPS, PATHS, SCENARIOS, STEPS, Schema, TARGETS};
use postern_model::{Criticality, EdgeId, Grade, NodeId, RelationKind, Risk, Table, Value};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::choke::{ChokePoint, ElementKind};
use crate::derived::{Derived, Step};
use crate::entry::Entry;
use crate::error::AttackError;
use crate::fact::{Derivation, Fact};
use crate::gap::Gap;
use crate::paths::{ExposedCritical, Path, Scenario};
use crate::target::Target;
use crate::techniques::virtual_vertices;

/// Puts steps, as [`read_steps`] has read them, together with gaps, and finds the virtual vertices of the steps in the
/// estate that they were derived from.
///
/// # Errors
/// [`AttackError::Table`] for a row that this version doesn't understand.
pub fn read_derived(estate: &Estate, mut steps: Vec<Step>, gaps: &Table) -> Result<Derived, AttackError> {
    // They are written so, and then this takes no time.
    steps.sort_by_key(|step| step.id);
    steps.shrink_to_fit();
    let mut virtuals = virtual_vertices(estate);
    let known: HashSet<_> = virtuals.iter().map(|it| it.id).collect();
    let ends = steps.iter().flat_map(|step| [step.source, step.target]);
    let touched: HashSet<_> = ends.filter(|it| known.contains(it)).collect();
    virtuals.retain(|it| touched.contains(&it.id));
    Ok(Derived {
        steps,
        gaps: read_gaps(gaps)?,
        virtuals,
    })
}

/// Writes rows of `STEPS`.
pub fn write_steps(steps: &[Step]) -> Table {
    let mut table = Table::new(&STEPS);
    for step in sorted(steps, |step| step.id) {
        let derivations = match step.is_relation_itself() {
            true => String::new(),
            false => json(&step.derivations()),
        };
        table.push(&[
            Value::Id(step.id.0),
            Value::Id(step.source.0),
            Value::Id(step.target.0),
            Value::Text(step.technique.as_str()),
            Value::Text(step.label()),
            Value::Text(step.needs.as_str()),
            Value::Text(step.gives.as_str()),
            long(step.cost),
            Value::Bool(step.is_assumed),
            Value::Text(&derivations),
        ]);
    }
    table
}

/// Adds steps from rows of `STEPS`, or of a part of that table.
///
/// # Errors
/// [`AttackError::Table`] for a row that this version doesn't understand.
pub fn read_steps(table: &Table, steps: &mut Vec<Step>) -> Result<(), AttackError> {
    check(table, &STEPS)?;
    steps.reserve(table.rows());
    let [id, source, target, technique, needs, gives, cost, derivations] = [
        "id",
        "source",
        "target",
        "technique",
        "source_foothold",
        "target_foothold",
        "cost",
        "derivations",
    ]
    .map(|name| STEPS.column(name));
    for number in 0..table.rows() {
        let row = Row { table, number };
        let foothold = |column: usize| row.parsed_at(column, Foothold::parse);
        let mut step = Step::new(
            EdgeId(table.id(number, id)),
            NodeId(table.id(number, source)),
            NodeId(table.id(number, target)),
            row.parsed_at(technique, RelationKind::of)?,
            (foothold(needs)?, foothold(gives)?),
            row.number_at(cost)?,
        );
        let text = table.text(number, derivations);
        if !text.is_empty() {
            step.rest_on(serde_json::from_str(text).map_err(|cause| row.not_json(derivations, &cause))?);
        }
        steps.push(step);
    }
    Ok(())
}

/// The facts that a stored step rests on, out of its id and its column `derivations`.
///
/// # Errors
/// When they are no derivations.
pub fn facts_of(step: EdgeId, derivations: &str) -> serde_json::Result<Vec<Fact>> {
    if derivations.is_empty() {
        return Ok(vec![Fact::Relation { id: step }]);
    }
    let derivations: Vec<Derivation> = serde_json::from_str(derivations)?;
    Ok(derivations.into_iter().flat_map(|it| it.facts).collect())
}

/// Writes rows of `GAPS`.
pub fn write_gaps(gaps: &[Gap]) -> Table {
    let mut table = Table::new(&GAPS);
    for gap in sorted(gaps, |gap| (*gap).clone()) {
        table.push(&[
            Value::Text(gap.technique.as_str()),
            Value::Text(&gap.boundary),
            Value::Text(&gap.input),
            count(gap.answered),
            count(gap.total),
            Value::Text(&gap.reason),
        ]);
    }
    table
}

/// Reads rows of `GAPS`, sorted.
///
/// # Errors
/// As [`read_steps`].
pub fn read_gaps(table: &Table) -> Result<Vec<Gap>, AttackError> {
    let mut gaps = read_rows(table, &GAPS, |row| {
        Ok(Gap {
            technique: row.parsed("technique", RelationKind::of)?,
            boundary: row.text("boundary").to_owned(),
            input: row.text("input").to_owned(),
            answered: row.number("answered")?,
            total: row.number("total")?,
            reason: row.text("reason").to_owned(),
        })
    })?;
    gaps.sort();
    Ok(gaps)
}

/// Writes rows of `ENTRIES`.
pub fn write_entries(entries: &[Entry]) -> Table {
    let mut table = Table::new(&ENTRIES);
    for entry in sorted(entries, |entry| entry.id) {
        table.push(&[
            Value::Id(entry.id.0),
            Value::Text(&entry.key),
            Value::Text(&entry.name),
            Value::Text(&entry.class),
            Value::Text(entry.basis.as_str()),
            Value::Text(entry.grade.as_str()),
            Value::Text(entry.foothold.as_str()),
            Value::Text(&entry.reason),
        ]);
    }
    table
}

/// Reads rows of `ENTRIES`, sorted by id.
///
/// # Errors
/// As [`read_steps`].
pub fn read_entries(table: &Table) -> Result<Vec<Entry>, AttackError> {
    let basis = |text: &str| {
        let all = [Basis::Observed, Basis::Inferred, Basis::Assumed];
        all.into_iter().find(|it| it.as_str() == text)
    };
    let grade = |text: &str| Grade::ALL.into_iter().find(|it| it.as_str() == text);
    let mut entries = read_rows(table, &ENTRIES, |row| {
        Ok(Entry {
            id: NodeId(row.id("id")),
            key: row.text("key").to_owned(),
            name: row.text("name").to_owned(),
            class: row.text("class").to_owned(),
            basis: row.parsed("basis", basis)?,
            grade: row.parsed("grade", grade)?,
            foothold: row.parsed("foothold", Foothold::parse)?,
            reason: row.text("reason").to_owned(),
        })
    })?;
    entries.sort_by_key(|entry| entry.id);
    Ok(entries)
}

/// Writes rows of `TARGETS`.
pub fn write_targets(targets: &[Target]) -> Table {
    let mut table = Table::new(&TARGETS);
    for target in sorted(targets, |target| target.id) {
        let members: Vec<_> = target.members.iter().map(NodeId::to_string).collect();
        let criticality = target
            .criticality
            .map_or(Value::Null, |it| Value::Long(i64::from(it.level())));
        table.push(&[
            Value::Id(target.id.0),
            Value::Text(&target.key),
            Value::Text(&target.name),
            Value::Text(target.class.as_str()),
            criticality,
            Value::Text(&json(&members)),
            Value::Text(&target.reason),
        ]);
    }
    table
}

/// Reads rows of `TARGETS`, sorted by id.
///
/// # Errors
/// As [`read_steps`].
pub fn read_targets(table: &Table) -> Result<Vec<Target>, AttackError> {
    let level = |level: Option<i64>| level.and_then(|it| Criticality::of_level(i32::try_from(it).ok()?));
    let mut targets = read_rows(table, &TARGETS, |row| {
        Ok(Target {
            id: NodeId(row.id("id")),
            key: row.text("key").to_owned(),
            name: row.text("name").to_owned(),
            class: row.parsed("class", target_class)?,
            criticality: level(row.long("criticality")),
            members: row.ids("members")?.into_iter().map(NodeId).collect(),
            reason: row.text("reason").to_owned(),
        })
    })?;
    targets.sort_by_key(|target| target.id);
    Ok(targets)
}

/// Writes rows of `PATHS`.
pub fn write_paths(paths: &[Path]) -> Table {
    let mut table = Table::new(&PATHS);
    for path in sorted(paths, |path| path.id) {
        let route: Vec<_> = path.route.iter().map(EdgeId::to_string).collect();
        table.push(&[
            Value::Id(path.id.0),
            Value::Id(path.entry.0),
            Value::Id(path.target.0),
            long(path.cost),
            long(path.hops),
            Value::Text(path.risk.as_str()),
            Value::Id(path.scenario.0),
            Value::Text(&json(&route)),
        ]);
    }
    table
}

/// Reads rows of `PATHS`, in the order in which they are shown.
///
/// # Errors
/// As [`read_steps`].
pub fn read_paths(table: &Table) -> Result<Vec<Path>, AttackError> {
    let mut paths = read_rows(table, &PATHS, |row| {
        Ok(Path {
            id: EdgeId(row.id("id")),
            entry: NodeId(row.id("entry")),
            target: NodeId(row.id("target")),
            cost: row.number("cost")?,
            hops: row.number("hops")?,
            risk: row.parsed("risk", Risk::parse)?,
            scenario: EdgeId(row.id("scenario")),
            route: row.ids("route")?.into_iter().map(EdgeId).collect(),
        })
    })?;
    paths.sort_by_key(Path::rank);
    Ok(paths)
}

/// Writes rows of `SCENARIOS`.
pub fn write_scenarios(scenarios: &[Scenario]) -> Table {
    let mut table = Table::new(&SCENARIOS);
    for scenario in sorted(scenarios, |scenario| scenario.id) {
        table.push(&[
            Value::Id(scenario.id.0),
            Value::Text(&scenario.entry_class),
            Value::Text(&json(&scenario.techniques)),
            Value::Text(scenario.target_class.as_str()),
            long(scenario.paths),
            long(scenario.entries),
            long(scenario.targets),
            Value::Text(scenario.risk.as_str()),
            long(scenario.cost),
        ]);
    }
    table
}

/// Reads rows of `SCENARIOS`, in the order in which they are shown.
///
/// # Errors
/// As [`read_steps`].
pub fn read_scenarios(table: &Table) -> Result<Vec<Scenario>, AttackError> {
    let mut scenarios = read_rows(table, &SCENARIOS, |row| {
        Ok(Scenario {
            id: EdgeId(row.id("id")),
            entry_class: row.text("entry_class").to_owned(),
            techniques: row.json("techniques")?,
            target_class: row.parsed("target_class", target_class)?,
            paths: row.number("paths")?,
            entries: row.number("entries")?,
            targets: row.number("targets")?,
            risk: row.parsed("risk", Risk::parse)?,
            cost: row.number("cost")?,
        })
    })?;
    scenarios.sort_by_key(Scenario::rank);
    Ok(scenarios)
}

/// Writes rows of `CHOKE_POINTS`.
pub fn write_choke_points(points: &[ChokePoint]) -> Table {
    let mut table = Table::new(&CHOKE_POINTS);
    for point in sorted(points, |point| (point.element, point.kind)) {
        table.push(&[
            Value::Id(point.element),
            Value::Text(point.kind.as_str()),
            long(point.targets_severed),
            long(point.entries_severed),
            long(point.paths_through),
        ]);
    }
    table
}

/// Reads rows of `CHOKE_POINTS`, in the order in which they are shown.
///
/// # Errors
/// As [`read_steps`].
pub fn read_choke_points(table: &Table) -> Result<Vec<ChokePoint>, AttackError> {
    let mut points = read_rows(table, &CHOKE_POINTS, |row| {
        Ok(ChokePoint {
            element: row.id("element"),
            kind: row.parsed("element_kind", ElementKind::parse)?,
            targets_severed: row.number("targets_severed")?,
            entries_severed: row.number("entries_severed")?,
            paths_through: row.number("paths_through")?,
        })
    })?;
    points.sort_by_key(ChokePoint::rank);
    Ok(points)
}

/// Writes rows of `EXPOSED_CRITICAL`.
pub fn write_exposed_critical(exposed: &[ExposedCritical]) -> Table {
    let mut table = Table::new(&EXPOSED_CRITICAL);
    for pair in sorted(exposed, |pair| **pair) {
        table.push(&[Value::Id(pair.entry.0), Value::Id(pair.target.0)]);
    }
    table
}

/// Reads rows of `EXPOSED_CRITICAL`, sorted.
///
/// # Errors
/// As [`read_steps`].
pub fn read_exposed_critical(table: &Table) -> Result<Vec<ExposedCritical>, AttackError> {
    let mut exposed = read_rows(table, &EXPOSED_CRITICAL, |row| {
        Ok(ExposedCritical {
            entry: NodeId(row.id("entry")),
            target: NodeId(row.id("target")),
        })
    })?;
    exposed.sort_unstable();
    Ok(exposed)
}

fn sorted<T, K: Ord>(rows: &[T], key: impl Fn(&&T) -> K) -> Vec<&T> {
    let mut rows: Vec<_> = rows.iter().collect();
    rows.sort_by_key(key);
    rows
}

fn long(number: u32) -> Value<'static> {
    Value::Long(i64::from(number))
}

/// A count of things that were held in memory, so it is far below the limit.
fn count(number: u64) -> Value<'static> {
    Value::Long(i64::try_from(number).unwrap_or(i64::MAX))
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("texts and numbers are written as JSON without fail")
}

fn target_class(text: &str) -> Option<TargetClass> {
    TargetClass::ALL.into_iter().find(|it| it.as_str() == text)
}

/// One row of a table, read by column name.
struct Row<'t> {
    table: &'t Table,
    number: usize,
}

fn check(table: &Table, schema: &'static Schema) -> Result<(), AttackError> {
    if table.schema.name == schema.name {
        return Ok(());
    }
    Err(AttackError::Table {
        table: schema.name,
        row: 0,
        reason: format!("these are rows of {}", table.schema.name),
    })
}

fn read_rows<T>(
    table: &Table,
    schema: &'static Schema,
    read: impl Fn(&Row<'_>) -> Result<T, AttackError>,
) -> Result<Vec<T>, AttackError> {
    check(table, schema)?;
    (0..table.rows()).map(|number| read(&Row { table, number })).collect()
}

impl Row<'_> {
    fn column(&self, name: &str) -> usize {
        self.table.schema.column(name)
    }

    fn id(&self, name: &str) -> u128 {
        self.table.id(self.number, self.column(name))
    }

    fn text(&self, name: &str) -> &str {
        self.table.text(self.number, self.column(name))
    }

    fn long(&self, name: &str) -> Option<i64> {
        self.table.long(self.number, self.column(name))
    }

    fn number<N: TryFrom<i64>>(&self, name: &str) -> Result<N, AttackError> {
        self.number_at(self.column(name))
    }

    fn number_at<N: TryFrom<i64>>(&self, column: usize) -> Result<N, AttackError> {
        let number = self.table.long(self.number, column);
        number
            .and_then(|it| N::try_from(it).ok())
            .ok_or_else(|| self.refused_at(column, &format!("{number:?}")))
    }

    fn parsed<T>(&self, name: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T, AttackError> {
        self.parsed_at(self.column(name), parse)
    }

    fn parsed_at<T>(&self, column: usize, parse: impl Fn(&str) -> Option<T>) -> Result<T, AttackError> {
        let text = self.table.text(self.number, column);
        parse(text).ok_or_else(|| self.refused_at(column, text))
    }

    fn json<T: DeserializeOwned>(&self, name: &str) -> Result<T, AttackError> {
        serde_json::from_str(self.text(name)).map_err(|cause| self.not_json(self.column(name), &cause))
    }

    fn not_json(&self, column: usize, cause: &serde_json::Error) -> AttackError {
        let text = self.table.text(self.number, column);
        self.refused_at(column, &format!("{text} ({cause})"))
    }

    fn ids(&self, name: &str) -> Result<Vec<u128>, AttackError> {
        let texts: Vec<String> = self.json(name)?;
        texts
            .iter()
            .map(|text| u128::from_str_radix(text, 16).map_err(|_| self.refused(name, text)))
            .collect()
    }

    fn refused(&self, name: &str, value: &str) -> AttackError {
        self.refused_at(self.column(name), value)
    }

    fn refused_at(&self, column: usize, value: &str) -> AttackError {
        let schema = self.table.schema;
        AttackError::Table {
            table: schema.name,
            row: self.number,
            reason: format!("{} is {value}", schema.columns[column].name),
        }
    }
}
