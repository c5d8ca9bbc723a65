//! To a file server that asks for no signing: it takes the attacker for a computer that administers it.

use std::collections::{BTreeMap, HashMap};

use postern_model::estate::{NodeIndex, Relation};
use postern_model::{NodeKind, RelationKind};
use roaring::RoaringBitmap;

use super::{Coercion, DERIVATIONS_MAX};
use crate::derived::Steps;
use crate::fact::Fact;
use crate::view::View;

#[cfg(test)]
pub(crate) use tests::PLANTS;

/// End of the id of a computer's group of administrators.
const ADMINISTRATORS: &str = "-544";

pub(super) fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>, coercion: &Coercion<'_, '_>) {
    let by_target = |kind| {
        let mut found: BTreeMap<NodeIndex, Vec<&Relation>> = BTreeMap::new();
        for &relation in view.relations(kind) {
            found.entry(relation.target).or_default().push(relation);
        }
        found
    };
    let stated = by_target(RelationKind::AdminTo);
    let groups = by_target(RelationKind::LocalToComputer);
    let mut behind = Behind {
        view,
        coercion,
        known: HashMap::new(),
    };
    for (target, node) in view.assets(NodeKind::Computer) {
        let host = node.attributes.host.as_deref();
        if host.and_then(|host| host.requires_smb_signing) != Some(false) {
            continue;
        }
        let Some(attacker) = coercion.attacker(node) else {
            continue;
        };
        let mut grants = Vec::new();
        for &relation in stated.get(&target).into_iter().flatten() {
            grants.push((relation.source, vec![view.relation_fact(relation)]));
        }
        for &belongs in groups.get(&target).into_iter().flatten() {
            if view.node(belongs.source).key.ends_with(ADMINISTRATORS) {
                for membership in view.memberships.members_of(belongs.source) {
                    let facts = vec![view.membership_fact(membership), view.relation_fact(belongs)];
                    grants.push((membership.member, facts));
                }
            }
        }
        for (relayed, facts) in behind.first_of(&grants, target) {
            let mut all = coercion.facts(relayed);
            all.extend(facts);
            all.push(view.property_fact(node, "smbsigning", "false", "does not ask for signed SMB"));
            steps.add(RelationKind::CoerceAndRelayNtlmToSmb, attacker, target, all);
        }
    }
}

/// The computers behind principals that can be made to authenticate; each principal is looked at once.
struct Behind<'v, 'a> {
    view: &'v View<'a>,
    coercion: &'v Coercion<'v, 'a>,
    /// Principal → the first computers behind it, and the memberships that lead from each to it.
    known: HashMap<NodeIndex, Vec<(NodeIndex, Vec<Fact>)>>,
}

impl Behind<'_, '_> {
    /// The first computers behind those who administer `target`, itself left out, each with the reason. Computers of
    /// which a source says that they send NTLM come first.
    fn first_of(&mut self, grants: &[(NodeIndex, Vec<Fact>)], target: NodeIndex) -> Vec<(NodeIndex, Vec<Fact>)> {
        let mut found: Vec<(bool, NodeIndex, Vec<Fact>)> = Vec::new();
        let mut known = RoaringBitmap::new();
        for (holder, grant) in grants {
            let told = &self.coercion.told;
            let behind = self
                .known
                .entry(*holder)
                .or_insert_with(|| first_behind(self.view, self.coercion, *holder));
            for (computer, chain) in behind.iter().filter(|(computer, _)| *computer != target) {
                if known.insert(*computer) {
                    let facts = [chain.as_slice(), grant].concat();
                    found.push((!told.contains(*computer), *computer, facts));
                }
            }
        }
        // Stable: among equals, the first grant's come first.
        found.sort_by_key(|(is_untold, ..)| *is_untold);
        found.truncate(DERIVATIONS_MAX);
        found
            .into_iter()
            .map(|(_, computer, facts)| (computer, facts))
            .collect()
    }
}

