//! Read-only domain controllers: whose passwords they keep, who administers them, and who may change what they keep.
//!
//! Who administers one has the key of its krbtgt, and gets the keys of every account whose password it may cache,
//! cached or not (L. Cuozzo, "The Kerberos Key List Attack", 2021). Who may also write its computer object lets it
//! cache anybody's (E. Shamir, "At the Edge of Tier Zero: The Curious Case of the RODC", 2023).

use std::collections::BTreeMap;

use postern_model::estate::{Estate, Node, NodeIndex};
use postern_model::{NodeKind, RelationKind};
use roaring::RoaringBitmap;

use super::{WRITING, is_in_force, is_in_plane};
use crate::derived::{Manner, Steps, Vertex, Virtual};
use crate::fact::{AbsenceFact, Fact};
use crate::techniques::sets;
use crate::view::View;

/// Allowed RODC Password Replication Group.
const ALLOWED: &str = "-571";
/// Denied RODC Password Replication Group.
const DENIED: &str = "-572";
/// Administrators, and Account, Server and Backup Operators: denied by every read-only controller at first, beside the
/// group.
const DENIED_BUILT_IN: [&str; 4] = ["S-1-5-32-544", "S-1-5-32-548", "S-1-5-32-549", "S-1-5-32-551"];

pub(super) fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    let controllers: Vec<_> = view
        .assets(NodeKind::Computer)
        .filter(|(_, node)| node.attributes.is_read_only_dc == Some(true))
        .filter(|(_, node)| !node.is_unusable_account(view.world.now))
        .collect();
    if controllers.is_empty() {
        return;
    }
    let names = Names::of(view.world.estate, &controllers);
    reveal(view, steps, &controllers, &names);
    manage(view, steps, &controllers, &names);
    rewrite(view, steps);
}

/// From each controller to the set of those whose passwords it may cache.
fn reveal(view: &View<'_>, steps: &mut Steps<'_, '_>, controllers: &[(NodeIndex, &Node)], names: &Names) {
    let mut lists = BTreeMap::new();
    for &(controller, node) in controllers {
        let Some(domain) = view.domain_of(node) else {
            continue;
        };
        let of_controller = set_of(node, domain);
        lists
            .entry(of_controller.id)
            .or_insert_with(|| (of_controller, Lists::of(view, node, domain, names), Vec::new()))
            .2
            .push((controller, node, domain));
    }
    for (set, lists, controllers) in lists.into_values() {
        let mut has_members = false;
        for account in &lists.allowed_members - &lists.denied_members {
            let node = view.node(account);
            let Some((chain, _)) = view.memberships.chain(account, &lists.allowed) else {
                continue;
            };
            if !matches!(node.kind, NodeKind::User | NodeKind::Computer) {
                continue;
            }
            let mut facts: Vec<Fact> = chain.iter().map(|it| view.membership_fact(it)).collect();
            facts.push(Fact::Absence(Box::new(AbsenceFact {
                node: node.id,
                name: "memberof".to_owned(),
                text: format!("{} is in no group whose passwords are never cached", node.name),
            })));
            steps.add_member(&set, Vertex::Asset(account), Manner::default(), facts);
            has_members = true;
        }
        if !has_members {
            continue;
        }
        for (controller, node, domain) in controllers {
            let mut facts = vec![read_only(view, node)];
            let told = node.attributes.account.as_ref().and_then(|it| it.cacheable.as_deref());
            if let Some(list) = told {
                let text = "names whose passwords it may cache";
                facts.push(view.property_fact(node, "revealondemandgroup", &list.join("; "), text));
            } else {
                let text = format!(
                    "may cache the passwords of the Allowed RODC Password Replication Group of {}, as it came out",
                    domain.name
                );
                facts.push(Fact::product_default(
                    node,
                    "revealondemandgroup",
                    &format!("{}{ALLOWED}", domain.key),
                    &text,
                ));
            }
            steps.add_to_set(RelationKind::RodcRevealsPassword, controller, &set, facts);
        }
    }
}

