//! Techniques that an administrator has described in the catalog's overlay, as patterns of facts or as queries.
//!
//! Start at [`derive`]. A match grows from one relation of the pattern to the next: each names an asset that is bound
//! already, so the work is that of following relations, never that of pairing what has nothing to do with each other.

use std::collections::BTreeMap;

use postern_catalog::{IsLeft, Pattern, PatternRelation, RuleTables, STEP_COLUMNS, Wanted};
use postern_model::estate::{NodeIndex, Relation};
use postern_model::{EdgeId, NodeId, Phase, RelationKind};
use serde_json::{Map, Value};

use super::Family;
use crate::derived::Steps;
use crate::fact::Fact;
use crate::gap::Gap;
use crate::view::View;

/// Matches of one pattern that are made into derivations. A pattern with more of them says too little.
pub const MATCHES_MAX: u64 = 1_000_000;

/// Its techniques are those of the catalog.
pub const FAMILY: Family = Family {
    name: postern_catalog::CUSTOM,
    techniques: &[],
    derive,
};

fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    by_query(view, steps);
    for technique in view.world.catalog.techniques.values() {
        if let Some(pattern) = &technique.derivation {
            let mut search = Search::new(view, technique.id, pattern);
            search.extend(steps, 0);
            if search.matches > MATCHES_MAX {
                steps.cut(Gap {
                    technique: technique.id,
                    boundary: String::new(),
                    input: "matches of the derivation".to_owned(),
                    answered: MATCHES_MAX,
                    total: search.matches,
                    reason: format!(
                        "the derivation is met in more than {MATCHES_MAX} ways; those beyond are left out: make it say \
                         more"
                    ),
                });
            }
        }
    }
}

/// One step for each row of a technique's query. An asset that nobody can log on with is the end of none.
fn by_query(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    let asset = |index: NodeIndex| !view.removal.assets.contains(&index);
    let relation = |id: EdgeId| !view.removal.edges.contains(&id);
    let is_left = IsLeft {
        asset: &asset,
        relation: &relation,
    };
    let mut tables = None;
    for technique in view.world.catalog.techniques.values() {
        let Some(query) = &technique.query else { continue };
        let tables = tables.get_or_insert_with(|| {
            RuleTables::new(view.world.estate, view.world.now)
                .with_criticality(&view.world.classification.criticality)
                .with_removal(is_left)
        });
        let rows = match tables.rows(query, Phase::Derive, &STEP_COLUMNS) {
            Ok(rows) => rows,
            Err(error) => {
                // The catalog has bound it, so it has hit a limit.
                steps.cut(Gap {
                    technique: technique.id,
                    boundary: String::new(),
                    input: "rows of the query".to_owned(),
                    answered: 0,
                    total: 1,
                    reason: format!("the query gave no answer: {error}"),
                });
                continue;
            }
        };
        for row in rows {
            let end = |at: usize| {
                let index = view.world.estate.by_id(NodeId(*row.get(at)?))?;
                let is_usable = !view.node(index).is_unusable_account(view.world.now);
                is_usable.then_some(index)
            };
            if let (Some(source), Some(target)) = (end(0), end(1)) {
                let names = [source, target].map(|index| &view.node(index).name);
                let text = format!(
                    "the query of {} selects {} and {}",
                    technique.id.as_str(),
                    names[0],
                    names[1]
                );
                steps.add(technique.id, source, target, vec![Fact::Query { text: text.into() }]);
            }
        }
    }
}

struct Search<'v, 'a> {
    view: &'v View<'a>,
    technique: RelationKind,
    pattern: &'v Pattern,
    /// For each kind of relation that has to be followed backwards: sorted by target.
    by_target: BTreeMap<RelationKind, Vec<&'a Relation>>,
    /// What each asset of the pattern stands for, as far as the match has come.
    bound: Vec<Option<NodeIndex>>,
    matched: Vec<&'a Relation>,
    matches: u64,
}

impl<'v, 'a> Search<'v, 'a> {
    fn new(view: &'v View<'a>, technique: RelationKind, pattern: &'v Pattern) -> Self {
        let mut by_target = BTreeMap::new();
        let mut named = Vec::new();
        for relation in &pattern.relations {
            if named.contains(&relation.to) && !named.contains(&relation.from) {
                by_target.entry(relation.kind).or_insert_with(|| {
                    let mut relations = view.relations(relation.kind).to_vec();
                    relations.sort_by_key(|it| (it.target, it.source));
                    relations
                });
            }
            named.extend([relation.from, relation.to]);
        }
        Self {
            view,
            technique,
            pattern,
            by_target,
            bound: vec![None; pattern.assets.len()],
            matched: Vec::new(),
            matches: 0,
        }
    }

