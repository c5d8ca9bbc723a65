//! The list of assets, and one of them in full.

use std::collections::BTreeMap;

use postern_model::estate::{Node, NodeIndex};
use postern_model::{Criticality, NodeKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::attack_paths::part;
use crate::index::Texts;
use crate::page::{Sort, Window, page, words};
use crate::words::by_name;
use crate::{AssetCounts, AssetReport, BlastDetail, ConflictReport, Reports, Result};

/// An asset in one line.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct AssetRow {
    /// The strongest original id.
    pub id: String,
    pub node_id: String,
    pub name: String,
    pub kind: String,
    /// Domain SID or site; empty when unknown.
    pub boundary: String,
    pub boundary_name: String,
    /// `very high`, `high`, `medium` or `low`.
    pub criticality: Option<String>,
    /// Name of the control plane that it is part of.
    pub control_plane: Option<String>,
    /// Whether one can log on with it; null for what is no account, and where no source says.
    pub is_enabled: Option<bool>,
    /// Only referred to by other objects; its own record was never read.
    pub is_stub: bool,
    pub findings: u64,
    /// Known to be exploited or exploit at hand, over the network and without an account.
    pub exploitable_findings: u64,
    /// Attack paths whose cheapest route passes here, begins or ends here.
    pub paths: u64,
    /// `observed`, `inferred` or `assumed`; null where it is no entry point.
    pub entry_basis: Option<String>,
    /// How many files speak of it.
    pub sources: u64,
    /// RFC 3339.
    pub last_seen: String,
}

page! {
    /// Assets, by name.
    AssetPage of AssetRow,
    /// How many assets of each kind answer the question, whatever kind was asked for.
    by_kind: BTreeMap<String, u64>
}

/// Which assets.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct AssetQuery {
    /// `devices`, `identities`, `cloud` or `all`, which it is if not said.
    pub view: Option<String>,
    /// A part of a name or original id.
    pub q: Option<String>,
    /// A kind; several with commas between them.
    pub kind: Option<String>,
    /// `very-high`, `high`, `medium`, `low`, `none`, `control-plane`; several with commas between them.
    pub criticality: Option<String>,
    /// Domain SID or site.
    pub boundary: Option<String>,
    /// `enabled`, `disabled`, `on-path`, `entry`, `target`, `exploitable`, `stub`; of several with commas between
    /// them, all.
    pub state: Option<String>,
    /// `name`, `kind`, `criticality`, `findings`, `paths`, `last_seen`; with `-` in front the greatest first.
    pub sort: Option<String>,
    /// Place of the first item, counted from 0.
    pub offset: Option<u64>,
    /// At most so many items; 50 if not said, 500 at most.
    pub limit: Option<u64>,
}

/// An asset in full.
#[derive(Clone, Debug, Serialize, JsonSchema, ToSchema)]
pub struct AssetDetail {
    #[serde(flatten)]
    pub asset: AssetReport,
    /// All findings; `findings` has the first 200 of them.
    pub findings_total: u64,
    /// Objects that look like this asset and were kept apart.
    pub conflicts: Vec<ConflictReport>,
}

/// An asset in full has at most so many findings; the others are asked for page by page.
const FINDINGS_MAX: usize = 200;

const VIEWS: [&str; 4] = ["all", "devices", "identities", "cloud"];
const LEVELS: [&str; 6] = ["very-high", "high", "medium", "low", "none", "control-plane"];
const STATES: [&str; 7] = [
    "enabled",
    "disabled",
    "on-path",
    "entry",
    "target",
    "exploitable",
    "stub",
];
const SORTS: [&str; 6] = ["name", "kind", "criticality", "findings", "paths", "last_seen"];
/// Kinds of a cloud directory are spelled so.
const CLOUD_PREFIX: &str = "AZ";

/// What is asked of assets in lists, a few bytes each.
pub struct AssetIndex {
    rows: Vec<Row>,
    /// Of each asset its name and original ids.
    texts: Texts,
    /// That assets are of, sorted.
    kinds: Vec<NodeKind>,
}