/// From who manages a controller to it: as such they are administrators there.
fn manage(view: &View<'_>, steps: &mut Steps<'_, '_>, controllers: &[(NodeIndex, &Node)], names: &Names) {
    for &(controller, node) in controllers {
        let manager = node.attributes.account.as_ref().and_then(|it| it.managed_by.as_deref());
        let Some((name, manager)) = manager.and_then(|name| Some((name, names.find(view.world.estate, name)?))) else {
            continue;
        };
        let text = format!("is managed by {}", view.node(manager).name);
        let facts = vec![
            read_only(view, node),
            view.property_fact(node, "managedby", name, &text),
        ];
        steps.add(RelationKind::ManagesRodc, manager, controller, facts);
    }
}

/// From who may write a controller's object to the domain.
fn rewrite(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    for kind in WRITING {
        for relation in view.relations(kind) {
            let node = view.node(relation.target);
            let is_open = node.kind == NodeKind::Computer
                && node.attributes.is_read_only_dc == Some(true)
                && !node.is_unusable_account(view.world.now);
            if !is_open || is_in_plane(view, relation.source) || !is_in_force(view, relation) {
                continue;
            }
            let by_key = &view.world.estate.by_key;
            let domain = by_key.get(node.boundary.to_ascii_uppercase().as_str());
            if let Some(&domain) = domain.filter(|&&it| view.node(it).kind == NodeKind::Domain) {
                let facts = vec![view.relation_fact(relation), read_only(view, node)];
                steps.add(RelationKind::WriteRodcPolicy, relation.source, domain, facts);
            }
        }
    }
}

fn read_only(view: &View<'_>, node: &Node) -> Fact {
    view.property_fact(node, "isreadonlydc", "true", "is a read-only domain controller")
}

/// Whether a file tells a controller's own lists.
fn is_told(node: &Node) -> bool {
    node.attributes
        .account
        .as_ref()
        .is_some_and(|it| it.cacheable.is_some())
}

/// The set of those whose passwords a controller may cache: its own, or that of all with the lists of the product.
fn set_of(controller: &Node, domain: &Node) -> Virtual {
    let (whose, name) = match is_told(controller) {
        true => (
            controller,
            format!("any account whose password {} may cache", controller.name),
        ),
        false => {
            let name = format!(
                "any account whose password read-only controllers of {} may cache",
                domain.name
            );
            (domain, name)
        }
    };
    sets::vertex("rodc-cacheable", &whose.key, name)
}

/// Every set that steps over an estate may begin or end at.
pub(crate) fn all_sets(estate: &Estate) -> Vec<Virtual> {
    let is_read_only = |node: &&Node| node.attributes.is_read_only_dc == Some(true);
    let controllers = estate.nodes.iter().filter(is_read_only);
    let mut found: Vec<_> = controllers
        .filter_map(|node| {
            let domain = estate.by_key.get(node.boundary.to_ascii_uppercase().as_str())?;
            Some(set_of(node, estate.node(*domain)))
        })
        .collect();
    found.sort();
    found.dedup();
    found
}

/// Whose passwords are cached, and whose never.
struct Lists {
    /// The groups and accounts that are named.
    allowed: RoaringBitmap,
    /// Those and their members.
    allowed_members: RoaringBitmap,
    denied_members: RoaringBitmap,
}

impl Lists {
    fn of(view: &View<'_>, controller: &Node, domain: &Node, names: &Names) -> Self {
        let estate = view.world.estate;
        let told = controller.attributes.account.as_deref();
        let named =
            |list: &[String]| -> RoaringBitmap { list.iter().filter_map(|it| names.find(estate, it)).collect() };
        let find = |key: String| estate.by_key.get(key.to_ascii_uppercase().as_str()).copied();
        let allowed = match told.and_then(|it| it.cacheable.as_deref()) {
            Some(list) => named(list),
            None => find(format!("{}{ALLOWED}", domain.key)).into_iter().collect(),
        };
        let denied: RoaringBitmap = match told.and_then(|it| it.never_cacheable.as_deref()) {
            Some(list) => named(list),
            None => DENIED_BUILT_IN
                .iter()
                .map(|sid| format!("{}-{sid}", domain.name))
                .chain([format!("{}{DENIED}", domain.key)])
                .filter_map(find)
                .collect(),
        };
        let mut allowed_members = allowed.clone();
        for group in &allowed & view.memberships.groups() {
            allowed_members |= &*view.memberships.expansion(group);
        }
        Self {
            allowed,
            allowed_members,
            denied_members: members_as_reported(estate, denied),
        }
    }
}

