//! Who gets hold of an asset, how far everything lies from it, and the fewest changes that part them.

use std::collections::{BTreeMap, BTreeSet};

use postern_attack::{Parting, Ways};
use postern_model::estate::{Node, NodeIndex};
use postern_model::{EdgeId, NodeId, NodeKind, RelationKind};
use schemars::JsonSchema;
use serde::Serialize;

use crate::words::by_name;
use crate::{PlaceReport, ReportError, Reports, Result, StepReport};

/// What counts as a way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Along {
    /// Steps, as an attacker takes them.
    Steps,
    /// Every relation as reported, but for those of these kinds; `*` at the end stands for the rest of a name.
    Relations { except: Vec<String> },
}

/// Which assets are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OfKind {
    /// Of this kind, or with this label in a file. All where it is `None`.
    pub of: Option<String>,
    /// But not of this kind or with this label.
    pub not_of: Option<String>,
}

/// Assets by the fewest hops between them and one end, which is not counted.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Exposure {
    pub end: PlaceReport,
    /// `into`: those that get to the end. `from`: those that are got to from it.
    pub direction: String,
    /// `steps` or `relations`.
    pub along: String,
    pub total: u64,
    /// How many of each kind.
    pub by_kind: BTreeMap<String, u64>,
    /// How many at each number of hops.
    pub by_hops: BTreeMap<u32, u64>,
    pub truncated: bool,
    /// The nearest first.
    pub listed: Vec<ExposedAsset>,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ExposedAsset {
    #[serde(flatten)]
    pub place: PlaceReport,
    pub hops: u32,
}

/// The fewest changes that part assets from an end.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PartingReport {
    pub end: PlaceReport,
    /// `steps` or `relations`.
    pub along: String,
    /// Assets that have a way to the end and are to be parted from it.
    pub from: u64,
    /// How many changes it takes. So many ways to the end share none of these changes, so it cannot be fewer. Null
    /// where no set of changes parts them.
    pub changes: Option<u64>,
    pub truncated: bool,
    /// Along steps: those that have to go.
    pub steps: Vec<StepReport>,
    /// Along relations: pairs of assets between which every relation has to go.
    pub pairs: Vec<PairReport>,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PairReport {
    pub source: PlaceReport,
    pub target: PlaceReport,
    /// Kinds of the relations between them, sorted.
    pub kinds: Vec<String>,
}

impl Along {
    fn as_str(&self) -> &'static str {
        match self {
            Self::Steps => "steps",
            Self::Relations { .. } => "relations",
        }
    }

    fn leaves_out(&self, kind: RelationKind) -> bool {
        let Self::Relations { except } = self else {
            return false;
        };
        except.iter().any(|pattern| is_meant(pattern, kind))
    }
}

fn is_meant(pattern: &str, kind: RelationKind) -> bool {
    let name = kind.as_str();
    match pattern.strip_suffix('*') {
        Some(start) => name.get(..start.len()).is_some_and(|it| it.eq_ignore_ascii_case(start)),
        None => name.eq_ignore_ascii_case(pattern),
    }
}

impl Reports {
    /// Assets that get to an end.
    ///
    /// # Errors
    /// [`ReportError::NoSuch`] for a kind of assets that neither Postern nor the generation knows,
    /// [`ReportError::Attack`].
    pub fn exposure(&self, end: NodeId, along: &Along, of: &OfKind, limit: usize) -> Result<Exposure> {
        let hops = self.ways(end, along)?.hops()?;
        self.exposure_report(end, "into", along, &self.reached(&hops, of)?, limit)
    }

    /// Assets that are got to from an end, along relations.
    ///
    /// # Errors
    /// As [`Self::exposure`].
    pub fn exposure_onward(&self, end: NodeId, except: &[String], of: &OfKind, limit: usize) -> Result<Exposure> {
        let along = Along::Relations {
            except: except.to_vec(),
        };
        let hops = self.ways(end, &along)?.hops_onward()?;
        self.exposure_report(end, "from", &along, &self.reached(&hops, of)?, limit)
    }

    /// What parts assets that have a way of more than `beyond` hops to an end from it.
    ///
    /// # Errors
    /// As [`Self::exposure`].
    pub fn parting(&self, end: NodeId, along: &Along, of: &OfKind, beyond: u32, limit: usize) -> Result<PartingReport> {
        let ways = self.ways(end, along)?;
        let reached = self.reached(&ways.hops()?, of)?;
        let from: Vec<_> = reached
            .iter()
            .filter(|(_, hops)| *hops > beyond)
            .map(|(at, _)| *at)
            .collect();
        let parting = ways.parting(&from)?;
        let changes = parting.as_ref().map(Parting::size);
        let (steps, pairs) = match parting {
            Some(Parting::Steps(steps)) => (steps, Vec::new()),
            Some(Parting::Pairs(pairs)) => (Vec::new(), pairs),
            None => (Vec::new(), Vec::new()),
        };
        Ok(PartingReport {
            end: self.place(end),
            along: along.as_str().to_owned(),
            from: from.len() as u64,
            changes: changes.map(|it| it as u64),
            truncated: changes.is_some_and(|it| it > limit),
            steps: self.steps_report(&steps[..steps.len().min(limit)]),
            pairs: pairs.iter().take(limit).map(|&pair| self.pair(pair, along)).collect(),
        })
    }

