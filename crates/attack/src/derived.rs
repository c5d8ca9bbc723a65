//! Steps: what an attacker can do from where, each with the reasons for it.
//!
//! Start at [`derive`]. Technique families put candidate steps into [`Steps`], which alone decides what may be a step
//! at all, so that no family can forget it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use postern_catalog::Foothold;
use postern_model::estate::{NodeIndex, Relation};
use postern_model::{EdgeId, Grade, NodeId, NodeKind, RelationKind};

use crate::fact::{Derivation, Fact};
use crate::gap::{Gap, gaps};
use crate::techniques;
use crate::view::View;
use crate::world::{Removal, World};

/// Something an attacker who holds `source` can do to get hold of `target`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub id: EdgeId,
    /// An asset, or a [`Virtual`] vertex.
    pub source: NodeId,
    pub target: NodeId,
    pub technique: RelationKind,
    /// How the source must be held, if it can be held in two ways: a device, or a container of directory objects.
    pub needs: Foothold,
    /// How the target is held afterwards, if it can be held in two ways.
    pub gives: Foothold,
    pub cost: u32,
    /// Whether every reason that makes it this cheap rests on a setting.
    pub is_assumed: bool,
    reasons: Reasons,
}

/// Why a step exists. Nearly every step of an estate is a reported relation and nothing more, and takes no memory here.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Reasons {
    /// The relation that shares the step's id, at the step's cost.
    Itself,
    /// At least one; sorted.
    These(Box<Box<[Derivation]>>),
}

impl Reasons {
    /// The reasons of a step with this id and cost. `derivations` are sorted.
    fn new(id: EdgeId, cost: u32, derivations: Vec<Derivation>) -> Self {
        match derivations.as_slice() {
            [only] if only.cost == cost && *only.facts == [Fact::Relation { id }] => Self::Itself,
            _ => Self::These(Box::new(derivations.into())),
        }
    }
}

impl Step {
    /// A step that is the relation with its own id, unless it is told otherwise: see [`Self::rest_on`].
    pub(crate) fn new(
        id: EdgeId,
        source: NodeId,
        target: NodeId,
        technique: RelationKind,
        (needs, gives): (Foothold, Foothold),
        cost: u32,
    ) -> Self {
        Self {
            id,
            source,
            target,
            technique,
            needs,
            gives,
            cost,
            is_assumed: false,
            reasons: Reasons::Itself,
        }
    }

    /// The label of its technique in the public vocabulary of the exposure graph.
    pub fn label(&self) -> &'static str {
        self.technique.label()
    }

    /// Why it exists: at least one reason; sorted.
    pub fn derivations(&self) -> Cow<'_, [Derivation]> {
        match &self.reasons {
            Reasons::Itself => Cow::Owned(vec![Derivation {
                cost: self.cost,
                facts: Box::new([Fact::Relation { id: self.id }]),
            }]),
            Reasons::These(derivations) => Cow::Borrowed(derivations),
        }
    }

    /// Whether it is a reported relation, by its own id, and rests on nothing else.
    pub fn is_relation_itself(&self) -> bool {
        matches!(self.reasons, Reasons::Itself)
    }

    /// Whether every reason for it has a fact that somebody can undo.
    pub fn is_changeable(&self) -> bool {
        match &self.reasons {
            Reasons::Itself => true,
            Reasons::These(derivations) => derivations.iter().all(Derivation::is_changeable),
        }
    }

    /// The reasons; they are not the step's any more.
    fn take_derivations(&mut self) -> Vec<Derivation> {
        match std::mem::replace(&mut self.reasons, Reasons::Itself) {
            Reasons::Itself => self.derivations().into_owned(),
            Reasons::These(derivations) => derivations.into_vec(),
        }
    }

    /// Adds reasons to its own.
    fn also_rest_on(&mut self, more: &mut Vec<Derivation>) {
        if !more.is_empty() {
            let mut derivations = self.take_derivations();
            derivations.append(more);
            self.rest_on(derivations);
        }
    }

    /// Sets the reasons, and the cost that follows from them.
    pub(crate) fn rest_on(&mut self, mut derivations: Vec<Derivation>) {
        derivations.sort();
        derivations.dedup();
        self.cost = derivations.iter().map(|it| it.cost).min().unwrap_or(self.cost);
        self.is_assumed = derivations.iter().all(|it| it.cost > self.cost || it.is_assumed());
        self.reasons = Reasons::new(self.id, self.cost, derivations);
    }
}