/// Some principals and their members at any depth, as reported: whatever is imagined away, who is kept out stays out,
/// for nothing may become a way in by removing a fact.
fn members_as_reported(estate: &Estate, mut found: RoaringBitmap) -> RoaringBitmap {
    loop {
        let before = found.len();
        for relation in &estate.relations {
            if relation.kind == RelationKind::MemberOf && found.contains(relation.target) {
                found.insert(relation.source);
            }
        }
        if found.len() == before {
            return found;
        }
    }
}

/// Finds assets by distinguished name, where anything is named so.
struct Names(BTreeMap<String, NodeIndex>);

impl Names {
    fn of(estate: &Estate, controllers: &[(NodeIndex, &Node)]) -> Self {
        let is_wanted = controllers.iter().any(|(_, node)| {
            let told = node.attributes.account.as_deref();
            told.is_some_and(|it| it.managed_by.is_some() || it.cacheable.is_some() || it.never_cacheable.is_some())
        });
        let named = (0..).zip(&estate.nodes).filter(|_| is_wanted);
        Self(
            named
                .filter_map(|(index, node)| {
                    Some((node.attributes.distinguished_name.as_ref()?.to_ascii_uppercase(), index))
                })
                .collect(),
        )
    }

    fn find(&self, estate: &Estate, name: &str) -> Option<NodeIndex> {
        let name = name.to_ascii_uppercase();
        estate.by_key.get(name.as_str()).or_else(|| self.0.get(&name)).copied()
    }
}