/// The first computers that are `principal`, or belong to it. One more than is told, as one may be the target.
fn first_behind(view: &View<'_>, coercion: &Coercion<'_, '_>, principal: NodeIndex) -> Vec<(NodeIndex, Vec<Fact>)> {
    if !view.memberships.groups().contains(principal) {
        let is_coerced = coercion.usable.contains(principal);
        return is_coerced.then(|| (principal, Vec::new())).into_iter().collect();
    }
    let coerced = &*view.memberships.expansion(principal) & &coercion.usable;
    let told = &coerced & &coercion.told;
    let untold = &coerced - &told;
    let group = RoaringBitmap::from_iter([principal]);
    told.iter()
        .chain(&untold)
        .take(DERIVATIONS_MAX + 1)
        .map(|computer| {
            let chain = view.memberships.chain(computer, &group).map(|(chain, _)| chain);
            let facts = chain.iter().flatten().map(|it| view.membership_fact(it)).collect();
            (computer, facts)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planted::Plant;
    use crate::techniques::relay::testing::{EVERYBODY, estate, host, protect};
    use crate::testing::{Sketch, step};

    const SMB: RelationKind = RelationKind::CoerceAndRelayNtlmToSmb;

    fn through_groups() -> Sketch {
        let mut sketch = estate();
        sketch
            .computer("DEPLOY")
            .computer("SERVER")
            .group("DEPLOYERS")
            .group("OPS")
            .relate("DEPLOY", RelationKind::MemberOf, "DEPLOYERS")
            .relate("DEPLOYERS", RelationKind::MemberOf, "OPS")
            .local("SERVER", "-544", &["OPS"])
            .edit("SERVER", |it| host(it).requires_smb_signing = Some(false));
        sketch
    }

    fn stated() -> Sketch {
        let mut sketch = estate();
        sketch
            .computer("DEPLOY")
            .computer("SERVER")
            .relate("DEPLOY", RelationKind::AdminTo, "SERVER")
            .edit("SERVER", |it| host(it).requires_smb_signing = Some(false));
        sketch
    }

    pub(crate) const PLANTS: &[Plant] = &[
        Plant {
            technique: SMB,
            source: EVERYBODY,
            target: "SERVER",
            estate: through_groups,
            near_misses: &[
                ("the server does not ask for signing", |it| {
                    it.edit("SERVER", |server| host(server).requires_smb_signing = Some(true));
                }),
                ("somebody looked whether it does", |it| {
                    it.edit("SERVER", |server| host(server).requires_smb_signing = None);
                }),
                ("the computer sends NTLM", |it| {
                    it.edit("DEPLOY", |deploy| host(deploy).restricts_outbound_ntlm = Some(true));
                }),
                ("it is not in Protected Users", |it| protect(it, "DEPLOY")),
                ("its account is enabled", |it| {
                    it.edit("DEPLOY", |deploy| deploy.enabled = Some(false));
                }),
                ("it belongs to the administrators", |it| {
                    it.unrelate("DEPLOYERS", RelationKind::MemberOf, "OPS");
                }),
                ("they administer the server", |it| {
                    it.unrelate("OPS", RelationKind::MemberOfLocalGroup, "SERVER-544");
                }),
                ("it is the computer's account, and not a user's", |it| {
                    it.node("DEPLOY", NodeKind::User, |_| {});
                }),
                ("the server's account is enabled", |it| {
                    it.edit("SERVER", |server| server.enabled = Some(false));
                }),
                ("Authenticated Users of the domain are known", |it| {
                    it.node(EVERYBODY, NodeKind::Group, |node| {
                        node.boundary = "S-1-5-21-2-2-2".into()
                    });
                }),
            ],
        },
        Plant {
            technique: SMB,
            source: EVERYBODY,
            target: "SERVER",
            estate: stated,
            near_misses: &[
                ("a computer administers the server", |it| {
                    it.unrelate("DEPLOY", RelationKind::AdminTo, "SERVER");
                }),
                ("it is another computer", |it| {
                    it.unrelate("DEPLOY", RelationKind::AdminTo, "SERVER").relate(
                        "SERVER",
                        RelationKind::AdminTo,
                        "SERVER",
                    );
                }),
            ],
        },
    ];

    #[test]
    fn a_few_computers_are_named_and_those_that_somebody_asked_come_first() {
        let mut sketch = estate();
        sketch.computer("SERVER").local("SERVER", "-544", &["SERVER", "FARM"]);
        sketch.edit("SERVER", |it| host(it).requires_smb_signing = Some(false));
        for number in 0..9 {
            let key = format!("NODE{number}");
            sketch.computer(&key).relate(&key, RelationKind::MemberOf, "FARM");
        }
        sketch.relate("SERVER", RelationKind::MemberOf, "FARM");
        sketch.edit("NODE7", |it| host(it).restricts_outbound_ntlm = Some(false));
        let derived = sketch.derived();
        let step = step(&derived, EVERYBODY, SMB, "SERVER").expect("a step");
        assert_eq!(step.derivations().len(), DERIVATIONS_MAX);
        assert!(!step.is_assumed, "one of them rests on no default");
        let built = sketch.build();
        let is_about_itself = |fact: &Fact| fact.text(&built.estate).contains("can make SERVER");
        let is_relayed_to_itself = step.derivations().iter().any(|it| it.facts.iter().any(is_about_itself));
        assert!(!is_relayed_to_itself);
    }
}