#[derive(Clone, Copy)]
struct Row {
    name_rank: u32,
    findings: u32,
    exploitable: u32,
    paths: u32,
    last_seen: i64,
    /// One bit for each of [`STATES`].
    states: u8,
    /// One bit for each of [`VIEWS`].
    views: u8,
    /// Place in [`LEVELS`].
    level: u8,
    kind: NodeKind,
}

impl AssetIndex {
    pub fn new(reports: &Reports) -> Self {
        let nodes = &reports.generation.estate.nodes;
        let names = nodes.iter().map(|node| (node.name.to_lowercase(), &*node.key));
        let mut names: Vec<_> = names.zip(0u32..).collect();
        names.sort();
        let mut rows: Vec<Row> = (0..)
            .zip(nodes)
            .map(|(index, node)| Row::new(reports, index, node))
            .collect();
        for (rank, &(_, index)) in (0..).zip(&names) {
            rows[index as usize].name_rank = rank;
        }
        let members = reports.generation.targets.iter().flat_map(|target| &target.members);
        for index in members.filter_map(|&member| reports.generation.estate.by_id(member)) {
            rows[index as usize].states |= state("target");
        }
        let texts = nodes.iter().map(|node| {
            let facets = node.facets.iter().map(|it| &*it.key).filter(|&key| *key != *node.key);
            [&*node.name, &*node.key].into_iter().chain(facets)
        });
        Self {
            rows,
            texts: Texts::new(texts),
            kinds: NodeKind::tally(nodes.iter().map(|node| node.kind))
                .into_keys()
                .collect(),
        }
    }

    /// Place of an asset among all of them by name.
    pub fn rank(&self, index: NodeIndex) -> u32 {
        self.rows[index as usize].name_rank
    }

    /// As [`Self::rank`], by vertex; virtual ones come last.
    pub fn rank_of(&self, vertex: u32) -> u32 {
        self.rows.get(vertex as usize).map_or(u32::MAX, |row| row.name_rank)
    }

    pub fn kind(&self, index: NodeIndex) -> NodeKind {
        self.rows[index as usize].kind
    }

    /// Attack paths through an asset.
    pub fn paths(&self, index: NodeIndex) -> u32 {
        self.rows[index as usize].paths
    }

    /// Names and original ids.
    pub fn texts(&self) -> &Texts {
        &self.texts
    }
}

/// The bit of a state.
fn state(name: &str) -> u8 {
    bit(&STATES, name)
}

fn bit(names: &[&str], name: &str) -> u8 {
    names.iter().position(|&it| it == name).map_or(0, |at| 1 << at)
}

/// The views in which a kind is shown.
fn views(kind: NodeKind) -> u8 {
    let mut names = vec!["all"];
    if kind.is_device() {
        names.push("devices");
    } else if kind.is_principal() {
        names.push("identities");
    }
    if kind.as_str().starts_with(CLOUD_PREFIX) {
        names.push("cloud");
    }
    names.into_iter().map(|name| bit(&VIEWS, name)).sum()
}

fn level(level: Option<Criticality>, is_in_plane: bool) -> u8 {
    let name = match level {
        _ if is_in_plane => "control-plane",
        Some(Criticality::VeryHigh) => "very-high",
        Some(Criticality::High) => "high",
        Some(Criticality::Medium) => "medium",
        Some(Criticality::Low) => "low",
        None => "none",
    };
    LEVELS.iter().position(|&it| it == name).unwrap_or_default() as u8
}

/// The place of a level in the order of importance: a control plane is above them all.
fn importance(level: u8) -> u8 {
    match LEVELS[level as usize] {
        "control-plane" => 0,
        _ => level + 1,
    }
}

