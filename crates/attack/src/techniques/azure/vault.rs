//! Key vaults: who reads what they keep is decided by policies of the vault or by roles, and never by both.
//!
//! Who may change a vault may write an access policy for themselves, and read by one. Where roles protect the content,
//! policies say nothing; where policies do, roles that read say nothing.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use postern_model::estate::{Node, NodeIndex, Relation};
use postern_model::{NodeKind, RelationKind};

use crate::derived::Steps;
use crate::fact::Fact;
use crate::view::View;

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    let is_vault = |relation: &Relation| view.node(relation.target).kind == NodeKind::AzKeyVault;
    for relation in view.relations(RelationKind::AzKeyVaultContributor) {
        if is_vault(relation) && !is_protected_by_roles(view.node(relation.target)) {
            steps.add_reported(relation);
        }
    }
    for relation in view.relations(RelationKind::AzGetSecrets) {
        if !is_vault(relation) {
            continue;
        }
        let vault = view.node(relation.target);
        if !is_protected_by_roles(vault) {
            if relation.is_granted_by("policy") {
                steps.add_reported(relation);
            }
        } else if relation.is_granted_by("role") {
            steps.add_reported_with(relation, vec![by_roles(view, vault)]);
        }
    }
    owners_above(view, steps);
}

pub fn is_protected_by_roles(vault: &Node) -> bool {
    let entra = vault.attributes.entra.as_deref();
    entra.is_some_and(|it| it.is_protected_by_roles == Some(true))
}

fn by_roles(view: &View<'_>, vault: &Node) -> Fact {
    let text = "lets roles decide who reads its secrets";
    view.property_fact(vault, "enablerbacauthorization", "true", text)
}

/// A vault that roles protect is not in the hands of everybody who controls what is around it, as changing resources is
/// all that some of those can. Who may grant roles there grants one to themselves.
fn owners_above(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    let vaults: Vec<_> = view
        .assets(NodeKind::AzKeyVault)
        .filter(|(_, vault)| is_protected_by_roles(vault))
        .collect();
    if vaults.is_empty() {
        return;
    }
    let mut around = BTreeMap::<NodeIndex, Vec<&Relation>>::new();
    for &relation in view.relations(RelationKind::AzContains) {
        // Who controls the tenant itself has still to give themselves the rights over its resources.
        if view.node(relation.source).kind != NodeKind::AzTenant {
            around.entry(relation.target).or_default().push(relation);
        }
    }
    let mut grants = BTreeMap::<NodeIndex, Vec<&Relation>>::new();
    for kind in [RelationKind::AzOwner, RelationKind::AzUserAccessAdministrator] {
        for &relation in view.relations(kind) {
            grants.entry(relation.target).or_default().push(relation);
        }
    }
    for (vault, node) in vaults {
        let mut seen = BTreeSet::from([vault]);
        let mut waiting = VecDeque::from([(vault, vec![by_roles(view, node)])]);
        while let Some((at, chain)) = waiting.pop_front() {
            for &contains in around.get(&at).into_iter().flatten() {
                if !seen.insert(contains.source) {
                    continue;
                }
                let mut chain = chain.clone();
                chain.insert(0, view.relation_fact(contains));
                for grant in grants.get(&contains.source).into_iter().flatten() {
                    let mut facts = vec![view.relation_fact(grant)];
                    facts.extend(chain.iter().cloned());
                    steps.add(grant.kind, grant.source, vault, facts);
                }
                waiting.push_back((contains.source, chain));
            }
        }
    }
}

#[cfg(test)]
pub(crate) use tests::PLANTS;

#[cfg(test)]
mod tests {
    use postern_model::{NodeKind, RelationKind};

    use crate::cloud_lookalikes::{Cloud, tenant};
    use crate::planted::Plant;
    use crate::testing::Sketch;

