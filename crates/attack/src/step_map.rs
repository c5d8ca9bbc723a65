//! Which steps begin and end where, for questions that are asked again and again.
//!
//! [`StepGraph`](crate::search::StepGraph) knows costs and is built for one question; this is built once for a
//! generation, knows neither costs nor targets, and takes seventeen bytes a step. Start at [`StepMap::new`].

use std::collections::HashMap;

use postern_catalog::Foothold;
use postern_graph::FixedBitSet;
use postern_model::estate::NodeIndex;
use postern_model::{NodeId, RelationKind};

use crate::blast::Blast;
use crate::derived::{Derived, Step};
use crate::error::AttackError;
use crate::search::{NOT_TAKEN, is_twofold};
use crate::target::Target;
use crate::world::World;

/// Steps by their ends. Vertices are numbered: assets as in the estate, then virtual vertices as in [`Derived`].
pub struct StepMap {
    /// For each vertex, where in `out` its steps begin, and where those end that a user can take, and those that are
    /// taken at all. The last entry ends the last vertex.
    bounds: Vec<Bounds>,
    /// Places of steps among all steps, by where they begin; within each part in the order of ids.
    out: Vec<u32>,
    /// For each place in `out`: what is held afterwards, as a vertex and, in the lowest bit, whether all of it.
    held: Vec<u32>,
    /// For each vertex, where in `into` its steps begin; one more entry ends the last vertex.
    into_at: Vec<u32>,
    /// Places of steps among all steps, by where they end, in the order of ids.
    into: Vec<u32>,
    /// For each place in `into`: the vertex at which the step begins.
    before: Vec<u32>,
    /// Of each step, side by side: steps lie far apart.
    techniques: Vec<RelationKind>,
    is_device: FixedBitSet,
    is_means: FixedBitSet,
    assets: u32,
}

#[derive(Clone, Copy, Default)]
struct Bounds {
    begin: u32,
    user_end: u32,
    taken_end: u32,
}

/// What can be reached from one place.
struct Spread {
    /// What is held at all.
    vertices: FixedBitSet,
    /// What is held whole.
    whole: FixedBitSet,
    /// By place among the targets.
    targets: FixedBitSet,
    /// What was not gone through because it lies in a target: a vertex and, in the lowest bit, whether all of it.
    absorbed: Vec<u32>,
    steps: u32,
}

