//! BadSuccessor: a delegated managed service account that says of itself which account it succeeds, and so gets that
//! account's rights and keys. Y. Gordon, Akamai, May 2025; CVE-2025-53779, fixed in August 2025.
//!
//! It takes a domain controller with Windows Server 2025, and the right to make such an account in any container of
//! the domain, or to write one that is there. Who made an account may write all of it. Since the fix the succeeded
//! account has to agree, so that who can write that needs no successor.

use std::collections::BTreeMap;

use postern_model::estate::{Node, NodeIndex, Relation};
use postern_model::{Facet, NodeKind, RelationKind};

use super::{WRITING, is_delegated_account, is_in_force, is_in_plane};
use crate::derived::{Manner, Steps, Vertex};
use crate::fact::Fact;
use crate::view::View;

const CVE: &str = "CVE-2025-53779";

/// The plugin families of Nessus that look at Windows with an account hold the fix's own check.
const PATCH_FAMILY: &str = "Windows : Microsoft Bulletins";

/// Rights over a container with which one makes an account in it, at once or after one more move. To write its
/// properties is not enough.
const MAKING: [RelationKind; 9] = [
    RelationKind::CreateChildDmsa,
    RelationKind::CreateChildAll,
    RelationKind::CreateChild,
    RelationKind::GenericAll,
    RelationKind::WriteDacl,
    RelationKind::Owns,
    RelationKind::OwnsRaw,
    RelationKind::WriteOwner,
    RelationKind::WriteOwnerRaw,
];

pub(super) fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    let open = open_domains(view);
    if open.is_empty() {
        return;
    }
    for kind in MAKING {
        let is_creation = matches!(
            kind,
            RelationKind::CreateChildDmsa | RelationKind::CreateChildAll | RelationKind::CreateChild
        );
        for relation in view.relations(kind) {
            let is_container = match view.node(relation.target).kind {
                NodeKind::Ou | NodeKind::Container => true,
                // The other rights over a domain are control of it by themselves.
                NodeKind::Domain => is_creation,
                _ => false,
            };
            if is_container {
                add(view, steps, &open, relation);
            }
        }
    }
    for kind in WRITING {
        for relation in view.relations(kind) {
            let account = view.node(relation.target);
            let is_usable = !account.is_unusable_account(view.world.now);
            if is_delegated_account(account) && is_usable && is_in_force(view, relation) {
                add(view, steps, &open, relation);
            }
        }
    }
}

fn add(view: &View<'_>, steps: &mut Steps<'_, '_>, open: &BTreeMap<&str, Open>, relation: &Relation) {
    let Some(it) = open.get(&*view.node(relation.target).boundary) else {
        return;
    };
    // Who controls all of the forest needs no successor.
    if is_in_plane(view, relation.source) {
        return;
    }
    let technique = RelationKind::BadSuccessor;
    let known = view.world.catalog.technique(technique);
    let manner = Manner {
        grade: known.filter(|_| it.is_seen).map(|it| it.grade_when("unpatched")),
        ..Manner::default()
    };
    let facts = std::iter::once(view.relation_fact(relation))
        .chain(it.facts.iter().cloned())
        .collect();
    let (source, target) = (Vertex::Asset(relation.source), Vertex::Asset(it.domain));
    steps.add_between(technique, source, target, manner, facts);
}

/// A domain with a controller that takes a successor's word.
struct Open {
    domain: NodeIndex,
    /// Whose controller it is, its system, and that it lacks the fix.
    facts: Vec<Fact>,
    /// A scanner saw that the fix is missing.
    is_seen: bool,
}

