//! `HasTrustKeys`: a domain keeps the password of the account that stands for it in each domain it trusts.
//!
//! The trusted domain has a user named after the NetBIOS name of the one that trusts it, with `$` at the end; both
//! sides keep its password. Whoever controls the trusting domain can log on as that user to the trusted one, although
//! the trust leads the other way. Source: [MS-ADTS] 6.1.6.9.2 (interdomain trust accounts).

use std::collections::HashMap;

use postern_model::estate::NodeIndex;
use postern_model::{NodeKind, RelationKind};

use crate::derived::Steps;
use crate::fact::Fact;
use crate::view::View;

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    let trusts = [RelationKind::SameForestTrust, RelationKind::CrossForestTrust];
    let trusts: Vec<_> = trusts.iter().flat_map(|&kind| view.relations(kind)).collect();
    if trusts.is_empty() {
        return;
    }
    let accounts = trust_accounts(view);
    for trust in trusts {
        let (trusting, trusted) = (view.node(trust.source), view.node(trust.target));
        let Some(netbios) = trusting.attributes.domain.as_ref().and_then(|it| it.netbios.as_deref()) else {
            continue;
        };
        let name = format!("{}$", netbios.to_ascii_uppercase());
        let Some(&account) = accounts.get(&(trusted.key.to_ascii_uppercase(), name)) else {
            continue;
        };
        let netbios_fact = view.property_fact(trusting, "netbios", netbios, &format!("has the NetBIOS name {netbios}"));
        let facts = vec![view.relation_fact(trust), netbios_fact, account_fact(view, account)];
        steps.add(RelationKind::HasTrustKeys, trust.source, account, facts);
    }
}

/// Users named like a computer, by domain and name, both in upper case.
fn trust_accounts(view: &View<'_>) -> HashMap<(String, String), NodeIndex> {
    view.assets(NodeKind::User)
        .filter_map(|(index, user)| {
            let name = user.attributes.sam_account_name.as_deref()?;
            name.ends_with('$')
                .then(|| ((user.boundary.to_ascii_uppercase(), name.to_ascii_uppercase()), index))
        })
        .collect()
}

fn account_fact(view: &View<'_>, account: NodeIndex) -> Fact {
    let node = view.node(account);
    let name = node.attributes.sam_account_name.as_deref().unwrap_or_default();
    view.property_fact(node, "samaccountname", name, &format!("has the logon name {name}"))
}

#[cfg(test)]
pub(crate) use tests::PLANTS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planted::Plant;
    use crate::testing::{DOMAIN, Sketch};

    const TRUSTED: &str = "S-1-5-21-2-2-2";

    fn trust() -> Sketch {
        let mut sketch = Sketch::domain();
        sketch
            .node(TRUSTED, NodeKind::Domain, |it| it.boundary = TRUSTED.into())
            .node("TRUST-ACCOUNT", NodeKind::User, |it| {
                it.boundary = TRUSTED.into();
                it.attributes.sam_account_name = Some("CORP$".into());
            })
            .edit(DOMAIN, |it| {
                it.domain.get_or_insert_default().netbios = Some("Corp".to_owned())
            })
            .relate(DOMAIN, RelationKind::CrossForestTrust, TRUSTED);
        sketch
    }

    pub(crate) const PLANTS: &[Plant] = &[Plant {
        technique: RelationKind::HasTrustKeys,
        source: DOMAIN,
        target: "TRUST-ACCOUNT",
        estate: trust,
        near_misses: &[
            ("the domain trusts the other", |it| {
                it.unrelate(DOMAIN, RelationKind::CrossForestTrust, TRUSTED).relate(
                    TRUSTED,
                    RelationKind::CrossForestTrust,
                    DOMAIN,
                );
            }),
            ("the NetBIOS name is known", |it| {
                it.edit(DOMAIN, |domain| domain.domain = None);
            }),
            ("the account is named after the domain", |it| {
                it.edit("TRUST-ACCOUNT", |user| user.sam_account_name = Some("OTHER$".into()));
            }),
            ("the account is one of a trust", |it| {
                it.edit("TRUST-ACCOUNT", |user| user.sam_account_name = Some("CORP".into()));
            }),
            ("the account lies in the domain that is trusted", |it| {
                it.node("TRUST-ACCOUNT", NodeKind::User, |user| user.boundary = DOMAIN.into());
            }),
            ("the account is a user", |it| {
                it.node("TRUST-ACCOUNT", NodeKind::Computer, |_| {});
            }),
            ("the account is enabled", |it| {
                it.edit("TRUST-ACCOUNT", |user| user.enabled = Some(false));
            }),
        ],
    }];
}
