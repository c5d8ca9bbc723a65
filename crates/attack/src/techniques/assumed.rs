//! Where the analysis lets an attacker begin when nothing was observed: as any user, or on any workstation.
//!
//! One virtual vertex stands for each, so that a right of a broad group is one path and not one for every user.

use postern_model::estate::{Node, NodeIndex};
use postern_model::{Facet, NodeKind, ObjectClass, RelationKind};

use super::Family;
use crate::derived::{Manner, Steps, Vertex, Virtual};
use crate::fact::Fact;
use crate::target::target_members;
use crate::view::View;
use crate::world::World;

pub const FAMILY: Family = Family {
    name: "assumed",
    techniques: &[RelationKind::AssumedFoothold],
    derive,
};

/// The key of the virtual entry point "any user of a domain".
pub fn users_entry_key(domain_sid: &str) -> String {
    format!("entry:users:{domain_sid}")
}

/// The key of the virtual entry point "any workstation of a domain".
pub fn workstations_entry_key(domain_sid: &str) -> String {
    format!("entry:workstations:{domain_sid}")
}

/// The virtual entry point "any user of a domain".
pub fn users_entry(domain: &Node) -> Virtual {
    let name = format!("any user of {}", domain.name);
    Virtual::new(users_entry_key(&domain.key), name, NodeKind::EntryPoint)
}

/// The virtual entry point "any workstation of a domain".
pub fn workstations_entry(domain: &Node) -> Virtual {
    let name = format!("any workstation of {}", domain.name);
    Virtual::new(workstations_entry_key(&domain.key), name, NodeKind::EntryPoint)
}

/// The groups that every user of a domain belongs to, of those that are known.
pub fn broad_groups(world: &World<'_>, domain: &Node) -> Vec<NodeIndex> {
    [
        format!("{}-513", domain.key),
        format!("{}-S-1-5-11", domain.name),
        format!("{}-S-1-1-0", domain.name),
    ]
    .iter()
    .filter_map(|key| world.estate.by_key.get(key.to_ascii_uppercase().as_str()).copied())
    .collect()
}

/// The computers of a domain that its users sit at: enabled, no server as far as its operating system says, and
/// outside every target. Empty where nobody looked for sessions, for then such a computer would lead nowhere.
pub fn workstations(world: &World<'_>, domain: &Node) -> Vec<NodeIndex> {
    let has_sessions = [Facet::Sessions, Facet::PrivilegedSessions, Facet::RegistrySessions]
        .iter()
        .any(|facet| world.estate.is_covered(&domain.key, ObjectClass::Computers, facet));
    if !has_sessions {
        return Vec::new();
    }
    let targets = target_members(world);
    let is_workstation = |index: NodeIndex, node: &Node| {
        let attributes = &node.attributes;
        node.kind == NodeKind::Computer
            && node.boundary == domain.key
            && !node.is_stub
            && attributes.is_dc != Some(true)
            && attributes.operating_system.as_deref().is_some_and(is_client)
            && !node.is_unusable_account(world.now)
            && !targets.contains(index)
    };
    (0..)
        .zip(&world.estate.nodes)
        .filter(|(index, node)| is_workstation(*index, node))
        .map(|(index, _)| index)
        .collect()
}

/// Whether an operating system is made to be worked at. An unknown one is not taken for one.
fn is_client(operating_system: &str) -> bool {
    !operating_system.trim().is_empty() && !operating_system.to_ascii_lowercase().contains("server")
}

fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    let settings = view.world.settings;
    for (_, domain) in view.assets(NodeKind::Domain) {
        if settings.user_entries {
            let users = users_entry(domain);
            for group in broad_groups(&view.world, domain) {
                let text = format!("every user of {} is part of {}", domain.name, view.node(group).name);
                assume(steps, &users, group, text);
            }
        }
        if settings.workstation_entries {
            let all_workstations = workstations_entry(domain);
            for computer in workstations(&view.world, domain) {
                let text = format!("{} is a workstation of {}", view.node(computer).name, domain.name);
                assume(steps, &all_workstations, computer, text);
            }
        }
    }
}

fn assume(steps: &mut Steps<'_, '_>, entry: &Virtual, target: NodeIndex, text: String) {
    let facts = vec![Fact::Assumption { text: text.into() }];
    let (source, target) = (Vertex::Virtual(entry), Vertex::Asset(target));
    steps.add_between(RelationKind::AssumedFoothold, source, target, Manner::default(), facts);
}
