//! The server that synchronises a directory with a tenant keeps the passwords of two accounts: one that replicates
//! the directory, and one that writes users of the tenant.
//!
//! Entra Connect writes the server's name into the description of the first and into the name of the second.

use std::collections::{BTreeMap, BTreeSet};

use postern_model::estate::{Node, NodeIndex};
use postern_model::{NodeKind, RelationKind};

use super::of;
use crate::derived::Steps;
use crate::view::View;

pub fn derive(view: &View<'_>, steps: &mut Steps<'_, '_>) {
    let servers = Servers::of(view);
    if servers.named.is_empty() {
        return;
    }
    for (account, node) in view.assets(NodeKind::User) {
        let Some(server) = node
            .attributes
            .account
            .as_deref()
            .and_then(|it| it.synchronises_from.as_deref())
        else {
            continue;
        };
        for &computer in servers.in_domain(server, &node.boundary) {
            let text = "is described as the account that synchronises from this computer";
            let facts = vec![view.property_fact(node, "description", server, text)];
            steps.add(RelationKind::HoldsSyncCredentials, computer, account, facts);
        }
    }
    let domains = domains_of_tenants(view);
    for (user, node) in view.assets(NodeKind::AzUser) {
        let Some((name, server)) = named_for(node) else {
            continue;
        };
        for domain in domains.get(&*node.boundary).into_iter().flatten() {
            for &computer in servers.in_domain(&server, domain) {
                let text = "is named as the account that synchronises from this computer";
                let facts = vec![view.property_fact(node, "userprincipalname", name, text)];
                steps.add(RelationKind::HoldsSyncCredentials, computer, user, facts);
            }
        }
    }
}

/// The servers that accounts are named for, by name and domain.
struct Servers<'v> {
    named: BTreeMap<(String, &'v str), Vec<NodeIndex>>,
}

impl<'v> Servers<'v> {
    fn of(view: &View<'v>) -> Self {
        let of_directory = view
            .assets(NodeKind::User)
            .filter_map(|(_, node)| node.attributes.account.as_deref()?.synchronises_from.clone());
        let of_tenant = view
            .assets(NodeKind::AzUser)
            .filter_map(|(_, node)| Some(named_for(node)?.1));
        let names: BTreeSet<String> = of_directory.chain(of_tenant).collect();
        let mut named = BTreeMap::<_, Vec<_>>::new();
        if !names.is_empty() {
            for (computer, node) in view.assets(NodeKind::Computer) {
                let account = node.attributes.sam_account_name.as_deref().unwrap_or_default();
                let name = account.trim_end_matches('$').to_ascii_uppercase();
                if names.contains(&name) {
                    named.entry((name, &*node.boundary)).or_default().push(computer);
                }
            }
        }
        Self { named }
    }

    fn in_domain(&self, name: &str, domain: &'v str) -> &[NodeIndex] {
        self.named.get(&(name.to_owned(), domain)).map_or(&[], Vec::as_slice)
    }
}

/// `Sync_SERVER_0123456789ab@example.onmicrosoft.com`: the name, and the server in it in upper case.
fn named_for(user: &Node) -> Option<(&str, String)> {
    let name = of(user).user_principal_name.as_deref()?;
    let (account, _) = name.split_once('@')?;
    let start = account.get(..5).filter(|it| it.eq_ignore_ascii_case("sync_"))?;
    let (server, number) = account[start.len()..].rsplit_once('_')?;
    let is_number = number.len() == 12 && number.bytes().all(|it| it.is_ascii_hexdigit());
    (is_number && !server.is_empty()).then(|| (name, server.to_ascii_uppercase()))
}

/// The domains from which users of each tenant are synchronised.
fn domains_of_tenants<'v>(view: &View<'v>) -> BTreeMap<&'v str, BTreeSet<&'v str>> {
    let mut found = BTreeMap::<_, BTreeSet<_>>::new();
    for (_, user) in view.assets(NodeKind::AzUser) {
        if of(user).is_synchronised == Some(true)
            && let Some((domain, _)) = of(user).on_premises_sid.as_deref().and_then(|it| it.rsplit_once('-'))
        {
            found.entry(&*user.boundary).or_default().insert(domain);
        }
    }
    found
}

#[cfg(test)]
pub(crate) use tests::PLANTS;

#[cfg(test)]
mod tests {
    use postern_model::{NodeKind, RelationKind};

    use crate::cloud_lookalikes::{Cloud, tenant};
    use crate::planted::Plant;
    use crate::testing::{DOMAIN, Sketch};

    fn synchronised() -> Sketch {
        let mut sketch = tenant();
        sketch.node("SERVER", NodeKind::Computer, |node| {
            node.boundary = DOMAIN.into();
            node.attributes.sam_account_name = Some("CONNECT$".into());
        });
        sketch.node("MSOL", NodeKind::User, |node| {
            node.boundary = DOMAIN.into();
            node.attributes.account.get_or_insert_default().synchronises_from = Some("CONNECT".to_owned());
        });
        sketch.entra("SYNC", NodeKind::AzUser, |it| {
            it.user_principal_name = Some("Sync_CONNECT_0123456789ab@example.onmicrosoft.com".to_owned());
        });
        sketch.edit_entra("BOB", |it| {
            it.is_synchronised = Some(true);
            it.on_premises_sid = Some(format!("{DOMAIN}-1100"));
        });
        sketch
    }

    pub(crate) const PLANTS: &[Plant] = &[
        Plant {
            technique: RelationKind::HoldsSyncCredentials,
            source: "SERVER",
            target: "MSOL",
            estate: synchronised,
            near_misses: &[
                ("is described as such", |it| {
                    it.edit("MSOL", |it| it.account = None);
                }),
                ("is of the same domain", |it| it.move_elsewhere("SERVER")),
                ("is enabled", |it| {
                    it.edit("MSOL", |it| it.enabled = Some(false));
                }),
                ("is the computer of that name", |it| {
                    it.edit("SERVER", |it| it.sam_account_name = Some("OTHER$".into()));
                }),
                ("is in use", |it| {
                    it.edit("SERVER", |it| it.enabled = Some(false));
                }),
            ],
        },
        Plant {
            technique: RelationKind::HoldsSyncCredentials,
            source: "SERVER",
            target: "SYNC",
            estate: synchronised,
            near_misses: &[
                ("is named for a server", |it| {
                    let name = "Sync_CONNECT@example.onmicrosoft.com";
                    it.edit_entra("SYNC", |it| it.user_principal_name = Some(name.to_owned()));
                }),
                ("the tenant is synchronised with the server's domain", |it| {
                    it.edit_entra("BOB", |it| it.on_premises_sid = Some("S-1-5-21-9-9-9-1100".to_owned()));
                }),
                ("is enabled", |it| {
                    it.edit("SYNC", |it| it.enabled = Some(false));
                }),
                ("is the computer of that name", |it| {
                    it.edit("SERVER", |it| it.sam_account_name = Some("OTHER$".into()));
                }),
            ],
        },
    ];
}
