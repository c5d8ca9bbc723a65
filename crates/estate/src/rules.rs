//! The built-in answers to the queries of control-plane rules.
//!
//! They will be KQL; until then each is a name and a predicate over one asset, in [`QUERIES`].

use postern_catalog::{Evaluate, EvaluateError, Query};
use postern_model::estate::{Estate, Node, NodeIndex};
use postern_model::{NodeKind, Phase, RelationKind};
use roaring::RoaringBitmap;

use crate::names::{domain_sid, split_domain_prefix};

/// Answers queries over an estate after phase 2.
pub struct EstateRules<'a> {
    estate: &'a Estate,
    names: Vec<&'static str>,
    hosts_ca: RoaringBitmap,
    domain_controllers: RoaringBitmap,
    sync_servers: RoaringBitmap,
}

type Predicate = fn(&EstateRules<'_>, NodeIndex, &Node) -> bool;

/// Name of a query, and whether an asset belongs to its answer. All read phase 1 only.
const QUERIES: &[(&str, Predicate)] = &[
    ("domain-admins", |_, _, node| has_rid(node, "-512")),
    ("domain-controllers-group", |_, _, node| has_rid(node, "-516")),
    ("schema-admins", |_, _, node| has_rid(node, "-518")),
    ("enterprise-admins", |_, _, node| has_rid(node, "-519")),
    ("key-admins", |_, _, node| has_rid(node, "-526")),
    ("enterprise-key-admins", |_, _, node| has_rid(node, "-527")),
    ("cert-publishers", |_, _, node| has_rid(node, "-517")),
    ("builtin-administrator", |_, _, node| {
        node.kind == NodeKind::User && has_rid(node, "-500")
    }),
    ("krbtgt", |_, _, node| has_rid(node, "-502")),
    ("domain-administrators-group", |_, _, node| {
        is_built_in(node, "S-1-5-32-544")
    }),
    ("account-operators", |_, _, node| is_built_in(node, "S-1-5-32-548")),
    ("server-operators", |_, _, node| is_built_in(node, "S-1-5-32-549")),
    ("print-operators", |_, _, node| is_built_in(node, "S-1-5-32-550")),
    ("backup-operators", |_, _, node| is_built_in(node, "S-1-5-32-551")),
    ("incoming-forest-trust-builders", |_, _, node| {
        is_built_in(node, "S-1-5-32-557")
    }),
    ("performance-log-users", |_, _, node| is_built_in(node, "S-1-5-32-559")),
    ("distributed-com-users", |_, _, node| is_built_in(node, "S-1-5-32-562")),
    ("cryptographic-operators", |_, _, node| {
        is_built_in(node, "S-1-5-32-569")
    }),
    ("enterprise-domain-controllers", |_, _, node| {
        is_built_in(node, "S-1-5-9")
    }),
    ("domains", |_, _, node| node.kind == NodeKind::Domain),
    ("adminsdholder", |_, _, node| {
        let name = node.attributes.distinguished_name.as_deref().unwrap_or_default();
        node.kind == NodeKind::Container && name.to_ascii_uppercase().starts_with("CN=ADMINSDHOLDER,CN=SYSTEM,")
    }),
    ("domain-controllers", |rules, index, _| {
        rules.domain_controllers.contains(index)
    }),
    ("read-only-domain-controllers", |_, _, node| {
        node.attributes.is_read_only_dc == Some(true)
    }),
    ("certificate-authority-hosts", |rules, index, _| {
        rules.hosts_ca.contains(index)
    }),
    ("certification-authorities", |_, _, node| {
        node.kind == NodeKind::EnterpriseCa
    }),
    ("public-key-trust", |_, _, node| {
        matches!(node.kind, NodeKind::RootCa | NodeKind::AiaCa | NodeKind::NtAuthStore)
    }),
    ("certificate-templates", |_, _, node| {
        node.kind == NodeKind::CertTemplate
    }),
    ("exchange-groups", |_, _, node| {
        node.kind == NodeKind::Group
            && (node.name.starts_with("EXCHANGE TRUSTED SUBSYSTEM@")
                || node.name.starts_with("EXCHANGE WINDOWS PERMISSIONS@"))
    }),
    ("dns-admins", |_, _, node| {
        node.kind == NodeKind::Group && node.name.starts_with("DNSADMINS@")
    }),
    ("directory-sync-accounts", |_, _, node| is_sync_account(node)),
    ("directory-sync-servers", |rules, index, _| {
        rules.sync_servers.contains(index)
    }),
    ("seamless-single-sign-on", |_, _, node| {
        node.kind == NodeKind::Computer
            && node
                .attributes
                .sam_account_name
                .as_deref()
                .is_some_and(|it| it.eq_ignore_ascii_case("AZUREADSSOACC$"))
    }),
    ("entra-tenants", |_, _, node| node.kind == NodeKind::AzTenant),
    ("entra-global-administrators", |_, _, node| {
        is_role(node, "62e90394-69f5-4237-9190-012177145e10")
    }),
    ("entra-privileged-role-administrators", |_, _, node| {
        is_role(node, "e8611ab8-c189-46e8-94e1-60213ab1f814")
    }),
    ("entra-privileged-authentication-administrators", |_, _, node| {
        is_role(node, "7be44c8a-adaf-4e2a-84d6-ab2649e08a13")
    }),
    ("entra-hybrid-identity-administrators", |_, _, node| {
        is_role(node, "8ac3fc64-6eca-42ea-9e69-59f4c7b60eb2")
    }),
    ("entra-partner-tier2-support", |_, _, node| {
        is_role(node, "e00e864a-17c5-4a4b-9c06-f5b95a8d5bd8")
    }),
    ("entra-application-administrators", |_, _, node| {
        is_role(node, "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3") || is_role(node, "158c047a-c907-4556-b7ef-446551a6b5f7")
    }),
    ("entra-intune-administrators", |_, _, node| {
        is_role(node, "3a2c62db-5318-420d-8d74-23affee5d9d5")
    }),
    ("entra-knowledge-administrators", |_, _, node| {
        is_role(node, "b5a8dcf3-09d5-43a9-a639-8e29ef291470")
    }),
    ("entra-security-administrators", |_, _, node| {
        is_role(node, "194ae4cb-b126-40b2-bd5b-6091b380977d")
    }),
    ("entra-directory-synchronization-accounts", |_, _, node| {
        is_role(node, "d29b2b05-8046-44ba-8758-1e26182fcf32")
    }),
];

impl<'a> EstateRules<'a> {
    pub fn new(estate: &'a Estate) -> Self {
        let mut hosts_ca = RoaringBitmap::new();
        let mut domain_controllers = RoaringBitmap::new();
        for relation in &estate.relations {
            match relation.kind {
                RelationKind::HostsCaService => {
                    hosts_ca.insert(relation.source);
                }
                RelationKind::DcFor => {
                    domain_controllers.insert(relation.source);
                }
                RelationKind::MemberOf if has_rid(estate.node(relation.target), "-516") => {
                    domain_controllers.insert(relation.source);
                }
                _ => {}
            }
        }
        for (index, node) in (0..).zip(&estate.nodes) {
            if node.attributes.is_dc == Some(true) {
                domain_controllers.insert(index);
            }
        }
        // What a read-only controller holds is limited by policy; it has a rule of its own.
        domain_controllers = domain_controllers
            .into_iter()
            .filter(|&index| estate.node(index).attributes.is_read_only_dc != Some(true))
            .filter(|&index| estate.node(index).kind.is_device())
            .collect();
        Self {
            estate,
            names: QUERIES.iter().map(|(name, _)| *name).collect(),
            hosts_ca,
            domain_controllers,
            sync_servers: sync_servers(estate),
        }
    }
}

impl Evaluate for EstateRules<'_> {
    fn nodes(&self, query: &Query, phase: Phase) -> Result<RoaringBitmap, EvaluateError> {
        let Some((_, predicate)) = QUERIES.iter().find(|(name, _)| *name == query.builtin) else {
            return Err(EvaluateError::Unknown {
                query: query.builtin.clone(),
            });
        };
        if phase <= Phase::Resolve {
            return Err(EvaluateError::phase(&query.builtin, Phase::Resolve, phase));
        }
        Ok((0..)
            .zip(&self.estate.nodes)
            .filter(|(index, node)| predicate(self, *index, node))
            .map(|it| it.0)
            .collect())
    }

    fn queries(&self) -> &[&str] {
        &self.names
    }

    fn reads(&self, query: &Query) -> Option<Phase> {
        self.names.contains(&query.builtin.as_str()).then_some(Phase::Resolve)
    }
}

