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
    use std::sync::Arc;

    use jiff::Timestamp;
    use postern_catalog::Catalog;
    use postern_model::estate::{Relation, Seen};
    use postern_model::{EdgeId, NodeId};

    use super::*;
    use crate::attributes::{attributes, parse};

    const SID: &str = "S-1-5-21-1-2-3";
    const OTHER_SID: &str = "S-1-5-21-1-2-4";
    const TENANT: &str = "6C12B0B0-B2CC-4A73-8252-0B94BFCA2145";

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

    fn seen() -> Arc<Seen> {
        Arc::new(Seen {
            sources: Vec::new(),
            first: Timestamp::UNIX_EPOCH,
            last: Timestamp::UNIX_EPOCH,
        })
    }

    fn node(key: &str, kind: NodeKind, properties: &str) -> Node {
        let read = parse(properties);
        let name = read.get("name").and_then(|it| it.as_str()).unwrap_or(key).to_owned();
        Node {
            id: NodeId::of(key),
            key: key.into(),
            kind,
            name,
            boundary: domain_sid(key).unwrap_or(TENANT).into(),
            is_stub: false,
            properties: properties.to_owned(),
            attributes: attributes(&read),
            known: Arc::new([]),
            identifiers: Vec::new(),
            facets: Vec::new(),
            seen: seen(),
        }
    }

    /// The keys of what a query answers, of these assets and relations between their keys.
    fn answer(query: &str, mut nodes: Vec<Node>, relations: &[(&str, RelationKind, &str)]) -> Vec<String> {
        nodes.sort_by_key(|node| node.id);
        let at = |key: &str| nodes.iter().position(|it| &*it.key == key).expect("an asset") as NodeIndex;
        let relations = relations
            .iter()
            .map(|&(source, kind, target)| Relation {
                id: EdgeId::of(NodeId::of(source), NodeId::of(target), kind.label(), kind.as_str()),
                source: at(source),
                target: at(target),
                kind,
                properties: "".into(),
                seen: seen(),
            })
            .collect();
        let estate = Estate {
            nodes,
            relations,
            ..Estate::default()
        };
        let query = Query {
            builtin: query.to_owned(),
        };
        let found = EstateRules::new(&estate)
            .nodes(&query, Phase::Classify)
            .expect("a query");
        let mut keys: Vec<_> = found.iter().map(|it| estate.node(it).key.to_string()).collect();
        keys.sort();
        keys
    }

    /// For each query over one asset: one that it answers with, and one that differs in one thing and is left out.
    fn cases() -> Vec<(&'static str, Node, Node)> {
        use NodeKind::*;
        let rid = |query, rid: &str, other: &str| {
            let of = |rid: &str| node(&format!("{SID}{rid}"), Group, "{}");
            (query, of(rid), of(other))
        };
        let built_in = |query, sid: &str, other: &str| {
            let of = |sid: &str| node(&format!("CORP.EXAMPLE-{sid}"), Group, "{}");
            (query, of(sid), of(other))
        };
        let role = |query, template: &str| {
            let of = |template: &str| node(&format!("{template}@{TENANT}"), AzRole, "{}");
            (query, of(template), of("88D8E3E3-8F55-4A1E-953A-9B9898B8876B"))
        };
        let principal = |rid: u32, kind, properties: &str| node(&format!("{SID}-{rid}"), kind, properties);
        let named = |name: &str| principal(1200, Group, &format!(r#"{{"name":"{name}@CORP.EXAMPLE"}}"#));
        let other_named = |name: &str| principal(1201, Group, &format!(r#"{{"name":"{name}@CORP.EXAMPLE"}}"#));
        let account = |rid, kind, name: &str| principal(rid, kind, &format!(r#"{{"samaccountname":"{name}"}}"#));
        let holder = |key, name: &str| {
            let properties = format!(r#"{{"distinguishedname":"{name},CN=SYSTEM,DC=CORP,DC=EXAMPLE"}}"#);
            node(key, Container, &properties)
        };
        let public_key = |kind| ("public-key-trust", node("A", kind, "{}"), node("B", EnterpriseCa, "{}"));
        vec![
            rid("domain-admins", "-512", "-1512"),
            rid("domain-controllers-group", "-516", "-521"),
            rid("schema-admins", "-518", "-520"),
            rid("enterprise-admins", "-519", "-498"),
            rid("key-admins", "-526", "-525"),
            rid("enterprise-key-admins", "-527", "-526"),
            rid("cert-publishers", "-517", "-553"),
            rid("krbtgt", "-502", "-501"),
            built_in("domain-administrators-group", "S-1-5-32-544", "S-1-5-32-545"),
            built_in("account-operators", "S-1-5-32-548", "S-1-5-32-554"),
            built_in("server-operators", "S-1-5-32-549", "S-1-5-32-552"),
            built_in("print-operators", "S-1-5-32-550", "S-1-5-32-558"),
            built_in("backup-operators", "S-1-5-32-551", "S-1-5-32-580"),
            built_in("incoming-forest-trust-builders", "S-1-5-32-557", "S-1-5-32-556"),
            built_in("performance-log-users", "S-1-5-32-559", "S-1-5-32-558"),
            built_in("distributed-com-users", "S-1-5-32-562", "S-1-5-32-555"),
            built_in("cryptographic-operators", "S-1-5-32-569", "S-1-5-32-568"),
            built_in("enterprise-domain-controllers", "S-1-5-9", "S-1-5-11"),
            (
                "builtin-administrator",
                node(&format!("{SID}-500"), User, "{}"),
                node(&format!("{SID}-1500"), User, "{}"),
            ),
            // A local account or group of a computer is none of the domain's.
            (
                "domain-admins",
                node(&format!("{SID}-512"), Group, "{}"),
                node(&format!("{SID}-1104-512"), LocalGroup, "{}"),
            ),
            ("domains", node(SID, Domain, "{}"), node("UNIT", Ou, "{}")),
            (
                "adminsdholder",
                holder("A", "CN=AdminSDHolder"),
                holder("B", "CN=AdminSDHolder2"),
            ),
            (
                "read-only-domain-controllers",
                principal(1104, Computer, r#"{"isreadonlydc":true}"#),
                principal(1105, Computer, r#"{"isdc":true}"#),
            ),
            (
                "certification-authorities",
                node("A", EnterpriseCa, "{}"),
                node("B", RootCa, "{}"),
            ),
            public_key(RootCa),
            public_key(AiaCa),
            public_key(NtAuthStore),
            (
                "certificate-templates",
                node("A", CertTemplate, "{}"),
                node("B", IssuancePolicy, "{}"),
            ),
            (
                "exchange-groups",
                named("EXCHANGE TRUSTED SUBSYSTEM"),
                other_named("EXCHANGE SERVERS"),
            ),
            (
                "exchange-groups",
                named("EXCHANGE WINDOWS PERMISSIONS"),
                other_named("EXCHANGE WINDOWS PERMISSIONS OLD"),
            ),
            ("dns-admins", named("DNSADMINS"), other_named("DNSUPDATEPROXY")),
            (
                "directory-sync-accounts",
                account(1104, User, "MSOL_0123456789ab"),
                account(1105, Group, "MSOL_0123456789ab"),
            ),
            (
                "directory-sync-accounts",
                account(1104, User, "AAD_0123456789ab"),
                account(1105, User, "AADMIN"),
            ),
            (
                "seamless-single-sign-on",
                account(1104, Computer, "AZUREADSSOACC$"),
                account(1105, User, "AZUREADSSOACC$"),
            ),
            (
                "entra-tenants",
                node(TENANT, AzTenant, "{}"),
                node("S", AzSubscription, "{}"),
            ),
            role("entra-global-administrators", "62E90394-69F5-4237-9190-012177145E10"),
            role(
                "entra-privileged-role-administrators",
                "E8611AB8-C189-46E8-94E1-60213AB1F814",
            ),
            role(
                "entra-privileged-authentication-administrators",
                "7BE44C8A-ADAF-4E2A-84D6-AB2649E08A13",
            ),
            role("entra-partner-tier2-support", "E00E864A-17C5-4A4B-9C06-F5B95A8D5BD8"),
            role(
                "entra-hybrid-identity-administrators",
                "8AC3FC64-6ECA-42EA-9E69-59F4C7B60EB2",
            ),
            role(
                "entra-application-administrators",
                "9B895D92-2CD3-44C7-9D02-A6AC2D5EA5C3",
            ),
            role(
                "entra-application-administrators",
                "158C047A-C907-4556-B7EF-446551A6B5F7",
            ),
            role("entra-intune-administrators", "3A2C62DB-5318-420D-8D74-23AFFEE5D9D5"),
            role("entra-knowledge-administrators", "B5A8DCF3-09D5-43A9-A639-8E29EF291470"),
            role("entra-security-administrators", "194AE4CB-B126-40B2-BD5B-6091B380977D"),
            role(
                "entra-directory-synchronization-accounts",
                "D29B2B05-8046-44BA-8758-1E26182FCF32",
            ),
        ]
    }

    #[test]
    fn each_query_over_one_asset_answers_with_it_and_not_with_its_neighbour() {
        for (query, own, neighbour) in cases() {
            let expected = own.key.to_string();
            assert_eq!(answer(query, vec![own, neighbour], &[]), [expected], "{query}");
        }
    }

    #[test]
    fn every_query_has_a_case() {
        const OF_SEVERAL: [&str; 3] = [
            "domain-controllers",
            "certificate-authority-hosts",
            "directory-sync-servers",
        ];
        let tried: Vec<_> = cases().into_iter().map(|(query, ..)| query).chain(OF_SEVERAL).collect();
        for (query, _) in QUERIES {
            assert!(tried.contains(query), "{query}");
        }
    }

    #[test]
    fn a_domain_controller_is_one_by_any_of_three_signs_and_not_where_it_is_read_only() {
        let group = format!("{SID}-516");
        let computer = |rid: u32, properties: &str| node(&format!("{SID}-{rid}"), NodeKind::Computer, properties);
        let nodes = vec![
            node(SID, NodeKind::Domain, "{}"),
            node(&group, NodeKind::Group, "{}"),
            computer(1, r#"{"isdc":true}"#),
            computer(2, "{}"),
            computer(3, "{}"),
            computer(4, r#"{"isdc":true,"isreadonlydc":true}"#),
            computer(5, r#"{"isdc":false}"#),
            node(&format!("{SID}-6"), NodeKind::User, "{}"),
        ];
        let keys = [2, 3, 6].map(|rid| format!("{SID}-{rid}"));
        let relations = [
            (keys[0].as_str(), RelationKind::DcFor, SID),
            (keys[1].as_str(), RelationKind::MemberOf, group.as_str()),
            (keys[2].as_str(), RelationKind::MemberOf, group.as_str()),
        ];
        let expected = [1, 2, 3].map(|rid| format!("{SID}-{rid}"));
        assert_eq!(answer("domain-controllers", nodes, &relations), expected);
    }

    #[test]
    fn a_host_of_an_authority_is_one_by_the_hosting_alone() {
        let nodes = vec![
            node("CA", NodeKind::EnterpriseCa, "{}"),
            node(&format!("{SID}-1"), NodeKind::Computer, "{}"),
            node(&format!("{SID}-2"), NodeKind::Computer, "{}"),
        ];
        let keys = [1, 2].map(|rid| format!("{SID}-{rid}"));
        let relations = [
            (keys[0].as_str(), RelationKind::HostsCaService, "CA"),
            (keys[1].as_str(), RelationKind::ManageCa, "CA"),
        ];
        assert_eq!(
            answer("certificate-authority-hosts", nodes, &relations),
            [keys[0].clone()]
        );
    }

    #[test]
    fn the_server_of_directory_synchronisation_is_the_one_that_its_account_names() {
        let sync = |name: &str| {
            let text = "Account created by Microsoft Azure Active Directory Connect with installation identifier \
                        0123 running on computer SYNC01 configured to synchronize to tenant example.com.";
            let properties = format!(r#"{{"samaccountname":"{name}","description":"{text}"}}"#);
            node(&format!("{SID}-1104"), NodeKind::User, &properties)
        };
        let computer = |domain: &str, rid: u32, name: &str| {
            let properties = format!(r#"{{"samaccountname":"{name}"}}"#);
            node(&format!("{domain}-{rid}"), NodeKind::Computer, &properties)
        };
        let servers = || {
            vec![
                computer(SID, 1, "sync01$"),
                computer(SID, 2, "SYNC02$"),
                computer(OTHER_SID, 3, "SYNC01$"),
            ]
        };
        let asked = |account: Node| answer("directory-sync-servers", [servers(), vec![account]].concat(), &[]);
        assert_eq!(asked(sync("MSOL_0123456789ab")), [format!("{SID}-1")]);
        // Anybody may write such a description into another account.
        assert!(asked(sync("eve")).is_empty());
    }

    #[test]
    fn a_server_s_name_is_read_with_quotes_and_without() {
        assert_eq!(
            server_of("x running on computer 'SYNC01' configured to"),
            Some("SYNC01")
        );
        assert_eq!(server_of("x running on computer SYNC01."), Some("SYNC01"));
        assert_eq!(server_of("x running on computer "), None);
        assert_eq!(server_of("the computer SYNC01"), None);
    }
}
