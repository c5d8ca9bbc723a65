//! Delegated consents: an application acts as a user who signed in to it, within what was consented to.
//!
//! What it may do is what the user may do and the consent names, both. So a consent makes a step only where it names
//! all of what the user may do in the directory, or what control of roles, applications and credentials comes to.
//! Consents for mail and files give away mail and files, and not the user: they are relations, and no steps.
//!
//! Source: Microsoft, "Overview of permissions and consent in the Microsoft identity platform", "Microsoft Graph
//! permissions reference", resource type `oAuth2PermissionGrant`.

use std::collections::BTreeSet;

use postern_model::estate::{Estate, Node, NodeIndex, Relation};
use postern_model::{NodeKind, RelationKind};

use super::{has_password, of};
use crate::derived::{Manner, Steps, Vertex, Virtual};
use crate::fact::Fact;
use crate::techniques::sets;
use crate::view::View;

/// The application id of Microsoft Graph, in every tenant.
const MICROSOFT_GRAPH: &str = "00000003-0000-0000-c000-000000000000";

/// Delegated permissions of Microsoft Graph by which a user's control of the directory is exercised, in lower case.
const SCOPES: [&str; 8] = [
    "application.readwrite.all",
    "approleassignment.readwrite.all",
    "directory.accessasuser.all",
    "directory.readwrite.all",
    "roleassignmentschedule.readwrite.directory",
    "rolemanagement.readwrite.directory",
    "user-passwordprofile.readwrite.all",
    "userauthenticationmethod.readwrite.all",
];

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    let mut tenants = BTreeSet::new();
    for relation in view.relations(RelationKind::AzDelegatedConsent) {
        let Some((graph, scope)) = scope_of_directory(view, relation) else {
            continue;
        };
        let facts = vec![
            view.relation_fact(relation),
            view.property_fact(
                graph,
                "appid",
                MICROSOFT_GRAPH,
                &format!("is Microsoft Graph, and the consent names {scope}"),
            ),
        ];
        let target = view.node(relation.target);
        match target.kind {
            NodeKind::AzUser => steps.add(RelationKind::AzActsAsUser, relation.source, relation.target, facts),
            NodeKind::AzTenant => {
                tenants.insert(relation.target);
                for_everybody(view, steps, relation.source, target, facts);
            }
            _ => {}
        }
    }
    for tenant in tenants {
        let tenant = view.node(tenant);
        let everybody = users_of(tenant);
        for (user, node) in view.assets(NodeKind::AzUser) {
            // A guest has next to no rights in the directory of another organisation.
            if node.boundary == tenant.key && has_password(node) {
                let text = format!("{} is one of them", node.name);
                let facts = vec![Fact::BuiltIn { text: text.into() }];
                steps.add_member(&everybody, Vertex::Asset(user), Manner::default(), facts);
            }
        }
    }
}

/// A consent for everybody: the application acts as whoever signs in to it.
fn for_everybody(view: &View<'_>, steps: &mut Steps<'_, '_>, client: NodeIndex, tenant: &Node, facts: Vec<Fact>) {
    let technique = view.world.catalog.technique(RelationKind::AzActsAsUser);
    let manner = Manner {
        grade: technique.map(|it| it.grade_when("everybody")),
        ..Manner::default()
    };
    let everybody = users_of(tenant);
    let (source, target) = (Vertex::Asset(client), Vertex::Virtual(&everybody));
    steps.add_between(RelationKind::AzActsAsUser, source, target, manner, facts);
}

/// Microsoft Graph and the first of [`SCOPES`] that a consent names of it, each as `<id of the resource>/<scope>`.
fn scope_of_directory<'v>(view: &View<'v>, consent: &Relation) -> Option<(&'v Node, &'static str)> {
    let properties = consent.properties.to_ascii_lowercase();
    let texts = properties.split('"');
    texts
        .filter_map(|text| text.split_once('/'))
        .find_map(|(resource, scope)| {
            let scope = SCOPES.into_iter().find(|it| *it == scope)?;
            let &index = view.world.estate.by_key.get(resource.to_ascii_uppercase().as_str())?;
            let node = view.node(index);
            let is_graph = of(node).is_graph == Some(true) && !view.removal.assets.contains(&index);
            is_graph.then_some((node, scope))
        })
}

