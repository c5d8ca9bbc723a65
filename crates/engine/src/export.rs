//! A generation's graph in the OpenGraph shape, with the directory's own ids and technique names.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::io::{self, Write};

use postern_attack::{Derived, Passage, Virtual, refused, without_sets};
use postern_model::estate::{Estate, Node, NodeIndex, OriginalObject, Relation};
use postern_model::{NodeId, NodeKind, RelationKind, Settings};
use serde_json::{Map, Value, json};

use crate::build::snapshots;
use crate::engine::{blocking, split_off};
use crate::facts::LakeFacts;
use crate::{Engine, EngineError, Generation, Result};

/// Which edges to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EdgeSelection {
    /// What the files say, and nothing that was concluded from it: also samples that have left their window, and
    /// kinds that are no steps.
    Reported,
    /// Steps.
    Derived,
    All,
}

/// No sample is older than this; reported edges know no window.
const NO_WINDOW_DAYS: u32 = 365 * 1_000;

impl Engine {
    /// The estate of the files that a generation is made of, every sample included however old: what
    /// `--edges reported` shows. Merges are undone as people have decided by now.
    ///
    /// # Errors
    /// [`EngineError::SourceRemoved`] when a file was removed since; those of lake, ledger and resolution.
    pub async fn reported_estate(&self, of: &Generation) -> Result<Estate> {
        let mut manifest = self.ledger.manifest().await?;
        let made_of: HashSet<&str> = of.inputs.snapshots.iter().map(String::as_str).collect();
        manifest
            .snapshots
            .retain(|snapshot| made_of.contains(snapshot.id.as_str()));
        if manifest.snapshots.len() < made_of.len() {
            return Err(EngineError::SourceRemoved {
                number: of.record.number,
                files: made_of.len() - manifest.snapshots.len(),
            });
        }
        let engine = self.clone();
        let settings = Settings {
            session_window_days: NO_WINDOW_DAYS,
            ..of.inputs.settings.clone()
        };
        blocking(move || {
            let facts = LakeFacts(&engine.lake);
            let apart = split_off(&manifest);
            Ok(postern_estate::resolve(
                &snapshots(&manifest),
                &facts,
                &settings,
                &engine.catalog.kev,
                &apart,
            )?)
        })
        .await
    }

    /// What would be steps of a generation if every account could be used: for [`EdgeSelection::All`]. They are found
    /// when they are asked for, since nothing else reads them.
    pub fn refused_steps(&self, of: &Generation) -> Derived {
        refused(&of.world(self.catalog()))
    }
}

/// Writes `{"graph":{"nodes":[...],"edges":[...]}}`, one node per original object. Sets are taken apart: a step into
/// one is an edge to each of its members, and what a role lets its holders do is an edge from each of them too.
///
/// `reported` is [`Engine::reported_estate`]; its relations are written for [`EdgeSelection::Reported`] and
/// [`EdgeSelection::All`]. `refused` is [`Engine::refused_steps`], or empty: these are written with the steps, as edges
/// that cannot be followed.
///
/// # Errors
/// Those of `out`.
pub fn write_opengraph(
    out: &mut dyn Write,
    generation: &Generation,
    reported: &Estate,
    refused: &Derived,
    edges: EdgeSelection,
) -> io::Result<()> {
    let mut list = List { out, is_first: true };
    list.out.write_all(b"{\"graph\":{\"nodes\":[")?;
    let is_wanted = |it: &&Node| edges != EdgeSelection::Reported || !it.is_concluded();
    for node in reported.nodes.iter().filter(is_wanted) {
        for facet in &node.facets {
            list.item(&node_json(node, facet))?;
        }
    }
    if edges != EdgeSelection::Reported {
        let is_written = |it: &&Virtual| it.kind != NodeKind::ObjectSet;
        for it in generation.derived.virtuals.iter().filter(is_written) {
            list.item(&json!({ "id": it.key, "kinds": [it.kind.as_str()], "properties": { "name": it.name } }))?;
        }
    }
    list.out.write_all(b"],\"edges\":[")?;
    list.is_first = true;
    if edges != EdgeSelection::Derived {
        let is_wanted = |it: &&Relation| edges == EdgeSelection::All || !it.is_concluded();
        for relation in reported.relations.iter().filter(is_wanted) {
            let properties: Value = serde_json::from_str(&relation.properties).unwrap_or_else(|_| json!({}));
            let (source, target) = reported.keys_of(relation);
            list.item(&edge(source, target, relation.kind.as_str(), properties))?;
        }
    }
    if edges != EdgeSelection::Reported {
        let mut holders = RoleHolders::of(generation);
        without_sets(&generation.derived, refused, |step| {
            for step in holders.passages(generation, &step).into_iter().chain([step]) {
                // A step that is just a reported relation is there already.
                if edges != EdgeSelection::All || !is_reported(reported, &step) {
                    list.item(&passage(generation, &step))?;
                }
            }
            Ok::<_, io::Error>(())
        })?;
    }
    list.out.write_all(b"]}}\n")
}