impl StepMap {
    /// # Errors
    /// [`AttackError::NoSuchPlace`] when a step begins or ends nowhere: these are no steps of this world.
    pub fn new(world: &World<'_>, derived: &Derived) -> Result<Self, AttackError> {
        let ids: Vec<NodeId> = world.estate.nodes.iter().map(|node| node.id).collect();
        let vertex = |id: NodeId| match ids.binary_search(&id) {
            Ok(index) => Ok(index as u32),
            Err(_) => match derived.virtuals.binary_search_by_key(&id, |it| it.id) {
                Ok(at) => Ok((ids.len() + at) as u32),
                Err(_) => Err(AttackError::NoSuchPlace { id: id.to_string() }),
            },
        };
        let ends: Vec<(u32, u32)> = derived
            .steps
            .iter()
            .map(|step| Ok((vertex(step.source)?, vertex(step.target)?)))
            .collect::<Result<_, AttackError>>()?;

        let vertices = ids.len() + derived.virtuals.len();
        let mut is_device = FixedBitSet::with_capacity(vertices);
        let mut is_means = FixedBitSet::with_capacity(vertices);
        let mut twofold = FixedBitSet::with_capacity(vertices);
        for (index, node) in world.estate.nodes.iter().enumerate() {
            is_device.set(index, node.kind.is_device());
            is_means.set(index, node.kind.is_means());
            twofold.set(index, is_twofold(node.kind));
        }

        let steps = &derived.steps;
        let mut bounds = vec![Bounds::default(); vertices + 1];
        let mut into_at = vec![0u32; vertices + 1];
        for (step, &(source, target)) in steps.iter().zip(&ends) {
            let of = &mut bounds[source as usize];
            match part(step) {
                Part::User => of.user_end += 1,
                Part::Taken => of.taken_end += 1,
                Part::NotTaken => of.begin += 1,
            }
            into_at[target as usize + 1] += 1;
        }
        // From the numbers of each part to where it ends.
        let mut end = 0;
        for of in &mut bounds {
            let (user, taken, not_taken) = (of.user_end, of.taken_end, of.begin);
            *of = Bounds {
                begin: end,
                user_end: end + user,
                taken_end: end + user + taken,
            };
            end += user + taken + not_taken;
        }
        for vertex in 0..vertices {
            into_at[vertex + 1] += into_at[vertex];
        }

        let mut free: Vec<[u32; 3]> = bounds.iter().map(|of| [of.begin, of.user_end, of.taken_end]).collect();
        let mut into_free = into_at.clone();
        let (mut out, mut held) = (vec![0u32; steps.len()], vec![0u32; steps.len()]);
        let (mut into, mut before) = (vec![0u32; steps.len()], vec![0u32; steps.len()]);
        for ((number, step), &(source, target)) in (0u32..).zip(steps).zip(&ends) {
            let place = &mut free[source as usize][part(step) as usize];
            out[*place as usize] = number;
            let all = step.gives == Foothold::Admin || !twofold.contains(target as usize);
            held[*place as usize] = target << 1 | u32::from(all);
            *place += 1;
            let place = &mut into_free[target as usize];
            into[*place as usize] = number;
            before[*place as usize] = source;
            *place += 1;
        }
        Ok(Self {
            bounds,
            out,
            held,
            into_at,
            into,
            before,
            techniques: steps.iter().map(|step| step.technique).collect(),
            is_device,
            is_means,
            assets: ids.len() as u32,
        })
    }

    /// How many vertices there are.
    pub fn vertices(&self) -> u32 {
        (self.bounds.len() - 1) as u32
    }

    /// The vertex of an asset or virtual vertex.
    pub fn vertex(&self, world: &World<'_>, derived: &Derived, id: NodeId) -> Option<u32> {
        if let Some(index) = world.estate.by_id(id) {
            return Some(index);
        }
        let at = derived.virtuals.binary_search_by_key(&id, |it| it.id).ok()?;
        Some(self.assets + at as u32)
    }

    /// Places among all steps of those that begin at a vertex.
    pub fn out_of(&self, vertex: u32) -> &[u32] {
        let vertex = vertex as usize;
        &self.out[self.bounds[vertex].begin as usize..self.bounds[vertex + 1].begin as usize]
    }

    /// The vertices at which these steps end, in the same order.
    pub fn next_of(&self, vertex: u32) -> impl Iterator<Item = u32> {
        let vertex = vertex as usize;
        let held = &self.held[self.bounds[vertex].begin as usize..self.bounds[vertex + 1].begin as usize];
        held.iter().map(|held| held >> 1)
    }

    /// Places among all steps of those that end at a vertex.
    pub fn into(&self, vertex: u32) -> &[u32] {
        let vertex = vertex as usize;
        &self.into[self.into_at[vertex] as usize..self.into_at[vertex + 1] as usize]
    }

    /// The vertices at which these steps begin, in the same order.
    pub fn before(&self, vertex: u32) -> impl Iterator<Item = u32> {
        let vertex = vertex as usize;
        let range = self.into_at[vertex] as usize..self.into_at[vertex + 1] as usize;
        self.before[range].iter().copied()
    }

    /// What an attacker does, by the place of the step among all steps.
    pub fn technique(&self, number: u32) -> RelationKind {
        self.techniques[number as usize]
    }