    /// Extends the match by the relation at `depth` in every way there is.
    fn extend(&mut self, steps: &mut Steps<'_, '_>, depth: usize) {
        let Some(&wanted) = self.pattern.relations.get(depth) else {
            self.matches += 1;
            if self.matches <= MATCHES_MAX {
                self.add(steps);
            }
            return;
        };
        for relation in self.candidates(wanted) {
            let before = (self.bound[wanted.from], self.bound[wanted.to]);
            if self.bind(wanted.from, relation.source) && self.bind(wanted.to, relation.target) {
                self.matched.push(relation);
                self.extend(steps, depth + 1);
                self.matched.pop();
            }
            (self.bound[wanted.from], self.bound[wanted.to]) = before;
            if self.matches > MATCHES_MAX {
                return;
            }
        }
    }

    /// Relations of the wanted kind at an end that is bound; all of them where none is.
    fn candidates(&self, wanted: PatternRelation) -> Vec<&'a Relation> {
        let all = self.view.relations(wanted.kind);
        match (self.bound[wanted.from], self.bound[wanted.to]) {
            (Some(source), _) => {
                let start = all.partition_point(|it| it.source < source);
                let end = all.partition_point(|it| it.source <= source);
                all[start..end].to_vec()
            }
            (None, Some(target)) => {
                let all = self.by_target.get(&wanted.kind).map_or(&[][..], Vec::as_slice);
                let start = all.partition_point(|it| it.target < target);
                let end = all.partition_point(|it| it.target <= target);
                all[start..end].to_vec()
            }
            (None, None) => all.to_vec(),
        }
    }

    /// Lets an asset of the pattern stand for an asset of the estate, if it can.
    fn bind(&mut self, at: usize, asset: NodeIndex) -> bool {
        match self.bound[at] {
            Some(bound) => bound == asset,
            None => {
                let can = self.can_be(at, asset);
                if can {
                    self.bound[at] = Some(asset);
                }
                can
            }
        }
    }

    fn can_be(&self, at: usize, asset: NodeIndex) -> bool {
        let node = self.view.node(asset);
        if node.is_unusable_account(self.view.world.now) {
            return false;
        }
        let mut kinds = self.pattern.kinds.iter().filter(|it| it.of == at);
        if !kinds.all(|it| it.any_of.contains(&node.kind)) {
            return false;
        }
        let mut wanted = self.pattern.properties.iter().filter(|it| it.of == at).peekable();
        if wanted.peek().is_none() {
            return true;
        }
        let properties = properties(&node.properties);
        wanted.all(|it| properties.get(&it.name).is_some_and(|value| it.is.is_met_by(value)))
    }

    fn add(&self, steps: &mut Steps<'_, '_>) {
        let (Some(source), Some(target)) = (self.bound[0], self.bound[1]) else {
            return;
        };
        let mut facts: Vec<_> = self.matched.iter().map(|it| self.view.relation_fact(it)).collect();
        facts.extend(
            self.pattern
                .properties
                .iter()
                .filter_map(|it| self.property(it.of, &it.name, &it.is)),
        );
        steps.add(self.technique, source, target, facts);
    }

    fn property(&self, of: usize, name: &str, wanted: &Wanted) -> Option<Fact> {
        let node = self.view.node(self.bound[of]?);
        let value = match properties(&node.properties).get(name)? {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let text = match wanted {
            Wanted::Equal(_) => format!("has the property {name}: {value}"),
            Wanted::Containing(part) => format!("has the property {name} with {part} in it: {value}"),
        };
        Some(self.view.property_fact(node, name, &value, &text))
    }
}