fn passage(generation: &Generation, step: &Passage) -> Value {
    let (source, target) = (generation.key_of(step.source), generation.key_of(step.target));
    let mut properties = json!({ "label": step.technique.label(), "cost": step.cost, "isassumed": step.is_assumed });
    if step.is_refused {
        properties["traversable"] = json!(false);
        properties["reason"] = json!(why_refused(generation, step));
    }
    edge(&source, &target, step.technique.as_str(), properties)
}

/// Techniques that other programs draw from everybody who holds a role. In Postern they begin at the role, once.
const OF_HOLDERS: [RelationKind; 5] = [
    RelationKind::AzGlobalAdmin,
    RelationKind::AzPrivilegedRoleAdmin,
    RelationKind::AzPrivilegedAuthAdmin,
    RelationKind::AzAddMembers,
    RelationKind::AzExecuteCommand,
];

/// Who holds each role over all of its tenant, by themselves or through groups.
struct RoleHolders {
    of_role: HashMap<NodeId, BTreeSet<NodeIndex>>,
    /// What was said of a holder already: two roles may give the same.
    told: HashSet<(NodeIndex, NodeId, RelationKind)>,
}

impl RoleHolders {
    fn of(generation: &Generation) -> Self {
        let estate = &generation.estate;
        let mut members: HashMap<NodeIndex, Vec<NodeIndex>> = HashMap::new();
        let memberships = estate.relations.iter().filter(|it| it.kind == RelationKind::AzMemberOf);
        for relation in memberships {
            members.entry(relation.target).or_default().push(relation.source);
        }
        let mut of_role: HashMap<NodeId, BTreeSet<NodeIndex>> = HashMap::new();
        let assignments = estate.relations.iter().filter(|it| it.kind == RelationKind::AzHasRole);
        for relation in assignments.filter(|it| it.is_tenant_wide()) {
            let holders = of_role.entry(estate.node(relation.target).id).or_default();
            let mut waiting = vec![relation.source];
            while let Some(holder) = waiting.pop() {
                if holders.insert(holder) {
                    waiting.extend(members.get(&holder).into_iter().flatten());
                }
            }
        }
        Self {
            of_role,
            told: HashSet::new(),
        }
    }

    /// What a step from a role is for each of its holders.
    fn passages(&mut self, generation: &Generation, step: &Passage) -> Vec<Passage> {
        let holders = self
            .of_role
            .get(&step.source)
            .filter(|_| OF_HOLDERS.contains(&step.technique));
        let mut found = Vec::new();
        for &holder in holders.into_iter().flatten() {
            let node = generation.estate.node(holder);
            if node.id != step.target && self.told.insert((holder, step.target, step.technique)) {
                found.push(Passage {
                    source: node.id,
                    is_refused: step.is_refused || node.is_unusable_account(generation.inputs.evaluated_at),
                    ..*step
                });
            }
        }
        found
    }
}

/// Which account of a step cannot be used.
fn why_refused(generation: &Generation, step: &Passage) -> String {
    let unusable = [step.source, step.target].into_iter().find_map(|end| {
        let node = generation.estate.node(generation.estate.by_id(end)?);
        node.is_unusable_account(generation.inputs.evaluated_at).then_some(node)
    });
    unusable.map_or_else(String::new, |node| match node.attributes.enabled {
        Some(false) => format!("{} is disabled", node.name),
        _ => format!("{} has expired", node.name),
    })
}

fn is_reported(estate: &Estate, step: &Passage) -> bool {
    let (Some(source), Some(target)) = (estate.by_id(step.source), estate.by_id(step.target)) else {
        return false;
    };
    let place = (source, target, step.technique);
    estate
        .relations
        .binary_search_by_key(&place, |it| (it.source, it.target, it.kind))
        .is_ok()
}

fn node_json(node: &Node, facet: &OriginalObject) -> Value {
    let mut properties: Map<String, Value> = match facet.key == node.key {
        true => serde_json::from_str(&node.properties).unwrap_or_default(),
        false => Map::new(),
    };
    properties.insert("name".to_owned(), json!(node.name));
    properties.insert("objectid".to_owned(), json!(&*facet.key));
    let kinds = match facet.kind {
        NodeKind::Base => json!(["Base"]),
        NodeKind::Host | NodeKind::NetworkSegment | NodeKind::Internet => json!([facet.kind.as_str()]),
        cloud if cloud.as_str().starts_with("AZ") => json!([cloud.as_str(), "AZBase"]),
        directory => json!([directory.as_str(), "Base"]),
    };
    json!({ "id": &*facet.key, "kinds": kinds, "properties": properties })
}

fn edge(source: &str, target: &str, kind: &str, properties: Value) -> Value {
    json!({ "start": { "value": source }, "end": { "value": target }, "kind": kind, "properties": properties })
}

/// Items of a JSON array, written one by one.
struct List<'a> {
    out: &'a mut dyn Write,
    is_first: bool,
}

impl List<'_> {
    fn item(&mut self, value: &Value) -> io::Result<()> {
        if !std::mem::take(&mut self.is_first) {
            self.out.write_all(b",\n")?;
        }
        serde_json::to_writer(&mut *self.out, value)?;
        Ok(())
    }
}