/// By domain: of its controllers with Windows Server 2025, one that a scanner saw without the fix, else one that
/// nobody looked at. Those that somebody looked at, and found nothing, have it.
fn open_domains<'a>(view: &View<'a>) -> BTreeMap<&'a str, Open> {
    let findings = view.findings_of(CVE);
    let mut open = BTreeMap::<&str, Open>::new();
    for relation in view.relations(RelationKind::DcFor) {
        let (controller, domain) = (view.node(relation.source), view.node(relation.target));
        let system = controller.attributes.operating_system.as_deref().unwrap_or_default();
        let is_usable =
            !controller.is_unusable_account(view.world.now) && controller.attributes.is_read_only_dc != Some(true);
        if domain.kind != NodeKind::Domain || !is_usable || !system.contains("2025") {
            continue;
        }
        let finding = findings.get(&relation.source).copied().flatten();
        if finding.is_none() && (findings.contains_key(&relation.source) || was_looked_at(controller)) {
            continue;
        }
        let lacks_fix = match finding {
            Some(finding) => Fact::Finding { id: finding.id },
            None => {
                let text = "has the Kerberos service that Windows Server 2025 came out with, as nobody looked for the \
                            update of August 2025 (CVE-2025-53779)";
                Fact::product_default(controller, CVE, "unpatched", text)
            }
        };
        let is_seen = finding.is_some();
        if open.get(&*domain.key).is_some_and(|known| known.is_seen || !is_seen) {
            continue;
        }
        let of_system = view.property_fact(controller, "operatingsystem", system, &format!("runs {system}"));
        let facts = vec![view.relation_fact(relation), of_system, lacks_fix];
        open.insert(
            &domain.key,
            Open {
                domain: relation.target,
                facts,
                is_seen,
            },
        );
    }
    open
}

/// Whether a scanner looked with an account for updates that are missing.
fn was_looked_at(controller: &Node) -> bool {
    controller
        .known
        .iter()
        .any(|facet| matches!(facet, Facet::Plugins { family, credentialed: true } if family == PATCH_FAMILY))
}

