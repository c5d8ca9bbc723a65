//! What the engine makes of a drawing, asked by caption.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::convert::Infallible;

use postern_attack::{Derived, Fact, Passage, Step, without_sets};
use postern_engine::Generation;
use postern_model::{NodeId, RelationKind};

type Captions = BTreeSet<String>;

/// A generation with the captions of its assets.
pub struct Seen {
    generation: Generation,
    /// Id in upper case → caption.
    captions: HashMap<String, String>,
    /// Steps by technique, through sets to their members.
    steps: BTreeMap<RelationKind, BTreeSet<(String, String)>>,
}

impl Seen {
    pub fn new(generation: Generation, captions: HashMap<String, String>) -> Self {
        let mut seen = Self {
            generation,
            captions,
            steps: BTreeMap::new(),
        };
        let mut found: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        let each = |passage: Passage| -> Result<(), Infallible> {
            let ends = (seen.caption(passage.source), seen.caption(passage.target));
            if let (Some(source), Some(target)) = ends {
                found.entry(passage.technique).or_default().insert((source, target));
            }
            Ok(())
        };
        let Ok(()) = without_sets(&seen.generation.derived, &Derived::default(), each);
        seen.steps = found;
        seen
    }

    fn caption(&self, id: NodeId) -> Option<String> {
        self.captions
            .get(&self.generation.key_of(id).to_ascii_uppercase())
            .cloned()
    }

    pub fn is_drawn(&self, is_it: impl Fn(&str) -> bool) -> bool {
        self.captions.values().any(|it| is_it(it))
    }

    /// Steps of a technique.
    pub fn steps(&self, technique: &str) -> BTreeSet<(String, String)> {
        let kind = RelationKind::parse(technique);
        kind.and_then(|kind| self.steps.get(&kind)).cloned().unwrap_or_default()
    }

    pub fn sources(&self, technique: &str, target: &str) -> Captions {
        let steps = self.steps(technique).into_iter();
        steps.filter(|(_, to)| to == target).map(|(from, _)| from).collect()
    }

    pub fn targets(&self, technique: &str, source: &str) -> Captions {
        let steps = self.steps(technique).into_iter();
        steps.filter(|(from, _)| from == source).map(|(_, to)| to).collect()
    }

    pub fn all_sources(&self, technique: &str) -> Captions {
        self.steps(technique).into_iter().map(|(from, _)| from).collect()
    }

    pub fn any_sources(&self, techniques: &[&str], target: &str) -> Captions {
        techniques.iter().flat_map(|it| self.sources(it, target)).collect()
    }

    pub fn any_targets(&self, techniques: &[&str], source: &str) -> Captions {
        techniques.iter().flat_map(|it| self.targets(it, source)).collect()
    }

    /// Relations of the estate of a kind, reported or concluded.
    pub fn relations(&self, kind: &str) -> BTreeSet<(String, String)> {
        let estate = &self.generation.estate;
        let relations = estate.relations.iter().filter(|it| it.kind.as_str() == kind);
        let ends = relations.filter_map(|it| {
            let id = |index| self.caption(estate.node(index).id);
            id(it.source).zip(id(it.target))
        });
        ends.collect()
    }

    /// As [`Self::relations`], as texts to count.
    pub fn reported(&self, kind: &str) -> Captions {
        let relations = self.relations(kind).into_iter();
        relations
            .map(|(source, target)| format!("{source} to {target}"))
            .collect()
    }

    pub fn reported_sources(&self, kind: &str, target: &str) -> Captions {
        let relations = self.relations(kind).into_iter();
        relations.filter(|(_, to)| to == target).map(|(from, _)| from).collect()
    }

    pub fn reported_targets(&self, kind: &str, source: &str) -> Captions {
        let relations = self.relations(kind).into_iter();
        relations.filter(|(from, _)| from == source).map(|(_, to)| to).collect()
    }

    /// What the reasons of a step name, and those of why the target belongs to the set that the step leads to.
    pub fn facts(&self, technique: &str, source: &str, target: &str) -> Captions {
        let kind = RelationKind::parse(technique);
        let steps = &self.generation.derived.steps;
        let is = |id: NodeId, caption: &str| self.caption(id).as_deref() == Some(caption);
        let mut named = Captions::new();
        for step in steps
            .iter()
            .filter(|it| kind == Some(it.technique) && is(it.source, source))
        {
            for way in self.ways_on(step, |id| is(id, target)) {
                named.extend(self.named(way));
            }
        }
        named
    }

    /// A step and the steps through sets that lead from it to what is wanted; nothing where none do.
    fn ways_on<'s>(&'s self, step: &'s Step, is_wanted: impl Fn(NodeId) -> bool + Copy) -> Vec<&'s Step> {
        if is_wanted(step.target) {
            return vec![step];
        }
        let steps = self.generation.derived.steps.iter();
        let onward = steps.filter(|it| it.technique == RelationKind::AnyOf && it.source == step.target);
        let ways: Vec<_> = onward.flat_map(|it| self.ways_on(it, is_wanted)).collect();
        match ways.is_empty() {
            true => ways,
            false => std::iter::once(step).chain(ways).collect(),
        }
    }