/// A vertex of the graph that is no asset: a virtual entry point, or the network of a site.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Virtual {
    pub id: NodeId,
    /// `entry:users:<domain SID>`, `entry:workstations:<domain SID>`, `site:<name>`.
    pub key: String,
    pub name: String,
    pub kind: NodeKind,
}

impl Virtual {
    pub fn new(key: String, name: String, kind: NodeKind) -> Self {
        Self {
            id: NodeId::of(&key),
            key,
            name,
            kind,
        }
    }
}

/// What [`derive`] made of a world.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Derived {
    /// Sorted by id.
    pub steps: Vec<Step>,
    /// Sorted.
    pub gaps: Vec<Gap>,
    /// Sorted by id: those that steps begin or end at.
    pub virtuals: Vec<Virtual>,
}

impl Derived {
    pub fn step(&self, id: EdgeId) -> Option<&Step> {
        let at = self.steps.binary_search_by_key(&id, |step| step.id).ok()?;
        Some(&self.steps[at])
    }

    /// The virtual vertex with this id, if a step begins or ends there.
    pub fn virtual_vertex(&self, id: NodeId) -> Option<&Virtual> {
        let at = self.virtuals.binary_search_by_key(&id, |it| it.id).ok()?;
        Some(&self.virtuals[at])
    }
}

/// Finds every step of a world, after taking out what `removal` names.
pub fn derive(world: &World<'_>, removal: &Removal) -> Derived {
    let view = View::new(world, removal);
    let mut derived = collect(&view, Accounts::Usable);
    derived.gaps.extend(gaps(world));
    derived.gaps.sort();
    derived
}

/// What fails for no other reason than that an account at one end is disabled or has expired. No path uses it; it is
/// for those who compare with programs that draw it.
pub fn refused(world: &World<'_>) -> Derived {
    let removal = Removal::default();
    collect(&View::new(world, &removal), Accounts::Unusable)
}

fn collect(view: &View<'_>, accounts: Accounts) -> Derived {
    let mut steps = Steps::new(view, accounts);
    for family in techniques::TECHNIQUES {
        (family.derive)(view, &mut steps);
    }
    techniques::stated::derive(view, &mut steps);
    steps.finish()
}

/// Which steps are collected: those between accounts that somebody can log on with, or those that lack just this.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Accounts {
    Usable,
    Unusable,
}

/// One end of a candidate step.
#[derive(Clone, Copy)]
pub enum Vertex<'v> {
    Asset(NodeIndex),
    Virtual(&'v Virtual),
}

/// Where a step differs from what its technique says in general.
#[derive(Clone, Copy, Default)]
pub struct Manner {
    pub grade: Option<Grade>,
    /// What it needs and gives. Equal for all derivations of a step: it may depend on the two ends alone.
    pub footholds: Option<(Foothold, Foothold)>,
}

/// Collects candidates, refuses those that are no steps, and joins derivations of the same step.
pub struct Steps<'v, 'a> {
    view: &'v View<'a>,
    accounts: Accounts,
    /// One for each derivation; those of one step are put together at the end.
    candidates: Vec<Step>,
    virtuals: BTreeMap<NodeId, Virtual>,
    /// Limits that were hit.
    gaps: Vec<Gap>,
}

impl<'v, 'a> Steps<'v, 'a> {
    fn new(view: &'v View<'a>, accounts: Accounts) -> Self {
        Self {
            view,
            accounts,
            candidates: Vec::new(),
            virtuals: BTreeMap::new(),
            gaps: Vec::new(),
        }
    }

    /// Notes that a technique was not followed to the end.
    pub fn cut(&mut self, gap: Gap) {
        self.gaps.push(gap);
    }

    /// Adds the step that a reported relation is by itself.
    pub fn add_reported(&mut self, relation: &Relation) {
        self.add_reported_with(relation, Vec::new());
    }

    /// As [`Self::add_reported`], where more has to be so.
    pub fn add_reported_with(&mut self, relation: &Relation, more: Vec<Fact>) {
        let mut facts = vec![self.view.relation_fact(relation)];
        facts.extend(more);
        self.add(relation.kind, relation.source, relation.target, facts);
    }

    /// As [`Self::add_reported`], where the ends decide how they are held.
    pub fn add_reported_held(&mut self, relation: &Relation, needs: Foothold, gives: Foothold) {
        let facts = vec![self.view.relation_fact(relation)];
        let (source, target) = (Vertex::Asset(relation.source), Vertex::Asset(relation.target));
        let manner = Manner {
            footholds: Some((needs, gives)),
            ..Manner::default()
        };
        self.add_between(relation.kind, source, target, manner, facts);
    }