    /// Those of some kinds, or beginnings of kinds, that no relation of the generation has: a mistake in one leaves out
    /// nothing, and should be told.
    pub fn kinds_without_relations(&self, kinds: &[String]) -> Vec<String> {
        let there: BTreeSet<_> = self.generation.estate.relations.iter().map(|it| it.kind).collect();
        let is_there = |pattern: &str| there.iter().any(|&kind| is_meant(pattern, kind));
        kinds.iter().filter(|pattern| !is_there(pattern)).cloned().collect()
    }

    fn ways(&self, end: NodeId, along: &Along) -> Result<Ways<'_>> {
        let generation = &self.generation;
        let own = [end];
        let members = self.target(end).map_or(&own[..], |target| &target.members);
        if *along == Along::Steps {
            return Ok(Ways::along_steps(
                generation.world(&self.catalog),
                &generation.derived,
                members,
            )?);
        }
        let estate = &generation.estate;
        let end: Vec<_> = members.iter().filter_map(|&id| estate.by_id(id)).collect();
        Ok(Ways::along_relations(estate, |kind| along.leaves_out(kind), &end)?)
    }

    /// Assets that are wanted and reached, the end left out, with their hops.
    fn reached(&self, hops: &[Option<u32>], of: &OfKind) -> Result<Vec<(NodeIndex, u32)>> {
        let (of, not_of) = (of.of.as_deref(), of.not_of.as_deref());
        let nodes = &self.generation.estate.nodes;
        for wanted in [of, not_of].into_iter().flatten() {
            if NodeKind::parse(wanted).is_none() && !nodes.iter().any(|node| is_of(node, wanted)) {
                return Err(ReportError::NoSuch {
                    what: "kind of assets",
                    id: wanted.to_owned(),
                });
            }
        }
        let is_wanted = |at: NodeIndex| {
            let node = &nodes[at as usize];
            of.is_none_or(|kind| is_of(node, kind)) && !not_of.is_some_and(|kind| is_of(node, kind))
        };
        let reached = (0..).zip(hops).filter_map(|(at, hops)| Some((at, (*hops)?)));
        Ok(reached.filter(|&(at, hops)| hops > 0 && is_wanted(at)).collect())
    }

    fn exposure_report(
        &self,
        end: NodeId,
        direction: &str,
        along: &Along,
        reached: &[(NodeIndex, u32)],
        limit: usize,
    ) -> Result<Exposure> {
        let index = self.asset_index();
        let mut by_hops = BTreeMap::new();
        for (_, hops) in reached {
            *by_hops.entry(*hops).or_default() += 1;
        }
        let mut listed = reached.to_vec();
        listed.sort_unstable_by_key(|&(at, hops)| (hops, index.rank(at)));
        listed.truncate(limit);
        let nodes = &self.generation.estate.nodes;
        Ok(Exposure {
            end: self.place(end),
            direction: direction.to_owned(),
            along: along.as_str().to_owned(),
            total: reached.len() as u64,
            by_kind: by_name(NodeKind::tally(reached.iter().map(|&(at, _)| index.kind(at)))),
            by_hops,
            truncated: reached.len() > limit,
            listed: listed
                .into_iter()
                .map(|(at, hops)| ExposedAsset {
                    place: self.place(nodes[at as usize].id),
                    hops,
                })
                .collect(),
        })
    }

    fn steps_report(&self, steps: &[EdgeId]) -> Vec<StepReport> {
        let derived = &self.generation.derived;
        let steps = steps.iter().filter_map(|&id| derived.step(id));
        steps.map(|step| self.step(step)).collect()
    }

    fn pair(&self, (source, target): (NodeIndex, NodeIndex), along: &Along) -> PairReport {
        let estate = &self.generation.estate;
        // Relations are sorted by their ends.
        let begin = estate
            .relations
            .partition_point(|it| (it.source, it.target) < (source, target));
        let parallel = estate.relations[begin..]
            .iter()
            .take_while(|it| (it.source, it.target) == (source, target));
        PairReport {
            source: self.place(estate.node(source).id),
            target: self.place(estate.node(target).id),
            kinds: parallel
                .filter(|it| !along.leaves_out(it.kind))
                .map(|it| it.kind.to_string())
                .collect(),
        }
    }
}

/// Whether an asset is of a kind, or has it as a label: the property `kinds`, which files with labels fill, names it.
fn is_of(node: &Node, kind: &str) -> bool {
    const KEY: &str = "\"kinds\":";
    #[derive(serde::Deserialize)]
    struct Labels {
        #[serde(default)]
        kinds: Vec<String>,
    }
    if node.kind.as_str().eq_ignore_ascii_case(kind) {
        return true;
    }
    // Most assets have no labels, and reading the properties of all of them would take long.
    if !node.properties.contains(KEY) {
        return false;
    }
    let labels = serde_json::from_str::<Labels>(&node.properties).map_or_else(|_| Vec::new(), |it| it.kinds);
    labels.iter().any(|label| label.eq_ignore_ascii_case(kind))
}
