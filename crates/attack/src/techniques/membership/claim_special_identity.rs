//! `ClaimSpecialIdentity`: everybody can log on in such a way that the token carries a special identity.
//!
//! Who is part of such a group is decided at logon and stands in no list of members. Source: Microsoft, "Special
//! identity groups"; [MS-DTYP] 2.4.2.4. Which ones anybody gets is the reading of BloodHound Community Edition.

use postern_model::estate::{Node, NodeIndex};
use postern_model::{Grade, NodeKind, RelationKind};

use crate::derived::{Manner, Steps, Vertex};
use crate::fact::Fact;
use crate::view::View;

/// The end of the SID of each, when one's token carries it, and the circumstance in the catalog, if it takes one.
const IDENTITIES: [(&str, &str, Option<&str>); 8] = [
    ("S-1-5-2", "whoever logs on over the network", None),
    ("S-1-5-15", "whoever logs on from a forest that is let in", None),
    ("S-1-18-1", "whoever logs on by a domain controller itself", None),
    ("S-1-64-10", "whoever logs on by NTLM", None),
    ("S-1-5-65-1", "whoever logs on with a certificate", Some("certificate")),
    (
        "S-1-64-14",
        "whoever logs on with a certificate over TLS",
        Some("certificate"),
    ),
    ("S-1-18-4", "whoever logs on with a key of their account", Some("key")),
    (
        "S-1-18-5",
        "whoever logs on with a key that counts as strong",
        Some("key"),
    ),
];

const GUEST: &str = "-501";

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    let technique = view.world.catalog.technique(RelationKind::ClaimSpecialIdentity);
    let find = |key: String| {
        let index = *view.world.estate.by_key.get(key.to_ascii_uppercase().as_str())?;
        (!view.removal.assets.contains(&index)).then_some(index)
    };
    for (_, domain) in view.assets(NodeKind::Domain) {
        let Some(everyone) = find(format!("{}-S-1-1-0", domain.name)) else {
            continue;
        };
        for (end, who, when) in IDENTITIES {
            let Some(group) = find(format!("{}-{end}", domain.name)) else {
                continue;
            };
            let text = format!("{who} is part of {}", view.node(group).name);
            let grade = when.and_then(|when| technique.map(|it| it.grade_when(when)));
            add(
                steps,
                (everyone, group),
                grade,
                vec![Fact::BuiltIn { text: text.into() }],
            );
        }
        if let Some(guest) = find(format!("{}{GUEST}", domain.key))
            && let Some(fact) = open_guest(view, view.node(guest))
        {
            add(steps, (everyone, guest), None, vec![fact]);
        }
    }
}

fn add(
    steps: &mut Steps<'_, '_>,
    (everyone, identity): (NodeIndex, NodeIndex),
    grade: Option<Grade>,
    facts: Vec<Fact>,
) {
    let manner = Manner {
        grade,
        ..Manner::default()
    };
    let (source, target) = (Vertex::Asset(everyone), Vertex::Asset(identity));
    steps.add_between(RelationKind::ClaimSpecialIdentity, source, target, manner, facts);
}

/// The guest account is open to everybody where somebody has switched it on: as a rule it has no password.
fn open_guest(view: &View<'_>, guest: &Node) -> Option<Fact> {
    let is_enabled = guest.kind == NodeKind::User && guest.attributes.enabled == Some(true);
    is_enabled.then(|| {
        view.property_fact(
            guest,
            "enabled",
            "true",
            "is switched on, and guests log on without a password",
        )
    })
}

#[cfg(test)]
pub(crate) use tests::PLANTS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planted::Plant;
    use crate::testing::{DOMAIN, Sketch};

    const EVERYONE: &str = "CORP.EXAMPLE-S-1-1-0";
    const NETWORK: &str = "CORP.EXAMPLE-S-1-5-2";
    const GUEST_ACCOUNT: &str = "S-1-5-21-1-1-1-501";

    fn estate() -> Sketch {
        let mut sketch = Sketch::domain();
        sketch
            .group(EVERYONE)
            .group(NETWORK)
            .node(GUEST_ACCOUNT, NodeKind::User, |it| {
                it.attributes.enabled = Some(true);
            });
        sketch
    }

    pub(crate) const PLANTS: &[Plant] = &[
        Plant {
            technique: RelationKind::ClaimSpecialIdentity,
            source: EVERYONE,
            target: NETWORK,
            estate,
            near_misses: &[("the identity is one of the same domain", |it| {
                it.node(DOMAIN, NodeKind::Domain, |domain| {
                    domain.name = "OTHER.EXAMPLE".to_owned()
                });
            })],
        },
        Plant {
            technique: RelationKind::ClaimSpecialIdentity,
            source: EVERYONE,
            target: GUEST_ACCOUNT,
            estate,
            near_misses: &[
                ("the guest account is switched on", |it| {
                    it.edit(GUEST_ACCOUNT, |guest| guest.enabled = Some(false));
                }),
                ("somebody looked whether the guest account is switched on", |it| {
                    it.edit(GUEST_ACCOUNT, |guest| guest.enabled = None);
                }),
            ],
        },
    ];

    #[test]
    fn an_identity_that_not_everybody_gets_is_not_claimed() {
        let mut sketch = estate();
        // DIALUP, and DOMAIN USERS.
        for group in ["CORP.EXAMPLE-S-1-5-1", "S-1-5-21-1-1-1-513"] {
            sketch.group(group);
            assert!(
                !sketch.has_step(EVERYONE, RelationKind::ClaimSpecialIdentity, group),
                "{group}"
            );
        }
    }
}