    /// As [`blast_radius`](crate::blast_radius()), which asks once.
    ///
    /// # Errors
    /// [`AttackError::NoSuchPlace`] when `start` is neither an asset nor a vertex of the steps.
    pub fn blast_radius(
        &self,
        world: &World<'_>,
        derived: &Derived,
        targets: &[Target],
        start: NodeId,
    ) -> Result<Blast, AttackError> {
        let Some(begin) = self.vertex(world, derived, start) else {
            return Err(AttackError::NoSuchPlace { id: start.to_string() });
        };
        let mut is_end = FixedBitSet::with_capacity(self.vertices() as usize);
        let mut target_of = HashMap::new();
        for (number, target) in targets.iter().enumerate() {
            // A target that is held already absorbs nothing.
            if target.members.contains(&start) {
                continue;
            }
            for member in target.members.iter().filter_map(|&member| world.estate.by_id(member)) {
                is_end.insert(member as usize);
                target_of.insert(member, number);
            }
        }
        let mut spread = Spread::new(self, targets.len());
        spread.go(self, vec![begin << 1 | 1], |vertex| {
            is_end.contains(vertex as usize).then(|| target_of[&vertex])
        });
        let (near, steps) = (spread.vertices.clone(), spread.steps);
        // What lies behind targets: on from where they have absorbed.
        let absorbed = std::mem::take(&mut spread.absorbed);
        spread.go(self, absorbed, |_| None);
        spread.vertices.difference_with(&near);
        Ok(Blast {
            targets: spread.targets.ones().map(|number| targets[number].id).collect(),
            assets: self.assets_of(&near, begin),
            assets_behind: self.assets_of(&spread.vertices, begin),
            steps,
        })
    }

    fn assets_of(&self, vertices: &FixedBitSet, start: u32) -> Vec<NodeIndex> {
        let is_asset =
            |&vertex: &u32| vertex < self.assets && vertex != start && !self.is_means.contains(vertex as usize);
        vertices.ones().map(|vertex| vertex as u32).filter(is_asset).collect()
    }
}

/// Who can take a step.
#[derive(Clone, Copy)]
enum Part {
    User = 0,
    Taken = 1,
    NotTaken = 2,
}

fn part(step: &Step) -> Part {
    match (step.technique == NOT_TAKEN, step.needs) {
        (true, _) => Part::NotTaken,
        (false, Foothold::User) => Part::User,
        (false, Foothold::Admin | Foothold::None) => Part::Taken,
    }
}

impl Spread {
    fn new(map: &StepMap, targets: usize) -> Self {
        Self {
            vertices: FixedBitSet::with_capacity(map.vertices() as usize),
            whole: FixedBitSet::with_capacity(map.vertices() as usize),
            targets: FixedBitSet::with_capacity(targets),
            absorbed: Vec::new(),
            steps: 0,
        }
    }

    /// Takes every step that can be taken from what is held, and from what is held through them.
    ///
    /// * `open`: what is held besides, as in `absorbed`.
    /// * `target_of`: the target in which a vertex lies, if that absorbs.
    fn go(&mut self, map: &StepMap, mut open: Vec<u32>, target_of: impl Fn(u32) -> Option<usize>) {
        while let Some(held) = open.pop() {
            let (vertex, is_whole) = (held >> 1, held & 1 == 1);
            let known = self.vertices.put(vertex as usize);
            if is_whole && self.whole.put(vertex as usize) || !is_whole && known {
                continue;
            }
            let bounds = map.bounds[vertex as usize];
            // Who holds all of something holds it as a user, whose steps may have been taken already.
            let steps = match (is_whole, known) {
                (false, _) => bounds.begin..bounds.user_end,
                (true, false) => bounds.begin..bounds.taken_end,
                (true, true) => bounds.user_end..bounds.taken_end,
            };
            for &next in &map.held[steps.start as usize..steps.end as usize] {
                let vertex = next >> 1;
                let target = target_of(vertex);
                if target.is_some() {
                    self.absorbed.push(next);
                }
                match target {
                    // Holding a target's device as a user is no control of it, and leads nowhere.
                    Some(_) if next & 1 == 0 && map.is_device.contains(vertex as usize) => {}
                    Some(target) => {
                        self.targets.insert(target);
                        self.steps += 1;
                    }
                    None => {
                        self.steps += 1;
                        let held_so = if next & 1 == 1 { &self.whole } else { &self.vertices };
                        if !held_so.contains(vertex as usize) {
                            open.push(next);
                        }
                    }
                }
            }
        }
    }
}
