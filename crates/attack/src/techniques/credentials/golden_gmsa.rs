//! Golden gMSA: the root keys of a forest, of which the passwords of all its group managed service accounts are made.
//! Y. Gordon, Semperis, March 2022.
//!
//! The keys lie in one container of the forest's configuration. Who controls that, or may read what is confidential
//! there, makes each password, today's and those to come; the rest of what it takes anybody may read.

use std::collections::BTreeMap;

use postern_model::estate::{Estate, Node};
use postern_model::{NodeKind, RelationKind};

use crate::derived::{Manner, Steps, Vertex, Virtual};
use crate::fact::Fact;
use crate::forest::Forests;
use crate::techniques::sets;
use crate::view::View;

const ROOT_KEYS: &str = "CN=MASTER ROOT KEYS,CN=GROUP KEY DISTRIBUTION SERVICE,CN=SERVICES,CN=CONFIGURATION,";

pub(super) fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    let technique = RelationKind::GoldenGmsa;
    let forests = Forests::of(view);
    for (container, node) in view.all_assets().filter(|(_, node)| holds_root_keys(node)) {
        let Some(domain) = view.domain_of(node) else {
            continue;
        };
        let set = set_of(domain);
        let mut has_members = false;
        let mut trusts = BTreeMap::new();
        for (account, account_node) in view.assets(NodeKind::User) {
            if account_node.attributes.is_gmsa != Some(true) {
                continue;
            }
            let trusts = trusts
                .entry(&*account_node.boundary)
                .or_insert_with(|| trusts_between(view, &forests, domain, account_node));
            let Some(trusts) = trusts else { continue };
            let text = "is a group managed service account, so its password is made of the root keys";
            let mut facts = vec![view.property_fact(account_node, "gmsa", "true", text)];
            facts.extend(trusts.iter().cloned());
            steps.add_member(&set, Vertex::Asset(account), Manner::default(), facts);
            has_members = true;
        }
        if !has_members {
            continue;
        }
        let text = format!("{} holds the root keys of the forest", node.name);
        let holds = Fact::BuiltIn { text: text.into() };
        steps.add_to_set(technique, container, &set, vec![holds.clone()]);
        // All extended rights give the container away as little as those over any other, but they read its keys.
        for relation in view.relations(RelationKind::AllExtendedRights) {
            if relation.target == container {
                let facts = vec![view.relation_fact(relation), holds.clone()];
                steps.add_to_set(technique, relation.source, &set, facts);
            }
        }
    }
}

/// Whether it is the container of the root keys.
fn holds_root_keys(node: &Node) -> bool {
    let name = node.attributes.distinguished_name.as_deref().unwrap_or_default();
    matches!(node.kind, NodeKind::Container | NodeKind::Base)
        && name
            .get(..ROOT_KEYS.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(ROOT_KEYS))
}

/// The trusts that join a domain to that of an account in one forest.
fn trusts_between(view: &View<'_>, forests: &Forests<'_, '_>, domain: &Node, account: &Node) -> Option<Vec<Fact>> {
    let [from, to] = [Some(domain), view.domain_of(account)].map(|it| view.world.estate.by_id(it?.id));
    forests.joined_by(from?, to?)
}

fn set_of(domain: &Node) -> Virtual {
    let name = format!("any group managed service account of the forest of {}", domain.name);
    sets::vertex("managed-accounts", &domain.key, name)
}

/// Every set that steps over an estate may begin or end at.
pub(crate) fn all_sets(estate: &Estate) -> Vec<Virtual> {
    let containers = estate.nodes.iter().filter(|node| holds_root_keys(node));
    let mut found: Vec<_> = containers
        .filter_map(|node| {
            let domain = estate.by_key.get(node.boundary.to_ascii_uppercase().as_str())?;
            Some(set_of(estate.node(*domain)))
        })
        .collect();
    found.sort();
    found.dedup();
    found
}

#[cfg(test)]
pub(crate) use tests::PLANTS;

#[cfg(test)]
mod tests {
    use postern_model::Criticality;

    use super::*;
    use crate::planted::Plant;
    use crate::testing::{DOMAIN, Sketch, any_user, path, users};

    const KEYS: &str = "CN=Master Root Keys,CN=Group Key Distribution Service,CN=Services,CN=Configuration,DC=corp";

    fn forest() -> Sketch {
        let mut sketch = Sketch::domain();
        sketch
            .node("KEYS", NodeKind::Container, |it| {
                it.attributes.distinguished_name = Some(KEYS.into());
            })
            .node("CHILD", NodeKind::Domain, |_| {})
            .relate("CHILD", RelationKind::SameForestTrust, DOMAIN)
            .node("GMSA", NodeKind::User, |it| {
                it.boundary = "CHILD".into();
                it.attributes.is_gmsa = Some(true);
            });
        sketch
    }

    fn reader() -> Sketch {
        let mut sketch = forest();
        sketch
            .group("OPS")
            .relate("OPS", RelationKind::AllExtendedRights, "KEYS");
        sketch
    }

    pub(crate) const PLANTS: &[Plant] = &[
        Plant {
            technique: RelationKind::GoldenGmsa,
            source: "KEYS",
            target: "GMSA",
            estate: forest,
            near_misses: &[
                ("holds the root keys", |it| {
                    it.edit("KEYS", |keys| {
                        keys.distinguished_name = Some(KEYS.replace("Master Root Keys", "Other Keys").into());
                    });
                }),
                ("is the container, not a group of that name", |it| {
                    it.group("KEYS");
                }),
                ("the account is a group managed one", |it| {
                    it.edit("GMSA", |gmsa| gmsa.is_gmsa = None);
                }),
                ("the account is enabled", |it| {
                    it.edit("GMSA", |gmsa| gmsa.enabled = Some(false));
                }),
                ("the account is of the forest", |it| {
                    it.unrelate("CHILD", RelationKind::SameForestTrust, DOMAIN);
                }),
            ],
        },
        Plant {
            technique: RelationKind::GoldenGmsa,
            source: "OPS",
            target: "GMSA",
            estate: reader,
            near_misses: &[
                ("may read what is confidential", |it| {
                    it.unrelate("OPS", RelationKind::AllExtendedRights, "KEYS").relate(
                        "OPS",
                        RelationKind::GenericWrite,
                        "KEYS",
                    );
                }),
                ("may read it in that container", |it| {
                    it.node("OTHER", NodeKind::Container, |_| {})
                        .unrelate("OPS", RelationKind::AllExtendedRights, "KEYS")
                        .relate("OPS", RelationKind::AllExtendedRights, "OTHER");
                }),
                ("the holder is enabled", |it| {
                    it.node("OPS", NodeKind::User, |eve| eve.attributes.enabled = Some(false));
                }),
            ],
        },
    ];

    #[test]
    fn whoever_controls_the_container_gets_hold_of_every_account() {
        let mut sketch = forest();
        sketch
            .relate(&users(), RelationKind::GenericAll, "KEYS")
            .critical("GMSA", Criticality::High);
        assert!(path(&sketch.analysis(), &any_user(), "GMSA").is_some());
        // To write its properties gives nobody the keys inside.
        sketch.unrelate(&users(), RelationKind::GenericAll, "KEYS").relate(
            &users(),
            RelationKind::GenericWrite,
            "KEYS",
        );
        assert!(path(&sketch.analysis(), &any_user(), "GMSA").is_none());
    }
}
