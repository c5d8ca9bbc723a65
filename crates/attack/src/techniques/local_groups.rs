//! What members of a computer's local groups, and administrators of its SQL server, may do on it.
//!
//! The rules are those of BloodHound Community Edition's analysis. Members are taken as the computer lists them, one
//! hop deep; what lies behind a member is a membership of its own. Remote desktop needs two things, membership and the
//! right to log on that way, where that right was looked at; with Citrix it needs membership of a second group.

use std::collections::BTreeMap;

use postern_model::estate::{NodeIndex, Relation};
use postern_model::{NodeKind, RelationKind};
use roaring::RoaringBitmap;

use super::{Family, as_reported};
use crate::derived::Steps;
use crate::fact::Fact;
use crate::rights::{Holders, extend, held_together};
use crate::view::View;

pub const FAMILY: Family = Family {
    name: "local-groups",
    techniques: &[
        RelationKind::AdminTo,
        RelationKind::CanRdp,
        RelationKind::ExecuteDcom,
        RelationKind::CanPsRemote,
        RelationKind::SqlAdmin,
    ],
    derive,
};

/// Ends of the ids of local groups, `<computer SID>-<relative id>`.
const BY_END: [(&str, RelationKind); 4] = [
    ("-544", RelationKind::AdminTo),
    ("-555", RelationKind::CanRdp),
    ("-562", RelationKind::ExecuteDcom),
    ("-580", RelationKind::CanPsRemote),
];

fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    as_reported(view, steps, &[RelationKind::SqlAdmin]);
    let mut log_on_rights: BTreeMap<NodeIndex, Vec<&Relation>> = BTreeMap::new();
    for &relation in view.relations(RelationKind::RemoteInteractiveLogonRight) {
        log_on_rights.entry(relation.target).or_default().push(relation);
    }
    let citrix: BTreeMap<NodeIndex, &Relation> = view
        .relations(RelationKind::LocalToComputer)
        .iter()
        .filter(|belongs| is_of_citrix(&view.node(belongs.source).name))
        .map(|&belongs| (belongs.target, belongs))
        .collect();
    for belongs in view.relations(RelationKind::LocalToComputer) {
        let key = &view.node(belongs.source).key;
        let Some(&(_, technique)) = BY_END.iter().find(|(end, _)| key.ends_with(end)) else {
            continue;
        };
        let group = LocalGroup {
            view,
            group: belongs.source,
            computer: belongs.target,
            belongs,
        };
        if technique == RelationKind::CanRdp {
            let rights = log_on_rights.get(&belongs.target).map_or(&[][..], Vec::as_slice);
            match citrix.get(&belongs.target) {
                Some(second) => group.remote_desktop_of_citrix(steps, rights, second),
                None => group.remote_desktop(steps, rights),
            }
        } else {
            group.members(steps, technique, &[]);
        }
    }
}

struct LocalGroup<'v, 'a> {
    view: &'v View<'a>,
    group: NodeIndex,
    computer: NodeIndex,
    /// The group's relation to its computer.
    belongs: &'a Relation,
}

impl LocalGroup<'_, '_> {
    /// A step for each member that the computer lists; `more` has to be so for each.
    fn members(&self, steps: &mut Steps<'_, '_>, technique: RelationKind, more: &[Fact]) {
        let listed = self.view.memberships.members_of(self.group);
        for membership in listed {
            let mut facts = vec![
                self.view.membership_fact(membership),
                self.view.relation_fact(self.belongs),
            ];
            facts.extend_from_slice(more);
            steps.add(technique, membership.member, self.computer, facts);
        }
    }

    /// Where Citrix is installed: who is in both groups, and holds the right where it was looked at.
    fn remote_desktop_of_citrix(&self, steps: &mut Steps<'_, '_>, rights: &[&Relation], second: &Relation) {
        let of_group = |group: NodeIndex, belongs: &Relation| {
            let mut holders = Holders::default();
            for membership in self.view.memberships.members_of(group) {
                let facts = vec![self.view.membership_fact(membership), self.view.relation_fact(belongs)];
                holders.add(membership.member, facts);
            }
            holders
        };
        let mut needed = vec![of_group(self.group, self.belongs), of_group(second.source, second)];
        if self.view.node(self.computer).attributes.has_user_rights == Some(true) {
            let mut allowed = Holders::default();
            for right in rights {
                allowed.add(right.source, vec![self.view.relation_fact(right)]);
            }
            needed.push(allowed);
        }
        for (principal, facts) in held_together(self.view, &needed.iter().collect::<Vec<_>>()) {
            steps.add(RelationKind::CanRdp, principal, self.computer, facts);
        }
    }

    fn remote_desktop(&self, steps: &mut Steps<'_, '_>, rights: &[&Relation]) {
        let computer = self.view.node(self.computer);
        if computer.attributes.has_user_rights != Some(true) {
            self.members(steps, RelationKind::CanRdp, &[]);
            return;
        }
        if let Some(right) = rights.iter().find(|right| right.source == self.group) {
            self.members(steps, RelationKind::CanRdp, &[self.view.relation_fact(right)]);
            return;
        }

        let memberships = &self.view.memberships;
        let group = RoaringBitmap::from_iter([self.group]);
        let members = memberships.expansion_once(self.group);
        let holders: RoaringBitmap = rights.iter().map(|right| right.source).collect();
        // A holder that is a member stands for its own members; of another one those that are members by other ways.
        let mut both = &holders & &members;
        for holder in &(&holders - &members) & memberships.groups() {
            let is_local = self.view.node(holder).kind == NodeKind::LocalGroup;
            let behind = match is_local {
                true => memberships.expansion_once(holder),
                false => (*memberships.expansion(holder)).clone(),
            };
            both |= largest_first(self.view, behind & &members);
        }
        for principal in both {
            let mut facts: Vec<Fact> = Vec::new();
            if let Some((chain, _)) = memberships.chain(principal, &group) {
                facts.extend(chain.iter().map(|membership| self.view.membership_fact(membership)));
            }
            facts.push(self.view.relation_fact(self.belongs));
            let kind = RelationKind::RemoteInteractiveLogonRight;
            extend(
                &mut facts,
                self.view.grant_facts(principal, kind, &holders, self.computer),
            );
            steps.add(RelationKind::CanRdp, principal, self.computer, facts);
        }
    }
}

/// The group that Citrix makes, whose members may connect without a published application. Source: Citrix, "Direct
/// Access Users".
fn is_of_citrix(name: &str) -> bool {
    const NAME: &str = "Direct Access Users";
    name.get(..NAME.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(NAME))
}

/// Leaves out whoever is a member of somebody else that is left: the right of a broad group stays one step.
fn largest_first(view: &View<'_>, principals: RoaringBitmap) -> RoaringBitmap {
    let memberships = &view.memberships;
    let mut by_size: Vec<_> = (&principals & memberships.groups())
        .iter()
        .map(|it| (std::cmp::Reverse(memberships.expansion(it).len()), it))
        .collect();
    by_size.sort_unstable();
    let mut left = principals;
    for (_, group) in by_size {
        if left.contains(group) {
            left -= &*memberships.expansion(group);
            // A group in a circle is its own member.
            left.insert(group);
        }
    }
    left
}