#[cfg(test)]
pub(crate) use tests::PLANTS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planted::Plant;
    use crate::testing::{DOMAIN, Sketch, step};

    const ALLOWED_GROUP: &str = "S-1-5-21-1-1-1-571";
    const DENIED_GROUP: &str = "S-1-5-21-1-1-1-572";
    const OPERATORS: &str = "CORP.EXAMPLE-S-1-5-32-551";

    fn branch() -> Sketch {
        let mut sketch = Sketch::domain();
        sketch
            .node("RODC", NodeKind::Computer, |it| {
                it.attributes.is_read_only_dc = Some(true);
            })
            .group(ALLOWED_GROUP)
            .group(DENIED_GROUP)
            .group(OPERATORS)
            .group("STAFF")
            .user("ANN")
            .relate("ANN", RelationKind::MemberOf, "STAFF")
            .relate("STAFF", RelationKind::MemberOf, ALLOWED_GROUP);
        sketch
    }

    fn listed() -> Sketch {
        let mut sketch = branch();
        sketch
            .unrelate("STAFF", RelationKind::MemberOf, ALLOWED_GROUP)
            .edit("STAFF", |it| {
                it.distinguished_name = Some("CN=Staff,DC=corp,DC=example".into())
            })
            .edit("RODC", |it| {
                let lists = it.account.get_or_insert_default();
                lists.cacheable = Some(Box::new(["CN=STAFF,DC=CORP,DC=EXAMPLE".to_owned()]));
                lists.never_cacheable = Some(Box::new([DENIED_GROUP.to_owned()]));
            });
        sketch
    }

    fn managed() -> Sketch {
        let mut sketch = branch();
        sketch.user("BO").edit("RODC", |it| {
            it.account.get_or_insert_default().managed_by = Some("BO".to_owned());
        });
        sketch
    }

    fn writable() -> Sketch {
        let mut sketch = branch();
        sketch.group("OPS").relate("OPS", RelationKind::GenericWrite, "RODC");
        sketch
    }

    pub(crate) const PLANTS: &[Plant] = &[
        Plant {
            technique: RelationKind::RodcRevealsPassword,
            source: "RODC",
            target: "ANN",
            estate: branch,
            near_misses: &[
                ("is read-only", |it| {
                    it.edit("RODC", |rodc| rodc.is_read_only_dc = Some(false));
                }),
                ("the controller is enabled", |it| {
                    it.edit("RODC", |rodc| rodc.enabled = Some(false));
                }),
                ("the account is enabled", |it| {
                    it.edit("ANN", |ann| ann.enabled = Some(false));
                }),
                ("the account is allowed", |it| {
                    it.unrelate("STAFF", RelationKind::MemberOf, ALLOWED_GROUP);
                }),
                ("the account is not denied", |it| {
                    it.relate("ANN", RelationKind::MemberOf, DENIED_GROUP);
                }),
                ("no group of the account is denied", |it| {
                    it.relate("STAFF", RelationKind::MemberOf, DENIED_GROUP);
                }),
                ("the account is no operator", |it| {
                    it.relate("ANN", RelationKind::MemberOf, OPERATORS);
                }),
                ("the controller is of the domain", |it| {
                    it.node("RODC", NodeKind::Computer, |rodc| {
                        rodc.boundary = "S-1-5-21-2-2-2".into()
                    });
                }),
            ],
        },
        Plant {
            technique: RelationKind::RodcRevealsPassword,
            source: "RODC",
            target: "ANN",
            estate: listed,
            near_misses: &[
                ("the controller names the group", |it| {
                    it.edit("RODC", |rodc| {
                        rodc.account.get_or_insert_default().cacheable = Some(Box::new([]));
                    });
                }),
                ("the controller does not name it among those it never caches", |it| {
                    it.edit("RODC", |rodc| {
                        rodc.account.get_or_insert_default().never_cacheable = Some(Box::new(["STAFF".to_owned()]));
                    });
                }),
            ],
        },
        Plant {
            technique: RelationKind::ManagesRodc,
            source: "BO",
            target: "RODC",
            estate: managed,
            near_misses: &[
                ("is read-only: who manages another computer administers nothing", |it| {
                    it.edit("RODC", |rodc| rodc.is_read_only_dc = Some(false));
                }),
                ("is managed", |it| {
                    it.edit("RODC", |rodc| rodc.account = None);
                }),
                ("the manager is enabled", |it| {
                    it.edit("BO", |bo| bo.enabled = Some(false));
                }),
            ],
        },
        Plant {
            technique: RelationKind::WriteRodcPolicy,
            source: "OPS",
            target: DOMAIN,
            estate: writable,
            near_misses: &[
                ("is read-only", |it| {
                    it.edit("RODC", |rodc| rodc.is_read_only_dc = None);
                }),
                ("the controller is enabled", |it| {
                    it.edit("RODC", |rodc| rodc.enabled = Some(false));
                }),
                ("may write all of the object", |it| {
                    it.unrelate("OPS", RelationKind::GenericWrite, "RODC").relate(
                        "OPS",
                        RelationKind::WriteSpn,
                        "RODC",
                    );
                }),
                ("is not in control of the forest anyway", |it| {
                    it.in_plane("OPS");
                }),
            ],
        },
    ];

    #[test]
    fn lists_that_nobody_told_are_those_of_the_product() {
        let is_assumed = |sketch: &Sketch, set: &str| {
            let derived = sketch.derived();
            step(&derived, "RODC", RelationKind::RodcRevealsPassword, set).map(|step| step.is_assumed)
        };
        assert_eq!(
            is_assumed(&branch(), &format!("set:rodc-cacheable:{DOMAIN}")),
            Some(true)
        );
        assert_eq!(is_assumed(&listed(), "set:rodc-cacheable:RODC"), Some(false));
    }

    #[test]
    fn who_owns_the_object_may_write_it_unless_the_forest_withholds_that() {
        let mut sketch = branch();
        sketch.user("EVE").relate("EVE", RelationKind::OwnsRaw, "RODC");
        assert!(sketch.has_step("EVE", RelationKind::WriteRodcPolicy, DOMAIN));
        sketch.edit(DOMAIN, |it| {
            it.ds_heuristics = Some("00000000010000000002000000011".into())
        });
        assert!(!sketch.has_step("EVE", RelationKind::WriteRodcPolicy, DOMAIN));
    }

    #[test]
    fn sharing_a_list_means_sharing_a_set() {
        let mut sketch = branch();
        sketch.node("RODC2", NodeKind::Computer, |it| {
            it.attributes.is_read_only_dc = Some(true);
        });
        let members = |sketch: &Sketch| {
            let derived = sketch.derived();
            derived
                .steps
                .iter()
                .filter(|it| it.technique == RelationKind::AnyOf)
                .count()
        };
        assert_eq!(members(&sketch), 1);
        let built = sketch.build();
        let sets = all_sets(&built.estate);
        assert_eq!(sets.len(), 1);
        assert!(sketch.derived().virtual_vertex(sets[0].id).is_some());
    }
}
