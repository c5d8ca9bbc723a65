//! Seamless single sign-on: a tenant takes Kerberos tickets for one computer account of the directory as sign-ins. Who
//! has the key of that account writes tickets for any synchronised user.
//!
//! Source: Microsoft, "Microsoft Entra seamless single sign-on: Technical deep dive".

use std::collections::BTreeSet;

use postern_model::estate::{Estate, Node};
use postern_model::{NodeKind, RelationKind};

use super::{of, synchronised};
use crate::derived::{Manner, Steps, Vertex, Virtual};
use crate::techniques::sets;
use crate::view::View;

/// The name of the account in every directory.
const ACCOUNT: &str = "AZUREADSSOACC$";

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    let mut domains = BTreeSet::new();
    for (account, node) in view.assets(NodeKind::Computer).filter(|(_, node)| is_account(node)) {
        let set = vertex(view.world.estate, &node.boundary);
        let text = "is the account for single sign-on to Entra";
        let facts = vec![view.property_fact(node, "samaccountname", ACCOUNT, text)];
        steps.add_to_set(RelationKind::SeamlessSso, account, &set, facts);
        domains.insert(&*node.boundary);
    }
    if domains.is_empty() {
        return;
    }
    for (user, node) in view.assets(NodeKind::AzUser) {
        let Some(fact) = synchronised(view, node) else {
            continue;
        };
        let domain = of(node).on_premises_sid.as_deref().and_then(|it| it.rsplit_once('-'));
        if let Some(&domain) = domain.and_then(|(domain, _)| domains.get(domain)) {
            let set = vertex(view.world.estate, domain);
            steps.add_member(&set, Vertex::Asset(user), Manner::default(), vec![fact]);
        }
    }
}

fn is_account(computer: &Node) -> bool {
    let name = computer.attributes.sam_account_name.as_deref().unwrap_or_default();
    name.eq_ignore_ascii_case(ACCOUNT) && !computer.boundary.is_empty()
}

fn vertex(estate: &Estate, domain: &str) -> Virtual {
    let node = estate.by_key.get(domain).map(|&index| estate.node(index));
    let name = node.map_or(domain, |node| &node.name);
    sets::vertex(
        "users-synchronised-from",
        domain,
        format!("any user synchronised from {name}"),
    )
}

/// Every set that steps of this technique may lead to.
pub fn all_sets(estate: &Estate) -> Vec<Virtual> {
    let accounts = estate
        .nodes
        .iter()
        .filter(|it| it.kind == NodeKind::Computer && is_account(it));
    let domains: BTreeSet<_> = accounts.map(|it| &*it.boundary).collect();
    domains.into_iter().map(|domain| vertex(estate, domain)).collect()
}

#[cfg(test)]
pub(crate) use tests::PLANTS;

#[cfg(test)]
mod tests {
    use postern_model::{NodeKind, RelationKind};

    use crate::cloud_lookalikes::{Cloud, tenant};
    use crate::planted::Plant;
    use crate::testing::{DOMAIN, Sketch};

    fn single_sign_on() -> Sketch {
        let mut sketch = tenant();
        sketch.node("SSO", NodeKind::Computer, |node| {
            node.boundary = DOMAIN.into();
            node.attributes.sam_account_name = Some("AZUREADSSOACC$".into());
        });
        sketch.edit_entra("BOB", |it| {
            it.is_synchronised = Some(true);
            it.on_premises_sid = Some(format!("{DOMAIN}-1100"));
        });
        sketch
    }

    pub(crate) const PLANTS: &[Plant] = &[Plant {
        technique: RelationKind::SeamlessSso,
        source: "SSO",
        target: "BOB",
        estate: single_sign_on,
        near_misses: &[
            ("the account is enabled", |it| {
                it.edit("SSO", |it| it.enabled = Some(false));
            }),
            ("the account has that name", |it| {
                it.edit("SSO", |it| it.sam_account_name = Some("OTHER$".into()));
            }),
            ("the user is synchronised", |it| {
                it.edit_entra("BOB", |it| it.is_synchronised = Some(false))
            }),
            ("the user is of the same domain", |it| {
                it.edit_entra("BOB", |it| it.on_premises_sid = Some("S-1-5-21-9-9-9-1100".to_owned()));
            }),
            ("the user is enabled", |it| {
                it.edit("BOB", |it| it.enabled = Some(false));
            }),
        ],
    }];
}