/// Properties of an asset: a canonical JSON object with names in lower case.
fn properties(text: &str) -> Map<String, Value> {
    serde_json::from_str(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use postern_catalog::Catalog;
    use postern_model::NodeKind;

    use super::*;
    use crate::testing::{Sketch, step};
    use crate::{Derived, Removal, World, derive as derive_all};

    const TEXT: &str = "\
id: Restores_Backup
title: Restoring a backup elsewhere
family: custom
label: has permissions to
attack: [T1003.003]
explanation: '{source} can restore a backup of {target} and read its secrets.'
detection: Restores in the log of the backup server.
grade: likely
grade-reason: The console offers it.
needs: admin
gives: admin
inputs: []
remediations:
  - {id: split, title: Split the role, text: 'Let {source} only back up {target}.', cost: 3, owner: ops}
derivation:
  relations:
    - {from: server, kind: Backs_Up, to: target}
    - {from: operators, kind: Operates_Backup, to: server}
    - {from: source, kind: MemberOf, to: operators}
  kinds:
    - {of: server, any-of: [Computer]}
  properties:
    - {of: server, name: description, contains: veeam}
";

    /// Steps of the technique above over an estate.
    fn derived(sketch: &Sketch, text: &str) -> Derived {
        let overlay = tempfile::tempdir().expect("a folder");
        let folder = overlay.path().join("techniques/custom");
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join("Restores_Backup.yaml"), text).expect("a file");
        let catalog = Catalog::load(Some(overlay.path())).expect("a valid catalog");
        let built = sketch.build();
        let world = World {
            catalog: &catalog,
            ..built.world()
        };
        derive_all(&world, &Removal::default())
    }

    fn kind(name: &str) -> RelationKind {
        RelationKind::of(name).expect("a name")
    }

    fn backup() -> Sketch {
        let mut sketch = Sketch::domain();
        sketch
            .user("EVE")
            .computer("SQL")
            .node("BACKUP", NodeKind::Computer, |node| {
                node.properties = r#"{"description":"Veeam 12"}"#.to_owned();
            })
            .relate("BACKUP", kind("Backs_Up"), "SQL")
            .relate("EVE", RelationKind::MemberOf, "OPERATORS")
            .relate("OPERATORS", kind("Operates_Backup"), "BACKUP");
        sketch
    }

    #[test]
    fn a_pattern_that_is_met_is_a_step_with_its_facts() {
        let found = derived(&backup(), TEXT);
        let step = step(&found, "EVE", kind("Restores_Backup"), "SQL").expect("a step");
        let built = backup().build();
        let facts: Vec<_> = step.derivations()[0]
            .facts
            .iter()
            .map(|fact| fact.text(&built.estate))
            .collect();
        assert_eq!(
            facts,
            [
                "BACKUP has the relation Backs_Up to SQL",
                "OPERATORS has the relation Operates_Backup to BACKUP",
                "EVE is a member of OPERATORS",
                "BACKUP has the property description with veeam in it: Veeam 12",
            ]
        );
        assert_eq!(step.cost, postern_model::Grade::Likely.cost());
    }

    #[test]
    fn nothing_may_be_missing() {
        let has_step = |sketch: &Sketch| step(&derived(sketch, TEXT), "EVE", kind("Restores_Backup"), "SQL").is_some();
        assert!(has_step(&backup()));
        assert!(!has_step(&backup().without("BACKUP", kind("Backs_Up"), "SQL")));
        assert!(!has_step(&backup().without("EVE", RelationKind::MemberOf, "OPERATORS")));
        let mut other_product = backup();
        other_product.node("BACKUP", NodeKind::Computer, |node| node.properties = "{}".to_owned());
        assert!(!has_step(&other_product));
        let mut no_computer = backup();
        no_computer.node("BACKUP", NodeKind::Group, |_| {});
        assert!(!has_step(&no_computer));
        let mut disabled = backup();
        disabled.edit("BACKUP", |it| it.enabled = Some(false));
        assert!(!has_step(&disabled), "a server in the middle whose account is disabled");
    }

    /// The technique above by a query instead.
    fn by_query() -> String {
        let (head, _) = TEXT.split_once("derivation:").expect("the text has a derivation");
        format!(
            "{head}query: |\n  \
             let servers = ExposureGraphNodes\n  \
             | where NodeProperties.rawData.posternKind == 'Computer'\n  \
             | where tostring(NodeProperties.rawData.description) has 'veeam'\n  \
             | project NodeId;\n  \
             let operates = ExposureGraphEdges\n  \
             | where Technique == 'Operates_Backup' and TargetNodeId in (servers)\n  \
             | project group = SourceNodeId, server = TargetNodeId;\n  \
             let backed = ExposureGraphEdges\n  \
             | where Technique == 'Backs_Up'\n  \
             | project server = SourceNodeId, target = TargetNodeId;\n  \
             ExposureGraphEdges\n  \
             | where Technique == 'MemberOf'\n  \
             | project source = SourceNodeId, group = TargetNodeId\n  \
             | join kind=inner operates on group\n  \
             | join kind=inner backed on server\n  \
             | project source, target\n"
        )
    }

    #[test]
    fn a_row_of_a_query_is_a_step_that_names_it_and_what_nearly_is_one_is_none() {
        let text = by_query();
        let found = derived(&backup(), &text);
        let found = step(&found, "EVE", kind("Restores_Backup"), "SQL").expect("a step");
        let facts = &found.derivations()[0].facts;
        let told = facts[0].text(&backup().build().estate);
        assert_eq!(told, "the query of Restores_Backup selects EVE and SQL");

        let has_step = |sketch: &Sketch| step(&derived(sketch, &text), "EVE", kind("Restores_Backup"), "SQL").is_some();
        assert!(!has_step(&backup().without("EVE", RelationKind::MemberOf, "OPERATORS")));
        let mut other_product = backup();
        other_product.node("BACKUP", NodeKind::Computer, |node| node.properties = "{}".to_owned());
        assert!(!has_step(&other_product));
        let mut disabled = backup();
        disabled.edit("EVE", |it| it.enabled = Some(false));
        assert!(!has_step(&disabled), "a source whose account is disabled");
    }

    #[test]
    fn a_query_that_cannot_be_asked_is_refused_with_its_place() {
        let overlay = tempfile::tempdir().expect("a folder");
        let folder = overlay.path().join("techniques/custom");
        fs::create_dir_all(&folder).expect("a folder");
        let text = by_query().replace("| project source, target", "| project source");
        fs::write(folder.join("Restores_Backup.yaml"), text).expect("a file");
        let told = Catalog::load(Some(overlay.path())).expect_err("no target").to_string();
        assert!(told.contains("yields the text columns source, target"), "{told}");
    }
}
