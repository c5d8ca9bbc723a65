//! The cloud session of who is logged on: cookies of the browser, and the token that Windows keeps for applications.
//!
//! Whoever administers the device takes it as it is, with the second factor already proven. Where an account that is
//! synchronised has a session, its user of Entra is taken to be signed in there: no collector tells. That a device
//! joined Entra, or is managed by it, and has an owner, says who signs in there.
//!
//! Source: Microsoft, "Understanding Primary Refresh Token (PRT)", "Token protection in Microsoft Entra Conditional
//! Access".

use postern_model::estate::{EntraAttributes, Node, NodeIndex};
use postern_model::{Grade, NodeKind, RelationKind};

use crate::derived::{Manner, Steps, Vertex};
use crate::fact::Fact;
use crate::view::View;

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    let twins = view.relations(RelationKind::SyncedToEntraUser);
    for session in view.relations(RelationKind::HasSession) {
        if view.node(session.target).is_unusable_account(view.world.now) {
            continue;
        }
        let start = twins.partition_point(|it| it.source < session.target);
        for twin in twins[start..].iter().take_while(|it| it.source == session.target) {
            let facts = vec![
                view.relation_fact(session),
                view.relation_fact(twin),
                signed_in(view.node(session.source)),
            ];
            add(view, steps, session.source, twin.target, facts);
        }
    }
    for owner in view.relations(RelationKind::AzOwns) {
        let device = view.node(owner.target);
        let is_of_user = view.node(owner.source).kind == NodeKind::AzUser;
        if let Some(how) = is_signed_in_to(view, device).filter(|_| is_of_user) {
            let facts = vec![view.relation_fact(owner), how, signed_in(device)];
            add(view, steps, owner.target, owner.source, facts);
        }
    }
}

/// Why the owner of a device signs in there to Entra.
fn is_signed_in_to(view: &View<'_>, device: &Node) -> Option<Fact> {
    let entra = entra(device).filter(|_| device.kind == NodeKind::AzDevice)?;
    if entra.is_joined == Some(true) {
        return Some(view.property_fact(device, "trusttype", "AzureAd", "has joined Entra"));
    }
    let is_managed = entra.is_managed == Some(true);
    is_managed.then(|| view.property_fact(device, "ismanaged", "true", "is managed by Intune"))
}

fn signed_in(device: &Node) -> Fact {
    let text = "keeps who is logged on signed in to Entra, as Windows and browsers do";
    Fact::product_default(device, "cloudsession", "true", text)
}

fn add(view: &View<'_>, steps: &mut Steps<'_, '_>, device: NodeIndex, user: NodeIndex, mut facts: Vec<Fact>) {
    let (computer, account) = (view.node(device), view.node(user));
    let mut circumstances = Vec::new();
    let os = computer.attributes.operating_system.as_deref().unwrap_or_default();
    if computer.attributes.is_dc == Some(true) || os.to_ascii_lowercase().contains("server") {
        let text = "is a server, where people seldom sign in to the cloud";
        facts.push(view.property_fact(computer, "operatingsystem", os, text));
        circumstances.push("server");
    }
    if entra(account).is_some_and(|it| it.binds_tokens == Some(true)) {
        let text = "may use a session on the device only that it was made on (conditional access)";
        facts.push(view.property_fact(account, "tokenprotectionpolicies", "", text));
        circumstances.push("token-protection");
    }
    let technique = view.world.catalog.technique(RelationKind::StealsSessionToken);
    let grade = |circumstance: &str| technique.map(|it| it.grade_when(circumstance));
    let hardest: Option<Grade> = circumstances.into_iter().filter_map(grade).max_by_key(|it| it.cost());
    let manner = Manner {
        grade: hardest,
        ..Manner::default()
    };
    let (source, target) = (Vertex::Asset(device), Vertex::Asset(user));
    steps.add_between(RelationKind::StealsSessionToken, source, target, manner, facts);
}

fn entra(node: &Node) -> Option<&EntraAttributes> {
    node.attributes.entra.as_deref()
}

#[cfg(test)]
pub(crate) use tests::PLANTS;

