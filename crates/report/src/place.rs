//! Anything with an id and a name that a path can begin, pass or end at.

use postern_attack::{Entry, Target};
use postern_model::{NodeId, NodeKind};
use schemars::JsonSchema;
use serde::Serialize;
use utoipa::ToSchema;

use crate::words::counted;
use crate::{ReportError, Reports, Result};

/// An asset, a virtual entry point or a control plane.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct PlaceReport {
    /// The strongest original id, or the virtual id.
    pub id: String,
    pub name: String,
    /// Kind of the asset; `EntryPoint` and `ControlPlane` for virtual ones.
    pub kind: String,
}

impl PlaceReport {
    /// By name, as one looks things up.
    pub fn order(&self) -> impl Ord + use<> {
        (self.name.clone(), self.id.clone())
    }
}

impl Reports {
    /// What an id stands for. The id itself is the name of what this generation has not.
    pub fn place(&self, id: NodeId) -> PlaceReport {
        PlaceReport {
            id: self.generation.key_of(id),
            name: self.generation.name_of(id),
            kind: self.kind_of(id).as_str().to_owned(),
        }
    }

    pub(crate) fn kind_of(&self, id: NodeId) -> NodeKind {
        match self.generation.estate.by_id(id) {
            Some(index) => self.generation.estate.node(index).kind,
            None if self.target(id).is_some() => NodeKind::ControlPlane,
            None => self
                .generation
                .derived
                .virtual_vertex(id)
                .map_or(NodeKind::EntryPoint, |it| it.kind),
        }
    }

    /// An asset, virtual entry point or target, by original id, virtual id or node id.
    ///
    /// # Errors
    /// [`ReportError::NoSuch`].
    pub fn find_place(&self, id: &str) -> Result<NodeId> {
        let generation = &self.generation;
        if let Some(index) = generation.estate.find(id) {
            return Ok(generation.estate.node(index).id);
        }
        let named = NodeId::of(id);
        let is_known = |id: NodeId| self.target(id).is_some() || generation.derived.virtual_vertex(id).is_some();
        let found = [Some(named), id.parse().ok()]
            .into_iter()
            .flatten()
            .find(|&id| is_known(id));
        found.ok_or_else(|| ReportError::NoSuch {
            what: "asset, entry point or target",
            id: id.to_owned(),
        })
    }

    /// The target with this id.
    pub fn target(&self, id: NodeId) -> Option<&Target> {
        let at = self.generation.targets.binary_search_by_key(&id, |it| it.id).ok()?;
        Some(&self.generation.targets[at])
    }

    /// The entry point with this id.
    pub fn entry(&self, id: NodeId) -> Option<&Entry> {
        let at = self.generation.entries.binary_search_by_key(&id, |it| it.id).ok()?;
        Some(&self.generation.entries[at])
    }

    /// A place where an attacker can begin.
    ///
    /// # Errors
    /// [`ReportError::ControlPlane`]: it is many assets, of which one is enough.
    pub fn start(&self, id: NodeId) -> Result<NodeId> {
        let Some(plane) = self.target(id).filter(|_| self.generation.estate.by_id(id).is_none()) else {
            return Ok(id);
        };
        let mut names: Vec<_> = plane
            .members
            .iter()
            .map(|&member| self.generation.name_of(member))
            .collect();
        names.sort_unstable();
        let example = names
            .first()
            .map(|name| format!(", such as {name}"))
            .unwrap_or_default();
        Err(ReportError::ControlPlane {
            name: plane.name.clone(),
            members: counted(names.len() as u64, "asset", "assets"),
            example,
        })
    }

    /// Name of a domain or site; empty for none.
    pub fn boundary_name(&self, boundary: &str) -> String {
        let estate = &self.generation.estate;
        let known = estate
            .coverage
            .iter()
            .find(|it| it.boundary == boundary)
            .map(|it| it.name.as_str());
        let known = known.filter(|name| *name != boundary);
        let asset = || estate.find(boundary).map(|index| estate.node(index).name.as_str());
        known.or_else(asset).unwrap_or(boundary).to_owned()
    }

    /// What the catalog calls a class of entry points.
    pub fn entry_class_title(&self, class: &str) -> String {
        let rule = self.catalog.entry_points.iter().find(|rule| rule.class == class);
        rule.map_or_else(|| class.replace('-', " "), |rule| rule.title.clone())
    }

    /// Whether anything could tell that an entry point is exposed to the Internet.
    pub fn sees_the_internet(&self) -> bool {
        self.generation
            .estate
            .nodes
            .iter()
            .any(|node| node.kind == NodeKind::Internet)
    }
}