/// A principal of a domain with this relative id, not a local group of a computer.
fn has_rid(node: &Node, rid: &str) -> bool {
    domain_sid(&node.key).is_some_and(|domain| &node.key[domain.len()..] == rid)
}

/// An account that Entra Connect made for itself in the directory.
fn is_sync_account(node: &Node) -> bool {
    let name = node.attributes.sam_account_name.as_deref().unwrap_or_default();
    let starts_with = |start: &str| name.get(..start.len()).is_some_and(|it| it.eq_ignore_ascii_case(start));
    node.kind == NodeKind::User && (starts_with("MSOL_") || starts_with("AAD_"))
}

/// The servers that Entra Connect runs on: it writes the name of its own into the description of its account.
fn sync_servers(estate: &Estate) -> RoaringBitmap {
    let named: Vec<(String, &str)> = estate
        .nodes
        .iter()
        .filter(|node| is_sync_account(node))
        .filter_map(|node| {
            let properties = crate::attributes::parse(&node.properties);
            let name = server_of(properties.get("description")?.as_str()?)?;
            Some((format!("{name}$"), &*node.boundary))
        })
        .collect();
    (0..)
        .zip(&estate.nodes)
        .filter(|(_, node)| node.kind == NodeKind::Computer)
        .filter(|(_, node)| {
            let own = node.attributes.sam_account_name.as_deref().unwrap_or_default();
            named
                .iter()
                .any(|(name, domain)| own.eq_ignore_ascii_case(name) && *domain == &*node.boundary)
        })
        .map(|(index, _)| index)
        .collect()
}