#[cfg(test)]
mod tests {
    use postern_model::{NodeKind, RelationKind};

    use crate::cloud_lookalikes::{Cloud, plain, tenant};
    use crate::fact::Fact;
    use crate::planted::Plant;
    use crate::testing::{CATALOG, Sketch, step};

    /// EVE of the domain works at PC; CLOUD-EVE is her user of Entra.
    fn at_work() -> Sketch {
        let mut sketch = tenant();
        sketch.computer("PC").user("EVE");
        sketch.entra("CLOUD-EVE", NodeKind::AzUser, plain);
        sketch.relate("PC", RelationKind::HasSession, "EVE");
        sketch.relate("EVE", RelationKind::SyncedToEntraUser, "CLOUD-EVE");
        sketch
    }

    /// BOB owns a laptop that joined Entra.
    fn laptop() -> Sketch {
        let mut sketch = tenant();
        sketch.entra("LAPTOP", NodeKind::AzDevice, |it| it.is_joined = Some(true));
        sketch.relate("BOB", RelationKind::AzOwns, "LAPTOP");
        sketch
    }

    pub(crate) const PLANTS: &[Plant] = &[
        Plant {
            technique: RelationKind::StealsSessionToken,
            source: "PC",
            target: "CLOUD-EVE",
            estate: at_work,
            near_misses: &[
                ("is logged on", |it| {
                    it.unrelate("PC", RelationKind::HasSession, "EVE");
                }),
                ("is synchronised", |it| {
                    it.unrelate("EVE", RelationKind::SyncedToEntraUser, "CLOUD-EVE");
                }),
                ("can log on in the domain", |it| {
                    it.edit("EVE", |it| it.enabled = Some(false));
                }),
                ("can sign in to the tenant", |it| {
                    it.edit("CLOUD-EVE", |it| it.enabled = Some(false));
                }),
                ("is at a computer that is enabled", |it| {
                    it.edit("PC", |it| it.enabled = Some(false));
                }),
            ],
        },
        Plant {
            technique: RelationKind::StealsSessionToken,
            source: "LAPTOP",
            target: "BOB",
            estate: laptop,
            near_misses: &[
                ("has joined", |it| {
                    it.edit_entra("LAPTOP", |it| it.is_joined = Some(false));
                }),
                ("has this owner", |it| {
                    it.unrelate("BOB", RelationKind::AzOwns, "LAPTOP");
                }),
                ("is enabled", |it| {
                    it.edit("LAPTOP", |it| it.enabled = Some(false));
                }),
            ],
        },
    ];

    fn cost(edit: impl FnOnce(&mut Sketch)) -> u32 {
        let mut sketch = at_work();
        edit(&mut sketch);
        let derived = sketch.derived();
        let found = step(&derived, "PC", RelationKind::StealsSessionToken, "CLOUD-EVE").expect("a step");
        let is_assumption = |fact: &Fact| matches!(fact, Fact::Default(_));
        assert!(found.is_assumed && found.derivations()[0].facts.iter().any(is_assumption));
        found.cost
    }

    #[test]
    fn bound_sessions_and_servers_make_it_harder() {
        let technique = CATALOG
            .technique(RelationKind::StealsSessionToken)
            .expect("a technique");
        let server = |it: &mut Sketch| {
            it.edit("PC", |it| it.operating_system = Some("Windows Server 2022".into()));
        };
        let bound = |it: &mut Sketch| it.edit_entra("CLOUD-EVE", |it| it.binds_tokens = Some(true));
        assert_eq!(cost(|_| {}), technique.grade.cost());
        assert_eq!(cost(server), technique.grade_when("server").cost());
        assert_eq!(cost(bound), technique.grade_when("token-protection").cost());
        assert!(cost(bound) > cost(|_| {}));
        assert_eq!(
            cost(|it| {
                bound(it);
                server(it);
            }),
            cost(server).max(cost(bound))
        );
        let mfa = |it: &mut Sketch| it.edit_entra("CLOUD-EVE", |it| it.requires_mfa = Some(true));
        assert_eq!(cost(mfa), cost(|_| {}), "the second factor was proven already");
    }
}