    fn named(&self, step: &Step) -> Captions {
        let estate = &self.generation.estate;
        let mut nodes = vec![step.source, step.target];
        for fact in step.derivations().iter().flat_map(|it| &it.facts) {
            match fact {
                Fact::Relation { id } => {
                    if let Some(relation) = estate.relation(*id) {
                        nodes.extend([relation.source, relation.target].map(|it| estate.node(it).id));
                    }
                }
                Fact::Property(it) => nodes.push(it.node),
                Fact::Absence(it) => nodes.push(it.node),
                Fact::Default(it) => nodes.push(it.node),
                _ => {}
            }
        }
        nodes.into_iter().filter_map(|it| self.caption(it)).collect()
    }

    /// An asset and others.
    pub fn around(&self, caption: &str, mut others: Captions) -> Captions {
        others.insert(caption.to_owned());
        others
    }

    /// What reported relations of a kind lead to, at any depth.
    pub fn onward(&self, kind: &str, from: &str) -> Captions {
        closure(from, |at| self.reported_targets(kind, at))
    }

    /// What they lead from.
    pub fn back(&self, kind: &str, to: &str) -> Captions {
        closure(to, |at| self.reported_sources(kind, at))
    }

    /// What a principal and its groups have steps of some techniques to; and that with all that lies on the way.
    pub fn holdings(&self, techniques: &[&str], principal: &str) -> (Captions, Captions) {
        let holders = self.around(principal, self.onward("MemberOf", principal));
        let held: Captions = holders.iter().flat_map(|it| self.any_targets(techniques, it)).collect();
        // Groups that bring nothing lie on no way.
        let mut on_the_way = held.clone();
        for holder in &holders {
            let above = self.around(holder, self.onward("MemberOf", holder));
            if above.iter().any(|it| !self.any_targets(techniques, it).is_empty()) {
                on_the_way.insert(holder.clone());
            }
        }
        (held, on_the_way)
    }

    /// Who has a step of some techniques to an asset, by themselves or through groups; and that with the asset.
    pub fn holders(&self, techniques: &[&str], target: &str) -> (Captions, Captions) {
        let direct = self.any_sources(techniques, target);
        let holders: Captions = direct
            .iter()
            .flat_map(|it| self.around(it, self.back("MemberOf", it)))
            .collect();
        let all = self.around(target, holders.clone());
        (holders, all)
    }

    /// Computers with sessions of a group's members; and these with the members, and the group.
    pub fn group_sessions(&self, group: &str) -> (Captions, Captions) {
        let members = self.back("MemberOf", group);
        let computers: Captions = members.iter().flat_map(|it| self.sources("HasSession", it)).collect();
        let all = self.around(group, members.union(&computers).cloned().collect());
        (computers, all)
    }

    /// What the reasons name for which policies apply to an account.
    pub fn applied_to(&self, account: &str) -> Captions {
        let policies = self.sources("GPOAppliesTo", account);
        policies
            .iter()
            .flat_map(|it| self.facts("GPOAppliesTo", it, account))
            .collect()
    }

    /// The places of the directory through which a policy applies to accounts, and the policy.
    pub fn places_of(&self, policy: &str) -> Captions {
        let accounts = self.targets("GPOAppliesTo", policy);
        let all = self.places_and_users_of(policy);
        all.difference(&accounts).cloned().collect()
    }

    /// As [`Self::places_of`], with the accounts.
    pub fn places_and_users_of(&self, policy: &str) -> Captions {
        let accounts = self.targets("GPOAppliesTo", policy);
        accounts
            .iter()
            .flat_map(|it| self.facts("GPOAppliesTo", policy, it))
            .collect()
    }

    /// Members of groups of one domain that are of another; and these with the groups.
    pub fn foreign_members(&self) -> (Captions, Captions) {
        let estate = &self.generation.estate;
        let boundary = |caption: &str| {
            let nodes = estate.nodes.iter();
            let mut found = nodes.filter(|it| self.caption(it.id).as_deref() == Some(caption));
            found.next().map(|it| it.boundary.clone())
        };
        let (mut members, mut all) = (Captions::new(), Captions::new());
        let groups = self.relations("MemberOf").into_iter().map(|(_, group)| group);
        for group in groups.filter(|it| it.starts_with("Local")) {
            for member in self.back("MemberOf", &group) {
                if boundary(&member) != boundary(&group) {
                    all.extend([member.clone(), group.clone()]);
                    members.insert(member);
                }
            }
        }
        (members, all)
    }
}

fn closure(from: &str, next: impl Fn(&str) -> Captions) -> Captions {
    let mut found = Captions::new();
    let mut waiting = vec![from.to_owned()];
    while let Some(at) = waiting.pop() {
        for other in next(&at) {
            if found.insert(other.clone()) {
                waiting.push(other);
            }
        }
    }
    found
}

pub fn without(mut captions: Captions, others: &[&str]) -> Captions {
    captions.retain(|it| !others.contains(&it.as_str()));
    captions
}

pub fn both(mut captions: Captions, others: &[&str]) -> Captions {
    captions.retain(|it| others.contains(&it.as_str()));
    captions
}

/// By caption: drawings say `User A` and `Group A`.
pub fn users(mut captions: Captions) -> Captions {
    captions.retain(|it| it.contains("User"));
    captions
}

pub fn groups(mut captions: Captions) -> Captions {
    captions.retain(|it| it.contains("Group"));
    captions
}

pub fn without_groups(mut captions: Captions) -> Captions {
    captions.retain(|it| !it.contains("Group"));
    captions
}

pub fn foreign(mut captions: Captions) -> Captions {
    captions.retain(|it| it.starts_with("Foreign"));
    captions
}
