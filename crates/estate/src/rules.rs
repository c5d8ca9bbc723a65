//! The answers to the queries of control-plane rules: their KQL over the estate that resolution made.

use jiff::Timestamp;
use postern_catalog::{Evaluate, EvaluateError, Query, RuleTables};
use postern_model::Phase;
use postern_model::estate::Estate;
use roaring::RoaringBitmap;

/// Answers queries over an estate after phase 2.
pub struct EstateRules<'a> {
    tables: RuleTables<'a>,
}

impl<'a> EstateRules<'a> {
    /// * `now`: the clock of the build.
    pub fn new(estate: &'a Estate, now: Timestamp) -> Self {
        Self {
            tables: RuleTables::new(estate, now),
        }
    }
}

impl Evaluate for EstateRules<'_> {
    fn nodes(&self, query: &Query, phase: Phase) -> Result<RoaringBitmap, EvaluateError> {
        match query {
            Query::Kql(text) => self.tables.select(text, phase),
            Query::Builtin(query) => Err(EvaluateError::Unknown {
                query: query.builtin.clone(),
            }),
        }
    }

    fn queries(&self) -> &[&str] {
        &[]
    }

    fn reads(&self, _query: &str) -> Option<Phase> {
        None
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, LazyLock};

    use postern_catalog::Catalog;
    use postern_model::estate::{Node, NodeIndex, Relation, Seen};
    use postern_model::{EdgeId, NodeId, NodeKind, RelationKind};

    use super::*;
    use crate::attributes::{attributes, parse};
    use crate::names::domain_sid;

    static CATALOG: LazyLock<Catalog> = LazyLock::new(|| Catalog::embedded().expect("the embedded catalog is valid"));

    const SID: &str = "S-1-5-21-1-2-3";
    const OTHER_SID: &str = "S-1-5-21-1-2-4";
    const TENANT: &str = "6C12B0B0-B2CC-4A73-8252-0B94BFCA2145";

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
        let rule = CATALOG.control_planes.iter().find(|rule| rule.id == query);
        let found = EstateRules::new(&estate, Timestamp::UNIX_EPOCH)
            .nodes(&rule.expect("a rule of the catalog").query, Phase::Classify)
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
            built_in("administrators", "S-1-5-32-544", "S-1-5-32-545"),
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
            ("domain-objects", node(SID, Domain, "{}"), node("UNIT", Ou, "{}")),
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
    fn every_rule_has_a_case() {
        const OF_SEVERAL: [&str; 3] = [
            "domain-controllers",
            "certificate-authority-hosts",
            "directory-sync-servers",
        ];
        let tried: Vec<_> = cases().into_iter().map(|(query, ..)| query).chain(OF_SEVERAL).collect();
        for rule in &CATALOG.control_planes {
            assert!(tried.contains(&rule.id.as_str()), "{}", rule.id);
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
        let of = |words: &str| {
            let properties = format!(r#"{{"samaccountname":"MSOL_1","description":"{words}"}}"#);
            let account = node(&format!("{SID}-1104"), NodeKind::User, &properties);
            let server = node(
                &format!("{SID}-1"),
                NodeKind::Computer,
                r#"{"samaccountname":"SYNC01$"}"#,
            );
            answer("directory-sync-servers", vec![account, server], &[]).len()
        };
        assert_eq!(of("x running on computer 'SYNC01' configured to"), 1);
        assert_eq!(of("x running on computer SYNC01."), 1);
        assert_eq!(of("x running on computer "), 0);
        assert_eq!(of("the computer SYNC01"), 0);
    }

    #[test]
    fn a_query_that_is_none_names_its_place_and_what_a_later_phase_makes() {
        let estate = Estate::default();
        let rules = EstateRules::new(&estate, Timestamp::UNIX_EPOCH);
        let refused = |text: &str| {
            let error = rules.nodes(&Query::Kql(text.to_owned()), Phase::Classify);
            error.expect_err("not a query").to_string()
        };
        for (query, sentence) in [
            ("ExposureGraphNodes\n| wher NodeId", "query line 2, column 3"),
            (
                "ExposureGraphNodes | where CriticalityLevel == 0",
                "`CriticalityLevel` is made by phase classify, and phase classify comes no later",
            ),
            ("ExposureGraphNodes | take 1", "depends on the order of rows"),
            (
                "ExposureGraphNodes | project NodeName",
                "yields the text columns NodeId",
            ),
            ("AttackPaths", "no table `AttackPaths`"),
        ] {
            let error = refused(query);
            assert!(error.contains(sentence), "{error}");
        }
    }
}