fn users_of(tenant: &Node) -> Virtual {
    let name = format!("any user of {} who signs in to an application", tenant.name);
    sets::vertex("signed-in-users", &tenant.key, name)
}

/// Every set that these steps may lead to.
pub fn all_sets(estate: &Estate) -> Vec<Virtual> {
    let tenants = estate.nodes.iter().filter(|it| it.kind == NodeKind::AzTenant);
    tenants.map(users_of).collect()
}

#[cfg(test)]
pub(crate) use tests::PLANTS;

#[cfg(test)]
mod tests {
    use postern_model::{NodeKind, RelationKind};

    use crate::cloud_lookalikes::{Cloud, TENANT, plain, tenant};
    use crate::planted::Plant;
    use crate::testing::{CATALOG, Sketch, step};

    const ALL_OF_THE_USER: &str = r#"{"scopes":["GRAPH/openid","GRAPH/Directory.AccessAsUser.All"]}"#;

    fn client() -> Sketch {
        let mut sketch = tenant();
        sketch.entra("GRAPH", NodeKind::AzServicePrincipal, |it| it.is_graph = Some(true));
        sketch.entra("CLIENT", NodeKind::AzServicePrincipal, |_| {});
        sketch.entra("EVE", NodeKind::AzUser, plain);
        sketch
    }

    /// EVE consented to all that she may do.
    fn consent() -> Sketch {
        let mut sketch = client();
        sketch.relate_with("CLIENT", RelationKind::AzDelegatedConsent, "EVE", ALL_OF_THE_USER);
        sketch
    }

    /// An administrator consented for everybody.
    fn consent_for_all() -> Sketch {
        let mut sketch = client();
        sketch.relate_with("CLIENT", RelationKind::AzDelegatedConsent, TENANT, ALL_OF_THE_USER);
        sketch
    }

    pub(crate) const PLANTS: &[Plant] = &[
        Plant {
            technique: RelationKind::AzActsAsUser,
            source: "CLIENT",
            target: "EVE",
            estate: consent,
            near_misses: &[
                ("names control of the directory, not of mail and files", |it| {
                    it.unrelate("CLIENT", RelationKind::AzDelegatedConsent, "EVE");
                    let mail = r#"{"scopes":["GRAPH/Mail.ReadWrite","GRAPH/Files.ReadWrite.All"]}"#;
                    it.relate_with("CLIENT", RelationKind::AzDelegatedConsent, "EVE", mail);
                }),
                ("names a permission that writes", |it| {
                    it.unrelate("CLIENT", RelationKind::AzDelegatedConsent, "EVE");
                    let reads = r#"{"scopes":["GRAPH/Directory.Read.All"]}"#;
                    it.relate_with("CLIENT", RelationKind::AzDelegatedConsent, "EVE", reads);
                }),
                ("is for Microsoft Graph", |it| {
                    it.edit_entra("GRAPH", |it| it.is_graph = Some(false));
                }),
                ("is for a user who can sign in", |it| {
                    it.edit("EVE", |it| it.enabled = Some(false));
                }),
                ("is for an application that is enabled", |it| {
                    it.edit("CLIENT", |it| it.enabled = Some(false));
                }),
                ("was given", |it| {
                    it.unrelate("CLIENT", RelationKind::AzDelegatedConsent, "EVE");
                }),
            ],
        },
        Plant {
            technique: RelationKind::AzActsAsUser,
            source: "CLIENT",
            target: "EVE",
            estate: consent_for_all,
            near_misses: &[
                ("belongs to the tenant", |it| {
                    it.move_elsewhere("EVE");
                }),
                ("is no guest", |it| {
                    it.edit_entra("EVE", |it| it.is_guest = Some(true));
                }),
            ],
        },
    ];

    #[test]
    fn a_consent_for_everybody_waits_for_somebody_to_sign_in() {
        let technique = CATALOG.technique(RelationKind::AzActsAsUser).expect("a technique");
        let derived = consent_for_all().derived();
        let set = format!("set:signed-in-users:{TENANT}");
        let to_set = step(&derived, "CLIENT", RelationKind::AzActsAsUser, &set).expect("a step");
        assert_eq!(to_set.cost, technique.grade_when("everybody").cost());
        assert!(to_set.cost > technique.grade.cost());
    }
}