#[cfg(test)]
pub(crate) use tests::PLANTS;

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use postern_model::Grade;

    use super::*;
    use crate::planted::Plant;
    use crate::testing::{DOMAIN, Sketch, step};
    use crate::{Removal, derive as derive_all};

    fn unit() -> Sketch {
        let mut sketch = Sketch::domain();
        sketch
            .computer("DC")
            .edit("DC", |dc| {
                dc.operating_system = Some("Windows Server 2025 Datacenter".into())
            })
            .relate("DC", RelationKind::DcFor, DOMAIN)
            .group("HELPDESK")
            .node("BRANCH", NodeKind::Ou, |_| {})
            .relate("HELPDESK", RelationKind::CreateChildDmsa, "BRANCH");
        sketch
    }

    fn account() -> Sketch {
        let mut sketch = unit();
        sketch
            .unrelate("HELPDESK", RelationKind::CreateChildDmsa, "BRANCH")
            .node("DMSA", NodeKind::User, |dmsa| {
                dmsa.attributes.account.get_or_insert_default().is_dmsa = Some(true);
            })
            .relate("HELPDESK", RelationKind::GenericWrite, "DMSA");
        sketch
    }

    pub(crate) const PLANTS: &[Plant] = &[
        Plant {
            technique: RelationKind::BadSuccessor,
            source: "HELPDESK",
            target: DOMAIN,
            estate: unit,
            near_misses: &[
                ("a controller runs Windows Server 2025", |it| {
                    it.edit("DC", |dc| {
                        dc.operating_system = Some("Windows Server 2022 Datacenter".into())
                    });
                }),
                ("the controller's system is known", |it| {
                    it.edit("DC", |dc| dc.operating_system = None);
                }),
                ("the server with 2025 is a controller", |it| {
                    it.unrelate("DC", RelationKind::DcFor, DOMAIN);
                }),
                ("the controller is in use", |it| {
                    it.edit("DC", |dc| dc.enabled = Some(false));
                }),
                ("the controller can be written to", |it| {
                    it.edit("DC", |dc| dc.is_read_only_dc = Some(true));
                }),
                ("the fix is missing", |it| {
                    it.node("DC", NodeKind::Computer, |dc| {
                        dc.known = Arc::new([Facet::Plugins {
                            family: PATCH_FAMILY.to_owned(),
                            credentialed: true,
                        }]);
                    });
                }),
                ("may make accounts", |it| {
                    it.unrelate("HELPDESK", RelationKind::CreateChildDmsa, "BRANCH");
                }),
                ("may make accounts, not only write properties", |it| {
                    it.unrelate("HELPDESK", RelationKind::CreateChildDmsa, "BRANCH").relate(
                        "HELPDESK",
                        RelationKind::GenericWrite,
                        "BRANCH",
                    );
                }),
                ("it is a container that accounts are made in", |it| {
                    it.node("BRANCH", NodeKind::Gpo, |_| {});
                }),
                ("the container is of the domain", |it| {
                    it.node("BRANCH", NodeKind::Ou, |unit| unit.boundary = "S-1-5-21-2-2-2".into());
                }),
                ("the holder is enabled", |it| {
                    it.node("HELPDESK", NodeKind::User, |eve| eve.attributes.enabled = Some(false));
                }),
            ],
        },
        Plant {
            technique: RelationKind::BadSuccessor,
            source: "HELPDESK",
            target: DOMAIN,
            estate: account,
            near_misses: &[
                ("a controller runs Windows Server 2025", |it| {
                    it.edit("DC", |dc| {
                        dc.operating_system = Some("Windows Server 2019 Standard".into())
                    });
                }),
                ("the account is a delegated one", |it| {
                    it.edit("DMSA", |dmsa| {
                        dmsa.account = None;
                        dmsa.is_gmsa = Some(true);
                    });
                }),
                ("the account is enabled", |it| {
                    it.edit("DMSA", |dmsa| dmsa.enabled = Some(false));
                }),
                ("may write the account", |it| {
                    it.unrelate("HELPDESK", RelationKind::GenericWrite, "DMSA").relate(
                        "HELPDESK",
                        RelationKind::ReadGmsaPassword,
                        "DMSA",
                    );
                }),
            ],
        },
    ];

    #[test]
    fn that_the_fix_is_missing_is_seen_or_assumed() {
        let step_of = |sketch: &Sketch| {
            let derived = sketch.derived();
            step(&derived, "HELPDESK", RelationKind::BadSuccessor, DOMAIN).cloned()
        };
        let assumed = step_of(&unit()).expect("a step");
        assert_eq!((assumed.cost, assumed.is_assumed), (Grade::Possible.cost(), true));
        let mut seen = unit();
        seen.weakness_of("DC", CVE);
        let seen = step_of(&seen).expect("a step");
        assert_eq!((seen.cost, seen.is_assumed), (Grade::VeryLikely.cost(), false));
    }

    #[test]
    fn a_controller_whose_finding_is_mended_is_not_one_that_nobody_looked_at() {
        let mut sketch = unit();
        sketch.weakness_of("DC", CVE);
        let built = sketch.build();
        let removal = Removal {
            edges: built.estate.findings.iter().map(|it| it.id).collect(),
            ..Removal::default()
        };
        let mended = derive_all(&built.world(), &removal);
        assert_eq!(step(&mended, "HELPDESK", RelationKind::BadSuccessor, DOMAIN), None);
    }

    #[test]
    fn a_domain_itself_holds_accounts_too() {
        let mut sketch = unit();
        sketch
            .unrelate("HELPDESK", RelationKind::CreateChildDmsa, "BRANCH")
            .relate("HELPDESK", RelationKind::WriteDacl, DOMAIN);
        assert!(!sketch.has_step("HELPDESK", RelationKind::BadSuccessor, DOMAIN));
        sketch.relate("HELPDESK", RelationKind::CreateChildAll, DOMAIN);
        assert!(sketch.has_step("HELPDESK", RelationKind::BadSuccessor, DOMAIN));
    }

    #[test]
    fn whoever_controls_the_forest_needs_no_successor() {
        let mut sketch = unit();
        sketch.in_plane("HELPDESK");
        assert!(!sketch.has_step("HELPDESK", RelationKind::BadSuccessor, DOMAIN));
    }
}