/// The name in "... running on computer NAME configured to synchronize to tenant ...", with or without quotes.
fn server_of(description: &str) -> Option<&str> {
    const BEFORE: &str = "running on computer ";
    let at = description.find(BEFORE)? + BEFORE.len();
    let name = description[at..]
        .split_whitespace()
        .next()?
        .trim_matches(['\'', '"', '.']);
    (!name.is_empty()).then_some(name)
}

/// The role of a tenant with this template.
fn is_role(node: &Node, template: &str) -> bool {
    node.role_template().as_deref() == Some(template)
}

/// A principal that every domain has under this SID: `<domain>-<SID>`, or the bare SID.
fn is_built_in(node: &Node, sid: &str) -> bool {
    split_domain_prefix(&node.key).map_or(&*node.key, |(_, sid)| sid) == sid
}

#[cfg(test)]
mod tests {
    use super::*;
    use postern_catalog::Catalog;

    #[test]
    fn every_control_plane_rule_of_the_catalog_has_its_query_here() {
        let estate = Estate::default();
        let rules = EstateRules::new(&estate);
        let catalog = Catalog::embedded().expect("the embedded catalog is valid");
        for rule in &catalog.control_planes {
            assert!(
                rules.queries().contains(&rule.query.builtin.as_str()),
                "{}",
                rule.query.builtin
            );
        }
    }
}