    /// BOB reads by a policy, ADA by a role; MAX owns the group around a vault that roles protect.
    fn vaults() -> Sketch {
        let mut sketch = tenant();
        sketch.cloud("ADA", NodeKind::AzUser, |_| {});
        sketch.cloud("MAX", NodeKind::AzUser, |_| {});
        sketch.cloud("RESOURCES", NodeKind::AzResourceGroup, |_| {});
        sketch.entra("OPEN", NodeKind::AzKeyVault, |it| {
            it.is_protected_by_roles = Some(false)
        });
        sketch.entra("VAULT", NodeKind::AzKeyVault, |it| {
            it.is_protected_by_roles = Some(true)
        });
        for vault in ["OPEN", "VAULT"] {
            sketch.relate_with("BOB", RelationKind::AzGetSecrets, vault, r#"{"granted":["policy"]}"#);
            sketch.relate_with("ADA", RelationKind::AzGetSecrets, vault, r#"{"granted":["role"]}"#);
            sketch.relate("BOB", RelationKind::AzKeyVaultContributor, vault);
        }
        sketch.relate("RESOURCES", RelationKind::AzContains, "VAULT");
        sketch.relate("MAX", RelationKind::AzOwner, "RESOURCES");
        sketch.relate("ADA", RelationKind::AzUserAccessAdministrator, "RESOURCES");
        sketch.relate("BOB", RelationKind::AzContributor, "RESOURCES");
        sketch
    }

    #[test]
    fn who_may_change_what_is_around_a_vault_of_roles_does_not_read_it() {
        assert!(!vaults().has_step("BOB", RelationKind::AzContributor, "VAULT"));
        assert!(!vaults().has_step("RESOURCES", RelationKind::AzContains, "VAULT"));
    }
    pub(crate) const PLANTS: &[Plant] = &[
        Plant {
            technique: RelationKind::AzGetSecrets,
            source: "BOB",
            target: "OPEN",
            estate: vaults,
            near_misses: &[
                ("is enabled", |it| {
                    it.edit("BOB", |it| it.enabled = Some(false));
                }),
                ("is protected by policies", |it| {
                    it.edit_entra("OPEN", |it| it.is_protected_by_roles = Some(true));
                }),
                ("is a vault", |it| {
                    it.cloud("OPEN", NodeKind::AzVm, |_| {});
                }),
            ],
        },
        Plant {
            technique: RelationKind::AzGetSecrets,
            source: "ADA",
            target: "VAULT",
            estate: vaults,
            near_misses: &[
                ("is enabled", |it| {
                    it.edit("ADA", |it| it.enabled = Some(false));
                }),
                ("is protected by roles", |it| {
                    it.edit_entra("VAULT", |it| it.is_protected_by_roles = Some(false));
                }),
            ],
        },
        Plant {
            technique: RelationKind::AzKeyVaultContributor,
            source: "BOB",
            target: "OPEN",
            estate: vaults,
            near_misses: &[
                ("is enabled", |it| {
                    it.edit("BOB", |it| it.enabled = Some(false));
                }),
                ("is protected by policies", |it| {
                    it.edit_entra("OPEN", |it| it.is_protected_by_roles = Some(true));
                }),
                ("is a vault", |it| {
                    it.cloud("OPEN", NodeKind::AzVm, |_| {});
                }),
            ],
        },
        Plant {
            technique: RelationKind::AzOwner,
            source: "MAX",
            target: "VAULT",
            estate: vaults,
            near_misses: &[
                ("is enabled", |it| {
                    it.edit("MAX", |it| it.enabled = Some(false));
                }),
                ("lies in the group", |it| {
                    it.unrelate("RESOURCES", RelationKind::AzContains, "VAULT");
                }),
                ("owns the group", |it| {
                    it.unrelate("MAX", RelationKind::AzOwner, "RESOURCES");
                }),
                ("is protected by roles", |it| {
                    it.edit_entra("VAULT", |it| it.is_protected_by_roles = Some(false));
                }),
            ],
        },
        Plant {
            technique: RelationKind::AzUserAccessAdministrator,
            source: "ADA",
            target: "VAULT",
            estate: vaults,
            near_misses: &[
                ("is enabled", |it| {
                    it.edit("ADA", |it| it.enabled = Some(false));
                }),
                ("lies in the group", |it| {
                    it.unrelate("RESOURCES", RelationKind::AzContains, "VAULT");
                }),
            ],
        },
    ];
}