impl Row {
    fn new(reports: &Reports, index: NodeIndex, node: &Node) -> Self {
        let classification = &reports.generation.classification;
        let at = index as usize;
        let findings = reports.findings_by_node().of(index);
        let all = &reports.generation.estate.findings;
        let exploitable = findings.iter().filter(|&&row| all[row as usize].is_exploitable).count() as u32;
        let paths = reports.path_index().through(node.id.0).len() as u32;
        let is_enabled = reports.is_enabled(node);
        let states = [
            (is_enabled == Some(true), "enabled"),
            (is_enabled == Some(false), "disabled"),
            (paths > 0, "on-path"),
            (reports.entry(node.id).is_some(), "entry"),
            (exploitable > 0, "exploitable"),
            (node.is_stub, "stub"),
        ];
        Self {
            name_rank: 0,
            findings: findings.len() as u32,
            exploitable,
            paths,
            last_seen: node.seen.last.as_second(),
            states: states
                .into_iter()
                .filter(|(is_so, _)| *is_so)
                .map(|(_, name)| state(name))
                .sum(),
            views: views(node.kind),
            level: level(
                classification.criticality.get(at).copied().flatten(),
                classification.plane_of.get(at).copied().flatten().is_some(),
            ),
            kind: node.kind,
        }
    }
}

impl Reports {
    /// Whether one can log on with an asset; `None` for what is no account, and where no source says.
    fn is_enabled(&self, node: &Node) -> Option<bool> {
        match node.is_unusable_account(self.generation.inputs.evaluated_at) {
            true => Some(false),
            false => node.attributes.enabled,
        }
    }

    /// Assets of each view.
    pub fn asset_counts(&self) -> AssetCounts {
        let rows = &self.asset_index().rows;
        let count = |view: &str| rows.iter().filter(|row| row.views & bit(&VIEWS, view) != 0).count() as u64;
        AssetCounts {
            devices: count("devices"),
            identities: count("identities"),
            cloud: count("cloud"),
            all: count("all"),
        }
    }

    /// Assets that answer a question.
    ///
    /// # Errors
    /// [`crate::ReportError::BadQuery`].
    pub fn assets(&self, query: &AssetQuery) -> Result<AssetPage> {
        let window = Window::new(query.offset, query.limit)?;
        let sort = Sort::parse(query.sort.as_deref(), &SORTS)?;
        let index = self.asset_index();
        let known = NodeKind::KNOWN.iter().chain(&index.kinds);
        let kind_names: Vec<&str> = known.map(|kind| kind.as_str()).collect();
        let kinds: Vec<_> = words("kind", query.kind.as_deref(), &kind_names)?
            .into_iter()
            .filter_map(NodeKind::find)
            .collect();
        let (found, by_kind) = self.assets_that(query)?;
        let mut found: Vec<u32> = found
            .into_iter()
            .filter(|&at| kinds.is_empty() || kinds.contains(&index.rows[at as usize].kind))
            .collect();
        self.sort_assets(&mut found, sort, window);
        Ok(AssetPage {
            generation: self.generation.record.number,
            total: found.len() as u64,
            offset: window.offset,
            limit: window.limit,
            by_kind,
            items: window.of(&found).iter().map(|&at| self.asset_row(at)).collect(),
        })
    }

    /// Assets of any kind that answer a question, and how many there are of each kind.
    fn assets_that(&self, query: &AssetQuery) -> Result<(Vec<u32>, BTreeMap<String, u64>)> {
        let views = words("view", query.view.as_deref(), &VIEWS)?;
        let view = bit(&VIEWS, views.first().copied().unwrap_or("all"));
        let levels: Vec<u8> = words("criticality", query.criticality.as_deref(), &LEVELS)?
            .into_iter()
            .filter_map(|name| LEVELS.iter().position(|&it| it == name))
            .map(|at| at as u8)
            .collect();
        let states = words("state", query.state.as_deref(), &STATES)?;
        let states = states.into_iter().fold(0, |all, name| all | state(name));
        let boundary = query.boundary.as_deref().filter(|it| !it.is_empty());
        let index = self.asset_index();
        let nodes = &self.generation.estate.nodes;

        let is_wanted = |&at: &u32| {
            let row = &index.rows[at as usize];
            row.views & view != 0
                && row.states & states == states
                && (levels.is_empty() || levels.contains(&row.level))
                && boundary.is_none_or(|boundary| *nodes[at as usize].boundary == *boundary)
        };
        let found: Vec<u32> = match query.q.as_deref().and_then(part) {
            Some(part) => index.texts.with(&part).into_iter().filter(is_wanted).collect(),
            None => (0..nodes.len() as u32).filter(is_wanted).collect(),
        };
        let by_kind = by_name(NodeKind::tally(found.iter().map(|&at| index.rows[at as usize].kind)));
        Ok((found, by_kind))
    }