    /// Adds a step between assets as its technique says.
    pub fn add(&mut self, technique: RelationKind, source: NodeIndex, target: NodeIndex, facts: Vec<Fact>) {
        let (source, target) = (Vertex::Asset(source), Vertex::Asset(target));
        self.add_between(technique, source, target, Manner::default(), facts);
    }

    /// Adds a step between any two vertices.
    pub fn add_between(
        &mut self,
        technique: RelationKind,
        source: Vertex<'_>,
        target: Vertex<'_>,
        manner: Manner,
        facts: Vec<Fact>,
    ) {
        let Some(known) = self.view.world.catalog.technique(technique) else {
            return;
        };
        let removal = self.view.removal;
        let (source_id, target_id) = (self.id(source), self.id(target));
        let id = EdgeId::of(source_id, target_id, &known.label, technique.as_str());
        let is_refused = source_id == target_id
            || removal.techniques.contains(&technique)
            || removal.techniques.contains(&known.id)
            || removal.edges.contains(&id)
            || self.is_removed(source)
            || self.is_removed(target)
            || self.is_placeholder(source);
        let accounts = match self.is_unusable(source) || self.is_unusable(target) {
            true => Accounts::Unusable,
            false => Accounts::Usable,
        };
        if is_refused || accounts != self.accounts {
            return;
        }
        for end in [source, target] {
            if let Vertex::Virtual(it) = end {
                self.virtuals.entry(it.id).or_insert_with(|| it.clone());
            }
        }
        let (needs, gives) = manner.footholds.unwrap_or((known.needs, known.gives));
        let cost = manner.grade.unwrap_or(known.grade).cost();
        let mut step = Step::new(id, source_id, target_id, technique, (needs, gives), cost);
        step.rest_on(vec![Derivation {
            cost,
            facts: facts.into(),
        }]);
        self.candidates.push(step);
    }

    fn id(&self, vertex: Vertex<'_>) -> NodeId {
        match vertex {
            Vertex::Asset(index) => self.view.node(index).id,
            Vertex::Virtual(it) => it.id,
        }
    }

    /// Precision first: nobody gets anywhere with, or to, an account that cannot log on. That holds for computers too:
    /// with its account disabled a machine takes no logons of the domain, so that neither rights on it nor sessions
    /// seen on it are of use.
    fn is_unusable(&self, vertex: Vertex<'_>) -> bool {
        match vertex {
            Vertex::Asset(index) => self.view.node(index).is_unusable_account(self.view.world.now),
            Vertex::Virtual(_) => false,
        }
    }

    fn is_removed(&self, vertex: Vertex<'_>) -> bool {
        match vertex {
            Vertex::Asset(index) => self.view.removal.assets.contains(&index),
            Vertex::Virtual(_) => false,
        }
    }

    /// Names in access control lists that stand for somebody else: the object itself, its creator, its owner. What
    /// they mean is said by other relations.
    fn is_placeholder(&self, vertex: Vertex<'_>) -> bool {
        const PLACEHOLDERS: [&str; 4] = ["S-1-5-10", "S-1-3-0", "S-1-3-1", "S-1-3-4"];
        match vertex {
            Vertex::Asset(index) => {
                let key = &self.view.node(index).key;
                PLACEHOLDERS.iter().any(|end| {
                    key.strip_suffix(end)
                        .is_some_and(|before| before.is_empty() || before.ends_with('-'))
                })
            }
            Vertex::Virtual(_) => false,
        }
    }

    /// The steps with all their derivations, and the limits that were hit.
    fn finish(mut self) -> Derived {
        self.candidates.sort_unstable_by_key(|step| step.id);
        // Steps of certificates have hundreds of reasons: they are put together once for each step.
        let mut more = Vec::new();
        self.candidates.dedup_by(|again, step| {
            let is_same = again.id == step.id;
            match is_same {
                true => more.append(&mut again.take_derivations()),
                false => step.also_rest_on(&mut more),
            }
            is_same
        });
        if let Some(last) = self.candidates.last_mut() {
            last.also_rest_on(&mut more);
        }
        self.candidates.shrink_to_fit();
        Derived {
            steps: self.candidates,
            gaps: self.gaps,
            virtuals: self.virtuals.into_values().collect(),
        }
    }
}