    /// Puts the assets of a page into their order.
    fn sort_assets(&self, found: &mut [u32], sort: Option<Sort<'_>>, window: Window) {
        let AssetIndex { rows, kinds, .. } = self.asset_index();
        let field = |at: u32| {
            let row = &rows[at as usize];
            match sort.map_or("name", |sort| sort.field) {
                "kind" => kinds.partition_point(|kind| *kind < row.kind) as i64,
                "criticality" => importance(row.level).into(),
                "findings" => row.findings.into(),
                "paths" => row.paths.into(),
                "last_seen" => row.last_seen,
                _ => row.name_rank.into(),
            }
        };
        let is_descending = sort.is_some_and(|sort| sort.is_descending);
        // No two are equal, so the order is whole however it is made.
        let key = |&at: &u32| {
            let field = field(at);
            (if is_descending { -field } else { field }, rows[at as usize].name_rank)
        };
        window.arrange(found, key);
    }

    fn asset_row(&self, index: NodeIndex) -> AssetRow {
        let node = self.generation.estate.node(index);
        let row = &self.asset_index().rows[index as usize];
        let classification = &self.generation.classification;
        let level = classification.criticality.get(index as usize).copied().flatten();
        let plane = classification.plane_of.get(index as usize).copied().flatten();
        AssetRow {
            id: node.key.to_string(),
            node_id: node.id.to_string(),
            name: node.name.to_string(),
            kind: node.kind.as_str().to_owned(),
            boundary: node.boundary.to_string(),
            boundary_name: self.boundary_name(&node.boundary),
            criticality: level.map(|level| level.as_str().to_owned()),
            control_plane: plane.map(|plane| classification.planes[plane as usize].name.to_string()),
            is_enabled: self.is_enabled(node),
            is_stub: node.is_stub,
            findings: row.findings.into(),
            exploitable_findings: row.exploitable.into(),
            paths: row.paths.into(),
            entry_basis: self.entry(node.id).map(|entry| entry.basis.as_str().to_owned()),
            sources: node.seen.sources.len() as u64,
            last_seen: node.seen.last.to_string(),
        }
    }

    /// An asset in full.
    ///
    /// # Errors
    /// [`crate::ReportError::NoSuch`].
    pub fn asset_detail(&self, id: &str) -> Result<AssetDetail> {
        let index = self.find_asset(id)?;
        let mut asset = self.asset(index)?;
        let findings_total = asset.findings.len() as u64;
        asset.findings.truncate(FINDINGS_MAX);
        let keys: Vec<&str> = self
            .generation
            .estate
            .node(index)
            .facets
            .iter()
            .map(|it| &*it.key)
            .collect();
        let conflicts = self.conflicts().into_iter();
        let is_here = |it: &ConflictReport| it.ids.iter().any(|id| *id == asset.id || keys.contains(&id.as_str()));
        Ok(AssetDetail {
            findings_total,
            conflicts: conflicts.filter(is_here).collect(),
            asset,
        })
    }

    /// How far an attacker gets from an asset or virtual entry point; of each list at most `limit` assets.
    ///
    /// # Errors
    /// [`crate::ReportError::NoSuch`], [`crate::ReportError::ControlPlane`].
    pub fn blast_detail(&self, id: &str, limit: usize) -> Result<BlastDetail> {
        Ok(BlastDetail {
            generation: self.generation.record.number,
            targets_total: self.generation.targets.len() as u64,
            blast: self.blast(self.find_place(id)?, limit)?,
        })
    }
}
